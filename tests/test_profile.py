"""The profile of one account: held against the oracle, and closed to who may not see the account."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cs_metrics as csm
import oracle_beyond
from builders import A, everyone, portfolio
from cs_metrics import testing
from oracle_scope import Missing, World
from worlds import canaries, changed, library_filters, load, scope, view

TABLES = (
    "users", "accounts", "engagements", "contracts", "opportunities", "subscriptions", "usage", "adoption_scores",
    "measures", "risk_signals", "tasks", "touchpoints", "playbook_runs", "stack_items", "stack_positions",
    "campaign_touches", "propensities",
)  # fmt: skip
NAMED = {"users", "accounts", "engagements", "contracts", "subscriptions", "stack_items"}
WORLDS = testing.worlds(tables=TABLES)


def chosen(lines: list[dict[str, Any]] | None, *names: str) -> Any:
    """Columns of rows."""
    return None if lines is None else [{name: line[name] for name in names} for line in lines]


def flat(found: Any, *names: str) -> Any:
    """The oracle's rows, with flags as the listing writes them."""
    return [
        {name: {True: "yes", False: "no"}[line[name]] if line[name] in (True, False) and name in ("in_force", "aligned")
         else line[name] for name in names}
        for line in found
    ]  # fmt: skip


CONTRACT = ("contract", "value", "state", "renewal_stage", "starts_on", "ends_on", "in_force", "renewal")
SUBSCRIPTION = ("subscription", "plan", "mrr", "seats", "started_on", "next_billing_on")
USAGE = ("product", "active_users", "licensed_users", "share", "share_before", "change")
SIGNAL = ("risk_signal", "category", "scope", "probability", "opened_on")
TASK = ("task", "assignee", "status", "due_on")
RUN = ("playbook_run", "playbook", "status", "due_on")
POSITION = ("item", "aligned", *oracle_beyond.MONEY)
CAMPAIGN = ("campaign", "touches", "last_on", "attributed")


def compare(told: dict[str, Any], said: dict[str, Any], world: World) -> None:
    """The library's profile and the oracle's, section by section; a section whose table is missing says so in both.

    The library shows no ids of a table that was not supplied, and cannot say whose rows are that name such a
    one; the oracle goes by the account that rows name, and does not look further.
    """
    unknown = bool(NAMED - world.tables.keys())
    pairs: dict[str, Any] = {
        "contracts": lambda o: [
            (told["contracts"]["contract_value"], o["value_in_force"]),
            (chosen(told["contracts"]["contracts"], *CONTRACT), flat(o["contracts"], *CONTRACT)),
        ],
        "mrr": lambda o: [
            (told["mrr"]["active_mrr"],
             {"now": o["mrr"], "before": o["mrr_before"], "change": o["change"]}),
            (chosen(told["mrr"]["subscriptions"], *SUBSCRIPTION), flat(o["subscriptions"], *SUBSCRIPTION)),
        ],
        "usage": lambda o: [
            (chosen(told["usage"]["adoption"], *USAGE), [dict(zip(USAGE, line, strict=True)) for line in o])
        ],
        "adoption": lambda o: [(told["health"]["product_adoption_health"]["now"], o)],
        "health": lambda o: [
            (chosen(told["health"]["scores"], "score", "coverage", "band"), [o] if o["score"] is not None else [])
        ],
        "engagements": lambda o: [
            (chosen(told["health"]["engagements"], "engagement", "stage", "health"), o)
        ],
        "risk_signals": lambda o: [(chosen(told["risk"]["risk_signals"], *SIGNAL), o)],
        "tasks": lambda o: [(chosen(told["tasks"]["tasks"], *TASK), o)],
        "touchpoints": lambda o: [
            ([(line["touchpoint"], line["scheduled_on"]) for line in told["touchpoints"]["touchpoints"]],
             o["touchpoints"]),
        ],
        "playbooks": lambda o: [(chosen(told["playbooks"]["playbooks"], *RUN), o)],
        "stack": lambda o: [
            (chosen(told["stack"]["stack"], *POSITION), flat(o["positions"], *POSITION)),
            (chosen(told["stack"]["alignment"], "aligned", "applicable", "alignment"),
             [{name: o[name] for name in ("aligned", "applicable", "alignment")}] if o["applicable"] else []),
        ],
        "campaigns": lambda o: [
            (told["campaigns"]["attributed"], o["attributed"] or 0),
            (chosen(told["campaigns"]["campaigns"], *CAMPAIGN), o["campaigns"]),
        ],
        "propensities": lambda o: [
            (chosen(told["propensities"]["propensities"], "on", "churn", "expand"), [] if o is None else [o])
        ],
    }  # fmt: skip
    assert said.keys() == {"account", *pairs}
    for name, make in pairs.items():
        if isinstance(said[name], Missing):
            section = {"adoption": "health", "engagements": "health", "risk_signals": "risk"}.get(name, name)
            assert None in told[section].values(), name
            continue
        for found, expected in make(said[name]):
            assert found == expected or (found is None and unknown), name


@given(st.data())
def test_equal_to_the_oracle(data: Any) -> None:
    world = data.draw(WORLDS)
    filters = data.draw(testing.filters(world)) if data.draw(st.booleans()) else None
    ids = [account.id for account in world.tables.get("accounts", ())]
    try:
        looked, told = view(world, filters=filters), scope(world, filters)
    except csm.errors.MissingTable:
        return
    for account_id in ids:
        try:
            said = oracle_beyond.profile(told, account_id)
        except oracle_beyond.NotVisible:
            with pytest.raises(csm.errors.NotVisible):
                csm.accounts.profile(looked, account_id)
            continue
        except Missing:
            with pytest.raises(csm.errors.MissingTable):
                csm.accounts.profile(looked, account_id)
            continue
        compare(csm.accounts.profile(looked, account_id).value, said, world)


@given(st.data())
def test_nobody_else_is_in_it(data: Any) -> None:
    """A canary's rows show in no profile, and its account cannot be told from one that does not exist."""
    world = data.draw(testing.worlds(tables=TABLES, complete=True))
    if world.viewer is None:
        return
    extra = canaries(world)
    tables = {name: [*rows, *extra.get(name, [])] for name, rows in world.tables.items()}
    looked = view(world, load(changed(world, tables)))
    for account in world.tables["accounts"]:
        try:
            found = csm.accounts.profile(looked, account.id)
        except csm.errors.NotVisible:
            continue
        said = "".join((found.to_json(), repr(found), found.to_text(), found.to_html(), str(found.value)))
        assert "CANARY" not in said and "98765000" not in said
    hidden, absent = extra["accounts"][0].id, "nobody's" if isinstance(world.viewer, str) else 5
    if absent not in {account.id for account in world.tables["accounts"]}:
        words = []
        for account_id in (hidden, absent):
            with pytest.raises(csm.errors.NotVisible) as told:
                csm.accounts.profile(looked, account_id)
            words.append(str(told.value).replace(repr(account_id), "?"))
        assert words[0] == words[1]


def two() -> csm.Portfolio:
    return portfolio(
        users=[{"id": "U1"}, {"id": "U2"}],
        accounts=[
            {"id": "A1", "owner_id": "U1", "name": "Alpha"},
            {"id": "A2", "owner_id": "U2"},
            {"id": "A3", "owner_id": "U1", "created_on": A.replace(day=1, month=7)},
        ],
        engagements=[{"id": "E1"}, {"id": "E2", "account_id": "A2"}, {"id": "E3", "owner_id": "U2"}],
        contracts=[{"id": "C1"}, {"id": "C2", "account_id": "A2", "engagement_id": "E2"}],
    )


def test_not_visible_is_said_in_the_same_words() -> None:
    looked = two().view(as_of=A, viewer="U1")
    words = set()
    for account_id in ("A2", "A3", "nobody", None, True, 1.5):
        with pytest.raises(csm.errors.NotVisible) as told:
            csm.accounts.profile(looked, account_id)
        words.add(str(told.value).replace(repr(account_id), "?"))
    assert words == {"no account ? is in view"}
    kept = two().view(as_of=A, viewer="U1", filters=csm.Filters(accounts=["A2"]))
    with pytest.raises(csm.errors.NotVisible):
        csm.accounts.profile(kept, "A1")


def test_what_others_own_of_the_account_is_not_in_it() -> None:
    found = csm.accounts.profile(two().view(as_of=A, viewer="U1"), "A1")
    assert [line["engagement"] for line in found.value["health"]["engagements"]] == ["E1"]
    assert [line["contract"] for line in found.value["contracts"]["contracts"]] == ["C1"]
    wider = csm.accounts.profile(everyone(two()), "A1")
    assert [line["engagement"] for line in wider.value["health"]["engagements"]] == ["E1", "E3"]
    assert found.value["account"]["account"][0]["name"] == "Alpha"


def test_it_is_a_report_of_results_with_rows() -> None:
    found = csm.reports.c360(everyone(two()), "A1")
    assert isinstance(found, csm.ReportResult) and found.id == "c360" and found.account_id == "A1"
    contracts = found["details.contracts"]
    assert isinstance(contracts, csm.Listing)
    assert contracts.rows()["id"].tolist() == ["C1"]
    assert json.loads(found.to_json())["filters"]["accounts"] == ["A1"]
    assert found.value["stack"] == {"alignment": None, "stack": None}
    same = csm.catalog.report("c360").compute(everyone(two()), account_id="A1")
    assert same.to_json() == found.to_json()


def test_without_an_account_it_is_of_all() -> None:
    found = csm.reports.c360(everyone(two()))
    assert found["details.contracts"].value == 2
    with pytest.raises(csm.errors.OptionError, match="account"):
        csm.reports.c360(everyone(two()), account="A1")


def test_filters_of_the_view_hold_in_it() -> None:
    stages = csm.Filters(stages=["adoption"])
    p = two().view(as_of=A, viewer=csm.EVERYONE, filters=stages)
    assert csm.accounts.profile(p, "A1").view.filters == attrs.evolve(stages, accounts=frozenset({"A1"}))
    assert library_filters(None) is None
