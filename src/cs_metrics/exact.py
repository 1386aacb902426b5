"""Sums of floats without rounding: what a mean over shards needs to be the mean over the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["exact_sums", "mean_of_means"]


def exact_sums(
    values: npt.NDArray[np.float64], groups: npt.NDArray[np.integer[Any]], size: int
) -> tuple[list[int], int]:
    """The exact sum of finite floats of each group, 0 to `size` - 1: whole numbers, and how many of them make 1.

    Each round takes the leading bits of every value, so few that their sum is a whole number that a float
    holds, and goes on with what is left; whole scores need one round, decimal ones two or three.

    >>> sums, one = exact_sums(np.array([0.5, 0.25, 1.0]), np.array([0, 0, 1]), 2)
    >>> [Fraction(found, one) for found in sums]
    [Fraction(3, 4), Fraction(1, 1)]
    """
    rounds: list[tuple[int, list[float]]] = []
    bits = 53 - len(values).bit_length()
    while len(values):
        top = int(np.frexp(np.abs(values).max())[1])  # all are smaller than 2**top
        limbs = np.trunc(np.ldexp(values, bits - top))
        rounds.append((top - bits, np.bincount(groups, limbs, size).tolist()))
        values = values - np.ldexp(limbs, top - bits)
        if not values.any():
            break
    lowest = min(0, min((power for power, _ in rounds), default=0))
    totals = [0] * size
    for power, sums in rounds:
        for group, found in enumerate(sums):
            totals[group] += int(found) << (power - lowest)
    return totals, 1 << -lowest


def mean_of_means(sums: Sequence[int], one: int) -> Fraction:
    """The sum of means: `sums` are those of all things with 0, 1, 2, ... parts, and `one` of them make 1."""
    common = math.lcm(*(count for count, found in enumerate(sums) if found and count))
    total = sum(found * (common // count) for count, found in enumerate(sums) if found and count)
    return Fraction(total, common * one)
