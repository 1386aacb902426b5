"""Making ready with pandas, PyArrow and NumPy: text ids to row numbers, words to codes, rows in viewers'
order.

Positions are those of the owner in the preorder of the org tree, so what a viewer sees is one run of
every table. Children stand in their parents' order. Besides the columns supplied, tables carry what does
not hang on the day: `begins` (the first day on which a row and all its parents exist) and `until` (the
day on which it, or its engagement, is closed or replaced); which signals touch which contracts; which
decisions hold from when to when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from . import words as w

Array = np.ndarray[Any, Any]
Frames = dict[str, pd.DataFrame]
Table = dict[str, Array]


@dataclass
class Ready:
    org: w.Org
    tables: dict[str, Table]
    starts: dict[str, Array]
    """Where each position's (or parent's) run begins in a table, one more for the end."""
    labels: dict[str, list[str]]


def _arrow(series: pd.Series[Any]) -> Any:
    array = pa.array(series)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def find(values: pd.Series[Any], known: Any) -> Array:
    """The row of each value among the known ids, -1 where missing."""
    return pc.index_in(_arrow(values), value_set=known).fill_null(-1).to_numpy(zero_copy_only=False)


def rank(ids: Any) -> Array:
    """The place of each id in the order of ids."""
    order = pc.sort_indices(ids).to_numpy()
    places = np.empty(len(order), dtype=np.int32)
    places[order] = np.arange(len(order), dtype=np.int32)
    return places


def codes(values: pd.Series[Any]) -> tuple[Array, list[str]]:
    """Codes in the order of the labels, -1 where missing; and the labels."""
    coded = _arrow(values).dictionary_encode()
    labels = coded.dictionary.to_pylist()
    order = np.argsort(np.array(labels, dtype=object), kind="stable")
    place = np.empty(len(labels) + 1, dtype=np.int16)
    place[order] = np.arange(len(labels))
    place[len(labels)] = -1
    raw = coded.indices.fill_null(len(labels)).to_numpy(zero_copy_only=False)
    return place[raw], [labels[at] for at in order]


def enum(values: pd.Series[Any], known: tuple[str, ...]) -> Array:
    return find(values, pa.array(known, _arrow(values).type)).astype(np.int8)


def days(values: pd.Series[Any], missing: int) -> Array:
    raw = values.to_numpy()
    numbers = raw.astype("datetime64[D]").astype(np.int64)
    return np.where(np.isnat(raw), missing, numbers).astype(np.int32)


def cents(values: pd.Series[Any]) -> Array:
    return np.rint(values.to_numpy(dtype=np.float64) * 100).astype(np.int64)


def runs(keys: Array, count: int) -> Array:
    """Where the run of each key begins among sorted keys."""
    return np.searchsorted(keys, np.arange(count + 1)).astype(np.int64)


def take(table: Table, order: Array) -> Table:
    return {name: column[order] for name, column in table.items()}


def prepare(frames: Frames) -> Ready:
    users = frames["users"]
    org, place = w.org_of(
        users["id"].tolist(), users["manager_id"].astype(object).tolist(), users["role"].tolist()
    )
    ready = Ready(org, {}, {}, {})
    keys = {"users": _arrow(users["id"]), "accounts": _arrow(frames["accounts"]["id"])}
    accounts = _accounts(frames["accounts"], keys, place, len(org))
    keys["engagements"], rows = _engagements(ready, frames["engagements"], keys, accounts, place)
    _simple_children(ready, frames, keys, rows)
    keys["contracts"], contract_rows = _contracts(ready, frames, keys, rows, accounts)
    _signals(ready, frames["risk_signals"], keys, rows, contract_rows)
    _scores(ready, frames["adoption_scores"], keys, rows, accounts)
    _tasks(ready, frames["tasks"], keys, rows, accounts=accounts, place=place)
    _escalations(ready, frames["escalations"], keys)
    ready.tables["accounts"] = {"id": keys["accounts"], "rank": accounts["rank"]}
    return ready


def _accounts(frame: pd.DataFrame, keys: dict[str, Any], place: Array, nobody: int) -> Table:
    owner = find(frame["owner_id"], keys["users"])
    return {
        "position": np.where(owner < 0, nobody, place[owner]).astype(np.int32),
        "begins": days(frame["created_on"], w.EVER),
        "rank": rank(keys["accounts"]),
    }


def _engagements(
    ready: Ready, frame: pd.DataFrame, keys: dict[str, Any], accounts: Table, place: Array
) -> tuple[Any, Array]:
    """The ids as supplied, and the row at which each of them now stands."""
    ids = _arrow(frame["id"])
    account = find(frame["account_id"], keys["accounts"])
    owner = find(frame["owner_id"], keys["users"])
    position = np.where(owner < 0, accounts["position"][account], place[owner])
    order = np.argsort(position, kind="stable")
    created = days(frame["created_on"], w.EVER)
    stage, ready.labels["stage"] = codes(frame["stage"])
    table = {
        "rank": rank(ids),
        "position": position.astype(np.int32),
        "account": account,
        "stage": stage.astype(np.int8),
        "health": enum(frame["health"], w.HEALTH),
        "created": created,
        "begins": np.maximum(created, accounts["begins"][account]),
        "until": days(frame["closed_on"], w.FAR),
        "due": days(frame["go_live_due_on"], w.FAR),
        "live": days(frame["went_live_on"], w.FAR),
    }
    ready.tables["engagements"] = take(table, order)
    ready.tables["engagements"]["id"] = ids.take(pa.array(order))
    ready.starts["engagements"] = runs(ready.tables["engagements"]["position"], len(ready.org) + 1)
    rows = np.empty(len(order) + 1, dtype=np.int32)
    rows[order] = np.arange(len(order), dtype=np.int32)
    rows[-1] = -1
    return ids, rows


def _simple_children(ready: Ready, frames: Frames, keys: dict[str, Any], rows: Array) -> None:
    parents = ready.tables["engagements"]
    for name in ("qbrs", "touchpoints", "objectives"):
        frame = frames[name]
        engagement = rows[find(frame["engagement_id"], keys["engagements"])]
        if name == "objectives":
            columns = {"state": enum(frame["state"], w.OBJECTIVE_STATE)}
            order = np.argsort(engagement, kind="stable")
        else:
            columns = {
                "scheduled": days(frame["scheduled_on"], w.FAR),
                "cancelled": frame["cancelled"].to_numpy(dtype=bool),
            }
            order = np.argsort((engagement.astype(np.int64) << 32) + columns["scheduled"])
        if name == "qbrs":
            columns["held"] = days(frame["held_on"], w.FAR)
        table = take({"engagement": engagement, **columns}, order)
        if name == "objectives":
            table["begins"] = parents["begins"][table["engagement"]]
            table["until"] = parents["until"][table["engagement"]]
        ready.tables[name] = table
        ready.starts[name] = runs(table["engagement"], len(parents["rank"]))


def _contracts(
    ready: Ready, frames: Frames, keys: dict[str, Any], rows: Array, accounts: Table
) -> tuple[Any, Array]:
    frame, parents = frames["contracts"], ready.tables["engagements"]
    ids = _arrow(frame["id"])
    account = find(frame["account_id"], keys["accounts"])
    engagement = rows[find(frame["engagement_id"], keys["engagements"])]
    alone = engagement < 0
    position = np.where(alone, accounts["position"][account], parents["position"][engagement])
    order = np.lexsort((np.where(alone, len(rows), engagement), position))
    table = {
        "rank": rank(ids),
        "position": position.astype(np.int32),
        "engagement": engagement,
        "value": cents(frame["value"]),
        "state": enum(frame["state"], w.CONTRACT_STATE),
        "stage": enum(frame["renewal_stage"], w.RENEWAL_STAGE),
        "extended": frame["extension_approved"].to_numpy(dtype=bool),
        "starts": days(frame["starts_on"], w.FAR),
        "ends": days(frame["ends_on"], w.FAR),
        "begins": np.maximum(
            accounts["begins"][account], np.where(alone, w.EVER, parents["begins"][engagement])
        ).astype(np.int32),
        "finalized": days(frame["renewal_finalized_on"], w.EVER),
    }
    table = take(table, order)
    placed = np.empty(len(order) + 1, dtype=np.int32)
    placed[order] = np.arange(len(order), dtype=np.int32)
    placed[-1] = -1
    ready.tables["contracts"] = table
    ready.starts["contracts"] = runs(table["position"], len(ready.org) + 1)
    _decisions(ready, frames["opportunities"], ids, placed)
    del table["finalized"], table["position"]
    table["id"] = ids.take(pa.array(order))
    return ids, placed


def _decisions(ready: Ready, deals: pd.DataFrame, ids: Any, placed: Array) -> None:
    """Which decision holds for each contract from when to when: its own, then its opportunities'."""
    contracts = ready.tables["contracts"]
    closed = days(deals["closed_on"], w.EVER)
    stage = enum(deals["stage"], ("open", "closed_won", "closed_lost"))
    kept = np.flatnonzero((deals["kind"] == "renew").to_numpy(dtype=bool) & (stage > 0))
    contract, day = placed[find(deals["contract_id"], ids)][kept], closed[kept]
    order = np.lexsort((rank(_arrow(deals["id"]))[kept], day, contract))
    contract, day, lost = contract[order], day[order], stage[kept][order] == 2
    first = np.r_[True, (contract[1:] != contract[:-1]) | (day[1:] != day[:-1])][: len(contract)]
    contract, day, lost = contract[first], day[first], lost[first]
    earliest = np.full(len(contracts["rank"]), w.FAR, dtype=np.int32)
    np.minimum.at(earliest, contract, day)
    own = np.flatnonzero((contracts["stage"] >= w.APPROVED) & (contracts["finalized"] < earliest))
    base = {
        "contract": np.r_[own, contract].astype(np.int32),
        "day": np.r_[contracts["finalized"][own], day].astype(np.int32),
        "lost": np.r_[contracts["stage"][own] == w.REJECTED, lost],
    }
    table = take(base, np.lexsort((base["day"], base["contract"])))
    same = np.r_[table["contract"][1:] == table["contract"][:-1], False][: len(table["day"])]
    table["until"] = np.where(same, np.r_[table["day"][1:], w.FAR][: len(same)], w.FAR).astype(np.int32)
    parent = table["contract"]
    table["begins"] = np.maximum(table["day"], contracts["begins"][parent])
    table["value"] = contracts["value"][parent]
    table["engagement"] = contracts["engagement"][parent]
    table["draft"] = contracts["state"][parent] == w.DRAFT
    ready.tables["decisions"] = table
    ready.starts["decisions"] = runs(parent, len(contracts["rank"]))
    contracts["decided"] = np.full(len(contracts["rank"]), w.FAR, dtype=np.int32)
    np.minimum.at(contracts["decided"], parent, table["day"])


def _signals(
    ready: Ready, frame: pd.DataFrame, keys: dict[str, Any], rows: Array, contract_rows: Array
) -> None:
    parents, contracts = ready.tables["engagements"], ready.tables["contracts"]
    engagement = rows[find(frame["engagement_id"], keys["engagements"])]
    contract = contract_rows[find(frame["contract_id"], keys["contracts"])]
    category, ready.labels["category"] = codes(frame["category"])
    scope, ready.labels["scope"] = codes(frame["scope"])
    begins = np.maximum(days(frame["opened_on"], w.EVER), parents["begins"][engagement])
    named = contract >= 0
    table = {
        "engagement": engagement,
        "category": category.astype(np.int8),
        "scope": scope.astype(np.int8),
        "probability": enum(frame["probability"], w.PROBABILITY),
        "begins": np.where(named, np.maximum(begins, contracts["begins"][contract]), begins),
        "until": np.minimum(days(frame["closed_on"], w.FAR), parents["until"][engagement]),
        "contract": contract,
    }
    table = take(table, np.argsort(engagement, kind="stable"))
    ready.tables["risk_signals"] = table
    ready.starts["risk_signals"] = runs(table["engagement"], len(parents["rank"]))
    _touches(ready)


def _touches(ready: Ready) -> None:
    """Which signals touch which contracts: the one they name, else those of their engagement."""
    signals, contracts = ready.tables["risk_signals"], ready.tables["contracts"]
    held = np.flatnonzero(contracts["engagement"] >= 0).astype(np.int32)
    first = runs(contracts["engagement"][held], len(ready.tables["engagements"]["rank"]))
    named = signals["contract"] >= 0
    each = np.where(named, 1, np.diff(first)[signals["engagement"]])
    signal = np.repeat(np.arange(len(each), dtype=np.int32), each)
    nth = np.arange(len(signal)) - np.repeat(np.cumsum(each) - each, each)
    of_engagement = held[np.minimum(first[signals["engagement"]][signal] + nth, max(len(held) - 1, 0))]
    contract = np.where(named[signal], signals["contract"][signal], of_engagement)
    order = np.argsort(contract, kind="stable")
    signal = signal[order]
    ready.tables["touches"] = {
        "contract": contract[order].astype(np.int32),
        "begins": signals["begins"][signal],
        "until": signals["until"][signal],
    }
    ready.starts["touches"] = runs(ready.tables["touches"]["contract"], len(contracts["rank"]))
    del signals["contract"], signals["engagement"]


def _scores(ready: Ready, frame: pd.DataFrame, keys: dict[str, Any], rows: Array, accounts: Table) -> None:
    parents = ready.tables["engagements"]
    account = find(frame["account_id"], keys["accounts"])
    engagement = rows[find(frame["engagement_id"], keys["engagements"])]
    alone = engagement < 0
    product, ready.labels["product"] = codes(frame["product"])
    priority, ready.labels["priority"] = codes(frame["business_priority"])
    on = days(frame["on"], w.EVER)
    exists = np.where(alone, w.EVER, parents["begins"][engagement])
    table = {
        "position": np.where(alone, accounts["position"][account], parents["position"][engagement]),
        "engagement": engagement,
        "account": account,
        "product": product.astype(np.int8),
        "score": frame["score"].to_numpy(dtype=np.float64),
        "priority": priority.astype(np.int8),
        "begins": np.maximum(np.maximum(on, accounts["begins"][account]), exists).astype(np.int32),
        "until": np.where(alone, w.FAR, parents["until"][engagement]).astype(np.int32),
    }
    subject = np.where(alone, len(rows) + account.astype(np.int64), engagement)
    table = take(table, np.lexsort((on, (subject << 8) + product, table["position"])))
    same = np.ones(len(on), dtype=bool)
    same[-1:] = False
    for name in ("engagement", "account", "product"):
        same[:-1] &= table[name][1:] == table[name][:-1]
    following = np.r_[table["begins"][1:], w.FAR][: len(same)]
    table["until"] = np.where(same, np.minimum(table["until"], following), table["until"]).astype(np.int32)
    ready.starts["adoption_scores"] = runs(table.pop("position"), len(ready.org) + 1)
    ready.tables["adoption_scores"] = table


def _tasks(
    ready: Ready, frame: pd.DataFrame, keys: dict[str, Any], rows: Array, *, accounts: Table, place: Array
) -> None:
    account = find(frame["account_id"], keys["accounts"])
    engagement = rows[find(frame["engagement_id"], keys["engagements"])]
    begins = np.maximum(
        days(frame["created_on"], w.EVER), np.where(account < 0, w.EVER, accounts["begins"][account])
    )
    exists = np.where(engagement < 0, w.EVER, ready.tables["engagements"]["begins"][engagement])
    position = place[find(frame["assignee_id"], keys["users"])]
    order = np.argsort(position, kind="stable")
    ready.tables["tasks"] = {
        "status": enum(frame["status"], w.TASK_STATUS)[order],
        "due": days(frame["due_on"], w.FAR)[order],
        "begins": np.maximum(begins, exists)[order].astype(np.int32),
    }
    ready.starts["tasks"] = runs(position[order], len(ready.org) + 1)


def _escalations(ready: Ready, frame: pd.DataFrame, keys: dict[str, Any]) -> None:
    """Escalations of each engagement's account, in engagements' order."""
    engaged = ready.tables["engagements"]["account"]
    account = find(frame["account_id"], keys["accounts"])
    by_account = np.argsort(engaged, kind="stable").astype(np.int32)
    first = runs(engaged[by_account], len(keys["accounts"]))
    each = np.diff(first)[account]
    escalation = np.repeat(np.arange(len(each)), each)
    nth = np.arange(len(escalation)) - np.repeat(np.cumsum(each) - each, each)
    engagement = by_account[first[account][escalation] + nth]
    order = np.argsort(engagement, kind="stable")
    escalation = escalation[order]
    ready.tables["escalations"] = {
        "engagement": engagement[order],
        "begins": days(frame["opened_on"], w.EVER)[escalation],
        "until": days(frame["closed_on"], w.FAR)[escalation],
    }
    ready.starts["escalations"] = runs(ready.tables["escalations"]["engagement"], len(engaged))
