"""What is told about bundles: who they are, what may be asked of them, and which facts they know."""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import Class, DecisionSpec
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.text import decimal_text
from policyengine.values.types import Kind

Json = object
_HAS_MEMBERS = (Kind.ENUM, Kind.SET)


def bundles_json(bundles: Mapping[str, CheckedBundle]) -> Json:
    """All bundles in brief."""
    return {"bundles": [_identity(b) | {"decisions": list(b.decisions)} for b in bundles.values()]}


def bundle_json(bundle: CheckedBundle) -> Json:
    """One bundle with its decisions and its vocabulary."""
    described: dict[str, Json] = {
        "time_zone": bundle.time_zone,
        "decisions": [_decision(spec) for spec in bundle.decisions.values()],
        "vocabulary": {
            "facts": [_fact(fact) for fact in bundle.facts.values()],
            "lists": [_list(items) for items in bundle.lists.values()],
        },
    }
    return {"bundle": _identity(bundle) | described}


def _identity(bundle: CheckedBundle) -> dict[str, Json]:
    return {"id": bundle.id, "title": bundle.title, "version": bundle.version, "digest": bundle.digest}


def _decision(spec: DecisionSpec) -> Json:
    """A decision; the words of a value decision are the members of its enum, all of class ``value``."""
    words: dict[str, str] = _classes(spec.verdicts)
    if spec.value is not None:
        words = dict.fromkeys(spec.value.type.members, "value")
    return {
        "id": spec.name,
        "title": spec.title,
        "each": spec.each,
        "verdicts": words,
        "element_verdicts": _classes(spec.element_verdicts),
    }


def _classes(words: Mapping[str, Class]) -> dict[str, str]:
    return {word: str(class_) for word, class_ in words.items()}


def _list(items: FactList) -> Json:
    out: dict[str, Json] = {"name": items.name, "each": items.each, "id": items.id_field}
    out["default_empty"] = items.default_empty
    out["fields"] = [_fact(field) for field in items.fields.values()]
    return out | _given({"title": items.title, "description": items.description})


def _fact(fact: Fact) -> Json:
    out: dict[str, Json] = {"name": fact.name, "type": str(fact.type.kind)}
    has_members, is_money = fact.type.kind in _HAS_MEMBERS, fact.type.kind is Kind.MONEY
    return out | _given(
        {
            "title": fact.title,
            "description": fact.description,
            "example": fact.example,
            "unit": fact.unit,
            "members": list(fact.type.members) if has_members else None,
            "open": fact.type.open if has_members else None,
            "min": None if fact.minimum is None else decimal_text(fact.minimum),
            "max": None if fact.maximum is None else decimal_text(fact.maximum),
            "decimals": fact.decimals if is_money else None,
            "may_be_empty": fact.may_be_empty if fact.type.kind is Kind.DATE else None,
            "default": fact.default.span.underlined if fact.default else None,
        }
    )


def _given(data: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in data.items() if value is not None}
