"""What there is to know of accounts, row by row: the parts of an account's profile.

They are metrics like those of the catalog, over any view, and stand in reports; the catalog counts and compares,
these show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .columns import Codes
from .metric import metric
from .results import Amount, Groups, Listing
from .results.groups import latest, summed
from .results.ordering import Parents, Texts

if TYPE_CHECKING:
    from .columns import Flags, Listed
    from .view import View

__all__ = [
    "account",
    "contract_value",
    "contracts",
    "subscriptions",
    "engagements",
    "risk_signals",
    "tasks",
    "touchpoints",
    "playbooks",
    "stack",
    "attributed",
    "campaigns",
    "propensities",
]

SOURCE = "GitLab CS Reporting and Dashboarding framework › C360"


def _yes(flags: Flags) -> Codes:
    """Flags as words of a listing."""
    return Codes(flags.astype(np.int8), ("no", "yes"))


@metric(title="Accounts", unit="accounts", source=SOURCE, counts="accounts")
def account(view: View) -> Listing:
    """Accounts with what is known of each: name, owner, industry, segment, group, stage, size; by id."""
    accounts = view.accounts
    columns: dict[str, Listed] = {"name": Texts(accounts, "name")}
    if view.has("users"):
        columns["owner"] = Parents(accounts, "owner_id")
    words = ("industry", "segment", "group", "stage", "created_on", "employees", "seats")
    return Listing(accounts.everything, columns | {name: getattr(accounts, name) for name in words})


@metric(title="Contract value", unit="currency", source=SOURCE, counts="contracts")
def contract_value(view: View) -> Amount:
    """The value of the contracts in force on the as-of day, in the portfolio's currency. Others are excluded."""
    return Amount(view.contracts.in_force_ones, view.contracts.value)


@metric(
    title="Contracts", unit="contracts", source=SOURCE, counts="contracts", needs=("contracts", "accounts")
)
def contracts(view: View) -> Listing:
    """All contracts, whether or not in force, with what became of their renewal by the as-of day; by id.

    `renewal` is won or lost, and missing while it is undecided.
    """
    found = view.contracts
    decided = found.decisions
    outcome = np.where(decided.won, np.int8(0), np.where(decided.lost, np.int8(1), np.int8(-1)))
    return Listing(
        found.everything,
        {
            "account": Parents(found, "account_id"),
            "value": found.value,
            "state": found.state,
            "renewal_stage": found.renewal_stage,
            "starts_on": found.starts_on,
            "ends_on": found.ends_on,
            "in_force": _yes(found.in_force),
            "renewal": Codes(outcome, ("won", "lost")),
        },
    )


@metric(
    title="Subscriptions", unit="subscriptions", source=SOURCE, counts="subscriptions",
    needs=("subscriptions", "accounts"),
)  # fmt: skip
def subscriptions(view: View) -> Listing:
    """Subscriptions active on the as-of day; by id. Others are excluded."""
    found = view.subscriptions
    words = ("plan", "mrr", "seats", "started_on", "next_billing_on")
    columns = {"account": Parents(found, "account_id")} | {name: getattr(found, name) for name in words}
    return Listing(found.active_ones_on(view.today), columns)


@metric(
    title="Engagements", unit="engagements", source=SOURCE, counts="engagements",
    needs=("engagements", "accounts"),
)  # fmt: skip
def engagements(view: View) -> Listing:
    """Open engagements with stage and health; by id. Closed ones are excluded."""
    found = view.engagements
    words = ("stage", "health", "created_on", "go_live_due_on", "went_live_on")
    columns = {"account": Parents(found, "account_id")} | {name: getattr(found, name) for name in words}
    return Listing(found.open_ones, columns)


@metric(
    title="Risk signals", unit="risk signals", source=SOURCE, counts="risk_signals",
    needs=("risk_signals", "engagements"),
)  # fmt: skip
def risk_signals(view: View) -> Listing:
    """Active risk signals of open engagements; by id. Closed ones are excluded."""
    found = view.risk_signals
    words = ("category", "scope", "probability", "opened_on")
    columns = {"engagement": Parents(found, "engagement_id")} | {name: getattr(found, name) for name in words}
    return Listing(found.active_ones, columns)


@metric(title="Open tasks", unit="tasks", source=SOURCE, counts="tasks", needs=("tasks", "users"))
def tasks(view: View) -> Listing:
    """Open tasks, those due first before the others; without a due day last. Others are excluded."""
    found = view.tasks
    columns: dict[str, Listed] = {
        "name": Texts(found, "name"),
        "assignee": Parents(found, "assignee_id"),
        "status": found.status,
        "due_on": found.due_on,
    }
    return Listing(found.open_ones, columns, by=[found.due_on.days])


@metric(
    title="Touchpoints", unit="touchpoints", source=SOURCE, counts="touchpoints",
    needs=("touchpoints", "engagements"),
)  # fmt: skip
def touchpoints(view: View) -> Listing:
    """Touchpoints of open engagements, past and to come, in the order of their days; cancelled ones are excluded."""
    found = view.touchpoints
    kept = found.everything.only(~found.cancelled, otherwise="cancelled")
    rows = kept.of(found.engagement, view.engagements.open, otherwise="of a closed engagement")
    columns: dict[str, Listed] = {
        "engagement": Parents(found, "engagement_id"),
        "scheduled_on": found.scheduled_on,
    }
    return Listing(rows, columns, by=[found.scheduled_on.days])


@metric(
    title="Open playbook runs", unit="playbook runs", source=SOURCE, counts="playbook_runs",
    needs=("playbook_runs", "accounts"),
)  # fmt: skip
def playbooks(view: View) -> Listing:
    """Open playbook runs, those due first before the others; without a due day last. Others are excluded."""
    found = view.playbook_runs
    words = ("playbook", "status", "started_on", "due_on")
    columns = {"account": Parents(found, "account_id")} | {name: getattr(found, name) for name in words}
    return Listing(found.open_ones, columns, by=[found.due_on.days])


@metric(
    title="Stack", unit="stack items", source=SOURCE, counts="stack_positions",
    needs=("stack_positions", "accounts", "stack_items"),
)  # fmt: skip
def stack(view: View) -> Listing:
    """Stack positions that apply, with what they bring and could bring; by account, then item.

    Positions that do not apply are excluded.
    """
    found = view.stack_positions
    money = ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")
    columns: dict[str, Listed] = {"item": Parents(found, "item_id"), "aligned": _yes(found.aligned)}
    return Listing(
        found.everything.only(found.applicable, otherwise="not applicable"),
        columns | {name: getattr(found, name) for name in money},
        id_column=("account", Parents(found, "account_id")),
    )


@metric(title="Attributed to campaigns", unit="currency", source=SOURCE, counts="campaign_touches")
def attributed(view: View) -> Amount:
    """What is attributed to campaign touches by the as-of day, in the portfolio's currency.

    Touches to which nothing is attributed are excluded.
    """
    touches = view.campaign_touches
    rows = touches.everything.only(touches.attributed.given, otherwise="nothing attributed")
    return Amount(rows, touches.attributed)


@metric(
    title="Campaigns", unit="campaigns", source=SOURCE, counts="campaign_touches",
    needs=("campaign_touches", "accounts"),
)  # fmt: skip
def campaigns(view: View) -> Groups:
    """Campaigns with how often they touched accounts by the as-of day, when last, and what is attributed to them.

    By campaign. `attributed` is missing where nothing says.
    """
    found = view.campaign_touches.by_campaign
    columns = {
        "touches": summed(found.touches),
        "last_on": latest(found.last_on),
        "attributed": summed(found.attributed),
    }
    rows = view.campaign_touches.everything
    return Groups(rows, "campaign", found.labels, columns, occurs=found.touches.values > 0)


@metric(
    title="Propensities", unit="accounts", source=SOURCE, counts="propensities",
    needs=("propensities", "accounts"),
)  # fmt: skip
def propensities(view: View) -> Listing:
    """How likely accounts are to churn and to expand, by the latest row of each until the as-of day; by account.

    Earlier rows are excluded.
    """
    found = view.propensities
    columns: dict[str, Listed] = {"on": found.on, "churn": found.churn, "expand": found.expand}
    rows = found.everything.only(found.latest, otherwise="earlier row")
    return Listing(rows, columns, id_column=("account", Parents(found, "account_id")))
