"""The OpenAPI document and the JSON Schemas: valid, fresh, and true of what the service takes and gives."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from policyengine import Engine, load_bundle
from policyengine.api_schema.files import NAMES, api_schema, api_schema_text
from policyengine.diagnostics import Diagnostics
from policyengine.shipped import shipped_schemas
from policyengine.testing.cases import read_cases

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


def test_batches_descriptions_and_problems_fit(validator, client):
    items = [{"id": "a", "facts": {}}, {"facts": {"x": 1}}, {"id": 1, "facts": {}}]
    answers = client.post("/v1/bundles/umbrella/decisions/refund/batch", json={"items": items}).json()
    validator("Problem").validate(answers["items"][1]["problem"])
    for answer in (answers["items"][0], answers["items"][2]):
        validator("umbrella.refund.Decision").validate(answer["decision"])
    for bundle in client.get("/v1/bundles").json()["bundles"]:
        validator("BundleSummary").validate(bundle)
        validator("BundleDescription").validate(client.get(f"/v1/bundles/{bundle['id']}").json()["bundle"])


@pytest.mark.parametrize("name", NAMES)
def test_schema_files_are_valid_and_fresh(name):
    Draft202012Validator.check_schema(api_schema(name))
    file = shipped_schemas() / f"{name}.schema.json"
    # When this fails: policyengine schema --write schemas
    assert file.read_text(encoding="utf-8") == api_schema_text(name)
