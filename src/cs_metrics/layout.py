"""Lay the checked tables out once, so that whatever a viewer may see is one run of every table.

Users stand in preorder of the org tree. Accounts and engagements are sorted by their owner's position, then
by id; every other table by the row it follows. References become row numbers of the laid-out parents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from .columns import Amounts, Codes, Dates, Numbers, at
from .hierarchy import Hierarchy, lay_out
from .intake import NO_DAY as INTAKE_NO_DAY
from .intake import Coded, Keys, Loaded, LoadedTable, Source
from .periods import FIRST_DAY, NO_DAY
from .prepared import NOTHING, Prepared, prepare
from .schema import Column, Kind, TableSchema
from .sorting import order_by, parts
from .threads import each

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = ["Table", "lay_out_tables"]

EXISTS_BY = ("account_id", "engagement_id", "contract_id", "subscription_id")
"""The references through which a row waits for its parent to exist."""


@attrs.frozen(eq=False, kw_only=True, slots=False)
class Table:
    """One laid-out table.

    `columns` are in layout order; `order` leads back to the rows that were supplied, `place` from them to the
    layout, -1 to -1, for the tables that are looked up by id. Rows stand in the order of the positions of whom they
    follow, those who follow nobody last; `starts` is where the rows of each position begin, then nobody's, then the
    end, None where nobody knows whose they are. `rank` is the order of the ids where it is known. `begins` is the
    first day on which each row exists, its parents too; None where a row exists when the one that it follows does.
    No row begins after `latest`. `prepared` is what is known of the rows whatever the day.
    """

    schema: TableSchema
    n: int
    columns: Mapping[str, Array | Coded]
    order: Array
    place: Array
    starts: Array | None
    rank: Array | None
    begins: Array | None
    latest: int
    keys: Keys | None
    source: Source
    exponent: int
    prepared: Prepared = NOTHING

    def owners(self, first: int, last: int) -> Array:
        """The position of whom each row follows, of the rows of a run of positions."""
        starts = self.starts
        assert starts is not None
        return np.arange(first, last, dtype=np.int32).repeat(
            starts[first + 1 : last + 1] - starts[first:last]
        )

    @cached_property
    def by_rank(self) -> Array | None:
        """The rows in the order of their ids, where that is known."""
        return None if self.rank is None else _inverse(self.rank)[:-1]

    @cached_property
    def stored(self) -> Mapping[str, tuple[Array, Callable[[Any], Any]]]:
        """The columns that a view can cut and wrap: each one's array, and what makes a typed column of a part."""
        return {name: self.store(name) for name in self._storable()}

    def _storable(self) -> list[str]:
        keys = {column.name for column in self.schema.columns.values() if column.kind is Kind.KEY}
        return [*(name for name in self.columns if name not in keys), *self.prepared.days]

    def store(self, name: str) -> tuple[Array, Callable[[Any], Any]]:
        """One of the columns that can be cut and wrapped."""
        if name in self.prepared.days:
            return self.prepared.days[name], Dates
        values, declared = self.columns[name], self.schema.columns[name]
        if isinstance(values, Coded):
            return values.codes, partial(Codes, labels=values.labels, complete=not declared.optional)
        return values, self._wrap(declared)

    @cached_property
    def leads(self) -> Mapping[str, tuple[str, bool, bool]]:
        """Of each reference: to which table; whether rows follow that parent; whether they all always do."""
        follows = self.schema.follows
        return {
            column.name: (
                column.refers or "",
                follows[:1] == (column.name,),
                follows == (column.name,) and not column.optional,
            )
            for column in self.schema.references
        }

    @cached_property
    def unresolved(self) -> frozenset[str]:
        """The references by which some row names a parent of a table that was not supplied."""
        source = self.source
        absent = {column.name for column in self.schema.references if column.name not in self.columns}
        return frozenset(
            name for name in absent.intersection(source.column_names) if _named(source, self.n, name).any()
        )

    def _wrap(self, column: Column) -> Callable[[Any], Any]:
        kind = column.kind
        if kind is Kind.MONEY:
            return partial(Amounts, exponent=self.exponent, complete=not column.optional)
        wraps: dict[Kind, Callable[[Any], Any]] = {Kind.DATE: Dates, Kind.FLAG: lambda flags: flags}
        return wraps.get(kind, Numbers)


def lay_out_tables(loaded: Loaded, exponent: int) -> tuple[Hierarchy, dict[str, Table]]:
    """All tables, parents before children. What was loaded is used up: the layout takes its place in memory."""
    return _Layout(loaded, exponent).run()


class _Spare:
    """Arrays of one length that nobody needs any more, for the next ones: new room for every column of a long table
    would leave as much behind in which nothing larger fits."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.arrays: dict[int, list[Array]] = {}

    def take(self, dtype: np.dtype[Any]) -> Array:
        """An array to be filled."""
        arrays = self.arrays.get(dtype.itemsize)
        return arrays.pop().view(dtype) if arrays else np.empty(self.n, dtype)

    def give(self, array: Array) -> None:
        """Take back an array that is done with."""
        self.arrays.setdefault(array.itemsize, []).append(array)


class _Layout:
    """The state of one laying out: what each table's supplied rows became."""

    def __init__(self, loaded: Loaded, exponent: int) -> None:
        self.exponent = exponent
        self.loaded = loaded.tables
        self.tables: dict[str, Table] = {}
        self.became: dict[str, Array] = {}
        self.owners: dict[str, Array] = {}
        self.hierarchy = self._hierarchy()

    def run(self) -> tuple[Hierarchy, dict[str, Table]]:
        names = list(self.loaded)
        for name in _PARENTS:
            if name in self.loaded:
                self._lay_out(self.loaded.pop(name))
        children = [self.loaded.pop(name) for name in list(self.loaded)]
        each(self._lay_out, children, sum(table.n for table in children))
        self.became.clear()
        self.owners.clear()
        tables = prepare(self.tables)
        return self.hierarchy, {name: tables[name] for name in names}

    def _hierarchy(self) -> Hierarchy:
        users = self.loaded.get("users")
        if users is None or users.keys is None:
            nobody = np.empty(0, np.int32)
            return Hierarchy(nobody, nobody, nobody)
        return lay_out(_array(users, "manager_id"), users.keys.rank(), users.keys.take)

    def _lay_out(self, table: LoadedTable) -> None:
        name = table.schema.name
        owner = self._owner(table)
        rank = table.keys.rank() if table.keys is not None and name in _RANKED else None
        order = self._order(table, owner, rank)
        if name in _PARENTS:
            self.became[name] = _inverse(order)
        owner = None if owner is None else owner[order]
        if owner is not None and name in ("accounts", "engagements"):
            self.owners[name] = owner  # by which the rows that follow them are sorted
        columns = self._columns(table, order)
        begins, latest = self._begins(table.schema, columns)
        self.tables[name] = Table(
            schema=table.schema,
            n=table.n,
            columns=columns,
            order=order,
            place=self.became[name] if name in ("users", "accounts") else _NOWHERE,
            starts=self._starts(table.schema, owner, columns),
            rank=None if rank is None else rank[order],
            begins=begins,
            latest=latest,
            keys=table.keys,
            source=table.source,
            exponent=self.exponent,
        )

    def _owner(self, table: LoadedTable) -> Array | None:
        """Whose each row is, as a position; None where the table is sorted by a parent's rows instead."""
        name, nobody = table.schema.name, self.hierarchy.size
        if name == "users":
            return self.hierarchy.position
        if name not in _BY_OWNER:
            return None
        owner = np.full(table.n, nobody, np.int32)
        for column in reversed(table.schema.follows):
            refs = table.columns.get(column)
            if isinstance(refs, np.ndarray):
                owner = np.where(refs >= 0, self._owners_of(table, column, refs), owner)
            elif column in table.source.column_names and nobody:
                # who follows somebody unknown is not handed to whoever comes next: closed unless opened
                owner = np.where(_named(table.source, table.n, column), np.int32(nobody), owner)
        return owner

    def _starts(
        self, schema: TableSchema, owner: Array | None, columns: Mapping[str, Array | Coded]
    ) -> Array | None:
        """Where the rows of each position begin: children begin where those of their parents do."""
        everybody = np.arange(self.hierarchy.size + 2, dtype=np.int32)
        if schema.name == "users":
            return np.minimum(everybody, self.hierarchy.size)
        if owner is not None:
            return owner.searchsorted(everybody).astype(np.int32)
        refs = columns.get(schema.follows[0]) if schema.follows else None
        parent = self.tables.get(schema.columns[schema.follows[0]].refers or "") if schema.follows else None
        if parent is None or parent.starts is None or not isinstance(refs, np.ndarray):
            return None
        return refs.searchsorted(parent.starts).astype(np.int32)

    def _owners_of(self, table: LoadedTable, column: str, refs: Array) -> Array:
        """The positions of the owners of the parents that `refs` names."""
        parent = table.schema.columns[column].refers or ""
        if parent == "users":
            return at(self.hierarchy.position, refs, -1)
        return at(self.owners[parent], at(self.became[parent], refs, -1), -1)

    def _order(self, table: LoadedTable, owner: Array | None, rank: Array | None) -> Array:
        """The order of a table's rows; why beyond whom they follow stands with the words that rely on it."""
        name, follows = table.schema.name, table.schema.follows
        if name == "users":
            return self.hierarchy.user
        keys: tuple[Array | None, ...] = (owner, rank)
        if name == "contracts":
            keys = self._slots(table, owner), rank
        elif name == "adoption_scores":
            keys = self._slots(table, owner), _codes(table, "product"), _array(table, "on")
        elif owner is None and follows:
            keys = self._refs(table, follows[0]), *self._within(table)
        return order_by(*keys, n=table.n)

    def _within(self, table: LoadedTable) -> tuple[Array, ...]:
        """How rows stand within their parent: so that the last of any choice among them is the one wanted.

        Of QBRs that is the earliest; of opportunities the latest closed, of several on one day the smallest id;
        of propensities the latest, of usage and measures the latest of each product and metric. Periods of
        subscriptions stand in the order in which they begin.
        """
        if table.schema.name in _BY_DAY:
            return (_array(table, _BY_DAY[table.schema.name]),)
        if table.schema.name == "usage":
            return _codes(table, "product"), _array(table, "on")
        if table.schema.name == "measures":
            return _codes(table, "metric"), _array(table, "on")
        if table.schema.name == "qbrs":
            return (-_array(table, "scheduled_on"),)
        if table.schema.name == "opportunities" and table.keys is not None:
            closed = _array(table, "closed_on")
            return np.where(closed == NO_DAY, np.int32(FIRST_DAY - 1), closed), -table.keys.rank()
        return ()

    def _slots(self, table: LoadedTable, owner: Array | None) -> Array:
        """The places of the engagements or accounts that rows follow, in one order by owner."""
        owners = self.owners
        last = 1 + sum(len(places) for places in owners.values())
        slots = np.full(table.n, last, np.int32)  # who follows nobody stands last
        sides: tuple[tuple[str, str, str, Literal["left", "right"]], ...] = (
            ("account_id", "accounts", "engagements", "right"),
            ("engagement_id", "engagements", "accounts", "left"),
        )
        for column, name, other, side in sides:
            refs = self._refs(table, column)
            if refs is None:
                continue
            mine, others = owners[name], owners.get(other)
            slot = np.arange(1, len(mine) + 1, dtype=np.int32)
            if others is not None:
                slot += others.searchsorted(mine, side=side).astype(np.int32)
            np.copyto(slots, at(slot, refs, 0), where=refs >= 0)
        np.add(slots, np.int32(last), out=slots, where=owner == self.hierarchy.size)
        return slots

    def _refs(self, table: LoadedTable, column: str) -> Array | None:
        """A reference as row numbers of the laid-out parent, None where the parent was not supplied."""
        refs = table.columns.get(column)
        parent = table.schema.columns[column].refers or ""
        return at(self.became[parent], refs, -1) if isinstance(refs, np.ndarray) else None

    def _columns(self, table: LoadedTable, order: Array) -> dict[str, Array | Coded]:
        """All columns in the order of the layout."""
        spare = _Spare(table.n)
        return {name: self._gathered(table, name, order, spare) for name in list(table.columns)}

    def _gathered(self, table: LoadedTable, column: str, order: Array, spare: _Spare) -> Array | Coded:
        values, declared = table.columns.pop(column), table.schema.columns[column]
        bare = _bare(values)
        found = spare.take(bare.dtype)
        became = self.became[declared.refers] if declared.kind is Kind.KEY and declared.refers else None
        for part in parts(table.n):
            there = bare.take(order[part])
            if became is not None:
                there = became.take(there, mode="wrap")  # -1, for none, is the last
            elif declared.kind is Kind.DATE:
                there[there == INTAKE_NO_DAY] = NO_DAY
            found[part] = there
        if table.ours:
            spare.give(bare)
        return Coded(found, values.labels) if isinstance(values, Coded) else found

    def _begins(self, schema: TableSchema, columns: Mapping[str, Array | Coded]) -> tuple[Array | None, int]:
        """The first day on which each row and all its parents exist, and the last of these days."""
        parents = {
            column: self.tables[schema.columns[column].refers or ""]
            for column in EXISTS_BY
            if column in columns
        }
        latest = max([FIRST_DAY, *(parent.latest for parent in parents.values())])
        if schema.begins is None and (schema.name not in _DATED or not parents):
            return None, latest
        anyone = next(iter(columns.values()))
        size = len(anyone.codes if isinstance(anyone, Coded) else anyone)
        own = columns[schema.begins] if schema.begins else np.full(size, FIRST_DAY, np.int32)
        assert isinstance(own, np.ndarray)
        begins = own
        for column, parent in parents.items():
            refs = columns[column]
            assert isinstance(refs, np.ndarray)
            begins = np.maximum(begins, self._begin_of(parent, refs))
        begins = np.where(own == NO_DAY, FIRST_DAY, begins) if (own == NO_DAY).any() else begins
        return (own if begins is not own and np.array_equal(begins, own) else begins), (
            int(begins.max()) if len(begins) else latest
        )

    def _begin_of(self, parent: Table, refs: Array) -> Array:
        """The first days of the parents of rows, the first of all days for -1."""
        if parent.begins is not None:
            return at(parent.begins, refs, FIRST_DAY)
        days = np.full(len(refs), FIRST_DAY, np.int32)
        for column in reversed(parent.schema.follows):
            grandparents = parent.columns.get(column)
            above = self.tables.get(parent.schema.columns[column].refers or "")
            if above is not None and isinstance(grandparents, np.ndarray):
                higher = at(grandparents, refs, -1)
                days = np.where(higher >= 0, self._begin_of(above, higher), days)
        return days


_PARENTS = ("users", "accounts", "engagements", "contracts", "subscriptions", "stack_items")
"""Tables that others refer to, laid out before those."""
_BY_DAY = {"subscriptions": "started_on", "propensities": "on"}
_DATED = frozenset({"contracts", "opportunities", "renewals"})
"""Tables without a first day of their own for which that of their parents is worth keeping."""
_NOWHERE = np.empty(0, np.int32)
_RANKED = frozenset({"accounts", "engagements", "contracts", "stack_items"})
_BY_OWNER = frozenset({"accounts", "engagements", "contracts", "adoption_scores", "tasks"})


def _named(source: Source, n: int, column: str) -> Array:
    """Which supplied rows name a parent, of a table that was not supplied."""
    cells = source.values(column, np.arange(n))
    return np.array([cell is not None and cell == cell for cell in cells], bool)


def _array(table: LoadedTable, column: str) -> Array:
    values = table.columns[column]
    assert isinstance(values, np.ndarray)
    if table.schema.columns[column].kind is Kind.DATE:
        return np.where(values == INTAKE_NO_DAY, NO_DAY, values)
    return values


def _bare(values: Array | Coded) -> Array:
    return values.codes if isinstance(values, Coded) else values


def _codes(table: LoadedTable, column: str) -> Array:
    values = table.columns[column]
    assert isinstance(values, Coded)
    return values.codes


def _inverse(order: Array) -> Array:
    """Where each row went; -1 stays -1."""
    became = np.empty(len(order) + 1, np.int32)
    became[order] = np.arange(len(order), dtype=np.int32)
    became[-1] = -1
    return became
