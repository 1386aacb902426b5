"""The reports that come with the library; a host composes its own as `Report`s of the same kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import act, adoption, health, overview, renewal, review, risk, segmentation, stack
from . import revenue as money
from .report import Audience, Purpose, Report, ReportResult, Section

if TYPE_CHECKING:
    from .view import View

__all__ = [
    "ALL", "CUSTOMER_SUCCESS", "PORTFOLIO_ACT", "PORTFOLIO_REVIEW", "REVENUE", "SUCCESS_REPORT", "customer_success",
    "portfolio_act", "portfolio_review", "revenue", "success_report",
]  # fmt: skip


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

PORTFOLIO_REVIEW = Report(
    id="portfolio_review",
    title="Portfolio review",
    purpose=Purpose.INSIGHT,
    audiences=(Audience.CSM, Audience.CSM_MANAGER),
    source="CustomerSuccessBox Portfolio Dashboard",
    sections=(_tab("Review", review),),
)

PORTFOLIO_ACT = Report(
    id="portfolio_act",
    title="Portfolio: what to act on",
    purpose=Purpose.OPERATIONALIZE,
    audiences=(Audience.CSM, Audience.CSM_MANAGER),
    source="CustomerSuccessBox Portfolio Dashboard",
    sections=(_tab("Act", act),),
)


def _settle(view: View, options: Mapping[str, Any]) -> dict[str, Any]:
    """One health model for all elements; what is not given is that of the view's filters.

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


CUSTOMER_SUCCESS = Report(
    id="customer_success",
    title="Customer success dashboard",
    purpose=Purpose.INSIGHT,
    audiences=(Audience.CSM, Audience.CSM_MANAGER, Audience.LEADERSHIP),
    source="Lifecycle Insights Customer Success Dashboard",
    sections=(
        Section("Customer segments", (segmentation.segments,)),
        Section("Health scoring", (health.distribution, health.opportunity)),
        Section("Stack by customer", (stack.by_customer,)),
        Section("Stack opportunity", (stack.opportunity,)),
        Section("Stack alignment", (stack.by_item,)),
    ),
    settle=_settle,
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

ALL: tuple[Report, ...] = (SUCCESS_REPORT, PORTFOLIO_REVIEW, PORTFOLIO_ACT, CUSTOMER_SUCCESS, REVENUE)


def success_report(view: View, **options: Any) -> ReportResult:
    """The Success report: Overview, Risk, Adoption and Renewal, in the source's order.

    Overdue renewals, which the source does not show, stand last in Renewal, so that they are not lost from
    sight once their 90 days are over.
    """
    return SUCCESS_REPORT.compute(view, **options)


def portfolio_review(view: View, **options: Any) -> ReportResult:
    """The Review tab of the portfolio dashboard: how the portfolio stands, beside how it stood a while ago.

    `window=Trailing(7)` looks at other periods than the last 30 days.
    """
    return PORTFOLIO_REVIEW.compute(view, **options)


def portfolio_act(view: View, **options: Any) -> ReportResult:
    """The Act tab of the portfolio dashboard: what to take up today; `limit=20` shows more than 5 of each."""
    return PORTFOLIO_ACT.compute(view, **options)


def customer_success(view: View, **options: Any) -> ReportResult:
    """The customer success dashboard: its six elements, in the source's order.

    Customer segments, accounts by health, opportunity by health, stack by customer, stack opportunity, stack
    alignment. Its filters are those of the view: `accounts` (company), `health_bands` (health score), `owners`
    (account manager), `groups` (account group), `customer_segments`; `.filters_applied` is how many are on.

    `health=` and `effort=` are the models, `value=` and `cut=` how segments are cut; what is not given is that of
    the view's filters, else the default.
    """
    return CUSTOMER_SUCCESS.compute(view, **options)


def revenue(view: View, **options: Any) -> ReportResult:
    """Revenue: what moved MRR, who stays, and what is to be expected of the renewals that are due."""
    return REVENUE.compute(view, **options)
