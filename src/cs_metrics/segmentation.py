"""Customer segments: accounts by what they are worth and what effort they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .metric import metric, metric_of
from .models import (
    DEFAULT_CUT,
    DEFAULT_EFFORT,
    DEFAULT_HEALTH,
    DEFAULT_POLICY,
    ContactPolicy,
    Cut,
    EffortModel,
    HealthModel,
)
from .results import Cadence, Segments

if TYPE_CHECKING:
    from .view import View

__all__ = ["segments", "contact_cadence"]

SOURCE = "Lifecycle Insights Customer Success Dashboard › Customer segments"
NEEDS = ("accounts", "subscriptions", "measures", "stack_positions")


@metric(
    title="Customer segments",
    unit="accounts",
    source=SOURCE,
    counts="accounts",
    needs=NEEDS,
    states=("subscriptions.status",),
)
def segments(
    view: View,
    *,
    value: Literal["mrr", "mrr_per_seat"] = "mrr",
    effort: EffortModel = DEFAULT_EFFORT,
    health: HealthModel = DEFAULT_HEALTH,
    cut: Cut = DEFAULT_CUT,
) -> Segments:
    """Accounts by value and effort, in four segments, with health band, employees and relative size; by id.

    Value is the account's MRR on the as-of day, 0 without a subscription, or that per seat; effort the score
    of the effort model. What equals a threshold is high. `Cut.median()`, the default (our decision), and
    `Cut.mean()` are taken over the accounts that have both, `Cut.at(value, effort)` is given; values are
    compared exactly. `relative_size` is employees ÷ the mean employees of the accounts in view that have them,
    placed or not.

    Accounts without seats (missing, 0 or, ours, fewer) have no value per seat, those without an effort score
    no place: both are excluded. Parts of a portfolio merge if they were cut at the same thresholds.
    """
    places = view.accounts.placed(value, effort, cut)
    return Segments(places, view.accounts.bands(health))


@metric(
    title="Contact cadence",
    unit="accounts",
    source=SOURCE,
    counts="accounts",
    needs=NEEDS,
    states=("subscriptions.status",),
)
def contact_cadence(
    of: View | Segments,
    *,
    policy: ContactPolicy = DEFAULT_POLICY,
    value: Literal["mrr", "mrr_per_seat"] = "mrr",
    effort: EffortModel = DEFAULT_EFFORT,
    health: HealthModel = DEFAULT_HEALTH,
    cut: Cut = DEFAULT_CUT,
) -> Cadence:
    """Accounts with how often to be in touch, by the policy's days for segment and health band; most often
    first, then by value descending, then by id.

    It is told of segments, made with options of their own, or of a view, which is then segmented with these.
    Without a place there is no cadence: excluded, as in the segments. By default high value and high effort
    meet every 7 days if at risk, else every 14; high value and low effort 7, else 30; low value and high effort
    14, 30 if the account needs attention, else 60; low value and low effort 30, 60, 90: no communication is
    churn. A policy that lacks days for a band of the model is an OptionError.
    """
    found = (
        of if isinstance(of, Segments) else segments(of, value=value, effort=effort, health=health, cut=cut)
    )
    return Cadence.of(
        found, policy.every, metric_of(contact_cadence).spec({**found.spec.options, "policy": policy})
    )
