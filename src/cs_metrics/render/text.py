"""A report as plain text, for a terminal or a mail."""

from __future__ import annotations

import itertools
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..periods import as_count
from ..report import Unavailable
from . import shape
from .facts import facts_of
from .local import written_for

if TYPE_CHECKING:
    from ..report import ReportResult
    from ..results import Result

__all__ = ["WIDTH", "aligned", "printable", "to_text"]

WIDTH = 100
CELL = 40
"""So many columns of the screen a cell of data gets at most."""
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters without a shape that turn around the text beside them."""


def to_text(found: ReportResult, rows: int, locale: str | None = None) -> str:
    """The report, with the first `rows` rows of each listing."""
    count = as_count(rows, "rows")
    with written_for(locale):
        return _text(found, count)


def _text(found: ReportResult, count: int) -> str:
    facts = facts_of(found)
    lines = [*_titled(found.title, "="), *(f"{name:<10}{printable(said)}" for name, said in facts.items())]
    for title, results in found.sections():
        lines += ["", "", *_titled(title, "-")]
        for result in results:
            lines += ["", *_told(result, count)]
    return "\n".join(lines) + "\n"


def _titled(title: str, line: str) -> list[str]:
    title = printable(title)
    return [title, line * _columns(title)]


def _told(result: Result | Unavailable, rows: int) -> Iterator[str]:
    if isinstance(result, Unavailable):
        yield printable(f"{result.metric.title}: {result}")
        return
    yield printable(f"{result.spec.title}: {' '.join(shape.headline(result))}")
    grid = shape.grid(result, rows)
    if grid is not None:
        yield from aligned(grid)
    for told in (shape.note(result, rows), _left_out(result)):
        if told:
            yield from textwrap.wrap(told, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _left_out(result: Result) -> str:
    reasons = shape.left_out(result)
    return printable(f"left out: {reasons}") if reasons else ""


def aligned(grid: shape.Grid, width: int = WIDTH, indent: str = "  ") -> Iterator[str]:
    """A table in columns, cut where it would be too wide."""
    lines = [tuple(map(_shortened, line)) for line in (grid.names, *grid.lines, grid.total) if line]
    widths = _widths(zip(*lines, strict=True), width - len(indent))
    for line in lines:
        cells = (_cell(text, size, right) for text, size, right in zip(line, widths, grid.right, strict=True))
        yield (indent + "  ".join(cells)).rstrip()


def _widths(columns: Iterable[tuple[str, ...]], width: int) -> list[int]:
    """As wide as each column needs to be; where that is too much, the widest give way."""
    widths = [min(CELL, max(map(_columns, column))) for column in columns]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return widths


def _shortened(text: str) -> str:
    """A cell's text, printable; of a very long one the beginning, since letters may take no room at all."""
    return printable(text if len(text) <= 4 * CELL else f"{text[: 4 * CELL]}…")


def _cell(text: str, size: int, right: bool) -> str:
    if _columns(text) > size:
        reached = itertools.accumulate(map(_columns, text))
        text = text[: sum(columns < size for columns in reached)] + "…"
    space = " " * (size - _columns(text))
    return space + text if right else text + space


def _columns(text: str) -> int:
    """How many columns of the screen a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf"
        else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )  # fmt: skip


def printable(text: str, keep: str = "") -> str:
    """A text that does nothing to a terminal: what would is spelled out, but for the characters in `keep`.

    >>> printable("a\\tb\\x1b[2J")
    'a\\\\tb\\\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(_spelled(letter) if letter not in keep else letter for letter in text)


def _spelled(letter: str) -> str:
    harmful = letter in BIDI or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
    return letter.encode("unicode_escape").decode("ascii") if harmful else letter
