"""Accounts with their scores, and how they moved between bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .base import added
from .contributions import Part
from .listings import Listing
from .tables import Breakdown

if TYPE_CHECKING:
    from ..columns import Codes, Flags
    from ..selection import Rows

__all__ = ["Changes", "Scores"]


class Scores(Listing):
    """Accounts with a score: score, coverage and, of health, the band. `.value` is how many have one."""

    kind: ClassVar[str] = "scores"

    @property
    def scores(self) -> dict[Any, float]:
        """Each account's score, in the order of the listing."""
        place = self.names.index("score")
        return {line[0]: line[place] for line in self.head(self.value)}


class Changes(Breakdown):
    """Accounts that moved to another band: how many improved and declined, and from where to where."""

    kind: ClassVar[str] = "changes"

    def __init__(self, rows: Rows, before: Codes, now: Codes, height: Mapping[str, float]) -> None:
        index = rows.index
        size = len(now.labels)
        pairs = np.bincount(before.codes[index] * np.intp(size) + now.codes[index], minlength=size * size)
        self._moves: dict[tuple[str, str], int] = {
            (now.labels[place // size], now.labels[place % size]): count
            for place, count in enumerate(pairs.tolist())
            if count
        }
        heights = np.array([height[band] for band in now.labels])

        def rose() -> dict[tuple[str], Flags]:
            up = heights[now.codes] > heights[before.codes]
            return {("improved",): up, ("declined",): ~up}

        improved = sum(count for (old, new), count in self._moves.items() if height[new] > height[old])
        super().__init__(
            rows,
            {"improved": improved, "declined": rows.count - improved},
            made_of=lambda: (Part.split(rows, rose()),),
        )

    @property
    def moves(self) -> dict[tuple[str, str], int]:
        """How many accounts went from one band to another, in the order of the model's bands."""
        return dict(self._moves)

    def _state(self) -> dict[str, Any]:
        return super()._state() | {"_moves": self._moves}

    def _merged(self, other: Breakdown) -> dict[str, Any]:
        assert isinstance(other, Changes)
        moves = added(self._moves, other._moves)
        order = {band: place for place, band in enumerate(self._bands())}
        ordered = sorted(moves.items(), key=lambda move: (order[move[0][0]], order[move[0][1]]))
        return super()._merged(other) | {"_moves": dict(ordered)}

    def _bands(self) -> list[str]:
        """The model's bands in order."""
        model = self.spec.options["model"]
        return list(model["bands"] if isinstance(model, Mapping) else model.bands)

    def _payload(self) -> dict[str, Any]:
        moves = [{"from": old, "to": new, "value": count} for (old, new), count in self._moves.items()]
        return super()._payload() | {"moves": moves}
