"""Two results of one metric, and the rows that explain the difference between them, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import OptionError
from .base import Published, Result, Spec, said
from .explained import EXPLAINING, Explained, Kept, Line, framed
from .listings import Listing
from .numbers import Ratio, exact
from .version import RESULTS

if TYPE_CHECKING:
    from .contributions import Cell

__all__ = ["Change", "restored"]


class Change(Published):
    """What changed between two results of one metric: which rows entered, left, or add more or less.

    `difference` and `parts` have the shape of the metric's value: a number, or a number by label, by row and
    column, by series and month; of a ratio by "numerator" and "denominator". They cover all labels and months
    of either side, also those that `limit` cuts off, with 0 where a side has none; `entered + left + changed`
    is the difference, exactly, what left counting below zero.
    """

    def __init__(self, before: Result, after: Result) -> None:
        self.before = before
        self.after = after
        self._rows: Explained | Kept = (live := Explained(before, after))
        self._names = live.said[1].names
        self._lines, self._total = live.lines()

    @property
    def spec(self) -> Spec:
        """The metric: its definition, unit, source and options as called."""
        return self.after.spec

    # the numbers ------------------------------------------------------------------------------------------

    @property
    def difference(self) -> Any:
        """The value after less the value before, in plain Python."""
        return self._shaped("difference")

    @property
    def parts(self) -> dict[str, Any]:
        """What the rows that entered, left, and changed make of the difference."""
        return {name: self._shaped(name) for name in EXPLAINING}

    @property
    def total(self) -> Line | None:
        """The same for the total of a breakdown, in which what overlaps counts once; None for other kinds."""
        return self._total

    @property
    def value_difference(self) -> Any:
        """How much more the value is; of a ratio as a float, None where a side has no value."""
        if not isinstance(_now(self.after), Ratio):
            return self.difference
        values = self.before.value, self.after.value
        return None if None in values else values[1] - values[0]

    def lines(self) -> dict[Cell, Line]:
        """Every number of the value by its cell: `()`, `(label,)`, `(row, column)`, `(series, month)`."""
        return dict(self._lines)

    def _shaped(self, part: str) -> Any:
        """One part of every line, in the shape of the metric's value."""
        if not self._names:
            return getattr(self._lines[()], part)
        shaped: dict[Any, Any] = {}
        for cell, line in self._lines.items():
            inner = shaped if len(cell) == 1 else shaped.setdefault(cell[0], {})
            inner[cell[-1]] = getattr(line, part)
        return shaped

    # the rows ---------------------------------------------------------------------------------------------

    @property
    def tables(self) -> tuple[str, ...]:
        """Whose rows explain the difference: the counted table, and that of distinct things, if there are."""
        return self._rows.tables

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """By table, how many rows entered, left, and stayed but changed what they add."""
        return {table: self._rows.counts(table) for table in self.tables}

    @property
    def entered_count(self) -> int:
        """How many rows of the counted table are behind the value after, but not behind that before."""
        return self._rows.counts(self.tables[0])["entered"]

    @property
    def left_count(self) -> int:
        """How many rows of the counted table were behind the value before, but are not behind that after."""
        return self._rows.counts(self.tables[0])["left"]

    @property
    def changed_count(self) -> int:
        """How many rows of the counted table are behind both, but add something else, or to another cell."""
        return self._rows.counts(self.tables[0])["changed"]

    def entered(self, table: str | None = None) -> Any:
        """The rows that entered, from the view after, with every column supplied, in the order of its rows."""
        return self._rows.frame(self._table(table), "entered")

    def left(self, table: str | None = None) -> Any:
        """The rows that left, from the view before, with every column supplied, in the order of its rows."""
        return self._rows.frame(self._table(table), "left")

    def changed(self, table: str | None = None) -> Any:
        """The rows that stayed but add something else: key, cell, what they add before and after.

        One line for each cell to which a row adds another amount: a row that moved from one label to another has two.
        """
        return self._rows.moves(self._table(table), ("changed",))

    def by_row(self, table: str | None = None) -> Any:
        """Every row that explains something: what it did, its key, cell, and what it adds before and after.

        The differences add up to `difference`, cell by cell.
        """
        return self._rows.moves(self._table(table), EXPLAINING)

    def _table(self, table: str | None) -> str:
        if table is not None and table not in self.tables:
            raise OptionError("table", table, self.tables)
        return table or self.tables[0]

    # how it travels ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {what}" for what, count in self._rows.counts(self.tables[0]).items())
        days = f"{self.before.as_of.isoformat()} to {self.after.as_of.isoformat()}"
        shown = f"{self.before._shown()} -> {self.after._shown()}"
        return f"<what changed in {self.spec.id}, {days}: {shown}; {counts}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Change) and said(self.to_dict()) == said(other.to_dict())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Callable[..., Change], tuple[Any]]:
        return restored, ({**self.__dict__, "_rows": self._rows.kept()},)

    def to_dict(self, rows: int | None = None) -> dict[str, Any]:
        """The change as JSON takes it, with the keys of the first `rows` rows that explain it, all by default."""
        before, after = (
            side.to_dict(rows) if isinstance(side, Listing) else side.to_dict()
            for side in (self.before, self.after)
        )
        value = self.value_difference if isinstance(_now(self.after), Ratio) else None
        return {
            "schema": RESULTS,
            "kind": "change",
            "metric": self.spec.to_dict(),
            "before": before,
            "after": after,
            "names": list(self._names),
            "lines": [{"cell": list(cell), **_json_line(line)} for cell, line in self._lines.items()],
            "total": None if self._total is None else _json_line(self._total),
            "value_difference": value,
            "tables": [self._rows.to_dict(table, rows) for table in self.tables],
        }

    def to_json(self) -> str:
        """The change as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Change:
        """A change from what `to_dict` gave: equal to it, without the rows behind it."""
        from .exchange import change_from_dict

        return change_from_dict(data)

    def to_frame(self) -> Any:
        """Every cell of the value before and after, and its parts, as the kind of frame that went in."""
        from .base import native_frame

        columns = {name: [cell[place] for cell in self._lines] for place, name in enumerate(self._names)}
        for field in attrs.fields_dict(Line):
            columns[field] = framed([getattr(line, field) for line in self._lines.values()])
        return native_frame(columns, self.after)


def restored(state: Mapping[str, Any]) -> Change:
    """A change that was sent: all it says, without the rows."""
    change = Change.__new__(Change)
    change.__dict__.update(state)
    return change


def _now(result: Result) -> Result:
    """The result that a trend explains."""
    current: Result = getattr(result, "current", result)
    return current


def _json_line(line: Line) -> dict[str, Any]:
    return {name: exact(number) for name, number in attrs.asdict(line).items()}
