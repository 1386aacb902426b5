"""Which rows of two views are the same: of one portfolio, or of last week's load and this week's.

Rows of two portfolios are the same if their ids are, or the natural keys of tables without ids. Keys are compared
by value and kind (1 is not "1"), and those of the rows behind two results only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..columns import Codes, Dates

if TYPE_CHECKING:
    from ..columns import Array
    from ..scope import ViewTable

__all__ = ["Pairing", "key_columns", "pair"]


@attrs.frozen(eq=False)
class Pairing:
    """The rows of one table on both sides, ascending, under numbers by which the same row is known on both.

    `staying` of the `size` numbers are rows of both sides; `before_numbers` and `after_numbers` belong to
    `before_rows` and `after_rows`.
    """

    before: ViewTable | None
    after: ViewTable | None
    before_rows: Array
    after_rows: Array
    before_numbers: Array
    after_numbers: Array
    staying: Array

    @property
    def size(self) -> int:
        return len(self.staying)

    @property
    def stayed(self) -> Array:
        """The numbers of the rows on both sides, in the order of those after."""
        return np.asarray(self.after_numbers[self.staying[self.after_numbers]])

    @property
    def entered(self) -> Array:
        """The rows of the view after that were not there before."""
        return np.asarray(self.after_rows[~self.staying[self.after_numbers]])

    @property
    def left(self) -> Array:
        """The rows of the view before that are no longer there."""
        return np.asarray(self.before_rows[~self.staying[self.before_numbers]])


def pair(before: ViewTable | None, before_rows: Array, after: ViewTable | None, after_rows: Array) -> Pairing:
    """Find which rows of two views are the same; a side without rows may lack the table."""
    size = len(before_rows)
    partner = np.full(len(after_rows), -1, np.int64)
    if before is not None and after is not None and len(before_rows) and len(after_rows):
        mine, its = _numbered(before, before_rows, after, after_rows)
        place = np.full(max(int(mine.max()), int(its.max())) + 1, -1, np.int64)
        place[mine] = np.arange(size)
        partner = place[its]
    numbers = np.where(partner < 0, size + np.arange(len(partner)), partner)
    staying = np.zeros(size + len(partner), bool)
    staying[partner[partner >= 0]] = True
    return Pairing(before, after, before_rows, after_rows, np.arange(size), numbers, staying)


def _numbered(
    before: ViewTable, before_rows: Array, after: ViewTable, after_rows: Array
) -> tuple[Array, Array]:
    """Numbers for the rows of both sides, the same for the same rows."""
    if before.table is after.table:
        return before.whole_numbers(before_rows), after.whole_numbers(after_rows)
    split = len(before_rows)
    numbers = np.zeros(split + len(after_rows), np.int64)
    for column in before.table.schema.key:
        words = _alike(
            *(_ids(table, column, rows) for table, rows in ((before, before_rows), (after, after_rows)))
        )
        if words is None:
            words = _equal(key_column(before, column, before_rows), key_column(after, column, after_rows))
        if numbers.any():
            words = np.unique(numbers * (int(words.max()) + 1) + words, return_inverse=True)[1]
        numbers = words
    return numbers[:split], numbers[split:]


def _ids(table: ViewTable, column: str, rows: Array) -> Any:
    """A column of ids as an Arrow array; None where it is none of the kind."""
    if column == "id":
        return None if table.table.keys is None else table.table.keys.arrow(table.supplied(rows))
    refers = table.table.schema.columns[column].refers
    if refers is None or not table.view.has(refers):
        return None
    parent, refs = table.view.portfolio.table(refers), table.values(column)[rows]
    return None if parent.keys is None else parent.keys.arrow(np.append(parent.order, -1)[refs])


def _alike(mine: Any, its: Any) -> Array | None:
    """Numbers for ids, the same for equal ones; a missing one is equal to another. None if the kinds differ."""
    import pyarrow as pa

    if mine is None or its is None or mine.type != its.type:
        return None
    both = pa.concat_arrays([mine, its]).dictionary_encode(null_encoding="encode")
    return np.asarray(both.indices, np.int64)


def _equal(mine: Sequence[Any], its: Sequence[Any]) -> Array:
    """Numbers for values, the same for equal ones; None is a value too."""
    import pandas as pd

    values = np.empty(len(mine) + len(its), object)
    values[: len(mine)], values[len(mine) :] = mine, its
    return np.asarray(pd.factorize(values, use_na_sentinel=False)[0], np.int64)


def key_columns(table: ViewTable, rows: Array) -> dict[str, list[Any]]:
    """What tells the rows apart, by the names of the columns, as plain Python."""
    return {column: key_column(table, column, rows) for column in table.table.schema.key}


def key_column(table: ViewTable, column: str, rows: Array) -> list[Any]:
    """One column of the key; of a reference the parent's id, also of a parent that was not supplied."""
    from .ordering import parent_ids

    if table.table.keys is not None and column == "id":
        return table.ids(rows)
    refers = table.table.schema.columns[column].refers
    if refers is not None and table.view.has(refers):
        return parent_ids(table, column, rows)
    found = getattr(table, column, None) if refers is None else None
    if isinstance(found, Codes | Dates):
        return found.to_list(rows)
    supplied = table.table.source.values(column, table.supplied(rows))
    return [None if value is None or value != value else value for value in supplied]
