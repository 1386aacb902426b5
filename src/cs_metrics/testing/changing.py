"""What the laws do to worlds: load them, split them, hide rows in them, take rows out, double some."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import narwhals.stable.v2 as nw

from ..errors import MissingTable
from ..intake import from_records
from ..metric import Metric
from ..portfolio import Portfolio
from ..records import SCHEMA
from ..split import parts
from ..view import EVERYONE, View
from .strategies import World

__all__ = [
    "Rows", "any_frames", "canaries", "compute", "everything", "existing", "load", "only_rows", "orphaned",
    "plain_frames", "record_keys", "row_keys", "shards", "twins", "view_of",
]  # fmt: skip

Rows = dict[str, list[Any]]
"""The records of a world, by table."""
PARENTS = {
    "account_id": "accounts", "engagement_id": "engagements", "contract_id": "contracts",
    "subscription_id": "subscriptions",
}  # fmt: skip
"""Through which columns a row waits for its parent to exist."""


# loading and looking ----------------------------------------------------------------------------------------


def settings_of(world: World) -> dict[str, Any]:
    """A world's settings as `Portfolio.from_*` takes them."""
    given = world.arguments()
    return {name: given[name] for name in given if name not in world.tables}


def load(world: World, tables: Mapping[str, Any] | None = None) -> Portfolio:
    """A world, or other records with its settings, as a portfolio."""
    return Portfolio.from_records(**(world.tables if tables is None else tables), **settings_of(world))


def view_of(world: World, portfolio: Portfolio | None = None, viewer: Any = None) -> View:
    """A portfolio, by default the world's own, as the world's viewer or another one sees it."""
    if viewer is None:  # an id may be 0
        viewer = EVERYONE if world.viewer is None else world.viewer
    return (portfolio or load(world)).view(as_of=world.as_of, viewer=viewer)


def compute(metric: Metric, view: View, options: Mapping[str, Any]) -> Any:
    """A result, or the table that it misses."""
    try:
        return metric.compute(view, **options)
    except MissingTable as missing:
        return missing


def everything(result: Any) -> Any:
    """All that a result says, comparable."""
    if isinstance(result, MissingTable):
        return str(result)
    return result.to_dict(), row_keys(result)


def row_keys(result: Any, frame: Any = None) -> list[Any]:
    """What tells the rows behind a result apart, in their order; the rows may be a frame of any kind."""
    rows = result.rows() if frame is None else frame
    columns = [_column(rows, name) for name in SCHEMA[result.spec.counts].key]
    return _alone(zip(*columns, strict=True))


def _column(frame: Any, name: str) -> list[Any]:
    """A column as a list, None where it is missing."""
    if hasattr(frame, "iloc"):  # the short way, as nearly all are
        return [None if cell is None or cell != cell else cell for cell in frame[name].tolist()]
    frame = nw.from_native(frame)
    column = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame)[name]
    return [None if cell != cell else cell for cell in column.to_list()]


def record_keys(table: str, records: Sequence[Any]) -> list[Any]:
    """The same of records."""
    return _alone(tuple(getattr(record, name) for name in SCHEMA[table].key) for record in records)


def _alone(lines: Any) -> list[Any]:
    return [line[0] if len(line) == 1 else line for line in lines]


# frames -----------------------------------------------------------------------------------------------------


def plain_frames(world: World) -> dict[str, Any]:
    """Pandas frames whose columns every kind of frame can hold: amounts as text."""
    frames = from_records(world.tables)
    for frame in frames.values():
        for name in frame:
            if any(isinstance(cell, Decimal) for cell in frame[name].tolist()):
                frame[name] = [None if cell is None else str(cell) for cell in _column(frame, name)]
    return frames


def any_frames(world: World, seed: int | str = 0) -> dict[str, Any]:
    """The world's tables as frames of several kinds, their rows shuffled."""
    kinds = [lambda frame: frame, _arrow] * 3
    if importlib.util.find_spec("polars"):
        kinds += [_polars] * 3
    if importlib.util.find_spec("duckdb"):
        kinds.append(_duckdb)  # seldom: it is slow with tiny frames
    chance = random.Random(seed)
    found = {}
    for name, frame in plain_frames(world).items():
        order = list(range(len(frame)))
        chance.shuffle(order)
        found[name] = chance.choice(kinds)(frame.iloc[order].reset_index(drop=True))
    return found


def _arrow(frame: Any) -> Any:
    import pyarrow as pa

    return pa.table({name: pa.array(_column(frame, name)) for name in frame})


def _duckdb(frame: Any) -> Any:
    import duckdb

    return duckdb.from_arrow(_arrow(frame))


def _polars(frame: Any) -> Any:
    import polars as pl

    return pl.DataFrame({name: pl.Series(name, _column(frame, name), strict=False) for name in frame})


# other worlds -----------------------------------------------------------------------------------------------


def shards(world: World, count: int = 2, whole: Portfolio | None = None) -> list[Rows]:
    """The world split by account, as the library splits: `whole` is its portfolio, if that is at hand."""
    where = parts((whole or load(world)).tables, count)
    found: list[Rows] = [{} for _ in range(count)]
    for name, rows in world.tables.items():
        places = where[name]
        for part, tables in enumerate(found):
            tables[name] = [row for place, row in enumerate(rows) if places is None or places[place] == part]
    return found


def canaries(world: World) -> Rows:
    """A row of every table that belongs to somebody new: nobody of the world may ever see any of it."""
    text = isinstance(next((user.id for user in world.tables.get("users", ())), "text"), str)
    number = iter(range(987_650_001, 987_660_000))
    ids = {name: f"CANARY-{name}" if text else next(number) for name in SCHEMA}
    return {name: [_canary(name, ids, world.as_of)] for name in SCHEMA if name in world.tables}


def _canary(table: str, ids: Mapping[str, Any], day: date) -> Any:
    values: dict[str, Any] = {}
    for column in SCHEMA[table].columns.values():
        if column.name == "id":
            values["id"] = ids[table]
        elif column.refers and column.name not in ("manager_id", "parent_id"):
            values[column.name] = ids[column.refers]
        elif column.kind in ("text", "category") and column.name != "currency":
            values[column.name] = f"CANARY-{table}-{column.name}"
        elif column.kind == "date" and not column.optional:
            values[column.name] = day
        elif column.kind == "enum" and not column.optional:
            values[column.name] = column.words[0]
        elif column.kind in ("money", "number", "int") and not column.optional:
            values[column.name] = 1
        elif column.kind == "flag" and column.required:
            values[column.name] = False
    return SCHEMA[table].record(**values)


def existing(world: World) -> Rows:
    """The rows that exist on the day; what waits for a parent that does not exist yet is not there either."""
    found: Rows = {}
    unborn: dict[str, set[Any]] = {}
    order = sorted(world.tables, key=lambda name: (*PARENTS.values(), name).index(name))
    for name in order:
        begins, kept = SCHEMA[name].begins, []
        for row in world.tables[name]:
            day = getattr(row, begins) if begins else None
            waits = any(
                getattr(row, column, None) in unborn.get(parent, ()) for column, parent in PARENTS.items()
            )
            if waits or (day is not None and day > world.as_of):
                unborn.setdefault(name, set()).add(getattr(row, "id", None))
            else:
                kept.append(row)
        found[name] = kept
    if "accounts" in found:
        found["accounts"] = orphaned(found["accounts"])
    return {name: found[name] for name in world.tables}


def orphaned(accounts: Sequence[Any]) -> list[Any]:
    """Accounts without the parents that are not among them."""
    ids = {account.id for account in accounts}
    return [
        attrs.evolve(account, parent_id=account.parent_id if account.parent_id in ids else None)
        for account in accounts
    ]


def only_rows(world: World, table: str, keys: Collection[Any]) -> Portfolio:
    """The world's portfolio without the rows of a table that have other keys, and without what hung on them."""
    records = world.tables[table]
    kept = [record for record, key in zip(records, record_keys(table, records), strict=True) if key in keys]
    frames = from_records({**world.tables, table: orphaned(kept) if table == "accounts" else kept})
    return Portfolio.from_frames(**frames, **settings_of(world), on_error="quarantine")


def twins(world: World, table: str) -> Rows:
    """Every row of a table once more, under another id."""
    rows = world.tables[table]
    more = [
        attrs.evolve(row, id=f"~~~{row.id}" if isinstance(row.id, str) else 10**9 + place)
        for place, row in enumerate(rows)
    ]
    return {**world.tables, table: [*rows, *more]}
