"""The laws that every metric obeys, each as a function of one metric in one world; `check_metric` tries them.

Law 1, that a metric equals what it is defined as, needs somebody to say it a second time, row by row: that
stays with the metric's own tests.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import pickle
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..enums import Role
from ..errors import MissingTable, OptionError, RowsNotKept
from ..intake import from_records
from ..metric import Metric, metric_of
from ..portfolio import Portfolio
from ..records import SCHEMA
from ..results import Result, schema
from ..results.schemas import KIND_NAMES
from ..view import EVERYONE, View
from . import changing
from .changing import everything, load, row_keys, settings_of, view_of
from .strategies import World, worlds

__all__ = ["LAWS", "Case", "check_metric"]


class BrokenLaw(AssertionError):
    """A metric does not obey a law; the message says which, and with which options."""


@attrs.frozen
class Case:
    """A metric with options, in a world. `doubled` are the tables of which more rows must change nothing,
    `merges` says whether parts can be merged.
    """

    metric: Metric
    options: Mapping[str, Any]
    world: World
    doubled: Sequence[str] = ()
    merges: bool = True

    def of(self, view: View) -> Any:
        """The result over a view; None where a table is missing."""
        found = changing.compute(self.metric, view, self.options)
        return None if isinstance(found, MissingTable) else found

    def all_of(self, view: View) -> Any:
        """All that the result over a view says."""
        return everything(changing.compute(self.metric, view, self.options))

    def same(self, found: Any, expected: Any, what: str) -> None:
        """Both are equal, or the law is broken."""
        if found != expected:
            self.broken(f"{what}: {_told(found)} is not {_told(expected)}")

    def holds(self, condition: bool, what: str) -> None:
        if not condition:
            self.broken(what)

    def broken(self, what: str) -> None:
        given = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        raise BrokenLaw(f"{self.metric.id}({given}): {what}")


def _told(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 2_000 else f"{text[:2_000]}…"


# the laws ---------------------------------------------------------------------------------------------------


def it_gives_a_result(case: Case) -> None:
    """A metric gives a result of this library, whose rows are rows of the table that it says it counts."""
    result = changing.compute(case.metric, view_of(case.world), case.options)
    case.holds(isinstance(result, Result | MissingTable), f"it gives {_told(result)}, which is no Result")
    if isinstance(result, Result):
        repr(result), result.to_frame()
        counted = result._live().table.table.schema.name
        case.same(counted, case.metric.counts, "the table of its rows, and what it says it counts")


def order_and_kind_change_nothing(case: Case) -> None:
    """The order of rows and the kind of frame change nothing."""
    frames = changing.any_frames(case.world)
    shuffled = Portfolio.from_frames(**frames, **settings_of(case.world))
    found, expected = case.of(view_of(case.world, shuffled)), case.of(view_of(case.world))
    case.holds((found is None) == (expected is None), "tables are missing by the kind of frame")
    if found is not None and expected is not None:
        case.same(found.to_dict(), expected.to_dict(), "from shuffled frames of other kinds")
        case.same(len(found.rows()), expected.used, "how many rows of shuffled frames")


def inputs_are_untouched(case: Case) -> None:
    """Inputs are untouched, and a second call gives the same, on the same view and on another."""
    frames = from_records(case.world.tables)
    copies = copy.deepcopy(frames)
    portfolio = Portfolio.from_frames(**frames, **settings_of(case.world))
    view = view_of(case.world, portfolio)
    first = case.all_of(view)
    case.same(case.all_of(view), first, "a second call")
    case.same(case.all_of(view_of(case.world, portfolio)), first, "another view of the same")
    for name, frame in frames.items():
        case.holds(frame.equals(copies[name]), f"the table {name} was changed")


def the_headline_is_made_of_the_rows(case: Case) -> None:
    """Used and excluded rows are all in scope, and the used ones alone give the same, nothing left out."""
    view = view_of(case.world)
    result = case.of(view)
    if result is None:
        return
    table, keys = case.metric.counts, row_keys(result)
    there = view.table(table).everything.count
    case.same(
        result.used + sum(result.excluded.values()), there, "used and excluded rows, and those in scope"
    )
    case.same(len(keys), result.used, "the rows behind it, and how many were used")
    case.same(len(set(keys)), len(keys), "distinct rows behind it, and how many there are")
    again = case.of(view_of(case.world, changing.only_rows(case.world, table, frozenset(keys))))
    case.same(again.value, result.value, "the value over the rows behind it alone")
    case.same(again.excluded, {}, "what is excluded of the rows behind it")


def scopes_nest(case: Case) -> None:
    """A manager sees the own rows and those of the reports' subtrees, and EVERYONE no fewer."""
    users = case.world.tables.get("users", ())
    seen, alone = (
        load(case.world, {**case.world.tables, "users": [attrs.evolve(user, role=role) for user in users]})
        if users else None
        for role in (Role.SUCCESS_MANAGER, Role.SUCCESS_AGENT)
    )  # fmt: skip
    for user in users:
        whole = case.of(view_of(case.world, seen, user.id))
        if whole is None:
            return
        reports = [report.id for report in users if report.manager_id == user.id]
        parts = [case.of(view_of(case.world, alone, user.id))]
        parts += [case.of(view_of(case.world, seen, report)) for report in reports]
        sizes = [part.used + sum(part.excluded.values()) for part in parts]
        case.same(whole.used + sum(whole.excluded.values()), sum(sizes), f"in scope of {user.id!r}")
        keys = [key for part in parts for key in row_keys(part)]
        widest = case.of(view_of(case.world, seen, EVERYONE))
        case.holds(
            set(keys) <= set(row_keys(whole)) <= set(row_keys(widest)),
            "a wider scope shows fewer rows",
        )


def merged_parts_are_the_whole(case: Case) -> None:
    """Computed over the parts of a portfolio split by account, pickled and merged, it is that of the whole."""
    expected = case.of(view_of(case.world))
    if expected is None:
        return
    parts = [case.of(view_of(case.world, load(case.world, part))) for part in changing.shards(case.world)]
    if not case.merges:
        try:
            parts[0].merge(parts[1])
        except OptionError:
            return
        case.broken("parts merge, although they are said not to")
    merged = parts[0].merge(parts[1])
    case.same(merged.to_dict(), expected.to_dict(), "merged parts")
    case.same(row_keys(merged), row_keys(expected), "the rows of merged parts")
    sent = [pickle.loads(pickle.dumps(part)) for part in parts]
    case.same(sent[0].merge(sent[1]).to_dict(), expected.to_dict(), "merged parts that were sent")


def what_does_not_exist_yet_changes_nothing(case: Case) -> None:
    """Rows that do not exist yet on the as-of day change nothing."""
    without = load(case.world, changing.existing(case.world))
    found = case.all_of(view_of(case.world))
    case.same(found, case.all_of(view_of(case.world, without)), "with rows that do not exist yet")


def a_canary_never_shows(case: Case) -> None:
    """Rows outside the viewer's scope show nowhere."""
    if case.world.viewer is None:
        return
    extra = changing.canaries(case.world)
    tables = {name: [*rows, *extra.get(name, [])] for name, rows in case.world.tables.items()}
    view = view_of(case.world, load(case.world, tables))
    case.same(case.all_of(view), case.all_of(view_of(case.world)), "with rows that the viewer may not see")
    result = case.of(view)
    if result is not None:
        rows = result.rows().to_csv(), str(result.to_frame().to_dict())
        said = "".join((repr(result), result.to_json(), *rows))
        case.holds("CANARY" not in said and "98765000" not in said, "it shows a row outside the scope")


def more_children_change_nothing(case: Case) -> None:
    """More rows of the tables that were named change nothing."""
    for child in case.doubled:
        if child in case.world.tables:
            more = load(case.world, changing.twins(case.world, child))
            found = case.all_of(view_of(case.world, more))
            case.same(found, case.all_of(view_of(case.world)), f"with every row of {child} twice")


def json_reads_back(case: Case) -> None:
    """As JSON it keeps to the schema, and reads back equal."""
    result = case.of(view_of(case.world))
    if result is None:
        return
    data = json.loads(result.to_json())
    if importlib.util.find_spec("jsonschema"):
        import jsonschema  # type: ignore[import-untyped]

        own = result.kind if result.kind in KIND_NAMES else None
        jsonschema.Draft202012Validator(schema(own)).validate(data)
    back = Result.from_dict(data)
    case.holds(back == result, "as JSON and back")
    case.same(back.value, result.value, "the value, as JSON and back")


def it_can_be_sent(case: Case) -> None:
    """It can be pickled, without its rows, and copied."""
    result = case.of(view_of(case.world))
    if result is None:
        return
    sent = pickle.loads(pickle.dumps(result))
    case.holds(sent == result and sent.excluded == result.excluded, "pickled and back")
    case.same(row_keys(copy.deepcopy(result)), row_keys(result), "the rows of a copy")
    try:
        sent.rows()
    except RowsNotKept:
        return
    case.broken("rows go with what is sent")


LAWS: tuple[Callable[[Case], None], ...] = (
    it_gives_a_result,
    inputs_are_untouched,
    order_and_kind_change_nothing,
    the_headline_is_made_of_the_rows,
    scopes_nest,
    merged_parts_are_the_whole,
    what_does_not_exist_yet_changes_nothing,
    a_canary_never_shows,
    more_children_change_nothing,
    json_reads_back,
    it_can_be_sent,
)


def check_metric(
    metric: Callable[..., Any] | Metric,
    worlds: st.SearchStrategy[World] | None = None,
    *,
    options: Iterable[Mapping[str, Any]] = (),
    doubled: Sequence[str] = (),
    merges: bool = True,
    laws: Sequence[Callable[[Case], None]] = LAWS,
    examples: int | None = None,
) -> None:
    """Hold a metric of your own against the laws that all metrics of the catalog obey.

    Args:
        metric: A function made a metric with `@metric`.
        worlds: What to try it on; by default portfolios with the tables that it needs, users and accounts.
            Give `testing.worlds(tables=[...])` for one that also reads tables that it can do without.
        options: Options to try besides the defaults.
        doubled: Tables whose rows, one more time under other ids, must change nothing.
        merges: False for a metric whose parts cannot be merged, such as one cut at a median.
        laws: Those to try.
        examples: How many portfolios; by default as many as Hypothesis' profile says.

    Raises:
        BrokenLaw: an AssertionError that says which law, with which options; Hypothesis tells the portfolio.
    """
    declared = metric if isinstance(metric, Metric) else metric_of(metric)
    calls = [{}, *options]
    unknown = {name for chosen in calls for name in chosen} - declared.defaults.keys()
    if unknown:
        raise OptionError("options", sorted(unknown), list(declared.defaults))

    @settings(
        max_examples=examples or settings().max_examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(_worlds(declared) if worlds is None else worlds)
    def obeys(world: World) -> None:
        for chosen in calls:
            for law in laws:
                law(Case(declared, chosen, world, doubled, merges))

    obeys()


def _worlds(metric: Metric) -> st.SearchStrategy[World]:
    """Portfolios with the tables that a metric needs, and with what tells whose rows they are."""
    wanted = {"users", "accounts", *metric.needs}
    for table in reversed(list(SCHEMA)):
        if table in wanted:
            wanted.update(SCHEMA[table].columns[column].refers or table for column in SCHEMA[table].follows)
    return worlds(tables=wanted)
