"""What the rows of each table can be asked: the words in which metrics are written, each defined once.

Docs of the words quote docs/metrics.md. Rows that do not exist yet on the as-of day are not in view at all,
so no word has to think of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from .columns import Amounts, Codes, Dates, Flags, Numbers, Refs, at
from .errors import MissingTable
from .periods import NO_DAY, next_days
from .records import (
    ContractState,
    ObjectiveState,
    OpportunityKind,
    OpportunityStage,
    RenewalStage,
    TaskStatus,
)
from .scope import ViewTable, own, word
from .selection import Rows

if TYPE_CHECKING:
    from .columns import Array

__all__ = [
    "Accounts", "AdoptionScores", "Contracts", "Engagements", "Objectives", "Opportunities", "Qbrs",
    "RiskSignals", "TABLES", "Tasks", "Touchpoints", "Users",
]  # fmt: skip


class Users(ViewTable):
    active: Flags


class Accounts(ViewTable):
    industry: Codes


class Engagements(ViewTable):
    stage: Codes
    health: Codes
    account: Refs
    created_on: Dates
    closed_on: Dates
    go_live_due_on: Dates
    went_live_on: Dates

    @word
    def open(self) -> Flags:
        """Not closed by the as-of day."""
        return self.closed_on.not_by(self.view.today)

    @word
    def open_ones(self) -> Rows:
        """The open engagements."""
        return self.everything.only(self.open, otherwise="closed")

    @word
    def live(self) -> Flags:
        """Went live by the as-of day."""
        return self.went_live_on.by(self.view.today)

    @word
    def owner(self) -> Refs:
        """The owner: the engagement's own, else its account's."""
        return owner(self)

    @word
    def owned(self) -> Flags:
        """Whether there is an owner, who then is in view as the engagement is."""
        return self._cut(positions_of(self)) < self.view.portfolio.hierarchy.size

    @word
    def escalated(self) -> Flags:
        """Whose account has an open escalation, whoever may see the account."""
        return self.view.escalated_accounts(self.values("account_id"))

    @word
    def overdue_go_live(self) -> Flags:
        """Should have gone live before the as-of day, and has not."""
        return self.go_live_due_on.before(self.view.today) & ~self.live


class Qbrs(ViewTable):
    engagement: Refs
    scheduled_on: Dates
    held_on: Dates
    cancelled: Flags

    @word
    def upcoming(self) -> Flags:
        """Not cancelled, not held yet, scheduled for the as-of day or later."""
        today = self.view.today
        coming = self.scheduled_on.not_before(today)
        coming &= self.held_on.not_by(today)
        coming &= ~self.cancelled
        return coming

    def next_on(self, choice: Flags) -> Dates:
        """The first day of some of the QBRs of each engagement; the layout has the earliest last."""
        return self.engagement.final(self.scheduled_on, choice)


class Touchpoints(ViewTable):
    engagement: Refs
    scheduled_on: Dates
    cancelled: Flags


class Tasks(ViewTable):
    assignee: Refs
    status: Codes
    due_on: Dates

    @word
    def open(self) -> Flags:
        """To do or in progress."""
        return self.status.isin((TaskStatus.TO_DO, TaskStatus.IN_PROGRESS))

    @word
    def overdue(self) -> Flags:
        """Open and due before the as-of day."""
        return self.due_on.before(self.view.today) & self.open

    @word
    def progress(self) -> Codes:
        """Overdue, else what the status says."""
        codes = (self.status.codes + np.int8(1)) * ~self.overdue  # the status is never missing
        return Codes(codes, ("overdue", *self.status.labels), complete=True)


class RiskSignals(ViewTable):
    engagement: Refs
    contract: Refs
    category: Codes
    scope: Codes
    probability: Codes
    closed_on: Dates

    @word
    def active_ones(self) -> Rows:
        """Signals that are not closed, of engagements that are not closed."""
        rows = self.everything.only(self.closed_on.not_by(self.view.today), otherwise="closed")
        return rows.of(self.engagement, self.view.engagements.open, otherwise="of a closed engagement")

    def touched(self, index: Array) -> tuple[Flags, Flags]:
        """The contracts that some of these signals name, and the engagements of those that name none."""
        unnamed = self.values("contract_id").take(index) < 0
        risky = np.zeros(self.engagement.size + 1, bool)
        risky[np.where(unnamed, self.engagement.rows.take(index), -1)] = True  # -1 is the last, cut off
        return self.contract.any(index), risky[:-1]


class Objectives(ViewTable):
    engagement: Refs
    state: Codes

    def per_engagement(self, *states: ObjectiveState) -> Array:
        """How many objectives in any of these states each engagement in view has."""
        return np.asarray(self._tally(states).sum(axis=0, dtype=np.int32))

    def counted(self) -> Array:
        """How many objectives, cancelled ones aside, each engagement in view has."""
        return self.per_engagement(*(state for state in ObjectiveState if state != ObjectiveState.CANCELLED))

    def by_state(self, engagements: Flags) -> dict[str, int]:
        """How many objectives in each state the engagements have."""
        lines = self._tally(tuple(ObjectiveState)) * engagements
        return dict(zip(map(str, ObjectiveState), lines.sum(axis=1, dtype=np.int64).tolist(), strict=True))

    def _tally(self, states: Sequence[ObjectiveState]) -> Array:
        engagements, tally = self.view.engagements, self.table.tally
        assert tally is not None  # the engagements were supplied
        rows = engagements.rows
        mine = tally[:, engagements.lo : engagements.hi] if rows is None else tally[:, rows]
        return mine[[self.state.labels.index(state) for state in states]]


class AdoptionScores(ViewTable):
    engagement: Refs
    account: Refs
    product: Codes
    score: Numbers
    on: Dates
    business_priority: Codes

    @word
    def of_open(self) -> Flags:
        """Of an open engagement, or of an account without naming an engagement."""
        return (self.values("engagement_id") < 0) | self.engagement.take(self.view.engagements.open)

    @word
    def latest(self) -> Flags:
        """The last score of each engagement and product, or of each account and product without engagement.

        The layout sorts scores by whom they follow, product and day, so it is the last of its run.
        """
        last: Flags = np.ones(self.n, bool) if self.exists is None else self.exists.copy()
        same = last[1:].copy()
        for column in (self.values("engagement_id"), self.values("account_id"), self.product.codes):
            same &= column[1:] == column[:-1]
        last[:-1] &= ~same
        return last


@attrs.frozen(eq=False)
class Decisions:
    """What became of each contract's renewal by the as-of day, and when that was decided."""

    won: Flags
    lost: Flags
    on: Dates


class Contracts(ViewTable):
    engagement: Refs
    account: Refs
    value: Amounts
    state: Codes
    renewal_stage: Codes
    extension_approved: Flags
    starts_on: Dates
    ends_on: Dates
    renewal_finalized_on: Dates

    def in_force_on(self, day: int) -> Flags:
        """Active, started by `day` and not ended before it."""
        found = self.ends_on.not_before(day)
        found &= self.starts_on.by(day)
        found &= self.state.is_(ContractState.ACTIVE)
        return found

    @word
    def in_force(self) -> Flags:
        """In force on the as-of day."""
        return self.in_force_on(self.view.today)

    @word
    def decisions(self) -> Decisions:
        """From the last `renew` opportunity closed by the as-of day where there is one, else from the contract.

        A decision dated later is none yet; one without a day stands, but nobody knows when it fell.
        """
        day = self.renewal_finalized_on.days
        due = self.renewal_finalized_on.by(self.view.today) | (day == NO_DAY)
        won = self.renewal_stage.is_(RenewalStage.RENEWAL_APPROVED) & due
        lost = self.renewal_stage.is_(RenewalStage.RENEWAL_REJECTED) & due
        on = np.where(won | lost, day, np.int32(NO_DAY))
        if self.view.has("opportunities"):
            self.view.opportunities.decide(won, lost, on)
        return Decisions(won, lost, Dates(on))

    @word
    def undecided(self) -> Flags:
        return ~(self.decisions.won | self.decisions.lost)

    @word
    def under_review(self) -> Flags:
        """Under review or awaiting it."""
        return self.renewal_stage.isin((RenewalStage.AWAITING_REVIEW, RenewalStage.UNDER_REVIEW))

    @word
    def active_or_expired(self) -> Flags:
        return self.state.isin((ContractState.ACTIVE, ContractState.EXPIRED))

    @word
    def on_extension(self) -> Flags:
        """Active, with an approved extension."""
        return self.state.is_(ContractState.ACTIVE) & self.extension_approved

    def renewal_due(self, within: int) -> Flags:
        """Undecided, in force, and ending in the next `within` days."""
        due = self.ends_on.within(next_days(self.view.today, within))
        due &= self.undecided_in_force
        return due

    @word
    def undecided_in_force(self) -> Flags:
        return self.in_force & self.undecided

    @word
    def in_force_ones(self) -> Rows:
        """The contracts in force on the as-of day."""
        return self.everything.only(self.in_force, otherwise="not in force")

    def touched_by(self, signals: Array) -> Flags:
        """Those in force that one of the signals names, or of engagements with a signal that names none."""
        named, risky = self.view.risk_signals.touched(signals)
        index = self.in_force_ones.index
        found: Flags = np.zeros(self.n, bool)
        found[index] = named.take(index) | at(risky, self.engagement.rows.take(index), False)
        return found

    def touched_by_category(self) -> dict[str, Flags]:
        """The contracts that signals of each category touch."""
        signals, categories = self.view.risk_signals.active_ones.index, self.view.risk_signals.category
        of_category = categories.codes.take(signals)
        return {
            label: self.touched_by(signals[of_category == code])
            for code, label in enumerate(categories.labels)
        }

    def labels(self, by: str) -> Codes:
        """The stage of its engagement, the industry of its account, or the id of whom it follows."""
        portfolio = self.view.portfolio
        if by == "stage":
            return own(portfolio.table("engagements"), "stage", self.values("engagement_id"))
        if by == "industry":
            return own(portfolio.table("accounts"), "industry", self.values("account_id"))
        owners, users = owner(self), self.view.users
        return Codes(np.where(owners.known, owners.rows, -1), users.ids(np.arange(users.n)))


class Opportunities(ViewTable):
    contract: Refs
    kind: Codes
    stage: Codes
    closed_on: Dates

    def decide(self, won: Flags, lost: Flags, on: Array) -> None:
        """Overrule what contracts say of their renewal where a closed `renew` opportunity decides it.

        The layout sorts a contract's opportunities so that the decisive one, the latest closed (of several on
        one day the one with the smallest id), is the last of those closed by the as-of day.
        """
        closed = self.closed_on.by(self.view.today) | self.closed_on.missing
        closed &= ~self.stage.is_(OpportunityStage.OPEN)
        closed &= self.kind.is_(OpportunityKind.RENEW)
        contracts, deciding = self.contract.last(closed)
        renewed = Codes(self.stage.codes[deciding], self.stage.labels).is_(OpportunityStage.CLOSED_WON)
        won[contracts] = renewed
        lost[contracts] = ~renewed
        on[contracts] = self.closed_on.days[deciding]


def owner(table: ViewTable) -> Refs:
    """The users in view whom the rows follow."""
    users = table.view.users
    rows = users.locate(table._cut(positions_of(table)), follows=users.lo > 0)
    return Refs(rows, users.n, table.exists, in_order=table.table.schema.name == "engagements")


def positions_of(table: ViewTable) -> Array:
    """The position of whom each row of the laid-out table follows."""
    positions = table.table.owner
    if positions is None or not table.view.has("users"):
        raise MissingTable("users")
    return positions


TABLES: dict[str, type[ViewTable]] = {
    "users": Users,
    "accounts": Accounts,
    "engagements": Engagements,
    "qbrs": Qbrs,
    "touchpoints": Touchpoints,
    "tasks": Tasks,
    "risk_signals": RiskSignals,
    "objectives": Objectives,
    "adoption_scores": AdoptionScores,
    "contracts": Contracts,
    "opportunities": Opportunities,
}
"""The tables that have words of their own; the others have their columns only."""
