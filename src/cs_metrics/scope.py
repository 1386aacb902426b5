"""One table as a view shows it: only rows in scope, existing and matching, as typed columns.

A row outside the run `[lo, hi)` of the laid-out table is not in any array that a metric is handed. What a row
may read beyond it are its parents' own columns, through `own`.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from .columns import Codes, Ids, Refs, at
from .errors import MissingTable
from .intake import Coded
from .periods import FIRST_DAY
from .selection import Rows

if TYPE_CHECKING:
    from .columns import Array, Flags
    from .daily import Daily, Standing
    from .layout import Table
    from .periods import Window
    from .prepared import Calendar
    from .view import View

__all__ = ["ViewTable", "remembered", "word"]

T = TypeVar("T")
NOT_YET: Any = object()
KEPT = frozenset({"view", "table", "lo", "hi", "rows", "n", "_locks", "_found"})
"""What a table in view is, beside what was found of it."""


class word(Generic[T]):  # noqa: N801 - used like property
    """A word of a view's vocabulary: computed when first read, once a view, also with many threads.

    It is kept on the view's own table, so no other viewer can ever be answered from it.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, table: None, owner: type) -> word[T]: ...
    @overload
    def __get__(self, table: object, owner: type) -> T: ...
    def __get__(self, table: Any, owner: type) -> Any:
        if table is None:
            return self
        known = table.__dict__
        if not table.view.shared:  # to compute a small one twice does no harm and costs less than a lock
            found = known[self.name] = self.compute(table)
            return found
        with table._locks.setdefault(self.name, threading.Lock()):
            found = known.get(self.name, NOT_YET)
            if found is NOT_YET:
                found = known[self.name] = self.compute(table)
        return found


def remembered(compute: Callable[[Any, Any], T]) -> Callable[[Any, Any], T]:
    """A word that is asked about something, such as a day: computed once a view for each."""
    name = compute.__name__

    @functools.wraps(compute)
    def answer(table: Any, about: Any) -> T:
        return table.once((name, about), lambda: compute(table, about))  # type: ignore[no-any-return]

    return answer


class ViewTable:
    """A table in view. Its columns are attributes by their names, references to parents without `_id`."""

    def __init__(self, view: View, table: Table, lo: int, hi: int, rows: Array | None = None) -> None:
        self.view = view
        self.table = table
        self.lo, self.hi = lo, hi
        self.rows = rows
        self.n = hi - lo if rows is None else len(rows)
        self._locks: dict[Hashable, threading.Lock] = {}
        self._found: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        return f"<{self.table.schema.name} in view: {self.n:,} rows>"

    def __getattr__(self, name: str) -> Any:
        """A declared column in view, made when first read."""
        stored = self.table.stored.get(name)
        if stored is not None:
            whole, wrap = stored
            column = wrap(whole[self.lo : self.hi] if self.rows is None else whole[self.rows])
        else:
            column = self._other(name)
        self.__dict__[name] = column
        return column

    def _other(self, name: str) -> Any:
        """What is asked for by name and is no stored column: a parent, the ids, or a column that is missing."""
        if f"{name}_id" in self.table.schema.columns:
            return self.refs(f"{name}_id")
        if name == "id":
            return Ids(self.ids)
        raise AttributeError(f"{self.table.schema.name} has no column {name!r}")

    def values(self, name: str) -> Array:
        """The bare array of a column in view: a slice, unless rows were picked."""
        stored = self.table.columns.get(name)
        if stored is None:
            raise MissingTable(self.table.schema.columns[name].refers or name)
        return self._cut(stored.codes if isinstance(stored, Coded) else stored)

    def _cut(self, whole: Array) -> Array:
        return whole[self.lo : self.hi] if self.rows is None else whole[self.rows]

    @property
    def ranks(self) -> Array:
        """The order of the ids, of a table for which the layout knows it."""
        assert self.table.rank is not None
        return self._cut(self.table.rank)

    def whole_numbers(self, rows: Array) -> Array:
        """Rows of the view as rows of the laid-out table."""
        return rows + self.lo if self.rows is None else self.rows[rows]

    def supplied(self, rows: Array) -> Array:
        """Rows of the view as rows of what was supplied."""
        return self.table.order[self.whole_numbers(rows)]

    def ids(self, rows: Array) -> list[Any]:
        """The ids of rows of the view, None for -1."""
        keys = self.table.keys
        assert keys is not None
        return keys.take(self.supplied(rows))

    def locate(self, whole: Array, *, follows: bool = False) -> Array:
        """Rows of the laid-out table as rows of the view, -1 where they are not in it.

        What `follows` these rows is in view because they are.
        """
        if self.rows is None:
            if self.lo == 0 and self.hi == self.table.n:
                return whole
            if follows:
                return whole - np.int32(self.lo)
            inside = (whole >= self.lo) & (whole < self.hi)
            return np.where(inside, whole - self.lo, -1)
        place = np.full(self.table.n + 1, -1, np.int32)
        place[self.rows] = np.arange(self.n, dtype=np.int32)
        return place[whole]

    def refs(self, column: str) -> Refs:
        """The parents in view of these rows."""
        parent_name, follows, only = self.table.leads[column]
        parent = self.view.table(parent_name)
        exists = None if follows and self.table.begins is None else self.exists
        return Refs(parent.locate(self.values(column), follows=only), parent.n, exists)

    @word
    def exists(self) -> Flags | None:
        """Which rows exist on the as-of day; None where all do, as on any day of the present."""
        if self.view.today >= self.table.latest:
            return None
        begins, follows = self.table.begins, self.table.schema.follows
        found: Flags
        if begins is not None:
            found = self._cut(begins) <= self.view.today
        elif self._with_parent(follows):
            parents = self.view.table(self.table.leads[follows[0]][0]).exists
            if parents is None:
                return None
            found = parents.take(self.refs(follows[0]).rows)
        else:
            found = exists_on(self.view, self.table, self.whole_numbers(np.arange(self.n)))
        return None if np.count_nonzero(found) == self.n else found

    def _with_parent(self, follows: tuple[str, ...]) -> bool:
        """Whether all rows follow one parent each, which then is in view: they exist as soon as it does."""
        if len(follows) != 1 or self.rows is not None:
            return False
        parent, _, only = self.table.leads[follows[0]]
        return only and self.view.has(parent)

    def once(self, key: Hashable, find: Callable[[], T]) -> T:
        """What a word that takes an argument says: found once a view for each argument."""
        found = self._found
        answer: T = found.get(key, NOT_YET)
        if answer is not NOT_YET:
            return answer
        if not self.view.shared:
            answer = found[key] = find()
            return answer
        with self._locks.setdefault(key, threading.Lock()):
            # two threads that ask for the same wait for it instead of both finding it
            answer = found.get(key, NOT_YET)
            if answer is NOT_YET:
                answer = found[key] = find()
        return answer

    def forget(self) -> None:
        """Let go of every word and column, as if nobody had asked yet."""
        known = self.__dict__
        for name in known.keys() - KEPT:
            known.pop(name, None)
        self._found.clear()

    def calendar(self) -> Calendar | None:
        """The rows in the order of their days, where looking at them so is worth it: in a view of most rows.

        It has rows that do not exist yet, too.
        """
        whole = self.rows is None and self.n * 4 > self.table.n
        return self.table.prepared.calendar if whole else None

    def daily(self, *key: str) -> Daily | None:
        """How many rows have a day by when, where that is known of all rows and all are in view."""
        return self.table.prepared.daily.get(key) if self.whole else None

    def standing(self, *key: str | int) -> Standing | None:
        """How many rows stand on any day, where that is known of all rows and all are in view."""
        return self.table.prepared.standing.get(key) if self.whole else None

    def count_standing(self, *key: str | int) -> int | None:
        """How many rows stand today, where that is known."""
        known = self.standing(*key)
        return None if known is None else known.on(self.view.today)

    def standing_by(self, column: str) -> list[int] | None:
        """How many rows with each word of a column stand today, the last those without one, where that is known."""
        if self.standing(column, -1) is None:  # all of them are known, or none
            return None
        found = (
            self.count_standing(column, code) for code in (*range(len(getattr(self, column).labels)), -1)
        )
        return [count for count in found if count is not None]

    @property
    def whole(self) -> bool:
        """Whether all rows of the table are in view."""
        return self.rows is None and self.n == self.table.n

    def dated(
        self, column: str, window: Window, *, otherwise: str, among: Rows | None = None, of: str = ""
    ) -> Rows:
        """The rows, or those `among` them, whose day lies in the window, looked for when somebody asks.

        `of` is the word by which those among them are counted beforehand.
        """
        daily = self.daily(column, of) if of else self.daily(column)
        known = daily is not None and window.last <= self.view.today
        count = daily.within(window, self.view.today) if known and daily is not None else None
        rows = self.everything if among is None else among
        return rows.where(lambda: getattr(self, column).within(window), otherwise=otherwise, count=count)

    @property
    def everything(self) -> Rows:
        """All rows in view: where every metric's count of used and excluded rows begins."""
        return Rows(self)


def exists_on(view: View, parent: Table, refs: Array) -> Flags:
    """Whether the parents of rows, in view or not, exist on the view's day; True for -1."""
    if view.today >= parent.latest:
        return np.ones(len(refs), bool)
    if parent.begins is not None:
        return at(parent.begins, refs, FIRST_DAY) <= view.today
    found: Flags = np.ones(len(refs), bool)
    for column in reversed(parent.schema.follows):
        above = view.portfolio.tables.get(parent.schema.columns[column].refers or "")
        if above is not None and column in parent.columns:
            higher = at(np.asarray(parent.columns[column]), refs, -1)
            found = np.where(higher >= 0, exists_on(view, above, higher), found)
    return found


def own(table: Table, name: str, rows: Array) -> Codes:
    """A parent's own words at rows of the laid-out table; missing for -1."""
    stored = table.columns[name]
    assert isinstance(stored, Coded)
    return Codes(at(stored.codes, rows, -1), stored.labels)
