"""The evaluator of a bundle, and the evaluation of one decision's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from math import prod
from typing import cast

from policyengine.evaluation.asks import ask
from policyengine.evaluation.compiler import Compiler, Run, truth
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.reads import Reading
from policyengine.evaluation.splits import make_plan
from policyengine.evaluation.values import UNKNOWN, Candidates, Got, Unknown, fault, is_known
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import DefinitionRef, Expr, FactRef, ItemField, ListRef, Special, SplitIs, Value
from policyengine.model.faults import Fault, empty_date, not_in_force
from policyengine.model.memory import EMPTY_DATE, Element, WorkingMemory
from policyengine.model.rules import Split
from policyengine.planner import Plan
from policyengine.source import Span

#: So many combinations of dated values are tried for one comparison; beyond, it is unknown.
MOST_COMBINATIONS = 4096
#: So many of the evaluations they need are kept for the next comparison.
MOST_KEPT = 64


class Evaluator:
    """One for each bundle. Safe to share between threads: what it remembers is only what it has compiled.

    Expressions handed to evaluations must be the bundle's own, for each is compiled and kept.
    """

    def __init__(self, bundle: CheckedBundle) -> None:
        self.bundle = bundle
        self.reading = Reading(bundle)
        self.compiler = Compiler(bundle, self.reading)
        self._definitions: dict[tuple[str, str | None], tuple[Run, bool, str | None]] = {}

    def start(self, memory: WorkingMemory) -> Evaluation:
        """An evaluation of these facts."""
        return Evaluation(self, memory)

    def definition(self, name: str, output: str | None) -> tuple[Run, bool, str | None]:
        """The closure, whether its value may be remembered, and the variable of its element."""
        key = (name, output)
        found = self._definitions.get(key)
        if found is None:
            definition = self.bundle.definitions[name]
            steady = not self.reading.of_definition(definition).specials
            variable = self.bundle.lists[definition.each].each if definition.each else None
            found = self._definitions[key] = (self.compiler.definition(definition, output), steady, variable)
        return found


class Evaluation:
    """The values of one decision's facts, each computed once. Belongs to one thread.

    ``assumed`` are parameters taken to have a value, whatever their key day says.
    """

    __slots__ = ("_assumed", "_cache", "_plans", "_worlds", "evaluator", "memory")

    def __init__(self, evaluator: Evaluator, memory: WorkingMemory, assumed: Mapping[str, Value] | None = None) -> None:
        self.evaluator = evaluator
        self.memory = memory
        self._assumed = assumed or {}
        self._cache: dict[tuple[object, ...], Got] = {}
        self._plans: dict[int, Plan | Unknown] = {}
        self._worlds: dict[tuple[tuple[str, int], ...], Evaluation] = {}

    # --- what others ask ---

    def value(self, e: Expr, env: Env = EMPTY_ENV) -> Got:
        """The value; never raises because of facts. A date given as empty is a fault here: only ``stated`` tells."""
        return self.evaluator.compiler.run(e)(self, env)

    def truth(self, e: Expr, env: Env = EMPTY_ENV) -> bool | None:
        """The truth of a condition; None: unknown."""
        return truth(self.value(e, env))

    def blame(self, e: Expr, env: Env = EMPTY_ENV) -> tuple[str, ...]:
        """Addresses of the facts that the unknown value waits for, in order of writing, each once; known: none."""
        return tuple(dict.fromkeys(a for a in ask(self, e, env) if isinstance(a, str)))

    def faults(self, e: Expr, env: Env = EMPTY_ENV) -> tuple[Fault, ...]:
        """The faults that the unknown value rests on, each once; known: none."""
        return tuple(dict.fromkeys(a for a in ask(self, e, env) if isinstance(a, Fault)))

    def waits_for(self, e: Expr, name: str, env: Env) -> bool:
        """Whether the unknown value waits for a name that only an answer gives, such as ``amount``."""
        return any(isinstance(a, Special) and a.name == name for a in ask(self, e, env))

    def elements(self, list_name: str) -> tuple[Element, ...] | None:
        """The elements of a list; None: unknown."""
        given = self.memory.lists.get(list_name)
        if given is None and self.evaluator.bundle.lists[list_name].default_empty:
            return ()
        return given

    def split(self, split: Split) -> Plan | Unknown:
        """The plan of a split, or unknown (with its faults)."""
        key = id(split)
        if key not in self._plans:
            self._plans[key] = make_plan(self, split)
        return self._plans[key]

    # --- what closures ask ---

    def fact(self, name: str, span: Span) -> Got:
        """A fact of the document, or its default."""
        given = self.memory.facts.get(name)
        if given is None:
            return self._default(("fact", name), self.evaluator.bundle.facts[name].default, EMPTY_ENV)
        return fault(empty_date(span, name)) if given is EMPTY_DATE else cast("Value", given)

    def item(self, element: Element, field: str, span: Span) -> Got:
        """A field of an element, or its default."""
        given = element.fields.get(field)
        if given is None:
            list_ = self.evaluator.bundle.lists[element.list]
            key = ("field", element.list, field, element.position)
            return self._default(key, list_.fields[field].default, Env({list_.each: element}))
        return fault(empty_date(span, element.address(field))) if given is EMPTY_DATE else cast("Value", given)

    def _default(self, key: tuple[object, ...], default: Expr | None, env: Env) -> Got:
        if default is None:
            return UNKNOWN
        if key not in self._cache:
            self._cache[key] = self.value(default, env)
        return self._cache[key]

    def candidates(self, list_name: str) -> Got:
        """A whole list, every element sure."""
        elements = self.elements(list_name)
        return UNKNOWN if elements is None else Candidates(tuple((e, True) for e in elements))

    def is_given(self, target: FactRef | ItemField | ListRef, env: Env) -> bool:
        """Whether the caller gave the fact, if only to say that there is none."""
        match target:
            case FactRef():
                return target.name in self.memory.facts
            case ListRef():
                return target.name in self.memory.lists
            case ItemField():
                return target.field in env.elements[target.variable].fields

    def is_given_empty(self, target: FactRef | ItemField | ListRef, env: Env) -> bool:
        """Whether the fact is a date that was given as empty."""
        match target:
            case FactRef():
                return self.memory.facts.get(target.name) is EMPTY_DATE
            case ItemField():
                return env.elements[target.variable].fields.get(target.field) is EMPTY_DATE
            case ListRef():
                return False

    def definition(self, e: DefinitionRef, env: Env) -> Got:
        """The value of a definition, for the element in scope if it has one."""
        run, steady, variable = self.evaluator.definition(e.name, e.output)
        element = env.elements[e.variable or variable] if variable else None
        inner = env.only(variable, element) if variable and element else env.document()
        if not steady:
            return run(self, inner)
        key = (e.name, e.output, element.position if element else 0)
        if key not in self._cache:
            self._cache[key] = run(self, inner)
        return self._cache[key]

    def split_is(self, e: SplitIs) -> Got:
        """Whether the split comes out as asked."""
        plan = self.split(e.split)
        if isinstance(plan, Unknown):
            return plan
        return {"none": plan.parts == 0, "one": plan.parts == 1, "several": plan.parts > 1}[e.outcome]

    # --- parameters ---

    def parameter(self, name: str, span: Span) -> Got:
        """The value that holds on the key day; unknown while the day is."""
        if name in self._assumed:
            return self._assumed[name]
        day = self._key_day(name)
        if not isinstance(day, date):
            return UNKNOWN
        holding = [v for v in self.evaluator.bundle.parameters[name].values if v.start is None or v.start <= day]
        return holding[-1].value if holding else fault(not_in_force(span, name))

    def _key_day(self, name: str) -> Got:
        """The day that chooses a parameter's value; for one without, the evaluation day stands in."""
        key = ("key day", name)
        if key not in self._cache:
            keyed_on = self.evaluator.bundle.parameters[name].keyed_on
            self._cache[key] = self.memory.as_of if keyed_on is None else self.value(keyed_on)
        return self._cache[key]

    def open_parameters(self, names: Sequence[str]) -> list[str]:
        """Those of these dated parameters whose key day is not exactly known."""
        return [n for n in names if n not in self._assumed and not is_known(self._key_day(n))]

    def tried(self, core: Run, env: Env, names: Sequence[str]) -> Got:
        """The truth that a comparison has under every combination of the parameters' values; else unknown."""
        choices = [range(len(self.evaluator.bundle.parameters[n].values)) for n in names]
        many = prod(map(len, choices))
        if many > MOST_COMBINATIONS:
            return UNKNOWN
        agreed: Got | None = None
        for combination in product(*choices):
            got = core(self._world(tuple(zip(names, combination, strict=True)), keep=many <= MOST_KEPT), env)
            if isinstance(got, Unknown) or (agreed is not None and got is not agreed):
                return UNKNOWN
            agreed = got
        return UNKNOWN if agreed is None else agreed

    def _world(self, choice: tuple[tuple[str, int], ...], *, keep: bool) -> Evaluation:
        """The same facts, with these parameters at these of their values."""
        world = self._worlds.get(choice)
        if world is None:
            parameters = self.evaluator.bundle.parameters
            assumed = {**self._assumed, **{n: parameters[n].values[i].value for n, i in choice}}
            world = Evaluation(self.evaluator, self.memory, assumed)
            if keep:
                self._worlds[choice] = world
        return world
