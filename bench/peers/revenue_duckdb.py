"""Revenue in SQL on DuckDB, two threads, over Arrow tables that it has taken into its own storage."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from .revenue_ready import Ready


def prepare(ready: Ready) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 2})
    for name in ("periods", "log", "steps", "contracts", "propensities"):
        con.register("given", pa.table(getattr(ready, name)))
        con.execute(f"create table {name} as select * from given")
        con.unregister("given")
    return con


def from_periods(con: Any, ends: list[int]) -> tuple[int, Any]:
    at = ", ".join(
        f'sum(case when start <= {end} and "end" > {end} then mrr else 0 end)::bigint as m{k}'
        for k, end in enumerate(ends)
    )
    sums = []
    for k, eve in enumerate(ends[:-1], 1):
        p, c, change = f"m{k - 1}", f"m{k}", f"m{k} - m{k - 1}"
        parts = (
            f"{p} = 0 and {c} <> 0 and born > {eve}", f"{p} = 0 and {c} <> 0 and born <= {eve}",
            f"{p} <> 0 and {c} <> 0 and {c} > {p}", f"{p} <> 0 and {c} <> 0 and {c} < {p}", f"{p} <> 0 and {c} = 0",
        )  # fmt: skip
        sums += [f"sum(case when {part} then {change} else 0 end)::bigint" for part in parts]
    found = con.execute(
        f"with worth as (select account, {at}, min(start) as born from periods group by account) "
        f"select sum(m0)::bigint, {', '.join(sums)} from worth"
    ).fetchone()
    return found[0], np.array(found[1:]).reshape(-1, 5)


def from_log(con: Any, since: int, now: int, today: int) -> tuple[int, Any]:
    rows = con.execute(
        f"""
        with moved as (
            select account, month, arg_min(before, day) as before, arg_max("after", day) as "after",
                   bool_or(first) as first
            from log where month >= {since} and day <= {today} group by account, month)
        select month, case when "after" = 0 then 4 when first then 0 when before = 0 then 1
                           when "after" > before then 2 else 3 end as kind, sum("after" - before)::bigint
        from moved group by all
        """
    ).fetchnumpy()
    found = np.zeros((now - since + 1, 5), np.int64)
    month, kind, change = rows.values()
    found[month - since, kind] = change
    return _opening(con, since), found


def _opening(con: Any, since: int) -> int:
    return int(
        con.execute(f"select coalesce(sum(change), 0)::bigint from steps where month < {since}").fetchone()[0]
    )


def from_steps(con: Any, since: int, now: int, today: int, whole: bool) -> tuple[int, Any]:
    rows = con.execute(
        f"select month, kind, sum(change)::bigint from steps where month between {since} and {now - 1 + whole} "
        "group by month, kind"
    ).fetchnumpy()
    found = np.zeros((now - since + 1, 5), np.int64)
    month, kind, change = rows.values()
    found[month - since, kind] = change
    if not whole:
        found[-1] = from_log(con, now, now, today)[1][-1]
    return _opening(con, since), found


def worth(con: Any, then: int, today: int) -> dict[str, Any]:
    was, now, kept, had, left, everything, top = con.execute(
        f"""
        with worth as (
            select sum(case when start <= {then} and "end" > {then} then mrr else 0 end)::bigint as a,
                   sum(case when start <= {today} and "end" > {today} then mrr else 0 end)::bigint as b
            from periods group by account)
        select sum(a) filter (a > 0)::bigint, sum(b) filter (a > 0)::bigint,
               sum(least(a, b)) filter (a > 0)::bigint, count(*) filter (a > 0),
               count(*) filter (a > 0 and b > 0), sum(b) filter (b > 0)::bigint,
               list_sum(max(b, 10))::bigint
        from worth
        """
    ).fetchone()
    return {"nrr": (now, was), "grr": (kept, was), "logo": (left, had), "top": (top, everything)}


def cohorts(con: Any, now: int, whole: bool) -> Any:
    rows = con.execute(
        f"select born, month, kind, count(*) from steps where month < {now + whole} and kind in (0, 1, 4) "
        "group by born, month, kind"
    ).fetchnumpy()
    return tuple(rows.values())


def forecast(con: Any, today: int, within: int) -> tuple[int, ...]:
    found = con.execute(
        f"""
        with latest as (select account, arg_max(churn, "on") as churn from propensities
                        where "on" <= {today} group by account),
        due as (select value, coalesce(churn, 0) as churn,
                       case when decided_on <= {today} or decided_on = {2**31 - 1} then decided else 0 end as was
                from contracts left join latest using (account)
                where counts and ends between {today} and {today + within})
        select sum(value)::bigint, sum(value) filter (was = 1)::bigint, sum(value) filter (was = 2)::bigint,
               sum(value) filter (was = 0)::bigint, sum(value * churn) filter (was = 0) from due
        """
    ).fetchone()
    return tuple(found)
