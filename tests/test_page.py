"""The page in a real browser: its tabs, the rows behind its numbers, its pictures, and that nothing in the data runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest

import cs_metrics as csm
from browser import BROWSER, Browser
from builders import A, everyone, portfolio
from test_pictures import many, segments_of
from test_render import report_on

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")

OWNED = (
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "<svg onload=\"document.title='owned'\"><!--",
    "javascript:document.title='owned'",
    "\u202e<b>\x00\x1b</b>\u2028",
)
REPORTS = {report.id: report for report in csm.reports.ALL}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def seen() -> csm.View:
    return csm.samples.portfolio(engagements=300).view(as_of=A, viewer=csm.EVERYONE)


@pytest.fixture(scope="module")
def sample(seen: csm.View) -> csm.ReportResult:
    return csm.reports.success_report(seen)


@pytest.mark.parametrize("payload", OWNED, ids=range(len(OWNED)))
def test_nothing_in_the_data_runs(payload: str, browser: Browser) -> None:
    with browser.tab(report_on(payload).to_html(), "#adoption.engagements_overdue_go_live/rows") as tab:
        dom = tab.dom
        assert re.search(r"<dialog[^>]*open", dom)
        assert dom.count("<script") == 3
        for page in (dom, tab.run("$$('button[data-rows]').forEach((b) => b.click());") or tab.dom):
            title = re.findall("<title>(.*?)</title>", page)[0]
            assert title == "Success report on 2026-06-30"
            body = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
            assert "<img" not in body and "<b><" not in body
            assert "onload=" not in re.sub(r">[^<]*<", "><", body)


def test_nothing_in_the_pictures_runs(browser: Browser) -> None:
    """Names of accounts, items and tags, stages and kinds of risk that would run, in all that is drawn."""
    ids = [f"{n}{text}" for n, text in enumerate(OWNED)]
    view = everyone(
        portfolio(
            accounts=[{"id": i, "owner_id": "U1", "name": i, "employees": 5} for i in ids],
            engagements=[{"id": i, "account_id": i, "stage": i, "health": "red"} for i in ids],
            risk_signals=[{"id": i, "engagement_id": i, "category": i, "scope": i} for i in ids],
            subscriptions=[{"id": i, "account_id": i, "plan": i} for i in ids],
            alerts=[{"id": i, "account_id": i, "name": i, "kind": "risk", "raised_on": A} for i in ids],
            measures=[],
            stack_items=[{"id": i, "name": i} for i in ids],
            stack_tags=[{"item_id": i, "tag": i} for i in ids],
            stack_positions=[
                {"account_id": i, "item_id": i, "aligned": True, "mrr": 5, "mrr_opportunity": 3} for i in ids
            ],
        )
    )
    for report in (csm.reports.customer_success(view), csm.reports.at_risk(view)):
        with browser.tab(report.to_html()) as tab:
            found = tab.run("""
                $$("button[data-rows]").forEach((button) => button.click());
                for (const mark of $$(".picture :has(> title)")) {
                  mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
                }
                return [document.title, $$("img, b b, [onload], [onerror], script:not(:is([id], body > script))").length,
                  texts("figcaption"), $$("svg a, foreignObject, svg script, svg style").length];
            """)
            assert found[0] == f"{report.title} on 2026-06-30"
            assert found[1] == found[3] == 0
            if report.id == "customer_success":
                assert len(found[2]) == 3 and all(found[2])
            assert len(tab.asked) == 1 and tab.asked[0].startswith("file:")


def test_the_tabs(sample: csm.ReportResult, browser: Browser) -> None:
    with browser.tab(sample.to_html()) as tab:
        found = tab.run("""
            const at = () => [texts("[role=tab][aria-selected=true]"), $$("section:not([hidden])").map((s) => s.id)];
            const seen = [at()];
            $$("[role=tab]")[2].click(); seen.push(at());
            press(document.activeElement, "ArrowRight"); seen.push(at());
            press(document.activeElement, "ArrowRight"); seen.push(at());
            press(document.activeElement, "End"); seen.push(at());
            press(document.activeElement, "Home"); seen.push(at());
            return { seen, stops: $$("[role=tab]").map((tab) => tab.tabIndex), roles: [$("nav ul").role,
              ...$$("section").map((s) => `${s.role} ${document.getElementById(s.getAttribute("aria-labelledby")).textContent}`)] };
        """)
    order = [0, 2, 3, 0, 3, 0]
    titles = ["Overview", "Risk", "Adoption", "Renewal"]
    assert found["seen"] == [[[titles[n]], [f"tab-{n + 1}"]] for n in order]
    assert found["stops"] == [0, -1, -1, -1]
    assert found["roles"] == ["tablist", *(f"tabpanel {title}" for title in titles)]


def test_a_number_opens_its_rows(sample: csm.ReportResult, browser: Browser) -> None:
    with browser.tab(sample.to_html()) as tab:
        found = tab.run("""
            const seen = {};
            for (const button of $$("button[data-rows]")) {
              button.click();
              while (!$(".more").hidden) $(".more").click();
              seen[button.dataset.rows] = [
                $("dialog h2").textContent, $$("dialog tbody tr").length, texts("dialog tbody th"),
                texts("dialog thead th"), $("dialog").open, $("dialog > p").textContent, $("dialog [role=status]").textContent,
              ];
              $(".close").click();
            }
            return seen;
        """)
    assert found.keys() == sample.results.keys()
    for name, result in sample.results.items():
        assert isinstance(result, csm.Result)
        title, count, ids, heads, is_open, facts, status = found[name]
        rows = result.rows()
        assert title == result.spec.title and is_open
        assert count == result.used == len(rows)
        if "id" in rows.columns:
            assert ids == rows["id"].tolist()
        if isinstance(result, csm.Listing) and count:
            said = [re.sub(r" \(\w+\)", "", head).lower() for head in heads if head != "name"]
            listed = [name.replace("_", " ") for name in result.names if name != "name"]
            assert said[: len(listed)] == listed
        assert facts == "As of: 2026-06-30 · Viewer: everyone · Filters: none · Currency: USD"
        assert status.startswith(f"{count:,} of {count:,} rows shown")


def test_rows_are_sorted_searched_and_saved(browser: Browser) -> None:
    rows = [
        {"id": n, "stage": "onboarding", "name": name, "go_live_due_on": f"2026-0{n}-01", "went_live_on": None}
        for n, name in enumerate(["=1+1", "Zoë, \"quoted\"", "@SUM", "plain", "＝2", "-3"], 1)
    ]  # fmt: skip
    contracts = [
        {"id": f"C{n}", "engagement_id": n, "value": n * 1000 - 2500, "ends_on": "2026-07-01"}
        for n in range(1, 7)
    ]
    report = csm.reports.success_report(everyone(portfolio(engagements=rows, contracts=contracts)))
    with browser.tab(report.to_html()) as tab:
        found = tab.run("""
            let saved = null;
            URL.createObjectURL = (blob) => { saved = blob; return "#"; };
            const open = (name) => $(`button[data-rows="${name}"]`).click();
            const head = (title) => $$("dialog thead button").find((button) => button.textContent === title);
            const ids = () => texts("dialog tbody th");
            open("adoption.engagements_overdue_go_live");
            const seen = { first: ids() };
            head("name").click(); seen.byName = ids(); seen.sort = head("name").parentElement.getAttribute("aria-sort");
            head("name").click(); seen.byNameDown = ids();
            $("dialog input").value = "SUM"; $("dialog input").dispatchEvent(new Event("input")); await wait(200);
            seen.searched = ids(); seen.status = $("dialog [role=status]").textContent;
            $("dialog input").value = ""; $("dialog input").dispatchEvent(new Event("input")); await wait(200);
            $$("dialog button").find((button) => button.textContent.includes("CSV")).click(); seen.csv = await saved.text();
            $(".close").click();
            open("renewal.engagements_with_renewals_due");
            head("value due (USD)").click(); seen.byValue = texts("dialog tbody td.right");
            return seen;
        """)
    assert found["first"] == ["1", "2", "3", "4", "5", "6"]  # longest overdue first
    names = {row["id"]: str(row["name"]) for row in rows}
    by_name = sorted(range(1, 7), key=lambda n: names[n])
    assert found["byName"] == [str(n) for n in by_name] and found["sort"] == "ascending"
    assert found["byNameDown"] == found["byName"][::-1]
    assert found["searched"] == ["3"] and found["status"] == "1 of 1 rows shown · of the 6 here"
    heads, *lines = csv.reader(io.StringIO(found["csv"].removeprefix("\ufeff"), newline=""))
    assert heads[:3] == ["id", "name", "days_overdue"]
    assert {line[1] for line in lines} == {"'=1+1", 'Zoë, "quoted"', "'@SUM", "plain", "'＝2", "'-3"}
    assert {line[0]: line[heads.index("go_live_due_on")] for line in lines}["3"] == "2026-03-01"
    assert found["byValue"][0] == "-1,500.00" and found["byValue"][-1] == "3,500.00"


def test_many_rows_do_not_freeze_it(browser: Browser) -> None:
    rows = [{"id": n, "stage": "onboarding"} for n in range(100_000)]
    view = everyone(portfolio(engagements=rows))
    script = """
        $('button[data-rows="overview.total_engagements"]').click();
        return [$$("dialog tbody tr").length, $("dialog [role=status]").textContent, $(".more").hidden];
    """
    page = csm.reports.success_report(view).to_html()
    with browser.tab(page) as tab:
        shown, status, no_more = tab.run(script)
    assert len(page) < 3_000_000 and shown == 200 and not no_more
    assert "200 of 1,000 rows shown" in status and "first 1,000 of 100,000 rows" in status
    with browser.tab(csm.reports.success_report(view).to_html(rows=100_000)) as tab:
        shown, status, _ = tab.run(script)
    assert shown == 200 and status == "200 of 100,000 rows shown"


WIDE = """
    const width = document.documentElement.clientWidth;
    $$("section").forEach((section) => { section.hidden = false; });
    const beyond = (found) => { const box = found.getBoundingClientRect(); return box.right > width + 1 || box.left < -1; };
    const all = $$("body *").filter((found) => !found.closest(".scroll, svg, nav") && beyond(found));
    const letters = $$(".picture text").filter(beyond);
    return [document.documentElement.scrollWidth - width, [...all, ...letters].map((found) => found.outerHTML.slice(0, 90))];
"""
PLAIN = """
    const unnamed = $$("svg").filter((svg) => svg.getAttribute("aria-hidden") !== "true"
      && !(svg.getAttribute("role") === "img" && svg.getAttribute("aria-label")));
    const alone = $$("figure").filter((figure) => !figure.closest("article").querySelector("table"));
    const luminance = (color) => {
      const [red, green, blue] = color.match(/[\\d.]+/g).map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ground = luminance(getComputedStyle($("article")).backgroundColor);
    const contrast = (color) => {
      const [low, high] = [luminance(color), ground].sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05);
    };
    const pale = [...new Set($$(".picture text").map((text) => getComputedStyle(text).fill))].filter((c) => contrast(c) < 4.5)
      .concat([...new Set($$("article p, article td, article th").map((text) => getComputedStyle(text).color))]
        .filter((color) => contrast(color) < 4.5))
      .concat([...new Set($$(".picture .mark, .picture path, .picture rect, .bar rect").map((m) => getComputedStyle(m).fill))]
        .filter((color) => contrast(color) < 1.5));
    return [unnamed.length, alone.length, pale];
"""


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_readable_on_every_screen(name: str, seen: csm.View, browser: Browser) -> None:
    """Narrow, middle and wide; nothing of it out of sight; light and dark; read out; nothing is asked for."""
    page = REPORTS[name].compute(seen).to_html()
    assert len(page) < 600_000
    with browser.tab(page) as tab:
        for width in (390, 1280, 1920):
            tab.look(width)
            beyond, wide = tab.run(WIDE)
            assert wide == [] and beyond <= 0, width
        for dark in (False, True):
            tab.look(dark=dark)
            assert tab.run(PLAIN) == [0, 0, []], dark
        assert len(tab.asked) == 1


def test_an_empty_page_and_a_printed_one(browser: Browser) -> None:
    empty = csm.samples.portfolio(engagements=0).view(as_of=A, viewer=csm.EVERYONE)
    for report in (csm.reports.SUCCESS_REPORT, csm.reports.CUSTOMER_SUCCESS):
        with browser.tab(report.compute(empty).to_html(), width=390) as tab:
            beyond, wide = tab.run(WIDE)
            assert wide == [] and beyond <= 0
            assert tab.run("""return $$("article").every((card) => card.querySelector(".number"))""")
            assert "nothing to show" in tab.run("""return texts("article > .quiet")""")
            tab.look(media="print")
            assert tab.run("""
                const shown = (found) => found.checkVisibility();
                return [$$("section").every(shown), $$("nav, summary, dialog").some(shown), $$(".facts div").every(shown)];
            """) == [True, False, True]


def test_what_is_touched_is_told_below_the_picture(seen: csm.View, browser: Browser) -> None:
    report = csm.reports.customer_success(seen)
    with browser.tab(report.to_html(), width=390) as tab:
        found = tab.run("""
            $$("section").forEach((section) => { section.hidden = false; });
            return $$("figure.picture").map((figure) => {
              const mark = figure.querySelector("svg > :has(> title)");
              mark.dispatchEvent(new MouseEvent("click", { bubbles: true }));
              return [mark.querySelector("title").textContent, figure.querySelector("figcaption").textContent];
            });
        """)
    assert len(found) == 3 and all(said == told and said for said, told in found)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", {"1.234.567,00", "31.08.2026", "Jan.", "Juni", "1,2\xa0Mio.", "50,0\xa0%"}),
        ("ja", {"1,234,567", "2026/08/31", "1月", "6月", "123.5万", "50.0%"}),
    ],
)
def test_pictures_and_rows_by_locale(locale: str, said: set[str], browser: Browser) -> None:
    currency = {"de": "EUR", "ja": "JPY"}[locale]
    day = {"starts_on": "2026-01-01", "ends_on": "2026-08-31"}
    company = portfolio(
        {"currency": currency},
        contracts=[{"id": "C1", "value": 1234567, **day}],
        risk_signals=[{"id": "R1", "scope": "a"}, {"id": "R2", "scope": "b"}],
    )
    page = csm.reports.success_report(everyone(company)).to_html(locale=locale)
    with browser.tab(page, "#renewal.contract_value_ytd/rows") as tab:
        found = tab.run("""return texts("dialog td, .picture text, td, th").concat(texts("title"))""")
    assert said <= {text.replace("\u202f", "\xa0") for text in found}
    assert any("2026-01" in text and ("1.234.567" in text or "1,234,567" in text) for text in found)


def test_a_picture_of_very_many_accounts_is_drawn(browser: Browser) -> None:
    page = segments_of(many()).to_html()
    assert len(page) < 1_500_000
    with browser.tab(page) as tab:
        marks, told = tab.run("""return [$$(".picture use").length, $(".keys").textContent]""")
    assert 50 < marks < 800 and f"10,000 accounts in {marks:,} marks" in told
