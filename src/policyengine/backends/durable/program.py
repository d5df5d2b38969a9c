"""The program: a bundle's decisions as networks, and how a case is matched with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyengine.backends.base import Matches, Truths
from policyengine.backends.durable.scope import Scope
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec


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
        truths = document.match(evaluation, EMPTY_ENV, document.shared(evaluation))
        return Matches(truths, self._match_elements(evaluation))

    def _match_elements(self, evaluation: Evaluation) -> dict[str, Truths] | None:
        if self.each is None or self.elements is None:
            return {}
        elements = evaluation.elements(self.each)
        if elements is None:
            return None
        if not elements:
            return {}
        shared = self.elements.shared(evaluation)
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

    An atomic condition counts each time that a rule has it. ``networks`` is the number of rulesets. A condition that is
    too wide one way counts as compared: only when facts are missing is the evaluator asked for the other way.
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
