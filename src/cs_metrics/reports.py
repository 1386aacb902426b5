"""The reports that come with the library; a host composes its own as `Report`s of the same kind."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import adoption, overview, renewal, risk
from . import revenue as money
from .report import Audience, Purpose, Report, ReportResult, Section

if TYPE_CHECKING:
    from .view import View

__all__ = ["ALL", "REVENUE", "SUCCESS_REPORT", "revenue", "success_report"]


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

REVENUE = Report(
    id="revenue",
    title="Revenue",
    purpose=Purpose.INSIGHT,
    audiences=(Audience.LEADERSHIP, Audience.EXECUTIVE, Audience.CSM_MANAGER),
    source="Standard terms of the field",
    sections=(
        Section("Movements", (money.mrr_movements, money.quick_ratio)),
        Section(
            "Retention",
            (
                money.net_revenue_retention,
                money.gross_revenue_retention,
                money.logo_retention,
                money.cohorts,
            ),
        ),
        Section("Outlook", (money.concentration, money.renewal_forecast)),
    ),
)

ALL: tuple[Report, ...] = (SUCCESS_REPORT, REVENUE)


def success_report(view: View, **options: Any) -> ReportResult:
    """The Success report: Overview, Risk, Adoption and Renewal, in the source's order.

    Overdue renewals, which the source does not show, stand last in Renewal, so that they are not lost from
    sight once their 90 days are over.
    """
    return SUCCESS_REPORT.compute(view, **options)


def revenue(view: View, **options: Any) -> ReportResult:
    """Revenue: what moved MRR, who stays, and what is to be expected of the renewals that are due."""
    return REVENUE.compute(view, **options)
