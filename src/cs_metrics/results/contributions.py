"""What each row adds to a value: so a number is explained by its rows, and a difference by theirs.

A result's value is a number in each of its cells: one cell for a count, one a label for a breakdown, one a series
and month. A `Part` says what rows of one table add to the cells; summed over the rows it gives the value, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import numpy as np

from ..columns import NO_AMOUNT

if TYPE_CHECKING:
    from ..columns import Amounts, Array, Codes, Dates, Flags
    from ..periods import Month
    from ..scope import ViewTable
    from ..selection import Rows

__all__ = ["Cell", "Contributions", "MadeOf", "Part", "flags_of", "month_places"]

Cell: TypeAlias = tuple[Any, ...]
Whole: TypeAlias = int | Fraction


@attrs.frozen(eq=False)
class Part:
    """What rows of one table add to some cells: one entry for each row and cell that it adds to.

    `rows` are row numbers in view; `places` say to which of `cells` each entry adds (None: all to the only
    one); `amounts` how much: int64, in minor units where it is `money`, or Fractions; None: 1 each.
    """

    table: ViewTable
    rows: Array
    cells: Sequence[Cell] = ((),)
    places: Array | None = None
    amounts: Array | None = None
    money: bool = False

    @classmethod
    def each(cls, rows: Rows, *cell: Any, amounts: Amounts | None = None) -> Part:
        """Each row adds 1, or its amount, to one cell."""
        return cls(rows.table, rows.index, (cell,), None, _minor(amounts, rows.index), amounts is not None)

    @classmethod
    def things(cls, table: ViewTable, index: Array, *cell: Any) -> Part:
        """Each of distinct things, rows of a table that need not be the one counted, adds 1 to one cell."""
        return cls(table, index, (cell,))

    @classmethod
    def by(cls, rows: Rows, codes: Codes, amounts: Amounts | None = None) -> Part:
        """Each row adds to the cell of its word."""
        cells = [(label,) for label in (*codes.labels, None)]
        places = codes.codes[rows.index].astype(np.int64)
        places[places < 0] = len(codes.labels)
        return cls(rows.table, rows.index, cells, places, _minor(amounts, rows.index), amounts is not None)

    @classmethod
    def crossed(cls, rows: Rows, down: Codes, across: Codes) -> Part:
        """Each row adds 1 to the cell of its two words."""
        columns = (*across.labels, None)
        cells = [(row, column) for row in (*down.labels, None) for column in columns]
        line = down.codes[rows.index].astype(np.int64)
        line[line < 0] = len(down.labels)
        place = across.codes[rows.index].astype(np.int64)
        place[place < 0] = len(across.labels)
        return cls(rows.table, rows.index, cells, line * len(columns) + place)

    @classmethod
    def split(cls, rows: Rows, parts: Mapping[Cell, Flags], amounts: Amounts | None = None) -> Part:
        """Each row adds to the cells whose flags hold of it, be they one, several or none."""
        chosen = [(rows.flags & flags).nonzero()[0] for flags in parts.values()]
        places = np.repeat(np.arange(len(chosen)), [len(index) for index in chosen])
        index = np.concatenate([*chosen, np.empty(0, np.int64)]).astype(np.int64)
        return cls(rows.table, index, list(parts), places, _minor(amounts, index), amounts is not None)

    @classmethod
    def monthly(
        cls,
        rows: Rows,
        dates: Dates,
        months: Sequence[Month],
        parts: Mapping[str, Flags | Callable[[], Flags] | None],
        amounts: Amounts | None = None,
    ) -> Part:
        """Each row adds to the month of its date in the series whose flags hold of it."""
        place = month_places(rows, dates, months)
        chosen = [
            np.arange(len(place)) if part is None else flags_of(part)[rows.index].nonzero()[0]
            for part in parts.values()
        ]
        picked = np.concatenate([*chosen, np.empty(0, np.int64)]).astype(np.int64)
        series = np.repeat(np.arange(len(chosen)), [len(index) for index in chosen])
        cells = [(name, month.label) for name in parts for month in months]
        index = rows.index[picked]
        places = series * len(months) + place[picked]
        return cls(rows.table, index, cells, places, _minor(amounts, index), amounts is not None)

    def without_others(self, numbers: Mapping[Cell, Whole]) -> Part:
        """The same without the cells that are neither in the value nor added to: words of rows out of view."""
        if self.places is None:
            return self
        touched = np.bincount(self.places, minlength=len(self.cells)) > 0
        keep = [n for n, cell in enumerate(self.cells) if touched[n] or cell in numbers]
        moved = np.full(len(self.cells) + 1, -1, np.int64)
        moved[keep] = np.arange(len(keep))
        return attrs.evolve(self, cells=[self.cells[n] for n in keep], places=moved[self.places])

    def together(self) -> Part:
        """The same entries, all adding to one cell."""
        return attrs.evolve(self, cells=((),), places=None)


MadeOf: TypeAlias = Callable[[], Sequence[Part]]
"""What rows add to a result, found out only when somebody asks."""


@attrs.frozen(eq=False)
class Contributions:
    """A value cell by cell, and what the rows add to it.

    `names` say what the parts of a cell are ("label"; "row", "column"), `numbers` is the value, money in minor
    units. `total` is there where a result has a total beside its cells: what overlaps adds to it once.
    """

    names: tuple[str, ...]
    numbers: Mapping[Cell, Whole]
    parts: tuple[Part, ...]
    total: Contributions | None = None


def flags_of(part: Flags | Callable[[], Flags]) -> Flags:
    """A part's flags, found now if they were not before."""
    return part() if callable(part) else part


def month_places(rows: Rows, dates: Dates, months: Sequence[Month]) -> Array:
    """In which of the months, which follow each other, the date of each of the rows falls."""
    lengths = [month.last - month.first + 1 for month in months]
    of_day = np.repeat(np.arange(len(months), dtype=np.int16), lengths)
    return np.asarray(of_day.take(dates.days.take(rows.index) - np.int32(months[0].first)))


def _minor(amounts: Amounts | None, index: Array) -> Array | None:
    """The amounts of rows; a missing one adds nothing."""
    if amounts is None:
        return None
    minor = amounts.minor[index]
    return minor if amounts.complete else np.where(minor == NO_AMOUNT, 0, minor)
