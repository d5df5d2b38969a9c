"""Explanations of generated bundles: none fails, each change is true by the reference, the schema holds."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from tests.differential.compare import load
from tests.differential.generator import generate
from tests.differential.requests import Request, Requests
from tests.differential.sizes import LARGE, size_of

from policyengine import Engine
from policyengine.api_schema.files import api_schema
from policyengine.errors import RequestError
from policyengine.explaining.explainer import Explainer
from policyengine.model.bundle import CheckedBundle
from policyengine.probing import Document, Prober
from policyengine.reference import decide

EXPLANATION = Draft202012Validator(api_schema("explanation"))
SEEDS = [seed for seed in range(300, 330) if size_of(seed) is not LARGE][:12]
REQUESTS = 3


def requests(seed: int, bundle: CheckedBundle) -> list[Request]:
    made = Requests(bundle, generate(seed).constants, seed)
    return [made.next() for _ in range(REQUESTS)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_generated_bundle_is_explained(seed):
    bundle = load(generate(seed))
    prober = Prober(bundle)
    with Engine(bundle, "compiled", check=False, sample=0) as engine, Explainer(bundle) as explainer:
        for request in requests(seed, bundle):
            for decision in bundle.decisions:
                try:
                    made = engine.decide(decision, request.facts, as_of=request.as_of)
                except RequestError:
                    continue
                explained = explainer.explain(made, request.facts)
                EXPLANATION.validate(json.loads(json.dumps(explained.to_dict())))
                asked = Document(request.facts, request.as_of)
                changes = {c.fact: c for c in explained.changes.found}
                for proposal in prober.proposals(decision, asked):
                    change = changes.get(proposal.slot.address)
                    if change is not None and proposal.value == change.after:
                        other = proposal.applied(asked)
                        again = decide(bundle, decision, other.facts, other.as_of)
                        assert again.verdict == change.verdict != made.verdict
                        del changes[proposal.slot.address]
                assert not changes
