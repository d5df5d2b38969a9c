"""Matching without compiling: each rule's condition is evaluated as it stands.

A mutant is asked a handful of cases before it is killed, so what counts is how soon it can decide the first.
"""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.backends.base import Matches, Truths
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, is_true
from policyengine.model.rules import DecisionSpec, Rule

#: The index of a rule, and those parts of it that do not always hold.
_Asked = tuple[int, tuple[Expr, ...]]


class Evaluating:
    """The rules in the steps of one decision; a program for that decision only."""

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        rules = [r for step in spec.steps for r in step.rules]
        self._each = spec.each
        self._variable = bundle.lists[spec.each].each if spec.each is not None else ""
        self._document = [_asked(r) for r in rules if r.each is None]
        self._elements = [_asked(r) for r in rules if r.each is not None]

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        """Match the facts against every rule in the decision's steps."""
        del decision
        document = _truths(self._document, evaluation, EMPTY_ENV)
        if self._each is None:
            return Matches(document, {})
        elements = evaluation.elements(self._each)
        if elements is None:
            return Matches(document, None)
        found = {e.key: _truths(self._elements, evaluation, Env({self._variable: e})) for e in elements}
        return Matches(document, found)

    def close(self) -> None:
        """Nothing is held."""


def _asked(rule: Rule) -> _Asked:
    return rule.index, tuple(p for p in rule.parts if not is_true(p))


def _truths(rules: Sequence[_Asked], evaluation: Evaluation, env: Env) -> Truths:
    true: list[int] = []
    unknown: list[int] = []
    for index, parts in rules:
        holds = _holds(parts, evaluation, env)
        if holds is not False:
            (true if holds else unknown).append(index)
    return Truths(tuple(true), tuple(unknown))


def _holds(parts: Sequence[Expr], evaluation: Evaluation, env: Env) -> bool | None:
    holds: bool | None = True
    for part in parts:
        got = evaluation.truth(part, env)
        if got is False:
            return False
        if got is None:
            holds = None
    return holds
