"""What decides on the renewal of contracts, and from when until when: worked out once, while tables are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np

from . import standings
from .daily import Days
from .facts import NOTHING, Prepared, Verdicts, begins_of, column_of, known_column, where_is
from .periods import FIRST_DAY, NO_DAY
from .records import OpportunityKind, OpportunityStage, RenewalStage
from .sorting import order_by

if TYPE_CHECKING:
    from .columns import Array
    from .layout import Table

__all__ = ["contracts", "opportunities"]


def contracts(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """From when a contract's own stage says that it was renewed, or that it was lost."""
    days = _own(table)
    if table.n < standings.LONG:
        return Prepared(days)
    found = Prepared(days, daily=standings.signed(table), standing=standings.words(table, "renewal_stage"))
    if "opportunities" in tables:
        return found  # their verdicts hold both
    return attrs.evolve(found, verdicts=_verdicts(table, _say(table, np.full(table.n, NO_DAY, np.int32))))


def _own(table: Table) -> dict[str, Array]:
    finalized = known_column(table, "renewal_finalized_on")
    known = np.where(finalized == NO_DAY, np.int32(FIRST_DAY), finalized)
    stages = {"renewed_from": RenewalStage.RENEWAL_APPROVED, "rejected_from": RenewalStage.RENEWAL_REJECTED}
    return {
        name: np.where(where_is(table, "renewal_stage", stage), known, np.int32(NO_DAY))
        for name, stage in stages.items()
    }


def opportunities(table: Table, tables: Mapping[str, Table]) -> Prepared:
    """A closed `renew` opportunity decides from the day it closed until the next one of its contract does.

    One without a day decides as long as none with a day does. The layout has them in this order. What is known of
    contracts by their opportunities stands here, since these may change where contracts do not.
    """
    closed, whose = column_of(table, "closed_on"), column_of(table, "contract_id")
    if closed is None or whose is None:
        return NOTHING
    renewals = where_is(table, "kind", OpportunityKind.RENEW)
    renewals &= ~where_is(table, "stage", OpportunityStage.OPEN)
    rows = np.flatnonzero(renewals)
    begin, end = np.full((2, table.n), NO_DAY, np.int32)
    begin[rows] = np.where(closed[rows] == NO_DAY, FIRST_DAY, closed[rows])
    following = rows[1:][whose[rows[1:]] == whose[rows[:-1]]]
    before = rows[:-1][whose[rows[1:]] == whose[rows[:-1]]]
    end[before] = begin[following]
    days, contracts = {"decides_from": begin, "decides_until": end}, tables["contracts"]
    overruled = np.full(contracts.n, NO_DAY, np.int32)
    np.minimum.at(overruled, whose[rows], begin[rows])
    sums = {"overruled_from": overruled}
    if contracts.n < standings.LONG:
        return Prepared(days, sums=sums)
    won = where_is(table, "stage", OpportunityStage.CLOSED_WON)
    said = closed[rows], whose[rows], won[rows], end[rows]
    return Prepared(days, sums=sums, verdicts=_verdicts(contracts, _say(contracts, overruled), said))


def _say(table: Table, overruled: Array) -> tuple[Array, ...]:
    """What contracts themselves say, until an opportunity says something: when, of which, won or lost, until when."""
    days = _own(table)
    rows = np.flatnonzero(np.minimum(days["renewed_from"], days["rejected_from"]) != NO_DAY)
    on = known_column(table, "renewal_finalized_on")
    return on[rows], rows, days["renewed_from"][rows] != NO_DAY, overruled[rows]


def _verdicts(contracts: Table, *said: tuple[Array, ...]) -> Verdicts | None:
    on, whose, won, until = (np.concatenate(parts) for parts in zip(*said, strict=True))
    rows = np.flatnonzero((on != NO_DAY) & (on < until))
    rows = rows[order_by(on[rows], n=len(rows))]
    on, whose, won, until = on[rows], whose[rows].astype(np.int32), won[rows], until[rows]
    begins, days = begins_of(contracts).take(whose), Days.of(on)
    late = bool((begins > on).any())
    return None if days is None else Verdicts(days, whose, won, begins if late else None, until)
