"""Health, effort, segments and the stack on small worlds worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import cs_metrics as csm
from cs_metrics.errors import MissingTable, OptionError

A = date(2026, 6, 30)
SCORE = csm.HealthModel(weights={"score": 1}, scales={"score": (0, 100)})
WORK = csm.EffortModel(weights={"work": 1}, scales={"work": (0, 100)})


def day(offset: int) -> date:
    return A + timedelta(offset)


def view(
    accounts: dict[str, dict[str, Any]],
    stack: list[tuple[Any, ...]] | None = None,
    tags: list[tuple[str, str]] | None = None,
    /,
    **filters: Any,
) -> csm.View:
    """Accounts by id with what they have: mrr, seats, employees, score and work (a number, or {days ago: number})."""
    rows, subscriptions, measures = [], [], []
    for name, given in accounts.items():
        own = {key: given[key] for key in ("seats", "employees", "created_on", "owner_id") if key in given}
        rows.append(csm.Account(id=name, **own))
        if "mrr" in given:
            subscriptions.append(
                csm.Subscription(
                    id=name, account_id=name, mrr=given["mrr"], status="active", started_on=day(-90)
                )
            )
        for metric in given.keys() & {"score", "work", "nps", "tickets"}:
            readings = given[metric] if isinstance(given[metric], dict) else {0: given[metric]}
            measures += [
                csm.Measure(account_id=name, metric=metric, value=value, on=day(-ago))
                for ago, value in readings.items()
            ]
    tables: dict[str, Any] = {"accounts": rows, "subscriptions": subscriptions, "measures": measures}
    if stack is not None:
        items = sorted({line[1] for line in stack})
        tables["stack_items"] = [csm.StackItem(id=item, name=item.upper()) for item in items]
        tables["stack_tags"] = [csm.StackTag(item_id=item, tag=tag) for item, tag in tags or ()]
        tables["stack_positions"] = [
            csm.StackPosition(account_id=account, item_id=item, aligned=aligned, **money)
            for account, item, aligned, money in stack
        ]
    portfolio = csm.Portfolio.from_records(**tables)
    return portfolio.view(as_of=A, viewer=csm.EVERYONE, filters=csm.Filters(**filters) if filters else None)


def segments(looked: csm.View, **options: Any) -> csm.Segments:
    return csm.segmentation.segments(looked, **{"effort": WORK, "health": SCORE, **options})


def placed(found: csm.Segments) -> dict[str, str]:
    return {line[0]: line[3] for line in found.head(found.value)}


# scores -------------------------------------------------------------------------------------------------


def test_an_inverted_scale_and_its_ends() -> None:
    model = csm.HealthModel(weights={"tickets": 1}, scales={"tickets": (20, 0)})
    looked = view({"a": {"tickets": 20}, "b": {"tickets": 0}, "c": {"tickets": 5}, "d": {"tickets": 99}})
    assert csm.health.scores(looked, model).scores == {"a": 0.0, "d": 0.0, "c": 75.0, "b": 100.0}


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("exclude", {"a": (50.0, 1.0), "b": (80.0, 0.25)}), ("worst", {"c": (0.0, 0.0), "b": (20.0, 0.25), "a": (50.0, 1.0)}),
     ("none", {"a": (50.0, 1.0)})],
)  # fmt: skip
def test_missing_measures_under_each_policy(missing: Any, expected: dict[str, Any]) -> None:
    model = csm.HealthModel(
        weights={"score": 1, "nps": 3}, scales={"score": (0, 100), "nps": (0, 10)}, missing=missing
    )
    found = csm.health.scores(view({"a": {"score": 80, "nps": 4}, "b": {"score": 80}, "c": {}}), model)
    assert {line[0]: line[1:3] for line in found.head(found.value)} == expected
    assert list(found.scores) == list(expected)
    left = 3 - len(expected)
    assert found.excluded == ({"without a health score": left} if left else {})


def test_weights_are_added_up_alike_by_every_python() -> None:
    """From 3.12 on, sum() says 2.8 of these; one number after the other makes a little more."""
    weights = {"nps": 1.0, "score": 1.0, "tickets": 0.7, "work": 0.1}
    model = csm.HealthModel(weights=weights, scales=dict.fromkeys(weights, (0, 100)))
    found = csm.health.scores(view({"a": {"nps": 50}}), model)
    whole = 1.0 + 1.0 + 0.7 + 0.1
    assert whole != 2.8
    assert found.head(1)[0][2] == 1 / whole


def test_the_latest_measure_by_the_day_counts() -> None:
    looked = view({"a": {"score": {40: 10, 3: 70, -1: 0}}, "b": {"score": {-1: 50}}})
    assert csm.health.scores(looked, SCORE).scores == {"a": 70.0}
    changes = csm.health.changes(looked, SCORE)
    assert changes.value == {"improved": 1, "declined": 0}
    assert changes.moves == {("at_risk", "satisfactory"): 1}
    assert changes.excluded == {"unscored now or before": 1}


def test_a_model_may_stand_right_after_the_view_and_nothing_else() -> None:
    looked = view({"a": {"score": 50}})
    assert csm.health.scores(looked, SCORE) == csm.health.scores(looked, model=SCORE)
    assert csm.health.scores(looked, SCORE).spec.options == {"model": SCORE}
    with pytest.raises(TypeError):
        csm.health.scores(looked, SCORE, SCORE)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        csm.stack.by_item(looked, 3)  # type: ignore[misc]


def test_a_slip_in_a_metric_is_an_error_and_names_only_what_is_in_view() -> None:
    model = csm.HealthModel(weights={"scoer": 1}, scales={"scoer": (0, 100)})
    with pytest.raises(OptionError, match=r"did you mean 'score'\?"):
        csm.health.scores(view({"a": {"score": 1}}), model)
    assert csm.health.scores(view({"a": {"work": 1}}), model).value == 0
    assert csm.health.scores(view({"a": {"score": {-1: 5}}}), model).value == 0  # it does not exist yet


def test_derived_measures_need_only_their_tables() -> None:
    model = csm.EffortModel(weights={"account:employees": 1}, scales={"account:employees": (0, 10)})
    bare = csm.Portfolio.from_records(accounts=[csm.Account(id="a", employees=5), csm.Account(id="b")])
    looked = bare.view(as_of=A, viewer=csm.EVERYONE)
    assert csm.effort.scores(looked, model).scores == {"a": 50.0}
    with pytest.raises(MissingTable, match="measures"):
        csm.health.scores(looked)
    with pytest.raises(MissingTable, match="stack_positions"):
        scales = {"stack:misalignment": (0, 100)}
        csm.effort.scores(looked, csm.EffortModel(weights={"stack:misalignment": 1}, scales=scales))


# segments -----------------------------------------------------------------------------------------------


def test_what_equals_the_cut_is_high() -> None:
    found = segments(
        view({"a": {"mrr": 1, "work": 10}, "b": {"mrr": 2, "work": 20}, "c": {"mrr": 3, "work": 30}})
    )
    assert found.cut == csm.Cut.at(2, 20)
    assert placed(found) == {
        "a": "low_value_low_effort", "b": "high_value_high_effort", "c": "high_value_high_effort"
    }  # fmt: skip


def test_an_even_median_lies_between_cents() -> None:
    found = segments(view({"a": {"mrr": "0.01", "work": 1}, "b": {"mrr": "0.02", "work": 2}}))
    assert found.cut == csm.Cut.at("0.015", 1.5)
    assert placed(found) == {"a": "low_value_low_effort", "b": "high_value_high_effort"}


def test_one_account_and_all_equal_are_high() -> None:
    for names in ("a", "abc"):
        for cut in (csm.Cut.median(), csm.Cut.mean()):
            for value in ("mrr", "mrr_per_seat"):
                looked = view({name: {"mrr": 10, "work": 7, "seats": 3} for name in names})
                found = segments(looked, cut=cut, value=value)
                assert found.counts()["high_value_high_effort"] == len(names)


def test_nobody_has_no_cut() -> None:
    found = segments(view({"a": {"mrr": 10}}))
    assert (found.cut, found.value, found.excluded) == (None, 0, {"without an effort score": 1})
    assert segments(view({}), cut=csm.Cut.at(1, 1)).cut == csm.Cut.at(1, 1)


def test_without_seats_there_is_no_value_per_seat() -> None:
    accounts: dict[str, Any] = {
        "a": {"mrr": 100, "work": 1, "seats": 3}, "b": {"mrr": 100, "work": 1, "seats": 0},
        "c": {"mrr": 1, "work": 1}, "d": {"work": 1, "seats": 1}, "e": {"mrr": 5, "seats": 2},
    }  # fmt: skip
    found = segments(view(accounts), value="mrr_per_seat")
    assert found.excluded == {"without seats": 2, "without an effort score": 1}
    assert [line[:2] for line in found.head(9)] == [("a", 100 / 3), ("d", 0.0)]
    assert found.cut is not None and found.cut.value == Fraction(50, 3)
    assert found.value_by_segment()["high_value_high_effort"] == Decimal(100)  # the MRR, not that per seat


def test_values_per_seat_are_compared_exactly() -> None:
    """Thirds of 10 to the 16 cents differ by less than floats can tell."""
    big = Decimal(10) ** 14
    accounts = {
        "a": {"mrr": big, "work": 1, "seats": 3}, "b": {"mrr": big + Decimal("0.01"), "work": 1, "seats": 3},
        "c": {"mrr": big - Decimal("0.01"), "work": 1, "seats": 3},
    }  # fmt: skip
    found = segments(view(accounts), value="mrr_per_seat")
    assert found.cut is not None and found.cut.value == Fraction(10**14, 3)
    assert found.accounts("high_value_high_effort") == ["a", "b"]
    cadence = csm.segmentation.contact_cadence(found)
    assert [line[0] for line in cadence.head(3)] == ["b", "a", "c"]
    mean = segments(view(accounts), value="mrr_per_seat", cut=csm.Cut.mean())
    assert mean.cut == found.cut


def test_zero_and_negative_mrr_are_values() -> None:
    accounts = {"a": {"work": 1}, "b": {"mrr": -5, "work": 1}, "c": {"mrr": 0, "work": 1}}
    found = segments(view(accounts), cut=csm.Cut.at(0, 0))
    assert placed(found) == {
        "a": "high_value_high_effort", "b": "low_value_high_effort", "c": "high_value_high_effort"
    }  # fmt: skip
    assert found.value_by_segment()["low_value_high_effort"] == Decimal(-5)


def test_relative_size_is_of_all_accounts_in_view_that_have_employees() -> None:
    accounts = {"a": {"mrr": 1, "work": 1, "employees": 10}, "b": {"employees": 30}, "c": {"work": 1}}
    found = segments(view(accounts))
    assert [(line[0], line[5], line[6]) for line in found.head(9)] == [("a", 10, 0.5), ("c", None, None)]
    frame = found.to_frame()
    assert frame["relative_size"].tolist()[0] == 0.5 and frame["employees"].tolist() == [10, None]


def test_another_view_is_cut_alike() -> None:
    accounts = {name: {"mrr": n, "work": n} for n, name in enumerate("abcdef")}
    whole = segments(view(accounts))
    assert whole.cut is not None
    alone = segments(view(accounts, accounts={"a", "b", "e"}), cut=whole.cut)
    assert placed(alone) == {name: where for name, where in placed(whole).items() if name in "abe"}


def test_how_often_to_be_in_touch() -> None:
    accounts = {
        "hh": {"mrr": 9, "work": 9, "score": 90}, "hl": {"mrr": 9, "work": 1, "score": 10},
        "lh": {"mrr": 1, "work": 9, "score": 50}, "ll": {"mrr": 1, "work": 1}, "hi": {"mrr": 8, "work": 9, "score": 39},
    }  # fmt: skip
    cadence = csm.segmentation.contact_cadence(segments(view(accounts), cut=csm.Cut.at(5, 5)))
    assert [line[:2] for line in cadence.head(9)] == [
        ("hl", 7),
        ("hi", 7),
        ("hh", 14),
        ("lh", 30),
        ("ll", 90),
    ]
    assert cadence.spec.options["effort"] == WORK and cadence.spec.id == "segmentation.contact_cadence"
    of_view = csm.segmentation.contact_cadence(
        view(accounts), effort=WORK, health=SCORE, cut=csm.Cut.at(5, 5)
    )
    assert of_view == cadence


def test_a_policy_without_days_for_a_band_is_refused() -> None:
    other = csm.HealthModel(weights={"score": 1}, scales={"score": (0, 100)}, bands={"all": (0, 100)})
    with pytest.raises(OptionError, match="every segment and band"):
        csm.segmentation.contact_cadence(segments(view({"a": {"mrr": 9, "work": 9}}), health=other))


def test_filters_by_segment_and_band() -> None:
    accounts = {
        "a": {"mrr": 1, "work": 1, "score": 10}, "b": {"mrr": 2, "work": 2, "score": 90}, "c": {"mrr": 3, "work": 3},
    }  # fmt: skip
    by_segment: dict[str, Any] = {"effort_model": WORK, "customer_segments": {"high_value_high_effort"}}
    assert csm.segmentation.segments(view(accounts, **by_segment), effort=WORK, health=SCORE).accounts(
        "high_value_high_effort"
    ) == ["c"]  # among b and c alone the median lies between them
    both = view(accounts, **by_segment, health_model=SCORE, health_bands={"satisfactory"})
    assert csm.health.scores(both, SCORE).scores == {"b": 90.0}
    unscored = view(accounts, health_model=SCORE, health_bands=set(SCORE.bands))
    assert unscored.accounts.everything.count == 2  # c has no score and matches nothing
    assert unscored.options("customer_segments") == list(csm.models.SEGMENTS)  # type: ignore[attr-defined]
    assert unscored.options("health_bands") == list(SCORE.bands)


# stack --------------------------------------------------------------------------------------------------

STACK = [
    ("a", "x", True, {"mrr": 10, "mrr_opportunity": 100}),
    ("a", "y", False, {"mrr_opportunity": "-30.50", "non_recurring_opportunity": 5}),
    ("a", "z", True, {"mrr": 999, "mrr_opportunity": 999, "applicable": False}),
    ("b", "x", False, {"mrr_opportunity": 50}),
    ("c", "w", True, {"mrr": 20}),
    ("d", "z", True, {"mrr": 999, "applicable": False}),
]
TAGS = [("x", "net"), ("x", "gold"), ("x", "new"), ("y", "net")]
ACCOUNTS: dict[str, Any] = {"a": {"score": 10}, "b": {"score": 90}, "c": {}, "d": {"score": 50}}


def test_only_what_applies_counts() -> None:
    looked = view(ACCOUNTS, STACK, TAGS)
    alignment = csm.stack.alignment(looked)
    assert alignment.head(9) == [("a", 1, 2, 0.5), ("b", 0, 1, 0.0), ("c", 1, 1, 1.0)]
    assert alignment.excluded == {"nothing applicable": 1}
    assert csm.stack.by_item(looked).value == 3


def test_the_tree_counts_each_position_once_in_its_total() -> None:
    tree = csm.stack.opportunity(view(ACCOUNTS, STACK, TAGS))
    x, y = Decimal(150), Decimal("-25.50")
    assert tree.value == {"gold": {"x": x}, "new": {"x": x}, "net": {"x": x, "y": y}, None: {"w": Decimal(0)}}
    assert list(tree.value) == ["gold", "new", "net", None]
    assert tree.total == x + y
    assert tree.tag_shares()["gold"] == pytest.approx(150 / 424.5)
    assert tree.shares()["net"] == {"x": 150 / 124.5, "y": -25.5 / 124.5} and tree.shares()[None] == {
        "w": None
    }
    assert (tree.used, tree.excluded) == (4, {"not applicable": 2})


def test_totals_are_of_the_listed_customers_and_opportunity_is_by_health() -> None:
    looked = view(ACCOUNTS, STACK, TAGS)
    found = csm.stack.by_customer(looked, limit=2)
    assert [line[0] for line in found.head()] == ["a", "b"] and found.value == 3
    assert found.totals["mrr_opportunity"] == Decimal("119.50") and found.totals["alignment"] == 1 / 3
    assert csm.stack.by_customer(looked, limit=0).totals["alignment"] is None
    by_health = csm.health.opportunity(looked, SCORE)
    assert by_health.value == {"at_risk": Decimal("74.50"), "needs_attention": 0, "satisfactory": 50}
    assert by_health.total == csm.stack.opportunity(looked).total


def test_items_need_no_accounts() -> None:
    positions = [csm.StackPosition(account_id=name, item_id="x", aligned=name == "b", mrr=1) for name in "ba"]
    tables = {
        "stack_items": [csm.StackItem(id="x", name="X")],
        "stack_tags": [],
        "stack_positions": positions,
    }
    looked = csm.Portfolio.from_records(**tables).view(as_of=A, viewer=csm.EVERYONE)
    found = csm.stack.by_item(looked)
    assert found.head() == [("x", Decimal(2), 0, 0, 1, 2, 0.5)]
    assert found.rows()["account_id"].tolist() == ["a", "b"] and csm.stack.opportunity(looked).used == 2
    with pytest.raises(MissingTable, match="accounts"):
        csm.stack.alignment(looked)


def test_ranking_of_items() -> None:
    looked = view(ACCOUNTS, STACK, TAGS)
    order = {
        by: [line[0] for line in csm.stack.by_item(looked, by=by).head()]
        for by in ("mrr", "opportunity", "aligned")
    }
    assert order == {"mrr": ["w", "x", "y"], "opportunity": ["x", "w", "y"], "aligned": ["w", "x", "y"]}
    with pytest.raises(OptionError, match="aligned"):
        csm.stack.by_item(looked, by="alignd")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="opportunity"):
        csm.stack.by_customer(looked, by="aligned")  # type: ignore[arg-type]


def test_nothing_applicable_anywhere() -> None:
    looked = view({"a": {"score": 1}}, [("a", "z", True, {"applicable": False})])
    assert csm.stack.opportunity(looked).value == {} and csm.stack.opportunity(looked).total == 0
    assert csm.stack.alignment(looked).value == csm.stack.by_customer(looked).value == 0
    assert csm.stack.by_item(looked).value == 0
    misaligned = csm.EffortModel(weights={"stack:misalignment": 1}, scales={"stack:misalignment": (0, 100)})
    assert csm.effort.scores(looked, misaligned).excluded == {"without an effort score": 1}
