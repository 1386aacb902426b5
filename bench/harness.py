"""What the benchmarks share: jobs timed in turns, answers compared, a manager found, a command line."""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from fractions import Fraction
from math import isclose
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import data
from engines import OURS

BOOK = 50
"""How much the manager has who looks beside EVERYONE."""
Jobs: TypeAlias = dict[str, Callable[[], Any]]


def same(one: Any, other: Any) -> bool:
    """Whether two values agree; an empty missing bucket may be left out, a share may differ by a last bit."""
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = ({k: v for k, v in each.items() if k is not None or v != 0} for each in (one, other))
        return set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (float, Fraction)) or isinstance(other, (float, Fraction)):
        return one is not None and other is not None and isclose(float(one), float(other), rel_tol=1e-12)
    return bool(one == other)


def csm_with(ready: Any, table: str, book: int = BOOK) -> Any:
    """The agent whose rows of a table are nearest to so many."""
    sizes = np.diff(ready.starts[table])[: len(ready.org)]
    sizes = np.where(ready.org.manager, 10**9, sizes)
    nearest = int(np.argmin(np.abs(sizes - book)))
    return next(user for user, at in ready.org.position.items() if at == nearest)


def measure(jobs: Jobs, rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and processor milliseconds of each job, taken in turns."""
    for job in jobs.values():
        job()
        job()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        for name, job in jobs.items():
            wall, used = time.perf_counter(), time.process_time()
            job()
            times[name].append((time.perf_counter() - wall, time.process_time() - used))
    gc.enable()
    return {
        name: (statistics.median(w for w, _ in each) * 1e3, statistics.median(c for _, c in each) * 1e3)
        for name, each in times.items()
    }


def print_times(times: dict[str, tuple[float, float]], floor: str | None = None) -> None:
    """Each job's times, and how often ours fits into them, and how often they hold the floor's."""
    ours = times.get(OURS, (None,))[0]
    print(
        f"    {'':24s}{'wall ms':>10s}{'cpu ms':>10s}{'/ ours':>9s}" + (f"{'/ floor':>9s}" if floor else "")
    )
    for name, (wall, used) in times.items():
        ratio = f"{wall / ours:9.1f}" if ours else f"{'':9s}"
        print(
            f"    {name:24s}{wall:10.3f}{used:10.3f}{ratio}"
            + (f"{wall / times[floor][0]:9.1f}" if floor else "")
        )


def command(doc: str | None, sizes: str, default: list[int], engines: list[str]) -> argparse.ArgumentParser:
    """The command line of a benchmark that compares engines."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(sizes, type=int, nargs="+", default=default)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engines", nargs="*", default=engines)
    parser.add_argument("--without-ours", action="store_true", help="the peers alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=data.DEFAULT_CACHE)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser


def finish(rows: list[dict[str, Any]], options: argparse.Namespace) -> int:
    """Write the figures where that was asked for; 1 where the engines said different things."""
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))
    return 1 if any(row["different"] for row in rows) else 0
