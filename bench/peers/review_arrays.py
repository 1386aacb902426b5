"""Making ready for the portfolio dashboard's review, alike for all peers: ids to row numbers, words to codes,
money to cents, rows in viewers' order.

Accounts are sorted by their owner's position in the preorder of the org tree, children by their account's
row, so what a viewer sees is one run of every table. Besides the columns supplied, tables carry what does not
hang on the day: `begins`, the first day on which a row and all its parents exist; a subscription's `end`;
the day on which a score is replaced, in the whole of the company.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import words as w
from .arrays import Array, Frames, Table, _arrow, cents, codes, days, enum, find, runs, take

TABLES = (
    "users", "accounts", "contacts", "engagements", "tasks", "adoption_scores", "subscriptions", "renewals",
    "playbook_runs", "alerts", "activities",
)  # fmt: skip
STATUS = ("active", "past_due", "trialing", "paused", "cancelled")
RUN_STATUS = ("new", "in_progress", "completed", "cancelled")
URGENCY = ("overdue", "due_soon", "in_progress", "to_do")


@dataclass
class Ready:
    org: w.Org
    tables: dict[str, Table] = field(default_factory=dict)
    starts: dict[str, Array] = field(default_factory=dict)
    """Where each position's, account's or subscription's run begins, one more for the end."""
    labels: dict[str, list[str]] = field(default_factory=dict)

    def spans(self, lo: int, hi: int) -> dict[str, tuple[int, int]]:
        """The runs of the rows that the owners at the positions from `lo` to `hi` see."""
        starts = self.starts
        found = {
            name: (starts[name][lo], starts[name][hi]) for name in ("accounts", "tasks", "scores_by_owner")
        }
        first, last = found["accounts"]
        for name in ("contacts", "subscriptions", "playbook_runs", "alerts", "activities"):
            found[name] = starts[name][first], starts[name][last]
        first, last = found["subscriptions"]
        found["renewals"] = starts["renewals"][first], starts["renewals"][last]
        return {name: (int(first), int(last)) for name, (first, last) in found.items()}


def prepare(frames: Frames) -> Ready:
    users = frames["users"]
    org, place = w.org_of(
        users["id"].tolist(), users["manager_id"].astype(object).tolist(), users["role"].tolist()
    )
    ready = Ready(org)
    keys = {"users": _arrow(users["id"]), "accounts": _arrow(frames["accounts"]["id"])}
    rows = _accounts(ready, frames["accounts"], keys, place)
    engaged = _engagements(ready, frames["engagements"], keys, rows, place)
    _of_accounts(ready, frames, keys, rows)
    _subscriptions(ready, frames, keys, rows)
    _tasks(ready, frames["tasks"], keys, rows, engaged=engaged, place=place)
    _scores(ready, frames["adoption_scores"], keys, rows, engaged)
    return ready


def _placed(order: Array) -> Array:
    rows = np.empty(len(order) + 1, dtype=np.int32)
    rows[order] = np.arange(len(order), dtype=np.int32)
    rows[-1] = -1
    return rows


def _accounts(ready: Ready, frame: Any, keys: dict[str, Any], place: Array) -> Array:
    owner = find(frame["owner_id"], keys["users"])
    position = np.where(owner < 0, len(ready.org), place[owner]).astype(np.int32)
    order = np.argsort(position, kind="stable")
    table = {
        "position": position,
        "created": days(frame["created_on"], w.FAR),
        "begins": days(frame["created_on"], w.EVER),
    }
    ready.tables["accounts"] = take(table, order)
    ready.starts["accounts"] = runs(ready.tables["accounts"]["position"], len(ready.org) + 1)
    return _placed(order)


def _engagements(ready: Ready, frame: Any, keys: dict[str, Any], rows: Array, place: Array) -> dict[str, Any]:
    """Of the engagements as supplied only what scores and tasks follow: ids, owners, beginnings."""
    accounts = ready.tables["accounts"]
    account = rows[find(frame["account_id"], keys["accounts"])]
    owner = find(frame["owner_id"], keys["users"])
    begins = np.maximum(days(frame["created_on"], w.EVER), accounts["begins"][account])
    return {
        "ids": _arrow(frame["id"]),
        "position": np.append(np.where(owner < 0, accounts["position"][account], place[owner]), -1),
        "begins": np.append(begins, w.EVER),
    }


def _by_account(ready: Ready, name: str, table: Table, *ties: Array) -> None:
    order = np.lexsort((*ties, table["account"]))
    ready.tables[name] = take(table, order)
    ready.starts[name] = runs(ready.tables[name]["account"], len(ready.tables["accounts"]["begins"]))


def _of_accounts(ready: Ready, frames: Frames, keys: dict[str, Any], rows: Array) -> None:
    begins = ready.tables["accounts"]["begins"]

    def account(name: str) -> Array:
        return rows[find(frames[name]["account_id"], keys["accounts"])]

    frame, whose = frames["contacts"], account("contacts")
    created = days(frame["created_on"], w.EVER)
    _by_account(
        ready, "contacts",
        {"account": whose, "created": created, "begins": np.maximum(created, begins[whose])},
    )  # fmt: skip
    frame, whose = frames["playbook_runs"], account("playbook_runs")
    playbook, ready.labels["playbook"] = codes(frame["playbook"])
    _by_account(ready, "playbook_runs", {
        "account": whose, "playbook": playbook.astype(np.int8), "status": enum(frame["status"], RUN_STATUS),
        "due": days(frame["due_on"], w.FAR), "completed": days(frame["completed_on"], w.FAR),
        "begins": np.maximum(days(frame["started_on"], w.EVER), begins[whose]),
    })  # fmt: skip
    frame, whose = frames["alerts"], account("alerts")
    name, ready.labels["alert"] = codes(frame["name"])
    raised = days(frame["raised_on"], w.EVER)
    _by_account(ready, "alerts", {
        "account": whose, "name": name.astype(np.int8), "raised": raised,
        "closed": days(frame["closed_on"], w.FAR), "begins": np.maximum(raised, begins[whose]),
    }, name)  # fmt: skip
    frame, whose = frames["activities"], account("activities")
    kind, ready.labels["kind"] = codes(frame["kind"])
    performed = days(frame["performed_on"], w.EVER)
    _by_account(ready, "activities", {
        "account": whose, "kind": kind.astype(np.int8), "performed": performed,
        "begins": np.maximum(performed, begins[whose]),
    })  # fmt: skip


def _subscriptions(ready: Ready, frames: Frames, keys: dict[str, Any], rows: Array) -> None:
    frame, begins = frames["subscriptions"], ready.tables["accounts"]["begins"]
    whose = rows[find(frame["account_id"], keys["accounts"])]
    started, cancelled = days(frame["started_on"], w.EVER), days(frame["cancelled_on"], w.FAR)
    end = np.minimum(days(frame["ended_on"], w.FAR), cancelled)
    never = (end == w.FAR) & (enum(frame["status"], STATUS) > 1)
    table = {
        "account": whose, "started": started, "end": np.where(never, started, end).astype(np.int32),
        "cancelled": cancelled, "billing": days(frame["next_billing_on"], w.FAR), "mrr": cents(frame["mrr"]),
        "begins": np.maximum(started, begins[whose]),
    }  # fmt: skip
    order = np.argsort(whose, kind="stable")
    ready.tables["subscriptions"] = take(table, order)
    ready.starts["subscriptions"] = runs(ready.tables["subscriptions"]["account"], len(begins))
    frame = frames["renewals"]
    whose = _placed(order)[find(frame["subscription_id"], _arrow(frames["subscriptions"]["id"]))]
    table = {
        "subscription": whose,
        "due": days(frame["due_on"], w.FAR),
        "renewed": days(frame["renewed_on"], w.FAR),
        "begins": ready.tables["subscriptions"]["begins"][whose],
    }
    ready.tables["renewals"] = take(table, np.argsort(whose, kind="stable"))
    ready.starts["renewals"] = runs(ready.tables["renewals"]["subscription"], len(order))


def _tasks(
    ready: Ready, frame: Any, keys: dict[str, Any], rows: Array, *, engaged: dict[str, Any], place: Array
) -> None:
    accounts = np.append(ready.tables["accounts"]["begins"], w.EVER)
    begins = np.maximum(
        np.maximum(
            days(frame["created_on"], w.EVER), accounts[rows[find(frame["account_id"], keys["accounts"])]]
        ),
        engaged["begins"][find(frame["engagement_id"], engaged["ids"])],
    )
    position = place[find(frame["assignee_id"], keys["users"])]
    table = {
        "status": enum(frame["status"], w.TASK_STATUS), "created": days(frame["created_on"], w.FAR),
        "due": days(frame["due_on"], w.FAR), "completed": days(frame["completed_on"], w.FAR),
        "begins": begins.astype(np.int32),
    }  # fmt: skip
    order = np.argsort(position, kind="stable")
    ready.tables["tasks"] = take(table, order)
    ready.starts["tasks"] = runs(position[order], len(ready.org) + 1)


def _scores(ready: Ready, frame: Any, keys: dict[str, Any], rows: Array, engaged: dict[str, Any]) -> None:
    """Twice: by account, for the whole company; and by the owner whom each follows."""
    accounts = ready.tables["accounts"]
    account = rows[find(frame["account_id"], keys["accounts"])]
    engagement = find(frame["engagement_id"], engaged["ids"])
    product, ready.labels["product"] = codes(frame["product"])
    on, score = days(frame["on"], w.EVER), frame["score"].to_numpy(dtype=np.float64)
    begins = np.maximum(np.maximum(on, accounts["begins"][account]), engaged["begins"][engagement])
    position = np.where(engagement < 0, accounts["position"][account], engaged["position"][engagement])
    base = {
        "account": account, "product": product.astype(np.int8), "on": on, "score": score,
        "begins": begins.astype(np.int32),
    }  # fmt: skip
    table = take(base, np.lexsort((-score, on, product, account)))
    same = np.zeros(len(on), dtype=bool)
    same[:-1] = (table["account"][1:] == table["account"][:-1]) & (
        table["product"][1:] == table["product"][:-1]
    )
    table["until"] = np.where(same, np.r_[table["on"][1:], 0][: len(on)], w.FAR).astype(np.int32)
    ready.tables["scores"] = table
    order = np.lexsort((-score, on, product, account, position))
    ready.tables["scores_by_owner"] = take(base, order)
    ready.starts["scores_by_owner"] = runs(position[order], len(ready.org) + 1)
