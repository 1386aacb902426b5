"""How the ids of one table look, found once, so that keys become one or a few whole numbers each.

Most ids are a fixed beginning and a number (`E0001234`, `ENG-17`): those become that number, and a table of
all numbers leads to the row. All others become their bytes, as words of 64 bits. Either way different keys
give different numbers, so nothing is taken on trust.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import attrs
import numpy as np

from .texts import WORD, Block, Texts, Words
from .values import Array, Bools

__all__ = ["Encoded", "Pattern", "Survey", "bytes_pattern", "figures_pattern", "survey_of"]

LONGEST = 64
"""Longer keys are left to Arrow."""

FIGURES = 16
"""So many decimal digits make two words and fit in 63 bits."""

SEVENS = np.uint64(0x7F7F7F7F7F7F7F7F)
HIGH = np.uint64(0x8080808080808080)

Encoded: TypeAlias = tuple[list[Words], Bools | None]
"""The words of each key of a block, and which keys look like ids at all (None: all do)."""


def _tail(count: int) -> int:
    """A mask of the last `count` bytes of a word: the high ones, as the machine is little-endian."""
    count = min(max(count, 0), WORD)
    mask: int = ((1 << 8 * count) - 1) << 8 * (WORD - count)
    return mask


@attrs.frozen(eq=False)
class Pattern:
    """What keys of each length look like.

    One row a length, one column a word. `masks` are the bytes that are the key's own, `marks` what stands
    in those that never change and the digit 0 where figures stand, `adds` tells a figure from other bytes.
    `least` is the smallest number of so many figures.
    """

    figures: bool
    shortest: int
    longest: int
    prefix: int
    masks: Words
    marks: Words
    adds: Words
    least: Words
    varying: tuple[int, ...]

    @property
    def reach(self) -> int:
        return WORD * int(self.masks.shape[1])

    def encode(self, block: Block) -> Encoded:
        """Every key of a block in words."""
        length: int | Array = block.length
        fine: Bools | None = None
        if block.lengths is not None:
            fine = (block.lengths >= self.shortest) & (block.lengths <= self.longest)
            if fine.all():
                fine = None
            length = np.clip(block.lengths, self.shortest, self.longest)
        elif block.count and not self.shortest <= block.length <= self.longest:
            return [np.zeros(block.count, np.uint64)] * len(self.words), np.zeros(block.count, bool)
        elif not block.count:
            length = self.shortest
        if self.figures:
            return self._numbers(block, length, fine)
        return self._bytes(block, length, fine)

    @property
    def words(self) -> tuple[int, ...]:
        """Which words tell keys apart."""
        return (0,) if self.figures else self.varying

    def _numbers(self, block: Block, length: int | Array, fine: Bools | None) -> Encoded:
        number: Words | None = None
        for place in range(self.masks.shape[1] - 1, -1, -1):
            word = block.word(place)
            word ^= self.marks[length, place]
            word &= self.masks[length, place]
            odd = word & SEVENS
            odd += self.adds[length, place]
            odd |= word
            odd &= HIGH
            if odd.any():
                fine = odd == 0 if fine is None else fine & (odd == 0)
            if place in self.varying:
                word = _figures(word)
                number = word if number is None else number * np.uint64(10**WORD) + word
        assert number is not None
        if self.shortest < self.longest:
            # "E07" is not "E7": only numbers without a leading zero are written by their value
            canonical = number >= self.least[length]
            if not canonical.all():
                fine = canonical if fine is None else fine & canonical
        return [number], fine

    def _bytes(self, block: Block, length: int | Array, fine: Bools | None) -> Encoded:
        words = []
        for place in range(self.masks.shape[1]):
            word = block.word(place)
            word &= self.masks[length, place]
            if place in self.varying:
                # a byte that UTF-8 never has fills up short keys, so "a" is no beginning of "ab"
                word |= ~self.masks[length, place]
                words.append(word)
            else:
                same = word == self.marks[length, place]
                if not same.all():
                    fine = same if fine is None else fine & same
        return words, fine


def _figures(word: Words) -> Words:
    """Eight digits, one a byte and the first one lowest, as a number (in place)."""
    for mask, times, shift in (
        (0x0F0F0F0F0F0F0F0F, 2561, 8),
        (0x00FF00FF00FF00FF, 6553601, 16),
        (0x0000FFFF0000FFFF, 42949672960001, 32),
    ):
        word &= np.uint64(mask)
        word *= np.uint64(times)
        word >>= np.uint64(shift)
    return word


@attrs.frozen(eq=False)
class Survey:
    """How long the ids of a table are, and one of them."""

    shortest: int
    longest: int
    one: bytes


def survey_of(columns: Sequence[Texts]) -> Survey | None:
    """The lengths of all ids; None where there are none, or they do not fit in words."""
    spans = [span for span in (texts.span() for texts in columns) if span is not None]
    if not spans:
        return None
    survey = Survey(min(span[0] for span in spans), max(span[1] for span in spans), spans[0][2])
    return survey if survey.shortest > 0 and survey.longest <= LONGEST else None


def figures_pattern(survey: Survey) -> Pattern | None:
    """A beginning and a number, if one of the ids looks like it; whether all do, their coding shows."""
    prefix = survey.one.rstrip(b"0123456789")
    if len(prefix) >= survey.shortest or survey.longest - len(prefix) > FIGURES:
        return None
    count = -(-survey.longest // WORD)
    masks, marks, adds = (np.zeros((survey.longest + 1, count), np.uint64) for _ in range(3))
    least = np.zeros(survey.longest + 1, np.uint64)
    for length in range(survey.shortest, survey.longest + 1):
        figures = length - len(prefix)
        key = (prefix + b"0" * figures).rjust(count * WORD, b"\0")
        add = (b"\x7f" * len(prefix) + b"\x76" * figures).rjust(count * WORD, b"\0")
        least[length] = 10 ** (figures - 1) if figures > 1 else 0
        for j in range(count):
            at = slice(len(key) - WORD * (j + 1), len(key) - WORD * j)
            masks[length, j] = _tail(length - WORD * j)
            marks[length, j] = int.from_bytes(key[at], "little")
            adds[length, j] = int.from_bytes(add[at], "little")
    varying = tuple(j for j in range(count) if WORD * j < survey.longest - len(prefix))
    return Pattern(True, survey.shortest, survey.longest, len(prefix), masks, marks, adds, least, varying)


def bytes_pattern(columns: Sequence[Texts], survey: Survey) -> Pattern:
    """Any ids. Where all are of one length, words that are the same in all of them need no comparing."""
    count = -(-survey.longest // WORD)
    padded = survey.one.rjust(count * WORD, b"\0")
    ones = [int.from_bytes(padded[len(padded) - WORD * (j + 1) :][:WORD], "little") for j in range(count)]
    varying = tuple(range(count))
    if survey.shortest == survey.longest:
        changes = _changes(columns, ones)
        tails = [_tail(survey.longest - WORD * j) for j in range(count)]
        varying = tuple(j for j in range(count) if changes[j] & tails[j]) or (0,)
    masks = np.zeros((survey.longest + 1, count), np.uint64)
    for length in range(survey.shortest, survey.longest + 1):
        masks[length] = [_tail(length - WORD * j) for j in range(count)]
    marks = masks & np.array(ones, np.uint64)
    return Pattern(False, survey.shortest, survey.longest, 0, masks, marks, marks, marks[:, 0], varying)


def _changes(columns: Sequence[Texts], ones: list[int]) -> list[int]:
    """The bits of each word that are not the same in all ids (and some more, where cells are empty)."""
    changes = [0] * len(ones)
    for texts in columns:
        for block in texts.blocks(WORD * len(ones)):
            for j, one in enumerate(ones if block.count else ()):
                changes[j] |= int(np.bitwise_or.reduce(block.word(j) ^ np.uint64(one)))
    return changes
