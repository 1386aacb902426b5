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

    The numbers lie between 0 and 2**20, as scores do. Each round takes the bits before the point, so few that
    their sum is a whole number that a float holds, and goes on with what is left; whole scores need one round,
    decimal ones two or three.

    >>> sums, one = exact_sums(np.array([0.5, 0.25, 1.0]), np.array([0, 0, 1]), 2)
    >>> [Fraction(found, one) for found in sums]
    [Fraction(3, 4), Fraction(1, 1)]
    """
    bits = 53 - len(values).bit_length()
    totals, power = [0] * size, 0
    while True:
        whole = np.floor(values)
        sums = np.bincount(groups, whole, size).tolist()
        totals = [(total << bits) + int(found) for total, found in zip(totals, sums, strict=True)]
        values = values - whole
        if not values.any():
            return totals, 1 << power
        values *= 2.0**bits
        power += bits


def mean_of_means(sums: Sequence[int], one: int) -> Fraction:
    """The sum of means: `sums` are those of all things with 0, 1, 2, ... parts, and `one` of them make 1."""
    common = math.lcm(*(count for count, found in enumerate(sums) if found and count))
    total = sum(found * (common // count) for count, found in enumerate(sums) if found and count)
    return Fraction(total, common * one)
