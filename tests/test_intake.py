"""What goes in comes out: checked columns, keys, and the rows as they came."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import cs_metrics as csm
from cs_metrics import intake
from cs_metrics.intake import NO_AMOUNT, NO_DAY, NO_INT, Coded
from cs_metrics.records import (
    SCHEMA,
    Account,
    Role,
    User,
)
from intake_world import AWARE, KINDS, NAIVE, WORLD, D, days, failed, frames, load, places, words, world


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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


def test_inputs_of_many_rows_are_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout writes over what was read; with few rows never, so few must pass for many here."""
    monkeypatch.setattr("cs_metrics.threads.WORTH", 0)
    company = csm.samples.frames(engagements=60, seed=3)
    parents = ("users", "accounts", "engagements", "subscriptions")
    for made in (
        lambda frame: frame,
        _days_as_they_lie,
        lambda frame: pl.from_arrow(_days_as_they_lie(frame)),
    ):
        tables = {name: made(frame) for name, frame in company.items()}
        before = {name: pickle.dumps(table) for name, table in tables.items()}
        csm.Portfolio.from_frames(**tables)
        for name in SCHEMA.keys() - set(parents):  # in a frame without columns there is nothing to read
            csm.Portfolio.from_frames(**{other: tables[other] for other in parents}, **{name: pd.DataFrame()})
        assert {name: pickle.dumps(table) for name, table in tables.items()} == before


def _days_as_they_lie(frame: pd.DataFrame) -> pa.Table:
    """Days as 32-bit numbers, which nobody needs to convert."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    fields = [
        field.with_type(pa.date32()) if pa.types.is_timestamp(field.type) else field for field in table.schema
    ]
    return table.cast(pa.schema(fields))


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
    load(frames(pd.DataFrame)(WORLD, Path()), progress=lambda table, rows: seen.append((table, rows)))
    assert sorted(seen) == sorted((name, len(next(iter(table.values())))) for name, table in WORLD.items())


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
