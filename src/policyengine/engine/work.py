"""How much work a request asks for, reckoned before anything is done for it.

What a decision costs depends on how long the lists of a request are: a rule about each claim is weighed once for each
of them, and ``some other in claims`` inside it once for each pair. The policies say which lists are gone through inside
which others, so the number of steps follows from the lengths alone. It is the same for every engine and on every
machine; no clock is asked, and nothing is given up half-way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from policyengine.errors import FactProblem, RequestError
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.memory import Element
from policyengine.model.rules import DecisionSpec, LimitsStep, Payout, PayoutStep, SetStep
from policyengine.model.vocabulary import Definition, Table

#: Steps that one decision may take, unless another number is chosen: a second or two of the default engine.
MOST_WORK: Final = 5_000_000
#: Steps up to which the reference looks over a decision of a sample: for each it takes some fifty times as long.
MOST_FOR_REFERENCE: Final = 100_000

# Steps by the lists for each element of which they are taken: ``("claims", "claims")`` stands for each pair of claims.
_Steps = Counter[tuple[str, ...]]
Lists = Mapping[str, tuple[Element, ...]]


class Workload:
    """How many steps a decision takes, by the lengths of the lists."""

    __slots__ = ("_short", "_steps")

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self._steps = tuple(_Reckoner(bundle).decision(spec).items())
        # Lists that are as short as this need no reckoning: nobody minds so few steps.
        self._short = _longest(MOST_FOR_REFERENCE, lambda n: self._sum(dict.fromkeys(bundle.lists, n)))

    def of(self, lists: Lists) -> int:
        """The steps for these lists; 0 if they are too short to matter."""
        short = self._short
        for elements in lists.values():
            if len(elements) > short:
                return self._sum({name: len(found) for name, found in lists.items()})
        return 0

    def within(self, most: int, lists: Lists) -> int:
        """The steps for these lists; raises RequestError if they are more than ``most``, at the list to blame most."""
        steps = self.of(lists)
        if steps > most:
            raise RequestError([self._too_much(most, steps, {name: len(found) for name, found in lists.items()})])
        return steps

    def _too_much(self, most: int, steps: int, lengths: dict[str, int]) -> FactProblem:
        at = max(lengths, key=lambda name: steps - self._sum({**lengths, name: 0}))
        fits = _longest(most, lambda n: self._sum({**lengths, at: n}))
        detail = f"with {lengths[at]:,} elements here the decision takes {steps:,} steps, and {most:,} are allowed"
        help_ = f"send {fits:,} elements at most, the other lists being as they are" if fits else "send shorter lists"
        return FactProblem(f"/{at.replace('.', '/')}", "request/too-much-work", detail, help_)

    def _sum(self, lengths: Mapping[str, int]) -> int:
        return sum(_product(count, names, lengths) for names, count in self._steps)


def _product(count: int, names: tuple[str, ...], lengths: Mapping[str, int]) -> int:
    for name in names:
        count *= lengths.get(name, 0)
    return count


def _longest(most: int, steps: Callable[[int], int]) -> int:
    """The greatest length whose steps are not more than ``most``; 0 if there is none."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if steps(middle) <= most else (low, middle)
    return low


class _Reckoner:
    """Goes through what a decision reads; a definition or a default is worked out once for each element it is about."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._seen: set[str] = set()
        self._read: list[_Steps] = []

    def decision(self, spec: DecisionSpec) -> _Steps:
        steps: _Steps = Counter()
        for rule in spec.rules:
            parts = [*rule.parts, *([rule.deadline.date, rule.deadline.act] if rule.deadline else [])]
            steps.update(_for_each(rule.each, self._all(parts)))
        if spec.value is not None:
            steps.update(self._expr(spec.value))
        steps.update(self._all([r.expr for r in spec.report]))
        if spec.payout is not None:
            steps.update(self._payout(spec.payout))
        for behind in self._read:
            steps.update(behind)
        return steps

    def _payout(self, payout: Payout) -> _Steps:
        elements = self._all([payout.start, *(by for _, by in payout.by), *_read_by(payout.element_steps)])
        # There are at most as many groups as elements.
        groups = self._all([*_read_by(payout.group_steps)])
        steps = _for_each(payout.each, elements) + _for_each(payout.each, groups)
        return steps + self._all([payout.currency, *_read_by(payout.total_steps)])

    def _all(self, parts: list[x.Expr]) -> _Steps:
        steps: _Steps = Counter()
        for part in parts:
            steps.update(self._expr(part))
        return steps

    def _expr(self, e: x.Expr) -> _Steps:
        steps: _Steps = Counter({(): 1})
        match e:
            case x.Quantifier():
                return steps + self._expr(e.list) + _for_each(_list_of(e.list), self._expr(e.body))
            case x.Filter():
                return steps + self._expr(e.list) + _for_each(_list_of(e.list), self._expr(e.predicate))
            case x.SplitIs():
                of_each = [e.split.quantity, e.split.weight, e.split.whole]
                return steps + self._expr(e.split.limit) + _for_each(e.split.list, self._all(of_each))
            case x.Pluck():
                self._default_of(_list_of(e.list), e.field)
                return steps + self._expr(e.list) + _for_each(_list_of(e.list), steps)
            case x.Known() | x.Stated():
                return steps
            case x.DefinitionRef():
                self._definition(self._bundle.definitions[e.name])
            case x.FactRef():
                self._default_of(None, e.name)
            case x.ItemField():
                self._default_of(e.list, e.field)
            case x.ParameterRef():
                self._behind(e.name, None, [k for k in (self._bundle.parameters[e.name].keyed_on,) if k])
        return steps + self._all(list(x.children(e)))

    def _definition(self, found: Definition) -> None:
        body = found.body
        parts = [body] if isinstance(body, x.Expr) else list(_cells(body))
        self._behind(found.name, found.each, parts)

    def _default_of(self, list_: str | None, name: str) -> None:
        declared = self._bundle.facts[name] if list_ is None else self._bundle.lists[list_].fields[name]
        if declared.default is not None:
            self._behind(name if list_ is None else f"{list_}.{name}", list_, [declared.default])

    def _behind(self, name: str, each: str | None, parts: list[x.Expr]) -> None:
        """What gives a name its value, the first time that it is met."""
        if name not in self._seen:
            self._seen.add(name)
            self._read.append(_for_each(each, self._all(parts)))


def _for_each(list_: str | None, steps: _Steps) -> _Steps:
    """The same steps for each element of a list; None: once."""
    if list_ is None:
        return steps
    return Counter({tuple(sorted((*names, list_))): count for names, count in steps.items()})


def _list_of(e: x.Expr) -> str:
    return str(e.type.name)


def _read_by(steps: tuple[PayoutStep, ...]) -> Iterator[x.Expr]:
    for step in steps:
        yield step.when
        match step:
            case SetStep():
                yield step.to
            case LimitsStep():
                for limit in step.limits:
                    yield from (limit.to, limit.when)


def _cells(table: Table) -> Iterator[x.Expr]:
    for row in table.rows:
        yield from (*row.tests, *row.outputs)
    yield from table.otherwise or ()
