"""One viewer's question to all shards: asked in as many passes as it takes, and the answers merged.

A median or mean needs the whole: what it is taken over is collected in a pass of its own, and the shards are then
cut at the thresholds found. The result says what was asked, as it would on one machine.
"""

from __future__ import annotations

import datetime as dt
import functools
import pickle
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import CsMetricsError, MissingTable, OptionError
from ..metric import Metric
from ..models import Cut, Model
from ..money import exponent
from ..narrow import segmented
from ..report import Report, ReportResult, Unavailable
from ..results import Result
from ..vocabulary.placing import Basis, in_amounts
from .whole import WholeView
from .work import Ask, Compute, CutBasis, Job, Measured, Present, answers, no_error

if TYPE_CHECKING:
    from ..filters import Filters
    from ..view import Viewer
    from .folder import Shards
    from .runners import Runner

__all__ = ["Inquiry", "known_options", "merged"]

ANY_CUT = Cut.at(0, 0)
"""Where nothing is placed, or nothing can be, any thresholds do: every shard has the same ones."""


class Inquiry:
    """Who looks at which day at what, over which shards; `runner` does the work on them."""

    def __init__(
        self,
        runner: Runner,
        shards: Shards,
        as_of: dt.date,
        viewer: Viewer,
        filters: Filters | None,
        *,
        lines: int | None = None,
    ) -> None:
        self.runner, self.shards, self.lines = runner, shards, lines
        self.as_of, self.viewer, self.filters = as_of, viewer, filters
        self._sent = filters
        self._cut: Cut | None = None
        if filters is not None and filters.customer_segments is not None:
            self._cut_filters(filters)

    def _cut_filters(self, filters: Filters) -> None:
        """Segments that are looked for are cut over all accounts in view, whatever the other filters."""
        value, effort, cut = segmented(filters)
        if cut.kind == "at":
            self._cut = in_amounts(cut, exponent(self.shards.settings.currency))
            return
        wanted = CutBasis(value, effort)
        self._cut = self._thresholds(self._ask([wanted], None)[0], cut)
        self._sent = attrs.evolve(filters, cut=self._cut or ANY_CUT)

    @property
    def view(self) -> WholeView:
        """What stands for the view in reports."""
        return WholeView(self.shards, self.as_of, self.viewer, self.filters, self._cut)

    # asking ---------------------------------------------------------------------------------------------

    def results(self, calls: Iterable[tuple[Metric, Mapping[str, Any]]]) -> list[Result | CsMetricsError]:
        """Of each metric with its options the result over the whole, or the error that stands in its way."""
        asked = [Compute(metric, options, self.lines) for metric, options in calls]
        sent = self._exact(asked)
        different: list[Job] = []
        for one in sent:
            if one not in different:
                different.append(one)
        found = self._ask(different, self._sent)
        return [
            self._result(one, found[different.index(exact)]) for one, exact in zip(asked, sent, strict=True)
        ]

    def calls(
        self, wanted: Metric | Report, options: Mapping[str, Any]
    ) -> list[tuple[Metric, dict[str, Any]]]:
        """Which metrics a metric or report is made of, each with those of the options that it knows."""
        given = {name: value for name, value in options.items() if name in known_options(wanted)}
        return [(wanted, given)] if isinstance(wanted, Metric) else wanted.calls(self.view, given)

    def made(
        self, wanted: Metric | Report, found: Sequence[Result | CsMetricsError]
    ) -> Result | ReportResult:
        """A metric's result, or the report of its metrics' results.

        Raises:
            CsMetricsError: the one that stands in the way; in reports `Unavailable` says that a table is missing.
        """
        if isinstance(wanted, Metric):
            result: Result = no_error(found[0])
            return result
        results = {
            metric.id: Unavailable(metric, one.table) if isinstance(one, MissingTable) else no_error(one)
            for metric, one in zip(wanted.metrics, found, strict=True)
        }
        return ReportResult(report=wanted, view=self.view, results=results)

    def count_of_accounts(self) -> int:
        """How many accounts are in view."""
        found = self._ask([Present()], self._sent)[0]
        return sum(map(no_error, found))

    def rows(self, compute: Compute) -> Any:
        """The rows behind a metric: in the order of the result, unless Spark has them."""
        (exact,) = self._exact([compute])
        ask = Ask(self.as_of, self.viewer, self._sent, (exact,))
        if any(isinstance(value, Model) for value in {**compute.metric.defaults, **compute.options}.values()):
            ask = self._aware(ask)
        return self.runner.rows(ask, self.shards, compute.metric.counts)

    def _ask(self, jobs: Sequence[Job], filters: Filters | None) -> list[list[Any]]:
        """Of each job what all shards answer.

        A shard may take a metric of a model for a slip that is measured in another one: then all are told what is
        measured anywhere, and asked again.
        """
        if not jobs:
            return []
        ask = Ask(self.as_of, self.viewer, filters, tuple(jobs))
        found = self._answers(ask)
        if any(isinstance(one, OptionError) and one.option == "model" for of_job in found for one in of_job):
            found = self._answers(self._aware(ask))
        return found

    def _answers(self, ask: Ask) -> list[list[Any]]:
        work = functools.partial(answers, ask)
        told = [pickle.loads(one) for one in self.runner.answers(work, self.shards.paths)]
        return [[pickle.loads(answer) for answer in of_job] for of_job in zip(*told, strict=True)]

    def _aware(self, ask: Ask) -> Ask:
        """The same question, asked with what is measured in the whole: first without filters, which may go by it."""
        for _ in range(1 if ask.filters is None else 2):
            found = self._answers(attrs.evolve(ask, jobs=(Measured(),)))[0]
            if any(isinstance(one, MissingTable) for one in found):
                return ask
            here, everywhere = zip(*map(no_error, found), strict=True)
            nothing: frozenset[str] = frozenset()
            ask = attrs.evolve(ask, measured=(nothing.union(*here), nothing.union(*everywhere)))
        return ask

    # cuts that need the whole ---------------------------------------------------------------------------

    def _exact(self, asked: Sequence[Compute]) -> list[Compute]:
        """The same calls with thresholds in the place of medians and means."""
        needs = {place: _needs(one) for place, one in enumerate(asked)}
        different = list(dict.fromkeys(found[0] for found in needs.values() if found is not None))
        bases = dict(zip(different, self._ask(different, self._sent), strict=True))
        exact = list(asked)
        for place, need in needs.items():
            if need is not None:
                cut = self._thresholds(bases[need[0]], need[1]) or ANY_CUT
                options = {**asked[place].options, "cut": cut}
                exact[place] = attrs.evolve(asked[place], options=options)
        return exact

    @staticmethod
    def _thresholds(found: Sequence[Any], cut: Cut) -> Cut | None:
        """The thresholds of all shards together; None where nothing is placed."""
        if any(isinstance(one, MissingTable) for one in found):
            return None  # whoever needs that table says so
        return Basis.together(list(map(no_error, found))).cut(cut)

    # what is made of the answers ------------------------------------------------------------------------

    def _result(self, asked: Compute, found: Sequence[Any]) -> Result | CsMetricsError:
        wrong = next((one for one in found if isinstance(one, CsMetricsError)), None)
        if wrong is not None:
            return wrong
        result = merged(found)
        filters = {} if self.filters is None else self.filters.to_dict()
        context = attrs.evolve(result.context, filters=filters, portfolio=self.shards.fingerprint)
        need, spec = _needs(asked), result.spec
        if need is not None:
            spec = attrs.evolve(spec, options={**spec.options, "cut": need[1]})
        result._as_asked(spec, context)
        result._elsewhere = functools.partial(self.rows, asked)
        return result


def known_options(wanted: Metric | Report) -> set[str]:
    """The options that a metric, or one of a report's, knows."""
    metrics = (wanted,) if isinstance(wanted, Metric) else wanted.metrics
    return {name for metric in metrics for name in metric.defaults}


def _needs(asked: Compute) -> tuple[CutBasis, Cut] | None:
    """What must be known of the whole before a metric can be computed in parts."""
    chosen = {**asked.metric.defaults, **asked.options}
    cut = chosen.get("cut")
    if not isinstance(cut, Cut) or cut.kind == "at":
        return None
    if not chosen.keys() >= {"value", "effort"}:
        told = f"Cut.at(value, effort): how {asked.metric.id} is cut over the whole is not known"
        raise OptionError("cut", cut, told)
    return CutBasis(chosen["value"], chosen["effort"]), cut


def merged(results: Sequence[Result]) -> Result:
    """The result over all parts, merged in pairs, so that long listings are gone through few times.

    Raises:
        OptionError: results of that kind cannot be merged.
    """
    while len(results) > 1:
        pairs = [results[place : place + 2] for place in range(0, len(results), 2)]
        results = [pair[0] if len(pair) == 1 else _both(*pair) for pair in pairs]
    return results[0]


def _both(one: Result, other: Result) -> Result:
    try:
        found = one.merge(other)
    except NotImplementedError:
        told = f"metrics whose results merge: one of the kind {one.kind!r} does not"
        raise OptionError("metrics", one.spec.id, told) from None
    found._parts = ()  # they have no rows either, and would only take up memory
    return found
