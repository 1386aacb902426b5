"""Results as CSV and as workbooks: all of their lines, and no text from the data that a spreadsheet would run."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..results import Listing, Result
from . import shape
from .facts import facts_of

if TYPE_CHECKING:
    from ..report import ReportResult

__all__ = ["columns_of", "inert", "report_to_csv", "summary", "to_csv"]

RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet takes a text that begins so for a formula, in some country or other."""


def columns_of(result: Result) -> dict[str, list[Any]]:
    """A result's value as columns; of a listing all lines, whatever its limit cuts."""
    if isinstance(result, Listing):
        lines = result.head(result.value)
        return {name: [line[place] for line in lines] for place, name in enumerate(result.names)}
    return result._records()


def inert(text: str) -> str:
    """A text that a spreadsheet leaves alone: an apostrophe stands before what it would run.

    >>> inert("=1+1"), inert("a=1")
    ("'=1+1", 'a=1')
    """
    return f"'{text}" if text.startswith(RUNS) else text


def to_csv(result: Result) -> str:
    return _csv(columns_of(result))


def report_to_csv(found: ReportResult, folder: Path) -> list[Path]:
    """A file for each result, and `contents.csv`, which says what each is."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"contents": _csv(summary(found))}
    files |= {name: to_csv(result) for name, result in found.results.items() if isinstance(result, Result)}
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.csv")
        write(text, paths[-1])
    return paths


def write(text: str, path: Path) -> None:
    """The mark at the beginning tells spreadsheets that the file is UTF-8."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        file.write(text)


def summary(found: ReportResult) -> dict[str, list[Any]]:
    """What a report holds: its metrics, their values, who looked at what, and what was left out."""
    facts = facts_of(found)
    table: dict[str, list[Any]] = {}
    for title, results in found.sections():
        for result in results:
            line = {"section": title, **_told(result), **facts}
            for name, said in line.items():
                table.setdefault(name, []).append(said)
    return table


def _told(result: Any) -> dict[str, str]:
    if not isinstance(result, Result):
        metric = result.metric
        told = {"metric": metric.id, "title": metric.title, "value": str(result), "unit": ""}
        return told | {"left out": "", "definition": metric.definition, "source": metric.source}
    value, unit = shape.headline(result)
    spec = result.spec
    told = {"metric": spec.id, "title": spec.title, "value": value, "unit": unit}
    return told | {
        "left out": shape.left_out(result), "definition": spec.definition, "source": spec.source
    }  # fmt: skip


def _csv(columns: Mapping[str, list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([inert(name) for name in columns])
    cells: Iterable[list[str]] = ([_written(value) for value in values] for values in columns.values())
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue()


def _written(value: Any) -> str:
    """A cell: numbers and days so that they can be read back, texts so that they do nothing."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Fraction):
        return repr(float(value))
    if isinstance(value, int | float):
        return repr(value)
    return value.isoformat() if isinstance(value, dt.date) else inert(str(value))
