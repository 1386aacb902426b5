"""HTML in which nothing from the data can become markup: every text is escaped unless it is `Html` already."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from .text import BIDI

__all__ = ["Html", "escaped", "escaped_all", "joined", "tag"]

EMPTY_ELEMENTS = ("meta", "input")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | None) -> Html:
    """An element. Children and attributes that are not `Html` are escaped; `class_` stands for class."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY_ELEMENTS:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Sequence[str] | Iterator[str]) -> Html:
    return Html("".join([child if isinstance(child, Html) else escaped(child) for child in children]))


def escaped(text: str) -> Html:
    """A text as HTML shows it. Control characters, which HTML may not hold, become their pictures."""
    if text.isalnum():
        return Html(text)
    if not text.isprintable():
        text = text.translate(_PICTURES)
    return Html(html.escape(text))


def escaped_all(texts: Sequence[str]) -> list[str]:
    """Many texts escaped, most often in one go: printable texts hold no line feed, so one can part them."""
    together = "\n".join(texts)
    if together.replace("\n", "").isprintable() and together.count("\n") == len(texts) - 1:
        return html.escape(together).split("\n")
    return [escaped(text) for text in texts]


class _Pictures(dict[int, str]):
    """What stands for characters that no page should hold; looked up once for each that occurs."""

    def __missing__(self, code: int) -> str:
        if code < 0x20:
            return chr(0x2400 + code)
        if code == 0x7F:
            return "\u2421"
        harmful = 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE
        return "\ufffd" if harmful or chr(code) in BIDI else chr(code)


_PICTURES = _Pictures()
