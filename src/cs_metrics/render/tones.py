"""The colours of a page's pictures, as classes of its style; every word stands in text beside its colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..results import Result

__all__ = ["bands", "tone", "tones"]

TONES = {
    "green": "good", "renewal_approved": "good", "completed": "good", "won": "good", "satisfactory": "good",
    "improved": "good", "yellow": "warn", "needs_attention": "warn", "due_soon": "warn", "moderate": "warn",
    "at_risk": "bad", "red": "bad", "overdue": "bad", "high": "bad", "lost": "bad", "renewal_rejected": "bad",
    "churn": "bad", "contraction": "poor", "declined": "bad", "cancelled": "none", "new": "s0",
    "expansion": "good", "reactivation": "fair", None: "none",
}  # fmt: skip
"""The classes of words that say whether something is well."""
RAMP = ("bad", "poor", "warn", "fair", "good")


def tone(word: Any, place: int) -> str:
    """The class that colours a word: its own, or that of its place."""
    return TONES.get(word) or f"s{place % 6}"


def bands(model: Any) -> dict[Any, str]:
    """The classes of a health model's bands, from the lowest to the highest; None for what has no score."""
    given: Mapping[str, Any] = model["bands"] if isinstance(model, Mapping) else model.bands
    order = sorted(given, key=lambda band: given[band][0])
    last = max(len(order) - 1, 1)
    steps = len(RAMP) - 1
    return {band: RAMP[round(place / last * steps)] for place, band in enumerate(order)} | {None: "none"}


def tones(result: Result, words: Iterable[Any]) -> dict[Any, str]:
    """The class of each of a result's labels: of a health model's bands as they rank, of one kind one colour."""
    options = result.spec.options
    model = options.get("model") if result.spec.id.startswith("health.") else None
    known = {} if model is None else bands(model)
    return {word: known.get(word) or (tone(word, 0) if word in TONES else "s0") for word in words}
