"""What names stand for while an expression is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from policyengine.evaluation.values import Got
from policyengine.model.memory import Element

_NOTHING: Mapping[str, Element] = MappingProxyType({})
_NO_SPECIALS: Mapping[str, Got] = MappingProxyType({})


class Env(NamedTuple):
    """``elements`` by variable; ``specials`` by the names that only an answer gives (``verdict``, ``amount`` …)."""

    elements: Mapping[str, Element] = _NOTHING
    specials: Mapping[str, Got] = _NO_SPECIALS

    def bind(self, variable: str, element: Element) -> Env:
        """The same names, and ``variable`` for this element."""
        return Env({**self.elements, variable: element}, self.specials)

    def only(self, variable: str, element: Element) -> Env:
        """``variable`` for this element and no other: the scope of a definition or a default."""
        return Env({variable: element}, self.specials)

    def document(self) -> Env:
        """No element at all."""
        return Env(_NOTHING, self.specials) if self.elements else self


EMPTY_ENV = Env()
