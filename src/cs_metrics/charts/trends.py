"""A number now against before: how large, which way, and by how much."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import altair as alt

from ..results import Ratio, Trend
from .drawing import Row, finish, of, room, tips, written
from .picture import Chart
from .theme import BLUE, INK, QUIET, SKY
from .words import Words

__all__ = ["trend"]

WIDTH = 360


def trend(result: Trend, words: Words) -> Chart:
    """The number now with an arrow and the change, over bars for now and before."""
    now, before = result.current, result.previous
    is_share = isinstance(now, Ratio) and result.spec.unit.startswith(("share", "of "))
    tell = words.share if is_share else words.number
    rows: list[Row] = [
        {
            "when": when,
            "value": None if half.value is None else float(half.value),
            "at": 0.0 if half.value is None else float(half.value),
            "text": "no value" if half.value is None else tell(half.value),
            "color": color,
        }
        for when, half, color in (("now", now, BLUE), ("before", before, SKY))
    ]
    unit = result.context.currency if isinstance(now.value, Decimal) else result.spec.unit
    headline = [{"text": rows[0]["text"], "change": _change(result, words, is_share), "unit": unit}]
    y = alt.Y(
        field="when", type="nominal", sort=None, scale=alt.Scale(domain=["now", "before"]), title=None,
        axis=alt.Axis(ticks=False, domain=False),
    )  # fmt: skip
    base = of().encode(
        y=y,
        x=alt.X(
            field="at", type="quantitative", axis=None,
            scale=alt.Scale(domain=room([row["at"] for row in rows], 0.35), nice=False),
        ),
        tooltip=tips(when="when", text="number"),
    )  # fmt: skip
    bars = base.mark_bar(height={"band": 0.72}).encode(
        color=alt.Color(field="color", type="nominal", scale=None)
    )
    told = base.mark_text(align="left", dx=5, color=INK).encode(text=written("text"))
    below = alt.layer(bars, told).properties(width=WIDTH, height=alt.Step(30))
    drawing = alt.vconcat(_headline(), below, spacing=8)
    return finish(result, words, drawing, rows, (), headline=headline)


def _headline() -> Any:
    big = of("headline").mark_text(align="left", fontSize=30, fontWeight=600, baseline="middle", color=INK)
    big = big.encode(x=alt.value(0), y=alt.value(18), text=written("text"))
    unit = of("headline").mark_text(align="right", fontSize=12, baseline="middle", color=QUIET)
    unit = unit.encode(x=alt.value(WIDTH), y=alt.value(10), text=written("unit"))
    change = of("headline").mark_text(
        align="right", fontSize=13, baseline="middle", color=INK, fontWeight=600
    )
    change = change.encode(x=alt.value(WIDTH), y=alt.value(28), text=written("change"))
    return alt.layer(big, unit, change).properties(width=WIDTH, height=40)


def _change(result: Trend, words: Words, is_share: bool) -> str:
    """An arrow, the share by which it changed where there was something, and by how much."""
    change, share = result.change, result.change_share
    if change is None:
        return "cannot be compared"
    if not change:
        return "= as before"
    arrow, sign = ("▲", "+") if change > 0 else ("▼", "−")
    if is_share:
        return f"{arrow} {sign}{words.number(round(abs(change) * 100, 1))} points"
    by = words.signed(change)
    return f"{arrow} {sign}{words.share(abs(share))} ({by})" if share is not None else f"{arrow} {by}"
