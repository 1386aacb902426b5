"""The Success report over HTTP on hand-written DuckDB: what the load test holds the service against.

The SQL and the tables are those of bench/peers/duckdb_peer.py; identity, framework, routes and swapping are as in
service.py. Both states of the company are made ready before the first request, so a swap is a new reference.
"""

import contextlib
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, FastAPI, HTTPException, Response

from service import FORBIDDEN, NO_STORE, PRIVATE, authenticated_user

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))
import data
from peers import duckdb_peer

PLANNED_BY_HAND = (
    "filter_pullup,empty_result_pullup,cte_filter_pusher,regex_range,deliminator,unnest_rewriter,"
    "common_subexpressions,common_aggregate,limit_pushdown,top_n,top_n_window_elimination,compressed_materialization,"
    "duplicate_groups,reorder_filter,sampling_pushdown,late_materialization,common_subplan,partitioned_execution"
)
"""What the planner need not look for in these statements: for a small book a quarter of the time went into it."""

States = dict[str, duckdb_peer.Prepared]


def told(viewer: Any, answer: dict[str, Any]) -> bytes:
    """An answer as JSON: values, and of listings how many and the first ten rows."""
    return json.dumps(
        {"viewer": viewer, "metrics": answer}, default=str, ensure_ascii=False, separators=(",", ":")
    ).encode()


def tag(state: str, viewer: Any, as_of: date) -> str:
    return f'"{hashlib.blake2b(f"{state} {viewer} {as_of}".encode(), digest_size=20).hexdigest()}"'


def make_app(states: States, current: Callable[[], str], threads: int) -> FastAPI:
    @contextlib.asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        yield

    app = FastAPI(lifespan=living)
    mine = threading.local()

    def cursor(state: str) -> duckdb_peer.Prepared:
        """The tables of a state through a connection of this thread's own."""
        if not hasattr(mine, "states"):
            mine.states = {
                name: replace(ready, connection=ready.connection.cursor()) for name, ready in states.items()
            }
        found: duckdb_peer.Prepared = mine.states[state]
        return found

    @app.get("/reports/success_report")
    def report(user: Annotated[str, Depends(authenticated_user)], as_of: date) -> Response:
        state = current()
        ready = cursor(state)
        if user not in ready.org.position:
            raise HTTPException(403, FORBIDDEN, NO_STORE)
        answer = duckdb_peer.report(ready, as_of, *ready.org.scope(user))
        headers = {"ETag": tag(state, user, as_of), **PRIVATE}
        return Response(told(user, answer), media_type="application/json", headers=headers)

    return app


def served() -> FastAPI:
    """For `uvicorn --factory`."""
    folders = json.loads(os.environ["STATES"])
    states = {name: duckdb_peer.prepare(data.load(Path(folder), "arrow")) for name, folder in folders.items()}
    for ready in states.values():
        ready.connection.execute(f"SET threads TO {int(os.environ.get('DUCKDB_THREADS', '1'))}")
        ready.connection.execute(f"SET disabled_optimizers = '{PLANNED_BY_HAND}'")
    place = Path(os.environ["CURRENT"])
    name = [place.read_text().strip()]

    def watch() -> None:
        while True:
            time.sleep(0.1)
            name[0] = place.read_text().strip() or name[0]

    threading.Thread(target=watch, daemon=True).start()
    return make_app(states, lambda: name[0], int(os.environ.get("THREADS", "4")))
