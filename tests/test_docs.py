"""The documentation says what is so: its code runs, its tables match the code, its links lead somewhere."""

from __future__ import annotations

import doctest
import functools
import importlib
import pkgutil
import re
import shlex
import tempfile
from pathlib import Path
from typing import Any

import attrs
import pytest

import cs_metrics as csm
import marked
from cs_metrics import cli
from cs_metrics.records import SCHEMA, Column, Kind

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
MODULES = sorted(
    name for _, name, _ in pkgutil.walk_packages(csm.__path__, "cs_metrics.") if not name.endswith("__main__")
)


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


EXAMPLES = [
    pytest.param(page, block, id=f"{named(page)}-{place}")
    for page in PAGES
    for place, block in enumerate(blocks(page, "python"), 1)
]


SAMPLE = functools.lru_cache(csm.samples.portfolio)
"""Examples share the samples that they look at: a portfolio never changes."""


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What examples write, they write where it is cleared away."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize(("page", "block"), EXAMPLES)
def test_examples_run(
    page: Path, block: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csm.samples, "portfolio", SAMPLE)
    exec(compile(block, named(page), "exec"), {"__name__": "example"})


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    given = {"csm": csm, **vars(csm)}
    for example in doctest.DocTestFinder().find(module, globs={**given, **vars(module)}):
        failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example)
        assert not failed, example.name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """In the repository; what the site computes is held to in test_site.py."""
    for target, anchor in marked.links(page.read_text("utf-8")):
        there = page.parent / target if target else page
        computed = {"catalog", "reference"} & set(Path(target).parts[:-1])
        assert computed or there.exists(), target
        if anchor and not computed:
            assert anchor in marked.anchors(there.read_text("utf-8")), f"{target}#{anchor}"


def test_readme_shows_the_success_report() -> None:
    """Some of its metrics, in its order."""
    shown = re.findall(r"^\| `(\w+\.\w+)` \| (\w+) \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    view = csm.samples.portfolio(engagements=20).view(as_of="2026-06-30", viewer=csm.EVERYONE)
    there = [(name, type(found).__name__) for name, found in csm.reports.success_report(view).results.items()]
    assert len(shown) >= 8 and shown == [metric for metric in there if metric in shown]


def test_metrics_page_tells_metrics_with_their_options() -> None:
    """What it tells is so. A metric that it does not tell stands in the catalog, which is made of docstrings."""
    page = (ROOT / "docs/metrics.md").read_text("utf-8")
    shown = dict(re.findall(r"^\| `([\w.]+)` \|(.*?)\|", page, re.MULTILINE))
    known = {
        name: metric
        for metric in csm.catalog.metrics()
        for name in (metric.id, metric.id.partition(".")[2])
        if name in shown
    }
    assert shown.keys() == known.keys()
    for name_shown, metric in known.items():
        options = re.findall(r"`(\w+)(?:=(.*?))?`", shown[name_shown])
        assert [name for name, _ in options] == list(metric.defaults), metric.id
        for name, default in options:
            if default and name != "poor":
                assert default == repr(metric.defaults[name]).replace("'", '"'), metric.id


def test_reports_page_has_every_report() -> None:
    page = (ROOT / "docs/reports.md").read_text("utf-8")
    shown = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]+) \|", page, re.MULTILINE)
    assert shown == [
        (report.id, report.purpose.value, ", ".join(audience.value for audience in report.audiences))
        for report in csm.catalog.reports()
    ]


def declared(column: Column) -> str:
    """A column as docs/records.md writes it."""
    if column.name == "currency":
        return "currency?"
    words = f"enum({', '.join(column.words)})" if column.kind is Kind.ENUM else str(column.kind)
    bounds = "" if column.low is None else f" {column.low:g}..{column.high:g}"
    refers = f" → {column.refers}" if column.refers else ""
    has_default = column.default is not attrs.NOTHING and column.default is not None
    default = f" = {str(column.default).lower()}" if has_default else ""
    return f"{column.name} {words}{bounds}{'?' if column.optional else ''}{refers}{default}"


def test_records_page_has_every_column() -> None:
    page = (ROOT / "docs/records.md").read_text("utf-8")
    shown = dict(re.findall(r"^\| (\w+) \| (\w+ key.*) \|$", page, re.MULTILINE))
    assert {name: columns.split(" · ") for name, columns in shown.items()} == {
        name: [declared(column) for column in schema.columns.values()] for name, schema in SCHEMA.items()
    }


def test_errors_page_has_every_error() -> None:
    page = (ROOT / "docs/errors.md").read_text("utf-8")
    shown = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    kinds: set[Any] = {
        kind
        for kind in vars(csm.errors).values()
        if isinstance(kind, type) and issubclass(kind, csm.CsMetricsError) and kind is not csm.CsMetricsError
    }
    assert shown == {kind.__name__ for kind in kinds}


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    index = (folder / "index.md").read_text("utf-8")
    pages = [page for page in sorted(folder.glob("*.md")) if page.name != "index.md"]
    assert re.findall(r"\]\((.*?)\)", index) == [page.name for page in pages]
    for page in pages:
        assert page.read_text("utf-8").startswith(f"# {page.name[:4]}: ")


def test_command_lines_are_understood() -> None:
    lines = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines]
    for command in commands:
        if command[0] == "cs-metrics":
            cli._parser().parse_args(command[1:])
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert {command[1] for command in commands if command[0] == "make"} <= set(
        re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    )


def test_the_demo_is_of_a_manager() -> None:
    viewer = re.findall(r"^DEMO_VIEWER := (\w+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[0]
    users = csm.samples.frames(engagements=1000, seed=1, tables=["users"])["users"].set_index("id")
    assert users.loc[viewer, "role"] == "success_manager"


def test_pins_hold_no_addresses() -> None:
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()[1:]
    assert pins
    for pin in pins:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", pin), pin
