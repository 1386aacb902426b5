"""Arrow arrays without their mysteries: families of types, NumPy views of values, offsets and bytes."""

from __future__ import annotations

import enum
import functools
from typing import Any

import numpy as np

from .values import Array, Bools, Rows

__all__ = [
    "Family",
    "all_empty",
    "chunks_of",
    "family",
    "first_value",
    "missing_of",
    "normal",
    "numbers",
    "plain",
    "present",
    "type_name",
    "words_of",
]

SMALL_CHUNK = 1 << 14
NAT = np.iinfo(np.int64).min


class Family(enum.Enum):
    """What kind of cells an Arrow type holds."""

    NOTHING = "nothing"
    BOOL = "flags"
    INT = "whole numbers"
    FLOAT = "floating-point numbers"
    DECIMAL = "decimals"
    TEXT = "text"
    DAY = "days"
    TIME = "timestamps"
    CODED = "categories"
    OTHER = "other"


def family(array: Any) -> Family:
    """The family of a column's cells: Arrow's, or NumPy's as pandas has them."""
    if isinstance(array, np.ndarray):
        return _NUMPY.get(array.dtype.kind, Family.OTHER)
    return _family(array.type)


_NUMPY = {"b": Family.BOOL, "i": Family.INT, "u": Family.INT, "f": Family.FLOAT, "M": Family.TIME}


@functools.lru_cache(maxsize=256)
def _family(kind: Any) -> Family:
    import pyarrow.types as pt

    for test, found in (
        (pt.is_large_string, Family.TEXT),
        (pt.is_string, Family.TEXT),
        (pt.is_string_view, Family.TEXT),
        (pt.is_integer, Family.INT),
        (pt.is_floating, Family.FLOAT),
        (pt.is_timestamp, Family.TIME),
        (pt.is_date, Family.DAY),
        (pt.is_boolean, Family.BOOL),
        (pt.is_null, Family.NOTHING),
        (pt.is_decimal, Family.DECIMAL),
    ):
        if test(kind):
            return found
    if pt.is_dictionary(kind) and _family(kind.value_type) is Family.TEXT:
        return Family.CODED
    return Family.OTHER


def normal(array: Any) -> Any:
    """The same cells in one of the plainer layouts."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as pt

    kind = array.type
    if pt.is_dictionary(kind):
        return array if _family(kind) is Family.CODED else normal(array.dictionary_decode())
    if pt.is_run_end_encoded(kind):
        return normal(pc.run_end_decode(array))
    if pt.is_float16(kind):
        return array.cast(pa.float64())
    return array


def chunks_of(array: Any) -> list[Any]:
    """The chunks of an Arrow column; joined first where they are so small that each would cost more."""
    import pyarrow as pa

    if isinstance(array, pa.Array):
        return [array]
    chunks = [chunk for chunk in array.chunks if len(chunk)]
    if len(chunks) > 1 and len(array) < SMALL_CHUNK * len(chunks):
        joined = array.combine_chunks()
        return [joined] if isinstance(joined, pa.Array) else joined.chunks
    return chunks


def missing_of(array: Any) -> Bools | None:
    """Which cells are empty, None where none is. pandas' NaN and NaT are empty."""
    if not isinstance(array, np.ndarray):
        return array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if array.dtype.kind == "f":
        missing: Bools = np.isnan(array)
    elif array.dtype.kind == "M":
        missing = array.view(np.int64) == NAT
    else:
        return None
    return missing if missing.any() else None


def all_empty(array: Any) -> bool:
    """Whether no cell holds anything: such cells have no type to speak of."""
    missing = missing_of(array)
    return len(array) == 0 or (missing is not None and bool(missing.all()))


def present(array: Any) -> Rows:
    """The places of the cells that hold something."""
    missing = missing_of(array)
    return np.arange(len(array)) if missing is None else np.flatnonzero(~missing)


def first_value(array: Any) -> Any:
    """The first value of an array that has one, as plain Python."""
    cell = array[int(present(array)[0])]
    return cell.item() if isinstance(array, np.ndarray) else cell.as_py()


def type_name(array: Any) -> str:
    """What a message calls the type of an array."""
    return str(array.dtype if isinstance(array, np.ndarray) else array.type)


def numbers(array: Any, dtype: Any) -> Array:
    """The values of a primitive array as they lie in memory; whatever stands in empty cells."""
    if isinstance(array, np.ndarray):
        return array.view(dtype)
    if not len(array):
        return np.empty(0, dtype)
    _, data = array.buffers()
    return np.frombuffer(data, dtype, len(array), array.offset * np.dtype(dtype).itemsize)


def plain(array: Any, dtype: Any = None) -> tuple[Array, Bools | None]:
    """Numbers or flags as NumPy has them, and which are missing; empty cells hold zero."""
    missing = missing_of(array)
    if isinstance(array, np.ndarray):
        values = array if missing is None else np.where(missing, 0, array)
    else:
        zero = False if family(array) is Family.BOOL else 0
        values = (array if missing is None else array.fill_null(zero)).to_numpy(zero_copy_only=False)
    return values if dtype is None else values.astype(dtype, copy=False), missing


def words_of(array: Any) -> tuple[Array, list[str]]:
    """Codes and distinct words of an array of text or categories; -1 is an empty cell."""
    if family(array) is Family.TEXT:
        array = array.dictionary_encode()
    codes = array.indices
    found = numbers(codes, codes.type.to_pandas_dtype())
    empty = missing_of(codes)
    if empty is not None:
        found = np.where(empty, -1, found.astype(np.int64))
    return found, array.dictionary.to_pylist()
