"""On generated bundles: whatever is answered, the case that is written of it says the same facts, and passes."""

from __future__ import annotations

import random
from datetime import date

import pytest
from tests.differential.compare import load
from tests.differential.generator import generate

from policyengine.coverage.meter import Meter
from policyengine.coverage.suggest.expecting import expecting
from policyengine.coverage.suggest.minimal import minimal
from policyengine.coverage.suggest.writing import Suggested, with_cases
from policyengine.diagnostics import Diagnostics
from policyengine.probing import Document, Prober
from policyengine.testing.cases import read_file
from policyengine.testing.model import Status
from policyengine.testing.run import CaseRunner

STEPS = 12


def walked(prober: Prober, decision: str, seed: int) -> list[Document]:
    """Documents as suggestions have them: one change after the other, each as it is proposed."""
    chance = random.Random(seed)
    documents = [Document({}, date(2025, 1, 15))]
    for _ in range(STEPS):
        proposals = list(prober.proposals(decision, documents[-1]))
        if proposals:
            documents.append(chance.choice(proposals).applied(documents[-1]))
    return [Document(without_empty_groups(d.facts), d.as_of) for d in documents]


def without_empty_groups(facts):
    """What is left when a fact is taken away says nothing; suggestions never have it, for they are minimal."""
    inner = {name: without_empty_groups(v) if isinstance(v, dict) else v for name, v in facts.items()}
    return {name: v for name, v in inner.items() if v != {}}


@pytest.mark.parametrize("seed", range(12))
def test_written_cases_are_read_back_and_pass(tmp_path, seed):
    bundle = load(generate(seed))
    prober = Prober(bundle)
    path = tmp_path / "suggested.test.yaml"
    with Meter(bundle) as meter, CaseRunner(bundle, ("compiled",)) as runner:
        for decision in bundle.decisions:
            made = []
            for n, document in enumerate(walked(prober, decision, seed)):
                _, answer = meter.measured(decision, document.facts, document.as_of)
                made.append(Suggested(f"case {n}", document.as_of, document.facts, expecting(bundle, answer)))
            path.unlink(missing_ok=True)
            path.write_text(with_cases(path, bundle, decision, made))
            faults = Diagnostics()
            cases = read_file(bundle, path, str(path), path.name, faults)
            assert [d.render() for d in faults] == []
            assert [dict(c.facts) for c in cases] == [dict(s.facts) for s in made]
            told = [
                (o.case.name, o.differences, o.error) for o in map(runner.run, cases) if o.status is not Status.PASSED
            ]
            assert told == []


@pytest.mark.parametrize("seed", range(6))
def test_a_minimal_document_has_nothing_that_may_go(seed):
    bundle = load(generate(seed))
    prober = Prober(bundle)
    with Meter(bundle) as meter:
        for decision in bundle.decisions:
            document = walked(prober, decision, seed)[-1]
            wanted, _ = meter.measured(decision, document.facts, document.as_of)

            def keeps(tried: Document, decision: str = decision, wanted: frozenset[int] = wanted) -> bool:
                return meter.measured(decision, tried.facts, tried.as_of)[0] >= wanted

            small = minimal(bundle, document, keeps)
            assert keeps(small)
            assert minimal(bundle, small, keeps) == small
