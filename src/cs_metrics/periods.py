"""Days, windows, years to date and months: all calendar sense in one place.

Inside the library a day is a number, days since 1970-01-01; `NO_DAY` stands for a missing one. It is the
largest number there is, so "missing" behaves as "never": it lies after every day and in no window.
"""

from __future__ import annotations

import calendar
import datetime as dt
import sys
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from .errors import OptionError

__all__ = [
    "NO_DAY", "Month", "Trailing", "Window", "as_count", "as_date", "as_trailing", "day_number", "last_days",
    "last_months", "month_label", "month_numbers", "months", "months_before", "next_days", "quarter_label", "to_date",
    "ytd",
]  # fmt: skip

EPOCH = dt.date(1970, 1, 1).toordinal()
NO_DAY = int(np.iinfo(np.int32).max)
FIRST_DAY = dt.date.min.toordinal() - EPOCH
LAST_DAY = dt.date.max.toordinal() - EPOCH
LAST_MONTH = 9999 * 12 + 11
JANUARY_1970 = 1970 * 12
_DAYS, _MONTHS = "datetime64[D]", "datetime64[M]"
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
    given = value
    if isinstance(value, np.datetime64):
        if np.datetime_data(value)[0] in ("Y", "M", "W"):  # names no day
            raise OptionError(option, given, A_DAY)
        value = value.astype("datetime64[s]").item()
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise OptionError(option, given, A_DAY) from None
    if isinstance(value, dt.datetime) and value == value:  # NaT is a datetime that equals nothing
        try:
            return (value.astimezone(tz) if value.tzinfo else value).date()
        except OverflowError:  # in that zone it is before the year 1, or after 9999
            raise OptionError(option, given, A_DAY) from None
    if isinstance(value, dt.date) and value == value:
        return value
    raise OptionError(option, given, A_DAY)


def as_count(value: Any, option: str) -> int:
    """A whole number of days, rows or months, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise OptionError(option, value, "a whole number, 0 or more")
    return min(int(value), sys.maxsize)  # what is more is all the same


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
    return _months_since(year_start(today, first_month), today)


def last_months(today: dt.date, count: int) -> tuple[Month, ...]:
    """The current month, cut at today, and those before it, `count` in all; the first is January of the year 1."""
    number = max(today.year * 12 + today.month - count, 12)
    return _months_since(dt.date(number // 12, number % 12 + 1, 1), today) if count else ()


def months_before(today: dt.date, count: int) -> int:
    """The same day so many months earlier, the month's last where it has no such day; before the year 1 the day
    before all days.

    >>> to_date(months_before(dt.date(2026, 3, 31), 1))
    datetime.date(2026, 2, 28)
    """
    from dateutil.relativedelta import relativedelta

    if today.year * 12 + today.month - 1 - count < 12:
        return FIRST_DAY - 1
    return day_number(today - relativedelta(months=count))


def month_numbers(days: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The calendar month of each day, numbered from January of the year 0 on; that of "never" is the last.

    >>> month_numbers(np.array([0, 31], np.int32)) - 1970 * 12
    array([0, 1], dtype=int32)
    """
    known = days[days != NO_DAY]
    if not len(known):
        return np.full(len(days), LAST_MONTH + 1, np.int32)
    first, last = int(known.min()), int(known.max())
    if last - first > len(days):
        numbers = np.minimum(days, LAST_DAY + 1).astype(_DAYS).astype(_MONTHS).astype(np.int32) + JANUARY_1970
        return np.asarray(np.minimum(numbers, LAST_MONTH + 1))
    table = np.arange(first, last + 2).astype(_DAYS).astype(_MONTHS).astype(np.int32) + JANUARY_1970
    table[-1] = LAST_MONTH + 1
    return table.take(np.minimum(days, last + 1) - np.int32(first))


def month_label(number: int) -> str:
    """A month by its number: "2026-01"."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def quarter_label(number: int) -> str:
    """A calendar quarter by its number, counted from the year 0 on: "2026-Q1"."""
    return f"{number // 4:04d}-Q{number % 4 + 1}"


def _months_since(start: dt.date, today: dt.date) -> tuple[Month, ...]:
    """The months from the first day `start` of one, the current one cut at today."""
    year, month, first, last_day = start.year, start.month, day_number(start), day_number(today)
    found = []
    while first <= last_day:
        length = 28 if month == 2 else 30 + (month + month // 8) % 2
        if month == 2 and calendar.isleap(year):
            length = 29
        found.append(Month(f"{year:04d}-{month:02d}", first, min(first + length - 1, last_day)))
        year, month, first = year + month // 12, month % 12 + 1, first + length
    return tuple(found)
