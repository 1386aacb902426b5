"""What happened when, counted by day while tables are laid out: created, cancelled, completed, due, performed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .daily import Daily, Dues, Settled
from .facts import NOTHING, Prepared, begins_of, column_of, known_column, where_is
from .intake import Coded
from .periods import NO_DAY
from .records import PlaybookStatus, SubscriptionStatus, TaskStatus
from .standings import FEW_WORDS, words

if TYPE_CHECKING:
    from .columns import Array
    from .layout import Table

__all__ = ["HAPPENINGS", "LONG"]

LONG = 1_000
"""From so many rows on what happened is worth counting beforehand."""


def _daily(table: Table, *columns: str) -> dict[tuple[str, ...], Daily]:
    """How many rows have each of these days by when."""
    found = {(name,): Daily.of(known_column(table, name), table.begins) for name in columns}
    return {key: daily for key, daily in found.items() if daily is not None}


def _daily_by(
    table: Table, days: str, by: str, rows: Array | None = None, *, ahead: bool = False
) -> dict[tuple[str, ...], Daily]:
    """The same of rows with each word of a column, where these are few; with `ahead` of rows that may have
    their day yet to come, and of how many there are by when.
    """
    words = table.columns[by]
    assert isinstance(words, Coded)
    if len(words.labels) > FEW_WORDS:
        return {}
    begins = begins_of(table)
    found: dict[tuple[str, ...], Daily | None] = {}
    for code, label in enumerate(words.labels):
        chosen = words.codes == code
        index = np.flatnonzero(chosen if rows is None else chosen & rows)
        found[days, str(label)] = Daily.of(known_column(table, days)[index], begins[index], ahead=ahead)
        if ahead:
            found["begins", str(label)] = Daily.of(begins[index], None)
    made = {key: daily for key, daily in found.items() if daily is not None}
    return made if len(made) == len(found) else {}


def _created(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many accounts or contacts were created by when."""
    return Prepared(daily=_daily(table, "created_on")) if table.n >= LONG else NOTHING


def _activities(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many activities of each kind were performed by when."""
    return Prepared(daily=_daily_by(table, "performed_on", "kind")) if table.n >= LONG else NOTHING


def _tasks(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many tasks were created and completed by when, how many of each status there are, and of the open ones
    how many are due."""
    if table.n < LONG:
        return NOTHING
    open_ = where_is(table, "status", TaskStatus.TO_DO) | where_is(table, "status", TaskStatus.IN_PROGRESS)
    due = _daily_by(table, "due_on", "status", open_, ahead=True)
    return Prepared(daily=_daily(table, "created_on", "completed_on") | due, standing=words(table, "status"))


def _subscriptions(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """The first day on which a period counts no more: it ended, was cancelled, or never counts.

    A row without an end whose status is neither active nor past due never counts: it ends before it begins.
    And how many were cancelled, and began and ceased to count, by when, with what MRR.
    """
    started, cancelled = known_column(table, "started_on"), known_column(table, "cancelled_on")
    end = np.minimum(known_column(table, "ended_on"), cancelled)
    lasting = where_is(table, "status", SubscriptionStatus.ACTIVE)
    lasting |= where_is(table, "status", SubscriptionStatus.PAST_DUE)
    end = np.where((end == NO_DAY) & ~lasting, started, end)
    mrr, begins = known_column(table, "mrr"), begins_of(table)
    accounts, starts, settled = column_of(table, "account_id"), None, None
    if accounts is not None:
        size = tables["accounts"].n
        starts = accounts.searchsorted(np.arange(size + 1, dtype=accounts.dtype)).astype(np.int32)
        settled = Settled.of(accounts, begins, end, mrr, size=size)
    if table.n < LONG:
        return Prepared({"end": end}, starts=starts, settled=settled)
    rows = np.flatnonzero(end > started)
    here = begins[rows]
    made = {
        ("cancelled_on",): Daily.of(cancelled, begins, mrr),
        ("started_on",): Daily.of(started[rows], here, mrr[rows]),
        ("end",): Daily.of(end[rows], here, mrr[rows]),
    }
    daily: dict[tuple[str, ...], Daily] = {key: known for key, known in made.items() if known is not None}
    return Prepared({"end": end}, starts=starts, settled=settled, daily=daily)


def _renewals(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """The renewals in the order of the days on which they are due."""
    parents = column_of(table, "subscription_id")
    if table.n < LONG or parents is None:
        return NOTHING
    return Prepared(
        dues=Dues.of(
            known_column(table, "due_on"), parents, known_column(table, "renewed_on"), begins_of(table)
        )
    )


def _playbook_runs(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many runs were completed by when, and of the open ones of each playbook how many are due."""
    if table.n < LONG:
        return NOTHING
    daily = _daily(table, "completed_on")
    for status in (PlaybookStatus.NEW, PlaybookStatus.IN_PROGRESS):
        due = _daily_by(table, "due_on", "playbook", where_is(table, "status", status), ahead=True)
        daily |= {(*key, str(status)): found for key, found in due.items()}
    return Prepared(daily=daily)


HAPPENINGS: Mapping[str, Callable[[Any, Mapping[str, Any]], Prepared]] = {
    "accounts": _created,
    "contacts": _created,
    "activities": _activities,
    "tasks": _tasks,
    "subscriptions": _subscriptions,
    "renewals": _renewals,
    "playbook_runs": _playbook_runs,
}
