"""Amounts of two currencies that meet although each is known at rest, also through names.

What one expression says by itself was refused when it was typed; here definitions and parameters are followed.
"""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.check.comparisons import RATE_HELP
from policyengine.check.uses import expressions
from policyengine.diagnostics import Diagnostics
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Fact, Parameter, Table
from policyengine.values.money import Money
from policyengine.values.types import MONEY


def check_currencies(bundle: CheckedBundle, sink: Diagnostics) -> None:
    """Report comparisons, sums and differences of amounts whose currencies are known to differ."""
    currencies = _Currencies(bundle)
    for e in expressions(bundle):
        for node in x.walk(e):
            _check(node, currencies, sink)


def _check(node: x.Expr, currencies: _Currencies, sink: Diagnostics) -> None:
    match node:
        case x.Compare():
            sides = [node.left, node.right]
        case x.Within():
            sides = [node.subject, node.low, node.high]
        case x.Arith() if node.type == MONEY and node.op in "+-":
            sides = [node.left, node.right]
        case _:
            return
    found = list(dict.fromkeys(c for s in sides if (c := currencies.of(s))))
    if len(found) > 1:
        words = f"`{found[0]}` and `{found[1]}` cannot be {'added' if isinstance(node, x.Arith) else 'compared'}"
        sink.error("type/currency", words, node.span, RATE_HELP)


class _Currencies:
    """The currency that an amount certainly has; None when only the facts can tell."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._parameters: Mapping[str, Parameter] = bundle.parameters
        self._definitions: dict[str, str | None] = {}
        # Definitions come after those they read, so each is looked at once.
        for d in bundle.definitions.values():
            self._definitions[d.name] = None if isinstance(d.body, Table) else self.of(d.body)

    def of(self, e: x.Expr) -> str | None:  # noqa: C901 - one case for each kind of node
        """The currency of an expression of type money."""
        match e:
            case x.Literal(value=Money() as money):
                return money.currency
            case x.FactRef():
                return _declared(self._bundle.facts[e.name])
            case x.ItemField():
                return _declared(self._bundle.lists[e.list].fields[e.field])
            case x.ParameterRef():
                values = {v.value.currency for v in self._parameters[e.name].values if isinstance(v.value, Money)}
                return values.pop() if len(values) == 1 else None
            case x.DefinitionRef() if e.output is None:
                return self._definitions.get(e.name)
            case x.Call(function="convert", args=(_, _, x.Literal(value=str() as currency))):
                return currency
            case x.Negate():
                return self.of(e.item)
            case x.If():
                then = self.of(e.then)
                return then if then == self.of(e.otherwise) else None
            case x.Arith() if e.type == MONEY:
                return self.of(e.left) or self.of(e.right)
            case x.Call(function="min" | "max" | "round"):
                return next((c for a in e.args if (c := self.of(a))), None)
            case _:
                return None


def _declared(fact: Fact) -> str | None:
    """The currency that a request must give the amount in, where that is one and the same for every request."""
    match fact.currency:
        case x.Literal(value=str() as currency):
            return currency
        case _:
            return None
