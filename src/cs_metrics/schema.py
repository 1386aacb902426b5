"""How a record class declares a table: kinds of column, what the annotations mean, and what derives from them."""

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
    "AccountId", "Category", "Column", "ContractId", "Day", "EngagementId", "Flag", "Int", "ItemId", "Key", "Kind",
    "Money", "Number", "Percent", "Share", "SubscriptionId", "TableSchema", "Text", "UserId", "json_schema",
    "schema_of", "table",
]  # fmt: skip


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


def table(
    name: str, *, follows: tuple[str, ...], begins: str | None = None, key: tuple[str, ...] = ("id",)
) -> typing.Callable[[type[_T]], type[_T]]:
    """Say which table a record class stands for."""

    def declare(cls: type[_T]) -> type[_T]:
        cls.__table__ = (name, follows, begins, key)  # type: ignore[attr-defined]
        return cls

    return declare


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


def schema_of(record: type) -> TableSchema:
    """The table that a record class declares."""
    name, follows, begins, key = record.__table__  # type: ignore[attr-defined]
    hints = typing.get_type_hints(record, include_extras=True)
    columns = {field.name: _column(field, hints[field.name]) for field in attrs.fields(record)}
    noun = re.sub("(?<=[a-z])(?=[A-Z])", "_", record.__name__).lower()
    return TableSchema(name, record, MappingProxyType(columns), key, follows, begins, noun)


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


def json_schema(schema: TableSchema) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one record of a table."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": schema.record.__name__,
        "type": "object",
        "properties": {name: _json_column(column) for name, column in schema.columns.items()},
        "required": [name for name, column in schema.columns.items() if column.required],
    }
