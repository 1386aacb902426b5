"""Pictures of results: `result.chart()`. Needs the extra `charts`.

A picture is made for a kind of result, and for a few metrics that are read in a way of their own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import MissingExtra, OptionError, nearest

if TYPE_CHECKING:
    from ..results import Result
    from .picture import Chart

__all__ = ["chart", "charted"]

Draw: TypeAlias = Callable[..., "Chart"]


def chart(result: Result, *, locale: str = "en", **options: Any) -> Chart:
    """The picture of a result; what `Result.chart` calls.

    Raises:
        OptionError: no picture is made of results of this kind, or an option is not one of its picture.
        MissingExtra: Altair or vl-convert is not installed.
    """
    try:
        import altair  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError as missing:
        raise MissingExtra("charts", missing.name or "altair") from missing
    from .words import Words

    draw = _picture(result)
    if draw is None:
        raise OptionError(
            "metric", result.spec.id, "a metric of which a picture is made; of this one the numbers say all"
        )
    known = list(inspect.signature(draw).parameters)[2:]
    for name, value in options.items():
        if name not in known:
            raise OptionError(
                name, value, f"options of this picture: {', '.join(['locale', *known])}{nearest(name, known)}"
            )
        if name == "limit":
            from ..periods import as_count

            as_count(value, "limit")
    return draw(result, Words.of(result.context, locale), **options)


def charted(result: Result) -> bool:
    """Whether there is a picture of such a result; needs the extra, as the picture does."""
    return _picture(result) is not None


def _picture(result: Result) -> Draw | None:
    from . import bars, health, quadrant, revenue, rings, stack, tables, trends

    own: dict[str, Draw] = {"health.distribution": health.donut, "health.opportunity": health.opportunity}
    kinds: dict[str, Draw] = {
        "breakdown": bars.breakdown,
        "changes": bars.changes,
        "forecast": bars.forecast,
        "scores": bars.scores,
        "crosstab": tables.crosstab,
        "monthly": tables.monthly,
        "trend": trends.trend,
        "cohorts": revenue.cohorts,
        "segments": quadrant.quadrant,
        "customers": stack.customers,
        "tree": rings.rings,
    }
    if result.spec.id in own:
        return own[result.spec.id]
    if result.kind == "monthly" and tuple(result.value) == revenue.MOVEMENTS:
        return revenue.movements
    from ..results import Groups

    if isinstance(result, Groups):
        return stack.items if {"mrr_opportunity", "alignment"} <= set(result.names) else bars.groups
    return kinds.get(result.kind)
