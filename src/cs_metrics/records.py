"""What goes in: one table a record class, and the only place where a column is declared.

A class's annotations say name, kind, whether a column may be missing (`| None`), its default and what it
refers to. The frame schema, the checks, the JSON Schema, the Hypothesis strategies, the samples' headers and
the docs all derive from them through `SCHEMA`.
"""

from __future__ import annotations

import enum
import re
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any

import attrs

__all__ = [
    "SCHEMA",
    "Account", "Activity", "AdoptionScore", "Alert", "AlertKind", "CampaignTouch", "Column", "Contact",
    "Contract", "ContractState", "Engagement", "Escalation", "Health", "Kind", "Measure", "Objective",
    "ObjectiveState", "Opportunity", "OpportunityKind", "OpportunityStage", "PlaybookRun", "PlaybookStatus",
    "Probability", "Propensity", "QBR", "Renewal", "RenewalStage", "RiskSignal", "Role", "StackItem",
    "StackPosition", "StackTag", "Subscription", "SubscriptionStatus", "TableSchema", "Task", "TaskStatus",
    "Touchpoint", "Usage", "User", "json_schema",
]  # fmt: skip


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
    NEW = "new"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ContractState(enum.StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class RenewalStage(enum.StrEnum):
    AWAITING_REVIEW = "awaiting_review"
    UNDER_REVIEW = "under_review"
    RENEWAL_APPROVED = "renewal_approved"
    RENEWAL_REJECTED = "renewal_rejected"


class OpportunityKind(enum.StrEnum):
    NEW = "new"
    RENEW = "renew"
    EXPANSION = "expansion"


class OpportunityStage(enum.StrEnum):
    OPEN = "open"
    CLOSED_WON = "closed_won"
    CLOSED_LOST = "closed_lost"


class SubscriptionStatus(enum.StrEnum):
    ACTIVE = "active"
    TRIALING = "trialing"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    CANCELLED = "cancelled"


class PlaybookStatus(enum.StrEnum):
    NEW = "new"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class AlertKind(enum.StrEnum):
    RISK = "risk"
    UPSELL = "upsell"
    OTHER = "other"


class Kind(enum.StrEnum):
    """The kinds of column; what each accepts stands in docs/records.md."""

    KEY = "key"
    DATE = "date"
    MONEY = "money"
    FLAG = "flag"
    INT = "int"
    NUMBER = "number"
    TEXT = "text"
    ENUM = "enum"
    CATEGORY = "category"


@attrs.frozen
class _Mark:
    kind: Kind
    refers: str | None = None
    low: float | None = None
    high: float | None = None


Key = Annotated[int | str, _Mark(Kind.KEY)]
Day = Annotated[date | datetime | str, _Mark(Kind.DATE)]
Money = Annotated[Decimal | int | float | str, _Mark(Kind.MONEY)]
Flag = Annotated[bool, _Mark(Kind.FLAG)]
Int = Annotated[int, _Mark(Kind.INT)]
Text = Annotated[str, _Mark(Kind.TEXT)]
Category = Annotated[str, _Mark(Kind.CATEGORY)]
Percent = Annotated[float, _Mark(Kind.NUMBER, low=0, high=100)]
Share = Annotated[float, _Mark(Kind.NUMBER, low=0, high=1)]
Number = Annotated[float, _Mark(Kind.NUMBER)]
UserId = Annotated[int | str, _Mark(Kind.KEY, refers="users")]
AccountId = Annotated[int | str, _Mark(Kind.KEY, refers="accounts")]
EngagementId = Annotated[int | str, _Mark(Kind.KEY, refers="engagements")]
ContractId = Annotated[int | str, _Mark(Kind.KEY, refers="contracts")]
SubscriptionId = Annotated[int | str, _Mark(Kind.KEY, refers="subscriptions")]
ItemId = Annotated[int | str, _Mark(Kind.KEY, refers="stack_items")]


@attrs.frozen
class Column:
    """One declared column. `default` is `attrs.NOTHING` where there is none."""

    name: str
    kind: Kind
    optional: bool
    default: Any
    refers: str | None
    words: tuple[str, ...]
    low: float | None
    high: float | None

    @property
    def required(self) -> bool:
        """Whether a frame must have this column: it may neither be missing nor be filled in."""
        return not self.optional and self.default is attrs.NOTHING


@attrs.frozen
class TableSchema:
    """One table: its record class, its columns, its key, whom it follows and when its rows begin.

    `follows` names the columns that say whose a row is, first one given wins; () is everyone's.
    `begins` is the column with the day on which a row begins to exist, None for rows that exist always.
    `noun` is what one row is called: engagement, risk_signal, qbr.
    """

    name: str
    record: type
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    follows: tuple[str, ...]
    begins: str | None
    noun: str

    @property
    def references(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns.values() if column.refers)


_T = typing.TypeVar("_T")


def _table(
    name: str, *, follows: tuple[str, ...], begins: str | None = None, key: tuple[str, ...] = ("id",)
) -> typing.Callable[[type[_T]], type[_T]]:
    """Say which table a record class stands for."""

    def declare(cls: type[_T]) -> type[_T]:
        cls.__table__ = (name, follows, begins, key)  # type: ignore[attr-defined]
        return cls

    return declare


@_table("users", follows=("id",))
@attrs.frozen(kw_only=True)
class User:
    """Somebody of the customer success team, with a place in the org tree."""

    id: Key
    name: Text | None = None
    manager_id: UserId | None = None
    role: Role
    group: Category | None = None
    active: Flag = True


@_table("accounts", follows=("owner_id",), begins="created_on")
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


@_table("contacts", follows=("account_id",), begins="created_on")
@attrs.frozen(kw_only=True)
class Contact:
    """A person at a customer (a "user" in a vendor's product)."""

    id: Key
    account_id: AccountId
    name: Text | None = None
    title: Text | None = None
    role: Category | None = None
    created_on: Day


@_table("engagements", follows=("owner_id", "account_id"), begins="created_on")
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


@_table("escalations", follows=("account_id",), begins="opened_on")
@attrs.frozen(kw_only=True)
class Escalation:
    id: Key
    account_id: AccountId
    opened_on: Day
    closed_on: Day | None = None


@_table("qbrs", follows=("engagement_id",))
@attrs.frozen(kw_only=True)
class QBR:
    """A quarterly business review."""

    id: Key
    engagement_id: EngagementId
    scheduled_on: Day
    held_on: Day | None = None
    cancelled: Flag = False


@_table("touchpoints", follows=("engagement_id",))
@attrs.frozen(kw_only=True)
class Touchpoint:
    id: Key
    engagement_id: EngagementId
    scheduled_on: Day
    cancelled: Flag = False


@_table("tasks", follows=("assignee_id",), begins="created_on")
@attrs.frozen(kw_only=True)
class Task:
    id: Key
    assignee_id: UserId | None = None
    account_id: AccountId | None = None
    engagement_id: EngagementId | None = None
    name: Text | None = None
    status: TaskStatus
    created_on: Day
    due_on: Day | None = None
    completed_on: Day | None = None


@_table("risk_signals", follows=("engagement_id",), begins="opened_on")
@attrs.frozen(kw_only=True)
class RiskSignal:
    id: Key
    engagement_id: EngagementId
    contract_id: ContractId | None = None
    category: Category
    scope: Category | None = None
    probability: Probability | None = None
    opened_on: Day
    closed_on: Day | None = None


@_table("objectives", follows=("engagement_id",))
@attrs.frozen(kw_only=True)
class Objective:
    """A success objective of an engagement."""

    id: Key
    engagement_id: EngagementId
    name: Text | None = None
    state: ObjectiveState


@_table(
    "adoption_scores",
    follows=("engagement_id", "account_id"),
    begins="on",
    key=("account_id", "engagement_id", "product", "on"),
)
@attrs.frozen(kw_only=True)
class AdoptionScore:
    account_id: AccountId
    engagement_id: EngagementId | None = None
    product: Category
    score: Percent
    on: Day
    business_priority: Category | None = None


@_table("contracts", follows=("engagement_id", "account_id"))
@attrs.frozen(kw_only=True)
class Contract:
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


@_table("opportunities", follows=("contract_id",))
@attrs.frozen(kw_only=True)
class Opportunity:
    id: Key
    contract_id: ContractId
    kind: OpportunityKind
    stage: OpportunityStage
    closed_on: Day | None = None
    amount: Money | None = None
    currency: Category | None = None


@_table("subscriptions", follows=("account_id",), begins="started_on")
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


@_table("renewals", follows=("subscription_id",), key=("subscription_id", "due_on"))
@attrs.frozen(kw_only=True)
class Renewal:
    subscription_id: SubscriptionId
    due_on: Day
    renewed_on: Day | None = None


@_table("playbook_runs", follows=("account_id",), begins="started_on")
@attrs.frozen(kw_only=True)
class PlaybookRun:
    id: Key
    playbook: Category
    account_id: AccountId
    status: PlaybookStatus
    started_on: Day
    due_on: Day | None = None
    completed_on: Day | None = None


@_table("alerts", follows=("account_id",), begins="raised_on")
@attrs.frozen(kw_only=True)
class Alert:
    id: Key
    name: Category
    kind: AlertKind
    account_id: AccountId
    raised_on: Day
    closed_on: Day | None = None
    action_defined: Flag = False


@_table("activities", follows=("account_id",), begins="performed_on")
@attrs.frozen(kw_only=True)
class Activity:
    id: Key
    account_id: AccountId
    user_id: UserId | None = None
    kind: Category
    performed_on: Day


@_table("stack_items", follows=())
@attrs.frozen(kw_only=True)
class StackItem:
    id: Key
    name: Text


@_table("stack_tags", follows=(), key=("item_id", "tag"))
@attrs.frozen(kw_only=True)
class StackTag:
    item_id: ItemId
    tag: Category


@_table("stack_positions", follows=("account_id",), key=("account_id", "item_id"))
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


@_table("measures", follows=("account_id",), begins="on", key=("account_id", "metric", "on"))
@attrs.frozen(kw_only=True)
class Measure:
    account_id: AccountId
    metric: Category
    value: Number
    on: Day


@_table("usage", follows=("account_id",), begins="on", key=("account_id", "product", "on"))
@attrs.frozen(kw_only=True)
class Usage:
    account_id: AccountId
    product: Category
    on: Day
    active_users: Int
    licensed_users: Int | None = None


@_table("propensities", follows=("account_id",), begins="on", key=("account_id", "on"))
@attrs.frozen(kw_only=True)
class Propensity:
    """How likely an account is to churn and to expand."""

    account_id: AccountId
    on: Day
    churn: Share
    expand: Share


@_table("campaign_touches", follows=("account_id",), begins="on", key=("account_id", "campaign", "on"))
@attrs.frozen(kw_only=True)
class CampaignTouch:
    account_id: AccountId
    campaign: Category
    on: Day
    attributed: Money | None = None
    currency: Category | None = None


RECORDS: tuple[type, ...] = (
    User, Account, Contact, Engagement, Escalation, QBR, Touchpoint, Task, RiskSignal, Objective,
    AdoptionScore, Contract, Opportunity, Subscription, Renewal, PlaybookRun, Alert, Activity, StackItem,
    StackTag, StackPosition, Measure, Usage, Propensity, CampaignTouch,
)  # fmt: skip


def _column(field: attrs.Attribute[Any], hint: Any) -> Column:
    """A column from an annotation: `Annotated[...]`, an enum, or either of them `| None`."""
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    optional = type(None) in options
    bare = next(option for option in options if option is not type(None))
    if isinstance(bare, type) and issubclass(bare, enum.StrEnum):
        mark, words = _Mark(Kind.ENUM), tuple(word.value for word in bare)
    else:
        mark, words = bare.__metadata__[0], ()
    default = field.default if field.default is not None else attrs.NOTHING
    return Column(field.name, mark.kind, optional, default, mark.refers, words, mark.low, mark.high)


def _schema(record: type) -> TableSchema:
    name, follows, begins, key = record.__table__  # type: ignore[attr-defined]
    hints = typing.get_type_hints(record, include_extras=True)
    columns = {field.name: _column(field, hints[field.name]) for field in attrs.fields(record)}
    noun = re.sub("(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()
    return TableSchema(name, record, MappingProxyType(columns), key, follows, begins, noun)


SCHEMA: Mapping[str, TableSchema] = MappingProxyType(
    {schema.name: schema for schema in map(_schema, RECORDS)}
)
"""Every table by its name, in the order of docs/records.md."""

_JSON_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.KEY: {"type": ["string", "integer"]},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.MONEY: {"type": ["string", "number"]},
    Kind.FLAG: {"type": "boolean"},
    Kind.INT: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.TEXT: {"type": "string"},
    Kind.CATEGORY: {"type": "string"},
    Kind.ENUM: {"type": "string"},
}


def _json_column(column: Column) -> dict[str, Any]:
    shape = dict(_JSON_TYPES[column.kind])
    if column.words:
        shape["enum"] = list(column.words)
    if column.low is not None:
        shape |= {"minimum": column.low, "maximum": column.high}
    if column.default is not attrs.NOTHING:
        shape["default"] = column.default
    if column.refers:
        shape["description"] = f"the id of one of {column.refers}"
    return {"anyOf": [shape, {"type": "null"}]} if column.optional else shape


def json_schema(table: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one record of `table`."""
    schema = SCHEMA[table]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": schema.record.__name__,
        "type": "object",
        "properties": {name: _json_column(column) for name, column in schema.columns.items()},
        "required": [name for name, column in schema.columns.items() if column.required],
    }
