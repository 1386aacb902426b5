"""What a profile holds, by the oracle, against rows worked out by hand; A is Monday, 15 June 2026."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beyond_rows import ADOPTED, TEAM, USED, seen, used
from cs_metrics import testing
from cs_metrics.records import (
    CampaignTouch,
    Propensity,
    StackPosition,
    Touchpoint,
)
from oracle import EVERYONE, ORACLE, Missing, Scope, World
from oracle_beyond import SECTIONS, NotVisible, profile
from oracle_rows import A, account, contract, day, engagement, signal
from oracle_success_rows import measure
from portfolio_rows import run, score, sub, task
from variants_beyond import BEYOND_TABLES

FULL: dict[str, Any] = {
    "users": TEAM,
    "accounts": [account("a", owner_id="agent", segment="top", seats=5), account("z", owner_id="boss")],
    "subscriptions": [
        sub(1, 100, "2026-05-17", plan="pro", next_billing_on=day(9)),
        sub(2, 40, "2020-01-01", "2026-06-01"),
        sub(3, 999, "2020-01-01", account_id="z"),
    ],
    "engagements": [
        engagement(health="red"),
        engagement("shut", closed_on=A),
        engagement("z", account_id="z"),
    ],
    "contracts": [
        contract("c1", 100, ends_on=day(9), renewal_stage="under_review"),
        contract("c2", "0.5", ends_on=day(4), renewal_stage="renewal_rejected", renewal_finalized_on=day(0)),
        contract("c3", 7, state="expired", ends_on=day(-9), engagement_id="shut"),
        contract("z", 999, account_id="z", engagement_id="z", ends_on=day(1)),
    ],
    "usage": [*USED["usage"][:5], used("z", "P", 0, 1, 1)],
    "adoption_scores": [score(80, 0), score(20, -9, product="Q"), score(1, 0, "z")],
    "measures": [measure("a", "csat", 30), measure("z", "csat", 100)],
    "risk_signals": [signal(1, probability="high"), signal(2, "shut"), signal(3, closed_on=A), signal(4, "z")],
    "tasks": [
        task(1, assignee_id="agent", account_id="a"),
        task(2, "in_progress", 3, assignee_id="agent", engagement_id="e"),
        task(3, "to_do", -2, assignee_id="boss", account_id="a"),
        task(4, "completed", assignee_id="agent", account_id="a"),
        task(5, assignee_id="agent", account_id="z"),
        task(6, assignee_id="agent"),
    ],
    "touchpoints": [
        Touchpoint(id=number, engagement_id=name, scheduled_on=day(offset), cancelled=cancelled)
        for number, name, offset, cancelled in (
            (1, "e", 0, False), (2, "e", -7, False), (3, "e", -1, True), (4, "shut", -2, False),
            (5, "e", 20, False), (6, "z", -1, False), (7, "e", -20, False),
        )
    ],
    "playbook_runs": [
        run(1, "new", None),
        run(2, "in_progress", 5, "q"),
        run(3, "completed", 1),
        run(4, "new", 0, account_id="z"),
    ],
    "stack_positions": [
        StackPosition(account_id="a", item_id="y", aligned=False, mrr_opportunity="2.5"),
        StackPosition(account_id="a", item_id="x", aligned=True, mrr=10, non_recurring=1),
        StackPosition(account_id="a", item_id="w", aligned=True, applicable=False, mrr=99),
        StackPosition(account_id="z", item_id="x", aligned=True, mrr=5),
    ],
    "campaign_touches": [
        CampaignTouch(account_id="a", campaign="spring", on=day(-9), attributed=20),
        CampaignTouch(account_id="a", campaign="spring", on=day(-3)),
        CampaignTouch(account_id="a", campaign="autumn", on=day(-200)),
        CampaignTouch(account_id="a", campaign="spring", on=day(1), attributed=999),
        CampaignTouch(account_id="z", campaign="spring", on=day(-1), attributed=7),
    ],
    "propensities": [
        Propensity(account_id="a", on=day(offset), churn=churn, expand=expand)
        for offset, churn, expand in ((-40, 0.9, 0.1), (-2, 0.25, 0.5), (1, 1, 1))
    ],
}  # fmt: skip


def looked(
    account_id: Any = "a", viewer: Any = EVERYONE, without: str = "", **filters: Any
) -> dict[str, Any]:
    tables = {name: rows for name, rows in FULL.items() if name != without}
    return profile(Scope(World(tables), A, viewer, filters or None), account_id)


def test_a_profile_has_its_sections() -> None:
    found = looked()
    assert list(found) == list(SECTIONS) == [
        "account", "contracts", "mrr", "usage", "adoption", "health", "engagements", "risk_signals", "tasks",
        "touchpoints", "playbooks", "stack", "campaigns", "propensities",
    ]  # fmt: skip
    assert (found["account"]["id"], found["account"]["segment"], found["account"]["seats"]) == ("a", "top", 5)


def test_a_profiles_contracts_and_mrr() -> None:
    contracts, mrr = looked()["contracts"], looked()["mrr"]
    assert [(c["contract"], c["in_force"], c["renewal"]) for c in contracts["contracts"]] == [
        ("c1", True, None),
        ("c2", True, "lost"),
        ("c3", False, None),
    ]
    # c2 ends sooner, but is decided
    assert (contracts["in_force"], contracts["value_in_force"], contracts["next_end_on"]) == (
        2,
        Decimal("100.5"),
        day(9),
    )
    assert (mrr["mrr"], mrr["mrr_before"], mrr["change"]) == (100, 40, 60)
    assert [(s["subscription"], s["plan"], s["mrr"]) for s in mrr["subscriptions"]] == [(1, "pro", 100)]
    assert mrr["next_billing_on"] == day(9)


def test_a_profiles_usage_and_health() -> None:
    found = looked()
    assert found["usage"] == [ADOPTED[0][1:]]
    assert found["adoption"] == 50.0
    assert found["health"] == {"score": 30.0, "coverage": 0.25, "band": "at_risk"}
    assert found["engagements"] == [{"engagement": "e", "stage": "adoption", "health": "red"}]
    assert [(s["risk_signal"], s["probability"]) for s in found["risk_signals"]] == [(1, "high")]
    assert looked("z")["health"] == {"score": 100.0, "coverage": 0.25, "band": "satisfactory"}


def test_a_profiles_work() -> None:
    found = looked()
    assert [row["task"] for row in found["tasks"]] == [3, 2, 1]
    assert found["touchpoints"] == {
        "last_on": day(-7),
        "next_on": day(0),
        "touchpoints": [(7, day(-20)), (2, day(-7)), (1, day(0)), (5, day(20))],
    }
    assert [(row["playbook_run"], row["playbook"]) for row in found["playbooks"]] == [(2, "q"), (1, "p")]
    assert [row["task"] for row in looked(viewer="agent")["tasks"]] == [2, 1]  # the boss's is the boss's


def test_a_profiles_stack_campaigns_and_propensities() -> None:
    found = looked()
    stack, campaigns = found["stack"], found["campaigns"]
    assert [row["item"] for row in stack["positions"]] == ["x", "y"]
    assert (stack["aligned"], stack["applicable"], stack["alignment"]) == (1, 2, 0.5)
    assert (stack["mrr"], stack["non_recurring"], stack["mrr_opportunity"]) == (10, 1, Decimal("2.5"))
    assert campaigns["campaigns"] == [
        {"campaign": "autumn", "touches": 1, "last_on": day(-200), "attributed": None},
        {"campaign": "spring", "touches": 2, "last_on": day(-3), "attributed": 20},
    ]
    assert campaigns["attributed"] == 20
    assert found["propensities"] == {"on": day(-2), "churn": 0.25, "expand": 0.5}


@pytest.mark.parametrize("table", sorted(FULL.keys() - {"users", "accounts"}))
def test_a_profile_does_without_any_table_but_accounts(table: str) -> None:
    found, whole = looked(without=table), looked()
    lacking = {name for name, value in found.items() if isinstance(value, Missing)}
    of = {"engagements": {"engagements", "risk_signals", "touchpoints"}, "subscriptions": {"mrr"}}
    of |= {"adoption_scores": {"adoption"}, "measures": {"health"}, "playbook_runs": {"playbooks"}}
    of |= {"stack_positions": {"stack"}, "campaign_touches": {"campaigns"}}
    assert lacking == of.get(table, {table})
    kept = found.keys() - lacking - ({"tasks"} if table == "engagements" else set())
    assert {name: found[name] for name in kept} == {name: whole[name] for name in kept}


def test_an_empty_profile() -> None:
    tables: dict[str, list[Any]] = {name: [] for name in FULL} | {"accounts": [account("a")]}
    found = profile(Scope(World(tables), A, EVERYONE, None), "a")
    assert found["contracts"] == {
        "contracts": [],
        "in_force": 0,
        "value_in_force": 0,
        "next_end_on": None,
    }
    assert (found["mrr"]["mrr"], found["mrr"]["subscriptions"]) == (0, [])
    assert found["health"] == {"score": None, "coverage": 0.0, "band": None}
    assert found["stack"]["alignment"] is None
    assert (found["campaigns"], found["propensities"]) == ({"campaigns": [], "attributed": None}, None)


def test_not_visible_says_nothing_of_why() -> None:
    said = set()
    for viewer, account_id, filters in (
        ("agent", "z", {}),  # the boss's
        ("agent", "nobody", {}),
        (EVERYONE, "a", {"accounts": {"z"}}),
        ("gone", "a", {}),
        (EVERYONE, 1, {}),
    ):
        with pytest.raises(NotVisible) as refused:
            looked(account_id, viewer=viewer, **filters)
        said.add(str(refused.value).replace(repr(account_id), "..."))
    assert len(said) == 1
    one = Scope(World({"accounts": [account(1), account(2, created_on=day(1))]}), A, EVERYONE, None)
    assert profile(one, 1)["account"]["id"] == 1
    for other in (True, 1.0, "1", 2, None):
        with pytest.raises(NotVisible):
            profile(one, other)


# What holds in every world

PROFILED = (*BEYOND_TABLES, "tasks", "playbook_runs", "stack_items", "stack_positions")


@given(st.data())
def test_a_profile_is_what_the_metrics_say_of_that_account_alone(data: st.DataObject) -> None:
    made = data.draw(testing.worlds(tables=PROFILED, complete=True))
    scope = seen(made)
    for row in scope.rows("accounts")[:2]:
        found, alone = profile(scope, row.id), seen(made, accounts={row.id})
        mrr = ORACLE["review.active_mrr"](alone)
        assert (found["mrr"]["mrr"], found["mrr"]["mrr_before"]) == (mrr.value, mrr.previous)
        assert found["usage"] == [line[1:] for line in ORACLE["usage.adoption"](alone).frame or ()]
        assert len(found["risk_signals"]) == ORACLE["risk.active_risk_signals"](alone).value
        assert len(found["engagements"]) == ORACLE["overview.total_engagements"](alone).value
        for name, key, metric in (
            ("tasks", "task", "act.tasks_due"),
            ("playbooks", "playbook_run", "act.playbooks_due"),
        ):
            assert [line[key] for line in found[name]] == [r.id for r in ORACLE[metric](alone).rows]
        [top_line] = ORACLE["accounts.top"](alone).frame or []
        assert top_line[1] == found["mrr"]["mrr"]
        assert top_line[2] == found["health"]["score"]
        assert top_line[3] == found["adoption"]
        assert top_line[4] == min(
            [day for day in (found["mrr"]["next_billing_on"], found["contracts"]["next_end_on"]) if day],
            default=None,
        )
        assert top_line[5] == len(found["risk_signals"])
