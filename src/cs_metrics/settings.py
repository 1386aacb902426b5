"""What holds for a whole portfolio: its currency and rates, its time zone, its fiscal year."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from .errors import OptionError, nearest
from .money import exponent

__all__ = ["Settings"]


def _rate(currency: str, given: object) -> Decimal:
    """One rate, exactly as it was written; a float counts as the decimal that it prints as."""
    option = f"rates[{currency!r}]"
    allowed = "portfolio units for one unit of that currency: a Decimal, an int or text, above 0"
    if isinstance(given, bool) or not isinstance(given, Decimal | int | float | str):
        raise OptionError(option, given, allowed)
    try:
        rate = Decimal(repr(float(given)) if isinstance(given, float) else given)
    except InvalidOperation:
        raise OptionError(option, given, allowed) from None
    if not rate.is_finite() or rate <= 0:
        raise OptionError(option, given, allowed)
    return rate


def _rates(given: Any) -> dict[str, Decimal]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise OptionError("rates", given, "a mapping from currency to rate")
    for currency in given:
        exponent(currency)
    return {currency: _rate(currency, rate) for currency, rate in given.items()}


def _check_currency(_: Settings, __: Any, value: object) -> None:
    exponent(value)


def _check_rates(settings: Settings, _: Any, rates: Mapping[str, Decimal]) -> None:
    if rates.get(settings.currency, Decimal(1)) != 1:
        option = f"rates[{settings.currency!r}]"
        raise OptionError(option, rates[settings.currency], "1: it is the portfolio's own currency")


def _check_tz(_: Settings, __: Any, value: object) -> None:
    if value == "UTC":
        return
    import zoneinfo

    try:
        if not isinstance(value, str) or value in ("", "localtime", "Factory"):
            # what a machine's own zone is, is no setting
            raise ValueError(value)
        zoneinfo.ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        hint = nearest(value, zoneinfo.available_timezones())
        allowed = f"an IANA time zone such as 'Europe/Berlin'{hint}"
        raise OptionError("tz", value, allowed) from None


def _check_month(_: Settings, __: Any, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 12:
        raise OptionError("fiscal_year_start", value, "the number of a month, 1 to 12")


@attrs.frozen(kw_only=True)
class Settings:
    """Settings of a portfolio.

    `rates` says how many units of the portfolio's currency one unit of another is worth; `tz` is the zone
    whose calendar cuts aware datetimes to days; `fiscal_year_start` is the month in which a year begins.
    """

    currency: str = attrs.field(default="USD", validator=_check_currency)
    rates: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_rates, validator=_check_rates)
    tz: str = attrs.field(default="UTC", validator=_check_tz)
    fiscal_year_start: int = attrs.field(default=1, validator=_check_month)

    def rate(self, currency: str) -> Decimal | None:
        """What one unit of `currency` is worth, None where no rate was given."""
        return Decimal(1) if currency == self.currency else self.rates.get(currency)
