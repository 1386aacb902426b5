"""The closed vocabularies of the records, each word in the order in which reports show it."""

from __future__ import annotations

import enum

__all__ = [
    "Role",
    "Health",
    "TaskStatus",
    "Probability",
    "ObjectiveState",
    "ContractState",
    "RenewalStage",
    "OpportunityKind",
    "OpportunityStage",
    "SubscriptionStatus",
    "PlaybookStatus",
    "AlertKind",
]


class Role(enum.StrEnum):
    """What a user is: managers see the whole subtree below them, agents their own rows only."""

    SUCCESS_MANAGER = "success_manager"
    SUCCESS_AGENT = "success_agent"


class Health(enum.StrEnum):
    """Perceived health of an engagement."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class TaskStatus(enum.StrEnum):
    """How far a task is."""

    TO_DO = "to_do"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Probability(enum.StrEnum):
    """How likely a risk is to come true."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"


class ObjectiveState(enum.StrEnum):
    """How far a success objective is."""

    NEW = "new"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ContractState(enum.StrEnum):
    """What a contract is today."""

    DRAFT = "draft"
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class RenewalStage(enum.StrEnum):
    """How far the review of a contract's renewal is."""

    AWAITING_REVIEW = "awaiting_review"
    UNDER_REVIEW = "under_review"
    RENEWAL_APPROVED = "renewal_approved"
    RENEWAL_REJECTED = "renewal_rejected"


class OpportunityKind(enum.StrEnum):
    """What an opportunity would sell."""

    NEW = "new"
    RENEW = "renew"
    EXPANSION = "expansion"


class OpportunityStage(enum.StrEnum):
    """Whether an opportunity is open, and how it ended."""

    OPEN = "open"
    CLOSED_WON = "closed_won"
    CLOSED_LOST = "closed_lost"


class SubscriptionStatus(enum.StrEnum):
    """What a subscription is today."""

    ACTIVE = "active"
    TRIALING = "trialing"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class PlaybookStatus(enum.StrEnum):
    """How far a playbook's run is."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class AlertKind(enum.StrEnum):
    """What an alert warns of."""

    RISK = "risk"
    UPSELL = "upsell"
    OTHER = "other"
