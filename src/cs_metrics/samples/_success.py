"""What goes on in engagements: reviews, touchpoints, tasks, signals, objectives, scores, escalations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import _words as w
from ._contracts import contract_ids, drawn
from ._draw import NEVER, NONE, Array, Dice, days, frame, ids, ladder, words
from ._trunk import account_ids, engagement_ids, engagement_stages, user_ids

if TYPE_CHECKING:
    import pandas as pd

    from ._world import World

__all__ = ["adoption_scores", "escalations", "objectives", "qbrs", "risk_signals", "tasks", "touchpoints"]


def _until(day: Array, limit: int, happens: Array) -> Array:
    """The day where it happens and is no later than the limit."""
    return np.where(happens & (day <= limit), day, NEVER)


def escalations(world: World) -> pd.DataFrame:
    dice, firms = world.dice("escalations"), world.accounts
    account = dice.children(0.3 * firms.trouble / 0.26)
    count = len(account)
    since = np.maximum(firms.created[account], world.today - 540)
    opened = dice.between(since, world.exported, count)
    closed = _until(opened + dice.between(2, 45, count), world.exported, dice.chance(0.92, count))
    return frame(
        id=ids("X", dice.order(count), count),
        account_id=account_ids(world, account),
        opened_on=days(opened),
        closed_on=days(closed),
    )


def _planned(world: World, dice: Dice, rate: float, ahead: int) -> tuple[Array, Array]:
    """Engagements and days in their lives, up to some days ahead of the open ones."""
    work = world.engagements
    open_still = work.closed == NEVER
    engagement = dice.children(rate * dice.busyness(len(work)))
    ends = np.where(open_still, world.today + ahead, world.through)
    return engagement, dice.between(work.created[engagement], ends[engagement], len(engagement))


def qbrs(world: World) -> pd.DataFrame:
    dice = world.dice("qbrs")
    engagement, scheduled = _planned(world, dice, 3, 110)
    count = len(scheduled)
    cancelled = dice.chance(0.07, count)
    late = np.maximum(dice.between(-3, 4, count), 0)
    held = _until(scheduled + late, world.exported, ~cancelled & dice.chance(0.93, count))
    return frame(
        id=ids("Q", dice.order(count), count),
        engagement_id=engagement_ids(world, engagement),
        scheduled_on=days(scheduled),
        held_on=days(held),
        cancelled=cancelled,
    )


def touchpoints(world: World) -> pd.DataFrame:
    dice = world.dice("touchpoints")
    engagement, scheduled = _planned(world, dice, 5, 100)
    count = len(scheduled)
    return frame(
        id=ids("P", dice.order(count), count),
        engagement_id=engagement_ids(world, engagement),
        scheduled_on=days(scheduled),
        cancelled=dice.chance(0.05, count),
    )


def _assignees(world: World, dice: Dice, engagement: Array) -> Array:
    """The engagement's keeper, at times the keeper's manager, anybody where there is none."""
    users = world.users
    keeper = world.keeper[engagement]
    boss = (keeper > 0) & dice.chance(0.04, len(keeper))
    chosen = np.where(boss, users.manager[keeper], keeper)
    agents = users.agents[dice.between(0, len(users.agents) - 1, len(keeper))]
    return np.where((chosen < 0) | dice.chance(0.03, len(keeper)), agents, chosen)


def _task_days(world: World, dice: Dice, engagement: Array) -> tuple[Array, Array, Array, Array]:
    """Status, created, due and completed: old tasks are mostly done, new ones mostly not."""
    work, count = world.engagements, len(engagement)
    since = np.maximum(work.created, np.minimum(world.through, world.today) - 400)
    recent = 1 - (1 - dice.share(count)) ** 1.3
    first, last = since[engagement], world.through[engagement]
    created = (first + recent * (last - first)).astype(np.int32)
    due = dice.missing(created + dice.between(3, 60, count), 0.05, int(NEVER))
    done = np.where(due == NEVER, created + 20, due) + dice.between(-12, 8, count)
    done = np.maximum(done, created)
    finished = (done <= world.exported) & dice.chance(0.94, count)
    status = np.where(finished, 2, np.where(dice.chance(0.35, count), 1, 0))
    status = np.where(dice.chance(0.06, count), 3, status)
    return status, created, due, np.where(status == 2, done, NEVER)


def tasks(world: World) -> pd.DataFrame:
    dice = world.dice("tasks")
    engagement = dice.children(3 * dice.busyness(world.count))
    count = len(engagement)
    status, created, due, completed = _task_days(world, dice, engagement)
    assignee = _assignees(world, dice, engagement)
    account = world.engagements.account[engagement]
    about = dice.share(count)
    return frame(
        id=ids("T", dice.order(count), count),
        assignee_id=user_ids(world, assignee),
        account_id=account_ids(world, np.where((about < 0.45) | (about > 0.85), NONE, account)),
        engagement_id=engagement_ids(world, np.where(about < 0.65, engagement, NONE)),
        name=words(dice.between(0, len(w.TASK_NAMES) - 1, count), w.TASK_NAMES),
        status=words(status, ("to_do", "in_progress", "completed", "cancelled")),
        created_on=days(created),
        due_on=days(due),
        completed_on=days(completed),
    )


def risk_signals(world: World) -> pd.DataFrame:
    dice, work, terms = world.dice("risk_signals"), world.engagements, drawn(world)
    engagement = dice.children(1.5 * work.trouble / 0.26)
    count = len(engagement)
    since = np.maximum(work.created, np.minimum(world.today - 500, world.through))[engagement]
    opened = dice.between(since, world.through[engagement], count)
    closed = _until(opened + dice.between(5, 140, count), world.exported, dice.chance(0.9, count))
    owned = np.diff(terms.firsts)[engagement]
    contract = terms.firsts[engagement] + dice.between(0, np.maximum(owned - 1, 0), count)
    names = (owned > 0) & dice.chance(0.3, count)
    mild, grave = dice.words((15, 35, 50), count), dice.words((45, 40, 15), count)
    probability = np.where(work.trouble[engagement] > 0.4, grave, mild)
    return frame(
        id=ids("R", dice.order(count), count),
        engagement_id=engagement_ids(world, engagement),
        contract_id=contract_ids(world, np.where(names, contract, NONE)),
        category=words(dice.words(w.RISK_WEIGHTS, count), w.RISKS),
        scope=words(dice.missing(dice.words((30, 25, 20, 15, 10), count), 0.06), w.RISK_SCOPES),
        probability=words(dice.missing(probability, 0.05), ("high", "moderate", "low")),
        opened_on=days(opened),
        closed_on=days(closed),
    )


def objectives(world: World) -> pd.DataFrame:
    dice, work = world.dice("objectives"), world.engagements
    stage = engagement_stages(world)
    progress = dice.rng.beta(1.2, 1.6, world.count) * (1.15 - work.trouble) + 0.1 * stage
    engagement = dice.children(3 * dice.busyness(world.count))
    count = len(engagement)
    done = dice.chance(progress[engagement], count)
    shaky = dice.chance(work.trouble[engagement], count)
    fresh = dice.chance(0.25 + 0.5 * (stage[engagement] == 0), count)
    state = np.select([done, shaky, fresh], [3, 2, 0], 1)
    state = np.where(dice.chance(0.06, count), 4, state)
    return frame(
        id=ids("J", dice.order(count), count),
        engagement_id=engagement_ids(world, engagement),
        name=words(dice.between(0, len(w.OBJECTIVES) - 1, count), w.OBJECTIVES),
        state=words(state, ("new", "on_track", "at_risk", "completed", "cancelled")),
    )


def adoption_scores(world: World) -> pd.DataFrame:
    """Each engagement uses a few products, read every month or so; some accounts are scored as a whole."""
    dice, work, firms = world.dice("adoption_scores"), world.engagements, world.accounts
    products = dice.words((35, 40, 17, 8), len(work))
    whole = dice.words((70, 20, 10), len(firms))
    user, place = ladder(np.concatenate([products, whole]).astype(np.int64))
    first = dice.between(0, len(w.PRODUCTS) - 1, len(products) + len(whole))
    product = (first[user] + 5 * place) % len(w.PRODUCTS)
    priority = dice.missing(dice.words((15, 30, 35, 20), len(user)), 0.1)
    pair, reading = ladder(dice.words((60, 25, 15), len(user)).astype(np.int64) + 1)
    user, product = user[pair], product[pair]
    through = np.concatenate([world.through, np.full(len(firms), world.exported, dtype=np.int32)])
    since = np.concatenate([work.created, firms.created])[user]
    on = (through - dice.between(0, 45, len(through)))[user] - 31 * reading
    trouble = np.concatenate([work.trouble, firms.trouble])[user]
    score = 100 * (1 - trouble) + dice.rng.normal(-8, 14, len(user)) + 2 * reading * (0.3 - trouble)
    kept = np.flatnonzero(on >= since)
    order = dice.rng.permutation(kept)
    user = user[order]
    account = np.concatenate([work.account, np.arange(len(firms), dtype=np.int32)])[user]
    return frame(
        account_id=account_ids(world, account),
        engagement_id=engagement_ids(world, np.where(user < len(work), user, NONE)),
        product=words(product[order], w.PRODUCTS),
        score=np.round(np.clip(score[order], 0, 100), 1),
        on=days(on[order]),
        business_priority=words(priority[pair[order]], w.PRIORITIES),
    )
