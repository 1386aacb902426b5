"""Every metric of revenue once more, record by record, as metrics.md words it.

Decisions where the definitions are silent:
- an account's state is 0 or not 0, so that credits move through the same boxes and the identity holds: 0 to something is
  new or reactivation, something to 0 churn by what it was, else the difference is expansion or contraction;
- a gap is a run of days on which the account's MRR is 0, between two days on which it is not; one of at most gap_days days,
  over by A, is bridged with the MRR of its eve. A period that is worth 0 bridges nothing by itself;
- a cohort's accounts left are those whose MRR is not 0; accounts that never had MRR are in no cohort; a period in
  which nobody came is no cohort (one subscription of the year 1 would else make 300 million cells);
- a forecast takes churn as the float that it is, exactly, and `expected` is rounded once over the whole sum.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cs_metrics.records import ContractState
from oracle_base import Answer, breakdown, metric, need
from oracle_billing import end_of, mrr_on, ratio, share_of, subscriptions_of, was_active
from oracle_scope import Record, Scope, exponent
from oracle_words import decision, is_next, month_of, next_month

Points = list[tuple[date, Decimal]]


# What an account was worth, day by day


def timeline(scope: Scope, account_id: Any, gap_days: int = 0) -> Points:
    """Each day by A on which the account's MRR may have changed, and what it is from that day on."""
    days = set()
    for row in subscriptions_of(scope, account_id):
        for day in (row.started_on, end_of(row)):
            if day is not None and day <= scope.as_of:
                days.add(day)
    points = [(day, mrr_on(scope, account_id, day)) for day in sorted(days)]
    return bridged(points, gap_days)


def bridged(points: Points, gap_days: int) -> Points:
    """The same with every short gap filled by the MRR of its eve; one that began longer ago has 0 for an eve."""
    filled: Points = []
    for number, (day, mrr) in enumerate(points):
        eve = filled[-1][1] if filled else Decimal(0)
        back = None
        for later, amount in points[number:]:
            if amount != 0:
                back = later
                break
        if mrr == 0 and eve != 0 and back is not None and (back - day).days <= gap_days:
            mrr = eve
        filled.append((day, mrr))
    return filled


def at(points: Points, day: date) -> Decimal:
    """MRR on a day, by its timeline."""
    mrr = Decimal(0)
    for changed, amount in points:
        if changed <= day:
            mrr = amount
    return mrr


def first_day(points: Points) -> date | None:
    """The first day on which there is MRR."""
    for day, mrr in points:
        if mrr != 0:
            return day
    return None


def timelines(scope: Scope, gap_days: int = 0) -> list[Points]:
    need(scope, "subscriptions", "accounts")
    return [timeline(scope, account.id, gap_days) for account in scope.rows("accounts")]


def rows_that_counted(scope: Scope) -> list[Record]:
    return [row for row in scope.rows("subscriptions") if was_active(row)]


# Movements

MOVEMENTS = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "closing")


def last_months(scope: Scope, months: int) -> list[date]:
    """The first days of the last months, A's own the last."""
    firsts = [scope.as_of.replace(day=1)]
    while len(firsts) < months:
        firsts.append((firsts[-1] - timedelta(1)).replace(day=1))
    return firsts[::-1]


def move(points: Points, eve: date, last: date) -> tuple[str, Decimal]:
    """The one box of an account in a month, and by how much."""
    before, after = at(points, eve), at(points, last)
    if before == 0 and after != 0:
        first = first_day(points)
        assert first is not None
        return ("new" if first > eve else "reactivation"), after
    if before != 0 and after == 0:
        return "churn", before
    if after >= before:
        return "expansion", after - before
    return "contraction", before - after


def movements(scope: Scope, months: int, gap_days: int) -> dict[str, dict[str, Decimal]]:
    accounts = timelines(scope, gap_days)
    firsts = last_months(scope, months)
    value = {name: {month_of(first): Decimal(0) for first in firsts} for name in MOVEMENTS}
    for first in firsts:
        month, eve = month_of(first), first - timedelta(1)
        last = min(next_month(first) - timedelta(1), scope.as_of)
        for points in accounts:
            name, amount = move(points, eve, last)
            value[name][month] += amount
            value["opening"][month] += at(points, eve)
            value["closing"][month] += at(points, last)
    return value


@metric
def revenue__mrr_movements(scope: Scope, *, months: int = 12, gap_days: int = 0) -> Answer:
    value = movements(scope, months, gap_days)
    return Answer(value, rows_that_counted(scope), len(scope.rows("subscriptions")), "subscriptions")


@metric
def revenue__quick_ratio(scope: Scope, *, months: int = 12, gap_days: int = 0) -> Answer:
    value = movements(scope, months, gap_days)
    gained = sum((sum(value[name].values()) for name in ("new", "reactivation", "expansion")), Decimal(0))
    lost = sum((sum(value[name].values()) for name in ("contraction", "churn")), Decimal(0))
    return ratio(scope, rows_that_counted(scope), "subscriptions", gained, lost)


# Retention


def months_before(day: date, months: int) -> date:
    """The same day of a month so many before, or that month's last where it is too short."""
    number = day.year * 12 + day.month - 1 - months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def retained(scope: Scope, months: int) -> list[tuple[Record, Decimal, Decimal]]:
    """The accounts with MRR then: what it was, and what it is on A."""
    need(scope, "accounts", "subscriptions")
    then = months_before(scope.as_of, months)
    found = []
    for account in scope.rows("accounts"):
        was, now = mrr_on(scope, account.id, then), mrr_on(scope, account.id, scope.as_of)
        if was > 0:
            found.append((account, was, now))
    return found


@metric
def revenue__net_revenue_retention(scope: Scope, *, months: int = 12) -> Answer:
    found = retained(scope, months)
    was = sum((was for _, was, _ in found), Decimal(0))
    now = sum((now for _, _, now in found), Decimal(0))
    return ratio(scope, [account for account, _, _ in found], "accounts", now, was)


@metric
def revenue__gross_revenue_retention(scope: Scope, *, months: int = 12) -> Answer:
    found = retained(scope, months)
    was = sum((was for _, was, _ in found), Decimal(0))
    kept = sum((min(was, now) for _, was, now in found), Decimal(0))
    return ratio(scope, [account for account, _, _ in found], "accounts", kept, was)


@metric
def revenue__logo_retention(scope: Scope, *, months: int = 12) -> Answer:
    found = retained(scope, months)
    kept = [account for account, _, now in found if now > 0]
    return ratio(scope, [account for account, _, _ in found], "accounts", len(kept), len(found))


# Cohorts


@attrs.frozen
class Period:
    """A calendar month or quarter, and the last day of it that is known on A."""

    label: str
    first: date
    last: date


def period_of(day: date, by: str, as_of: date) -> Period:
    months = {"month": 1, "quarter": 3}[by]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    following = first
    for _ in range(months):
        following = next_month(following)
    label = month_of(first) if by == "month" else f"{first.year:04}-Q{(first.month + 2) // 3}"
    return Period(label, first, min(following - timedelta(1), as_of))


def periods_from(day: date, by: str, as_of: date) -> list[Period]:
    """Every period from the day's own to A's."""
    periods = [period_of(day, by, as_of)]
    while periods[-1].last < as_of:
        periods.append(period_of(periods[-1].last + timedelta(1), by, as_of))
    return periods


@metric
def revenue__cohorts(scope: Scope, *, by: str = "month", measure: str = "accounts") -> Answer:
    zero = Decimal(0) if measure == "mrr" else 0
    accounts = [points for points in timelines(scope) if first_day(points) is not None]
    value: dict[str, dict[str, Any]] = {}
    for points in sorted(accounts, key=lambda points: str(first_day(points))):
        first = first_day(points)
        assert first is not None
        periods = periods_from(first, by, scope.as_of)
        row = value.setdefault(periods[0].label, {period.label: zero for period in periods})
        for period in periods:
            left = at(points, period.last)
            row[period.label] += left if measure == "mrr" else int(left != 0)
    in_scope = len(scope.rows("subscriptions"))
    shares = {label: shares_of_first(row) for label, row in value.items()}
    return Answer(value, rows_that_counted(scope), in_scope, "subscriptions", shares=shares)


def shares_of_first(row: dict[str, Any]) -> dict[str, float | None]:
    first = next(iter(row.values()))
    return {label: share_of(cell, first) for label, cell in row.items()}


@metric
def revenue__concentration(scope: Scope, *, limit: int = 10) -> Answer:
    need(scope, "accounts", "subscriptions")
    rows, amounts = [], []
    for account in scope.rows("accounts"):
        mrr = mrr_on(scope, account.id, scope.as_of)
        if mrr > 0:
            rows.append(account)
            amounts.append(mrr)
    largest = sorted(amounts, reverse=True)[:limit]
    return ratio(scope, rows, "accounts", sum(largest, Decimal(0)), sum(amounts, Decimal(0)))


# Forecast


def latest_churn(scope: Scope, account_id: Any) -> Fraction:
    """The account's latest churn propensity; none where it has none that may be read."""
    if "propensities" not in scope.tables:
        return Fraction(0)
    latest = None
    for row in scope.rows("propensities"):
        if row.account_id == account_id and (latest is None or row.on > latest.on):
            latest = row
    return Fraction(0) if latest is None else Fraction(float(latest.churn))


@metric
def revenue__renewal_forecast(scope: Scope, *, within: int = 90) -> Answer:
    need(scope, "contracts", *(("accounts",) if "propensities" in scope.tables else ()))
    value = dict.fromkeys(("due", "won", "lost", "open", "expected"), Decimal(0))
    expected = Fraction(0)
    rows = []
    for contract in scope.rows("contracts"):
        if contract.state not in (ContractState.ACTIVE, ContractState.EXPIRED):
            continue
        if not is_next(contract.ends_on, scope, within):
            continue
        rows.append(contract)
        amount, decided = scope.money(contract), decision(scope, contract)
        value["due"] += amount
        value["open" if decided is None else "won" if decided.renewed else "lost"] += amount
        if decided is None:
            expected += Fraction(amount) * (1 - latest_churn(scope, contract.account_id))
    digits = exponent(scope.world.currency)
    minor = round((Fraction(value["won"]) + expected) * 10**digits)  # half to even
    value["expected"] = Decimal(minor).scaleb(-digits)
    return attrs.evolve(breakdown(scope, value, rows, "contracts"), total=value["due"])
