"""What every checking pass works with: the symbols, the sink, and how scalars become typed expressions."""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.check.symbols import Symbols
from policyengine.check.typist import Rejected, Scope, Typist
from policyengine.diagnostics import Diagnostics
from policyengine.frontend.nodes import Node, Scalar
from policyengine.model import expr as x
from policyengine.source import Span
from policyengine.values.types import BOOLEAN, Type


@dataclass(slots=True)
class Context:
    """Shared by the passes of one bundle."""

    symbols: Symbols
    sink: Diagnostics

    def expression(self, node: Node | None, scope: Scope, expected: Type | None) -> x.Expr | None:
        """The scalar as a typed expression; None when it is absent or at fault (reported)."""
        if not isinstance(node, Scalar):
            return None
        try:
            return Typist(self.symbols, self.sink, node, scope).expression(expected)
        except Rejected:
            return None

    def tests(self, nodes: tuple[Scalar, ...], subject: x.Expr, scope: Scope, span: Span) -> x.Expr | None:
        """The subject passes any of the tests written in the scalars."""
        found = [self._test(n, subject, scope) for n in nodes]
        parts = tuple(p for p in found if p is not None)
        if len(parts) < len(nodes):
            return None
        return parts[0] if len(parts) == 1 else x.Or(items=parts, span=span)

    def _test(self, node: Scalar, subject: x.Expr, scope: Scope) -> x.Expr | None:
        try:
            return Typist(self.symbols, self.sink, node, scope).test(subject)
        except Rejected:
            return None


def always(span: Span) -> x.Expr:
    """The condition that always holds."""
    return x.And(items=(), type=BOOLEAN, span=span)


def conjunction(parts: list[x.Expr], span: Span) -> x.Expr:
    """All of the parts, without needless nesting."""
    real = [p for p in parts if not x.is_true(p)]
    return real[0] if len(real) == 1 else x.And(items=tuple(real), span=span)
