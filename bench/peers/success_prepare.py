"""Making ready for the customer success dashboard: all that does not hang on the day or on a model.

Accounts stand by their owner's position in the preorder of the org tree, everything else by account, so what
a viewer sees is one run of each. Measures carry the day of the next one of their account and metric, positions
that do not apply are gone, and what an account's positions come to stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from . import arrays
from . import words as w

TABLES = ("users", "accounts", "subscriptions", "measures", "stack_items", "stack_tags", "stack_positions")
MONEY = ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")
BANDS = (("at_risk", 0, 40), ("needs_attention", 40, 70), ("satisfactory", 70, 100))
HEALTH = {"nps": (-100, 100), "csat": (0, 100), "tickets_open": (20, 0), "logins_per_week": (0, 20)}
EFFORT = {"support_hours": (0, 40), "locations": (1, 20)}
DERIVED = {"employees": (0, 1000), "seats": (0, 500), "misalignment": (0, 100)}
SEGMENTS = (
    "high_value_low_effort",
    "high_value_high_effort",
    "low_value_low_effort",
    "low_value_high_effort",
)
TOP = 10


@dataclass
class Ready:
    org: w.Org
    tables: dict[str, arrays.Table]
    starts: dict[str, Any]
    """Where each position's run of accounts, and each account's run of the others, begins."""
    items: list[Any]
    tags: list[list[str]]
    scales: dict[str, Any]
    """By metric: where its scale begins, how long it is, and its weight in both models."""
    extra: dict[str, Any] = field(default_factory=dict)


def prepare(frames: arrays.Frames) -> Ready:
    users = frames["users"]
    org, place = w.org_of(
        users["id"].tolist(), users["manager_id"].astype(object).tolist(), users["role"].tolist()
    )
    accounts, ids, rows = _accounts(frames["accounts"], arrays._arrow(users["id"]), place, len(org))
    size = len(accounts["rank"])
    tables = {"accounts": accounts}
    starts = {"accounts": arrays.runs(accounts["position"], len(org) + 1)}
    tables["measures"], metrics = _measures(frames["measures"], ids, rows)
    tables["subscriptions"] = _subscriptions(frames["subscriptions"], ids, rows)
    items = arrays._arrow(frames["stack_items"]["id"])
    tables["stack_positions"] = _positions(frames["stack_positions"], ids, rows, items, accounts)
    for name in ("measures", "subscriptions", "stack_positions"):
        starts[name] = arrays.runs(tables[name]["account"], size)
    tags: list[list[str]] = [[] for _ in range(len(items))]
    for item, tag in zip(
        arrays.find(frames["stack_tags"]["item_id"], items), frames["stack_tags"]["tag"], strict=True
    ):
        tags[item].append(tag)
    return Ready(org, tables, starts, items.to_pylist(), tags, _scales(metrics))


def _accounts(frame: Any, users: Any, place: Any, nobody: int) -> tuple[arrays.Table, Any, Any]:
    ids = arrays._arrow(frame["id"])
    owner = arrays.find(frame["owner_id"], users)
    position = np.where(owner < 0, nobody, place[owner]).astype(np.int32)
    order = np.argsort(position, kind="stable")
    table = arrays.take(
        {
            "position": position,
            "begins": arrays.days(frame["created_on"], w.EVER),
            "rank": arrays.rank(ids),
            "employees": frame["employees"].astype("float64").to_numpy(),
            "seats": frame["seats"].astype("float64").to_numpy(),
        },
        order,
    )
    table["id"] = ids.take(pa.array(order))
    rows = np.empty(len(order), np.int32)
    rows[order] = np.arange(len(order), dtype=np.int32)
    return table, ids, rows


def _measures(frame: Any, ids: Any, rows: Any) -> tuple[arrays.Table, list[str]]:
    account = rows[arrays.find(frame["account_id"], ids)]
    metric, labels = arrays.codes(frame["metric"])
    on = arrays.days(frame["on"], w.EVER)
    order = np.lexsort((on, metric, account))
    table = arrays.take(
        {"account": account, "metric": metric.astype(np.int8), "on": on, "value": frame["value"].to_numpy()},
        order,
    )
    until = np.full(len(order), w.FAR, np.int32)
    same = (table["account"][1:] == table["account"][:-1]) & (table["metric"][1:] == table["metric"][:-1])
    until[:-1][same] = table["on"][1:][same]
    return table | {"until": until}, labels


def _subscriptions(frame: Any, ids: Any, rows: Any) -> arrays.Table:
    """From which day until which each period counts."""
    account = rows[arrays.find(frame["account_id"], ids)]
    starts = arrays.days(frame["started_on"], w.FAR)
    end = np.minimum(arrays.days(frame["ended_on"], w.FAR), arrays.days(frame["cancelled_on"], w.FAR))
    counts = frame["status"].isin(("active", "past_due")).to_numpy()
    end = np.where((end == w.FAR) & ~counts, starts, end).astype(np.int32)
    order = np.argsort(account, kind="stable")
    return arrays.take(
        {"account": account, "mrr": arrays.cents(frame["mrr"]), "begins": starts, "until": end}, order
    )


def _positions(frame: Any, ids: Any, rows: Any, items: Any, accounts: arrays.Table) -> arrays.Table:
    frame = frame[frame["applicable"]]
    account = rows[arrays.find(frame["account_id"], ids)]
    order = np.argsort(account, kind="stable")
    table = {"account": account, "item": arrays.find(frame["item_id"], items).astype(np.int32)}
    table |= {"aligned": frame["aligned"].to_numpy(dtype=bool)}
    table = arrays.take(table | {name: arrays.cents(frame[name]) for name in MONEY}, order)
    size = len(accounts["rank"])
    accounts["applicable"] = np.bincount(table["account"], minlength=size)
    accounts["aligned"] = np.bincount(table["account"][table["aligned"]], minlength=size)
    for name in MONEY:
        accounts[name] = np.zeros(size, np.int64)
        np.add.at(accounts[name], table["account"], table[name])
    accounts["opportunity"] = accounts["mrr_opportunity"] + accounts["non_recurring_opportunity"]
    with np.errstate(invalid="ignore"):
        accounts["misalignment"] = 100 - 100 * accounts["aligned"] / accounts["applicable"]
    return table | {"begins": accounts["begins"][table["account"]]}


def _scales(metrics: list[str]) -> dict[str, Any]:
    known = {**HEALTH, **EFFORT}
    ends = [known.get(metric, (0, 1)) for metric in metrics]
    return {
        "low": np.array([float(low) for low, _ in ends]),
        "span": np.array([float(high - low) for low, high in ends]),
        "health": np.array([float(metric in HEALTH) for metric in metrics]),
        "effort": np.array([float(metric in EFFORT) for metric in metrics]),
    }


def spans(ready: Ready, lo: int, hi: int) -> dict[str, tuple[int, int]]:
    """The run of each table that stands at positions from `lo` to before `hi`."""
    first, last = (int(end) for end in ready.starts["accounts"][[lo, hi]])
    found = {"accounts": (first, last)}
    for name in ("measures", "subscriptions", "stack_positions"):
        found[name] = int(ready.starts[name][first]), int(ready.starts[name][last])
    return found


def tree(ready: Ready, opportunity: dict[int, int]) -> dict[Any, dict[Any, int]]:
    """Items under their tags, largest first, then by label."""
    found: dict[Any, dict[Any, int]] = {}
    for item, cents in sorted(opportunity.items(), key=lambda one: (-one[1], ready.items[one[0]])):
        for tag in ready.tags[item] or [None]:
            found.setdefault(tag, {})[ready.items[item]] = cents
    total = {tag: sum(items.values()) for tag, items in found.items()}
    return {tag: found[tag] for tag in sorted(found, key=lambda tag: (tag is None, -total[tag], tag or ""))}


def by_item(ready: Ready, lines: list[tuple[Any, ...]]) -> tuple[int, list[tuple[Any, ...]]]:
    """Lines (item, mrr, mrr opportunity, non-recurring opportunity, aligned, applicable), the first ten in order."""
    lines = sorted(lines, key=lambda line: (-line[1], ready.items[line[0]]))[:TOP]
    return len(lines), [(ready.items[line[0]], *line[1:], line[4] / line[5]) for line in lines]


def totals(rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """What listed customers come to: rows of (id, four amounts, aligned, applicable)."""
    sums = [sum(row[place] for row in rows) for place in range(1, 7)]
    return (*sums[:4], sums[4] / sums[5] if sums[5] else None)
