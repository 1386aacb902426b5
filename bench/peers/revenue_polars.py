"""Revenue in Polars, as an expert would write it by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from .revenue_ready import Ready

MOVED = (
    pl.when(pl.col("after") == 0).then(4).when(pl.col("first")).then(0).when(pl.col("before") == 0).then(1)
    .when(pl.col("after") > pl.col("before")).then(2).otherwise(3).cast(pl.Int8).alias("kind")
)  # fmt: skip


def prepare(ready: Ready) -> dict[str, pl.DataFrame]:
    names = ("periods", "log", "steps", "contracts", "propensities")
    return {name: pl.DataFrame(getattr(ready, name)) for name in names}


def from_periods(t: dict[str, pl.DataFrame], ends: list[int]) -> tuple[int, Any]:
    """Of each account its MRR at every month's end, then month against month. `ends[0]` is before the first."""
    lf = t["periods"].lazy()
    at = [
        (pl.col("mrr") * ((pl.col("start") <= end) & (pl.col("end") > end))).sum().alias(str(k))
        for k, end in enumerate(ends)
    ]
    worth = lf.group_by("account").agg(*at, pl.col("start").min().alias("born")).collect()
    sums = []
    for k, eve in enumerate(ends[:-1], 1):
        before, after, new = pl.col(str(k - 1)), pl.col(str(k)), pl.col("born") > eve
        change = after - before
        nothing, gone = before == 0, after == 0
        parts = (
            nothing & ~gone & new, nothing & ~gone & ~new, ~nothing & ~gone & (change > 0),
            ~nothing & ~gone & (change < 0), ~nothing & gone,
        )  # fmt: skip
        sums += [(change * part).sum().alias(f"{k}-{kind}") for kind, part in enumerate(parts)]
    found = worth.select(pl.col("0").sum(), *sums).row(0)
    return found[0], np.array(found[1:]).reshape(-1, 5)


def from_log(t: dict[str, pl.DataFrame], since: int, now: int, today: int) -> tuple[int, Any]:
    """From the days on which MRR changes; `since` and `now` are months."""
    lf = t["log"].lazy()
    inside = lf.filter((pl.col("month") >= since) & (pl.col("day") <= today)).with_columns(
        head=((pl.col("account") != pl.col("account").shift()) | (pl.col("month") != pl.col("month").shift()))
        .fill_null(True)
    )  # fmt: skip
    inside = inside.with_columns(tail=pl.col("head").shift(-1).fill_null(True))
    opening = lf.select(
        pl.col("before").filter((pl.col("month") >= since) & (pl.col("month").shift() < since)).sum()
    )
    head, tail, opening = pl.collect_all(
        [
            inside.filter("head").select("month", "before", "first"),
            inside.filter("tail").select("after"),
            opening,
        ]
    )
    both = pl.concat([head, tail], how="horizontal").lazy().with_columns(MOVED)
    found = (
        both.group_by("month", "kind")
        .agg((pl.col("after") - pl.col("before")).sum().alias("change"))
        .collect()
    )
    return opening.item(), _table(found, since, now)


def from_steps(t: dict[str, pl.DataFrame], since: int, now: int, today: int, whole: bool) -> tuple[int, Any]:
    """From what moved in each whole month, and for a month that is not over from the days."""
    lf = t["steps"].lazy()
    last = now + whole
    sums = lf.filter((pl.col("month") >= since) & (pl.col("month") < last)).group_by("month", "kind").agg(
        pl.col("change").sum()
    )  # fmt: skip
    opening = lf.filter(pl.col("month") < since).select(pl.col("change").sum())
    sums, opening = pl.collect_all([sums, opening])
    found = _table(sums, since, now)
    if not whole:
        found[-1] = from_log(t, now, now, today)[1][-1]
    return opening.item(), found


def _table(sums: pl.DataFrame, since: int, now: int) -> Any:
    found = np.zeros((now - since + 1, 5), np.int64)
    found[sums["month"].to_numpy() - since, sums["kind"].to_numpy()] = sums["change"].to_numpy()
    return found


def worth(t: dict[str, pl.DataFrame], then: int, today: int) -> dict[str, Any]:
    """Retention and concentration."""
    at = [
        (pl.col("mrr") * ((pl.col("start") <= day) & (pl.col("end") > day))).sum().alias(name)
        for name, day in (("a", then), ("b", today))
    ]
    by = t["periods"].lazy().group_by("account").agg(*at)
    a, b = pl.col("a"), pl.col("b")
    had = a > 0
    found = by.select(
        (a * had).sum(), (b * had).sum().alias("n"), (pl.min_horizontal(a, b) * had).sum().alias("g"),
        had.sum().alias("h"), (had & (b > 0)).sum().alias("k"), (b * (b > 0)).sum().alias("all"),
        b.filter(b > 0).top_k(10).sum().alias("top"),
    ).collect().row(0)  # fmt: skip
    was, now, kept, had_count, kept_count, everything, top = found
    return {"nrr": (now, was), "grr": (kept, was), "logo": (kept_count, had_count), "top": (top, everything)}


def cohorts(t: dict[str, pl.DataFrame], now: int, whole: bool) -> Any:
    found = (
        t["steps"].lazy().filter(pl.col("month") < now + whole, pl.col("kind").is_in([0, 1, 4]))
        .group_by("born", "month", "kind").agg(pl.len()).collect()
    )  # fmt: skip
    return tuple(found[name].to_numpy() for name in ("born", "month", "kind", "len"))


def forecast(t: dict[str, pl.DataFrame], today: int, within: int) -> tuple[int, ...]:
    latest = (
        t["propensities"].lazy().filter(pl.col("on") <= today).group_by("account").agg(pl.col("churn").last())
    )
    decided = (
        pl.when((pl.col("decided_on") <= today) | (pl.col("decided_on") == 2**31 - 1))
        .then("decided")
        .otherwise(0)
    )
    due = (
        t["contracts"].lazy().filter(pl.col("counts"), pl.col("ends").is_between(today, today + within))
        .with_columns(was=decided).join(latest, on="account", how="left")
    )  # fmt: skip
    value, was = pl.col("value"), pl.col("was")
    sums = due.select(
        value.sum(), (value * (was == 1)).sum().alias("won"), (value * (was == 2)).sum().alias("lost"),
        (value * (was == 0)).sum().alias("open"),
        (value * (was == 0) * pl.col("churn").fill_null(0)).sum().alias("c"),
    ).collect()  # fmt: skip
    return sums.row(0)
