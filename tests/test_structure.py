"""The house keeps its shape: imports run one way, rooms stay small, public names are documented."""

from __future__ import annotations

import ast
from pathlib import Path

import attrs
import pytest

import cs_metrics as csm
from cs_metrics.records import RECORDS, SCHEMA, json_schema

SOURCE = Path(csm.__file__).parent
LAYERS = [
    "_version", "errors", "toml", "models", "periods", "exact", "money", "settings", "enums", "schema", "records",
    "threads", "sorting", "columns", "listed", "hierarchy", "intake", "daily", "facts", "timeline", "standings", "deciding", "happenings",
    "prepared", "layout",
    "history", "fingerprint", "split", "saved", "refresh", "selection",
    "scope", "vocabulary",
    "filters", "narrow", "options", "view", "portfolio", "frames", "results", "metric", "overview", "risk", "adoption",
    "renewal", "review", "act", "health", "effort", "segmentation", "stack", "revenue", "coverage", "usage", "details",
    "report", "published", "accounts", "render", "reports", "catalog", "changes", "samples", "charts", "spark", "testing", "cli", "__init__", "__main__",
]  # fmt: skip
"""From the ground up: a module imports only from those before it. What is under `if TYPE_CHECKING:` is free."""

LATER_ON_PURPOSE = {
    ("results", "charts"),  # a result's chart() calls what draws it when it is used
    ("report", "render"),  # a report's to_text, to_html and others call the renderers when they are used,
    ("report", "published"),  # reads itself back,
    ("results", "render"),  # and so do a result's to_csv
    ("view", "render"),  # and what a notebook asks for
    ("portfolio", "render"),
}
FILES = sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The modules of the package that a file imports at run time."""
    found = set()
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    depth = len(path.relative_to(SOURCE).parts)
    for node in ast.walk(tree):
        if id(node) in typing_only or not isinstance(node, ast.ImportFrom):
            continue
        if node.level == depth or (node.level == 0 and (node.module or "").split(".")[0] == "cs_metrics"):
            module = (node.module or "").removeprefix("cs_metrics").lstrip(".")
            found |= {module.split(".")[0]} if module else {alias.name for alias in node.names}
    return found


def test_every_module_has_a_layer() -> None:
    assert {room(path) for path in FILES} == set(LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_run_one_way(path: Path) -> None:
    here = room(path)
    for other in imported(path) & set(LAYERS):
        lower = LAYERS.index(other) <= LAYERS.index(here)
        assert lower or (here, other) in LATER_ON_PURPOSE, f"{path.name} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_rooms_are_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = (ast.get_docstring(node, clean=False) or "").count("\n")
            assert (node.end_lineno or 0) - node.lineno - doc <= 40, node.name


def test_the_clock_is_never_read() -> None:
    for path in FILES:
        for word in ("date.today(", "datetime.now(", "time.time(", "utcnow("):
            assert word not in path.read_text(), path


def test_public_names_exist_and_are_documented() -> None:
    for name in csm.__all__:
        thing = getattr(csm, name)
        assert name.startswith("__") or name == "EVERYONE" or thing.__doc__, name
    for metric in csm.catalog.metrics():
        assert metric.definition and metric.title and metric.unit and metric.source, metric.id
        assert set(metric.needs) <= set(SCHEMA), metric.id
        assert metric.counts in metric.needs, metric.id


def test_the_schema_derives_from_the_records() -> None:
    assert [schema.record for schema in SCHEMA.values()] == list(RECORDS)
    for name, schema in SCHEMA.items():
        fields = attrs.fields(schema.record)
        assert list(schema.columns) == [field.name for field in fields]
        required = {column.name for column in schema.columns.values() if column.required}
        assert required == {field.name for field in fields if field.default is attrs.NOTHING}
        assert set(json_schema(name)["required"]) == required
        assert set(schema.key) <= set(schema.columns) and set(schema.follows) <= set(schema.columns)
        assert schema.begins is None or schema.begins in schema.columns


def test_vocabulary_names_columns_that_exist() -> None:
    """The annotations of the tables in view say nothing that the records do not."""
    from cs_metrics.vocabulary import TABLES

    prepared = {"until", "renewed_from", "rejected_from", "decides_from", "decides_until",
                "next_since", "end", "replaced_on"}  # fmt: skip
    kinds = {"Dates": "date", "Codes": ("enum", "category"), "Amounts": "money", "Flags": "flag",
             "Numbers": ("int", "number"), "Refs": "key"}  # fmt: skip
    for name, table in TABLES.items():
        for attribute, kind in table.__annotations__.items():
            if attribute in prepared:
                continue
            column = SCHEMA[name].columns.get(attribute) or SCHEMA[name].columns[f"{attribute}_id"]
            assert column.kind in kinds[kind], f"{name}.{attribute}"
