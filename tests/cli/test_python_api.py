"""What ``import policyengine`` gives."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

import policyengine


def test_everything_that_is_promised_is_there():
    errors = {"BundleError", "EngineFault", "PolicyEngineError", "RequestError", "UnknownName"}
    assert set(policyengine.__all__) == {"Decision", "DifferenceStore", "Engine", "__version__", "load_bundle"} | errors
    for name in policyengine.__all__:
        assert getattr(policyengine, name).__doc__
    assert set(policyengine.__all__) <= set(dir(policyengine))
    assert policyengine.__version__ == importlib.metadata.version("yaml-policyengine")


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'Enginee'"):
        _ = policyengine.Enginee


def test_load_decide_read(umbrella):
    from policyengine import BundleError, Decision, Engine, RequestError, load_bundle

    with Engine(load_bundle(umbrella)) as engine:
        decision = engine.decide("refund", {"damage": {"cause": "lost"}}, as_of="2025-06-01")
        assert isinstance(decision, Decision)
        assert (decision.verdict, decision.to_dict()["class"]) == ("not_refunded", "refused")
        with pytest.raises(RequestError) as refused:
            engine.decide("refund", {"damage": {"cause": 1}})
    assert refused.value.problems[0].pointer == "/damage/cause"
    with pytest.raises(BundleError):
        load_bundle(umbrella / "tests")


def test_the_service_is_not_loaded_before_it_is_needed():
    code = "import policyengine.cli.main, sys; print([m for m in ('flask', 'granian', 'highspy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
