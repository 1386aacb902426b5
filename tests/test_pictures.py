"""The pictures of the page say what the results say, and stand beside a table that says it in text."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cs_metrics as csm
from builders import A, everyone, portfolio
from cs_metrics.models import SEGMENTS
from cs_metrics.render import shape
from cs_metrics.render.local import written_for
from cs_metrics.render.scales import across, even_ticks, skewed_ticks


class Card(HTMLParser):
    """What a browser makes of one card: its pictures with what is said at their parts, and its tables."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.marks: list[tuple[str, dict[str, str], str]] = []
        self.letters: list[str] = []
        self.names: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.bars: list[list[tuple[str, float, float]]] = []
        self.quiet: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._open.append((tag, given))
        if tag == "svg" and given.get("role") == "img":
            self.names.append(given["aria-label"])
        elif tag == "svg" and given.get("width") == "100%":
            self.bars.append([])
        elif tag == "rect" and self._within("td"):
            self.bars[-1].append((given["class"], share(given["x"]), share(given["width"])))
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, given = self._open[-1] if self._open else ("", {})
        if tag == "title":
            self.marks.append((*self._open[-2], data))
        elif tag == "text":
            self.letters.append(data)
        elif self._within("table"):
            self.tables[-1][-1][-1] += data
        elif tag == "p" and given.get("class") == "quiet":
            self.quiet.append(data)

    def _within(self, tag: str) -> bool:
        return any(name == tag for name, _ in self._open)

    @property
    def said(self) -> list[str]:
        return [said for *_, said in self.marks]


def share(text: str) -> float:
    return float(text.removesuffix("%")) / 100


def report_of(
    metric: Any, view: csm.View, purpose: csm.Purpose = csm.Purpose.INSIGHT, **options: Any
) -> csm.ReportResult:
    section = csm.Section("It", (metric,))
    return csm.Report(
        id="one", title="One", purpose=purpose, audiences=(), source="here", sections=(section,)
    ).compute(view, **options)  # fmt: skip


def card(metric: Any, view: csm.View, **options: Any) -> tuple[Any, Card]:
    """A metric's result and its card on the page."""
    report = report_of(metric, view, **options)
    (result,) = report.results.values()
    (html,) = re.findall("<article.*?</article>", report.to_html(), re.DOTALL)
    return result, Card(html)


@cache
def view() -> csm.View:
    return everyone(csm.samples.portfolio(engagements=200))


def many() -> csm.View:
    """10,000 accounts with MRR of very different sizes, half of them with a score."""
    n = 10_000
    random = np.random.default_rng(1)
    ids = np.arange(n)
    started = np.datetime64("2026-01-01")
    accounts = pd.DataFrame(
        {
            "id": ids,
            "owner_id": "U1",
            "employees": random.integers(1, 2000, n),
            "seats": random.integers(1, 500, n),
        }
    )
    mrr = np.round(random.lognormal(6, 1.5, n), 2)
    subscriptions = pd.DataFrame(
        {"id": ids, "account_id": ids, "mrr": mrr, "status": "active", "started_on": started}
    )
    measures = pd.DataFrame(
        {"account_id": ids[::2], "metric": "csat", "value": random.uniform(0, 100, n // 2), "on": started}
    )
    positions = pd.DataFrame({name: pd.Series(dtype=str) for name in ("account_id", "item_id", "aligned")})
    users = pd.DataFrame({"id": ["U1"], "role": ["success_manager"]})
    return everyone(
        csm.Portfolio.from_frames(
            users=users,
            accounts=accounts,
            subscriptions=subscriptions,
            measures=measures,
            stack_positions=positions,
        )
    )


def segments_of(seen: csm.View) -> csm.ReportResult:
    return report_of(csm.segmentation.segments, seen)


def test_every_metric_with_a_chart_has_a_picture_or_bars_on_the_page() -> None:
    """What `chart()` draws is drawn on the page too: as a picture, as bars of a table, or as a shaded triangle."""
    pytest.importorskip("altair", reason="the extra `charts` is not installed")
    from cs_metrics.charts import charted

    for metric in csm.catalog.metrics():
        report = report_of(metric, view())
        (result,) = report.results.values()
        assert isinstance(result, csm.Result)
        page = report.to_html()
        drawn = re.search(r"<rect|<path|<use|<td class=\"right h\d", page) is not None
        assert drawn >= charted(result), metric.id
        if "<figure" in page:
            assert "<table" in page, "a picture without a table beside it"


def test_bars_are_as_long_as_their_numbers() -> None:
    seen = everyone(
        portfolio(
            stack_items=[{"id": i, "name": i} for i in ("I1", "I2", "I3")],
            stack_tags=[],
            stack_positions=[
                {"account_id": "A1", "item_id": i, "aligned": False, "mrr_opportunity": amount}
                for i, amount in (("I1", 70), ("I2", -30))
            ],
            measures=[{"account_id": "A1", "metric": "csat", "value": 90, "on": "2026-01-01"}],
        )
    )
    result, found = card(csm.health.opportunity, seen)
    longest = max(map(abs, result.value.values()))
    assert longest == 40
    for (label, number), bar in zip(result.value.items(), found.bars, strict=True):
        assert sum(width for _, _, width in bar) == pytest.approx(float(number / longest)), label
    _, below = card(csm.stack.opportunity, seen)
    (tag, first, second), span = below.bars, 100.0
    assert tag[0][1:] == pytest.approx((30 / span, 40 / span), abs=1e-4)
    assert first[0][1:] == pytest.approx((30 / span, 70 / span), abs=1e-4)
    assert second[0][1:] == pytest.approx((0, 30 / span), abs=1e-4), "what is below 0 goes to the left"
    assert below.said == [*["untagged: 40.00 USD"] * 2, *["I1: 70.00 USD"] * 2], (
        "what is below 0 has no slice"
    )


def test_stacked_bars_and_pairs_add_up() -> None:
    result, found = card(csm.overview.health_by_stage, view())
    most = max(result.rows_total.values())
    for total, bar in zip(result.rows_total.values(), found.bars, strict=True):
        assert sum(width for *_, width in bar) == pytest.approx(total / most, abs=1e-3)
    listing, pairs = card(csm.stack.by_customer, view())
    lines = [dict(zip(listing.names, line, strict=True)) for line in listing.head(10)]
    halves = [("mrr", "non_recurring"), ("mrr_opportunity", "non_recurring_opportunity")]
    sums = [sum(line[name] for name in half) for line in lines for half in halves]
    assert [sum(width for *_, width in bar) for bar in pairs.bars] == pytest.approx(
        [float(one / max(sums)) for one in sums], abs=1e-3
    )


def test_months_stand_as_high_as_their_numbers() -> None:
    result, found = card(csm.renewal.contract_value_ytd, view())
    ((series, line),) = result.value.items()
    assert found.said == [f"{month}, {series}: {amount:,}" for month, amount in line.items()]
    heights = [float(mark["height"]) for _, mark, _ in found.marks]
    most = max(line.values())
    assert heights == pytest.approx([128 * float(amount / most) for amount in line.values()], abs=0.1)
    assert {"Jan", "2026", "Jun"} <= set(found.letters)
    several, drawn = card(csm.renewal.renewals_and_losses_ytd, view())
    counts = [f"{month}, {name}: {n}" for name, line in several.value.items() for month, n in line.items()]
    assert drawn.said == counts
    none = everyone(portfolio(contracts=[]))
    assert not card(csm.renewal.contract_value_ytd, none)[1].marks


def test_movements_go_in_steps_from_opening_to_closing() -> None:
    result, found = card(csm.revenue.mrr_movements, view())
    steps = {name: Decimal(told.replace(",", "")) for name, told, _ in found.tables[0][1:]}
    value, months = result.value, result.months
    assert steps["opening"] == value["opening"][months[0]]
    assert steps["closing"] == value["closing"][months[-1]]
    assert sum(steps.values()) == 2 * steps["closing"]
    for name, moved in list(steps.items())[1:-1]:
        assert abs(moved) == sum(value[name].values())
        assert (moved <= 0) == (name in ("contraction", "churn")) or not moved
    ends = [(bar[0][1], bar[0][1] + bar[0][2]) for bar in found.bars[: len(steps)]]
    for (low, high), (start, stop) in itertools.pairwise(ends[:-1]):
        assert min(abs(low - start), abs(low - stop), abs(high - start), abs(high - stop)) < 1e-3
    assert found.tables[1][0][0] == "month"


def test_scores_by_ten() -> None:
    result, found = card(csm.health.scores, view())
    by_ten = Counter(min(int(score // 10), 9) for score in result.scores.values())
    assert found.said == [f"score {n * 10} to {n * 10 + 10}: {by_ten[n]} accounts" for n in range(10)]
    acting = report_of(csm.health.scores, view(), csm.Purpose.OPERATIONALIZE).to_html()
    seeing = report_of(csm.health.scores, view()).to_html()
    assert acting.index("<table") < acting.index("<figure"), "the list to act on first"
    assert seeing.index("<figure") < seeing.index("<table"), "the picture first"


def test_the_ring_of_health() -> None:
    result, found = card(csm.health.distribution, view())
    told = {shape.spoken(band): count for band, count in result.value.items() if count}
    assert [said.partition(" (")[0] for said in found.said] == [f"{band}: {n}" for band, n in told.items()]
    assert str(result.total) in found.letters
    for (_, mark, _), size in zip(found.marks, result.shares().values(), strict=True):
        assert turned(mark["d"]) == pytest.approx(size, abs=1e-3)
    for band in told:
        assert any(band in name for name in found.names)
    one = card(csm.health.distribution, everyone(portfolio(measures=[])))[1]
    assert one.said == ["(missing): 1 (100.0%)"] * 2, "all of it is drawn in two halves"
    assert not card(csm.health.distribution, everyone(portfolio(accounts=[], engagements=[], measures=[])))[
        1
    ].marks


def turned(path: str) -> float:
    """Which share of the turn an arc takes, from its first to its second point."""
    x1, y1, _, _, _, wide, _, x2, y2 = (float(n) for n in re.findall(r"-?[\d.]+", path)[:9])
    ends = [math.atan2(x - 100, 100 - y) / (2 * math.pi) for x, y in ((x1, y1), (x2, y2))]
    turn = (ends[1] - ends[0]) % 1
    assert (turn > 0.5) == bool(wide)
    return turn


def test_the_rings_of_opportunity() -> None:
    result, found = card(csm.stack.opportunity, view())
    names = shape.item_names(result)
    slices = Counter(found.said)
    whole = sum((sum(items.values()) for items in result.value.values()), Decimal(0))
    for tag, items in result.value.items():
        assert slices[f"{tag or 'untagged'}: {result.tags[tag]:,} USD"] == 1
        for item, money in items.items():
            if money / whole > 0.012:
                assert slices[f"{names[item]}: {money:,} USD"] >= 1
    sizes = {
        ring: math.fsum(turned(mark["d"]) for _, mark, _ in found.marks if len(mark["class"].split()) == ring)
        for ring in (1, 2)
    }
    assert sizes == pytest.approx({1: 1, 2: 1}, abs=2e-3)


def test_accounts_stand_where_value_and_effort_are() -> None:
    result, found = card(csm.segmentation.segments, view())
    place = {name: result.names.index(name) for name in ("value", "effort", "segment", "health_band")}
    names = shape.row_names(result, result.value)
    assert names is not None
    expected = Counter(
        f"{name}: value {line[place['value']]:,}, effort {shape.number(line[place['effort']])}, "
        f"{line[place['segment']].replace('_', ' ')}, {(line[place['health_band']] or 'unscored').replace('_', ' ')}"
        for name, line in zip(names, result.head(result.value), strict=True)
    )
    assert Counter(said.partition(", employees")[0] for said in found.said) == expected
    cut = result.cut
    xs = {share(mark["x"]) for _, mark, said in found.marks if " high value" in said}
    low = {share(mark["x"]) for _, mark, said in found.marks if " low value" in said}
    assert max(low) <= min(xs), "the cut parts them"
    assert cut is not None
    for name, count in result.counts().items():
        assert f"{name.split('_value_')[1].replace('_', ' ')}: {count}" in found.letters


def test_ten_thousand_accounts_are_drawn_together_and_told() -> None:
    report = segments_of(many())
    page = report.to_html()
    result = report["segmentation.segments"]
    assert isinstance(result, csm.results.Segments)
    (html,) = re.findall("<article.*?</article>", page, re.DOTALL)
    found = Card(html)
    counted: Counter[str] = Counter()
    for said in found.said:
        number, _, rest = said.partition(" account")
        (segment,) = (name for name in SEGMENTS if name.replace("_", " ") in rest)
        counted[segment] += int(number.replace(",", ""))
    assert counted == result.counts()
    assert len(found.marks) < 800 and len(html) < 200_000


def test_one_account_and_none() -> None:
    seen = everyone(
        portfolio(
            accounts=[{"id": "A1", "owner_id": "U1", "employees": 10}],
            subscriptions=[{"id": "S1"}],
            measures=[],
            stack_positions=[],
        )
    )
    _, one = card(csm.segmentation.segments, seen)
    assert len(one.marks) == 1 and share(one.marks[0][1]["x"]) == 0.5
    nobody = everyone(portfolio(accounts=[], engagements=[], subscriptions=[], measures=[]))
    for metric in csm.catalog.metrics():
        if {"users", "accounts", "engagements", "subscriptions", "measures"} >= set(metric.needs):
            report = report_of(metric, nobody)
            page = report.to_html()
            assert "nothing to show" in page or "<table" in page or 'class="tiles"' in page, metric.id
            assert "NaN" not in page.partition("<script")[0]


def test_cohorts_are_as_dark_as_what_is_left_of_them() -> None:
    report = report_of(csm.revenue.cohorts, view())
    result = report["revenue.cohorts"]
    assert isinstance(result, csm.results.Cohorts)
    found = re.findall(r'<td class="right h(\d+)">', report.to_html())
    shares = [list(line.values())[:14] for line in result.shares().values()][-13:]
    assert list(map(int, found)) == [round(s * 10) for line in shares for s in line if s is not None]


def test_trends_say_which_way_by_how_much_and_by_which_share() -> None:
    result, _ = card(csm.review.active_mrr, view())
    sign, said = shape.change(result)
    far = f"{abs(result.change):,} ({abs(result.change_share):.1%})"
    assert (sign, said) == (("▲", f"up {far}") if result.change > 0 else ("▼", f"down {far}"))
    page = report_of(csm.review.active_mrr, view()).to_html()
    assert f'<span aria-hidden="true">{sign} </span>{said}' in page
    ratio, _ = card(csm.review.renewals_accomplished, view())
    assert shape.change(ratio)[1].endswith(" points") or not ratio.change
    assert shape.headline(ratio.current)[0] == f"{ratio.value:.1%}"
    engagements = [{"id": n} for n in range(2)]
    two, none = (
        csm.overview.total_engagements(everyone(portfolio(engagements=rows))) for rows in (engagements, [])
    )
    for now, before, told in ((two, two, ("", "no change")), (two, none, ("▲", "up 2")),
                              (none, two, ("▼", "down 2 (100.0%)"))):  # fmt: skip
        trend = csm.Trend(now, before)
        trend._spec = now.spec
        assert shape.change(trend) == told


def test_short_numbers_and_months_by_locale() -> None:
    numbers = (0, 12.34, 999.6, 1234, 140_164, 999_949, 1_234_567, -5301, 2.5e9)
    assert [shape.short(n) for n in numbers] == [
        "0", "12.3", "1k", "1.2k", "140k", "1M", "1.2M", "-5.3k", "2.5B",
    ]  # fmt: skip
    assert shape.month("2026-05") == ("May", "2026")
    with written_for("de"):
        assert [shape.short(n) for n in (1234, 140_164, 1_234_567)] == ["1.234", "140.164", "1,2\xa0Mio."]
        assert shape.month("2026-03") == ("März", "2026")
    with written_for("ja"):
        assert [shape.short(n) for n in (1234, 140_164, 1_234_567)] == ["1,234", "14万", "123.5万"]
        assert shape.month("2026-03") == ("3月", "2026")


def test_ticks_are_round_and_apart() -> None:
    assert even_ticks(0, 97, 5) == [0, 20, 40, 60, 80]
    assert even_ticks(12, 100, 4) == [50, 100]
    assert even_ticks(3, 3, 5) == [3]
    assert len(even_ticks(-12.5, 7e6, 5)) <= 6
    ticks = skewed_ticks(-50, 1e6, 10, 0.1)
    assert 0 in ticks and ticks == sorted(ticks) and ticks[0] >= -50 and ticks[-1] <= 1e6
    assert across(-5, 10) == -across(5, 10)


def test_the_page_needs_no_extra_to_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("altair", "vl_convert", "babel"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "<use" in csm.reports.customer_success(view()).to_html()
    assert A.isoformat() in csm.reports.revenue(view()).to_html()
