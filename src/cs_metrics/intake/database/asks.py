"""What is asked of a database: which tables, which of their columns, in which SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import attrs

from ...errors import DataError, OptionError, Problem, nearest
from ...records import TABLES
from .connections import Connection, told

__all__ = ["Ask", "asks_of", "broken"]

ALIAS = "cs_metrics_query"


@attrs.frozen
class Ask:
    """One table: what stands behind FROM, and each column that is wanted with its name there."""

    table: str
    source: str
    columns: Mapping[str, str]
    size: int

    def of(self, columns: Collection[str], size: int) -> Ask:
        """The same with some of the columns only."""
        return attrs.evolve(self, columns={name: self.columns[name] for name in columns}, size=size)

    def sql(self, connection: Connection, where: str | None) -> str:
        quoted = connection.quoted
        wanted = ", ".join(
            quoted(here) if here == name else f"{quoted(here)} AS {quoted(name)}"
            for name, here in self.columns.items()
        )
        return f"SELECT {wanted} FROM {self.source}" + (f" WHERE {where}" if where else "")


def broken(table: str, error: BaseException, rows: int | None = None) -> DataError:
    """The one error for whatever a database refuses or breaks off."""
    told_of = "an answer" if rows is None else f"all rows; after {rows:,} of them there were no more"
    expected = f"{told_of}; the database said {told(error)}"
    return DataError([Problem(table=table, expected=expected, code="database")])


def asks_of(
    connection: Connection,
    tables: Collection[str] | Mapping[str, str] | None,
    queries: Mapping[str, Any],
    extra_columns: bool,
    size: int,
) -> dict[str, Ask]:
    """What to ask for, in the schema's order; a column that is missing is told before any row is read."""
    problems: list[Problem] = []
    sources = _sources(connection, tables, queries, problems)
    asks: dict[str, Ask] = {}
    for table in (name for name in TABLES if name in sources):
        try:
            there = connection.columns(sources[table])
        except Exception as error:
            problems += broken(table, error).problems
            # a database may answer nothing more after one error
            break
        found = _columns(table, there, extra_columns, problems)
        asks[table] = Ask(table, sources[table], found, size)
    if problems:
        raise DataError(problems)
    return asks


def _sources(
    connection: Connection,
    tables: Collection[str] | Mapping[str, str] | None,
    queries: Mapping[str, Any],
    problems: list[Problem],
) -> dict[str, str]:
    """What stands behind FROM for every table; queries win over tables of the same name."""
    if isinstance(tables, str):
        raise OptionError("tables", tables, "a list of tables, or a mapping from table to its name there")
    if tables is None:
        try:
            visible = connection.tables()
        except Exception as error:
            if isinstance(error, OptionError):
                raise
            raise broken("portfolio", error) from error
        named = {name: name for name in TABLES if name in visible}
    else:
        named = dict(tables) if isinstance(tables, Mapping) else {name: name for name in tables}
    for name in {**named, **queries}:
        if name not in TABLES:
            expected = f"a table of {', '.join(TABLES)}{nearest(name, TABLES)}"
            problems.append(Problem(table=str(name), expected=expected, code="unknown_table"))
    sources = {table: _path(connection, there) for table, there in named.items()}
    for table, query in queries.items():
        sources[table] = f"({connection.text(query).strip().rstrip(';')}\n) AS {ALIAS}"
    return sources


def _path(connection: Connection, name: str) -> str:
    """A table's name, with or without its schema before a dot."""
    return ".".join(connection.quoted(part) for part in name.split("."))


def _columns(table: str, there: Sequence[str], extra: bool, problems: list[Problem]) -> dict[str, str]:
    """Each wanted column with its name in the database; whether in capitals or not makes no difference there."""
    by_name = {name.lower(): name for name in reversed(there)} | {name: name for name in there}
    schema = TABLES[table]
    for name, count in Counter(there).items():
        if count > 1:
            told_of = "each column's name once"
            problems.append(Problem(table=table, column=name, expected=told_of, code="doubled_column"))
    found = {name: by_name[name] for name in schema.columns if name in by_name}
    for column in schema.columns.values():
        if column.required and column.name not in found:
            others = [name for name in there if name not in found.values()]
            expected = f"this column, which has no default{nearest(column.name, others)}"
            problems.append(
                Problem(table=table, column=column.name, expected=expected, code="missing_column")
            )
    if extra:
        found |= {name: name for name in there if name not in found.values() and name not in found}
    return found
