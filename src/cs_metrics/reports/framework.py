"""The reports of GitLab's framework: which numbers for whom, and to do what.

Those to operationalize begin with the list to act on; those for insight with the picture. What stands in several of
them does so on purpose (`catalog.overlaps()` tells): one definition, another purpose.
"""

from __future__ import annotations

from .. import (
    accounts,
    act,
    adoption,
    coverage,
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
from ..accounts import C360
from ..report import Audience, Purpose, Report, Section, settle_models

__all__ = [
    "AT_RISK", "C360", "COVERAGE", "CS_KPIS", "CUSTOMER_HEALTH", "DAILY_PORTFOLIO", "FRAMEWORK", "ONBOARDING",
    "QBR_PREP", "STAGE_EXPANSION", "TOP_CUSTOMERS", "USAGE_DETAIL",
]  # fmt: skip

SOURCE = "GitLab CS Reporting and Dashboarding framework"
CSM, MANAGER = Audience.CSM, Audience.CSM_MANAGER
ANALYTICS, LEADERSHIP, EXECUTIVE = Audience.ANALYTICS, Audience.LEADERSHIP, Audience.EXECUTIVE

# insight ------------------------------------------------------------------------------------------------------

QBR_PREP = Report(
    id="qbr_prep",
    title="QBR preparation",
    purpose=Purpose.INSIGHT,
    audiences=(MANAGER, LEADERSHIP),
    source=SOURCE,
    settle=settle_models,
    sections=(
        Section("Value", (renewal.contract_value_ytd, revenue.mrr_movements, revenue.net_revenue_retention)),
        Section(
            "Outcomes",
            (
                adoption.objective_progress,
                adoption.engagements_with_objectives_complete,
                review.product_adoption_health,
                usage.summary,
            ),
        ),
        Section("Risk", (risk.contract_value_at_risk, risk.top_risk_indicators, health.changes)),
        Section("Ahead", (revenue.renewal_forecast, stack.opportunity)),
        Section("QBRs", (overview.engagements_with_upcoming_qbrs,)),
    ),
)

CS_KPIS = Report(
    id="cs_kpis",
    title="Customer success KPIs",
    purpose=Purpose.INSIGHT,
    audiences=(ANALYTICS, LEADERSHIP, EXECUTIVE),
    source=SOURCE,
    settle=settle_models,
    sections=(
        Section(
            "Retention",
            (
                revenue.net_revenue_retention,
                revenue.gross_revenue_retention,
                revenue.logo_retention,
                revenue.quick_ratio,
                renewal.renewals_and_losses_ytd,
            ),
        ),
        Section("Revenue", (review.active_mrr, revenue.mrr_movements, revenue.renewal_forecast)),
        Section("Risk", (risk.contract_value_at_risk, risk.engagements_in_poor_health)),
        Section("Health", (health.distribution, review.product_adoption_health)),
        Section("Team", (overview.average_engagements_per_csm, coverage.csm_coverage)),
    ),
)

COVERAGE = Report(
    id="coverage",
    title="Coverage",
    purpose=Purpose.INSIGHT,
    audiences=(ANALYTICS, LEADERSHIP, EXECUTIVE),
    source=SOURCE,
    sections=(
        Section("By CSMs", (coverage.csm_coverage, overview.average_engagements_per_csm)),
        Section("By usage data", (coverage.usage_coverage,)),
        Section("By contact", (risk.engagements_without_touchpoints, act.accounts_new)),
    ),
)

USAGE_DETAIL = Report(
    id="usage_detail",
    title="Detailed usage",
    purpose=Purpose.INSIGHT,
    audiences=(CSM, LEADERSHIP, EXECUTIVE),
    source=SOURCE,
    sections=(
        Section("Products", (usage.summary, review.product_adoption_health)),
        Section("Accounts", (usage.adoption, adoption.low_adoption_products)),
        Section("How far it is known", (coverage.usage_coverage,)),
    ),
)

TOP_CUSTOMERS = Report(
    id="top_customers",
    title="Top customers",
    purpose=Purpose.INSIGHT,
    audiences=(ANALYTICS, EXECUTIVE),
    source=SOURCE,
    settle=settle_models,
    sections=(
        Section("Top customers", (accounts.top,)),
        Section("Concentration", (revenue.concentration, segmentation.segments)),
    ),
)

# operationalize -----------------------------------------------------------------------------------------------

DAILY_PORTFOLIO = Report(
    id="daily_portfolio",
    title="Today's portfolio",
    purpose=Purpose.OPERATIONALIZE,
    audiences=(CSM, MANAGER),
    source=SOURCE,
    settle=settle_models,
    sections=(
        Section("Do today", (act.tasks_due, act.playbooks_due)),
        Section("Prepare", (overview.engagements_with_upcoming_qbrs, act.renewals_next)),
        Section("Be in touch", (segmentation.contact_cadence,)),
        Section("Burn down", (review.open_tasks, overview.success_manager_tasks, review.playbook_status)),
    ),
)

AT_RISK = Report(
    id="at_risk",
    title="Customers at risk",
    purpose=Purpose.OPERATIONALIZE,
    audiences=(CSM, MANAGER),
    source=SOURCE,
    sections=(
        Section(
            "Act on",
            (
                act.accounts_at_risk,
                risk.renewals_due_in_poor_health,
                overview.engagements_with_escalations,
                renewal.overdue_renewals,
                risk.engagements_without_touchpoints,
            ),
        ),
        Section(
            "What is at stake",
            (
                risk.contract_value_at_risk,
                risk.engagements_in_poor_health,
                risk.active_risk_signals,
                risk.top_risk_indicators,
                review.alert_status,
            ),
        ),
    ),
)

ONBOARDING = Report(
    id="onboarding",
    title="Customers in onboarding",
    purpose=Purpose.OPERATIONALIZE,
    audiences=(CSM,),
    source=SOURCE,
    sections=(
        Section("In onboarding", (adoption.engagements_in_onboarding,)),
        Section("Going live", (adoption.engagements_overdue_go_live, adoption.engagements_going_live)),
        Section("Next steps", (adoption.engagements_without_objectives, act.accounts_new, act.users_new)),
    ),
)

CUSTOMER_HEALTH = Report(
    id="customer_health",
    title="Customer health",
    purpose=Purpose.OPERATIONALIZE,
    audiences=(CSM, MANAGER),
    source=SOURCE,
    settle=settle_models,
    sections=(
        Section("Accounts", (health.scores, health.changes)),
        Section("Products", (adoption.low_adoption_products,)),
        Section("Overall", (health.distribution, overview.health_by_stage, review.product_adoption_health)),
    ),
)

STAGE_EXPANSION = Report(
    id="stage_expansion",
    title="Stage enablement and expansion",
    purpose=Purpose.OPERATIONALIZE,
    audiences=(CSM,),
    source=SOURCE,
    settle=settle_models,
    sections=(
        Section("Required actions", (act.upsell_opportunities, adoption.engagements_without_objectives)),
        Section("Where there is more", (stack.by_customer, stack.by_item, stack.opportunity)),
        Section("What they have", (stack.alignment, health.opportunity)),
    ),
)

FRAMEWORK: tuple[Report, ...] = (
    C360, QBR_PREP, CS_KPIS, COVERAGE, USAGE_DETAIL, TOP_CUSTOMERS, DAILY_PORTFOLIO, AT_RISK, ONBOARDING,
    CUSTOMER_HEALTH, STAGE_EXPANSION,
)  # fmt: skip
"""All of them, those for insight first, in the order of the source."""
