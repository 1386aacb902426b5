"""Small records for tests by hand: everything a test does not speak of has a plain value."""

from __future__ import annotations

from datetime import date
from typing import Any

import cs_metrics as csm

A = date(2026, 6, 30)

DEFAULTS: dict[str, dict[str, Any]] = {
    "users": {"role": "success_manager"},
    "accounts": {},
    "engagements": {"account_id": "A1", "stage": "adoption", "created_on": date(2026, 1, 1)},
    "escalations": {"account_id": "A1", "opened_on": date(2026, 1, 1)},
    "qbrs": {"engagement_id": "E1", "scheduled_on": A},
    "touchpoints": {"engagement_id": "E1", "scheduled_on": A},
    "tasks": {"assignee_id": "U1", "status": "to_do", "created_on": date(2026, 1, 1)},
    "risk_signals": {"engagement_id": "E1", "category": "usage", "opened_on": date(2026, 1, 1)},
    "objectives": {"engagement_id": "E1", "state": "completed"},
    "adoption_scores": {"account_id": "A1", "product": "P", "score": 10, "on": date(2026, 1, 1)},
    "contracts": {
        "account_id": "A1", "engagement_id": "E1", "value": 100, "state": "active",
        "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31),
    },
    "opportunities": {"contract_id": "C1", "kind": "renew", "stage": "closed_won"},
    "subscriptions": {
        "account_id": "A1", "mrr": 100, "status": "active", "started_on": date(2026, 1, 1),
    },
    "propensities": {"account_id": "A1", "on": date(2026, 6, 1), "churn": 0.5, "expand": 0},
}  # fmt: skip


def record(table: str, /, **values: Any) -> Any:
    schema = csm.records.HISTORY if table == "history" else csm.records.SCHEMA[table]
    return schema.record(**{**DEFAULTS.get(table, {}), **values})


def portfolio(settings: dict[str, Any] | None = None, **tables: list[dict[str, Any]]) -> csm.Portfolio:
    """A portfolio of these rows; there is always a user U1, an account A1 of theirs and, unless given, E1."""
    rows = {
        "users": [{"id": "U1"}],
        "accounts": [{"id": "A1", "owner_id": "U1"}],
        "engagements": [{"id": "E1"}],
        **tables,
    }
    records = {name: [record(name, **row) for row in given] for name, given in rows.items()}
    return csm.Portfolio.from_records(**records, **(settings or {}))


def everyone(p: csm.Portfolio, as_of: Any = A, **filters: Any) -> csm.View:
    return p.view(as_of=as_of, viewer=csm.EVERYONE, filters=csm.Filters(**filters) if filters else None)
