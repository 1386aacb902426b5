"""What a metric gives back: a number that can say where it came from, down to the rows."""

from .base import Context, Result
from .cohorts import Cohorts
from .exchange import schema
from .forecast import Forecast
from .listings import Listing
from .numbers import Amount, Count, Ratio, TopShare, Trend
from .tables import Breakdown, Crosstab, Monthly

__all__ = [
    "Amount", "Breakdown", "Cohorts", "Context", "Count", "Crosstab", "Forecast", "Listing", "Monthly", "Ratio",
    "Result", "TopShare", "Trend", "schema",
]  # fmt: skip
