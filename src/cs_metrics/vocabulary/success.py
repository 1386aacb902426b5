"""Users, accounts, engagements and what happens in engagements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..columns import Codes, Dates, Flags, Numbers, Refs
from ..records import ObjectiveState, TaskStatus
from ..scope import ViewTable, word
from ..selection import Rows
from .grading import Grades, bands, graded
from .owners import owner, positions_of
from .placing import Places, placed

if TYPE_CHECKING:
    from ..columns import Array
    from ..models import Cut, EffortModel, HealthModel, Model

__all__ = [
    "Accounts", "AdoptionScores", "Engagements", "Objectives", "Qbrs", "RiskSignals", "Tasks", "Touchpoints",
    "Users",
]  # fmt: skip


class Users(ViewTable):
    active: Flags


class Accounts(ViewTable):
    owner: Refs
    industry: Codes
    segment: Codes
    group: Codes
    stage: Codes
    created_on: Dates
    employees: Numbers
    seats: Numbers

    def graded(self, model: Model, day: int | None = None) -> Grades:
        """Each account's score under a model, by the measures of a day."""
        return graded(self, model, self.view.today if day is None else day)

    def bands(self, model: HealthModel, day: int | None = None) -> Codes:
        """Each account's health band on a day."""
        return bands(self, model, self.view.today if day is None else day)

    def placed(self, value: str, effort: EffortModel, cut: Cut) -> Places:
        """The accounts by value and effort on the as-of day."""
        return placed(self, value, effort, cut)


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
    account: Refs
    engagement: Refs
    status: Codes
    created_on: Dates
    due_on: Dates
    completed_on: Dates

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
