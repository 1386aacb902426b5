"""A portfolio in parts by account, so that results over the parts merge to the result over the whole.

A row goes where the account goes that it hangs on, and accounts of one tree stay together, so no row ever loses
its parent. Users, the stack's items and their tags stand in every part. A row without an account goes where its
assignee's number falls, so it is in exactly one part. The number of an id is made of its letters alone: the same
rows fall into the same parts whatever their order and the kind of their frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .fingerprint import NO_KEY, hashes_of_ids, hashes_of_keys
from .records import SCHEMA

if TYPE_CHECKING:
    from .columns import Array
    from .layout import Table

__all__ = ["EVERYWHERE", "FOLLOWED", "SCHEMA_PARENTS", "TREE", "frames_of_parts", "parts"]

EVERYWHERE = ("users", "stack_items", "stack_tags")
"""Tables that stand in every part."""
FOLLOWED = ("account_id", "engagement_id", "contract_id", "subscription_id", "assignee_id")
"""Through which columns a row finds its part: the first that names a row that is there, else the first that
names any."""
TREE = "parent_id"
"""What makes one tree of accounts."""


def parts(tables: Mapping[str, Table], count: int) -> dict[str, Array | None]:
    """Of each table's rows, as they were supplied, in which of `count` parts each is; None: in every one."""
    return {
        name: None if found is None else _supplied(tables[name], found % np.uint64(count))
        for name, found in _homes(tables).items()
    }


def frames_of_parts(tables: Mapping[str, Table], count: int) -> Iterator[dict[str, Any]]:
    """The frames of each part: rows as they were supplied, in their order, with all their columns."""
    where = parts(tables, count)
    for part in range(count):
        yield {
            name: table.source.take(_rows(table, where[name], part).astype(np.int64))
            for name, table in tables.items()
        }


def _rows(table: Table, where: Array | None, part: int) -> Array:
    return np.arange(table.n) if where is None else np.flatnonzero(where == part)


def _supplied(table: Table, laid_out: Array) -> Array:
    """What is known of laid-out rows, of the rows as they were supplied."""
    found = np.empty(table.n, np.int64)
    found[table.order] = laid_out
    return found


def _homes(tables: Mapping[str, Table]) -> dict[str, Array | None]:
    """Of each table's laid-out rows the number of the account or assignee by which it finds its part."""
    homes: dict[str, Array | None] = {}
    parents = [SCHEMA_PARENTS[column] for column in FOLLOWED]
    for name in sorted(tables, key=lambda name: (*parents, name).index(name)):
        if name in EVERYWHERE:
            homes[name] = None
        elif name == "accounts":
            homes[name] = _roots(tables[name])
        else:
            homes[name] = _followed(name, tables, homes)
    return {name: homes[name] for name in tables}


def _roots(accounts: Table) -> Array:
    """Of each account the number of the one at the top of its tree; of a circle, that of its first."""
    ids = hashes_of_ids(accounts)
    above: Any = accounts.columns.get(TREE)
    if above is None:
        return ids
    top = np.where(above >= 0, above, np.arange(accounts.n))
    first = top
    for _ in range(accounts.n.bit_length() + 1):  # each round goes twice as far up, at last to the top
        first = np.minimum(first, first[top])
        top = top[top]
    return ids[first[top]]


def _followed(name: str, tables: Mapping[str, Table], homes: Mapping[str, Array | None]) -> Array:
    """The numbers of rows that find their part through others; 0 where they name nobody at all."""
    table = tables[name]
    found, open_ones = np.zeros(table.n, np.uint64), np.ones(table.n, bool)
    named = [column for column in FOLLOWED if column in table.schema.columns]
    for column in (*(one for one in named if one in table.columns), *named):
        refs: Any = table.columns.get(column)
        if refs is None:  # of a table that is not there: rows that name the same stay together
            numbers = np.broadcast_to(hashes_of_keys(table, column), table.n)
            there = open_ones & (numbers != NO_KEY)
            found[there] = numbers[there]
        else:
            there = open_ones & (refs >= 0)
            known = homes.get(SCHEMA_PARENTS[column])
            numbers = hashes_of_ids(tables[SCHEMA_PARENTS[column]]) if known is None else known
            found[there] = numbers[refs[there]]
        open_ones &= ~there
    return found


SCHEMA_PARENTS = {
    column.name: column.refers or ""
    for schema in SCHEMA.values()
    for column in schema.references
    if column.name in FOLLOWED
}
"""The table that each of these columns leads to."""
