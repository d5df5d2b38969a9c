"""Expressions side by side with what they came to.

The reference interpreter's trace says what every expression came to; the bundle says what the expression is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.rules import Rule
from policyengine.model.vocabulary import Table
from policyengine.reference.trace import Node, RuleTrace
from policyengine.values.types import Kind

Pair = tuple[Expr, Node]

#: The two truths as a trace writes them; any other value of a condition is unknown.
TRUTHS: Final = {"true": True, "false": False}
_OWN: Final = {"requirements": "required", "thresholds": "allowed", "deadlines": "day"}
_NAMES: Final = (x.FactRef, x.ItemField, x.ParameterRef, x.DefinitionRef, x.AsOf, x.ListRef)


def truth(pair: Pair) -> bool | None:
    """What a condition came to; None: unknown."""
    return TRUTHS.get(pair[1].value)


def parts(rule: Rule, found: RuleTrace) -> Iterator[tuple[str, Pair]]:
    """The parts of a rule with what they are for; what is required or allowed is shown as it is written."""
    yield "asked if", (rule.guard, found.guard)
    yield "when", (rule.applies, found.applies)
    if isinstance(rule.own, x.Not) and rule.kind in ("requirements", "thresholds") and found.own.children:
        yield _OWN[rule.kind], (rule.own.item, found.own.children[0])
    else:
        yield _OWN.get(rule.kind, "and"), (rule.own, found.own)


class Pairs:
    """What the expressions of one bundle were made of, as a trace lays it out."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle

    def told(self, pair: Pair) -> Iterator[Pair]:
        """What is worth telling of what the expression was made of: no constants, and no name twice."""
        for inner in self.below(pair):
            e, _ = inner
            if isinstance(e, x.Literal | x.Null) or x.is_true(e):
                continue
            if isinstance(pair[0], x.Compare) and isinstance(e, x.DefinitionRef) and e.type.kind is Kind.BOOLEAN:
                # "F late is yes" has said what `late` came to; what it is made of follows at once.
                yield from self.told(inner)
            else:
                yield inner

    def is_plain(self, pair: Pair) -> bool:
        """Whether this is a name whose value is all there is to say."""
        return isinstance(pair[0], _NAMES) and pair[1].element is None and not list(self.told(pair))

    def below(self, pair: Pair) -> Iterable[Pair]:
        """All that the expression was made of; of an ``if``, the branch that was taken."""
        e, node = pair
        match e:
            case x.Quantifier() | x.Filter() if node.children:
                first, *candidates = node.children
                body = e.body if isinstance(e, x.Quantifier) else e.predicate
                return [(e.list, first), *((body, c) for c in candidates)]
            case x.If() if node.children[0].value in TRUTHS:
                taken = 1 if node.children[0].value == "true" else 2
                return [(e.condition, node.children[0]), (x.children(e)[taken], node.children[taken])]
            case x.DefinitionRef():
                return self._definition(e, node)
            case x.FactRef() | x.ItemField() if node.children:
                default = self._default(e)
                return [(default, node.children[0])] if default else []
            case x.SplitIs() | x.Known() | x.Stated():
                return []
            case _:
                return zip(x.children(e), node.children, strict=False)

    def _definition(self, e: x.DefinitionRef, node: Node) -> Iterable[Pair]:
        body = self._bundle.definitions[e.name].body
        if not isinstance(body, Table):
            return [(body, child) for child in node.children]
        # Of a table, the rows that fit or may fit; a row is the conjunction of its cells.
        rows = zip(body.rows, node.children, strict=True)
        return [(x.And(items=row.tests, span=row.span), child) for row, child in rows if child.value != "false"]

    def _default(self, e: x.FactRef | x.ItemField) -> Expr | None:
        if isinstance(e, x.FactRef):
            return self._bundle.facts[e.name].default
        field = self._bundle.lists[e.list].fields.get(e.field)
        return field.default if field else None
