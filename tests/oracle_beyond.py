"""Coverage, usage and accounts once more, record by record, as metrics.md words them; the profile too.

Decisions where the definitions are silent:
- an owner who is not active covers nothing, whatever their role; the MRR of all accounts counts, credits as what they are;
- licences that are missing, or not above 0, are none: there is no share, and the row stands in no product's share;
- `change` is of the exact shares and None where one of them is; a product's share before is of the rows that were
  the latest then, whichever of them are the latest still;
- licensed_users of a product are those that are given: None where no row gives any, not 0;
- accounts.top lists every account in view; `segment` is the account's own column, `risk_signals` the active ones;
- a column of accounts.top is None where what it reads was not supplied (adoption_scores; measures; risk_signals or
  engagements), and a renewal is then found without contracts; but a table that was supplied and that cannot be
  narrowed by the filters for want of another is Missing: contracts are not left out in silence;
- a profile's section for which a table is missing says so, the others stand; an account that is filtered out, that does
  not exist yet, that others own or that nobody has heard of is not visible, all in the same words.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cs_metrics.records import PlaybookStatus, TaskStatus
from oracle_act import account_of_task
from oracle_base import Answer, metric, need
from oracle_billing import adoption_on, is_active, mrr_on, ratio, subscriptions_of
from oracle_models import HEALTH, aligned_of, band_of, health_of
from oracle_scope import Missing, Record, Scope, in_force, missing_last
from oracle_words import active_signals, decision, is_last, open_engagements

# Coverage


def coverage(scope: Scope, covered: set[Any], measure: str) -> Answer:
    """The share of accounts, or of their MRR on A, that is among the covered ones; all accounts are behind it."""
    rows = scope.rows("accounts")
    if measure == "accounts":
        found = [account for account in rows if account.id in covered]
        return ratio(scope, rows, "accounts", len(found), len(rows))
    assert measure == "mrr", measure
    part = whole = Decimal(0)
    for account in rows:
        mrr = mrr_on(scope, account.id, scope.as_of)
        whole += mrr
        if account.id in covered:
            part += mrr
    return ratio(scope, rows, "accounts", part, whole)


@metric
def coverage__csm_coverage(scope: Scope, *, measure: str = "accounts") -> Answer:
    need(scope, "accounts", "users", *(("subscriptions",) if measure == "mrr" else ()))
    covered = set()
    for account in scope.rows("accounts"):
        if account.owner_id is not None and scope.parent("users", account.owner_id).active:
            covered.add(account.id)
    return coverage(scope, covered, measure)


@metric
def coverage__usage_coverage(scope: Scope, *, within: int = 30, measure: str = "accounts") -> Answer:
    need(scope, "accounts", "usage", *(("subscriptions",) if measure == "mrr" else ()))
    covered = {row.account_id for row in scope.rows("usage") if is_last(row.on, scope, within)}
    return coverage(scope, covered, measure)


# Usage

BEFORE = 30
"""Days before A with which a share is compared."""


def latest_usage(scope: Scope, days_ago: int = 0) -> dict[tuple[Any, str], Record]:
    """Of every account and product the latest row by so many days before A; by account, then product."""
    found: dict[tuple[Any, str], Record] = {}
    for row in scope.rows("usage"):  # by its natural key: account, product, day
        if row.on.toordinal() <= scope.as_of.toordinal() - days_ago:
            found[row.account_id, row.product] = row
    return found


def is_licensed(row: Record) -> bool:
    return row.licensed_users is not None and row.licensed_users > 0


def share(rows: list[Record]) -> Fraction | None:
    """Active users of the licensed ones, over the rows that have licences."""
    licensed = [row for row in rows if is_licensed(row)]
    if not licensed:
        return None
    return Fraction(sum(row.active_users for row in licensed), sum(row.licensed_users for row in licensed))


def compared(now: Fraction | None, before: Fraction | None) -> tuple[float | None, ...]:
    """The columns share, share_before, change: floats at the very end."""
    change = None if now is None or before is None else now - before
    return tuple(None if part is None else float(part) for part in (now, before, change))


def adoption_line(row: Record, then: Record | None) -> tuple[Any, ...]:
    shares = compared(share([row]), share([] if then is None else [then]))
    return (row.account_id, row.product, row.active_users, row.licensed_users, *shares)


@metric
def usage__adoption(scope: Scope) -> Answer:
    """Columns account, product, active_users, licensed_users, share, share_before, change."""
    need(scope, "usage", "accounts")
    now, then = latest_usage(scope), latest_usage(scope, BEFORE)
    frame = [adoption_line(row, then.get(key)) for key, row in now.items()]
    return Answer(len(frame), list(now.values()), len(scope.rows("usage")), "usage", frame)


@metric
def usage__summary(scope: Scope) -> Answer:
    """Columns product, accounts, active_users, licensed_users, share, share_before, change; a line a product."""
    need(scope, "usage", "accounts")
    now, then = latest_usage(scope), latest_usage(scope, BEFORE)
    frame = []
    for product in sorted({product for _, product in now}):
        rows = [row for (_, label), row in now.items() if label == product]
        earlier = [row for (_, label), row in then.items() if label == product]
        given = [row.licensed_users for row in rows if row.licensed_users is not None]
        counts = (len(rows), sum(row.active_users for row in rows), sum(given) if given else None)
        frame.append((product, *counts, *compared(share(rows), share(earlier))))
    return Answer(len(frame), list(now.values()), len(scope.rows("usage")), "usage", frame)


# Top customers


def next_renewals(scope: Scope) -> dict[Any, date]:
    """Of every account that has one the next day, today or later, on which a subscription or a contract renews."""
    subscriptions = [row for row in scope.rows("subscriptions") if is_active(row, scope.as_of)]
    days = [(row.account_id, row.next_billing_on) for row in subscriptions]
    if "contracts" in scope.tables:
        contracts = [row for row in scope.rows("contracts") if in_force(row, scope.as_of)]
        days += [(row.account_id, row.ends_on) for row in contracts if decision(scope, row) is None]
    found: dict[Any, date] = {}
    for account_id, day in days:
        if day is not None and day >= scope.as_of:
            found[account_id] = min(found.get(account_id, day), day)
    return found


def signals_by_account(scope: Scope) -> dict[Any, int] | None:
    """How many signals of an account's open engagements in view are active; None where nobody can know."""
    if "risk_signals" not in scope.tables or "engagements" not in scope.tables:
        return None
    account_of = {engagement.id: engagement.account_id for engagement in open_engagements(scope)}
    found: dict[Any, int] = {}
    for signal in active_signals(scope):
        account_id = account_of[signal.engagement_id]
        found[account_id] = found.get(account_id, 0) + 1
    return found


@metric
def accounts__top(scope: Scope, *, limit: int = 10, health: Any = HEALTH) -> Answer:
    """Columns account, mrr, health, adoption, next_renewal_on, risk_signals, segment; the largest MRR first."""
    need(scope, "accounts", "subscriptions")
    rows = scope.rows("accounts")
    mrr = {account.id: mrr_on(scope, account.id, scope.as_of) for account in rows}
    rows.sort(key=lambda account: (-mrr[account.id], account.id))
    scores = health_of(scope, health, scope.rows, scope.as_of) if "measures" in scope.tables else {}
    renewals, signals = next_renewals(scope), signals_by_account(scope)
    frame: list[tuple[Any, ...]] = []
    for account in rows:
        score = scores[account.id].value if account.id in scores else None
        adoption = None
        if "adoption_scores" in scope.tables:
            found = adoption_on(scope, account.id, scope.as_of)
            adoption = None if found is None else float(found)
        risk = None if signals is None else signals.get(account.id, 0)
        frame.append(
            (account.id, mrr[account.id], score, adoption, renewals.get(account.id), risk, account.segment)
        )
    return Answer(len(rows), rows, len(rows), "accounts", frame, limit=limit)


# The profile of one account: not a metric, for nobody has a default account


class NotVisible(LookupError):
    """An account that is not in the view; the words do not say why."""

    def __init__(self, account_id: Any) -> None:
        super().__init__(f"no account {account_id!r} in view")


Section = Callable[[Scope, Record], Any]
SECTIONS: dict[str, Section] = {}
"""What a profile holds, in its order: each section of a view and an account in it."""


def section(function: Section) -> Section:
    """Enter the section under its name; its own name is profile_name."""
    SECTIONS[function.__name__.removeprefix("profile_")] = function
    return function


def profile(scope: Scope, account_id: Any) -> dict[str, Any]:
    """Every section of the account; in the place of one that misses a table stands that it does."""
    for account in scope.rows("accounts"):
        if type(account.id) is type(account_id) and account.id == account_id:  # True is not 1
            break
    else:
        raise NotVisible(account_id)
    found: dict[str, Any] = {}
    for name, made in SECTIONS.items():
        try:
            found[name] = made(scope, account)
        except Missing as missing:
            found[name] = missing
    return found


def of_account(scope: Scope, table: str, account: Record) -> list[Record]:
    """The account's own rows of a table in view, by id or natural key."""
    return [row for row in scope.rows(table) if row.account_id == account.id]


def total(amounts: list[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


@section
def profile_account(scope: Scope, account: Record) -> dict[str, Any]:
    """Its own columns."""
    return attrs.asdict(account)


@section
def profile_contracts(scope: Scope, account: Record) -> dict[str, Any]:
    """All its contracts in view: value in force on A, how many of them, which are decided, when the next one ends."""
    lines, ends = [], []
    for contract in of_account(scope, "contracts", account):
        decided = decision(scope, contract)
        outcome = None if decided is None else "won" if decided.renewed else "lost"
        running = in_force(contract, scope.as_of)
        if running and decided is None and contract.ends_on is not None:
            ends.append(contract.ends_on)
        lines.append(
            {
                "contract": contract.id,
                "value": scope.money(contract),
                "state": contract.state,
                "renewal_stage": contract.renewal_stage,
                "starts_on": contract.starts_on,
                "ends_on": contract.ends_on,
                "in_force": running,
                "renewal": outcome,
            }
        )
    counting = [line for line in lines if line["in_force"]]
    return {
        "contracts": lines,
        "in_force": len(counting),
        "value_in_force": total([line["value"] for line in counting]),
        "next_end_on": min(ends, default=None),
    }


@section
def profile_mrr(scope: Scope, account: Record) -> dict[str, Any]:
    """MRR on A and on A-30, and the subscriptions active on A."""
    then = scope.as_of - timedelta(BEFORE)
    mrr, before = (mrr_on(scope, account.id, day) for day in (scope.as_of, then))
    active = [row for row in subscriptions_of(scope, account.id) if is_active(row, scope.as_of)]
    bills = [row.next_billing_on for row in active if row.next_billing_on is not None]
    return {
        "mrr": mrr,
        "mrr_before": before,
        "change": mrr - before,
        "subscriptions": [
            {
                "subscription": row.id,
                "plan": row.plan,
                "mrr": scope.money(row, "mrr"),
                "seats": row.seats,
                "started_on": row.started_on,
                "next_billing_on": row.next_billing_on,
            }
            for row in active
        ],
        "next_billing_on": min([day for day in bills if day >= scope.as_of], default=None),
    }


@section
def profile_usage(scope: Scope, account: Record) -> list[tuple[Any, ...]]:
    """The account's lines of usage.adoption, without their first column."""
    return [line[1:] for line in usage__adoption(scope).frame or () if line[0] == account.id]


@section
def profile_adoption(scope: Scope, account: Record) -> float | None:
    """Its product adoption health on A."""
    found = adoption_on(scope, account.id, scope.as_of)
    return None if found is None else float(found)


@section
def profile_health(scope: Scope, account: Record) -> dict[str, Any]:
    """Its score, coverage and band under the filters' model, else the default one; without a measure only coverage."""
    model = scope.models["health_model"] or HEALTH
    found = health_of(scope, model, scope.rows, scope.as_of)[account.id]
    return {"score": found.value, "coverage": found.coverage, "band": band_of(model, found.value)}


@section
def profile_engagements(scope: Scope, account: Record) -> list[dict[str, Any]]:
    """Its open engagements in view, by id, with the health that they carry."""
    return [
        {"engagement": row.id, "stage": row.stage, "health": row.health}
        for row in open_engagements(scope)
        if row.account_id == account.id
    ]


@section
def profile_risk_signals(scope: Scope, account: Record) -> list[dict[str, Any]]:
    """The active signals of its open engagements in view, by id."""
    own = {row.id for row in open_engagements(scope) if row.account_id == account.id}
    return [
        {
            "risk_signal": row.id,
            "category": row.category,
            "scope": row.scope,
            "probability": row.probability,
            "opened_on": row.opened_on,
        }
        for row in active_signals(scope)
        if row.engagement_id in own
    ]


@section
def profile_tasks(scope: Scope, account: Record) -> list[dict[str, Any]]:
    """Its open tasks in view, by name or by engagement, the first due first, as in act.tasks_due."""
    open_statuses = (TaskStatus.TO_DO, TaskStatus.IN_PROGRESS)
    rows = [row for row in scope.rows("tasks") if row.status in open_statuses]
    rows = [row for row in rows if account_of_task(scope, row) == account.id]
    rows.sort(key=lambda row: (missing_last(row.due_on), row.id))
    return [
        {"task": row.id, "assignee": row.assignee_id, "status": row.status, "due_on": row.due_on}
        for row in rows
    ]


@section
def profile_touchpoints(scope: Scope, account: Record) -> dict[str, Any]:
    """The touchpoints, not cancelled, of its open engagements in view: the last day before A, the next one from A on."""
    own = {row.id for row in open_engagements(scope) if row.account_id == account.id}
    rows = [row for row in scope.rows("touchpoints") if row.engagement_id in own and not row.cancelled]
    rows.sort(key=lambda row: (row.scheduled_on, row.id))
    days = [row.scheduled_on for row in rows]
    return {
        "last_on": max([day for day in days if day < scope.as_of], default=None),
        "next_on": min([day for day in days if day >= scope.as_of], default=None),
        "touchpoints": [(row.id, row.scheduled_on) for row in rows],
    }


@section
def profile_playbooks(scope: Scope, account: Record) -> list[dict[str, Any]]:
    """Its open runs, the first due first, as in act.playbooks_due."""
    open_statuses = (PlaybookStatus.NEW, PlaybookStatus.IN_PROGRESS)
    rows = [row for row in of_account(scope, "playbook_runs", account) if row.status in open_statuses]
    rows.sort(key=lambda row: (missing_last(row.due_on), row.id))
    return [
        {"playbook_run": row.id, "playbook": row.playbook, "status": row.status, "due_on": row.due_on}
        for row in rows
    ]


MONEY = ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")


@section
def profile_stack(scope: Scope, account: Record) -> dict[str, Any]:
    """The positions that apply, by item; their sums and the share that is aligned, None where nothing applies."""
    rows = [row for row in of_account(scope, "stack_positions", account) if row.applicable]
    aligned = aligned_of(rows)
    return {
        "positions": [
            {
                "item": row.item_id,
                "aligned": row.aligned,
                **{name: scope.money(row, name) for name in MONEY},
            }
            for row in rows
        ],
        "aligned": aligned,
        "applicable": len(rows),
        "alignment": aligned / len(rows) if rows else None,
        **{name: total([scope.money(row, name) for row in rows]) for name in MONEY},
    }


@section
def profile_campaigns(scope: Scope, account: Record) -> dict[str, Any]:
    """By campaign how often it touched the account, when last, and what is attributed: None where no row says."""
    rows = of_account(scope, "campaign_touches", account)
    lines = []
    for campaign in sorted({row.campaign for row in rows}):
        touches = [row for row in rows if row.campaign == campaign]
        lines.append(
            {
                "campaign": campaign,
                "touches": len(touches),
                "last_on": max(row.on for row in touches),
                "attributed": attributed(scope, touches),
            }
        )
    return {"campaigns": lines, "attributed": attributed(scope, rows)}


def attributed(scope: Scope, touches: list[Record]) -> Decimal | None:
    given = [scope.money(row, "attributed") for row in touches if row.attributed is not None]
    return total(given) if given else None


@section
def profile_propensities(scope: Scope, account: Record) -> dict[str, Any] | None:
    """The latest by A: the day, churn, expand; None where there is none."""
    rows = of_account(scope, "propensities", account)
    if not rows:
        return None
    latest = max(rows, key=lambda row: row.on)
    return {"on": latest.on, "churn": latest.churn, "expand": latest.expand}
