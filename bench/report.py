"""Times the whole Success report on every engine, in one run, interleaved; and checks that all say the
same.

python bench/report.py [--sizes 1000 10000 1000000] [--rounds 15] [--engines polars duckdb pandas numpy]
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import numpy as np

import data
from engines import OURS, PEERS, Engine, engine, have_ours, plain
from harness import command, csm_with, finish, measure, print_times, same
from peers import arrays, numpy_peer
from peers import words as w

AS_OF = date(2026, 6, 30)
BY_IDS = "polars, scoped by ids"
FLOOR = "floor"


def in_order(one: Any, other: Any) -> bool:
    """Whether two breakdowns also name their buckets in the same order."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return True
    return [k for k in one if k is not None] == [k for k in other if k is not None]


def differences(answers: dict[str, w.Answer]) -> list[str]:
    """What the engines do not agree on, against the first of them."""
    (first, truth), *others = answers.items()
    found = []
    for name, answer in others:
        for metric in w.METRICS:
            if metric not in answer:
                found.append(f"{metric}: {name} has none")
                continue
            one, other = truth[metric], plain(answer[metric])
            if same(one, other) and in_order(one, other):
                continue
            found.append(f"{metric}: {_how(one, other)}\n      {first}: {one}\n      {name}: {other}")
    return found


def _how(one: Any, other: Any) -> str:
    """In what two answers differ."""
    if not (isinstance(one, tuple) and isinstance(other, tuple)):
        return "order of buckets" if same(one, other) else "value"
    if one[0] != other[0]:
        return "count"
    keys = [[row[0] for row in rows] for rows in (one[1], other[1])]
    if keys[0] != keys[1]:
        return "first rows"
    widths = [{len(row) for row in rows} for rows in (one[1], other[1])]
    return "columns listed" if widths[0] != widths[1] else "columns' values"


class Floor:
    """Reading once, on two threads, every byte that the report must touch."""

    def __init__(self, ready: arrays.Ready, viewer: Any) -> None:
        cut = numpy_peer.Cut(ready, *ready.org.scope(viewer))
        columns = [cut[table](name) for table in cut.spans for name in ready.tables[table] if name != "id"]
        words = [column.view(np.uint8) for column in columns]
        self.bytes = sum(part.nbytes for part in words)
        pieces = [part[: part.nbytes // 8 * 8].view(np.int64) for part in words]
        pieces.sort(key=len, reverse=True)
        self.halves = [pieces[::2], pieces[1::2]]
        self.pool = ThreadPoolExecutor(2)

    @staticmethod
    def _read(pieces: list[Any]) -> list[Any]:
        return [np.bitwise_or.reduce(piece) for piece in pieces]

    def run(self) -> None:
        if self.bytes < 1_000_000:
            list(map(self._read, self.halves))
        else:
            list(self.pool.map(self._read, self.halves))


def _jobs(engines: list[Engine], ready: dict[str, Any], viewer: Any, floor: Floor) -> dict[str, Any]:
    jobs = {each.name: (lambda each=each: each.report(ready[each.name], AS_OF, viewer)) for each in engines}
    if "polars" in jobs and viewer is not None:
        from peers import polars_peer

        jobs[BY_IDS] = lambda: polars_peer.report_by_ids(ready["polars"], AS_OF, [viewer])
    jobs[FLOOR] = floor.run
    return jobs


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    names = ([OURS] if have_ours() and not options.without_ours else []) + options.engines
    engines, rows = [engine(name) for name in names], []
    for size in options.sizes:
        path = data.folder(options.cache, size, options.seed)
        ready = {each.name: each.prepare(data.load(path, each.kind)) for each in engines}
        marks = ready.get("numpy") or arrays.prepare(data.load(path, "pandas"))
        for scope, viewer in (("EVERYONE", None), ("one CSM", csm_with(marks, "engagements"))):
            floor = Floor(marks, viewer)
            answers = {"numpy": numpy_peer.report(marks, AS_OF, *marks.org.scope(viewer))}
            answers |= {e.name: e.report(ready[e.name], AS_OF, viewer) for e in engines if e.name != "numpy"}
            unlike = differences(answers)
            count = numpy_peer.Cut(marks, *marks.org.scope(viewer)).count
            print(f"\n{size:,} engagements, {scope} ({count:,} of them), load {os.getloadavg()[0]:.1f}")
            print(
                f"    {len(answers)} engines, {len(w.METRICS)} metrics: "
                + ("all equal" if not unlike else "DIFFERENT")
            )
            for line in unlike:
                print("    !", line)
            times = measure(_jobs(engines, ready, viewer, floor), options.rounds)
            print_times(times, FLOOR)
            print(f"    (the floor reads {floor.bytes / 1e6:.1f} MB)")
            rows.append({
                "engagements": size, "scope": scope, "in_scope": int(count), "times": times,
                "touched": floor.bytes, "different": len(unlike),
            })  # fmt: skip
        del ready, marks
        gc.collect()
    return rows


def main() -> int:
    options = command(__doc__, "--sizes", [1_000, 10_000, 1_000_000], [*PEERS, "numpy"]).parse_args()
    return finish(run(options), options)


if __name__ == "__main__":
    sys.exit(main())
