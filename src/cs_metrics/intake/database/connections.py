"""Connections to databases: DB-API's and SQLAlchemy's, asked in one way; DuckDB's own in Arrow."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from ...errors import OptionError
from .batches import Batch

__all__ = ["Connection", "opened", "told"]

ALLOWED = "an open DB-API connection, or a SQLAlchemy Connection or Engine"
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
    "UNION SELECT name FROM sqlite_temp_master WHERE type IN ('table', 'view')",
    "postgresql": "SELECT relname FROM pg_catalog.pg_class WHERE relkind IN ('r', 'v', 'm', 'f', 'p') "
    "AND pg_catalog.pg_table_is_visible(oid)",
    "duckdb": "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = current_schema() OR table_catalog = 'temp'",
}
"""How each kind of database says which tables can be named without more."""

HOMES = {
    "sqlite3": "sqlite", "psycopg": "postgresql", "psycopg2": "postgresql", "pg8000": "postgresql",
    "duckdb": "duckdb", "_duckdb": "duckdb",
}  # fmt: skip
CURSOR = "cs_metrics_rows"
LONGEST = 300


def told(error: BaseException) -> str:
    """What a database said, in one line: without SQLAlchemy's own additions, and never endless."""
    said = getattr(error, "orig", None) or error
    text = " ".join(str(said).split())
    return f"{type(said).__name__}: {text[:LONGEST]}"


@contextlib.contextmanager
def opened(given: Any) -> Iterator[Connection]:
    """The connection to ask; an engine is connected to and let go, a connection stays as it was."""
    homes = {kind.__module__.partition(".")[0] for kind in type(given).__mro__}
    if "sqlalchemy" in homes:
        if hasattr(given, "exec_driver_sql"):
            yield AlchemyConnection(given)
        elif hasattr(given, "connect") and hasattr(given, "dialect"):
            with given.connect() as connected:
                yield AlchemyConnection(connected)
        else:
            raise OptionError("connection", type(given).__qualname__, ALLOWED)
        return
    kind = next((HOMES[home] for home in homes if home in HOMES), "other")
    if not hasattr(given, "cursor") or isinstance(given, type):
        raise OptionError("connection", type(given).__qualname__, ALLOWED)
    yield DuckConnection(given) if kind == "duckdb" else Connection(given, kind)


class Connection:
    """A DB-API connection. Statements carry no parameters: drivers differ in how those are written."""

    def __init__(self, given: Any, kind: str) -> None:
        self.given, self.kind = given, kind

    @property
    def raw(self) -> Any:
        """The driver's own connection."""
        return self.given

    def ask(self, sql: str) -> Any:
        """Run a statement; what comes back has `fetchmany` and `close`."""
        cursor = self.given.cursor()
        cursor.execute(sql)
        return cursor

    def quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def text(self, query: Any) -> str:
        """A query as SQL text."""
        if not isinstance(query, str):
            raise OptionError("queries", query, "SQL text; a SQLAlchemy selectable needs its connection")
        return query

    def tables(self) -> set[str]:
        """The tables and views that can be named without a schema."""
        sql = TABLES.get(self.kind, "SELECT table_name FROM information_schema.tables")
        try:
            answer = self.ask(sql)
            return {str(name) for (name,) in answer.fetchall()}
        except Exception as error:
            if self.kind in TABLES:
                raise
            allowed = f"the tables' names: this database does not tell them ({told(error)})"
            raise OptionError("tables", None, allowed) from error

    def columns(self, source: str) -> list[str]:
        """The names of the columns of a table or query."""
        answer = self.ask(f"SELECT * FROM {source} WHERE 1 = 0")
        names = self._names(answer)
        answer.close()
        return names

    def _names(self, answer: Any) -> list[str]:
        return [str(column[0]) for column in answer.description]

    def batches(self, sql: str, names: Sequence[str], size: int) -> Generator[Batch, None, None]:
        """The rows of a statement, so many at a time; they never stand all in the driver's memory."""
        fetch = self._cursor_rows(sql, size) if self.kind == "postgresql" else self._rows(sql, size)
        for rows in fetch:
            yield Batch.of_rows(names, rows)

    def _rows(self, sql: str, size: int) -> Iterator[Sequence[Any]]:
        answer = self.ask(sql)
        try:
            while rows := answer.fetchmany(size):
                yield rows
        finally:
            with contextlib.suppress(Exception):
                answer.close()

    def _cursor_rows(self, sql: str, size: int) -> Iterator[Sequence[Any]]:
        """PostgreSQL's drivers hand over whole answers; a cursor in the server does not."""
        self.ask(f"DECLARE {CURSOR} NO SCROLL CURSOR FOR {sql}").close()
        try:
            while True:
                answer = self.ask(f"FETCH FORWARD {size} FROM {CURSOR}")
                rows = answer.fetchall()
                answer.close()
                if rows:
                    yield rows
                if len(rows) < size:
                    return
        finally:
            with contextlib.suppress(Exception):
                self.ask(f"CLOSE {CURSOR}").close()

    def begin(self) -> Callable[[], None]:
        """Begin to see all tables as they stand at one instant, as far as that can be had; returns how to end it.

        A transaction that the caller began is used as it is, and neither committed nor rolled back.
        """
        if self._busy():
            return lambda: None
        self.ask(self._begin())
        return self._end

    def _busy(self) -> bool:
        """Whether the caller's transaction is under way."""
        raw = self.raw
        if self.kind == "sqlite":
            return bool(raw.in_transaction)
        if self.kind == "postgresql":
            info = getattr(raw, "info", None)
            return not self._autocommit if info is None else int(info.transaction_status) != 0
        return True

    @property
    def _autocommit(self) -> bool:
        return getattr(self.raw, "autocommit", False) is True

    def _begin(self) -> str:
        if self.kind == "sqlite":
            return "BEGIN"
        how = "TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        return f"BEGIN {how}" if self._autocommit else f"SET {how}"

    def _end(self) -> None:
        if self.kind == "postgresql" and self._autocommit:
            self.ask("ROLLBACK")
        else:
            self.given.rollback()


class AlchemyConnection(Connection):
    """A SQLAlchemy connection, asked in plain SQL."""

    def __init__(self, given: Any) -> None:
        super().__init__(given, given.dialect.name)

    @property
    def raw(self) -> Any:
        return self.given.connection.dbapi_connection

    def ask(self, sql: str) -> Any:
        options = {"no_parameters": True, "stream_results": self.kind not in TABLES}
        return self.given.exec_driver_sql(sql, execution_options=options)

    def quoted(self, name: str) -> str:
        return str(self.given.dialect.identifier_preparer.quote_identifier(name))

    def text(self, query: Any) -> str:
        if isinstance(query, str):
            return query
        # written for named parameters, so that a per cent sign stays one
        dialect = type(self.given.dialect)(paramstyle="named")
        return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))

    def tables(self) -> set[str]:
        if self.kind in TABLES:
            return super().tables()
        import sqlalchemy

        found = sqlalchemy.inspect(self.given)
        return {*found.get_table_names(), *found.get_view_names()}

    def _names(self, answer: Any) -> list[str]:
        return [str(name) for name in answer.keys()]  # noqa: SIM118 - a result, no mapping

    def _busy(self) -> bool:
        return bool(self.given.in_transaction()) or super()._busy()

    def _end(self) -> None:
        super()._end()
        # what SQLAlchemy began by itself when it was first asked
        self.given.rollback()


class DuckConnection(Connection):
    """DuckDB's own connection, which gives Arrow."""

    def __init__(self, given: Any) -> None:
        super().__init__(given, "duckdb")

    def ask(self, sql: str) -> Any:
        # a cursor would be another connection: it sees neither temporary tables nor the transaction
        return self.given.execute(sql)

    def columns(self, source: str) -> list[str]:
        return self._names(self.ask(f"SELECT * FROM {source} WHERE 1 = 0"))

    def batches(self, sql: str, names: Sequence[str], size: int) -> Generator[Batch, None, None]:
        relation = self.given.sql(sql)
        read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
        for batch in read(size):
            if batch.num_rows:
                yield Batch(dict(zip(names, batch.columns, strict=True)), batch.num_rows)

    def _busy(self) -> bool:
        """Outside of a transaction every statement is one of its own."""
        numbers = [self.ask("SELECT txid_current()").fetchone() for _ in range(2)]
        return bool(numbers[0] == numbers[1])

    def _begin(self) -> str:
        return "BEGIN TRANSACTION READ ONLY"

    def _end(self) -> None:
        self.ask("ROLLBACK")
