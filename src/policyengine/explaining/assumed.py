"""What was assumed: facts that a reason names, or a deadline reckons with, and that were not given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policyengine.explaining.phrases import plainly
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.expr import Expr
from policyengine.model.memory import Element
from policyengine.model.rules import Insert, Rule
from policyengine.model.vocabulary import Fact
from policyengine.reference.evaluate import Env, evaluate
from policyengine.reference.facts import read
from policyengine.reference.trace import in_words

Json = object


def assumptions(bundle: CheckedBundle, made: Decision, facts: Mapping[str, Json]) -> tuple[str, ...]:
    """``Day the dispute was opened — 2025-05-16``: each fact with the default that stands in for it, once."""
    spec = bundle.decisions[made.decision]
    env = Env(bundle, read(bundle, facts, made.as_of))
    about: dict[str, tuple[str, ...]] = {d.rule: (d.element,) if d.element else () for d in made.deadlines}
    for reason in (*made.reasons, *(r for e in made.elements for r in e.reasons)):
        about[reason.rule] = (*about.get(reason.rule, ()), *(reason.elements or ()))
    records = {e.key: e for e in (env.records(spec.each) or ())} if spec.each else {}
    found: dict[str, None] = {}
    for rule in (r for r in spec.rules if r.id in about):
        elements = [records[key] for key in dict.fromkeys(about[rule.id]) if key in records]
        for element in elements if rule.each else (None,):
            found |= dict.fromkeys(_of_rule(rule, env.only(element), element))
    return tuple(found)


def _of_rule(rule: Rule, env: Env, element: Element | None) -> Iterator[str]:
    for e in dict.fromkeys(_named_by(rule)):
        declared = _left_out(e, env, element)
        if declared is None or declared.default is None:
            continue
        value = evaluate(declared.default, env.only(element))
        if value.known:
            key = f"{element.list}[{element.key}].{declared.name}" if isinstance(e, x.ItemField) and element else ""
            yield f"{plainly(declared.title, key or declared.name)} — {in_words(value, declared.type)}"


def _named_by(rule: Rule) -> Iterable[Expr]:
    """The facts that a rule names in its message, or measures against its day."""
    inserts = (part for text in rule.because.texts.values() for part in text if isinstance(part, Insert))
    named = [i.expr for i in inserts if i.expr is not None]
    return (
        e for e in (*named, *((rule.deadline.act,) if rule.deadline else ())) if isinstance(e, x.FactRef | x.ItemField)
    )


def _left_out(e: Expr, env: Env, element: Element | None) -> Fact | None:
    """The declaration of a fact that was not given."""
    match e:
        case x.FactRef() if env.memory.facts.get(e.name) is None:
            return env.bundle.facts[e.name]
        case x.ItemField() if element is not None and element.fields.get(e.field) is None:
            return env.bundle.lists[element.list].fields[e.field]
        case _:
            return None
