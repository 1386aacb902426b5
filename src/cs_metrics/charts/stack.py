"""The stack: what customers and items are worth, what is still to be had, and how much is aligned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import altair as alt
import numpy as np

from ..results import Listing
from .drawing import Row, apart, axis, empty, finish, merged, named, names, of
from .picture import Chart
from .theme import BLUE, GREY, INK, ORANGE, PALETTE, QUIET, SAND, SKY
from .words import Words

__all__ = ["customers", "items", "rings"]

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
    known = _item_names(result)
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
    shown = f"the first {words.number(len(lines))} of" if len(lines) < result.value else "all"
    sums = [
        f"{PARTS[name][1]} {words.number(sum((line[place] for line in lines), Decimal(0)))}"
        for name, place in places.items()
    ]
    said = [f"{shown} {words.number(result.value)} {result.spec.unit}: {', '.join(sums)}"]
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
        tooltip=[
            alt.Tooltip(field="label", title="of"), alt.Tooltip(field="part", title="part"),
            alt.Tooltip(field="told", title="amount"),
        ],
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
        tooltip=[alt.Tooltip(field="label", title="of"), alt.Tooltip(field="text", title="aligned")]
    )
    halo = base.mark_text(dy=-11, stroke="#ffffff", strokeWidth=3).encode(
        text=alt.Text(field="text", type="nominal")
    )
    text = base.mark_text(dy=-11, color=INK).encode(text=alt.Text(field="text", type="nominal"))
    over = alt.layer(line, dots, halo, text)
    return alt.layer(bars, over).resolve_scale(y="independent").properties(width=width, height=300)


def _item_names(result: Any) -> dict[Any, Any]:
    """The names of stack items by id, where they were supplied and are still at hand."""
    if result._rows is None:
        return {}
    items = result._rows.table.view.stack_items
    ids = items.labels
    found = named(items, np.arange(len(ids))) if ids else None
    return {one: name for one, name in zip(ids, found or [], strict=False) if name is not None}


# two rings ----------------------------------------------------------------------------------------------

SIZE, HOLE, MIDDLE, OUTER = 560, 58, 118, 178
TURN = 2 * math.pi
NARROW = 0.012
"""Slices smaller than this share of the whole ring are drawn together."""
READABLE = 0.03


def rings(result: Any, words: Words) -> Chart:
    """Opportunity by tag inside and by item outside; what is not above zero cannot be drawn, and is told."""
    tree = result.value
    drawn = {tag: {item: money for item, money in inner.items() if money > 0} for tag, inner in tree.items()}
    drawn = {tag: inner for tag, inner in drawn.items() if inner}
    if not drawn:
        return empty(result, words, "No opportunity to show")
    whole = sum((sum(inner.values(), Decimal(0)) for inner in drawn.values()), Decimal(0))
    known, shares, tag_shares = _item_names(result), result.shares(), result.tag_shares()
    tags = dict(zip(drawn, words.labels("untagged" if tag is None else tag for tag in drawn), strict=True))
    rows: list[Row] = []
    reached = 0.0
    for place, (tag, inner) in enumerate(drawn.items()):
        color = GREY if tag is None else PALETTE[place % len(PALETTE)]
        money = sum(inner.values(), Decimal(0))
        size = float(money / whole)
        rows.append(
            _slice(
                words,
                ring="tag",
                name=tags[tag],
                tag="",
                start=reached,
                size=size,
                money=result.tags[tag],
                share=tag_shares[tag],
                color=color,
                fade=1.0,
            )
        )
        start = reached
        for step, (name, amount, share) in enumerate(_outer(inner, shares[tag], whole, known, words)):
            size_of = float(amount / whole)
            fade = max(0.45, 0.85 - 0.12 * step)
            rows.append(
                _slice(
                    words,
                    ring="item",
                    name=name,
                    tag=tags[tag],
                    start=start,
                    size=size_of,
                    money=amount,
                    share=share,
                    color=color,
                    fade=fade,
                )
            )
            start += size_of
        reached += size
    apart(rows, 13)
    missing = sum(money <= 0 for inner in tree.values() for money in inner.values())
    said = [f"{words.number(result.total)} in all, each position once; tags inside, their items outside"]
    if missing:
        said.append(f"{words.number(missing)} slices with no opportunity, or less than none, are not drawn")
    middle = [{"text": words.short(result.total)}]
    return finish(result, words, _rings(), rows, said, middle=middle)


def _outer(
    inner: Any, shares: Any, whole: Decimal, known: Any, words: Words
) -> list[tuple[str, Decimal, float | None]]:
    """The slices of one tag: items that are large enough, and the others together."""
    large = [item for item, money in inner.items() if float(money / whole) >= NARROW]
    small = [item for item in inner if item not in set(large)]
    if len(small) == 1:
        large, small = [*inner], []
    texts = words.labels(known.get(item, item) for item in large)
    found = [(text, inner[item], shares[item]) for item, text in zip(large, texts, strict=True)]
    if small:
        rest = [shares[item] or 0.0 for item in small]
        found.append(
            (f"{words.number(len(small))} others", sum((inner[i] for i in small), Decimal(0)), sum(rest))
        )
    return found


def _slice(
    words: Words, *, ring: str, name: str, tag: str, start: float, size: float, money: Decimal,
    share: float | None, color: str, fade: float,
) -> Row:  # fmt: skip
    middle = (start + size / 2) * TURN
    radius = (HOLE + MIDDLE) / 2 if ring == "tag" else OUTER + 8
    right = math.sin(middle) >= 0
    told = f"{words.number(money)} · {words.share(share)}"
    text = (name if size >= 0.06 else "") if ring == "tag" else f"{name} {words.short(money)}"
    return {
        "ring": ring, "name": name, "tag": tag, "value": float(money), "share": share, "told": told,
        "start": start * TURN, "end": (start + size) * TURN,
        "x": SIZE / 2 + radius * math.sin(middle), "y": SIZE / 2 - 60 - radius * math.cos(middle),
        "side": "center" if ring == "tag" else "left" if right else "right",
        "text": text if ring == "tag" or size >= READABLE else "", "color": color, "fade": fade,
    }  # fmt: skip


def _rings() -> Any:
    layers: list[Any] = []
    for ring, low, high in (("tag", HOLE, MIDDLE), ("item", MIDDLE + 2, OUTER)):
        arcs = of().transform_filter({"field": "ring", "equal": ring})
        layers.append(arcs.mark_arc(innerRadius=low, outerRadius=high, stroke="#ffffff", strokeWidth=1.5).encode(
            theta=alt.Theta(field="start", type="quantitative", scale=None), theta2=alt.Theta2(field="end"),
            color=alt.Color(field="color", type="nominal", scale=None),
            opacity=alt.Opacity(field="fade", type="quantitative", scale=None),
            tooltip=[
                alt.Tooltip(field="name", title=ring), alt.Tooltip(field="tag", title="under"),
                alt.Tooltip(field="told", title="opportunity"),
            ],
        ))  # fmt: skip
    for side in ("center", "left", "right"):
        told = of().transform_filter({"field": "side", "equal": side})
        place = {
            "x": alt.X(field="x", type="quantitative", scale=None, axis=None),
            "y": alt.Y(field="y", type="quantitative", scale=None, axis=None),
            "text": alt.Text(field="text", type="nominal"),
        }
        if side == "center":
            layers.append(
                told.mark_text(stroke="#ffffff", strokeWidth=3, fontSize=11, limit=90).encode(**place)
            )
        layers.append(
            told.mark_text(
                align=side, baseline="middle", color=INK, limit=90 if side == "center" else 190
            ).encode(**place)
        )
    middle = of("middle").mark_text(fontSize=20, fontWeight=600, color=QUIET)
    layers.append(
        middle.encode(
            x=alt.value(SIZE / 2), y=alt.value(SIZE / 2 - 60), text=alt.Text(field="text", type="nominal")
        )
    )
    return alt.layer(*layers).properties(width=SIZE, height=SIZE - 120)
