"""Accounts graded by a model: each one's score, how much of the model it covers, and its band."""

from __future__ import annotations

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
    codes: Array = np.full(len(values), -1, np.int8)
    for code, (low, high) in enumerate(model.bands.values()):
        codes[(values >= low) & ((values < high) | (high == 100))] = code
    return Codes(codes, tuple(model.bands))


def _graded(accounts: ViewTable, model: Model, day: int) -> Grades:
    """The weighted mean of the positions, added up in the model's order; what is missing as the model says.

    Rounding takes no score beyond 100, nor that of an account that lacks everything away from the worst.
    """
    total = sum(model.weights.values())
    above, weight = np.zeros(accounts.n), np.zeros(accounts.n)
    for metric, counts in model.weights.items():
        rows, values = _readings(accounts, model, metric, day)
        positions = counts * _positions(values, *model.scales[metric])
        weight[rows] += counts
        if model.missing == "worst" and model.worst:
            everywhere = np.full(accounts.n, counts * model.worst)
            everywhere[rows] = positions
            above += everywhere
        else:
            above[rows] += positions
    with np.errstate(invalid="ignore", divide="ignore"):
        scores = np.minimum(above / (total if model.missing == "worst" else weight), 100.0)
    if model.missing == "worst":
        scores[weight == 0] = model.worst
    if model.missing == "none":
        scores[~_complete(accounts, model, day)] = np.nan
    return Grades(Numbers(scores), Numbers(weight / total))


def _complete(accounts: ViewTable, model: Model, day: int) -> Flags:
    """Which accounts lack none of the metrics."""
    found: Flags = np.ones(accounts.n, bool)
    for metric in model.weights:
        here = np.zeros(accounts.n, bool)
        here[_readings(accounts, model, metric, day)[0]] = True
        found &= here
    return found


def _positions(values: Array, low: float, high: float) -> Array:
    """Where values lie on the scale, 0 to 100."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = (values - low) / (high - low)
    return np.asarray(np.minimum(np.maximum(found, 0.0), 1.0) * 100)


def _readings(accounts: ViewTable, model: Model, metric: str, day: int) -> tuple[Array, Array]:
    """The accounts in view that have a metric on a day, and its values."""
    if metric in (EMPLOYEES, SEATS):
        numbers = accounts.employees if metric == EMPLOYEES else accounts.seats
        rows = np.flatnonzero(~numbers.missing)
        return rows, numbers.values[rows].astype(float)
    if metric == MISALIGNMENT:
        positions = accounts.view.stack_positions.per_account
        rows = np.flatnonzero(positions.any)
        return rows, 100 - 100 * positions.aligned[rows] / positions.applicable[rows]
    measures = accounts.view.measures
    rows, values = measures.latest(metric, day)
    if not len(rows) and metric not in measures.metrics:
        known = measures.metrics - model.weights.keys()
        if misspelt(metric, known):
            raise OptionError("model", metric, sorted(known | set(DERIVED)))
    return rows, values
