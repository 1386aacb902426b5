"""The oracle of review and act against numbers worked out by hand; A is Monday, 15 June 2026."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from cs_metrics.records import Account, Activity, Contact, Renewal
from oracle import ORACLE, Missing
from oracle_rows import A, account, day, engagement, user
from portfolio_rows import Trailing, alert, find, on, run, score, sold, sub, task

# Review: windows

BORDERS = (0, -1, -30, -31, -60, -61, 1)
"""Days beside A on which one thing happens each; the last has not happened yet."""

WINDOWS = [
    # 30 with today: 0, -1, -30 | -31, -60; without it: -1, -30 | -31, -60; 7: 0, -1 | none of -8 .. -14
    (None, (3, 2, 1, 0.5)),
    (Trailing(30, include_today=False), (2, 2, 0, 0.0)),
    (Trailing(7), (2, 0, 2, None)),
    # 1: 0, -1 | -2; without today -1 | -2
    (Trailing(1), (2, 0, 2, None)),
    (Trailing(1, include_today=False), (1, 0, 1, None)),
    # 31: 0 .. -31 are four | -32 .. -62 are -60, -61
    (Trailing(31), (4, 2, 2, 1.0)),
]
COMPLETED = [day(offset) for offset in BORDERS[:-1]]
HAPPENED: dict[str, dict[str, Any]] = {
    "review.new_accounts": {
        "accounts": [account("never"), *(account(f"a{i}", created_on=day(i)) for i in BORDERS)]
    },
    "review.new_users": {
        "accounts": [account()],
        "contacts": [Contact(id=i, account_id="a", created_on=day(i)) for i in BORDERS],
    },
    "review.cancelled_subscriptions": sold(
        sub(9, 10, "2026-01-01"),
        sub(8, 10, "2026-01-01", ended_on=day(-2)),  # replaced, not cancelled
        *(sub(i, 10, "2026-01-01", day(i).isoformat()) for i in BORDERS[:-1]),
    ),
    "review.new_tasks": {"tasks": [task(i, "cancelled", created_on=day(i)) for i in BORDERS]},
    "review.tasks_completed": {
        "tasks": [task(9), *(task(i, completed_on=d) for i, d in enumerate(COMPLETED))]
    },
    "review.emails_sent": {
        "activities": [
            Activity(id=3 * i + n, account_id="a", kind=kind, performed_on=day(i))
            for i in BORDERS
            for n, kind in enumerate(("email", "Email")[: 1 + (i == 0)])
        ]
    },
    "review.calls_made": {
        "activities": [Activity(id=i, account_id="a", kind="call", performed_on=day(i)) for i in BORDERS]
    },
    "review.playbooks_completed": {
        "playbook_runs": [run(i, "cancelled", None, completed_on=d) for i, d in enumerate(COMPLETED)]
    },
}


@pytest.mark.parametrize(("window", "expected"), WINDOWS)
@pytest.mark.parametrize("name", HAPPENED)
def test_what_happened_in_a_window(name: str, window: Any, expected: tuple[Any, ...]) -> None:
    found = find(name, HAPPENED[name], window=window)
    assert (found.value, found.previous, found.change, found.change_share) == expected
    assert len(found.rows) == found.value


def test_cancelled_mrr_is_theirs_in_the_portfolios_currency() -> None:
    tables = sold(
        sub(1, 100, "2026-01-01", "2026-06-15"),
        sub(2, "10.01", "2026-01-01", "2026-05-16", currency="EUR"),  # 10.01 x 1.5 = 15.015 -> 15.02
        sub(3, 40, "2026-01-01", "2026-05-15"),
        sub(4, 7, "2026-06-01", "2026-06-01"),  # started and cancelled on one day: cancelled all the same
    )
    found = find("review.cancelled_mrr", tables, settings={"rates": {"EUR": Decimal("1.5")}})
    assert (found.value, found.previous, found.change) == (Decimal("122.02"), 40, Decimal("82.02"))
    assert found.change_share == float(Fraction("82.02") / 40)


# Review: states on A and on A-30 (16 May)

STATES = sold(
    sub(1, 10, "2020-01-01"),  # open-ended: on both
    sub(2, 20, "2026-05-16"),  # starts on A-30: on both
    sub(3, 40, "2026-05-17"),  # the day after: on A only
    sub(4, 80, "2020-01-01", "2026-06-15"),  # over on A: on A-30 only
    sub(5, 160, "2020-01-01", "2026-06-16"),  # over tomorrow: on both
    sub(6, 320, "2020-01-01", "2026-05-16"),  # over on A-30: on neither
    sub(7, 640, "2020-01-01", status="paused"),  # no end and paused: never
    sub(8, 1280, "2020-01-01", status="past_due"),  # on both
    sub(9, 2560, "2026-06-15", "2026-06-15"),  # one day, no day: never
    sub(10, 5120, "2026-06-16"),  # not yet
    sub(11, 10240, "2020-01-01", "2027-01-01", status="trialing"),  # it has an end: the status is not asked
    sub(12, 20480, "2020-01-01", "2026-06-30", ended_on=on("2026-06-01")),  # the earlier end: A-30 only
)


def test_active_on_a_day() -> None:
    found = find("review.active_subscriptions", STATES)
    assert [row.id for row in found.rows] == [1, 2, 3, 5, 8, 11]
    assert (found.value, found.previous, found.in_scope) == (6, 7, 11)  # then 1, 2, 4, 5, 8, 11, 12
    assert (found.change, found.change_share) == (-1, float(Fraction(-1, 7)))


def test_active_mrr() -> None:
    found = find("review.active_mrr", STATES, window=Trailing(30, include_today=False))
    assert found.value == 10 + 20 + 40 + 160 + 1280 + 10240
    assert found.previous == 10 + 20 + 80 + 160 + 1280 + 10240 + 20480
    # a day ago: 3 was there, 4 was there still, 12 gone
    assert find("review.active_mrr", STATES, window=Trailing(1)).previous == found.value + 80


BILLED = sold(
    sub(1, 1, "2026-01-01", next_billing_on=day(0)),
    sub(2, 1, "2026-01-01", next_billing_on=day(30)),
    sub(3, 1, "2026-01-01", next_billing_on=day(31)),
    sub(4, 1, "2026-01-01", "2026-06-01", next_billing_on=day(5)),  # not active
    sub(5, 1, "2026-01-01", next_billing_on=day(-1)),
    sub(6, 1, "2026-01-01", "2026-06-01", next_billing_on=day(-30)),
    sub(7, 1, "2026-01-01", next_billing_on=day(-31)),
)


def test_upcoming_renewals_without_the_table_of_renewals() -> None:
    found = find("review.upcoming_renewals", BILLED, window=Trailing(30, include_today=False))
    assert ([row.id for row in found.rows], found.previous) == ([1, 2], 2)


def test_upcoming_renewals_against_those_that_were_due() -> None:
    due = [(1, -1), (1, -30), (4, -15), (2, 0), (3, -31)]  # 1 twice and 4, though it has left
    renewals = [Renewal(subscription_id=number, due_on=day(offset)) for number, offset in due]
    found = find("review.upcoming_renewals", {**BILLED, "renewals": renewals})
    assert (found.value, found.previous, found.change_share) == (2, 2, 0.0)
    assert find("review.upcoming_renewals", {**BILLED, "renewals": renewals}, window=Trailing(31)).value == 3


# Review: health and renewals


def test_product_adoption_health() -> None:
    tables = {
        "accounts": [account("a"), account("b"), account("c")],
        "adoption_scores": [
            score(20, -40), score(90, -3), score(70, -3, engagement_id="e"),  # the lower of the latest day: 70
            score(50, -30, product="Q"),  # known on A-30 to the day
            score(11, -29, "b"), score(99, 1, "b"),
        ],
        "engagements": [engagement(closed_on=day(-1))],
    }  # fmt: skip
    found = find("review.product_adoption_health", tables)
    # now a: (70 + 50) / 2 = 60, b: 11; then a: (20 + 50) / 2 = 35
    assert (found.numerator, found.denominator, found.value, found.previous) == (71, 2, 35.5, 35.0)
    assert ([row.id for row in found.rows], found.change) == (["a", "b"], 0.5)
    assert found.change_share == 0.5 / 35
    nothing = find("review.product_adoption_health", {"accounts": [], "adoption_scores": []})
    assert (nothing.value, nothing.previous, nothing.change, nothing.change_share) == (None, None, None, None)


def test_renewals_accomplished() -> None:
    due = [
        (1, 0, -2), (2, -30, 0), (3, -10, None), (4, -10, 1), (5, -31, -31), (6, -60, -30), (7, -61, -61),
        (3, -20, -20), (8, 1, 0),
    ]  # fmt: skip
    tables = {
        "accounts": [account()],
        "subscriptions": [sub(number, 1, "2026-01-01") for number in range(1, 9)],
        "renewals": [
            Renewal(subscription_id=n, due_on=day(d), renewed_on=None if r is None else day(r))
            for n, d, r in due
        ],
    }
    found = find("review.renewals_accomplished", tables)
    # now due: 1, 2, 3 (twice, renewed once), 4: renewed by A 1, 2, 3; before: 5, 6, of which 5 by A-31
    assert (found.numerator, found.denominator, found.value, found.previous) == (3, 4, 0.75, 0.5)
    assert (found.change, found.change_share, len(found.rows), found.in_scope) == (0.25, 0.5, 5, 9)
    # to yesterday: 2, 3, 4 were due; 2 was renewed only today
    found = find("review.renewals_accomplished", tables, window=Trailing(30, include_today=False))
    assert (found.numerator, found.denominator) == (1, 3)


# Review: distributions


def test_open_tasks_are_in_one_bucket_each() -> None:
    tasks = [
        task(1, due=-1), task(2, "in_progress", -1), task(3, due=0), task(4, "in_progress", 7), task(5, due=8),
        task(6, "in_progress", 8), task(7), task(8, "completed", -1), task(9, "cancelled"),
    ]  # fmt: skip
    found = find("review.open_tasks", {"tasks": tasks})
    assert list(found.value.items()) == [("overdue", 2), ("due_soon", 2), ("in_progress", 1), ("to_do", 2)]
    assert len(found.rows) == 7


def test_playbook_status_shows_the_most_used() -> None:
    runs = [
        run(1, "new", -1, "b"),
        run(2, "new", 0, "b"),
        run(3, "in_progress", None, "b"),
        run(4, "new", 8, "b"),
    ]
    runs += [run(5, "new", 7, "c"), run(6, "new", None, "a"), run(7, "completed", None, "a")]
    runs.append(run(8, "new", None, "z", started_on=day(1)))
    found = find("review.playbook_status", {"playbook_runs": runs}, limit=2)
    none = {"overdue": 0, "due_soon": 0, "in_progress": 0, "new": 0}
    assert list(found.value) == ["b", "a"]  # a and c have one each: by label
    assert found.value == {"b": dict.fromkeys(none, 1), "a": {**none, "new": 1}}
    assert found.shares["b"] == dict.fromkeys(none, 0.25)
    assert [row.id for row in found.rows] == [1, 2, 3, 4, 5, 6]


def test_alert_status_by_the_mrr_of_each_account_once() -> None:
    tables = {
        **sold(sub(1, 10, "2026-01-01"), sub(2, 5, "2026-01-01"), sub(3, 7, "2026-01-01", account_id="b"),
               accounts="abc"),
        "alerts": [
            alert(1, "a", -9), alert(2, "a", -5), alert(3, "b", -7, "quiet"), alert(4, "a", -2, "quiet"),
            alert(5, "c", -1, "zero"), alert(6, "a", -1, "shut", closed_on=A), alert(7, "c", 0, "also", kind="other"),
            alert(8, "b", -8, closed_on=day(1)),
        ],
    }  # fmt: skip
    found = find("review.alert_status", tables, limit=1)
    assert found.frame == [  # churn: a once and b, 15 + 7; quiet likewise: by name
        ("churn", 2, 22, day(-5)),
        ("quiet", 2, 22, day(-2)),
        ("also", 1, 0, A),
        ("zero", 1, 0, day(-1)),
    ]
    assert (found.value, found.limit, [row.id for row in found.rows]) == (4, 1, [1, 2, 3, 4, 5, 7, 8])


# Act

BOOK: dict[str, Any] = {
    **sold(sub(1, "12.50", "2026-01-01", next_billing_on=day(3)), sub(2, 30, "2026-01-01", account_id="b"),
           accounts="abc"),
    "adoption_scores": [score(40, -1), score(60, -1, product="Q"), score(33, -9, "c")],
    "playbook_runs": [],
}  # fmt: skip
OF_A, OF_B, OF_C = (Decimal("12.50"), 50.0), (Decimal(30), None), (Decimal(0), 33.0)


def test_playbooks_due() -> None:
    runs = [run(1, "new", None), run(2, "in_progress", 5, account_id="b"), run(3, "new", -5, account_id="c")]
    runs += [run(4, "new", 5), run(5, "completed", -9), run(6, "new", -9, started_on=day(1))]
    found = find("act.playbooks_due", {**BOOK, "playbook_runs": runs}, limit=1)
    assert found.frame == [
        (3, "p", "c", *OF_C, day(-5)), (2, "p", "b", *OF_B, day(5)), (4, "p", "a", *OF_A, day(5)),
        (1, "p", "a", *OF_A, None),
    ]  # fmt: skip
    assert (found.value, found.total, found.limit) == (4, 4, 1)


def test_tasks_due_name_the_account_of_their_engagement() -> None:
    tasks = [
        task(1, due=2),
        task(2, due=1, account_id="b"),
        task(3, due=3, engagement_id="e"),
        task(4, "completed"),
    ]
    tables = {**BOOK, "tasks": tasks, "engagements": [engagement()]}
    expected = [(2, "b", *OF_B, day(1)), (1, None, None, None, day(2)), (3, "a", *OF_A, day(3))]
    assert find("act.tasks_due", tables).frame == expected
    del tables["engagements"]
    assert find("act.tasks_due", tables).frame == [*expected[:2], (3, None, None, None, day(3))]


def test_a_task_reads_nothing_of_an_account_that_is_anothers() -> None:
    tables = {
        **BOOK,
        "users": [user("u"), user("v")],
        "accounts": [account("a", owner_id="v"), account("b", owner_id="u"), account("c")],
        "tasks": [task(1, due=1, account_id="a"), task(2, due=2, account_id="b")],
    }
    found = find("act.tasks_due", tables, viewer="u")
    assert found.frame == [(1, "a", None, None, day(1)), (2, "b", *OF_B, day(2))]


def test_adoption_reads_only_scores_in_view() -> None:
    tables = {
        **BOOK,
        "users": [user("u"), user("v")],
        "accounts": [account("a", owner_id="u")],
        "subscriptions": [],
        "engagements": [engagement(owner_id="v")],
        "adoption_scores": [score(40, -1), score(99, 0, engagement_id="e")],
    }
    assert find("act.accounts_new", tables, viewer="u").frame == [("a", 0, 40.0, None, None)]
    assert find("act.accounts_new", tables).frame == [("a", 0, 99.0, None, None)]


def test_renewals_next() -> None:
    more = [
        sub(3, 1, "2026-01-01", account_id="b", next_billing_on=day(-1)),
        sub(4, 1, "2026-01-01", account_id="b", next_billing_on=day(0)),
        sub(5, 1, "2026-01-01", next_billing_on=day(2)),
        sub(6, 1, "2026-01-01", "2026-02-01", account_id="c", next_billing_on=day(1)),
    ]
    found = find("act.renewals_next", {**BOOK, "subscriptions": [*BOOK["subscriptions"], *more]})
    assert found.frame == [("b", 32, None, A), ("a", Decimal("13.50"), 50.0, day(2))]
    assert (found.counts, found.in_scope) == ("accounts", 3)


@pytest.mark.parametrize(("name", "kind"), [("accounts_at_risk", "risk"), ("upsell_opportunities", "upsell")])
def test_one_row_an_account_with_its_newest_alert(name: str, kind: str) -> None:
    given = [(7, "a", -3, "x"), (5, "a", -3, "y"), (1, "a", -4, "z"), (2, "b", -3, "z"), (3, "c", -1, "z")]
    alerts = [alert(*line, kind=kind) for line in given]
    alerts += [
        alert(8, "a", 0, "done", kind=kind, action_defined=True),
        alert(9, "a", 0, "other", kind="other"),
    ]
    alerts += [alert(10, "b", 0, "shut", kind=kind, closed_on=A), alert(11, "b", 1, "new", kind=kind)]
    found = find(f"act.{name}", {**BOOK, "alerts": alerts})
    assert found.frame == [
        ("c", "z", 3, *OF_C, day(-1)), ("a", "y", 5, *OF_A, day(-3)), ("b", "z", 2, *OF_B, day(-3))
    ]  # fmt: skip
    assert find("act.accounts_at_risk", {**BOOK, "alerts": alerts[-3:-2]}).value == 0


def test_accounts_new_were_never_enrolled() -> None:
    accounts = [
        Account(id="a", stage="trial", created_on=day(-5)), account("b"), Account(id="c", created_on=day(-1)),
        account("d", created_on=day(-1)), account("e", created_on=A), account("f", created_on=day(1)),
    ]  # fmt: skip
    runs = [run(1, "cancelled", None, account_id="e"), run(2, "new", None, account_id="d", started_on=day(1))]
    found = find("act.accounts_new", {**BOOK, "accounts": accounts, "playbook_runs": runs})
    assert found.frame == [
        ("c", *OF_C, None, day(-1)), ("d", 0, None, None, day(-1)), ("a", *OF_A, "trial", day(-5)),
        ("b", *OF_B, None, None),
    ]  # fmt: skip


def test_users_new() -> None:
    contacts = [
        Contact(id=i, account_id="a", name=f"n{i}", created_on=day(o)) for i, o in ((1, -9), (3, -2), (2, -2))
    ]
    contacts.append(Contact(id=4, account_id="a", title="CTO", role="buyer", created_on=A))
    found = find("act.users_new", {"accounts": [account()], "contacts": contacts})
    assert found.frame is not None
    assert [line[0] for line in found.frame] == [4, 2, 3, 1]
    assert found.frame[:2] == [(4, None, "CTO", "a", "buyer", A), (2, "n2", None, "a", None, day(-2))]


# What is not there


@pytest.mark.parametrize(
    "name", [name for name in ORACLE if name.split(".")[0] in ("review", "act", "revenue")]
)
def test_without_tables_every_one_says_what_is_missing(name: str) -> None:
    with pytest.raises(Missing):
        find(name, {})


def test_an_act_list_needs_what_it_shows() -> None:
    with pytest.raises(Missing, match="adoption_scores"):
        find("act.playbooks_due", {"playbook_runs": [], "accounts": [], "subscriptions": []})
