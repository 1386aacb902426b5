"""The sample's tables on disk, and back as whatever frames an engine likes best.

They are kept as uncompressed Arrow files in a folder outside the repository, so that reading them leaves
nothing behind that would blur the measuring of memory.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from peers import words as w

os.environ.setdefault("POLARS_MAX_THREADS", "2")
if importlib.util.find_spec("cs_metrics") is None:
    sys.path.append(str(Path(__file__).resolve().parents[1] / "src"))

DEFAULT_CACHE = Path(tempfile.gettempdir()) / "cs_metrics_bench"


def folder(cache: Path, engagements: int, seed: int, tables: Sequence[str] = w.TABLES) -> Path:
    """The folder with the sample of that size; tables that are not there are made."""
    path = cache / f"{engagements}-{seed}"
    done = path / "done"
    made = [] if not done.exists() else done.read_text().split() or w.TABLES
    from cs_metrics import samples

    path.mkdir(parents=True, exist_ok=True)
    for name in tables:
        if name in made:
            continue
        frame = samples.frames(engagements=engagements, seed=seed, tables=[name])[name]
        table = pa.Table.from_pandas(frame, preserve_index=False)
        with (
            pa.OSFile(str(path / f"{name}.arrow"), "wb") as sink,
            pa.ipc.new_file(sink, table.schema) as writer,
        ):
            writer.write_table(table)
    done.write_text(" ".join(dict.fromkeys((*made, *tables))))
    return path


def load(path: Path, kind: str, names: Sequence[str] = w.TABLES) -> dict[str, Any]:
    """The tables as `pandas`, `polars` or `arrow` frames, read into memory."""
    tables = {}
    for name in names:
        with pa.OSFile(str(path / f"{name}.arrow"), "rb") as source:
            table = pa.ipc.open_file(source).read_all()
        tables[name] = _as(table, kind)
        del table
    return tables


def _as(table: pa.Table, kind: str) -> Any:
    if kind == "arrow":
        return table
    if kind == "pandas":
        return table.to_pandas(split_blocks=True, self_destruct=True)
    import polars as pl

    return pl.DataFrame(table)


def size(frames: dict[str, Any], kind: str) -> int:
    """How many bytes the frames take."""
    if kind == "arrow":
        return sum(frame.nbytes for frame in frames.values())
    if kind == "polars":
        return sum(int(frame.estimated_size()) for frame in frames.values())
    return sum(_pandas_size(frame) for frame in frames.values())


def _pandas_size(frame: Any) -> int:
    """Of text its letters and offsets, which plain `memory_usage` of pandas counts as well."""
    return int(frame.memory_usage(index=False).sum())
