"""From frames to checked and coded columns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from .. import threads
from ..errors import DataError, MissingRate, OptionError, Problem
from ..records import SCHEMA, TableSchema
from ..settings import Settings
from . import checks
from .frames import Source
from .ids import Keys
from .problems import Findings, Note
from .quarantine import cascade, leave
from .read import Job, jobs_of
from .references import read_ids
from .similar import similar_ids
from .tables import Draft, open_tables
from .values import Array, Cells, Coded, Rows

__all__ = ["Loaded", "LoadedTable", "load"]

Progress = Callable[[str, int], None]

MOST_THREADS = 4
"""Each thread holds one column's temporary arrays; more of them would need more memory than time is worth."""


@attrs.frozen(eq=False)
class LoadedTable:
    """One table: checked columns beside the caller's frame. Where they are `ours`, they may be written over."""

    schema: TableSchema
    n: int
    columns: dict[str, Array | Coded]
    keys: Keys | None
    source: Source
    ours: bool = False


@attrs.frozen(eq=False)
class Loaded:
    """All supplied tables, what was odd but allowed, and what was rejected."""

    tables: dict[str, LoadedTable]
    warnings: tuple[Problem, ...] = ()
    rejected: dict[str, Any] = attrs.field(factory=dict)


def load(
    tables: Mapping[str, object],
    settings: Settings,
    *,
    on_error: str = "raise",
    progress: Progress | None = None,
) -> Loaded:
    """Check and code every supplied table.

    Raises:
        DataError: with every problem of every table; with `on_error="quarantine"` only for what is wrong
            with tables and columns as a whole.
        MissingRate: if all that is wrong is that rates are missing.
    """
    if on_error not in ("raise", "quarantine"):
        raise OptionError("on_error", on_error, ("raise", "quarantine"))
    findings = Findings()
    drafts = open_tables(tables, findings)
    run = _Runner(sum(draft.n for draft in drafts.values()), findings)
    _read(drafts, settings, run, progress)
    _check(drafts, findings, run)
    if findings and (on_error == "raise" or findings.structural):
        raise _error(drafts, findings)
    rejected: dict[str, Any] = {}
    if findings:
        cascade(drafts, findings)
        rejected = leave(drafts, findings)
    if run.threads > 1:
        _give_back()
    loaded = {name: _done(draft) for name, draft in drafts.items()}
    return Loaded(loaded, tuple(_warnings(drafts, run)), rejected)


class _Runner:
    """Runs jobs, on several threads where that pays; what they note comes together in the jobs' order."""

    def __init__(self, rows: int, findings: Findings) -> None:
        self.threads = min(MOST_THREADS, os.cpu_count() or 1) if rows >= threads.WORTH else 1
        self.findings = findings

    def __call__(self, jobs: Iterable[Job]) -> Iterator[None]:
        """Run every job; each step of the iteration is one that is done."""
        if self.threads == 1:
            for job in jobs:
                job(self.findings)
                yield
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self.threads) as pool:
            for found in pool.map(_noted, jobs):
                self.findings.found += found.found
                yield

    def all(self, jobs: Iterable[Job]) -> None:
        for _ in self(jobs):
            pass


def _noted(job: Job) -> Findings:
    findings = Findings()
    job(findings)
    return findings


def _read(drafts: dict[str, Draft], settings: Settings, run: _Runner, progress: Progress | None) -> None:
    """Read the ids of all tables, then all other columns."""
    wanted = {column.refers for draft in drafts.values() for column in draft.schema.references}
    run.all(_ids(draft, draft.name in wanted) for draft in drafts.values() if "id" in draft.schema.columns)
    jobs: list[Job] = []
    ends: dict[int, list[Draft]] = {}
    for draft in drafts.values():
        jobs += jobs_of(draft, drafts, settings)
        ends.setdefault(len(jobs), []).append(draft)  # of several, all but the first have nothing to read

    def tell(done: int) -> None:
        for draft in ends.get(done, ()):
            if run.threads > 1:
                _settle(draft)
            if progress is not None:
                progress(draft.name, draft.n)

    tell(0)
    for done, _ in enumerate(run(jobs), 1):
        tell(done)


def _settle(draft: Draft) -> None:
    """Move a table's columns to where the layout can use their room again; from then on they are ours alone.

    What a thread allocated goes back to that thread's heap, where nobody else finds it: half of all columns would
    stand there empty while the layout asks for more.
    """
    for name, values in draft.columns.items():
        if isinstance(values, Coded):
            draft.columns[name] = Coded(values.codes.copy(), values.labels)
        else:
            draft.columns[name] = values.copy()
    draft.ours = True


def _give_back() -> None:
    """Have Arrow give back what its temporary arrays took, for NumPy's to come."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _ids(draft: Draft, wanted: bool) -> Job:
    def job(findings: Findings) -> None:
        cells = Cells(draft.n, ())
        if "id" in draft.supplied:
            cells = draft.source.cells("id")
        note = Note(findings, draft.name, "id")
        absent = draft.n > 0 and "id" not in draft.supplied
        draft.index, draft.seen["id"] = read_ids(cells, note, required=not absent, wanted=wanted)
        draft.broken = note.whole or absent

    return job


def _check(drafts: dict[str, Draft], findings: Findings, run: _Runner) -> None:
    checks.check_kinds(drafts, findings)
    run.all(_checks(draft) for draft in drafts.values())
    checks.check_agreement(drafts, findings)
    findings.sort({table: list(schema.columns) for table, schema in SCHEMA.items()})


def _checks(draft: Draft) -> Job:
    def job(findings: Findings) -> None:
        checks.check_order(draft, findings)
        checks.check_sums(draft, findings)
        if "id" not in draft.schema.columns:
            checks.check_natural_key(draft, findings)

    return job


def _warnings(drafts: dict[str, Draft], run: _Runner) -> list[Problem]:
    told: dict[str, list[Problem]] = {}

    def warn(draft: Draft) -> Job:
        def job(_: Findings) -> None:
            told[draft.name] = [*similar_ids(draft), *checks.before_parents(draft, drafts)]

        return job

    run.all(warn(draft) for draft in drafts.values())
    return [problem for name in drafts for problem in told[name]]


def _done(draft: Draft) -> LoadedTable:
    keys = None if draft.index is None else Keys(draft.index.ids, draft.source.kept)
    columns = {name: draft.columns[name] for name in draft.schema.columns if name in draft.columns}
    return LoadedTable(draft.schema, draft.n, columns, keys, draft.source, ours=draft.ours)


def _error(drafts: dict[str, Draft], findings: Findings) -> Exception:
    problems = findings.problems(
        lambda table, rows: row_names(drafts[table], rows),
        lambda table, column, rows: drafts[table].source.frame_values(column, rows),
    )
    if all(problem.code == "rate" for problem in problems):
        return MissingRate.of(problems)
    return DataError(problems)


def row_names(draft: Draft, rows: Rows) -> list[Any]:
    """The ids of rows; the numbers of those that have none."""
    if "id" not in draft.supplied:
        return list(rows.tolist())
    ids = draft.source.frame_values("id", rows)
    return [name if _is_id(name) else row for row, name in zip(rows.tolist(), ids, strict=True)]


def _is_id(name: object) -> bool:
    return isinstance(name, int | str) and not isinstance(name, bool) and name != ""
