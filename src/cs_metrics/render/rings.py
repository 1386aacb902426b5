"""Rings: accounts by health band around their number, and opportunity by tag inside, by item outside."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import shape
from .bars import fade
from .markup import Html, escaped
from .svg import ARC, arc, figure
from .tones import tones

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..results import Breakdown, Tree

__all__ = ["donut", "sunburst"]

NARROW = 0.012
"""Slices smaller than this share of the whole ring are drawn together."""


def donut(result: Breakdown, title: str) -> Html:
    """Each label's share as a slice, the total in the middle; nothing where that is 0 or a number is below it."""
    value = result.value
    if not result.total or any(number < 0 for number in value.values()):
        return Html("")
    looks, shares = tones(result, value), result.shares()
    parts, said, reached = [], [], 0.0
    for label, number in value.items():
        size = shares[label] or 0.0
        told = f"{shape.spoken(label)}: {shape.number(number)} ({shape.share(size)})"
        said.append(told)
        if size:
            parts.append(arc(looks[label], (reached, reached + size), (60, 96), told))
        reached += size
    parts += _middle(shape.number(result.total), result.spec.unit)
    return _round(f"{title}. {', '.join(said)}", parts)


def _round(told: str, parts: Iterable[str], look: str = "round") -> Html:
    return figure(
        f'<svg class="{look}" viewBox="0 0 {2 * ARC} {2 * ARC}" role="img" aria-label="{escaped(told)}">'
        f"{''.join(parts)}</svg>",
    )


def _middle(number: str, unit: str) -> list[str]:
    return [
        f'<text class="middle" x="{ARC}" y="{ARC + 2}">{escaped(number)}</text>',
        f'<text x="{ARC}" y="{ARC + 20}">{escaped(unit)}</text>',
    ]


def sunburst(result: Tree, title: str) -> Html:
    """Tags inside, their items outside, in paler colours of the tag; what is not above 0 has no slice."""
    tree = {
        (place, tag): {item: money for item, money in items.items() if money > 0}
        for place, (tag, items) in enumerate(result.value.items())
    }
    whole = sum((money for items in tree.values() for money in items.values()), Decimal(0))
    if not whole:
        return Html("")
    names, parts, reached = shape.item_names(result), [], 0.0
    for (place, tag), items in tree.items():
        look = "none" if tag is None else f"s{place % 6}"
        size = float(sum(items.values(), Decimal(0)) / whole)
        if size:
            parts.append(
                arc(look, (reached, reached + size), (34, 62), _told(_tag(tag), result.tags[tag], result))
            )
            parts += _items(result, items, look, (reached, whole), names)
        reached += size
    tags = ", ".join(_told(_tag(tag), money, result) for tag, money in result.tags.items())
    middle = f'<text class="core" x="{ARC}" y="{ARC + 5}">{escaped(shape.short(float(result.total)))}</text>'
    return _round(f"{title}, by tag: {tags}", [*parts, middle], "round large")


def _items(
    result: Tree, items: dict[Any, Decimal], look: str, place: tuple[float, Decimal], names: dict[Any, str]
) -> list[str]:
    """The outer slices of one tag: items that are large enough, and the others together."""
    reached, whole = place
    small = [item for item, money in items.items() if float(money / whole) < NARROW]
    small = small if len(small) > 1 else []
    slices = [
        (_told(names.get(item) or shape.cell(item), money, result), money)
        for item, money in items.items() if item not in set(small)
    ]  # fmt: skip
    if small:
        money = sum((items[item] for item in small), Decimal(0))
        slices.append((_told(f"{shape.number(len(small))} others", money, result), money))
    parts = []
    for step, (told, money) in enumerate(slices):
        size = float(money / whole)
        parts.append(arc(f"{look} {fade(step)}", (reached, reached + size), (64, 96), told))
        reached += size
    return parts


def _told(name: str, money: Decimal, result: Tree) -> str:
    return f"{name}: {' '.join(shape.money(money, result.context.currency))}".rstrip()


def _tag(tag: str | None) -> str:
    return "untagged" if tag is None else tag
