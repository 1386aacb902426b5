"""Results that are a number by label: one way, two ways, or by month."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from ..columns import MANY
from .base import Result, added
from .contributions import Contributions, Part, flags_of, month_places

if TYPE_CHECKING:
    from ..columns import Amounts, Array, Codes, Dates, Flags
    from ..periods import Month
    from ..selection import Rows
    from .contributions import Cell, MadeOf, Whole

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
    that occur. `limit` cuts what `.value` shows; `.total` and `merge` know all of it. `made_of` says what rows
    add to the labels, `whole` what they add to the total where that is not the sum over the labels.
    """

    kind: ClassVar[str] = "breakdown"
    cell_names: ClassVar[tuple[str, ...]] = ("label",)

    def __init__(
        self,
        rows: Rows,
        buckets: Mapping[Any, int],
        *,
        order: Order = "fixed",
        limit: int | None = None,
        total: int | None = None,
        money: bool = False,
        made_of: MadeOf | None = None,
        whole: MadeOf | None = None,
    ) -> None:
        super().__init__(rows)
        self._made_of, self._made_of_whole = made_of, whole
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
        known: Sequence[int] | None = None,
        words: Sequence[Any] | None = None,
    ) -> Breakdown:
        """Rows counted by a column, or their amounts added up.

        `order="fixed"` for all words of an enum, else the labels that occur. `known` are the counts by label, the
        last for rows without one, where they are known without a look at the rows; `words` are the labels in the
        order in which they stand, where that is not their own.
        """
        made_of = lambda: (Part.by(rows, codes, amounts),)  # noqa: E731 - as short as it is seldom asked
        counts = codes.counts(rows) if known is None else known
        numbers = counts if amounts is None else codes.sums(amounts, rows)
        buckets = {
            label: number
            for label, count, number in zip([*codes.labels, None], counts, numbers, strict=True)
            if count or (order == "fixed" and label is not None)
        }
        if words is not None:
            buckets = {word: buckets[word] for word in words}
        return cls(rows, buckets, order=order, limit=limit, money=amounts is not None, made_of=made_of)

    @classmethod
    def split(cls, rows: Rows, parts: Mapping[Any, Flags]) -> Breakdown:
        """Rows counted by flags that exclude each other, in the order given."""
        counts = {label: int(np.count_nonzero(rows.flags & part)) for label, part in parts.items()}
        return cls(rows, counts, made_of=lambda: (Part.split(rows, _cells(parts)),))

    @classmethod
    def overlapping(cls, rows: Rows, parts: Mapping[Any, Flags], amounts: Amounts) -> Breakdown:
        """The rows' amounts added up by flags, by label; a row may be in several parts, the total has it once."""
        chosen = {label: rows.flags & part for label, part in parts.items()}
        return cls(
            rows,
            {label: amounts.sum(flags) for label, flags in chosen.items() if flags.any()},
            order="label",
            total=amounts.sum(rows.flags),
            money=True,
            made_of=lambda: (Part.split(rows, _cells(chosen), amounts),),
            whole=lambda: (Part.each(rows, amounts=amounts),),
        )

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

    def _numbers(self) -> dict[Cell, Whole]:
        labels = dict.fromkeys((*self._all(), *self._buckets))
        return {(label,): self._buckets.get(label, 0) for label in labels}

    def _whole(self, parts: Sequence[Part]) -> Contributions:
        whole = [part.together() for part in parts] if self._made_of_whole is None else self._made_of_whole()
        return Contributions((), {(): self._total}, tuple(whole))

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


def _cells(parts: Mapping[Any, Flags]) -> dict[Cell, Flags]:
    return {(label,): flags for label, flags in parts.items()}


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
    """Rows counted two ways; the missing row and column stand only where they are not zero.

    `order`: "label" sorts the rows by label, "largest" by their totals, the largest first. `limit` cuts the
    rows that `.value` shows; `.columns_total` and `merge` know all of them. `known` are the counts, a line a
    label, where they are known without a look at the rows and no label is missing.
    """

    kind: ClassVar[str] = "crosstab"
    cell_names: ClassVar[tuple[str, ...]] = ("row", "column")

    def __init__(
        self,
        rows: Rows,
        down: Codes,
        across: Codes,
        *,
        order: Literal["label", "largest"] = "label",
        limit: int | None = None,
        known: Sequence[Sequence[int]] | None = None,
    ) -> None:
        super().__init__(rows)
        self._made_of = lambda: (Part.crossed(rows, down, across),)
        self._order = order
        self._limit = limit
        columns, labels = [None, *across.labels], [None, *down.labels]
        if known is None:
            known = cells(down, across, rows.flags).tolist()
        else:  # of rows that all have both labels
            columns, labels = columns[1:], labels[1:]
        self._columns: list[Any] = list(across.labels)
        self._cells: dict[Any, dict[Any, int]] = {
            label: dict(zip(columns, line, strict=True))
            for label, line in zip(labels, known, strict=True)
            if any(line)
        }

    def _labels(self) -> tuple[list[Any], list[Any]]:
        """The labels of the rows, sorted, and of the columns, in their order; None last, if it occurs."""
        down = sorted(label for label in self._cells if label is not None)
        if self._order == "largest":
            down.sort(key=lambda label: -sum(self._cells[label].values()))
        missing = any(line.get(None) for line in self._cells.values())
        return (
            [*down, None] if None in self._cells else down,
            [*self._columns, None] if missing else self._columns,
        )

    @property
    def value(self) -> dict[Any, dict[Any, int]]:
        """Each row label's counts by column label."""
        return dict(itertools.islice(self._all().items(), self._limit))

    def _all(self) -> dict[Any, dict[Any, int]]:
        """All rows in order, those that `limit` cuts off too."""
        down, across = self._labels()
        return {row: {column: self._cells[row].get(column, 0) for column in across} for row in down}

    @property
    def total(self) -> int:
        """How many rows are counted, those that `limit` cuts off too."""
        return self.used

    @property
    def rows_total(self) -> dict[Any, int]:
        """The sum of each row that `.value` shows."""
        return {row: sum(line.values()) for row, line in self.value.items()}

    @property
    def columns_total(self) -> dict[Any, int]:
        """The sum of each column over all rows."""
        lines = self._all().values()
        return {
            column: sum(line[column] for line in lines)
            for column in (self._labels()[1] if self._cells else self._columns)
        }

    def _numbers(self) -> dict[Cell, Whole]:
        _, across = self._labels()
        return {(row, column): line.get(column, 0) for row, line in self._cells.items() for column in across}

    def shares(self) -> dict[Any, dict[Any, float]]:
        """Each cell's share of its row."""
        return {
            row: {column: count / sum(line.values()) for column, count in line.items()}
            for row, line in self.value.items()
        }

    def _shown(self) -> str:
        return f"{self.used:,} {self.spec.unit} in {len(self._cells)} rows"

    def _state(self) -> dict[str, Any]:
        names = ("_columns", "_cells", "_order", "_limit")
        return {name: self.__dict__[name] for name in names}

    def _merged(self, other: Crosstab) -> dict[str, Any]:
        labels = dict.fromkeys((*self._cells, *other._cells))
        cells = {row: added(self._cells.get(row, {}), other._cells.get(row, {})) for row in labels}
        return self._state() | {"_cells": cells}

    def _payload(self) -> dict[str, Any]:
        lines = [{"label": row, "values": list(line.values())} for row, line in self._all().items()]
        return {
            "columns": self._labels()[1],
            "value": lines[: self._limit],
            "cut_off": [] if self._limit is None else lines[self._limit :],
            "order": self._order,
            "limit": self._limit,
        }

    def _records(self) -> dict[str, list[Any]]:
        value = self.value
        table: dict[str, list[Any]] = {"label": list(value)}
        for column in self._labels()[1]:
            table["missing" if column is None else str(column)] = [line[column] for line in value.values()]
        return table


class Monthly(_Measured):
    """Numbers by month, one or more series; every month of the span stands, zeros included.

    `adds_up` says whether the months are parts of a sum: what is in force in two months is not so twice.
    """

    kind: ClassVar[str] = "monthly"
    cell_names: ClassVar[tuple[str, ...]] = ("series", "month")

    def __init__(
        self,
        rows: Rows,
        series: Mapping[str, Mapping[str, int]],
        *,
        money: bool = False,
        adds_up: bool = True,
        made_of: MadeOf | None = None,
    ) -> None:
        super().__init__(rows)
        self._made_of = made_of
        self.adds_up = adds_up
        self._series = {name: dict(months) for name, months in series.items()}
        self._money = money

    @classmethod
    def by(
        cls,
        rows: Rows,
        dates: Dates,
        months: Sequence[Month],
        parts: Mapping[str, Flags | Callable[[], Flags] | None],
        amounts: Amounts | None = None,
        *,
        known: Mapping[str, Sequence[int]] | None = None,
    ) -> Monthly:
        """Rows counted, or their amounts added up, by the month of their date, one series a part.

        A part is flags, or what finds them when they are asked for, or None for all rows. `known` are the
        numbers of each part by month, where they are known without a look at the rows.
        """
        labels, money = [month.label for month in months], amounts is not None
        made_of = lambda: (Part.monthly(rows, dates, months, parts, amounts),)  # noqa: E731 - as above
        if known is not None:
            series = {name: dict(zip(labels, numbers, strict=True)) for name, numbers in known.items()}
            return cls(rows, series, money=money, made_of=made_of)
        index = rows.index
        place = month_places(rows, dates, months)
        series = {}
        for name, part in parts.items():
            chosen = slice(None) if part is None else flags_of(part)[index]
            found = np.zeros(len(months), np.int64)
            np.add.at(found, place[chosen], 1 if amounts is None else amounts.minor[index][chosen])
            series[name] = dict(zip(labels, found.tolist(), strict=True))
        return cls(rows, series, money=money, made_of=made_of)

    @classmethod
    def standing(cls, rows: Rows, name: str, months: Mapping[str, Flags], amounts: Amounts) -> Monthly:
        """One series: the amounts of the rows for which a month's flags hold, such as on its last day."""
        sums = {month: amounts.sum(rows.flags & flags) for month, flags in months.items()}
        cells = {(name, month): flags for month, flags in months.items()}
        made_of = lambda: (Part.split(rows, cells, amounts),)  # noqa: E731 - as above
        return cls(rows, {name: sums}, money=True, adds_up=False, made_of=made_of)

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

    def _numbers(self) -> dict[Cell, Whole]:
        return {(name, month): n for name, months in self._series.items() for month, n in months.items()}

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
