"""Mappings: which field of a vendor's export becomes which column of ours. They are data, in TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from ...errors import DataError, OptionError, Problem, nearest
from ...records import TABLES

__all__ = ["OWN", "SOURCES", "UNSET", "ColumnMap", "Lookup", "SourceMap", "TableMap", "mapping_of"]

SOURCES = ("servicenow", "customersuccessbox", "salesforce", "hubspot")
OWN = "own"
"""A source without a mapping of ours: everything is in the one that is given."""

TIMES = ("as_written", "utc")
TRANSFORMS = ("amount", "currency", "first", "not")
UNSET: Any = object()
"""Where a mapping says nothing of what stands for all other words."""

Conditions = tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]


@attrs.frozen(kw_only=True)
class Lookup:
    """A column that stands in another file: the rows whose `key` is this row's `of`."""

    files: tuple[str, ...]
    key: str
    of: str
    take: str
    only: Conditions = ()


@attrs.frozen(kw_only=True)
class ColumnMap:
    """Where one column comes from; `docs/sources.md` says what each of these means."""

    fields: tuple[str, ...] = ()
    join: str | None = None
    value: Any = None
    other: Any = UNSET
    values: Mapping[str, Any] = attrs.field(factory=dict)
    when: Conditions = ()
    cases: tuple[tuple[Mapping[str, tuple[str, ...]], Any], ...] = ()
    transform: str | None = None
    display: bool = False
    monthly: tuple[str, ...] = ()
    lookup: Lookup | None = None


@attrs.frozen(kw_only=True)
class TableMap:
    """Which files hold a table, which of their rows count, and where the columns come from."""

    table: str
    files: tuple[str, ...]
    columns: Mapping[str, ColumnMap]
    only: Conditions = ()
    need: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SourceMap:
    """One vendor's mapping. `names`: a reference may also be the name of what it refers to."""

    title: str
    tables: Mapping[str, TableMap]
    times: str = "as_written"
    names: bool = False


def mapping_of(source: str, given: Any) -> SourceMap:
    """The mapping of a source, with what the caller's own one adds to it or puts in its place."""
    if source not in (*SOURCES, OWN):
        raise OptionError("source", source, (*SOURCES, OWN))
    base = {} if source == OWN else _read(Path(__file__).with_name(f"{source}.toml"))
    if given is None:
        own: Mapping[str, Any] = {}
    elif isinstance(given, Mapping):
        own = given
    elif isinstance(given, str | Path):
        own = _read(Path(given))
    else:
        raise OptionError("mapping", type(given).__qualname__, "the path of a TOML file, or what one holds")
    return _Checked().source(_merged(base, own))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        problem = Problem(table="mapping", value=file.name, expected=f"TOML: {error}", code="unreadable_file")
        raise DataError([problem]) from error


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Tables within tables are merged; `false` takes a table or a column away, anything else takes its place."""
    merged = dict(base)
    for name, value in own.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[name] = _merged(before, value)
        elif value is False and isinstance(before, Mapping | str | list):
            del merged[name]
        elif isinstance(before, str | list) and isinstance(value, Mapping):
            merged[name] = {"from": before, **value}
        else:
            merged[name] = value
    return merged


class _Checked:
    """Makes a mapping of what a TOML file says, and tells everything that is wrong with it at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, where: str, value: object, expected: str) -> None:
        problem = Problem(table="mapping", column=where, value=value, expected=expected, code="mapping")
        self.problems.append(problem)

    def known(self, where: str, given: Mapping[str, Any], words: Sequence[str]) -> None:
        for name in given:
            if name not in words:
                self.wrong(where, name, f"one of {', '.join(words)}{nearest(name, words)}")

    def source(self, given: Mapping[str, Any]) -> SourceMap:
        self.known("the file", given, ("title", "times", "names", "tables"))
        times = given.get("times", TIMES[0])
        if times not in TIMES:
            self.wrong("times", times, f"one of {', '.join(TIMES)}")
        tables = {}
        for name, table in (given.get("tables") or {}).items():
            if name not in TABLES:
                self.wrong("tables", name, f"a table of {', '.join(TABLES)}{nearest(name, TABLES)}")
            elif isinstance(table, Mapping):
                tables[name] = self.table(name, table)
            else:
                self.wrong(f"tables.{name}", table, "a table with files and columns")
        if self.problems:
            raise DataError(self.problems)
        title = str(given.get("title", OWN))
        return SourceMap(title=title, tables=tables, times=times, names=bool(given.get("names", False)))

    def table(self, name: str, given: Mapping[str, Any]) -> TableMap:
        where = f"tables.{name}"
        self.known(where, given, ("files", "only", "need", "columns"))
        columns = given.get("columns") or {}
        self.known(f"{where}.columns", columns, list(TABLES[name].columns))
        need = _words(given.get("need") or ())
        self.known(f"{where}.need", dict.fromkeys(need), list(columns))
        return TableMap(
            table=name,
            files=_words(given.get("files", name)),
            columns={
                column: self.column(f"{where}.columns.{column}", columns[column])
                for column in TABLES[name].columns
                if column in columns
            },
            only=_alternatives(given.get("only")),
            need=need,
        )

    def column(self, where: str, given: Any) -> ColumnMap:
        if isinstance(given, str | list):
            return ColumnMap(fields=_words(given))
        if not isinstance(given, Mapping):
            self.wrong(where, given, "a field's name, a list of them, or a table")
            return ColumnMap()
        known = (
            "from",
            "join",
            "value",
            "other",
            "values",
            "when",
            "cases",
            "as",
            "show",
            "monthly",
            "lookup",
        )
        self.known(where, given, known)
        transform = given.get("as")
        if transform is not None and transform not in TRANSFORMS:
            self.wrong(f"{where}.as", transform, f"one of {', '.join(TRANSFORMS)}")
        try:
            return _column(given)
        except (AttributeError, KeyError, TypeError) as error:
            self.wrong(where, None, f"what docs/sources.md describes: {error!r}")
            return ColumnMap()


def _column(given: Mapping[str, Any]) -> ColumnMap:
    return ColumnMap(
        fields=_words(given.get("from") or ()),
        join=given.get("join"),
        value=given.get("value"),
        other=given.get("other", UNSET),
        values=given.get("values") or {},
        when=_alternatives(given.get("when")),
        cases=tuple((_conditions(one["when"]), one["value"]) for one in given.get("cases", ())),
        transform=given.get("as"),
        display=given.get("show") == "display",
        monthly=_words(given.get("monthly") or ()),
        lookup=_lookup(given["lookup"]) if "lookup" in given else None,
    )


def _words(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(map(str, given))


def _conditions(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Fields, each with the words of which it must be one: true and false may be written as such."""
    found = {}
    for field, words in given.items():
        listed = words if isinstance(words, list | tuple) else [words]
        found[field] = tuple(str(word).lower() if isinstance(word, bool) else str(word) for word in listed)
    return found


def _alternatives(given: Any) -> Conditions:
    """Conditions of which the first one whose fields are there decides."""
    listed = given if isinstance(given, list) else [given] if given else []
    return tuple(tuple(_conditions(one).items()) for one in listed)


def _lookup(given: Mapping[str, Any]) -> Lookup:
    return Lookup(
        files=_words(given["files"]), key=given["key"], of=given["of"], take=given["take"],
        only=_alternatives(given.get("only")),
    )  # fmt: skip
