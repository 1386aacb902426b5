"""Sums of floats without rounding: what a mean over shards needs to be the mean over the whole."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["exact_sums"]


def exact_sums(
    values: npt.NDArray[np.float64], groups: npt.NDArray[np.integer[Any]], size: int
) -> list[Fraction]:
    """The exact sum of finite floats of each group, 0 to `size` - 1.

    Each round takes the leading bits of every value, so few that their sum is a whole number that a float
    holds, and goes on with what is left; whole scores need one round, decimal ones two or three.

    >>> exact_sums(np.array([0.1, 0.2, 1.0]), np.array([0, 0, 1]), 2)[0] == Fraction(0.1) + Fraction(0.2)
    True
    """
    totals = [Fraction(0)] * size
    bits = 53 - len(values).bit_length()
    while len(values):
        top = int(np.frexp(np.abs(values).max())[1])  # all are smaller than 2**top
        limbs = np.trunc(np.ldexp(values, bits - top))
        unit = Fraction(2) ** (top - bits)
        for group, limb in enumerate(np.bincount(groups, limbs, size).tolist()):
            totals[group] += int(limb) * unit
        values = values - np.ldexp(limbs, top - bits)
        left = values.nonzero()[0]
        values, groups = values[left], groups[left]
    return totals
