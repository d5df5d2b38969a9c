"""The JSON Schemas (2020-12) of policy files, one for each kind, and the files in ``schemas/``.

``python -m policyengine.frontend.schemagen [FOLDER]`` writes them; a test keeps them fresh. The service
itself never reads those files: :func:`schema_for` builds the same data.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from policyengine.frontend import schema_words as words
from policyengine.frontend.schema_facts import facts_properties
from policyengine.frontend.schema_parts import (
    NEVER,
    SHARED,
    Schema,
    definitions,
    either,
    explained,
    listing,
    named,
    record,
    ref,
    scalar,
    typed_like,
    word,
)
from policyengine.frontend.schema_rules import payout_properties, policies_of
from policyengine.frontend.schema_tests import some_cases, tests_properties
from policyengine.shipped import shipped_schemas

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_for(kind: str) -> Schema:
    """The schema of files of this kind, a fresh copy. Raises ``KeyError`` for an unknown kind."""
    title, required, properties = _SHAPES[kind]()
    kind_key = {"const": kind, "description": "What the file holds."}
    body = record(title, ("kind", *required), {"kind": kind_key, **properties}, **_DEMANDS.get(kind, {}))
    schema = {"$schema": DIALECT, **body}
    schema["$defs"] = _used(schema)
    return json.loads(json.dumps(schema))  # type: ignore[no-any-return]


def write_schemas(folder: Path) -> list[Path]:
    """Write the schemas of all kinds into ``folder`` and return the files, in the order of kinds."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{kind}.schema.json" for kind in words.KINDS]
    for kind, file in zip(words.KINDS, files, strict=True):
        file.write_text(schema_text(kind), encoding="utf-8")
    return files


def schema_text(kind: str) -> str:
    """The text of a schema file."""
    return json.dumps(schema_for(kind), indent=2, ensure_ascii=False) + "\n"


def _used(schema: Schema) -> dict[str, Schema]:
    """The shared pieces that a schema refers to, directly or through others, by name."""
    found: set[str] = set()
    waiting = [json.dumps(schema)]
    while waiting:
        text = waiting.pop()
        new = {name for name in SHARED if f'"#/$defs/{name}"' in text} - found
        found |= new
        waiting += [json.dumps(SHARED[name]) for name in new]
    return {name: piece for name, piece in SHARED.items() if name in found}


_Shape = tuple[str, tuple[str, ...], dict[str, Schema]]


def _bundle() -> _Shape:
    properties = {
        "bundle": ref("name", "Name of the bundle; part of its address."),
        "title": scalar("What the bundle is about; shown to people."),
        "version": scalar("Version of the bundle; put into every answer."),
        "time_zone": scalar("IANA name of the zone that turns timestamps into days, such as `UTC`."),
        "in_force_on": scalar("The date that parameters and dated rules are keyed on, unless they say otherwise."),
        "calendar": ref("name", "The calendar of working days, unless another is named."),
        "decisions": named(_decision(), "The decisions that can be asked for.", least=1),
    }
    return "Bundle", ("bundle", "title", "version", "decisions"), properties


def _decision() -> Schema:
    classes, element_classes = (
        word(words.CLASSES, "Class of the word."),
        word(words.ELEMENT_CLASSES, "Class of the word."),
    )
    step: Schema = {
        "type": ["string", "array"],
        "pattern": words.NAME,
        "items": {"$ref": "#/$defs/name"},
        "minItems": 1,
    }
    otherwise = {
        "document": _outcome("What holds for the whole when no rule does."),
        "element": _outcome("What holds for an element when no rule does."),
    }
    properties = {
        "title": scalar("What is decided; shown to people."),
        "is": scalar("The decision is the value of this enum definition."),
        "each": ref("name", "Singular of a list: the decision is taken for each of its elements."),
        "verdicts": named(classes, "Words and their classes; the order is the precedence inside a class.", least=1),
        "element_verdicts": named(
            element_classes, "Words for one element; the words of `verdicts` if left out.", least=1
        ),
        "steps": listing(
            step, "Policies in the order in which they are weighed; an inner list is weighed together.", least=1
        ),
        "otherwise": {
            **record("Otherwise", (), otherwise, **either("`otherwise`", "document", "element")),
            "description": "What holds when every rule is certainly false.",
        },
        "report": listing(ref("dotted_name", "A fact or definition."), "Values that are put into the answer."),
    }
    demands = {"verdicts": ["steps", "otherwise"]}
    rule_keys = {k: NEVER for k in properties if k not in ("title", "is", "verdicts")}
    return record(
        "Decision",
        ("title",),
        properties,
        dependentRequired=demands,
        dependentSchemas={"is": {"properties": rule_keys}},
        **either("a decision", "is", "verdicts"),
    )


def _outcome(description: str) -> Schema:
    properties = {
        "verdict": ref("name", "The word that holds."),
        "id": ref("rule_id", "With an id it is reported like a rule."),
        **explained(),
    }
    return {**record("Outcome", ("verdict",), properties), "description": description}


def _parameters() -> _Shape:
    value: Schema = {"type": ["string", "number", "boolean", "array"], "items": {"$ref": "#/$defs/member"}}
    dated = {
        "from": scalar("First day; only the first value may leave it out."),
        "value": {**value, "description": "The value from that day on; members of a set are a list."},
        "source": scalar("The paper that this value comes from."),
    }
    properties = {
        **typed_like(words.VALUE_TYPES),
        "title": scalar("What it is, in a few words; shown to people."),
        "description": scalar("More about it."),
        "source": scalar("The paper that it comes from."),
        "keyed_on": scalar("The date that picks the value; the bundle's `in_force_on` if left out."),
        "value": {**value, "description": "The value that always holds; members of a set are a list."},
        "values": listing(record("Dated value", ("value",), dated), "Values by date, in rising order.", least=1),
    }
    parameter = record("Parameter", ("type",), properties, **either("a parameter", "value", "values"))
    return "Parameters", ("parameters",), {"parameters": named(parameter, "Named values by date.")}


def _calendars() -> _Shape:
    day: Schema = {"type": ["string"], "pattern": words.MONTH_DAY}
    properties = {
        "title": scalar("What it is, in a few words; shown to people."),
        "weekend": listing(word(words.WEEKDAYS, "A day of the week."), "Days of the week without work."),
        "holidays": {
            "type": "object",
            "propertyNames": {"pattern": words.YEAR},
            "additionalProperties": listing(day, "Days without work, as month and day."),
            "description": "Holidays by year; a year that is not listed has weekends only.",
        },
    }
    calendar = record("Calendar", ("weekend",), properties)
    return "Calendars", ("calendars",), {"calendars": named(calendar, "Calendars of working days.")}


def _facts() -> _Shape:
    return "Facts", ("facts",), facts_properties()


def _definitions() -> _Shape:
    return "Definitions", ("definitions",), {"definitions": definitions()}


def _payout() -> _Shape:
    return "Payout", ("decision", "policies"), {**payout_properties(), "definitions": definitions()}


def _tests() -> _Shape:
    return "Tests", ("decision",), tests_properties()


def _rules(kind: str) -> Callable[[], _Shape]:
    def shape() -> _Shape:
        properties = {
            "decision": ref("name", "The decision that these rules serve."),
            "policies": policies_of(kind),
            "definitions": definitions(),
        }
        return kind.capitalize(), ("decision", "policies"), properties

    return shape


_SHAPES: dict[str, Callable[[], _Shape]] = {
    "bundle": _bundle,
    "facts": _facts,
    "parameters": _parameters,
    "calendars": _calendars,
    "definitions": _definitions,
    **{kind: _rules(kind) for kind in words.RULE_KINDS},
    "payout": _payout,
    "tests": _tests,
}
# What a kind demands besides its required keys.
_DEMANDS: dict[str, dict[str, object]] = {"tests": some_cases()}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else shipped_schemas())
