"""Sums of amounts times floats, without any rounding."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .columns import Array

__all__ = ["weighted_sum"]

BLOCK = 2**20
"""So many products of 43 bits add up in int64."""
LIMB = 16
HALF = 27


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


def _limb_sums(amounts: Array, whole: Array, place: Array, size: int) -> list[int]:
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
