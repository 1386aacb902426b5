"""Days, windows, years to date and months: all calendar sense in one place.

Inside the library a day is a number, days since 1970-01-01; `NO_DAY` stands for a missing one. It is the
largest number there is, so "missing" behaves as "never": it lies after every day and in no window.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

import attrs
import numpy as np

from .errors import OptionError

__all__ = [
    "NO_DAY", "Month", "Trailing", "Window", "as_count", "as_date", "as_trailing", "day_number", "last_days",
    "months", "next_days", "to_date", "ytd",
]  # fmt: skip

EPOCH = dt.date(1970, 1, 1).toordinal()
NO_DAY = int(np.iinfo(np.int32).max)
FIRST_DAY = dt.date.min.toordinal() - EPOCH
LAST_DAY = dt.date.max.toordinal() - EPOCH
A_DAY = "a date, or a datetime or ISO-8601 text that names one"


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - EPOCH


def to_date(number: int) -> dt.date | None:
    """The date of a day number, None where it is missing."""
    return None if number == NO_DAY else dt.date.fromordinal(number + EPOCH)


def as_date(value: Any, option: str, tz: dt.tzinfo) -> dt.date:
    """The day that `value` names without doubt: a date, a datetime (an aware one in `tz`), ISO-8601 text.

    >>> as_date("2026-06-30", "as_of", dt.timezone.utc)
    datetime.date(2026, 6, 30)
    """
    if type(value) is dt.date:
        return value
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[s]").item()
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise OptionError(option, value, A_DAY) from None
    if isinstance(value, dt.datetime) and value == value:  # NaT is a datetime that equals nothing
        return (value.astimezone(tz) if value.tzinfo else value).date()
    if isinstance(value, dt.date) and value == value:
        return value
    raise OptionError(option, value, A_DAY)


def as_count(value: Any, option: str) -> int:
    """A whole number of days, rows or months, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise OptionError(option, value, "a whole number, 0 or more")
    return int(value)


@attrs.frozen
class Window:
    """The days from `first` to `last`, both in."""

    first: int
    last: int


def _whole(trailing: Any, field: Any, value: Any) -> None:
    if as_count(value, "days") < 1:
        raise OptionError("days", value, "a whole number, 1 or more")


def _flag(trailing: Any, field: Any, value: Any) -> None:
    if not isinstance(value, bool):
        raise OptionError("include_today", value, "True or False")


@attrs.frozen(repr=False)
class Trailing:
    """The last `days` days, and as many days before them.

    Today is taken to be still running: the last 30 are 30 full days and today so far. Without
    `include_today` they end yesterday, and both periods are of equal length.

    >>> Trailing(30).current(100), Trailing(30).previous(100)
    (Window(first=70, last=100), Window(first=40, last=69))
    >>> Trailing(30, include_today=False).current(100)
    Window(first=70, last=99)
    """

    days: int = attrs.field(default=30, validator=_whole)
    include_today: bool = attrs.field(default=True, validator=_flag, kw_only=True)

    def current(self, today: int) -> Window:
        """The period that ends with today, or with yesterday."""
        return Window(today - self.days, today if self.include_today else today - 1)

    def previous(self, today: int) -> Window:
        """The period before it, which is `days` days long either way."""
        return Window(today - 2 * self.days, today - self.days - 1)

    def __repr__(self) -> str:
        return f"Trailing({self.days}{'' if self.include_today else ', include_today=False'})"


def as_trailing(value: Any, option: str = "window") -> Trailing:
    """A trailing window, and nothing else."""
    if not isinstance(value, Trailing):
        raise OptionError(option, value, "a Trailing, such as Trailing(30)")
    return value


@attrs.frozen
class Month:
    """One calendar month of a chart, cut at the as-of day: its label, its first and its last day."""

    label: str
    first: int
    last: int


def next_days(today: int, count: int) -> Window:
    """Today and the `count` days after it."""
    return Window(today, today + count)


def last_days(today: int, count: int) -> Window:
    """Today, still running, and the `count` full days before it."""
    return Window(today - count, today)


def year_start(today: dt.date, first_month: int) -> dt.date:
    """The first day of the fiscal year that holds `today`."""
    year = today.year - (today.month < first_month)
    return dt.date(year, first_month, 1) if year >= dt.MINYEAR else dt.date.min


def ytd(today: dt.date, first_month: int) -> Window:
    """The fiscal year from its first day to today."""
    return Window(day_number(year_start(today, first_month)), day_number(today))


def months(today: dt.date, first_month: int) -> tuple[Month, ...]:
    """The months of the fiscal year so far, the current one cut at today."""
    start = year_start(today, first_month)
    year, month, first, last_day = start.year, start.month, day_number(start), day_number(today)
    found = []
    while first <= last_day:
        length = 28 if month == 2 else 30 + (month + month // 8) % 2
        if month == 2 and calendar.isleap(year):
            length = 29
        found.append(Month(f"{year:04d}-{month:02d}", first, min(first + length - 1, last_day)))
        year, month, first = year + month // 12, month % 12 + 1, first + length
    return tuple(found)
