"""What the oracle takes a viewer to see, worked out by hand from records.md and design.md."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from cs_metrics.records import Task
from oracle import EVERYONE, ORACLE, Missing
from oracle_rows import LONG_AGO, A, account, answer, contract, day, engagement, ids, scope, signal, user

# boss > ann > bob (an agent) > cid (an agent); eve is her own. E's owner is his account's, F's is another.
TEAM = {
    "users": [
        user("boss"),
        user("ann", "boss"),
        user("bob", "ann", "success_agent"),
        user("cid", "bob", "success_agent"),
        user("eve"),
    ],
    "accounts": [
        account("a", owner_id="bob", industry="steel"),
        account("b", owner_id="eve"),
        account("none"),
    ],
    "engagements": [
        engagement("of_bob"),
        engagement("of_cid", owner_id="cid", health="red"),
        engagement("of_ann", account_id="b", owner_id="ann", stage="onboarding"),
        engagement("of_eve", account_id="b"),
        engagement("of_none", account_id="none"),
    ],
}


@pytest.mark.parametrize(
    ("viewer", "seen"),
    [
        ("boss", ["of_ann", "of_bob", "of_cid"]),
        ("ann", ["of_ann", "of_bob", "of_cid"]),
        ("bob", ["of_bob"]),  # an agent sees their own, whoever reports to them
        ("cid", ["of_cid"]),
        ("eve", ["of_eve"]),
        (EVERYONE, ["of_ann", "of_bob", "of_cid", "of_eve", "of_none"]),
    ],
)
def test_who_sees_what(viewer: Any, seen: list[str]) -> None:
    assert ids(scope(viewer, **TEAM), "engagements") == seen


def test_an_unknown_viewer_sees_nothing_at_all() -> None:
    for viewer in ("nobody", None, ""):
        with pytest.raises(KeyError):
            scope(viewer, **TEAM)


@pytest.mark.parametrize(
    ("viewer", "filters", "kept"),
    [
        ("boss", {"owners": {"ann"}}, ["of_ann", "of_bob", "of_cid"]),  # a manager is the whole subtree
        ("boss", {"owners": {"bob"}}, ["of_bob"]),  # an agent only themselves
        ("ann", {"owners": {"boss"}}, []),  # outside the scope: adds nothing, though ann is below
        ("ann", {"owners": {"eve", "cid"}}, ["of_cid"]),
        ("boss", {"owners": set()}, []),
        ("boss", {"industries": {"steel"}}, ["of_bob", "of_cid"]),
        ("boss", {"accounts": {"b"}}, ["of_ann"]),  # its account is eve's, but the column is readable
        ("boss", {"health": {"red"}, "accounts": {"a"}}, ["of_cid"]),
        ("boss", {"health": {"red"}, "stages": {"onboarding"}}, []),
        (EVERYONE, {"owners": {"boss", "eve"}}, ["of_ann", "of_bob", "of_cid", "of_eve"]),
    ],
)
def test_filters_of_engagements(viewer: Any, filters: dict[str, Any], kept: list[str]) -> None:
    assert ids(scope(viewer, filters, **TEAM), "engagements") == kept


@pytest.mark.parametrize(
    ("viewer", "filters", "kept"),
    [
        ("bob", {"health": {"red"}}, []),  # the red one at his account is cid's, whom he does not see
        ("ann", {"health": {"red"}}, ["a"]),
        ("eve", {"stages": {"onboarding"}}, []),
        (EVERYONE, {"stages": {"onboarding"}, "owners": {"eve"}}, ["b"]),  # judged each on its own
        (EVERYONE, {"contract_values": [(Decimal(0), Decimal(1))]}, ["b", "none"]),
        (EVERYONE, {"contract_values": [(Decimal(150), None)]}, ["a"]),  # 100 + 50: its own low is in
        (EVERYONE, {"contract_values": [(Decimal(100), Decimal(150))]}, []),  # and its own high is out
        ("bob", {"contract_values": [(Decimal(100), Decimal(150))]}, ["a"]),  # c2 is cid's
    ],
)
def test_filters_of_accounts(viewer: Any, filters: dict[str, Any], kept: list[str]) -> None:
    contracts = [
        contract("c1", 100, engagement_id=None),
        contract("c2", 50, engagement_id="of_cid"),
        contract("c3", 999, engagement_id="of_bob", state="expired"),
    ]
    assert ids(scope(viewer, filters, **TEAM, contracts=contracts), "accounts") == kept


@pytest.mark.parametrize(
    ("viewer", "filters", "kept"),
    [
        ("ann", None, ["1 cid's", "2 b", "3 of_eve", "4 neither"]),
        ("ann", {"owners": {"cid"}}, ["1 cid's"]),  # the assignee, whoever owns what the task names
        ("ann", {"accounts": {"b"}}, ["2 b", "3 of_eve"]),  # own columns of what is out of scope are read
        ("ann", {"stages": {"adoption"}}, ["1 cid's", "3 of_eve"]),  # 2: b's engagements are not read
        ("ann", {"contract_values": [(Decimal(0), Decimal(1))]}, ["1 cid's", "2 b", "3 of_eve"]),
        (EVERYONE, {"contract_values": [(Decimal(0), Decimal(1))]}, ["1 cid's"]),  # of_eve has 5 in force
    ],
)
def test_filters_of_tasks(viewer: Any, filters: dict[str, Any] | None, kept: list[str]) -> None:
    def task(name: str, assignee: str, **columns: str) -> Task:
        return Task(id=name, assignee_id=assignee, status="to_do", created_on=LONG_AGO, **columns)

    tasks = [
        task("1 cid's", "cid", engagement_id="of_bob"),
        task("2 b", "ann", account_id="b"),
        task("3 of_eve", "ann", engagement_id="of_eve"),
        task("4 neither", "ann"),
    ]
    contracts = [contract("c", 5, account_id="b", engagement_id="of_eve")]
    seen = scope(viewer, filters, **TEAM, tasks=tasks, contracts=contracts)
    assert ids(seen, "tasks") == kept
    assert sum(answer("overview.success_manager_tasks", seen).values()) == len(kept)


def test_average_per_csm() -> None:
    # 4 owned engagements; owners ann, bob, cid and eve; the team is 5
    average = "overview.average_engagements_per_csm"
    assert answer(average, scope(**TEAM)) == 1.0
    assert answer(average, scope(**TEAM), over="team") == 4 / 5
    assert answer(average, scope("boss", {"owners": {"cid"}}, **TEAM), over="team") == 1 / 4
    assert answer(average, scope(users=[], engagements=[engagement()])) is None


def test_what_does_not_exist_yet() -> None:
    # The account begins tomorrow, so nothing below it exists, whatever its own dates.
    tables = {
        "accounts": [account(created_on=day(1)), account("b", created_on=A)],
        "engagements": [
            engagement(),
            engagement("f", account_id="b"),
            engagement("g", account_id="b", created_on=day(1)),
        ],
        "contracts": [
            contract("c"),
            contract("d", account_id="b", engagement_id="f"),
            contract("h", account_id="b", engagement_id="g"),
        ],
        "risk_signals": [signal(1), signal(2, "f"), signal(3, "f", contract_id="h")],
    }
    seen = scope(**tables)
    assert ids(seen, "engagements") == ["f"]
    assert ids(seen, "contracts") == ["d"]
    assert ids(seen, "risk_signals") == [2]  # 3 names a contract that does not exist yet


def test_money_is_converted_row_by_row_half_even() -> None:
    # 0.01 EUR is 0.005 USD: 0.00; 0.03 EUR is 0.015: 0.02; 0.005 KWD at 1 is 0.005: 0.00; 3 JPY at 0.01: 0.03
    amounts = [("0.01", "EUR"), ("0.03", "EUR"), ("0.005", "KWD"), (3, "JPY"), (0.1, None), (-1, "USD")]
    seen = scope(
        rates={"EUR": Decimal("0.5"), "KWD": Decimal(1), "JPY": Decimal("0.01")},
        contracts=[contract(n, value, currency=currency) for n, (value, currency) in enumerate(amounts)],
    )
    assert [seen.money(row) for row in seen.rows("contracts")] == [
        Decimal(text) for text in ("0.00", "0.02", "0.00", "0.03", "0.10", "-1.00")
    ]


def test_days_of_timestamps_are_those_of_the_zone() -> None:
    # 23:30 on 31 December at -08:00 is 1 January in UTC; naive ones and text are cut to their day
    late = datetime(2025, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
    days = [late, datetime(2025, 12, 31, 23, 30), "2026-01-01", date(2026, 1, 1)]
    seen = scope(engagements=[engagement(n, created_on=given) for n, given in enumerate(days)])
    assert answer("overview.new_engagements_ytd", seen) == 3


@pytest.mark.parametrize(
    ("name", "options", "filters", "missing"),
    [
        ("overview.engagements_with_escalations", {}, None, "accounts"),
        ("risk.contract_value_at_risk", {}, None, "risk_signals"),
        ("risk.contract_value_at_risk", {"by": "industry"}, None, "accounts"),
        ("overview.average_engagements_per_csm", {"over": "team"}, None, "users"),
        ("overview.total_engagements", {}, {"industries": {"steel"}}, "accounts"),
        ("overview.total_engagements", {}, {"owners": {"ann"}}, "users"),
    ],
)
def test_missing_tables(name: str, options: Any, filters: Any, missing: str) -> None:
    with pytest.raises(Missing) as error:
        ORACLE[name](scope(EVERYONE, filters, engagements=[engagement()], contracts=[]), **options)
    assert error.value.table == missing
