"""What the models of the customer success dashboard say of accounts: measures, scores, bands, places, stacks.

Words for oracle_health, oracle_segments and oracle_stack, and for the filters that look at a segment or band.
A model is whatever has `weights` {metric: weight}, `scales` {metric: (worst, best)}, or (least, most) of an
effort, `missing`, and if of health `bands` {name: (low, high)}; the classes here are the plainest ones that do.

Decisions where the definitions are silent:
- a table is Missing where the model reads it: measures for any metric that is not derived, stack_positions for
  stack:misalignment; accounts always. A derived name is derived in a health model too, and never a measure;
- a score is at most 100, whatever the rounding of its floats (else it would be in no band), and with
  missing="worst" exactly 0 or 100 for an account without any measure;
- 100 is in the band that ends highest, in whatever order the bands are named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from cs_metrics.records import SubscriptionStatus
from oracle_scope import Missing, Record, Scope

Rows = Callable[[str], list[Record]]
EMPLOYEES, SEATS, MISALIGNMENT = "account:employees", "account:seats", "stack:misalignment"
DERIVED = (EMPLOYEES, SEATS, MISALIGNMENT)
BANDS = {"at_risk": (0, 40), "needs_attention": (40, 70), "satisfactory": (70, 100)}


@attrs.frozen(kw_only=True)
class Model:
    """A model of health, or of effort (whose bands nobody reads)."""

    weights: Mapping[str, Any]
    scales: Mapping[str, tuple[Any, Any]]
    missing: str = "exclude"
    bands: Mapping[str, tuple[Any, Any]] = attrs.field(factory=lambda: dict(BANDS))


def equal_weights(**scales: tuple[Any, Any]) -> Model:
    return Model(weights=dict.fromkeys(scales, 1), scales=scales)


HEALTH = equal_weights(nps=(-100, 100), csat=(0, 100), tickets_open=(20, 0), logins_per_week=(0, 20))
EFFORT = equal_weights(
    **{EMPLOYEES: (0, 1000), SEATS: (0, 500), "support_hours": (0, 40), "locations": (1, 20),
       MISALIGNMENT: (0, 100)}
)  # fmt: skip
"""The models that stand where none is given."""


@attrs.frozen
class Cut:
    """Where high begins: the median, the mean, or at these thresholds."""

    kind: str = "median"
    value: Any = None
    effort: Any = None


def need(scope: Scope, tables: set[str]) -> None:
    for table in sorted(tables):
        if table not in scope.tables:
            raise Missing(table)


def tables_of(model: Any) -> set[str]:
    """The tables that a model reads."""
    tables = {"accounts"}
    if any(metric not in DERIVED for metric in model.weights):
        tables.add("measures")
    if MISALIGNMENT in model.weights:
        tables.add("stack_positions")
    return tables


# Stacks


def applicable(rows: Rows) -> list[Record]:
    """The only positions that count."""
    return [position for position in rows("stack_positions") if position.applicable]


def by_account(positions: list[Record]) -> dict[Any, list[Record]]:
    found: dict[Any, list[Record]] = {}
    for position in positions:
        found.setdefault(position.account_id, []).append(position)
    return found


def aligned_of(positions: list[Record]) -> int:
    return len([position for position in positions if position.aligned])


def opportunity_of(scope: Scope, position: Record) -> Decimal:
    """MRR + non-recurring opportunity, each converted by itself; of an aligned position what its row says."""
    return scope.money(position, "mrr_opportunity") + scope.money(position, "non_recurring_opportunity")


# Measures and scores


def measures_of(scope: Scope, model: Any, rows: Rows, day: date) -> dict[Any, dict[str, float]]:
    """Of every account, the latest measure by `day` of each of the model's metrics that it has."""
    need(scope, tables_of(model))
    found: dict[Any, dict[str, float]] = {account.id: {} for account in rows("accounts")}
    latest: dict[tuple[Any, str], Record] = {}
    for measure in rows("measures") if "measures" in tables_of(model) else []:
        if measure.on > day or measure.metric not in model.weights or measure.metric in DERIVED:
            continue
        key = (measure.account_id, measure.metric)
        if key not in latest or measure.on > latest[key].on:
            latest[key] = measure
    for (account_id, metric), measure in latest.items():
        found[account_id][metric] = float(measure.value)
    for account in rows("accounts"):
        for metric, column in ((EMPLOYEES, account.employees), (SEATS, account.seats)):
            if metric in model.weights and column is not None:
                found[account.id][metric] = float(column)
    if MISALIGNMENT in model.weights:
        for account_id, positions in by_account(applicable(rows)).items():
            found[account_id][MISALIGNMENT] = 100 - 100 * aligned_of(positions) / len(positions)
    return found


def position_on(scale: tuple[Any, Any], value: float) -> float:
    """Where a measure stands from 0, the scale's first end, to 100, its second; clipped."""
    first, second = float(scale[0]), float(scale[1])
    return min(max((value - first) / (second - first), 0.0), 1.0) * 100


@attrs.frozen
class Score:
    """`value` is None for an account without a score."""

    value: float | None
    coverage: float


def score(model: Any, measures: dict[str, float], worst: float) -> Score:
    """The weighted mean of the positions in the model's order; `worst` is what a missing measure may count as."""
    total = present = whole = 0.0
    for metric, weight in model.weights.items():
        whole += float(weight)
        if metric in measures:
            present += float(weight)
            total += float(weight) * position_on(model.scales[metric], measures[metric])
        elif model.missing == "worst":
            total += float(weight) * worst
    coverage = present / whole
    if model.missing == "worst":
        return Score(min(total / whole, 100.0) if measures else worst, coverage)
    complete = all(metric in measures for metric in model.weights)
    if not measures or (model.missing == "none" and not complete):
        return Score(None, coverage)
    return Score(min(total / present, 100.0), coverage)


def health_of(scope: Scope, model: Any, rows: Rows, day: date) -> dict[Any, Score]:
    """Of every account in `rows`, its health: 0 is the worst."""
    found = measures_of(scope, model, rows, day)
    return {account_id: score(model, measures, 0.0) for account_id, measures in found.items()}


def effort_of(scope: Scope, model: Any, rows: Rows, day: date) -> dict[Any, Score]:
    """Of every account in `rows`, its effort: 100 is the most."""
    found = measures_of(scope, model, rows, day)
    return {account_id: score(model, measures, 100.0) for account_id, measures in found.items()}


def band_of(model: Any, value: float | None) -> str | None:
    """The band that holds a score; its lower bound is its own, its upper one the next one's."""
    if value is None:
        return None
    highest = max(float(high) for _, high in model.bands.values())
    for name, (low, high) in model.bands.items():
        if float(low) <= value < float(high) or (value == highest == float(high)):
            return name
    raise AssertionError(f"{value} is in no band")


def bands_of(scope: Scope, model: Any, rows: Rows, day: date) -> dict[Any, str | None]:
    """Of every account in `rows`, the band of its health; None for one without a score."""
    found = health_of(scope, model, rows, day)
    return {account_id: band_of(model, health.value) for account_id, health in found.items()}


# Value and place


def is_active(subscription: Record, day: date) -> bool:
    """Whether a period of MRR covers the day: [started_on, the earlier end), or without end by its status."""
    if subscription.started_on > day:
        return False
    ends = [end for end in (subscription.ended_on, subscription.cancelled_on) if end is not None]
    if ends:
        return day < min(ends)
    return subscription.status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


def mrr_of(scope: Scope, rows: Rows) -> dict[Any, Decimal]:
    """Of every account in `rows`, its MRR on A: nothing where it has no subscription."""
    need(scope, {"accounts", "subscriptions"})
    found = {account.id: Decimal(0) for account in rows("accounts")}
    for subscription in rows("subscriptions"):
        if is_active(subscription, scope.as_of):
            found[subscription.account_id] += scope.money(subscription, "mrr")
    return found


SEGMENTS = {
    (True, False): "high_value_low_effort",
    (True, True): "high_value_high_effort",
    (False, False): "low_value_low_effort",
    (False, True): "low_value_high_effort",
}
"""By high value and high effort, in the order in which they are shown."""


@attrs.frozen
class Places:
    """Where accounts stand: exact values and effort of those placed, the thresholds, why others are not."""

    segments: dict[Any, str]
    values: dict[Any, Fraction]
    efforts: dict[Any, float]
    cut: tuple[Fraction, float] | None
    excluded: dict[str, int]


def exact(number: Any) -> Fraction:
    """A float is the decimal that was written, not the double nearest to it."""
    return Fraction(str(number)) if isinstance(number, float) else Fraction(number)


def middle(numbers: list[Any]) -> Any:
    """The median; of an even number the mean of the two in the middle."""
    ordered = sorted(numbers)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def thresholds(cut: Any, values: list[Fraction], efforts: list[float]) -> tuple[Fraction, float] | None:
    """Where high begins; None where a median or mean of nothing is asked for."""
    if cut.kind == "at":
        return exact(cut.value), float(cut.effort)
    if not values:
        return None
    if cut.kind == "mean":
        return sum(values, Fraction(0)) / len(values), math.fsum(efforts) / len(efforts)
    assert cut.kind == "median", cut.kind
    return middle(values), middle(efforts)


def places_of(scope: Scope, value: str, effort: Any, cut: Any, rows: Rows) -> Places:
    """An account without seats has no value per seat, one without effort no place; the others make the cut."""
    assert value in ("mrr", "mrr_per_seat"), value
    mrr = mrr_of(scope, rows)
    scores = effort_of(scope, effort, rows, scope.as_of)
    values: dict[Any, Fraction] = {}
    efforts: dict[Any, float] = {}
    excluded = {"without seats": 0, "without an effort score": 0}
    for account in rows("accounts"):
        found = scores[account.id].value
        if value == "mrr_per_seat" and (account.seats is None or account.seats <= 0):
            excluded["without seats"] += 1
        elif found is None:
            excluded["without an effort score"] += 1
        else:
            seats = account.seats if value == "mrr_per_seat" else 1
            values[account.id], efforts[account.id] = Fraction(mrr[account.id]) / seats, found
    at = thresholds(cut or Cut(), list(values.values()), list(efforts.values()))
    segments = {}
    if at is not None:
        for account_id, worth in values.items():
            segments[account_id] = SEGMENTS[worth >= at[0], efforts[account_id] >= at[1]]
    return Places(segments, values, efforts, at, {why: n for why, n in excluded.items() if n})
