"""The schema of the vocabulary: shared enums, facts, lists of records."""

from __future__ import annotations

from policyengine.frontend import schema_words as words
from policyengine.frontend.schema_parts import NEVER, Schema, either, flag, named, record, ref, scalar, word

# The keys that only some types have a use for.
_NUMBERS = {"min", "max"}
_MEMBERS = {"values", "of", "open"}
_KEYS_OF_TYPE: dict[str, set[str]] = {
    "integer": _NUMBERS,
    "decimal": _NUMBERS,
    "money": {*_NUMBERS, "decimals", "currency"},
    "date": {"not_before", "may_be_empty"},
    "enum": _MEMBERS,
    "set": _MEMBERS,
    words.LIST: {"each", "id", "fields"},
}
# A fact without members has nothing that a request could be checked against.
_NEEDED_BY_TYPE: dict[str, Schema] = {
    "enum": either("an enum", "values", "of"),
    "set": either("a set", "values", "of"),
    words.LIST: {"required": ["each", "fields"]},
}


def facts_properties() -> dict[str, Schema]:
    """The keys of a file of kind ``facts``."""
    shared = {
        "enum": ref("members", "The members."),
        "title": scalar("What it is, in a few words; shown to people."),
        "description": scalar("More about it."),
        "open": flag("Whether other texts may be given; they equal no member."),
    }
    return {
        "types": named(record("Shared enum", ("enum",), shared), "Enums that several facts share."),
        "facts": named(_declaration(words.FACT_TYPES), "What may be known of a case.", names="dotted_name"),
    }


def _declaration(types: tuple[str, ...]) -> Schema:
    properties: dict[str, Schema] = {
        "type": word(types, "Type of the fact."),
        "title": scalar("What it is, in a few words; shown to people."),
        "description": scalar("More about it."),
        "example": {
            "description": "A value as an example.",
            "type": ["string", "number", "boolean", "array", "object"],
        },
        "unit": scalar("The unit that it is counted in."),
        "default": {
            "type": ["string", "number", "boolean", "array"],
            "items": {"$ref": "#/$defs/scalar"},
            "description": "The expression that stands in while the fact is not given; of a list only `[]`.",
        },
        "values": ref("members", "The members."),
        "of": ref("name", "Name of the shared enum that the members are from."),
        "open": flag("Whether other texts may be given; they equal no member."),
        "decimals": {
            "type": "integer",
            "minimum": 0,
            "maximum": 12,
            "description": "Most decimal places of the amount; 2 if left out.",
        },
        "currency": scalar("The currency that it must be in: an expression, such as the name of a currency fact."),
        "min": scalar("The least value that may be given."),
        "max": scalar("The greatest value that may be given."),
        "not_before": ref("dotted_name", "A date fact that should not be later; a breach is remarked, never refused."),
        "may_be_empty": flag('Whether `""` may be given to say that there is none.'),
    }
    if words.LIST in types:
        properties |= {
            "each": ref("name", "The singular: the name of one element in conditions."),
            "id": ref("name", "The field that names an element; without it elements are known by position."),
            "fields": named(_declaration(words.FIELD_TYPES), "What may be known of an element.", least=1),
        }
    branches = [_branch(type_, properties) for type_ in types]
    return record("Fact", ("type",), properties, allOf=branches)


def _branch(type_: str, properties: dict[str, Schema]) -> Schema:
    special = set().union(*_KEYS_OF_TYPE.values())
    useless = [k for k in properties if k in special - _KEYS_OF_TYPE.get(type_, set())]
    then: Schema = {"properties": dict.fromkeys(useless, NEVER), **_NEEDED_BY_TYPE.get(type_, {})}
    return {"if": {"required": ["type"], "properties": {"type": {"const": type_}}}, "then": then}
