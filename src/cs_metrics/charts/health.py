"""Health: how many accounts are how well, and what is to be had from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import altair as alt

from ..results import Breakdown
from .bars import breakdown, labelled
from .drawing import Row, apart, counted, empty, finish, of, tips, written
from .picture import Chart
from .theme import INK, QUIET, Tone, banded
from .words import Words

__all__ = ["bands_of", "donut", "opportunity"]

WIDTH, HEIGHT, OUTER, INNER = 520, 300, 118, 74
HOVERED = "length(data('hovered_store')) > 0"


def bands_of(model: Any) -> dict[Any, Tone]:
    """How the bands of a health model look, from the lowest to the highest."""
    bands = model["bands"] if isinstance(model, Mapping) else model.bands
    return banded(sorted(bands, key=lambda band: bands[band][0]))


def donut(result: Breakdown, words: Words) -> Chart:
    """Accounts by health band in a ring, how many there are in its middle; pointed at, those of one band."""
    value = result.value
    if not result.total:
        return empty(result, words, f"No {result.spec.unit} in view")
    if any(number < 0 for number in value.values()):
        return breakdown(result, words)
    rows = _slices(result, words)
    apart(rows, 16)
    none = [row["band"] for row in rows if not row["value"]]
    said = [counted(words, result.total, result.spec.unit), f"none: {', '.join(none)}" if none else ""]
    middle_text = [{"text": words.number(result.total), "unit": result.spec.unit}]
    return finish(
        result,
        words,
        _ring(2 if sum(row["value"] > 0 for row in rows) > 1 else 0),
        rows,
        said,
        middle=middle_text,
    )


def _slices(result: Breakdown, words: Words) -> list[Row]:
    """A slice a band: where it begins and ends, what stands beside it, and where."""
    value = result.value
    styles, shares = bands_of(result.spec.options["model"]), result.shares()
    texts = [styles[band].on(_band(band, words)) for band in value]
    rows: list[Row] = []
    reached = 0.0
    for band, text in zip(value, texts, strict=True):
        share = shares[band] or 0.0
        middle = (reached + share / 2) * 2 * math.pi
        rows.append(
            {
                "band": text,
                "value": float(value[band]),
                "share": shares[band],
                "start": reached * 2 * math.pi,
                "end": (reached + share) * 2 * math.pi,
                "x": WIDTH / 2 + (OUTER + 14) * math.sin(middle),
                "y": HEIGHT / 2 - (OUTER + 14) * math.cos(middle),
                "side": "left" if math.sin(middle) >= 0 else "right",
                "text": f"{text}: {words.number(value[band])} ({words.share(shares[band])})"
                if value[band]
                else "",
                "told": words.number(value[band]),
                "color": styles[band].color,
            }
        )
        reached += share
    return rows


def opportunity(result: Breakdown, words: Words) -> Chart:
    """What is to be had, by health band; what accounts without a score offer as well."""
    if not any(result.value.values()):
        return empty(result, words, "No opportunity to show")
    return labelled(result, words, result.value, bands_of(result.spec.options["model"]), missing="unscored")


def _band(band: Any, words: Words) -> str:
    return "unscored" if band is None else words.labels([band])[0].replace("_", " ")


def _ring(gap: float) -> Any:
    hovered = alt.selection_point(name="hovered", on="pointerover", clear="pointerout", fields=["band"])
    ring = of().mark_arc(outerRadius=OUTER, innerRadius=INNER, stroke="#ffffff", strokeWidth=gap).encode(
        theta=alt.Theta(field="start", type="quantitative", scale=None),
        theta2=alt.Theta2(field="end"),
        color=alt.Color(field="color", type="nominal", scale=None),
        tooltip=tips(band="health", told="accounts"),
    ).add_params(hovered)  # fmt: skip
    layers = [ring]
    for side in ("left", "right"):
        told = (
            of().transform_filter({"field": "side", "equal": side}).mark_text(align=side, baseline="middle")
        )
        layers.append(told.encode(
            x=alt.X(field="x", type="quantitative", scale=None, axis=None),
            y=alt.Y(field="y", type="quantitative", scale=None, axis=None),
            text=written("text"),
        ))  # fmt: skip
    total = of("middle").encode(opacity={"condition": {"test": HOVERED, "value": 0}, "value": 1})
    one = of().transform_filter({"param": "hovered", "empty": False})
    for chart, number, unit in ((total, "text", "unit"), (one, "told", "band")):
        place = {"x": alt.value(WIDTH / 2)}
        layers.append(chart.mark_text(fontSize=30, fontWeight=600, color=INK).encode(
            y=alt.value(HEIGHT / 2 - 6), text=written(number), **place))  # fmt: skip
        layers.append(chart.mark_text(fontSize=12, color=QUIET).encode(
            y=alt.value(HEIGHT / 2 + 18), text=written(unit), **place))  # fmt: skip
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
