"""The oracle of segmentation, and of the filters by segment and band, against numbers worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from oracle import EVERYONE, ORACLE, Answer, Missing, Scope
from oracle_models import Cut, Model
from oracle_rows import account, contract, day, engagement, frame, ids, scope, user
from oracle_segments import Policy
from oracle_success_rows import SCORE, measure, placed, scored, subscription

HVLE, HVHE = "high_value_low_effort", "high_value_high_effort"
LVLE, LVHE = "low_value_low_effort", "low_value_high_effort"


def segments(seen: Scope, **options: Any) -> Answer:
    return ORACLE["segmentation.segments"](seen, **{"effort": SCORE, "health": SCORE} | options)


def where(found: Answer) -> dict[str, str]:
    return {line[0]: line[3] for line in found.frame or ()}


# Segments


def test_an_even_median_is_between_the_two_in_the_middle() -> None:
    found = segments(placed({"a": (100, 10), "b": (200, 40), "c": (300, 20), "d": (401, 30)}))
    assert found.also["cut"] == (Fraction(250), 25.0)
    assert where(found) == {"a": LVLE, "b": LVHE, "c": HVLE, "d": HVHE}
    assert list(found.also["counts"].items()) == [(HVLE, 1), (HVHE, 1), (LVLE, 1), (LVHE, 1)]


def test_at_an_odd_median_the_one_in_the_middle_is_high() -> None:
    found = segments(placed({"a": (100, 30), "b": (200, 20), "c": (300, 10)}))
    assert found.also["cut"] == (Fraction(200), 20.0)
    assert where(found) == {"a": LVHE, "b": HVHE, "c": HVLE}


def test_one_account_is_high_in_both() -> None:
    assert where(segments(placed({"a": (0, 0)}))) == {"a": HVHE}


@pytest.mark.parametrize("kind", ["median", "mean"])
def test_all_equal_are_all_high(kind: str) -> None:
    # 0.1 thrice by 3 is more than 0.1 in floats
    accounts = dict.fromkeys("abc", (Decimal("0.10"), 0.5))
    found = segments(placed(accounts), cut=Cut(kind))
    assert found.also["counts"] == {HVLE: 0, HVHE: 3, LVLE: 0, LVHE: 0}
    assert found.also["accounts"] == {HVLE: [], HVHE: ["a", "b", "c"], LVLE: [], LVHE: []}


def test_the_mean_is_exact() -> None:
    found = segments(placed({"a": (0, 90), "b": (0, 15), "c": (100, 0)}), cut=Cut("mean"))
    assert found.also["cut"] == (Fraction(100, 3), 35.0)
    assert where(found) == {"a": LVHE, "b": LVLE, "c": HVLE}


def test_a_given_cut_is_taken_as_written() -> None:
    # the double nearest to 33.1 is more than 33.1
    accounts = {"a": (Decimal("33.10"), 50), "b": (Decimal("33.09"), 49.9)}
    for value in (33.1, Decimal("33.1"), Fraction(331, 10)):
        assert where(segments(placed(accounts), cut=Cut("at", value, 50))) == {"a": HVHE, "b": LVLE}
    assert segments(placed({}), cut=Cut("at", 1, 2)).also["cut"] == (1, 2.0)


def test_another_views_cut_cuts_alike() -> None:
    value, effort = segments(placed({"a": (100, 10), "b": (300, 50)})).also["cut"]
    assert where(segments(placed({"c": (199, 30)}), cut=Cut("at", value, effort))) == {"c": LVHE}


def test_seats_missing_or_none_have_no_value_per_seat() -> None:
    seats = {"a": {"seats": 10}, "b": {"seats": 0}, "c": {}, "d": {"seats": 5}, "e": {"seats": 1}, "f": {}}
    efforts = {"a": (100, 20), "b": (999, 90), "c": (999, 90), "d": (100, 10), "e": (5, None), "f": (5, None)}
    seen = placed(efforts, **seats)
    found = segments(seen, value="mrr_per_seat")
    assert found.also["cut"] == (Fraction(15), 15.0)  # of a, 10, and d, 20
    assert [line[:4] for line in found.frame or ()] == [("a", 10.0, 20.0, LVHE), ("d", 20.0, 10.0, HVLE)]
    assert found.also["excluded"] == {"without seats": 3, "without an effort score": 1}
    assert found.also["value_by_segment"] == {HVLE: 100, HVHE: 0, LVLE: 0, LVHE: 100}  # MRR, not per seat
    by_mrr = segments(seen)
    assert by_mrr.also["excluded"] == {"without an effort score": 2}
    assert by_mrr.value == 4


def test_values_per_seat_are_compared_exactly() -> None:
    # each is a thirtieth: 1.00/30, 7.00/210, 0.10/3, whatever their floats
    accounts = {"a": (1, 1), "b": (7, 1), "c": (Decimal("0.10"), 1)}
    seats = {"a": {"seats": 30}, "b": {"seats": 210}, "c": {"seats": 3}}
    for kind in ("median", "mean"):
        found = segments(placed(accounts, **seats), value="mrr_per_seat", cut=Cut(kind))
        assert found.also["cut"] == (Fraction(1, 30), 1.0)
        assert found.also["counts"][HVHE] == 3


def test_what_a_subscription_is_worth_today() -> None:
    periods = [
        subscription(0, 1, ended_on=day(0)),
        subscription(1, 2, status="cancelled", cancelled_on=day(1)),
        subscription(2, 4, ended_on=day(5), cancelled_on=day(0)),
        subscription(3, 8, status="paused"),
        subscription(4, 16, status="paused", ended_on=day(9)),
        subscription(5, 32, status="trialing"),
        subscription(6, 64, status="past_due"),
        subscription(7, 128, started_on=day(0)),
        subscription(8, 256, started_on=day(1)),
        subscription(9, 512, status="cancelled"),
        subscription(10, Decimal("-0.50")),  # a credit
    ]
    found = segments(scored({"a": 1, "b": 2}, subscriptions=periods), cut=Cut("at", 0, 0))
    assert [line[:2] for line in found.frame or ()] == [
        ("a", Decimal("209.50")),
        ("b", 0),
    ]  # 2 + 16 + 64 + 128
    assert where(found)["b"] == HVHE  # no subscription is worth 0, and 0 is high at a cut of 0


def test_a_negative_value_is_low_at_zero() -> None:
    assert where(segments(placed({"a": (-1, 5), "b": (0, 5)}), cut=Cut("at", 0, 5))) == {"a": LVHE, "b": HVHE}


def test_size_is_relative_to_all_in_view_that_have_employees() -> None:
    # 10, 50 and an unplaced 30: the mean is 30
    columns = {"a": {"employees": 10}, "b": {"employees": 50}, "c": {}, "d": {"employees": 30}}
    found = segments(placed({"a": (1, 1), "b": (1, 1), "c": (1, 1), "d": (1, None)}, **columns))
    sizes = [line[5:] for line in found.frame or ()]
    assert sizes == [(10, 1 / 3), (50, 5 / 3), (None, None)]
    nobody = segments(placed({"a": (1, 1)}, a={"employees": 0}))
    assert (nobody.frame or [])[0][5:] == (0, None)


def test_the_health_band_stands_beside_the_place() -> None:
    other = Model(weights={"nps": 1}, scales={"nps": (-100, 100)})
    seen = placed({"a": (1, 1), "b": (1, 80)})
    assert [line[4] for line in segments(seen).frame or ()] == ["at_risk", "satisfactory"]
    assert [line[4] for line in segments(seen, health=other).frame or ()] == [None, None]


def test_nobody_to_place() -> None:
    found = segments(placed({"a": (1, None)}))
    assert (found.value, found.also["cut"], found.in_scope) == (0, None, 1)
    assert found.also["value_by_segment"] == {HVLE: 0, HVHE: 0, LVLE: 0, LVHE: 0}
    assert ORACLE["segmentation.contact_cadence"](placed({}), effort=SCORE, health=SCORE).frame == []


# Cadence


def test_the_default_cadence() -> None:
    """At a cut of 100 and 50: who is how healthy where, most often first, then value, then id."""
    moods = {"lo": 10, "mid": 50, "hi": 90}
    health = Model(weights={"mood": 1}, scales={"mood": (0, 100)})
    places = {"hvhe": (200, 60), "hvle": (150, 10), "lvhe": (20, 60), "lvle": (10, 10)}
    names = {f"{place}-{mood}": place for place in places for mood in [*moods, "un"]}
    rows = [measure(name, "score", places[place][1]) for name, place in names.items()]
    rows += [measure(name, "mood", moods[name[5:]]) for name in names if name[5:] in moods]
    seen = scope(
        accounts=[account(name) for name in names],
        measures=rows,
        subscriptions=[subscription(name, places[place][0], name) for name, place in names.items()],
    )
    found = frame("segmentation.contact_cadence", seen, effort=SCORE, health=health, cut=Cut("at", 100, 50))
    assert [line[:2] for line in found] == [
        ("hvhe-lo", 7), ("hvle-lo", 7),
        ("hvhe-hi", 14), ("hvhe-mid", 14), ("hvhe-un", 14), ("lvhe-lo", 14),
        ("hvle-hi", 30), ("hvle-mid", 30), ("hvle-un", 30), ("lvhe-mid", 30), ("lvle-lo", 30),
        ("lvhe-hi", 60), ("lvhe-un", 60), ("lvle-mid", 60),
        ("lvle-hi", 90), ("lvle-un", 90),
    ]  # fmt: skip
    assert found[0] == ("hvhe-lo", 7, HVHE, "at_risk", 200)
    assert found[4] == ("hvhe-un", 14, HVHE, None, 200)


def test_a_cadence_of_ones_own_by_value_per_seat() -> None:
    days = {(segment, band): 5 for segment in (HVLE, HVHE, LVLE, LVHE) for band in ("at_risk", None)}
    accounts = {"a": (10, 1), "b": (20, 1), "c": (30, None), "d": (40, 1)}
    seats = {"a": {"seats": 1}, "b": {"seats": 10}, "c": {"seats": 1}, "d": {"seats": 4}}
    found = ORACLE["segmentation.contact_cadence"](
        placed(accounts, **seats), policy=Policy(days), value="mrr_per_seat", effort=SCORE, health=SCORE
    )
    assert [(line[0], line[1], line[4]) for line in found.frame or ()] == [
        ("a", 5, 10.0), ("d", 5, 10.0), ("b", 5, 2.0)
    ]  # fmt: skip
    assert found.also["excluded"] == {"without an effort score": 1}


# Filters by segment and band; a and b are ann's, c and d bob's

BOOK: dict[str, Any] = {
    "users": [user("ann"), user("bob")],
    "accounts": [
        account(name, owner_id=owner, seats=seats)
        for name, owner, seats in (("a", "ann", 1), ("b", "ann", 50), ("c", "bob", 50), ("d", "bob", None))
    ],
    "subscriptions": [subscription(n, n * 100, name) for n, name in enumerate("abcd", 1)],
    "measures": [measure(name, "score", value) for name, value in zip("abc", (100, 75, 50), strict=True)]
    + [measure("d", "score", 99, 1), measure("d", "hours", 25)],
    "engagements": [engagement("far", owner_id="bob"), engagement("near", account_id="d", owner_id="bob")],
    "tasks": [],
    "contracts": [contract(1, engagement_id="far"), contract(2, account_id="c", engagement_id=None)],
}
STRAIN = Model(weights={"score": 1, "hours": 1}, scales={"score": (0, 100), "hours": (0, 100)})


def looked_at(viewer: Any = EVERYONE, **filters: Any) -> Scope:
    return scope(viewer, {"effort_model": STRAIN, "health_model": SCORE} | filters, **BOOK)


def test_a_segment_is_found_among_all_that_the_viewer_sees() -> None:
    # values 100, 200, 300, 400 cut at 250; efforts 100, 75, 50, 25 at 62.5
    assert ids(looked_at(customer_segments={HVLE}), "accounts") == ["c", "d"]
    assert ids(looked_at(customer_segments={LVHE}), "accounts") == ["a", "b"]
    # narrowed to c and d first, c would be low and effortful: it is not
    assert ids(looked_at(customer_segments={HVLE}, accounts={"c", "d"}), "accounts") == ["c", "d"]
    # bob sees c and d alone: 300 and 400 cut at 350
    assert ids(looked_at("bob", customer_segments={HVLE}), "accounts") == ["d"]
    assert ids(looked_at("bob", customer_segments={LVHE}), "accounts") == ["c"]
    assert ids(looked_at("bob", customer_segments={HVLE}), "subscriptions") == [4]
    assert ids(looked_at(customer_segments=set()), "accounts") == []


def test_a_segment_by_value_per_seat_and_a_given_cut() -> None:
    # 100, 4 and 6 a seat; d has no seats, and no segment
    per_seat = {"segment_value": "mrr_per_seat", "cut": Cut("at", 6, 60)}
    assert ids(looked_at(customer_segments={HVHE, HVLE}, **per_seat), "accounts") == ["a", "c"]
    assert ids(looked_at(customer_segments={HVLE, HVHE, LVHE, LVLE}, **per_seat), "accounts") == [
        "a",
        "b",
        "c",
    ]


def test_a_band_is_that_of_the_account() -> None:
    assert ids(looked_at(health_bands={"satisfactory"}), "accounts") == ["a", "b"]
    assert ids(looked_at(health_bands={"needs_attention"}), "contracts") == [2]
    assert ids(looked_at(health_bands={"satisfactory"}), "contracts") == [1]
    assert ids(looked_at(health_bands={"satisfactory"}, customer_segments={HVLE}), "accounts") == []
    # d has no score by A: it is in no band
    assert ids(looked_at(health_bands={"at_risk", "needs_attention", "satisfactory"}), "accounts") == list(
        "abc"
    )


def test_an_account_out_of_scope_has_neither_segment_nor_band() -> None:
    """bob's engagement "far" is with ann's account a, whose measures are not his to see."""
    assert ids(looked_at("bob"), "engagements") == ["far", "near"]
    assert ids(looked_at("bob", health_bands={"satisfactory"}), "engagements") == []
    assert ids(looked_at("bob", customer_segments={HVLE, HVHE, LVHE, LVLE}), "engagements") == ["near"]
    assert ids(looked_at(health_bands={"satisfactory"}), "engagements") == ["far"]


def test_metrics_of_a_filtered_view_are_of_what_is_left() -> None:
    # a and b alone: their median is 150 and 87.5
    found = segments(looked_at(health_bands={"satisfactory"}))
    assert found.also["cut"] == (Fraction(150), 87.5)
    assert (found.value, found.in_scope) == (2, 2)


def test_such_a_filter_needs_its_model_and_its_tables() -> None:
    for name in ("customer_segments", "health_bands"):
        with pytest.raises(ValueError, match=name):
            scope(EVERYONE, {name: {HVLE}}, **BOOK)
    with pytest.raises(Missing):
        scope(EVERYONE, {"health_bands": {"at_risk"}, "health_model": SCORE}, accounts=[]).rows("accounts")
