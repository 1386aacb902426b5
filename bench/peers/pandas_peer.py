"""The report in pandas as an expert writes it: numeric columns, masks on arrays, runs by `iloc`,
`nsmallest`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from . import arrays
from . import words as w

Array = np.ndarray[Any, Any]


@dataclass
class Prepared:
    org: w.Org
    tables: dict[str, pd.DataFrame]
    starts: dict[str, Array]
    labels: dict[str, list[str]]


def prepare(frames: arrays.Frames) -> Prepared:
    ready = arrays.prepare(frames)
    tables = {
        name: pd.DataFrame(
            {
                key: column if isinstance(column, np.ndarray) else column.to_pandas()
                for key, column in table.items()
            },
            copy=False,
        )
        for name, table in ready.tables.items()
    }
    return Prepared(ready.org, tables, ready.starts, ready.labels)


class Cut:
    """One viewer's runs of every table; rows keep their row numbers as index."""

    def __init__(self, ready: Prepared, lo: int, hi: int) -> None:
        starts, tables = ready.starts, ready.tables

        def run(name: str, begin: int, end: int) -> pd.DataFrame:
            return tables[name].iloc[starts[name][begin] : starts[name][end]]

        self.engagements, self.contracts = run("engagements", lo, hi), run("contracts", lo, hi)
        self.scores, self.tasks = run("adoption_scores", lo, hi), run("tasks", lo, hi)
        span = self.engagements.index
        self.qbrs, self.touchpoints, self.objectives, self.signals, self.escalations = (
            run(name, span.start, span.stop)
            for name in ("qbrs", "touchpoints", "objectives", "risk_signals", "escalations")
        )
        span = self.contracts.index
        self.touches = run("touches", span.start, span.stop)
        self.decisions = run("decisions", span.start, span.stop)

    def any(self, rows: pd.Series[Any]) -> Array:
        """Which engagements stand among the rows."""
        flags = np.zeros(len(self.engagements), dtype=bool)
        flags[rows.to_numpy() - self.engagements.index.start] = True
        return flags


def column(frame: pd.DataFrame, name: str) -> Array:
    return frame[name].to_numpy()


def alive(frame: pd.DataFrame, today: int) -> Array:
    return (column(frame, "begins") <= today) & (column(frame, "until") > today)


def _listing(frame: pd.DataFrame, mask: Array, first: pd.Series[Any] | None = None) -> Any:
    """How many, and the first ten by `first` and id, with `first` beside the id if it is given."""
    ranks = frame["rank"][mask]
    if first is None:
        top = ranks.nsmallest(w.TOP).index
        return len(ranks), [(key,) for key in frame["id"].loc[top].tolist()]
    chosen = first[mask]
    top = ((chosen.astype(np.int64) * 2**32) + ranks).nsmallest(w.TOP).index
    return len(ranks), list(zip(frame["id"].loc[top].tolist(), chosen.loc[top].tolist(), strict=True))


def _counts(values: pd.Series[Any], labels: Any, *, zeros: bool) -> dict[Any, int]:
    counts = values.value_counts(sort=False).to_dict()
    shown = {label: counts.get(code, 0) for code, label in enumerate(labels) if zeros or code in counts}
    return {**shown, None: counts[-1]} if -1 in counts else shown


def report(ready: Prepared, as_of: date, lo: int, hi: int) -> w.Answer:
    days, cut = w.Calendar(as_of), Cut(ready, lo, hi)
    still = alive(cut.engagements, days.today)
    answer: w.Answer = {}
    _overview(answer, ready, cut, days, still)
    _risk(answer, ready, cut, days, still)
    _adoption(answer, ready, cut, days, still)
    _scores(answer, ready, cut, days)
    _renewal(answer, cut, days, still)
    return answer


def _overview(answer: w.Answer, ready: Prepared, cut: Cut, days: w.Calendar, still: Array) -> None:
    engagements = cut.engagements
    created = column(engagements, "created")
    answer["total_engagements"] = int(still.sum())
    is_new = (created >= days.year_start) & (created <= days.today)
    is_new &= column(engagements, "begins") <= days.today
    answer["new_engagements_ytd"] = int(is_new.sum())
    owned = engagements["position"][still & (column(engagements, "position") < len(ready.org))]
    owners = owned.nunique()
    answer["average_engagements_per_csm"] = len(owned) / owners if owners else None
    raised = cut.escalations["engagement"][alive(cut.escalations, days.today)]
    answer["engagements_with_escalations"] = _listing(engagements, still & cut.any(raised))
    reviews = cut.qbrs
    coming = (column(reviews, "scheduled") >= days.today) & (column(reviews, "held") > days.today)
    coming &= ~column(reviews, "cancelled")
    following = reviews[["engagement", "scheduled"]][coming].drop_duplicates("engagement")
    first = pd.Series(w.FAR, index=engagements.index, dtype=np.int32)
    first.loc[following["engagement"].to_numpy()] = following["scheduled"].to_numpy()
    count, rows = _listing(engagements, still & (first.to_numpy() < w.FAR), first)
    answer["engagements_with_upcoming_qbrs"] = count, [(key, w.to_day(on)) for key, on in rows]
    cells = engagements[["stage", "health"]][still].value_counts(sort=False).to_dict()
    stages = ready.labels["stage"]
    answer["health_by_stage"] = {
        stages[stage]: {
            word: cells.get((stage, code), 0) for code, word in enumerate((None, *w.HEALTH), start=-1)
        }
        for stage in sorted({stage for stage, _ in cells})
    }
    tasks = cut.tasks
    status = column(tasks, "status")
    late = (status < 2) & (column(tasks, "due") < days.today)
    bucket = pd.Series(np.where(late, 0, status + 1))[column(tasks, "begins") <= days.today]
    answer["success_manager_tasks"] = _counts(bucket, w.TASK_BUCKETS, zeros=True)


def in_force(contracts: pd.DataFrame, today: int) -> Array:
    mask = (column(contracts, "state") == w.ACTIVE) & (column(contracts, "starts") <= today)
    return mask & (column(contracts, "ends") >= today) & (column(contracts, "begins") <= today)


def _risk(answer: w.Answer, ready: Prepared, cut: Cut, days: w.Calendar, still: Array) -> None:
    engagements, contracts = cut.engagements, cut.contracts
    touched = cut.touches["contract"][alive(cut.touches, days.today)].to_numpy()
    flags = np.zeros(len(contracts), dtype=bool)
    flags[touched - contracts.index.start] = True
    at_risk = contracts["value"][flags & in_force(contracts, days.today)]
    answer["contract_value_at_risk"] = int(at_risk.sum())
    health = column(engagements, "health")
    answer["engagements_in_poor_health"] = {
        "red": int((still & (health == 2)).sum()),
        "yellow": int((still & (health == 1)).sum()),
    }
    on = column(cut.touchpoints, "scheduled")
    planned = (on >= days.today) & (on <= days.today + 90) & ~column(cut.touchpoints, "cancelled")
    quiet = still & ~cut.any(cut.touchpoints["engagement"][planned])
    answer["engagements_without_touchpoints"] = _listing(engagements, quiet)
    active = alive(cut.signals, days.today)
    answer["active_risk_signals"] = int(active.sum())
    counts = _counts(cut.signals["category"][active], ready.labels["category"], zeros=False)
    answer["top_risk_indicators"] = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5])
    answer["risk_signals_by_scope"] = _counts(
        cut.signals["scope"][active], ready.labels["scope"], zeros=False
    )
    answer["risk_signals_by_probability"] = _counts(
        cut.signals["probability"][active], w.PROBABILITY, zeros=True
    )


def _adoption(answer: w.Answer, ready: Prepared, cut: Cut, days: w.Calendar, still: Array) -> None:
    engagements = cut.engagements
    due, stages = column(engagements, "due"), ready.labels["stage"]
    waiting = still & (column(engagements, "live") > days.today)
    count, rows = _listing(engagements, waiting & (due < days.today), engagements["due"])
    answer["engagements_overdue_go_live"] = count, [(key, days.today - on) for key, on in rows]
    onboarding = stages.index("onboarding") if "onboarding" in stages else -1
    answer["engagements_in_onboarding"] = _listing(
        engagements, still & (column(engagements, "stage") == onboarding)
    )
    going = waiting & (due >= days.today) & (due <= days.today + 30)
    count, rows = _listing(engagements, going, engagements["due"])
    answer["engagements_going_live"] = count, [(key,) for key, _ in rows]
    rows = column(cut.objectives, "engagement") - engagements.index.start
    state = column(cut.objectives, "state")
    counted = np.bincount(rows[state < 4], minlength=len(engagements))
    done = np.bincount(rows[state == 3], minlength=len(engagements))
    answer["engagements_without_objectives"] = _listing(engagements, still & (counted == 0))
    mask = still & (5 * done > 4 * counted)
    top = engagements["rank"][mask].nsmallest(w.TOP).index
    at = top.to_numpy() - engagements.index.start
    share = done[at] / counted[at]
    answer["engagements_with_objectives_complete"] = (
        int(mask.sum()),
        list(zip(engagements["id"].loc[top].tolist(), share.tolist(), strict=True)),
    )
    answer["objective_progress"] = _counts(
        cut.objectives["state"][alive(cut.objectives, days.today)], w.OBJECTIVE_STATE, zeros=True
    )


def _scores(answer: w.Answer, ready: Prepared, cut: Cut, days: w.Calendar) -> None:
    scores, labels = cut.scores, ready.labels
    low = scores[["score"]][(column(scores, "score") < 50) & alive(scores, days.today)]
    near = scores.loc[low["score"].nsmallest(w.TOP, keep="all").index]
    parents, accounts = ready.tables["engagements"], ready.tables["accounts"]
    engagement = column(near, "engagement")
    near = near.assign(
        missing=engagement < 0,
        who=parents["rank"].to_numpy()[engagement],
        firm=accounts["rank"].to_numpy()[column(near, "account")],
    )
    near = near.sort_values(["score", "missing", "who", "product", "firm"]).head(w.TOP)
    rows = [
        (
            None if missing else parents["id"].iloc[engagement],
            accounts["id"].iloc[account],
            labels["product"][product],
            score,
            labels["priority"][priority] if priority >= 0 else None,
        )
        for missing, engagement, account, product, score, priority in near[
            ["missing", "engagement", "account", "product", "score", "priority"]
        ].itertuples(index=False)
    ]
    answer["low_adoption_products"] = len(low), rows


def _renewal(answer: w.Answer, cut: Cut, days: w.Calendar, still: Array) -> None:
    engagements, contracts = cut.engagements, cut.contracts
    state, stage, ends = column(contracts, "state"), column(contracts, "stage"), column(contracts, "ends")
    parent = column(contracts, "engagement")
    exists = column(contracts, "begins") <= days.today
    undecided = column(contracts, "decided") > days.today
    due = in_force(contracts, days.today) & undecided & (ends <= days.today + 90) & (parent >= 0)
    groups = contracts[["engagement", "ends", "value"]][due].groupby("engagement")
    next_due = groups.agg(ends=("ends", "min"), value=("value", "sum"))
    first = pd.Series(w.FAR, index=engagements.index, dtype=np.int32)
    first.loc[next_due.index] = next_due["ends"].astype(np.int32)
    renewing = first.to_numpy() < w.FAR
    poor = still & (column(engagements, "health") > 0)
    answer["renewals_due_in_poor_health"] = _listing(engagements, poor & renewing)
    mask = still & renewing
    key = (first[mask].astype(np.int64) * 2**32) + engagements["rank"][mask]
    top = key.nsmallest(w.TOP).index
    answer["engagements_with_renewals_due"] = (
        len(key),
        [
            (name, w.to_day(on), value)
            for name, on, value in zip(
                engagements["id"].loc[top].tolist(),
                first.loc[top].tolist(),
                next_due["value"].loc[top].tolist(),
                strict=True,
            )
        ],
    )
    active, reviewed = state == w.ACTIVE, (stage == w.AWAITING) | (stage == w.UNDER_REVIEW)
    running, extended = active | (state == w.EXPIRED), active & column(contracts, "extended")
    answer["opened_renewals"] = _listing(contracts, exists & ((running & reviewed) | extended))
    answer["contracts_on_extension"] = _listing(contracts, exists & extended)
    stages = _counts(contracts["stage"][exists], w.RENEWAL_STAGE, zeros=True)
    answer["renewals_by_stage"] = {word: stages[word] for word in w.RENEWAL_STAGE_SHOWN}
    answer["overdue_renewals"] = _listing(contracts, exists & running & (ends < days.today) & undecided)
    gone = exists & undecided & (state != w.DRAFT) & ~reviewed & ((ends < days.today) | (state == w.EXPIRED))
    charged = contracts[["starts", "value"]][exists & running]
    answer["contract_value_ytd"] = {"value": _by_month(days, charged["starts"], charged["value"])}
    _decided(answer, cut, days, contracts["engagement"][gone & (parent >= 0)])


def _decided(answer: w.Answer, cut: Cut, days: w.Calendar, gone: pd.Series[Any]) -> None:
    engagements = cut.engagements
    decisions = cut.decisions[alive(cut.decisions, days.today)]
    lost = column(decisions, "lost")
    answer["renewals_and_losses_ytd"] = {
        "won": _by_month(days, decisions["day"][~lost]),
        "lost": _by_month(days, decisions["day"][lost]),
    }
    parent = column(decisions, "engagement")
    rejected = decisions["engagement"][lost & ~column(decisions, "draft") & (parent >= 0)]
    mask = (cut.any(gone) | cut.any(rejected)) & (column(engagements, "begins") <= days.today)
    answer["lost_contracts"] = _listing(engagements, mask)


def _by_month(days: w.Calendar, when: pd.Series[Any], value: pd.Series[Any] | None = None) -> dict[str, int]:
    numbers = when.to_numpy()
    inside = (numbers >= days.year_start) & (numbers <= days.today)
    month = np.searchsorted(days.month_starts, numbers[inside], side="right") - 1
    months = pd.Series(month)
    sums = months.value_counts(sort=False) if value is None else value[inside].groupby(month).sum()
    return dict(zip(days.months, sums.reindex(range(len(days.months)), fill_value=0).tolist(), strict=True))
