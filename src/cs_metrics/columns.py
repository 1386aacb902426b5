"""The kinds of column and their small algebra: what a metric is written in.

A column is a view on a run of rows; a comparison of it gives `Flags`, a NumPy array of bools, which combine
with NumPy's own `&`, `|` and `~`. Missing is part of each kind, and no comparison is true of it. `Refs` leads
from children to parents: one child never multiplies its parent, there are no joins that could fan out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from .periods import NO_DAY, Window, to_date
from .sorting import STEP, parts

if TYPE_CHECKING:
    from .selection import Rows

__all__ = [
    "Amounts",
    "Codes",
    "Dates",
    "DerivedCodes",
    "DerivedDates",
    "Flags",
    "Ids",
    "Listed",
    "Numbers",
    "Refs",
    "Soonest",
    "at",
    "masked_sum",
]

Flags: TypeAlias = npt.NDArray[np.bool_]
Array: TypeAlias = npt.NDArray[Any]
NO_AMOUNT = int(np.iinfo(np.int64).min)
FEW, MANY = 12, 20_000
"""With up to so few words and more than so many rows, comparing with each word beats counting by a table."""


def at(values: Array, rows: Array, missing: Any) -> Array:
    """The values at `rows`, `missing` at -1."""
    if len(values) == 0:
        return np.full(len(rows), missing, values.dtype)
    if len(rows) <= STEP:
        return _at(values, rows, missing)
    found = np.empty(len(rows), values.dtype)
    for part in parts(len(rows)):
        found[part] = _at(values, rows[part], missing)
    return found


def _at(values: Array, rows: Array, missing: Any) -> Array:
    return np.where(rows < 0, values.dtype.type(missing), values.take(rows, mode="clip"))


def masked_sum(values: Array, flags: Flags) -> int:
    """The sum of whole numbers where the flags hold."""
    if len(values) <= MANY:
        return int(values[flags].sum(dtype=np.int64))
    if values.itemsize == 8:  # no row is picked: to multiply all by 0 or 1 is faster
        return int(np.einsum("i,i->", values, flags))
    return int((values * flags.view(np.uint8)).sum(dtype=np.int64))


class Listed(Protocol):
    """Anything that can stand as a column of a listing; `kind` is id, text, date, amount or number."""

    @property
    def kind(self) -> str: ...

    def to_list(self, rows: Array) -> list[Any]:
        """The values of `rows` as plain Python, None where missing."""

    def to_array(self, rows: Array) -> Any:
        """The values of `rows` as a frame takes them."""


class Dates:
    """Days as int32 numbers; a missing one lies after every day."""

    kind = "date"
    __slots__ = ("days",)

    def __init__(self, days: npt.NDArray[np.int32]) -> None:
        self.days = days

    def __getitem__(self, rows: Array) -> Array:
        """The days of some rows."""
        return self.days[rows]

    def by(self, day: int) -> Flags:
        """On `day` or before it."""
        return self.days <= day

    def before(self, day: int) -> Flags:
        return self.days < day

    def not_by(self, day: int) -> Flags:
        """After `day`, or never."""
        return self.days > day

    def not_before(self, day: int) -> Flags:
        """On `day`, after it, or never."""
        return self.days >= day

    def within(self, window: Window) -> Flags:
        """On one of the window's days."""
        if window.last >= NO_DAY:  # even the longest window does not hold "never"
            return np.asarray((self.days >= window.first) & (self.days != NO_DAY))
        found: Flags = self.days >= window.first
        found &= self.days <= window.last
        return found

    @property
    def missing(self) -> Flags:
        found: Flags = self.days == NO_DAY
        return found

    @property
    def newest_first(self) -> Array:
        """Numbers by which the latest day comes first, and a missing one last."""
        return np.where(self.missing, np.int32(NO_DAY), -self.days)

    def to_list(self, rows: Array) -> list[Any]:
        return [to_date(day) for day in self[rows].tolist()]

    def to_array(self, rows: Array) -> Any:
        days = self[rows].astype(np.int64)
        days[days == NO_DAY] = np.iinfo(np.int64).min
        return days.view("datetime64[D]")


class Soonest(Protocol):
    """Days by which rows are put in order, of which the first can be told without a look at all of them."""

    @property
    def days(self) -> Array:
        """The days of all rows."""

    def __getitem__(self, rows: Array) -> Array:
        """The days of some rows."""

    def soonest(self, among: Flags, limit: int) -> Array | None:
        """Of some rows those with the `limit` soonest days, ties and all; None where all must be looked at."""


class DerivedDates(Dates):
    """Days that are worked out when somebody looks at them."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], npt.NDArray[np.int32]]) -> None:
        self._make = make
        self._made: npt.NDArray[np.int32] | None = None

    @property
    def days(self) -> npt.NDArray[np.int32]:  # type: ignore[override]
        if self._made is None:
            self._made = self._find()
        return self._made

    def _find(self) -> npt.NDArray[np.int32]:
        return self._make()


class Codes:
    """Words as small numbers into `labels`, which are in the order of their buckets; missing is -1."""

    kind = "text"
    __slots__ = ("codes", "complete", "labels")

    def __init__(
        self, codes: npt.NDArray[np.int32], labels: Sequence[Any], *, complete: bool = False
    ) -> None:
        self.codes = codes
        self.labels = labels
        self.complete = complete

    def is_(self, word: object) -> Flags:
        """Whether it is this word; a word that does not occur is nobody's."""
        labels = self.labels
        found: Flags = self.codes == (labels.index(word) if word in labels else -2)
        return found

    def isin(self, words: Collection[object]) -> Flags:
        """Whether it is one of these words."""
        wanted = [code for code, label in enumerate(self.labels) if label in words]
        if wanted and wanted[-1] - wanted[0] == len(wanted) - 1:  # neighbours: none of them is missing, -1
            inside: Flags = self.codes >= wanted[0]
            if wanted[-1] < len(self.labels) - 1:
                inside &= self.codes <= wanted[-1]
            return inside
        if len(wanted) > FEW:
            table = np.zeros(len(self.labels) + 1, bool)
            table[wanted] = True
            return np.asarray(table[self.codes])
        found: Flags = np.zeros(len(self.codes), bool)
        for code in wanted:
            found |= self.codes == code
        return found

    @property
    def missing(self) -> Flags:
        found: Flags = self.codes == -1
        return found

    def counts(self, rows: Rows) -> list[int]:
        """How many of the rows have each label, in the order of the labels; last, how many have none."""
        size = len(self.labels)
        if size <= FEW and rows.count > MANY and rows.count * size > len(self.codes):
            return self._counts(rows.flags)
        found = np.bincount(self.codes.take(rows.index) + np.intp(1), minlength=size + 1).tolist()
        return [*found[1:], found[0]]

    def _counts(self, flags: Flags) -> list[int]:
        """The same for many rows and few labels: one look for each label beats sorting rows into labels."""
        places = self.codes.astype(np.uint8)
        places += np.uint8(2)  # missing is 1, and 0 is not among the rows
        places *= flags.view(np.uint8)
        found = [int(np.count_nonzero(places == code + 2)) for code in range(len(self.labels))]
        return [*found, 0 if self.complete else int(np.count_nonzero(places == 1))]

    def sums(self, amounts: Amounts, rows: Rows) -> list[int]:
        """The amounts of the rows by label, as `counts`."""
        size = len(self.labels)
        if size <= FEW and amounts.complete and rows.count > MANY:
            codes = np.where(rows.flags, self.codes, np.int8(-2))
            return [masked_sum(amounts.minor, codes == code) for code in (*range(size), -1)]
        index = rows.index
        found = np.zeros(len(self.labels) + 1, np.int64)
        np.add.at(found, self.codes[index], amounts.known(index))  # -1 is the last: none
        return [int(total) for total in found]

    def to_list(self, rows: Array) -> list[Any]:
        labels = self.labels
        return [None if code < 0 else labels[code] for code in self.codes[rows].tolist()]

    to_array = to_list


class DerivedCodes(Codes):
    """Words that are worked out when somebody looks at them."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], npt.NDArray[Any]], labels: Sequence[Any]) -> None:
        self._make = make
        self._made: npt.NDArray[Any] | None = None
        self.labels = labels
        self.complete = True

    @property
    def codes(self) -> npt.NDArray[Any]:  # type: ignore[override]
        if self._made is None:
            self._made = self._make()
        return self._made


class Amounts:
    """Money as int64 minor units of the portfolio's currency; the intake proved that no sum overflows."""

    kind = "amount"
    __slots__ = ("complete", "exponent", "minor")

    def __init__(self, minor: npt.NDArray[np.int64], exponent: int, *, complete: bool = False) -> None:
        self.minor = minor
        self.exponent = exponent
        self.complete = complete

    def sum(self, rows: Flags) -> int:
        """The sum of the rows' amounts; missing ones add nothing."""
        if self.complete:
            return masked_sum(self.minor, rows)
        minor = self.minor[rows]
        if minor.size and minor.min() == NO_AMOUNT:
            minor = minor[minor != NO_AMOUNT]
        return int(minor.sum())

    @property
    def given(self) -> Flags:
        """Where there is an amount."""
        found: Flags = self.minor != NO_AMOUNT
        return found

    def known(self, index: Array) -> Array:
        """The amounts of rows, 0 where missing: for sums."""
        minor = self.minor[index]
        return minor if self.complete else np.where(minor == NO_AMOUNT, 0, minor)

    def at_most(self, other: Amounts) -> Amounts:
        """The lesser of the two amounts of each row."""
        return Amounts(np.minimum(self.minor, other.minor), self.exponent)

    def within(self, low: int | None, high: int | None) -> Flags:
        """`low` or more and less than `high`; None is no bound."""
        found: Flags = self.minor != NO_AMOUNT
        if low is not None:
            found &= self.minor >= low
        if high is not None:
            found &= self.minor < high
        return found

    def to_list(self, rows: Array) -> list[Any]:
        return [self._major(minor) for minor in self.minor[rows].tolist()]

    def _major(self, minor: int) -> Decimal | None:
        return None if minor == NO_AMOUNT else Decimal(minor).scaleb(-self.exponent)

    to_array = to_list


class Numbers:
    """Finite numbers, float64 or whole; a missing one is NaN, of whole ones `NO_AMOUNT`."""

    kind = "number"
    __slots__ = ("values",)

    def __init__(self, values: npt.NDArray[np.float64 | np.int64]) -> None:
        self.values = values

    def below(self, limit: float) -> Flags:
        return self.values < limit

    @property
    def missing(self) -> Flags:
        found: Flags = np.isnan(self.values) if self.values.dtype.kind == "f" else self.values == NO_AMOUNT
        return found

    def to_list(self, rows: Array) -> list[Any]:
        values = self.values[rows].tolist()
        return [None if value != value or value == NO_AMOUNT else value for value in values]

    def to_array(self, rows: Array) -> Any:
        values = self.values[rows]
        whole = values.dtype.kind != "f"
        return self.to_list(rows) if whole and (values == NO_AMOUNT).any() else values


class Ids:
    """The ids of rows; touched by drill-down only."""

    kind = "id"
    __slots__ = ("_take",)

    def __init__(self, take: Callable[[Array], list[Any]]) -> None:
        self._take = take

    def to_list(self, rows: Array) -> list[Any]:
        return self._take(rows)

    to_array = to_list


class Refs:
    """Row numbers of the parents in view, -1 where there is none.

    `rows` are numbers within the view, `size` is how many parents the view has, `exist` which of the children
    exist where not all do. What leads from children to parents reads existing children in view only; what
    leads from a parent to its children is `take`.
    """

    __slots__ = ("exist", "in_order", "rows", "size")

    def __init__(
        self, rows: npt.NDArray[np.int32], size: int, exist: Flags | None = None, *, in_order: bool = False
    ) -> None:
        self.rows = rows
        self.size = size
        self.exist = exist
        self.in_order = in_order

    @property
    def known(self) -> Flags:
        """Whether there is a parent in view."""
        return self.rows.view(np.uint32) < self.size

    def _index(self, children: Flags) -> Array:
        """The numbers of the children; those of a `Rows.index` are numbers already, of rows that exist."""
        if children.dtype != bool:
            return children
        return (children if self.exist is None else children & self.exist).nonzero()[0]

    def any(self, children: Flags) -> Flags:
        """Parents of which some child is among `children`."""
        if self.in_order and len(children) > MANY and children.dtype == bool:
            return self._any_run(children if self.exist is None else children & self.exist)
        found = np.zeros(self.size + 1, bool)
        found[self.rows.take(self._index(children))] = True  # without a parent: the last, cut off below
        return found[:-1]

    def _any_run(self, children: Flags) -> Flags:
        """The same where children are sorted by their parents: by the runs of each."""
        starts = self.rows.searchsorted(np.arange(self.size + 1, dtype=np.int32))
        found: Flags = np.logical_or.reduceat(np.append(children, False), starts)[:-1]
        return found & (starts[1:] > starts[:-1])

    def count(self, children: Flags) -> Array:
        """How many of `children` each parent has."""
        rows = self.rows[self._index(children)]
        return np.bincount(rows + np.intp(1), minlength=self.size + 1)[1 : self.size + 1]

    def any_of(self, rows: Array) -> Flags:
        """Which parents in view are among some, given by their rows, -1 for none."""
        found = np.zeros(self.size + 1, bool)
        found[rows] = True
        return found[:-1]

    def distinct(self, rows: Array) -> int:
        """How many different parents in view are among some."""
        return int(np.count_nonzero(self.any_of(rows)))

    def sum(self, amounts: Amounts, children: Flags) -> Amounts:
        """The sum of the amounts of `children` by parent, 0 where there are none."""
        index = self._index(children)
        found = np.zeros(self.size + 1, np.int64)
        np.add.at(found, self.rows[index], amounts.known(index))
        return Amounts(found[:-1], amounts.exponent)

    def earliest(self, dates: Dates, children: Flags) -> Dates:
        """The first of the dates of `children` by parent, missing where there are none."""
        index = self._index(children)
        found = np.full(self.size + 1, NO_DAY, np.int32)
        np.minimum.at(found, self.rows[index], dates.days[index])
        return Dates(found[:-1])

    def take(self, flags: Flags) -> Flags:
        """The parents' flags, at their children; False without a parent in view."""
        if self.size == 0:
            return np.zeros(len(self.rows), bool)
        taken: Flags = flags.take(self.rows, mode="clip")
        taken &= self.known
        return taken

    def final(self, dates: Dates, children: Flags) -> Dates:
        """The date of the last of `children` of each parent in the table's own order, missing without any."""
        index = self._index(children)
        found = np.full(self.size + 1, NO_DAY, np.int32)
        found[self.rows.take(index)] = dates.days.take(index)  # of several, NumPy keeps the last one assigned
        return Dates(found[:-1])

    def last(self, children: Flags) -> tuple[Array, Array]:
        """The parents that have some of `children`, and the last of each in the table's own order.

        For a table that is sorted by this reference.
        """
        index = self._index(children)
        rows = self.rows[index]
        ends = np.ones(len(rows), bool)
        np.not_equal(rows[1:], rows[:-1], out=ends[:-1])
        ends &= rows >= 0
        return rows[ends], index[ends]
