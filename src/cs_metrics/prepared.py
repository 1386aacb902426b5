"""What can be known of rows whatever the day: worked out once, when a portfolio is laid out.

Most rows count from one day to another: a risk signal until it or its engagement closes, a score until the
next one. Where that last day is known beforehand, "does it count on A" is one comparison instead of a walk
to parents and neighbours. Everything here holds for every day and every viewer, and every array stands in
the order of its table's rows, so it is cut to a viewer's run like any column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from .columns import at
from .daily import Daily, Means, Successors
from .intake import Coded
from .measured import Ledger, Series, account_sums, ledger_of, series_of
from .periods import FIRST_DAY, LAST_DAY, NO_DAY, Window
from .records import (
    ObjectiveState,
    OpportunityKind,
    OpportunityStage,
    PlaybookStatus,
    RenewalStage,
    SubscriptionStatus,
    TaskStatus,
)
from .sorting import order_by, runs_of

if TYPE_CHECKING:
    from .columns import Array
    from .layout import Table

__all__ = ["NOTHING", "Calendar", "Prepared", "prepare"]

FEW_WORDS = 64
LONG = 100_000
"""From so many rows on a table is worth a calendar: who looks at fewer, looks at all of them."""


@attrs.frozen(eq=False)
class Calendar:
    """Rows of a long table in the order of a day: the rows of a window are one run.

    `parents` are the rows that they follow.
    """

    days: Array
    parents: Array

    @classmethod
    def of(cls, days: Array, parents: Array) -> Calendar:
        """A calendar of rows in any order."""
        order = order_by(days.astype(np.int64) - FIRST_DAY, n=len(days))
        return cls(days[order], parents[order])

    def within(self, window: Window) -> Array:
        """The parents of the rows of a window."""
        bounds = np.array((window.first, min(window.last, LAST_DAY) + 1), self.days.dtype)
        first, last = self.days.searchsorted(bounds).tolist()
        return self.parents[first : max(first, last)]


@attrs.frozen(eq=False)
class Touches:
    """Which signal touches which contract, from when until when: by contract, so a viewer's are one run.

    A signal touches the contract that it names, else each of its engagement.
    """

    contracts: Array
    signals: Array
    begins: Array
    until: Array

    def active(self, day: int, contracts: tuple[int, int], signals: tuple[int, int]) -> Array:
        """Which contracts of a run, counted from its start, are touched on a day by signals of a run."""
        first, last = self.contracts.searchsorted(np.array(contracts, np.int32)).tolist()
        run = slice(first, last)
        found = self.until[run] > day
        found &= self.begins[run] <= day
        if signals[1] - signals[0] < len(self.signals):
            found &= self.signals[run] >= signals[0]
            found &= self.signals[run] < signals[1]
        return np.asarray(self.contracts[run].take(found.nonzero()[0]) - np.int32(contracts[0]))


@attrs.frozen(eq=False)
class Prepared:
    """What is known of a table's rows beyond their columns.

    `days` by row: until when it counts, from when it is decided. `tally`: how many children of each kind a
    parent has, by the parents' rows. `calendar`: what happens when, of a long table. `touches`: which
    contracts signals touch. `daily`: how many rows of a long table have a day by when, by the day's column and
    what else they are counted by. `successors`: which score replaces which; `means`: what they come to by day.
    parent has, and `sums`: what they come to, by the parents' rows. `calendar`: what happens when, of a long
    table. `series`: rows that stand on their own by a word. `ledger`: what they come to by another parent.
    """

    days: Mapping[str, Array] = attrs.field(factory=dict)
    tally: Mapping[str, Array] = attrs.field(factory=dict)
    calendar: Calendar | None = None
    touches: Touches | None = None
    daily: Mapping[tuple[str, ...], Daily] = attrs.field(factory=dict)
    successors: Successors | None = None
    means: Means | None = None
    sums: Mapping[str, Array] = attrs.field(factory=dict)
    series: Mapping[str, Series] = attrs.field(factory=dict)
    ledger: Ledger | None = None


NOTHING = Prepared()


def prepare(tables: Mapping[str, Table]) -> dict[str, Table]:
    """The tables with what can be known of their rows beforehand."""
    found = dict(tables)
    for name, make in _MAKERS.items():
        if name in found:
            found[name] = attrs.evolve(found[name], prepared=make(found[name], found))
    return found


def _column(table: Table, name: str) -> Array | None:
    """A column's bare array; None where it leads to a table that was not supplied."""
    values = table.columns.get(name)
    return values.codes if isinstance(values, Coded) else values


def _where_is(table: Table, name: str, word: object) -> Array:
    """Where a column of words is this word."""
    values = table.columns[name]
    assert isinstance(values, Coded)
    labels = list(values.labels)
    return np.asarray(values.codes == (labels.index(word) if word in labels else -2))


def _closed(table: Table, tables: Mapping[str, Table], days: Array) -> Array:
    """The earlier of some days and that on which the rows' engagements close."""
    refs = _column(table, "engagement_id")
    if refs is None or "engagements" not in tables:
        return days
    closed = _column(tables["engagements"], "closed_on")
    assert closed is not None
    return np.minimum(days, at(closed, refs, NO_DAY))


def _signals(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """A signal is active until it or its engagement closes, and until then touches its contracts."""
    own = _column(table, "closed_on")
    assert own is not None
    until = _closed(table, tables, own)
    return Prepared({"until": until}, touches=_touches(table, tables, until))


def _touches(signals: Table, tables: Mapping[str, Table], until: Array) -> Touches | None:
    named, whose, begins = _column(signals, "contract_id"), _column(signals, "engagement_id"), signals.begins
    if named is None or whose is None or begins is None or "contracts" not in tables:
        return None
    engagements = _column(tables["contracts"], "engagement_id")
    assert engagements is not None
    order = order_by(engagements.astype(np.int64) + 1, n=len(engagements))
    unnamed = np.flatnonzero(named < 0)
    rows, whom = runs_of(engagements[order], whose[unnamed])
    signal = np.concatenate((np.flatnonzero(named >= 0), unnamed[whom])).astype(np.int32)
    touched = np.concatenate((named[named >= 0], order[rows]))
    by_contract = order_by(touched, n=len(touched))
    signal = signal[by_contract]
    return Touches(touched[by_contract], signal, begins[signal], until[signal])


def _scores(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """A score counts until the next one of its product, or until its engagement closes.

    Scores stand by whom they follow, product and day, so the next one is the next row of the same run.
    """
    begins = table.begins
    assert begins is not None
    until = np.full(table.n, NO_DAY, np.int32)
    same = np.ones(max(table.n - 1, 0), bool)
    for name in ("engagement_id", "account_id", "product"):
        column = _column(table, name)
        if column is not None:
            same &= column[1:] == column[:-1]
    until[:-1][same] = begins[1:][same]
    days = {"until": _closed(table, tables, until)}
    account = _column(table, "account_id")
    if account is None:
        return Prepared(days)
    scores = (account, _known(table, "product"), _known(table, "on"), _known(table, "score"))
    successors, order = Successors.of(scores)
    days["replaced_on"] = successors.on
    means = Means.of(scores, begins, size=tables["accounts"].n, order=order) if table.n >= LONG else None
    return Prepared(days, successors=successors, means=means)


def _opportunities(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """A closed `renew` opportunity decides from the day it closed until the next one of its contract does.

    One without a day decides as long as none with a day does. The layout has them in this order.
    """
    closed, contracts = _column(table, "closed_on"), _column(table, "contract_id")
    if closed is None or contracts is None:
        return NOTHING
    renewals = _where_is(table, "kind", OpportunityKind.RENEW)
    renewals &= ~_where_is(table, "stage", OpportunityStage.OPEN)
    rows = np.flatnonzero(renewals)
    begin, end = np.full((2, table.n), NO_DAY, np.int32)
    begin[rows] = np.where(closed[rows] == NO_DAY, FIRST_DAY, closed[rows])
    following = rows[1:][contracts[rows[1:]] == contracts[rows[:-1]]]
    before = rows[:-1][contracts[rows[1:]] == contracts[rows[:-1]]]
    end[before] = begin[following]
    return Prepared({"decides_from": begin, "decides_until": end})


def _contracts(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """From when a contract's own stage says that it was renewed or lost."""
    finalized = _column(table, "renewal_finalized_on")
    assert finalized is not None
    known = np.where(finalized == NO_DAY, np.int32(FIRST_DAY), finalized)
    return Prepared(
        {
            name: np.where(_where_is(table, "renewal_stage", stage), known, np.int32(NO_DAY))
            for name, stage in (
                ("renewed_from", RenewalStage.RENEWAL_APPROVED),
                ("rejected_from", RenewalStage.RENEWAL_REJECTED),
            )
        }
    )


def _objectives(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many objectives in each state, and how many but cancelled ones, each engagement has."""
    refs = _column(table, "engagement_id")
    if refs is None or "engagements" not in tables:
        return NOTHING
    size = tables["engagements"].n
    lines = {
        str(state): np.bincount(refs[_where_is(table, "state", state)], minlength=size)
        for state in ObjectiveState
    }
    lines["counted"] = sum(
        (line for state, line in lines.items() if state != ObjectiveState.CANCELLED), np.zeros(size, np.int64)
    )
    most = max((int(line.max()) for line in lines.values() if size), default=0)
    return Prepared(tally={state: line.astype(np.min_scalar_type(most)) for state, line in lines.items()})


def _touchpoints(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """Touchpoints that are not cancelled, by the day for which they are scheduled."""
    parents, days, cancelled = (
        _column(table, name) for name in ("engagement_id", "scheduled_on", "cancelled")
    )
    if table.n < LONG or parents is None or days is None or cancelled is None:
        return NOTHING
    return Prepared(calendar=Calendar.of(days[~cancelled], parents[~cancelled]))


def _qbrs(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """From when until when a QBR is the next one of its engagement.

    Until its day, or until the day before it was held, where that was earlier; from when on none that is
    scheduled before it comes any more. The layout has an engagement's latest first.
    """
    parents, days, cancelled, held = (
        _column(table, name) for name in ("engagement_id", "scheduled_on", "cancelled", "held_on")
    )
    if parents is None or days is None or cancelled is None:
        return NOTHING
    last = days if held is None else np.minimum(days, held - 1)
    kept = np.flatnonzero(~cancelled)
    until, since = np.full((2, table.n), FIRST_DAY - 1, np.int32)
    until[kept] = last[kept]
    since[kept] = FIRST_DAY
    kept = kept[::-1]  # an engagement's earliest first
    places = (
        np.cumsum(np.diff(parents[kept], prepend=-1) != 0) << 32
    )  # a later engagement outdoes earlier days
    latest = np.maximum.accumulate(places + (last[kept] - FIRST_DAY + 1))
    same = places[1:] == places[:-1]
    since[kept[1:][same]] = (latest - places)[:-1][same] + FIRST_DAY
    return Prepared({"next_since": since, "next_until": until})


def _daily(table: Table, *columns: str) -> dict[tuple[str, ...], Daily]:
    """How many rows have each of these days by when."""
    found = {(name,): Daily.of(_known(table, name), table.begins) for name in columns}
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
    begins = _begins(table)
    found: dict[tuple[str, ...], Daily | None] = {}
    for code, label in enumerate(words.labels):
        chosen = words.codes == code
        index = np.flatnonzero(chosen if rows is None else chosen & rows)
        found[days, str(label)] = Daily.of(_known(table, days)[index], begins[index], ahead=ahead)
        if ahead:
            found["begins", str(label)] = Daily.of(begins[index], None)
    made = {key: daily for key, daily in found.items() if daily is not None}
    return made if len(made) == len(found) else {}


def _begins(table: Table) -> Array:
    """The first day on which each row and its parents exist."""
    return np.full(table.n, FIRST_DAY, np.int32) if table.begins is None else table.begins


def _known(table: Table, name: str) -> Array:
    """A column that is never left out."""
    column = _column(table, name)
    assert column is not None
    return column


def _accounts(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many accounts were created by when."""
    return Prepared(daily=_daily(table, "created_on")) if table.n >= LONG else NOTHING


_contacts = _accounts


def _activities(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many activities of each kind were performed by when."""
    return Prepared(daily=_daily_by(table, "performed_on", "kind")) if table.n >= LONG else NOTHING


def _tasks(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many tasks were created and completed by when, and of the open ones how many are due."""
    if table.n < LONG:
        return NOTHING
    open_ = _where_is(table, "status", TaskStatus.TO_DO) | _where_is(table, "status", TaskStatus.IN_PROGRESS)
    due = _daily_by(table, "due_on", "status", open_, ahead=True)
    return Prepared(daily=_daily(table, "created_on", "completed_on") | due)


def _subscriptions(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """The first day on which a period counts no more: it ended, was cancelled, or never counts.

    A row without an end whose status is neither active nor past due never counts: it ends before it begins.
    And how many were cancelled, and began and ceased to count, by when, with what MRR.
    """
    started, cancelled = _known(table, "started_on"), _known(table, "cancelled_on")
    end = np.minimum(_known(table, "ended_on"), cancelled)
    lasting = _where_is(table, "status", SubscriptionStatus.ACTIVE)
    lasting |= _where_is(table, "status", SubscriptionStatus.PAST_DUE)
    end = np.where((end == NO_DAY) & ~lasting, started, end)
    if table.n < LONG:
        return Prepared({"end": end})
    mrr, begins = _known(table, "mrr"), table.begins
    counted = end > started
    rows = np.flatnonzero(counted)
    here = None if begins is None else begins[rows]
    made = {
        ("cancelled_on",): Daily.of(cancelled, begins, mrr),
        ("started_on",): Daily.of(started[rows], here, mrr[rows]),
        ("end",): Daily.of(end[rows], here, mrr[rows]),
    }
    return Prepared({"end": end}, daily={key: daily for key, daily in made.items() if daily is not None})


def _renewals(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """The renewals in the order of the days on which they are due."""
    if table.n < LONG or _column(table, "subscription_id") is None:
        return NOTHING
    return Prepared(calendar=Calendar.of(_known(table, "due_on"), np.arange(table.n, dtype=np.int32)))


def _measures(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """Each metric's measures on their own, and the latest of each account."""
    words, accounts = table.columns["metric"], _column(table, "account_id")
    if accounts is None:
        return NOTHING
    assert isinstance(words, Coded)
    on, values = _known(table, "on"), _known(table, "value")
    return Prepared(series=series_of(words, accounts, on, values, tables["accounts"].n))


def _positions(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """What the applicable positions of each account, and of each item so far, come to; positions have no days."""
    accounts, items = _column(table, "account_id"), _column(table, "item_id")
    if accounts is None:
        return NOTHING
    index = np.flatnonzero(_known(table, "applicable"))
    sums = account_sums(table.columns, index, accounts, tables["accounts"].n)
    size = 0 if items is None else tables["stack_items"].n
    return Prepared(sums=sums, ledger=None if items is None else ledger_of(table.columns, index, items, size))


def _playbook_runs(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many runs were completed by when, and of the open ones of each playbook how many are due."""
    if table.n < LONG:
        return NOTHING
    daily = _daily(table, "completed_on")
    for status in (PlaybookStatus.NEW, PlaybookStatus.IN_PROGRESS):
        due = _daily_by(table, "due_on", "playbook", _where_is(table, "status", status), ahead=True)
        daily |= {(*key, str(status)): found for key, found in due.items()}
    return Prepared(daily=daily)


_MAKERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Prepared]] = {
    "risk_signals": _signals,
    "adoption_scores": _scores,
    "opportunities": _opportunities,
    "contracts": _contracts,
    "objectives": _objectives,
    "qbrs": _qbrs,
    "touchpoints": _touchpoints,
    "accounts": _accounts,
    "contacts": _contacts,
    "activities": _activities,
    "tasks": _tasks,
    "subscriptions": _subscriptions,
    "renewals": _renewals,
    "playbook_runs": _playbook_runs,
    "measures": _measures,
    "stack_positions": _positions,
}
