"""The shapes of what is known of a table's rows beyond their columns, and how makers of it read a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import numpy as np

from .daily import Days
from .intake import Coded
from .periods import FIRST_DAY, Window
from .sorting import sorted_by

if TYPE_CHECKING:
    from .columns import Array
    from .daily import Daily, Dues, Means, Settled, Standing, Successors
    from .layout import Table

__all__ = [
    "NOTHING", "Calendar", "Ledger", "Prepared", "Series", "Touches", "Verdicts", "begins_of", "column_of",
    "known_column", "where_is",
]  # fmt: skip


@attrs.frozen(eq=False)
class Calendar:
    """Rows of a long table in the order of a day: the rows of a window are one run.

    `rows` are these rows, or of a table of which nobody asks more, those of the parents that they follow.
    """

    days: Days
    rows: Array

    @classmethod
    def of(cls, days: Array, rows: Array, there: Array) -> Calendar | None:
        """A calendar of the rows that are `there`, ascending on each day; None where these are too far apart."""
        found = Days.of(days[there])
        return None if found is None else cls(found, sorted_by(days, rows, there))

    def within(self, window: Window) -> Array:
        """The rows of a window."""
        return self.rows[self.days.run(window)]


@attrs.frozen(eq=False)
class Verdicts:
    """Decisions on renewals in the order of the days on which they fell: of which contracts, whether they were won,
    since when there is such a contract (None: always by then), and until when each stands.

    Those without a day are not among them.
    """

    on: Days
    contracts: Array
    won: Array
    begins: Array | None
    until: Array

    def within(self, window: Window, today: int) -> tuple[Array, Array]:
        """The contracts decided in a window as it stands today, and which of them were won."""
        run = self.on.run(window)
        standing = self.until[run] > today
        if self.begins is not None:
            standing &= self.begins[run] <= today
        rows = standing.nonzero()[0] + run.start
        return self.contracts.take(rows), self.won.take(rows)


@attrs.frozen(eq=False)
class Touches:
    """Which signal touches which contract, from when until when: by contract, so a viewer's are one run.

    A signal touches the contract that it names, else each of its engagement.
    """

    contracts: Array
    signals: Array

    def active(self, until: Array, begins: Array, day: int, contracts: slice, signals: slice) -> Array:
        """Which contracts of a run, counted from its start, are touched on a day by signals of a run.

        `until` and `begins` are those of all signals.
        """
        first, last = self.contracts.searchsorted(
            np.array((contracts.start, contracts.stop), np.int32)
        ).tolist()
        touching = self.signals[first:last]
        found = until.take(touching) > day
        found &= begins.take(touching) <= day
        if signals.stop - signals.start < len(until):
            found &= touching >= signals.start
            found &= touching < signals.stop
        return np.asarray(self.contracts[first:last].take(found.nonzero()[0]) - np.int32(contracts.start))


@attrs.frozen(eq=False)
class Series:
    """All measures of one metric in the order of their accounts and days.

    By the accounts' rows, `known` says whether there is any, `last` is the latest of all, `since` its day, and
    `place` where it stands; without any 0, before every day, and -1.
    """

    parents: Array
    on: Array
    values: Array
    known: Array
    last: Array
    since: Array
    place: Array


@attrs.frozen(eq=False)
class Ledger:
    """What the applicable positions of each item come to, from the first one on up to every `STEP`th.

    So the sums over a run of positions are the difference of two lines, and what stands at its two ends.
    `sums` has a line for each step, in it a column for each item.
    """

    sums: Mapping[str, Array]


@attrs.frozen(eq=False, slots=False)
class Prepared:
    """What is known of a table's rows beyond their columns.

    `days` by row: until when it counts, from when it is decided. `tally`: how many children of each kind a parent
    has, by the parents' rows. `calendar`, `verdicts`: what happens when, of a long table. `touches`: which
    contracts signals touch. `daily`: how many rows of a long table have a day by when, by the day's column and what
    else they are counted by. `standing`: how many of them count on any day, by what they are counted by. `starts`:
    where the rows of each parent begin, one more for the end; `settled`: what these come to in the end. `dues`:
    renewals by the day on which they are due. `successors`: which score replaces which; `means`: what the scores
    come to by day. `sums`: what a parent's children come to, by the parents' rows. `series`: rows that stand on
    their own by a word. `ledger`: what they come to by another parent.
    """

    days: Mapping[str, Array] = attrs.field(factory=dict)
    tally: Mapping[str, Array] = attrs.field(factory=dict)
    calendar: Calendar | None = None
    verdicts: Verdicts | None = None
    touches: Touches | None = None
    daily: Mapping[tuple[str, ...], Daily] = attrs.field(factory=dict)
    standing: Mapping[tuple[str | int, ...], Standing] = attrs.field(factory=dict)
    starts: Array | None = None
    settled: Settled | None = None
    dues: Dues | None = None
    successors: Successors | None = None
    means: Means | None = None
    sums: Mapping[str, Array] = attrs.field(factory=dict)
    series: Mapping[str, Series] = attrs.field(factory=dict)
    ledger: Ledger | None = None


NOTHING = Prepared()


def column_of(table: Table, name: str) -> Array | None:
    """A column's bare array; None where it leads to a table that was not supplied."""
    values = table.columns.get(name)
    return values.codes if isinstance(values, Coded) else values


def where_is(table: Table, name: str, word: object) -> Array:
    """Where a column of words is this word."""
    values = table.columns[name]
    assert isinstance(values, Coded)
    labels = list(values.labels)
    return np.asarray(values.codes == (labels.index(word) if word in labels else -2))


def begins_of(table: Table) -> Array:
    """The first day on which each row and its parents exist."""
    return np.full(table.n, FIRST_DAY, np.int32) if table.begins is None else table.begins


def known_column(table: Table, name: str) -> Array:
    """A column that is never left out."""
    column = column_of(table, name)
    assert column is not None
    return column
