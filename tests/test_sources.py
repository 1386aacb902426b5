"""Vendors' exports: small but as they come out, and every answer that depends on how they are read."""

from __future__ import annotations

import csv
import json
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import cs_metrics as csm
from cs_metrics import intake
from cs_metrics.errors import DataError, OptionError
from cs_metrics.intake.sources.cells import fold, moment, monthly, plain
from cs_metrics.intake.sources.exports import suits
from cs_metrics.intake.sources.mappings import SOURCES, mapping_of
from cs_metrics.records import SCHEMA, Kind

A = "2026-06-30"
Rows = list[dict[str, Any]]


def write(folder: Path, **files: Any) -> Path:
    """One file each: `Account=` as CSV if its rows are flat and asked so by `_csv`, else JSON."""
    for name, rows in files.items():
        if name.endswith("_csv"):
            fields = list(dict.fromkeys(field for row in rows for field in row))
            with (folder / f"{name.removesuffix('_csv')}.csv").open(
                "w", newline="", encoding="utf-8"
            ) as file:
                writer = csv.DictWriter(file, fields)
                writer.writeheader()
                writer.writerows(rows)
        else:
            (folder / f"{name}.json").write_text(json.dumps(rows), "utf-8")
    return folder


def tables(source: str, folder: Path, mapping: Any = None) -> dict[str, Rows]:
    """What a source's files become, row by row."""
    found, _ = intake.read_source(source, folder, mapping)
    return {
        name: frame.astype(object).where(frame.notna(), None).to_dict("records")
        for name, frame in found.items()
    }


def told(caught: Any) -> set[tuple[str, str | None, Any, str]]:
    return {(p.table, p.column, p.value, p.code) for p in caught.value.problems}


def codes(caught: Any) -> set[tuple[str, str | None, str]]:
    return {(table, column, code) for table, column, _, code in told(caught)}


# ServiceNow -----------------------------------------------------------------------------------------------

HOST = "https://example.service-now.com/api/now/table"
MIA, ADAM, ACME, E1 = (
    "6816f79cc0a8016401c5a33be04be441",
    "62826bf03710200044e0bfc8bcbe5df1",
    "a1" * 16,
    "e1" * 16,
)


def ref(table: str, key: str) -> dict[str, str]:
    return {"link": f"{HOST}/{table}/{key}", "value": key}


def servicenow() -> dict[str, Any]:
    """Tables as the Table API gives them, with sysparm_display_value=false."""
    return {
        "sys_user": [
            {"sys_id": MIA, "name": "Mia Ott", "manager": "", "active": "true", "department": ref("cmn_department", "d1")},
            {"sys_id": ADAM, "name": "Adam Ray", "manager": ref("sys_user", MIA), "active": "false", "department": ""},
        ],
        "sys_user_has_role": [
            {"user": ref("sys_user", MIA), "role": {"display_value": "itil", "value": "r1"}},
            {"user": ref("sys_user", MIA), "role": {"display_value": "sn_acct_lc_customer_success_agent", "value": "r2"}},
            {"user": ref("sys_user", MIA), "role": {"display_value": "sn_acct_lc.success_manager", "value": "r3"}},
        ],
        "customer_account": [
            {"sys_id": ACME, "number": "ACCT0001", "name": "Acme", "industry": {"display_value": "Retail", "value": "7"},
             "customer_success_manager": ref("sys_user", ADAM), "sys_created_on": "2025-12-31 23:30:00", "num_employees": "120"},
        ],
        "sn_acct_lc_engagement": [
            {"sys_id": E1, "number": "ENG0001", "account": ref("customer_account", ACME), "title": "Roll-out",
             "customer_success_manager": "", "state": "2", "stage": {"display_value": "Initial on-boarding", "value": "1"},
             "perceived_health": {"display_value": "Red", "value": "3"}, "sys_created_on": "2026-01-01 00:30:00",
             "sys_updated_on": "2026-06-01 10:00:00", "initial_go_live": "2026-07-15"},
            {"sys_id": "e2" * 16, "number": "ENG0002", "account": ref("customer_account", ACME), "title": "Old one",
             "customer_success_manager": ref("sys_user", ADAM), "state": "3", "stage": {"display_value": "Renew", "value": "4"},
             "perceived_health": {"display_value": "Unknown", "value": "0"}, "sys_created_on": "2025-01-01 12:00:00",
             "sys_updated_on": "2026-03-01 10:00:00", "initial_go_live": ""},
        ],
        "sn_acct_lc_touchpoint": [
            {"sys_id": "t1", "engagement": ref("sn_acct_lc_engagement", E1), "meeting_type": {"display_value": "QBR", "value": "qbr"},
             "meeting_date": "2026-08-01", "state": {"display_value": "New", "value": "1"}, "progress": {"display_value": "Not Started", "value": "1"}},
            {"sys_id": "t2", "engagement": ref("sn_acct_lc_engagement", E1), "meeting_type": {"display_value": "Ad-hoc", "value": "adhoc"},
             "meeting_date": "2026-08-02", "state": {"display_value": "Canceled", "value": "7"}, "progress": ""},
        ],
        "sn_acct_lc_risk_signal_issue": [
            {"sys_id": "r1", "engagement": ref("sn_acct_lc_engagement", E1), "category": {"display_value": "Low adoption", "value": "2"},
             "scope": {"display_value": "Adoption", "value": "2"}, "probability": {"display_value": "Very high", "value": "1"},
             "state": {"display_value": "Active", "value": "2"}, "opened_at": "2026-05-01 08:00:00", "closed_at": ""},
        ],
        "sn_acct_lc_success_objective": [
            {"sys_id": "o1", "engagement": ref("sn_acct_lc_engagement", E1), "title": "Go live", "progress": {"display_value": "On-Track", "value": "2"}},
        ],
        "sn_acct_lc_success_task": [
            {"sys_id": "k1", "engagement": ref("sn_acct_lc_engagement", E1), "assigned_to": ref("sys_user", ADAM), "state": "1",
             "short_description": "Call them", "sys_created_on": "2026-06-01 08:00:00", "due_date": "2026-06-20 00:00:00", "closed_at": ""},
            {"sys_id": "k2", "engagement": "", "assigned_to": "", "state": "1", "short_description": "Nobody's",
             "sys_created_on": "2026-06-01 08:00:00", "due_date": "", "closed_at": ""},
        ],
        "sn_customerservice_escalation": [
            {"sys_id": "s1", "account": ref("customer_account", ACME), "opened_at": "2026-06-02 08:00:00", "closed_at": ""},
        ],
        "ast_contract": [
            {"sys_id": "c1", "account": ref("customer_account", ACME), "engagement": ref("sn_acct_lc_engagement", E1),
             "state": "active", "substate": "extension_approved", "total_contract_value": "USD;12500.50", "starts": "2026-01-01", "ends": "2026-08-31"},
            {"sys_id": "c2", "account": ref("customer_account", ACME), "engagement": ref("sn_acct_lc_engagement", E1),
             "state": "Expired", "substate": {"display_value": "Awaiting Review", "value": "awaiting_review"},
             "total_contract_value": "100", "starts": "2025-01-01", "ends": "2026-05-31"},
            {"sys_id": "c3", "account": ref("customer_account", ACME), "engagement": "", "state": "canceled", "substate": "",
             "total_contract_value": "7", "starts": "2025-01-01", "ends": ""},
        ],
    }  # fmt: skip


def test_servicenow_as_the_table_api_gives_it(tmp_path: Path) -> None:
    write(tmp_path, **{name: {"result": rows} for name, rows in servicenow().items()})
    found = csm.Portfolio.from_source("servicenow", tmp_path)
    mia = found.view(as_of=A, viewer=MIA)
    assert csm.overview.total_engagements(mia).value == 1
    assert csm.overview.new_engagements_ytd(mia).value == 1
    assert csm.overview.health_by_stage(mia).value["onboarding"]["red"] == 1
    assert csm.overview.engagements_with_escalations(mia).value == 1
    assert csm.overview.engagements_with_upcoming_qbrs(mia).value == 1
    assert csm.overview.success_manager_tasks(mia).value["overdue"] == 1
    assert csm.risk.contract_value_at_risk(mia).value == Decimal("12500.50")  # the other one ended in May
    assert csm.risk.risk_signals_by_probability(mia).value["high"] == 1
    assert csm.adoption.engagements_in_onboarding(mia).value == 1
    assert csm.adoption.objective_progress(mia).value["on_track"] == 1
    assert csm.renewal.contracts_on_extension(mia).rows()["id"].tolist() == ["c1"]
    assert csm.renewal.opened_renewals(mia).value == 2
    # Adam is an agent: nothing says that he is a manager
    assert csm.overview.total_engagements(found.view(as_of=A, viewer=ADAM)).value == 1
    # other fields come back in rows
    assert csm.overview.total_engagements(mia).rows()["number"].tolist() == ["ENG0001"]
    assert [w.table for w in found.warnings if w.code == "source_rows"] == ["qbrs", "tasks"]


def test_servicenow_with_all_display_values_is_the_same(tmp_path: Path) -> None:
    """sysparm_display_value=all wraps every cell; date-times are read from `value`, which is universal time."""

    def wrapped(cell: Any) -> Any:
        if isinstance(cell, dict):
            return {"display_value": "shown", **cell}
        local = "31/12/2025 18:30:00" if cell == "2025-12-31 23:30:00" else cell
        return {"display_value": local, "value": cell}

    plain_folder, all_folder = tmp_path / "plain", tmp_path / "all"
    for folder in (plain_folder, all_folder):
        folder.mkdir()
    rows = servicenow()
    write(plain_folder, **{name: {"result": table} for name, table in rows.items()})
    write(all_folder, **{
        name: {"result": [{field: wrapped(cell) for field, cell in row.items()} for row in table]}
        for name, table in rows.items()
    })  # fmt: skip
    one, other = (csm.Portfolio.from_source("servicenow", folder) for folder in (plain_folder, all_folder))
    for viewer in (csm.EVERYONE, MIA, ADAM):
        views = [p.view(as_of=A, viewer=viewer) for p in (one, other)]
        values = [
            [r.value for r in csm.reports.success_report(v).results.values() if hasattr(r, "value")]
            for v in views
        ]
        assert values[0] == values[1]


def test_servicenow_csv_shows_names_and_labels(tmp_path: Path) -> None:
    """A list exported as CSV has labels as headers and names as references; the day is universal time's."""
    write(
        tmp_path,
        sys_user_csv=[
            {"User ID": "mia", "User name": "mia", "Name": "Mia Ott", "Manager": "", "Active": "true"},
            {"User ID": "adam", "User name": "adam", "Name": "Adam Ray", "Manager": "Mia Ott", "Active": "true"},
        ],
        customer_account_csv=[
            {"Number": "ACCT1", "Name": "Acme", "Customer success manager": "Adam Ray", "Created": "2025-12-31 23:30:00"}
        ],
        sn_acct_lc_engagement_csv=[
            {"Number": "ENG1", "Account": "Acme", "Customer success manager": "Mia Ott", "Stage": "Initial on-boarding",
             "State": "In progress", "Perceived health": "Yellow", "Created": "2026-01-01 10:00:00", "Title": "Roll-out"}
        ],
        sn_acct_lc_success_objective_csv=[{"Number": "O1", "Engagement": "ENG1", "Title": "x", "Progress": "At Risk"}],
    )  # fmt: skip
    found = csm.Portfolio.from_source("servicenow", tmp_path, tz="Asia/Tokyo")
    view = found.view(as_of=A, viewer="mia")
    assert csm.overview.total_engagements(view).rows()["account_id"].tolist() == ["ACCT1"]
    assert csm.adoption.objective_progress(view).value["at_risk"] == 1
    # 23:30 in UTC is the next morning in Tokyo
    assert tables("servicenow", tmp_path)["accounts"][0]["created_on"] == "2025-12-31 23:30:00Z"
    assert (
        str(date.fromordinal(719163 + int(found.table("accounts").columns["created_on"][0]))) == "2026-01-01"
    )


def test_display_values_alone_are_warned_of(tmp_path: Path) -> None:
    """With sysparm_display_value=true references show themselves as such, and date-times are in somebody's zone."""
    rows = servicenow()["customer_account"]
    rows[0]["customer_success_manager"] = {"display_value": "Adam Ray", "link": f"{HOST}/sys_user/{ADAM}"}
    write(tmp_path, customer_account=rows)
    loaded = csm.Portfolio.from_source("servicenow", tmp_path)
    assert [w.table for w in loaded.warnings if w.code == "source_zone"] == ["accounts"]
    assert tables("servicenow", tmp_path)["accounts"][0]["owner_id"] == ADAM


def test_a_name_that_two_have_is_told(tmp_path: Path) -> None:
    people = [{"user_name": key, "name": "Ann Lee"} for key in ("ann1", "ann2")]
    account = {
        "sys_id": "a",
        "name": "Acme",
        "customer_success_manager": "Ann Lee",
        "sys_created_on": "2026-01-01 00:00:00",
    }
    write(tmp_path, sys_user=people, customer_account=[account])
    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_source("servicenow", tmp_path)
    assert told(caught) == {("accounts", "owner_id", "Ann Lee", "ambiguous")}


def test_unmapped_words_are_one_error_that_lists_them_all(tmp_path: Path) -> None:
    rows = servicenow()
    for table, field, word in (
        ("ast_contract", "state", "Suspended"), ("ast_contract", "substate", "In legal review"),
        ("sn_acct_lc_engagement", "perceived_health", "Purple"), ("sn_acct_lc_success_task", "state", "99"),
    ):  # fmt: skip
        rows[table][0][field] = word
    rows["ast_contract"][1]["state"] = "Suspended"
    write(tmp_path, **rows)
    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_source("servicenow", tmp_path)
    assert told(caught) == {
        ("contracts", "state", "Suspended", "unmapped"), ("contracts", "renewal_stage", "In legal review", "unmapped"),
        ("engagements", "health", "Purple", "unmapped"), ("tasks", "status", "99", "unmapped"),
    }  # fmt: skip
    assert "2 rows" in str(caught.value) and "tables.contracts.columns.state.values" in str(caught.value)
    mapping = {
        "tables": {
            "contracts": {"columns": {"state": {"values": {"suspended": "expired"}},
                                      "renewal_stage": {"values": {"in legal review": "under_review"}}}},
            "engagements": {"columns": {"health": {"values": {"purple": ""}}}},
            "tasks": {"columns": {"status": {"values": {"99": "cancelled"}}}},
        }
    }  # fmt: skip
    mapped = csm.Portfolio.from_source("servicenow", tmp_path, mapping=mapping)
    assert csm.renewal.renewals_by_stage(mapped.view(as_of=A, viewer=csm.EVERYONE)).value["under_review"] == 1


@pytest.mark.parametrize("word", ["RED ", "red", "Red", " r-e_d"])
def test_case_and_blanks_are_forgiven_where_a_mapping_reads(word: str, tmp_path: Path) -> None:
    rows = servicenow()
    rows["sn_acct_lc_engagement"][0]["perceived_health"] = word
    write(tmp_path, **rows)
    view = csm.Portfolio.from_source("servicenow", tmp_path).view(as_of=A, viewer=csm.EVERYONE)
    assert csm.risk.engagements_in_poor_health(view).value["red"] == 1


# CustomerSuccessBox ---------------------------------------------------------------------------------------


def boxed(**subscription: Any) -> dict[str, Rows]:
    return {
        "accounts": [{"account_id": "1", "name": "Acme", "created_on": "2026-06-10"}],
        "users": [
            {"account_id": "1", "user_id": "7", "first_name": "Ann", "last_name": "Lee", "role": "primary",
             "created_on": "2026-06-30T23:00:00Z", "email": "ann@example.com"}
        ],
        "subscriptions": [
            {"account_id": "1", "subscription_id": "s", "plan_name": "Pro", "status_type": "Active", "amount": 1200,
             "billing_period": 1, "billing_period_unit": "year", "subscription_start_on": "2026-01-01",
             "next_billing_on": 1798761600000, **subscription}
        ],
    }  # fmt: skip


def test_customersuccessbox(tmp_path: Path) -> None:
    write(tmp_path, **boxed())
    found = tables("customersuccessbox", tmp_path)
    (subscription,) = found["subscriptions"]
    assert subscription["mrr"] == Decimal("100.00") and subscription["status"] == "active"
    assert subscription["next_billing_on"] == "2027-01-01" and subscription["started_on"] == "2026-01-01"
    assert found["contacts"][0]["name"] == "Ann Lee" and found["contacts"][0]["email"] == "ann@example.com"
    loaded = csm.Portfolio.from_source("customersuccessbox", tmp_path)
    assert loaded.table("subscriptions").n == 1 and "users" not in loaded.tables


def test_customersuccessbox_words_can_be_set(tmp_path: Path) -> None:
    write(tmp_path, **boxed(status_type="Live 2.0", mrr="99.99"))
    with pytest.raises(DataError) as caught:
        tables("customersuccessbox", tmp_path)
    assert told(caught) == {("subscriptions", "status", "Live 2.0", "unmapped")}
    file = tmp_path / "mine.toml"
    file.write_text('[tables.subscriptions.columns.status.values]\n"Live 2.0" = "active"\n')
    (subscription,) = tables("customersuccessbox", tmp_path, file)["subscriptions"]
    assert subscription["status"] == "active" and subscription["mrr"] == "99.99"


@pytest.mark.parametrize(
    ("total", "count", "unit", "expected"),
    [
        (1200, 1, "year", "100.00"), ("100", None, None, "100.00"), (300, 3, "month", "100.00"), (100, 1, "Quarterly", "33.33"),
        ("USD;70", 1, "weeks", "303.33"), (0.05, 2, "months", "0.02"), (1, 0, "month", None), (1, 1, "fortnight", None),
        ("x", 1, "month", None),
    ],
)  # fmt: skip
def test_amounts_of_other_periods_in_a_month(total: Any, count: Any, unit: Any, expected: str | None) -> None:
    assert monthly(total, count, unit) == (None if expected is None else Decimal(expected))


# Salesforce -----------------------------------------------------------------------------------------------


def salesforce() -> dict[str, Rows]:
    kind = {"attributes": {"type": "x", "url": "/services/data/v62.0/sobjects/x/1"}}
    return {
        "User": [
            {**kind, "Id": "005A", "Name": "Mia", "ManagerId": None, "UserRole": {**kind, "Name": "VP Success"}, "IsActive": True},
            {**kind, "Id": "005B", "Name": "Adam", "ManagerId": "005A", "UserRole": None, "IsActive": True},
        ],
        "Account": [{**kind, "Id": "001A", "Name": "Acme", "OwnerId": "005B", "Industry": "Retail", "CreatedDate": "2025-12-31T23:30:00.000+0000"}],
        "Contract": [
            {"Id": "800A", "AccountId": "001A", "Status": "Activated", "StartDate": "2026-01-01", "EndDate": "2026-12-31", "Amount__c": None},
            {"Id": "800B", "AccountId": "001A", "Status": "In Approval Process", "StartDate": "2026-05-01", "EndDate": None, "Amount__c": 50.5},
        ],
        "Opportunity": [
            {"Id": "006A", "AccountId": "001A", "ContractId": "800A", "Type": "Existing Customer - Upgrade", "StageName": "Signed!", "IsClosed": True,
             "IsWon": True, "CloseDate": "2026-02-01", "Amount": 1000.25},
            {"Id": "006B", "AccountId": "001A", "ContractId": "800A", "Type": "Renewal", "StageName": "Hmm", "IsClosed": False, "IsWon": False,
             "CloseDate": "2026-12-01", "Amount": 900},
            {"Id": "006C", "AccountId": "001A", "ContractId": None, "Type": "Whatever", "StageName": "?", "IsClosed": False, "IsWon": False,
             "CloseDate": "2026-12-01", "Amount": 1},
        ],
        "Task": [{"Id": "00TA", "OwnerId": "005B", "AccountId": "001A", "Subject": "Call", "Status": "Not Started",
                  "CreatedDate": "2026-06-01T08:00:00.000+0000", "ActivityDate": "2026-06-20"}],
        "Case": [
            {"Id": "500A", "AccountId": "001A", "IsEscalated": True, "CreatedDate": "2026-06-01T08:00:00.000+0000", "ClosedDate": None},
            {"Id": "500B", "AccountId": "001A", "IsEscalated": False, "CreatedDate": "2026-06-01T08:00:00.000+0000", "ClosedDate": None},
        ],
    }  # fmt: skip


def check_salesforce(folder: Path) -> None:
    mapping = {"tables": {"users": {"columns": {"role": {"values": {"VP Success": "success_manager"}}}}}}
    found = tables("salesforce", folder, mapping)
    assert [row["role"] for row in found["users"]] == ["success_manager", "success_agent"]
    assert [str(row["value"]) for row in found["contracts"]] == ["1000.25", "50.5"]
    assert [row["state"] for row in found["contracts"]] == ["active", "draft"]
    assert [(row["id"], row["kind"], row["stage"], row["closed_on"]) for row in found["opportunities"]] == [
        ("006A", "expansion", "closed_won", "2026-02-01"), ("006B", "renew", "open", None),
    ]  # fmt: skip
    assert [row["id"] for row in found["escalations"]] == ["500A"]
    loaded = csm.Portfolio.from_source("salesforce", folder, mapping=mapping)
    assert csm.overview.success_manager_tasks(loaded.view(as_of=A, viewer="005A")).value["overdue"] == 1
    assert csm.overview.success_manager_tasks(loaded.view(as_of=A, viewer="005B")).value["overdue"] == 1


def test_salesforce_json(tmp_path: Path) -> None:
    check_salesforce(write(tmp_path, **{name: {"records": rows} for name, rows in salesforce().items()}))


def test_salesforce_csv(tmp_path: Path) -> None:
    flat = {}
    for name, rows in salesforce().items():
        flat[f"{name}_csv"] = [
            {
                ("UserRole.Name" if field == "UserRole" else field): (cell or {}).get("Name", "")
                if field == "UserRole"
                else str(cell).lower() if isinstance(cell, bool) else cell
                for field, cell in row.items()
                if field != "attributes"
            }
            for row in rows
        ]  # fmt: skip
    check_salesforce(write(tmp_path, **flat))


def test_who_is_not_said_to_be_a_manager_is_none_and_that_is_told(tmp_path: Path) -> None:
    """Closed by default: a role that nobody mapped shows no more than one's own."""
    write(tmp_path, **salesforce())
    loaded = csm.Portfolio.from_source("salesforce", tmp_path)
    assert csm.overview.success_manager_tasks(loaded.view(as_of=A, viewer="005A")).value["overdue"] == 0
    (warning,) = (w for w in loaded.warnings if w.code == "source_word")
    assert "'VP Success' (1)" in warning.expected


def test_what_decides_must_be_there(tmp_path: Path) -> None:
    """A case that may or may not be escalated is no escalation and no other case either: it is an error."""
    rows = salesforce()
    for row in rows["Case"]:
        del row["IsEscalated"]
    for row in rows["Opportunity"]:
        del row["IsClosed"], row["StageName"]
    write(tmp_path, **rows)
    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_source("salesforce", tmp_path)
    assert codes(caught) == {
        ("escalations", None, "missing_column"), ("opportunities", "closed_on", "missing_column"),
        ("opportunities", "stage", "missing_column"),
    }  # fmt: skip


def test_two_won_opportunities_of_one_contract_are_not_guessed_between(tmp_path: Path) -> None:
    rows = salesforce()
    rows["Opportunity"][1].update(IsWon=True, IsClosed=True)
    write(tmp_path, **rows)
    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_source("salesforce", tmp_path)
    assert ("contracts", "value", "ambiguous") in codes(caught)


# HubSpot --------------------------------------------------------------------------------------------------


def test_hubspot_api(tmp_path: Path) -> None:
    company = {"companies": {"results": [{"id": "51", "type": "deal_to_company"}]}}
    write(
        tmp_path,
        owners={"results": [{"id": "9", "firstName": "Ann", "lastName": "Lee", "archived": False, "teams": [{"id": "1", "name": "EMEA"}]}]},
        companies={"results": [
            {"id": "51", "createdAt": "2026-06-01T00:00:00Z", "archived": False,
             "properties": {"name": "Acme", "hubspot_owner_id": "9", "industry": "RETAIL", "lifecyclestage": "customer",
                            "createdate": "2026-06-01T23:00:00.000Z", "numberofemployees": "12"}}]},
        contacts={"results": [
            {"id": "1", "properties": {"firstname": "Bo", "lastname": None, "associatedcompanyid": "51", "createdate": "2026-06-01T00:00:00Z"}},
            {"id": "2", "properties": {"firstname": "Cy", "lastname": "Z", "associatedcompanyid": "", "createdate": "2026-06-01T00:00:00Z"}}]},
        deals={"results": [
            {"id": "7", "associations": company, "properties": {"amount": "1000.50", "dealstage": "x9", "hs_is_closed_won": "true",
             "closedate": "2026-01-05T10:00:00Z", "contract_end_date": "1782777600000", "deal_currency_code": "USD"}},
            {"id": "8", "associations": company, "properties": {"amount": "5", "dealstage": "x1", "hs_is_closed_won": "false", "closedate": "2026-09-05T10:00:00Z"}}]},
        tickets={"results": [
            {"id": "70", "associations": company, "properties": {"hs_ticket_priority": "HIGH", "createdate": "2026-06-05T10:00:00Z", "closed_date": None}},
            {"id": "71", "associations": company, "properties": {"hs_ticket_priority": "LOW", "createdate": "2026-06-05T10:00:00Z", "closed_date": None}}]},
    )  # fmt: skip
    found = tables("hubspot", tmp_path)
    (user,) = found["users"]
    assert [user[name] for name in ("id", "name", "role", "group", "active")] == [
        "9",
        "Ann Lee",
        "success_agent",
        "EMEA",
        True,
    ]
    assert [row["name"] for row in found["contacts"]] == ["Bo"]
    (contract,) = found["contracts"]
    assert (contract["account_id"], contract["value"], contract["ends_on"]) == ("51", "1000.50", "2026-06-30")
    assert [row["id"] for row in found["escalations"]] == ["70"]
    loaded = csm.Portfolio.from_source("hubspot", tmp_path, tz="America/New_York")
    assert csm.renewal.contract_value_ytd(loaded.view(as_of=A, viewer=csm.EVERYONE)).value["value"][
        "2026-01"
    ] == Decimal("1000.50")


def test_hubspot_csv(tmp_path: Path) -> None:
    name = "hubspot-crm-exports-all-{}-2026-06-30".format
    write(tmp_path, **{
        "owners_csv": [{"Owner ID": "9", "First Name": "Ann", "Last Name": "Lee"}],
        name("companies") + "_csv": [{"Record ID": "51", "Company name": "Acme", "Company owner": "Ann Lee", "Create Date": "2026-06-01 10:20",
                                      "Lifecycle Stage": "Customer", "Number of Employees": "12"}],
        name("deals") + "_csv": [
            {"Record ID": "7", "Deal Stage": "Closed Won", "Amount": "10", "Close Date": "2026-01-05 10:20", "Associated Company": "Acme",
             "Associated Company IDs": "51;52"},
            {"Record ID": "8", "Deal Stage": "Appointment", "Amount": "10", "Close Date": "2026-01-05 10:20", "Associated Company": "Acme",
             "Associated Company IDs": "51"}],
    })  # fmt: skip
    found = tables("hubspot", tmp_path)
    assert found["accounts"][0]["owner_id"] == "9"
    assert [(row["id"], row["account_id"]) for row in found["contracts"]] == [("7", "51")]
    assert csm.Portfolio.from_source("hubspot", tmp_path).table("contracts").n == 1


# mappings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", SOURCES)
def test_mappings_speak_our_words(source: str) -> None:
    """Every word that a vendor's mapping ends in is one that the schema knows, and no two say different things."""
    for table in mapping_of(source, None).tables.values():
        for name, how in table.columns.items():
            column = SCHEMA[table.table].columns[name]
            ends = [
                *how.values.values(),
                *(value for _, value in how.cases),
                *([] if how.value is None else [how.value]),
            ]
            if column.kind is Kind.ENUM:
                assert {end for end in ends if end != ""} <= set(column.words), (table.table, name)
                assert "" not in ends or column.optional
            meant: dict[str, Any] = {}
            for word, value in how.values.items():
                assert meant.setdefault(fold(word), value) == value, (table.table, name, word)


@pytest.mark.parametrize("source", SOURCES)
def test_the_page_on_sources_names_every_field(source: str) -> None:
    page = (Path(__file__).parents[1] / "docs/sources.md").read_text("utf-8")
    for table in mapping_of(source, None).tables.values():
        assert all(f"`{file}`" in page for file in table.files[:1]), table.files


@pytest.mark.parametrize(
    "mapping",
    [
        {"tabels": {}}, {"tables": {"account": {}}}, {"tables": {"accounts": {"columns": {"nam": "x"}}}}, {"times": "berlin"},
        {"tables": {"accounts": {"columns": {"name": 7}}}}, {"tables": {"accounts": {"columns": {"name": {"as": "upper"}}}}},
        {"tables": {"accounts": {"columns": {"name": {"form": "x"}}}}}, {"tables": {"accounts": {"need": ["nobody"]}}},
        {"tables": {"accounts": {"columns": {"name": {"cases": [{}]}}}}}, {"tables": {"accounts": 3}},
    ],
)  # fmt: skip
def test_a_mapping_that_is_wrong_is_told_where(mapping: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_source("servicenow", tmp_path, mapping=mapping)
    assert {problem.table for problem in caught.value.problems} == {"mapping"}


def test_a_source_and_a_mapping_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="salesforce"):
        csm.Portfolio.from_source("sales force", tmp_path)
    with pytest.raises(OptionError):
        csm.Portfolio.from_source("salesforce", tmp_path, mapping=[])
    (tmp_path / "broken.toml").write_text("title = ")
    for file in ("broken.toml", "none.toml"):
        with pytest.raises(DataError, match=file):
            csm.Portfolio.from_source("salesforce", tmp_path, mapping=tmp_path / file)
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(DataError) as caught:
            csm.Portfolio.from_source("salesforce", folder)
        assert [problem.code for problem in caught.value.problems] == ["folder"]


def test_a_files_fields_that_are_missing_are_named_as_the_vendor_does(tmp_path: Path) -> None:
    write(
        tmp_path,
        Contract=[
            {"Id": "1", "AccountID": "2", "Stauts": "Draft", "StartDate": "2026-01-01", "Amount__c": 5}
        ],
    )
    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_source("salesforce", tmp_path)
    assert told(caught) == {("contracts", "state", None, "missing_column")}
    assert "'Stauts'" in str(caught.value) and "Contract.json" in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"result": 3}x', '"x"'])
def test_a_broken_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "Account.json").write_text(text)
    with pytest.raises(DataError) as caught:
        csm.Portfolio.from_source("salesforce", tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["unreadable_file"]


def test_a_source_of_ones_own_and_what_is_taken_away(tmp_path: Path) -> None:
    write(tmp_path, klienten=[{"nr": 5, "betreuer": "x"}], Account=[{"Id": "1", "Name": "A", "OwnerId": "2"}])
    own = {"tables": {"accounts": {"files": "klienten", "columns": {"id": "nr", "owner_id": "betreuer"}}}}
    assert tables("own", tmp_path, own) == {"accounts": [{"id": "5", "owner_id": "x"}]}
    less = {"tables": {"accounts": {"columns": {"owner_id": False, "name": {"from": "Id"}}}}}
    assert tables("salesforce", tmp_path, less)["accounts"] == [
        {"id": "1", "name": "1", "Name": "A", "OwnerId": "2"}
    ]


def test_several_files_of_one_table(tmp_path: Path) -> None:
    write(
        tmp_path,
        Account_1=[{"Id": "1"}],
        Account_2=[{"Id": "2", "Name": "B"}],
        AccountTeam=[{"Id": "3"}],
    )
    (tmp_path / "Account-3.jsonl").write_text('{"Id": "4"}\n\n{"Id": "5"}\n')
    assert [row["id"] for row in tables("salesforce", tmp_path)["accounts"]] == ["4", "5", "1", "2"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ({"value": "v", "link": "l/x"}, "v"), ({"display_value": "d", "link": f"{HOST}/sys_user/abc"}, "abc"),
        ({"display_value": "d", "value": ""}, None), ("", None), ([], None), ([{"id": 3}], 3), ({"results": []}, None), (0, 0),
    ],
)  # fmt: skip
def test_what_a_cell_stands_for(cell: Any, expected: Any) -> None:
    assert plain(cell) == expected


@pytest.mark.parametrize(
    ("cell", "utc", "expected"),
    [
        ("2026-01-05 10:20:30", True, "2026-01-05 10:20:30Z"), ("2026-01-05 10:20:30", False, "2026-01-05 10:20:30"),
        ("2026-01-05", True, "2026-01-05"), (1767571200000, False, "2026-01-05"), ("1767571201000", False, "2026-01-05T00:00:01+00:00"),
        (1767571201, False, "2026-01-05T00:00:01+00:00"), ("05/01/2026", True, "05/01/2026"), ("20260105", True, "20260105"),
    ],
)  # fmt: skip
def test_what_a_moment_is(cell: Any, utc: bool, expected: str) -> None:
    assert moment(cell, utc) == expected


def test_which_files_are_called_so() -> None:
    for name in ("Account", "account", "Account_2", "my-account", "x.Account-2026-06-30"):
        assert suits(Path(f"{name}.csv"), "Account"), name
    for name in ("AccountTeam", "Accounts", "subaccount", "account_old"):
        assert not suits(Path(f"{name}.csv"), "Account"), name


# proposals ------------------------------------------------------------------------------------------------


def test_a_proposal_for_a_vendors_export_reads_it_as_the_vendors_mapping_does(tmp_path: Path) -> None:
    write(tmp_path, **boxed())
    proposal = intake.propose(tmp_path, "customersuccessbox")
    own = tomllib.loads(proposal.toml)
    expected = tables("customersuccessbox", tmp_path)
    found = tables("own", tmp_path, own)
    assert found.keys() == expected.keys()
    assert [row["id"] for row in found["contacts"]] == ["7"]
    assert found["subscriptions"][0]["status"] == "active"


def test_a_proposal_says_what_it_is_unsure_of(tmp_path: Path) -> None:
    write(tmp_path, engagement_csv=[{"ID": "1", "Account ID": "2", "Stag": "x", "Healthiness": "Gren", "Health": "crimson", "Created On": "2026-01-01"}], stuff_csv=[{"a": "b"}])  # fmt: skip
    proposal = intake.propose(tmp_path)
    own = tomllib.loads(proposal.toml)
    assert own["tables"]["engagements"]["columns"]["id"] == "ID"
    assert own["tables"]["engagements"]["columns"]["health"]["from"] == "Health"
    whole = "\n".join(proposal.unsure)
    for piece in ("stuff.csv", "whether this is engagements", "Stag", "'crimson'"):
        assert piece in whole, piece
    assert '# "crimson" = ?' in proposal.toml
    with pytest.raises(DataError):
        intake.propose(tmp_path / "none")


def test_a_name_with_quotes_in_a_proposal(tmp_path: Path) -> None:
    write(tmp_path, accounts=[{"id": "x", 'na"me\n\x7f': "y"}])
    assert (
        tomllib.loads(intake.propose(tmp_path).toml)["tables"]["accounts"]["columns"]["name"] == 'na"me\n\x7f'
    )
