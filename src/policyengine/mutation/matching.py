"""Matching without compiling: each rule's condition is evaluated as it stands, unless its truth is known already.

A mutant is asked a handful of cases before it is killed, so what counts is how soon it can decide the first. Most rules
of a mutant are the bundle's own, and hold for a case exactly when they do there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from policyengine.backends.base import Matches, Truths
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, is_true
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.mutation.reach import Name, Reach


class _Asked(NamedTuple):
    """A rule: those parts of it that do not always hold, and the key under which its truth may be known."""

    rule: int
    parts: tuple[Expr, ...]
    key: int | None


class KnownTruths:
    """The truths of a bundle's rules for the facts of its cases, noted when the bundle itself decides them.

    Facts are told apart by identity, so whoever keeps these truths must keep the facts.
    """

    def __init__(self, bundle: CheckedBundle, reach: Reach) -> None:
        rules = [r for spec in bundle.decisions.values() for step in spec.steps for r in step.rules]
        self._known = {_identity(r): (n, reach.read_by(r)) for n, r in enumerate(rules)}
        #: By facts, position of the element (document: 0) and key of the rule.
        self.noted: dict[tuple[int, int, int], bool | None] = {}

    def key(self, rule: Rule, changed: Name | None) -> int | None:
        """The key of a rule of the bundle; None for a rule that is none of it, or that leads to what was changed."""
        key, read = self._known.get(_identity(rule), (None, frozenset()))
        return None if changed in read else key


def _identity(rule: Rule) -> tuple[int, ...]:
    """The very expressions that a rule is made of. Those of the bundle live as long as it does."""
    return tuple(id(part) for part in rule.parts)


class Evaluating:
    """The rules in the steps of one decision; a program for that decision only.

    ``changed`` is the named thing that is not as it was when truths were noted; None: only rules may differ.
    ``notes`` says that truths are being noted.
    """

    def __init__(
        self, bundle: CheckedBundle, spec: DecisionSpec, known: KnownTruths, changed: Name | None, *, notes: bool
    ) -> None:
        rules = [r for step in spec.steps for r in step.rules]
        self._each, self._noted, self._notes = spec.each, known.noted, notes
        self._variable = bundle.lists[spec.each].each if spec.each is not None else ""
        asked = [(r, _Asked(r.index, _open_parts(r), known.key(r, changed))) for r in rules]
        self._document = [a for r, a in asked if r.each is None]
        self._elements = [a for r, a in asked if r.each is not None]

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        """Match the facts against every rule in the decision's steps."""
        del decision
        document = self._truths(self._document, evaluation, EMPTY_ENV, 0)
        if self._each is None:
            return Matches(document, {})
        elements = evaluation.elements(self._each)
        if elements is None:
            return Matches(document, None)
        name = self._variable
        found = {e.key: self._truths(self._elements, evaluation, Env({name: e}), e.position) for e in elements}
        return Matches(document, found)

    def close(self) -> None:
        """Nothing is held."""

    def _truths(self, rules: Sequence[_Asked], evaluation: Evaluation, env: Env, position: int) -> Truths:
        true: list[int] = []
        unknown: list[int] = []
        facts, noted = id(evaluation.memory), self._noted
        for rule, parts, key in rules:
            place = None if key is None else (facts, position, key)
            holds = noted[place] if place in noted else _holds(parts, evaluation, env)
            if self._notes and place is not None:
                noted[place] = holds
            if holds is not False:
                (true if holds else unknown).append(rule)
        return Truths(tuple(true), tuple(unknown))


def _open_parts(rule: Rule) -> tuple[Expr, ...]:
    return tuple(p for p in rule.parts if not is_true(p))


def _holds(parts: Sequence[Expr], evaluation: Evaluation, env: Env) -> bool | None:
    holds: bool | None = True
    for part in parts:
        got = evaluation.truth(part, env)
        if got is False:
            return False
        if got is None:
            holds = None
    return holds
