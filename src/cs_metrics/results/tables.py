"""Results that are a number by label: one way, two ways, or by month."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from ..columns import MANY
from .base import Result, added

if TYPE_CHECKING:
    from ..columns import Amounts, Array, Codes, Dates, Flags
    from ..periods import Month
    from ..selection import Rows

__all__ = ["Breakdown", "Crosstab", "Monthly"]

MOST_CELLS = 64
Order: TypeAlias = Literal["fixed", "label", "largest"]


class _Measured(Result):
    """A result of counts, or of amounts in minor units."""

    _money: bool

    def _measure(self, number: int) -> Any:
        """A count as it is, an amount in the currency's units."""
        return self.context.major(number) if self._money else number

    def _json(self, number: int) -> Any:
        return str(self._measure(number)) if self._money else number


class Breakdown(_Measured):
    """A number by label. The missing bucket's label is None, and it stands only where it is not zero.

    `order`: "fixed" keeps the labels in the order given, zeros included; "label" and "largest" sort those
    that occur. `limit` cuts what `.value` shows; `.total` and `merge` know all of it.
    """

    kind: ClassVar[str] = "breakdown"

    def __init__(
        self,
        rows: Rows,
        buckets: Mapping[Any, int],
        *,
        order: Order = "fixed",
        limit: int | None = None,
        total: int | None = None,
        money: bool = False,
    ) -> None:
        super().__init__(rows)
        self._buckets = dict(buckets)
        self._order: Order = order
        self._limit = limit
        self._total = sum(self._buckets.values()) if total is None else total
        self._money = money

    @classmethod
    def by(
        cls,
        rows: Rows,
        codes: Codes,
        *,
        order: Order = "fixed",
        limit: int | None = None,
        amounts: Amounts | None = None,
    ) -> Breakdown:
        """Rows counted by a column, or their amounts added up.

        `order="fixed"` for all words of an enum, else the labels that occur.
        """
        counts = codes.counts(rows)
        numbers = counts if amounts is None else codes.sums(amounts, rows)
        buckets = {
            label: number
            for label, count, number in zip([*codes.labels, None], counts, numbers, strict=True)
            if count or (order == "fixed" and label is not None)
        }
        return cls(rows, buckets, order=order, limit=limit, money=amounts is not None)

    @classmethod
    def split(cls, rows: Rows, parts: Mapping[Any, Flags]) -> Breakdown:
        """Rows counted by flags that exclude each other, in the order given."""
        return cls(rows, {label: int(np.count_nonzero(rows.flags & part)) for label, part in parts.items()})

    def _all(self) -> dict[Any, int]:
        """All buckets in order, the missing one last."""
        known = {label: number for label, number in self._buckets.items() if label is not None}
        if self._order == "label":
            known = dict(sorted(known.items(), key=lambda bucket: bucket[0]))
        if self._order == "largest":
            known = dict(sorted(known.items(), key=lambda bucket: (-bucket[1], bucket[0])))
        missing = self._buckets.get(None, 0)
        return known | ({None: missing} if missing else {})

    @property
    def value(self) -> dict[Any, Any]:
        """Each label's number, in the metric's order."""
        shown = itertools.islice(self._all().items(), self._limit)
        return {label: self._measure(number) for label, number in shown}

    @property
    def total(self) -> Any:
        """The number over all labels, also those that `limit` cut off; what overlaps counts once."""
        return self._measure(self._total)

    def shares(self) -> dict[Any, float | None]:
        """Each label's share of the total; None where that is 0."""
        return {
            label: float(number / self.total) if self._total else None for label, number in self.value.items()
        }

    def _shown(self) -> str:
        numbers = ", ".join(f"{label}: {number:,}" for label, number in self.value.items())
        return f"{numbers or 'none'} {self.spec.unit}"

    def _state(self) -> dict[str, Any]:
        names = ("_buckets", "_order", "_limit", "_total", "_money")
        return {name: self.__dict__[name] for name in names}

    def _merged(self, other: Breakdown) -> dict[str, Any]:
        return self._state() | {
            "_buckets": added(self._buckets, other._buckets),
            "_total": self._total + other._total,
        }

    def _payload(self) -> dict[str, Any]:
        buckets = [{"label": label, "value": self._json(number)} for label, number in self._all().items()]
        return {
            "value": buckets[: self._limit],
            "cut_off": [] if self._limit is None else buckets[self._limit :],
            "order": self._order,
            "limit": self._limit,
            "total": self._json(self._total),
            "money": self._money,
        }

    def _records(self) -> dict[str, list[Any]]:
        shares = self.shares()
        return {
            "label": list(self.value),
            "value": list(self.value.values()),
            "share": [shares[label] for label in self.value],
        }


def cells(down: Codes, across: Codes, rows: Flags) -> Array:
    """How many rows each pair of labels has; the first row and column are for those without."""
    width = len(across.labels) + 1
    size = (len(down.labels) + 1) * width
    if size < MOST_CELLS and len(rows) > MANY:  # cells as bytes, 0 for the rows that are not chosen
        places = (down.codes + np.int8(1)) * np.int8(width) + (across.codes + np.int8(2))
        counts = histogram((places * rows.view(np.int8)).view(np.uint8))[1 : size + 1]
    else:
        index = rows.nonzero()[0]
        places = (down.codes[index] + np.intp(1)) * width + (across.codes[index] + np.intp(1))
        counts = np.bincount(places, minlength=size)
    return counts.reshape(-1, width)


def histogram(values: Array) -> Array:
    """How often each byte occurs. Looked at in pairs, there are half as many to count."""
    even = len(values) // 2 * 2
    pairs = np.bincount(values[:even].view(np.uint16), minlength=1 << 16).reshape(256, 256)
    found: Array = pairs.sum(axis=0) + pairs.sum(axis=1)
    found[values[even:]] += 1
    return found


class Crosstab(Result):
    """Rows counted two ways; the missing row and column stand only where they are not zero."""

    kind: ClassVar[str] = "crosstab"

    def __init__(self, rows: Rows, down: Codes, across: Codes) -> None:
        super().__init__(rows)
        counts = cells(down, across, rows.flags)
        columns = [None, *across.labels]
        self._columns: list[Any] = list(across.labels)
        self._cells: dict[Any, dict[Any, int]] = {
            label: dict(zip(columns, line, strict=True))
            for label, line in zip([None, *down.labels], counts.tolist(), strict=True)
            if any(line)
        }

    def _labels(self) -> tuple[list[Any], list[Any]]:
        """The labels of the rows, sorted, and of the columns, in their order; None last, if it occurs."""
        down = sorted(label for label in self._cells if label is not None)
        missing = any(line.get(None) for line in self._cells.values())
        return (
            [*down, None] if None in self._cells else down,
            [*self._columns, None] if missing else self._columns,
        )

    @property
    def value(self) -> dict[Any, dict[Any, int]]:
        """Each row label's counts by column label."""
        down, across = self._labels()
        return {row: {column: self._cells[row].get(column, 0) for column in across} for row in down}

    @property
    def rows_total(self) -> dict[Any, int]:
        return {row: sum(line.values()) for row, line in self.value.items()}

    @property
    def columns_total(self) -> dict[Any, int]:
        return {
            column: sum(line[column] for line in self.value.values())
            for column in (self._labels()[1] if self._cells else self._columns)
        }

    def _shown(self) -> str:
        return f"{self.used:,} {self.spec.unit} in {len(self._cells)} rows"

    def _state(self) -> dict[str, Any]:
        return {"_columns": self._columns, "_cells": self._cells}

    def _merged(self, other: Crosstab) -> dict[str, Any]:
        labels = dict.fromkeys((*self._cells, *other._cells))
        cells = {row: added(self._cells.get(row, {}), other._cells.get(row, {})) for row in labels}
        return {"_columns": self._columns, "_cells": cells}

    def _payload(self) -> dict[str, Any]:
        return {
            "columns": self._labels()[1],
            "value": [{"label": row, "values": list(line.values())} for row, line in self.value.items()],
        }

    def _records(self) -> dict[str, list[Any]]:
        down, across = self._labels()
        table: dict[str, list[Any]] = {"label": down}
        for column in across:
            table["missing" if column is None else str(column)] = [self.value[row][column] for row in down]
        return table


class Monthly(_Measured):
    """Numbers by month, one or more series; every month of the span stands, zeros included.

    `adds_up` says whether the months are parts of a sum: what is in force in two months is not so twice.
    """

    kind: ClassVar[str] = "monthly"

    def __init__(
        self,
        rows: Rows,
        series: Mapping[str, Mapping[str, int]],
        *,
        money: bool = False,
        adds_up: bool = True,
    ) -> None:
        super().__init__(rows)
        self.adds_up = adds_up
        self._series = {name: dict(months) for name, months in series.items()}
        self._money = money

    @classmethod
    def by(
        cls,
        rows: Rows,
        dates: Dates,
        months: Sequence[Month],
        parts: Mapping[str, Flags | None],
        amounts: Amounts | None = None,
    ) -> Monthly:
        """Rows counted, or their amounts added up, by the month of their date, one series a part."""
        index = rows.index
        lengths = [month.last - month.first + 1 for month in months]
        of_day = np.repeat(np.arange(len(months), dtype=np.int8), lengths)  # months follow each other
        place = of_day.take(dates.days.take(index) - np.int32(months[0].first))
        series = {}
        for name, part in parts.items():
            chosen = slice(None) if part is None else part[index]
            found = np.zeros(len(months), np.int64)
            np.add.at(found, place[chosen], 1 if amounts is None else amounts.minor[index][chosen])
            series[name] = dict(zip((month.label for month in months), found.tolist(), strict=True))
        return cls(rows, series, money=amounts is not None)

    @property
    def value(self) -> dict[str, dict[str, Any]]:
        """Each series' number by month, "2026-01" and so on."""
        return {
            name: {month: self._measure(number) for month, number in months.items()}
            for name, months in self._series.items()
        }

    @property
    def months(self) -> list[str]:
        """The months, ascending."""
        return list(next(iter(self._series.values())))

    def _shown(self) -> str:
        totals = ", ".join(
            f"{name} {self._measure(sum(list(months.values())[0 if self.adds_up else -1 :])):,}"
            for name, months in self._series.items()
        )
        return f"{totals} {self.spec.unit} in {len(self.months)} months"

    def _state(self) -> dict[str, Any]:
        return {"_series": self._series, "_money": self._money, "adds_up": self.adds_up}

    def _merged(self, other: Monthly) -> dict[str, Any]:
        series = {name: added(months, other._series[name]) for name, months in self._series.items()}
        return self._state() | {"_series": series}

    def _payload(self) -> dict[str, Any]:
        return {
            "value": {
                name: {month: self._json(number) for month, number in months.items()}
                for name, months in self._series.items()
            },
            "money": self._money,
            "adds_up": self.adds_up,
        }

    def _records(self) -> dict[str, list[Any]]:
        return {"month": list(self.months)} | {
            name: list(months.values()) for name, months in self.value.items()
        }
