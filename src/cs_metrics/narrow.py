"""Which rows of a view the filters keep."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from .columns import at
from .errors import MissingTable
from .scope import own
from .vocabulary.owners import positions_of

if TYPE_CHECKING:
    from .columns import Array, Flags
    from .filters import Filters
    from .models import Cut, EffortModel
    from .scope import ViewTable
    from .view import View

__all__ = ["Filtering", "segmented"]

ACCOUNT_FILTERS = {"industries": "industry", "segments": "segment", "groups": "group"}
ENGAGEMENT_FILTERS = {"stages": "stage", "health": "health"}


def segmented(filters: Filters) -> tuple[str, EffortModel, Cut]:
    """By what value, effort and cut accounts get the segments that filters look for."""
    settings = filters.settings
    return settings["segment_value"], settings["effort_model"], settings["cut"]


class Filtering:
    """One set of filters at work on one unfiltered view."""

    def __init__(self, view: View, filters: Filters) -> None:
        self.view = view
        self.filters = filters
        self._kept: dict[str, Flags | None] = {}

    def table(self, name: str) -> Flags | None:
        """Which rows of a table of the unfiltered view are kept; None where all are."""
        if name not in self._kept:
            self._kept[name] = self._table(name)
        return self._kept[name]

    def _table(self, name: str) -> Flags | None:
        table = self.view.table(name)
        if name == "accounts":
            return self._accounts(table)
        if name == "engagements":
            return self._engagements(table)
        if name == "tasks":
            return self._tasks(table)
        follows = table.table.schema.follows
        if follows in ((), ("id",)):
            return None
        return self._followers(table)

    def _followers(self, table: ViewTable) -> Flags:
        """Rows of the other tables go where the row that they follow goes."""
        keep: Flags = np.zeros(table.n, bool)
        for column in reversed(table.table.schema.follows):
            if not self._known(table, column):
                continue
            parent = table.table.schema.columns[column].refers or ""
            chosen = self.table(parent)
            parents = self.view.table(parent)
            flags = np.ones(parents.n, bool) if chosen is None else chosen
            named = table.values(column) >= 0
            keep = np.where(named, table.refs(column).take(flags), keep)
        return keep

    @staticmethod
    def _known(table: ViewTable, column: str) -> bool:
        """Whether a table has a reference; whom it names of a table that was not supplied could match or not."""
        if column in table.table.unresolved:
            raise MissingTable(table.table.schema.columns[column].refers or "")
        return column in table.table.columns

    def _accounts(self, accounts: ViewTable) -> Flags:
        rows = accounts.whole_numbers(np.arange(accounts.n))
        keep = self._account_matches(rows) & self._owned(accounts)
        for option, column in ENGAGEMENT_FILTERS.items():
            words = getattr(self.filters, option)
            if words is not None:
                engagements = self.view.engagements
                matching = engagements.open & getattr(engagements, column).isin(words)
                keep &= engagements.refs("account_id").any(matching)
        return keep & self._valued(accounts, "account_id")

    def _engagements(self, engagements: ViewTable) -> Flags:
        rows = engagements.whole_numbers(np.arange(engagements.n))
        keep = self._engagement_matches(rows) & self._owned(engagements)
        return keep & self._valued(engagements, "engagement_id")

    def _tasks(self, tasks: ViewTable) -> Flags:
        """By the engagement that a task names, else by the account; `owners` looks at the assignee."""
        keep = self._owned(tasks)
        if not self.filters.applied.keys() - {"owners"}:
            return keep
        by_engagement, by_account = np.zeros(tasks.n, bool), np.zeros(tasks.n, bool)
        if self._known(tasks, "engagement_id"):
            rows = tasks.values("engagement_id")
            by_engagement = rows >= 0
            matches = self._engagement_matches(rows)
            if self.filters.contract_values is not None:
                matches &= self._parent_valued(tasks, "engagement_id")
            keep &= matches | ~by_engagement
        if self._known(tasks, "account_id"):
            by_account = (tasks.values("account_id") >= 0) & ~by_engagement
            keep &= self._task_accounts(tasks) | ~by_account
        return keep & (by_engagement | by_account)

    def _task_accounts(self, tasks: ViewTable) -> Flags:
        """Whether the accounts that tasks name match, as far as the viewer may see."""
        matches = self._account_matches(tasks.values("account_id"))
        for option, column in ENGAGEMENT_FILTERS.items():
            words = getattr(self.filters, option)
            if words is not None:
                engagements = self.view.engagements
                matching = engagements.open & getattr(engagements, column).isin(words)
                matches &= tasks.refs("account_id").take(engagements.refs("account_id").any(matching))
        if self.filters.contract_values is not None:
            matches &= self._parent_valued(tasks, "account_id")
        return matches

    def _account_matches(self, rows: Array) -> Flags:
        """By accounts' own columns; `rows` are rows of the laid-out accounts."""
        keep: Flags = np.ones(len(rows), bool)
        portfolio = self.view.portfolio
        if self.filters.accounts is not None:
            wanted = [portfolio.find("accounts", key) for key in self.filters.accounts]
            keep &= np.isin(rows, [row for row in wanted if row >= 0])
        for option, column in ACCOUNT_FILTERS.items():
            words = getattr(self.filters, option)
            if words is not None:
                keep &= own(portfolio.table("accounts"), column, rows).isin(words)
        if self.filters.settings:
            keep &= self._standing[self.view.accounts.locate(rows)]  # who is out of scope stands nowhere
        return keep

    @functools.cached_property
    def _standing(self) -> Flags:
        """Whether the accounts in view have one of the bands and segments; at the end, those that are not."""
        accounts, filters = self.view.accounts, self.filters
        keep: Flags = np.ones(accounts.n, bool)
        if filters.health_bands is not None and filters.health_model is not None:
            keep &= accounts.bands(filters.health_model).isin(filters.health_bands)
        if filters.customer_segments is not None:
            keep &= accounts.placed(*segmented(filters)).segment.isin(filters.customer_segments)
        return np.append(keep, False)

    def _engagement_matches(self, rows: Array) -> Flags:
        """By engagements' and their accounts' own columns; `rows` are rows of the laid-out engagements."""
        keep: Flags = np.ones(len(rows), bool)
        engagements = self.view.portfolio.table("engagements")
        if self.filters.applied.keys() & {"accounts", *ACCOUNT_FILTERS, "customer_segments", "health_bands"}:
            self.view.portfolio.table("accounts")
            accounts = at(np.asarray(engagements.columns["account_id"]), rows, -1)
            keep &= self._account_matches(accounts)
        for option, column in ENGAGEMENT_FILTERS.items():
            words = getattr(self.filters, option)
            if words is not None:
                keep &= own(engagements, column, rows).isin(words)
        return keep

    def _owned(self, table: ViewTable) -> Flags:
        """Whether the row's owner, or a task's assignee, is one of `owners` or below one of them.

        Who is outside the viewer's scope adds nothing, not even the viewer's own rows.
        """
        if self.filters.owners is None:
            return np.ones(table.n, bool)
        users = self.view.portfolio.table("users")
        wanted = np.zeros(users.n + 1, bool)  # the last one is "nobody's"
        for owner in self.filters.owners:
            lo, hi = self.view.portfolio.positions(owner)
            if self.view.sees_position(lo):
                wanted[lo:hi] = True
        return np.asarray(wanted[positions_of(table)])

    def _valued(self, table: ViewTable, column: str) -> Flags:
        """Whether the value of its contracts in force lies in one of the bands."""
        if self.filters.contract_values is None:
            return np.ones(table.n, bool)
        contracts = self.view.contracts
        values = contracts.refs(column).sum(contracts.value, contracts.in_force)
        keep: Flags = np.zeros(table.n, bool)
        for band in self.filters.contract_values:
            keep |= values.within(*band.minor(values.exponent))
        return keep

    def _parent_valued(self, tasks: ViewTable, column: str) -> Flags:
        """The value in force of what a task names; what is out of scope has none that the viewer may see."""
        parent = tasks.table.schema.columns[column].refers or ""
        nothing = any((band.low or 0) <= 0 and (band.high is None or band.high > 0) for band in self._bands)
        refs = tasks.refs(column)
        matches = refs.take(self._valued(self.view.table(parent), column))
        return matches | ((refs.rows < 0) & nothing)

    @property
    def _bands(self) -> tuple[Any, ...]:
        return self.filters.contract_values or ()
