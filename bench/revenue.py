"""Times revenue on every engine, in one run, interleaved; and checks that all say the same.

python bench/revenue.py [--sizes 10000 1000000] [--rounds 9] [--months 24] [--saas-metrics 20000]
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

import billing
import data  # noqa: F401 - it says how many threads Polars has, and where the library is
from harness import measure
from peers import revenue_ready as ready_for

AS_OF = dt.date(2026, 6, 30)
PEERS = ("polars", "duckdb", "pandas")
OURS = "cs_metrics"
EPOCH = np.datetime64("1970-01-01")


def number(day: dt.date) -> int:
    return int((np.datetime64(day) - EPOCH).astype(int))


class When:
    """The days and months of a question, as the peers take them."""

    def __init__(self, as_of: dt.date, months: int) -> None:
        self.today = number(as_of)
        self.now = int(ready_for.month(np.array([self.today]))[0])
        self.since = self.now - months + 1
        firsts = (
            np.arange(self.since, self.now + 1).astype("datetime64[M]").astype("datetime64[D]").astype(int)
        )
        self.ends = [*(firsts - 1).tolist(), self.today]
        self.whole = int(ready_for.month(np.array([self.today + 1]))[0]) != self.now
        self.then = number(as_of.replace(year=as_of.year - 1)) if (as_of.month, as_of.day) != (2, 29) else 0


# answers: opening and a table of months by movements; ratios as pairs; cohorts as a table; a forecast


def peer_all(peer: Any, t: Any, when: When) -> dict[str, Any]:
    """All of revenue with the default options, each engine by the fastest of its ways."""
    months = peer.from_steps(t, when.since, when.now, when.today, when.whole)
    gained, lost = months[1][:, :3].sum(), months[1][:, 3:].sum()
    return {
        "movements": months,
        **peer.worth(t, when.then, when.today),
        "quick": (int(gained), -int(lost)),
        "cohorts": triangle(peer.cohorts(t, when.now, when.whole)),
        "forecast": peer.forecast(t, when.today, 90),
    }


def triangle(counts: Any) -> list[list[int]]:
    """Cohorts by what came and went in each month."""
    born, month, kind, count = counts
    low, high = int(born.min()), int(month.max())
    cells = np.zeros((high - low + 1, high - low + 1), np.int64)
    np.add.at(cells, (born - low, month - low), np.where(kind == 4, -1, 1) * count.astype(np.int64))
    left = cells.cumsum(axis=1)
    return [line[k:].tolist() for k, line in enumerate(left) if line.any()]


def cents(amount: Decimal) -> int:
    return int(amount.scaleb(2))


def our_movements(portfolio: Any, months: int) -> tuple[int, Any]:
    import cs_metrics as csm

    value = csm.revenue.mrr_movements(portfolio.view(as_of=AS_OF, viewer=csm.EVERYONE), months=months).value
    return _told(value)


def _told(value: Any) -> tuple[int, Any]:
    table = np.array([[cents(n) for n in value[kind].values()] for kind in ready_for.KINDS]).T
    table[:, 3:] *= -1
    return cents(next(iter(value["opening"].values()))), table


def our_all(portfolio: Any) -> dict[str, Any]:
    import cs_metrics as csm

    view = portfolio.view(as_of=AS_OF, viewer=csm.EVERYONE)
    found = {name.partition(".")[2]: result for name, result in csm.reports.revenue(view).results.items()}
    values = {name: result.value for name, result in found.items()}

    def pair(name: str) -> tuple[int, int]:
        parts = (found[name].numerator, found[name].denominator)
        return tuple(cents(n) if isinstance(n, Decimal) else n for n in parts)  # type: ignore[return-value]

    forecast = values["renewal_forecast"]
    return {
        "movements": _told(values["mrr_movements"]),
        "nrr": pair("net_revenue_retention"), "grr": pair("gross_revenue_retention"),
        "logo": pair("logo_retention"), "top": pair("concentration"), "quick": pair("quick_ratio"),
        "cohorts": [list(line.values()) for line in values["cohorts"].values() if any(line.values())],
        "forecast": (
            *(cents(forecast[name]) for name in ("due", "won", "lost", "open")),
            cents(forecast["won"] + forecast["open"] - forecast["expected"]),
        ),
    }  # fmt: skip


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return bool((one == other).all())
    if isinstance(one, float) or isinstance(other, float):
        return abs(float(one) - float(other)) < 1  # a sum of floats, in cents
    return bool(one == other)


def table(title: str, jobs: dict[str, Callable[[], Any]], rounds: int) -> bool:
    answers = {name: job() for name, job in jobs.items()}
    first, *others = answers
    unlike = [name for name in others if not same(answers[first], answers[name])]
    print(
        f"\n{title}, load {os.getloadavg()[0]:.1f}: {'DIFFERENT: ' + ', '.join(unlike) if unlike else 'all equal'}"
    )
    times = measure(jobs, rounds)
    ours = times[OURS][0]
    print(f"    {'':36s}{'wall ms':>10s}{'cpu ms':>10s}{'/ ours':>9s}")
    for name, (wall, used) in times.items():
        print(f"    {name:36s}{wall:10.2f}{used:10.2f}{wall / ours:9.1f}")
    return not unlike


def run(size: int, options: argparse.Namespace) -> bool:
    import cs_metrics as csm

    frames = billing.frames(size, options.seed)
    started = time.perf_counter()
    portfolio = csm.Portfolio.from_frames(**frames, currency="USD")
    loaded = time.perf_counter()
    our_movements(portfolio, options.months)
    cold = time.perf_counter() - loaded
    print(f"\n== {size:,} periods of {len(frames['accounts']):,} accounts: loaded and checked in "
          f"{loaded - started:.2f} s, the first movements in {cold * 1e3:.0f} ms")  # fmt: skip
    given = ready_for.prepare(frames)
    peers = {name: importlib.import_module(f"peers.revenue_{name}") for name in options.engines}
    tables = {name: peer.prepare(given) for name, peer in peers.items()}
    when, year = When(AS_OF, options.months), When(AS_OF, 12)
    jobs: dict[str, Callable[[], Any]] = {OURS: lambda: our_movements(portfolio, options.months)}
    for name, peer in peers.items():
        t, days = tables[name], (when.since, when.now, when.today)
        jobs[f"{name}, from periods"] = lambda peer=peer, t=t: peer.from_periods(t, when.ends)
        jobs[f"{name}, from the log of changes"] = lambda peer=peer, t=t, days=days: peer.from_log(t, *days)
        jobs[f"{name}, from steps by month"] = lambda peer=peer, t=t, days=days: peer.from_steps(
            t, *days, when.whole
        )
    fine = table(f"{options.months} months of movements", jobs, options.rounds)
    jobs = {OURS: lambda: our_all(portfolio)}
    for name, peer in peers.items():
        jobs[name] = lambda peer=peer, t=tables[name]: peer_all(peer, t, year)
    return table("all of revenue", jobs, options.rounds) and fine


def saas_metrics(size: int, months: int) -> bool:
    """The PyPI package on the same company: it is given each account's MRR at every month's end as a billing line."""
    if importlib.util.find_spec("saas_metrics") is None:
        print("\nsaas-metrics is not installed: pip install saas-metrics, to compare with it as well")
        return True
    import pandas as pd
    import saas_metrics as sm

    import cs_metrics as csm

    frames = billing.frames(size, 1)
    portfolio = csm.Portfolio.from_frames(**frames, currency="USD")
    periods, when = ready_for.prepare(frames).periods, When(AS_OF, months)
    lines = []
    for end in when.ends[1:]:
        on = (periods["start"] <= end) & (periods["end"] > end)
        worth = np.bincount(periods["account"][on], periods["mrr"][on])
        who = np.flatnonzero(worth)
        day = pd.Timestamp(np.datetime64(end, "D"))
        lines.append(pd.DataFrame({"customer_id": who, "period": day, "revenue": worth[who] / 100}))
    given = pd.concat(lines, ignore_index=True)
    started = time.perf_counter()
    found = sm.analyze(given).waterfall
    theirs = time.perf_counter() - started
    _, moved = our_movements(portfolio, months)
    began = time.perf_counter()
    our_movements(portfolio, months)
    ours = time.perf_counter() - began
    theirs_by_month = found[["new_logo", "reactivation", "expansion", "contraction", "churn"]].to_numpy(
        float, copy=True
    )
    mine = np.abs(moved) / 100
    for each in (theirs_by_month, mine):  # to it whoever had MRR before its first month is new when back
        each[:, 1] += each[:, 0]
    fine = bool(
        np.allclose(theirs_by_month[1:, 1:], mine[1:, 1:], atol=0.005)
    )  # before the first it knows of none
    print(f"\nsaas-metrics {size:,} periods ({len(given):,} billing lines), {months} months: {theirs:.2f} s, "
          f"ours {ours * 1e3:.2f} ms: {theirs / ours:,.0f} times; "
          f"the movements are {'equal' if fine else 'DIFFERENT'}")  # fmt: skip
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--engines", nargs="*", default=list(PEERS))
    parser.add_argument("--saas-metrics", type=int, default=20_000, help="periods given to it; 0: not at all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    fine = [run(size, options) for size in options.sizes]
    if options.saas_metrics:
        fine.append(saas_metrics(options.saas_metrics, options.months))
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
