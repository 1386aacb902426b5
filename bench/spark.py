"""Measures shards: making them, and a whole report over them in one process, in several, and on Spark.

    python bench/spark.py [--sizes 10000 100000] [--workers 1 2] [--shards 8] [--without-spark]

Printed are seconds and memory; what Spark adds to the same work in processes of Python's own; and what a second
worker brings. Figures hold for the machine and its load, which is printed beside them.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import os
import pickle
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parents[1] / "src"
if importlib.util.find_spec("cs_metrics") is None:
    sys.path.append(str(SOURCE))

DAY = "2026-06-30"
REPORT = "success_report"


def own_memory() -> int:
    """Bytes that are the process's alone."""
    return memory()[0]


def memory() -> tuple[int, int]:
    """Bytes that are the process's alone, and bytes of mapped files, which all processes share."""
    told = [line.split() for line in Path("/proc/self/status").read_text().splitlines()]
    sizes = {line[0]: int(line[1]) * 1024 for line in told if line and line[0].startswith("Rss")}
    return sizes["RssAnon:"], sizes["RssFile:"]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = run()
    return time.perf_counter() - started, found


def alone(work: Callable[[], Any]) -> Any:
    """What work gives in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work).result()


def make(size: int, seed: int, shards: int, path: str) -> dict[str, float]:
    """Shards from frames."""
    import cs_metrics as csm

    frames = csm.samples.frames(engagements=size, seed=seed)
    before = own_memory()
    loading, portfolio = timed(lambda: csm.Portfolio.from_frames(**frames))
    held = own_memory() - before
    seconds, made = timed(lambda: csm.spark.shard(portfolio, shards, path))
    portfolio.save(Path(path) / "whole.csmetrics")
    written = sum((Path(path) / file).stat().st_size for file in made.files)
    return {"load": loading, "held": held, "shard": seconds, "bytes": written, "rows": portfolio.size}


def whole(path: str, rounds: int) -> dict[str, float]:
    """One machine, one process: the saved whole."""
    import cs_metrics as csm

    csm.reports.success_report(csm.samples.portfolio(engagements=10).view(as_of=DAY, viewer=csm.EVERYONE))
    portfolio = csm.Portfolio.open(Path(path) / "whole.csmetrics")
    seconds = []
    for _ in range(rounds + 1):

        def report() -> Any:
            view = portfolio.view(as_of=DAY, viewer=csm.EVERYONE)
            return csm.reports.success_report(view).to_dict(rows=10)

        seconds.append(timed(report)[0])
    return {"first": seconds[0], "later": statistics.median(seconds[1:]), "memory": memory()}


def over(runner: Any, path: str, viewer: Any, lines: int | None) -> Any:
    import cs_metrics as csm

    return csm.spark.evaluate(runner, path, REPORT, as_of=DAY, viewer=viewer, lines=lines).to_dict(rows=10)


def rounds_of(run: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """The first round, and the median of the others."""
    seconds = [timed(run)[0] for _ in range(rounds + 1)]
    return seconds[0], statistics.median(seconds[1:])


def memory_of(_: str) -> bytes:
    return pickle.dumps((os.getpid(), memory()))


def measure(runner: Any, path: str, rounds: int, lines: int | None) -> dict[str, Any]:
    import cs_metrics as csm
    from cs_metrics.spark.runners import runner_of

    first, later = rounds_of(lambda: over(runner, path, csm.EVERYONE, lines), rounds)
    paths = csm.spark.Shards.open(path).paths
    memories = dict(pickle.loads(told) for told in runner_of(runner).answers(memory_of, paths))
    return {"first": first, "later": later, "memory": max(memories.values())}


def in_processes(path: str, workers: int, rounds: int, lines: int | None) -> dict[str, Any]:
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return measure(pool.map, path, rounds, lines)


def in_spark(path: str, workers: int, rounds: int, lines: int | None) -> dict[str, Any]:
    """Executors in processes of their own, each with one core."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    paths = os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])
    builder = SparkSession.builder.master(f"local-cluster[{workers},1,1024]").appName("bench")
    for name, value in {
        "spark.ui.enabled": "false", "spark.executorEnv.PYTHONPATH": paths, "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1", "spark.log.level": "ERROR", "spark.driver.maxResultSize": "4g",
        "spark.executor.memory": "1g", "spark.ui.showConsoleProgress": "false",
    }.items():  # fmt: skip
        builder = builder.config(name, value)
    started, session = timed(builder.getOrCreate)
    try:
        return {"start": started, **measure(session, path, rounds, lines)}
    finally:
        session.stop()


def told(name: str, found: dict[str, Any]) -> None:
    print(
        f"    {name:28s}first {found['first']:8.2f} s   later {found['later']:8.2f} s   "
        f"a worker has {found['memory'][0] / 1e6:6.0f} MB, mapped {found['memory'][1] / 1e6:6.0f} MB"
        + (f"   start {found['start']:.1f} s" if "start" in found else "")
    )


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lines", type=int, default=100, help="of each listing; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without-spark", action="store_true")
    options = parser.parse_args(given)
    spark = not options.without_spark and importlib.util.find_spec("pyspark") and shutil.which("java")
    if not spark:
        print("without Spark: it was not asked for, or pyspark or Java is missing")
    lines = options.lines or None
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="cs_metrics_bench_") as folder:
            made = alone(functools.partial(make, size, options.seed, options.shards, folder))
            print(
                f"\n{size:,} engagements, {made['rows']:,} rows, {options.shards} shards; "
                f"load {os.getloadavg()[0]:.1f}\n"
                f"    load {made['load']:.1f} s, held {made['held'] / 1e6:.0f} MB; "
                f"shard {made['shard']:.1f} s, {made['bytes'] / 1e6:.0f} MB written",
                flush=True,
            )
            told("one machine, saved whole", alone(functools.partial(whole, folder, options.rounds)))
            found: dict[Any, dict[str, Any]] = {}
            for workers in options.workers:
                found["processes", workers] = in_processes(folder, workers, options.rounds, lines)
                told(f"{workers} processes", found["processes", workers])
                if spark:
                    found["spark", workers] = in_spark(folder, workers, options.rounds, lines)
                    told(f"Spark, {workers} executors", found["spark", workers])
                    more = found["spark", workers]["later"] - found["processes", workers]["later"]
                    print(f"    {'':28s}Spark adds {more:.2f} s; load {os.getloadavg()[0]:.1f}", flush=True)
            for how in ("processes", "spark"):
                some = [
                    found[how, workers]["later"] for workers in options.workers if (how, workers) in found
                ]
                if len(some) > 1:
                    print(f"    speed-up of {how}: {some[0] / some[-1]:.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
