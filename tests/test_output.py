"""Workbooks, CSV, locales, notebooks: they say what the results say, and what is in the data does nothing in them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import cs_metrics as csm
from builders import A, everyone, portfolio
from cs_metrics.render.export import RUNS, columns_of, inert
from cs_metrics.render.local import Style
from test_render import PAYLOADS, Page, report_on

REPORTS = (csm.reports.success_report, csm.reports.portfolio_review, csm.reports.portfolio_act)
FORMULAS = ("=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1")


@pytest.fixture(scope="module")
def company() -> csm.Portfolio:
    return csm.samples.portfolio(engagements=300)


@pytest.fixture(scope="module", params=REPORTS, ids=lambda report: str(report.__name__))
def report(request: pytest.FixtureRequest, company: csm.Portfolio) -> csm.ReportResult:
    found: csm.ReportResult = request.param(company.view(as_of=A, viewer=csm.EVERYONE))
    return found


def computed(report: csm.ReportResult) -> dict[str, csm.Result]:
    return {name: result for name, result in report.results.items() if isinstance(result, csm.Result)}


def read_back(cell: Any, value: Any) -> bool:
    """Whether a text cell of a CSV file says a value."""
    if value is None:
        return bool(cell == "")
    if isinstance(value, Fraction | float):
        return float(cell) == float(value)
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return Decimal(cell) == value
    return bool(cell == (value.isoformat() if isinstance(value, dt.date) else str(value)))


def test_csv_says_what_the_results_say(report: csm.ReportResult, tmp_path: Path) -> None:
    files = report.to_csv(tmp_path)
    assert [file.stem for file in files] == ["contents", *computed(report)]
    for name, result in computed(report).items():
        with (tmp_path / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            names, *lines = csv.reader(file)
        columns = columns_of(result)
        assert names == list(columns)
        said = list(zip(*columns.values(), strict=True))
        assert len(lines) == len(said)
        assert all(
            read_back(*pair)
            for line, own in zip(lines, said, strict=True)
            for pair in zip(line, own, strict=True)
        )
        if isinstance(result, csm.Listing):
            assert len(lines) == result.value
            assert names == list(result.all().columns)
    contents = list(csv.DictReader(io.StringIO((tmp_path / "contents.csv").read_text("utf-8-sig"))))
    assert [line["metric"] for line in contents] == list(report.results)
    assert {line["As of"] for line in contents} == {"2026-06-30"}


def test_a_results_csv_is_the_file_it_writes(company: csm.Portfolio, tmp_path: Path) -> None:
    result = csm.overview.success_manager_tasks(everyone(company))
    text = result.to_csv(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == b"\xef\xbb\xbf" + text.encode()
    assert text.startswith("label,value,share\r\noverdue,")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_formula_comes_out_of_csv(text: str) -> None:
    assert text.startswith(RUNS)
    written = list(csv.reader(io.StringIO(report_on(text)["risk.top_risk_indicators"].to_csv(), newline="")))  # type: ignore[union-attr]
    assert written[1] == [f"'{text}", "1", "1.0"]
    assert inert(text) == f"'{text}" and inert(f"a{text}") == f"a{text}"


@pytest.mark.parametrize(
    "text", (*PAYLOADS, *FORMULAS, "\ufffe"), ids=range(len(PAYLOADS) + len(FORMULAS) + 1)
)
def test_no_formula_comes_out_of_a_workbook(text: str, tmp_path: Path) -> None:
    report = report_on(text)
    report.to_excel(tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type in ("f", "e")]
    (label,) = [book["top_risk_indicators"]["A2"].value]
    kept = text if text.isprintable() else None
    assert kept is None or label == kept
    links = [cell.hyperlink for cell in cells if cell.hyperlink is not None]
    assert links and all(link.target is None and link.location.endswith("!A1") for link in links)


def test_a_workbook_says_what_the_results_say(report: csm.ReportResult, tmp_path: Path) -> None:
    report.to_excel(tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book.sheetnames[0] == "Contents" and len(book.sheetnames) == len(computed(report)) + 1
    assert book.properties.created == dt.datetime(2026, 6, 30)
    contents = [[cell.value for cell in line] for line in book["Contents"].iter_rows()]
    assert contents[0][0] == report.title
    assert contents[1][:2] == ["As of", dt.datetime(2026, 6, 30)]
    assert [line[1] for line in contents[7:]] == list(report.results)
    for sheet, result in zip(book.worksheets[1:], computed(report).values(), strict=True):
        columns = columns_of(result)
        _, *lines = sheet.iter_rows()
        said = list(zip(*columns.values(), strict=True))
        assert len(lines) == len(said)
        for line, own in zip(lines, said, strict=True):
            for cell, value in zip(line, own, strict=True):
                if isinstance(value, dt.date):
                    assert cell.is_date and cell.value.date() == value
                elif isinstance(value, Decimal):
                    assert cell.value == float(value) and "USD" in cell.number_format
                elif isinstance(value, Fraction | float):  # a workbook keeps 16 digits
                    assert cell.value == pytest.approx(float(value), rel=1e-15)
                else:
                    assert cell.value == value or (cell.value is None and value in (None, ""))
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1")


def test_a_workbook_of_missing_tables_and_of_nothing(tmp_path: Path) -> None:
    for view in (
        everyone(portfolio()),
        csm.samples.portfolio(engagements=0).view(as_of=A, viewer=csm.EVERYONE),
    ):
        report = csm.reports.success_report(view)
        report.to_excel(tmp_path / "x.xlsx")
        book = openpyxl.load_workbook(tmp_path / "x.xlsx")
        assert len(book.sheetnames) == len(computed(report)) + 1
        missing = [result for result in report.results.values() if not isinstance(result, csm.Result)]
        told = [line[3].value for line in book["Contents"].iter_rows()]
        assert told.count("needs contracts") == sum(str(result) == "needs contracts" for result in missing)


def test_days_and_numbers_that_a_workbook_cannot_hold_stand_as_text(tmp_path: Path) -> None:
    company = portfolio(
        contracts=[{"id": "C1", "value": "12345678901234567.89", "starts_on": dt.date(1, 1, 1),
                    "ends_on": dt.date(2026, 7, 1)}],
        qbrs=[{"id": "Q", "scheduled_on": dt.date(9999, 12, 31)}],
    )  # fmt: skip
    csm.reports.success_report(everyone(company)).to_excel(tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert book["engagements_with_renewals_due"]["C2"].value == "12345678901234567.89"
    assert book["engagements_with_upcoming_qbrs"]["B2"].value == dt.datetime(9999, 12, 31)


def contract_report(currency: str = "EUR") -> csm.ReportResult:
    company = portfolio(
        {"currency": currency},
        contracts=[{"id": "C1", "value": 1234567, "ends_on": dt.date(2026, 8, 31)}],
        risk_signals=[{"id": "R1"}],
        objectives=[{"id": n, "state": "completed" if n < 6 else "new"} for n in range(7)],
    )  # fmt: skip
    return csm.reports.success_report(everyone(company))


GERMAN = ("1.234.567,00\xa0€", "31.08.2026", "85,7\xa0%", "30.06.2026")
JAPANESE = ("￥1,234,567", "2026/08/31", "85.7%", "2026/06/30")


@pytest.mark.parametrize(("locale", "currency", "said"), [("de", "EUR", GERMAN), ("ja", "JPY", JAPANESE)])
def test_numbers_money_and_days_by_locale(locale: str, currency: str, said: tuple[str, ...]) -> None:
    report = contract_report(currency)
    text = report.to_text(locale=locale)
    page = " ".join(Page(report.to_html(locale=locale)).text)
    for part in said:
        assert part in text and part in page, part
    plain = report.to_text()
    assert (
        "2026-06-30" in plain and "1,234,567" in plain and "85.7%" in plain
    )  # nothing of the locale stays behind
    assert f'"locale": "{locale}"' in report.to_html(locale=locale)


@pytest.mark.parametrize(
    ("locale", "currency", "money", "day"),
    [("de", "EUR", '#,##0.00\xa0"€"', "dd.mm.yyyy"), ("ja", "JPY", '"￥"#,##0', "yyyy/mm/dd"),
     (None, "JPY", '#,##0 "JPY"', "yyyy-mm-dd")],
)  # fmt: skip
def test_a_workbooks_formats_by_locale(
    locale: Any, currency: str, money: str, day: str, tmp_path: Path
) -> None:
    contract_report(currency).to_excel(tmp_path / "x.xlsx", locale=locale)
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["engagements_with_renewals_due"]
    assert (sheet["B2"].number_format, sheet["C2"].number_format) == (day, money)


@pytest.mark.parametrize("locale", ["xx", "", "klingon", 7, "de_DE_DE_DE"])
def test_an_unknown_locale_is_an_error(locale: Any) -> None:
    with pytest.raises(csm.errors.OptionError, match="locale"):
        contract_report().to_html(locale=locale)


@pytest.mark.parametrize("locale", ["de", "ja", "ar", "hi", "fr_CH", "he", "en-US"])
def test_no_locale_writes_marks_that_turn_text_around(locale: str) -> None:
    style = Style(locale)
    told = (
        style.number(Decimal("-1234.50"))
        + style.money(Decimal("-0.05"), "EUR")
        + style.share(-0.1)
        + style.day(A)
    )
    assert not re.search("[\u061c\u200e\u200f]", told)
    assert style.number(Decimal("0.10")).replace("٫", ".").replace(",", ".").endswith(("0.10", "٠.١٠"))


def test_without_babel_or_xlsxwriter_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "babel", None)
    monkeypatch.setitem(__import__("sys").modules, "xlsxwriter", None)
    report = contract_report()
    with pytest.raises(csm.errors.OptionError, match=r"cs-metrics\[report\]"):
        report.to_html(locale="de")
    with pytest.raises(csm.errors.OptionError, match=r"cs-metrics\[excel\]"):
        report.to_excel(tmp_path / "x.xlsx")
    assert report.to_html() and report.to_text()


# notebooks --------------------------------------------------------------------------------------------------


def shown_in_notebooks(text: str) -> list[str]:
    report = report_on(text)
    results = [result._repr_html_() for result in computed(report).values()]
    return [*results, report._repr_html_(), report.view._repr_html_(), report.view.portfolio._repr_html_()]


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_data_is_inert_in_notebooks(payload: str) -> None:
    for source, plain in zip(shown_in_notebooks(payload), shown_in_notebooks("harmless"), strict=True):
        page, harmless = Page(source), Page(plain)
        assert page.open == [] and page.comments == 0
        assert page.kinds == harmless.kinds
        assert {tag for tag, _ in page.elements} <= {
            "div",
            "strong",
            "b",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "small",
        }
        assert len(source) < 60_000


def test_notebooks_show_numbers_and_where_they_are_from(report: csm.ReportResult) -> None:
    for result in computed(report).values():
        shown = " ".join(Page(result._repr_html_()).text)
        assert result.spec.title in shown and "as of 2026-06-30" in shown and "viewer everyone" in shown
        assert all(reason in shown for reason in result.excluded)
        assert len(result._repr_html_()) < 12_000
    assert all(
        result.spec.title in report._repr_html_()
        for result in computed(report).values()
        if "&" not in result.spec.title
    )


def test_a_view_in_a_notebook_counts_what_is_in_view(company: csm.Portfolio) -> None:
    view = company.view(as_of=A, viewer=csm.EVERYONE, filters=csm.Filters(industries=()))
    text = " ".join(Page(view._repr_html_()).text)
    assert "engagements 0" in text and "industries" in text
    assert f"engagements {company.tables['engagements'].n}" in " ".join(Page(company._repr_html_()).text)


# how fast ---------------------------------------------------------------------------------------------------


def calls(run: Callable[[], Any]) -> int:
    """How many functions are called: a measure of work that no busy machine changes."""
    count = 0

    def called(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def test_the_page_costs_little_more_than_its_numbers() -> None:
    """In time under 5 times the metrics for a CSM with 50 engagements; its many calls are small ones."""
    company = csm.samples.portfolio(engagements=2000)
    owners = csm.samples.frames(engagements=2000, tables=["engagements", "accounts", "users"])
    whose = owners["accounts"].set_index("id")["owner_id"][owners["engagements"]["account_id"]].value_counts()
    viewer = (whose - 50).abs().idxmin()

    def make() -> csm.ReportResult:
        return csm.reports.success_report(company.view(as_of=A, viewer=viewer))

    report = make()
    assert 30 < csm.overview.total_engagements(report.view).value < 80
    assert calls(lambda: make().to_html()) < 16 * calls(make)
    assert len(report.to_html()) < 300_000


def test_a_page_of_many_rows_stays_small() -> None:
    rows = [{"id": n, "stage": "onboarding"} for n in range(5000)]
    report = csm.reports.success_report(everyone(portfolio(engagements=rows)))
    page = report.to_html()
    assert len(page) < 1_500_000
    assert '"used":5000' in page
    assert len(re.findall("<tr>", page)) < 500
