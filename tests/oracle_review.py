"""Every metric of review once more, record by record, as metrics.md words it; `window` has days and include_today.

Decisions where the definitions are silent:
- what happened in a window is looked at by its day alone: a subscription cancelled in it counts even if it was never
  active, a task completed in it whatever its status says, an activity or a run whatever became of it since;
- where renewals fall due is told by subscription: without that table it is Missing;
- `renewed by the window's last day` holds also for a renewal done before it was due.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cs_metrics.records import PlaybookStatus, TaskStatus
from oracle_base import Answer, breakdown, metric, need
from oracle_billing import (
    Days,
    adoption_on,
    before,
    current,
    days_ago,
    is_active,
    length,
    mrr_on,
    trend,
    trend_of_ratios,
)
from oracle_scope import Record, Scope, is_closed
from oracle_words import is_next, is_past

SOON = 7
OPEN_TASK = (TaskStatus.TO_DO, TaskStatus.IN_PROGRESS)
OPEN_RUN = (PlaybookStatus.NEW, PlaybookStatus.IN_PROGRESS)


def happened_in(
    scope: Scope, table: str, column: str, window: Any, kept: Callable[[Record], bool] = lambda row: True
) -> Answer:
    """How many rows have their day in the window, and how many in the one before it."""
    now, then = current(scope, window), before(scope, window)
    rows = [row for row in scope.rows(table) if kept(row) and now.hold(getattr(row, column))]
    earlier = [row for row in scope.rows(table) if kept(row) and then.hold(getattr(row, column))]
    return trend(scope, rows, table, len(rows), len(earlier))


@metric
def review__new_accounts(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "accounts", "created_on", window)


@metric
def review__new_users(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "contacts", "created_on", window)


# Subscriptions


def active_on(scope: Scope, day: date) -> list[Record]:
    return [row for row in scope.rows("subscriptions") if is_active(row, day)]


def total_mrr(scope: Scope, rows: list[Record]) -> Decimal:
    total = Decimal(0)
    for row in rows:
        total += scope.money(row, "mrr")
    return total


@metric
def review__active_subscriptions(scope: Scope, *, window: Any = None) -> Answer:
    rows, earlier = active_on(scope, scope.as_of), active_on(scope, days_ago(scope, window))
    return trend(scope, rows, "subscriptions", len(rows), len(earlier))


@metric
def review__active_mrr(scope: Scope, *, window: Any = None) -> Answer:
    rows, earlier = active_on(scope, scope.as_of), active_on(scope, days_ago(scope, window))
    return trend(scope, rows, "subscriptions", total_mrr(scope, rows), total_mrr(scope, earlier))


@metric
def review__cancelled_subscriptions(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "subscriptions", "cancelled_on", window)


@metric
def review__cancelled_mrr(scope: Scope, *, window: Any = None) -> Answer:
    now, then = current(scope, window), before(scope, window)
    rows = [row for row in scope.rows("subscriptions") if now.hold(row.cancelled_on)]
    earlier = [row for row in scope.rows("subscriptions") if then.hold(row.cancelled_on)]
    return trend(scope, rows, "subscriptions", total_mrr(scope, rows), total_mrr(scope, earlier))


@metric
def review__upcoming_renewals(scope: Scope, *, window: Any = None) -> Answer:
    days = length(window)
    rows = [row for row in active_on(scope, scope.as_of) if is_next(row.next_billing_on, scope, days)]
    past = Days(scope.as_of - timedelta(days), scope.as_of - timedelta(1))
    were_due = set()
    if "renewals" in scope.tables:
        for renewal in scope.rows("renewals"):
            if past.hold(renewal.due_on):
                were_due.add(renewal.subscription_id)
    else:
        for subscription in scope.rows("subscriptions"):
            if past.hold(subscription.next_billing_on):
                were_due.add(subscription.id)
    return trend(scope, rows, "subscriptions", len(rows), len(were_due))


# Health and renewals


def mean_adoption(scope: Scope, day: date) -> tuple[list[Record], tuple[Fraction, int]]:
    """The accounts with a score by that day, and the sum of their adoption over how many they are."""
    rows, total = [], Fraction(0)
    for account in scope.rows("accounts"):
        adoption = adoption_on(scope, account.id, day)
        if adoption is not None:
            rows.append(account)
            total += adoption
    return rows, (total, len(rows))


@metric
def review__product_adoption_health(scope: Scope, *, window: Any = None) -> Answer:
    need(scope, "accounts", "adoption_scores")
    rows, now = mean_adoption(scope, scope.as_of)
    _, then = mean_adoption(scope, days_ago(scope, window))
    return trend_of_ratios(scope, rows, "accounts", now, then)


def accomplished(scope: Scope, days: Days) -> tuple[list[Record], tuple[int, int]]:
    """The renewals due in these days; subscriptions renewed by the last of them ÷ subscriptions due."""
    rows = [row for row in scope.rows("renewals") if days.hold(row.due_on)]
    due, renewed = set(), set()
    for row in rows:
        due.add(row.subscription_id)
        if row.renewed_on is not None and row.renewed_on <= days.last:
            renewed.add(row.subscription_id)
    return rows, (len(renewed), len(due))


@metric
def review__renewals_accomplished(scope: Scope, *, window: Any = None) -> Answer:
    need(scope, "renewals", "subscriptions")
    rows, now = accomplished(scope, current(scope, window))
    _, then = accomplished(scope, before(scope, window))
    return trend_of_ratios(scope, rows, "renewals", now, then)


# Tasks, playbooks, alerts, activities


@metric
def review__new_tasks(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "tasks", "created_on", window)


@metric
def review__tasks_completed(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "tasks", "completed_on", window)


def urgency(scope: Scope, row: Record) -> str:
    """The one bucket of an open task or run: overdue, due soon, else what its status says."""
    if is_past(row.due_on, scope):
        return "overdue"
    if is_next(row.due_on, scope, SOON):
        return "due_soon"
    return str(row.status)


@metric
def review__open_tasks(scope: Scope) -> Answer:
    value = dict.fromkeys(("overdue", "due_soon", "in_progress", "to_do"), 0)
    rows = [row for row in scope.rows("tasks") if row.status in OPEN_TASK]
    for row in rows:
        value[urgency(scope, row)] += 1
    return breakdown(scope, value, rows, "tasks")


@metric
def review__playbook_status(scope: Scope, *, limit: int = 5) -> Answer:
    rows = [row for row in scope.rows("playbook_runs") if row.status in OPEN_RUN]
    runs: dict[str, int] = {}
    for row in rows:
        runs[row.playbook] = runs.get(row.playbook, 0) + 1
    columns = ("overdue", "due_soon", "in_progress", "new")
    value = {}
    for playbook in sorted(runs, key=lambda label: (-runs[label], label))[:limit]:
        value[playbook] = dict.fromkeys(columns, 0)
    for row in rows:
        if row.playbook in value:
            value[row.playbook][urgency(scope, row)] += 1
    shares = {}
    for playbook, counts in value.items():
        shares[playbook] = {column: counts[column] / runs[playbook] for column in columns}
    in_scope = len(scope.rows("playbook_runs"))
    return Answer(value, rows, in_scope, "playbook_runs", limit=limit, shares=shares)


@metric
def review__alert_status(scope: Scope, *, limit: int = 5) -> Answer:
    """A line is the name of an alert; `limit` cuts the frame, the value is how many names there are."""
    need(scope, "alerts", "accounts", "subscriptions")
    rows = [row for row in scope.rows("alerts") if not is_closed(row, scope.as_of)]
    accounts: dict[str, set[Any]] = {}
    latest: dict[str, date] = {}
    for row in rows:
        accounts.setdefault(row.name, set()).add(row.account_id)
        latest[row.name] = max(latest.get(row.name, row.raised_on), row.raised_on)
    frame = []
    for name, found in accounts.items():
        mrr = sum((mrr_on(scope, account, scope.as_of) for account in found), Decimal(0))
        frame.append((name, len(found), mrr, latest[name]))
    frame.sort(key=lambda line: (-line[2], line[0]))
    return Answer(len(frame), rows, len(scope.rows("alerts")), "alerts", list(frame), limit=limit)


@metric
def review__emails_sent(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "activities", "performed_on", window, lambda row: row.kind == "email")


@metric
def review__calls_made(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "activities", "performed_on", window, lambda row: row.kind == "call")


@metric
def review__playbooks_completed(scope: Scope, *, window: Any = None) -> Answer:
    return happened_in(scope, "playbook_runs", "completed_on", window)
