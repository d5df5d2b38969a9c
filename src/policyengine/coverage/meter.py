"""What one case covers: the case is decided anew, and everything in its decision is watched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Self

from policyengine.backends import BACKENDS
from policyengine.coverage.conditions import Hits
from policyengine.coverage.exhausting import Exhausted, exhausted, never_otherwise
from policyengine.coverage.inventory import Plan, Scoped, inventory
from policyengine.coverage.labels import labels
from policyengine.coverage.swaying import sway
from policyengine.coverage.told import tells_otherwise, told_rules
from policyengine.coverage.watching import WatchedEvaluation
from policyengine.engine.answer import answer
from policyengine.engine.case import Case
from policyengine.engine.deciding import decided, weighed
from policyengine.engine.prepared import UNDETERMINED, Prepared
from policyengine.engine.request import RequestReader
from policyengine.engine.settings import TWIN
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.memory import Element
from policyengine.testing.model import Case as TestCase


class Meter:
    """Finds which items of a bundle a case covers. Close it, or use it in a ``with``.

    ``items`` are all there are, by number. What the meter says of a case depends on the case alone, so cases can be
    measured in any order, and what they cover be put together.
    """

    def __init__(self, bundle: CheckedBundle) -> None:
        self.bundle = bundle
        self._evaluator = Evaluator(bundle)
        self._reader = RequestReader(bundle, self._evaluator)
        self._prepared = {name: Prepared(bundle, spec) for name, spec in bundle.decisions.items()}
        self._program = BACKENDS[TWIN].compile(bundle, self._evaluator)
        found = inventory(bundle, self._evaluator)
        self.items = found.items
        self._plans = found.plans
        specs = bundle.decisions.values()
        self._by_owner = {f"{s.name}/{label}": s.rules[index] for s in specs for index, label in labels(s).items()}

    def covered(self, case: TestCase) -> frozenset[int]:
        """The numbers of the items that the case covers. Raises RequestError for facts that cannot be used."""
        return self.measured(case.decision, case.facts, case.as_of)[0]

    def concerns(self, decision: str) -> frozenset[int]:
        """The numbers of the items that cases of a decision may cover."""
        own = {n for n, item in enumerate(self.items) if item.decision == decision}
        return frozenset(own | self._plans[decision].shared)

    def measured(self, decision: str, facts: Mapping[str, object], as_of: date) -> tuple[frozenset[int], Decision]:
        """What these facts cover, and the answer."""
        plan, prepared = self._plans[decision], self._prepared[decision]
        memory = self._reader.read(facts, as_of)
        ev = WatchedEvaluation(self._evaluator, memory, plan.hooked)
        if plan.spec.value is not None:
            made = decided(prepared, self._program, ev)
            # A value of an open enum may be a word that is not declared.
            ev.hits |= {item for word, item in plan.words.whole.items() if word == made.verdict}
            self._names(plan, ev, EMPTY_ENV)
        else:
            weighed_case = weighed(prepared, self._program, ev)
            made = answer(weighed_case)
            self._rules(plan, weighed_case, ev)
            self._names(plan, ev, weighed_case.env(None))
            _outcome(plan, weighed_case, made, ev.hits)
        return frozenset(ev.hits), made

    def sway(self, owner: str, decision: str, facts: Mapping[str, object], as_of: date) -> int:
        """How much of this answer hangs on the rule whose items have ids that begin with ``owner``; 0 if it is none."""
        rule = self._by_owner.get(owner)
        if rule is None:
            return 0
        ev = self._evaluator.start(self._reader.read(facts, as_of))
        return sway(weighed(self._prepared[decision], self._program, ev), rule)

    def is_rule(self, owner: str) -> bool:
        """Whether a rule that can sway an answer begins the ids of its items with ``owner``."""
        rule = self._by_owner.get(owner)
        return rule is not None and not rule.warning

    def prove(self, missing: Collection[int]) -> None:
        """Note in ``items`` which of those that no case covers no case ever can, as far as trying everything tells.

        An item that several rules share is out of reach only if it is in each of them.
        """
        tried: dict[int, list[Exhausted | None]] = {}
        for plan in self._plans.values():
            for watch in plan.rules:
                numbers = watch.numbers & frozenset(missing)
                found = exhausted(self._evaluator, watch) if numbers else None
                for number in numbers:
                    tried.setdefault(number, []).append(found)
        items = list(self.items)
        for number, results in tried.items():
            first = results[0]
            if first and all(r is not None and number not in r.possible for r in results):
                items[number] = replace(items[number], proof=first.why)
        for plan in self._plans.values():
            rest = plan.rest & frozenset(missing)
            watches = [w for w in plan.rules if w.rule.each == plan.spec.each and not w.rule.warning]
            proof = never_otherwise(self._evaluator, watches) if rest else ""
            for number in rest if proof else ():
                items[number] = replace(items[number], proof=proof)
        self.items = tuple(items)

    def close(self) -> None:
        """Give up what matching holds. Idempotent."""
        self._program.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rules(self, plan: Plan, case: Case, ev: WatchedEvaluation) -> None:
        for watch in plan.rules:
            for element in _asked(watch.rule.each, ev):
                truth = watch.condition(ev, case.env(element), ev.hits)
                ev.hits.add(watch.items[truth])

    def _names(self, plan: Plan, ev: WatchedEvaluation, env: Env) -> None:
        """Definitions, defaults and key days, each in its own surroundings."""
        for scoped in plan.named:
            for element in _elements(scoped, ev):
                inner = self._env(element, env)
                for probe in scoped.probes:
                    probe(ev, inner, ev.hits)
        for dated in plan.dates:
            dated(ev, EMPTY_ENV, ev.hits)

    def _env(self, element: Element | None, env: Env) -> Env:
        if element is None:
            return env.document()
        return env.only(self.bundle.lists[element.list].each, element)


def _asked(each: str | None, ev: WatchedEvaluation) -> tuple[Element | None, ...]:
    return (None,) if each is None else ev.elements(each) or ()


def _elements(scoped: Scoped, ev: WatchedEvaluation) -> Iterator[Element | None]:
    """What a name is watched for: nothing while a fact is given of which this is the default."""
    if scoped.each is None:
        if scoped.absent not in ev.facts:
            yield None
        return
    yield from (e for e in ev.elements(scoped.each) or () if scoped.absent not in e.fields)


def _outcome(plan: Plan, case: Case, made: Decision, hits: Hits) -> None:
    """The words that the decision and its elements end in, what is told, and which payout limits bind."""
    resolution = case.resolution
    hits.add(plan.words.whole[resolution.word or UNDETERMINED])
    hits |= {plan.words.elements[level.word or UNDETERMINED] for level in resolution.elements or ()}
    for rule in told_rules(case):
        hits.update(plan.messages.rules.get(rule.index, ()))
    if tells_otherwise(case):
        hits.update(plan.messages.otherwise)
    told = {r.rule for r in made.reasons}
    for id_, items in plan.messages.steps.items():
        if id_ in told:
            hits.update(items)
    cutting = {step.rule for detail in made.amounts for step in detail.steps}
    hits |= {item for limit, item in plan.binding.items() if limit in cutting}
