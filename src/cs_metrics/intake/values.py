"""What columns are read into: arrays with their own mark for missing, and the cells they come from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

__all__ = [
    "DAY_SECONDS",
    "EPOCH",
    "FIRST_DAY",
    "LAST_DAY",
    "NO_AMOUNT",
    "NO_DAY",
    "NO_INT",
    "Bad",
    "Bools",
    "Cells",
    "Coded",
    "Parsed",
    "Piece",
    "Rows",
]

NO_DAY = int(np.iinfo(np.int32).min)
NO_AMOUNT = NO_INT = int(np.iinfo(np.int64).min)

EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY = date.min.toordinal() - EPOCH
LAST_DAY = date.max.toordinal() - EPOCH
DAY_SECONDS = 86_400

Array: TypeAlias = npt.NDArray[Any]
Rows: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Bad: TypeAlias = tuple[Rows, str, str | Sequence[str]]
"""Rows that break one rule, the rule's code, and what was expected: in all of them, or in each."""


@attrs.frozen(eq=False)
class Coded:
    """A column of words: `codes` number `labels`, -1 is missing."""

    codes: Array
    labels: tuple[str, ...]


@attrs.frozen(eq=False)
class Piece:
    """Cells of one type, and the rows where they stand (None: all rows, in order).

    `array` is an Arrow array, or one of NumPy's numbers, flags or times as pandas has them. Cells that were
    Python `objects` have a type of their own each; a wrong one is the row's fault, not the column's.
    """

    rows: Rows | slice | None
    array: Any
    objects: bool = False

    def at(self, local: Rows) -> Rows:
        """The frame's row numbers of some of these cells."""
        if self.rows is None:
            return local
        return local + self.rows.start if isinstance(self.rows, slice) else self.rows[local]


@attrs.frozen(eq=False)
class Cells:
    """A frame's column as Arrow arrays, each of one type; rows in no piece are missing.

    `odd` are the rows with Python objects that are no value of any kind, with the name of their type.
    """

    n: int
    pieces: tuple[Piece, ...]
    odd: tuple[tuple[Rows, str], ...] = ()


@attrs.frozen(eq=False)
class Parsed:
    """One piece, read: its values, which cells were empty (None: none were), and the bad ones."""

    values: Array
    missing: Bools | None = None
    bad: tuple[Bad, ...] = ()
