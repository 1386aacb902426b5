"""Columns that stand in listings only: worked out for the rows that are listed, not for all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .columns import Array, Dates, Listed

__all__ = ["DaysSince", "Quotients", "Shares", "Through"]


class DaysSince:
    """How many days lie between some days and a day after them, computed for the rows that are listed only."""

    kind = "number"
    __slots__ = ("dates", "day")

    def __init__(self, dates: Dates, day: int) -> None:
        self.dates = dates
        self.day = day

    def to_list(self, rows: Array) -> list[Any]:
        return list(self.to_array(rows).tolist())

    def to_array(self, rows: Array) -> Any:
        return self.day - self.dates.days[rows].astype(np.int64)


class Quotients:
    """One whole number over another, computed for the rows that are listed only."""

    kind = "number"
    __slots__ = ("above", "below")

    def __init__(self, above: Array, below: Array) -> None:
        self.above = above
        self.below = below

    def to_list(self, rows: Array) -> list[Any]:
        return list(self.to_array(rows).tolist())

    def to_array(self, rows: Array) -> Any:
        return self.above[rows] / self.below[rows]


class Shares:
    """One whole number over another that may be 0: then there is none; exact until it is listed.

    With `before`, other shares of the same rows, the column says how much more it is than these.
    """

    kind = "number"
    __slots__ = ("above", "before", "below")

    def __init__(self, above: Array, below: Array, before: Shares | None = None) -> None:
        self.above = above
        self.below = below
        self.before = before

    def since(self, before: Shares) -> Shares:
        """How much more these are."""
        return Shares(self.above, self.below, before)

    def to_list(self, rows: Array) -> list[Any]:
        parts = [self.above, self.below]
        if self.before is None:
            return [above / below if below else None for above, below in _lines(parts, rows)]
        parts += [self.before.above, self.before.below]
        return [
            (above * under - over * below) / (below * under) if below and under else None
            for above, below, over, under in _lines(parts, rows)
        ]

    def to_array(self, rows: Array) -> Any:
        return np.array([np.nan if share is None else share for share in self.to_list(rows)], np.float64)


def _lines(parts: Sequence[Array], rows: Array) -> Iterable[tuple[int, ...]]:
    """Whole numbers of rows as Python's own, of which a quotient is rounded once."""
    return zip(*(part[rows].tolist() for part in parts), strict=True)


class Through:
    """A column of another table, at the rows that each row leads to; missing where it leads nowhere, -1."""

    __slots__ = ("column", "rows")

    def __init__(self, column: Listed, rows: Array) -> None:
        self.column = column
        self.rows = rows

    @property
    def kind(self) -> str:
        return self.column.kind

    def to_list(self, rows: Array) -> list[Any]:
        led = self.rows[rows]
        there = led >= 0
        found = iter(self.column.to_list(led[there]))
        return [next(found) if known else None for known in there.tolist()]

    def to_array(self, rows: Array) -> Any:
        values = self.to_list(rows)
        return np.array(values, np.float64) if self.kind == "number" else values
