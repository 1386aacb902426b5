"""Health, effort, segmentation and the stack under any model, held against the oracle; and the dashboard itself."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cs_metrics as csm
from cs_metrics import testing
from cs_metrics.models import SEGMENTS
from cs_metrics.results import Result
from holding import held, said
from worlds import GROUPS, changed, compute, load, shards, view

HEALTH = next(group for group in GROUPS if group.name == "health")
BAND_NAMES = ("at_risk", "needs_attention", "satisfactory", None)
DAYS = {(segment, band): len(segment) + len(band or "") for segment in SEGMENTS for band in BAND_NAMES}
POLICY = csm.ContactPolicy(days=DAYS)


def calls(data: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Every metric with options under drawn models."""
    health, effort = data.draw(testing.health_models()), data.draw(testing.effort_models())
    segmented = {
        "value": data.draw(st.sampled_from(("mrr", "mrr_per_seat"))),
        "effort": effort, "health": health, "cut": data.draw(testing.cuts()),
    }  # fmt: skip
    limit = data.draw(st.sampled_from((0, 1, 2, 10)))
    options: dict[str, dict[str, Any]] = {
        "health.scores": {"model": health},
        "health.distribution": {"model": health},
        "health.opportunity": {"model": health},
        "health.changes": {"model": health, "days": data.draw(st.sampled_from((0, 1, 30, 31, 365)))},
        "effort.scores": {"model": effort},
        "segmentation.segments": segmented,
        "segmentation.contact_cadence": {**segmented, "policy": POLICY},
        "stack.by_customer": {"limit": limit, "by": data.draw(st.sampled_from(("opportunity", "mrr")))},
        "stack.by_item": {
            "limit": limit,
            "by": data.draw(st.sampled_from(("opportunity", "mrr", "aligned"))),
        },
        "stack.alignment": {},
        "stack.opportunity": {},
    }
    return [(csm.catalog.metric(name), given) for name, given in options.items()]


@given(st.data())
def test_any_model_is_equal_to_the_oracle(data: Any) -> None:
    world = data.draw(HEALTH.worlds)
    held(calls(data), world, None, view(world))


@given(st.data())
def test_any_model_is_equal_to_the_oracle_under_filters(data: Any) -> None:
    world = data.draw(HEALTH.worlds)
    filters = data.draw(testing.filters(world))
    held(calls(data), world, filters, view(world, filters=filters))


@given(st.data())
def test_what_is_done_for_many_rows_is_right_for_few(data: Any) -> None:
    world = data.draw(HEALTH.worlds)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("columns.MANY", "results.tables.MANY", "results.ordering.FEW", "view.LARGE"):
            patch.setattr(f"cs_metrics.{name}", 0)
        patch.setattr("cs_metrics.vocabulary.placing.TABLED", 0)
        patch.setattr("cs_metrics.vocabulary.grading.BLOCK", 2)
        for name, value in {"prepared.LONG": 0, "prepared.ROOM": 1000, "prepared.STEP": 2}.items():
            patch.setattr(f"cs_metrics.{name}", value)
        patch.setattr("cs_metrics.vocabulary.stack.STEP", 2)
        held(calls(data), world, None, view(world))


@given(st.data())
def test_parts_cut_alike_are_the_whole(data: Any) -> None:
    """Merging with the whole's own thresholds, also of what was pickled on the way; and the cadence of what merged."""
    world = data.draw(HEALTH.worlds)
    segments = csm.catalog.metric("segmentation.segments")
    options = dict(next(options for metric, options in calls(data) if metric is segments))
    whole = compute(segments, view(world), options)
    if isinstance(whole, Exception) or whole.cut is None:
        return
    options["cut"] = whole.cut
    whole = compute(segments, view(world), options)
    parts = [compute(segments, view(world, load(changed(world, part))), options) for part in shards(world)]
    sent = [pickle.loads(pickle.dumps(part)) for part in parts]
    cadence = csm.segmentation.contact_cadence(whole, policy=POLICY)
    for one, two in (parts, sent):
        merged = one.merge(two)
        assert merged.to_dict() == whole.to_dict()
        assert said(merged) == said(whole)
        assert csm.segmentation.contact_cadence(merged, policy=POLICY).to_dict() == cadence.to_dict()
    back = Result.from_dict(json.loads(whole.to_json()))
    assert said(back) == said(whole) and back.value == whole.value


def sample(engagements: int = 300, **filters: Any) -> csm.View:
    company = csm.samples.portfolio(engagements=engagements)
    return company.view(
        as_of="2026-06-30", viewer=csm.EVERYONE, filters=csm.Filters(**filters) if filters else None
    )


def test_the_dashboard_has_the_sources_six_elements_in_order() -> None:
    report = csm.reports.customer_success(sample())
    assert list(report.results) == [
        "segmentation.segments", "health.distribution", "health.opportunity", "stack.by_customer",
        "stack.opportunity", "stack.by_item",
    ]  # fmt: skip
    assert report.filters_applied == 0
    assert csm.catalog.report("customer_success") is report.report


def test_the_dashboard_tells_how_many_filters_are_on() -> None:
    health, effort = csm.HealthModel.default(), csm.EffortModel.default()
    narrowed = sample(health_bands={"at_risk"}, health_model=health, customer_segments={"high_value_high_effort"},
                      effort_model=effort, groups={"EMEA"})  # fmt: skip
    report = csm.reports.customer_success(narrowed)
    assert report.filters_applied == 3 and report.to_dict()["filters_applied"] == 3
    assert "3 applied" in report.to_text()
    assert json.loads(report.to_json())["filters"]["cut"] == {"kind": "median"}


def test_a_filter_by_segment_shows_its_accounts_in_that_segment() -> None:
    """They are cut as the filter cut them, not anew among themselves; and by its models."""
    effort = csm.EffortModel(weights={"account:employees": 1}, scales={"account:employees": (0, 100)})
    whole = csm.segmentation.segments(sample(), effort=effort, value="mrr_per_seat")
    for segment, count in whole.counts().items():
        looked = sample(customer_segments={segment}, effort_model=effort, segment_value="mrr_per_seat")
        shown = csm.reports.customer_success(looked)["segmentation.segments"]
        assert isinstance(shown, csm.Segments)
        assert shown.cut == looked.cut == whole.cut
        assert shown.counts() == {name: count if name == segment else 0 for name in whole.counts()}


def test_one_health_model_serves_all_elements() -> None:
    model = csm.HealthModel(weights={"nps": 1}, scales={"nps": (0, 1)}, bands={"all": (0, 100)})
    report = csm.reports.customer_success(sample(), health=model)
    distribution, segments = report["health.distribution"], report["segmentation.segments"]
    assert isinstance(distribution, csm.Breakdown) and isinstance(segments, csm.Segments)
    assert set(distribution.value) <= {"all", None}
    assert {line[4] for line in segments.head(segments.value)} <= {"all", None}


def test_parts_that_a_filter_cut_at_their_own_median_do_not_merge() -> None:
    looked = sample(customer_segments={"low_value_low_effort"}, effort_model=csm.EffortModel.default())
    one = csm.overview.total_engagements(looked)
    with pytest.raises(csm.errors.OptionError, match="its own cut"):
        one.merge(one)


def test_the_dashboard_is_drawn_and_read_back() -> None:
    report = csm.reports.customer_success(sample())
    page = report.to_html()
    for word in ("high value low effort", "listed together", "untagged", "Managed firewall"):
        assert (word in page) == (word != "untagged" or "untagged" in report.to_text()), word
    for result in report.results.values():
        assert isinstance(result, Result)
        assert Result.from_dict(json.loads(result.to_json())) == result


def test_an_empty_dashboard_says_so() -> None:
    company = csm.samples.portfolio(engagements=0)
    report = csm.reports.customer_success(company.view(as_of="2026-06-30", viewer=csm.EVERYONE))
    assert [result.used for result in report.results.values() if isinstance(result, Result)] == [0] * 6
    report.to_html(), report.to_text(), report.to_json()
