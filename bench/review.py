"""Times the portfolio dashboard's review on every engine, in one run, interleaved; and checks that all say the
same.

python bench/review.py [--subscriptions 10000 1000000] [--rounds 15] [--engines polars duckdb pandas]
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from datetime import date
from functools import partial
from typing import Any

import data
from engines import OURS, PEERS, Engine, plain
from harness import command, csm_with, finish, measure, print_times, same
from peers import review_arrays as ra
from peers import review_words as rw
from report import AS_OF

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
        for scope, viewer in (("EVERYONE", None), ("one CSM", csm_with(marks, "accounts"))):
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
            print_times(times)
            rows.append({"scope": scope, "in_scope": count, "times": times, "different": len(unlike)})
        del ready, marks
        gc.collect()
    return rows


def main() -> int:
    options = command(__doc__, "--subscriptions", [10_000, 1_000_000], list(PEERS)).parse_args()
    return finish(run(options), options)


if __name__ == "__main__":
    sys.exit(main())
