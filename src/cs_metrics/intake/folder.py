"""A folder of files: one a table, and `portfolio.toml` with the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import DataError, Problem, nearest
from ..records import TABLES

__all__ = ["folder_settings", "read_file", "read_folder"]

SETTINGS_FILE = "portfolio.toml"
SETTINGS = ("currency", "rates", "tz", "fiscal_year_start")
CSV_BLOCK = 1 << 23
PACKED = (".gz", ".zip", ".bz2", ".xz", ".zst")
SUFFIXES = (".csv", ".parquet", ".arrow", ".feather", ".json", ".jsonl")


def read_folder(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables of a folder as pandas frames, and the settings as keyword arguments.

    In a CSV file everything is text, ids too ("007" stays "007"), and an empty cell is missing.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DataError([_problem("portfolio", str(path), "a folder with one file a table", "folder")])
    problems: list[Problem] = []
    files: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith((".", "_")):
            continue
        if file.suffix.lower() not in SUFFIXES:
            if _means_a_table(file):  # a workbook of accounts that nobody reads would be missed by nobody
                kinds = ", ".join(SUFFIXES)
                problems.append(_problem(_table_of(file), file.name, f"one of {kinds}", "unknown_kind"))
            continue
        if file.stem not in TABLES:
            expected = f"a file named after a table{nearest(file.stem, TABLES)}"
            problems.append(_problem(file.stem, file.name, expected, "unknown_table"))
        elif file.stem in files:
            expected = f"one file a table; there is {files[file.stem].name} too"
            problems.append(_problem(file.stem, file.name, expected, "two_files"))
        else:
            files[file.stem] = file
    frames = {}
    for table in (name for name in TABLES if name in files):
        try:
            frames[table] = read_file(files[table])
        except Exception as error:  # whatever a reader makes of a broken file
            expected = f"a readable file: {error}"
            problems.append(_problem(table, files[table].name, expected, "unreadable_file"))
    settings = _settings(folder / SETTINGS_FILE, problems)
    if problems:
        raise DataError(problems)
    return frames, settings


def _table_of(file: Path) -> str:
    return file.name.partition(".")[0]


def _means_a_table(file: Path) -> bool:
    """Whether a file of a kind that is not read is named as a table is, packed or not."""
    packed = file.suffix.lower() in PACKED and Path(file.stem).suffix.lower() in SUFFIXES
    return file.is_file() and _table_of(file) in TABLES and (packed or file.stem in TABLES)


def folder_settings(path: str | Path) -> dict[str, Any]:
    """The settings that lie in a folder, as keyword arguments."""
    problems: list[Problem] = []
    settings = _settings(Path(path) / SETTINGS_FILE, problems)
    if problems:
        raise DataError(problems)
    return settings


def _problem(table: str, value: str, expected: str, code: str) -> Problem:
    return Problem(table=table, value=value, expected=expected, code=code)


def _settings(file: Path, problems: list[Problem]) -> dict[str, Any]:
    if not file.exists():
        return {}
    import tomllib
    from decimal import Decimal

    try:
        found = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        problems.append(_problem("portfolio", file.name, f"TOML: {error}", "unreadable_file"))
        return {}
    for name in found:
        if name not in SETTINGS:
            expected = f"one of {', '.join(SETTINGS)}{nearest(name, SETTINGS)}"
            problems.append(_problem("portfolio", name, expected, "unknown_setting"))
    return found


def read_file(file: Path) -> Any:
    """One file as a pandas frame; what is wrong with it is told in the reader's own errors."""
    read = {
        ".csv": _read_csv,
        ".parquet": _read_parquet,
        ".arrow": _read_feather,
        ".feather": _read_feather,
        ".json": _read_json,
        ".jsonl": _read_json,
    }
    return read[file.suffix.lower()](file)


def _read_csv(file: Path) -> Any:
    """All cells as text; a row with too many or too few cells is an error."""
    import pyarrow as pa
    from pyarrow import csv

    names = _header(file)
    table = csv.read_csv(
        file,
        read_options=csv.ReadOptions(block_size=CSV_BLOCK),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    return table.to_pandas()


def _header(file: Path) -> list[str]:
    """The names of a CSV file's columns. A file that ends within quotes was cut short."""
    import csv

    with file.open("rb") as raw:
        odd = sum(part.count(b'"') for part in iter(lambda: raw.read(CSV_BLOCK), b"")) % 2
    with file.open(newline="", encoding="utf-8-sig") as text:
        names = next(csv.reader(text), [])
        if odd:
            text.seek(0)
            for _ in csv.reader(text, strict=True):
                pass
    return names


def _read_parquet(file: Path) -> Any:
    import pyarrow.parquet as pq

    return _to_pandas(pq.read_table(file, partitioning=None))


def _read_feather(file: Path) -> Any:
    import pyarrow as pa

    with pa.memory_map(str(file)) as mapped:
        try:
            table = pa.ipc.open_file(mapped).read_all()
        except pa.ArrowInvalid:
            mapped.seek(0)
            table = pa.ipc.open_stream(mapped).read_all()
    return _to_pandas(table)


def _to_pandas(table: Any) -> Any:
    import pandas as pd

    # whole numbers with gaps stay whole; an index that pandas once stored is a column like others
    return table.to_pandas(types_mapper=pd.ArrowDtype, ignore_metadata=True)


def _read_json(file: Path) -> Any:
    import json
    from decimal import Decimal

    import pandas as pd

    def parse(text: str) -> Any:
        return json.loads(text, parse_float=Decimal, parse_constant=Decimal)

    text = file.read_text("utf-8-sig")
    if text.lstrip().startswith("[") or not (text.strip() or file.suffix.lower() == ".jsonl"):
        rows = parse(text)
    else:
        rows = [parse(line) for line in text.split("\n") if line.strip()]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("expected a list of objects")
    names: list[str] = list(dict.fromkeys(name for row in rows for name in row))
    if not rows and file.stem in TABLES:  # without a row nothing says which columns there are
        names = list(TABLES[file.stem].columns)
    return pd.DataFrame({name: [row.get(name) for row in rows] for name in names}, dtype=object)
