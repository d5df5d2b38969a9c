"""The evaluator of a bundle, and the evaluation of one decision's facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from math import prod
from types import MappingProxyType

from policyengine.evaluation.asks import ask
from policyengine.evaluation.compiler import Compiler
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.names import Run
from policyengine.evaluation.reads import Reading
from policyengine.evaluation.splits import make_plan
from policyengine.evaluation.values import UNKNOWN, Candidates, Got, Unknown, fault, is_known
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, FactRef, ItemField, ListRef, Special, SplitIs, Value
from policyengine.model.faults import Fault, not_in_force
from policyengine.model.memory import Element, WorkingMemory
from policyengine.model.rules import Split
from policyengine.planner import Plan
from policyengine.source import Span

_NOTHING: Mapping[str, Value] = MappingProxyType({})
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

    def start(self, memory: WorkingMemory) -> Evaluation:
        """An evaluation of these facts."""
        return Evaluation(self, memory)


class Evaluation:
    """The values of one decision's facts, each computed once. Belongs to one thread.

    ``facts`` are the memory's, ``cache`` holds what was computed once, by a key of its kind. ``assumed`` are parameters
    taken to have a value, whatever their key day says. ``matched_by`` is for who has rules matched, to note how.
    """

    __slots__ = (
        "_asked",
        "_assumed",
        "_plans",
        "_runs",
        "_worlds",
        "cache",
        "evaluator",
        "facts",
        "matched_by",
        "memory",
    )

    def __init__(self, evaluator: Evaluator, memory: WorkingMemory, assumed: Mapping[str, Value] = _NOTHING) -> None:
        self.evaluator = evaluator
        self.memory = memory
        self.facts = memory.facts
        self.cache: dict[object, Got] = {}
        self.matched_by: tuple[str, str] | None = None
        self._runs = evaluator.compiler.runs
        self._assumed = assumed
        self._plans: dict[int, Plan | Unknown] = {}
        self._worlds: dict[tuple[tuple[str, int], ...], Evaluation] = {}
        self._asked: tuple[Expr, Env, list[str | Fault | Special]] | None = None

    # --- what others ask ---

    def value(self, e: Expr, env: Env = EMPTY_ENV) -> Got:
        """The value; never raises because of facts. A date given as empty is a fault here: only ``stated`` tells."""
        run = self._runs.get(id(e))
        if run is None:
            run = self.evaluator.compiler.run(e)
        return run(self, env)

    def truth(self, e: Expr, env: Env = EMPTY_ENV) -> bool | None:
        """The truth of a condition; None: unknown."""
        got = self.value(e, env)
        return got if isinstance(got, bool) else None

    def blame(self, e: Expr, env: Env = EMPTY_ENV) -> tuple[str, ...]:
        """Addresses of the facts that the unknown value waits for, in order of writing, each once; known: none."""
        return tuple(dict.fromkeys(a for a in self._asks(e, env) if isinstance(a, str)))

    def faults(self, e: Expr, env: Env = EMPTY_ENV) -> tuple[Fault, ...]:
        """The faults that the unknown value rests on, each once; known: none."""
        return tuple(dict.fromkeys(a for a in self._asks(e, env) if isinstance(a, Fault)))

    def waits_for(self, e: Expr, name: str, env: Env) -> bool:
        """Whether the unknown value waits for a name that only an answer gives, such as ``amount``."""
        return any(isinstance(a, Special) and a.name == name for a in self._asks(e, env))

    def _asks(self, e: Expr, env: Env) -> list[str | Fault | Special]:
        """All that an unknown value waits for; kept for the next question, which is mostly about the same value."""
        if self._asked is None or self._asked[0] is not e or self._asked[1] is not env:
            self._asked = (e, env, list(ask(self, e, env)))
        return self._asked[2]

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

    def once(self, key: object, e: Expr, env: Env) -> Got:
        """The value of a default or key day, computed the first time."""
        got = self.cache.get(key)
        if got is None:
            got = self.cache[key] = self.value(e, env)
        return got

    def candidates(self, list_name: str) -> Got:
        """A whole list, every element sure."""
        key = f"list {list_name}"
        got = self.cache.get(key)
        if got is None:
            elements = self.elements(list_name)
            got = UNKNOWN if elements is None else Candidates(tuple([(e, True) for e in elements]))
            self.cache[key] = got
        return got

    def is_given(self, target: FactRef | ItemField | ListRef, env: Env) -> bool:
        """Whether the caller gave the fact, if only to say that there is none."""
        match target:
            case FactRef():
                return target.name in self.memory.facts
            case ListRef():
                return target.name in self.memory.lists
            case ItemField():
                return target.field in env.elements[target.variable].fields

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
        for dated in reversed(self.evaluator.bundle.parameters[name].values):
            if dated.start is None or dated.start <= day:
                return dated.value
        return fault(not_in_force(span, name))

    def _key_day(self, name: str) -> Got:
        """The day that chooses a parameter's value; for one without, the evaluation day stands in."""
        keyed_on = self.evaluator.bundle.parameters[name].keyed_on
        return self.memory.as_of if keyed_on is None else self.once(f"key day {name}", keyed_on, EMPTY_ENV)

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
