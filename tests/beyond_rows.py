"""Short ways to make the rows of coverage, usage and accounts for the oracle's own examples."""

from __future__ import annotations

from typing import Any

import attrs

from cs_metrics.records import Usage
from oracle import EVERYONE, Scope, World
from oracle_rows import account, day, user


def used(account_id: str, product: str, offset: int, active: int, licensed: int | None = None) -> Usage:
    return Usage(
        account_id=account_id, product=product, on=day(offset), active_users=active, licensed_users=licensed
    )


TEAM = [
    user("boss"),
    user("agent", "boss", "success_agent"),
    attrs.evolve(user("gone", "boss"), active=False),
]

USED: dict[str, Any] = {
    "accounts": [account("b"), account("a")],
    "usage": [
        used("a", "P", 0, 6, 8),
        used("a", "P", -29, 1, 1),  # earlier than the latest, later than A-30
        used("a", "P", -30, 2, 8),
        used("a", "P", -90, 8, 8),
        used("a", "P", 1, 0, 8),  # tomorrow
        used("a", "Q", -40, 3, 4),  # the latest, and the latest before
        used("a", "Z", -2, 7),  # never licensed
        used("b", "P", -1, 9, 12),
        used("b", "Q", -1, 5, 0),  # licences withdrawn
        used("b", "Q", -31, 5, 10),
    ],
}
ADOPTED = [
    ("a", "P", 6, 8, 0.75, 0.25, 0.5),
    ("a", "Q", 3, 4, 0.75, 0.75, 0.0),
    ("a", "Z", 7, None, None, None, None),
    ("b", "P", 9, 12, 0.75, None, None),  # new
    ("b", "Q", 5, 0, None, 0.5, None),
]
"""What usage.adoption lists of USED."""


def seen(made: Any, **filters: Any) -> Scope:
    world = World(made.tables, made.currency, made.rates, made.tz, made.fiscal_year_start)
    return Scope(world, made.as_of, EVERYONE if made.viewer is None else made.viewer, filters or None)
