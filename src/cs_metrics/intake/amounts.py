"""Money: the amounts of a column as minor units of the portfolio's currency."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from .. import money
from ..settings import Settings
from .arrows import Family, family, missing_of, plain, words_of
from .values import NO_AMOUNT, Array, Bad, Parsed

__all__ = ["minor_units", "mixed"]

NOTHING = np.empty(0, np.int64)
TEXT = ("amount", "a plain decimal number such as '1234.50'")
TOO_LARGE = ("amount", "an amount whose minor units fit in 63 bits")


def minor_units(array: Any, digits: int) -> Parsed | None:
    """The amounts of one Arrow array in minor units of so many digits; None where its type is no money."""
    kind = family(array)
    if kind is Family.INT:
        whole, missing = plain(array)
        if whole.dtype == np.uint64:
            # what does not fit in 63 bits does not fit in minor units either
            whole = np.minimum(whole, np.uint64(money.MOST))
        values, fits = money.from_ints(whole.astype(np.int64), digits)
        return _parsed(values, missing, ~fits, TOO_LARGE)
    if kind is Family.FLOAT:
        floats, missing = plain(array, np.float64)
        return _floats(floats, missing, digits)
    if kind is Family.DECIMAL:
        return _decimals(array, missing_of(array), digits)
    if kind in (Family.TEXT, Family.CODED):
        return _texts(array, digits)
    return None


def mixed(array: Any, codes: Array, labels: Sequence[str], settings: Settings) -> Parsed | None:
    """The amounts of an array whose rows are in several currencies, in the portfolio's."""
    if not isinstance(array, np.ndarray) and str(array.type) == "string_view":
        array = array.cast("large_string")
    values = np.full(len(array), NO_AMOUNT, np.int64)
    missing = np.zeros(len(array), bool)
    bads: list[Bad] = []
    for code in range(-1, len(labels)):
        label = labels[code] if code >= 0 else settings.currency
        rows = np.flatnonzero(codes == code) if label in money.CURRENCIES else NOTHING
        if not len(rows):
            continue
        parsed = _one_currency(array.take(rows), label, settings)
        if parsed is None:
            return None
        values[rows] = parsed.values
        if parsed.missing is not None:
            missing[rows] = parsed.missing
        bads += [(rows[bad], why, expected) for bad, why, expected in parsed.bad]
    return Parsed(values, missing if missing.any() else None, tuple(bads))


def _one_currency(array: Any, currency: str, settings: Settings) -> Parsed | None:
    digits, own = money.exponent(currency), money.exponent(settings.currency)
    parsed = minor_units(array, digits)
    if parsed is None or currency == settings.currency:
        return parsed
    rate = settings.rate(currency)
    there = parsed.values != NO_AMOUNT
    for rows, _, _ in parsed.bad:
        there[rows] = False
    given = np.flatnonzero(there)
    if rate is None:
        expected = f"a rate for {currency} in rates=; there is none"
        bad = ((given, "rate", expected),) if len(given) else ()
        return Parsed(parsed.values, parsed.missing, parsed.bad + bad)
    values = parsed.values.copy()
    values[given], fits = money.converted(parsed.values[given], rate, digits, own)
    large = given[~fits]
    bads = ((large, *TOO_LARGE),) if len(large) else ()
    return Parsed(values, parsed.missing, parsed.bad + bads)


def _inexact(digits: int) -> tuple[str, str]:
    places = f"at most {digits} decimal places" if digits else "no decimal places"
    return "inexact", f"an amount with {places}, as its currency has"


def _parsed(values: Array, missing: Array | None, wrong: Array, why: tuple[str, str]) -> Parsed:
    if missing is not None:
        wrong = wrong & ~missing
        values = np.where(missing, NO_AMOUNT, values)
    rows = np.flatnonzero(wrong)
    return Parsed(values, missing, ((rows, *why),) if len(rows) else ())


def _floats(floats: Array, missing: Array | None, digits: int) -> Parsed:
    values, exact = money.from_floats(floats, digits)
    finite = np.isfinite(floats)
    read = _parsed(values, missing, ~exact & finite, _inexact(digits))
    rows = np.flatnonzero(~finite)
    if not len(rows):
        return read
    return Parsed(read.values, missing, (*read.bad, (rows, "finite", "a finite amount")))


def _decimals(array: Any, missing: Array | None, digits: int) -> Parsed:
    import pyarrow.types as pt

    scale = array.type.scale
    if pt.is_decimal128(array.type) and 0 <= scale <= 18:
        halves = numbers128(array)
        low, high = halves[:, 0], halves[:, 1]
        if missing is not None:
            low, high = np.where(missing, 0, low), np.where(missing, 0, high)
        if (high == low >> 63).all():
            return _unscaled(low, scale, missing, digits)
    return _one_by_one(array.to_pylist(), digits)


def numbers128(array: Any) -> Array:
    """A decimal128 array's words, the low one first."""
    if not len(array):
        return np.empty((0, 2), np.int64)
    _, data = array.buffers()
    return np.frombuffer(data, np.int64, 2 * len(array), array.offset * 16).reshape(-1, 2)


def _unscaled(low: Array, scale: int, missing: Array | None, digits: int) -> Parsed:
    """Whole numbers of 10**-scale as minor units."""
    if scale <= digits:
        values, fits = money.from_ints(low, digits - scale)
        return _parsed(values, missing, ~fits, TOO_LARGE)
    step = 10 ** (scale - digits)
    values = low // step
    return _parsed(values, missing, values * step != low, _inexact(digits))


def _texts(array: Any, digits: int) -> Parsed:
    codes, words = words_of(array)
    read = _one_by_one(
        [None if word in (None, "") else money.decimal_text(word) for word in words], digits, words
    )
    empty = np.array([*(word in (None, "") for word in words), True])[codes]
    bads: list[Bad] = []
    for places, code, expected in read.bad:
        rows = np.flatnonzero(np.isin(codes, places))
        bads.append((rows, code, expected))
    values = np.append(read.values, NO_AMOUNT)[codes]
    return Parsed(values, empty if empty.any() else None, tuple(bads))


def _one_by_one(amounts: list[Decimal | None], digits: int, words: list[str] | None = None) -> Parsed:
    """Amounts as Python's decimals; a None that stands for a word is a bad one."""
    values = np.full(len(amounts), NO_AMOUNT, np.int64)
    wrong: dict[tuple[str, str], list[int]] = {}
    missing = np.zeros(len(amounts), bool)
    for row, amount in enumerate(amounts):
        if amount is None:
            if words is None or words[row] in (None, ""):
                missing[row] = True
            else:
                wrong.setdefault(TEXT, []).append(row)
            continue
        whole = money.minor_of(amount, digits)
        if whole is None:
            wrong.setdefault(_inexact(digits), []).append(row)
        elif abs(whole) > money.MOST:
            wrong.setdefault(TOO_LARGE, []).append(row)
        else:
            values[row] = whole
    bads = tuple((np.array(rows, np.int64), *why) for why, rows in wrong.items())
    return Parsed(values, missing if missing.any() else None, bads)
