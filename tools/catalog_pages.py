"""The pages of the catalog: each metric with its definition, formula, decisions, and an example computed now."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cs_metrics as csm
from cs_metrics.metric import Metric
from cs_metrics.render import shape
from cs_metrics.results import Result
from cs_metrics.results.base import plain
from marked import cell, code, moved, prose, table

__all__ = ["AS_OF", "ROWS", "SAMPLE", "WORDS", "Written", "decided_in", "decisions", "pages", "sample_view"]

SAMPLE: dict[str, Any] = {"engagements": 300, "seed": 1}
AS_OF = "2026-06-30"
ROWS = 5
"""How many lines of an example's table are shown."""

WORDS: dict[str, Callable[[Metric], bool]] = {
    "Next N days": lambda metric: "window" in metric.defaults or "the last `" in metric.definition,
    "Poor health": lambda metric: "poor" in metric.defaults,
    "Decision on a contract's renewal": lambda metric: (
        "deci" in re.sub("our decision", "", metric.definition, flags=re.IGNORECASE)
    ),
    "Product adoption health of an account on a day": lambda metric: "adoption_scores" in metric.needs,
    "Score": lambda metric: not metric.defaults.keys().isdisjoint(("model", "health", "effort")),
}
"""The words of the metrics page that hold a decision of ours, and which metrics are told with them."""


def sample_view(sample: Mapping[str, Any] = SAMPLE) -> csm.View:
    """What the examples look at."""
    return csm.samples.portfolio(**sample).view(as_of=AS_OF, viewer=csm.EVERYONE)


def pages(
    docs: Path, sample: Mapping[str, Any] = SAMPLE, pictures: bool = False
) -> Iterator[tuple[str, str]]:
    """Each page's name and text, and each picture's; `docs` holds the pages that are written by hand."""
    written, view = Written(docs), sample_view(sample)
    metrics = csm.catalog.metrics()
    yield "index.md", _index(metrics, sample)
    for module in csm.catalog.MODULES:
        name = module.__name__.rpartition(".")[2]
        parts = [f"# {name.capitalize()}\n\n{prose(module.__doc__ or '')}"]
        for metric in metrics:
            if metric.id.startswith(f"{name}."):
                result = metric.compute(view)
                drawn = _picture(result) if pictures else None
                if drawn is not None:
                    yield f"{metric.id}.svg", drawn
                parts.append(_metric(metric, result, written, drawn is not None))
        yield f"{name}.md", "\n".join(parts)


def _index(metrics: Sequence[Metric], sample: Mapping[str, Any]) -> str:
    lines = []
    for metric in metrics:
        module, _, name = metric.id.partition(".")
        first = metric.definition.split("\n\n")[0].replace("\n", " ")
        lines.append(
            (f"[`{metric.id}`]({module}.md#{name})", f"**{metric.title}**, in {metric.unit}. {first}")
        )
    told = (
        f"# All {len(metrics)} metrics\n\nEach with its definition, formula, source, the decisions in it, and an "
        "example that was computed when this page was made, over the sample portfolio:\n\n"
    )
    return told + code(_setup(sample)) + "\n" + table(("metric", "what it says"), lines)


def _setup(sample: Mapping[str, Any]) -> str:
    given = ", ".join(f"{name}={value}" for name, value in sample.items())
    return (
        "import cs_metrics as csm\n\n"
        f'view = csm.samples.portfolio({given}).view(as_of="{AS_OF}", viewer=csm.EVERYONE)'
    )


def _metric(metric: Metric, result: Result, written: Written, drawn: bool) -> str:
    name = metric.id.rpartition(".")[2]
    reports = [
        report.id for report in csm.catalog.reports() if metric.id in {found.id for found in report.metrics}
    ]
    options = ", ".join(["view", *(["*"] if metric.defaults else []), *map(_option, metric.defaults.items())])
    facts = (
        ("unit", "the portfolio's currency" if metric.unit == "currency" else metric.unit),
        ("source", metric.source),
        ("call", f"`csm.{metric.id}({options})`"),
        ("result", f"[{type(result).__name__}](../metrics.md#what-every-result-gives)"),
        ("counts", f"rows of [{metric.counts}](../records.md#tables)"),
        ("needs", ", ".join(metric.needs)),
        ("goes by", ", ".join((*metric.states, "owners")) + ": of today, but for what `history` tells"),
        ("in reports", ", ".join(f"`{one}`" for one in reports) or "none"),
    )
    parts = [
        f"## {name}\n",
        table(("", metric.title), facts),
        f"**Definition.** {prose(metric.definition)}",
        f"**Formula.** {_formula(metric, written)}",
        f"**Decisions.**{decisions(metric, written)}",
        f"**Example.**\n\n{_example(metric, result, drawn)}",
    ]
    return "\n".join(parts)


def _option(option: tuple[str, Any]) -> str:
    """An option as one would write it; a model by how its default is made."""
    name, value = option
    kind = type(value).__name__
    if kind in ("HealthModel", "EffortModel"):
        return f"{name}={kind}.default()"
    if kind == "ContactPolicy":
        return f"{name}=ContactPolicy()"
    if kind == "Cut":
        return f"{name}=Cut.{value.kind}()"
    if kind == "Trailing":
        return f"{name}=Trailing({value.days})"
    return f"{name}={_literal(plain(value))}"


def _literal(value: Any) -> str:
    return repr(tuple(value) if isinstance(value, list) else value).replace("'", '"')


def _formula(metric: Metric, written: Written) -> str:
    """The line of the metrics page, and the function's own lines, which are the formula that is computed."""
    line = written.lines.get(metric.id)
    told = f"{moved(_sentence(line), '', 'catalog')}\n" if line else ""
    return f"{told}\n{code(body_of(metric))}"


def _sentence(line: str) -> str:
    """A cell of a table as a sentence of its own."""
    return line[:1].upper() + line[1:] + ("" if line.endswith(".") else ".")


def body_of(metric: Metric) -> str:
    """The function without decorator and docstring."""
    text = textwrap.dedent(inspect.getsource(inspect.unwrap(metric.compute)))
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    lines = text.splitlines()
    head = lines[function.lineno - 1 : function.body[0].lineno - 1]
    return "\n".join([*head, *lines[function.body[1].lineno - 1 : function.end_lineno]])


def decisions(metric: Metric, written: Written) -> str:
    """What is ours in it: said in the definition, of a word that it uses, or a decision's page of its own."""
    found = decided_in(metric.definition)
    for word, told in written.decided.items():
        if WORDS[word](metric):
            found.append(f"[{word}](../metrics.md#words): {moved(told, '', 'catalog')}")
    found += [f"[{title}](../decisions/{page})" for page, title in written.on(metric.id)]
    if not found:
        return " None: it is as its source has it.\n"
    return "\n\n" + "".join(f"- {item}\n" for item in found)


def decided_in(definition: str) -> list[str]:
    """The sentences of a definition that say that they are ours; after "Our decisions:" all of the paragraph."""
    found = []
    for paragraph in (" ".join(lines.split()) for lines in definition.split("\n\n")):
        rest, several, listed = paragraph.partition("Our decisions:")
        found += [part for part in re.split(r"(?<=\.) (?=[A-Z`])", rest) if re.search(r"\b[Oo]urs?\b", part)]
        if several:
            found.append(f"{several}{listed}")
    return found


def _example(metric: Metric, result: Result, drawn: bool) -> str:
    value, unit = shape.headline(result)
    parts = [code(f"csm.{metric.id}(view)"), f"\n**{cell(value)}** {cell(unit)}\n"]
    grid = shape.grid(result, ROWS)
    if grid is not None:
        lines = [*grid.lines[:ROWS], *([grid.total] if grid.total else [])]
        parts.append("\n" + table(grid.names, lines, grid.right))
        note = shape.note(result, ROWS) or _more(len(grid.lines))
        parts.append(f"\n{cell(note)}\n" if note else "")
    if drawn:
        parts.append(f"\n![{metric.title}]({metric.id}.svg)\n")
    parts.append(f"\nBehind it: {result.used:,} rows of {metric.counts}. ")
    left = shape.left_out(result)
    parts.append(f"Left out: {left}.\n" if left else "Nothing is left out.\n")
    return "".join(parts)


def _more(lines: int) -> str:
    return f"showing {ROWS} of {lines} lines" if lines > ROWS else ""


def _picture(result: Result) -> str | None:
    from cs_metrics.charts import charted

    return result.chart().to_svg() if charted(result) else None


class Written:
    """What the pages that are written by hand say of metrics."""

    def __init__(self, docs: Path) -> None:
        text = (docs / "metrics.md").read_text("utf-8")
        known = {metric.id for metric in csm.catalog.metrics()}
        self.lines: dict[str, str] = {}
        module = ""
        for line in text.splitlines():
            if line.startswith("## "):
                module = line[3:].lower()
            found = re.match(r"\| `([\w.]+)` \|.*?\| (.*) \|$", line)
            if found:
                name, told = found.groups()
                self.lines[name if name in known else f"{module}.{name}"] = told
        words = re.search(r"^## Words\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
        assert words
        bullets = re.findall(r"^- (.*?)(?=^- |\Z)", words[1], re.MULTILINE | re.DOTALL)
        self.decided: dict[str, str] = {}
        for bullet in (" ".join(bullet.split()) for bullet in bullets):
            if "▸" in bullet:
                term = re.match(r"\*\*(.*?):\*\*", bullet)
                assert term, bullet
                told = re.split(r"(?<=[.;]) ", bullet[term.end() :])
                self.decided[term[1]] = " ".join(part for part in told if "▸" in part).strip(" ;")
        self.decisions = {
            page.name: page.read_text("utf-8") for page in sorted((docs / "decisions").glob("0*.md"))
        }

    def on(self, identity: str) -> list[tuple[str, str]]:
        """The pages of decisions that name a metric, with their titles."""
        return [
            (page, text.splitlines()[0].removeprefix("# "))
            for page, text in self.decisions.items()
            if f"`{identity}`" in text
        ]
