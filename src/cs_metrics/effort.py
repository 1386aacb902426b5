"""Effort of accounts: how much work it takes to serve each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .metric import metric
from .models import DEFAULT_EFFORT, EffortModel
from .results import Scores

if TYPE_CHECKING:
    from .view import View

__all__ = ["scores"]


@metric(
    title="Effort scores", unit="accounts",
    source="Lifecycle Insights Customer Success Dashboard › Effort metrics", counts="accounts",
    needs=("accounts", "measures", "stack_positions"),
)  # fmt: skip
def scores(view: View, model: EffortModel = DEFAULT_EFFORT) -> Scores:
    """Accounts with their effort, 0 (least) to 100 (most); most first, then by id.

    As health scores, over measures of effort and what is derived: account:employees, account:seats, and
    stack:misalignment (100 − the aligned share of the applicable stack positions, in %; none where nothing
    applies). `missing="worst"` counts metrics that an account lacks as 100. Accounts without a score are
    excluded. Tables that the model's metrics do not need may be missing.
    """
    accounts = view.accounts
    grades = accounts.graded(model)
    rows = accounts.everything.only(grades.known, otherwise="without an effort score")
    return Scores(rows, {"score": grades.scores, "coverage": grades.coverage}, by=[-grades.scores.values])
