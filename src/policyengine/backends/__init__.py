"""Back ends: engines that match facts against the rules of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from policyengine.backends.base import Backend, Matches, Program
from policyengine.backends.compiled import CompiledBackend
from policyengine.backends.durable import DurableBackend

__all__ = ["BACKENDS", "Backend", "Matches", "Program"]

#: The back ends by name.
BACKENDS: Mapping[str, Backend] = MappingProxyType({b.name: b for b in (DurableBackend(), CompiledBackend())})
