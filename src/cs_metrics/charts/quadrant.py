"""Customer segments: value to the right, effort upwards, health as colour and shape, size by employees."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from ..render.scales import across, skew, skewed_ticks, step
from .drawing import Row, axis, empty, finish, merged, names, of, written
from .health import bands_of
from .picture import Chart
from .theme import GREY, INK, QUIET, Tone
from .words import Words, clean

__all__ = ["quadrant"]

WIDTH, HEIGHT = 640, 440
CORNERS = {
    "high_value_low_effort": ("right", WIDTH - 8, HEIGHT - 10),
    "high_value_high_effort": ("right", WIDTH - 8, 14),
    "low_value_low_effort": ("left", 8, HEIGHT - 10),
    "low_value_high_effort": ("left", 8, 14),
}
TITLES = {"mrr": "value: MRR ({})", "mrr_per_seat": "value: MRR per seat ({})"}
SHAPES = {
    "■": "square",
    "▼": "triangle-down",
    "►": "triangle-right",
    "▲": "triangle-up",
    "●": "circle",
    "○": "cross",
}
CROWD, FEW, NAMED = 1_500, 100, 12
"""More accounts than these are drawn together where they lie together; so few are drawn larger; named."""
COLUMNS, LINES = 32, 22
DOT, LEAST, LARGEST = 70.0, 0.4, 8.0


def quadrant(result: Any, words: Words, *, switch: bool = True) -> Chart:
    """Accounts by value and effort, with the lines at which they are cut and the names of the quarters.

    In a page one can switch to the other value, MRR or MRR per seat, cut in the same way, and sizes off;
    `switch=False`, and a picture of thresholds that were given, keep to the one.
    """
    if not result.value:
        return empty(result, words, "No account has both a value and an effort")
    mode = result.spec.options["value"]
    shown = {mode: result} | (_other(result) if switch else {})
    styles = bands_of(result.spec.options["health"])
    skewed = skew([float(line[1]) for line in result.head(result.value)])
    sets = {name: _dots(one, words, name, styles, skewed) for name, one in shown.items()}
    for rows in sets.values():
        _name(rows, skewed)
    rows = sets[mode]
    corners = [_corner(words, name, one, skewed) for name, one in shown.items()]
    bands = [styles[band].on(_said(band)) for band in _present(shown, styles)]
    tone = dict(zip(bands, (styles[band] for band in _present(shown, styles)), strict=True))
    drawing = _drawing(result, sets=sets, tone=tone, skewed=skewed, mode=mode, named=len(rows) <= NAMED)
    crowd = [row for row in rows if row["accounts"] > 1]
    said = [_head(result, words, rows, crowd)]
    told = {"rows": [row for one in sets.values() for row in one], "corners": corners}
    return finish(result, words, drawing, rows, said, **told)


def _head(result: Any, words: Words, rows: Sequence[Row], crowd: Sequence[Row]) -> str:
    placed = f"{words.number(result.value)} accounts" if result.value != 1 else f"{words.number(1)} account"
    if result.value > CROWD and crowd:
        return (
            f"{placed} in {words.number(len(rows))} dots: accounts of one health that lie together are drawn as one,"
            " sized by how many"
        )
    return f"{placed}; size: employees against the mean, medium where unknown"


def _other(result: Any) -> dict[str, Any]:
    """The same segments by the other value, where the view is at hand and the cut is not given in this one's."""
    if result._rows is None or "_origin" not in result.__dict__ or result.spec.options["cut"].kind == "at":
        return {}
    metric, options, view = result.__dict__["_origin"]
    other = "mrr" if result.spec.options["value"] == "mrr_per_seat" else "mrr_per_seat"
    found = metric.compute(view, **{**options, "value": other})
    return {other: found} if found.value else {}


def _present(shown: Mapping[str, Any], styles: Mapping[Any, Tone]) -> list[Any]:
    """The model's bands, from the lowest; unscored only where somebody is."""
    place = next(iter(shown.values())).names.index("health_band")
    none = any(line[place] is None for one in shown.values() for line in one.head(one.value))
    return [band for band in styles if band is not None] + ([None] if none else [])


def _said(band: Any) -> str:
    return "unscored" if band is None else clean(str(band).replace("_", " "))


def _ticks(sets: Mapping[str, list[Row]], constant: float) -> str:
    """Where the ticks of a logarithmic axis stand, by the value shown: 0 and round numbers, not too close."""
    found = []
    for mode, rows in sets.items():
        low, high = min(row["x"] for row in rows), max(row["x"] for row in rows)
        ticks = skewed_ticks(low, high, constant, 0.07)
        found.append(f"shown === '{mode}' ? {json.dumps(ticks)}")
    return f"{' : '.join(found)} : []"


def _dots(
    result: Any, words: Words, mode: str, styles: Mapping[Any, Tone], skewed: float | None
) -> list[Row]:
    """The accounts to be drawn, worst health last, so that it is on top."""
    place = {name: index for index, name in enumerate(result.names)}
    lines = result.head(result.value)
    told = words.labels if len(lines) <= CROWD else lambda labels: [clean(str(label)) for label in labels]
    texts = told(merged([line[0] for line in lines], names(result, len(lines))))
    rows = [
        {
            "by": mode, "account": text, "x": float(line[place["value"]]), "y": float(line[place["effort"]]),
            "segment": line[place["segment"]].replace("_", " "), "band": line[place["health_band"]],
            "size": _size(line[place["relative_size"]]), "accounts": 1,
            "value": words.number(line[place["value"]]),
            "effort": words.number(round(line[place["effort"]], 1)),
            "employees": _employees(words, line[place["employees"]]),
        }
        for line, text in zip(lines, texts, strict=True)
    ]  # fmt: skip
    if len(rows) > CROWD:
        rows = _together(rows, words, skewed)
    worst = {band: place for place, band in enumerate(styles)}
    rows.sort(
        key=lambda row: (-worst[row["band"]] if row["band"] is not None else -len(worst) - 1, -row["size"])
    )
    ends = [across(end(row["x"] for row in rows), skewed) for end in (min, max)]
    if len(rows) <= FEW:
        rows = [row | {"size": 2 * row["size"]} for row in rows]
    for row in rows:
        row["right"] = 2 * across(row["x"], skewed) > sum(ends)
        row["health"] = styles[row["band"]].on(_said(row.pop("band")))
    return rows


def _employees(words: Words, count: int | None) -> str:
    return "unknown" if count is None else words.number(count)


def _name(rows: list[Row], skewed: float | None) -> None:
    """Write the names of few accounts beside them, where they do not stand upon each other."""
    if len(rows) > NAMED:
        return
    xs, ys = [across(row["x"], skewed) for row in rows], [row["y"] for row in rows]
    wide, high = (max(xs) - min(xs)) * 0.2, (max(ys) - min(ys)) * 0.045
    taken: list[tuple[float, float]] = []
    for row, x, y in zip(rows, xs, ys, strict=True):
        free = all(abs(x - other) > wide or abs(y - above) > high for other, above in taken)
        row["name"] = row["account"] if free else ""
        if free:
            taken.append((x, y))


def _size(relative: float | None) -> float:
    return DOT * min(max(1.0 if relative is None else relative, LEAST), LARGEST)


def _together(rows: list[Row], words: Words, skewed: float | None) -> list[Row]:
    """One dot for the accounts of one band and one segment that lie in one cell of a grid, at their middle."""
    xs, ys = [across(row["x"], skewed) for row in rows], [row["y"] for row in rows]
    width, height = (min(xs), max(xs)), (min(ys), max(ys))
    cells: dict[Any, list[Row]] = {}
    for row, x, y in zip(rows, xs, ys, strict=True):
        cell = step(x, *width, COLUMNS), step(y, *height, LINES)
        cells.setdefault((*cell, str(row["band"]), row["segment"]), []).append(row)
    most = max(len(group) for group in cells.values())
    return [_one(group, words, most) for group in cells.values()]


def _one(group: list[Row], words: Words, most: int) -> Row:
    count = len(group)
    size = 12 + 270 * math.sqrt(count / most)
    if count == 1:
        return {**group[0], "size": size}
    ends = [
        f"{words.short(min(row[axis] for row in group))} to {words.short(max(row[axis] for row in group))}"
        for axis in "xy"
    ]
    return {
        **group[0], "account": f"{words.number(count)} accounts", "x": math.fsum(row["x"] for row in group) / count,
        "y": math.fsum(row["y"] for row in group) / count, "size": size, "accounts": count,
        "value": ends[0], "effort": ends[1], "employees": "",
    }  # fmt: skip


def _corner(words: Words, mode: str, result: Any, skewed: float | None) -> Row:
    """The thresholds, the name and number of each quarter, and the title of the axis, of one kind of value."""
    counts = result.counts()
    texts = {
        name: f"{name.replace('_value_', ' value, ').replace('_', ' ')} ({words.number(counts[name])})"
        for name in CORNERS
    }
    cut, title = result.cut, TITLES[mode].format(result.context.currency)
    title = title if skewed is None else f"{title}, logarithmic"
    return {"by": mode, "x": float(cut.value), "y": float(cut.effort), "title": title, **texts}


def _drawing(
    result: Any, *, sets: Mapping[str, list[Row]], tone: Mapping[str, Tone], skewed: float | None, mode: str,
    named: bool,
) -> Any:  # fmt: skip
    shown = alt.param(name="shown", value=mode)
    sized = alt.param(name="sized", value=True)
    if len(sets) > 1:
        labels = [TITLES[one].format(result.context.currency) for one in sets]
        shown = alt.param(
            name="shown", value=mode, bind=alt.binding_radio(options=[*sets], labels=labels, name=" ")
        )
        sized = alt.param(name="sized", value=True, bind=alt.binding_checkbox(name="sizes "))
    scale, money = alt.Scale(zero=False, nice=False, padding=26), axis(result, money=True, title=None)
    if skewed is not None:
        scale = alt.Scale(type="symlog", constant=skewed, zero=False, nice=False, padding=26)
        money = axis(result, money=True, title=None, values={"expr": _ticks(sets, skewed)})
    up = alt.Axis(title="effort, 0 to 100", tickCount=6)
    x = alt.X(field="x", type="quantitative", scale=scale, axis=money)
    y = alt.Y(field="y", type="quantitative", scale=alt.Scale(zero=False, nice=False, padding=26), axis=up)
    here = "datum.by === shown"
    corner = of("corners").transform_filter(here)
    lines = [
        corner.mark_rule(color=QUIET, strokeDash=[5, 4]).encode(**{channel: one})
        for channel, one in (("x", x), ("y", y))
    ]
    layers = [
        *lines,
        _points(of().transform_filter(here), x, y, tone),
        *_quarters(corner),
    ]
    if named:
        told = of().transform_filter(here).mark_text(
            align={"expr": "datum.right ? 'right' : 'left'"},
            dx={"expr": "datum.right ? -9 : 9"}, dy=-8, fontSize=10, color=INK,
        )  # fmt: skip
        layers.append(told.encode(x=x, y=y, text=written("name")))
    drawing = alt.layer(*layers).add_params(shown, sized)
    return drawing.properties(width=WIDTH, height=HEIGHT, view=alt.ViewBackground(stroke=GREY))


def _points(dots: Any, x: Any, y: Any, tone: Mapping[str, Tone]) -> Any:
    scale = {"domain": list(tone)}
    colors, shapes = [one.color for one in tone.values()], [SHAPES[one.sign] for one in tone.values()]
    return dots.mark_point(filled=True, opacity=0.8, stroke="#ffffff", strokeWidth=0.8).encode(
        x=x, y=y,
        size={"condition": {"test": "sized", "field": "size", "type": "quantitative", "scale": None}, "value": DOT},
        color=alt.Color(field="health", type="nominal", title="health", scale=alt.Scale(range=colors, **scale)),
        shape=alt.Shape(field="health", type="nominal", title="health", scale=alt.Scale(range=shapes, **scale)),
        tooltip=[
            alt.Tooltip(field=field, title=field)
            for field in ("account", "value", "effort", "segment", "health", "employees")
        ],
    )  # fmt: skip


def _quarters(corner: Any) -> list[Any]:
    """The names of the quarters in their corners, and the title of the axis below."""
    layers = []
    for name, (side, x, y) in CORNERS.items():
        told = {"x": alt.value(x), "y": alt.value(y), "text": written(name)}
        layers += [
            corner.mark_text(align=side, fontSize=12, fontWeight=600, stroke="#ffffff", strokeWidth=4).encode(
                **told
            ),
            corner.mark_text(align=side, fontSize=12, fontWeight=600, color=QUIET).encode(**told),
        ]
    below = {
        "x": alt.value(WIDTH / 2),
        "y": alt.value(HEIGHT + 36),
        "text": written("title"),
    }
    layers.append(corner.mark_text(color=QUIET).encode(**below))
    return layers
