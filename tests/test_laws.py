"""The laws of design: each holds for every metric in the catalog, because the tests loop over the catalog.

One example is one world; every metric, with every variant of its options, is held against it.
"""

from __future__ import annotations

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import attrs
import jsonschema
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
from cs_metrics import intake, testing
from cs_metrics.records import SCHEMA
from cs_metrics.results import Result, schema
from oracle import ORACLE, Missing
from worlds import (
    GROUPS,
    VARIANTS,
    Group,
    arguments,
    besides,
    canaries,
    changed,
    compute,
    cut_by_the_view,
    everything,
    library_filters,
    load,
    record_keys,
    row_keys,
    scope,
    shards,
    view,
)

EACH_GROUP = pytest.mark.parametrize("group", GROUPS, ids=str)
EXAMPLES = settings.default.max_examples
COSTLY = settings(max_examples=max(EXAMPLES // 4, 1))
"""For laws that load many portfolios an example."""


def labelled(metric: Any, options: dict[str, Any]) -> str:
    return f"{metric.id}({', '.join(f'{k}={v}' for k, v in options.items())})"


def test_every_option_is_tried() -> None:
    """A metric with options cannot dodge: each option stands in a variant."""
    for metric in csm.catalog.metrics():
        tried = {name for options in VARIANTS.get(metric.id, []) for name in options}
        assert set(metric.defaults) <= tried, metric.id


def test_every_metric_has_an_oracle() -> None:
    assert {metric.id for metric in csm.catalog.metrics()} <= ORACLE.keys()


def test_every_metric_stands_in_one_group() -> None:
    grouped = [metric.id for group in GROUPS for metric, options in group.calls if not options]
    assert sorted(grouped) == sorted(metric.id for metric in csm.catalog.metrics())


def held_against_oracle(group: Group, world: Any, filters: Any, looked: csm.View) -> None:
    for metric, options in group.calls:
        where = labelled(metric, options)
        result = compute(metric, looked, options)
        try:
            answer = ORACLE[metric.id](scope(world, filters), **options)
        except Missing:
            assert isinstance(result, csm.errors.MissingTable), where
            continue
        assert not isinstance(result, Exception), f"{where}: {result}"
        assert result.value == answer.value, where
        if isinstance(answer.value, dict):
            assert list(result.value) == list(answer.value), where
        assert row_keys(result) == record_keys(answer.counts, answer.rows), where
        assert result.used + sum(result.excluded.values()) == answer.in_scope, where
        assert result.used == len(answer.rows), where
        if answer.frame is not None:
            assert result.head(result.value) == answer.frame, where
            assert result.to_frame(limit=1).shape[0] == min(1, len(answer.frame)), where
            if answer.limit is not None:
                assert result.head() == answer.frame[: answer.limit], where
                assert len(result.all()) == len(answer.frame), where
        for found, expected in besides(result, answer):
            assert found == expected, where


@EACH_GROUP
@given(st.data())
def test_equal_to_the_oracle(group: Group, data: Any) -> None:
    """Law 1."""
    world = data.draw(group.worlds)
    held_against_oracle(group, world, None, view(world))


@EACH_GROUP
@given(st.data())
def test_equal_to_the_oracle_under_filters(group: Group, data: Any) -> None:
    """Law 1, narrowed down."""
    world = data.draw(group.worlds)
    filters = data.draw(testing.filters(world))
    try:
        looked = view(world, filters=filters)
    except csm.errors.MissingTable:
        return
    held_against_oracle(group, world, filters, looked)


def cells(frame: pd.DataFrame, name: str) -> list[Any]:
    return [None if cell is None or cell != cell else cell for cell in frame[name].tolist()]


def polars_frame(frame: pd.DataFrame) -> Any:
    return pl.DataFrame({name: pl.Series(name, cells(frame, name), strict=False) for name in frame})


def arrow_frame(frame: pd.DataFrame) -> Any:
    return pa.table({name: pa.array(cells(frame, name)) for name in frame})


def duckdb_frame(frame: pd.DataFrame) -> Any:
    import duckdb

    return duckdb.from_arrow(arrow_frame(frame))


KINDS = {
    "pandas": lambda frame: frame,
    "polars": polars_frame,
    "pyarrow": arrow_frame,
    "duckdb": duckdb_frame,
}


def plain_frames(world: Any) -> dict[str, pd.DataFrame]:
    """Frames whose columns every kind of frame can hold: money as text."""
    frames = intake.from_records(world.tables)
    for frame in frames.values():
        for name in frame:
            if any(isinstance(value, Decimal | float) for value in frame[name].tolist()) and name in (
                "value", "amount", "mrr",
            ):  # fmt: skip
                frame[name] = [None if cell is None else str(cell) for cell in cells(frame, name)]
    return frames


@EACH_GROUP
@COSTLY
@given(st.data(), st.randoms(use_true_random=False))
def test_order_of_rows_and_kind_of_frame_change_nothing(group: Group, data: Any, random: Any) -> None:
    """Law 2."""
    world = data.draw(group.worlds)
    expected = [everything(compute(metric, view(world), options)) for metric, options in group.calls]
    tables = {}
    for name, frame in plain_frames(world).items():
        order = list(range(len(frame)))
        random.shuffle(order)
        kind = random.choice([*list(KINDS)[:3] * 3, "duckdb"])  # which is slow with tiny frames
        tables[name] = KINDS[kind](frame.iloc[order].reset_index(drop=True))
    looked = view(world, csm.Portfolio.from_frames(**tables, **arguments(world)))
    looked_at: set[str] = set()
    for (metric, options), before in zip(group.calls, expected, strict=True):
        result = compute(metric, looked, options)
        if isinstance(result, Exception):
            assert str(result) == before
            continue
        assert result.to_dict() == before[0], labelled(metric, options)
        if result.spec.counts in looked_at:
            continue  # one metric a table will do: rows are taken the same way for all
        looked_at.add(result.spec.counts)
        rows = result.rows()
        assert type(rows) is type(tables[result.spec.counts]), labelled(metric, options)
        found = as_pandas(rows).astype(object)
        ids = [str(key) for key in row_keys(result, found.where(found.notna(), None))]
        if SCHEMA[result.spec.counts].key == ("id",):
            assert ids == [str(key) for key in before[1]], labelled(metric, options)


def as_pandas(rows: Any) -> pd.DataFrame:
    """Rows of any kind as pandas."""
    if isinstance(rows, pl.DataFrame):
        return pd.DataFrame(rows.to_dict(as_series=False))
    if isinstance(rows, pd.DataFrame):
        return rows
    return (rows if isinstance(rows, pa.Table) else rows.to_arrow_table()).to_pandas()


@EACH_GROUP
@given(st.data())
def test_inputs_are_untouched_and_a_second_call_gives_the_same(group: Group, data: Any) -> None:
    """Law 3."""
    world = data.draw(group.worlds)
    frames = intake.from_records(world.tables)
    copies = copy.deepcopy(frames)
    looked = view(world, csm.Portfolio.from_frames(**frames, **arguments(world)))
    first = [everything(compute(metric, looked, options)) for metric, options in group.calls]
    again = [everything(compute(metric, looked, options)) for metric, options in reversed(group.calls)]
    assert first == again[::-1]
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(frame, copies[name])


@EACH_GROUP
@COSTLY
@given(st.data())
def test_the_headline_is_made_of_the_rows(group: Group, data: Any) -> None:
    """Law 4: a portfolio that holds no other rows of the counted table gives the same headline, nothing left out."""
    world = data.draw(group.worlds)
    looked = view(world)
    made: dict[Any, csm.View] = {}
    for metric, options in group.calls:
        result = compute(metric, looked, options)
        if isinstance(result, Exception):
            continue
        table, keys = result.spec.counts, frozenset(row_keys(result))
        if (table, keys) not in made:
            records = world.tables[table]
            kept = [r for r, key in zip(records, record_keys(table, records), strict=True) if key in keys]
            frames = intake.from_records(
                {**world.tables, table: orphaned(kept) if table == "accounts" else kept}
            )
            alone = csm.Portfolio.from_frames(**frames, **arguments(world), on_error="quarantine")
            made[table, keys] = view(world, alone)
        again = compute(metric, made[table, keys], options)
        assert again.value == result.value, labelled(metric, options)
        assert again.excluded == {}, labelled(metric, options)


@EACH_GROUP
@COSTLY
@given(st.data())
def test_scopes_nest(group: Group, data: Any) -> None:
    """Law 5: a manager's scope is the own rows and the reports' subtrees; wider scopes never show fewer rows."""
    world = data.draw(testing.worlds(tables=group.tables, complete=True))
    managers = [attrs.evolve(user, role=csm.Role.SUCCESS_MANAGER) for user in world.tables["users"]]
    agents = [attrs.evolve(user, role=csm.Role.SUCCESS_AGENT) for user in world.tables["users"]]
    subtrees, alone = load(world, users=managers), load(world, users=agents)
    everyone = subtrees.view(as_of=world.as_of, viewer=csm.EVERYONE)
    for metric, options in group.calls:
        widest = compute(metric, everyone, options)
        for user in managers:
            whole = compute(metric, subtrees.view(as_of=world.as_of, viewer=user.id), options)
            parts = [compute(metric, alone.view(as_of=world.as_of, viewer=user.id), options)]
            for report in managers:
                if report.manager_id == user.id:
                    below = subtrees.view(as_of=world.as_of, viewer=report.id)
                    parts.append(compute(metric, below, options))
            sizes = [part.used + sum(part.excluded.values()) for part in parts]
            assert whole.used + sum(whole.excluded.values()) == sum(sizes), labelled(metric, options)
            keys = [key for part in parts for key in row_keys(part)]
            assert len(keys) == len(set(keys)), labelled(metric, options)
            assert set(keys) <= set(row_keys(whole)) <= set(row_keys(widest)), labelled(metric, options)


@EACH_GROUP
@given(st.data())
def test_merged_shards_are_the_whole(group: Group, data: Any) -> None:
    """Law 6, also for parts that were pickled, and sent as JSON where that keeps enough."""
    world = data.draw(group.worlds)
    portfolio = load(world)
    whole = view(world, portfolio)
    parts = [view(world, load(changed(world, part))) for part in shards(world, whole=portfolio)]
    for metric, options in group.calls:
        expected = compute(metric, whole, options)
        if isinstance(expected, Exception):
            continue
        one, two = (compute(metric, part, options) for part in parts)
        if cut_by_the_view(metric, options):
            with pytest.raises(csm.errors.OptionError, match="cut"):
                one.merge(two)
            continue
        merged = one.merge(two)
        assert merged.to_dict() == expected.to_dict(), labelled(metric, options)
        assert row_keys(merged) == row_keys(expected), labelled(metric, options)
        sent = pickle.loads(pickle.dumps(one)).merge(pickle.loads(pickle.dumps(two)))
        assert sent.to_dict() == expected.to_dict(), labelled(metric, options)


def orphaned(accounts: list[Any]) -> list[Any]:
    """Accounts without the parents that are not among them."""
    ids = {account.id for account in accounts}
    return [
        attrs.evolve(account, parent_id=account.parent_id if account.parent_id in ids else None)
        for account in accounts
    ]


@EACH_GROUP
@given(st.data())
def test_rows_that_do_not_exist_yet_change_nothing(group: Group, data: Any) -> None:
    """Law 7."""
    world = data.draw(group.worlds)
    everyone = scope(changed_viewer(world))
    existing = {
        name: [row for row in rows if everyone.exists(name, row)] for name, rows in world.tables.items()
    }
    if "accounts" in existing:  # a parent account may begin later than its child
        existing["accounts"] = orphaned(existing["accounts"])
    looked, without = view(world), view(world, load(changed(world, existing)))
    for metric, options in group.calls:
        now = everything(compute(metric, looked, options))
        assert now == everything(compute(metric, without, options)), labelled(metric, options)


def changed_viewer(world: Any) -> Any:
    return attrs.evolve(world, viewer=None)


@EACH_GROUP
@given(st.data())
def test_a_canary_outside_the_scope_never_shows(group: Group, data: Any) -> None:
    """Law 8."""
    world = data.draw(group.worlds)
    if world.viewer is None:
        return
    before = view(world)
    extra = canaries(world)
    tables = {name: [*rows, *extra.get(name, [])] for name, rows in world.tables.items()}
    portfolio = load(changed(world, tables))
    after = view(world, portfolio)
    filters = library_filters(data.draw(testing.filters(world)))
    said: list[str] = []
    for metric, options in group.calls:
        result = compute(metric, after, options)
        assert everything(result) == everything(compute(metric, before, options)), labelled(metric, options)
        said += [repr(result), str(everything(result))]
        if not isinstance(result, Exception):
            said += [result.rows().to_csv(), str(result.to_frame().to_dict())]
    for name in ("owners", "industries", "segments", "groups", "accounts", "stages", "health"):
        try:
            offered = after.options(name)
        except csm.errors.MissingTable:
            continue
        assert offered == before.options(name)
        said.append(str(offered))
    narrowed = portfolio.view(as_of=world.as_of, viewer=world.viewer, filters=filters)
    said += [str(everything(compute(metric, narrowed, options))) for metric, options in group.calls]
    for report in csm.catalog.reports():
        computed = report.compute(after)
        said += [computed.to_json(), repr(computed)]
    said.append(repr(after))
    assert not [text for text in said if "CANARY" in text or "98765000" in text]


DOUBLED = ("escalations", "qbrs", "touchpoints", "risk_signals", "opportunities")
COUNTED_BESIDE = {("accounts.top", "risk_signals")}
"""A listing that says beside each parent how many such children it has: its rows stay as they were."""


@EACH_GROUP
@COSTLY
@given(st.data())
def test_another_child_never_counts_a_parent_twice(group: Group, data: Any) -> None:
    """Law 9: every child once more under another id; what counts the parents stays as it was."""
    world = data.draw(group.worlds)
    looked = view(world)
    for child in DOUBLED:
        if child not in world.tables:
            continue
        rows = world.tables[child]
        twins = [
            attrs.evolve(row, id=f"~~~{row.id}" if isinstance(row.id, str) else 10**9 + place)
            for place, row in enumerate(rows)
        ]
        more = view(world, load(changed(world, {**world.tables, child: [*rows, *twins]})))
        for metric, options in group.calls:
            result = compute(metric, looked, options)
            if isinstance(result, Exception) or result.spec.counts == child:
                continue
            twice = compute(metric, more, options)
            if (metric.id, child) in COUNTED_BESIDE:
                assert row_keys(twice) == row_keys(result), (child, labelled(metric, options))
                continue
            assert everything(twice) == everything(result), (child, labelled(metric, options))


@EACH_GROUP
@given(st.data())
def test_json_keeps_to_the_schema_and_reads_back(group: Group, data: Any) -> None:
    """Law 10."""
    world = data.draw(group.worlds)
    checker = jsonschema.Draft202012Validator(schema())
    looked = view(world)
    for metric, options in group.calls:
        result = compute(metric, looked, options)
        if isinstance(result, Exception):
            continue
        text = result.to_json()
        checker.validate(json.loads(text))
        back = Result.from_dict(json.loads(text))
        assert back == result, labelled(metric, options)
        assert back.value == result.value, labelled(metric, options)
        assert back.excluded == result.excluded, labelled(metric, options)
        with pytest.raises(csm.errors.RowsNotKept):
            back.rows()


@EACH_GROUP
@given(st.data())
def test_results_pickle_and_copy(group: Group, data: Any) -> None:
    """Edge case 32."""
    world = data.draw(group.worlds)
    looked = view(world)
    for metric, options in group.calls:
        result = compute(metric, looked, options)
        if isinstance(result, Exception):
            continue
        sent = pickle.loads(pickle.dumps(result))
        assert sent == result and sent.value == result.value and sent.excluded == result.excluded
        with pytest.raises(csm.errors.RowsNotKept):
            sent.rows()
        assert row_keys(copy.deepcopy(result)) == row_keys(result)


def test_threads_give_the_serial_answers() -> None:
    """Edge case 33."""
    portfolio = csm.samples.portfolio(engagements=300, seed=3)
    viewers = [csm.EVERYONE, *portfolio.view(as_of="2026-06-30", viewer=csm.EVERYONE).options("owners")][:8]

    def report(viewer: Any) -> str:
        looked = portfolio.view(as_of="2026-06-30", viewer=viewer)
        return csm.reports.success_report(looked).to_json()

    expected = [report(viewer) for viewer in viewers] * 12
    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(report, viewers * 12)) == expected
    calls = [call for group in GROUPS for call in group.calls]
    looked = portfolio.view(as_of="2026-06-30", viewer=csm.EVERYONE)
    with ThreadPoolExecutor(32) as threads:  # one view, its shared words computed by whoever comes first
        found = list(threads.map(lambda call: everything(compute(call[0], looked, call[1])), calls * 4))
    fresh = portfolio.view(as_of="2026-06-30", viewer=csm.EVERYONE)
    assert found == [everything(compute(metric, fresh, options)) for metric, options in calls] * 4


@EACH_GROUP
@given(st.data())
def test_what_is_done_for_many_rows_is_right_for_few(group: Group, data: Any) -> None:
    """The ways that are faster with many rows, and the locks of large views, against the oracle too."""
    world = data.draw(group.worlds)
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "columns.MANY",
            "results.tables.MANY",
            "results.ordering.FEW",
            "view.LARGE",
            "prepared.LONG",
            "happenings.LONG",
        ):
            patch.setattr(f"cs_metrics.{name}", 0)
        held_against_oracle(group, world, None, view(world))


def test_the_first_rows_of_a_long_listing_are_its_first_rows() -> None:
    portfolio = csm.samples.portfolio(engagements=20_000, seed=2)
    for viewer in (
        csm.EVERYONE,
        portfolio.view(as_of="2026-06-30", viewer=csm.EVERYONE).options("owners")[0],
    ):
        report = csm.reports.success_report(portfolio.view(as_of="2026-06-30", viewer=viewer))
        for name, result in report.results.items():
            if isinstance(result, csm.Listing):
                everything_listed = result.head(result.value)
                for count in (0, 1, 10, 100):
                    assert result.head(count) == everything_listed[:count], name
