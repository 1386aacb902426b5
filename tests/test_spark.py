"""Many machines, without Spark: what is split, computed shard by shard and merged is what one machine says."""

from __future__ import annotations

import functools
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import attrs
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cs_metrics as csm
from cs_metrics import intake, spark, testing
from cs_metrics.records import SCHEMA
from cs_metrics.results import Result
from cs_metrics.spark.columns import columns_of, read_columns, rows_as
from cs_metrics.spark.inquiry import Inquiry
from cs_metrics.spark.runners import Here
from cs_metrics.split import EVERYWHERE, parts
from worlds import GROUPS, Group, arguments, compute, load, row_keys, shards, view, viewer_of

DAY = "2026-06-30"
EACH_GROUP = pytest.mark.parametrize("group", GROUPS, ids=str)
FEW = settings(max_examples=max(settings.default.max_examples // 24, 1))
"""Each example saves and opens several portfolios; the merging itself is law 6, which is tried often."""


@functools.cache
def sample() -> csm.Portfolio:
    portfolio = csm.samples.portfolio(engagements=150, seed=5)
    assert portfolio.fingerprint
    return portfolio


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shards")
    spark.shard(sample(), 2, path)
    return path


def small(engagements: int) -> dict[str, Any]:
    return csm.samples.frames(engagements=engagements, tables=["users", "accounts", "engagements"])


def somebody(role: str) -> Any:
    tables = csm.samples.frames(engagements=150, seed=5, tables=["users", "accounts"])
    found = tables["users"].query("role == @role")["id"].tolist()
    owners = set(tables["accounts"]["owner_id"])
    return [one for one in found if one in owners or role == "success_manager"][-1]


def together(path: Any, world: Any, filters: Any = None) -> Inquiry:
    """A world's viewer asks the shards of a folder."""
    return Inquiry(Here(map), spark.Shards.open(path), world.as_of, viewer_of(world), filters)


def told(found: Any) -> Any:
    """All that a result says, or the error."""
    if isinstance(found, Exception):
        return type(found), str(found)
    assert isinstance(found, Result)
    said = found.to_dict()
    assert list(found.excluded.items()) is not None
    return said


@EACH_GROUP
@FEW
@given(st.data())
def test_shards_say_what_one_machine_says(
    group: Group, tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    """Every metric with every option, for any portfolio, viewer and number of shards: value, lists and rows."""
    world = data.draw(group.worlds)
    count = data.draw(st.integers(1, 5))
    path = tmp_path_factory.mktemp("shards")
    portfolio = load(world)
    assert portfolio.fingerprint
    spark.shard(intake.from_records(world.tables), count, path, **arguments(world))
    inquiry = together(path, world)
    looked = view(world, portfolio)
    seen: set[str] = set()
    for (metric, options), found in zip(group.calls, inquiry.results(group.calls), strict=True):
        expected = compute(metric, looked, options)
        assert told(found) == told(expected), (metric.id, options)
        if isinstance(expected, Result) and expected.spec.counts not in seen:
            seen.add(expected.spec.counts)  # rows are fetched in the same way for all
            assert row_keys(found, found.rows()) == row_keys(expected), (metric.id, options)


@FEW
@given(st.data())
def test_filters_by_segment_are_cut_over_the_whole(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    """A filter's median or mean is found in a pass of its own, as are those of the metrics under it."""
    group = GROUPS[-1]
    world = data.draw(testing.worlds(tables=group.tables, complete=True))
    filters = csm.Filters(
        customer_segments=data.draw(st.sets(st.sampled_from(SEGMENTS))),
        effort_model=csm.EffortModel(
            weights={"account:seats": 1, "locations": 1},
            scales={"account:seats": (0, 250), "locations": (0, 100)},
        ),
        segment_value=data.draw(st.sampled_from(["mrr", "mrr_per_seat"])),
        cut=data.draw(st.sampled_from([None, csm.Cut.mean(), csm.Cut.median(), csm.Cut.at(50, 20)])),
    )
    path = tmp_path_factory.mktemp("shards")
    portfolio = load(world)
    assert portfolio.fingerprint
    spark.shard(portfolio, data.draw(st.integers(1, 4)), path)
    looked = portfolio.view(as_of=world.as_of, viewer=viewer_of(world), filters=filters)
    calls = [(metric, options) for metric, options in group.calls if "segm" in metric.id or not options]
    for (metric, options), found in zip(calls, together(path, world, filters).results(calls), strict=True):
        assert told(found) == told(compute(metric, looked, options)), (metric.id, options)
    for report in (csm.catalog.report("customer_success"), csm.catalog.report("daily_portfolio")):
        inquiry = together(path, world, filters)
        found = inquiry.made(report, inquiry.results(inquiry.calls(report, {})))
        assert found.to_dict() == report.compute(looked).to_dict()
        assert found.view.cut == looked.cut


SEGMENTS = (
    "high_value_low_effort",
    "high_value_high_effort",
    "low_value_low_effort",
    "low_value_high_effort",
)


@pytest.mark.parametrize("viewer", [csm.EVERYONE, "success_manager"])
def test_every_report(folder: Path, viewer: Any) -> None:
    who = viewer if viewer is csm.EVERYONE else somebody(viewer)
    looked = sample().view(as_of=DAY, viewer=who)
    reports = csm.catalog.reports()[:: 1 if viewer is csm.EVERYONE else 6]
    found = spark.evaluate(map, folder, reports, as_of=DAY, viewer=who)
    assert list(found) == [report.id for report in reports]
    for report in reports:
        expected = report.compute(looked)
        assert found[report.id].to_dict() == expected.to_dict(), report.id
        assert found[report.id].to_text() and repr(found[report.id])
    assert "Success report" in found["success_report"].to_html()


def test_the_profile_of_one_account(folder: Path) -> None:
    every = csm.accounts.top(sample().view(as_of=DAY, viewer=csm.EVERYONE)).rows().dropna(subset=["owner_id"])
    views = {one: sample().view(as_of=DAY, viewer=one) for one in set(every["owner_id"])}
    sights = {one: set(csm.accounts.top(view).rows()["id"]) for one, view in views.items()}
    agent = min(sights, key=lambda one: (len(sights[one]), one))
    mine = min(sights[agent])
    expected = csm.accounts.profile(sample().view(as_of=DAY, viewer=agent), mine)
    found = spark.evaluate(map, folder, csm.reports.c360, as_of=DAY, viewer=agent, account_id=mine)
    assert found.value == expected.value and found.to_dict() == expected.to_dict()
    other = next(one for one in every["id"] if one not in sights[agent])
    for unseen in (other, "nobody's", True):
        with pytest.raises(csm.errors.NotVisible, match="is in view"):
            spark.evaluate(map, folder, "c360", as_of=DAY, viewer=agent, account_id=unseen)


def test_one_and_many_may_be_asked_in_many_ways(folder: Path) -> None:
    looked = {"as_of": DAY, "viewer": csm.EVERYONE}
    one = spark.evaluate(map, folder, csm.risk.active_risk_signals, **looked)
    metric = csm.catalog.metric("risk.active_risk_signals")
    for other in (metric, "risk.active_risk_signals"):
        assert spark.evaluate(map, folder, other, **looked) == one
    several = spark.evaluate(
        map, folder, ["risk.active_risk_signals", csm.act.tasks_due, "success_report"], limit=2, **looked
    )
    assert list(several) == ["risk.active_risk_signals", "act.tasks_due", "success_report"]
    assert several["risk.active_risk_signals"] == one
    assert len(several["act.tasks_due"].to_frame()) == 2 == several["act.tasks_due"].limit
    assert len(several["success_report"]["risk.top_risk_indicators"].value) == 2
    assert spark.evaluate(map, folder, [], **looked) == {}
    for wrong in ("risk.nothing", "nothing", 7, [csm.samples.portfolio]):
        with pytest.raises(csm.errors.OptionError):
            spark.evaluate(map, folder, wrong, **looked)
    with pytest.raises(csm.errors.OptionError, match="withn"):
        spark.evaluate(map, folder, "success_report", withn=3, **looked)
    with pytest.raises(csm.errors.OptionError, match="SparkSession"):
        spark.evaluate(None, folder, "success_report", **looked)
    with pytest.raises(csm.errors.OptionError, match="a report has many"):
        spark.rows(map, folder, "success_report", **looked)


def test_long_listings_bring_their_first_lines(folder: Path) -> None:
    """Values and first lines are those of one machine, whatever else was left where it lies; never a wrong list."""
    asked = {"as_of": DAY, "viewer": csm.EVERYONE}
    looked = sample().view(**asked)
    for metric, found in spark.evaluate(map, folder, csm.catalog.metrics(), lines=3, **asked).items():
        expected = csm.catalog.metric(metric).compute(looked)
        assert found.value == expected.value and found.excluded == expected.excluded
        if not isinstance(expected, csm.Listing):
            assert found == expected
            continue
        most = max(3, expected.limit or 0)
        assert found.head(most) == expected.head(most), metric
        assert found.to_dict(rows=3) == expected.to_dict(rows=3), metric
        if not isinstance(expected, csm.Groups) and expected.used > most:
            assert len(found.to_dict()["rows"]) == most  # as of any listing that was sent with its first rows
            for more in (found.all, lambda found=found: found.head(most + 1)):
                with pytest.raises(csm.errors.RowsNotKept, match="first"):
                    more()
    report = spark.evaluate(map, folder, "success_report", lines=10, **asked)
    assert report.to_dict(rows=10) == report.report.compute(looked).to_dict(rows=10)
    assert report.to_html(rows=10) and report.to_text(rows=10)
    with pytest.raises(csm.errors.OptionError, match="lines"):
        spark.evaluate(map, folder, "success_report", lines=-1, **asked)


def test_errors_are_those_of_one_machine(tmp_path: Path) -> None:
    frames = csm.samples.frames(engagements=20, tables=["users", "accounts", "engagements"])
    spark.shard(frames, 2, tmp_path)
    whole = csm.Portfolio.from_frames(**frames)
    asked = {"as_of": DAY, "viewer": csm.EVERYONE}
    for change, metric in (
        ({"viewer": "U999"}, "overview.total_engagements"),
        ({"viewer": None}, "overview.total_engagements"),
        ({"as_of": "June"}, "overview.total_engagements"),
        ({}, "risk.active_risk_signals"),
        ({"filters": {"contract_values": [csm.ValueBand(0)]}}, "overview.total_engagements"),
    ):
        given = {**asked, **change}
        with pytest.raises(csm.CsMetricsError) as here:
            csm.catalog.metric(metric).compute(whole.view(**given))
        for ask in (spark.evaluate, spark.rows):
            with pytest.raises(csm.CsMetricsError) as there:
                ask(map, tmp_path, metric, **given)
            assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))
    report = spark.evaluate(map, tmp_path, csm.reports.SUCCESS_REPORT, **asked)
    assert str(report["risk.active_risk_signals"]) == "needs risk_signals"
    assert report["overview.total_engagements"].value == 20 - report[
        "overview.total_engagements"
    ].excluded.get("closed", 0)
    looked = report.view
    assert looked.has("accounts") and not looked.has("tasks") and looked.cut is None
    assert "EVERYONE" in looked._repr_html_()
    with pytest.raises(csm.errors.MissingTable):
        _ = looked.tasks
    with pytest.raises(csm.errors.RowsNotKept, match=r"spark\.rows"):
        _ = looked.accounts
    with pytest.raises(csm.errors.RowsNotKept):
        looked.options("owners")


def test_a_shard_takes_nothing_for_a_slip_that_another_one_measures(tmp_path: Path) -> None:
    """A model's metric that looks like one of this shard's, and is measured in another one, is right."""
    numbers = range(1, 9)
    periods = [
        csm.Subscription(id=number, account_id=number, mrr=number, status="active", started_on="2026-01-01")
        for number in numbers
    ]
    measures = [
        csm.Measure(
            account_id=number, metric="nps_1" if number < 4 else "nps_2", value=number, on="2026-01-01"
        )
        for number in numbers
    ]
    tables = {
        "users": [csm.User(id=1, role="success_agent")],
        "accounts": [csm.Account(id=number, owner_id=1, seats=number) for number in numbers],
        "subscriptions": periods, "measures": measures, "stack_positions": [],
    }  # fmt: skip
    whole = csm.Portfolio.from_records(**tables)
    assert whole.fingerprint
    spark.shard(intake.from_records(tables), 8, tmp_path)
    asked = {"as_of": DAY, "viewer": 1}

    def outcome(compute: Any) -> Any:
        try:
            found = compute()
            return told(found), row_keys(found, found.rows())
        except csm.errors.OptionError as error:
            return told(error)

    refused = 0
    for name in ("nps_1", "nps_2", "nps_3"):
        model = csm.HealthModel(weights={name: 1}, scales={name: (0, 10)})
        effort = csm.EffortModel(weights={name: 1}, scales={name: (0, 10)})
        banded = csm.Filters(health_bands={"at_risk"}, health_model=model)
        for filters in (None, csm.Filters(accounts={1, 2}), banded):
            looked = whole.view(**asked, filters=filters)
            for one, options in (
                (csm.health.scores, {"model": model}),
                (csm.segmentation.segments, {"effort": effort, "health": model}),
            ):
                expected = outcome(functools.partial(one, looked, **options))
                refused += expected[0] is csm.errors.OptionError
                given = {**asked, **options, "filters": filters}
                assert outcome(functools.partial(spark.evaluate, map, tmp_path, one, **given)) == expected
    assert refused


class Unmergeable(csm.Count):
    """A host's own kind of result, which forgot to say how two of it merge."""

    _merged = Result._merged


@csm.metric(title="Ours", unit="engagements", source="ours", counts="engagements")
def ours(view: csm.View) -> Unmergeable:
    """Engagements."""
    return Unmergeable(view.engagements.everything)


@csm.metric(title="Cut", unit="accounts", source="ours", counts="accounts")
def cut_in_its_own_way(view: csm.View, *, cut: csm.Cut = csm.Cut.median()) -> csm.Count:  # noqa: B008
    """Accounts, cut in a way of our own."""
    return csm.Count(view.accounts.everything)


def test_what_cannot_be_merged_says_so(folder: Path) -> None:
    asked = {"as_of": DAY, "viewer": csm.EVERYONE}
    with pytest.raises(csm.errors.OptionError, match=r"test_spark\.ours.*metrics whose results merge"):
        spark.evaluate(map, folder, ours, **asked)
    with pytest.raises(csm.errors.OptionError, match=r"Cut\.at\(value, effort\)"):
        spark.evaluate(map, folder, cut_in_its_own_way, **asked)
    at = spark.evaluate(map, folder, cut_in_its_own_way, cut=csm.Cut.at(1, 1), **asked)
    assert at.value == csm.coverage.csm_coverage(sample().view(**asked)).used


# the split --------------------------------------------------------------------------------------------------


@FEW
@given(testing.worlds(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_every_row_is_in_one_shard_with_its_account(world: Any, count: int, random: Any) -> None:
    """Whatever the order of rows; trees of accounts stay together, and what all shards need is in each."""
    rows = shards(world, count)
    mixed = {name: random.sample(records, len(records)) for name, records in world.tables.items()}
    again = shards(attrs.evolve(world, tables=mixed), count)
    for part, other in zip(rows, again, strict=True):
        for name, records in part.items():
            assert sorted(map(repr, records)) == sorted(map(repr, other[name]))
    for name, records in world.tables.items():
        found = [record for part in rows for record in part[name]]
        expected = records * count if name in EVERYWHERE else records
        assert sorted(map(repr, found)) == sorted(map(repr, expected)), name
    for part in rows:
        ids = {name: {row.id for row in part[name]} for name in part if "id" in SCHEMA[name].columns}
        for name, records in part.items():
            for column in SCHEMA[name].references:
                if column.refers in ids:
                    assert {getattr(row, column.name) for row in records} <= {*ids[column.refers], None}


def test_circles_of_parent_accounts_stay_together() -> None:
    def account(number: int, parent: int | None) -> csm.Account:
        return csm.Account(id=number, parent_id=parent)

    ring = [account(number, number % 40 + 1) for number in range(1, 41)]
    chain = [account(number, number - 1 if number > 100 else None) for number in range(100, 160)]
    hung = [account(200, 7), account(201, 159)]
    tables = {"accounts": [*ring, *chain, *hung]}
    portfolio = csm.Portfolio.from_records(**tables)
    (where,) = parts(portfolio.tables, 1000).values()
    found = dict(zip([one.id for one in tables["accounts"]], where.tolist(), strict=True))
    assert len({found[one.id] for one in ring} | {found[200]}) == 1
    assert len({found[one.id] for one in chain} | {found[201]}) == 1
    assert found[1] != found[100]


FRAMES = {
    "pandas": lambda frame: frame,
    "polars": pl.DataFrame,
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "duckdb": lambda frame: duckdb.from_arrow(pa.Table.from_pandas(frame, preserve_index=False)),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_rows_come_back_as_they_went_in(kind: str, tmp_path: Path) -> None:
    tables = csm.samples.frames(engagements=30, tables=["users", "accounts", "engagements"])
    tables["engagements"]["our_own"] = range(30)
    frames = {name: FRAMES[kind](frame) for name, frame in tables.items()}
    spark.shard(frames, 3, tmp_path)
    expected = csm.overview.total_engagements(
        csm.Portfolio.from_frames(**frames).view(as_of=DAY, viewer=csm.EVERYONE)
    )
    result = spark.evaluate(map, tmp_path, "overview.total_engagements", as_of=DAY, viewer=csm.EVERYONE)
    assert result == expected
    rows, same = result.rows(), expected.rows()
    assert type(rows) is type(same)
    as_list = [
        frame.to_dict("records") if kind == "pandas" else pl.DataFrame(frame).to_dicts()
        if kind != "duckdb" else frame.to_arrow_table().to_pylist()
        for frame in (rows, same)
    ]  # fmt: skip
    assert str(as_list[0]) == str(as_list[1])


# the folder -------------------------------------------------------------------------------------------------


def test_a_set_takes_the_place_of_another_at_once(tmp_path: Path) -> None:
    first = spark.shard(small(10), 2, tmp_path)
    (tmp_path / "notes.txt").write_text("ours")
    bad = small(10)
    bad["engagements"]["created_on"] = "nonsense"
    before = sorted(file.name for file in tmp_path.iterdir())
    with pytest.raises(csm.errors.DataError, match="created_on"):
        spark.shard(bad, 3, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == before
    assert spark.Shards.open(tmp_path).files == first.files
    second = spark.shard(small(12), 3, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {*second.files, "shards.json", "notes.txt"}
    opened = spark.Shards.open(tmp_path)
    assert opened.fingerprint == second.fingerprint == csm.Portfolio.from_frames(**small(12)).fingerprint
    assert opened.rows["engagements"] == 12 and opened.settings == second.settings


def test_what_is_gone_or_no_shard_is_told(tmp_path: Path) -> None:
    asked = {"as_of": DAY, "viewer": csm.EVERYONE}
    with pytest.raises(csm.errors.DataError, match="shard"):
        spark.evaluate(map, tmp_path, "overview.total_engagements", **asked)
    shards = spark.shard(small(10), 2, tmp_path)
    contents = (tmp_path / "shards.json").read_text()
    (tmp_path / "shards.json").write_text(contents.replace('"format": 1', '"format": 0'))
    with pytest.raises(csm.errors.DataError, match="other_release"):
        spark.evaluate(map, tmp_path, "overview.total_engagements", **asked)
    (tmp_path / "shards.json").write_text("{}")
    with pytest.raises(csm.errors.DataError, match="not_saved"):
        spark.evaluate(map, tmp_path, "overview.total_engagements", **asked)
    (tmp_path / "shards.json").write_text(contents)
    (tmp_path / shards.files[1]).unlink()
    with pytest.raises(csm.errors.DataError, match="unreadable_file"):
        spark.evaluate(map, tmp_path, "overview.total_engagements", **asked)
    for n in (0, True, 2.0, None):
        with pytest.raises(csm.errors.OptionError, match="whole number of shards"):
            spark.shard(small(10), n, tmp_path)
    with pytest.raises(csm.errors.OptionError, match="the portfolio has its own"):
        spark.shard(sample(), 2, tmp_path, currency="EUR")


def test_settings_and_what_was_rejected_are_kept(tmp_path: Path) -> None:
    contracts = [
        csm.Contract(id=number, account_id=number, value=100, currency=currency, state=state, starts_on=day)
        for number, currency, state, day in [
            (1, "EUR", "active", "2026-01-01"), (2, "USD", "active", "2026-05-01"), (3, "XXX", "active", "2026-01-01")
        ]
    ]  # fmt: skip
    tables = {"accounts": [csm.Account(id=number) for number in (1, 2, 3)], "contracts": contracts}
    frames = intake.from_records(tables)
    given = {"currency": "USD", "rates": {"EUR": "1.10"}, "fiscal_year_start": 4, "on_error": "quarantine"}
    shards = spark.shard(frames, 2, tmp_path, **given)
    assert shards.rejected["contracts"]["id"].tolist() == [3]
    found = spark.evaluate(map, tmp_path, "renewal.contract_value_ytd", as_of=DAY, viewer=csm.EVERYONE)
    whole = csm.Portfolio.from_frames(**frames, **given)
    assert shards.warnings == whole.warnings and shards.fingerprint == whole.fingerprint
    assert found == csm.renewal.contract_value_ytd(whole.view(as_of=DAY, viewer=csm.EVERYONE))


def test_who_may_look_at_a_portfolio_may_look_at_its_shards(tmp_path: Path) -> None:
    """A portfolio that was read for one viewer stays closed to those above, in every shard."""
    portfolio, agent = csm.Portfolio.from_frames(**small(30)), "U0000002"
    portfolio._only = agent
    spark.shard(portfolio, 2, tmp_path)
    mine = {"as_of": DAY, "viewer": agent}
    expected = csm.overview.total_engagements(portfolio.view(**mine))
    assert spark.evaluate(map, tmp_path, "overview.total_engagements", **mine) == expected
    with pytest.raises(csm.errors.NotVisible):
        spark.evaluate(map, tmp_path, "overview.total_engagements", as_of=DAY, viewer=csm.EVERYONE)


# other processes --------------------------------------------------------------------------------------------


def test_other_processes_can_do_the_work(folder: Path) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = spark.evaluate(pool.map, folder, "customer_success", as_of=DAY, viewer=csm.EVERYONE)
    expected = csm.reports.customer_success(sample().view(as_of=DAY, viewer=csm.EVERYONE))
    assert found.to_dict() == expected.to_dict()


def test_pyspark_is_imported_by_nobody_who_does_not_use_it() -> None:
    code = "import sys, cs_metrics.spark; assert 'pyspark' not in sys.modules and 'py4j' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_session_without_pyspark_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Session:
        createDataFrame = range = None  # noqa: N815 - as Spark spells it

    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(csm.errors.MissingExtra, match=r"cs-metrics\[spark\]"):
        spark.evaluate(Session(), folder, "success_report", as_of=DAY, viewer=csm.EVERYONE)


def test_columns_have_types_that_spark_knows() -> None:
    frame = pd.DataFrame(
        {
            "texts": ["a", None], "mixed": [1, "x"], "whole": [1, 2], "small": pd.Series([1, 2], dtype="uint8"),
            "days": pd.to_datetime(["2026-01-01", None]), "zoned": pd.to_datetime(["2026-01-01T12:00Z"] * 2),
            "words": pd.Categorical(["b", None]), "flags": [True, False], "numbers": [0.5, None],
            "amounts": [Decimal("1.10"), Decimal("22.5")], "nothing": [None, None],
            "big": pd.Series([2**64 - 1, 1], dtype="uint64"),
        }
    )  # fmt: skip
    frames = {"pandas": frame, "polars": pl.DataFrame(frame.drop(columns="mixed"), strict=False)}
    for given_frame in frames.values():
        source = intake.open_frame(given_frame)
        schema = read_columns(columns_of(source))
        told = {field.name: str(field.type) for field in schema}
        assert told["texts"] == told["words"] == "string" and told["small"] == "int16"
        assert told["days"] == "timestamp[us]" and told["zoned"] == "timestamp[us, tz=UTC]"
        assert told["flags"] == "bool" and told["numbers"] == "double" and told["whole"] == "int64"
        assert told["big"] == "decimal128(20, 0)" and told["nothing"] == "string"
        rows = rows_as(source.take(np.array([1])), source, schema).to_pylist()
        assert rows[0]["texts"] is None and rows[0]["words"] is None and rows[0]["whole"] == 2
        assert rows[0].get("mixed") in (None, "x") and rows[0]["big"] == 1
        assert rows_as(source.take(np.array([], int)), source, schema).num_rows == 0


def test_the_rows_of_a_metric_are_computed_again(folder: Path) -> None:
    """What the viewer may not see is not in them, as it is not in the result."""
    agent = somebody("success_agent")
    result = spark.evaluate(map, folder, "overview.total_engagements", as_of=DAY, viewer=agent)
    expected = csm.overview.total_engagements(sample().view(as_of=DAY, viewer=agent))
    assert row_keys(result, result.rows()) == row_keys(expected)
