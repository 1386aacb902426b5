"""Reports as text, page and JSON: complete, inert whatever the data holds, silent about others' rows."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from html.parser import HTMLParser
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

import cs_metrics as csm
from builders import A, everyone, portfolio
from cs_metrics.render import shape
from cs_metrics.render.html import escaped, tag
from cs_metrics.render.text import WIDTH, _columns, aligned, printable

SCRIPT = "<script>alert(1)</script>"
PAYLOADS = (
    SCRIPT,
    "</script></style></title></table><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "<!--<svg/onload=alert(1)>",
    "&lt;b&gt; {{7*7}} ${7*7} %s",
    "\x00\x1b[2J\x1b]0;owned\x07\x08\r\n\t\x7f\x85\u2028",
    "\u202egnp.exe\u2066\u200f",
    "=cmd|'/c calc'!A1",
    "שלום עולם",
    "👩‍💻 名前",
    "x" * 10_000,
)
BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def telling(text: str) -> dict[str, Any]:
    """Rows of which every text, id and label is `text`, enough to show each in every metric of the report."""
    ids = [f"{place}{text}" for place in range(3)]
    e, f, g = ids
    return {
        "users": [{"id": text, "name": text, "group": text}],
        "accounts": [
            {"id": text, "owner_id": text, "name": text, "industry": text, "segment": text, "group": text}
        ],
        "engagements": [
            {"id": i, "account_id": text, "name": text, "stage": text, "health": "red", "went_live_on": None,
             "go_live_due_on": day}
            for i, day in zip(ids, (None, "2026-01-01", "2026-07-01"), strict=True)
        ],
        "escalations": [{"id": text, "account_id": text}],
        "qbrs": [{"id": text, "engagement_id": e}],
        "touchpoints": [{"id": text, "engagement_id": g}],
        "tasks": [{"id": text, "assignee_id": text, "name": text}],
        "risk_signals": [{"id": text, "engagement_id": e, "category": text, "scope": text}],
        "objectives": [{"id": text, "engagement_id": f, "name": text}],
        "adoption_scores": [
            {"account_id": text, "engagement_id": e, "product": text, "business_priority": text}
        ],
        "contracts": [
            {"id": f"{state}{text}", "account_id": text, "engagement_id": e, "ends_on": ends, "state": state,
             "extension_approved": state == "active"}
            for state, ends in (("active", "2026-07-31"), ("expired", "2026-05-01"))
        ],
        "opportunities": [{"id": text, "contract_id": f"active{text}", "stage": "open"}],
    }  # fmt: skip


def report_on(text: str, **options: Any) -> csm.ReportResult:
    filters = csm.Filters(industries={text}, owners={text}, accounts={text})
    view = portfolio(**telling(text)).view(as_of=A, viewer=text, filters=filters)
    return csm.reports.success_report(view, **({"stage": text} | options))


def sample(viewer: Any = csm.EVERYONE, engagements: int = 300, **filters: Any) -> csm.ReportResult:
    company = csm.samples.portfolio(engagements=engagements)
    view = company.view(as_of=A, viewer=viewer, filters=csm.Filters(**filters) if filters else None)
    return csm.reports.success_report(view)


class Page(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.comments = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments += 1

    @property
    def kinds(self) -> set[tuple[str, frozenset[str]]]:
        return {(tag, frozenset(attributes) - {"class"}) for tag, attributes in self.elements}


@pytest.fixture(scope="module")
def harmless() -> Page:
    return Page(report_on("harmless").to_html())


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_data_is_inert_in_the_page(payload: str, harmless: Page) -> None:
    source = report_on(payload).to_html()
    page = Page(source)
    assert page.open == []
    assert page.comments == 0
    assert page.kinds == harmless.kinds  # nothing in the data made an element or an attribute
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements] or len(payload) > 60
    assert not [letter for letter in source if unicodedata.category(letter) == "Cc" and letter != "\n"]
    assert not BIDI.search(source)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_data_is_inert_in_a_terminal(payload: str) -> None:
    text = report_on(payload).to_text()
    assert not [
        letter for letter in text if unicodedata.category(letter) in ("Cc", "Zl", "Zp") and letter != "\n"
    ]
    assert not BIDI.search(text)
    assert text.count("\n") == report_on("harmless").to_text().count("\n")


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_data_comes_whole_out_of_json(payload: str) -> None:
    told = json.loads(report_on(payload).to_json())
    assert told["viewer"] == payload
    assert told["filters"]["industries"] == [payload]
    metrics = {m["metric"]["id"]: m for section in told["sections"] for m in section["metrics"]}
    assert metrics["risk.top_risk_indicators"]["value"] == [{"label": payload, "value": 1}]
    assert metrics["overview.engagements_with_upcoming_qbrs"]["rows"] == [[f"0{payload}", A.isoformat()]]


def test_the_payloads_stand_in_every_table_of_the_report() -> None:
    """So the tests above test something."""
    report = report_on("payload")
    for name, result in report.results.items():
        assert isinstance(result, csm.Result), name
        if isinstance(result, csm.Listing):
            assert result.value, name
            assert "payload" in str(shape.grid(result, 10)), name


def test_a_long_name_is_kept_and_has_its_own_box() -> None:
    page = Page(report_on(PAYLOADS[-1]).to_html())
    assert PAYLOADS[-1] in page.text
    assert ("div", {"class": "long"}) in page.elements


def test_the_pages_style_and_script_are_the_only_things_its_policy_lets_in() -> None:
    source = sample().to_html()
    style = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    script = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    let_in = [
        base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (style[0], script[0])
    ]
    page = Page(source)
    (policy,) = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{let_in[0]}'; script-src 'sha256-{let_in[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert len(style) == len(script) == 1
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert [(a.get("type"), a.get("id")) for a in scripts] == [
        ("application/json", "data"), ("application/json", "words"), (None, None)
    ]  # fmt: skip
    for tag_name, attributes in page.elements:
        assert tag_name not in ("link", "img", "iframe", "object", "base")
        assert not attributes.keys() & {"style", "src", "action", "srcset", "data"}
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    for word in ("fetch(", "XMLHttpRequest", "innerHTML", "insertAdjacentHTML", "eval(", "import("):
        assert word not in script[0]


def test_the_page_shows_everything_in_the_sources_order() -> None:
    report = sample()
    page = Page(report.to_html(rows=7))
    identities = [a["id"] for tag, a in page.elements if tag == "article"]
    assert sorted(identities, key=str) == sorted(report.results)
    assert [a["href"] for tag, a in page.elements if tag == "a"] == [f"#tab-{n}" for n in (1, 2, 3, 4)]
    text = " ".join(page.text)
    assert [text.index(f" {title} ") for title, _ in report.sections()] == sorted(
        text.index(f" {title} ") for title, _ in report.sections()
    )
    for result in report.results.values():
        assert isinstance(result, csm.Result)
        assert result.spec.title in text
        assert f"Source: {result.spec.source}" in text
        assert result.spec.definition.split()[0] in text
        if isinstance(result, csm.Listing):
            assert f"{result.value:,}" in text
            if result.value > 7:
                assert f"showing 7 of {result.value:,}" in text
        for reason, count in result.excluded.items():
            assert f"{reason} ({count:,})" in text


@pytest.mark.parametrize("write", [csm.ReportResult.to_text, csm.ReportResult.to_html])
def test_who_looked_when_and_at_what_is_said(write: Any) -> None:
    bands = [csm.ValueBand(1000, 20000), csm.ValueBand(None, 10), csm.ValueBand(50000)]
    shown = write(sample(industries={"Retail", "Energy"}, contract_values=bands, segments=()))
    shown = " ".join(re.sub("<[^>]*>", " ", shown).split())
    assert "As of 2026-06-30" in shown
    assert "Viewer everyone" in shown
    assert "industries: Energy, Retail; segments: nothing" in shown
    assert "1,000 to below 20,000, below 10, 50,000 and more" in shown
    assert "Currency USD" in shown


@pytest.mark.parametrize(
    "write", [csm.ReportResult.to_text, csm.ReportResult.to_html, csm.ReportResult.to_json]
)
def test_nothing_out_of_scope_shows(write: Any) -> None:
    """Bob's rows are told apart by every text, his account's too; Ann's report knows none of them."""
    hers, his = telling("ann"), telling("CANARY")
    for table, (row, *_) in his.items():
        if "health" in row:
            row["health"] = "yellow"
        hers[table] = [*hers[table], *his[table]]
    for user in hers["users"]:
        user["role"] = "success_agent"
    company = portfolio(**hers)
    report = csm.reports.success_report(company.view(as_of=A, viewer="ann"))
    assert "CANARY" not in write(report)
    assert "CANARY" in write(csm.reports.success_report(company.view(as_of=A, viewer="CANARY")))


def test_missing_tables_are_named() -> None:
    company = csm.Portfolio.from_records(engagements=[csm.Engagement(
        id=1, account_id=1, stage="s", created_on=A)])  # fmt: skip
    report = csm.reports.success_report(everyone(company))
    text = report.to_text()
    assert "Total engagements: 1 engagement\n" in text
    assert "Overdue renewals: needs contracts\n" in text
    page = Page(report.to_html())
    assert "needs contracts" in page.text
    assert {a["id"] for tag, a in page.elements if tag == "article"} == report.results.keys()
    assert json.loads(report.to_json())["sections"][3]["metrics"][-1]["needs"] == "contracts"


@pytest.mark.parametrize("engagements", [0, 1, 300])
def test_the_text_fits_and_is_aligned(engagements: int) -> None:
    text = sample(engagements=engagements).to_text(rows=20)
    tables = [line for line in text.splitlines() if line.startswith("  ") and "left out" not in line]
    assert max(map(len, tables), default=0) <= WIDTH
    if engagements == 300:
        assert "  completed " in text
    if engagements == 0:
        assert "Average engagements per CSM: no value (0 / 0)" in text
        assert "Total contract value at risk: 0.00 USD" in text


def test_numbers_are_written_for_people() -> None:
    company = portfolio(
        {"currency": "KWD"},
        contracts=[{"id": "C1", "value": "1234567.8"}, {"id": "C2", "value": -3, "ends_on": "2026-07-01"}],
        risk_signals=[{"id": "R1"}],
        objectives=[{"id": n, "state": "completed" if n < 6 else "new"} for n in range(7)],
    )
    text = csm.reports.success_report(everyone(company)).to_text()
    assert "Total contract value at risk: 1,234,564.800 KWD" in text
    assert re.search(r"engagement +next renewal on +value due \(KWD\)\n  E1 +2026-07-01 +-3\.000\n", text)
    assert re.search(r"engagement +share\n  E1 +85\.7%\n", text)
    assert "Average engagements per CSM: 1 engagements per CSM (1 / 1)" in text
    assert re.search(
        r"Success objective progress: 7 objectives\n.*\n  new +1 +14\.3%\n  on track +0 +0\.0%", text
    )


def test_whole_numbers_that_are_ids_keep_their_digits() -> None:
    company = portfolio(
        users=[{"id": 1}], accounts=[{"id": 7654321, "owner_id": 1}],
        engagements=[{"id": 1234567, "account_id": 7654321, "stage": "onboarding"}],
        adoption_scores=[{"account_id": 7654321, "engagement_id": 1234567, "score": 12.5}],
    )  # fmt: skip
    report = csm.reports.success_report(company.view(as_of=A, viewer=1))
    low = shape.grid(report["adoption.low_adoption_products"], 10)  # type: ignore[arg-type]
    assert low and low.lines == (("1234567", "7654321", "P", "12.5", ""),)
    assert "user 1" in report.to_text()


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "duckdb"])
def test_listings_have_names_whatever_frame_they_came_in(kind: str) -> None:
    table = pa.table({
        "id": [2, 1], "account_id": [5, 5], "stage": ["onboarding"] * 2, "created_on": [A] * 2, "name": ["b", None],
    })  # fmt: skip
    frames = {
        "pandas": table.to_pandas,
        "polars": lambda: pl.from_arrow(table),
        "duckdb": lambda: duckdb.from_arrow(table),
    }
    company = csm.Portfolio.from_frames(engagements=frames.get(kind, lambda: table)())
    shown = shape.grid(csm.adoption.engagements_in_onboarding(everyone(company)), 10)
    assert shown == shape.Grid(("engagement", "name"), (("1", ""), ("2", "b")), (False, False))


def test_months_are_added_up_only_where_that_means_something() -> None:
    company = portfolio(contracts=[{"id": "C1"}])
    view = everyone(company)
    started = csm.renewal.contract_value_ytd(view)
    in_force = csm.renewal.contract_value_ytd(view, basis="in_force")
    assert shape.headline(started) == shape.headline(in_force) == ("100.00", "USD")
    shown = shape.grid(started, 10), shape.grid(in_force, 10)
    assert [grid and grid.total for grid in shown] == [("total", "100.00"), None]


def test_top_lists_say_what_they_cut_off() -> None:
    signals = [{"id": n, "category": f"c{n}"} for n in range(7)]
    result = csm.risk.top_risk_indicators(everyone(portfolio(risk_signals=signals)))
    assert shape.note(result, 10) == "showing 5 of 7"
    assert shape.headline(result) == ("7", "signals")


@pytest.mark.parametrize("rows", [-1, 1.5, None, True, "10"])
def test_rows_must_be_a_count(rows: Any) -> None:
    report = sample(engagements=1)
    for write in (report.to_text, lambda given: report.to_html(rows=given)):
        with pytest.raises(csm.errors.OptionError):
            write(rows)


def test_no_rows_at_all() -> None:
    report = sample()
    assert "E0000" not in report.to_text(rows=0)
    assert "E0000" not in report.to_html(rows=0)


def test_the_page_is_written_where_it_is_asked_to(tmp_path: Any) -> None:
    report = sample(engagements=5)
    assert (tmp_path / "x.html").exists() is False
    assert report.to_html(tmp_path / "x.html") == (tmp_path / "x.html").read_text("utf-8")


def test_trends_show_what_was_before() -> None:
    view = everyone(portfolio(engagements=[{"id": n} for n in range(2)]))
    now, before = csm.overview.total_engagements(view), csm.overview.new_engagements_ytd(view)
    trend = csm.Trend(now, before)
    trend._spec = now.spec
    assert shape.headline(trend) == ("2", "engagements, before: 2")
    assert shape.grid(trend, 10) is None
    none = csm.overview.total_engagements(everyone(portfolio(engagements=[])))
    one = csm.overview.total_engagements(everyone(portfolio()))
    for result in (csm.Trend(now, one), csm.Trend(one, now), csm.Trend(now, none)):
        result._spec = now.spec
        told = {1: "before: 1 (▲ 100.0%)", 2: "before: 2 (▼ 50.0%)", 0: "before: 0 (▲ 2)"}
        assert shape.headline(result)[1].endswith(told[result.previous.value])


def test_elements_escape_what_is_not_an_element() -> None:
    inner = tag("b", "<i>", title='"x"')
    assert inner == '<b title="&quot;x&quot;">&lt;i&gt;</b>'
    assert tag("p", inner, "&") == f"<p>{inner}&amp;</p>"
    assert escaped("a\x00\x7f\x9b\ud800\u202e\ufffe") == "a␀␡\ufffd\ufffd\ufffd\ufffd"


def test_wide_and_combining_letters_are_measured_as_a_terminal_shows_them() -> None:
    grid = shape.Grid(
        ("n", "x"), (("名前", "1"), ("e\u0301", "2"), ("a" * 60, "3"), ("\u0301" * 999, "4")), (False, True)
    )
    lines = list(aligned(grid, 30))
    assert len({_columns(line) for line in lines}) == 1
    assert _columns(lines[0]) == 30
    assert printable("a\nb", keep="\n") == "a\nb"
    assert printable("\ud800") == "\\ud800"
