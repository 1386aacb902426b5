"""How numbers, money and days are written where: plainly, or as a locale has it (babel, the extra `report`)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import Any

from ..errors import OptionError

__all__ = ["Style", "style", "written_for"]


class Style:
    """The manners of one locale, "de" or "ja_JP"; built on babel, which knows them all."""

    def __init__(self, name: str) -> None:
        try:
            import babel
        except ImportError:
            raise OptionError(
                "locale", name, 'None, unless babel is installed: pip install "cs-metrics[report]"'
            ) from None
        try:
            self.locale = babel.Locale.parse(name.replace("-", "_"))
        except (AttributeError, TypeError, ValueError, babel.UnknownLocaleError):
            raise OptionError("locale", name, 'the name of a locale, such as "de" or "ja_JP"') from None

    @property
    def tag(self) -> str:
        """The locale's name as browsers know it."""
        return str(self.locale).replace("_", "-")

    def number(self, value: Any) -> str:
        """A number; a Decimal keeps all of its digits, of a fraction no more are told than help."""
        from babel import numbers

        if isinstance(value, Decimal):
            return _bare(numbers.format_decimal(value, self._pattern(_digits(value)), locale=self.locale))
        number = value if isinstance(value, int) else float(value)
        return _bare(numbers.format_decimal(number, f"{self._whole}.##", locale=self.locale))

    def money(self, value: Decimal, currency: str) -> str:
        """An amount with its currency's sign, where the locale puts it."""
        from babel import numbers

        pattern = self._money(_digits(value))
        told = numbers.format_currency(value, currency, pattern, locale=self.locale, currency_digits=False)
        return _bare(told)

    def share(self, value: float) -> str:
        from babel import numbers

        pattern = str(self.locale.percent_formats[None].pattern).replace("##0", "##0.0")
        return _bare(numbers.format_percent(value, pattern, locale=self.locale))

    def day(self, value: dt.date) -> str:
        from babel import dates

        return _bare(dates.format_date(value, "medium", locale=self.locale))

    def short(self, value: float) -> str:
        """A number in few digits, for where there is little room: 1,2 Mio.; whole, where no shorter form is usual."""
        from babel import numbers

        told = _bare(
            numbers.format_compact_decimal(value, locale=self.locale, fraction_digits=_fraction(value))
        )
        whole = abs(value) >= 1000 and told.lstrip("-−")[:4].isdigit()
        return self.number(round(value)) if whole else told

    def month(self, number: int) -> str:
        """The short name of a month, 1 to 12."""
        from babel import dates

        return _bare(dates.format_date(dt.date(2000, number, 1), "MMM", locale=self.locale))

    def money_pattern(self, currency: str, digits: int) -> str:
        """How a workbook writes amounts."""
        from babel import numbers

        symbol = numbers.get_currency_symbol(currency, locale=self.locale)
        return _bare(self._money(digits).partition(";")[0].replace("¤", f'"{symbol}"'))

    def day_pattern(self) -> str:
        """How a workbook writes days: as the locale does where that is in numbers, else in ISO form."""
        pattern = str(self.locale.date_formats["medium"].pattern)
        if not set(pattern) <= set("dMy./- "):
            return "yyyy-mm-dd"
        return re.sub("y+", "yyyy", pattern).replace("MM", "mm").replace("M", "m")

    @property
    def _whole(self) -> str:
        """The locale's pattern for whole numbers."""
        return str(self.locale.decimal_formats[None].pattern).partition(".")[0]

    def _pattern(self, digits: int) -> str:
        return f"{self._whole}.{'0' * digits}" if digits else self._whole

    def _money(self, digits: int) -> str:
        pattern = str(self.locale.currency_formats["standard"].pattern)
        return pattern.replace("0.00", f"0.{'0' * digits}" if digits else "0")


def _digits(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _fraction(value: float) -> int:
    """How many digits a number has after its point where it is told short: three in all help, more do not."""
    size = abs(value)
    while size >= 1000:
        size /= 1000
    return 0 if size >= 100 or size == int(size) else 1


def _bare(text: str) -> str:
    """Without the marks that turn text around: the page and the terminal see to that."""
    return text.translate(_MARKS)


_MARKS = dict.fromkeys(map(ord, "\u061c\u200e\u200f"))
_STYLE: ContextVar[Style | None] = ContextVar("style", default=None)


def style() -> Style | None:
    """The style that holds while something is written; None is the plain one."""
    return _STYLE.get()


@contextmanager
def written_for(locale: str | None) -> Iterator[Style | None]:
    """Whatever is written inside is written as the locale has it."""
    token = _STYLE.set(None if locale is None else Style(locale))
    try:
        yield _STYLE.get()
    finally:
        _STYLE.reset(token)
