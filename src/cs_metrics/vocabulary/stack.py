"""The technology stack: items, tags, and what each account has of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..columns import Amounts, Codes, Flags, Numbers, Quotients, Refs
from ..scope import ViewTable, word
from ..selection import Rows

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["Positions", "StackItems", "StackPositions", "StackTags"]

MONEY = ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")


@attrs.frozen(eq=False)
class Positions:
    """What the applicable positions of each account, or of each item, come to."""

    applicable: Array
    aligned: Array
    mrr: Amounts
    non_recurring: Amounts
    mrr_opportunity: Amounts
    non_recurring_opportunity: Amounts

    @property
    def opportunity(self) -> Amounts:
        """MRR and non-recurring opportunity together."""
        both = self.mrr_opportunity.minor + self.non_recurring_opportunity.minor
        return Amounts(both, self.mrr_opportunity.exponent, complete=True)

    @property
    def alignment(self) -> Quotients:
        """The share of applicable positions that are aligned."""
        return Quotients(self.aligned, self.applicable)

    @property
    def any(self) -> Flags:
        """Where some position applies."""
        found: Flags = self.applicable > 0
        return found

    def money(self) -> dict[str, Amounts]:
        """The four amounts by name."""
        return {name: getattr(self, name) for name in MONEY}

    def counts(self) -> dict[str, Numbers]:
        """How many positions are aligned, and how many apply."""
        return {"aligned": Numbers(self.aligned), "applicable": Numbers(self.applicable)}


class StackItems(ViewTable):
    @property
    def labels(self) -> list[Any]:
        """The ids of all items."""
        return self.ids(np.arange(self.n))


class StackTags(ViewTable):
    item: Refs
    tag: Codes

    def of_items(self) -> list[list[str]]:
        """The tags of each item in view, ascending."""
        found: list[list[str]] = [[] for _ in range(self.item.size)]
        for item, tag in zip(self.item.rows.tolist(), self.tag.codes.tolist(), strict=True):
            if item >= 0:
                found[item].append(self.tag.labels[tag])
        return [sorted(tags) for tags in found]


class StackPositions(ViewTable):
    account: Refs
    item: Refs
    applicable: Flags
    aligned: Flags
    mrr: Amounts
    non_recurring: Amounts
    mrr_opportunity: Amounts
    non_recurring_opportunity: Amounts

    @word
    def applicable_ones(self) -> Rows:
        """The positions that count; they are told apart by account and item."""
        self.view.accounts  # noqa: B018 - without it there are no such rows
        return self.everything.only(self.applicable, otherwise="not applicable")

    @word
    def per_account(self) -> Positions:
        """What the applicable positions of each account in view come to.

        Positions have no days, so it never depends on who looks, or when: it is computed once a table.
        """
        accounts = self.view.accounts
        whole = self.table.kept("per_account", lambda: self._whole(accounts.table.n))
        return self._positions({name: accounts._cut(values) for name, values in whole.items()})

    @word
    def per_item(self) -> Positions:
        """What the applicable positions in view of each item come to."""
        index = self.applicable_ones.index
        rows, size = self.item.rows.take(index), self.item.size
        values = {name: getattr(self, name).minor for name in MONEY}
        return self._positions(_summed(rows, size, self.aligned, values, index))

    def _whole(self, size: int) -> dict[str, Array]:
        stored: dict[str, Any] = dict(self.table.columns)
        index = np.flatnonzero(stored["applicable"])
        rows = np.asarray(stored["account_id"]).take(index)
        return _summed(rows, size, stored["aligned"], {name: stored[name] for name in MONEY}, index)

    def _positions(self, values: Mapping[str, Array]) -> Positions:
        amounts = {name: Amounts(values[name], self.table.exponent, complete=True) for name in MONEY}
        return Positions(values["applicable"], values["aligned"], **amounts)


def _summed(
    rows: Array, size: int, aligned: Array, amounts: Mapping[str, Array], index: Array
) -> dict[str, Array]:
    """Counts and sums by parent of the children `index`, whose parents are `rows`."""
    found = {
        "applicable": np.bincount(rows, minlength=size),
        "aligned": np.bincount(rows[aligned.take(index)], minlength=size),
    }
    for name, minor in amounts.items():
        found[name] = np.zeros(size, np.int64)
        np.add.at(found[name], rows, minor.take(index))
    return found
