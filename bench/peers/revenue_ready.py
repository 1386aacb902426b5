"""What the peers of the revenue benchmark are given: everything that hangs on no day and on no option.

Periods by account and start, ids as row numbers, days as int32, money as cents. Of each account the days on
which its MRR changes, with what it was before and is after (`log`); and of each of its calendar months what
that moved, and which movement it is (`steps`), as the library itself keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

FAR = 2**31 - 1
KINDS = ("new", "reactivation", "expansion", "contraction", "churn")
Arrays = dict[str, np.ndarray]


@dataclass
class Ready:
    accounts: int
    periods: Arrays
    log: Arrays
    steps: Arrays
    contracts: Arrays
    propensities: Arrays


def month(days: Any) -> np.ndarray:
    """Calendar months since January 1970."""
    return np.minimum(days, 10**6).astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)


def prepare(frames: dict[str, Any]) -> Ready:
    ids = frames["accounts"]["id"]
    place = dict(zip(ids, range(len(ids)), strict=True))
    log = _log(periods := _periods(frames["subscriptions"], place))
    return Ready(
        len(ids), periods, log, _steps(log), _contracts(frames["contracts"], place),
        _propensities(frames["propensities"], place),
    )  # fmt: skip


def _days(column: Any) -> np.ndarray:
    days = column.to_numpy().astype("datetime64[D]").astype(np.int64)
    return np.where(days == np.iinfo(np.int64).min, FAR, days).astype(np.int32)


def _periods(table: Any, place: dict[str, int]) -> Arrays:
    account = table["account_id"].map(place).to_numpy(np.int32)
    start = _days(table["started_on"])
    end = np.minimum(_days(table["ended_on"]), _days(table["cancelled_on"]))
    cents = np.rint(table["mrr"].to_numpy() * 100).astype(np.int64)
    counts = np.flatnonzero(start < end)
    order = counts[np.lexsort((start[counts], account[counts]))]
    return {"account": account[order], "start": start[order], "end": end[order], "mrr": cents[order]}


def _log(p: Arrays) -> Arrays:
    account, day = np.tile(p["account"], 2), np.r_[p["start"], p["end"]]
    order = np.lexsort((day, account))
    account, day = account[order], day[order]
    after = np.r_[p["mrr"], -p["mrr"]][order].cumsum()
    kept = np.r_[(account[1:] != account[:-1]) | (day[1:] != day[:-1]), True]
    account, day, after = account[kept], day[kept], after[kept]
    kept = np.r_[after[:1] != 0, after[1:] != after[:-1]]
    account, day, after = account[kept], day[kept], after[kept]
    first = np.r_[True, account[1:] != account[:-1]]
    before = np.r_[0, after[:-1]]
    return {
        "account": account, "day": day, "month": month(day), "before": before, "after": after, "first": first,
        "born": month(day[first])[first.cumsum() - 1],
    }  # fmt: skip


def _steps(log: Arrays) -> Arrays:
    account, months = log["account"], log["month"]
    opens = np.flatnonzero(np.r_[True, (account[1:] != account[:-1]) | (months[1:] != months[:-1])])
    closes = np.r_[opens[1:], len(account)] - 1
    before, after = log["before"][opens], log["after"][closes]
    kind = np.select([after == 0, log["first"][opens], before == 0, after > before], [4, 0, 1, 2], 3).astype(
        np.int8
    )
    kept = (after != before) & (log["day"][opens] != FAR)
    steps = {
        "account": account[opens], "month": months[opens], "born": log["born"][opens], "kind": kind,
        "change": after - before,
    }  # fmt: skip
    return {name: column[kept] for name, column in steps.items()}


def _contracts(table: Any, place: dict[str, int]) -> Arrays:
    stage = table["renewal_stage"].to_numpy(object)
    decided = np.where(stage == "renewal_approved", 1, np.where(stage == "renewal_rejected", 2, 0)).astype(
        np.int8
    )
    return {
        "account": table["account_id"].map(place).to_numpy(np.int32),
        "value": np.rint(table["value"].to_numpy() * 100).astype(np.int64),
        "counts": table["state"].isin(["active", "expired"]).to_numpy(),
        "decided": decided,
        "decided_on": _days(table["renewal_finalized_on"]),
        "ends": _days(table["ends_on"]),
    }


def _propensities(table: Any, place: dict[str, int]) -> Arrays:
    account, on = table["account_id"].map(place).to_numpy(np.int32), _days(table["on"])
    order = np.lexsort((on, account))
    return {"account": account[order], "on": on[order], "churn": table["churn"].to_numpy()[order]}
