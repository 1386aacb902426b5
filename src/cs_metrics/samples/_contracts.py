"""Contracts in chains of terms, their renewals, and the opportunities behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._draw import NEVER, NONE, Array, Dice, days, dollars, frame, ids, ladder, words
from ._trunk import account_ids, engagement_ids

if TYPE_CHECKING:
    import pandas as pd

    from ._world import World

__all__ = ["contracts", "opportunities"]

_STATES = ("draft", "active", "expired", "cancelled")
_STAGES = ("awaiting_review", "under_review", "renewal_approved", "renewal_rejected")
_DRAFT, _ACTIVE, _EXPIRED, _CANCELLED = range(4)
_AWAITING, _UNDER_REVIEW, _APPROVED, _REJECTED = range(4)
_TERMS = np.array([12, 24, 36])


@dataclass(frozen=True)
class Contracts:
    engagement: Array
    account: Array
    starts: Array
    ends: Array
    cents: Array
    state: Array
    stage: Array
    finalized: Array
    firsts: Array
    """Where each engagement's contracts begin; one more for the end."""

    def __len__(self) -> int:
        return len(self.starts)


def month_of(day: Array) -> Array:
    """Months since January 1970."""
    return np.asarray(day, "datetime64[D]").astype("datetime64[M]").astype(np.int64)


def first_day(month: Array) -> Array:
    """The first day of a month, as days since 1970."""
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)


def _seasonal(dice: Dice, day: Array) -> Array:
    """Where contracts like to start: in January, at a quarter's start, on the first, else any day."""
    month = month_of(day)
    draw = dice.share(len(day))
    january, quarter = -(-month // 12) * 12, -(-month // 3) * 3
    return np.select(
        [draw < 0.12, draw < 0.5, draw < 0.75],
        [first_day(january), first_day(quarter), first_day(month)],
        day.astype(np.int32),
    )


def _terms(world: World) -> tuple[Array, ...]:
    """Parent (an engagement, then accounts' own), place in its chain, length of chain, start and end."""
    dice, work = world.dice("contracts"), world.engagements
    some = np.flatnonzero(dice.chance(0.2, len(world.accounts))).astype(np.int32)
    began = np.concatenate([work.created, world.accounts.created[some]])
    count = len(began)
    start, term = _seasonal(dice, began), _TERMS[dice.words((45, 30, 25), count)]
    chain = np.minimum((world.today + 60 - start) // (term * 30.44) + 1, 2).astype(np.int64)
    left = np.concatenate([work.trouble, world.accounts.trouble[some]]) * 1.3
    chain = np.where(dice.chance(left, count), np.minimum(chain, 1), chain)
    chain = np.where((chain < 1) | dice.chance(0.09, count), 0, chain)
    parent, place = ladder(chain)
    month = month_of(start)[parent] + place * term[parent]
    shift = (start - first_day(month_of(start)))[parent]
    starts = np.minimum(first_day(month) + shift, first_day(month + 1) - 1)
    after = month + term[parent]
    ends = np.minimum(first_day(after) + shift, first_day(after + 1) - 1) - 1
    account = np.concatenate([work.account, some])[parent]
    engagement = np.where(parent < len(work), parent, NONE).astype(np.int32)
    last = place == chain[parent] - 1
    firsts = np.concatenate([[0], np.cumsum(chain[: len(work)])])
    return engagement, account, starts.astype(np.int32), ends.astype(np.int32), last, firsts, left[parent]


def _renewal(world: World, dice: Dice, ends: Array, last: Array, left: Array) -> tuple[Array, Array]:
    """The stage of each renewal and the day on which it was settled."""
    count, ahead = len(ends), ends - world.today
    lost = dice.chance(np.minimum(left * 1.5, 0.9), count)
    settled = np.where(lost, _REJECTED, _APPROVED)
    late = np.where(dice.chance(0.12, count), dice.words((50, 50), count), settled)
    late = dice.missing(late, np.where(lost, 0.25, 0.02))
    soon = np.where(dice.chance(0.25, count), settled, dice.missing(dice.words((55, 45), count), 0.15))
    calm = dice.missing(dice.words((90, 10), count), 0.8)
    stage = np.select([~last, ahead < 0, ahead < 120], [np.full(count, _APPROVED), late, soon], calm)
    latest = dice.between(world.today - 60, world.exported, count)
    final = np.minimum(ends - dice.between(-15, 75, count), latest)
    decided = (stage >= _APPROVED) & dice.chance(0.98, count)
    return stage.astype(np.int8), np.where(decided, final, NEVER)


def _draw(world: World) -> Contracts:
    engagement, account, starts, ends, last, firsts, left = _terms(world)
    dice, count = world.dice("contracts.terms"), len(starts)
    stage, finalized = _renewal(world, dice, ends, last, left)
    state = np.select([starts > world.today, ends >= world.today], [_DRAFT, _ACTIVE], _EXPIRED)
    state = np.where((state == _EXPIRED) & dice.chance(0.06, count), _ACTIVE, state)
    state = np.where((state == _DRAFT) & dice.chance(0.4, count), _ACTIVE, state)
    state = np.where(dice.chance(0.02, count), _CANCELLED, state)
    blank = (state == _DRAFT) | (state == _CANCELLED)
    size = np.array([11.3, 9.9, 8.6])[world.accounts.segment[account]]
    cents = np.exp(dice.rng.normal(size, 0.6, count) + np.log(100.0)).astype(np.int64)
    cents = np.where(dice.chance(0.7, count), cents // 5000 * 5000, cents)
    endless = (state == _ACTIVE) & dice.chance(0.03, count)
    return Contracts(
        engagement,
        account,
        starts,
        np.where(endless, NEVER, ends),
        np.where(dice.chance(0.002, count), -cents // 10, cents),
        state.astype(np.int8),
        np.where(blank | endless, np.int8(NONE), stage),
        np.where(blank | endless, NEVER, finalized),
        firsts,
    )


def drawn(world: World) -> Contracts:
    """Every contract, by engagement and then the accounts' own."""
    return world.made(_draw)


def contract_ids(world: World, rows: Array) -> pd.Series[str]:
    return ids("K", rows, len(drawn(world)))


def contracts(world: World) -> pd.DataFrame:
    terms, dice = drawn(world), world.dice("contracts.rows")
    count = len(terms)
    order = dice.order(count)
    near = (terms.state == _ACTIVE) & (terms.ends < world.today + 60) & (terms.ends != NEVER)
    return frame(
        id=contract_ids(world, order),
        account_id=account_ids(world, terms.account[order]),
        engagement_id=engagement_ids(world, terms.engagement[order]),
        value=dollars(terms.cents[order]),
        state=words(terms.state[order], _STATES),
        renewal_stage=words(terms.stage[order], _STAGES),
        extension_approved=dice.chance(np.where(near, 0.2, 0.004), count)[order],
        starts_on=days(terms.starts[order]),
        ends_on=days(terms.ends[order]),
        renewal_finalized_on=days(terms.finalized[order]),
    )


def opportunities(world: World) -> pd.DataFrame:
    terms, dice = drawn(world), world.dice("opportunities")
    deal = dice.children(np.where(terms.state == _DRAFT, 0.1, 0.43))
    count = len(deal)
    kind = dice.words((20, 55, 25), count)
    stage, decided = terms.stage[deal], terms.finalized[deal]
    renewed = np.select([stage == _APPROVED, stage == _REJECTED], [1, 2], 0)
    other = dice.words((35, 40, 25), count)
    outcome = np.where(kind == 1, np.where(decided == NEVER, 0, renewed), other)
    starts = np.minimum(terms.starts[deal], world.today)
    closed = np.where(kind == 1, decided, dice.between(starts, world.exported, count))
    share = np.where(kind == 2, 0.1 + 0.5 * dice.share(count), 0.9 + 0.25 * dice.share(count))
    amount = dollars((terms.cents[deal] * share).astype(np.int64))
    return frame(
        id=ids("O", dice.order(count), count),
        contract_id=contract_ids(world, deal),
        kind=words(kind, ("new", "renew", "expansion")),
        stage=words(outcome, ("open", "closed_won", "closed_lost")),
        closed_on=days(np.where(outcome > 0, closed, NEVER)),
        amount=np.where(dice.chance(0.05, count), np.nan, amount),
    )
