"""The schema of test files: bases, cases, tables of cases, expectations."""

from __future__ import annotations

from policyengine.frontend.schema_parts import TEXT_TYPES, Schema, flag, listing, named, record, ref, scalar

_ANY = [*TEXT_TYPES, "array", "object", "null"]


def tests_properties() -> dict[str, Schema]:
    """The keys of a file of kind ``tests``."""
    return {
        "decision": ref("name", "The decision that is asked for."),
        "as_of": scalar("The day of evaluation of all cases that name none."),
        "facts": _facts("Facts of all cases, nested or dotted; those of a base and of a case are laid over them."),
        "bases": named(_facts("Facts that cases can be laid over."), "Facts by a name that cases can refer to."),
        "cases": listing(_case(), "The cases.", least=1),
        "tables": listing(_table(), "Tables of cases: one row is one case.", least=1),
    }


def some_cases() -> dict[str, object]:
    """The demand that a file of tests has cases, one by one or in tables."""
    return {"anyOf": [{"required": ["cases"]}, {"required": ["tables"]}]}


def _facts(description: str) -> Schema:
    return {"type": "object", "description": description}


def _shared() -> dict[str, Schema]:
    """What a case and a table both say of the facts."""
    return {
        "cites": listing(scalar("A statement."), "The statements that are tested."),
        "base": ref("name", "The base that this is laid over."),
        "as_of": scalar("The day of evaluation."),
        "facts": _facts("Facts, nested or dotted, laid over the base; `~` takes a fact away."),
    }


def _case() -> Schema:
    properties = {
        "name": scalar("What the case shows, in a few words."),
        **_shared(),
        "review": flag("True while nobody has looked at the case yet."),
        "expect": {**_expectation(), "description": "What the answer must have; keys left out are not looked at."},
    }
    return record("Case", ("name", "expect"), properties)


def _table() -> Schema:
    # Cells are read by their column: a list of rows says no more of them.
    row: Schema = {"type": "array", "items": {"type": _ANY}, "minItems": 1}
    column = scalar("A fact, `as_of`, `name`, or an expectation such as `expect.verdict` or `expect.elements.a`.")
    properties = {
        "name": scalar("What the rows show, in a few words."),
        **_shared(),
        "columns": listing(column, "What the cells of a row are, one name for each.", least=1),
        "rows": listing(row, "One list for each case; a cell `'-'` leaves its column out.", least=1),
    }
    return record("Table of cases", ("name", "columns", "rows"), properties)


def _words(description: str) -> Schema:
    return listing(scalar("A word."), description)


def _by_name(description: str) -> Schema:
    return {"type": "object", "additionalProperties": {"$ref": "#/$defs/scalar"}, "description": description}


EXPECTATIONS: dict[str, Schema] = {
    "verdict": scalar("The verdict."),
    "reasons": _words("The ids of all reasons, in any order; warnings are not among them."),
    "absent_reasons": _words("Ids of rules that must be neither a reason nor a warning."),
    "missing": _words("The addresses of all facts that are asked for, in any order."),
    "elements": _by_name("Verdicts by element, of all elements that were decided."),
    "deadlines": _by_name("Days by rule, of all deadlines."),
    "amount": scalar("The amount, such as `900 USD`, or `unknown`."),
    "groups": _by_name("Amounts by group, of all groups."),
    "warnings": _words("The ids of all warnings, in any order."),
    "needs": _words("All that can still be supplied, in any order."),
    "values": {
        "type": "object",
        "additionalProperties": {"type": [*TEXT_TYPES, "array", "object"]},
        "description": "Reported values by name, or `unknown`; names left out are not looked at.",
    },
    "parts": scalar("The number of parts of a split."),
    "remarks": _words("The codes of all remarks, in any order."),
    "faults": _words("The codes of all faults, in any order."),
}


def _expectation() -> Schema:
    return record("Expectation", (), dict(EXPECTATIONS), minProperties=1)
