"""Users, accounts and engagements: what everything else hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import _words as w
from ._draw import NEVER, NONE, Array, Dice, days, frame, ids, optional_ints, words

if TYPE_CHECKING:
    import pandas as pd

    from ._world import World

__all__ = ["accounts", "engagements", "users"]

_HEALTH = ("green", "yellow", "red")


def users(world: World) -> pd.DataFrame:
    people, dice = world.users, world.dice("users.rows")
    order = dice.order(len(people))
    manager = people.manager[order]
    role = (people.level[order] == 4).astype(np.int8)
    return frame(
        id=user_ids(world, order),
        name=words(dice.between(0, len(w.PEOPLE) - 1, len(order)), w.PEOPLE),
        manager_id=user_ids(world, manager),
        role=words(role, ("success_manager", "success_agent")),
        group=words(people.group[order], w.GROUPS),
        active=~dice.chance(0.02, len(order)),
    )


def user_ids(world: World, rows: Array) -> pd.Series[str]:
    """Ids of users by their rows, missing where the row is."""
    return ids("U", np.where(rows >= 0, world.users.number[rows], NONE), len(world.users))


def account_ids(world: World, rows: Array) -> pd.Series[str]:
    return ids("A", rows, len(world.accounts))


def engagement_ids(world: World, rows: Array) -> pd.Series[str]:
    return ids("E", rows, len(world.engagements))


def accounts(world: World) -> pd.DataFrame:
    firms, dice = world.accounts, world.dice("accounts.rows")
    count = len(firms)
    order = dice.order(count)
    age = world.today - firms.created[order]
    staff = np.exp(dice.rng.normal(np.array([7.6, 5.6, 3.4])[firms.segment[order]], 0.8)).astype(np.int64) + 1
    seats = (staff * (0.05 + 0.6 * dice.share(count))).astype(np.int64)
    parent = dice.between(0, np.maximum(order - 1, 0), count)
    parent = np.where((order > 0) & dice.chance(0.06, count), parent, NONE)
    stage = np.where(age < 150, 0, dice.words((2, 40, 22, 20, 16), count))
    return frame(
        id=account_ids(world, order),
        name=words(dice.between(0, len(w.COMPANIES) - 1, count), w.COMPANIES),
        owner_id=user_ids(world, firms.owner[order]),
        parent_id=account_ids(world, parent),
        industry=words(dice.missing(dice.words(w.INDUSTRY_WEIGHTS, count), 0.02), w.INDUSTRIES),
        segment=words(dice.missing(firms.segment[order], 0.01), w.SEGMENTS),
        group=words(np.where(firms.owner[order] >= 0, world.users.group[firms.owner[order]], NONE), w.GROUPS),
        stage=words(stage, w.STAGES),
        created_on=days(dice.missing(firms.created[order], 0.005, int(NEVER))),
        employees=staff,
        seats=optional_ints(seats, dice.chance(0.05, count)),
    )


def _stages(world: World, dice: Dice) -> Array:
    """Young engagements are being onboarded; later ones adopt, expand and renew."""
    count = world.count
    age = world.today - world.engagements.created
    young, grown, old = (
        dice.words(weights, count)
        for weights in ((85, 15, 0, 0, 0), (10, 55, 20, 10, 5), (2, 30, 25, 22, 21))
    )
    return np.where(age < 120, young, np.where(age < 300, grown, old))


def engagement_stages(world: World) -> Array:
    """The number of each engagement's stage."""
    return _stages(world, world.dice("stages"))


def _live(world: World, dice: Dice, due: Array, stage: Array) -> Array:
    """When each went live: about when it was due, later where there is trouble, never for some."""
    count = world.count
    late = dice.rng.normal(0, 15, count) + 60 * world.engagements.trouble
    live = np.maximum(due.astype(np.int64) + late.astype(np.int64), world.engagements.created + 7)
    never = (due == NEVER) | (live > world.through) | dice.chance(np.where(stage == 0, 0.5, 0.02), count)
    return np.where(never, NEVER, live).astype(np.int32)


def engagements(world: World) -> pd.DataFrame:
    work, dice = world.engagements, world.dice("engagements.rows")
    count = len(work)
    order = dice.order(count)
    stage = engagement_stages(world)
    due = dice.missing(work.created + dice.between(45, 170, count), 0.06, int(NEVER))
    live = _live(world, dice, due, stage)
    feel = work.trouble + dice.rng.normal(0, 0.05, count)
    health = dice.missing((feel > 0.31).astype(np.int8) + (feel > 0.45), 0.04)
    return frame(
        id=engagement_ids(world, order),
        account_id=account_ids(world, work.account[order]),
        owner_id=user_ids(world, work.owner[order]),
        name=words(dice.between(0, len(w.ENGAGEMENTS) - 1, count), w.ENGAGEMENTS),
        stage=words(stage[order], w.STAGES),
        health=words(health[order], _HEALTH),
        created_on=days(work.created[order]),
        closed_on=days(work.closed[order]),
        go_live_due_on=days(due[order]),
        went_live_on=days(live[order]),
    )
