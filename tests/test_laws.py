"""The laws of design: each holds for every metric in the catalog, because the tests loop over the catalog.

One example is one world; every metric, with every variant of its options, is held against it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
from cs_metrics import daily, testing
from cs_metrics.testing import laws
from cs_metrics.testing.stage import Stage
from holding import held
from oracle import ORACLE
from worlds import (
    GROUPS,
    VARIANTS,
    Group,
    compute,
    cut_by_the_view,
    everything,
    library_filters,
    row_keys,
    view,
)

EACH_GROUP = pytest.mark.parametrize("group", GROUPS, ids=str)
EXAMPLES = settings.default.max_examples
COSTLY = settings(max_examples=max(EXAMPLES // 4, 1))
HALF = settings(max_examples=max(EXAMPLES // 2, 1))
"""For what looks at a world in some ways, and in very many."""


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


def test_the_worlds_of_a_group_hold_what_its_metrics_need() -> None:
    """Where a table is always missing, a law would hold of MissingTable alone."""
    for group in GROUPS:
        for metric, _ in group.calls:
            assert set(metric.needs) <= set(group.tables), metric.id


@EACH_GROUP
@given(st.data())
def test_equal_to_the_oracle(group: Group, data: Any) -> None:
    """Law 1."""
    world = data.draw(group.worlds)
    held(group.calls, world, None, view(world))


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
    held(group.calls, world, filters, looked)


DOUBLED = ("escalations", "qbrs", "touchpoints", "risk_signals", "opportunities")
COUNTED_BESIDE = {("accounts.top", "risk_signals")}
"""A listing that says beside each parent how many such children it has."""


def case_of(metric: Any, options: dict[str, Any], stage: Stage) -> laws.Case:
    doubled = [
        child for child in DOUBLED if child != metric.counts and (metric.id, child) not in COUNTED_BESIDE
    ]
    return laws.Case(metric, options, stage, doubled, merges=not cut_by_the_view(metric, options))


@EACH_GROUP
@HALF
@given(st.data())
def test_every_metric_obeys_the_laws(group: Group, data: Any) -> None:
    """Laws 2 to 10 and edge case 32, as hosts hold their own metrics against them."""
    stage = Stage(data.draw(group.worlds))
    for metric, options in group.calls:
        case = case_of(metric, options, stage)
        for law in laws.LAWS:
            law(case)


@given(st.data())
def test_rows_stay_where_children_are_counted_beside(data: Any) -> None:
    stage = Stage(data.draw(testing.worlds(tables=("users", "accounts", "engagements", "risk_signals"))))
    for name, child in COUNTED_BESIDE:
        case = laws.Case(csm.catalog.metric(name), {}, stage)
        if not case.missing and child in stage.world.tables:
            assert row_keys(case.of(stage.twins(child))) == case.keys


@EACH_GROUP
@COSTLY
@given(st.data())
def test_a_canary_shows_neither_in_reports_nor_behind_filters(group: Group, data: Any) -> None:
    """Law 8, beyond single metrics."""
    world = data.draw(group.worlds)
    if world.viewer is None:
        return
    stage = Stage(world)
    filters = library_filters(data.draw(testing.filters(world)))
    said = []
    for name in ("owners", "industries", "segments", "groups", "accounts", "stages", "health"):
        try:
            offered = stage.watched.options(name)
        except csm.errors.MissingTable:
            continue
        assert offered == stage.view.options(name)
        said.append(str(offered))
    narrowed = stage.watched.portfolio.view(as_of=world.as_of, viewer=world.viewer, filters=filters)
    said += [str(everything(compute(metric, narrowed, options))) for metric, options in group.calls]
    for report in csm.catalog.reports():
        computed = report.compute(stage.watched)
        said += [computed.to_json(), repr(computed)]
    said.append(repr(stage.watched))
    assert not [text for text in said if "CANARY" in text or "98765000" in text]


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
            "vocabulary.success.MANY",
            "results.tables.MANY",
            "results.ordering.FEW",
            "view.LARGE",
            "prepared.LONG",
            "happenings.LONG",
            "standings.LONG",
            "timeline.LONG",
            "threads.WORTH",
        ):
            patch.setattr(f"cs_metrics.{name}", 0)
        apart = data.draw(
            st.sampled_from([daily.LONGEST, 30])
        )  # with days too far apart they must do without
        patch.setattr("cs_metrics.daily.LONGEST", apart)
        for name in ("columns.STEP", "sorting.STEP"):  # a few rows at a time
            patch.setattr(f"cs_metrics.{name}", 2)
        held(group.calls, world, None, view(world))


def test_the_first_rows_of_a_long_listing_are_its_first_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cs_metrics.prepared.LONG", 0)  # so that there are calendars to find them by
    portfolio = csm.samples.portfolio(engagements=20_000, seed=2)
    for viewer in (
        csm.EVERYONE,
        portfolio.view(as_of="2026-06-30", viewer=csm.EVERYONE).options("owners")[0],
    ):
        report = csm.reports.success_report(portfolio.view(as_of="2026-06-30", viewer=viewer))
        for name, result in report.results.items():
            if isinstance(result, csm.Listing):
                heads = {
                    count: result.head(count) for count in (0, 1, 10, 100)
                }  # before all of them are found
                everything_listed = result.head(result.value)
                for count, head in heads.items():
                    assert head == everything_listed[:count], name
