"""What others read: published schemas, reports as JSON and back, results out of FastAPI routes."""

from __future__ import annotations

import functools
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from fastapi import Body, FastAPI
from fastapi.testclient import TestClient

import cs_metrics as csm
from builders import A, everyone, portfolio
from cs_metrics.cli import main
from cs_metrics.published import SCHEMAS
from cs_metrics.results import schema
from cs_metrics.results.schemas import KINDS

ROOT = Path(__file__).parents[1]
REPORTS = pytest.mark.parametrize("report", csm.catalog.reports(), ids=lambda report: str(report.id))


@functools.cache
def checker(which: str) -> jsonschema.Draft202012Validator:
    made = SCHEMAS[which]() if which in SCHEMAS else schema(which)
    return jsonschema.Draft202012Validator(made)


@functools.cache
def company() -> csm.Portfolio:
    return csm.samples.portfolio(engagements=24)


@functools.cache
def looks() -> dict[str, csm.View]:
    filters = csm.Filters(
        industries=["Retail", "Software"], contract_values=[csm.ValueBand(0, 10_000), csm.ValueBand(None)]
    )
    owner = company().view(as_of=A, viewer=csm.EVERYONE).options("owners")[0]
    return {
        "full": company().view(as_of=A, viewer=csm.EVERYONE),
        "filtered": company().view(as_of=A, viewer=owner, filters=filters),
        "empty": csm.samples.portfolio(engagements=0).view(as_of=A, viewer=csm.EVERYONE),
        "without tables": everyone(portfolio()),
    }


seen: set[str] = set()


def keeps_to_the_schema(data: dict[str, Any]) -> None:
    """Metric by metric against its own kind, then the report around them: the same, told sooner.

    A metric that stands in several reports is looked at once.
    """
    for section in data["sections"]:
        for metric in section["metrics"]:
            text = json.dumps(metric)
            if metric["kind"] != "unavailable" and text not in seen:
                seen.add(text)
                checker(metric["kind"]).validate(metric)
    missing = [
        section | {"metrics": [metric for metric in section["metrics"] if metric["kind"] == "unavailable"]}
        for section in data["sections"]
    ]
    checker("reports").validate(data | {"sections": missing})


@REPORTS
def test_reports_keep_to_the_schema_and_read_back(report: csm.Report) -> None:
    for name, view in looks().items():
        found = report.compute(view)
        data = json.loads(found.to_json())
        keeps_to_the_schema(data)
        if name == "without tables":
            checker("reports").validate(data)
        back = csm.ReportResult.from_dict(data)
        assert back == found and back.to_json() == found.to_json(), name
        assert [*back.results] == [*found.results]
        assert [title for title, _ in back.sections()] == [title for title, _ in found.sections()]
        assert (back.id, back.title, back.as_of, back.viewer, back.filters_applied) == (
            found.id, found.title, found.as_of, found.viewer, found.filters_applied,
        )  # fmt: skip
        for metric, result in found.results.items():
            assert type(back[metric]) is type(result), metric
            if isinstance(result, csm.Result):
                assert back[metric].value == result.value, metric  # type: ignore[union-attr]
            else:
                assert str(back[metric]) == str(result) and back[metric].metric.title == result.metric.title  # type: ignore[union-attr]


def test_a_report_that_says_something_else_is_another_one() -> None:
    found = csm.reports.success_report(looks()["full"])
    data = json.loads(found.to_json())
    for key, other in (
        ("as_of", "2026-07-01"),
        ("viewer", "U1"),
        ("title", "x"),
        ("filters", {"stages": ["x"]}),
    ):
        assert csm.ReportResult.from_dict(data | {key: other}) != found, key
    data["sections"][0]["metrics"][0]["excluded"]["closed"] = 99
    assert csm.ReportResult.from_dict(data) != found
    assert (
        csm.reports.success_report(looks()["full"]) == found != csm.reports.success_report(looks()["empty"])
    )


def test_which_rows_were_looked_at_is_told_apart() -> None:
    """As for results: two portfolios that give the same report give equal ones."""
    made = portfolio(engagements=[{"id": "E1"}], risk_signals=[{"id": "R1"}])
    before = csm.reports.success_report(made.view(as_of=A, viewer=csm.EVERYONE))
    assert before.to_dict()["portfolio"] is None
    known = made.fingerprint
    after = csm.reports.success_report(made.view(as_of=A, viewer=csm.EVERYONE))
    assert after.to_dict()["portfolio"] == known and before == after


def test_a_report_read_back_is_written_in_every_way(tmp_path: Path) -> None:
    found = csm.reports.success_report(looks()["filtered"])
    back = csm.ReportResult.from_dict(json.loads(found.to_json()))
    for path, report in ((tmp_path / "a", found), (tmp_path / "b", back)):
        report.to_csv(path)
        report.to_excel(path / "x.xlsx")
    for file in (tmp_path / "a").glob("*.csv"):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
    assert back.to_text(rows=0) == found.to_text(rows=0)
    assert "Total engagements" in back.to_html() and back._repr_html_()
    assert [*back.to_frames()] == [*found.to_frames()]
    with pytest.raises(csm.errors.RowsNotKept):
        assert back.view
    with pytest.raises(csm.errors.RowsNotKept):
        back.report.compute(looks()["full"])


def test_a_listing_sent_in_part_says_so() -> None:
    for result in (
        csm.overview.engagements_with_upcoming_qbrs(looks()["full"]),
        csm.usage.adoption(looks()["full"]),
    ):
        assert isinstance(result, csm.Listing) and result.value > 2
        sent = csm.Result.from_dict(json.loads(json.dumps(result.to_dict(rows=2))))
        assert isinstance(sent, csm.Listing)
        assert sent.value == result.value and sent.head(2) == result.head(2)
        assert sent.to_dict() == result.to_dict(rows=2) == sent.to_dict(rows=5)
        for asked in (sent.all, sent.to_csv, lambda sent=sent: sent.head(3)):
            with pytest.raises(csm.errors.RowsNotKept, match="the first 2 of its"):
                asked()
        assert pickle.loads(pickle.dumps(sent)) == sent


@pytest.mark.parametrize(
    "broken",
    [
        {}, {"schema": "urn:cs-metrics:reports:2"}, {"schema": None}, {"sections": None}, {"sections": [7]},
        {"sections": [{"title": "x", "metrics": [{"kind": "count"}]}]}, {"purpose": "fun"}, {"as_of": "yesterday"},
        {"audiences": ["all"]}, {"currency": "EUR"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_report_is_an_error(broken: dict[str, Any]) -> None:
    data = csm.reports.success_report(looks()["without tables"]).to_dict()
    with pytest.raises(csm.errors.DataError, match=r"ReportResult\.to_dict"):
        csm.ReportResult.from_dict(data | broken if broken else {})


@pytest.mark.parametrize(
    "broken", [{"schema": "urn:cs-metrics:results:2"}, {"kind": "x"}, {"kind": []}, {"metric": 1}]
)
def test_what_is_no_result_is_an_error(broken: dict[str, Any]) -> None:
    data = csm.overview.total_engagements(looks()["full"]).to_dict()
    for given in (data | broken, None, [], "x"):
        with pytest.raises(csm.errors.DataError, match=r"Result\.to_dict"):
            csm.Result.from_dict(given)  # type: ignore[arg-type]


# the schemas ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["results", "reports", "records"])
def test_the_published_schema_is_what_the_code_says(which: str) -> None:
    """What is published stays: a change that readers can notice gets a new version and a new file."""
    made = SCHEMAS[which]()
    jsonschema.Draft202012Validator.check_schema(made)
    file = ROOT / f"docs/schema/{which}-{made['version']}.json"
    assert json.loads(file.read_text("utf-8")) == json.loads(json.dumps(made))
    assert made["$id"] == f"urn:cs-metrics:{which}:{made['version']}"


def test_every_kind_has_a_definition_and_every_definition_is_closed() -> None:
    found = schema()["$defs"]
    kinds = {kind for kind in vars(csm.results).values() if isinstance(kind, type) and hasattr(kind, "kind")}
    assert kinds | {csm.results.Change} == set(KINDS)
    assert len({kind.kind for kind in kinds}) == len(kinds)
    for kind in KINDS:
        definition = found[kind.__name__]
        assert definition["additionalProperties"] is False and definition["description"]
        assert set(definition["required"]) == set(definition["properties"])


def test_what_does_not_keep_to_the_schema_is_told() -> None:
    data = csm.overview.total_engagements(looks()["full"]).to_dict()
    checker("results").validate(data)
    checker("all").validate(data)
    for broken in (
        {"value": "7"},
        {"kind": "amount"},
        {"used": -1},
        {"new": 1},
        {"schema": "x"},
        {"viewer": None},
    ):
        assert not checker("results").is_valid(data | broken), broken
    report = csm.reports.revenue(looks()["without tables"]).to_dict()
    checker("all").validate(report)
    for broken in ({"sections": [{}]}, {"purpose": "fun"}, {"portfolio": "zz"}):
        assert not checker("reports").is_valid(report | broken), broken
    with pytest.raises(csm.errors.OptionError, match="did you mean 'count'"):
        schema("coun")


def test_records_keep_to_their_schema() -> None:
    user = {"id": "U1", "role": "success_agent"}
    checker("records").validate({"users": [user], "accounts": [{"id": 1, "owner_id": "U1"}]})
    assert not checker("records").is_valid({"users": [user | {"role": "king"}]})
    assert not checker("records").is_valid({"customers": []})


@pytest.mark.parametrize("which", ["results", "reports", "records", "all", None])
def test_the_command_line_gives_the_schemas(
    which: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["schema"] if which is None else ["schema", which]
    assert main(asked) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == json.loads(json.dumps(SCHEMAS[which or "all"]()))
    assert main([*asked, "--out", str(tmp_path / "x.json")]) == 0
    assert (tmp_path / "x.json").read_text("utf-8") == printed


# FastAPI ----------------------------------------------------------------------------------------------------

app = FastAPI()


@app.get("/total")
def total() -> csm.Count:
    return csm.overview.total_engagements(looks()["full"])


@app.get("/created")
def created() -> csm.Trend:
    return csm.review.new_accounts(looks()["full"])


@app.get("/scores")
def scores() -> csm.Listing:
    return csm.health.scores(looks()["full"])


@app.get("/metrics/{identity}")
def any_metric(identity: str) -> csm.Result:
    found: csm.Result = csm.catalog.metric(identity).compute(looks()["full"])
    return found


@app.get("/reports/{identity}")
def any_report(identity: str) -> csm.ReportResult:
    return csm.catalog.report(identity).compute(looks()["full"])


@app.get("/changes")
def changes() -> csm.Change:
    before = company().view(as_of="2026-05-31", viewer=csm.EVERYONE)
    return csm.what_changed(csm.overview.total_engagements, before, looks()["full"])


@app.post("/count")
def take_count(result: Annotated[csm.Count, Body()]) -> csm.Count:
    return result


@app.post("/report")
def take_report(report: Annotated[csm.ReportResult, Body()]) -> csm.ReportResult:
    return report


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(app)


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> Any:
    return client.get("/openapi.json").json()


def answered(openapi: Any, path: str, method: str = "get") -> Any:
    return openapi["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]


def test_fastapi_answers_with_our_json(client: TestClient) -> None:
    told = {"/total": total(), "/created": created(), "/scores": scores(), "/changes": changes()}
    told |= {f"/reports/{report.id}": any_report(report.id) for report in csm.catalog.reports()}
    told |= {f"/metrics/{metric.id}": any_metric(metric.id) for metric in csm.catalog.metrics()[::4]}
    for path, result in told.items():
        answer = client.get(path)
        assert answer.status_code == 200 and answer.json() == json.loads(result.to_json()), path
        assert list(answer.json()) == list(result.to_dict())


def test_openapi_has_a_component_for_each_class(openapi: Any) -> None:
    components = openapi["components"]["schemas"]
    assert {kind.__name__ for kind in KINDS} | {"ReportResult", "Unavailable", "MetricSpec"} <= set(
        components
    )
    for path, name in (("/total", "Count"), ("/created", "Trend"), ("/changes", "Change")):
        assert answered(openapi, path) == {"$ref": f"#/components/schemas/{name}"}
    assert answered(openapi, "/reports/{identity}") == {"$ref": "#/components/schemas/ReportResult"}
    listings = {kind.__name__ for kind in KINDS if issubclass(kind, csm.Listing)}
    named = answered(openapi, "/scores")["anyOf"]
    assert {part["$ref"].rpartition("/")[2] for part in named} == listings > {"Scores", "Groups"}
    text = json.dumps(openapi)
    for reference in set(
        json.loads(
            f"[{','.join(part.split('}')[0] for part in text.split(chr(34) + '$ref' + chr(34) + ': ')[1:])}]"
        )
    ):
        assert reference.startswith("#/components/schemas/") and reference.rpartition("/")[2] in components


def test_components_say_what_the_published_schema_says(client: TestClient, openapi: Any) -> None:
    text = json.dumps(openapi["components"]["schemas"]).replace("#/components/schemas/", "#/$defs/")
    definitions = json.loads(text)
    for name, definition in json.loads(json.dumps(SCHEMAS["reports"]()["$defs"])).items():
        assert definitions[name] == definition, name
    for path, name in (("/total", "Count"), ("/created", "Trend"), ("/reports/revenue", "ReportResult")):
        made = {"$ref": f"#/$defs/{name}", "$defs": definitions}
        jsonschema.Draft202012Validator(made).validate(client.get(path).json())


def test_fastapi_takes_our_json_back(client: TestClient) -> None:
    for path, result in (("/count", total()), ("/report", any_report("revenue"))):
        answer = client.post(path, json=result.to_dict())
        assert answer.status_code == 200 and answer.json() == result.to_dict()
    refused = client.post("/count", json=created().to_dict())
    assert refused.status_code == 422 and "this is a Trend, not a Count" in refused.text
    for path in ("/count", "/report"):
        assert client.post(path, json={"kind": "count"}).status_code == 422


def test_a_hosts_own_kind_of_result_is_answered_with_too() -> None:
    class Doubled(csm.Result):
        """Twice as many."""

        kind = "doubled"

        @property
        def value(self) -> int:
            return 2 * self.used

        def _payload(self) -> dict[str, Any]:
            return {"value": self.value}

    @csm.metric(title="Doubled", unit="engagements", source="ours", counts="engagements")
    def doubled(view: csm.View) -> Doubled:
        """Twice the engagements."""
        return Doubled(view.engagements.everything)

    app = FastAPI()
    app.add_api_route("/doubled", lambda: doubled(looks()["full"]), response_model=Doubled)
    client = TestClient(app)
    answer = client.get("/doubled").json()
    assert answer["value"] == 48 and answer == doubled(looks()["full"]).to_dict()
    told = client.get("/openapi.json").json()
    stated = answered(told, "/doubled")
    assert stated["properties"]["kind"] == {"const": "doubled"} and stated["additionalProperties"] is True
    assert stated["properties"]["metric"] == {"$ref": "#/components/schemas/MetricSpec"}


def test_pydantic_is_imported_by_nobody_who_does_not_use_it() -> None:
    code = (
        "import sys, cs_metrics as csm; csm.Result, csm.ReportResult, csm.catalog, csm.results.schema();"
        "assert not [name for name in sys.modules if name.startswith(('pydantic', 'fastapi'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT / "src")})
