"""The Renewal tab of the Success report: what comes up for renewal, what was kept and what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .errors import OptionError
from .metric import metric
from .periods import as_count
from .records import ContractState, RenewalStage
from .results import Breakdown, Listing, Monthly

if TYPE_CHECKING:
    from .view import View

__all__ = [
    "engagements_with_renewals_due",
    "opened_renewals",
    "contracts_on_extension",
    "renewals_by_stage",
    "renewals_and_losses_ytd",
    "lost_contracts",
    "contract_value_ytd",
    "overdue_renewals",
]

STAGES = (
    RenewalStage.AWAITING_REVIEW,
    RenewalStage.RENEWAL_APPROVED,
    RenewalStage.RENEWAL_REJECTED,
    RenewalStage.UNDER_REVIEW,
)


@metric(
    title="Engagements with renewals due", unit="engagements",
    source="ServiceNow Success report › Renewal", counts="engagements", needs=("engagements", "contracts"),
    states=("contracts.state", "contracts.renewal_stage", "opportunities.stage"),
)  # fmt: skip
def engagements_with_renewals_due(view: View, *, within: int = 90) -> Listing:
    """Open engagements with an undecided contract in force that ends in the next `within` days, today in.

    `next_renewal_on` is the first such end, `value_due` the value of all such contracts; soonest first.
    """
    contracts = view.contracts
    due = contracts.renewal_due(as_count(within, "within")).index
    next_renewal = contracts.engagement.earliest(contracts.ends_on, due)
    value_due = contracts.engagement.sum(contracts.value, due)
    rows = view.engagements.open_ones.only(~next_renewal.missing, otherwise="no renewal due")
    return Listing(rows, {"next_renewal_on": next_renewal, "value_due": value_due}, by=[next_renewal.days])


@metric(
    title="Opened renewals", unit="contracts", source="ServiceNow Success report › Renewal",
    counts="contracts",
    states=("contracts.state", "contracts.renewal_stage"),
)  # fmt: skip
def opened_renewals(view: View) -> Listing:
    """Contracts, active or expired, that are under review or await it, and active ones with an approved
    extension; by id. State and stage are those the rows carry, whatever the as-of day.
    """
    contracts = view.contracts
    reviewed = contracts.active_or_expired & contracts.under_review
    opened = reviewed | contracts.on_extension
    return Listing(contracts.everything.only(opened, otherwise="renewal not open"))


@metric(
    title="Contracts on extension", unit="contracts", source="ServiceNow Success report › Renewal",
    counts="contracts",
    states=("contracts.state",),
)  # fmt: skip
def contracts_on_extension(view: View) -> Listing:
    """Active contracts whose extension is approved, by id."""
    contracts = view.contracts
    return Listing(contracts.everything.only(contracts.on_extension, otherwise="not on extension"))


@metric(
    title="Renewals by stage", unit="contracts", source="ServiceNow Success report › Renewal",
    counts="contracts",
    states=("contracts.renewal_stage",),
)  # fmt: skip
def renewals_by_stage(view: View) -> Breakdown:
    """Contracts of any state by renewal stage: awaiting review, approved, rejected, under review.

    Contracts without a renewal stage are excluded.
    """
    contracts = view.contracts
    stage = contracts.renewal_stage
    staged = contracts.everything.where(lambda: ~stage.missing, otherwise="without a renewal stage")
    return Breakdown.by(staged, stage, words=STAGES, known=contracts.standing_by("renewal_stage"))


@metric(
    title="Renewals and losses this year by month", unit="contracts",
    source="ServiceNow Success report › Renewal", counts="contracts",
    states=("contracts.renewal_stage", "opportunities.stage"),
)  # fmt: skip
def renewals_and_losses_ytd(view: View, *, measure: Literal["count", "value"] = "count") -> Monthly:
    """Decisions on the renewal of contracts of any state, `won` and `lost`, by the month of the decision.

    A decision is that of the latest `renew` opportunity of the contract that is closed by the as-of day (of
    several on one day that with the smallest id), where opportunities are supplied and there is one; else that
    of the contract's own renewal stage. `measure="value"` adds up the contracts' values. Excluded: contracts
    without a decision, with one of another year, and with one that bears no day.
    """
    if measure not in ("count", "value"):
        raise OptionError("measure", measure, ("count", "value"))
    contracts = view.contracts
    decisions = contracts.decisions
    decided = contracts.everything.where(lambda: ~contracts.undecided, otherwise="not decided")
    dated = decided.where(lambda: ~decisions.on.missing, otherwise="decided on an unknown day")
    rows = dated.where(lambda: decisions.on.within(view.ytd), otherwise="decided before this year")
    amounts = contracts.value if measure == "value" else None
    known = decisions.by_month(view.months, amounts)
    parts = {"won": lambda: decisions.won, "lost": lambda: decisions.lost}
    return Monthly.by(rows, decisions.on, view.months, parts, amounts, known=known)


@metric(
    title="Engagements with lost contracts", unit="engagements",
    source="ServiceNow Success report › Renewal", counts="engagements", needs=("engagements", "contracts"),
    states=("contracts.state", "contracts.renewal_stage", "opportunities.stage"),
)  # fmt: skip
def lost_contracts(view: View) -> Listing:
    """Engagements, open or closed, with a contract that was rejected or not renewed; by id.

    Rejected: its renewal was decided as lost by the as-of day. Not renewed (our decision): it ended before
    that day or its state is expired, nothing was decided, and it is neither under review nor awaiting it.
    Drafts never count.
    """
    contracts = view.contracts
    over = contracts.ends_on.before(view.today) | contracts.state.is_(ContractState.EXPIRED)
    not_renewed = over & contracts.undecided & ~contracts.under_review
    lost = (contracts.decisions.lost | not_renewed) & ~contracts.state.is_(ContractState.DRAFT)
    rows = view.engagements.everything.only(contracts.engagement.any(lost), otherwise="no contract lost")
    return Listing(rows)


@metric(
    title="Contract value this year by month", unit="currency",
    source="ServiceNow Success report › Renewal", counts="contracts",
    states=("contracts.state",),
)  # fmt: skip
def contract_value_ytd(view: View, *, basis: Literal["started", "in_force"] = "started") -> Monthly:
    """Total contract value by month of the fiscal year to date, one series, `value`.

    `basis="started"` (our decision): the value of contracts that start in the month, drafts and cancelled ones
    left out; the months add up to the year so far. `basis="in_force"`: the value in force on the month's last
    day, for the current month on the as-of day; since the state is the one the row carries, a contract that has
    expired or was cancelled since counts in no month. In the portfolio's currency.
    """
    if basis not in ("started", "in_force"):
        raise OptionError("basis", basis, ("started", "in_force"))
    contracts, months = view.contracts, view.months
    if basis == "in_force":
        in_force = {month.label: contracts.in_force_on(month.last) for month in months}
        ever = np.logical_or.reduce(list(in_force.values()))
        rows = contracts.everything.only(ever, otherwise="in force on no month's last day")
        return Monthly.standing(rows, "value", in_force, contracts.value)
    rows = contracts.dated(
        "starts_on", view.ytd, among=contracts.signed_ones, otherwise="not started this year", of="signed"
    )
    known = contracts.signed_by_month(months)
    known_value = None if known is None else {"value": known}
    return Monthly.by(rows, contracts.starts_on, months, {"value": None}, contracts.value, known=known_value)


@metric(
    title="Overdue renewals", unit="contracts", source="Standard terms of the field", counts="contracts",
    states=("contracts.state", "contracts.renewal_stage", "opportunities.stage"),
)  # fmt: skip
def overdue_renewals(view: View) -> Listing:
    """Contracts, active or expired, that ended before the as-of day without a decision on their renewal, by id.

    So that they do not vanish from sight when they leave the window of renewals due.
    """
    contracts = view.contracts
    ended = contracts.active_or_expired & contracts.ends_on.before(view.today)
    return Listing(contracts.everything.only(ended & contracts.undecided, otherwise="not overdue"))
