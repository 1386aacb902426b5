"""Segmentation once more, record by record, as metrics.md words it.

Decisions where the definitions are silent:
- an account with neither seats nor an effort score is "without seats";
- relative_size is None where the employees of all come to 0;
- the cut of a median or mean of nobody is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from oracle_base import Answer, listing, metric
from oracle_models import EFFORT, HEALTH, SEGMENTS, Places, bands_of, mrr_of, need, places_of, tables_of
from oracle_scope import Scope

BY_BAND = {
    "high_value_high_effort": (7, 14, 14),
    "high_value_low_effort": (7, 30, 30),
    "low_value_high_effort": (14, 30, 60),
    "low_value_low_effort": (30, 60, 90),
}


def default_days() -> dict[tuple[str, str | None], int]:
    """For at_risk, needs_attention, and satisfactory or unscored."""
    days: dict[tuple[str, str | None], int] = {}
    for segment, (at_risk, needs_attention, otherwise) in BY_BAND.items():
        days[segment, "at_risk"] = at_risk
        days[segment, "needs_attention"] = needs_attention
        days[segment, "satisfactory"] = days[segment, None] = otherwise
    return days


@attrs.frozen
class Policy:
    """How many days may pass between two contacts, by segment and health band (None: unscored)."""

    days: Mapping[tuple[str, str | None], int] = attrs.field(factory=default_days)


POLICY = Policy()


def shown(scope: Scope, value: str, places: Places) -> dict[Any, Any]:
    """The values as they stand in a frame: MRR to the cent, per seat as a float."""
    if value == "mrr":
        return dict(mrr_of(scope, scope.rows))
    return {account_id: float(worth) for account_id, worth in places.values.items()}


def relative_sizes(scope: Scope) -> dict[Any, float | None]:
    """Employees ÷ the mean of the accounts in view that have them, placed or not."""
    known = [account for account in scope.rows("accounts") if account.employees is not None]
    total = sum(account.employees for account in known)
    sizes: dict[Any, float | None] = {account.id: None for account in scope.rows("accounts")}
    for account in known:
        if total:
            sizes[account.id] = float(Fraction(account.employees * len(known), total))
    return sizes


@metric
def segmentation__segments(
    scope: Scope, *, value: str = "mrr", effort: Any = EFFORT, health: Any = HEALTH, cut: Any = None
) -> Answer:
    """Columns account, value, effort, segment, health_band, employees, relative_size.

    Its cut is told exactly, (Fraction, float), and by account and segment too, as `.accounts(segment)` has it.
    """
    need(scope, {"subscriptions", *tables_of(effort), *tables_of(health)})
    places = places_of(scope, value, effort, cut, scope.rows)
    bands = bands_of(scope, health, scope.rows, scope.as_of)
    mrr = mrr_of(scope, scope.rows)
    values, sizes = shown(scope, value, places), relative_sizes(scope)
    rows = [account for account in scope.rows("accounts") if account.id in places.segments]
    columns: list[tuple[Any, ...]] = []
    accounts: dict[str, list[Any]] = {segment: [] for segment in SEGMENTS.values()}
    for row in rows:
        segment = places.segments[row.id]
        accounts[segment].append(row.id)
        worth, strain = values[row.id], places.efforts[row.id]
        columns.append((worth, strain, segment, bands[row.id], row.employees, sizes[row.id]))
    found = listing(scope, rows, "accounts", columns)
    found.also.update(cut=places.cut, excluded=places.excluded, accounts=accounts)
    found.also["counts"] = {segment: len(ids) for segment, ids in accounts.items()}
    found.also["value_by_segment"] = {
        segment: sum((mrr[account_id] for account_id in ids), Decimal(0)) for segment, ids in accounts.items()
    }
    return found


@metric
def segmentation__contact_cadence(
    scope: Scope,
    *,
    policy: Any = POLICY,
    value: str = "mrr",
    effort: Any = EFFORT,
    health: Any = HEALTH,
    cut: Any = None,
) -> Answer:
    """Columns account, every_days, segment, health_band, value; the options but policy are those of segments."""
    need(scope, {"subscriptions", *tables_of(effort), *tables_of(health)})
    places = places_of(scope, value, effort, cut, scope.rows)
    bands = bands_of(scope, health, scope.rows, scope.as_of)
    values = shown(scope, value, places)
    days = {
        account_id: policy.days[segment, bands[account_id]] for account_id, segment in places.segments.items()
    }
    rows = [account for account in scope.rows("accounts") if account.id in places.segments]
    rows.sort(key=lambda row: (days[row.id], -places.values[row.id], row.id))
    columns = [(days[row.id], places.segments[row.id], bands[row.id], values[row.id]) for row in rows]
    found = listing(scope, rows, "accounts", columns)
    found.also["excluded"] = places.excluded
    return found
