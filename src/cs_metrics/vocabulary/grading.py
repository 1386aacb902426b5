"""Accounts graded by a model: each one's score, how much of the model it covers, and its band."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..columns import Codes, Flags, Numbers
from ..errors import OptionError
from ..models import DERIVED, EMPLOYEES, MISALIGNMENT, SEATS, HealthModel, Model, misspelt

if TYPE_CHECKING:
    from ..columns import Array
    from ..scope import ViewTable

__all__ = ["Grades", "bands", "graded"]

BLOCK = 1 << 15


@attrs.frozen(eq=False)
class Grades:
    """The score of each account in view, NaN without one, and the weight present ÷ the model's whole weight."""

    scores: Numbers
    coverage: Numbers

    @property
    def known(self) -> Flags:
        """Which accounts have a score."""
        return ~self.scores.missing


def graded(accounts: ViewTable, model: Model, day: int) -> Grades:
    """The accounts in view under a model by the measures of a day, computed once a view."""
    return accounts.once(("graded", model, day), lambda: _graded(accounts, model, day))


def bands(accounts: ViewTable, model: HealthModel, day: int) -> Codes:
    """The health band of each account in view on a day, missing where there is no score."""
    return accounts.once(("bands", model, day), lambda: _bands(graded(accounts, model, day).scores, model))


def _bands(scores: Numbers, model: HealthModel) -> Codes:
    """A band holds its lower bound, the highest one its upper too."""
    values = scores.values
    places: Array = (values >= 0).view(np.int8) - np.int8(1)  # no comparison is true of a missing score
    rising = sorted(range(len(model.bands)), key=[low for low, _ in model.bands.values()].__getitem__)
    for code in rising[1:]:
        places += values >= [*model.bands.values()][code][0]
    if rising != sorted(rising):
        places = np.array([*rising, -1], np.int8)[places]
    return Codes(places, tuple(model.bands))


def _graded(accounts: ViewTable, model: Model, day: int) -> Grades:
    """The weighted mean of the positions, in blocks that stay near the processor."""
    readings = [_reading(accounts, model, metric, day) for metric in model.weights]
    scores, coverage = np.empty((2, accounts.n))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for first in range(0, accounts.n, BLOCK):
            block = slice(first, first + BLOCK)
            parts = [(values[block], known[block]) for values, known in readings]
            scores[block], coverage[block] = _grade(model, parts)
    return Grades(Numbers(scores), Numbers(coverage))


def _grade(model: Model, readings: list[tuple[Array, Flags]]) -> tuple[Array, Array]:
    """Scores and coverage, added up in the model's order; what is missing as the model says.

    Rounding takes no score beyond 100, nor that of an account that lacks everything away from the worst.
    """
    # one after the other: sum() rounds otherwise from Python 3.12 on
    total = functools.reduce(operator.add, model.weights.values())
    above, weight = np.zeros((2, len(readings[0][0])))
    for (metric, counts), (values, known) in zip(model.weights.items(), readings, strict=True):
        low, high = model.scales[metric]
        position = values - low
        position /= high - low
        np.clip(position, 0.0, 1.0, out=position)
        position *= 100
        present = known * counts
        position *= present
        above += position
        weight += present
        if model.missing == "worst" and model.worst:
            above += model.worst * (counts - present)
    scores = np.clip(above / (total if model.missing == "worst" else weight), 0.0, 100.0)
    if model.missing == "worst":
        scores[weight == 0] = model.worst
    if model.missing == "none":
        scores[~np.logical_and.reduce([known for _, known in readings])] = np.nan
    return scores, weight / total


def _reading(accounts: ViewTable, model: Model, metric: str, day: int) -> tuple[Array, Flags]:
    """A metric of each account in view on a day, and which of them have it."""
    if metric in (EMPLOYEES, SEATS):
        numbers: Numbers = accounts.employees if metric == EMPLOYEES else accounts.seats
        return numbers.values, ~numbers.missing
    if metric == MISALIGNMENT:
        positions = accounts.view.stack_positions.per_account
        assert positions.misalignment is not None
        return positions.misalignment, positions.any
    measures = accounts.view.measures
    values, known = measures.latest(metric, day)
    if metric not in measures.table.prepared.series or not known.any():
        names = measures.metrics | accounts.view.measured_elsewhere
        others = names - model.weights.keys()
        if metric not in names and misspelt(metric, others):
            raise OptionError("model", metric, sorted(others | set(DERIVED)))
    return values, known
