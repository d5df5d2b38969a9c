"""Why an item can never be covered, where that can be proved. What is not proved here counts as missing."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from policyengine.coverage.limits import side_of
from policyengine.evaluation.evaluator import Evaluator
from policyengine.evaluation.values import is_known
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.memory import WorkingMemory
from policyengine.model.vocabulary import Fact, Table
from policyengine.values.money import Money

_BOTH = frozenset({True, False})
_PLAIN = (x.Compare, x.Within, x.MemberOf, x.Contains, x.And, x.Or, x.Not, x.If, x.Quantifier, x.Filter, x.Negate)


class Proofs:
    """Proves what it can about the expressions of one bundle."""

    def __init__(self, bundle: CheckedBundle, evaluator: Evaluator) -> None:
        self._bundle = bundle
        self._evaluator = evaluator
        # Of an expression that reads no facts the day does not matter either.
        self._nothing = evaluator.start(WorkingMemory({}, {}, date.min))
        self._open: dict[str, bool] = {}

    def constant(self, e: Expr) -> object | None:
        """The value of an expression that is the same in every case; None if it may differ, or is never known."""
        if self._evaluator.reading.of(e).case or any(map(_of_element, x.walk(e))):
            return None
        got = self._nothing.value(e)
        return got if is_known(got) else None

    def possible(self, e: Expr) -> frozenset[bool]:
        """The truths that a condition may have when it is known; both where nothing is proved."""
        match e:
            case x.Compare(left=left, right=right) if left == right:
                return frozenset({e.op in ("=", "<=", ">=")})
            case x.And() | x.Or():
                return self._junction([self.possible(i) for i in e.items], decisive=isinstance(e, x.Or))
            case x.Not():
                return frozenset(not truth for truth in self.possible(e.item))
            case x.Contains(mode=mode, members=members) if all(self.constant(m) == frozenset() for m in members):
                return frozenset({mode == "all"})
            case _:
                value = self.constant(e)
                return frozenset({value}) if isinstance(value, bool) else _BOTH

    def _junction(self, parts: list[frozenset[bool]], *, decisive: bool) -> frozenset[bool]:
        found = {decisive} if any(decisive in p for p in parts) else set()
        return frozenset(found | ({not decisive} if all((not decisive) in p for p in parts) else set()))

    def never(self, e: Expr, truth: bool) -> str:  # noqa: FBT001 - three-valued
        """Why a condition never has a truth; empty where that is not proved."""
        return "" if truth in self.possible(e) else f"it is never {str(truth).lower()}"

    def may_be_unknown(self, e: Expr) -> bool:  # noqa: C901 - one case for each kind of node
        """Whether an expression may be unknown, for want of a fact or for a fault; True also where that is not proved.

        Money and dates are left unproved wherever something is done with them: two currencies, or a day beyond the
        calendar, are faults.
        """
        match e:
            case x.Literal() | x.AsOf() | x.Known():
                return False
            case x.FactRef():
                return self._fact(self._bundle.facts[e.name], f"fact {e.name}")
            case x.ItemField():
                return self._fact(self._bundle.lists[e.list].fields[e.field], f"field {e.list}.{e.field}")
            case x.ListRef():
                return not self._bundle.lists[e.name].default_empty
            case x.ParameterRef():
                return not self._bundle.parameters[e.name].constant
            case x.DefinitionRef():
                return self._definition(e.name)
            case x.Stated():
                return self.may_be_unknown(e.target)
            case x.Arith() if e.type.numeric and e.op != "/" and e.left.type.numeric and e.right.type.numeric:
                return any(map(self.may_be_unknown, x.children(e)))
            case x.Call(function="count"):
                return any(map(self.may_be_unknown, x.children(e)))
            case _ if isinstance(e, _PLAIN):
                mixed = isinstance(e, x.Compare | x.Within) and any(_is_money(c) for c in x.children(e))
                return mixed or any(map(self.may_be_unknown, x.children(e)))
            case _:
                return True

    def _fact(self, fact: Fact, key: str) -> bool:
        if fact.default is None or fact.may_be_empty:
            return True
        if key not in self._open:
            self._open[key] = True  # a default that leads back to itself is not proved
            self._open[key] = self.may_be_unknown(fact.default)
        return self._open[key]

    def _definition(self, name: str) -> bool:
        key = f"definition {name}"
        if key not in self._open:
            self._open[key] = True
            body = self._bundle.definitions[name].body
            self._open[key] = self._table(body) if isinstance(body, Table) else self.may_be_unknown(body)
        return self._open[key]

    def _table(self, table: Table) -> bool:
        if table.otherwise is None or table.hit != "first":
            return True  # no row may fit, or several
        parts = (e for row in table.rows for e in (*row.tests, *row.outputs))
        return any(map(self.may_be_unknown, (*parts, *table.otherwise)))

    def side(self, value: Expr, limit: Expr) -> str:
        """Which side of a limit no value can be on: ``below``, ``above``, or neither (empty)."""
        at = _number(self.constant(limit))
        if at is None:
            return ""
        least, most = self._range(value)
        if least is not None and least >= at:
            return "below"
        return "above" if most is not None and most <= at else ""

    def fixed_side(self, value: Expr, limit: Expr, unit: Fraction | None) -> str | None:
        """Where a value that is always the same lies beside its limit; empty: farther off. None: it may differ."""
        a, b = self.constant(value), self.constant(limit)
        if a is None or b is None:
            return None
        return side_of(a, b, unit)

    def _range(self, e: Expr) -> tuple[Fraction | None, Fraction | None]:
        """The least and the most that a request may give; a default is not bounded by them."""
        match e:
            case x.FactRef():
                fact = self._bundle.facts[e.name]
            case x.ItemField():
                fact = self._bundle.lists[e.list].fields[e.field]
            case x.Call(function="count"):
                return Fraction(0), None
            case _:
                return None, None
        return (fact.minimum, fact.maximum) if fact.default is None else (None, None)


def _of_element(e: Expr) -> bool:
    """Whether a node is asked of an element (or of an answer), so that it has no value by itself."""
    return isinstance(e, x.ItemField | x.Special) or (isinstance(e, x.DefinitionRef) and e.variable is not None)


def _is_money(e: Expr) -> bool:
    return e.type.kind.value == "money"


def _number(value: object) -> Fraction | None:
    if isinstance(value, Money):
        return value.amount
    return Fraction(value) if isinstance(value, int | Fraction) and not isinstance(value, bool) else None
