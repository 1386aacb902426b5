"""The strategies: every world obeys records.md, the edges are reached, failures shrink to small worlds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from cs_metrics import testing
from cs_metrics.records import SCHEMA, ContractState, Kind, Role
from cs_metrics.testing import World

EXPONENTS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
PERIODS = {
    "engagements": ("created_on", "closed_on"),
    "escalations": ("opened_on", "closed_on"),
    "risk_signals": ("opened_on", "closed_on"),
    "tasks": ("created_on", "completed_on"),
    "contracts": ("starts_on", "ends_on"),
    "subscriptions": ("started_on", "ended_on", "cancelled_on"),
    "playbook_runs": ("started_on", "completed_on"),
    "alerts": ("raised_on", "closed_on"),
}


def by_id(world: World, table: str) -> dict[Any, Any]:
    return {row.id: row for row in world.tables[table]}


def check_value(world: World, column: Any, row: Any) -> None:
    value = getattr(row, column.name)
    if value is None:
        assert column.optional
        return
    if column.refers and column.refers in world.tables:
        assert value in by_id(world, column.refers)
    if column.kind is Kind.DATE:
        assert type(value) is date
    if column.words:
        assert value in column.words
    if column.low is not None:
        assert column.low <= value <= column.high
    if column.kind is Kind.MONEY:
        exact = Decimal(str(value))
        assert exact == round(exact, EXPONENTS[row.currency or world.currency])
        assert row.currency in (None, world.currency, *world.rates)


@given(testing.worlds())
def test_worlds_obey_the_rules(world: World) -> None:
    kinds = set()
    for name, rows in world.tables.items():
        schema = SCHEMA[name]
        keys = [tuple(getattr(row, column) for column in schema.key) for row in rows]
        assert len(set(keys)) == len(keys)
        for row in rows:
            assert type(row) is schema.record
            for column in schema.columns.values():
                check_value(world, column, row)
                if column.kind is Kind.KEY and getattr(row, column.name) is not None:
                    kinds.add(type(getattr(row, column.name)))
            start, *ends = PERIODS.get(name, ("",))
            for end in ends:
                assert getattr(row, end) is None or getattr(row, start) <= getattr(row, end)
    assert len(kinds) <= 1
    assert world.viewer is None or world.viewer in by_id(world, "users")


@given(testing.worlds(complete=True))
def test_rows_agree_with_each_other(world: World) -> None:
    assert set(world.tables) == set(SCHEMA)
    engagements, contracts = by_id(world, "engagements"), by_id(world, "contracts")
    for name in ("contracts", "tasks", "adoption_scores"):
        for row in world.tables[name]:
            if row.engagement_id is not None and row.account_id is not None:
                assert row.account_id == engagements[row.engagement_id].account_id
    for row in world.tables["risk_signals"]:
        if row.contract_id is not None:
            assert contracts[row.contract_id].account_id == engagements[row.engagement_id].account_id
    for name, column in (("users", "manager_id"), ("accounts", "parent_id")):
        rows = by_id(world, name)
        for row in rows.values():
            passed = 0
            while getattr(row, column) is not None:
                row = rows[getattr(row, column)]
                passed += 1
                assert passed <= len(rows)


def some(world: World, table: str, test: Callable[[Any], Any]) -> bool:
    return any(test(row) for row in world.tables.get(table, ()))


def foreign_contract(world: World) -> bool:
    contracts = by_id(world, "contracts")
    return some(
        world,
        "risk_signals",
        lambda row: (
            row.contract_id is not None
            and contracts[row.contract_id].engagement_id not in (None, row.engagement_id)
        ),
    )


def several_in_force(world: World) -> bool:
    active = [
        row.engagement_id
        for row in world.tables["contracts"]
        if row.state is ContractState.ACTIVE
        and row.starts_on <= world.as_of
        and row.engagement_id is not None
    ]
    return len(set(active)) < len(active)


def agent_with_reports(world: World) -> bool:
    managers = {row.manager_id for row in world.tables["users"]}
    return some(world, "users", lambda row: row.role is Role.SUCCESS_AGENT and row.id in managers)


def chain_of_three(world: World) -> bool:
    users = by_id(world, "users")
    return some(
        world,
        "users",
        lambda row: row.manager_id is not None and users[row.manager_id].manager_id is not None,
    )


def closed_with_children(world: World) -> bool:
    shut = {
        row.id
        for row in world.tables["engagements"]
        if row.closed_on is not None and row.closed_on <= world.as_of
    }
    return some(world, "risk_signals", lambda row: row.engagement_id in shut)


def other_owner(world: World) -> bool:
    accounts = by_id(world, "accounts")
    return some(
        world,
        "engagements",
        lambda row: (
            row.owner_id is not None and accounts[row.account_id].owner_id not in (None, row.owner_id)
        ),
    )


def ids_out_of_order(world: World) -> bool:
    ids = [row.id for row in world.tables["engagements"]]
    return ids not in (sorted(ids), sorted(ids, reverse=True))


EDGES: dict[str, tuple[str, Callable[[World], bool]]] = {
    "a signal with another engagement's contract": ("risk_signals", foreign_contract),
    "several contracts in force": ("contracts", several_in_force),
    "an agent with reports": ("users", agent_with_reports),
    "a chain of managers": ("users", chain_of_three),
    "a closed engagement with children": ("risk_signals", closed_with_children),
    "an owner beside the account's": ("engagements", other_owner),
    "an account of nobody": ("accounts", lambda w: some(w, "accounts", lambda row: row.owner_id is None)),
    "an inactive user": ("users", lambda w: some(w, "users", lambda row: not row.active)),
    "ids out of order": ("engagements", ids_out_of_order),
    "an id that is 0": ("users", lambda w: some(w, "users", lambda row: row.id == 0)),
    "text ids": ("users", lambda w: some(w, "users", lambda row: isinstance(row.id, str))),
    "a contract of an account only": (
        "contracts", lambda w: some(w, "contracts", lambda row: row.engagement_id is None)
    ),
    "a credit": ("contracts", lambda w: some(w, "contracts", lambda row: Decimal(str(row.value)) < 0)),
    "a converted amount": (
        "contracts", lambda w: some(w, "contracts", lambda row: row.currency not in (None, w.currency))
    ),
    "a task with neither": (
        "tasks", lambda w: some(w, "tasks", lambda row: row.account_id is row.engagement_id is None)
    ),
    "a task with both": (
        "tasks", lambda w: some(w, "tasks", lambda row: None not in (row.account_id, row.engagement_id))
    ),
    "an engagement of tomorrow": (
        "engagements", lambda w: some(w, "engagements", lambda row: (row.created_on - w.as_of).days == 1)
    ),
    "the last day of the window": (
        "contracts",
        lambda w: some(w, "contracts", lambda row: row.ends_on and (row.ends_on - w.as_of).days == 90),
    ),
    "the day after the window": (
        "contracts",
        lambda w: some(w, "contracts", lambda row: row.ends_on and (row.ends_on - w.as_of).days == 91),
    ),
    "29 February": ("contracts", lambda w: some(w, "contracts", lambda row: row.starts_on.day == 29)),
    "the year 1": ("contracts", lambda w: some(w, "contracts", lambda row: row.starts_on.year == 1)),
    "yen": ("users", lambda w: w.currency == "JPY"),
}  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_edges_are_reached(edge: str) -> None:
    table, test = EDGES[edge]
    tables = {"users", "accounts", "engagements", "contracts", table}
    found_first = settings(
        max_examples=3000, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    assert test(find(testing.worlds(tables=tables, complete=True), test, settings=found_first))


def test_a_failure_shrinks_to_a_small_world() -> None:
    tables = {"users", "accounts", "engagements", "contracts", "risk_signals"}
    world = find(
        testing.worlds(tables),
        lambda world: len(world.tables.get("contracts", ())) >= 2,
        settings=settings(database=None, suppress_health_check=list(HealthCheck)),
    )
    assert {name: len(rows) for name, rows in world.tables.items() if rows} == {"accounts": 1, "contracts": 2}
    assert world.viewer is None
    assert [row.engagement_id for row in world.tables["contracts"]] == [None, None]


@given(st.data())
def test_only_the_tables_asked_for(data: st.DataObject) -> None:
    world = data.draw(testing.worlds(tables=["contracts", "users"], complete=True))
    assert set(world.tables) == {"contracts", "users"}
    assert set(world.arguments()) == {
        "contracts", "users", "currency", "rates", "tz", "fiscal_year_start"
    }  # fmt: skip


def test_an_unknown_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="engagment"):
        find(testing.worlds(tables=["engagment"]), lambda world: True)


@given(st.data())
def test_filters_name_every_filter(data: st.DataObject) -> None:
    world = data.draw(testing.worlds(complete=True))
    filters = data.draw(testing.filters(world))
    assert tuple(filters)[: len(testing.FILTERS)] == testing.FILTERS
    assert {*filters} - {*testing.FILTERS} <= {
        "customer_segments", "health_bands", "health_model", "effort_model", "segment_value", "cut"
    }  # fmt: skip
    for name in testing.FILTERS:
        kept = filters[name]
        assert kept is None or isinstance(kept, list if name == "contract_values" else set)
    for low, high in filters["contract_values"] or ():
        assert high is None or low < high
