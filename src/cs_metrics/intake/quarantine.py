"""Quarantine: bad rows leave, and their children with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..records import Kind
from .problems import Findings
from .tables import Draft
from .values import Array, Bools, Coded
from .words import relabelled

__all__ = ["cascade", "leave"]

REASONS = "reasons"


def cascade(drafts: dict[str, Draft], findings: Findings) -> None:
    """Mark the bad rows of every table, and whatever refers to one of them, until nothing changes."""
    for draft in drafts.values():
        draft.bad = np.zeros(draft.n, bool)
        draft.bad[findings.rows_of(draft.name)] = True
    changed = True
    while changed:
        changed = False
        for draft in drafts.values():
            for column in draft.schema.references:
                refs = draft.array(column.name)
                if refs is None:
                    continue
                assert column.refers and draft.bad is not None
                parent = drafts[column.refers].bad
                assert parent is not None
                lost = _descendants(refs, parent) if column.refers == draft.name else _lost(refs, parent)
                rows = np.flatnonzero(lost & ~draft.bad)
                if len(rows):
                    changed = True
                    draft.bad[rows] = True
                    expected = f"a row of {column.refers} that was not rejected"
                    findings.add(draft.name, column.name, "parent_rejected", expected, rows=rows)


def _lost(refs: Array, parent: Bools) -> Bools:
    if not len(parent):
        return np.zeros(len(refs), bool)
    found: Bools = (refs >= 0) & parent[refs]
    return found


def _descendants(refs: Array, bad: Bools) -> Bools:
    """Rows below a bad row of their own table; each round looks twice as far up."""
    lost, up = bad.copy(), refs
    while True:
        more = lost | _lost(up, lost)
        if (more == lost).all():
            return more
        lost = more
        up = np.where(up >= 0, up[up], -1)


def leave(drafts: dict[str, Draft], findings: Findings) -> dict[str, Any]:
    """Take the bad rows out of every table; the rejected rows with their reasons come back."""
    rejected = {}
    new_rows = {}
    for name, draft in drafts.items():
        assert draft.bad is not None
        if draft.bad.any():
            rejected[name] = _rejected(draft, findings)
            new_rows[name] = np.append(np.cumsum(~draft.bad) - 1, -1).astype(np.int32)
    for draft in drafts.values():
        _thin_out(draft, new_rows)
    return rejected


def _thin_out(draft: Draft, new_rows: dict[str, Array]) -> None:
    """Leave a table's bad rows out, and point its references to where their rows are now."""
    kept = np.flatnonzero(~draft.bad) if draft.bad is not None and draft.name in new_rows else None
    for name, column in draft.columns.items():
        declared = draft.schema.columns[name]
        left = column if kept is None else _kept(column, kept, declared.kind)
        if declared.refers in new_rows and isinstance(left, np.ndarray):
            left = new_rows[declared.refers][left]
        draft.columns[name] = left
    if kept is not None:
        draft.n = len(kept)
        draft.source = draft.source.keep(kept)


def _kept(column: Array | Coded, kept: Array, kind: Kind) -> Array | Coded:
    if not isinstance(column, Coded):
        return column[kept]
    less = Coded(column.codes[kept], column.labels)
    return relabelled(less) if kind is Kind.CATEGORY else less


def _rejected(draft: Draft, findings: Findings) -> Any:
    """The rejected rows as a frame of the caller's kind, with one more column that says why."""
    assert draft.bad is not None
    rows = np.flatnonzero(draft.bad)
    reasons: dict[int, list[str]] = {row: [] for row in rows.tolist()}
    for finding in findings.found:
        if finding.table != draft.name or finding.rows is None:
            continue
        texts = [f"{finding.column}: {finding.told(n)} [{finding.code}]" for n in range(len(finding.rows))]
        for row, text in zip(finding.rows.tolist(), texts, strict=True):
            reasons[row].append(text)
        if finding.also is not None:
            # one of the rows that it clashes with is enough
            others, firsts = np.unique(finding.also, return_index=True)
            for row, first in zip(others.tolist(), firsts.tolist(), strict=True):
                reasons[row].append(texts[first])
    told = ["; ".join(reasons[row]) for row in rows.tolist()]
    name = REASONS
    while name in draft.source.column_names:
        name += "_"
    return draft.source.with_reasons(rows, name, told)
