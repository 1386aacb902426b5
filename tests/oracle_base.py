"""What an oracle's metric answers, and the book in which every metric is entered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from oracle_scope import Missing, Record, Scope


@attrs.frozen
class _Unset:
    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final[Any] = _Unset()
"""What an answer does not speak of: not None, which is itself something to say."""


@attrs.frozen
class Answer:
    """The spec's `.value`, the `rows` behind it, how many rows `counts` has in scope, a listing's columns.

    Of a Trend value, rows, numerator and denominator are those of `.current`. A listing's `frame` is never cut:
    `limit` says how many of its lines show. `shares` and `total` are what the result's methods of that name give;
    `also` is what a kind of result says that no other kind does, by name.
    """

    value: Any
    rows: list[Record]
    in_scope: int
    counts: str
    frame: list[tuple[Any, ...]] | None = None
    limit: int | None = None
    numerator: Any = UNSET
    denominator: Any = UNSET
    previous: Any = UNSET
    change: Any = UNSET
    change_share: Any = UNSET
    shares: Any = UNSET
    total: Any = UNSET
    also: dict[str, Any] = attrs.field(factory=dict)


ORACLE: dict[str, Callable[..., Answer]] = {}


def metric(function: Callable[..., Answer]) -> Callable[..., Answer]:
    """Enter the function as "tab.metric"; its own name is tab__metric."""
    ORACLE[function.__name__.replace("__", ".", 1)] = function
    return function


def need(scope: Scope, *tables: str) -> None:
    """Raise Missing for the first of these tables that was not supplied: what a definition reads must be there."""
    for table in tables:
        if table not in scope.tables:
            raise Missing(table)
        scope.rows(table)  # filters must be able to tell which of them match, however few are asked for


def count(scope: Scope, rows: list[Record], table: str) -> Answer:
    return Answer(len(rows), rows, len(scope.rows(table)), table)


def listing(
    scope: Scope, rows: list[Record], table: str = "engagements", columns: list[tuple[Any, ...]] | None = None
) -> Answer:
    """A Listing: `rows` in its order, and of each the columns beside its id."""
    frame = []
    for number, row in enumerate(rows):
        frame.append((row.id, *(columns[number] if columns else ())))
    return Answer(len(rows), rows, len(scope.rows(table)), table, frame)


def breakdown(
    scope: Scope, value: dict[Any, Any], rows: list[Record], table: str, missing: Any = 0
) -> Answer:
    """A Breakdown, with the missing bucket last and only where it is not zero."""
    if missing:
        value = {**value, None: missing}
    return Answer(value, rows, len(scope.rows(table)), table)
