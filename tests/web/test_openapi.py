"""The OpenAPI document and the JSON Schemas: valid, fresh, and true of what the service takes and gives."""

from __future__ import annotations

import copy
import json
from datetime import date

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from policyengine import Engine, load_bundle
from policyengine.api_schema.files import NAMES, api_schema, api_schema_text
from policyengine.diagnostics import Diagnostics
from policyengine.model.decision import (
    AmountDetail,
    AmountStep,
    DeadlineDate,
    Decision,
    ElementDecision,
    FaultNote,
    MissingFact,
    PlannedShare,
    Reason,
    Remark,
    SplitPlan,
)
from policyengine.shipped import shipped_schemas
from policyengine.testing.cases import read_cases
from policyengine.values.money import Money

PLACE = "urn:document"


@pytest.fixture(scope="module")
def document(client) -> dict:
    return client.get("/openapi.json").json()


@pytest.fixture(scope="module")
def validator(document):
    """A validator for the schema of this name in the document."""
    registry = Registry().with_resource(PLACE, Resource(document, DRAFT202012))

    def of(name):
        return Draft202012Validator({"$ref": f"{PLACE}#/components/schemas/{name}"}, registry=registry)

    return of


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    assert [str(e) for e in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_reference_leads_to_something(document):
    found = set(_references(document))
    assert "#/components/headers/Digest" in found
    resolver = Registry().with_resource(PLACE, Resource(document, DRAFT202012)).resolver(PLACE)
    for reference in found:
        resolver.lookup(reference)


def _references(data):
    """Every `$ref` of the document, at whatever depth."""
    if isinstance(data, dict):
        if "$ref" in data:
            yield data["$ref"]
        data = list(data.values())
    if isinstance(data, list):
        for item in data:
            yield from _references(item)


def test_every_schema_is_one_and_every_operation_has_its_own_name(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    operations = [o["operationId"] for path in document["paths"].values() for o in path.values() if isinstance(o, dict)]
    assert len(set(operations)) == len(operations)


def test_every_decision_has_its_paths(document, client):
    for bundle in client.get("/v1/bundles").json()["bundles"]:
        for decision in bundle["decisions"]:
            path = f"/v1/bundles/{bundle['id']}/decisions/{decision}"
            assert {path, f"{path}/batch"} <= document["paths"].keys()


def test_every_piece_is_used(document):
    text = json.dumps(document)
    assert [n for n in document["components"]["schemas"] if f'"#/components/schemas/{n}"' not in text] == []


@pytest.mark.parametrize("name", ["trade_assurance", "umbrella"])
def test_what_the_tests_of_a_bundle_ask_and_answer_fits(validator, bundles, name):
    bundle = load_bundle(bundles / name)
    cases = read_cases(bundle, bundles / name, Diagnostics())
    assert cases
    ask, alone = validator(f"{name}.Request"), Draft202012Validator(api_schema("decision"))
    generic = Draft202012Validator(api_schema("request"))
    answers = {decision: validator(f"{name}.{decision}.Decision") for decision in bundle.decisions}
    with Engine(bundle) as engine:
        for case in cases:
            body = {"facts": case.facts, "as_of": case.as_of.isoformat()}
            ask.validate(body)
            generic.validate(body)
            answer = engine.decide(case.decision, case.facts, as_of=case.as_of).to_dict()
            answers[case.decision].validate(answer)
            alone.validate(answer)


@pytest.mark.parametrize(
    "facts",
    [
        {"umbrela": {}},
        {"umbrella": {"prize": "4 EUR"}},
        {"umbrella": {"price": "4,00 EUR"}},
        {"umbrella": {"price": {"amount": "4"}}},
        {"umbrella": {"bought_on": "1.3.2025"}},
        {"umbrella": {"bought_on": ""}},
        {"umbrella": []},
        {"damage": {"cause": "rain"}},
        {"report": {"has_receipt": "yes"}},
    ],
)
def test_what_the_service_refuses_does_not_fit(validator, client, facts):
    assert client.post("/v1/bundles/umbrella/decisions/refund", json={"facts": facts}).status_code == 422
    assert not validator("umbrella.Request").is_valid({"facts": facts})


@pytest.mark.parametrize(
    "facts",
    [
        {"umbrella": None},
        {"umbrella": {"price": {"amount": 4.5, "currency": "EUR"}, "bought_on": "2025-03-01T10:00:00.5+02:00"}},
        {"umbrella": {"price": None}, "report": {"has_receipt": None}, "damage": {"cause": None}},
    ],
)
def test_what_the_service_takes_fits(validator, client, facts):
    assert client.post("/v1/bundles/umbrella/decisions/refund", json={"facts": facts}).status_code == 200
    validator("umbrella.Request").validate({"facts": facts})


@pytest.mark.parametrize(("form", "status"), [("short", 200), ("full", 200), (None, 200), ("long", 422), (1, 422)])
def test_forms_of_answers_are_described_as_they_are_taken(validator, client, form, status):
    for path, kind, body in (("", "Request", {"facts": {}}), ("/batch", "Batch", {"items": []})):
        body["answer"] = form
        answer = client.post(f"/v1/bundles/umbrella/decisions/refund{path}", json=body)
        assert (answer.status_code == 200) == (status == 200) == validator(f"umbrella.{kind}").is_valid(body)


def test_batches_descriptions_and_problems_fit(validator, client):
    items = [{"id": "a", "facts": {}}, {"facts": {"x": 1}}, {"id": 1, "facts": {}}]
    answers = client.post("/v1/bundles/umbrella/decisions/refund/batch", json={"items": items}).json()
    validator("Problem").validate(answers["items"][1]["problem"])
    for answer in (answers["items"][0], answers["items"][2]):
        validator("umbrella.refund.Decision").validate(answer["decision"])
    short = client.post("/v1/bundles/umbrella/decisions/refund", json={"facts": {}, "answer": "short"}).json()
    validator("ShortDecision").validate(short["decision"])
    for bundle in client.get("/v1/bundles").json()["bundles"]:
        validator("BundleSummary").validate(bundle)
        validator("BundleDescription").validate(client.get(f"/v1/bundles/{bundle['id']}").json()["bundle"])


@pytest.mark.parametrize("name", NAMES)
def test_schema_files_are_valid_and_fresh(name):
    Draft202012Validator.check_schema(api_schema(name))
    file = shipped_schemas() / f"{name}.schema.json"
    # When this fails: policyengine schema --write schemas
    assert file.read_text(encoding="utf-8") == api_schema_text(name)


def test_the_schema_of_a_decision_has_exactly_the_keys_of_a_decision():
    usd = Money.of("12.5", "USD")
    reason = Reason(rule="A-1", message="Because.", source=None, at="a.yaml:1", elements=("a",))
    step = AmountStep(rule=None, amount=usd)
    detail = {"start": usd, "steps": (step,), "result": usd, "limit": None}
    decision = Decision(
        decision="d",
        verdict="yes",
        verdict_class="granted",
        reasons=(reason,),
        missing=(MissingFact(fact="a.b", title=None, type="enum", members=("x",), rules=("A-1",), purpose="amount"),),
        elements=(ElementDecision(id="a", verdict="yes", element_class="granted", reasons=(reason,)),),
        deadlines=(
            DeadlineDate(rule="A-2", day=date(2025, 1, 1), days_left=-1, from_day=date(2025, 1, 2), element="a"),
        ),
        amount=usd,
        amounts=(
            AmountDetail(scope="group", element="a", group={"k": "v", "n": 1, "none": None}, **detail),
            AmountDetail(scope="total", element=None, group=None, **detail),
        ),
        needs=("photos",),
        warnings=(reason,),
        remarks=(Remark(code="c", message="m", fact="a.b"),),
        faults=(FaultNote(code="c", message="m", at="a.yaml:1"),),
        values={"text": "x", "set": ["a"], "money": {"amount": "1.00", "currency": None}, "flag": True, "none": None},
        split=SplitPlan(
            called="contracts",
            parts=1,
            proved=True,
            lower_bound=1,
            contents=(((PlannedShare(line="l", quantity=2, amount="3"),), {"amount": "3.00", "currency": "USD"}),),
        ),
        bundle=("b", "1", "0" * 64),
        as_of=date(2025, 1, 1),
    )
    data, schema = decision.to_dict(), api_schema("decision")
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(data)
    pieces = schema["$defs"]
    assert list(data) == list(schema["properties"])
    for piece, key in [
        ("Reason", "reasons"),
        ("MissingFact", "missing"),
        ("ElementDecision", "elements"),
        ("Deadline", "deadlines"),
        ("AmountDetail", "amounts"),
        ("Remark", "remarks"),
        ("Fault", "faults"),
    ]:
        damaged = copy.deepcopy(data)
        found = damaged[key][0]
        assert found.keys() == pieces[piece]["properties"].keys()
        del found[next(iter(found))]
        assert not Draft202012Validator(schema).is_valid(damaged)
