"""All tables of a company, checked, coded and laid out; immutable, and closed unless a viewer is named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from . import intake, money, saved
from .errors import MissingTable, NotVisible, Problem, UnknownViewer
from .filters import Filters, as_filters, as_plain
from .fingerprint import fingerprint
from .history import History, as_frames, read_history
from .layout import Table, lay_out_tables
from .periods import as_date, day_number
from .records import HISTORY, SCHEMA, Role
from .refresh import refreshed
from .settings import Settings
from .view import EVERYONE, View, Viewer

if TYPE_CHECKING:
    import datetime as dt
    import os

    import numpy as np

    from .hierarchy import Hierarchy

__all__ = ["Portfolio"]

OnError: TypeAlias = Literal["raise", "quarantine"]
Progress: TypeAlias = Callable[[str, int], None]
EPOCHS = 4
"""So many earlier states of the rows are kept laid out."""


class Portfolio:
    """A company's customer success records, ready to be looked at.

    Made by `from_frames`, `from_records`, `read`, `from_database`, `from_source` or `open`.
    `view(as_of=..., viewer=...)` is the only way to its rows. `warnings` holds what is allowed but odd in the
    data, `rejected` the rows that `on_error="quarantine"` left out, with their reasons.
    """

    def __init__(
        self, tables: Mapping[str, Any], settings: Settings, on_error: OnError, progress: Any
    ) -> None:
        rows = {name: table for name, table in tables.items() if name != HISTORY.name}
        loaded = intake.load(rows, settings, on_error=on_error, progress=progress)
        hierarchy, laid_out = lay_out_tables(loaded, money.exponent(settings.currency))
        self._take_on(settings, hierarchy, laid_out)
        self.__dict__.update(warnings=loaded.warnings, rejected=loaded.rejected, history=History())
        if tables.get(HISTORY.name) is not None:
            self._take_on_history(tables[HISTORY.name], on_error)

    def _take_on_history(self, given: Any, on_error: OnError) -> None:
        """What is told of earlier days, beside what was known of it before."""
        told = read_history(given, self.tables, self.settings.tz, on_error)
        history = told.history.after(self.history)
        self.__dict__.update(
            warnings=(*self.warnings, *history.loose_ends(self.tables)),
            rejected=self.rejected | told.rejected,
            history=history,
        )

    def _take_on(self, settings: Settings, hierarchy: Hierarchy, tables: Mapping[str, Table]) -> None:
        self.settings = settings
        self.exponent = money.exponent(settings.currency)
        self.hierarchy, self.tables = hierarchy, dict(tables)
        self._kept: saved.Kept | None = None
        self._only: Viewer | None = None
        self._fingerprint: str | None = None
        self._of: Portfolio | None = None
        self._stood: dict[int, Portfolio] = {}
        self._standing = Lock()
        self._seats: dict[tuple[type, Any], tuple[int, int]] = {}
        self._size = sum(table.n for table in self.tables.values())

    def _repr_html_(self) -> str:
        from .render.notebook import of_portfolio

        return of_portfolio(self)

    @classmethod
    def from_frames(
        cls,
        *,
        currency: str = "USD",
        rates: Mapping[str, Decimal | int | str] | None = None,
        tz: str = "UTC",
        fiscal_year_start: int = 1,
        on_error: OnError = "raise",
        progress: Progress | None = None,
        **tables: Any,
    ) -> Portfolio:
        """A portfolio from frames, one a table, by the tables' names; kinds may be mixed.

        Args:
            currency: the portfolio's currency (ISO 4217); amounts in another one are converted row by row.
            rates: portfolio units for one unit of each other currency.
            tz: the time zone in which an aware date-time is cut to its day.
            fiscal_year_start: the month in which the fiscal year starts, 1 to 12.
            on_error: "raise" raises one DataError with all problems; "quarantine" loads the rest.
            progress: called with each table's name and number of rows once it is checked.
            tables: pandas, Polars, PyArrow, DuckDB relations, or anything else that speaks the Arrow PyCapsule
                interface or that narwhals wraps. Columns beyond the declared ones come back in rows.

        Raises:
            DataError: with every broken rule in `.problems`.
            HierarchyError: the managers run in a circle.
            MissingRate: a currency without a rate.
            OptionError: an unknown currency, time zone or month.
        """
        settings = Settings(currency=currency, rates=rates or {}, tz=tz, fiscal_year_start=fiscal_year_start)
        return cls(tables, settings, on_error, progress)

    @classmethod
    def from_records(
        cls,
        *,
        currency: str = "USD",
        rates: Mapping[str, Decimal | int | str] | None = None,
        tz: str = "UTC",
        fiscal_year_start: int = 1,
        on_error: OnError = "raise",
        **tables: Iterable[Any],
    ) -> Portfolio:
        """A portfolio from records, such as `engagements=[Engagement(...), ...]`; rows come back as pandas."""
        settings = Settings(currency=currency, rates=rates or {}, tz=tz, fiscal_year_start=fiscal_year_start)
        return cls(intake.from_records(tables), settings, on_error, None)

    @classmethod
    def read(
        cls,
        folder: str | os.PathLike[str],
        *,
        on_error: OnError = "raise",
        progress: Progress | None = None,
    ) -> Portfolio:
        """A portfolio from a folder of files, one a table (`engagements.csv`, `.parquet`, `.arrow`, `.jsonl`).

        An optional `portfolio.toml` sets currency, rates, tz and fiscal_year_start.
        """
        tables, settings = intake.read_folder(Path(folder))
        return cls(tables, Settings(**settings), on_error, progress)

    @classmethod
    def from_source(
        cls,
        source: str,
        folder: str | os.PathLike[str],
        *,
        mapping: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        on_error: OnError = "raise",
        progress: Progress | None = None,
        **settings: Any,
    ) -> Portfolio:
        """A portfolio from a folder of files as a vendor exports them; docs/sources.md says what is read of each.

        Args:
            source: "servicenow", "customersuccessbox", "salesforce" or "hubspot"; "own": only `mapping` counts.
            folder: holds CSV, JSON or JSON Lines files, named as the vendor names its tables.
            mapping: a TOML file, or what one holds, that adds to the vendor's mapping or takes its place.
            settings: currency, rates, tz and fiscal_year_start, as for `from_frames`.

        What the mapping leaves out, or reads by a rule for all the rest, is told in `warnings`.

        Raises:
            DataError: as for `from_frames`; also for fields that are missing and words that nobody mapped.
        """
        given = Settings(**settings)
        tables, notes = intake.read_source(source, folder, mapping)
        made = cls(tables, given, on_error, progress)
        made.__dict__["warnings"] = (*notes, *made.warnings)
        return made

    @classmethod
    def from_database(
        cls,
        connection: Any,
        *,
        tables: Collection[str] | Mapping[str, str] | None = None,
        queries: Mapping[str, Any] | None = None,
        viewer: Viewer | None = None,
        extra_columns: bool = False,
        batch: int = 50_000,
        on_progress: Progress | None = None,
        on_error: OnError = "raise",
        **settings: Any,
    ) -> Portfolio:
        """A portfolio from the tables of a database, or from queries in their place; nothing is written there.

        Args:
            connection: a DB-API connection (SQLite, PostgreSQL, DuckDB, ...), or a SQLAlchemy one or its engine.
            tables: which of them to read, or their names there (`{"accounts": "crm.customers"}`); by default all
                that have our names.
            queries: SQL, or SQLAlchemy selectables, whose columns are those of the table.
            viewer: read no more than this user's answers need; then only they and those below can look.
            extra_columns: read the columns that are not ours too, so that they come back in rows.
            batch: so many rows at a time.
            on_progress: called with a table's name and the rows of it so far, with every batch.
            settings: currency, rates, tz and fiscal_year_start, as for `from_frames`.

        Raises:
            DataError: as for `from_frames`; also where the database refuses, or breaks off half way.
            UnknownViewer: the viewer is not a user there.
        """
        given = Settings(**settings)
        only = None if viewer is EVERYONE else viewer
        read = intake.read_database(
            connection, tables=tables, queries=queries, viewer=only,
            extra_columns=extra_columns, batch=batch, on_progress=on_progress,
        )  # fmt: skip
        made = cls(read, given, on_error, None)
        made._only = only
        return made

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, verify: bool = False) -> Portfolio:
        """A portfolio that `save` wrote, ready in milliseconds however large it is.

        The file is mapped into memory: what nobody asks for is not read, and several processes share what is.
        Each part's checksum is verified when it is first read.

        Args:
            verify: verify all parts now, so that no first reader waits for it.

        Raises:
            DataError: it is no saved portfolio, not all of it, damaged, or saved by another release. Damage in
                a part that was not verified on opening is told when the part is first read.
        """
        kept = saved.open_file(path, verify=verify)
        made = cls.__new__(cls)
        made._take_on(kept.settings, kept.hierarchy, kept.tables)
        made._kept, made._only, made._fingerprint = kept, kept.only, kept.fingerprint
        return made

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the portfolio to one file, laid out, for `Portfolio.open`.

        A file that is there is replaced in one step once all is on disk; whoever has it open goes on with
        what they opened. A new file can be read by its owner only.

        Raises:
            DataError: there is no writing there, or a column holds objects that only pickle could write.
        """
        if self._of is not None:
            return self._of.save(path)
        kept = saved.Kept(
            settings=self.settings,
            hierarchy=self.hierarchy,
            tables=self.tables,
            warnings=lambda: self.warnings,
            rejected=lambda: self.rejected,
            history=lambda: self.history,
            only=self._only,
            fingerprint=self.fingerprint,
        )
        return saved.save(path, kept)

    def refresh(
        self,
        *,
        removed: Mapping[str, Iterable[Any]] | None = None,
        on_error: OnError = "raise",
        **changed: Any,
    ) -> Portfolio:
        """A new portfolio in which some rows have changed; this one stays as it is.

        It is equal to the one that `from_frames` makes of the merged tables. Where only tables change that no
        other table refers to (tasks, risk_signals, measures, ...), all others are taken over as they are.

        Args:
            removed: by table, the keys of rows that are to go: ids, or tuples of the columns of its key.
            on_error: as for `from_frames`; `rejected` then holds the rows that this refresh left out.
            changed: by table, frames of the kind in which it came, or records: each row takes the place of the
                one with its key, or is new. A table that was not there is there from now on. Rows of `history`
                go to those that are there.

        Raises:
            DataError: as for `from_frames`; also where a row that is to be removed is not there.
            OptionError: an unknown table, or a frame of another kind.
        """
        if self._of is not None:
            return self._of.refresh(removed=removed, on_error=on_error, **changed)
        told_of = changed.pop(HISTORY.name, None)
        found = refreshed(self.tables, self.settings, changed, removed or {}, on_error)
        made = type(self).__new__(type(self))
        made._take_on(self.settings, found.hierarchy or self.hierarchy, found.tables)
        made._only = self._only
        told = [one for one in self.warnings if one.table not in found.read]
        told += [one for one in found.loaded.warnings if one.table in found.read]
        places = {name: place for place, name in enumerate(SCHEMA)}
        told.sort(key=lambda one: places.get(one.table, -1))
        history = self.history.among(made.tables)
        made.__dict__.update(warnings=tuple(told), rejected=found.loaded.rejected, history=history)
        if told_of is not None:
            made._take_on_history(told_of, on_error)
        return made

    def _as_it_stood(self, day: int) -> Portfolio:
        """This portfolio, or the one whose rows say what they said on an earlier day."""
        if day >= self.history.last_day:
            return self
        epoch = self.history.epoch(day)
        with self._standing:  # laid out once, whoever asks first
            if epoch not in self._stood:
                while len(self._stood) >= EPOCHS:
                    del self._stood[next(iter(self._stood))]
                self._stood[epoch] = self._stand(epoch)
            return self._stood[epoch]

    def _stand(self, epoch: int) -> Portfolio:
        """The portfolio as it stood between two days of its history, laid out anew."""
        rows = self.history.stood(epoch)
        if not rows:
            return self
        made = self.refresh(**as_frames(self.tables, rows))
        made.__dict__["history"] = History()
        made._of = self
        return made

    @property
    def fingerprint(self) -> str:
        """What tells this portfolio apart: the same for the same rows and settings, and else another one.

        Neither the order of rows nor the kind of their frames changes it, nor whether they were loaded or
        opened. Columns beyond the declared ones do not count. Worked out when first asked for, and kept in
        saved portfolios; results carry it from then on.
        """
        if self._of is not None:
            return self._of.fingerprint
        if self._fingerprint is None:
            self._fingerprint = fingerprint(self.tables, self.settings, self.history)
        return self._fingerprint

    @property
    def known_fingerprint(self) -> str | None:
        """The fingerprint, if somebody asked for it before, or the portfolio was opened; it costs nothing."""
        return self._fingerprint if self._of is None else self._of.known_fingerprint

    @cached_property
    def history(self) -> History:
        """What was told of earlier days; without entries where nothing was."""
        return History() if self._kept is None else self._kept.history()

    @cached_property
    def warnings(self) -> tuple[Problem, ...]:
        """What is allowed but odd in the data."""
        return () if self._kept is None else self._kept.warnings()

    @cached_property
    def rejected(self) -> dict[str, Any]:
        """The rows that `on_error="quarantine"` left out, by table, with their reasons."""
        return {} if self._kept is None else self._kept.rejected()

    def view(
        self,
        *,
        as_of: dt.date | dt.datetime | str | np.datetime64,
        viewer: Viewer,
        filters: Filters | Mapping[str, Any] | None = None,
    ) -> View:
        """What one viewer sees on one day.

        Args:
            as_of: the day on which every number stands.
            viewer: a user's id, or EVERYONE. A success_manager sees the whole subtree below and their own
                rows, a success_agent their own rows only.
            filters: what to narrow it down to.

        Raises:
            UnknownViewer: the viewer is not a user of this portfolio.
            NotVisible: the portfolio was read from a database for another viewer only.
            OptionError: `as_of` does not name a day without doubt.
        """
        day = as_date(as_of, "as_of", ZoneInfo(self.settings.tz))
        stood = self._as_it_stood(day_number(day))
        if stood is not self:
            return stood.view(as_of=day, viewer=viewer, filters=filters)
        viewer = as_plain(viewer)
        positions = None if viewer is EVERYONE else self._seat(viewer)
        self._check_read_for(positions)
        return View(self, day, viewer, as_filters(filters), positions)

    def _check_read_for(self, positions: tuple[int, int] | None) -> None:
        """A portfolio that holds one viewer's rows only would give anybody above them numbers that are too small."""
        if self._only is None:
            return
        low, high = self._seat(self._only)
        if positions is None or not low <= positions[0] <= positions[1] <= high:
            raise NotVisible(
                "this portfolio was read for one viewer: only they and those below them can look"
            )

    def _seat(self, viewer: Viewer) -> tuple[int, int]:
        """The run of positions whose rows a viewer sees, remembered: the users of a portfolio never change."""
        known = isinstance(viewer, int | str)
        seat = self._seats.get((type(viewer), viewer)) if known else None
        if seat is None:
            seat = self.positions(viewer) if known else (0, 0)
            if seat == (0, 0):
                raise UnknownViewer(f"{viewer!r} is not a user of this portfolio; for all rows say EVERYONE")
            self._seats[type(viewer), viewer] = seat
        return seat

    def table(self, name: str) -> Table:
        """A laid-out table; for the library's own use."""
        if name not in self.tables:
            raise MissingTable(name)
        return self.tables[name]

    def positions(self, user: Any) -> tuple[int, int]:
        """The run of positions whose rows a user sees; (0, 0) for nobody."""
        at = self.find("users", user)
        if at < 0:
            return 0, 0
        role: Any = self.tables["users"].columns["role"]
        if role.labels[role.codes[at]] == Role.SUCCESS_MANAGER:
            return at, int(self.hierarchy.end[at])
        return at, at + 1

    def find(self, name: str, key: Any) -> int:
        """The laid-out row of an id, -1 where there is none."""
        table = self.tables.get(name)
        if table is None or table.keys is None:
            return -1
        row = table.keys.find(key)
        return -1 if row < 0 else int(table.place[row])

    @property
    def size(self) -> int:
        """How many rows all tables have."""
        return self._size

    def __repr__(self) -> str:
        return f"<Portfolio of {len(self.tables)} tables, {self.size:,} rows, in {self.settings.currency}>"
