"""What is added up day by day when a portfolio is laid out, so that a window costs a difference.

For views of a whole table only: who sees less counts their own rows. All sums are exact whole numbers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import attrs
import numpy as np

from .columns import at
from .exact import mean_of_means
from .periods import FIRST_DAY, NO_DAY, Window
from .sorting import order_by, parts, whole_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sorting import Array

__all__ = ["Daily", "Days", "Dues", "Means", "Settled", "Standing", "Successors"]

LONGEST = 20_000
"""Days that lie further apart, and more than there are rows, are not added up."""
LIMBS, BITS = 4, 26
Scores: TypeAlias = "tuple[Array, Array, Array, Array]"
"""Of each score the account, the product, the day, and what it is."""


def _spread(days: Array, size: int) -> tuple[int, int] | None:
    """The first of some days and how many there are up to the last; None where they are too far apart."""
    if not len(days):
        return 0, 1
    first, last = int(days.min()), int(days.max())
    return None if last - first >= max(LONGEST, size) else (first, last - first + 1)


def _up_to(
    days: Array, spread: tuple[int, int], numbers: Array | None = None, *, there: Array | None = None
) -> Array:
    """How many rows, or how much, lie before each day from the first on; one more for all. Only those that are
    `there`, where that is given."""
    first, span = spread
    found = np.zeros(span + 1, np.int64)
    for part in parts(len(days), span):
        chosen = slice(None) if there is None else there[part]
        places = days[part][chosen] - np.int64(first - 1)
        if numbers is None:
            found += np.bincount(places, minlength=span + 1)
        else:
            np.add.at(found, places, numbers[part][chosen])
    return found.cumsum()


def _place(day: int, first: int, known: Array) -> int:
    """Where a day stands among sums of `_up_to`; before all of them and after all of them is known too."""
    return min(max(day - first + 1, 0), len(known) - 1)


@attrs.frozen(eq=False)
class Days:
    """Where the rows of each day begin, of rows in the order of their days."""

    first: int
    starts: Array

    @classmethod
    def of(cls, days: Array) -> Days | None:
        """Rows by their days, in any order; None where these are too far apart."""
        spread = _spread(days, len(days))
        return None if spread is None else cls(spread[0], _up_to(days, spread))

    def run(self, window: Window) -> slice:
        """The rows of a window."""
        first, last = (_place(day, self.first, self.starts) for day in (window.first - 1, window.last))
        return slice(int(self.starts[first]), int(self.starts[max(first, last)]))

    @property
    def last(self) -> int:
        """The last day of all."""
        return self.first + len(self.starts) - 2


@attrs.frozen(eq=False)
class Daily:
    """How many rows have their day by any day, and what they amount to.

    Of rows that do not exist yet on the view's day only those are held one by one, in `begins`, that could be
    counted before they exist: those that begin after their own day, or with `ahead` all.
    """

    first: int
    counts: Array
    sums: Array | None
    begins: Array
    days: Array
    numbers: Array | None

    @classmethod
    def of(
        cls, days: Array, begins: Array | None, numbers: Array | None = None, *, ahead: bool = False
    ) -> Daily | None:
        """Rows by their day, those without one left out; None where their days are too far apart."""
        there = days != NO_DAY
        known = days[there]
        spread = _spread(known, len(known))
        if spread is None:
            return None
        given = None if numbers is None else numbers[there]
        sums = None if given is None else _up_to(known, spread, given)
        starts = np.full(len(known), FIRST_DAY, np.int32) if begins is None else begins[there]
        late = np.arange(len(known)) if ahead else np.flatnonzero(starts > known)
        late = late[starts[late].argsort(kind="stable")]
        numbers = None if given is None else given[late]
        return cls(spread[0], _up_to(known, spread), sums, starts[late], known[late], numbers)

    def by(self, day: int, today: int) -> int:
        """How many rows that exist today have their day on `day` or before."""
        absent = self.days[self._absent(today)] <= day
        return int(self.counts[_place(day, self.first, self.counts)]) - int(np.count_nonzero(absent))

    def _absent(self, today: int) -> slice:
        """Where the rows stand that do not exist yet, of those that are held one by one."""
        return slice(int(self.begins.searchsorted(np.int32(today), "right")), None)

    def amount_by(self, day: int, today: int) -> int:
        """What the same rows amount to."""
        assert self.sums is not None and self.numbers is not None
        rows = self._absent(today)
        return int(self.sums[_place(day, self.first, self.sums)]) - int(
            self.numbers[rows][self.days[rows] <= day].sum()
        )

    def within(self, window: Window, today: int) -> int:
        """How many rows that exist today have their day in the window."""
        return self.by(window.last, today) - self.by(window.first - 1, today)

    def amount_within(self, window: Window, today: int) -> int:
        """What the same rows amount to."""
        return self.amount_by(window.last, today) - self.amount_by(window.first - 1, today)


def _spans(since: Array, until: Array) -> tuple[Array, Array, Array, tuple[int, int] | None]:
    """Which rows begin to stand and cease to on some day, which have always stood, and how far the days lie apart."""
    stand = since < until
    begun, ended, always = (
        stand & (since != FIRST_DAY),
        stand & (until != NO_DAY),
        stand & (since == FIRST_DAY),
    )
    known = ((since, begun), (until, ended))
    days = [
        edge(initial=other, where=there)
        for numbers, there in known
        if there.any()
        for edge, other in ((numbers.min, NO_DAY), (numbers.max, FIRST_DAY))
    ]
    return begun, ended, always, _spread(np.array(days, np.int32), int(np.count_nonzero(stand)))


@attrs.frozen(eq=False)
class Standing:
    """How many rows stand on any day, and what they amount to: each from some day to the day before another."""

    first: int
    counts: Array
    sums: Array | None

    @classmethod
    def of(cls, since: Array, until: Array, numbers: Array | None = None) -> Standing | None:
        """Rows by their two days, those that never stand left out; None where the days are too far apart."""
        begun, ended, always, spread = _spans(since, until)
        if spread is None:
            return None
        changes = _up_to(since, spread, there=begun) - _up_to(until, spread, there=ended)
        counts = int(np.count_nonzero(always)) + changes
        if numbers is None:
            return cls(spread[0], counts, None)
        changes = _up_to(since, spread, numbers, there=begun) - _up_to(until, spread, numbers, there=ended)
        return cls(spread[0], counts, int(numbers[always].sum()) + changes)

    @classmethod
    def by(cls, codes: Array, size: int, since: Array, until: Array) -> list[Standing] | None:
        """The rows with each number from -1 to before `size`, in this order; together bounded as one is by `of`."""
        begun, ended, always, spread = _spans(since, until)
        if spread is None or (spread[1] > LONGEST and (size + 1) * spread[1] > len(since)):
            return None
        first, width = spread[0], spread[1] + 1
        changes = np.zeros((size + 1) * width, np.int64)
        for part in parts(len(codes), len(changes)):
            lines = (codes[part] + np.int64(1)) * width
            begin, end = lines + since[part] - (first - 1), lines + until[part] - (first - 1)
            changes += np.bincount(begin[begun[part]], minlength=len(changes))
            changes -= np.bincount(end[ended[part]], minlength=len(changes))
        counts = changes.reshape(-1, width).cumsum(axis=1)
        counts += np.bincount(codes[always] + np.int64(1), minlength=size + 1)[:, None]
        return [cls(first, line, None) for line in counts]

    def on(self, day: int) -> int:
        """How many rows stand on a day."""
        return int(self.counts[_place(day, self.first, self.counts)])

    def amount_on(self, day: int) -> int:
        """What the same rows amount to."""
        assert self.sums is not None
        return int(self.sums[_place(day, self.first, self.sums)])


@attrs.frozen(eq=False)
class Settled:
    """What each account's periods come to from some day on, after which nothing of them changes any more."""

    since: Array
    amounts: Array

    @classmethod
    def of(cls, account: Array, begins: Array, end: Array, amounts: Array, *, size: int) -> Settled:
        """Periods that count from `begins` to the day before `end`, for ever without one."""
        since, found = np.full(size, FIRST_DAY, np.int32), np.zeros(size, np.int64)
        np.maximum.at(since, account, np.where(end == NO_DAY, begins, np.maximum(begins, end)))
        lasting = np.flatnonzero(end == NO_DAY)
        np.add.at(found, account[lasting], amounts[lasting])
        return cls(since, found)


@attrs.frozen(eq=False)
class Dues:
    """Renewals in the order of the days on which they are due: what each is, whose, and when it was done."""

    due: Array
    rows: Array
    parents: Array
    done: Array
    begins: Array

    @classmethod
    def of(cls, due: Array, parents: Array, done: Array, begins: Array) -> Dues:
        order = order_by(due, n=len(due))
        return cls(due[order], order, parents[order], done[order], begins[order])

    def within(self, window: Window, today: int) -> tuple[Array, Array, Array]:
        """Rows that exist today and are due in the window, their parents, and when they were done."""
        bounds = np.array((window.first, window.last + 1), self.due.dtype)
        first, last = self.due.searchsorted(bounds).tolist()
        run = slice(first, max(first, last))
        here = self.begins[run] <= today
        return self.rows[run][here], self.parents[run][here], self.done[run][here]


@attrs.frozen(eq=False)
class Successors:
    """By which score of the same account and product each is replaced: its row, -1 for none, and the day.

    Of several on one day the lowest comes last.
    """

    by: Array
    on: Array

    @classmethod
    def of(cls, scores: Scores) -> tuple[Successors, Array]:
        """The successors, and all scores in the order of account, product and day."""
        account, product, on, score = scores
        order = order_by(account, product, on, n=len(on))
        by, until = np.full(len(on), -1, np.int32), np.full(len(on), NO_DAY, np.int32)
        for part in whole_parts(at(account, order, -1)):
            rows = order[part]
            same = np.append(~_first(rows, account, product)[1:], False)
            _lowest_last(rows, same, on, score)
            ahead = same.nonzero()[0]
            by[rows[ahead]] = rows[ahead + 1]
            until[rows[ahead]] = on[rows[ahead + 1]]
        return cls(by, until), order


def _first(rows: Array, account: Array, product: Array) -> Array:
    """Which scores are the first ones of their account and product, of scores in that order."""
    first = np.ones(len(rows), bool)
    first[1:] = account[rows[1:]] != account[rows[:-1]]
    first[1:] |= product[rows[1:]] != product[rows[:-1]]
    return first


def _lowest_last(order: Array, same: Array, on: Array, score: Array) -> None:
    """Put the scores of one day in order: few of many share their day with another."""
    tied = np.zeros(len(order), bool)
    tied[:-1] = same[:-1] & (on[order[1:]] == on[order[:-1]])
    group = np.cumsum(~np.append(False, tied[:-1]))
    tied[1:] |= tied[:-1]
    places = tied.nonzero()[0]
    rows = order[places]
    order[places] = rows[np.lexsort((-score[rows], group[places]))]


@attrs.frozen(eq=False)
class Means:
    """The means of accounts over the latest scores of their products, added up for every day.

    `sums` by limb of the number, by how many products an account has, and by day: what the accounts' scores
    come to. `scored` is how many accounts have a score, `since` by account the day of its first.
    """

    first: int
    sums: Array
    scored: Array
    since: Array
    late: tuple[Array, Array]

    @classmethod
    def of(cls, scores: Scores, begins: Array, *, size: int, order: Array) -> Means | None:
        """`order` has the scores by account, product and day; None where the sums would need too much room."""
        account, product, on, score = scores
        spread = _spread(on, len(on))
        if spread is None or not all(_splits(score[part]) for part in parts(len(score))):
            return None
        whose = at(account, order, -1)
        chosen = [order[part] for part in whole_parts(whose)]
        most = max((_most(account[rows], _first(rows, account, product)) for rows in chosen), default=0)
        width = spread[1] + 1
        if (most + 1) * width > max(LONGEST, len(on)):
            return None
        sums = np.zeros((LIMBS, (most + 1) * width), np.int64)
        for rows in chosen:
            steps = _Steps.of(account[rows], on[rows], _first(rows, account, product))
            place = on[rows][steps.order] - np.int64(spread[0]) + 1
            for limb, numbers in zip(sums, _limbs(score[rows]), strict=True):
                if not numbers.any():  # most scores have few digits
                    continue
                change, total = steps.totals(numbers)
                np.add.at(limb, steps.products * width + place, total)
                np.subtract.at(limb, (steps.products - steps.new) * width + place, total - change)
        since = np.full(size, NO_DAY, np.int32)
        np.minimum.at(since, account, on)
        late = np.flatnonzero(begins > on)
        return cls(
            spread[0],
            sums.reshape(LIMBS, most + 1, width).cumsum(axis=2),
            _up_to(since[since != NO_DAY], spread),
            since,
            (on[late], begins[late]),
        )

    def complete(self, today: int) -> bool:
        """Whether every score of a day by today exists today."""
        on, begins = self.late
        return not bool(((on <= today) & (begins > today)).any())

    def count(self, day: int) -> int:
        """How many accounts have a score by a day."""
        return int(self.scored[_place(day, self.first, self.scored)])

    def total(self, day: int) -> Fraction:
        """The exact sum of their means."""
        found = self.sums[:, :, _place(day, self.first, self.scored)].T.tolist()
        return mean_of_means([_joined(limbs) for limbs in found], 1 << BITS * (LIMBS - 1))


def _limbs(values: Array) -> Iterator[Array]:
    """Floats as whole numbers: their whole part, and what follows it, 26 bits at a time."""
    for _ in range(LIMBS):
        whole = np.floor(values)
        yield whole.astype(np.int64)
        values = (values - whole) * 2.0**BITS


def _splits(values: Array) -> bool:
    """Whether so many limbs hold the whole of every number."""
    return bool((np.ldexp(values, BITS * (LIMBS - 1)) % 1 == 0).all())


def _joined(limbs: list[int]) -> int:
    number = 0
    for limb in limbs:
        number = (number << BITS) + limb
    return number


def _most(account: Array, first: Array) -> int:
    """The most products that an account has, of scores in the order of accounts and products."""
    starts = np.flatnonzero(np.append(True, account[1:] != account[:-1]))
    return int(np.add.reduceat(first, starts, dtype=np.int64).max())


@attrs.frozen(eq=False)
class _Steps:
    """Some accounts' scores by account and day, and what each makes of its account's number of products.

    They are given by account, product and day, `first` of which are the first ones of their product; `order` leads
    to that order, `begin` to where the account's begin. `new` is 1 for the first of a product, `products` how many
    products the account has from then on.
    """

    first: Array
    order: Array
    begin: Array
    new: Array
    products: Array

    @classmethod
    def of(cls, account: Array, on: Array, first: Array) -> _Steps:
        order = order_by(account, on, n=len(on))
        starts = np.flatnonzero(np.append(True, account[1:] != account[:-1]))
        begin = np.repeat(starts, np.diff(starts, append=len(account)))
        new = first[order].astype(np.int64)
        return cls(first, order, begin, new, _running(new, begin))

    def totals(self, numbers: Array) -> tuple[Array, Array]:
        """By what each score changes its account's sum of some numbers, and what that is from then on."""
        change = numbers.copy()
        again = np.flatnonzero(~self.first)
        change[again] -= numbers[again - 1]
        change = change[self.order]
        return change, _running(change, self.begin)


def _running(changes: Array, begin: Array) -> Array:
    """The sums of changes so far, within each account."""
    sums = changes.cumsum()
    return np.asarray(sums - (sums - changes)[begin])
