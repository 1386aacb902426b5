"""The same metrics over many machines: portfolios in shards, computed where these lie, and merged.

`shard` splits a portfolio by account into saved portfolios in a folder that all machines see. `evaluate` has Spark
compute metrics and reports on each of them, and merges the results: the same code, and the same answers as on one
machine. `rows` gives the rows behind a metric as a Spark DataFrame. The engine is Spark's (extra `spark`); in its
place may stand a function such as `map`.

>>> import tempfile
>>> folder = tempfile.mkdtemp()
>>> shards = csm.spark.shard(csm.samples.frames(engagements=50), 3, folder)
>>> late = csm.spark.evaluate(
...     map, folder, csm.renewal.overdue_renewals, as_of="2026-06-30", viewer=csm.EVERYONE)
>>> late == csm.renewal.overdue_renewals(
...     csm.samples.portfolio(engagements=50).view(as_of="2026-06-30", viewer=csm.EVERYONE))
True
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from .. import catalog, reports
from ..accounts import AccountReport, Profile, not_visible, only_account
from ..errors import OptionError
from ..filters import as_filters, as_plain
from ..metric import Metric, metric_of
from ..periods import as_count, as_date
from ..portfolio import Portfolio
from ..report import Report, ReportResult
from ..results import Result
from ..settings import Settings
from .folder import Shards
from .inquiry import Inquiry, known_options
from .runners import runner_of
from .work import Compute
from .writing import shard_frames, shard_portfolio

if TYPE_CHECKING:
    import os

    import numpy as np

    from ..filters import Filters
    from ..view import Viewer

__all__ = ["Shards", "evaluate", "rows", "shard"]


def shard(
    frames: Mapping[str, Any] | Portfolio,
    n: int,
    path: str | os.PathLike[str],
    *,
    on_error: Literal["raise", "quarantine"] = "raise",
    **settings: Any,
) -> Shards:
    """Split a portfolio by account into `n` saved portfolios in a folder.

    What hangs on an account goes with it, and accounts of one tree stay together; users, stack items and
    tags stand in every shard; a task without an account goes by its assignee. A set of shards that is there
    is replaced once the new one is complete.

    Args:
        frames: the tables by name, as `Portfolio.from_frames` takes them; or a `Portfolio`; or Spark
            DataFrames, which are split, checked and saved by the executors, shard by shard.
        n: how many shards.
        path: a folder that every machine which evaluates sees under this name.
        on_error: "quarantine" leaves bad rows out and keeps them in `.rejected`; not with Spark DataFrames.
        settings: currency, rates, tz and fiscal_year_start, as for `Portfolio.from_frames`.

    Raises:
        DataError: the data breaks rules, or there is no writing there.
    """
    if isinstance(frames, Portfolio):
        if settings:
            raise OptionError(*next(iter(settings.items())), "no settings: the portfolio has its own")
        return shard_portfolio(frames, n, path)
    return shard_frames(frames, n, path, Settings(**settings), on_error)


def evaluate(
    session: Any,
    path: str | os.PathLike[str],
    metrics: Any,
    *,
    as_of: dt.date | dt.datetime | str | np.datetime64,
    viewer: Viewer,
    filters: Filters | Mapping[str, Any] | None = None,
    lines: int | None = None,
    **options: Any,
) -> Any:
    """Metrics and reports over all shards: equal to those over the whole portfolio on one machine.

    Args:
        session: a SparkSession; or a function such as `map`, or `ProcessPoolExecutor().map`.
        path: the folder that `shard` wrote.
        metrics: a metric or a report (`csm.risk.active_risk_signals`, `csm.reports.success_report`, one of your
            own, or an id such as "risk.active_risk_signals"), or several of them.
        as_of, viewer, filters: as for `Portfolio.view`; both of the first are required.
        lines: bring no more than the first lines of each listing here, all by default; where a listing has
            millions, name a number. Its value stays what it is; more lines than were brought is `RowsNotKept`.
        options: given to the metrics that know them. `account_id` is that of `reports.c360`.

    Returns:
        The result, or the `ReportResult`; of several a dict of them by id. `rows()` of a result computes its
        metric again and gives what `rows` gives.

    Raises:
        UnknownViewer, NotVisible, MissingTable, OptionError: as on one machine. In a report, a metric
            whose table is missing is `Unavailable`.
        DataError: there are no shards, or one of them is gone or damaged.
    """
    single = isinstance(metrics, str | Metric | Report) or callable(metrics)
    if not single and not isinstance(metrics, Iterable):
        raise OptionError("metrics", metrics, "metrics and reports, or their ids")
    wanted = [_wanted(one) for one in ([metrics] if single else metrics)]
    _check_known(wanted, options)
    inquiry = _inquiry(session, path, as_of, viewer, filters)
    inquiry.lines = None if lines is None else as_count(lines, "lines")
    found = _found(inquiry, wanted, options)
    return found[wanted[0].id] if single else found


def rows(
    session: Any,
    path: str | os.PathLike[str],
    metric: Any,
    *,
    as_of: dt.date | dt.datetime | str | np.datetime64,
    viewer: Viewer,
    filters: Filters | Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """The rows behind a metric, with every column supplied, as a Spark DataFrame.

    They are computed, shard by shard, when the DataFrame is used, and stand in no order; columns of types that Spark
    does not know come as text. With a function in the place of the session they come in the order of the
    result, as the kind of frame that went in.

    Raises:
        OptionError: `metric` is a report.
    """
    wanted = _wanted(metric)
    if not isinstance(wanted, Metric):
        raise OptionError("metric", wanted.id, "one metric: a report has many")
    _check_known([wanted], options)
    return _inquiry(session, path, as_of, viewer, filters).rows(Compute(wanted, options))


def _inquiry(session: Any, path: Any, as_of: Any, viewer: Any, filters: Any) -> Inquiry:
    runner, shards = runner_of(session), Shards.open(path)
    day = as_date(as_of, "as_of", ZoneInfo(shards.settings.tz))
    return Inquiry(runner, shards, day, as_plain(viewer), as_filters(filters))


def _wanted(given: Any) -> Metric | Report:
    """The metric or report that is meant."""
    if isinstance(given, Metric | Report):
        return given
    if isinstance(given, str):
        return catalog.metric(given) if "." in given else catalog.report(given)
    name = getattr(given, "__name__", "")
    if name in reports.__all__ and getattr(reports, name) is given:
        return catalog.report(name)
    try:
        return metric_of(given)
    except TypeError:
        raise OptionError("metrics", given, "metrics and reports, or their ids") from None


def _known(wanted: Metric | Report) -> set[str]:
    """The options that a metric or report knows."""
    return known_options(wanted) | ({"account_id"} if isinstance(wanted, AccountReport) else set())


def _check_known(wanted: Iterable[Metric | Report], options: Mapping[str, Any]) -> None:
    known = {name for one in wanted for name in _known(one)}
    for name, value in options.items():
        if name not in known:
            raise OptionError(name, value, f"only options that are known: {', '.join(sorted(known))}")


def _found(
    inquiry: Inquiry, wanted: list[Metric | Report], options: Mapping[str, Any]
) -> dict[str, Result | ReportResult]:
    """All that is wanted, by id: in one pass, but for a report of one account."""
    account = options.get("account_id")
    given = {name: value for name, value in options.items() if name != "account_id"}
    alone = [one for one in wanted if isinstance(one, AccountReport) and account is not None]
    others = {one.id: inquiry.calls(one, given) for one in wanted if one not in alone}
    results = iter(inquiry.results([call for calls in others.values() for call in calls]))
    told = {name: list(itertools.islice(results, len(calls))) for name, calls in others.items()}
    return {
        one.id: _profile(inquiry, one, account, given)
        if isinstance(one, AccountReport) and account is not None
        else inquiry.made(one, told[one.id])
        for one in wanted
    }


def _profile(
    inquiry: Inquiry, report: AccountReport, account_id: Any, options: Mapping[str, Any]
) -> ReportResult:
    """A report of one account."""
    filters = only_account(inquiry.filters, account_id)
    alone = Inquiry(
        inquiry.runner, inquiry.shards, inquiry.as_of, inquiry.viewer, filters, lines=inquiry.lines
    )
    if not alone.count_of_accounts():
        raise not_visible(account_id)
    found = alone.made(report, alone.results(alone.calls(report, options)))
    assert isinstance(found, ReportResult)
    return Profile(report=report, view=alone.view, results=found.results, account_id=account_id)
