"""What a metric gives back: a number that can say where it came from, down to the rows."""

from .base import Context, Result
from .exchange import schema
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, Trend
from .scores import Changes, Scores
from .segments import Cadence, Segments
from .tables import Breakdown, Crosstab, Monthly
from .tree import Customers, Tree

__all__ = [
    "Amount", "Breakdown", "Cadence", "Changes", "Context", "Count", "Crosstab", "Customers", "Groups", "Listing",
    "Monthly", "Ratio", "Result", "Scores", "Segments", "Tree", "Trend", "schema",
]  # fmt: skip
