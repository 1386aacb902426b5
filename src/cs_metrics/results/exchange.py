"""Results as JSON: the way back from what `to_dict` gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

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
from .segments import Cadence, Segments
from .tables import Breakdown, Crosstab, Monthly
from .tree import Customers, Tree
from .version import RESULTS

__all__ = ["BROKEN", "change_from_dict", "from_dict", "not_ours", "read_context", "written_by"]

BROKEN = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What reading raises where something is missing, or is of another kind."""


def from_dict(data: Mapping[str, Any]) -> Result:
    """A result from its `to_dict`: equal to it, without the rows behind it.

    Raises:
        DataError: it is not what `to_dict` gives.
    """
    try:
        written_by(data, RESULTS)
        made, read = _READERS[data["kind"]]
        spec, context = Spec(**data["metric"]), read_context(data)
        state = read(data, context)
        sent = {"state": state, "spec": spec, "context": context}
        sent |= {"excluded": data["excluded"], "used": data["used"]}
    except BROKEN as error:
        raise not_ours(error, "Result") from error
    result = made.__new__(made)
    result.__setstate__(sent)
    return result


def change_from_dict(data: Mapping[str, Any]) -> Change:
    """A change from its `to_dict`: equal to it, without the rows behind it.

    Raises:
        DataError: it is not what `to_dict` gives.
    """
    try:
        written_by(data, RESULTS)
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
    except BROKEN as error:
        if isinstance(error, DataError):
            raise
        raise not_ours(error, "Change") from error
    return restored(state)


def _line(data: Mapping[str, Any]) -> Line:
    return Line(**{name: _exact(data[name]) for name in attrs.fields_dict(Line)})


def written_by(data: Mapping[str, Any], name: str) -> None:
    """Nothing but what keeps to this version of the schema is read: another one may mean something else by it."""
    if data["schema"] != name:
        raise ValueError(f"it is of the schema {data['schema']!r}, not {name!r}")


def not_ours(error: Exception, kind: str) -> DataError:
    """The error for what is no JSON of ours."""
    expected = f"a dict as {kind}.to_dict gives it (see docs/output.md)"
    return DataError([Problem(table="result", value=str(error), expected=expected, code="not_a_result")])


def read_context(data: Mapping[str, Any]) -> Context:
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
    "groups": (Groups, lambda data, context: Groups._read(_listing(data, context), data["value"])),
    "cadence": (Cadence, _listing),
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
