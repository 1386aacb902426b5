"""The oracle of health, effort and the stack against numbers worked out by hand; A is Monday, 15 June 2026."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given

from cs_metrics import testing
from cs_metrics.records import SCHEMA
from oracle import EVERYONE, ORACLE, Missing, Scope, World
from oracle_models import Model, band_of
from oracle_rows import account, answer, day, frame, scope, user
from oracle_success_rows import SCORE, measure, position, scored, tag

MOODS = Model(weights={"nps": 3, "tickets": 1}, scales={"nps": (-100, 100), "tickets": (20, 0)})


def policy_of(model: Model, missing: str) -> Model:
    return attrs.evolve(model, missing=missing)


# Scores


def test_a_score_is_the_weighted_mean_of_positions() -> None:
    # nps 50 of -100..100 is 75; 15 tickets of 20..0 are 25: (3 x 75 + 25) / 4
    seen = scope(accounts=[account()], measures=[measure("a", "nps", 50), measure("a", "tickets", 15)])
    assert frame("health.scores", seen, model=MOODS) == [("a", 62.5, 1.0, "needs_attention")]
    assert frame("effort.scores", seen, model=MOODS) == [("a", 62.5, 1.0)]


@pytest.mark.parametrize(
    ("metric", "value", "score"),
    [
        ("nps", -100, 0), ("nps", 100, 100), ("nps", 0, 50), ("nps", 250, 100), ("nps", -101, 0),
        ("tickets", 20, 0), ("tickets", 0, 100), ("tickets", 5, 75), ("tickets", 31, 0), ("tickets", -3, 100),
    ],
)  # fmt: skip
def test_positions_are_clipped_and_scales_may_run_down(metric: str, value: int, score: float) -> None:
    seen = scope(accounts=[account()], measures=[measure("a", metric, value)])
    [(_, found, coverage, _)] = frame("health.scores", seen, model=MOODS)
    assert (found, coverage) == (score, 0.75 if metric == "nps" else 0.25)


@pytest.mark.parametrize(
    ("missing", "health", "effort"),
    [("exclude", (25.0, 0.25), (25.0, 0.25)), ("worst", (6.25, 0.25), (81.25, 0.25)), ("none", None, None)],
)
def test_a_missing_measure_under_each_policy(missing: str, health: Any, effort: Any) -> None:
    # tickets alone, at 25 and a quarter of the weight: (0 + 25) / 4 at the worst of health, (300 + 25) / 4 of effort
    seen = scope(accounts=[account()], measures=[measure("a", "tickets", 15)])
    for name, expected in (("health.scores", health), ("effort.scores", effort)):
        found = frame(name, seen, model=policy_of(MOODS, missing))
        assert [line[1:3] for line in found] == ([] if expected is None else [expected])


def test_no_measure_at_all_under_each_policy() -> None:
    # 0.1 x 100 + 0.2 x 100 + 0.3 x 100 by 0.1 + 0.2 + 0.3 is 99.99999999999999 in floats: it is to be 100
    weights = {"x": 0.1, "y": 0.2, "z": 0.3}
    model = Model(weights=weights, scales=dict.fromkeys(weights, (0, 1)))
    seen = scope(accounts=[account()], measures=[measure("a", "other", 1)])
    for missing in ("exclude", "none"):
        assert answer("health.scores", seen, model=policy_of(model, missing)) == 0
        assert answer("effort.scores", seen, model=policy_of(model, missing)) == 0
    assert frame("health.scores", seen, model=policy_of(model, "worst")) == [("a", 0.0, 0.0, "at_risk")]
    assert frame("effort.scores", seen, model=policy_of(model, "worst")) == [("a", 100.0, 0.0)]


def test_rounding_takes_no_score_beyond_100() -> None:
    weights = {"x": 0.1, "y": 0.7}  # 80 / 0.7999999999999999
    model = Model(weights=weights, scales=dict.fromkeys(weights, (0, 1)))
    seen = scope(accounts=[account()], measures=[measure("a", "x", 1), measure("a", "y", 1)])
    assert frame("health.scores", seen, model=model) == [("a", 100.0, 1.0, "satisfactory")]


def test_the_latest_measure_by_the_day_counts() -> None:
    measures = [
        measure("a", "score", 30, -1),
        measure("a", "score", 80),
        measure("a", "score", 20, -2),
        measure("a", "score", 99, 1),  # after A
        measure("a", "other", 5),  # of no model
        measure("b", "score", 10, 1),
        measure("c", "score", 10),  # of an account that does not exist yet
    ]
    accounts = [account(), account("b"), account("c", created_on=day(1))]
    seen = scope(accounts=accounts, measures=measures)
    assert frame("health.scores", seen, model=SCORE) == [("a", 80.0, 1.0, "satisfactory")]
    assert ORACLE["health.scores"](seen, model=SCORE).in_scope == 2


def test_the_worst_health_and_the_most_effort_come_first_then_ids() -> None:
    seen = scored({"d": 50, "b": 70, "a": 70, "c": 0, "e": None})
    assert [line[0] for line in frame("health.scores", seen, model=SCORE)] == ["c", "d", "a", "b"]
    assert [line[0] for line in frame("effort.scores", seen, model=SCORE)] == ["a", "b", "d", "c"]


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0.0, "at_risk"), (39.999, "at_risk"), (40.0, "needs_attention"), (69.999, "needs_attention"),
        (70.0, "satisfactory"), (100.0, "satisfactory"), (None, None),
    ],
)  # fmt: skip
def test_the_edges_of_bands(score: float | None, band: str | None) -> None:
    assert band_of(SCORE, score) == band


def test_the_highest_band_holds_100_wherever_it_is_named() -> None:
    model = attrs.evolve(SCORE, bands={"good": (50, 100), "bad": (0, 50)})
    seen = scored({"a": 100, "b": 50, "c": 49})
    assert list(answer("health.distribution", seen, model=model).items()) == [("good", 2), ("bad", 1)]


# Derived measures

DERIVED = Model(
    weights={"account:employees": 1, "account:seats": 1, "stack:misalignment": 2},
    scales={"account:employees": (0, 100), "account:seats": (0, 10), "stack:misalignment": (0, 100)},
)


def test_derived_measures_need_no_measures() -> None:
    # a: 50, 100 (clipped), 100 - 100 x 1 / 4 = 75: (50 + 100 + 150) / 4; b: no item applies, 0 employees count
    positions = [position("a", item, aligned=item == "w") for item in "wxyz"]
    positions += [position("a", "no", aligned=True, applicable=False), position("b", "w", applicable=False)]
    accounts = [account(employees=50, seats=11), account("b", employees=0), account("c")]
    seen = scope(accounts=accounts, stack_positions=positions)
    assert frame("effort.scores", seen, model=DERIVED) == [("a", 75.0, 1.0), ("b", 0.0, 0.25)]
    # with none left out b is (0 + 100 + 200) / 4, and c with nothing at all is 100
    worst = frame("effort.scores", seen, model=policy_of(DERIVED, "worst"))
    assert worst == [("c", 100.0, 0.0), ("a", 75.0, 1.0), ("b", 75.0, 0.25)]


def test_the_misalignment_of_thirds() -> None:
    model = Model(weights={"stack:misalignment": 1}, scales={"stack:misalignment": (0, 100)})
    positions = [position("a", item, aligned=item != "x") for item in "xyz"]
    [(_, score, _)] = frame(
        "effort.scores", scope(accounts=[account()], stack_positions=positions), model=model
    )
    assert score == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("name", "options", "without", "missing"),
    [
        ("health.scores", {"model": SCORE}, "measures", "measures"),
        ("health.scores", {"model": SCORE}, "accounts", "accounts"),
        ("effort.scores", {"model": DERIVED}, "stack_positions", "stack_positions"),
        ("effort.scores", {"model": DERIVED}, "measures", None),
        ("health.opportunity", {"model": SCORE}, "stack_positions", "stack_positions"),
        ("segmentation.segments", {"effort": SCORE, "health": SCORE}, "subscriptions", "subscriptions"),
        ("segmentation.segments", {"effort": SCORE, "health": SCORE}, "stack_positions", None),
        ("segmentation.contact_cadence", {"effort": DERIVED, "health": SCORE}, "measures", "measures"),
        ("stack.alignment", {}, "accounts", "accounts"),
        ("stack.by_customer", {}, "stack_positions", "stack_positions"),
        ("stack.by_item", {}, "accounts", None),
        ("stack.by_item", {}, "stack_items", "stack_items"),
        ("stack.opportunity", {}, "stack_tags", "stack_tags"),
    ],
)
def test_missing_tables(name: str, options: Any, without: str, missing: str | None) -> None:
    seen = scope(**{table: [] for table in SCHEMA if table != without})
    if missing is None:
        assert not answer(name, seen, **options)
        return
    with pytest.raises(Missing) as error:
        ORACLE[name](seen, **options)
    assert error.value.table == missing


# By band


def test_the_distribution_counts_everybody_in_view() -> None:
    seen = scored({"a": 10, "b": 39, "c": 70, "d": None})
    found = ORACLE["health.distribution"](seen, model=SCORE)
    expected = [("at_risk", 2), ("needs_attention", 0), ("satisfactory", 1), (None, 1)]
    assert list(found.value.items()) == expected
    assert found.also["total"] == len(found.rows) == found.in_scope == 4
    assert found.also["shares"] == {"at_risk": 0.5, "needs_attention": 0.0, "satisfactory": 0.25, None: 0.25}


def test_the_distribution_of_nobody_has_its_bands() -> None:
    found = ORACLE["health.distribution"](scored({}), model=SCORE)
    assert found.value == {"at_risk": 0, "needs_attention": 0, "satisfactory": 0}
    assert set(found.also["shares"].values()) == {None}


def test_opportunity_by_health_is_of_positions_that_apply() -> None:
    positions = [
        position("a", "x", 100, non_recurring_opportunity=Decimal("20.50")),
        position("a", "y", 7, aligned=True),  # an aligned one is what its row says
        position("a", "z", 999, applicable=False),
        position("b", "x", -30),
        position("c", "x", 4, mrr=888, non_recurring=888),
    ]
    found = ORACLE["health.opportunity"](scored({"a": 0, "b": 75, "c": None}, stack_positions=positions), model=SCORE)  # fmt: skip
    money = {"at_risk": Decimal("127.50"), "needs_attention": 0, "satisfactory": -30, None: 4}
    assert list(found.value.items()) == list(money.items())
    assert found.also["total"] == Decimal("101.50")
    assert found.also["shares"]["satisfactory"] == pytest.approx(-30 / 101.5)
    assert (len(found.rows), found.in_scope) == (4, 5)


def test_the_unscored_have_no_bucket_where_their_opportunity_is_nothing() -> None:
    positions = [position("a", "x", 5), position("a", "y", -5)]
    value = answer("health.opportunity", scored({"a": None}, stack_positions=positions), model=SCORE)
    assert value == {"at_risk": 0, "needs_attention": 0, "satisfactory": 0}


def test_opportunity_is_converted_amount_by_amount() -> None:
    # 0.01 EUR at 0.5 is 0.005, half even 0.00, twice; 0.03 is 0.015: 0.02
    euros = {"currency": "EUR", "non_recurring_opportunity": Decimal("0.01")}
    positions = [position("a", "x", Decimal("0.01"), **euros), position("a", "y", Decimal("0.03"), **euros)]
    seen = scored({"a": 50}, stack_positions=positions, rates={"EUR": Decimal("0.5")})
    assert answer("health.opportunity", seen, model=SCORE)["needs_attention"] == Decimal("0.02")


def test_changes_of_band() -> None:
    history = {
        "up": [(-30, 39), (0, 40)],
        "far": [(-31, 0), (-29, 100)],
        "down": [(-40, 100), (-30, 80), (-1, 69)],
        "same": [(-50, 41), (0, 69)],
        "late": [(-29, 10), (0, 90)],  # no measure by A-30
        "never": [],
        "back": [(-30, 50), (-10, 10), (0, 60)],
    }
    rows = [measure(name, "score", value, at) for name, told in history.items() for at, value in told]
    seen = scope(accounts=[account(name) for name in history], measures=rows)
    found = ORACLE["health.changes"](seen, model=SCORE)
    assert found.value == {"improved": 2, "declined": 1}
    assert [row.id for row in found.rows] == ["down", "far", "up"]
    assert list(found.also["moves"].items()) == [
        (("at_risk", "needs_attention"), 1),
        (("at_risk", "satisfactory"), 1),
        (("satisfactory", "needs_attention"), 1),
    ]
    assert found.also["excluded"] == {"unscored now or before": 2, "same band": 2}
    # against A-29 far was satisfactory already, and late is known
    shorter = ORACLE["health.changes"](seen, model=SCORE, days=29)
    assert shorter.value == {"improved": 2, "declined": 1}
    assert [row.id for row in shorter.rows] == ["down", "late", "up"]
    # where the unknown count as the worst, late has come from at_risk, and never has stayed there
    worst = ORACLE["health.changes"](seen, model=policy_of(SCORE, "worst"))
    assert worst.value == {"improved": 3, "declined": 1}
    assert worst.also["excluded"] == {"same band": 3}


def test_improved_goes_by_the_bounds_and_not_by_the_order_of_names() -> None:
    model = attrs.evolve(SCORE, bands={"good": (50, 100), "bad": (0, 50)})
    rows = [measure("a", "score", 10, -30), measure("a", "score", 90)]
    assert answer("health.changes", scope(accounts=[account()], measures=rows), model=model) == {
        "improved": 1, "declined": 0
    }  # fmt: skip


# The stack

STACK: dict[str, Any] = {
    "stack_items": [],
    "accounts": [account(name) for name in "abcde"],
    "stack_positions": [
        position("a", "x", 100, mrr=10, aligned=True),
        position("a", "y", mrr=20, non_recurring=5, non_recurring_opportunity=50),
        position("a", "z", 999, mrr=999, aligned=True, applicable=False),
        position("b", "x", 150, mrr=10),
        position("c", "y", -20, mrr=20, aligned=True),
        position("c", "w", aligned=True),
        position("d", "z", 1, applicable=False),
    ],
    "stack_tags": [*tag("x", "new", "net", "gold"), *tag("y", "net"), *tag("z", "old"), *tag("q", "none")],
}


def test_alignment_is_of_the_items_that_apply() -> None:
    found = ORACLE["stack.alignment"](scope(**STACK))
    assert found.frame == [("a", 1, 2, 0.5), ("b", 0, 1, 0.0), ("c", 2, 2, 1.0)]
    assert (found.counts, found.in_scope) == ("accounts", 5)


def test_the_stack_by_customer() -> None:
    found = ORACLE["stack.by_customer"](scope(**STACK))
    assert found.frame == [  # a and b tie at 150
        ("a", 30, 5, 100, 50, 0.5),
        ("b", 10, 0, 150, 0, 0.0),
        ("c", 20, 0, -20, 0, 1.0),
    ]
    assert found.also["totals"] == {
        "mrr": 60, "non_recurring": 5, "mrr_opportunity": 230, "non_recurring_opportunity": 50, "alignment": 0.6
    }  # fmt: skip
    assert [row.id for row in ORACLE["stack.by_customer"](scope(**STACK), by="mrr").rows] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("by", "limit", "totals"),
    [
        ("opportunity", 2, (40, 5, 250, 50, 1 / 3)),
        ("opportunity", 1, (30, 5, 100, 50, 0.5)),
        ("mrr", 2, (50, 5, 80, 50, 0.75)),
        ("mrr", 0, (0, 0, 0, 0, None)),
        ("mrr", None, (60, 5, 230, 50, 0.6)),
    ],
)
def test_totals_are_of_the_listed_customers(by: str, limit: int | None, totals: Any) -> None:
    found = ORACLE["stack.by_customer"](scope(**STACK), by=by, limit=limit)
    assert tuple(found.also["totals"].values()) == totals
    assert found.value == len(found.rows) == 3


def test_the_stack_by_item() -> None:
    found = ORACLE["stack.by_item"](scope(**STACK))
    assert found.frame == [
        ("y", 40, -20, 50, 1, 2, 0.5),
        ("x", 20, 250, 0, 1, 2, 0.5),
        ("w", 0, 0, 0, 1, 1, 1.0),
    ]
    assert (found.value, len(found.rows), found.in_scope) == (3, 5, 7)
    assert [line[0] for line in frame("stack.by_item", scope(**STACK), by="opportunity")] == ["x", "y", "w"]
    assert [line[0] for line in frame("stack.by_item", scope(**STACK), by="aligned")] == ["w", "x", "y"]


def test_items_rank_by_the_share_that_is_aligned_and_not_by_how_many_are() -> None:
    positions = [position(name, "many", aligned=name < "c") for name in "abcd"] + [
        position("a", "one", aligned=True)
    ]
    lines = frame("stack.by_item", scope(**STACK | {"stack_positions": positions}), by="aligned")
    assert [(line[0], *line[4:]) for line in lines] == [("one", 1, 1, 1.0), ("many", 2, 4, 0.5)]


def test_the_opportunity_tree() -> None:
    found = ORACLE["stack.opportunity"](scope(**STACK))
    tree = {"net": {"x": 250, "y": 30}, "gold": {"x": 250}, "new": {"x": 250}, None: {"w": 0}}
    assert found.value == tree and list(found.value) == list(tree)
    assert found.also["total"] == 280  # x once, for all its three tags
    assert found.also["tag_shares"] == {"net": 280 / 780, "gold": 250 / 780, "new": 250 / 780, None: 0.0}
    assert found.also["item_shares"]["net"] == {"x": 250 / 280, "y": 30 / 280}
    assert found.also["item_shares"]["new"] == {"x": 1.0}
    assert found.also["item_shares"][None] == {"w": None}
    assert len(found.rows) == 5


def test_a_tree_that_comes_to_nothing_has_no_shares() -> None:
    positions = [position("a", "x", -5), position("a", "y", 5), position("b", "y", 0), position("a", "z", 7)]
    tags = [*tag("x", "t"), *tag("y", "t")]
    found = ORACLE["stack.opportunity"](scope(stack_items=[], stack_positions=positions[:3], stack_tags=tags))
    assert [list(items.items()) for items in found.value.values()] == [[("y", 5), ("x", -5)]]
    assert found.also["total"] == 0
    assert found.also["tag_shares"] == {"t": None} and found.also["item_shares"] == {
        "t": {"y": None, "x": None}
    }
    # the untagged stand last, whatever they come to
    found = ORACLE["stack.opportunity"](scope(stack_items=[], stack_positions=positions, stack_tags=tags))
    assert list(found.value) == ["t", None] and found.also["tag_shares"] == {"t": 0.0, None: 1.0}


def test_an_empty_stack() -> None:
    seen = scope(
        accounts=[account()],
        stack_items=[],
        stack_positions=[position("a", "x", 1, applicable=False)],
        stack_tags=[],
    )
    for name in ("stack.alignment", "stack.by_customer", "stack.by_item"):
        assert (answer(name, seen), frame(name, seen)) == (0, [])
    assert (answer("stack.opportunity", seen), ORACLE["stack.opportunity"](seen).also["total"]) == ({}, 0)
    assert ORACLE["stack.by_customer"](seen).also["totals"]["alignment"] is None


def test_positions_are_seen_with_their_account() -> None:
    accounts = [account(name, owner_id="bob" if name == "b" else None) for name in "abcde"]
    tables = STACK | {"accounts": accounts, "users": [user("bob")]}
    assert answer("stack.opportunity", scope("bob", **tables)) == {
        tag: {"x": 150} for tag in ("gold", "net", "new")
    }
    assert frame("stack.by_item", scope("bob", **tables)) == [("x", 10, 150, 0, 0, 1, 0.0)]
    begun = [account("b", created_on=day(1)), *(account(name) for name in "acde")]
    later = STACK | {"accounts": begun}  # b and its positions do not exist yet
    assert [line[0] for line in frame("stack.alignment", scope(**later))] == ["a", "c"]
    assert ORACLE["stack.opportunity"](scope(**later)).also["total"] == 130
    assert frame("stack.by_customer", scope(filters={"accounts": {"c"}}, **STACK))[0][0] == "c"


def test_each_amount_is_converted_by_itself() -> None:
    euros = {"currency": "EUR", "mrr": Decimal("0.03"), "non_recurring": Decimal("0.01")}
    seen = scope(
        rates={"EUR": Decimal("0.5")}, accounts=[account()],
        stack_positions=[position("a", "x", Decimal("0.03"), **euros), position("a", "y", Decimal("0.05"), **euros)],
    )  # fmt: skip
    # 0.015 is 0.02, 0.005 is 0.00, 0.025 is 0.02
    assert frame("stack.by_customer", seen) == [("a", Decimal("0.04"), 0, Decimal("0.04"), 0, 0.0)]


# All together


@given(testing.worlds(complete=True))
def test_what_the_answers_have_in_common(made: Any) -> None:
    """One opportunity by band, by tag, by item and by customer; everybody is placed, or left out for a reason."""
    world = World(made.tables, made.currency, made.rates, made.tz, made.fiscal_year_start)
    seen = Scope(world, made.as_of, EVERYONE if made.viewer is None else made.viewer, None)
    total = ORACLE["stack.opportunity"](seen).also["total"]
    assert ORACLE["health.opportunity"](seen).also["total"] == total
    assert sum(line[3] + line[4] for line in frame("stack.by_customer", seen)) == total
    assert sum(line[2] + line[3] for line in frame("stack.by_item", seen)) == total
    everybody = len(seen.rows("accounts"))
    assert sum(answer("health.distribution", seen).values()) == everybody
    for value in ("mrr", "mrr_per_seat"):
        found = ORACLE["segmentation.segments"](seen, value=value)
        assert sum(found.also["counts"].values()) == found.value == len(found.rows)
        assert found.value + sum(found.also["excluded"].values()) == everybody
