"""The report in Polars as an expert writes it: lazy, collected together, runs by `slice`, codes and day
numbers.

Two rounds of `collect_all`: first the children, of which distinct parents remain; then, with those put
beside the engagements, everything that is asked of engagements and contracts. What is measured to be
faster is used: sorted runs by `shift` instead of `group_by`, sums of comparisons instead of
`value_counts`, flags put in place by row number with NumPy instead of joins (a semi or anti join of a
million rows takes 40 to 60 ms, this 2).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from . import words as w
from .polars_prepare import Prepared, prepare

__all__ = ["prepare", "report", "report_by_ids"]

Array = np.ndarray[Any, Any]
Lazy = pl.LazyFrame
c = pl.col
_POOL = ThreadPoolExecutor(2)


@dataclass
class Scope:
    """What a viewer sees of every table; engagement and contract numbers count from `first` and `begin`."""

    ready: Prepared
    tables: dict[str, pl.DataFrame]
    first: int
    count: int
    begin: int
    contracts: int
    row_of_rank: Any


def by_interval(ready: Prepared, lo: int, hi: int) -> Scope:
    """The interval trick: every table's run is a slice, which copies nothing."""
    starts = ready.starts
    spans = {
        name: (starts[name][lo], starts[name][hi])
        for name in ("engagements", "contracts", "adoption_scores", "tasks")
    }
    first, last = spans["engagements"]
    for name in ("qbrs", "touchpoints", "objectives", "risk_signals", "escalations"):
        spans[name] = starts[name][first], starts[name][last]
    begin, end = spans["contracts"]
    for name in ("touches", "decisions"):
        spans[name] = starts[name][begin], starts[name][end]
    tables = {name: ready.tables[name].slice(a, b - a) for name, (a, b) in spans.items()}
    return Scope(
        ready, tables, int(first), int(last - first), int(begin), int(end - begin), ready.row_of_rank
    )


def by_ids(ready: Prepared, owners: list[Any]) -> Scope:
    """The scope as people write it: rows whose owner is in a list of ids, children by joins."""
    codes = [ready.org.position[owner] for owner in owners]
    whole = {name: table.lazy() for name, table in ready.tables.items()}
    row, place = pl.int_range(pl.len(), dtype=pl.Int32), pl.int_range(pl.len(), dtype=pl.Int32)
    mine = c.position.is_in(codes)
    engagements, contracts, tasks, scores = pl.collect_all(
        [
            *(whole[name].with_columns(row=row).filter(mine) for name in ("engagements", "contracts")),
            *(whole[name].filter(mine) for name in ("tasks", "adoption_scores")),
        ]
    )
    parents = engagements.lazy().select("row", place=place)
    deals = contracts.lazy().select("row", place=place)

    def of(name: str, column: str, owned: Lazy) -> Lazy:
        found = whole[name].join(owned, left_on=column, right_on="row", maintain_order="left")
        return found.with_columns(c.place.alias(column)).drop("place")

    names = ("qbrs", "touchpoints", "objectives", "escalations", "risk_signals", "touches", "decisions")
    joined = [of(name, "engagement", parents) for name in names[:5]]
    joined += [of("touches", "contract", deals), of("decisions", "contract", deals)]
    of_engagement = parents.rename({"row": "engagement"})
    renumbered = [
        table.lazy().join(of_engagement, on="engagement", how="left", maintain_order="left")
        .with_columns(engagement=c.place.fill_null(-1)).drop("place")
        for table in (contracts, joined.pop().collect())
    ]  # fmt: skip
    tables = dict(
        zip((*names[:6], "contracts", "decisions"), pl.collect_all(joined + renumbered), strict=True)
    )
    tables |= {"engagements": engagements, "tasks": tasks, "adoption_scores": scores}
    places = dict(zip(engagements["rank"].to_list(), range(len(engagements)), strict=True))
    return Scope(ready, tables, 0, len(engagements), 0, len(contracts), places)


def _smallest(mask: str, first: str | None = None) -> list[pl.Expr]:
    """How many, and the ten smallest ranks of ids; after `first`, one number of both to sort by."""
    keys = c.rank.filter(mask)
    if first:
        keys = c(first).filter(mask).cast(pl.Int64) * 2**32 + keys
    return [c(mask).sum().alias(f"{mask}.n"), keys.bottom_k(w.TOP).sort().implode().alias(mask)]


def _tally(codes: str, count: int) -> list[pl.Expr]:
    """How often each code, and missing, occurs."""
    return [(c(codes) == code).sum().alias(f"{codes}{code}") for code in range(-1, count)]


def _shown(row: dict[str, Any], codes: str, labels: Any, *, zeros: bool) -> dict[Any, int]:
    shown = {
        label: row[f"{codes}{code}"] for code, label in enumerate(labels) if zeros or row[f"{codes}{code}"]
    }
    missing = row[f"{codes}-1"]
    return {**shown, None: missing} if missing else shown


def in_force(today: int) -> pl.Expr:
    return (c.state == w.ACTIVE) & (c.starts <= today) & (c.ends >= today) & (c.begins <= today)


Step = tuple[str, list[pl.Expr], list[Any]]


@cache
def _steps(days: w.Calendar, categories: int, scopes: int) -> dict[str, Step]:
    """The first round: of which table, which rows, what. Made once a day, like a prepared statement."""
    today = days.today
    alive = [c.begins <= today, c.until > today]
    open_task = c.due >= today
    return {
        "reviews": (
            "qbrs", [c.scheduled >= today, c.held > today, ~c.cancelled], ["engagement", "scheduled"]
        ),
        "points": ("touchpoints", [c.scheduled.is_between(today, today + 90), ~c.cancelled], ["engagement"]),
        "escalations": ("escalations", alive, ["engagement"]),
        "done": ("objectives", [c.state == 3], ["engagement"]),
        "undone": ("objectives", [c.state < 3], ["engagement"]),
        "progress": ("objectives", alive, _tally("state", 5)),
        "tasks": ("tasks", [c.begins <= today], [
            ((c.status < 2) & (c.due < today)).sum().alias("overdue"),
            ((c.status == 0) & open_task).sum().alias("to_do"),
            ((c.status == 1) & open_task).sum().alias("in_progress"),
            (c.status == 2).sum().alias("completed"),
            (c.status == 3).sum().alias("cancelled"),
        ]),
        "signals": ("risk_signals", alive, [
            pl.len().alias("all"), *_tally("category", categories), *_tally("scope", scopes),
            *_tally("probability", 3),
        ]),
        "touched": ("touches", alive, ["contract"]),
        **_contract_steps(days),
    }  # fmt: skip


def _contract_steps(days: w.Calendar) -> dict[str, Step]:
    """What contracts and decisions say of their engagements, and by month."""
    today = days.today
    reviewed = c.stage.is_between(w.AWAITING, w.UNDER_REVIEW)
    over = (c.ends < today) | (c.state == w.EXPIRED)
    held = [c.begins <= today, c.until > today]
    undecided = [c.begins <= today, c.decided > today, c.engagement >= 0]
    running = c.state.is_between(w.ACTIVE, w.EXPIRED)
    months = list(zip(days.months, days.month_starts, days.month_starts[1:], strict=False))
    return {
        "due": (
            "contracts", [in_force(today), c.ends <= today + 90, *undecided], ["engagement", "ends", "value"]
        ),
        "gone": ("contracts", [*undecided, c.state != w.DRAFT, ~reviewed, over], ["engagement"]),
        "rejected": ("decisions", [*held, c.lost, ~c.draft, c.engagement >= 0], ["engagement"]),
        "decided": ("decisions", [*held, c.day >= days.year_start], [
            (c.day.is_between(start, end - 1) & (c.lost == lost)).sum().alias(f"{lost}{month}")
            for month, start, end in months
            for lost in (False, True)
        ]),
        "charged": ("contracts", [c.starts.is_between(days.year_start, today), running, c.begins <= today], [
            c.value.filter(c.starts.is_between(start, end - 1)).sum().alias(month)
            for month, start, end in months
        ]),
    }  # fmt: skip


def _children(scope: Scope, days: w.Calendar) -> dict[str, Lazy]:
    """The first round's queries."""
    labels, today = scope.ready.labels, days.today
    asked = {
        name: scope.tables[table].lazy().filter(rows).select(what)
        for name, (table, rows, what) in _steps(days, len(labels["category"]), len(labels["scope"])).items()
    }
    asked["low"] = (
        scope.tables["adoption_scores"]
        .lazy()
        .with_row_index("at")
        .filter(c.score < 50, c.begins <= today, c.until > today)
        .select("score", "at", pl.len().alias("all"))
        .filter(c.score <= c.score.bottom_k(w.TOP).max())
    )
    return asked


def _rows(found: pl.DataFrame, first: int) -> Array:
    """The parents of the rows found, counted from the scope's first."""
    rows: Array = found.to_series().to_numpy()
    return rows - first if first else rows


def _flags(count: int, first: int, *found: pl.DataFrame) -> Array:
    """Which parents have a row among those found."""
    flags = np.zeros(count, dtype=bool)
    for rows in found:
        flags[_rows(rows, first)] = True
    return flags


def _counts(count: int, first: int, found: pl.DataFrame) -> Array:
    """How many of the rows found each engagement has."""
    return np.bincount(_rows(found, first), minlength=count)


def _earliest(count: int, first: int, found: pl.DataFrame) -> Array:
    """The earliest day of each engagement's rows, which stand in the order of days."""
    days = np.full(count, w.FAR, dtype=np.int32)
    days[_rows(found, first)[::-1]] = found["scheduled"].to_numpy()[::-1]
    return days


def _renewals(count: int, first: int, due: pl.DataFrame) -> Array:
    """The earliest end of each engagement's contracts."""
    days, rows = np.full(count, w.FAR, dtype=np.int32), _rows(due, first)
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    if len(rows):
        days[rows[starts]] = np.minimum.reduceat(due["ends"].to_numpy(), starts)
    return days


def _beside(scope: Scope, found: dict[str, pl.DataFrame]) -> tuple[dict[str, Array], Array]:
    """Columns to stand beside the engagements, and whether each contract is touched; on both cores."""
    asked = {
        "review": (_earliest, found["reviews"]),
        "done": (_counts, found["done"]),
        "undone": (_counts, found["undone"]),
        "planned": (_flags, found["points"]),
        "renewal": (_renewals, found["due"]),
        "escalated": (_flags, found["escalations"]),
        "lost": (_flags, found["gone"], found["rejected"]),
    }
    jobs = [(make, scope.count, scope.first, *frames) for make, *frames in asked.values()]
    jobs.append((_flags, scope.contracts, scope.begin, found["touched"]))
    mapped = _POOL.map(lambda job: job[0](*job[1:]), jobs) if scope.count > 50_000 else (
        make(*rest) for make, *rest in jobs
    )  # fmt: skip
    *columns, touched = mapped
    return dict(zip(asked, columns, strict=True)), touched


@cache
def _masks(days: w.Calendar, nobody: int, onboarding: int) -> list[pl.Expr]:
    """Which engagements each metric is of."""
    today = days.today
    exists, waiting, renewing = c.begins <= today, c.open & (c.live > today), c.renewal < w.FAR
    named = {
        "new": exists & c.created.is_between(days.year_start, today),
        "owned": c.open & (c.position < nobody),
        "cell": pl.when("open").then(c.stage * 4 + c.health + 1).otherwise(-1),
        "red": c.open & (c.health == 2), "yellow": c.open & (c.health == 1),
        "escalated": c.open & c.escalated, "reviewing": c.open & (c.review < w.FAR),
        "poor": c.open & renewing & (c.health > 0), "quiet": c.open & ~c.planned,
        "late": waiting & (c.due < today), "going": waiting & c.due.is_between(today, today + 30),
        "onboarding": c.open & (c.stage == onboarding),
        "aimless": c.open & (c.done + c.undone == 0), "complete": c.open & (c.done > 4 * c.undone),
        "renewing": c.open & renewing, "lost": exists & c.lost,
    }  # fmt: skip
    return [mask.alias(name) for name, mask in named.items()]


@cache
def _asked_of_engagements(cells: int) -> list[pl.Expr]:
    owner = c.position.filter("owned")
    return [
        c.open.sum(), c.new.sum(), c.red.sum(), c.yellow.sum(),
        c.owned.sum(), (owner != owner.shift(fill_value=-1)).sum().alias("owners"),
        *((c.cell == cell).sum().alias(f"cell{cell}") for cell in range(cells)),
        *_smallest("escalated"), *_smallest("reviewing", "review"), *_smallest("poor"),
        *_smallest("quiet"), *_smallest("late", "due"), *_smallest("onboarding"),
        *_smallest("going", "due"), *_smallest("aimless"), *_smallest("complete"),
        *_smallest("renewing", "renewal"), *_smallest("lost"),
    ]  # fmt: skip


def _of_engagements(scope: Scope, beside: dict[str, Array], days: w.Calendar) -> Lazy:
    stages = scope.ready.labels["stage"]
    onboarding = stages.index("onboarding") if "onboarding" in stages else -1
    columns = (pl.Series(name, column) for name, column in beside.items())
    return (
        scope.tables["engagements"]
        .lazy()
        .with_columns(*columns, open=(c.begins <= days.today) & (c.until > days.today))
        .with_columns(_masks(days, len(scope.ready.org), onboarding))
        .select(_asked_of_engagements(4 * len(stages)))
    )


@cache
def _deal_masks(today: int) -> list[pl.Expr]:
    """Which contracts each metric is of."""
    exists = c.begins <= today
    active, running = c.state == w.ACTIVE, c.state.is_between(w.ACTIVE, w.EXPIRED)
    reviewed = c.stage.is_between(w.AWAITING, w.UNDER_REVIEW)
    return [
        (c.touched & in_force(today)).alias("risky"),
        (exists & ((running & reviewed) | (active & c.extended))).alias("opened"),
        (exists & active & c.extended).alias("prolonged"),
        (exists & running & (c.ends < today) & (c.decided > today)).alias("overdue"),
        pl.when(exists).then("stage").otherwise(-1).alias("stage"),
    ]


@cache
def _asked_of_contracts() -> list[pl.Expr]:
    risk = c.value.filter("risky").sum().alias("risk")
    return [risk, *_tally("stage", 4), *_smallest("opened"), *_smallest("prolonged"), *_smallest("overdue")]


def _of_contracts(scope: Scope, touched: Array, days: w.Calendar) -> Lazy:
    contracts = scope.tables["contracts"].lazy().with_columns(pl.Series("touched", touched))
    return contracts.with_columns(_deal_masks(days.today)).select(_asked_of_contracts())


def report(ready: Prepared, as_of: date, lo: int, hi: int) -> w.Answer:
    return _report(by_interval(ready, lo, hi), w.Calendar(as_of))


def report_by_ids(ready: Prepared, as_of: date, owners: list[Any]) -> w.Answer:
    return _report(by_ids(ready, owners), w.Calendar(as_of))


def _report(scope: Scope, days: w.Calendar) -> w.Answer:
    asked = _children(scope, days)
    found = dict(zip(asked, pl.collect_all(list(asked.values())), strict=True))
    beside, touched = _beside(scope, found)
    engagements, contracts = pl.collect_all([
        _of_engagements(scope, beside, days), _of_contracts(scope, touched, days)
    ])  # fmt: skip
    return _answer(scope, days, found, beside, engagements.row(0, named=True), contracts.row(0, named=True))


def _answer(
    scope: Scope,
    days: w.Calendar,
    found: dict[str, pl.DataFrame],
    beside: dict[str, Array],
    *rows: dict[str, Any],
) -> w.Answer:
    (of, deals), ready, today = rows, scope.ready, days.today
    ids, contract_ids = ready.by_rank["engagements"], ready.by_rank["contracts"]
    signals = found["signals"].row(0, named=True)
    categories = _shown(signals, "category", ready.labels["category"], zeros=False)

    def plain(mask: str) -> Any:
        return of[f"{mask}.n"], [(ids[rank],) for rank in of[mask]]

    def dated(mask: str) -> Any:
        return [(ids[key & 0xFFFFFFFF], key >> 32) for key in of[mask]]

    def of_deals(mask: str) -> Any:
        return deals[f"{mask}.n"], [(contract_ids[rank],) for rank in deals[mask]]

    def at(rank: int) -> int:
        return int(scope.row_of_rank[rank]) - scope.first

    def owed(row: int) -> int:
        due = found["due"]
        span = np.searchsorted(due["engagement"].to_numpy(), (row + scope.first, row + scope.first + 1))
        return int(due["value"].to_numpy()[slice(*span)].sum())

    def share(row: int) -> float:
        return int(done[row]) / int(done[row] + undone[row])

    stages = ready.labels["stage"]
    table = [[of[f"cell{4 * stage + code}"] for code in range(4)] for stage in range(len(stages))]
    done, undone = beside["done"], beside["undone"]
    decided, charged = found["decided"].row(0, named=True), found["charged"].row(0, named=True)
    return {
        "total_engagements": of["open"],
        "new_engagements_ytd": of["new"],
        "average_engagements_per_csm": of["owned"] / of["owners"] if of["owners"] else None,
        "engagements_with_escalations": plain("escalated"),
        "engagements_with_upcoming_qbrs": (
            of["reviewing.n"], [(key, w.to_day(on)) for key, on in dated("reviewing")]
        ),
        "health_by_stage": {
            stage: dict(zip((None, *w.HEALTH), row, strict=True))
            for stage, row in zip(stages, table, strict=True) if any(row)
        },
        "success_manager_tasks": found["tasks"].row(0, named=True),
        "contract_value_at_risk": deals["risk"],
        "engagements_in_poor_health": {"red": of["red"], "yellow": of["yellow"]},
        "renewals_due_in_poor_health": plain("poor"),
        "engagements_without_touchpoints": plain("quiet"),
        "active_risk_signals": signals["all"],
        "top_risk_indicators": dict(sorted(categories.items(), key=lambda item: (-item[1], item[0]))[:5]),
        "risk_signals_by_scope": _shown(signals, "scope", ready.labels["scope"], zeros=False),
        "risk_signals_by_probability": _shown(signals, "probability", w.PROBABILITY, zeros=True),
        "engagements_overdue_go_live": (of["late.n"], [(key, today - on) for key, on in dated("late")]),
        "engagements_in_onboarding": plain("onboarding"),
        "engagements_going_live": (of["going.n"], [(key,) for key, _ in dated("going")]),
        "engagements_without_objectives": plain("aimless"),
        "engagements_with_objectives_complete": (
            of["complete.n"],
            [(ids[rank], share(at(rank))) for rank in of["complete"]],
        ),
        "objective_progress": _shown(
            found["progress"].row(0, named=True), "state", w.OBJECTIVE_STATE, zeros=True
        ),
        "low_adoption_products": _low(scope, found["low"]),
        "engagements_with_renewals_due": (
            of["renewing.n"],
            [(ids[key & 0xFFFFFFFF], w.to_day(key >> 32), owed(at(key & 0xFFFFFFFF)))
             for key in of["renewing"]],
        ),
        "opened_renewals": of_deals("opened"),
        "contracts_on_extension": of_deals("prolonged"),
        "renewals_by_stage": {
            word: deals[f"stage{w.RENEWAL_STAGE.index(word)}"] for word in w.RENEWAL_STAGE_SHOWN
        },
        "renewals_and_losses_ytd": {
            "won": {month: decided[f"False{month}"] for month in days.months},
            "lost": {month: decided[f"True{month}"] for month in days.months},
        },
        "lost_contracts": plain("lost"),
        "contract_value_ytd": {"value": charged},
        "overdue_renewals": of_deals("overdue"),
    }  # fmt: skip


def _low(scope: Scope, near: pl.DataFrame) -> Any:
    """The first ten of the lowest scores, of the few that may be among them."""
    ready = scope.ready
    labels, engagements, accounts = ready.labels, ready.tables["engagements"], ready.tables["accounts"]
    few = scope.tables["adoption_scores"][near["at"]]
    engagement, account = few["engagement"], few["account"]
    who = np.where(engagement >= 0, engagements["rank"].gather(engagement.clip(0)), w.FAR)
    firm = accounts["rank"].gather(account).to_numpy()
    order = np.lexsort((firm, few["product"].to_numpy(), who, few["score"].to_numpy()))[: w.TOP]
    columns = few.select("account", "product", "score", "priority")
    return near["all"][0] if len(near) else 0, [
        (
            ready.by_rank["engagements"][int(who[place])] if who[place] < w.FAR else None,
            accounts["id"][account],
            labels["product"][product],
            score,
            labels["business_priority"][priority] if priority >= 0 else None,
        )
        for place in order.tolist()
        for account, product, score, priority in [columns.row(place)]
    ]
