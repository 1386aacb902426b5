"""A portfolio in shards on disk: saved portfolios in one folder, and a contents page that makes them one set.

The page is written last and replaced in one step, and the files of two sets never have the same names, so nobody
ever reads a mixture. Whoever evaluates a set while another takes its place is told that a file is gone.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from .._version import __version__
from ..errors import DataError, OptionError, Problem
from ..saved.container import broken, replacing
from ..settings import Settings

if TYPE_CHECKING:
    import os

__all__ = ["Shards", "as_number", "file_names", "publish"]

CONTENTS = "shards.json"
FORMAT = 1
OURS = re.compile(r"shard-[0-9a-f]{12}-[0-9]{5,}\.csmetrics")
SHARD_AGAIN = "make the shards again from the rows"


@attrs.frozen(kw_only=True, eq=False)
class Shards:
    """A portfolio in shards, as `shard` wrote it: where it lies, and what it is of.

    `files` are saved portfolios in the folder `path`, `rows` how many rows each table has in all, `fingerprint`
    that of the whole. `warnings` and `rejected` are those of the loading, known to whoever made the shards.
    """

    path: Path
    files: tuple[str, ...]
    rows: Mapping[str, int]
    settings: Settings
    fingerprint: str | None
    columns: Mapping[str, bytes] = attrs.field(repr=False)
    """By table the columns supplied, as an Arrow schema of types that Spark knows."""
    warnings: tuple[Problem, ...] = attrs.field(default=(), repr=False)
    rejected: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Shards:
        """The set of shards in a folder.

        Raises:
            DataError: there is none, or another release made it.
        """
        folder = Path(path)
        try:
            told = json.loads((folder / CONTENTS).read_bytes())
            made_by = told["library"], told["format"]
        except OSError as error:
            raise broken(folder, "unreadable_file", f"a folder that shard() wrote: {error}") from error
        except (ValueError, TypeError, LookupError) as error:
            raise broken(folder, "not_saved", "a folder that shard() wrote") from error
        if made_by != (__version__, FORMAT):
            raise broken(folder, "other_release", f"shards of this release, {__version__}; {SHARD_AGAIN}")
        settings = dict(told["settings"])
        settings["rates"] = {currency: Decimal(rate) for currency, rate in settings["rates"].items()}
        return cls(
            path=folder,
            files=tuple(told["files"]),
            rows=told["rows"],
            settings=Settings(**settings),
            fingerprint=told["fingerprint"],
            columns={name: base64.b64decode(schema) for name, schema in told["columns"].items()},
        )

    @property
    def paths(self) -> list[str]:
        """Where each shard lies."""
        return [str(self.path / file) for file in self.files]


def as_number(n: Any) -> int:
    """How many shards, 1 or more."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise OptionError("n", n, "a whole number of shards, 1 or more")
    return n


def file_names(n: int) -> tuple[str, ...]:
    """Names that no other set of shards has."""
    token = secrets.token_hex(6)
    return tuple(f"shard-{token}-{number:05d}.csmetrics" for number in range(n))


def prepared(path: str | os.PathLike[str]) -> Path:
    """The folder, made where it is not there; what is in it that is not ours stays."""
    folder = Path(path).absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise broken(folder, "unwritable_file", f"a folder that can be written: {error}") from error
    return folder


def publish(shards: Shards) -> None:
    """Make files that are there a set, and then remove those of older sets."""
    rates = {currency: str(rate) for currency, rate in shards.settings.rates.items()}
    told = {
        "library": __version__,
        "format": FORMAT,
        "fingerprint": shards.fingerprint,
        "settings": attrs.asdict(shards.settings) | {"rates": rates},
        "rows": dict(shards.rows),
        "files": list(shards.files),
        "columns": {name: base64.b64encode(schema).decode() for name, schema in shards.columns.items()},
    }
    with replacing(shards.path / CONTENTS) as file:
        file.write(json.dumps(told, indent=1).encode())
    remove(shards.path, keep=shards.files)


def remove(folder: Path, *, keep: Sequence[str] = (), only: Sequence[str] | None = None) -> None:
    """Remove files of sets of shards: `only` these, or all but those to `keep`."""
    for file in folder.iterdir() if only is None else [folder / name for name in only]:
        if OURS.fullmatch(file.name) and file.name not in keep:
            with contextlib.suppress(OSError):
                file.unlink()


def together(errors: Sequence[DataError]) -> DataError:
    """All problems that several shards have."""
    return DataError(problem for error in errors for problem in error.problems)
