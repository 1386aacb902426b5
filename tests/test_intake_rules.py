"""Every rule on rows and references: who breaks it is named. Expectations are written by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from intake_world import KINDS, D, World, failed, load, places, world


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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
