"""Revenue by hand: cases of real billing, a whole model in closed form, and the identity in random worlds."""

from __future__ import annotations

import json
import pickle
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

import cs_metrics as csm
from builders import everyone, portfolio
from cs_metrics import periods, testing
from cs_metrics.exact import weighted_sum
from cs_metrics.render import shape
from cs_metrics.results import Result
from cs_metrics.timeline import Timeline
from worlds import REVENUE_TABLES, view

A = date(2026, 6, 30)
KINDS = ("new", "reactivation", "expansion", "contraction", "churn")


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def billing(*subscriptions: dict[str, Any], as_of: date = A, **tables: Any) -> csm.View:
    """A view of these subscriptions, of A1 unless they say otherwise."""
    rows = [{"id": f"S{number}", **row} for number, row in enumerate(subscriptions)]
    owners = {row.get("account_id", "A1") for row in rows}
    accounts = [{"id": account, "owner_id": "U1"} for account in sorted(owners)]
    return everyone(
        portfolio(subscriptions=rows, **{"accounts": accounts, "engagements": [], **tables}), as_of
    )


def moved(view: csm.View, **options: Any) -> dict[str, dict[str, int]]:
    """What is not 0 of the movements, by month."""
    value = csm.revenue.mrr_movements(view, **options).value
    return {
        kind: {month: n for month, n in value[kind].items() if n}
        for kind in KINDS
        if any(value[kind].values())
    }


# Billing as it comes ------------------------------------------------------------------------------------


def test_subscriptions_that_overlap() -> None:
    looked = billing(
        {"started_on": day("01-10")}, {"mrr": 40, "started_on": day("03-10"), "ended_on": day("05-20")}
    )
    assert moved(looked) == {
        "new": {"2026-01": 100}, "expansion": {"2026-03": 40}, "contraction": {"2026-05": 40},
    }  # fmt: skip


def test_a_period_that_ends_on_the_day_on_which_the_next_begins_is_no_churn() -> None:
    looked = billing(
        {"started_on": day("01-10"), "ended_on": day("03-15")},
        {"started_on": day("03-15"), "ended_on": day("05-01")},
        {"started_on": day("05-01")},
    )
    assert moved(looked) == {"new": {"2026-01": 100}}


GAP = ({"started_on": day("01-10"), "ended_on": day("02-15")}, {"started_on": day("03-20"), "mrr": 70})


def test_a_gap_of_a_month_is_churn_then_reactivation() -> None:
    assert moved(billing(*GAP)) == {
        "new": {"2026-01": 100}, "churn": {"2026-02": 100}, "reactivation": {"2026-03": 70},
    }  # fmt: skip


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_gap_of_as_many_days_as_allowed_is_none(cancelled: bool) -> None:
    """From 15 February to 20 March are 33 days; whether the customer left or only the period ended."""
    first = dict(GAP[0])
    if cancelled:
        first["cancelled_on"] = first.pop("ended_on")
    looked = billing(first, GAP[1])
    assert moved(looked, gap_days=32) == moved(looked)
    assert moved(looked, gap_days=33) == {"new": {"2026-01": 100}, "contraction": {"2026-03": 30}}
    assert csm.revenue.mrr_movements(looked, gap_days=33).value["closing"]["2026-02"] == 100
    assert csm.revenue.quick_ratio(looked, gap_days=33).value == float(Fraction(100, 30))


def test_a_gap_that_is_not_over_is_churn_and_one_over_today_is_not() -> None:
    first = {"started_on": day("01-10"), "ended_on": day("06-20")}
    back = {"started_on": A}
    future = {"started_on": day("07-01")}
    assert moved(billing(first, future), gap_days=31) == {"new": {"2026-01": 100}, "churn": {"2026-06": 100}}
    assert moved(billing(first, back), gap_days=31) == {"new": {"2026-01": 100}}
    assert moved(billing(first, back), gap_days=9) == {"new": {"2026-01": 100}}, (
        "back by the month's end anyway"
    )


def test_several_gaps_each_by_its_own_length() -> None:
    looked = billing(
        {"started_on": day("01-01"), "ended_on": day("01-30")},
        {"started_on": day("02-03"), "ended_on": day("03-30")},
        {"started_on": day("04-20")},
    )
    assert moved(looked, gap_days=10) == {
        "new": {"2026-01": 100}, "churn": {"2026-03": 100}, "reactivation": {"2026-04": 100},
    }  # fmt: skip


def test_a_free_period_does_not_end_a_gap() -> None:
    """Nor is it the first MRR."""
    looked = billing(
        {"mrr": 0, "started_on": day("01-01"), "ended_on": day("02-10")},
        {"started_on": day("02-10"), "ended_on": day("03-25")},
        {"mrr": 0, "started_on": day("03-25"), "ended_on": day("04-05")},
        {"started_on": day("04-05")},
    )
    assert moved(looked) == {
        "new": {"2026-02": 100}, "churn": {"2026-03": 100}, "reactivation": {"2026-04": 100},
    }  # fmt: skip
    assert moved(looked, gap_days=11) == {"new": {"2026-02": 100}}
    assert moved(looked, gap_days=10) == moved(looked)


def test_an_upgrade_on_the_same_day() -> None:
    looked = billing(
        {"started_on": day("03-15"), "ended_on": day("03-15"), "mrr": 10},
        {"started_on": day("03-15"), "ended_on": day("04-15"), "mrr": 20},
        {"started_on": day("04-15"), "mrr": 50},
    )
    assert moved(looked) == {"new": {"2026-03": 20}, "expansion": {"2026-04": 30}}
    assert csm.revenue.mrr_movements(looked).excluded == {"never active by the as-of day": 1}


def test_started_and_cancelled_on_one_day() -> None:
    looked = billing({"started_on": day("03-15"), "cancelled_on": day("03-15"), "status": "cancelled"})
    found = csm.revenue.mrr_movements(looked)
    assert moved(looked) == {}
    assert found.used == 0 and found.excluded == {"never active by the as-of day": 1}
    assert csm.revenue.cohorts(looked).value == {}


def test_a_subscription_with_a_start_only() -> None:
    looked = billing({"started_on": date(2019, 1, 1)}, {"started_on": day("06-30"), "mrr": 1})
    found = csm.revenue.mrr_movements(looked)
    assert moved(looked) == {"expansion": {"2026-06": 1}}
    assert found.value["opening"]["2025-07"] == 100 and found.value["closing"]["2026-06"] == 101
    assert len(found.rows()) == 2


@pytest.mark.parametrize("status", ["paused", "trialing", "cancelled"])
def test_a_status_that_never_counts_without_an_end(status: str) -> None:
    looked = billing({"status": status})
    assert moved(looked) == {}
    assert moved(billing({"status": status, "ended_on": day("03-01")})) != {}


def test_annual_plans_at_a_twelfth() -> None:
    twelfth = Decimal("999.00") / 12  # 83.25
    looked = billing(
        {"mrr": twelfth, "started_on": date(2025, 3, 1), "ended_on": day("03-01")},
        {"mrr": twelfth * Decimal("1.04"), "started_on": day("03-01")},
    )
    found = csm.revenue.mrr_movements(looked).value
    assert found["opening"]["2025-07"] == Decimal("83.25")
    assert found["expansion"]["2026-03"] == Decimal("3.33")
    assert found["closing"]["2026-06"] == Decimal("86.58")


def test_who_comes_and_goes_within_a_month_moves_nothing_but_is_known_later() -> None:
    looked = billing(
        {"started_on": day("02-03"), "ended_on": day("02-20")}, {"started_on": day("04-01"), "mrr": 30}
    )
    assert moved(looked) == {"reactivation": {"2026-04": 30}}
    back_at_once = billing(
        {"started_on": day("02-03"), "ended_on": day("02-10")}, {"started_on": day("02-20"), "mrr": 30}
    )
    assert moved(back_at_once) == {"new": {"2026-02": 30}}


def test_credits_keep_the_identity() -> None:
    looked = billing(
        {"started_on": day("01-01")},
        {"mrr": -100, "started_on": day("02-01"), "ended_on": day("03-01")},
        {"mrr": -150, "started_on": day("04-01")},
        {"mrr": 20, "started_on": day("05-01")},
        {"account_id": "A2", "mrr": -7, "started_on": day("05-01")},
    )
    value = csm.revenue.mrr_movements(looked).value
    assert moved(looked) == {
        "new": {"2026-01": 100, "2026-05": -7}, "reactivation": {"2026-03": 100}, "expansion": {"2026-05": 20},
        "contraction": {"2026-04": 150}, "churn": {"2026-02": 100},
    }  # fmt: skip
    assert value["closing"]["2026-06"] == -37


def test_the_current_month_ends_today() -> None:
    rows = ({"started_on": day("06-01"), "ended_on": day("06-20")}, {"started_on": day("06-25"), "mrr": 5})
    assert moved(billing(*rows, as_of=day("06-19"))) == {"new": {"2026-06": 100}}
    assert moved(billing(*rows, as_of=day("06-20"))) == {}
    assert moved(billing(*rows, as_of=day("06-25"))) == {"new": {"2026-06": 5}}
    assert csm.revenue.mrr_movements(billing(*rows, as_of=day("06-19")), months=1).months == ["2026-06"]


def test_an_account_that_does_not_exist_yet_has_no_subscriptions() -> None:
    later = [{"id": "A1", "created_on": day("07-01")}, {"id": "A2"}]
    looked = billing({"mrr": 3}, {"account_id": "A2"}, accounts=later)
    assert moved(looked) == {"new": {"2026-01": 100}}
    assert csm.revenue.concentration(looked).denominator == 100


def test_amounts_beyond_what_floats_hold() -> None:
    large = 2**60 + 1
    yen = {"currency": "JPY"}
    rows = [
        {"id": n, "account_id": f"A{n}", "mrr": large, "ended_on": e}
        for n, e in ((1, None), (2, day("05-05")))
    ]
    p = portfolio(yen, accounts=[{"id": "A1"}, {"id": "A2"}], subscriptions=[*rows, {"id": 3, "mrr": -3}])
    value = csm.revenue.mrr_movements(everyone(p)).value
    assert value["new"]["2026-01"] == 2 * large - 3
    assert value["churn"]["2026-05"] == large and value["closing"]["2026-06"] == large - 3


# A model in closed form ---------------------------------------------------------------------------------

MONTHS = 26
PLANS = ((0, 4, "49.90"), (4, 7, "99.99"), (7, 9, "79.50"), (11, 18, "64.25"))
"""From which age in months to which a customer has which plan: an upgrade, a downgrade, two months away, back."""


def customers(month: int) -> int:
    return 3 + month % 4 if 0 <= month < MONTHS else 0


def model(shuffle: int) -> csm.View:
    """26 months up to June 2026. Every month brings new customers, on another day of the month for each; all
    live the same life. The categories are those of the MRR playbook of dbt Labs: new, upgrade, downgrade,
    churn, reactivation, each customer in one of them a month.
    """
    accounts, rows = [], []
    for month in range(MONTHS):
        first = date(2024, 5, 1) + relativedelta(months=month)
        for number in range(customers(month)):
            account = f"A{month}-{number}"
            accounts.append({"id": account, "owner_id": "U1"})
            born = first.replace(day=1 + (month * 5 + number * 11) % 28)
            for place, (since, until, price) in enumerate(PLANS):
                end = born + relativedelta(months=until)
                column = "cancelled_on" if until in (9, 18) else "ended_on"
                rows.append(
                    {"id": f"{account}-{place}", "account_id": account, "mrr": Decimal(price),
                     "started_on": born + relativedelta(months=since), column: end}
                )  # fmt: skip
    np.random.default_rng(shuffle).shuffle(rows)  # type: ignore[arg-type]
    return everyone(portfolio(accounts=accounts, engagements=[], subscriptions=rows))


def closed_form(month: int) -> dict[str, Decimal]:
    def each(age: int, amount: str) -> Decimal:
        return customers(month - age) * Decimal(amount)

    return {
        "new": each(0, "49.90"),
        "reactivation": each(11, "64.25"),
        "expansion": each(4, "50.09"),
        "contraction": each(7, "20.49"),
        "churn": each(9, "79.50") + each(18, "64.25"),
    }


@pytest.mark.parametrize("large", [False, True])
def test_26_months_of_a_model_to_the_cent(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if large:
        monkeypatch.setattr("cs_metrics.view.LARGE", 0)
    found = csm.revenue.mrr_movements(model(shuffle=7), months=MONTHS).value
    balance = Decimal(0)
    for month, label in enumerate(found["opening"]):
        expected = closed_form(month)
        assert {kind: found[kind][label] for kind in KINDS} == expected, label
        assert found["opening"][label] == balance
        gained = expected["new"] + expected["reactivation"] + expected["expansion"]
        balance += gained - expected["contraction"] - expected["churn"]
        assert found["closing"][label] == balance
    by_age = sum(
        customers(MONTHS - 1 - age) * Decimal(price) for low, high, price in PLANS for age in range(low, high)
    )
    assert balance == by_age


def test_retention_and_cohorts_of_the_model() -> None:
    looked = model(shuffle=3)
    then, now = MONTHS - 13, MONTHS - 1
    price = {age: Decimal(price) for low, high, price in PLANS for age in range(low, high)}
    had = [(m, price[then - m]) for m in range(then + 1) if then - m in price]
    was = sum(customers(m) * p for m, p in had)
    have = sum(customers(m) * price.get(now - m, Decimal(0)) for m, _ in had)
    kept = sum(customers(m) * min(p, price.get(now - m, Decimal(0))) for m, p in had)
    nrr, grr = csm.revenue.net_revenue_retention(looked), csm.revenue.gross_revenue_retention(looked)
    assert (nrr.numerator, nrr.denominator) == (have, was)
    assert (grr.numerator, grr.denominator) == (kept, was)
    found = csm.revenue.cohorts(looked)
    assert len(found.value) == MONTHS
    for month, (label, line) in enumerate(found.value.items()):
        expected = [customers(month) * (age in price) for age in range(MONTHS - month)]
        assert list(line.values()) == expected, label
    money = csm.revenue.cohorts(looked, by="quarter", measure="mrr")
    assert list(money.value["2024-Q2"].values())[:2] == [
        customers(0) * Decimal("49.90") + customers(1) * Decimal("49.90"),
        customers(0) * Decimal("99.99") + customers(1) * Decimal("49.90"),
    ]
    assert money.left == csm.revenue.mrr_movements(looked).value["closing"]["2026-06"]


# Identity in random worlds ------------------------------------------------------------------------------


@given(testing.worlds(tables=REVENUE_TABLES), st.sampled_from([0, 1, 7, 31, 400]), st.integers(1, 40))
def test_the_identity_holds_in_every_month(world: Any, gap_days: int, months: int) -> None:
    try:
        found = csm.revenue.mrr_movements(view(world), months=months, gap_days=gap_days)
    except csm.errors.MissingTable:
        return
    value = found.value
    closing = None
    for month in found.months:
        new, back, more, less, lost = (value[kind][month] for kind in KINDS)
        assert value["opening"][month] + new + back + more - less - lost == value["closing"][month]
        assert more >= 0 and less >= 0
        assert closing is None or closing == value["opening"][month]
        closing = value["closing"][month]
    if not gap_days:
        active = view(world).subscriptions
        assert closing == found.context.major(active.mrr.sum(active.everything.flags & active.active))
    quick = csm.revenue.quick_ratio(view(world), months=months, gap_days=gap_days)
    assert quick.denominator == sum(sum(value[kind].values()) for kind in ("contraction", "churn"))


# Retention ----------------------------------------------------------------------------------------------


def test_retention_by_hand() -> None:
    """On 30 June 2025: a 100, b 50, c 20, d -5, e 0; now a 150, b 30, c 0, d 9, e 40."""
    old = date(2025, 1, 1)
    looked = billing(
        {"account_id": "a", "started_on": old}, {"account_id": "a", "mrr": 50},
        {"account_id": "b", "mrr": 50, "started_on": old, "ended_on": day("01-01")},
        {"account_id": "b", "mrr": 30},
        {"account_id": "c", "mrr": 20, "started_on": old, "cancelled_on": date(2025, 7, 1)},
        {"account_id": "d", "mrr": -5, "started_on": old, "ended_on": day("01-01")}, {"account_id": "d", "mrr": 9},
        {"account_id": "e", "mrr": 40},
    )  # fmt: skip
    nrr = csm.revenue.net_revenue_retention(looked)
    assert (nrr.numerator, nrr.denominator, nrr.value) == (180, 170, float(Fraction(180, 170)))
    assert nrr.rows()["id"].tolist() == ["a", "b", "c"]
    assert nrr.excluded == {"without MRR 12 months before": 2}
    grr = csm.revenue.gross_revenue_retention(looked)
    assert (grr.numerator, grr.denominator) == (130, 170)
    logos = csm.revenue.logo_retention(looked)
    assert (logos.numerator, logos.denominator) == (2, 3)
    assert csm.revenue.logo_retention(looked, months=0).value == 1
    assert csm.revenue.net_revenue_retention(looked, months=10**6).value is None


@pytest.mark.parametrize(
    ("as_of", "months", "then"),
    [
        (date(2024, 2, 29), 12, date(2023, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 5, 31), 2, date(2026, 3, 31)),
        (date(2025, 1, 31), 11, date(2024, 2, 29)),
    ],
)
def test_the_same_day_months_before_is_clipped_to_the_months_end(
    as_of: date, months: int, then: date
) -> None:
    for shift, value in ((0, 1.0), (1, None)):
        looked = billing({"started_on": then + relativedelta(days=shift)}, as_of=as_of)
        assert csm.revenue.net_revenue_retention(looked, months=months).value == value


# Cohorts ------------------------------------------------------------------------------------------------


def test_cohorts_by_hand() -> None:
    looked = billing(
        {"account_id": "a", "started_on": day("01-31"), "ended_on": day("03-31")},
        {"account_id": "b", "mrr": 40, "started_on": day("01-02"), "ended_on": day("02-10")},
        {"account_id": "b", "mrr": 60, "started_on": day("04-10")},
        {"account_id": "c", "mrr": 7, "started_on": day("04-04"), "ended_on": day("04-05")},
        {"account_id": "d", "mrr": 0, "started_on": day("02-02")},
        as_of=day("05-15"),
    )
    found = csm.revenue.cohorts(looked)
    assert {cohort: list(line.items()) for cohort, line in found.value.items()} == {
        "2026-01": [("2026-01", 2), ("2026-02", 1), ("2026-03", 0), ("2026-04", 1), ("2026-05", 1)],
        "2026-04": [("2026-04", 0), ("2026-05", 0)],
    }
    assert found.shares() == {
        "2026-01": {"2026-01": 1, "2026-02": 0.5, "2026-03": 0, "2026-04": 0.5, "2026-05": 0.5},
        "2026-04": {"2026-04": None, "2026-05": None},
    }
    money = csm.revenue.cohorts(looked, measure="mrr", by="quarter")
    assert money.value == {"2026-Q1": {"2026-Q1": 0, "2026-Q2": 60}, "2026-Q2": {"2026-Q2": 0}}
    assert money.left == 60 and isinstance(money.left, Decimal)
    assert found.to_frame()["value"].tolist() == [2, 1, 0, 1, 1, 0, 0]
    assert list(found.to_frame()) == ["cohort", "period", "value", "share"]


def test_a_subscription_of_the_year_1_costs_one_line_of_the_triangle() -> None:
    looked = billing({"started_on": date(1, 1, 1)}, {"account_id": "b", "started_on": day("01-05")})
    found = csm.revenue.cohorts(looked)
    assert list(found.value) == ["0001-01", "2026-01"]
    assert len(found.value["0001-01"]) == 2025 * 12 + 6
    assert csm.revenue.mrr_movements(looked, months=10**9).value["new"]["0001-01"] == 100


# Concentration ------------------------------------------------------------------------------------------


def test_concentration_keeps_what_it_cut_off() -> None:
    def part(*amounts: int) -> Any:
        rows = [{"account_id": f"a{mrr}", "mrr": mrr} for mrr in amounts]
        return csm.revenue.concentration(billing(*rows), limit=2)

    whole, one, two = part(50, 40, 30, 20, -9), part(50, 20), part(40, 30, -9)
    assert (whole.numerator, whole.denominator) == (90, 140)
    assert whole.excluded == {"without MRR": 1}
    merged = one.merge(two)
    assert (merged.numerator, merged.denominator) == (90, 140)
    assert merged.to_dict() == whole.to_dict()
    sent = [Result.from_dict(json.loads(half.to_json())) for half in (one, two)]
    assert sent[0].merge(sent[1]).to_dict() == whole.to_dict()
    assert csm.revenue.concentration(billing({}), limit=0).value == 0
    assert csm.revenue.concentration(billing({"mrr": 0})).value is None


# Forecast -----------------------------------------------------------------------------------------------

DUE = {"ends_on": date(2026, 8, 1), "engagement_id": None}


def forecast(contracts: list[dict[str, Any]], *churns: Any, **options: Any) -> Any:
    rows = [{**DUE, "id": f"C{number}", **row} for number, row in enumerate(contracts)]
    table = {"propensities": list(churns)} if churns else {}
    return csm.revenue.renewal_forecast(everyone(portfolio(contracts=rows, **table)), **options)


def test_a_forecast_by_hand() -> None:
    found = forecast(
        [
            {"value": 100},
            {"value": 30, "renewal_stage": "renewal_approved", "renewal_finalized_on": A},
            {"value": 20, "renewal_stage": "renewal_rejected", "renewal_finalized_on": date(2026, 7, 1)},
            {"value": 7, "renewal_stage": "renewal_rejected", "renewal_finalized_on": A},
            {"value": 500, "ends_on": date(2026, 6, 29)},
            {"value": 600, "state": "draft"},
            {"value": 11, "state": "expired", "ends_on": A},
        ],
        {"on": date(2026, 5, 1), "churn": 1},
        {"on": date(2026, 6, 30), "churn": 0.25},
        {"on": date(2026, 7, 1), "churn": 0.75},
    )
    assert found.value == {
        "due": 168, "won": 30, "lost": 7, "open": 131, "expected": Decimal("128.25"),
    }  # fmt: skip
    assert found.total == 168
    assert found.excluded == {"draft or cancelled": 1, "does not end in these days": 1}
    assert found.shares()["due"] == 1


def test_without_propensities_what_is_open_is_expected_whole() -> None:
    contracts = [{"value": 100}]
    assert forecast(contracts).value["expected"] == 100
    assert (
        forecast(contracts, {"account_id": "A1", "on": date(2026, 7, 9), "churn": 1}).value["expected"] == 100
    )


def test_what_is_expected_is_rounded_once_half_to_even() -> None:
    """Two contracts of 0.01 at one half: together one cent, not twice a rounded half."""
    one, two = forecast([{"value": Decimal("0.01")}], {}), forecast([{"value": Decimal("0.01")}] * 3, {})
    assert one.value["expected"] == 0, "0.005 rounds to the even"
    assert two.value["expected"] == Decimal("0.02"), "0.015 rounds to the even"
    assert one.merge(two).value["expected"] == Decimal("0.02")
    sent = [Result.from_dict(json.loads(half.to_json())) for half in (one, two)]
    assert sent[0].merge(sent[1]).to_dict() == one.merge(two).to_dict()
    assert pickle.loads(pickle.dumps(one)).merge(two).to_dict() == one.merge(two).to_dict()
    tenth = forecast([{"value": 5}], {"churn": 0.1})  # the float 0.1 is a bit more than a tenth
    assert tenth.value["expected"] == Decimal("4.50")


@given(
    st.lists(
        st.tuples(
            st.integers(-(2**62), 2**62),
            st.floats(0, 1) | st.sampled_from([0.1, 1.0, 5e-324, 0.5, 1 / 3]),
        ),
        max_size=40,
    )
)
def test_weighted_sums_are_exact(pairs: list[tuple[int, float]]) -> None:
    amounts = np.array([amount for amount, _ in pairs], np.int64)
    weights = np.array([weight for _, weight in pairs], np.float64)
    expected = sum((amount * Fraction(weight) for amount, weight in pairs), Fraction(0))
    assert weighted_sum(amounts, weights) == expected


def test_weighted_sums_over_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cs_metrics.exact.BLOCK", 3)
    weights = np.random.default_rng(1).random(10)
    expected = sum((7**n * Fraction(weight) for n, weight in enumerate(weights.tolist())), Fraction(0))
    assert weighted_sum(7 ** np.arange(10, dtype=np.int64), weights) == expected


# The parts ----------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(-9, 9), st.integers(0, 6), st.integers(-2, 3)), max_size=12
    ),
    st.integers(0, 4),
)
def test_a_timeline_is_what_its_periods_add_up_to(rows: list[tuple[int, ...]], lo: int) -> None:
    rows = sorted(rows, key=lambda row: row[0])  # by account; in any order within it
    columns = np.array(rows, np.int32).reshape(-1, 4).T
    account, start, length, mrr = columns
    never = np.where(length == 6, periods.NO_DAY, start + length).astype(np.int32)
    found = Timeline.of(account, 4, start, never, mrr.astype(np.int64)).part(lo, 4)
    for number in range(lo, 4):
        run = slice(*found.starts[number - lo : number - lo + 2])
        days, amounts = found.day[run], found.mrr[run]
        assert (np.diff(days.astype(np.int64)) > 0).all()
        for on in range(-12, 20):
            expected = sum(
                m
                for a, s, e, m in zip(account, start, never, mrr, strict=True)
                if a == number and s <= on < e
            )
            known = amounts[days <= on]
            assert (known[-1] if len(known) else 0) == expected
        assert not len(amounts) or amounts[-1] == 0
        assert (np.diff(amounts, prepend=0) != 0).all()


@given(st.lists(st.dates() | st.dates(date(2025, 12, 1), date(2026, 3, 1)), max_size=80))
def test_month_numbers(days: list[date]) -> None:
    numbers = np.array([periods.day_number(on) for on in days] + [periods.NO_DAY], np.int32)
    found = periods.month_numbers(numbers)
    assert found[:-1].tolist() == [on.year * 12 + on.month - 1 for on in days]
    assert found[-1] > 9999 * 12 + 11
    assert [periods.month_label(n) for n in found[:-1].tolist()] == [f"{on.year:04}-{on:%m}" for on in days]


def test_months_stop_at_the_year_1() -> None:
    labels = [month.label for month in periods.last_months(date(1, 3, 15), 12)]
    assert labels == ["0001-01", "0001-02", "0001-03"]
    assert periods.last_months(date(1, 3, 15), 0) == ()
    assert periods.months_before(date(1, 3, 15), 3) < periods.day_number(date(1, 1, 1))
    assert periods.months_before(date(1, 3, 15), 2) == periods.day_number(date(1, 1, 15))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mrr_movements", {"months": -1}), ("mrr_movements", {"gap_days": 1.5}), ("mrr_movements", {"months": True}),
        ("net_revenue_retention", {"months": "12"}), ("quick_ratio", {"months": -1}), ("cohorts", {"by": "week"}),
        ("cohorts", {"measure": "MRR"}), ("concentration", {"limit": -1}), ("renewal_forecast", {"within": -1}),
    ],
)  # fmt: skip
def test_options_that_are_not_allowed(name: str, options: dict[str, Any]) -> None:
    looked = billing({}, contracts=[{**DUE, "id": "C1"}])
    with pytest.raises(csm.errors.OptionError):
        getattr(csm.revenue, name)(looked, **options)


def test_no_months_are_no_movements() -> None:
    found = csm.revenue.mrr_movements(billing({}), months=0)
    assert found.months == [] and set(found.value) == {"opening", *KINDS, "closing"}
    assert csm.revenue.quick_ratio(billing({}), months=0).value is None


def test_missing_tables_are_named() -> None:
    p = csm.Portfolio.from_records(
        subscriptions=[csm.Subscription(id=1, account_id=1, mrr=1, status="active", started_on=A)]
    )
    with pytest.raises(csm.errors.MissingTable, match="accounts"):
        csm.revenue.mrr_movements(everyone(p))
    report = csm.reports.revenue(everyone(p))
    assert str(report["revenue.renewal_forecast"]) == "needs contracts"


# The report ---------------------------------------------------------------------------------------------


def test_the_report_shows_the_triangle_and_the_forecast() -> None:
    looked = billing(
        {"started_on": day("04-01")}, {"account_id": "b", "started_on": day("04-02"), "ended_on": day("05-02")},
        contracts=[{**DUE, "id": "C1", "value": 10}], propensities=[{}],
    )  # fmt: skip
    report = csm.reports.revenue(looked)
    assert report.report in csm.catalog.reports(purpose="insight", audience="executive")
    assert csm.catalog.report("revenue") is report.report
    text = report.to_text()
    assert "  2026-04      2   1   1" in text
    assert "  expected   5.00   50.0%" in text
    assert "Cohorts: 1 account\n" in text
    latest = report.to_text(rows=1)
    assert "2026-04" in latest
    page = report.to_html()
    assert "<td" in page and "Renewal forecast" in page
    told = json.loads(report.to_json())
    assert [section["title"] for section in told["sections"]] == ["Movements", "Retention", "Outlook"]
    assert {name for name, frame in report.to_frames().items() if len(frame)} == set(report.results)


def test_only_the_latest_cohorts_are_shown_where_there_are_many() -> None:
    looked = model(shuffle=1)
    text = csm.reports.revenue(looked).to_text(rows=4)
    assert "showing 4 of 26" in text
    assert (
        "  2026-03      5   5   5   5" in text
        and "2026-02  " not in text.split("Cohorts")[1].split("Outlook")[0]
    )
    money = csm.revenue.cohorts(looked, measure="mrr")
    assert shape.headline(money)[1] == "USD"
    assert shape.note(money, 4) == "showing 4 of 26"


def test_non_recurring_revenue_is_never_called_nrr() -> None:
    for metric in csm.catalog.metrics():
        assert "NRR" not in metric.definition + metric.title + metric.unit


def test_what_a_viewer_sees_of_a_timeline_that_others_share() -> None:
    """Months of accounts out of sight are months of the whole timeline; nothing of them may show."""
    rows = [
        {"id": 1, "account_id": "far", "started_on": date(2010, 1, 1), "ended_on": date(2012, 1, 1)},
        {"id": 2, "account_id": "near", "started_on": day("05-10"), "mrr": 30},
        {"id": 3, "account_id": "near", "started_on": day("06-20"), "mrr": 12},
    ]
    accounts = [{"id": "far", "owner_id": "a"}, {"id": "near", "owner_id": "b"}]
    p = portfolio(users=[{"id": "a"}, {"id": "b"}], accounts=accounts, engagements=[], subscriptions=rows)
    assert len(csm.revenue.cohorts(everyone(p)).value) == 2  # which lays out the whole
    for as_of, left in ((A, 42), (day("06-25"), 42), (day("06-01"), 30)):
        looked = p.view(as_of=as_of, viewer="b")
        found = csm.revenue.cohorts(looked, measure="mrr")
        assert found.value == {"2026-05": {"2026-05": 30, "2026-06": left}}
        assert csm.revenue.mrr_movements(looked).value["closing"]["2026-06"] == left
    assert csm.revenue.cohorts(p.view(as_of=A, viewer="a")).left == 0
