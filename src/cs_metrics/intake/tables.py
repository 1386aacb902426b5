"""Which tables were supplied, and whether their columns are those of the schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from ..errors import nearest
from ..records import SCHEMA, Column, TableSchema
from .frames import NotAFrame, Source, open_frame
from .index import Index
from .keys import KeyColumn
from .problems import Findings
from .references import Seen
from .values import Array, Bools, Coded

__all__ = ["Draft", "open_tables"]


FRAME = "a pandas, Polars or PyArrow frame, a DuckDB relation, or one with __arrow_c_stream__"


@attrs.define(eq=False)
class Draft:
    """A table while it is being read."""

    schema: TableSchema
    source: Source
    n: int
    supplied: frozenset[str]
    columns: dict[str, Array | Coded] = attrs.field(factory=dict)
    index: Index | None = None
    broken: bool = False
    """Whether the column of ids is wrong as a whole: then references to it are not looked at."""
    unchecked: dict[str, KeyColumn] = attrs.field(factory=dict)
    """References to tables that were not supplied; natural keys need them."""
    seen: dict[str, tuple[Seen, ...]] = attrs.field(factory=dict)
    """The kinds of key in each column of keys."""
    bad: Bools | None = None
    ours: bool = False
    """Whether the columns are copies that may be written over."""

    def array(self, name: str | None) -> Array | None:
        """A column that is no `Coded`, None where it was not read."""
        column = self.columns.get(name or "")
        return column if isinstance(column, np.ndarray) else None

    @property
    def name(self) -> str:
        return self.schema.name


def open_tables(tables: Mapping[str, object], findings: Findings) -> dict[str, Draft]:
    """The supplied tables, in the schema's order; None counts as not supplied."""
    for name in tables:
        if name not in SCHEMA:
            expected = f"a table of {', '.join(SCHEMA)}{nearest(name, SCHEMA)}"
            findings.add(str(name), None, "unknown_table", expected, structural=True)
    drafts: dict[str, Draft] = {}
    for name, schema in SCHEMA.items():
        given = tables.get(name)
        if given is None:
            continue
        try:
            source = open_frame(given)
        except NotAFrame:
            findings.add(name, None, "not_a_frame", FRAME, values=[_kind(given)], structural=True)
            continue
        except Exception as error:
            # a lazy frame or a relation that fails when it is run, with whatever its library raises
            expected = f"a frame that can be read: {error}"
            findings.add(name, None, "unreadable_frame", expected, values=[_kind(given)], structural=True)
            continue
        drafts[name] = _draft(schema, source, findings)
    return drafts


def _kind(given: object) -> str:
    return (given if isinstance(given, type) else type(given)).__qualname__


def _draft(schema: TableSchema, source: Source, findings: Findings) -> Draft:
    names: list[Any] = list(source.column_names)
    supplied = set(names)
    doubled = {name for name, count in Counter(names).items() if count > 1}
    for name in sorted(map(str, doubled)):
        findings.add(schema.name, name, "doubled_column", "each column's name once", structural=True)
    if names or source.n:
        others = [name for name in supplied if name not in schema.columns]
        for column in schema.columns.values():
            if column.required and column.name not in supplied:
                _missing(schema.name, column, others, source, findings)
    usable = frozenset(name for name in supplied - doubled if name in schema.columns)
    return Draft(schema, source, source.n, usable)


def _missing(table: str, column: Column, others: list[Any], source: Source, findings: Findings) -> None:
    hint = nearest(column.name, others)
    index = getattr(source.frame, "index", None)
    if getattr(index, "name", None) == column.name:
        hint = " (it is the frame's index: call reset_index())"
    expected = f"this column, which has no default{hint}"
    findings.add(table, column.name, "missing_column", expected, structural=True)
