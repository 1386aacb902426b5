"""Short ways to make records and scopes for the oracle's own examples; A is Monday, 15 June 2026."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from cs_metrics.records import Account, Contract, Engagement, Opportunity, RiskSignal, User
from oracle import EVERYONE, ORACLE, Scope, World

A = date(2026, 6, 15)
LONG_AGO = date(2020, 1, 1)


def day(offset: int) -> date:
    return A + timedelta(offset)


def user(user_id: str, manager: str | None = None, role: str = "success_manager") -> User:
    return User(id=user_id, manager_id=manager, role=role)


def account(account_id: str = "a", **columns: Any) -> Account:
    return Account(id=account_id, **columns)


def engagement(engagement_id: Any = "e", **columns: Any) -> Engagement:
    return Engagement(
        **{"id": engagement_id, "account_id": "a", "stage": "adoption", "created_on": LONG_AGO} | columns
    )


def contract(contract_id: Any, value: Any = 100, **columns: Any) -> Contract:
    given = {"id": contract_id, "account_id": "a", "engagement_id": "e", "value": value, "state": "active"}
    return Contract(**given | {"starts_on": LONG_AGO} | columns)


def signal(signal_id: int, engagement_id: str = "e", **columns: Any) -> RiskSignal:
    given = {"id": signal_id, "engagement_id": engagement_id, "category": "usage", "opened_on": LONG_AGO}
    return RiskSignal(**given | columns)


def renewal(opportunity_id: int, contract_id: Any, stage: str, closed_on: date | None) -> Opportunity:
    return Opportunity(
        id=opportunity_id, contract_id=contract_id, kind="renew", stage=stage, closed_on=closed_on
    )


def scope(viewer: Any = EVERYONE, filters: dict[str, Any] | None = None, **tables: Any) -> Scope:
    settings = {
        name: tables.pop(name) for name in ("currency", "rates", "fiscal_year_start") if name in tables
    }
    return Scope(World(tables, **settings), A, viewer, filters)


def answer(name: str, scope: Scope, **options: Any) -> Any:
    return ORACLE[name](scope, **options).value


def frame(name: str, scope: Scope, **options: Any) -> Any:
    return ORACLE[name](scope, **options).frame


def ids(scope: Scope, table: str) -> list[Any]:
    return [row.id for row in scope.rows(table)]
