"""The facts of one bundle as the schema of a request: what may be given where, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policyengine.api_schema.parts import Schema, ref
from policyengine.engine.read_values import LARGEST_INTEGER, LONGEST_TEXT, MOST_DIGITS
from policyengine.engine.vocabulary_tree import Names, tree_of
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.text import decimal_text
from policyengine.values.types import Kind, Type

_NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,20})?"
_MOMENT: Final = rf"{_DAY}([Tt]{_CLOCK}([zZ]|[+-][0-9]{{2}}:[0-9]{{2}}))?"


def value_schemas() -> dict[str, Schema]:
    """How values are written, by name: the pieces that the facts of every bundle refer to. Null is always unknown."""
    return {
        "Boolean": {"title": "True or false", "type": ["boolean", "null"]},
        "Integer": {
            "title": "Whole number",
            "type": ["integer", "null"],
            "minimum": -LARGEST_INTEGER,
            "maximum": LARGEST_INTEGER,
        },
        "Decimal": _decimal(),
        "Money": _money(),
        "Currency": {"title": "Currency, by its ISO 4217 code", "type": ["string", "null"], "pattern": "^[A-Z]{3}$"},
        "Date": _date("A day; a moment with its offset stands for the day it is in the bundle's time zone.", ""),
        "DateOrNone": _date("A day, as in Date; the empty text says that there is none.", "|"),
        "Text": {"title": "Text", "type": ["string", "null"], "maxLength": LONGEST_TEXT},
    }


def facts_schema(bundle: CheckedBundle) -> Schema:
    """The facts that a request to this bundle may give, as nested objects; nothing else may be given."""
    return {"title": f"Facts of {bundle.title}", **_object(tree_of(bundle))}


def _object(names: Names) -> Schema:
    properties = {name: _member(declared) for name, declared in names.items()}
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _member(declared: Fact | FactList | Names) -> Schema:
    match declared:
        case Fact():
            return _fact(declared)
        case FactList():
            return _list(declared)
        case Mapping():
            return {**_object(declared), "type": ["object", "null"]}


def _list(declared: FactList) -> Schema:
    fields = {name: _fact(field) for name, field in declared.fields.items()}
    item: Schema = {"type": "object", "additionalProperties": False}
    if declared.id_field is not None:
        id_: Schema = {"type": ["string", "integer"], "minLength": 1, "description": "What the element is known by."}
        fields = {declared.id_field: id_, **fields}
        item["required"] = [declared.id_field]
    item["properties"] = fields
    default: Schema = {"default": []} if declared.default_empty else {}
    words = _words(declared.title, declared.description)
    return {**words, "type": ["array", "null"], "items": item, **default}


def _fact(fact: Fact) -> Schema:
    return {**_form(fact), **_words(fact.title, fact.description, *_limits(fact))}


def _form(fact: Fact) -> Schema:
    """How the value is written."""
    match fact.type.kind:
        case Kind.ENUM:
            return _member_of(fact.type, or_null=True)
        case Kind.SET:
            return {"type": ["array", "null"], "items": _member_of(fact.type, or_null=False)}
        case Kind.DATE if fact.may_be_empty:
            return ref("DateOrNone")
        case kind:
            return ref(kind.value.capitalize())


def _member_of(type_: Type, *, or_null: bool) -> Schema:
    """One member; any other text as well for an open enum."""
    if type_.open:
        return {"type": ["string", "null"] if or_null else "string", "examples": list(type_.members)}
    return {"enum": [*type_.members, *([None] if or_null else [])]}


def _words(title: str | None, *sentences: str | None) -> Schema:
    described = ". ".join(s.rstrip(".") for s in sentences if s)
    return {**({"title": title} if title else {}), **({"description": described} if described else {})}


def _limits(fact: Fact) -> list[str]:
    """What else is asked of the value, in words: limits are exact decimals, which numbers in a schema are not."""
    found = []
    if fact.unit:
        found.append(f"Unit: {fact.unit}")
    if fact.minimum is not None:
        found.append(f"At least {decimal_text(fact.minimum)}")
    if fact.maximum is not None:
        found.append(f"At most {decimal_text(fact.maximum)}")
    if fact.type.kind is Kind.MONEY:
        found.append(f"At most {fact.decimals} decimal places")
    if fact.default is not None:
        found.append("May be left out: a value for it is then worked out or assumed")
    if fact.example:
        found.append(f"Example: {fact.example}")
    return found


def _decimal() -> Schema:
    return {
        "title": "Exact decimal number, as text or as a number",
        "type": ["string", "number", "null"],
        "pattern": f"^{_NUMBER}$",
        "maxLength": MOST_DIGITS,
    }


def _money() -> Schema:
    amount: Schema = {"type": ["string", "number"], "pattern": f"^{_NUMBER}$", "maxLength": MOST_DIGITS}
    currency: Schema = {"type": "string", "pattern": "^[A-Z]{3}$"}
    pair: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["amount", "currency"],
        "properties": {"amount": amount, "currency": currency},
    }
    brief: Schema = {"type": "string", "pattern": f"^{_NUMBER} [A-Z]{{3}}$"}
    examples = [{"amount": "12.50", "currency": "USD"}, "12.50 USD"]
    return {"title": "Amount of money", "anyOf": [pair, brief, {"type": "null"}], "examples": examples}


def _date(title: str, empty: str) -> Schema:
    return {"title": title, "type": ["string", "null"], "pattern": f"^({_MOMENT}{empty})$", "examples": ["2025-03-20"]}
