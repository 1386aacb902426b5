"""Columns of Python objects: sorted by the kind of object, each kind to an Arrow array."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from ..errors import DataError, Problem
from ..records import TABLES
from .values import EPOCH, Cells, Piece, Rows

__all__ = ["cells_of", "from_records", "is_gap"]

MOST_FIGURES = 100


def from_records(records: Mapping[str, Iterable[Any]]) -> dict[str, Any]:
    """A pandas frame a table from records. Every cell keeps its Python object; enums become their words.

    A NaN that a record holds is no gap (that is None) and stays an error, so it goes in as a decimal.
    """
    import pandas as pd

    frames = {}
    for table, rows in records.items():
        schema = TABLES.get(table)
        if schema is None:
            frames[table] = pd.DataFrame()
            continue
        if rows is None:  # as in from_frames: not supplied
            continue
        given = _listed(table, rows)
        wrong = next((row for row in given if not isinstance(row, schema.record)), None)
        if wrong is not None:
            expected = f"records of {schema.record.__name__}"
            raise DataError([Problem(table=table, value=wrong, expected=expected, code="record")])
        cells = np.empty((len(schema.columns), len(given)), object)
        for place, name in enumerate(schema.columns):
            cells[place] = [_cell(getattr(row, name)) for row in given]
        frames[table] = pd.DataFrame(cells.T, columns=list(schema.columns), dtype=object, copy=False)
    return frames


def _listed(table: str, rows: Any) -> list[Any]:
    if isinstance(rows, str | bytes) or not isinstance(rows, Iterable):
        raise DataError([Problem(table=table, value=rows, expected="a list of records", code="record")])
    return list(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, float) and value != value:
        return Decimal("NaN")
    return value


def cells_of(values: Sequence[Any]) -> Cells:
    """The cells of Python objects. None, NaN, NaT and pd.NA are missing."""
    import pyarrow as pa

    kinds = set(map(type, values))
    sorts = {kind: _sort(kind) for kind in kinds}
    if set(sorts.values()) <= {""}:
        return Cells(len(values), (Piece(None, pa.nulls(len(values))),))
    plain = kinds - {type(None)}
    if len(plain) == 1 and plain <= _PLAIN.keys():
        whole = _whole(values, _PLAIN[plain.pop()])
        if whole is not None:
            return Cells(len(values), (Piece(None, whole, objects=True),))
    return _by_sort(values, sorts)


def is_gap(value: Any) -> bool:
    """Whether a value only says that there is none."""
    kind: type = type(value)
    sort = _sort(kind)
    return sort == "" or (sort == "float" and value != value)


@functools.lru_cache(maxsize=1024)
def _sort(kind: type) -> str:
    """The sort of a Python type: "" is missing, "?..." no value at all."""
    if kind is type(None) or kind.__name__ in ("NaTType", "NAType"):
        return ""
    for sort, types in _SORTS:
        if issubclass(kind, types):
            return sort
    return "?" + kind.__qualname__


_SORTS: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("str", str),
    ("bool", (bool, np.bool_)),
    ("int", (int, np.integer)),
    ("float", (float, np.floating)),
    ("Decimal", Decimal),
    ("datetime", (datetime, np.datetime64)),
    ("date", date),
)
_PLAIN = {str: "large_string", bool: "bool_", int: "int64", float: "float64", date: "date32"}
"""Types that Arrow takes as they are."""


def _whole(values: Sequence[Any], kind: str) -> Any:
    """All values as one array; None where one of them does not fit."""
    import pyarrow as pa

    try:
        return pa.array(values, getattr(pa, kind)(), from_pandas=True)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return None


def _by_sort(values: Sequence[Any], sorts: dict[type, str]) -> Cells:
    """Values of several sorts, each in an array of its own beside the rows where they stand."""
    found: dict[str, tuple[list[int], list[Any]]] = {}
    for row, value in enumerate(values):
        sort, cell = _placed(sorts[type(value)], value)
        if sort:
            places, same = found.setdefault(sort, ([], []))
            places.append(row)
            same.append(cell)
    pieces: list[Piece] = []
    odd: list[tuple[Rows, str]] = []
    for sort, (places, same) in found.items():
        rows = np.array(places, np.int64)
        if sort not in _MAKERS:
            odd.append((rows, sort.removeprefix("?")))
        elif len(found) == 1:
            # only gaps beside them: as Arrow's nulls, they leave the column whole
            filled: list[Any] = [None] * len(values)
            for place, cell in zip(places, same, strict=True):
                filled[place] = cell
            pieces.append(Piece(None, _MAKERS[sort](filled), objects=True))
        else:
            pieces.append(Piece(rows, _MAKERS[sort](same), objects=True))
    return Cells(len(values), tuple(pieces), tuple(odd))


def _placed(sort: str, value: Any) -> tuple[str, Any]:  # noqa: PLR0911
    """A value and its sort, told apart where its type alone does not tell."""
    if sort == "float":
        return ("", None) if value != value else ("float", float(value))
    if sort == "bool":
        return "bool", bool(value)
    if sort == "str":
        text = str.__str__(value)
        return ("str", text) if _encodes(text) else ("?text with half a surrogate pair", value)
    if sort == "int":
        whole = int(value)
        return ("int", whole) if -(2**63) <= whole < 2**63 else ("?int beyond 64 bits", value)
    if sort == "Decimal" and not value.is_finite():
        return "not finite", float(value.copy_abs()) if not value.is_snan() else float("nan")
    if sort == "Decimal" and value and abs(value.adjusted()) > MOST_FIGURES:
        return "?Decimal of more than 100 digits", value
    if sort == "datetime":
        if isinstance(value, np.datetime64):
            clock = int(value.astype("datetime64[s]").astype(np.int64))
            return ("", None) if np.isnat(value) else ("naive", clock)
        return "naive" if value.utcoffset() is None else "aware", _seconds(value)
    return sort, value


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _seconds(moment: datetime) -> int:
    """Whole seconds since 1970, of universal time where the moment knows its offset."""
    clock = (moment.toordinal() - EPOCH) * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
    offset = moment.utcoffset()
    if offset is None:
        return clock
    micros = (offset.days * 86_400 + offset.seconds) * 1_000_000 + offset.microseconds
    return (clock * 1_000_000 + moment.microsecond - micros) // 1_000_000


def _arrow(kind: str, *args: str) -> Callable[[Sequence[Any]], Any]:
    def make(values: Sequence[Any]) -> Any:
        import pyarrow as pa

        return pa.array(values, getattr(pa, kind)(*args))

    return make


def _decimals(values: Sequence[Decimal | None]) -> Any:
    """Decimals; as text where they have more figures than Arrow's."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, ValueError):
        return pa.array([None if value is None else format(value, "f") for value in values], "large_string")


_MAKERS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "str": _arrow("large_string"),
    "bool": _arrow("bool_"),
    "int": _arrow("int64"),
    "float": _arrow("float64"),
    "not finite": _arrow("float64"),
    "Decimal": _decimals,
    "date": _arrow("date32"),
    "naive": _arrow("timestamp", "s"),
    "aware": _arrow("timestamp", "s", "UTC"),
}
