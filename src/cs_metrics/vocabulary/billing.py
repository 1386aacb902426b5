"""Subscriptions as periods of constant MRR, and their renewals."""

from __future__ import annotations

import threading
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..columns import Amounts, Array, Codes, Dates, Flags, Numbers, Refs
from ..periods import Window, last_months, months_before
from ..scope import ViewTable, remembered, word
from ..selection import Rows
from ..timeline import Timeline

if TYPE_CHECKING:
    from ..layout import Table

__all__ = ["Due", "MrrOf", "Renewals", "Subscriptions"]


@attrs.frozen
class Movements:
    """What MRR came from and went to, in minor units; all lists by month."""

    months: list[str]
    opening: list[int]
    kinds: dict[str, list[int]]
    closing: list[int]

    @classmethod
    def of(cls, months: list[str], opening: int, kinds: dict[str, list[int]]) -> Movements:
        """With what each month begins and ends with, counted on from the first opening."""
        net = [
            gained + back + more - less - lost
            for gained, back, more, less, lost in zip(*kinds.values(), strict=True)
        ]
        balances = list(accumulate(net, initial=opening))
        return cls(months, balances[:-1], kinds, balances[1:])

    @property
    def gained(self) -> int:
        """New, reactivation and expansion of all months."""
        return sum(sum(self.kinds[name]) for name in ("new", "reactivation", "expansion"))

    @property
    def lost(self) -> int:
        """Contraction and churn of all months."""
        return sum(sum(self.kinds[name]) for name in ("contraction", "churn"))


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

    @remembered
    def retained(self, months: int) -> tuple[Amounts, Amounts, Rows]:
        """What each account had so many months ago and what it has now, and those that had any."""
        then, now = (
            self.account_mrr(day) for day in (months_before(self.view.as_of, months), self.view.today)
        )
        reason = f"without MRR {months} months before"
        return then, now, self.view.accounts.everything.only(then.minor > 0, otherwise=reason)

    @word
    def ever_active(self) -> Rows:
        """The subscriptions that counted on at least one day by the as-of day; found when they are asked for."""

        def counted() -> Flags:
            by_now = self.started_on.by(self.view.today)
            by_now &= self.started_on.days < self.end.days
            return by_now

        return self.everything.where(counted, otherwise="never active by the as-of day")

    @word
    def timeline(self) -> Timeline:
        """When the MRR of each account in view changes; lines after the as-of day are to be passed over.

        It is a run of that of the whole portfolio, which is found once for all views, when somebody first looks
        at a good part of it.
        """
        accounts, table = self.view.accounts, self.table
        a_run = self.rows is None and accounts.rows is None
        if a_run and (self.exists is None or _begin_alone(table)):
            whole = _whole(table, self.view.portfolio.table("accounts").n, self.n * GOOD_PART >= table.n)
            if whole is not None:
                return whole.part(accounts.lo, accounts.hi)
        there = slice(None) if self.exists is None else self.exists
        days = self.started_on.days[there], self.end.days[there]
        return Timeline.of(self.account.rows[there], accounts.n, *days, self.mrr.minor[there])

    @remembered
    def movements(self, asked: tuple[int, int]) -> Movements:
        """What moved the MRR of accounts in so many last months; gaps of at most so many days are none."""
        months, gap_days = asked
        spans = last_months(self.view.as_of, months)
        timeline = self.timeline.bridged(gap_days, self.view.today) if gap_days else self.timeline
        return Movements.of([span.label for span in spans], *timeline.movements(spans))

    def mrr_of(self, accounts: Array, day: int) -> Amounts:
        """The same of some accounts in view only, in their order; looks at no more subscriptions than they have."""
        starts, settled = self.table.prepared.starts, self.table.prepared.settled
        if self.rows is not None or starts is None or settled is None:
            return Amounts(self.account_mrr(day).minor.take(accounts), self.mrr.exponent)
        whole = self.view.accounts.whole_numbers(accounts)
        found = settled.amounts.take(whole)
        changing = (settled.since.take(whole) > day).nonzero()[0]
        if len(changing):
            whole = whole.take(changing)
            found[changing] = self._added_up(starts.take(whole), starts.take(whole + 1), day)
        return Amounts(found, self.mrr.exponent)

    def _added_up(self, first: Array, last: Array, day: int) -> Array:
        """The MRR on a day of runs of the laid-out table."""
        ends = (last - first).cumsum(dtype=np.intp)
        rows = np.arange(ends[-1]) + np.repeat(last - self.lo - ends, last - first)
        counts = self.started_on.days.take(rows) <= day
        counts &= self.end.days.take(rows) > day
        if self.exists is not None:
            counts &= self.exists.take(rows)
        so_far = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(self.mrr.minor.take(rows) * counts, out=so_far[1:])
        return np.asarray(so_far.take(ends) - so_far.take(ends - (last - first)))

    def renewing(self, window: Window) -> Rows:
        """The active subscriptions that are billed next in the window."""
        due = self.next_billing_on.within(window).nonzero()[0]
        today = self.view.today
        counts = self.started_on.days.take(due) <= today
        counts &= self.end.days.take(due) > today
        if self.exists is not None:
            counts &= self.exists.take(due)
        found = np.zeros(self.n, bool)
        found[due[counts]] = True
        rows = self.active_ones_on(today)
        return rows.where(
            lambda: found, otherwise="not due in the period", count=int(np.count_nonzero(counts))
        )

    def fell_due(self, window: Window) -> Flags:
        """With a renewal due in the window, active now or not; by their own next billing without renewals."""
        if not self.view.has("renewals"):
            return self.next_billing_on.within(window)
        renewals = self.view.renewals
        return renewals.subscription.any_of(renewals.due(window).subscriptions)


class MrrOf:
    """The MRR of accounts on a day, as a column of a listing; added up for those that are listed."""

    kind = "amount"

    def __init__(self, subscriptions: Subscriptions, day: int) -> None:
        self.subscriptions = subscriptions
        self.day = day
        _ = subscriptions.account  # missing? then say so now

    def to_list(self, rows: Array) -> list[Any]:
        found = self.subscriptions.mrr_of(rows, self.day)
        return found.to_list(np.arange(len(rows)))

    to_array = to_list


@attrs.frozen(eq=False)
class Due:
    """The renewals due in a window: their rows, in any order, the rows of their subscriptions, and when renewed."""

    rows: Array
    subscriptions: Array
    renewed_on: Array


class Renewals(ViewTable):
    subscription: Refs
    due_on: Dates
    renewed_on: Dates

    @remembered
    def due(self, window: Window) -> Due:
        """The renewals that exist and fall due in the window."""
        dues = self.table.prepared.dues
        if dues is not None and self.rows is None and self.n == self.table.n:
            return Due(*dues.within(window, self.view.today))
        flags = self.due_on.within(window)
        rows = (flags if self.exists is None else flags & self.exists).nonzero()[0]
        return Due(rows, self.subscription.rows.take(rows), self.renewed_on.days.take(rows))

    def due_within(self, window: Window) -> Rows:
        """The same as a choice of rows."""
        due = self.due(window)

        def find() -> Flags:
            found = np.zeros(self.n, bool)
            found[due.rows] = True
            return found

        return self.everything.where(find, otherwise="not due in the period", count=len(due.rows))

    def accomplished(self, window: Window) -> tuple[int, int]:
        """How many subscriptions were renewed by the window's last day, of how many that fell due in it."""
        due, whose = self.due(window), self.subscription
        renewed = due.subscriptions[due.renewed_on <= window.last]
        return whose.distinct(renewed), whose.distinct(due.subscriptions)


GOOD_PART = 8
"""Who looks at an eighth of the subscriptions pays for laying out the timeline of all; others, for theirs."""
_FINDING = threading.Lock()


def _whole(table: Table, accounts: int, make: bool) -> Timeline | None:
    """The timeline of all accounts, kept beside the laid-out table: it is the same for every day and viewer."""
    found: Timeline | None = table.__dict__.get("timeline")
    if found is not None or not make:
        return found
    with _FINDING:
        found = table.__dict__.get("timeline")
        if found is None:
            start, end, mrr = (table.stored[name][0] for name in ("started_on", "end", "mrr"))
            whose = np.asarray(table.columns["account_id"])
            found = table.__dict__["timeline"] = Timeline.of(whose, accounts, start, end, mrr)
    return found


def _begin_alone(table: Table) -> bool:
    """Whether no subscription waits for its account to exist."""
    return table.begins is table.columns["started_on"]
