"""Who looks, at which day, at what: closed unless opened."""

from __future__ import annotations

import enum
import functools
import threading
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np

from . import narrow, periods
from . import vocabulary as words
from .options import options
from .scope import ViewTable
from .sorting import runs_of
from .vocabulary import TABLES

if TYPE_CHECKING:
    import datetime as dt

    from .columns import Array, Flags
    from .filters import Filters
    from .layout import Table
    from .models import Cut
    from .portfolio import Portfolio

__all__ = ["EVERYONE", "View", "Viewer"]


class Everyone(enum.Enum):
    """Said aloud: a view of the whole portfolio."""

    EVERYONE = "everyone"

    def __repr__(self) -> str:
        return "EVERYONE"


EVERYONE = Everyone.EVERYONE
Viewer: TypeAlias = int | str | Literal[Everyone.EVERYONE]


LARGE = 100_000
"""From so many rows in view on, several threads may share its words, so each is computed under a lock."""


V = TypeVar("V", bound=ViewTable)


class _Supplied(Generic[V]):
    """A table as an attribute of a view: looked up once."""

    def __init__(self, kind: type[V]) -> None:
        self.kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, view: View, owner: type) -> V:
        found: V = view.table(self.name)
        view.__dict__[self.name] = found
        return found


def _inside(view: View) -> View:
    """A view for its own tables: with all that it has, but so that they do not keep it alive."""
    inside = object.__new__(View)
    inside.__dict__ = view.__dict__
    return inside


class View:
    """What one viewer sees of a portfolio on one day, under filters; made by `Portfolio.view`.

    `viewer` is a user's id or EVERYONE, `as_of` the day on which it stands, `filters` what it is narrowed to.
    Tables are attributes (`view.engagements`); a table that was not supplied raises `MissingTable`.
    """

    users = _Supplied(words.Users)
    accounts = _Supplied(words.Accounts)
    engagements = _Supplied(words.Engagements)
    qbrs = _Supplied(words.Qbrs)
    touchpoints = _Supplied(words.Touchpoints)
    tasks = _Supplied(words.Tasks)
    risk_signals = _Supplied(words.RiskSignals)
    objectives = _Supplied(words.Objectives)
    adoption_scores = _Supplied(words.AdoptionScores)
    contracts = _Supplied(words.Contracts)
    opportunities = _Supplied(words.Opportunities)
    contacts = _Supplied(words.Contacts)
    subscriptions = _Supplied(words.Subscriptions)
    renewals = _Supplied(words.Renewals)
    playbook_runs = _Supplied(words.PlaybookRuns)
    alerts = _Supplied(words.Alerts)
    activities = _Supplied(words.Activities)
    stack_items = _Supplied(words.StackItems)
    stack_tags = _Supplied(words.StackTags)
    stack_positions = _Supplied(words.StackPositions)
    measures = _Supplied(words.Measures)
    usage = _Supplied(words.Usage)
    propensities = _Supplied(words.Propensities)
    campaign_touches = _Supplied(words.CampaignTouches)

    measured_elsewhere: frozenset[str] = frozenset()
    """Which metrics are measured in the rest of a view of which this is one shard's part: they are no slips."""

    def __init__(
        self,
        portfolio: Portfolio,
        as_of: dt.date,
        viewer: Viewer,
        filters: Filters | None,
        positions: tuple[int, int] | None,
    ) -> None:
        self.portfolio = portfolio
        self.as_of = as_of
        self.today = periods.day_number(as_of)
        self.viewer = viewer
        self.filters = filters
        self._positions = positions
        self._inside: View | None = _inside(self)
        self.shared = self.size >= LARGE
        self._tables: dict[str, ViewTable] = {}
        self._lock = threading.RLock()
        self._filtering: narrow.Filtering | None = None
        if filters is not None and filters.applied:
            whole = View(portfolio, as_of, viewer, None, positions)
            self._filtering = narrow.Filtering(whole, filters)

    def __del__(self) -> None:
        """Let go of what was found, at once.

        Tables, their words and the view inside lead to one another: the arrays of large views, and the portfolio,
        would wait for the garbage collector. Who still holds one of the tables goes on with it; its words are
        found anew.
        """
        known = self.__dict__
        if known.get("_inside") in (None, self):
            return
        known["_inside"] = None
        for name, table in list(known.get("_tables", {}).items()):
            table.forget()
            known.pop(name, None)
            known["_tables"].pop(name, None)

    def __repr__(self) -> str:
        applied = () if self.filters is None else self.filters.applied
        narrowed = f", filtered by {', '.join(applied)}" if applied else ""
        return f"<View of {self.viewer!r} on {self.as_of.isoformat()}{narrowed}>"

    def _repr_html_(self) -> str:
        from .render.notebook import of_view

        return of_view(self)

    @property
    def size(self) -> int:
        """About how many rows there are in view, before filters: whether it is small or large."""
        if self._positions is None:
            return self.portfolio.size
        lo, hi = self._positions
        return self.portfolio.size * (hi - lo) // max(self.portfolio.hierarchy.size, 1)

    @property
    def positions(self) -> tuple[int, int]:
        """The run of the org tree in scope; to EVERYONE also what is nobody's, behind all positions."""
        return (0, self.portfolio.hierarchy.size + 1) if self._positions is None else self._positions

    def sees_position(self, position: int) -> bool:
        """Whether the user at a position of the org tree is in the viewer's scope."""
        return self._positions is None or self._positions[0] <= position < self._positions[1]

    def has(self, table: str) -> bool:
        """Whether a table was supplied."""
        return table in self.portfolio.tables

    def table(self, name: str) -> Any:
        """A table in view."""
        found = self._tables.get(name)
        if found is None:
            with self._lock:
                found = self._tables.get(name) or self._make(self.portfolio.table(name))
                self._tables[name] = found
        return found

    def _make(self, table: Table) -> ViewTable:
        name = table.schema.name
        if self._filtering is None:
            return TABLES.get(name, ViewTable)(self._inside or self, table, *self._run(table))
        base = self._filtering.view.table(name)
        keep = self._filtering.table(name)
        rows = None if keep is None or keep.all() else base.whole_numbers(np.flatnonzero(keep))
        return TABLES.get(name, ViewTable)(self._inside or self, table, base.lo, base.hi, rows)

    def _run(self, table: Table) -> tuple[int, int]:
        """The run of the table's rows that the viewer may see."""
        if self._positions is None or not table.schema.follows:
            return 0, table.n
        if table.starts is None:
            return 0, 0  # nobody knows whose it is: EVERYONE's alone
        lo, hi = self._positions
        return int(table.starts[lo]), int(table.starts[hi])

    @functools.cached_property
    def ytd(self) -> periods.Window:
        """The fiscal year that holds the as-of day, from its first day to that day."""
        return periods.ytd(self.as_of, self.portfolio.settings.fiscal_year_start)

    @functools.cached_property
    def months(self) -> tuple[periods.Month, ...]:
        """The months of the fiscal year so far."""
        return periods.months(self.as_of, self.portfolio.settings.fiscal_year_start)

    def next_days(self, count: int, option: str = "within") -> periods.Window:
        """The as-of day and the `count` days after it."""
        return periods.next_days(self.today, periods.as_count(count, option))

    def last_days(self, count: int, option: str = "within") -> periods.Window:
        """The as-of day and the `count` days before it."""
        return periods.last_days(self.today, periods.as_count(count, option))

    def escalated_accounts(self, accounts: Array) -> Flags:
        """Whether the accounts of rows in view have an open escalation; `accounts` are laid-out rows."""
        table = self.portfolio.table("escalations")
        self.portfolio.table("accounts")
        refs: Any = table.columns["account_id"]
        opened, closed = (np.asarray(table.columns[name]) for name in ("opened_on", "closed_on"))
        if len(accounts) * 8 < table.n:  # few accounts: only their escalations are looked at
            chosen, whose = runs_of(refs, accounts)
            found = np.zeros(len(accounts), bool)
            found[whose[(opened[chosen] <= self.today) & (closed[chosen] > self.today)]] = True
            return found
        escalated = np.zeros(self.portfolio.tables["accounts"].n, bool)
        escalated[refs[(opened <= self.today) & (closed > self.today)]] = True
        return escalated.take(accounts)

    def options(self, name: str) -> list[Any]:
        """What a filter may be set to: only what the viewer can see, whatever the view is filtered by.

        `name` is one of owners, industries, segments, groups, accounts, health, stages, customer_segments and
        health_bands (those of the filters' model).
        """
        return options(self if self._filtering is None else self._filtering.view, name, self.filters)

    @property
    def unfiltered(self) -> View:
        """The same view without its filters."""
        return self if self._filtering is None else self._filtering.view

    @property
    def cut(self) -> Cut | None:
        """The thresholds by which a filter by customer segment went, None without one."""
        if self._filtering is None or self._filtering.filters.customer_segments is None:
            return None
        whole: View = self._filtering.view
        return whole.accounts.placed(*narrow.segmented(self._filtering.filters)).cut
