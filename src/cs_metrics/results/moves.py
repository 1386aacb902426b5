"""What rows add to a value before and after, number by number: the arithmetic of a change, in whole arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

if TYPE_CHECKING:
    from ..columns import Array
    from .contributions import Cell, Contributions, Part, Whole
    from .pairing import Pairing

__all__ = ["Entries", "Moved", "Moves", "Sums"]


@attrs.frozen
class Sums:
    """One cell in exact numbers, money in minor units; what left is negative."""

    before: Whole
    entered: Whole
    left: Whole
    changed: Whole
    after: Whole

    @property
    def difference(self) -> Whole:
        return self.after - self.before


@attrs.frozen(eq=False)
class Entries:
    """What the rows of one side add: each row under its number of the pairing, to the cell of a place, so much."""

    numbers: Array
    places: Array
    amounts: Array

    def where(self, keep: Array) -> Entries:
        return Entries(self.numbers[keep], self.places[keep], self.amounts[keep])

    def sums(self, size: int) -> list[Whole]:
        """What they add to each cell."""
        found: list[Whole] = summed(self.places, self.amounts, size).tolist()
        return found


@attrs.frozen(eq=False)
class Moved:
    """Rows of a pairing by their numbers, and what each adds to the cell of a place before and after."""

    numbers: Array
    places: Array
    before: Array
    after: Array

    def where(self, keep: Array) -> Moved:
        return Moved(self.numbers[keep], self.places[keep], self.before[keep], self.after[keep])


class Moves:
    """What the rows add to the cells of a value before and after."""

    def __init__(self, before: Contributions, after: Contributions, pairings: Mapping[str, Pairing]) -> None:
        sides = (before, after)
        self.names = after.names
        self.numbers = [side.numbers for side in sides]
        named = [cell for side in (after, before) for cell in side.numbers]
        parts = [part for side in sides for part in side.parts]
        every = dict.fromkeys([*named, *(cell for part in parts for cell in part.cells)])
        self.cells: list[Cell] = list(every)
        self.money = {cell for part in parts if part.money for cell in part.cells}
        self._place = {cell: place for place, cell in enumerate(self.cells)}
        self._pairings = pairings
        self._entries = {
            name: (
                self._gather(before.parts, name, pairing.before_rows, pairing.before_numbers),
                self._gather(after.parts, name, pairing.after_rows, pairing.after_numbers),
            )
            for name, pairing in pairings.items()
        }

    def _gather(self, parts: Sequence[Part], table: str, rows: Array, numbers: Array) -> Entries:
        """The entries of all parts that rows of one table make up."""
        own = [part for part in parts if part.table.table.schema.name == table]
        nothing = np.empty(0, np.int64)
        places, amounts = [nothing], [nothing]
        for part in own:
            place = np.array([self._place[cell] for cell in part.cells], np.int64)
            count = len(part.rows)
            places.append(np.full(count, place[0]) if part.places is None else place[part.places])
            amounts.append(np.ones(count, np.int64) if part.amounts is None else part.amounts)
        index = np.concatenate([nothing, *(part.rows for part in own)]).astype(np.int64)
        number_of = np.zeros(int(rows[-1]) + 1 if len(rows) else 0, np.int64)
        number_of[rows] = numbers
        return Entries(number_of[index], np.concatenate(places), np.concatenate(amounts))

    def sums(self) -> dict[Cell, Sums] | None:
        """Every cell of the values, summed over the rows; None if the rows do not add up to the values."""
        size = len(self.cells)
        total: list[list[Whole]] = [
            [0] * size for _ in range(4)
        ]  # entered, left, stayed before, stayed after
        for name, (mine, its) in self._entries.items():
            staying = self._pairings[name].staying
            kinds = (
                its.where(~staying[its.numbers]), mine.where(~staying[mine.numbers]),
                mine.where(staying[mine.numbers]), its.where(staying[its.numbers]),
            )  # fmt: skip
            for sums, entries in zip(total, kinds, strict=True):
                sums[:] = [one + more for one, more in zip(sums, entries.sums(size), strict=True)]
        found = {}
        for place, (cell, parts) in enumerate(zip(self.cells, zip(*total, strict=True), strict=True)):
            entered, left, was, became = parts
            before, after = (numbers.get(cell, 0) for numbers in self.numbers)
            if left + was != before or entered + became != after:
                return None
            if cell in self.numbers[0] or cell in self.numbers[1]:
                found[self.cells[place]] = Sums(before, entered, -left, became - was, after)
        return found

    def changed(self, table: str) -> Moved:
        """The rows on both sides that add more or less to some cell than before."""
        staying = self._pairings[table].staying
        mine, its = (entries.where(staying[entries.numbers]) for entries in self._entries[table])
        found = self._moved(*_without_equals(mine, its, len(staying)))
        return found.where(np.asarray(found.before != found.after, bool))

    def every(self, table: str) -> Moved:
        """The rows that entered, those that left, and those that add more or less than before."""
        mine, its = self._entries[table]
        found, staying = self.changed(table), self._pairings[table].staying
        others = self._moved(mine.where(~staying[mine.numbers]), its.where(~staying[its.numbers]))
        return joined((found, others))

    def _moved(self, mine: Entries, its: Entries) -> Moved:
        """What each row adds to each cell, before and after."""
        size, split = max(len(self.cells), 1), len(mine.numbers)
        codes = np.concatenate([mine.numbers * size + mine.places, its.numbers * size + its.places])
        pairs, back = _numbered(codes)
        before = summed(back[:split], mine.amounts, len(pairs))
        after = summed(back[split:], its.amounts, len(pairs))
        return Moved(pairs // size, pairs % size, before, after)


def _without_equals(mine: Entries, its: Entries, size: int) -> tuple[Entries, Entries]:
    """Without the rows that have one entry on each side, and the same: most rows, most of the time."""
    single = np.bincount(mine.numbers, minlength=size) == 1
    single &= np.bincount(its.numbers, minlength=size) == 1
    places, amounts = np.full(size, -1), np.zeros(size, mine.amounts.dtype)
    places[mine.numbers], amounts[mine.numbers] = mine.places, mine.amounts
    same = single[its.numbers] & (places[its.numbers] == its.places)
    same &= np.asarray(amounts[its.numbers] == its.amounts, bool)
    equal = np.zeros(size, bool)
    equal[its.numbers[same]] = True
    return mine.where(~equal[mine.numbers]), its.where(~equal[its.numbers])


def _numbered(codes: Array) -> tuple[Array, Array]:
    """The distinct codes, ascending, and which of them each is; without sorting where they lie close."""
    most = int(codes.max()) + 1 if len(codes) else 0
    if most > 8 * len(codes):
        pairs, back = np.unique(codes, return_inverse=True)
        return pairs, back
    occurs = np.zeros(most, bool)
    occurs[codes] = True
    return occurs.nonzero()[0], (np.cumsum(occurs) - 1)[codes]


def joined(parts: Iterable[Moved]) -> Moved:
    """Several, one after the other."""
    columns = zip(*(attrs.astuple(part, recurse=False) for part in parts), strict=True)
    return Moved(*(np.concatenate(column) for column in columns))


def summed(places: Array, amounts: Array, size: int) -> Array:
    """The exact sums of the amounts by place."""
    found = np.zeros(size, amounts.dtype)
    np.add.at(found, places, amounts)
    return found
