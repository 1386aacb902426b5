"""One look for every picture: colours that colour-blind people and black-and-white printers tell apart.

Red, yellow and green never stand alone: each tone has a sign that stands beside its label, and differs in
lightness from the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

__all__ = ["CONFIG", "INK", "PALETTE", "QUIET", "Tone", "banded", "tones"]

INK, QUIET, LINE, GREY = "#1f2933", "#52606d", "#d9dee4", "#b4bcc6"
GOOD, FAIR, POOR = "#2a8f86", "#f2c14e", "#a6322b"
BLUE, SKY, ORANGE, SAND = "#1f5f99", "#8fbfe6", "#d1700c", "#f6c48a"
PALETTE = (BLUE, ORANGE, "#009e73", "#cc79a7", SKY, "#7a5195", "#b8860b", "#56707f")
"""For things without an order; what goes beyond takes them again, and is told apart by its label."""
RAMP = (POOR, "#cf6d4b", FAIR, "#8fb98c", GOOD)


@attrs.frozen
class Tone:
    """How a label looks: a colour, and a sign that says the same without it ("" where no sense is meant)."""

    color: str
    sign: str = ""

    def on(self, label: str) -> str:
        """The label with its sign."""
        return f"{self.sign} {label}" if self.sign else label

    @property
    def ink(self) -> str:
        """The colour in which text is read on this one."""
        return INK if _lightness(self.color) > 0.45 else "#ffffff"


MISSING = Tone(GREY, "○")
_GOOD, _FAIR, _POOR, _OVER = Tone(GOOD, "●"), Tone(FAIR, "▲"), Tone(POOR, "■"), Tone(GREY, "×")
_DOING, _WAITING = Tone(BLUE, "►"), Tone(SKY, "□")
# signs are such as plain fonts hold: another would change the font of the whole label
VOCABULARIES: tuple[Mapping[str, Tone], ...] = (
    {"green": _GOOD, "yellow": _FAIR, "red": _POOR},
    {"satisfactory": _GOOD, "needs_attention": _FAIR, "at_risk": _POOR},
    {"low": _GOOD, "moderate": _FAIR, "high": _POOR},
    {
        "overdue": _POOR, "due_soon": _FAIR, "in_progress": _DOING, "to_do": _WAITING, "new": _WAITING,
        "completed": _GOOD, "cancelled": _OVER,
    },
    {"new": _WAITING, "on_track": _DOING, "at_risk": _POOR, "completed": _GOOD, "cancelled": _OVER},
    {
        "awaiting_review": _WAITING, "under_review": _DOING, "renewal_approved": _GOOD,
        "renewal_rejected": _POOR,
    },
    {
        "due": _DOING, "won": Tone(GOOD, "▲"), "lost": Tone(POOR, "▼"), "open": _WAITING,
        "expected": Tone(SKY, "≈"),
    },
    {"improved": Tone(GOOD, "▲"), "declined": Tone(POOR, "▼")},
)  # fmt: skip
"""Our own words, by what they say. Words of the data are coloured only where all of them are such words."""


def tones(labels: Iterable[Any]) -> dict[Any, Tone]:
    """How each of these labels looks: by what our own words say, else one colour after the other."""
    labels = list(labels)
    said = {str(label) for label in labels if label is not None}
    for words in VOCABULARIES:
        if said and said <= words.keys():
            return {label: MISSING if label is None else words[str(label)] for label in labels}
    return {
        label: MISSING if label is None else Tone(PALETTE[place % len(PALETTE)])
        for place, label in enumerate(labels)
    }


def banded(bands: Sequence[str]) -> dict[Any, Tone]:
    """How the bands of a model look, given from the lowest to the highest; None for what has no score."""
    signs = "■▲●" if len(bands) <= 3 else "■▼►▲●"
    last = max(len(bands) - 1, 1)
    found: dict[Any, Tone] = {None: MISSING}
    for place, band in enumerate(bands):
        color = RAMP[round(place / last * (len(RAMP) - 1))]
        found[band] = Tone(color, signs[round(place / last * (len(signs) - 1))])
    return found


def _lightness(color: str) -> float:
    """The relative luminance of a colour, 0 to 1."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


CONFIG: dict[str, Any] = {
    "background": "#ffffff",
    "padding": 16,
    "font": "Helvetica Neue, Arial, Liberation Sans, DejaVu Sans, sans-serif",
    "view": {"stroke": None},
    "title": {
        "anchor": "start", "frame": "group", "fontSize": 16, "fontWeight": 600, "color": INK, "offset": 12,
        "subtitleColor": QUIET, "subtitleFontSize": 12, "subtitlePadding": 5, "limit": 900,
    },
    "axis": {
        "labelColor": INK, "labelFontSize": 11, "labelLimit": 220, "titleColor": QUIET, "titleFontSize": 11,
        "titleFontWeight": "normal", "domainColor": GREY, "tickColor": GREY, "gridColor": LINE,
        "labelPadding": 4,
    },
    "legend": {
        "labelColor": INK, "labelFontSize": 11, "labelLimit": 240, "titleColor": QUIET, "titleFontSize": 11,
        "titleFontWeight": "normal", "symbolStrokeWidth": 0, "orient": "top", "direction": "horizontal",
    },
    "text": {"color": INK, "fontSize": 11},
}  # fmt: skip
