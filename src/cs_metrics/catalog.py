"""Which metrics there are, and which reports they stand in."""

from __future__ import annotations

from types import ModuleType

from . import (
    accounts,
    act,
    adoption,
    coverage,
    effort,
    health,
    overview,
    renewal,
    revenue,
    review,
    risk,
    segmentation,
    stack,
    usage,
)
from .errors import OptionError
from .metric import Metric, metric_of
from .report import Audience, Purpose, Report
from .reports import ALL

__all__ = ["metric", "metrics", "overlaps", "report", "reports"]

MODULES: tuple[ModuleType, ...] = (
    overview, risk, adoption, renewal, review, act, health, effort, segmentation, stack, revenue, coverage, usage,
    accounts,
)  # fmt: skip


def metrics() -> tuple[Metric, ...]:
    """Every metric, in the order of the modules and of the functions in them.

    >>> csm.catalog.metrics()[0].id
    'overview.total_engagements'
    """
    return tuple(metric_of(getattr(module, name)) for module in MODULES for name in module.__all__)


def metric(identity: str) -> Metric:
    """The metric of an id, "overview.total_engagements"."""
    known = {found.id: found for found in metrics()}
    if identity not in known:
        raise OptionError("metric", identity, known)
    return known[identity]


def reports(
    *, purpose: Purpose | str | None = None, audience: Audience | str | None = None
) -> tuple[Report, ...]:
    """The reports, all of them or those for a purpose and an audience."""
    if purpose is not None and purpose not in tuple(Purpose):
        raise OptionError("purpose", purpose, tuple(Purpose))
    if audience is not None and audience not in tuple(Audience):
        raise OptionError("audience", audience, tuple(Audience))
    return tuple(
        report
        for report in ALL
        if purpose in (None, report.purpose) and (audience is None or audience in report.audiences)
    )


def report(identity: str) -> Report:
    """The report of an id, "success_report"."""
    known = {found.id: found for found in ALL}
    if identity not in known:
        raise OptionError("report", identity, known)
    return known[identity]


def overlaps() -> dict[str, tuple[str, ...]]:
    """The metrics that stand in more than one report, each with the ids of those reports."""
    where = {
        found.id: tuple(report.id for report in ALL if found.id in {metric.id for metric in report.metrics})
        for found in metrics()
    }
    return {identity: found for identity, found in where.items() if len(found) > 1}
