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
    rows = users.locate(table._cut(positions_of(table)), follows=users.lo > 0)
    return Refs(rows, users.n, table.exists, in_order=table.table.schema.name == "engagements")


def positions_of(table: ViewTable) -> Array:
    """The position of whom each row of the laid-out table follows."""
    positions = table.table.owner
    if positions is None or not table.view.has("users"):
        raise MissingTable("users")
    return positions
