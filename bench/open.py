"""Times opening a saved portfolio beside loading the same one from frames, each in a fresh process.

    python bench/open.py [--size 1000000] [--rounds 3]

Printed are the medians of: making it ready; the first Success report of a CSM and of everyone (which verifies
what it reads, once), the second one; memory of the process's own that it takes; and what saving costs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import data

A = date(2026, 6, 30)


def _own_memory() -> int:
    """Memory that is the process's alone: pages of a mapped file are everybody's."""
    told = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in told if line.startswith("RssAnon"))


def _timed(run: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    found = run()
    return time.perf_counter() - started, found


def one(how: str, folder: Path, path: Path) -> dict[str, Any]:
    import cs_metrics as csm

    # what both import when first used is no part of either
    sample = csm.samples.portfolio(engagements=10).view(as_of=A, viewer=csm.EVERYONE)
    assert csm.reports.success_report(sample).results
    frames = data.load(folder, "pandas") if how == "frames" else {}
    before = _own_memory()
    makers = {
        "frames": lambda: csm.Portfolio.from_frames(**frames),
        "open": lambda: csm.Portfolio.open(path),
        "open, verified": lambda: csm.Portfolio.open(path, verify=True),
    }
    seconds, portfolio = _timed(makers[how])
    own = _own_memory() - before
    told: dict[str, Any] = {"how": how, "ready": seconds, "own memory": own}
    if how == "frames" and not path.exists():
        told["fingerprint"], _ = _timed(lambda: portfolio.fingerprint)
        told["save"], _ = _timed(lambda: portfolio.save(path))
        return told
    users = portfolio.tables["users"]
    csm_id = users.keys.take(users.order[[users.n // 2]])[0]
    for name, viewer in (("a CSM", csm_id), ("everyone", csm.EVERYONE)):
        for which in ("first", "second"):

            def report(viewer: Any = viewer) -> Any:
                return csm.reports.success_report(portfolio.view(as_of=A, viewer=viewer)).results

            told[f"{name}, {which}"], _ = _timed(report)
    view = portfolio.view(as_of=A, viewer=csm_id)
    told["rows"], _ = _timed(lambda: csm.overview.total_engagements(view).rows())
    return told


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=data.DEFAULT_CACHE)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one, options.folder, options.folder / "saved.csmetrics")))
        return 0
    folder = data.folder(options.cache, options.size, options.seed)
    path = folder / "saved.csmetrics"
    path.unlink(missing_ok=True)
    found: dict[str, list[dict[str, Any]]] = {}
    for turn in range(options.rounds + 1):  # the first one saves
        for how in ("frames", "open", "open, verified")[: 1 if turn == 0 else 3]:
            command = [sys.executable, __file__, "--one", how, "--folder", str(folder)]
            told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            found.setdefault(how if turn else "saving", []).append(told)
    saving = found.pop("saving")[0]
    print(
        f"\n{options.size:,} engagements, {path.stat().st_size / 1e9:.2f} GB saved, load {os.getloadavg()[0]:.1f}"
    )
    print(f"    fingerprint {saving['fingerprint']:.2f} s, save {saving['save']:.2f} s")
    medians = {
        how: {key: statistics.median(row[key] for row in rows) for key in rows[0] if key != "how"}
        for how, rows in found.items()
    }
    for how, row in medians.items():
        print(f"    {how}")
        for key, value in row.items():
            shown = f"{value / 1e6:10.1f} MB" if key == "own memory" else f"{value * 1000:10.2f} ms"
            print(f"        {key:20s}{shown}")
    print(f"    loading / opening: {medians['frames']['ready'] / medians['open']['ready']:.0f}")
    path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
