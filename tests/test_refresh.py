"""Refreshing is loading the merged tables, and costs less where it can."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
import intake_world
from builders import A, everyone, portfolio, record
from cs_metrics.errors import DataError, NotVisible, OptionError
from cs_metrics.records import SCHEMA
from cs_metrics.refresh import REFERRED
from worlds import GROUPS, Group, changed, compute, everything, load, view

COSTLY = settings(max_examples=max(settings.default.max_examples // 3, 1))


def told(made: csm.Portfolio) -> list[Any]:
    """The warnings, but not which row they name where the order of the rows decides that."""

    def named(one: Any) -> str:
        return str(one.row) if "id" in SCHEMA[one.table].columns and one.code != "similar_ids" else ""

    return sorted((one.table, one.column or "", one.code, named(one)) for one in made.warnings)


def keys(name: str, row: Any) -> Any:
    return tuple(getattr(row, column) for column in SCHEMA[name].key)


@pytest.mark.parametrize("group", GROUPS, ids=str)
@COSTLY
@given(st.data())
def test_equal_to_loading_the_merged_tables(group: Group, data: Any) -> None:
    """Two worlds of the same ids: some rows of a later state replace those of an earlier one, some go."""
    world = data.draw(group.worlds)
    leaves = [name for name, rows in world.tables.items() if rows and name not in REFERRED]
    if not leaves:
        return  # rows of the other tables cannot go without those that name them
    names = data.draw(st.lists(st.sampled_from(leaves), min_size=1, max_size=2, unique=True))
    earlier, given_, removed = dict(world.tables), {}, {}
    for name in names:
        rows = world.tables[name]
        fate = data.draw(
            st.lists(st.sampled_from(["same", "new", "other"]), min_size=len(rows), max_size=len(rows))
        )
        earlier[name] = [row for row, what in zip(rows, fate, strict=True) if what != "new"]
        given_[name] = [row for row, what in zip(rows, fate, strict=True) if what != "same"]
        gone = data.draw(st.sets(st.sampled_from(range(len(rows))), max_size=2)) if rows else set()
        gone = {place for place in gone if fate[place] == "same"}
        removed[name] = [
            keys(name, rows[n]) if SCHEMA[name].key != ("id",) else rows[n].id for n in sorted(gone)
        ]
        world = changed(world, {**world.tables, name: [row for n, row in enumerate(rows) if n not in gone]})
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans()):  # also what only long tables are worth
            for module in ("prepared", "happenings", "standings"):
                patch.setattr(f"cs_metrics.{module}.LONG", 0)
        before = load(changed(world, earlier))
        if data.draw(st.booleans()):
            with tempfile.TemporaryDirectory() as folder:
                before.save(Path(folder) / "saved")
                before = csm.Portfolio.open(Path(folder) / "saved")
        fresh = before.refresh(removed=removed, **given_)
        expected = load(world)
        assert fresh.fingerprint == expected.fingerprint
        assert told(fresh) == told(expected)
        for metric, options in group.calls:
            found = compute(metric, view(world, fresh), options)
            assert everything(found) == everything(compute(metric, view(world, expected), options)), metric.id


@pytest.mark.parametrize("name", sorted(REFERRED))
def test_a_table_that_others_refer_to(name: str) -> None:
    tables = csm.samples.frames(engagements=60, seed=2)
    whole = csm.Portfolio.from_frames(**tables)
    row = tables[name].iloc[[3]].copy()
    for column in ("name", "plan", "industry", "stage"):
        if column in row:
            row[column] = "another"
    if name == "contracts":
        row["value"] = 987_654
    if name == "users":
        row["role"] = "success_agent"
    if name == "engagements":
        row["owner_id"] = tables["users"]["id"].iloc[-1]
    fresh = whole.refresh(**{name: row})
    merged = pd.concat([tables[name].drop(index=row.index), row])
    expected = csm.Portfolio.from_frames(**{**tables, name: merged})
    assert fresh.fingerprint == expected.fingerprint != whole.fingerprint
    assert (
        csm.reports.success_report(everyone(fresh)).to_json()
        == csm.reports.success_report(everyone(expected)).to_json()
    )
    added = row.assign(id=f"{row['id'].iloc[0]}-new")
    assert fresh.refresh(**{name: added}).tables[name].n == whole.tables[name].n + 1


def test_what_did_not_change_is_not_laid_out_again() -> None:
    before = csm.samples.portfolio(engagements=60, seed=2)
    row = before.tables["tasks"].source.frame.iloc[[0]].assign(name="another")
    after = before.refresh(tasks=row)
    for name, table in before.tables.items():
        assert (after.tables[name] is table) == (name != "tasks")
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "pyarrow views", "duckdb", "chunks"])
def test_every_kind_of_frame(kind: str, tmp_path: Path) -> None:
    make = intake_world.KINDS[kind]
    tables = make(intake_world.world(), tmp_path)
    before = csm.Portfolio.from_frames(**tables, rates={"EUR": "1.25"})
    later = {"risk_signals": {**intake_world.WORLD["risk_signals"], "id": ["R2", "R3"], "category": ["A", "B"],
             "engagement_id": ["E3", "E1"], "contract_id": [None, "K1"]},
             "measures": {**intake_world.WORLD["measures"], "value": [1.0, 2.0]}}  # fmt: skip
    after = before.refresh(**make(later, tmp_path), removed={"risk_signals": ["R1"]})
    assert after.tables["risk_signals"].n == 2 and after.tables["measures"].n == 2
    merged = {**intake_world.world(), **later}
    expected = csm.Portfolio.from_frames(**make(merged, tmp_path), rates={"EUR": "1.25"})
    assert after.fingerprint == expected.fingerprint
    rows = csm.risk.active_risk_signals(after.view(as_of=date(2024, 6, 30), viewer=csm.EVERYONE)).rows()
    again = csm.risk.active_risk_signals(before.view(as_of=date(2024, 6, 30), viewer=csm.EVERYONE)).rows()
    assert type(rows) is type(again)
    other = pl.DataFrame(later["measures"]) if "polars" not in kind else pa.table(later["measures"])
    with pytest.raises(OptionError, match="of the kind in which it came"):
        before.refresh(measures=other)


def test_a_table_that_was_not_there() -> None:
    before = portfolio()
    with pytest.raises(csm.errors.MissingTable):
        csm.risk.active_risk_signals(everyone(before))
    after = before.refresh(risk_signals=[record("risk_signals", id="S1")])
    assert csm.risk.active_risk_signals(everyone(after)).value == 1
    assert list(after.tables) == [name for name in SCHEMA if name in after.tables]
    with pytest.raises(OptionError):
        before.refresh(removed={"tasks": ["T1"]})


def test_wrong_rows_are_told_and_nothing_changes() -> None:
    before = portfolio(objectives=[{"id": "O1"}])
    wrong = [record("objectives", id="O2", engagement_id="nowhere")]
    with pytest.raises(DataError, match="dangling"):
        before.refresh(objectives=wrong)
    kept = before.refresh(objectives=wrong, on_error="quarantine")
    assert kept.tables["objectives"].n == 1 and len(kept.rejected["objectives"]) == 1
    with pytest.raises(DataError, match="nowhere"):
        before.refresh(removed={"objectives": ["nowhere"]})
    with pytest.raises(OptionError, match="objectives"):
        before.refresh(objective=wrong)
    assert before.tables["objectives"].n == 1


def test_natural_keys() -> None:
    rows = [
        {"product": p, "on": day, "score": 10} for p in "PQ" for day in (date(2026, 1, 1), date(2026, 2, 1))
    ]
    before = portfolio(adoption_scores=rows)
    better = [record("adoption_scores", product="P", on=date(2026, 2, 1), score=90)]
    gone = [("A1", None, "Q", "2026-01-01"), ("A1", None, "Q", date(2026, 2, 1))]
    after = before.refresh(adoption_scores=better, removed={"adoption_scores": gone})
    assert sorted(after.tables["adoption_scores"].columns["score"].tolist()) == [10, 90]  # type: ignore[union-attr]
    with pytest.raises(OptionError):
        before.refresh(removed={"adoption_scores": ["A1"]})


def test_the_guard_stays() -> None:
    before = portfolio()
    before._only = "U1"
    after = before.refresh(objectives=[record("objectives", id="O1")])
    with pytest.raises(NotVisible):
        everyone(after)
    assert after.view(as_of=A, viewer="U1")


def test_settings_stay() -> None:
    world = {"currency": "EUR", "rates": {"USD": "0.5"}, "tz": "Europe/Berlin", "fiscal_year_start": 4}
    before = portfolio(world, contracts=[{"id": "C1"}])
    after = before.refresh(contracts=[record("contracts", id="C1", value=7, currency="USD")])
    assert after.settings == before.settings
    assert after.tables["contracts"].columns["value"].tolist() == [350]  # type: ignore[union-attr]
