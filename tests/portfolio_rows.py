"""Short ways to make the rows of review, act and revenue for the oracle's own examples."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs

from cs_metrics.records import AdoptionScore, Alert, PlaybookRun, Subscription, Task
from oracle import EVERYONE, ORACLE, Answer, Scope, World
from oracle_rows import A, account, day


@attrs.frozen
class Trailing:
    """What the oracle reads of a trailing window."""

    days: int
    include_today: bool = True


def find(
    name: str, tables: dict[str, Any], /, on: date = A, viewer: Any = EVERYONE, **options: Any
) -> Answer:
    filters, settings = options.pop("filters", None), options.pop("settings", {})
    return ORACLE[name](Scope(World(tables, **settings), on, viewer, filters), **options)


def on(text: str) -> date:
    return date.fromisoformat(text)


def sub(number: int, mrr: Any, start: str, end: str | None = None, /, **columns: Any) -> Subscription:
    """A period of account a; `end` cancels it."""
    given = {"id": number, "account_id": "a", "mrr": mrr, "status": "active", "started_on": on(start)}
    return Subscription(**given | {"cancelled_on": on(end) if end else None} | columns)


def sold(*subscriptions: Subscription, accounts: str = "a") -> dict[str, Any]:
    return {"accounts": [account(name) for name in accounts], "subscriptions": list(subscriptions)}


def score(
    value: float, offset: int, account_id: str = "a", product: str = "P", **columns: Any
) -> AdoptionScore:
    return AdoptionScore(account_id=account_id, product=product, score=value, on=day(offset), **columns)


def alert(number: int, account_id: str, raised: int, name: str = "churn", **columns: Any) -> Alert:
    given = {"id": number, "account_id": account_id, "name": name, "kind": "risk", "raised_on": day(raised)}
    return Alert(**given | columns)


def run(number: int, status: str, due: int | None, playbook: str = "p", **columns: Any) -> PlaybookRun:
    given = {"id": number, "playbook": playbook, "account_id": "a", "status": status, "started_on": day(-90)}
    return PlaybookRun(**given | {"due_on": None if due is None else day(due)} | columns)


def task(number: int, status: str = "to_do", due: int | None = None, **columns: Any) -> Task:
    given = {"id": number, "assignee_id": "u", "status": status, "created_on": day(-90)}
    return Task(**given | {"due_on": None if due is None else day(due)} | columns)
