"""What pydantic asks of a class that a FastAPI route returns: our JSON, and its schema with a component a class.

Nothing here is imported before pydantic asks.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic_core import core_schema

from ..errors import DataError

__all__ = ["component", "pydantic_schema"]

Schema = dict[str, Any]
REF = "#/$defs/"


def pydantic_schema(kind: type, read: Callable[[Any], Any], place: Schema) -> Any:
    """How pydantic takes an object of a class, or its JSON, and gives its JSON.

    `place` is what stands where the class is named: a reference makes the class a component of its own.
    """

    def taken(given: Any) -> Any:
        try:
            found = given if isinstance(given, kind) else read(given)
        except DataError as error:
            raise ValueError(str(error)) from None  # of which pydantic makes its own, that others can write
        if not isinstance(found, kind):
            raise ValueError(f"this is a {type(found).__name__}, not a {kind.__name__}")
        return found

    return core_schema.no_info_plain_validator_function(
        taken,
        ref=_core_ref(place["$ref"]) if "$ref" in place else None,
        serialization=core_schema.plain_serializer_function_ser_schema(lambda found: found.to_dict()),
    )


def component(place: Schema, definitions: Mapping[str, Schema], handler: Callable[[Any], Any]) -> Schema:
    """A schema whose references name components of the document that `handler` writes, made as they are named."""
    if "$ref" in place:
        place = definitions[place["$ref"].removeprefix(REF)]
    found = copy.deepcopy(place)
    for part in list(_referring(found)):
        part.update(handler(_named(part.pop("$ref"), definitions)))
    return found


def _named(reference: str, definitions: Mapping[str, Schema]) -> Any:
    """What makes pydantic write a component, and gives the reference to it."""

    def make(_: Any, handler: Callable[[Any], Any]) -> Schema:
        return component({"$ref": reference}, definitions, handler)

    made = core_schema.any_schema(ref=_core_ref(reference), metadata={"pydantic_js_functions": [make]})
    return core_schema.definitions_schema(made, [])


def _core_ref(reference: str) -> str:
    return f"cs_metrics.results.{reference.removeprefix(REF)}"


def _referring(schema: Any) -> Iterator[Schema]:
    """Every part of a schema that is a reference."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema
        else:
            for part in schema.values():
                yield from _referring(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _referring(part)
