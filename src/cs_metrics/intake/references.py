"""Ids and references: one kind of key in each space, each id once, each reference to a row that is there."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from .arrows import Family, all_empty, family, first_value, missing_of
from .index import Index, index_of
from .keys import KeyColumn
from .problems import Note
from .texts import Texts
from .values import Array, Bools, Cells, Piece

__all__ = ["Seen", "keys_of", "read_ids", "resolve"]

ID = "an id: int or text"
FLOAT_ID = f"{ID} (pandas makes floats of ints with gaps: use its Int64)"
TYPES = {"int": "int64", "str": "large_string"}


@attrs.frozen(eq=False)
class Seen:
    """A kind of key that stands in a column, with the first row and value of that kind."""

    kind: str
    row: int
    value: object


def keys_of(cells: Cells, required: bool, note: Note) -> tuple[KeyColumn, tuple[Seen, ...]]:
    """The keys of a column and the kinds of key seen in it; whatever is no key is noted."""
    kinds: dict[str, list[Piece]] = {}
    for piece in cells.pieces:
        usable = _usable(piece, note)
        if usable is not None:
            kind = "int" if family(usable.array) is Family.INT else "str"
            kinds.setdefault(kind, []).append(usable)
    for rows, name in cells.odd:
        note("type", f"{ID}, not {name}", rows=rows)
    seen = tuple(_seen(kind, pieces[0]) for kind, pieces in kinds.items())
    kind = seen[0].kind if seen else "str"
    keys = KeyColumn(kind, cells.n, _chunks(cells.n, kind, kinds.get(kind, [])))
    if required and not note.whole:
        _note_missing(keys, [piece for other in kinds if other != kind for piece in kinds[other]], note)
    return keys, seen


def _note_missing(keys: KeyColumn, others: list[Piece], note: Note) -> None:
    """Note the empty cells: those that neither hold a key nor were noted as something else."""
    if not keys.missing_count:
        return
    missing = keys.missing()
    for rows in (*note.rows, *(piece.rows for piece in others)):
        missing[rows] = False
    if missing.any():
        note("missing", ID, rows=np.flatnonzero(missing))


def _usable(piece: Piece, note: Note) -> Piece | None:
    """A piece as keys, in one of the layouts that keys have; None where it holds none."""
    import pyarrow as pa

    array, kind = piece.array, family(piece.array)
    if all_empty(array):
        return None
    if kind is Family.CODED:
        array, kind = array.dictionary_decode(), Family.TEXT
    if kind is Family.TEXT:
        return Piece(piece.rows, _without_empty(array))
    if kind is Family.INT:
        try:
            whole = pa.array(array) if isinstance(array, np.ndarray) else array
            return Piece(piece.rows, whole.cast(pa.int64()))
        except pa.ArrowInvalid:
            note("type", "an id of at most 64 bits", values=[first_value(array)], structural=True)
            return None
    note.wrong_type(piece, FLOAT_ID if kind is Family.FLOAT else ID)
    return None


def _without_empty(array: Any) -> Any:
    """Text without letters is no key."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not Texts(array).has_empty():
        return array
    plain = array.cast(pa.large_string())
    return pc.if_else(pc.equal(plain, ""), pa.scalar(None, plain.type), plain)


def _seen(kind: str, piece: Piece) -> Seen:
    missing = missing_of(piece.array)
    row = 0 if missing is None else int(np.argmin(missing))
    return Seen(kind, int(piece.at(np.array([row]))[0]), piece.array[row].as_py())


def _chunks(n: int, kind: str, pieces: list[Piece]) -> tuple[Any, ...]:
    """Arrow arrays that cover all rows, in order."""
    import pyarrow as pa

    if len(pieces) == 1 and pieces[0].rows is None:
        return (pieces[0].array,)
    if not pieces:
        return (pa.nulls(n, TYPES[kind]),)
    if any(isinstance(piece.rows, np.ndarray) for piece in pieces):
        return (_scattered(n, kind, pieces),)
    chunks: list[Any] = []
    at = 0
    for piece in pieces:
        assert isinstance(piece.rows, slice)
        if piece.rows.start > at:
            chunks.append(pa.nulls(piece.rows.start - at, TYPES[kind]))
        chunks.append(piece.array)
        at = piece.rows.stop
    if at < n:
        chunks.append(pa.nulls(n - at, TYPES[kind]))
    return tuple(chunks)


def _scattered(n: int, kind: str, pieces: list[Piece]) -> Any:
    """Keys picked out of other objects, back in their rows."""
    import pyarrow as pa

    every = pa.concat_arrays([piece.array.cast(TYPES[kind]) for piece in pieces])
    rows = np.concatenate([piece.at(np.arange(len(piece.array))) for piece in pieces])
    places = np.full(n, -1, np.int64)
    places[rows] = np.arange(len(rows))
    return every.take(pa.array(places, mask=places < 0))


def read_ids(cells: Cells, note: Note, required: bool, wanted: bool) -> tuple[Index, tuple[Seen, ...]]:
    """A table's own ids: each of them once. Without `wanted` nobody will look anything up."""
    keys, seen = keys_of(cells, required, note)
    index = index_of(keys, wanted)
    if len(index.later):
        pairs = zip(index.first.tolist(), index.later.tolist(), strict=True)
        expected = [f"each id once; rows {first} and {later} both have it" for first, later in pairs]
        note("duplicate", expected, rows=index.later, also=index.first)
    return index, seen


def resolve(keys: KeyColumn, index: Index, table: str, note: Note) -> Array:
    """References as row numbers of the other table; -1 where there is none."""
    rows = index.rows_of(keys)
    lost: Bools = rows < 0
    if np.count_nonzero(lost) > keys.missing_count:
        note("dangling", f"the id of one of {table}", rows=np.flatnonzero(lost & ~keys.missing()))
    return rows
