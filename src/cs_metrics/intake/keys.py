"""The keys of one column, as they lie in the caller's frame, and the numbers that they are coded into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from .arrows import missing_of, numbers
from .patterns import Pattern, bytes_pattern, figures_pattern, survey_of
from .texts import BLOCK, Texts
from .values import Array, Bools, Rows

__all__ = ["Coding", "Ids", "KeyColumn", "Numbers", "coded", "coded_ids", "spread"]

Numbers: TypeAlias = npt.NDArray[np.int64]


@attrs.frozen(eq=False)
class KeyColumn:
    """Keys of one kind, "int" or "str"; `chunks` are Arrow arrays of int64 or of text, one after another."""

    kind: str
    n: int
    chunks: tuple[Any, ...]

    @property
    def missing_count(self) -> int:
        return sum(chunk.null_count for chunk in self.chunks)

    def missing(self) -> Bools:
        """Rows without a key."""
        found = np.zeros(self.n, bool)
        start = 0
        for chunk in self.chunks:
            empty = missing_of(chunk)
            if empty is not None:
                found[start : start + len(chunk)] = empty
            start += len(chunk)
        return found

    def texts(self) -> list[Texts]:
        return [Texts(chunk) for chunk in self.chunks]

    def listed(self) -> list[int | str | None]:
        """All keys as Python has them."""
        return [key for chunk in self.chunks for key in chunk.to_pylist()]

    def whole(self) -> Any:
        """All keys as one Arrow array."""
        import pyarrow as pa

        plain = pa.int64() if self.kind == "int" else pa.large_string()
        chunks = [chunk.cast(plain) for chunk in self.chunks]
        return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks or [pa.nulls(0, plain)])


@attrs.frozen(eq=False)
class Coding:
    """The numbers of a block's keys: `words` tell them apart.

    `picked` are the places in the block that have a key, None where each place counts. `fine` are the keys
    that can be ids at all (None: all); `missing` are cells whose key is garbage.
    """

    start: int
    n: int
    picked: Rows | None
    words: list[Numbers]
    fine: Bools | None
    missing: Bools | None


def coded(keys: KeyColumn, pattern: Pattern | None) -> Iterator[Coding]:
    """Keys as numbers, block by block; text needs the pattern of the ids that it is compared with."""
    start = 0
    for chunk in keys.chunks:
        if pattern is None:
            yield from _coded_ints(chunk, start)
        else:
            yield from _coded_texts(Texts(chunk), pattern, start)
        start += len(chunk)


def _coded_ints(chunk: Any, start: int) -> Iterator[Coding]:
    values, missing = numbers(chunk, np.int64), missing_of(chunk)
    for low in range(0, len(values), BLOCK):
        part = values[low : low + BLOCK]
        empty = None if missing is None else missing[low : low + BLOCK]
        yield Coding(start + low, len(part), None, [part], None, empty)


def _coded_texts(texts: Texts, pattern: Pattern, start: int) -> Iterator[Coding]:
    for block in texts.blocks(pattern.reach):
        words, fine = pattern.encode(block)
        signed = [word.view(np.int64) for word in words]
        yield Coding(start + block.start, block.n, block.picked, signed, fine, block.missing)


def spread(coding: Coding, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """What was found for a block's keys, put in the block's places; -1 where there is no key."""
    if coding.fine is not None:
        rows[~coding.fine] = -1
    if coding.missing is not None:
        rows[coding.missing] = -1
    if coding.picked is None:
        return rows
    out = np.full(coding.n, -1, np.int32)
    out[coding.picked] = rows
    return out


@attrs.frozen(eq=False)
class Ids:
    """Ids as numbers: one row of `words` an id; `rows` are where they stand, None where each row has one."""

    pattern: Pattern | None
    words: Array
    rows: Rows | None


def coded_ids(ids: KeyColumn) -> Ids | None:
    """All ids of a table as numbers; None where they are too long for it."""
    if ids.kind == "int":
        return _collected(ids, None)
    texts = ids.texts()
    survey = survey_of(texts)
    if survey is None:
        nothing = np.empty(0, np.int64)
        return Ids(None, nothing.reshape(0, 1), nothing) if ids.missing_count == ids.n else None
    figures = figures_pattern(survey)
    found = None if figures is None else _collected(ids, figures)
    return found or _collected(ids, bytes_pattern(texts, survey))


def _collected(ids: KeyColumn, pattern: Pattern | None) -> Ids | None:
    """The numbers of all ids; None if one of them is not of the pattern."""
    count = 1 if pattern is None else len(pattern.words)
    words = np.empty((ids.n, count), np.int64)
    places: list[tuple[Coding, Rows | None]] = []
    at = 0
    for coding in coded(ids, pattern):
        if coding.fine is not None and (coding.missing is None or not (coding.fine | coding.missing).all()):
            return None
        there, picked = coding.picked, coding.words
        if coding.missing is not None:
            there = np.flatnonzero(~coding.missing)
            picked = [word[there] for word in picked]
        for number, word in enumerate(picked):
            words[at : at + len(word), number] = word
        at += len(picked[0])
        places.append((coding, there))
    if at == ids.n:
        return Ids(pattern, words, None)
    rows = [coding.start + (np.arange(coding.n) if there is None else there) for coding, there in places]
    return Ids(pattern, words[:at], np.concatenate(rows))
