"""The technology stack: items, tags, and what each account has of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..columns import Amounts, Codes, Flags, Numbers, Quotients, Refs
from ..prepared import POSITION_AMOUNTS, position_sums
from ..scope import ViewTable, word
from ..selection import Rows

if TYPE_CHECKING:
    from ..columns import Array

__all__ = ["Positions", "StackItems", "StackPositions", "StackTags"]


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
        return {name: getattr(self, name) for name in POSITION_AMOUNTS}

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

        Positions have no days, so it never depends on who looks, or when.
        """
        accounts = self.view.accounts
        sums = self.table.prepared.sums
        return self._positions({name: accounts._cut(values) for name, values in sums.items()})

    @word
    def per_item(self) -> Positions:
        """What the applicable positions in view of each item come to."""
        columns = {name: self.values(name) for name in ("aligned", *POSITION_AMOUNTS)}
        return self._positions(
            position_sums(columns, self.applicable_ones.index, self.item.rows, self.item.size)
        )

    def _positions(self, values: Mapping[str, Array]) -> Positions:
        amounts = {
            name: Amounts(values[name], self.table.exponent, complete=True) for name in POSITION_AMOUNTS
        }
        return Positions(values["applicable"], values["aligned"], **amounts)
