"""What others read: the JSON Schemas of results, reports and records, and reports read back from JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from .errors import RowsNotKept
from .metric import Metric
from .records import TABLES, json_schema
from .report import Audience, Purpose, Report, ReportResult, Section, Unavailable
from .results import Result, schema
from .results.base import Spec
from .results.exchange import BROKEN, from_dict, not_ours, read_context, written_by
from .results.schemas import (
    CONTEXT,
    COUNT,
    RESULT_NAMES,
    TEXT,
    definitions,
    described,
    either,
    listed,
    obj,
    ref,
)
from .results.version import DIALECT, RECORDS, REPORTS, VERSION

__all__ = ["SCHEMAS", "everything", "records", "report_definitions", "report_from_dict", "reports", "results"]


def results() -> dict[str, Any]:
    """The JSON Schema of every result's `to_dict`, and of that of a change between two."""
    return schema()


def report_definitions() -> dict[str, Any]:
    """Every definition of a report's JSON by its name, those of results among them."""
    either_of = either(ref("Unavailable"), *map(ref, RESULT_NAMES))
    report = obj(
        schema={"const": REPORTS},
        report=TEXT,
        title=TEXT,
        purpose={"enum": [purpose.value for purpose in Purpose]},
        audiences=listed({"enum": [audience.value for audience in Audience]}),
        source=TEXT,
        **CONTEXT,
        filters_applied=COUNT,
        sections=listed(obj(title=TEXT, metrics=listed(either_of))),
    )
    missing = obj(kind={"const": "unavailable"}, metric=ref("MetricSpec"), needs=TEXT)
    own = {"ReportResult": described(ReportResult, report), "Unavailable": described(Unavailable, missing)}
    return own | {name: found for name, found in definitions().items() if name != "Change"}


def reports() -> dict[str, Any]:
    """The JSON Schema of every report's `to_dict`."""
    return {
        "$schema": DIALECT,
        "$id": REPORTS,
        "title": "cs_metrics reports",
        "version": VERSION,
        **ref("ReportResult"),
        "$defs": report_definitions(),
    }


def records() -> dict[str, Any]:
    """The JSON Schema of the records that go in: an object with a list of records for each table."""
    made = {name: json_schema(name) for name in TABLES}
    for table in made.values():
        del table["$schema"]
    tables = {name: listed(ref(table["title"])) for name, table in made.items()}
    return {
        "$schema": DIALECT,
        "$id": RECORDS,
        "title": "cs_metrics records",
        "version": VERSION,
        "type": "object",
        "properties": tables,
        "additionalProperties": False,
        "$defs": {table["title"]: table for table in made.values()},
    }


def everything() -> dict[str, Any]:
    """All of them in one document, each under its own `$id`."""
    parts = {name: make() for name, make in SCHEMAS.items() if make is not everything}
    return {
        "$schema": DIALECT,
        "$id": f"urn:cs-metrics:all:{VERSION}",
        "title": "cs_metrics",
        "version": VERSION,
        "anyOf": [{"$ref": part["$id"]} for part in parts.values()],
        "$defs": parts,
    }


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "results": results,
    "reports": reports,
    "records": records,
    "all": everything,
}


def report_from_dict(data: Mapping[str, Any]) -> ReportResult:
    """A report from its `to_dict`: equal to it, without its view and the rows behind its numbers."""
    try:
        written_by(data, REPORTS)
        found = [
            (section["title"], [_read(metric) for metric in section["metrics"]])
            for section in data["sections"]
        ]
        report = Report(
            id=data["report"],
            title=data["title"],
            purpose=data["purpose"],
            audiences=data["audiences"],
            source=data["source"],
            sections=[Section(title, map(_metric, results)) for title, results in found],
        )
        return ReportResult(
            report=report,
            view=None,
            results={_metric(one).id: one for _, results in found for one in results},
            context=read_context(data),
        )
    except BROKEN as error:
        raise not_ours(error, "ReportResult") from error


def _read(data: Mapping[str, Any]) -> Result | Unavailable:
    if data["kind"] == "unavailable":
        return Unavailable(_of_spec(Spec(**data["metric"])), data["needs"])
    return from_dict(data)


def _metric(found: Result | Unavailable) -> Metric:
    return found.metric if isinstance(found, Unavailable) else _of_spec(found.spec)


def _of_spec(spec: Spec) -> Metric:
    """A metric that is known from what it gave, and cannot be computed."""

    def compute(*_: Any, **__: Any) -> NoReturn:
        raise RowsNotKept(f"{spec.id} was read back from JSON; take the metric itself to compute it")

    return Metric(
        id=spec.id,
        title=spec.title,
        unit=spec.unit,
        source=spec.source,
        definition=spec.definition,
        counts=spec.counts,
        needs=(spec.counts,),
        defaults=spec.options,
        version=spec.version,
        compute=compute,
    )
