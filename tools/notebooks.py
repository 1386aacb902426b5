"""Run a notebook's code cells in order, as a fresh kernel would, and keep what they show.

A kernel of its own would cost seconds and a dozen packages; these notebooks hold plain Python, so one namespace does.
"""

from __future__ import annotations

import ast
import contextlib
import html
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Cell", "cells", "run", "text_of"]

PREFERRED = ("text/html", "image/svg+xml", "text/plain")


@dataclass
class Cell:
    """One cell: what it is, its source, and after `run` what it printed and what its last line shows."""

    kind: str
    source: str
    printed: str = ""
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> tuple[str, str] | None:
        """The MIME type and text of what a page shows of the last line."""
        return next(((kind, str(self.shown[kind])) for kind in PREFERRED if kind in self.shown), None)


def cells(path: Path) -> list[Cell]:
    """The cells of a notebook file, without outputs."""
    notebook = json.loads(path.read_text("utf-8"))
    return [Cell(found["cell_type"], "".join(found["source"])) for found in notebook["cells"]]


def run(path: Path) -> list[Cell]:
    """All cells, those with code after running them in order in one namespace."""
    found, names = cells(path), {"__name__": "__main__"}
    for place, cell in enumerate(found, 1):
        if cell.kind == "code":
            _run(cell, names, f"{path.name}[{place}]")
    return found


def _run(cell: Cell, names: dict[str, Any], where: str) -> None:
    """Execute a cell; where it ends with an expression, that is shown."""
    tree = ast.parse(cell.source, where)
    last = tree.body[-1] if tree.body else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if isinstance(last, ast.Expr):
            tree.body.pop()
        exec(compile(tree, where, "exec"), names)
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)
    cell.printed = printed.getvalue()
    cell.shown = {} if value is None else _bundle(value)


def _bundle(value: Any) -> dict[str, Any]:
    """What a notebook is given to show of a value, by MIME type."""
    if hasattr(value, "_repr_mimebundle_"):
        found: dict[str, Any] = value._repr_mimebundle_(include=None, exclude=None)
        return found
    found = {"text/plain": repr(value)}
    page = value._repr_html_() if hasattr(value, "_repr_html_") else None
    return found if page is None else {"text/html": page, **found}


def text_of(cell: Cell) -> str:
    """All that a reader sees below a cell, as text."""
    page = html.unescape(re.sub("<[^>]*>", " ", str(cell.shown.get("text/html", ""))))
    return f"{cell.printed} {page} {cell.shown.get('text/plain', '')}"
