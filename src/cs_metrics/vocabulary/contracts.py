"""Contracts and the decisions on their renewal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..columns import Amounts, Codes, Dates, DerivedDates, Flags, Refs, at
from ..periods import Window, next_days
from ..records import ContractState, OpportunityStage, RenewalStage
from ..scope import ViewTable, own, word
from ..selection import Rows
from .owners import owner

if TYPE_CHECKING:
    from ..columns import Array
    from ..daily import Standing
    from ..periods import Month

__all__ = ["Contracts", "Decisions", "Opportunities"]


class Decisions:
    """What became of each contract's renewal by the as-of day, and when that was decided.

    From the last `renew` opportunity closed by the as-of day where there is one, else from the contract. A
    decision dated later is none yet; one without a day stands, but nobody knows when it fell.
    """

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self._today = contracts.view.today

    @cached_property
    def _deciding(self) -> Deciding | None:
        return _deciding(self._contracts)

    @cached_property
    def won(self) -> Flags:
        found = self._contracts.renewed_from.by(self._today)
        if self._deciding is not None:
            found[self._deciding.contracts] = self._deciding.won
        return found

    @cached_property
    def lost(self) -> Flags:
        found = self._contracts.rejected_from.by(self._today)
        if self._deciding is not None:
            found[self._deciding.contracts] = ~self._deciding.won
        return found

    @cached_property
    def on(self) -> Dates:
        contracts = self._contracts  # nothing that leads back here: who asks no more lets go of all of it
        return DerivedDates(lambda: _decided_on(contracts))

    def by_month(self, months: Sequence[Month], amounts: Amounts | None) -> dict[str, list[int]] | None:
        """How many contracts were won and lost in each month, or what they amount to, where that can be told without
        a look at all of them.
        """
        contracts, today = self._contracts, self._today
        portfolio = contracts.view.portfolio
        said = portfolio.table("opportunities" if contracts.view.has("opportunities") else "contracts")
        verdicts = said.prepared.verdicts
        if verdicts is None or not contracts.whole:
            return None
        found: dict[str, list[int]] = {"won": [], "lost": []}
        for month in months:
            rows, won = verdicts.within(Window(month.first, month.last), today)
            for name, chosen in (("won", rows[won]), ("lost", rows[~won])):
                found[name].append(len(chosen) if amounts is None else int(amounts.known(chosen).sum()))
        return found


def _deciding(contracts: Contracts) -> Deciding | None:
    view = contracts.view
    return view.opportunities.deciding if view.has("opportunities") else None


def _decided_on(contracts: Contracts) -> Array:
    found, deciding = contracts.renewal_finalized_on.days.copy(), _deciding(contracts)
    if deciding is not None:
        found[deciding.contracts] = deciding.on
    return found


@attrs.frozen(eq=False)
class Deciding:
    """Which contracts' renewal opportunities decide, whether it was won, and when they were closed."""

    contracts: Array
    won: Flags
    on: Array


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
        """What became of their renewal by the as-of day."""
        return Decisions(self)

    @word
    def undecided(self) -> Flags:
        """Whose renewal neither the contract nor an opportunity has decided by the as-of day."""
        today = self.view.today
        found = self.renewed_from.not_by(today)
        found &= self.rejected_from.not_by(today)
        if self.view.has("opportunities"):
            overruled = self.view.portfolio.table("opportunities").prepared.sums["overruled_from"]
            found &= self._cut(overruled) > today
        return found

    @word
    def under_review(self) -> Flags:
        """Under review or awaiting it."""
        return self.renewal_stage.isin((RenewalStage.AWAITING_REVIEW, RenewalStage.UNDER_REVIEW))

    @word
    def active_or_expired(self) -> Flags:
        return self.state.isin((ContractState.ACTIVE, ContractState.EXPIRED))

    @word
    def signed_ones(self) -> Rows:
        """Contracts that were signed: active or expired."""
        return self.everything.where(lambda: self.active_or_expired, otherwise="draft or cancelled")

    def signed_by_month(self, months: Sequence[Month]) -> list[int] | None:
        """What those come to that start in each month, where that is known without a look at them."""
        known, today = self.daily("starts_on", "signed"), self.view.today
        if known is None:
            return None
        return [known.amount_within(Window(month.first, month.last), today) for month in months]

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
        steps = lambda: self.in_force_ones.only(self._at_risk(), otherwise="without an active risk signal")  # noqa: E731
        known = self.standing_at_risk()
        return Rows.known(
            self, self._at_risk, steps, count=None if known is None else known.on(self.view.today)
        )

    def standing_at_risk(self) -> Standing | None:
        """How many there are, worth how much, where that is known of all contracts and all signals are in view."""
        return self.view.risk_signals.standing("at_risk") if self.whole else None

    def _at_risk(self) -> Flags:
        signals = self.view.risk_signals
        touches = signals.table.prepared.touches
        if touches is None or self.rows is not None or signals.rows is not None:
            return self.touched_by(signals.active_ones.index)
        touched = np.zeros(self.n, bool)
        begins, until = signals.table.begins, signals.table.prepared.days["until"]
        assert begins is not None
        runs = slice(self.lo, self.hi), slice(signals.lo, signals.hi)
        touched[touches.active(until, begins, self.view.today, *runs)] = True
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

    @word
    def deciding(self) -> Deciding:
        """Those that overrule what their contract says of its renewal: of each contract the latest `renew` one that
        was closed by the as-of day, of several on one day that with the smallest id.
        """
        deciding = self.decides_from.by(self.view.today)
        deciding &= self.decides_until.not_by(self.view.today)
        rows = deciding.nonzero()[0]
        won = self.stage.codes.take(rows) == self.stage.labels.index(OpportunityStage.CLOSED_WON)
        return Deciding(self.contract.rows.take(rows), won, self.closed_on.days.take(rows))
