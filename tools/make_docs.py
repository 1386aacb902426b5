"""Put the documentation together: pages written by hand, the tutorial as it runs, catalog and reference as computed.

python tools/make_docs.py build     writes build/docs and build/zensical.toml, from which the site is built
python tools/make_docs.py check     looks through site/ for whatever a page would ask of a network
"""

from __future__ import annotations

import functools
import html
import json
import posixpath
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import catalog_pages
import notebooks
import reference_pages
from marked import code, links, relinked

__all__ = ["ROOT", "assemble", "foreign", "main", "navigation"]

ROOT = Path(__file__).parents[1]
PLACES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "docs/tutorial.ipynb": "tutorial.md",
}
"""Where the site has what stands elsewhere in the repository; what is in docs/ is at its root."""
GUIDE = ("metrics", "pitfalls", "records", "sources", "reports", "output", "charts", "saved", "errors")
HOW_TO = ("embed", "service", "notebook", "data", "metric", "health-model")
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|embed|video|audio)\b[^>]*\ssrc=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*rel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*href=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|url\(["']?((?:https?:)?//[^"')\s]+)|@import\s+["']((?:https?:)?//[^"']+)"""
)


def assemble(target: Path, cells: Sequence[notebooks.Cell], catalog: Mapping[str, str]) -> dict[str, Path]:
    """All pages of the site as plain Markdown in a folder, by their place there, tutorial and catalog too."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs" / "assets", target / "assets")
    texts = _written(target)
    texts["tutorial.md"] = tutorial(cells)
    texts |= {f"catalog/{name}": text for name, text in catalog.items()}
    texts |= {f"reference/{name}": text for name, text in reference_pages.pages()}
    for name, text in texts.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, "utf-8")
    return {name: target / name for name in texts if name.endswith(".md")}


def _written(target: Path) -> dict[str, str]:
    """The pages written by hand, by their place in the site, and those that they link to; other files are copied."""
    found: dict[str, str] = {}
    queue = [str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))]
    queue += ["CONTRIBUTING.md", "CHANGELOG.md"]
    for page in queue:  # it grows by what its pages link to
        folder, text = posixpath.dirname(page), (ROOT / page).read_text("utf-8")
        for linked, _ in links(text):
            there = posixpath.normpath(posixpath.join(folder, linked)) if linked else page
            if there in queue or there in PLACES or not (ROOT / there).is_file():
                continue
            if there.endswith(".md"):
                queue.append(there)
            else:
                copied = target / _place(there)
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / there, copied)
        found[_place(page)] = relinked(text, functools.partial(_led, page))
    return found


def _led(page: str, target: str) -> str:
    """Where a link of a page of the repository leads in the site."""
    there = _place(posixpath.join(posixpath.dirname(page), target))
    return posixpath.relpath(there, posixpath.dirname(_place(page)) or ".")


def _place(path: str) -> str:
    """Where the site has a file of the repository."""
    there = posixpath.normpath(path)
    return PLACES.get(there, there.removeprefix("docs/"))


def tutorial(cells: Iterable[notebooks.Cell]) -> str:
    """A notebook that was run as a page, each cell above what it shows."""
    parts = []
    for cell in cells:
        if cell.kind != "code":
            parts.append(cell.source)
            continue
        parts.append(code(cell.source))
        if cell.printed:
            parts.append(code(cell.printed, "text"))
        if cell.best is not None:
            kind, shown = cell.best
            parts.append(code(shown, "text") if kind == "text/plain" else _block(shown))
    parts.append("This page was made by running [the notebook](assets/tutorial.ipynb).")
    return "\n\n".join(parts) + "\n"


def _block(shown: str) -> str:
    """Markup as one block that Markdown leaves alone: on one line, without styles of its own."""
    bare = re.sub(r"<style.*?</style>", "", shown, flags=re.DOTALL)
    return f'<div class="shown">{" ".join(bare.split())}</div>'


def navigation(pages: dict[str, Path]) -> list[object]:
    """The pages in their order; a page of the guide that is not named here stands after those that are."""
    guide = [f"{name}.md" for name in GUIDE]
    groups = ("howto", "catalog", "reference", "decisions")
    known = {"index.md", "tutorial.md", "contributing.md", "changelog.md", *guide}
    guide += [name for name in pages if name not in known and not name.startswith(groups)]
    how_to = [f"howto/{name}.md" for name in HOW_TO]
    how_to += [name for name in pages if name.startswith("howto/") and name not in how_to]
    return [
        {"Start": "index.md"},
        {"Tutorial": "tutorial.md"},
        {"How to": how_to},
        {"Catalog": [{"All metrics": "catalog/index.md"}, *(n for n in pages if _within(n, "catalog"))]},
        {"Guide": guide},
        {"Reference": [{"All names": "reference/index.md"}, *(n for n in pages if _within(n, "reference"))]},
        {"Decisions": ["decisions/index.md", *(n for n in pages if _within(n, "decisions"))]},
        {"Project": ["contributing.md", "changelog.md"]},
    ]


def _within(name: str, folder: str) -> bool:
    return name.startswith(f"{folder}/") and not name.endswith("index.md")


def _toml(item: object) -> str:
    """A part of the navigation as TOML writes it."""
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(inner)}" for name, inner in item.items()) + " }"
    if isinstance(item, list):
        return "[" + ", ".join(map(_toml, item)) + "]"
    return json.dumps(item)


def build() -> None:
    """The pages and the settings, in build/."""
    docs, target = ROOT / "docs", ROOT / "build" / "docs"
    catalog = dict(catalog_pages.pages(docs, pictures=True))
    pages = assemble(target, notebooks.run(docs / "tutorial.ipynb"), catalog)
    shutil.copy(docs / "tutorial.ipynb", target / "assets")
    settings = (docs / "zensical.toml").read_text("utf-8")
    settings = settings.replace("[project]\n", f"[project]\nnav = {_toml(navigation(pages))}\n", 1)
    (ROOT / "build" / "zensical.toml").write_text(settings, "utf-8")
    print(f"{len(pages)} pages in build/docs")


def foreign(site: Path) -> dict[str, list[str]]:
    """What the pages of a site would load from elsewhere, by page."""
    found = {}
    for page in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        asked = ["".join(parts) for parts in LOADED.findall(html.unescape(page.read_text("utf-8")))]
        if asked:
            found[str(page.relative_to(site))] = asked
    return found


def main(command: str = "build") -> int:
    if command == "build":
        build()
        return 0
    if not (ROOT / "site" / "index.html").exists():
        print("there is no site/index.html", file=sys.stderr)
        return 1
    asked = foreign(ROOT / "site")
    for page, addresses in asked.items():
        print(f"{page} asks for {', '.join(addresses)}", file=sys.stderr)
    if not asked:
        print("nothing is asked of a network; open site/index.html")
    return 1 if asked else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
