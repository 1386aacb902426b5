"""Standing bars: numbers by month, and how scores are spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import shape
from .markup import Html
from .scales import even_ticks
from .svg import figure, line, plot, rect, text
from .tones import tone

if TYPE_CHECKING:
    from ..results import Monthly, Scores

__all__ = ["histogram", "months"]

HEIGHT, TOP, FOOT = 180, 18, 34
LETTER, LEAST = 6.2, 300
"""How wide a letter is, and how narrow a picture may be, in pixels: numbers stand at bars where there is room."""


def months(result: Monthly, title: str) -> Html:
    """Bars by month, the series beside each other; what is below 0 hangs down. Nothing without a number."""
    labels = result.months
    series = {name: [float(number) for number in line.values()] for name, line in result.value.items()}
    every = [number for numbers in series.values() for number in numbers]
    if not any(every):
        return Html("")
    slot, wide = 1 / len(labels), 0.76 / len(labels) / len(series)
    spot = _spots(every)
    told = [[shape.short(number) for number in numbers] for numbers in series.values()]
    room = max(len(one) for line in told for one in line) * LETTER * len(every) <= LEAST
    levels = [] if room else [tick for tick in even_ticks(min([0.0, *every]), max([0.0, *every]), 4) if tick]
    parts = [line("grid", (0, 1), (spot(tick), spot(tick))) for tick in levels]
    for place, (name, numbers) in enumerate(series.items()):
        exact = list(result.value[name].values())
        look = tone(name, place) if len(series) > 1 else "s0"
        for at, number in enumerate(numbers):
            left = at * slot + slot * 0.12 + place * wide
            low, high = sorted((spot(0), spot(number)))
            said = f"{labels[at]}, {shape.spoken(name)}: {shape.number(exact[at])}"
            parts.append(rect(look, (left, left + wide * 0.92), (low, high), said))
            if room and number:
                beyond = high + 11 if number < 0 else low - 4
                parts.append(text(told[place][at], left + wide * 0.46, beyond, "said"))
    parts.append(line("axis", (0, 1), (spot(0), spot(0))))
    parts += [text(shape.short(tick), 0, spot(tick) - 3, "start") for tick in levels]
    told_all = f"{title} by month: {' '.join(shape.headline(result))}"
    return figure(plot(HEIGHT, told_all, [*parts, *_named(labels)]))


def _spots(numbers: Sequence[float]) -> Any:
    """Where a number stands, in pixels from the top."""
    low, high = min([0.0, *numbers]), max([0.0, *numbers])
    room = HEIGHT - TOP - FOOT - (12 if low < 0 else 0)
    return lambda number: TOP + room * (high - number) / ((high - low) or 1.0)


def _named(labels: Sequence[str]) -> list[str]:
    """The months below, with the year where one begins; not all of them where they are many."""
    slot, every = 1 / len(labels), max(1, -(-len(labels) // 12))
    parts = []
    for at, label in enumerate(labels):
        name, year = shape.month(label)
        if at % every == 0:
            parts.append(text(name, (at + 0.5) * slot, HEIGHT - FOOT + 14))
        if at == 0 or label.endswith("-01"):
            parts.append(text(year, (at + 0.5) * slot, HEIGHT - FOOT + 28))
    return parts


def histogram(result: Scores, title: str) -> Html:
    """How many accounts have which score, in steps of 10; 100 is in the last one."""
    counts = [0] * 10
    for score in result.scores.values():
        counts[min(int(score // 10), 9)] += 1
    if not any(counts):
        return Html("")
    spot = _spots([float(count) for count in counts])
    parts = []
    for place, count in enumerate(counts):
        ends = f"{shape.number(place * 10)} to {shape.number(place * 10 + 10)}"
        said = f"score {ends}: {shape.number(count)} {result.spec.unit}"
        parts.append(rect("s0", (place / 10 + 0.006, place / 10 + 0.094), (spot(count), spot(0)), said))
        if count:
            parts.append(text(shape.number(count), place / 10 + 0.05, spot(count) - 4, "said"))
    parts.append(line("axis", (0, 1), (spot(0), spot(0))))
    for place in range(0, 11, 2):
        look = "start" if place == 0 else "end" if place == 10 else ""
        parts.append(text(shape.number(place * 10), place / 10, spot(0) + 14, look))
    parts.append(text("score", 0.5, spot(0) + 28))
    spread = ", ".join(
        f"{place * 10} to {place * 10 + 10}: {shape.number(count)}" for place, count in enumerate(counts)
    )
    return figure(plot(HEIGHT, f"{title}, how many have which score. {spread}", parts))
