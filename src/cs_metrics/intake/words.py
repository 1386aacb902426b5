"""Words: those of a fixed list, and free vocabularies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import nearest
from .arrows import Family, family, missing_of, words_of
from .values import Array, Bad, Coded, Parsed, Piece

__all__ = ["EnumReader", "Vocabulary", "hinted", "read_text", "relabelled"]

MOST_HINTS = 200
TEXTUAL = (Family.TEXT, Family.CODED)


def narrow(count: int) -> Any:
    """The smallest type that numbers so many labels and -1."""
    return np.int8 if count <= 127 else np.int16 if count <= 32_767 else np.int32


class EnumReader:
    """Reads words of a fixed list; codes number the list."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    def read(self, piece: Piece) -> Parsed | None:
        if family(piece.array) not in TEXTUAL:
            return None
        codes, found = words_of(piece.array)
        places = {word: place for place, word in enumerate(self.words)}
        empty, unknown = len(self.words), len(self.words) + 1
        lookup = [empty if word in (None, "") else places.get(word, unknown) for word in found]
        # -1, an empty cell, reads the table's last entry
        table = np.array([*lookup, empty], narrow(len(self.words) + 2))
        read = table[codes]
        missing = read == empty
        wrong = read == unknown
        values = np.where(missing | wrong, -1, read).astype(narrow(len(self.words)))
        rows = np.flatnonzero(wrong)
        expected = hinted(f"one of {', '.join(self.words)}", found, codes[rows], self.words)
        bads: tuple[Bad, ...] = ((rows, "word", expected),) if len(rows) else ()
        return Parsed(values, missing if missing.any() else None, bads)


def hinted(expected: str, found: Sequence[str], codes: Array, known: Iterable[str]) -> list[str]:
    """What was expected in each row, with the nearest known word; many different words get no such hint."""
    distinct = np.unique(codes).tolist()
    hints = {code: nearest(found[code], known) for code in distinct[:MOST_HINTS]}
    return [expected + hints.get(code, "") for code in codes.tolist()]


class Vocabulary:
    """Reads a free vocabulary; labels get their codes in order of first appearance, `coded` sorts them."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def read(self, piece: Piece) -> Parsed | None:
        if family(piece.array) not in TEXTUAL:
            return None
        codes, found = words_of(piece.array)
        places = self._places
        table = [-1 if word is None else places.setdefault(word, len(places)) for word in found]
        values = np.array([*table, -1], np.int32)[codes]
        missing = values < 0
        return Parsed(values, missing if missing.any() else None)

    def coded(self, codes: Array) -> Coded:
        """The column with labels ascending, those that occur only: the order of rows leaves no trace."""
        return relabelled(Coded(codes, tuple(self._places)))


def relabelled(column: Coded) -> Coded:
    """The same words with only those labels that occur, ascending."""
    n = len(column.labels)
    used = np.zeros(n + 1, bool)
    used[column.codes] = True
    labels = sorted(label for place, label in enumerate(column.labels) if used[place])
    places = {label: place for place, label in enumerate(labels)}
    table = np.array([*(places.get(label, -1) for label in column.labels), -1], narrow(len(labels)))
    return Coded(table[column.codes], tuple(labels))


def read_text(piece: Piece) -> Parsed | None:
    """Only which cells are empty: text stays in the caller's frame."""
    if family(piece.array) not in TEXTUAL:
        return None
    missing = missing_of(piece.array)
    return Parsed(np.empty(len(piece.array), np.bool_), missing)
