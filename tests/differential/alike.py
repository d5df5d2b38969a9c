"""Policies of many rules that differ in their constants only: what an engine may index, and must not get wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.differential.expressions import constant
from tests.differential.world import Named, Scope, World
from tests.differential.yaml_text import Data

Entry = dict[str, Data]
#: Types whose values tell rules apart, and those that are compared by order.
KEYS = ("integer", "integer", "text", "text", "enum:color", "enum:size", "date")
ORDERS = ("integer", "decimal", "money", "date")
VALUES = 16
FEWEST, MOST = 5, 24

Test = Callable[[World], str]


def alike_rules(w: World, words: Mapping[str, str], scope: Scope) -> list[Data]:
    """Rules with the same conditions but for their constants, and now and then one more or less."""
    tests = _template(w, scope)
    if not tests:
        return []
    rules: list[Data] = []
    for _ in range(FEWEST + int(w.rng.random() * (MOST - FEWEST))):
        kept = {name: test(w) for name, test in tests.items() if len(tests) == 1 or w.chance(0.9)}
        rule: Entry = {"id": w.new("R-"), "when": kept} if kept else {"id": w.new("R-")}
        if words:
            rule["verdict"] = w.one(*words)
        rules.append(rule | {"because": "Because."})
    return rules


def _template(w: World, scope: Scope) -> dict[str, Test]:
    """One to three names, each with how it is tested."""
    found: dict[str, Test] = {}
    for types, test in ((KEYS, _equal), (ORDERS, _ordered), ((*KEYS, *ORDERS), _any)):
        if w.chance(0.65):
            type_ = w.one(*types)
            names = [n for n in w.visible(type_, scope) if n not in scope.specials]
            if names:
                named = names[int(w.rng.random() * len(names))]
                found.setdefault(named.text, test(w, named))
    return found


def _equal(w: World, named: Named) -> Test:
    several = w.chance(0.25)
    if several:
        return lambda w: f"in [{_value(w, named.type)}, {_value(w, named.type)}]"
    return lambda w: _value(w, named.type)


def _ordered(w: World, named: Named) -> Test:
    if w.chance(0.25):
        return lambda w: f"from {constant(w, named.type)} to {_value(w, named.type)}"
    op = w.one("less than", "at most", "more than", "at least")
    return lambda w: f"{op} {_value(w, named.type)}"


def _any(w: World, named: Named) -> Test:
    return _ordered(w, named) if named.type in ORDERS and w.chance(0.5) else _equal(w, named)


def _value(w: World, type_: str) -> str:
    """A constant; of whole numbers and texts there are enough different ones to be looked up."""
    number = int(w.rng.random() * VALUES)
    if type_ == "integer":
        w.constants["integer"].append(number)
        return str(number)
    if type_ == "text":
        w.constants["text"].append(f"agent {number}")
        return f'"agent {number}"'
    return constant(w, type_)
