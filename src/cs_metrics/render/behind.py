"""The rows behind the numbers of a page, as the data that its script shows, sorts and searches.

Each table stands in it once, with the rows that some number is made of; a number names its rows by their places.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import numpy as np

from ..columns import NO_AMOUNT, Amounts, Codes, Dates, Numbers
from ..intake import Coded
from ..periods import NO_DAY
from ..results import Groups, Listing, Result
from ..results.ordering import Parents, ids_at, ordered
from ..schema import Kind
from ..selection import Rows
from . import shape

if TYPE_CHECKING:
    from ..columns import Array
    from ..report import ReportResult
    from ..schema import Column, TableSchema
    from ..scope import ViewTable

__all__ = ["data_of"]

SAFE_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
EXACT_IN_SCRIPT = 2**53
Known: TypeAlias = dict[str, dict[int, Any]]
"""The ids of parents, by table and row, that a page has looked up already."""
TEXTS = {str, type(None)}
SHARES = ("share", "share_before", "alignment", "coverage")
_DAYS = {"date": "text"}
"""Days that come as dates are told in ISO form, as text."""


@attrs.frozen(eq=False)
class _Behind:
    """A number's rows as rows of a table in view; `in_order` where they are so already, else they go by id."""

    result: Result
    table: ViewTable
    index: Array
    in_order: bool

    @classmethod
    def of(cls, result: Result, behind: Rows, most: int) -> _Behind:
        if result.used > most or (isinstance(result, Listing) and not isinstance(result, Groups)):
            return cls(result, behind.table, result._ordered(min(most, result.used)), True)
        return cls(result, behind.table, behind.index, False)


def data_of(found: ReportResult, rows: int) -> str:
    """All rows behind a report's numbers, of each at most the first `rows`, as JSON that can stand in a page."""
    behind = [
        _Behind.of(result, result._rows, rows)
        for result in found.results.values()
        if isinstance(result, Result) and result._rows is not None
    ]
    known: Known = {}
    tables: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    currency = found.context.currency
    for name, table in {part.table.table.schema.name: part.table for part in behind}.items():
        mine = [part for part in behind if part.table is table]
        union, places = _united(table, mine)
        tables[name] = list(_columns(table, union, currency, known))
        for part, place in zip(mine, places, strict=True):
            metrics[part.result.spec.id] = _metric(part, name, place, currency)
    told = {
        "asOf": found.as_of.isoformat(),
        "digits": found.context.exponent,
        "tables": tables,
        "metrics": metrics,
    }
    text = json.dumps(told, separators=(",", ":"))
    for letter, escape in SAFE_IN_SCRIPT.items():
        text = text.replace(letter, escape)
    return text


def _united(table: ViewTable, parts: Sequence[_Behind]) -> tuple[Array, list[list[int]]]:
    """The rows behind any of several numbers, by id, and the places among them of the rows of each number."""
    chosen = np.zeros(table.n, bool)
    for part in parts:
        chosen[part.index] = True
    union = ordered(Rows(table, chosen), ())
    place = np.empty(table.n, np.int64)
    place[union] = np.arange(len(union))
    places = [place[part.index] for part in parts]
    return union, [
        (found if part.in_order else np.sort(found)).tolist()
        for part, found in zip(parts, places, strict=True)
    ]


def _metric(part: _Behind, table: str, places: list[int], currency: str) -> dict[str, Any]:
    """Which rows a number has, and what its listing says of them beside their own columns."""
    result = part.result
    told: dict[str, Any] = {"table": table, "rows": places, "used": result.used}
    if isinstance(result, Listing) and not isinstance(result, Groups):
        schema = part.table.table.schema
        lead = {_name(schema, place, *named): named for place, named in enumerate(result._columns.items())}
        told["lead"] = list(lead)
        told["own"] = [
            _column(name, _bare(column, part.index), currency)
            for name, (_, column) in lead.items()
            if name not in schema.columns
        ]
        for column in told["own"]:
            if column["name"] == "change" and "share_before" in lead:
                column["kind"] = "points"  # of one share over another
    return told


def _name(schema: TableSchema, place: int, name: str, column: Any) -> str:
    """What a listed column is called in the table behind it, where it stands there too."""
    if place == 0 and schema.key == ("id",):
        return "id"
    return column.column if isinstance(column, Parents) else name


def _columns(table: ViewTable, index: Array, currency: str, known: Known) -> Iterator[dict[str, Any]]:
    """The table's declared columns as they were understood, then those of the caller's own, as they came."""
    declared = table.table.schema.columns
    source = table.table.source
    for column in declared.values():
        if column.kind is Kind.TEXT or (column.name not in table.table.columns and column.name != "id"):
            if column.name in source.column_names:
                values = _plainly(shape.supplied(table, column.name, index))
                if any(value is not None for value in values):
                    yield _column(column.name, ("text", values), currency)
        else:
            told = _column(column.name, _declared(table, column, index, known), currency)
            if column.name == "id":
                told["title"] = shape.spoken_name(table.table.schema.noun)
            yield told
    for name in source.column_names:
        if name not in declared:
            yield _column(str(name), ("text", _plainly(shape.supplied(table, name, index))), currency)


def _declared(table: ViewTable, column: Column, index: Array, known: Known) -> tuple[str, list[Any]]:
    if column.name == "id":
        return "id", _plainly(table.ids(index))
    if column.kind is Kind.KEY:
        return "id", _parents(table, column, index, known)
    stored = table.table.columns[column.name]
    if isinstance(stored, Coded):
        kind, words = _bare(getattr(table, column.name), index)
        return "word" if column.kind is Kind.ENUM else kind, words
    if column.kind is Kind.FLAG:
        return "flag", table.values(column.name)[index].tolist()
    return _bare(getattr(table, column.name), index)


def _parents(table: ViewTable, column: Column, index: Array, known: Known) -> list[Any]:
    """The ids of the rows' parents; each parent is looked up once, however many rows it has."""
    refs = table.values(column.name)[index].tolist()
    parent = table.view.portfolio.table(column.refers or "")
    ids = known.setdefault(parent.schema.name, {})
    once = [ref for ref in dict.fromkeys(refs) if ref not in ids]
    if once:
        ids.update(zip(once, _plainly(ids_at(parent, np.array(once, np.int64))), strict=True))
    return [ids[ref] for ref in refs]


def _bare(column: Any, index: Array) -> tuple[str, list[Any]]:
    """A column's kind and values for the script: days as numbers from 1970 on, money in minor units."""
    if isinstance(column, Dates):
        days = column.days[index].tolist()
        return "date", [None if day == NO_DAY else day for day in days]
    if isinstance(column, Amounts):
        return "amount", [_amount(minor) for minor in column.minor[index].tolist()]
    if isinstance(column, Codes | Numbers):
        return column.kind, column.to_list(index)
    return _DAYS.get(column.kind, column.kind), _plainly(column.to_list(index))


def _amount(minor: int) -> int | str | None:
    """Minor units; as text where a number of the script would round them."""
    if minor == NO_AMOUNT:
        return None
    return minor if -EXACT_IN_SCRIPT < minor < EXACT_IN_SCRIPT else str(minor)


def _plainly(values: list[Any]) -> list[Any]:
    """Cells as JSON takes them; texts, which most are, as they are."""
    return values if set(map(type, values)) <= TEXTS else [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    """A cell of any kind as JSON takes it."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if -EXACT_IN_SCRIPT < value < EXACT_IN_SCRIPT else str(value)
    if isinstance(value, float | Fraction):
        return float(value) if value == value and abs(value) != float("inf") else None
    if isinstance(value, Decimal):  # money in major units, exact to the minor one
        return _amount(int(value.scaleb(-int(value.as_tuple().exponent))))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return None if value != value else str(value)


def _column(name: str, told: tuple[str, list[Any]], currency: str) -> dict[str, Any]:
    kind, values = told
    title = shape.spoken_name(name.removesuffix("_id") if kind == "id" else name)
    return {
        "name": name,
        "title": f"{title} ({currency})" if kind == "amount" else title,
        "kind": "share" if kind == "number" and name in SHARES else kind,
        "values": values,
    }
