"""Revenue in pandas over numeric columns: masks, groupby, cumulated differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .revenue_ready import Ready


def prepare(ready: Ready) -> dict[str, Any]:
    names = ("periods", "log", "steps", "contracts", "propensities")
    return {name: pd.DataFrame(getattr(ready, name)) for name in names} | {"accounts": ready.accounts}


def from_periods(t: dict[str, Any], ends: list[int]) -> tuple[int, Any]:
    """A table of accounts by months of what begins and ends, summed up along the months."""
    p = t["periods"]
    steps = np.zeros((len(ends) + 1, t["accounts"]), np.int64)
    marks = np.array(ends)
    for column, sign in (("start", 1), ("end", -1)):
        place = marks.searchsorted(p[column].to_numpy())
        np.add.at(steps, (place, p["account"].to_numpy()), sign * p["mrr"].to_numpy())
    worth = steps[:-1].cumsum(axis=0)
    born = p.groupby("account")["start"].min().reindex(range(t["accounts"]), fill_value=2**31 - 1).to_numpy()
    found = []
    for before, after, eve in zip(worth[:-1], worth[1:], ends[:-1], strict=True):
        kind = np.select(
            [after == 0, (before == 0) & (born > eve), before == 0, after > before], [4, 0, 1, 2], 3
        )
        found.append(np.bincount(kind, after - before, 5))
    return int(worth[0].sum()), np.array(found).astype(np.int64)


def from_log(t: dict[str, Any], since: int, now: int, today: int) -> tuple[int, Any]:
    log = t["log"]
    inside = log[(log["month"] >= since) & (log["day"] <= today)]
    new = (inside["account"].diff() != 0) | (inside["month"].diff() != 0)
    head, tail = inside[new], inside[new.shift(-1, fill_value=True)]
    before, after = head["before"].to_numpy(), tail["after"].to_numpy()
    kind = np.select([after == 0, head["first"], before == 0, after > before], [4, 0, 1, 2], 3)
    moved = pd.DataFrame({"month": head["month"].to_numpy(), "kind": kind, "change": after - before})
    return _opening(t, since), _table(moved.groupby(["month", "kind"])["change"].sum(), since, now)


def _opening(t: dict[str, Any], since: int) -> int:
    steps = t["steps"]
    return int(steps["change"][steps["month"] < since].sum())


def _table(sums: pd.Series, since: int, now: int) -> Any:
    found = np.zeros((now - since + 1, 5), np.int64)
    months, kinds = (sums.index.get_level_values(level).to_numpy() for level in (0, 1))
    found[months - since, kinds] = sums.to_numpy()
    return found


def from_steps(t: dict[str, Any], since: int, now: int, today: int, whole: bool) -> tuple[int, Any]:
    steps = t["steps"]
    inside = steps[(steps["month"] >= since) & (steps["month"] < now + whole)]
    found = _table(inside.groupby(["month", "kind"])["change"].sum(), since, now)
    if not whole:
        found[-1] = from_log(t, now, now, today)[1][-1]
    return _opening(t, since), found


def worth(t: dict[str, Any], then: int, today: int) -> dict[str, Any]:
    p, size = t["periods"], t["accounts"]
    sums = []
    for day in (then, today):
        active = p[(p["start"] <= day) & (p["end"] > day)]
        sums.append(active.groupby("account")["mrr"].sum().reindex(range(size), fill_value=0).to_numpy())
    a, b = sums
    had, has = a > 0, b > 0
    was = int(a[had].sum())
    return {
        "nrr": (int(b[had].sum()), was),
        "grr": (int(np.minimum(a, b)[had].sum()), was),
        "logo": (int((had & has).sum()), int(had.sum())),
        "top": (int(pd.Series(b[has]).nlargest(10).sum()), int(b[has].sum())),
    }


def cohorts(t: dict[str, Any], now: int, whole: bool) -> Any:
    steps = t["steps"]
    inside = steps[(steps["month"] < now + whole) & steps["kind"].isin([0, 1, 4])]
    found = inside.groupby(["born", "month", "kind"]).size().reset_index(name="count")
    return tuple(found[name].to_numpy() for name in ("born", "month", "kind", "count"))


def forecast(t: dict[str, Any], today: int, within: int) -> tuple[int, ...]:
    p, c = t["propensities"], t["contracts"]
    latest = p[p["on"] <= today].groupby("account")["churn"].last()
    due = c[c["counts"] & (c["ends"] >= today) & (c["ends"] <= today + within)]
    known = (due["decided_on"] <= today) | (due["decided_on"] == 2**31 - 1)
    was = due["decided"].where(known, 0)
    value = due["value"]
    churn = due["account"].map(latest).fillna(0)
    sums = (value[was == kind].sum() for kind in (1, 2, 0))
    return (int(value.sum()), *map(int, sums), float((value * churn)[was == 0].sum()))
