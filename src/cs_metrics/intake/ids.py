"""A table's ids, where the caller has them: read for a few rows, ranked, and found again."""

from __future__ import annotations

import functools
from bisect import bisect_right
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .arrows import numbers
from .index import SPARSE
from .keys import KeyColumn, coded_ids
from .patterns import Pattern
from .texts import INLINE, VIEW, WORD, Texts
from .values import Array, Bools, Rows

__all__ = ["Keys"]

Int32s: TypeAlias = npt.NDArray[np.int32]

NOTHING = np.empty(0, np.int64)
STEP = 1 << 17
"""So many rows at a time are searched for an id."""


class Keys:
    """The ids of a table's kept rows. `kind` is "int" or "str"."""

    def __init__(self, column: KeyColumn, kept: Rows | None = None) -> None:
        self.kind = column.kind
        self._column = column
        self._kept = kept
        self._chunks = [_chunk(chunk, column.kind) for chunk in column.chunks]
        self._starts = np.cumsum([0, *map(len, column.chunks)]).tolist()

    def __len__(self) -> int:
        return self._column.n if self._kept is None else len(self._kept)

    def take(self, rows: Any) -> list[int | str]:
        """The ids of these rows."""
        places = np.asarray(rows, np.int64)
        if self._kept is not None:
            places = self._kept[places]
        if len(self._chunks) == 1:
            return self._chunks[0].take(places)
        taken: list[int | str] = []
        for place in places.tolist():
            number = bisect_right(self._starts, place) - 1
            taken += self._chunks[number].take(np.array([place - self._starts[number]]))
        return taken

    def column(self) -> KeyColumn:
        """The ids of the kept rows as one column."""
        if self._kept is None:
            return self._column
        return KeyColumn(self.kind, len(self._kept), (self._column.whole().take(self._kept),))

    def arrow(self, rows: Any) -> Any:
        """The ids of these rows as an Arrow array of int64 or of text; null for -1."""
        import pyarrow as pa

        places = np.asarray(rows, np.int64)
        nobody = places < 0
        if self._kept is not None:
            places = np.append(self._kept, -1)[places]
        return self._column.whole().take(pa.array(places, mask=nobody))

    def find(self, value: object) -> int:
        """The row with this id, -1 where there is none. 1 and "1" are different ids."""
        if isinstance(value, bool) or not isinstance(value, str if self.kind == "str" else int):
            return -1
        for start, chunk in zip(self._starts, self._chunks, strict=False):
            row = chunk.find(value)
            if row >= 0:
                return self._kept_row(start + row)
        return -1

    def _kept_row(self, row: int) -> int:
        if self._kept is None:
            return row
        place = int(np.searchsorted(self._kept, row))
        return place if place < len(self._kept) and int(self._kept[place]) == row else -1

    def rank(self) -> Int32s:
        """Each row's place among all ids in ascending order: ints by value, text by code point."""
        return _ranked(self._column, self._kept)


def _chunk(array: Any, kind: str) -> _Ints | _Texts | _Views:
    if kind == "int":
        return _Ints(array)
    return _Views(array) if str(array.type) == "string_view" else _Texts(array)


class _Ints:
    def __init__(self, array: Any) -> None:
        self.values = numbers(array, np.int64)
        self.array = array

    def take(self, rows: Rows) -> list[int | str]:
        taken: list[int | str] = self.values[rows].tolist()
        return taken

    def find(self, value: Any) -> int:
        if not -(2**63) <= value < 2**63:
            return -1
        for row in np.flatnonzero(self.values == value).tolist():
            if self.array[row].is_valid:
                return int(row)
        return -1


class _Texts:
    def __init__(self, array: Any) -> None:
        self.array = array
        self.texts = Texts(array)
        self.bytes = self.texts.data.data
        self.marks = self.texts.offsets.data

    def take(self, rows: Rows) -> list[int | str]:
        data, marks = self.bytes, self.marks
        return [str(data[marks[row] : marks[row + 1]], "utf-8") for row in rows.tolist()]

    def find(self, value: Any) -> int:
        wanted = _encoded(value)
        for low in range(0, len(self.array) if wanted else 0, STEP):
            for place in self._alike(wanted, low, min(low + STEP, len(self.array))).tolist():
                if self.array[low + place].is_valid and self.texts.at(low + place) == wanted:
                    return int(low + place)
        return -1

    @functools.cached_property
    def _even(self) -> int:
        """The length of all texts, if they are equally long and fill a word; else 0."""
        length = self.marks[1] - self.marks[0] if len(self.array) else 0
        return length if length >= WORD and bool((np.diff(self.texts.offsets) == length).all()) else 0

    def _alike(self, wanted: bytes, low: int, high: int) -> Rows:
        """Rows (counted from `low`) whose text has the same end, or is the same."""
        data, ends = self.texts.data, self.texts.offsets[low + 1 : high + 1]
        if self._even:
            if self._even != len(wanted):
                return NOTHING
            words = np.ndarray((high - low,), "<u8", data, int(ends[0]) - WORD, (self._even,))
            return np.flatnonzero(words == int.from_bytes(wanted[-WORD:], "little"))
        rows: Rows = np.flatnonzero(data[ends - 1] == wanted[-1]) if len(data) else NOTHING
        rows = rows[ends[rows] - self.texts.offsets[low:high][rows] == len(wanted)]
        for back in range(2, len(wanted) + 1):
            rows = rows[data[ends[rows] - back] == wanted[-back]]
        return rows


class _Views:
    """Text as views of 16 bytes: the length, then up to 12 bytes of text, or where the text stands."""

    def __init__(self, array: Any) -> None:
        self.array = array
        _, views, *others = array.buffers()
        self.inline = memoryview(views)[VIEW * array.offset :]
        self.views = np.frombuffer(self.inline, np.int32, 4 * len(array)).reshape(-1, 4)
        self.buffers = [memoryview(b"" if buffer is None else buffer) for buffer in others]

    def take(self, rows: Rows) -> list[int | str]:
        taken: list[int | str] = []
        for row, (length, _, number, offset) in zip(rows.tolist(), self.views[rows].tolist(), strict=True):
            data, begin = self.inline, VIEW * row + VIEW - INLINE
            if length > INLINE:
                data, begin = self.buffers[number], offset
            taken.append(str(data[begin : begin + length], "utf-8"))
        return taken

    def find(self, value: Any) -> int:
        wanted = _encoded(value)
        if not wanted:
            return -1
        begin = np.frombuffer(wanted[:4].ljust(4, b"\0"), np.int32)[0]
        rows = np.flatnonzero((self.views[:, 0] == len(wanted)) & (self.views[:, 1] == begin))
        if len(wanted) <= INLINE:
            rest = np.frombuffer(wanted[4:].ljust(8, b"\0"), np.int32)
            rows = rows[(self.views[rows, 2:] == rest).all(axis=1)]
        else:
            rows = rows[self._same_end(rows, wanted)]
        for row in rows.tolist():
            if self.array[row].is_valid and self.take(np.array([row]))[0] == value:
                return int(row)
        return -1

    def _same_end(self, rows: Rows, wanted: bytes) -> Bools:
        tail = int.from_bytes(wanted[-WORD:], "little")
        same = np.zeros(len(rows), bool)
        ends = self.views[rows, 3].astype(np.int64) + len(wanted)
        for number, buffer in enumerate(self.buffers):
            here = np.flatnonzero(self.views[rows, 2] == number)
            if len(here):
                every = np.ndarray((len(buffer) - WORD + 1,), "<u8", buffer, 0, (1,))
                same[here] = every[ends[here] - WORD] == tail
        return same


def _encoded(value: str) -> bytes:
    try:
        return str.__str__(value).encode()
    except UnicodeEncodeError:
        return b""


def _inverse(order: Rows) -> Int32s:
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank


def _ranked(column: KeyColumn, kept: Rows | None) -> Int32s:
    import pyarrow.compute as pc

    ids = coded_ids(column)
    if ids is None or (ids.pattern is not None and not _sorts(ids.pattern)):
        array = column.whole() if kept is None else column.whole().take(kept)
        return _inverse(pc.sort_indices(array).to_numpy())
    words = ids.words
    if ids.rows is not None:
        words = np.zeros((column.n, words.shape[1]), np.int64)
        words[ids.rows] = ids.words
    if kept is not None:
        words = words[kept]
    if ids.pattern is None:
        return _ranked_numbers(words[:, 0]) if words.shape[1] else np.empty(0, np.int32)
    if ids.pattern.figures:
        return _ranked_numbers(_as_written(words[:, 0], ids.pattern))
    # the last word weighs most, and in each the first byte
    return _ranked_words([column.view(np.uint64).byteswap() for column in reversed(words.T.copy())])


def _sorts(pattern: Pattern) -> bool:
    """Whether the numbers of a pattern say how its texts sort."""
    return pattern.figures or pattern.shortest == pattern.longest


def _as_written(values: Array, pattern: Pattern) -> Array:
    """Numbers that sort as the texts do: "E1", "E10", "E2"."""
    if pattern.shortest == pattern.longest:
        return values
    most = pattern.longest - pattern.prefix
    powers = 10 ** np.arange(1, most, dtype=np.int64)
    figures = np.searchsorted(powers, values, side="right") + 1
    return values * 10 ** (most - figures) * (most + 1) + figures


def _ranked_numbers(values: Array) -> Int32s:
    """Ranks of numbers that are all different."""
    if not len(values):
        return np.empty(0, np.int32)
    if (values[1:] > values[:-1]).all():
        return np.arange(len(values), dtype=np.int32)
    low, high = int(values.min()), int(values.max())
    if high - low >= SPARSE * len(values):
        return _inverse(np.argsort(values))
    seen = np.zeros(high - low + 1, bool)
    places = values - low
    seen[places] = True
    ranks = np.cumsum(seen, dtype=np.int32)
    ranks -= 1
    ranked: Int32s = ranks[places]
    return ranked


def _ranked_words(words: list[npt.NDArray[np.uint64]]) -> Int32s:
    """Ranks by several words, the first one weighing most; only ties look at the others."""
    order = np.argsort(words[0], kind="stable")
    top = words[0][order]
    alike = top[1:] == top[:-1]
    tied = np.flatnonzero(np.append(alike, False) | np.insert(alike, 0, False))
    if len(tied):
        rows = order[tied]
        order[tied] = rows[np.lexsort([word[rows] for word in reversed(words)])]
    return _inverse(order)
