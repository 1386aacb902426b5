"""The only errors that bad input can raise out of this library.

Every message says what, where, the value, and what to do. An error raised for one viewer never names
another's rows.
"""

from __future__ import annotations

import difflib
import enum
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "CsMetricsError",
    "DataError",
    "HierarchyError",
    "MissingExtra",
    "MissingRate",
    "MissingTable",
    "NotVisible",
    "OptionError",
    "Problem",
    "RowsNotKept",
    "UnknownViewer",
    "nearest",
]

SHOWN_PROBLEMS = 20


class CsMetricsError(Exception):
    """Everything this library raises on purpose."""


@attrs.frozen(kw_only=True)
class Problem:
    """One broken rule: where it is, what stands there, and what was expected.

    `table`, `column` and `row` (the row's key, or its number where it has none) say where; `code` is a
    stable word for programs.
    """

    table: str
    column: str | None = None
    row: object = None
    value: object = None
    expected: str
    code: str

    def __str__(self) -> str:
        where = self.table if self.column is None else f"{self.table}.{self.column}"
        row = "" if self.row is None else f" of row {shown(self.row)}"
        value = "" if self.value is None else f": {shown(self.value)}"
        return f"{where}{row}{value}: {self.expected} [{self.code}]"


class DataError(CsMetricsError, ValueError):
    """The data breaks rules; `problems` holds every one of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = len(self.problems)
        lines = [f"{count} problem{'s' if count != 1 else ''} in the data"]
        lines += [f"  {problem}" for problem in self.problems[:SHOWN_PROBLEMS]]
        if count > SHOWN_PROBLEMS:
            lines.append(f"  ... and {count - SHOWN_PROBLEMS} more in .problems")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[DataError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class UnknownViewer(CsMetricsError, LookupError):
    """The viewer is not a user of this portfolio. The message names nobody else."""


class NotVisible(CsMetricsError, LookupError):
    """What was asked for is not in the viewer's scope, or does not exist: the words are the same."""


class MissingTable(CsMetricsError, LookupError):
    """A metric needs a table that was not supplied."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(f"this needs the table {table!r}, which was not supplied")

    def __reduce__(self) -> tuple[type[MissingTable], tuple[str]]:
        return type(self), (self.table,)


class MissingExtra(CsMetricsError, ImportError):
    """An optional part of this library needs a package that is not installed."""

    def __init__(self, extra: str, package: str) -> None:
        self.extra, self.package = extra, package
        super().__init__(f"this needs {package}, which is not installed: pip install 'cs-metrics[{extra}]'")

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        return type(self), (self.extra, self.package)


class HierarchyError(CsMetricsError, ValueError):
    """The management chain runs in a circle; `cycle` holds the users in order."""

    def __init__(self, cycle: Sequence[object]) -> None:
        self.cycle = tuple(cycle)
        path = [shown(user) for user in (*self.cycle, self.cycle[0])]
        if len(path) > SHOWN_PROBLEMS:
            path = [*path[:SHOWN_PROBLEMS], f"... ({len(self.cycle)} users)"]
        super().__init__(f"users.manager_id runs in a circle: {' -> '.join(path)}")

    def __reduce__(self) -> tuple[type[HierarchyError], tuple[tuple[object, ...]]]:
        return type(self), (self.cycle,)


class MissingRate(CsMetricsError, LookupError):
    """Amounts are in currencies for which no rate was given; `problems` holds every such amount."""

    def __init__(self, *args: object, problems: Iterable[Problem] = ()) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(*args)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> MissingRate:
        """The error for these problems, told as a `DataError` tells them."""
        data = DataError(problems)
        return cls(str(data), problems=data.problems)

    def __reduce__(self) -> tuple[object, ...]:
        return _missing_rate, (self.args, self.problems)


class OptionError(CsMetricsError, ValueError):
    """An option's value is not one that is allowed."""

    def __init__(self, option: str, value: object, allowed: Iterable[object] | str) -> None:
        self.option, self.value = option, value
        self.allowed = allowed if isinstance(allowed, str) else tuple(allowed)
        message = f"{option}={shown(value)} is not allowed; "
        if isinstance(self.allowed, str):
            message += f"give {self.allowed}"
        else:
            message += f"give one of {', '.join(shown(word) for word in self.allowed)}"
            message += nearest(value, self.allowed)
        super().__init__(message)

    def __reduce__(self) -> tuple[type[OptionError], tuple[object, ...]]:
        return type(self), (self.option, self.value, self.allowed)


def _missing_rate(args: tuple[object, ...], problems: tuple[Problem, ...]) -> MissingRate:
    return MissingRate(*args, problems=problems)


class RowsNotKept(CsMetricsError, LookupError):
    """The result was read back or sent without the rows behind it; compute it again to see them."""


def nearest(word: object, known: Iterable[object]) -> str:
    """A question to end a message with, `` (did you mean 'stage'?)``, or nothing."""
    close = difflib.get_close_matches(str(word), [str(other) for other in known], n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def shown(value: object, limit: int = 80) -> str:
    """A value as a message shows it: unmistakable, and never endless."""
    text = repr(value.value if isinstance(value, enum.StrEnum) else value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
