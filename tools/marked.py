"""Small pieces of Markdown: tables, links that move with their page, docstrings."""

from __future__ import annotations

import inspect
import posixpath
import re
from collections.abc import Iterable, Sequence

__all__ = ["cell", "code", "moved", "prose", "table"]

LINK = re.compile(r"(\]\()([^)#\s]+)?(#[^)\s]*)?(\))")
FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
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


def moved(text: str, before: str, after: str) -> str:
    """The text of a page that stood in the folder `before`, for one in `after`: links lead where they led."""

    def relinked(found: re.Match[str]) -> str:
        start, target, anchor, end = found.groups()
        if target and ":" not in target:
            target = posixpath.relpath(posixpath.join(before, target), after or ".")
        return f"{start}{target or ''}{anchor or ''}{end}"

    return LINK.sub(relinked, text)


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
