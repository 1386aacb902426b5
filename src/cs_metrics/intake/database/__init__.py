"""Databases: the tables of the records' names, or queries in their place, streamed in batches."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ...errors import OptionError
from ...records import HISTORY
from .asks import asks_of, broken
from .batches import frame_of
from .connections import Connection, opened
from .reader import Progress, Reader
from .scope import needed

__all__ = ["read_database"]


def read_database(
    connection: Any,
    *,
    tables: Collection[str] | Mapping[str, str] | None = None,
    queries: Mapping[str, Any] | None = None,
    viewer: Any = None,
    extra_columns: bool = False,
    batch: int = 50_000,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """The tables of a database as pandas frames of Arrow columns, read at one instant where that can be had.

    Raises:
        DataError: a table or column is missing, or the database refuses or breaks off: then there is nothing.
        UnknownViewer: `viewer` is no user of this database.
    """
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise OptionError("batch", batch, "a number of rows, at least 1")
    with opened(connection) as found, _one_instant(found):
        asks = asks_of(found, tables, queries or {}, extra_columns, batch)
        reader = Reader(found, on_progress)
        if viewer is None:
            read = {table: list(reader.rows(ask, None)) for table, ask in asks.items()}
        elif "users" not in asks:
            raise OptionError("viewer", viewer, "nobody: there is no table of users to find them in")
        elif HISTORY.name in asks:  # what was theirs on an earlier day may be another's now
            raise OptionError(
                "viewer", viewer, "EVERYONE, or tables without history, which tells of earlier owners"
            )
        else:
            read = needed(asks, reader, viewer)
    return {table: frame_of(ask.columns, read[table]) for table, ask in asks.items()}


@contextlib.contextmanager
def _one_instant(connection: Connection) -> Iterator[None]:
    """A connection that is gone before it is asked anything says so in our words too."""
    try:
        end = connection.begin()
    except Exception as error:
        raise broken("portfolio", error) from error
    try:
        yield
    finally:
        with contextlib.suppress(Exception):
            end()
