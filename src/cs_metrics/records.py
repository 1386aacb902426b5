"""What goes in: one table a record class, and the only place where a column is declared.

A class's annotations say name, kind, whether a column may be missing (`| None`), its default and what it
refers to. The frame schema, the checks, the JSON Schema, the Hypothesis strategies, the samples' headers and
the docs all derive from them through `SCHEMA`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from .enums import (
    AlertKind,
    ContractState,
    Health,
    ObjectiveState,
    OpportunityKind,
    OpportunityStage,
    PlaybookStatus,
    Probability,
    RenewalStage,
    Role,
    SubscriptionStatus,
    TaskStatus,
)
from .schema import (
    AccountId,
    Category,
    Column,
    ContractId,
    Day,
    EngagementId,
    Flag,
    Int,
    ItemId,
    Key,
    Kind,
    Money,
    Number,
    Percent,
    Share,
    SubscriptionId,
    TableSchema,
    Text,
    UserId,
    schema_of,
    table,
)  # fmt: skip
from .schema import json_schema as _json_schema

__all__ = [
    "HISTORY", "SCHEMA", "TABLES", "Account", "Activity", "AdoptionScore", "Alert", "AlertKind", "CampaignTouch",
    "Column", "Contact", "Contract", "ContractState", "Engagement", "Escalation", "Health", "History", "Kind",
    "Measure",
    "Objective", "ObjectiveState", "Opportunity", "OpportunityKind", "OpportunityStage", "PlaybookRun",
    "PlaybookStatus", "Probability", "Propensity", "QBR", "Renewal", "RenewalStage", "RiskSignal", "Role",
    "StackItem", "StackPosition", "StackTag", "Subscription", "SubscriptionStatus", "TableSchema", "Task",
    "TaskStatus", "Touchpoint", "Usage", "User", "json_schema",
]  # fmt: skip


@table("users", follows=("id",))
@attrs.frozen(kw_only=True)
class User:
    """Somebody of the customer success team, with a place in the org tree."""

    id: Key
    name: Text | None = None
    manager_id: UserId | None = None
    role: Role
    group: Category | None = None
    active: Flag = True


@table("accounts", follows=("owner_id",), begins="created_on")
@attrs.frozen(kw_only=True)
class Account:
    """A customer."""

    id: Key
    name: Text | None = None
    owner_id: UserId | None = None
    parent_id: AccountId | None = None
    industry: Category | None = None
    segment: Category | None = None
    group: Category | None = None
    stage: Category | None = None
    created_on: Day | None = None
    employees: Int | None = None
    seats: Int | None = None


@table("contacts", follows=("account_id",), begins="created_on")
@attrs.frozen(kw_only=True)
class Contact:
    """A person at a customer (a "user" in a vendor's product)."""

    id: Key
    account_id: AccountId
    name: Text | None = None
    title: Text | None = None
    role: Category | None = None
    created_on: Day


@table("engagements", follows=("owner_id", "account_id"), begins="created_on")
@attrs.frozen(kw_only=True)
class Engagement:
    """A customer success engagement with an account; without an owner it is its account's owner's."""

    id: Key
    account_id: AccountId
    owner_id: UserId | None = None
    name: Text | None = None
    stage: Category
    health: Health | None = None
    created_on: Day
    closed_on: Day | None = None
    go_live_due_on: Day | None = None
    went_live_on: Day | None = None


@table("escalations", follows=("account_id",), begins="opened_on")
@attrs.frozen(kw_only=True)
class Escalation:
    """An account's escalation, open until it is closed."""

    id: Key
    account_id: AccountId
    opened_on: Day
    closed_on: Day | None = None


@table("qbrs", follows=("engagement_id",))
@attrs.frozen(kw_only=True)
class QBR:
    """A quarterly business review."""

    id: Key
    engagement_id: EngagementId
    scheduled_on: Day
    held_on: Day | None = None
    cancelled: Flag = False


@table("touchpoints", follows=("engagement_id",))
@attrs.frozen(kw_only=True)
class Touchpoint:
    """A planned or past contact with the customer in an engagement."""

    id: Key
    engagement_id: EngagementId
    scheduled_on: Day
    cancelled: Flag = False


@table("tasks", follows=("assignee_id",), begins="created_on")
@attrs.frozen(kw_only=True)
class Task:
    """Something that somebody of the team has to do."""

    id: Key
    assignee_id: UserId
    account_id: AccountId | None = None
    engagement_id: EngagementId | None = None
    name: Text | None = None
    status: TaskStatus
    created_on: Day
    due_on: Day | None = None
    completed_on: Day | None = None


@table("risk_signals", follows=("engagement_id",), begins="opened_on")
@attrs.frozen(kw_only=True)
class RiskSignal:
    """A sign that an engagement, or one contract of it, is at risk."""

    id: Key
    engagement_id: EngagementId
    contract_id: ContractId | None = None
    category: Category
    scope: Category | None = None
    probability: Probability | None = None
    opened_on: Day
    closed_on: Day | None = None


@table("objectives", follows=("engagement_id",))
@attrs.frozen(kw_only=True)
class Objective:
    """A success objective of an engagement."""

    id: Key
    engagement_id: EngagementId
    name: Text | None = None
    state: ObjectiveState


@table(
    "adoption_scores",
    follows=("engagement_id", "account_id"),
    begins="on",
    key=("account_id", "engagement_id", "product", "on"),
)
@attrs.frozen(kw_only=True)
class AdoptionScore:
    """How well a product is adopted, 0 to 100, on one day."""

    account_id: AccountId
    engagement_id: EngagementId | None = None
    product: Category
    score: Percent
    on: Day
    business_priority: Category | None = None


@table("contracts", follows=("engagement_id", "account_id"))
@attrs.frozen(kw_only=True)
class Contract:
    """A contract with an account, possibly within an engagement."""

    id: Key
    account_id: AccountId
    engagement_id: EngagementId | None = None
    value: Money
    currency: Category | None = None
    state: ContractState
    renewal_stage: RenewalStage | None = None
    extension_approved: Flag = False
    starts_on: Day
    ends_on: Day | None = None
    renewal_finalized_on: Day | None = None


@table("opportunities", follows=("contract_id",))
@attrs.frozen(kw_only=True)
class Opportunity:
    """A sales opportunity on a contract; `renew` ones decide renewals."""

    id: Key
    contract_id: ContractId
    kind: OpportunityKind
    stage: OpportunityStage
    closed_on: Day | None = None
    amount: Money | None = None
    currency: Category | None = None


@table("subscriptions", follows=("account_id",), begins="started_on")
@attrs.frozen(kw_only=True)
class Subscription:
    """A period of constant MRR, from `started_on` to the day before its end."""

    id: Key
    account_id: AccountId
    plan: Category | None = None
    mrr: Money
    currency: Category | None = None
    seats: Int | None = None
    status: SubscriptionStatus
    started_on: Day
    ended_on: Day | None = None
    cancelled_on: Day | None = None
    next_billing_on: Day | None = None


@table("renewals", follows=("subscription_id",), key=("subscription_id", "due_on"))
@attrs.frozen(kw_only=True)
class Renewal:
    """A subscription's renewal that falls due, and when it was done."""

    subscription_id: SubscriptionId
    due_on: Day
    renewed_on: Day | None = None


@table("playbook_runs", follows=("account_id",), begins="started_on")
@attrs.frozen(kw_only=True)
class PlaybookRun:
    """One account's run through a playbook."""

    id: Key
    playbook: Category
    account_id: AccountId
    status: PlaybookStatus
    started_on: Day
    due_on: Day | None = None
    completed_on: Day | None = None


@table("alerts", follows=("account_id",), begins="raised_on")
@attrs.frozen(kw_only=True)
class Alert:
    """Something that was noticed about an account."""

    id: Key
    name: Category
    kind: AlertKind
    account_id: AccountId
    raised_on: Day
    closed_on: Day | None = None
    action_defined: Flag = False


@table("activities", follows=("account_id",), begins="performed_on")
@attrs.frozen(kw_only=True)
class Activity:
    """Something that was done with an account: an email, a call, ..."""

    id: Key
    account_id: AccountId
    user_id: UserId | None = None
    kind: Category
    performed_on: Day


@table("stack_items", follows=())
@attrs.frozen(kw_only=True)
class StackItem:
    """A thing that a customer's stack may hold."""

    id: Key
    name: Text


@table("stack_tags", follows=(), key=("item_id", "tag"))
@attrs.frozen(kw_only=True)
class StackTag:
    """A word that groups stack items."""

    item_id: ItemId
    tag: Category


@table("stack_positions", follows=("account_id",), key=("account_id", "item_id"))
@attrs.frozen(kw_only=True)
class StackPosition:
    """One item of the stack at one account: does it apply, is it in place, what is it worth."""

    account_id: AccountId
    item_id: ItemId
    applicable: Flag = True
    aligned: Flag
    mrr: Money = 0
    non_recurring: Money = 0
    mrr_opportunity: Money = 0
    non_recurring_opportunity: Money = 0
    currency: Category | None = None


@table("measures", follows=("account_id",), begins="on", key=("account_id", "metric", "on"))
@attrs.frozen(kw_only=True)
class Measure:
    """A number about an account on one day, for health and effort models."""

    account_id: AccountId
    metric: Category
    value: Number
    on: Day


@table("usage", follows=("account_id",), begins="on", key=("account_id", "product", "on"))
@attrs.frozen(kw_only=True)
class Usage:
    """How many people use a product at an account on one day."""

    account_id: AccountId
    product: Category
    on: Day
    active_users: Int
    licensed_users: Int | None = None


@table("propensities", follows=("account_id",), begins="on", key=("account_id", "on"))
@attrs.frozen(kw_only=True)
class Propensity:
    """How likely an account is to churn and to expand."""

    account_id: AccountId
    on: Day
    churn: Share
    expand: Share


@table("campaign_touches", follows=("account_id",), begins="on", key=("account_id", "campaign", "on"))
@attrs.frozen(kw_only=True)
class CampaignTouch:
    """An account's contact with a marketing campaign."""

    account_id: AccountId
    campaign: Category
    on: Day
    attributed: Money | None = None
    currency: Category | None = None


@table("history", follows=(), begins="on", key=("table", "id", "column", "on"))
@attrs.frozen(kw_only=True)
class History:
    """What a column of some row said from a day on; `value` None where it was missing.

    The table is optional, and no table of rows to be counted: it tells how the others stood on earlier days.
    """

    table: Category
    id: Key
    column: Category
    value: Text | None = None
    on: Day


RECORDS: tuple[type, ...] = (
    User, Account, Contact, Engagement, Escalation, QBR, Touchpoint, Task, RiskSignal, Objective,
    AdoptionScore, Contract, Opportunity, Subscription, Renewal, PlaybookRun, Alert, Activity, StackItem,
    StackTag, StackPosition, Measure, Usage, Propensity, CampaignTouch,
)  # fmt: skip

SCHEMA: Mapping[str, TableSchema] = MappingProxyType(
    {schema.name: schema for schema in map(schema_of, RECORDS)}
)
"""Every table by its name, in the order of docs/records.md."""


HISTORY = schema_of(History)
"""The table beside the others that tells how their rows stood on earlier days."""

TABLES: Mapping[str, TableSchema] = MappingProxyType({**SCHEMA, HISTORY.name: HISTORY})
"""Every table that can be given: those of rows, and that of their history."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one record of the table `name`."""
    return _json_schema(TABLES[name])
