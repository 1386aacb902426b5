"""In which order rows stand: by what the metric says, then by id; the same for the same input, always."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import at

if TYPE_CHECKING:
    from ..columns import Array, Soonest
    from ..layout import Table
    from ..scope import ViewTable
    from ..selection import Rows

__all__ = ["AtParents", "Parents", "Texts", "natural_keys", "ordered"]

FEW = 512
STEP = 1024
LAST = np.int32(np.iinfo(np.int32).max)
"""Where those stand that have no place."""
SAMPLE = 16_384


def ordered(
    rows: Rows, by: Sequence[Array | Soonest], limit: int | None = None, ties: Sequence[str] | None = None
) -> Array:
    """The chosen rows by the keys `by`, ascending, then by id; only the first `limit` of them.

    `ties` names the columns that break ties in a table without ids; by default those of its natural key.
    """
    table = rows.table
    if not by and table.table.rank is not None:
        return _by_rank(rows, limit)
    if limit is not None and by and rows.count > max(FEW, 4 * limit):
        index = _candidates(rows, by[0], limit)
    else:
        index = rows.index
    keys = [key[index] for key in by]
    order = np.lexsort((*reversed(_ids(table, index, ties)), *reversed(keys)))
    return index[order[:limit]]


def _by_rank(rows: Rows, limit: int | None) -> Array:
    """The chosen rows by id; where many are chosen, the first few are met soon on the way through the ids."""
    table = rows.table
    if limit is not None and table.rows is None and rows.count > FEW:
        expected = limit * table.table.n // rows.count
        if expected * 32 < rows.count:
            return _walk(rows, limit)
    index = rows.index
    return np.asarray(index[table.ranks[index].argsort()[:limit]])


def _walk(rows: Rows, limit: int) -> Array:
    """The first chosen rows on the way through all ids in order."""
    table, order = rows.table, rows.table.table.by_rank
    assert order is not None
    found: list[int] = []
    for start in range(0, table.table.n, STEP):
        block = order[start : start + STEP].astype(np.int64) - table.lo
        block = block[(block >= 0) & (block < table.n)]
        found += block[rows.flags[block]].tolist()
        if len(found) >= limit:
            break
    return np.array(found[:limit], np.int64)


def _candidates(rows: Rows, keys: Array | Soonest, limit: int) -> Array:
    """Rows among which are those with the `limit` smallest first keys, ties and all.

    The `limit` smallest keys of a few of the rows bound those of all: not all have to be looked at in order.
    """
    if limit == 0:
        return np.empty(0, np.int64)
    if not isinstance(keys, np.ndarray):  # then the last step was that there is such a day at all
        soonest = None if rows.before is None else keys.soonest(rows.before.flags, limit)
        if soonest is not None:
            return soonest
        keys = keys.days
    step = max(1, len(keys) // SAMPLE)
    few = keys[::step][rows.flags[::step]]
    if len(few) < limit:
        few = keys[rows.index]
    bound = np.partition(few, limit - 1)[limit - 1]
    return np.asarray((rows.flags & ~(keys > bound)).nonzero()[0])  # also where the bound is "missing"


def _ids(table: ViewTable, index: Array, ties: Sequence[str] | None) -> list[Array]:
    """Sortable keys that tell any two rows apart."""
    if table.table.rank is not None:
        return [table.ranks[index]]
    if table.table.keys is None:
        return [ranks(table, column, index) for column in ties or table.table.schema.key]
    if len(index) <= FEW:
        return [_ranked(table.ids(index))]
    return [table.table.keys.rank()[table.supplied(index)]]


def _ranked(values: Sequence[Any]) -> Array:
    """The order of a few values, missing last; equal ones get one number."""
    places = {value: place for place, value in enumerate(sorted({v for v in values if v is not None}))}
    return np.array([places.get(value, len(places)) for value in values], np.int64)


def ranks(table: ViewTable, column: str, index: Array) -> Array:
    """A key column as numbers in the order of its values, missing last."""
    declared = table.table.schema.columns[column]
    if declared.refers is None:
        values = table.values(column)[index]
        return np.where(values == -1, LAST, values) if values.dtype.kind == "i" else values
    if not table.view.has(declared.refers):
        return _ranked(parent_ids(table, column, index))
    parent = table.view.portfolio.table(declared.refers)
    refs = table.values(column)[index]
    if parent.rank is not None:
        return at(parent.rank, refs, LAST)
    assert parent.keys is not None
    return _ranked([None if ref < 0 else parent.keys.take(parent.order[[ref]])[0] for ref in refs])


def natural_keys(table: ViewTable, index: Array, ties: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    """What tells rows apart wherever they are: ids, or the natural key, missing last."""
    if table.table.keys is not None:
        return [(key,) for key in table.ids(index)]
    columns = [key_values(table, column, index) for column in ties or table.table.schema.key]
    return [tuple((value is None, value) for value in values) for values in zip(*columns, strict=True)]


def key_values(table: ViewTable, column: str, index: Array) -> list[Any]:
    """A key column's values; of a reference, the parents' ids."""
    declared = table.table.schema.columns[column]
    if declared.refers is None:
        return list(getattr(table, column).to_list(index))
    return parent_ids(table, column, index)


def parent_ids(table: ViewTable, column: str, index: Array) -> list[Any]:
    """The ids of the parents of rows, in view or not, None where there is none.

    Of a table that was not supplied they are what the rows say.
    """
    name = table.table.schema.columns[column].refers or ""
    if not table.view.has(name):
        cells = table.table.source.values(column, table.supplied(index))
        return [None if cell is None or cell != cell else cell for cell in cells]
    return ids_at(table.view.portfolio.table(name), table.values(column)[index])


def ids_at(parent: Table, refs: Array) -> list[Any]:
    """The ids at rows of a laid-out table, None for -1."""
    assert parent.keys is not None
    named = refs >= 0
    if named.all():
        return parent.keys.take(parent.order[refs])
    found = iter(parent.keys.take(parent.order[refs[named]]))
    return [next(found) if there else None for there in named.tolist()]


class Parents:
    """The ids of the rows' parents, as a column of a listing."""

    kind = "id"
    __slots__ = ("column", "table")

    def __init__(self, table: ViewTable, column: str) -> None:
        table.view.portfolio.table(
            table.table.schema.columns[column].refers or ""
        )  # missing? then say so now
        self.table = table
        self.column = column

    def to_list(self, rows: Array) -> list[Any]:
        return parent_ids(self.table, self.column, rows)

    to_array = to_list


class AtParents:
    """The ids at rows of a laid-out table that the listed rows lead to, as a column of a listing."""

    kind = "id"
    __slots__ = ("parent", "rows")

    def __init__(self, parent: Table, rows: Array) -> None:
        self.parent = parent
        self.rows = rows

    def to_list(self, rows: Array) -> list[Any]:
        return ids_at(self.parent, self.rows[rows])

    to_array = to_list


class Texts:
    """A text of the rows as it was supplied, as a column of a listing; missing where the column was not."""

    kind = "text"
    __slots__ = ("column", "table")

    def __init__(self, table: ViewTable, column: str) -> None:
        self.table = table
        self.column = column

    def to_list(self, rows: Array) -> list[Any]:
        source = self.table.table.source
        if self.column not in source.column_names:
            return [None] * len(rows)
        cells = source.values(self.column, self.table.supplied(rows))
        return [cell if isinstance(cell, str) else None for cell in cells]

    to_array = to_list
