"""What goes in: every rule of records.md and edge-cases.md on rows, references, numbers and days.

Expectations are written by hand. `WORLD` is a small company that breaks no rule; a case changes one cell or
two of it and says what must be told.
"""

from __future__ import annotations

import csv
import pickle
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
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

from cs_metrics import intake, money
from cs_metrics.errors import CsMetricsError, DataError, MissingRate, OptionError, Problem
from cs_metrics.intake import NO_AMOUNT, NO_DAY, NO_INT, Coded
from cs_metrics.records import (
    SCHEMA,
    Account,
    Contract,
    ContractState,
    Engagement,
    Health,
    Opportunity,
    OpportunityKind,
    OpportunityStage,
    Role,
    User,
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
        "assignee_id": ["U2", None],
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


def _frames(make: Callable[[Table], Any]) -> Callable[[World, Path], dict[str, Any]]:
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
    "pandas": _frames(pd.DataFrame),
    "pandas objects": _frames(lambda table: pd.DataFrame(table, dtype=object)),
    "pandas arrow": _frames(lambda table: pa.table(table).to_pandas(types_mapper=pd.ArrowDtype)),
    "pandas categories": _frames(
        lambda table: pd.DataFrame(table).astype(dict.fromkeys(set(table) & CATEGORIES, "category"))
    ),
    "polars": _frames(pl.DataFrame),
    "polars lazy": _frames(lambda table: pl.DataFrame(table).lazy()),
    "pyarrow": _frames(pa.table),
    "pyarrow views": _frames(lambda table: _views(pa.table(table))),
    "record batch": _frames(pa.RecordBatch.from_pydict),
    "chunks": _frames(lambda table: pa.concat_tables([pa.table(table).slice(i, 1) for i in range(3)])),
    "duckdb": _frames(lambda table: duckdb.from_arrow(pa.table(table))),
    "capsule": _frames(lambda table: Capsule(pa.table(table))),
    "narwhals": _frames(lambda table: nw.from_native(pl.DataFrame(table))),
    "records": _records,
    "csv": _csv,
    "parquet": _parquet,
}
CATEGORIES = {"id", "account_id", "role", "stage", "health", "industry", "state"}
OBJECTS = ["pandas objects", "records"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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


# --- what comes out ---------------------------------------------------------------------------------------


def test_every_kind_of_frame_gives_the_same_columns(kind: str, tmp_path: Path) -> None:
    loaded = load(KINDS[kind](WORLD, tmp_path))
    assert list(loaded.tables) == [name for name in SCHEMA if name in WORLD]
    assert loaded.warnings == ()
    assert loaded.rejected == {}
    users, accounts, engagements = (loaded.tables[name] for name in ("users", "accounts", "engagements"))
    assert (users.n, accounts.n, engagements.n) == (3, 2, 3)
    assert list(users.columns) == ["manager_id", "role", "group", "active"]
    assert users.columns["manager_id"].tolist() == [-1, 0, 0]
    assert users.columns["manager_id"].dtype == np.int32
    assert words(users.columns["role"]) == ["success_manager", "success_agent", "success_agent"]
    assert users.columns["role"].labels == ("success_manager", "success_agent")
    assert words(users.columns["group"]) == ["North", None, "North"]
    assert users.columns["active"].tolist() == [True, False, True]
    assert users.columns["active"].dtype == np.bool_
    assert accounts.columns["parent_id"].tolist() == [-1, 0]
    assert accounts.columns["industry"].labels == ("Banking", "Retail")
    assert accounts.columns["created_on"].tolist() == days(D(2020, 1, 1), None)
    assert accounts.columns["created_on"].dtype == np.int32
    assert accounts.columns["employees"].tolist() == [10, NO_INT]
    assert accounts.columns["seats"].tolist() == [NO_INT, NO_INT]
    assert words(engagements.columns["health"]) == ["red", None, "green"]
    assert engagements.columns["went_live_on"].tolist() == [NO_DAY] * 3
    contracts = loaded.tables["contracts"]
    assert "currency" not in contracts.columns
    assert contracts.columns["value"].tolist() == [120_000, -5_000, 1_250]
    assert contracts.columns["value"].dtype == np.int64
    assert contracts.columns["engagement_id"].tolist() == [0, -1, 2]
    assert contracts.columns["extension_approved"].tolist() == [False] * 3
    assert loaded.tables["opportunities"].columns["amount"].tolist() == [NO_AMOUNT, 500]
    assert loaded.tables["stack_positions"].columns["mrr"].tolist() == [0, 0]
    assert loaded.tables["measures"].columns["value"].tolist() == [9.5, -1.0]
    assert loaded.tables["measures"].keys is None


def test_keys_and_sources(kind: str, tmp_path: Path) -> None:
    table = load(KINDS[kind](WORLD, tmp_path)).tables["engagements"]
    assert table.keys is not None
    assert table.keys.kind == "str"
    assert table.keys.take(np.array([2, 0])) == ["E3", "E1"]
    assert table.keys.rank().tolist() == [0, 1, 2]
    assert [table.keys.find(key) for key in ("E2", "e2", "", 2)] == [1, -1, -1, -1]
    assert table.source.values("stage", np.array([1, 0])) == ["Adopt", "Onboard"]
    assert "health" in table.source.column_names


NATIVE = {
    "pandas": ("pandas", pd.DataFrame),
    "pandas objects": ("pandas", pd.DataFrame),
    "polars": ("polars", pl.DataFrame),
    "polars lazy": ("polars", pl.DataFrame),
    "narwhals": ("polars", pl.DataFrame),
    "pyarrow": ("pyarrow", pa.Table),
    "record batch": ("pyarrow", pa.Table),
    "pyarrow views": ("pyarrow", pa.Table),
    "capsule": ("pyarrow", pa.Table),
    "duckdb": ("duckdb", duckdb.DuckDBPyRelation),
    "records": ("pandas", pd.DataFrame),
    "csv": ("pandas", pd.DataFrame),
}


@pytest.mark.parametrize("name", NATIVE)
def test_rows_come_back_as_the_kind_of_frame_that_went_in(name: str, tmp_path: Path) -> None:
    tables = {"stack_items": {"id": ["I2", "I1", "I3"], "name": ["B", "A", "C"]}}
    if name != "records":
        # an empty cell of the host's own is no business of ours
        tables["stack_items"]["Ours, not theirs"] = ["x", None, "z"]
    source = load(KINDS[name](tables, tmp_path)).tables["stack_items"].source
    expected_kind, expected_type = NATIVE[name]
    assert source.kind == expected_kind
    taken = source.take(np.array([2, 0]))
    assert isinstance(taken, expected_type)
    frame = taken.df() if name == "duckdb" else nw.from_native(taken).to_pandas()
    assert frame["id"].tolist() == ["I3", "I2"]
    if name != "records":
        assert frame["Ours, not theirs"].tolist() == ["z", "x"]


def test_ids_of_records_keep_their_type() -> None:
    frames = intake.from_records(
        {
            "users": [User(id=101, role=Role.SUCCESS_MANAGER)],
            "accounts": [Account(id=7, owner_id=101), Account(id=8)],
            "engagements": [],
        }
    )
    loaded = load(frames)
    accounts = loaded.tables["accounts"]
    assert accounts.columns["owner_id"].tolist() == [0, -1]
    assert accounts.keys is not None
    assert accounts.keys.kind == "int"
    assert accounts.keys.take(np.array([1, 0])) == [8, 7]
    assert [accounts.keys.find(key) for key in (8, "8", 8.0, True)] == [1, -1, -1, -1]
    assert accounts.source.values("owner_id", np.array([0, 1])) == [101, None]
    assert accounts.source.take(np.array([0]))["owner_id"].tolist() == [101]
    assert loaded.tables["engagements"].n == 0


def test_inputs_are_untouched(kind: str, tmp_path: Path) -> None:
    if kind in ("duckdb", "capsule", "narwhals", "polars lazy"):
        pytest.skip("cannot be copied to compare")
    tables = KINDS[kind](WORLD, tmp_path)
    before = pickle.dumps(tables["contracts"])
    load(tables)
    assert pickle.dumps(tables["contracts"]) == before


def test_later_changes_to_a_pandas_frame_do_not_show() -> None:
    frame = pd.DataFrame({"id": ["I1", "I2"], "name": ["A", "B"]})
    source = load({"stack_items": frame}).tables["stack_items"].source
    frame.loc[0, "name"] = "changed"
    frame["id"] = "gone"
    assert source.values("name", np.array([0])) == ["A"]


def test_kinds_can_be_mixed_in_one_call(tmp_path: Path) -> None:
    makers = [KINDS[name] for name in ("polars", "pandas", "pyarrow", "duckdb", "pandas objects")]
    tables = {
        name: makers[number % len(makers)]({name: table}, tmp_path)[name]
        for number, (name, table) in enumerate(WORLD.items())
    }
    assert load(tables).tables["contracts"].columns["account_id"].tolist() == [0, 1, 1]


EMPTY = {
    "pandas": lambda names: pd.DataFrame({name: [] for name in names}),
    "pandas without dtypes": lambda names: pd.DataFrame(columns=list(names)),
    "pandas floats": lambda names: pd.DataFrame({name: np.empty(0) for name in names}),
    "polars": lambda names: pl.DataFrame({name: [] for name in names}),
    "pyarrow": lambda names: pa.table({name: pa.nulls(0) for name in names}),
    "nothing at all": lambda _: pd.DataFrame(),
}


@pytest.mark.parametrize("make", EMPTY.values(), ids=list(EMPTY))
@pytest.mark.parametrize("name", SCHEMA)
def test_a_table_without_rows_is_a_typed_empty_table(make: Callable[..., Any], name: str) -> None:
    table = load({name: make(list(SCHEMA[name].columns))}).tables[name]
    assert table.n == 0
    for column in table.columns.values():
        codes = column.codes if isinstance(column, Coded) else column
        assert len(codes) == 0
        assert codes.dtype != object
    assert (table.keys is not None) == ("id" in SCHEMA[name].columns)
    if table.keys is not None:
        assert table.keys.take(np.array([], np.int64)) == []
        assert table.keys.find("x") == -1
        assert table.keys.rank().tolist() == []


def test_columns_that_are_empty_throughout_have_no_type() -> None:
    accounts = pd.DataFrame(
        {"id": ["A1"], "owner_id": [np.nan], "created_on": [np.nan], "industry": [np.nan]}
    )
    columns = load({"accounts": accounts, "users": pd.DataFrame()}).tables["accounts"].columns
    assert columns["owner_id"].tolist() == [-1]
    assert columns["created_on"].tolist() == [NO_DAY]
    assert words(columns["industry"]) == [None]


def test_references_to_a_table_that_is_not_there_are_not_checked() -> None:
    tables = {"engagements": pd.DataFrame(WORLD["engagements"])}
    columns = load(tables).tables["engagements"].columns
    assert "account_id" not in columns
    assert "owner_id" not in columns


def test_order_of_rows_leaves_no_trace_in_labels(kind: str, tmp_path: Path) -> None:
    turned = world(engagements={"stage": ["Adopt", "Onboard", "Adopt"]})
    for tables in (WORLD, turned):
        folder = tmp_path / tables["engagements"]["stage"][0]
        folder.mkdir()
        stage = load(KINDS[kind](tables, folder)).tables["engagements"].columns["stage"]
        assert stage.labels == ("Adopt", "Onboard")
        assert words(stage) == tables["engagements"]["stage"]


def test_progress_names_every_table() -> None:
    seen: list[tuple[str, int]] = []
    load(_frames(pd.DataFrame)(WORLD, Path()), progress=lambda table, rows: seen.append((table, rows)))
    assert sorted(seen) == sorted((name, len(next(iter(table.values())))) for name, table in WORLD.items())


# --- one broken cell --------------------------------------------------------------------------------------

Case = tuple[str, World, list[tuple[Any, ...]]]

BAD_TEXT: list[Case] = [
    (
        "duplicate id",
        world(tasks={"id": ["T1", "T1"]}),
        [("tasks", "id", "T1", "duplicate")],
    ),
    (
        "missing id",
        world(tasks={"id": ["T1", None]}),
        [("tasks", "id", 1, "missing")],
    ),
    (
        "dangling reference",
        world(engagements={"account_id": ["A1", "a1", "A2"]}),
        [("engagements", "account_id", "E2", "dangling")],
    ),
    (
        "manager who is no user",
        world(users={"manager_id": [None, "U1", "U9"]}),
        [("users", "manager_id", "U3", "dangling")],
    ),
    (
        "missing reference",
        world(engagements={"account_id": ["A1", None, "A2"]}),
        [("engagements", "account_id", "E2", "missing")],
    ),
    (
        "word in another case",
        world(engagements={"health": ["RED", None, "green "]}),
        [("engagements", "health", "E1", "word"), ("engagements", "health", "E3", "word")],
    ),
    (
        "missing category",
        world(engagements={"stage": ["Onboard", None, "Adopt"]}),
        [("engagements", "stage", "E2", "missing")],
    ),
    (
        "missing day",
        world(engagements={"created_on": [None, D(2024, 2, 29), D(2023, 6, 1)]}),
        [("engagements", "created_on", "E1", "missing")],
    ),
    (
        "end before start",
        world(contracts={"ends_on": [D(2023, 12, 31), None, D(2024, 1, 1)]}),
        [("contracts", "ends_on", "K1", "end_before_start")],
    ),
    (
        "closed before created",
        world(engagements={"closed_on": [D(2023, 12, 31), None, None]}),
        [("engagements", "closed_on", "E1", "end_before_start")],
    ),
    (
        "missing amount",
        world(contracts={"value": [1200, None, 10]}),
        [("contracts", "value", "K2", "missing")],
    ),
    (
        "fraction of a cent",
        world(contracts={"value": [Decimal("10.12"), Decimal("10.123"), Decimal(1)]}),
        [("contracts", "value", "K2", "inexact")],
    ),
    (
        "unknown currency",
        world(contracts={"currency": ["USD", "eur", "EUR"]}),
        [("contracts", "currency", "K2", "currency")],
    ),
    (
        "score out of bounds",
        world(adoption_scores={"score": [100.5, -0.5]}),
        [("adoption_scores", "score", 0, "number"), ("adoption_scores", "score", 1, "number")],
    ),
    (
        "natural key twice",
        world(measures={"metric": ["nps", "nps"]}),
        [("measures", "account_id", 1, "duplicate")],
    ),
    (
        "natural key twice, with a gap",
        world(adoption_scores={"engagement_id": [None, None]}),
        [("adoption_scores", "account_id", 1, "duplicate")],
    ),
    (
        "contract of another account than its engagement's",
        world(contracts={"account_id": ["A2", "A2", "A2"]}, risk_signals={"contract_id": [None, None]}),
        [("contracts", "account_id", "K1", "agreement")],
    ),
    (
        "task of another account than its engagement's",
        world(tasks={"account_id": ["A2", None]}),
        [("tasks", "account_id", "T1", "agreement")],
    ),
    (
        "score of another account than its engagement's",
        world(adoption_scores={"account_id": ["A2", "A1"]}),
        [("adoption_scores", "account_id", 0, "agreement")],
    ),
    (
        "signal with a contract of another account",
        world(risk_signals={"contract_id": ["K1", "K1"]}),
        [("risk_signals", "contract_id", "R2", "agreement")],
    ),
    (
        "everything at once",
        world(
            users={"role": ["boss", "success_agent", "success_agent"]},
            engagements={"health": ["amber", None, "green"], "account_id": ["A1", "A7", "A2"]},
            tasks={"id": ["T1", "T1"]},
        ),
        [
            ("users", "role", "U1", "word"),
            ("engagements", "account_id", "E2", "dangling"),
            ("engagements", "health", "E1", "word"),
            ("tasks", "id", "T1", "duplicate"),
        ],
    ),
]


@pytest.mark.parametrize("case", BAD_TEXT, ids=[case[0] for case in BAD_TEXT])
def test_broken_rules_are_named(case: Case, kind: str, tmp_path: Path) -> None:
    _, tables, expected = case
    assert places(failed(KINDS[kind](tables, tmp_path))) == expected


BAD_OBJECTS: list[tuple[str, str, str, list[Any], str]] = [
    ("bool as id", "stack_items", "id", [True], "type"),
    ("float as id", "stack_items", "id", [101.0], "type"),
    ("decimal as id", "stack_items", "id", [Decimal(1)], "type"),
    ("bytes as id", "stack_items", "id", [b"I1"], "type"),
    ("huge int as id", "stack_items", "id", [2**70], "type"),
    ("half a surrogate pair as id", "stack_items", "id", ["\ud800"], "type"),
    ("true as money", "subscriptions", "mrr", [True], "type"),
    ("date as money", "subscriptions", "mrr", [D(2024, 1, 1)], "type"),
    ("NaN as money", "subscriptions", "mrr", [Decimal("NaN")], "finite"),
    ("infinite money", "subscriptions", "mrr", [float("inf")], "finite"),
    ("infinite decimal money", "subscriptions", "mrr", [Decimal("-Infinity")], "finite"),
    ("float with three decimals", "subscriptions", "mrr", [10.123], "inexact"),
    ("text with a thousands separator", "subscriptions", "mrr", ["1,000"], "amount"),
    ("text with space", "subscriptions", "mrr", [" 10"], "amount"),
    ("text with an exponent", "subscriptions", "mrr", ["1e3"], "amount"),
    ("other digits", "subscriptions", "mrr", ["١٢"], "amount"),
    ("text with three decimals", "subscriptions", "mrr", ["10.001"], "inexact"),
    ("more than 63 bits of cents", "subscriptions", "mrr", [92233720368547759], "amount"),
    ("more than 63 bits in text", "subscriptions", "mrr", ["1" * 30], "amount"),
    ("a decimal beyond all bounds", "subscriptions", "mrr", [Decimal("1E+999999")], "type"),
    ("day first", "subscriptions", "started_on", ["05/01/2019"], "date"),
    ("no such day", "subscriptions", "started_on", ["2023-02-29"], "date"),
    ("no such hour", "subscriptions", "started_on", ["2023-02-28T24:00"], "date"),
    ("basic format", "subscriptions", "started_on", ["20230228"], "date"),
    ("day with space", "subscriptions", "started_on", ["2023-02-28 "], "date"),
    ("year 0", "subscriptions", "started_on", ["0000-01-01"], "date"),
    ("int as day", "subscriptions", "started_on", [20230228], "type"),
    ("bool as day", "subscriptions", "started_on", [True], "type"),
    ("int as word", "subscriptions", "status", [1], "type"),
    ("int as category", "subscriptions", "plan", [7], "type"),
    ("int as name", "stack_items", "name", [7], "type"),
    ("fraction as int", "subscriptions", "seats", [1.5], "int"),
    ("text as int", "subscriptions", "seats", ["1.0"], "int"),
    ("bool as int", "subscriptions", "seats", [True], "type"),
    ("two as flag", "stack_positions", "aligned", [2, 1], "flag"),
    ("yes as flag", "stack_positions", "aligned", ["yes", "true"], "flag"),
    ("list as category", "subscriptions", "plan", [["a"]], "type"),
    ("infinite number", "measures", "value", [float("inf"), 1.0], "number"),
    ("text as number", "measures", "value", ["1_0", "2"], "number"),
    ("bool as number", "measures", "value", [True, False], "type"),
]


@pytest.mark.parametrize("case", BAD_OBJECTS, ids=[case[0] for case in BAD_OBJECTS])
def test_values_of_the_wrong_kind(case: tuple[str, str, str, list[Any], str]) -> None:
    _, table, column, cells, code = case
    tables = world(**{table: {column: cells}})
    if column == "id":
        del tables["stack_positions"]
    problems = failed(KINDS["pandas objects"](tables, Path()))
    assert {(problem.table, problem.column, problem.code) for problem in problems} == {(table, column, code)}
    assert problems[0].value is not None


GOOD: list[tuple[str, str, str, list[Any], list[Any]]] = [
    ("text as money", "subscriptions", "mrr", ["10"], [1000]),
    ("text with decimals", "subscriptions", "mrr", ["-.5"], [-50]),
    ("text with needless zeros", "subscriptions", "mrr", ["+010.1000"], [1010]),
    ("float", "subscriptions", "mrr", [10.1], [1010]),
    ("large float", "subscriptions", "mrr", [90071992547409.92], [9007199254740992]),
    ("numpy float", "subscriptions", "mrr", [np.float64(0.07)], [7]),
    ("numpy int", "subscriptions", "mrr", [np.int32(7)], [700]),
    ("decimal with needless zeros", "subscriptions", "mrr", [Decimal("7.10000")], [710]),
    ("decimal with an exponent", "subscriptions", "mrr", [Decimal("1E+3")], [100_000]),
    ("largest amount", "subscriptions", "mrr", ["23058430092136939.51"], [2305843009213693951]),
    ("first year", "subscriptions", "started_on", [D(1, 1, 1)], days(D(1, 1, 1))),
    ("last year", "subscriptions", "started_on", ["9999-12-31"], days(D(9999, 12, 31))),
    ("datetime", "subscriptions", "started_on", [NAIVE.replace(hour=23, minute=59)], days(D(2024, 1, 1))),
    ("timestamp", "subscriptions", "started_on", [pd.Timestamp(2024, 1, 1, 23)], days(D(2024, 1, 1))),
    ("numpy day", "subscriptions", "started_on", [np.datetime64("2024-01-01")], days(D(2024, 1, 1))),
    ("text with time", "subscriptions", "started_on", ["2024-01-01T23:59:59.999"], days(D(2024, 1, 1))),
    ("text with space", "subscriptions", "started_on", ["2024-01-01 23:59"], days(D(2024, 1, 1))),
    ("west of here", "subscriptions", "started_on", ["2024-12-31T23:30-08:00"], days(D(2025, 1, 1))),
    ("text in Zulu", "subscriptions", "started_on", ["2024-12-31T23:30:00Z"], days(D(2024, 12, 31))),
    ("whole float as int", "subscriptions", "seats", [3.0], [3]),
    ("text as int", "subscriptions", "seats", ["-3"], [-3]),
    ("empty text as int", "subscriptions", "seats", [""], [NO_INT]),
    ("words as flags", "stack_positions", "aligned", ["true", "false"], [True, False]),
    ("numbers as flags", "stack_positions", "aligned", [1, 0.0], [True, False]),
    ("sorts of numbers", "measures", "value", [Decimal("1.5"), "-2e-1"], [1.5, -0.2]),
]


@pytest.mark.parametrize("case", GOOD, ids=[case[0] for case in GOOD])
def test_values_of_many_sorts(case: tuple[str, str, str, list[Any], list[Any]]) -> None:
    _, table, column, cells, expected = case
    tables = world(**{table: {column: cells}})
    columns = load(KINDS["pandas objects"](tables, Path())).tables[table].columns
    assert columns[column].tolist() == expected


def test_sorts_of_money_in_one_column() -> None:
    cells = [1, "2.50", Decimal("3.75"), 4.1, None, np.int64(6)]
    contracts = pd.DataFrame(
        {"id": list("abcdef"), "account_id": "A", "value": pd.Series(cells, dtype=object)}
    )
    contracts = contracts.assign(state="draft", starts_on="2024-01-01")
    problems = failed({"contracts": contracts})
    assert places(problems) == [("contracts", "value", "e", "missing")]
    columns = load({"contracts": contracts.drop(index=4)}).tables["contracts"].columns
    assert columns["value"].tolist() == [100, 250, 375, 410, 600]


def test_a_record_with_nan_is_wrong_though_a_gap_is_not() -> None:
    def opportunity(amount: Any) -> Opportunity:
        new, won = OpportunityKind.NEW, OpportunityStage.CLOSED_WON
        return Opportunity(id=1, contract_id=1, kind=new, stage=won, amount=amount)

    good = load(intake.from_records({"opportunities": [opportunity(None)]}))
    assert good.tables["opportunities"].columns["amount"].tolist() == [NO_AMOUNT]
    problems = failed(intake.from_records({"opportunities": [opportunity(float("nan"))]}))
    assert places(problems) == [("opportunities", "amount", 1, "finite")]


@pytest.mark.parametrize("name", ["polars", "pyarrow"])
def test_nan_is_no_gap_where_the_frame_tells_them_apart(name: str) -> None:
    tables = world(measures={"value": [float("nan"), 1.0]})
    assert places(failed(KINDS[name](tables, Path()))) == [("measures", "value", 0, "number")]
    tables = world(subscriptions={"mrr": [float("nan")]})
    assert places(failed(KINDS[name](tables, Path()))) == [("subscriptions", "mrr", "S1", "finite")]


def test_nan_is_a_gap_in_pandas() -> None:
    tables = world(opportunities={"amount": [np.nan, 5.5]})
    assert load(KINDS["pandas"](tables, Path())).tables["opportunities"].columns["amount"].tolist() == [
        NO_AMOUNT,
        550,
    ]


# --- kinds of key -----------------------------------------------------------------------------------------


def test_ids_and_references_are_of_one_kind() -> None:
    tables = {
        "users": pd.DataFrame({"id": ["1", "2"], "role": "success_agent"}),
        "accounts": pl.DataFrame({"id": [1, 2], "owner_id": [1, None]}),
    }
    (problem,) = failed(tables)
    assert (problem.table, problem.column, problem.code, problem.value) == (
        "accounts",
        "owner_id",
        "key_kind",
        1,
    )
    assert "users.id" in problem.expected


def test_references_are_of_one_kind_even_without_their_table() -> None:
    tables = {
        "contacts": pd.DataFrame({"id": [1], "account_id": ["A"], "created_on": ["2024-01-01"]}),
        "escalations": pd.DataFrame({"id": [1], "account_id": [7], "opened_on": ["2024-01-01"]}),
    }
    (problem,) = failed(tables)
    assert (problem.table, problem.column, problem.code) == ("escalations", "account_id", "key_kind")


def test_one_column_of_ids_is_of_one_kind() -> None:
    items = pd.DataFrame({"id": pd.Series([1, "1"], dtype=object), "name": ["a", "b"]})
    (problem,) = failed({"stack_items": items})
    assert (problem.column, problem.code, problem.value) == ("id", "key_kind", "1")


@pytest.mark.parametrize("on_error", ["raise", "quarantine"])
def test_floats_for_want_of_gaps_are_explained(on_error: str) -> None:
    tables = {
        "users": pd.DataFrame({"id": [101], "role": ["success_agent"]}),
        "accounts": pd.DataFrame({"id": [1, 2], "owner_id": [101.0, np.nan]}),
    }
    (problem,) = failed(tables, on_error=on_error)
    assert (problem.table, problem.column, problem.code, problem.value) == (
        "accounts",
        "owner_id",
        "type",
        101.0,
    )
    assert "Int64" in problem.expected
    tables["accounts"]["owner_id"] = tables["accounts"]["owner_id"].astype("Int64")
    assert load(tables).tables["accounts"].columns["owner_id"].tolist() == [0, -1]


ALIKE = [
    ("case", ["abc", "ABC", "x"], 1),
    ("space", ["abc", "abc ", " abc"], 2),
    ("Unicode form", ["é", "e\u0301", "x"], 1),
    ("full width", ["Ａ1", "A1", "B1"], 1),
    ("nothing", ["a1", "b1", "a2"], 0),
]


@pytest.mark.parametrize(("what", "ids", "count"), ALIKE, ids=[row[0] for row in ALIKE])
@pytest.mark.parametrize("many", [False, True])
def test_ids_that_look_alike_stay_different_with_a_warning(
    what: str, ids: list[str], count: int, many: bool
) -> None:
    del what
    others = [f"other-{number:05d}" for number in range(1000 if many else 0)]
    items = pl.DataFrame({"id": ids + others, "name": ["n"] * (len(ids) + len(others))})
    loaded = load({"stack_items": items})
    assert loaded.tables["stack_items"].n == len(items)
    assert [warning.code for warning in loaded.warnings] == ["similar_ids"] * (count > 0)
    if count:
        assert repr(ids[0]) in loaded.warnings[0].expected
        assert f"{count} do not" in loaded.warnings[0].expected


def test_children_before_their_parents_are_a_warning() -> None:
    tables = world(
        tasks={"created_on": [D(2023, 3, 1), D(2024, 3, 1)]}, engagements={"created_on": [D(2019, 1, 1)] * 3}
    )
    warnings = load(KINDS["pandas"](tables, Path())).warnings
    assert [(warning.table, warning.column, warning.code) for warning in warnings] == [
        ("engagements", "created_on", "before_parent")
    ]
    assert "2 rows begin before" in warnings[0].expected


# --- tables and columns as a whole ------------------------------------------------------------------------


@pytest.mark.parametrize("on_error", ["raise", "quarantine"])
def test_structure_is_told_at_once_and_always(on_error: str) -> None:
    tables = KINDS["pandas"](world(engagements={"stage": None, "health": ["amber", None, None]}), Path())
    tables["engagements"]["stages"] = "x"
    tables["engagment"] = tables["engagements"]
    tables["stack_tags"] = [1, 2, 3]
    problems = failed(tables, on_error=on_error)
    assert places(problems) == [
        ("engagment", None, None, "unknown_table"),
        ("engagements", "stage", None, "missing_column"),
        ("engagements", "health", "E1", "word"),
        ("stack_tags", None, None, "not_a_frame"),
    ]
    assert "did you mean 'engagements'" in problems[0].expected
    assert "did you mean 'stages'" in problems[1].expected


def test_a_doubled_column_is_an_error() -> None:
    frame = pd.DataFrame([["I1", "A", "B"]], columns=["id", "name", "name"])
    assert places(failed({"stack_items": frame})) == [("stack_items", "name", None, "doubled_column")]
    table = pa.table([pa.array(["I1"]), pa.array(["A"]), pa.array(["B"])], names=["id", "name", "name"])
    assert places(failed({"stack_items": table})) == [("stack_items", "name", None, "doubled_column")]


def test_an_id_in_the_index_is_explained() -> None:
    frame = pd.DataFrame({"name": ["A"]}, index=pd.Index(["I1"], name="id"))
    (problem,) = failed({"stack_items": frame})
    assert "reset_index" in problem.expected


@pytest.mark.parametrize(
    "value", [7, "text", None, [1], {"id": [1]}, pd.Series([1]), pl.Series([1]), pd.DataFrame]
)
def test_what_is_no_frame(value: Any) -> None:
    if value is None:
        assert load({"users": None}).tables == {}
    else:
        assert places(failed({"users": value})) == [("users", None, None, "not_a_frame")]


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("id", pa.array([1.0], pa.float64())),
        ("id", pa.array([True])),
        ("account_id", pa.array([D(2024, 1, 1)])),
        ("mrr", pa.array([True])),
        ("mrr", pa.array([timedelta(1)])),
        ("started_on", pa.array([1])),
        ("started_on", pa.array([timedelta(1)])),
        ("status", pa.array([1])),
        ("plan", pa.array([1.0])),
        ("plan", pa.array([b"x"])),
        ("plan", pa.array([["x"]])),
        ("seats", pa.array([D(2024, 1, 1)])),
    ],
    ids=str,
)
@pytest.mark.parametrize("on_error", ["raise", "quarantine"])
def test_a_column_of_a_type_that_cannot_be(column: str, cells: pa.Array, on_error: str) -> None:
    table = pa.table(WORLD["subscriptions"] | {"plan": ["x"], "seats": [1]})
    table = table.drop_columns([column]).append_column(column, cells)
    problems = failed({"subscriptions": table}, on_error=on_error)
    assert places(problems) == [("subscriptions", column, None, "type")]
    assert problems[0].value == cells[0].as_py()


MIXED = [
    [AWARE, NAIVE],
    ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00"],
    ["2024-01-01T00:00:00", AWARE],
    [pd.Timestamp(AWARE), pd.Timestamp(NAIVE)],
]


@pytest.mark.parametrize("cells", MIXED, ids=str)
@pytest.mark.parametrize("on_error", ["raise", "quarantine"])
def test_aware_and_naive_do_not_mix(cells: list[Any], on_error: str) -> None:
    frame = pd.DataFrame({"id": ["P", "Q"], "account_id": "A", "opened_on": pd.Series(cells, dtype=object)})
    (problem,) = failed({"escalations": frame}, on_error=on_error)
    assert (problem.table, problem.column, problem.code) == ("escalations", "opened_on", "mixed_offset")


def test_a_plain_date_beside_an_aware_moment_names_its_day() -> None:
    cells = pd.Series([AWARE, D(2024, 1, 2), "2024-01-03"], dtype=object)
    frame = pd.DataFrame({"id": list("PQR"), "account_id": "A", "opened_on": cells})
    assert load({"escalations": frame}).tables["escalations"].columns["opened_on"].tolist() == days(
        D(2024, 1, 1), D(2024, 1, 2), D(2024, 1, 3)
    )


# --- days and zones ---------------------------------------------------------------------------------------

MOMENT = datetime(2024, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
ZONED = {
    "pandas objects": pd.Series([MOMENT], dtype=object),
    "pandas": pd.Series([MOMENT]),
    "pandas in New York": pd.Series(pd.DatetimeIndex([MOMENT]).tz_convert("America/New_York")),
    "pandas text": pd.Series([MOMENT.isoformat()]),
    "polars": pl.Series([MOMENT]),
    "pyarrow": pa.array([MOMENT]),
    "pyarrow ns": pa.array([MOMENT], pa.timestamp("ns", "Asia/Tokyo")),
}


@pytest.mark.parametrize("cells", ZONED.values(), ids=list(ZONED))
@pytest.mark.parametrize(
    ("tz", "expected"),
    [("UTC", D(2025, 1, 1)), ("America/Los_Angeles", D(2024, 12, 31)), ("Pacific/Kiritimati", D(2025, 1, 1))],
)
def test_an_aware_moment_is_cut_in_the_portfolios_zone(cells: Any, tz: str, expected: date) -> None:
    columns = {"id": ["P"], "account_id": ["A"], "opened_on": cells}
    if isinstance(cells, pl.Series):
        frame: Any = pl.DataFrame(columns)
    else:
        frame = pa.table(columns) if isinstance(cells, pa.Array) else pd.DataFrame(columns)
    table = load({"escalations": frame}, Settings(tz=tz)).tables["escalations"]
    assert table.columns["opened_on"].tolist() == days(expected)


def test_clocks_that_change() -> None:
    # Berlin: +1 until 31 March 2024 01:00 UTC, then +2
    moments = ["2024-03-30T22:59:59Z", "2024-03-30T23:00:00Z", "2024-03-31T21:59:59Z", "2024-03-31T22:00:00Z"]
    expected = days(D(2024, 3, 30), D(2024, 3, 31), D(2024, 3, 31), D(2024, 4, 1))
    frame = pd.DataFrame({"id": list("abcd"), "account_id": "A", "opened_on": pd.to_datetime(moments)})
    for cells in (moments, pd.to_datetime(moments), pd.to_datetime(moments).as_unit("ms")):
        frame["opened_on"] = cells
        table = load({"escalations": frame}, Settings(tz="Europe/Berlin")).tables["escalations"]
        assert table.columns["opened_on"].tolist() == expected


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_pandas(unit: str) -> None:
    cells = pd.Series([pd.Timestamp("1969-12-31T23:59:59"), None, pd.Timestamp("2024-02-29")])
    frame = pd.DataFrame({"id": list("abc"), "opened_on": cells.astype(f"datetime64[{unit}]")})
    frame = frame.assign(account_id="A", closed_on=frame["opened_on"]).fillna({"opened_on": "2024-01-01"})
    columns = load({"escalations": frame}).tables["escalations"].columns
    assert columns["closed_on"].tolist() == days(D(1969, 12, 31), None, D(2024, 2, 29))


def test_days_beyond_the_calendar() -> None:
    cells = np.array(["0000-12-31", "0001-01-01", "9999-12-31", "10000-01-01"], "datetime64[s]")
    frame = pd.DataFrame({"id": list("abcd"), "account_id": "A", "opened_on": cells})
    assert places(failed({"escalations": frame})) == [
        ("escalations", "opened_on", "a", "date"),
        ("escalations", "opened_on", "d", "date"),
    ]


# --- money ------------------------------------------------------------------------------------------------


def contract(value: Any, currency: str | None = None, key: int = 1) -> Contract:
    return Contract(
        id=key,
        account_id=1,
        value=value,
        currency=currency,
        state=ContractState.ACTIVE,
        starts_on=D(2024, 1, 1),
    )


def values(*records: Contract, settings: Settings = EUROS) -> list[int]:
    loaded = load(intake.from_records({"contracts": records}), settings)
    return loaded.tables["contracts"].columns["value"].tolist()


def test_amounts_are_converted_row_by_row_half_to_even() -> None:
    rates = {"EUR": "0.5", "JPY": "0.005", "KWD": Decimal("3.25")}
    records = [
        contract("0.01", "EUR", 1),  # half a cent: to the even 0
        contract("0.03", "EUR", 2),  # one and a half: to the even 2
        contract("-0.05", "EUR", 3),  # minus two and a half: to the even -2
        contract(3, "JPY", 4),  # 0.015 dollars
        contract("1.001", "KWD", 5),  # 3.25325
        contract("0.01", "USD", 6),
        contract("0.01", None, 7),
    ]
    assert values(*records, settings=Settings(rates=rates)) == [0, 2, -2, 2, 325, 1, 1]


def test_minor_units_of_other_currencies() -> None:
    assert values(contract(10), settings=Settings(currency="JPY")) == [10]
    assert values(contract("1.001"), settings=Settings(currency="KWD")) == [1001]
    problems = failed(intake.from_records({"contracts": [contract("10.5")]}), Settings(currency="JPY"))
    assert places(problems) == [("contracts", "value", 1, "inexact")]
    rates = Settings(rates={"JPY": 1})
    problems = failed(intake.from_records({"contracts": [contract(10.5, "JPY")]}), rates)
    assert places(problems) == [("contracts", "value", 1, "inexact")]


def test_conversion_is_exact_beyond_64_bits() -> None:
    rate = Decimal("1.000000000000000000000000001")
    amount = 10**15 + 1
    assert values(contract(amount, "EUR"), settings=Settings(rates={"EUR": rate})) == [amount * 100]
    huge = Settings(rates={"EUR": 10**6})
    problems = failed(intake.from_records({"contracts": [contract(10**15, "EUR")]}), huge)
    assert places(problems) == [("contracts", "value", 1, "amount")]


def test_currencies_without_a_rate() -> None:
    records = {"contracts": [contract(1, "EUR", 1), contract(1, "GBP", 2), contract(1, "USD", 3)]}
    with pytest.raises(MissingRate) as caught:
        load(intake.from_records(records), Settings(rates={"EUR": 2}))
    assert places(list(caught.value.problems)) == [("contracts", "value", 2, "rate")]
    assert "GBP" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems
    records["contracts"].append(contract("x", "USD", 4))
    assert places(failed(intake.from_records(records), Settings(rates={"EUR": 2}))) == [
        ("contracts", "value", 2, "rate"),
        ("contracts", "value", 4, "amount"),
    ]


def test_a_missing_amount_needs_no_rate() -> None:
    tables = {"campaign_touches": pd.DataFrame({"account_id": ["A"], "campaign": "c", "on": "2024-01-01"})}
    tables["campaign_touches"] = tables["campaign_touches"].assign(currency="GBP", attributed=None)
    columns = load(tables).tables["campaign_touches"].columns
    assert columns["attributed"].tolist() == [NO_AMOUNT]


def test_no_sum_can_wrap() -> None:
    most = (2**62 - 1) // 2 // 100
    assert values(contract(most, key=1), contract(-most, key=2)) == [most * 100, -most * 100]
    (problem,) = failed(
        intake.from_records({"contracts": [contract(most * (-1) ** k, key=k) for k in range(3)]})
    )
    assert (problem.table, problem.column, problem.code) == ("contracts", "value", "overflow")


@pytest.mark.parametrize(
    "dtype", ["int8", "uint16", "int32", "int64", "uint64", "Int64", "float32", "float64"]
)
def test_numbers_of_every_width(dtype: str) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "account_id": "A", "value": pd.array([100, 7], dtype=dtype)})
    frame = frame.assign(state="draft", starts_on="2024-01-01")
    assert load({"contracts": frame}).tables["contracts"].columns["value"].tolist() == [10_000, 700]


@pytest.mark.parametrize("kind_", [pa.decimal128(20, 4), pa.decimal128(38, 0), pa.decimal256(50, 2)], ids=str)
def test_arrow_decimals(kind_: Any) -> None:
    cells = pa.array([Decimal(7), None, Decimal(-100)]).cast(kind_)
    table = pa.table({"id": ["a", "b", "c"], "contract_id": ["K"] * 3, "amount": cells})
    table = table.append_column("kind", pa.array(["new"] * 3)).append_column("stage", pa.array(["open"] * 3))
    columns = load({"opportunities": table}).tables["opportunities"].columns
    assert columns["amount"].tolist() == [700, NO_AMOUNT, -10_000]


# --- quarantine -------------------------------------------------------------------------------------------

NATIVE_REASONS: dict[str, Callable[[Any], list[str]]] = {
    "pandas": lambda frame: frame["reasons"].tolist(),
    "pandas objects": lambda frame: frame["reasons"].tolist(),
    "polars": lambda frame: frame["reasons"].to_list(),
    "pyarrow": lambda frame: frame["reasons"].to_pylist(),
    "duckdb": lambda frame: [row[0] for row in frame.project("reasons").fetchall()],
    "records": lambda frame: frame["reasons"].tolist(),
    "csv": lambda frame: frame["reasons"].tolist(),
}


@pytest.mark.parametrize("name", NATIVE_REASONS)
def test_bad_rows_leave_and_their_children_with_them(name: str, tmp_path: Path) -> None:
    bad = world(accounts={"owner_id": ["U2", "U9"]}, engagements={"health": ["red", "amber", "green"]})
    loaded = load(KINDS[name](bad, tmp_path), on_error="quarantine")
    kept = {table: loaded.tables[table].n for table in loaded.tables}
    assert kept == {
        "users": 3,
        "accounts": 1,
        "engagements": 1,
        "tasks": 2,
        "risk_signals": 1,
        "adoption_scores": 2,
        "contracts": 1,
        "opportunities": 1,
        "subscriptions": 1,
        "renewals": 1,
        "stack_items": 1,
        "stack_positions": 1,
        "measures": 2,
    }
    reasons = {table: NATIVE_REASONS[name](frame) for table, frame in loaded.rejected.items()}
    assert {table: len(texts) for table, texts in reasons.items()} == {
        "accounts": 1,
        "engagements": 2,
        "risk_signals": 1,
        "contracts": 2,
        "opportunities": 1,
        "stack_positions": 1,
    }
    assert reasons["accounts"] == ["owner_id: the id of one of users [dangling]"]
    assert "[word]" in reasons["engagements"][0]
    assert "[parent_rejected]" in reasons["engagements"][1]
    engagements = loaded.tables["engagements"]
    assert engagements.keys is not None
    assert engagements.keys.take(np.array([0])) == ["E1"]
    assert [engagements.keys.find(key) for key in ("E1", "E2", "E3")] == [0, -1, -1]
    assert engagements.keys.rank().tolist() == [0]
    assert engagements.columns["stage"].labels == ("Onboard",)
    assert engagements.source.values("id", np.array([0])) == ["E1"]
    assert loaded.tables["contracts"].columns["engagement_id"].tolist() == [0]
    assert loaded.tables["risk_signals"].columns["contract_id"].tolist() == [0]


def test_row_numbers_close_up_after_quarantine() -> None:
    users = pd.DataFrame({"id": ["U1", "U2", "U3"], "role": ["?", "success_agent", "success_agent"]})
    accounts = pd.DataFrame({"id": ["A1", "A2"], "owner_id": ["U3", "U2"]})
    loaded = load({"users": users, "accounts": accounts}, on_error="quarantine")
    assert loaded.tables["accounts"].columns["owner_id"].tolist() == [1, 0]
    users_ = loaded.tables["users"]
    assert users_.source.take(np.array([1, 0]))["id"].tolist() == ["U3", "U2"]
    assert users_.keys is not None
    assert users_.keys.take(np.array([1, 0])) == ["U3", "U2"]
    assert users_.keys.find("U3") == 1


def test_both_of_two_rows_with_one_id_are_rejected() -> None:
    items = pl.DataFrame({"id": ["a", "b", "a"], "name": ["x", "y", "z"]})
    tags = pl.DataFrame({"item_id": ["a", "b"], "tag": ["t", "t"]})
    loaded = load({"stack_items": items, "stack_tags": tags}, on_error="quarantine")
    assert loaded.tables["stack_items"].n == 1
    assert loaded.tables["stack_tags"].columns["item_id"].tolist() == [0]
    told = loaded.rejected["stack_items"]["reasons"].to_list()
    assert told == ["id: each id once; rows 0 and 2 both have it [duplicate]"] * 2


def test_a_long_chain_under_a_rejected_manager_leaves() -> None:
    count = 5_000
    users = pl.DataFrame(
        {
            "id": list(range(count)),
            "manager_id": [None, *range(count - 1)],
            "role": ["?"] + ["success_manager"] * (count - 1),
        }
    )
    loaded = load({"users": users}, on_error="quarantine")
    assert loaded.tables["users"].n == 0
    assert len(loaded.rejected["users"]) == count


def test_reasons_do_not_replace_a_column_of_the_host() -> None:
    items = pd.DataFrame({"id": ["a", None], "name": ["x", "y"], "reasons": ["ours", "ours too"]})
    rejected = load({"stack_items": items}, on_error="quarantine").rejected["stack_items"]
    assert rejected["reasons"].tolist() == ["ours too"]
    assert rejected["reasons_"].tolist() == ["id: an id: int or text [missing]"]


def test_odd_objects_go_to_quarantine_row_by_row() -> None:
    ids = pd.Series(["a", 1.5, None, b"x", "b"], dtype=object)
    loaded = load({"stack_items": pd.DataFrame({"id": ids, "name": "n"})}, on_error="quarantine")
    table = loaded.tables["stack_items"]
    assert table.keys is not None
    assert table.keys.take(np.array([0, 1])) == ["a", "b"]
    assert [text.split("[")[1] for text in loaded.rejected["stack_items"]["reasons"]] == [
        "type]",
        "missing]",
        "type]",
    ]


def test_on_error_is_one_of_two_words() -> None:
    with pytest.raises(OptionError):
        load({}, on_error="ignore")


def test_errors_name_twenty_and_hold_all() -> None:
    items = pd.DataFrame({"id": range(100), "name": [None] * 100})
    with pytest.raises(DataError) as caught:
        load({"stack_items": items})
    assert len(caught.value.problems) == 100
    assert "and 80 more" in str(caught.value)
    assert isinstance(caught.value, CsMetricsError)
    assert isinstance(caught.value, ValueError)


# --- folders ----------------------------------------------------------------------------------------------


def test_text_in_csv_stays_text(tmp_path: Path) -> None:
    (tmp_path / "stack_items.csv").write_text('id,name,extra\n007,NA,\n"1,5",null,x\n', "utf-8-sig")
    tables, settings = intake.read_folder(tmp_path)
    assert settings == {}
    table = load(tables).tables["stack_items"]
    assert table.keys is not None
    assert table.keys.take(np.array([0, 1])) == ["007", "1,5"]
    assert table.source.values("name", np.array([0, 1])) == ["NA", "null"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "feather", "json", "jsonl"])
def test_every_kind_of_file(suffix: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"id": ["a", "b"], "account_id": ["A", "A"], "value": [1.5, 2.0], "currency": [None, "EUR"]}
    )
    frame = frame.with_columns(state=pl.lit("draft"), starts_on=pl.lit("2024-01-01").str.to_date())
    file = tmp_path / f"contracts.{suffix}"
    {
        "csv": frame.write_csv,
        "parquet": frame.write_parquet,
        "arrow": frame.write_ipc,
        "feather": frame.write_ipc_stream,
        "json": frame.write_json,
        "jsonl": frame.write_ndjson,
    }[suffix](file)
    tables, _ = intake.read_folder(tmp_path)
    assert isinstance(tables["contracts"], pd.DataFrame)
    columns = load(tables).tables["contracts"].columns
    assert columns["value"].tolist() == [150, 250]
    assert columns["starts_on"].tolist() == days(D(2024, 1, 1), D(2024, 1, 1))


def test_settings_of_a_folder(tmp_path: Path) -> None:
    text = 'currency = "EUR"\ntz = "Europe/Berlin"\nfiscal_year_start = 4\n'
    text += "[rates]\nUSD = 0.9259259259259259259\n"
    (tmp_path / "portfolio.toml").write_text(text)
    tables, settings = intake.read_folder(str(tmp_path))
    assert tables == {}
    made = Settings(**settings)
    assert made.rates == {"USD": Decimal("0.9259259259259259259")}
    assert (made.currency, made.tz, made.fiscal_year_start) == ("EUR", "Europe/Berlin", 4)


def test_what_is_wrong_with_a_folder_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "engagement.csv").write_text("id\n")
    (tmp_path / "users.csv").write_text("id,role\n")
    (tmp_path / "users.json").write_text("[]")
    (tmp_path / "accounts.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "tasks.jsonl").write_text('{"id": 1}\n{"id": ')
    (tmp_path / "qbrs.csv").write_bytes(b"id\n\xff\xfe\n")
    (tmp_path / "contacts.csv").write_text("")
    (tmp_path / "portfolio.toml").write_text('curency = "USD"')
    (tmp_path / "README.md").write_text("not a table, and no matter")
    with pytest.raises(DataError) as caught:
        intake.read_folder(tmp_path)
    told = {(problem.table, problem.code) for problem in caught.value.problems}
    assert told == {
        ("engagement", "unknown_table"),
        ("users", "two_files"),
        ("accounts", "unreadable_file"),
        ("tasks", "unreadable_file"),
        ("qbrs", "unreadable_file"),
        ("contacts", "unreadable_file"),
        ("portfolio", "unknown_setting"),
    }
    assert "did you mean 'engagements'" in str(caught.value)
    assert "tasks.jsonl" in str(caught.value)


def test_a_row_with_too_many_cells_is_told(tmp_path: Path) -> None:
    (tmp_path / "stack_items.csv").write_text("id,name\na,b\nc,d,e\n")
    with pytest.raises(DataError, match=r"stack_items\.csv"):
        intake.read_folder(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        intake.read_folder(tmp_path / "nowhere")


# --- settings and currencies ------------------------------------------------------------------------------

BAD_SETTINGS: list[dict[str, Any]] = [
    {"currency": "usd"},
    {"currency": "XXX"},
    {"currency": None},
    {"tz": "Berlin"},
    {"tz": "../etc"},
    {"tz": ""},
    {"tz": 3},
    {"fiscal_year_start": 0},
    {"fiscal_year_start": 13},
    {"fiscal_year_start": True},
    {"fiscal_year_start": "3"},
    {"rates": {"EURO": 1}},
    {"rates": {"EUR": 0}},
    {"rates": {"EUR": -1}},
    {"rates": {"EUR": "NaN"}},
    {"rates": {"EUR": float("inf")}},
    {"rates": {"EUR": "1,08"}},
    {"rates": {"EUR": True}},
    {"rates": {"EUR": None}},
    {"rates": {"USD": 2}},
    {"rates": [("EUR", 1)]},
]


@pytest.mark.parametrize("options", BAD_SETTINGS, ids=str)
def test_settings_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Settings(**options)


def test_rates_are_exact() -> None:
    rates = Settings(rates={"EUR": 1.1, "GBP": "1.30", "JPY": Decimal("0.0067"), "KWD": 3, "USD": 1}).rates
    assert rates["EUR"] == Decimal("1.1")
    assert all(isinstance(rate, Decimal) for rate in rates.values())


def test_currencies() -> None:
    assert [money.exponent(code) for code in ("USD", "JPY", "KWD", "CLF", "EUR")] == [2, 0, 3, 4, 2]
    assert str(money.to_major(1210, "USD")) == "12.10"
    assert str(money.to_major(-5, "KWD")) == "-0.005"
    assert str(money.to_major(2**62, "JPY")) == str(2**62)
    with pytest.raises(OptionError, match="EUR"):
        money.exponent("EURO")


def test_enums_of_records_become_words() -> None:
    record = Engagement(id=1, account_id=1, stage="s", health=Health.RED, created_on=D(2024, 1, 1))
    frame = intake.from_records({"engagements": [record]})["engagements"]
    assert frame["health"].tolist() == ["red"]
    assert type(frame["health"][0]) is str
    assert frame["closed_on"].tolist() == [None]
    with pytest.raises(DataError):
        intake.from_records({"users": [record]})
