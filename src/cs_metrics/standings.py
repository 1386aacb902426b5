"""What stands on any day, counted while tables are laid out: open engagements, active signals, contracts at risk.

For views of a whole table only: who sees less looks at their own rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from .columns import at
from .daily import Daily, Standing
from .facts import begins_of, known_column, where_is
from .intake import Coded
from .periods import FIRST_DAY, NO_DAY
from .records import ContractState
from .sorting import order_by, whole_parts

if TYPE_CHECKING:
    from .columns import Array
    from .facts import Touches
    from .layout import Table

__all__ = [
    "FEW_WORDS", "LONG", "Standings", "active_signals", "disjoint", "latest_before", "objectives_of_open",
    "open_engagements", "signed", "upcoming", "words",
]  # fmt: skip

FEW_WORDS = 64
LONG = 1_000
"""From so many rows on what stands is worth counting beforehand."""
Standings: TypeAlias = Mapping[tuple[str | int, ...], Standing]


def _by(table: Table, column: str, since: Array, until: Array) -> dict[tuple[str | int, ...], Standing]:
    """How many rows with each word of a column stand, where these are few: by its number, -1 for those without."""
    words = table.columns[column]
    assert isinstance(words, Coded)
    size = len(words.labels)
    found = Standing.by(words.codes, size, since, until) if size <= FEW_WORDS else None
    return {} if found is None else {(column, code): found[code + 1] for code in range(-1, size)}


def _made(found: Mapping[tuple[str | int, ...], Standing | None]) -> Standings:
    """All of them, or none: of a table whose days are too far apart."""
    made = {key: standing for key, standing in found.items() if standing is not None}
    return made if len(made) == len(found) else {}


def open_engagements(table: Table, users: Table | None) -> Standings:
    """How many engagements are open, how many of them have an owner, and how many owners these are."""
    since, until = begins_of(table), known_column(table, "closed_on")
    found: dict[tuple[str | int, ...], Standing | None] = {("open",): Standing.of(since, until)}
    if users is not None and table.starts is not None:
        owned = slice(0, int(table.starts[users.n]))
        found["owned",] = Standing.of(since[owned], until[owned])
        _, begin, end = disjoint(table.owners(0, users.n), since[owned], until[owned])
        found["owners",] = Standing.of(begin, end)
    return _made(found)


def words(table: Table, column: str) -> Standings:
    """How many rows there are with each word of a column."""
    return _by(table, column, begins_of(table), np.full(table.n, NO_DAY, np.int32))


def objectives_of_open(table: Table, engagements: Table, refs: Array) -> Standings:
    """How many objectives of open engagements there are in each state."""
    since = at(begins_of(engagements), refs, FIRST_DAY)
    return _by(table, "state", since, at(known_column(engagements, "closed_on"), refs, NO_DAY))


def upcoming(engagements: Table, refs: Array, since: Array, until: Array) -> Standings:
    """How many open engagements have a next QBR: some QBR, from one day until another, that day in."""
    since = np.maximum(since, at(begins_of(engagements), refs, FIRST_DAY))
    until = np.minimum(until + 1, at(known_column(engagements, "closed_on"), refs, NO_DAY))
    return _made({("next",): Standing.of(since, until)})


def active_signals(table: Table, until: Array, touches: Touches | None, contracts: Table | None) -> Standings:
    """How many signals are active, by category, scope and probability; how many contracts at risk, worth how much."""
    since = begins_of(table)
    found: dict[tuple[str | int, ...], Standing | None] = {("active",): Standing.of(since, until)}
    for column in ("category", "scope", "probability"):
        found |= _by(table, column, since, until)
    if touches is not None and contracts is not None:
        signals = touches.signals
        found["at_risk",] = _at_risk(touches.contracts, since.take(signals), until.take(signals), contracts)
    return _made(found)


def _at_risk(whose: Array, since: Array, until: Array, contracts: Table) -> Standing | None:
    """Contracts in force while some signal touches them, however many do."""
    first = np.maximum(begins_of(contracts), known_column(contracts, "starts_on"))
    last = known_column(contracts, "ends_on")
    over = np.where(last == NO_DAY, last, last + 1)
    over = np.where(where_is(contracts, "state", ContractState.ACTIVE), over, np.int32(FIRST_DAY))
    whose, since, until = disjoint(
        whose, np.maximum(since, first.take(whose)), np.minimum(until, over.take(whose))
    )
    return Standing.of(since, until, known_column(contracts, "value").take(whose))


def disjoint(whose: Array, since: Array, until: Array) -> tuple[Array, Array, Array]:
    """Spans of days that may overlap, cut so that on each day at most one of each owner's is left."""
    rows = np.flatnonzero(since < until)
    rows = rows[order_by(whose[rows], since[rows], n=len(rows))]
    whose, since, until = whose[rows], since[rows], until[rows]
    for part in whole_parts(whose):
        since[part] = np.maximum(since[part], latest_before(whose[part], until[part]))
    return whose, since, until


def latest_before(whose: Array, days: Array) -> Array:
    """The latest of the days before each one of the same owner's, all of whose stand together; the first of all days
    for an owner's first."""
    places = np.cumsum(np.diff(whose, prepend=whose[:1]) != 0) << 32  # a later owner outdoes earlier days
    latest = np.maximum.accumulate(places + (days - np.int64(FIRST_DAY)))
    found = np.full(len(days), FIRST_DAY, np.int32)
    found[1:] = np.maximum(latest[:-1] - places[1:], 0) + FIRST_DAY
    return found


def signed(contracts: Table) -> dict[tuple[str, ...], Daily]:
    """How many contracts, drafts and cancelled ones aside, started by when, worth how much."""
    rows = np.flatnonzero(
        where_is(contracts, "state", ContractState.ACTIVE)
        | where_is(contracts, "state", ContractState.EXPIRED)
    )
    started, begins = known_column(contracts, "starts_on")[rows], begins_of(contracts)[rows]
    found = Daily.of(started, begins, known_column(contracts, "value")[rows])
    return {} if found is None else {("starts_on", "signed"): found}
