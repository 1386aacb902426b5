"""Real databases with the tables of a portfolio, for the tests of `from_database`."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cs_metrics import intake
from cs_metrics.records import SCHEMA, Kind

TYPES = {
    Kind.DATE: "DATE", Kind.MONEY: "DECIMAL(30, 6)", Kind.FLAG: "BOOLEAN", Kind.INT: "BIGINT",
    Kind.NUMBER: "DOUBLE PRECISION",
}  # fmt: skip


def declared(table: str, rows: list[dict[str, Any]]) -> str:
    """CREATE TABLE with the types that a careful host would choose."""
    columns = []
    for column in SCHEMA[table].columns.values():
        kind = TYPES.get(column.kind, "TEXT")
        if column.kind is Kind.KEY and any(isinstance(row[column.name], int) for row in rows):
            kind = "BIGINT"
        columns.append(f'"{column.name}" {kind}')
    return f'CREATE TABLE "{table}" ({", ".join(columns)}, "our_own" TEXT)'


def plain(value: Any, kind: str) -> Any:
    """A cell as the driver takes it; SQLite has no types for days and decimals."""
    if kind == "sqlite":
        if isinstance(value, Decimal):
            return str(value)
        if isinstance(value, dt.date):
            return value.isoformat()
    return value


def fill(connection: Any, kind: str, tables: dict[str, list[Any]]) -> None:
    """Write records into a database, each table with one column that is the host's own."""
    mark = "%s" if kind == "postgresql" else "?"
    cursor = connection.cursor()
    for table, frame in intake.from_records(tables).items():
        frame = frame.astype(object).where(frame.notna(), None)
        rows = frame.to_dict("records")
        cursor.execute(declared(table, rows))
        marks = ", ".join([mark] * (len(frame.columns) + 1))
        cells = [[*(plain(cell, kind) for cell in row.values()), "x"] for row in rows]
        if cells and kind == "duckdb":
            # which takes one row at a time very slowly
            columns = pd.DataFrame(cells).astype(object)
            connection.register("given", columns.astype(str).where(columns.notna(), None))
            cursor = connection
            cursor.execute(f'INSERT INTO "{table}" SELECT * FROM given')
        elif cells:
            cursor.executemany(f'INSERT INTO "{table}" VALUES ({marks})', cells)
    connection.commit()


def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that may be written to; without one, the test says why it is skipped."""
    given = os.environ.get("CS_METRICS_TEST_POSTGRES")
    if given:
        yield given
        return
    pgserver = pytest.importorskip(
        "pgserver", reason="no PostgreSQL: neither the wheel pgserver nor an address"
    )
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL: psycopg")
    folder = Path(tempfile.mkdtemp(prefix="cs_metrics_pg_"))
    try:
        server = pgserver.get_server(folder, cleanup_mode="stop")
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {error}")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def emptied(address: str) -> None:
    """Leave nothing of an earlier test."""
    import psycopg

    with closing(psycopg.connect(address, autocommit=True)) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
