"""What is due, what became of it so far, and what is to be expected."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from .tables import Breakdown

if TYPE_CHECKING:
    from ..selection import Rows

__all__ = ["Forecast"]


class Forecast(Breakdown):
    """A breakdown of amounts whose last bucket, `expected`, is no whole number of minor units.

    It is kept exactly and rounded once, half to even, where it is shown, so that parts of a portfolio merge
    exactly. `.total` is what is due.
    """

    kind: ClassVar[str] = "forecast"

    def __init__(self, rows: Rows, buckets: Mapping[str, int], expected: Fraction) -> None:
        super().__init__(rows, buckets, total=buckets["due"], money=True)
        self._expected = expected

    def _all(self) -> dict[Any, int]:
        return {**self._buckets, "expected": round(self._expected)}

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"_expected": self._expected}

    def _merged(self, other: Breakdown) -> dict[str, Any]:
        assert isinstance(other, Forecast)
        return super()._merged(other) | {"_expected": self._expected + other._expected}

    def _payload(self) -> dict[str, Any]:
        return super()._payload() | {"expected_minor": str(self._expected)}
