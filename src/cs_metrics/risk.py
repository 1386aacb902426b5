"""The Risk tab of the Success report: what may go wrong, and what hangs on it."""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import TYPE_CHECKING, Literal

from .errors import OptionError
from .metric import metric
from .periods import as_count
from .records import Health
from .results import Amount, Breakdown, Count, Listing

if TYPE_CHECKING:
    from .selection import Rows
    from .view import View

__all__ = [
    "contract_value_at_risk",
    "engagements_in_poor_health",
    "renewals_due_in_poor_health",
    "engagements_without_touchpoints",
    "active_risk_signals",
    "top_risk_indicators",
    "risk_signals_by_scope",
    "risk_signals_by_probability",
]

POOR = (Health.RED, Health.YELLOW)


def poor_health(view: View, poor: Collection[Health]) -> Rows:
    """Open engagements in poor health; missing health is neither poor nor good."""
    poor = poor_words(poor)
    engagements = view.engagements
    known = engagements.open_ones.only(~engagements.health.missing, otherwise="health missing")
    return known.only(engagements.health.isin(poor), otherwise="not in poor health")


def poor_words(poor: Collection[Health]) -> tuple[Health, ...]:
    """The words that are poor, in the order given; those of a set, which has none, from red to green."""
    if isinstance(poor, str | bytes) or not isinstance(poor, Collection):
        raise OptionError("poor", poor, "a tuple or set of red, yellow and green")
    if any(word not in tuple(Health) for word in poor):
        raise OptionError("poor", poor, tuple(Health))
    ordered = reversed(Health) if isinstance(poor, Set) else poor
    return tuple(Health(word) for word in ordered if word in poor)


@metric(
    title="Total contract value at risk", unit="currency", source="ServiceNow Success report › Risk",
    counts="contracts", needs=("contracts", "risk_signals", "engagements"),
    states=("contracts.state",),
)  # fmt: skip
def contract_value_at_risk(
    view: View, *, by: Literal["stage", "owner", "industry", "category"] | None = None
) -> Amount | Breakdown:
    """The value of the contracts in force that an active risk signal touches, each contract once.

    A signal that names a contract touches that one; one that names none touches every contract in force of its
    engagement. Signals of closed engagements do not count; a signal that names a contract not in force
    touches nothing. `by` breaks the value down by the stage of the contract's engagement, by the owner whom
    the contract follows, by its account's industry, or by the category of the signals; categories may
    overlap, the total counts each contract once. Excluded: contracts not in force, and those without a
    signal. In the portfolio's currency; an empty portfolio gives 0.
    """
    if by not in (None, "stage", "owner", "industry", "category"):
        raise OptionError("by", by, (None, "stage", "owner", "industry", "category"))
    contracts = view.contracts
    rows = contracts.at_risk_ones
    if by is None:
        known = contracts.standing_at_risk()
        return Amount(rows, contracts.value, minor=None if known is None else known.amount_on(view.today))
    if by != "category":
        return Breakdown.by(rows, contracts.labels(by), order="label", amounts=contracts.value)
    return Breakdown.overlapping(rows, contracts.touched_by_category(), contracts.value)


@metric(
    title="Red and yellow engagements", unit="engagements", source="ServiceNow Success report › Risk",
    counts="engagements",
    states=("engagements.health",),
)  # fmt: skip
def engagements_in_poor_health(view: View, *, poor: Collection[Health] = POOR) -> Breakdown:
    """Open engagements by poor health: red, then yellow (`poor` sets which words are poor, and their order).

    Poor is red or yellow (our decision). Health is the one the row carries. Excluded: closed, healthy, and those
    whose health is missing, which is neither poor nor good.
    """
    rows = poor_health(view, poor)
    health = rows.table.health
    return Breakdown.split(rows, {str(word): health.is_(word) for word in poor_words(poor)})


@metric(
    title="Renewals due soon in poor health", unit="engagements", source="ServiceNow Success report › Risk",
    counts="engagements", needs=("engagements", "contracts"),
    states=("engagements.health", "contracts.state", "contracts.renewal_stage"),
)  # fmt: skip
def renewals_due_in_poor_health(view: View, *, within: int = 90, poor: Collection[Health] = POOR) -> Listing:
    """Open engagements in poor health with an undecided contract in force that ends in the next `within` days.

    Poor is red or yellow (our decision). By id. An empty portfolio gives an empty list.
    """
    contracts = view.contracts
    due = contracts.engagement.any(contracts.renewal_due(as_count(within, "within")).index)
    return Listing(poor_health(view, poor).only(due, otherwise="no renewal due"))


@metric(
    title="Engagements without touchpoints", unit="engagements", source="ServiceNow Success report › Risk",
    counts="engagements", needs=("engagements", "touchpoints"),
)  # fmt: skip
def engagements_without_touchpoints(
    view: View, *, within: int = 90, direction: Literal["next", "past"] = "next"
) -> Listing:
    """Open engagements with no touchpoint, cancelled ones aside, in the next `within` days, today in.

    `direction="past"` looks at the last `within` days and today instead. By id. An empty portfolio gives an
    empty list.
    """
    if direction not in ("next", "past"):
        raise OptionError("direction", direction, ("next", "past"))
    window = view.next_days(within) if direction == "next" else view.last_days(within)
    touched = view.touchpoints.touched(window)
    return Listing(view.engagements.open_ones.only(~touched, otherwise="with a touchpoint"))


@metric(
    title="Active risk signals", unit="signals", source="ServiceNow Success report › Risk",
    counts="risk_signals", needs=("risk_signals", "engagements"),
)  # fmt: skip
def active_risk_signals(view: View) -> Count:
    """Risk signals of open engagements that were opened by the as-of day and are not closed by it.

    Excluded: closed signals, and those of closed engagements. An empty portfolio gives 0.
    """
    return Count(view.risk_signals.active_ones)


@metric(
    title="Top risk indicators", unit="signals", source="ServiceNow Success report › Risk",
    counts="risk_signals", needs=("risk_signals", "engagements"),
)  # fmt: skip
def top_risk_indicators(view: View, *, limit: int = 5) -> Breakdown:
    """The `limit` categories with the most active risk signals, most first, then by label.

    `total` counts all active signals, also those of the categories that are cut off.
    """
    signals = view.risk_signals
    limit = as_count(limit, "limit")
    known = signals.standing_by("category")
    return Breakdown.by(signals.active_ones, signals.category, order="largest", limit=limit, known=known)


@metric(
    title="Risk signals by scope", unit="signals", source="ServiceNow Success report › Risk",
    counts="risk_signals", needs=("risk_signals", "engagements"),
)  # fmt: skip
def risk_signals_by_scope(view: View) -> Breakdown:
    """Active risk signals by their scope, by label; those without one in a bucket of their own."""
    signals = view.risk_signals
    known = signals.standing_by("scope")
    return Breakdown.by(signals.active_ones, signals.scope, order="label", known=known)


@metric(
    title="Risk signals by probability", unit="signals", source="ServiceNow Success report › Risk",
    counts="risk_signals", needs=("risk_signals", "engagements"),
)  # fmt: skip
def risk_signals_by_probability(view: View) -> Breakdown:
    """Active risk signals by probability: high, moderate, low; those without one in a bucket of their own."""
    signals = view.risk_signals
    return Breakdown.by(signals.active_ones, signals.probability, known=signals.standing_by("probability"))
