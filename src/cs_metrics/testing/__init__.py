"""What the tests of host apps need, and our own use: portfolios drawn by Hypothesis, and the laws of metrics.

`worlds()` gives valid portfolios that aim at edges, with somebody who looks at them on some day:

    from hypothesis import given
    from cs_metrics import EVERYONE, Portfolio, overview, testing

    @given(testing.worlds())
    def test_never_negative(world):
        viewer = EVERYONE if world.viewer is None else world.viewer
        view = Portfolio.from_records(**world.arguments()).view(as_of=world.as_of, viewer=viewer)
        ...

`check_metric()` holds a metric of your own against the laws that every metric of the catalog obeys:

>>> from cs_metrics.testing import check_metric
>>> @csm.metric(title="Large accounts", unit="accounts", source="ours", counts="accounts")
... def large_accounts(view, *, seats=100):
...     '''Accounts with at least so many seats.'''
...     large = view.accounts.seats.values >= seats
...     return csm.Count(view.accounts.everything.only(large, otherwise="smaller"))
>>> check_metric(large_accounts, options=[{"seats": 1}], examples=5)
"""

from .laws import LAWS, check_metric
from .models import cuts, effort_models, health_models
from .strategies import FILTERS, World, filters, worlds

__all__ = [
    "FILTERS", "LAWS", "World", "check_metric", "cuts", "effort_models", "filters", "health_models", "worlds",
]  # fmt: skip
