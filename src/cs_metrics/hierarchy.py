"""The org tree as intervals: every subtree is one run of positions.

Users are numbered in preorder, siblings by their ids, so that whoever stands below a user has the positions
right after theirs. Rows sorted by their owner's position then lie together for every viewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from .errors import HierarchyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

__all__ = ["Hierarchy", "lay_out"]


@attrs.frozen(eq=False)
class Hierarchy:
    """Where each user stands: `position` by user, and by position `user` and `end`, the first one behind it.

    Rows without an owner stand at `size`, behind everybody's.
    """

    position: npt.NDArray[np.int32]
    user: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]

    @property
    def size(self) -> int:
        return len(self.user)


def lay_out(
    managers: npt.NDArray[np.int32],
    ranks: npt.NDArray[np.int32],
    names: Callable[[npt.NDArray[Any]], Sequence[object]],
) -> Hierarchy:
    """Number the users in preorder, without recursion: chains may be of any length.

    `managers` holds each user's manager's row, -1 at a root; `ranks` orders siblings; `names` gives the ids
    that a `HierarchyError` shows.
    """
    size = len(managers)
    order, children_from = _children(managers, ranks)
    preorder: list[int] = []
    position = [-1] * size
    todo = order[: children_from[0]][::-1]
    while todo:
        user = todo.pop()
        position[user] = len(preorder)
        preorder.append(user)
        first, last = children_from[user], children_from[user + 1]
        if first != last:
            todo.extend(order[first:last][::-1])
    if len(preorder) != size:
        cycle = _cycle(managers.tolist(), position)
        raise HierarchyError(names(np.array(cycle, np.int64)))
    return Hierarchy(
        np.array(position, np.int32), np.array(preorder, np.int32), _ends(preorder, position, managers)
    )


def _children(managers: npt.NDArray[np.int32], ranks: npt.NDArray[np.int32]) -> tuple[list[int], list[int]]:
    """All users sorted by manager and rank, roots first, and where each manager's reports begin in it."""
    order = np.lexsort((ranks, managers))
    starts = np.searchsorted(managers[order], np.arange(len(managers) + 1))
    return order.tolist(), starts.tolist()


def _ends(preorder: list[int], position: list[int], managers: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Each position's end: children come after their parents, so one walk backwards adds all sizes up."""
    above = [-1 if manager < 0 else position[manager] for manager in managers.tolist()]
    sizes = [1] * len(preorder)
    for at in range(len(preorder) - 1, 0, -1):
        parent = above[preorder[at]]
        if parent >= 0:
            sizes[parent] += sizes[at]
    return np.arange(len(preorder), dtype=np.int32) + np.array(sizes, np.int32)


def _cycle(managers: list[int], position: list[int]) -> list[int]:
    """One circle among the users that no root leads to, from the user with the smallest row on."""
    user = position.index(-1)
    seen: dict[int, int] = {}
    while user not in seen:
        seen[user] = len(seen)
        user = managers[user]
    path = list(seen)[seen[user] :]
    start = path.index(min(path))
    return path[start:] + path[:start]
