"""What each step and each limit of a payout did to the amounts, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from policyengine.explaining.phrases import named, word
from policyengine.explaining.why_not import WhyNot
from policyengine.explaining.wording import words
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import AmountDetail, Decision
from policyengine.model.rules import Limit, LimitsStep, NoteStep, Payout, PayoutStep, RoundStep, SetStep
from policyengine.reference.evaluate import Env, evaluate
from policyengine.reference.facts import read
from policyengine.reference.functions import rounded
from policyengine.reference.results import Result, exact
from policyengine.reference.trace import answered
from policyengine.values.money import Money
from policyengine.values.text import decimal_text, money_text, value_json

Json = object


@dataclass(frozen=True, slots=True)
class PaidStep:
    """One step, or one limit of a step, with the amount before and after it.

    ``rule`` is its id (None: it has none); ``element`` or ``group`` say whose amount it is, else it is the total.
    ``did``: it changed the amount, or is told because its condition holds. ``sentence`` goes on after the id.
    """

    rule: str | None
    before: Money
    after: Money
    did: bool
    sentence: str
    at: str
    element: str | None = None
    group: str | None = None

    @property
    def whose(self) -> str:
        """Whose amount, in words."""
        return f"for {self.element or self.group}" if self.element or self.group else "for the total"

    def to_dict(self) -> dict[str, Json]:
        """The wire form; amounts as in the decision."""
        return {
            "rule": self.rule,
            "element": self.element,
            "group": self.group,
            "before": money_text(self.before),
            "after": money_text(self.after),
            "did": self.did,
            "sentence": self.sentence,
            "at": self.at,
        }


def paid_steps(bundle: CheckedBundle, made: Decision, facts: Mapping[str, Json]) -> tuple[PaidStep, ...]:
    """The steps of all amounts that are known, in the order in which they were taken."""
    payout = bundle.decisions[made.decision].payout
    if payout is None:
        return ()
    walk = _Walk(payout, Env(bundle, read(bundle, facts, made.as_of)).telling(answered(made)))
    return tuple(told for detail in made.amounts for told in walk.of(detail))


class _Walk:
    """Goes through the steps of one payout again, for amounts that were found."""

    def __init__(self, payout: Payout, env: Env) -> None:
        self._payout, self._env = payout, env

    def of(self, detail: AmountDetail) -> Iterator[PaidStep]:
        """What each step of one amount did."""
        steps, env = self._scope(detail)
        group = ", ".join(str(v) for v in detail.group.values()) if detail.group else None
        amount = detail.start
        for step in steps:
            inner = env.telling({"amount": exact(amount)})
            told = list(self._step(step, amount, inner))
            yield from (replace(one, element=detail.element, group=group) for one in told)
            amount = min((one.after for one in told), key=lambda m: m.amount) if told else amount

    def _scope(self, detail: AmountDetail) -> tuple[Sequence[PayoutStep], Env]:
        records = (self._env.records(self._payout.each) or ()) if self._payout.each else ()
        if detail.scope == "element":
            record = next(r for r in records if r.key == detail.element)
            return self._payout.element_steps, self._env.only(record)
        if detail.scope == "total" or detail.group is None:
            return self._payout.total_steps, self._env
        for record in records:
            keys = {name: (evaluate(e, self._env.only(record)), e.type) for name, e in self._payout.by}
            if {name: value_json(found.value, type_) for name, (found, type_) in keys.items()} == detail.group:
                return self._payout.group_steps, self._env.telling({name: found for name, (found, _) in keys.items()})
        raise AssertionError(detail.group)  # a group is made of its elements

    def _step(self, step: PayoutStep, amount: Money, env: Env) -> Iterator[PaidStep]:
        """One step; of limits, each of them."""
        holds = evaluate(step.when, env).value is True
        unless = f"was not taken, as this does not hold: {words(step.when)}"
        match step:
            case LimitsStep() if holds:
                yield from self._limits(step, amount, env)
            case LimitsStep():
                yield from (PaidStep(one.id, amount, amount, False, unless, one.span.at) for one in step.limits)
            case SetStep(id=rule):
                after = _money(evaluate(step.to, env), amount) if holds else amount
                says = _set(step, amount, after) if holds else unless
                yield PaidStep(rule, amount, after, holds, says, step.span.at)
            case NoteStep(id=rule):
                says = "holds, and changes nothing" if holds else unless
                yield PaidStep(rule, amount, amount, holds, says, step.span.at)
            case RoundStep() if holds:
                after = replace(amount, amount=rounded(amount.amount, step.to, step.mode))
                says = f"rounds to {decimal_text(step.to)} ({word(step.mode)}): {money_text(after)}"
                yield PaidStep(None, amount, after, after != amount, says, step.span.at)

    def _limits(self, step: LimitsStep, amount: Money, env: Env) -> Iterator[PaidStep]:
        applying = [limit for limit in step.limits if evaluate(limit.when, env).value is True]
        to = {limit.id: _money(evaluate(limit.to, env), amount) for limit in applying}
        least = min(applying, key=lambda limit: to[limit.id].amount, default=None)
        for limit in step.limits:
            at = to.get(limit.id)
            cuts = at is not None and at.amount < amount.amount
            if at is None:
                says = f"does not apply, as this does not hold: {words(limit.when)}"
            elif not cuts:
                says = f"does not limit: the amount of {money_text(amount)} is not above {_is(limit, at)}"
            elif limit is least:
                says = f"limits the amount of {money_text(amount)} to {_is(limit, at)}"
            else:
                says = f"is a limit of {_is(limit, at)}, but {least.id if least else ''} gives no more than that"
            binds = cuts and limit is least
            yield PaidStep(limit.id, amount, at if at and binds else amount, binds, says, limit.span.at)


def _money(found: Result, like: Money) -> Money:
    """A known amount in the currency of the payout; the number 0 has none of its own."""
    amount = found.value.amount if isinstance(found.value, Money) else Fraction(0)
    return replace(like, amount=amount)


def _set(step: SetStep, before: Money, after: Money) -> str:
    same = "leaves the amount as it is" if before == after else f"makes {money_text(after)} of {money_text(before)}"
    return f"{same} ({words(step.to)})"


def _is(limit: Limit, to: Money) -> str:
    return f"{money_text(to)} ({words(limit.to)})"


def payout_ids(payout: Payout | None) -> list[str]:
    """The ids of the steps and limits of a payout, in the order of writing."""
    if payout is None:
        return []
    found: dict[str, None] = {}
    for step in (*payout.element_steps, *payout.group_steps, *payout.total_steps):
        ids = [limit.id for limit in step.limits] if isinstance(step, LimitsStep) else [getattr(step, "id", None)]
        found |= dict.fromkeys(id_ for id_ in ids if id_ is not None)
    return list(found)


def why_paid(made: Decision, steps: Sequence[PaidStep], rule: str) -> tuple[WhyNot, ...]:
    """What a step or limit of the payout did, for each amount that it is about."""
    head = f"{rule} is a step of the payout and gives no verdict"
    found = [step for step in steps if step.rule == rule]
    if found:
        told = ((s, f"{head}; {s.whose} it {s.sentence} ({s.at}).") for s in found)
        return tuple(WhyNot(rule, s.element or s.group, s.did, sentence) for s, sentence in told)
    if made.verdict_class not in ("granted", "partly"):
        return (WhyNot(rule, None, None, f"{head}; nothing is paid while the verdict is {word(made.verdict)}."),)
    missing = tuple(named(m.title, m.fact) for m in made.missing if m.purpose == "amount")
    return (WhyNot(rule, None, None, f"{head}; no amount that it is about is known.", (), missing, made.faults),)
