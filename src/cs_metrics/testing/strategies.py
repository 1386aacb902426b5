"""Hypothesis strategies for portfolios: for the tests of host apps, and for our own.

Worlds aim at edges: days on and beside every window's border, rows that do not exist yet, missing owners,
agents with reports, contracts without an engagement, credits, currencies with no minor unit or three digits
of it, ids whose order is not the order in which rows were made.

Every row is read off one short string of bytes in which 0 means the simplest choice, so one draw makes a
row, and Hypothesis still shrinks both the number of rows and each of their values.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import attrs
from dateutil.relativedelta import relativedelta
from hypothesis import strategies as st

from ..models import SEGMENTS
from ..records import SCHEMA, Column, Health, Kind, TableSchema
from .models import METRICS, cuts, effort_models, health_models

__all__ = ["FILTERS", "World", "cuts", "effort_models", "filters", "health_models", "worlds"]

_T = TypeVar("_T")

FILTERS: tuple[str, ...] = (
    "owners", "industries", "segments", "groups", "accounts", "health", "stages", "contract_values",
)  # fmt: skip
"""The filters that `filters()` draws, by their names in `Filters`."""


@attrs.frozen
class World:
    """A valid portfolio as records, and somebody who looks at it on some day.

    `tables` has the supplied tables only; `viewer` is a user's id, or None for everyone.
    """

    tables: dict[str, list[Any]]
    currency: str
    rates: dict[str, Decimal]
    tz: str
    fiscal_year_start: int
    as_of: date
    viewer: int | str | None

    def arguments(self) -> dict[str, Any]:
        """What `Portfolio.from_records` takes: the tables and the settings by name."""
        return {
            **self.tables,
            "currency": self.currency,
            "rates": self.rates,
            "tz": self.tz,
            "fiscal_year_start": self.fiscal_year_start,
        }


# What to choose from; the first of each is what shrinking ends at.

_AS_OF = (
    date(2026, 6, 15), date(2024, 2, 29), date(2026, 1, 1), date(2025, 12, 31), date(2026, 3, 1),
    date(2023, 2, 28), date(2026, 5, 31), date(2026, 4, 30), date(2025, 7, 1),
)  # fmt: skip
_FISCAL_YEAR_STARTS = (1, 1, 1, 2, 3, 4, 7, 10, 12)
_OFFSETS = (
    -100, 0, -1, 1, 30, -30, 31, -31, -29, 29, 60, -60, 61, -61, -62, 90, -90, 91, -91, 89, -89,
    7, 8, -7, -8, 180, -180, 181, -181, 365, -365, -366, 400, -1000,
)  # fmt: skip
_LANDMARKS = (date(2024, 2, 29), date(2023, 2, 28), date(1999, 12, 31), date(1, 1, 1), date(9999, 12, 31))
_TIME_ZONES = ("UTC", "America/Los_Angeles", "Asia/Tokyo")
_EXPONENTS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
_RATES = ("1.08", "0.5", "0.0067", "3.25", "151.37", "1", "0.005")
_MINOR_UNITS = (
    100_00, 0, 1, -1, 3, 5, -50_00, 12_345, 250_00, 99_99, 1_000_000_00, 33, -7, 100_01, 50_00, 987_654_321,
)  # fmt: skip
_WHOLE_UNITS = (100, 0, 1, -1, 3, -50, 250, 1_000_000, 99, 12_345)
_ID_STYLES = ("prefixed", "int", "bare", "int", "prefixed", "odd")
_ODD_IDS = ("k", "K", " k", "k ", "\u00e9", "e\u0301", "=1", "0", "00", "None", "nan", "<i>")
_NAMES = ("Ann", "Bob", "<b>Cy</b>", "=1+1", "Ünal", "\U0001f600", "Ann")
_INTS = (1, 0, 5, 10, 250)
_NUMBERS = (50.0, 0.0, 1.0, -1.0, 49.99, 100.5, 1e6)
_SHARES = (0.5, 0.0, 1.0, 0.8, 0.4999, 0.5001, 0.2, 0.7)

_LABELS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("accounts", "stage"): ("onboarding", "adoption", "renewal", "Onboarding"),
    ("engagements", "stage"): ("onboarding", "adoption", "renewal", "Onboarding"),
    ("risk_signals", "category"): ("usage", "budget", "sponsor", "Usage", "bugs", "price", "staff"),
    ("activities", "kind"): ("email", "call", "meeting", "Email"),
    ("playbook_runs", "playbook"): ("welcome", "renew", "rescue", "Welcome", "train", "review", "upsell"),
    ("alerts", "name"): ("no login", "late", "spike", "No login", "bugs", "new boss", "unpaid"),
    ("measures", "metric"): METRICS,
}
"""More words where a metric has a top list or looks for a word."""

_USUAL: Mapping[tuple[str, str], str] = {
    ("contracts", "state"): "active",
    ("subscriptions", "status"): "active",
    ("opportunities", "kind"): "renew",
    ("users", "role"): "success_manager",
    ("objectives", "state"): "completed",
}
"""Words drawn every other time: with the others alone hardly a row would count."""

_MISSING: Mapping[tuple[str, str], int] = {
    ("users", "manager_id"): 50,
    ("accounts", "owner_id"): 40,
    ("accounts", "parent_id"): 190,
    ("engagements", "owner_id"): 110,
    ("engagements", "closed_on"): 170,
    ("escalations", "closed_on"): 120,
    ("risk_signals", "closed_on"): 150,
    ("risk_signals", "contract_id"): 110,
    ("qbrs", "held_on"): 140,
    ("contracts", "engagement_id"): 60,
    ("contracts", "ends_on"): 40,
    ("contracts", "renewal_stage"): 120,
    ("opportunities", "closed_on"): 40,
    ("subscriptions", "ended_on"): 170,
    ("subscriptions", "cancelled_on"): 170,
}
"""How often an optional column is missing, of 256; 80 elsewhere. Byte 0 is missing always."""

_PERIODS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "engagements": ("created_on", ("closed_on",)),
    "escalations": ("opened_on", ("closed_on",)),
    "tasks": ("created_on", ("completed_on",)),
    "risk_signals": ("opened_on", ("closed_on",)),
    "contracts": ("starts_on", ("ends_on",)),
    "subscriptions": ("started_on", ("ended_on", "cancelled_on")),
    "playbook_runs": ("started_on", ("completed_on",)),
    "alerts": ("raised_on", ("closed_on",)),
}
"""Of each table the day a row starts, and the days that must not be before it."""

_NEAR = ("ends_on", "go_live_due_on", "scheduled_on", "due_on", "next_billing_on", "renewal_finalized_on")
"""Days that the definitions look for in windows around A."""

_ROWS: Mapping[str, float] = {
    "users": 0.8, "accounts": 0.6, "engagements": 1, "qbrs": 1, "touchpoints": 1, "tasks": 1.2,
    "risk_signals": 1.6, "objectives": 1.8, "adoption_scores": 1.6, "contracts": 1.8, "opportunities": 1.2,
    "subscriptions": 1.2, "renewals": 1.2,
}  # fmt: skip
"""At most so many rows for every engagement there may be; 0.75 elsewhere."""


def _enums() -> dict[tuple[str, str], type[enum.StrEnum]]:
    """The enum of every enum column; the schema itself holds the words only."""
    found = {}
    for table, schema in SCHEMA.items():
        hints = typing.get_type_hints(schema.record)
        for column in schema.columns.values():
            for option in (hints[column.name], *typing.get_args(hints[column.name])):
                if isinstance(option, type) and issubclass(option, enum.StrEnum):
                    found[table, column.name] = option
    return found


_ENUMS = _enums()


def _parents_first() -> tuple[TableSchema, ...]:
    """The tables in an order in which every row can refer to rows already made."""
    ordered: dict[str, TableSchema] = {}
    while len(ordered) < len(SCHEMA):
        for name, schema in SCHEMA.items():
            if all(column.refers in (*ordered, name) for column in schema.references):
                ordered.setdefault(name, schema)
    return tuple(ordered.values())


_ORDER = _parents_first()


@attrs.define
class _Choices:
    """Choices read off a string of bytes; where it is used up they are the simplest ones."""

    given: bytes
    at: int = 0

    def byte(self) -> int:
        self.at += 1
        return self.given[self.at - 1] if self.at <= len(self.given) else 0

    def pick(self, options: Sequence[_T]) -> _T:
        return options[self.byte() % len(options)]

    def seldom(self, times: int) -> bool:
        """True `times` of 256; never for byte 0."""
        return self.byte() >= 256 - times


def _days(as_of: date, fiscal_year_start: int) -> tuple[date, ...]:
    """Days on and beside the borders of every window that a definition looks through."""
    fiscal = as_of.replace(month=fiscal_year_start, day=1)
    if fiscal > as_of:
        fiscal -= relativedelta(years=1)
    month = as_of.replace(day=1)
    firsts = [fiscal, fiscal + relativedelta(years=1)]
    firsts += [month + relativedelta(months=n) for n in range(-3, 3)]
    borders = [first + timedelta(days) for first in firsts for days in (-1, 0, 1)]
    ago = [as_of - relativedelta(months=n) for n in (1, 3, 12)]
    return tuple(dict.fromkeys([*(as_of + timedelta(n) for n in _OFFSETS), *borders, *ago, *_LANDMARKS]))


@attrs.define
class _Settings:
    """What holds for a whole world."""

    as_of: date
    fiscal_year_start: int
    tz: str
    ids: str
    currency: str
    rates: dict[str, Decimal]
    amounts: str
    backwards: bool
    filled: bool

    @classmethod
    def read(cls, choices: _Choices) -> _Settings:
        as_of, fiscal_year_start = choices.pick(_AS_OF), choices.pick(_FISCAL_YEAR_STARTS)
        tz, ids, currency = choices.pick(_TIME_ZONES), choices.pick(_ID_STYLES), choices.pick([*_EXPONENTS])
        rates = {}
        if choices.seldom(150):
            rates = {other: Decimal(choices.pick(_RATES)) for other in _EXPONENTS if other != currency}
        amounts = choices.pick(("decimal", "decimal", "text", "float", "int"))
        return cls(
            as_of, fiscal_year_start, tz, ids, currency, rates, amounts,
            backwards=choices.seldom(80), filled=choices.seldom(190),
        )  # fmt: skip

    def id(self, table: str, number: int) -> int | str:
        """The id of a table's nth row: the order of ids is not that of the rows, and 0 is an id."""
        if self.ids == "int":
            return number // 37 * 37 + number % 37 * 10 % 37
        if self.ids == "odd" and number < len(_ODD_IDS):
            return _ODD_IDS[number]
        return f"{'' if self.ids == 'bare' else table[0].upper()}{number + 8}"

    def amount(self, choices: _Choices, currency: str | None) -> Decimal | int | float | str:
        """An amount exact in its currency; of one type in the whole world, so that any frame can hold it."""
        if self.amounts == "int":
            return choices.pick(_WHOLE_UNITS)
        exact = Decimal(choices.pick(_MINOR_UNITS)).scaleb(-_EXPONENTS[currency or self.currency])
        if self.amounts == "text":
            return str(exact)
        return float(exact) if self.amounts == "float" else exact


@attrs.define
class _Maker:
    """Makes the rows of one world, table after table, parents first."""

    settings: _Settings
    days: tuple[date, ...] = ()
    past: tuple[date, ...] = ()
    near: tuple[date, ...] = ()
    made: dict[str, list[Any]] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.days = _days(self.settings.as_of, self.settings.fiscal_year_start)
        self.past = tuple(day for day in self.days if day <= self.settings.as_of)
        self.near = tuple(day for day in self.days if abs((day - self.settings.as_of).days) <= 91)

    def table(self, schema: TableSchema, rows: Sequence[bytes]) -> None:
        """One row for every string of bytes, but for those whose natural key is taken."""
        made: dict[tuple[Any, ...], Any] = {}
        self.made[schema.name] = []
        for number, given in enumerate(rows):
            row = self.row(schema, number, _Choices(given))
            key = tuple(getattr(row, column) for column in schema.key)
            if key not in made:
                made[key] = row
                self.made[schema.name].append(row)

    def row(self, schema: TableSchema, number: int, choices: _Choices) -> Any:
        values: dict[str, Any] = {}
        if "currency" in schema.columns:  # first, for the amounts to be exact in it
            options = (None, self.settings.currency, *self.settings.rates)
            values["currency"] = choices.pick(options)
        for column in schema.columns.values():
            if column.name == "id":
                values["id"] = self.settings.id(schema.name, number)
            elif column.name != "currency":
                values[column.name] = self.value(schema, column, values, choices)
        self.agree(schema, values)
        return schema.record(**values)

    def value(self, schema: TableSchema, column: Column, values: dict[str, Any], choices: _Choices) -> Any:
        """One column of a row; `values` has the columns before it."""
        where = (schema.name, column.name)
        if column.optional and choices.byte() < max(1, _MISSING.get(where, 80)):
            return None
        if column.refers:
            ids = [row.id for row in self.candidates(column, values)]
            return choices.pick(ids) if ids else None
        if column.kind is Kind.DATE:
            return self.day(schema, column, choices)
        if column.kind is Kind.MONEY:
            return self.settings.amount(choices, values.get("currency"))
        if column.kind is Kind.FLAG:
            return choices.seldom(80) != (column.default is True)
        return choices.pick(_options(schema.name, column, usual=not choices.seldom(128)))

    def day(self, schema: TableSchema, column: Column, choices: _Choices) -> date:
        """A day on or beside a border: mostly one on which the row counts, else hardly any row would."""
        if choices.seldom(50):
            return choices.pick(self.days)
        if column.name in (schema.begins, *_PERIODS.get(schema.name, ())[:1]):
            return choices.pick(self.past)
        return choices.pick(self.near if column.name in _NEAR else self.days)

    def candidates(self, column: Column, values: dict[str, Any]) -> list[Any]:
        """The rows that a column may refer to; of its own table the earlier ones, so nothing is circular."""
        assert column.refers is not None
        rows = self.made.get(column.refers, [])
        if column.refers == "contracts" and "engagement_id" in values:
            account = self.account_of(values["engagement_id"])
            return [row for row in rows if row.account_id == account]
        return rows

    def account_of(self, engagement_id: int | str) -> int | str:
        """The account of an engagement."""
        found = next(row for row in self.made["engagements"] if row.id == engagement_id)
        return typing.cast("int | str", found.account_id)

    def agree(self, schema: TableSchema, values: dict[str, Any]) -> None:
        """Make the columns of one row agree with each other, as docs/records.md asks."""
        if values.get("engagement_id") is not None and values.get("account_id") is not None:
            values["account_id"] = self.account_of(values["engagement_id"])
        start, ends = _PERIODS.get(schema.name, ("", ()))
        for end in ends:
            if values[end] is not None and values[end] < values[start]:
                # Swapped rather than moved: both days stay on their borders.
                values[start], values[end] = values[end], values[start]


@cache
def _options(table: str, column: Column, *, usual: bool) -> tuple[Any, ...]:
    """The values of a column of words or numbers."""
    where = (table, column.name)
    if column.kind is Kind.ENUM:
        words = (_USUAL[where],) if usual and where in _USUAL else column.words
        return tuple(map(_ENUMS[where], words))
    if column.kind is Kind.NUMBER:
        high = column.high
        return _NUMBERS if high is None else tuple(share * high for share in _SHARES)
    if column.kind is Kind.INT:
        return _INTS
    if column.kind is Kind.TEXT:
        return _NAMES
    return _LABELS.get(where) or tuple(f"{column.name} {letter}" for letter in "abA")


@cache
def _rows(width: int, smallest: int, largest: int) -> st.SearchStrategy[list[bytes]]:
    return st.lists(st.binary(min_size=width, max_size=width), min_size=smallest, max_size=largest)


def _wanted(tables: Collection[str] | None) -> set[str]:
    """The tables asked for and all that they refer to."""
    wanted = set(SCHEMA if tables is None else tables)
    if not wanted <= set(SCHEMA):
        raise ValueError(f"no such tables: {sorted(wanted - set(SCHEMA))}; there are {sorted(SCHEMA)}")
    for schema in reversed(_ORDER):
        if schema.name in wanted:
            wanted.update(column.refers for column in schema.references if column.refers)
    return wanted


@st.composite
def worlds(
    draw: st.DrawFn,
    tables: Collection[str] | None = None,
    max_engagements: int = 8,
    complete: bool = False,
) -> World:
    """Valid portfolios with somebody who looks at them; they obey every rule of docs/records.md.

    Args:
        tables: Names of the tables to supply; None for all. What they refer to is made, but not supplied.
        max_engagements: At most so many engagements; the other tables grow and shrink with it.
        complete: Never leave out a table (a few of them are, now and then, otherwise).
    """
    settings = _Settings.read(_Choices(draw(st.binary(min_size=16, max_size=16))))
    maker = _Maker(settings)
    wanted = _wanted(tables)
    for schema in _ORDER:
        needed = [column.refers for column in schema.references if column.required]
        if schema.name not in wanted or not all(maker.made[name] for name in needed if name):
            maker.made[schema.name] = []
            continue
        largest = max(1, round(_ROWS.get(schema.name, 0.75) * max_engagements))
        smallest = int(settings.filled and schema.name in ("users", "accounts", "engagements", "contracts"))
        # Two bytes a column and a few more are enough for every choice of a row.
        maker.table(schema, draw(_rows(2 * len(schema.columns) + 4, smallest, largest)))
    supplied = {name: maker.made[name] for name in SCHEMA if tables is None or name in tables}
    if not complete and draw(st.integers(0, 9)) == 9:
        for name in draw(st.lists(st.sampled_from(sorted(supplied)), max_size=3)):
            supplied.pop(name, None)
    if settings.backwards:
        supplied = {name: rows[::-1] for name, rows in supplied.items()}
    viewers = [None, None, *sorted(user.id for user in supplied.get("users", ()))]
    return World(
        supplied, settings.currency, settings.rates, settings.tz, settings.fiscal_year_start,
        settings.as_of, draw(st.sampled_from(viewers)),
    )  # fmt: skip


def _occurring(world: World, table: str, column: str, other: Any) -> list[Any]:
    """The values that a column has somewhere in the world, seen by the viewer or not, and another one."""
    values = {getattr(row, column) for row in world.tables.get(table, ())} - {None}
    return [*sorted(values), other]


def _bands(world: World) -> st.SearchStrategy[list[tuple[Decimal, Decimal | None]]]:
    """Bands of contract values whose borders are values that occur and that the portfolio's currency has."""
    occurring = {Decimal(str(row.value)) for row in world.tables.get("contracts", ())}
    exact = {value for value in occurring if value == round(value, _EXPONENTS[world.currency])}
    border = st.sampled_from(sorted(exact | {Decimal(0), Decimal(100)}))
    band = (
        st.tuples(border, st.none() | border)
        .filter(lambda ends: ends[0] != ends[1])
        .map(lambda ends: ends if ends[1] is None or ends[0] < ends[1] else (ends[1], ends[0]))
    )
    return st.lists(band, max_size=2)


@st.composite
def filters(draw: st.DrawFn, world: World) -> dict[str, Any]:
    """Filters for a world: every name of FILTERS with None or with what it keeps.

    Values occur in the world or nowhere, owners are inside and outside the viewer's scope, and a set may be
    empty; contract values are a list of (low, high) in major units, high None for no end. Where the world has
    the tables for it, customer segments and health bands are drawn too, with the models that they go by.
    """
    nobody: int | str = 10**6
    if any(isinstance(row.id, str) for rows in world.tables.values() for row in rows if hasattr(row, "id")):
        nobody = "nobody"
    options = {
        "owners": _occurring(world, "users", "id", nobody),
        "industries": _occurring(world, "accounts", "industry", "nowhere"),
        "segments": _occurring(world, "accounts", "segment", "nowhere"),
        "groups": _occurring(world, "accounts", "group", "nowhere"),
        "accounts": _occurring(world, "accounts", "id", nobody),
        "health": list(Health),
        "stages": _occurring(world, "engagements", "stage", "nowhere"),
    }
    chosen: dict[str, Any] = dict.fromkeys(FILTERS)
    for name in draw(st.lists(st.sampled_from(FILTERS), max_size=3, unique=True)):
        if name == "contract_values":
            chosen[name] = draw(_bands(world))
        else:
            chosen[name] = draw(st.sets(st.sampled_from(options[name]), max_size=4))
    if world.tables.keys() >= _GRADED and draw(st.booleans()):
        chosen |= draw(_graded())
    return chosen


_GRADED = {"accounts", "measures", "subscriptions", "stack_positions"}


@st.composite
def _graded(draw: st.DrawFn) -> dict[str, Any]:
    """Filters by customer segment, by health band, or by both."""
    which, model = draw(st.integers(1, 3)), draw(health_models())
    chosen: dict[str, Any] = {}
    if which & 1:
        chosen["health_bands"] = draw(st.sets(st.sampled_from(sorted(model.bands))))
        chosen["health_model"] = model
    if which & 2:
        chosen["customer_segments"] = draw(st.sets(st.sampled_from(SEGMENTS)))
        chosen["effort_model"] = draw(effort_models())
        chosen["segment_value"] = draw(st.sampled_from(("mrr", "mrr_per_seat", None)))
        chosen["cut"] = draw(st.none() | cuts())
    return chosen
