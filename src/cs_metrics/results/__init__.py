"""What a metric gives back: a number that can say where it came from, down to the rows."""

from .base import Context, Result
from .change import Change
from .cohorts import Cohorts
from .contributions import Contributions, Part
from .explained import Line
from .forecast import Forecast
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, TopShare, Trend
from .schemas import schema
from .scores import Changes, Scores
from .segments import Cadence, Segments
from .tables import Breakdown, Crosstab, Monthly
from .tree import Customers, Tree

__all__ = [
    "Amount", "Breakdown", "Cadence", "Change", "Changes", "Cohorts", "Context", "Contributions",
    "Count", "Crosstab", "Customers", "Forecast", "Groups", "Line", "Listing", "Monthly", "Part",
    "Ratio", "Result", "Scores", "Segments", "TopShare", "Tree", "Trend", "schema",
]  # fmt: skip
