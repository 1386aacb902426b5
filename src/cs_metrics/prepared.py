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

from . import deciding, standings
from .columns import at
from .daily import Daily, Means, Successors
from .facts import (
    NOTHING,
    Calendar,
    Ledger,
    Prepared,
    Series,
    Touches,
    column_of,
    known_column,
    where_is,
)
from .happenings import HAPPENINGS
from .intake import Coded
from .periods import FIRST_DAY, NO_DAY
from .records import ObjectiveState
from .sorting import bounds, order_by, rows_of, whole_parts
from .threads import each

if TYPE_CHECKING:
    from .columns import Array
    from .layout import Table

__all__ = [
    "NOTHING", "POSITION_AMOUNTS", "STEP", "Calendar", "Ledger", "Prepared", "Series", "position_sums", "prepare",
]  # fmt: skip

POSITION_AMOUNTS = ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")

STEP, ROOM = 16_384, 1
SPARSE = 8
"""A metric with fewer measures than one for so many accounts is looked for when it is asked for."""
MOST_PAIRS = 4
"""Signals and the contracts that they touch are kept pair by pair up to so many pairs for each of their rows."""
LONG = 100_000
"""From so many rows on a table is worth a calendar: who looks at fewer, looks at all of them."""


def prepare(tables: Mapping[str, Table]) -> dict[str, Table]:
    """The tables with what can be known of their rows beforehand."""
    names = [name for name in _MAKERS if name in tables]
    names.sort(key=lambda name: -tables[name].n)  # the longest first, while least is held
    found = each(
        lambda name: _MAKERS[name](tables[name], tables), names, sum(tables[name].n for name in names)
    )
    made = dict(zip(names, found, strict=True))
    return {name: attrs.evolve(table, prepared=made.get(name, NOTHING)) for name, table in tables.items()}


def _closed(table: Table, tables: Mapping[str, Table], days: Array) -> Array:
    """The earlier of some days and that on which the rows' engagements close."""
    refs = column_of(table, "engagement_id")
    if refs is None or "engagements" not in tables:
        return days
    closed = column_of(tables["engagements"], "closed_on")
    assert closed is not None
    return np.minimum(days, at(closed, refs, NO_DAY))


def _signals(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """A signal is active until it or its engagement closes, and until then touches its contracts."""
    own = column_of(table, "closed_on")
    assert own is not None
    until = _closed(table, tables, own)
    touches = _touches(table, tables, until)
    if table.n < standings.LONG:
        return Prepared({"until": until}, touches=touches)
    standing = standings.active_signals(table, until, touches, tables.get("contracts"))
    return Prepared({"until": until}, touches=touches, standing=standing)


def _engagements(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many were created by when, and how many are open."""
    if table.n < standings.LONG:
        return NOTHING
    daily = Daily.of(known_column(table, "created_on"), table.begins)
    standing = standings.open_engagements(table, tables.get("users"))
    return Prepared(daily={} if daily is None else {("created_on",): daily}, standing=standing)


def _touches(signals: Table, tables: Mapping[str, Table], until: Array) -> Touches | None:
    named, whose, begins = (
        column_of(signals, "contract_id"),
        column_of(signals, "engagement_id"),
        signals.begins,
    )
    if named is None or whose is None or begins is None or "contracts" not in tables:
        return None
    engagements = column_of(tables["contracts"], "engagement_id")
    assert engagements is not None
    order = order_by(engagements, n=len(engagements))
    unnamed = np.flatnonzero(named < 0)
    first, last = bounds(engagements[order], whose[unnamed])
    if int((last - first).sum()) > MOST_PAIRS * (len(named) + len(engagements)):
        return None  # an engagement with a thousand of both: its contracts are found through it, each time
    rows, whom = rows_of(first, last)
    signal = np.concatenate((np.flatnonzero(named >= 0), unnamed[whom])).astype(np.int32)
    touched = np.concatenate((named[named >= 0], order[rows]))
    by_contract = order_by(touched, n=len(touched))
    return Touches(touched[by_contract], signal[by_contract])


def _scores(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """A score counts until the next one of its product, or until its engagement closes.

    Scores stand by whom they follow, product and day, so the next one is the next row of the same run.
    """
    begins = table.begins
    assert begins is not None
    until = np.full(table.n, NO_DAY, np.int32)
    same = np.ones(max(table.n - 1, 0), bool)
    for name in ("engagement_id", "account_id", "product"):
        column = column_of(table, name)
        if column is not None:
            same &= column[1:] == column[:-1]
    until[:-1][same] = begins[1:][same]
    days = {"until": _closed(table, tables, until)}
    account = column_of(table, "account_id")
    if account is None:
        return Prepared(days)
    scores = (
        account,
        known_column(table, "product"),
        known_column(table, "on"),
        known_column(table, "score"),
    )
    successors, order = Successors.of(scores)
    days["replaced_on"] = successors.on
    means = Means.of(scores, begins, size=tables["accounts"].n, order=order) if table.n >= LONG else None
    return Prepared(days, successors=successors, means=means)


def _objectives(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """How many objectives in each state, and how many but cancelled ones, each engagement has."""
    refs = column_of(table, "engagement_id")
    if refs is None or "engagements" not in tables:
        return NOTHING
    size = tables["engagements"].n
    lines = {
        str(state): np.bincount(refs[where_is(table, "state", state)], minlength=size).astype(np.int32)
        for state in ObjectiveState
    }
    lines["counted"] = sum(
        (line for state, line in lines.items() if state != ObjectiveState.CANCELLED), np.zeros(size, np.int32)
    )
    most = max((int(line.max()) for line in lines.values() if size), default=0)
    tally = {state: line.astype(np.min_scalar_type(most)) for state, line in lines.items()}
    if table.n < standings.LONG:
        return Prepared(tally=tally)
    return Prepared(tally=tally, standing=standings.objectives_of_open(table, tables["engagements"], refs))


def _touchpoints(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """Touchpoints that are not cancelled, by the day for which they are scheduled."""
    parents, days, cancelled = (
        column_of(table, name) for name in ("engagement_id", "scheduled_on", "cancelled")
    )
    if table.n < LONG or parents is None or days is None or cancelled is None:
        return NOTHING
    return Prepared(calendar=Calendar.of(days, parents, ~cancelled))


def _qbrs(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """From when on a QBR is the next one of its engagement: none that is scheduled before it comes any more.

    It is until its day, or until the day before it was held, where that was earlier. The layout has an
    engagement's latest first.
    """
    parents, since = column_of(table, "engagement_id"), np.full(table.n, NO_DAY, np.int32)
    if parents is None:
        return NOTHING
    days, cancelled, held = (known_column(table, name) for name in ("scheduled_on", "cancelled", "held_on"))
    until = np.minimum(days, held - 1)
    for part in whole_parts(parents):
        kept = np.flatnonzero(~cancelled[part])[::-1] + part.start  # an engagement's earliest first
        since[kept] = standings.latest_before(parents[kept], until[kept] + 1)
    if table.n < standings.LONG:
        return Prepared({"next_since": since})
    standing = standings.upcoming(tables["engagements"], parents, since, until)
    everyone = np.arange(table.n, dtype=np.int32)
    calendar = Calendar.of(days, everyone, since <= until) if table.n >= LONG else None
    return Prepared({"next_since": since}, calendar=calendar, standing=standing)


def _measures(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """Each metric's measures on their own, if not only a few accounts have it.

    The layout sorts measures by account, metric and day.
    """
    words, accounts = table.columns["metric"], column_of(table, "account_id")
    on, values = column_of(table, "on"), column_of(table, "value")
    if accounts is None or on is None or values is None:
        return NOTHING
    assert isinstance(words, Coded)
    order = words.codes.argsort(kind="stable")
    starts = words.codes[order].searchsorted(np.arange(len(words.labels) + 1))
    size, series = tables["accounts"].n, {}
    for code, label in enumerate(words.labels):
        rows = order[starts[code] : starts[code + 1]]
        if len(rows) * SPARSE < size:  # thousands of metrics that few have would be tables of nothing
            continue
        whose, days, numbers = accounts[rows], on[rows], values[rows]
        place = np.full(size, -1, np.int32)
        place[whose] = np.arange(len(rows), dtype=np.int32)  # of several, NumPy keeps the last one assigned
        last = np.append(numbers, 0.0)[place]
        since = np.append(days, np.int32(FIRST_DAY - 1))[place]
        series[label] = Series(whose, days, numbers, place >= 0, last, since, place)
    return Prepared(series=series)


def _positions(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """What the applicable positions of each account come to; positions have no days."""
    refs, applicable = column_of(table, "account_id"), column_of(table, "applicable")
    if refs is None or applicable is None:
        return NOTHING
    columns, index = table.columns, np.flatnonzero(applicable)
    sums = position_sums(columns, index, refs.take(index), tables["accounts"].n)
    sums["opportunity"] = sums["mrr_opportunity"] + sums["non_recurring_opportunity"]
    sums["misalignment"] = 100 - 100 * sums["aligned"] / np.maximum(sums["applicable"], 1)
    return Prepared(sums=sums, ledger=_ledger(table, tables, index))


def _ledger(table: Table, tables: Mapping[str, Table], index: Array) -> Ledger | None:
    """The sums by item so far at every step, where that is small beside the positions."""
    items = column_of(table, "item_id")
    if items is None:
        return None
    size, steps = tables["stack_items"].n, table.n // STEP + 1
    if table.n < LONG or size * steps > table.n * ROOM:
        return None
    found = position_sums(table.columns, index, items.take(index) + index // STEP * size, size * steps)
    sums = {name: np.zeros((steps + 1, size), np.int64) for name in found}
    for name, values in found.items():
        values.reshape(steps, size).cumsum(axis=0, out=sums[name][1:])
    return Ledger(sums)


def position_sums(columns: Mapping[str, Any], index: Array, rows: Array, size: int) -> dict[str, Array]:
    """Counts and amounts of the positions `index`, whose parents are `rows`."""
    found = {
        "applicable": np.bincount(rows, minlength=size),
        "aligned": np.bincount(rows[columns["aligned"].take(index)], minlength=size),
    }
    for name in POSITION_AMOUNTS:
        found[name] = np.zeros(size, np.int64)
        np.add.at(found[name], rows, columns[name].take(index))
    return found


_MAKERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Prepared]] = {
    **HAPPENINGS,
    "engagements": _engagements,
    "risk_signals": _signals,
    "adoption_scores": _scores,
    "opportunities": deciding.opportunities,
    "contracts": deciding.contracts,
    "objectives": _objectives,
    "qbrs": _qbrs,
    "touchpoints": _touchpoints,
    "measures": _measures,
    "stack_positions": _positions,
}
