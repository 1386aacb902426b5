"""What is counted by day beforehand, at the borders of days: each of these once by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

import cs_metrics as csm
from builders import A, everyone, portfolio


@pytest.fixture(autouse=True, params=["counted", "looked for"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("standings", "happenings", "prepared") if request.param == "counted" else ():
        monkeypatch.setattr(f"cs_metrics.{module}.LONG", 0)


def day(offset: int) -> date:
    return A + timedelta(days=offset)


def test_a_contract_is_at_risk_on_its_last_day() -> None:
    found = portfolio(
        contracts=[
            {"id": "C1", "ends_on": A, "value": 100},
            {"id": "C2", "ends_on": day(-1), "value": 10},
            {"id": "C3", "ends_on": None, "value": 1},
        ],
        risk_signals=[{"id": "S1"}, {"id": "S2", "closed_on": day(1)}, {"id": "S3", "closed_on": A}],
    )
    assert csm.risk.contract_value_at_risk(everyone(found)).value == Decimal(101)
    assert csm.risk.contract_value_at_risk(everyone(found, day(1))).value == Decimal(1)
    assert csm.risk.active_risk_signals(everyone(found)).value == 2
    assert csm.risk.active_risk_signals(everyone(found, day(1))).value == 1


def test_the_last_decision_counts_in_its_own_month() -> None:
    found = portfolio(
        contracts=[
            {"id": "C1", "renewal_stage": "renewal_approved", "renewal_finalized_on": date(2026, 2, 10)},
            {"id": "C2"},
            {"id": "C3", "renewal_stage": "renewal_rejected", "renewal_finalized_on": date(2026, 2, 11)},
        ],
        opportunities=[
            {"id": "O1", "contract_id": "C1", "stage": "closed_lost", "closed_on": date(2026, 3, 5)},
            {"id": "O2", "contract_id": "C2", "stage": "closed_won", "closed_on": date(2026, 4, 1)},
            {"id": "O3", "contract_id": "C2", "stage": "closed_lost", "closed_on": A},
            {"id": "O4", "contract_id": "C3", "stage": "closed_won", "closed_on": day(1)},
        ],
    )

    def by_month(as_of: date) -> dict[str, list[int]]:
        value = csm.renewal.renewals_and_losses_ytd(everyone(found, as_of)).value
        return {name: list(months.values()) for name, months in value.items()}

    assert by_month(A) == {"won": [0, 0, 0, 0, 0, 0], "lost": [0, 1, 1, 0, 0, 1]}
    assert by_month(day(-1)) == {"won": [0, 0, 0, 1, 0, 0], "lost": [0, 1, 1, 0, 0, 0]}
    assert by_month(date(2026, 3, 4)) == {"won": [0, 1, 0], "lost": [0, 1, 0]}


def test_a_qbr_is_the_next_one_on_its_day_and_not_once_it_was_held() -> None:
    found = portfolio(
        engagements=[{"id": "E1"}, {"id": "E2"}, {"id": "E3", "closed_on": A}, {"id": "E4"}],
        qbrs=[
            {"id": "Q1", "engagement_id": "E1", "scheduled_on": A},
            {"id": "Q2", "engagement_id": "E1", "scheduled_on": day(9)},
            {"id": "Q3", "engagement_id": "E2", "scheduled_on": day(5), "held_on": A},
            {"id": "Q4", "engagement_id": "E3", "scheduled_on": day(1)},
            {"id": "Q5", "engagement_id": "E4", "scheduled_on": day(-1)},
        ],
    )
    upcoming = csm.overview.engagements_with_upcoming_qbrs
    assert (upcoming(everyone(found)).value, upcoming(everyone(found)).head()) == (1, [("E1", A)])
    assert upcoming(everyone(found, day(1))).head() == [("E1", day(9))]
    before = upcoming(everyone(found, day(-1)))
    assert before.value == 4
    assert before.head() == [("E4", day(-1)), ("E1", A), ("E3", day(1)), ("E2", day(5))]
