"""The service under load: CSMs ask for their whole Success report while portfolios are swapped under it.

    make load                                        # 1,000,000 engagements, 64 clients, a swap every second
    python examples/service/load.py --engagements 20000 --seconds 5

Two states of a company, X and Y, are served in turns. Every answer is compared, byte for byte, with the one
worked out beforehand for its viewer and the state that its ETag names: what differs is wrong, and what another
viewer should have got, or a 304 for another viewer's ETag, is a leak. Then the same is asked of the same service
on hand-written DuckDB, whose answers are held against ours first. All of it runs on this machine, on the loopback.
"""

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "bench"))
import duckdb_service

import cs_metrics as csm
import data
import engines
import report as bench
import service

A = date(2026, 6, 30)
SEEDS = {"X": 1, "Y": 2}
ASKED = f"/reports/success_report?as_of={A.isoformat()}"
WARM, CHECK_EVERY = 2.0, 20


@dataclass
class Right:
    """The right answers: by ETag whose it is and what it says; by viewer the ETags that are theirs."""

    bodies: dict[str, tuple[Any, bytes]] = field(default_factory=dict)
    tags: dict[Any, list[str]] = field(default_factory=dict)

    def add(self, viewer: Any, tag: str, body: bytes) -> None:
        self.bodies[tag] = viewer, body
        self.tags.setdefault(viewer, []).append(tag)


@dataclass
class Found:
    """What the clients saw."""

    seconds: list[float] = field(default_factory=list)
    answers: int = 0
    wrong: int = 0
    leaks: int = 0
    failed: int = 0
    swaps: int = 0
    examples: list[str] = field(default_factory=list)

    def judge(self, viewer: Any, status: int, tag: str, body: bytes, right: Right) -> None:
        if status != 200:
            self.failed += 1
            self.leaks += status == 304  # it was another viewer's ETag that was sent
            self.examples.append(f"{viewer}: {status} {body[:200]!r}")
            return
        whose, expected = right.bodies.get(tag, (None, b""))
        if whose != viewer or body != expected:
            self.wrong += 1
            named = f'"viewer": {json.dumps(viewer)}'.replace(" ", "")
            others = any(body == other for owner, other in right.bodies.values() if owner != viewer)
            self.leaks += others or named not in body[:20_000].decode().replace(" ", "")
            self.examples.append(f"{viewer}: {tag} {body[:200]!r}")


# clients --------------------------------------------------------------------------------------------------


class Client:
    """One connection, kept open, that asks one thing after the other."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> "Client":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def ask(self, path: str, viewer: Any, match: str = "") -> tuple[int, str, bytes]:
        condition = f"If-None-Match: {match}\r\n" if match else ""
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\n{service.HEADER}: {viewer}\r\n{condition}\r\n"
        self.writer.write(head.encode())
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(lines[0].split()[1]), headers.get("etag", ""), body


async def load(options: argparse.Namespace, port: int, right: Right, swap: Callable[[int], None]) -> Found:
    """So many clients, each asking for one viewer after the other, for so many seconds."""
    found, viewers = Found(), list(right.tags)
    started = time.perf_counter()
    until = started + WARM + options.seconds

    async def client(number: int) -> None:
        chance = random.Random(number)
        async with Client(port) as connection:
            asked = 0
            while (now := time.perf_counter()) < until:
                viewer = chance.choice(viewers)
                other = chance.choice(viewers)
                sly = asked % CHECK_EVERY == CHECK_EVERY - 1 and other != viewer
                status, tag, body = await connection.ask(
                    ASKED, viewer, ",".join(right.tags[other]) if sly else ""
                )
                done = time.perf_counter()
                found.judge(viewer, status, tag, body, right)
                asked += 1
                found.answers += 1
                if started + WARM <= done < until:
                    found.seconds.append(done - now)

    async def swapping() -> None:
        while time.perf_counter() < until:
            await asyncio.sleep(options.swap_every)
            found.swaps += 1
            swap(found.swaps)

    swapper = asyncio.create_task(swapping())
    await asyncio.gather(*map(client, range(options.clients)))
    swapper.cancel()
    return found


# servers --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(
    app: str, environment: dict[str, str], workers: int, patience: float
) -> Iterator[tuple[int, int]]:
    """A service in processes of its own: the port, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = [str(HERE), str(Path(csm.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    command = [
        sys.executable, "-m", "uvicorn", "--factory", app, "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--no-access-log", "--log-level", "warning", "--timeout-worker-healthcheck", "600",
    ]  # fmt: skip
    told = os.environ | environment | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    process = subprocess.Popen(command, env=told, start_new_session=True)
    try:
        _await(port, process, patience)
        yield port, process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _await(port: int, process: "subprocess.Popen[bytes]", patience: float) -> None:
    async def answered() -> int:
        async with Client(port) as client:
            return (await client.ask("/openapi.json", ""))[0]

    until = time.monotonic() + patience
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError, EOFError):
            if asyncio.run(answered()) == 200:
                return
        time.sleep(0.2)
    raise SystemExit("the service did not start")


def put(path: Path, place: Path) -> None:
    """As one deploys: the new file takes the name of the old one in one step."""
    new = place.with_suffix(".new")
    new.unlink(missing_ok=True)
    os.link(path, new)
    new.replace(place)


# the two services -----------------------------------------------------------------------------------------


def files(options: argparse.Namespace) -> dict[str, Path]:
    """The two states: folders with the tables, each with the saved portfolio; made where they are not there."""
    found = {}
    for name, seed in SEEDS.items():
        found[name] = data.folder(options.cache, options.engagements, seed)
        path = found[name] / "service.csmetrics"
        with contextlib.suppress(csm.errors.DataError, FileNotFoundError):
            csm.Portfolio.open(path)
            continue
        print(f"making the saved portfolio {path}", flush=True)
        csm.Portfolio.from_frames(**data.load(found[name], "arrow")).save(path)
    return found


def csms(portfolios: dict[str, csm.Portfolio], count: int) -> list[Any]:
    """CSMs with a book in both states, the same ones each time."""
    owners = [
        set(portfolio.view(as_of=A, viewer=csm.EVERYONE).options("owners"))
        for portfolio in portfolios.values()
    ]
    chosen: list[Any] = []
    for user in random.Random(7).sample(
        sorted(set.intersection(*owners)), k=min(20 * count, len(owners[0]) // 2)
    ):
        spans = [portfolio.positions(user) for portfolio in portfolios.values()]
        if all(end == first + 1 for first, end in spans):
            chosen.append(user)
        if len(chosen) == count:
            break
    return chosen


def rights(portfolios: dict[str, csm.Portfolio], viewers: list[Any]) -> Right:
    right = Right()
    for portfolio in portfolios.values():
        for viewer in viewers:
            view = portfolio.view(as_of=A, viewer=viewer, filters=csm.Filters())
            asked = service.Asked(portfolio=portfolio, view=view, match="")
            body = csm.reports.success_report(view).to_json(10).encode()
            right.add(viewer, asked.tag("report", "success_report", None, 10), body)
    return right


def ours(options: argparse.Namespace, folders: dict[str, Path], right: Right) -> tuple[Found, float]:
    """The load on the service; beside what was found the processor's seconds that it took."""
    place = folders["X"].parent / "served.csmetrics"
    paths = [folder / "service.csmetrics" for folder in folders.values()]
    put(paths[0], place)
    environment = {
        "CS_METRICS_PORTFOLIO": str(place), "CS_METRICS_WATCH": "0.1", "CS_METRICS_THREADS": str(options.threads),
        "CS_METRICS_VERIFY": str(int(options.verify)),
    }  # fmt: skip
    try:
        with serving("service:served", environment, options.workers, 120) as (port, process):
            before = used(process)
            found = asyncio.run(load(options, port, right, lambda turn: put(paths[turn % 2], place)))
            return found, used(process) - before
    finally:
        place.unlink(missing_ok=True)


def duckdb(
    options: argparse.Namespace,
    folders: dict[str, Path],
    portfolios: dict[str, csm.Portfolio],
    viewers: list[Any],
) -> tuple[Found, float]:
    with tempfile.TemporaryDirectory() as folder:
        current = Path(folder) / "current"

        def put_state(name: str) -> None:
            current.with_suffix(".new").write_text(name)
            current.with_suffix(".new").replace(current)

        put_state("X")
        environment = {
            "STATES": json.dumps({name: str(path) for name, path in folders.items()}), "CURRENT": str(current),
            "THREADS": str(options.threads), "DUCKDB_THREADS": str(options.duckdb_threads),
        }  # fmt: skip
        with serving("duckdb_service:served", environment, 1, 900) as (port, process):
            right = asyncio.run(asked_in_peace(port, portfolios, viewers, put_state))
            put_state("X")
            before = used(process)
            found = asyncio.run(load(options, port, right, lambda turn: put_state("XY"[turn % 2])))
            return found, used(process) - before


async def asked_in_peace(
    port: int, portfolios: dict[str, csm.Portfolio], viewers: list[Any], put_state: Callable[[str], None]
) -> Right:
    """DuckDB's answers one by one, each held against ours: from then on they are the right ones."""
    right, engine = Right(), engines.engine(engines.OURS)
    async with Client(port) as client:
        for state, portfolio in portfolios.items():
            put_state(state)
            await asyncio.sleep(1)
            for viewer in viewers:
                status, tag, body = await client.ask(ASKED, viewer)
                truth = json.loads(
                    duckdb_service.told(viewer, engines.plain(engine.report(portfolio, A, viewer)))
                )
                if status != 200 or not all(
                    bench.same(_known(truth["metrics"][name]), _known(said))
                    for name, said in json.loads(body)["metrics"].items()
                ):
                    raise SystemExit(f"DuckDB says something else to {viewer} of {state}")
                right.add(viewer, tag, body)
    return right


def _known(value: Any) -> Any:
    """Without the bucket of what is missing, where it is empty."""
    if isinstance(value, dict):
        return {key: _known(part) for key, part in value.items() if key != "null" or part != 0}
    return value


def used(process: int) -> float:
    """The processor's seconds of a process and of those that it started."""
    parents: dict[int, list[tuple[int, float]]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parts = stat.read_text().rpartition(")")[2].split()
            ticks = sum(map(int, parts[11:15])) / os.sysconf("SC_CLK_TCK")
            parents.setdefault(int(parts[1]), []).append((int(stat.parent.name), ticks))
    mine = [ticks for below in parents.values() for pid, ticks in below if pid == process]
    return sum(mine) + sum(used_by for child, _ in parents.get(process, []) for used_by in [used(child)])


def shown(name: str, found: Found, cpu: float, lasted: float) -> None:
    ordered = sorted(found.seconds) or [math.nan]
    cut = [ordered[min(len(ordered) - 1, math.ceil(len(ordered) * share) - 1)] for share in (0.5, 0.99, 1.0)]
    p50, p99, most = (f"{seconds * 1000:,.0f}" for seconds in cut)
    each = cpu / max(found.answers, 1) * 1000
    print(
        f"| {name} | {len(ordered) / lasted:,.1f} | {p50} | {p99} | {most} | {each:.1f} | {found.answers:,} "
        f"| {found.swaps} | {found.failed} | {found.wrong} | {found.leaks} |",
        flush=True,
    )
    for example in found.examples[:3]:
        print(f"    {example}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engagements", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--viewers", type=int, default=200, help="so many CSMs, each asked for in turns")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--swap-every", type=float, default=1.0)
    parser.add_argument(
        "--workers", type=int, default=2, help="processes of ours; DuckDB has one, with threads"
    )
    parser.add_argument("--threads", type=int, default=4, help="requests that a process computes at a time")
    parser.add_argument("--duckdb-threads", type=int, default=1)
    parser.add_argument("--verify", action="store_true", help="verify every file whole at each swap")
    parser.add_argument("--only", choices=("ours", "duckdb"))
    parser.add_argument("--cache", type=Path, default=data.DEFAULT_CACHE)
    options = parser.parse_args()
    folders = files(options)
    portfolios = {name: csm.Portfolio.open(path / "service.csmetrics") for name, path in folders.items()}
    viewers = csms(portfolios, options.viewers)
    right = rights(portfolios, viewers)
    books = [
        csm.overview.total_engagements(portfolios["X"].view(as_of=A, viewer=user)).value for user in viewers
    ]
    print(
        f"{options.engagements:,} engagements, {len(viewers)} CSMs with {statistics.median(books):g} open ones each "
        f"(median), {options.clients} clients, a swap every {options.swap_every:g} s; load {os.getloadavg()[0]:.1f}\n"
    )
    print(
        "| | requests/s | p50 ms | p99 ms | max ms | CPU ms each | answers | swaps | failed | wrong | leaks |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    bad = 0
    if options.only != "duckdb":
        found, cpu = ours(options, folders, right)
        shown("cs_metrics", found, cpu, options.seconds)
        bad += found.failed + found.wrong + found.leaks
    if options.only != "ours":
        found, cpu = duckdb(options, folders, portfolios, viewers)
        shown("DuckDB", found, cpu, options.seconds)
        bad += found.wrong
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
