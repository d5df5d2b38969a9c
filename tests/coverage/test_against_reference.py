"""On generated bundles every rule is recorded with the truth that the reference has, and no proof is ever refuted."""

from __future__ import annotations

import pytest
from tests.differential.compare import load
from tests.differential.generator import generate
from tests.differential.requests import Requests

from policyengine import reference
from policyengine.coverage.items import Kind
from policyengine.coverage.meter import Meter
from policyengine.engine.prepared import UNDETERMINED
from policyengine.errors import RequestError
from policyengine.reference.evaluate import Env, evaluate
from policyengine.reference.facts import read
from policyengine.reference.results import all_of, exact
from policyengine.source import nowhere
from policyengine.testing.model import Case

SEEDS = range(16)
CASES = 30


def case_of(decision, request):
    return Case(
        id="x", name="x", decision=decision, as_of=request.as_of, facts=request.facts, expected=(),
        span=nowhere("x"), places={},
    )  # fmt: skip


def surroundings(bundle, answer, request) -> Env:
    """The facts, and what a warning may read of the answer."""
    parts = exact(answer.split.parts if answer.split else None)
    verdict = exact(None if answer.verdict == UNDETERMINED else answer.verdict)
    return Env(bundle, read(bundle, request.facts, request.as_of)).telling({"verdict": verdict, "parts": parts})


def truths_of(rule, env: Env) -> set[bool | None]:
    elements = (None,) if rule.each is None else env.records(rule.each) or ()
    return {all_of(evaluate(p, env.only(e)) for p in rule.parts).value for e in elements}


@pytest.mark.parametrize("seed", SEEDS)
def test_recorded_truths_and_words_are_those_of_the_reference(seed):
    generated = generate(seed)
    bundle = load(generated)
    requests = Requests(bundle, generated.constants, seed)
    asked = 0
    with Meter(bundle) as meter:
        meter.prove(range(len(meter.items)))
        for _ in range(CASES):
            request = requests.next()
            for decision, spec in bundle.decisions.items():
                if spec.value is not None:
                    continue
                try:
                    found = meter.covered(case_of(decision, request))
                except RequestError:
                    continue
                asked += 1
                items = [meter.items[n] for n in sorted(found)]
                answer = reference.decide(bundle, decision, request.facts, request.as_of)
                env = surroundings(bundle, answer, request)
                expected = {(r.span.start, r.span.end, t) for r in spec.rules for t in truths_of(r, env)}
                truths = {"true": True, "false": False, "unknown": None}
                recorded = {
                    (i.span.start, i.span.end, truths[i.id.rpartition(" is ")[2]]) for i in items if i.kind is Kind.RULE
                }
                assert recorded == expected
                assert not [i for i in items if i.proof]
                words = {i.id.removeprefix(f"{decision}: ") for i in items if i.kind is Kind.VERDICT}
                assert words == {
                    f"verdict {answer.verdict}",
                    *(f"element {e.verdict or UNDETERMINED}" for e in answer.elements),
                }
                told = {r.rule for r in (*answer.reasons, *answer.warnings)}
                told |= {r.rule for e in answer.elements for r in e.reasons}
                messages = {
                    i.id.partition("/")[2].partition(":")[0].partition("@")[0] for i in items if i.kind is Kind.MESSAGE
                }
                assert messages == told
    assert asked
