"""What a stranger to the code found by the specification alone: one test a finding."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cs_metrics as csm
from builders import A, everyone, portfolio
from cs_metrics.errors import DataError, NotVisible, OptionError, RowsNotKept, UnknownViewer
from cs_metrics.models import EffortModel, HealthModel

JUNK: list[Any] = [
    None,
    -1,
    "x",
    True,
    float("nan"),
    [],
    {},
    object(),
    b"x",
    10**30,
    Decimal("NaN"),
    np.int64(3),
]
"""What somebody may give for any option, by mistake or not."""


@pytest.fixture(scope="module")
def sample() -> csm.View:
    return csm.samples.portfolio(engagements=12, seed=3).view(as_of=A, viewer=csm.EVERYONE)


@pytest.mark.parametrize("metric", csm.catalog.metrics(), ids=lambda metric: metric.id)
def test_a_bad_option_is_an_option_error_and_a_good_one_travels(metric: csm.Metric, sample: csm.View) -> None:
    for option in metric.defaults:
        for value in JUNK:
            try:
                result = metric.compute(sample, **{option: value})
            except OptionError as refused:
                assert refused.option
            else:
                result.to_json()  # what is taken can be told


@pytest.mark.parametrize("view", [None, 5, portfolio()], ids=["None", "5", "portfolio"])
def test_what_is_no_view_is_refused(view: Any) -> None:
    with pytest.raises(OptionError, match="a view, as"):
        csm.overview.total_engagements(view)
    with pytest.raises(OptionError, match="a view, as"):
        csm.reports.success_report(view)
    with pytest.raises(OptionError, match="a view, as"):
        csm.accounts.profile(view, "A1")


@pytest.mark.parametrize("viewer", [["U1"], {"U1"}, {}, np.float64(1), object()])
def test_viewers_that_are_no_ids(viewer: Any) -> None:
    with pytest.raises(UnknownViewer):
        portfolio().view(as_of=A, viewer=viewer)


@pytest.mark.parametrize("filters", [5, "x", [], csm.Filters, {"industry": {"Retail"}}, {5: {"Retail"}}])
def test_filters_that_are_none(filters: Any) -> None:
    with pytest.raises(OptionError) as refused:
        portfolio().view(as_of=A, viewer="U1", filters=filters)
    if filters == {"industry": {"Retail"}}:
        assert "did you mean 'industries'" in str(refused.value)


@pytest.mark.parametrize(
    "day",
    [np.datetime64("2026-06"), np.datetime64("2026"), "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"],
)
def test_days_in_doubt(day: Any) -> None:
    """A month names no day, and some moments have no day in the portfolio's time zone."""
    with pytest.raises(OptionError):
        portfolio().view(as_of=day, viewer=csm.EVERYONE)


def test_numbers_of_numpy_are_numbers() -> None:
    """Ids as a frame has them: in a view, a filter, a profile; and JSON that still says who looked."""
    users = pd.DataFrame({"id": [1, 2], "role": "success_manager"})
    accounts = pd.DataFrame({"id": [5, 6], "owner_id": [1, 2]})
    engagements = pd.DataFrame({"id": [7], "account_id": [5], "stage": ["x"], "created_on": ["2026-01-01"]})
    p = csm.Portfolio.from_frames(users=users, accounts=accounts, engagements=engagements)
    view = p.view(as_of=A, viewer=users["id"][0])
    assert csm.overview.total_engagements(view).to_dict()["viewer"] == 1
    for ids, seen in ((accounts["id"][:1], 1), (accounts["id"][1:], 0)):
        narrowed = p.view(as_of=A, viewer=1, filters=csm.Filters(accounts=ids.to_numpy()))
        assert csm.overview.total_engagements(narrowed).value == seen
    assert csm.accounts.profile(view, accounts["id"][0]).as_of == A
    with pytest.raises(NotVisible):
        csm.accounts.profile(view, accounts["id"][1])
    assert csm.ValueBand(np.int64(2), np.float64(3.5)) == csm.ValueBand(2, Decimal("3.5"))
    assert csm.Cut.at(np.int64(2), np.float32(3.5)) == csm.Cut.at(2, 3.5)
    model = HealthModel(weights={"a": np.int64(1)}, scales={"a": (np.int64(0), 1)})
    assert model == HealthModel(weights={"a": 1}, scales={"a": (0, 1)})


def test_a_share_is_read_as_it_was_written_whoever_asked_before() -> None:
    """0.7 is seven tenths; the binary fraction next to it, equal to the float, is a little less."""
    objectives = [{"id": f"O{n}", "state": "completed" if n < 7 else "new"} for n in range(10)]
    view = everyone(portfolio(objectives=objectives))
    complete = csm.adoption.engagements_with_objectives_complete
    for above, found in (
        (0.7, 0),
        (Fraction(0.7), 1),
        (0.7, 0),
        (Decimal("0.7"), 0),
        (Decimal.from_float(0.7), 1),
    ):
        assert complete(view, above=above).value == found, above


def test_a_set_of_poor_words_has_one_order() -> None:
    view = everyone(portfolio())
    for poor in ({"green", "yellow", "red"}, frozenset(csm.Health)):
        assert list(csm.risk.engagements_in_poor_health(view, poor=poor).value) == ["red", "yellow", "green"]
    assert list(csm.risk.engagements_in_poor_health(view, poor=["green", "red"]).value) == ["green", "red"]


def test_health_and_effort_are_not_mistaken_for_each_other(sample: csm.View) -> None:
    with pytest.raises(OptionError, match="a HealthModel"):
        csm.health.scores(sample, EffortModel.default())  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="an EffortModel"):
        csm.segmentation.segments(sample, effort=HealthModel.default())  # type: ignore[arg-type]


def test_what_is_no_result_does_not_merge() -> None:
    with pytest.raises(OptionError):
        csm.overview.total_engagements(everyone(portfolio())).merge(5)  # type: ignore[type-var]


def test_natural_keys_count_where_a_column_of_theirs_is_not_supplied() -> None:
    """Neither the engagements nor the scores' engagement_id are there: it is missing in all rows, and they are doubled."""
    scores = pd.DataFrame({"account_id": "A1", "product": "P", "score": [1, 2], "on": "2026-01-01"})
    with pytest.raises(DataError) as found:
        csm.Portfolio.from_frames(accounts=pd.DataFrame({"id": ["A1"]}), adoption_scores=scores)
    assert [problem.code for problem in found.value.problems] == ["duplicate"]


def test_an_empty_currency_is_the_portfolios_own() -> None:
    accounts = pd.DataFrame({"id": ["A1"]})
    contracts = pd.DataFrame(
        {"id": ["C1", "C2"], "account_id": "A1", "value": [10, 10], "currency": ["", "EUR"], "state": "active",
         "starts_on": "2026-01-01"}
    )  # fmt: skip
    p = csm.Portfolio.from_frames(accounts=accounts, contracts=contracts, rates={"EUR": 2})
    assert csm.renewal.contract_value_ytd(everyone(p)).value["value"]["2026-01"] == 30


def test_json_lines_and_lists_go_by_either_name(tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text('{"id": "A1"}\n{"id": "A2"}\n')
    (tmp_path / "users.jsonl").write_text('[{"id": "U1", "role": "success_agent"}]')
    read = csm.Portfolio.read(tmp_path)
    assert read.view(as_of=A, viewer="U1").options("owners") == ["U1"]
    assert everyone(read).options("accounts") == ["A1", "A2"]


def test_a_table_of_none_is_not_supplied_and_one_of_something_else_is_refused() -> None:
    assert not csm.Portfolio.from_records(users=None).tables  # type: ignore[arg-type]
    for rows in (5, "x", b"x"):
        with pytest.raises(DataError):
            csm.Portfolio.from_records(users=rows)  # type: ignore[arg-type]


def test_contributions_name_no_word_of_rows_out_of_view() -> None:
    p = portfolio(
        users=[{"id": "U1"}, {"id": "U2"}],
        accounts=[{"id": "A1", "owner_id": "U1"}, {"id": "A2", "owner_id": "U2"}],
        engagements=[{"id": "E1", "stage": "adoption"}, {"id": "E2", "account_id": "A2", "stage": "canary"}],
        risk_signals=[{"id": "S1", "scope": "x"}, {"id": "S2", "engagement_id": "E2", "scope": "canary"}],
    )
    for metric in (csm.overview.health_by_stage, csm.risk.risk_signals_by_scope):
        mine = metric(p.view(as_of=A, viewer="U1")).contributions()
        assert [cell for part in mine.parts for cell in part.cells if "canary" in cell] == []
        every = metric(everyone(p)).contributions()
        assert [cell for part in every.parts for cell in part.cells if "canary" in cell]


def test_a_report_that_was_sent_says_the_same_without_rows(sample: csm.View) -> None:
    account = sample.options("accounts")[0]
    for found in (csm.reports.success_report(sample), csm.accounts.profile(sample, account)):
        sent = pickle.loads(pickle.dumps(found))
        assert type(sent) is type(found) and sent.to_json() == found.to_json()
        assert "<html" in sent.to_html() and sent.to_text()
        assert copy.copy(found) is copy.deepcopy(found) is found
        with pytest.raises(csm.errors.RowsNotKept):
            sent.view  # noqa: B018
    with pytest.raises(RowsNotKept):
        sent["details.contracts"].rows()


def test_an_engagement_with_thousands_of_signals_and_contracts() -> None:
    """Each signal touches each contract: 9 million pairs that nobody needs."""
    n = 3_000
    ids = np.arange(n)
    p = csm.Portfolio.from_frames(
        accounts=pd.DataFrame({"id": [0]}),
        engagements=pd.DataFrame({"id": [0], "account_id": 0, "stage": "x", "created_on": "2026-01-01"}),
        contracts=pd.DataFrame(
            {"id": ids, "account_id": 0, "engagement_id": 0, "value": 10, "state": "active", "starts_on": "2026-01-01"}
        ),
        risk_signals=pd.DataFrame(
            {"id": ids, "engagement_id": 0, "category": "c", "opened_on": "2026-01-01"}
        ),
    )  # fmt: skip
    assert p.tables["risk_signals"].prepared.touches is None
    for by in (None, "category"):
        at_risk = csm.risk.contract_value_at_risk(everyone(p), by=by)  # type: ignore[arg-type]
        assert at_risk.value in (10 * n, {"c": 10 * n}) and at_risk.used == n


def test_a_metric_that_few_accounts_have_is_found_without_a_table_of_its_own() -> None:
    """Thousands of names, such as one a survey, cost what their measures are, not names times accounts."""
    accounts = pd.DataFrame({"id": range(50), "owner_id": [1] * 39 + [2] * 11})
    users = pd.DataFrame({"id": [1, 2], "role": "success_agent"})
    days = ["2026-01-01", "2026-03-01", "2026-02-01", "2027-01-01"]
    measures = pd.DataFrame({"account_id": [7, 7, 7, 7], "metric": "rare", "value": [1, 3, 2, 4], "on": days})
    other = pd.DataFrame({"account_id": [39], "metric": "rare", "value": [9], "on": ["2026-01-01"]})
    p = csm.Portfolio.from_frames(users=users, accounts=accounts, measures=pd.concat([measures, other]))
    assert not p.tables["measures"].prepared.series
    model = HealthModel(weights={"rare": 1}, scales={"rare": (0, 10)})
    for viewer, day, found in (
        (1, "2026-06-30", [(7, 30.0)]), (1, "2026-02-28", [(7, 20.0)]), (1, "2025-12-31", []),
        (2, "2026-06-30", [(39, 90.0)]), (csm.EVERYONE, "2027-06-30", [(7, 40.0), (39, 90.0)]),
    ):  # fmt: skip
        frame = csm.health.scores(p.view(as_of=day, viewer=viewer), model).to_frame()
        assert list(zip(frame["account"], frame["score"], strict=True)) == found
        kept = csm.Filters(accounts={7})
        narrowed = csm.health.scores(p.view(as_of=day, viewer=viewer, filters=kept), model)
        assert narrowed.value == len([one for one in found if one[0] == 7])
