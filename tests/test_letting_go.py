"""What a view found goes with the view, without the garbage collector; what is still held goes on."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import cs_metrics as csm
from builders import A
from worlds import VARIANTS

FILTERS = csm.Filters(contract_values=[csm.ValueBand(0, 10**6)], stages=["onboarding", "adoption", "renewal"])


@pytest.fixture(scope="module")
def company() -> csm.Portfolio:
    return csm.samples.portfolio(engagements=120)


@pytest.fixture(autouse=True)
def _uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def found_of(view: csm.View) -> list[weakref.ref[Any]]:
    """Whatever a view made."""
    made = [view, view._inside, *view._tables.values()]
    if view.filters is not None:
        made += found_of(view.unfiltered)
    return [each if isinstance(each, weakref.ref) else weakref.ref(each) for each in made]


def asked(result: Any) -> None:
    """Read all that a result says."""
    for name in ("value", "excluded", "used", "spec", "context", "previous", "change", "shares"):
        getattr(result, name, None)
    if hasattr(result, "head"):
        result.head(3)
    result.to_dict()
    result.rows()


@pytest.mark.parametrize("filters", [None, FILTERS], ids=["whole", "filtered"])
@pytest.mark.parametrize("metric", csm.catalog.metrics(), ids=lambda metric: metric.id)
def test_a_view_lets_go_at_once(
    metric: csm.Metric, filters: csm.Filters | None, company: csm.Portfolio
) -> None:
    for options in [{}, *VARIANTS.get(metric.id, [])]:
        view = company.view(as_of=A, viewer=csm.EVERYONE, filters=filters)
        result = metric.compute(view, **options)
        asked(result)
        found = found_of(view)
        del view, result
        assert [each() for each in found if each() is not None] == [], options


@pytest.mark.parametrize("report", csm.catalog.reports(), ids=lambda report: report.id)
def test_so_does_a_report(report: csm.Report, company: csm.Portfolio) -> None:
    view = company.view(as_of=A, viewer=csm.EVERYONE)
    computed = report.compute(view)
    assert computed.to_text() and computed.to_html() and computed.to_json()
    found = found_of(view)
    del view, computed
    assert [each() for each in found if each() is not None] == []


def test_and_the_portfolio_with_its_last_view() -> None:
    company = csm.samples.portfolio(engagements=30)
    report = csm.reports.success_report(company.view(as_of=A, viewer=csm.EVERYONE))
    assert report.results
    found = weakref.ref(company)
    del company
    assert found() is not None  # the report looks at it
    del report
    assert found() is None


def test_a_table_goes_on_without_its_view(company: csm.Portfolio) -> None:
    view = company.view(as_of=A, viewer=csm.EVERYONE, filters=FILTERS)
    tables = {name: view.table(name) for name in ("contracts", "engagements", "risk_signals")}
    rows = {"contracts": "at_risk_ones", "engagements": "open_ones", "risk_signals": "active_ones"}
    before = {name: getattr(tables[name], word) for name, word in rows.items()}
    expected = {name: (found.index.tolist(), found.excluded) for name, found in before.items()}
    assert all(expected[name][0] for name in rows)
    del view
    assert not any(word in tables[name].__dict__ for name, word in rows.items())
    for name, word in rows.items():
        for found in (before[name], getattr(tables[name], word)):
            assert (found.index.tolist(), found.excluded) == expected[name]


def test_a_result_goes_on_without_its_view(company: csm.Portfolio) -> None:
    view = company.view(as_of=A, viewer=csm.EVERYONE)
    metrics = [csm.risk.contract_value_at_risk, csm.overview.health_by_stage, csm.renewal.lost_contracts]
    alone = [metric(company.view(as_of=A, viewer=csm.EVERYONE)) for metric in metrics]
    for result, metric in zip(alone, metrics, strict=True):
        expected = metric(view)
        assert (result.value, result.excluded) == (expected.value, expected.excluded)
        assert result.rows().equals(expected.rows())
