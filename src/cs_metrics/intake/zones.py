"""The calendar days of a time zone, for many moments at once."""

from __future__ import annotations

import functools
import zoneinfo
from datetime import UTC, datetime, timedelta

import numpy as np

from .texts import BLOCK
from .values import DAY_SECONDS, FIRST_DAY, LAST_DAY, Rows

__all__ = ["Calendar"]

START = datetime(1970, 1, 1, tzinfo=UTC)


class Calendar:
    """The days of one zone. Clocks change at most once in a day of universal time.

    In all of the tz database, two changes of one zone's offset lie days apart (the closest: four, in
    Freetown in 1939). So a day that begins and ends with one offset has no other in between.
    """

    def __init__(self, zone: str, seconds: Rows) -> None:
        self.first = 0
        self.low, self.high = -(2**62), 2**62
        self.offsets = np.zeros((1, 3), np.int64)
        if zone == "UTC" or not len(seconds):
            return
        self.low, self.high = int(seconds.min()), int(seconds.max())
        low = self.low // DAY_SECONDS
        seen = np.zeros(self.high // DAY_SECONDS - low + 1, bool)
        for begin in range(0, len(seconds), BLOCK):
            seen[seconds[begin : begin + BLOCK] // DAY_SECONDS - low] = True
        self.first = low
        self.offsets = np.zeros((len(seen), 3), np.int64)
        for day in np.flatnonzero(seen).tolist():
            self.offsets[day] = _offsets(zone, low + day)

    def days(self, seconds: Rows) -> Rows:
        """The days on which moments fall; each must be one of those that the calendar was made for."""
        days = seconds // DAY_SECONDS
        if len(self.offsets) == 1 and not self.offsets.any():
            return days
        before, change, after = self.offsets[days - self.first].T
        ahead = np.where(seconds - days * DAY_SECONDS < change, before, after)
        local: Rows = (seconds + ahead) // DAY_SECONDS
        return local


@functools.lru_cache(maxsize=1 << 17)
def _offsets(zone: str, day: int) -> tuple[int, int, int]:
    """The zone's offset as a day of universal time begins, the second of its change, and the offset then."""
    low, high = day * DAY_SECONDS, (day + 1) * DAY_SECONDS
    tz = zoneinfo.ZoneInfo(zone)
    before, after = _offset(tz, low), _offset(tz, high)
    if before == after:
        return before, DAY_SECONDS, after
    begin = low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(tz, middle) == before else (low, middle)
    return before, high - begin, after


def _offset(tz: zoneinfo.ZoneInfo, second: int) -> int:
    """How far the zone's clock is ahead of universal time at a moment."""
    first, last = (FIRST_DAY + 2) * DAY_SECONDS, (LAST_DAY - 2) * DAY_SECONDS
    offset = (START + timedelta(seconds=min(max(second, first), last))).astimezone(tz).utcoffset()
    return 0 if offset is None else offset.days * DAY_SECONDS + offset.seconds
