"""The pieces that the schemas of all kinds share: texts, names, conditions, definitions, tables.

``$comment`` beside a ``oneOf`` holds the sentence that is told when it is broken; every ``oneOf`` here
only lists keys of which exactly one may be given, so one sentence is enough.
"""

from __future__ import annotations

from typing import Any

from policyengine.frontend import schema_words as words

Schema = dict[str, Any]
"""A JSON Schema: data as JSON has it."""

CONDITION = "Condition"
# Nothing fits this; unlike `false` it leaves the validator a path to the key it stands at.
NEVER: Schema = {"not": {}}
TEXT_TYPES = ["string", "number", "boolean"]


def ref(name: str, description: str) -> Schema:
    """A use of a shared piece, with what it means in this place."""
    return {"$ref": f"#/$defs/{name}", "description": description}


def scalar(description: str) -> Schema:
    """A single value, of whatever type an editor's YAML takes it for."""
    return ref("scalar", description)


def flag(description: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def word(words_: tuple[str, ...], description: str) -> Schema:
    """One of some fixed words."""
    return {"enum": list(words_), "description": description}


def listing(items: Schema, description: str, *, least: int = 0) -> Schema:
    """A list of such items."""
    schema: Schema = {"type": "array", "items": items, "description": description}
    return {**schema, "minItems": least} if least else schema


def named(values: Schema, description: str, *, names: str = "name", least: int = 0) -> Schema:
    """A mapping from names of the author's choice to such values."""
    schema: Schema = {
        "type": "object",
        "propertyNames": {"$ref": f"#/$defs/{names}"},
        "additionalProperties": values,
        "description": description,
    }
    return {**schema, "minProperties": least} if least else schema


def record(title: str, required: tuple[str, ...], properties: dict[str, Schema], **more: object) -> Schema:
    """A mapping with these keys and no others."""
    schema: Schema = {"title": title, "type": "object", "additionalProperties": False}
    return {**schema, "required": list(required), "properties": properties, **more}


def either(thing: str, *keys: str) -> Schema:
    """The demand that exactly one of the keys is given."""
    said = ", ".join(f"`{k}`" for k in keys[:-1]) + f" or `{keys[-1]}`"
    return {"oneOf": [{"required": [k]} for k in keys], "$comment": f"{thing} has either {said}"}


def typed_like(types: tuple[str, ...]) -> dict[str, Schema]:
    """The keys that say of which type a value is."""
    return {
        "type": word(types, "Type of the value."),
        "of": ref("name", "Name of the shared enum that the members are from."),
    }


def _condition() -> Schema:
    conditions: Schema = {"type": "array", "items": {"$ref": "#/$defs/condition"}}
    inner: Schema = {"$ref": "#/$defs/condition"}
    return {
        "title": CONDITION,
        "type": "object",
        "description": "All entries must hold. A name (fact, parameter or definition) has a test or a list of tests.",
        "properties": {
            "all": {**conditions, "description": "Conditions that must all hold."},
            "any": {**conditions, "description": "Conditions of which one must hold."},
            "not": {**inner, "description": "A condition that must not hold."},
            "unless": {
                **inner,
                "description": "An exception: a condition that must not hold; it may have exceptions of its own.",
            },
            "where": ref("tests", "An expression that must be true, or a list of them."),
        },
        "additionalProperties": {"$ref": "#/$defs/tests"},
    }


def _in_force() -> Schema:
    properties = {
        "from": scalar("First day: a date, or a parameter with one value."),
        "before": scalar("First day on which it is over: a date, or a parameter with one value."),
        "on": scalar("The date that must lie in the period; the bundle's `in_force_on` if left out."),
    }
    return record("Period in force", (), properties, minProperties=1)


def _table() -> Schema:
    cell: Schema = {"type": [*TEXT_TYPES, "array"], "items": {"$ref": "#/$defs/scalar"}}
    row: Schema = {"type": "array", "items": cell, "minItems": 1}
    properties = {
        "hit": word(
            words.HIT_POLICIES,
            "How many rows may fit: one (`unique`), several that agree (`any`), or the first that fits.",
        ),
        "inputs": listing(scalar("An expression."), "The expressions that the first columns test.", least=1),
        "outputs": named(
            ref("name", "A type, or the name of a shared enum."), "Names and types of the columns of results.", least=1
        ),
        "rows": listing(
            row, "One list for each row: a test for each input (`any` fits all), then a value for each output.", least=1
        ),
        "otherwise": listing(scalar("A value."), "The outputs when no row fits."),
    }
    return record("Decision table", ("inputs", "rows"), properties)


def _definition() -> Schema:
    properties = {
        **typed_like(words.VALUE_TYPES),
        "title": scalar("What it is, in a few words; shown to people."),
        "each": ref("name", "Singular of a list: the definition is about one of its elements."),
        "is": scalar("The expression that it stands for."),
        "when": ref("condition", "The condition that it stands for; its type is boolean."),
        "unless": ref("condition", "An exception to `when`."),
        "table": ref("table", "The table that it is looked up in."),
    }
    demands = {"unless": ["when"], "is": ["type"]}
    return record(
        "Definition", (), properties, dependentRequired=demands, **either("a definition", "is", "when", "table")
    )


SHARED: dict[str, Schema] = {
    "scalar": {
        "type": TEXT_TYPES,
        "description": "A value, as text; policies do not depend on how YAML would type it.",
    },
    "tests": {
        "type": [*TEXT_TYPES, "array"],
        "items": {"$ref": "#/$defs/scalar"},
        "minItems": 1,
        "description": "A test, or a list of tests of which one must pass.",
    },
    "name": {"type": "string", "pattern": words.NAME, "description": "Small letters, digits and `_`."},
    "dotted_name": {"type": "string", "pattern": words.DOTTED_NAME, "description": "Names with dots between them."},
    "member": {"type": TEXT_TYPES, "pattern": words.MEMBER, "description": "A member of an enum."},
    "rule_id": {"type": TEXT_TYPES, "pattern": words.RULE_ID, "description": "Capital letters, digits and `-`."},
    "language": {"type": "string", "pattern": words.LANGUAGE, "description": "A language code such as `en`."},
    "sentence": {
        "type": [*TEXT_TYPES, "object"],
        "propertyNames": {"$ref": "#/$defs/language"},
        "additionalProperties": {"$ref": "#/$defs/scalar"},
        "minProperties": 1,
        "description": "One sentence, or a mapping from languages to sentences; `{name}` inserts a value.",
    },
    "members": {
        "type": ["array", "object"],
        "items": {"$ref": "#/$defs/member"},
        "minItems": 1,
        "propertyNames": {"$ref": "#/$defs/member"},
        "additionalProperties": {"$ref": "#/$defs/scalar"},
        "minProperties": 1,
        "description": "Members of an enum: a list, or a mapping from members to their words for messages.",
    },
    "condition": _condition(),
    "in_force": _in_force(),
    "table": _table(),
    "definition": _definition(),
}


def definitions() -> Schema:
    """The key ``definitions``."""
    return named({"$ref": "#/$defs/definition"}, "Named expressions, conditions and tables.")


def explained() -> dict[str, Schema]:
    """The keys that say why: of rules, of payout steps, of what holds otherwise."""
    return {
        "because": ref("sentence", "Why, in one sentence for people; `{name}` inserts a value."),
        "source": scalar("The paper that this comes from."),
    }


def conditions() -> dict[str, Schema]:
    """The keys ``when`` and ``unless``."""
    return {
        "when": ref("condition", "When this applies; always, if left out."),
        "unless": ref("condition", "An exception to `when`."),
    }
