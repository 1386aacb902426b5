"""The words of review, act and revenue for the oracle: periods, MRR, adoption, trailing windows, trends.

Decisions where the definitions are silent:
- what a metric reads beside the rows that it counts must be supplied too (else it is Missing): a thing that is
  told by account needs `accounts`, a column `mrr` `subscriptions`, a column `adoption` `adoption_scores`; only what
  the definitions excuse (`renewals` in upcoming_renewals, `propensities`) and `engagements` in tasks_due may lack;
- the change of a Trend is taken of the exact values and made a float at the very end, where it is not a count or money.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cs_metrics.records import SubscriptionStatus
from oracle_base import Answer
from oracle_scope import Record, Scope

OPEN_ENDED = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


# Subscriptions


def end_of(subscription: Record) -> date | None:
    """The first day on which the period is over: the earlier of the two days that are given."""
    ends = [day for day in (subscription.ended_on, subscription.cancelled_on) if day is not None]
    return min(ends) if ends else None


def is_active(subscription: Record, day: date) -> bool:
    if subscription.started_on > day:
        return False
    end = end_of(subscription)
    if end is None:
        return subscription.status in OPEN_ENDED
    return day < end


def was_active(subscription: Record) -> bool:
    """Whether it counted on at least one day by A; one in scope has started by then."""
    return is_active(subscription, subscription.started_on)


def subscriptions_of(scope: Scope, account_id: Any) -> list[Record]:
    return [row for row in scope.rows("subscriptions") if row.account_id == account_id]


def mrr_on(scope: Scope, account_id: Any, day: date) -> Decimal:
    """The account's MRR on a day; 0 without subscriptions."""
    total = Decimal(0)
    for subscription in subscriptions_of(scope, account_id):
        if is_active(subscription, day):
            total += scope.money(subscription, "mrr")
    return total


# Adoption


def adoption_on(scope: Scope, account_id: Any, day: date) -> Fraction | None:
    """The mean over products of the latest score by that day: the lower of two on one day; None without a score."""
    latest: dict[str, Record] = {}
    for score in scope.rows("adoption_scores"):
        if score.account_id != account_id or score.on > day:
            continue
        known = latest.get(score.product)
        if known is None or (score.on, -score.score) > (known.on, -known.score):
            latest[score.product] = score
    if not latest:
        return None
    total = sum((Fraction(float(score.score)) for score in latest.values()), Fraction(0))
    return total / len(latest)


# Windows


@attrs.frozen
class Days:
    """The days from first to last, both in."""

    first: date
    last: date

    def hold(self, day: date | None) -> bool:
        return day is not None and self.first <= day <= self.last


def length(window: Any) -> int:
    days: int = 30 if window is None else window.days
    return days


def current(scope: Scope, window: Any) -> Days:
    """A-n to A, or to A-1 where today, still running, is left out."""
    today = window is None or window.include_today
    return Days(scope.as_of - timedelta(length(window)), scope.as_of - timedelta(0 if today else 1))


def before(scope: Scope, window: Any) -> Days:
    """A-2n to A-n-1, whether today counts or not."""
    days = length(window)
    return Days(scope.as_of - timedelta(2 * days), scope.as_of - timedelta(days + 1))


def days_ago(scope: Scope, window: Any) -> date:
    """The day that a state on A is compared with."""
    return scope.as_of - timedelta(length(window))


# Trends


def share_of(part: Any, whole: Any) -> float | None:
    """part / whole, None where there is no part, or nothing to divide by."""
    if part is None or whole is None or whole == 0:
        return None
    return float(Fraction(part) / Fraction(whole))


def trend(scope: Scope, rows: list[Record], table: str, value: Any, previous: Any) -> Answer:
    """A Trend of a Count or an Amount: the rows are the current half's."""
    change = value - previous
    return Answer(
        value,
        rows,
        len(scope.rows(table)),
        table,
        previous=previous,
        change=change,
        change_share=share_of(change, previous),
    )


def quotient(parts: tuple[Any, Any]) -> Fraction | None:
    numerator, denominator = parts
    return Fraction(numerator) / Fraction(denominator) if denominator else None


def trend_of_ratios(
    scope: Scope, rows: list[Record], table: str, now: tuple[Any, Any], then: tuple[Any, Any]
) -> Answer:
    """A Trend of two Ratios, each (numerator, denominator)."""
    value, previous = quotient(now), quotient(then)
    change = None if value is None or previous is None else value - previous
    return Answer(
        None if value is None else float(value),
        rows,
        len(scope.rows(table)),
        table,
        numerator=now[0],
        denominator=now[1],
        previous=None if previous is None else float(previous),
        change=None if change is None else float(change),
        change_share=share_of(change, previous),
    )


def ratio(scope: Scope, rows: list[Record], table: str, numerator: Any, denominator: Any) -> Answer:
    value = share_of(numerator, denominator)
    return Answer(value, rows, len(scope.rows(table)), table, numerator=numerator, denominator=denominator)
