"""What a reader must know of every number of a report, whatever it is shown on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import shape

if TYPE_CHECKING:
    from ..filters import ValueBand
    from ..report import ReportResult

__all__ = ["facts_of"]


def facts_of(found: ReportResult) -> dict[str, str]:
    """What a reader must know of every number of a report."""
    view = found.view
    everyone = not isinstance(view.viewer, int | str)
    return {
        "As of": shape.day(view.as_of),
        "Viewer": "everyone" if everyone else f"user {view.viewer}",
        "Filters": _filters({} if view.filters is None else view.filters.applied),
        "Currency": view.portfolio.settings.currency,
    }


def _filters(applied: dict[str, Any]) -> str:
    """The filters that are given, in words; an empty one lets nothing through."""
    words = {
        name: [_band(band) for band in given]
        if name == "contract_values"
        else sorted(map(shape.spoken, given))
        for name, given in applied.items()
    }
    told = [f"{shape.spoken_name(name)}: {', '.join(given) or 'nothing'}" for name, given in words.items()]
    return f"{len(told)} applied: {'; '.join(told)}" if told else "none"


def _band(band: ValueBand) -> str:
    low = None if band.low is None else shape.number(band.low)
    if band.high is None:
        return "any known" if low is None else f"{low} and more"
    below = f"below {shape.number(band.high)}"
    return below if low is None else f"{low} to {below}"
