"""The schema of test files: bases, cases, tables of cases, expectations."""

from __future__ import annotations

from policyengine.frontend.schema_parts import TEXT_TYPES, Schema, listing, named, record, ref, scalar

_ANY = [*TEXT_TYPES, "array", "object", "null"]


def tests_properties() -> dict[str, Schema]:
    """The keys of a file of kind ``tests``."""
    base = {
        "base": ref("name", "Another base that this one is laid over."),
        "as_of": scalar("The day of evaluation."),
        "facts": _facts(),
    }
    return {
        "decision": ref("name", "The decision that is asked for."),
        "as_of": scalar("The day of evaluation of all cases that name none."),
        "facts": _facts(),
        "bases": named(record("Base", (), base), "Named facts that cases can be laid over."),
        "cases": listing(_case(), "The cases.", least=1),
    }


def _facts() -> Schema:
    description = "Facts, nested or dotted, laid over those of the base and of the file; `~` takes a fact away."
    return {"type": "object", "description": description}


def _case() -> Schema:
    properties = {
        "name": scalar("What the case shows, in a few words."),
        "source": scalar("The statement that the case tests."),
        "base": ref("name", "The base that the case is laid over."),
        "as_of": scalar("The day of evaluation."),
        "facts": _facts(),
        "expect": {**_expectation(), "description": "What the answer must have; keys left out are not looked at."},
        "table": {**_table(), "description": "Rows of facts and expectations: each row is a case."},
    }
    # A case asserts something: by itself, in rows, or both (what all rows share).
    return record("Case", ("name",), properties, anyOf=[{"required": ["expect"]}, {"required": ["table"]}])


def _table() -> Schema:
    row: Schema = {"type": "array", "minItems": 1}
    properties = {
        "facts": listing(ref("dotted_name", "A fact."), "The facts that the first columns give.", least=1),
        "expect": listing({"enum": list(EXPECTATIONS)}, "The expectations that the last columns hold.", least=1),
        "rows": listing(row, "One list for each case: a value for each fact, then one for each expectation.", least=1),
    }
    return record("Table of cases", ("facts", "expect", "rows"), properties)


def _words(description: str) -> Schema:
    return listing(scalar("A word."), description)


EXPECTATIONS: dict[str, Schema] = {
    "verdict": scalar("The verdict."),
    "reasons": _words("The ids of all reasons, in any order."),
    "absent": _words("Ids of rules that must not be among the reasons."),
    "missing": _words("The addresses of all facts that are asked for, in any order."),
    "elements": {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/scalar"},
        "description": "Verdicts by element.",
    },
    "deadlines": {"type": "object", "additionalProperties": {"$ref": "#/$defs/scalar"}, "description": "Days by rule."},
    "amount": scalar("The amount, such as `900 USD`, or `unknown`."),
    "groups": {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/scalar"},
        "description": "Amounts by group.",
    },
    "warnings": _words("The ids of all warnings, in any order."),
    "needs": _words("All that can still be supplied, in any order."),
    "values": {"type": "object", "additionalProperties": {"type": _ANY}, "description": "Reported values by name."},
    "parts": scalar("The number of parts of a split."),
}


def _expectation() -> Schema:
    return record("Expectation", (), dict(EXPECTATIONS), minProperties=1)
