"""Review and act, worked out by hand: the days of a window, what a trend compares, what stands in a list."""

from __future__ import annotations

import json
import pickle
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
import cs_metrics as csm
from builders import A, everyone
from cs_metrics import act, review
from cs_metrics.errors import MissingTable, OptionError
from cs_metrics.exact import exact_sums
from cs_metrics.results import Result, Trend

FULL_DAYS = csm.Trailing(30, include_today=False)


def day(offset: int) -> date:
    return A + timedelta(days=offset)


def numbered(letter: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": f"{letter}{place}", **row} for place, row in enumerate(rows, 1)]


PLAIN: dict[str, dict[str, Any]] = {
    "contacts": {"account_id": "A1"},
    "subscriptions": {"account_id": "A1", "mrr": 100, "status": "active", "started_on": date(2020, 1, 1)},
    "renewals": {"subscription_id": "S1"},
    "playbook_runs": {"account_id": "A1", "playbook": "p", "status": "new", "started_on": date(2020, 1, 1)},
    "alerts": {"account_id": "A1", "name": "silent", "kind": "risk", "raised_on": date(2020, 1, 1)},
    "activities": {"account_id": "A1", "kind": "email"},
    "tasks": {"assignee_id": "U1", "status": "to_do", "created_on": date(2020, 1, 1)},
}
LETTERS = {
    "contacts": "C", "subscriptions": "S", "playbook_runs": "R", "alerts": "L", "activities": "V", "tasks": "T",
}  # fmt: skip


def portfolio(**tables: list[dict[str, Any]]) -> csm.Portfolio:
    """A portfolio in which the account A1 is U1's; ids are numbered where they are not given."""
    rows = {}
    for name, listed in tables.items():
        whole = [{**PLAIN.get(name, {}), **row} for row in listed]
        rows[name] = numbered(LETTERS[name], whole) if name in LETTERS else whole
    for name, plain in PLAIN.items():
        builders.DEFAULTS.setdefault(name, plain)
    return builders.portfolio(**rows)


def seen(as_of: date = A, **tables: list[dict[str, Any]]) -> csm.View:
    return everyone(portfolio(**tables), as_of)


def told(trend: Trend) -> tuple[Any, Any]:
    return trend.current.value, trend.previous.value


# windows -------------------------------------------------------------------------------------------------


def test_the_days_of_a_window() -> None:
    """24: A-30 is last, A-31 the period before, A-61 neither; without today the periods are equally long."""
    offsets = (1, 0, -1, -30, -31, -60, -61)
    accounts = [{"id": f"A{n}", "created_on": day(offset)} for n, offset in enumerate(offsets)]
    view = seen(accounts=[{"id": "A1"}, *({**row, "id": f"{row['id']}x"} for row in accounts)])
    assert told(review.new_accounts(view)) == (3, 2)
    assert told(review.new_accounts(view, window=FULL_DAYS)) == (2, 2)
    assert told(review.new_accounts(view, window=csm.Trailing(1))) == (2, 0)
    assert told(review.new_accounts(view, window=csm.Trailing(1, include_today=False))) == (1, 0)
    assert review.new_accounts(view).excluded == {"not created in the period": 4}  # unknown
    assert review.new_accounts(view).rows()["id"].tolist() == ["A1x", "A2x", "A3x"]
    assert told(review.new_accounts(view, window=csm.Trailing(10**9))) == (6, 0)


@pytest.mark.parametrize("days", [0, -1, 1.5, True, "30", None])
def test_windows_of_no_days_are_refused(days: Any) -> None:
    with pytest.raises(OptionError, match="days"):
        csm.Trailing(days)


def test_what_is_no_window_is_refused() -> None:
    view = seen(subscriptions=[{}])
    for wrong in (30, None, "30"):
        with pytest.raises(OptionError, match="window"):
            review.active_mrr(view, window=wrong)
        with pytest.raises(OptionError, match="window"):
            review.upcoming_renewals(view, window=wrong)
    with pytest.raises(OptionError, match="include_today"):
        csm.Trailing(30, include_today=1)  # type: ignore[arg-type]
    assert repr(FULL_DAYS) == "Trailing(30, include_today=False)"


# trends --------------------------------------------------------------------------------------------------


def test_subscriptions_active_now_and_a_month_ago() -> None:
    """A day is in from the start to the day before the end; statuses count only without an end."""
    view = seen(
        subscriptions=[
            {"mrr": 1, "started_on": day(-30), "ended_on": day(0)},  # then, not now
            {"mrr": 2, "started_on": day(0)},  # begins today
            {"mrr": 4, "cancelled_on": day(-30)},  # over on A-30
            {"mrr": 8, "status": "past_due"},
            {"mrr": 16, "status": "trialing"},
            {"mrr": 32, "status": "cancelled", "cancelled_on": day(1)},  # still counts today
            {"mrr": 64, "started_on": day(-29), "cancelled_on": day(-29)},  # on no day
            {"mrr": 128, "started_on": day(1)},  # not there yet
            {"mrr": "-256.50", "ended_on": day(5), "cancelled_on": day(-31)},  # the earlier end
        ]
    )
    mrr = review.active_mrr(view)
    assert told(mrr) == (Decimal(42), Decimal(41))
    assert (mrr.change, mrr.change_share) == (Decimal(1), 1 / 41)
    assert told(review.active_subscriptions(view)) == (3, 3)
    assert review.active_subscriptions(view).rows()["id"].tolist() == ["S2", "S4", "S6"]
    assert review.active_subscriptions(view).excluded == {"not active": 5}
    assert told(review.cancelled_subscriptions(view)) == (2, 1)
    assert told(review.cancelled_subscriptions(view, window=FULL_DAYS)) == (2, 1)
    assert told(review.cancelled_mrr(view)) == (Decimal(68), Decimal("-256.50"))


def test_upcoming_renewals_and_those_that_were_due() -> None:
    subscriptions = [
        {"next_billing_on": day(0)}, {"next_billing_on": day(30)}, {"next_billing_on": day(31)},
        {"next_billing_on": day(-1)}, {"next_billing_on": day(5), "status": "paused"}, {},
    ]  # fmt: skip
    assert told(review.upcoming_renewals(seen(subscriptions=subscriptions))) == (2, 1)
    renewals = [
        {"subscription_id": "S1", "due_on": day(-1)}, {"subscription_id": "S1", "due_on": day(-30)},
        {"subscription_id": "S5", "due_on": day(-30)}, {"subscription_id": "S2", "due_on": day(0)},
        {"subscription_id": "S3", "due_on": day(-31)},
    ]  # fmt: skip
    trend = review.upcoming_renewals(seen(subscriptions=subscriptions, renewals=renewals))
    assert told(trend) == (2, 2)  # S1 once, S5 though it is paused
    assert trend.previous.rows()["id"].tolist() == ["S1", "S5"]


def test_renewals_are_judged_by_what_was_known_at_the_end_of_the_period() -> None:
    subscriptions: list[dict[str, Any]] = [{} for _ in range(5)]
    renewals = [
        {"subscription_id": "S1", "due_on": day(-3), "renewed_on": day(0)},
        {"subscription_id": "S1", "due_on": day(-5)},  # the same subscription: renewed
        {"subscription_id": "S2", "due_on": day(-4), "renewed_on": day(1)},  # not known yet
        {"subscription_id": "S3", "due_on": day(-31), "renewed_on": day(-30)},  # after its period's last day
        {"subscription_id": "S4", "due_on": day(-31), "renewed_on": day(-40)},
        {"subscription_id": "S5", "due_on": day(1), "renewed_on": day(0)},
    ]
    view = seen(subscriptions=subscriptions, renewals=renewals)
    trend = review.renewals_accomplished(view)
    current, previous = trend.current, trend.previous
    assert isinstance(current, csm.Ratio) and isinstance(previous, csm.Ratio)
    assert (current.numerator, current.denominator, trend.used) == (1, 2, 3)
    assert (previous.numerator, previous.denominator) == (1, 2)
    assert (trend.change, trend.change_share) == (0.0, 0.0)
    without_today = review.renewals_accomplished(view, window=FULL_DAYS)
    assert told(without_today) == (0.0, 0.5) and without_today.change_share == -1.0
    assert told(review.renewals_accomplished(seen(subscriptions=[], renewals=[]))) == (None, None)


def score(**given: Any) -> dict[str, Any]:
    return {"on": day(-1), "product": "P", **given}


def test_adoption_is_the_mean_of_accounts_of_the_mean_of_products() -> None:
    view = seen(
        accounts=[{"id": "A1", "owner_id": "U1"}, {"id": "A2"}, {"id": "A3"}],
        engagements=[{"id": "E1"}, {"id": "E2"}],
        adoption_scores=[
            score(score=90, on=day(-40), engagement_id="E1"),
            score(score=50),  # two on one day: the lower, whatever engagement they name
            score(score="0.1", engagement_id="E2"),
            score(product="Q", score="0.2"),
            score(product="R", score=1),
            score(account_id="A2", score=10),
            score(account_id="A2", score=99, on=day(1)),  # not known yet
        ],
    )
    trend = review.product_adoption_health(view)
    current, previous = trend.current, trend.previous
    assert isinstance(current, csm.Ratio) and isinstance(previous, csm.Ratio)
    mean = (Fraction(0.1) + Fraction(0.2) + 1) / 3
    assert (current.numerator, current.denominator) == (mean + 10, 2)
    assert trend.value == float((mean + 10) / 2)
    assert (previous.value, previous.denominator) == (90.0, 1)
    assert trend.change == float((mean + 10) / 2 - 90)
    assert trend.excluded == {"without a score": 1} and trend.rows()["id"].tolist() == ["A1", "A2"]
    assert told(review.product_adoption_health(view, window=csm.Trailing(100)))[1] is None
    assert review.product_adoption_health(view, window=csm.Trailing(100)).change_share is None


@given(
    st.lists(
        st.tuples(st.floats(0, 2.0**20), st.integers(0, 3)),
        min_size=0,
        max_size=40,
    )
)
def test_sums_of_floats_are_exact(numbers: list[tuple[float, int]]) -> None:
    values = np.array([value for value, _ in numbers], np.float64)
    groups = np.array([group for _, group in numbers], np.int64)
    expected = [sum((Fraction(v) for v, g in numbers if g == group), Fraction(0)) for group in range(4)]
    sums, one = exact_sums(values, groups, 4)
    assert [Fraction(found, one) for found in sums] == expected


def test_what_was_done_and_created() -> None:
    view = seen(
        contacts=[{"created_on": day(-1)}, {"created_on": day(-31)}],
        activities=[
            {"performed_on": day(-1)}, {"performed_on": day(-31)}, {"performed_on": day(-31)},
            {"kind": "call", "performed_on": day(0)}, {"kind": "meeting", "performed_on": day(0)},
            {"performed_on": day(1)},
        ],
        tasks=[
            {"created_on": day(-3), "completed_on": day(-2)},  # whatever its status says
            {"created_on": day(-33), "status": "completed", "completed_on": day(-32)},
        ],
        playbook_runs=[{"status": "completed", "completed_on": day(0)}, {"completed_on": day(-61)}],
    )  # fmt: skip
    assert told(review.new_users(view)) == (1, 1)
    emails = review.emails_sent(view)
    assert told(emails) == (1, 2) and emails.change_share == -0.5
    assert emails.excluded == {"of another kind": 2, "not performed in the period": 2}
    assert told(review.calls_made(view)) == (1, 0) and review.calls_made(view).change_share is None
    assert told(review.new_tasks(view)) == (1, 1) and told(review.tasks_completed(view)) == (1, 1)
    assert told(review.playbooks_completed(view)) == (1, 0)


def test_trends_travel_with_both_halves() -> None:
    trend = review.active_mrr(seen(subscriptions=[{}, {"started_on": day(-3)}]))
    assert trend.previous.spec == trend.spec and trend.current.spec.unit == "currency"
    assert repr(trend) == "<review.active_mrr on 2026-06-30: 200.00 USD, before: 100.00 USD>"
    data = json.loads(trend.to_json())
    assert (data["change"], data["change_share"], data["previous"]["value"]) == ("100.00", 1.0, "100.00")
    assert data["metric"]["options"] == {"window": {"days": 30, "include_today": True}}
    for back in (Result.from_dict(data), pickle.loads(pickle.dumps(trend))):
        assert back == trend and back.change == Decimal(100) and back.previous.value == Decimal(100)
    assert trend.to_frame().to_dict("records") == [
        {"current": Decimal(200), "previous": Decimal(100), "change": Decimal(100), "change_share": 1.0}
    ]


# distributions -------------------------------------------------------------------------------------------

DUES = (-1, 0, 7, 8, None)


def test_open_tasks_are_each_in_one_bucket() -> None:
    tasks = [
        {"status": status, "due_on": None if due is None else day(due)}
        for status in ("to_do", "in_progress", "completed", "cancelled")
        for due in DUES
    ]
    found = review.open_tasks(seen(tasks=tasks))
    assert found.value == {"overdue": 2, "due_soon": 4, "in_progress": 2, "to_do": 2}
    assert list(found.value) == ["overdue", "due_soon", "in_progress", "to_do"]
    assert found.shares()["due_soon"] == 0.4 and found.excluded == {"not open": 10}
    nothing = review.open_tasks(seen(tasks=[]))
    assert set(nothing.value.values()) == {0} and set(nothing.shares().values()) == {None}


def test_playbooks_with_the_most_open_runs() -> None:
    runs = [
        *({"playbook": "big", "due_on": None if due is None else day(due)} for due in DUES),
        {"playbook": "big", "status": "in_progress"},
        {"playbook": "zeta"}, {"playbook": "alpha"}, {"playbook": "alpha", "status": "completed"},
        {"playbook": "closed", "status": "cancelled"}, {"playbook": "alpha", "started_on": day(1)},
    ]  # fmt: skip
    found = review.playbook_status(seen(playbook_runs=runs), limit=2)
    assert found.value == {
        "big": {"overdue": 1, "due_soon": 2, "in_progress": 1, "new": 2},
        "alpha": {"overdue": 0, "due_soon": 0, "in_progress": 0, "new": 1},
    }
    assert list(found.value) == ["big", "alpha"]
    assert found.shares()["big"]["due_soon"] == 2 / 6
    assert found.rows_total == {"big": 6, "alpha": 1}
    assert found.columns_total == {"overdue": 1, "due_soon": 2, "in_progress": 1, "new": 4}
    assert found.total == found.used == 8 and found.excluded == {"not open": 2}
    assert Result.from_dict(json.loads(found.to_json())) == found
    assert len(found.to_frame()) == 2
    assert review.playbook_status(seen(playbook_runs=[])).value == {}


def test_alerts_by_the_money_behind_them() -> None:
    view = seen(
        accounts=[{"id": "A1", "owner_id": "U1"}, {"id": "A2"}, {"id": "A3"}],
        subscriptions=[{"mrr": 10}, {"mrr": 5}, {"account_id": "A2", "mrr": 20}, {"mrr": 9, "ended_on": A}],
        alerts=[
            {"name": "b", "raised_on": day(-9)}, {"name": "b", "raised_on": day(-2)},  # A1 once
            {"name": "a", "account_id": "A2"}, {"name": "a", "account_id": "A1", "raised_on": day(-5)},
            {"name": "c", "account_id": "A3", "closed_on": day(1)}, {"name": "c2", "account_id": "A3"},
            {"name": "gone", "closed_on": A}, {"name": "later", "raised_on": day(1)},
        ],
    )  # fmt: skip
    found = review.alert_status(view, limit=2)
    assert found.head() == [
        ("a", 2, Decimal(35), day(-5)),
        ("b", 1, Decimal(15), day(-2)),
    ]
    assert found.all()["alert"].tolist() == ["a", "b", "c", "c2"]
    assert (found.value, found.total, found.used) == (4, 4, 6)
    assert found.excluded == {"closed": 1}
    with pytest.raises(OptionError):
        review.alert_status(view, limit=-1)


# act -----------------------------------------------------------------------------------------------------

WORTH: dict[str, list[dict[str, Any]]] = {
    "users": [{"id": "U1"}, {"id": "U2"}],
    "accounts": [
        {"id": "A1", "owner_id": "U1", "stage": "live"},
        {"id": "A2", "owner_id": "U2", "created_on": day(-5)},
        {"id": "A3", "owner_id": "U1", "created_on": day(-3)},
    ],
    "engagements": [{"id": "E1"}, {"id": "E2", "account_id": "A2"}],
    "subscriptions": [
        {"mrr": 10, "next_billing_on": day(9)}, {"mrr": 5, "next_billing_on": day(4)},
        {"account_id": "A2", "mrr": 20, "next_billing_on": day(0)},
        {"account_id": "A3", "mrr": 7, "next_billing_on": day(-1)},
    ],
    "adoption_scores": [
        {"product": "P", "score": 10, "on": day(-9)}, {"product": "Q", "score": 25, "on": day(-9)},
        {"account_id": "A2", "product": "P", "score": 80, "on": day(-9)},
    ],
}  # fmt: skip
A1, A2, A3 = (Decimal(15), 17.5), (Decimal(20), 80.0), (Decimal(7), None)


def test_playbooks_and_tasks_due() -> None:
    runs = [{"due_on": day(2)}, {}, {"due_on": day(-2), "account_id": "A3"}, {"status": "completed"}]
    tasks: list[dict[str, Any]] = [
        {"due_on": day(3)},
        {"due_on": day(3), "engagement_id": "E2"},
        {"due_on": day(1), "account_id": "A1"},
        {"account_id": "A3", "status": "in_progress"},
        {"status": "cancelled", "due_on": day(0)},
        {"due_on": day(0), "assignee_id": "U2"},
    ]
    p = portfolio(**WORTH, playbook_runs=runs, tasks=tasks)
    found = act.playbooks_due(everyone(p))
    assert found.names == ["playbook_run", "playbook", "account", "mrr", "adoption", "due_on"]
    assert found.head() == [
        ("R3", "p", "A3", *A3, day(-2)), ("R1", "p", "A1", *A1, day(2)), ("R2", "p", "A1", *A1, None),
    ]  # fmt: skip
    tasks_due = act.tasks_due(p.view(as_of=A, viewer="U1"), limit=3)
    assert tasks_due.head(9) == [
        ("T3", "A1", *A1, day(1)),
        ("T1", None, None, None, day(3)),
        ("T2", "A2", None, None, day(3)),  # its engagement's account, which U1 may not see
        ("T4", "A3", *A3, None),
    ]
    assert act.tasks_due(everyone(p)).head()[2:4] == [
        ("T1", None, None, None, day(3)),
        ("T2", "A2", *A2, day(3)),
    ]
    assert (tasks_due.total, len(tasks_due.to_frame()), len(tasks_due.all())) == (4, 3, 4)
    frame = act.tasks_due(everyone(p)).all()
    assert frame["adoption"].dtype == np.float64 and np.isnan(frame["adoption"][0])


def test_tasks_due_do_without_engagements() -> None:
    given = {name: rows for name, rows in WORTH.items() if name != "engagements"}
    records = {
        name: [builders.record(name, **{**PLAIN.get(name, {}), "id": f"{name}{n}", **row}) for n, row in enumerate(rows)]
        for name, rows in given.items() if name != "adoption_scores"
    }  # fmt: skip
    records["adoption_scores"] = [
        builders.record("adoption_scores", **row) for row in given["adoption_scores"]
    ]
    records["tasks"] = [builders.record("tasks", **{**PLAIN["tasks"], "id": "T1", "engagement_id": "E2"})]
    view = everyone(csm.Portfolio.from_records(**records))
    assert act.tasks_due(view).head() == [("T1", None, None, None, None)]


def test_accounts_with_renewals_ahead() -> None:
    found = act.renewals_next(seen(**WORTH))
    assert found.head() == [("A2", *A2, day(0)), ("A1", *A1, day(4))]
    assert found.excluded == {"no renewal ahead": 1}


def test_accounts_at_risk_show_their_newest_alert() -> None:
    alerts = [
        {"id": "z", "name": "old", "raised_on": day(-9)},
        {"id": "y", "name": "second", "raised_on": day(-4)},
        {"id": "x", "name": "first", "raised_on": day(-4)},  # of two on one day the smaller id
        {"id": "w", "name": "attended", "raised_on": day(-1), "action_defined": True},
        {"id": "v", "name": "closed", "raised_on": day(-1), "closed_on": A},
        {"id": "u", "name": "up", "kind": "upsell", "raised_on": day(-1)},
        {"id": "t", "name": "third", "account_id": "A3", "raised_on": day(-4)},
        {"id": "s", "name": "new", "account_id": "A2", "raised_on": day(-2)},
    ]
    view = seen(**WORTH, alerts=alerts)
    found = act.accounts_at_risk(view)
    assert found.names == ["account", "alert", "alert_id", "mrr", "adoption", "raised_on"]
    assert found.head() == [
        ("A2", "new", "s", *A2, day(-2)),
        ("A1", "first", "x", *A1, day(-4)),
        ("A3", "third", "t", *A3, day(-4)),
    ]
    assert act.upsell_opportunities(view).head() == [("A1", "up", "u", *A1, day(-1))]
    assert act.upsell_opportunities(view).excluded == {"no such alert without an action": 2}


def test_accounts_to_enrol_and_users_new() -> None:
    runs = [{"account_id": "A2", "status": "cancelled"}, {"account_id": "A3", "started_on": day(1)}]
    contacts = [
        {"created_on": day(-9), "name": "Ann", "role": "buyer"}, {"created_on": day(-1), "title": "CTO"},
        {"created_on": day(-9), "account_id": "A3", "name": "Bo"}, {"created_on": day(1)},
    ]  # fmt: skip
    view = seen(**WORTH, playbook_runs=runs, contacts=contacts)
    found = act.accounts_new(view)
    assert found.head() == [("A3", *A3, None, day(-3)), ("A1", *A1, "live", None)]
    assert found.excluded == {"enrolled in a playbook": 1}
    assert act.users_new(view).head() == [
        ("C2", None, "CTO", "A1", None, day(-1)),
        ("C1", "Ann", None, "A1", "buyer", day(-9)),
        ("C3", "Bo", None, "A3", None, day(-9)),
    ]


def test_missing_tables_are_named() -> None:
    for compute, table in (
        (act.tasks_due, "subscriptions"), (act.users_new, "contacts"), (review.alert_status, "alerts"),
        (review.product_adoption_health, "adoption_scores"), (review.renewals_accomplished, "renewals"),
    ):  # fmt: skip
        with pytest.raises(MissingTable, match=table):
            compute(seen(tasks=[]))


def test_the_reports_are_in_the_catalog() -> None:
    view = csm.samples.portfolio(engagements=200, seed=3).view(as_of="2026-06-30", viewer=csm.EVERYONE)
    for name in ("portfolio_review", "portfolio_act"):
        report = csm.catalog.report(name).compute(view)
        assert json.loads(report.to_json())["report"] == name
        text, page = report.to_text(rows=3), report.to_html()
        for result in report.results.values():
            assert isinstance(result, Result)
            assert result.spec.title in text and result.spec.title in page
    review_text = csm.reports.portfolio_review(view, window=csm.Trailing(7)).to_text()
    assert "▲" in review_text or "▼" in review_text
    assert "due soon" in review_text and "showing 5 of" in review_text
    assert "showing 2 of" in csm.reports.portfolio_act(view, limit=2).to_text()
