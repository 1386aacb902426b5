"""The oracle against numbers worked out by hand from metrics.md; A is Monday, 15 June 2026."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics import testing
from cs_metrics.records import QBR, SCHEMA, AdoptionScore, Escalation, Objective, Task
from oracle import EVERYONE, ORACLE, Missing, Scope, World
from oracle_rows import (
    LONG_AGO,
    A,
    account,
    answer,
    contract,
    day,
    engagement,
    frame,
    renewal,
    scope,
    signal,
    user,
)  # fmt: skip

# A signal without a contract touches c1 and c2 of e; two more name c2 again, one names c5 that has no
# engagement. c3 is a draft and c4 ended yesterday: neither is in force. A closed engagement's names c6.
AT_RISK = {
    "accounts": [account(industry="steel")],
    "engagements": [engagement(), engagement("shut", closed_on=A), engagement("f", stage="renewal")],
    "contracts": [
        contract("c1", 100),
        contract("c2", 250),
        contract("c3", 999, state="draft"),
        contract("c4", 999, ends_on=day(-1)),
        contract("c5", 7, engagement_id=None),
        contract("c6", 999, engagement_id="shut"),
    ],
    "risk_signals": [
        signal(1),
        signal(2, contract_id="c2", category="budget"),
        signal(3, contract_id="c2", category="budget"),
        signal(4, "f", contract_id="c5", category="bugs"),
        signal(5, contract_id="c3"),
        signal(6, "shut", contract_id="c6"),
        signal(7, "f", closed_on=A),
        signal(8, "f", opened_on=day(1)),
    ],
}


def test_each_contract_at_risk_counts_once() -> None:
    # c1 100 + c2 250 (three signals) + c5 7
    found = ORACLE["risk.contract_value_at_risk"](scope(**AT_RISK))
    assert found.value == Decimal(357)
    assert [row.id for row in found.rows] == ["c1", "c2", "c5"]
    assert found.in_scope == 6


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        # usage (signal 1) touches c1 and c2, budget c2, bugs c5: they overlap and add up to more than 357
        ("category", {"budget": 250, "bugs": 7, "usage": 350}),
        ("stage", {"adoption": 350, None: 7}),  # c5 has no engagement, whatever the signal's
        ("industry", {"steel": 357}),
        ("owner", {None: 357}),
    ],
)
def test_value_at_risk_by(by: str, expected: dict[str | None, int]) -> None:
    value = answer("risk.contract_value_at_risk", scope(users=[], **AT_RISK), by=by)
    assert list(value.items()) == list(expected.items())


def test_a_signal_reads_no_contract_that_its_viewer_may_not_see() -> None:
    # Ann's engagement e has a signal that names the contract of Bob's engagement f at the same account.
    tables = {
        "users": [user("boss"), user("ann", "boss"), user("bob", "boss")],
        "accounts": [account()],
        "engagements": [engagement(owner_id="ann"), engagement("f", owner_id="bob")],
        "contracts": [contract("c", 10, engagement_id="f")],
        "risk_signals": [signal(1, contract_id="c")],
    }
    values = [answer("risk.contract_value_at_risk", scope(who, **tables)) for who in ("ann", "bob", "boss")]
    assert values == [0, 0, 10]


@pytest.mark.parametrize(
    ("opportunities", "approved_on", "won", "lost"),
    [
        ([], date(2026, 2, 1), [2], []),  # the contract's own word
        ([], A + timedelta(1), [], []),  # decided tomorrow: not yet
        ([], None, [], []),  # decided, but when?
        ([("closed_lost", date(2026, 3, 1))], date(2026, 5, 1), [], [3]),  # an opportunity comes first
        ([("closed_lost", date(2026, 3, 1)), ("closed_won", date(2026, 4, 1))], None, [4], []),  # the latest
        ([("closed_lost", date(2026, 4, 1)), ("closed_won", date(2026, 4, 1))], None, [], [4]),  # smaller id
        ([("closed_lost", day(1))], date(2026, 2, 1), [2], []),  # closed after A is still open
        ([("open", None)], date(2026, 2, 1), [2], []),
        ([("closed_lost", None)], date(2026, 2, 1), [], []),  # an undated one decides, in no month
        ([("closed_lost", None), ("closed_won", date(2026, 3, 1))], None, [3], []),  # a dated one before it
        ([("closed_won", date(2025, 12, 31))], date(2026, 2, 1), [], []),  # last year's
    ],
)
def test_decision(opportunities: Any, approved_on: date | None, won: list[int], lost: list[int]) -> None:
    seen = scope(
        contracts=[contract("c", renewal_stage="renewal_approved", renewal_finalized_on=approved_on)],
        opportunities=[renewal(9 + n, "c", *given) for n, given in enumerate(opportunities)],
    )
    value = answer("renewal.renewals_and_losses_ytd", seen)
    assert [int(month[-2:]) for month, number in value["won"].items() if number] == won
    assert [int(month[-2:]) for month, number in value["lost"].items() if number] == lost
    assert list(value["won"]) == [f"2026-0{month}" for month in range(1, 7)]


def test_months_of_a_fiscal_year() -> None:
    # From April: c1 started on its first day, c2 the day before, c3 today, c4 tomorrow, c5 is cancelled.
    seen = scope(
        fiscal_year_start=4,
        contracts=[
            contract("c1", 1, starts_on=date(2026, 4, 1), ends_on=date(2026, 4, 30)),
            contract("c2", 10, starts_on=date(2026, 3, 31), ends_on=date(2026, 5, 30)),
            contract("c3", 100, starts_on=A),
            contract("c4", 1000, starts_on=day(1)),
            contract("c5", 9999, starts_on=A, state="cancelled"),
            contract("c6", 5, starts_on=date(2026, 6, 1), state="expired"),
        ],
    )
    started = ORACLE["renewal.contract_value_ytd"](seen)
    assert started.value == {"value": {"2026-04": 1, "2026-05": 0, "2026-06": 105}}
    assert [row.id for row in started.rows] == ["c1", "c3", "c6"]
    # On 30 April c1 (its last day) and c2; on 31 May c2 has ended; today c3 alone; expired c6 never.
    in_force = ORACLE["renewal.contract_value_ytd"](seen, basis="in_force")
    assert in_force.value == {"value": {"2026-04": 11, "2026-05": 0, "2026-06": 100}}
    assert [row.id for row in in_force.rows] == ["c1", "c2", "c3"]


def test_more_than_a_share_of_objectives() -> None:
    # f: 4 of 5 is not more than 80 %; s: 5 of 6 is; c: 1 of 1, its cancelled one does not count; n: none live
    states = {
        "f": ["completed"] * 4 + ["new"],
        "s": ["completed"] * 5 + ["at_risk"],
        "c": ["completed", "cancelled"],
        "n": ["cancelled"],
    }
    objectives = [(owner, state) for owner, given in states.items() for state in given]
    seen = scope(
        engagements=[engagement(owner) for owner in states],
        objectives=[Objective(id=n, engagement_id=e, state=state) for n, (e, state) in enumerate(objectives)],
    )
    complete = "adoption.engagements_with_objectives_complete"
    assert frame(complete, seen) == [("c", 1.0), ("s", 5 / 6)]
    assert frame(complete, seen, above=Decimal("0.79")) == [("c", 1.0), ("f", 0.8), ("s", 5 / 6)]
    assert frame("adoption.engagements_without_objectives", seen) == [("n",)]
    assert answer("adoption.objective_progress", seen) == {
        "new": 1, "on_track": 0, "at_risk": 1, "completed": 10, "cancelled": 2,
    }  # fmt: skip


def test_ties_are_broken_by_the_id_as_text() -> None:
    due = {"E9": -5, "E10": -5, "E8": -6, "today": 0}
    seen = scope(engagements=[engagement(name, go_live_due_on=day(n)) for name, n in due.items()])
    assert frame("adoption.engagements_overdue_go_live", seen) == [("E8", 6), ("E10", 5), ("E9", 5)]
    assert frame("adoption.engagements_going_live", seen) == [("today",)]


@pytest.mark.parametrize(("ends", "due", "overdue"), [(-1, 0, 1), (0, 1, 0), (90, 1, 0), (91, 0, 0)])
def test_window_borders(ends: int, due: int, overdue: int) -> None:
    seen = scope(engagements=[engagement()], contracts=[contract("c", ends_on=day(ends))])
    assert answer("renewal.engagements_with_renewals_due", seen) == due
    assert answer("renewal.overdue_renewals", seen) == overdue
    assert answer("renewal.lost_contracts", seen) == overdue


def test_renewals_due_sums_what_is_undecided() -> None:
    # c1 and c2 are due, c3 is decided, c4 due later, c5 of nobody's engagement
    contracts = [
        contract("c1", "0.10", ends_on=day(80)),
        contract("c2", "0.20", ends_on=day(20)),
        contract("c3", 5, ends_on=day(10), renewal_stage="renewal_rejected"),
        contract("c4", 7, ends_on=day(100)),
        contract("c5", 9, ends_on=day(5), engagement_id=None),
    ]
    seen = scope(engagements=[engagement(), engagement("other")], contracts=contracts)
    assert frame("renewal.engagements_with_renewals_due", seen) == [("e", day(20), Decimal("0.30"))]
    assert frame("renewal.lost_contracts", seen) == [("e",)]  # c3


def test_lost_contracts_leaves_out_drafts_and_reviews_but_not_closed_engagements() -> None:
    lost = {
        "rejected": {"renewal_stage": "renewal_rejected"},
        "ended": {"ends_on": day(-1)},
        "expired": {"state": "expired"},
    }
    kept = {
        "draft": {"state": "draft", "ends_on": day(-1), "renewal_stage": "renewal_rejected"},
        "review": {"state": "expired", "renewal_stage": "under_review"},
        "renewed": {"state": "expired", "renewal_stage": "renewal_approved"},
        "running": {},
    }
    seen = scope(
        engagements=[engagement(name, closed_on=day(-9)) for name in lost | kept],
        contracts=[contract(n, engagement_id=n, **given) for n, given in (lost | kept).items()],
    )
    assert frame("renewal.lost_contracts", seen) == [("ended",), ("expired",), ("rejected",)]


def test_low_adoption_takes_the_latest_score() -> None:
    def score(product: str, value: float, on: date, engagement_id: str | None = "e") -> AdoptionScore:
        return AdoptionScore(account_id="a", engagement_id=engagement_id, product=product, score=value, on=on)

    seen = scope(
        accounts=[account()],
        engagements=[engagement(), engagement("shut", closed_on=day(-1))],
        adoption_scores=[
            score("p", 10, day(-2)),
            score("p", 50, day(-1)),  # the latest, and 50 is not below 50
            score("q", 30, day(-1)),
            score("q", 90, day(1)),  # tomorrow's does not exist yet
            score("a", 30, day(-1), None),
            score("r", 1, day(-1), "shut"),
        ],
    )
    assert frame("adoption.low_adoption_products", seen) == [
        ("e", "a", "q", 30, None),
        (None, "a", "a", 30, None),  # equal scores: the missing engagement is last
    ]
    assert ORACLE["adoption.low_adoption_products"](seen).in_scope == 5


def test_qbrs_and_escalations() -> None:
    qbrs = [
        QBR(id=1, engagement_id="e", scheduled_on=day(9)),
        QBR(id=2, engagement_id="e", scheduled_on=A),
        QBR(id=3, engagement_id="f", scheduled_on=day(3), held_on=day(1)),  # not held by A
        QBR(id=4, engagement_id="f", scheduled_on=day(1), held_on=A),
        QBR(id=5, engagement_id="f", scheduled_on=day(2), cancelled=True),
    ]
    seen = scope(
        accounts=[account(), account("b")],
        engagements=[engagement(), engagement("f", account_id="b")],
        qbrs=qbrs,
        escalations=[
            Escalation(id=1, account_id="a", opened_on=day(-9), closed_on=A),
            Escalation(id=2, account_id="b", opened_on=A, closed_on=day(1)),
            Escalation(id=3, account_id="a", opened_on=day(1)),
        ],
    )
    upcoming = "overview.engagements_with_upcoming_qbrs"
    assert frame(upcoming, seen) == [("e", A), ("f", day(3))]
    assert frame(upcoming, seen, within=2) == [("e", A)]
    assert frame("overview.engagements_with_escalations", seen) == [("f",)]


def test_tasks_are_each_in_one_bucket() -> None:
    given = [
        ("to_do", day(-1)),
        ("in_progress", day(-1)),
        ("to_do", A),
        ("in_progress", None),
        ("completed", day(-1)),
    ]
    tasks = [
        Task(id=n, assignee_id="boss", status=status, created_on=LONG_AGO, due_on=due)
        for n, (status, due) in enumerate(given)
    ]
    value = answer("overview.success_manager_tasks", scope(users=[], tasks=tasks))
    assert list(value.items()) == [
        ("overdue", 2), ("to_do", 1), ("in_progress", 1), ("completed", 1), ("cancelled", 0),
    ]  # fmt: skip


def test_crosstab_and_missing_buckets() -> None:
    engagements = [
        engagement(1, stage="b", health="red"),
        engagement(2, stage="a"),
        engagement(3, stage="a", health="green"),
    ]
    signals = [
        signal(1, 1, scope="x", probability="low", category="b"),
        signal(2, 2, category="b"),
        signal(3, 3, scope="w", category="a"),
        signal(4, 3, scope="w", category="c"),
    ]
    seen = scope(engagements=engagements, risk_signals=signals)
    value = answer("overview.health_by_stage", seen)
    assert list(value) == ["a", "b"]
    assert value["a"] == {"green": 1, "yellow": 0, "red": 0, None: 1}
    assert value["b"] == {"green": 0, "yellow": 0, "red": 1, None: 0}
    assert list(answer("risk.risk_signals_by_scope", seen).items()) == [("w", 2), ("x", 1), (None, 1)]
    assert answer("risk.risk_signals_by_probability", seen) == {"high": 0, "moderate": 0, "low": 1, None: 3}
    assert list(answer("risk.top_risk_indicators", seen, limit=2).items()) == [("b", 2), ("a", 1)]
    assert answer("risk.engagements_in_poor_health", seen) == {"red": 1, "yellow": 0}


OF_GROUPS = ("review.alert_status", "stack.by_item", "usage.summary")
"""Listings whose lines are groups of the rows behind them."""


@given(st.data())
def test_every_metric_answers_in_every_world(data: st.DataObject) -> None:
    made = data.draw(testing.worlds())
    filters = data.draw(st.none() | testing.filters(made))
    world = World(made.tables, made.currency, made.rates, made.tz, made.fiscal_year_start)
    seen = Scope(world, made.as_of, EVERYONE if made.viewer is None else made.viewer, filters)
    for name, metric in ORACLE.items():
        try:
            found = metric(seen)
        except Missing as error:
            assert error.table in SCHEMA, name
            continue
        used = [attrs.astuple(row) for row in found.rows]
        in_scope = [attrs.astuple(row) for row in seen.rows(found.counts)]
        assert all(used.count(row) == 1 and row in in_scope for row in used), name
        assert found.in_scope == len(in_scope), name
        lines = None if found.frame is None else len(found.frame)
        assert lines is None or lines == found.value, name
        assert lines is None or lines == len(found.rows) or (name in OF_GROUPS and lines < len(found.rows)), (
            name
        )
