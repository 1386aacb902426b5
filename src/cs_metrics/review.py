"""The Review tab of the portfolio dashboard: how a portfolio stands, beside how it stood a while ago."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from .metric import metric
from .periods import Trailing, Window, as_count, as_trailing
from .results import Amount, Breakdown, Count, Crosstab, Groups, Part, Ratio, Trend
from .results.groups import latest, summed

if TYPE_CHECKING:
    from .scope import ViewTable
    from .view import View
    from .vocabulary import Renewals, Subscriptions

__all__ = [
    "new_accounts",
    "new_users",
    "active_subscriptions",
    "active_mrr",
    "cancelled_subscriptions",
    "cancelled_mrr",
    "upcoming_renewals",
    "product_adoption_health",
    "renewals_accomplished",
    "new_tasks",
    "tasks_completed",
    "open_tasks",
    "playbook_status",
    "alert_status",
    "emails_sent",
    "calls_made",
    "playbooks_completed",
]

LAST_30 = Trailing(30)
SOURCE = "CustomerSuccessBox Portfolio Dashboard › Review"


@functools.lru_cache(maxsize=64)
def _around(window: Trailing, today: int) -> tuple[Window, Window]:
    return window.current(today), window.previous(today)


def _periods(view: View, window: Trailing) -> tuple[Window, Window]:
    """The window up to the as-of day, and the one before it."""
    return _around(as_trailing(window), view.today)


def _before(view: View, window: Trailing) -> int:
    """The day with which a state is compared: as many days before the as-of day as the window has."""
    return view.today - as_trailing(window).days


def _dated(table: ViewTable, column: str, window: Trailing, otherwise: str) -> Trend:
    """Rows dated in the window, against those dated in the one before it."""
    now, then = _periods(table.view, window)
    return Trend(
        Count(table.dated(column, now, otherwise=otherwise)),
        Count(table.dated(column, then, otherwise=otherwise)),
    )


@metric(title="New accounts", unit="accounts", source=SOURCE, counts="accounts")
def new_accounts(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Accounts created in the last 30 days, against the 30 days before them.

    Accounts created earlier, and those without a day of creation, are excluded.
    """
    return _dated(view.accounts, "created_on", window, "not created in the period")


@metric(title="New users", unit="contacts", source=SOURCE, counts="contacts")
def new_users(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Contacts at customers created in the last 30 days, against the 30 days before them.

    Contacts created earlier are excluded.
    """
    return _dated(view.contacts, "created_on", window, "not created in the period")


@metric(
    title="Active subscriptions",
    unit="subscriptions",
    source=SOURCE,
    counts="subscriptions",
    states=("subscriptions.status",),
)
def active_subscriptions(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Subscriptions active on the as-of day, against those active 30 days before it.

    Active on a day: started by then, and neither replaced nor cancelled by then; without an end only while the
    status is active or past due. A subscription is a period of constant MRR, so an upgrade that closes one and
    opens another counts once on any day. The status is the one that the row carries on both days.
    """
    active = view.subscriptions.active_ones_on
    return Trend(Count(active(view.today)), Count(active(_before(view, window))))


@metric(
    title="Active MRR",
    unit="currency",
    source=SOURCE,
    counts="subscriptions",
    states=("subscriptions.status",),
)
def active_mrr(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Monthly recurring revenue of the subscriptions active on the as-of day, against 30 days before it.

    In the portfolio's currency; 0 without an active subscription. Trials, paused and cancelled subscriptions
    without an end have no part in it.
    """
    return Trend(*(_mrr(view.subscriptions, day) for day in (view.today, _before(view, window))))


def _mrr(subscriptions: Subscriptions, day: int) -> Amount:
    active = subscriptions.active_ones_on(day)
    return Amount(active, subscriptions.mrr, minor=subscriptions.active_mrr(day))


@metric(title="Cancelled subscriptions", unit="subscriptions", source=SOURCE, counts="subscriptions")
def cancelled_subscriptions(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Subscriptions cancelled in the last 30 days, against the 30 days before them.

    By the day of cancellation alone, whatever the status says. Subscriptions that ended because another took
    their place are not cancelled.
    """
    return _dated(view.subscriptions, "cancelled_on", window, "not cancelled in the period")


@metric(title="Cancelled MRR", unit="currency", source=SOURCE, counts="subscriptions")
def cancelled_mrr(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Monthly recurring revenue of the subscriptions cancelled in the last 30 days, against the 30 before them.

    In the portfolio's currency; 0 where none was cancelled.
    """
    return Trend(*(_lost(view.subscriptions, days) for days in _periods(view, window)))


def _lost(subscriptions: Subscriptions, window: Window) -> Amount:
    cancelled = subscriptions.dated("cancelled_on", window, otherwise="not cancelled in the period")
    return Amount(cancelled, subscriptions.mrr, minor=subscriptions.cancelled_mrr(window))


@metric(
    title="Upcoming renewals",
    unit="subscriptions",
    source=SOURCE,
    counts="subscriptions",
    states=("subscriptions.status",),
)
def upcoming_renewals(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Active subscriptions that are billed next in the next 30 days, today in, against those due in the last 30.

    Our decision: the last 30 days end yesterday, and they hold the distinct subscriptions, active now or not,
    of which a renewal was due (`renewals`; where that table is missing, whose own next billing was), since a
    renewed subscription carries a later day by now.
    """
    days, subscriptions = as_trailing(window).days, view.subscriptions
    were_due = subscriptions.fell_due(Window(view.today - days, view.today - 1))
    return Trend(
        Count(subscriptions.renewing(view.next_days(days, "window"))),
        Count(subscriptions.everything.only(were_due, otherwise="not due in the period")),
    )


@metric(
    title="Product adoption health", unit="points of 100", source=SOURCE, counts="accounts",
    needs=("accounts", "adoption_scores"),
)  # fmt: skip
def product_adoption_health(view: View, *, window: Trailing = LAST_30) -> Trend:
    """The mean over accounts of their product adoption health on the as-of day, against 30 days before it.

    That of an account is the mean over its products of the latest score of each by the day (of two on one day
    the lower), whether or not a score names an engagement. Accounts without a score by the day are excluded;
    without any the value is None. Exact until the end: the numerator is a fraction.
    """
    return Trend(_adoption(view, view.today), _adoption(view, _before(view, window)))


def _adoption(view: View, day: int) -> Ratio:
    adoption = view.adoption_scores.adoption_on(day)
    scored = view.accounts.everything.where(
        lambda: adoption.scored, otherwise="without a score", count=adoption.count
    )
    return Ratio(
        scored, adoption.total(), scored.count,
        made_of=lambda: (
            Part(scored.table, scored.index, (("numerator",),), None, adoption.means(scored.index)),
            Part.each(scored, "denominator"),
        ),
    )  # fmt: skip


@metric(
    title="Renewals accomplished", unit="of the subscriptions due", source=SOURCE, counts="renewals",
    needs=("renewals", "subscriptions"),
)  # fmt: skip
def renewals_accomplished(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Of the subscriptions with a renewal due in the last 30 days the share renewed, against the 30 before them.

    Distinct subscriptions on both sides; one with several renewals due is renewed if one of these is. Each
    period is judged by what was known on its own last day: a renewal done later does not count in it. No value
    where none was due. Renewals due on other days are excluded.
    """
    now, then = _periods(view, window)
    return Trend(_accomplished(view.renewals, now), _accomplished(view.renewals, then))


def _accomplished(renewals: Renewals, window: Window) -> Ratio:
    renewed, due = renewals.accomplished(window)
    rows, whose, subscriptions = (
        renewals.due_within(window),
        renewals.subscription,
        renewals.view.subscriptions,
    )
    return Ratio(
        rows, renewed, due,
        made_of=lambda: (
            Part.things(
                subscriptions, whose.any(rows.flags & renewals.renewed_on.by(window.last)).nonzero()[0], "numerator"
            ),
            Part.things(subscriptions, whose.any(rows.flags).nonzero()[0], "denominator"),
        ),
    )  # fmt: skip


@metric(title="New tasks", unit="tasks", source=SOURCE, counts="tasks")
def new_tasks(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Tasks created in the last 30 days, whatever their status, against the 30 days before them."""
    return _dated(view.tasks, "created_on", window, "not created in the period")


@metric(title="Tasks completed", unit="tasks", source=SOURCE, counts="tasks")
def tasks_completed(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Tasks completed in the last 30 days, against the 30 days before them.

    By the day of completion alone, whatever the status says.
    """
    return _dated(view.tasks, "completed_on", window, "not completed in the period")


@metric(
    title="Open tasks",
    unit="tasks",
    source=SOURCE,
    counts="tasks",
    states=("tasks.status",),
)
def open_tasks(view: View) -> Breakdown:
    """Tasks to do or in progress, each in exactly one of overdue, due soon, in progress, to do.

    Overdue: due before the as-of day. Due soon: due on it or in the 7 days after it. The others, and those
    without a due day, go by their status. Shares are of all open tasks; completed and cancelled ones are
    excluded.
    """
    tasks = view.tasks
    return Breakdown.by(tasks.open_ones, tasks.urgency, known=tasks.by_urgency())


@metric(
    title="Playbook status",
    unit="playbook runs",
    source=SOURCE,
    counts="playbook_runs",
    states=("playbook_runs.status",),
)
def playbook_status(view: View, *, limit: int = 5) -> Crosstab:
    """The 5 playbooks with the most open runs, and how these stand: overdue, due soon, in progress, new.

    Open runs are new or in progress; each is in exactly one column, as open tasks are. Runs, not accounts, are
    counted. Shares are of the playbook's open runs. `limit` cuts the playbooks shown; the sums of the columns
    and the rows behind are those of all playbooks. Completed and cancelled runs are excluded.
    """
    runs = view.playbook_runs
    shown, known = as_count(limit, "limit"), runs.by_urgency()
    return Crosstab(runs.open_ones, runs.playbook, runs.urgency, order="largest", limit=shown, known=known)


@metric(
    title="Alert status", unit="alerts", source=SOURCE, counts="alerts",
    needs=("alerts", "accounts", "subscriptions"),
    states=("subscriptions.status",),
)  # fmt: skip
def alert_status(view: View, *, limit: int = 5) -> Groups:
    """The alerts, by name, that are open: on how many accounts, with how much MRR, and raised last when.

    Accounts are distinct, and the MRR of each on the as-of day counts once an alert. The most MRR first, then
    by name. `limit` cuts what is shown; the value is how many alerts there are. Closed ones are excluded.
    """
    alerts, subscriptions, today = view.alerts, view.subscriptions, view.today
    found = alerts.by_name(lambda accounts: subscriptions.mrr_of(accounts, today))
    columns = {
        "accounts": summed(found.accounts),
        "mrr": summed(found.mrr),
        "latest_on": latest(found.latest_on),
    }
    shown = as_count(limit, "limit")
    return Groups(alerts.open_ones, "alert", found.names, columns, by=["mrr"], limit=shown)


def _done(view: View, kind: str, window: Trailing) -> Trend:
    """Activities of one kind."""
    activities = view.activities
    of_kind = activities.everything.where(lambda: activities.kind.is_(kind), otherwise="of another kind")
    now, then = (
        activities.dated(
            "performed_on", days, otherwise="not performed in the period", among=of_kind, of=kind
        )
        for days in _periods(view, window)
    )
    return Trend(Count(now), Count(then))


@metric(title="Emails sent", unit="activities", source=SOURCE, counts="activities")
def emails_sent(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Activities of the kind "email" in the last 30 days, against the 30 days before them."""
    return _done(view, "email", window)


@metric(title="Calls made", unit="activities", source=SOURCE, counts="activities")
def calls_made(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Activities of the kind "call" in the last 30 days, against the 30 days before them."""
    return _done(view, "call", window)


@metric(title="Playbooks completed", unit="playbook runs", source=SOURCE, counts="playbook_runs")
def playbooks_completed(view: View, *, window: Trailing = LAST_30) -> Trend:
    """Playbook runs completed in the last 30 days, against the 30 days before them.

    By the day of completion alone, whatever the status says.
    """
    return _dated(view.playbook_runs, "completed_on", window, "not completed in the period")
