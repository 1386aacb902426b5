"""How much something open presses: overdue, due soon, or as far as its status says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..columns import Codes, Dates, DerivedCodes
from ..scope import ViewTable

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["SOON", "known_urgency", "urgency"]

SOON = 7
"""Due soon is due on the as-of day or one of so many days after it."""


def urgency(due_on: Dates, today: int, status: Codes, labels: tuple[str, str]) -> Codes:
    """Of open rows, each in exactly one of `overdue`, `due_soon`, else what its status says.

    `labels` are the two statuses of what is open, the one that is under way first.
    """

    def make() -> Array:
        codes = np.int8(3) - status.is_(labels[0]).view(np.int8)
        codes[due_on.by(today + SOON)] = 1
        codes[due_on.before(today)] = 0
        return codes

    return DerivedCodes(make, ("overdue", "due_soon", *labels))


def known_urgency(table: ViewTable, labels: tuple[str, str], *among: str) -> list[int] | None:
    """How many open rows there are of each, where all are in view and were counted when they were laid out.

    `among` is what else they are counted by.
    """
    today, found = table.view.today, [0, 0]
    for label in labels:
        due, every = table.daily("due_on", *among, label), table.daily("begins", *among, label)
        if due is None or every is None:
            return None
        late, by_soon = due.by(today - 1, today), due.by(today + SOON, today)
        found[0] += late
        found[1] += by_soon - late
        found.append(every.by(today, today) - by_soon)
    return found
