"""The facts of one bundle as the schema of a request: what may be given where, and in which form."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from policyengine.api_schema import patterns
from policyengine.api_schema.parts import Schema, ref
from policyengine.engine.read_values import LARGEST_INTEGER, LONGEST_TEXT, MOST_DIGITS
from policyengine.engine.vocabulary_tree import Names, tree_of
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.text import decimal_text
from policyengine.values.types import Kind, Type

_LARGEST_NUMBER: Final = 10**MOST_DIGITS - 1


def value_schemas(bundles: Collection[CheckedBundle]) -> dict[str, Schema]:
    """How values are written, by name: the pieces that the facts of these bundles refer to. Null is always unknown."""
    monies = {_money_name(f): _money(f) for bundle in bundles for f in _facts_of(bundle) if f.type.kind is Kind.MONEY}
    used = {_form(f).get("$ref") for bundle in bundles for f in _facts_of(bundle)}
    every = dict(sorted(monies.items())) | {
        "Boolean": {"title": "True or false", "type": ["boolean", "null"]},
        "Integer": {
            "title": "Whole number",
            "type": ["integer", "null"],
            "minimum": -LARGEST_INTEGER,
            "maximum": LARGEST_INTEGER,
        },
        "Decimal": _decimal(patterns.NUMBER, -_LARGEST_NUMBER),
        "DecimalNotNegative": _decimal(patterns.not_negative(), 0),
        "Currency": {"title": "Currency, by its ISO 4217 code", "type": ["string", "null"], **_code()},
        "Date": _date("A day; a moment with its offset stands for the day it is in the bundle's time zone.", ""),
        "DateOrNone": _date("A day, as in Date; the empty text says that there is none.", "|"),
        "Text": {"title": "Text", "type": ["string", "null"], "maxLength": LONGEST_TEXT},
    }
    return {name: schema for name, schema in every.items() if ref(name)["$ref"] in used}


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
        fields = {declared.id_field: _id(declared.fields.get(declared.id_field)), **_without(fields, declared.id_field)}
        item["required"] = [declared.id_field]
    item["properties"] = fields
    default: Schema = {"default": []} if declared.default_empty else {}
    words = _words(declared.title, declared.description)
    return {**words, "type": ["array", "null"], "items": item, **default}


def _id(field: Fact | None) -> Schema:
    """The field that names an element: never null, and never empty."""
    words = _words(*((field.title, field.description) if field else (None, None)), "What the element is known by")
    if field is not None and field.type.kind not in (Kind.TEXT, Kind.INTEGER):
        return {**_form(field), "not": {"type": "null"}, **words}
    type_ = "string" if field is not None and field.type.kind is Kind.TEXT else ["string", "integer"]
    return {"type": type_, "minLength": 1, "maxLength": LONGEST_TEXT, **words}


def _without(fields: Mapping[str, Schema], name: str) -> dict[str, Schema]:
    return {key: value for key, value in fields.items() if key != name}


def _facts_of(bundle: CheckedBundle) -> Iterator[Fact]:
    yield from bundle.facts.values()
    for items in bundle.lists.values():
        yield from items.fields.values()


def _fact(fact: Fact) -> Schema:
    return {**_form(fact), **_bounds(fact), **_words(fact.title, fact.description, *_limits(fact))}


def _bounds(fact: Fact) -> Schema:
    """Limits of a whole number. Those of other numbers are said in words: decimals in a schema are not exact."""
    if fact.type.kind is not Kind.INTEGER:
        return {}
    least, most = fact.minimum, fact.maximum
    return {
        **({} if least is None else {"minimum": math.ceil(least)}),
        **({} if most is None else {"maximum": math.floor(most)}),
    }


def _form(fact: Fact) -> Schema:
    """How the value is written."""
    match fact.type.kind:
        case Kind.ENUM:
            return _member_of(fact.type, or_null=True)
        case Kind.SET:
            return {"type": ["array", "null"], "items": _member_of(fact.type, or_null=False)}
        case Kind.MONEY:
            return ref(_money_name(fact))
        case Kind.DECIMAL if _not_negative(fact):
            return ref("DecimalNotNegative")
        case Kind.DATE if fact.may_be_empty:
            return ref("DateOrNone")
        case kind:
            return ref(kind.value.capitalize())


def _member_of(type_: Type, *, or_null: bool) -> Schema:
    """One member; any other text as well for an open enum."""
    if type_.open:
        form: Schema = {"type": ["string", "null"] if or_null else "string", "maxLength": LONGEST_TEXT}
        return {**form, "examples": list(type_.members)}
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


def _not_negative(fact: Fact) -> bool:
    return fact.minimum is not None and fact.minimum >= 0


def _decimal(pattern: str, least: int) -> Schema:
    return {
        "title": "Exact decimal number, as text or as a number",
        "type": ["string", "number", "null"],
        "pattern": f"^{pattern}$",
        "maxLength": MOST_DIGITS,
        "minimum": least,
        "maximum": _LARGEST_NUMBER,
    }


def _money_name(fact: Fact) -> str:
    """The piece for amounts of so many places, with or without a sign."""
    return f"Money{fact.decimals}" + ("NotNegative" if _not_negative(fact) else "")


def _money(fact: Fact) -> Schema:
    number = patterns.amount(fact.decimals, negative=not _not_negative(fact))
    amount: Schema = {
        "type": ["string", "number"],
        "pattern": f"^{number}$",
        "maxLength": MOST_DIGITS,
        "minimum": 0 if _not_negative(fact) else -_LARGEST_NUMBER,
        "maximum": _LARGEST_NUMBER,
    }
    pair: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["amount", "currency"],
        "properties": {"amount": amount, "currency": {"type": "string", **_code()}},
    }
    brief: Schema = {
        "type": "string",
        "pattern": f"^{number} {patterns.currency()}$",
        "maxLength": MOST_DIGITS + len(" USD"),
    }
    title = f"Amount of money, of {fact.decimals} decimal places at most"
    examples = [{"amount": "12", "currency": "USD"}, "12 USD"]
    return {"title": title, "anyOf": [pair, brief, {"type": "null"}], "examples": examples}


def _code() -> Schema:
    return {"pattern": f"^{patterns.currency()}$", "minLength": 3, "maxLength": 3}


def _date(title: str, empty: str) -> Schema:
    pattern = f"^({patterns.MOMENT}{empty})$"
    return {"title": title, "type": ["string", "null"], "pattern": pattern, "examples": ["2025-03-20"]}
