"""A report: metrics in sections, for a purpose and an audience, computed together."""

from __future__ import annotations

import enum
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from .errors import MissingTable, OptionError, RowsNotKept
from .filters import GO_BY
from .metric import Metric, check_view, metric_of
from .results import Context, Listing, Result
from .results.base import said
from .results.version import REPORTS

if TYPE_CHECKING:
    import datetime as dt
    import os

    from .view import View

__all__ = ["Audience", "Purpose", "Report", "ReportResult", "Section", "Unavailable", "settle_models"]


RR = TypeVar("RR", bound="ReportResult")


class Purpose(enum.StrEnum):
    """What a report is for: a list to act on, or a picture to see and to recommend from."""

    OPERATIONALIZE = "operationalize"
    INSIGHT = "insight"


class Audience(enum.StrEnum):
    """Whom a report serves."""

    CSM = "csm"
    CSM_MANAGER = "csm_manager"
    ANALYTICS = "analytics"
    LEADERSHIP = "leadership"
    EXECUTIVE = "executive"


def _metrics(given: Iterable[Metric | Callable[..., Any]]) -> tuple[Metric, ...]:
    return tuple(found if isinstance(found, Metric) else metric_of(found) for found in given)


def _audiences(given: Iterable[Audience | str]) -> tuple[Audience, ...]:
    return tuple(Audience(audience) for audience in given)


def _sections(given: Iterable[Section]) -> tuple[Section, ...]:
    return tuple(given)


@attrs.frozen
class Section:
    """A titled part of a report (a tab of the page) and its metrics in order."""

    title: str
    metrics: tuple[Metric, ...] = attrs.field(converter=_metrics)


@attrs.frozen
class Unavailable:
    """The place of a metric that could not be computed because a table was not supplied."""

    metric: Metric
    table: str

    def __str__(self) -> str:
        return f"needs {self.table}"


@attrs.frozen(kw_only=True)
class Report:
    """Which metrics, in which sections, for whom and to what end; `compute(view)` gives a `ReportResult`.

    `options` are given to the metrics that know them: `compute(view, within=60)`. `settle`, where a report has
    it, says with which options its metrics are called, for a view and the options given.
    """

    id: str
    title: str
    purpose: Purpose = attrs.field(converter=Purpose)
    audiences: tuple[Audience, ...] = attrs.field(converter=_audiences)
    source: str
    sections: tuple[Section, ...] = attrs.field(converter=_sections)
    settle: Callable[[View, Mapping[str, Any]], Mapping[str, Any]] | None = attrs.field(
        default=None, repr=False, eq=False
    )

    metrics: tuple[Metric, ...] = attrs.field(init=False, repr=False, eq=False)
    """All metrics of the report, in order."""

    @metrics.default
    def _all(self) -> tuple[Metric, ...]:
        return tuple(metric for section in self.sections for metric in section.metrics)

    def compute(self, view: View, **options: Any) -> ReportResult:
        """Every metric of the report over one view; where a table is missing, `Unavailable` says so."""
        check_view(view)
        calls = self.calls(view, options)
        results = dict(zip((m.id for m in self.metrics), self._run(view, calls), strict=True))
        return ReportResult(report=self, view=view, results=results)

    def calls(self, view: View, options: Mapping[str, Any]) -> list[tuple[Metric, dict[str, Any]]]:
        """Each metric of the report, and with which options it is called."""
        for name, value in options.items():
            known = {name for metric in self.metrics for name in metric.defaults}
            if name not in known:
                raise OptionError(
                    name, value, f"only options that its metrics have: {', '.join(sorted(known))}"
                )
        settled = options if self.settle is None else self.settle(view, options)
        if not settled:
            return [(metric, {}) for metric in self.metrics]
        return [
            (metric, {name: value for name, value in settled.items() if name in metric.defaults})
            for metric in self.metrics
        ]

    @staticmethod
    def _run(view: View, calls: Iterable[tuple[Metric, dict[str, Any]]]) -> list[Result | Unavailable]:
        jobs = [_job(metric, view, given) for metric, given in calls]
        if not view.shared:
            return [job() for job in jobs]
        return _from_both_ends(jobs)


def settle_models(view: View, options: Mapping[str, Any]) -> dict[str, Any]:
    """One health model for all metrics of a report; what is not given is that of the view's filters.

    So a dashboard that is narrowed down to a segment or a band shows its accounts where the filter saw them.
    """
    settings = {} if view.filters is None else view.filters.settings
    names = {"health_model": "health", "effort_model": "effort", "segment_value": "value"}
    found: dict[str, Any] = {name: settings[given] for given, name in names.items() if given in settings}
    if view.cut is not None and not options.keys() & {"value", "effort"}:
        found["cut"] = view.cut
    found |= options
    if "health" in found or "model" in found:
        found["model"] = found["health"] = found.get("health", found.get("model"))
    return found


def _job(metric: Metric, view: View, given: Mapping[str, Any]) -> Callable[[], Result | Unavailable]:
    def compute() -> Result | Unavailable:
        try:
            found: Result = metric.compute(view, **given)
        except MissingTable as missing:
            return Unavailable(metric, missing.table)
        return found

    return compute


def _from_both_ends(jobs: Sequence[Callable[[], Result | Unavailable]]) -> list[Result | Unavailable]:
    """Do the jobs in two threads, since NumPy lets go of the interpreter while it works.

    One begins with the first, the other with the last: neighbours look at the same words, and whoever comes second
    waits for them.
    """
    found: dict[int, Result | Unavailable] = {}
    left = deque(range(len(jobs)))

    def work(take: Callable[[], int]) -> None:
        while True:
            try:
                place = take()
            except IndexError:
                return  # the other thread took the last one
            found[place] = jobs[place]()

    with ThreadPoolExecutor(1) as helper:
        backwards = helper.submit(work, left.pop)
        try:
            work(left.popleft)
        finally:
            left.clear()
        backwards.result()
    return [found[place] for place in range(len(jobs))]


@attrs.frozen(kw_only=True, eq=False)
class ReportResult:
    """A computed report: `results` by metric id, in the report's order.

    One that was pickled, or read back from JSON, says the same, and has neither its view nor the rows behind its
    numbers.
    """

    report: Report
    _view: View | None
    results: Mapping[str, Result | Unavailable]
    _context: Context | None = None

    @property
    def view(self) -> View:
        """What it was computed over."""
        if self._view is None:
            raise RowsNotKept(f"{self.id} was read back without its view; compute it again to look further")
        return self._view

    @property
    def context(self) -> Context:
        """Who looked, at which day, at what, in which currency, and at which rows."""
        return Context.of_view(self.view) if self._context is None else self._context

    def __getstate__(self) -> dict[str, Any]:
        told = {field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
        return told | {"_view": None, "_context": self.context}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def __copy__(self: RR) -> RR:
        return self  # nothing in it ever changes

    def __deepcopy__(self: RR, memo: dict[int, Any]) -> RR:
        return self

    @property
    def id(self) -> str:
        """The report's id."""
        return self.report.id

    @property
    def title(self) -> str:
        """The report's title."""
        return self.report.title

    @property
    def as_of(self) -> dt.date:
        """The day on which its numbers stand."""
        return self.context.as_of

    @property
    def viewer(self) -> Any:
        """Who looked: a user's id, or EVERYONE."""
        return self.context.viewer

    @property
    def filters_applied(self) -> int:
        """How many filters the view was narrowed by."""
        return len(self.filters)

    @property
    def filters(self) -> dict[str, Any]:
        """What the view was narrowed to, by the names of the filters, as JSON says it."""
        return {name: given for name, given in self.context.filters.items() if name not in GO_BY}

    def __getitem__(self, metric: str) -> Result | Unavailable:
        """A result by its metric's id, "overview.total_engagements"."""
        if metric not in self.results:
            raise OptionError("metric", metric, self.results)
        return self.results[metric]

    def sections(self) -> Iterator[tuple[str, list[Result | Unavailable]]]:
        """Each section's title and results, in order."""
        for section in self.report.sections:
            yield section.title, [self.results[metric.id] for metric in section.metrics]

    def to_dict(self, rows: int | None = None) -> dict[str, Any]:
        """The report as JSON takes it; of listings the first `rows` rows, all of them by default."""
        return {
            "schema": REPORTS,
            "report": self.report.id,
            "title": self.report.title,
            "purpose": self.report.purpose.value,
            "audiences": [audience.value for audience in self.report.audiences],
            "source": self.report.source,
            **self.context.to_dict(),
            "filters_applied": self.filters_applied,
            "sections": [
                {"title": title, "metrics": [_as_dict(result, rows) for result in results]}
                for title, results in self.sections()
            ],
        }

    def to_json(self, rows: int | None = None) -> str:
        """The report as JSON text."""
        return json.dumps(self.to_dict(rows), ensure_ascii=False, allow_nan=False)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> ReportResult:
        """A report from what `to_dict` gave: equal to it, without its view and the rows behind its numbers.

        Raises:
            DataError: it is not what `to_dict` gives.
        """
        from .published import report_from_dict

        return report_from_dict(data)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from .results.openapi import pydantic_schema

        return pydantic_schema(cls, cls.from_dict, {"$ref": "#/$defs/ReportResult"})

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        from .published import report_definitions
        from .results.openapi import component

        return component({"$ref": "#/$defs/ReportResult"}, report_definitions(), handler)

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same view; of which portfolio is told apart, as for results."""
        return isinstance(other, ReportResult) and _said(self) == _said(other)

    __hash__ = None  # type: ignore[assignment]

    def to_frames(self) -> dict[str, Any]:
        """Each result as a frame, by metric id; metrics without their table are left out."""
        return {
            name: result.to_frame() for name, result in self.results.items() if isinstance(result, Result)
        }

    def to_text(self, rows: int = 10, locale: str | None = None) -> str:
        """The report as plain text, with the first `rows` rows of each listing, in the manner of a `locale`."""
        from .render.text import to_text

        return to_text(self, rows, locale)

    def to_html(
        self, path: str | os.PathLike[str] | None = None, rows: int = 1000, locale: str | None = None
    ) -> str:
        """The report as one self-contained page, written to `path` if one is given.

        Each number opens the rows behind it, the first `rows` of them. `locale`, such as "de" or "ja", writes
        numbers, money and days as is done there (it needs babel, the extra `report`).
        """
        from .render.html import to_html

        page = to_html(self, rows, locale)
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def to_csv(self, folder: str | os.PathLike[str]) -> list[Path]:
        """A CSV file for each result in a folder, and `contents.csv`; texts in them do nothing in a spreadsheet."""
        from .render.export import report_to_csv

        return report_to_csv(self, Path(folder))

    def to_excel(self, path: str | os.PathLike[str], locale: str | None = None) -> None:
        """The report as a workbook: its contents, then a sheet a metric (it needs the extra `excel`).

        Days and numbers are real ones, money has its currency, of a listing all lines stand in it.
        """
        from .render.excel import to_excel

        to_excel(self, Path(path), locale)

    def _repr_html_(self) -> str:
        from .render.notebook import of_report

        return of_report(self)

    def __repr__(self) -> str:
        return f"<{self.report.id} on {self.as_of.isoformat()}: {len(self.results)} metrics>"


def _as_dict(result: Result | Unavailable, rows: int | None) -> dict[str, Any]:
    if isinstance(result, Unavailable):
        return {"kind": "unavailable", "metric": result.metric.spec({}).to_dict(), "needs": result.table}
    return result.to_dict(rows) if isinstance(result, Listing) else result.to_dict()


def _said(found: ReportResult) -> dict[str, Any]:
    told = said(found.to_dict())
    return told | {
        "sections": [
            section | {"metrics": [said(metric) for metric in section["metrics"]]}
            for section in told["sections"]
        ]
    }
