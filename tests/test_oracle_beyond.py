"""The oracle of coverage, usage and accounts against numbers worked out by hand; A is Monday, 15 June 2026."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from beyond_rows import ADOPTED, TEAM, USED, seen, used
from cs_metrics import testing
from oracle import EVERYONE, ORACLE, Missing, Scope, World
from oracle_rows import A, account, contract, day, engagement, renewal, signal
from oracle_success_rows import measure
from portfolio_rows import find, score, sold, sub
from variants_beyond import BEYOND_TABLES, BEYOND_VARIANTS


def worth(amounts: dict[str, Any]) -> list[Any]:
    """One subscription of each account, of this MRR."""
    return [
        sub(number, mrr, "2026-01-01", account_id=name) for number, (name, mrr) in enumerate(amounts.items())
    ]


# Coverage by owners

OWNED: dict[str, Any] = {
    "users": TEAM,
    "accounts": [
        account("a", owner_id="boss"),
        account("b", owner_id="agent"),
        account("c", owner_id="gone"),
        account("d"),
        account("e", owner_id="boss", created_on=day(1)),  # not yet
    ],
    "subscriptions": worth({"a": 100, "b": "50.50", "c": 30, "d": 19.5, "e": 999}),
}


def test_an_account_is_covered_by_an_active_owner() -> None:
    found = find("coverage.csm_coverage", OWNED)  # a and b; c's owner has left, d has none
    assert (found.value, found.numerator, found.denominator) == (0.5, 2, 4)
    assert [row.id for row in found.rows] == ["a", "b", "c", "d"]
    assert (found.in_scope, found.counts) == (4, "accounts")


def test_mrr_covered_by_an_active_owner() -> None:
    found = find("coverage.csm_coverage", OWNED, measure="mrr")
    assert (found.numerator, found.denominator, found.value) == (Decimal("150.5"), 200, 0.7525)
    assert len(found.rows) == 4


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [("boss", (2, 3)), ("agent", (1, 1)), ("gone", (0, 1))],  # boss: a, b, c; nobody sees d
)
def test_coverage_is_of_what_the_viewer_sees(viewer: str, expected: tuple[int, int]) -> None:
    found = find("coverage.csm_coverage", OWNED, viewer=viewer)
    assert (found.numerator, found.denominator) == expected


def test_coverage_of_nothing() -> None:
    empty = find("coverage.csm_coverage", {**OWNED, "accounts": []} | {"subscriptions": []})
    assert (empty.value, empty.numerator, empty.denominator) == (None, 0, 0)
    without = find("coverage.csm_coverage", {**OWNED, "subscriptions": []}, measure="mrr")
    assert (without.value, without.numerator, without.denominator) == (None, 0, 0)
    assert len(without.rows) == 4  # of accounts that are worth nothing


def test_a_credit_is_mrr_too() -> None:
    tables = {**OWNED, "subscriptions": worth({"a": 100, "c": 30, "d": -5})}
    found = find("coverage.csm_coverage", tables, measure="mrr")
    assert (found.numerator, found.denominator, found.value) == (100, 125, 0.8)


def test_mrr_is_of_a_and_in_the_portfolios_currency() -> None:
    tables = {
        **OWNED,
        "subscriptions": [
            sub(1, 100, "2020-01-01", "2026-06-15", account_id="a"),  # over on A
            sub(2, "10.01", "2026-06-15", account_id="b", currency="EUR"),  # 15.015 rounds to 15.02, to even
            sub(3, "4.98", "2026-06-15", account_id="d"),
            sub(4, 7, "2026-06-16", account_id="a"),  # not yet
        ],
    }
    found = find("coverage.csm_coverage", tables, measure="mrr", settings={"rates": {"EUR": Decimal("1.5")}})
    assert (found.numerator, found.denominator, found.value) == (Decimal("15.02"), 20, 0.751)


# Coverage by usage

SEEN: dict[str, Any] = {
    "accounts": [account(name) for name in "abcde"],
    "usage": [
        used("a", "P", 0, 1),
        used("b", "P", -30, 0, 0),  # nobody used it, but we know
        used("c", "P", -31, 1),
        used("d", "Q", 1, 1),  # tomorrow
        used("a", "Q", -5, 1),  # a second row of a
    ],
    "subscriptions": worth({"a": 10, "b": 20, "c": 30, "e": 40}),
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (2, 5)),
        ({"within": 31}, (3, 5)),
        ({"within": 29}, (1, 5)),
        ({"within": 0}, (1, 5)),
        ({"measure": "mrr"}, (30, 100)),
        ({"within": 31, "measure": "mrr"}, (60, 100)),
        ({"within": 0, "measure": "mrr"}, (10, 100)),
    ],
)
def test_usage_in_the_last_days_covers(options: dict[str, Any], expected: tuple[int, int]) -> None:
    found = find("coverage.usage_coverage", SEEN, **options)
    assert (found.numerator, found.denominator) == expected
    assert found.value == float(Fraction(*expected))
    assert [row.id for row in found.rows] == list("abcde")


# Usage


def test_usage_is_of_the_latest_row() -> None:
    found = find("usage.adoption", USED)
    assert found.frame == ADOPTED
    assert found.value == 5
    assert (found.in_scope, found.counts) == (9, "usage")  # tomorrow's does not exist yet
    assert [(row.account_id, row.product, row.on) for row in found.rows] == [
        ("a", "P", A),
        ("a", "Q", day(-40)),
        ("a", "Z", day(-2)),
        ("b", "P", day(-1)),
        ("b", "Q", day(-1)),
    ]


def test_usage_by_product_is_summed_over_rows_with_licences() -> None:
    found = find("usage.summary", USED)
    assert found.frame == [
        ("P", 2, 15, 20, 0.75, 0.25, 0.5),  # before: a's alone
        # now b's 5 stand in active_users, but not in the share 3 / 4; before it was (3 + 5) / (4 + 10)
        ("Q", 2, 8, 4, 0.75, 8 / 14, float(Fraction(3, 4) - Fraction(8, 14))),
        ("Z", 1, 7, None, None, None, None),
    ]
    assert (found.value, found.in_scope) == (3, 9)
    assert found.rows == find("usage.adoption", USED).rows


def test_a_change_is_of_the_exact_shares() -> None:
    tables = {"accounts": [account("a")], "usage": [used("a", "P", 0, 3, 10), used("a", "P", -30, 1, 10)]}
    for name in ("usage.adoption", "usage.summary"):
        [line] = find(name, tables).frame or []
        assert line[-3:] == (0.3, 0.1, 0.2)  # and 0.3 - 0.1 is 0.19999999999999998


def test_shares_beyond_one_and_below_zero() -> None:
    tables = {
        "accounts": [account("a"), account("b")],
        "usage": [used("a", "P", 0, 15, 10), used("b", "P", 0, 4, -1)],  # -1 licences are none
    }
    assert find("usage.adoption", tables).frame == [
        ("a", "P", 15, 10, 1.5, None, None),
        ("b", "P", 4, -1, None, None, None),
    ]
    assert find("usage.summary", tables).frame == [("P", 2, 19, 9, 1.5, None, None)]


def test_usage_follows_its_account() -> None:
    tables = {**USED, "users": TEAM, "accounts": [account("a"), account("b", owner_id="agent")]}
    assert find("usage.adoption", tables, viewer="agent").frame == ADOPTED[3:]
    assert find("usage.summary", tables, viewer="agent").frame == [
        ("P", 1, 9, 12, 0.75, None, None),
        ("Q", 1, 5, 0, None, 0.5, None),  # licences given: none, and not unknown
    ]
    assert find("usage.adoption", tables, viewer="gone").frame == []
    assert find("usage.adoption", tables, filters={"accounts": {"a"}}).frame == ADOPTED[:3]


def test_of_usage_that_does_not_exist_yet_there_is_none() -> None:
    for name in ("usage.adoption", "usage.summary"):
        assert find(name, USED, on=day(-91)).frame == []
        assert find(name, {**USED, "accounts": [account(n, created_on=day(1)) for n in "ab"]}).frame == []


# Top customers


def test_the_largest_first_then_by_id() -> None:
    tables = {
        "accounts": [account(name, segment=None if name == "c" else name.upper()) for name in "abcdef"],
        "subscriptions": worth({"a": 10, "b": 30, "c": 30, "e": -1, "f": 0}),
    }
    found = find("accounts.top", tables, limit=2)
    nothing: tuple[None, ...] = (None, None, None, None)
    assert found.frame == [
        ("b", 30, *nothing, "B"),
        ("c", 30, *nothing, None),
        ("a", 10, *nothing, "A"),
        ("d", 0, *nothing, "D"),
        ("f", 0, *nothing, "F"),
        ("e", -1, *nothing, "E"),
    ]
    assert (found.value, found.limit, found.in_scope) == (6, 2, 6)
    assert [row.id for row in found.rows] == list("bcadfe")


def top(**tables: Any) -> tuple[Any, ...]:
    """The line of account a, without its id: mrr, health, adoption, next_renewal_on, risk_signals, segment."""
    viewer, filters = tables.pop("viewer", EVERYONE), tables.pop("filters", None)
    [line] = find("accounts.top", sold() | tables, viewer=viewer, filters=filters).frame or []
    assert line[0] == "a"
    return line[1:]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"nps": 0}, 50.0),
        ({"nps": 0, "csat": 80}, 65.0),
        # 50, 80, 5 of 20..0 are 75, 15 of 0..20 are 75
        ({"nps": 0, "csat": 80, "tickets_open": 5, "logins_per_week": 15}, 70.0),
        ({"mood": 3}, None),
        ({}, None),
    ],
)
def test_health_in_a_line_is_the_default_models(values: dict[str, int], expected: float | None) -> None:
    measures = [measure("a", name, value) for name, value in values.items()]
    assert top(measures=[*measures, measure("a", "nps", 100, 1)])[1] == expected


def test_adoption_in_a_line_is_the_mean_over_products() -> None:
    scores = [score(10, -90), score(40, -1), score(70, -9, product="Q"), score(99, 1)]
    assert top(adoption_scores=scores)[2] == 55.0
    assert top(adoption_scores=[])[2] is None


CONTRACTS = [
    contract("late", ends_on=day(80)),
    contract("over", ends_on=day(-1)),
    contract("draft", ends_on=day(1), state="draft"),
    contract("decided", ends_on=day(2), renewal_stage="renewal_approved", renewal_finalized_on=day(0)),
    contract("tomorrow", ends_on=day(50), renewal_stage="renewal_approved", renewal_finalized_on=day(1)),
    contract("endless"),
    contract("not yet", ends_on=day(4), starts_on=day(3)),
    contract("others", ends_on=day(5), account_id="z", engagement_id="z"),
]


@pytest.mark.parametrize(
    ("billed", "contracts", "expected"),
    [
        (None, None, None),
        (day(0), None, day(0)),
        (day(-1), None, None),
        (day(-1), CONTRACTS, day(50)),  # decided tomorrow, so open today
        (day(49), CONTRACTS, day(49)),
        (day(51), CONTRACTS, day(50)),
        (None, [contract("today", ends_on=day(0))], day(0)),
        (None, [], None),
    ],
)
def test_the_next_renewal_in_a_line(billed: Any, contracts: Any, expected: Any) -> None:
    tables: dict[str, Any] = sold(
        sub(1, 10, "2026-01-01", next_billing_on=billed),
        sub(2, 10, "2026-01-01", "2026-06-15", next_billing_on=day(3)),  # over
        accounts="a",
    )
    if contracts is not None:
        tables |= {"contracts": contracts, "engagements": [engagement(), engagement("z", account_id="z")]}
        tables["accounts"].append(account("z", created_on=day(0)))
        found = find("accounts.top", tables).frame or []
        assert {line[0]: line[4] for line in found}["z"] == (day(5) if contracts is CONTRACTS else None)
    else:
        found = find("accounts.top", tables).frame or []
    assert {line[0]: line[4] for line in found}["a"] == expected


def test_an_opportunity_decides_in_a_line_too() -> None:
    tables = {"engagements": [engagement()], "contracts": [contract("c", ends_on=day(9))]}
    assert top(**tables)[3] == day(9)
    assert top(**tables, opportunities=[renewal(1, "c", "closed_won", day(0))])[3] is None
    assert top(**tables, opportunities=[renewal(1, "c", "closed_won", day(1))])[3] == day(9)


SIGNALS: dict[str, Any] = {
    "engagements": [engagement(), engagement("f"), engagement("shut", closed_on=A)],
    "risk_signals": [
        signal(1),
        signal(2),
        signal(3, "f"),
        signal(4, closed_on=A),
        signal(5, closed_on=day(1)),
        signal(6, opened_on=day(1)),
        signal(7, "shut"),
    ],
}


def test_active_signals_in_a_line() -> None:
    assert top(**SIGNALS)[4] == 4  # 1, 2, 3, 5
    assert top(**SIGNALS | {"risk_signals": []})[4] == 0
    assert top(risk_signals=SIGNALS["risk_signals"])[4] is None  # whose engagements nobody knows
    assert top(engagements=SIGNALS["engagements"])[4] is None


def test_signals_count_at_the_account_of_their_engagement() -> None:
    tables = sold(accounts="abc") | {
        "engagements": [engagement("1"), engagement("2", account_id="b"), engagement("3", account_id="b")],
        "risk_signals": [signal(1, "1"), signal(2, "2"), signal(3, "3")],
    }
    assert [(line[0], line[5]) for line in find("accounts.top", tables).frame or []] == [
        ("a", 1), ("b", 2), ("c", 0),
    ]  # fmt: skip


def test_others_rows_of_ones_own_account_are_not_read() -> None:
    # a is the agent's, engagement f of it is the boss's: its signals, its contract, its scores are too
    tables: dict[str, Any] = {
        "users": TEAM,
        "accounts": [account(owner_id="agent")],
        "engagements": [engagement(), engagement("f", owner_id="boss")],
        "risk_signals": [signal(1), signal(2, "f")],
        "contracts": [contract(1, ends_on=day(9)), contract(2, ends_on=day(8), engagement_id="f")],
        "adoption_scores": [score(80, 0), score(20, 0, product="Q", engagement_id="f")],
    }
    assert top(viewer="agent", **tables) == (0, None, 80.0, day(9), 1, None)
    assert top(viewer="boss", **tables) == (0, None, 50.0, day(8), 2, None)


def test_missing_tables() -> None:
    for name, needed in {
        "coverage.csm_coverage": ("accounts", "users"),
        "coverage.usage_coverage": ("accounts", "usage"),
        "usage.adoption": ("usage", "accounts"),
        "usage.summary": ("usage", "accounts"),
        "accounts.top": ("accounts", "subscriptions"),
    }.items():
        tables: dict[str, list[Any]] = {table: [] for table in needed}
        find(name, tables)
        for table in needed:
            with pytest.raises(Missing, match=table):
                find(name, {left: [] for left in needed if left != table})
        if name.startswith("coverage"):
            with pytest.raises(Missing, match="subscriptions"):
                find(name, tables, measure="mrr")


def test_a_supplied_contract_is_not_left_out_in_silence() -> None:
    tables = sold() | {"contracts": [contract(1, ends_on=day(9))]}
    assert (find("accounts.top", tables).frame or [])[0][4] == day(9)
    with pytest.raises(Missing, match="engagements"):
        find("accounts.top", tables, filters={"accounts": {"a"}})


# What holds in every world


@given(testing.worlds(tables=BEYOND_TABLES, complete=True))
def test_products_are_their_accounts_together(made: Any) -> None:
    scope = seen(made)
    lines = ORACLE["usage.adoption"](scope).frame or []
    for product, accounts, active, licensed, *_ in ORACLE["usage.summary"](scope).frame or []:
        own = [line for line in lines if line[1] == product]
        assert (accounts, active) == (len(own), sum(line[2] for line in own))
        given_ones = [line[3] for line in own if line[3] is not None]
        assert licensed == (sum(given_ones) if given_ones else None)
    users = ORACLE["coverage.usage_coverage"](scope, within=10**5)
    assert users.numerator == len({line[0] for line in lines})


def test_variants_are_of_metrics_and_of_their_options() -> None:
    empty = Scope(World({table: [] for table in BEYOND_TABLES}), A, EVERYONE, None)
    for name, variants in BEYOND_VARIANTS.items():
        for options in variants:
            assert ORACLE[name](empty, **options).counts == "accounts"
