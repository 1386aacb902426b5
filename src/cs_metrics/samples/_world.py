"""The company behind the tables: who works there, which customers it has, how each of them is doing.

Everything is held as arrays of numbers: days since 1970, row numbers, numbers of words. A thing's number is
the order in which it came to be; its id is made of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from . import _words as w
from ._draw import NEVER, NONE, Array, Dice

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

EXPORT_LAG = 7
"""Days after the as-of day on which the export was taken."""


@dataclass(frozen=True)
class Users:
    level: Array
    """0 the head of customer success, then vice presidents, directors, team leads, 4 the agents."""
    manager: Array
    group: Array
    number: Array
    """The number in the id: no order of rank."""

    def __len__(self) -> int:
        return len(self.level)

    @cached_property
    def agents(self) -> Array:
        return np.flatnonzero(self.level == 4).astype(np.int32)


@dataclass(frozen=True)
class Accounts:
    owner: Array
    created: Array
    segment: Array
    trouble: Array
    """0 fine to 1 leaving: what health, signals, scores and renewals have in common."""

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Engagements:
    account: Array
    owner: Array
    """As given: missing where it is the account's."""
    created: Array
    closed: Array
    trouble: Array

    def __len__(self) -> int:
        return len(self.created)


class World:
    """A company with so many engagements; its parts are made when first needed."""

    def __init__(self, engagements: int, seed: int, as_of: date) -> None:
        self.count = engagements
        self.seed = seed
        self.today = (as_of - date(1970, 1, 1)).days
        self.exported = self.today + EXPORT_LAG
        self._made: dict[Callable[[World], Any], Any] = {}

    def dice(self, table: str) -> Dice:
        return Dice(self.seed, table)

    def made(self, maker: Callable[[World], _T]) -> _T:
        """What a maker makes of this world, made once."""
        if maker not in self._made:
            self._made[maker] = maker(self)
        made: _T = self._made[maker]
        return made

    @cached_property
    def users(self) -> Users:
        dice = self.dice("users")
        sizes = [max(1, round(self.count / 50))]
        for span in (9, 6, 5):
            sizes.insert(0, -(-sizes[0] // span))
        sizes.insert(0, 1)
        starts = np.cumsum([0, *sizes])
        level = np.repeat(np.arange(5, dtype=np.int8), sizes)
        manager = np.full(len(level), NONE, dtype=np.int32)
        group = np.zeros(len(level), dtype=np.int8)
        for rank in range(1, 5):
            below = np.arange(sizes[rank])
            chief = starts[rank - 1] + below * sizes[rank - 1] // sizes[rank]
            rows = slice(starts[rank], starts[rank + 1])
            manager[rows] = chief
            group[rows] = below % len(w.GROUPS) if rank == 1 else group[chief]
        mentored = np.flatnonzero((level == 4) & dice.chance(0.01, len(level)))
        mentored = mentored[mentored > starts[4]]
        manager[mentored] = np.maximum(mentored - 1, starts[4])
        return Users(level, manager, group, dice.order(len(level)))

    @cached_property
    def accounts(self) -> Accounts:
        dice = self.dice("accounts")
        count = round(self.count * 0.4) or min(self.count, 1)
        age = np.minimum(dice.rng.exponential(900, count), 3000).astype(np.int32)
        created = np.sort(self.exported - age)
        books = np.cumsum(dice.rng.gamma(14, 1, len(self.users.agents)))
        owner = self.users.agents[np.searchsorted(books, dice.rng.random(count) * books[-1])]
        lead = dice.chance(0.012, count)
        owner[lead] = self.users.manager[owner[lead]]
        owner = dice.missing(owner, 0.012)
        segment = dice.words(w.SEGMENT_WEIGHTS, count)
        trouble = dice.rng.beta(1.2, 3.4, count).astype(np.float32)
        return Accounts(owner, created, segment, trouble)

    @cached_property
    def engagements(self) -> Engagements:
        dice = self.dice("engagements")
        account = self._account_of_each(dice)
        since = self.accounts.created[account]
        recent = dice.share(self.count) ** 1.15
        created = (since + recent * (self.exported - since)).astype(np.int32)
        order = np.argsort(created, kind="stable")
        account, created = account[order], created[order]
        blend = 0.6 * self.accounts.trouble[account] + 0.4 * dice.rng.beta(1.2, 3.4, self.count)
        closes = dice.chance(np.where(self.exported - created > 200, 0.22, 0.01), self.count)
        ends = dice.between(np.minimum(created + 90, self.exported), self.exported, self.count)
        closed = np.where(closes, ends, NEVER)
        return Engagements(account, self._owner_of_each(dice, account), created, closed, blend)

    def _account_of_each(self, dice: Dice) -> Array:
        """Most accounts have an engagement; large ones have many."""
        accounts = len(self.accounts)
        first = np.flatnonzero(dice.chance(0.94, accounts)).astype(np.int32)[: self.count]
        weights = np.cumsum(dice.busyness(accounts, 0.8) * np.array([3.0, 1.5, 0.7])[self.accounts.segment])
        left = self.count - len(first)
        more = np.searchsorted(weights, dice.rng.random(left) * (weights[-1] if accounts else 0))
        return np.concatenate([first, np.minimum(more, max(accounts - 1, 0)).astype(np.int32)])

    def _owner_of_each(self, dice: Dice, account: Array) -> Array:
        """Mostly the account's owner, said or not; else a neighbour, else the owner's manager."""
        users, theirs = self.users, self.accounts.owner[account]
        owned = theirs >= 0
        neighbour = np.clip(theirs + dice.between(-2, 2, len(account)), users.agents[0], users.agents[-1])
        draw = dice.share(len(account))
        owner = np.where(draw < 0.25, NONE, theirs)
        owner = np.where(owned & (draw > 0.91), neighbour, owner)
        owner = np.where(owned & (draw > 0.988), users.manager[theirs], owner)
        lone = ~owned & (draw > 0.8)
        agents = users.agents[dice.between(0, len(users.agents) - 1, len(account))]
        return np.where(lone, agents, owner).astype(np.int32)

    @cached_property
    def keeper(self) -> Array:
        """Who looks after each engagement: its owner, else its account's."""
        owner = self.engagements.owner
        return np.where(owner >= 0, owner, self.accounts.owner[self.engagements.account])

    @cached_property
    def through(self) -> Array:
        """The last day on which something was done in each engagement: the day it closed, or the export."""
        closed = self.engagements.closed
        return np.where(closed == NEVER, np.int32(self.exported), closed)
