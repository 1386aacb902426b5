"""What a reader must know of every number of a report, whatever it is shown on."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import shape

if TYPE_CHECKING:
    from ..report import ReportResult

__all__ = ["facts_of"]


def facts_of(found: ReportResult) -> dict[str, str]:
    """What a reader must know of every number of a report."""
    everyone = not isinstance(found.viewer, int | str)
    return {
        "As of": shape.day(found.as_of),
        "Viewer": "everyone" if everyone else f"user {found.viewer}",
        "Filters": _filters(found.filters),
        "Currency": found.context.currency,
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


def _band(band: list[str | None]) -> str:
    low, high = (None if bound is None else shape.number(Decimal(bound)) for bound in band)
    if high is None:
        return "any known" if low is None else f"{low} and more"
    below = f"below {high}"
    return below if low is None else f"{low} to {below}"
