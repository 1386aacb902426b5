"""The reports that come with the library; a host composes its own as `Report`s of the same kind."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from .. import act, adoption, health, overview, renewal, review, risk, segmentation, stack
from .. import revenue as money
from ..report import Audience, Purpose, Report, ReportResult, Section, settle_models
from . import framework
from .framework import FRAMEWORK

if TYPE_CHECKING:
    from ..view import View

__all__ = [
    "ALL", "CUSTOMER_SUCCESS", "PORTFOLIO_ACT", "PORTFOLIO_REVIEW", "REVENUE", "SUCCESS_REPORT", "at_risk", "c360",
    "coverage", "cs_kpis", "customer_health", "customer_success", "daily_portfolio", "framework", "onboarding",
    "portfolio_act", "portfolio_review", "qbr_prep", "revenue", "stage_expansion", "success_report",
    "top_customers", "usage_detail",
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
    settle=settle_models,
)

ALL: tuple[Report, ...] = (
    SUCCESS_REPORT, PORTFOLIO_REVIEW, PORTFOLIO_ACT, CUSTOMER_SUCCESS, REVENUE, *FRAMEWORK,
)  # fmt: skip


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


def revenue(view: View, **options: Any) -> ReportResult:
    """Revenue: what moved MRR, who stays, and what is to be expected of the renewals that are due."""
    return REVENUE.compute(view, **options)


def customer_success(view: View, **options: Any) -> ReportResult:
    """The customer success dashboard: its six elements, in the source's order.

    Customer segments, accounts by health, opportunity by health, stack by customer, stack opportunity, stack
    alignment. Its filters are those of the view: `accounts` (company), `health_bands` (health score), `owners`
    (account manager), `groups` (account group), `customer_segments`; `.filters_applied` is how many are on.

    `health=` and `effort=` are the models, `value=` and `cut=` how segments are cut; what is not given is that of
    the view's filters, else the default.
    """
    return CUSTOMER_SUCCESS.compute(view, **options)


def c360(view: View, account_id: Any = None, **options: Any) -> ReportResult:
    """Customer 360: all that there is to know of one account (`accounts.profile`), or of all accounts in view.

    Raises:
        NotVisible: no such account is in view.
    """
    return framework.C360.compute(view, account_id=account_id, **options)


def qbr_prep(view: View, **options: Any) -> ReportResult:
    """Numbers for the story of a QBR: value, outcomes, risk, what is ahead. For CSM managers and leadership."""
    return framework.QBR_PREP.compute(view, **options)


def cs_kpis(view: View, **options: Any) -> ReportResult:
    """The core KPIs of customer success: retention, revenue, risk, health, team. For analytics and leadership."""
    return framework.CS_KPIS.compute(view, **options)


def coverage(view: View, **options: Any) -> ReportResult:
    """Whose customers are in somebody's hands and known by their usage; `measure="mrr"` weighs them by MRR."""
    return framework.COVERAGE.compute(view, **options)


def usage_detail(view: View, **options: Any) -> ReportResult:
    """Usage by product, and by account and product. For CSMs and leadership."""
    return framework.USAGE_DETAIL.compute(view, **options)


def top_customers(view: View, **options: Any) -> ReportResult:
    """The largest customers in a row each, and how much hangs on them. For analytics and executives."""
    return framework.TOP_CUSTOMERS.compute(view, **options)


def daily_portfolio(view: View, **options: Any) -> ReportResult:
    """What to do today: tasks, playbooks, QBRs, renewals, whom to be in touch with. For CSMs and their managers."""
    return framework.DAILY_PORTFOLIO.compute(view, **options)


def at_risk(view: View, **options: Any) -> ReportResult:
    """Customers at risk, to update and act on, and what is at stake. For CSMs and their managers."""
    return framework.AT_RISK.compute(view, **options)


def onboarding(view: View, **options: Any) -> ReportResult:
    """Which customers are in onboarding, and the next steps. For CSMs."""
    return framework.ONBOARDING.compute(view, **options)


def customer_health(view: View, **options: Any) -> ReportResult:
    """Health account by account, the worst first, who moved, and how it is overall. For CSMs and their managers."""
    return framework.CUSTOMER_HEALTH.compute(view, **options)


def stage_expansion(view: View, **options: Any) -> ReportResult:
    """Where to enable and expand: required actions, opportunities, what customers have. For CSMs."""
    return framework.STAGE_EXPANSION.compute(view, **options)
