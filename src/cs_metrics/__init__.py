"""Customer success metrics as pure functions over typed records.

>>> import cs_metrics as csm
>>> view = csm.samples.portfolio(engagements=200).view(as_of="2026-06-30", viewer=csm.EVERYONE)
>>> csm.overview.total_engagements(view).spec.unit
'engagements'
"""

from . import adoption, catalog, errors, overview, records, renewal, reports, results, risk, samples
from ._version import __version__
from .errors import CsMetricsError
from .filters import Filters, ValueBand
from .metric import Metric, metric
from .portfolio import Portfolio
from .records import *  # noqa: F403 - the record classes and enums are public here too
from .records import __all__ as _records
from .report import Audience, Purpose, Report, ReportResult, Section
from .results import Amount, Breakdown, Count, Crosstab, Listing, Monthly, Ratio, Result, Trend
from .view import EVERYONE, View

__all__ = [
    "EVERYONE",
    "Amount", "Audience", "Breakdown", "Count", "Crosstab", "CsMetricsError", "Filters", "Listing", "Metric",
    "Monthly", "Portfolio", "Purpose", "Ratio", "Report", "ReportResult", "Result", "Section", "Trend",
    "ValueBand", "View",
    "__version__",
    "adoption", "catalog", "errors", "metric", "overview", "records", "renewal", "reports", "results", "risk",
    "samples",
    *_records,
]  # fmt: skip
