"""The customer success dashboard in pandas: masks over sorted runs, `bincount` to accounts, `groupby`, `nlargest`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from . import success_prepare as s
from .success_prepare import Ready


def prepare(frames: Any) -> Ready:
    ready = s.prepare(frames)
    ready.extra = {
        name: pd.DataFrame({column: np.asarray(values) for column, values in table.items() if column != "id"})
        for name, table in ready.tables.items()
    }
    return ready


def report(ready: Ready, day: int, lo: int, hi: int) -> dict[str, Any]:
    spans = s.spans(ready, lo, hi)
    run = {name: ready.extra[name].iloc[a:b] for name, (a, b) in spans.items()}
    first, count = spans["accounts"][0], spans["accounts"][1] - spans["accounts"][0]
    everyone = _graded(ready, run, day, first, count)
    here = everyone[everyone["begins"] <= day]
    ids = ready.tables["accounts"]["id"]
    placed = here[here["effort"].notna()]
    value, effort = placed["value"].median(), placed["effort"].median()
    segment = 2 * (placed["value"] < value).astype(np.int8) + (placed["effort"] >= effort).astype(np.int8)
    worth, size = placed["value"].groupby(segment).sum(), segment.value_counts()
    mean = here["employees"].mean()
    rows = placed.nsmallest(s.TOP, "rank")
    listed_rows = [
        (ids[int(at)].as_py(), row.value, row.effort, int(segment[at]), None if row.band < 0 else int(row.band),
         row.employees, row.employees / mean)
        for at, row in zip(rows.index, rows.itertuples(), strict=True)
    ]  # fmt: skip
    applicable = here[here["applicable"] > 0]
    top = applicable.nlargest(s.TOP, "opportunity", keep="all").sort_values(
        ["opportunity", "rank"], ascending=[False, True]
    )[: s.TOP]
    listed = [
        (ids[int(at)].as_py(), *line) for at, *line in top[[*s.MONEY, "aligned", "applicable"]].itertuples()
    ]
    positions = run["stack_positions"]
    grouped = positions[positions["begins"] <= day].groupby("item")
    sums = grouped[["mrr", "mrr_opportunity", "non_recurring_opportunity", "aligned"]].sum()
    items = [(*line, n) for line, n in zip(sums.itertuples(name=None), grouped.size(), strict=True)]
    bands, opportunity = here["band"].value_counts(), here["opportunity"].groupby(here["band"]).sum()
    return {
        "segments": (
            len(placed), (value, effort), [(int(size.get(k, 0)), int(worth.get(k, 0))) for k in range(4)], listed_rows
        ),
        "distribution": [int(bands.get(k, 0)) for k in (0, 1, 2, -1)],
        "opportunity": [int(opportunity.get(k, 0)) for k in (0, 1, 2, -1)],
        "by_customer": (len(applicable), [(*row[:5], row[5] / row[6]) for row in listed], s.totals(listed)),
        "tree": s.tree(ready, {line[0]: line[2] + line[3] for line in items}),
        "by_item": s.by_item(ready, items),
    }  # fmt: skip


def _graded(ready: Ready, run: dict[str, pd.DataFrame], day: int, first: int, count: int) -> pd.DataFrame:
    """Accounts with value, effort and health band."""
    measures = run["measures"]
    latest = measures[(measures["on"] <= day) & (measures["until"] > day)]
    scales, metric = ready.scales, latest["metric"].to_numpy()
    where = np.clip((latest["value"].to_numpy() - scales["low"][metric]) / scales["span"][metric], 0, 1) * 100
    account = latest["account"].to_numpy() - first
    above, weight = {}, {}
    for name in ("health", "effort"):
        counts = scales[name][metric]
        above[name], weight[name] = (
            np.bincount(account, where * counts, count),
            np.bincount(account, counts, count),
        )
    accounts = run["accounts"]
    for name, (low, high) in s.DERIVED.items():
        known = accounts[name].to_numpy()
        above["effort"] += np.nan_to_num(np.clip((known - low) / (high - low), 0, 1) * 100)
        weight["effort"] += ~np.isnan(known)
    with np.errstate(invalid="ignore"):
        scores = {name: above[name] / weight[name] for name in above}
    periods = run["subscriptions"]
    active = periods[(periods["begins"] <= day) & (periods["until"] > day)]
    mrr = np.bincount(active["account"].to_numpy() - first, active["mrr"].to_numpy(), count).astype(np.int64)
    band = np.where(
        np.isnan(scores["health"]), -1, (scores["health"] >= 40).astype(np.int8) + (scores["health"] >= 70)
    )
    return accounts.assign(value=mrr, effort=scores["effort"], band=band)
