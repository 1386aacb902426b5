"""Plain Python values as JSON and back, each of its own type again: no pickle is ever read."""

from __future__ import annotations

import datetime as dt
import enum
import json
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from .. import enums

__all__ = ["NotPlain", "decoded", "encoded", "from_text", "to_text"]

MARK = "\0"
"""No key of a mapping that was given: mappings are told as lists of pairs."""


class NotPlain(TypeError):
    """A value of a type that cannot be written without pickle."""


def encoded(value: Any) -> Any:
    """A value as JSON takes it."""
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    told = _TELL[kind](value) if kind in _TELL else _other(value)
    return {MARK: [_NAMES.get(kind, "other"), *told]} if kind in _TELL else {MARK: told}


def decoded(told: Any) -> Any:
    """The value that was `encoded`."""
    if not isinstance(told, dict):
        return told
    name, *rest = told[MARK]
    return _READ[name](*rest)


def to_text(value: Any) -> str:
    return json.dumps(encoded(value))


def from_text(text: str) -> Any:
    return decoded(json.loads(text))


def _zone(moment: Any) -> str | None:
    """A time zone by its name; a fixed offset stands in the text already."""
    return getattr(moment.tzinfo, "key", None)


def _moment(moment: dt.datetime) -> list[Any]:
    key = _zone(moment)
    if key is None:
        return [moment.isoformat(), None, moment.fold]
    return [moment.replace(tzinfo=None, fold=0).isoformat(), key, moment.fold]


def _as_moment(text: str, key: str | None, fold: int) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo if key is None else zoneinfo.ZoneInfo(key), fold=fold)


def _all(values: Any) -> list[Any]:
    return [[encoded(value) for value in values]]


_TELL: dict[type, Callable[[Any], list[Any]]] = {
    float: lambda value: [value.hex()],
    Decimal: lambda value: [str(value)],
    dt.datetime: _moment,
    dt.date: lambda value: [value.isoformat()],
    dt.time: lambda value: [value.isoformat(), value.fold],
    dt.timedelta: lambda value: [value.days, value.seconds, value.microseconds],
    bytes: lambda value: [value.hex()],
    complex: lambda value: [value.real.hex(), value.imag.hex()],
    list: _all,
    tuple: _all,
    set: lambda value: _all(sorted(value, key=repr)),
    frozenset: lambda value: _all(sorted(value, key=repr)),
    dict: lambda value: [[[encoded(key), encoded(item)] for key, item in value.items()]],
}
_NAMES = {kind: kind.__name__ for kind in _TELL}


def _other(value: Any) -> list[Any]:
    """The types of NumPy, pandas and this library."""
    kind = type(value)
    if isinstance(value, enum.Enum) and getattr(enums, kind.__name__, None) is kind:
        return ["enum", kind.__name__, value.value]
    if isinstance(value, np.generic) and value.dtype.kind in "biufSUMm":
        array = np.array([value])
        return ["numpy", array.dtype.str, array.tobytes().hex()]
    if kind.__module__.partition(".")[0] == "pandas":
        return _pandas(value)
    raise NotPlain(kind.__qualname__)


def _pandas(value: Any) -> list[Any]:
    import pandas as pd

    if value is pd.NaT:
        return ["NaT"]
    if value is pd.NA:
        return ["NA"]
    if isinstance(value, pd.Timestamp) and (value.tz is None or _zone(value) or value.tz is dt.UTC):
        plain = value if value.tz is None else value.tz_convert("UTC").tz_localize(None)
        return ["Timestamp", int(plain.asm8.astype(np.int64)), value.unit, _tz(value)]
    if isinstance(value, pd.Timedelta):
        return ["Timedelta", int(value.asm8.astype(np.int64)), value.unit]
    raise NotPlain(type(value).__qualname__)


def _tz(moment: Any) -> str | None:
    return None if moment.tz is None else (_zone(moment) or "UTC")


def _as_timestamp(number: int, unit: str, tz: str | None) -> Any:
    import pandas as pd

    moment: Any = np.array(number).astype(f"M8[{unit}]")[()]
    plain = pd.Timestamp(moment)
    return plain if tz is None else plain.tz_localize("UTC").tz_convert(tz)


def _as_timedelta(number: int, unit: str) -> Any:
    import pandas as pd

    span: Any = np.array(number).astype(f"m8[{unit}]")[()]
    return pd.Timedelta(span)


def _gap(name: str) -> Callable[[], Any]:
    def read() -> Any:
        import pandas as pd

        return getattr(pd, name)

    return read


_READ: dict[str, Callable[..., Any]] = {
    "float": float.fromhex,
    "Decimal": Decimal,
    "datetime": _as_moment,
    "date": dt.date.fromisoformat,
    "time": lambda text, fold: dt.time.fromisoformat(text).replace(fold=fold),
    "timedelta": dt.timedelta,
    "bytes": bytes.fromhex,
    "complex": lambda real, imaginary: complex(float.fromhex(real), float.fromhex(imaginary)),
    "list": lambda values: [decoded(value) for value in values],
    "tuple": lambda values: tuple(decoded(value) for value in values),
    "set": lambda values: {decoded(value) for value in values},
    "frozenset": lambda values: frozenset(decoded(value) for value in values),
    "dict": lambda pairs: {decoded(key): decoded(item) for key, item in pairs},
    "enum": lambda name, value: getattr(enums, name)(value),
    "numpy": lambda dtype, data: np.frombuffer(bytes.fromhex(data), np.dtype(dtype))[0],
    "NaT": _gap("NaT"),
    "NA": _gap("NA"),
    "Timestamp": _as_timestamp,
    "Timedelta": _as_timedelta,
}
