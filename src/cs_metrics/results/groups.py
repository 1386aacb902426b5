"""A list of groups of rows: alerts by name, products, items, each a line with what its rows come to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import attrs
import numpy as np

from ..errors import RowsNotKept
from ..periods import as_count
from .base import Result, native_frame
from .listings import Listing, kept_lines
from .ordering import ordered

if TYPE_CHECKING:
    from ..columns import Array, Listed
    from ..selection import Rows
    from .contributions import Part

__all__ = ["Difference", "Grouped", "Groups", "Quotient", "kept", "latest", "summed"]

Line: TypeAlias = dict[str, Any]


@attrs.frozen(eq=False)
class Grouped:
    """A column of groups, one row a group, and how two parts' values of one group become one.

    "sum" adds them up (what is missing in one part is that of the other), "latest" keeps the later day,
    "keep" the first one: it says the same of the group in every part.
    """

    column: Listed
    merge: Literal["sum", "latest", "keep"]


@attrs.frozen
class Quotient:
    """A column of groups: one summed column over another, by their names; None where that is 0 or None."""

    above: str
    below: str


@attrs.frozen
class Difference:
    """A column of groups: one column less another, by their names; None where either is None."""

    of: str
    less: str


def summed(column: Listed) -> Grouped:
    """A column that adds up over parts."""
    return Grouped(column, "sum")


def latest(column: Listed) -> Grouped:
    """A column of which the later counts."""
    return Grouped(column, "latest")


def kept(column: Listed) -> Grouped:
    """A column that says the same of a group in every part."""
    return Grouped(column, "keep")


@attrs.frozen
class _Rule:
    """A column without its values: its kind, and how it merges, or of what it is worked out and how."""

    kind: str
    merge: str
    worked_out: Quotient | Difference | None = None

    @classmethod
    def of(cls, column: Grouped | Quotient | Difference) -> _Rule:
        if isinstance(column, Grouped):
            return cls(column.column.kind, column.merge)
        return cls("number", "quotient" if isinstance(column, Quotient) else "difference", column)


class Groups(Listing):
    """Groups of rows in an order, a line each: the group's label, then what the metric says of it.

    `.value` is how many groups there are; `limit` cuts what `to_frame` gives, `merge` knows all of them.
    `rows()` are the rows behind all groups. Groups are ranked by the columns named by `by`, each descending,
    missing last, then by label, ascending, missing last. Columns whose names stand in `hidden` are there to
    rank and to merge by, and are not listed.

    `columns` have a row for each of `labels`; `occurs` tells which of these have a line, all by default.
    """

    kind: ClassVar[str] = "groups"

    def __init__(
        self,
        rows: Rows,
        noun: str,
        labels: Sequence[Any],
        columns: Mapping[str, Grouped | Quotient | Difference],
        *,
        by: Sequence[str] = (),
        hidden: Sequence[str] = (),
        occurs: Array | None = None,
        limit: int | None = None,
        label_kind: Literal["text", "id"] = "text",
    ) -> None:
        Result.__init__(self, rows)
        self._limit = limit
        self._ranking = tuple(by)
        self._rules = {noun: _Rule(label_kind, "keep")} | {
            name: _Rule.of(column) for name, column in columns.items()
        }
        self._listed = tuple(name for name in self._rules if name not in hidden)
        every = np.arange(len(labels)) if occurs is None else np.flatnonzero(occurs)
        self._lines: dict[Any, Line] | None = _lines(noun, labels, columns, every)

    @property
    def value(self) -> int:
        sent: int | None = self.__dict__.get(
            "_value"
        )  # of lines that were cut off on the way, there is only this
        return len(self._kept) if sent is None else sent

    @property
    def _sent(self) -> int:
        return len(self._kept)

    @property
    def _types(self) -> dict[str, str]:
        return {name: self._rules[name].kind for name in self._listed}

    @property
    def _kept(self) -> list[tuple[Any, ...]]:
        """All lines in order, the listed columns only."""
        found = self.__dict__.get("_in_order")
        if found is None:
            assert self._lines is not None
            lines = [self._complete(line) for line in self._lines.values()]
            lines.sort(key=self._place)
            found = [tuple(line[name] for name in self._listed) for line in lines]
            self.__dict__["_in_order"] = found
        return list(found)

    def _complete(self, line: Line) -> Line:
        """A line with what is worked out of it, as exact fractions until it is listed."""
        for name, rule in self._rules.items():
            if isinstance(rule.worked_out, Quotient):
                line = line | {name: _quotient(line[rule.worked_out.above], line[rule.worked_out.below])}
            elif rule.worked_out is not None:
                line = line | {name: _difference(line[rule.worked_out.of], line[rule.worked_out.less])}
        return line

    def _place(self, line: Line) -> tuple[Any, ...]:
        """What lines are sorted by."""
        label = line[next(iter(self._rules))]
        keys = [(line[name] is None, _descending(line[name])) for name in self._ranking]
        return (*keys, label is None, label if label is not None else 0)

    def head(self, count: int | None = None) -> list[tuple[Any, ...]]:
        """The first groups as plain Python, one tuple of the listed columns each."""
        cut = self._limit if count is None else as_count(count, "count")
        return [tuple(map(_plain, line)) for line in kept_lines(self, self._kept, cut)]

    def to_frame(self, limit: int | None = None) -> Any:
        """The listed columns in order, as the kind of frame that went in."""
        lines = self.head(self._limit if limit is None else as_count(limit, "limit"))
        cells = {name: [line[place] for line in lines] for place, name in enumerate(self._listed)}
        for name, kind in self._types.items():
            if kind == "date":
                cells[name] = np.array(cells[name], "datetime64[D]")  # type: ignore[assignment]
        return native_frame(cells, self)

    def _ordered(self, limit: int | None = None) -> Array:
        return ordered(self._live(), (), limit)

    def _row_keys(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        return Result._row_keys(self)

    def _entries(self) -> Sequence[Part]:
        raise self._unexplained("the value is how many groups there are, and a group is no row")

    def _state(self) -> dict[str, Any]:
        names = ("_limit", "_ranking", "_rules", "_listed", "_lines")
        beside = {"_in_order": self._kept, "_value": self.__dict__.get("_value")}
        return {name: self.__dict__[name] for name in names} | beside

    def _merged(self, other: Listing) -> dict[str, Any]:
        assert isinstance(other, Groups)
        mine, its = self._lines, other._lines
        if mine is None or its is None:
            raise RowsNotKept("a listing cannot be merged after it was read back from JSON")
        lines = {
            label: self._both(mine[label], its[label]) if label in mine and label in its else
            (mine if label in mine else its)[label]
            for label in dict.fromkeys((*mine, *its))
        }  # fmt: skip
        return self._state() | {"_lines": lines, "_in_order": None}

    def _both(self, mine: Line, its: Line) -> Line:
        """One group's line of two parts."""
        return {name: _merged(self._rules[name].merge, mine[name], its[name]) for name in mine}

    @classmethod
    def _read(cls, state: Mapping[str, Any], value: int) -> dict[str, Any]:
        """The state of a listing that was read back, as groups keep it."""
        kinds = state["_kinds"]
        return {
            "_limit": state["_limit"],
            "_ranking": (),
            "_rules": {name: _Rule(kind, "keep") for name, kind in kinds.items()},
            "_listed": tuple(kinds),
            "_lines": None,
            "_in_order": state["_kept"],
            "_value": value,
        }


def _lines(
    noun: str, labels: Sequence[Any], columns: Mapping[str, Grouped | Quotient | Difference], index: Array
) -> dict[Any, Line]:
    """The lines of the groups by label, without their quotients."""
    names = [labels[place] for place in index.tolist()]
    cells = {noun: names} | {
        name: column.column.to_list(index) for name, column in columns.items() if isinstance(column, Grouped)
    }
    return {
        label: dict(zip(cells, line, strict=True))
        for label, line in zip(names, zip(*cells.values(), strict=True), strict=True)
    }


def _quotient(above: Any, below: Any) -> Fraction | None:
    return None if above is None or not below else Fraction(above) / Fraction(below)


def _difference(value: Any, less: Any) -> Any:
    return None if value is None or less is None else value - less


def _descending(value: Any) -> Any:
    """A value by which the largest comes first."""
    if value is None:
        return 0
    return -value.toordinal() if isinstance(value, dt.date) else -value


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Fraction) else value


def _merged(rule: str, mine: Any, its: Any) -> Any:
    """Two parts' values of one column of one group."""
    if mine is None or its is None or rule == "keep":
        return its if mine is None else mine
    return mine + its if rule == "sum" else max(mine, its)
