"""All seeded faults, by the part of the code that each spoils."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.differential.faults import Fault, Faults
from tests.differential.faults_in_binding import BINDING
from tests.differential.faults_in_compiled import COMPILED
from tests.differential.faults_in_lowering import LOWERING
from tests.differential.faults_in_resolving import RESOLVING

AREAS: Mapping[str, Faults] = {"binding": BINDING, "lowering": LOWERING, "resolving": RESOLVING, "compiled": COMPILED}
#: The back end that is asked to find an area's faults.
ASKED: Mapping[str, str] = {"binding": "durable", "lowering": "durable", "resolving": "durable", "compiled": "compiled"}


def all_faults() -> Iterator[tuple[str, str, Fault]]:
    """Area, name and fault."""
    for area, faults in AREAS.items():
        yield from ((area, name, fault) for name, fault in faults.items())
