"""What is measured of accounts: health and effort measures, usage, propensities, campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..columns import Amounts, Codes, Dates, Numbers, Refs
from ..intake import Coded
from ..periods import NO_DAY
from ..scope import ViewTable, word

if TYPE_CHECKING:
    from ..columns import Array
    from ..layout import Table

__all__ = ["CampaignTouches", "Measures", "Propensities", "Usage"]


@attrs.frozen(eq=False)
class Series:
    """All measures of one metric in the order of their accounts and days; `until` is the day of the next one."""

    accounts: Array
    on: Array
    until: Array
    values: Array


class Measures(ViewTable):
    account: Refs
    metric: Codes
    value: Numbers
    on: Dates

    def latest(self, metric: str, day: int) -> tuple[Array, Array]:
        """The accounts in view that have a measure of this metric by `day`, and the latest of each."""
        accounts = self.view.accounts
        series = self.table.kept("series", lambda: dict(_series(self.table))).get(metric)
        if series is None:
            return np.empty(0, np.int32), np.empty(0)
        lo, hi = series.accounts.searchsorted(np.array((accounts.lo, accounts.hi), np.int32))
        latest = series.on[lo:hi] <= day
        latest &= series.until[lo:hi] > day
        whole, values = series.accounts[lo:hi][latest], series.values[lo:hi][latest]
        rows = accounts.locate(whole, follows=True)
        if accounts.rows is None:
            return rows, values
        inside = rows >= 0
        return rows[inside], values[inside]

    @word
    def metrics(self) -> frozenset[str]:
        """The metrics that occur in view."""
        counts = self.metric.counts(self.everything)
        return frozenset(label for label, count in zip(self.metric.labels, counts, strict=False) if count)


def _series(table: Table) -> Iterator[tuple[str, Series]]:
    """Each metric's measures on their own. The layout sorts measures by account, metric and day."""
    words = table.columns["metric"]
    assert isinstance(words, Coded)
    metric, labels = words.codes, words.labels
    accounts, on, values = (np.asarray(table.columns[name]) for name in ("account_id", "on", "value"))
    order = metric.argsort(kind="stable")
    starts = metric.take(order).searchsorted(np.arange(len(labels) + 1))
    for code, label in enumerate(labels):
        rows = order[starts[code] : starts[code + 1]]
        whose, days = accounts.take(rows), on.take(rows)
        until = np.full(len(rows), NO_DAY, np.int32)
        again = whose[1:] == whose[:-1]
        until[:-1][again] = days[1:][again]
        yield label, Series(whose, days, until, values.take(rows))


class Usage(ViewTable):
    account: Refs
    product: Codes
    on: Dates
    active_users: Numbers
    licensed_users: Numbers


class Propensities(ViewTable):
    account: Refs
    on: Dates
    churn: Numbers
    expand: Numbers


class CampaignTouches(ViewTable):
    account: Refs
    campaign: Codes
    on: Dates
    attributed: Amounts
