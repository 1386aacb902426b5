"""TOML in and out, as much of it as models need: tables of numbers, pairs, words and lists."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import OptionError

__all__ = ["read_toml", "write_toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def read_toml(source: str | os.PathLike[str]) -> dict[str, Any]:
    """What a TOML file holds; text with a line break or an equals sign in it is TOML itself."""
    if isinstance(source, str) and ("\n" in source or "=" in source):
        text = source
    else:
        try:
            text = Path(source).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise OptionError("source", str(source), f"a TOML file that can be read: {error}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OptionError("source", text, f"valid TOML: {error}") from error


def write_toml(data: Mapping[str, Any], path: str | os.PathLike[str] | None = None) -> str:
    """Values, then tables, as TOML text; written to `path` if one is given.

    >>> print(write_toml({"missing": "exclude", "weights": {"nps": 2.0}}), end="")
    missing = "exclude"
    <BLANKLINE>
    [weights]
    nps = 2
    """
    lines = [f"{_key(name)} = {_value(value)}" for name, value in data.items() if not _is_table(value)]
    for name, table in data.items():
        if _is_table(table):
            lines += [
                "",
                f"[{_key(name)}]",
                *(f"{_key(key)} = {_value(value)}" for key, value in table.items()),
            ]
    text = "\n".join(lines).lstrip("\n") + "\n"
    if path is not None:
        try:
            Path(path).write_bytes(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise OptionError("path", str(path), "names that UTF-8 can hold") from error
    return text


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(value)


def _text(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(letter) or _letter(letter) for letter in text) + '"'


def _letter(letter: str) -> str:
    return f"\\u{ord(letter):04X}" if ord(letter) < 0x20 or ord(letter) == 0x7F else letter
