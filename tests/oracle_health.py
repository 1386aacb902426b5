"""Health and effort once more, record by record, as metrics.md words them.

`changes` names moves by (from, to) in the order of the model's bands, and only those that occur.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle_base import Answer, breakdown, listing, metric
from oracle_models import (
    EFFORT,
    HEALTH,
    applicable,
    band_of,
    bands_of,
    effort_of,
    health_of,
    need,
    opportunity_of,
    tables_of,
)
from oracle_scope import Scope


def shares_of(value: dict[Any, Any]) -> dict[Any, float | None]:
    """Each bucket's share of all of them, the missing one among them; None where they come to nothing."""
    total = sum(Fraction(part) for part in value.values())
    return {label: float(Fraction(part) / total) if total else None for label, part in value.items()}


@metric
def health__scores(scope: Scope, *, model: Any = HEALTH) -> Answer:
    """Columns account, score, coverage, band; the worst first."""
    scores = health_of(scope, model, scope.rows, scope.as_of)
    rows = [account for account in scope.rows("accounts") if scores[account.id].value is not None]
    rows.sort(key=lambda account: (scores[account.id].value, account.id))
    columns: list[tuple[Any, ...]] = []
    for account in rows:
        found = scores[account.id]
        columns.append((found.value, found.coverage, band_of(model, found.value)))
    return listing(scope, rows, "accounts", columns)


@metric
def effort__scores(scope: Scope, *, model: Any = EFFORT) -> Answer:
    """Columns account, score, coverage; the most effort first."""
    scores = effort_of(scope, model, scope.rows, scope.as_of)
    rows = [account for account in scope.rows("accounts") if scores[account.id].value is not None]
    rows.sort(key=lambda account: (-(scores[account.id].value or 0.0), account.id))
    columns = [(scores[account.id].value, scores[account.id].coverage) for account in rows]
    return listing(scope, rows, "accounts", columns)


@metric
def health__distribution(scope: Scope, *, model: Any = HEALTH) -> Answer:
    bands = bands_of(scope, model, scope.rows, scope.as_of)
    value = dict.fromkeys([*model.bands, None], 0)
    for band in bands.values():
        value[band] += 1
    missing = value.pop(None)
    found = breakdown(scope, value, scope.rows("accounts"), "accounts", missing)
    found.also.update(total=len(bands), shares=shares_of(found.value))
    return found


@metric
def health__opportunity(scope: Scope, *, model: Any = HEALTH) -> Answer:
    need(scope, {"stack_positions", *tables_of(model)})
    bands = bands_of(scope, model, scope.rows, scope.as_of)
    value = dict.fromkeys([*model.bands, None], Decimal(0))
    rows = applicable(scope.rows)
    for position in rows:
        value[bands[position.account_id]] += opportunity_of(scope, position)
    total = sum(value.values(), Decimal(0))
    missing = value.pop(None)
    found = breakdown(scope, value, rows, "stack_positions", missing)
    found.also.update(total=total, shares=shares_of(found.value))
    return found


@metric
def health__changes(scope: Scope, *, model: Any = HEALTH, days: int = 30) -> Answer:
    """Who is in another band than `days` before A; the accounts, and what derives from them, are those of A."""
    before = bands_of(scope, model, scope.rows, scope.as_of - timedelta(days))
    now = bands_of(scope, model, scope.rows, scope.as_of)
    moves = {(old, new): 0 for old in model.bands for new in model.bands}
    value = {"improved": 0, "declined": 0}
    excluded = {"unscored now or before": 0, "same band": 0}
    rows = []
    for account in scope.rows("accounts"):
        old, new = before[account.id], now[account.id]
        if old is None or new is None:
            excluded["unscored now or before"] += 1
        elif old == new:
            excluded["same band"] += 1
        else:
            rows.append(account)
            moves[old, new] += 1
            rose = float(model.bands[new][0]) > float(model.bands[old][0])
            value["improved" if rose else "declined"] += 1
    also = {
        "moves": {move: count for move, count in moves.items() if count},
        "excluded": {why: count for why, count in excluded.items() if count},
    }
    return Answer(value, rows, len(scope.rows("accounts")), "accounts", also=also)
