"""Portfolios in files: laid out, checksummed, and mapped into memory when opened."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from .._version import __version__
from ..errors import OptionError, Problem
from ..hierarchy import Hierarchy
from ..history import Entry, History
from ..records import SCHEMA
from ..settings import Settings
from .container import Reader, Writer, replacing
from .frames import read_frame, write_frame
from .parts import shapes
from .tables import ARRAYS, read_table, write_table
from .values import NotPlain, decoded, encoded

if TYPE_CHECKING:
    import os

    from ..layout import Table

__all__ = ["Kept", "open_file", "save"]

LAYOUT = 3
"""Counts up whenever rows are laid out, or prepared, in another way within one release; what they consist of is
compared anyway."""

HIERARCHY = ("position", "user", "end")


@attrs.frozen(eq=False, kw_only=True)
class Kept:
    """All that a portfolio is made of. `warnings` and `rejected` may still have to be read."""

    settings: Settings
    hierarchy: Hierarchy
    tables: Mapping[str, Table]
    warnings: Callable[[], tuple[Problem, ...]]
    rejected: Callable[[], dict[str, Any]]
    history: Callable[[], History]
    only: Any
    fingerprint: str


def declared() -> str:
    """A hash of what the schema declares and what is kept of tables: rows under another one mean something else."""
    told = [
        [table.name, table.key, table.follows, table.begins, *map(_declared, table.columns.values())]
        for table in SCHEMA.values()
    ]
    kept = [LAYOUT, ARRAYS, HIERARCHY, shapes()]
    return hashlib.sha256(json.dumps([told, kept]).encode()).hexdigest()[:32]


def _declared(column: Any) -> list[Any]:
    default = None if column.default is attrs.NOTHING else repr(column.default)
    return [column.name, str(column.kind), column.optional, default, column.refers, column.words]


def save(path: str | os.PathLike[str], kept: Kept) -> None:
    """Write a portfolio, all or nothing.

    Raises:
        DataError: there is no writing there, or a column holds objects that only pickle could write.
    """
    target = Path(path)
    with replacing(target) as file:
        writer = Writer(file)
        rates = {currency: str(rate) for currency, rate in kept.settings.rates.items()}
        writer.finish(
            {
                "library": __version__,
                "schema": declared(),
                "settings": attrs.asdict(kept.settings) | {"rates": rates},
                "fingerprint": kept.fingerprint,
                "only": encoded(kept.only),
                "hierarchy": {part: writer.array(getattr(kept.hierarchy, part)) for part in HIERARCHY},
                "tables": {name: write_table(table, writer) for name, table in kept.tables.items()},
                "history": writer.add(json.dumps([_entry(one) for one in kept.history().entries]).encode()),
                "warnings": writer.add(json.dumps([_told(one) for one in kept.warnings()]).encode()),
                "rejected": {
                    name: write_frame(frame, name, writer) for name, frame in kept.rejected().items()
                },
            }
        )


def _told(problem: Problem) -> dict[str, Any]:
    told = attrs.asdict(problem, recurse=False)
    return {name: _plain(value) for name, value in told.items()}


def _plain(value: Any) -> Any:
    """A value that a warning shows; one that cannot be written is shown as text."""
    try:
        return encoded(value)
    except NotPlain:
        return repr(value)


def open_file(path: str | os.PathLike[str], *, verify: bool = False) -> Kept:
    """A portfolio from its file; nothing but the manifest is read, unless all is to be verified.

    Raises:
        DataError: it is no saved portfolio, not all of it, damaged, or saved by another release.
    """
    if not isinstance(verify, bool):
        raise OptionError("verify", verify, (True, False))
    reader = Reader(Path(path))
    told = reader.manifest
    if told["library"] != __version__:
        raise reader.other_release(f"cs_metrics {told['library']} saved it, this is {__version__}")
    if told["schema"] != declared():
        raise reader.other_release("its records are declared, or laid out, in another way")
    if verify:
        reader.verify()
    settings = dict(told["settings"])
    settings["rates"] = {currency: Decimal(rate) for currency, rate in settings["rates"].items()}
    return Kept(
        settings=Settings(**settings),
        hierarchy=Hierarchy(**{part: reader.array(told["hierarchy"][part]) for part in HIERARCHY}),
        tables={name: read_table(name, table, reader) for name, table in told["tables"].items()},
        history=lambda: _history(reader),
        warnings=lambda: _warnings(reader),
        rejected=lambda: {name: read_frame(frame, reader) for name, frame in told["rejected"].items()},
        only=decoded(told["only"]),
        fingerprint=told["fingerprint"],
    )


def _entry(entry: Entry) -> list[Any]:
    return [entry.table, encoded(entry.id), entry.column, encoded(entry.value), entry.day]


def _history(reader: Reader) -> History:
    told = json.loads(bytes(reader.bytes_of(reader.manifest["history"])))
    return History(
        tuple(Entry(table, decoded(i), column, decoded(v), day) for table, i, column, v, day in told)
    )


def _warnings(reader: Reader) -> tuple[Problem, ...]:
    told = json.loads(bytes(reader.bytes_of(reader.manifest["warnings"])))
    return tuple(Problem(**{name: decoded(value) for name, value in one.items()}) for one in told)
