"""Decide from policies written in YAML, and explain every decision.

::

    from policyengine import Engine, load_bundle

    with Engine(load_bundle("policies/returns")) as engine:
        decision = engine.decide("refund", {"umbrella": {"price": "40 EUR"}}, as_of="2025-06-01")
        print(decision.verdict, decision.to_dict())
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyengine.engine.engine import Engine
    from policyengine.errors import BundleError, EngineFault, PolicyEngineError, RequestError, UnknownName
    from policyengine.loading import load_bundle
    from policyengine.model.decision import Decision
    from policyengine.testing.difference_store import DifferenceStore

    __version__: str
    """The release of the installed distribution, such as ``0.1.0``."""

__all__ = [
    "BundleError",
    "Decision",
    "DifferenceStore",
    "Engine",
    "EngineFault",
    "PolicyEngineError",
    "RequestError",
    "UnknownName",
    "__version__",
    "load_bundle",
]

# Loaded when first asked for: what needs only a part of the package does not wait for all of it.
_HOMES = {
    "BundleError": "policyengine.errors",
    "Decision": "policyengine.model.decision",
    "DifferenceStore": "policyengine.testing.difference_store",
    "Engine": "policyengine.engine.engine",
    "EngineFault": "policyengine.errors",
    "PolicyEngineError": "policyengine.errors",
    "RequestError": "policyengine.errors",
    "UnknownName": "policyengine.errors",
    "load_bundle": "policyengine.loading",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        found: object = _version()
    elif name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def _version() -> str:
    # Loaded here: the standard library's reader of packages is slow to load, and hardly anybody asks.
    from importlib.metadata import version

    return version("yaml-policyengine")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
