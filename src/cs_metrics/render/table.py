"""Tables of a page, with a bar on each line or cells that are shaded where the result has such."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import shape
from .markup import Html, escaped, escaped_all

__all__ = ["table"]

LONG = 80
"""A text of more letters gets a box of its own that scrolls."""
SHORT = 12
"""A text of no more letters, such as a day, stays on its line."""
LINES = 100
"""So many lines at most has any table."""


def table(
    grid: shape.Grid,
    drawn: Sequence[Html] | None = None,
    *,
    title: str,
    keys: Sequence[Html] | None = None,
    shades: Sequence[Sequence[str]] | None = None,
) -> Html:
    """A grid as a table; `drawn` are the bars of its lines, `keys` the colours of its columns, `shades` of cells."""
    names = [
        key + name
        for key, name in zip(keys or [Html("")] * len(grid.names), escaped_all(grid.names), strict=True)
    ]
    look = ['<th scope="col" dir="auto">', '<th scope="col" class="right" dir="auto">']
    head = "".join(f"{look[right]}{name}</th>" for name, right in zip(names, grid.right, strict=True))
    if drawn is not None:
        head += '<th scope="col" class="bar"><span class="unseen">bar</span></th>'
    lines = _lines(grid.lines[:LINES], grid.right) if shades is None else _shaded(grid, shades)
    body = [
        f"<tr>{line}{'' if drawn is None else f'<td class=bar>{drawn[place]}</td>'}</tr>"
        for place, line in enumerate(lines)
    ]
    if len(grid.lines) > LINES:
        told = f"{shape.number(LINES)} of {shape.number(len(grid.lines))} lines shown"
        body.append(f'<tr><td colspan="{len(grid.names)}">{told}</td></tr>')
    if grid.total:
        (total,) = _lines([grid.total], grid.right)
        body.append(f'<tr class="total">{total}{"" if drawn is None else "<td class=bar></td>"}</tr>')
    return Html(
        f'<div class="scroll" role="region" aria-label="{escaped(title)}" tabindex="0"><table><thead><tr>{head}</tr>'
        f"</thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _lines(lines: Sequence[tuple[str, ...]], right: tuple[bool, ...]) -> Iterator[str]:
    """The cells of each line; `dir` keeps the direction of one text from turning another around."""
    width = len(right)
    texts = [text for line in lines for text in line]
    safe = escaped_all(texts)
    opened = [_opened(place, is_number) for place, is_number in enumerate(right)] * len(lines)
    cells = [
        f"{short if len(text) <= SHORT else wide}{cell}{end}" if len(text) <= LONG else
        f'{wide}<div class="long">{cell}</div>{end}'
        for text, cell, (short, wide, end) in zip(texts, safe, opened, strict=True)
    ]  # fmt: skip
    for start in range(0, len(cells), width):
        yield "".join(cells[start : start + width])


def _opened(place: int, right: bool) -> tuple[str, str, str]:
    """How a column's cells begin, short texts and others, and how they end."""
    name, scope = ("th", ' scope="row"') if place == 0 else ("td", "")
    turned = "" if right and place else ' dir="auto"'
    look = ' class="right"' if right else ' class="short"'
    wide = look if right else ""
    return f"<{name}{scope}{look}{turned}>", f"<{name}{scope}{wide}{turned}>", f"</{name}>"


def _shaded(grid: shape.Grid, shades: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a name and numbers, each number on a ground as dark as it is said to be."""
    for (name, *numbers), looks in zip(grid.lines, shades, strict=True):
        grounds = [*looks, *[""] * (len(numbers) - len(looks))]
        cells = [
            f'<td class="{" ".join(("right", ground)).rstrip()}">{escaped(number)}</td>'
            for number, ground in zip(numbers, grounds, strict=True)
        ]
        yield f'<th scope="row" class="short">{escaped(name)}</th>{"".join(cells)}'
