"""The bytes of Arrow text, a block of rows at a time, read as 64-bit words.

A text's words are counted from its end: word 0 is its last eight bytes, word 1 the eight before. Bytes that
are not the text's own (a word reaches past its beginning) are garbage for the caller to mask. Blocks are
small enough to stay in the processor's cache, so that no step of the work on them waits for memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from .arrows import missing_of
from .values import Array, Bools, Rows

__all__ = ["BLOCK", "Block", "Texts", "Words"]

BLOCK = 1 << 15
INLINE = 12
VIEW = 16
WORD = 8

Words: TypeAlias = npt.NDArray[np.uint64]


@attrs.frozen(eq=False)
class Block:
    """Texts of some rows of a column.

    `picked` are the places in the block of those texts that are there (None: each place counts, and garbage
    stands in those that `missing` names). `length` is the length of all, or `lengths` that of each. `ends`
    are where texts end in `data`; None where they follow one another every `stride` bytes from `end` on.
    """

    start: int
    n: int
    picked: Rows | None
    missing: Bools | None
    count: int
    length: int
    lengths: Array | None
    data: Array
    end: int
    stride: int
    ends: Rows | None

    def word(self, number: int) -> Words:
        """A word of every text, counted from the end."""
        back = WORD * (number + 1)
        if self.ends is not None:
            every = np.ndarray((len(self.data) - WORD + 1,), "<u8", self.data, 0, (1,))
            return every[self.ends - back].astype(np.uint64, copy=False)
        if self.count == 0:
            return np.empty(0, np.uint64)
        return np.ndarray((self.count,), "<u8", self.data, self.end - back, (self.stride,)).astype(np.uint64)


class Texts:
    """An Arrow array of text: string, large_string or string_view."""

    def __init__(self, array: Any) -> None:
        self.n = len(array)
        self.missing = missing_of(array)
        self.views = self.n > 0 and str(array.type) == "string_view"
        if self.views:
            self.data = np.frombuffer(array.buffers()[1], np.uint8, VIEW * self.n, VIEW * array.offset)
            self.lengths = np.ndarray((self.n,), "<i4", self.data, 0, (VIEW,))
            if int(self.lengths.max()) <= INLINE:
                return
            self.views = False
            array = array.cast("large_string")
        buffers, kind = array.buffers(), str(array.type)
        dtype = np.dtype(np.int64 if kind == "large_string" else np.int32)
        if self.n:
            self.offsets = np.frombuffer(buffers[1], dtype, self.n + 1, array.offset * dtype.itemsize)
        else:
            self.offsets = np.zeros(1, dtype)
        self.data = np.empty(0, np.uint8) if buffers[2] is None else np.frombuffer(buffers[2], np.uint8)

    def has_empty(self) -> bool:
        """Whether some text is there and has no letters."""
        empty = self.lengths == 0 if self.views else self.offsets[1:] == self.offsets[:-1]
        if self.missing is not None:
            empty &= ~self.missing
        return bool(empty.any())

    def at(self, row: int) -> bytes:
        """The bytes of one text."""
        begin, end = VIEW * row + VIEW - INLINE, 0
        if self.views:
            end = begin + int(self.lengths[row])
        else:
            begin, end = int(self.offsets[row]), int(self.offsets[row + 1])
        return self.data[begin:end].tobytes()

    def span(self) -> tuple[int, int, bytes] | None:
        """The shortest and the longest length and one of the texts, None where there are none."""
        shortest, longest, row = 0, -1, 0
        for low in range(0, self.n, BLOCK):
            there = slice(low, min(low + BLOCK, self.n))
            lengths = self.lengths[there] if self.views else np.diff(self.offsets[low : there.stop + 1])
            first = low
            if self.missing is not None:
                kept = np.flatnonzero(~self.missing[there])
                if not len(kept):
                    continue
                lengths, first = lengths[kept], low + int(kept[0])
            row = row if longest >= 0 else first
            shortest = min(int(lengths.min()), shortest if longest >= 0 else 1 << 40)
            longest = max(int(lengths.max()), longest)
        return (shortest, longest, self.at(row)) if longest >= 0 else None

    def blocks(self, reach: int) -> Iterator[Block]:
        """The texts block by block; words may be read `reach` bytes back from a text's end."""
        for low in range(0, self.n, BLOCK):
            high = min(low + BLOCK, self.n)
            missing = None if self.missing is None else self.missing[low:high]
            if missing is not None and not missing.any():
                missing = None
            block = self._viewed(low, high, missing) if self.views else self._offset(low, high, missing)
            yield _padded(block, reach)

    def _viewed(self, low: int, high: int, missing: Bools | None) -> Block:
        lengths = self.lengths[low:high].astype(np.int64)
        ends = VIEW * np.arange(low, high) + (VIEW - INLINE) + lengths
        return _block(_Run(self.data, low, missing, VIEW), lengths, ends)

    def _offset(self, low: int, high: int, missing: Bools | None) -> Block:
        offsets = self.offsets[low : high + 1]
        return _block(_Run(self.data, low, missing, 0), np.diff(offsets), offsets[1:])


@attrs.frozen(eq=False)
class _Run:
    """Where some texts lie; a `stride` of 0 says that they follow one another without gaps."""

    data: Array
    start: int
    missing: Bools | None
    stride: int


def _block(run: _Run, lengths: Array, ends: Array) -> Block:
    """A block of texts; as evenly spaced ones where they are."""
    n, picked = len(lengths), None
    length = int(lengths[0])
    if (lengths == length).all():
        end, stride = int(ends[0]), run.stride or length
        return Block(run.start, n, None, run.missing, n, length, None, run.data, end, stride, None)
    if run.missing is not None:
        picked = np.flatnonzero(~run.missing)
        lengths, ends = lengths[picked], ends[picked]
    count = len(lengths)
    if not count:
        return Block(run.start, n, picked, None, 0, 0, None, run.data, 0, 1, None)
    length, end = int(lengths[0]), int(ends[0])
    even = bool((lengths == length).all())
    if even and not run.stride and int(ends[-1]) - end == length * (count - 1):
        return Block(run.start, n, picked, None, count, length, None, run.data, end, length, None)
    uneven = None if even else lengths
    spread = ends.astype(np.int64)
    return Block(run.start, n, picked, None, count, length, uneven, run.data, 0, 0, spread)


def _padded(block: Block, reach: int) -> Block:
    """The block with its bytes copied to where there is room for words that reach past them."""
    if not block.count:
        return block
    if block.ends is None:
        first, last = block.end, block.end + block.stride * (block.count - 1)
    else:
        first, last = int(block.ends.min()), int(block.ends.max())
    if first >= reach:
        return block
    room = np.zeros(reach + last, np.uint8)
    room[reach:] = block.data[:last]
    if block.ends is None:
        return attrs.evolve(block, data=room, end=block.end + reach)
    return attrs.evolve(block, data=room, ends=block.ends + reach)
