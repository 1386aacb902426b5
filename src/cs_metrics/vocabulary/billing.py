"""Subscriptions as periods of constant MRR, and their renewals."""

from __future__ import annotations

import numpy as np

from ..columns import Amounts, Array, Codes, Dates, Flags, Numbers, Refs
from ..periods import Window
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

    end: Dates
    """The first day on which the period counts no more: it ended, was cancelled, or never counts."""

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
        started, ended = self.daily("started_on"), self.daily("end")
        count, today = None, self.view.today
        if started is not None and ended is not None and day <= today:
            count = started.by(day, today) - ended.by(day, today)
        return self.everything.where(lambda: self.active_on(day), otherwise="not active", count=count)

    def cancelled_mrr(self, window: Window) -> int | None:
        """The MRR of those cancelled in a window, where it is known without looking at them."""
        cancelled, today = self.daily("cancelled_on"), self.view.today
        return None if cancelled is None or window.last > today else cancelled.amount_within(window, today)

    def active_mrr(self, day: int) -> int | None:
        """The MRR of the subscriptions active on a day, where it is known without looking at them."""
        started, ended, today = self.daily("started_on"), self.daily("end"), self.view.today
        if started is None or ended is None or day > today:
            return None
        return started.amount_by(day, today) - ended.amount_by(day, today)

    @remembered
    def account_mrr(self, day: int) -> Amounts:
        """The MRR of each account in view on a day, 0 without an active subscription."""
        return self.account.sum(self.mrr, self.active_on(day))

    def fell_due(self, window: Window) -> Flags:
        """With a renewal due in the window, active now or not; by their own next billing without renewals."""
        if not self.view.has("renewals"):
            return self.next_billing_on.within(window)
        renewals = self.view.renewals
        return renewals.subscription.any(renewals.due_index(window))


class Renewals(ViewTable):
    subscription: Refs
    due_on: Dates
    renewed_on: Dates

    @remembered
    def due_index(self, window: Window) -> Array:
        """The rows that exist and fall due in the window, in any order."""
        calendar = self.calendar() if self.n == self.table.n else None
        if calendar is None:
            due = self.due_on.within(window)
            return (due if self.exists is None else due & self.exists).nonzero()[0]
        found = calendar.within(window)
        return found if self.exists is None else found[self.exists.take(found)]

    def due_within(self, window: Window) -> Rows:
        """The renewals that fall due in the window."""

        def find() -> Flags:
            found = np.zeros(self.n, bool)
            found[self.due_index(window)] = True
            return found

        count = len(self.due_index(window))
        return self.everything.where(find, otherwise="not due in the period", count=count)

    def accomplished(self, window: Window) -> tuple[int, int]:
        """How many subscriptions were renewed by the window's last day, of how many that fell due in it."""
        due = self.due_index(window)
        renewed = due[self.renewed_on.days.take(due) <= window.last]
        return self.subscription.distinct(renewed), self.subscription.distinct(due)
