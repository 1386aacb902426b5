"""ISO-8601 text: which moment it names, and whether it says how far that is from universal time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from .arrows import numbers
from .values import DAY_SECONDS, EPOCH, Array, Rows

__all__ = ["AWARE", "BAD", "DAY", "EMPTY", "NAIVE", "read_texts"]

EMPTY, BAD, DAY, NAIVE, AWARE = range(5)

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)

MANY = 2_000
"""From so many different texts on, Arrow reads those that it reads as we do."""

_CLOCK = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_FAST = ((NAIVE, _CLOCK + "$", None), (AWARE, _CLOCK + r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)$", "UTC"))


def read_texts(texts: Sequence[str | None]) -> tuple[Rows, Array]:
    """Seconds since 1970 (of universal time where the text says an offset), and what sort of text each is."""
    seconds, sorts = np.zeros(len(texts), np.int64), np.full(len(texts), -1, np.int8)
    if len(texts) >= MANY:
        _read_fast(texts, seconds, sorts)
    for place in np.flatnonzero(sorts < 0).tolist():
        seconds[place], sorts[place] = _read(texts[place])
    return seconds, sorts


def _read_fast(texts: Sequence[str | None], seconds: Rows, sorts: Array) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    every = pa.array(texts, pa.large_string())
    for sort, pattern, zone in _FAST:
        alike = pc.match_substring_regex(every, pattern).fill_null(False)
        places = np.flatnonzero(alike.to_numpy(zero_copy_only=False))
        try:
            moments: Any = every.take(pa.array(places)).cast(pa.timestamp("us", zone))
        except pa.ArrowInvalid:
            # one of them names no moment; which one, is found out one by one
            continue
        seconds[places] = numbers(moments, np.int64) // 1_000_000
        sorts[places] = sort


def _read(text: str | None) -> tuple[int, int]:
    if text is None or text == "":
        return 0, EMPTY
    match = _ISO.fullmatch(text)
    if not match:
        return 0, BAD
    year, month, day, hour, minute, second, offset = match.groups(default="0")
    figures = offset[1:].replace(":", "").ljust(4, "0")
    clock = (int(hour), int(minute), int(second), int(figures[:2]), int(figures[2:]))
    if any(part > most for part, most in zip(clock, (23, 59, 59, 23, 59), strict=True)):
        return 0, BAD
    try:
        ordinal = date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return 0, BAD
    ahead = (clock[3] * 3600 + clock[4] * 60) * (-1 if offset[0] == "-" else 1)
    moment = (ordinal - EPOCH) * DAY_SECONDS + clock[0] * 3600 + clock[1] * 60 + clock[2] - ahead
    return moment, DAY if match[4] is None else NAIVE if match[7] is None else AWARE
