"""Dice and columns: how the sample draws its numbers and turns them into columns of a frame."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Array = npt.NDArray[Any]

NEVER = np.int32(-(2**31))
"""The day of what has not happened: a missing date."""

NONE = -1
"""The number of a missing reference or word."""


class Dice:
    """One table's own stream of draws, so that no table depends on which others are made."""

    def __init__(self, seed: int, table: str) -> None:
        stream = np.random.SeedSequence([seed % 2**64, zlib.crc32(table.encode())])
        self.rng = np.random.Generator(np.random.PCG64(stream))

    def share(self, count: int) -> Array:
        """Even draws from [0, 1)."""
        return self.rng.random(count, dtype=np.float32)

    def chance(self, odds: float | Array, count: int) -> Array:
        """True as often as `odds` says."""
        return np.asarray(self.share(count) < np.asarray(odds, dtype=np.float32))

    def between(self, low: Array | int, high: Array | int, count: int) -> Array:
        """Whole numbers from low to high, both in; low where high is lower."""
        span = np.maximum(np.asarray(high, dtype=np.int32) - low, 0)
        return np.asarray(low + self.share(count).astype(np.float64) * (span + 1), dtype=np.int32)

    def words(self, weights: Sequence[float], count: int) -> Array:
        """Numbers of words, as often as the weights say; the weights may fall short of their sum."""
        parts = np.asarray(weights, dtype=float)
        slots = np.searchsorted(np.cumsum(parts / parts.sum()), np.arange(2**16) / 2**16, side="right")
        table = np.minimum(slots, len(parts) - 1).astype(np.int8)
        return table[self.rng.integers(0, 2**16, count, dtype=np.uint16)]

    def missing(self, values: Array, odds: float | Array, none: int = NONE) -> Array:
        """The values, some of them missing."""
        return np.where(self.chance(odds, len(values)), values.dtype.type(none), values)

    def order(self, count: int) -> Array:
        """0 to count-1 in no order."""
        return self.rng.permutation(np.arange(count, dtype=np.int32))

    def children(self, rates: Array) -> Array:
        """Parents' numbers, each as often as its rate says on average, in no order."""
        counts = self.rng.poisson(rates)
        return self.rng.permutation(np.repeat(np.arange(len(rates), dtype=np.int32), counts))

    def busyness(self, count: int, spread: float = 0.6) -> Array:
        """How much goes on at each parent: 1 on average, a few far busier."""
        return self.rng.lognormal(-spread * spread / 2, spread, count)


def ladder(counts: Array) -> tuple[Array, Array]:
    """Each parent's number `counts` times, and beside it 0, 1, 2, ... within the parent."""
    parents = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    return parents, (np.arange(len(parents)) - firsts).astype(np.int32)


def ids(prefix: str, numbers: Array, total: int) -> pd.Series[str]:
    """Ids as text, all of one width: number 0 is `E0000001`; a missing number a missing id."""
    import pyarrow as pa

    width = max(7, len(str(total)))
    count = len(numbers)
    letters = np.empty((count, width + 1), dtype=np.uint8)
    letters[:, 0] = ord(prefix)
    rest = (numbers + 1).astype(np.uint32)
    for place in range(width, 0, -1):
        rest, digit = np.divmod(rest, np.uint32(10))
        letters[:, place] = digit + ord("0")
    offsets = np.arange(count + 1, dtype=np.int64) * (width + 1)
    valid = None
    if count and int(numbers.min()) < 0:
        valid = pa.py_buffer(np.packbits(numbers >= 0, bitorder="little"))
    text = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(letters), valid)
    return _series(text)


def words(codes: Array, vocabulary: Sequence[str]) -> pd.Series[str]:
    """The words of a vocabulary by their numbers."""
    import pyarrow as pa

    texts = pa.array(vocabulary, pa.large_string())
    missing = codes < 0 if len(codes) and int(codes.min()) < 0 else None
    return _series(texts.take(pa.array(codes, mask=missing)))


def _series(text: Any) -> pd.Series[str]:
    """An Arrow column of text as pandas' own kind of text, uncopied (objects before pandas 3)."""
    series: pd.Series[str] = text.to_pandas()
    return series


def days(numbers: Array) -> Array:
    """Days since 1970 as datetime64[s]; NEVER becomes NaT."""
    seconds = numbers.astype(np.int64) * 86_400
    seconds[numbers == NEVER] = np.iinfo(np.int64).min
    return seconds.view("datetime64[s]")


def dollars(cents: Array) -> Array:
    """Money in dollars, exact to the cent."""
    return np.asarray(cents, dtype=np.int64) / 100.0


def optional_ints(numbers: Array, missing: Array) -> Any:
    """Whole numbers, some missing, as pandas' Int64."""
    import pandas as pd

    return pd.arrays.IntegerArray(numbers.astype(np.int64), missing.copy())


def frame(**columns: Any) -> pd.DataFrame:
    """Columns side by side, without copying them."""
    import pandas as pd

    return pd.DataFrame(columns, copy=False)
