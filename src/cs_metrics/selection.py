"""Which rows of a table a number is made of, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .columns import Array, Flags, Refs
    from .scope import ViewTable

__all__ = ["Rows"]


class Rows:
    """A choice among a table's rows in view, narrowed step by step, each step with its reason.

    >>> # open_ones.only(poor_health, otherwise="not in poor health")
    """

    __slots__ = ("_count", "_flags", "_index", "_make", "_steps", "before", "reason", "table")

    def __init__(
        self,
        table: ViewTable,
        flags: Flags | None = None,
        before: Rows | None = None,
        reason: str | None = None,
        make: Callable[[Rows], Flags] | None = None,
    ) -> None:
        self.table = table
        self._flags = flags
        self._make = make
        self._steps: Callable[[], Rows] | None = None
        self.before = before
        self.reason = reason
        self._count: int | None = None
        self._index: Array | None = None

    @property
    def flags(self) -> Flags:
        """Which rows they are; to begin with, all that exist."""
        flags = self._flags
        if flags is None:
            if self._make is not None:
                flags = self._make(self)
            else:
                exists = self.table.exists
                flags = np.ones(self.table.n, bool) if exists is None else exists
            self._flags = flags
        return flags

    def only(self, flags: Flags, *, otherwise: str) -> Rows:
        """These rows where `flags` holds too; the others are excluded for the reason `otherwise`."""
        if self._flags is None and self._make is None and self.table.exists is None:
            return Rows(self.table, flags, self, otherwise)
        return Rows(self.table, self.flags & flags, self, otherwise)

    def where(self, find: Callable[[], Flags], *, otherwise: str, count: int | None = None) -> Rows:
        """These rows where what `find` gives holds too, which is looked for when the rows are asked for.

        `count` is how many they are, where that is known without looking at them.
        """

        def make(_: Rows) -> Flags:
            everything = self._flags is None and self._make is None and self.table.exists is None
            return find() if everything else self.flags & find()

        rows = Rows(self.table, None, self, otherwise, make)
        rows._count = count
        return rows

    def of(self, parents: Refs, flags: Flags, *, otherwise: str) -> Rows:
        """These rows where `flags` holds of their parent; looks at no more rows than are left, and only when
        the rows themselves are asked for.
        """

        def make(rows: Rows) -> Flags:
            index = self.index
            kept = np.zeros(self.table.n, bool)
            rows._index = index[flags.take(parents.rows.take(index))]
            kept[rows._index] = True
            return kept

        return Rows(self.table, None, self, otherwise, make)

    @classmethod
    def known(
        cls,
        table: ViewTable,
        find: Callable[[], Flags],
        steps: Callable[[], Rows],
        *,
        count: int | None = None,
    ) -> Rows:
        """Rows that `find` gives without the `steps` that say why the others are not among them; the steps are
        taken only when somebody asks for that. `count` as of `where`.
        """

        def make(_: Rows) -> Flags:
            exists = table.exists
            return find() if exists is None else find() & exists

        rows = cls(table, make=make)
        rows._steps, rows._count = steps, count
        return rows

    @property
    def count(self) -> int:
        if self._count is None:
            everything = self._flags is None and self._make is None and self.table.exists is None
            self._count = self.table.n if everything else int(np.count_nonzero(self.flags))
        return self._count

    @property
    def index(self) -> Array:
        """The row numbers, ascending."""
        if self._index is None:
            self._index = self.flags.nonzero()[0]
        return self._index

    @property
    def excluded(self) -> dict[str, int]:
        """How many rows in scope each reason left out, in the order of the steps; zeros are not listed."""
        if self._steps is not None:
            return self._steps().excluded
        if self.before is None or self.reason is None:
            return {}
        found = self.before.excluded
        left_out = self.before.count - self.count
        if left_out:
            found[self.reason] = found.get(self.reason, 0) + left_out
        return found
