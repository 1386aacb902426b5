"""The review in pandas as an expert writes it: numeric columns, runs by `iloc`, masks on arrays, `bincount`
instead of `groupby` where rows have numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from . import review_arrays as ra
from . import review_words as rw

Array = np.ndarray[Any, Any]


@dataclass
class Prepared:
    org: Any
    arrays: ra.Ready
    tables: dict[str, pd.DataFrame]


def prepare(ready: ra.Ready) -> Prepared:
    """The arrays that all peers share, as this engine holds them."""
    return Prepared(
        ready.org, ready, {name: pd.DataFrame(table, copy=False) for name, table in ready.tables.items()}
    )


def _col(frame: pd.DataFrame, name: str) -> Array:
    return frame[name].to_numpy()


def _within(frame: pd.DataFrame, name: str, window: tuple[int, int]) -> Array:
    column = _col(frame, name)
    return (column >= window[0]) & (column <= window[1])


def _both(frame: pd.DataFrame, name: str, days: rw.Days, here: Array) -> tuple[int, ...]:
    return tuple(int((_within(frame, name, window) & here).sum()) for window in days.windows)


def _urgency(frame: pd.DataFrame, today: int) -> Array:
    due = _col(frame, "due")
    codes = np.where(_col(frame, "status") == 1, 2, 3)
    codes[due <= today + rw.SOON] = 1
    codes[due < today] = 0
    return codes


def report(ready: Prepared, as_of: date, lo: int, hi: int) -> dict[str, Any]:
    days, labels, spans = rw.Days(as_of), ready.arrays.labels, ready.arrays.spans(lo, hi)
    cut = {name: ready.tables[name].iloc[first:last] for name, (first, last) in spans.items()}
    here = {name: _col(frame, "begins") <= days.today for name, frame in cut.items()}
    whole = hi - lo > len(ready.org)
    scores = ready.tables["scores"] if whole else cut["scores_by_owner"]
    tasks, activities, runs = cut["tasks"], cut["activities"], cut["playbook_runs"]
    undone = tasks[here["tasks"] & (_col(tasks, "status") < 2)]
    counts = np.bincount(_urgency(undone, days.today), minlength=4).tolist()
    kinds = {
        kind: here["activities"] & (_col(activities, "kind") == labels["kind"].index(kind))
        for kind in ("email", "call")
    }
    return {
        "new_accounts": _both(cut["accounts"], "created", days, here["accounts"]),
        "new_users": _both(cut["contacts"], "created", days, here["contacts"]),
        **_billing(cut, here, days),
        "product_adoption_health": tuple(
            _adoption(scores, day, days.today, spans["accounts"], whole) for day in (days.today, days.before)
        ),
        "renewals_accomplished": _accomplished(cut["renewals"], here["renewals"], days),
        "new_tasks": _both(tasks, "created", days, here["tasks"]),
        "tasks_completed": _both(tasks, "completed", days, here["tasks"]),
        "open_tasks": dict(zip(ra.URGENCY, counts, strict=True)),
        "playbook_status": _playbooks(runs, here["playbook_runs"], days.today, labels["playbook"]),
        "alert_status": _alerts(cut, here, days.today, spans["accounts"], labels["alert"]),
        "emails_sent": _both(activities, "performed", days, kinds["email"]),
        "calls_made": _both(activities, "performed", days, kinds["call"]),
        "playbooks_completed": _both(runs, "completed", days, here["playbook_runs"]),
    }


def _active(frame: pd.DataFrame, here: Array, day: int) -> Array:
    return (_col(frame, "started") <= day) & (_col(frame, "end") > day) & here


def _billing(cut: dict[str, pd.DataFrame], here: dict[str, Array], days: rw.Days) -> dict[str, Any]:
    bills, seen, mrr = cut["subscriptions"], here["subscriptions"], _col(cut["subscriptions"], "mrr")
    active = [_active(bills, seen, day) for day in (days.today, days.before)]
    gone = [_within(bills, "cancelled", window) & seen for window in days.windows]
    renewals = cut["renewals"]
    past = _within(renewals, "due", (days.today - 30, days.today - 1)) & here["renewals"]
    ahead = active[0] & _within(bills, "billing", (days.today, days.today + 30))
    return {
        "active_subscriptions": tuple(int(flags.sum()) for flags in active),
        "active_mrr": tuple(int(mrr[flags].sum()) for flags in active),
        "cancelled_subscriptions": tuple(int(flags.sum()) for flags in gone),
        "cancelled_mrr": tuple(int(mrr[flags].sum()) for flags in gone),
        "upcoming_renewals": (int(ahead.sum()), _distinct(renewals, past)),
    }


def _distinct(renewals: pd.DataFrame, flags: Array) -> int:
    """How many subscriptions; renewals lie by subscription."""
    whose = _col(renewals, "subscription")[flags]
    return int((whose[1:] != whose[:-1]).sum()) + (len(whose) > 0)


def _accomplished(renewals: pd.DataFrame, here: Array, days: rw.Days) -> tuple[float | None, ...]:
    found = []
    for window in days.windows:
        due = _within(renewals, "due", window) & here
        done = due & (_col(renewals, "renewed") <= window[1])
        found.append(rw.ratio(_distinct(renewals, done), _distinct(renewals, due)))
    return tuple(found)


def _adoption(frame: pd.DataFrame, day: int, today: int, span: tuple[int, int], whole: bool) -> float | None:
    known = (_col(frame, "on") <= day) & (_col(frame, "begins") <= today)
    if whole:
        known &= _col(frame, "until") > day
    account, score = _col(frame, "account")[known], _col(frame, "score")[known]
    if not whole:
        product = _col(frame, "product")[known]
        last = np.ones(len(account), bool)
        last[:-1] = (account[1:] != account[:-1]) | (product[1:] != product[:-1])
        last &= (account >= span[0]) & (account < span[1])
        account, score = account[last], score[last]
    return rw.mean_of_means(account - span[0], score, span[1] - span[0])


def _playbooks(runs: pd.DataFrame, here: Array, today: int, labels: list[str]) -> Any:
    undone = runs[here & (_col(runs, "status") < 2)]
    cells = _col(undone, "playbook").astype(np.int64) * 4 + _urgency(undone, today)
    return rw.playbooks(np.bincount(cells, minlength=4 * len(labels)), labels)


def _alerts(
    cut: dict[str, pd.DataFrame], here: dict[str, Array], today: int, span: tuple[int, int], labels: list[str]
) -> Any:
    bills = cut["subscriptions"]
    active = _active(bills, here["subscriptions"], today)
    worth = np.bincount(
        _col(bills, "account")[active] - span[0], _col(bills, "mrr")[active], span[1] - span[0]
    )
    alerts = cut["alerts"]
    rows = alerts[here["alerts"] & (_col(alerts, "closed") > today)]
    account, name = _col(rows, "account"), _col(rows, "name")
    new = np.ones(len(account), bool)
    new[1:] = (account[1:] != account[:-1]) | (name[1:] != name[:-1])
    latest = np.zeros(len(labels), np.int64)
    np.maximum.at(latest, name, _col(rows, "raised"))
    money = np.bincount(name[new], worth[account[new] - span[0]], len(labels))
    return rw.alerts(np.bincount(name[new], minlength=len(labels)), money, latest, labels)
