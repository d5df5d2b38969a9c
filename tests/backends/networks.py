"""Networks by themselves, without rules: a session for some conjunctions, and facts for it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from policyengine.backends.durable.binding import text_of
from policyengine.backends.durable.network import Path, definition, property_names, rule_names
from policyengine.backends.durable.session import TAIL, Session


class Networked:
    """A session whose rules say their numbers."""

    def __init__(self, paths: Sequence[Path]) -> None:
        used = sorted({slot for path in paths for slot, _, _ in path})
        self.names = dict(zip(used, islice(property_names(), len(used)), strict=True))
        *names, last = rule_names(len(paths))
        self.session = Session(definition(paths, self.names), {n: (i,) for i, n in enumerate(names)}, last)

    def fact(self, values: Sequence[int | None]) -> str:
        """The fact of these values, by slot."""
        bound = [(name, values[slot]) for slot, name in self.names.items()]
        return "{" + "".join(text_of(name, value) for name, value in bound if value is not None) + TAIL

    def fire(self, values: Sequence[int | None]) -> list[int]:
        """The numbers of the conjunctions that fire, in the order in which they did."""
        return self.session.fire(self.fact(values))
