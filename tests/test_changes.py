"""What changed: for every metric of the catalog, the rows that entered, left and changed explain the difference.

Pairs of views differ in day, viewer, filters, and portfolio. Who entered and who left is found here in plain
Python from the keys of both results' rows; what they add is held against the metric over just these rows.
"""

from __future__ import annotations

import copy
import json
import math
import pickle
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import jsonschema
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
from builders import A, everyone, portfolio
from cs_metrics import intake, testing
from cs_metrics.records import SCHEMA
from cs_metrics.results import Change, schema
from worlds import GROUPS, Group, arguments, compute, library_filters, load, record_keys, row_keys

EACH_GROUP = pytest.mark.parametrize("group", GROUPS, ids=str)
HALF = settings(max_examples=max(settings.default.max_examples // 2, 1))
COSTLY = settings(max_examples=max(settings.default.max_examples // 6, 1))
EXPLAINING = ("entered", "left", "changed")


# pairs of views ---------------------------------------------------------------------------------------------


def moved_on(world: Any, random: Any) -> dict[str, list[Any]]:
    """Next week's load: some rows gone, some with what another row says, some new under an id of their own."""
    tables = {}
    for name, rows in world.tables.items():
        found = []
        for place, row in enumerate(rows):
            if random.random() < 0.15:
                continue
            found.append(row if random.random() < 0.6 else like(name, row, random.choice(rows)))
            if hasattr(row, "id") and random.random() < 0.2:
                fresh = f"~new {row.id}" if isinstance(row.id, str) else 10**7 + place
                found.append(attrs.evolve(like(name, row, random.choice(rows)), id=fresh))
        random.shuffle(found)
        tables[name] = found
    return tables


def like(table: str, row: Any, other: Any) -> Any:
    """A row that keeps its key and parents and says for the rest what another one says."""
    columns = SCHEMA[table].columns.values()
    said = {
        c.name: getattr(other, c.name) for c in columns if not c.refers and c.name not in SCHEMA[table].key
    }
    return attrs.evolve(row, **said)


def later(world: Any, random: Any) -> csm.Portfolio:
    """The portfolio of next week's load, without the rows whose parents are gone."""
    frames = intake.from_records(moved_on(world, random))
    return csm.Portfolio.from_frames(**frames, **arguments(world), on_error="quarantine")


@st.composite
def pairs(draw: Any, group: Group) -> tuple[csm.View, csm.View]:
    """Two views that differ in one or more of day, viewer, filters and portfolio."""
    world = draw(group.worlds)
    before = load(world)
    after = later(world, draw(st.randoms(use_true_random=False))) if draw(st.booleans()) else before
    viewers = [csm.EVERYONE, *sorted(user.id for user in world.tables.get("users", ()))]
    sides = []
    for side in (before, after):
        filters = library_filters(draw(testing.filters(world))) if draw(st.integers(0, 3)) == 3 else None
        day = world.as_of + timedelta(days=draw(st.sampled_from((0, 0, 7, -31, 92, -400))))
        viewer = draw(st.sampled_from(viewers)) if draw(st.booleans()) else csm.EVERYONE
        try:
            sides.append(side.view(as_of=day, viewer=viewer, filters=filters))
        except (csm.errors.MissingTable, csm.errors.UnknownViewer):
            sides.append(side.view(as_of=day, viewer=csm.EVERYONE))
    return sides[0], sides[1]


def change_of(metric: Any, before: csm.View, after: csm.View, options: dict[str, Any]) -> Any:
    try:
        return csm.what_changed(metric, before, after, **options)
    except csm.errors.MissingTable as missing:
        return missing


UNEXPLAINED: dict[str, str] = {
    "review.alert_status": "a group is no row",
    "revenue.mrr_movements": "what moves is an account's MRR: a subscription alone is neither new nor churn",
    "revenue.quick_ratio": "as the movements that it is made of",
    "revenue.cohorts": "an account stands in its cohort, whatever subscriptions it has",
    "revenue.concentration": "who is among the largest hangs on all the others",
    "usage.summary": "a group is no row",
    "revenue.renewal_forecast": "what is expected is rounded once, over all contracts",
    "stack.by_item": "a group is no row",
}
"""Metrics whose value no sum over rows gives, and why; all others of the catalog are explained."""


def every(group: Group, before: csm.View, after: csm.View) -> Any:
    """Every change of the catalog, and where to look if it is wrong."""
    for metric, options in group.calls:
        if metric.id in UNEXPLAINED:
            continue
        change = change_of(metric, before, after, options)
        if isinstance(change, csm.errors.MissingTable):
            sides = [compute(metric, view, options) for view in (before, after)]
            assert any(isinstance(side, csm.errors.MissingTable) for side in sides)
            continue
        yield change, f"{metric.id}({options})"


# what a value is, in plain Python ----------------------------------------------------------------------------


def flat(value: Any) -> dict[tuple[Any, ...], Any]:
    """A number by label, or by two, as numbers by cell; a bare one under ()."""
    if not isinstance(value, Mapping):
        return {(): value}
    return {(label, *cell): number for label, inner in value.items() for cell, number in flat(inner).items()}


def numbers(result: Any) -> dict[tuple[Any, ...], Any]:
    """All that a result counts, by cell: what limits cut off too, a ratio above and below its line."""
    if isinstance(result, csm.Trend):
        return numbers(result.current)
    if isinstance(result, csm.Ratio):
        return {("numerator",): result.numerator, ("denominator",): result.denominator}
    if isinstance(result, csm.Breakdown):
        told = result.to_dict()
        return {
            (bucket["label"],): Decimal(bucket["value"]) if told["money"] else bucket["value"]
            for bucket in (*told["value"], *told["cut_off"])
        }
    if isinstance(result, csm.Crosstab):
        told = result.to_dict()
        return {
            (line["label"], column): number
            for line in (*told["value"], *told["cut_off"])
            for column, number in zip(told["columns"], line["values"], strict=True)
        }
    return flat(result.value)


def without_zeros(found: Mapping[Any, Any]) -> dict[Any, Any]:
    return {cell: number for cell, number in found.items() if number}


def like_enough(one: Any, other: Any) -> bool:
    """Equal, but for the rounding of fractions, which frames show as floats."""
    exact = not isinstance(one, float) and not isinstance(other, float)
    return bool(one == other) if exact else math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def keys(table: str, frame: pd.DataFrame) -> list[Any]:
    columns = [
        [None if v is None or v != v else v for v in frame[name].tolist()] for name in SCHEMA[table].key
    ]
    return [line[0] if len(line) == 1 else line for line in zip(*columns, strict=True)]


# the law ------------------------------------------------------------------------------------------------------


@EACH_GROUP
@HALF
@given(st.data())
def test_every_change_is_made_of_rows(group: Group, data: Any) -> None:
    """Law 7, second half."""
    views = data.draw(pairs(group))
    for change, where in every(group, *views):
        the_parts_add_up_to_every_difference(change, where)
        who_entered_and_left_are_the_rows_of_one_side_only(change, where)


@EACH_GROUP
@COSTLY
@given(st.data())
def test_every_change_is_made_of_rows_row_by_row(group: Group, data: Any) -> None:
    views = data.draw(pairs(group))
    for change, where in every(group, *views):
        row_by_row_the_differences_add_up(change, where)


def the_parts_add_up_to_every_difference(change: Any, where: str) -> None:
    before, after = numbers(change.before), numbers(change.after)
    difference = {cell: after.get(cell, 0) - before.get(cell, 0) for cell in {*before, *after}}
    assert without_zeros(flat(change.difference)) == without_zeros(difference), where
    parts = {name: flat(part) for name, part in change.parts.items()}
    for cell, number in flat(change.difference).items():
        assert sum(part[cell] for part in parts.values()) == number, where
    for cell, line in change.lines().items():
        assert line.before == before.get(cell, 0) and line.after == after.get(cell, 0), where
    total = change.total
    assert (total is None) == (not isinstance(change.after, csm.Breakdown | csm.Tree)), where
    if total is not None:
        assert total.difference == change.after.total - change.before.total, where
        assert total.entered + total.left + total.changed == total.difference, where


def who_entered_and_left_are_the_rows_of_one_side_only(change: Any, where: str) -> None:
    table = change.spec.counts
    before, after = row_keys(change.before), row_keys(change.after)
    assert change.tables[0] == table, where
    assert keys(table, change.entered()) == [key for key in after if key not in set(before)], where
    assert keys(table, change.left()) == [key for key in before if key not in set(after)], where
    assert change.entered_count - change.left_count == change.after.used - change.before.used, where
    counts = change.entered_count, change.left_count, change.changed_count
    assert counts == tuple(change.counts[table].values()), where
    changed = keys(table, change.changed())
    assert len(set(changed)) == change.changed_count, where
    assert set(changed) <= set(before) & set(after), where


def row_by_row_the_differences_add_up(change: Any, where: str) -> None:
    found: dict[str, dict[Any, Any]] = {what: {} for what in EXPLAINING}
    names = list(change.to_dict()["names"])
    for table in change.tables:
        lines = change.by_row(table)
        for line in lines.to_dict("records"):
            assert like_enough(line["after"] - line["before"], line["difference"]), where
            cell = tuple(None if line[name] != line[name] else line[name] for name in names)
            sums = found[line["what"]]
            sums[cell] = sums.get(cell, 0) + line["difference"]
        changed = lines[lines["what"] == "changed"].drop(columns="what").reset_index(drop=True)
        assert changed.to_dict("records") == change.changed(table).to_dict("records"), where
        for what in ("entered", "left"):  # every row that entered or left says what it adds
            some = set(keys(table, lines[lines["what"] == what]))
            assert some <= set(keys(table, getattr(change, what)(table))), where
    for what, sums in found.items():
        parts = flat(change.parts[what])
        assert all(like_enough(sums.get(cell, 0), parts.get(cell, 0)) for cell in {*sums, *parts}), where


def without_parents(rows: list[Any]) -> list[Any]:
    """Accounts without their parent accounts, which are not among them; other rows as they are."""
    return [attrs.evolve(row, parent_id=None) if hasattr(row, "parent_id") else row for row in rows]


@EACH_GROUP
@COSTLY
@given(st.data(), st.randoms(use_true_random=False))
def test_what_entered_adds_is_the_metric_over_it_alone(group: Group, data: Any, random: Any) -> None:
    """A portfolio that holds no other rows of the counted table gives what these rows are said to add."""
    world = data.draw(group.worlds)
    tables = moved_on(world, random)
    after = csm.Portfolio.from_frames(
        **intake.from_records(tables), **arguments(world), on_error="quarantine"
    )
    sides = load(world), after
    views = [side.view(as_of=world.as_of, viewer=csm.EVERYONE) for side in sides]
    for change, where in every(group, views[0], views[1]):
        now = change.after.current if isinstance(change.after, csm.Trend) else change.after
        if isinstance(now, csm.Ratio | csm.Listing):
            continue  # distinct things do not add up over rows; of a listing each row is 1
        for what, records, sign in (("entered", tables, 1), ("left", world.tables, -1)):
            table, wanted = change.spec.counts, set(keys(change.spec.counts, getattr(change, what)()))
            named = zip(records[table], record_keys(table, records[table]), strict=True)
            kept = without_parents([row for row, key in named if key in wanted])
            alone = intake.from_records({**records, table: kept})
            made = csm.Portfolio.from_frames(**alone, **arguments(world), on_error="quarantine")
            view = made.view(as_of=world.as_of, viewer=csm.EVERYONE)
            metric = csm.catalog.metric(change.spec.id)
            expected = numbers(compute(metric, view, dict(change.spec.options)))
            signed = {cell: sign * number for cell, number in expected.items()}
            assert without_zeros(flat(change.parts[what])) == without_zeros(signed), (where, what)


@EACH_GROUP
@COSTLY
@given(st.data())
def test_a_change_travels(group: Group, data: Any) -> None:
    """As JSON under the schema and back, pickled, and as frames; backwards it is the same with another sign."""
    views = data.draw(pairs(group))
    checker = jsonschema.Draft202012Validator(schema("change"))
    for change, where in every(group, *views):
        text = change.to_json()
        checker.validate(json.loads(text))
        for sent in (
            Change.from_dict(json.loads(text)), pickle.loads(pickle.dumps(change)), copy.deepcopy(change),
        ):  # fmt: skip
            assert sent == change and json.loads(sent.to_json()) == json.loads(text), where
            assert sent.parts == change.parts and sent.counts == change.counts, where
            for ask in (sent.entered, sent.left, sent.changed, sent.by_row):
                with pytest.raises(csm.errors.RowsNotKept):
                    ask()
        assert len(change.to_frame()) == len(change.lines()), where
        back = csm.what_changed(change.spec.id, views[1], views[0], **change.spec.options)
        turned = {cell: -number for cell, number in flat(back.difference).items()}
        assert without_zeros(turned) == without_zeros(flat(change.difference)), where
        assert (back.entered_count, back.left_count) == (change.left_count, change.entered_count), where
        assert back.changed_count == change.changed_count, where


@EACH_GROUP
@COSTLY
@given(st.data())
def test_nothing_changes_between_two_loads_of_the_same(group: Group, data: Any) -> None:
    """The same records, shuffled and loaded again: rows are known by their keys."""
    world = data.draw(group.worlds)
    again = csm.Portfolio.from_records(
        **{name: rows[::-1] for name, rows in world.tables.items()}, **arguments(world)
    )
    views = [side.view(as_of=world.as_of, viewer=csm.EVERYONE) for side in (load(world), again)]
    for change, where in every(group, views[0], views[1]):
        assert not without_zeros(flat(change.difference)), where
        assert all(set(counts.values()) <= {0} for counts in change.counts.values()), where
        assert change.by_row().empty and change.entered().empty and change.left().empty, where


# by hand ------------------------------------------------------------------------------------------------------

LAST_WEEK: dict[str, Any] = {
    "contracts": [
        {"id": "C1", "value": 100, "starts_on": date(2026, 1, 1)},
        {"id": "C2", "value": "250.50", "starts_on": date(2026, 2, 1)},
        {"id": "C3", "value": 7, "starts_on": date(2026, 2, 2)},
    ],
    "risk_signals": [
        {"id": "S1", "contract_id": "C1", "category": "usage"},
        {"id": "S2", "contract_id": "C1", "category": "budget"},
        {"id": "S3", "contract_id": "C2", "category": "budget"},
    ],
}
THIS_WEEK: dict[str, Any] = {
    "contracts": [
        {"id": "C1", "value": 130, "starts_on": date(2026, 1, 1)},
        {"id": "C3", "value": 7, "starts_on": date(2026, 2, 2)},
        {"id": "C4", "value": 1000, "starts_on": date(2026, 3, 1)},
    ],
    "risk_signals": [
        {"id": "S1", "contract_id": "C1", "category": "usage"},
        {"id": "S4", "contract_id": "C4", "category": "budget"},
    ],
}


def weeks(settings: dict[str, Any] | None = None) -> tuple[csm.View, csm.View]:
    return everyone(portfolio(**LAST_WEEK)), everyone(portfolio(settings, **THIS_WEEK))


def test_an_amount_between_two_loads() -> None:
    # C4 (1000) entered, C2 (250.50) left, C1 went from 100 to 130; C3 is at no risk in either week
    change = csm.what_changed(csm.risk.contract_value_at_risk, *weeks())
    assert change.difference == Decimal("779.50") == change.value_difference
    assert change.parts == {
        "entered": Decimal(1000), "left": Decimal("-250.50"), "changed": Decimal(30),
    }  # fmt: skip
    assert change.entered()["id"].tolist() == ["C4"] and change.left()["id"].tolist() == ["C2"]
    assert change.left()["value"].tolist() == ["250.50"], "as it was supplied, from the portfolio before"
    assert change.changed().to_dict("records") == [
        {"id": "C1", "before": Decimal(100), "after": Decimal(130), "difference": Decimal(30)}
    ]
    assert repr(change) == (
        "<what changed in risk.contract_value_at_risk, 2026-06-30 to 2026-06-30: 350.50 USD -> 1,130.00 USD; "
        "1 entered, 1 left, 1 changed>"
    )


def test_overlapping_labels_count_a_row_once_in_the_total() -> None:
    # C1 was at risk for usage and budget, now for usage only
    change = csm.what_changed("risk.contract_value_at_risk", *weeks(), by="category")
    assert change.parts == {
        "entered": {"usage": 0, "budget": 1000},
        "left": {"usage": 0, "budget": Decimal("-250.50")},
        "changed": {"usage": 30, "budget": -100},
    }
    assert change.total is not None
    assert (change.total.entered, change.total.left, change.total.changed) == (1000, Decimal("-250.50"), 30)
    assert change.total.difference == Decimal("779.50") != sum(change.difference.values())
    assert change.changed_count == 1
    assert change.changed()[["id", "label", "before", "after"]].values.tolist() == [
        ["C1", "budget", 100, 0], ["C1", "usage", 100, 130],
    ]  # fmt: skip


def test_months_of_either_side() -> None:
    start = [{"id": "C1", "value": 100, "starts_on": date(2026, 1, 5)}]
    p = portfolio(contracts=start)
    change = csm.what_changed(
        "renewal.contract_value_ytd",
        everyone(p, date(2026, 1, 31)),
        everyone(p, date(2026, 2, 28)),
        basis="in_force",
    )
    # in force at the end of both months: the contract stayed, and adds to one month more
    assert change.difference == {"value": {"2026-01": 0, "2026-02": 100}}
    assert change.parts["changed"] == change.difference and change.entered_count == 0
    new_year = csm.what_changed(
        "renewal.contract_value_ytd", everyone(p, date(2026, 1, 31)), everyone(p, date(2027, 1, 31))
    )
    assert new_year.difference == {"value": {"2026-01": -100, "2027-01": 0}}
    assert new_year.left()["id"].tolist() == ["C1"]


def test_a_ratio_is_explained_above_and_below_its_line() -> None:
    owned = [{"id": "E1", "owner_id": "U1"}, {"id": "E2", "owner_id": "U1"}]
    before = portfolio(users=[{"id": "U1"}, {"id": "U2"}], engagements=owned)
    after = portfolio(
        users=[{"id": "U1"}, {"id": "U2"}], engagements=[*owned, {"id": "E3", "owner_id": "U2"}]
    )
    change = csm.what_changed(csm.overview.average_engagements_per_csm, everyone(before), everyone(after))
    assert change.difference == {"numerator": 1, "denominator": 1}
    assert change.value_difference == -0.5
    assert change.tables == ("engagements", "users")
    assert change.entered()["id"].tolist() == ["E3"] and change.entered("users")["id"].tolist() == ["U2"]
    nobody = csm.what_changed(
        csm.overview.average_engagements_per_csm, everyone(portfolio(engagements=[])), everyone(after)
    )
    assert nobody.value_difference is None and nobody.difference == {"numerator": 3, "denominator": 2}
    with pytest.raises(csm.errors.OptionError, match="engagements"):
        change.entered("contracts")


def test_ids_are_compared_by_value_and_kind() -> None:
    texts = portfolio(engagements=[{"id": "1"}, {"id": "2"}])
    whole = csm.Portfolio.from_records(
        accounts=[csm.Account(id=1)],
        engagements=[csm.Engagement(id=n, account_id=1, stage="adoption", created_on=A) for n in (1, 2)],
    )
    change = csm.what_changed("overview.total_engagements", everyone(texts), everyone(whole))
    assert (change.entered_count, change.left_count, change.difference) == (2, 2, 0)


def test_natural_keys_tell_rows_without_ids_apart() -> None:
    def scores(*given: tuple[str | None, str, float]) -> csm.View:
        rows = [{"engagement_id": e, "product": p, "score": score} for e, p, score in given]
        return everyone(portfolio(adoption_scores=rows))

    before = scores((None, "P", 10), ("E1", "P", 10), ("E1", "Q", 10))
    after = scores((None, "P", 20), ("E1", "Q", 10), ("E1", "R", 5))
    change = csm.what_changed("adoption.low_adoption_products", before, after)
    assert change.entered()["product"].tolist() == ["R"]
    assert change.left()[["engagement_id", "product"]].values.tolist() == [["E1", "P"]]
    assert change.changed_count == 0, "each row counts 1, whatever its score"


def test_views_of_two_viewers() -> None:
    p = portfolio(
        users=[{"id": "U1"}, {"id": "U2", "manager_id": "U1"}],
        engagements=[{"id": "E1", "owner_id": "U1"}, {"id": "E2", "owner_id": "U2"}],
    )
    views = [p.view(as_of=A, viewer=viewer) for viewer in ("U2", "U1")]
    change = csm.what_changed("overview.total_engagements", *views)
    assert change.entered()["id"].tolist() == ["E1"] and change.difference == 1
    assert "E1" not in csm.what_changed("overview.total_engagements", views[0], views[0]).to_json()


def test_cut_off_labels_are_explained_too() -> None:
    change = csm.what_changed("risk.top_risk_indicators", *weeks(), limit=1)
    assert change.difference == {"budget": -1, "usage": 0} and change.total is not None
    assert change.total.difference == -1


def test_long_lists_are_cut_in_json() -> None:
    change = csm.what_changed("risk.active_risk_signals", *weeks())
    told = change.to_dict(rows=1)["tables"][0]
    assert told["entered"] == [["S4"]] and told["left"] == [["S2"]]
    assert told["counts"] == {"entered": 1, "left": 2, "changed": 0}


# what cannot be explained --------------------------------------------------------------------------------------


@csm.metric(title="Ready made", unit="engagements", source="ours", counts="engagements")
def ready_made(view: Any) -> csm.Breakdown:
    """A breakdown of which nobody says how its rows add to it."""
    return csm.Breakdown(view.engagements.everything, {"all": view.engagements.everything.count})


@csm.metric(title="Wrong", unit="engagements", source="ours", counts="engagements")
def wrong(view: Any) -> csm.Ratio:
    """A ratio that says something else of its rows than it is."""
    rows = view.engagements.everything
    part = csm.results.Part.each(rows, "numerator")
    return csm.Ratio(rows, rows.count + 1, 1, made_of=lambda: (part,))


@csm.metric(title="Halves", unit="engagements", source="ours", counts="engagements")
def halves(view: Any) -> csm.Ratio:
    """Engagements, a third each, over engagements: fractions add up exactly."""
    rows = view.engagements.everything
    thirds = np.array([Fraction(1, 3)] * rows.count, object)
    above = csm.results.Part(rows.table, rows.index, [("numerator",)], amounts=thirds)
    return csm.Ratio(
        rows, Fraction(rows.count, 3), rows.count,
        made_of=lambda: (above, csm.results.Part.each(rows, "denominator")),
    )  # fmt: skip


@csm.metric(title="Trend", unit="contracts", source="ours", counts="contracts")
def trend(view: Any) -> csm.Trend:
    """Contracts in force against all of them."""
    return csm.Trend(csm.Count(view.contracts.in_force_ones), csm.Count(view.contracts.everything))


@csm.metric(title="Trend of what nobody explains", unit="engagements", source="ours", counts="engagements")
def dark_trend(view: Any) -> csm.Trend:
    """Twice the same."""
    made = csm.Breakdown(view.engagements.everything, {"all": 0})
    return csm.Trend(made, made)


@pytest.mark.parametrize("metric", [ready_made, wrong, dark_trend])
def test_what_cannot_be_explained_is_said_and_named(metric: Any) -> None:
    with pytest.raises(csm.errors.OptionError, match=metric.metric.id):
        csm.what_changed(metric, *weeks())


def test_metrics_that_cannot_be_explained_say_so() -> None:
    view = csm.samples.portfolio(engagements=30).view(as_of=A, viewer=csm.EVERYONE)
    for name, why in UNEXPLAINED.items():
        assert why
        with pytest.raises(csm.errors.OptionError, match=name):
            csm.what_changed(name, view, view)


def test_fractions_and_trends() -> None:
    before, after = everyone(portfolio()), everyone(portfolio(engagements=[{"id": "E1"}, {"id": "E2"}]))
    change = csm.what_changed(halves, before, after)
    assert change.parts["entered"] == {"numerator": Fraction(1, 3), "denominator": 1}
    assert Change.from_dict(json.loads(change.to_json())) == change
    assert change.to_frame()["difference"].tolist() == [1 / 3, 1.0]
    found = csm.what_changed(trend, *weeks())
    assert (found.difference, found.entered_count, found.left_count) == (0, 1, 1)
    assert Change.from_dict(json.loads(found.to_json())) == found


def test_money_of_two_currencies_has_no_difference() -> None:
    before, after = weeks({"currency": "EUR"})
    with pytest.raises(csm.errors.OptionError, match="USD"):
        csm.what_changed("risk.contract_value_at_risk", before, after)
    assert csm.what_changed("risk.active_risk_signals", before, after).difference == -1


def test_bad_options_are_named() -> None:
    before, after = weeks()
    for wrongly in (
        lambda: csm.what_changed("risk.active_risk_signal", before, after),
        lambda: csm.what_changed("risk.active_risk_signals", before, after, within=3),
        lambda: csm.what_changed("risk.contract_value_at_risk", before, after, by="size"),
        lambda: csm.what_changed("risk.active_risk_signals", before, after.portfolio),  # type: ignore[arg-type]
    ):
        with pytest.raises(csm.errors.OptionError):
            wrongly()
    with pytest.raises(csm.errors.MissingTable, match="risk_signals"):
        csm.what_changed("risk.active_risk_signals", before, everyone(portfolio()))
    with pytest.raises(csm.errors.DataError):
        Change.from_dict({"kind": "count"})


def test_many_rows_are_explained_as_few_are() -> None:
    before, after = (
        csm.samples.portfolio(engagements=2_000, seed=seed).view(as_of="2026-06-30", viewer=csm.EVERYONE)
        for seed in (1, 2)
    )
    change = csm.what_changed("adoption.objective_progress", before, after)
    assert sum(change.difference.values()) == change.after.total - change.before.total
    assert change.left_count and change.entered_count and change.changed_count


def arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def relation(frame: pd.DataFrame) -> Any:
    import duckdb

    return duckdb.from_arrow(arrow(frame))


@EACH_GROUP
@pytest.mark.parametrize("made", [pl.from_pandas, arrow, relation])
def test_frames_are_of_the_kind_that_went_in(made: Any, group: Group) -> None:
    tables = csm.samples.frames(engagements=40, seed=3)
    world = csm.Portfolio.from_frames(**{name: made(frame) for name, frame in tables.items()})
    views = [world.view(as_of=day, viewer=csm.EVERYONE) for day in ("2026-05-31", "2026-06-30")]
    for change, where in every(group, views[0], views[1]):
        kind = type(change.after.rows())
        frames = [change.entered(), change.left(), change.to_frame()]
        for table in change.tables:
            frames += [change.changed(table), change.by_row(table)]
        assert all(type(frame) is kind for frame in frames), where
