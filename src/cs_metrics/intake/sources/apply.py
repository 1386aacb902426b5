"""A mapping carried out: files in, tables of ours out, and all that nobody could make sense of, told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from ...errors import DataError, Problem, nearest
from ...records import TABLES, Column, Kind
from .cells import amount, currency, first, fold, moment, monthly, plain, turned
from .exports import Export, files_of, read_export, suits
from .mappings import UNSET, ColumnMap, Lookup, SourceMap, TableMap

__all__ = ["apply"]

Cells = list[Any]


def apply(mapping: SourceMap, folder: Path) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The tables of a folder of exports as pandas frames, and what was read by a rule for all that is left.

    Raises:
        DataError: a field that a column needs is missing, or words are not mapped: each told once.
    """
    import pandas as pd

    run = _Run(mapping, folder)
    tables = {name: run.table(table) for name, table in mapping.tables.items()}
    made = {name: table for name, table in tables.items() if table is not None}
    if mapping.names:
        for name, columns in made.items():
            run.resolve(name, columns, made)
    if run.problems:
        raise DataError(run.problems)
    if not made:
        looked_for = sorted({file for table in mapping.tables.values() for file in table.files})
        told = f"files of {mapping.title}, such as {', '.join(looked_for[:8])} (.csv, .json, .jsonl)"
        raise DataError([Problem(table="portfolio", value=folder.name, expected=told, code="folder")])
    frames = {name: pd.DataFrame(columns, dtype=object) for name, columns in made.items()}
    return {name: frames[name] for name in TABLES if name in frames}, tuple(run.notes)


class _Run:
    def __init__(self, mapping: SourceMap, folder: Path) -> None:
        self.mapping = mapping
        self.files = files_of(folder)
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self._exports: dict[tuple[Path, ...], Export] = {}

    def export(self, names: Sequence[str]) -> Export | None:
        """The rows of the files that are called so; of several names the first that there is one of."""
        for name in names:
            files = tuple(file for file in self.files if suits(file, name))
            if files:
                if files not in self._exports:
                    self._exports[files] = read_export(files)
                return self._exports[files]
        return None

    def table(self, table: TableMap) -> dict[str, Cells] | None:
        export = self.export(table.files)
        if export is None:
            return None
        if not export.n and not export.columns:  # a list of nothing names no fields
            return {name: [] for name in TABLES[table.table].columns}
        export = self._needed(table, self._wanted(table, export))
        if self.mapping.times == "utc" and export.shown:
            expected = (
                f"stored values; {export.name} has what was shown to a user, date-times in that user's zone"
            )
            self.notes.append(Problem(table=table.table, expected=expected, code="source_zone"))
        ours = TABLES[table.table].columns
        columns: dict[str, Cells] = {}
        used: set[str] = set()
        for name, column in table.columns.items():
            used.update(self._used(column, export))
            cells = ColumnRun(self, table.table, ours[name], column, export).cells()
            if cells is not None:
                columns[name] = cells
        self._missing(table, columns, export)
        for field, cells in export.columns.items():
            if fold(field) not in used and field not in ours:
                told = [plain(cell, display=True) for cell in cells]
                if any(cell is not None for cell in told):
                    columns[field] = told
        return columns

    @staticmethod
    def _used(column: ColumnMap, export: Export) -> set[str]:
        """The fields that a column is made of: these do not come back a second time under their own names."""
        here = [field for field in column.fields if export.column(field) is not None]
        return {fold(field) for field in (here if column.join is not None else here[:1])}

    def _wanted(self, table: TableMap, export: Export) -> Export:
        """The rows that are of this table."""
        if not table.only:
            return export
        keep = export.deciding(table.only)
        if keep is None:
            fields = " or ".join(" and ".join(dict(one)) for one in table.only)
            expected = f"a field of {export.name}: {fields}, which says what is one of these"
            self.problems.append(Problem(table=table.table, expected=expected, code="missing_column"))
            return export.take([])
        rules = " or ".join(
            " and ".join(f"{field} is {' or '.join(words)}" for field, words in one) for one in table.only[:1]
        )
        return self._left(table.table, export, keep, f"rows where {rules}")

    def _needed(self, table: TableMap, export: Export) -> Export:
        """The rows that have what ours cannot be without."""
        for name in table.need:
            column = TABLES[table.table].columns[name]
            cells = ColumnRun(self, table.table, column, table.columns[name], export).cells()
            if cells is not None:
                keep = [cell is not None for cell in cells]
                export = self._left(table.table, export, keep, f"rows with {name}")
        return export

    def _left(self, table: str, export: Export, keep: Sequence[bool], rule: str) -> Export:
        out = list(keep).count(False)
        if not out:
            return export
        told = f"{rule}; {out:,} of {export.n:,} in {export.name} are left out"
        self.notes.append(Problem(table=table, expected=told, code="source_rows"))
        return export.take([row for row, kept in enumerate(keep) if kept])

    def _missing(self, table: TableMap, columns: Mapping[str, Cells], export: Export) -> None:
        for column in TABLES[table.table].columns.values():
            if column.required and column.name not in columns:
                fields = table.columns.get(column.name, ColumnMap()).fields
                hint = nearest(fields[0], export.fields()) if fields else ""
                expected = f"a field of {export.name}: {' or '.join(fields) or 'map one'}{hint}"
                self.problems.append(
                    Problem(table=table.table, column=column.name, expected=expected, code="missing_column")
                )

    def resolve(self, name: str, columns: dict[str, Cells], made: Mapping[str, Mapping[str, Cells]]) -> None:
        """References that are names become the ids of what is called so."""
        for column in TABLES[name].references:
            parent = made.get(column.refers or "")
            if column.name not in columns or parent is None or "id" not in parent:
                continue
            ids = set(parent["id"])
            named: dict[Any, list[Any]] = {}
            for label in ("name", "number", "Number"):
                for key, called in zip(parent["id"], parent.get(label, ()), strict=False):
                    named.setdefault(called, []).append(key)
            cells = columns[column.name]
            for called in {cell for cell in cells if cell is not None and cell not in ids}:
                if len(named.get(called, ())) > 1:
                    told = f"one of {column.refers} alone; several are called so: export their ids"
                    self.problems.append(
                        Problem(table=name, column=column.name, value=called, expected=told, code="ambiguous")
                    )
            columns[column.name] = [
                cell if cell is None or cell in ids or len(named.get(cell, ())) != 1 else named[cell][0]
                for cell in cells
            ]


@attrs.frozen(eq=False)
class ColumnRun:
    """One column: its cells out of the export's fields."""

    run: _Run
    table: str
    column: Column
    how: ColumnMap
    export: Export

    def cells(self) -> Cells | None:
        """The cells; None where the export has none of the fields, and no rule stands in for them."""
        cells = self._by_case() or self._raw()
        if cells is None:
            return None if self.how.other is UNSET else [self.how.other] * self.export.n
        if self.how.when:
            cells = self._when(cells)
        return self._in_our_words(cells)

    def _by_case(self) -> Cells | None:
        cases = self.how.cases
        if not cases or not all(self.export.has(when) for when, _ in cases):
            return None
        cells: Cells = [None] * self.export.n
        for when, value in reversed(cases):
            held = self.export.holding(when)
            cells = [value if holds else cell for holds, cell in zip(held, cells, strict=True)]
        return cells

    def _raw(self) -> Cells | None:
        how, export = self.how, self.export
        if how.value is not None:
            return [how.value] * export.n
        # two names of one field, such as firstName and First Name, are one
        fields = {id(cells): cells for cells in map(export.column, how.fields) if cells is not None}
        found = list(fields.values())
        parts = [[plain(cell, how.display) for cell in cells] for cells in found]
        if how.join is not None and parts:
            return [
                how.join.join(str(p) for p in row if p is not None) or None
                for row in zip(*parts, strict=True)
            ]
        if how.lookup is not None:
            parts.append(self._looked_up(how.lookup) or [None] * export.n)
        if how.monthly and export.column(how.monthly[0]) is not None:
            parts.append(self._monthly())
        if not parts:
            return None
        return [next((cell for cell in row if cell is not None), None) for row in zip(*parts, strict=True)]

    def _monthly(self) -> Cells:
        none = [None] * self.export.n
        fields = [self.export.column(field) or none for field in self.how.monthly]
        total, count, unit = ([plain(cell) for cell in cells] for cells in (*fields, none, none)[:3])
        return [None if t is None else monthly(t, c, u) for t, c, u in zip(total, count, unit, strict=True)]

    def _looked_up(self, lookup: Lookup) -> Cells | None:
        """What another file says; of several rows for one of ours, the word that stands first in our list."""
        other, mine = self.run.export(lookup.files), self.export.column(lookup.of)
        if other is None or mine is None or not other.has([lookup.key, lookup.take]):
            return None
        held = other.deciding(lookup.only) or [not lookup.only] * other.n
        keys, taken = other.column(lookup.key) or [], other.column(lookup.take) or []
        found: dict[Any, list[Any]] = {}
        for key, cell, holds in zip(keys, taken, held, strict=True):
            value = plain(cell, self.how.display)
            if holds and value is not None:
                found.setdefault(plain(key), []).append(value)
        return [self._one_of(found.get(plain(cell), [])) for cell in mine]

    def _one_of(self, values: list[Any]) -> Any:
        if len(set(values)) <= 1:
            return values[0] if values else None
        words = self._words()
        ranked = sorted(
            (self.column.words.index(words[fold(value)]), value)
            for value in values
            if words.get(fold(value)) in self.column.words
        )
        if ranked or self.column.kind is Kind.ENUM:
            return ranked[0][1] if ranked else values[0]
        expected = f"one row in {'/'.join(self.how.lookup.files if self.how.lookup else ())}, not several"
        told = ", ".join(map(str, values))
        problem = Problem(
            table=self.table, column=self.column.name, value=told, expected=expected, code="ambiguous"
        )
        self.run.problems.append(problem)
        return None

    def _when(self, cells: Cells) -> Cells:
        """The cells of those rows that meet the condition."""
        held = self.export.deciding(self.how.when)
        if held is not None:
            return [cell if holds else None for cell, holds in zip(cells, held, strict=True)]
        fields = " or ".join(" and ".join(dict(one)) for one in self.how.when)
        expected = f"a field of {self.export.name}: {fields}, which says when {self.how.fields[0]} counts"
        problem = Problem(table=self.table, column=self.column.name, expected=expected, code="missing_column")
        self.run.problems.append(problem)
        return cells

    def _in_our_words(self, cells: Cells) -> Cells:
        kind = self.column.kind
        if kind is Kind.DATE:
            utc = self.run.mapping.times == "utc"
            return [None if cell is None else moment(cell, utc) for cell in cells]
        transform = {"amount": amount, "currency": currency, "first": first, "not": turned}.get(
            self.how.transform or ""
        )
        if transform is not None:
            cells = [None if cell is None else transform(cell) for cell in cells]
        if kind is Kind.ENUM or self.how.values:
            return self._translated(cells)
        if kind is Kind.FLAG:
            return [fold(cell) if isinstance(cell, str) else cell for cell in cells]
        if kind in (Kind.KEY, Kind.TEXT, Kind.CATEGORY):
            # one kind of key in a portfolio: vendors' ids are text, even where some APIs write a number
            return [None if cell is None else str(cell) for cell in cells]
        return cells

    def _words(self) -> dict[str, Any]:
        """What each word means, ours included; an empty text says that it means nothing."""
        ours = {fold(word): word for word in self.column.words}
        return ours | {fold(word): value for word, value in self.how.values.items()}

    def _translated(self, cells: Cells) -> Cells:
        """Vendors' words as ours; in a free vocabulary words that nobody mapped stay as they are."""
        words = self._words()
        unknown: Counter[str] = Counter()
        has_other = self.how.other is not UNSET
        fill = self.how.other if has_other and not self.column.optional else None
        made: Cells = []
        for cell in cells:
            if cell is None or cell == "":
                made.append(fill)
                continue
            value = words.get(fold(cell), self)
            if value is self:
                value = str(cell) if self.column.kind is Kind.CATEGORY else self._left_over(cell, unknown)
            made.append(None if isinstance(value, str) and value == "" else value)
        self._tell(unknown)
        return made

    def _left_over(self, cell: Any, unknown: Counter[str]) -> Any:
        unknown[str(cell)] += 1
        return None if self.how.other is UNSET else self.how.other

    def _tell(self, unknown: Counter[str]) -> None:
        if not unknown:
            return
        allowed = ", ".join(self.column.words) or "true, false"
        if self.how.other is not UNSET:
            if self.column.kind is Kind.ENUM:
                words = ", ".join(f"{word!r} ({count:,})" for word, count in unknown.most_common(10))
                told = f"one of {allowed}; read as {self.how.other!r}: {words}"
                note = Problem(table=self.table, column=self.column.name, expected=told, code="source_word")
                self.run.notes.append(note)
            return
        for word, count in unknown.items():
            where = f"tables.{self.table}.columns.{self.column.name}.values"
            hint = nearest(word.lower(), self.column.words)
            told = f"a word that the mapping knows ({count:,} rows); map it under {where} to one of {allowed}{hint}"
            self.run.problems.append(
                Problem(table=self.table, column=self.column.name, value=word, expected=told, code="unmapped")
            )
