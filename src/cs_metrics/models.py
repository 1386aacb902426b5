"""What a host decides: how health and effort are scored, where segments are cut, how often to get in touch.

A model is data: frozen, comparable, read from and written to TOML. A bad one is refused when it is made, with
the reason.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Real
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

import attrs

from .errors import OptionError
from .toml import read_toml, write_toml

__all__ = [
    "DEFAULT_CUT", "DEFAULT_EFFORT", "DEFAULT_HEALTH", "DEFAULT_POLICY", "DERIVED", "EMPLOYEES", "MISALIGNMENT",
    "SEATS", "SEGMENTS", "ContactPolicy", "Cut", "EffortModel", "Frozen", "HealthModel", "Model", "Policy",
    "misspelt",
]  # fmt: skip

Policy: TypeAlias = Literal["exclude", "worst", "none"]
POLICIES = ("exclude", "worst", "none")
EMPLOYEES, SEATS, MISALIGNMENT = "account:employees", "account:seats", "stack:misalignment"
DERIVED = (EMPLOYEES, SEATS, MISALIGNMENT)
"""Measures that are read off the accounts and the stack; no row of `measures` is needed for them."""
HIGH_LOW, HIGH_HIGH = "high_value_low_effort", "high_value_high_effort"
LOW_LOW, LOW_HIGH = "low_value_low_effort", "low_value_high_effort"
SEGMENTS = (HIGH_LOW, HIGH_HIGH, LOW_LOW, LOW_HIGH)
UNSCORED = "unscored"

K = TypeVar("K")
V = TypeVar("V")
M = TypeVar("M", bound="Model")


class Frozen(Mapping[K, V], Generic[K, V]):
    """A mapping that never changes; two are equal if their items are, in the same order."""

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[K, V]) -> None:
        self._items = dict(items)
        self._hash: int | None = None

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Frozen):
            return tuple(self._items.items()) == tuple(other._items.items())
        return self._items == other

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(tuple(self._items.items()))
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return Frozen, (self._items,)  # a hash holds in one process only

    def __repr__(self) -> str:
        return repr(self._items)


# numbers ------------------------------------------------------------------------------------------------


def _number(option: str, value: Any) -> float:
    """A finite number, as the float that scores are computed in."""
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise OptionError(option, value, "a number")
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.inf
    if not math.isfinite(number):
        raise OptionError(option, value, "a finite number")
    return number


def _exact(option: str, value: Any) -> Decimal | Fraction:
    """An amount as it was written; a float counts as the decimal that it prints as."""
    if isinstance(value, Fraction):
        return value
    try:
        if isinstance(value, bool):
            raise TypeError
        whole = int(value) if isinstance(value, Integral) else value
        amount = Decimal(repr(float(value)) if isinstance(value, float) else whole)
    except (InvalidOperation, TypeError, ValueError):
        amount = Decimal("nan")
    if not amount.is_finite():
        raise OptionError(option, value, "an amount in the portfolio's currency")
    return amount


def _mapping(option: str, given: Any) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise OptionError(option, given, "a mapping")
    return given


def _word(option: str, word: Any) -> str:
    if not isinstance(word, str) or not word:
        raise OptionError(option, word, "names: text that is not empty")
    return word


def _pair(option: str, given: Any) -> tuple[float, float]:
    if isinstance(given, str) or not isinstance(given, Collection) or len(given) != 2:
        raise OptionError(option, given, "a pair of numbers")
    one, other = (_number(option, end) for end in given)
    return one, other


# models -------------------------------------------------------------------------------------------------


def _weights(given: Any) -> Frozen[str, float]:
    weights = {
        _word("weights", metric): _number(f"weights[{metric!r}]", weight)
        for metric, weight in _mapping("weights", given).items()
    }
    if not weights:
        raise OptionError("weights", dict(given), "at least one metric with its weight")
    for metric, weight in weights.items():
        if weight <= 0:
            raise OptionError(f"weights[{metric!r}]", weight, "a weight above 0")
        if metric.partition(":")[0] in ("account", "stack") and metric not in DERIVED and ":" in metric:
            raise OptionError("weights", metric, DERIVED)
    if not math.isfinite(sum(weights.values())):
        raise OptionError("weights", weights, "weights whose sum is finite")
    return Frozen(weights)


def _scales(given: Any) -> Frozen[str, tuple[float, float]]:
    scales = {
        _word("scales", metric): _pair(f"scales[{metric!r}]", ends)
        for metric, ends in _mapping("scales", given).items()
    }
    for metric, ends in scales.items():
        if ends[0] == ends[1]:
            raise OptionError(f"scales[{metric!r}]", ends, "two different ends: equal ones are no scale")
        if not math.isfinite(ends[1] - ends[0]):
            raise OptionError(f"scales[{metric!r}]", ends, "ends whose distance is finite")
    return Frozen(scales)


def _bands(given: Any) -> Frozen[str, tuple[float, float]]:
    bands = {
        _word("bands", name): _pair(f"bands[{name!r}]", ends)
        for name, ends in _mapping("bands", given).items()
    }
    if UNSCORED in bands:
        raise OptionError("bands", UNSCORED, f"another name: {UNSCORED!r} are those without a score")
    reached, before = 0.0, "the beginning"
    for name, (low, high) in sorted(bands.items(), key=lambda band: band[1]):
        if low >= high:
            raise OptionError(f"bands[{name!r}]", (low, high), "a lower bound below the upper one")
        if low != reached:
            fault = "a gap" if low > reached else "an overlap"
            told = f"bands that tile 0 to 100: between {before} and {name!r} is {fault}"
            raise OptionError("bands", bands, f"{told}, {min(low, reached):g} to {max(low, reached):g}")
        reached, before = high, repr(name)
    if reached != 100:
        fault = "a gap" if reached < 100 else "an overlap"
        told = f"bands that tile 0 to 100: after {before} is {fault}, {min(reached, 100):g} to {max(reached, 100):g}"
        raise OptionError("bands", bands, told)
    return Frozen(bands)


@attrs.frozen(kw_only=True)
class Model:
    """Metrics of accounts, each put on 0 to 100 by its scale, and their weighted mean.

    `scales` holds for each metric which value is 0 and which is 100; the first may be the larger number.
    """

    worst: ClassVar[float]
    """The position of a metric that counts as the worst."""

    weights: Mapping[str, float] = attrs.field(converter=_weights)
    scales: Mapping[str, tuple[float, float]] = attrs.field(converter=_scales)
    missing: Policy = attrs.field(default="exclude")

    @missing.validator
    def _known(self, _: Any, value: object) -> None:
        if value not in POLICIES:
            raise OptionError("missing", value, POLICIES)

    def __attrs_post_init__(self) -> None:
        for metric in self.weights:
            if metric not in self.scales:
                raise OptionError("weights", metric, tuple(self.scales))

    def to_dict(self) -> dict[str, Any]:
        """The model as JSON and TOML take it."""
        return {
            "missing": self.missing,
            "weights": dict(self.weights),
            "scales": {metric: list(ends) for metric, ends in self.scales.items()},
        }

    def to_toml(self, path: str | os.PathLike[str] | None = None) -> str:
        """The model as TOML text, written to `path` if one is given."""
        return write_toml(self.to_dict(), path)

    @classmethod
    def from_toml(cls: type[M], source: str | os.PathLike[str]) -> M:
        """A model from a TOML file, or from TOML text.

        >>> csm.EffortModel.from_toml('''
        ... weights = { locations = 2 }
        ... scales = { locations = [1, 20] }
        ... ''').weights
        {'locations': 2.0}
        """
        given = read_toml(source)
        _only(given, [field.name for field in attrs.fields(cls)])
        for needed in ("weights", "scales"):
            if needed not in given:
                raise OptionError("model", sorted(given), f"the table [{needed}] too")
        return cls(**given)


def _only(given: Mapping[str, Any], known: Iterable[str]) -> None:
    names = tuple(known)
    for name in given:
        if name not in names:
            raise OptionError("model", name, names)


@attrs.frozen(kw_only=True)
class HealthModel(Model):
    """How healthy an account is: 0 is worst, 100 best.

    Args:
        weights: how much each metric of `measures` counts, above 0; the derived measures may stand here too.
        scales: the worst and the best value of each metric; values beyond count as these.
        bands: names with lower and upper bound; they tile 0 to 100, each holds its lower bound, the
            highest one 100 too.
        missing: "exclude" leaves out metrics that an account lacks, "worst" counts them as 0, "none" gives
            an account that lacks one no score.

    >>> csm.HealthModel(weights={"nps": 2}, scales={"nps": (-100, 100)}).missing
    'exclude'
    """

    worst: ClassVar[float] = 0.0

    bands: Mapping[str, tuple[float, float]] = attrs.field(
        default=Frozen({"at_risk": (0, 40), "needs_attention": (40, 70), "satisfactory": (70, 100)}),
        converter=_bands,
    )

    @classmethod
    def default(cls) -> HealthModel:
        """Four common measures, equally weighted: nps, csat (in %), tickets_open and logins_per_week.

        No two companies measure alike: give your own model where yours has other metrics.
        """
        scales = {"nps": (-100, 100), "csat": (0, 100), "tickets_open": (20, 0), "logins_per_week": (0, 20)}
        return cls(weights=dict.fromkeys(scales, 1), scales=scales)

    def to_dict(self) -> dict[str, Any]:
        return super().to_dict() | {"bands": {name: list(ends) for name, ends in self.bands.items()}}


@attrs.frozen(kw_only=True)
class EffortModel(Model):
    """How much effort an account takes: 0 is least, 100 most.

    Args:
        weights: how much each metric counts, above 0: metrics of `measures`, and the derived account:employees,
            account:seats and stack:misalignment (100 − the share of applicable items that are aligned, in %).
        scales: the least and the most of each metric; values beyond count as these.
        missing: "exclude" leaves out metrics that an account lacks, "worst" counts them as 100, "none" gives
            an account that lacks one no score.
    """

    worst: ClassVar[float] = 100.0

    @classmethod
    def default(cls) -> EffortModel:
        """Size, seats, support hours, locations and misalignment of the stack, equally weighted."""
        scales = {EMPLOYEES: (0, 1000), SEATS: (0, 500), "support_hours": (0, 40), "locations": (1, 20),
                  MISALIGNMENT: (0, 100)}  # fmt: skip
        return cls(weights=dict.fromkeys(scales, 1), scales=scales)


def misspelt(metric: str, known: Iterable[str]) -> bool:
    """Whether one of these names is so near that it must be meant: one letter off, two of many.

    >>> misspelt("nsp", ["nps"]), misspelt("csat", ["nps"])
    (True, False)
    """
    for other in known:
        longest = max(len(metric), len(other))
        blocks = difflib.SequenceMatcher(None, metric.casefold(), other.casefold()).get_matching_blocks()
        if longest >= 3 and sum(block.size for block in blocks) >= longest - 1 - (longest > 8):
            return True
    return False


# cuts ---------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Cut:
    """Where value and effort begin to be high; what equals a threshold is high.

    `Cut.median()` and `Cut.mean()` are found in the view; `Cut.at(value, effort)` is given, so that two
    views, or the parts of one portfolio, can be cut alike.

    >>> csm.Cut.at("1200.50", 40).value
    Decimal('1200.50')
    """

    kind: Literal["median", "mean", "at"]
    value: Decimal | Fraction | None = None
    effort: float | None = None

    @classmethod
    def median(cls) -> Cut:
        """At the median of the accounts in view: the mean of the two in the middle where their number is even."""
        return cls(kind="median")

    @classmethod
    def mean(cls) -> Cut:
        """At the mean of the accounts in view."""
        return cls(kind="mean")

    @classmethod
    def at(cls, value: Decimal | Fraction | int | float | str, effort: float) -> Cut:
        """At these: `value` in the portfolio's currency (MRR, or MRR per seat), `effort` a score."""
        return cls(kind="at", value=_exact("value", value), effort=_number("effort", effort))

    def __attrs_post_init__(self) -> None:
        if self.kind not in ("median", "mean", "at"):
            raise OptionError("cut", self.kind, ("median", "mean", "at"))
        if (self.kind == "at") != (self.value is not None and self.effort is not None):
            raise OptionError("cut", self.kind, "Cut.median(), Cut.mean() or Cut.at(value, effort)")

    def to_dict(self) -> dict[str, Any]:
        """The cut as JSON takes it."""
        if self.kind != "at":
            return {"kind": self.kind}
        return {"kind": "at", "value": str(self.value), "effort": self.effort}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Cut:
        """A cut from what `to_dict` gave."""
        if data["kind"] != "at":
            return cls(kind=data["kind"])
        text = data["value"]
        return cls.at(Fraction(text) if "/" in text else Decimal(text), data["effort"])


# contact ------------------------------------------------------------------------------------------------

_DEFAULT_DAYS = {HIGH_HIGH: (7, 14, 14), HIGH_LOW: (7, 30, 30), LOW_HIGH: (14, 30, 60), LOW_LOW: (30, 60, 90)}
Place: TypeAlias = tuple[str, str | None]


def _default_days() -> dict[Place, int]:
    bands = ("at_risk", "needs_attention", "satisfactory")
    return {
        (segment, band): every
        for segment, days in _DEFAULT_DAYS.items()
        for band, every in zip((*bands, None), (*days, days[-1]), strict=True)
    }


def _days(given: Any) -> Frozen[Place, int]:
    days = {}
    for place, every in _mapping("days", given).items():
        if not isinstance(place, tuple) or len(place) != 2 or place[0] not in SEGMENTS:
            raise OptionError("days", place, f"(segment, health band or None), the segment one of {SEGMENTS}")
        if place[1] is not None:
            _word("days", place[1])
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise OptionError(f"days[{place!r}]", every, "a whole number of days, 1 or more")
        days[place] = every
    return Frozen(days)


@attrs.frozen(kw_only=True)
class ContactPolicy:
    """Every how many days to be in touch with an account, by its segment and health band (None: unscored).

    By default: high value and high effort most often, high value and at risk weekly, low value and low effort
    still once a quarter, since no communication is churn.
    """

    days: Mapping[Place, int] = attrs.field(factory=_default_days, converter=_days)

    def every(self, segment: str, band: str | None) -> int:
        """The days for a segment and a band."""
        if (segment, band) not in self.days:
            told = "a policy that has days for every segment and band of the model, unscored (None) too"
            raise OptionError("policy", (segment, band), told)
        return self.days[segment, band]

    def to_dict(self) -> dict[str, Any]:
        """The policy as JSON and TOML take it: one table a segment."""
        found: dict[str, dict[str, int]] = {}
        for (segment, band), every in self.days.items():
            found.setdefault(segment, {})[UNSCORED if band is None else band] = every
        return found

    def to_toml(self, path: str | os.PathLike[str] | None = None) -> str:
        """The policy as TOML text, written to `path` if one is given."""
        return write_toml(self.to_dict(), path)

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> ContactPolicy:
        """A policy from a TOML file, or from TOML text: one table a segment, days by band, or `unscored`."""
        given = read_toml(source)
        _only(given, SEGMENTS)
        return cls(
            days={
                (segment, None if band == UNSCORED else band): every
                for segment, days in given.items()
                for band, every in _mapping(segment, days).items()
            }
        )


DEFAULT_HEALTH = HealthModel.default()
DEFAULT_EFFORT = EffortModel.default()
DEFAULT_CUT = Cut.median()
DEFAULT_POLICY = ContactPolicy()
