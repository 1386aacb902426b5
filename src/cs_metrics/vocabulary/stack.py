"""The technology stack: items, tags, and what each account has of them."""

from __future__ import annotations

from ..columns import Amounts, Codes, Flags, Refs
from ..scope import ViewTable

__all__ = ["StackItems", "StackPositions", "StackTags"]


class StackItems(ViewTable):
    pass


class StackTags(ViewTable):
    item: Refs
    tag: Codes


class StackPositions(ViewTable):
    account: Refs
    item: Refs
    applicable: Flags
    aligned: Flags
    mrr: Amounts
    non_recurring: Amounts
    mrr_opportunity: Amounts
    non_recurring_opportunity: Amounts
