"""Times the customer success dashboard on every engine, in one run, interleaved; and checks that all say the same.

python bench/customer_success.py [--accounts 1000 1000000] [--rounds 7] [--engines polars duckdb pandas]
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from datetime import date
from decimal import Decimal
from math import isclose
from typing import Any

import numpy as np

import data  # noqa: F401 - it finds the library in a clone
from harness import measure
from peers import success_prepare as s

AS_OF = date(2026, 6, 30)
BOOK = 50
PEERS = ("polars", "duckdb", "pandas")


def cents(value: Any) -> Any:
    return int(value * 100) if isinstance(value, Decimal) else value


def models() -> tuple[Any, Any]:
    """The default models with their metrics in the order in which the peers' measures stand: floats add up alike."""
    import cs_metrics as csm

    derived = dict(
        zip(("account:employees", "account:seats", "stack:misalignment"), s.DERIVED.values(), strict=True)
    )
    health, effort = dict(sorted(s.HEALTH.items())), dict(sorted(s.EFFORT.items())) | derived
    return (
        csm.HealthModel(weights=dict.fromkeys(health, 1), scales=health),
        csm.EffortModel(weights=dict.fromkeys(effort, 1), scales=effort),
    )


def ours(portfolio: Any, viewer: Any, health: Any, effort: Any) -> dict[str, Any]:
    """A view made anew, everything that the dashboard shows, and the first ten rows of each listing."""
    import cs_metrics as csm

    view = portfolio.view(as_of=AS_OF, viewer=csm.EVERYONE if viewer is None else viewer)
    report = csm.reports.customer_success(view, health=health, effort=effort)
    segments, distribution, opportunity, customers, tree, items = report.results.values()
    counts, worths = segments.counts(), segments.value_by_segment()
    totals = customers.totals
    bands = (*(band for band, _, _ in s.BANDS), None)
    places = {name: place for place, name in enumerate(s.SEGMENTS)}
    codes = {name: place for place, (name, _, _) in enumerate(s.BANDS)} | {None: None}
    return {
        "segments": (
            segments.value,
            (float(segments.cut.value * 100), segments.cut.effort),
            [(counts[name], cents(worths[name])) for name in s.SEGMENTS],
            [(r[0], cents(r[1]), r[2], places[r[3]], codes[r[4]], *r[5:]) for r in segments.head(s.TOP)],
        ),
        "distribution": [distribution.value.get(band, 0) for band in bands],
        "opportunity": [cents(opportunity.value.get(band, Decimal(0))) for band in bands],
        "by_customer": (
            customers.value, [tuple(map(cents, row)) for row in customers.head(s.TOP)],
            tuple(cents(totals[name]) for name in (*s.MONEY, "alignment")),
        ),
        "tree": {tag: {item: cents(value) for item, value in line.items()} for tag, line in tree.value.items()},
        "by_item": (min(items.value, s.TOP), [tuple(map(cents, row)) for row in items.head(s.TOP)]),
    }  # fmt: skip


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and isclose(one, other, rel_tol=1e-9)
    return bool(one == other)


def viewer_of(frames: Any) -> Any:
    """The agent whose book is nearest to so many accounts."""
    sizes = frames["accounts"]["owner_id"].value_counts()
    agents = frames["users"].loc[frames["users"]["role"] == "success_agent", "id"]
    sizes = sizes[sizes.index.isin(agents)]
    return (sizes - BOOK).abs().idxmin()


def run(accounts: int, engines: list[str], rounds: int) -> bool:
    import cs_metrics as csm

    frames = csm.samples.frames(engagements=accounts * 5 // 2, seed=1, tables=s.TABLES)
    portfolio = csm.Portfolio.from_frames(**frames, currency="USD")
    modules = {name: importlib.import_module(f"peers.success_{name}") for name in engines}
    ready = {name: module.prepare(frames) for name, module in modules.items()}
    scored = models()
    day, equal = int(np.datetime64(AS_OF).astype(int)), True
    for scope, viewer in (("EVERYONE", None), ("one CSM", viewer_of(frames))):
        jobs = {"cs_metrics": lambda viewer=viewer: ours(portfolio, viewer, *scored)}
        for name, module in modules.items():
            span = ready[name].org.scope(viewer)
            jobs[name] = lambda m=module, r=ready[name], span=span: m.report(r, day, *span)
        answers = {name: job() for name, job in jobs.items()}
        print(f"\n{len(frames['accounts']):,} accounts, {scope}, load {os.getloadavg()[0]:.1f}")
        for name in engines:
            for part, truth in answers["cs_metrics"].items():
                if not same(truth, answers[name][part]):
                    equal = False
                    print(f"    ! {part}\n      cs_metrics: {truth}\n      {name}: {answers[name][part]}")
        times = measure(jobs, rounds if viewer is None else rounds * 5)
        mine = times["cs_metrics"][0]
        print(f"    {'':12s}{'wall ms':>10s}{'cpu ms':>10s}{'/ ours':>9s}")
        for name, (wall, used) in times.items():
            print(f"    {name:12s}{wall:10.3f}{used:10.3f}{wall / mine:9.1f}")
    return equal


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--engines", nargs="*", default=list(PEERS))
    options = parser.parse_args()
    equal = [run(size, options.engines, options.rounds) for size in options.accounts]
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
