"""Reports and metrics of a saved portfolio over HTTP, each caller seeing what is theirs to see.

    CS_METRICS_PORTFOLIO=company.csmetrics uvicorn --factory service:served

Who asks is said by the proxy that authenticated them, in the header X-Authenticated-User; README.md says what that
proxy must do. A host with another way to know its users passes its own `identity` to `make_app`.
"""

import contextlib
import functools
import hashlib
import json
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
import attrs
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

import cs_metrics as csm

log = logging.getLogger("cs_metrics.service")

HEADER = "x-authenticated-user"
UNKNOWN = "nobody is logged in"
FORBIDDEN = "nothing here is yours to see"
NOT_FOUND = "there is no such thing in your view"
PRIVATE = {"Cache-Control": "private, no-cache"}
"""A browser may keep an answer, and asks each time whether it still holds; nobody between may keep it."""

NO_STORE = {"Cache-Control": "no-store"}

# the portfolio that is served ---------------------------------------------------------------------------


class Shelf:
    """The portfolio that is served: one reference, replaced in one step by whoever sees a new file.

    A request takes the reference once and keeps it, so it ends on the portfolio on which it began; the old one
    goes when its last request is done.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        verify: bool = True,
        warm: Callable[[csm.Portfolio], object] | None = None,
    ) -> None:
        self.path = Path(path)
        self._verify = verify
        self._warm = warm_up if warm is None else warm
        self._one_at_a_time = threading.Lock()
        self._stamp = self._stamped()
        self.portfolio = self._opened()

    def look(self) -> bool:
        """Take up the file if it is another one than the last time; a bad one is told of, and not taken up."""
        with self._one_at_a_time:
            stamp = self._stamped()
            if stamp == self._stamp:
                return False
            self._stamp = stamp
            try:
                self.portfolio = self._opened()
            except Exception as error:  # whatever it is, there is one to serve on
                log.error("%s is not taken up, the one before it is served on: %s", self.path, error)
                return False
        log.info("serving %s", self.portfolio.fingerprint)
        return True

    def _opened(self) -> csm.Portfolio:
        """Ready for its first request: verified, and read by the report that most will ask for."""
        portfolio = csm.Portfolio.open(self.path, verify=self._verify)
        self._warm(portfolio)
        return portfolio

    def _stamped(self) -> tuple[int, int, int, int] | None:
        """What tells files apart that had the same name: `save` and `mv` put another one in its place."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    @contextlib.contextmanager
    def watched(self, every: float) -> Iterator[None]:
        """Look for a new file every so many seconds, in a thread of its own."""
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(every):
                self.look()

        watcher = threading.Thread(target=watch, name="shelf", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()


SOME_DAY = date(2026, 6, 30)


def warm_up(portfolio: csm.Portfolio) -> None:
    """Compute the Success report of somebody, so that nobody's first request waits for what it reads."""
    if "users" not in portfolio.tables:
        return
    users = portfolio.view(as_of=SOME_DAY, viewer=csm.EVERYONE).users
    for viewer in users.ids(users.everything.index[-1:]):
        csm.reports.success_report(portfolio.view(as_of=SOME_DAY, viewer=viewer)).to_json(rows=1)


# who asks for what --------------------------------------------------------------------------------------


async def authenticated_user(request: Request) -> str:
    """Whom the proxy authenticated: exactly one header that names somebody, or nobody."""
    given = request.headers.getlist(HEADER)
    try:
        (name,) = (value.encode("latin-1").decode("utf-8").strip() for value in given)
    except ValueError:  # none, several, or no text
        name = ""
    if not name:
        raise HTTPException(401, UNKNOWN, NO_STORE)
    return name


@attrs.frozen(kw_only=True)
class Asked:
    """Who asks, of which portfolio, on which day, through which filters: what every answer hangs on."""

    portfolio: csm.Portfolio
    view: csm.View
    match: str

    def tag(self, *what: Any) -> str:
        """The ETag of an answer: another one for other rows, another viewer, day, filters, question or release."""
        view = self.view
        told = [
            csm.__version__, self.portfolio.fingerprint, type(view.viewer).__name__, view.viewer,
            view.as_of.isoformat(), {} if view.filters is None else view.filters.to_dict(), *what,
        ]  # fmt: skip
        return f'"{hashlib.blake2b(json.dumps(told).encode(), digest_size=20).hexdigest()}"'

    def answered(self, make: Callable[[], str], *what: Any) -> Response:
        """The JSON that `make` gives; nothing is made for somebody who has it already."""
        headers = {"ETag": self.tag(*what), **PRIVATE}
        if headers["ETag"] in {tag.strip().removeprefix("W/") for tag in self.match.split(",")}:
            return Response(status_code=304, headers=headers)
        return Response(make(), media_type="application/json", headers=headers)


Words = Annotated[list[str] | None, Query()]


def asking(shelf: Shelf, identity: Callable[..., Any]) -> Callable[..., Any]:
    """The dependency that every route has: without somebody who may see something, no route runs."""

    def asked(  # in a thread: a view of an earlier day may have rows laid out as they stood
        request: Request,
        user: Annotated[str, Depends(identity)],
        as_of: Annotated[str, Query(description="the day on which the numbers stand, as in 2026-06-30")],
        owners: Words = None,
        accounts: Words = None,
        industries: Words = None,
        segments: Words = None,
        groups: Words = None,
        stages: Words = None,
        health: Words = None,
        contract_value: Annotated[
            list[str] | None, Query(description="LOW:HIGH, either may be empty")
        ] = None,
    ) -> Asked:
        portfolio = shelf.portfolio  # taken once: whatever is swapped in, this request goes on with this one
        bands = None if contract_value is None else [_band(text) for text in contract_value]
        filters = csm.Filters(
            owners=_ids(portfolio, "users", owners), accounts=_ids(portfolio, "accounts", accounts),
            industries=industries, segments=segments, groups=groups, stages=stages, health=health,
            contract_values=bands,
        )  # fmt: skip
        try:
            view = portfolio.view(as_of=as_of, viewer=_id(portfolio, "users", user), filters=filters)
        except (csm.errors.UnknownViewer, csm.errors.NotVisible):
            raise HTTPException(403, FORBIDDEN, NO_STORE) from None
        return Asked(portfolio=portfolio, view=view, match=request.headers.get("if-none-match", ""))

    return asked


def _id(portfolio: csm.Portfolio, table: str, text: str) -> int | str:
    """The id that a text means: a whole number only where there is no such text, and only if it is one."""
    number = int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else None
    if number is None or portfolio.find(table, text) >= 0 or portfolio.find(table, number) < 0:
        return text
    return number


def _ids(portfolio: csm.Portfolio, table: str, texts: list[str] | None) -> list[int | str] | None:
    return None if texts is None else [_id(portfolio, table, text) for text in texts]


def _band(text: str) -> csm.ValueBand:
    low, colon, high = text.partition(":")
    if not colon:
        raise csm.errors.OptionError("contract_value", text, "LOW:HIGH, such as 0:10000, 10000: or :10000")
    return csm.ValueBand(low or None, high or None)


# what there is to ask for -------------------------------------------------------------------------------

Rows = Annotated[int, Query(ge=0, le=1000, description="so many rows of each listing")]


def routes(asked: Callable[..., Any], identity: Callable[..., Any]) -> APIRouter:
    router = APIRouter()
    Asking = Annotated[Asked, Depends(asked)]  # noqa: N806

    @router.get("/reports", dependencies=[Depends(identity)])
    async def reports() -> list[dict[str, Any]]:
        """The reports that there are, and whom each is for."""
        return [
            {"id": one.id, "title": one.title, "purpose": one.purpose, "audiences": one.audiences}
            for one in csm.catalog.reports()
        ]

    @router.get("/reports/{report}", response_model=csm.ReportResult)
    def report(report: str, asked: Asking, rows: Rows = 10, account: str | None = None) -> Response:
        """A report; of one account where the report is of accounts."""
        compute = _computing(report, asked, account)
        return asked.answered(lambda: compute().to_json(rows), "report", report, account, rows)

    @router.get("/reports/{report}/page", response_class=HTMLResponse)
    def page(report: str, asked: Asking, rows: Rows = 100, account: str | None = None) -> HTMLResponse:
        """A report as a page, with the rows behind each number."""
        # rows come with the host's own columns, which the fingerprint does not know: nothing of it is kept
        found = _computing(report, asked, account)()
        return HTMLResponse(found.to_html(rows=rows), headers=NO_STORE)

    @router.get("/metrics/{metric}", response_model=csm.Result)
    def metric(metric: str, asked: Asking, rows: Rows = 10) -> Response:
        """One metric, with its definition and what was left out."""
        found = _named(csm.catalog.metrics, metric)

        def make() -> str:
            result = found.compute(asked.view)
            told = result.to_dict(rows) if isinstance(result, csm.Listing) else result.to_dict()
            return json.dumps(told, ensure_ascii=False, allow_nan=False)

        return asked.answered(make, "metric", metric, rows)

    @router.get("/options/{name}")
    def options(name: str, asked: Asking) -> list[Any]:
        """What a filter may be set to: only what the viewer can see."""
        return asked.view.options(name)

    return router


def _computing(report: str, asked: Asked, account: str | None) -> Callable[[], csm.ReportResult]:
    """How the report is computed, once it is known that there is one."""
    found = _named(csm.catalog.reports, report)
    if account is None:
        return functools.partial(found.compute, asked.view)
    if not isinstance(found, csm.accounts.AccountReport):
        raise csm.errors.OptionError("account", account, f"nothing: {report} is not of one account")
    who = _id(asked.portfolio, "accounts", account)
    return functools.partial(found.compute, asked.view, account_id=who)


def _named(catalog: Callable[[], tuple[Any, ...]], identity: str) -> Any:
    known: Mapping[str, Any] = {one.id: one for one in catalog()}
    if identity not in known:
        raise HTTPException(404, NOT_FOUND, NO_STORE)
    return known[identity]


# the app ------------------------------------------------------------------------------------------------


def make_app(
    shelf: Shelf,
    *,
    identity: Callable[..., Any] = authenticated_user,
    watch_every: float | None = 1.0,
    threads: int = 4,
) -> FastAPI:
    """The service over a shelf.

    Args:
        identity: a dependency of FastAPI that gives the id of the user who asks, or raises a 401.
        watch_every: look for a new file every so many seconds; None leaves that to whoever calls `shelf.look()`.
        threads: so many requests are computed at a time, the others wait.
    """

    @contextlib.asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = threads
        with contextlib.nullcontext() if watch_every is None else shelf.watched(watch_every):
            yield

    app = FastAPI(title="Customer success metrics", version=csm.__version__, lifespan=living)
    app.include_router(routes(asking(shelf, identity), identity))

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether it serves; nothing of what."""
        return {"status": "ok"}

    def refused(status: int, words: str | None = None) -> Callable[[Request, Exception], Response]:
        """One answer for all reasons, so that nobody learns from it who or what there is."""
        return lambda _, error: JSONResponse({"detail": words or str(error)}, status, headers=NO_STORE)

    app.add_exception_handler(csm.errors.NotVisible, refused(404, NOT_FOUND))
    app.add_exception_handler(csm.errors.MissingTable, refused(404, NOT_FOUND))
    app.add_exception_handler(csm.errors.OptionError, refused(422))
    return app


def served() -> FastAPI:
    """For `uvicorn --factory`: settings are environment variables."""
    logging.basicConfig(level=logging.INFO)
    shelf = Shelf(os.environ["CS_METRICS_PORTFOLIO"], verify=os.environ.get("CS_METRICS_VERIFY", "1") != "0")
    return make_app(
        shelf,
        watch_every=float(os.environ.get("CS_METRICS_WATCH", "1")),
        threads=int(os.environ.get("CS_METRICS_THREADS", "4")),
    )
