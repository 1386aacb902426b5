"""Money in two rings: tags inside, what carries them outside; and accounts with what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import numpy as np

from .base import Result, added
from .contributions import Contributions, Part
from .listings import Listing

if TYPE_CHECKING:
    from ..columns import Listed
    from ..selection import Rows
    from ..vocabulary import Positions
    from .contributions import Cell, Whole

__all__ = ["Customers", "Tree"]


class Tree(Result):
    """Money by tag and, within each tag, by item; an item stands under each of its tags.

    Tags and items come largest first, then by label; what has no tag stands last, under None. `.total` counts
    each item once, however many tags it carries.
    """

    kind: ClassVar[str] = "tree"
    cell_names: ClassVar[tuple[str, ...]] = ("tag", "item")

    def __init__(
        self,
        rows: Rows,
        items: Mapping[Any, int],
        tags: Mapping[Any, Iterable[str]],
        *,
        made_of: Callable[[], Part] | None = None,
    ) -> None:
        """`made_of` says by item what each row adds."""
        super().__init__(rows)
        self._of_item = made_of
        self._items = dict(items)
        self._tags = {item: list(tags.get(item, ())) for item in items}

    def _tree(self) -> dict[str | None, dict[Any, int]]:
        """The tree in minor units, in order."""
        found: dict[str | None, dict[Any, int]] = {}
        for item, minor in sorted(self._items.items(), key=lambda one: (-one[1], one[0])):
            for tag in self._tags[item] or (None,):
                found.setdefault(tag, {})[item] = minor
        sums = {tag: sum(items.values()) for tag, items in found.items()}
        return {
            tag: found[tag] for tag in sorted(found, key=lambda tag: (tag is None, -sums[tag], tag or ""))
        }

    @property
    def value(self) -> dict[str | None, dict[Any, Decimal]]:
        """Each tag's items with their money."""
        major = self.context.major
        return {
            tag: {item: major(minor) for item, minor in items.items()} for tag, items in self._tree().items()
        }

    @property
    def total(self) -> Decimal:
        """The money of all items, each once."""
        return self.context.major(sum(self._items.values()))

    @property
    def tags(self) -> dict[str | None, Decimal]:
        """Each tag's money; what carries two tags is in both."""
        return {tag: self.context.major(sum(items.values())) for tag, items in self._tree().items()}

    def shares(self) -> dict[str | None, dict[Any, float | None]]:
        """Each item's share of its tag's money; None where that is 0."""
        return {tag: _shares(items) for tag, items in self._tree().items()}

    def tag_shares(self) -> dict[str | None, float | None]:
        """Each tag's share of the sum over tags; None where that is 0."""
        return _shares({tag: sum(items.values()) for tag, items in self._tree().items()})

    def _numbers(self) -> dict[Cell, Whole]:
        return {(tag, item): minor for tag, items in self._tree().items() for item, minor in items.items()}

    def _entries(self) -> Sequence[Part] | None:
        """Each row adds to its item under each of the item's tags."""
        if self._of_item is None:
            return None
        part = self._of_item()
        assert part.places is not None and part.amounts is not None
        under: list[Sequence[str | None]] = [self._tags.get(item) or (None,) for (item,) in part.cells]
        times = np.array([len(tags) for tags in under], np.int64)
        firsts = np.cumsum(times) - times
        entries = np.repeat(np.arange(len(part.rows)), times[part.places])
        nth = np.arange(len(entries)) - np.repeat(
            np.cumsum(times[part.places]) - times[part.places], times[part.places]
        )
        cells = [(tag, item) for (item,), tags in zip(part.cells, under, strict=True) for tag in tags]
        places = firsts[part.places[entries]] + nth
        found = attrs.evolve(
            part, rows=part.rows[entries], cells=cells, places=places, amounts=part.amounts[entries]
        )
        return (found,)

    def _whole(self, parts: Sequence[Part]) -> Contributions:
        assert self._of_item is not None
        return Contributions((), {(): sum(self._items.values())}, (self._of_item().together(),))

    def _shown(self) -> str:
        return f"{self.total:,} {self.context.currency} in {len(self._items)} items"

    def _state(self) -> dict[str, Any]:
        return {"_items": self._items, "_tags": self._tags}

    def _merged(self, other: Tree) -> dict[str, Any]:
        return {"_items": added(self._items, other._items), "_tags": self._tags | other._tags}

    def _payload(self) -> dict[str, Any]:
        value, shares, tag_shares = self.value, self.shares(), self.tag_shares()
        return {
            "value": [
                {
                    "label": tag,
                    "value": str(self.tags[tag]),
                    "share": tag_shares[tag],
                    "items": [
                        {"label": item, "value": str(amount), "share": shares[tag][item]}
                        for item, amount in items.items()
                    ],
                }
                for tag, items in value.items()
            ],
            "total": str(self.total),
        }

    def _records(self) -> dict[str, list[Any]]:
        shares = self.shares()
        lines = [
            (tag, item, amount, shares[tag][item])
            for tag, items in self.value.items()
            for item, amount in items.items()
        ]
        names = ("tag", "item", "value", "share")
        return {name: [line[place] for line in lines] for place, name in enumerate(names)}


def _shares(amounts: Mapping[Any, int]) -> dict[Any, float | None]:
    whole = sum(amounts.values())
    return {label: float(Fraction(amount, whole)) if whole else None for label, amount in amounts.items()}


class Customers(Listing):
    """Accounts with what their stack is worth; `.totals` is what the listed ones come to together."""

    kind: ClassVar[str] = "customers"

    def __init__(self, rows: Rows, columns: Mapping[str, Listed], positions: Positions, **order: Any) -> None:
        super().__init__(rows, columns, **order)
        self._positions = positions

    @property
    def totals(self) -> dict[str, Any]:
        """The sums of the listed accounts' money, and the aligned share of all their applicable positions."""
        if "_totals" in self.__dict__:
            return dict(self.__dict__["_totals"])
        lines = self.head()
        money = [name for name, kind in self._types.items() if kind == "amount"]
        places = [self.names.index(name) for name in money]
        found: dict[str, Any] = {
            name: sum((line[place] for line in lines), self.context.major(0))
            for name, place in zip(money, places, strict=True)
        }
        counts = self._counts(self._limit)
        aligned, applicable = (sum(counts[line[0]][place] for line in lines) for place in (0, 1))
        return found | {"alignment": aligned / applicable if applicable else None}

    def _counts(self, limit: int | None) -> dict[Any, tuple[int, int]]:
        """How many positions of each listed account are aligned, and how many apply."""
        if self._rows is None:
            return dict(self.__dict__["_by_account"])
        index = self._ordered(limit)
        aligned, applicable = self._positions.aligned[index], self._positions.applicable[index]
        counts = zip(aligned.tolist(), applicable.tolist(), strict=True)
        return dict(zip(self._live().table.ids(index), counts, strict=True))

    def _state(self) -> dict[str, Any]:
        if "_totals" in self.__dict__:
            return super()._state() | {"_by_account": {}, "_totals": self.totals}
        return super()._state() | {"_by_account": self._counts(self._sent)}

    def _merged(self, other: Listing) -> dict[str, Any]:
        assert isinstance(other, Customers)
        merged, counts = super()._merged(other), self._counts(self._sent) | other._counts(other._sent)
        return merged | {"_by_account": {line[0]: counts[line[0]] for line in merged["_kept"]}}

    def _payload(self) -> dict[str, Any]:
        totals = {
            name: str(value) if isinstance(value, Decimal) else value for name, value in self.totals.items()
        }
        return super()._payload() | {"totals": totals}
