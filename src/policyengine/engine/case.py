"""One decision being made: its rules, the facts, and what the rules' truths came to."""

from __future__ import annotations

from typing import NamedTuple

from policyengine.backends.base import Matches
from policyengine.engine.prepared import Prepared
from policyengine.engine.resolve import Resolution
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import UNKNOWN, Got
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Reason
from policyengine.model.memory import Element
from policyengine.model.rules import DecisionSpec, Rule, Split
from policyengine.planner import Plan

#: A rule and the element that it is asked for, None: the document.
Asked = tuple[Rule, Element | None]


class Planned(NamedTuple):
    """A split and its plan, of at least one part."""

    split: Split
    plan: Plan


class Case:
    """What every part of the answer is made from. What it is made of never changes.

    ``elements`` are those of the decision's list, None when it is unknown or there is none. ``planned`` is the
    split's plan, known and possible. ``told`` keeps reasons in words, by rule index and element position (document: 0).
    """

    __slots__ = (
        "_envs",
        "_specials",
        "bundle",
        "elements",
        "evaluation",
        "matches",
        "planned",
        "prepared",
        "resolution",
        "spec",
        "told",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - the one place where a case is made, for every request
        self,
        prepared: Prepared,
        evaluation: Evaluation,
        matches: Matches,
        elements: tuple[Element, ...] | None,
        resolution: Resolution,
        planned: Planned | None,
    ) -> None:
        self.prepared = prepared
        self.bundle: CheckedBundle = prepared.bundle
        self.spec: DecisionSpec = prepared.spec
        self.evaluation = evaluation
        self.matches = matches
        self.elements = elements
        self.resolution = resolution
        self.planned = planned
        self.told: dict[tuple[int, int], Reason] = {}
        self._specials: dict[str, Got] | None = None
        self._envs: dict[tuple[str, int] | None, Env] = {}

    @property
    def specials(self) -> dict[str, Got]:
        """What ``verdict`` and ``parts`` stand for."""
        if self._specials is None:
            word, planned = self.resolution.word, self.planned
            parts = planned.plan.parts if planned else UNKNOWN
            self._specials = {"verdict": UNKNOWN if word is None else word, "parts": parts}
        return self._specials

    def env(self, element: Element | None) -> Env:
        """The names in scope for a rule of the document or of an element."""
        key = None if element is None else (element.list, element.position)
        env = self._envs.get(key)
        if env is None:
            elements = {} if element is None else {self.bundle.lists[element.list].each: element}
            env = self._envs[key] = Env(elements, self.specials)
        return env

    def truth(self, rule: Rule, element: Element | None) -> bool | None:
        """How a rule of the steps was matched."""
        if element is None:
            return self.matches.document.of(rule.index)
        return (self.matches.elements or {})[element.key].of(rule.index)

    @property
    def decided(self) -> tuple[Element, ...]:
        """The elements that were decided, in order; none after a refusal of the document."""
        return self.elements or () if self.resolution.elements is not None else ()

    @property
    def gate(self) -> int | None:
        """The step in which the document was refused for certain, if it was: later steps are silent."""
        return self.resolution.document.refused_at
