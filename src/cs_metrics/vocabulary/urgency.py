"""How much something open presses: overdue, due soon, or as far as its status says."""

from __future__ import annotations

import numpy as np

from ..columns import Codes, Dates

__all__ = ["SOON", "urgency"]

SOON = 7
"""Due soon is due on the as-of day or one of so many days after it."""


def urgency(due_on: Dates, today: int, under_way: Codes, labels: tuple[str, str]) -> Codes:
    """Of open rows, each in exactly one of `overdue`, `due_soon`, else what its status says.

    `labels` are the two statuses of what is open, the one that is under way first.
    """
    codes = np.where(under_way.is_(labels[0]), np.int8(2), np.int8(3))
    codes[due_on.by(today + SOON)] = 1
    codes[due_on.before(today)] = 0
    return Codes(codes, ("overdue", "due_soon", *labels), complete=True)
