"""Subscriptions as periods of constant MRR, and their renewals."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from ..columns import Amounts, Codes, Dates, Flags, Numbers, Refs
from ..periods import NO_DAY
from ..records import SubscriptionStatus
from ..scope import ViewTable, word
from ..selection import Rows
from ..timeline import Timeline

if TYPE_CHECKING:
    from ..columns import Array
    from ..layout import Table

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
        days = (self.started_on.days, self.ended_on.days, self.cancelled_on.days)
        return Dates(_ends(*days, self.status))

    def active_on(self, day: int) -> Flags:
        """Started by `day` and not over by then."""
        active = self.started_on.by(day)
        active &= self.end.not_by(day)
        return active

    @word
    def active(self) -> Flags:
        """Active on the as-of day."""
        return self.active_on(self.view.today)

    def account_mrr(self, day: int) -> Amounts:
        """The MRR of each account in view on a day, 0 without an active subscription."""
        known = self._on_days
        if day not in known:
            known[day] = self.account.sum(self.mrr, self.active_on(day))
        return known[day]

    @word
    def _on_days(self) -> dict[int, Amounts]:
        """The MRR of accounts on the days that were asked for."""
        return {}

    @word
    def ever_active(self) -> Rows:
        """The subscriptions that counted on at least one day by the as-of day."""
        counted = self.started_on.by(self.view.today) & (self.started_on.days < self.end.days)
        return self.everything.only(counted, otherwise="never active by the as-of day")

    @word
    def timeline(self) -> Timeline:
        """When the MRR of each account in view changes; lines after the as-of day are to be passed over.

        Of a large part of a portfolio it is a run of that of the whole, which is found once for all views.
        """
        accounts, table = self.view.accounts, self.table
        a_run = self.rows is None and accounts.rows is None
        if self.view.shared and a_run and (self.exists is None or _begin_alone(table)):
            whole = _whole(table, self.view.portfolio.table("accounts").n)
            return whole.part(accounts.lo, accounts.hi)
        rows, start, end, mrr = self.account.rows, self.started_on.days, self.end.days, self.mrr.minor
        if self.exists is not None:
            rows, start, end, mrr = (column[self.exists] for column in (rows, start, end, mrr))
        return Timeline.of(rows, accounts.n, start, end, mrr)


class Renewals(ViewTable):
    subscription: Refs
    due_on: Dates
    renewed_on: Dates


def _ends(started: Array, ended: Array, cancelled: Array, status: Codes) -> Array:
    end = np.minimum(ended, cancelled)
    open_ended = end == NO_DAY
    open_ended &= ~status.isin((SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE))
    return np.where(open_ended, started, end)


_FINDING = threading.Lock()


def _whole(table: Table, accounts: int) -> Timeline:
    """The timeline of all accounts, kept beside the laid-out table: it is the same for every day and viewer."""
    with _FINDING:
        found = table.__dict__.get("timeline")
        if found is None:
            names = ("started_on", "ended_on", "cancelled_on", "status", "mrr")
            start, ended, cancelled, status, mrr = (table.stored[name][0] for name in names)
            end = _ends(start, ended, cancelled, table.stored["status"][1](status))
            whose = np.asarray(table.columns["account_id"])
            found = table.__dict__["timeline"] = Timeline.of(whose, accounts, start, end, mrr)
    return found


def _begin_alone(table: Table) -> bool:
    """Whether no subscription waits for its account to exist."""
    return table.begins is table.columns["started_on"]
