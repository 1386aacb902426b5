"""What tells two portfolios apart: a hash of what their rows say.

Each row is hashed from the values of its declared columns, references as the ids that they name; the hashes
of a table's rows are added up, so neither the order of the rows nor the kind of their frame leaves a trace.
Amounts count as converted into the portfolio's currency, and missing is missing however it was written.
Columns beyond the declared ones do not count: no number is made of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .history import History
from .intake import Coded
from .intake.arrows import Family, family, words_of
from .intake.keys import KeyColumn
from .intake.problems import Findings, Note
from .intake.references import keys_of
from .intake.texts import Texts
from .records import Column, Kind
from .settings import Settings

if TYPE_CHECKING:
    from .columns import Array
    from .layout import Table

__all__ = ["NO_KEY", "added_up", "digest", "fingerprint", "hashes_of_ids", "hashes_of_keys", "sums"]

VERSION = 1
"""Counts up whenever the same rows get another fingerprint."""

MISSING = NO_KEY = np.uint64(0x5BD1E995A7C3F10D)
LANES = (0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89)
BLOCK = 1 << 17
WORD = 8
NOTHING_TOLD = History()


def fingerprint(tables: Mapping[str, Table], settings: Settings, history: History) -> str:
    """32 hexadecimal digits that are the same for the same rows and settings, and else others."""
    return digest(sums(tables), settings, history)


def digest(found: Mapping[str, list[int]], settings: Settings, history: History = NOTHING_TOLD) -> str:
    """The fingerprint of tables of which the sums are known."""
    told: list[Any] = [VERSION, settings.currency, settings.tz, settings.fiscal_year_start]
    told += [[name, *found[name]] for name in sorted(found)]
    if history.entries:
        said = [[one.table, one.id, one.column, one.value, one.day] for one in history.entries]
        told.append(sorted(json.dumps(one) for one in said))
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def sums(tables: Mapping[str, Table]) -> dict[str, list[int]]:
    """Of each table how many rows it has, and the sums of their hashes: those of parts add up to the whole's."""
    ids: dict[str, Array] = {}
    for name, table in tables.items():
        if table.keys is not None:
            ids[name] = hashes_of_ids(table)
    return {name: [table.n, *_lanes(_rows(table, ids))] for name, table in tables.items()}


def added_up(parts: Sequence[Mapping[str, list[int]]], everywhere: Collection[str]) -> dict[str, list[int]]:
    """The sums of a whole of which parts are known; the tables `everywhere` stand in every part."""
    return {
        name: first
        if name in everywhere
        else [sum(numbers) % 2**64 for numbers in zip(*(part[name] for part in parts), strict=True)]
        for name, first in parts[0].items()
    }


def hashes_of_ids(table: Table) -> Array:
    """A number for the id of each laid-out row, made of its letters alone."""
    assert table.keys is not None
    return np.asarray(_hashed(table.keys.column())[table.order])


def hashes_of_keys(table: Table, column: str) -> Array | np.uint64:
    """A number for each id that a column names, of a table that is not there; NO_KEY where it names none."""
    return _supplied(table, table.schema.columns[column])


def _lanes(rows: Array) -> list[int]:
    """Sums that do not depend on the order of what is added up, and hold more than one number's bits."""
    return [int(mixed(rows + np.uint64(lane)).sum(dtype=np.uint64)) for lane in LANES]


def _rows(table: Table, ids: Mapping[str, Array]) -> Array:
    """A number for each row."""
    found = np.zeros(table.n, np.uint64)
    for column in table.schema.columns.values():
        if column.name != "currency":  # amounts are converted
            found += _column(table, column, ids)
            found = mixed(found)
    return found


def _column(table: Table, column: Column, ids: Mapping[str, Array]) -> Array | np.uint64:
    """A number for each value of a column, or one for all."""
    values = table.columns.get(column.name)
    if column.name == "id":
        return ids[table.schema.name]
    if isinstance(values, Coded):
        return np.append(texts(_arrow(values.labels)), MISSING)[values.codes]
    if values is None:
        return _supplied(table, column)
    if column.kind is Kind.KEY:
        return np.append(ids[column.refers or ""], MISSING)[values]
    if values.dtype.kind == "f":
        return np.where(np.isnan(values), MISSING, mixed((values + 0.0).view(np.uint64)))
    return mixed(values.astype(np.int64).view(np.uint64))


def _supplied(table: Table, column: Column) -> Array | np.uint64:
    """Text, and ids of a table that is not there: they stand in the caller's frame only."""
    source = table.source
    if column.name not in source.column_names:
        return MISSING
    if column.kind is Kind.KEY:
        keys, _ = keys_of(source.cells(column.name), False, Note(Findings(), table.schema.name, column.name))
        found = _hashed(keys)
    else:
        cells = source.cells(column.name)
        found = np.full(cells.n, MISSING, np.uint64)
        for piece in cells.pieces:
            at = slice(None) if piece.rows is None else piece.rows
            found[at] = _text_hashes(piece.array)
    kept = found if source.kept is None else found[source.kept]
    return np.asarray(kept[table.order])


def _hashed(keys: KeyColumn) -> Array:
    """A number for each key: 1 and "1" differ."""
    found = np.full(keys.n, MISSING, np.uint64)
    start = 0
    for chunk in keys.chunks:
        there = slice(start, start + len(chunk))
        if keys.kind == "int":
            whole = chunk.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
            found[there] = mixed(mixed(whole.view(np.uint64)) + np.uint64(1))
            if chunk.null_count:
                found[there][chunk.is_null().to_numpy(zero_copy_only=False)] = MISSING
        else:
            found[there] = texts(chunk)
        start += len(chunk)
    return found


def _text_hashes(array: Any) -> Any:
    """A number for each text of an array of the caller's; cells without text are missing."""
    kind = family(array)
    if kind is Family.TEXT:
        return texts(array)
    if kind is not Family.CODED:
        return MISSING
    codes, words = words_of(array)
    return np.append(texts(_arrow(words)), MISSING)[codes.astype(np.int64)]


def _arrow(words: Any) -> Any:
    import pyarrow as pa

    return pa.array(list(words), pa.large_string())


def texts(array: Any) -> Array:
    """A number for each text of an Arrow array, made of its bytes, eight at a time."""
    import pyarrow as pa

    found = np.empty(len(array), np.uint64)
    for low in range(0, len(array), BLOCK):
        part = array.slice(low, BLOCK)
        plain = Texts(part if pa.types.is_large_string(part.type) else part.cast(pa.large_string()))
        found[low : low + BLOCK] = _block(plain)
        if plain.missing is not None:
            found[low : low + BLOCK][plain.missing] = MISSING
    return found


def _block(plain: Texts) -> Array:
    first, last = int(plain.offsets[0]), int(plain.offsets[-1])
    room = np.zeros(last - first + WORD, np.uint8)
    room[: last - first] = plain.data[first:last]
    words = np.ndarray((last - first + 1,), "<u8", room, 0, (1,))
    at = plain.offsets[:-1].astype(np.int64) - first
    left = np.diff(plain.offsets).astype(np.int64)
    found = mixed(left.view(np.uint64) + np.uint64(2))
    rows: Array | slice = slice(None)
    while len(left):
        word = words[at]
        short = left < WORD
        word[short] &= (np.uint64(1) << (left[short] * 8).view(np.uint64)) - np.uint64(1)
        found[rows] = mixed(found[rows] + word)
        more = np.flatnonzero(left > WORD)
        rows = more if isinstance(rows, slice) else rows[more]
        at, left = at[more] + WORD, left[more] - WORD
    return found


def mixed(numbers: Array) -> Array:
    """Numbers as far apart as chance would have them (the last steps of splitmix64)."""
    found: Array = numbers ^ (numbers >> np.uint64(30))
    found *= np.uint64(0xBF58476D1CE4E5B9)
    found ^= found >> np.uint64(27)
    found *= np.uint64(0x94D049BB133111EB)
    found ^= found >> np.uint64(31)
    return found
