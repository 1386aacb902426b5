"""Every day on which an account's MRR changes: what movements, cohorts and gaps are read off.

A sweep over the beginnings and ends of all periods, done once. It hangs on no as-of day and on no viewer: who
looks at an earlier day reads the lines up to it, who sees some accounts reads their run of lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import numpy as np
import numpy.typing as npt

from .facts import Calendar
from .periods import NO_DAY, Month, Window, month_numbers

if TYPE_CHECKING:
    from .columns import Array, Flags

__all__ = ["MOVEMENTS", "Timeline"]

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
COMES_OR_GOES = (1, 1, 0, 0, -1)
"""By movement, whether an account has MRR after it and had none before, or the other way round."""
CONTRACTION, CHURN = map(MOVEMENTS.index, ("contraction", "churn"))
LONG = 100_000
"""From so many lines on, those of a month are worth knowing."""
_FLOAT_EXACT = 2**53


@attrs.frozen(eq=False)
class Steps:
    """What moved each account's MRR in each calendar month: sorted by account, then by month.

    `head` is the first line of the timeline in that month, `place` says which month and which movement it is:
    5 times the month's place in `months`, and that of the movement; `born` is the place of the month of the
    account's first MRR. `change` is what was gained, below 0 what was lost; floats where they add up exactly,
    which is several times faster.
    """

    months: npt.NDArray[np.int64]
    head: Array
    place: Array
    born: Array
    change: Array

    @cached_property
    def sums(self) -> npt.NDArray[np.int64]:
        """What each movement adds up to in each of the months: the same for every day."""
        return _sums(self.place, self.change, 5 * len(self.months)).reshape(-1, 5)

    def left(self, money: bool) -> npt.NDArray[np.int64]:
        """By the month of the first MRR what each month changes of the accounts that have MRR, or of it."""
        size = len(self.months)
        cell = self.born * (5 * size) + self.place
        if money:
            sums = _sums(cell, self.change, 5 * size * size)
            return np.asarray(sums.reshape(size, size, 5).sum(axis=2))
        counts = np.bincount(cell, minlength=5 * size * size)
        return np.asarray(counts.reshape(size, size, 5) @ np.array(COMES_OR_GOES))


@attrs.frozen(eq=False)
class Timeline:
    """Lines sorted by account, then by day; `starts[a]:starts[a + 1]` are those of account `a`.

    `mrr` is what the account has from `day` on, always another amount than before. An account's first line is
    the day of its first MRR, its last line leads to 0, on the day NO_DAY where a period has no end; so the MRR
    before any line is that of the line above it, also above an account's first. `first` marks those; `month`
    is each line's calendar month.
    """

    starts: npt.NDArray[np.int64]
    day: npt.NDArray[np.int32]
    mrr: npt.NDArray[np.int64]
    first: Flags
    month: npt.NDArray[np.int32]
    steps: Steps

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
        first, month = first[:-1], month_numbers(day)
        opens = _differs(month, after=False)
        opens |= first
        head = opens.nonzero()[0]
        tail = np.append(head[1:], len(day))[: len(head)] - 1
        kind, change = _moved(first, mrr, head, tail)
        months, place = _places(month.take(head))
        born = place.take(np.maximum.accumulate(np.where(first.take(head), np.arange(len(head)), 0)))
        real = ((change != 0) & (day.take(head) != NO_DAY)).nonzero()[0]
        steps = Steps(
            months,
            head.take(real),
            (place * 5 + kind).take(real),
            born.take(real),
            _fastest(change.take(real)),
        )
        return cls(starts, day, mrr, first, month, steps)

    def part(self, lo: int, hi: int) -> Timeline:
        """The timeline of the accounts from `lo` to before `hi`."""
        if (lo, hi) == (0, len(self.starts) - 1):
            return self
        run = slice(int(self.starts[lo]), int(self.starts[hi]))
        steps = self.steps
        cut = slice(*steps.head.searchsorted((run.start, run.stop)).tolist())
        return Timeline(
            self.starts[lo : hi + 1] - run.start,
            self.day[run],
            self.mrr[run],
            self.first[run],
            self.month[run],
            Steps(
                steps.months,
                steps.head[cut] - run.start,
                steps.place[cut],
                steps.born[cut],
                steps.change[cut],
            ),
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
        are above 0 as well. The last month is cut at its last day.
        """
        found = np.zeros((5, len(months)), np.int64)
        opening = 0
        if months:
            since, now = _month(months[0].first), _month(months[-1].last)
            sums, known = self.steps.sums, self.steps.months
            opening = int(sums[known < since].sum())
            span = (known >= since) & (known < now)
            found[:, known[span] - since] = sums[span].T
            found[:, -1] = self._current(now, months[-1].last, sums)
            found[CONTRACTION:] *= -1
        return opening, dict(zip(MOVEMENTS, found.tolist(), strict=True))

    def _current(self, month: int, today: int, sums: Array) -> Array:
        """What each movement adds up to in a month that is cut at a day; `sums` is for whole months."""
        if _month(today + 1) != month:
            return np.asarray(sums[self.steps.months == month].sum(axis=0))
        head, tail = self._lines_of(month, today)
        return _sums(*_moved(self.first, self.mrr, head, tail), 5)

    @cached_property
    def _by_month(self) -> Calendar | None:
        """The lines of each month, in their order: who looks at many looks at one month of them."""
        lines = np.arange(len(self.day), dtype=np.int32)
        return Calendar.of(self.month, lines, self.day != NO_DAY)

    def _lines_of(self, month: int, today: int) -> tuple[Array, Array]:
        """The first and the last line of each account in a month, up to a day."""
        if len(self.day) < LONG or self._by_month is None:
            lines = (self.month == month).nonzero()[0]
        else:
            lines = self._by_month.within(Window(month, month))
        lines = lines[self.day.take(lines) <= today]
        opens = self.first.take(lines)
        opens |= self.month.take(lines - 1) != month
        place = opens.nonzero()[0]
        return lines.take(place), lines.take(np.append(place[1:], len(lines))[: len(place)] - 1)

    def cohorts(self, today: int, step: int, money: bool) -> dict[int, list[int]]:
        """By the period of accounts' first MRR what is left of them at the end of each period since.

        Periods are `step` calendar months long and numbered from the year 0 on. Counts accounts that have MRR,
        or adds it up; from the cohort's own period to today's.
        """
        lines = self.first.nonzero()[0]
        births = self.month.take(lines)[self.day.take(lines) <= today]
        if not len(births):
            return {}
        cohorts, _ = _places(births // step)
        first, now = int(cohorts[0]), _month(today) // step
        cells = np.zeros((len(cohorts), now - first + 1), np.int64)
        for born, period, change in self._left(today, money):
            some = change.nonzero()  # there is nothing in months of accounts that are not in this part
            rows = cohorts.searchsorted(born[some] // step)
            np.add.at(cells, (rows, period[some] // step - first), change[some])
        return {
            cohort: line[cohort - first :].tolist()
            for cohort, line in zip(cohorts.tolist(), cells.cumsum(axis=1), strict=True)
        }

    def _left(self, today: int, money: bool) -> Iterator[tuple[Array, Array, Array]]:
        """By months of the first MRR and by months, what they change of what is left: whole months first, then
        the one that is cut at a day.
        """
        month = _month(today)
        whole = self.steps.months < (month if _month(today + 1) == month else month + 1)
        months = self.steps.months[whole]
        born, period = np.broadcast_arrays(months[:, None], months)
        yield born, period, self.steps.left(money)[whole][:, whole]
        if _month(today + 1) == month:
            head, tail = self._lines_of(month, today)
            kind, change = _moved(self.first, self.mrr, head, tail)
            account = self.starts.searchsorted(head, side="right") - 1
            born = self.month.take(self.starts.take(account))
            counted = np.array(COMES_OR_GOES).take(kind) * (change != 0)
            yield born, np.full(len(head), month), change if money else counted


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


def _moved(first: Flags, mrr: Array, head: Array, tail: Array) -> tuple[Array, Array]:
    """Which movement the lines from each head to its tail are, and by how much; which, does not matter of 0."""
    after, before = mrr.take(tail), mrr.take(head - 1)
    change = after - before
    from_nothing, to_nothing = before == 0, after == 0
    kind = np.int8(CONTRACTION) - (change > 0).view(np.int8)  # or the one before it, expansion
    kind *= ~from_nothing  # or the first two: new, reactivation
    kind += from_nothing & ~first.take(head)
    kind *= ~to_nothing
    kind += to_nothing.view(np.int8) * np.int8(CHURN)
    return kind, change


def _places(numbers: Array) -> tuple[Array, Array]:
    """The numbers that occur, ascending, and the place of each among them."""
    if not len(numbers):
        return numbers, numbers.astype(np.intp)
    low = int(numbers.min())
    there = np.zeros(int(numbers.max()) - low + 1, bool)
    there[numbers - low] = True
    return there.nonzero()[0] + low, (there.cumsum() - 1).take(numbers - low)


def _fastest(amounts: Array) -> Array:
    """Amounts as floats where any of them add up exactly as such, else as whole numbers."""
    largest = max(-int(amounts.min()), int(amounts.max())) if len(amounts) else 0
    exact = largest * len(amounts) < _FLOAT_EXACT
    return amounts.astype(np.float64 if exact else np.int64)


def _sums(places: Array, amounts: Array, size: int) -> npt.NDArray[np.int64]:
    """The exact sum of the amounts at each place."""
    if amounts.dtype == np.float64:
        return np.bincount(places, amounts, size).astype(np.int64)
    found = np.zeros(size, np.int64)
    np.add.at(found, places, amounts)
    return found


def _month(day: int) -> int:
    """The number of a day's month."""
    return int(month_numbers(np.array([day], np.int32))[0])
