"""What a viewer may see on a day, record by record: the ground the oracle stands on.

Written from records.md, design.md and the words of metrics.md, and sharing nothing with `cs_metrics` but the
record classes, so that a mistake there is not repeated here. Slow and plain on purpose.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from cs_metrics.records import ContractState, Role

Record = Any


@attrs.frozen
class _Everyone:
    def __repr__(self) -> str:
        return "EVERYONE"


EVERYONE: Final = _Everyone()
"""The viewer who sees all, unowned rows included."""

FILTERS = (
    "owners", "industries", "segments", "groups", "accounts", "health", "stages", "contract_values",
    "customer_segments", "health_bands",
)  # fmt: skip
MODELS = ("health_model", "effort_model", "segment_value", "cut")

BEGINS = {
    "accounts": "created_on",
    "contacts": "created_on",
    "engagements": "created_on",
    "tasks": "created_on",
    "escalations": "opened_on",
    "risk_signals": "opened_on",
    "subscriptions": "started_on",
    "playbook_runs": "started_on",
    "alerts": "raised_on",
    "activities": "performed_on",
    "adoption_scores": "on",
    "measures": "on",
    "usage": "on",
    "propensities": "on",
    "campaign_touches": "on",
}
PARENTS = {
    "account_id": "accounts",
    "engagement_id": "engagements",
    "contract_id": "contracts",
    "subscription_id": "subscriptions",
}
EVERYONES = {"stack_items", "stack_tags"}
OF_ACCOUNTS = {
    "contacts", "escalations", "subscriptions", "playbook_runs", "alerts", "activities", "stack_positions",
    "measures", "usage", "propensities", "campaign_touches",
}  # fmt: skip
OF_ENGAGEMENTS = {"qbrs", "touchpoints", "risk_signals", "objectives"}
OF_EITHER = {"contracts", "adoption_scores"}
NATURAL_KEYS = {
    "adoption_scores": ("account_id", "engagement_id", "product", "on"),
    "renewals": ("subscription_id", "due_on"),
    "stack_tags": ("item_id", "tag"),
    "stack_positions": ("account_id", "item_id"),
    "measures": ("account_id", "metric", "on"),
    "usage": ("account_id", "product", "on"),
    "propensities": ("account_id", "on"),
    "campaign_touches": ("account_id", "campaign", "on"),
}
NO_MINOR_UNIT = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
}  # fmt: skip
THREE_DIGITS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}


class Missing(LookupError):
    """A table that the definition reads was not supplied."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


@attrs.frozen
class World:
    """A portfolio as records; only supplied tables are keys of `tables`."""

    tables: dict[str, list[Record]]
    currency: str = "USD"
    rates: dict[str, Decimal] = attrs.field(factory=dict)
    tz: str = "UTC"
    fiscal_year_start: int = 1


def as_day(value: date | datetime | str, tz: str) -> date:
    """The calendar day of a date, a datetime (an aware one in `tz`) or ISO-8601 text."""
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value.astimezone(ZoneInfo(tz)) if value.tzinfo else value).date()
    return value


def with_days(record: Record, tz: str) -> Record:
    """The record with plain dates; the very same object if it has nothing else already."""
    changes = {}
    for field in attrs.fields(type(record)):
        value = getattr(record, field.name)
        if (field.name == "on" or field.name.endswith("_on")) and isinstance(value, str | datetime):
            changes[field.name] = as_day(value, tz)
    return attrs.evolve(record, **changes) if changes else record


def exponent(currency: str) -> int:
    if currency in NO_MINOR_UNIT:
        return 0
    return 3 if currency in THREE_DIGITS else 2


def missing_last(value: Any) -> tuple[bool, Any]:
    """A sort key that puts None last."""
    return (value is None, 0 if value is None else value)


def natural_key(table: str, row: Record) -> tuple[Any, ...]:
    return tuple(missing_last(getattr(row, column)) for column in NATURAL_KEYS.get(table, ("id",)))


def in_force(contract: Record, day: date) -> bool:
    if contract.state != ContractState.ACTIVE or contract.starts_on > day:
        return False
    return not (contract.ends_on is not None and contract.ends_on < day)


def is_closed(row: Record, day: date) -> bool:
    return row.closed_on is not None and row.closed_on <= day


class Scope:
    """What `viewer` may see on `as_of` through `filters`: a dict with the keys FILTERS, each None or a set.

    `contract_values` is a list of (low, high), major units of the portfolio's currency, high None for no end.
    `customer_segments` and `health_bands` go by the MODELS given beside them in that dict.
    """

    def __init__(self, world: World, as_of: date, viewer: Any, filters: dict[str, Any] | None = None) -> None:
        self.world = world
        self.as_of = as_of
        self.viewer = viewer
        self.filters = {name: (filters or {}).get(name) for name in FILTERS}
        self.models = {name: (filters or {}).get(name) for name in MODELS}
        for name, model in (("customer_segments", "effort_model"), ("health_bands", "health_model")):
            if self.filters[name] is not None and self.models[model] is None:
                raise ValueError(f"{name} need a {model}")
        self.tables = {
            name: [with_days(row, world.tz) for row in rows] for name, rows in world.tables.items()
        }
        self._by_id = {
            name: {row.id: row for row in rows}
            for name, rows in self.tables.items()
            if name not in NATURAL_KEYS
        }
        self.users = self._users_in_scope()
        self.filter_owners = self._owners_of_filter()
        self._visible: dict[str, list[Record]] = {}
        self._rows: dict[str, list[Record]] = {}
        self._standing: dict[str, dict[Any, str | None]] = {}

    # The viewer

    def _subtree(self, user: Any) -> set[Any]:
        """The user and everybody below."""
        below = {user}
        waiting = [user]
        while waiting:
            manager = waiting.pop()
            for other in self.tables["users"]:
                if other.manager_id == manager and other.id not in below:
                    below.add(other.id)
                    waiting.append(other.id)
        return below

    def _stands_for(self, user: Any) -> set[Any]:
        """A manager the whole subtree, an agent only themselves."""
        if self._by_id["users"][user].role == Role.SUCCESS_MANAGER:
            return self._subtree(user)
        return {user}

    def _users_in_scope(self) -> set[Any]:
        if self.viewer is EVERYONE:
            return set(self._by_id.get("users", {}))
        if self.viewer not in self._by_id.get("users", {}):
            raise KeyError(self.viewer)
        return self._stands_for(self.viewer)

    def _owners_of_filter(self) -> set[Any]:
        owners = set()
        for user in self.filters["owners"] or ():
            if user in self.users:  # somebody outside the viewer's scope adds nothing
                owners |= self._stands_for(user)
        return owners

    # The rows

    def rows(self, table: str) -> list[Record]:
        """Rows that exist on A, that the viewer may see and that pass the filters; by id or natural key."""
        if table not in self._rows:
            visible = self.visible(table)
            self._check_filters(table)
            kept = [row for row in visible if self._passes(table, row)]
            self._rows[table] = sorted(kept, key=lambda row: natural_key(table, row))
        return list(self._rows[table])

    def visible(self, table: str) -> list[Record]:
        """Rows that exist on A and that the viewer may see, whatever the filters."""
        if table not in self.tables:
            raise Missing(table)
        if table not in self._visible:
            self._visible[table] = [
                row for row in self.tables[table] if self.exists(table, row) and self.sees(table, row)
            ]
        return self._visible[table]

    def parent(self, table: str, row_id: Any) -> Record:
        """A row by id, in scope or not: for its own columns only."""
        if table not in self.tables:
            raise Missing(table)
        return self._by_id[table][row_id]

    def exists(self, table: str, row: Record) -> bool:
        """Whether the row, and every row it is a child of, has begun by A."""
        if table in BEGINS:
            first_day = getattr(row, BEGINS[table])
            if first_day is not None and first_day > self.as_of:
                return False
        for column, parents in PARENTS.items():
            row_id = getattr(row, column, None)
            if row_id is None or parents not in self.tables:
                continue
            if not self.exists(parents, self._by_id[parents][row_id]):
                return False
        return True

    def _leader(self, table: str, row: Record) -> tuple[str, Any]:
        """Table and id of the row that this row follows."""
        if table in OF_ACCOUNTS:
            return "accounts", row.account_id
        if table in OF_ENGAGEMENTS:
            return "engagements", row.engagement_id
        if table in OF_EITHER:
            if row.engagement_id is not None:
                return "engagements", row.engagement_id
            return "accounts", row.account_id
        if table == "renewals":
            return "subscriptions", row.subscription_id
        assert table == "opportunities", table
        return "contracts", row.contract_id

    def owner(self, table: str, row: Record) -> Any:
        """The user whose row this is; None where there is none, or the row it follows is not supplied."""
        if table == "users":
            return row.id
        if table == "tasks":
            return row.assignee_id
        if table == "accounts":
            return row.owner_id
        if table == "engagements":
            if row.owner_id is not None:
                return row.owner_id
            leader, leader_id = "accounts", row.account_id
        else:
            leader, leader_id = self._leader(table, row)
        if leader not in self.tables:
            return None
        return self.owner(leader, self._by_id[leader][leader_id])

    def sees(self, table: str, row: Record) -> bool:
        if self.viewer is EVERYONE or table in EVERYONES:
            return True
        return self.owner(table, row) in self.users

    # The filters

    def _check_filters(self, table: str) -> None:
        """Raise Missing for a table that a filter has to read, whatever the rows are."""
        on = {name for name in FILTERS if self.filters[name] is not None}
        if not on or table == "users" or table in EVERYONES:
            return
        needed = []
        if "owners" in on:
            needed.append("users")
        if on & {"accounts", "industries", "segments", "groups"}:
            needed.append("accounts")
        if on & {"stages", "health"}:
            needed.append("engagements")
        if "contract_values" in on:
            needed.append("contracts")
        needed += self._tables_of_models(on)
        needed += self._tables_that_decide(table, on)
        for name in needed:
            if name not in self.tables:
                raise Missing(name)

    def _tables_that_decide(self, table: str, on: set[str]) -> list[str]:
        """The tables of the rows that these follow: nobody knows whether one not supplied would match.

        A reference that no row makes asks for no table.
        """
        if table in ("accounts", "engagements") or (table == "tasks" and on == {"owners"}):
            return []
        followed = {"renewals": ["subscription_id"], "opportunities": ["contract_id"]}
        columns = followed.get(table, ["engagement_id", "account_id"])
        needed: list[str] = []
        for column in columns:
            if any(getattr(row, column, None) is not None for row in self.tables[table]):
                needed.append(PARENTS[column])
                if PARENTS[column] in self.tables:
                    needed += self._tables_that_decide(PARENTS[column], on)
        return needed

    def _passes(self, table: str, row: Record) -> bool:
        """Whether the row passes every filter: by itself, or as the row does that it follows."""
        if table == "users" or table in EVERYONES or all(self.filters[name] is None for name in FILTERS):
            return True
        if table == "tasks":
            return self._task_passes(row)
        if table == "accounts":
            return self._owner_passes(row.owner_id) and self._account_passes(row.id)
        if table == "engagements":
            return self._owner_passes(self.owner(table, row)) and self._engagement_passes(row)
        leader, leader_id = self._leader(table, row)
        if leader == "accounts" and "accounts" not in self.tables:
            return self._owner_passes(None) and self._account_passes(leader_id)
        return self._passes(leader, self._by_id[leader][leader_id])

    def _among(self, name: str, value: Any) -> bool:
        return self.filters[name] is None or value in self.filters[name]

    def _owner_passes(self, owner: Any) -> bool:
        return self.filters["owners"] is None or owner in self.filter_owners

    def _account_columns_pass(self, account_id: Any) -> bool:
        """The filters that look at an account's own columns."""
        if not self._among("accounts", account_id):
            return False
        for name, column in (("industries", "industry"), ("segments", "segment"), ("groups", "group")):
            if self.filters[name] is not None:
                account = self.parent("accounts", account_id)
                if not self._among(name, getattr(account, column)):
                    return False
        return self._standing_passes(account_id)

    def _tables_of_models(self, on: set[str]) -> list[str]:
        from oracle_models import tables_of

        needed: list[str] = []
        if "health_bands" in on:
            needed += sorted(tables_of(self.models["health_model"]))
        if "customer_segments" in on:
            needed += ["subscriptions", *sorted(tables_of(self.models["effort_model"]))]
        return needed

    def _standing_of(self, name: str) -> dict[Any, str | None]:
        """The segment or the band of every account that the viewer sees, whatever the filters."""
        from oracle_models import bands_of, places_of

        if name not in self._standing:
            if name == "health_bands":
                found = bands_of(self, self.models["health_model"], self.visible, self.as_of)
            else:
                value = self.models["segment_value"] or "mrr"
                effort, cut = self.models["effort_model"], self.models["cut"]
                found = dict(places_of(self, value, effort, cut, self.visible).segments)
            self._standing[name] = found
        return self._standing[name]

    def _standing_passes(self, account_id: Any) -> bool:
        """An account without a place or a score, or out of scope, matches nothing."""
        for name in ("customer_segments", "health_bands"):
            if self.filters[name] is None:
                continue
            found = self._standing_of(name).get(account_id)
            if found is None or found not in self.filters[name]:
                return False
        return True

    def _account_passes(self, account_id: Any) -> bool:
        """Every filter but owners, for an account in scope (or for what is known of one that is not)."""
        if not self._account_columns_pass(account_id):
            return False
        for name, column in (("stages", "stage"), ("health", "health")):
            if self.filters[name] is None:
                continue
            found = False
            for engagement in self.visible("engagements"):
                if engagement.account_id != account_id or is_closed(engagement, self.as_of):
                    continue
                if getattr(engagement, column) in self.filters[name]:
                    found = True
            if not found:
                return False
        return self._value_passes("account_id", account_id)

    def _engagement_passes(self, engagement: Record) -> bool:
        """Every filter but owners; stages and health look at the engagement itself, open or closed."""
        if not self._account_columns_pass(engagement.account_id):
            return False
        if not self._among("stages", engagement.stage) or not self._among("health", engagement.health):
            return False
        return self._value_passes("engagement_id", engagement.id)

    def _value_passes(self, column: str, row_id: Any) -> bool:
        """Whether the value in force on A of the visible contracts of a row lies in one of the bands."""
        if self.filters["contract_values"] is None:
            return True
        value = Decimal(0)
        for contract in self.visible("contracts"):
            if getattr(contract, column) == row_id and in_force(contract, self.as_of):
                value += self.money(contract)
        for low, high in self.filters["contract_values"]:
            if (low is None or value >= low) and (high is None or value < high):
                return True
        return False

    def _task_passes(self, task: Record) -> bool:
        if not self._owner_passes(task.assignee_id):
            return False
        if all(self.filters[name] is None for name in FILTERS if name != "owners"):
            return True
        if task.engagement_id is not None:
            return self._engagement_passes(self.parent("engagements", task.engagement_id))
        if task.account_id is None:
            return False
        if self._account_in_scope(task.account_id):
            return self._account_passes(task.account_id)
        # The children of an account out of scope are not read: no engagement matches, nothing is in force.
        if not self._account_columns_pass(task.account_id):
            return False
        if self.filters["stages"] is not None or self.filters["health"] is not None:
            return False
        bands = self.filters["contract_values"]
        return bands is None or any(
            (low is None or low <= 0) and (high is None or high > 0) for low, high in bands
        )

    def _account_in_scope(self, account_id: Any) -> bool:
        """Where accounts are not supplied only EVERYONE has them in scope."""
        if "accounts" not in self.tables:
            return self.viewer is EVERYONE
        return self.sees("accounts", self.parent("accounts", account_id))

    # Money

    def money(self, row: Record, column: str = "value") -> Decimal:
        """An amount in the portfolio's currency, major units, rounded half even to its minor unit."""
        amount = getattr(row, column)
        amount = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        home = self.world.currency
        with localcontext() as context:
            context.prec = 60
            if row.currency is not None and row.currency != home:
                amount *= Decimal(str(self.world.rates[row.currency]))
            return amount.quantize(Decimal(1).scaleb(-exponent(home)), rounding=ROUND_HALF_EVEN)
