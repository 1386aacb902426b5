"""What all results share: where they came from, their rows, and how they travel and merge."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import attrs
import numpy as np

from ..errors import OptionError, RowsNotKept
from .version import RESULTS

if TYPE_CHECKING:
    import os

    from ..charts.picture import Chart
    from ..columns import Array
    from ..selection import Rows
    from ..view import View
    from .contributions import Cell, Contributions, MadeOf, Part, Whole

__all__ = ["Context", "Result", "Spec"]

R = TypeVar("R", bound="Result")
_AT = {"kind": "at"}
PLAIN = {str, int, float, bool, type(None)}


@attrs.frozen(kw_only=True)
class Spec:
    """Which metric a result is of: its definition, unit and source, what it counts, options as called."""

    id: str
    title: str
    unit: str
    source: str
    definition: str
    counts: str
    options: Mapping[str, Any]
    version: int = 1

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "title": self.title,
            "unit": self.unit,
            "source": self.source,
            "definition": self.definition,
            "counts": self.counts,
            "options": plain(self.options),
            "version": self.version,
        }


class Published:
    """A class that routes of FastAPI return and take as its JSON; nothing of pydantic is imported before it asks."""

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Any:
        """The object from its `to_dict`."""
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from .openapi import pydantic_schema
        from .schemas import of_class

        return pydantic_schema(cls, cls.from_dict, of_class(cls))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        from .openapi import component
        from .schemas import definitions, of_class

        return component(of_class(cls), definitions(), handler)


@attrs.frozen(kw_only=True)
class Context:
    """Who looked, at which day, at what, in which currency, and at which rows.

    `portfolio` is the fingerprint of all rows, None where nobody had asked for it.
    """

    as_of: dt.date
    viewer: Any
    filters: Mapping[str, Any]
    currency: str
    exponent: int
    portfolio: str | None = None

    @classmethod
    def of(cls, rows: Rows) -> Context:
        return cls.of_view(rows.table.view)

    @classmethod
    def of_view(cls, view: View) -> Context:
        """The context of whatever is computed over a view."""
        return cls(
            as_of=view.as_of,
            viewer=view.viewer,
            filters={} if view.filters is None else view.filters.to_dict(),
            currency=view.portfolio.settings.currency,
            exponent=view.portfolio.exponent,
            portfolio=view.portfolio.known_fingerprint,
        )

    def beside(self, other: Context) -> Context:
        """The context of two results together, which are not of one portfolio any more unless both are."""
        return self if self.portfolio == other.portfolio else attrs.evolve(self, portfolio=None)

    def major(self, minor: int) -> Decimal:
        """An amount in the currency's units."""
        return Decimal(minor).scaleb(-self.exponent)

    def to_dict(self) -> dict[str, Any]:
        viewer = self.viewer if isinstance(self.viewer, int | str) else {"everyone": True}
        return {
            "as_of": self.as_of.isoformat(),
            "viewer": viewer,
            "filters": dict(self.filters),
            "currency": {"code": self.currency, "exponent": self.exponent},
            "portfolio": self.portfolio,
        }


class Result(Published):
    """One computed metric.

    A live result knows the rows behind it; one that was pickled, read back or merged from such knows its
    value, what was excluded and its listed columns, and raises `RowsNotKept` when asked for its rows.
    """

    kind: ClassVar[str]
    cell_names: ClassVar[tuple[str, ...]] = ()
    _spec: Spec
    _made_of: MadeOf | None = None
    _elsewhere: Callable[[], Any] | None = None
    """What fetches the rows of a result that was merged from parts which others hold."""

    def __init__(self, rows: Rows) -> None:
        self._rows: Rows | None = rows
        self._parts: tuple[Result, ...] = ()

    # what it says ---------------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The headline, in plain Python."""
        raise NotImplementedError

    @property
    def spec(self) -> Spec:
        """The definition, unit, source and options as called."""
        spec = self.__dict__.get("_spec")
        if spec is None:
            metric, options, _ = self.__dict__["_origin"]
            spec = self._spec = metric.spec(options)
        return cast(Spec, spec)

    @property
    def context(self) -> Context:
        """Who looked, at which day, at what."""
        context = self.__dict__.get("_context")
        if context is None:
            context = self.__dict__["_context"] = Context.of(self._live())
        return context

    @property
    def as_of(self) -> dt.date:
        """The day on which this stands."""
        return self.context.as_of

    @property
    def viewer(self) -> Any:
        """Who looked: a user's id, or EVERYONE."""
        return self.context.viewer

    @property
    def filters(self) -> Mapping[str, Any]:
        """What the view was narrowed to, by the names of the filters."""
        return self.context.filters

    @property
    def excluded(self) -> dict[str, int]:
        """How many rows in scope were not used, by reason; used + excluded = the counted rows in scope."""
        if self._rows is not None:
            return self._rows.excluded
        return dict(self.__dict__["_excluded"])

    @property
    def used(self) -> int:
        """How many rows the value is made of."""
        return self._rows.count if self._rows is not None else int(self.__dict__["_used"])

    def rows(self) -> Any:
        """The rows behind the value, as the kind of frame that went in, with every column supplied.

        Listings keep their order; the rows of other results are in the order of their ids.
        """
        if self._elsewhere is not None:
            return self._elsewhere()
        if self._parts:
            return _stacked(self._parts)
        table = self._live().table
        return table.table.source.take(table.supplied(self._ordered()).astype(np.int64))

    def _live(self) -> Rows:
        if self._rows is None:
            raise RowsNotKept(
                f"{self.spec.id} was sent or read back without its rows; compute it again to see them"
            )
        return self._rows

    def _ordered(self, limit: int | None = None) -> Array:
        """The used rows in the order of the result."""
        from .ordering import ordered

        return ordered(self._live(), (), limit)

    def _row_keys(self) -> list[tuple[Any, ...]]:
        """What the rows of merged parts are sorted by, in the order of `rows()`."""
        from .ordering import natural_keys

        return natural_keys(self._live().table, self._ordered())

    # how it is explained --------------------------------------------------------------------------------

    def contributions(self) -> Contributions:
        """The value cell by cell, and what each row adds to it, exactly: what `what_changed` explains with.

        Raises:
            OptionError: the value is not made of rows that add up, or the result was not told how.
            RowsNotKept: the result was sent or read back without its rows.
        """
        from .contributions import Contributions

        self._live()
        parts = self._entries()
        if parts is None:
            raise self._unexplained("it does not say what each row adds to it")
        numbers = self._numbers()
        parts = [part.without_others(numbers) for part in parts]
        return Contributions(self.cell_names, numbers, tuple(parts), self._whole(parts))

    def _entries(self) -> Sequence[Part] | None:
        """What the rows add to the cells, None where nobody said."""
        return None if self._made_of is None else self._made_of()

    def _numbers(self) -> Mapping[Cell, Whole]:
        """The value as exact numbers by cell, money in minor units."""
        raise self._unexplained(f"a result of the kind {self.kind!r} does not add up over rows")

    def _whole(self, parts: Sequence[Part]) -> Contributions | None:
        """The total beside the cells, of a result that has one, and what the rows add to that."""
        return None

    def _unexplained(self, why: str) -> OptionError:
        allowed = f"a metric whose value is a sum over rows; of this one {why}"
        return OptionError("metric", self.spec.id, allowed)

    # how it travels -------------------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        """All that the value is computed from, in plain Python."""
        raise NotImplementedError

    def _restore(self, state: dict[str, Any]) -> None:
        """Take on a state."""
        self.__dict__.update(state)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "state": self._state(),
            "spec": self.spec,
            "context": self.context,
            "excluded": self.excluded,
            "used": self.used,
        }

    def __setstate__(self, sent: dict[str, Any]) -> None:
        self._rows, self._parts = None, ()
        self._spec = sent["spec"]
        self.__dict__["_context"] = sent["context"]
        self.__dict__["_excluded"] = dict(sent["excluded"])
        self.__dict__["_used"] = sent["used"]
        self._restore(sent["state"])

    def __copy__(self: R) -> R:
        return self  # nothing in it ever changes

    def __deepcopy__(self: R, memo: dict[int, Any]) -> R:
        return self

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same view; of which rows it was made is told apart."""
        return isinstance(other, Result) and said(self.to_dict()) == said(other.to_dict())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self.spec.id} on {self.as_of.isoformat()}: {self._shown()}>"

    def _shown(self) -> str:
        return f"{self.value} {self.spec.unit}"

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it; its schema is `cs_metrics.results.schema()`."""
        return {
            "schema": RESULTS,
            "kind": self.kind,
            "metric": self.spec.to_dict(),
            **self.context.to_dict(),
            **self._payload(),
            "used": self.used,
            "excluded": self.excluded,
        }

    def _payload(self) -> dict[str, Any]:
        """What this kind of result adds to `to_dict`."""
        raise NotImplementedError

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Result:
        """A result from what `to_dict` gave: equal to it, without the rows behind it."""
        from .exchange import from_dict

        return from_dict(data)

    def to_json(self) -> str:
        """The result as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The value as CSV, of a listing all lines, written to `path` if one is given.

        Texts that a spreadsheet would take for a formula get an apostrophe before them.
        """
        from ..render.export import to_csv, write

        text = to_csv(self)
        if path is not None:
            write(text, Path(path))
        return text

    def _repr_html_(self) -> str:
        from ..render.notebook import of_result

        return of_result(self)

    def to_frame(self) -> Any:
        """The value as a frame of the kind that the counted table came in."""
        return native_frame(self._records(), self)

    def _records(self) -> dict[str, list[Any]]:
        """The value as columns."""
        raise NotImplementedError

    def chart(self, *, locale: str = "en", **options: Any) -> Chart:
        """A picture of the value, with numbers as they are written in `locale`; needs the extra `charts`.

        Further options are those of the kind of picture, such as `limit` of bars.

        Raises:
            OptionError: no picture serves such a result, or an option is not one of its picture.
            MissingExtra: the extra `charts` is not installed.
        """
        from ..charts import chart

        return chart(self, locale=locale, **options)

    # how it merges --------------------------------------------------------------------------------------

    def merge(self: R, other: R) -> R:
        """The metric over both of two disjoint parts of a portfolio, split by account; exact."""
        if not isinstance(other, Result):
            raise OptionError("other", other, "a result of the same metric, options, day, viewer and filters")
        mine, its = (
            (type(part), part.spec, part.as_of, part.viewer, part.filters, part.context.currency)
            for part in (self, other)
        )
        if mine != its:
            raise OptionError("other", other, "a result of the same metric, options, day, viewer and filters")
        if self.filters.get("cut", _AT)["kind"] != "at":
            told = "a filter by customer segment with Cut.at(value, effort): each part would have its own cut"
            raise OptionError("filters", self.filters, told)
        merged = type(self).__new__(type(self))
        merged.__setstate__(
            {
                "state": self._merged(other),
                "spec": self.spec,
                "context": self.context.beside(other.context),
                "excluded": added(self.excluded, other.excluded),
                "used": self.used + other.used,
            }
        )
        merged._parts = (self, other)
        return merged

    def _merged(self: R, other: R) -> dict[str, Any]:
        """The state of both together."""
        raise NotImplementedError

    def _as_asked(self, spec: Spec, context: Context) -> None:
        """Say what was asked for, of a result that was merged of parts which were asked something more exact."""
        self._spec, self.__dict__["_context"] = spec, context


def said(told: Mapping[str, Any]) -> dict[str, Any]:
    """What a result says, and its halves, but not of which portfolio."""
    return {
        name: said(part) if isinstance(part, Mapping) and "portfolio" in part else part
        for name, part in told.items()
        if name != "portfolio"
    }


def added(mine: Mapping[Any, Any], its: Mapping[Any, Any]) -> dict[Any, Any]:
    """Numbers by key, added up; keys stay in order."""
    return {key: mine.get(key, 0) + its.get(key, 0) for key in dict.fromkeys((*mine, *its))}


def plain(value: Any) -> Any:
    """A value of an option as JSON takes it; a model as its `to_dict` says."""
    if type(value) in PLAIN:
        return value
    if attrs.has(type(value)):
        told = value.to_dict() if hasattr(value, "to_dict") else attrs.asdict(value, recurse=False)
        return plain(told)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset | tuple | list):
        items = [plain(item) for item in value]
        return sorted(items, key=str) if isinstance(value, set | frozenset) else items
    if isinstance(value, Decimal | Fraction | dt.date):
        return str(value)
    return str(value) if isinstance(value, str) else value


def native_frame(columns: Mapping[str, Any], result: Result) -> Any:
    """Columns as a frame of the kind in which the counted table was supplied; pandas where it is not known."""
    from ..frames import frame

    rows = result._rows
    for part in result._parts:
        rows = rows or part._rows
    return frame(columns, "pandas" if rows is None else rows.table.table.source.kind)


def _stacked(parts: tuple[Result, ...]) -> Any:
    """The rows of parts, one below the other, in the order of the result."""
    from ..frames import stack

    keys = [key for part in parts for key in part._row_keys()]
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return stack([part.rows() for part in parts], order)
