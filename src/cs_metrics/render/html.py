"""A report as one page of HTML: everything it needs is in it, and it runs no script.

Elements are made by `tag`, which escapes every text that is not an element already, so nothing from the data
can become markup by being forgotten.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import TYPE_CHECKING

from .._version import __version__
from ..periods import as_count
from ..report import Unavailable
from ..results import Amount, Count, Ratio, Trend
from . import shape
from .text import BIDI

if TYPE_CHECKING:
    from ..report import ReportResult
    from ..results import Result

__all__ = ["to_html"]

LONG = 80
"""A text of more letters gets a box of its own that scrolls."""
SHORT = 12
"""A text of no more letters, such as a day, stays on its line."""
EMPTY_ELEMENTS = ("meta",)
TILES = (Amount, Count, Ratio, Trend)


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | None) -> Html:
    """An element. Children and attributes that are not `Html` are escaped; `class_` stands for class."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY_ELEMENTS:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Sequence[str] | Iterator[str]) -> Html:
    return Html("".join(child if isinstance(child, Html) else escaped(child) for child in children))


def escaped(text: str) -> Html:
    """A text as HTML shows it. Control characters, which HTML may not hold, become their pictures."""
    if not text.isprintable():
        text = text.translate(_PICTURES)
    return Html(html.escape(text))


class _Pictures(dict[int, str]):
    """What stands for characters that no page should hold; looked up once for each that occurs."""

    def __missing__(self, code: int) -> str:
        if code < 0x20:
            return chr(0x2400 + code)
        if code == 0x7F:
            return "\u2421"
        harmful = 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE
        return "\ufffd" if harmful or chr(code) in BIDI else chr(code)


_PICTURES = _Pictures()


def to_html(found: ReportResult, rows: int) -> str:
    """The page, with the first `rows` rows of each listing."""
    count = as_count(rows, "rows")
    sections = [
        _section(f"tab-{place}", title, results, count)
        for place, (title, results) in enumerate(found.sections(), 1)
    ]
    body = tag(
        "body",
        _header(found),
        tag("main", *sections),
        tag("footer", f"{found.report.source} · made with cs_metrics {__version__}"),
    )
    return f"<!doctype html>\n{tag('html', _head(found), body, lang='en')}\n"


def _head(found: ReportResult) -> Html:
    css = Html(resources.files(__package__).joinpath("page.css").read_text("utf-8"))
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{found.title} on {found.as_of.isoformat()}"),
        tag("style", css),
    )


def _header(found: ReportResult) -> Html:
    told = shape.facts(found).items()
    facts = [tag("div", tag("dt", name), tag("dd", tag("bdi", said))) for name, said in told]
    links = [
        tag("li", tag("a", title, href=f"#tab-{place}"))
        for place, (title, _) in enumerate(found.sections(), 1)
    ]
    return tag(
        "header",
        tag("h1", found.title),
        tag("dl", *facts, class_="facts"),
        tag("nav", tag("ul", *links), aria_label="Tabs"),
    )


def _section(identity: str, title: str, results: Sequence[Result | Unavailable], rows: int) -> Html:
    """A tab: single numbers as tiles first, then the tables, both in the report's order."""
    tiles = [_card(result, rows) for result in results if isinstance(result, TILES)]
    cards = [_card(result, rows) for result in results if not isinstance(result, TILES)]
    return tag(
        "section",
        tag("h2", title, id=f"{identity}-title"),
        *([tag("div", *tiles, class_="tiles")] if tiles else []),
        *([tag("div", *cards, class_="cards")] if cards else []),
        id=identity,
        aria_labelledby=f"{identity}-title",
    )


def _card(result: Result | Unavailable, rows: int) -> Html:
    if isinstance(result, Unavailable):
        metric = result.metric
        needs = tag("p", str(result), class_="needs")
        about = _about(metric.definition, metric.source)
        return tag("article", tag("h3", metric.title), needs, about, id=metric.id)
    spec = result.spec
    value, unit = shape.headline(result)
    grid = shape.grid(result, rows)
    notes = [shape.note(result, rows), _left_out(result)]
    return tag(
        "article",
        tag("h3", spec.title),
        tag("p", tag("b", value), " ", tag("span", unit), class_="number"),
        *([_table(grid, spec.title)] if grid else []),
        *(tag("p", said, class_="quiet") for said in notes if said),
        _about(spec.definition, spec.source),
        id=spec.id,
    )


def _left_out(result: Result) -> str:
    reasons = shape.left_out(result)
    return f"left out: {reasons}" if reasons else ""


def _about(definition: str, source: str) -> Html:
    return tag(
        "details",
        tag("summary", "Definition"),
        *(tag("p", " ".join(part.split())) for part in definition.split("\n\n")),
        tag("p", f"Source: {source}"),
    )


def _table(grid: shape.Grid, title: str) -> Html:
    head = [
        tag("th", name, scope="col", class_="right" if right else None, dir="auto")
        for name, right in zip(grid.names, grid.right, strict=True)
    ]
    lines = [tag("tr", *_cells(line, grid.right)) for line in grid.lines]
    if grid.total:
        lines.append(tag("tr", *_cells(grid.total, grid.right), class_="total"))
    table = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *lines))
    return tag("div", table, class_="scroll", role="region", aria_label=title, tabindex="0")


def _cells(line: tuple[str, ...], right: tuple[bool, ...]) -> Iterator[Html]:
    """A line's cells; `dir` keeps the direction of one text from turning another around."""
    for place, (text, is_number) in enumerate(zip(line, right, strict=True)):
        shown = tag("div", text, class_="long") if len(text) > LONG else text
        look = "right" if is_number else "short" if len(text) <= SHORT else None
        if place == 0:
            yield tag("th", shown, scope="row", class_=look, dir="auto")
        else:
            yield tag("td", shown, class_=look, dir=None if is_number else "auto")
