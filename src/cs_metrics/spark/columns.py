"""The columns that were supplied, as types that Spark knows; so all shards' rows have the same ones.

A column's type is found over the whole when the shards are made: a shard in which a column is empty could not tell.
What has no type of its own in Spark, such as objects of several types, comes as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..intake.frames import PandasSource, PolarsSource, Source
from ..intake.objects import is_gap

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["columns_of", "read_columns", "rows_as"]

MOST_DIGITS = 38


def columns_of(source: Source) -> bytes:
    """The supplied columns by name and type, as Arrow writes a schema."""
    import pyarrow as pa

    if isinstance(source, PandasSource):
        kept = source.frame if source.kept is None else source.frame.take(source.kept)
        places = range(len(kept.columns))
        fields = [(str(kept.columns[at]), _array(kept.iloc[:, at], None).type) for at in places]
    else:
        schema = _arrow(source, source.take(np.arange(0))).schema
        fields = [(field.name, field.type) for field in schema]
    return bytes(pa.schema([(name, _plain(kind)) for name, kind in fields]).serialize())


def read_columns(told: bytes) -> pa.Schema:
    """A schema that `columns_of` wrote."""
    import pyarrow as pa

    return pa.ipc.read_schema(pa.py_buffer(told))


def rows_as(frame: Any, source: Source, schema: pa.Schema) -> pa.Table:
    """Rows of the caller's kind as an Arrow table of a schema's types."""
    import pyarrow as pa

    if isinstance(source, PandasSource):
        cells = [_array(frame.iloc[:, at], field.type) for at, field in enumerate(schema)]
    else:
        table = _arrow(source, frame)
        cells = [_cast(table.column(at), field.type) for at, field in enumerate(schema)]
    return pa.table(cells, schema=schema)


def _arrow(source: Source, frame: Any) -> pa.Table:
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame
    if isinstance(source, PolarsSource):
        return frame.to_arrow()
    return frame.to_arrow_table() if hasattr(frame, "to_arrow_table") else frame.to_arrow()


def _array(series: Any, kind: pa.DataType | None) -> Any:
    """A pandas column as Arrow has it, of its own type or of a given one."""
    import pyarrow as pa

    try:
        found = pa.array(series, from_pandas=True)
        return found if kind is None else _cast(found, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass
    if kind is not None and not pa.types.is_string(kind):
        return pa.array(series.tolist(), kind, from_pandas=True)
    return pa.array([None if is_gap(cell) else str(cell) for cell in series.tolist()], pa.string())


def _cast(array: Any, kind: pa.DataType) -> Any:
    import pyarrow as pa

    if array.type == kind:
        return array
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if pa.types.is_timestamp(kind):
        return array.cast(kind, safe=False)  # Spark knows microseconds
    try:
        return array.cast(kind)
    except pa.ArrowException:
        if not pa.types.is_string(kind):
            raise
        return pa.array([None if cell is None else str(cell) for cell in array.to_pylist()], kind)


def _plain(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - a table of types
    """The type that Spark has for it; text where it has none."""
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_dictionary(kind):
        return _plain(kind.value_type)
    if pt.is_date(kind):
        return pa.date32()
    if pt.is_timestamp(kind):
        return pa.timestamp("us", None if kind.tz is None else "UTC")
    if pt.is_unsigned_integer(kind) or pt.is_float16(kind):
        return {8: pa.int16(), 16: pa.int32() if pt.is_integer(kind) else pa.float32(), 32: pa.int64()}.get(
            kind.bit_width, pa.decimal128(20, 0)
        )
    if pt.is_decimal(kind) and kind.precision <= MOST_DIGITS and 0 <= kind.scale <= kind.precision:
        return pa.decimal128(kind.precision, kind.scale)
    if pt.is_signed_integer(kind) or pt.is_float32(kind) or pt.is_float64(kind) or pt.is_boolean(kind):
        return kind
    if pt.is_binary(kind) or pt.is_large_binary(kind):
        return pa.binary()
    return pa.string()
