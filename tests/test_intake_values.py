"""What each kind of column takes: numbers, days, zones, money. Expectations are written by hand."""

from __future__ import annotations

import pickle
import random
import zoneinfo
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cs_metrics import intake
from cs_metrics.errors import MissingRate
from cs_metrics.intake import NO_AMOUNT, NO_INT
from cs_metrics.records import (
    Contract,
    ContractState,
    Opportunity,
    OpportunityKind,
    OpportunityStage,
)
from cs_metrics.settings import Settings
from intake_world import AWARE, EUROS, KINDS, NAIVE, D, days, failed, load, places, world

BAD_OBJECTS: list[tuple[str, str, str, list[Any], str]] = [
    ("bool as id", "stack_items", "id", [True], "type"),
    ("float as id", "stack_items", "id", [101.0], "type"),
    ("decimal as id", "stack_items", "id", [Decimal(1)], "type"),
    ("bytes as id", "stack_items", "id", [b"I1"], "type"),
    ("huge int as id", "stack_items", "id", [2**70], "type"),
    ("half a surrogate pair as id", "stack_items", "id", ["\ud800"], "type"),
    ("true as money", "subscriptions", "mrr", [True], "type"),
    ("date as money", "subscriptions", "mrr", [D(2024, 1, 1)], "type"),
    ("NaN as money", "subscriptions", "mrr", [Decimal("NaN")], "finite"),
    ("infinite money", "subscriptions", "mrr", [float("inf")], "finite"),
    ("infinite decimal money", "subscriptions", "mrr", [Decimal("-Infinity")], "finite"),
    ("float with three decimals", "subscriptions", "mrr", [10.123], "inexact"),
    ("text with a thousands separator", "subscriptions", "mrr", ["1,000"], "amount"),
    ("text with space", "subscriptions", "mrr", [" 10"], "amount"),
    ("text with an exponent", "subscriptions", "mrr", ["1e3"], "amount"),
    ("other digits", "subscriptions", "mrr", ["١٢"], "amount"),
    ("text with three decimals", "subscriptions", "mrr", ["10.001"], "inexact"),
    ("more than 63 bits of cents", "subscriptions", "mrr", [92233720368547759], "amount"),
    ("more than 63 bits in text", "subscriptions", "mrr", ["1" * 30], "amount"),
    ("a decimal beyond all bounds", "subscriptions", "mrr", [Decimal("1E+999999")], "type"),
    ("day first", "subscriptions", "started_on", ["05/01/2019"], "date"),
    ("no such day", "subscriptions", "started_on", ["2023-02-29"], "date"),
    ("no such hour", "subscriptions", "started_on", ["2023-02-28T24:00"], "date"),
    ("basic format", "subscriptions", "started_on", ["20230228"], "date"),
    ("day with space", "subscriptions", "started_on", ["2023-02-28 "], "date"),
    ("year 0", "subscriptions", "started_on", ["0000-01-01"], "date"),
    ("int as day", "subscriptions", "started_on", [20230228], "type"),
    ("bool as day", "subscriptions", "started_on", [True], "type"),
    ("int as word", "subscriptions", "status", [1], "type"),
    ("int as category", "subscriptions", "plan", [7], "type"),
    ("int as name", "stack_items", "name", [7], "type"),
    ("fraction as int", "subscriptions", "seats", [1.5], "int"),
    ("text as int", "subscriptions", "seats", ["1.0"], "int"),
    ("bool as int", "subscriptions", "seats", [True], "type"),
    ("two as flag", "stack_positions", "aligned", [2, 1], "flag"),
    ("yes as flag", "stack_positions", "aligned", ["yes", "true"], "flag"),
    ("list as category", "subscriptions", "plan", [["a"]], "type"),
    ("infinite number", "measures", "value", [float("inf"), 1.0], "number"),
    ("text as number", "measures", "value", ["1_0", "2"], "number"),
    ("bool as number", "measures", "value", [True, False], "type"),
]


@pytest.mark.parametrize("case", BAD_OBJECTS, ids=[case[0] for case in BAD_OBJECTS])
def test_values_of_the_wrong_kind(case: tuple[str, str, str, list[Any], str]) -> None:
    _, table, column, cells, code = case
    tables = world(**{table: {column: cells}})
    if column == "id":
        del tables["stack_positions"]
    problems = failed(KINDS["pandas objects"](tables, Path()))
    assert {(problem.table, problem.column, problem.code) for problem in problems} == {(table, column, code)}
    assert problems[0].value is not None


GOOD: list[tuple[str, str, str, list[Any], list[Any]]] = [
    ("text as money", "subscriptions", "mrr", ["10"], [1000]),
    ("text with decimals", "subscriptions", "mrr", ["-.5"], [-50]),
    ("text with needless zeros", "subscriptions", "mrr", ["+010.1000"], [1010]),
    ("float", "subscriptions", "mrr", [10.1], [1010]),
    ("large float", "subscriptions", "mrr", [90071992547409.92], [9007199254740992]),
    ("numpy float", "subscriptions", "mrr", [np.float64(0.07)], [7]),
    ("numpy int", "subscriptions", "mrr", [np.int32(7)], [700]),
    ("decimal with needless zeros", "subscriptions", "mrr", [Decimal("7.10000")], [710]),
    ("decimal with an exponent", "subscriptions", "mrr", [Decimal("1E+3")], [100_000]),
    ("largest amount", "subscriptions", "mrr", ["23058430092136939.51"], [2305843009213693951]),
    ("first year", "subscriptions", "started_on", [D(1, 1, 1)], days(D(1, 1, 1))),
    ("last year", "subscriptions", "started_on", ["9999-12-31"], days(D(9999, 12, 31))),
    ("datetime", "subscriptions", "started_on", [NAIVE.replace(hour=23, minute=59)], days(D(2024, 1, 1))),
    ("timestamp", "subscriptions", "started_on", [pd.Timestamp(2024, 1, 1, 23)], days(D(2024, 1, 1))),
    ("numpy day", "subscriptions", "started_on", [np.datetime64("2024-01-01")], days(D(2024, 1, 1))),
    ("text with time", "subscriptions", "started_on", ["2024-01-01T23:59:59.999"], days(D(2024, 1, 1))),
    ("text with space", "subscriptions", "started_on", ["2024-01-01 23:59"], days(D(2024, 1, 1))),
    ("west of here", "subscriptions", "started_on", ["2024-12-31T23:30-08:00"], days(D(2025, 1, 1))),
    ("text in Zulu", "subscriptions", "started_on", ["2024-12-31T23:30:00Z"], days(D(2024, 12, 31))),
    ("whole float as int", "subscriptions", "seats", [3.0], [3]),
    ("text as int", "subscriptions", "seats", ["-3"], [-3]),
    ("empty text as int", "subscriptions", "seats", [""], [NO_INT]),
    ("words as flags", "stack_positions", "aligned", ["true", "false"], [True, False]),
    ("numbers as flags", "stack_positions", "aligned", [1, 0.0], [True, False]),
    ("sorts of numbers", "measures", "value", [Decimal("1.5"), "-2e-1"], [1.5, -0.2]),
]


@pytest.mark.parametrize("case", GOOD, ids=[case[0] for case in GOOD])
def test_values_of_many_sorts(case: tuple[str, str, str, list[Any], list[Any]]) -> None:
    _, table, column, cells, expected = case
    tables = world(**{table: {column: cells}})
    columns = load(KINDS["pandas objects"](tables, Path())).tables[table].columns
    assert columns[column].tolist() == expected


def test_sorts_of_money_in_one_column() -> None:
    cells = [1, "2.50", Decimal("3.75"), 4.1, None, np.int64(6)]
    contracts = pd.DataFrame(
        {"id": list("abcdef"), "account_id": "A", "value": pd.Series(cells, dtype=object)}
    )
    contracts = contracts.assign(state="draft", starts_on="2024-01-01")
    problems = failed({"contracts": contracts})
    assert places(problems) == [("contracts", "value", "e", "missing")]
    columns = load({"contracts": contracts.drop(index=4)}).tables["contracts"].columns
    assert columns["value"].tolist() == [100, 250, 375, 410, 600]


def test_a_record_with_nan_is_wrong_though_a_gap_is_not() -> None:
    def opportunity(amount: Any) -> Opportunity:
        new, won = OpportunityKind.NEW, OpportunityStage.CLOSED_WON
        return Opportunity(id=1, contract_id=1, kind=new, stage=won, amount=amount)

    good = load(intake.from_records({"opportunities": [opportunity(None)]}))
    assert good.tables["opportunities"].columns["amount"].tolist() == [NO_AMOUNT]
    problems = failed(intake.from_records({"opportunities": [opportunity(float("nan"))]}))
    assert places(problems) == [("opportunities", "amount", 1, "finite")]


@pytest.mark.parametrize("name", ["polars", "pyarrow"])
def test_nan_is_no_gap_where_the_frame_tells_them_apart(name: str) -> None:
    tables = world(measures={"value": [float("nan"), 1.0]})
    assert places(failed(KINDS[name](tables, Path()))) == [("measures", "value", 0, "number")]
    tables = world(subscriptions={"mrr": [float("nan")]})
    assert places(failed(KINDS[name](tables, Path()))) == [("subscriptions", "mrr", "S1", "finite")]


def test_nan_is_a_gap_in_pandas() -> None:
    tables = world(opportunities={"amount": [np.nan, 5.5]})
    assert load(KINDS["pandas"](tables, Path())).tables["opportunities"].columns["amount"].tolist() == [
        NO_AMOUNT,
        550,
    ]


MOMENT = datetime(2024, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-8)))
ZONED = {
    "pandas objects": pd.Series([MOMENT], dtype=object),
    "pandas": pd.Series([MOMENT]),
    "pandas in New York": pd.Series(pd.DatetimeIndex([MOMENT]).tz_convert("America/New_York")),
    "pandas text": pd.Series([MOMENT.isoformat()]),
    "polars": pl.Series([MOMENT]),
    "pyarrow": pa.array([MOMENT]),
    "pyarrow ns": pa.array([MOMENT], pa.timestamp("ns", "Asia/Tokyo")),
}


@pytest.mark.parametrize("cells", ZONED.values(), ids=list(ZONED))
@pytest.mark.parametrize(
    ("tz", "expected"),
    [("UTC", D(2025, 1, 1)), ("America/Los_Angeles", D(2024, 12, 31)), ("Pacific/Kiritimati", D(2025, 1, 1))],
)
def test_an_aware_moment_is_cut_in_the_portfolios_zone(cells: Any, tz: str, expected: date) -> None:
    columns = {"id": ["P"], "account_id": ["A"], "opened_on": cells}
    if isinstance(cells, pl.Series):
        frame: Any = pl.DataFrame(columns)
    else:
        frame = pa.table(columns) if isinstance(cells, pa.Array) else pd.DataFrame(columns)
    table = load({"escalations": frame}, Settings(tz=tz)).tables["escalations"]
    assert table.columns["opened_on"].tolist() == days(expected)


@pytest.mark.parametrize("many", [False, True])
def test_moments_in_any_zone_are_pythons(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All zones, all centuries, as moments and as text, read one by one and in bulk."""
    monkeypatch.setattr("cs_metrics.intake.iso.MANY", 1 if many else 1000)
    dice = random.Random(7)
    for zone in dice.sample(sorted(zoneinfo.available_timezones()), 60):
        first = dice.choice([-62_135_000_000, -3_000_000_000, 0, 1_700_000_000])
        moments = [
            AWARE + timedelta(seconds=first - 1_704_067_200 + dice.randrange(10**8)) for _ in range(20)
        ]
        expected = days(*(moment.astimezone(zoneinfo.ZoneInfo(zone)).date() for moment in moments))
        texts = [moment.astimezone(timezone(timedelta(minutes=90))).isoformat() for moment in moments]
        for cells in (pa.array(moments), pa.array(texts), pl.Series(moments).to_arrow()):
            table = pa.table({"id": range(20), "account_id": range(20), "opened_on": cells})
            columns = load({"escalations": table}, Settings(tz=zone)).tables["escalations"].columns
            assert columns["opened_on"].tolist() == expected, zone


def test_clocks_that_change() -> None:
    # Berlin: +1 until 31 March 2024 01:00 UTC, then +2
    moments = ["2024-03-30T22:59:59Z", "2024-03-30T23:00:00Z", "2024-03-31T21:59:59Z", "2024-03-31T22:00:00Z"]
    expected = days(D(2024, 3, 30), D(2024, 3, 31), D(2024, 3, 31), D(2024, 4, 1))
    frame = pd.DataFrame({"id": list("abcd"), "account_id": "A", "opened_on": pd.to_datetime(moments)})
    for cells in (moments, pd.to_datetime(moments), pd.to_datetime(moments).as_unit("ms")):
        frame["opened_on"] = cells
        table = load({"escalations": frame}, Settings(tz="Europe/Berlin")).tables["escalations"]
        assert table.columns["opened_on"].tolist() == expected


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_pandas(unit: str) -> None:
    cells = pd.Series([pd.Timestamp("1969-12-31T23:59:59"), None, pd.Timestamp("2024-02-29")])
    frame = pd.DataFrame({"id": list("abc"), "opened_on": cells.astype(f"datetime64[{unit}]")})
    frame = frame.assign(account_id="A", closed_on=frame["opened_on"]).fillna({"opened_on": "2024-01-01"})
    columns = load({"escalations": frame}).tables["escalations"].columns
    assert columns["closed_on"].tolist() == days(D(1969, 12, 31), None, D(2024, 2, 29))


def test_days_beyond_the_calendar() -> None:
    cells = np.array(["0000-12-31", "0001-01-01", "9999-12-31", "10000-01-01"], "datetime64[s]")
    frame = pd.DataFrame({"id": list("abcd"), "account_id": "A", "opened_on": cells})
    assert places(failed({"escalations": frame})) == [
        ("escalations", "opened_on", "a", "date"),
        ("escalations", "opened_on", "d", "date"),
    ]


def contract(value: Any, currency: str | None = None, key: int = 1) -> Contract:
    return Contract(
        id=key,
        account_id=1,
        value=value,
        currency=currency,
        state=ContractState.ACTIVE,
        starts_on=D(2024, 1, 1),
    )


def values(*records: Contract, settings: Settings = EUROS) -> list[int]:
    loaded = load(intake.from_records({"contracts": records}), settings)
    return loaded.tables["contracts"].columns["value"].tolist()


def test_amounts_are_converted_row_by_row_half_to_even() -> None:
    rates = {"EUR": "0.5", "JPY": "0.005", "KWD": Decimal("3.25")}
    records = [
        contract("0.01", "EUR", 1),  # half a cent: to the even 0
        contract("0.03", "EUR", 2),  # one and a half: to the even 2
        contract("-0.05", "EUR", 3),  # minus two and a half: to the even -2
        contract(3, "JPY", 4),  # 0.015 dollars
        contract("1.001", "KWD", 5),  # 3.25325
        contract("0.01", "USD", 6),
        contract("0.01", None, 7),
    ]
    assert values(*records, settings=Settings(rates=rates)) == [0, 2, -2, 2, 325, 1, 1]


def test_minor_units_of_other_currencies() -> None:
    assert values(contract(10), settings=Settings(currency="JPY")) == [10]
    assert values(contract("1.001"), settings=Settings(currency="KWD")) == [1001]
    problems = failed(intake.from_records({"contracts": [contract("10.5")]}), Settings(currency="JPY"))
    assert places(problems) == [("contracts", "value", 1, "inexact")]
    rates = Settings(rates={"JPY": 1})
    problems = failed(intake.from_records({"contracts": [contract(10.5, "JPY")]}), rates)
    assert places(problems) == [("contracts", "value", 1, "inexact")]


def test_conversion_is_exact_beyond_64_bits() -> None:
    rate = Decimal("1.000000000000000000000000001")
    amount = 10**15 + 1
    assert values(contract(amount, "EUR"), settings=Settings(rates={"EUR": rate})) == [amount * 100]
    huge = Settings(rates={"EUR": 10**6})
    problems = failed(intake.from_records({"contracts": [contract(10**15, "EUR")]}), huge)
    assert places(problems) == [("contracts", "value", 1, "amount")]


def test_currencies_without_a_rate() -> None:
    records = {"contracts": [contract(1, "EUR", 1), contract(1, "GBP", 2), contract(1, "USD", 3)]}
    with pytest.raises(MissingRate) as caught:
        load(intake.from_records(records), Settings(rates={"EUR": 2}))
    assert places(list(caught.value.problems)) == [("contracts", "value", 2, "rate")]
    assert "GBP" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems
    records["contracts"].append(contract("x", "USD", 4))
    assert places(failed(intake.from_records(records), Settings(rates={"EUR": 2}))) == [
        ("contracts", "value", 2, "rate"),
        ("contracts", "value", 4, "amount"),
    ]


def test_a_missing_amount_needs_no_rate() -> None:
    tables = {"campaign_touches": pd.DataFrame({"account_id": ["A"], "campaign": "c", "on": "2024-01-01"})}
    tables["campaign_touches"] = tables["campaign_touches"].assign(currency="GBP", attributed=None)
    columns = load(tables).tables["campaign_touches"].columns
    assert columns["attributed"].tolist() == [NO_AMOUNT]


def test_no_sum_can_wrap() -> None:
    most = (2**62 - 1) // 2 // 100
    assert values(contract(most, key=1), contract(-most, key=2)) == [most * 100, -most * 100]
    (problem,) = failed(
        intake.from_records({"contracts": [contract(most * (-1) ** k, key=k) for k in range(3)]})
    )
    assert (problem.table, problem.column, problem.code) == ("contracts", "value", "overflow")


@pytest.mark.parametrize(
    "dtype", ["int8", "uint16", "int32", "int64", "uint64", "Int64", "float32", "float64"]
)
def test_numbers_of_every_width(dtype: str) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "account_id": "A", "value": pd.array([100, 7], dtype=dtype)})
    frame = frame.assign(state="draft", starts_on="2024-01-01")
    assert load({"contracts": frame}).tables["contracts"].columns["value"].tolist() == [10_000, 700]


@pytest.mark.parametrize("kind_", [pa.decimal128(20, 4), pa.decimal128(38, 0), pa.decimal256(50, 2)], ids=str)
def test_arrow_decimals(kind_: Any) -> None:
    cells = pa.array([Decimal(7), None, Decimal(-100)]).cast(kind_)
    table = pa.table({"id": ["a", "b", "c"], "contract_id": ["K"] * 3, "amount": cells})
    table = table.append_column("kind", pa.array(["new"] * 3)).append_column("stage", pa.array(["open"] * 3))
    columns = load({"opportunities": table}).tables["opportunities"].columns
    assert columns["amount"].tolist() == [700, NO_AMOUNT, -10_000]
