"""What is measured of accounts: health and effort measures, usage, propensities, campaigns."""

from __future__ import annotations

import numpy as np

from ..columns import Amounts, Codes, Dates, Numbers, Refs
from ..scope import ViewTable, word

__all__ = ["CampaignTouches", "Measures", "Propensities", "Usage"]


class Measures(ViewTable):
    account: Refs
    metric: Codes
    value: Numbers
    on: Dates


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
