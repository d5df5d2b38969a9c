"""The schemas of what the faces take and give, as they are kept in ``schemas/``; a test keeps them fresh."""

from __future__ import annotations

import json
from pathlib import Path

from policyengine.api_schema.decision import decision_schemas
from policyengine.api_schema.explanation import explanation_schemas
from policyengine.api_schema.parts import Schema, document
from policyengine.api_schema.problem import problem_schemas
from policyengine.api_schema.request import request_schemas
from policyengine.api_schema.results import results_schemas

_SCHEMAS = {
    "request": request_schemas,
    "decision": decision_schemas,
    "explanation": explanation_schemas,
    "problem": problem_schemas,
    "results": results_schemas,
}
NAMES = tuple(_SCHEMAS)


def api_schema(name: str) -> Schema:
    """The schema of this name, a fresh copy. Raises ``KeyError`` for an unknown name."""
    shared = _SCHEMAS[name]()
    body = shared.pop(name.capitalize())
    return document(body.pop("title"), body, shared)


def api_schema_text(name: str) -> str:
    """The text of a schema file."""
    return json.dumps(api_schema(name), indent=2, ensure_ascii=False) + "\n"


def write_api_schemas(folder: Path) -> list[Path]:
    """Write the schemas into ``folder`` and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.schema.json" for name in NAMES]
    for name, file in zip(NAMES, files, strict=True):
        file.write_text(api_schema_text(name), encoding="utf-8")
    return files
