"""The next QBR of each engagement: of all at once, of a few, or the soonest of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..columns import DerivedDates
from ..periods import LAST_DAY, NO_DAY, Window, next_days
from ..sorting import runs_of

if TYPE_CHECKING:
    from ..columns import Array, Flags
    from .success import Qbrs

__all__ = ["NextQbrs"]

FEW = 8
"""Less than one of so many are few."""


class NextQbrs(DerivedDates):
    """The day of the first upcoming QBR of each engagement in view, looking `within` so many days ahead.

    Who asks for a few engagements, or for the soonest, does not wait for all of them.
    """

    __slots__ = ("_last", "_qbrs", "_today")

    def __init__(self, qbrs: Qbrs, within: int | None) -> None:
        self._made = None
        self._qbrs = qbrs
        self._today = qbrs.view.today
        self._last = LAST_DAY if within is None else next_days(self._today, within).last

    def _find(self) -> Array:
        qbrs = self._qbrs
        following = qbrs.next_since.by(self._today)
        following &= qbrs.scheduled_on.not_before(self._today)
        following &= qbrs.held_on.not_by(self._today)
        if self._last < LAST_DAY:
            following &= qbrs.scheduled_on.by(self._last)
        return qbrs.engagement.final(qbrs.scheduled_on, following).days

    def __getitem__(self, engagements: Array) -> Array:
        """The days of some engagements."""
        if self._made is not None or len(engagements) * FEW > self._qbrs.engagement.size:
            return self.days[engagements]
        qbrs = self._qbrs
        rows, whose = runs_of(qbrs.engagement.rows, engagements)
        found = np.full(len(engagements), NO_DAY, np.int32)
        following = self._follow(rows)
        found[whose[following]] = qbrs.scheduled_on.days[rows[following]]
        return found

    def _follow(self, rows: Array) -> Flags:
        """Which of some QBRs are the next ones of their engagements."""
        qbrs = self._qbrs
        scheduled = qbrs.scheduled_on.days[rows]
        found: Flags = qbrs.next_since.days[rows] <= self._today
        found &= scheduled >= self._today
        found &= scheduled <= self._last
        found &= qbrs.held_on.days[rows] > self._today
        return found

    def soonest(self, among: Flags, limit: int) -> Array | None:
        """Of some engagements those with the `limit` soonest QBRs, ties and all; None where all must be looked at."""
        qbrs = self._qbrs
        calendar = qbrs.table.prepared.calendar
        if calendar is None or not qbrs.whole:
            return None
        found: list[Array] = []
        first, days, latest = self._today, 1, calendar.days.last
        while first <= latest and sum(map(len, found)) < limit:
            rows = calendar.within(Window(first, first + days - 1))
            engagements = qbrs.engagement.rows[rows[self._follow(rows)]]
            found.append(engagements[among[engagements]])
            first, days = first + days, 2 * days
        return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
