"""What is measured of accounts: health and effort measures, usage, propensities, campaigns."""

from __future__ import annotations

from ..columns import Amounts, Codes, Dates, Numbers, Refs
from ..scope import ViewTable

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


class CampaignTouches(ViewTable):
    account: Refs
    campaign: Codes
    on: Dates
    attributed: Amounts
