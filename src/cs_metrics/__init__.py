"""Customer success metrics as pure functions over typed records.

>>> import cs_metrics as csm
>>> view = csm.samples.portfolio(engagements=200).view(as_of="2026-06-30", viewer=csm.EVERYONE)
>>> csm.overview.total_engagements(view).spec.unit
'engagements'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__
from .metric import Metric, metric

if TYPE_CHECKING:
    from . import (
        accounts,
        act,
        adoption,
        catalog,
        coverage,
        details,
        effort,
        errors,
        health,
        overview,
        records,
        renewal,
        reports,
        results,
        revenue,
        review,
        risk,
        samples,
        segmentation,
        spark,
        stack,
        usage,
    )
    from .changes import (
        what_changed,
    )
    from .errors import (
        CsMetricsError,
    )
    from .filters import (
        Filters,
        ValueBand,
    )
    from .models import (
        ContactPolicy,
        Cut,
        EffortModel,
        HealthModel,
    )
    from .periods import (
        Trailing,
    )
    from .portfolio import (
        Portfolio,
    )
    from .records import (
        QBR,
        Account,
        Activity,
        AdoptionScore,
        Alert,
        AlertKind,
        CampaignTouch,
        Contact,
        Contract,
        ContractState,
        Engagement,
        Escalation,
        Health,
        Measure,
        Objective,
        ObjectiveState,
        Opportunity,
        OpportunityKind,
        OpportunityStage,
        PlaybookRun,
        PlaybookStatus,
        Probability,
        Propensity,
        Renewal,
        RenewalStage,
        RiskSignal,
        Role,
        StackItem,
        StackPosition,
        StackTag,
        Subscription,
        SubscriptionStatus,
        Task,
        TaskStatus,
        Touchpoint,
        Usage,
        User,
    )
    from .report import (
        Audience,
        Purpose,
        Report,
        ReportResult,
        Section,
    )
    from .results import (
        Amount,
        Breakdown,
        Cadence,
        Change,
        Changes,
        Cohorts,
        Count,
        Crosstab,
        Customers,
        Forecast,
        Groups,
        Listing,
        Monthly,
        Ratio,
        Result,
        Scores,
        Segments,
        TopShare,
        Tree,
        Trend,
    )
    from .view import (
        EVERYONE,
        View,
    )

__all__ = [
    "Account", "Activity", "AdoptionScore", "Alert", "AlertKind", "Amount", "Audience", "Breakdown",
    "Cadence", "CampaignTouch", "Change", "Changes", "Cohorts", "Contact", "ContactPolicy", "Contract",
    "ContractState", "Count", "Crosstab", "CsMetricsError", "Customers", "Cut", "EVERYONE",
    "EffortModel", "Engagement", "Escalation", "Filters", "Forecast", "Groups", "Health", "HealthModel",
    "Listing", "Measure", "Metric", "Monthly", "Objective", "ObjectiveState", "Opportunity",
    "OpportunityKind", "OpportunityStage", "PlaybookRun", "PlaybookStatus", "Portfolio", "Probability",
    "Propensity", "Purpose", "QBR", "Ratio", "Renewal", "RenewalStage", "Report", "ReportResult",
    "Result", "RiskSignal", "Role", "Scores", "Section", "Segments", "StackItem", "StackPosition",
    "StackTag", "Subscription", "SubscriptionStatus", "Task", "TaskStatus", "TopShare", "Touchpoint",
    "Trailing", "Tree", "Trend", "Usage", "User", "ValueBand", "View", "__version__", "accounts", "act", "adoption",
    "catalog", "coverage", "details", "effort", "errors", "health", "metric", "overview", "records", "renewal",
    "reports", "results", "revenue", "review", "risk", "samples", "segmentation", "spark", "stack", "usage",
    "what_changed",
]  # fmt: skip

_MODULES = frozenset(
    [
        "accounts",
        "act",
        "adoption",
        "catalog",
        "coverage",
        "details",
        "effort",
        "errors",
        "health",
        "overview",
        "records",
        "renewal",
        "reports",
        "results",
        "revenue",
        "review",
        "risk",
        "samples",
        "segmentation",
        "spark",
        "stack",
        "usage",
    ]
)
_PARTS = {
    "changes": "what_changed",
    "errors": "CsMetricsError",
    "filters": "Filters ValueBand",
    "models": "ContactPolicy Cut EffortModel HealthModel",
    "periods": "Trailing",
    "portfolio": "Portfolio",
    "records": """
        Account Activity AdoptionScore Alert AlertKind CampaignTouch Contact Contract ContractState
        Engagement Escalation Health Measure Objective ObjectiveState Opportunity OpportunityKind
        OpportunityStage PlaybookRun PlaybookStatus Probability Propensity QBR Renewal RenewalStage
        RiskSignal Role StackItem StackPosition StackTag Subscription SubscriptionStatus Task
        TaskStatus Touchpoint Usage User
    """,
    "report": "Audience Purpose Report ReportResult Section",
    "results": """
        Amount Breakdown Cadence Change Changes Cohorts Count Crosstab Customers Forecast Groups
        Listing Monthly Ratio Result Scores Segments TopShare Tree Trend
    """,
    "view": "EVERYONE View",
}
_HOMES = {name: module for module, names in _PARTS.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a part when it is first used, so that `import cs_metrics` costs little more than NumPy."""
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
