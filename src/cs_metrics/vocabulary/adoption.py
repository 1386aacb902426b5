"""Product adoption health: the mean over an account's products of the latest score of each."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import Dates, Flags
from ..daily import Successors
from ..exact import exact_sums, mean_of_means
from ..periods import FIRST_DAY, NO_DAY

if TYPE_CHECKING:
    from ..columns import Array
    from ..daily import Means
    from .success import AdoptionScores

__all__ = ["Adoption", "adoption", "replaced"]


class Adoption:
    """The product adoption health of each account in view on one day; a column of a listing.

    `find` gives the latest scores of all products, and the account of each; `known` is what was added up
    beforehand of the whole table, so that nothing needs to be looked for.
    """

    kind = "number"

    def __init__(
        self, day: int, size: int, find: Callable[[], tuple[Array, Array]], known: Means | None
    ) -> None:
        self.day = day
        self.size = size
        self._find = find
        self._known = known
        self._latest: tuple[Array, Array] | None = None
        self._products: Array | None = None

    @property
    def latest(self) -> tuple[Array, Array]:
        """The accounts and the scores of the latest scores."""
        if self._latest is None:
            self._latest = self._find()
        return self._latest

    @property
    def products(self) -> Array:
        """How many products with a score each account has."""
        if self._products is None:
            self._products = np.bincount(self.latest[0], minlength=self.size)
        return self._products

    @property
    def scored(self) -> Flags:
        """Which accounts have a score."""
        if self._known is not None:
            found: Flags = self._known.since <= self.day
            return found
        return self.products > 0

    @property
    def count(self) -> int | None:
        """How many accounts have a score, where that is known beforehand."""
        return None if self._known is None else self._known.count(self.day)

    def total(self) -> Fraction | int:
        """The exact sum of the accounts' means, all accounts with as many products taken together."""
        if self._known is not None:
            return self._known.total(self.day)
        accounts, scores = self.latest
        return mean_of_means(
            *exact_sums(scores, self.products.take(accounts), int(self.products.max(initial=0)) + 1)
        )

    def means(self, rows: Array) -> Array:
        """The exact means of some accounts, None without a score."""
        rows, back = np.unique(rows, return_inverse=True)  # many rows may be of one account
        accounts, scores = self.latest
        wanted = np.zeros(self.size, bool)
        wanted[rows] = True
        index = wanted.take(accounts).nonzero()[0]
        index = index.take(accounts.take(index).argsort(kind="stable"))
        whose = accounts.take(index)
        first, last = whose.searchsorted(rows).tolist(), whose.searchsorted(rows, "right").tolist()
        values = scores.take(index).tolist()
        found = np.empty(len(rows), object)
        found[:] = [_mean(values[start:end]) for start, end in zip(first, last, strict=True)]
        return found[back]

    def to_list(self, rows: Array) -> list[Any]:
        return [None if mean is None else float(mean) for mean in self.means(rows).tolist()]

    def to_array(self, rows: Array) -> Any:
        return np.array([np.nan if mean is None else mean for mean in self.to_list(rows)], np.float64)


def _mean(scores: list[float]) -> Fraction | None:
    return Fraction(sum(map(Fraction, scores)) / len(scores)) if scores else None


def adoption(scores: AdoptionScores, day: int) -> Adoption:
    """What was known of the accounts in view on a day by the scores in view, whatever they name."""
    accounts, table = scores.account, scores.table
    means, whole = table.prepared.means, scores.rows is None and scores.n == table.n
    if not (whole and accounts.size == scores.view.portfolio.table("accounts").n):
        means = None
    if means is not None and not means.complete(scores.view.today):
        means = None

    def find() -> tuple[Array, Array]:
        latest = scores.on.by(day)
        latest &= scores.replaced.not_by(day)
        rows = latest.nonzero()[0]
        whose, values = accounts.rows.take(rows), scores.score.values.take(rows)
        if len(whose) and whose.min() < 0:
            values, whose = values[whose >= 0], whose[whose >= 0]
        return whose, values

    return Adoption(day, accounts.size, find, means)


def replaced(scores: AdoptionScores) -> Dates:
    """The day of the next score in view of each score's account and product; for one that does not exist yet a
    day before all.
    """
    known = scores.table.prepared.successors
    if known is None or scores.rows is not None or _some_to_come(scores):
        return _replaced_among(scores)
    if scores.n == scores.table.n:
        return scores.replaced_on
    by = scores._cut(known.by)
    beyond = (((by < scores.lo) | (by >= scores.hi)) & (by >= 0)).nonzero()[0]
    if not len(beyond):
        return scores.replaced_on
    days, following = scores.replaced_on.days.copy(), by.take(beyond)
    while len(beyond):  # what replaces a score out of view may itself be replaced by one in view
        following = known.by.take(following)
        inside = (following >= scores.lo) & (following < scores.hi)
        days[beyond] = np.where(inside, scores.on.days.take(following - scores.lo, mode="clip"), NO_DAY)
        further = (~inside & (following >= 0)).nonzero()[0]
        beyond, following = beyond.take(further), following.take(further)
    return Dates(days)


def _some_to_come(scores: AdoptionScores) -> bool:
    """Whether a score in view has its day by now and does not exist yet."""
    exists = scores.exists
    return exists is not None and bool((scores.on.by(scores.view.today) & ~exists).any())


def _replaced_among(scores: AdoptionScores) -> Dates:
    """The same, found among the scores in view alone."""
    rows = np.arange(scores.n) if scores.exists is None else scores.exists.nonzero()[0]
    keys = (scores.values("account_id"), scores.product.codes, scores.on.days, scores.score.values)
    account, product, on, score = (key.take(rows) for key in keys)
    days = np.full(scores.n, FIRST_DAY - 1, np.int32)
    days[rows] = Successors.of((account, product, on, score))[0].on
    return Dates(days)
