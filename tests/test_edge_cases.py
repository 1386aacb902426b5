"""The edge cases of metrics, viewers and days, each worked out by hand. Those of the intake: test_intake.py."""

from __future__ import annotations

import datetime as dt
import pickle
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cs_metrics as csm
from builders import A, everyone, portfolio
from cs_metrics import adoption, overview, renewal, risk
from cs_metrics.errors import HierarchyError, MissingTable, OptionError, UnknownViewer
from cs_metrics.results import Count, Trend


def day(offset: int) -> date:
    return A + timedelta(days=offset)


# scope ---------------------------------------------------------------------------------------------------


def test_a_csm_without_engagements_sees_zeros() -> None:
    """1."""
    p = portfolio(
        users=[{"id": "U1"}, {"id": "U2", "role": "success_agent"}],
        contracts=[{"id": "C1"}], risk_signals=[{"id": "S1"}], tasks=[{"id": "T1"}], qbrs=[], touchpoints=[],
        objectives=[], adoption_scores=[{}], escalations=[],
    )  # fmt: skip
    report = csm.reports.success_report(p.view(as_of=A, viewer="U2"))
    for result in report.results.values():
        assert isinstance(result, csm.Result)
        assert result.value in (0, Decimal(0), None, {}) or set(_leaves(result.value)) <= {0, Decimal(0)}
        assert len(result.rows()) == 0 and result.used == 0
    assert report["overview.average_engagements_per_csm"].value is None
    assert risk.engagements_in_poor_health(p.view(as_of=A, viewer="U2")).value == {"red": 0, "yellow": 0}


def _leaves(value: Any) -> list[Any]:
    return [leaf for item in value.values() for leaf in _leaves(item)] if isinstance(value, dict) else [value]


@pytest.mark.parametrize("viewer", [None, "", "nobody", 1, 1.0, True, b"U1", ("U1",), "u1", "U1 "])
def test_unknown_viewers_are_refused_and_nobody_is_named(viewer: Any) -> None:
    """2."""
    with pytest.raises(UnknownViewer) as refused:
        portfolio().view(as_of=A, viewer=viewer)
    assert "U1" not in str(refused.value).replace(repr(viewer), "")


def test_an_empty_filter_is_nothing_and_none_is_no_filter() -> None:
    """3."""
    p = portfolio()
    assert overview.total_engagements(everyone(p)).value == 1
    for name in ("owners", "industries", "segments", "groups", "accounts", "health", "stages"):
        assert overview.total_engagements(everyone(p, **{name: set()})).value == 0, name
        assert overview.total_engagements(everyone(p, **{name: None})).value == 1, name


@pytest.mark.parametrize(
    ("managers", "cycle"), [({"a": "a"}, ("a",)), ({"a": "b", "b": "c", "c": "a", "d": "a"}, ("a", "b", "c"))]
)
def test_circles_of_managers(managers: dict[str, str], cycle: tuple[str, ...]) -> None:
    """4."""
    users = [{"id": user, "manager_id": manager} for user, manager in managers.items()]
    with pytest.raises(HierarchyError) as found:
        portfolio(users=users, accounts=[{"id": "A1"}])
    assert found.value.cycle == cycle
    assert " -> ".join(map(repr, (*cycle, cycle[0]))) in str(found.value)


def test_managers_who_own_and_agents_whom_others_report_to() -> None:
    """5."""
    p = portfolio(
        users=[
            {"id": "top"}, {"id": "agent", "manager_id": "top", "role": "success_agent"},
            {"id": "below", "manager_id": "agent"},
        ],
        accounts=[{"id": "A1", "owner_id": "top"}],
        engagements=[
            {"id": "E1"}, {"id": "E2", "owner_id": "agent"}, {"id": "E3", "owner_id": "below"},
        ],
    )  # fmt: skip
    seen = {
        viewer: overview.total_engagements(p.view(as_of=A, viewer=viewer)).rows()["id"].tolist()
        for viewer in ("top", "agent", "below")
    }
    assert seen == {"top": ["E1", "E2", "E3"], "agent": ["E2"], "below": ["E3"]}


def test_without_an_owner_a_row_is_everyones_alone_and_inactive_owners_keep_theirs() -> None:
    """6."""
    p = portfolio(
        users=[{"id": "top"}, {"id": "gone", "manager_id": "top", "active": False}],
        accounts=[{"id": "A1"}, {"id": "A2", "owner_id": "gone"}],
        engagements=[{"id": "E1"}, {"id": "E2", "account_id": "A2"}],
    )
    assert overview.total_engagements(everyone(p)).value == 2
    assert overview.total_engagements(p.view(as_of=A, viewer="top")).rows()["id"].tolist() == ["E2"]


def test_long_chains_and_wide_teams() -> None:
    """7."""
    chain = [{"id": n, "manager_id": n - 1 if n else None} for n in range(10_000)]
    deepest = [{"id": 1, "account_id": 1, "owner_id": 9_999}]
    p = portfolio(users=chain, accounts=[{"id": 1}], engagements=deepest)
    assert overview.total_engagements(p.view(as_of=A, viewer=0)).value == 1
    assert overview.total_engagements(p.view(as_of=A, viewer=9_999)).value == 1
    n = 100_001
    wide = pd.DataFrame(
        {
            "id": np.arange(n),
            "manager_id": pd.array([None] + [0] * (n - 1), "Int64"),
            "role": "success_manager",
        }
    )
    accounts = pd.DataFrame({"id": np.arange(n), "owner_id": np.arange(n)})
    engagements = pd.DataFrame(
        {"id": np.arange(n), "account_id": np.arange(n), "stage": "adoption", "created_on": "2026-01-01"}
    )
    p = csm.Portfolio.from_frames(users=wide, accounts=accounts, engagements=engagements)
    assert overview.total_engagements(p.view(as_of=A, viewer=0)).value == n
    assert overview.total_engagements(p.view(as_of=A, viewer=77_777)).value == 1


def test_an_owner_outside_the_scope_adds_nothing_to_a_filter() -> None:
    p = portfolio(
        users=[{"id": "top"}, {"id": "a", "manager_id": "top"}, {"id": "b", "manager_id": "top"}],
        accounts=[{"id": "A1", "owner_id": "a"}, {"id": "A2", "owner_id": "b"}],
        engagements=[{"id": "E1"}, {"id": "E2", "account_id": "A2"}],
    )
    for owners, expected in (({"b"}, 0), ({"a", "b"}, 1), ({"top"}, 0), ({"unknown"}, 0)):
        narrowed = p.view(as_of=A, viewer="a", filters=csm.Filters(owners=owners))
        assert overview.total_engagements(narrowed).value == expected, owners
    assert p.view(as_of=A, viewer="a").options("owners") == ["a"]
    assert everyone(p).options("owners") == ["a", "b", "top"]


# rows and references -------------------------------------------------------------------------------------


def test_signals_never_multiply_contracts() -> None:
    """11: three signals on one engagement with two contracts of 100 and 30."""
    p = portfolio(
        contracts=[{"id": "C1"}, {"id": "C2", "value": 30}],
        risk_signals=[{"id": "S1"}, {"id": "S2"}, {"id": "S3", "contract_id": "C1", "category": "budget"}],
    )
    assert risk.contract_value_at_risk(everyone(p)).value == Decimal(130)
    by_category = risk.contract_value_at_risk(everyone(p), by="category")
    assert by_category.value == {"budget": Decimal(100), "usage": Decimal(130)}
    assert by_category.total == Decimal(130)


def test_a_signal_that_names_a_contract_not_in_force_touches_nothing() -> None:
    p = portfolio(
        contracts=[{"id": "C1", "state": "draft"}, {"id": "C2", "value": 30}],
        risk_signals=[{"id": "S1", "contract_id": "C1"}],
    )
    at_risk = risk.contract_value_at_risk(everyone(p))
    assert (at_risk.value, at_risk.currency) == (Decimal("0.00"), "USD")
    assert at_risk.excluded == {"not in force": 1, "without an active risk signal": 1}


def test_a_missing_label_is_a_bucket_and_the_buckets_add_up() -> None:
    """12."""
    p = portfolio(
        risk_signals=[{"id": "S1", "scope": "adoption"}, {"id": "S2"}, {"id": "S3", "probability": "low"}],
        engagements=[{"id": "E1"}, {"id": "E2", "health": "red"}],
    )
    assert risk.risk_signals_by_scope(everyone(p)).value == {"adoption": 1, None: 2}
    by_probability = risk.risk_signals_by_probability(everyone(p))
    assert by_probability.value == {"high": 0, "moderate": 0, "low": 1, None: 2}
    assert by_probability.total == 3 and by_probability.shares()[None] == 2 / 3
    health = overview.health_by_stage(everyone(p))
    assert health.value == {"adoption": {"green": 0, "yellow": 0, "red": 1, None: 1}}
    assert health.rows_total == {"adoption": 2} and health.columns_total[None] == 1


def test_without_a_table_the_metric_says_which_and_the_report_goes_on() -> None:
    p = portfolio()
    with pytest.raises(MissingTable, match="'contracts'"):
        risk.contract_value_at_risk(everyone(p))
    report = csm.reports.success_report(everyone(p))
    assert report["overview.total_engagements"].value == 1
    assert str(report["renewal.opened_renewals"]) == "needs contracts"


def test_tables_without_rows_give_empty_results() -> None:
    """15."""
    tables = ("escalations", "qbrs", "touchpoints", "tasks", "risk_signals", "objectives", "adoption_scores",
              "contracts", "opportunities")  # fmt: skip
    empty = dict.fromkeys(("users", "accounts", "engagements", *tables), pd.DataFrame())
    report = csm.reports.success_report(csm.Portfolio.from_frames(**empty).view(as_of=A, viewer=csm.EVERYONE))
    assert all(isinstance(result, csm.Result) and result.used == 0 for result in report.results.values())


# numbers -------------------------------------------------------------------------------------------------


def test_nothing_over_nothing_is_no_value() -> None:
    """17."""
    p = portfolio(accounts=[{"id": "A1"}])
    assert overview.average_engagements_per_csm(everyone(p)).value is None
    team = overview.average_engagements_per_csm(everyone(p), over="team")
    assert (team.value, team.numerator, team.denominator) == (0.0, 0, 1)
    now, before = (
        Count(everyone(p).engagements.open_ones),
        Count(everyone(p, stages=set()).engagements.open_ones),
    )
    trend = Trend(now, before)
    assert (trend.value, trend.change, trend.change_share) == (1, 1, None)
    assert Trend(now, now).change_share == 0.0
    assert Trend(before, now).change_share == -1.0


def test_a_credit_is_summed_as_such_and_yen_have_no_cents() -> None:
    """19, 20."""
    p = portfolio(
        {"currency": "JPY", "rates": {"KWD": "480.55", "USD": Decimal(150)}},
        contracts=[
            {"id": "C1", "value": -70}, {"id": "C2", "value": "1.125", "currency": "KWD"},
            {"id": "C3", "value": Decimal("0.01"), "currency": "USD"},
        ],
        risk_signals=[{"id": "S1"}],
    )  # fmt: skip
    # 1.125 KWD x 480.55 = 540.61875 -> 541 yen; 0.01 USD x 150 = 1.5 -> 2 yen, half to even
    assert risk.contract_value_at_risk(everyone(p)).value == Decimal(-70 + 541 + 2)


def test_sums_near_the_end_of_the_range_are_exact() -> None:
    """18."""
    huge = 2**60
    p = portfolio(
        {"currency": "JPY"},
        contracts=[
            {"id": "C1", "value": huge},
            {"id": "C2", "value": huge - 1},
            {"id": "C3", "value": -huge},
        ],
        risk_signals=[{"id": "S1"}],
    )
    assert risk.contract_value_at_risk(everyone(p)).value == huge - 1


def test_a_value_on_the_edge_is_in_exactly_one_band() -> None:
    """21."""
    p = portfolio(contracts=[{"id": "C1", "value": "99.99"}, {"id": "C2", "value": "0.01"}])
    low, high = csm.ValueBand(0, 100), csm.ValueBand("100.00", None)
    assert overview.total_engagements(everyone(p, contract_values=[low])).value == 0
    assert overview.total_engagements(everyone(p, contract_values=[high])).value == 1
    assert overview.total_engagements(everyone(p, contract_values=[low, high])).value == 1
    for bounds in ((5, 5), (6, 5), (float("nan"), 5), ("x", None), (True, None)):
        with pytest.raises(OptionError):
            csm.ValueBand(*bounds)


@pytest.mark.parametrize(("done", "of", "listed"), [(4, 5, False), (5, 6, True), (1, 1, True), (0, 0, False)])
def test_more_than_four_fifths_is_compared_exactly(done: int, of: int, listed: bool) -> None:
    """22; a cancelled objective is not counted."""
    states = ["completed"] * done + ["new"] * (of - done) + ["cancelled"]
    p = portfolio(objectives=[{"id": f"O{n}", "state": state} for n, state in enumerate(states)])
    assert adoption.engagements_with_objectives_complete(everyone(p)).value == listed
    assert adoption.engagements_without_objectives(everyone(p)).value == (of == 0)


# days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("offset", "due"), [(-1, False), (0, True), (90, True), (91, False)])
def test_the_next_ninety_days(offset: int, due: bool) -> None:
    """24: today and A+90 are in, A+91 is out."""
    p = portfolio(
        contracts=[{"id": "C1", "ends_on": day(offset)}], touchpoints=[{"id": "T1", "scheduled_on": day(offset)}],
        engagements=[{"id": "E1", "health": "red"}],
    )  # fmt: skip
    assert renewal.engagements_with_renewals_due(everyone(p)).value == due
    assert risk.renewals_due_in_poor_health(everyone(p)).value == due
    assert risk.engagements_without_touchpoints(everyone(p)).value == (not due)
    assert renewal.overdue_renewals(everyone(p)).value == (offset < 0)


def test_no_window_is_too_long_and_never_is_in_none() -> None:
    p = portfolio(
        contracts=[{"id": "C1", "ends_on": None}], touchpoints=[{"id": "T1", "scheduled_on": day(9)}]
    )
    assert renewal.engagements_with_renewals_due(everyone(p), within=10**12).value == 0
    assert risk.engagements_without_touchpoints(everyone(p), within=10**12).value == 0
    assert risk.engagements_without_touchpoints(everyone(p), within=10**12, direction="past").value == 1


def test_as_of_is_required_and_must_name_a_day() -> None:
    """25."""
    p = portfolio()
    with pytest.raises(TypeError):
        p.view(viewer="U1")  # type: ignore[call-arg]
    taken = [
        date(2026, 6, 30), dt.datetime(2026, 6, 30, 23, 59), "2026-06-30", "2026-06-30T10:00:00",
        pd.Timestamp("2026-06-30 12:00"), np.datetime64("2026-06-30"),
        dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-0))),
    ]  # fmt: skip
    for value in taken:
        assert p.view(as_of=value, viewer="U1").as_of == date(2026, 6, 30)
    late = dt.datetime(2026, 6, 30, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-8)))
    assert p.view(as_of=late, viewer="U1").as_of == date(2026, 7, 1)
    for value in (None, "", "06/30/2026", "today", 20260630, pd.NaT, np.datetime64("NaT"), 1.5, True):
        with pytest.raises(OptionError, match="as_of"):
            p.view(as_of=value, viewer="U1")  # type: ignore[arg-type]


def test_the_first_and_the_last_year() -> None:
    """27."""
    p = portfolio(
        engagements=[{"id": "E1", "created_on": date(1, 1, 1)}],
        contracts=[{"id": "C1", "starts_on": date(1, 1, 1), "ends_on": date(9999, 12, 31)}],
    )
    for as_of in (date(1, 1, 1), date(9999, 12, 31)):
        report = csm.reports.success_report(everyone(p, as_of))
        assert report["overview.total_engagements"].value == 1
        assert report["renewal.contract_value_ytd"].months[-1] == f"{as_of.year:04d}-{as_of.month:02d}"
    assert renewal.engagements_with_renewals_due(everyone(p, date(9999, 12, 31))).value == 1


def test_a_fiscal_year_from_march_on_the_29th_of_february() -> None:
    """28: the year runs from 1 March 2023 to 29 February 2024."""
    starts = [date(2023, 2, 28), date(2023, 3, 1), date(2024, 2, 29), date(2024, 3, 1)]
    p = portfolio(
        {"fiscal_year_start": 3},
        engagements=[{"id": f"E{n}", "created_on": start} for n, start in enumerate(starts, 1)],
        contracts=[
            {"id": f"C{n}", "starts_on": start, "ends_on": None, "value": n}
            for n, start in enumerate(starts, 1)
        ],
    )
    leap = everyone(p, date(2024, 2, 29))
    assert overview.new_engagements_ytd(leap).rows()["id"].tolist() == ["E2", "E3"]
    by_month = renewal.contract_value_ytd(leap)
    assert by_month.months[0] == "2023-03" and by_month.months[-1] == "2024-02" and len(by_month.months) == 12
    assert [m for m, value in by_month.value["value"].items() if value] == ["2023-03", "2024-02"]
    in_force = renewal.contract_value_ytd(leap, basis="in_force").value["value"]
    assert (in_force["2023-03"], in_force["2024-01"], in_force["2024-02"]) == (1 + 2, 1 + 2, 1 + 2 + 3)


def test_before_all_data_nothing_and_long_after_everything_overdue() -> None:
    """29."""
    p = portfolio(
        engagements=[{"id": "E1", "go_live_due_on": A}], tasks=[{"id": "T1", "due_on": A}],
        contracts=[{"id": "C1", "ends_on": A}],
    )  # fmt: skip
    before = csm.reports.success_report(everyone(p, date(1990, 1, 1)))
    computed = [result for result in before.results.values() if isinstance(result, csm.Result)]
    assert all(result.used == 0 for result in computed)
    after = everyone(p, date(2090, 1, 1))
    assert adoption.engagements_overdue_go_live(after).value == 1
    assert overview.success_manager_tasks(after).value["overdue"] == 1
    assert renewal.overdue_renewals(after).value == 1


# decisions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contract", "opportunities", "won", "lost"),
    [
        ({"renewal_stage": "renewal_approved", "renewal_finalized_on": day(0)}, [], 1, 0),
        ({"renewal_stage": "renewal_approved", "renewal_finalized_on": day(1)}, [], 0, 0),
        ({"renewal_stage": "renewal_approved", "renewal_finalized_on": day(0)},
         [{"stage": "closed_lost", "closed_on": day(-1)}], 0, 1),
        ({"renewal_stage": "renewal_approved", "renewal_finalized_on": day(0)},
         [{"stage": "closed_lost", "closed_on": day(1)}], 1, 0),
        ({}, [{"stage": "closed_lost", "closed_on": day(-9)}, {"closed_on": day(-3)}], 1, 0),
        ({}, [{"id": "O2", "stage": "closed_lost", "closed_on": day(-3)}, {"id": "O1", "closed_on": day(-3)}], 1, 0),
        ({}, [{"kind": "expansion", "closed_on": day(-3)}, {"stage": "open"}], 0, 0),
        ({"state": "cancelled"}, [{"closed_on": day(0)}], 1, 0),
    ],
)  # fmt: skip
def test_who_decides_a_renewal(contract: Any, opportunities: Any, won: int, lost: int) -> None:
    numbered = [{"id": f"O{9 - n}", **row} for n, row in enumerate(opportunities)]
    p = portfolio(contracts=[{"id": "C1", **contract}], opportunities=numbered)
    decided = renewal.renewals_and_losses_ytd(everyone(p))
    assert (sum(decided.value["won"].values()), sum(decided.value["lost"].values())) == (won, lost)
    assert renewal.lost_contracts(everyone(p)).value == lost


def test_a_decision_without_a_day_is_one_but_on_no_chart() -> None:
    p = portfolio(contracts=[{"id": "C1", "renewal_stage": "renewal_rejected"}])
    decided = renewal.renewals_and_losses_ytd(everyone(p))
    assert decided.excluded == {"decided on an unknown day": 1}
    assert renewal.lost_contracts(everyone(p)).value == 1
    assert renewal.renewals_by_stage(everyone(p)).value["renewal_rejected"] == 1


# options and results -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda v: overview.average_engagements_per_csm(v, over="teams"), "did you mean 'team'"),
        (lambda v: risk.contract_value_at_risk(v, by="stages"), "did you mean 'stage'"),
        (lambda v: risk.engagements_without_touchpoints(v, within=-1), "0 or more"),
        (lambda v: risk.engagements_without_touchpoints(v, within=1.5), "0 or more"),
        (lambda v: risk.engagements_without_touchpoints(v, direction="future"), "'next'"),
        (lambda v: risk.top_risk_indicators(v, limit=True), "0 or more"),
        (lambda v: risk.engagements_in_poor_health(v, poor=["rad"]), "red"),
        (lambda v: risk.engagements_in_poor_health(v, poor="red"), "red"),
        (lambda v: renewal.contract_value_ytd(v, basis="signed"), "started"),
        (lambda v: renewal.renewals_and_losses_ytd(v, measure="money"), "count"),
        (lambda v: adoption.engagements_with_objectives_complete(v, above=1.2), "0 to 1"),
        (lambda v: v.options("colour"), "owners"),
        (lambda v: csm.catalog.metric("risk.top_risk_indicator"), "did you mean 'risk.top_risk_indicators'"),
        (lambda v: csm.catalog.reports(purpose="act"), "operationalize"),
        (lambda v: csm.reports.success_report(v, witin=3), "witin"),
        (lambda v: csm.Filters(owners="U1"), "a set or list"),
        (lambda v: csm.Filters(health={"rad"}), "did you mean 'red'"),
        (lambda v: csm.Filters(contract_values=[(0, 1)]), "ValueBand"),
    ],
)
def test_bad_options_say_what_is_allowed(call: Any, said: str) -> None:
    p = portfolio(contracts=[], risk_signals=[], touchpoints=[], objectives=[])
    with pytest.raises(OptionError, match=said.replace("(", r"\(")):
        call(everyone(p))


def test_errors_pickle() -> None:
    for error in (
        OptionError("by", "x", ("a", "b")), MissingTable("users"), HierarchyError(["a", "b"]), UnknownViewer("x"),
    ):  # fmt: skip
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_result_says_where_it_came_from() -> None:
    p = portfolio()
    result = overview.total_engagements(p.view(as_of=A, viewer="U1", filters={"stages": {"adoption"}}))
    assert (result.as_of, result.viewer, dict(result.filters)) == (A, "U1", {"stages": ["adoption"]})
    assert result.spec.id == "overview.total_engagements" and result.spec.source.startswith("ServiceNow")
    assert "open" in result.spec.definition and result.spec.counts == "engagements"


def test_rows_keep_every_supplied_column() -> None:
    engagements = pd.DataFrame(
        {"id": ["E2", "E1"], "account_id": ["A1", "A1"], "stage": "adoption", "created_on": "2026-01-01",
         "colour": ["blue", "red"], "created_at": pd.Timestamp("2026-01-01 10:00")}
    )  # fmt: skip
    p = csm.Portfolio.from_frames(engagements=engagements, accounts=pd.DataFrame({"id": ["A1"]}))
    rows = overview.total_engagements(everyone(p)).rows()
    pd.testing.assert_frame_equal(
        rows.reset_index(drop=True), engagements.iloc[[1, 0]].reset_index(drop=True), check_like=False
    )
    listed = adoption.engagements_in_onboarding(everyone(p), stage="adoption").to_frame(limit=1)
    assert listed.to_dict("list") == {"engagement": ["E1"]}


def test_import_is_light() -> None:
    """pandas and pyarrow are imported when first needed."""
    import subprocess
    import sys

    code = "import sys, cs_metrics; print([m for m in ('pandas', 'pyarrow', 'polars', 'duckdb', 'narwhals', 'hypothesis', 'jinja2', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
