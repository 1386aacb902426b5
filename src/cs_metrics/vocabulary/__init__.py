"""What the rows of each table can be asked: the words in which metrics are written, each defined once.

Docs of the words quote docs/metrics.md. Rows that do not exist yet on the as-of day are not in view at all,
so no word has to think of them.
"""

from ..scope import ViewTable
from .actions import Activities, Alerts, Contacts, PlaybookRuns
from .billing import Renewals, Subscriptions
from .contracts import Contracts, Decisions, Opportunities
from .measures import CampaignTouches, Measures, Propensities, Usage
from .placing import Places
from .stack import Positions, StackItems, StackPositions, StackTags
from .success import (
    Accounts,
    AdoptionScores,
    Engagements,
    Objectives,
    Qbrs,
    RiskSignals,
    Tasks,
    Touchpoints,
    Users,
)

__all__ = [
    "Accounts", "Activities", "AdoptionScores", "Alerts", "CampaignTouches", "Contacts", "Contracts",
    "Decisions", "Engagements", "Measures", "Objectives", "Opportunities", "Places", "PlaybookRuns",
    "Positions", "Propensities", "Qbrs", "Renewals", "RiskSignals", "StackItems", "StackPositions", "StackTags",
    "Subscriptions", "TABLES", "Tasks", "Touchpoints", "Usage", "Users",
]  # fmt: skip

TABLES: dict[str, type[ViewTable]] = {
    "users": Users,
    "accounts": Accounts,
    "contacts": Contacts,
    "engagements": Engagements,
    "qbrs": Qbrs,
    "touchpoints": Touchpoints,
    "tasks": Tasks,
    "risk_signals": RiskSignals,
    "objectives": Objectives,
    "adoption_scores": AdoptionScores,
    "contracts": Contracts,
    "opportunities": Opportunities,
    "subscriptions": Subscriptions,
    "renewals": Renewals,
    "playbook_runs": PlaybookRuns,
    "alerts": Alerts,
    "activities": Activities,
    "stack_items": StackItems,
    "stack_tags": StackTags,
    "stack_positions": StackPositions,
    "measures": Measures,
    "usage": Usage,
    "propensities": Propensities,
    "campaign_touches": CampaignTouches,
}
"""The tables that have words of their own; the others have their columns only."""
