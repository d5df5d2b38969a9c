"""The network must say of every rule what the evaluator says of its condition."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from tests.backends import build as b
from tests.backends.random_rules import Maker, vocabulary
from tests.truths import sparse

from policyengine.backends.base import Truths
from policyengine.backends.durable import DurableBackend
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import And
from policyengine.model.rules import Rule


def random_bundle(seed: int, rules: int = 12) -> tuple[CheckedBundle, Maker]:
    empty = vocabulary()
    maker = Maker(Random(seed), empty)
    made = []
    for i in range(rules):
        each = "things" if i >= rules // 2 else None
        parts = [maker.condition(2, element=each is not None) for _ in range(maker.random.randint(1, 3))]
        made.append(b.rule(i, *parts, each=each, step=1 if each else 0))
    return replace(empty, decisions={"d": b.decision(made, each="things")}), maker


def direct(rules: tuple[Rule, ...], evaluation: Evaluation, env: Env, each: str | None) -> Truths:
    return sparse(evaluation.truth(And(items=r.parts, span=b.HERE), env) if r.each == each else False for r in rules)


@pytest.mark.parametrize("seed", range(120))
def test_a_program_matches_what_the_evaluator_finds(seed: int) -> None:
    bundle, maker = random_bundle(seed)
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    rules = bundle.decisions["d"].rules
    for _ in range(25):
        evaluation = evaluator.start(maker.facts())
        matches = program.match("d", evaluation)
        assert matches.document == direct(rules, evaluation, EMPTY_ENV, None)
        elements = evaluation.elements("things")
        if elements is None:
            assert matches.elements is None
        else:
            assert matches.elements == {e.key: direct(rules, evaluation, Env({"thing": e}), "things") for e in elements}
    program.close()
