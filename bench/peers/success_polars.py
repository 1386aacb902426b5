"""The customer success dashboard in Polars as an expert writes it: lazy, slices, collected together in two
rounds; what is led from children to accounts is put in place by row number with NumPy, which beats `group_by`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from . import success_prepare as s
from .success_prepare import Ready

c = pl.col


def prepare(frames: Any) -> Ready:
    ready = s.prepare(frames)
    ready.extra = {
        name: pl.DataFrame({column: pl.Series(values) for column, values in table.items()})
        for name, table in ready.tables.items()
    }
    return ready


def report(ready: Ready, day: int, lo: int, hi: int) -> dict[str, Any]:
    spans = s.spans(ready, lo, hi)
    run = {name: ready.extra[name].slice(a, b - a).lazy() for name, (a, b) in spans.items()}
    first, count = spans["accounts"][0], spans["accounts"][1] - spans["accounts"][0]
    accounts, items = _children(ready, run, day, first, count)
    here = _graded(accounts).filter(c("begins") <= day).collect().lazy()
    cut, *found = pl.collect_all(
        [
            here.filter(c("effort").is_not_null()).select(
                n=pl.len(), value=c("value").median(), effort=c("effort").median()
            ),
            here.group_by("band").agg(n=pl.len(), opportunity=c("opportunity").sum()),
            here.filter(c("applicable") > 0).select(n=pl.len()),
            here.filter(c("applicable") > 0)
            .top_k(s.TOP, by=["opportunity", c("rank")], reverse=[False, True])
            .sort("opportunity", "rank", descending=[True, False]),
            here.select(c("employees").mean()),
        ]
    )
    n, value, effort = cut.row(0)
    bands, customers, top, mean = found
    placed = here.filter(c("effort").is_not_null()).with_columns(
        segment=2 * (c("value") < value).cast(pl.Int8) + (c("effort") >= effort).cast(pl.Int8)
    )
    sums, rows = pl.collect_all(
        [
            placed.group_by("segment").agg(n=pl.len(), value=c("value").sum()),
            placed.bottom_k(s.TOP, by="rank").sort("rank"),
        ]
    )
    by_segment = {segment: (size, worth) for segment, size, worth in sums.iter_rows()}
    by_band = {band: (size, worth) for band, size, worth in bands.iter_rows()}
    rows = rows.with_columns(size=c("employees") / mean.item())
    columns = ("id", "value", "effort", "segment", "band", "employees", "size")
    listed = list(top.select("id", *s.MONEY, "aligned", "applicable").iter_rows())
    return {
        "segments": (
            n, (value, effort), [by_segment.get(k, (0, 0)) for k in range(4)], list(rows.select(columns).iter_rows())
        ),
        "distribution": [by_band.get(k, (0, 0))[0] for k in (0, 1, 2, None)],
        "opportunity": [by_band.get(k, (0, 0))[1] for k in (0, 1, 2, None)],
        "by_customer": (customers.item(), [(*row[:5], row[5] / row[6]) for row in listed], s.totals(listed)),
        "tree": s.tree(ready, {line[0]: line[2] + line[3] for line in items}),
        "by_item": s.by_item(ready, items),
    }  # fmt: skip


def _children(ready: Ready, run: dict[str, Any], day: int, first: int, count: int) -> tuple[Any, list[Any]]:
    """Accounts with what their measures and subscriptions come to, and what the positions of each item do."""
    scales = {name: pl.Series(values) for name, values in ready.scales.items()}
    metric = c("metric").cast(pl.UInt32)
    position = (
        (c("value") - pl.lit(scales["low"]).gather(metric)) / pl.lit(scales["span"]).gather(metric)
    ).clip(0, 1) * 100
    measures, subscriptions, items = pl.collect_all(
        [
            run["measures"].filter((c("on") <= day) & (c("until") > day))
            .select(account=c("account") - first, position=position,
                    health=pl.lit(scales["health"]).gather(metric), effort=pl.lit(scales["effort"]).gather(metric)),
            run["subscriptions"].filter((c("begins") <= day) & (c("until") > day))
            .select(c("account") - first, "mrr"),
            run["stack_positions"].filter(c("begins") <= day).group_by("item").agg(
                c("mrr", "mrr_opportunity", "non_recurring_opportunity", "aligned").sum(), applicable=pl.len()
            ),
        ]
    )  # fmt: skip
    account, where = measures["account"].to_numpy(), measures["position"].to_numpy()
    added = {}
    for name in ("health", "effort"):
        weight = measures[name].to_numpy()
        added[f"{name}_above"] = np.bincount(account, where * weight, count)
        added[f"{name}_weight"] = np.bincount(account, weight, count)
    mrr = np.bincount(subscriptions["account"].to_numpy(), subscriptions["mrr"].to_numpy(), count)
    added["value"] = mrr.astype(np.int64)
    names = (
        "begins",
        "rank",
        "id",
        "employees",
        "seats",
        "misalignment",
        "applicable",
        "aligned",
        *s.MONEY,
        "opportunity",
    )
    accounts = run["accounts"].select(names)
    return accounts.with_columns(pl.Series(name, values) for name, values in added.items()), list(
        items.iter_rows()
    )


def _graded(accounts: Any) -> Any:
    """Effort and health band of each account."""
    above, weight = c("effort_above"), c("effort_weight")
    for name, (low, high) in s.DERIVED.items():
        known = c(name).fill_nan(None)
        above = above + (((known - low) / (high - low)).clip(0, 1) * 100).fill_null(0.0)
        weight = weight + known.is_not_null()
    health = pl.when(c("health_weight") > 0).then(c("health_above") / c("health_weight"))
    return accounts.with_columns(
        effort=pl.when(weight > 0).then(above / weight), employees=c("employees").fill_nan(None),
        band=(health >= 40).cast(pl.Int8) + (health >= 70).cast(pl.Int8),
    )  # fmt: skip
