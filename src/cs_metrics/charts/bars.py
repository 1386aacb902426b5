"""Bars: numbers by label, top lists, how scores are spread, who moved to another band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import altair as alt

from ..results import Breakdown, Groups, Listing
from .drawing import WIDTH, Row, axis, counted, empty, finish, of, room, tips, written
from .picture import Chart
from .theme import BLUE, INK, Tone, tones
from .words import Words

__all__ = ["breakdown", "changes", "forecast", "groups", "labelled", "scores"]

MOST = 30
STEP = 28


def breakdown(result: Breakdown, words: Words, *, limit: int = MOST) -> Chart:
    """A bar a label, with its number and its share of the total; the largest `limit` where there are more."""
    value = result.value
    if not any(value.values()):
        return empty(result, words, f"No {_unit(result)} to show")
    styles = tones(value)
    if not all(tone.sign for tone in styles.values()):  # things without an order: one colour for all
        styles = {label: tone if label is None else Tone(BLUE) for label, tone in styles.items()}
    shown, notes = _largest(value, limit, words)
    return labelled(result, words, shown, styles, notes=notes)


def labelled(
    result: Breakdown,
    words: Words,
    shown: Mapping[Any, Any],
    styles: Mapping[Any, Tone],
    *,
    notes: Sequence[str] = (),
    missing: str | None = None,
) -> Chart:
    """Bars of these buckets in these looks; `missing` is what the missing one is called."""
    shares = result.shares()
    texts = words.labels(missing if label is None and missing else label for label in shown)
    rows: list[Row] = [
        {
            "label": styles[label].on(text),
            "value": float(shown[label]),
            "share": shares[label],
            "text": _beside(words, shown[label], shares[label]),
            "color": styles[label].color,
        }
        for label, text in zip(shown, texts, strict=True)
    ]
    money = _is_money(result)
    whole = words.number(result.total)
    total = f"{whole} in all" if money else counted(words, result.total, result.spec.unit)
    return finish(result, words, _bars(result, rows, money), rows, [total, *notes])


def forecast(result: Breakdown, words: Words) -> Chart:
    """What is due, what became of it, and what is to be expected."""
    value = result.value
    styles = tones(value)
    rows: list[Row] = [
        {
            "label": styles[label].on(text),
            "value": float(amount),
            "text": words.number(amount),
            "color": styles[label].color,
        }
        for (label, amount), text in zip(value.items(), words.labels(value), strict=True)
    ]
    if not any(row["value"] for row in rows):
        return empty(result, words, "Nothing is due in these days")
    return finish(result, words, _bars(result, rows, True), rows, [f"{words.number(result.total)} due"])


def groups(result: Groups, words: Words, *, limit: int | None = None) -> Chart:
    """A bar a group, by the first amount that stands beside it, else by its share, else by the first number."""
    lines = result.head(limit if limit is not None else result.limit if result.limit is not None else MOST)
    kinds = result._types
    column = next((n for n in kinds if kinds[n] == "amount"), None) or (
        "share" if "share" in kinds else next((n for n in kinds if kinds[n] == "number"), None)
    )
    if not lines or column is None:
        return empty(result, words, f"No {_unit(result)} to show")
    place, share = result.names.index(column), column == "share"
    rows: list[Row] = [
        {
            "label": text,
            "value": float(line[place] or 0),
            "text": words.share(line[place]) or "no value" if share else words.number(line[place]),
            "color": BLUE,
        }
        for line, text in zip(lines, words.labels(line[0] for line in lines), strict=True)
    ]
    told = f"{column.upper() if column == 'mrr' else column} · {_cut(words, len(lines), result.value)}"
    drawing = _bars(result, rows, kinds[column] == "amount", share=share)
    return finish(result, words, drawing, rows, [told])


def scores(result: Listing, words: Words) -> Chart:
    """How many accounts have which score, in steps of 10; 100 is in the last one."""
    if not result.value:
        return empty(result, words, "No account has a score")
    place = result.names.index("score")
    found = [0] * 10
    for line in result.head(result.value):
        found[min(int(line[place] // 10), 9)] += 1
    rows: list[Row] = [
        {
            "from": step * 10,
            "to": step * 10 + 10,
            "value": count,
            "text": words.number(count) if count else "",
        }
        for step, count in enumerate(found)
    ]
    base = of().encode(
        x=alt.X(field="from", type="quantitative", bin="binned", axis=alt.Axis(title="score", tickMinStep=10)),
        y=alt.Y(
            field="value", type="quantitative", scale=alt.Scale(domain=room(found, 0.1), nice=False),
            axis=axis(result, money=False, title=result.spec.unit),
        ),
    )  # fmt: skip
    bars = base.mark_bar(color=BLUE, binSpacing=2).encode(x2=alt.X2(field="to"))
    middle = alt.X(field="middle", type="quantitative")
    for row in rows:
        row["middle"] = row["from"] + 5
    told = base.mark_text(dy=-8, color=INK).encode(x=middle, text=written("text"))
    drawing = alt.layer(bars, told).properties(width=WIDTH, height=240)
    return finish(result, words, drawing, rows, [counted(words, result.value, result.spec.unit)])


def changes(result: Any, words: Words) -> Chart:
    """Who moved from which band to which, what improved and what declined."""
    value = result.value
    heading = " · ".join(f"{tones(value)[way].on(way)} {words.number(count)}" for way, count in value.items())
    if not result.moves:
        return empty(result, words, "Nobody moved to another band")
    heights = _heights(result)
    rows: list[Row] = []
    for (old, new), count in result.moves.items():
        way = "improved" if heights[new] > heights[old] else "declined"
        tone = tones(value)[way]
        before, after = (words.labels([band])[0] for band in (old, new))
        rows.append(
            {
                "label": tone.on(f"{before} → {after}"),
                "value": count,
                "text": words.number(count),
                "color": tone.color,
            }
        )
    rows.sort(key=lambda row: (row["label"][0], -row["value"]))
    return finish(result, words, _bars(result, rows, False), rows, [heading])


def _heights(result: Any) -> dict[str, float]:
    """The lower bound of each band of the model with which the result was made."""
    model = result.spec.options["model"]
    bands = model["bands"] if isinstance(model, dict) else model.bands
    return {band: float(ends[0]) for band, ends in bands.items()}


def _bars(result: Any, rows: list[Row], money: bool, *, share: bool = False) -> Any:
    """Lying bars in the order of the rows, their numbers beside them."""
    order = [row["label"] for row in rows]
    unit = "share" if share else result.context.currency if money else result.spec.unit
    shown = axis(result, money=money, title=unit)
    if share:
        shown = alt.Axis(format="~%", title=unit, tickCount=5)
    base = of().encode(
        y=alt.Y(
            field="label", type="nominal", sort=None, scale=alt.Scale(domain=order), title=None,
            axis=alt.Axis(ticks=False, domain=False),
        ),
        x=alt.X(
            field="value", type="quantitative",
            scale=alt.Scale(domain=room([row["value"] for row in rows], 0.3), nice=False),
            axis=shown,
        ),
        tooltip=tips(label="label", text="number"),
    )  # fmt: skip
    bars = base.mark_bar(height={"band": 0.72}).encode(
        color=alt.Color(field="color", type="nominal", scale=None)
    )
    below = "datum.value < 0 ? {} : {}"
    text = base.mark_text(
        align={"expr": below.format("'right'", "'left'")}, dx={"expr": below.format(-5, 5)}, color=INK
    ).encode(text=written("text"))
    return alt.layer(bars, text).properties(width=WIDTH, height=alt.Step(STEP))


def _largest(value: dict[Any, Any], limit: int, words: Words) -> tuple[dict[Any, Any], list[str]]:
    """The buckets that are drawn, all or the largest, and what is to be said of the others."""
    if len(value) <= limit:
        return value, []
    keep = dict(sorted(value.items(), key=lambda item: -item[1])[:limit])
    return keep, [f"the largest {words.number(limit)} of {words.number(len(value))} are drawn"]


def _beside(words: Words, value: Any, share: float | None) -> str:
    return words.number(value) if share is None else f"{words.number(value)} · {words.share(share)}"


def _cut(words: Words, shown: int, there: int) -> str:
    if shown < there:
        return f"the first {words.number(shown)} of {words.number(there)}"
    return f"all {words.number(there)}"


def _unit(result: Any) -> str:
    return "amounts" if result.spec.unit == "currency" else str(result.spec.unit)


def _is_money(result: Breakdown) -> bool:
    return isinstance(result.total, Decimal)
