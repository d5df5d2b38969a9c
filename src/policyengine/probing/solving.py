"""At which value of one fact the two sides of a comparison meet, while all other facts stay as they are.

A target is handed down through the expression of one side: to meet ``delivered_on + 40 days`` on a day, the fact must
be 40 days earlier. What is proposed so is only worth trying: nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.reads import expressions
from policyengine.evaluation.values import Got, Unknown, is_known
from policyengine.model.expr import (
    Arith,
    AsOf,
    Call,
    Compare,
    Contains,
    DefinitionRef,
    Expr,
    FactRef,
    If,
    ItemField,
    ListRef,
    Literal,
    Negate,
    ParameterRef,
    SplitIs,
    Value,
    Within,
    children,
)
from policyengine.model.memory import Element
from policyengine.model.vocabulary import Table
from policyengine.probing.inverses import Inverse, operate, rests
from policyengine.probing.slots import AS_OF
from policyengine.probing.tour import Site, Tour, scope_of
from policyengine.values.types import comparable

#: An address and a value that the fact there might have; for a list, a number of elements.
Target = tuple[str, Value]
#: So many constants are tried for the unknown side of one comparison.
MOST_CONSTANTS: Final = 40
#: So many steps down expressions are taken for one document.
MOST_STEPS: Final = 50_000


class Solver:
    """Finds targets for one document."""

    def __init__(self, ev: Evaluation, tour: Tour) -> None:
        self._ev, self._tour = ev, tour
        self._bundle = ev.evaluator.bundle
        self._inverse = Inverse(ev)
        self._left = MOST_STEPS

    def of(self, site: Site) -> Iterator[Target]:
        """The targets of one site."""
        e, env = site.expr, site.env
        if site.amounts:
            yield from self._limited(site)
            return
        match e:
            case Compare():
                yield from self._meeting(e.left, e.right, env)
            case Within():
                yield from self._meeting(e.subject, e.low, env)
                yield from self._meeting(e.subject, e.high, env)
            case Contains():
                yield from self._members(e, env)
            case ParameterRef():
                yield from self._editions(e)
            case SplitIs():
                yield from self._split(e)
            case _:
                pass

    # --- kinds of sites ---

    def _meeting(self, left: Expr, right: Expr, env: Env) -> Iterator[Target]:
        for one, other in ((left, right), (right, left)):
            for value in self._values(other, env):
                yield from self.solve(one, value, env)

    def _members(self, e: Contains, env: Env) -> Iterator[Target]:
        """A set with all the members asked about together, and with none of them."""
        asked: set[str] = set()
        for member in e.members:
            for value in self._values(member, env):
                asked |= value if isinstance(value, frozenset) else {value} if isinstance(value, str) else set()
        held = self._ev.value(e.container, env)
        now = held if isinstance(held, frozenset) else frozenset()
        yield from self.solve(e.container, now | asked, env)
        yield from self.solve(e.container, now - asked, env)

    def _editions(self, e: ParameterRef) -> Iterator[Target]:
        """The days from which another value of a parameter holds."""
        parameter = self._bundle.parameters[e.name]
        for dated in parameter.values:
            if dated.start is None:
                continue
            if parameter.keyed_on is None:
                yield AS_OF, dated.start
            else:
                yield from self.solve(parameter.keyed_on, dated.start, EMPTY_ENV)

    def _split(self, e: SplitIs) -> Iterator[Target]:
        """One unit, and all units together, at the limit of a part."""
        split = e.split
        places = [Env({split.variable: element}) for element in self._tour.elements(split.list)]
        shares = [self._operate("*", *self._of_line(e, env)) for env in places]
        for limit in self._values(split.limit, EMPTY_ENV):
            for env, rest in zip(places, rests(shares, self._bundle.calendars), strict=True):
                yield from self.solve(split.weight, limit, env)
                left = limit if rest == 0 else self._operate("-", limit, rest)
                weight, quantity = self._of_line(e, env)
                yield from self._solved(split.weight, self._operate("/", left, quantity), env)
                yield from self._solved(split.quantity, self._operate("/", left, weight), env)
        yield from self._solved(split.limit, self._total(shares), EMPTY_ENV)

    def _of_line(self, e: SplitIs, env: Env) -> tuple[Got, Got]:
        return self._ev.value(e.split.weight, env), self._ev.value(e.split.quantity, env)

    def _limited(self, site: Site) -> Iterator[Target]:
        """A limit and what it limits, as high as each other."""
        amounts = [self._ev.value(start, env) for start, env in site.amounts]
        for limit in self._values(site.expr, site.env):
            for (start, env), rest in zip(site.amounts, rests(amounts, self._bundle.calendars), strict=True):
                wanted = limit if rest == 0 else self._operate("-", limit, rest)
                yield from self._solved(start, wanted, env)
        yield from self._solved(site.expr, self._total(amounts), site.env)

    def _total(self, amounts: Sequence[Got | None]) -> Value | None:
        """The sum of known amounts; None if there are none, or one is not known."""
        if not amounts:
            return None
        first, *others = amounts
        total = cast("Value", first) if first is not None and is_known(first) else None
        for other in others:
            total = self._operate("+", total, other)
        return total

    def _operate(self, op: str, a: Got | None, b: Got | None) -> Value | None:
        return operate(op, a, b, self._bundle.calendars)

    # --- what a side comes to ---

    def _values(self, e: Expr, env: Env) -> Iterator[Value]:
        """What one side is, or is at least and at most; and with each value of the dated parameters that it reads.

        Of a side of which nothing is known, the constants in it.
        """
        got = self._ev.value(e, env)
        yield from _ends(got)
        if isinstance(got, Unknown) and got.lo is got.hi is None:
            yield from self._constants(e)
        for name in sorted(self._ev.evaluator.reading.of(e).parameters):
            for dated in self._bundle.parameters[name].values:
                world = Evaluation(self._ev.evaluator, self._ev.memory, {name: dated.value})
                yield from _ends(world.value(e, env))

    def _constants(self, e: Expr) -> Iterator[Value]:
        """Constants of the type of ``e`` in it and in the definitions that it names, at most so many."""
        found: dict[Value, None] = {}
        seen: set[str] = set()
        work = [e]
        while work and len(found) < MOST_CONSTANTS:
            node = work.pop(0)
            if isinstance(node, Literal) and comparable(node.type, e.type):
                found[node.value] = None
            elif isinstance(node, ParameterRef) and comparable(node.type, e.type):
                found |= dict.fromkeys(dated.value for dated in self._bundle.parameters[node.name].values)
            elif isinstance(node, DefinitionRef) and node.name not in seen:
                seen.add(node.name)
                work += expressions(self._bundle.definitions[node.name])
            work += children(node)
        yield from found

    # --- going down one side ---

    def solve(self, e: Expr, target: Value, env: Env) -> Iterator[Target]:
        """Facts in ``e``, and for each the value at which ``e`` would be ``target``."""
        self._left -= 1
        if self._left < 0:
            return
        match e:
            case AsOf():
                yield AS_OF, target
            case ListRef():
                yield e.name, target
            case FactRef() | ItemField() | DefinitionRef():
                yield from self._named(e, target, env)
            case If():
                truth = self._ev.truth(e.condition, env)
                for branch in (e.then, e.otherwise) if truth is None else (e.then if truth else e.otherwise,):
                    yield from self.solve(branch, target, env)
            case Arith() | Negate() | Call():
                for part, wanted, inner in self._inverse.parts(e, target, env):
                    yield from self.solve(part, wanted, inner)
            case _:
                pass

    def _named(self, e: FactRef | ItemField | DefinitionRef, target: Value, env: Env) -> Iterator[Target]:
        match e:
            case FactRef():
                yield e.name, target
                default = self._bundle.facts[e.name].default
                if default is not None and e.name not in self._ev.facts:
                    yield from self.solve(default, target, EMPTY_ENV)
            case ItemField():
                yield from self._field(env.elements[e.variable], e.field, target)
            case DefinitionRef():
                inner = scope_of(self._ev, e, env)
                for body in self._bodies(e, inner):
                    yield from self.solve(body, target, inner)

    def _solved(self, e: Expr, target: Value | None, env: Env) -> Iterator[Target]:
        if target is not None:
            yield from self.solve(e, target, env)

    def _field(self, element: Element, field: str, target: Value) -> Iterator[Target]:
        yield element.address(field), target
        items = self._bundle.lists[element.list]
        default = items.fields[field].default
        if default is not None and field not in element.fields:
            yield from self.solve(default, target, Env({items.each: element}))

    def _bodies(self, e: DefinitionRef, env: Env) -> Iterator[Expr]:
        """The expressions that a definition may take its value from: of a table, the rows that are not ruled out."""
        body = self._bundle.definitions[e.name].body
        if not isinstance(body, Table):
            yield body
            return
        names = [name for name, _ in body.outputs]
        position = names.index(e.output) if e.output else 0
        for row in body.rows:
            if False not in [self._ev.truth(test, env) for test in row.tests]:
                yield row.outputs[position]
        if body.otherwise:
            yield body.otherwise[position]


def _ends(got: Got) -> Iterator[Value]:
    if is_known(got):
        yield cast("Value", got)
    elif isinstance(got, Unknown):
        yield from (end for end in (got.lo, got.hi) if end is not None)
