"""Options to try of review, act and revenue beside the defaults: each option stands in at least one variant."""

from __future__ import annotations

from typing import Any

STATES = ("active_subscriptions", "active_mrr", "upcoming_renewals", "product_adoption_health")
HAPPENINGS = (
    "new_accounts", "new_users", "cancelled_subscriptions", "cancelled_mrr", "renewals_accomplished",
    "new_tasks", "tasks_completed", "emails_sent", "calls_made", "playbooks_completed",
)  # fmt: skip
LISTS = (
    "playbooks_due", "tasks_due", "renewals_next", "accounts_at_risk", "upsell_opportunities", "accounts_new",
    "users_new",
)  # fmt: skip


def revenue_variants() -> dict[str, list[dict[str, Any]]]:
    """Those of revenue, which has no windows."""
    return {
        "revenue.mrr_movements": [
            {"months": 3},
            {"gap_days": 31},
            {"months": 1, "gap_days": 7},
            {"months": 26, "gap_days": 366},
        ],
        "revenue.net_revenue_retention": [{"months": 3}, {"months": 1}],
        "revenue.gross_revenue_retention": [{"months": 3}, {"months": 1}],
        "revenue.logo_retention": [{"months": 3}, {"months": 1}],
        "revenue.quick_ratio": [{"months": 3}, {"months": 1, "gap_days": 31}],
        "revenue.cohorts": [
            {"by": "quarter"},
            {"measure": "mrr"},
            {"by": "quarter", "measure": "mrr"},
        ],
        "revenue.concentration": [{"limit": 1}],
        "revenue.renewal_forecast": [{"within": 30}, {"within": 0}],
    }


def portfolio_variants() -> dict[str, list[dict[str, Any]]]:
    """The variants by metric; Trailing is looked for only when they are asked for."""
    from cs_metrics import Trailing

    windows = [
        {"window": Trailing(7)},
        {"window": Trailing(30, include_today=False)},
        {"window": Trailing(1, include_today=False)},
    ]
    return {
        **{f"review.{name}": windows for name in (*STATES, *HAPPENINGS)},
        "review.playbook_status": [{"limit": 1}],
        "review.alert_status": [{"limit": 1}],
        **{f"act.{name}": [{"limit": 1}] for name in LISTS},
        **revenue_variants(),
    }


def __getattr__(name: str) -> Any:
    if name == "PORTFOLIO_VARIANTS":
        return portfolio_variants()
    raise AttributeError(name)
