"""Bad rows leave, their children with them, and say why."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from cs_metrics.errors import CsMetricsError, DataError, OptionError
from cs_metrics.intake import Coded
from intake_world import KINDS, WORLD, D, load, world

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


def test_objects_that_are_all_wrong_are_the_rows_fault() -> None:
    """A column of Python objects has no type of its own that could be wrong."""
    frame = pd.DataFrame(world(subscriptions={"mrr": [True]})["subscriptions"], dtype=object)
    loaded = load({"subscriptions": frame}, on_error="quarantine")
    assert loaded.tables["subscriptions"].n == 0
    assert len(loaded.rejected["subscriptions"]) == 1


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


GARBAGE: list[Any] = [
    None,
    "",
    "A1",
    "E1",
    "E9",
    7,
    1.5,
    True,
    "2024-02-30",
    "2019-01-01",
    D(2025, 1, 1),
    "red",
    b"x",
]


@pytest.mark.parametrize("seed", range(60))
def test_what_is_kept_is_sound_and_nothing_is_lost(seed: int) -> None:
    """Rows are kept or rejected; the kept ones alone are a portfolio without problems, and the same one."""
    dice = random.Random(seed)
    tables = {name: {column: list(cells) for column, cells in table.items()} for name, table in WORLD.items()}
    for _ in range(dice.randint(1, 6)):
        name = dice.choice(list(tables))
        column = dice.choice(list(tables[name]))
        cells = tables[name][column]
        cells[dice.randrange(len(cells))] = dice.choice(GARBAGE)
    frames_ = KINDS["pandas objects"](tables, Path())
    try:
        first = load(frames_, on_error="quarantine")
    except DataError as error:
        assert all(
            problem.row is None for problem in error.problems if problem.code in ("key_kind", "overflow")
        )
        return
    for name, table in first.tables.items():
        assert table.n + len(first.rejected.get(name, ())) == len(frames_[name])
        assert all(first.rejected[name]["reasons"]) if name in first.rejected else True
    again = load({name: table.source.take(np.arange(table.n)) for name, table in first.tables.items()})
    assert again.rejected == {}
    for name, table in first.tables.items():
        for column, values in table.columns.items():
            other = again.tables[name].columns[column]
            if isinstance(values, Coded):
                assert values.labels == other.labels
                values, other = values.codes, other.codes
            np.testing.assert_array_equal(values, other)
