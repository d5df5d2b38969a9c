"""Proofs by trying everything: a rule that reads few facts of few values is asked about all of their combinations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from math import prod
from typing import Final

from policyengine.coverage.conditions import Hits
from policyengine.coverage.inventory import RuleWatch
from policyengine.coverage.reach import Reach
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.evaluation.reads import expressions
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.memory import Element, Given, WorkingMemory
from policyengine.model.rules import Rule
from policyengine.model.vocabulary import Fact
from policyengine.values.types import Kind

#: No more combinations are tried for a rule.
MOST_COMBINATIONS: Final = 5000
#: Stands for all members of an open enum that no policy names.
_OTHER: Final = "\N{HORIZONTAL ELLIPSIS}"
#: What may lead to values that the facts read here do not determine.
_ELSEWHERE = (x.AsOf, x.ListRef, x.Special, x.SplitIs, x.Pluck, x.Filter, x.Quantifier)


_Key = tuple[str | None, str]
_Slots = Sequence[tuple[_Key, tuple[Given | None, ...]]]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """What was found for a rule: the items that some combination of these facts covers."""

    possible: frozenset[int]
    facts: tuple[str, ...]

    @property
    def why(self) -> str:
        """The proof, in words."""
        return f"no combination of values of {', '.join(f'`{name}`' for name in self.facts)} shows it"


def never_otherwise(evaluator: Evaluator, watches: Sequence[RuleWatch]) -> str:
    """Why some of these rules is always true or open, so that what holds otherwise never does; empty: not proved.

    First all rules that read few facts of few values are tried together, then those that read one and the same fact.
    """
    found = [(w, s) for w in watches if (s := _slots(evaluator.bundle, w.rule))]
    keys = list(dict.fromkeys(key for _, slots in found for key, _ in slots))
    for tried in (frozenset(keys), *(frozenset((key,)) for key in keys)):
        rules = [(w, s) for w, s in found if tried.issuperset(key for key, _ in s)]
        values = {key: v for _, slots in rules for key, v in slots}
        if rules and prod(map(len, values.values())) <= MOST_COMBINATIONS and not _all_false(evaluator, rules, values):
            names = sorted(f"{evaluator.bundle.lists[ls].each}.{n}" if ls else n for ls, n in values)
            return f"whatever {' and '.join(f'`{name}`' for name in names)} may be, some rule is not false"
    return ""


def _all_false(
    evaluator: Evaluator, rules: Sequence[tuple[RuleWatch, _Slots]], values: Mapping[_Key, tuple[Given | None, ...]]
) -> bool:
    """Whether some combination of these values makes every rule false."""
    for combination in product(*values.values()):
        given = {key: v for key, v in zip(values, combination, strict=True) if v is not None}
        if all(_truth(evaluator, watch, given) is False for watch, _ in rules):
            return True
    return False


def _truth(evaluator: Evaluator, watch: RuleWatch, given: Mapping[_Key, Given]) -> bool | None:
    ev, env = _world(evaluator, watch.rule, given)
    return watch.condition(ev, env, set())


def exhausted(evaluator: Evaluator, watch: RuleWatch) -> Exhausted | None:
    """The rule's condition under every combination of the facts it reads; None if there are too many, or no end."""
    bundle, rule = evaluator.bundle, watch.rule
    slots = _slots(bundle, rule)
    if slots is None or prod(len(values) for _, values in slots) > MOST_COMBINATIONS:
        return None
    hits: Hits = set()
    for combination in product(*(values for _, values in slots)):
        given = {key: v for (key, _), v in zip(slots, combination, strict=True) if v is not None}
        ev, env = _world(evaluator, rule, given)
        hits.add(watch.items[watch.condition(ev, env, hits)])
    names = tuple(sorted(f"{bundle.lists[ls].each}.{name}" if ls else name for (ls, name), _ in slots))
    return Exhausted(frozenset(hits), names)


def _world(evaluator: Evaluator, rule: Rule, given: Mapping[_Key, Given]) -> tuple[Evaluation, Env]:
    """Facts as they are given; for a rule that is asked of elements, one element has its fields."""
    facts = {name: v for (ls, name), v in given.items() if ls is None}
    if rule.each is None:
        return evaluator.start(WorkingMemory(facts, {}, date.min)), Env()
    fields = {name: v for (ls, name), v in given.items() if ls is not None}
    element = Element(rule.each, "x", 1, fields)
    ev = evaluator.start(WorkingMemory(facts, {rule.each: (element,)}, date.min))
    return ev, Env({evaluator.bundle.lists[rule.each].each: element})


def _slots(bundle: CheckedBundle, rule: Rule) -> _Slots | None:
    """Every fact that the rule reads with all of its values, None for absent; None if one has too many."""
    reach = Reach(bundle)
    for part in rule.parts:
        reach.read(part)
    if not all(map(_determined, _read(bundle, rule, reach))):
        return None
    if any(not bundle.parameters[p].constant for p in reach.parameters):
        return None
    if any(ls != rule.each for ls, _ in reach.fields):
        return None
    found: list[tuple[_Key, tuple[Given | None, ...]]] = []
    facts = [((None, name), bundle.facts[name]) for name in reach.facts]
    fields = [((ls, name), bundle.lists[ls].fields[name]) for ls, name in reach.fields]
    for key, fact in (*facts, *fields):
        values = _values(fact)
        if values is None:
            return None
        found.append((key, (*values, None)))
    return found


def _values(fact: Fact) -> tuple[Given, ...] | None:
    if fact.type.kind is Kind.BOOLEAN:
        return (True, False)
    if fact.type.kind is Kind.ENUM:
        return (*fact.type.members, _OTHER) if fact.type.open else fact.type.members
    return None


def _read(bundle: CheckedBundle, rule: Rule, reach: Reach) -> Iterator[Expr]:
    """Every expression that the rule's truth is made of."""
    yield from rule.parts
    for name in reach.definitions:
        yield from expressions(bundle.definitions[name])
    defaults = [bundle.facts[n].default for n in reach.facts]
    defaults += [bundle.lists[ls].fields[n].default for ls, n in reach.fields]
    yield from (d for d in defaults if d is not None)


def _determined(e: Expr) -> bool:
    """Whether the facts that were read determine the value, and one foreign member stands for all others."""
    for node in x.walk(e):
        if isinstance(node, _ELSEWHERE):
            return False
        if (
            isinstance(node, x.Compare)
            and node.left.type.open
            and not isinstance(node.right, x.Literal | x.ParameterRef)
        ):
            return False
    return True
