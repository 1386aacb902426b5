"""Folders of files, and settings."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from cs_metrics import intake, money
from cs_metrics.errors import DataError, OptionError
from cs_metrics.records import (
    Engagement,
    Health,
)
from cs_metrics.settings import Settings
from intake_world import D, days, load, places


def test_text_in_csv_stays_text(tmp_path: Path) -> None:
    (tmp_path / "stack_items.csv").write_text('id,name,extra\n007,NA,\n"1,5",null,x\n', "utf-8-sig")
    tables, settings = intake.read_folder(tmp_path)
    assert settings == {}
    table = load(tables).tables["stack_items"]
    assert table.keys is not None
    assert table.keys.take(np.array([0, 1])) == ["007", "1,5"]
    assert table.source.values("name", np.array([0, 1])) == ["NA", "null"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow", "feather", "json", "jsonl"])
def test_every_kind_of_file(suffix: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"id": ["a", "b"], "account_id": ["A", "A"], "value": [1.5, 2.0], "currency": [None, "EUR"]}
    )
    frame = frame.with_columns(state=pl.lit("draft"), starts_on=pl.lit("2024-01-01").str.to_date())
    file = tmp_path / f"contracts.{suffix}"
    {
        "csv": frame.write_csv,
        "parquet": frame.write_parquet,
        "arrow": frame.write_ipc,
        "feather": frame.write_ipc_stream,
        "json": frame.write_json,
        "jsonl": frame.write_ndjson,
    }[suffix](file)
    tables, _ = intake.read_folder(tmp_path)
    assert isinstance(tables["contracts"], pd.DataFrame)
    columns = load(tables).tables["contracts"].columns
    assert columns["value"].tolist() == [150, 250]
    assert columns["starts_on"].tolist() == days(D(2024, 1, 1), D(2024, 1, 1))


def test_settings_of_a_folder(tmp_path: Path) -> None:
    text = 'currency = "EUR"\ntz = "Europe/Berlin"\nfiscal_year_start = 4\n'
    text += "[rates]\nUSD = 0.9259259259259259259\n"
    (tmp_path / "portfolio.toml").write_text(text)
    tables, settings = intake.read_folder(str(tmp_path))
    assert tables == {}
    made = Settings(**settings)
    assert made.rates == {"USD": Decimal("0.9259259259259259259")}
    assert (made.currency, made.tz, made.fiscal_year_start) == ("EUR", "Europe/Berlin", 4)


def test_what_is_wrong_with_a_folder_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "engagement.csv").write_text("id\n")
    (tmp_path / "users.csv").write_text("id,role\n")
    (tmp_path / "users.json").write_text("[]")
    (tmp_path / "accounts.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "tasks.jsonl").write_text('{"id": 1}\n{"id": ')
    (tmp_path / "qbrs.csv").write_bytes(b"id\n\xff\xfe\n")
    (tmp_path / "contacts.csv").write_text("")
    (tmp_path / "portfolio.toml").write_text('curency = "USD"')
    (tmp_path / "README.md").write_text("not a table, and no matter")
    (tmp_path / "contracts.xlsx").write_text("a table, and nobody would miss it")
    (tmp_path / "measures.csv.gz").write_text("another")
    (tmp_path / "usage.csv.bak").write_text("what somebody put aside")
    with pytest.raises(DataError) as caught:
        intake.read_folder(tmp_path)
    told = {(problem.table, problem.code) for problem in caught.value.problems}
    assert told == {
        ("engagement", "unknown_table"),
        ("contracts", "unknown_kind"),
        ("measures", "unknown_kind"),
        ("users", "two_files"),
        ("accounts", "unreadable_file"),
        ("tasks", "unreadable_file"),
        ("qbrs", "unreadable_file"),
        ("contacts", "unreadable_file"),
        ("portfolio", "unknown_setting"),
    }
    assert "did you mean 'engagements'" in str(caught.value)
    assert "tasks.jsonl" in str(caught.value)


def test_a_row_with_too_many_cells_is_told(tmp_path: Path) -> None:
    (tmp_path / "stack_items.csv").write_text("id,name\na,b\nc,d,e\n")
    with pytest.raises(DataError, match=r"stack_items\.csv"):
        intake.read_folder(tmp_path)


@pytest.mark.parametrize("text", ["id,name\na,b\nc", 'id,name\na,b\nc,"d'])
def test_a_csv_file_cut_short_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "stack_items.csv").write_text(text)
    with pytest.raises(DataError, match=r"stack_items\.csv"):
        intake.read_folder(tmp_path)


def test_odd_but_whole_csv_files(tmp_path: Path) -> None:
    (tmp_path / "stack_items.csv").write_text(
        'id,name,size\r\na,"two\nlines",5" pipe\r\n\r\nb,"say ""x""",\r\n'
    )
    items = intake.read_folder(tmp_path)[0]["stack_items"]
    assert items["name"].tolist() == ["two\nlines", 'say "x"']
    assert items["size"][0] == '5" pipe'


def test_a_doubled_column_of_a_csv_file(tmp_path: Path) -> None:
    (tmp_path / "stack_items.csv").write_text("id,name,name\na,b,c\n")
    with pytest.raises(DataError, match="doubled_column"):
        load(intake.read_folder(tmp_path)[0])


def test_an_index_that_pandas_stored_is_a_column(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [5, 9, 1], "owner_id": pd.array([7, None, 7], "Int64")}).set_index("id")
    frame.to_parquet(tmp_path / "accounts.parquet")
    accounts = load(intake.read_folder(tmp_path)[0]).tables["accounts"]
    assert accounts.keys is not None
    assert accounts.keys.take(np.array([0, 1])) == [5, 9]
    assert accounts.source.values("owner_id", np.array([0, 1])) == [7, None]


def test_nan_in_json_is_no_gap(tmp_path: Path) -> None:
    line = '{"id": 1, "contract_id": 1, "kind": "new", "stage": "open", "amount": %s}\n'
    (tmp_path / "opportunities.jsonl").write_text(line % "null" + (line % "NaN").replace("1", "2", 1))
    with pytest.raises(DataError) as caught:
        load(intake.read_folder(tmp_path)[0])
    assert places(list(caught.value.problems)) == [("opportunities", "amount", 2, "finite")]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        intake.read_folder(tmp_path / "nowhere")


BAD_SETTINGS: list[dict[str, Any]] = [
    {"currency": "usd"},
    {"currency": "XXX"},
    {"currency": None},
    {"tz": "Berlin"},
    {"tz": "../etc"},
    {"tz": ""},
    {"tz": 3},
    {"fiscal_year_start": 0},
    {"fiscal_year_start": 13},
    {"fiscal_year_start": True},
    {"fiscal_year_start": "3"},
    {"rates": {"EURO": 1}},
    {"rates": {"EUR": 0}},
    {"rates": {"EUR": -1}},
    {"rates": {"EUR": "NaN"}},
    {"rates": {"EUR": float("inf")}},
    {"rates": {"EUR": "1,08"}},
    {"rates": {"EUR": True}},
    {"rates": {"EUR": None}},
    {"rates": {"USD": 2}},
    {"rates": [("EUR", 1)]},
]


@pytest.mark.parametrize("options", BAD_SETTINGS, ids=str)
def test_settings_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Settings(**options)


def test_rates_are_exact() -> None:
    rates = Settings(rates={"EUR": 1.1, "GBP": "1.30", "JPY": Decimal("0.0067"), "KWD": 3, "USD": 1}).rates
    assert rates["EUR"] == Decimal("1.1")
    assert all(isinstance(rate, Decimal) for rate in rates.values())


def test_currencies() -> None:
    assert [money.exponent(code) for code in ("USD", "JPY", "KWD", "CLF", "EUR")] == [2, 0, 3, 4, 2]
    assert str(money.to_major(1210, "USD")) == "12.10"
    assert str(money.to_major(-5, "KWD")) == "-0.005"
    assert str(money.to_major(2**62, "JPY")) == str(2**62)
    with pytest.raises(OptionError, match="EUR"):
        money.exponent("EURO")


def test_enums_of_records_become_words() -> None:
    record = Engagement(id=1, account_id=1, stage="s", health=Health.RED, created_on=D(2024, 1, 1))
    frame = intake.from_records({"engagements": [record]})["engagements"]
    assert frame["health"].tolist() == ["red"]
    assert type(frame["health"][0]) is str
    assert frame["closed_on"].tolist() == [None]
    with pytest.raises(DataError):
        intake.from_records({"users": [record]})
