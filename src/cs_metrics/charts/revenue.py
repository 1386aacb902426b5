"""Revenue: what moved MRR from one level to another, and what is left of each cohort."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import altair as alt

from ..errors import OptionError
from ..results import Monthly
from .drawing import WIDTH, Row, axis, counted, empty, finish, of, room, tips, written
from .picture import Chart
from .tables import MONTH
from .theme import BLUE, GOOD, INK, PALETTE, POOR, QUIET, SAND, SKY
from .words import Words

__all__ = ["MOVEMENTS", "cohorts", "movements"]

GAINS = {"new": (GOOD, "▲"), "reactivation": (SKY, "►"), "expansion": (BLUE, "●")}
LOSSES = {"contraction": (SAND, "○"), "churn": (POOR, "▼")}
MOVEMENTS = ("opening", *GAINS, *LOSSES, "closing")
NUMBERED, MOST = 13, 36
"""Up to so many cohorts the cells hold their numbers; no more than so many are drawn."""


def movements(result: Monthly, words: Words, *, form: Literal["waterfall", "months"] = "waterfall") -> Chart:
    """From the opening MRR of the first month to the closing one of the last: in steps, or month by month."""
    if form not in ("waterfall", "months"):
        raise OptionError("form", form, ("waterfall", "months"))
    if not result.months:
        return empty(result, words, "No month to show")
    span = f"{result.months[0]} to {result.months[-1]}"
    return _waterfall(result, words, span) if form == "waterfall" else _by_month(result, words, span)


def _waterfall(result: Monthly, words: Words, span: str) -> Chart:
    value = result.value
    opening, closing = value["opening"][result.months[0]], value["closing"][result.months[-1]]
    rows: list[Row] = [_step("opening", (Decimal(0), opening), opening, PALETTE[-1], words.number(opening))]
    level = opening
    for sign, kinds in ((1, GAINS), (-1, LOSSES)):
        for name, (color, mark) in kinds.items():
            moved = sign * sum(value[name].values(), Decimal(0))
            text = words.signed(moved) if moved else words.number(moved)
            rows.append(_step(f"{mark} {name}", (level, level + moved), moved, color, text))
            level += moved
    rows.append(_step("closing", (Decimal(0), closing), closing, PALETTE[-1], words.number(closing)))
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        row["next"] = None if after is None else after["step"]
    order = [row["step"] for row in rows]
    links = [
        {"step": row["step"], "level": row["to"], "next": row["next"]}
        for row in rows
        if row["next"] is not None
    ]
    if not any(row["value"] for row in rows):
        return empty(result, words, "No MRR in these months")
    drawing = _steps(result, rows, order)
    said = f"{words.number(opening)} → {words.number(closing)} ({words.signed(closing - opening)}), {span}"
    return finish(result, words, drawing, rows, [said], links=links)


def _step(name: str, ends: tuple[Decimal, Decimal], value: Decimal, color: str, text: str) -> Row:
    start, end = ends
    return {
        "step": name, "from": float(start), "to": float(end), "top": float(max(start, end)),
        "value": float(value), "color": color, "text": text,
    }  # fmt: skip


def _steps(result: Monthly, rows: list[Row], order: list[str]) -> Any:
    ends = [row[end] for row in rows for end in ("from", "to")]
    x = alt.X(
        field="step", type="nominal", sort=None, scale=alt.Scale(domain=order), title=None,
        axis=alt.Axis(labelAngle=0, ticks=False),
    )  # fmt: skip
    scale = alt.Scale(domain=room(ends, 0.1), nice=False)
    money = axis(result, money=True, title=f"MRR ({result.context.currency})")
    bars = of().mark_bar(width={"band": 0.8}).encode(
        x=x, y=alt.Y(field="from", type="quantitative", scale=scale, axis=money), y2=alt.Y2(field="to"),
        color=alt.Color(field="color", type="nominal", scale=None),
        tooltip=tips(step="step", text="MRR"),
    )  # fmt: skip
    text = of().mark_text(dy=-8, color=INK).encode(
        x=x, y=alt.Y(field="top", type="quantitative", scale=scale), text=written("text")
    )  # fmt: skip
    links = of("links").mark_rule(color=QUIET, strokeDash=[3, 3]).encode(
        x=alt.X(field="step", type="nominal", sort=None, scale=alt.Scale(domain=order), bandPosition=0.9),
        x2=alt.X2(field="next", bandPosition=0.1),
        y=alt.Y(field="level", type="quantitative", scale=scale),
    )  # fmt: skip
    return alt.layer(bars, links, text).properties(width=640, height=300)


def _by_month(result: Monthly, words: Words, span: str) -> Chart:
    rows: list[Row] = [
        {"month": month, "kind": f"{mark} {name}", "order": place, "value": float(sign * amount),
         "told": words.signed(sign * amount) if amount else words.number(amount)}
        for sign, kinds in ((1, GAINS), (-1, LOSSES))
        for place, (name, (_, mark)) in enumerate(kinds.items())
        for month, amount in result.value[name].items()
    ]  # fmt: skip
    closing = [
        {"month": month, "value": float(amount), "told": words.number(amount)}
        for month, amount in result.value["closing"].items()
    ]
    return finish(result, words, _months(result), rows, [span], closing=closing)


def _months(result: Monthly) -> Any:
    x = alt.X(
        field="month", type="ordinal", sort=None, title=None, scale=alt.Scale(domain=result.months),
        axis=alt.Axis(labelExpr=MONTH, labelAngle=0, ticks=False, labelOverlap=True),
    )  # fmt: skip
    colors = {f"{mark} {name}": color for name, (color, mark) in {**GAINS, **LOSSES}.items()}
    money = result.context.currency
    bars = of().mark_bar(width={"band": 0.86}).encode(
        x=x,
        y=alt.Y(
            field="value", type="quantitative", stack="zero", axis=axis(result, money=True, title=f"moved ({money})")
        ),
        order=alt.Order(field="order", type="quantitative"),
        color=alt.Color(
            field="kind", type="nominal", title=None,
            scale=alt.Scale(domain=list(colors), range=list(colors.values())), legend=alt.Legend(),
        ),
        tooltip=tips(month="month", kind="movement", told="MRR"),
    )  # fmt: skip
    line = of("closing").mark_line(point={"size": 40, "color": INK}, color=INK).encode(
        x=x,
        y=alt.Y(field="value", type="quantitative", axis=axis(result, money=True, title=f"closing MRR ({money})")),
        tooltip=tips(month="month", told="closing MRR"),
    )  # fmt: skip
    width = max(WIDTH, min(24 * len(result.months), 1200))
    return alt.vconcat(line.properties(width=width, height=120), bars.properties(width=width, height=220))


def cohorts(result: Any, words: Words, *, limit: int = MOST) -> Chart:
    """A line a cohort, a cell for each period since: the share that is left, from its first number."""
    value, shares = result.value, result.shares()
    if not value:
        return empty(result, words, "No cohort: nobody has had any MRR yet")
    kept = list(value)[-limit:] if limit else []
    numbered = max(len(value[cohort]) for cohort in kept) <= NUMBERED
    rows: list[Row] = []
    firsts: list[Row] = []
    for cohort in kept:
        first = next(iter(value[cohort].values()))
        name = f"{cohort} ({words.short(first)})"
        firsts.append({"cohort": name})
        for age, (period, number) in enumerate(value[cohort].items()):
            share = shares[cohort][period]
            rows.append(
                {
                    "cohort": name, "period": period, "age": age, "value": float(number), "share": share,
                    "text": words.share(None if share is None else round(share, 2)) if numbered else "",
                    "told": " · ".join(filter(None, (words.number(number), words.share(share)))),
                    "ink": "#ffffff" if (share or 0) > 0.6 else INK,
                }
            )  # fmt: skip
    money = isinstance(result.left, Decimal)
    left = words.number(result.left) if money else counted(words, result.left, result.spec.unit)
    said = [
        f"share of each cohort's first number ({'MRR' if money else result.spec.unit}); {left} left of all"
    ]
    if len(kept) < len(value):
        said.append(f"the latest {words.number(len(kept))} of {words.number(len(value))} cohorts are drawn")
    drawing = _triangle(rows, [first["cohort"] for first in firsts], result.by, numbered)
    return finish(result, words, drawing, rows, said)


def _triangle(rows: list[Row], order: list[str], by: str, numbered: bool) -> Any:
    ages = list(range(max(row["age"] for row in rows) + 1))
    base = of().encode(
        x=alt.X(
            field="age", type="ordinal", scale=alt.Scale(domain=ages), title=f"{by}s since the first MRR",
            axis=alt.Axis(labelAngle=0, orient="top", ticks=False, domain=False, labelOverlap=True),
        ),
        y=alt.Y(
            field="cohort", type="nominal", sort=None, scale=alt.Scale(domain=order), title=None,
            axis=alt.Axis(ticks=False, domain=False),
        ),
        tooltip=tips(cohort="cohort", period="period", told="share left"),
    )  # fmt: skip
    cells = base.mark_rect(stroke="#ffffff", strokeWidth=1).encode(
        color=alt.Color(
            field="share", type="quantitative", title="share left",
            scale=alt.Scale(domain=[0, 1], range=["#f1f6fb", "#0b4a82"], clamp=True),
            legend=alt.Legend(format=".0%", gradientLength=160),
        )
    )  # fmt: skip
    text = base.mark_text(fontSize=10).encode(
        text=written("text"), color=alt.Color(field="ink", type="nominal", scale=None)
    )
    step = 44 if numbered else 16
    layers = alt.layer(cells, text).resolve_scale(color="independent")
    return layers.properties(width=alt.Step(step), height=alt.Step(24 if numbered else 16))
