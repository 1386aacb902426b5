"""The oracle of revenue against numbers worked out by hand; A is Monday, 15 June 2026."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cs_metrics.records import Opportunity, Propensity, Subscription
from oracle_revenue import MOVEMENTS
from oracle_rows import A, account, contract, day
from portfolio_rows import find, on, sold, sub

# Revenue: movements


def moved(tables: dict[str, Any], /, **options: Any) -> dict[str, dict[str, Decimal]]:
    """The movements that are not zero; the identity holds in every month."""
    value = find("revenue.mrr_movements", tables, **options).value
    assert tuple(value) == MOVEMENTS
    for month, opening in value["opening"].items():
        gained = sum(value[name][month] for name in ("new", "reactivation", "expansion"))
        lost = value["contraction"][month] + value["churn"][month]
        assert opening + gained - lost == value["closing"][month]
    return {
        name: {month[2:]: amount for month, amount in value[name].items() if amount}
        for name in MOVEMENTS[1:-1]
        if any(value[name].values())
    }


BILLING: list[tuple[str, list[Subscription], dict[str, int], dict[str, Any]]] = [
    ("overlapping subscriptions are one customer's",  # 100 from January, 50 more March to May
     [sub(1, 100, "2026-01-10"), sub(2, 50, "2026-03-05", "2026-05-20")], {},
     {"new": {"26-01": 100}, "expansion": {"26-03": 50}, "contraction": {"26-05": 50}}),
    ("a period that ends the day the next begins is no churn",
     [sub(1, 100, "2026-01-10", ended_on=on("2026-03-31")), sub(2, 100, "2026-03-31")], {},
     {"new": {"26-01": 100}}),
    ("a period over on the last day of a month is gone at its end",
     [sub(1, 100, "2026-01-10", "2026-03-31")], {}, {"new": {"26-01": 100}, "churn": {"26-03": 100}}),
    ("a period over on the first of a month was there at the end of the one before",
     [sub(1, 100, "2026-01-10", "2026-04-01")], {}, {"new": {"26-01": 100}, "churn": {"26-04": 100}}),
    ("a gap of a month is churn and reactivation",
     [sub(1, 100, "2026-01-10", "2026-03-15"), sub(2, 120, "2026-04-15")], {},
     {"new": {"26-01": 100}, "reactivation": {"26-04": 120}, "churn": {"26-03": 100}}),
    ("a gap within a month shows at no month's end",
     [sub(1, 100, "2026-01-10", "2026-03-05"), sub(2, 120, "2026-03-25")], {},
     {"new": {"26-01": 100}, "expansion": {"26-03": 20}}),
    ("15 March to 15 April are 31 days: bridged, and what is new on the way back is expansion",
     [sub(1, 100, "2026-01-10", "2026-03-15"), sub(2, 120, "2026-04-15")], {"gap_days": 31},
     {"new": {"26-01": 100}, "expansion": {"26-04": 20}}),
    ("30 days are too few for it",
     [sub(1, 100, "2026-01-10", "2026-03-15"), sub(2, 120, "2026-04-15")], {"gap_days": 30},
     {"new": {"26-01": 100}, "reactivation": {"26-04": 120}, "churn": {"26-03": 100}}),
    ("an open gap is churn at once: nobody knows the future",
     [sub(1, 100, "2026-01-10", "2026-06-10"), sub(2, 100, "2026-06-16")], {"gap_days": 31},
     {"new": {"26-01": 100}, "churn": {"26-06": 100}}),
    ("a gap that closes on A is closed",
     [sub(1, 100, "2026-01-10", "2026-05-20"), sub(2, 100, "2026-06-15")], {"gap_days": 26},
     {"new": {"26-01": 100}}),
    ("the eve of a gap counts, not the start of the period before",  # 150 until 10 March, 100 until the 15th
     [sub(1, 100, "2026-01-10", "2026-03-15"), sub(2, 50, "2026-01-10", "2026-03-10"), sub(3, 90, "2026-04-02")],
     {"gap_days": 31},
     {"new": {"26-01": 150}, "contraction": {"26-03": 50, "26-04": 10}}),
    ("an overlapping period leaves no gap, and two gaps are measured each by itself",
     [sub(1, 10, "2026-01-10", "2026-02-20"), sub(2, 10, "2026-03-10", "2026-04-20"), sub(3, 10, "2026-05-10")],
     {"gap_days": 20},  # 18 days and 20 days
     {"new": {"26-01": 10}}),
    (
        "a period of nothing within a gap does not shorten it: 10 March to 9 April are 30 days",
        [
            sub(1, 100, "2026-01-10", "2026-03-10"),
            sub(2, 0, "2026-03-20", "2026-04-05"),
            sub(3, 100, "2026-04-09"),
        ],
        {"gap_days": 29},
        {"new": {"26-01": 100}, "reactivation": {"26-04": 100}, "churn": {"26-03": 100}},
    ),
    (
        "nor does it break it",
        [
            sub(1, 100, "2026-01-10", "2026-03-10"),
            sub(2, 0, "2026-03-20", "2026-04-05"),
            sub(3, 100, "2026-04-09"),
        ],
        {"gap_days": 30},
        {"new": {"26-01": 100}},
    ),
    ("an upgrade on the same day is expansion",
     [sub(1, 100, "2026-01-10", ended_on=on("2026-04-10")), sub(2, 250, "2026-04-10")], {},
     {"new": {"26-01": 100}, "expansion": {"26-04": 150}}),
    ("an upgrade in the month of the start is part of what is new",
     [sub(1, 100, "2026-01-10", ended_on=on("2026-01-12")), sub(2, 250, "2026-01-12")], {},
     {"new": {"26-01": 250}}),
    ("started and cancelled on one day: never active", [sub(1, 100, "2026-01-10", "2026-01-10")], {}, {}),
    ("open-ended and older than the months shown: it opens them", [sub(1, 100, "2020-01-01")], {}, {}),
    ("an annual plan at a twelfth: 1,000.20 a year are 83.35 a month",
     [sub(1, "83.35", "2025-08-01", "2026-05-31")], {},
     {"new": {"25-08": Decimal("83.35")}, "churn": {"26-05": Decimal("83.35")}}),
    ("gone before its first month's end, and back: it had some before",
     [sub(1, 100, "2026-02-05", "2026-02-20"), sub(2, 40, "2026-04-01")], {}, {"reactivation": {"26-04": 40}}),
    ("gone and back in its first month: new",
     [sub(1, 100, "2026-02-05", "2026-02-10"), sub(2, 40, "2026-02-20")], {}, {"new": {"26-02": 40}}),
    ("a period of nothing is not the first MRR",
     [sub(1, 0, "2026-01-10"), sub(2, 40, "2026-02-20")], {}, {"new": {"26-02": 40}}),
    ("a credit makes less, and may make less than nothing",
     [sub(1, 100, "2026-01-10"), sub(2, -130, "2026-02-10", "2026-03-10")], {},
     {"new": {"26-01": 100}, "expansion": {"26-03": 130}, "contraction": {"26-02": 130}}),
    ("the current month is told by A", [sub(1, 100, "2026-06-15"), sub(2, 9, "2026-06-16")], {},
     {"new": {"26-06": 100}}),
    ("movements before the months shown do not show", [sub(1, 100, "2026-03-10", "2026-05-10")], {"months": 2},
     {"churn": {"26-05": 100}}),
]  # fmt: skip


@pytest.mark.parametrize(("subscriptions", "options", "expected"), [case[1:] for case in BILLING],
                         ids=[case[0] for case in BILLING])  # fmt: skip
def test_billing(
    subscriptions: list[Subscription], options: dict[str, int], expected: dict[str, Any]
) -> None:
    assert moved(sold(*subscriptions), **options) == expected


def test_movements_are_by_account_and_not_by_subscription() -> None:
    # a drops 30 and b takes 30 more: no netting; c is new; the months run to A's own
    tables = sold(
        sub(1, 80, "2025-01-01"), sub(2, 30, "2025-01-01", "2026-05-09"),
        sub(3, 30, "2026-05-09", account_id="b"), sub(4, 1, "2025-01-01", account_id="b"),
        sub(5, 5, "2026-06-01", account_id="c"), sub(6, 5, "2026-06-02", "2026-06-02", account_id="c"),
        accounts="abc",
    )  # fmt: skip
    found = find("revenue.mrr_movements", tables, months=2)
    zeros = {"2026-05": 0, "2026-06": 0}
    assert found.value == {
        "opening": {"2026-05": 111, "2026-06": 111},
        "new": {"2026-05": 0, "2026-06": 5},
        "reactivation": zeros,
        "expansion": {"2026-05": 30, "2026-06": 0},
        "contraction": {"2026-05": 30, "2026-06": 0},
        "churn": zeros,
        "closing": {"2026-05": 111, "2026-06": 116},
    }
    assert ([row.id for row in found.rows], found.in_scope) == ([1, 2, 3, 4, 5], 6)
    ratio = find("revenue.quick_ratio", tables, months=2)
    assert (ratio.numerator, ratio.denominator, ratio.value) == (35, 30, 35 / 30)
    assert find("revenue.quick_ratio", tables, months=1).value is None  # nothing was lost in June


# Revenue: retention

KEPT = sold(
    sub(1, 100, "2025-01-01"), sub(2, 50, "2026-01-01"),  # a: 100 then, 150 now
    sub(3, 100, "2025-01-01", "2026-01-01", account_id="b"), sub(4, 60, "2026-01-01", account_id="b"),
    sub(5, 40, "2025-06-15", "2025-06-16", account_id="c"),  # 40 on 15 June 2025 alone
    sub(6, 70, "2025-06-16", account_id="d"),  # a day too late
    sub(7, -5, "2025-01-01", account_id="e"),  # a credit is no MRR
    accounts="abcde",
)  # fmt: skip


def test_retention() -> None:
    net, gross, logo = (
        find(f"revenue.{name}", KEPT)
        for name in ("net_revenue_retention", "gross_revenue_retention", "logo_retention")
    )
    assert (net.numerator, net.denominator, net.value) == (210, 240, 0.875)
    assert (gross.numerator, gross.denominator) == (160, 240)  # min(100, 150) + min(100, 60) + 0
    assert (logo.numerator, logo.denominator) == (2, 3)
    assert [row.id for row in net.rows] == ["a", "b", "c"] and net.in_scope == 5
    assert find("revenue.net_revenue_retention", sold()).value is None


@pytest.mark.parametrize(
    ("as_of", "months", "then"),
    [
        ("2024-02-29", 12, "2023-02-28"), ("2025-02-28", 12, "2024-02-28"), ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-31", 1, "2024-02-29"), ("2026-05-31", 6, "2025-11-30"), ("2026-01-31", 1, "2025-12-31"),
        ("2026-06-15", 26, "2024-04-15"), ("2028-02-29", 48, "2024-02-29"), ("2026-12-31", 12, "2025-12-31"),
    ],
)  # fmt: skip
def test_the_day_so_many_months_before(as_of: str, months: int, then: str) -> None:
    there = sub(1, 10, then, date.fromordinal(on(then).toordinal() + 1).isoformat())  # on that day alone
    found = find("revenue.logo_retention", sold(there), on=on(as_of), months=months)
    assert (found.numerator, found.denominator) == (0, 1)


# Revenue: cohorts

TRIANGLE = sold(
    sub(1, 10, "2026-03-31"),  # a: March, at its last day
    sub(2, 20, "2026-03-01", "2026-03-20", account_id="b"), sub(3, 25, "2026-06-01", account_id="b"),
    sub(4, 40, "2026-05-10", "2026-06-15", account_id="c"),  # May; over on A
    sub(5, 0, "2026-01-01", account_id="d"),  # never any
    accounts="abcd",
)  # fmt: skip


def test_cohorts_of_accounts() -> None:
    found = find("revenue.cohorts", TRIANGLE)
    assert found.value == {
        "2026-03": {"2026-03": 1, "2026-04": 1, "2026-05": 1, "2026-06": 2},  # b had gone by March's end
        "2026-05": {"2026-05": 1, "2026-06": 0},
    }
    assert list(found.value) == sorted(found.value)
    assert found.shares["2026-03"]["2026-06"] == 2.0 and found.shares["2026-05"] == {
        "2026-05": 1.0,
        "2026-06": 0.0,
    }
    assert [row.id for row in found.rows] == [1, 2, 3, 4, 5]
    assert find("revenue.cohorts", sold()).value == {}


def test_cohorts_of_mrr_by_quarter() -> None:
    found = find("revenue.cohorts", TRIANGLE, by="quarter", measure="mrr")
    assert found.value == {"2026-Q1": {"2026-Q1": 10, "2026-Q2": 35}, "2026-Q2": {"2026-Q2": 0}}
    assert found.shares == {"2026-Q1": {"2026-Q1": 1.0, "2026-Q2": 3.5}, "2026-Q2": {"2026-Q2": None}}


def test_a_period_in_which_nobody_came_is_no_cohort() -> None:
    found = find("revenue.cohorts", sold(sub(1, 1, "0001-01-01")))
    assert [(cohort, len(line)) for cohort, line in found.value.items()] == [("0001-01", 2025 * 12 + 6)]


# Revenue: concentration and forecast


def test_concentration() -> None:
    tables = sold(
        sub(1, 50, "2026-01-01"), sub(2, 10, "2026-01-01"), sub(3, 30, "2026-01-01", account_id="b"),
        sub(4, 10, "2026-01-01", account_id="c"), sub(5, -20, "2026-01-01", account_id="d"), accounts="abcd",
    )  # fmt: skip
    found = find("revenue.concentration", tables, limit=2)
    assert (found.numerator, found.denominator, found.value) == (90, 100, 0.9)
    assert [row.id for row in found.rows] == ["a", "b", "c"]
    assert find("revenue.concentration", tables).value == 1.0
    assert find("revenue.concentration", sold(accounts="ab")).value is None


def test_renewal_forecast() -> None:
    ending = {"ends_on": day(90)}
    contracts = [
        contract(1, 100, **ending), contract(2, 10, state="expired", ends_on=A), contract(3, 999, ends_on=day(91)),
        contract(4, 999, state="draft", **ending), contract(5, 20, renewal_stage="renewal_approved", **ending),
        contract(6, 40, **ending), contract(7, 80, account_id="b", engagement_id=None, **ending),
        contract(8, 999), contract(9, 999, ends_on=day(-1)),
    ]  # fmt: skip
    tables = {
        "accounts": [account("a"), account("b")],
        "contracts": contracts,
        "opportunities": [Opportunity(id=1, contract_id=6, kind="renew", stage="closed_lost", closed_on=A)],
    }
    found = find("revenue.renewal_forecast", tables)
    expected = {"due": 250, "won": 20, "lost": 40, "open": 190, "expected": 210}
    assert list(found.value.items()) == list(expected.items())
    assert (found.total, [row.id for row in found.rows]) == (250, [1, 2, 5, 6, 7])
    churn = [
        Propensity(account_id="a", on=day(o), churn=c, expand=0) for o, c in ((-9, 1), (-1, 0.25), (1, 1))
    ]
    found = find("revenue.renewal_forecast", {**tables, "propensities": churn})
    assert found.value["expected"] == Decimal("182.50")  # 20 + 110 x 0.75 + 80
    assert find("revenue.renewal_forecast", tables, within=0).value["due"] == 10


@pytest.mark.parametrize(
    ("amounts", "expected"), [(["0.01"], "0.00"), (["0.03"], "0.02"), (["0.01", "0.01"], "0.01")]
)
def test_a_forecast_is_rounded_once_half_to_even(amounts: list[str], expected: str) -> None:
    # half of 0.01 is 0.005 -> 0.00, half of 0.03 is 0.015 -> 0.02; twice 0.005 are 0.01, not 0.00
    contracts = [contract(i, amount, ends_on=A) for i, amount in enumerate(amounts)]
    tables = {
        "accounts": [account()],
        "contracts": contracts,
        "propensities": [Propensity(account_id="a", on=A, churn=0.5, expand=0)],
    }
    assert find("revenue.renewal_forecast", tables).value["expected"] == Decimal(expected)
