"""What changed between two views of a metric, and which rows explain it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import catalog
from .errors import OptionError
from .metric import Metric, metric_of
from .results import Change
from .view import View

if TYPE_CHECKING:
    from .results import Result

__all__ = ["what_changed"]


def what_changed(
    metric: Callable[..., Result] | Metric | str, before: View, after: View, /, **options: Any
) -> Change:
    """A metric in two views, and the rows that entered, left, or changed what they add: they explain it exactly.

    Rows behind the metric in both views are the same if they are the same row of one portfolio; of two
    portfolios, if their ids are the same, or the natural keys of tables without ids.

    Args:
        metric: a metric's function, its record, or its id in the catalog, "risk.active_risk_signals".
        before: one view.
        after: the other; it may differ in day, viewer, filters, or portfolio (last week's load against this week's).
        options: the metric's own, the same for both.

    Raises:
        OptionError: the value is not made of rows that add up; money of two currencies; no such metric or option.
        MissingTable: one of the portfolios lacks a table that the metric needs.

    >>> portfolio = csm.samples.portfolio(engagements=200)
    >>> may, june = (portfolio.view(as_of=day, viewer=csm.EVERYONE) for day in ("2026-05-31", "2026-06-30"))
    >>> change = csm.what_changed(csm.risk.active_risk_signals, may, june)
    >>> change.entered_count - change.left_count == change.difference == change.after.value - change.before.value
    True
    """
    found = _metric(metric)
    for side, view in (("before", before), ("after", after)):
        if not isinstance(view, View):
            raise OptionError(side, view, "a view, as Portfolio.view gives it")
    for option in options:
        if option not in found.defaults:
            raise OptionError("options", option, found.defaults or "none: the metric takes no options")
    return Change(found.compute(before, **options), found.compute(after, **options))


def _metric(metric: Callable[..., Result] | Metric | str) -> Metric:
    if isinstance(metric, Metric):
        return metric
    return catalog.metric(metric) if isinstance(metric, str) else metric_of(metric)
