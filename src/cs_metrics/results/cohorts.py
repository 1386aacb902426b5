"""What is left of those who came in the same month or quarter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from ..periods import month_label, quarter_label
from .tables import _Measured

if TYPE_CHECKING:
    from ..selection import Rows

__all__ = ["Cohorts"]

By: TypeAlias = Literal["month", "quarter"]


class Cohorts(_Measured):
    """A triangle: of each cohort a number at the end of every period from its own to the current one.

    `cells` holds each cohort's numbers by the number of its period (months or quarters since the year 0).
    """

    kind: ClassVar[str] = "cohorts"

    def __init__(
        self, rows: Rows, cells: Mapping[int, Sequence[int]], *, by: By = "month", money: bool = False
    ) -> None:
        super().__init__(rows)
        self._cells = {cohort: list(line) for cohort, line in sorted(cells.items())}
        self._by: By = by
        self._money = money

    @property
    def by(self) -> By:
        """How long a period is: "month" or "quarter"."""
        return self._by

    def _label(self, number: int) -> str:
        return month_label(number) if self._by == "month" else quarter_label(number)

    def _lines(self) -> Iterator[tuple[list[str], list[int]]]:
        """Of each cohort the labels of its periods, its own first, and its numbers."""
        if self._cells:
            first, last = next(iter(self._cells)), max(c + len(line) for c, line in self._cells.items())
            labels = [self._label(number) for number in range(first, last)]
            for cohort, line in self._cells.items():
                yield labels[cohort - first :], line

    @property
    def value(self) -> dict[str, dict[str, Any]]:
        """Of each cohort what is left at each period's end: `{"2026-01": {"2026-01": 7, "2026-02": 6}}`."""
        return {
            labels[0]: dict(zip(labels, map(self._measure, line), strict=True))
            for labels, line in self._lines()
        }

    def shares(self) -> dict[str, dict[str, float | None]]:
        """The same as shares of each cohort's first number; None where that is 0."""
        return {
            labels[0]: {
                label: number / line[0] if line[0] else None
                for label, number in zip(labels, line, strict=True)
            }
            for labels, line in self._lines()
        }

    @property
    def left(self) -> Any:
        """What is left of all cohorts at the end of the current period."""
        return self._measure(sum(line[-1] for line in self._cells.values()))

    def ages(self) -> dict[str, list[Any]]:
        """Of each cohort its numbers by age: in its own period, one period later, and so on."""
        return {
            self._label(cohort): [self._measure(number) for number in line]
            for cohort, line in self._cells.items()
        }

    def _shown(self) -> str:
        return f"{self.left:,} {self.spec.unit} left of {len(self._cells)} cohorts"

    def _state(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("_cells", "_by", "_money")}

    def _merged(self, other: Cohorts) -> dict[str, Any]:
        cells = dict(self._cells)
        for (
            cohort,
            line,
        ) in other._cells.items():  # both reach from the cohort's own period to the current one
            mine = cells.get(cohort, [0] * len(line))
            cells[cohort] = [one + more for one, more in zip(mine, line, strict=True)]
        return self._state() | {"_cells": dict(sorted(cells.items()))}

    def _payload(self) -> dict[str, Any]:
        return {
            "value": [
                {"label": self._label(cohort), "first": cohort, "values": [self._json(n) for n in line]}
                for cohort, line in self._cells.items()
            ],
            "by": self._by,
            "money": self._money,
        }

    def _records(self) -> dict[str, list[Any]]:
        shares = self.shares()
        lines = [
            (cohort, period, number, shares[cohort][period])
            for cohort, line in self.value.items()
            for period, number in line.items()
        ]
        names = ("cohort", "period", "value", "share")
        return {name: [line[place] for line in lines] for place, name in enumerate(names)}
