"""The service of examples/service: right answers, to the right people, while portfolios are swapped under it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Header, HTTPException
from fastapi.testclient import TestClient

import cs_metrics as csm

FOLDER = Path(__file__).parents[1] / "examples/service"
DAY = "2026-06-30"
HEADER = "X-Authenticated-User"


def loaded(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


service = loaded("service")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two states of one company: in the second all contracts are worth more, and engagements are healthier."""
    folder = tmp_path_factory.mktemp("saved")
    frames = csm.samples.frames(engagements=80, seed=4)
    csm.Portfolio.from_frames(**frames).save(folder / "x")
    contracts = frames["contracts"].assign(value=frames["contracts"]["value"] + 1)
    engagements = frames["engagements"].assign(health="green")
    csm.Portfolio.from_frames(**frames | {"contracts": contracts, "engagements": engagements}).save(
        folder / "y"
    )
    return folder / "x", folder / "y"


@pytest.fixture(scope="module")
def states(saved: tuple[Path, Path]) -> list[csm.Portfolio]:
    return [csm.Portfolio.open(path) for path in saved]


@pytest.fixture(scope="module")
def users(states: list[csm.Portfolio]) -> list[Any]:
    """The head, a manager and some agents: whoever owns something."""
    everyone = states[0].view(as_of=DAY, viewer=csm.EVERYONE)
    owners = everyone.options("owners")
    sizes = {owner: len(states[0].view(as_of=DAY, viewer=owner).options("owners")) for owner in owners}
    ranked = sorted(owners, key=lambda owner: -sizes[owner])
    return [*ranked[:2], *ranked[-4:]]


def put(path: Path, place: Path) -> None:
    """As one deploys: a new file beside the old one takes its name in one step."""
    os.link(path, place.with_suffix(".new"))
    place.with_suffix(".new").replace(place)


@pytest.fixture
def shelf(saved: tuple[Path, Path], tmp_path: Path) -> Any:
    put(saved[0], tmp_path / "served")
    return service.Shelf(tmp_path / "served", warm=lambda portfolio: None)


@pytest.fixture
def client(shelf: Any) -> Iterator[TestClient]:
    with TestClient(service.make_app(shelf, watch_every=None)) as client:
        yield client


def ask(client: TestClient, path: str, user: Any, *, as_of: str = DAY, **more: Any) -> Any:
    headers = {HEADER: user if isinstance(user, bytes) else str(user), **more.pop("headers", {})}
    return client.get(path, params={"as_of": as_of, **more}, headers=headers)


def report(portfolio: csm.Portfolio, user: Any, rows: int = 10, **filters: Any) -> dict[str, Any]:
    view = portfolio.view(as_of=DAY, viewer=user, filters=filters or None)
    found: dict[str, Any] = json.loads(csm.reports.success_report(view).to_json(rows))
    return found


# right ------------------------------------------------------------------------------------------------------


def test_answers_are_the_librarys(client: TestClient, states: list[csm.Portfolio], users: list[Any]) -> None:
    for user in users:
        assert ask(client, "/reports/success_report", user).json() == report(states[0], user)
    head = users[0]
    narrowed = ask(
        client, "/reports/success_report", head, industries=["Retail", "Software"], contract_value=["0:50000", "90000:"],
        owners=users, rows=3,
    )  # fmt: skip
    bands = (csm.ValueBand(0, 50000), csm.ValueBand(90000))
    expected = report(
        states[0], head, 3, industries={"Retail", "Software"}, contract_values=bands, owners=users
    )
    assert narrowed.json() == expected and expected["filters_applied"] == 3
    view = states[0].view(as_of=DAY, viewer=head)
    for metric in (
        "overview.health_by_stage",
        "risk.contract_value_at_risk",
        "adoption.low_adoption_products",
    ):
        result = csm.catalog.metric(metric).compute(view)
        told = result.to_dict(10) if isinstance(result, csm.Listing) else result.to_dict()
        assert ask(client, f"/metrics/{metric}", head).json() == json.loads(json.dumps(told))
    assert ask(client, "/options/industries", head).json() == view.options("industries")
    account = view.options("accounts")[0]
    profile = csm.reports.c360(view, account_id=account)
    assert ask(client, "/reports/c360", head, account=account).json() == json.loads(profile.to_json(10))
    page = ask(client, "/reports/success_report/page", head, rows=5)
    assert page.text == csm.reports.success_report(view).to_html(rows=5)
    assert page.headers["cache-control"] == "no-store"


def test_what_openapi_says(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    answer = told["paths"]["/reports/{report}"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    assert answer == {"$ref": "#/components/schemas/ReportResult"}
    assert {"Count", "Breakdown", "MetricSpec"} <= set(told["components"]["schemas"])


def test_ids_that_are_whole_numbers(tmp_path: Path) -> None:
    roles = [csm.User(id=7, role="success_manager"), csm.User(id=8, role="success_agent", manager_id=7)]
    accounts = [csm.Account(id=1, owner_id=7), csm.Account(id=2, owner_id=8)]
    csm.Portfolio.from_records(users=roles, accounts=accounts).save(tmp_path / "served")
    with TestClient(service.make_app(service.Shelf(tmp_path / "served"), watch_every=None)) as client:
        for user, seen in ((7, [1, 2]), (8, [2])):
            assert ask(client, "/options/accounts", user).json() == seen
        for nobody in ("07", "7.0", "٧", "9"):
            assert ask(client, "/options/accounts", nobody.encode()).status_code == 403


# closed -----------------------------------------------------------------------------------------------------

ROUTES = (
    "/reports", "/reports/success_report", "/reports/success_report/page", "/reports/nonsense",
    "/metrics/overview.total_engagements", "/metrics/nonsense", "/options/owners", "/options/nonsense",
)  # fmt: skip


def test_without_an_identity_there_is_nothing(client: TestClient, users: list[Any]) -> None:
    nobody: list[Any] = [{}, {HEADER: ""}, {HEADER: " "}, [(HEADER, str(users[0])), (HEADER, str(users[1]))]]
    for path in ROUTES:
        for headers in nobody:
            for params in ({"as_of": DAY}, {}, {"as_of": DAY, "rows": "x"}):
                answer = client.get(path, params=params, headers=headers)
                assert (answer.status_code, answer.json()) == (401, {"detail": service.UNKNOWN}), (
                    path,
                    headers,
                )
                assert answer.headers["cache-control"] == "no-store"
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_name_is_utf_8() -> None:
    def named(value: bytes) -> str:
        request = service.Request({"type": "http", "headers": [(HEADER.lower().encode(), value)]})
        found: str = asyncio.run(service.authenticated_user(request))
        return found

    assert named("Žofie".encode()) == "Žofie"
    with pytest.raises(HTTPException, match="401"):
        named("Zoé".encode("latin-1"))


def test_every_route_but_the_health_check_asks_who_is_there(client: TestClient) -> None:
    """A route that somebody adds cannot forget it."""
    told = client.get("/openapi.json").json()["paths"]
    for path, ways in told.items():
        for way in ways:
            status = client.request(way, path.replace("{", "").replace("}", "")).status_code
            assert status == (200 if path == "/healthz" else 401), path


def test_who_is_not_known_learns_nothing(client: TestClient, users: list[Any]) -> None:
    """The same words whether a name is nobody's, nearly somebody's, or a word of ours."""
    for user in (
        "nobody",
        str(users[0])[:-1],
        str(users[0]).lower(),
        "EVERYONE",
        "everyone",
        "None",
        "*",
        "1",
    ):
        answer = ask(client, "/reports/success_report", user)
        assert (answer.status_code, answer.json()) == (403, {"detail": service.FORBIDDEN}), user
        assert "etag" not in answer.headers


def test_what_is_not_in_view_is_not_there(
    client: TestClient, states: list[csm.Portfolio], users: list[Any]
) -> None:
    mine = states[0].view(as_of=DAY, viewer=users[-1]).options("accounts")
    others = set(states[0].view(as_of=DAY, viewer=users[0]).options("accounts")) - set(mine)
    told = {
        ask(client, "/reports/c360", users[-1], account=account).text
        for account in (sorted(others)[0], "no such account", "")
    }
    assert told == {json.dumps({"detail": service.NOT_FOUND}, separators=(",", ":"))}
    assert ask(client, "/reports/c360", users[-1], account=mine[0]).status_code == 200


def test_nobody_gets_what_is_anothers(
    client: TestClient, states: list[csm.Portfolio], users: list[Any]
) -> None:
    """Agents' books share nothing, so no id in the answer to one stands in that to another."""
    shown: dict[str, Any] = {}
    agents = [user for user in users if states[0].view(as_of=DAY, viewer=user).options("owners") == [user]]
    assert len(agents) > 1
    for user in agents:
        view = states[0].view(as_of=DAY, viewer=user)
        text = ask(client, "/reports/success_report", user, rows=200).text
        text += ask(client, "/reports/success_report/page", user, rows=200).text
        for table in (view.engagements, view.contracts, view.risk_signals):
            mine = {key for key in table.ids(table.everything.index) if f'"{key}"' in text}
            assert not [key for key in mine if shown.setdefault(key, user) != user]
        others = [key for key, whose in shown.items() if whose != user and key[0] in "CR"]
        assert not [key for key in others if f'"{key}"' in text]
    assert len(shown) > 20


BAD = (
    {"as_of": "30/06/2026"}, {"as_of": "1782777600"}, {"as_of": ""}, {"rows": "-1"}, {"rows": "1001"}, {"health": "purple"},
    {"contract_value": "5"}, {"account": "A"},
)  # fmt: skip


def test_bad_questions_are_told_so(client: TestClient, users: list[Any]) -> None:
    for more in BAD:
        assert ask(client, "/reports/success_report", users[0], **more).status_code == 422, more
    assert client.get("/reports/success_report", headers={HEADER: str(users[0])}).status_code == 422


def test_an_identity_of_ones_own(shelf: Any, users: list[Any]) -> None:
    def by_token(authorization: str = Header("")) -> Any:
        if authorization != "Bearer good":
            raise HTTPException(401, "no")
        return users[0]

    with TestClient(service.make_app(shelf, identity=by_token, watch_every=None)) as client:
        assert ask(client, "/reports/success_report", users[0]).status_code == 401
        answer = ask(client, "/reports/success_report", users[1], headers={"Authorization": "Bearer good"})
        assert answer.json()["viewer"] == users[0]


# ETags and swaps --------------------------------------------------------------------------------------------


def test_who_has_it_already_is_told_so(
    client: TestClient, shelf: Any, saved: tuple[Path, Path], users: list[Any]
) -> None:
    path, user = "/reports/success_report", users[0]
    first = ask(client, path, user)
    tag = first.headers["etag"]
    assert "private" in first.headers["cache-control"] and "no-cache" in first.headers["cache-control"]
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        again = ask(client, path, user, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert ask(client, path, user, headers={"If-None-Match": '"other"'}).json() == first.json()
    for nobody in ("", "nobody"):
        assert ask(client, path, nobody, headers={"If-None-Match": tag}).status_code in (401, 403)
    put(saved[1], shelf.path)
    assert shelf.look() and not shelf.look()
    changed = ask(client, path, user, headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.headers["etag"] != tag and changed.json() != first.json()
    put(saved[0], shelf.path)
    assert shelf.look()
    assert ask(client, path, user, headers={"If-None-Match": tag}).status_code == 304


def test_whatever_an_answer_hangs_on_is_in_its_etag(client: TestClient, users: list[Any]) -> None:
    asked: list[tuple[str, Any, dict[str, Any]]] = [
        ("/reports/success_report", users[0], {}),
        *(("/reports/success_report", user, {}) for user in users[1:]),
        ("/reports/success_report", users[0], {"as_of": "2026-06-29"}),
        ("/reports/success_report", users[0], {"rows": 11}),
        ("/reports/success_report", users[0], {"industries": ["Retail"]}),
        ("/reports/success_report", users[0], {"industries": ["Software"]}),
        ("/reports/success_report", users[0], {"segments": ["Retail"]}),
        ("/reports/success_report", users[0], {"contract_value": [":10"]}),
        ("/reports/revenue", users[0], {}),
        ("/reports/c360", users[0], {}),
        ("/metrics/overview.total_engagements", users[0], {}),
    ]
    tags = [ask(client, path, user, **more).headers["etag"] for path, user, more in asked]
    assert len(set(tags)) == len(tags)


def test_anothers_etag_opens_nothing(
    client: TestClient, states: list[csm.Portfolio], users: list[Any]
) -> None:
    one, other = users[-1], users[-2]
    theirs = ask(client, "/reports/success_report", other).headers["etag"]
    answer = ask(client, "/reports/success_report", one, headers={"If-None-Match": theirs})
    assert answer.status_code == 200 and answer.json() == report(states[0], one)


def test_a_bad_file_is_not_taken_up(
    client: TestClient, shelf: Any, saved: tuple[Path, Path], states: list[csm.Portfolio], users: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    good = saved[1].read_bytes()
    middle = len(good) // 2
    broken = [b"", good[:-1], good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]]
    for content in broken:
        shelf.path.with_suffix(".bad").write_bytes(content)
        shelf.path.with_suffix(".bad").replace(shelf.path)
        assert not shelf.look() and "is not taken up" in caplog.text
        caplog.clear()
        assert not shelf.look() and not caplog.text  # told once
        assert ask(client, "/reports/success_report", users[0]).json() == report(states[0], users[0])
    shelf.path.unlink()
    assert not shelf.look() and "is not taken up" in caplog.text
    caplog.clear()
    assert not shelf.look() and not caplog.text
    assert ask(client, "/reports/success_report", users[0]).json() == report(states[0], users[0])
    put(saved[1], shelf.path)
    assert shelf.look()
    assert ask(client, "/reports/success_report", users[0]).json() == report(states[1], users[0])


def test_a_request_ends_on_the_portfolio_on_which_it_began(
    client: TestClient, shelf: Any, saved: tuple[Path, Path], states: list[csm.Portfolio], users: list[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Swapped in the middle of a report: all of it is of the old one, the next request of the new one."""
    compute = csm.catalog.metric("overview.total_engagements").compute
    whole = csm.Report.compute

    def slowly(self: csm.Report, view: csm.View, **options: Any) -> csm.ReportResult:
        compute(view)
        put(saved[1], shelf.path)
        assert shelf.look()
        return whole(self, view, **options)

    monkeypatch.setattr(csm.Report, "compute", slowly)
    during = ask(client, "/reports/success_report", users[0])
    monkeypatch.undo()
    assert during.json() == report(states[0], users[0])
    assert ask(client, "/reports/success_report", users[0]).json() == report(states[1], users[0])


def test_a_portfolio_is_warmed_before_it_is_served(
    states: list[csm.Portfolio], monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[Any] = []
    monkeypatch.setattr(
        csm.reports,
        "success_report",
        lambda view: computed.append(view) or csm.reports.SUCCESS_REPORT.compute(view),
    )
    service.warm_up(states[0])
    assert [view.portfolio for view in computed] == [states[0]] and computed[0].viewer is not csm.EVERYONE
    service.warm_up(csm.Portfolio.from_records(accounts=[csm.Account(id=1)]))


def test_a_new_file_is_seen(
    saved: tuple[Path, Path], shelf: Any, states: list[csm.Portfolio], users: list[Any]
) -> None:
    with TestClient(service.make_app(shelf, watch_every=0.01)) as client:
        put(saved[1], shelf.path)
        expected, until = report(states[1], users[0]), time.monotonic() + 10
        while ask(client, "/reports/success_report", users[0]).json() != expected:
            assert time.monotonic() < until
            time.sleep(0.01)


def test_swapped_under_load(
    shelf: Any, saved: tuple[Path, Path], states: list[csm.Portfolio], users: list[Any]
) -> None:
    """Threads ask while portfolios are swapped: no request fails, each answer is all of the portfolio it names."""
    right = {(user, portfolio.fingerprint): report(portfolio, user) for user in users for portfolio in states}
    tags: dict[str, tuple[Any, str]] = {}
    wrong: list[str] = []
    seen: set[str] = set()
    done = threading.Event()
    with TestClient(service.make_app(shelf, watch_every=None)) as client:

        def asking(place: int) -> None:
            turn = place
            while not done.is_set():
                user = users[turn % len(users)]
                turn += 1
                answer = ask(client, "/reports/success_report", user)
                if answer.status_code != 200:
                    wrong.append(f"{user}: {answer.status_code}")
                    return
                told = answer.json()
                seen.add(told["portfolio"])
                if told != right[user, told["portfolio"]]:
                    wrong.append(f"{user}: not theirs, or of two portfolios")
                if tags.setdefault(answer.headers["etag"], (user, told["portfolio"])) != (
                    user,
                    told["portfolio"],
                ):
                    wrong.append(f"{user}: the ETag of another answer")

        threads = [threading.Thread(target=asking, args=(place,)) for place in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(8):
            put(saved[(turn + 1) % 2], shelf.path)
            assert shelf.look()
            time.sleep(0.04)
        done.set()
        for thread in threads:
            thread.join()
    assert not wrong, wrong[:5]
    assert seen == {portfolio.fingerprint for portfolio in states}


def test_the_load_test_tells_right_from_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    load = loaded("load")
    right = load.Right()
    mine, theirs = b'{"viewer": "U1", "value": 1}', b'{"viewer": "U2", "value": 2}'
    for viewer, tag, body in (("U1", "x1", mine), ("U1", "y1", mine[:-2] + b"7}"), ("U2", "x2", theirs)):
        right.add(viewer, tag, body)
    told = {}
    for name, (status, tag, body) in {
        "right": (200, "x1", mine), "of the other state": (200, "y1", mine), "mixed up": (200, "x1", mine + b" "),
        "another's": (200, "x1", theirs), "another's with its ETag": (200, "x2", theirs), "an unknown ETag": (200, "z", mine),
        "broken": (500, "", b""), "told it has it": (304, "x2", b""),
    }.items():  # fmt: skip
        found = load.Found()
        found.judge("U1", status, tag, body, right)
        told[name] = (found.failed, found.wrong, found.leaks)
    assert told == {
        "right": (0, 0, 0), "of the other state": (0, 1, 0), "mixed up": (0, 1, 0), "another's": (0, 1, 1),
        "another's with its ETag": (0, 1, 1), "an unknown ETag": (0, 1, 0), "broken": (1, 0, 0), "told it has it": (1, 0, 1),
    }  # fmt: skip
