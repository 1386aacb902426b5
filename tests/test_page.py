"""The page in a real browser: its tabs, the rows behind its numbers, and that nothing in the data runs."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cs_metrics as csm
from builders import A, everyone, portfolio
from test_render import report_on

BROWSER = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome", "chrome")
        if (found := shutil.which(name))
    ),
    None,
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
pytestmark = needs_browser

OWNED = (
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "<svg onload=\"document.title='owned'\"><!--",
    "javascript:document.title='owned'",
    "\u202e<b>\x00\x1b</b>\u2028",
)


def browse(page: str, folder: Path, fragment: str = "", script: str = "") -> str:
    """The page's DOM once it is loaded; `script` then runs in it, the page's policy put aside for that."""
    if script:
        page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        page = page.replace(
            "</body>", f"<script>{DRIVE}\n(async () => {{{script}\n}})().catch(tell);</script></body>"
        )
    file = folder / "page.html"
    file.write_text(page, "utf-8")
    assert BROWSER is not None
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom",
        f"{file.as_uri()}{fragment}",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return run.stdout.decode("utf-8", "replace")


DRIVE = """
const $ = (query) => document.querySelector(query);
const $$ = (query) => [...document.querySelectorAll(query)];
const texts = (query) => $$(query).map((found) => found.textContent);
const tell = (found) => {
  const out = document.createElement("pre");
  out.id = "told";
  out.textContent = found instanceof Error ? JSON.stringify({ error: `${found}` }) : JSON.stringify(found);
  document.body.append(out);
};
const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const wait = (time) => new Promise((done) => setTimeout(done, time));
"""


def told(page: str, folder: Path, script: str) -> Any:
    """What a script that runs in the page tells."""
    dom = browse(page, folder, script=script)
    (found,) = re.findall(r'<pre id="told">(.*?)</pre>', dom, re.DOTALL)
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\xa0"), ("&amp;", "&")):
        found = found.replace(entity, letter)
    answer = json.loads(found)
    assert not isinstance(answer, dict) or "error" not in answer, answer
    return answer


@pytest.fixture(scope="module")
def sample() -> csm.ReportResult:
    return csm.reports.success_report(
        csm.samples.portfolio(engagements=300).view(as_of=A, viewer=csm.EVERYONE)
    )


@pytest.mark.parametrize("payload", OWNED, ids=range(len(OWNED)))
def test_nothing_in_the_data_runs(payload: str, tmp_path: Path) -> None:
    report = report_on(payload)
    dom = browse(report.to_html(), tmp_path, "#adoption.engagements_overdue_go_live/rows")
    assert re.search(r"<dialog[^>]*open", dom)
    for page in (
        dom,
        browse(report.to_html(), tmp_path, script="$$('button[data-rows]').forEach((b) => b.click());"),
    ):
        title = re.findall("<title>(.*?)</title>", page)[0]
        assert title == "Success report on 2026-06-30"
        body = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
        assert "<img" not in body and "<b><" not in body and "onload=" not in re.sub(r">[^<]*<", "><", body)
    assert dom.count("<script") == 3


def test_the_tabs(sample: csm.ReportResult, tmp_path: Path) -> None:
    found = told(sample.to_html(), tmp_path, """
        const at = () => [texts("[role=tab][aria-selected=true]"), $$("section:not([hidden])").map((s) => s.id)];
        const seen = [at()];
        $$("[role=tab]")[2].click(); seen.push(at());
        press(document.activeElement, "ArrowRight"); seen.push(at());
        press(document.activeElement, "ArrowRight"); seen.push(at());
        press(document.activeElement, "End"); seen.push(at());
        press(document.activeElement, "Home"); seen.push(at());
        tell({ seen, stops: $$("[role=tab]").map((tab) => tab.tabIndex), roles: [$("nav ul").role,
          ...$$("section").map((s) => `${s.role} ${document.getElementById(s.getAttribute("aria-labelledby")).textContent}`)] });
    """)  # fmt: skip
    order = [0, 2, 3, 0, 3, 0]
    titles = ["Overview", "Risk", "Adoption", "Renewal"]
    assert found["seen"] == [[[titles[n]], [f"tab-{n + 1}"]] for n in order]
    assert found["stops"] == [0, -1, -1, -1]
    assert found["roles"] == ["tablist", *(f"tabpanel {title}" for title in titles)]


def test_a_number_opens_its_rows(sample: csm.ReportResult, tmp_path: Path) -> None:
    found = told(sample.to_html(), tmp_path, """
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
        tell(seen);
    """)  # fmt: skip
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


def test_rows_are_sorted_searched_and_saved(tmp_path: Path) -> None:
    rows = [
        {"id": n, "stage": "onboarding", "name": name, "go_live_due_on": f"2026-0{n}-01", "went_live_on": None}
        for n, name in enumerate(["=1+1", "Zoë, \"quoted\"", "@SUM", "plain", "＝2", "-3"], 1)
    ]  # fmt: skip
    contracts = [
        {"id": f"C{n}", "engagement_id": n, "value": n * 1000 - 2500, "ends_on": "2026-07-01"}
        for n in range(1, 7)
    ]
    report = csm.reports.success_report(everyone(portfolio(engagements=rows, contracts=contracts)))
    found = told(report.to_html(), tmp_path, """
        let saved = null;
        URL.createObjectURL = (blob) => { saved = blob; return "#"; };
        const open = (name) => $(`button[data-rows="${name}"]`).click();
        const head = (title) => $$("dialog thead button").find((button) => button.textContent === title);
        const ids = () => texts("dialog tbody th");
        open("adoption.engagements_overdue_go_live");
        const seen = { first: ids() };
        head("name").click(); seen.byName = ids(); seen.sort = head("name").parentElement.getAttribute("aria-sort");
        head("name").click(); seen.byNameDown = ids();
        $("dialog input").value = "SUM"; $("dialog input").dispatchEvent(new Event("input")); await wait(500);
        seen.searched = ids(); seen.status = $("dialog [role=status]").textContent;
        $("dialog input").value = ""; $("dialog input").dispatchEvent(new Event("input")); await wait(500);
        $$("dialog button").find((button) => button.textContent.includes("CSV")).click(); seen.csv = await saved.text();
        $(".close").click();
        open("renewal.engagements_with_renewals_due");
        head("value due (USD)").click(); seen.byValue = texts("dialog tbody td.right");
        tell(seen);
    """)  # fmt: skip
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


def test_many_rows_do_not_freeze_it(tmp_path: Path) -> None:
    rows = [{"id": n, "stage": "onboarding"} for n in range(100_000)]
    view = everyone(portfolio(engagements=rows))
    script = """
        const start = Date.now();
        $('button[data-rows="overview.total_engagements"]').click();
        tell([$$("dialog tbody tr").length, $("dialog [role=status]").textContent, $(".more").hidden]);
    """
    page = csm.reports.success_report(view).to_html()
    shown, status, no_more = told(page, tmp_path, script)
    assert len(page) < 3_000_000 and shown == 200 and not no_more
    assert "200 of 1,000 rows shown" in status and "first 1,000 of 100,000 rows" in status
    shown, status, _ = told(csm.reports.success_report(view).to_html(rows=100_000), tmp_path, script)
    assert shown == 200 and status == "200 of 100,000 rows shown"


@pytest.mark.parametrize("width", [390, 1280, 1920])
@pytest.mark.parametrize("name", ["success_report", "portfolio_review", "portfolio_act"])
def test_nothing_is_wider_than_the_window(name: str, width: int, tmp_path: Path) -> None:
    view = csm.samples.portfolio(engagements=100).view(as_of=A, viewer=csm.EVERYONE)
    page = getattr(csm.reports, name)(view).to_html()
    frame = f"""
        const frame = document.createElement("iframe");
        frame.width = {width}; frame.height = 900;
        frame.srcdoc = document.documentElement.outerHTML.replace(/<script>.*?<\\/script>/gs, "");
        document.body.append(frame);
        await new Promise((done) => {{ frame.onload = done; }});
        const inside = frame.contentDocument;
        const wide = [...inside.querySelectorAll("body *")].filter((found) => !found.closest(".scroll, svg, nav")
          && found.getBoundingClientRect().right > {width} + 1).map((found) => found.outerHTML.slice(0, 90));
        tell([inside.documentElement.scrollWidth, wide]);
    """
    found, wide = told(page, tmp_path, frame)
    assert wide == []
    assert found <= width
