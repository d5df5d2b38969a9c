"""One decision being made: its rules, the facts, and what the rules' truths came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policyengine.backends.base import Truths
from policyengine.engine.resolve import Resolution
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import Got
from policyengine.model.bundle import CheckedBundle
from policyengine.model.memory import Element
from policyengine.model.rules import DecisionSpec, Rule, Split
from policyengine.planner import Plan

#: A rule and the element that it is asked for, None: the document.
Asked = tuple[Rule, Element | None]


@dataclass(frozen=True, slots=True)
class Planned:
    """A split and its plan, of at least one part."""

    split: Split
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every part of the answer is made from.

    ``elements`` are those of the decision's list, None when it is unknown or there is none; ``document`` and
    ``by_element`` are the rules' truths. ``planned`` is the split's plan, known and possible; ``specials`` stand for
    ``verdict`` and ``parts``.
    """

    bundle: CheckedBundle
    spec: DecisionSpec
    evaluation: Evaluation
    elements: tuple[Element, ...] | None
    document: Truths
    by_element: Mapping[str, Truths]
    resolution: Resolution
    planned: Planned | None
    specials: Mapping[str, Got]

    def env(self, element: Element | None) -> Env:
        """The names in scope for a rule of the document or of an element."""
        if element is None:
            return Env(specials=self.specials)
        return Env({self.bundle.lists[element.list].each: element}, self.specials)

    def truth(self, rule: Rule, element: Element | None) -> bool | None:
        """How a rule of the steps was matched."""
        return (self.document if element is None else self.by_element[element.key]).of(rule.index)

    @property
    def decided(self) -> tuple[Element, ...]:
        """The elements that were decided, in order; none after a refusal of the document."""
        return self.elements or () if self.resolution.elements is not None else ()

    @property
    def gate(self) -> int | None:
        """The step in which the document was refused for certain, if it was: later steps are silent."""
        return self.resolution.document.refused_at
