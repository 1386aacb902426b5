"""Which picture stands in the card of a result on the page; the table below it says the same in text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..results import Breakdown, Changes, Cohorts, Monthly, Scores, Segments, Tree
from . import bars
from .columns import histogram, months
from .markup import Html
from .quadrant import quadrant
from .rings import donut, sunburst
from .table import table

if TYPE_CHECKING:
    from ..results import Result

__all__ = ["picture", "shades"]

SHADES = 10


def picture(result: Result, title: str) -> Html:
    """The picture of a result, "" where its table or its number alone says all."""
    found = Html("")
    if isinstance(result, Monthly):
        found = _by_month(result, title)
    elif isinstance(result, Changes):
        if result.moves:
            found = table(*bars.moves(result), title=f"{title}: from band to band")
    elif result.spec.id == "health.distribution" and isinstance(result, Breakdown):
        found = donut(result, title)
    elif isinstance(result, Tree):
        found = sunburst(result, title)
    elif isinstance(result, Segments):
        found = quadrant(result, title)
    elif isinstance(result, Scores):
        found = histogram(result, title)
    return found


def _by_month(result: Monthly, title: str) -> Html:
    """Bars by month; of what moved MRR the steps from the first month to the last."""
    if tuple(result.value) != bars.MOVEMENTS:
        return months(result, title)
    moved = any(number for line in result.value.values() for number in line.values())
    return table(*bars.movements(result), title=title) if moved else Html("")


def shades(result: Result, lines: int, width: int) -> list[list[str]] | None:
    """How dark each cell of the latest cohorts is: by the share that is left, from "h0" to "h10"."""
    if not isinstance(result, Cohorts):
        return None
    shown = [list(line.values())[:width] for line in result.shares().values()][-lines:] if lines else []
    return [["" if share is None else f"h{round(share * SHADES)}" for share in line] for line in shown]
