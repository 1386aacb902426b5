"""The reports that come with the library; a host composes its own as `Report`s of the same kind."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import adoption, overview, renewal, risk
from .report import Audience, Purpose, Report, ReportResult, Section

if TYPE_CHECKING:
    from .view import View

__all__ = ["ALL", "SUCCESS_REPORT", "success_report"]


def _tab(title: str, module: ModuleType) -> Section:
    """All metrics of a module, in the order in which it names them."""
    return Section(title, tuple(getattr(module, name) for name in module.__all__))


SUCCESS_REPORT = Report(
    id="success_report",
    title="Success report",
    purpose=Purpose.OPERATIONALIZE,
    audiences=(Audience.CSM, Audience.CSM_MANAGER),
    source="ServiceNow Success report",
    sections=(
        _tab("Overview", overview),
        _tab("Risk", risk),
        _tab("Adoption", adoption),
        _tab("Renewal", renewal),
    ),
)

ALL: tuple[Report, ...] = (SUCCESS_REPORT,)


def success_report(view: View, **options: Any) -> ReportResult:
    """The Success report: Overview, Risk, Adoption and Renewal, in the source's order.

    Overdue renewals, which the source does not show, stand last in Renewal, so that they are not lost from
    sight once their 90 days are over.
    """
    return SUCCESS_REPORT.compute(view, **options)
