"""Numbers, money, shares and labels as a picture shows them, by locale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import vl_convert

from ..errors import OptionError, shown
from ..render.shape import spoken
from ..results import Context

__all__ = ["Words"]

USUAL = {"en": "en-US", "ja": "ja-JP", "zh": "zh-CN", "sv": "sv-SE", "da": "da-DK", "cs": "cs-CZ", "uk": "uk-UA",
         "he": "he-IL", "ko": "ko-KR", "ca": "ca-ES", "ar": "ar-EG"}  # fmt: skip
"""The locale that a language alone stands for, where it is not that of the country of the same name."""
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "BRL": "R$", "AUD": "A$",
           "CAD": "CA$", "CNY": "CN¥", "ILS": "₪", "NZD": "NZ$", "MXN": "MX$"}  # fmt: skip
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LONGEST = 60
NBSP = "\u00a0"


@attrs.frozen
class Words:
    """How a picture speaks: separators and digits of a locale, money in the portfolio's currency."""

    context: Context
    numbers: dict[str, Any]
    """As d3-format takes it, with the portfolio's currency."""
    times: dict[str, Any]
    """As d3-time-format takes it."""

    @classmethod
    def of(cls, context: Context, locale: str) -> Words:
        name = _known(locale)
        numbers = {**vl_convert.get_format_locale(name)}
        numbers["currency"] = _placed(context.currency, numbers["currency"])
        return cls(context, numbers, _times(name))

    def number(self, value: Any) -> str:
        """A count, an amount or a fraction: money with its currency, no more digits than help."""
        if value is None:
            return "no value"
        if isinstance(value, Decimal):
            return self.money(value)
        if isinstance(value, Fraction | float):
            return self._grouped(f"{float(value):.2f}".rstrip("0").rstrip("."))
        return self._grouped(f"{value:d}")

    def money(self, amount: Decimal) -> str:
        """An amount to its minor unit; whole units where it has no others."""
        whole = amount == amount.to_integral_value()
        digits = 0 if whole else self.context.exponent
        return self._paid(self._grouped(f"{abs(amount):.{digits}f}"), negative=amount < 0)

    def short(self, value: Any) -> str:
        """A number in three digits or so, for where there is little room: $3.5k."""
        size = abs(float(value))
        unit, scale = next(
            (u, s) for u, s in (("B", 1e9), ("M", 1e6), ("k", 1e3), ("", 1)) if size >= s or s == 1
        )
        if not unit:
            return self.number(value)
        scaled = size / scale
        digits = 0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2
        text = (
            self._grouped(f"{scaled:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{scaled:.0f}")
            + unit
        )
        if isinstance(value, Decimal):
            return self._paid(text, negative=value < 0)
        return f"−{text}" if value < 0 else text

    def share(self, share: float | None) -> str:
        """A share as a percentage."""
        if share is None:
            return ""
        return self._grouped(f"{share * 100:.1f}".removesuffix(".0")) + str(self.numbers.get("percent", "%"))

    def signed(self, value: Any) -> str:
        """A change, with its sign."""
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def labels(self, labels: Iterable[Any]) -> list[str]:
        """Labels as plain text that a picture can hold, no two alike."""
        found: dict[str, None] = {}
        for label in labels:
            text = base = clean(spoken(label))
            again = 1
            while text in found:
                again += 1
                text = f"{base} ({again})"
            found[text] = None
        return list(found)

    def _paid(self, text: str, *, negative: bool) -> str:
        before, after = self.numbers["currency"]
        return f"{'−' if negative else ''}{before}{text}{after}"

    def _grouped(self, plain: str) -> str:
        """Digits with the locale's separators and numerals."""
        sign = "−" if plain.startswith("-") and plain.strip("-0.") else ""
        whole, _, rest = plain.removeprefix("-").partition(".")
        parts: list[str] = []
        sizes: Sequence[int] = self.numbers["grouping"]
        while whole:
            size = sizes[min(len(parts), len(sizes) - 1)]
            parts.insert(0, whole[-size:])
            whole = whole[:-size]
        text: str = self.numbers["thousands"].join(parts)
        text = f"{text}{self.numbers['decimal']}{rest}" if rest else text
        numerals = self.numbers.get("numerals")
        if numerals:
            text = "".join(numerals[int(mark)] if mark in "0123456789" else mark for mark in text)
        return sign + text


def clean(text: str) -> str:
    """Text without what no picture should hold: control characters, turned directions, halves of characters."""
    marks = [_harmless(mark) for mark in text[: LONGEST + 1]]
    return "".join(marks[:LONGEST]) + ("…" if len(marks) > LONGEST else "")


def _harmless(mark: str) -> str:
    code = ord(mark)
    if code < 0x20:
        return chr(0x2400 + code)
    harmful = 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE or mark in BIDI
    return "\ufffd" if harmful else mark


def _known(locale: Any) -> str:
    """The name of a locale as d3 knows it, from "de", "de_CH" or "de-CH"."""
    told = "a locale such as 'en', 'de' or 'fr-CA'"
    if not isinstance(locale, str):
        raise OptionError("locale", locale, told)
    name = locale.replace("_", "-")
    for tried in (name, USUAL.get(name, f"{name}-{name.upper()}")):
        try:
            vl_convert.get_format_locale(tried)
        except (ValueError, TypeError):
            continue
        return tried
    raise OptionError("locale", shown(locale), told)


def _times(name: str) -> dict[str, Any]:
    try:
        return dict(vl_convert.get_time_format_locale(name))
    except ValueError:  # some locales have numbers only
        return dict(vl_convert.get_time_format_locale("en-US"))


def _placed(currency: str, usual: Sequence[str]) -> list[str]:
    """What stands before and after an amount: where the locale has its own currency, with its spaces."""
    before, after = usual
    symbol = SYMBOLS.get(currency, currency)
    if currency == "JPY" and after == "円":
        return [before, after]
    if after.strip() and after[0].isspace():
        return ["", after[0] + symbol]
    space = NBSP if symbol.isalpha() or before[-1:].isspace() else ""
    return [symbol + space, ""]
