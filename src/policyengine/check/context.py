"""What every checking pass works with: the symbols, the sink, and how scalars become typed expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policyengine.check.forms import FORMS
from policyengine.check.reading import scalars
from policyengine.check.symbols import Symbols
from policyengine.check.typist import Rejected, Scope, Typist
from policyengine.diagnostics import Diagnostics
from policyengine.frontend.nodes import NOTHING, Node, Scalar
from policyengine.model import expr as x
from policyengine.source import Span
from policyengine.values.types import BOOLEAN, Type


@dataclass(slots=True)
class Context:
    """Shared by the passes of one bundle."""

    symbols: Symbols
    sink: Diagnostics
    day_is_unsaid: bool = False
    """Whether the bundle file was read and names no day that dated values go by."""

    def typist(self, node: Scalar, scope: Scope) -> Typist:
        """What types the text of a scalar."""
        return Typist(FORMS, self.symbols, self.sink, node, scope)

    def expression(self, node: Node | None, scope: Scope, expected: Type | None) -> x.Expr | None:
        """The scalar as a typed expression; None when it is absent or at fault (reported)."""
        return self._typed(node, scope, lambda t: t.expression(expected))

    def hinted(self, node: Node | None, scope: Scope, hint: Type) -> x.Expr | None:
        """The scalar as an expression of any type, its bare words read as ``hint``; None as above."""
        return self._typed(node, scope, lambda t: t.hinted(hint))

    def tests(self, node: Node | None, subject: x.Expr, scope: Scope, span: Span) -> x.Expr | None:
        """The subject passes the test, or any of the list of tests, that the node holds."""
        nodes = scalars(node)
        found = [self._typed(n, scope, lambda t: t.test(subject)) for n in nodes]
        parts = tuple(p for p in found if p is not None)
        if not parts or len(parts) < len(nodes):
            return None
        return parts[0] if len(parts) == 1 else x.Or(items=parts, span=span)

    def read_tests(self, node: Node | None) -> None:
        """Report tests that cannot be read, where nothing is known of their subject."""
        for one in scalars(node):
            self._typed(one, Scope(), lambda t: t.readable())

    def _typed(self, node: Node | None, scope: Scope, typing: Callable[[Typist], x.Expr | None]) -> x.Expr | None:
        if not isinstance(node, Scalar):
            self._not_a_text(node)
            return None
        if node.plain and (node.text in NOTHING or ".." in node.text):
            # No value at all, or a range that YAML took for a list: the reader has told.
            return None
        try:
            return typing(self.typist(node, scope))
        except Rejected:
            return None

    def _not_a_text(self, node: Node | None) -> None:
        if node is not None:
            self.sink.error("schema/type", "a single text is needed here", node.span, "quote a text with brackets")


def always(span: Span) -> x.Expr:
    """The condition that always holds."""
    return x.And(items=(), type=BOOLEAN, span=span)


def conjunction(parts: list[x.Expr], span: Span) -> x.Expr:
    """All of the parts, without needless nesting."""
    real = [p for p in parts if not x.is_true(p)]
    return real[0] if len(real) == 1 else x.And(items=tuple(real), span=span)
