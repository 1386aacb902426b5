"""Frames of the kind that went in, for what goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["frame", "stack"]


def frame(columns: Mapping[str, Any], kind: str) -> Any:
    """Columns as a frame of one kind: pandas, polars, pyarrow, or a DuckDB relation."""
    if kind == "polars":
        import polars as pl

        return pl.DataFrame(dict(columns), strict=False)
    if kind in ("pyarrow", "duckdb"):
        import pyarrow as pa

        table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
        return _relation(table) if kind == "duckdb" else table
    import pandas as pd

    return pd.DataFrame({name: _series(values) for name, values in columns.items()})


def _series(values: Any) -> Any:
    import pandas as pd

    if isinstance(values, list) and any(isinstance(value, int) for value in values):
        return pd.Series(values, dtype=object if None in values else None)  # never 101.0 for a missing one
    return pd.Series(values, dtype="str" if isinstance(values, list) and not values else None)


def _relation(table: Any) -> Any:
    import duckdb

    return duckdb.from_arrow(table)


def stack(frames: Sequence[Any], order: Sequence[int]) -> Any:
    """Frames one below the other, their rows then in `order`; the kind of the first."""
    import narwhals.stable.v2 as nw

    first = frames[0]
    if hasattr(first, "to_arrow_table") or type(first).__name__ == "DuckDBPyRelation":
        tables = [nw.from_native(part.to_arrow_table(), eager_only=True) for part in frames]
        return _relation(nw.concat(tables, how="vertical")[list(order)].to_native())
    tables = [nw.from_native(part, eager_only=True) for part in frames]
    stacked = nw.concat(tables, how="vertical")
    return stacked[np.asarray(order, np.int64)].to_native()
