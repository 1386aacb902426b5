"""Customer segments: value to the right, effort upwards, health as colour and shape, size by employees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from . import shape
from .markup import Html, escaped
from .scales import across, even_ticks, skew, skewed_ticks, step
from .svg import dot, figure, line, plot, text
from .tones import bands

if TYPE_CHECKING:
    from ..models import Cut
    from ..results import Segments

__all__ = ["quadrant"]

DRAWN = ("value", "effort", "segment", "health_band", "employees", "relative_size")
Row: TypeAlias = tuple[Any, ...]
"""These columns of an account."""
_Side: TypeAlias = tuple[float, float, int]
"""From where to where, and in how many steps."""
HEIGHT, TOP, FOOT = 420, 34, 40
CROWD = 400
"""More accounts than these are drawn together where they lie together."""
COLUMNS, LINES = 14, 12
SIZES = (3.0, 4.0, 5.0, 6.5, 8.0, 10.0, 12.0, 14.0)
"""The radii in which marks are drawn, in pixels."""
EDGE = 0.03
SHAPES = {
    "bad": "M-{0} -{0}H{0}V{0}H-{0}Z",
    "poor": "M-{1} -{0}H{1}L0 {1}Z",
    "warn": "M-{1} {0}H{1}L0 -{1}Z",
    "fair": "M0 -{1}L{1} 0L0 {1}L-{1} 0Z",
    "good": "M-{0} 0A{0} {0} 0 1 1 {0} 0A{0} {0} 0 1 1 -{0} 0Z",
    "none": "M-{1} -{2}H-{2}V-{1}H{2}V-{2}H{1}V{2}H{2}V{1}H-{2}V{2}H-{1}Z",
}
"""How each look is drawn, so that it is told without its colour: square, triangles, diamond, circle, cross."""


@attrs.frozen
class _Mark:
    """One account, or several that lie together: where it is drawn, how large, and what is said of it."""

    x: float
    y: float
    band: Any
    size: float
    told: str


@attrs.frozen
class _Axes:
    """Where values and efforts stand: the ends of both, and from what size on values are logarithmic."""

    low: float
    high: float
    bottom: float
    top: float
    constant: float | None

    @classmethod
    def of(cls, values: Sequence[float], efforts: Sequence[float]) -> _Axes:
        return cls(min(values), max(values), min(efforts), max(efforts), skew(values))

    def x(self, value: float) -> float:
        ends = [across(end, self.constant) for end in (self.low, self.high)]
        share = (across(value, self.constant) - ends[0]) / ((ends[1] - ends[0]) or 1.0)
        return EDGE + (1 - 2 * EDGE) * (0.5 if self.low == self.high else min(max(share, -EDGE), 1 + EDGE))

    def y(self, effort: float) -> float:
        share = (effort - self.bottom) / ((self.top - self.bottom) or 1.0)
        room = HEIGHT - TOP - FOOT - 44
        return TOP + 12 + room * (1 - (0.5 if self.top == self.bottom else min(max(share, -0.05), 1.05)))


def quadrant(result: Segments, title: str) -> Html:
    """Accounts by value and effort, the lines at which they are cut, and the quarters with their names."""
    lines = result.head(result.value)
    if not lines:
        return Html("")
    place = [result.names.index(name) for name in DRAWN]
    rows = [tuple(line[at] for at in place) for line in lines]
    axes = _Axes.of([float(row[0]) for row in rows], [row[1] for row in rows])
    looks = bands(result.spec.options["health"])
    if len(rows) > CROWD:
        marks = _together(rows, axes, looks, result.cut)
    else:
        named = shape.row_names(result, len(rows)) or [None] * len(rows)
        ids = [shape.cell(line[0]) for line in lines]
        marks = [_one(row, name or own, axes) for row, name, own in zip(rows, named, ids, strict=True)]
    order = {band: at for at, band in enumerate(looks)}  # the worst on top, and of these the small ones
    marks.sort(key=lambda mark: (mark.band is not None, -order.get(mark.band, 0), -mark.size))
    scope = result.spec.id
    drawn = [
        dot(f"{scope}-{looks[mark.band]}-{_nearest(mark.size)}", mark.x, mark.y, mark.told) for mark in marks
    ]
    used = dict.fromkeys((looks[mark.band], _nearest(mark.size)) for mark in marks)
    told = f"{title} by value and effort. {shape.note(result, result.value)}"
    parts = [_defined(used, scope), *_frame(result, axes), *drawn, *_quarters(result)]
    return figure(plot(HEIGHT, told, parts) + _legend(rows, looks, len(marks)))


def _one(row: Row, name: str, axes: _Axes) -> _Mark:
    value, effort, segment, band, employees, relative = row
    size = 4.5 * math.sqrt(min(max(1.0 if relative is None else relative, 0.4), 8.0))
    told = (
        f"{name}: value {shape.number(value)}, effort {shape.number(effort)}, {shape.spoken(segment)}, "
        f"{_band(band)}, employees {'unknown' if employees is None else shape.number(employees)}"
    )
    return _Mark(axes.x(float(value)), axes.y(effort), band, size, told)


def _together(rows: Sequence[Row], axes: _Axes, looks: Mapping[Any, str], cut: Cut | None) -> list[_Mark]:
    """Accounts in the cells of a grid that the cut parts: in each cell a mark a band, side by side."""
    assert cut is not None
    x, y = axes.x(float(cut.value or 0)), axes.y(float(cut.effort or 0))
    columns = _sides(axes.x(axes.low), x, axes.x(axes.high), COLUMNS)
    lines = _sides(axes.y(axes.top), y, axes.y(axes.bottom), LINES)
    cells: dict[Any, list[Row]] = {}
    for row in rows:
        column = _cell(axes.x(float(row[0])), columns["high_value" in row[2]])
        line = _cell(axes.y(row[1]), lines["high_effort" not in row[2]])
        cells.setdefault((column, line, row[3]), []).append(row)
    most = max(map(len, cells.values()))
    order, wide = {band: at for at, band in enumerate(looks)}, 2 if len(looks) <= 4 else 3
    marks = []
    for ((left, width), (top, height), band), group in cells.items():
        slot = order[band] % wide, order[band] // wide
        middle = left + width * (slot[0] + 0.5) / wide, top + height * (slot[1] + 0.5) / 2
        marks.append(_Mark(*middle, band, 1.5 + 5.5 * math.sqrt(len(group) / most), _together_told(group)))
    return marks


def _sides(low: float, middle: float, high: float, steps: int) -> tuple[_Side, _Side]:
    """What lies on each side of the cut, in so many steps together."""
    before = min(max(round(steps * (middle - low) / ((high - low) or 1.0)), 1), steps - 1)
    return (low, middle, before), (middle, high, steps - before)


def _cell(at: float, side: _Side) -> tuple[float, float]:
    """Where the cell of a place begins, and how large it is."""
    low, high, steps = side
    size = (high - low) / steps
    return low + size * step(at, low, high, steps), size


def _together_told(group: Sequence[Row]) -> str:
    return (
        f"{shape.number(len(group))} {'account' if len(group) == 1 else 'accounts'}: "
        f"value {_span([float(row[0]) for row in group])}, effort {_span([row[1] for row in group])}, "
        f"{shape.spoken(group[0][2])}, {_band(group[0][3])}"
    )


def _span(numbers: Sequence[float]) -> str:
    low, high = shape.short(min(numbers)), shape.short(max(numbers))
    return low if low == high else f"{low} to {high}"


def _band(band: Any) -> str:
    return "unscored" if band is None else shape.spoken(band)


def _nearest(size: float) -> int:
    """Which of the sizes comes nearest."""
    return min(range(len(SIZES)), key=lambda place: abs(SIZES[place] - size))


def _defined(used: Mapping[tuple[str, int], None], scope: str) -> str:
    """The marks that occur, drawn once each."""
    made = [
        f'<path id="{scope}-{look}-{place}" class="mark {look}" d="{_path(look, SIZES[place])}"></path>'
        for look, place in used
    ]
    return f"<defs>{''.join(made)}</defs>"


def _path(look: str, radius: float) -> str:
    return SHAPES[look].format(f"{radius * 0.9:.3g}", f"{radius * 1.15:.3g}", f"{radius * 0.35:.3g}")


def _frame(result: Segments, axes: _Axes) -> list[str]:
    """The lines of the cut, and the ticks of both axes."""
    low, high, bottom = axes.low, axes.high, HEIGHT - FOOT
    ticks = (
        even_ticks(low, high, 5) if axes.constant is None else skewed_ticks(low, high, axes.constant, 0.16)
    )
    parts = [line("axis", (0, 1), (bottom, bottom))]
    parts += [text(shape.short(tick), axes.x(tick), bottom + 14) for tick in ticks]
    parts += [
        text(shape.short(tick), 0, axes.y(tick) + 4, "start") for tick in even_ticks(axes.bottom, axes.top, 5)
    ]
    what = "MRR per seat" if result.spec.options["value"] == "mrr_per_seat" else "MRR"
    scale = "" if axes.constant is None else ", logarithmic"
    parts.append(text(f"value: {what} ({result.context.currency}){scale} →", 1, HEIGHT - 8, "end"))
    parts.append(text("↑ effort, 0 to 100", 0, HEIGHT - 8, "start"))
    cut = result.cut
    if cut is not None:
        x, y = axes.x(float(cut.value or 0)), axes.y(float(cut.effort or 0))
        parts += [line("cut", (x, x), (TOP, bottom)), line("cut", (0, 1), (y, y))]
    return parts


def _quarters(result: Segments) -> list[str]:
    """The names of the quarters in their corners, in two lines each, and how many accounts are in each."""
    counts = result.counts()
    parts = []
    for name, count in counts.items():
        value, effort = name.split("_value_")
        right, low = value == "high", effort.startswith("low")
        x, y, look = (
            float(right),
            HEIGHT - FOOT - 20.0 if low else 14.0,
            f"corner {'end' if right else 'start'}",
        )
        parts.append(text(f"{value} value,", x, y, look))
        parts.append(text(f"{effort.replace('_', ' ')}: {shape.number(count)}", x, y + 14, look))
    return parts


def _legend(rows: Sequence[Row], looks: Mapping[Any, str], marks: int) -> str:
    """Which shape is which health, how many accounts have it, and what the size says."""
    counts = dict.fromkeys(looks, 0)
    for row in rows:
        counts[row[3]] += 1
    keys = [
        f'<span><svg class="key" width="14" height="14" viewBox="-7 -7 14 14" aria-hidden="true">'
        f'<path class="{look}" d="{_path(look, 5)}"></path></svg>'
        f"{escaped(_band(band))} {shape.number(counts[band])}</span>"
        for band, look in looks.items()
        if counts[band] or band is not None
    ]
    said = "size: employees against the mean, medium where unknown"
    if len(rows) > CROWD:
        said = (
            f"{shape.number(len(rows))} accounts in {shape.number(marks)} marks: those of one health that lie "
            "together are one, sized by how many"
        )
    return f'<p class="keys">{"".join(keys)}<span>{escaped(said)}</span></p>'
