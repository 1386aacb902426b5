"""Pictures in plain SVG, as wide as the page lets them be, in which letters keep their size.

Drawn with attributes and classes only: the page's policy lets no style of theirs in. Across, places are shares of
the width; down, they are pixels. What a part of a picture says is its title: it shows when one points at it, and the
page's script tells it below the picture when it is touched.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .markup import Html, escaped

__all__ = ["ARC", "arc", "bar", "dot", "figure", "key", "line", "plot", "rect", "text"]

ARC = 100
"""Half the width of a round picture, in its own units."""


def part(value: float) -> str:
    """A share of the width."""
    return f"{value * 100:.4g}%"


def figure(drawn: str) -> Html:
    """A picture on the page, with a line in which the script says what was touched."""
    return Html(
        f'<figure class="picture">{drawn}<figcaption class="quiet" aria-live="polite"></figcaption></figure>'
    )


def plot(height: int, told: str, parts: Iterable[str]) -> Html:
    """A picture as wide as there is room; `told` is what is read out for it."""
    opened = f'<svg class="plot" width="100%" height="{height}" role="img" aria-label="{escaped(told)}">'
    return Html(f"{opened}{''.join(parts)}</svg>")


def rect(look: str, x: tuple[float, float], y: tuple[float, float], told: str = "") -> str:
    """A bar from one place to another, across and down."""
    (left, right), (top, bottom) = x, y
    return (
        f'<rect class="{look}" x="{part(left)}" y="{top:.4g}" width="{part(right - left)}" '
        f'height="{bottom - top:.4g}">{_title(told)}</rect>'
    )


def text(said: str, x: float, y: float, look: str = "") -> str:
    """A text at a place, by its middle unless the class says otherwise."""
    named = f' class="{look}"' if look else ""
    return f'<text{named} x="{part(x)}" y="{y:.4g}">{escaped(said)}</text>'


def line(look: str, x: tuple[float, float], y: tuple[float, float]) -> str:
    return f'<line class="{look}" x1="{part(x[0])}" x2="{part(x[1])}" y1="{y[0]:.4g}" y2="{y[1]:.4g}"></line>'


def dot(name: str, x: float, y: float, told: str) -> str:
    """A mark that was defined under a name, at a place."""
    return f'<use href="#{name}" x="{part(x)}" y="{y:.4g}">{_title(told)}</use>'


def bar(parts: Sequence[tuple[str, float, float]], height: int = 12) -> Html:
    """A bar on a line of a table: parts of a look, each with where it begins and how wide it is."""
    drawn = "".join(
        f'<rect class="{look}" x="{part(start)}" width="{part(width)}" height="100%"></rect>'
        for look, start, width in parts
    )
    return Html(f'<svg width="100%" height="{height}" aria-hidden="true">{drawn}</svg>')


def key(look: str) -> Html:
    """The colour of something, to stand before its name."""
    return Html(
        f'<svg class="key" width="10" height="10" aria-hidden="true"><rect class="{look}" width="10" height="10">'
        "</rect></svg>"
    )


def arc(look: str, ends: tuple[float, float], radii: tuple[float, float], told: str) -> str:
    """A slice of a ring, from one share of the turn to another; all of it is drawn in two halves."""
    start, end = ends
    if end - start > 0.999:
        return arc(look, (start, start + 0.5), radii, told) + arc(look, (start + 0.5, end), radii, told)
    inner, outer = radii
    wide = int(end - start > 0.5)
    path = (
        f"M{_at(start, outer)}A{outer} {outer} 0 {wide} 1 {_at(end, outer)}"
        f"L{_at(end, inner)}A{inner} {inner} 0 {wide} 0 {_at(start, inner)}Z"
    )
    return f'<path class="{look}" d="{path}">{_title(told)}</path>'


def _at(share: float, radius: float) -> str:
    turn = 2 * math.pi * share
    return f"{ARC + radius * math.sin(turn):.2f} {ARC - radius * math.cos(turn):.2f}"


def _title(told: str) -> str:
    return f"<title>{escaped(told)}</title>" if told else ""
