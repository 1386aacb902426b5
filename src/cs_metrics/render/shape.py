"""What is shown of a result, whatever it is shown on: its headline, its table, and how numbers are written.

Everything here is plain text as it came, formatted but not escaped: the one who prints it knows what is safe
where it goes.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..models import DEFAULT_HEALTH, SEGMENTS
from ..records import SCHEMA
from ..results import (
    Amount,
    Breakdown,
    Cohorts,
    Crosstab,
    Customers,
    Groups,
    Listing,
    Monthly,
    Ratio,
    Result,
    Segments,
    Tree,
    Trend,
)
from .local import style

if TYPE_CHECKING:
    from ..columns import Array
    from ..scope import ViewTable

__all__ = ["Grid", "grid", "headline", "left_out", "note", "spoken"]

SMALL = 10_000
NUMBERS = {type(None), bool, int, float, Decimal}
MISSING = "(missing)"
UNITS = (("B", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ACRONYMS = ("csm", "id", "mrr", "qbr")
ENUM_WORDS = frozenset(
    (
        *(word for table in SCHEMA.values() for column in table.columns.values() for word in column.words),
        *SEGMENTS,
        *DEFAULT_HEALTH.bands,
        *("improved", "declined", "due_soon"),
    )
)


@attrs.frozen
class Grid:
    """A small table: names of columns, lines, which columns stand at the right as numbers do, sums if any."""

    names: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]
    total: tuple[str, ...] | None = None


def headline(result: Result) -> tuple[str, str]:
    """A result's number, and what it is a number of."""
    unit = _unit(result)
    if isinstance(result, Ratio):
        return _ratio(result, unit)
    if isinstance(result, Monthly):
        return _over_months(result, unit)
    if isinstance(result, Trend):
        now, of = headline(result.current)
        return now, f"{of}, before: {headline(result.previous)[0]}{_changed(result)}"
    value = (
        "total"
        if isinstance(result, Breakdown | Tree)
        else "value"
        if isinstance(result, Amount | Listing)
        else "left"
        if isinstance(result, Cohorts)
        else "used"
    )
    found = getattr(result, value)
    if isinstance(found, Decimal) and unit == result.context.currency:
        return money(found, unit)
    return number(found), unit[:-1] if found == 1 and unit.endswith("s") else unit


def _over_months(result: Monthly, unit: str) -> tuple[str, str]:
    """The sum of each series; of what is counted anew each month the latest, of what moved from where to where."""
    sums, series = _sums(result), result.value
    if {"opening", "closing"} <= series.keys():
        first, last = result.months[0], result.months[-1]
        now, of = money(series["closing"][last], unit)
        was, _ = money(series["opening"][first], unit)
        return now, f"{of} at the end of {last}, {was} at the beginning of {first}".lstrip()
    if len(sums) == 1:
        (found,) = sums.values()
        return money(found, unit) if isinstance(found, Decimal) else (number(found), unit)
    return ", ".join(f"{number(total)} {spoken_name(name)}" for name, total in sums.items()), unit


def _ratio(result: Ratio, unit: str) -> tuple[str, str]:
    """A ratio, in percent where it is a share, and what over what."""
    parts = f"({number(result.numerator)} / {number(result.denominator)})"
    if result.value is None:
        return "no value", parts
    told = (share if _is_share(result) else number)(result.value)
    return told, f"{unit.removeprefix('share ')} {parts}"


def change(result: Trend) -> tuple[str, str]:
    """Which way a trend goes, as a sign, and how far in words: as an amount, and as a share of what was before."""
    if result.change is None:
        return "", "cannot be compared"
    if not result.change:
        return "", "no change"
    way = ("▲", "up") if result.change > 0 else ("▼", "down")
    if _is_share(result.current):
        return way[0], f"{way[1]} {number(round(abs(result.change) * 100, 1))} points"
    by = number(abs(result.change))
    return way[0], f"{way[1]} {by}" + (
        "" if result.change_share is None else f" ({share(abs(result.change_share))})"
    )


def _is_share(result: Result) -> bool:
    """Whether a ratio is a share of something, which is told in percent."""
    return isinstance(result, Ratio) and result.spec.unit.startswith(("share of", "of "))


def grid(result: Result, rows: int) -> Grid | None:
    """A result's table, of a listing the first `rows` rows; None where the headline says it all."""
    if isinstance(result, Listing):
        return _listing(result, rows)
    if isinstance(result, Cohorts):
        return _cohorts(result, rows)
    shapes: dict[type[Result], Callable[[Any], Grid | None]] = {
        Breakdown: _breakdown,
        Tree: _tree,
        Crosstab: _crosstab,
        Monthly: _monthly,
    }
    return next((shape(result) for kind, shape in shapes.items() if isinstance(result, kind)), None)


def note(result: Result, rows: int) -> str:
    """How much of a result its table shows, where that is not all."""
    if isinstance(result, Listing):
        shown, there = _limit(result, rows), result.value
        if isinstance(result, Segments | Customers):
            told = _segments(result) if isinstance(result, Segments) else _totals(result)
            return "; ".join(part for part in (told, _of(shown, there)) if part)
    elif isinstance(result, Breakdown | Crosstab):
        shown = len(result.value)
        there = len(result._all())
    elif isinstance(result, Cohorts):
        there = len(result.value)
        shown = min(rows, there)
    else:
        return ""
    return _of(shown, there)


def _of(shown: int, there: int) -> str:
    return f"showing {number(shown)} of {number(there)}" if shown < there else ""


def _segments(result: Segments) -> str:
    """How many accounts each segment has and what they are worth, and where they were cut."""
    counts, worths, currency = result.counts(), result.value_by_segment(), result.context.currency
    told = [
        f"{spoken_name(name)}: {number(counts[name])} ({number(worths[name])} {currency})"
        for name in SEGMENTS
    ]
    if result.cut is None:
        return ", ".join(told)
    value = (
        Decimal(result.cut.value) if isinstance(result.cut.value, Decimal) else float(result.cut.value or 0)
    )
    return f"{', '.join(told)}; high from value {number(value)}, effort {number(result.cut.effort)}"


def _totals(result: Customers) -> str:
    """What the listed accounts come to."""
    told = [
        f"{spoken_name(name)} {number(value)}"
        for name, value in result.totals.items()
        if isinstance(value, Decimal)
    ]
    aligned = share(result.totals["alignment"])
    return f"listed together: {', '.join(told)}" + (f", alignment {aligned}" if aligned else "")


def left_out(result: Result) -> str:
    """What in scope was not used, and why."""
    return ", ".join(f"{reason} ({number(count)})" for reason, count in result.excluded.items())


def number(value: Any) -> str:
    """A number with its thousands parted; of a fraction no more digits than help."""
    manner = style()
    if manner is not None:
        return manner.number(value)
    if type(value) is int:
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, float | Fraction):
        value = float(value)
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:,}"


def short(value: float) -> str:
    """A number in three digits or so, for where there is little room: 3.5k."""
    manner = style()
    if manner is not None:
        return manner.short(value)
    size = abs(value)
    unit, scale = next(one for one in UNITS if size >= one[1] * 0.9995 or one[1] == 1)
    digits = 0 if size / scale >= 99.95 else 1
    told = f"{size / scale:.{digits}f}".removesuffix(".0") + unit
    return f"-{told}" if value < 0 else told


def month(label: str) -> tuple[str, str]:
    """A month, "2026-01", by its short name, and its year."""
    year, _, number = label.partition("-")
    manner = style()
    return (MONTHS[int(number) - 1] if manner is None else manner.month(int(number))), year


def share(value: float | None) -> str:
    if value is None:
        return ""
    manner = style()
    return f"{value:.1%}" if manner is None else manner.share(value)


def day(value: dt.date) -> str:
    manner = style()
    return value.isoformat() if manner is None else manner.day(value)


def money(value: Decimal, currency: str) -> tuple[str, str]:
    """An amount, and its currency where that does not stand in it already."""
    manner = style()
    return (number(value), currency) if manner is None else (manner.money(value, currency), "")


def spoken(word: Any) -> str:
    """A label as it is read: our own words without underscores, the data's own as they are."""
    if word is None:
        return MISSING
    return str(word).replace("_", " ") if word in ENUM_WORDS else str(word)


def cell(value: Any) -> str:
    """A cell of a listing. Whole numbers may be ids, so their digits are not parted."""
    if type(value) is str:
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | float):
        return number(value)
    return day(value) if isinstance(value, dt.date) else str(value)


def _unit(result: Result) -> str:
    unit = result.spec.unit
    money = isinstance(result, Amount) or _holds_money(result)
    named = unit == "currency" or isinstance(result, Cohorts)
    return result.context.currency if money and named else unit


def _holds_money(result: Result) -> bool:
    if isinstance(result, Breakdown | Tree):
        return isinstance(result.total, Decimal)
    if isinstance(result, Cohorts):
        return isinstance(result.left, Decimal)
    months = result.value.values() if isinstance(result, Monthly) else ()
    return any(isinstance(value, Decimal) for series in months for value in series.values())


def _changed(result: Trend) -> str:
    """Which way a trend goes, and how far: as a share of what was before, where that is something."""
    if not result.change:
        return ""
    by = number(abs(result.change)) if result.change_share is None else share(abs(result.change_share))
    return f" ({'▲' if result.change > 0 else '▼'} {by})"


def _sums(result: Monthly) -> dict[str, Any]:
    """The sums of the series over the months; of what is counted anew each month, the latest."""
    series = result.value
    if not result.adds_up:
        series = {name: dict([*months.items()][-1:]) for name, months in series.items()}
    return {name: sum(months.values()) for name, months in series.items()}


def _breakdown(result: Breakdown) -> Grid | None:
    shares = result.shares()
    lines = [(spoken(label), number(value), share(shares[label])) for label, value in result.value.items()]
    if not lines:
        return None
    measure = result.context.currency if _holds_money(result) else result.spec.unit
    return Grid(("label", measure, "share"), tuple(lines), (False, True, True))


def _tree(result: Tree) -> Grid | None:
    """Each tag with its share of the sum over tags, below it its items with theirs of the tag."""
    tags, shares, tag_shares = result.tags, result.shares(), result.tag_shares()
    named, lines = item_names(result), []
    for tag, items in result.value.items():
        lines.append(("untagged" if tag is None else tag, "", "", number(tags[tag]), share(tag_shares[tag])))
        lines += [
            ("", cell(item), named.get(item, ""), number(amount), share(shares[tag][item]))
            for item, amount in items.items()
        ]
    if not lines:
        return None
    names = ("tag", "item", "name", result.context.currency, "share")
    right = (False, False, False, True, True)
    return Grid(names, tuple(lines), right, ("total", "", "", number(result.total), ""))


def _crosstab(result: Crosstab) -> Grid | None:
    value, across = result.value, result.columns_total
    if not value:
        return None
    names = ("label", *map(spoken, across), "total")
    lines = [
        (spoken(label), *map(number, line.values()), number(result.rows_total[label]))
        for label, line in value.items()
    ]
    total = ("total", *map(number, across.values()), number(result.used))
    return Grid(names, tuple(lines), _right(names), total)


def _monthly(result: Monthly) -> Grid:
    series = result.value
    lines = [(month, *(number(months[month]) for months in series.values())) for month in result.months]
    total = ("total", *(number(sum(months.values())) for months in series.values()))
    names = ("month", *(_named(name, months.values(), result) for name, months in series.items()))
    return Grid(names, tuple(lines), _right(names), total if result.adds_up else None)


def _cohorts(result: Cohorts, rows: int) -> Grid | None:
    """The latest cohorts, the number of each and what is left of it after so many periods."""
    ages = dict([*result.ages().items()][-rows:] if rows else [])
    if not ages:
        return None
    oldest = min(max(map(len, ages.values())), rows + 1)
    names = ("cohort", *(f"+{age}" if age else "first" for age in range(oldest)))
    lines = [
        (cohort, *map(number, line[:oldest]), *[""] * (oldest - len(line))) for cohort, line in ages.items()
    ]
    return Grid(names, tuple(lines), _right(names))


def _listing(result: Listing, rows: int) -> Grid | None:
    lines = result.head(_limit(result, rows))
    if not lines:
        return None
    first, *others = zip(*lines, strict=True)
    columns = dict(zip(result.names[1:], others, strict=True))
    names = row_names(result, len(lines))
    if names is not None and "name" not in columns:
        columns = {"name": tuple(names)} | columns
    kinds = result._types
    texts = [
        points if name == "change" and "share_before" in columns
        else _TEXTS.get(name, _counted if kinds.get(name) == "number" else cell)
        for name in columns
    ]  # fmt: skip
    cells = [tuple(map(text, values)) for text, values in zip(texts, columns.values(), strict=True)]
    return Grid(
        (spoken_name(result.names[0]), *(_named(name, values, result) for name, values in columns.items())),
        tuple(zip(tuple(map(cell, first)), *cells, strict=True)),
        (False, *(_are_numbers(values) for values in columns.values())),
    )


def _counted(value: Any) -> str:
    """A number that is no id."""
    return "" if value is None or value != value else number(value)


def points(value: float | None) -> str:
    """By how much one share is more than another."""
    return "" if value is None or value != value else f"{number(round(value * 100, 1))} points"


def _placed(value: Any) -> str:
    return "" if value is None else spoken(value)


_TEXTS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("share", "share_before", "alignment", "coverage"), share),
    **dict.fromkeys(("segment", "health_band", "band"), _placed),
}
"""How the cells of some columns are told: shares in percent, our own words without underscores."""


def _limit(result: Listing, rows: int) -> int:
    return min(rows, result.value, rows if result.limit is None else result.limit)


def row_names(result: Listing, count: int) -> list[Any] | None:
    """The names of a listing's first rows, where there are any and the supplied rows are still at hand."""
    if result._rows is None:
        return None
    if isinstance(result, Groups):
        named = item_names(result)
        return [named.get(line[0]) for line in result.head(count)] if named else None
    table = result._rows.table
    if "name" not in table.table.source.column_names:
        return None
    names = supplied(table, "name", result._ordered(count))
    texts = [name if isinstance(name, str) else None for name in names]
    return texts if any(texts) else None


def supplied(table: ViewTable, column: str, index: Array) -> list[Any]:
    """The cells of a column as they came; of a small view all are fetched at once, since many numbers ask."""
    source = table.table.source
    if table.n > SMALL:
        return source.values(column, table.supplied(index))
    every = table.once(
        ("supplied", column), lambda: source.values(column, table.supplied(np.arange(table.n)))
    )
    return [every[row] for row in index.tolist()]


def item_names(result: Groups | Tree) -> dict[Any, str]:
    """The names of the stack's items by their ids, where what is shown is of items and their rows are at hand."""
    if result._rows is None or result.spec.counts != "stack_positions":
        return {}
    items = result._rows.table.view.stack_items
    every = np.arange(items.n)
    return dict(zip(items.ids(every), items.table.source.values("name", items.supplied(every)), strict=True))


def _named(name: str, values: Iterable[Any], result: Result) -> str:
    """A column's name, with the currency where it holds money."""
    money = any(isinstance(value, Decimal) for value in values)
    return f"{spoken_name(name)} ({result.context.currency})" if money else spoken_name(name)


@functools.lru_cache(1024)
def spoken_name(name: str) -> str:
    """A column's name as it is read."""
    return " ".join(word.upper() if word in ACRONYMS else word for word in name.split("_"))


def _are_numbers(values: Sequence[Any]) -> bool:
    return {type(value) for value in values} <= NUMBERS


def _right(names: tuple[str, ...]) -> tuple[bool, ...]:
    return (False, *(True for _ in names[1:]))
