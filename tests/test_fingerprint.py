"""Fingerprints: two people can see that they looked at the same rows and the same definition."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
import intake_world
from builders import everyone, portfolio
from cs_metrics import fingerprint
from cs_metrics.records import SCHEMA
from cs_metrics.results import Result, schema
from worlds import GROUPS, Group, changed, load

COSTLY = settings(max_examples=max(settings.default.max_examples // 2, 1))


def print_of(tables: Any, **options: Any) -> str:
    return csm.Portfolio.from_frames(**tables, rates={"EUR": "1.25"}, **options).fingerprint


@pytest.mark.parametrize("kind", intake_world.KINDS)
def test_the_kind_of_frame_leaves_no_trace(kind: str, tmp_path: Path) -> None:
    world = intake_world.world()
    expected = print_of(intake_world.KINDS["polars"](world, tmp_path))
    assert print_of(intake_world.KINDS[kind](world, tmp_path)) == expected


@pytest.mark.parametrize("group", GROUPS, ids=str)
@COSTLY
@given(st.data())
def test_the_order_of_rows_leaves_no_trace(group: Group, data: Any) -> None:
    world = data.draw(group.worlds)
    shuffled = {name: data.draw(st.permutations(rows)) for name, rows in world.tables.items()}
    order = data.draw(st.permutations(list(shuffled)))
    other = changed(world, {name: shuffled[name] for name in order})
    assert load(other).fingerprint == load(world).fingerprint


def differing(column: Any, value: Any) -> Any:
    """Another value that a column may have, None where there is none."""
    if column.kind == "key":
        return None
    if column.words:
        return next(word for word in column.words if word != value)
    if column.kind == "flag":
        return not value
    if column.kind in ("text", "category"):
        return f"{value}."
    if column.kind == "money":
        return Decimal(str(value or 0)) + 1000  # much: less could be rounded away where it is converted
    if column.kind in ("int", "number"):
        return (value or 0) + 1 if column.high is None else abs((value or 0) - column.high / 2)
    return None


@pytest.mark.parametrize("group", GROUPS, ids=str)
@COSTLY
@given(st.data())
def test_one_changed_cell_is_another_portfolio(group: Group, data: Any) -> None:
    world = data.draw(group.worlds.filter(lambda world: any(world.tables.values())))
    name = data.draw(st.sampled_from([name for name, rows in world.tables.items() if rows]))
    place = data.draw(st.integers(0, len(world.tables[name]) - 1))
    row = world.tables[name][place]
    columns = [
        column
        for column in SCHEMA[name].columns.values()
        if column.name not in (*SCHEMA[name].key, "currency")
        and differing(column, getattr(row, column.name)) not in (None, getattr(row, column.name))
    ]
    before = load(world)
    if columns:
        column = data.draw(st.sampled_from(columns))
        other = attrs.evolve(row, **{column.name: differing(column, getattr(row, column.name))})
        rows = [*world.tables[name][:place], other, *world.tables[name][place + 1 :]]
        assert load(world, **{name: rows}).fingerprint != before.fingerprint
    less = {table: rows for table, rows in world.tables.items() if table != name}
    if not any(column.refers == name for table in less for column in SCHEMA[table].references):
        assert load(changed(world, less)).fingerprint != before.fingerprint


def test_ids_references_and_missing_values_count() -> None:
    def one(**columns: Any) -> str:
        return csm.Portfolio.from_frames(accounts=pd.DataFrame({"id": ["a", "b"], **columns})).fingerprint

    found = [
        one(), one(name=["x", None]), one(name=[None, "x"]), one(name=["", None]), one(id=["a", "c"]),
        one(id=[1, 2]), one(id=["1", "2"]), one(parent_id=["b", None]), one(parent_id=[None, "a"]),
        one(owner_id=["x", None]), one(owner_id=["y", None]),
        one(employees=[0, None]), one(employees=[None, 0]), one(created_on=["2026-01-01", None]),
        one(industry=["x", None]), one(group=["x", None]), one(name=["x" * 8, None]), one(name=["x" * 9, None]),
        one(name=["x" * 10_000, None]), one(name=["x" * 9_999 + "y", None]), one(name=["\0", None]),
    ]  # fmt: skip
    assert len(set(found)) == len(found)
    assert one(name=[None, None]) == one() == one(industry=[None, None])


def test_settings_count_and_rates_as_converted() -> None:
    rows = {"contracts": [{"id": "C1", "value": 108, "currency": None}]}
    same = {"contracts": [{"id": "C1", "value": 100, "currency": "EUR"}]}
    plain = portfolio(**rows).fingerprint
    assert portfolio({"rates": {"EUR": "1.08"}}, **same).fingerprint == plain
    assert portfolio({"rates": {"EUR": "1.09"}}, **same).fingerprint != plain
    assert portfolio({"rates": {"GBP": "2"}}, **rows).fingerprint == plain
    for setting in ({"currency": "EUR"}, {"tz": "Europe/Berlin"}, {"fiscal_year_start": 2}):
        assert portfolio(setting, **rows).fingerprint != plain


def test_columns_beyond_the_declared_do_not_count() -> None:
    frame = pd.DataFrame({"id": ["A1"]})
    assert print_of({"accounts": frame.assign(own=1)}) == print_of({"accounts": frame})


def test_it_is_what_it_was() -> None:
    """A fingerprint that is written down must stay: change VERSION if this has to change."""
    assert fingerprint.VERSION == 1
    assert portfolio().fingerprint == "496f35ca08a2ec4f8446a2430492b44d"


def test_texts_are_hashed_by_their_bytes() -> None:
    words = ["", "a", "ab", "abcdefgh", "abcdefgh\0", "abcdefghi", "\0", "é", "e\u0301", "x" * 1000, None]
    whole = fingerprint.texts(pa.array(words, pa.large_string()))
    assert len(set(whole.tolist())) == len(words)
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        array = pa.array(["skipped", *words, "behind"], kind).slice(1, len(words))
        assert (fingerprint.texts(array) == whole).all()
    assert len(np.unique(fingerprint.texts(pa.array([f"A{n}" for n in range(300_000)])))) == 300_000


def test_results_carry_it_once_it_is_known() -> None:
    made = portfolio()
    before = csm.overview.total_engagements(everyone(made))
    assert before.to_dict()["portfolio"] is None
    known = made.fingerprint
    after = csm.overview.total_engagements(everyone(made))
    told = after.to_dict()
    assert told["portfolio"] == after.context.portfolio == known
    assert told["metric"]["version"] == after.spec.version == 1
    jsonschema.Draft202012Validator(schema()).validate(json.loads(after.to_json()))
    for back in (Result.from_dict(told), pickle.loads(pickle.dumps(after))):
        assert back.to_dict() == told
    assert before == after  # they say the same; of which rows is told apart


def test_merged_parts_are_of_no_one_portfolio() -> None:
    one, two = portfolio(), portfolio(engagements=[{"id": "E2"}])
    parts = []
    for made in (one, two):
        made.fingerprint  # noqa: B018 - asked for
        parts.append(csm.overview.total_engagements(everyone(made)))
    assert parts[0].merge(parts[1]).context.portfolio is None
    assert parts[0].merge(parts[1]).value == 2


def test_a_metric_says_its_version() -> None:
    @csm.metric(title="T", unit="u", source="s", counts="engagements", version=3)
    def third(view: Any) -> csm.Count:
        """The third definition."""
        return csm.Count(view.engagements.everything)

    assert third(everyone(portfolio())).spec.version == 3
    assert third.metric.version == 3  # type: ignore[attr-defined]
