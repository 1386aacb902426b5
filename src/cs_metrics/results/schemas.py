"""The JSON Schema of what `to_dict` gives: a definition for each kind of result, by the name of its class."""

from __future__ import annotations

import inspect
from typing import Any

from ..errors import OptionError
from .change import Change
from .cohorts import Cohorts
from .forecast import Forecast
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, TopShare, Trend
from .scores import Changes, Scores
from .segments import Cadence, Segments
from .tables import Breakdown, Crosstab, Monthly
from .tree import Customers, Tree
from .version import DIALECT, RESULTS, VERSION

__all__ = [
    "CONTEXT", "COUNT", "KINDS", "KIND_NAMES", "RESULT_NAMES", "TEXT", "definitions", "described", "either",
    "listed", "obj", "of_class", "ref", "schema",
]  # fmt: skip

Schema = dict[str, Any]


def obj(**properties: Any) -> Schema:
    """An object with these properties, all of them and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    """A definition by its name."""
    return {"$ref": f"#/$defs/{name}"}


def listed(items: Schema, **bounds: int) -> Schema:
    return {"type": "array", "items": items, **bounds}


def by_name(values: Schema) -> Schema:
    """An object of as many properties as there are names."""
    return {"type": "object", "additionalProperties": values}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def told(schema: Schema, description: str) -> Schema:
    return schema | {"description": description}


TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
AMOUNT = told({"type": "string", "format": "decimal"}, "money in the currency's units, exact")
EXACT = told(
    {"type": ["integer", "string"]}, "a whole number, or as text one that is not: money, or a fraction"
)
SHARE: Schema = {"type": ["number", "null"]}
LABEL: Schema = {"type": ["string", "integer", "null"]}
CELL: Schema = {"type": ["string", "number", "null"]}
LIMIT: Schema = {"type": ["integer", "null"], "minimum": 0}
COUNTS = by_name(COUNT)
METRIC = obj(
    **dict.fromkeys(("id", "title", "unit", "source", "definition", "counts"), TEXT),
    options={"type": "object"},
    version={"type": "integer", "minimum": 1},
)
CONTEXT: Schema = {
    "as_of": told({"type": "string", "format": "date"}, "the day on which the numbers stand"),
    "viewer": either({"type": ["string", "integer"]}, obj(everyone={"const": True})),
    "filters": told(by_name({"type": ["array", "object", "string"]}), "what the view was narrowed to"),
    "currency": obj(code=TEXT, exponent=told(COUNT, "how many decimals its minor unit has")),
    "portfolio": told(
        {"type": ["string", "null"], "pattern": "^[0-9a-f]{32}$"},
        "the fingerprint of the rows looked at, null where nobody had asked for it",
    ),
}
BUCKETS = listed(obj(label=LABEL, value=EXACT))
LINES = listed(obj(label=LABEL, values=listed(WHOLE)))
COLUMN = obj(name=TEXT, type={"enum": ["id", "text", "date", "amount", "number"]})
RATIO: Schema = {
    "value": SHARE,
    "numerator": EXACT,
    "denominator": EXACT,
    "counts_distinct": FLAG,
}
BREAKDOWN: Schema = {
    "value": BUCKETS,
    "cut_off": BUCKETS,
    "order": {"enum": ["fixed", "label", "largest"]},
    "limit": LIMIT,
    "total": EXACT,
    "money": FLAG,
}
LISTING: Schema = {
    "value": told(COUNT, "how many lines there are, whether or not all of them stand in rows"),
    "columns": listed(COLUMN),
    "rows": listed(listed(CELL)),
    "limit": LIMIT,
}
SHARED_OUT = listed(obj(label=LABEL, value=AMOUNT, share=SHARE))
OWN: dict[type, Schema] = {
    Count: {"value": WHOLE},
    Amount: {"value": AMOUNT},
    Ratio: RATIO,
    TopShare: RATIO | {"largest": listed(TEXT), "limit": COUNT},
    Breakdown: BREAKDOWN,
    Forecast: BREAKDOWN | {"expected_minor": TEXT},
    Changes: BREAKDOWN | {"moves": listed(obj(**{"from": TEXT, "to": TEXT, "value": WHOLE}))},
    Crosstab: {
        "columns": listed(LABEL),
        "value": LINES,
        "cut_off": LINES,
        "order": {"enum": ["label", "largest"]},
        "limit": LIMIT,
    },
    Monthly: {
        "value": by_name(by_name(EXACT) | {"propertyNames": {"pattern": "^[0-9]{4}-[0-9]{2}$"}}),
        "money": FLAG,
        "adds_up": FLAG,
    },
    Cohorts: {
        "value": listed(obj(label=TEXT, first=WHOLE, values=listed(EXACT))),
        "by": {"enum": ["month", "quarter"]},
        "money": FLAG,
    },
    Listing: LISTING,
    Groups: LISTING,
    Scores: LISTING,
    Cadence: LISTING,
    Segments: LISTING
    | {
        "cut": either({"type": "null"}, obj(kind={"const": "at"}, value=TEXT, effort={"type": "number"})),
        "counts": COUNTS,
        "value_by_segment": by_name(AMOUNT),
        "employed": listed(WHOLE, minItems=2, maxItems=2),
    },
    Customers: LISTING | {"totals": by_name({"type": ["string", "number", "null"]})},
    Tree: {
        "value": listed(obj(label=LABEL, value=AMOUNT, share=SHARE, items=SHARED_OUT)),
        "total": AMOUNT,
    },
}
"""What each kind adds to what all results say."""

RESULT_NAMES = (*(kind.__name__ for kind in OWN), Trend.__name__)
"""The definitions of results; a change between two of them is none."""
KINDS = (*OWN, Trend, Change)
"""The classes that have a definition."""

KIND_NAMES: dict[str, str] = {one.kind: one.__name__ for one in (*OWN, Trend)}  # type: ignore[attr-defined]
KIND_NAMES["change"] = Change.__name__
"""The names of definitions by the `kind` of their JSON."""

TREND: Schema = {
    "value": {},
    "current": either(*(ref(kind.__name__) for kind in OWN)),
    "previous": either(*(ref(kind.__name__) for kind in OWN)),
    "change": {"type": ["number", "string", "null"]},
    "change_share": SHARE,
}
LINE: Schema = dict.fromkeys(("before", "entered", "left", "changed", "after", "difference"), EXACT)
KEY = listed(CELL)
EXPLAINED = obj(
    table=TEXT,
    key=listed(TEXT),
    counts=obj(entered=WHOLE, left=WHOLE, changed=WHOLE),
    entered=listed(KEY),
    left=listed(KEY),
    changed=listed(obj(key=KEY, cell=listed(LABEL), before=EXACT, after=EXACT)),
)
CHANGE: Schema = {
    "metric": ref("MetricSpec"),
    "before": either(*map(ref, RESULT_NAMES)),
    "after": either(*map(ref, RESULT_NAMES)),
    "names": listed(TEXT),
    "lines": listed(obj(cell=listed(LABEL), **LINE)),
    "total": either({"type": "null"}, obj(**LINE)),
    "value_difference": SHARE,
    "tables": listed(EXPLAINED),
}
"""What changed between two results: each of them, and what the rows between them explain."""


def described(kind: type, schema: Schema) -> Schema:
    """A definition with the first paragraph of its class."""
    lines = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].splitlines()
    return {"title": kind.__name__, "description": " ".join(lines)} | schema


def _result(kind: str, own: Schema) -> Schema:
    return obj(
        schema={"const": RESULTS},
        kind={"const": kind},
        metric=ref("MetricSpec"),
        **CONTEXT,
        **own,
        used=told(COUNT, "how many rows the value is made of"),
        excluded=told(COUNTS, "how many rows in scope were not used, by reason"),
    )


def definitions() -> dict[str, Schema]:
    """Every definition by its name."""
    metric = (
        "Which metric a result is of: its definition, unit and source, what it counts, options as called."
    )
    kinds: dict[type, Schema] = {
        kind: _result(kind.kind, own)  # type: ignore[attr-defined]
        for kind, own in (*OWN.items(), (Trend, TREND))
    }
    kinds[Change] = obj(schema={"const": RESULTS}, kind={"const": "change"}, **CHANGE)
    return {"MetricSpec": {"title": "MetricSpec", "description": metric} | METRIC} | {
        kind.__name__: described(kind, schema) for kind, schema in kinds.items()
    }


def of_class(kind: type) -> Schema:
    """What stands where a class is named: its definition, and those of the classes below it."""
    names = [one.__name__ for one in KINDS if issubclass(one, kind)]
    if names:
        return ref(names[0]) if len(names) == 1 else either(*map(ref, names))
    own = obj(kind={"const": kind.kind}, metric=ref("MetricSpec"), **CONTEXT)  # type: ignore[attr-defined]
    return described(kind, own | {"additionalProperties": True})  # a host's own kind of result


def schema(kind: str | None = None) -> Schema:
    """The JSON Schema (2020-12) of every result's `to_dict`, and of that of a change between two.

    Or that of one kind alone, such as "count": what does not hold is told more plainly then.
    """
    if kind is not None and kind not in KIND_NAMES:
        raise OptionError("kind", kind, KIND_NAMES)
    one = {"oneOf": [ref(each.__name__) for each in KINDS]} if kind is None else ref(KIND_NAMES[kind])
    return {
        "$schema": DIALECT,
        "$id": RESULTS,
        "title": "cs_metrics results",
        "version": VERSION,
        **one,
        "$defs": definitions(),
    }
