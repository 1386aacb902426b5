"""Rows as databases give them, as columns: Arrow where a column is of one type, Python objects where not."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs

__all__ = ["Batch", "frame_of"]

PLAIN = frozenset({str, int, float, bool, Decimal, dt.date, dt.datetime, bytes})
"""Types of cells that Arrow takes as they are, as long as a column has one of them only."""


@attrs.frozen(eq=False)
class Batch:
    """Some rows of a table, as columns: an Arrow array each, or a list where Arrow has no type for it."""

    columns: Mapping[str, Any]
    n: int

    @classmethod
    def of_rows(cls, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Batch:
        cells = zip(*rows, strict=True)
        return cls(
            {name: _column(list(column)) for name, column in zip(names, cells, strict=True)}, len(rows)
        )

    def values(self, column: str) -> list[Any]:
        """The cells of a column as plain Python values."""
        found = self.columns[column]
        return found if isinstance(found, list) else found.to_pylist()

    def only(self, keep: Sequence[bool]) -> Batch:
        """Those rows that are marked."""
        import pyarrow as pa

        mask = pa.array(keep, pa.bool_())
        return Batch(
            {
                name: [cell for cell, kept in zip(column, keep, strict=True) if kept]
                if isinstance(column, list)
                else column.filter(mask)
                for name, column in self.columns.items()
            },
            sum(keep),
        )


def _column(values: list[Any]) -> Any:
    import pyarrow as pa

    kinds = {*map(type, values)} - {type(None)}
    if uuid.UUID in kinds:
        values = [str(value) if isinstance(value, uuid.UUID) else value for value in values]
        kinds = (kinds - {uuid.UUID}) | {str}
    if len(kinds) > 1 or not kinds <= PLAIN:
        return values
    if kinds == {float} and any(value != value for value in values):
        # in a database a NaN is a value, and no gap as it is in pandas
        return [Decimal("NaN") if value is not None and value != value else value for value in values]
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return values


def frame_of(names: Iterable[str], batches: Sequence[Batch]) -> Any:
    """A pandas frame of all rows, its columns Arrow's as far as they are of one type."""
    import pandas as pd
    import pyarrow as pa

    columns = {name: _joined(name, batches) for name in names}
    table = pa.table({name: column for name, column in columns.items() if not isinstance(column, list)})
    frame = table.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)
    for place, (name, column) in enumerate(columns.items()):
        if isinstance(column, list):
            frame.insert(place, name, pd.Series(column, dtype=object))
    return frame


def _joined(name: str, batches: Sequence[Batch]) -> Any:
    import pyarrow as pa

    parts = [batch.columns[name] for batch in batches]
    if not any(isinstance(part, list) for part in parts):
        kinds = {part.type for part in parts if not pa.types.is_null(part.type)}
        if len(kinds) > 1 and all(map(pa.types.is_decimal, kinds)):
            kinds = {_widest(kinds)}
        if len(kinds) <= 1:
            kind = next(iter(kinds), pa.null())
            whole = pa.chunked_array([part.cast(kind) for part in parts], kind)
            return whole if not _has_nan(whole) else _without_nan(whole.to_pylist())
    return [cell for batch in batches for cell in batch.values(name)]


def _widest(kinds: Iterable[Any]) -> Any:
    """A decimal type that holds what all of these hold."""
    import pyarrow as pa

    whole = max(kind.precision - kind.scale for kind in kinds)
    scale = max(kind.scale for kind in kinds)
    return pa.decimal256(min(whole + scale, 76), scale)


def _has_nan(column: Any) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pa.types.is_floating(column.type) and bool(pc.any(pc.is_nan(column)).as_py())


def _without_nan(values: list[Any]) -> list[Any]:
    return [Decimal("NaN") if value is not None and value != value else value for value in values]
