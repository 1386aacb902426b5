"""How rows stood on earlier days: what the optional table `history` says of owners, stages, health and states.

A row of history says which value a column of some row has from a day on. From the day of its last one on, a row
is what it says of itself; before the first one it is taken to have had the value of the first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import numpy as np

from .errors import DataError, Problem, nearest, shown
from .intake import NO_DAY, from_records, open_frame
from .intake.columns import read_column
from .intake.problems import Findings, Note
from .intake.quarantine import REASONS
from .records import HISTORY, SCHEMA, Column, Kind, TableSchema

if TYPE_CHECKING:
    from .intake import Source
    from .layout import Table

__all__ = ["Entry", "History", "as_frames", "read_history", "told_columns"]

NEVER = -(10**9)

Stood: TypeAlias = dict[str, dict[Any, dict[str, Any]]]
"""By table and id the columns that say something else than today."""


@attrs.frozen
class Entry:
    """From `day` on, as a number, `column` of the row `id` of `table` says `value`."""

    table: str
    id: Any
    column: str
    value: Any
    day: int


def told_columns(schema: TableSchema) -> tuple[str, ...]:
    """The columns of a table of which history can be told: words, and who owns or is assigned."""
    return tuple(
        column.name
        for column in schema.columns.values()
        if column.name not in (*schema.key, "currency")
        and (column.kind in (Kind.ENUM, Kind.CATEGORY) or column.name in ("owner_id", "assignee_id"))
    )


TOLD = {name: told_columns(schema) for name, schema in SCHEMA.items() if told_columns(schema)}
"""Of which columns of which tables."""


@attrs.frozen(eq=False, slots=False)
class History:
    """All that is told, checked."""

    entries: tuple[Entry, ...] = ()

    @cached_property
    def days(self) -> list[int]:
        """The days on which something became what it is."""
        return sorted({entry.day for entry in self.entries})

    @property
    def last_day(self) -> int:
        """From this day on rows are what they say of themselves."""
        return self.days[-1] if self.entries else NEVER

    @cached_property
    def _lines(self) -> dict[tuple[str, Any, str], list[Entry]]:
        lines: dict[tuple[str, Any, str], list[Entry]] = defaultdict(list)
        for entry in sorted(self.entries, key=lambda entry: entry.day):
            lines[entry.table, entry.id, entry.column].append(entry)
        return dict(lines)

    def epoch(self, day: int) -> int:
        """How many of the days have come: between two of them every day is like the others."""
        return bisect_right(self.days, day)

    def stood(self, epoch: int) -> Stood:
        """What said something else in an epoch than from its last entry on."""
        day = self.days[epoch - 1] if epoch else NEVER
        found: Stood = {}
        for (table, identity, column), line in self._lines.items():
            if line[-1].day > day:
                past = bisect_right([entry.day for entry in line], day)
                row = found.setdefault(table, {}).setdefault(identity, {})
                row[column] = line[max(past - 1, 0)].value
        return found

    def after(self, earlier: History) -> History:
        """With what was told before, where this does not tell of the same."""
        told = {(one.table, one.id, one.column, one.day): one for one in (*earlier.entries, *self.entries)}
        return History(tuple(told.values()))

    def among(self, tables: Mapping[str, Table]) -> History:
        """What is told of rows that are there."""
        return History(tuple(one for one in self.entries if one.table in tables and _there(tables, one)))

    def loose_ends(self, tables: Mapping[str, Table]) -> list[Problem]:
        """Rows that say something else than the last that was told of them."""
        lasts: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for (table, _, column), line in self._lines.items():
            lasts[table, column].append(line[-1])
        return [
            Problem(
                table=last.table, column=last.column, row=last.id, value=now,
                expected=f"the last that history tells, {shown(last.value)}, or what came after it",
                code="history_ends_elsewhere",
            )
            for (table, _), line in lasts.items()
            for last, now in zip(line, _now(tables[table], line), strict=True)
            if now != last.value and str(now) != str(last.value)
        ]  # fmt: skip


def _there(tables: Mapping[str, Table], entry: Entry) -> bool:
    keys = tables[entry.table].keys
    return keys is not None and keys.find(entry.id) >= 0


def _now(table: Table, entries: Sequence[Entry]) -> list[Any]:
    """What rows say of themselves in the column of which is told."""
    assert table.keys is not None
    if entries[0].column not in table.source.column_names:
        return [None] * len(entries)
    places = np.array([table.keys.find(entry.id) for entry in entries])
    return table.source.values(entries[0].column, places)


def as_frames(tables: Mapping[str, Table], stood: Stood) -> dict[str, Any]:
    """The rows that stood otherwise, as frames of the caller's kind with the values that they had."""
    frames = {}
    for name, rows in stood.items():
        table = tables[name]
        assert table.keys is not None
        places = np.array([table.keys.find(identity) for identity in rows], np.int64)
        frames[name] = _changed(table.source, places, list(rows.values()))
    return frames


def _changed(source: Source, places: Any, changes: Sequence[Mapping[str, Any]]) -> Any:
    """Rows of a frame with some cells changed."""
    columns = {column for change in changes for column in change}
    cells = {}
    for column in sorted(columns):
        known = column in source.column_names
        now = source.values(column, places) if known else [None] * len(places)
        cells[column] = [change.get(column, value) for change, value in zip(changes, now, strict=True)]
    return source.with_cells(places, cells)


# reading ----------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Told:
    """What was read, and the rows that were left out of it, with their reasons."""

    history: History
    rejected: dict[str, Any]


def read_history(given: Any, tables: Mapping[str, Table], tz: str, on_error: str) -> Told:
    """The table `history`, checked against the others.

    Raises:
        DataError: with every problem, unless what is wrong may be left out.
    """
    if isinstance(given, list | tuple):
        given = from_records({"history": given})["history"]
    source = open_frame(given)
    names, rows = set(source.column_names), np.arange(source.n)
    lost = [name for name, column in HISTORY.columns.items() if column.required and name not in names]
    if lost:
        expected = "this column, which has no default"
        raise DataError(
            Problem(table="history", column=name, expected=expected, code="missing_column") for name in lost
        )
    cells = [source.values(name, rows) if name in names else [None] * source.n for name in HISTORY.columns]
    reader = _Reader(tables)
    for row, (line, day) in enumerate(zip(zip(*cells, strict=True), _days(source, tz), strict=True)):
        reader.read(row, line, day)
    if reader.problems and on_error == "raise":
        raise DataError(reader.problems)
    reasons: dict[Any, list[str]] = defaultdict(list)
    for problem in reader.problems:
        reasons[problem.row].append(str(problem))
    wrong = [reasons[row] for row in sorted(reasons)]
    found = History(tuple(reader.found.values()))
    if not wrong:
        return Told(found, {})
    rows = np.array(sorted(reasons))
    return Told(found, {HISTORY.name: source.with_reasons(rows, REASONS, ["; ".join(w) for w in wrong])})


def _days(source: Source, tz: str) -> list[int | None]:
    """The days as numbers, None for what is none."""
    findings = Findings()
    read, _ = read_column(source.cells("on"), HISTORY.columns["on"], tz, Note(findings, "history", "on"))
    if findings.structural:  # such as days with an offset beside days without
        raise DataError(
            Problem(table="history", column="on", expected=str(finding.expected), code=finding.code)
            for finding in findings.found
            if finding.structural
        )
    return [None if day == NO_DAY else day for day in np.asarray(read).tolist()]


class _Reader:
    """Checks one row of history after the other, and keeps what is wrong."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = tables
        self.problems: list[Problem] = []
        self.found: dict[tuple[str, Any, str, int], Entry] = {}

    def read(self, row: int, line: Sequence[Any], day: int | None) -> None:
        """One row, or what is wrong with it."""
        table, identity, column, value, on = line
        count = len(self.problems)
        self._check(row, "table", table, TOLD, "word")
        if len(self.problems) > count:
            return
        self._check(row, "column", column, TOLD[table], "word")
        if day is None:
            self.wrong(row, "on", on, "a day", "date")
        if table not in self.tables:
            self.wrong(row, "table", table, "a table that is there", "dangling")
            return
        known = self._key(table, identity)
        if known is None:
            self.wrong(row, "id", identity, f"the id of a row of {table}", "dangling")
        if len(self.problems) > count:
            return
        said = self._value(row, SCHEMA[table].columns[column], value)
        if len(self.problems) > count:
            return
        assert day is not None
        place = table, known, column, day
        if place in self.found:
            self.wrong(row, "on", identity, "one value a day for each column of a row", "duplicate")
            return
        self.found[place] = Entry(table, known, column, said, day)

    def wrong(self, row: int, column: str, value: Any, expected: str, code: str) -> None:
        self.problems.append(
            Problem(table="history", column=column, row=row, value=value, expected=expected, code=code)
        )

    def _check(self, row: int, column: str, value: Any, words: Collection[str], code: str) -> None:
        if value not in words:
            self.wrong(row, column, value, f"one of {', '.join(words)}{nearest(str(value), words)}", code)

    def _key(self, table: str, identity: Any) -> Any:
        """An id as the table has it, None where it has none: a file of ids of several tables may hold text."""
        keys = self.tables[table].keys
        tried = [identity]
        if isinstance(identity, str) and identity.lstrip("-").isdecimal():
            tried.append(int(identity))
        found = (one for one in tried if keys is not None and one is not None and keys.find(one) >= 0)
        return next(found, None)

    def _value(self, row: int, column: Column, value: Any) -> Any:
        """A value as the column takes it."""
        if value is None or value != value:
            if not column.optional:
                self.wrong(row, "value", value, f"a value: {column.name} cannot be missing", "missing")
            return None
        if column.refers:
            known = self._key(column.refers, value) if column.refers in self.tables else value
            if known is None:
                self.wrong(row, "value", value, f"the id of a row of {column.refers}", "dangling")
            return known
        if not isinstance(value, str):
            self.wrong(row, "value", value, "text", "type")
        elif column.words:
            self._check(row, "value", value, column.words, "word")
        return str(value)
