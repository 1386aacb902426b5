"""A real Spark with executors in processes of their own; needs Java and pyspark: `make test-spark`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import cs_metrics as csm
from cs_metrics import spark
from cs_metrics.metric import metric_of

JAVA = shutil.which("java") or os.environ.get("JAVA_HOME")
DAY = "2026-06-30"
SHARDS = 6

pytestmark = pytest.mark.skipif(not JAVA, reason="Spark needs Java")
pyspark = pytest.importorskip("pyspark", reason="needs pyspark: pip install 'cs-metrics[spark]'")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    source = str(Path(csm.__file__).parents[1])
    tests = str(Path(__file__).parent)
    path = os.pathsep.join([source, tests, os.environ.get("PYTHONPATH", "")])
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.ui.enabled": "false",
        "spark.executor.memory": "512m",
        "spark.executorEnv.PYTHONPATH": path,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local-cluster[2,1,512]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def portfolio() -> csm.Portfolio:
    made = csm.samples.portfolio(engagements=200, seed=9)
    assert made.fingerprint
    return made


@pytest.fixture(scope="module")
def folder(portfolio: csm.Portfolio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shards")
    spark.shard(portfolio, SHARDS, path)
    return path


def manager() -> Any:
    users = csm.samples.frames(engagements=200, seed=9, tables=["users"])["users"]
    return users.query("role == 'success_manager'")["id"].iloc[-1]


def test_every_metric_and_report(session: Any, portfolio: csm.Portfolio, folder: Path) -> None:
    """Those of the whole company, and of one manager; medians take a pass of their own."""
    wanted = [*csm.catalog.metrics(), *csm.catalog.reports()]
    for viewer, asked in ((csm.EVERYONE, wanted), (manager(), wanted[::4])):
        found = spark.evaluate(session, folder, asked, as_of=DAY, viewer=viewer)
        looked = portfolio.view(as_of=DAY, viewer=viewer)
        for one in asked:
            assert found[one.id].to_dict() == one.compute(looked).to_dict(), one.id


def test_rows_are_a_spark_frame(session: Any, portfolio: csm.Portfolio, folder: Path) -> None:
    looked = portfolio.view(as_of=DAY, viewer=manager())
    for metric in ("overview.total_engagements", "review.active_mrr"):
        expected = csm.catalog.metric(metric).compute(looked)
        rows = spark.rows(session, folder, metric, as_of=DAY, viewer=manager())
        assert rows.columns == list(expected.rows().columns)
        assert sorted(row["id"] for row in rows.collect()) == sorted(expected.rows()["id"])
    result = spark.evaluate(session, folder, csm.review.active_mrr, as_of=DAY, viewer=manager())
    summed = result.rows().agg({"mrr": "sum"}).collect()[0][0]
    assert round(summed, 2) == float(result.value)


def test_errors_come_back_as_themselves(session: Any, folder: Path, tmp_path: Path) -> None:
    everyone = {"as_of": DAY, "viewer": csm.EVERYONE}
    for ask in (spark.evaluate, spark.rows):
        with pytest.raises(csm.errors.UnknownViewer, match="'nobody' is not a user"):
            ask(session, folder, "risk.active_risk_signals", as_of=DAY, viewer="nobody")
    with pytest.raises(csm.errors.NotVisible):
        spark.evaluate(session, folder, "c360", account_id="nobody's", **everyone)
    few = csm.samples.frames(engagements=10, tables=["users", "accounts"])
    spark.shard(few, 2, tmp_path)
    with pytest.raises(csm.errors.MissingTable, match="contracts"):
        spark.evaluate(session, tmp_path, "renewal.overdue_renewals", **everyone)
    report = spark.evaluate(session, tmp_path, csm.reports.success_report, **everyone)
    assert str(report["renewal.overdue_renewals"]) == "needs contracts"


def of_spark(session: Any, frames: dict[str, Any]) -> dict[str, Any]:
    return {
        name: session.createDataFrame(pa.Table.from_pandas(frame, preserve_index=False))
        for name, frame in frames.items()
    }


def test_spark_frames_are_split_where_they_are(session: Any, tmp_path: Path) -> None:
    """The executors split, check and save them; what comes of it is what comes of frames of this machine."""
    tables = ["users", "accounts", "engagements", "tasks", "contracts", "risk_signals", "stack_items", "stack_tags",
              "stack_positions", "opportunities"]  # fmt: skip
    frames = csm.samples.frames(engagements=60, seed=4, tables=tables)
    accounts = frames["accounts"]
    ids = accounts["id"].tolist()
    accounts["parent_id"] = [None, ids[2], ids[0], ids[4], ids[5], ids[3], *[None] * (len(ids) - 6)]
    frames["tasks"].loc[:20, ["account_id", "engagement_id"]] = None
    frames["engagements"]["our own, too"] = "x"
    made = spark.shard(of_spark(session, frames), 5, tmp_path)
    whole = csm.Portfolio.from_frames(**frames)
    assert made.fingerprint == whole.fingerprint
    assert made.rows == {name: len(frame) for name, frame in frames.items()}
    viewer = frames["users"]["id"].iloc[1]
    for who in (csm.EVERYONE, viewer):
        looked = whole.view(as_of=DAY, viewer=who)
        wanted = [one for one in csm.catalog.metrics() if frames.keys() >= set(one.needs)]
        assert len(wanted) > 20
        for one, found in spark.evaluate(map, tmp_path, wanted, as_of=DAY, viewer=who).items():
            assert found.to_dict() == csm.catalog.metric(one).compute(looked).to_dict(), one
    rows = spark.rows(session, tmp_path, "overview.total_engagements", as_of=DAY, viewer=viewer)
    assert {row["our own, too"] for row in rows.collect()} == {"x"}


def test_what_is_wrong_with_spark_frames_is_told(session: Any, tmp_path: Path) -> None:
    frames = csm.samples.frames(engagements=30, tables=["users", "accounts", "engagements", "tasks"])
    twice = {
        **frames,
        "tasks": pd.concat([frames["tasks"], frames["tasks"].iloc[:1].assign(account_id=None)]),
    }
    with pytest.raises(csm.errors.DataError, match=r"tasks\.id") as told:
        spark.shard(of_spark(session, twice), 3, tmp_path)
    assert {problem.code for problem in told.value.problems} == {"duplicate"}
    lost = {**frames, "engagements": frames["engagements"].assign(account_id="nobody's")}
    with pytest.raises(csm.errors.DataError, match="nobody's") as told:
        spark.shard(of_spark(session, lost), 3, tmp_path)
    assert len(told.value.problems) >= 30
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(csm.errors.OptionError, match="for none"):
        spark.shard({**frames, **of_spark(session, {"users": frames["users"]})}, 3, tmp_path)
    with pytest.raises(csm.errors.OptionError, match="on_error"):
        spark.shard(of_spark(session, frames), 3, tmp_path, on_error="quarantine")


def working(marks: Path, deadline: float) -> int:
    """The process of an executor that has begun with a shard."""
    while time.monotonic() < deadline:
        begun = [file for file in marks.iterdir() if file.name.isdigit()]
        if begun:
            return int(begun[0].name)
        time.sleep(0.05)
    raise AssertionError("no executor ever began")


def parent_of(process: int) -> int:
    return int(subprocess.check_output(["ps", "-o", "ppid=", "-p", str(process)], text=True))


def executor_of(worker: int) -> int:
    """The Java process above a Python worker."""
    process = worker
    while "java" not in subprocess.check_output(["ps", "-o", "comm=", "-p", str(process)], text=True):
        process = parent_of(process)
        assert process > 1
    return process


def test_an_executor_that_is_killed_half_way_changes_nothing(
    session: Any, portfolio: csm.Portfolio, folder: Path, tmp_path: Path
) -> None:
    """An executor is killed by SIGKILL while it works on a shard; Spark has another one do that shard again."""
    marks, killed = tmp_path, []

    @csm.metric(title="Slowly", unit="engagements", source="ours", counts="engagements")
    def slowly(view: csm.View) -> csm.Count:
        """Engagements, counted so slowly that somebody can be killed meanwhile; those killed once go on at once."""
        (marks / str(os.getpid())).touch()
        until = time.monotonic() + 20
        while not (marks / "killed").exists() and time.monotonic() < until:
            time.sleep(0.05)
        return csm.Count(view.engagements.everything)

    def kill() -> None:
        executor = executor_of(working(marks, time.monotonic() + 60))
        assert executor != os.getpid() and "CoarseGrainedExecutorBackend" in " ".join(
            Path(f"/proc/{executor}/cmdline").read_text().split("\0")
        )
        os.kill(executor, signal.SIGKILL)
        killed.append(executor)
        (marks / "killed").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    asked = {"as_of": DAY, "viewer": csm.EVERYONE}
    wanted = [slowly, csm.risk.contract_value_at_risk, csm.segmentation.segments]
    found = spark.evaluate(session, folder, wanted, **asked)
    killer.join()
    assert len(killed) == 1
    looked = portfolio.view(**asked)
    for metric in wanted:
        assert found[metric_of(metric).id].to_dict() == metric(looked).to_dict()
