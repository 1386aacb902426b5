"""The command line: a report of a folder of files, a sample to try it on, a check of data, the catalog."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from . import catalog
from ._version import __version__
from .errors import CsMetricsError, DataError, OptionError, Problem, UnknownViewer, nearest
from .filters import Filters, ValueBand
from .intake import OWN, SOURCES, folder_settings, propose
from .models import DEFAULT_EFFORT, DEFAULT_HEALTH, EffortModel, HealthModel, Model
from .published import SCHEMAS
from .render.text import printable
from .results.base import plain
from .view import EVERYONE

if TYPE_CHECKING:
    from .metric import Metric
    from .portfolio import Portfolio
    from .report import ReportResult
    from .view import View

__all__ = ["main"]

FILTERS = {
    "--industry": ("industries", "INDUSTRY"),
    "--csm": ("owners", "USER"),
    "--segment": ("segments", "SEGMENT"),
    "--group": ("groups", "GROUP"),
    "--account": ("accounts", "ACCOUNT"),
    "--stage": ("stages", "STAGE"),
    "--health": ("health", "HEALTH"),
    "--customer-segment": ("customer_segments", "SEGMENT"),
    "--health-band": ("health_bands", "BAND"),
}
"""The flags of the filters that take words or ids, each with its name in `Filters`."""
IDS = {"owners": "users", "accounts": "accounts"}
LARGE = 100_000
SUFFIXES = {".html": "html", ".htm": "html", ".json": "json", ".xlsx": "xlsx"}


WHOLE = {"xlsx": "FILE", "csv": "FOLDER"}
"""The formats that are files of their own, and what --out names of each."""


class Failure(Exception):
    """What was asked for cannot be done; the message says why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command: 0 if it did, 1 if `check` found problems, 2 if it could not."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except DataError as error:
        return _failed(f"{error}\nto see all of them: cs-metrics check {arguments.folder}")
    except (CsMetricsError, Failure) as error:
        return _failed(str(error))
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        return _failed(f"{where}{error.strerror or error}")
    except KeyboardInterrupt:
        return _failed("stopped", 130)


def _failed(message: str, status: int = 2) -> int:
    _tell(f"cs-metrics: {message}")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cs-metrics", description="Customer success metrics of a folder of files, one a table."
    )
    parser.add_argument("--version", action="version", version=f"cs-metrics {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_report, _add_check, _add_map, _add_sample, _add_metrics, _add_schema):
        add(commands)
    return parser


def _add_report(commands: Any) -> None:
    command = commands.add_parser("report", help="compute a report and print it or write it to a file")
    command.set_defaults(run=_report)
    _add_folder(command)
    viewer = command.add_mutually_exclusive_group(required=True)
    viewer.add_argument("--viewer", metavar="ID", help="the user who looks: they see what is theirs to see")
    viewer.add_argument("--everyone", action="store_true", help="all rows, whoever owns them")
    command.add_argument("--as-of", metavar="DAY", required=True, help="the day on which the numbers stand")
    command.add_argument("--report", metavar="REPORT", default="success_report", help="default: %(default)s")
    for flag, (name, word) in FILTERS.items():
        told = f"only these {name}"
        command.add_argument(flag, dest=name, metavar=word, nargs="+", action="extend", help=told)
    command.add_argument(
        "--contract-value", dest="contract_values", metavar="LOW:HIGH", nargs="+", action="extend",
        help="only contract values from LOW to below HIGH; either may be left out",
    )  # fmt: skip
    for kind in ("health", "effort"):
        told = f"the {kind} model, as TOML; the default one unless given"
        command.add_argument(f"--{kind}-model", metavar="FILE", type=Path, help=told)
    command.add_argument(
        "--format", choices=("text", "json", "html", "xlsx", "csv"), help="default: by FILE's ending, or text"
    )
    command.add_argument(
        "--out", metavar="FILE", type=Path, help="write to FILE; of csv a folder, with a file a metric"
    )
    command.add_argument(
        "--rows", metavar="N", type=int,
        help="so many rows of each listing; default: 10 as text, 1000 as html, all as json; xlsx, csv: always all",
    )  # fmt: skip


def _add_check(commands: Any) -> None:
    command = commands.add_parser("check", help="tell every problem of the data; exit 1 if there is one")
    command.set_defaults(run=_check)
    _add_folder(command)


def _add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="FOLDER", type=Path, help="holds users.csv, accounts.parquet, ...")
    told = f"the files are exports of {', '.join(SOURCES)}; {OWN}: of what only --mapping knows"
    command.add_argument("--source", metavar="SOURCE", choices=(*SOURCES, OWN), help=told)
    command.add_argument(
        "--mapping", metavar="TOML", type=Path, help="what to change in the source's mapping"
    )
    command.add_argument("--progress", action="store_true", help="tell of the loading, terminal or not")


def _add_map(commands: Any) -> None:
    command = commands.add_parser(
        "map", help="propose a mapping for exports, from the headers of their files"
    )
    command.set_defaults(run=_map)
    command.add_argument("folder", metavar="FOLDER", type=Path, help="holds a vendor's exports")
    told = "the vendor, if it is one of %(choices)s; default: after the names of all of them"
    command.add_argument("--source", metavar="SOURCE", choices=(*SOURCES, OWN), default=OWN, help=told)
    command.add_argument("--out", metavar="FILE", type=Path, help="write to FILE")


def _add_sample(commands: Any) -> None:
    command = commands.add_parser("sample", help="write the tables of a made-up company as CSV files")
    command.set_defaults(run=_sample)
    command.add_argument("folder", metavar="FOLDER", type=Path, help="new, or empty")
    command.add_argument("--engagements", metavar="N", type=int, default=1000, help="default: %(default)s")
    command.add_argument("--seed", metavar="S", type=int, default=1, help="default: %(default)s")


def _add_schema(commands: Any) -> None:
    command = commands.add_parser("schema", help="the JSON Schemas of what comes out and of what goes in")
    command.set_defaults(run=_schema)
    command.add_argument(
        "which", nargs="?", choices=tuple(SCHEMAS), default="all", help="default: %(default)s"
    )
    command.add_argument("--out", metavar="FILE", type=Path, help="write to FILE")


def _add_metrics(commands: Any) -> None:
    command = commands.add_parser("metrics", help="the catalog: every metric with unit, source and options")
    command.set_defaults(run=_metrics)


# report -------------------------------------------------------------------------------------------------


def _report(arguments: argparse.Namespace) -> int:
    report = catalog.report(arguments.report)
    kind = _format(arguments)
    portfolio = _load(arguments)
    viewer = EVERYONE if arguments.everyone else _id(portfolio, "users", arguments.viewer)
    models = _models(arguments)
    filters = _filters(portfolio, arguments, models)
    try:
        view = portfolio.view(as_of=arguments.as_of, viewer=viewer, filters=filters)
    except UnknownViewer:
        raise Failure(f"{viewer!r} is not a user here; for all rows give --everyone") from None
    _warn(portfolio, view)
    known = {name for metric in report.metrics for name in metric.defaults}
    options = {name: model for name, model in models.items() if name in known}
    found = report.compute(view, **options)
    if kind == "xlsx":
        found.to_excel(arguments.out)
    elif kind == "csv":
        found.to_csv(arguments.out)
    else:
        _write(_rendered(found, kind, arguments.rows), kind, arguments.out)
    return 0


def _format(arguments: argparse.Namespace) -> str:
    """In which format to write, said before anything is computed if it cannot be."""
    out: Path | None = arguments.out
    ending = out.suffix.lower() if out else ""
    kind: str = arguments.format or ("csv" if ending == ".csv" else SUFFIXES.get(ending, "text"))
    if kind in WHOLE:
        if out is None:
            raise Failure(f"{kind} is not for a screen: give --out {WHOLE[kind]}")
        if arguments.rows is not None:
            raise Failure(f"{kind} holds all rows: leave out --rows")
    if kind == "csv" and (ending == ".csv" or (out is not None and out.exists() and not out.is_dir())):
        raise Failure(f"{out}: csv is a file a metric, so name a folder with --format csv --out FOLDER")
    return kind


def _models(arguments: argparse.Namespace) -> dict[str, Model]:
    """The models that were given, by the names of the options that take them."""
    kinds: dict[str, tuple[type[Model], Path | None]] = {
        "health": (HealthModel, arguments.health_model),
        "effort": (EffortModel, arguments.effort_model),
    }
    return {name: kind.from_toml(file) for name, (kind, file) in kinds.items() if file is not None}


def _rendered(found: ReportResult, kind: str, rows: int | None) -> str:
    if kind == "json":
        return found.to_json(rows) + "\n"
    if kind == "html":
        return found.to_html() if rows is None else found.to_html(rows=rows)
    return found.to_text() if rows is None else found.to_text(rows)


def _filters(portfolio: Portfolio, arguments: argparse.Namespace, models: dict[str, Any]) -> Filters:
    given: dict[str, Any] = {name: getattr(arguments, name) for name, _ in FILTERS.values()}
    for name, table in IDS.items():
        if given[name] is not None:
            given[name] = [_id(portfolio, table, text) for text in given[name]]
    bands = arguments.contract_values
    return Filters(
        **given,
        contract_values=None if bands is None else tuple(map(_band, bands)),
        health_model=models.get("health", DEFAULT_HEALTH),
        effort_model=models.get("effort", DEFAULT_EFFORT),
    )


def _band(text: str) -> ValueBand:
    low, colon, high = text.partition(":")
    if not colon:
        raise OptionError("--contract-value", text, "LOW:HIGH, such as 0:10000, 10000: or :10000")
    return ValueBand(low or None, high or None)


def _id(portfolio: Portfolio, table: str, text: str) -> int | str:
    """The id that a text on the command line means: in Parquet files ids may be whole numbers."""
    if portfolio.find(table, text) < 0 and text.isascii() and text.isdigit() and str(int(text)) == text:
        number = int(text)
        if portfolio.find(table, number) >= 0:
            return number
    return text


def _warn(portfolio: Portfolio, view: View) -> None:
    """Tell of what makes numbers smaller without being an error."""
    if portfolio.warnings:
        _tell(f"cs-metrics: {_counted(len(portfolio.warnings), 'warning')}; see: cs-metrics check")
    for name, given in ({} if view.filters is None else view.filters.applied).items():
        if name == "contract_values":
            continue
        offered = view.options(name)
        for word in sorted(given - set(offered), key=str):
            hint = "" if name in IDS else nearest(word, offered)
            _tell(f"cs-metrics: {name}: nothing in view is {word!r}{hint}")


# check --------------------------------------------------------------------------------------------------


def _check(arguments: argparse.Namespace) -> int:
    try:
        portfolio = _load(arguments)
    except CsMetricsError as error:
        problems: Sequence[Problem | CsMetricsError] = getattr(error, "problems", ()) or (error,)
        _print([*map(str, problems), _counted(len(problems), "problem")])
        return 1
    lines = [f"warning: {warning}" for warning in portfolio.warnings]
    rows = sum(table.n for table in portfolio.tables.values())
    found = _counted(len(lines), "warning")
    _print([*lines, f"{_counted(len(portfolio.tables), 'table')}, {rows:,} rows: no problems, {found}"])
    return 0


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _load(arguments: argparse.Namespace) -> Portfolio:
    from .portfolio import Portfolio

    folder: Path = arguments.folder
    if not folder.is_dir():
        raise Failure(f"{folder}: there is no such folder")
    if arguments.mapping is not None and arguments.source is None:
        raise Failure(f"--mapping is of a source: give --source too, which may be {OWN}")
    with _progress(arguments.progress) as told:
        if arguments.source is None:
            portfolio = Portfolio.read(folder, progress=told)
        else:
            portfolio = Portfolio.from_source(
                arguments.source, folder, mapping=arguments.mapping, progress=told, **folder_settings(folder)
            )
    if not portfolio.tables:
        raise Failure(f"{folder}: no file here is a table, such as users.csv or engagements.parquet")
    return portfolio


@contextlib.contextmanager
def _progress(asked: bool) -> Iterator[Callable[[str, int], None] | None]:
    """What to call with each table loaded: on a terminal it is told in place, else in lines if asked for."""
    if not sys.stderr.isatty():
        yield _loaded if asked else None
        return
    try:
        from rich.console import Console
    except ImportError:
        yield _loaded if asked else _loaded_if_large
        return
    with Console(stderr=True).status("reading files") as status:
        yield lambda table, rows: status.update(f"{table}: {rows:,} rows")


def _loaded(table: str, rows: int) -> None:
    _tell(f"{table}: {rows:,} rows")


def _loaded_if_large(table: str, rows: int) -> None:
    """Lines stay on the terminal, so a small folder gets none."""
    if rows >= LARGE:
        _loaded(table, rows)


# map ----------------------------------------------------------------------------------------------------


def _map(arguments: argparse.Namespace) -> int:
    """The proposal to standard output or a file, what is unsure in it to standard error."""
    proposal = propose(arguments.folder, arguments.source)
    _write(proposal.toml, "toml", arguments.out)
    for what in proposal.unsure:
        _tell(f"unsure: {what}")
    _tell(f"cs-metrics: {len(proposal.unsure):,} to look at")
    return 0


# sample and metrics -------------------------------------------------------------------------------------


def _sample(arguments: argparse.Namespace) -> int:
    from . import samples

    folder: Path = arguments.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Failure(f"{folder}: there is something already; name a new folder")
    frames = samples.frames(engagements=arguments.engagements, seed=arguments.seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    settings = 'currency = "USD"\ntz = "UTC"\nfiscal_year_start = 1\n'
    (folder / "portfolio.toml").write_text(settings, encoding="utf-8")
    users = frames["users"]
    head = users.loc[users["manager_id"].isna(), "id"].iloc[0]
    rows = sum(map(len, frames.values()))
    try_it = f"cs-metrics report {folder} --viewer {head} --as-of {samples.SAMPLE_DAY.isoformat()}"
    _print([f"{_counted(len(frames), 'table')}, {rows:,} rows, in {folder}", f"try: {try_it}"])
    return 0


def _metrics(_: argparse.Namespace) -> int:
    _print([line for metric in catalog.metrics() for line in _described(metric)])
    return 0


def _described(metric: Metric) -> Iterator[str]:
    yield metric.id
    yield f"    {metric.title}, in {metric.unit}; {metric.source}"
    if metric.defaults:
        options = ", ".join(f"{name}={plain(value)!r}" for name, value in metric.defaults.items())
        yield f"    options: {options}"


def _schema(arguments: argparse.Namespace) -> int:
    _write(json.dumps(SCHEMAS[arguments.which](), indent=2) + "\n", "json", arguments.out)
    return 0


# streams ------------------------------------------------------------------------------------------------


def _write(text: str, kind: str, file: Path | None) -> None:
    """JSON and pages are UTF-8 wherever they go; text on a screen is in what the screen knows."""
    if file is not None:
        file.write_bytes(text.encode("utf-8", "backslashreplace"))
    else:
        _put(text, None if kind == "text" else "utf-8")


def _print(lines: Sequence[str]) -> None:
    _put("".join(f"{printable(line)}\n" for line in lines), None)


def _put(text: str, encoding: str | None) -> None:
    """Write to standard output, unless its reader has seen enough and is gone."""
    try:
        _to(sys.stdout, text, encoding)
    except BrokenPipeError:
        # what Python would flush at exit must go somewhere that is still there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(message: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        _to(sys.stderr, f"{printable(message, keep=chr(10))}\n", None)


def _to(stream: TextIO, text: str, encoding: str | None) -> None:
    data = text.encode(encoding or stream.encoding or "utf-8", "backslashreplace")
    stream.flush()
    if hasattr(stream, "buffer"):
        stream.buffer.write(data)
    else:
        stream.write(data.decode(encoding or stream.encoding or "utf-8"))
    stream.flush()
