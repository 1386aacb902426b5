"""Every day on which an account's MRR changes: what movements, cohorts and gaps are read off.

A sweep over the beginnings and ends of all periods, done once. It hangs on no as-of day and on no viewer: who
looks at an earlier day reads the lines up to it, who sees some accounts reads their run of lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt

from .periods import Month, month_numbers

if TYPE_CHECKING:
    from .columns import Array, Flags

__all__ = ["MOVEMENTS", "Timeline"]

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
CONTRACTION, CHURN = map(MOVEMENTS.index, ("contraction", "churn"))
_FLOAT_EXACT = 2**53


@attrs.frozen(eq=False)
class Timeline:
    """Lines sorted by account, then by day; `starts[a]:starts[a + 1]` are those of account `a`.

    `mrr` is what the account has from `day` on, always another amount than before. An account's first line is
    the day of its first MRR, its last line leads to 0, on the day NO_DAY where a period has no end; so the MRR
    before any line is that of the line above it, also above an account's first. `first` marks those; `month`
    is each line's calendar month, `opens` marks the first line of an account in a month.
    """

    starts: npt.NDArray[np.int64]
    day: npt.NDArray[np.int32]
    mrr: npt.NDArray[np.int64]
    first: Flags
    month: npt.NDArray[np.int32]
    opens: Flags

    @classmethod
    def of(cls, account: Array, size: int, start: Array, end: Array, mrr: Array) -> Timeline:
        """The timeline of periods `[start, end)`; `account` are numbers below `size`, ascending."""
        counts = start < end
        if not counts.all():
            account, start, end, mrr = (column[counts] for column in (account, start, end, mrr))
        who, day, step = _events(account, start, end, mrr)
        total = step.cumsum()  # every account's steps add up to 0, so each begins at 0
        kept = _differs(who, day, after=True).nonzero()[0]  # of several events on one day the last knows all
        who, day, total = who.take(kept), day.take(kept), total.take(kept)
        kept = _differs(total, after=False, beside=0).nonzero()[0]
        who, day, total = who.take(kept), day.take(kept), total.take(kept)
        starts = np.concatenate(([0], np.bincount(who, minlength=size).cumsum()))
        return cls._made(starts, day, total)

    @classmethod
    def _made(cls, starts: Array, day: Array, mrr: Array) -> Timeline:
        first = np.zeros(len(day) + 1, bool)
        first[starts[:-1][starts[1:] > starts[:-1]]] = True
        first = first[:-1]
        month = month_numbers(day)
        opens = _differs(month, after=False)
        opens |= first
        return cls(starts, day, mrr, first, month, opens)

    def part(self, lo: int, hi: int) -> Timeline:
        """The timeline of the accounts from `lo` to before `hi`."""
        run = slice(int(self.starts[lo]), int(self.starts[hi]))
        starts = self.starts[lo : hi + 1] - self.starts[lo]
        return Timeline(
            starts, self.day[run], self.mrr[run], self.first[run], self.month[run], self.opens[run]
        )

    def bridged(self, days: int, today: int) -> Timeline:
        """The same without the times of no MRR of at most so many days that are over by `today`.

        Over such a gap the account keeps what it had on its eve.
        """
        gap = self.mrr[:-1] == 0
        gap &= ~self.first[1:]
        gap &= self.day[1:] <= today
        index = gap.nonzero()[0]
        length = self.day.take(index + 1).astype(np.int64) - self.day.take(index)
        kept = np.ones(len(self.day), bool)
        kept[index[length <= days]] = False
        before = np.concatenate(([0], kept.cumsum()))
        return self._made(before[self.starts], self.day[kept], self.mrr[kept])

    def movements(self, months: Sequence[Month]) -> tuple[int, dict[str, list[int]]]:
        """The MRR of all accounts before the first month, and what each kind of movement adds in each month.

        By account, what it has at the month's end against what it had at the end of the month before; losses
        are above 0 as well.
        """
        if not months:
            return 0, {name: [] for name in MOVEMENTS}
        since, today = _number(months[0]), months[-1].last
        inside = self.month >= since
        turned = (inside[1:] & ~inside[:-1]).nonzero()[0]
        opening = int(self.mrr.take(turned).sum())
        later = self.day > today
        inside &= ~later
        head = (inside & self.opens).nonzero()[0]
        inside[:-1] &= (later | self.opens)[1:]
        after, before = self.mrr.take(inside.nonzero()[0]), self.mrr.take(head - 1)
        change = after - before
        kind = _kinds(before == 0, after == 0, change > 0, self.first.take(head))
        month = self.month.take(head) - since
        sums = _sums(kind * np.int32(len(months)) + month, change, 5 * len(months))
        sums[CONTRACTION * len(months) :] *= -1
        return opening, dict(zip(MOVEMENTS, sums.reshape(5, -1).tolist(), strict=True))

    def cohorts(self, today: int, step: int, money: bool) -> dict[int, list[int]]:
        """By the period of accounts' first MRR what is left of them at the end of each period since.

        Periods are `step` calendar months long and numbered from the year 0 on. Counts accounts that have MRR,
        or adds it up; from the cohort's own period to today's.
        """
        now = int(month_numbers(np.array([today], np.int32))[0]) // step
        lines = (self.day <= today).nonzero()[0]
        if not len(lines):
            return {}
        period = self.month.take(lines) // step
        heads = self.first.take(lines)
        numbers = period[heads][heads.cumsum() - 1]  # an account's lines stand together, its first ahead
        cohorts, place = np.unique(numbers, return_inverse=True)
        after, before = self.mrr.take(lines), self.mrr.take(lines - 1)
        change = after - before if money else (after != 0).astype(np.int64) - (before != 0)
        width = now - int(cohorts[0]) + 1
        cells = _sums(place * width + (period - cohorts[0]), change, len(cohorts) * width)
        left = cells.reshape(-1, width).cumsum(axis=1)
        return {
            cohort: line[cohort - int(cohorts[0]) :].tolist()
            for cohort, line in zip(cohorts.tolist(), left, strict=True)
        }


def _events(account: Array, start: Array, end: Array, mrr: Array) -> tuple[Array, Array, Array]:
    """Beginnings and ends of periods by account and day, each with what it adds.

    Periods that stand by their start and do not overlap give their events in order; only where an account's
    do not are they sorted.
    """
    count = 2 * len(account)
    day, step = np.empty(count, np.int32), np.empty(count, np.int64)
    day[0::2], day[1::2] = start, end
    step[0::2], step[1::2] = mrr, -mrr
    who = account.repeat(2)
    wrong = (who[1:] == who[:-1]) & (day[1:] < day[:-1])
    if wrong.any():
        unordered = np.zeros(int(account[-1]) + 1, bool)
        unordered[who[1:][wrong]] = True
        index = unordered.take(who).nonzero()[0]
        keys = (who.take(index).astype(np.int64) << 32) + day.take(index)
        order = index.take(keys.argsort(kind="stable"))
        day[index], step[index] = day.take(order), step.take(order)
    return who, day, step


def _differs(*columns: Array, after: bool, beside: int | None = None) -> Flags:
    """Whether a line differs in a column from the one after or before it; there, the outermost always does,
    or where it differs from `beside`.
    """
    found = np.ones(len(columns[0]), bool)
    inner = found[:-1] if after else found[1:]
    inner[:] = False
    for column in columns:
        inner |= column[1:] != column[:-1]
    if beside is not None and len(found):
        found[-1 if after else 0] = columns[0][-1 if after else 0] != beside
    return found


def _kinds(from_nothing: Flags, to_nothing: Flags, rises: Flags, first: Flags) -> Array:
    """Which movement each change is; what it says of no change does not matter."""
    kind = np.int8(CONTRACTION) - rises.view(np.int8)  # or the one before it, expansion
    kind *= ~from_nothing  # or the first two: new, reactivation
    kind += from_nothing & ~first
    kind *= ~to_nothing
    kind += to_nothing.view(np.int8) * np.int8(CHURN)
    return np.asarray(kind)


def _sums(places: Array, amounts: Array, size: int) -> Array:
    """The exact sum of the amounts at each place."""
    largest = max(-int(amounts.min()), int(amounts.max())) if len(amounts) else 0
    if largest * len(amounts) < _FLOAT_EXACT:  # then floats add up exactly, and several times faster
        return np.bincount(places, amounts, size).astype(np.int64)
    found = np.zeros(size, np.int64)
    np.add.at(found, places, amounts)
    return found


def _number(month: Month) -> Any:
    return month_numbers(np.array([month.first], np.int32))[0]
