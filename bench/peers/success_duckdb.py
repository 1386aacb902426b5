"""The customer success dashboard in DuckDB SQL: zone maps on row numbers, one table of graded accounts."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from . import success_prepare as s
from .success_prepare import Ready


def prepare(frames: Any) -> Ready:
    ready = s.prepare(frames)
    connection = duckdb.connect(config={"threads": 2})
    for name, table in ready.tables.items():
        columns = {
            column: pa.array(values) if isinstance(values, np.ndarray) else values
            for column, values in table.items()
        }
        if name == "accounts":
            columns |= {
                column: pa.array(table[column], from_pandas=True)
                for column in ("employees", "seats", "misalignment")
            }
            columns["account"] = pa.array(np.arange(len(table["rank"]), dtype=np.int32))
        frame = pa.table(columns)  # noqa: F841 - DuckDB finds it by its name
        connection.execute(f"create table {name} as select * from frame")
    scales = pa.table({"metric": np.arange(len(ready.scales["low"]), dtype=np.int8), **ready.scales})  # noqa: F841
    connection.execute("create table scales as select * from scales")
    ready.extra = {"connection": connection}
    return ready


def _derived() -> tuple[str, str]:
    above = " + ".join(
        f"coalesce(least(greatest(({name} - {low}) / {float(high - low)}, 0), 1) * 100, 0)"
        for name, (low, high) in s.DERIVED.items()
    )
    return above, " + ".join(f"({name} is not null)::int" for name in s.DERIVED)


ABOVE, WEIGHT = _derived()
GRADED = f"""
with latest as (
    select account, least(greatest((value - low) / span, 0), 1) * 100 as position, health, effort
    from measures join scales using (metric)
    where account >= $first and account < $last and "on" <= $day and until > $day
), graded as (
    select account, sum(position * health) as ha, sum(health) as hw, sum(position * effort) as ea, sum(effort) as ew
    from latest group by account
), worth as (
    select account, sum(mrr)::bigint as value from subscriptions
    where account >= $first and account < $last and begins <= $day and until > $day group by account
)
select a.*, coalesce(value, 0) as value, h.band,
    case when {WEIGHT} + coalesce(ew, 0) > 0
        then ({ABOVE} + coalesce(ea, 0)) / ({WEIGHT} + coalesce(ew, 0)) end as effort
from accounts a left join graded using (account) left join worth using (account),
    lateral (select case when hw > 0 then (ha / hw >= 40)::int + (ha / hw >= 70)::int end as band) h
where account >= $first and account < $last and begins <= $day
"""
PLACED = "from here where effort is not null"


def report(ready: Ready, day: int, lo: int, hi: int) -> dict[str, Any]:
    first, last = s.spans(ready, lo, hi)["accounts"]
    run = ready.extra["connection"].cursor().execute
    bounds = {"first": first, "last": last, "day": day}
    run(f"create or replace temp table here as {GRADED}", bounds)
    n, value, effort, mean = run(
        f"select count(*), median(value), median(effort), (select avg(employees) from here) {PLACED}"
    ).fetchone()
    segment = "2 * (value < $value)::int + (effort >= $effort)::int"
    cut = {"value": value, "effort": effort}
    sums = run(
        f"select {segment} as segment, count(*), sum(value)::bigint {PLACED} group by 1", cut
    ).fetchall()
    rows = run(
        f"select id, value, effort, {segment}, band, employees, employees / $mean {PLACED} "
        f"order by rank limit {s.TOP}",
        {**cut, "mean": mean},
    ).fetchall()
    bands = {
        band: line
        for band, *line in run(
            "select band, count(*), sum(opportunity)::bigint from here group by 1"
        ).fetchall()
    }
    customers = run("select count(*) from here where applicable > 0").fetchone()[0]
    listed = run(
        f"select id, {', '.join(s.MONEY)}, aligned, applicable from here where applicable > 0 "
        f"order by opportunity desc, rank limit {s.TOP}"
    ).fetchall()
    items = run(
        "select item, sum(mrr)::bigint, sum(mrr_opportunity)::bigint, sum(non_recurring_opportunity)::bigint, "
        "sum(aligned::int)::bigint, count(*) from stack_positions "
        "where account >= $first and account < $last and begins <= $day group by 1",
        bounds,
    ).fetchall()
    by_segment = {at: (size, worth) for at, size, worth in sums}
    return {
        "segments": (n, (value, effort), [by_segment.get(k, (0, 0)) for k in range(4)], rows),
        "distribution": [bands.get(k, (0, 0))[0] for k in (0, 1, 2, None)],
        "opportunity": [bands.get(k, (0, 0))[1] for k in (0, 1, 2, None)],
        "by_customer": (customers, [(*row[:5], row[5] / row[6]) for row in listed], s.totals(listed)),
        "tree": s.tree(ready, {line[0]: line[2] + line[3] for line in items}),
        "by_item": s.by_item(ready, items),
    }
