"""Days, from whatever names one: dates, datetimes with and without an offset, ISO-8601 text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from .arrows import NAT, Family, family, missing_of, numbers, words_of
from .iso import AWARE, BAD, EMPTY, NAIVE, read_texts
from .texts import BLOCK
from .values import (
    DAY_SECONDS,
    FIRST_DAY,
    LAST_DAY,
    NO_DAY,
    Array,
    Bad,
    Bools,
    Parsed,
    Piece,
    Rows,
)

__all__ = ["EXPECTED", "Days"]

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
EXPECTED = "a date, a datetime or ISO-8601 text such as '2026-06-30'"
IN_RANGE = "a day of the years 1 to 9999"


class Days:
    """Reads the pieces of one column; `aware` and `naive` are a row of each that was seen.

    A plain date is neither: it names its day by itself.
    """

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.aware: int | None = None
        self.naive: int | None = None

    def read(self, piece: Piece) -> Parsed | None:
        """The days of one piece; None where its type names none."""
        kind = family(piece.array)
        if kind is Family.DAY:
            return _dates(piece.array)
        if kind is Family.TIME:
            return self._times(piece)
        if kind in (Family.TEXT, Family.CODED):
            return self._texts(piece)
        return None

    def _times(self, piece: Piece) -> Parsed:
        clock = numbers(piece.array, np.int64)
        if isinstance(piece.array, np.ndarray):
            unit, zone = np.datetime_data(piece.array.dtype)[0], None
            # in other units NaT lies so far off that the block by block check finds it
            missing = missing_of(piece.array) if unit == "ns" else None
        else:
            unit, zone, missing = piece.array.type.unit, piece.array.type.tz, missing_of(piece.array)
        per_second = PER_SECOND[unit]
        if zone is None:
            per_day = per_second * DAY_SECONDS
            parsed = _by_block(clock, missing, lambda part: part // per_day)
            self._saw("naive", piece, parsed.missing)
            return parsed
        calendar = self._calendar(clock, missing, per_second)
        self._saw("aware", piece, missing)
        return _by_block(clock, missing, lambda part: calendar(part // per_second))

    def _calendar(self, clock: Rows, missing: Bools | None, per_second: int) -> Callable[[Rows], Rows]:
        """What cuts seconds of universal time to days of the portfolio's zone."""
        if self.zone == "UTC":
            return lambda seconds: seconds // DAY_SECONDS
        from .zones import Calendar

        first, last = FIRST_DAY * DAY_SECONDS, (LAST_DAY + 1) * DAY_SECONDS - 1
        seconds = np.clip((clock if missing is None else clock[~missing]) // per_second, first, last)
        calendar = Calendar(self.zone, seconds)

        def days(moments: Rows) -> Rows:
            inside = np.clip(moments, calendar.low, calendar.high)
            # what was cut off is garbage of an empty cell, or lies outside of all years
            return np.where(inside == moments, calendar.days(inside), moments // DAY_SECONDS)

        return days

    def _saw(self, sort: str, piece: Piece, missing: Bools | None) -> None:
        """Note a row that has a value of this sort, if none was seen before."""
        if getattr(self, sort) is not None or not len(piece.array):
            return
        row = 0 if missing is None else int(np.argmin(missing))
        if missing is None or not missing[row]:
            setattr(self, sort, int(piece.at(np.array([row]))[0]))

    def _texts(self, piece: Piece) -> Parsed:
        codes, texts = words_of(piece.array)
        seconds, sorts = read_texts(texts)
        sorts = np.append(sorts, np.int8(EMPTY))
        days = np.append(seconds // DAY_SECONDS, 0)
        aware = np.flatnonzero(sorts == AWARE)
        if len(aware):
            days[aware] = self._calendar(seconds[aware], None, 1)(seconds[aware])
        days[(sorts == EMPTY) | (sorts == BAD)] = NO_DAY
        rows = sorts[codes]
        self._saw("aware", piece, rows != AWARE)
        self._saw("naive", piece, rows != NAIVE)
        parsed = _by_block(days[codes], rows == EMPTY, lambda part: part, rows == BAD)
        bad = np.flatnonzero(rows == BAD)
        return attrs.evolve(parsed, bad=(*parsed.bad, (bad, "date", EXPECTED))) if len(bad) else parsed


def _dates(array: Any) -> Parsed:
    import pyarrow.types as pt

    missing = missing_of(array)
    if not pt.is_date32(array.type):
        return _by_block(numbers(array, np.int64), missing, lambda part: part // (DAY_SECONDS * 1000))
    days = numbers(array, np.int32)
    if missing is None and int(days.min()) >= FIRST_DAY and int(days.max()) <= LAST_DAY:
        return Parsed(days)
    return _by_block(days, missing, lambda part: part)


def _by_block(
    clock: Array,
    missing: Bools | None,
    days_of: Callable[[Any], Array],
    bad: Bools | None = None,
) -> Parsed:
    """Days in int32, block by block; those outside of the years 1 to 9999 are bad (NaT is missing)."""
    out = np.empty(len(clock), np.int32)
    found: npt.NDArray[np.bool_] | None = missing
    wrong: list[Rows] = []
    for low in range(0, len(clock), BLOCK):
        part = clock[low : low + BLOCK]
        days = np.array(days_of(part))
        odd = (days < FIRST_DAY) | (days > LAST_DAY)
        if missing is not None:
            odd |= missing[low : low + BLOCK]
        if odd.any():
            days[odd] = NO_DAY
            empty = part == NAT if missing is None else missing[low : low + BLOCK]
            if missing is None and empty.any():
                found = np.zeros(len(clock), bool) if found is None else found
                found[low : low + BLOCK] = empty
            wrong.append(low + np.flatnonzero(odd & ~empty))
        out[low : low + BLOCK] = days
    rows = np.concatenate(wrong) if wrong else np.empty(0, np.int64)
    if bad is not None:
        rows = rows[~bad[rows]]
    bads: tuple[Bad, ...] = ((rows, "date", IN_RANGE),) if len(rows) else ()
    return Parsed(out, found, bads)
