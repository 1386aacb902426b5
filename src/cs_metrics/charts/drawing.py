"""What all pictures share: the title that says where the numbers come from, and the frame around the drawing.

Drawings name their data by dataset and fixed field names; labels of the data are values in it, never part of
an expression, a field name or markup.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt

from ..results import Result
from .picture import Chart
from .theme import CONFIG, QUIET
from .words import Words

__all__ = [
    "WIDTH",
    "Row",
    "apart",
    "axis",
    "counted",
    "empty",
    "finish",
    "merged",
    "names",
    "of",
    "room",
    "tips",
    "written",
]

Row: TypeAlias = dict[str, Any]
WIDTH = 520
SCHEMA = (
    "https://vega.github.io/schema/vega-lite/v6.json"  # a name by which tools know the form; never loaded
)
SHORT = (
    "abs(datum.value) < 1 && datum.value != 0 ? format(datum.value, '$,.2f')"
    " : replace(format(datum.value, '$~s'), 'G', 'B')"
)
WHOLE = "datum.value % 1 ? '' : replace(format(datum.value, '~s'), 'G', 'B')"


def of(dataset: str = "rows") -> alt.Chart:
    """A chart over one of the picture's datasets."""
    return alt.Chart(alt.NamedData(name=dataset))


def written(field: str) -> alt.Text:
    """What is written: a field that holds text."""
    return alt.Text(field=field, type="nominal")


def tips(**fields: str) -> list[alt.Tooltip]:
    """What the pointer is told: fields, and what they are called."""
    return [alt.Tooltip(field=field, title=title) for field, title in fields.items()]


def finish(
    result: Result,
    words: Words,
    drawing: Any,
    rows: Sequence[Row],
    said: Sequence[str] = (),
    /,
    **datasets: Sequence[Row],
) -> Chart:
    """The whole picture: the drawing under its title, with what must be known of its numbers."""
    title = result.spec.title
    lines = [*(line for line in said if line), _source(result)]
    left_out = [f"{reason} ({words.number(count)})" for reason, count in result.excluded.items() if count]
    if left_out:
        lines.append(f"left out: {', '.join(left_out)}")
    spec: dict[str, Any] = {
        "$schema": SCHEMA,
        "title": {"text": title, "subtitle": lines},
        "description": f"{title}: {'. '.join(lines)}",
        **drawing.to_dict(validate=False, context={"top_level": False}),
        "datasets": {"rows": list(rows), **{name: list(more) for name, more in datasets.items()}},
        "config": CONFIG,
    }
    return Chart(spec, rows, words, title)


def empty(result: Result, words: Words, why: str) -> Chart:
    """A picture that says that there is nothing to show."""
    text = of("said").mark_text(fontSize=14, color=QUIET)
    text = text.encode(x=alt.value(WIDTH / 2), y=alt.value(60), text=written("text"))
    box = text.properties(width=WIDTH, height=120, view=alt.ViewBackground(stroke="#d9dee4"))
    return finish(result, words, box, [], said=[{"text": why}])


def _source(result: Result) -> str:
    """As of which day, for whom, and under how many filters."""
    viewer = result.viewer
    who = f"user {viewer}" if isinstance(viewer, int | str) else "everyone"
    count = len([given for given in result.filters.values() if given is not None])
    told = f"as of {result.as_of.isoformat()} · {who}"
    return f"{told} · {count} filter{'s' if count != 1 else ''}" if count else told


def axis(result: Result, *, money: bool, **more: Any) -> alt.Axis:
    """An axis of counts, or of money in the portfolio's currency, in few digits."""
    whole = {} if money else {"tickMinStep": 1}
    return alt.Axis(labelExpr=SHORT if money else WHOLE, tickCount=5, **whole, **more)


def counted(words: Words, count: int, unit: str) -> str:
    """So many of something; one of "accounts" is an "account"."""
    return f"{words.number(count)} {unit[:-1] if count == 1 and unit.endswith('s') else unit}"


def room(values: Sequence[float], beside: float = 0.0) -> list[float]:
    """The ends of an axis from 0, with room beside the longest bars for their numbers."""
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    return [
        low - (beside * span if low < 0 else 0.0),
        high + (beside * span if high > 0 or low == 0 else 0.0),
    ]


def apart(rows: Sequence[Row], gap: float) -> None:
    """Move labels around a ring apart that would stand upon each other: those of each side down."""
    for side in ("left", "right"):
        here = sorted((row for row in rows if row["side"] == side and row["text"]), key=lambda row: row["y"])
        for above, below in itertools.pairwise(here):
            below["y"] = max(below["y"], above["y"] + gap)


def names(result: Result, count: int) -> list[Any] | None:
    """The names of the first rows of a listing, None where none were supplied or the rows are not at hand."""
    if result._rows is None:
        return None
    return named(result._rows.table, result._ordered(count))


def named(table: Any, rows: Any) -> list[Any] | None:
    """The supplied names of some rows of a table in view."""
    source = table.table.source
    if "name" not in source.column_names:
        return None
    found = [
        name if isinstance(name, str) and name else None
        for name in source.values("name", table.supplied(rows))
    ]
    return found if any(found) else None


def merged(ids: Sequence[Any], known: Sequence[Any] | None) -> list[Any]:
    """Names where there are some, else ids."""
    return [one if name is None else name for one, name in zip(ids, known or [None] * len(ids), strict=True)]
