"""Several tables at once, where they are long: NumPy lets go of the interpreter's lock, so that two cores work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["WORTH", "each"]

WORTH = 100_000
"""With fewer rows in all, threads cost more than they bring."""
AT_ONCE = 2
"""Each thread holds the temporary arrays of one table; more of them would need more memory than time is worth."""

Item = TypeVar("Item")
Made = TypeVar("Made")


def each(work: Callable[[Item], Made], items: Iterable[Item], rows: int) -> list[Made]:
    """What is made of each item, in their order; `rows` is how many rows all of them have."""
    if rows < WORTH:
        return [work(item) for item in items]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(work, items))
