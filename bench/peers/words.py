"""What all peers share: the words of the enums, the calendar of a report, and the shape of an answer.

An answer is `{metric: value}`; a listing's value is `(how many, first ten rows)`, a row a tuple that
begins with the id. Money is int cents, days are `datetime.date`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

TABLES = (
    "users", "accounts", "engagements", "escalations", "qbrs", "touchpoints", "tasks", "risk_signals",
    "objectives", "adoption_scores", "contracts", "opportunities",
)  # fmt: skip
HEALTH = ("green", "yellow", "red")
TASK_STATUS = ("to_do", "in_progress", "completed", "cancelled")
PROBABILITY = ("high", "moderate", "low")
OBJECTIVE_STATE = ("new", "on_track", "at_risk", "completed", "cancelled")
CONTRACT_STATE = ("draft", "active", "expired", "cancelled")
RENEWAL_STAGE = ("awaiting_review", "under_review", "renewal_approved", "renewal_rejected")
RENEWAL_STAGE_SHOWN = ("awaiting_review", "renewal_approved", "renewal_rejected", "under_review")
TASK_BUCKETS = ("overdue", "to_do", "in_progress", "completed", "cancelled")

DRAFT, ACTIVE, EXPIRED, CANCELLED = range(4)
AWAITING, UNDER_REVIEW, APPROVED, REJECTED = range(4)

FAR = 2**31 - 1
"""A missing day that is to come: no day is later."""
EVER = -(2**31)
"""A missing day that has been: no day is earlier."""
TOP = 10

METRICS = (
    "total_engagements", "new_engagements_ytd", "average_engagements_per_csm",
    "engagements_with_escalations", "engagements_with_upcoming_qbrs", "health_by_stage",
    "success_manager_tasks",
    "contract_value_at_risk", "engagements_in_poor_health", "renewals_due_in_poor_health",
    "engagements_without_touchpoints", "active_risk_signals", "top_risk_indicators",
    "risk_signals_by_scope", "risk_signals_by_probability",
    "engagements_overdue_go_live", "engagements_in_onboarding", "engagements_going_live",
    "engagements_without_objectives", "engagements_with_objectives_complete", "objective_progress",
    "low_adoption_products",
    "engagements_with_renewals_due", "opened_renewals", "contracts_on_extension", "renewals_by_stage",
    "renewals_and_losses_ytd", "lost_contracts", "contract_value_ytd", "overdue_renewals",
)  # fmt: skip

_EPOCH = date(1970, 1, 1)

Answer = dict[str, Any]


def to_day(number: int) -> date:
    return _EPOCH + timedelta(days=int(number))


def day_number(day: date) -> int:
    return (day - _EPOCH).days


@dataclass(frozen=True)
class Calendar:
    """The days that the report's default options ask for."""

    as_of: date

    @cached_property
    def today(self) -> int:
        return day_number(self.as_of)

    @cached_property
    def year_start(self) -> int:
        return day_number(date(self.as_of.year, 1, 1))

    @cached_property
    def months(self) -> list[str]:
        return [f"{self.as_of.year:04d}-{month:02d}" for month in range(1, self.as_of.month + 1)]

    @cached_property
    def month_starts(self) -> list[int]:
        """The first day of each month so far, and the day after today."""
        firsts = [day_number(date(self.as_of.year, month, 1)) for month in range(1, self.as_of.month + 1)]
        return [*firsts, self.today + 1]


@dataclass(frozen=True)
class Org:
    """Positions of users in the preorder of the org tree; position `len(self)` is nobody's."""

    position: dict[Any, int]
    ends: np.ndarray[Any, Any]
    manager: np.ndarray[Any, Any]
    """Whether the user at each position sees what is below."""

    def __len__(self) -> int:
        return len(self.ends)

    def scope(self, viewer: Any | None) -> tuple[int, int]:
        """The positions that a viewer sees; None is everyone."""
        if viewer is None:
            return 0, len(self) + 1
        at = self.position[viewer]
        return at, int(self.ends[at]) if self.manager[at] else at + 1


def org_of(ids: list[Any], managers: list[Any], roles: list[str]) -> tuple[Org, np.ndarray[Any, Any]]:
    """The org, and the position of each row of users."""
    row = {key: number for number, key in enumerate(ids)}
    below: list[list[int]] = [[] for _ in ids]
    roots = []
    for number, manager in enumerate(managers):
        if manager is None or manager != manager:
            roots.append(number)
        else:
            below[row[manager]].append(number)
    order: list[int] = []
    stack = roots[::-1]
    while stack:
        number = stack.pop()
        order.append(number)
        stack.extend(reversed(below[number]))
    place = np.empty(len(ids), dtype=np.int32)
    place[order] = np.arange(len(ids), dtype=np.int32)
    size = np.ones(len(ids), dtype=np.int64)
    for number in reversed(order):
        for child in below[number]:
            size[number] += size[child]
    ends = (np.arange(len(ids)) + size[order]).astype(np.int32)
    manages = np.array([roles[number] == "success_manager" for number in order], dtype=bool)
    position = {ids[number]: at for at, number in enumerate(order)}
    return Org(position, ends, manages), place
