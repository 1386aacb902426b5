"""Two-way counts as stacked bars, and numbers by month."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import altair as alt

from ..results import Crosstab, Monthly
from .drawing import WIDTH, Row, axis, counted, empty, finish, of, room, tips, written
from .picture import Chart
from .theme import BLUE, INK, tones
from .words import Words

__all__ = ["MONTH", "crosstab", "monthly"]

MOST = 30
STEP = 30
FITS = 0.05
"""A part of a bar that is at least so large, of the longest, has room for its number."""
MONTH = (
    "slice(datum.value, 5) == '01' || datum.index == 0"
    " ? [utcFormat(toDate(datum.value + '-01'), '%b'), slice(datum.value, 0, 4)]"
    " : utcFormat(toDate(datum.value + '-01'), '%b')"
)
"""How the axis shows a month, "2026-01": by its name, with the year where a year begins."""


def crosstab(result: Crosstab, words: Words, *, limit: int = MOST) -> Chart:
    """A bar a row, stacked by column; the largest `limit` rows where there are more."""
    value = result.value
    if not value:
        return empty(result, words, f"No {result.spec.unit} to show")
    totals = result.rows_total
    kept = list(value)
    if len(kept) > limit:
        kept = sorted(kept, key=lambda row: -totals[row])[:limit]
    across = list(result.columns_total)
    styles = tones(across)
    columns = [styles[c].on(t) for c, t in zip(across, words.labels(across), strict=True)]
    downs = words.labels(kept)
    most = max(totals[row] for row in kept) or 1
    rows: list[Row] = [
        {
            "row": down,
            "column": column,
            "order": place,
            "value": value[row][label],
            "share": value[row][label] / totals[row] if totals[row] else None,
            "told": _told(words, value[row][label], totals[row]),
            "text": _inside(words, styles[label].sign, value[row][label], most),
            "ink": styles[label].ink,
        }
        for row, down in zip(kept, downs, strict=True)
        for place, (label, column) in enumerate(zip(across, columns, strict=True))
    ]
    ends = [
        {"row": d, "value": totals[r], "text": words.number(totals[r])}
        for r, d in zip(kept, downs, strict=True)
    ]
    said = [counted(words, result.total, result.spec.unit)]
    if len(kept) < len(value):
        said.append(f"the largest {words.number(limit)} of {words.number(len(value))} are drawn")
    colors = [styles[label].color for label in across]
    drawing = _stacked(result, downs, columns, colors, most)
    return finish(result, words, drawing, rows, said, ends=ends)


def _stacked(result: Crosstab, downs: list[str], columns: list[str], colors: list[str], most: int) -> Any:
    y = alt.Y(
        field="row", type="nominal", sort=None, scale=alt.Scale(domain=downs), title=None,
        axis=alt.Axis(ticks=False, domain=False),
    )  # fmt: skip
    scale = alt.Scale(domain=room([most], 0.1), nice=False)
    x = {"field": "value", "type": "quantitative", "scale": scale}
    order = alt.Order(field="order", type="quantitative")
    shown = axis(result, money=False, title=result.spec.unit)
    bars = of().mark_bar(height={"band": 0.76}, stroke="#ffffff", strokeWidth=1).encode(
        y=y, x=alt.X(stack="zero", axis=shown, **x), order=order,
        color=alt.Color(
            field="column", type="nominal", title=None,
            scale=alt.Scale(domain=columns, range=colors), legend=alt.Legend(columns=4),
        ),
        tooltip=tips(row="label", column="part", told="number"),
    )  # fmt: skip
    inside = of().mark_text().encode(
        y=y, x=alt.X(stack="zero", bandPosition=0.5, **x), order=order,
        text=written("text"), color=alt.Color(field="ink", type="nominal", scale=None),
        detail=alt.Detail(field="order", type="nominal"),
    )  # fmt: skip
    ends = of("ends").mark_text(align="left", dx=5, color=INK, fontWeight=600)
    ends = ends.encode(y=y, x=alt.X(**x), text=written("text"))
    layers = alt.layer(bars, inside, ends).resolve_scale(color="independent")
    return layers.properties(width=WIDTH, height=alt.Step(STEP))


def _inside(words: Words, sign: str, count: int, most: int) -> str:
    """What stands within a part of a bar, where there is room: its sign and number."""
    if count / most < FITS:
        return ""
    text = words.short(count)
    return f"{sign} {text}" if sign and count / most >= 2 * FITS else text


def _told(words: Words, count: int, total: int) -> str:
    return f"{words.number(count)} · {words.share(count / total)}" if total else words.number(count)


def monthly(result: Monthly, words: Words) -> Chart:
    """Standing bars by month, side by side where there are several series."""
    value, months = result.value, result.months
    if not months:
        return empty(result, words, "No month to show")
    money = any(isinstance(n, Decimal) for line in value.values() for n in line.values())
    styles = tones(value)
    names = [styles[s].on(t) for s, t in zip(value, words.labels(value), strict=True)]
    tell = words.short if money else words.number
    rows: list[Row] = [
        {
            "month": month,
            "series": name,
            "value": float(number),
            "text": tell(number) if number and len(months) * len(value) <= 26 else "",
            "told": words.number(number),
        }
        for (series, line), name in zip(value.items(), names, strict=True)
        for month, number in line.items()
    ]
    if not any(row["value"] for row in rows):
        return empty(result, words, f"Nothing in the {words.number(len(months))} months to {months[-1]}")
    said = [_sums(result, words, money)]
    colors = [styles[s].color for s in value] if len(value) > 1 else [BLUE]
    return finish(result, words, _columns(result, rows, names, colors, money), rows, said)


def _columns(result: Monthly, rows: list[Row], names: list[str], colors: list[str], money: bool) -> Any:
    several = len(names) > 1
    shown = axis(result, money=money, title=result.context.currency if money else result.spec.unit)
    base = of().encode(
        x=alt.X(
            field="month", type="ordinal", sort=None, title=None, scale=alt.Scale(domain=result.months),
            axis=alt.Axis(labelExpr=MONTH, labelAngle=0, ticks=False, labelOverlap=True),
        ),
        y=alt.Y(
            field="value", type="quantitative", axis=shown,
            scale=alt.Scale(domain=room([row["value"] for row in rows], 0.1), nice=False),
        ),
        tooltip=tips(month="month", series="series", told="number"),
    )  # fmt: skip
    if several:
        base = base.encode(
            xOffset=alt.XOffset(field="series", type="nominal", sort=None, scale=alt.Scale(domain=names))
        )
    legend = alt.Legend() if several else None
    bars = base.mark_bar(width={"band": 0.86}).encode(
        color=alt.Color(
            field="series", type="nominal", title=None, legend=legend,
            scale=alt.Scale(domain=names, range=colors),
        )
    )  # fmt: skip
    below = "datum.value < 0 ? {} : {}"
    text = base.mark_text(dy={"expr": below.format(9, -7)}, fontSize=10, color=INK)
    text = text.encode(text=written("text"))
    return alt.layer(bars, text).properties(width=max(WIDTH, min(24 * len(result.months), 1200)), height=260)


def _sums(result: Monthly, words: Words, money: bool) -> str:
    """The sums of the series over the months; of what is counted anew each month, the latest."""
    told = []
    for name, line in result.value.items():
        numbers = list(line.values())[0 if result.adds_up else -1 :]
        total = sum(numbers)
        one = words.number(total) if money else counted(words, total, result.spec.unit)
        told.append(one if len(result.value) == 1 else f"{words.number(total)} {words.labels([name])[0]}")
    span = "" if result.adds_up else f" at the end of {result.months[-1]}"
    return ", ".join(told) + span
