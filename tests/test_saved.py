"""Saved portfolios: the same answers to the byte, and never a wrong number out of a damaged file."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
import databases
import intake_world
from builders import A, everyone, portfolio
from cs_metrics import daily, facts, happenings, prepared, saved, standings
from cs_metrics.errors import DataError, NotVisible, UnknownViewer
from cs_metrics.saved import container
from cs_metrics.saved import parts as saved_parts
from cs_metrics.saved.values import decoded, encoded
from worlds import GROUPS, Group, compute, load, view

EACH_GROUP = pytest.mark.parametrize("group", GROUPS, ids=str)
COSTLY = settings(max_examples=max(settings.default.max_examples // 4, 1))


def answers(looked: csm.View, calls: Any = None) -> list[Any]:
    """Everything that a view says: each metric's JSON, the rows behind it, and what filters offer."""
    told: list[Any] = []
    for metric, options in calls or [(metric, {}) for metric in csm.catalog.metrics()]:
        result = compute(metric, looked, options)
        if isinstance(result, csm.errors.MissingTable):
            told.append(str(result))
        else:
            told += [result.to_json(), shape(result.rows())]
    return told


def shape(frame: Any) -> Any:
    """A frame's kind, types and cells, comparable; each cell with its own type."""
    if isinstance(frame, pd.DataFrame):
        cells = [
            [(type(cell).__name__, str(cell)) for cell in frame.iloc[:, n].tolist()]
            for n in range(frame.shape[1])
        ]
        index = [(type(label).__name__, str(label)) for label in frame.index.tolist()]
        kinds = [str(dtype) for dtype in frame.dtypes]
        return (
            "pandas",
            list(frame.columns),
            kinds,
            cells,
            type(frame.index).__name__,
            index,
            frame.index.names,
        )
    if isinstance(frame, pl.DataFrame):
        return "polars", frame.schema, frame.to_dicts()
    arrow = frame.to_arrow_table() if hasattr(frame, "to_arrow_table") else frame
    return type(frame).__name__, arrow.schema, arrow.to_pylist()


def reopened(made: csm.Portfolio, **options: Any) -> csm.Portfolio:
    """The same through a file; on systems that keep what is mapped, the file's name may go."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "portfolio"
        made.save(path)
        return csm.Portfolio.open(path, **options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "company.csmetrics"


@pytest.fixture(scope="module")
def company() -> csm.Portfolio:
    return csm.samples.portfolio(engagements=40, seed=3)


# the same answers ------------------------------------------------------------------------------------------


@EACH_GROUP
@COSTLY
@given(st.data())
def test_reopened_it_answers_to_the_byte(group: Group, data: Any) -> None:
    world = data.draw(group.worlds)
    made = load(world)
    opened = reopened(made, verify=data.draw(st.booleans()))
    assert opened.known_fingerprint == made.fingerprint
    assert opened.warnings == made.warnings
    assert answers(view(world, opened), group.calls) == answers(view(world, made), group.calls)


@EACH_GROUP
@COSTLY
@given(st.data())
def test_filters_and_options_are_the_same(group: Group, data: Any) -> None:
    from cs_metrics import testing

    world = data.draw(group.worlds)
    filters = data.draw(testing.filters(world))
    made = load(world)
    made.fingerprint  # noqa: B018 - so that the results of both carry it
    looked = []
    for each in (made, reopened(made)):
        try:
            seen = view(world, each, filters)
            offered = [seen.options(name) for name in ("owners", "industries", "accounts", "stages")]
            looked.append([offered, answers(seen, group.calls)])
        except csm.errors.MissingTable as missing:
            looked.append([str(missing)])
    assert looked[0] == looked[1]


@pytest.mark.parametrize("kind", intake_world.KINDS)
def test_rows_come_back_as_the_kind_that_went_in(kind: str, tmp_path: Path) -> None:
    frames = intake_world.KINDS[kind](intake_world.world(), tmp_path)
    made = csm.Portfolio.from_frames(**frames, rates={"EUR": "1.25"})
    opened = reopened(made)
    everybody = {"as_of": date(2024, 6, 30), "viewer": csm.EVERYONE}
    assert answers(opened.view(**everybody)) == answers(made.view(**everybody))
    assert opened.settings == made.settings


def test_every_type_of_pandas_comes_back() -> None:
    zone = ZoneInfo("Europe/Berlin")
    moments = pd.to_datetime(["2026-01-01", None, "2026-03-29"])
    extra = {
        "int8": np.array([1, 2, 3], np.int8), "uint": np.array([1, 2, 2**63], np.uint64),
        "float": [0.1, np.nan, -0.0], "flag": [True, False, True], "complex": [1j, 2, 3],
        "naive": moments, "seconds": moments.as_unit("s"), "berlin": moments.tz_localize(zone),
        "offset": moments.tz_localize(timezone(timedelta(hours=5))), "span": moments - moments[0],
        "Int64": pd.array([1, None, 3], "Int64"), "boolean": pd.array([True, None, False], "boolean"),
        "Float32": pd.array([1, None, 3], "Float32"), "str": pd.array(["a", None, "ü"], "str"),
        "string": pd.array(["a", None, ""], "string"), "python": pd.array(["a", None, "b"], "string[python]"),
        "words": pd.Categorical(["b", None, "a"], ["b", "a", "c"], ordered=True),
        "numbers": pd.Categorical([3, 1, 3]), "period": pd.period_range("2026-01", periods=3, freq="M"),
        "between": pd.interval_range(0, 3), "arrow": pd.array(["x", None, "y"], pd.ArrowDtype(pa.string())),
        "objects": [1, "1", None], "gaps": [np.nan, None, pd.NaT], "na": [pd.NA, "x", 1.5],
        "decimals": [Decimal("1.50"), Decimal("NaN"), None], "days": [date(2026, 1, 1), None, date(1, 1, 1)],
        "moments": [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=zone), None],
        "stamps": np.array([pd.Timestamp("2026-01-01", tz="Europe/Berlin"), 1, pd.Timedelta("1s")], object),
        "nested": [[1, {"a": (2, None)}], {1, 2}, b"\0\xff"], "huge": [2**70, -1, None],
        "enum": [csm.Health.RED, csm.Role.SUCCESS_AGENT, None], "scalar": [np.int16(3), np.float32(0.1), np.str_("x")],
    }  # fmt: skip
    frame = pd.DataFrame({"id": [3, 1, 2], "name": ["c", "a", None]})
    for name, values in extra.items():
        frame[name] = pd.Series(list(values), dtype=object) if isinstance(values, list) else values
    frame[7] = "a column called 7"
    indexes = [
        frame.index, pd.RangeIndex(5, 11, 2, name="n"), pd.Index(["x", "y", "x"], name="label"),
        pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")], names=["one", None]), pd.DatetimeIndex(moments),
    ]  # fmt: skip
    for index in indexes:
        given_ = frame.set_axis(index)
        made = csm.Portfolio.from_frames(users=given_.assign(role="success_agent"), accounts=given_)
        expected = made.tables["accounts"].source
        found = reopened(made).tables["accounts"].source
        for rows in ([0, 1, 2], [2, 0], [1, 1], []):
            places = np.array(rows, np.int64)
            assert shape(found.take(places)) == shape(expected.take(places))
        assert found.values("days", np.array([1, 2])) == expected.values("days", np.array([1, 2]))


@pytest.mark.parametrize("value", [object(), type("Word", (str,), {})("x"), lambda: None])
def test_what_only_pickle_could_write_is_refused(value: Any, path: Path) -> None:
    odd = pd.Series([value], dtype=object)
    made = csm.Portfolio.from_frames(accounts=pd.DataFrame({"id": [1], "odd": odd}))
    with pytest.raises(DataError, match=r"accounts\.odd.*without pickle.*\[not_plain\]"):
        made.save(path)
    assert not list(path.parent.iterdir())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
        | st.decimals(allow_nan=False) | st.dates() | st.datetimes() | st.times() | st.timedeltas(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
        max_leaves=5,
    )
)  # fmt: skip
def test_plain_values_come_back(value: Any) -> None:
    back = decoded(json.loads(json.dumps(encoded(value))))
    assert back == value and type(back) is type(value)
    assert repr(back) == repr(value)


def test_rejected_rows_and_warnings_come_back() -> None:
    for make in (pd.DataFrame, pl.DataFrame):
        frames = {
            "users": make({"id": ["U1", "u1"], "role": ["success_manager", "success_manager"]}),
            "accounts": make(
                {"id": ["A1", "A2", "A3"], "owner_id": ["U1", "nobody", "u1"], "own": [1, 2, 3]}
            ),
            "engagements": make(
                {
                    "id": [1, 2, 3],
                    "account_id": ["A3", "A2", "A1"],
                    "stage": ["x", "y", "z"],
                    "created_on": ["2026-01-01", "2026-01-01", "2026-01-02"],
                }
            ),
        }
        made = csm.Portfolio.from_frames(**frames, on_error="quarantine")
        assert made.warnings and set(made.rejected) == {"accounts", "engagements"}
        opened = reopened(made)
        assert opened.warnings == made.warnings
        assert opened.rejected.keys() == made.rejected.keys()
        for name, frame in made.rejected.items():
            assert shape(opened.rejected[name]) == shape(frame)
        assert answers(everyone(opened)) == answers(everyone(made))


def test_what_is_prepared_of_long_tables_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of preparation, also those that only long tables are worth."""
    for module in (prepared, happenings, standings):
        monkeypatch.setattr(module, "LONG", 0)
    monkeypatch.setattr(prepared, "ROOM", 10**9)
    made = csm.samples.portfolio(engagements=80, seed=5)
    opened = reopened(made)
    for field in attrs.fields(facts.Prepared):
        found = {name: getattr(table.prepared, field.name) for name, table in made.tables.items()}
        holders = [name for name, part in found.items() if part is not None and parts(part) != {}]
        assert holders, f"no table has {field.name}"
        for name in holders:
            before, after = (getattr(one.tables[name].prepared, field.name) for one in (made, opened))
            assert parts(after) == parts(before)
    for viewer in (csm.EVERYONE, made.tables["users"].keys.take([0])[0]):  # type: ignore[union-attr]
        looked = [one.view(as_of=A, viewer=viewer) for one in (made, opened)]
        assert answers(looked[1]) == answers(looked[0])


def parts(part: Any) -> Any:
    """A prepared part, comparable."""
    if isinstance(part, np.ndarray):
        return str(part.dtype), part.tolist()
    if isinstance(part, Mapping):
        return {key: parts(one) for key, one in part.items()}
    if attrs.has(type(part)):
        return type(part), [parts(getattr(part, field.name)) for field in attrs.fields(type(part))]
    return [parts(one) for one in part] if isinstance(part, tuple) else part


def test_saved_twice_it_is_the_same_file(company: csm.Portfolio, tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    company.save(one)
    company.save(two)
    csm.Portfolio.open(one).save(three)
    assert one.read_bytes() == two.read_bytes()
    assert answers(everyone(csm.Portfolio.open(three))) == answers(everyone(company))


def test_the_guard_of_a_portfolio_for_one_viewer_is_kept() -> None:
    connection = sqlite3.connect(":memory:")
    records = {
        "users": [
            csm.User(id="top", role="success_manager"),
            csm.User(id="mid", role="success_manager", manager_id="top"),
            csm.User(id="low", role="success_agent", manager_id="mid"),
        ],
        "accounts": [csm.Account(id="A1", owner_id="low"), csm.Account(id="A2", owner_id="top")],
    }
    databases.fill(connection, "sqlite", records)
    opened = reopened(csm.Portfolio.from_database(connection, viewer="mid"))
    for viewer in ("top", csm.EVERYONE):
        with pytest.raises((NotVisible, UnknownViewer)):
            opened.view(as_of=A, viewer=viewer)
    assert opened.view(as_of=A, viewer="low").accounts.n == 1


def test_unknown_viewers_stay_unknown(company: csm.Portfolio) -> None:
    opened = reopened(company)
    for viewer in (None, "", "nobody", 1):
        with pytest.raises(UnknownViewer):
            opened.view(as_of=A, viewer=viewer)


# never a wrong number --------------------------------------------------------------------------------------


def small() -> csm.Portfolio:
    return portfolio(
        users=[{"id": "U1"}, {"id": "U2", "role": "success_agent", "manager_id": "U1"}],
        accounts=[{"id": "A1", "owner_id": "U1", "industry": "Retail"}, {"id": "A2", "owner_id": "U2"}],
        engagements=[{"id": "E1", "health": "red"}, {"id": "E2", "account_id": "A2"}],
        contracts=[{"id": "C1"}, {"id": "C2", "account_id": "A2", "engagement_id": "E2", "value": 7}],
        risk_signals=[{"id": "S1"}, {"id": "S2", "contract_id": "C1"}],
        adoption_scores=[{"engagement_id": "E1"}],
        objectives=[{"id": "O1"}],
        tasks=[{"id": "T1"}],
    )


def test_any_changed_byte_is_found(path: Path) -> None:
    """Of every region that is ever read: the header, the manifest, and the first, a middle or the last of each segment."""
    made = small()
    made.save(path)
    whole = path.read_bytes()
    reader = container.Reader(path)
    segments = reader._segments
    _, _, _, start, length, size, _ = container.HEADER.unpack_from(whole)
    places = {*range(container.SIZE), *range(start, start + length, 397), size - 1}
    for number, (at, count, _) in enumerate(segments):
        places |= {at + (0, count // 2, count - 1)[number % 3]} if count else set()
    for place in sorted(places):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(DataError):
            csm.Portfolio.open(path, verify=True)


def test_damage_never_makes_another_number(path: Path) -> None:
    """Without verifying on opening: an error when the part is read, or the right answer."""
    made = small()
    made.save(path)
    expected = answers(everyone(made))
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 1009):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        try:
            assert answers(everyone(csm.Portfolio.open(path))) == expected
        except DataError as error:
            refused += 1
            assert {problem.code for problem in error.problems} <= {
                "damaged",
                "not_saved",
                "other_release",
                "cut_short",
            }
    assert refused > 15


def test_a_changed_part_is_found_when_it_is_read(company: csm.Portfolio, path: Path) -> None:
    company.save(path)
    reader = container.Reader(path)
    health = reader.manifest["tables"]["engagements"]["columns"]["health"]["codes"]["segment"]
    at = reader._segments[health][0]
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))
    opened = csm.Portfolio.open(path)
    assert csm.overview.new_engagements_ytd(everyone(opened)).value >= 0  # does not read health
    for _ in range(2):  # and it stays so
        with pytest.raises(DataError, match="damaged"):
            csm.overview.health_by_stage(everyone(opened))


def test_a_file_cut_short_is_refused(path: Path) -> None:
    small().save(path)
    whole = path.read_bytes()
    for size in [*range(200), *range(200, len(whole), 997), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"cut_short|not_saved"):
            csm.Portfolio.open(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(DataError, match="damaged"):
        csm.Portfolio.open(path)


@pytest.mark.parametrize("content", [b"", b"x", b"PK\3\4" * 100, b"id,name\n" * 100, bytes(1000)])
def test_what_is_no_portfolio_is_refused(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"\[not_saved\]"):
        csm.Portfolio.open(path)


def test_no_file_and_no_place(company: csm.Portfolio, tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(DataError, match=r"\[unreadable_file\]"):
            csm.Portfolio.open(path)
    for path in (tmp_path / "missing" / "file", tmp_path):
        with pytest.raises(DataError, match=r"\[unwritable_file\]"):
            company.save(path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(csm.errors.OptionError):
        csm.Portfolio.open(tmp_path / "x", verify="yes")  # type: ignore[arg-type]


def test_a_newer_format_is_refused(path: Path) -> None:
    small().save(path)
    whole = bytearray(path.read_bytes())
    whole[8:12] = (container.FORMAT + 1).to_bytes(4, "little")
    path.write_bytes(whole)
    with pytest.raises(DataError, match=r"its format is 2.*\[other_release\]"):
        csm.Portfolio.open(path)


@pytest.mark.parametrize(("name", "value"), [("__version__", "99.0"), ("LAYOUT", 99)])
def test_another_release_is_refused(
    name: str, value: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(saved, name, value)
        small().save(path)
    with pytest.raises(DataError, match=r"\[other_release\]"):
        csm.Portfolio.open(path)


def test_records_declared_in_another_way_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.declared()
    schema = saved.SCHEMA["accounts"]
    for column in schema.columns.values():
        less = {name: other for name, other in schema.columns.items() if name != column.name}
        with monkeypatch.context() as patched:
            tables = {**saved.SCHEMA, "accounts": attrs.evolve(schema, columns=less)}
            patched.setattr(saved, "SCHEMA", tables)
            assert saved.declared() != before


@pytest.mark.parametrize("kind", [daily.Standing, facts.Calendar])
def test_tables_of_which_something_else_is_kept_are_refused(
    kind: type, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody needs to remember to count the layout up when a class gets another field, or a table another array."""
    more = attrs.make_class(kind.__name__, ["one_more"], bases=(kind,), frozen=True)
    changes = [
        (saved_parts, "CLASSES", saved_parts.CLASSES | {kind.__name__: more}),
        (saved, "ARRAYS", (*saved.ARRAYS, "more")),
    ]
    for module, name, value in changes:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, value)
            small().save(path)
        with pytest.raises(DataError, match=r"\[other_release\]"):
            csm.Portfolio.open(path)


# all or nothing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()]
)
def test_a_save_that_fails_leaves_the_old_file(
    error: BaseException, company: csm.Portfolio, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small().save(path)
    before = path.read_bytes()

    def fail(self: Any, manifest: Any) -> None:
        raise error

    monkeypatch.setattr(container.Writer, "finish", fail)
    with pytest.raises((DataError, KeyboardInterrupt, MemoryError)):
        company.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def script(code: str, *given_: object, **options: Any) -> Any:
    """Run code in another process."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, given_)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        **options,
    )  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs a system that kills")
@pytest.mark.parametrize("after", [0, 1, 100, 300])
def test_a_killed_save_leaves_the_old_file(after: int, path: Path) -> None:
    """Killed in the middle of writing, at the header, or just before the file takes its name."""
    made = small()
    made.save(path)
    before = path.read_bytes()
    killed = script(
        """
        import os, signal, sys
        import cs_metrics as csm
        from cs_metrics.saved import container
        left = int(sys.argv[2])
        write = container.Writer._write
        def counted(self, data):
            global left
            left -= 1
            if left < 0:
                self._file.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            write(self, data)
        container.Writer._write = counted
        if left == 300:
            container.Writer._write = write
            container.os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)
        csm.samples.portfolio(engagements=50, seed=1).save(sys.argv[1])
        """,
        path,
        after,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert path.read_bytes() == before
    assert answers(everyone(csm.Portfolio.open(path))) == answers(everyone(made))


def test_who_has_the_old_file_open_keeps_it(path: Path, company: csm.Portfolio) -> None:
    made = small()
    made.save(path)
    opened = csm.Portfolio.open(path)
    company.save(path)
    assert answers(everyone(opened)) == answers(everyone(made))
    assert csm.Portfolio.open(path).fingerprint == company.fingerprint != opened.fingerprint


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_mode(path: Path) -> None:
    small().save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    small().save(path)
    assert path.stat().st_mode & 0o777 == 0o640


# many at once ----------------------------------------------------------------------------------------------


def test_thirty_two_threads_get_the_serial_answers(company: csm.Portfolio, path: Path) -> None:
    company.save(path)
    users = [None, *company.tables["users"].keys.take(np.arange(5))]  # type: ignore[union-attr]
    viewers = [csm.EVERYONE if user is None else user for user in users] * 2

    def look(made: csm.Portfolio) -> Any:
        return lambda viewer: answers(made.view(as_of=A, viewer=viewer))

    expected = list(map(look(company), viewers))
    opened = csm.Portfolio.open(path)
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(look(opened), viewers)) == expected


def test_processes_share_the_pages(company: csm.Portfolio, path: Path) -> None:
    company.save(path)
    opened = csm.Portfolio.open(path)
    for table in opened.tables.values():
        for name in table.columns:
            values = getattr(table.columns[name], "codes", table.columns[name])
            assert not values.flags.writeable and not values.flags.owndata
    code = """
        import sys
        import cs_metrics as csm
        opened = csm.Portfolio.open(sys.argv[1], verify=True)
        view = opened.view(as_of="2026-06-30", viewer=csm.EVERYONE)
        print(csm.risk.contract_value_at_risk(view).to_json())
        try:
            text = open("/proc/self/maps").read()
        except OSError:
            text = sys.argv[1] + " r--s"
        print(any("r--s" in line for line in text.splitlines() if sys.argv[1] in line or len(text) < 500))
    """
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda _: script(code, path), range(2)))
    result = csm.risk.contract_value_at_risk(everyone(company)).to_json()
    assert [one.stdout.splitlines() for one in told] == [[result, "True"]] * 2, told[0].stderr


def test_opening_reads_nothing_but_the_manifest(company: csm.Portfolio, path: Path) -> None:
    company.save(path)
    opened = csm.Portfolio.open(path)
    for table in opened.tables.values():
        assert not table.columns._made and "source" not in table.__dict__  # type: ignore[attr-defined]


def test_a_copy_of_the_file_is_as_good(company: csm.Portfolio, path: Path) -> None:
    company.save(path)
    there = path.with_name("elsewhere")
    shutil.copy(path, there)
    path.unlink()
    assert answers(everyone(csm.Portfolio.open(there))) == answers(everyone(company))
