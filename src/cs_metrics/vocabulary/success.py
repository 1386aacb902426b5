"""Users, accounts, engagements and what happens in engagements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..columns import MANY, Codes, Dates, DerivedCodes, Flags, Numbers, Refs, at, masked_sum
from ..records import ObjectiveState, TaskStatus
from ..scope import ViewTable, remembered, word
from ..selection import Rows
from .adoption import Adoption, adoption, replaced
from .grading import Grades, bands, graded
from .owners import owner, positions_of
from .placing import Places, placed
from .upcoming import NextQbrs
from .urgency import known_urgency, urgency

if TYPE_CHECKING:
    from ..columns import Array
    from ..models import Cut, EffortModel, HealthModel, Model
    from ..periods import Window

__all__ = [
    "Accounts", "AdoptionScores", "Engagements", "Objectives", "Qbrs", "RiskSignals", "Tasks", "Touchpoints",
    "Users",
]  # fmt: skip


OPEN = str(TaskStatus.IN_PROGRESS), str(TaskStatus.TO_DO)
"""What an open task is: under way, or waiting."""


class Users(ViewTable):
    active: Flags

    @word
    def active_ones(self) -> Rows:
        """The active users."""
        return self.everything.only(self.active, otherwise="not active")


class Accounts(ViewTable):
    owner: Refs
    industry: Codes
    segment: Codes
    group: Codes
    stage: Codes
    created_on: Dates
    employees: Numbers
    seats: Numbers

    @word
    def actively_owned(self) -> Flags:
        """Whose owner is an active user."""
        active = np.asarray(self.view.portfolio.table("users").columns["active"])
        return np.asarray(at(active, self.values("owner_id"), False))

    @word
    def active_signals(self) -> Numbers:
        """How many active risk signals the open engagements in view of each account have."""
        signals, engagements = self.view.risk_signals, self.view.engagements
        whose = engagements.account.rows.take(signals.engagement.rows.take(signals.active_ones.index))
        return Numbers(np.bincount(whose + np.intp(1), minlength=self.n + 1)[1:])

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
        return self.everything.where(lambda: self.open, otherwise="closed", count=self.count_standing("open"))

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
        return positions_of(self) < self.view.portfolio.hierarchy.size

    @word
    def owned_ones(self) -> Rows:
        """The open engagements that have an owner."""
        count = self.count_standing("owned")
        return self.open_ones.where(lambda: self.owned, otherwise="without an owner", count=count)

    @word
    def owners(self) -> Rows:
        """Their owners."""
        owned, users = self.owned_ones, self.view.users
        return users.everything.where(
            lambda: self.owner.any(owned.flags),
            otherwise="without an open engagement",
            count=self.count_standing("owners") if users.whole else None,
        )

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

    next_since: Dates
    """From when on this is the first of its engagement, until its day or until it is held; "never" if cancelled."""

    def next_on(self, within: int | None = None) -> NextQbrs:
        """The day of the first upcoming QBR of each engagement in view, looking so many days ahead."""
        return NextQbrs(self, within)


class Touchpoints(ViewTable):
    engagement: Refs
    scheduled_on: Dates
    cancelled: Flags

    def touched(self, window: Window) -> Flags:
        """The engagements in view with a touchpoint, not cancelled, on one of the window's days."""
        calendar = self.calendar()
        if calendar is None:
            return self.engagement.any(self.scheduled_on.within(window) & ~self.cancelled)
        engagements = self.view.engagements
        found = np.zeros(engagements.table.n, bool)
        found[calendar.within(window)] = True
        return engagements._cut(found)


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
        late = self.due_on.before(self.view.today)
        late &= self.open
        return late

    @word
    def open_ones(self) -> Rows:
        """The tasks to do or in progress."""
        found = self.by_urgency()
        count = None if found is None else sum(found)
        return self.everything.where(lambda: self.open, otherwise="not open", count=count)

    @word
    def customer(self) -> Array:
        """The laid-out row of the account that each task is about: its own, else its engagement's; -1 for none.

        Without the table of engagements a task that names only an engagement is about none that is known.
        """
        accounts = self.values("account_id")
        if "engagement_id" not in self.table.columns:
            return accounts
        whose: Array = np.asarray(self.view.portfolio.table("engagements").columns["account_id"])
        return np.where(accounts >= 0, accounts, at(whose, self.values("engagement_id"), -1))

    @word
    def urgency(self) -> Codes:
        """Of open tasks: overdue, due soon, in progress, to do."""
        return urgency(self.due_on, self.view.today, self.status, OPEN)

    def by_urgency(self) -> list[int] | None:
        """How many open tasks there are of each, and 0 without one, where that is known without a look at them."""
        found = known_urgency(self, OPEN)
        return None if found is None else [*found, 0]

    @word
    def progress(self) -> Codes:
        """Overdue, else what the status says."""

        def make() -> Array:
            codes = self.status.codes + np.int8(1)  # the status is never missing
            codes *= (~self.overdue).view(np.int8)
            return codes

        return DerivedCodes(make, ("overdue", *self.status.labels))

    def by_progress(self) -> list[int] | None:
        """How many tasks there are of each, and 0 without one, where that is known without a look at them."""
        today, every = self.view.today, self.standing_by("status")
        due = {label: self.daily("due_on", label) for label in OPEN}
        late = {label: known.by(today - 1, today) for label, known in due.items() if known is not None}
        if every is None or len(late) < len(OPEN):
            return None
        labels = map(str, self.status.labels)
        counts = [count - late.get(label, 0) for label, count in zip(labels, every, strict=False)]
        return [sum(late.values()), *counts, 0]


class RiskSignals(ViewTable):
    engagement: Refs
    contract: Refs
    category: Codes
    scope: Codes
    probability: Codes
    closed_on: Dates

    until: Dates
    """The day on which the signal or its engagement closes."""

    @word
    def active_ones(self) -> Rows:
        """Signals that are not closed, of engagements that are not closed."""
        today, engagements = self.view.today, self.view.engagements

        def steps() -> Rows:
            rows = self.everything.only(self.closed_on.not_by(today), otherwise="closed")
            return rows.of(self.engagement, engagements.open, otherwise="of a closed engagement")

        count = self.count_standing("active")
        return Rows.known(self, lambda: self.until.not_by(today), steps, count=count)

    def touched(self, index: Array) -> tuple[Flags, Flags]:
        """The contracts that some of these signals name, and the engagements of those that name none."""
        unnamed = self.values("contract_id").take(index) < 0
        risky = np.zeros(self.engagement.size + 1, bool)
        risky[np.where(unnamed, self.engagement.rows.take(index), -1)] = True  # -1 is the last, cut off
        return self.contract.any(index), risky[:-1]


class Objectives(ViewTable):
    engagement: Refs
    state: Codes

    @property
    def counted(self) -> Array:
        """How many objectives, cancelled ones aside, each engagement in view has."""
        return self._tally("counted")

    @property
    def completed(self) -> Array:
        """How many completed objectives each engagement in view has."""
        return self._tally(ObjectiveState.COMPLETED)

    def by_state(self, engagements: Rows) -> list[int] | None:
        """How many objectives in each state the open engagements have, and 0 without one, where it is worth to add up
        what was counted for each engagement.
        """
        known = self.standing_by("state")
        if known is not None and engagements.table.whole:
            return known
        if self.n <= MANY:
            return None
        return [*(masked_sum(self._tally(state), engagements.flags) for state in map(str, ObjectiveState)), 0]

    def _tally(self, kind: str) -> Array:
        return self.view.engagements._cut(self.table.prepared.tally[kind])


class AdoptionScores(ViewTable):
    engagement: Refs
    account: Refs
    product: Codes
    score: Numbers
    on: Dates
    business_priority: Codes
    until: Dates
    """The day of the next score, or on which the engagement closes."""
    replaced_on: Dates
    """The same as `replaced` of all scores, whoever may see them."""

    @word
    def latest_of_open(self) -> Rows:
        """The latest scores, but for those of closed engagements."""
        for needed in ("accounts", "engagements"):
            self.view.table(needed)

        def steps() -> Rows:
            of_open = self.everything.only(self.of_open, otherwise="of a closed engagement")
            return of_open.only(self.latest, otherwise="not the latest score")

        return Rows.known(self, lambda: self.until.not_by(self.view.today), steps)

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

    @word
    def replaced(self) -> Dates:
        """The day of the next score in view of the account's product, whatever engagement it names."""
        return replaced(self)

    @remembered
    def adoption_on(self, day: int) -> Adoption:
        """The product adoption health of each account in view on a day."""
        return adoption(self, day)
