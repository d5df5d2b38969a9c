"""Decide from policies written in YAML, and explain every decision.

::

    from policyengine import Engine, load_bundle

    with Engine(load_bundle("policies/returns")) as engine:
        decision = engine.decide("refund", {"umbrella": {"price": "40 EUR"}}, as_of="2025-06-01")
        print(decision.verdict, decision.to_dict())
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyengine.engine.engine import Engine
    from policyengine.errors import BundleError, EngineFault, PolicyEngineError, RequestError, UnknownName
    from policyengine.loading import load_bundle
    from policyengine.model.decision import Decision

__all__ = [
    "BundleError",
    "Decision",
    "Engine",
    "EngineFault",
    "PolicyEngineError",
    "RequestError",
    "UnknownName",
    "__version__",
    "load_bundle",
]

__version__ = version("yaml-policyengine")
"""The release of the installed distribution, such as ``0.1.0``."""

# Loaded when first asked for: what needs only a part of the package does not wait for all of it.
_HOMES = {
    "BundleError": "policyengine.errors",
    "Decision": "policyengine.model.decision",
    "Engine": "policyengine.engine.engine",
    "EngineFault": "policyengine.errors",
    "PolicyEngineError": "policyengine.errors",
    "RequestError": "policyengine.errors",
    "UnknownName": "policyengine.errors",
    "load_bundle": "policyengine.loading",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
