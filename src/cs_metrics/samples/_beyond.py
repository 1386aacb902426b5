"""Tables of the other reports: contacts, subscriptions, playbooks, alerts, the stack, measures, usage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import _words as w
from ._draw import NEVER, Array, Dice, days, dollars, frame, ids, ladder, optional_ints, words
from ._trunk import account_ids, user_ids

if TYPE_CHECKING:
    import pandas as pd

    from ._world import World

__all__ = [
    "activities", "alerts", "campaign_touches", "contacts", "measures", "playbook_runs", "propensities",
    "renewals", "stack_items", "stack_positions", "stack_tags", "subscriptions", "usage",
]  # fmt: skip


def contacts(world: World) -> pd.DataFrame:
    dice, firms = world.dice("contacts"), world.accounts
    account = dice.children(2.5 * dice.busyness(len(firms)))
    count = len(account)
    return frame(
        id=ids("C", dice.order(count), count),
        account_id=account_ids(world, account),
        name=words(dice.between(0, len(w.PEOPLE) - 1, count), w.PEOPLE),
        title=words(dice.missing(dice.between(0, len(w.TITLES) - 1, count), 0.1), w.TITLES),
        role=words(dice.missing(dice.words((10, 15, 25, 40, 10), count), 0.05), w.CONTACT_ROLES),
        created_on=days(dice.between(firms.created[account], world.exported, count)),
    )


class _Billing:
    """Chains of periods of constant MRR, one chain an account, by account and then by start."""

    def __init__(self, world: World) -> None:
        dice, firms = world.dice("billing"), world.accounts
        chain = dice.words((8, 55, 25, 12), len(firms)).astype(np.int64)
        self.account, place = ladder(chain)
        count = len(place)
        since = firms.created[self.account]
        step = (world.exported - since) // np.maximum(chain[self.account], 1)
        last = place == chain[self.account] - 1
        self.started = since + place * step + np.where(place > 0, dice.between(0, 20, count) % (step + 1), 0)
        following = np.append(self.started[1:], 0)
        gone = last & dice.chance(firms.trouble[self.account] * 0.7, count)
        gap = np.where(dice.chance(0.1, count), 15, 0)
        self.ended = np.where(last, NEVER, np.maximum(following - gap, self.started))
        self.cancelled = np.where(gone, dice.between(self.started, world.exported, count), NEVER)
        size = np.array([8.6, 7.2, 5.6])[firms.segment[self.account]]
        growth = 0.18 * place * (1 - 2 * firms.trouble[self.account])
        price = np.exp(dice.rng.normal(size, 0.4, count) + growth)
        self.cents = (price * 100).astype(np.int64)
        stays = dice.words((90, 2, 5, 3), count)
        self.status = np.where(last & ~gone, stays, np.where(gone, 4, 0))
        ahead = dice.between(0, np.where(dice.chance(0.4, count), 30, 365), count)
        self.billing = np.where(last & ~gone, world.today + ahead, NEVER)


def subscriptions(world: World) -> pd.DataFrame:
    bills, dice = world.made(_Billing), world.dice("subscriptions")
    count = len(bills.started)
    order = dice.order(count)
    seats = (bills.cents[order] // 4000) + 1
    return frame(
        id=ids("S", order, count),
        account_id=account_ids(world, bills.account[order]),
        plan=words(dice.words((40, 40, 20), count), w.PLANS),
        mrr=dollars(bills.cents[order]),
        seats=optional_ints(seats, dice.chance(0.08, count)),
        status=words(bills.status[order], ("active", "trialing", "past_due", "paused", "cancelled")),
        started_on=days(bills.started[order]),
        ended_on=days(bills.ended[order]),
        cancelled_on=days(bills.cancelled[order]),
        next_billing_on=days(bills.billing[order]),
    )


def renewals(world: World) -> pd.DataFrame:
    """The billings of the last months that were to be renewed, and the next one."""
    bills, dice = world.made(_Billing), world.dice("renewals")
    count = len(bills.started)
    billings = np.where(bills.billing == NEVER, 0, dice.between(1, 3, count))
    subscription, back = ladder(billings.astype(np.int64))
    due = bills.billing[subscription] - 30 * back
    kept = dice.rng.permutation(np.flatnonzero(due >= bills.started[subscription]))
    subscription, due = subscription[kept], due[kept]
    when = due + dice.between(-10, 12, len(due))
    renewed = (when <= world.exported) & dice.chance(0.92, len(due))
    return frame(
        subscription_id=ids("S", subscription, count),
        due_on=days(due),
        renewed_on=days(np.where(renewed, when, NEVER)),
    )


def playbook_runs(world: World) -> pd.DataFrame:
    dice, firms = world.dice("playbook_runs"), world.accounts
    account = dice.children(1.2 * dice.busyness(len(firms)))
    count = len(account)
    since = np.maximum(firms.created[account], world.today - 300)
    started = dice.between(since, world.exported, count)
    due = dice.missing(started + dice.between(14, 90, count), 0.05, int(NEVER))
    done = started + dice.between(5, 100, count)
    finished = (done <= world.exported) & dice.chance(0.9, count)
    status = np.where(finished, 2, np.where(dice.chance(0.6, count), 1, 0))
    status = np.where(dice.chance(0.05, count), 3, status)
    return frame(
        id=ids("B", dice.order(count), count),
        playbook=words(dice.words((25, 20, 15, 10, 10, 10, 6, 4), count), w.PLAYBOOKS),
        account_id=account_ids(world, account),
        status=words(status, ("new", "in_progress", "completed", "cancelled")),
        started_on=days(started),
        due_on=days(due),
        completed_on=days(np.where(finished, done, NEVER)),
    )


def alerts(world: World) -> pd.DataFrame:
    dice, firms = world.dice("alerts"), world.accounts
    account = dice.children(0.3 + 2 * firms.trouble)
    count = len(account)
    name = dice.words((25, 15, 12, 15, 12, 11, 10), count)
    raised = dice.between(np.maximum(firms.created[account], world.today - 200), world.exported, count)
    closed = raised + dice.between(1, 90, count)
    return frame(
        id=ids("L", dice.order(count), count),
        name=words(name, w.ALERTS),
        kind=words(np.array(w.ALERT_KINDS)[name], ("risk", "upsell", "other")),
        account_id=account_ids(world, account),
        raised_on=days(raised),
        closed_on=days(np.where((closed <= world.exported) & dice.chance(0.85, count), closed, NEVER)),
        action_defined=dice.chance(0.45, count),
    )


def activities(world: World) -> pd.DataFrame:
    dice, firms = world.dice("activities"), world.accounts
    account = dice.children(3 * dice.busyness(len(firms)))
    count = len(account)
    since = np.maximum(firms.created[account], world.today - 150)
    return frame(
        id=ids("V", dice.order(count), count),
        account_id=account_ids(world, account),
        user_id=user_ids(world, dice.missing(firms.owner[account], 0.05)),
        kind=words(dice.words((50, 25, 15, 10), count), w.ACTIVITIES),
        performed_on=days(dice.between(since, world.exported, count)),
    )


def stack_items(world: World) -> pd.DataFrame:
    order = world.dice("stack_items").order(len(w.STACK))
    return frame(id=ids("I", order, len(order)), name=words(order, w.STACK))


def stack_tags(world: World) -> pd.DataFrame:
    dice = world.dice("stack_tags")
    item, place = ladder(dice.words((1, 6, 3), len(w.STACK)).astype(np.int64))
    tag = (item + 2 * place) % len(w.STACK_TAGS)
    return frame(item_id=ids("I", item, len(w.STACK)), tag=words(tag, w.STACK_TAGS))


def stack_positions(world: World) -> pd.DataFrame:
    dice, firms = world.dice("stack_positions"), world.accounts
    account, place = ladder(dice.between(0, 8, len(firms)).astype(np.int64))
    item = (dice.between(0, len(w.STACK) - 1, len(firms))[account] + 3 * place) % len(w.STACK)
    order = dice.order(len(account))
    account, item = account[order], item[order]
    count = len(order)
    applicable, aligned = dice.chance(0.9, count), dice.chance(0.8 - 0.6 * firms.trouble[account], count)
    price = np.exp(dice.rng.normal(np.array([6.5, 5.4, 4.2])[firms.segment[account]], 0.5)) * 100
    price = np.where(applicable, price, 0).astype(np.int64)
    return frame(
        account_id=account_ids(world, account),
        item_id=ids("I", item, len(w.STACK)),
        applicable=applicable,
        aligned=applicable & aligned,
        mrr=dollars(np.where(aligned, price, 0)),
        non_recurring=dollars(np.where(aligned & dice.chance(0.3, count), price * 4, 0)),
        mrr_opportunity=dollars(np.where(aligned, 0, price)),
        non_recurring_opportunity=dollars(np.where(aligned | dice.chance(0.6, count), 0, price * 3)),
    )


def _readings(
    dice: Dice, world: World, *, each: int, names: int, most: int, gap: int
) -> tuple[Array, Array, Array]:
    """Accounts, words and days: every account has some of the words, read some times, no two on one day."""
    firms = world.accounts
    account, place = ladder(dice.between(0, each, len(firms)).astype(np.int64))
    word = (dice.between(0, names - 1, len(firms))[account] + place) % names
    pair, reading = ladder(dice.between(1, most, len(account)).astype(np.int64))
    account, word = account[pair], word[pair]
    on = world.exported - dice.between(0, gap - 1, len(account)) - gap * reading
    kept = dice.rng.permutation(np.flatnonzero(on >= firms.created[account]))
    return account[kept], word[kept], on[kept]


def measures(world: World) -> pd.DataFrame:
    dice = world.dice("measures")
    account, metric, on = _readings(dice, world, each=len(w.METRICS), names=len(w.METRICS), most=2, gap=30)
    low, high = np.array(w.METRIC_RANGES, dtype=float).T[:, metric]
    mood = np.clip(1 - world.accounts.trouble[account] + dice.rng.normal(0, 0.15, len(on)), 0, 1)
    part = np.where(metric == w.METRICS.index("tickets_open"), 1 - mood, mood)
    part = np.where(metric >= w.METRICS.index("locations"), dice.share(len(on)) ** 2, part)
    return frame(
        account_id=account_ids(world, account),
        metric=words(metric, w.METRICS),
        value=np.round(low + part * (high - low), 1),
        on=days(on),
    )


def usage(world: World) -> pd.DataFrame:
    dice = world.dice("usage")
    account, product, on = _readings(dice, world, each=3, names=len(w.PRODUCTS), most=2, gap=35)
    count = len(on)
    size = np.array([6, 4.5, 2.5])[world.accounts.segment[account]]
    licensed = np.exp(dice.rng.normal(size, 0.7)).astype(int) + 1
    share = np.clip(1.05 - world.accounts.trouble[account] + dice.rng.normal(0, 0.15, count), 0, 1.1)
    return frame(
        account_id=account_ids(world, account),
        product=words(product, w.PRODUCTS),
        on=days(on),
        active_users=(licensed * share).astype(np.int64),
        licensed_users=optional_ints(licensed, dice.chance(0.06, count)),
    )


def propensities(world: World) -> pd.DataFrame:
    dice = world.dice("propensities")
    account, _, on = _readings(dice, world, each=1, names=1, most=2, gap=30)
    trouble = world.accounts.trouble[account]
    churn = np.clip(trouble + dice.rng.normal(0, 0.1, len(on)), 0, 1)
    expand = np.clip(0.7 - trouble + dice.rng.normal(0, 0.15, len(on)), 0, 1)
    return frame(
        account_id=account_ids(world, account),
        on=days(on),
        churn=np.round(churn, 3),
        expand=np.round(expand, 3),
    )


def campaign_touches(world: World) -> pd.DataFrame:
    dice = world.dice("campaign_touches")
    account, campaign, on = _readings(dice, world, each=2, names=len(w.CAMPAIGNS), most=1, gap=300)
    cents = np.exp(dice.rng.normal(11.5, 0.8, len(on))).astype(np.int64)
    return frame(
        account_id=account_ids(world, account),
        campaign=words(campaign, w.CAMPAIGNS),
        on=days(on),
        attributed=np.where(dice.chance(0.7, len(on)), np.nan, dollars(cents)),
    )
