"""The caller's frames in segments: what was supplied, so that rows come back as they went in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DataError, Problem
from ..intake import Source, open_frame
from ..intake.frames import ArrowSource, DuckdbSource, PandasSource, PolarsSource
from ..intake.objects import is_gap
from .container import Reader, Writer
from .values import NotPlain, decoded, encoded, from_text, to_text

__all__ = ["arrow_of", "read_frame", "read_source", "write_arrow", "write_frame", "write_source"]

NATIVE: dict[type, str] = {str: "large_string", bool: "bool_", int: "int64", float: "float64"}
"""Objects of one type that Arrow holds as they are."""


def write_source(source: Source, table: str, writer: Writer) -> dict[str, Any]:
    """The kept rows of a frame; what the manifest says of them."""
    if isinstance(source, PandasSource):
        return {"kind": "pandas", **_Pandas(table, writer).frame(source)}
    kind = source.kind
    if isinstance(source, PolarsSource):
        kept = source.frame if source.kept is None else source.frame[source.kept]
        arrow = _polars_arrow(kept, table)
    elif isinstance(source, ArrowSource):
        arrow = source.frame if source.kept is None else source._taken(source.kept)
    else:  # of a library that may not be there tomorrow: it comes back as Arrow's
        kept = source.frame if source.kept is None else source.frame[source.kept]
        kind, arrow = "pyarrow", kept.to_arrow()
    return {"kind": kind, "segment": write_arrow(arrow, writer)}


def read_source(told: Any, reader: Reader) -> Source:
    """The frame that was written, as far as possible in the file's own pages."""
    if told["kind"] == "pandas":
        return SavedPandas(told, reader)
    arrow = arrow_of(told["segment"], reader)
    if told["kind"] == "polars":
        import polars as pl

        return PolarsSource.open(pl.DataFrame(arrow))
    kinds = {"pyarrow": ArrowSource, "duckdb": DuckdbSource}
    return kinds[told["kind"]](arrow, arrow.num_rows, arrow.column_names)


def write_frame(frame: Any, table: str, writer: Writer) -> dict[str, Any]:
    """A frame of any kind."""
    return write_source(open_frame(frame), table, writer)


def read_frame(told: Any, reader: Reader) -> Any:
    """The frame that was written, in its kind."""
    source = read_source(told, reader)
    return source.take(np.arange(source.n))


def write_arrow(table: Any, writer: Writer) -> int:
    """An Arrow table as a stream of batches."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return writer.add(sink.getvalue())


def arrow_of(number: int, reader: Reader) -> Any:
    """An Arrow table whose buffers lie in the file."""
    import pyarrow as pa

    return pa.ipc.open_stream(pa.py_buffer(reader.bytes_of(number))).read_all()


def _polars_arrow(frame: Any, table: str) -> Any:
    import polars as pl

    try:
        arrow = frame.to_arrow(compat_level=pl.CompatLevel.newest())
        same = pl.DataFrame(arrow.slice(0, 0)).schema == frame.schema
    except Exception as error:  # a type that Arrow lacks, with whatever Polars raises
        raise _unsaved(table, None, str(error)) from error
    if not same:
        raise _unsaved(table, None, "columns of types that Arrow holds as they are")
    return arrow


def _unsaved(table: str, column: object, value: object) -> DataError:
    expected = "a column that can be written without pickle: text, numbers, days, times, flags or amounts"
    name = None if column is None else str(column)
    return DataError([Problem(table=table, column=name, value=value, expected=expected, code="not_plain")])


class _Pandas:
    """Writes pandas frames column by column, so that only rows that are asked for are ever made again."""

    def __init__(self, table: str, writer: Writer) -> None:
        self.table, self.writer = table, writer

    def frame(self, source: PandasSource) -> dict[str, Any]:
        frame = source.frame if source.kept is None else source.frame.take(source.kept)
        return {
            "n": len(frame),
            "names": [encoded(name) for name in frame.columns],
            "called": [encoded(name) for name in frame.columns.names],
            "columns": [self.column(frame.iloc[:, place], name) for place, name in enumerate(frame.columns)],
            "index": self.index(frame.index),
        }

    def index(self, index: Any) -> dict[str, Any]:
        import pandas as pd

        names = [encoded(name) for name in index.names]
        if isinstance(index, pd.RangeIndex):
            return {"range": [index.start, index.stop, index.step], "names": names}
        levels = [index.get_level_values(level).to_series() for level in range(index.nlevels)]
        many = isinstance(index, pd.MultiIndex)
        return {"levels": [self.column(level, "index") for level in levels], "names": names, "many": many}

    def column(self, series: Any, name: object) -> dict[str, Any]:
        import pandas as pd

        dtype = series.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            found = series.array
            categories = self.column(found.categories.to_series(), name)
            codes = self.writer.array(np.asarray(found.codes))
            return {"as": "category", "of": categories, "codes": codes, "ordered": bool(found.ordered)}
        if not isinstance(dtype, np.dtype):
            return self._extension(series, dtype, name)
        if dtype.kind == "O":
            return self._objects(series.tolist(), name)
        return {"as": "array", **self.writer.array(series.to_numpy())}

    def _extension(self, series: Any, dtype: Any, name: object) -> dict[str, Any]:
        import pandas as pd
        import pyarrow as pa

        try:
            if isinstance(dtype, pd.StringDtype):
                arrow = pa.array(series.array, pa.large_string(), from_pandas=True)
                said: Any = ["string", dtype.storage, "NA" if dtype.na_value is pd.NA else "nan"]
            elif isinstance(dtype, pd.ArrowDtype):
                arrow, said = pa.chunked_array(pa.array(series.array)), ["arrow"]
            else:
                arrow, said = pa.array(series.array), ["named", str(dtype)]
                if pd.api.types.pandas_dtype(str(dtype)) != dtype or not hasattr(dtype, "__from_arrow__"):
                    raise TypeError(str(dtype))
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise _unsaved(self.table, name, str(dtype)) from error
        return {"as": "arrow", "dtype": said, "segment": self._arrow(arrow)}

    def _objects(self, values: list[Any], name: object) -> dict[str, Any]:
        import pyarrow as pa

        kinds = set(map(type, values)) - {type(None)}
        arrow = None
        if len(kinds) == 1 and kinds <= NATIVE.keys():
            try:
                arrow = pa.array(values, getattr(pa, NATIVE[next(iter(kinds))])(), from_pandas=False)
            except (pa.ArrowException, OverflowError, UnicodeEncodeError):
                arrow = None
        if arrow is not None:
            return {"as": "objects", "tagged": False, "segment": self._arrow(arrow)}
        try:
            texts = pa.array([to_text(value) for value in values], pa.large_string())
        except NotPlain as error:
            raise _unsaved(self.table, name, f"an object of the type {error}") from error
        return {"as": "objects", "tagged": True, "segment": self._arrow(texts)}

    def _arrow(self, array: Any) -> int:
        import pyarrow as pa

        return write_arrow(pa.table({"": array}), self.writer)


class SavedPandas(PandasSource):
    """A pandas frame in a file: made for the rows that are asked for."""

    def __init__(self, told: Any, reader: Reader) -> None:
        self.n = told["n"]
        self.column_names = tuple(decoded(name) for name in told["names"])
        self.kept = None
        self._told, self._reader = told, reader
        self._readers: dict[int, Callable[[Any], Any]] = {}

    def __getattr__(self, name: str) -> Any:
        if name != "frame":
            raise AttributeError(name)
        found = self.__dict__["frame"] = self.take_frame_rows(np.arange(self.n))
        return found

    def take_frame_rows(self, rows: Any) -> Any:
        import pandas as pd

        index = self._index(rows)
        columns = {
            place: _series(self._column(place, rows), index) for place in range(len(self.column_names))
        }
        frame = pd.DataFrame(columns, index=index, copy=False)
        names = [decoded(name) for name in self._told["called"]]
        if len(names) > 1:
            frame.columns = pd.MultiIndex.from_tuples(self.column_names, names=names)
        else:
            frame.columns = pd.Index(list(self.column_names), name=names[0])
        return frame

    def frame_values(self, column: str, rows: Any) -> list[Any]:
        series = _series(self._column(self.column_names.index(column), rows), None)
        return [None if is_gap(value) else value for value in series.tolist()]

    def with_reasons(self, rows: Any, name: str, reasons: list[str]) -> Any:
        return PandasSource.open(self.frame).with_reasons(rows, name, reasons)

    def _column(self, place: int, rows: Any) -> Any:
        found = self._readers.get(place)
        if found is None:
            found = self._readers[place] = _column(self._told["columns"][place], self._reader)
        return found(rows)

    def _index(self, rows: Any) -> Any:
        import pandas as pd

        told = self._told["index"]
        names = [decoded(name) for name in told["names"]]
        if "range" in told:
            start, stop, step = told["range"]
            whole = pd.RangeIndex(start, stop, step, name=names[0])
            return whole if len(rows) == self.n and _in_order(rows) else whole.take(rows)
        levels = [_column(level, self._reader)(rows) for level in told["levels"]]
        if told["many"]:
            return pd.MultiIndex.from_arrays(levels, names=names)
        level = levels[0]
        return pd.Index(level, name=names[0], dtype=level.dtype)


def _series(values: Any, index: Any) -> Any:
    """A column, of its own type: pandas would make text of objects."""
    import pandas as pd

    return pd.Series(values, index=index, dtype=values.dtype, copy=False)


def _in_order(rows: Any) -> bool:
    return bool((rows == np.arange(len(rows))).all())


def _column(told: Any, reader: Reader) -> Callable[[Any], Any]:
    """What gives some rows of one pandas column."""
    if told["as"] == "array":
        values = reader.array(told)
        return lambda rows: values[rows]
    if told["as"] == "category":
        return _categories(told, reader)
    chunked = arrow_of(told["segment"], reader).column(0)
    if told["as"] == "arrow":
        return functools.partial(_extension, chunked, _dtype(told["dtype"], chunked))
    return functools.partial(_objects, chunked, told["tagged"])


def _categories(told: Any, reader: Reader) -> Callable[[Any], Any]:
    import pandas as pd

    codes = reader.array(told["codes"])
    every = _column(told["of"], reader)
    shape = told["of"].get("shape")
    count = shape[0] if shape else arrow_of(told["of"]["segment"], reader).num_rows
    dtype = pd.CategoricalDtype(pd.Index(every(np.arange(count))), ordered=told["ordered"])
    return lambda rows: pd.Categorical.from_codes(codes[rows], dtype=dtype)


def _dtype(said: list[str], chunked: Any) -> Any:
    import pandas as pd

    if said[0] == "string":
        return pd.StringDtype(said[1], na_value=pd.NA if said[2] == "NA" else np.nan)
    return pd.ArrowDtype(chunked.type) if said[0] == "arrow" else pd.api.types.pandas_dtype(said[1])


def _extension(chunked: Any, dtype: Any, rows: Any) -> Any:
    import pyarrow as pa

    return dtype.__from_arrow__(chunked.take(pa.array(rows, pa.int64())))


def _objects(chunked: Any, tagged: bool, rows: Any) -> Any:
    import pyarrow as pa

    cells = chunked.take(pa.array(rows, pa.int64())).to_pylist()
    found = np.empty(len(cells), object)
    found[:] = [from_text(cell) for cell in cells] if tagged else cells
    return found
