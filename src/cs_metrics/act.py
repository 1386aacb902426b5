"""The Act tab of the portfolio dashboard: what to take up today, with what each account is worth beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .columns import Dates, at
from .listed import Through
from .metric import metric
from .periods import NO_DAY, as_count
from .records import AlertKind
from .results import Listing
from .results.ordering import AtParents, Parents, Texts
from .vocabulary.billing import MrrOf

if TYPE_CHECKING:
    from .columns import Array, Listed
    from .view import View

__all__ = [
    "playbooks_due",
    "tasks_due",
    "renewals_next",
    "accounts_at_risk",
    "upsell_opportunities",
    "accounts_new",
    "users_new",
]

SOURCE = "CustomerSuccessBox Portfolio Dashboard › Act"
WORTH = ("accounts", "subscriptions", "adoption_scores")


def _worth(view: View, accounts: Array | None = None) -> dict[str, Listed]:
    """What an account is worth: its MRR and product adoption health on the as-of day.

    Of the accounts in view, or of those that `accounts` leads to; missing for one that is not in view.
    """
    columns: dict[str, Listed] = {
        "mrr": MrrOf(view.subscriptions, view.today),
        "adoption": view.adoption_scores.adoption_on(view.today),
    }
    if accounts is None:
        return columns
    return {name: Through(column, accounts) for name, column in columns.items()}


@metric(
    title="Playbooks due", unit="playbook runs", source=SOURCE, counts="playbook_runs",
    needs=("playbook_runs", *WORTH),
    states=("subscriptions.status", "playbook_runs.status"),
)  # fmt: skip
def playbooks_due(view: View, *, limit: int = 5) -> Listing:
    """Open playbook runs, by the day they are due, soonest first; those without a due day last.

    Beside each its account, and the account's MRR and product adoption health on the as-of day (none without a
    score). Completed and cancelled runs are excluded.
    """
    runs = view.playbook_runs
    columns: dict[str, Listed] = {
        "playbook": runs.playbook,
        "account": Parents(runs, "account_id"),
        **_worth(view, runs.account.rows),
        "due_on": runs.due_on,
    }
    return Listing(runs.open_ones, columns, by=[runs.due_on.days], limit=as_count(limit, "limit"))


@metric(
    title="Tasks due",
    unit="tasks",
    source=SOURCE,
    counts="tasks",
    needs=("tasks", *WORTH),
    states=("tasks.status", "subscriptions.status"),
)
def tasks_due(view: View, *, limit: int = 5) -> Listing:
    """Open tasks, by the day they are due, soonest first; those without a due day last.

    Beside each the account that it names, or else that of its engagement, with the account's MRR and product
    adoption health on the as-of day. An account that is not in view shows its id only; a task about none has
    none. Completed and cancelled tasks are excluded. Does without the table of engagements: a task that names
    only an engagement then has no account.
    """
    tasks, accounts = view.tasks, view.accounts
    worth = _worth(view, accounts.locate(tasks.customer))
    columns = {"account": AtParents(accounts.table, tasks.customer), **worth, "due_on": tasks.due_on}
    return Listing(tasks.open_ones, columns, by=[tasks.due_on.days], limit=as_count(limit, "limit"))


@metric(
    title="Next renewals", unit="accounts", source=SOURCE, counts="accounts", needs=WORTH,
    states=("subscriptions.status",),
)  # fmt: skip
def renewals_next(view: View, *, limit: int = 5) -> Listing:
    """Accounts with an active subscription that is billed on the as-of day or later, soonest first.

    `next_renewal_on` is the first such day of the account; beside it the account's MRR and product adoption
    health on the as-of day. Accounts without such a subscription are excluded.
    """
    subscriptions = view.subscriptions
    ahead = subscriptions.active & subscriptions.next_billing_on.not_before(view.today)
    next_on = subscriptions.account.earliest(subscriptions.next_billing_on, ahead)
    rows = view.accounts.everything.only(~next_on.missing, otherwise="no renewal ahead")
    columns = {**_worth(view), "next_renewal_on": next_on}
    return Listing(rows, columns, by=[next_on.days], limit=as_count(limit, "limit"))


def _alerted(view: View, kind: AlertKind, limit: int) -> Listing:
    """Accounts with an open alert of a kind for which no action is defined, beside their newest such alert."""
    alerts = view.alerts
    newest = alerts.newest_unattended(kind)
    raised = Dates(at(alerts.raised_on.days, newest, NO_DAY))
    rows = view.accounts.everything.only(newest >= 0, otherwise="no such alert without an action")
    columns = {
        "alert": Through(alerts.name, newest),
        "alert_id": Through(alerts.id, newest),
        **_worth(view),
        "raised_on": raised,
    }
    return Listing(rows, columns, by=[raised.newest_first], limit=as_count(limit, "limit"))


@metric(
    title="Accounts at risk", unit="accounts", source=SOURCE, counts="accounts", needs=(*WORTH, "alerts"),
    states=("subscriptions.status",),
)  # fmt: skip
def accounts_at_risk(view: View, *, limit: int = 5) -> Listing:
    """Accounts with an open risk alert for which no action is defined, the newest alert first, then by account.

    One row an account, with its newest such alert (of two raised on one day the one with the smaller id): its
    name, its id and the day, and the account's MRR and product adoption health on the as-of day. Accounts
    without such an alert are excluded.
    """
    return _alerted(view, AlertKind.RISK, limit)


@metric(
    title="Upsell opportunities", unit="accounts", source=SOURCE, counts="accounts",
    needs=(*WORTH, "alerts"),
    states=("subscriptions.status",),
)  # fmt: skip
def upsell_opportunities(view: View, *, limit: int = 5) -> Listing:
    """Accounts with an open upsell alert for which no action is defined, the newest alert first, then by account.

    One row an account, as for the accounts at risk.
    """
    return _alerted(view, AlertKind.UPSELL, limit)


@metric(
    title="New accounts to enrol", unit="accounts", source=SOURCE, counts="accounts",
    needs=(*WORTH, "playbook_runs"),
    states=("accounts.stage", "subscriptions.status"),
)  # fmt: skip
def accounts_new(view: View, *, limit: int = 5) -> Listing:
    """Accounts that were never enrolled in a playbook, the newest first; those without a day of creation last.

    Enrolled is an account with a run that started by the as-of day, whatever became of it. Beside each its MRR
    and product adoption health on that day, its stage and the day it was created. Enrolled ones are excluded.
    """
    accounts, runs = view.accounts, view.playbook_runs
    enrolled = runs.account.any(runs.everything.flags)
    rows = accounts.everything.only(~enrolled, otherwise="enrolled in a playbook")
    created = accounts.created_on
    columns = {**_worth(view), "stage": accounts.stage, "created_on": created}
    return Listing(rows, columns, by=[created.newest_first], limit=as_count(limit, "limit"))


@metric(
    title="Newest users", unit="contacts", source=SOURCE, counts="contacts", needs=("contacts", "accounts"),
)  # fmt: skip
def users_new(view: View, *, limit: int = 5) -> Listing:
    """Contacts at customers, the newest first: name, title, account, role and the day they were created."""
    contacts = view.contacts
    created = contacts.created_on
    columns: dict[str, Listed] = {
        "name": Texts(contacts, "name"),
        "title": Texts(contacts, "title"),
        "account": Parents(contacts, "account_id"),
        "role": contacts.role,
        "created_on": created,
    }
    return Listing(contacts.everything, columns, by=[created.newest_first], limit=as_count(limit, "limit"))
