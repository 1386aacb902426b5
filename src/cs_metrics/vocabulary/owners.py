"""Whom rows follow, as users in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..columns import Refs
from ..errors import MissingTable
from ..scope import ViewTable

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["owner", "positions_of"]


def owner(table: ViewTable) -> Refs:
    """The users in view whom the rows follow."""
    users = table.view.users
    rows = users.locate(positions_of(table), follows=users.lo > 0)
    return Refs(rows, users.n, table.exists, in_order=table.table.schema.name == "engagements")


def positions_of(table: ViewTable) -> Array:
    """The position of whom each row in view follows."""
    if not table.view.has("users"):
        raise MissingTable("users")
    first, last = table.view.positions
    found = table.table.owners(first, last)
    return found if table.rows is None else found[table.rows - table.lo]
