"""Sums of floats without rounding: what a mean over shards needs to be the mean over the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["exact_sums", "mean_of_means", "weighted_sum"]

BLOCK = 2**20
"""So many products of 43 bits add up in int64."""
LIMB = 16
HALF = 27


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


def weighted_sum(amounts: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> Fraction:
    """The exact sum of amounts times weights from 0 to 1, each weight taken as the float that it is.

    A float is a whole number of 53 bits times a power of 2. Amounts are cut in limbs of 16 bits, those whole
    numbers in halves, so that the products of each power's limbs add up in int64.

    >>> weighted_sum(np.array([100, 3]), np.array([0.5, 0.25]))
    Fraction(203, 4)
    """
    whole, power = np.frexp(weights)
    whole = np.ldexp(whole, 53).astype(np.int64)
    powers, place = np.unique(power, return_inverse=True)
    total = Fraction(0)
    for start in range(0, len(amounts), BLOCK):
        block = slice(start, start + BLOCK)
        sums = _limb_sums(amounts[block], whole[block], place[block], len(powers))
        for exponent, number in zip(powers.tolist(), sums, strict=True):
            total += number * Fraction(2) ** (exponent - 53)
    return total


def _limb_sums(
    amounts: npt.NDArray[np.int64],
    whole: npt.NDArray[np.int64],
    place: npt.NDArray[np.integer[Any]],
    size: int,
) -> list[int]:
    """The sums of the products at each place, as whole numbers of any length."""
    sums = [0] * size
    for high, half in ((0, whole & (2**HALF - 1)), (HALF, whole >> HALF)):
        for shift in range(0, 64, LIMB):
            limb = amounts >> shift
            if shift + LIMB < 64:
                limb &= 2**LIMB - 1  # the last limb keeps the sign
            found = np.zeros(size, np.int64)
            np.add.at(found, place, limb * half)
            sums = [
                known + (more << (shift + high)) for known, more in zip(sums, found.tolist(), strict=True)
            ]
    return sums
