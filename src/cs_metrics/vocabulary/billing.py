"""Subscriptions as periods of constant MRR, and their renewals."""

from __future__ import annotations

import numpy as np

from ..columns import Amounts, Codes, Dates, Flags, Numbers, Refs
from ..periods import NO_DAY, Window
from ..records import SubscriptionStatus
from ..scope import ViewTable, remembered, word
from ..selection import Rows

__all__ = ["Renewals", "Subscriptions"]


class Subscriptions(ViewTable):
    account: Refs
    plan: Codes
    mrr: Amounts
    seats: Numbers
    status: Codes
    started_on: Dates
    ended_on: Dates
    cancelled_on: Dates
    next_billing_on: Dates

    @word
    def end(self) -> Dates:
        """The first day on which the period counts no more: it ended, was cancelled, or never counts.

        A row without an end whose status is neither active nor past due never counts: it ends before it
        begins. Missing where it counts from its start on, for ever.
        """
        end = np.minimum(self.ended_on.days, self.cancelled_on.days)
        open_ended = end == NO_DAY
        open_ended &= ~self.status.isin((SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE))
        return Dates(np.where(open_ended, self.started_on.days, end))

    @remembered
    def active_on(self, day: int) -> Flags:
        """Started by `day` and not over by then."""
        active = self.started_on.by(day)
        active &= self.end.not_by(day)
        return active

    @word
    def active(self) -> Flags:
        """Active on the as-of day."""
        return self.active_on(self.view.today)

    @remembered
    def active_ones_on(self, day: int) -> Rows:
        """The subscriptions active on a day, of those that exist on the as-of day."""
        return self.everything.only(self.active_on(day), otherwise="not active")

    @remembered
    def account_mrr(self, day: int) -> Amounts:
        """The MRR of each account in view on a day, 0 without an active subscription."""
        return self.account.sum(self.mrr, self.active_on(day))

    def fell_due(self, window: Window) -> Flags:
        """With a renewal due in the window, active now or not; by their own next billing without renewals."""
        if not self.view.has("renewals"):
            return self.next_billing_on.within(window)
        renewals = self.view.renewals
        return renewals.subscription.any(renewals.due_on.within(window))


class Renewals(ViewTable):
    subscription: Refs
    due_on: Dates
    renewed_on: Dates

    def due_within(self, window: Window) -> Rows:
        """The renewals that fall due in the window."""
        return self.everything.only(self.due_on.within(window), otherwise="not due in the period")
