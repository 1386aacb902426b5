"""Bars on the lines of tables: the table is the picture, and says in text what they show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..results import Breakdown, Crosstab, Groups, Listing, Monthly, Tree
from . import shape
from .markup import Html
from .svg import bar, key
from .tones import tone, tones

if TYPE_CHECKING:
    from ..results import Result, Trend

__all__ = ["MOVEMENTS", "PARTS", "bars", "beside", "fade", "keys", "movements", "moves", "pair", "paired"]

PARTS = {"mrr": "s0", "non_recurring": "s6", "mrr_opportunity": "s1", "non_recurring_opportunity": "s7"}
"""What accounts and items of the stack bring, and what is to be had; the latter stands below."""
NEEDED = PARTS.keys() - {"non_recurring"}
MOVEMENTS = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "closing")
LOSSES = ("contraction", "churn")


def bars(result: Result, count: int) -> list[Html] | None:
    """A bar for each of the first lines of a result's table; None where bars would say nothing."""
    if isinstance(result, Breakdown):
        looks = tones(result, result.value)
        return beside([(looks[label], number) for label, number in result.value.items()])
    if isinstance(result, Crosstab):
        return _stacked(result)
    if isinstance(result, Tree):
        return _tree(result)
    if isinstance(result, Listing):
        if paired(result):
            return _pairs(result, count)
        if isinstance(result, Groups):
            return _groups(result, count)
    return None


def beside(numbers: Sequence[tuple[str, Any]]) -> list[Html]:
    """A bar a number, in its look; what is below 0 reaches to the left of where the others begin."""
    low = min([0, *(number for _, number in numbers)])
    span = max([0, *(number for _, number in numbers)]) - low
    if not span:
        return [bar([]) for _ in numbers]
    return [
        bar([(look, float((min(number, 0) - low) / span), float(abs(number) / span))])
        for look, number in numbers
    ]


def _stacked(result: Crosstab) -> list[Html]:
    value = result.value
    most = max((sum(line.values()) for line in value.values()), default=0) or 1
    looks = {column: tone(column, place) for place, column in enumerate(result.columns_total)}
    return [
        _row((looks[column], count / most) for column, count in line.items() if count)
        for line in value.values()
    ]


def _row(parts: Iterable[tuple[str, float]]) -> Html:
    """Parts of a bar one after the other."""
    drawn, at = [], 0.0
    for look, width in parts:
        drawn.append((look, at, width))
        at += width
    return bar(drawn)


def _tree(result: Tree) -> list[Html]:
    """A bar a tag, and below it a bar an item, in the same colour and by the same measure."""
    numbers: list[tuple[str, Any]] = []
    for place, (tag, items) in enumerate(result.value.items()):
        look = "none" if tag is None else f"s{place % 6}"
        numbers.append((look, result.tags[tag]))
        numbers += [(f"{look} {fade(step)}", money) for step, money in enumerate(items.values())]
    return beside(numbers)


def fade(step: int) -> str:
    """How much paler than its tag an item is."""
    return f"f{min(step, 3)}"


def paired(result: Result) -> bool:
    """Whether a listing says of each line what there is and what is to be had."""
    return isinstance(result, Listing) and result._types.keys() >= NEEDED


def _pairs(result: Listing, count: int) -> list[Html]:
    """What there is, and below it what is to be had, of each account or item."""
    lines = result.head(count)
    places = {name: result.names.index(name) for name in PARTS if name in result.names}
    halves = [[name for name in places if name.endswith("opportunity") is ahead] for ahead in (False, True)]
    sums = [
        sum((max(line[places[name]], Decimal(0)) for name in half), Decimal(0))
        for line in lines for half in halves
    ]  # fmt: skip
    most = max([*sums, Decimal(0)]) or Decimal(1)
    return [
        Html("".join(
            _row((PARTS[name], float(max(line[places[name]], Decimal(0)) / most)) for name in half)
            for half in halves
        ))
        for line in lines
    ]  # fmt: skip


def _groups(result: Groups, count: int) -> list[Html] | None:
    named = _measure(result)
    if named is None:
        return None
    place = result.names.index(named)
    return beside([("s0", line[place] or 0) for line in result.head(count)])


def _measure(result: Groups) -> str | None:
    """By what groups are drawn: the first amount that stands beside them, else their share, else the first number."""
    kinds = result._types
    amount = next((name for name in kinds if kinds[name] == "amount"), None)
    number = next((name for name in kinds if kinds[name] == "number"), None)
    return amount or ("share" if "share" in kinds else number)


def keys(result: Result, names: Sequence[str]) -> list[Html]:
    """The colours of a table's columns, to stand before their names; "" for columns that have none."""
    looks: Sequence[str] = [""] * len(names)
    if isinstance(result, Crosstab):
        looks = ["", *(tone(word, place) for place, word in enumerate(result.columns_total)), ""]
    elif isinstance(result, Monthly) and tuple(result.value) != MOVEMENTS and len(result.value) > 1:
        looks = ["", *(tone(word, place) for place, word in enumerate(result.value))]
    elif isinstance(result, Listing):
        measure = _measure(result) if isinstance(result, Groups) and not paired(result) else None
        drawn = PARTS if paired(result) else {measure: "s0"}
        looks = [drawn.get(name, "") for name in result.names]
        looks = [*[""] * (len(names) - len(looks)), *looks]  # a column of names may stand in it as the second
    return [key(look) if look else Html("") for look in looks]


def movements(result: Monthly) -> tuple[shape.Grid, list[Html]]:
    """From the opening MRR of the first month to the closing one of the last, in steps that hang on each other."""
    value, months = result.value, result.months
    opening, closing = value["opening"][months[0]], value["closing"][months[-1]]
    steps, level = [("opening", Decimal(0), opening, opening)], opening
    for name in MOVEMENTS[1:-1]:
        moved = sum(value[name].values(), Decimal(0)) * (-1 if name in LOSSES else 1)
        steps.append((name, level, level + moved, moved))
        level += moved
    steps.append(("closing", Decimal(0), closing, closing))
    ends = [end for _, start, stop, _ in steps for end in (start, stop)]
    low, high = min(ends), max(ends)
    span = (high - low) or Decimal(1)
    drawn = [
        bar([(tone(name, 0) if name in MOVEMENTS[1:-1] else "none",
              float((min(start, stop) - low) / span), float(abs(stop - start) / span))])
        for name, start, stop, _ in steps
    ]  # fmt: skip
    lines = tuple((name, _signed(moved, name)) for name, _, _, moved in steps)
    names = (f"{months[0]} to {months[-1]}", result.context.currency)
    return shape.Grid(names, lines, (False, True)), drawn


def _signed(moved: Decimal, name: str) -> str:
    told = shape.number(moved)
    return f"+{told}" if moved > 0 and name in MOVEMENTS[1:-1] else told


def moves(result: Any) -> tuple[shape.Grid, list[Html]]:
    """From which band to which how many moved."""
    model = result.spec.options["model"]
    ends: Mapping[str, Any] = model["bands"] if isinstance(model, Mapping) else model.bands
    lines = tuple(
        (shape.spoken(old), shape.spoken(new), shape.number(count))
        for (old, new), count in result.moves.items()
    )
    looks = ["good" if ends[new][0] > ends[old][0] else "bad" for old, new in result.moves]
    drawn = beside(list(zip(looks, result.moves.values(), strict=True)))
    return shape.Grid(("from", "to", result.spec.unit), lines, (False, False, True)), drawn


def pair(result: Trend) -> str:
    """Two bars: before, and now. Nothing where there is nothing to compare."""
    values: list[Any] = [result.previous.value, result.current.value]
    if not all(isinstance(value, int | float | Decimal) for value in values) or not any(values):
        return ""
    drawn = beside(list(zip(("none", "s0"), values, strict=True)))
    return f'<div class="pair">{"".join(drawn)}</div>'
