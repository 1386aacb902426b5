"""Cells of vendors' exports: one plain value out of whatever the vendor wraps it in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["amount", "currency", "first", "fold", "moment", "monthly", "plain", "turned"]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)
_SINCE_1970 = re.compile(r"-?\d{9,14}", re.ASCII)
_MONTHS = {
    "day": Decimal(12) / 365, "daily": Decimal(12) / 365, "week": Decimal(12) / 52, "weekly": Decimal(12) / 52,
    "month": Decimal(1), "monthly": Decimal(1), "quarter": Decimal(3), "quarterly": Decimal(3),
    "year": Decimal(12), "yearly": Decimal(12), "annual": Decimal(12), "annually": Decimal(12),
}  # fmt: skip
_CURRENCY = re.compile(r"([A-Z]{3});(.*)", re.DOTALL)


def fold(word: object) -> str:
    """A word without what vendors write now one way, now another: capitals, blanks, hyphens and underscores."""
    if isinstance(word, bool):
        return str(word).lower()
    return re.sub(r"[\W_]+", "", str(word).casefold())


def plain(cell: Any, display: bool = False) -> Any:
    """What a cell stands for; None where it holds nothing.

    A reference is its id, whether it comes as {value, link}, {display_value, value} or {display_value, link},
    whose link ends with it; of a list of associated objects it is the first one's.
    """
    if isinstance(cell, list):
        return plain(cell[0], display) if cell else None
    if isinstance(cell, Mapping):
        return plain(_inner(cell, display), display)
    return None if cell == "" else cell


def _inner(cell: Mapping[str, Any], display: bool) -> Any:
    """What stands in the wrapping that an API gives a value."""
    if display and cell.get("display_value") not in (None, ""):
        return cell["display_value"]
    link = cell.get("link")
    if "value" not in cell and isinstance(link, str):
        return link.rstrip("/").rpartition("/")[2]
    return next(
        (cell[key] for key in ("results", "value", "display_value", "id", "Id", "name") if key in cell), None
    )


def moment(cell: Any, utc: bool) -> Any:
    """A date or date-time as ISO text: seconds or milliseconds since 1970 are universal time; so is, if the
    vendor says so, what has no offset."""
    if isinstance(cell, Decimal | float) and cell == int(cell):
        cell = int(cell)
    text = str(cell).strip() if isinstance(cell, int | str) and not isinstance(cell, bool) else None
    if text is None:
        return cell
    if _SINCE_1970.fullmatch(text):
        seconds = int(text) / (1000 if len(text.lstrip("-")) > 11 else 1)
        found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        # vendors write a plain day so too, as its midnight: that is no instant to be moved to another zone
        return found.date().isoformat() if seconds % 86_400 == 0 else found.isoformat()
    return f"{text}Z" if utc and _MOMENT.fullmatch(text) else text


def amount(cell: Any) -> Any:
    """An amount without the currency that some vendors write before it: USD;12.50."""
    found = _CURRENCY.fullmatch(cell) if isinstance(cell, str) else None
    return found[2] if found else cell


def currency(cell: Any) -> Any:
    """The currency that stands before an amount, None where there is none."""
    found = _CURRENCY.fullmatch(cell) if isinstance(cell, str) else None
    return found[1] if found else None


def first(cell: Any) -> Any:
    """The first of several ids in one cell."""
    return cell.partition(";")[0].strip() or None if isinstance(cell, str) else cell


def turned(cell: Any) -> Any:
    """A flag that says the opposite of ours."""
    return {"true": False, "1": False, "false": True, "0": True}.get(fold(cell), cell)


def monthly(total: Any, count: Any, unit: Any) -> Any:
    """What an amount for so many days, weeks, months or years is in a month, to the cent, half to even.

    None where it cannot be told.
    """
    months = _MONTHS.get(fold(unit).removesuffix("s") if unit else "month")
    try:
        whole, periods = (
            Decimal(str(amount(total))),
            Decimal(str(count)) if count not in (None, "") else Decimal(1),
        )
    except InvalidOperation:
        return None
    if months is None or not whole.is_finite() or not periods.is_finite() or periods <= 0:
        return None
    return (whole / (periods * months)).quantize(Decimal("0.01"))
