"""Who does the work on shards: Spark's executors, or a function such as `map` on this machine."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from ..errors import OptionError
from ..frames import stack
from .work import Ask, RowsOf, answers, no_error

if TYPE_CHECKING:
    from .folder import Shards

__all__ = ["Here", "Runner", "runner_of"]


class Runner(Protocol):
    """Does something with every shard."""

    def answers(self, work: Callable[[str], bytes], paths: Sequence[str]) -> list[bytes]:
        """What the work gives for each shard, in their order."""
        ...

    def rows(self, ask: Ask, shards: Shards, table: str) -> Any:
        """The rows of a table behind the only job of an `Ask`."""
        ...


class Here:
    """A function with which `map(work, paths)` can be said: `map`, or `ProcessPoolExecutor(4).map`."""

    def __init__(self, run: Callable[..., Iterable[Any]]) -> None:
        self._run = run

    def answers(self, work: Callable[[str], bytes], paths: Sequence[str]) -> list[bytes]:
        return list(self._run(work, paths))

    def rows(self, ask: Ask, shards: Shards, table: str) -> Any:
        """The rows in the order of the result, as the kind of frame that went in."""
        (job,) = ask.jobs
        work = functools.partial(answers, attrs.evolve(ask, jobs=(RowsOf(job),)))
        found = [no_error(pickle.loads(pickle.loads(told)[0])) for told in self.answers(work, shards.paths)]
        keys = [key for _, _, part in found for key in part]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        rows = stack([part for _, part, _ in found], order)
        if found[0][0] != "duckdb":
            return rows
        import duckdb

        return duckdb.from_arrow(rows)


def runner_of(session: Any) -> Runner:
    """A SparkSession's executors, or a function on this machine."""
    if hasattr(session, "createDataFrame") and hasattr(session, "range"):
        from .cluster import Cluster

        return Cluster(session)
    if callable(session):
        return Here(session)
    raise OptionError("session", session, "a SparkSession, or a function such as map")
