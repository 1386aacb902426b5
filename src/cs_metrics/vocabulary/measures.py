"""What is measured of accounts: health and effort measures, usage, propensities, campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..columns import Amounts, Codes, Dates, Flags, Numbers, Refs
from ..scope import ViewTable, word

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["CampaignTouches", "Measures", "Propensities", "Usage"]


class Measures(ViewTable):
    account: Refs
    metric: Codes
    value: Numbers
    on: Dates

    def latest(self, metric: str, day: int) -> tuple[Array, Flags]:
        """The latest measure of a metric by `day` of each account in view, and which of them have one."""
        accounts = self.view.accounts
        series = self.table.prepared.series.get(metric)
        if series is None:
            return np.zeros(accounts.n), np.zeros(accounts.n, bool)
        values, known = accounts._cut(series.last), accounts._cut(series.known)
        late = np.flatnonzero(accounts._cut(series.since) > day)
        if not len(late):
            return values, known
        values, known = values.copy(), known.copy()
        known[late] = False
        whole = accounts.whole_numbers(late)
        place = series.place[whole]
        while len(late):  # back by one measure at a time, until one is of that day or before
            place -= 1
            there = (place >= 0) & (series.parents[place] == whole)
            late, whole, place = late[there], whole[there], place[there]
            found = series.on[place] <= day
            values[late[found]] = series.values[place[found]]
            known[late[found]] = True
            late, whole, place = late[~found], whole[~found], place[~found]
        return values, known

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

    @word
    def latest_churn(self) -> Numbers:
        """Of each account in view the churn propensity of the last day there is one for, by the as-of day."""
        accounts, latest = self.account.last(self.everything.flags)
        found = np.full(self.account.size, np.nan)
        found[accounts] = self.churn.values.take(latest)
        return Numbers(found)


class CampaignTouches(ViewTable):
    account: Refs
    campaign: Codes
    on: Dates
    attributed: Amounts
