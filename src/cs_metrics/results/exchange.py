"""Results as JSON: the schema of what `to_dict` gives, and the way back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..errors import DataError, Problem
from ..models import Cut
from .base import Context, Result, Spec
from .change import Change, restored
from .cohorts import Cohorts
from .explained import Kept, Line
from .forecast import Forecast
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, TopShare, Trend, unnamed
from .scores import Changes, Scores
from .segments import Segments
from .tables import Breakdown, Crosstab, Monthly
from .tree import Customers, Tree

__all__ = ["SCHEMA_VERSION", "change_from_dict", "from_dict", "schema"]

SCHEMA_VERSION = 1

_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer"}
_NUMBER: dict[str, Any] = {"type": ["integer", "string"]}
_LABEL: dict[str, Any] = {"type": ["string", "integer", "null"]}
_CELL: dict[str, Any] = {"type": ["string", "number", "null"]}
_LIMIT: dict[str, Any] = {"type": ["integer", "null"], "minimum": 0}
_BUCKETS: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"label": _LABEL, "value": _NUMBER},
        "required": ["label", "value"],
        "additionalProperties": False,
    },
}
_LINES: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"label": _LABEL, "values": {"type": "array", "items": _WHOLE}},
        "required": ["label", "values"],
        "additionalProperties": False,
    },
}
_COUNTS = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
_METRIC = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("id", "title", "unit", "source", "definition", "counts"), _TEXT),
        "options": {"type": "object"},
        "version": {"type": "integer", "minimum": 1},
    },
    "required": ["id", "title", "unit", "source", "definition", "counts", "options", "version"],
    "additionalProperties": False,
}
_COMMON: dict[str, Any] = {
    "metric": _METRIC,
    "as_of": {"type": "string", "format": "date"},
    "viewer": {
        "anyOf": [
            {"type": ["string", "integer"]},
            {"type": "object", "properties": {"everyone": {"const": True}}, "required": ["everyone"]},
        ]
    },
    "filters": {"type": "object", "additionalProperties": {"type": ["array", "object", "string"]}},
    "currency": {"type": "object", "properties": {"code": _TEXT, "exponent": _WHOLE}},
    "portfolio": {"type": ["string", "null"], "pattern": "^[0-9a-f]{32}$"},
    "used": {"type": "integer", "minimum": 0},
    "excluded": _COUNTS,
}
_AMOUNT: dict[str, Any] = {"type": "string", "format": "decimal"}
_SHARE: dict[str, Any] = {"type": ["number", "null"]}


def _object(**properties: Any) -> dict[str, Any]:
    """An object with these properties, all of them and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_CUT: dict[str, Any] = {
    "anyOf": [{"type": "null"}, _object(kind={"const": "at"}, value=_TEXT, effort={"type": "number"})]
}
_OWN: dict[str, dict[str, Any]] = {
    "count": {"value": _WHOLE},
    "amount": {"value": {"type": "string", "format": "decimal"}},
    "ratio": {
        "value": {"type": ["number", "null"]},
        "numerator": _NUMBER,
        "denominator": _NUMBER,
        "counts_distinct": {"type": "boolean"},
    },
    "breakdown": {
        "value": _BUCKETS,
        "cut_off": _BUCKETS,
        "order": {"enum": ["fixed", "label", "largest"]},
        "limit": _LIMIT,
        "total": _NUMBER,
        "money": {"type": "boolean"},
    },
    "crosstab": {
        "columns": {"type": "array", "items": _LABEL},
        "value": _LINES,
        "cut_off": _LINES,
        "order": {"enum": ["label", "largest"]},
        "limit": _LIMIT,
    },
    "monthly": {
        "value": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "propertyNames": {"pattern": "^[0-9]{4}-[0-9]{2}$"},
                "additionalProperties": _NUMBER,
            },
        },
        "money": {"type": "boolean"},
        "adds_up": {"type": "boolean"},
    },
    "listing": {
        "value": {"type": "integer", "minimum": 0},
        "columns": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": _TEXT,
                    "type": {"enum": ["id", "text", "date", "amount", "number"]},
                },
                "required": ["name", "type"],
                "additionalProperties": False,
            },
        },
        "rows": {"type": "array", "items": {"type": "array", "items": _CELL}},
        "limit": _LIMIT,
        "grouped": {"type": "boolean"},
    },
    "trend": {
        "value": {},
        "current": {"$ref": "#"},
        "previous": {"$ref": "#"},
        "change": {"type": ["number", "string", "null"]},
        "change_share": {"type": ["number", "null"]},
    },
}
_OWN |= {
    "changes": _OWN["breakdown"]
    | {"moves": {"type": "array", "items": _object(**{"from": _TEXT, "to": _TEXT, "value": _WHOLE})}},
    "scores": _OWN["listing"],
    "segments": _OWN["listing"]
    | {
        "cut": _CUT,
        "counts": _COUNTS,
        "value_by_segment": {"type": "object", "additionalProperties": _AMOUNT},
        "employed": {"type": "array", "items": _WHOLE, "minItems": 2, "maxItems": 2},
    },
    "customers": _OWN["listing"]
    | {"totals": {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}}},
    "tree": {
        "value": {
            "type": "array",
            "items": _object(
                label=_LABEL,
                value=_AMOUNT,
                share=_SHARE,
                items={"type": "array", "items": _object(label=_LABEL, value=_AMOUNT, share=_SHARE)},
            ),
        },
        "total": _AMOUNT,
    },
    "top_share": _OWN["ratio"]
    | {"largest": {"type": "array", "items": _TEXT}, "limit": {"type": "integer", "minimum": 0}},
    "forecast": _OWN["breakdown"] | {"expected_minor": _TEXT},
    "cohorts": {
        "value": {
            "type": "array",
            "items": _object(label=_TEXT, first=_WHOLE, values={"type": "array", "items": _NUMBER}),
        },
        "by": {"enum": ["month", "quarter"]},
        "money": {"type": "boolean"},
    },
}

_LINE: dict[str, Any] = dict.fromkeys(
    ("before", "entered", "left", "changed", "after", "difference"), _NUMBER
)
_KEYS: dict[str, Any] = {"type": "array", "items": {"type": "array", "items": _CELL}}


_CHANGE: dict[str, Any] = {
    "metric": _METRIC,
    "before": {"$ref": "#"},
    "after": {"$ref": "#"},
    "names": {"type": "array", "items": _TEXT},
    "lines": {"type": "array", "items": _object(cell={"type": "array", "items": _LABEL}, **_LINE)},
    "total": {"anyOf": [{"type": "null"}, _object(**_LINE)]},
    "value_difference": {"type": ["number", "null"]},
    "tables": {
        "type": "array",
        "items": _object(
            table=_TEXT,
            key={"type": "array", "items": _TEXT},
            counts=_object(entered=_WHOLE, left=_WHOLE, changed=_WHOLE),
            entered=_KEYS,
            left=_KEYS,
            changed={
                "type": "array",
                "items": _object(
                    key={"type": "array", "items": _CELL},
                    cell={"type": "array", "items": _LABEL},
                    before=_NUMBER,
                    after=_NUMBER,
                ),
            },
        ),
    },
}
"""What changed between two results: each of them, and what the rows between them explain."""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every result's `to_dict`, and of that of a change between two."""
    own = {kind: _COMMON | properties for kind, properties in _OWN.items()} | {"change": _CHANGE}
    kinds = [
        {"title": kind} | _object(kind={"const": kind}, **properties) for kind, properties in own.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cs_metrics result",
        "version": SCHEMA_VERSION,
        "oneOf": kinds,
    }


def from_dict(data: Mapping[str, Any]) -> Result:
    """A result from its `to_dict`: equal to it, without the rows behind it.

    Raises:
        DataError: it is not what `to_dict` gives.
    """
    try:
        made, read = _READERS["groups" if data.get("grouped") else data["kind"]]
        spec, context = Spec(**data["metric"]), _context(data)
        state = read(data, context)
        sent = {"state": state, "spec": spec, "context": context}
        sent |= {"excluded": data["excluded"], "used": data["used"]}
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise _not_ours(error, "Result") from error
    result = made.__new__(made)
    result.__setstate__(sent)
    return result


def change_from_dict(data: Mapping[str, Any]) -> Change:
    """A change from its `to_dict`: equal to it, without the rows behind it.

    Raises:
        DataError: it is not what `to_dict` gives.
    """
    try:
        if data["kind"] != "change":
            raise ValueError(f"the kind is {data['kind']!r}")
        state = {
            "before": from_dict(data["before"]),
            "after": from_dict(data["after"]),
            "_names": tuple(data["names"]),
            "_lines": {tuple(line["cell"]): _line(line) for line in data["lines"]},
            "_total": None if data["total"] is None else _line(data["total"]),
            "_rows": Kept(data["tables"]),
        }
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        if isinstance(error, DataError):
            raise
        raise _not_ours(error, "Change") from error
    return restored(state)


def _line(data: Mapping[str, Any]) -> Line:
    return Line(**{name: _exact(data[name]) for name in _LINE})


def _not_ours(error: Exception, kind: str) -> DataError:
    expected = f"a dict as {kind}.to_dict gives it (see results.schema)"
    return DataError([Problem(table="result", value=str(error), expected=expected, code="not_a_result")])


def _context(data: Mapping[str, Any]) -> Context:
    from ..view import EVERYONE

    viewer = data["viewer"]
    return Context(
        as_of=dt.date.fromisoformat(data["as_of"]),
        viewer=EVERYONE if isinstance(viewer, Mapping) else viewer,
        filters=data["filters"],
        currency=data["currency"]["code"],
        exponent=data["currency"]["exponent"],
        portfolio=data.get("portfolio"),
    )


def _minor(text: str, context: Context) -> int:
    return int(Decimal(text).scaleb(context.exponent))


def _measure(data: Mapping[str, Any], context: Context) -> Callable[[Any], int]:
    return (lambda text: _minor(text, context)) if data["money"] else int


def _ratio(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    return {
        "numerator": _exact(data["numerator"]),
        "denominator": _exact(data["denominator"]),
        "_distinct": unnamed if data["counts_distinct"] else None,
    }


def _exact(number: int | str) -> int | Decimal | Fraction:
    if isinstance(number, int):
        return number
    return Fraction(number) if "/" in number else Decimal(number)


def _top_share(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    largest = [_minor(text, context) for text in data["largest"]]
    return _ratio(data, context) | {"_largest": largest, "_limit": data["limit"]}


def _breakdown(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    measure = _measure(data, context)
    return {
        "_buckets": {line["label"]: measure(line["value"]) for line in (*data["value"], *data["cut_off"])},
        "_order": data["order"],
        "_limit": data["limit"],
        "_total": measure(data["total"]),
        "_money": data["money"],
    }


def _forecast(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    state = _breakdown(data, context)
    del state["_buckets"]["expected"]
    return state | {"_expected": Fraction(data["expected_minor"])}


def _cohorts(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    measure = _measure(data, context)
    cells = {line["first"]: [measure(number) for number in line["values"]] for line in data["value"]}
    return {"_cells": cells, "_by": data["by"], "_money": data["money"]}


def _crosstab(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    columns = data["columns"]
    return {
        "_columns": [column for column in columns if column is not None],
        "_cells": {
            line["label"]: dict(zip(columns, line["values"], strict=True))
            for line in (*data["value"], *data["cut_off"])
        },
        "_order": data["order"],
        "_limit": data["limit"],
    }


def _monthly(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    measure = _measure(data, context)
    series = {
        name: {month: measure(number) for month, number in months.items()}
        for name, months in data["value"].items()
    }
    return {"_series": series, "_money": data["money"], "adds_up": data["adds_up"]}


_CELLS: dict[str, Callable[[Any], Any]] = {
    "id": lambda cell: cell,
    "text": lambda cell: cell,
    "number": lambda cell: cell,
    "date": dt.date.fromisoformat,
    "amount": Decimal,
}


def _listing(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    kinds = {column["name"]: column["type"] for column in data["columns"]}
    lines = [
        tuple(
            None if cell is None else _CELLS[kind](cell)
            for kind, cell in zip(kinds.values(), line, strict=True)
        )
        for line in data["rows"]
    ]
    return {"_kinds": kinds, "_limit": data["limit"], "_kept": lines, "_keys": None}


def _changes(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    moves = {(move["from"], move["to"]): move["value"] for move in data["moves"]}
    return _breakdown(data, context) | {"_moves": moves}


def _segments(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    values = {name: _minor(value, context) for name, value in data["value_by_segment"].items()}
    return _listing(data, context) | {
        "_counts": data["counts"],
        "_values": values,
        "_exact": None,
        "_employed": tuple(data["employed"]),
        "_cut": None if data["cut"] is None else Cut.from_dict(data["cut"]),
    }


def _customers(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    totals = {
        name: Decimal(value) if isinstance(value, str) else value for name, value in data["totals"].items()
    }
    return _listing(data, context) | {"_totals": totals, "_by_account": {}}


def _tree(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    items: dict[Any, int] = {}
    tags: dict[Any, list[str]] = {}
    for branch in data["value"]:
        for item in branch["items"]:
            items[item["label"]] = _minor(item["value"], context)
            tags.setdefault(item["label"], []).extend([] if branch["label"] is None else [branch["label"]])
    return {"_items": items, "_tags": tags}


_READERS: dict[str, tuple[type[Result], Callable[[Mapping[str, Any], Context], dict[str, Any]]]] = {
    "count": (Count, lambda data, context: {}),
    "amount": (Amount, lambda data, context: {"_minor": _minor(data["value"], context)}),
    "ratio": (Ratio, _ratio),
    "top_share": (TopShare, _top_share),
    "breakdown": (Breakdown, _breakdown),
    "forecast": (Forecast, _forecast),
    "cohorts": (Cohorts, _cohorts),
    "crosstab": (Crosstab, _crosstab),
    "monthly": (Monthly, _monthly),
    "listing": (Listing, _listing),
    "groups": (Groups, lambda data, context: Groups._read(_listing(data, context))),
    "changes": (Changes, _changes),
    "scores": (Scores, _listing),
    "segments": (Segments, _segments),
    "customers": (Customers, _customers),
    "tree": (Tree, _tree),
    "trend": (
        Trend,
        lambda data, context: {
            "_current": from_dict(data["current"]),
            "_previous": from_dict(data["previous"]),
        },
    ),
}
