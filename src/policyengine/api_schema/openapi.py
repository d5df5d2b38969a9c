"""The OpenAPI 3.1 document of a service: a path for every decision, a schema for every vocabulary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from policyengine.access.scopes import NEEDS, Other, Scope
from policyengine.api_schema.decision import UNDETERMINED, decision_schemas, short_decision_schemas
from policyengine.api_schema.explanation import explanation_schemas
from policyengine.api_schema.log import (
    envelope_piece,
    idempotency_header,
    log_parameters,
    log_schemas,
    record_parameter,
)
from policyengine.api_schema.parts import Schema, listing, moved, record, ref, text
from policyengine.api_schema.problem import problem_schemas
from policyengine.api_schema.request import as_of_piece, batch, batch_answer, explanation_piece, question
from policyengine.api_schema.service import service_schemas
from policyengine.api_schema.vocabulary import facts_schema, value_schemas
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec
from policyengine.values.types import Kind

DIGEST_HEADER = "Policy-Bundle-Digest"
KEY_HEADER = "Idempotency-Key"
PROBLEM_TYPE = "application/problem+json"
#: JSON lines: a body of many JSON texts, each on a line of its own.
STREAM_TYPE = "application/x-ndjson"
_JSON = "application/json"
_DECISION: Final = re.compile(r"^/v1/bundles/[^/]+/decisions/[^/]+")
_MEANINGS = {
    "400": "The body is not JSON, or not JSON with one meaning only.",
    "401": "A key is needed, and none that is good was sent.",
    "403": "The key does not allow this, or the log cannot be read here.",
    "404": "There is no such bundle, decision or record.",
    "413": "The body is too large, or holds too many items.",
    "415": "The body is not sent as JSON, or as JSON lines.",
    "422": "The body is JSON, but cannot be used: every fault is listed with its place.",
    "429": "The key asks more often than it may; `Retry-After` says when to come again.",
    "500": "A fault of the service.",
    "503": "The service cannot decide, or cannot log, at the moment.",
}


def openapi(bundles: Mapping[str, CheckedBundle], version: str, *, keyed: bool = False) -> Schema:
    """The document; ``version`` is the service's own, and ``keyed`` says whether callers need keys."""
    paths: Schema = dict(_fixed_paths())
    pieces = {
        **decision_schemas(),
        **short_decision_schemas(),
        **explanation_schemas(),
        **problem_schemas(),
        **log_schemas(),
    }
    pieces |= {**as_of_piece(), **value_schemas(bundles.values()), **_descriptions(), **service_schemas()}
    for bundle in bundles.values():
        pieces |= _pieces_of(bundle)
        for spec in bundle.decisions.values():
            paths |= _paths_of(bundle, spec)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Policy decisions", "version": version, "description": _about()},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": pieces, "headers": {"Digest": _digest_header()}},
    }
    if keyed:
        _need_keys(document)
    return moved(document, "#/components/schemas/")  # type: ignore[no-any-return]


def _need_keys(document: Schema) -> None:
    """Say of every operation which key it needs, and what is answered without one."""
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, item in document["paths"].items():
        address = _DECISION.sub("/v1/bundles/{bundle}/decisions/{decision}", path)
        for method in item.keys() & {"get", "post"}:
            need = NEEDS[f"{method.upper()} {address}"]
            if need is not Other.NOTHING:
                item[method]["security"] = [{"key": [need.value] if isinstance(need, Scope) else []}]
                item[method]["responses"] |= _problems("401", "403", "429", "503")


def _about() -> str:
    return (
        "Decides by policies, and says why. Facts that are left out or null are unknown, never false: the answer "
        "then says what is missing. The same policies, facts and day give the same bytes."
    )


def _digest_header() -> Schema:
    return {"description": "SHA-256 over the files of the bundle that answered.", "schema": {"type": "string"}}


def _pieces_of(bundle: CheckedBundle) -> Schema:
    facts = f"{bundle.id}.Facts"
    pieces = {
        facts: facts_schema(bundle),
        f"{bundle.id}.Request": question(f"Question to {bundle.title}", facts),
        f"{bundle.id}.Batch": batch(f"Questions to {bundle.title}", facts),
    }
    return pieces | {f"{bundle.id}.{spec.name}.Decision": _decision_of(spec) for spec in bundle.decisions.values()}


def _decision_of(spec: DecisionSpec) -> Schema:
    """The decision with the words that this one may answer."""
    words = list(spec.verdicts)
    if spec.value is not None and spec.value.type.kind is Kind.ENUM and not spec.value.type.open:
        words = list(spec.value.type.members)
    closed: Schema = {"verdict": {"enum": [*words, UNDETERMINED]}} if words else {}
    fixed: Schema = {"decision": {"const": spec.name}, **closed}
    return {"title": spec.title, "allOf": [ref("Decision")], "properties": fixed}


def _paths_of(bundle: CheckedBundle, spec: DecisionSpec) -> Schema:
    path = f"/v1/bundles/{bundle.id}/decisions/{spec.name}"
    forms = [ref(f"{bundle.id}.{spec.name}.Decision"), ref("ShortDecision")]
    answer: Schema = {"oneOf": forms, "description": "The decision, in the form that was asked for."}
    one = _post(bundle, spec, "decide", "Request", _answer(answer))
    many = _post(bundle, spec, "batch", "Batch", batch_answer(answer))
    many["summary"] += ": many questions at once"
    many["requestBody"]["content"][STREAM_TYPE] = {"schema": _lines("A question on each line, as of a single one.")}
    many["responses"]["200"]["content"][STREAM_TYPE] = {"schema": _lines("An answer on each line, as of a batch.")}
    return {path: {"post": one}, f"{path}/batch": {"post": many}}


def _lines(description: str) -> Schema:
    return text(f"JSON lines. {description} The document cannot say more of a stream than this.")


def _answer(decision: Schema) -> Schema:
    more = {"explanation": explanation_piece(), "envelope": envelope_piece()}
    return record("Answer", {"decision": decision, **more}, optional=tuple(more))


def _post(bundle: CheckedBundle, spec: DecisionSpec, verb: str, body: str, answer: Schema) -> Schema:
    return {
        "operationId": f"{verb}.{bundle.id}.{spec.name}",
        "summary": spec.title,
        "tags": [bundle.id],
        "parameters": [idempotency_header(KEY_HEADER)],
        "requestBody": {"required": True, "content": {_JSON: {"schema": ref(f"{bundle.id}.{body}")}}},
        "responses": {
            "200": {
                "description": "Decided. A refusal is an answer too.",
                "headers": {DIGEST_HEADER: {"$ref": "#/components/headers/Digest"}},
                "content": {_JSON: {"schema": answer}},
            },
            **_problems("400", "404", "413", "415", "422", "500", "503"),
        },
    }


def _problems(*statuses: str) -> Schema:
    content = {PROBLEM_TYPE: {"schema": ref("Problem")}}
    return {status: {"description": _MEANINGS[status], "content": content} for status in statuses}


def _fixed_paths() -> Schema:
    name = {"name": "bundle", "in": "path", "required": True, "description": "Id.", "schema": {"type": "string"}}
    lists = record("Bundles", {"bundles": listing(ref("BundleSummary"), "The bundles of this service.")})
    described = record("Bundle", {"bundle": ref("BundleDescription")})
    return {
        "/v1/bundles": {"get": _get("bundles", "The bundles of this service", _JSON, lists)},
        "/v1/bundles/{bundle}": {
            "parameters": [name],
            "get": _get("bundle", "A bundle: its decisions and its facts", _JSON, described, "404"),
        },
        "/v1/log": {
            "parameters": log_parameters(),
            "get": _get("log", "Logged decisions, newest first", _JSON, ref("LogPage"), "400", "403", "503"),
        },
        "/v1/log/{decision_id}": {
            "parameters": [record_parameter()],
            "get": _get("record", "A logged decision", _JSON, ref("LogRecord"), "403", "404", "503"),
        },
        "/healthz": {"get": _get("healthz", "Whether the service runs", _JSON, {"type": "object"})},
        "/v1/admin/reload": {"post": _reload()},
        "/readyz": {"get": _ready()},
        "/metrics": {"get": _get("metrics", "Counts and times, for Prometheus", "text/plain", {"type": "string"})},
        "/openapi.json": {"get": _get("openapi", "This document", _JSON, {"type": "object"})},
    }


def _ready() -> Schema:
    summary = "Whether every bundle can decide, and is logged"
    told = _get("readyz", summary, _JSON, {"anyOf": [ref("Readiness"), ref("Ready")]})
    content = {PROBLEM_TYPE: {"schema": ref("ReadinessProblem")}}
    return told | {"responses": told["responses"] | {"503": {"description": "It is not ready.", "content": content}}}


def _reload() -> Schema:
    responses = _get("reload", "Load the bundles anew", _JSON, ref("Reload"), "403")
    content = {PROBLEM_TYPE: {"schema": ref("ReloadProblem")}}
    meanings = {"422": "Bundles were refused.", "503": "The reload came to no end, or not in time in every worker."}
    told = {status: {"description": meaning, "content": content} for status, meaning in meanings.items()}
    return responses | {"responses": responses["responses"] | told}


def _get(name: str, summary: str, media: str, schema: Schema, *problems: str) -> Schema:
    fine = {"description": "Here it is.", "content": {media: {"schema": schema}}}
    responses = {"200": fine, **_problems(*problems)}
    return {"operationId": name, "summary": summary, "tags": ["service"], "responses": responses}


def _descriptions() -> dict[str, Schema]:
    """What is told about bundles."""
    identity = {
        "id": text("Id of the bundle; part of its address."),
        "title": text("What the bundle is about."),
        "version": text("Its version, as its author gave it."),
        "digest": text("SHA-256 over its files.", pattern="^[0-9a-f]{64}$"),
    }
    words: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    decision = record(
        "Decision of a bundle",
        {
            "id": text("Id of the decision; part of its address."),
            "title": text("What is decided."),
            "each": {"type": ["string", "null"], "description": "The list whose elements are decided one by one."},
            "verdicts": {**words, "description": "The words it may answer, each with its class."},
            "element_verdicts": {**words, "description": "The words for one element, each with its class."},
        },
    )
    vocabulary = record(
        "Vocabulary",
        {
            "facts": listing(ref("FactDescription"), "The facts of the whole."),
            "lists": listing(ref("ListDescription"), "The lists, each with the facts of its elements."),
        },
    )
    names = listing({"type": "string"}, "Ids of its decisions.")
    return {
        "BundleSummary": record("Bundle in brief", {**identity, "decisions": names}),
        "BundleDescription": record(
            "Bundle",
            {
                **identity,
                "time_zone": text("The zone that turns moments into days."),
                "decisions": listing(decision, "What may be asked."),
                "vocabulary": vocabulary,
            },
        ),
        "FactDescription": _fact_description(),
        "ListDescription": _list_description(),
    }


def _fact_description() -> Schema:
    optional = {
        "title": text("What it is, in a few words."),
        "description": text("More about it."),
        "example": text("An example, as policies write it."),
        "unit": text("What a number counts."),
        "members": listing({"type": "string"}, "The members to choose from."),
        "open": {"type": "boolean", "description": "Whether other texts may be given."},
        "min": text("The least value."),
        "max": text("The greatest value."),
        "decimals": {"type": "integer", "description": "How many decimal places an amount may have."},
        "may_be_empty": {"type": "boolean", "description": "Whether empty text may say that there is no such day."},
        "default": text("What stands in when it is left out, as the policy writes it."),
    }
    fixed = {"name": text("Name of the fact."), "type": text("Type of the fact.")}
    return record("Fact", {**fixed, **optional}, optional=tuple(optional))


def _list_description() -> Schema:
    optional = {"title": text("What it is, in a few words."), "description": text("More about it.")}
    fixed = {
        "name": text("Name of the list."),
        "each": text("What one element is called."),
        "id": {"type": ["string", "null"], "description": "The field that names an element; null: its position does."},
        "default_empty": {"type": "boolean", "description": "Whether a list that is left out is an empty one."},
        "fields": listing(ref("FactDescription"), "The facts of an element."),
    }
    return record("List", {**fixed, **optional}, optional=tuple(optional))
