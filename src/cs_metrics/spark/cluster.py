"""Spark at work on shards: one task for each, and what it answers as bytes; Spark tries a lost task again."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import MissingExtra
from .columns import read_columns, rows_as
from .work import Ask, Possible, answers, live, no_error

if TYPE_CHECKING:
    import pyarrow as pa

    from .folder import Shards

__all__ = ["Cluster"]


class Cluster:
    """The executors of a SparkSession, classic or over Spark Connect."""

    def __init__(self, session: Any) -> None:
        try:
            import pyspark  # noqa: F401
        except ImportError as error:
            raise MissingExtra("spark", "pyspark") from error
        self._session = session

    def answers(self, work: Callable[[str], bytes], paths: Sequence[str]) -> list[bytes]:
        """What the work gives for each shard, in their order."""
        if not paths:
            return []
        paths = list(paths)

        def batches(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            import pyarrow as pa

            for batch in numbers:
                for number in batch.column(0).to_pylist():
                    answer = pa.array([work(paths[number])], pa.binary())
                    yield pa.record_batch([pa.array([number], pa.int64()), answer], ["shard", "answer"])

        rows = self._tasks(len(paths)).mapInArrow(batches, "shard long, answer binary").collect()
        found = {row["shard"]: bytes(row["answer"]) for row in rows}
        return [found[number] for number in range(len(paths))]

    def rows(self, ask: Ask, shards: Shards, table: str) -> Any:
        """The rows behind the only job, as a Spark DataFrame."""
        self._check(ask, shards)
        schema, paths = read_columns(shards.columns[table]), shards.paths

        def batches(numbers: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in numbers:
                for number in batch.column(0).to_pylist():
                    result = live(ask, paths[number])
                    source = result._live().table.table.source
                    yield from rows_as(result.rows(), source, schema).to_batches(max_chunksize=100_000)

        return self._tasks(len(paths)).mapInArrow(batches, _of_spark(schema))

    def _check(self, ask: Ask, shards: Shards) -> None:
        """Errors of ours come now and as they are, not out of the middle of what Spark later does with the rows."""
        trial = attrs.evolve(ask, jobs=tuple(Possible(job) for job in ask.jobs))
        for told in self.answers(functools.partial(answers, trial), shards.paths):
            for answer in pickle.loads(told):
                no_error(pickle.loads(answer))

    def _tasks(self, count: int) -> Any:
        """A DataFrame of the numbers of shards, each in a task of its own."""
        return self._session.range(0, count, 1, count)


def _of_spark(schema: pa.Schema) -> Any:
    """A schema of types that Spark knows, as Spark says it."""
    from pyspark.sql import types as t

    kinds = {
        "bool": t.BooleanType, "int8": t.ByteType, "int16": t.ShortType, "int32": t.IntegerType,
        "int64": t.LongType, "float": t.FloatType, "double": t.DoubleType, "string": t.StringType,
        "binary": t.BinaryType, "date32[day]": t.DateType, "timestamp[us]": t.TimestampNTZType,
        "timestamp[us, tz=UTC]": t.TimestampType,
    }  # fmt: skip
    return t.StructType(
        [
            t.StructField(
                field.name,
                kinds[str(field.type)]()
                if str(field.type) in kinds
                else t.DecimalType(field.type.precision, field.type.scale),
            )
            for field in schema
        ]
    )
