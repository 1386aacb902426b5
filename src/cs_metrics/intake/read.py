"""Reading the columns of one table: each job reads one column (money: all of a table's), and notes apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import numpy as np

from .. import money
from ..records import Column, Kind
from ..settings import Settings
from . import amounts
from .columns import FILL, WANTED, absent, assemble, read_column
from .problems import Findings, Note
from .references import keys_of, resolve
from .tables import Draft
from .values import Array, Coded, Parsed, Piece
from .words import hinted, relabelled

__all__ = ["jobs_of"]

Job = Callable[[Findings], None]


def jobs_of(draft: Draft, drafts: dict[str, Draft], settings: Settings) -> Iterator[Job]:
    """What there is to read in one table, apart from its ids."""
    for column in draft.schema.columns.values():
        if column.name in ("id", "currency") or column.kind is Kind.MONEY:
            continue
        if column.kind is Kind.KEY:
            parent = drafts.get(column.refers or "")
            yield _reference(draft, column, parent)
        elif column.name in draft.supplied:
            yield _other(draft, column, settings)
        elif column.kind is not Kind.TEXT:
            draft.columns[column.name] = absent(column, draft.n, 0)
    if any(column.kind is Kind.MONEY for column in draft.schema.columns.values()):
        yield _all_money(draft, settings)


def _reference(draft: Draft, column: Column, parent: Draft | None) -> Job:
    index = None if parent is None else parent.index

    def job(findings: Findings) -> None:
        if column.name not in draft.supplied:
            if index is not None:
                draft.columns[column.name] = np.full(draft.n, -1, np.int32)
            return
        note = Note(findings, draft.name, column.name)
        cells = draft.source.cells(column.name)
        keys, draft.seen[column.name] = keys_of(cells, column.required, note)
        if index is None:
            if column.name in draft.schema.key:
                draft.unchecked[column.name] = keys
        elif (parent is not None and parent.broken) or index.kind not in (None, keys.kind):
            draft.columns[column.name] = np.full(draft.n, -1, np.int32)
        else:
            draft.columns[column.name] = resolve(keys, index, column.refers or "", note)

    return job


def _other(draft: Draft, column: Column, settings: Settings) -> Job:
    def job(findings: Findings) -> None:
        note = Note(findings, draft.name, column.name)
        values, missing = read_column(draft.source.cells(column.name), column, settings.tz, note)
        if missing is not None and not column.optional and not note.whole:
            if column.default is attrs.NOTHING:
                note("missing", WANTED[column.kind], rows=np.flatnonzero(missing))
            elif isinstance(values, np.ndarray):
                values = np.where(missing, column.default, values)
        if column.kind is not Kind.TEXT:
            draft.columns[column.name] = values

    return job


def _all_money(draft: Draft, settings: Settings) -> Job:
    def job(findings: Findings) -> None:
        currency = _currency(draft, Note(findings, draft.name, "currency"))
        for column in draft.schema.columns.values():
            if column.kind is Kind.MONEY:
                note = Note(findings, draft.name, column.name)
                draft.columns[column.name] = _money(draft, column, currency, settings, note)

    return job


def _currency(draft: Draft, note: Note) -> Coded:
    """The currency of each row; a missing one is the portfolio's own."""
    if "currency" not in draft.supplied:
        return Coded(np.empty(0, np.int8), ())
    column = draft.schema.columns["currency"]
    coded, _ = read_column(draft.source.cells("currency"), column, "UTC", note)
    assert isinstance(coded, Coded)
    if "" in coded.labels:  # an empty cell, as in a column of enums
        empty = coded.codes == coded.labels.index("")
        coded = relabelled(Coded(np.where(empty, -1, coded.codes), coded.labels))
    unknown = np.array([*(label not in money.CURRENCIES for label in coded.labels), False])
    if unknown.any():
        rows = np.flatnonzero(unknown[coded.codes])
        expected = hinted("an ISO 4217 code", coded.labels, coded.codes[rows], money.CURRENCIES)
        note("currency", expected, rows=rows)
    return coded


def _money(draft: Draft, column: Column, currency: Coded, settings: Settings, note: Note) -> Array:
    own = money.exponent(settings.currency)
    if column.name not in draft.supplied:
        values = absent(column, draft.n, own)
        assert isinstance(values, np.ndarray)
        return values

    def read(piece: Piece) -> Parsed | None:
        if set(currency.labels) <= {settings.currency}:
            return amounts.minor_units(piece.array, own)
        codes = currency.codes[piece.at(np.arange(len(piece.array)))]
        return amounts.mixed(piece.array, codes, currency.labels, settings)

    amount = assemble(draft.source.cells(column.name), Kind.MONEY, read, note, FILL[Kind.MONEY])
    if amount.missing is None or note.whole or column.optional:
        return amount.values
    if column.default is attrs.NOTHING:
        note("missing", WANTED[Kind.MONEY], rows=np.flatnonzero(amount.missing))
        return amount.values
    filled: Array = np.where(amount.missing, column.default * 10**own, amount.values)
    return filled
