"""Shards written: a portfolio split on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from ..errors import OptionError
from ..portfolio import Portfolio
from ..settings import Settings
from ..split import frames_of_parts
from .columns import columns_of
from .distributed import are_of_spark, shard_distributed
from .folder import Shards, as_number, file_names, prepared, publish, remove

if TYPE_CHECKING:
    import os

__all__ = ["shard_frames", "shard_portfolio"]


def shard_frames(
    frames: Mapping[str, Any],
    n: int,
    path: str | os.PathLike[str],
    settings: Settings,
    on_error: Literal["raise", "quarantine"],
) -> Shards:
    """Shards of frames, those of Spark or any other."""
    as_number(n)
    if are_of_spark(frames):
        if on_error != "raise":
            raise OptionError(
                "on_error", on_error, "'raise': Spark DataFrames are shards all of them or none"
            )
        return shard_distributed(frames, n, path, settings)
    return shard_portfolio(Portfolio(frames, settings, on_error, None), n, path)


def shard_portfolio(portfolio: Portfolio, n: int, path: str | os.PathLike[str]) -> Shards:
    """Shards of a portfolio, one after another: beside the whole only one of them is in memory."""
    files, folder = file_names(as_number(n)), prepared(path)
    try:
        for file, frames in zip(files, frames_of_parts(portfolio.tables, n), strict=True):
            part = Portfolio(frames, portfolio.settings, "raise", None)
            part.__dict__["history"] = portfolio.history.among(part.tables)
            part._only = portfolio._only
            part.save(folder / file)
            del part
        shards = Shards(
            path=folder,
            files=files,
            rows={name: table.n for name, table in portfolio.tables.items()},
            settings=portfolio.settings,
            fingerprint=portfolio.fingerprint,
            columns={name: columns_of(table.source) for name, table in portfolio.tables.items()},
            warnings=portfolio.warnings,
            rejected=portfolio.rejected,
        )
        publish(shards)
    except BaseException:
        remove(folder, only=files)
        raise
    return shards
