"""Results that are one number, or one number against another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from ..errors import RowsNotKept
from .base import Context, Result
from .contributions import Part

if TYPE_CHECKING:
    from ..columns import Amounts, Array
    from ..selection import Rows
    from .base import Spec
    from .contributions import Cell, Contributions, MadeOf, Whole

__all__ = ["Amount", "Count", "Ratio", "TopShare", "Trend"]

Exact: TypeAlias = int | Decimal | Fraction
Distinct: TypeAlias = Callable[[], list[Any]]


class Count(Result):
    """How many rows there are."""

    kind: ClassVar[str] = "count"

    @property
    def value(self) -> int:
        return self.used

    def _entries(self) -> Sequence[Part]:
        return (Part.each(self._live()),)

    def _numbers(self) -> dict[Cell, Whole]:
        return {(): self.value}

    def _state(self) -> dict[str, Any]:
        return {}

    def _merged(self, other: Count) -> dict[str, Any]:
        return {}

    def _payload(self) -> dict[str, Any]:
        return {"value": self.value}

    def _records(self) -> dict[str, list[Any]]:
        return {"value": [self.value]}


class Amount(Result):
    """A sum of money, exact to the minor unit, in the portfolio's currency.

    `minor` is the sum where it is known without looking at the rows.
    """

    kind: ClassVar[str] = "amount"

    def __init__(self, rows: Rows, amounts: Amounts, *, minor: int | None = None) -> None:
        super().__init__(rows)
        self._minor = amounts.sum(rows.flags) if minor is None else minor
        self._made_of = lambda: (Part.each(rows, amounts=amounts),)

    @property
    def value(self) -> Decimal:
        return self.context.major(self._minor)

    @property
    def currency(self) -> str:
        """The portfolio's currency."""
        return self.context.currency

    def _shown(self) -> str:
        return f"{self.value:,} {self.currency}"

    def _numbers(self) -> dict[Cell, Whole]:
        return {(): self._minor}

    def _state(self) -> dict[str, Any]:
        return {"_minor": self._minor}

    def _merged(self, other: Amount) -> dict[str, Any]:
        return {"_minor": self._minor + other._minor}

    def _payload(self) -> dict[str, Any]:
        return {"value": str(self.value)}

    def _records(self) -> dict[str, list[Any]]:
        return {"value": [self.value], "currency": [self.currency]}


class Ratio(Result):
    """One number over another, both exact; no value where the denominator is 0.

    A denominator that counts distinct things is given with `distinct`, which names them, so that two parts of
    a portfolio that share some can be merged. `made_of` says what rows add to the cells "numerator" and
    "denominator"; distinct things are rows of their own table.
    """

    kind: ClassVar[str] = "ratio"
    cell_names: ClassVar[tuple[str, ...]] = ("part",)

    def __init__(
        self,
        rows: Rows,
        numerator: Exact,
        denominator: Exact,
        *,
        distinct: Distinct | None = None,
        made_of: MadeOf | None = None,
    ) -> None:
        super().__init__(rows)
        self._made_of = made_of
        self.numerator = simplest(numerator) if isinstance(numerator, Fraction) else numerator
        self.denominator = simplest(denominator) if isinstance(denominator, Fraction) else denominator
        self._distinct = distinct

    @staticmethod
    def of_money(rows: Rows, numerator: int, denominator: int) -> Ratio:
        """One amount over another, both in minor units."""
        major = Context.of(rows).major
        return Ratio(rows, major(numerator), major(denominator))

    @staticmethod
    def of_amounts(rows: Rows, above: Amounts, below: Amounts) -> Ratio:
        """The sum of amounts of the rows over that of others."""
        ratio = Ratio.of_money(rows, above.sum(rows.flags), below.sum(rows.flags))
        ratio._made_of = lambda: (
            Part.each(rows, "numerator", amounts=above),
            Part.each(rows, "denominator", amounts=below),
        )
        return ratio

    @property
    def value(self) -> float | None:
        exact = self.exact
        return None if exact is None else float(exact)

    @property
    def exact(self) -> Fraction | None:
        """The value before it becomes a float."""
        above, below = self.numerator, self.denominator
        if below == 0:
            return None
        return (
            Fraction(above, below)
            if isinstance(below, int) and isinstance(above, int | Fraction)
            else (Fraction(above) / Fraction(below))
        )

    def _shown(self) -> str:
        value = "none" if self.value is None else f"{self.value:,.4g}"
        return f"{value} {self.spec.unit} ({self.numerator} / {self.denominator})"

    def _numbers(self) -> dict[Cell, Whole]:
        return {
            ("numerator",): self._minor_if_money(self.numerator),
            ("denominator",): self._minor_if_money(self.denominator),
        }

    def _minor_if_money(self, number: Exact) -> Whole:
        scale = 10**self.context.exponent if isinstance(number, Decimal) else 1
        return simplest(Fraction(number) * scale)

    def _things(self) -> frozenset[Any] | None:
        return None if self._distinct is None else frozenset(self._distinct())

    def _state(self) -> dict[str, Any]:
        distinct = self._distinct
        if distinct is not None and distinct is not unnamed:
            distinct = _Named(tuple(distinct()))
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "_distinct": distinct,
        }

    def _merged(self, other: Ratio) -> dict[str, Any]:
        numerator = together(self.numerator, other.numerator)
        mine, its = self._things(), other._things()
        if mine is None or its is None:
            denominator = together(self.denominator, other.denominator)
            return {"numerator": numerator, "denominator": denominator, "_distinct": None}
        both = mine | its
        return {"numerator": numerator, "denominator": len(both), "_distinct": _Named(tuple(both))}

    def _payload(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "numerator": exact(self.numerator),
            "denominator": exact(self.denominator),
            "counts_distinct": self._distinct is not None,
        }

    def _records(self) -> dict[str, list[Any]]:
        return {
            "value": [self.value],
            "numerator": [self.numerator],
            "denominator": [self.denominator],
        }


class TopShare(Ratio):
    """The share of the largest amounts in all of them; amounts are in minor units.

    It keeps the largest ones, so that those of two parts of a portfolio can be found among both.
    """

    kind: ClassVar[str] = "top_share"

    def __init__(self, rows: Rows, amounts: Array, limit: int) -> None:
        if 0 < limit < len(amounts):
            largest = sorted(np.partition(amounts, -limit)[-limit:].tolist(), reverse=True)
        else:
            largest = sorted(amounts.tolist(), reverse=True)[:limit]
        total = int(amounts.sum())
        major = Context.of(rows).major
        super().__init__(rows, major(sum(largest)), major(total))
        self._largest: list[int] = largest
        self._limit = limit

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"_largest": self._largest, "_limit": self._limit}

    def _merged(self, other: Ratio) -> dict[str, Any]:
        assert isinstance(other, TopShare)
        largest = sorted((*self._largest, *other._largest), reverse=True)[: self._limit]
        numerator = self.context.major(sum(largest))
        return super()._merged(other) | {"numerator": numerator, "_largest": largest, "_limit": self._limit}

    def _payload(self) -> dict[str, Any]:
        largest = [str(self.context.major(minor)) for minor in self._largest]
        return super()._payload() | {"largest": largest, "limit": self._limit}


class _Named:
    """Distinct things that are known by name already; callable as `Distinct` is, and it can be pickled."""

    def __init__(self, names: tuple[Any, ...]) -> None:
        self.names = names

    def __call__(self) -> list[Any]:
        return list(self.names)


def unnamed() -> list[Any]:
    """The distinct things of a ratio that was read back from JSON, which does not name them."""
    raise RowsNotKept("a ratio over distinct things cannot be merged after it was read back from JSON")


def together(one: Exact, other: Exact) -> Exact:
    """The exact sum; two amounts of money stay such."""
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one + other
    return simplest(Fraction(one) + Fraction(other))


def simplest(number: Fraction) -> int | Fraction:
    """A whole number where it is one."""
    return number.numerator if number.denominator == 1 else number


def exact(number: Exact) -> int | str:
    """A number as JSON takes it without loss: whole, or as text, "10.50" or "1/3"."""
    return number if isinstance(number, int) else str(number)


def _unrounded(result: Result) -> Any:
    """A result's value; a ratio's as the exact fraction that it is."""
    return result.exact if isinstance(result, Ratio) else result.value


class Trend(Result):
    """A metric now against the same metric before."""

    kind: ClassVar[str] = "trend"

    def __init__(self, current: Result, previous: Result) -> None:
        super().__init__(current._live())
        self._current = current
        self._previous = previous

    @property
    def current(self) -> Result:
        """The metric now; the trend's rows, used and excluded ones are those of this half."""
        return self._half(self._current)

    @property
    def previous(self) -> Result:
        """The metric before."""
        return self._half(self._previous)

    def _half(self, half: Result) -> Result:
        """Both halves are of the metric that made the trend."""
        if "_origin" in self.__dict__:
            half.__dict__.setdefault("_origin", self.__dict__["_origin"])
        return half

    @property
    def value(self) -> Any:
        """The value of `current`."""
        return self.current.value

    @property
    def change(self) -> Any:
        """How much more the current value is than the previous one; None where either has none."""
        change = self._change
        return float(change) if isinstance(change, Fraction) else change

    @property
    def change_share(self) -> float | None:
        """The change as a share of the previous value; None where that is 0 or None."""
        change, before = self._change, _unrounded(self.previous)
        return None if change is None or not before else float(Fraction(change) / Fraction(before))

    @property
    def _change(self) -> Any:
        now, before = _unrounded(self.current), _unrounded(self.previous)
        return None if now is None or before is None else now - before

    def contributions(self) -> Contributions:
        """Those of `current`."""
        return self.current.contributions()

    def _shown(self) -> str:
        return f"{self.current._shown()}, before: {self.previous._shown()}"

    def _state(self) -> dict[str, Any]:
        return {"_current": self.current, "_previous": self.previous}

    def _merged(self, other: Trend) -> dict[str, Any]:
        return {
            "_current": self.current.merge(other.current),
            "_previous": self.previous.merge(other.previous),
        }

    def _as_asked(self, spec: Spec, context: Context) -> None:
        for told in (self.current, self.previous):
            told._as_asked(spec, context)
        super()._as_asked(spec, context)

    def _payload(self) -> dict[str, Any]:
        change, current = self.change, self.current.to_dict()
        return {
            "value": current["value"],
            "current": current,
            "previous": self.previous.to_dict(),
            "change": str(change) if isinstance(change, Decimal) else change,
            "change_share": self.change_share,
        }

    def _records(self) -> dict[str, list[Any]]:
        return {
            "current": [self.current.value],
            "previous": [self.previous.value],
            "change": [self.change],
            "change_share": [self.change_share],
        }
