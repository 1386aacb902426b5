"""Flags, whole numbers and finite numbers."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from .arrows import Family, family, plain, words_of
from .values import NO_INT, Array, Bad, Parsed, Piece

__all__ = ["NumberReader", "read_flag", "read_int"]

FLAGS = {"true": 1, "True": 1, "TRUE": 1, "1": 1, "false": 0, "False": 0, "FALSE": 0, "0": 0}
FLAG = "true or false"
WHOLE = "a whole number of at most 63 bits"
NOTHING = np.zeros(0, bool)


def _read_words(array: Any, meaning: Any, empty: Any, dtype: Any) -> tuple[Array, Array, Array]:
    """Text by its distinct words: values, empty cells, bad cells; `meaning` gives None for a bad word."""
    codes, found = words_of(array)
    table, blank, wrong = np.full(len(found) + 1, empty, dtype), [], []
    for place, word in enumerate(found):
        value = None if word is None or word == "" else meaning(word)
        blank.append(word is None or word == "")
        wrong.append(value is None and not blank[-1])
        if value is not None:
            table[place] = value
    return table[codes], np.array([*blank, True])[codes], np.array([*wrong, False])[codes]


def _parsed(values: Array, missing: Array | None, wrong: Array, code: str, expected: str) -> Parsed:
    rows = np.flatnonzero(wrong)
    bads: tuple[Bad, ...] = ((rows, code, expected),) if len(rows) else ()
    return Parsed(values, missing if missing is not None and missing.any() else None, bads)


def read_flag(piece: Piece) -> Parsed | None:
    """True and false, 1 and 0, and their words."""
    kind = family(piece.array)
    if kind is Family.BOOL:
        return Parsed(*plain(piece.array))
    if kind in (Family.TEXT, Family.CODED):
        values, empty, wrong = _read_words(piece.array, FLAGS.get, 0, np.bool_)
        return _parsed(values, empty, wrong, "flag", FLAG)
    if kind in (Family.INT, Family.FLOAT):
        numbers, missing = plain(piece.array)
        wrong = (numbers != 0) & (numbers != 1)
        return _parsed(numbers == 1, missing, wrong, "flag", FLAG)
    return None


def read_int(piece: Piece) -> Parsed | None:
    """Whole numbers. Floats and decimals count where they are whole: pandas makes floats of gaps."""
    array = piece.array
    kind = family(array)
    if kind in (Family.TEXT, Family.CODED):
        values, empty, wrong = _read_words(array, _whole, NO_INT, np.int64)
        return _parsed(values, empty, wrong, "int", WHOLE)
    if kind is Family.INT:
        numbers, missing = plain(array)
        wrong = numbers > np.iinfo(np.int64).max if numbers.dtype == np.uint64 else NOTHING
        values = numbers.astype(np.int64)
    elif kind in (Family.FLOAT, Family.DECIMAL):
        numbers, missing = plain(_as_floats(array, kind), np.float64)
        with np.errstate(invalid="ignore"):
            wrong = ~((numbers == np.rint(numbers)) & (np.abs(numbers) < 2**53))
        values = np.where(wrong, 0, numbers).astype(np.int64)
    else:
        return None
    if missing is not None:
        values = np.where(missing, NO_INT, values)
    return _parsed(values, missing, wrong, "int", WHOLE)


def _as_floats(array: Any, kind: Family) -> Any:
    return array.cast("float64") if kind is Family.DECIMAL else array


def _whole(word: str) -> int | None:
    digits = word[1:] if word[0] in "+-" else word
    if not (digits.isascii() and digits.isdigit()):
        return None
    value = int(word) if len(digits) < 20 else 2**63
    return value if -(2**63) < value < 2**63 else None


def _number(word: str) -> float | None:
    if not word.isascii() or "_" in word or word != word.strip():
        return None
    try:
        return float(word)
    except ValueError:
        return None


@attrs.frozen
class NumberReader:
    """Reads finite numbers, within bounds where there are some."""

    low: float | None
    high: float | None

    def read(self, piece: Piece) -> Parsed | None:
        array = piece.array
        kind = family(array)
        if kind in (Family.TEXT, Family.CODED):
            values, empty, wrong = _read_words(array, _number, np.nan, np.float64)
            missing: Array | None = empty
        elif kind in (Family.INT, Family.FLOAT, Family.DECIMAL):
            values, missing = plain(_as_floats(array, kind), np.float64)
            wrong = NOTHING
        else:
            return None
        return self._checked(values, missing, wrong)

    def _checked(self, values: Array, missing: Array | None, wrong: Array) -> Parsed:
        fine = np.isfinite(values)
        if self.low is not None and self.high is not None:
            fine &= (values >= self.low) & (values <= self.high)
        out = ~fine
        if missing is not None:
            out &= ~missing
        if len(wrong):
            out |= wrong
        if missing is not None or out.any():
            values = np.where(out if missing is None else out | missing, np.nan, values)
        bounds = "" if self.low is None else f" from {self.low:g} to {self.high:g}"
        return _parsed(values, missing, out, "number", f"a finite number{bounds}")
