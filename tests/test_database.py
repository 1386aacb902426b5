"""Portfolios out of databases: real ones, whole or for one viewer, and all that can go wrong half way."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
from cs_metrics import testing
from cs_metrics.errors import DataError, MissingTable, NotVisible, OptionError, UnknownViewer
from cs_metrics.intake.database import scope
from cs_metrics.records import SCHEMA
from databases import emptied, fill, postgres
from worlds import GROUPS, arguments, compute, load, row_keys

A = date(2026, 6, 30)
KINDS = ("sqlite", "sqlite+sqlalchemy", "duckdb", "postgresql", "postgresql+sqlalchemy")


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    yield from postgres()


def company(engagements: int = 40) -> dict[str, list[Any]]:
    """The sample company as records."""
    found = {}
    for table, frame in csm.samples.frames(engagements=engagements, seed=3).items():
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        record = SCHEMA[table].record
        found[table] = [record(**{name: day(cell) for name, cell in row.items()}) for row in rows]
    return found


def day(cell: Any) -> Any:
    return cell.date() if isinstance(cell, datetime) else cell


COMPANY = company(80)


class Place:
    """A database of some kind, and a fresh connection to it at will."""

    def __init__(self, kind: str, folder: Path, address: str | None) -> None:
        self.kind, self.address = kind, address
        self.file = folder / "company.db"
        self.engine: Any = None

    def driver(self) -> Any:
        if self.kind.startswith("sqlite"):
            return sqlite3.connect(self.file)
        if self.kind == "duckdb":
            return duckdb.connect(str(self.file))
        import psycopg

        return psycopg.connect(self.address or "")

    def connect(self) -> Any:
        if not self.kind.endswith("+sqlalchemy"):
            return self.driver()
        sqlalchemy = pytest.importorskip("sqlalchemy", reason="no SQLAlchemy")
        self.engine = sqlalchemy.create_engine(
            f"sqlite:///{self.file}" if "sqlite" in self.kind else "postgresql+psycopg://",
            creator=self.driver,
        )
        return self.engine.connect()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    address = None
    if request.param.startswith("postgresql"):
        address = request.getfixturevalue("postgres_address")
        emptied(address)
    found = Place(request.param, tmp_path, address)
    yield found
    if found.engine is not None:
        found.engine.dispose()


def filled(place: Place, tables: dict[str, list[Any]]) -> Any:
    with closing(place.driver()) as connection:
        fill(connection, place.kind.partition("+")[0], tables)
    return place.connect()


CALLS = [(metric, options) for group in GROUPS for metric, options in group.calls if not options]
"""Every metric, with its default options: which rows are read does not hang on options."""


def answers(portfolio: csm.Portfolio, viewer: Any, as_of: Any = A) -> list[Any]:
    """Every metric's result, and which rows are behind it."""
    looked = portfolio.view(as_of=as_of, viewer=viewer)
    found: list[Any] = []
    for metric, options in CALLS:
        result = compute(metric, looked, options)
        if isinstance(result, MissingTable):
            found.append(str(result))
            continue
        rows = result.rows().astype(object)
        found.append((result.to_dict(), repr_of(row_keys(result, rows.where(rows.notna(), None)))))
    return found


def repr_of(keys: list[Any]) -> list[str]:
    """Keys as text: SQLite has no type for the days in them."""
    return [" ".join(map(str, key)) if isinstance(key, tuple) else str(key) for key in keys]


# right, in every kind of database -------------------------------------------------------------------------


def test_the_same_answers_as_from_records(place: Place) -> None:
    with closing(filled(place, COMPANY)) as connection:
        told: list[tuple[str, int]] = []
        read = csm.Portfolio.from_database(connection, batch=7, on_progress=lambda *row: told.append(row))
    made = csm.Portfolio.from_records(**COMPANY)
    for (metric, options), found, expected in zip(
        CALLS, answers(read, csm.EVERYONE), answers(made, csm.EVERYONE), strict=True
    ):
        assert found == expected, (metric.id, options)
    sizes = {table: max(rows for name, rows in told if name == table) for table, _ in told}
    assert sizes == {table: len(rows) for table, rows in COMPANY.items() if rows}
    assert all(rows % 7 == 0 or rows == sizes[table] for table, rows in told)


def test_only_our_columns_unless_others_are_asked_for(place: Place) -> None:
    with closing(filled(place, {"users": COMPANY["users"]})) as connection:
        few = csm.Portfolio.from_database(connection)
        all_of_them = csm.Portfolio.from_database(connection, extra_columns=True)
    assert list(few.table("users").source.column_names) == list(SCHEMA["users"].columns)
    assert "our_own" in all_of_them.table("users").source.column_names


def test_queries_in_the_place_of_tables(place: Place) -> None:
    sql = """
        SELECT id, name || ' ''100%''' AS name, role, manager_id FROM users; """
    with closing(filled(place, {"users": COMPANY["users"], "accounts": COMPANY["accounts"]})) as connection:
        read = csm.Portfolio.from_database(connection, tables=[], queries={"users": sql})
        moved = csm.Portfolio.from_database(
            connection, tables={"accounts": "accounts"}, queries={"users": sql}
        )
    assert set(read.tables) == {"users"} and set(moved.tables) == {"users", "accounts"}
    assert all(name.endswith(" '100%'") for name in read.table("users").source.frame["name"])


def test_the_connection_is_left_as_it_was(place: Place) -> None:
    """The caller's own open transaction goes on; where there was none, there is none."""
    with closing(filled(place, {"users": COMPANY["users"]})) as connection:
        run = connection.exec_driver_sql if place.engine is not None else connection.execute
        csm.Portfolio.from_database(connection)
        if place.kind == "duckdb":
            run("BEGIN TRANSACTION")
        run("INSERT INTO users (id, role) VALUES ('new', 'success_agent')")
        for _ in range(2):
            assert csm.Portfolio.from_database(connection).find("users", "new") >= 0
        run("ROLLBACK") if place.kind == "duckdb" else connection.rollback()
        assert csm.Portfolio.from_database(connection).find("users", "new") == -1


def test_one_viewer_in_every_database(place: Place) -> None:
    made = csm.Portfolio.from_records(**COMPANY)
    with closing(filled(place, COMPANY)) as connection:
        for viewer in ("U0000001", "U0000002", COMPANY["users"][-1].id):
            read = csm.Portfolio.from_database(connection, viewer=viewer, batch=5)
            same(read, made, viewer, A)
            assert read.size < made.size  # rows without an owner are nobody's


# one viewer -----------------------------------------------------------------------------------------------


def in_memory(tables: dict[str, list[Any]]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    fill(connection, "sqlite", tables)
    return connection


def same(left: csm.Portfolio, right: csm.Portfolio, viewer: Any, as_of: Any) -> None:
    for (metric, options), found, expected in zip(
        CALLS, answers(left, viewer, as_of), answers(right, viewer, as_of), strict=True
    ):
        assert found == expected, (metric.id, options)


@settings(max_examples=max(settings.default.max_examples // 4, 1))
@given(testing.worlds(), st.data())
def test_read_for_a_viewer_is_the_whole_for_that_viewer(world: Any, data: Any) -> None:
    """Every answer, its rows and what it excludes: to the viewer, and to everybody below."""
    users = [user.id for user in world.tables.get("users", ())]
    whole = load(world)
    with pytest.MonkeyPatch.context() as patch, closing(in_memory(world.tables)) as connection:
        patch.setattr(scope, "LISTED", data.draw(st.sampled_from([1, 2, 1_000])))
        patch.setattr(scope, "MOST", data.draw(st.sampled_from([20_000, 3])))
        if not users:
            same(
                csm.Portfolio.from_database(connection, **arguments(world)), whole, csm.EVERYONE, world.as_of
            )
            return
        viewer = data.draw(st.sampled_from(users))
        read = csm.Portfolio.from_database(connection, viewer=viewer, **arguments(world))
    same(read, whole, viewer, world.as_of)
    low, high = whole.positions(viewer)
    for other in users:
        at, end = whole.positions(other)
        if low <= at and end <= high:
            read.view(as_of=world.as_of, viewer=other)
        else:
            with pytest.raises(NotVisible):
                read.view(as_of=world.as_of, viewer=other)
    below = [other for other in users if low < whole.positions(other)[0] < high]
    if below:
        same(read, whole, data.draw(st.sampled_from(below)), world.as_of)
    with pytest.raises(NotVisible):
        read.view(as_of=world.as_of, viewer=csm.EVERYONE)


def test_much_less_is_read_for_one_viewer() -> None:
    larger = company(600)
    with closing(in_memory(larger)) as connection:
        statements: list[str] = []
        connection.set_trace_callback(statements.append)
        owners = Counter(row.owner_id for row in larger["engagements"])
        agents = {user.id for user in larger["users"] if user.role == "success_agent"}
        viewer, owned = next(item for item in owners.most_common()[::-1] if item[0] in agents)
        read = csm.Portfolio.from_database(connection, viewer=viewer)
    assert owned <= read.tables["engagements"].n < len(larger["engagements"]) / 4
    wholes = [text for text in statements if text.startswith("SELECT") and "WHERE" not in text]
    assert {text.rpartition("FROM ")[2].strip('"') for text in wholes} - {"sqlite_master"} <= {
        "users", "stack_items", "stack_tags",
    }  # fmt: skip


def test_ids_that_sql_might_read_otherwise() -> None:
    """Quotes are doubled; a backslash or a control character is not risked, the table is read whole."""
    for owner in ("o'neil", "a%b", "c:d", "e?", "back\\slash", "tab\t", "名前", "--", '"'):
        users = [csm.User(id=owner, role="success_agent"), csm.User(id="other", role="success_agent")]
        accounts = [csm.Account(id=f"{owner}!", owner_id=owner), csm.Account(id="x", owner_id="other")]
        with closing(in_memory({"users": users, "accounts": accounts})) as connection:
            read = csm.Portfolio.from_database(connection, viewer=owner)
        assert f"{owner}!" in read.table("accounts").source.frame["id"].tolist()


def test_a_looser_comparison_there_finds_nobody_elses_rows_twice() -> None:
    """A column that ignores case gives rows of U1 and u1 for either."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("""
            CREATE TABLE users (id TEXT COLLATE NOCASE, role TEXT, manager_id TEXT);
            INSERT INTO users VALUES ('m', 'success_manager', NULL), ('u1', 'success_agent', 'm'),
                                     ('U1', 'success_agent', 'm'), ('v', 'success_agent', NULL);
            CREATE TABLE accounts (id TEXT, owner_id TEXT COLLATE NOCASE);
            INSERT INTO accounts VALUES ('a', 'u1'), ('A', 'U1'), ('b', 'V');
        """)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scope, "LISTED", 1)
            read = csm.Portfolio.from_database(connection, viewer="m")
    assert sorted(read.table("accounts").source.frame["id"]) == ["A", "a"]


def test_ids_of_another_kind_are_told_and_not_missed() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("""
            CREATE TABLE users (id INTEGER, role TEXT);
            INSERT INTO users VALUES (1, 'success_agent');
            CREATE TABLE accounts (id INTEGER, owner_id TEXT);
            INSERT INTO accounts VALUES (7, '1');
        """)
        with pytest.raises(DataError) as caught:
            csm.Portfolio.from_database(connection, viewer=1)
    assert [problem.code for problem in caught.value.problems] == ["key_kind"]


@pytest.mark.parametrize("viewer", ["nobody", 1, "", True, ("U0000001",), ["U0000001"]])
def test_who_is_no_user_gets_nothing(viewer: Any) -> None:
    with closing(in_memory(COMPANY)) as connection, pytest.raises(UnknownViewer) as caught:
        csm.Portfolio.from_database(connection, viewer=viewer)
    assert "U0000002" not in str(caught.value)


def test_a_circle_of_managers_is_told_also_for_a_viewer() -> None:
    users = [csm.User(id=i, role="success_manager", manager_id=m) for i, m in (("a", "b"), ("b", "a"))]
    with closing(in_memory({"users": users})) as connection, pytest.raises(csm.errors.HierarchyError):
        csm.Portfolio.from_database(connection, viewer="a")


def test_without_users_nobody_can_be_read_for() -> None:
    with closing(in_memory({"accounts": []})) as connection, pytest.raises(OptionError):
        csm.Portfolio.from_database(connection, viewer="U0000001")


# what goes wrong ------------------------------------------------------------------------------------------


def test_columns_that_are_missing_are_told_before_rows_are_read(place: Place) -> None:
    with closing(filled(place, {"users": COMPANY["users"]})) as connection:
        told: list[Any] = []
        sql = "SELECT id, role AS rolle FROM users"
        with pytest.raises(DataError) as caught:
            csm.Portfolio.from_database(
                connection, queries={"users": sql, "user": sql}, on_progress=lambda *row: told.append(row)
            )
        codes = {(problem.table, problem.column, problem.code) for problem in caught.value.problems}
        assert codes == {("user", None, "unknown_table"), ("users", "role", "missing_column")}
        assert "'rolle'" in str(caught.value) and "'users'" in str(caught.value)
        assert not told


@pytest.mark.parametrize("name", ["crm.user", 'user"; DROP TABLE users; --'])
def test_a_table_that_is_not_there(place: Place, name: str) -> None:
    with closing(filled(place, {"users": COMPANY["users"]})) as connection:
        with pytest.raises(DataError) as caught:
            csm.Portfolio.from_database(connection, tables={"users": name})
        assert [problem.code for problem in caught.value.problems] == ["database"]
    with closing(place.connect()) as connection:
        assert len(csm.Portfolio.from_database(connection).table("users").source.frame)


def test_a_wrong_type_names_the_column(place: Place) -> None:
    with closing(filled(place, {"users": COMPANY["users"]})) as connection:
        sql = "SELECT id, 17 AS role FROM users"
        with pytest.raises(DataError) as caught:
            csm.Portfolio.from_database(connection, tables=(), queries={"users": sql})
    assert {(problem.column, problem.code) for problem in caught.value.problems} == {("role", "type")}


def test_columns_of_several_types_are_checked_cell_by_cell() -> None:
    """SQLite keeps what it is given, whatever the column's type says."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE contracts (id, account_id, value, state, starts_on, currency)")
        values = [12, 12.5, "7.25", "1,000", b"12", 10.001, 2**40, float("inf")]
        rows = [(f"C{n}", "A", value, "active", "2026-01-01", "USD") for n, value in enumerate(values)]
        connection.executemany("INSERT INTO contracts VALUES (?, ?, ?, ?, ?, ?)", rows)
        for batch in (1, 3, 100):
            with pytest.raises(DataError) as caught:
                csm.Portfolio.from_database(connection, batch=batch)
            assert {problem.row for problem in caught.value.problems} == {"C3", "C4", "C5", "C7"}, batch
        connection.execute("DELETE FROM contracts WHERE id NOT IN ('C0', 'C1', 'C2')")
        read = csm.Portfolio.from_database(connection)
    view = read.view(as_of="2026-06-30", viewer=csm.EVERYONE)
    values = csm.renewal.contract_value_ytd(view).value["value"].values()
    assert sum(values) == Decimal("31.75")


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
def test_types_that_databases_have(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """UUIDs are ids, a NaN is a value and no gap, an instant is cut to its day in the portfolio's zone."""
    address = request.getfixturevalue("postgres_address") if kind == "postgresql" else None
    if address:
        emptied(address)
    with closing(Place(kind, tmp_path, address).driver()) as connection:
        if kind == "postgresql":
            connection.execute("SET TIME ZONE 'America/New_York'")
        sql = """
            SELECT CAST('6cbbd9a0-58c8-4d35-a29b-0de1b9cd4d11' AS UUID) AS id, CAST(NULL AS UUID) AS owner_id,
                   CAST('2026-01-01 01:30:00+00' AS TIMESTAMP WITH TIME ZONE) AS created_on, 5 AS employees
            UNION ALL SELECT CAST('6cbbd9a0-58c8-4d35-a29b-0de1b9cd4d12' AS UUID), NULL,
                   CAST('2026-07-01 01:30:00+00' AS TIMESTAMP WITH TIME ZONE), NULL"""
        read = csm.Portfolio.from_database(
            connection, tables=(), queries={"accounts": sql}, tz="America/New_York"
        )
        found = read.table("accounts")
        assert sorted(found.source.frame["id"])[0] == "6cbbd9a0-58c8-4d35-a29b-0de1b9cd4d11"
        days = [str(date.fromordinal(719163 + int(n))) for n in sorted(found.columns["created_on"].tolist())]
        assert days == ["2025-12-31", "2026-06-30"]
        score = "CAST('NaN' AS DOUBLE PRECISION)"
        sql = (
            f"SELECT 'A' AS account_id, 'm' AS metric, {score} AS value, CAST('2026-01-01' AS DATE) AS \"on\""
        )
        with pytest.raises(DataError) as caught:
            csm.Portfolio.from_database(connection, tables=(), queries={"measures": sql})
    assert [(problem.column, problem.code) for problem in caught.value.problems] == [("value", "number")]


def test_a_table_without_rows(place: Place) -> None:
    with closing(
        filled(place, {**{table: [] for table in COMPANY}, "users": COMPANY["users"]})
    ) as connection:
        read = csm.Portfolio.from_database(connection)
    view = read.view(as_of=A, viewer=csm.EVERYONE)
    assert csm.overview.total_engagements(view).value == 0


class Failing:
    """A SQLite connection that is lost once it has given so many rows."""

    def __init__(self, connection: sqlite3.Connection, after: int) -> None:
        self.connection, self.left = connection, after

    def cursor(self) -> Any:
        owner, cursor = self, self.connection.cursor()

        class Cursor:
            description = property(lambda self: cursor.description)
            close = cursor.close
            fetchall = cursor.fetchall
            execute = cursor.execute

            def fetchmany(self, size: int) -> list[Any]:
                rows = cursor.fetchmany(size)
                owner.left -= len(rows)
                if owner.left < 0:
                    raise sqlite3.OperationalError("server closed the connection unexpectedly")
                return rows

        return Cursor()


@pytest.mark.parametrize("viewer", [None, "U0000001"])
def test_a_connection_lost_half_way_gives_one_error(viewer: Any) -> None:
    with closing(in_memory(COMPANY)) as connection, pytest.raises(DataError) as caught:
        failing = Failing(connection, 200)
        csm.Portfolio.from_database(failing, tables=list(COMPANY), viewer=viewer, batch=50)
    (problem,) = caught.value.problems
    assert problem.code == "database" and "closed the connection" in problem.expected
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def test_a_server_that_ends_the_connection(postgres_address: str) -> None:
    """A real PostgreSQL, whose other session kills ours between two batches."""
    import psycopg

    emptied(postgres_address)
    place = Place("postgresql", Path(), postgres_address)
    connection = filled(place, COMPANY)
    pid = connection.info.backend_pid

    def kill(table: str, rows: int) -> None:
        if table == "engagements":
            with closing(psycopg.connect(postgres_address, autocommit=True)) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [pid])

    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_database(connection, batch=5, on_progress=kill)
    assert [(problem.table, problem.code) for problem in caught.value.problems] == [
        ("engagements", "database")
    ]
    with pytest.raises(DataError):
        csm.Portfolio.from_database(connection)


def test_all_tables_are_of_one_instant(postgres_address: str) -> None:
    """An account that is added and referred to while we read is in neither table."""
    import psycopg

    emptied(postgres_address)
    place = Place("postgresql", Path(), postgres_address)

    def add(table: str, rows: int) -> None:
        if table == "users":
            with closing(psycopg.connect(postgres_address, autocommit=True)) as other:
                other.execute("INSERT INTO users (id, role) VALUES ('new', 'success_agent')")
                other.execute("INSERT INTO accounts (id, owner_id) VALUES ('new', 'new')")

    for autocommit in (False, True):
        emptied(postgres_address)
        with closing(filled(place, COMPANY)) as connection:
            connection.autocommit = autocommit
            read = csm.Portfolio.from_database(connection, on_progress=add)
            assert read.find("accounts", "new") == -1
            assert int(connection.info.transaction_status) == 0
            assert csm.Portfolio.from_database(connection).find("accounts", "new") >= 0


def test_what_progress_raises_passes_through() -> None:
    def stop(table: str, rows: int) -> None:
        raise KeyboardInterrupt

    with closing(in_memory(COMPANY)) as connection:
        with pytest.raises(KeyboardInterrupt):
            csm.Portfolio.from_database(connection, on_progress=stop)
        assert not connection.in_transaction


@pytest.mark.parametrize("given", ["postgresql://me:secret@host/db", None, sqlite3.Connection, object()])
def test_what_is_no_connection(given: Any) -> None:
    with pytest.raises(OptionError) as caught:
        csm.Portfolio.from_database(given)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("batch", [0, -1, 1.5, True, "9"])
def test_a_batch_is_a_number_of_rows(batch: Any) -> None:
    with closing(sqlite3.connect(":memory:")) as connection, pytest.raises(OptionError):
        csm.Portfolio.from_database(connection, batch=batch)


def test_settings_are_those_of_every_portfolio() -> None:
    with closing(in_memory({"users": COMPANY["users"]})) as connection:
        read = csm.Portfolio.from_database(connection, currency="EUR", tz="Europe/Berlin")
        assert (read.settings.currency, read.settings.tz) == ("EUR", "Europe/Berlin")
        with pytest.raises(OptionError):
            csm.Portfolio.from_database(connection, currency="euros")
        with pytest.raises(OptionError):
            csm.Portfolio.from_database(connection, tables="users")


def test_a_connection_that_is_closed_already() -> None:
    connection = in_memory({"users": COMPANY["users"]})
    connection.close()
    with pytest.raises(DataError):
        csm.Portfolio.from_database(connection)


def test_selectables_of_sqlalchemy_and_an_engine(tmp_path: Path) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="no SQLAlchemy")
    file = tmp_path / "company.db"
    with closing(sqlite3.connect(file)) as connection:
        fill(connection, "sqlite", {"users": COMPANY["users"]})
    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    try:
        users = sqlalchemy.Table("users", sqlalchemy.MetaData(), autoload_with=engine)
        some = sqlalchemy.select(users).where(users.c.name.like("%a%"), users.c.role == "success_manager")
        read = csm.Portfolio.from_database(
            engine, queries={"users": some.with_only_columns(users.c.id, users.c.name, users.c.role)}
        )
    finally:
        engine.dispose()
    names = {
        user.name for user in COMPANY["users"] if "a" in user.name.lower() and user.role == "success_manager"
    }
    assert set(read.table("users").source.frame["name"]) == names and names
