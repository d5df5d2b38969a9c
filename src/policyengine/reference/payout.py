"""Payouts: from the granted elements to an amount, step by step, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from policyengine.model import faults as fault
from policyengine.model.decision import AmountDetail, AmountStep
from policyengine.model.expr import Expr
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.model.rules import LimitsStep, Message, NoteStep, Payout, PayoutStep, RoundStep, SetStep
from policyengine.reference.evaluate import Env, evaluate
from policyengine.reference.functions import rounded
from policyengine.reference.results import AMOUNT, Address, Result, check_currency, exact, unique
from policyengine.source import Span
from policyengine.values.money import CurrencyMismatch, Money
from policyengine.values.text import value_json, value_text
from policyengine.values.types import MONEY

TRUE = exact(value=True)


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that the amount lacks, and the step or policy that lacks it. ``order`` is stage, then position."""

    order: tuple[int, int]
    address: Address
    rule: str


@dataclass(frozen=True, slots=True)
class Fired:
    """A payout step that becomes a reason: a condition that held (``cut`` False) or a limit that cut."""

    order: tuple[int, ...]
    id: str
    because: Message
    source: str | None
    span: Span
    element: Element | None
    env: Env
    specials: Mapping[str, str]
    cut: bool


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount under way: exact, or None with what it lacks."""

    money: Money | None
    asks: tuple[Ask, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Paid:
    """What a payout comes to. ``details`` are the elements, groups and total whose numbers are known."""

    amount: Amount
    details: tuple[AmountDetail, ...]
    fired: tuple[Fired, ...]


@dataclass
class _Run:
    """One payout being computed; ``details`` and ``fired`` are written as the steps go by."""

    payout: Payout
    env: Env
    currency: Result
    details: list[AmountDetail] = field(default_factory=list)
    fired: list[Fired] = field(default_factory=list)

    def lacking(self, order: tuple[int, int], rule: str | None, results: Iterable[Result], before: Amount) -> Amount:
        """Unknown because of these results. One that reads the amount so far lacks what that lacks."""
        inexact = [r for r in results if not r.known]
        blame = unique(a for r in inexact for a in r.blame)
        earlier = before.asks if AMOUNT in blame else ()
        asks = [Ask(order, a, rule or self.payout.name) for a in blame if a is not AMOUNT]
        return Amount(None, unique((*earlier, *asks)), unique(f for r in inexact for f in r.faults))

    def in_currency(self, value: object, span: Span) -> Amount:
        """Money of the payout's currency, or a fault at ``span``."""
        money = value if isinstance(value, Money) else Money(Fraction(0), "")
        code = str(self.currency.value)
        try:
            check_currency(money, Money(Fraction(0), code))
        except CurrencyMismatch as e:
            return Amount(None, faults=(fault.currency_mismatch(span, e.left, e.right),))
        return Amount(Money(money.amount, code))

    def start(self, order: tuple[int, int], e: Expr, env: Env) -> Amount:
        """A starting amount. Without a currency there is none."""
        found = evaluate(e, env)
        if found.known and self.currency.known:
            return self.in_currency(found.value, self.payout.currency.span)
        return self.lacking(order, None, (self.currency, found), Amount(None))

    def added(self, amounts: Sequence[Amount], *, complete: bool) -> Amount:
        """The sum; unknown if any is, or if some may be left out (not ``complete``)."""
        money = [a.money for a in amounts if a.money is not None]
        asks, faults = unique(k for a in amounts for k in a.asks), unique(f for a in amounts for f in a.faults)
        if not self.currency.known:
            lacks = self.lacking((-1, 0), None, (self.currency,), Amount(None))
            return Amount(None, unique((*lacks.asks, *asks)), unique((*lacks.faults, *faults)))
        if not complete or len(money) < len(amounts):
            return Amount(None, asks, faults)
        return Amount(Money(sum((m.amount for m in money), Fraction(0)), str(self.currency.value)))

    def steps(self, steps: Sequence[PayoutStep], begin: Amount, env: Env, scope: _Scope) -> Amount:
        """All steps of one scope, in order; remembers the detail if every number is known."""
        amount, trail, limit = begin, list[AmountStep](), None
        for n, step in enumerate(steps):
            after, rule = self.step(step, n, amount, env, scope)
            if after.money is not None and after.money != amount.money:
                trail.append(AmountStep(rule=rule, amount=after.money))
                limit = rule if isinstance(step, LimitsStep) else limit
            amount = after
        if begin.money is not None and amount.money is not None:
            self.details.append(
                AmountDetail(
                    scope=scope.name,
                    element=scope.element.key if scope.element else None,
                    group=scope.group,
                    start=begin.money,
                    steps=tuple(trail),
                    result=amount.money,
                    limit=limit,
                )
            )
        return amount

    def step(self, step: PayoutStep, n: int, amount: Amount, env: Env, scope: _Scope) -> tuple[Amount, str | None]:
        """The amount after one step, and the id of what changed it."""
        env = env.telling({"amount": _so_far(amount)})
        condition = evaluate(step.when, env)
        rule = step.id if isinstance(step, SetStep | NoteStep) else None
        if condition.value is False:
            return amount, rule
        if not condition.known:
            return self.lacking(scope.order, rule, (_so_far(amount), condition), amount), rule
        match step:
            case LimitsStep():
                return self.limits(step, n, amount, env, scope)
            case SetStep():
                amount = self.set(step, amount, env, scope)
            case RoundStep() if amount.money is not None:
                amount = Amount(replace(amount.money, amount=rounded(amount.money.amount, step.to, step.mode)))
            case _:
                pass
        if isinstance(step, SetStep | NoteStep) and step.id is not None and step.because is not None:
            told = env.telling({"amount": _so_far(amount)})
            order, texts = (scope.order[0], n, 0, scope.order[1]), _texts(amount=amount)
            self.fired.append(
                Fired(order, step.id, step.because, step.source, step.span, scope.element, told, texts, cut=False)
            )
        return amount, rule

    def set(self, step: SetStep, amount: Amount, env: Env, scope: _Scope) -> Amount:
        """The amount that a step sets."""
        to = evaluate(step.to, env)
        if not to.known or not self.currency.known:
            lacks = (
                self.lacking((-1, 0), None, (self.currency,), amount),
                self.lacking(scope.order, step.id, (to,), amount),
            )
            return Amount(None, unique(k for a in lacks for k in a.asks), unique(f for a in lacks for f in a.faults))
        return self.in_currency(to.value, step.to.span)

    def limits(self, step: LimitsStep, n: int, amount: Amount, env: Env, scope: _Scope) -> tuple[Amount, str | None]:
        """The smallest of the amount and the limits that apply; the first one listed among equals binds."""
        smallest, binding, lacks = amount, None, list[Amount]()
        for limit in step.limits:
            applies = evaluate(limit.when, env)
            if applies.value is False:
                continue
            to = evaluate(limit.to, env) if applies.known else applies
            at = self.in_currency(to.value, limit.to.span) if to.known and self.currency.known else None
            if not applies.known or at is None:
                lacks.append(self.lacking(scope.order, limit.id, (to,), amount))
            elif at.money is None:
                lacks.append(at)
            elif smallest.money is not None and at.money.amount < smallest.money.amount:
                smallest, binding = at, limit
        if lacks or amount.money is None:
            everything = (amount, *lacks)
            asks, faults = (k for a in everything for k in a.asks), (f for a in everything for f in a.faults)
            return Amount(None, unique(asks), unique(faults)), None
        if binding is None:
            return amount, None
        told = env.telling({"amount": _so_far(smallest)})
        order = (scope.order[0], n, step.limits.index(binding), scope.order[1])
        texts = _texts(amount=smallest, limit=smallest)
        self.fired.append(
            Fired(
                order, binding.id, binding.because, binding.source, binding.span, scope.element, told, texts, cut=True
            )
        )
        return smallest, binding.id


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose amount: an element's, a group's or the total. ``order`` is stage (0, 1, 2), then position."""

    name: str
    order: tuple[int, int]
    element: Element | None = None
    group: Mapping[str, object] | None = None


def _texts(**amounts: Amount) -> dict[str, str]:
    """The amounts that are known, in words."""
    return {name: value_text(a.money, MONEY) for name, a in amounts.items() if a.money is not None}


def _so_far(amount: Amount) -> Result:
    return exact(amount.money) if amount.money is not None else Result(blame=(AMOUNT,), faults=amount.faults)


def pay(
    payout: Payout, env: Env, elements: Sequence[Element] | None, undecided: Sequence[Element], *, open_: bool
) -> Paid:
    """The payout for these elements (None: the list is unknown).

    ``undecided`` elements may still join; with ``open_`` the amount is unknown in any case.
    """
    run = _Run(payout, env, evaluate(payout.currency, env))
    total = _Scope("total", (2, 0))
    if payout.each is None:
        begin = run.start((2, 0), payout.start, env)
    elif elements is None:
        begin = run.added([Amount(None, (Ask((0, 0), Address(payout.each), payout.name),))], complete=False)
    else:
        begin = _parts(run, elements, undecided)
    if open_:
        begin = replace(begin, money=None)
    result = run.steps(payout.total_steps, begin, env, total)
    if open_:
        result = replace(result, money=None)
    fired = sorted(run.fired, key=lambda f: f.order)
    known = result.money is not None
    asks = sorted(result.asks, key=lambda k: k.order)
    return Paid(replace(result, asks=tuple(asks)), tuple(run.details), tuple(f for f in fired if known or not f.cut))


def _parts(run: _Run, elements: Sequence[Element], undecided: Sequence[Element]) -> Amount:
    """The elements' amounts added up, through their groups if there are any."""
    payout, amounts = run.payout, list[Amount]()
    for e in elements:
        inner, order = run.env.only(e), (0, e.position)
        begin = run.start(order, payout.start, inner)
        amounts.append(run.steps(payout.element_steps, begin, inner, _Scope("element", order, e)))
    if not payout.by:
        return run.added(amounts, complete=not undecided)
    keys = [[evaluate(k, run.env.only(e)) for _, k in payout.by] for e in elements]
    if not all(k.known for key in keys for k in key):
        lacks = run.lacking((1, 0), None, (k for key in keys for k in key), Amount(None))
        return run.added([*amounts, lacks], complete=False)
    joining = [[evaluate(k, run.env.only(e)) for _, k in payout.by] for e in undecided]
    groups = []
    for n, key in enumerate(unique(tuple(k.value for k in key) for key in keys)):
        mine = [a for a, k in zip(amounts, keys, strict=True) if tuple(x.value for x in k) == key]
        complete = not any(all(not x.known or x.value == v for x, v in zip(k, key, strict=True)) for k in joining)
        groups.append(_group(run, n, key, run.added(mine, complete=complete)))
    return run.added(groups, complete=not undecided)


def _group(run: _Run, n: int, key: Sequence[object], begin: Amount) -> Amount:
    by = run.payout.by
    env = run.env.telling({name: exact(v) for (name, _), v in zip(by, key, strict=True)})
    named = {name: value_json(v, e.type) for (name, e), v in zip(by, key, strict=True)}
    return run.steps(run.payout.group_steps, begin, env, _Scope("group", (1, n + 1), group=named))
