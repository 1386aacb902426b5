"""Streams rows, tells of progress, and turns whatever a database breaks off with into one error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import Any

from .asks import Ask, broken
from .batches import Batch
from .connections import Connection

__all__ = ["Progress", "Reader"]

Progress = Callable[[str, int], None]


class Reader:
    """Asks one connection, and counts the rows of each table that it gave so far."""

    def __init__(self, connection: Connection, progress: Progress | None) -> None:
        self.connection, self.progress = connection, progress
        self.counts: dict[str, int] = {}

    def rows(self, ask: Ask, where: str | None) -> Iterator[Batch]:
        """The rows of a table, all or some, in batches."""
        for batch in self._batches(ask, where):
            self.counts[ask.table] = self.counts.get(ask.table, 0) + batch.n
            if self.progress is not None:
                self.progress(ask.table, self.counts[ask.table])
            yield batch

    def first(self, ask: Ask, column: str) -> Any:
        """Some value of a column; None where there is none."""
        where = f"{self.connection.quoted(ask.columns[column])} IS NOT NULL"
        with contextlib.closing(self._batches(ask.of([column], size=1), where)) as found:
            batch = next(found, None)
        return None if batch is None else batch.values(column)[0]

    def listed(self, ask: Ask, column: str, ids: str) -> Iterator[Batch]:
        """The rows whose column holds one of the ids, which are SQL already."""
        return self.rows(ask, f"{self.connection.quoted(ask.columns[column])} IN ({ids})")

    def _batches(self, ask: Ask, where: str | None) -> Generator[Batch, None, None]:
        found = self.connection.batches(ask.sql(self.connection, where), list(ask.columns), ask.size)
        with contextlib.closing(found):
            while True:
                try:
                    batch = next(found, None)
                except Exception as error:
                    raise broken(ask.table, error, self.counts.get(ask.table, 0)) from error
                if batch is None:
                    return
                yield batch
