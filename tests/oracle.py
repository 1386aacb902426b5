"""Every metric once more, record by record, as metrics.md words it; here overview, risk, adoption and renewal.

Plain loops over attrs records, to be read beside the definitions. Law 1 compares the library with this.

Decisions where the definitions are silent:
- a closed renew opportunity without a date decides (undated) only where none with a date was closed by A;
- value at risk: a signal's contract counts only where it is itself in scope and passes the filters;
- `share` is completed / live as a float; the comparison is of exact fractions, and 0.8 is what was written.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cs_metrics.records import ContractState, Health, ObjectiveState, Probability, RenewalStage, TaskStatus
from oracle_base import ORACLE, UNSET, Answer, breakdown, count, listing, metric
from oracle_scope import EVERYONE, Missing, Record, Scope, World, in_force, is_closed, missing_last
from oracle_words import (
    active_signals,
    decision,
    happened,
    in_ytd,
    is_last,
    is_live,
    is_next,
    is_past,
    month_of,
    next_month,
    of_open_engagements,
    open_engagements,
    renewals_due,
    ytd_months,
)

__all__ = ["EVERYONE", "ORACLE", "UNSET", "Answer", "Missing", "Scope", "World"]


# Overview


@metric
def overview__total_engagements(scope: Scope) -> Answer:
    return count(scope, open_engagements(scope), "engagements")


@metric
def overview__new_engagements_ytd(scope: Scope) -> Answer:
    new = [row for row in scope.rows("engagements") if in_ytd(row.created_on, scope)]
    return count(scope, new, "engagements")


@metric
def overview__average_engagements_per_csm(scope: Scope, *, over: str = "owners") -> Answer:
    scope.rows("users")  # owners are users: without that table it is Missing
    owned = [row for row in open_engagements(scope) if scope.owner("engagements", row) is not None]
    if over == "team":
        managers = {user.id for user in scope.rows("users") if user.active}
    else:
        managers = {scope.owner("engagements", row) for row in owned}
    value = float(Fraction(len(owned), len(managers))) if managers else None
    return Answer(value, owned, len(scope.rows("engagements")), "engagements")


@metric
def overview__engagements_with_escalations(scope: Scope) -> Answer:
    """Escalations are read as if they were a column of the account, in scope or not, filtered or not."""
    for table in ("accounts", "escalations"):  # an escalation and an engagement meet at their account
        if table not in scope.tables:
            raise Missing(table)
    escalated = set()
    for escalation in scope.tables["escalations"]:
        if scope.exists("escalations", escalation) and not is_closed(escalation, scope.as_of):
            escalated.add(escalation.account_id)
    return listing(scope, [row for row in open_engagements(scope) if row.account_id in escalated])


@metric
def overview__engagements_with_upcoming_qbrs(scope: Scope, *, within: int | None = None) -> Answer:
    next_qbr: dict[Any, date] = {}
    for qbr in scope.rows("qbrs"):
        if qbr.cancelled or happened(qbr.held_on, scope) or qbr.scheduled_on < scope.as_of:
            continue
        if within is not None and not is_next(qbr.scheduled_on, scope, within):
            continue
        known = next_qbr.get(qbr.engagement_id)
        if known is None or qbr.scheduled_on < known:
            next_qbr[qbr.engagement_id] = qbr.scheduled_on
    rows = [row for row in open_engagements(scope) if row.id in next_qbr]
    rows.sort(key=lambda row: (next_qbr[row.id], row.id))
    return listing(scope, rows, columns=[(next_qbr[row.id],) for row in rows])


@metric
def overview__health_by_stage(scope: Scope) -> Answer:
    rows = open_engagements(scope)
    columns: list[Any] = list(Health)
    if any(row.health is None for row in rows):
        columns.append(None)
    value = {}
    for stage in sorted({row.stage for row in rows}):
        value[stage] = dict.fromkeys(columns, 0)
    for row in rows:
        value[row.stage][row.health] += 1
    return Answer(value, rows, len(scope.rows("engagements")), "engagements")


@metric
def overview__success_manager_tasks(scope: Scope) -> Answer:
    value = dict.fromkeys(("overdue", "to_do", "in_progress", "completed", "cancelled"), 0)
    rows = []
    for task in scope.rows("tasks"):
        rows.append(task)
        is_open = task.status in (TaskStatus.TO_DO, TaskStatus.IN_PROGRESS)
        value["overdue" if is_open and is_past(task.due_on, scope) else str(task.status)] += 1
    return breakdown(scope, value, rows, "tasks")


# Risk


def touched_contracts(scope: Scope) -> dict[Any, list[Record]]:
    """The active signals that touch each contract in force, by the contract's id."""
    touching: dict[Any, list[Record]] = {}
    signals = active_signals(scope)
    for contract in scope.rows("contracts"):
        if not in_force(contract, scope.as_of):
            continue
        for signal in signals:
            if signal.contract_id is not None:
                touches = signal.contract_id == contract.id
            else:
                touches = signal.engagement_id == contract.engagement_id
            if touches:
                touching.setdefault(contract.id, []).append(signal)
    return touching


def labels_at_risk(scope: Scope, contract: Record, signals: list[Record], by: str) -> set[Any]:
    """The buckets of contract_value_at_risk that a contract stands in."""
    if by == "category":
        return {signal.category for signal in signals}
    if by == "owner":
        return {scope.owner("contracts", contract)}
    if by == "industry":
        return {scope.parent("accounts", contract.account_id).industry}
    assert by == "stage", by
    if contract.engagement_id is None:
        return {None}
    return {scope.parent("engagements", contract.engagement_id).stage}


@metric
def risk__contract_value_at_risk(scope: Scope, *, by: str | None = None) -> Answer:
    needed = {"industry": "accounts", "owner": "users"}.get(by or "")
    if needed is not None and needed not in scope.tables:
        raise Missing(needed)
    touching = touched_contracts(scope)
    rows = [contract for contract in scope.rows("contracts") if contract.id in touching]
    total = Decimal(0)
    buckets: dict[Any, Decimal] = {}
    for contract in rows:
        total += scope.money(contract)
        if by is not None:
            for label in labels_at_risk(scope, contract, touching[contract.id], by):
                buckets[label] = buckets.get(label, Decimal(0)) + scope.money(contract)
    if by is None:
        return Answer(total, rows, len(scope.rows("contracts")), "contracts")
    missing = buckets.pop(None, Decimal(0))
    value = {label: buckets[label] for label in sorted(buckets)}
    return breakdown(scope, value, rows, "contracts", missing)


@metric
def risk__engagements_in_poor_health(
    scope: Scope, *, poor: tuple[Health, ...] = (Health.RED, Health.YELLOW)
) -> Answer:
    value = dict.fromkeys(poor, 0)
    rows = [row for row in open_engagements(scope) if row.health in poor]
    for row in rows:
        value[row.health] += 1
    return breakdown(scope, value, rows, "engagements")


@metric
def risk__renewals_due_in_poor_health(
    scope: Scope, *, within: int = 90, poor: tuple[Health, ...] = (Health.RED, Health.YELLOW)
) -> Answer:
    due = {contract.engagement_id for contract in renewals_due(scope, within)}
    rows = [row for row in open_engagements(scope) if row.health in poor and row.id in due]
    return listing(scope, rows)


@metric
def risk__engagements_without_touchpoints(
    scope: Scope, *, within: int = 90, direction: str = "next"
) -> Answer:
    in_window = is_last if direction == "past" else is_next
    touched = set()
    for touchpoint in scope.rows("touchpoints"):
        if not touchpoint.cancelled and in_window(touchpoint.scheduled_on, scope, within):
            touched.add(touchpoint.engagement_id)
    return listing(scope, [row for row in open_engagements(scope) if row.id not in touched])


@metric
def risk__active_risk_signals(scope: Scope) -> Answer:
    return count(scope, active_signals(scope), "risk_signals")


@metric
def risk__top_risk_indicators(scope: Scope, *, limit: int = 5) -> Answer:
    rows = active_signals(scope)
    counts: dict[str, int] = {}
    for signal in rows:
        counts[signal.category] = counts.get(signal.category, 0) + 1
    top = sorted(counts, key=lambda label: (-counts[label], label))[:limit]
    return breakdown(scope, {label: counts[label] for label in top}, rows, "risk_signals")


@metric
def risk__risk_signals_by_scope(scope: Scope) -> Answer:
    rows = active_signals(scope)
    counts: dict[Any, int] = {}
    for signal in rows:
        counts[signal.scope] = counts.get(signal.scope, 0) + 1
    value = {label: counts[label] for label in sorted(counts, key=missing_last)}
    return breakdown(scope, value, rows, "risk_signals")


@metric
def risk__risk_signals_by_probability(scope: Scope) -> Answer:
    rows = active_signals(scope)
    value: dict[Any, int] = dict.fromkeys((Probability.HIGH, Probability.MODERATE, Probability.LOW), 0)
    missing = 0
    for signal in rows:
        if signal.probability is None:
            missing += 1
        else:
            value[signal.probability] += 1
    return breakdown(scope, value, rows, "risk_signals", missing)


# Adoption


@metric
def adoption__engagements_overdue_go_live(scope: Scope) -> Answer:
    overdue = [
        row
        for row in open_engagements(scope)
        if is_past(row.go_live_due_on, scope) and not is_live(row, scope)
    ]
    overdue.sort(key=lambda row: (row.go_live_due_on, row.id))  # the earliest due is the longest overdue
    days = [((scope.as_of - row.go_live_due_on).days,) for row in overdue]
    return listing(scope, overdue, columns=days)


@metric
def adoption__engagements_in_onboarding(scope: Scope, *, stage: str = "onboarding") -> Answer:
    return listing(scope, [row for row in open_engagements(scope) if row.stage == stage])


@metric
def adoption__engagements_going_live(scope: Scope, *, within: int = 30) -> Answer:
    rows = [
        row
        for row in open_engagements(scope)
        if is_next(row.go_live_due_on, scope, within) and not is_live(row, scope)
    ]
    rows.sort(key=lambda row: (row.go_live_due_on, row.id))
    return listing(scope, rows)


def objectives_of(scope: Scope) -> dict[Any, tuple[int, int]]:
    """Of each engagement with objectives not cancelled: how many are completed, and how many there are."""
    counts: dict[Any, tuple[int, int]] = {}
    for objective in scope.rows("objectives"):
        if objective.state == ObjectiveState.CANCELLED:
            continue
        completed, live = counts.get(objective.engagement_id, (0, 0))
        is_completed = objective.state == ObjectiveState.COMPLETED
        counts[objective.engagement_id] = (completed + is_completed, live + 1)
    return counts


@metric
def adoption__engagements_without_objectives(scope: Scope) -> Answer:
    objectives = objectives_of(scope)
    return listing(scope, [row for row in open_engagements(scope) if row.id not in objectives])


@metric
def adoption__engagements_with_objectives_complete(
    scope: Scope, *, above: float | Decimal | Fraction = 0.8
) -> Answer:
    objectives = objectives_of(scope)
    limit = Fraction(str(above))  # 0.8 is the 0.8 that was written, not the double nearest to it
    rows = [
        row
        for row in open_engagements(scope)
        if row.id in objectives and Fraction(*objectives[row.id]) > limit
    ]
    shares = [(objectives[row.id][0] / objectives[row.id][1],) for row in rows]
    return listing(scope, rows, columns=shares)


@metric
def adoption__objective_progress(scope: Scope) -> Answer:
    value = dict.fromkeys(ObjectiveState, 0)
    rows = of_open_engagements(scope, "objectives")
    for objective in rows:
        value[objective.state] += 1
    return breakdown(scope, value, rows, "objectives")


@metric
def adoption__low_adoption_products(scope: Scope, *, below: float = 50) -> Answer:
    scope.rows("accounts")  # a score is of its account: without that table it is Missing
    open_ids = {engagement.id for engagement in open_engagements(scope)}
    latest: dict[tuple[Any, ...], Record] = {}
    for score in scope.rows("adoption_scores"):  # rows dated after A do not exist yet
        if score.engagement_id is not None and score.engagement_id not in open_ids:
            continue
        key = (score.account_id, score.engagement_id, score.product)
        if key not in latest or score.on > latest[key].on:
            latest[key] = score
    low = [score for score in latest.values() if score.score < below]
    low.sort(key=lambda row: (row.score, missing_last(row.engagement_id), row.product, row.account_id))
    frame = [
        (row.engagement_id, row.account_id, row.product, row.score, row.business_priority) for row in low
    ]
    return Answer(len(low), low, len(scope.rows("adoption_scores")), "adoption_scores", frame)


# Renewal


@metric
def renewal__engagements_with_renewals_due(scope: Scope, *, within: int = 90) -> Answer:
    next_on: dict[Any, date] = {}
    value_due: dict[Any, Decimal] = {}
    for contract in renewals_due(scope, within):
        owner = contract.engagement_id
        next_on[owner] = min(next_on.get(owner, contract.ends_on), contract.ends_on)
        value_due[owner] = value_due.get(owner, Decimal(0)) + scope.money(contract)
    rows = [row for row in open_engagements(scope) if row.id in next_on]
    rows.sort(key=lambda row: (next_on[row.id], row.id))
    return listing(scope, rows, columns=[(next_on[row.id], value_due[row.id]) for row in rows])


RAN = (ContractState.ACTIVE, ContractState.EXPIRED)
IN_REVIEW = (RenewalStage.UNDER_REVIEW, RenewalStage.AWAITING_REVIEW)


@metric
def renewal__opened_renewals(scope: Scope) -> Answer:
    rows = []
    for contract in scope.rows("contracts"):
        in_review = contract.state in RAN and contract.renewal_stage in IN_REVIEW
        extended = contract.state == ContractState.ACTIVE and contract.extension_approved
        if in_review or extended:
            rows.append(contract)
    return listing(scope, rows, "contracts")


@metric
def renewal__contracts_on_extension(scope: Scope) -> Answer:
    contracts = scope.rows("contracts")
    rows = [row for row in contracts if row.extension_approved and row.state == ContractState.ACTIVE]
    return listing(scope, rows, "contracts")


@metric
def renewal__renewals_by_stage(scope: Scope) -> Answer:
    order = ("awaiting_review", "renewal_approved", "renewal_rejected", "under_review")
    value = dict.fromkeys(order, 0)
    rows = [contract for contract in scope.rows("contracts") if contract.renewal_stage is not None]
    for contract in rows:
        value[str(contract.renewal_stage)] += 1
    return breakdown(scope, value, rows, "contracts")


@metric
def renewal__renewals_and_losses_ytd(scope: Scope, *, measure: str = "count") -> Answer:
    zero = Decimal(0) if measure == "value" else 0
    months = [month_of(month) for month in ytd_months(scope)]
    value: dict[str, dict[str, Any]] = {
        "won": dict.fromkeys(months, zero),
        "lost": dict.fromkeys(months, zero),
    }
    rows = []
    for contract in scope.rows("contracts"):
        decided = decision(scope, contract)
        if decided is None or not in_ytd(decided.on, scope):
            continue
        rows.append(contract)
        series = value["won" if decided.renewed else "lost"]
        series[month_of(decided.on)] += scope.money(contract) if measure == "value" else 1
    return Answer(value, rows, len(scope.rows("contracts")), "contracts")


def is_lost(scope: Scope, contract: Record) -> bool:
    """Rejected by A, or run out with neither a decision nor a review."""
    if contract.state == ContractState.DRAFT:
        return False
    decided = decision(scope, contract)
    if decided is not None:
        return not decided.renewed
    if contract.renewal_stage in IN_REVIEW:
        return False
    return is_past(contract.ends_on, scope) or contract.state == ContractState.EXPIRED


@metric
def renewal__lost_contracts(scope: Scope) -> Answer:
    lost = {contract.engagement_id for contract in scope.rows("contracts") if is_lost(scope, contract)}
    return listing(scope, [row for row in scope.rows("engagements") if row.id in lost])


@metric
def renewal__contract_value_ytd(scope: Scope, *, basis: str = "started") -> Answer:
    months = ytd_months(scope)
    series = {month_of(month): Decimal(0) for month in months}
    rows = []
    for contract in scope.rows("contracts"):
        appears = False
        if basis == "in_force":
            for month in months:
                last_day = min(next_month(month) - timedelta(1), scope.as_of)
                if in_force(contract, last_day):
                    series[month_of(month)] += scope.money(contract)
                    appears = True
        elif contract.state in RAN and in_ytd(contract.starts_on, scope):
            series[month_of(contract.starts_on)] += scope.money(contract)
            appears = True
        if appears:
            rows.append(contract)
    return Answer({"value": series}, rows, len(scope.rows("contracts")), "contracts")


@metric
def renewal__overdue_renewals(scope: Scope) -> Answer:
    rows = []
    for contract in scope.rows("contracts"):
        if contract.state not in RAN or not is_past(contract.ends_on, scope):
            continue
        if decision(scope, contract) is None:
            rows.append(contract)
    return listing(scope, rows, "contracts")


# Issue by issue the other tabs stand in rooms of their own; importing them enters their metrics.
import oracle_act  # noqa: E402, F401
import oracle_beyond  # noqa: E402, F401
import oracle_health  # noqa: E402, F401
import oracle_revenue  # noqa: E402, F401
import oracle_review  # noqa: E402, F401
import oracle_segments  # noqa: E402, F401
import oracle_stack  # noqa: E402, F401
