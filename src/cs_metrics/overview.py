"""The Overview tab of the Success report: the portfolio and its team at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .errors import OptionError
from .metric import metric
from .periods import as_count
from .results import Breakdown, Count, Crosstab, Listing, Part, Ratio

if TYPE_CHECKING:
    from .view import View

__all__ = [
    "total_engagements",
    "new_engagements_ytd",
    "average_engagements_per_csm",
    "engagements_with_escalations",
    "engagements_with_upcoming_qbrs",
    "health_by_stage",
    "success_manager_tasks",
]


@metric(
    title="Total engagements", unit="engagements", source="ServiceNow Success report › Overview",
    counts="engagements",
)  # fmt: skip
def total_engagements(view: View) -> Count:
    """Engagements that are open on the as-of day: created by then and not closed by then.

    Closed ones are excluded. An empty portfolio gives 0.
    """
    return Count(view.engagements.open_ones)


@metric(
    title="New engagements this year", unit="engagements", source="ServiceNow Success report › Overview",
    counts="engagements",
)  # fmt: skip
def new_engagements_ytd(view: View) -> Count:
    """Engagements created from the first day of the fiscal year to the as-of day, since closed or not.

    Those created in earlier years are excluded. An empty portfolio gives 0.
    """
    return Count(view.engagements.dated("created_on", view.ytd, otherwise="created before this year"))


@metric(
    title="Average engagements per CSM", unit="engagements per CSM",
    source="ServiceNow Success report › Overview", counts="engagements", needs=("engagements", "users"),
)  # fmt: skip
def average_engagements_per_csm(view: View, *, over: Literal["owners", "team"] = "owners") -> Ratio:
    """Open engagements that have an owner, divided by the distinct owners among them (our decision).

    `over="team"` divides by every active user in the viewer's scope instead, also those without engagements.
    Closed engagements and those without an owner are excluded. Without any owner there is no value.
    """
    if over not in ("owners", "team"):
        raise OptionError("over", over, ("owners", "team"))
    engagements, users = view.engagements, view.users
    owned = engagements.owned_ones
    people = users.active_ones if over == "team" else engagements.owners
    return Ratio(
        owned, owned.count, people.count, distinct=lambda: users.ids(people.index),
        made_of=lambda: (Part.each(owned, "numerator"), Part.things(users, people.index, "denominator")),
    )  # fmt: skip


@metric(
    title="Engagements with escalations", unit="engagements", source="ServiceNow Success report › Overview",
    counts="engagements", needs=("engagements", "accounts", "escalations"),
)  # fmt: skip
def engagements_with_escalations(view: View) -> Listing:
    """Open engagements whose account has an escalation that is open on the as-of day, by id.

    Whoever owns the account: an escalation counts as a property of the account. An empty portfolio gives an
    empty list.
    """
    engagements = view.engagements
    rows = engagements.open_ones.only(engagements.escalated, otherwise="without an open escalation")
    return Listing(rows)


@metric(
    title="Engagements with upcoming QBRs", unit="engagements",
    source="ServiceNow Success report › Overview", counts="engagements", needs=("engagements", "qbrs"),
)  # fmt: skip
def engagements_with_upcoming_qbrs(view: View, *, within: int | None = None) -> Listing:
    """Open engagements with a QBR that is not cancelled, not held by the as-of day, and scheduled for that
    day or later; `within` looks at so many days only. `next_qbr_on` is the first such day; soonest first.

    An empty portfolio gives an empty list.
    """
    engagements, qbrs = view.engagements, view.qbrs
    next_qbr = qbrs.next_on(None if within is None else as_count(within, "within"))
    known = qbrs.count_standing("next") if within is None and engagements.whole else None
    rows = engagements.open_ones.where(
        lambda: ~next_qbr.missing, otherwise="without an upcoming QBR", count=known
    )
    return Listing(rows, {"next_qbr_on": next_qbr}, by=[next_qbr])


@metric(
    title="Engagement health by stage", unit="engagements", source="ServiceNow Success report › Overview",
    counts="engagements",
    states=("engagements.stage", "engagements.health"),
)  # fmt: skip
def health_by_stage(view: View) -> Crosstab:
    """Open engagements by stage and health; those without a health have a column of their own.

    Stage and health are those the rows carry, whatever the as-of day. An empty portfolio gives no rows.
    """
    engagements = view.engagements
    return Crosstab(engagements.open_ones, engagements.stage, engagements.health)


@metric(
    title="Success manager tasks", unit="tasks", source="ServiceNow Success report › Overview",
    counts="tasks",
    states=("tasks.status",),
)  # fmt: skip
def success_manager_tasks(view: View) -> Breakdown:
    """Tasks whose assignee is in scope, each in exactly one of: overdue (to do or in progress, and due before
    the as-of day), to do, in progress, completed, cancelled.

    The status is the one the row carries, whatever the as-of day.
    """
    tasks = view.tasks
    return Breakdown.by(tasks.everything, tasks.progress, known=tasks.by_progress())
