"""The technology stack: items, tags, and what each account has of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..columns import Amounts, Codes, Flags, Numbers, Refs, at
from ..listed import Quotients
from ..prepared import POSITION_AMOUNTS, STEP, position_sums
from ..scope import ViewTable, word
from ..selection import Rows
from ..sorting import runs_of

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
    opportunity: Amounts
    """MRR and non-recurring opportunity together."""
    misalignment: Array | None = None
    """100 − the share of applicable positions that are aligned, in %; of accounts only."""

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
        """The positions that count."""
        return self.everything.where(lambda: self.applicable, otherwise="not applicable")

    @word
    def opportunity(self) -> Amounts:
        """The MRR and non-recurring opportunity of each position."""
        both = self.mrr_opportunity.minor + self.non_recurring_opportunity.minor
        return Amounts(both, self.table.exponent, complete=True)

    @word
    def items(self) -> Codes:
        """The item of each position, by its id."""
        return Codes(self.values("item_id"), self.view.stack_items.labels, complete=True)

    def of_account(self, codes: Codes) -> Codes:
        """What accounts in view are, at their positions."""
        return Codes(at(codes.codes, self.account.rows, -1), codes.labels)

    @word
    def per_account(self) -> Positions:
        """What the applicable positions of each account in view come to.

        Positions have no days, so it never depends on who looks, or when.
        """
        accounts = self.view.accounts
        sums = {name: accounts._cut(values) for name, values in self.table.prepared.sums.items()}
        return self._positions(sums, sums["opportunity"], sums["misalignment"])

    @word
    def per_item(self) -> Positions:
        """What the applicable positions in view of each item come to."""
        ledger, items = self.table.prepared.ledger, self.view.stack_items
        if ledger is None or self.rows is not None or self.n < STEP or not len(items):
            sums = self._sums(self.applicable_ones.index)
        else:
            first, last = -(-self.lo // STEP), self.hi // STEP
            ends = np.r_[0 : first * STEP - self.lo, last * STEP - self.lo : self.n]
            ends = ends[self.applicable[ends]]
            waiting = self._of_nobody_yet()
            more, less = self._sums(ends), self._sums(waiting)
            sums = {
                name: lines[last] - lines[first] + more[name] - less[name]
                for name, lines in ledger.sums.items()
            }
        return self._positions(sums, sums["mrr_opportunity"] + sums["non_recurring_opportunity"], None)

    def _of_nobody_yet(self) -> Array:
        """The applicable positions of accounts in view that do not exist yet: few, on most days."""
        accounts = self.view.accounts
        if accounts.exists is None:
            return np.empty(0, np.int64)
        refs = self.values("account_id")
        later = accounts.whole_numbers(np.flatnonzero(~accounts.exists))
        rows, _ = runs_of(refs, later.astype(refs.dtype))  # of another type all would have to be converted
        return np.asarray(rows[self.applicable[rows]])

    def _sums(self, index: Array) -> dict[str, Array]:
        columns = {name: self.values(name) for name in ("aligned", *POSITION_AMOUNTS)}
        return position_sums(columns, index, self.values("item_id").take(index), self.view.stack_items.n)

    def _positions(
        self, sums: Mapping[str, Array], opportunity: Array, misalignment: Array | None
    ) -> Positions:
        exponent = self.table.exponent
        amounts = {name: Amounts(sums[name], exponent, complete=True) for name in POSITION_AMOUNTS}
        both = Amounts(opportunity, exponent, complete=True)
        return Positions(
            sums["applicable"], sums["aligned"], **amounts, opportunity=both, misalignment=misalignment
        )
