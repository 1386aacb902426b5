"""The shape of an answer of the review, alike for all peers; and what they all do with NumPy at the end.

A trend is `(current, previous)`; money is int cents, a ratio a float or None. Playbooks are the first five by
open runs, alerts how many there are and the first five by MRR.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from . import words as w

METRICS = (
    "new_accounts", "new_users", "active_subscriptions", "active_mrr", "cancelled_subscriptions",
    "cancelled_mrr", "upcoming_renewals", "product_adoption_health", "renewals_accomplished", "new_tasks",
    "tasks_completed", "open_tasks", "playbook_status", "alert_status", "emails_sent", "calls_made",
    "playbooks_completed",
)  # fmt: skip
COLUMNS = ("overdue", "due_soon", "in_progress", "new")
SOON = 7
SHOWN = 5


@dataclass(frozen=True)
class Days:
    """The days of a trailing window of 30 days up to a day."""

    as_of: date

    @cached_property
    def today(self) -> int:
        return w.day_number(self.as_of)

    @cached_property
    def before(self) -> int:
        return self.today - 30

    @cached_property
    def windows(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The window, and the one before it."""
        return (self.today - 30, self.today), (self.today - 60, self.today - 31)


def ratio(above: float, below: float) -> float | None:
    return above / below if below else None


def mean_of_means(accounts: Any, scores: Any, size: int) -> float | None:
    """The mean over accounts of the mean of their scores."""
    counts = np.bincount(accounts, minlength=size)
    scored = counts > 0
    sums = np.bincount(accounts, scores, size)
    return ratio(float((sums[scored] / counts[scored]).sum()), int(scored.sum()))


def playbooks(cells: Any, labels: list[str]) -> dict[str, dict[str, int]]:
    """The first playbooks by open runs; `cells` are counts by playbook and urgency, one after the other."""
    table = np.asarray(cells).reshape(len(labels), 4)
    totals = table.sum(axis=1).tolist()
    first = sorted(
        (-total, label, place) for place, (total, label) in enumerate(zip(totals, labels, strict=True))
    )
    return {
        label: dict(zip(COLUMNS, table[place].tolist(), strict=True))
        for total, label, place in first[:SHOWN]
        if total
    }


def alerts(counts: Any, money: Any, latest: Any, labels: list[str]) -> tuple[int, list[tuple[Any, ...]]]:
    """How many alerts have accounts, and the first by MRR."""
    lines = [
        (label, int(count), int(cents), w.to_day(day))
        for label, count, cents, day in zip(labels, counts, money, latest, strict=True)
        if count
    ]
    lines.sort(key=lambda line: (-line[2], line[0]))
    return len(lines), lines[:SHOWN]
