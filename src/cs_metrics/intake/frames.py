"""The ways in: every kind of frame as a `Source`, which gives cells as Arrow and rows as they came."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .arrows import chunks_of, normal
from .objects import cells_of, is_gap
from .values import Cells, Piece, Rows

__all__ = ["NotAFrame", "Source", "open_frame"]


SOME = 1000
"""So few texts are quicker read one by one than all of them rewritten."""


class NotAFrame(Exception):
    """The value is nothing that rows can be read from."""


class Source:
    """The caller's frame. Rows are numbered as they were kept; `frame rows` as they stand in the frame."""

    kind: str

    def __init__(self, frame: Any, n: int, names: Sequence[Any], kept: Rows | None = None) -> None:
        self.frame = frame
        self.n = n
        self.column_names: tuple[Any, ...] = tuple(names)
        self.kept = kept

    def keep(self, kept: Rows) -> Source:
        """The same frame with some of its rows only."""
        return type(self)(self.frame, self.n, self.column_names, kept)

    def take(self, rows: Rows) -> Any:
        """The caller's kind of frame with these rows, in this order, every supplied column untouched."""
        return self.take_frame_rows(self._frame_rows(rows))

    def values(self, column: str, rows: Rows) -> list[Any]:
        """The cells of one column as plain Python values."""
        return self.frame_values(column, self._frame_rows(rows))

    def _frame_rows(self, rows: Rows) -> Rows:
        numbers = np.asarray(rows, np.int64)
        return numbers if self.kept is None else self.kept[numbers]

    def cells(self, column: str) -> Cells:
        """A column's cells, as Arrow arrays."""
        raise NotImplementedError

    def take_frame_rows(self, rows: Rows) -> Any:
        raise NotImplementedError

    def frame_values(self, column: str, rows: Rows) -> list[Any]:
        raise NotImplementedError

    def with_reasons(self, rows: Rows, name: str, reasons: list[str]) -> Any:
        """The rejected rows, and why each was rejected."""
        raise NotImplementedError

    def with_cells(self, rows: Rows, cells: Mapping[str, list[Any]]) -> Any:
        """Rows as `take` gives them, with other cells in some columns."""
        raise NotImplementedError


def _arrow_cells(column: Any) -> Cells:
    """The cells of an Arrow array or chunked array."""
    chunks = [normal(chunk) for chunk in chunks_of(column)]
    if len(chunks) == 1:
        return Cells(len(column), (Piece(None, chunks[0]),))
    pieces = []
    start = 0
    for chunk in chunks:
        pieces.append(Piece(slice(start, start + len(chunk)), chunk))
        start += len(chunk)
    return Cells(len(column), tuple(pieces))


class PandasSource(Source):
    kind = "pandas"

    @classmethod
    def open(cls, frame: Any) -> PandasSource:
        import pandas as pd

        # under copy-on-write nothing is copied, and yet nobody can change the rows below us
        lazy = int(pd.__version__.partition(".")[0]) >= 3 or pd.options.mode.copy_on_write is True
        return cls(frame.copy(deep=not lazy), len(frame), frame.columns)

    @functools.cached_property
    def _objects(self) -> Any:
        """All cells, where all are objects, as records are; it saves much time on small frames."""
        blocks = set(self.frame.dtypes)
        return self.frame.to_numpy() if blocks == {np.dtype(object)} else None

    def cells(self, column: str) -> Cells:
        import pandas as pd
        import pyarrow as pa

        if self._objects is not None:
            return cells_of(self._objects[:, self.column_names.index(column)].tolist())
        series = self.frame[column]
        dtype = series.dtype
        if isinstance(dtype, np.dtype):
            values = series.to_numpy()
            whole = Cells(len(values), (Piece(None, values),))
            return cells_of(values.tolist()) if dtype.kind == "O" else whole
        if isinstance(dtype, pd.DatetimeTZDtype):
            instants = series.to_numpy(dtype=f"datetime64[{dtype.unit}]")
            return _arrow_cells(pa.array(instants, pa.timestamp(dtype.unit, "UTC")))
        try:
            found = pa.array(series.array, from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError):
            return cells_of(np.asarray(series.array, dtype=object).tolist())
        return _arrow_cells(_nan_is_missing(found))

    def take_frame_rows(self, rows: Rows) -> Any:
        return self.frame.take(rows)

    def frame_values(self, column: str, rows: Rows) -> list[Any]:
        texts = self._texts.get(column) if column in self._texts else self._find_texts(column)
        if texts is not None:
            taken: list[Any] = texts.take(rows).to_pylist()
            return taken
        return [None if is_gap(value) else value for value in self.frame[column].take(rows).tolist()]

    @functools.cached_property
    def _texts(self) -> dict[str, Any]:
        """The columns of text that were asked for, as Arrow has them: some rows of those are taken quickly."""
        return {}

    def _find_texts(self, column: str) -> Any:
        """A column of text as an Arrow array, None where it is of another kind."""
        import pandas as pd
        import pyarrow as pa

        series = self.frame[column]
        found = None
        if isinstance(series.dtype, pd.StringDtype):
            found = pa.array(series.array, from_pandas=True)
        self._texts[column] = found
        return found

    def with_reasons(self, rows: Rows, name: str, reasons: list[str]) -> Any:
        import pandas as pd

        taken = self.frame.take(rows)
        return taken.assign(**{name: pd.Series(reasons, index=taken.index, dtype="str")})

    def with_cells(self, rows: Rows, cells: Mapping[str, list[Any]]) -> Any:
        import pandas as pd

        taken = self.take(rows)
        told = {name: pd.Series(values, index=taken.index, dtype=object) for name, values in cells.items()}
        return taken.assign(**told)


def _nan_is_missing(array: Any) -> Any:
    """pandas makes no difference between NaN and missing, so neither do we in its Arrow columns."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    if pt.is_floating(array.type):
        return pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    return array


class PolarsSource(Source):
    kind = "polars"

    @classmethod
    def open(cls, frame: Any) -> PolarsSource:
        if hasattr(frame, "collect"):
            frame = frame.collect()
        return cls(frame, frame.height, frame.columns)

    def cells(self, column: str) -> Cells:
        import polars as pl
        import pyarrow as pa

        series = self.frame.get_column(column)
        if series.dtype == pl.Object:
            return cells_of(series.to_list())
        # the newest layout of text is Polars' own: nothing is copied
        level = pl.CompatLevel.newest()
        chunks = series.get_chunks() if series.n_chunks() > 1 else [series]
        try:
            arrays = [chunk.to_arrow(compat_level=level) for chunk in chunks]
        except pa.ArrowException:
            # a type that Arrow lacks, such as 128-bit integers
            return cells_of(series.to_list())
        return _arrow_cells(pa.chunked_array(arrays))

    def take_frame_rows(self, rows: Rows) -> Any:
        return self.frame[rows]

    def frame_values(self, column: str, rows: Rows) -> list[Any]:
        values: list[Any] = self.frame.get_column(column).gather(rows).to_list()
        return values

    def with_reasons(self, rows: Rows, name: str, reasons: list[str]) -> Any:
        import polars as pl

        return self.frame[rows].with_columns(pl.Series(name, reasons, pl.String))

    def with_cells(self, rows: Rows, cells: Mapping[str, list[Any]]) -> Any:
        import polars as pl

        taken = self.take(rows)
        kinds = {name: taken.schema.get(name) for name in cells}
        return taken.with_columns(
            pl.Series(name, values, kinds[name], strict=kinds[name] is not None)
            for name, values in cells.items()
        )


class ArrowSource(Source):
    kind = "pyarrow"

    @classmethod
    def open(cls, table: Any) -> ArrowSource:
        return cls(table, table.num_rows, table.column_names)

    def cells(self, column: str) -> Cells:
        return _arrow_cells(self.frame.column(column))

    def _taken(self, rows: Rows) -> Any:
        import pyarrow as pa

        columns = [_take(column, rows) for column in self.frame.columns]
        return pa.table(columns, schema=self.frame.schema)

    def take_frame_rows(self, rows: Rows) -> Any:
        return self._taken(rows)

    def frame_values(self, column: str, rows: Rows) -> list[Any]:
        values: list[Any] = _take(self.frame.column(column), rows).to_pylist()
        return values

    def _reasoned(self, rows: Rows, name: str, reasons: list[str]) -> Any:
        import pyarrow as pa

        return self._taken(rows).append_column(name, pa.array(reasons, pa.string()))

    def with_reasons(self, rows: Rows, name: str, reasons: list[str]) -> Any:
        return self._reasoned(rows, name, reasons)

    def with_cells(self, rows: Rows, cells: Mapping[str, list[Any]]) -> Any:
        return self._told(rows, cells)

    def _told(self, rows: Rows, cells: Mapping[str, list[Any]]) -> Any:
        import pyarrow as pa

        taken = self._taken(self._frame_rows(rows))
        for name, values in cells.items():
            if name not in self.column_names:
                taken = taken.append_column(name, pa.array(values))
                continue
            kind = taken.schema.field(name).type
            told = pa.array(values, None if pa.types.is_null(kind) else kind)
            taken = taken.set_column(taken.schema.get_field_index(name), name, told)
        return taken


def _take(column: Any, rows: Rows) -> Any:
    """Some rows of an Arrow column."""
    import pyarrow as pa
    import pyarrow.types as pt

    if not (pt.is_string_view(column.type) or pt.is_binary_view(column.type)):
        return column.take(pa.array(rows))
    # Arrow takes no rows of views yet
    plain = pa.large_string() if pt.is_string_view(column.type) else pa.large_binary()
    if len(rows) > SOME:
        return column.cast(plain).take(pa.array(rows)).cast(column.type)
    return pa.array([column[row].as_py() for row in rows.tolist()], column.type)


class DuckdbSource(ArrowSource):
    """A relation, run once; its rows are given back as a relation over them."""

    kind = "duckdb"

    @classmethod
    def open(cls, relation: Any) -> ArrowSource:
        read = getattr(relation, "to_arrow_table", None) or relation.fetch_arrow_table
        return super().open(read())

    def take_frame_rows(self, rows: Rows) -> Any:
        return _relation(self._taken(rows))

    def with_reasons(self, rows: Rows, name: str, reasons: list[str]) -> Any:
        return _relation(self._reasoned(rows, name, reasons))

    def with_cells(self, rows: Rows, cells: Mapping[str, list[Any]]) -> Any:
        return _relation(self._told(rows, cells))


_own = threading.local()


def _relation(table: Any) -> Any:
    """A relation on a cursor of this thread: DuckDB's default connection refuses to serve two at once."""
    import duckdb

    if not hasattr(_own, "cursor"):
        _own.cursor = duckdb.cursor()
    return _own.cursor.from_arrow(table)


def open_frame(given: Any) -> Source:
    """A `Source` over any frame that we or narwhals know, or that speaks the Arrow PyCapsule interface."""
    home = type(given).__module__.partition(".")[0]
    name = type(given).__name__
    if home == "pandas" and name == "DataFrame":
        return PandasSource.open(given)
    if home == "polars" and name in ("DataFrame", "LazyFrame"):
        return PolarsSource.open(given)
    if home in ("duckdb", "_duckdb") and name == "DuckDBPyRelation":
        return DuckdbSource.open(given)
    return _open_arrow(given) or _open_wrapped(given)


def _open_arrow(given: Any) -> Source | None:
    import pyarrow as pa

    if isinstance(given, pa.Table):
        return ArrowSource.open(given)
    if isinstance(given, pa.RecordBatch):
        return ArrowSource.open(pa.Table.from_batches([given]))
    if isinstance(given, pa.RecordBatchReader):
        return ArrowSource.open(given.read_all())
    if isinstance(given, pa.Array | pa.ChunkedArray | type):
        raise NotAFrame
    return None


def _open_wrapped(given: Any) -> Source:
    """Frames of other libraries, through narwhals; bare capsules, through pyarrow."""
    import narwhals.stable.v2 as nw
    import pyarrow as pa

    native = nw.to_native(given, pass_through=True)
    if native is not given:
        return open_frame(native)
    frame = nw.from_native(given, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        return open_frame(frame.collect().to_native())
    if isinstance(frame, nw.DataFrame):
        if isinstance(given, _pandas_frame()):
            return PandasSource.open(given)
        return WrappedSource.open(frame)
    if hasattr(given, "__arrow_c_stream__") or hasattr(given, "__arrow_c_array__"):
        try:
            return ArrowSource.open(pa.table(given))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise NotAFrame from error
    raise NotAFrame


def _pandas_frame() -> Any:
    import pandas as pd

    return pd.DataFrame


class WrappedSource(Source):
    """A frame of some other library that narwhals knows (cuDF, Modin)."""

    kind = "narwhals"

    @classmethod
    def open(cls, frame: Any) -> WrappedSource:
        return cls(frame, len(frame), frame.columns)

    def cells(self, column: str) -> Cells:
        return _arrow_cells(self.frame.get_column(column).to_arrow())

    def take_frame_rows(self, rows: Rows) -> Any:
        return self.frame[rows].to_native()

    def frame_values(self, column: str, rows: Rows) -> list[Any]:
        values: list[Any] = self.frame.get_column(column)[rows].to_list()
        return values

    def with_reasons(self, rows: Rows, name: str, reasons: list[str]) -> Any:
        import narwhals.stable.v2 as nw

        taken = self.frame[rows]
        column = nw.new_series(name, reasons, nw.String, backend=self.frame.implementation)
        return taken.with_columns(column).to_native()
