"""The engines compared: what frames each likes, how it makes ready, how it reports to a viewer."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from peers import words as w

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

OURS = "cs_metrics"
PEERS = ("polars", "duckdb", "pandas")


@dataclass(frozen=True)
class Engine:
    name: str
    kind: str
    """The frames it takes."""
    prepare: Callable[[dict[str, Any]], Any]
    report: Callable[[Any, date, Any], w.Answer]
    """The report to a viewer; None is everyone."""


def engine(name: str) -> Engine:
    if name == OURS:
        import cs_metrics as csm

        return Engine(
            name, "pandas", lambda frames: csm.Portfolio.from_frames(**frames, currency="USD"), _ours
        )
    module = importlib.import_module(f"peers.{name}_peer")
    kind = {"polars": "polars", "duckdb": "arrow"}.get(name, "pandas")

    def report(ready: Any, as_of: date, viewer: Any) -> w.Answer:
        return module.report(ready, as_of, *ready.org.scope(viewer))

    return Engine(name, kind, module.prepare, report)


def have_ours() -> bool:
    """Whether the library is there and has a Success report."""
    try:
        import cs_metrics as csm
    except ImportError:
        return False
    return hasattr(getattr(csm, "reports", None), "success_report")


def _ours(portfolio: Any, as_of: date, viewer: Any) -> w.Answer:
    """A view made anew, every metric's value, and the first ten rows of every listing."""
    import cs_metrics as csm

    view = portfolio.view(as_of=as_of, viewer=csm.EVERYONE if viewer is None else viewer)
    results = csm.reports.success_report(view).results
    return {
        name.rpartition(".")[2]: (result.value, result.head(w.TOP))
        if hasattr(result, "head")
        else result.value
        for name, result in results.items()
    }


def plain(value: Any) -> Any:
    """An answer in the peers' terms: money as cents."""
    if isinstance(value, Decimal):
        return int(value * 100)
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(part) for part in value)
    return value
