"""A mapping proposed from the headers of a folder's files, which says what it is unsure of."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from ...errors import DataError, Problem
from ...records import SCHEMA, Column, Kind
from .cells import fold, plain
from .exports import Export, files_of, read_export, suits
from .mappings import OWN, SOURCES, SourceMap, mapping_of

__all__ = ["Proposal", "propose"]

SURE, LIKELY = 0.9, 0.7
MOST_WORDS = 30


@attrs.frozen
class Proposal:
    """A mapping as TOML, which can be read as it is, and what a person should look at in it."""

    toml: str
    unsure: tuple[str, ...]


def propose(folder: Path, source: str = OWN) -> Proposal:
    """A mapping for a folder of exports, after what is known of a vendor's names, or of all vendors'.

    Raises:
        DataError: there is no file to be read there.
    """
    files = files_of(folder) if folder.is_dir() else []
    if not files:
        told = "a folder with files of an export (.csv, .json, .jsonl)"
        raise DataError([Problem(table="portfolio", value=str(folder), expected=told, code="folder")])
    known = [mapping_of(name, None) for name in (SOURCES if source == OWN else (source,))]
    times = known[0].times if source != OWN else "as_written"
    writer = _Writer(known)
    lines = [
        "# Proposed from the files' headers; look at every line that says: unsure.",
        f'title = "{OWN if source == OWN else known[0].title}"',
        f'times = "{times}" # "utc" if date-times without an offset are of universal time',
        "names = true # references may be names",
    ]
    for file in files:
        lines += writer.file(file)
    return Proposal("\n".join(lines) + "\n", tuple(writer.unsure))


class _Writer:
    def __init__(self, known: list[SourceMap]) -> None:
        self.known = known
        self.unsure: list[str] = []
        self.taken: dict[str, str] = {}

    def file(self, file: Path) -> Iterator[str]:
        export = read_export([file])
        tables = self._tables(file)
        if not tables:
            yield from (
                "",
                f"# {file.name}: unsure which table this is; its fields: {', '.join(export.fields())}",
            )
            self.unsure.append(f"{file.name}: which table this is")
            return
        for table, sure in tables:
            if table in self.taken:
                note = f"{file.name}: left out of {table}, which is {self.taken[table]}"
                self.unsure.append(note)
                yield from ("", f"# unsure: {note}")
                continue
            self.taken[table] = file.name
            yield from self._table(table, file, export, sure)

    def _tables(self, file: Path) -> list[tuple[str, bool]]:
        """Which tables a file may hold: by the names that vendors have for them, by ours, or nearly so."""
        found = {
            table.table: True
            for known in self.known
            for table in known.tables.values()
            if any(suits(file, name) for name in table.files)
        }
        found |= {name: True for name in SCHEMA if suits(file, name) and not found}
        if not found:
            near = difflib.get_close_matches(file.stem.lower(), SCHEMA, n=1, cutoff=LIKELY)
            found = dict.fromkeys(near, False)
        return list(found.items())

    def _table(self, table: str, file: Path, export: Export, sure: bool) -> Iterator[str]:
        yield from ("", f"[tables.{table}]")
        note = "" if sure else self._unsure(f"{file.name}: whether this is {table}")
        yield f"files = [{_text(file.stem)}]{note}"
        yield from self._conditions(table)
        yield from ("", f"[tables.{table}.columns]")
        fields = list(export.fields())
        words: list[str] = []
        for column in SCHEMA[table].columns.values():
            made = self._made(table, column, export)
            if made is not None:
                yield f"{column.name} = {made}"
                continue
            field, how_sure = self._field(table, column, fields)
            if field is None:
                if column.required:
                    yield f"# {column.name} = ?{self._unsure(f'{table}.{column.name}: no field looks like it')}"
                continue
            note = "" if how_sure >= SURE else self._unsure(f"{table}.{column.name}: whether it is {field}")
            if column.kind is Kind.ENUM:
                words += self._words(table, column, field, export, note)
            else:
                yield f"{column.name} = {_text(field)}{note}"
        yield from words

    def _conditions(self, table: str) -> Iterator[str]:
        """What a vendor's mapping asks of rows of this table is no matter of headers: it is told to be looked at."""
        for known in self.known:
            rules = known.tables[table].only if table in known.tables else ()
            if rules:
                told = "; or ".join(
                    ", ".join(f"{field}: {'/'.join(words)}" for field, words in one) for one in rules
                )
                yield f"# {known.title} takes only rows with {told}{self._unsure(f'{table}: which rows count')}"

    def _made(self, table: str, column: Column, export: Export) -> str | None:
        """A column that a vendor's mapping makes of several fields, where all of them are here."""
        for known in self.known:
            how = known.tables[table].columns.get(column.name) if table in known.tables else None
            if how is None or (any(export.column(field) is not None for field in how.fields) and how.monthly):
                continue
            for key, fields in (
                ("monthly", how.monthly),
                ("from", how.fields if how.join is not None else ()),
            ):
                if fields and export.has(fields):
                    listed = ", ".join(map(_text, fields))
                    join = f", join = {_text(how.join)}" if key == "from" else ""
                    return f"{{ {key} = [{listed}]{join} }}"
        return None

    def _field(self, table: str, column: Column, fields: list[str]) -> tuple[str | None, float]:
        """The field that is most like a column, and how much so."""
        names = {fold(column.name): 1.0}
        for known in self.known:
            how = known.tables[table].columns.get(column.name) if table in known.tables else None
            for place, name in enumerate(how.fields if how else ()):
                names.setdefault(fold(name), 1.0 - place / 1000)
        names.setdefault(fold(column.name.removesuffix("_id").removesuffix("_on")), 0.8)
        best: tuple[str | None, float] = (None, 0.0)
        for field in fields:
            for name, weight in names.items():
                like = (
                    1.0
                    if fold(field) == name
                    else difflib.SequenceMatcher(None, fold(field), name).ratio() * 0.9
                )
                if like * weight > best[1]:
                    best = field, like * weight
        return best if best[1] >= LIKELY else (None, 0.0)

    def _words(self, table: str, column: Column, field: str, export: Export, note: str) -> Iterator[str]:
        """A vocabulary's words, each with the one of ours that a vendor's mapping or its looks suggest."""
        cells = [plain(cell, display=True) for cell in export.column(field) or ()]
        found = Counter(str(cell) for cell in cells if cell is not None)
        meant = self._meant(table, column)
        yield from (
            "",
            f"[tables.{table}.columns.{column.name}]",
            f"from = {_text(field)}{note}",
            'show = "display"',
        )
        if found:
            yield from ("", f"[tables.{table}.columns.{column.name}.values]")
        for word, count in found.most_common(MOST_WORDS):
            value = meant.get(fold(word))
            if value is None:
                near = difflib.get_close_matches(fold(word), list(meant), n=1, cutoff=LIKELY)
                told = f"{table}.{column.name}: what {word!r} means ({count:,} rows)"
                if not near:
                    allowed = ", ".join(column.words)
                    yield f"# {_text(word)} = ?{self._unsure(told)}; one of {allowed}"
                    continue
                yield f"{_text(word)} = {_text(meant[near[0]])}{self._unsure(told)}"
            else:
                yield f"{_text(word)} = {_text(value)}"

    def _meant(self, table: str, column: Column) -> Mapping[str, Any]:
        meant = {fold(word): word for word in column.words}
        for known in self.known:
            how = known.tables[table].columns.get(column.name) if table in known.tables else None
            meant |= {fold(word): value for word, value in (how.values if how else {}).items()}
        return meant

    def _unsure(self, what: str) -> str:
        self.unsure.append(what)
        return " # unsure"


def _text(word: object) -> str:
    """A TOML string: JSON's is one too, but for what TOML does not escape."""
    return json.dumps(str(word), ensure_ascii=False).replace("\x7f", "\\u007f")
