"""Product adoption health: the mean over an account's products of the latest score of each."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import Dates, Flags
from ..daily import Successors
from ..exact import exact_sums, mean_of_means
from ..periods import FIRST_DAY

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

    @cached_property
    def latest(self) -> tuple[Array, Array]:
        """The accounts and the scores of the latest scores."""
        return self._find()

    @cached_property
    def products(self) -> Array:
        """How many products with a score each account has."""
        return np.bincount(self.latest[0], minlength=self.size)

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
        return found

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
    if known is not None and scores.rows is None and _in_view(scores, known.by):
        return scores.replaced_on
    rows = np.arange(scores.n) if scores.exists is None else scores.exists.nonzero()[0]
    keys = (scores.values("account_id"), scores.product.codes, scores.on.days, scores.score.values)
    account, product, on, score = (key.take(rows) for key in keys)
    days = np.full(scores.n, FIRST_DAY - 1, np.int32)
    days[rows] = Successors.of((account, product, on, score))[0].on
    return Dates(days)


def _in_view(scores: AdoptionScores, by: Array) -> bool:
    """Whether whatever replaces a score in view is in view, too, and whatever has its day by now exists."""
    if scores.exists is not None and (scores.on.by(scores.view.today) & ~scores.exists).any():
        return False
    if scores.n == scores.table.n:
        return True
    by = scores._cut(by)
    return bool((((by >= scores.lo) & (by < scores.hi)) | (by < 0)).all())
