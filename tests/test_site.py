"""The site: what is computed for it is there for every metric and every public name, and all of its links lead somewhere."""

from __future__ import annotations

import inspect
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

import catalog_pages
import cs_metrics as csm
import make_docs
import marked
import notebooks
import reference_pages
from cs_metrics.render import shape

ROOT = Path(__file__).parents[1]
TUTORIAL = ROOT / "docs/tutorial.ipynb"
SMALL = {"engagements": 60, "seed": 2}


# the tutorial -----------------------------------------------------------------------------------------------


def test_the_tutorial_runs_and_its_numbers_are_so() -> None:
    """Each bold number in the text stands in what the cell before or after it shows; charts show without a network."""
    cells = notebooks.run(TUTORIAL)
    assert [cell.kind for cell in cells] == ["markdown", "code"] * 10 + ["markdown"]
    claims = 0
    for place, cell in enumerate(cells):
        if cell.kind == "markdown":
            shown = "".join(notebooks.text_of(near) for near in cells[max(place - 1, 0) : place + 2 : 2])
            said = re.findall(r"\*\*([\d,.]*\d)\*\*", cell.source)
            plain = set(re.findall(r"[\d,.]*\d", shown.replace(",", "")))
            assert {number.replace(",", "") for number in said} <= plain, (place, said)
            claims += len(said)
    assert claims >= 12
    (chart,) = (cell for cell in cells if "<svg" in cell.shown.get("text/html", ""))
    shown = chart.shown["text/html"]
    assert "<script" not in shown and "<image" not in shown
    assert set(re.findall(r'https?://[^"\s<]+', shown)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
    }  # fmt: skip
    assert chart.shown["application/vnd.vegalite.v6+json"]["$schema"].startswith(
        "https://vega.github.io/schema"
    )
    page = make_docs.tutorial(cells)
    assert page.count('<div class="shown">') >= 6 and "<style" not in page


def test_the_tutorial_is_kept_without_outputs() -> None:
    notebook = json.loads(TUTORIAL.read_text("utf-8"))
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


# catalog and reference --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def catalog() -> dict[str, str]:
    return dict(catalog_pages.pages(ROOT / "docs", sample=SMALL))


def section(page: str, name: str) -> str:
    found = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


def test_every_metric_is_told_with_an_example_computed_now(catalog: dict[str, str]) -> None:
    view = catalog_pages.sample_view(SMALL)
    for metric in csm.catalog.metrics():
        module, _, name = metric.id.partition(".")
        told = section(catalog[f"{module}.md"], name)
        for part in ("Definition", "Formula", "Decisions", "Example"):
            assert told.count(f"\n**{part}.**") == 1, (metric.id, part)
        for said in (metric.title, metric.source, f"csm.{metric.id}(view", *metric.needs, *metric.defaults):
            assert said in told, (metric.id, said)
        assert metric.definition.split("\n")[0] in told and f"def {name}(" in told
        result = metric.compute(view)
        value, unit = shape.headline(result)
        assert f"**{value}** {unit}" in told, metric.id
        assert f"Behind it: {result.used:,} rows of {metric.counts}." in told
        for reason, count in result.excluded.items():
            assert f"{reason} ({count:,})" in told, metric.id
        lines = [line for line in told.partition("**Example.**")[2].splitlines() if line.startswith("| ")]
        grid = shape.grid(result, catalog_pages.ROWS)
        assert bool(lines) == (grid is not None), metric.id
        assert f"[`{metric.id}`]({module}.md#{name})" in catalog["index.md"]


def test_decisions_of_ours_stand_in_the_docstring_too() -> None:
    """What the page of words marks as ours, the definition says, or the word that it is told with."""
    written = catalog_pages.Written(ROOT / "docs")
    assert written.decided.keys() == catalog_pages.WORDS.keys()
    for metric in csm.catalog.metrics():
        if "▸" in written.lines.get(metric.id, ""):
            assert catalog_pages.decided_in(metric.definition), metric.id
        for page, text in written.decisions.items():
            if f"`{metric.id}`" in text:
                assert page in catalog_pages.decisions(metric, written)


def test_every_public_name_is_in_the_reference() -> None:
    pages = dict(reference_pages.pages())
    headings = {name for page in pages.values() for name in re.findall(r"^##+ (\S+)$", page, re.MULTILINE)}
    for name, thing in reference_pages.public().items():
        assert headings & {name, f"csm.{name}"}, name
        if inspect.isclass(thing):
            for method, found in vars(thing).items():
                told = f"{name}.{method}"
                shared = told in reference_pages.INTERNAL or method in vars(csm.Result)
                if (
                    inspect.isfunction(found)
                    and not method.startswith("_")
                    and not (shared and name != "Result")
                ):
                    assert told in headings, told
    for command in ("report", "check", "map", "sample", "metrics"):
        assert f"## cs-metrics {command}\n" in pages["command-line.md"]


def test_public_methods_and_properties_say_what_they_do() -> None:
    for page in reference_pages.contents().values():
        for name, thing in page.items():
            assert inspect.getdoc(thing), name
            if inspect.isclass(thing):
                for member, _ in reference_pages.members(thing):
                    assert inspect.getdoc(getattr(thing, member)), f"{name}.{member}"


# the pages together -----------------------------------------------------------------------------------------


def test_the_site_hangs_together(tmp_path: Path, catalog: dict[str, str]) -> None:
    """Every link between pages leads to a page and a heading that are there; every page is in the navigation, once."""
    pages = make_docs.assemble(tmp_path / "docs", notebooks.cells(TUTORIAL), catalog)
    texts = {name: page.read_text("utf-8") for name, page in pages.items()}
    for name, text in texts.items():
        for target, anchor in marked.links(text):
            found = (pages[name].parent / target).resolve() if target else pages[name].resolve()
            assert found.is_file() or found.name == "tutorial.ipynb", f"{name}: {target}"
            place = str(found.relative_to((tmp_path / "docs").resolve()))
            assert not anchor or anchor in marked.anchors(texts[place]), f"{name}: {target}#{anchor}"
    listed = re.findall(r"[\w/.-]+\.md", json.dumps(make_docs.navigation(pages)))
    assert sorted(listed) == sorted(texts)


PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_markdown_means_the_same_everywhere(page: Path) -> None:
    """What GitHub and Python-Markdown read differently: lists, tables and headings without a blank line before."""
    lines = marked.FENCES.sub("", page.read_text("utf-8")).splitlines()
    kinds = {"- ": "a list", "| ": "a table", "#": "a heading"}
    for before, line in itertools.pairwise(lines):
        for start, kind in kinds.items():
            if line.startswith(start) and before.strip() and not before.startswith((start, "  ")):
                pytest.fail(f"{kind} needs a blank line before it: {line}")
        assert not (before.startswith("#") and line.strip()), (
            f"a heading needs a blank line after it: {before}"
        )


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    assert make_docs.foreign(ROOT / "docs/assets") == {}
    kept = (
        '<a href="https://example.org">x</a><script src="a.js"></script><link rel="canonical" href="//e.org">'
    )
    (tmp_path / "fine.html").write_text(kept)
    (tmp_path / "bad.html").write_text(
        '<script async src="https://unpkg.com/x"></script><img alt="" src=//e.org/x>'
    )
    (tmp_path / "bad.css").write_text("@font-face { src: url(https://fonts.example/x.woff2) }")
    (tmp_path / "link.html").write_text(
        '<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=Inter">'
    )
    assert make_docs.foreign(tmp_path).keys() == {"bad.html", "bad.css", "link.html"}


def test_links_move_with_their_page() -> None:
    text = "[a](records.md#x) [b](https://e.org/y) [c](#here) [d](decisions/0001.md)"
    moved = "[a](../records.md#x) [b](https://e.org/y) [c](#here) [d](../decisions/0001.md)"
    assert marked.moved(text, "", "catalog") == moved


def test_docstrings_become_markdown() -> None:
    def documented() -> Any:
        """What it is.

        Args:
            one: the first,
                which goes on.
            two: the second.

        >>> 1 + 1
        2
        """

    assert marked.prose(documented.__doc__ or "") == (
        "What it is.\n\n**Args:**\n\n- `one`: the first, which goes on.\n- `two`: the second.\n\n"
        "```pycon\n>>> 1 + 1\n2\n```\n"
    )
