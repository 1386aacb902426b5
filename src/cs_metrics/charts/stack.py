"""The stack: what customers and items are worth, what is still to be had, and how much is aligned."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import altair as alt
import numpy as np

from ..results import Listing
from .drawing import Row, axis, counted, empty, finish, merged, named, names, of, tips, written
from .picture import Chart
from .theme import BLUE, INK, ORANGE, SAND, SKY
from .words import Words

__all__ = ["customers", "item_names", "items"]

PARTS = {
    "mrr": ("current", "MRR", BLUE),
    "non_recurring": ("current", "non-recurring", SKY),
    "mrr_opportunity": ("opportunity", "MRR opportunity", ORANGE),
    "non_recurring_opportunity": ("opportunity", "non-recurring opportunity", SAND),
}
MOST = 20


def customers(result: Listing, words: Words, *, limit: int | None = None) -> Chart:
    """Of each account what it pays and what is to be had, beside each other, with the line of its alignment."""
    lines = result.head(_cut(result, limit))
    if not lines:
        return empty(result, words, "No account has a position that applies")
    return _stack(result, words, lines, merged([line[0] for line in lines], names(result, len(lines))))


def items(result: Listing, words: Words, *, limit: int | None = None) -> Chart:
    """Of each stack item what it brings and what is to be had, with the line of its alignment."""
    lines = result.head(_cut(result, limit))
    if not lines:
        return empty(result, words, "No stack item applies to anybody in view")
    known = item_names(result)
    return _stack(result, words, lines, [known.get(line[0], line[0]) for line in lines])


def _cut(result: Listing, limit: int | None) -> int:
    """How many are drawn: what the listing shows, but never more than fit."""
    return min(MOST, *(cut for cut in (result.limit, limit) if cut is not None), result.value)


def _stack(result: Listing, words: Words, lines: Sequence[Sequence[Any]], told: Sequence[Any]) -> Chart:
    places = {name: result.names.index(name) for name in PARTS if name in result.names}
    share = result.names.index("alignment")
    texts = words.labels(told)
    rows: list[Row] = [
        {
            "label": text, "when": PARTS[name][0], "part": PARTS[name][1], "order": order,
            "value": float(line[place]), "told": words.number(line[place]),
        }
        for line, text in zip(lines, texts, strict=True)
        for order, (name, place) in enumerate(places.items())
    ]  # fmt: skip
    aligned: list[Row] = [
        {"label": text, "alignment": line[share], "text": words.share(_rounded(line[share]))}
        for line, text in zip(lines, texts, strict=True)
    ]
    shown = f"the first {words.number(len(lines))} of " if len(lines) < result.value else ""
    sums = [
        f"{PARTS[name][1]} {words.number(sum((line[place] for line in lines), Decimal(0)))}"
        for name, place in places.items()
    ]
    said = [f"{shown}{counted(words, result.value, result.spec.unit)}: {', '.join(sums)}"]
    chosen = [PARTS[name] for name in places]
    drawing = _columns(result, texts, chosen)
    return finish(result, words, drawing, rows, said, aligned=aligned)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 2)


def _columns(result: Listing, order: list[str], parts: list[tuple[str, str, str]]) -> Any:
    width = max(420, 86 * len(order))
    x = alt.X(
        field="label", type="nominal", sort=None, scale=alt.Scale(domain=order), title=None,
        axis=alt.Axis(labelAngle=-30 if len(order) > 4 else 0, labelLimit=140, ticks=False),
    )  # fmt: skip
    bars = of().mark_bar(width={"band": 0.9}).encode(
        x=x,
        xOffset=alt.XOffset(
            field="when", type="nominal", sort=None, scale=alt.Scale(domain=["current", "opportunity"])
        ),
        y=alt.Y(
            field="value", type="quantitative", stack="zero",
            axis=axis(result, money=True, title=f"current and opportunity ({result.context.currency})"),
        ),
        order=alt.Order(field="order", type="quantitative"),
        color=alt.Color(
            field="part", type="nominal", title=None, legend=alt.Legend(),
            scale=alt.Scale(domain=[part for _, part, _ in parts], range=[color for _, _, color in parts]),
        ),
        tooltip=tips(label="of", part="part", told="amount"),
    )  # fmt: skip
    share = alt.Y(
        field="alignment", type="quantitative", scale=alt.Scale(domain=[0, 1.08], nice=False),
        axis=alt.Axis(
            format=".0%", title="aligned (line)", orient="right", values=[0, 0.25, 0.5, 0.75, 1], grid=False
        ),
    )  # fmt: skip
    base = of("aligned").encode(x=x, y=share)
    line = base.mark_line(color=INK, strokeWidth=1.5, strokeDash=[4, 3])
    dots = base.mark_point(color=INK, fill="#ffffff", size=46, opacity=1).encode(
        tooltip=tips(label="of", text="aligned")
    )
    halo = base.mark_text(dy=-11, stroke="#ffffff", strokeWidth=3).encode(text=written("text"))
    text = base.mark_text(dy=-11, color=INK).encode(text=written("text"))
    over = alt.layer(line, dots, halo, text)
    return alt.layer(bars, over).resolve_scale(y="independent").properties(width=width, height=300)


def item_names(result: Any) -> dict[Any, Any]:
    """The names of stack items by id, where they were supplied and are still at hand."""
    if result._rows is None:
        return {}
    items = result._rows.table.view.stack_items
    ids = items.labels
    found = named(items, np.arange(len(ids))) if ids else None
    return {one: name for one, name in zip(ids, found or [], strict=False) if name is not None}
