"""Opportunity in two rings: tags inside, what carries them outside."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import altair as alt

from .drawing import Row, apart, counted, empty, finish, of, written
from .picture import Chart
from .stack import item_names
from .theme import GREY, INK, PALETTE, QUIET
from .words import Words

__all__ = ["rings"]

SIZE, HOLE, MIDDLE, OUTER = 560, 58, 118, 178
TURN = 2 * math.pi
NARROW = 0.012
"""Slices smaller than this share of the whole ring are drawn together."""
READABLE, BROAD = 0.03, 0.06


def rings(result: Any, words: Words) -> Chart:
    """Opportunity by tag inside and by item outside; what is not above zero cannot be drawn, and is told."""
    tree = result.value
    drawn = {tag: {item: money for item, money in inner.items() if money > 0} for tag, inner in tree.items()}
    drawn = {tag: inner for tag, inner in drawn.items() if inner}
    if not drawn:
        return empty(result, words, "No opportunity to show")
    whole = sum((sum(inner.values(), Decimal(0)) for inner in drawn.values()), Decimal(0))
    known, shares, tag_shares = item_names(result), result.shares(), result.tag_shares()
    tags = dict(zip(drawn, words.labels("untagged" if tag is None else tag for tag in drawn), strict=True))
    rows: list[Row] = []
    reached = 0.0
    for place, (tag, inner) in enumerate(drawn.items()):
        color = GREY if tag is None else PALETTE[place % len(PALETTE)]
        money = sum(inner.values(), Decimal(0))
        size = float(money / whole)
        inside = {"name": tags[tag], "tag": "", "color": color, "fade": 1.0}
        rows.append(
            _lettered(_slice(words, reached, size, result.tags[tag], tag_shares[tag]) | inside, words, money)
        )
        start = reached
        for step, (name, amount, share) in enumerate(_outer(inner, shares[tag], whole, known, words)):
            size_of = float(amount / whole)
            fade = max(0.45, 0.85 - 0.12 * step)
            outside = {"name": name, "tag": tags[tag], "color": color, "fade": fade}
            rows.append(_lettered(_slice(words, start, size_of, amount, share) | outside, words, amount))
            start += size_of
        reached += size
    apart(rows, 13)
    missing = sum(money <= 0 for inner in tree.values() for money in inner.values())
    said = [f"{words.number(result.total)} in all, each position once; tags inside, their items outside"]
    if missing:
        said.append(f"without {counted(words, missing, 'slices')} of no opportunity, or less than none")
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


def _slice(words: Words, start: float, size: float, money: Decimal, share: float | None) -> Row:
    """Where a slice begins and ends, and what it is worth."""
    return {
        "start": start * TURN, "end": (start + size) * TURN, "size": size, "value": float(money), "share": share,
        "told": f"{words.number(money)} · {words.share(share)}",
    }  # fmt: skip


def _lettered(row: Row, words: Words, money: Decimal) -> Row:
    """What is written in or at a slice, and where: nothing where it is too narrow."""
    inside = not row["tag"]
    middle = (row["start"] + row["end"]) / 2
    radius = (HOLE + MIDDLE) / 2 if inside else OUTER + 8
    side = "center" if inside else "left" if math.sin(middle) >= 0 else "right"
    text = row["name"] if inside else f"{row['name']} {words.short(money)}"
    return {
        **row, "ring": "tag" if inside else "item", "side": side,
        "x": SIZE / 2 + radius * math.sin(middle), "y": SIZE / 2 - 60 - radius * math.cos(middle),
        "text": text if row["size"] >= (BROAD if inside else READABLE) else "",
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
            "text": written("text"),
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
    layers.append(middle.encode(x=alt.value(SIZE / 2), y=alt.value(SIZE / 2 - 60), text=written("text")))
    return alt.layer(*layers).properties(width=SIZE, height=SIZE - 120)
