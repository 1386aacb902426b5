"""One column: its pieces read, put in their rows, and whatever is wrong with them noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from ..records import Column, Kind
from . import scalars, words
from .arrows import all_empty, missing_of
from .dates import EXPECTED as DATE
from .dates import Days
from .problems import Note
from .values import NO_AMOUNT, NO_DAY, NO_INT, Array, Bools, Cells, Coded, Parsed, Piece

__all__ = ["FILL", "WANTED", "absent", "assemble", "read_column"]

Reader = Callable[[Piece], Parsed | None]

WANTED = {
    Kind.KEY: "an id, int or text",
    Kind.DATE: DATE,
    Kind.MONEY: "an amount: int, Decimal, float or decimal text",
    Kind.FLAG: "true or false",
    Kind.INT: "a whole number",
    Kind.NUMBER: "a number",
    Kind.TEXT: "text",
    Kind.ENUM: "text",
    Kind.CATEGORY: "text",
}
FILL: dict[Kind, tuple[Any, Any]] = {
    Kind.DATE: (NO_DAY, np.int32),
    Kind.MONEY: (NO_AMOUNT, np.int64),
    Kind.FLAG: (False, np.bool_),
    Kind.INT: (NO_INT, np.int64),
    Kind.NUMBER: (np.nan, np.float64),
    Kind.TEXT: (False, np.bool_),
    Kind.ENUM: (-1, np.int8),
    Kind.CATEGORY: (-1, np.int32),
}


def absent(column: Column, n: int, digits: int) -> Array | Coded:
    """A column that was not supplied: its default, or missing."""
    fill, dtype = FILL[column.kind]
    if column.kind is Kind.CATEGORY:
        return Coded(np.full(n, -1, np.int8), ())
    if column.kind is Kind.ENUM:
        return Coded(np.full(n, -1, np.int8), column.words)
    return np.full(n, _default(column, fill, digits), dtype)


def _default(column: Column, fill: Any, digits: int) -> Any:
    if column.default is attrs.NOTHING:
        return fill
    return column.default * 10**digits if column.kind is Kind.MONEY else column.default


@attrs.frozen(eq=False)
class Read:
    """A column as read: bad and missing cells hold the mark for missing."""

    values: Array
    missing: Bools | None


def assemble(cells: Cells, kind: Kind, read: Reader, note: Note, fill: tuple[Any, Any]) -> Read:
    """Read every piece and put it in its rows; `note(code, expected, rows=, ...)` hears what is wrong."""
    mark, dtype = fill
    whole = len(cells.pieces) == 1 and cells.pieces[0].rows is None
    values = np.empty(0, dtype) if whole else np.full(cells.n, mark, dtype)
    missing: Bools | None = None if whole else np.ones(cells.n, bool)
    for piece in cells.pieces:
        parsed = _parsed(piece, kind, read, note, fill)
        for rows, code, expected in parsed.bad:
            note(code, expected, rows=piece.at(rows))
        if whole:
            values, missing = parsed.values, parsed.missing
        else:
            at = piece.rows if piece.rows is not None else slice(None)
            values[at] = parsed.values
            assert missing is not None
            missing[at] = False if parsed.missing is None else parsed.missing
    for rows, name in cells.odd:
        note("type", f"{WANTED[kind]}, not {name}", rows=rows)
        assert missing is not None
        missing[rows] = False
    return Read(values, missing if missing is not None and missing.any() else None)


def _parsed(piece: Piece, kind: Kind, read: Reader, note: Note, fill: tuple[Any, Any]) -> Parsed:
    """One piece read; of a type that can be no such column, it is noted and counts as empty."""
    array = piece.array
    parsed = read(piece)
    if parsed is not None:
        return parsed
    if not all_empty(array):
        note.wrong_type(piece, WANTED[kind])
        return Parsed(np.full(len(array), *fill), missing_of(array))
    return Parsed(np.full(len(array), *fill), np.ones(len(array), bool))


def read_column(cells: Cells, column: Column, zone: str, note: Note) -> tuple[Array | Coded, Bools | None]:
    """A column's values and which cells are missing; keys and money are read elsewhere."""
    kind = column.kind
    fill = FILL[kind]
    if kind is Kind.DATE:
        days = Days(zone)
        read = assemble(cells, kind, days.read, note, fill)
        if days.aware is not None and days.naive is not None:
            note(
                "mixed_offset",
                f"all with an offset or all without: row {days.aware} has one, row {days.naive} has none",
                structural=True,
            )
        return read.values, read.missing
    if kind is Kind.CATEGORY:
        vocabulary = words.Vocabulary()
        read = assemble(cells, kind, vocabulary.read, note, fill)
        return vocabulary.coded(read.values), read.missing
    if kind is Kind.ENUM:
        read = assemble(cells, kind, words.EnumReader(column.words).read, note, fill)
        return Coded(read.values, column.words), read.missing
    reader: dict[Kind, Reader] = {
        Kind.FLAG: scalars.read_flag,
        Kind.INT: scalars.read_int,
        Kind.TEXT: words.read_text,
        Kind.NUMBER: scalars.NumberReader(column.low, column.high).read,
    }
    read = assemble(cells, kind, reader[kind], note, fill)
    return read.values, read.missing
