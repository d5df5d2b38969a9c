"""The program: a bundle's decisions as generated Python, and how a case is matched with it."""

from __future__ import annotations

from collections.abc import Callable

from policyengine.backends.base import Matches
from policyengine.backends.compiled.helpers import helpers
from policyengine.backends.compiled.patterns import Lowering
from policyengine.backends.compiled.reads import Reads
from policyengine.backends.compiled.runtime.state import State
from policyengine.backends.compiled.scopes import INEXACT, functions_of, truths_of, write_scope
from policyengine.backends.compiled.source import Compiled, Source
from policyengine.backends.compiled.units import Units
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.memory import WorkingMemory
from policyengine.model.rules import DecisionSpec

Match = Callable[[WorkingMemory], Matches]
#: Makes a named tuple without the call of its own constructor.
new = tuple.__new__


class CompiledDecision:
    """One decision, compiled."""

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec, lowering: Lowering) -> None:
        source = Source(f"{bundle.id}/{spec.name}", helpers(bundle.calendars))
        units = Units(lowering, source)
        rules = [r for step in spec.steps for r in step.rules]
        write_scope("document", [r for r in rules if r.each is None], units, {})
        if spec.each is not None:
            of_elements = [r for r in rules if r.each is not None]
            write_scope("element", of_elements, units, {bundle.lists[spec.each].each: "e"})
        units.write()
        self.compiled = source.compile()
        units.link(self.compiled.function)
        self.match = _by_document(self.compiled, stateful=units.stateful)
        if spec.each is not None:
            self.match = _by_element(self.compiled, spec.each, default_empty=bundle.lists[spec.each].default_empty)


def _by_document(compiled: Compiled, *, stateful: bool) -> Match:
    """How a decision without elements is matched. ``stateful``: its code remembers what it computes of a case."""
    exact, general = functions_of("document", compiled)

    def match(memory: WorkingMemory) -> Matches:
        facts = State(memory) if stateful else memory
        try:
            truths = exact(facts)
        except INEXACT:
            truths = general(facts)
        return new(Matches, (truths, {}))

    return match


def _by_element(compiled: Compiled, list_: str, *, default_empty: bool) -> Match:
    """How the document is matched, and then each element of the decision's list."""
    document, element = functions_of("document", compiled), functions_of("element", compiled)
    nothing = () if default_empty else None

    def match(memory: WorkingMemory) -> Matches:
        facts = State(memory)
        truths = truths_of(document, facts)
        elements = memory.lists.get(list_, nothing)
        by_key = None if elements is None else {e.key: truths_of(element, facts, e) for e in elements}
        return new(Matches, (truths, by_key))

    return match


class CompiledProgram:
    """A bundle compiled to Python. Safe to share between threads: it keeps nothing about a case."""

    def __init__(self, bundle: CheckedBundle) -> None:
        lowering = Lowering(bundle, Reads(bundle))
        self._decisions = {name: CompiledDecision(bundle, spec, lowering) for name, spec in bundle.decisions.items()}
        self._matchers = {name: decision.match for name, decision in self._decisions.items()}

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        """Match the facts against every rule in the decision's steps. Only the working memory is read."""
        return self._matchers[decision](evaluation.memory)

    def source(self, decision: str) -> str:
        """The generated code of a decision, for readers."""
        return self._decisions[decision].compiled.text

    def close(self) -> None:
        """Nothing is held outside of Python."""


class CompiledBackend:
    """Compiles bundles to Python."""

    name = "compiled"

    def compile(self, bundle: CheckedBundle, evaluator: Evaluator) -> CompiledProgram:
        """Compile every decision of the bundle. The evaluator is not used: this is its independent twin."""
        del evaluator
        return CompiledProgram(bundle)
