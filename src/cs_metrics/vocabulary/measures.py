"""What is measured of accounts: health and effort measures, usage, propensities, campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..columns import NO_AMOUNT, Amounts, Codes, Dates, Flags, Numbers, Refs, at
from ..listed import Shares
from ..periods import FIRST_DAY
from ..scope import ViewTable, remembered, word
from ..selection import Rows

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
            return self._searched(metric, day)
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

    def _searched(self, metric: str, day: int) -> tuple[Array, Flags]:
        """The same of a metric that few accounts have."""
        size = self.view.accounts.n
        values, known = np.zeros(size), np.zeros(size, bool)
        rows = np.flatnonzero(self.metric.is_(metric))
        rows = rows[self.on.days.take(rows) <= day]
        whose = self.account.rows.take(rows)
        rows, whose = rows[whose >= 0], whose[whose >= 0]
        values[whose] = self.value.values.take(rows)  # of several, NumPy keeps the last one: the latest
        known[whose] = True
        return values, known

    @word
    def metrics(self) -> frozenset[str]:
        """The metrics that occur in view."""
        counts = self.metric.counts(self.everything)
        return frozenset(label for label, count in zip(self.metric.labels, counts, strict=False) if count)


@attrs.frozen(eq=False)
class ByProduct:
    """Usage by product: of how many accounts it is known, their active users, their licences, and the active
    users where there are licences; `told` are the licences again, missing where no row says.
    """

    accounts: Numbers
    active: Numbers
    licensed: Numbers
    active_of_licensed: Numbers
    told: Numbers


class Usage(ViewTable):
    account: Refs
    product: Codes
    on: Dates
    active_users: Numbers
    licensed_users: Numbers

    @word
    def series(self) -> Array:
        """Which account and product each row is of, as numbers from 0 on: rows of one stand together, by day."""
        starts = np.zeros(self.n, np.intp)
        for column in (self.values("account_id"), self.product.codes):
            starts[1:] |= column[1:] != column[:-1]
        return starts.cumsum()

    @remembered
    def latest_by(self, day: int) -> Flags:
        """The last row of each account and product by a day."""
        latest = self.on.by(day)
        if self.exists is not None:
            latest &= self.exists
        latest[:-1] &= ~((self.series[1:] == self.series[:-1]) & latest[1:])
        return latest

    @word
    def latest_ones(self) -> Rows:
        """The last row of each account and product by the as-of day."""
        return self.everything.only(self.latest_by(self.view.today), otherwise="earlier row")

    @remembered
    def shares_on(self, day: int) -> Shares:
        """What share of the licences was in use, beside each row, at the last row of its series by a day."""
        index = self.latest_by(day).nonzero()[0]
        row = np.full(self.n + 1, -1)  # by series; without rows there is none
        row[self.series[index]] = index
        row = row[self.series]
        return Shares(at(self.active, row, 0), at(self.licensed, row, 0))

    @word
    def active(self) -> Array:
        return self.active_users.values.astype(np.int64)

    @word
    def licensed(self) -> Array:
        """The licences of each row, 0 where none are known."""
        licensed = self.licensed_users.values
        return np.where(licensed > 0, licensed, 0).astype(np.int64)

    @remembered
    def by_product(self, day: int) -> ByProduct:
        """The last rows of accounts by a day, product by product."""
        index = self.latest_by(day).nonzero()[0]
        product, active, licensed = (
            values[index] for values in (self.product.codes, self.active, self.licensed)
        )
        told = ~self.licensed_users.missing[index]
        sums = np.zeros((5, len(self.product.labels)), np.int64)
        for line, values in zip(sums, (1, active, licensed, active * (licensed > 0), told), strict=True):
            np.add.at(line, product, values)
        sums_told = np.where(sums[4] > 0, sums[2], np.nan)
        return ByProduct(*map(Numbers, (*sums[:4], sums_told)))


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

    @word
    def latest(self) -> Flags:
        """The row of each account in view of the last day that it has one for, by the as-of day."""
        _, rows = self.account.last(self.everything.flags)
        found = np.zeros(self.n, bool)
        found[rows] = True
        return found


@attrs.frozen(eq=False)
class ByCampaign:
    """Campaigns, each with how often it touched accounts, when last, and what is attributed to it if anything."""

    labels: Sequence[str]
    touches: Numbers
    last_on: Dates
    attributed: Amounts


class CampaignTouches(ViewTable):
    account: Refs
    campaign: Codes
    on: Dates
    attributed: Amounts

    @word
    def by_campaign(self) -> ByCampaign:
        """What has touched accounts by the as-of day."""
        rows, codes, labels = self.everything, self.campaign.codes, self.campaign.labels
        last_on = np.full(len(labels), FIRST_DAY, np.int32)
        np.maximum.at(last_on, codes[rows.index], self.on.days[rows.index])
        given = Rows(self, rows.flags & self.attributed.given)
        sums = np.array(self.campaign.sums(self.attributed, given)[:-1], np.int64)
        sums[np.array(self.campaign.counts(given)[:-1]) == 0] = NO_AMOUNT
        touches = Numbers(np.array(self.campaign.counts(rows)[:-1]))
        return ByCampaign(labels, touches, Dates(last_on), Amounts(sums, self.attributed.exponent))
