"""A report as one page of HTML: everything it needs is in it, and no request leaves it.

The page says all of its numbers without a script. The one script it runs, `page.js`, is ours, is let in by its
digest, and turns the sections into tabs and each number into a door to the rows behind it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from .._version import __version__
from ..periods import as_count
from ..report import Purpose, Unavailable
from ..results import Amount, Count, Listing, Ratio, Result, Segments, Tree, Trend
from . import bars, shape
from .behind import SAFE_IN_SCRIPT, data_of
from .facts import facts_of
from .local import written_for
from .markup import Html, escaped, joined, tag
from .pictures import picture, shades
from .table import table

if TYPE_CHECKING:
    from ..report import ReportResult

__all__ = ["escaped", "tag", "to_html"]

FIRST = 10
"""So many rows of a listing stand on the page itself, the others behind its number."""
WIDE = 6
"""A table of more columns gets the whole width."""
MANY = 9
"""A number of more letters is written smaller."""
COHORTS = 13
"""So many cohorts stand on the page: those of a year, and the one before."""
TILES = (Amount, Count, Ratio, Trend)
WORDS = {
    "yes": "yes",
    "no": "no",
    "points": "points",
    "close": "Close",
    "search": "Search these rows",
    "csv": "Download as CSV",
    "more": "Show more",
    "showing": "{} of {} rows shown",
    "matching": "of the {} here",
    "rest": "this page holds the first {} of {} rows; all of them are in the result's rows() and to_csv()",
}


def to_html(found: ReportResult, rows: int, locale: str | None = None) -> str:
    """The page, with the first `rows` rows behind each number."""
    count = as_count(rows, "rows")
    with written_for(locale) as manner:
        spoken = None if manner is None else manner.tag
        sections = [
            _section(f"tab-{place}", title, results, count, found.report.purpose)
            for place, (title, results) in enumerate(found.sections(), 1)
        ]
        body = joined(
            [
                _header(found),
                tag("main", *sections),
                tag("footer", f"{found.report.source} · made with cs_metrics {__version__}"),
                _data("data", data_of(found, count)),
                _data("words", _words(spoken)),
                Html(f"<script>{_part('page.js')[0]}</script>"),
            ]
        )
        language = "en" if spoken is None else spoken
        return f'<!doctype html>\n<html lang="en" data-locale="{language}">{_head(found)}<body>{body}</body></html>\n'


@functools.cache
def _part(name: str) -> tuple[Html, str]:
    """A file of the page, and the digest by which its policy lets it in."""
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Html(text), f"'sha256-{digest}'"


@functools.lru_cache(64)
def _words(locale: str | None) -> str:
    text = json.dumps(WORDS | {"locale": locale})
    for letter, escape in SAFE_IN_SCRIPT.items():
        text = text.replace(letter, escape)
    return text


def _data(identity: str, text: str) -> Html:
    return Html(f'<script type="application/json" id="{identity}">{text}</script>')


def _head(found: ReportResult) -> Html:
    css, css_digest = _part("page.css")
    policy = (
        f"default-src 'none'; style-src {css_digest}; script-src {_part('page.js')[1]}; "
        "base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{found.title} on {shape.day(found.as_of)}"),
        tag("style", css),
    )


def _header(found: ReportResult) -> Html:
    told = facts_of(found).items()
    facts = [tag("div", tag("dt", name), tag("dd", tag("bdi", said))) for name, said in told]
    links = [
        tag("li", tag("a", title, href=f"#tab-{place}"))
        for place, (title, _) in enumerate(found.sections(), 1)
    ]
    return tag(
        "header",
        tag("h1", found.title),
        tag("dl", *facts, class_="facts"),
        *([tag("nav", tag("ul", *links, aria_label="Sections"))] if len(links) > 1 else []),
    )


def _section(
    identity: str, title: str, results: Sequence[Result | Unavailable], rows: int, purpose: Purpose
) -> Html:
    """A tab: of a report to act on the lists first, of one to see the numbers and pictures first."""
    parts: dict[str, list[Html]] = {"lists": [], "tiles": [], "cards": []}
    if purpose is not Purpose.OPERATIONALIZE:
        parts = {"tiles": [], "cards": [], "lists": []}
    for result in results:
        kind = "tiles" if isinstance(result, TILES) else "lists" if isinstance(result, Listing) else "cards"
        parts[kind].append(_card(result, rows, purpose))
    groups = "".join(f'<div class="{kind}">{"".join(cards)}</div>' for kind, cards in parts.items() if cards)
    named = f"{identity}-title"
    return tag("section", tag("h2", title, id=named), Html(groups), id=identity, aria_labelledby=named)


def _card(result: Result | Unavailable, rows: int, purpose: Purpose) -> Html:
    if isinstance(result, Unavailable):
        metric = result.metric
        needs = f'<p class="needs">{escaped(str(result))}</p>'
        about = _about(metric.definition, metric.source)
        return Html(f'<article id="{metric.id}"><h3>{escaped(metric.title)}</h3>{needs}{about}</article>')
    spec = result.spec
    shown = min(rows, FIRST if isinstance(result, Listing) else COHORTS)
    grid = None if isinstance(result, TILES) else shape.grid(result, shown)
    notes = [shape.note(result, shown), _left_out(result)]
    wide = ' class="wide"' if _is_wide(result, grid) else ""
    return Html(
        f'<article id="{spec.id}"{wide}><h3>{escaped(spec.title)}</h3>{_number(result, spec.title)}'
        f"{_shown(result, grid, purpose, shown)}"
        + "".join(f'<p class="quiet">{escaped(said)}</p>' for said in notes if said)
        + f"{_about(spec.definition, spec.source)}</article>"
    )


def _is_wide(result: Result, grid: shape.Grid | None) -> bool:
    """Whether a card needs the whole width: a table of many columns, a picture of very many things."""
    many = isinstance(result, Segments | Tree) or bars.paired(result)
    return many or (grid is not None and len(grid.names) > WIDE)


def _shown(result: Result, grid: shape.Grid | None, purpose: Purpose, rows: int) -> str:
    """The picture of a result and its table, of a list to act on the table first; that there is nothing is said."""
    if isinstance(result, TILES):
        return ""
    title = result.spec.title
    drawn = picture(result, title)
    if grid is None:
        return drawn or ('<p class="quiet">nothing to show</p>' if rows else "")
    listed = table(
        grid,
        bars.bars(result, len(grid.lines)),
        title=title,
        keys=bars.keys(result, grid.names),
        shades=shades(result, len(grid.lines), len(grid.names) - 1),
    )
    if 'class="round' in drawn[:80]:
        return f'<div class="both">{drawn}{listed}</div>'
    acting = purpose is Purpose.OPERATIONALIZE and isinstance(result, Listing)
    return listed + drawn if acting else drawn + listed


def _number(result: Result, title: str) -> str:
    """The number, which opens its rows, and of a trend how it was before."""
    now = result.current if isinstance(result, Trend) else result
    value, unit = map(escaped, shape.headline(now))
    look = "number many" if len(value) > MANY else "number"
    number = (
        f'<p class="{look}"><button type="button" data-rows="{result.spec.id}" aria-haspopup="dialog" '
        f'aria-label="{escaped(title)}: {value} {unit}, show its rows">{value}</button> <span>{unit}</span></p>'
    )
    return f"{number}{_trend(result)}" if isinstance(result, Trend) else number


def _trend(result: Trend) -> str:
    """Which way it goes and how far, in a sign and in words, and two bars: before, and now."""
    sign, said = shape.change(result)
    arrow = f'<span aria-hidden="true">{sign} </span>' if sign else ""
    before, _ = shape.headline(result.previous)
    told = f"<b>{arrow}{escaped(said)}</b> " if said else ""
    return f'<p class="trend">{told}<span>before: {escaped(before)}</span></p>{bars.pair(result)}'


def _left_out(result: Result) -> str:
    reasons = shape.left_out(result)
    return f"left out: {reasons}" if reasons else ""


@functools.lru_cache(1024)
def _about(definition: str, source: str) -> Html:
    """What a metric means; it is the same for every view."""
    return tag(
        "details",
        tag("summary", "Definition"),
        *(tag("p", " ".join(part.split())) for part in definition.split("\n\n")),
        tag("p", f"Source: {source}"),
    )
