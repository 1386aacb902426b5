"""The rows behind a change: live, out of two views, or what is kept of them when a change is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..errors import OptionError, RowsNotKept
from ..frames import frame
from ..periods import as_count
from ..selection import Rows
from .moves import Moves, Sums
from .numbers import exact, simplest
from .ordering import ordered
from .pairing import key_columns, pair

if TYPE_CHECKING:
    from ..columns import Array
    from ..scope import ViewTable
    from .base import Result
    from .contributions import Cell, Contributions, Whole
    from .moves import Moved
    from .pairing import Pairing

__all__ = ["EXPLAINING", "Explained", "Kept", "Line", "framed"]

EXPLAINING = ("entered", "left", "changed")


@attrs.frozen(kw_only=True)
class Line:
    """One number before and after, and what the rows that entered, left and changed make of the difference.

    `before + entered + left + changed == after`, exactly: what left counts below zero.
    """

    before: Any
    entered: Any
    left: Any
    changed: Any
    after: Any
    difference: Any


class Explained:
    """The rows of both sides, paired, and what each adds to the value."""

    def __init__(self, before: Result, after: Result) -> None:
        self._sides = (before, after)
        self._context = after.context
        self.said = (before.contributions(), after.contributions())
        mine, its = (_used(side, said) for side, said in zip(self._sides, self.said, strict=True))
        names = dict.fromkeys((*its, *mine))
        nothing = None, np.empty(0, np.int64)
        self._pairings = {name: pair(*mine.get(name, nothing), *its.get(name, nothing)) for name in names}
        self._moves = Moves(*self.said, self._pairings)
        self._found: dict[str, Moved] = {}
        money = before.context.currency, self._context.currency
        if self._moves.money and money[0] != money[1]:
            raise OptionError("after", money[1], f"a view of a portfolio in {money[0]}, as the one before")

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self._pairings)

    def lines(self) -> tuple[dict[Cell, Line], Line | None]:
        """Every cell of the value, and the total where there is one."""
        lines = self._lines(self._moves)
        if self.said[0].total is None or self.said[1].total is None:
            return lines, None
        whole = Moves(self.said[0].total, self.said[1].total, self._pairings)
        return lines, self._lines(whole)[()]

    def _lines(self, moves: Moves) -> dict[Cell, Line]:
        sums = moves.sums()
        if sums is None:
            raise self._sides[1]._unexplained("what it says that rows add does not give its value")
        return {cell: self._line(found, cell in moves.money) for cell, found in in_order(sums, moves.names)}

    def _line(self, sums: Sums, money: bool) -> Line:
        names = attrs.fields_dict(Line)
        return Line(**{name: self._plain(getattr(sums, name), money) for name in names})

    def _plain(self, number: Whole, money: bool) -> Any:
        """An exact number in plain Python: a Decimal where it is money."""
        if money:
            return self._context.major(int(number))
        return simplest(number) if isinstance(number, Fraction) else number

    # rows -------------------------------------------------------------------------------------------------

    def _changed(self, table: str) -> Moved:
        """The rows that stayed but add something else; looked for once, when first asked for."""
        if table not in self._found:
            self._found[table] = self._moves.changed(table)
        return self._found[table]

    def counts(self, table: str) -> dict[str, int]:
        pairing = self._pairings[table]
        changed = len(np.unique(self._changed(table).numbers))
        return {"entered": len(pairing.entered), "left": len(pairing.left), "changed": changed}

    def _in_order(self, table: str, which: str) -> tuple[ViewTable, Array]:
        """The rows that entered or left, in the order of the result or else by id, and their table in view."""
        pairing, after = self._pairings[table], which == "entered"
        found = pairing.after if after else pairing.before
        if found is None:
            raise OptionError("table", table, f"a table that stands on the side of what {which}")
        rows = pairing.entered if after else pairing.left
        flags = np.zeros(found.n, bool)
        flags[rows] = True
        result = self._sides[after]
        if table == self.tables[0]:
            order = result._ordered()
            return found, order[flags[order]]
        return found, ordered(Rows(found, flags), ())

    def frame(self, table: str, which: str) -> Any:
        found, rows = self._in_order(table, which)
        return found.table.source.take(found.supplied(rows).astype(np.int64))

    def moves(self, table: str, which: Sequence[str]) -> Any:
        """A frame of what each row does, its key, cell, and what it adds before and after."""
        columns = self._columns(table, every=len(which) > 1)
        if len(which) == 1:
            del columns["what"]
        numbers = {name: framed(columns.pop(name)) for name in ("before", "after", "difference")}
        return frame(columns | numbers, self._kind(table))

    def _kind(self, table: str) -> str:
        pairing = self._pairings[table]
        found = pairing.after or pairing.before
        assert found is not None
        return found.table.source.kind

    def _columns(self, table: str, *, every: bool, rows: int | None = None) -> dict[str, list[Any]]:
        """What each row does, as columns; only of the first `rows` lines."""
        pairing = self._pairings[table]
        moved = self._moves.every(table) if every else self._changed(table)
        doing, position = self._doing(table), self._positions(table)
        order = np.lexsort((moved.places, position[moved.numbers], doing[moved.numbers]))
        moved = moved.where(order[:rows])
        cells = [self._moves.cells[place] for place in moved.places.tolist()]
        money = [cell in self._moves.money for cell in cells]
        before, after, difference = (
            [self._plain(number, is_money) for number, is_money in zip(numbers.tolist(), money, strict=True)]
            for numbers in (moved.before, moved.after, moved.after - moved.before)
        )
        names = self.said[1].names
        return {
            "what": [EXPLAINING[what] for what in doing[moved.numbers].tolist()],
            **_keys(pairing, moved.numbers),
            **{name: [cell[place] for cell in cells] for place, name in enumerate(names)},
            "before": before,
            "after": after,
            "difference": difference,
        }

    def _doing(self, table: str) -> Array:
        """Of each number of a pairing whether its row entered, left, or stayed, as a place in EXPLAINING."""
        pairing = self._pairings[table]
        doing = np.where(pairing.staying, 2, 1)
        doing[pairing.after_numbers[~pairing.staying[pairing.after_numbers]]] = 0
        return doing

    def _positions(self, table: str) -> Array:
        """Of each number of a pairing the place of its row among those of its side."""
        pairing = self._pairings[table]
        position = np.zeros(pairing.size, np.int64)
        sides = (
            (pairing.before, pairing.before_rows, pairing.before_numbers, self._sides[0]),
            (pairing.after, pairing.after_rows, pairing.after_numbers, self._sides[1]),
        )  # the side after last: what stayed stands as it does there
        for found, rows, numbers, result in sides:
            if found is None:
                continue
            flags = np.zeros(found.n, bool)
            flags[rows] = True
            order = result._ordered() if table == self.tables[0] else ordered(Rows(found, flags), ())
            position[numbers[np.searchsorted(rows, order)]] = np.arange(len(order))
        return position

    # how they travel --------------------------------------------------------------------------------------

    def to_dict(self, table: str, rows: int | None = None) -> dict[str, Any]:
        """What is said of a table in JSON: how many rows did what, and the keys of the first `rows` of them."""
        cut = None if rows is None else as_count(rows, "rows")
        told: dict[str, Any] = {
            "table": table,
            "key": list(self._schema(table).key),
            "counts": self.counts(table),
        }
        for which in ("entered", "left"):
            told[which] = self._told(table, which, cut)
        columns = self._columns(table, every=False, rows=cut)
        keys, names = _lines(columns, told["key"]), self.said[1].names
        told["changed"] = [
            {"key": key, "cell": cell, "before": exact(mine), "after": exact(its)}
            for key, cell, mine, its in zip(
                keys, _lines(columns, names), columns["before"], columns["after"], strict=True
            )
        ]
        return told

    def _schema(self, table: str) -> Any:
        pairing = self._pairings[table]
        found = pairing.after or pairing.before
        assert found is not None
        return found.table.schema

    def _told(self, table: str, which: str, cut: int | None) -> list[list[Any]]:
        if not self.counts(table)[which]:
            return []
        found, rows = self._in_order(table, which)
        columns = key_columns(found, rows[:cut])
        return _lines(columns, list(columns))

    def kept(self) -> Kept:
        return Kept(tuple(self.to_dict(table) for table in self.tables))


class Kept:
    """What is kept of the rows behind a change that was sent: their keys and counts."""

    def __init__(self, told: Sequence[Mapping[str, Any]]) -> None:
        self._told = {table["table"]: dict(table) for table in told}

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self._told)

    def counts(self, table: str) -> dict[str, int]:
        return dict(self._told[table]["counts"])

    def frame(self, table: str, which: str) -> Any:
        raise RowsNotKept("the change was sent or read back without its rows; compute it again to see them")

    def moves(self, table: str, which: Sequence[str]) -> Any:
        return self.frame(table, "")

    def to_dict(self, table: str, rows: int | None = None) -> dict[str, Any]:
        cut = None if rows is None else as_count(rows, "rows")
        return self._told[table] | {name: self._told[table][name][:cut] for name in EXPLAINING}

    def kept(self) -> Kept:
        return self


def _used(side: Result, said: Contributions) -> dict[str, tuple[ViewTable, Array]]:
    """The rows behind a result, and those of other tables that add to it: by table, ascending."""
    rows = side._live()
    found = {rows.table.table.schema.name: (rows.table, rows.index)}
    for contributions in (said, said.total):
        for part in () if contributions is None else contributions.parts:
            if part.rows is rows.index:
                continue
            name = part.table.table.schema.name
            among = np.zeros(part.table.n, bool)
            among[part.rows] = True
            if name in found:
                among[found[name][1]] = True
            found[name] = part.table, among.nonzero()[0]
    if len(found[rows.table.table.schema.name][1]) != rows.count:
        raise side._unexplained("rows add to it that are not behind it")
    return found


def _keys(pairing: Pairing, numbers: Array) -> dict[str, list[Any]]:
    """The keys of rows by their numbers; those of both sides as they are after."""
    found: dict[str, Array] = {}
    todo = np.ones(len(numbers), bool)
    for table, rows, known in (
        (pairing.after, pairing.after_rows, pairing.after_numbers),
        (pairing.before, pairing.before_rows, pairing.before_numbers),
    ):
        if table is None:
            continue
        row_of = np.full(pairing.size, -1, np.int64)
        row_of[known] = rows
        mine = todo & (row_of[numbers] >= 0)
        todo &= ~mine
        for column, values in key_columns(table, row_of[numbers[mine]]).items():
            found.setdefault(column, np.empty(len(numbers), object))[mine] = values
    return {column: values.tolist() for column, values in found.items()}


def _lines(columns: Mapping[str, list[Any]], names: Sequence[str]) -> list[list[Any]]:
    """Some of the columns, line by line, as JSON takes them."""
    count = len(next(iter(columns.values()), []))
    return [[_json(columns[name][place]) for name in names] for place in range(count)]


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def in_order(sums: Mapping[Cell, Sums], names: Sequence[str]) -> list[tuple[Cell, Sums]]:
    """Cells as they stand in the value after, then those of the value before only; every row with every column,
    months ascending, and the missing bucket last, only where something is in it.
    """
    nothing = Sums(0, 0, 0, 0, 0)
    cells: list[Cell] = [()]
    for axis, name in enumerate(names):
        labels = dict.fromkeys(cell[axis] for cell in sums)
        if all(found == nothing for cell, found in sums.items() if cell[axis] is None):
            labels.pop(None, None)
        order = sorted(labels) if name == "month" else sorted(labels, key=lambda label: label is None)
        cells = [(*cell, label) for cell in cells for label in order]
    return [(cell, sums.get(cell, nothing)) for cell in cells]


def framed(numbers: list[Any]) -> list[Any]:
    """Numbers of several kinds as one kind that every frame can hold; fractions as floats."""
    if any(isinstance(number, Fraction) for number in numbers):
        return [float(number) for number in numbers]
    if any(isinstance(number, Decimal) for number in numbers):
        return [Decimal(number) for number in numbers]
    return numbers
