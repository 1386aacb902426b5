"""The laws for metrics of a host's own: what obeys them passes, and each law catches who breaks it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st

import cs_metrics as csm
from cs_metrics import details, testing
from cs_metrics.metric import metric_of
from cs_metrics.testing import LAWS, check_metric, laws

COUNTER = itertools.count()
FEW = max(settings.default.max_examples // 6, 1)
"""Each example loads a dozen portfolios."""


def declared(function: Any, counts: str = "engagements", needs: tuple[str, ...] = ()) -> Any:
    function.__doc__ = "For a test."
    return csm.metric(title="A test", unit="rows", source="a test", counts=counts, needs=needs)(function)


def large(view: Any, *, seats: int = 5) -> Any:
    accounts = view.accounts
    return csm.Count(accounts.everything.only(accounts.seats.values >= seats, otherwise="smaller"))


def stateful(view: Any) -> Any:
    rows = view.engagements.everything
    return csm.Ratio(rows, next(COUNTER), 1)


def by_place(view: Any) -> Any:
    """The first row that was supplied."""
    engagements = view.engagements
    first = engagements.supplied(np.arange(engagements.n)) == 0
    return csm.Count(engagements.everything.only(first, otherwise="not the first"))


def of_all(view: Any) -> Any:
    """Every row of the portfolio, whoever looks."""
    return csm.Ratio(view.engagements.everything, view.portfolio.table("engagements").n, 1)


def unborn(view: Any) -> Any:
    """Rows that do not exist yet too, by a bare array."""
    return csm.Ratio(view.engagements.everything, int(view.engagements.created_on.days.size), 1)


def other_rows(view: Any) -> Any:
    """A value that its rows do not give: it counts what they are not."""
    engagements = view.engagements
    closed = engagements.everything.only(~engagements.open, otherwise="open")
    return csm.Ratio(closed, engagements.open_ones.count, 1)


def largest(view: Any) -> Any:
    """The most engagements that an account has: no sum over parts."""
    engagements = view.engagements
    counts = engagements.account.count(engagements.everything.flags)
    return csm.Ratio(engagements.everything, int(counts.max(initial=0)), 1)


def fanned_out(view: Any) -> Any:
    """Engagements once for each of their signals."""
    signals, engagements = view.risk_signals, view.engagements
    counts = signals.engagement.count(signals.everything.flags)
    rows = engagements.everything.only(counts > 0, otherwise="without signals")
    return csm.Ratio(rows, int(counts[rows.index].sum()), 1)


def no_result(view: Any) -> Any:
    class Bare(csm.Count):
        """Not what JSON can carry."""

        kind = "bare"

    return Bare(view.engagements.everything)


BROKEN = [
    ("a second call", stateful, {}),
    ("shuffled frames", by_place, {}),
    ("may not see", of_all, {}),
    ("do not exist yet", unborn, {}),
    ("over the rows behind it alone", other_rows, {}),
    ("merged parts", largest, {}),
    ("every row of risk_signals twice", fanned_out, {"doubled": ["risk_signals"]}),
]


@pytest.fixture
def unshrunk() -> Iterator[None]:
    """That a law is broken is enough to know; the smallest world in which it is takes minutes."""
    before = settings.get_current_profile_name()
    settings.register_profile("unshrunk", settings.default, phases=[Phase.generate])
    settings.load_profile("unshrunk")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("unshrunk")
@pytest.mark.parametrize(
    ("what", "function", "more"), BROKEN, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_broken_law_is_told(what: str, function: Any, more: Any) -> None:
    needs = ("engagements", "accounts", *(["risk_signals"] if more else []))
    broken = declared(function, needs=needs)
    with pytest.raises(laws.BrokenLaw, match=what) as told:
        check_metric(broken, examples=300, laws=_only(what), **more)
    assert f"test_check_metric.{function.__name__}()" in str(told.value)


def _only(what: str) -> list[Any]:
    """The law that is to catch it, so that no other one does first."""
    names = {
        "a second call": laws.inputs_are_untouched,
        "shuffled frames": laws.order_and_kind_change_nothing,
        "may not see": laws.a_canary_never_shows,
        "do not exist yet": laws.what_does_not_exist_yet_changes_nothing,
        "over the rows behind it alone": laws.the_headline_is_made_of_the_rows,
        "merged parts": laws.merged_parts_are_the_whole,
        "every row of risk_signals twice": laws.more_children_change_nothing,
    }
    return [names[what]]


@pytest.mark.usefixtures("unshrunk")
def test_what_is_no_result_is_told() -> None:
    nothing = declared(lambda view: 7)
    with pytest.raises((laws.BrokenLaw, AttributeError)):
        check_metric(nothing, examples=5)
    wrong = declared(lambda view: csm.Count(view.accounts.everything), needs=("engagements", "accounts"))
    with pytest.raises(laws.BrokenLaw, match="says it counts"):
        check_metric(wrong, examples=100)


@pytest.mark.usefixtures("unshrunk")
def test_what_json_cannot_carry_is_told() -> None:
    with pytest.raises(jsonschema.ValidationError, match="bare"):
        check_metric(declared(no_result), examples=50, laws=[laws.json_reads_back])


def test_a_good_metric_passes_with_its_options() -> None:
    good = declared(large, counts="accounts")
    check_metric(good, options=[{"seats": 0}, {"seats": 250}], examples=25)
    with pytest.raises(csm.errors.OptionError, match="seat"):
        check_metric(good, options=[{"seat": 0}])


@pytest.mark.usefixtures("unshrunk")
def test_options_are_tried() -> None:
    def fails(view: Any, *, bad: bool = False) -> Any:
        rows = view.engagements.everything
        return csm.Ratio(rows, next(COUNTER) if bad else 0, rows.count)

    metric = declared(fails)
    check_metric(metric, examples=5)
    with pytest.raises(laws.BrokenLaw, match="bad=True"):
        check_metric(metric, options=[{"bad": True}], examples=5)


@pytest.mark.usefixtures("unshrunk")
def test_what_is_said_not_to_merge_must_not() -> None:
    good = declared(large, counts="accounts")
    with pytest.raises(laws.BrokenLaw, match="said not to"):
        check_metric(good, merges=False, examples=50)


def test_worlds_of_ones_own() -> None:
    seen = []

    def watching(view: Any) -> Any:
        seen.append(view.as_of)
        return csm.Count(view.engagements.everything)

    drawn = testing.worlds(tables=["engagements"]).filter(lambda world: world.as_of.month == 6)
    check_metric(declared(watching), drawn, examples=5)
    assert {day.month for day in seen} == {6}


@pytest.mark.parametrize("name", details.__all__)
def test_details_of_accounts_obey_the_laws(name: str) -> None:
    needs = metric_of(getattr(details, name)).needs
    worlds: st.SearchStrategy[Any] | None = None
    if name in ("contracts", "tasks", "account"):
        worlds = testing.worlds(tables=["users", "accounts", "engagements", "opportunities", *needs])
    check_metric(getattr(details, name), worlds, examples=FEW)


def test_every_law_has_words() -> None:
    assert all(law.__doc__ for law in LAWS) and len(set(LAWS)) == len(LAWS)
