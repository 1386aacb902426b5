"""Times the portfolio dashboard's review on every engine, in one run, interleaved; and checks that all say the
same.

python bench/review.py [--subscriptions 10000 1000000] [--rounds 15] [--engines polars duckdb pandas]
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import data
from engines import OURS, PEERS, Engine, plain
from peers import review_arrays as ra
from peers import review_words as rw
from report import AS_OF, measure, same

BOOK = 50
PER_ENGAGEMENT = 0.5635
"""How many subscriptions the sample has for each engagement."""


def engine(name: str) -> Engine:
    """An engine: ours is given pandas frames, the peers the arrays that were made of them."""
    if name == OURS:
        import cs_metrics as csm

        return Engine(name, "pandas", lambda frames: csm.Portfolio.from_frames(**frames), _ours)
    module = importlib.import_module(f"peers.review_{name}")

    def report(ready: Any, as_of: date, viewer: Any) -> dict[str, Any]:
        answer: dict[str, Any] = module.report(ready, as_of, *ready.org.scope(viewer))
        return answer

    return Engine(name, "pandas", module.prepare, report)


def _ours(portfolio: Any, as_of: date, viewer: Any) -> dict[str, Any]:
    """A view made anew, both values of every trend, every distribution, the first alerts."""
    import cs_metrics as csm

    view = portfolio.view(as_of=as_of, viewer=csm.EVERYONE if viewer is None else viewer)
    return {
        name.rpartition(".")[2]: _said(result)
        for name, result in csm.reports.portfolio_review(view).results.items()
    }


def _said(result: Any) -> Any:
    import cs_metrics as csm

    if isinstance(result, csm.Trend):
        return result.current.value, result.previous.value
    return (result.value, result.head(rw.SHOWN)) if isinstance(result, csm.Groups) else result.value


def differences(answers: dict[str, dict[str, Any]]) -> list[str]:
    """What the engines do not agree on, against the first of them."""
    (first, truth), *others = answers.items()
    return [
        f"{metric}\n      {first}: {plain(truth[metric])}\n      {name}: {answer[metric]}"
        for name, answer in others
        for metric in rw.METRICS
        if not same(plain(truth[metric]), answer[metric])
        or (isinstance(answer[metric], dict) and list(truth[metric]) != list(answer[metric]))
    ]


def csm_with(ready: ra.Ready, book: int) -> Any:
    """The agent whose book is nearest to so many accounts."""
    sizes = np.diff(ready.starts["accounts"])[: len(ready.org)]
    sizes = np.where(ready.org.manager, 10**9, sizes)
    nearest = int(np.argmin(np.abs(sizes - book)))
    return next(user for user, at in ready.org.position.items() if at == nearest)


def _table(times: dict[str, tuple[float, float]]) -> None:
    ours = times.get(OURS, (None,))[0]
    print(f"    {'':24s}{'wall ms':>10s}{'cpu ms':>10s}{'/ ours':>9s}")
    for name, (wall, used) in times.items():
        ratio = f"{wall / ours:9.1f}" if ours else ""
        print(f"    {name:24s}{wall:10.3f}{used:10.3f}{ratio}")


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    names = ([] if options.without_ours else [OURS]) + options.engines
    engines, rows = [engine(name) for name in names], []
    for subscriptions in options.subscriptions:
        size = round(subscriptions / PER_ENGAGEMENT)
        path = data.folder(options.cache, size, options.seed, ra.TABLES)
        marks = ra.prepare(data.load(path, "pandas", ra.TABLES))
        ready = {
            each.name: each.prepare(data.load(path, "pandas", ra.TABLES) if each.name == OURS else marks)
            for each in engines
        }
        for scope, viewer in (("EVERYONE", None), ("one CSM", csm_with(marks, BOOK))):
            spans = marks.spans(*marks.org.scope(viewer))
            count = {name: last - first for name, (first, last) in spans.items()}
            unlike = differences({e.name: e.report(ready[e.name], AS_OF, viewer) for e in engines})
            print(
                f"\n{scope}: {count['accounts']:,} accounts, {count['subscriptions']:,} subscriptions, "
                f"{count['tasks']:,} tasks, {count['scores_by_owner']:,} scores; load {os.getloadavg()[0]:.1f}"
            )
            print(f"    {len(rw.METRICS)} metrics: {'DIFFERENT' if unlike else 'all equal'}")
            for line in unlike:
                print("    !", line)
            jobs = {e.name: partial(e.report, ready[e.name], AS_OF, viewer) for e in engines}
            times = measure(jobs, options.rounds)
            _table(times)
            rows.append({"scope": scope, "in_scope": count, "times": times, "different": len(unlike)})
        del ready, marks
        gc.collect()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subscriptions", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--engines", nargs="*", default=list(PEERS))
    parser.add_argument("--without-ours", action="store_true", help="the peers alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=data.DEFAULT_CACHE)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    rows = run(options)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))
    return 1 if any(row["different"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
