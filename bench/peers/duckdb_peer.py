"""The report in DuckDB as an expert writes it: sorted tables, codes and row numbers, five statements on
two threads.

The tables are those of `arrays.py`. Runs are found by zone maps on row numbers; first rows come from
`min(key, 10)` over a key that packs the day and the rank of the id into one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np

from . import words as w

Array = np.ndarray[Any, Any]
THREADS = 2


@dataclass
class Prepared:
    org: w.Org
    connection: Any
    starts: dict[str, Array]
    labels: dict[str, list[str]]
    by_rank: dict[str, Any]
    """The ids of engagements, contracts and accounts in their order."""


def _native(frame: Any) -> Any:
    import pyarrow as pa

    return frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)


def _day(column: str, missing: int) -> str:
    return f"coalesce(({column}::DATE - DATE '1970-01-01')::INTEGER, {missing})"


def _enum(column: str, labels: Any) -> str:
    listed = ", ".join("'" + label.replace("'", "''") + "'" for label in labels)
    return f"coalesce(list_position([{listed}], {column}), 0)::TINYINT - 1::TINYINT"


def _code(column: str, labels: list[str]) -> str:
    """The code of a word by a cast to an enum, -1 where missing."""
    return f"coalesce(enum_code({column}::{labels}), -1)::TINYINT"


def _enum_types(con: Any, labels: dict[str, list[str]]) -> None:
    known = {
        "health": w.HEALTH, "task_status": w.TASK_STATUS, "probability": w.PROBABILITY,
        "objective_state": w.OBJECTIVE_STATE, "contract_state": w.CONTRACT_STATE,
        "renewal_stage": w.RENEWAL_STAGE, **labels,
    }  # fmt: skip
    for name, words in known.items():
        listed = ", ".join("'" + word.replace("'", "''") + "'" for word in words)
        con.execute(f"CREATE TYPE {name}_t AS ENUM ({listed or repr('-')})")


_MAKE = {
    "account_keys": f"""
        SELECT a.id, row_number() OVER () - 1 AS account, {_day("a.created_on", w.EVER)} AS begins,
               coalesce(u.position, $nobody)::INTEGER AS position
        FROM in_accounts a LEFT JOIN user_keys u ON a.owner_id = u.id""",
    "laid": f"""
        SELECT e.id, a.account::INTEGER AS account, coalesce(u.position, a.position)::INTEGER AS position,
               {_code("e.stage", "stage_t")} AS stage, {_code("e.health", "health_t")} AS health,
               {_day("e.created_on", w.EVER)} AS created, greatest(created, a.begins) AS begins,
               {_day("e.closed_on", w.FAR)} AS until, {_day("e.go_live_due_on", w.FAR)} AS due,
               {_day("e.went_live_on", w.FAR)} AS live
        FROM in_engagements e JOIN account_keys a ON e.account_id = a.id
        LEFT JOIN user_keys u ON e.owner_id = u.id ORDER BY 3""",
    "numbered": "SELECT *, (row_number() OVER () - 1)::INTEGER AS engagement FROM laid",
    "ranked": "SELECT engagement, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS rank FROM numbered",
    "engagements": """
        SELECT n.engagement, r.rank, n.position, n.account, n.stage, n.health, n.created, n.begins,
               n.until, n.due, n.live
        FROM numbered n JOIN ranked r USING (engagement) ORDER BY n.engagement""",
    "keys": "SELECT id, engagement, begins, until, position FROM numbered",
    "qbrs": f"""
        SELECT k.engagement, {_day("scheduled_on", w.FAR)} AS scheduled, {_day("held_on", w.FAR)} AS held,
               cancelled
        FROM in_qbrs JOIN keys k ON engagement_id = k.id ORDER BY 1, 2""",
    "touchpoints": f"""
        SELECT k.engagement, {_day("scheduled_on", w.FAR)} AS scheduled, cancelled
        FROM in_touchpoints JOIN keys k ON engagement_id = k.id ORDER BY 1, 2""",
    "objectives": f"""
        SELECT k.engagement, {_code("state", "objective_state_t")} AS state, k.begins, k.until
        FROM in_objectives JOIN keys k ON engagement_id = k.id ORDER BY 1""",
    "escalations": f"""
        SELECT n.engagement, {_day("x.opened_on", w.EVER)} AS begins,
               {_day("x.closed_on", w.FAR)} AS until
        FROM in_escalations x JOIN account_keys a ON x.account_id = a.id JOIN numbered n USING (account)
        ORDER BY 1""",
    "laid_contracts": f"""
        SELECT c.id, coalesce(k.position, a.position)::INTEGER AS position,
               coalesce(k.engagement, -1) AS engagement,
               round(c.value * 100)::BIGINT AS value, {_code("c.state", "contract_state_t")} AS state,
               {_code("c.renewal_stage", "renewal_stage_t")} AS stage, c.extension_approved AS extended,
               {_day("c.starts_on", w.FAR)} AS starts, {_day("c.ends_on", w.FAR)} AS ends,
               greatest(a.begins, k.begins) AS begins, {_day("c.renewal_finalized_on", w.EVER)} AS finalized
        FROM in_contracts c JOIN account_keys a ON c.account_id = a.id
        LEFT JOIN keys k ON c.engagement_id = k.id
        ORDER BY 2, CASE WHEN k.engagement IS NULL THEN 1 END NULLS FIRST, 3""",
    "numbered_contracts": "SELECT *, (row_number() OVER () - 1)::INTEGER AS contract FROM laid_contracts",
    "ranked_contracts": """
        SELECT contract, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS rank FROM numbered_contracts""",
    "deals": f"""
        SELECT contract, day, lost FROM (
            SELECT c.contract, {_day("o.closed_on", w.EVER)} AS day, o.stage = 'closed_lost' AS lost,
                   row_number() OVER (PARTITION BY c.contract, day ORDER BY o.id) AS nth
            FROM in_opportunities o JOIN numbered_contracts c ON o.contract_id = c.id
            WHERE o.kind = 'renew' AND o.stage <> 'open') WHERE nth = 1""",
    "decisions": f"""
        SELECT c.contract, d.day, d.lost, greatest(d.day, c.begins) AS begins,
               coalesce(lead(d.day) OVER (PARTITION BY c.contract ORDER BY d.day), {w.FAR}) AS until,
               c.value, c.engagement, c.state = {w.DRAFT} AS draft
        FROM (SELECT * FROM deals UNION ALL
              SELECT contract, finalized, stage = {w.REJECTED} FROM numbered_contracts
              LEFT JOIN (SELECT contract, min(day) AS earliest FROM deals GROUP BY 1) USING (contract)
              WHERE stage >= {w.APPROVED} AND finalized < coalesce(earliest, {w.FAR})) d
        JOIN numbered_contracts c USING (contract) ORDER BY 1""",
    "contracts": f"""
        SELECT contract, r.rank, c.position, c.engagement, c.value, c.state, c.stage, c.extended, c.starts,
               c.ends,
               c.begins, coalesce(d.decided, {w.FAR}) AS decided
        FROM numbered_contracts c JOIN ranked_contracts r USING (contract)
        LEFT JOIN (SELECT contract, min(day) AS decided FROM decisions GROUP BY 1) d USING (contract)
        ORDER BY contract""",
    "all_signals": f"""
        SELECT k.engagement, {_code("s.category", "category_t")} AS category,
               {_code("s.scope", "scope_t")} AS scope,
               {_code("s.probability", "probability_t")} AS probability,
               greatest({_day("s.opened_on", w.EVER)}, k.begins, c.begins) AS begins,
               least({_day("s.closed_on", w.FAR)}, k.until) AS until, c.contract
        FROM in_risk_signals s JOIN keys k ON s.engagement_id = k.id
        LEFT JOIN numbered_contracts c ON s.contract_id = c.id""",
    "risk_signals": "SELECT * EXCLUDE (contract) FROM all_signals ORDER BY engagement",
    "touches": """
        SELECT contract, begins, until FROM all_signals WHERE contract IS NOT NULL UNION ALL
        SELECT c.contract, s.begins, s.until FROM all_signals s JOIN contracts c USING (engagement)
        WHERE s.contract IS NULL ORDER BY 1""",
    "adoption_scores": f"""
        SELECT position, engagement, account, product, score, priority, begins,
               least(coalesce(until, {w.FAR}), coalesce(following, {w.FAR}))::INTEGER AS until
        FROM (
            SELECT coalesce(k.position, a.position)::INTEGER AS position,
                   coalesce(k.engagement, -1) AS engagement,
                   a.account::INTEGER AS account, {_code("s.product", "product_t")} AS product, s.score,
                   {_code("s.business_priority", "business_priority_t")} AS priority,
                   {_day('s."on"', w.EVER)} AS day, greatest(day, a.begins, k.begins) AS begins, k.until,
                   lead(greatest(day, a.begins, k.begins)) OVER (
                       PARTITION BY k.engagement, a.account, s.product ORDER BY s."on") AS following
            FROM in_adoption_scores s JOIN account_keys a ON s.account_id = a.id
            LEFT JOIN keys k ON s.engagement_id = k.id)
        ORDER BY 1, 2, 3""",
    "tasks": f"""
        SELECT u.position, {_code("t.status", "task_status_t")} AS status,
               {_day("t.due_on", w.FAR)} AS due,
               greatest({_day("t.created_on", w.EVER)}, a.begins, k.begins) AS begins
        FROM in_tasks t JOIN user_keys u ON t.assignee_id = u.id
        LEFT JOIN account_keys a ON t.account_id = a.id LEFT JOIN keys k ON t.engagement_id = k.id
        ORDER BY 1""",
    "account_ranks": """
        SELECT account, (row_number() OVER (ORDER BY id) - 1)::INTEGER AS rank FROM account_keys""",
}
_SCRATCH = (
    "user_keys", "laid", "ranked", "keys", "laid_contracts", "ranked_contracts", "deals", "all_signals",
)  # fmt: skip


def prepare(frames: dict[str, Any]) -> Prepared:
    import pyarrow as pa

    con = duckdb.connect(config={"threads": THREADS})
    tables = {name: _native(frames[name]) for name in w.TABLES}
    for name, table in tables.items():
        con.register(f"in_{name}", table)
    users = tables["users"]
    org, place = w.org_of(users["id"].to_pylist(), users["manager_id"].to_pylist(), users["role"].to_pylist())
    con.register("in_places", pa.table({"id": users["id"], "position": place}))
    con.execute("CREATE TABLE user_keys AS FROM in_places")
    labels = {
        column: [
            row[0]
            for row in con.execute(
                f"SELECT DISTINCT {column} FROM in_{table} WHERE {column} IS NOT NULL ORDER BY 1"
            ).fetchall()
        ]
        for table, column in (
            ("engagements", "stage"), ("risk_signals", "category"), ("risk_signals", "scope"),
            ("adoption_scores", "product"), ("adoption_scores", "business_priority"),
        )
    }  # fmt: skip
    _enum_types(con, labels)
    for name, query in _MAKE.items():
        con.execute(f"CREATE TABLE {name} AS {query.replace('$nobody', str(len(org)))}")
    by_rank = {
        name: con.sql(f"SELECT id FROM {table} ORDER BY id").to_arrow_table()["id"]
        for name, table in (
            ("engagements", "numbered"), ("contracts", "numbered_contracts"), ("accounts", "account_keys"),
        )
    }  # fmt: skip
    starts = _starts(con, len(org))
    for name in (*_SCRATCH, "numbered", "numbered_contracts", "account_keys"):
        con.execute(f"DROP TABLE {name}")
    for name in (*(f"in_{name}" for name in w.TABLES), "in_places"):
        con.unregister(name)
    return Prepared(org, con, starts, labels, by_rank)


def _starts(con: Any, users: int) -> dict[str, Array]:
    sizes = {
        "position": users + 1,
        "engagement": con.execute("SELECT count(*) FROM engagements").fetchone()[0],
        "contract": con.execute("SELECT count(*) FROM contracts").fetchone()[0],
    }
    starts = {}
    for name in ("engagements", "contracts", "adoption_scores", "tasks"):
        counts = con.execute(f"SELECT position, count(*) AS n FROM {name} GROUP BY 1").fetchnumpy()
        each = np.zeros(sizes["position"], dtype=np.int64)
        each[counts["position"]] = counts["n"]
        starts[name] = np.concatenate([[0], np.cumsum(each)])
    return starts


_SCOPE = "{table} WHERE position >= $lo AND position < $hi"
_CHILD = "{table} WHERE engagement >= $first AND engagement < $last"


def _first(mask: str, key: str = "rank") -> str:
    return f"count(*) FILTER ({mask}), min({key}, {w.TOP}) FILTER ({mask})"


def _dated(day: str) -> str:
    return f"(({day})::BIGINT << 32) + rank"


_BIT = "coalesce(get_bit({bits}, (engagement - $first)::INTEGER), 0) = 1"
"""Whether the engagement of a row is in a set: sets are bit strings, four times as fast as joins."""
_PLANNED, _ESCALATED, _AIMED, _COMPLETE, _LOST = (
    _BIT.format(bits=bits)
    for bits in ("points.bits", "calls.bits", "aims.counted", "aims.complete", "gone.bits")
)  # fmt: skip
_LISTED = {
    "engagements_with_escalations": _first(f"open AND {_ESCALATED}"),
    "engagements_without_touchpoints": _first(f"open AND NOT {_PLANNED}"),
    "engagements_overdue_go_live": _first("open AND live > $today AND due < $today", _dated("due")),
    "engagements_in_onboarding": _first("open AND stage = $onboarding"),
    "engagements_going_live": _first(
        "open AND live > $today AND due BETWEEN $today AND $today + 30", _dated("due")
    ),
    "engagements_without_objectives": _first(f"open AND NOT {_AIMED}"),
    "engagements_with_objectives_complete": _first(
        f"open AND {_COMPLETE}", "(rank::BIGINT << 32) + engagement"
    ),
    "lost_contracts": _first(f"begins <= $today AND {_LOST}"),
}
_BITS = "bitstring_agg({rows}, $first, $most)"
_ENGAGEMENTS = f"""
WITH e AS (SELECT *, begins <= $today AND until > $today AS open FROM {_SCOPE.format(table="engagements")}),
points AS MATERIALIZED (
    SELECT {_BITS.format(rows="engagement")} AS bits FROM {_CHILD.format(table="touchpoints")}
    AND scheduled BETWEEN $today AND $today + 90 AND NOT cancelled),
calls AS MATERIALIZED (
    SELECT {_BITS.format(rows="engagement")} AS bits FROM {_CHILD.format(table="escalations")}
    AND begins <= $today AND until > $today),
sums AS (
    SELECT engagement, lead(engagement) OVER () AS following, row_number() OVER () AS upto,
           sum((state = 3)::INTEGER) OVER (ROWS UNBOUNDED PRECEDING) AS done
    FROM {_CHILD.format(table="objectives")} AND state < 4),
runs AS (
    SELECT engagement, done - lag(done, 1, 0) OVER () AS done, upto - lag(upto, 1, 0) OVER () AS counted
    FROM sums WHERE following IS DISTINCT FROM engagement),
aims AS MATERIALIZED (
    SELECT {_BITS.format(rows="engagement")} AS counted,
           {_BITS.format(rows="engagement")} FILTER (5 * done > 4 * counted) AS complete FROM runs),
gone AS MATERIALIZED (
    SELECT {_BITS.format(rows="engagement")} AS bits FROM (
        SELECT engagement FROM {_SCOPE.format(table="contracts")} AND engagement >= 0 AND begins <= $today
        AND decided > $today AND state <> {w.DRAFT} AND stage NOT IN ({w.AWAITING}, {w.UNDER_REVIEW})
        AND (ends < $today OR state = {w.EXPIRED})
        UNION ALL
        SELECT engagement FROM decisions WHERE contract >= $begin AND contract < $stop AND engagement >= 0
        AND begins <= $today AND until > $today AND lost AND NOT draft))
SELECT count(*) FILTER (open),
       count(*) FILTER (begins <= $today AND created BETWEEN $year AND $today),
       count(*) FILTER (open AND position < $nobody),
       count(DISTINCT position) FILTER (open AND position < $nobody),
       {", ".join(_LISTED.values())}
FROM e, points, calls, aims, gone"""
_OPEN = _SCOPE.format(table="engagements") + " AND begins <= $today AND until > $today"
_REVIEWS = f"""
WITH reviews AS (
    SELECT engagement, scheduled FROM (
        SELECT engagement, scheduled, lag(engagement) OVER () AS previous FROM {_CHILD.format(table="qbrs")}
        AND scheduled >= $today AND held > $today AND NOT cancelled)
    WHERE previous IS DISTINCT FROM engagement)
SELECT count(*), min({_dated("scheduled")}, {w.TOP})
FROM reviews JOIN (FROM {_OPEN}) USING (engagement)"""
_DUES = f"""
WITH dues AS (
    SELECT engagement, min(ends) AS renewal, sum(value)::BIGINT AS owed
    FROM {_SCOPE.format(table="contracts")} AND engagement >= 0 AND begins <= $today AND state = {w.ACTIVE}
    AND starts <= $today AND ends BETWEEN $today AND $today + 90 AND decided > $today GROUP BY 1)
SELECT {_first("true", _dated("renewal"))}, arg_min(owed, {_dated("renewal")}, {w.TOP}),
       {_first("health > 0")}
FROM dues JOIN (FROM {_OPEN}) USING (engagement)"""
_SHARES = """
SELECT engagement, count(*) FILTER (state = 3) / count(*) FROM objectives
WHERE engagement IN ({rows}) AND state < 4 GROUP BY 1"""
_STAGES = f"""
SELECT stage, health, count(*) FROM {_SCOPE.format(table="engagements")}
AND begins <= $today AND until > $today GROUP BY ALL"""
_TASKS = f"""
SELECT CASE WHEN status < 2 AND due < $today THEN -1 ELSE status END AS bucket, count(*)
FROM {_SCOPE.format(table="tasks")} AND begins <= $today GROUP BY ALL"""
_SIGNALS = f"""
SELECT category, scope, probability, count(*) FROM {_CHILD.format(table="risk_signals")}
AND begins <= $today AND until > $today GROUP BY ALL"""
_PROGRESS = f"""
SELECT state, count(*) FROM {_CHILD.format(table="objectives")}
AND begins <= $today AND until > $today GROUP BY ALL"""
_LOW = f"""
WITH low AS (
    SELECT score, engagement, account, product, priority FROM {_SCOPE.format(table="adoption_scores")}
    AND score < 50 AND begins <= $today AND until > $today),
first AS (
    SELECT low.*, e.rank AS who, a.rank AS firm FROM low
    LEFT JOIN engagements e USING (engagement) JOIN account_ranks a ON low.account = a.account
    WHERE score <= (SELECT max(x) FROM (SELECT unnest(min(score, {w.TOP})) AS x FROM low))
    ORDER BY score, who NULLS LAST, product, firm LIMIT {w.TOP})
SELECT (SELECT count(*) FROM low), list((who, firm, product, score, priority)
       ORDER BY score, who NULLS LAST, product, firm) FROM first"""
_CONTRACTS = f"""
WITH touched AS MATERIALIZED (
    SELECT bitstring_agg(contract, $begin, $final) AS bits FROM touches
    WHERE contract >= $begin AND contract < $stop AND begins <= $today AND until > $today),
k AS (
    SELECT rank, value, starts, stage, begins <= $today AS existing,
           state = {w.ACTIVE} AS active, state IN ({w.ACTIVE}, {w.EXPIRED}) AS running,
           stage IN ({w.AWAITING}, {w.UNDER_REVIEW}) AS reviewed, extended,
           active AND starts <= $today AND ends >= $today AS forced,
           ends < $today AND decided > $today AS late, contract
    FROM {_SCOPE.format(table="contracts")})
SELECT sum(value) FILTER (existing AND forced AND get_bit(bits, (contract - $begin)::INTEGER) = 1),
       {_first("existing AND ((running AND reviewed) OR (active AND extended))")},
       {_first("existing AND active AND extended")},
       {_first("existing AND running AND late")},
       {", ".join(f"count(*) FILTER (existing AND stage = {code})" for code in range(4))}
FROM k, touched"""
_CHARGED = f"""
SELECT month(DATE '1970-01-01' + starts) AS month, sum(value)::BIGINT FROM {_SCOPE.format(table="contracts")}
AND starts BETWEEN $year AND $today AND begins <= $today AND state IN ({w.ACTIVE}, {w.EXPIRED})
GROUP BY ALL"""
_DECIDED = """
SELECT lost, month(DATE '1970-01-01' + day) AS month, count(*) FROM decisions
WHERE contract >= $begin AND contract < $stop AND begins <= $today AND until > $today
AND day >= $year GROUP BY ALL"""
_QUERIES = (
    _ENGAGEMENTS, _REVIEWS, _DUES, _STAGES, _TASKS, _SIGNALS, _PROGRESS, _LOW, _CONTRACTS, _CHARGED, _DECIDED,
)  # fmt: skip


def _fill(query: str, values: dict[str, int]) -> str:
    """The query with its numbers put in: so that zone maps are used and plans are made for them."""
    for name in sorted(values, key=len, reverse=True):
        query = query.replace(f"${name}", str(values[name]))
    return query


def report(ready: Prepared, as_of: date, lo: int, hi: int) -> w.Answer:
    days, starts, stages = w.Calendar(as_of), ready.starts, ready.labels["stage"]
    values = {
        "lo": lo, "hi": hi, "today": days.today, "year": days.year_start, "nobody": len(ready.org),
        "first": starts["engagements"][lo], "last": starts["engagements"][hi],
        "begin": starts["contracts"][lo], "stop": starts["contracts"][hi],
        "most": max(starts["engagements"][hi] - 1, starts["engagements"][lo]),
        "final": max(starts["contracts"][hi] - 1, starts["contracts"][lo]),
        "onboarding": stages.index("onboarding") if "onboarding" in stages else -1,
    }  # fmt: skip
    found = [ready.connection.execute(_fill(query, values)).fetchall() for query in _QUERIES]
    complete = found[0][0][4 + 2 * list(_LISTED).index("engagements_with_objectives_complete") + 1] or [-1]
    rows = ", ".join(str(key & 0xFFFFFFFF) for key in complete)
    shares = dict(ready.connection.execute(_SHARES.format(rows=rows)).fetchall())
    return _answer(ready, days, found, shares)


def _rolled(rows: list[Any], place: int, labels: Any, *, zeros: bool) -> dict[Any, int]:
    counts: dict[int, int] = {}
    for row in rows:
        counts[row[place]] = counts.get(row[place], 0) + row[-1]
    shown = {label: counts.get(code, 0) for code, label in enumerate(labels) if zeros or code in counts}
    return {**shown, None: counts[-1]} if -1 in counts else shown


def _answer(ready: Prepared, days: w.Calendar, found: list[Any], shares: dict[int, float]) -> w.Answer:
    (
        (of,),
        ((reviews, review_keys),),
        (dues,),
        stages,
        tasks,
        signals,
        progress,
        low,
        (deals,),
        charged,
        decided,
    ) = found
    ids, contract_ids = ready.by_rank["engagements"], ready.by_rank["contracts"]
    low_count, low_rows = low[0] if low else (0, None)
    listed = of[4:]
    lists = {name: (listed[2 * at], listed[2 * at + 1] or []) for at, name in enumerate(_LISTED)}
    lists["engagements_with_upcoming_qbrs"] = reviews, review_keys or []
    lists["engagements_with_renewals_due"] = dues[0], dues[1] or []
    lists["renewals_due_in_poor_health"] = dues[3], dues[4] or []

    def name_of(rank: int) -> str:
        return ids[rank].as_py()

    def dated(name: str) -> list[tuple[str, int]]:
        return [(name_of(key & 0xFFFFFFFF), key >> 32) for key in lists[name][1]]

    answer: w.Answer = {
        name: (n, [(name_of(rank),) for rank in keys])
        for name, (n, keys) in lists.items()
        if name not in _KEYED
    }
    cells = {(stage, health): n for stage, health, n in stages}
    buckets = dict(tasks)
    categories = _rolled(signals, 0, ready.labels["category"], zeros=False)
    won = {(lost, month): n for lost, month, n in decided}
    values = dict(charged)
    counts = {name: lists[name][0] for name in lists}
    healths = (None, *w.HEALTH)
    renewals = zip(dated("engagements_with_renewals_due"), dues[2] or [], strict=True)
    answer |= {
        "total_engagements": of[0],
        "new_engagements_ytd": of[1],
        "average_engagements_per_csm": of[2] / of[3] if of[3] else None,
        "engagements_with_upcoming_qbrs": (
            counts["engagements_with_upcoming_qbrs"],
            [(key, w.to_day(on)) for key, on in dated("engagements_with_upcoming_qbrs")],
        ),
        "health_by_stage": {
            label: {word: cells.get((stage, code), 0) for code, word in enumerate(healths, start=-1)}
            for stage, label in enumerate(ready.labels["stage"])
            if any(code == stage for code, _ in cells)
        },
        "success_manager_tasks": {
            word: buckets.get(code, 0) for code, word in enumerate(w.TASK_BUCKETS, start=-1)
        },
        "contract_value_at_risk": int(deals[0] or 0),
        "engagements_in_poor_health": {
            word: sum(n for (_, health), n in cells.items() if health == code)
            for word, code in (("red", 2), ("yellow", 1))
        },
        "active_risk_signals": sum(row[-1] for row in signals),
        "top_risk_indicators": dict(sorted(categories.items(), key=lambda item: (-item[1], item[0]))[:5]),
        "risk_signals_by_scope": _rolled(signals, 1, ready.labels["scope"], zeros=False),
        "risk_signals_by_probability": _rolled(signals, 2, w.PROBABILITY, zeros=True),
        "engagements_overdue_go_live": (
            counts["engagements_overdue_go_live"],
            [(key, days.today - on) for key, on in dated("engagements_overdue_go_live")],
        ),
        "engagements_going_live": (
            counts["engagements_going_live"], [(key,) for key, _ in dated("engagements_going_live")]
        ),
        "engagements_with_objectives_complete": (
            counts["engagements_with_objectives_complete"],
            [
                (name_of(key >> 32), shares[key & 0xFFFFFFFF])
                for key in lists["engagements_with_objectives_complete"][1]
            ],
        ),
        "objective_progress": _rolled(progress, 0, w.OBJECTIVE_STATE, zeros=True),
        "low_adoption_products": (low_count, [_score(ready, row) for row in low_rows or ()]),
        "engagements_with_renewals_due": (
            counts["engagements_with_renewals_due"],
            [
                (key, w.to_day(on), value)
                for (key, on), value in renewals
            ],
        ),
        **{
            name: (deals[at], [(contract_ids[rank].as_py(),) for rank in deals[at + 1] or ()])
            for name, at in (("opened_renewals", 1), ("contracts_on_extension", 3), ("overdue_renewals", 5))
        },
        "renewals_by_stage": {
            word: deals[7 + w.RENEWAL_STAGE.index(word)] for word in w.RENEWAL_STAGE_SHOWN
        },
        "renewals_and_losses_ytd": {
            word: {label: won.get((lost, month), 0) for month, label in enumerate(days.months, start=1)}
            for word, lost in (("won", False), ("lost", True))
        },
        "contract_value_ytd": {
            "value": {label: values.get(month, 0) for month, label in enumerate(days.months, start=1)}
        },
    }  # fmt: skip
    return answer


_KEYED = {
    "engagements_with_upcoming_qbrs", "engagements_with_objectives_complete", "engagements_with_renewals_due",
    "engagements_overdue_go_live", "engagements_going_live",
}  # fmt: skip


def _score(ready: Prepared, row: tuple[Any, ...]) -> tuple[Any, ...]:
    who, firm, product, score, priority = row
    labels = ready.labels
    return (
        None if who is None else ready.by_rank["engagements"][who].as_py(),
        ready.by_rank["accounts"][firm].as_py(),
        labels["product"][product],
        score,
        labels["business_priority"][priority] if priority >= 0 else None,
    )
