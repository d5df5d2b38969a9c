"""The generated code must say of every rule what the evaluator says of its condition."""

from __future__ import annotations

import pytest
from tests.backends.test_durable_matches import direct, random_bundle

from policyengine.backends.compiled import CompiledBackend
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluator


@pytest.mark.parametrize("seed", range(1000, 1080))
def test_a_program_matches_what_the_evaluator_finds(seed: int) -> None:
    bundle, maker = random_bundle(seed)
    evaluator = Evaluator(bundle)
    program = CompiledBackend().compile(bundle, evaluator)
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
