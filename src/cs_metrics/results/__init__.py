"""What a metric gives back: a number that can say where it came from, down to the rows."""

from .base import Context, Result
from .change import Change
from .contributions import Contributions, Part
from .exchange import schema
from .explained import Line
from .groups import Groups
from .listings import Listing
from .numbers import Amount, Count, Ratio, Trend
from .tables import Breakdown, Crosstab, Monthly

__all__ = [
    "Amount", "Breakdown", "Change", "Context", "Contributions", "Count", "Crosstab", "Groups", "Line",
    "Listing", "Monthly", "Part", "Ratio", "Result", "Trend", "schema",
]  # fmt: skip
