"""The review in DuckDB as an expert writes it: sorted tables of codes and row numbers, seven statements on two
threads; runs are found by zone maps on row numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from . import review_arrays as ra
from . import review_words as rw

PARENT = {
    "accounts": "row", "contacts": "account", "subscriptions": "account", "renewals": "subscription",
    "tasks": "row", "playbook_runs": "account", "alerts": "account", "activities": "account",
    "scores": "account", "scores_by_owner": "row",
}  # fmt: skip
DISTINCT = "count(DISTINCT subscription)"


@dataclass
class Prepared:
    org: Any
    arrays: ra.Ready
    connection: Any


def prepare(ready: ra.Ready) -> Prepared:
    """The arrays that all peers share, as this engine holds them."""
    con = duckdb.connect(config={"threads": 2})
    for name, table in ready.tables.items():
        given = pa.table(table)
        numbered = "row_number() OVER () - 1 AS row, " if PARENT[name] == "row" else ""
        con.register("given", given)
        con.execute(f"CREATE TABLE {name} AS SELECT {numbered}* FROM given")
        con.unregister("given")
    return Prepared(ready.org, ready, con)


def _both(column: str, days: rw.Days, and_: str = "TRUE", what: str = "count(*)") -> str:
    here = f"begins <= {days.today} AND {and_}"
    return ", ".join(
        f"{what} FILTER ({here} AND {column} BETWEEN {first} AND {last})" for first, last in days.windows
    )


def report(ready: Prepared, as_of: date, lo: int, hi: int) -> dict[str, Any]:
    days, labels, spans = rw.Days(as_of), ready.arrays.labels, ready.arrays.spans(lo, hi)
    run = _Runs(ready.connection, spans)
    today, before = days.today, days.before
    kinds = [labels["kind"].index(kind) for kind in ("email", "call")]
    now = f'begins <= {today} AND started <= {today} AND "end" > {today}'
    then = f'begins <= {today} AND started <= {before} AND "end" > {before}'
    accounts = run.one("accounts", _both("created", days))
    contacts = run.one("contacts", _both("created", days))
    bills = run.one("subscriptions", ", ".join((
        f"count(*) FILTER ({now})", f"count(*) FILTER ({then})",
        f"coalesce(sum(mrr) FILTER ({now}), 0)::BIGINT", f"coalesce(sum(mrr) FILTER ({then}), 0)::BIGINT",
        _both("cancelled", days), _both("cancelled", days, what="sum(mrr)"),
        f"count(*) FILTER ({now} AND billing BETWEEN {today} AND {today + 30})",
    )))  # fmt: skip
    tasks = run.one("tasks", ", ".join((
        _both("created", days), _both("completed", days), *_urgent(days, "status < 2", 1, 0),
    )))  # fmt: skip
    actions = run.one("activities", ", ".join(_both("performed", days, f"kind = {kind}") for kind in kinds))
    money = lambda cents: int(cents or 0)  # noqa: E731
    return {
        "new_accounts": accounts, "new_users": contacts, "active_subscriptions": bills[:2],
        "active_mrr": bills[2:4], "cancelled_subscriptions": bills[4:6],
        "cancelled_mrr": tuple(map(money, bills[6:8])),
        "upcoming_renewals": (bills[8], _were_due(run, days)),
        "product_adoption_health": tuple(
            _adoption(run, day, today, spans["accounts"], hi - lo > len(ready.org)) for day in (today, before)
        ),
        "renewals_accomplished": _accomplished(run, days),
        "new_tasks": tasks[:2], "tasks_completed": tasks[2:4],
        "open_tasks": dict(zip(ra.URGENCY, tasks[4:], strict=True)),
        "playbook_status": _playbooks(run, days, labels["playbook"]),
        "alert_status": _alerts(run, now, today, labels["alert"]),
        "emails_sent": actions[:2], "calls_made": actions[2:],
        "playbooks_completed": run.one("playbook_runs", _both("completed", days)),
    }  # fmt: skip


class _Runs:
    """Statements over a viewer's runs."""

    def __init__(self, connection: Any, spans: dict[str, tuple[int, int]]) -> None:
        self.connection = connection
        parents = {
            "account": spans["accounts"], "subscription": spans["subscriptions"],
        }  # fmt: skip
        self.where = {}
        for name, parent in PARENT.items():
            first, last = spans[name] if parent == "row" else parents[parent]
            self.where[name] = f"{parent} >= {first} AND {parent} < {last}"

    def all(self, statement: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(statement).fetchall()
        return found

    def one(self, table: str, what: str) -> tuple[Any, ...]:
        return self.all(f"SELECT {what} FROM {table} WHERE {self.where[table]}")[0]


def _urgent(days: rw.Days, open_: str, under_way: int, waiting: int) -> list[str]:
    """Open rows by urgency."""
    today, soon = days.today, days.today + rw.SOON
    here = f"begins <= {today} AND {open_}"
    return [
        f"count(*) FILTER ({here} AND due < {today})",
        f"count(*) FILTER ({here} AND due BETWEEN {today} AND {soon})",
        f"count(*) FILTER ({here} AND due > {soon} AND status = {under_way})",
        f"count(*) FILTER ({here} AND due > {soon} AND status = {waiting})",
    ]


def _were_due(run: _Runs, days: rw.Days) -> int:
    due = f"begins <= {days.today} AND due BETWEEN {days.today - 30} AND {days.today - 1}"
    return int(run.one("renewals", f"{DISTINCT} FILTER ({due})")[0])


def _accomplished(run: _Runs, days: rw.Days) -> tuple[float | None, ...]:
    found = []
    for first, last in days.windows:
        due = f"begins <= {days.today} AND due BETWEEN {first} AND {last}"
        what = f"{DISTINCT} FILTER ({due} AND renewed <= {last}), {DISTINCT} FILTER ({due})"
        found.append(rw.ratio(*run.one("renewals", what)))
    return tuple(found)


def _adoption(run: _Runs, day: int, today: int, span: tuple[int, int], whole: bool) -> float | None:
    if whole:
        latest = (
            f'SELECT account, score FROM scores WHERE "on" <= {day} AND until > {day} AND begins <= {today}'
        )
    else:
        latest = f"""
            SELECT account, score FROM scores_by_owner
            WHERE {run.where["scores_by_owner"]} AND "on" <= {day} AND begins <= {today}
              AND account >= {span[0]} AND account < {span[1]}
            QUALIFY row_number() OVER (PARTITION BY account, product ORDER BY "on" DESC, score) = 1"""
    found = run.all(f"SELECT avg(mean) FROM (SELECT avg(score) AS mean FROM ({latest}) GROUP BY account)")
    mean: float | None = found[0][0]
    return mean


def _playbooks(run: _Runs, days: rw.Days, labels: list[str]) -> Any:
    urgent = ", ".join(_urgent(days, "status < 2", 1, 0))
    rows = run.all(
        f"SELECT playbook, {urgent} FROM playbook_runs WHERE {run.where['playbook_runs']} GROUP BY playbook"
    )
    cells = [[0, 0, 0, 0] for _ in labels]
    for playbook, *counts in rows:
        cells[playbook] = counts
    return rw.playbooks(cells, labels)


def _alerts(run: _Runs, active: str, today: int, labels: list[str]) -> Any:
    rows = run.all(f"""
        WITH worth AS (
            SELECT account, sum(mrr)::BIGINT AS mrr FROM subscriptions
            WHERE {run.where["subscriptions"]} AND {active} GROUP BY account),
        pairs AS (
            SELECT account, name, max(raised) AS raised FROM alerts
            WHERE {run.where["alerts"]} AND begins <= {today} AND closed > {today} GROUP BY ALL)
        SELECT name, count(*), coalesce(sum(mrr), 0)::BIGINT, max(raised)
        FROM pairs LEFT JOIN worth USING (account) GROUP BY name""")
    found = {name: line for name, *line in rows}
    lines = [found.get(code, [0, 0, 0]) for code in range(len(labels))]
    return rw.alerts(*zip(*lines, strict=True), labels)
