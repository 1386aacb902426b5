"""What is prepared of tables, whatever it is made of: arrays, mappings, and the classes that hold them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from .. import daily, facts
from .container import Reader, Writer

__all__ = ["Lazily", "read_part", "shapes", "write_part"]

CLASSES = {
    name: kind
    for module in (daily, facts)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and attrs.has(kind) and not name.startswith("_")
}


def shapes() -> dict[str, list[str]]:
    """What each class is made of: a file in which one is made of something else can't be read."""
    return {name: [field.name for field in attrs.fields(kind)] for name, kind in CLASSES.items()}


def write_part(part: Any, writer: Writer) -> dict[str, Any]:
    """Write a part; what the manifest says of it."""
    if part is None or isinstance(part, bool | int | float | str):
        return {"as": "plain", "value": part}
    if isinstance(part, np.ndarray):
        return {"as": "array", **writer.array(part)}
    if isinstance(part, tuple):
        return {"as": "tuple", "parts": [write_part(one, writer) for one in part]}
    if isinstance(part, Mapping):
        pairs = [
            [list(key) if isinstance(key, tuple) else key, write_part(one, writer)]
            for key, one in part.items()
        ]
        return {"as": "mapping", "pairs": pairs}
    kind = type(part)
    if CLASSES.get(kind.__name__) is not kind:
        raise TypeError(f"nobody said how a {kind.__qualname__} is saved")
    fields = {field.name: write_part(getattr(part, field.name), writer) for field in attrs.fields(kind)}
    return {"as": kind.__name__, "parts": fields}


def read_part(told: Any, reader: Reader) -> Any:
    """The part that was written; of mappings, values are read when they are asked for."""
    kind = told["as"]
    if kind == "plain":
        return told["value"]
    if kind == "array":
        return reader.array(told)
    if kind == "tuple":
        return tuple(read_part(one, reader) for one in told["parts"])
    if kind == "mapping":
        return Lazily(
            {
                tuple(key) if isinstance(key, list) else key: functools.partial(read_part, one, reader)
                for key, one in told["pairs"]
            }
        )
    return CLASSES[kind](**{name: read_part(one, reader) for name, one in told["parts"].items()})


class Lazily(Mapping[Any, Any]):
    """A mapping whose values are made when first asked for."""

    def __init__(self, makers: Mapping[Any, Callable[[], Any]]) -> None:
        self._makers = makers
        self._made: dict[Any, Any] = {}

    def __getitem__(self, name: Any) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def get(self, name: Any, default: Any = None) -> Any:
        return self[name] if name in self._makers else default

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[Any]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)
