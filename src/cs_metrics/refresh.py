"""A portfolio's tables with some rows changed: merged by key, and laid out again only where that is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np

from . import intake, money
from .errors import DataError, OptionError, Problem
from .intake import Coded, Loaded, Source
from .intake.columns import read_column
from .intake.frames import ArrowSource, DuckdbSource, PandasSource, PolarsSource
from .intake.index import index_of
from .intake.problems import Findings, Note
from .intake.references import keys_of
from .layout import lay_out_tables
from .periods import as_date, day_number
from .records import SCHEMA, Kind, TableSchema
from .settings import Settings

if TYPE_CHECKING:
    from .columns import Array
    from .hierarchy import Hierarchy
    from .layout import Table

__all__ = ["Refreshed", "refreshed"]

REFERRED = frozenset(
    column.refers for schema in SCHEMA.values() for column in schema.references if column.refers
)
"""Tables whose rows others name: where one of them changes, all rows may find another place."""


@attrs.frozen(eq=False)
class Refreshed:
    """The tables laid out, and what was found on the way.

    `read` are the tables that were checked anew; `hierarchy` is None where the old one holds.
    """

    hierarchy: Hierarchy | None
    tables: dict[str, Table]
    loaded: Loaded
    read: frozenset[str]


def refreshed(
    tables: Mapping[str, Table],
    settings: Settings,
    changed: Mapping[str, Any],
    removed: Mapping[str, Iterable[Any]],
    on_error: str,
) -> Refreshed:
    """The tables with changed rows in the place of those with the same key, and without the removed ones."""
    names = frozenset(changed) | frozenset(removed)
    for name in sorted(names - SCHEMA.keys()):
        raise OptionError("table", name, SCHEMA)
    whole = bool(names & REFERRED)
    wanted = frozenset(tables) | names if whole else _with_parents(names, frozenset(tables))
    frames = {name: _frame(tables[name].source) for name in wanted if name in tables}
    for name in names:
        frames[name] = _merged(tables.get(name), name, changed.get(name), removed.get(name, ()), settings)
    loaded = intake.load(frames, settings, on_error=on_error)
    new_hierarchy, laid_out = lay_out_tables(loaded, money.exponent(settings.currency))
    if whole:
        return Refreshed(new_hierarchy, laid_out, loaded, frozenset(laid_out))
    kept = {**tables, **{name: laid_out[name] for name in names}}
    ordered = {name: kept[name] for name in SCHEMA if name in kept}
    return Refreshed(None, ordered, loaded, names)


def _with_parents(names: frozenset[str], there: frozenset[str]) -> frozenset[str]:
    """Tables, and all that their rows lead to."""
    found = names
    while True:
        parents = {column.refers or "" for name in found for column in SCHEMA[name].references}
        more = found | (parents & there)
        if more == found:
            return found
        found = more


def _frame(source: Source) -> Any:
    """The kept rows in the kind that they came in."""
    if source.kept is not None:
        return source.take(np.arange(len(source.kept)))
    return source.take(np.arange(source.n)) if isinstance(source, DuckdbSource) else source.frame


def _merged(table: Table | None, name: str, given: Any, removed: Iterable[Any], settings: Settings) -> Any:
    """One table's rows: the old ones but those that are replaced or removed, then the given ones."""
    if isinstance(given, list | tuple):
        given = intake.from_records({name: given})[name]
    new = None if given is None else intake.open_frame(given)
    if table is None:
        if new is None:
            raise OptionError("removed", name, "tables that are there")
        return given
    gone = _removed(table, list(removed), settings)
    if new is not None:
        gone = np.union1d(gone, _replaced(table, new, settings))
    left = np.setdiff1d(np.arange(table.n), gone)
    return table.source.take(left) if new is None else _stacked(table.source, left, new, name)


def _stacked(old: Source, left: Array, new: Source, name: str) -> Any:
    """The rows that are left, and new ones below them."""
    import pyarrow as pa

    if old.kind != new.kind:
        raise OptionError(name, f"a {new.kind} frame", f"a frame of the kind in which it came: {old.kind}")
    if isinstance(old, PandasSource):
        import pandas as pd

        return pd.concat([old.take(left), new.frame]) if len(left) else new.frame
    if isinstance(old, PolarsSource):
        import polars as pl

        return pl.concat([old.take(left), new.frame], how="diagonal_relaxed")
    if isinstance(old, ArrowSource):
        rows = left if old.kept is None else old.kept[left]
        both = pa.concat_tables([old._taken(rows), new.frame], promote_options="permissive")
        merged = type(old)(both, both.num_rows, both.column_names)
        return _frame(merged)
    raise OptionError(name, f"a {new.kind} frame", "a pandas, Polars, PyArrow or DuckDB frame")


def _replaced(table: Table, new: Source, settings: Settings) -> Array:
    """The supplied rows whose key a given row has."""
    schema = table.schema
    missing = [
        name for name in schema.key if name not in new.column_names and not schema.columns[name].optional
    ]
    if missing or table.n == 0:
        return np.empty(0, np.int64)  # what is missing is told when the merged table is checked
    if table.keys is not None:
        note = Note(Findings(), schema.name, "id")
        keys, _ = keys_of(new.cells("id"), False, note)
        rows = index_of(table.keys.column(), wanted=True).rows_of(keys)
        return np.unique(rows[rows >= 0]).astype(np.int64)
    parts = [_cells(schema, name, new, settings) for name in schema.key]
    return _matching(table, set(zip(*parts, strict=True)))


def _cells(schema: TableSchema, name: str, source: Source, settings: Settings) -> list[Any]:
    """A key's column of given rows: ids as they are, days as numbers, words as text."""
    column = schema.columns[name]
    if name not in source.column_names:
        return [None] * source.n
    if column.kind is Kind.KEY:
        return source.frame_values(name, np.arange(source.n))
    read, _ = read_column(source.cells(name), column, settings.tz, Note(Findings(), schema.name, name))
    if isinstance(read, Coded):
        return [None if code < 0 else read.labels[code] for code in read.codes.tolist()]
    return list(read.tolist())


def _matching(table: Table, keys: set[tuple[Any, ...]]) -> Array:
    """The supplied rows of a table without ids that have one of these keys."""
    schema = table.schema
    rows = np.arange(table.n)
    for place, name in enumerate(schema.key):
        if schema.columns[name].kind is Kind.DATE:  # days are quickly compared, and leave few to look at
            days = np.array([key[place] for key in keys], np.int64)
            rows = rows[np.isin(np.asarray(table.columns[name])[rows], days)]
    parts = []
    for name in schema.key:
        values = table.columns.get(name)
        if isinstance(values, Coded):
            labels = (*values.labels, None)
            parts.append([labels[code] for code in values.codes[rows].tolist()])
        elif schema.columns[name].kind is Kind.KEY:
            given = (
                table.source.values(name, table.order[rows]) if name in table.source.column_names else None
            )
            parts.append(given or [None] * len(rows))
        else:
            parts.append(np.asarray(values)[rows].tolist())
    found = [row for row, key in zip(rows.tolist(), zip(*parts, strict=True), strict=False) if key in keys]
    return np.asarray(table.order[found], np.int64)


def _removed(table: Table, keys: list[Any], settings: Settings) -> Array:
    """The supplied rows with these keys; each must be there."""
    schema, rows, lost = table.schema, [], []
    for key in keys:
        if table.keys is not None:
            found = [table.keys.find(key)]
        else:
            found = _matching(table, {_plain(schema, key, settings)}).tolist() or [-1]
        rows += found
        lost += [key] * (found[0] < 0)
    if lost:
        expected = "the key of a row that is there, to be removed"
        raise DataError(
            Problem(
                table=schema.name, column=",".join(schema.key), value=key, expected=expected, code="dangling"
            )
            for key in lost
        )
    return np.array(rows, np.int64)


def _plain(schema: TableSchema, key: Any, settings: Settings) -> tuple[Any, ...]:
    """A key as `_matching` has it, from the values of its columns."""
    if not isinstance(key, tuple) or len(key) != len(schema.key):
        raise OptionError(f"removed[{schema.name!r}]", key, f"tuples of {', '.join(schema.key)}")
    zone = ZoneInfo(settings.tz)
    dates = [schema.columns[name].kind is Kind.DATE for name in schema.key]
    return tuple(
        day_number(as_date(value, "removed", zone)) if date else value
        for value, date in zip(key, dates, strict=True)
    )
