"""The words that the definitions of metrics.md are made of, for the oracle: windows, decisions, signals."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from cs_metrics.records import OpportunityKind, OpportunityStage, RenewalStage
from oracle_scope import Record, Scope, in_force, is_closed


def open_engagements(scope: Scope) -> list[Record]:
    return [row for row in scope.rows("engagements") if not is_closed(row, scope.as_of)]


def of_open_engagements(scope: Scope, table: str) -> list[Record]:
    """Children of open engagements in scope; a child without an engagement is not among them."""
    ids = {engagement.id for engagement in open_engagements(scope)}
    return [row for row in scope.rows(table) if row.engagement_id in ids]


def is_next(day: date | None, scope: Scope, days: int) -> bool:
    return day is not None and scope.as_of <= day <= scope.as_of + timedelta(days)


def is_last(day: date | None, scope: Scope, days: int) -> bool:
    return day is not None and scope.as_of - timedelta(days) <= day <= scope.as_of


def is_past(day: date | None, scope: Scope) -> bool:
    return day is not None and day < scope.as_of


def happened(day: date | None, scope: Scope) -> bool:
    return day is not None and day <= scope.as_of


def ytd_months(scope: Scope) -> list[date]:
    """The first day of every month from the fiscal year's first to A's own."""
    year, month = scope.as_of.year, scope.world.fiscal_year_start
    if month > scope.as_of.month:
        year -= 1
    months = [date(year, month, 1)]
    while (months[-1].year, months[-1].month) != (scope.as_of.year, scope.as_of.month):
        months.append(next_month(months[-1]))
    return months


def next_month(first: date) -> date:
    return date(first.year + 1, 1, 1) if first.month == 12 else date(first.year, first.month + 1, 1)


def in_ytd(day: date | None, scope: Scope) -> bool:
    return day is not None and ytd_months(scope)[0] <= day <= scope.as_of


def month_of(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


@attrs.frozen
class Decision:
    renewed: bool
    on: date | None


def is_later(day: date | None, other: date | None) -> bool:
    """Whether `day` is given and later than `other`; any day is later than none."""
    return day is not None and (other is None or day > other)


def decision(scope: Scope, contract: Record) -> Decision | None:
    """The renewal decision of a contract as known on A; None while undecided."""
    latest = None
    if "opportunities" in scope.tables:
        for opportunity in scope.rows("opportunities"):  # by id: of equal days the smaller id comes first
            if opportunity.contract_id != contract.id or opportunity.kind != OpportunityKind.RENEW:
                continue
            if opportunity.stage == OpportunityStage.OPEN:
                continue
            if opportunity.closed_on is not None and opportunity.closed_on > scope.as_of:
                continue  # still open on A
            if latest is None or is_later(opportunity.closed_on, latest.closed_on):
                latest = opportunity
    if latest is not None:
        return Decision(latest.stage == OpportunityStage.CLOSED_WON, latest.closed_on)
    if contract.renewal_stage not in (RenewalStage.RENEWAL_APPROVED, RenewalStage.RENEWAL_REJECTED):
        return None
    if contract.renewal_finalized_on is not None and contract.renewal_finalized_on > scope.as_of:
        return None
    return Decision(contract.renewal_stage == RenewalStage.RENEWAL_APPROVED, contract.renewal_finalized_on)


def renewals_due(scope: Scope, within: int) -> list[Record]:
    """Undecided contracts in force on A that end in the next N days."""
    return [
        contract
        for contract in scope.rows("contracts")
        if in_force(contract, scope.as_of)
        and is_next(contract.ends_on, scope, within)
        and decision(scope, contract) is None
    ]


def active_signals(scope: Scope) -> list[Record]:
    """Signals of open engagements, opened by A (else they are not in scope) and not closed by A."""
    return [row for row in of_open_engagements(scope, "risk_signals") if not is_closed(row, scope.as_of)]


def is_live(engagement: Record, scope: Scope) -> bool:
    return happened(engagement.went_live_on, scope)
