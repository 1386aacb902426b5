"""Contracts and the decisions on their renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..columns import Amounts, Codes, Dates, Flags, Refs, at
from ..periods import next_days
from ..records import ContractState, OpportunityStage, RenewalStage
from ..scope import ViewTable, own, word
from ..selection import Rows
from .owners import owner

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["Contracts", "Decisions", "Opportunities"]


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
    renewed_from: Dates
    """From when on the contract itself says that it was renewed."""
    rejected_from: Dates

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
        today = self.view.today
        won, lost = self.renewed_from.by(today), self.rejected_from.by(today)
        on = self.renewal_finalized_on.days.copy()
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

    def renewal_due(self, within: int) -> Rows:
        """Undecided, in force, and ending in the next `within` days."""

        def find() -> Rows:
            due = self.ends_on.within(next_days(self.view.today, within))
            due &= self.undecided_in_force
            return self.everything.only(due, otherwise="no renewal due")

        return self.once(("renewal_due", within), find)

    @word
    def undecided_in_force(self) -> Flags:
        return self.in_force & self.undecided

    @word
    def in_force_ones(self) -> Rows:
        """The contracts in force on the as-of day."""
        return self.everything.only(self.in_force, otherwise="not in force")

    @word
    def churn(self) -> Array:
        """The latest churn propensity of each contract's account, NaN where there is none in view."""
        if not self.view.has("propensities"):
            return np.full(self.n, np.nan)
        return at(self.view.propensities.latest_churn.values, self.account.rows, np.nan)

    @word
    def at_risk_ones(self) -> Rows:
        """Those in force that an active signal in view touches."""
        self.view.table("engagements")  # of whose being open it hangs whether a signal is active
        return Rows.known(
            self,
            self._at_risk(),
            lambda: self.in_force_ones.only(self._at_risk(), otherwise="without an active risk signal"),
        )

    def _at_risk(self) -> Flags:
        signals = self.view.risk_signals
        touches = signals.table.prepared.touches
        if touches is None or self.rows is not None or signals.rows is not None:
            return self.touched_by(signals.active_ones.index)
        touched = np.zeros(self.n, bool)
        touched[touches.active(self.view.today, (self.lo, self.hi), (signals.lo, signals.hi))] = True
        touched &= self.in_force
        return touched

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
            categories.labels[code]: self.touched_by(signals[of_category == code])
            for code in np.unique(of_category).tolist()  # in view, of what may be a long vocabulary
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
    decides_from: Dates
    decides_until: Dates
    """From when and until when a closed `renew` opportunity decides on its contract's renewal."""

    def decide(self, won: Flags, lost: Flags, on: Array) -> None:
        """Overrule what contracts say of their renewal where a closed `renew` opportunity decides it.

        The decisive one is the latest closed by the as-of day, of several on one day that with the smallest id.
        """
        deciding = self.decides_from.by(self.view.today)
        deciding &= self.decides_until.not_by(self.view.today)
        rows = deciding.nonzero()[0]
        contracts = self.contract.rows.take(rows)
        renewed = self.stage.codes.take(rows) == self.stage.labels.index(OpportunityStage.CLOSED_WON)
        won[contracts] = renewed
        lost[contracts] = ~renewed
        on[contracts] = self.closed_on.days.take(rows)
