"""Put the documentation together: pages written by hand, the tutorial as it runs, catalog and reference as computed.

python tools/make_docs.py build     writes build/docs and build/zensical.toml, from which the site is built
python tools/make_docs.py check     looks through site/ for whatever a page would ask of a network
"""

from __future__ import annotations

import html
import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import catalog_pages
import notebooks
import reference_pages
from marked import code, moved

__all__ = ["ROOT", "assemble", "foreign", "main", "navigation"]

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "../CONTRIBUTING.md": "contributing.md",
    "../CHANGELOG.md": "changelog.md",
    "../README.md": "index.md",
}
"""Where pages of the repository's root stand in the site, by their place as seen from docs/."""
GUIDE = ("metrics", "pitfalls", "records", "sources", "reports", "output", "charts", "saved", "errors")
HOW_TO = ("embed", "service", "notebook", "data", "metric", "health-model")
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|embed|video|audio)\b[^>]*\ssrc=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*rel=["']?(?:stylesheet|preload|preconnect|icon))[^>]*href=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|url\(["']?((?:https?:)?//[^"')\s]+)|@import\s+["']((?:https?:)?//[^"']+)"""
)


def assemble(target: Path, cells: Sequence[notebooks.Cell], catalog: Mapping[str, str]) -> dict[str, Path]:
    """All pages of the site as plain Markdown in a folder, by their place there, tutorial and catalog too."""
    docs = ROOT / "docs"
    shutil.rmtree(target, ignore_errors=True)
    texts = {str(page.relative_to(docs)): _placed(page.read_text("utf-8"), page.parent.relative_to(docs))
             for page in sorted(docs.rglob("*.md"))}  # fmt: skip
    for name in ("CONTRIBUTING", "CHANGELOG"):
        text = moved((ROOT / f"{name}.md").read_text("utf-8"), "", "docs")
        texts[f"{name.lower()}.md"] = _placed(text, Path())
    texts["tutorial.md"] = tutorial(cells)
    made = {f"catalog/{name}": text for name, text in catalog.items()}
    made |= {f"reference/{name}": text for name, text in reference_pages.pages()}
    for name, text in (texts | made).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text, "utf-8")
    shutil.copytree(docs / "assets", target / "assets")
    return {name: target / name for name in texts | made if name.endswith(".md")}


def _placed(text: str, folder: Path) -> str:
    """A page's text with links to where the site has the pages of the root, and the tutorial."""
    up = "../" * len(folder.parts)
    for place, name in ELSEWHERE.items():
        text = text.replace(f"]({up}{place}", f"]({up}{name}")
    return text.replace("tutorial.ipynb)", "tutorial.md)")


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
    handed = [name for name in pages if "/" not in name]
    known = ["index.md", "tutorial.md", "contributing.md", "changelog.md"]
    guide = [f"{name}.md" for name in GUIDE]
    guide += [name for name in handed if name not in (*known, *guide)]
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
