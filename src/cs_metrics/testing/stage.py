"""A world on the stage of the laws: what they make of it, each made when first asked for, once for all metrics."""

from __future__ import annotations

import copy
from collections.abc import Hashable, Iterable
from functools import cached_property
from typing import Any

import attrs

from ..enums import Role
from ..intake import from_records
from ..portfolio import Portfolio
from ..view import EVERYONE, View
from . import changing
from .changing import load, settings_of, view_of
from .strategies import World

__all__ = ["Stage"]


class Stage:
    """A world, its view, and the other worlds that the laws make of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._alone: dict[tuple[str, frozenset[Any]], View] = {}
        self._twins: dict[str, View] = {}

    @cached_property
    def view(self) -> View:
        """The world as its viewer sees it."""
        return view_of(self.world)

    @cached_property
    def frames(self) -> dict[str, Any]:
        """The world as frames, and what no metric may change."""
        return from_records(self.world.tables)

    @cached_property
    def copies(self) -> dict[str, Any]:
        """What those frames were before anybody looked."""
        return copy.deepcopy(self.frames)

    @cached_property
    def of_frames(self) -> Portfolio:
        """A portfolio of those frames themselves."""
        assert self.copies is not None  # made before the portfolio has them in its hands
        return Portfolio.from_frames(**self.frames, **settings_of(self.world))

    @cached_property
    def first(self) -> View:
        return view_of(self.world, self.of_frames)

    @cached_property
    def second(self) -> View:
        return view_of(self.world, self.of_frames)

    @cached_property
    def any_frames(self) -> dict[str, Any]:
        """The tables as frames of several kinds, shuffled; how, the world itself decides."""
        return changing.any_frames(self.world, seed=repr(self.world))

    @cached_property
    def shuffled(self) -> View:
        return view_of(self.world, Portfolio.from_frames(**self.any_frames, **settings_of(self.world)))

    def alone(self, table: str, keys: Iterable[Hashable]) -> View:
        """Without the other rows of a table."""
        wanted = table, frozenset(keys)
        if wanted not in self._alone:
            self._alone[wanted] = view_of(self.world, changing.only_rows(self.world, *wanted))
        return self._alone[wanted]

    @cached_property
    def subtrees(self) -> dict[Any, View]:
        """What each user would see as a manager."""
        return self._everybody(Role.SUCCESS_MANAGER)

    @cached_property
    def themselves(self) -> dict[Any, View]:
        """What each user would see as an agent."""
        return self._everybody(Role.SUCCESS_AGENT)

    @cached_property
    def widest(self) -> View:
        """What EVERYONE sees."""
        return view_of(self.world, self.view.portfolio, EVERYONE)

    def _everybody(self, role: Role) -> dict[Any, View]:
        users = self.world.tables.get("users", ())
        if not users:
            return {}
        told = [attrs.evolve(user, role=role) for user in users]
        portfolio = load(self.world, {**self.world.tables, "users": told})
        return {user.id: view_of(self.world, portfolio, user.id) for user in users}

    @cached_property
    def parts(self) -> list[View]:
        """The parts of the world split by account."""
        return [view_of(self.world, load(self.world, part)) for part in changing.shards(self.world)]

    @cached_property
    def existing(self) -> View:
        """Without the rows that do not exist yet."""
        return view_of(self.world, load(self.world, changing.existing(self.world)))

    @cached_property
    def watched(self) -> View:
        """With rows that the viewer may not see."""
        extra = changing.canaries(self.world)
        tables = {name: [*rows, *extra.get(name, [])] for name, rows in self.world.tables.items()}
        return view_of(self.world, load(self.world, tables))

    def twins(self, table: str) -> View:
        """With every row of a table twice."""
        if table not in self._twins:
            self._twins[table] = view_of(self.world, load(self.world, changing.twins(self.world, table)))
        return self._twins[table]
