"""A list to act on: which rows, in which order, with what beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from ..columns import Ids
from ..errors import RowsNotKept
from ..periods import as_count
from .base import Result, native_frame
from .contributions import Part
from .ordering import FEW, natural_keys, ordered

if TYPE_CHECKING:
    from ..columns import Array, Listed, Soonest
    from ..selection import Rows
    from .contributions import Cell, Whole

__all__ = ["Listing"]


class Listing(Result):
    """Rows in an order, each with its id first and then what the metric lists beside it.

    `by` are the keys of the order, ascending, ids break ties; `limit` cuts what `to_frame` gives, never
    `.value`, which is how many there are. `ties` names the columns that break ties where there is no id.
    """

    kind: ClassVar[str] = "listing"
    _first: int | None = None
    """How many lines are kept at most when it is sent, None for all."""

    def __init__(
        self,
        rows: Rows,
        columns: Mapping[str, Listed] | None = None,
        *,
        by: Sequence[Array | Soonest] = (),
        ties: Sequence[str] | None = None,
        id_column: tuple[str, Listed] | None = None,
        limit: int | None = None,
    ) -> None:
        super().__init__(rows)
        name, ids = id_column or (rows.table.table.schema.noun, Ids(rows.table.ids))
        self._columns: dict[str, Listed] = {name: ids, **(columns or {})}
        self._by = by
        self._ties = ties
        self._limit = limit

    @property
    def value(self) -> int:
        return self.used

    @property
    def total(self) -> int:
        """How many there are, whatever `limit` cuts."""
        return self.value

    @property
    def _sent(self) -> int:
        """How many lines it knows and sends on: all, unless it has only the first ones, or is to send no more."""
        known = self.value if self._rows is not None else len(self.__dict__["_kept"])
        return known if self._first is None else min(self._first, known)

    @property
    def limit(self) -> int | None:
        """How many rows `to_frame` gives, None for all."""
        return self._limit

    def _ordered(self, limit: int | None = None) -> Array:
        if self.used > FEW:
            return ordered(self._live(), self._by, limit, self._ties)
        found: Array | None = self.__dict__.get("_order")  # few rows are put in order once, whoever asks
        if found is None:
            found = self.__dict__["_order"] = ordered(self._live(), self._by, None, self._ties)
        return found[:limit]

    def _row_keys(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        if self._rows is None:
            keys = self.__dict__["_keys"]
            if keys is None:
                raise RowsNotKept("a listing cannot be merged after it was read back from JSON")
            return list(keys)
        index = self._ordered(limit)
        keys = [key[index].tolist() for key in self._by]
        names = natural_keys(self._live().table, index, self._ties)
        return list(zip(*keys, names, strict=True))

    @property
    def _types(self) -> dict[str, str]:
        """The listed columns and their kinds."""
        if self._rows is None:
            return dict(self.__dict__["_kinds"])
        return {name: column.kind for name, column in self._columns.items()}

    @property
    def names(self) -> list[str]:
        """The listed columns, the row's id first."""
        return list(self._types)

    def head(self, count: int | None = None) -> list[tuple[Any, ...]]:
        """The first rows as plain Python, one tuple of the listed columns each; builds only those."""
        cut = self._limit if count is None else as_count(count, "count")
        if self._rows is None:
            return kept_lines(self, self.__dict__["_kept"], cut)
        index = self._ordered(cut)
        return list(zip(*(column.to_list(index) for column in self._columns.values()), strict=True))

    def to_frame(self, limit: int | None = None) -> Any:
        """The listed columns in order, as the kind of frame that went in; only `limit` rows are built."""
        cut = self._limit if limit is None else as_count(limit, "limit")
        if self._rows is None:
            lines = self.head(cut)
            columns = {name: [line[place] for line in lines] for place, name in enumerate(self.names)}
            return native_frame(columns, self)
        index = self._ordered(cut)
        return native_frame({name: column.to_array(index) for name, column in self._columns.items()}, self)

    def _entries(self) -> Sequence[Part]:
        return (Part.each(self._live()),)

    def _numbers(self) -> dict[Cell, Whole]:
        return {(): self.value}

    def all(self) -> Any:
        """The listed columns of all rows, those that `limit` cuts off too."""
        return self.to_frame(limit=self.value)

    def _shown(self) -> str:
        return f"{self.value:,} {self.spec.unit}"

    def _keep(self, lines: int) -> None:
        """Of a long listing send the first lines only; those that `limit` shows are always among them."""
        self._first = max(lines, self._limit or 0)

    def _state(self) -> dict[str, Any]:
        if self._rows is None:
            return {name: getattr(self, name) for name in ("_kinds", "_limit", "_first", "_kept", "_keys")}
        return {
            "_kinds": self._types,
            "_limit": self._limit,
            "_first": self._first,
            "_kept": self.head(self._sent),
            "_keys": self._row_keys(self._sent),
        }

    def _merged(self, other: Listing) -> dict[str, Any]:
        keys = [*self._row_keys(), *other._row_keys()]
        lines = [*self.head(self._sent), *other.head(other._sent)]
        order = sorted(range(len(keys)), key=keys.__getitem__)[: self._first]
        return {
            "_kinds": self._types,
            "_limit": self._limit,
            "_first": self._first,
            "_kept": [lines[place] for place in order],
            "_keys": [keys[place] for place in order],
        }

    def to_dict(self, rows: int | None = None) -> dict[str, Any]:
        """The result as JSON takes it, with the first `rows` of its rows; all of them by default."""
        cut = self.value if rows is None else as_count(rows, "rows")
        lines = self.head(min(cut, self._sent))
        return super().to_dict() | {"rows": [[_json(value) for value in line] for line in lines]}

    def _payload(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "columns": [{"name": name, "type": kind} for name, kind in self._types.items()],
            "rows": [],
            "limit": self._limit,
        }


def kept_lines(result: Listing, lines: Sequence[tuple[Any, ...]], cut: int | None) -> list[tuple[Any, ...]]:
    """The first lines of a result without its rows, unless there are more of them than were sent."""
    wanted = result.value if cut is None else min(cut, result.value)
    if wanted > len(lines):
        told = f"{result.spec.id} was sent with the first {len(lines):,} of its {result.value:,} lines"
        raise RowsNotKept(f"{told}; send all of them, or ask for no more")
    return list(lines[:cut])


def _json(value: Any) -> Any:
    return str(value) if isinstance(value, dt.date | Decimal) else value
