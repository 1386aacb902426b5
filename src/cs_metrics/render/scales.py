"""Where numbers stand in a picture: on even axes and on logarithmic ones, and what stands so close that it is one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

__all__ = ["across", "even_ticks", "skew", "skewed_ticks", "step"]

SKEWED = 8


def skew(values: Sequence[float]) -> float | None:
    """Where values are spread over very different sizes, from what size on their axis is logarithmic."""
    sizes = sorted(abs(value) for value in values if value)
    if len(sizes) < 2 or sizes[-1] < SKEWED * statistics.median(sizes):
        return None
    return max(sizes[len(sizes) // 4], sizes[-1] * 1e-6)


def across(value: float, constant: float | None) -> float:
    """Where a value stands on the axis, up to a scale."""
    return value if constant is None else math.copysign(math.log1p(abs(value) / constant), value)


def step(value: float, low: float, high: float, steps: int) -> int:
    """In which of so many equal steps from the lowest to the highest a value lies."""
    return 0 if high <= low else min(int((value - low) / (high - low) * steps), steps - 1)


def skewed_ticks(low: float, high: float, constant: float, apart: float) -> list[float]:
    """Where the ticks of a logarithmic axis stand: 0 and round numbers, at least so far apart, as a share of it."""
    sizes = [
        size * 10.0**power for power in range(-2, 16) for size in (1, 3) if size * 10.0**power >= constant
    ]
    gap = (across(high, constant) - across(low, constant)) * apart
    ticks: list[float] = []
    for tick in sorted([0.0, *sizes, *(-size for size in sizes)]):
        far = not ticks or across(tick, constant) - across(ticks[-1], constant) >= gap
        if low <= tick <= high and far:
            ticks.append(tick)
    return ticks


def even_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two, no more than so many steps."""
    span = high - low
    if span <= 0:
        return [low]
    size = 10.0 ** math.floor(math.log10(span / most))
    size = next(size * times for times in (1, 2, 5, 10, 20) if span / (size * times) <= most)
    first = math.ceil(low / size)
    return [round(size * place, 10) for place in range(first, math.floor(high / size) + 1)]
