"""Pictures of results: each can be drawn, says what its result says, and takes labels for nothing but labels."""

from __future__ import annotations

import json
import math
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

pytest.importorskip("altair", reason="the extra `charts` is not installed")
pytest.importorskip("vl_convert", reason="the extra `charts` is not installed")

import cs_metrics as csm
from builders import everyone, portfolio
from cs_metrics.charts import charted
from cs_metrics.charts.words import Words
from cs_metrics.results import Groups

SIZES = {0: 0, 1: 3, 10: 26, 10_000: 26_000}
"""So many engagements have about so many accounts."""
METRICS = {metric.id: metric for metric in csm.catalog.metrics()}
TRENDS = [name for name in METRICS if name.startswith("review.")]
ALIKE = [name for name in TRENDS if name not in ("review.active_mrr", "review.renewals_accomplished",
                                                 "review.open_tasks", "review.playbook_status",
                                                 "review.alert_status")]  # fmt: skip
"""Trends whose pictures differ from others only in their numbers: drawn once, at one size."""
LARGE = ("health.", "effort.", "segmentation.segments", "stack.", "renewal.renewals_and", "overview.health")
CANARY = "zzcanary"


@cache
def view(accounts: int) -> csm.View:
    sample = csm.samples.portfolio(engagements=SIZES[accounts])
    return everyone(sample)


@cache
def result(name: str, accounts: int) -> csm.Result:
    found = METRICS[name].compute(view(accounts))
    assert isinstance(found, csm.Result)
    return found


def rendered(chart: Any) -> tuple[int, int]:
    """The size of a picture that was drawn as PNG."""
    png = chart.to_png(scale=1)
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and len(png) > 1_500
    width, height = struct.unpack(">II", png[16:24])
    return int(width), int(height)


def held(found: Any, rows: list[dict[str, Any]]) -> None:
    """What is drawn is what the result says."""
    kind = found.kind
    value = found.value
    if not rows:
        said_empty(found)
    elif kind in ("breakdown", "forecast"):
        assert [row["value"] for row in rows] == [float(number) for number in value.values()]
        if kind == "breakdown":
            assert [row["share"] for row in rows] == list(found.shares().values())
    elif kind == "crosstab":
        cells = [float(count) for line in value.values() for count in line.values()]
        assert [row["value"] for row in rows] == cells
    elif kind == "monthly" and "opening" in value:
        moved = [float(sum(value[row["step"].split()[-1]].values())) for row in rows[1:-1]]
        assert [abs(row["value"]) for row in rows[1:-1]] == moved
        assert rows[0]["value"] == float(value["opening"][found.months[0]])
        assert rows[-1]["value"] == float(value["closing"][found.months[-1]]) == rows[-2]["to"]
    elif kind == "monthly":
        assert [row["value"] for row in rows] == [float(n) for line in value.values() for n in line.values()]
    elif kind == "trend":
        halves = [found.current.value, found.previous.value]
        assert [row["value"] for row in rows] == [None if n is None else float(n) for n in halves]
    elif kind == "cohorts":
        drawn = list(value)[-36:]
        assert [row["value"] for row in rows] == [float(n) for c in drawn for n in value[c].values()]
    elif kind == "scores":
        by_ten = [0] * 10
        for score in found.scores.values():
            by_ten[min(int(score // 10), 9)] += 1
        assert [row["value"] for row in rows] == by_ten
    elif kind == "changes":
        assert sorted(row["value"] for row in rows) == sorted(found.moves.values())
    elif kind == "segments":
        held_segments(found, rows)
    elif kind == "tree":
        held_tree(found, rows)
    elif isinstance(found, Groups) and "alignment" not in found.names:
        place = found.names.index("mrr" if "mrr" in found.names else "share")
        assert [row["value"] for row in rows] == [float(line[place] or 0) for line in found.head()]
    else:
        names = [
            n
            for n in found.names
            if n in ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")
        ]
        numbers = [float(line[found.names.index(n)]) for line in found.head() for n in names]
        assert [row["value"] for row in rows] == numbers


def said_empty(found: Any) -> None:
    numbers = found.value
    if found.kind == "monthly":
        numbers = [n for line in numbers.values() for n in line.values()]
    elif found.kind == "changes":
        numbers = found.moves.values()
    elif found.kind == "tree":
        numbers = [max(n, 0) for inner in numbers.values() for n in inner.values()]
    elif isinstance(numbers, dict):
        numbers = numbers.values()
    assert not (numbers if isinstance(numbers, int) else any(numbers)), found.spec.id


def held_segments(found: Any, rows: list[dict[str, Any]]) -> None:
    place = {name: found.names.index(name) for name in ("value", "effort", "segment")}
    lines = found.head(found.value)
    assert sum(row["accounts"] for row in rows) == found.value
    for segment, count in found.counts().items():
        assert sum(r["accounts"] for r in rows if r["segment"] == segment.replace("_", " ")) == count
    for axis, name in (("x", "value"), ("y", "effort")):
        drawn = math.fsum(row[axis] * row["accounts"] for row in rows)
        assert drawn == pytest.approx(math.fsum(float(line[place[name]]) for line in lines))
    if len(rows) == len(lines):
        points = sorted((row["x"], row["y"]) for row in rows)
        assert points == sorted((float(line[place["value"]]), float(line[place["effort"]])) for line in lines)


def held_tree(found: Any, rows: list[dict[str, Any]]) -> None:
    tags = [row for row in rows if row["ring"] == "tag"]
    items = [row for row in rows if row["ring"] == "item"]
    assert [row["value"] for row in tags] == [float(n) for n in found.tags.values() if n > 0]
    positive = sum((n for inner in found.value.values() for n in inner.values() if n > 0), Decimal(0))
    assert math.fsum(row["value"] for row in items) == pytest.approx(float(positive))
    assert rows[-1]["end"] == pytest.approx(2 * math.pi)
    for tag in tags:
        inside = [row for row in items if row["tag"] == tag["name"]]
        assert math.fsum(row["value"] for row in inside) == pytest.approx(tag["value"])


@pytest.mark.parametrize("name", METRICS)
def test_every_picture_is_drawn_and_says_what_its_result_says(name: str) -> None:
    found = result(name, 10)
    if not charted(found):
        assert found.kind in ("count", "amount", "ratio", "top_share", "listing", "cadence")
        with pytest.raises(csm.errors.OptionError):
            found.chart()
        return
    chart = found.chart()
    held(found, chart.data)
    width, height = rendered(chart)
    assert 300 < width < 1500 and 80 < height < 1200
    if name not in ALIKE:
        chart.altair.to_dict(validate=True)  # by the schema of Vega-Lite
    title = chart.spec["title"]
    assert title["text"] == found.spec.title
    assert any("as of 2026-06-30 · everyone" in line for line in title["subtitle"])


@pytest.mark.parametrize(
    ("name", "accounts"),
    [
        (name, accounts)
        for name in METRICS
        if name not in ALIKE
        for accounts in (0, 1, 10_000)
        if accounts < 10_000 or name.startswith(LARGE)
    ],
)
def test_pictures_of_nothing_of_one_and_of_very_many(name: str, accounts: int) -> None:
    found = result(name, accounts)
    if not charted(found):
        return
    chart = found.chart()
    held(found, chart.data)
    width, height = rendered(chart)
    assert 300 < width < 1500 and 80 < height < 1200
    if not chart.data:
        (said,) = chart.spec["datasets"]["said"]
        assert said["text"].startswith(("No", "Nothing", "Nobody")) and said["text"] in chart.to_svg()


def test_ten_thousand_accounts_are_drawn_together_and_the_picture_says_so() -> None:
    found = result("segmentation.segments", 10_000)
    chart = found.chart(switch=False)
    assert found.value > 9_000 and len(chart.data) < 2_000
    assert f"{found.value:,} accounts in {len(chart.data):,} dots" in chart.spec["title"]["subtitle"][0]
    assert len(json.dumps(chart.spec)) < 1_000_000


def test_one_can_switch_to_value_per_seat_cut_alike() -> None:
    found = result("segmentation.segments", 10)
    other = csm.segmentation.segments(view(10), value="mrr_per_seat")
    spec = found.chart().spec
    rows = [row for row in spec["datasets"]["rows"] if row["by"] == "mrr_per_seat"]
    held_segments(other, rows)
    mine, its = spec["datasets"]["corners"]
    assert (mine["x"], mine["y"]) == (float(found.cut.value), float(found.cut.effort))
    assert (its["x"], its["y"]) == (float(other.cut.value), float(other.cut.effort))
    (shown,) = [param for param in spec["params"] if param["name"] == "shown"]
    assert shown["value"] == "mrr" and shown["bind"]["options"] == ["mrr", "mrr_per_seat"]
    fixed = csm.segmentation.segments(view(10), cut=csm.Cut.at(100, 50)).chart().spec
    assert {row["by"] for row in fixed["datasets"]["rows"]} == {"mrr"}


def test_results_that_were_sent_are_drawn_alike() -> None:
    import pickle

    for name in ("risk.top_risk_indicators", "overview.health_by_stage", "renewal.renewals_and_losses_ytd",
                 "review.active_mrr", "review.alert_status", "health.changes", "segmentation.segments",
                 "stack.by_customer", "stack.opportunity"):  # fmt: skip
        found = result(name, 10)
        drawn = [_numbers(row) for row in found.chart(**_still(name)).data]
        for sent in (pickle.loads(pickle.dumps(found)), csm.Result.from_dict(found.to_dict())):
            assert [_numbers(row) for row in sent.chart(**_still(name)).data] == drawn, name


def _still(name: str) -> dict[str, Any]:
    return {"switch": False} if name == "segmentation.segments" else {}


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    """What of a row does not depend on names, which stay behind when a result is sent."""
    return {key: value for key, value in row.items() if isinstance(value, float)}


PAYLOADS = (
    f"<script>{CANARY}(1)</script>",
    f"</script><img src=x onerror={CANARY}>",
    f"'+{CANARY}()+'",
    f'"];{CANARY}//',
    f"{{{{{CANARY}}}}} ${{{CANARY}}} datum.{CANARY}",
    f"a.b[0]\\.{CANARY}:Q",
    f"\x00\x1b[2J\u202e\u2028{CANARY}",
    f"=HYPERLINK('http://{CANARY}')",
    "שלום",
    "x" * 5_000,
    "",
)


@cache
def payload_view() -> csm.View:
    n = range(len(PAYLOADS))
    ids = [f"{place}{text}" for place, text in enumerate(PAYLOADS)]
    return everyone(
        portfolio(
            accounts=[{"id": i, "owner_id": "U1", "name": p, "employees": 5} for i, p in zip(ids, PAYLOADS, strict=True)],
            engagements=[{"id": i, "account_id": i, "stage": i, "health": "red"} for i in ids],
            risk_signals=[{"id": i, "engagement_id": i, "category": i, "scope": i} for i in ids],
            subscriptions=[],
            alerts=[],
            measures=[],
            stack_items=[{"id": i, "name": p or "none"} for i, p in zip(ids, PAYLOADS, strict=True)],
            stack_tags=[{"item_id": i, "tag": i} for i in ids],
            stack_positions=[
                {"account_id": ids[k], "item_id": ids[k], "aligned": k % 2 == 0, "mrr": k, "mrr_opportunity": k + 1}
                for k in n
            ],
        )
    )  # fmt: skip


LABELLED = ("overview.health_by_stage", "risk.top_risk_indicators", "risk.risk_signals_by_scope",
            "stack.by_customer", "stack.by_item", "stack.opportunity", "segmentation.segments")  # fmt: skip


def code(node: Any) -> Iterator[str]:
    """All text of a specification but its data, its titles, and what scales hold as values."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in ("datasets", "title", "description", "domain"):
                yield key
                yield from code(value)
    elif isinstance(node, list):
        for value in node:
            yield from code(value)
    elif isinstance(node, str):
        yield node


@pytest.mark.parametrize("name", LABELLED)
def test_labels_are_data_and_nothing_else(name: str) -> None:
    found = METRICS[name].compute(payload_view())
    chart = found.chart()
    held(found, chart.data)
    assert not any(CANARY in text for text in code(chart.spec)), "a label stands where expressions may stand"
    svg = ElementTree.fromstring(chart.to_svg())
    tags = {element.tag.rpartition("}")[2] for element in svg.iter()}
    assert tags <= {"svg", "g", "path", "text", "tspan", "line", "rect", "defs", "clipPath", "style"}
    assert not any(a.startswith("on") or "href" in a for e in svg.iter() for a in e.attrib)
    assert "\x00" not in chart.to_svg() and "\u202e" not in chart.to_svg()
    rendered(chart)


def test_a_page_is_whole_in_itself_and_holds_data_as_data(tmp_path: Path) -> None:
    found = csm.stack.opportunity(payload_view())
    target = found.chart().save(tmp_path / "rings.html")
    page = target.read_text("utf-8")
    assert len(page) < 1_500_000
    assert page.count("<script") - page.split("<script>", 2)[1].count("<script") == 3
    assert re.search(r"default-src 'none'; script-src 'sha256-[^;]*;", page)
    assert "unsafe-eval" not in page.partition("<script")[0]
    (given,) = re.findall(r'<script type="application/json" id="spec">(.*?)</script>', page, re.DOTALL)
    assert "<" not in given
    assert json.loads(given)["spec"] == found.chart().spec
    browser = shutil.which("chromium")
    if browser is not None:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000",
                   f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", target.as_uri()]  # fmt: skip
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
        assert "Stack opportunity" in shown.split("</script>")[-1] or 'class="marks"' in shown
        assert f"onerror={CANARY}>" not in shown.partition('id="picture"')[2].partition("<script")[0]


def test_numbers_are_written_as_the_locale_writes_them() -> None:
    def words(locale: str, currency: str = "EUR", exponent: int = 2) -> Words:
        context = result("review.active_mrr", 1).context
        return Words.of(
            csm.results.Context(**{**vars_of(context), "currency": currency, "exponent": exponent}), locale
        )

    amount = Decimal("-1234567.50")
    assert words("en").number(amount) == "−€1,234,567.50"
    assert words("de").number(amount) == "−1.234.567,50\u00a0€"
    assert words("de_CH", "CHF").number(amount) == "−1'234'567,50\u00a0CHF"
    assert words("ja", "JPY", 0).number(Decimal(1234567)) == "1,234,567円"
    assert words("en", "KWD", 3).number(Decimal("1.5")) == "KWD\u00a01.500"
    assert words("en-IN", "INR").number(Decimal(12345678)) == "₹1,23,45,678"
    assert words("fr").share(0.1234) == "12,3\u202f%"
    assert [words("en").short(Decimal(n)) for n in ("3500", "999949", "1234567", "-12", "0.5")] == [
        "€3.5k", "€1,000k", "€1.23M", "−€12", "€0.50",
    ]  # fmt: skip
    assert words("en").labels([1, "1", None, "(missing)"]) == ["1", "1 (2)", "(missing)", "(missing) (2)"]
    for wrong in ("xx", "", None, 5):
        with pytest.raises(csm.errors.OptionError):
            words(wrong)  # type: ignore[arg-type]
    assert "3.450,25" in csm.renewal.contract_value_ytd(
        everyone(portfolio(contracts=[{"id": "C1", "value": Decimal("3450.25")}]))
    ).chart(locale="de").to_svg()  # fmt: skip


def vars_of(context: Any) -> dict[str, Any]:
    return {name: getattr(context, name) for name in ("as_of", "viewer", "filters", "currency", "exponent")}


def test_bad_options_and_results_without_a_picture_are_refused(tmp_path: Path) -> None:
    found = result("risk.top_risk_indicators", 10)
    chart = found.chart()
    for call in (
        lambda: found.chart(limits=3),
        lambda: found.chart(limit=-1),
        lambda: found.chart(locale="tlh"),
        lambda: result("overview.total_engagements", 10).chart(),
        lambda: chart.save(tmp_path / "x.jpg"),
        lambda: chart.to_png(scale=0),
    ):
        with pytest.raises(csm.errors.OptionError):
            call()
    assert len(found.chart(limit=2).data) == 2
    assert "the largest 2 of" in " ".join(found.chart(limit=2).spec["title"]["subtitle"])


def test_files_notebooks_and_copies(tmp_path: Path) -> None:
    chart = result("health.distribution", 10).chart()
    assert chart.save(tmp_path / "x.png").read_bytes()[:4] == b"\x89PNG"
    assert chart.save(str(tmp_path / "x.svg")).read_text("utf-8").startswith("<svg")
    bundle = chart._repr_mimebundle_()
    assert bundle["text/html"].startswith("<figure") and "http" not in re.sub(
        r'xmlns\S*="\S*"', "", bundle["text/html"]
    )
    spec = chart.to_dict()
    spec["title"]["text"] = "changed"
    chart.data[0]["value"] = -1
    assert chart.spec["title"]["text"] == "Accounts by health" and chart.data[0]["value"] >= 0
    assert chart.altair.to_dict()["title"]["text"] == "Accounts by health"


def test_the_library_is_imported_without_the_extra() -> None:
    """Without the extra everything works but pictures, which say what to install."""
    code = """
import sys
import cs_metrics as csm
view = csm.samples.portfolio(engagements=5).view(as_of="2026-06-30", viewer=csm.EVERYONE)
found = csm.review.open_tasks(view)
assert not {"altair", "vl_convert"} & set(sys.modules), "loaded before they are used"
sys.modules["altair"] = None
try:
    found.chart()
except ImportError as error:
    assert isinstance(error, csm.CsMetricsError) and "cs-metrics[charts]" in str(error), error
else:
    raise SystemExit("drawn without altair")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_red_yellow_and_green_never_stand_alone() -> None:
    for name in ("overview.health_by_stage", "risk.engagements_in_poor_health", "health.opportunity"):
        rows = result(name, 10).chart().data
        labels = {row.get("column") or row["label"] for row in rows}
        assert all(label[0] in "■▲●○" for label in labels), labels
    (points,) = [
        layer
        for layer in result("segmentation.segments", 10).chart().spec["layer"]
        if layer["mark"]["type"] == "point"
    ]
    shapes = points["encoding"]["shape"]["scale"]["range"]
    assert len(set(shapes)) == len(shapes) >= 3


def test_other_forms_of_the_same_pictures() -> None:
    moved = csm.revenue.mrr_movements(view(10), months=24)
    rows = moved.chart(form="months").data
    for name in ("new", "reactivation", "expansion", "contraction", "churn"):
        drawn = {row["month"]: abs(row["value"]) for row in rows if row["kind"].endswith(f" {name}")}
        assert drawn == {month: float(amount) for month, amount in moved.value[name].items()}
    rendered(moved.chart(form="months"))
    with pytest.raises(csm.errors.OptionError):
        moved.chart(form="pie")
    quarters = csm.revenue.cohorts(view(10), by="quarter", measure="mrr")
    held(quarters, quarters.chart(limit=36).data)
    assert len({row["cohort"] for row in quarters.chart(limit=2).data}) == 2
    rendered(quarters.chart())


def test_opportunities_below_zero_are_told_and_not_drawn_as_slices() -> None:
    ids = ("I1", "I2", "I3")
    seen = everyone(
        portfolio(
            stack_items=[{"id": i, "name": i} for i in ids],
            stack_tags=[{"item_id": "I1", "tag": "t"}, {"item_id": "I2", "tag": "t"}],
            stack_positions=[
                {"account_id": "A1", "item_id": i, "aligned": False, "mrr_opportunity": amount}
                for i, amount in zip(ids, (70, -30, 10), strict=True)
            ],
            measures=[],
        )
    )
    rings = csm.stack.opportunity(seen).chart()
    assert [(row["name"], row["value"]) for row in rings.data if row["ring"] == "item"] == [
        ("I1", 70),
        ("I3", 10),
    ]
    assert "without 1 slice of no opportunity, or less than none" in rings.spec["title"]["subtitle"]
    bars = csm.health.opportunity(seen).chart()
    assert [row["value"] for row in bars.data] == [0, 0, 0, 50]
    rendered(rings)
    rendered(csm.stack.by_customer(seen).chart())


def test_more_labels_than_fit_are_cut_and_the_picture_says_so() -> None:
    ids = [f"E{n:03}" for n in range(100)]
    seen = everyone(
        portfolio(
            engagements=[{"id": i, "account_id": "A1", "stage": i} for i in ids],
            risk_signals=[{"id": i, "engagement_id": i, "scope": i, "category": "c"} for i in ids],
        )
    )
    for found in (csm.risk.risk_signals_by_scope(seen), csm.overview.health_by_stage(seen)):
        chart = found.chart()
        assert len({row.get("row") or row["label"] for row in chart.data}) == 30
        assert "the largest 30 of 100 are drawn" in chart.spec["title"]["subtitle"]
        rendered(chart)
