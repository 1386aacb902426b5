"""Laid-out tables in segments, each part read when it is first asked for."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ..facts import Prepared
from ..intake import Coded, Keys
from ..intake.keys import KeyColumn
from ..layout import Table
from ..records import SCHEMA
from .container import Reader, Writer
from .frames import arrow_of, read_source, write_arrow, write_source
from .parts import Lazily, read_part, write_part

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["ARRAYS", "read_table", "write_table"]

ARRAYS = ("order", "place", "starts", "rank", "begins")


def write_table(table: Table, writer: Writer) -> dict[str, Any]:
    """All that a table knows; what the manifest says of it."""
    name = table.schema.name
    return {
        "n": table.n,
        "latest": table.latest,
        "exponent": table.exponent,
        "columns": {column: _write(values, writer) for column, values in table.columns.items()},
        **{part: _written(getattr(table, part), writer) for part in ARRAYS},
        "keys": None if table.keys is None else _write_keys(table.keys, writer),
        "source": write_source(table.source, name, writer),
        "prepared": _write_prepared(table.prepared, writer),
    }


def _write(values: Array | Coded, writer: Writer) -> dict[str, Any]:
    if isinstance(values, Coded):
        labels = writer.add(json.dumps(list(values.labels)).encode())
        return {"codes": writer.array(values.codes), "labels": labels}
    return writer.array(values)


def _written(values: Array | None, writer: Writer) -> dict[str, Any] | None:
    return None if values is None else writer.array(values)


def _write_keys(keys: Keys, writer: Writer) -> dict[str, Any]:
    import pyarrow as pa

    ids = keys.column()
    return {"kind": ids.kind, "n": ids.n, "segment": write_arrow(pa.table({"": ids.whole()}), writer)}


def _write_prepared(prepared: Prepared, writer: Writer) -> dict[str, Any]:
    return {field.name: write_part(getattr(prepared, field.name), writer) for field in attrs.fields(Prepared)}


class _Later:
    """Attributes that are made when first asked for."""

    def __getattr__(self, name: str) -> Any:
        make = self.__dict__.get("_makers", {}).get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        found = self.__dict__[name] = make()
        return found


class SavedTable(_Later, Table):
    """A table in a file; its parts are read, and their checksums verified, when they are first used."""

    @functools.cached_property
    def stored(self) -> Mapping[str, tuple[Array, Callable[[Any], Any]]]:
        return Lazily({name: functools.partial(self.store, name) for name in self._storable()})


class SavedPrepared(_Later, Prepared):
    """What is known of rows beforehand, in a file."""


def read_table(name: str, told: Any, reader: Reader) -> Table:
    """A table of which nothing is read yet."""

    def part(said: Any) -> Callable[[], Any]:
        return lambda: None if said is None else reader.array(said)

    def column(said: Any) -> Callable[[], Any]:
        if "codes" not in said:
            return part(said)
        return lambda: Coded(
            reader.array(said["codes"]), tuple(json.loads(bytes(reader.bytes_of(said["labels"]))))
        )

    table = SavedTable.__new__(SavedTable)
    table.__dict__.update(
        schema=SCHEMA[name],
        n=told["n"],
        latest=told["latest"],
        exponent=told["exponent"],
        columns=Lazily({column_: column(said) for column_, said in told["columns"].items()}),
        prepared=_read_prepared(told["prepared"], reader),
        _makers={
            **{array: part(told[array]) for array in ARRAYS},
            "keys": lambda: None if told["keys"] is None else _read_keys(told["keys"], reader),
            "source": lambda: read_source(told["source"], reader),
        },
    )
    return table


def _read_keys(told: Any, reader: Reader) -> Keys:
    chunks = arrow_of(told["segment"], reader).column(0).chunks
    return Keys(KeyColumn(told["kind"], told["n"], tuple(chunks)))


def _read_prepared(told: Any, reader: Reader) -> Prepared:
    prepared = SavedPrepared.__new__(SavedPrepared)
    makers = {name: functools.partial(read_part, part, reader) for name, part in told.items()}
    prepared.__dict__.update(_makers=makers)
    return prepared
