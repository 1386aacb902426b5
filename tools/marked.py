"""Small pieces of Markdown: tables, links that move with their page, docstrings."""

from __future__ import annotations

import inspect
import posixpath
import re
from collections.abc import Callable, Iterable, Sequence

__all__ = ["FENCES", "anchors", "cell", "code", "links", "moved", "prose", "relinked", "table"]

LINK = re.compile(r"(\]\()([^)#\s]*)(#[^)\s]*)?(\))")
FENCES = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$", re.MULTILINE | re.DOTALL)
TITLES = ("Args:", "Raises:", "Returns:")


def cell(text: str) -> str:
    """A text that cannot end its cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ").strip()


def table(names: Sequence[str], lines: Iterable[Sequence[str]], right: Sequence[bool] = ()) -> str:
    """A table; the columns of `right` stand at the right, as numbers do."""
    at_right = [*right, *[False] * (len(names) - len(right))]
    rules = ["---:" if column else "---" for column in at_right]
    rows = [list(names), rules, *(list(map(cell, line)) for line in lines)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def code(text: str, language: str = "python") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def links(text: str) -> list[tuple[str, str]]:
    """The links of a page to others of the project, outside of code: where to, and to which anchor there."""
    found = (match.groups() for match in LINK.finditer(FENCES.sub("", text)))
    return [(target, (anchor or "")[1:]) for _, target, anchor, _ in found if ":" not in target]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and Python-Markdown both make them."""
    headings = re.findall(r"^#+ (.+)$", FENCES.sub("", text), re.MULTILINE)
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in headings}


def relinked(text: str, place: Callable[[str], str]) -> str:
    """A page whose links to others of the project lead to what `place` makes of where they led."""

    def anew(found: re.Match[str]) -> str:
        start, target, anchor, end = found.groups()
        told = place(target) if target and ":" not in target else target
        return f"{start}{told}{anchor or ''}{end}"

    out, last = [], 0
    for fence in FENCES.finditer(text):
        out += [LINK.sub(anew, text[last : fence.start()]), fence[0]]
        last = fence.end()
    return "".join([*out, LINK.sub(anew, text[last:])])


def moved(text: str, before: str, after: str) -> str:
    """The text of a page that stood in the folder `before`, for one in `after`: links lead where they led."""
    return relinked(text, lambda target: posixpath.relpath(posixpath.join(before, target), after or "."))


def prose(docstring: str, level: str = "**{}**") -> str:
    """A docstring as Markdown: its examples as code, its sections as lists."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
        lines = block.split("\n")
        if lines[0].startswith(">>>"):
            out.append(code(block, "pycon"))
        elif lines[0] in TITLES:
            out.append(level.format(lines[0]) + "\n\n" + "".join(f"- {item}\n" for item in _items(lines[1:])))
        else:
            out.append(f"{block}\n")
    return "\n".join(out)


def _items(lines: Sequence[str]) -> list[str]:
    """The entries of a section, the names of which are code."""
    joined: list[str] = []
    first = len(lines[0]) - len(lines[0].lstrip())
    for line in lines:
        if len(line) - len(line.lstrip()) > first and joined:
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line.strip())
    return [re.sub(r"^([\w.]+):", r"`\1`:", item) for item in joined]
