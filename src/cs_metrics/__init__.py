"""Customer success metrics as pure functions over typed records.

>>> import cs_metrics as csm
>>> view = csm.samples.portfolio(engagements=200).view(as_of="2026-06-30", viewer=csm.EVERYONE)
>>> csm.overview.total_engagements(view).spec.unit
'engagements'
"""

from . import adoption, catalog, errors, overview, records, renewal, reports, results, risk, samples
from ._version import __version__
from .errors import CsMetricsError
from .filters import Filters, ValueBand
from .metric import Metric, metric
from .portfolio import Portfolio
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
from .report import Audience, Purpose, Report, ReportResult, Section
from .results import Amount, Breakdown, Count, Crosstab, Listing, Monthly, Ratio, Result, Trend
from .view import EVERYONE, View

__all__ = [
    "Account", "Activity", "AdoptionScore", "Alert", "AlertKind", "Amount", "Audience", "Breakdown",
    "CampaignTouch", "Contact", "Contract", "ContractState", "Count", "Crosstab", "CsMetricsError",
    "EVERYONE", "Engagement", "Escalation", "Filters", "Health", "Listing", "Measure", "Metric",
    "Monthly", "Objective", "ObjectiveState", "Opportunity", "OpportunityKind", "OpportunityStage",
    "PlaybookRun", "PlaybookStatus", "Portfolio", "Probability", "Propensity", "Purpose", "QBR", "Ratio",
    "Renewal", "RenewalStage", "Report", "ReportResult", "Result", "RiskSignal", "Role", "Section",
    "StackItem", "StackPosition", "StackTag", "Subscription", "SubscriptionStatus", "Task", "TaskStatus",
    "Touchpoint", "Trend", "Usage", "User", "ValueBand", "View", "__version__", "adoption", "catalog",
    "errors", "metric", "overview", "records", "renewal", "reports", "results", "risk", "samples",
]  # fmt: skip
