"""A seeded sample portfolio of any size: a believable company, the same for the same seed.

The company sells by the year, so contracts start at quarters and in January; trouble at an account shows in
its health, signals, escalations, scores and lost renewals together. The export was taken a week after
`as_of`: a few rows are dated later than that day, as in life.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from ..records import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd

    from ..portfolio import Portfolio
    from ._world import World

__all__ = ["SAMPLE_DAY", "frames", "portfolio"]

SAMPLE_DAY = date(2026, 6, 30)
"""The day as of which the sample is told, unless another is asked for: samples have no clock."""


def _makers() -> Mapping[str, Callable[[World], pd.DataFrame]]:
    """What makes each table; imported when first needed."""
    from . import _beyond, _contracts, _success, _trunk

    modules = (_trunk, _success, _contracts, _beyond)
    return {name: getattr(module, name) for module in modules for name in module.__all__}


def frames(
    *,
    engagements: int = 1000,
    seed: int = 1,
    as_of: date = SAMPLE_DAY,
    tables: Collection[str] | None = None,
) -> dict[str, pd.DataFrame]:
    """The sample's tables by name, ids as text, money in dollars, rows in no order.

    `tables` picks some of them; a table's rows are the same whichever others are asked for.
    """
    if isinstance(engagements, bool) or not isinstance(engagements, int) or engagements < 0:
        raise OptionError("engagements", engagements, "a whole number, 0 or more")
    unknown = sorted(set(tables or ()) - set(SCHEMA))
    if unknown:
        raise OptionError("tables", unknown[0], tuple(SCHEMA))
    from ._world import World

    world, makers = World(engagements, seed, as_of), _makers()
    return {name: makers[name](world) for name in SCHEMA if tables is None or name in tables}


def portfolio(*, engagements: int = 1000, seed: int = 1, as_of: date = SAMPLE_DAY) -> Portfolio:
    """The whole sample as a `Portfolio`."""
    from ..portfolio import Portfolio

    tables: dict[str, Any] = dict(frames(engagements=engagements, seed=seed, as_of=as_of))
    return Portfolio.from_frames(**tables, currency="USD")
