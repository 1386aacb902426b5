"""A company that bills: periods of constant MRR, as a billing system would export them.

Upgrades and downgrades on the day, gaps of some weeks, add-ons that overlap, customers who leave and some who
come back; contracts and churn propensities beside them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

AS_OF = np.datetime64("2026-06-30", "D").astype(int)
NEVER = np.iinfo(np.int64).min


def frames(periods: int, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Tables with so many subscription periods, their rows in no order."""
    dice = np.random.default_rng(seed)
    account, place = _chains(dice, periods)
    started, ended, cancelled = _days(dice, account, place)
    cents = (np.exp(dice.normal(9.6, 0.9, periods)) + 900).astype(np.int64)
    order = dice.permutation(periods)
    count = int(account[-1]) + 1
    names = np.char.add("A", np.char.zfill(np.arange(count).astype(str), 7)).astype(object)
    return {
        "accounts": pd.DataFrame({"id": names}),
        "subscriptions": pd.DataFrame(
            {
                "id": np.char.add("S", np.char.zfill(order.astype(str), 7)).astype(object),
                "account_id": names[account[order]],
                "mrr": cents[order] / 100,
                "status": np.where(cancelled != NEVER, "cancelled", "active")[order].astype(object),
                "started_on": _dates(started[order]),
                "ended_on": _dates(ended[order]),
                "cancelled_on": _dates(cancelled[order]),
            }
        ),
        "contracts": _contracts(dice, names),
        "propensities": _propensities(dice, names),
    }


def _chains(dice: np.random.Generator, periods: int) -> tuple[np.ndarray, np.ndarray]:
    """The account of each period, ascending, and which of its periods it is."""
    sizes = dice.choice([1, 2, 3, 4, 6, 9], periods, p=[0.25, 0.2, 0.2, 0.15, 0.12, 0.08])
    account = np.repeat(np.arange(periods), sizes)[:periods]
    starts = np.r_[0, np.flatnonzero(np.diff(account)) + 1]
    return account, np.arange(periods) - np.repeat(starts, np.diff(np.r_[starts, periods]))


def _days(dice: np.random.Generator, account: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, ...]:
    count = len(account)
    last = np.r_[account[1:] != account[:-1], True]
    born = dice.integers(AS_OF - 1900, AS_OF - 20, int(account[-1]) + 1)[account]
    length = np.where(place > 0, dice.integers(20, 330, count), 0)
    total = length.cumsum()
    offset = total - np.repeat(total[place == 0], np.bincount(account))
    room = AS_OF - 1 - born  # a chain that would reach into the future is drawn together
    started = born + offset * room // np.maximum(np.repeat(offset[last], np.bincount(account)), room)
    following = np.r_[started[1:], 0]
    turn = dice.random(count)
    ended = np.where(
        turn < 0.75, following, np.where(turn < 0.88, following - dice.integers(5, 60, count), following + 45)
    )
    ended = np.where(last, NEVER, np.maximum(ended, started))
    leaves = (last & (turn < 0.3)) | (~last & (turn > 0.97))
    gone = np.minimum(started + dice.integers(0, 500, count), AS_OF + 60)
    cancelled = np.where(leaves, gone, NEVER)
    return started, np.where(leaves, NEVER, ended), cancelled


def _dates(days: np.ndarray) -> np.ndarray:
    dates = days.astype("datetime64[D]")  # the smallest number there is is no time
    return dates.astype("datetime64[s]")


def _contracts(dice: np.random.Generator, names: np.ndarray) -> pd.DataFrame:
    count = len(names)
    ends = dice.integers(AS_OF - 200, AS_OF + 500, count)
    decided = dice.choice(4, count, p=[0.6, 0.2, 0.1, 0.1])
    stages = np.array([None, "renewal_approved", "renewal_rejected", "under_review"], object)
    finalized = np.where((decided == 1) | (decided == 2), AS_OF - dice.integers(-20, 60, count), NEVER)
    return pd.DataFrame(
        {
            "id": np.char.add("C", np.arange(count).astype(str)).astype(object),
            "account_id": names,
            "value": dice.integers(100_000, 9_000_000, count) / 100,
            "state": np.array(["active", "expired", "draft"], object)[
                dice.choice(3, count, p=[0.8, 0.1, 0.1])
            ],
            "renewal_stage": stages[decided],
            "starts_on": _dates(ends - 365),
            "ends_on": _dates(ends),
            "renewal_finalized_on": _dates(finalized),
        }
    )


def _propensities(dice: np.random.Generator, names: np.ndarray) -> pd.DataFrame:
    whose = np.repeat(np.arange(len(names)), 2)[dice.random(2 * len(names)) < 0.7]
    back = np.r_[0, np.where(whose[1:] == whose[:-1], 30, 0)]
    return pd.DataFrame(
        {
            "account_id": names[whose],
            "on": _dates(AS_OF + 5 - back - dice.integers(0, 25, len(whose))),
            "churn": np.round(dice.random(len(whose)), 3),
            "expand": np.round(dice.random(len(whose)), 3),
        }
    )
