"""The pages of the reference: every public name with its signature and docstring, found where it is public."""

from __future__ import annotations

import argparse
import enum
import importlib
import inspect
import io
import os
import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import attrs

import cs_metrics as csm
from cs_metrics import cli
from marked import code, prose, table

__all__ = ["PAGES", "contents", "members", "pages", "public"]

PAGES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "portfolio": ("Portfolio and view", ("portfolio", "view", "filters", "periods"), ()),
    "results": ("Results", ("results.base", "results.numbers", "results", "changes"), ()),
    "reports": ("Reports and catalog", ("report",), ("accounts.profile", "reports.*", "catalog.*")),
    "models": ("Models of health, effort, segments", ("models",), ()),
    "own-metrics": (
        "Metrics of your own", ("metric",), ("results.Part", "results.Contributions", "results.schema")
    ),
    "records": ("Records", ("records", "enums"), ("records.json_schema",)),
    "errors": ("Errors", ("errors",), ("errors.*",)),
    "testing": ("Samples and testing", (), ("samples.portfolio", "samples.frames", "testing.*")),
}  # fmt: skip
"""Each page's title, the modules whose public names stand on it, and further names; * is all of a module."""


INTERNAL = frozenset(
    ["MissingRate.of", "Portfolio.find", "Portfolio.known_fingerprint", "Portfolio.positions", "Portfolio.table",
     "ValueBand.minor", "View.escalated_accounts", "View.sees_position"]
)  # fmt: skip
"""What the parts of the library ask of each other."""


MADE = (csm.Portfolio, csm.View, csm.Result, csm.ReportResult, csm.Change, csm.Metric)
"""What nobody calls by name to make one."""


def public() -> dict[str, Any]:
    """What `import cs_metrics as csm` offers and is no module, by name."""
    return {
        name: getattr(csm, name)
        for name in csm.__all__
        if not inspect.ismodule(getattr(csm, name)) and not name.startswith("_")
    }


def contents() -> dict[str, dict[str, Any]]:
    """What stands on each page, by name."""
    found = public()
    return {
        page: {
            name: found[name] for module in modules for name in found if _is_of(_home(found[name]), module)
        }
        | {
            name: thing
            for each in more
            for name, thing in _named(each).items()
            if not any(thing is known for known in found.values())
        }
        for page, (_, modules, more) in PAGES.items()
    }


def pages() -> Iterator[tuple[str, str]]:
    """Each page's name and text."""
    lines = []
    for page, things in contents().items():
        titles = {
            name: f"csm.{name}" if name.islower() and name.capitalize() in things else name for name in things
        }
        parts = [_thing(titles[name], name, thing) for name, thing in things.items()]
        yield f"{page}.md", f"# {PAGES[page][0]}\n\n" + "\n".join(parts)
        lines += [(f"[`{name}`]({page}.md#{_anchor(titles[name])})", _first(things[name])) for name in things]
    yield "command-line.md", _command_line()
    lines.append(("[`cs-metrics`](command-line.md)", "The command line."))
    yield (
        "index.md",
        "# Reference\n\nWhat `import cs_metrics as csm` offers, made from its docstrings. Metrics stand in the "
        "[catalog](../catalog/index.md); what `cs_metrics.testing` offers needs Hypothesis.\n\n"
        + table(("name", "what it is"), lines),
    )


def _is_of(home: str, module: str) -> bool:
    """Whether something of the module `home` stands with those of `module`; of `results` whatever it holds."""
    return home == module or (module == "results" and home.startswith("results."))


def _named(name: str) -> dict[str, Any]:
    """The thing of a dotted name; for a * all that a module has of functions and classes, in its order."""
    place, _, attribute = name.rpartition(".")
    module = importlib.import_module(f"cs_metrics.{place}")
    if attribute != "*":
        return {name: getattr(module, attribute)}
    there = {each: getattr(module, each) for each in module.__all__}
    return {f"{place}.{each}": thing for each, thing in there.items() if hasattr(thing, "__qualname__")}


def _home(thing: Any) -> str:
    """The module that a public thing comes from, without the package's name."""
    module = type(thing).__module__ if isinstance(thing, enum.Enum) else thing.__module__
    return str(module).removeprefix("cs_metrics.")


def _anchor(name: str) -> str:
    return re.sub(r"[^\w-]", "", name.lower())


def _first(thing: Any) -> str:
    """The first sentence of a docstring."""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return re.split(r"(?<=\.) ", text)[0]


def _thing(title: str, name: str, thing: Any) -> str:
    parts = [f"## {title}\n"]
    if isinstance(thing, enum.Enum):
        return parts[0] + f"\n{prose(type(thing).__doc__ or '')}"
    if inspect.isclass(thing):
        return "\n".join([*parts, *_class(name, thing)])
    return "\n".join(
        [*parts, code(signed(f"csm.{name}" if "testing" not in name else name, thing)), _told(thing)]
    )


def _class(name: str, kind: type) -> Iterator[str]:
    if issubclass(kind, enum.Enum):
        yield _told(kind)
        yield "One of " + ", ".join(f"`{member.value}`" for member in kind) + ".\n"
        return
    if not issubclass(kind, BaseException) and kind not in MADE:
        yield code(signed(f"csm.{name}", kind.__init__))
    yield _told(kind)
    above = next(base.__name__ for base in kind.__mro__[1:] if not base.__name__.startswith("_"))
    if issubclass(kind, csm.Result) and kind is not csm.Result:
        yield f"It has all that a [{above}](#{above.lower()}) has.\n"
    methods = {n: v for n, v in members(kind) if not isinstance(v, property)}
    plain = {n: v for n, v in members(kind) if isinstance(v, property)}
    if plain:
        told = [(f"`.{n}`", " ".join((inspect.getdoc(getattr(kind, n)) or "").split())) for n in plain]
        yield table(("property", "what it is"), told)
    for method, found in methods.items():
        function = found.__func__ if isinstance(found, classmethod | staticmethod) else found
        yield f"### {name}.{method}\n"
        yield code(signed(f"{name}.{method}", function))
        yield _told(getattr(kind, method))


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties; of results those that their kind adds to what it is made from."""
    homes = [kind] if issubclass(kind, csm.Result) else [*reversed(kind.__mro__)]
    own: dict[str, Any] = {}
    for base in homes:
        if base.__module__.startswith("cs_metrics"):
            own |= vars(base)
    fields = {field.name for field in attrs.fields(kind)} if attrs.has(kind) else set()
    for name, found in own.items():
        told = isinstance(found, property | classmethod | staticmethod) or inspect.isfunction(found)
        if (
            told
            and not name.startswith("_")
            and name not in fields
            and f"{kind.__name__}.{name}" not in INTERNAL
        ):
            yield name, found


def signed(name: str, function: Any) -> str:
    """A signature as one would write it, one line if it fits."""
    signature = inspect.signature(function)
    given: list[str] = []
    starred = False
    for parameter in signature.parameters.values():
        if parameter.name == "self" or (parameter.name == "cls" and not given):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            given.append("*")
            starred = True
        starred = starred or parameter.kind is parameter.VAR_POSITIONAL
        given.append(_parameter(parameter))
    back = (
        ""
        if signature.return_annotation in (signature.empty, None, "None")
        else f" -> {_type(signature.return_annotation)}"
    )
    line = f"{name}({', '.join(given)}){back}"
    return (
        line if len(line) <= 100 else f"{name}(\n" + "".join(f"    {part},\n" for part in given) + f"){back}"
    )


def _parameter(parameter: inspect.Parameter) -> str:
    star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
    star = "**" if parameter.kind is parameter.VAR_KEYWORD else star
    kind = "" if parameter.annotation is parameter.empty else f": {_type(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return f"{star}{parameter.name}{kind}"
    return f"{star}{parameter.name}{kind}{' = ' if kind else '='}{_default(parameter.default)}"


def _type(annotation: Any) -> str:
    """An annotation without the modules that its names come from."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"ForwardRef\('(.*?)'\)", r"\1", text).replace("dt.date", "date")
    return re.sub(
        r"\b(cs_metrics|hypothesis|collections\.abc|typing|datetime|decimal)(\.[a-z]\w*)*\.(?=\w)", "", text
    )


def _default(value: Any) -> str:
    text = "..." if value is attrs.NOTHING else repr(value).replace("'", '"')
    return text if len(text) <= 60 else "..."


def _told(thing: Any) -> str:
    return prose(inspect.getdoc(thing) or "")


def _command_line() -> str:
    """The help of every command, at a width of its own wherever this runs."""
    parser = cli._parser()
    parts = ["# Command line\n"]
    with mock.patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"}):
        commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        for name, command in ((None, parser), *commands.choices.items()):
            said = io.StringIO()
            command.print_help(said)
            parts.append(f"## cs-metrics {name or ''}".rstrip() + "\n")
            parts.append(code(said.getvalue(), "text"))
    return "\n".join(parts)
