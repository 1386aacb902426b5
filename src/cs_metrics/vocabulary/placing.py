"""Accounts placed by value and effort: exact values, where they are cut, and the four segments."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..columns import Codes, Numbers
from ..errors import OptionError
from ..models import SEGMENTS, Cut, EffortModel
from ..selection import Rows
from .grading import graded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..columns import Array, Flags
    from ..scope import ViewTable

__all__ = ["VALUES", "Basis", "Places", "Worths", "in_amounts", "placed"]

VALUES = ("mrr", "mrr_per_seat")
NEAR = 2.0**-48
"""Floats of quotients that differ by less than this share may be of quotients in another order."""
MOST = int(np.iinfo(np.int64).max)
TABLED = 1 << 22


@attrs.frozen(eq=False)
class Worths:
    """An exact worth of each account: minor units, or minor units per seat where there are `seats`."""

    minor: Array
    seats: Array | None
    exponent: int

    @property
    def kind(self) -> str:
        return "amount" if self.seats is None else "number"

    def exactly(self, rows: Array) -> list[Decimal | Fraction]:
        """The worths of rows in major units."""
        minor = self.minor[rows].tolist()
        if self.seats is None:
            return [Decimal(one).scaleb(-self.exponent) for one in minor]
        per = 10**self.exponent
        return [
            Fraction(one, seats * per) for one, seats in zip(minor, self.seats[rows].tolist(), strict=True)
        ]

    def to_list(self, rows: Array) -> list[Any]:
        exact = self.exactly(rows)
        return exact if self.seats is None else [float(one) for one in exact]

    to_array = to_list

    def floats(self, rows: Array) -> Array:
        """The worths of rows in minor units, as near as floats are."""
        minor = self.minor[rows]
        return minor.astype(float) if self.seats is None else minor / self.seats[rows]

    def reach(self, threshold: Fraction) -> Flags:
        """Whether each worth is the threshold (in minor units) or more, exactly."""
        if self.seats is None:
            return np.asarray(self.minor >= _within(math.ceil(threshold)))
        seats = np.maximum(self.seats, 1)
        occurring, which = _distinct(seats)
        least = [_within(math.ceil(threshold * one)) for one in occurring.tolist()]
        return np.asarray(self.minor >= np.array(least, np.int64)[which])

    def middle(self, rows: Array) -> Fraction:
        """The median of the rows' worths: of an even number the mean of the two in the middle."""
        high = len(rows) // 2
        if self.seats is None:
            low, top = middle_two(picked(self.minor, rows))
            return Fraction(int(low) + int(top), 2)
        least = self._nth(rows, high - (len(rows) % 2 == 0))
        return (least + self._nth(rows, high)) / 2

    def _nth(self, rows: Array, place: int) -> Fraction:
        """The worth at one place of all in order. Floats find those that may be it, fractions decide."""
        floats = self.floats(rows)
        found = np.partition(floats, place)[place]
        near = np.abs(floats - found) <= abs(found) * NEAR
        below = int(np.count_nonzero((floats < found) & ~near))
        for worth, count in sorted(self._tally(rows[near])):
            below += count
            if below > place:
                return worth
        raise AssertionError("the place is one of the rows")

    def mean(self, rows: Array) -> Fraction:
        """The mean of the rows' worths: one sum for each number of seats."""
        if self.seats is None:
            return Fraction(int(picked(self.minor, rows).sum()), len(rows))
        occurring, which = _distinct(self.seats[rows])
        sums = np.zeros(len(occurring), np.int64)
        np.add.at(sums, which, self.minor[rows])
        parts = [Fraction(a, b) for a, b in zip(sums.tolist(), occurring.tolist(), strict=True)]
        while len(parts) > 1:  # by halves: so the long fractions are few
            parts = [sum(parts[place : place + 2], Fraction(0)) for place in range(0, len(parts), 2)]
        return parts[0] / len(rows)

    def order(self, rows: Array) -> Array:
        """Of each row, how many different worths of the rows are smaller: equal ones get one number."""
        if self.seats is None:
            return np.unique(self.minor[rows], return_inverse=True)[1].reshape(-1)
        pairs, which = self._pairs(rows)
        floats = pairs[:, 0] / pairs[:, 1]
        order = floats.argsort(kind="stable")
        floats = floats[order]
        apart = np.diff(floats) > np.abs(floats[1:]) * NEAR
        ends = np.flatnonzero(np.append(apart, True)) + 1
        starts = np.append(0, ends[:-1])
        for first, last in np.column_stack((starts, ends))[ends - starts > 1].tolist():  # floats cannot tell
            run = order[first:last].tolist()
            order[first:last] = sorted(run, key=lambda one: Fraction(*pairs[one].tolist()))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return np.asarray(place[which])

    def _pairs(self, rows: Array) -> tuple[Array, Array]:
        """The different worths of rows in lowest terms, and which of them each row has."""
        assert self.seats is not None
        minor, seats = self.minor[rows], self.seats[rows]
        common = np.maximum(np.gcd(minor, seats), 1)
        both = np.column_stack((minor // common, seats // common))
        pairs, which = np.unique(both, axis=0, return_inverse=True)
        return pairs, which.reshape(-1)

    def _tally(self, rows: Array) -> list[tuple[Fraction, int]]:
        """The different worths of rows, each with how many rows have it."""
        pairs, which = self._pairs(rows)
        counts = np.bincount(which, minlength=len(pairs)).tolist()
        return [(Fraction(*pair), count) for pair, count in zip(pairs.tolist(), counts, strict=True)]


@attrs.frozen(eq=False)
class Places:
    """Where the accounts in view stand: the placed ones, and of each its worth, effort and segment."""

    rows: Rows
    worths: Worths
    effort: Numbers
    segment: Codes
    cut: Cut | None
    """The thresholds used, None where there are none: nothing is placed, and none was given."""
    mrr: Array


def placed(accounts: ViewTable, value: str, effort: EffortModel, cut: Cut) -> Places:
    """The accounts in view by value and effort on the as-of day, computed once a view."""
    if value not in VALUES:
        raise OptionError("value", value, VALUES)
    return accounts.once(("placed", value, effort, cut), lambda: _placed(accounts, value, effort, cut))


def _placed(accounts: ViewTable, value: str, effort: EffortModel, cut: Cut) -> Places:
    view = accounts.view
    mrr = view.subscriptions.account_mrr(view.today)
    grades = graded(accounts, effort, view.today)
    rows, seats = accounts.everything, None
    if value == "mrr_per_seat":
        seats = accounts.seats.values
        rows = rows.only(seats > 0, otherwise="without seats")  # what is missing lies far below 0
    rows = rows.only(grades.known, otherwise="without an effort score")
    worths = Worths(mrr.minor, seats, mrr.exponent)
    threshold, least = _thresholds(rows, worths, grades.scores.values, cut)
    codes: Array = np.full(accounts.n, -1, np.int8)
    used = cut
    if threshold is not None:
        low = ~worths.reach(threshold)
        high = grades.scores.values >= least
        codes[rows.flags] = (low * np.int8(2) + high)[rows.flags]
        used = Cut(kind="at", value=_major(threshold, mrr.exponent), effort=least)
    segment = Codes(codes, SEGMENTS)
    return Places(rows, worths, grades.scores, segment, used if used.kind == "at" else None, mrr.minor)


def _thresholds(rows: Rows, worths: Worths, efforts: Array, cut: Cut) -> tuple[Fraction | None, float]:
    """From which worth (in minor units) and effort on an account is high."""
    if cut.kind == "at":
        assert cut.value is not None and cut.effort is not None
        return Fraction(cut.value) * 10**worths.exponent, cut.effort
    if not rows.count:
        return None, math.nan
    return _middles(rows.index, worths, efforts, cut)


def _middles(index: Array, worths: Worths, efforts: Array, cut: Cut) -> tuple[Fraction, float]:
    """The medians or means of the rows' worths (in minor units) and efforts."""
    effort = picked(efforts, index)
    if cut.kind == "mean":
        return worths.mean(index), math.fsum(effort.tolist()) / len(effort)
    low, top = middle_two(effort)
    return worths.middle(index), (float(low) + float(top)) / 2


@attrs.frozen(eq=False)
class Basis:
    """What a median or mean cut is taken over, by itself, so that parts of a portfolio can be cut as the whole is.

    The worths and efforts of the accounts that are placed, in no order.
    """

    worths: Worths
    efforts: Array

    @classmethod
    def of(cls, accounts: ViewTable, value: str, effort: EffortModel) -> Basis:
        """That of the accounts in view."""
        places = placed(accounts, value, effort, Cut.at(0, 0))
        index, worths = places.rows.index, places.worths
        seats = None if worths.seats is None else worths.seats[index]
        return cls(Worths(worths.minor[index], seats, worths.exponent), places.effort.values[index])

    @classmethod
    def together(cls, parts: Sequence[Basis]) -> Basis:
        """That of disjoint parts."""
        every = [part.worths for part in parts]
        seats = [worths.seats for worths in every if worths.seats is not None]
        worths = Worths(
            np.concatenate([one.minor for one in every]),
            np.concatenate(seats) if seats else None,
            every[0].exponent,
        )
        return cls(worths, np.concatenate([part.efforts for part in parts]))

    def cut(self, cut: Cut) -> Cut | None:
        """The thresholds by which the whole is cut; None where nothing is placed."""
        if not len(self.efforts):
            return None
        threshold, least = _middles(np.arange(len(self.efforts)), self.worths, self.efforts, cut)
        return Cut(kind="at", value=_major(threshold, self.worths.exponent), effort=least)


def picked(values: Array, rows: Array) -> Array:
    """The values of rows, each at most once and in order; all of them as they are."""
    return values if len(rows) == len(values) else values[rows]


def middle_two(numbers: Array) -> tuple[Any, Any]:
    """The two in the middle of all in order; of an odd number twice the one."""
    high = len(numbers) // 2
    parted = np.partition(numbers, high)
    return parted[high] if len(numbers) % 2 else parted[:high].max(), parted[high]


def in_amounts(cut: Cut, exponent: int) -> Cut:
    """A given cut as views tell it: its value with the digits of an amount."""
    return attrs.evolve(cut, value=_major(Fraction(cut.value or 0) * 10**exponent, exponent))


def _major(minor: Fraction, exponent: int) -> Decimal | Fraction:
    """An amount in major units: a decimal where it is one, else the exact fraction."""
    major = Fraction(minor, 10**exponent)
    rest = major.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return major
    digits = 0
    while (major * 10**digits).denominator != 1:
        digits += 1
    return Decimal(int(major * 10 ** max(digits, exponent))).scaleb(-max(digits, exponent))


def _within(number: int) -> int:
    """A number as near as int64 comes; beyond it nothing can be more."""
    return max(min(number, MOST), -MOST)


def _distinct(numbers: Array) -> tuple[Array, Array]:
    """The different numbers (1 or more), ascending, and which of them each one is."""
    if len(numbers) and int(numbers.max()) < TABLED:
        occurring = np.flatnonzero(np.bincount(numbers))
        place = np.zeros(int(numbers.max()) + 1, np.int64)
        place[occurring] = np.arange(len(occurring))
        return occurring, place[numbers]
    occurring, which = np.unique(numbers, return_inverse=True)
    return occurring, which.reshape(-1)
