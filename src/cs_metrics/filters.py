"""What a viewer narrows a view down to. None is not filtered, an empty set is nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from typing import Any

import attrs

from .errors import OptionError
from .models import DEFAULT_CUT, SEGMENTS, Cut, EffortModel, HealthModel
from .records import Health

__all__ = ["Filters", "ValueBand"]

GO_BY = ("health_model", "effort_model", "segment_value", "cut")
Amount = Decimal | int | float | str | None


def as_filters(given: Any) -> Filters | None:
    """Filters, also as a mapping of them."""
    if given is None or isinstance(given, Filters):
        return given
    if not isinstance(given, Mapping):
        raise OptionError("filters", given, "Filters, a mapping of them by name, or None for all")
    names = tuple(field.name for field in attrs.fields(Filters))
    for name in given:
        if name not in names:
            raise OptionError("filters", name, names)
    return Filters(**given)


def as_plain(value: Any) -> Any:
    """A whole number of NumPy's as Python's own."""
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value


def _amount(option: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(repr(float(value)) if isinstance(value, float) else as_plain(value))
    except (ArithmeticError, TypeError, ValueError):
        amount = Decimal("nan")
    if isinstance(value, bool) or not amount.is_finite():
        raise OptionError(option, value, "an amount in the portfolio's currency, or None for no bound")
    return amount


def _low(value: Any) -> Decimal | None:
    return _amount("low", value)


def _high(value: Any) -> Decimal | None:
    return _amount("high", value)


@attrs.frozen
class ValueBand:
    """Contract values from `low`, in, to `high`, out, in the portfolio's currency; None is no bound.

    >>> ValueBand(0, 10_000)
    ValueBand(low=Decimal('0'), high=Decimal('10000'))
    """

    low: Decimal | None = attrs.field(converter=_low)
    high: Decimal | None = attrs.field(default=None, converter=_high)

    def __attrs_post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise OptionError("high", self.high, f"an amount above the band's low {self.low}, or None")

    def minor(self, exponent: int) -> tuple[int | None, int | None]:
        """The bounds in whole minor units, so that exactly the same amounts lie between them."""
        return tuple(  # type: ignore[return-value]
            None if bound is None else math.ceil(Fraction(bound) * 10**exponent)
            for bound in (self.low, self.high)
        )


def _ids(option: str, values: Any) -> frozenset[Any] | None:
    if values is None:
        return None
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise OptionError(option, values, "a set or list of values, or None for all")
    given = tuple(values)
    for value in given:
        if isinstance(value, bool) or not isinstance(value, Integral | str):
            raise OptionError(option, value, "ids and words: text or whole numbers")
    return frozenset(as_plain(value) for value in given)


def _health(option: str, values: Any) -> frozenset[Any] | None:
    words = _ids(option, values)
    for value in words or ():
        if value not in tuple(Health):
            raise OptionError(option, value, tuple(Health))
    return words


def _bands(option: str, values: Any) -> tuple[ValueBand, ...] | None:
    if values is None:
        return None
    if isinstance(values, ValueBand):
        return (values,)
    bands = tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (values,)
    if not all(isinstance(band, ValueBand) for band in bands):
        raise OptionError(option, values, "a list of ValueBand(low, high), or None for all")
    return bands


def _segments(option: str, values: Any) -> frozenset[Any] | None:
    words = _ids(option, values)
    for value in words or ():
        if value not in SEGMENTS:
            raise OptionError(option, value, SEGMENTS)
    return words


def _is(kind: type) -> Any:
    """A check of what another filter goes by."""

    def check(_: Any, field: attrs.Attribute[Any], value: object) -> None:
        if value is not None and not isinstance(value, kind):
            raise OptionError(field.name, value, f"a {kind.__name__}")

    return check


def _field(name: str, check: Any = _ids) -> Any:
    return attrs.field(default=None, converter=lambda values: check(name, values), kw_only=True)


@attrs.frozen(kw_only=True)
class Filters:
    """Which accounts and engagements to keep; every other row goes where the row that it follows goes.

    `accounts`, `industries`, `segments` and `groups` look at the account, `owners` at the owner (a manager
    stands for the whole subtree below), `stages` and `health` at the engagement (an account is kept if an
    open one matches, for each of the two by itself), `contract_values` at the value in force on the as-of
    day. All that are given must hold.

    `health_bands` looks at the account's band under `health_model`, `customer_segments` at its segment under
    `effort_model`, `segment_value` ("mrr" or "mrr_per_seat") and `cut`, which is over all accounts that the viewer
    sees, whatever the other filters. An account without a score, or without a place, matches nothing.
    """

    owners: frozenset[Any] | None = _field("owners")
    industries: frozenset[Any] | None = _field("industries")
    segments: frozenset[Any] | None = _field("segments")
    groups: frozenset[Any] | None = _field("groups")
    accounts: frozenset[Any] | None = _field("accounts")
    health: frozenset[Any] | None = _field("health", _health)
    stages: frozenset[Any] | None = _field("stages")
    contract_values: tuple[ValueBand, ...] | None = _field("contract_values", _bands)
    customer_segments: frozenset[Any] | None = _field("customer_segments", _segments)
    health_bands: frozenset[Any] | None = _field("health_bands")
    health_model: HealthModel | None = attrs.field(default=None, validator=_is(HealthModel))
    effort_model: EffortModel | None = attrs.field(default=None, validator=_is(EffortModel))
    segment_value: str | None = None
    cut: Cut | None = attrs.field(default=None, validator=_is(Cut))

    def __attrs_post_init__(self) -> None:
        for name, model in (("customer_segments", "effort_model"), ("health_bands", "health_model")):
            if getattr(self, name) is not None and getattr(self, model) is None:
                raise OptionError(model, None, f"the model that {name} go by")
        if self.segment_value not in (None, "mrr", "mrr_per_seat"):
            raise OptionError("segment_value", self.segment_value, ("mrr", "mrr_per_seat"))
        for band in self.health_bands or ():
            if self.health_model is not None and band not in self.health_model.bands:
                raise OptionError("health_bands", band, tuple(self.health_model.bands))

    @property
    def applied(self) -> dict[str, Any]:
        """The filters that are given, without what they go by."""
        given = {field.name: getattr(self, field.name) for field in attrs.fields(Filters)}
        return {name: value for name, value in given.items() if value is not None and name not in GO_BY}

    @property
    def settings(self) -> dict[str, Any]:
        """What the given filters go by: models, and how segments are cut."""
        found: dict[str, Any] = {}
        if self.health_bands is not None:
            found["health_model"] = self.health_model
        if self.customer_segments is not None:
            found["effort_model"] = self.effort_model
            found["segment_value"] = self.segment_value or "mrr"
            found["cut"] = self.cut or DEFAULT_CUT
        return found

    def to_dict(self) -> dict[str, Any]:
        """The given filters as JSON takes them, in a stable order, and what they go by."""
        settings = {
            name: value if isinstance(value, str) else value.to_dict()
            for name, value in self.settings.items()
        }
        return settings | {
            name: [
                [None if bound is None else str(bound) for bound in (band.low, band.high)] for band in value
            ]
            if name == "contract_values"
            else sorted(value, key=lambda item: (str(type(item)), item))
            for name, value in self.applied.items()
        }
