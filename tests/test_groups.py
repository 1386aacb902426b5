"""Listings of groups: how they rank, merge, travel, and which rows stand behind them."""

from __future__ import annotations

import json
import pickle
from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema
import numpy as np
import pytest

import cs_metrics as csm
from builders import everyone, portfolio
from cs_metrics.columns import Amounts, Dates, Numbers
from cs_metrics.errors import RowsNotKept
from cs_metrics.results import Groups, Result, schema
from cs_metrics.results.groups import Quotient, kept, latest, summed


@csm.metric(title="Tasks by status", unit="groups", source="a test", counts="tasks")
def by_status(view: Any, *, limit: int | None = None) -> Groups:
    """Tasks by status, the largest share of done first."""
    tasks = view.tasks
    size = len(tasks.status.labels)
    rows = tasks.everything.flags
    codes = tasks.status.codes
    counts = np.array([np.count_nonzero(rows & (codes == code)) for code in range(size)])
    done = np.array(
        [np.count_nonzero(rows & (codes == code) & ~tasks.completed_on.missing) for code in range(size)]
    )
    last = np.array([max(tasks.due_on.days[codes == code], default=0) for code in range(size)], np.int32)
    return Groups(
        tasks.everything, "status", tasks.status.labels,
        {
            "tasks": summed(Numbers(counts)), "worth": summed(Amounts(counts * 150, 2)),
            "last_due_on": latest(Dates(last)), "length": kept(Numbers(np.arange(size))),
            "done": summed(Numbers(done)), "share": Quotient("done", "tasks"),
        },
        by=("share",), hidden=("done",), occurs=counts > 0, limit=limit,
    )  # fmt: skip


def a_portfolio(*tasks: dict[str, Any]) -> csm.Portfolio:
    return portfolio(tasks=[{"id": f"T{n}", "account_id": "A1", **task} for n, task in enumerate(tasks)])


DUE = {"due_on": date(2026, 7, 1)}
DONE = {"completed_on": date(2026, 6, 1), **DUE}
LEFT = [{"status": "to_do", **DUE}, {"status": "completed", **DONE}, {"status": "completed", **DUE}]
RIGHT = [{"status": "to_do", **DONE, "due_on": date(2026, 8, 1)}, {"status": "cancelled", **DUE}]


def renamed(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [task | {"id": f"R{n}"} for n, task in enumerate(tasks)]


def test_lines_stand_by_rank_then_by_label() -> None:
    found = by_status(everyone(a_portfolio(*LEFT, *RIGHT)))
    assert isinstance(found, csm.Listing)
    assert found.head() == [
        ("completed", 2, Decimal("3.00"), date(2026, 7, 1), 2, 0.5),
        ("to_do", 2, Decimal("3.00"), date(2026, 8, 1), 0, 0.5),
        ("cancelled", 1, Decimal("1.50"), date(2026, 7, 1), 3, 0.0),
    ]
    assert (found.value, found.total, found.used) == (3, 3, 5)
    assert found.rows()["id"].tolist() == ["T0", "T1", "T2", "T3", "T4"]
    assert found.names == ["status", "tasks", "worth", "last_due_on", "length", "share"]


def test_a_limit_cuts_what_is_shown_only() -> None:
    found = by_status(everyone(a_portfolio(*LEFT, *RIGHT)), limit=1)
    assert found.to_frame()["status"].tolist() == ["completed"]
    assert found.all()["status"].tolist() == ["completed", "to_do", "cancelled"]
    assert found.all()["last_due_on"].astype(str).tolist() == ["2026-07-01", "2026-08-01", "2026-07-01"]
    assert found.value == found.total == 3
    assert len(found.to_dict()["rows"]) == 3


def test_parts_merge_to_the_whole() -> None:
    one = by_status(everyone(a_portfolio(*LEFT)))
    two = by_status(everyone(a_portfolio(*renamed(RIGHT))))
    whole = by_status(everyone(a_portfolio(*LEFT, *renamed(RIGHT))))
    merged = one.merge(two)
    assert merged == whole and merged.value == 3
    assert merged.rows()["id"].tolist() == whole.rows()["id"].tolist()
    assert merged.to_frame().equals(whole.to_frame())
    sent = pickle.loads(pickle.dumps(one)).merge(pickle.loads(pickle.dumps(two)))
    assert sent == whole and pickle.loads(pickle.dumps(merged)) == whole
    with pytest.raises(RowsNotKept):
        sent.rows()


def test_they_travel_as_json() -> None:
    found = by_status(everyone(a_portfolio(*LEFT, *RIGHT)), limit=2)
    data = json.loads(found.to_json())
    jsonschema.Draft202012Validator(schema()).validate(data)
    back = Result.from_dict(data)
    assert isinstance(back, Groups)
    assert back == found and back.value == 3 and back.head() == found.head()
    assert pickle.loads(pickle.dumps(back)) == found
    with pytest.raises(RowsNotKept):
        back.merge(back)


def test_no_rows_no_groups() -> None:
    found = by_status(everyone(a_portfolio()))
    assert found.value == 0 and found.head() == [] and len(found.to_frame()) == 0
    assert found.merge(found).value == 0
