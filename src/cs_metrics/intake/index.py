"""From keys to the rows whose ids they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from .keys import KeyColumn, Numbers, coded, coded_ids, spread
from .patterns import Pattern
from .texts import BLOCK
from .values import Array, Rows

__all__ = ["FEW", "SPARSE", "Index", "index_of"]

Int32s: TypeAlias = npt.NDArray[np.int32]
Hashes: TypeAlias = npt.NDArray[np.uint64]

SPARSE = 8
"""A table of all numbers may have so many places an id."""

FEW = 256
"""So few keys are quicker looked up in a dictionary."""

PATIENCE = 64
"""After so many rounds of looking for free places, most ids must have one."""

MIX = np.uint64(0x9E3779B97F4A7C15)


class Finder(Protocol):
    """Finds the rows of keys that are given as numbers."""

    def find(self, words: list[Numbers]) -> Int32s:
        """The row of each key, -1 where there is none."""


@attrs.frozen(eq=False)
class Direct:
    """A table of all numbers between the smallest and the largest id."""

    low: int
    table: Int32s

    def find(self, words: list[Numbers]) -> Int32s:
        # numbers below the smallest wrap round to huge ones
        places = (words[0] - np.int64(self.low)).view(np.uint64)
        inside = places < np.uint64(len(self.table))
        if inside.all():
            return self.table[places.view(np.int64)]
        places[~inside] = 0
        rows = self.table[places.view(np.int64)]
        rows[~inside] = -1
        return rows


@attrs.frozen(eq=False)
class Hashed:
    """A table of hashes. The hash of one word is as good as the word; of several, the words decide.

    `table` holds rows (-1: free) and `tags` their hashes; `words` are those of all ids by row.
    """

    words: Array
    table: Int32s
    tags: Hashes
    shift: int

    def find(self, words: list[Numbers]) -> Int32s:
        wanted = hashes(words)
        places = (wanted >> np.uint64(self.shift)).view(np.int64)
        rows = self.table[places]
        same = self.tags[places] == wanted
        pending = np.flatnonzero((rows >= 0) & ~same)
        rows = np.where(same, rows, np.int32(-1))
        places, left = places[pending], wanted[pending]
        while len(pending):
            places = (places + 1) & (len(self.table) - 1)
            there = self.table[places]
            same = self.tags[places] == left
            rows[pending[same]] = there[same]
            on = (there >= 0) & ~same
            pending, places, left = pending[on], places[on], left[on]
        if len(words) > 1:
            self._verify(rows, words)
        return rows

    def _verify(self, rows: Int32s, words: list[Numbers]) -> None:
        """Look again for keys that only have the hash of an id."""
        ids = self.words.take(rows, axis=0)
        wrong = np.zeros(len(rows), bool)
        for number, word in enumerate(words):
            wrong |= ids[:, number] != word
        wrong &= rows >= 0
        for place in np.flatnonzero(wrong).tolist():
            same = (self.words == [word[place] for word in words]).all(axis=1)
            rows[place] = same.argmax() if same.any() else -1


@attrs.frozen(eq=False)
class Ordered:
    """Ids in order: slower, but no choice of ids makes it slow."""

    words: Array
    rows: Int32s

    def find(self, words: list[Numbers]) -> Int32s:
        wanted = as_bytes(np.column_stack(words))
        places = np.minimum(np.searchsorted(self.words, wanted), len(self.words) - 1)
        rows = self.rows[places]
        rows[self.words[places] != wanted] = -1
        return rows


def as_bytes(words: Array) -> Array:
    """Rows of words as single values that compare as a whole."""
    words = np.ascontiguousarray(words)
    return words.view(np.dtype((np.void, words.dtype.itemsize * words.shape[1])))[:, 0]


def hashes(words: list[Numbers]) -> Hashes:
    """A well mixed number for each key."""
    mixed = words[0].view(np.uint64) * MIX
    for word in words[1:]:
        mixed ^= mixed >> np.uint64(32)
        mixed += word.view(np.uint64)
        mixed *= MIX
    mixed ^= mixed >> np.uint64(32)
    mixed *= MIX
    return mixed


@attrs.frozen(eq=False)
class Index:
    """The ids of one table, ready to be looked up.

    `later` are rows whose id stands in an earlier row, `first` those earlier rows. The finder is None where
    ids are too few, or too long for words, or where nobody asked for it.
    """

    ids: KeyColumn
    pattern: Pattern | None
    finder: Finder | None
    later: Rows
    first: Rows

    @property
    def kind(self) -> str | None:
        """The kind of the ids, None where there are none."""
        return self.ids.kind if self.ids.missing_count < self.ids.n else None

    def rows_of(self, keys: KeyColumn) -> Int32s:
        """The row of each key, -1 where there is none or the key is missing."""
        if keys.kind != self.kind:
            return np.full(keys.n, -1, np.int32)
        if self.finder is not None:
            rows = np.empty(keys.n, np.int32)
            for coding in coded(keys, self.pattern):
                found = self.finder.find(coding.words)
                rows[coding.start : coding.start + coding.n] = spread(coding, found)
            return rows
        if self.ids.n > FEW:
            return _by_arrow(self.ids, keys)
        if keys.n > FEW:
            built = index_of(self.ids, wanted=True, few=0)
            return _by_arrow(self.ids, keys) if built.finder is None else built.rows_of(keys)
        places = {key: row for row, key in enumerate(self.ids.listed()) if key is not None}
        return np.array([-1 if key is None else places.get(key, -1) for key in keys.listed()], np.int32)


def _by_arrow(ids: KeyColumn, keys: KeyColumn) -> Int32s:
    import pyarrow.compute as pc

    found = pc.index_in(keys.whole(), value_set=ids.whole(), skip_nulls=True)
    rows: Int32s = found.fill_null(-1).to_numpy(zero_copy_only=False)
    return rows


def index_of(ids: KeyColumn, wanted: bool, few: int = FEW) -> Index:
    """An index of ids, or (not `wanted`) only whether each stands once."""
    numbered = coded_ids(ids) if ids.n > few else None
    if numbered is None:
        return Index(ids, None, None, *_repeats(ids.listed()))
    words, rows = numbered.words, numbered.rows
    nothing = np.empty(0, np.int64)
    if not len(words):
        return Index(ids, numbered.pattern, None, nothing, nothing)
    span = _dense(words)
    finder: Finder | None = None
    if span is None:
        hashed = words[:, 0] if words.shape[1] == 1 else hashes(list(words.T)).view(np.int64)
        unique = _all_different(hashed)
        finder = _hashed(words, rows) if wanted else None
    elif wanted:
        finder = _direct(words[:, 0], rows, *span)
        unique = int(np.count_nonzero(finder.table >= 0)) == len(words)
    else:
        unique = _each_once(words[:, 0], *span)
    later, first = (nothing, nothing) if unique else _doubled(words, rows)
    return Index(ids, numbered.pattern, finder, later, first)


def _dense(words: Array) -> tuple[int, int] | None:
    """The smallest and the largest number, if a table of all between them is small enough."""
    if words.shape[1] > 1:
        return None
    low, high = int(words.min()), int(words.max())
    return (low, high) if high - low < SPARSE * len(words) + BLOCK else None


def _direct(numbers: Numbers, rows: Rows | None, low: int, high: int) -> Direct:
    table = np.full(high - low + 1, -1, np.int32)
    for begin in range(0, len(numbers), BLOCK):
        part = numbers[begin : begin + BLOCK]
        here = np.arange(begin, begin + len(part)) if rows is None else rows[begin : begin + BLOCK]
        table[part - low] = here
    return Direct(low, table)


def _each_once(numbers: Numbers, low: int, high: int) -> bool:
    seen = np.zeros(high - low + 1, bool)
    for begin in range(0, len(numbers), BLOCK):
        seen[numbers[begin : begin + BLOCK] - low] = True
    return int(np.count_nonzero(seen)) == len(numbers)


def _all_different(numbers: Numbers) -> bool:
    if (numbers[1:] > numbers[:-1]).all():
        return True
    ordered = np.sort(numbers)
    return not (ordered[1:] == ordered[:-1]).any()


def _hashed(words: Array, rows: Rows | None) -> Finder:
    """A table at most half full. Every round, those that found no free place try the next one."""
    bits = max(int(2 * len(words) - 1).bit_length(), 4)
    table = np.full(1 << bits, -1, np.int32)
    tags = np.zeros(1 << bits, np.uint64)
    mixed = hashes(list(words.T))
    places = (mixed >> np.uint64(64 - bits)).view(np.int64)
    left = np.arange(len(words), dtype=np.int32)
    rounds = 0
    while len(left):
        free = table[places] < 0
        table[places[free]] = left[free]
        on = table[places] != left
        left, places = left[on], (places[on] + 1) & (len(table) - 1)
        rounds += 1
        if rounds > PATIENCE and len(left) > len(words) // PATIENCE:
            return _ordered(words, rows)
    taken = table >= 0
    tags[taken] = mixed[table[taken]]
    if rows is None:
        return Hashed(words, table, tags, 64 - bits)
    every = np.zeros((int(rows[-1]) + 1, words.shape[1]), np.int64)
    every[rows] = words
    table[taken] = rows[table[taken]]
    return Hashed(every, table, tags, 64 - bits)


def _ordered(words: Array, rows: Rows | None) -> Ordered:
    values = as_bytes(words)
    order = np.argsort(values, kind="stable")
    return Ordered(values[order], (order if rows is None else rows[order]).astype(np.int32))


def _doubled(words: Array, rows: Rows | None) -> tuple[Rows, Rows]:
    """Rows whose id stands in an earlier row, and those earlier rows."""
    _, first, back = np.unique(as_bytes(words), return_index=True, return_inverse=True)
    firsts = first[back]
    later = np.flatnonzero(firsts != np.arange(len(words)))
    return (later, firsts[later]) if rows is None else (rows[later], rows[firsts[later]])


def _repeats(keys: Sequence[int | str | None]) -> tuple[Rows, Rows]:
    """The same of keys as Python has them."""
    places: dict[int | str, int] = {}
    pairs = [
        (row, places[key])
        for row, key in enumerate(keys)
        if key is not None and places.setdefault(key, row) != row
    ]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
