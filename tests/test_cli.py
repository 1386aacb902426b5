"""The command line: what it prints, what it writes, and one clear message for whatever goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cs_metrics as csm
from cs_metrics.cli import main

DAY = "2026-06-30"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "data"
    assert main(["sample", str(folder), "--engagements", "120", "--seed", "5"]) == 0
    return folder


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command: its exit status, what it printed, what it said on stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def broken(folder: Path) -> Path:
    folder.mkdir()
    (folder / "accounts.csv").write_text("id,name,industry\nA1,Acme,Retail\nA1,Again,Retail\n")
    (folder / "engagements.csv").write_text(
        "id,account_id,stage,health,created_on\n"
        + "".join(f"E{n},A9,adoption,purple,2026-13-01\n" for n in range(30))
    )
    return folder


def test_the_sample_is_the_sample(company: Path) -> None:
    """What was written reads back as the portfolio that `samples` makes."""
    read = csm.Portfolio.read(company).view(as_of=DAY, viewer=csm.EVERYONE)
    made = csm.samples.portfolio(engagements=120, seed=5).view(as_of=DAY, viewer=csm.EVERYONE)
    assert csm.reports.success_report(read).to_dict() == csm.reports.success_report(made).to_dict()


def test_the_sample_names_a_command_that_works(tmp_path: Path, told: Any) -> None:
    status, out, err = told("sample", tmp_path / "new" / "folder", "--engagements", 3)
    assert (status, err) == (0, "")
    command = out.partition("try: cs-metrics ")[2].split()
    assert told(*command)[0] == 0


@pytest.mark.parametrize("name", ["data", "data/users.csv"])
def test_a_sample_overwrites_nothing(company: Path, told: Any, name: str) -> None:
    status, out, err = told("sample", company.parent / name)
    assert (status, out) == (2, "")
    assert "there is something already" in err


def test_a_report_as_text(company: Path, told: Any) -> None:
    status, out, err = told("report", company, "--everyone", "--as-of", DAY, "--rows", 2)
    view = csm.Portfolio.read(company).view(as_of=DAY, viewer=csm.EVERYONE)
    assert (status, err) == (0, "")
    assert out == csm.reports.success_report(view).to_text(rows=2)


def test_a_report_for_a_viewer_through_filters(company: Path, told: Any) -> None:
    users = pd.read_csv(company / "users.csv", dtype=str)
    head = users.loc[users["manager_id"].isna(), "id"].item()
    agents = users.loc[users["role"] == "success_agent", "id"].tolist()
    status, out, err = told(
        "report", company, "--viewer", head, "--as-of", DAY, "--format", "json",
        "--industry", "Retail", "Software", "--industry", "Energy", "--csm", *agents,
        "--contract-value", "0:100000", "500000:", ":-1",
    )  # fmt: skip
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["viewer"] == head
    assert found["filters"]["industries"] == ["Energy", "Retail", "Software"]
    assert found["filters"]["owners"] == sorted(agents)
    bands = [csm.ValueBand(0, 100000), csm.ValueBand(500000), csm.ValueBand(None, -1)]
    filters = csm.Filters(industries=["Energy", "Retail", "Software"], owners=agents, contract_values=bands)
    view = csm.Portfolio.read(company).view(as_of=DAY, viewer=head, filters=filters)
    assert found == csm.reports.success_report(view).to_dict()


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        (["--out", "x.html"], "<!doctype html>"),
        (["--out", "x.json"], "{"),
        (["--out", "x.txt"], "Success report"),
        (["--out", "x.html", "--format", "json"], "{"),
    ],
)
def test_a_report_into_a_file(
    company: Path, told: Any, in_folder: Path, asked: list[str], begins: str
) -> None:
    assert told("report", company, "--everyone", "--as-of", DAY, *asked) == (0, "", "")
    assert (in_folder / asked[1]).read_text("utf-8").startswith(begins)


def test_a_report_as_workbook_and_as_csv(company: Path, told: Any, in_folder: Path) -> None:
    view = csm.Portfolio.read(company).view(as_of=DAY, viewer=csm.EVERYONE)
    asked = ("report", company, "--everyone", "--as-of", DAY, "--report", "portfolio_act")
    found = csm.reports.portfolio_act(view)
    assert told(*asked, "--out", "act.xlsx") == (0, "", "")
    assert told(*asked, "--format", "xlsx", "--out", "workbook") == (0, "", "")
    found.to_excel(in_folder / "expected.xlsx")
    for name in ("act.xlsx", "workbook"):
        with zipfile.ZipFile(name) as book, zipfile.ZipFile("expected.xlsx") as expected:
            assert {part: book.read(part) for part in book.namelist()} == {
                part: expected.read(part) for part in expected.namelist()
            }
    assert told(*asked, "--format", "csv", "--out", "some/folder") == (0, "", "")
    for file in found.to_csv(in_folder / "expected"):
        assert (in_folder / "some/folder" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--format", "xlsx"], "give --out FILE"),
        (["--format", "csv"], "give --out FOLDER"),
        (["--out", "x.csv"], "name a folder with --format csv --out FOLDER"),
        (["--format", "csv", "--out", "a file"], "name a folder"),
        (["--out", "x.xlsx", "--rows", "5"], "leave out --rows"),
        (["--format", "csv", "--out", "x", "--rows", "0"], "leave out --rows"),
        (["--format", "xlsx", "--out", "no/such/x.xlsx"], "no/such/x.xlsx"),
    ],
)
def test_what_a_workbook_or_csv_needs_is_said(
    company: Path, told: Any, in_folder: Path, asked: list[str], said: str
) -> None:
    (in_folder / "a file").write_text("mine")
    status, out, err = told("report", company, "--everyone", "--as-of", DAY, *asked)
    assert (status, out) == (2, "") and err.startswith("cs-metrics: ") and err.count("\n") == 1
    assert said in err and [path.name for path in in_folder.iterdir()] == ["a file"]


def test_ids_that_are_whole_numbers_are_found(tmp_path: Path, told: Any) -> None:
    roles = ["success_manager", "success_agent"]
    pd.DataFrame({"id": [7, 8], "manager_id": pd.array([None, 7], "Int64"), "role": roles}).to_parquet(
        tmp_path / "users.parquet"
    )
    pd.DataFrame({"id": [1, 2], "owner_id": [7, 8]}).to_parquet(tmp_path / "accounts.parquet")
    pd.DataFrame(
        {"id": [1, 2], "account_id": [1, 2], "stage": ["x", "x"], "created_on": ["2026-01-01"] * 2}
    ).to_parquet(tmp_path / "engagements.parquet")

    def total(*arguments: Any) -> int:
        status, out, _ = told("report", tmp_path, "--as-of", DAY, "--format", "json", *arguments)
        assert status == 0
        return int(json.loads(out)["sections"][0]["metrics"][0]["value"])

    assert total("--viewer", "7") == 2
    assert total("--viewer", "8") == 1
    assert total("--viewer", "7", "--csm", "8") == 1
    assert total("--viewer", "7", "--account", "1") == 1
    assert told("report", tmp_path, "--as-of", DAY, "--viewer", "007")[0] == 2


BAD: list[tuple[list[str], str]] = [
    (["--viewer", "nobody"], "'nobody' is not a user"),
    (["--viewer", ""], "'' is not a user"),
    (["--everyone", "--as-of", "30/06/2026"], "as_of='30/06/2026' is not allowed"),
    (["--everyone", "--report", "sucess_report"], "did you mean 'success_report'?"),
    (["--everyone", "--contract-value", "5"], "give LOW:HIGH"),
    (["--everyone", "--contract-value", "a:5"], "low='a' is not allowed"),
    (["--everyone", "--contract-value", "5:5"], "above the band's low"),
    (["--everyone", "--health", "rd"], "did you mean 'red'?"),
    (["--everyone", "--rows", "-1"], "rows=-1 is not allowed"),
    (["--everyone", "--out", "no/such/folder/x.html"], "no/such/folder/x.html: "),
    (["--everyone", "--out", "."], ".: "),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_what_cannot_be_done_is_said_in_one_message(
    company: Path, told: Any, arguments: list[str], message: str
) -> None:
    status, out, err = told("report", company, "--as-of", DAY, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("cs-metrics: ")
    assert err.count("\n") == 1
    assert message in err


def test_an_unknown_viewer_is_told_of_nobody_else(company: Path, told: Any) -> None:
    _, _, err = told("report", company, "--as-of", DAY, "--viewer", "U000001")
    assert "U0000" not in err.replace("'U000001'", "")
    assert "--everyone" in err


@pytest.mark.parametrize("command", [["check"], ["report", "--everyone", "--as-of", DAY]])
def test_folders_that_are_none(told: Any, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    for name, said in (
        ("none", "no such folder"),
        ("file", "no such folder"),
        ("empty", "no file here is a table"),
    ):
        status, out, err = told(command[0], tmp_path / name, *command[1:])
        assert (status, out) == (2, "")
        assert said in err


@pytest.mark.parametrize(
    "arguments",
    [[], ["report"], ["report", "x", "--everyone"], ["report", "x", "--as-of", DAY], ["nonsense"]],
)
def test_arguments_that_are_missing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Day and viewer above all: there is no default for either."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: cs-metrics" in capsys.readouterr().err


def test_a_filter_that_nothing_matches_is_told_of(company: Path, told: Any) -> None:
    status, out, err = told(
        "report", company, "--everyone", "--as-of", DAY, "--industry", "Sofware", "--csm", "U99"
    )
    assert status == 0
    assert "Total engagements: 0 engagements" in out
    assert "industries: nothing in view is 'Sofware' (did you mean 'Software'?)" in err
    assert "owners: nothing in view is 'U99'\n" in err


def test_check_of_good_data(company: Path, told: Any) -> None:
    status, out, err = told("check", company)
    assert (status, err) == (0, "")
    assert out.splitlines()[-1].startswith("25 tables, ")
    assert "no problems" in out


def test_check_tells_every_problem(tmp_path: Path, told: Any) -> None:
    folder = broken(tmp_path / "broken")
    status, out, _ = told("check", folder)
    assert status == 1
    assert out.splitlines()[-1] == "91 problems"
    assert sum("engagements.health" in line and "'purple'" in line for line in out.splitlines()) == 30
    assert any("accounts.id of row 'A1'" in line for line in out.splitlines())
    status, out, err = told("report", folder, "--everyone", "--as-of", DAY)
    assert (status, out) == (2, "")
    assert "91 problems in the data" in err
    assert f"cs-metrics check {folder}" in err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"portfolio.toml": 'currency = "USX"'}, "currency='USX' is not allowed"),
        ({"portfolio.toml": "currency = "}, "portfolio.toml"),
        ({"acounts.csv": "id\n1\n"}, "did you mean 'accounts'?"),
        ({"accounts.parquet": "PAR1 cut short"}, "accounts.parquet"),
        ({"users.csv": "id,role,manager_id\n1,success_agent,2\n2,success_agent,1\n"}, "in a circle"),
        (
            {"contracts.csv": "id,account_id,value,currency,state,starts_on\n1,1,5,EUR,active,2026-01-01\n"},
            "EUR",
        ),
    ],
)
def test_check_of_what_does_not_load(tmp_path: Path, told: Any, files: dict[str, str], said: str) -> None:
    (tmp_path / "qbrs.csv").write_text("id,engagement_id,scheduled_on\n")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    status, out, _ = told("check", tmp_path)
    assert status == 1
    assert said in out
    assert out.splitlines()[-1] == "1 problem"


def test_check_tells_warnings(tmp_path: Path, told: Any) -> None:
    (tmp_path / "accounts.csv").write_text("id,created_on\nA1,2026-05-01\n")
    (tmp_path / "contacts.csv").write_text("id,account_id,created_on\nC1,A1,2026-04-30\n")
    status, out, _ = told("check", tmp_path)
    assert status == 0
    assert out.startswith("warning: contacts.created_on")
    assert "no problems, 1 warning" in out
    _, _, err = told("report", tmp_path, "--everyone", "--as-of", DAY)
    assert "1 warning" in err


def test_metrics_lists_the_catalog(told: Any) -> None:
    status, out, _ = told("metrics")
    assert status == 0
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        metric.id for metric in csm.catalog.metrics()
    ]
    assert "options: within=90, poor=['red', 'yellow']" in out


def test_progress_is_told_where_it_is_asked_for(company: Path, told: Any) -> None:
    _, out, err = told("report", company, "--everyone", "--as-of", DAY, "--progress")
    assert "engagements: 120 rows\n" in err
    assert out.startswith("Success report\n")


def test_messages_do_nothing_to_a_terminal(told: Any) -> None:
    _, _, err = told("check", "no\x1b[2Jsuch\nfolder")
    assert "\x1b" not in err


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"PYTHONPATH": str(Path(csm.__file__).parents[1])} | options.pop("env", {})
    command = [sys.executable, "-m", "cs_metrics", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=environment, **options)


def test_as_a_program(company: Path) -> None:
    done = run("report", str(company), "--as-of", DAY, "--viewer", "nobody")
    assert done.returncode == 2
    assert done.stderr.startswith(b"cs-metrics: 'nobody' is not a user")
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(company: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "cs_metrics", "report", str(company), "--everyone", "--as-of", DAY]
    environment = os.environ | {"PYTHONPATH": str(Path(csm.__file__).parents[1])}
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, env=environment)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_letters_that_the_terminal_does_not_know(company: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    text = run("metrics", env=env)
    assert (text.returncode, text.stderr) == (0, b"")
    assert "\\u203a" in text.stdout.decode("ascii")
    found = run("report", str(company), "--everyone", "--as-of", DAY, "--format", "json", env=env)
    assert "›" in found.stdout.decode("utf-8")
    assert json.loads(found.stdout)["source"] == "ServiceNow Success report"


# exports of vendors -------------------------------------------------------------------------------------


def exports(folder: Path) -> Path:
    folder.mkdir()
    (folder / "Account.csv").write_text("Id,Name,OwnerId,CreatedDate\n001A,Acme,,2026-01-05T10:00:00.000Z\n")
    (folder / "Contract.csv").write_text(
        "Id,AccountId,Status,StartDate,Value__c\n800A,001A,Signed,2026-01-01,1200\n800B,001A,Signed,2026-02-01,1\n"
    )
    (folder / "portfolio.toml").write_text('currency = "EUR"\n')
    return folder


def test_a_vendors_export_by_a_mapping_of_ones_own(tmp_path: Path, told: Any) -> None:
    folder = exports(tmp_path / "exports")
    status, out, err = told("check", folder, "--source", "salesforce")
    assert (status, err) == (1, "") and "Value__c" not in out and "'Signed'" in out
    mapping = tmp_path / "ours.toml"
    mapping.write_text(
        '[tables.contracts.columns]\nvalue = "Value__c"\nstate.values = { Signed = "active" }\n'
    )
    status, out, err = told("check", folder, "--source", "salesforce", "--mapping", mapping)
    assert (status, err) == (0, "") and "2 tables, 3 rows" in out
    status, out, err = told(
        "report", folder, "--source", "salesforce", "--mapping", mapping, "--everyone", "--as-of", DAY
    )
    assert status == 0 and "1,200.00" in out and "EUR" in out
    assert told("check", folder, "--mapping", mapping)[0] == 2


def test_a_proposed_mapping(tmp_path: Path, told: Any) -> None:
    folder = exports(tmp_path / "exports")
    status, out, err = told("map", folder, "--source", "salesforce")
    assert status == 0 and tomllib.loads(out)["tables"]["accounts"]["columns"]["owner_id"] == "OwnerId"
    assert "unsure: contracts.state: what 'Signed' means (2 rows)" in err
    file = tmp_path / "proposed.toml"
    assert told("map", folder, "--out", file)[:2] == (0, "") and tomllib.loads(file.read_text("utf-8"))
    assert told("map", tmp_path / "none")[0] == 2
