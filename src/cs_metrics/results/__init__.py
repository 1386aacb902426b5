"""What a metric gives back: a number that can say where it came from, down to the rows."""

from .base import Context, Result
from .exchange import schema
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, Trend
from .tables import Breakdown, Crosstab, Monthly

__all__ = [
    "Amount", "Breakdown", "Context", "Count", "Crosstab", "Groups", "Listing", "Monthly", "Ratio", "Result", "Trend",
    "schema",
]  # fmt: skip
