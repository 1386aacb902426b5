"""Every metric of act once more, record by record, as metrics.md words it; frames are whole, `limit` says what shows.

Decisions where the definitions are silent:
- an account beside a row that is not itself in the view (another's, or filtered out) shows its id, mrr and adoption None;
- tasks_due does without `engagements`: a task that names only an engagement then has no account;
- an account without a creation day stands last among the new ones.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs

from cs_metrics.records import AlertKind, PlaybookStatus, TaskStatus
from oracle_base import Answer, listing, metric, need
from oracle_billing import adoption_on, is_active, mrr_on, subscriptions_of
from oracle_scope import Record, Scope, is_closed, missing_last

Columns = tuple[Any, ...]


def worth(scope: Scope, account_id: Any) -> Columns:
    """The account's MRR and product adoption health on A; nothing of an account that is not in view."""
    if account_id not in {account.id for account in scope.rows("accounts")}:
        return (None, None)
    adoption = adoption_on(scope, account_id, scope.as_of)
    return (mrr_on(scope, account_id, scope.as_of), None if adoption is None else float(adoption))


def need_worth(scope: Scope, table: str) -> None:
    need(scope, table, "accounts", "subscriptions", "adoption_scores")


def act(scope: Scope, rows: list[Record], table: str, columns: list[Columns], limit: int) -> Answer:
    found = listing(scope, rows, table, columns)
    return attrs.evolve(found, limit=limit, total=len(rows))


def newest_first(day: date | None) -> tuple[bool, int]:
    return (day is None, 0 if day is None else -day.toordinal())


@metric
def act__playbooks_due(scope: Scope, *, limit: int = 5) -> Answer:
    need_worth(scope, "playbook_runs")
    open_statuses = (PlaybookStatus.NEW, PlaybookStatus.IN_PROGRESS)
    rows = [row for row in scope.rows("playbook_runs") if row.status in open_statuses]
    rows.sort(key=lambda row: (missing_last(row.due_on), row.id))
    columns = [(row.playbook, row.account_id, *worth(scope, row.account_id), row.due_on) for row in rows]
    return act(scope, rows, "playbook_runs", columns, limit)


def account_of_task(scope: Scope, task: Record) -> Any:
    """The account that it names, or that of the engagement that it names."""
    if task.account_id is None and task.engagement_id is not None and "engagements" in scope.tables:
        return scope.parent("engagements", task.engagement_id).account_id
    return task.account_id


@metric
def act__tasks_due(scope: Scope, *, limit: int = 5) -> Answer:
    need_worth(scope, "tasks")
    open_statuses = (TaskStatus.TO_DO, TaskStatus.IN_PROGRESS)
    rows = [row for row in scope.rows("tasks") if row.status in open_statuses]
    rows.sort(key=lambda row: (missing_last(row.due_on), row.id))
    columns = []
    for row in rows:
        account = account_of_task(scope, row)
        columns.append((account, *worth(scope, account), row.due_on))
    return act(scope, rows, "tasks", columns, limit)


@metric
def act__renewals_next(scope: Scope, *, limit: int = 5) -> Answer:
    need_worth(scope, "subscriptions")
    next_on: dict[Any, date] = {}
    for account in scope.rows("accounts"):
        for row in subscriptions_of(scope, account.id):
            day = row.next_billing_on
            if is_active(row, scope.as_of) and day is not None and day >= scope.as_of:
                next_on[account.id] = min(next_on.get(account.id, day), day)
    rows = [account for account in scope.rows("accounts") if account.id in next_on]
    rows.sort(key=lambda row: (next_on[row.id], row.id))
    columns = [(*worth(scope, row.id), next_on[row.id]) for row in rows]
    return act(scope, rows, "accounts", columns, limit)


def accounts_alerted(scope: Scope, kind: AlertKind, limit: int) -> Answer:
    """Accounts with an open alert of the kind without a defined action, each beside its newest such alert."""
    need_worth(scope, "alerts")
    newest: dict[Any, Record] = {}
    for alert in scope.rows("alerts"):  # by id: of two on one day the smaller id comes first
        if alert.kind != kind or alert.action_defined or is_closed(alert, scope.as_of):
            continue
        known = newest.get(alert.account_id)
        if known is None or alert.raised_on > known.raised_on:
            newest[alert.account_id] = alert
    rows = [account for account in scope.rows("accounts") if account.id in newest]
    rows.sort(key=lambda row: (newest_first(newest[row.id].raised_on), row.id))
    columns = []
    for row in rows:
        alert = newest[row.id]
        columns.append((alert.name, alert.id, *worth(scope, row.id), alert.raised_on))
    return act(scope, rows, "accounts", columns, limit)


@metric
def act__accounts_at_risk(scope: Scope, *, limit: int = 5) -> Answer:
    return accounts_alerted(scope, AlertKind.RISK, limit)


@metric
def act__upsell_opportunities(scope: Scope, *, limit: int = 5) -> Answer:
    return accounts_alerted(scope, AlertKind.UPSELL, limit)


@metric
def act__accounts_new(scope: Scope, *, limit: int = 5) -> Answer:
    need_worth(scope, "playbook_runs")
    enrolled = {run.account_id for run in scope.rows("playbook_runs")}
    rows = [account for account in scope.rows("accounts") if account.id not in enrolled]
    rows.sort(key=lambda row: (newest_first(row.created_on), row.id))
    columns = [(*worth(scope, row.id), row.stage, row.created_on) for row in rows]
    return act(scope, rows, "accounts", columns, limit)


@metric
def act__users_new(scope: Scope, *, limit: int = 5) -> Answer:
    need(scope, "contacts", "accounts")
    rows = scope.rows("contacts")
    rows.sort(key=lambda row: (newest_first(row.created_on), row.id))
    columns = [(row.name, row.title, row.account_id, row.role, row.created_on) for row in rows]
    return act(scope, rows, "contacts", columns, limit)
