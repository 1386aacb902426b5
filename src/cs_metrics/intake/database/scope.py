"""Only the rows that a viewer needs: the org tree in memory, then rows by the ids of whom they follow.

More rows than needed do no harm, for a view shows nobody else's; a row too few would make numbers wrong. So
wherever ids cannot be asked for without doubt, the whole table is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import UnknownViewer
from ...records import SCHEMA
from .asks import Ask
from .batches import Batch
from .reader import Reader

__all__ = ["needed"]

LISTED = 1_000
"""So many ids in one statement."""

MOST = 20_000
"""For more ids than these a table is read whole: asking for them would cost more than it saves."""


def needed(asks: Mapping[str, Ask], reader: Reader, viewer: Any) -> dict[str, list[Batch]]:
    """The rows of every table that answers for the viewer can depend on."""
    reach = _Reach(asks, reader)
    reach.whole("users")
    team = _team(reach, viewer)
    for name in SCHEMA:
        if name in asks and not SCHEMA[name].follows:
            reach.whole(name)
    reach.by("accounts", "owner_id", team)
    accounts = reach.keys("accounts", "id")
    reach.by("engagements", "owner_id", team)
    reach.by("engagements", "account_id", accounts, without="owner_id")
    parents = {"users": team, "accounts": accounts, "engagements": reach.keys("engagements", "id")}
    # contracts and subscriptions are followed too, so they come before those that follow them
    for name in dict.fromkeys(("contracts", "subscriptions", *SCHEMA)):
        if name in ("users", "accounts", "engagements"):
            continue
        first: str | None = None
        for column in SCHEMA[name].follows:
            reach.by(name, column, parents[SCHEMA[name].columns[column].refers or ""], without=first)
            first = column
        if name in ("contracts", "subscriptions"):
            parents[name] = reach.keys(name, "id")
    reach.close()
    # an engagement of mine may be of an account of somebody else's, and asks whether that one is escalated
    reach.by("escalations", "account_id", reach.keys("accounts", "id"))
    return reach.batches


def _team(reach: _Reach, viewer: Any) -> set[Any]:
    """The viewer and, of a manager, everybody below: found without recursion, and also where there is a circle."""
    ids, managers = reach.values("users", "id"), reach.values("users", "manager_id")
    if not any(type(user) is type(viewer) and user == viewer for user in ids):
        raise UnknownViewer(f"{viewer!r} is not a user of this database")
    roles = dict(zip(ids, reach.values("users", "role"), strict=True))
    if roles[viewer] == "success_agent":
        return {viewer}
    reports: dict[Any, list[Any]] = {}
    for user, manager in zip(ids, managers, strict=True):
        reports.setdefault(manager, []).append(user)
    team, todo = {viewer}, [viewer]
    while todo:
        fresh = [user for user in reports.get(todo.pop(), ()) if user not in team]
        team.update(fresh)
        todo += fresh
    return team


class _Reach:
    """What has been read so far, and by which ids."""

    def __init__(self, asks: Mapping[str, Ask], reader: Reader) -> None:
        self.asks, self.reader = asks, reader
        self.batches: dict[str, list[Batch]] = {name: [] for name in asks}
        self.complete: set[str] = set()
        self.kinds: dict[tuple[str, str], type] = {}
        self.sought: dict[str, list[tuple[str, set[Any]]]] = {name: [] for name in asks}

    def whole(self, table: str) -> None:
        """Read all rows of a table, whatever of it was read before."""
        if table in self.asks and table not in self.complete:
            self.complete.add(table)
            self.batches[table] = list(self.reader.rows(self.asks[table], None))

    def by(self, table: str, column: str, ids: Iterable[Any], without: str | None = None) -> None:
        """Read those rows of a table, not read yet, whose column holds one of the ids.

        `without` names a column that must be empty: what a row follows first says alone whose the row is.
        """
        if table not in self.asks or table in self.complete or column not in self.asks[table].columns:
            return
        before = list(self.sought[table])
        known = {key for other, keys in before if other == column for key in keys}
        wanted = {key for key in ids if key is not None} - known
        if not wanted:
            return
        kinds = {type(key) for key in wanted}
        if len(wanted) > MOST or not all(map(_plain, wanted)) or not self._of(kinds, table, column):
            self.whole(table)
            return
        if without is None:
            self.sought[table].append((column, wanted))
        ordered = sorted(wanted)
        for low in range(0, len(ordered), LISTED):
            self._listed(table, column, ordered[low : low + LISTED], before, without)

    def _of(self, kinds: set[type], table: str, column: str) -> bool:
        """Whether the ids in a column are of this type: one of them tells; without any, nothing is found."""
        if (table, column) not in self.kinds:
            self.kinds[table, column] = type(self.reader.first(self.asks[table], column))
        return self.kinds[table, column] is type(None) or {self.kinds[table, column]} == kinds

    def _listed(
        self, table: str, column: str, ids: list[Any], before: list[tuple[str, set[Any]]], without: str | None
    ) -> None:
        listed = ", ".join(map(_literal, ids))
        # databases may compare more loosely than we do (case, blanks at the end): what they find is sifted
        wanted = set(ids)
        empty = [] if without is None or without not in self.asks[table].columns else [without]
        for batch in self.reader.listed(self.asks[table], column, listed):
            keep = [key in wanted for key in batch.values(column)]
            for other, keys in before:
                keep = [kept and key not in keys for kept, key in zip(keep, batch.values(other), strict=True)]
            for name in empty:
                keep = [
                    kept and key in (None, "") for kept, key in zip(keep, batch.values(name), strict=True)
                ]
            if any(keep):
                self.batches[table].append(batch.only(keep))

    def close(self) -> None:
        """Read whatever the rows read so far refer to, and what that refers to in turn."""
        while True:
            size = self._size()
            for name, ask in self.asks.items():
                for column in SCHEMA[name].references:
                    parent = column.refers or ""
                    if parent in self.asks and column.name in ask.columns:
                        missing = self.keys(name, column.name) - self.keys(parent, "id")
                        self.by(parent, "id", missing)
            if self._size() == size:
                return

    def _size(self) -> int:
        return sum(batch.n for batches in self.batches.values() for batch in batches)

    def values(self, table: str, column: str) -> list[Any]:
        """A column of the rows read so far; None in every row where the table has no such column."""
        if column not in self.asks[table].columns:
            return [None] * sum(batch.n for batch in self.batches[table])
        return [value for batch in self.batches[table] for value in batch.values(column)]

    def keys(self, table: str, column: str) -> set[Any]:
        return {*self.values(table, column)} - {None} if table in self.asks else set()


def _plain(key: object) -> bool:
    """Whether an id can be written in SQL without doubt: a backslash means different things in different places."""
    return type(key) is int or (isinstance(key, str) and key.isprintable() and "\\" not in key)


def _literal(key: int | str) -> str:
    return str(key) if isinstance(key, int) else "'" + key.replace("'", "''") + "'"
