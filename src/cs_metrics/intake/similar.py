"""Ids that people would take for the same one: a warning, as they stay different."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np

from ..errors import Problem
from .index import FEW, index_of
from .keys import KeyColumn
from .tables import Draft
from .texts import BLOCK, INLINE, VIEW, Texts
from .values import Array, Bools, Rows

__all__ = ["similar_ids"]

EXAMPLES = 3


def similar_ids(draft: Draft) -> list[Problem]:
    """One warning if some ids of a table differ only by case, surrounding space or Unicode form."""
    index = draft.index
    if index is None or index.ids.kind == "int":
        return []
    if index.pattern is not None and index.pattern.figures:
        return []
    if index.ids.n > FEW and not any(_may_be_alike(texts) for texts in index.ids.texts()):
        return []
    found = index_of(KeyColumn("str", index.ids.n, (_folded(index.ids),)), wanted=False)
    rows, others = found.later, found.first
    kept = draft.source.kept
    if kept is not None and len(rows):
        stays = np.zeros(index.ids.n, bool)
        stays[kept] = True
        both = stays[rows] & stays[others]
        rows, others = rows[both], others[both]
    return [_told(draft, rows, others)] if len(rows) else []


def _told(draft: Draft, rows: Rows, others: Rows) -> Problem:
    first = draft.source.frame_values("id", others[:EXAMPLES])
    second = draft.source.frame_values("id", rows[:EXAMPLES])
    pairs = ", ".join(f"{a!r} and {b!r}" for a, b in zip(first, second, strict=True))
    return Problem(
        table=draft.name,
        column="id",
        row=second[0],
        expected=f"ids that differ by more than case, space or Unicode form; {len(rows)} do not: {pairs}",
        code="similar_ids",
    )


def _folded(ids: KeyColumn) -> Any:
    """The ids without what people overlook."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if ids.n <= FEW:
        keys = [key for chunk in ids.chunks for key in chunk.to_pylist()]
        return pa.array([None if key is None else _fold(key) for key in keys], pa.large_string())
    plain = pc.utf8_normalize(ids.whole(), form="NFKC")
    return pc.utf8_trim_whitespace(pc.utf8_lower(plain))


def _fold(key: str) -> str:
    return unicodedata.normalize("NFKC", key).lower().strip()


def _may_be_alike(texts: Texts) -> bool:
    """False where the bytes prove that no two ids fold to the same."""
    upper = lower = False
    for part in _parts(texts):
        if (part >= 0x80).any() or (part <= 0x20).any():
            return True
        upper = upper or _in_range(part, "A", "Z")
        lower = lower or _in_range(part, "a", "z")
        if upper and lower:
            return True
    return False


def _in_range(part: Array, first: str, last: str) -> bool:
    inside: Bools = part - np.uint8(ord(first)) <= np.uint8(ord(last) - ord(first))
    return bool(inside.any())


def _parts(texts: Texts) -> Any:
    """All bytes of the texts, in handy parts."""
    step = BLOCK * VIEW
    if texts.views:
        for low in range(0, len(texts.data), step):
            inline = texts.data[low : low + step].reshape(-1, VIEW)[:, VIEW - INLINE :]
            # short texts are filled up with zeros, which are no letters
            yield inline[inline > 0]
        return
    begin, end = int(texts.offsets[0]), int(texts.offsets[-1])
    for low in range(begin, end, step):
        yield texts.data[low : min(low + step, end)]
