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
from functools import cache, cached_property
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..errors import MissingTable, OptionError, RowsNotKept
from ..metric import Metric, metric_of
from ..records import SCHEMA
from ..results import Result, schema
from ..results.schemas import KIND_NAMES
from ..view import View
from . import changing
from .changing import everything, row_keys
from .stage import Stage
from .strategies import World, worlds

__all__ = ["LAWS", "Case", "check_metric"]


class BrokenLaw(AssertionError):
    """A metric does not obey a law; the message says which, and with which options."""


class Case:
    """A metric with options, in a world. `doubled` are the tables of which more rows must change nothing,
    `merges` says whether parts can be merged.
    """

    def __init__(
        self,
        metric: Metric,
        options: Mapping[str, Any],
        stage: Stage,
        doubled: Sequence[str] = (),
        merges: bool = True,
    ) -> None:
        self.metric = metric
        self.options = options
        self.stage = stage
        self.doubled = doubled
        self.merges = merges

    @cached_property
    def result(self) -> Any:
        """What the metric gives in the world, as its viewer sees it; or the table that it misses."""
        return changing.compute(self.metric, self.stage.view, self.options)

    @cached_property
    def said(self) -> Any:
        """All that this result says."""
        return everything(self.result)

    @property
    def missing(self) -> bool:
        return isinstance(self.result, MissingTable)

    @cached_property
    def keys(self) -> list[Any]:
        """What tells the rows behind it apart."""
        return [] if self.missing else row_keys(self.result)

    def of(self, view: View) -> Any:
        """The result over another view; None where a table is missing."""
        found = changing.compute(self.metric, view, self.options)
        return None if isinstance(found, MissingTable) else found

    def all_of(self, view: View) -> Any:
        """All that the result over another view says."""
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
    result = case.result
    case.holds(isinstance(result, Result | MissingTable), f"it gives {_told(result)}, which is no Result")
    if isinstance(result, Result):
        repr(result), result.to_frame()
        counted = result._live().table.table.schema.name
        case.same(counted, case.metric.counts, "the table of its rows, and what it says it counts")


def order_and_kind_change_nothing(case: Case) -> None:
    """The order of rows and the kind of frame change nothing; rows come back as the kind that went in."""
    found = case.of(case.stage.shuffled)
    case.holds((found is None) == case.missing, "tables are missing by the kind of frame")
    if found is not None:
        case.same(found.to_dict(), case.result.to_dict(), "from shuffled frames of other kinds")
        rows, supplied = found.rows(), case.stage.any_frames[case.metric.counts]
        case.same(type(rows), type(supplied), "the kind of frame of its rows")
        told = row_keys(found, rows)
        if SCHEMA[case.metric.counts].key != ("id",):  # days and missing parts of a key differ by kind
            case.same(len(told), len(case.keys), "how many rows of shuffled frames")
        else:
            expected = [str(key) for key in case.keys]
            case.same([str(key) for key in told], expected, "the rows of shuffled frames")


def inputs_are_untouched(case: Case) -> None:
    """Inputs are untouched, and a second call gives the same, on the same view and on another."""
    stage = case.stage
    first = case.all_of(stage.first)
    case.same(case.all_of(stage.first), first, "a second call")
    case.same(case.all_of(stage.second), first, "another view of the same")
    for name, frame in stage.frames.items():
        case.holds(frame.equals(stage.copies[name]), f"the table {name} was changed")


def the_headline_is_made_of_the_rows(case: Case) -> None:
    """Used and excluded rows are all in scope, and the used ones alone give the same, nothing left out."""
    if case.missing:
        return
    result, table, keys = case.result, case.metric.counts, case.keys
    there = case.stage.view.table(table).everything.count
    case.same(
        result.used + sum(result.excluded.values()), there, "used and excluded rows, and those in scope"
    )
    case.same(len(keys), result.used, "the rows behind it, and how many were used")
    case.same(len(set(keys)), len(keys), "distinct rows behind it, and how many there are")
    again = case.of(case.stage.alone(table, keys))
    case.same(again.value, result.value, "the value over the rows behind it alone")
    case.same(again.excluded, {}, "what is excluded of the rows behind it")


def scopes_nest(case: Case) -> None:
    """A manager sees the own rows and those of the reports' subtrees, and EVERYONE no fewer."""
    users = case.stage.world.tables.get("users", ())
    if case.missing or not users:
        return
    whole = {user: case.of(view) for user, view in case.stage.subtrees.items()}
    seen = {user: row_keys(result) for user, result in whole.items()}
    widest = set(row_keys(case.of(case.stage.widest)))
    for user in users:
        alone = case.of(case.stage.themselves[user.id])
        below = [report.id for report in users if report.manager_id == user.id]
        sizes = [_size(alone), *(_size(whole[report]) for report in below)]
        case.same(_size(whole[user.id]), sum(sizes), f"in scope of {user.id!r}")
        keys = [*row_keys(alone), *(key for report in below for key in seen[report])]
        case.same(len(set(keys)), len(keys), f"rows seen once each in the parts of {user.id!r}")
        case.holds(set(keys) <= set(seen[user.id]) <= widest, "a wider scope shows fewer rows")


def _size(result: Result) -> int:
    """How many rows were looked at."""
    return result.used + sum(result.excluded.values())


def merged_parts_are_the_whole(case: Case) -> None:
    """Computed over the parts of a portfolio split by account, pickled and merged, it is that of the whole."""
    if case.missing:
        return
    parts, expected = [case.of(part) for part in case.stage.parts], case.result
    if not case.merges:
        try:
            parts[0].merge(parts[1])
        except OptionError:
            return
        case.broken("parts merge, although they are said not to")
    merged = parts[0].merge(parts[1])
    case.same(merged.to_dict(), expected.to_dict(), "merged parts")
    case.same(row_keys(merged), case.keys, "the rows of merged parts")
    sent = [pickle.loads(pickle.dumps(part)) for part in parts]
    case.same(sent[0].merge(sent[1]).to_dict(), expected.to_dict(), "merged parts that were sent")


def what_does_not_exist_yet_changes_nothing(case: Case) -> None:
    """Rows that do not exist yet on the as-of day change nothing."""
    case.same(case.said, case.all_of(case.stage.existing), "with rows that do not exist yet")


def a_canary_never_shows(case: Case) -> None:
    """Rows outside the viewer's scope show nowhere."""
    if case.stage.world.viewer is None:
        return
    result = changing.compute(case.metric, case.stage.watched, case.options)
    case.same(everything(result), case.said, "with rows that the viewer may not see")
    said = [str(result)]
    if not isinstance(result, MissingTable):
        said = [
            repr(result),
            result.to_json(),
            str(result.rows().to_dict()),
            str(result.to_frame().to_dict()),
        ]
    hidden = not any("CANARY" in text or "98765000" in text for text in said)
    case.holds(hidden, "it shows a row outside the scope")


def more_children_change_nothing(case: Case) -> None:
    """More rows of the tables that were named change nothing."""
    for child in case.doubled:
        if child in case.stage.world.tables:
            case.same(case.all_of(case.stage.twins(child)), case.said, f"with every row of {child} twice")


def json_reads_back(case: Case) -> None:
    """As JSON it keeps to the schema, and reads back equal."""
    if case.missing:
        return
    result = case.result
    data = json.loads(result.to_json())
    if importlib.util.find_spec("jsonschema"):
        _checker(data["kind"] if data["kind"] in KIND_NAMES else None).validate(data)
    back = Result.from_dict(data)
    case.holds(back == result, "as JSON and back")
    case.same(back.value, result.value, "the value, as JSON and back")
    case.same(back.excluded, result.excluded, "what is excluded, as JSON and back")
    case.holds(_has_no_rows(back), "rows come out of JSON")


@cache
def _checker(kind: str | None) -> Any:
    import jsonschema  # type: ignore[import-untyped]

    return jsonschema.Draft202012Validator(schema(kind))


def it_can_be_sent(case: Case) -> None:
    """It can be pickled, without its rows, and copied."""
    if case.missing:
        return
    result = case.result
    sent = pickle.loads(pickle.dumps(result))
    case.holds(sent == result and sent.excluded == result.excluded, "pickled and back")
    case.same(sent.value, result.value, "the value, pickled and back")
    case.same(row_keys(copy.deepcopy(result)), case.keys, "the rows of a copy")
    case.holds(_has_no_rows(sent), "rows go with what is sent")


def _has_no_rows(result: Result) -> bool:
    try:
        result.rows()
    except RowsNotKept:
        return True
    return False


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
        stage = Stage(world)
        for chosen in calls:
            case = Case(declared, chosen, stage, doubled, merges)
            for law in laws:
                law(case)

    obeys()


def _worlds(metric: Metric) -> st.SearchStrategy[World]:
    """Portfolios with the tables that a metric needs, and with what tells whose rows they are."""
    wanted = {"users", "accounts", *metric.needs}
    for table in reversed(list(SCHEMA)):
        if table in wanted:
            wanted.update(SCHEMA[table].columns[column].refers or table for column in SCHEMA[table].follows)
    return worlds(tables=wanted)
