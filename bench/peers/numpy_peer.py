"""The report on bare arrays: no frames, no engine. Not a peer but a mark: what plain NumPy on one core
gives."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from . import words as w
from .arrays import Array, Ready, prepare

__all__ = ["prepare", "report"]


class Cut:
    """One viewer's runs of every table."""

    def __init__(self, ready: Ready, lo: int, hi: int) -> None:
        self.ready = ready
        spans = {}
        for name in ("engagements", "contracts", "adoption_scores", "tasks"):
            spans[name] = ready.starts[name][lo], ready.starts[name][hi]
        first, last = spans["engagements"]
        for name in ("qbrs", "touchpoints", "objectives", "risk_signals", "escalations"):
            spans[name] = ready.starts[name][first], ready.starts[name][last]
        begin, end = spans["contracts"]
        for name in ("touches", "decisions"):
            spans[name] = ready.starts[name][begin], ready.starts[name][end]
        self.spans = spans
        self.first, self.begin = first, begin
        self.count = last - first

    def __getitem__(self, table: str) -> Any:
        start, end = self.spans[table]
        columns = self.ready.tables[table]
        return lambda name: columns[name][start:end]

    def any(self, rows: Array, mask: Array) -> Array:
        """Which engagements have a child of which it is true."""
        flags = np.zeros(self.count, dtype=bool)
        flags[rows[mask] - self.first] = True
        return flags


def _smallest(keys: Array) -> Array:
    """The places of the ten smallest keys, smallest first."""
    if len(keys) > w.TOP:
        near = np.argpartition(keys, w.TOP - 1)[: w.TOP]
        return near[np.argsort(keys[near])]
    return np.argsort(keys)


def _listing(ids: Any, ranks: Array, mask: Array, first: Array | None = None, columns: Any = ()) -> Any:
    """How many, and the first ten by `first` and id with their columns."""
    at = np.flatnonzero(mask)
    keys = ranks[at] if first is None else (first[at].astype(np.int64) << 32) + ranks[at]
    top = at[_smallest(keys)]
    names = [ids[place].as_py() for place in top.tolist()]
    return len(at), [(name, *(column(at) for column in columns)) for name, at in zip(names, top, strict=True)]


def _breakdown(codes: Array, labels: Any, *, zeros: bool) -> dict[Any, int]:
    counts = np.bincount(codes + 1, minlength=len(labels) + 1).tolist()
    shown = {label: count for label, count in zip(labels, counts[1:], strict=True) if zeros or count}
    if counts[0]:
        shown[None] = counts[0]
    return shown


def report(ready: Ready, as_of: date, lo: int, hi: int) -> w.Answer:
    days = w.Calendar(as_of)
    cut = Cut(ready, lo, hi)
    engagements = cut["engagements"]
    still = (engagements("begins") <= days.today) & (engagements("until") > days.today)
    health = engagements("health")
    poor = still & (health > 0)
    answer: w.Answer = {}
    _overview(answer, cut, days, still)
    _tasks(answer, cut, days)
    _risk(answer, cut, days, still, poor)
    _adoption(answer, cut, days, still)
    _objectives(answer, cut, days, still)
    _scores(answer, cut, days)
    _renewal(answer, cut, days, still, poor)
    return answer


def _overview(answer: w.Answer, cut: Cut, days: w.Calendar, still: Array) -> None:
    engagements, nobody = cut["engagements"], len(cut.ready.org)
    ids, ranks = engagements("id"), engagements("rank")
    created, owner = engagements("created"), engagements("position")
    answer["total_engagements"] = int(still.sum())
    is_new = (created >= days.year_start) & (created <= days.today) & (engagements("begins") <= days.today)
    answer["new_engagements_ytd"] = int(is_new.sum())
    owned = owner[still & (owner < nobody)]
    owners = np.count_nonzero(np.diff(owned)) + 1 if len(owned) else 0
    answer["average_engagements_per_csm"] = len(owned) / owners if owners else None
    calls = cut["escalations"]
    raised = (calls("begins") <= days.today) & (calls("until") > days.today)
    escalated = still & cut.any(calls("engagement"), raised)
    answer["engagements_with_escalations"] = _listing(ids, ranks, escalated)
    reviews = cut["qbrs"]
    held, on = reviews("held"), reviews("scheduled")
    coming = np.flatnonzero((on >= days.today) & (held > days.today) & ~reviews("cancelled"))[::-1]
    following = np.full(cut.count, w.FAR, dtype=np.int32)
    following[reviews("engagement")[coming] - cut.first] = on[coming]
    answer["engagements_with_upcoming_qbrs"] = _listing(
        ids, ranks, still & (following < w.FAR), following, [lambda at: w.to_day(following[at])]
    )
    stages = cut.ready.labels["stage"]
    cells = engagements("stage")[still].astype(np.int64) * 4 + engagements("health")[still] + 1
    table = np.bincount(cells, minlength=4 * len(stages)).reshape(-1, 4).tolist()
    answer["health_by_stage"] = {
        stage: dict(zip((None, *w.HEALTH), row, strict=True))
        for stage, row in zip(stages, table, strict=True)
        if sum(row)
    }


def _tasks(answer: w.Answer, cut: Cut, days: w.Calendar) -> None:
    tasks = cut["tasks"]
    status, due = tasks("status"), tasks("due")
    bucket = np.where((status < 2) & (due < days.today), 0, status + 1)
    answer["success_manager_tasks"] = _breakdown(
        bucket[tasks("begins") <= days.today], w.TASK_BUCKETS, zeros=True
    )


def _risk(answer: w.Answer, cut: Cut, days: w.Calendar, still: Array, poor: Array) -> None:
    engagements, contracts = cut["engagements"], cut["contracts"]
    health = engagements("health")
    touches = cut["touches"]
    active = (touches("begins") <= days.today) & (touches("until") > days.today)
    touched = np.zeros(len(contracts("value")), dtype=bool)
    touched[touches("contract")[active] - cut.begin] = True
    value = contracts("value")[touched & in_force(contracts, days)]
    answer["contract_value_at_risk"] = int(value.sum())
    answer["engagements_in_poor_health"] = {
        "red": int((still & (health == 2)).sum()),
        "yellow": int((still & (health == 1)).sum()),
    }
    points = cut["touchpoints"]
    on = points("scheduled")
    planned = (on >= days.today) & (on <= days.today + 90) & ~points("cancelled")
    quiet = still & ~cut.any(points("engagement"), planned)
    answer["engagements_without_touchpoints"] = _listing(engagements("id"), engagements("rank"), quiet)
    signals = cut["risk_signals"]
    active = (signals("begins") <= days.today) & (signals("until") > days.today)
    answer["active_risk_signals"] = int(active.sum())
    categories = _breakdown(signals("category")[active], cut.ready.labels["category"], zeros=False)
    top = sorted(categories.items(), key=lambda item: (-item[1], item[0]))[:5]
    answer["top_risk_indicators"] = dict(top)
    scopes = cut.ready.labels["scope"]
    answer["risk_signals_by_scope"] = _breakdown(signals("scope")[active], scopes, zeros=False)
    answer["risk_signals_by_probability"] = _breakdown(
        signals("probability")[active], w.PROBABILITY, zeros=True
    )


def _adoption(answer: w.Answer, cut: Cut, days: w.Calendar, still: Array) -> None:
    engagements = cut["engagements"]
    ids, ranks, due = engagements("id"), engagements("rank"), engagements("due")
    waiting = still & (engagements("live") > days.today)
    answer["engagements_overdue_go_live"] = _listing(
        ids, ranks, waiting & (due < days.today), due, [lambda at: days.today - int(due[at])]
    )
    stages = cut.ready.labels["stage"]
    onboarding = stages.index("onboarding") if "onboarding" in stages else -1
    answer["engagements_in_onboarding"] = _listing(ids, ranks, still & (engagements("stage") == onboarding))
    going = waiting & (due >= days.today) & (due <= days.today + 30)
    answer["engagements_going_live"] = _listing(ids, ranks, going, due)


def _objectives(answer: w.Answer, cut: Cut, days: w.Calendar, still: Array) -> None:
    engagements, aims = cut["engagements"], cut["objectives"]
    ids, ranks = engagements("id"), engagements("rank")
    rows, state = aims("engagement") - cut.first, aims("state")
    counted = np.bincount(rows[state < 4], minlength=cut.count)
    done = np.bincount(rows[state == 3], minlength=cut.count)
    answer["engagements_without_objectives"] = _listing(ids, ranks, still & (counted == 0))
    answer["engagements_with_objectives_complete"] = _listing(
        ids, ranks, still & (5 * done > 4 * counted), None, [lambda at: int(done[at]) / int(counted[at])]
    )
    alive = (aims("begins") <= days.today) & (aims("until") > days.today)
    answer["objective_progress"] = _breakdown(state[alive], w.OBJECTIVE_STATE, zeros=True)


def _scores(answer: w.Answer, cut: Cut, days: w.Calendar) -> None:
    scores, labels = cut["adoption_scores"], cut.ready.labels
    value, tables = scores("score"), cut.ready.tables
    low = (value < 50) & (scores("begins") <= days.today) & (scores("until") > days.today)
    at = np.flatnonzero(low)
    candidates = at
    if len(at) > w.TOP:
        candidates = at[value[at] <= np.partition(value[at], w.TOP - 1)[w.TOP - 1]]
    engagement, account = scores("engagement")[candidates], scores("account")[candidates]
    who = np.where(engagement < 0, w.FAR, tables["engagements"]["rank"][engagement])
    firm = tables["accounts"]["rank"][account]
    order = np.lexsort((firm, scores("product")[candidates], who, value[candidates]))[: w.TOP]
    rows = []
    for place in candidates[order].tolist():
        parent, code = int(scores("engagement")[place]), int(scores("priority")[place])
        rows.append((
            tables["engagements"]["id"][parent].as_py() if parent >= 0 else None,
            tables["accounts"]["id"][int(scores("account")[place])].as_py(),
            labels["product"][scores("product")[place]],
            float(value[place]),
            labels["priority"][code] if code >= 0 else None,
        ))  # fmt: skip
    answer["low_adoption_products"] = len(at), rows


def in_force(contracts: Any, days: w.Calendar) -> Array:
    mask = (contracts("state") == w.ACTIVE) & (contracts("starts") <= days.today)
    return mask & (contracts("ends") >= days.today) & (contracts("begins") <= days.today)


def _renewal(answer: w.Answer, cut: Cut, days: w.Calendar, still: Array, poor: Array) -> None:
    engagements, contracts = cut["engagements"], cut["contracts"]
    ids, ranks = engagements("id"), engagements("rank")
    state, stage, ends = contracts("state"), contracts("stage"), contracts("ends")
    exists, undecided = contracts("begins") <= days.today, contracts("decided") > days.today
    parent, value = contracts("engagement"), contracts("value")
    due = in_force(contracts, days) & undecided & (ends <= days.today + 90)
    at = np.flatnonzero(due & (parent >= 0))
    rows = parent[at] - cut.first
    first = np.full(cut.count, w.FAR, dtype=np.int32)
    np.minimum.at(first, rows, ends[at])
    total = np.zeros(cut.count, dtype=np.int64)
    np.add.at(total, rows, value[at])
    renewing = first < w.FAR
    answer["renewals_due_in_poor_health"] = _listing(ids, ranks, poor & renewing)
    answer["engagements_with_renewals_due"] = _listing(
        ids, ranks, still & renewing, first, [lambda at: w.to_day(first[at]), lambda at: int(total[at])]
    )
    active, reviewed = state == w.ACTIVE, (stage == w.AWAITING) | (stage == w.UNDER_REVIEW)
    running, extended = active | (state == w.EXPIRED), active & contracts("extended")
    names, places = contracts("id"), contracts("rank")
    opened = exists & ((running & reviewed) | extended)
    answer["opened_renewals"] = _listing(names, places, opened)
    answer["contracts_on_extension"] = _listing(names, places, exists & extended)
    counts = np.bincount(stage[exists] + 1, minlength=5).tolist()[1:]
    stages = dict(zip(w.RENEWAL_STAGE, counts, strict=True))
    answer["renewals_by_stage"] = {word: stages[word] for word in w.RENEWAL_STAGE_SHOWN}
    answer["overdue_renewals"] = _listing(names, places, exists & running & (ends < days.today) & undecided)
    gone = exists & undecided & (state != w.DRAFT) & ~reviewed & ((ends < days.today) | (state == w.EXPIRED))
    lost = parent[gone & (parent >= 0)]
    _decided(answer, cut, days, lost)
    charged = exists & (active | (state == w.EXPIRED))
    answer["contract_value_ytd"] = {"value": _by_month(days, contracts("starts")[charged], value[charged])}


def _decided(answer: w.Answer, cut: Cut, days: w.Calendar, lost: Array) -> None:
    engagements, decisions = cut["engagements"], cut["decisions"]
    holds = (decisions("begins") <= days.today) & (decisions("until") > days.today)
    is_lost, day, parent = decisions("lost"), decisions("day"), decisions("engagement")
    answer["renewals_and_losses_ytd"] = {
        "won": _by_month(days, day[holds & ~is_lost]),
        "lost": _by_month(days, day[holds & is_lost]),
    }
    rejected = parent[holds & is_lost & ~decisions("draft") & (parent >= 0)]
    left = np.zeros(cut.count, dtype=bool)
    left[lost - cut.first] = True
    left[rejected - cut.first] = True
    exists = engagements("begins") <= days.today
    answer["lost_contracts"] = _listing(engagements("id"), engagements("rank"), left & exists)


def _by_month(days: w.Calendar, when: Array, value: Array | None = None) -> dict[str, int]:
    inside = np.flatnonzero((when >= days.year_start) & (when <= days.today))
    month = np.searchsorted(days.month_starts, when[inside], side="right") - 1
    if value is None:
        sums = np.bincount(month, minlength=len(days.months))
    else:
        sums = np.zeros(len(days.months), dtype=np.int64)
        np.add.at(sums, month, value[inside])
    return dict(zip(days.months, sums.tolist(), strict=True))
