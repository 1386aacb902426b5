"""The view of a whole whose rows lie in shards."""

from __future__ import annotations

import datetime as dt
import html
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

from ..errors import MissingTable, RowsNotKept
from ..money import exponent
from ..periods import day_number
from ..view import View

if TYPE_CHECKING:
    from ..filters import Filters
    from ..models import Cut
    from ..settings import Settings
    from ..view import Viewer
    from .folder import Shards

__all__ = ["WholeView"]


@attrs.frozen
class _Facts:
    """What those who show a report ask of its portfolio."""

    settings: Settings
    exponent: int
    known_fingerprint: str | None


class WholeView(View):
    """Who looked at the whole, on which day, at what; its rows are in the shards.

    A report over shards carries it in the place of a view. Asked for a table, it says where the rows are.
    """

    def __init__(
        self, shards: Shards, as_of: dt.date, viewer: Viewer, filters: Filters | None, cut: Cut | None
    ) -> None:
        self.as_of, self.today = as_of, day_number(as_of)
        self.viewer, self.filters = viewer, filters
        self.portfolio: Any = _Facts(shards.settings, exponent(shards.settings.currency), shards.fingerprint)
        self.shared = False
        self._shards, self._whole_cut = shards, cut

    def has(self, table: str) -> bool:
        """Whether a table was supplied."""
        return table in self._shards.rows

    def table(self, name: str) -> NoReturn:
        """Nobody has all rows of a table."""
        if not self.has(name):
            raise MissingTable(name)
        raise RowsNotKept(f"the rows of {name} lie in shards: see them with spark.rows")

    def options(self, name: str) -> NoReturn:
        """Nobody has looked what there is to choose from."""
        raise RowsNotKept("the rows lie in shards: ask the portfolio of one machine for options")

    @property
    def cut(self) -> Cut | None:
        """The thresholds by which a filter by customer segment went, None without one."""
        return self._whole_cut

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"
