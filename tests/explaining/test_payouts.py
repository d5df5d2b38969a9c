"""What is told of each step of a payout is what the decision says was paid, on real cases and generated bundles."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.differential.compare import load
from tests.differential.generator import generate
from tests.differential.requests import Requests

from policyengine import Engine, load_bundle
from policyengine.diagnostics import Diagnostics
from policyengine.errors import RequestError
from policyengine.explaining.payouts import PaidStep, paid_steps, payout_ids, why_paid
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import AmountDetail, Decision
from policyengine.testing.cases import read_cases

FOLDERS = ["policies/trade_assurance", "policies/alibaba_terms", "tests/programmes/consumer_withdrawal"]
SEEDS = range(440, 500)
REQUESTS = 10


def whose(one: AmountDetail) -> tuple[str | None, str | None]:
    return one.element, ", ".join(str(v) for v in one.group.values()) if one.group else None


def agree(bundle: CheckedBundle, made: Decision, facts: dict) -> tuple[PaidStep, ...]:
    """The steps told; those that change an amount are the ones that the decision lists, and begin where it begins."""
    told = paid_steps(bundle, made, facts)
    for detail in made.amounts:
        mine = [s for s in told if (s.element, s.group) == whose(detail)]
        changed = [(s.rule, s.after) for s in mine if s.before != s.after]
        assert changed == [(s.rule, s.amount) for s in detail.steps]
        assert not mine or mine[0].before == detail.start
    for rule in payout_ids(bundle.decisions[made.decision].payout):
        assert all(one.rule == rule and one.sentence.endswith(".") for one in why_paid(made, told, rule))
    return told


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_payout_of_the_cases_is_told_as_it_was_paid(folder):
    bundle = load_bundle(folder)
    seen: list[PaidStep] = []
    with Engine(bundle, "compiled", check=False, sample=0) as engine:
        for case in read_cases(bundle, Path(folder), Diagnostics()):
            if bundle.decisions[case.decision].payout is not None:
                made = engine.decide(case.decision, case.facts, as_of=case.as_of)
                seen += agree(bundle, made, dict(case.facts))
    assert any(s.before != s.after for s in seen)
    assert any(s.before == s.after for s in seen)


def test_generated_payouts_are_told_as_they_were_paid():
    seen: list[PaidStep] = []
    for seed in SEEDS:
        bundle = load(generate(seed))
        requests = Requests(bundle, generate(seed).constants, seed)
        with Engine(bundle, "compiled", check=False, sample=0) as engine:
            for request in (requests.next() for _ in range(REQUESTS)):
                for name in (n for n, spec in bundle.decisions.items() if spec.payout is not None):
                    try:
                        made = engine.decide(name, request.facts, as_of=request.as_of)
                    except RequestError:
                        continue
                    seen += agree(bundle, made, dict(request.facts))
    assert any(s.before != s.after for s in seen)
