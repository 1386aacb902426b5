"""What is worked out beforehand of accounts' measures and stack positions, for scores and the stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from .periods import FIRST_DAY

if TYPE_CHECKING:
    from .columns import Array
    from .intake import Coded

__all__ = [
    "POSITION_AMOUNTS", "STEP", "Ledger", "Series", "account_sums", "ledger_of", "position_sums", "series_of",
]  # fmt: skip

POSITION_AMOUNTS = ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")
STEP, ROOM, LONG = 16_384, 1, 100_000
"""A ledger has a line every so many positions; it is worth it where it is no longer than that many times the
positions, and these are many."""


@attrs.frozen(eq=False)
class Series:
    """All measures of one metric in the order of their accounts and days.

    By the accounts' rows, `known` says whether there is any, `last` is the latest of all, `since` its day, and
    `place` where it stands; without any 0, before every day, and -1.
    """

    parents: Array
    on: Array
    values: Array
    known: Array
    last: Array
    since: Array
    place: Array


@attrs.frozen(eq=False)
class Ledger:
    """What the applicable positions of each item come to, from the first one on up to every `STEP`th.

    So the sums over a run of positions are the difference of two lines, and what stands at its two ends.
    `sums` has a line for each step, in it a column for each item.
    """

    sums: Mapping[str, Array]


def series_of(words: Coded, accounts: Array, on: Array, values: Array, size: int) -> dict[str, Series]:
    """Each metric's measures on their own. The layout sorts measures by account, metric and day."""
    order = words.codes.argsort(kind="stable")
    starts = words.codes[order].searchsorted(np.arange(len(words.labels) + 1))
    series = {}
    for code, label in enumerate(words.labels):
        rows = order[starts[code] : starts[code + 1]]
        whose, days, numbers = accounts[rows], on[rows], values[rows]
        place = np.full(size, -1, np.int32)
        place[whose] = np.arange(len(rows), dtype=np.int32)  # of several, NumPy keeps the last one assigned
        last = np.append(numbers, 0.0)[place]
        since = np.append(days, np.int32(FIRST_DAY - 1))[place]
        series[label] = Series(whose, days, numbers, place >= 0, last, since, place)
    return series


def account_sums(columns: Mapping[str, Any], index: Array, refs: Array, size: int) -> dict[str, Array]:
    """What the positions `index` of each account come to."""
    sums = position_sums(columns, index, refs.take(index), size)
    sums["opportunity"] = sums["mrr_opportunity"] + sums["non_recurring_opportunity"]
    sums["misalignment"] = 100 - 100 * sums["aligned"] / np.maximum(sums["applicable"], 1)
    return sums


def ledger_of(columns: Mapping[str, Any], index: Array, items: Array, size: int) -> Ledger | None:
    """The sums by item so far at every step, where that is small beside the positions."""
    steps = len(items) // STEP + 1
    if len(items) < LONG or size * steps > len(items) * ROOM:
        return None
    found = position_sums(columns, index, items.take(index) + index // STEP * size, size * steps)
    sums = {name: np.zeros((steps + 1, size), np.int64) for name in found}
    for name, values in found.items():
        values.reshape(steps, size).cumsum(axis=0, out=sums[name][1:])
    return Ledger(sums)


def position_sums(columns: Mapping[str, Any], index: Array, rows: Array, size: int) -> dict[str, Array]:
    """Counts and amounts of the positions `index`, whose parents are `rows`."""
    found = {
        "applicable": np.bincount(rows, minlength=size),
        "aligned": np.bincount(rows[columns["aligned"].take(index)], minlength=size),
    }
    for name in POSITION_AMOUNTS:
        found[name] = np.zeros(size, np.int64)
        np.add.at(found[name], rows, columns[name].take(index))
    return found
