"""Accounts by value and effort, and how often to be in touch with each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..columns import NO_AMOUNT, Numbers, masked_sum
from ..errors import OptionError, RowsNotKept
from ..models import SEGMENTS, Cut
from .listings import Listing

if TYPE_CHECKING:
    from ..columns import Array, Codes, Listed
    from ..vocabulary import Accounts, Places
    from .base import Context, Spec

__all__ = ["Cadence", "Segments"]

EXACT = 2**53


class Segments(Listing):
    """Accounts with a place: value, effort, segment, health band, employees and relative size, by id.

    `.value` is how many are placed; `.cut` the thresholds, with which another view can be cut alike.
    """

    kind: ClassVar[str] = "segments"

    def __init__(self, places: Places, bands: Codes) -> None:
        accounts: Accounts = places.rows.table  # type: ignore[assignment]
        self._places = places
        self._employed = _employed(accounts)
        columns: dict[str, Listed] = {
            "value": places.worths,
            "effort": places.effort,
            "segment": places.segment,
            "health_band": bands,
            "employees": accounts.employees,
            "relative_size": _Relative(accounts.employees, self._employed),
        }
        super().__init__(places.rows, columns)
        self._cut = places.cut
        self._bands = bands

    @property
    def cut(self) -> Cut | None:
        """The thresholds used; None where nothing is placed and none were given."""
        return self._cut

    def counts(self) -> dict[str, int]:
        """How many accounts each segment has."""
        if self._rows is None:
            return dict(self.__dict__["_counts"])
        codes = self._places.segment.codes
        return {name: int(np.count_nonzero(codes == code)) for code, name in enumerate(SEGMENTS)}

    def value_by_segment(self) -> dict[str, Decimal]:
        """The MRR of each segment's accounts, also where they are placed by MRR per seat."""
        return {name: self.context.major(minor) for name, minor in self._minor().items()}

    def accounts(self, segment: str) -> list[Any]:
        """The ids of a segment's accounts, by id."""
        if segment not in SEGMENTS:
            raise OptionError("segment", segment, SEGMENTS)
        if self._rows is None:
            place = self.names.index("segment")
            return [line[0] for line in self.head(self.value) if line[place] == segment]
        index = self._ordered()
        here = self._places.segment.codes[index] == SEGMENTS.index(segment)
        return self._live().table.ids(index[here])

    def _minor(self) -> dict[str, int]:
        if self._rows is None:
            return dict(self.__dict__["_values"])
        codes = self._places.segment.codes
        return {name: masked_sum(self._places.mrr, codes == code) for code, name in enumerate(SEGMENTS)}

    def _worths(self) -> list[Decimal | Fraction] | None:
        """The exact value of each line; None where it was read back from JSON."""
        if self._rows is None:
            exact: list[Decimal | Fraction] | None = self.__dict__["_exact"]
            return exact
        return self._places.worths.exactly(self._ordered(self._sent))

    def _state(self) -> dict[str, Any]:
        return super()._state() | {
            "_counts": self.counts(),
            "_values": self._minor(),
            "_exact": self._worths(),
            "_employed": self._employed,
            "_cut": self._cut,
        }

    def _merged(self, other: Listing) -> dict[str, Any]:
        assert isinstance(other, Segments)
        _same_cut(self)
        mine, its = self._worths(), other._worths()
        if mine is None or its is None:
            raise RowsNotKept("a listing cannot be merged after it was read back from JSON")
        keys, worths = [*self._row_keys(), *other._row_keys()], [*mine, *its]
        order = sorted(range(len(keys)), key=keys.__getitem__)[: self._first]
        employed = self._employed[0] + other._employed[0], self._employed[1] + other._employed[1]
        merged = super()._merged(other)
        there, size = (list(merged["_kinds"]).index(name) for name in ("employees", "relative_size"))
        lines = [
            (*line[:size], _relative(line[there], employed), *line[size + 1 :]) for line in merged["_kept"]
        ]
        counts, values = other.counts(), other._minor()
        return merged | {
            "_kept": lines,
            "_counts": {name: count + counts[name] for name, count in self.counts().items()},
            "_values": {name: minor + values[name] for name, minor in self._minor().items()},
            "_exact": [worths[place] for place in order],
            "_employed": employed,
            "_cut": self._cut,
        }

    def _as_asked(self, spec: Spec, context: Context) -> None:
        """Where nothing is placed, a median or mean gives no thresholds."""
        if spec.options["cut"].kind != "at" and not self.used:
            self._cut = None
        super()._as_asked(spec, context)

    def _payload(self) -> dict[str, Any]:
        return super()._payload() | {
            "cut": None if self._cut is None else self._cut.to_dict(),
            "counts": self.counts(),
            "value_by_segment": {name: str(value) for name, value in self.value_by_segment().items()},
            "employed": list(self._employed),
        }


class Cadence(Listing):
    """Accounts with how often to be in touch with each: most often first, then value descending, then id."""

    kind: ClassVar[str] = "cadence"

    def __init__(self, segments: Segments, every: Callable[[str, str | None], int]) -> None:
        places, bands = segments._places, segments._bands
        days = np.array([[every(name, band) for band in (*bands.labels, None)] for name in SEGMENTS])
        self._days = days[places.segment.codes, bands.codes]  # without a band: the last one
        self._worths = places.worths
        index = places.rows.index
        order = np.zeros(places.rows.table.n, np.int64)
        order[index] = places.worths.order(index)
        columns: dict[str, Listed] = {
            "every_days": Numbers(self._days),
            "segment": places.segment,
            "health_band": bands,
            "value": places.worths,
        }
        super().__init__(places.rows, columns, by=[self._days, -order])

    def _row_keys(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Worths instead of their order, so that those of two parts compare."""
        keys = super()._row_keys(limit)
        if self._rows is None:
            return keys
        worths = [-worth for worth in self._worths.exactly(self._ordered(limit))]
        return [(days, worth, name) for (days, _, name), worth in zip(keys, worths, strict=True)]

    def _merged(self, other: Listing) -> dict[str, Any]:
        _same_cut(self)
        return super()._merged(other)

    @classmethod
    def of(cls, segments: Segments, every: Callable[[str, str | None], int], spec: Any) -> Cadence:
        """The cadence of segments, also of those that were merged, sent or read back."""
        if segments._rows is not None:
            live = cls(segments, every)
            live._spec = spec
            return live
        names = segments.names
        picked = [names.index(name) for name in ("segment", "health_band", "value")]
        worths = segments._worths()
        made = []
        for place, line in enumerate(segments.head(segments.value)):
            segment, band, value = (line[column] for column in picked)
            days = every(segment, band)
            worth = value if worths is None else worths[place]
            made.append(((days, -worth, line[0]), (line[0], days, segment, band, value)))
        made.sort(key=lambda line: line[0])
        kinds = segments._types
        state = {
            "_kinds": {
                names[0]: "id", "every_days": "number", "segment": "text", "health_band": "text",
                "value": kinds["value"],
            },
            "_limit": None,
            "_kept": [line for _, line in made],
            "_keys": [key for key, _ in made],
        }  # fmt: skip
        found = cls.__new__(cls)
        found.__setstate__(
            {
                "state": state,
                "spec": spec,
                "context": segments.context,
                "excluded": segments.excluded,
                "used": segments.used,
            }
        )
        found._parts = segments._parts
        return found


def _same_cut(result: Listing) -> None:
    """Two parts that were each cut at their own median or mean are no parts of one whole."""
    cut = result.spec.options["cut"]
    if not isinstance(cut, Cut) or cut.kind != "at":
        told = "Cut.at(value, effort) to both parts: each would have its own median or mean"
        raise OptionError("cut", cut, told)


class _Relative:
    """Employees over the mean employees of the accounts in view that have some, rounded once."""

    kind = "number"

    def __init__(self, employees: Numbers, employed: tuple[int, int]) -> None:
        self.employees = employees
        self.employed = employed

    def to_list(self, rows: Array) -> list[Any]:
        return [_relative(one, self.employed) for one in self.employees.to_list(rows)]

    def to_array(self, rows: Array) -> Any:
        numbers, (total, count) = self.employees.values[rows], self.employed
        known = numbers != NO_AMOUNT
        most = int(np.abs(numbers[known]).max()) if known.any() else 0
        if most * count >= EXACT or abs(total) >= EXACT or not total:
            return self.to_list(rows)
        found = np.full(len(rows), np.nan)
        found[known] = numbers[known] * count / total
        return found


def _relative(employees: int | None, employed: tuple[int, int]) -> float | None:
    total, count = employed
    return None if employees is None or not total else float(Fraction(employees * count, total))


def _employed(accounts: Accounts) -> tuple[int, int]:
    """The sum of the employees of the accounts in view that have some, and how many these are."""
    numbers = accounts.employees
    known = accounts.everything.flags & ~numbers.missing
    count = int(np.count_nonzero(known))
    if not count:
        return 0, 0
    values = numbers.values[known]
    if max(-int(values.min()), int(values.max())) < 2**62 // count:
        return int(values.sum()), count
    return sum(values.tolist()), count
