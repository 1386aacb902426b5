"""Times making ready from frames, and the memory it takes: each engine in a fresh process, in turns.

    python bench/load.py [--size 1000000] [--rounds 3] [--engines polars duckdb pandas]

Printed are the medians of: seconds; the peak above what was there with the input read; and what is held
beside the input once it is done.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import data
from engines import OURS, PEERS, engine, have_ours


def _memory(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def _give_back() -> None:
    """Hand free memory back, so that what is measured is what is used."""
    import pyarrow as pa

    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL("libc.so.6").malloc_trim(0)


def one(name: str, folder: Path) -> dict[str, Any]:
    """Make ready once, here."""
    made = engine(name)
    _warm(made.kind)
    frames = data.load(folder, made.kind)
    rows = sum(len(frame) for frame in frames.values())
    given = data.size(frames, made.kind)
    _give_back()
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    started, used = time.perf_counter(), time.process_time()
    ready = made.prepare(frames)
    seconds, used = time.perf_counter() - started, time.process_time() - used
    peak = _memory("VmHWM") - before
    _give_back()
    held = _memory("VmRSS") - before
    assert ready is not None
    assert frames
    return {
        "engine": name, "rows": rows, "input": given, "seconds": seconds, "cpu": used, "peak": peak,
        "held": held,
    }  # fmt: skip


def _warm(kind: str) -> None:
    """Import what reading and preparing import, so that their code does not count as memory held."""
    import pandas  # noqa: F401
    import pyarrow.compute  # noqa: F401

    if kind == "polars":
        import polars  # noqa: F401


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    names = ([OURS] if have_ours() and not options.without_ours else []) + options.engines
    folder = data.folder(options.cache, options.size, options.seed)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            command = [sys.executable, __file__, "--one", name, "--folder", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name} failed:\n{done.stderr}", file=sys.stderr)
                continue
            found[name].append(json.loads(done.stdout.splitlines()[-1]))
    return [_median(each) for each in found.values() if each]


def _median(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        key: statistics.median(row[key] for row in rows) if isinstance(value, (int, float)) else value
        for key, value in rows[0].items()
    }


def _table(rows: list[dict[str, Any]], size: int) -> None:
    print(f"\nMaking {size:,} engagements ready: {rows[0]['rows']:,.0f} rows, load {os.getloadavg()[0]:.1f}")
    print(
        f"    {'':12s}{'seconds':>9s}{'cpu s':>8s}{'input GB':>10s}{'peak GB':>9s}{'held GB':>9s}"
        f"{'peak/input':>12s}"
    )
    for row in rows:
        print(
            f"    {row['engine']:12s}{row['seconds']:9.2f}{row['cpu']:8.2f}{row['input'] / 1e9:10.2f}"
            f"{row['peak'] / 1e9:9.2f}{row['held'] / 1e9:9.2f}{row['peak'] / row['input']:12.2f}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", nargs="*", default=[*PEERS])
    parser.add_argument("--without-ours", action="store_true", help="the peers alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=data.DEFAULT_CACHE)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one, options.folder)))
        return 0
    rows = run(options)
    if rows:
        _table(rows, options.size)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
