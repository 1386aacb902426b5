"""Spark DataFrames split by account, checked and saved by the executors, shard by shard.

The rule is that of `split`: rows follow the parents that they name. Here it is said in joins, so that nobody has
to hold all rows, or all ids. Every shard is checked as a portfolio of its own; what no shard can see by itself,
one id twice in two of them, is looked for beforehand.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..errors import CsMetricsError, DataError, OptionError, Problem
from ..fingerprint import added_up, digest, sums
from ..intake import open_frame
from ..portfolio import Portfolio
from ..records import SCHEMA
from ..settings import Settings
from ..split import EVERYWHERE, FOLLOWED, SCHEMA_PARENTS, TREE
from .columns import columns_of
from .folder import Shards, as_number, file_names, prepared, publish, remove

if TYPE_CHECKING:
    import os

    import pyarrow as pa

__all__ = ["are_of_spark", "shard_distributed"]

HOME, NUMBER = "_cs_metrics_home", "_cs_metrics_shard"
SHOWN = 20


def are_of_spark(frames: Mapping[str, Any]) -> bool:
    """Whether tables are Spark DataFrames: all of them, or none."""
    of_spark = [type(frame).__module__.partition(".")[0] == "pyspark" for frame in frames.values()]
    if any(of_spark) and not all(of_spark):
        raise OptionError("frames", sorted(frames), "Spark DataFrames for all tables, or for none")
    return any(of_spark)


def shard_distributed(
    frames: Mapping[str, Any], n: int, path: str | os.PathLike[str], settings: Settings
) -> Shards:
    """Shards of Spark DataFrames."""
    for name in frames:
        if name not in SCHEMA:
            raise OptionError("frames", name, tuple(SCHEMA))
    files, folder = file_names(as_number(n)), prepared(path)
    _check_ids(frames)
    parts = {name: frame for name, frame in frames.items() if name not in EVERYWHERE}
    common = {name: frame.toArrow() for name, frame in frames.items() if name in EVERYWHERE}
    schemas = {name: _schema(frame) for name, frame in parts.items()}
    build = _Build(str(folder), files, settings, schemas, common)
    try:
        made = _built(parts, n, build)
        whole = added_up([told["sums"] for told in made], EVERYWHERE)
        columns = {name: schema.empty_table() for name, schema in schemas.items()}
        columns |= {name: table.slice(0, 0) for name, table in common.items()}
        shards = Shards(
            path=folder,
            files=files,
            rows={name: whole[name][0] for name in SCHEMA if name in frames},
            settings=settings,
            fingerprint=digest(whole, settings),
            columns={name: columns_of(open_frame(table)) for name, table in columns.items()},
        )
        publish(shards)
    except BaseException:
        remove(folder, only=files)
        raise
    return shards


def _schema(frame: Any) -> pa.Schema:
    return frame.limit(0).toArrow().schema


def _check_ids(frames: Mapping[str, Any]) -> None:
    """An id that stands twice may stand in two shards, neither of which can tell."""
    from pyspark.sql import functions as f

    ids = [
        frame.select(f.lit(name).alias("table"), f.col("id").cast("string").alias("key"))
        for name, frame in frames.items()
        if "id" in SCHEMA[name].columns and "id" in frame.columns and name not in EVERYWHERE
    ]
    if not ids:
        return
    every = functools.reduce(lambda one, other: one.unionByName(other), ids)
    twice = every.where("key is not null").groupBy("table", "key").count().where("count > 1")
    found = twice.orderBy("table", "key").limit(SHOWN).collect()
    if found:
        raise DataError(
            Problem(
                table=row["table"], column="id", row=row["key"], value=row["key"],
                expected=f"each id once; {row['count']} rows have it", code="duplicate",
            )
            for row in found
        )  # fmt: skip


# where rows go ----------------------------------------------------------------------------------------------


def _with_numbers(frames: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Each table with the number of the shard of each row."""
    from pyspark.sql import functions as f

    homes: dict[str, Any] = {}
    found = {}
    parents = [SCHEMA_PARENTS[column] for column in FOLLOWED]
    for name in sorted(frames, key=lambda name: (*parents, name).index(name)):
        frame = _accounts(frames[name]) if name == "accounts" else _followed(name, frames[name], homes)
        if "id" in frame.columns and name in parents:
            homes[name] = frame.select(f.col("id").cast("string").alias("_id"), f.col(HOME).alias("_home"))
        number = f.pmod(f.xxhash64(f.col(HOME)), f.lit(n)).cast("int")
        found[name] = frame.withColumn(NUMBER, number).drop(HOME)
    return found


def _followed(name: str, frame: Any, homes: Mapping[str, Any]) -> Any:
    """A table with the home of each row: that of the first parent that is there, else the first that is named."""
    from pyspark.sql import functions as f

    named = [column for column in FOLLOWED if column in SCHEMA[name].columns and column in frame.columns]
    own = list(frame.columns)
    known = []
    for place, column in enumerate(one for one in named if SCHEMA_PARENTS[one] in homes):
        parent = homes[SCHEMA_PARENTS[column]].toDF(f"_id{place}", f"_home{place}")
        frame = frame.join(parent, frame[column].cast("string") == parent[f"_id{place}"], "left")
        known.append(f.col(f"_home{place}"))
    known += [f.col(column).cast("string") for column in named]
    return frame.select(*(f.col(f"`{column}`") for column in own), f.coalesce(*known, f.lit("")).alias(HOME))


def _accounts(accounts: Any) -> Any:
    """Accounts with the one at the top of their tree; of a circle, with the first of it."""
    from pyspark.sql import functions as f

    if "id" not in accounts.columns:
        return accounts.withColumn(HOME, f.lit(""))
    key = f.col("id").cast("string")
    if TREE not in accounts.columns:
        return accounts.withColumn(HOME, key)
    tops = _tops(accounts.select(key.alias("node"), f.col(TREE).cast("string").alias("up")))
    joined = accounts.join(tops, accounts["id"].cast("string") == tops["node"], "left")
    own = [f.col(f"`{column}`") for column in accounts.columns]
    return joined.select(*own, f.coalesce(f.col("home"), key).alias(HOME))


def _tops(links: Any) -> Any:
    """Of each account in a tree of several the one at the top; each round goes twice as far up."""
    from pyspark.sql import functions as f

    below = links.where("up is not null")
    roots = below.select(f.col("up").alias("node")).distinct().join(below.select("node"), "node", "left_anti")
    nodes = below.unionByName(roots.withColumn("up", f.col("node"))).withColumn("low", f.col("up"))
    nodes = nodes.localCheckpoint()
    for _ in range(nodes.count().bit_length() + 1):
        above = nodes.select(f.col("node").alias("up"), f.col("up").alias("top"), f.col("low").alias("lower"))
        low, on = f.least("low", "lower").alias("low"), (f.col("up") != f.col("top")).alias("on")
        further = nodes.join(above, "up").select("node", f.col("top").alias("up"), low, on)
        further = further.localCheckpoint()
        nodes, on = further.drop("on"), further.where("on").limit(1).count()
        if not on:
            break
    ends = nodes.select(f.col("node").alias("up"), f.col("low").alias("home"))
    return nodes.join(ends, "up").select("node", "home")


# what is made of them ---------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class _Build:
    """Makes one shard of its rows; it is sent to the executors, with the tables that stand in every shard."""

    folder: str
    files: tuple[str, ...]
    settings: Settings
    schemas: Mapping[str, pa.Schema]
    common: Mapping[str, pa.Table]

    def __call__(self, number: int, pieces: Mapping[str, list[bytes]]) -> bytes:
        """What is known of the saved shard, or the error."""
        import pyarrow as pa

        tables = dict(self.common)
        for name, schema in self.schemas.items():
            read = [pa.ipc.open_stream(piece).read_all() for piece in pieces.get(name, ())]
            tables[name] = pa.concat_tables(read) if read else schema.empty_table()
        try:
            ordered = {name: tables[name] for name in SCHEMA if name in tables}
            portfolio = Portfolio(ordered, self.settings, "raise", None)
            found = sums(portfolio.tables)
            portfolio._fingerprint = digest(found, self.settings)
            portfolio.save(Path(self.folder) / self.files[number])
        except CsMetricsError as error:
            return pickle.dumps(error)
        return pickle.dumps({"sums": found})


def _built(frames: Mapping[str, Any], n: int, build: _Build) -> list[dict[str, Any]]:
    """Every shard made: by the executors those that have rows, here those that have none."""
    found: dict[int, Any] = {}
    pieces = [_pieces(name, frame) for name, frame in _with_numbers(frames, n).items()]
    if pieces:
        every = functools.reduce(lambda one, other: one.unionByName(other), pieces)

        def together(group: pa.Table) -> pa.Table:
            import pyarrow as pa

            number = group.column("shard")[0].as_py()
            of: dict[str, list[bytes]] = {}
            for batch in group.select(["name", "rows"]).to_batches():
                for name, rows in zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True):
                    of.setdefault(name, []).append(rows)
            told = [pa.array([number], pa.int32()), pa.array([build(number, of)], pa.binary())]
            return pa.table(told, names=["shard", "told"])

        made = every.groupBy("shard").applyInArrow(together, "shard int, told binary").collect()
        found = {row["shard"]: pickle.loads(bytes(row["told"])) for row in made}
    for number in range(n):
        if number not in found:
            found[number] = pickle.loads(build(number, {}))
    wrong = [found[number] for number in range(n) if isinstance(found[number], CsMetricsError)]
    if wrong and all(isinstance(error, DataError) for error in wrong):
        raise DataError(dict.fromkeys(problem for error in wrong for problem in error.problems))
    if wrong:
        raise wrong[0]
    return [found[number] for number in range(n)]


def _pieces(name: str, frame: Any) -> Any:
    """A table in pieces of one shard each, as bytes."""
    table = name

    def pieces(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        import pyarrow.compute as pc

        for batch in batches:
            numbers = batch.column(batch.schema.get_field_index(NUMBER))
            rows = pa.Table.from_batches([batch]).drop_columns([NUMBER])
            for number in pc.unique(numbers):
                sink = pa.BufferOutputStream()
                with pa.ipc.new_stream(sink, rows.schema) as stream:
                    stream.write_table(rows.filter(pc.equal(numbers, number)))
                told = [
                    pa.array([number.as_py()], pa.int32()),
                    pa.array([table]),
                    pa.array([sink.getvalue().to_pybytes()], pa.binary()),
                ]
                yield pa.record_batch(told, ["shard", "name", "rows"])

    near = frame.repartition(NUMBER).sortWithinPartitions(NUMBER)  # so that pieces are few and large
    return near.mapInArrow(pieces, "shard int, name string, rows binary")
