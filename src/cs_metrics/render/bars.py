"""Pictures of numbers in plain SVG, drawn with attributes only: the page's policy lets no style of theirs in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..results import Breakdown, Crosstab, Monthly
from . import shape
from .markup import Html, escaped

if TYPE_CHECKING:
    from ..results import Result, Trend

__all__ = ["bars", "legend", "months", "pair", "tone"]

TONES = {
    "green": "good", "renewal_approved": "good", "completed": "good", "won": "good", "satisfactory": "good",
    "improved": "good", "yellow": "warn", "needs_attention": "warn", "due_soon": "warn", "moderate": "warn",
    "at_risk": "bad", "red": "bad", "overdue": "bad", "high": "bad", "lost": "bad", "renewal_rejected": "bad",
    "churn": "bad", "contraction": "bad", "declined": "bad", "cancelled": "none", None: "none",
}  # fmt: skip
"""The colours of words that have one; every word stands in text beside its colour."""
WIDTH, HEIGHT, FOOT = 640, 150, 20


def tone(word: Any, place: int) -> str:
    """The class that colours a word: its own, or that of its place."""
    return TONES.get(word) or f"s{place % 6}"


def bars(result: Result) -> list[Html] | None:
    """A bar for each line of a breakdown's or a crosstab's table; None for other results."""
    if isinstance(result, Breakdown):
        most = max((abs(number) for number in result.value.values()), default=0)
        return [
            _bar([(tone(label, 0) if label in TONES else "s0", abs(number) / most if most else 0)])
            for label, number in result.value.items()
        ]
    if isinstance(result, Crosstab):
        value = result.value
        most = max((sum(line.values()) for line in value.values()), default=0)
        tones = {column: tone(column, place) for place, column in enumerate(result.columns_total)}
        return [
            _bar([(tones[column], count / most) for column, count in line.items() if count])
            for line in value.values()
        ]
    return None


def _bar(parts: Sequence[tuple[str, Any]]) -> Html:
    """A bar of several parts, each with its share of the whole width."""
    drawn, at = [], 0.0
    for look, part in parts:
        width = float(part) * 100
        drawn.append(f'<rect class="{look}" x="{at:.4g}%" width="{width:.4g}%" height="100%"></rect>')
        at += width
    return Html(f'<svg width="100%" height="12" aria-hidden="true">{"".join(drawn)}</svg>')


def legend(result: Result) -> list[Html]:
    """The colours of a crosstab's columns or a monthly's series, to stand before their names."""
    if isinstance(result, Crosstab):
        words: list[Any] = list(result.columns_total)
    elif isinstance(result, Monthly):
        words = list(result.value)
    else:
        return []
    return [
        Html(f'<svg class="key" width="10" height="10" aria-hidden="true"><rect class="{tone(word, place)}" '
             f'width="10" height="10"></rect></svg>')
        for place, word in enumerate(words)
    ]  # fmt: skip


def months(result: Monthly, title: str) -> Html:
    """Columns by month, the series beside each other; what is below 0 hangs down. Nothing without a number."""
    series = [[float(number) for number in found.values()] for found in result.value.values()]
    every = [number for numbers in series for number in numbers]
    if not any(every):
        return Html("")
    top, bottom = max([0.0, *every]), min([0.0, *every])
    span = (top - bottom) or 1.0
    room = HEIGHT - FOOT - 4
    zero = 4 + room * top / span
    slot = WIDTH / max(len(result.months), 1)
    wide = min(slot * 0.7 / max(len(series), 1), 36)
    parts = [f'<line class="axis" x1="0" x2="{WIDTH}" y1="{zero:.5g}" y2="{zero:.5g}"></line>']
    for place, (name, numbers) in enumerate(zip(result.value, series, strict=True)):
        look = tone(name, place)
        for month, number in enumerate(numbers):
            tall = room * abs(number) / span
            left = month * slot + slot / 2 + (place - len(series) / 2) * wide
            y = zero - tall if number > 0 else zero
            parts.append(
                f'<rect class="{look}" x="{left:.5g}" y="{y:.5g}" width="{wide * 0.9:.4g}" height="{tall:.5g}">'
                "</rect>"
            )
    step = max(1, -(-len(result.months) // 9))  # so many labels stand beside each other
    parts += [
        f'<text x="{at * slot + slot / 2:.5g}" y="{HEIGHT - 4}">{escaped(month)}</text>'
        for at, month in enumerate(result.months) if at % step == 0
    ]  # fmt: skip
    told = escaped(f"{title}: {' '.join(shape.headline(result))}")
    return Html(
        f'<svg class="months" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{told}">{"".join(parts)}</svg>'
    )


def pair(result: Trend) -> str:
    """Two bars: before, and now. Nothing where there is nothing to compare."""
    values: list[Any] = [result.previous.value, result.current.value]
    if not all(isinstance(value, int | float | Decimal) for value in values) or not any(values):
        return ""
    most = max(map(abs, values))
    drawn = [_bar([(look, abs(value) / most)]) for look, value in zip(("none", "s0"), values, strict=True)]
    return f'<div class="pair">{"".join(drawn)}</div>'
