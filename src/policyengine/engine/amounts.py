"""One running amount of a payout: of an element, a group or the total, from its start through its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from policyengine.engine.case import Case
from policyengine.engine.messages import sentence
from policyengine.evaluation.env import Env
from policyengine.evaluation.operators import sum_of_money
from policyengine.evaluation.rounding import round_to
from policyengine.evaluation.values import UNKNOWN, Got, is_known
from policyengine.model.decision import AmountStep, Reason
from policyengine.model.expr import Expr, is_true
from policyengine.model.faults import Fault, currency_mismatch
from policyengine.model.memory import Element
from policyengine.model.rules import Limit, LimitsStep, NoteStep, Payout, PayoutStep, RoundStep, SetStep
from policyengine.source import Span
from policyengine.values.money import Money
from policyengine.values.text import money_text

#: Where in a payout something arose: 0 an element, 1 a group, 2 the total; and which one of these.
Place = tuple[int, int]


class Owed(NamedTuple):
    """A fact that the amount waits for, and the rule (or else the payout) that asks for it."""

    fact: str
    rule: str
    place: Place


class Held(NamedTuple):
    """A payout step that holds. ``order`` is its stage and its place among the steps; ``cut``: it is a limit."""

    order: tuple[int, int, int]
    reason: Reason
    element: Element | None
    cut: bool


class Ground(NamedTuple):
    """What all amounts of one payout stand on.

    ``currency`` is None while it is unknown; ``still_open`` are elements of the decision that may be granted yet.
    """

    case: Case
    payout: Payout
    currency: str | None
    still_open: Sequence[Element]


@dataclass(slots=True)
class Amount:
    """An amount on its way. ``value`` is None while it is not exactly known; then ``owed`` and ``faults`` say why."""

    ground: Ground
    place: Place
    element: Element | None = None
    keys: Mapping[str, Got] = field(default_factory=dict)
    value: Money | None = None
    start: Money | None = None
    owed: list[Owed] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    changes: list[AmountStep] = field(default_factory=list)
    limit: str | None = None
    held: list[Held] = field(default_factory=list)
    _scope: tuple[Money | None, Env] | None = None

    # --- beginnings ---

    def begin(self, e: Expr) -> Amount:
        """Start from an expression."""
        self._take(e, self.ground.payout.currency.span, self.ground.payout.name)
        self.start = self.value
        return self

    def add_up(self, parts: Iterable[Amount], *, complete: bool) -> Amount:
        """Start from the sum of other amounts. Not ``complete``: others may have to be added yet."""
        values: list[Money] = []
        for part in parts:
            self.owed += part.owed
            self.faults += part.faults
            if part.value is None:
                complete = False
            else:
                values.append(part.value)
        if complete:
            self.value = self.start = Money(sum_of_money(values).amount, self.ground.currency or "")
        return self

    # --- steps ---

    def run(self, steps: Iterable[PayoutStep]) -> Amount:
        """Take the steps in order."""
        for number, step in enumerate(steps):
            holds = is_true(step.when) or self.ground.case.evaluation.truth(step.when, self.env())
            if holds is None:
                self._lose(step.when, _id_of(step) or self.ground.payout.name)
            elif holds:
                self._step(step, number)
        return self

    def env(self) -> Env:
        """The names in scope: the element, the group's keys, and the amount so far."""
        if self._scope is None or self._scope[0] is not self.value:
            outer = self.ground.case.env(self.element)
            amount: Got = UNKNOWN if self.value is None else self.value
            self._scope = (self.value, Env(outer.elements, {**outer.specials, **self.keys, "amount": amount}))
        return self._scope[1]

    def _step(self, step: PayoutStep, number: int) -> None:
        match step:
            case SetStep():
                before = self.value
                self._take(step.to, step.to.span, step.id or self.ground.payout.name)
                self._changed(before, step.id)
                self._hold(step, (number, 0))
            case LimitsStep():
                self._limit(step, number)
            case RoundStep() if self.value is not None:
                before = self.value
                self.value = Money.of(round_to(before.amount, step.to, step.mode), before.currency)
                self._changed(before, None)
            case NoteStep():
                self._hold(step, (number, 0))

    def _limit(self, step: LimitsStep, number: int) -> None:
        """The smallest of the amount and the limits; of equal ones the first."""
        applying = [(n, limit, self._limit_value(limit)) for n, limit in enumerate(step.limits)]
        found = [(n, limit, to) for n, limit, to in applying if isinstance(to, Money)]
        if any(to is UNKNOWN for *_, to in applying) or self.value is None:
            self.value = None
            return
        before = self.value
        n, limit, least = min(found, key=lambda f: f[2].amount, default=(0, None, before))
        if limit is not None and least.amount < before.amount:
            self.value, self.limit = least, limit.id
            self._changed(before, limit.id)
            self._hold(limit, (number, n), money_text(least))

    def _limit_value(self, limit: Limit) -> Got | None:
        """The limit; None if it does not apply, unknown (and noted as such) if that or its value is open."""
        env = self.env()
        holds = is_true(limit.when) or self.ground.case.evaluation.truth(limit.when, env)
        if holds is False:
            return None
        if holds is None:
            self._note(limit.when, limit.id)
            return UNKNOWN
        got = self.ground.case.evaluation.value(limit.to, env)
        fitting = self._fitting(got, limit.to.span)
        if fitting is None:
            self._note(limit.to, limit.id)
            return UNKNOWN
        return fitting

    # --- values ---

    def _take(self, e: Expr, span: Span, label: str) -> None:
        """The amount becomes the expression; what was owed before counts only if the expression waits for it."""
        env = self.env()
        got = self.ground.case.evaluation.value(e, env)
        if is_known(got) or not self.ground.case.evaluation.waits_for(e, "amount", env):
            self.owed, self.faults = [], []
        fitting = self._fitting(got, span)
        if fitting is None:
            self._note(e, label, env)
        self.value = fitting

    def _fitting(self, got: Got, span: Span) -> Money | None:
        """Known money in the payout's currency, else None; another currency is a fault."""
        if not isinstance(got, Money):
            return None
        currency = self.ground.currency
        if currency is None:
            return None
        if got.currency == currency:
            return got
        if not got.currency:
            return Money(got.amount, currency)
        self.faults.append(currency_mismatch(span, got.currency, currency))
        return None

    def _lose(self, e: Expr, label: str) -> None:
        self._note(e, label)
        self.value = None

    def _note(self, e: Expr, label: str, env: Env | None = None) -> None:
        """Remember whom an unknown expression waits for, and its faults."""
        evaluation, env = self.ground.case.evaluation, env or self.env()
        self.owed += [Owed(fact, label, self.place) for fact in evaluation.blame(e, env)]
        self.faults += evaluation.faults(e, env)

    def _changed(self, before: Money | None, rule: str | None) -> None:
        if self.value is not None and self.value != before:
            self.changes.append(AmountStep(rule=rule, amount=self.value))

    def _hold(self, step: SetStep | NoteStep | Limit, where: tuple[int, int], limit: str | None = None) -> None:
        """Report a step that holds, if it has an id."""
        if step.id is None or step.because is None:
            return
        value = self.value if self.ground.currency is not None else None
        known = {"amount": money_text(value)} if value is not None else {}
        message = sentence(self.ground.case, step.because, self.env(), known | ({"limit": limit} if limit else {}))
        reason = Reason(rule=step.id, message=message, source=step.source, at=step.span.at)
        self.held.append(Held((self.place[0], *where), reason, self.element, isinstance(step, Limit)))


def _id_of(step: PayoutStep) -> str | None:
    return step.id if isinstance(step, SetStep | NoteStep) else None
