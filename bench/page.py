"""Times the page of every report for a CSM with about 50 engagements, beside the metrics that it shows.

    python bench/page.py [--engagements 2000] [--rounds 30]

Printed are, in milliseconds of the processor and the fastest of the rounds: the metrics from a view made anew; the
page of results that are there; of that, its pictures; how many times the metrics the page is; and its size, of
which the style and the script that every page carries.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from datetime import date
from importlib import resources
from typing import Any

import cs_metrics as csm
from cs_metrics.render import bars, html, pictures

A = date(2026, 6, 30)


def csm_with_a_book(engagements: int, book: int = 50) -> Any:
    """The success manager whose book is nearest to 50 engagements."""
    frames = csm.samples.frames(engagements=engagements, tables=["engagements", "accounts"])
    owners = frames["accounts"].set_index("id")["owner_id"]
    return (owners[frames["engagements"]["account_id"]].value_counts() - book).abs().idxmin()


def fastest(runs: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    """Milliseconds of the processor, of each the fastest; all in turns, as they would be used."""
    found: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for run, times in zip(runs, found, strict=True):
            start = time.thread_time()
            run()
            times.append(time.thread_time() - start)
        gc.collect()
    return [min(times) * 1000 for times in found]


def drawn(found: csm.ReportResult) -> None:
    """All pictures and bars of a report, and nothing else of its page."""
    for result in found.results.values():
        if isinstance(result, csm.Result):
            pictures.picture(result, result.spec.title)
            bars.bars(result, html.FIRST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engagements", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    company = csm.samples.portfolio(engagements=given.engagements)
    viewer = csm_with_a_book(given.engagements)
    count = csm.overview.total_engagements(company.view(as_of=A, viewer=viewer)).value
    fixed = sum(
        len(resources.files(html.__package__).joinpath(name).read_bytes()) for name in ("page.css", "page.js")
    )
    print(f"{count} engagements; style and script {fixed / 1000:.0f} kB of every page\n")
    print("| report | metrics ms | page ms | of that pictures | page ÷ metrics | kB |")
    print("| --- | --- | --- | --- | --- | --- |")
    gc.disable()
    for report in csm.reports.ALL:
        found = report.compute(company.view(as_of=A, viewer=viewer))
        size = len(found.to_html().encode())
        runs = [
            lambda report=report: report.compute(company.view(as_of=A, viewer=viewer)),
            found.to_html,
            lambda found=found: drawn(found),
        ]
        metrics, page, seen = fastest(runs, given.rounds)
        told = f"{metrics:.1f} | {page:.1f} | {seen:.2f} | {page / metrics:.1f} | {size / 1000:.0f}"
        print(f"| {report.id} | {told} |")


if __name__ == "__main__":
    main()
