"""The program: a bundle's decisions as networks, and how a case is matched with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policyengine.backends.base import Matches, Truths
from policyengine.backends.durable.codecs import BooleanCodec
from policyengine.backends.durable.forms import Conjunction, Forms, Test
from policyengine.backends.durable.lowering import Lowering
from policyengine.backends.durable.network import NAMES, Comparison, Path, definition, in_networks
from policyengine.backends.durable.session import Session
from policyengine.backends.durable.slots import Slot, Slots
from policyengine.errors import EngineFault
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec, Rule

#: What a network rule says when it fires: rules by index, and whether they are true or false.
Says = tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True)
class Network:
    """One ruleset: the slots it reads, in the order of its properties, and what each of its rules says."""

    session: Session
    slots: tuple[int, ...]
    says: tuple[Says, ...]


class Scope:
    """The rules of one scope of a decision (the document, or the element of its list), as networks."""

    def __init__(self, rules: Sequence[Rule], evaluator: Evaluator) -> None:
        slots = Slots(evaluator)
        lowering = Lowering(evaluator, slots)
        self._rules = tuple(r.index for r in rules)
        said = _said([(r.index, lowering.condition(r.parts)) for r in rules], slots)
        self.tally = lowering.tally
        self.networks = tuple(_network(paths, said) for paths in in_networks(said))
        used = sorted({number for network in self.networks for number in network.slots})
        self._of_document = [(n, slots.slots[n]) for n in used if not slots.slots[n].element]
        self._of_element = [(n, slots.slots[n]) for n in used if slots.slots[n].element]

    def shared_values(self, evaluation: Evaluation) -> dict[int, int | None]:
        """The slots that are the same for every element, by number."""
        return {n: slot.read(evaluation, EMPTY_ENV) for n, slot in self._of_document}

    def match(self, evaluation: Evaluation, env: Env, shared: Mapping[int, int | None]) -> Truths:
        """The truths of the scope's rules."""
        values = {**shared, **{n: slot.read(evaluation, env) for n, slot in self._of_element}}
        truths = self._fire(values)
        if truths is None:
            for network in self.networks:
                network.session.renew()
            truths = self._fire(values)
        if truths is None:
            raise EngineFault("the rules engine found a condition both true and false, twice")
        return truths

    def _fire(self, values: Mapping[int, int | None]) -> Truths | None:
        """The truths; None if the engine contradicts itself."""
        found: dict[int, bool] = {}
        for network in self.networks:
            for number in network.session.fire([values[s] for s in network.slots]):
                for index, truth in network.says[number]:
                    if found.setdefault(index, truth) is not truth:
                        return None
        true = tuple(sorted(i for i, truth in found.items() if truth))
        return Truths(true, tuple(i for i in self._rules if i not in found))


def _said(forms: Sequence[tuple[int, Forms]], slots: Slots) -> dict[frozenset[Comparison], Says]:
    """What each conjunction says. Alike conjunctions of several rules become one network rule."""
    said: dict[frozenset[Comparison], Says] = {}
    for index, form in forms:
        for truth, conjunctions in ((True, form.true), (False, form.false)):
            for conjunction in conjunctions:
                coded = _coded(conjunction, slots)
                said[coded] = (*said.get(coded, ()), (index, truth))
    return said


def _coded(conjunction: Conjunction, slots: Slots) -> frozenset[Comparison]:
    """The comparisons with integers for constants; a conjunction of nothing compares a property that is always 1."""
    if not conjunction:
        return frozenset({(slots.always(BooleanCodec()), "eq", 1)})
    return frozenset((t.slot, t.op, _code(slots.slots[t.slot], t)) for t in conjunction)


def _code(slot: Slot, test: Test) -> int:
    code = slot.codec.code(test.constant)
    if code is None:
        raise EngineFault(f"a constant has no code: {test.constant!r}")
    return code


def _network(paths: Sequence[Path], said: Mapping[frozenset[Comparison], Says]) -> Network:
    slots = tuple(sorted({slot for path in paths for slot, _, _ in path}))
    names = dict(zip(slots, NAMES, strict=False))
    session = Session(definition(paths, names), len(paths), [names[s] for s in slots])
    return Network(session, slots, tuple(said[frozenset(path)] for path in paths))


@dataclass(frozen=True, slots=True)
class DecisionNetworks:
    """One decision, compiled."""

    document: Scope
    elements: Scope | None
    each: str | None
    variable: str

    def match(self, evaluation: Evaluation) -> Matches:
        """Match the document, then each element of the decision's list."""
        document = self.document
        truths = document.match(evaluation, EMPTY_ENV, document.shared_values(evaluation))
        return Matches(truths, self._match_elements(evaluation))

    def _match_elements(self, evaluation: Evaluation) -> dict[str, Truths] | None:
        if self.each is None or self.elements is None:
            return {}
        elements = evaluation.elements(self.each)
        if elements is None:
            return None
        shared = self.elements.shared_values(evaluation) if elements else {}
        return {e.key: self.elements.match(evaluation, Env({self.variable: e}), shared) for e in elements}

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The document's, and the elements' if there are any."""
        return (self.document,) if self.elements is None else (self.document, self.elements)


def _compiled(spec: DecisionSpec, bundle: CheckedBundle, evaluator: Evaluator) -> DecisionNetworks:
    rules = [r for step in spec.steps for r in step.rules]
    of_elements = [r for r in rules if r.each is not None]
    return DecisionNetworks(
        document=Scope([r for r in rules if r.each is None], evaluator),
        elements=Scope(of_elements, evaluator) if spec.each else None,
        each=spec.each,
        variable=bundle.lists[spec.each].each if spec.each else "",
    )


@dataclass(frozen=True, slots=True)
class Share:
    """Of a decision's atomic conditions: how many the engine compares itself, and how many it is told by flags.

    An atomic condition counts each time that a rule has it. ``networks`` is the number of rulesets.
    """

    compared: int
    told: int
    networks: int


class DurableProgram:
    """A bundle compiled for durable-rules. Safe to share between threads and to use after a fork."""

    def __init__(self, bundle: CheckedBundle, evaluator: Evaluator) -> None:
        self._decisions = {name: _compiled(spec, bundle, evaluator) for name, spec in bundle.decisions.items()}

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        """Match the facts against every rule in the decision's steps; raises :class:`EngineFault`."""
        return self._decisions[decision].match(evaluation)

    def share(self) -> dict[str, Share]:
        """By decision, how much the engine compares itself."""
        return {name: _share(networks.scopes) for name, networks in self._decisions.items()}

    def close(self) -> None:
        """Give the engines back. Idempotent; matching afterwards is an error."""
        for decision in self._decisions.values():
            for scope in decision.scopes:
                for network in scope.networks:
                    network.session.close()


def _share(scopes: Sequence[Scope]) -> Share:
    return Share(
        compared=sum(s.tally.compared for s in scopes),
        told=sum(s.tally.told for s in scopes),
        networks=sum(len(s.networks) for s in scopes),
    )


class DurableBackend:
    """Compiles bundles for durable-rules."""

    name = "durable"

    def compile(self, bundle: CheckedBundle, evaluator: Evaluator) -> DurableProgram:
        """Compile every decision of the bundle; raises :class:`EngineFault` if the engine refuses a network."""
        return DurableProgram(bundle, evaluator)
