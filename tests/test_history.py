"""History: rows count as they stood on the day, by the table `history`; told again here in plain loops."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
import weakref
from datetime import date, timedelta
from typing import Any

import attrs
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
from builders import A, portfolio
from cs_metrics.history import told_columns
from cs_metrics.records import SCHEMA, History
from worlds import GROUPS, Group, arguments, changed, compute, everything, load, viewer_of

HALF = settings(max_examples=max(settings.default.max_examples // 3, 1))
OWNED = {
    "users": [{"id": "U1"}, {"id": "U2"}],
    "accounts": [{"id": "A1", "owner_id": "U2"}],
    "engagements": [{"id": "E1", "owner_id": "U2", "stage": "adoption", "health": "green"}],
}


def told(*lines: tuple[str, str, str, Any, date]) -> list[dict[str, Any]]:
    return [dict(zip(("table", "id", "column", "value", "on"), line, strict=True)) for line in lines]


def days(count: int) -> timedelta:
    return timedelta(days=count)


MOVED = told(
    ("engagements", "E1", "owner_id", "U1", A - days(60)),
    ("engagements", "E1", "owner_id", "U2", A - days(10)),
    ("engagements", "E1", "stage", "onboarding", A - days(60)),
    ("engagements", "E1", "stage", "adoption", A - days(10)),
)


def by_stage(found: csm.Portfolio, day: date, viewer: Any = csm.EVERYONE) -> Any:
    return csm.overview.health_by_stage(found.view(as_of=day, viewer=viewer)).value


def test_rows_count_as_they_stood() -> None:
    found = portfolio(**OWNED, history=MOVED)
    assert list(by_stage(found, A)) == list(by_stage(found, A - days(10))) == ["adoption"]
    assert list(by_stage(found, A - days(11))) == list(by_stage(found, A - days(60))) == ["onboarding"]
    assert list(by_stage(found, A - days(90))) == ["onboarding"]  # before the first: what the first says
    rows = csm.overview.total_engagements(found.view(as_of=A - days(11), viewer=csm.EVERYONE)).rows()
    assert rows["stage"].tolist() == ["onboarding"]


def test_who_sees_a_row_is_who_owned_it() -> None:
    found = portfolio(**OWNED, history=MOVED)
    for day, one, two in ((A, 0, 1), (A - days(11), 1, 0), (A - days(90), 1, 0)):
        seen = [
            csm.overview.total_engagements(found.view(as_of=day, viewer=viewer)).value
            for viewer in ("U1", "U2")
        ]
        assert seen == [one, two], day


def test_without_history_a_row_is_what_it_is() -> None:
    found = portfolio(**OWNED)
    assert list(by_stage(found, A - days(90))) == ["adoption"]
    assert found.view(as_of=A - days(90), viewer=csm.EVERYONE).portfolio is found
    with_history = portfolio(**OWNED, history=MOVED)
    assert (
        with_history.view(as_of=A, viewer=csm.EVERYONE).portfolio is with_history
    )  # nothing is laid out anew


def as_it_stood(tables: dict[str, list[Any]], history: list[History], day: date) -> dict[str, list[Any]]:
    """The rule in plain loops."""
    stood = {}
    for name, rows in tables.items():
        stood[name] = []
        for row in rows:
            said = {}
            for column in told_columns(SCHEMA[name]):
                line = [
                    one for one in history
                    if (one.table, one.column) == (name, column) and one.id == getattr(row, "id", None)
                ]  # fmt: skip
                line.sort(key=lambda one: one.on)
                if line and line[-1].on > day:
                    before = [one for one in line if one.on <= day]
                    said[column] = (before[-1] if before else line[0]).value
            stood[name].append(attrs.evolve(row, **said))
    return stood


@st.composite
def histories(draw: Any, world: Any) -> list[History]:
    """Entries for some rows, with values that rows of their table have, around the as-of day."""
    found: dict[Any, History] = {}
    for name, rows in world.tables.items():
        if SCHEMA[name].key != ("id",) or not rows:
            continue
        for column in told_columns(SCHEMA[name]):
            values = [getattr(row, column) for row in rows]
            for _ in range(draw(st.integers(0, 2))):
                row = draw(st.sampled_from(rows))
                on = world.as_of + timedelta(days=draw(st.sampled_from((-40, -1, 0, 1, 30, 200))))
                value = draw(st.sampled_from(values))
                found[name, row.id, column, on] = History(
                    table=name, id=row.id, column=column, value=value, on=on
                )
    return list(found.values())


@pytest.mark.parametrize("group", [one for one in GROUPS if one.name in ("success", "portfolio")], ids=str)
@HALF
@given(st.data())
def test_equal_to_a_portfolio_of_rows_as_they_stood(group: Group, data: Any) -> None:
    world = data.draw(group.worlds)
    history = data.draw(histories(world))
    found = csm.Portfolio.from_records(**world.tables, **arguments(world), history=history)
    day = world.as_of + timedelta(days=data.draw(st.sampled_from((-41, -1, 0, 1, 31, 300))))
    plain = load(changed(world, as_it_stood(world.tables, history, day)))
    views = [each.view(as_of=day, viewer=viewer_of(world)) for each in (found, plain)]
    for metric, options in group.calls:
        one, other = (everything(compute(metric, view, options)) for view in views)
        assert one == other, metric.id


def pandas_frames() -> dict[str, pd.DataFrame]:
    frames = {name: pd.DataFrame(rows) for name, rows in OWNED.items()}
    frames["users"] = frames["users"].assign(role="success_manager")
    frames["engagements"] = frames["engagements"].assign(
        account_id="A1", created_on=date(2020, 1, 1), note="ours"
    )
    return frames


def history_frame() -> pd.DataFrame:
    return pd.DataFrame(MOVED)


KINDS = {
    "pandas": lambda frame: frame,
    "category": lambda frame: frame.astype({name: "category" for name in ("stage",) if name in frame}),
    "polars": lambda frame: pl.from_pandas(frame),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "duckdb": lambda frame: duckdb.from_arrow(pa.Table.from_pandas(frame, preserve_index=False)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_of_every_kind_come_back_as_they_went_in(kind: str) -> None:
    made = {name: KINDS[kind](frame) for name, frame in pandas_frames().items()}
    found = csm.Portfolio.from_frames(**made, history=KINDS[kind](history_frame()))
    result = csm.overview.total_engagements(found.view(as_of=A - days(11), viewer="U1"))
    rows = result.rows()
    assert type(rows) is type(made["engagements"])
    frame = (
        rows
        if isinstance(rows, pd.DataFrame)
        else rows.to_pandas()
        if hasattr(rows, "to_pandas")
        else rows.df()
    )
    assert frame[["id", "stage", "note"]].to_numpy().tolist() == [["E1", "onboarding", "ours"]]


def test_a_column_that_was_not_supplied_can_be_told_of() -> None:
    frames = pandas_frames()
    frames["engagements"] = frames["engagements"].drop(columns="health")
    lines = told(
        ("engagements", "E1", "health", "red", A - days(60)),
        ("engagements", "E1", "health", "green", A - days(10)),
    )
    found = csm.Portfolio.from_frames(**frames, history=pd.DataFrame(lines))
    earlier = csm.overview.total_engagements(found.view(as_of=A - days(11), viewer=csm.EVERYONE))
    assert earlier.rows()["health"].tolist() == ["red"]
    assert [one.code for one in found.warnings] == ["history_ends_elsewhere"]


def test_it_is_saved_refreshed_and_read(tmp_path: Any) -> None:
    found = portfolio(**OWNED, history=MOVED)
    found.save(tmp_path / "saved")
    again = csm.Portfolio.open(tmp_path / "saved")
    assert (
        list(by_stage(again, A - days(11))) == ["onboarding"]
        and again.history.entries == found.history.entries
    )
    more = found.refresh(
        history=[History(table="engagements", id="E1", column="stage", value="planning", on=A - days(170))]
    )
    assert list(by_stage(more, A - days(90))) == ["planning"] and list(by_stage(more, A - days(11))) == [
        "onboarding"
    ]
    gone = found.refresh(removed={"engagements": ["E1"]})
    assert gone.history.entries == () and by_stage(gone, A - days(11)) == {}
    for name, frame in {**pandas_frames(), "history": history_frame()}.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    assert list(by_stage(csm.Portfolio.read(tmp_path), A - days(11))) == ["onboarding"]


def test_an_earlier_day_is_of_the_same_portfolio(tmp_path: Any) -> None:
    found, bare = portfolio(**OWNED, history=MOVED), portfolio(**OWNED)
    earlier = found.view(as_of=A - days(11), viewer=csm.EVERYONE).portfolio
    assert earlier is not found and earlier.fingerprint == found.fingerprint != bare.fingerprint
    assert earlier.refresh(removed={"engagements": ["E1"]}).tables["engagements"].n == 0
    earlier.save(tmp_path / "saved")
    assert csm.Portfolio.open(tmp_path / "saved").fingerprint == found.fingerprint
    assert (
        found.view(as_of=A - days(30), viewer=csm.EVERYONE).portfolio is earlier
    )  # no other day between them


def test_what_changed_between_two_days() -> None:
    found = portfolio(**OWNED, history=MOVED)
    before, after = (found.view(as_of=day, viewer="U1") for day in (A - days(11), A))
    change = csm.what_changed("overview.total_engagements", before, after)
    assert (change.before.value, change.after.value, change.left_count) == (1, 0, 1)


WRONG: list[tuple[tuple[Any, ...], str, str]] = [
    (("engagement", "E1", "stage", "x", A), "table", "word"),
    (("measures", "E1", "metric", "x", A), "table", "word"),
    (("contracts", "C1", "state", "active", A), "table", "dangling"),
    (("engagements", "E2", "stage", "x", A), "id", "dangling"),
    (("engagements", "E1", "account_id", "A1", A), "column", "word"),
    (("engagements", "E1", "health", "blue", A), "value", "word"),
    (("engagements", "E1", "owner_id", "U9", A), "value", "dangling"),
    (("engagements", "E1", "stage", "x", None), "on", "date"),
    (("users", "U1", "role", None, A), "value", "missing"),
]


@pytest.mark.parametrize(("line", "column", "code"), WRONG)
def test_what_is_wrong_is_named(line: tuple[Any, ...], column: str, code: str) -> None:
    frame = pd.DataFrame(
        [("engagements", "E1", "stage", "y", A), line], columns=["table", "id", "column", "value", "on"]
    )
    with pytest.raises(csm.errors.DataError) as raised:
        csm.Portfolio.from_frames(**pandas_frames(), history=frame)
    (problem,) = raised.value.problems
    assert (problem.table, problem.column, problem.row, problem.code) == ("history", column, 1, code)
    found = csm.Portfolio.from_frames(**pandas_frames(), history=frame, on_error="quarantine")
    assert found.rejected["history"]["table"].tolist() == [line[0]]
    assert [entry.value for entry in found.history.entries] == ["y"]


def test_twice_a_day_is_refused_and_columns_must_be_there() -> None:
    twice = told(("engagements", "E1", "stage", "x", A), ("engagements", "E1", "stage", "y", A))
    with pytest.raises(csm.errors.DataError, match="one value a day"):
        portfolio(**OWNED, history=twice)
    with pytest.raises(csm.errors.DataError, match=r"history\.column"):
        csm.Portfolio.from_frames(**pandas_frames(), history=history_frame().drop(columns="column"))


def test_ids_that_are_numbers_may_be_told_as_text() -> None:
    found = portfolio(
        users=[{"id": 1}, {"id": 2}],
        accounts=[{"id": 1, "owner_id": 2}],
        engagements=[],
        history=told(("accounts", "1", "owner_id", "1", A - days(9)), ("accounts", "1", "owner_id", "2", A)),
    )
    seen = [found.view(as_of=day, viewer=1).accounts.everything.count for day in (A - days(1), A)]
    assert seen == [1, 0]


STATES = {"stage", "health", "segment", "state", "status", "renewal_stage"}


def test_the_catalog_says_which_metrics_look_at_todays_state() -> None:
    """Each column's words, dealt out anew, change what the metrics say that name it, and no others."""
    frames = csm.samples.frames(engagements=400, seed=5)

    def said(of: dict[str, pd.DataFrame]) -> dict[str, Any]:
        view = csm.Portfolio.from_frames(**of).view(as_of="2026-06-30", viewer=csm.EVERYONE)
        return {metric.id: everything(compute(metric, view, {})) for metric in csm.catalog.metrics()}

    before = said(frames)
    found: dict[str, set[str]] = {name: set() for name in before}
    for table, schema in SCHEMA.items():
        for column in STATES.intersection(told_columns(schema), frames.get(table, ())):
            dealt = frames[table][column].sample(frac=1, random_state=1).to_numpy()
            after = said({**frames, table: frames[table].assign(**{column: dealt})})
            for name in before:
                if after[name] != before[name]:
                    found[name].add(f"{table}.{column}")
    declared = {metric.id: set(metric.states) for metric in csm.catalog.metrics()}
    assert {name: found[name] ^ declared[name] for name in found if found[name] != declared[name]} == {}


def test_shards_keep_it(tmp_path: Any) -> None:
    found = portfolio(**OWNED, history=MOVED)
    csm.spark.shard(found, 3, tmp_path / "shards")
    for day in (A, A - days(11)):
        looked = {"as_of": day, "viewer": "U1"}
        parts = csm.spark.evaluate(map, tmp_path / "shards", "overview.total_engagements", **looked)
        assert parts.value == csm.overview.total_engagements(found.view(**looked)).value


def test_it_comes_out_of_a_database_and_through_a_mapping(tmp_path: Any) -> None:
    frames = {**pandas_frames(), "history": history_frame()}
    with contextlib.closing(sqlite3.connect(tmp_path / "company.db")) as connection:
        for name, frame in frames.items():
            frame.astype(str).to_sql(name, connection, index=False)
        found = csm.Portfolio.from_database(connection)
        assert list(by_stage(found, A - days(11))) == ["onboarding"]
        with pytest.raises(csm.errors.OptionError, match="without history"):
            csm.Portfolio.from_database(connection, viewer="U1")
        alone = csm.Portfolio.from_database(
            connection, tables=["users", "accounts", "engagements"], viewer="U2"
        )
        assert alone.history.entries == ()
    for name, frame in frames.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    columns = {name: {"columns": {column: column for column in frame}} for name, frame in frames.items()}
    mapping = {"tables": {name: {"files": [name], **told} for name, told in columns.items()}}
    del mapping["tables"]["engagements"]["columns"]["note"]
    found = csm.Portfolio.from_source("own", tmp_path, mapping=mapping)
    assert list(by_stage(found, A - days(11))) == ["onboarding"]


def test_days_with_an_offset_beside_days_without() -> None:
    frame = history_frame().assign(
        on=["2026-06-01T00:00:00+02:00", "2026-06-02T00:00:00", "2026-06-03", "2026-06-04"]
    )
    with pytest.raises(csm.errors.DataError, match=r"history\.on.*offset"):
        csm.Portfolio.from_frames(**pandas_frames(), history=frame)


def test_a_portfolio_that_nobody_holds_is_gone_at_once() -> None:
    """Gigabytes must not wait for the collector: a service swaps portfolios under load."""
    found = portfolio(**OWNED)
    csm.reports.success_report(found.view(as_of=A, viewer=csm.EVERYONE)).to_json()
    gone = weakref.ref(found)
    gc.collect()
    gc.disable()
    try:
        del found
        assert gone() is None
    finally:
        gc.enable()
