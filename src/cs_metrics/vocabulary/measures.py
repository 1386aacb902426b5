"""What is measured of accounts: health and effort measures, usage, propensities, campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..columns import Amounts, Codes, Dates, Numbers, Refs
from ..scope import ViewTable, word

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["CampaignTouches", "Measures", "Propensities", "Usage"]


class Measures(ViewTable):
    account: Refs
    metric: Codes
    value: Numbers
    on: Dates

    def latest(self, metric: str, day: int) -> tuple[Array, Array]:
        """The accounts in view that have a measure of this metric by `day`, and the latest of each."""
        accounts = self.view.accounts
        series = self.table.prepared.series.get(metric)
        if series is None:
            return np.empty(0, np.int32), np.empty(0)
        lo, hi = series.parents.searchsorted(np.array((accounts.lo, accounts.hi), np.int32))
        latest = series.on[lo:hi] <= day
        latest &= series.until[lo:hi] > day
        whole, values = series.parents[lo:hi][latest], series.values[lo:hi][latest]
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
