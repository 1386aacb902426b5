"""The Adoption tab of the Success report: going live, reaching objectives, using what was bought."""

from __future__ import annotations

import functools
import math
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import OptionError
from .listed import DaysSince, Quotients
from .metric import metric
from .results import Breakdown, Listing
from .results.ordering import Parents

if TYPE_CHECKING:
    from .view import View

__all__ = [
    "engagements_overdue_go_live",
    "engagements_in_onboarding",
    "engagements_going_live",
    "engagements_without_objectives",
    "engagements_with_objectives_complete",
    "objective_progress",
    "low_adoption_products",
]


@metric(
    title="Engagements with overdue go-live", unit="engagements",
    source="ServiceNow Success report › Adoption", counts="engagements",
)  # fmt: skip
def engagements_overdue_go_live(view: View) -> Listing:
    """Open engagements whose go-live was due before the as-of day and that are not live by it.

    `days_overdue` counts from the due day to the as-of day; longest first. Without a due day none is overdue.
    """
    engagements = view.engagements
    due = engagements.go_live_due_on
    rows = engagements.open_ones.only(engagements.overdue_go_live, otherwise="go-live not overdue")
    return Listing(rows, {"days_overdue": DaysSince(due, view.today)}, by=[due.days])


@metric(
    title="Engagements in onboarding", unit="engagements", source="ServiceNow Success report › Adoption",
    counts="engagements",
    states=("engagements.stage",),
)  # fmt: skip
def engagements_in_onboarding(view: View, *, stage: str = "onboarding") -> Listing:
    """Open engagements in the stage "onboarding" (`stage` names another), by id.

    The stage is the one the row carries, whatever the as-of day.
    """
    if not isinstance(stage, str):
        raise OptionError("stage", stage, "the name of a stage")
    engagements = view.engagements
    here = engagements.stage.is_(stage)
    return Listing(engagements.open_ones.only(here, otherwise="in another stage"))


@metric(
    title="Engagements going live", unit="engagements", source="ServiceNow Success report › Adoption",
    counts="engagements",
)  # fmt: skip
def engagements_going_live(view: View, *, within: int = 30) -> Listing:
    """Open engagements not live by the as-of day whose go-live is due in the next `within` days, today in.

    Soonest first.
    """
    engagements = view.engagements
    due = engagements.go_live_due_on
    coming = due.within(view.next_days(within)) & ~engagements.live
    rows = engagements.open_ones.only(coming, otherwise="not about to go live")
    return Listing(rows, by=[due.days])


@metric(
    title="Engagements without objectives", unit="engagements",
    source="ServiceNow Success report › Adoption", counts="engagements",
    needs=("engagements", "objectives"),
    states=("objectives.state",),
)  # fmt: skip
def engagements_without_objectives(view: View) -> Listing:
    """Open engagements for which no success objective was defined, cancelled ones not counted; by id."""
    undefined = view.objectives.counted == 0
    return Listing(view.engagements.open_ones.only(undefined, otherwise="with objectives"))


@metric(
    title="Engagements with objectives complete", unit="engagements",
    source="ServiceNow Success report › Adoption", counts="engagements",
    needs=("engagements", "objectives"),
    states=("objectives.state",),
)  # fmt: skip
def engagements_with_objectives_complete(view: View, *, above: float | Fraction = 0.8) -> Listing:
    """Open engagements of whose objectives more than the share `above` is completed, strictly; by id.

    Cancelled objectives are not counted. Compared exactly: 4 of 5 is not more than 0.8. `share` is the
    completed share. Engagements without objectives are excluded.
    """
    limit = exact_share(above, "above")
    every, done = view.objectives.counted, view.objectives.completed
    wide = np.int16 if every.itemsize == 1 and limit.denominator < 100 else np.int64
    above_limit = np.greater(done.astype(wide) * limit.denominator, every.astype(wide) * limit.numerator)
    rows = view.engagements.open_ones.only(every > 0, otherwise="without objectives")
    rows = rows.only(above_limit, otherwise="not above the share")
    return Listing(rows, {"share": Quotients(done, every)})


@metric(
    title="Success objective progress", unit="objectives", source="ServiceNow Success report › Adoption",
    counts="objectives", needs=("objectives", "engagements"),
    states=("objectives.state",),
)  # fmt: skip
def objective_progress(view: View) -> Breakdown:
    """Success objectives of open engagements by state: new, on track, at risk, completed, cancelled."""
    objectives, engagements = view.objectives, view.engagements
    of_open = objectives.everything.of(
        objectives.engagement, engagements.open, otherwise="of a closed engagement"
    )
    known = objectives.by_state(engagements.open_ones)
    return Breakdown.by(of_open, objectives.state, known=known)


@metric(
    title="Products with low adoption", unit="products", source="ServiceNow Success report › Adoption",
    counts="adoption_scores", needs=("adoption_scores", "engagements", "accounts"),
)  # fmt: skip
def low_adoption_products(view: View, *, below: float = 50) -> Listing:
    """Products of open engagements whose latest score by the as-of day is below `below`, lowest first.

    One row an engagement and product; a score that names no engagement is a row of its account, with the
    engagement missing. Excluded: scores of closed engagements, earlier scores, and scores not below the limit.
    Ties: by engagement, missing last, product, account.
    """
    scores = view.adoption_scores
    low = scores.score.below(_finite(below, "below"))
    rows = scores.latest_of_open.only(low, otherwise="not below the limit")
    return Listing(
        rows,
        {
            "account": Parents(scores, "account_id"),
            "product": scores.product,
            "score": scores.score,
            "business_priority": scores.business_priority,
        },
        id_column=("engagement", Parents(scores, "engagement_id")),
        by=[scores.score.values],
        ties=("engagement_id", "product", "account_id"),
    )


def exact_share(value: float | Fraction, option: str) -> Fraction:
    """A share as it is written: 0.8 is four fifths."""
    try:
        if isinstance(value, bool):
            raise TypeError
        share = _written(repr(value)) if isinstance(value, float) else Fraction(value)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(option, value, "a share from 0 to 1") from None
    if not 0 <= share <= 1:
        raise OptionError(option, value, "a share from 0 to 1")
    return share


@functools.lru_cache(maxsize=16)
def _written(text: str) -> Fraction:
    return Fraction(text)


def _finite(value: Any, option: str) -> float:
    """A number that scores are compared with."""
    known = isinstance(value, Real | Decimal) and not isinstance(value, bool)
    if not known or not math.isfinite(value):
        raise OptionError(option, value, "a finite number")
    return float(value)
