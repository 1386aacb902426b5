"""Product adoption health: the mean over an account's products of the latest score of each."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..columns import Flags
from ..exact import exact_sums
from ..sorting import order_by

if TYPE_CHECKING:
    from ..columns import Array
    from .success import AdoptionScores

__all__ = ["Adoption", "Histories", "histories"]


class Adoption:
    """The product adoption health of each account in view on one day; a column of a listing.

    `accounts` and `scores` are the latest scores of all products, by account.
    """

    kind = "number"

    def __init__(self, accounts: Array, scores: Array, size: int) -> None:
        self.accounts = accounts
        self.scores = scores
        self.products = np.bincount(accounts, minlength=size)

    @property
    def known(self) -> Flags:
        """Which accounts have a score."""
        return self.products > 0

    def total(self) -> Fraction:
        """The exact sum of the accounts' means, all accounts with as many products taken together."""
        products = self.products[self.accounts]
        most = int(products.max()) + 1 if len(products) else 1
        sums = exact_sums(self.scores, products, most)
        return sum((found / count for count, found in enumerate(sums) if found), Fraction(0))

    @cached_property
    def _ends(self) -> Array:
        return self.products.cumsum()

    def means(self, rows: Array) -> Array:
        """The exact means of some accounts, None without a score."""
        ends, counts = self._ends[rows].tolist(), self.products[rows].tolist()
        found = np.empty(len(rows), object)
        for place, (end, count) in enumerate(zip(ends, counts, strict=True)):
            if count:
                found[place] = sum(map(Fraction, self.scores[end - count : end].tolist())) / count
        return found

    def to_list(self, rows: Array) -> list[Any]:
        return [None if mean is None else float(mean) for mean in self.means(rows).tolist()]

    def to_array(self, rows: Array) -> Any:
        return np.array([np.nan if mean is None else mean for mean in self.to_list(rows)], np.float64)


@attrs.frozen(eq=False)
class Histories:
    """The scores of accounts in view, by account, product and day; of several on one day the lowest last.

    `goes_on` tells of which scores the next one is of the same account and product; `size` is how many
    accounts are in view.
    """

    account: Array
    on: Array
    score: Array
    goes_on: Flags
    size: int

    def latest_by(self, day: int) -> Adoption:
        """What was known on a day: of each product the last score until then."""
        last = self.on <= day
        last[:-1] &= ~(self.goes_on[:-1] & last[1:])
        rows = last.nonzero()[0]
        return Adoption(self.account.take(rows), self.score.take(rows), self.size)


def histories(scores: AdoptionScores) -> Histories:
    """All scores in view of accounts in view, whether or not they name an engagement."""
    accounts = scores.account
    chosen = accounts.known if scores.exists is None else accounts.known & scores.exists
    order = by_product(scores)
    if not chosen.all():
        order = order[chosen.take(order)]
    account, product = accounts.rows.take(order), scores.product.codes.take(order)
    goes_on = np.zeros(len(order), bool)
    goes_on[:-1] = (account[1:] == account[:-1]) & (product[1:] == product[:-1])
    on, score = scores.on.days.take(order), scores.score.values.take(order)
    return Histories(account, on, score, goes_on, accounts.size)


def by_product(scores: AdoptionScores) -> Array:
    """The rows in view by account, product and day, of one day by score, the lowest last."""
    falling = (-scores.score.values).argsort(kind="stable")
    days = scores.on.days.astype(np.int64)
    days -= days.min(initial=0)
    keys = (scores.account.rows + 1, scores.product.codes, days)
    return np.asarray(falling[order_by(*(key[falling] for key in keys))])
