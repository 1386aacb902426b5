"""Sorting rows by several keys at once, finding runs in what is sorted, and going through many rows part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = ["bounds", "order_by", "parts", "rows_of", "runs_of", "sorted_by", "whole_parts"]

STEP = 1 << 16
"""So many rows at a time stay in the processor's cache."""


def parts(n: int, least: int = 0) -> Iterator[slice]:
    """All rows a step at a time, or so many as `least`, where each time costs as much as so many rows do.

    What is worked out for each of many rows need not stand in memory at once.
    """
    step = max(STEP, least)
    return (slice(first, min(first + step, n)) for first in range(0, n, step))


def whole_parts(keys: Array) -> Iterator[slice]:
    """The same of rows sorted by a key, those with one key in one part."""
    first, n = 0, len(keys)
    while first < n:
        last = first + STEP
        last = n if last >= n else int(keys.searchsorted(keys[last - 1], side="right"))
        yield slice(first, last)
        first = last


def order_by(*keys: Array | None, n: int = 0) -> Array:
    """The order of rows by several whole numbers, the first counting most; ties stay as they are.

    Sorting packed numbers is several times faster than sorting by one key after the other.
    """
    given = [key for key in keys if key is not None]
    size = len(given[0]) if given else n
    if size == 0 or not given:
        return np.arange(size, dtype=np.int32)
    places, lows = (size - 1).bit_length(), [int(key.min()) for key in given]
    widths = [(int(key.max()) - low).bit_length() for key, low in zip(given, lows, strict=True)]
    if sum(widths) + places > 63:
        if len(given) == 1:
            return given[0].argsort(kind="stable").astype(np.int32)
        order = order_by(*given[1:])
        return order.take(order_by(given[0].take(order)))
    packed = np.empty(size, np.int64)
    for part in parts(size):  # temporary arrays of whole columns would be the peak of loading a long table
        there = packed[part]
        there[:] = 0
        for key, low, width in zip(given, lows, widths, strict=True):
            there <<= width
            there += key[part]
            there -= low
        there <<= places
        there |= np.arange(part.start, part.stop)
    packed.sort()
    packed &= (1 << places) - 1
    return packed.astype(np.int32)


def sorted_by(days: Array, rows: Array, there: Array) -> Array:
    """The rows that are `there` by their days, then in their own order: numbers from 0 to below 2**31."""
    packed = np.empty(int(np.count_nonzero(there)), np.int64)
    first = 0
    for part in parts(len(days)):
        chosen = there[part]
        found = days[part][chosen].astype(np.int64) << 31
        found += rows[part][chosen]
        packed[first : first + len(found)] = found
        first += len(found)
    packed.sort()
    packed &= (1 << 31) - 1
    return packed.astype(np.int32)


def runs_of(places: Array, wanted: Array) -> tuple[Array, Array]:
    """The rows at which sorted `places` hold each of `wanted`, and which of `wanted` each row is for."""
    return rows_of(*bounds(places, wanted))


def bounds(places: Array, wanted: Array) -> tuple[Array, Array]:
    """Where the run of each of `wanted` begins and ends in sorted `places`."""
    wanted = np.asarray(wanted, places.dtype)  # rather than that all places become what these are
    return places.searchsorted(wanted), places.searchsorted(wanted, side="right")


def rows_of(first: Array, last: Array) -> tuple[Array, Array]:
    """The rows of runs, and of which run each is."""
    counts = last - first
    whose = np.repeat(np.arange(len(first)), counts)
    rows = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts, counts) + first[whose]
    return rows, whose
