"""A small company that breaks no rule, as every kind of frame, and what tests of the intake need."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cs_metrics import intake
from cs_metrics.errors import DataError, Problem
from cs_metrics.intake import NO_DAY, Coded
from cs_metrics.records import (
    SCHEMA,
)
from cs_metrics.settings import Settings

Table = dict[str, list[Any]]
World = dict[str, Table]

D = date
AWARE = datetime(2024, 1, 1, tzinfo=UTC)
NAIVE = AWARE.replace(tzinfo=None)
WORLD: World = {
    "users": {
        "id": ["U1", "U2", "U3"],
        "name": ["Ada", None, "Cleo"],
        "manager_id": [None, "U1", "U1"],
        "role": ["success_manager", "success_agent", "success_agent"],
        "group": ["North", None, "North"],
        "active": [True, False, None],
    },
    "accounts": {
        "id": ["A1", "A2"],
        "owner_id": ["U2", None],
        "parent_id": [None, "A1"],
        "industry": ["Retail", "Banking"],
        "created_on": [D(2020, 1, 1), None],
        "employees": [10, None],
    },
    "engagements": {
        "id": ["E1", "E2", "E3"],
        "account_id": ["A1", "A1", "A2"],
        "owner_id": ["U3", None, None],
        "stage": ["Onboard", "Adopt", "Adopt"],
        "health": ["red", None, "green"],
        "created_on": [D(2024, 1, 1), D(2024, 2, 29), D(2023, 6, 1)],
        "closed_on": [None, D(2024, 2, 29), None],
    },
    "tasks": {
        "id": ["T1", "T2"],
        "assignee_id": ["U2", "U1"],
        "account_id": ["A1", None],
        "engagement_id": ["E1", None],
        "status": ["to_do", "completed"],
        "created_on": [D(2024, 3, 1), D(2024, 3, 1)],
    },
    "contracts": {
        "id": ["K1", "K2", "K3"],
        "account_id": ["A1", "A2", "A2"],
        "engagement_id": ["E1", None, "E3"],
        "value": [1200, -50, 10],
        "currency": ["USD", None, "EUR"],
        "state": ["active", "draft", "expired"],
        "starts_on": [D(2024, 1, 1), D(2024, 1, 1), D(2024, 1, 1)],
        "ends_on": [D(2024, 12, 31), None, D(2024, 1, 1)],
    },
    "risk_signals": {
        "id": ["R1", "R2"],
        "engagement_id": ["E1", "E3"],
        "contract_id": ["K1", None],
        "category": ["Sponsor", "Usage"],
        "opened_on": [D(2024, 4, 1), D(2024, 4, 1)],
    },
    "opportunities": {
        "id": ["O1", "O2"],
        "contract_id": ["K1", "K2"],
        "kind": ["renew", "new"],
        "stage": ["open", "closed_won"],
        "amount": [None, 5],
    },
    "subscriptions": {
        "id": ["S1"],
        "account_id": ["A1"],
        "mrr": [99],
        "status": ["active"],
        "started_on": [D(2024, 1, 1)],
        "ended_on": [None],
    },
    "renewals": {"subscription_id": ["S1"], "due_on": [D(2025, 1, 1)]},
    "stack_items": {"id": ["I1"], "name": ["Backup"]},
    "stack_positions": {"account_id": ["A1", "A2"], "item_id": ["I1", "I1"], "aligned": [True, False]},
    "measures": {
        "account_id": ["A1", "A1"],
        "metric": ["nps", "csat"],
        "value": [9.5, -1.0],
        "on": [D(2024, 5, 1), D(2024, 5, 1)],
    },
    "adoption_scores": {
        "account_id": ["A1", "A1"],
        "engagement_id": ["E1", None],
        "product": ["Core", "Core"],
        "score": [0.0, 100.0],
        "on": [D(2024, 5, 1), D(2024, 5, 1)],
    },
}
EUROS = Settings(rates={"EUR": Decimal("1.25")})


def world(**changes: Mapping[str, list[Any] | None]) -> World:
    """The company with some columns changed; None takes a column away."""
    made = {name: dict(table) for name, table in WORLD.items()}
    for name, columns in changes.items():
        for column, cells in columns.items():
            if cells is None:
                del made[name][column]
            else:
                made[name][column] = cells
    return made


def frames(make: Callable[[Table], Any]) -> Callable[[World, Path], dict[str, Any]]:
    return lambda tables, _: {name: make(table) for name, table in tables.items()}


def _records(tables: World, _: Path) -> dict[str, Any]:
    rows = {
        name: [SCHEMA[name].record(**dict(zip(table, cells, strict=True))) for cells in _rows(name, table)]
        for name, table in tables.items()
    }
    return intake.from_records(rows)


def _rows(name: str, table: Table) -> list[tuple[Any, ...]]:
    """Rows for records, where None stands for what takes its default."""
    defaults = {column: SCHEMA[name].columns[column].default for column in table}
    columns = [
        [defaults[column] if cell is None and isinstance(defaults[column], bool) else cell for cell in cells]
        for column, cells in table.items()
    ]
    return list(zip(*columns, strict=True))


def write_csv(folder: Path, tables: World) -> None:
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(table)
            for cells in zip(*table.values(), strict=True):
                out.writerow("" if cell is None else cell for cell in cells)


def _csv(tables: World, folder: Path) -> dict[str, Any]:
    write_csv(folder, tables)
    return intake.read_folder(folder)[0]


def _parquet(tables: World, folder: Path) -> dict[str, Any]:
    for name, table in tables.items():
        pq.write_table(pa.table(table), folder / f"{name}.parquet")
    return intake.read_folder(folder)[0]


class Capsule:
    """Something that only knows the Arrow PyCapsule interface."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def _views(table: pa.Table) -> pa.Table:
    """The same table with text in Arrow's newest layout."""
    views = [pa.string_view() if field.type == pa.string() else field.type for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, views, strict=True))))


KINDS: dict[str, Callable[[World, Path], dict[str, Any]]] = {
    "pandas": frames(pd.DataFrame),
    "pandas objects": frames(lambda table: pd.DataFrame(table, dtype=object)),
    "pandas arrow": frames(lambda table: pa.table(table).to_pandas(types_mapper=pd.ArrowDtype)),
    "pandas categories": frames(
        lambda table: pd.DataFrame(table).astype(dict.fromkeys(set(table) & CATEGORIES, "category"))
    ),
    "polars": frames(pl.DataFrame),
    "polars lazy": frames(lambda table: pl.DataFrame(table).lazy()),
    "pyarrow": frames(pa.table),
    "pyarrow views": frames(lambda table: _views(pa.table(table))),
    "record batch": frames(pa.RecordBatch.from_pydict),
    "chunks": frames(lambda table: pa.concat_tables([pa.table(table).slice(i, 1) for i in range(3)])),
    "duckdb": frames(lambda table: duckdb.from_arrow(pa.table(table))),
    "capsule": frames(lambda table: Capsule(pa.table(table))),
    "narwhals": frames(lambda table: nw.from_native(pl.DataFrame(table))),
    "records": _records,
    "csv": _csv,
    "parquet": _parquet,
}
CATEGORIES = {"id", "account_id", "role", "stage", "health", "industry", "state"}
OBJECTS = ["pandas objects", "records"]


def load(tables: Mapping[str, Any], settings: Settings = EUROS, **options: Any) -> intake.Loaded:
    return intake.load(tables, settings, **options)


def failed(tables: Mapping[str, Any], settings: Settings = EUROS, **options: Any) -> list[Problem]:
    with pytest.raises(DataError) as caught:
        load(tables, settings, **options)
    return list(caught.value.problems)


def places(problems: list[Problem]) -> list[tuple[Any, ...]]:
    """Where problems are and what they are."""
    return [(problem.table, problem.column, problem.row, problem.code) for problem in problems]


def day(year: int, month: int, dom: int) -> int:
    return (D(year, month, dom) - D(1970, 1, 1)).days


def days(*days_: date | None) -> list[int]:
    return [NO_DAY if one is None else (one - D(1970, 1, 1)).days for one in days_]


def words(column: Any) -> list[str | None]:
    assert isinstance(column, Coded)
    assert column.codes.dtype == np.int8
    return [None if code < 0 else column.labels[code] for code in column.codes.tolist()]
