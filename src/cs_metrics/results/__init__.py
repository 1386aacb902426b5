"""What a metric gives back: a number that can say where it came from, down to the rows."""

from .base import Context, Result
from .change import Change
from .cohorts import Cohorts
from .contributions import Contributions, Part
from .exchange import schema
from .explained import Line
from .forecast import Forecast
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, TopShare, Trend
from .tables import Breakdown, Crosstab, Monthly

__all__ = [
    "Amount", "Breakdown", "Change", "Cohorts", "Context", "Contributions", "Count", "Crosstab", "Forecast", "Groups",
    "Line", "Listing", "Monthly", "Part", "Ratio", "Result", "TopShare", "Trend", "schema",
]  # fmt: skip
