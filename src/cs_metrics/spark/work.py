"""What is done with one shard, wherever it is done: the same views and metrics as on one machine."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from ..errors import CsMetricsError, OptionError
from ..filters import Filters
from ..metric import Metric
from ..models import EffortModel
from ..portfolio import Portfolio
from ..results import Listing
from ..vocabulary.placing import Basis

if TYPE_CHECKING:
    from ..results import Result
    from ..view import View, Viewer

__all__ = [
    "Ask",
    "Compute",
    "CutBasis",
    "Job",
    "Measured",
    "Possible",
    "Present",
    "RowsOf",
    "answers",
    "live",
    "no_error",
]


class Job(Protocol):
    """What is found out about the view of one shard; it can be sent, and so can what it gives."""

    def __call__(self, view: View, /) -> Any: ...


@attrs.frozen
class Compute:
    """A metric with options; of listings the first `lines`, all where that is None."""

    metric: Metric
    options: Mapping[str, Any]
    lines: int | None = None

    def __call__(self, view: View, /) -> Result:
        found: Result = self.metric.compute(view, **self.options)
        if self.lines is not None and isinstance(found, Listing):
            found._keep(self.lines)
        return found


@attrs.frozen
class RowsOf:
    """The rows behind a metric, and what rows of several shards are put in order by."""

    job: Job

    def __call__(self, view: View, /) -> tuple[str, Any, list[tuple[Any, ...]]]:
        result = self.job(view)
        kind, rows = result._live().table.table.source.kind, result.rows()
        return kind, rows.to_arrow_table() if kind == "duckdb" else rows, result._row_keys()


@attrs.frozen
class Possible:
    """Whether a job can be done: nothing, or the error that it ends with."""

    job: Job

    def __call__(self, view: View, /) -> None:
        self.job(view)


@attrs.frozen
class CutBasis:
    """What a median or mean cut is taken over."""

    value: str
    effort: EffortModel

    def __call__(self, view: View, /) -> Basis:
        return Basis.of(view.accounts, self.value, self.effort)


@attrs.frozen
class Measured:
    """Which metrics are measured in the view, and in the view without filters."""

    def __call__(self, view: View, /) -> tuple[frozenset[str], frozenset[str]]:
        unfiltered = frozenset(view.unfiltered.measures.metrics)
        try:
            return frozenset(view.measures.metrics), unfiltered
        except OptionError:  # the filter's own model may be what has the slip
            return frozenset(), unfiltered


@attrs.frozen
class Present:
    """How many accounts there are."""

    def __call__(self, view: View, /) -> int:
        return view.accounts.everything.count


@attrs.frozen
class Ask:
    """Who looks, on which day, at what, and what they want to know."""

    as_of: dt.date
    viewer: Viewer
    filters: Filters | None
    jobs: tuple[Job, ...]
    measured: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """What is measured in the whole view, and in the whole view without filters, where that was asked for."""

    def view(self, path: str) -> View:
        """What they see of one shard."""
        view = Portfolio.open(path).view(as_of=self.as_of, viewer=self.viewer, filters=self.filters)
        view.unfiltered.measured_elsewhere = self.measured[1]
        view.measured_elsewhere = self.measured[0]
        return view


def answers(ask: Ask, path: str) -> bytes:
    """What one shard says to each job, pickled; in the place of an answer may stand an error of ours."""
    try:
        view = ask.view(path)
    except CsMetricsError as error:
        return pickle.dumps([pickle.dumps(error)] * len(ask.jobs))
    return pickle.dumps([_answer(job, view) for job in ask.jobs])


def _answer(job: Job, view: View) -> bytes:
    try:
        return pickle.dumps(job(view))  # what is only worked out when it is asked for is asked for now
    except CsMetricsError as error:
        return pickle.dumps(error)


def live(ask: Ask, path: str) -> Result:
    """The result of the only job, with the rows behind it."""
    (job,) = ask.jobs
    found: Result = job(ask.view(path))
    return found


def no_error(answer: Any) -> Any:
    """An answer, unless it is an error of ours."""
    if isinstance(answer, CsMetricsError):
        raise answer
    return answer
