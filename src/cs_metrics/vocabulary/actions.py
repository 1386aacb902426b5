"""What is done with customers, and who they are: playbooks, alerts, activities, contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..columns import Amounts, Codes, Dates, Flags, Numbers, Refs
from ..periods import FIRST_DAY
from ..records import AlertKind, PlaybookStatus
from ..scope import ViewTable, word
from ..selection import Rows
from .urgency import known_urgency, urgency

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["Activities", "Alerts", "ByName", "Contacts", "PlaybookRuns"]


OPEN = str(PlaybookStatus.IN_PROGRESS), str(PlaybookStatus.NEW)
"""What an open run is: under way, or waiting."""


class Contacts(ViewTable):
    account: Refs
    role: Codes
    created_on: Dates


class PlaybookRuns(ViewTable):
    playbook: Codes
    account: Refs
    status: Codes
    started_on: Dates
    due_on: Dates
    completed_on: Dates

    @word
    def open_ones(self) -> Rows:
        """The runs that are new or in progress; a run that has not started yet is not in view."""
        known = self.by_urgency()
        count = None if known is None else sum(map(sum, known))
        return self.everything.where(lambda: self.status.isin(OPEN), otherwise="not open", count=count)

    @word
    def urgency(self) -> Codes:
        """Of open runs: overdue, due soon, in progress, new."""
        return urgency(self.due_on, self.view.today, self.status, OPEN)

    def by_urgency(self) -> list[list[int]] | None:
        """How many open runs of each playbook there are of each, where that is known without a look at them."""
        if self.daily("completed_on") is None:
            return None
        found = [known_urgency(self, OPEN, label) for label in self.playbook.labels]
        return [line for line in found if line is not None] if None not in found else None


@attrs.frozen(eq=False)
class ByName:
    """Open alerts by name: on how many accounts, the MRR of these, each once, and the latest raised."""

    names: list[str]
    accounts: Numbers
    mrr: Amounts
    latest_on: Dates


class Alerts(ViewTable):
    name: Codes
    kind: Codes
    account: Refs
    raised_on: Dates
    closed_on: Dates
    action_defined: Flags

    @word
    def open_ones(self) -> Rows:
        """Alerts not closed by the as-of day; those not raised yet are not in view."""
        return self.everything.only(self.closed_on.not_by(self.view.today), otherwise="closed")

    def by_name(self, mrr_of: Callable[[Array], Amounts]) -> ByName:
        """The open alerts by name; `mrr_of` gives the MRR of some accounts in view."""
        index = self.open_ones.index
        codes = self.name.codes.take(index)
        order = codes.argsort(kind="stable")  # alerts lie by account, so within a name they still do
        index, codes = index.take(order), codes.take(order)
        account = self.account.rows.take(index)
        first = np.ones(len(index), bool)
        first[1:] = codes[1:] != codes[:-1]
        starts = first.nonzero()[0]
        first[1:] |= account[1:] != account[:-1]
        new = first.nonzero()[0]
        mrr = mrr_of(account.take(new))
        worth = np.zeros(len(index), np.int64)
        worth[new] = mrr.minor
        return ByName(
            [self.name.labels[code] for code in codes[starts].tolist()],
            Numbers(_runs(np.add, first.astype(np.int64), starts)),
            Amounts(_runs(np.add, worth, starts), mrr.exponent),
            Dates(_runs(np.maximum, self.raised_on.days.take(index), starts)),
        )

    def newest_unattended(self, kind: AlertKind) -> Array:
        """Of each account in view its newest open alert of a kind without a defined action, -1 without any.

        Of several on one day that with the smallest id.
        """
        chosen = self.open_ones.flags & self.kind.is_(kind) & ~self.action_defined
        index = chosen.nonzero()[0]
        accounts, raised = self.account.rows.take(index), self.raised_on.days.take(index)
        newest = np.full(self.account.size, FIRST_DAY, np.int32)
        np.maximum.at(newest, accounts, raised)
        top = raised == newest.take(accounts)
        index, accounts = index[top], accounts[top]
        tied = np.bincount(accounts, minlength=self.account.size).take(accounts) > 1
        by_id = sorted(zip(self.ids(index[tied]), index[tied].tolist(), strict=True), reverse=True)
        found: Array = np.full(self.account.size, -1, np.int64)
        found[accounts] = index
        for _, row in by_id:  # few: the last one assigned has the smallest id
            found[self.account.rows[row]] = row
        return found


def _runs(add: np.ufunc, values: Array, starts: Array) -> Array:
    """The runs of values that begin at `starts`, each taken together."""
    return np.asarray(add.reduceat(values, starts)) if len(starts) else values


class Activities(ViewTable):
    account: Refs
    kind: Codes
    performed_on: Dates
