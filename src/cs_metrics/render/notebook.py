"""What a notebook shows of results, reports, views and portfolios: small, escaped, without a script or a style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..results import Result
from . import shape
from .facts import facts_of
from .markup import Html, joined, tag

if TYPE_CHECKING:
    from ..portfolio import Portfolio
    from ..report import ReportResult
    from ..view import View

__all__ = ["of_portfolio", "of_report", "of_result", "of_view"]

ROWS = 10
LETTERS = 200


def of_result(result: Result) -> str:
    """The number, its table where it has one, who looked at what, and what was left out."""
    value, unit = shape.headline(result)
    notes = [shape.note(result, ROWS), _left_out(result), _facts(result)]
    grid = shape.grid(result, ROWS)
    shown = (
        []
        if grid is None
        else [_table(grid.names, [*grid.lines[:ROWS], *([grid.total] if grid.total else [])])]
    )
    return tag(
        "div", tag("strong", result.spec.title), ": ", tag("b", _cut(value)), f" {unit}", *shown,
        *(tag("div", tag("small", _cut(said))) for said in notes if said),
    )  # fmt: skip


def _left_out(result: Result) -> str:
    reasons = shape.left_out(result)
    return f"left out: {reasons}" if reasons else ""


def _facts(result: Result) -> str:
    viewer = result.viewer if isinstance(result.viewer, int | str) else "everyone"
    filters = ", ".join(map(shape.spoken_name, result.filters))
    narrowed = f"filtered by {filters}" if filters else "no filters"
    return f"as of {shape.day(result.as_of)} · viewer {viewer} · {narrowed}"


def of_report(found: ReportResult) -> str:
    """Every number of the report, in its order."""
    lines = []
    for title, results in found.sections():
        for result in results:
            if isinstance(result, Result):
                value, unit = shape.headline(result)
                lines.append((title, result.spec.title, value, unit, shape.left_out(result)))
            else:
                lines.append((title, result.metric.title, str(result), "", ""))
    told = " · ".join(f"{name} {said}" for name, said in facts_of(found).items())
    table = _table(("section", "metric", "value", "unit", "left out"), lines)
    return tag("div", tag("strong", found.title), table, tag("small", _cut(told)))


def of_view(view: View) -> str:
    """Who looks, when, at what, and how many rows of each table are in view."""
    applied = () if view.filters is None else view.filters.applied
    viewer = view.viewer if isinstance(view.viewer, int | str) else "everyone"
    filters = ", ".join(map(shape.spoken_name, applied)) or "none"
    told = f"as of {view.as_of.isoformat()} · viewer {viewer} · filters: {filters}"
    lines = [(name, shape.number(view.table(name).everything.count)) for name in view.portfolio.tables]
    return tag(
        "div", tag("strong", "View"), _table(("table", "rows in view"), lines), tag("small", _cut(told))
    )


def of_portfolio(portfolio: Portfolio) -> str:
    """Which tables there are, and how many rows each has; never a row."""
    settings = portfolio.settings
    lines = [(name, shape.number(table.n)) for name, table in portfolio.tables.items()]
    told = (
        f"currency {settings.currency} · time zone {settings.tz} · {len(portfolio.warnings):,} warnings · "
        "view(as_of=..., viewer=...) is the way to its numbers"
    )
    return tag("div", tag("strong", "Portfolio"), _table(("table", "rows"), lines), tag("small", told))


def _table(names: Sequence[str], lines: Iterable[Sequence[str]]) -> Html:
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    body = (tag("tr", *(tag("td", _cut(text), dir="auto") for text in line)) for line in lines)
    return tag("table", tag("thead", head), tag("tbody", joined(body)))


def _cut(text: Any) -> str:
    """A text, of a long one the beginning."""
    told = str(text)
    return told if len(told) <= LETTERS else f"{told[:LETTERS]}…"
