"""What a metric gives back: a number that can say where it came from, down to the rows."""

from .base import Context, Result
from .change import Change
from .contributions import Contributions, Part
from .exchange import schema
from .explained import Line
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, Trend
from .scores import Changes, Scores
from .segments import Cadence, Segments
from .tables import Breakdown, Crosstab, Monthly
from .tree import Customers, Tree

__all__ = [
    "Amount", "Breakdown", "Cadence", "Change", "Changes", "Context", "Contributions", "Count", "Crosstab",
    "Customers", "Groups", "Line", "Listing", "Monthly", "Part", "Ratio", "Result", "Scores", "Segments",
    "Tree", "Trend", "schema",
]  # fmt: skip
