"""Short ways to make what health, effort, segments and the stack are worked out from."""

from __future__ import annotations

from typing import Any

from cs_metrics.records import Measure, StackPosition, StackTag, Subscription
from oracle import Scope
from oracle_models import Model
from oracle_rows import LONG_AGO, account, day, scope

SCORE = Model(weights={"score": 1}, scales={"score": (0, 100)})
"""A measure of 0 to 100 that is its own position: as health and as effort."""


def measure(account_id: str, metric: str, value: Any, offset: int = 0) -> Measure:
    return Measure(account_id=account_id, metric=metric, value=value, on=day(offset))


def subscription(subscription_id: Any, mrr: Any, account_id: str = "a", **columns: Any) -> Subscription:
    given = {"id": subscription_id, "account_id": account_id, "mrr": mrr, "status": "active"}
    return Subscription(**given | {"started_on": LONG_AGO} | columns)


def position(account_id: str, item_id: str, opportunity: Any = 0, **columns: Any) -> StackPosition:
    given = {"account_id": account_id, "item_id": item_id, "mrr_opportunity": opportunity, "aligned": False}
    return StackPosition(**given | columns)


def scored(scores: dict[str, Any], **tables: Any) -> Scope:
    """Accounts with these scores, None for one without."""
    return scope(
        **{"accounts": [account(account_id) for account_id in scores], "subscriptions": []} | tables,
        measures=[measure(name, "score", value) for name, value in scores.items() if value is not None],
    )


def placed(accounts: dict[str, tuple[Any, Any]], **columns: Any) -> Scope:
    """Accounts with these (MRR, effort); the effort is their health too, and `columns` their columns by name."""
    return scored(
        {name: effort for name, (_, effort) in accounts.items()},
        accounts=[account(name, **columns.get(name, {})) for name in accounts],
        subscriptions=[subscription(name, mrr, name) for name, (mrr, _) in accounts.items()],
    )


def tag(item_id: str, *tags: str) -> list[StackTag]:
    return [StackTag(item_id=item_id, tag=word) for word in tags]
