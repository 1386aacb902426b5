"""What was found wrong: kept as row numbers while checking, told as problems in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ..errors import Problem
from .arrows import first_value, present, type_name
from .values import Piece, Rows

__all__ = ["Finding", "Findings", "Note"]

SHOWN_EXAMPLES = 3


@attrs.frozen(eq=False, kw_only=True)
class Finding:
    """One broken rule in one column; `rows` None means the column or table as a whole.

    `also` are rows that are not to be trusted either though the problem is told of others: the first of
    two rows with one id. `values` stand for the cells where those are not what was wrong.
    """

    table: str
    column: str | None
    code: str
    expected: str | Sequence[str]
    rows: Rows | None = None
    values: Sequence[object] | None = None
    also: Rows | None = None
    structural: bool = False

    def told(self, place: int) -> str:
        return self.expected if isinstance(self.expected, str) else self.expected[place]


class Note:
    """Notes what is wrong with one column."""

    def __init__(self, findings: Findings, table: str, column: str) -> None:
        self.findings, self.table, self.column = findings, table, column
        self.rows: list[Rows] = []
        self.whole = False

    def __call__(self, code: str, expected: str | Sequence[str], **more: Any) -> None:
        rows = more.get("rows")
        if rows is None:
            self.whole = True
        else:
            self.rows.append(rows)
        self.findings.add(self.table, self.column, code, expected, **more)

    def wrong_type(self, piece: Piece, expected: str) -> None:
        """Note a piece of a type that the column cannot have: a column's type, or that of single objects."""
        told = f"{expected}, not {type_name(piece.array)}"
        if piece.objects:
            self("type", told, rows=piece.at(present(piece.array)))
        else:
            self("type", told, values=[first_value(piece.array)], structural=True)


class Findings:
    """Everything found so far."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def __bool__(self) -> bool:
        return bool(self.found)

    def add(
        self, table: str, column: str | None, code: str, expected: str | Sequence[str], **more: Any
    ) -> None:
        self.found.append(Finding(table=table, column=column, code=code, expected=expected, **more))

    def sort(self, columns: Mapping[str, Sequence[str]]) -> None:
        """Tables and columns in the schema's order; unknown ones first."""
        tables = {table: place for place, table in enumerate(columns)}

        def place(finding: Finding) -> tuple[int, int]:
            names = columns.get(finding.table, ())
            column = names.index(finding.column) if finding.column in names else -1
            return tables.get(finding.table, -1), column

        self.found.sort(key=place)

    @property
    def structural(self) -> bool:
        return any(finding.structural for finding in self.found)

    def rows_of(self, table: str) -> Rows:
        """Every row of a table that breaks a rule."""
        parts = [f.rows for f in self.found if f.table == table and f.rows is not None]
        parts += [f.also for f in self.found if f.table == table and f.also is not None]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def problems(
        self, names: Callable[[str, Rows], list[Any]], cells: Callable[[str, str, Rows], list[Any]]
    ) -> list[Problem]:
        """Every finding told row by row; `names` gives the keys of rows, `cells` what stands in them."""
        told: list[Problem] = []
        for finding in self.found:
            told += _told(finding, names, cells)
        return told


def _told(
    finding: Finding, names: Callable[..., list[Any]], cells: Callable[..., list[Any]]
) -> list[Problem]:
    table, column = finding.table, finding.column
    rows = finding.rows
    if rows is None:
        value = finding.values[0] if finding.values else None
        told = finding.told(0)
        return [Problem(table=table, column=column, value=value, expected=told, code=finding.code)]
    values = finding.values
    if values is None:
        values = cells(table, column, rows) if column is not None else [None] * len(rows)
    return [
        Problem(
            table=table,
            column=column,
            row=name,
            value=None if finding.code == "missing" else value,
            expected=finding.told(place),
            code=finding.code,
        )
        for place, (name, value) in enumerate(zip(names(table, rows), values, strict=True))
    ]
