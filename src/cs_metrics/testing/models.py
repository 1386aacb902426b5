"""Hypothesis strategies for models and cuts; they stand in `cs_metrics.testing`."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from cs_metrics.models import DERIVED, Cut, EffortModel, HealthModel

__all__ = ["METRICS", "cuts", "effort_models", "health_models"]

METRICS = ("nps", "csat", "tickets_open", "logins_per_week", "support_hours", "locations")
"""The metrics of the measures of worlds."""
_WEIGHTS = (1, 2, 0.1, 0.7, 0.2, Decimal("3.5"), 1e-3)
_ENDS = (0, 100, 50, -100, 1, 49.99, 20, 5, 1e6, -1)
_BORDERS = (40, 70, 50, 0.1, 99.5, 33)
_AMOUNTS = (
    Decimal(0),
    Decimal(100),
    Decimal("12.34"),
    Decimal(-50),
    Decimal(250),
    Fraction(100, 3),
    Decimal("1e9"),
)
_POLICIES = ("exclude", "exclude", "worst", "none")


@st.composite
def _models(draw: st.DrawFn, kind: Any) -> Any:
    names = st.sampled_from((*METRICS[:4], *METRICS, *DERIVED, "measured by nobody"))
    metrics = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    ends = st.sampled_from(_ENDS)
    scales = {
        metric: draw(st.tuples(ends, ends).filter(lambda pair: pair[0] != pair[1])) for metric in metrics
    }
    weights = {metric: draw(st.sampled_from(_WEIGHTS)) for metric in metrics}
    given: dict[str, Any] = {
        "weights": weights,
        "scales": scales,
        "missing": draw(st.sampled_from(_POLICIES)),
    }
    if kind is HealthModel:
        given["bands"] = draw(_bands())
    return kind(**given)


@st.composite
def _bands(draw: st.DrawFn) -> dict[str, tuple[float, float]]:
    """Bands in any order, at_risk lowest, so that the default policy knows most of them."""
    borders = sorted(draw(st.lists(st.sampled_from(_BORDERS), max_size=2, unique=True)))
    pairs = list(zip((0, *borders), (*borders, 100), strict=True))
    names = ("at_risk", "needs_attention", "satisfactory")
    return dict(draw(st.permutations(list(zip(names, pairs, strict=False)))))


def health_models() -> st.SearchStrategy[HealthModel]:
    """Health models over the metrics of `worlds()`, the derived ones, and one that nobody measured."""
    return _models(HealthModel)


def effort_models() -> st.SearchStrategy[EffortModel]:
    """Effort models, likewise."""
    return _models(EffortModel)


def cuts() -> st.SearchStrategy[Cut]:
    """Medians, means, and thresholds on which values and scores of worlds may lie."""
    at = st.builds(Cut.at, st.sampled_from(_AMOUNTS), st.sampled_from((0, 50, 100, 25, 33.3)))
    return st.one_of(st.just(Cut.median()), st.just(Cut.mean()), at)
