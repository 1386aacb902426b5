"""Vendors' files: CSV and JSON as they come out of an export or an API, read field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError, Problem
from ..folder import read_file
from .cells import fold, plain

__all__ = ["Export", "files_of", "read_export", "suits"]

SUFFIXES = (".csv", ".json", ".jsonl")
WRAPPERS = ("result", "results", "records", "data", "items", "objects", "value")
"""Where the list of rows stands in what an API answers."""


class Export:
    """The rows of one or several files, in which fields are found however their names are written."""

    def __init__(self, name: str, columns: Mapping[str, list[Any]], n: int) -> None:
        self.name, self.columns, self.n = name, columns, n
        self._folded: dict[str, str] = {}
        for column in columns:
            self._folded.setdefault(fold(column), column)

    @classmethod
    def of(cls, name: str, rows: Sequence[Mapping[str, Any]]) -> Export:
        fields = dict.fromkeys(field for row in rows for field in row)
        return cls(name, {field: [row.get(field) for row in rows] for field in fields}, len(rows))

    def column(self, path: str) -> list[Any] | None:
        """The cells of a field, as the file has them; None where there is no such field.

        `properties.name` is a field within a field, or one whose name has a dot.
        """
        if path in self.columns:
            return self.columns[path]
        if fold(path) in self._folded:
            return self.columns[self._folded[fold(path)]]
        head, dot, rest = path.partition(".")
        outer = self.column(head) if dot else None
        if outer is None:
            return None
        found = [_within(cell, rest.split(".")) for cell in outer]
        return found if any(cell is not None for cell in found) else None

    def fields(self) -> Iterator[str]:
        """All fields, those within others too, as a mapping would name them."""
        for name, cells in self.columns.items():
            inner = dict.fromkeys(
                key for cell in cells if isinstance(cell, Mapping) and not _is_value(cell) for key in cell
            )
            yield from (f"{name}.{key}" for key in inner) if inner else (name,)

    def take(self, rows: Sequence[int]) -> Export:
        return Export(
            self.name, {name: [cells[row] for row in rows] for name, cells in self.columns.items()}, len(rows)
        )

    def holding(self, conditions: Mapping[str, Sequence[str]]) -> list[bool]:
        """Which rows hold, in every one of the fields, one of its words; a field that is missing holds none."""
        keep = [True] * self.n
        for field, words in conditions.items():
            wanted = {fold(word) for word in words}
            cells = self.column(field) or [None] * self.n
            said = [(plain(cell), plain(cell, display=True)) for cell in cells]
            keep = [
                kept and any(word is not None and fold(word) in wanted for word in words_of)
                for kept, words_of in zip(keep, said, strict=True)
            ]
        return keep

    def deciding(self, alternatives: Sequence[Sequence[tuple[str, tuple[str, ...]]]]) -> list[bool] | None:
        """Which rows hold the first of the conditions whose fields are here; None where no such one is."""
        if not self.n:
            return []
        for fields in map(dict, alternatives):
            if self.has(fields):
                return self.holding(fields)
        return None

    @property
    def shown(self) -> bool:
        """Whether the cells are what ServiceNow shows to whoever asks, and not what it keeps."""
        return any(
            isinstance(cell, Mapping) and "display_value" in cell and "link" in cell and "value" not in cell
            for cells in self.columns.values()
            for cell in cells
        )

    def has(self, fields: Iterable[str]) -> bool:
        return all(self.column(field) is not None for field in fields)


def _is_value(cell: Mapping[str, Any]) -> bool:
    return bool({"value", "display_value", "results"} & cell.keys())


def _within(cell: Any, path: Sequence[str]) -> Any:
    for key in path:
        if isinstance(cell, list) and key.isdigit():
            cell = cell[int(key)] if int(key) < len(cell) else None
        elif isinstance(cell, Mapping):
            cell = cell[key] if key in cell else next((cell[k] for k in cell if fold(k) == fold(key)), None)
        else:
            return None
    return cell


def suits(file: Path, name: str) -> bool:
    """Whether a file is called so: with something before it, or a number or day behind it, it still is."""
    return (
        re.fullmatch(rf"(.*[-_ .])?{re.escape(name)}([-_ .]*\d[-_ .\d]*)?", file.stem, re.IGNORECASE)
        is not None
    )


def files_of(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "_"))
    )


def read_export(files: Sequence[Path]) -> Export:
    """The rows of several files of one kind, one after the other."""
    parts = [_read(file) for file in files]
    if len(parts) == 1:
        return parts[0]
    fields = dict.fromkeys(field for part in parts for field in part.columns)
    columns = {
        field: [cell for part in parts for cell in part.columns.get(field, [None] * part.n)]
        for field in fields
    }
    return Export(", ".join(part.name for part in parts), columns, sum(part.n for part in parts))


def _read(file: Path) -> Export:
    try:
        if file.suffix.lower() == ".csv":
            frame = read_file(file)
            # an object column of pandas would give NaN for what is empty
            return Export(file.name, {name: _cells(frame[name]) for name in frame}, len(frame))
        return Export.of(file.name, _rows(_loaded(file)))
    except Exception as error:  # whatever a reader makes of a broken file
        expected = f"a readable file: {error}"
        problem = Problem(table=file.stem, value=file.name, expected=expected, code="unreadable_file")
        raise DataError([problem]) from error


def _cells(column: Any) -> list[Any]:
    return [cell if isinstance(cell, str) else None for cell in column.tolist()]


def _loaded(file: Path) -> Any:
    import json
    from decimal import Decimal

    def parse(text: str) -> Any:
        return json.loads(text, parse_float=Decimal, parse_constant=Decimal)

    text = file.read_text("utf-8-sig")
    if file.suffix.lower() == ".json":
        return parse(text)
    return [parse(line) for line in text.split("\n") if line.strip()]


def _rows(found: Any) -> list[Mapping[str, Any]]:
    """The list of rows in what was read: pages, one a line, are put together."""
    if isinstance(found, Mapping):
        wrapped = next((found[key] for key in WRAPPERS if isinstance(found.get(key), list)), None)
        found = [found] if wrapped is None else wrapped
    if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
        raise ValueError("expected a list of objects, or an object with one under " + ", ".join(WRAPPERS))
    pages = [
        _rows(row)
        for row in found
        if any(isinstance(row.get(key), list) and key != "value" for key in WRAPPERS[:3])
    ]
    return [row for page in pages for row in page] if pages and len(pages) == len(found) else found
