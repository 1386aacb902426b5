"""Currencies, minor units and rates: every amount is an exact whole number of minor units."""

from __future__ import annotations

import re
from decimal import Decimal
from math import gcd
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import OptionError, nearest

__all__ = [
    "CURRENCIES",
    "MOST",
    "converted",
    "decimal_text",
    "exponent",
    "from_floats",
    "from_ints",
    "minor_of",
    "to_major",
]

Int64s: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

_TWO_DIGITS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR
MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK
SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD
XCD XCG YER ZAR ZMW ZWG
"""
_OTHERS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

CURRENCIES: dict[str, int] = dict.fromkeys(_TWO_DIGITS.split(), 2) | {
    code: digits for digits, codes in _OTHERS.items() for code in codes.split()
}
"""ISO 4217: how many decimal digits the minor unit of each currency has. ANG and BGN went out in 2025 and
2026 and stay, because contracts still name them."""


MOST = int(np.iinfo(np.int64).max)
"""No amount is larger than this many minor units, nor smaller than its negative."""

_FLOAT_EXACT = float(2**53)
_ROOM = 2**62
_TEXT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def exponent(currency: object) -> int:
    """How many decimal digits the minor unit of `currency` has: 2 for USD, 0 for JPY, 3 for KWD."""
    digits = CURRENCIES.get(currency) if isinstance(currency, str) else None
    if digits is None:
        raise OptionError(
            "currency", currency, f"an ISO 4217 code such as 'EUR'{nearest(currency, CURRENCIES)}"
        )
    return digits


def to_major(minor: int, currency: str) -> Decimal:
    """Minor units as an exact amount of major units: 1210 USD is Decimal('12.10')."""
    sign, digits, _ = Decimal(int(minor)).as_tuple()
    return Decimal((sign, digits, -exponent(currency)))


def decimal_text(text: str) -> Decimal | None:
    """The number that a plain decimal text names; None for "1,000", "1e3", " 7" and whatever else."""
    return Decimal(text) if _TEXT.fullmatch(text) else None


def minor_of(amount: Decimal, digits: int) -> int | None:
    """`amount` in minor units, None where it is no whole number of them."""
    sign, figures, power = amount.as_tuple()
    if not isinstance(power, int):
        return None
    whole = int("".join(map(str, figures)))
    shift = power + digits
    if whole == 0:
        return 0
    if shift > 0:
        whole = whole * 10**shift if shift < 40 else MOST + 1
    else:
        whole, rest = divmod(whole, 10**-shift) if -shift <= len(figures) else (0, 1)
        if rest:
            return None
    return -whole if sign else whole


def from_ints(major: Int64s, digits: int) -> tuple[Int64s, Bools]:
    """Whole major units as minor units, and which of them fit."""
    most = MOST // 10**digits
    fits = (major <= most) & (major >= -most)
    return np.where(fits, major, 0) * 10**digits, fits


def from_floats(major: npt.NDArray[np.float64], digits: int) -> tuple[Int64s, Bools]:
    """Floats as minor units, and which of them are exact: those that print as such a decimal.

    Division rounds correctly, so `minor / 10**digits` is the very float that the decimal is written as.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        minor = np.rint(major * 10.0**digits)
        small = np.abs(minor) < _FLOAT_EXACT
        exact = small & (minor / 10.0**digits == major)
    values = np.where(exact, minor, 0).astype(np.int64)
    for row in np.flatnonzero(~small & np.isfinite(major)).tolist():
        whole = minor_of(Decimal(repr(float(major[row]))), digits)
        if whole is not None and abs(whole) <= MOST:
            values[row], exact[row] = whole, True
    return values, exact


def converted(minor: Int64s, rate: Decimal, digits: int, to_digits: int) -> tuple[Int64s, Bools]:
    """Minor units of one currency as those of another, rounded half to even, and which of them fit.

    Whole numbers throughout: int64 where the largest product provably fits, else Python's.
    """
    top, bottom = rate.as_integer_ratio()
    top, bottom = top * 10**to_digits, bottom * 10**digits
    common = gcd(top, bottom)
    top, bottom = top // common, bottom // common
    largest = max(-int(minor.min()), int(minor.max())) if len(minor) else 0
    if largest * top < _ROOM and bottom < _ROOM:
        whole, rest = np.divmod(minor * top, bottom)
        twice = rest * 2
        return whole + ((twice > bottom) | ((twice == bottom) & (whole % 2 == 1))), np.ones(len(minor), bool)
    exact = [_half_even(int(one) * top, bottom) for one in minor.tolist()]
    fits = np.array([abs(one) <= MOST for one in exact], bool)
    return np.array([one if abs(one) <= MOST else 0 for one in exact], np.int64), fits


def _half_even(top: int, bottom: int) -> int:
    whole, rest = divmod(top, bottom)
    return whole + (2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1))
