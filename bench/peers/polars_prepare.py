"""Making ready with Polars: text ids to row numbers by joins, words to codes, rows in viewers' order.

The tables are those of `arrays.py`, column for column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from . import words as w

Lazy = pl.LazyFrame


@dataclass
class Prepared:
    org: w.Org
    tables: dict[str, pl.DataFrame]
    starts: dict[str, np.ndarray[Any, Any]]
    labels: dict[str, list[str]]
    by_rank: dict[str, pl.Series]
    """The ids of engagements and contracts in their order."""
    row_of_rank: np.ndarray[Any, Any]


def native(frame: Any) -> pl.DataFrame:
    """A Polars frame of whatever frame it is."""
    if isinstance(frame, pl.DataFrame):
        return frame
    import pyarrow as pa

    return pl.DataFrame(pa.Table.from_pandas(frame, preserve_index=False))


def day(name: str, missing: int) -> pl.Expr:
    return pl.col(name).cast(pl.Date).to_physical().fill_null(missing)


def enum(name: str, labels: Any) -> pl.Expr:
    return pl.col(name).cast(pl.Enum(labels)).to_physical().cast(pl.Int8).fill_null(-1)


def labels_of(frame: pl.DataFrame, name: str) -> list[str]:
    return frame[name].unique().drop_nulls().sort().to_list()


def key(name: str) -> pl.Expr:
    """An id as a hash: joins on 64-bit numbers are four times as fast as on text."""
    return pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash()).alias(name)


def rank() -> pl.Expr:
    return (pl.col("id").rank("ordinal") - 1).cast(pl.Int32).alias("rank")


def pair(first: str, second: str | pl.Expr) -> pl.Expr:
    """Two columns of days or row numbers as one to sort by."""
    return pl.col(first).cast(pl.Int64) * 2**32 + (pl.col(second) if isinstance(second, str) else second)


def cents(name: str) -> pl.Expr:
    return (pl.col(name) * 100).round().cast(pl.Int64).alias("value")


def runs(keys: pl.Series, count: int) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = np.searchsorted(keys.to_numpy(), np.arange(count + 1)).astype(np.int64)
    return found


def prepare(frames: dict[str, Any]) -> Prepared:
    tables = {name: native(frames[name]) for name in w.TABLES}
    users = tables["users"]
    org, place = w.org_of(users["id"].to_list(), users["manager_id"].to_list(), users["role"].to_list())
    positions = pl.LazyFrame({"key": users["id"].hash(), "position": pl.Series(place, dtype=pl.Int32)})
    ready = Prepared(org, {}, {}, {}, {}, np.empty(0, dtype=np.int64))
    for table, column in (
        ("engagements", "stage"), ("risk_signals", "category"), ("risk_signals", "scope"),
        ("adoption_scores", "product"), ("adoption_scores", "business_priority"),
    ):  # fmt: skip
        ready.labels[column] = labels_of(tables[table], column)
    accounts = _accounts(tables["accounts"], positions, len(org)).collect()
    engaged = _engagements(ready, tables["engagements"], positions, accounts)
    _children(ready, tables, engaged, accounts, positions)
    _decisions(ready)
    _touches(ready)
    ready.tables["accounts"] = accounts.select("id", "rank")
    for name in ("engagements", "contracts"):
        order = ready.tables[name]["rank"].arg_sort()
        ready.by_rank[name] = ready.tables[name]["id"].gather(order)
        ready.tables[name] = ready.tables[name].drop("id")
        if name == "engagements":
            ready.row_of_rank = order.to_numpy()
    for name, table in ready.tables.items():
        ready.tables[name] = table.rechunk()
    return ready


def _accounts(frame: pl.DataFrame, positions: Lazy, nobody: int) -> Lazy:
    return (
        frame.lazy()
        .select("id", rank(), key=key("id"), owner=key("owner_id"), begins=day("created_on", w.EVER))
        .join(positions, left_on="owner", right_on="key", how="left")
        .with_columns(pl.col("position").fill_null(nobody))
        .with_row_index("account")
        .with_columns(pl.col("account").cast(pl.Int32))
    )


def _engagements(
    ready: Prepared, frame: pl.DataFrame, positions: Lazy, accounts: pl.DataFrame
) -> pl.DataFrame:
    """Lays the engagements out; gives their ids with row number, position, account, beginning and end."""
    firms = accounts.lazy().select("key", "account", "position", "begins")
    table = (
        frame.lazy()
        .select(
            "id",
            key("account_id"),
            rank(),
            key=key("id"),
            owner=key("owner_id"),
            stage=enum("stage", ready.labels["stage"]),
            health=enum("health", w.HEALTH),
            created=day("created_on", w.EVER),
            until=day("closed_on", w.FAR),
            due=day("go_live_due_on", w.FAR),
            live=day("went_live_on", w.FAR),
        )
        .join(firms, left_on="account_id", right_on="key", how="left")
        .join(positions.rename({"position": "own"}), left_on="owner", right_on="key", how="left")
        .with_columns(
            position=pl.coalesce("own", "position"),
            begins=pl.max_horizontal("created", "begins"),
        )
        .sort("position")
        .with_row_index("engagement")
        .with_columns(pl.col("engagement").cast(pl.Int32))
        .drop("own", "account_id", "owner")
        .collect()
    )
    ready.tables["engagements"] = table.drop("engagement", "key")
    ready.starts["engagements"] = runs(table["position"], len(ready.org) + 1)
    return table.select("key", "engagement", "position", "account", "begins", "until")


def _children(
    ready: Prepared,
    tables: dict[str, pl.DataFrame],
    engaged: pl.DataFrame,
    accounts: pl.DataFrame,
    positions: Lazy,
) -> None:
    keys = engaged.lazy().select(
        "key", "engagement", parent_begins="begins", parent_until="until", parent_position="position"
    )

    def with_parent(name: str, *columns: Any, **named: Any) -> Lazy:
        picked = tables[name].lazy().select(key("engagement_id"), *columns, **named)
        return picked.join(keys, left_on="engagement_id", right_on="key", how="left").drop("engagement_id")

    firms = accounts.lazy().select("key", "account", account_begins="begins", account_position="position")
    contracts = _contracts(with_parent, firms)
    lazies = {
        "qbrs": with_parent(
            "qbrs", "cancelled", scheduled=day("scheduled_on", w.FAR), held=day("held_on", w.FAR)
        ).select("engagement", "scheduled", "cancelled", "held").sort(pair("engagement", "scheduled")),
        "touchpoints": with_parent("touchpoints", "cancelled", scheduled=day("scheduled_on", w.FAR))
        .select("engagement", "scheduled", "cancelled").sort(pair("engagement", "scheduled")),
        "objectives": with_parent("objectives", state=enum("state", w.OBJECTIVE_STATE))
        .select("engagement", "state", begins="parent_begins", until="parent_until").sort("engagement"),
        "contracts": contracts,
        "adoption_scores": _scores(with_parent, firms, ready.labels),
        "tasks": _tasks(with_parent, firms, positions),
        "escalations": _escalations(tables["escalations"], accounts, engaged),
    }  # fmt: skip
    ready.tables.update(zip(lazies, pl.collect_all(list(lazies.values())), strict=True))
    contract_keys = (
        ready.tables["contracts"]
        .lazy()
        .select(key=key("id"), contract=pl.int_range(pl.len(), dtype=pl.Int32), contract_begins="begins")
    )
    deals = tables["opportunities"].lazy()
    signals, decided = pl.collect_all([
        _signals(with_parent, contract_keys, ready.labels),
        deals.filter((pl.col("kind") == "renew") & (pl.col("stage") != "open"))
        .select("id", key("contract_id"), day=day("closed_on", w.EVER), lost=pl.col("stage") == "closed_lost")
        .join(contract_keys, left_on="contract_id", right_on="key", how="left")
        .sort("contract", "day", "id").unique(["contract", "day"], keep="first", maintain_order=True)
        .select("contract", "day", "lost"),
    ])  # fmt: skip
    ready.tables["risk_signals"], ready.tables["decisions"] = signals, decided
    count = len(engaged)
    for name in ("qbrs", "touchpoints", "objectives", "escalations", "risk_signals"):
        ready.starts[name] = runs(ready.tables[name]["engagement"], count)
    for name in ("contracts", "adoption_scores", "tasks"):
        ready.starts[name] = runs(ready.tables[name]["position"], len(ready.org) + 1)


def _contracts(with_parent: Any, firms: Lazy) -> Lazy:
    return (
        with_parent(
            "contracts",
            "id",
            key("account_id"),
            rank(),
            cents("value"),
            state=enum("state", w.CONTRACT_STATE),
            stage=enum("renewal_stage", w.RENEWAL_STAGE),
            extended=pl.col("extension_approved"),
            starts=day("starts_on", w.FAR),
            ends=day("ends_on", w.FAR),
            finalized=day("renewal_finalized_on", w.EVER),
        )
        .join(firms, left_on="account_id", right_on="key", how="left")
        .select(
            "id",
            "rank",
            "value",
            "state",
            "stage",
            "extended",
            "starts",
            "ends",
            "finalized",
            position=pl.coalesce("parent_position", "account_position"),
            engagement=pl.col("engagement").fill_null(-1),
            begins=pl.max_horizontal("account_begins", pl.col("parent_begins").fill_null(w.EVER)),
        )
        .sort(pair("position", pl.col("engagement").replace(-1, w.FAR)))
    )


def _scores(with_parent: Any, firms: Lazy, labels: dict[str, list[str]]) -> Lazy:
    subject = ["engagement", "account", "product"]
    return (
        with_parent(
            "adoption_scores",
            key("account_id"),
            "score",
            product=enum("product", labels["product"]),
            priority=enum("business_priority", labels["business_priority"]),
            on=day("on", w.EVER),
        )
        .join(firms, left_on="account_id", right_on="key", how="left")
        .select(
            "account",
            "product",
            "score",
            "priority",
            "on",
            engagement=pl.col("engagement").fill_null(-1),
            position=pl.coalesce("parent_position", "account_position"),
            begins=pl.max_horizontal("on", "account_begins", pl.col("parent_begins").fill_null(w.EVER)),
            until=pl.col("parent_until").fill_null(w.FAR),
        )
        .sort(
            pair("position", "engagement"),
            pair("account", pl.col("product").cast(pl.Int64) * 2**16 + pl.col("on")),
        )
        .with_columns(
            same=pl.all_horizontal((pl.col(name) == pl.col(name).shift(-1)) for name in subject).fill_null(
                value=False
            ),
        )
        .with_columns(
            until=pl.when("same")
            .then(pl.min_horizontal("until", pl.col("begins").shift(-1)))
            .otherwise("until")
        )
        .drop("on", "same")
    )


def _tasks(with_parent: Any, firms: Lazy, positions: Lazy) -> Lazy:
    return (
        with_parent(
            "tasks",
            key("assignee_id"),
            key("account_id"),
            status=enum("status", w.TASK_STATUS),
            due=day("due_on", w.FAR),
            created=day("created_on", w.EVER),
        )
        .join(firms, left_on="account_id", right_on="key", how="left")
        .join(positions, left_on="assignee_id", right_on="key", how="left")
        .select(
            "position",
            "status",
            "due",
            begins=pl.max_horizontal("created", "account_begins", "parent_begins"),
        )
        .sort("position")
    )


def _escalations(frame: pl.DataFrame, accounts: pl.DataFrame, engaged: pl.DataFrame) -> Lazy:
    """Escalations of each engagement's account, in engagements' order."""
    return (
        frame.lazy()
        .select(key("account_id"), begins=day("opened_on", w.EVER), until=day("closed_on", w.FAR))
        .join(accounts.lazy().select("key", "account"), left_on="account_id", right_on="key")
        .join(engaged.lazy().select("account", "engagement"), on="account")
        .select("engagement", "begins", "until")
        .sort("engagement")
    )


def _signals(with_parent: Any, contract_keys: Lazy, labels: dict[str, list[str]]) -> Lazy:
    return (
        with_parent(
            "risk_signals",
            key("contract_id"),
            category=enum("category", labels["category"]),
            scope=enum("scope", labels["scope"]),
            probability=enum("probability", w.PROBABILITY),
            opened=day("opened_on", w.EVER),
            closed=day("closed_on", w.FAR),
        )
        .join(contract_keys, left_on="contract_id", right_on="key", how="left")
        .select(
            "engagement",
            "category",
            "scope",
            "probability",
            "contract",
            begins=pl.max_horizontal("opened", "parent_begins", "contract_begins"),
            until=pl.min_horizontal("closed", "parent_until"),
        )
        .sort("engagement")
    )


def _decisions(ready: Prepared) -> None:
    """Which decision holds for each contract from when to when: its own, then its opportunities'."""
    contracts = (
        ready.tables["contracts"].with_row_index("contract").with_columns(pl.col("contract").cast(pl.Int32))
    )
    deals = ready.tables["decisions"]
    earliest = deals.lazy().group_by("contract").agg(earliest=pl.col("day").min())
    own = (
        contracts.lazy()
        .filter(pl.col("stage") >= w.APPROVED)
        .join(earliest, on="contract", how="left")
        .filter(pl.col("finalized") < pl.col("earliest").fill_null(w.FAR))
        .select("contract", day="finalized", lost=pl.col("stage") == w.REJECTED)
    )
    parents = contracts.lazy().select(
        "contract", "value", "engagement", draft=pl.col("state") == w.DRAFT, parent_begins="begins"
    )
    table = (
        pl.concat([own, deals.lazy()])
        .sort("contract", "day")
        .with_columns(
            until=pl.when(pl.col("contract").shift(-1) == pl.col("contract"))
            .then(pl.col("day").shift(-1))
            .otherwise(w.FAR)
            .cast(pl.Int32)
        )
        .join(parents, on="contract", how="left", maintain_order="left")
        .with_columns(begins=pl.max_horizontal("day", "parent_begins"))
        .drop("parent_begins")
        .collect()
    )
    first = table.lazy().group_by("contract").agg(decided=pl.col("day").min())
    ready.tables["contracts"] = (
        contracts.lazy()
        .join(first, on="contract", how="left", maintain_order="left")
        .with_columns(pl.col("decided").fill_null(w.FAR))
        .drop("contract", "finalized")
        .collect()
    )
    ready.tables["decisions"] = table
    ready.starts["decisions"] = runs(table["contract"], len(contracts))


def _touches(ready: Prepared) -> None:
    """Which signals touch which contracts: the one they name, else those of their engagement."""
    signals = ready.tables["risk_signals"]
    contracts = ready.tables["contracts"]
    held = contracts.lazy().select("engagement", contract=pl.int_range(pl.len(), dtype=pl.Int32))
    columns = ("contract", "begins", "until")
    named = signals.lazy().filter(pl.col("contract").is_not_null()).select(*columns)
    others = signals.lazy().filter(pl.col("contract").is_null()).drop("contract").join(held, on="engagement")
    ready.tables["touches"] = pl.concat([named, others.select(*columns)]).sort("contract").collect()
    ready.starts["touches"] = runs(ready.tables["touches"]["contract"], len(contracts))
    ready.tables["risk_signals"] = signals.drop("contract")
