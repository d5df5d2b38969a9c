"""Seeded faults of resolving: from the truths of rules to the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tests.differential.faults import Faults, Patch, after, fault, simple

from policyengine.engine import amounts, answer, deadlines, levels, messages, missing, payout, resolve
from policyengine.evaluation import asks, evaluator, tables
from policyengine.model.decision import MissingFact
from policyengine.model.rules import Class

RESOLVING: Faults = {}

simple(RESOLVING, "the precedence of words is reversed", levels.Precedence, "rank", lambda r, *_: (r[0], -r[1]))
simple(RESOLVING, "silent rules give reasons", levels, "_reported", lambda _found, rules: tuple(rules))
simple(RESOLVING, "the last fact to blame is forgotten", evaluator.Evaluation, "blame", lambda found, *_: found[:-1])
simple(RESOLVING, "faults are not told", evaluator.Evaluation, "faults", lambda *_: ())
simple(RESOLVING, "a default is not asked about", asks, "_fact", lambda found, *_: list(found)[:1])
simple(RESOLVING, "the day after is the day itself", deadlines, "day_after", lambda _after, day: day)
simple(RESOLVING, "groups are never complete", payout, "_keys", lambda *_: None)
simple(RESOLVING, "payout rounds to the nearest whatever the mode", amounts, "round_to",
        lambda _right, number, step, _mode: round(Fraction(number) / step) * Fraction(step))  # fmt: skip
simple(
    RESOLVING, "all elements are paid, granted or not", payout, "_paid_for", lambda _found, ground: ground.case.decided
)
simple(RESOLVING, "needs are told of every pending rule", answer, "_needs",
        lambda _found, case, *_: tuple(n for r in case.spec.rules for n in r.needs))  # fmt: skip
simple(RESOLVING, "an unlisted year is not remarked", answer, "_remarks",
        lambda found, *_: tuple(r for r in found if r.code != "calendar/no-year"))  # fmt: skip
simple(RESOLVING, "an empty list is not remarked", answer, "empty_list_remarks", lambda *_: iter(()))
simple(
    RESOLVING, "a second of equal reasons is told", messages, "_merged", lambda found, *_: found._replace(elements=None)
)


@fault(RESOLVING, "the last refusing step wins")
def _(patch: Patch) -> None:
    right = levels._certain_refusal
    patch.setattr(levels, "_certain_refusal", lambda steps, *rest: right(steps[::-1], *rest))


@fault(RESOLVING, "unknown refusals are forgotten")
def _(patch: Patch) -> None:
    right = levels._open
    refused = Class.REFUSED
    patch.setattr(
        levels, "_open", lambda waiting, *rest: right([r for r in waiting if r.rule_class is not refused], *rest)
    )


@fault(RESOLVING, "what holds otherwise is given too early")
def _(patch: Patch) -> None:
    right = levels._open
    patch.setattr(levels, "_open", lambda waiting, rest, true: right([] if true is None else waiting, rest, true))


@fault(RESOLVING, "a partly granted matter is granted")
def _(patch: Patch) -> None:
    right = levels.Precedence.first
    patch.setattr(levels.Precedence, "first", lambda self, of: right(self, Class.GRANTED if of is Class.PARTLY else of))


@fault(RESOLVING, "an element may always be pending")
def _(patch: Patch) -> None:
    patch.setattr(resolve._Chances, "only_pending", property(lambda _self: False))


@fault(RESOLVING, "the guard does not come first")
def _(patch: Patch) -> None:
    right = missing._blamed

    def blamed(case: Any, asked: Any) -> Any:
        rule, element = asked
        return right(case, (replace(rule, guard=rule.own, own=rule.guard), element))

    patch.setattr(missing, "_blamed", blamed)


@fault(RESOLVING, "facts are asked for in the order of their names")
def _(patch: Patch) -> None:
    def by_name(found: tuple[MissingFact, ...], *_: object) -> tuple[MissingFact, ...]:
        return tuple(sorted(found, key=lambda m: m.fact))

    after(patch, answer, "asked_facts", by_name)


@fault(RESOLVING, "payout steps run backwards")
def _(patch: Patch) -> None:
    right = amounts.Amount.run
    patch.setattr(amounts.Amount, "run", lambda self, steps: right(self, tuple(steps)[::-1]))


@fault(RESOLVING, "the greatest limit binds")
def _(patch: Patch) -> None:
    patch.setattr(amounts, "min", max, raising=False)


@fault(RESOLVING, "deadlines are a day longer")
def _(patch: Patch) -> None:
    def longer(found: Any, *_: object) -> Any:
        return found and found._replace(days_left=found.days_left + 1)

    after(patch, deadlines, "_deadline", longer)


@fault(RESOLVING, "a rule that is passed by still tells its deadline")
def _(patch: Patch) -> None:
    patch.setattr(deadlines, "_tells", lambda *_: True)


@fault(RESOLVING, "overlapping rows are let through")
def _(patch: Patch) -> None:
    patch.setattr(tables, "overlap", lambda *_: None)


@fault(RESOLVING, "a table's first row wins even if unknown")
def _(patch: Patch) -> None:
    right = tables.HIT_POLICIES["first"]
    patch.setattr(tables, "HIT_POLICIES", {**tables.HIT_POLICIES, "first": _eager(right)})


def _eager(right: Callable[..., tables.Verdict]) -> Callable[..., tables.Verdict]:
    def eager(truths: Any) -> tables.Verdict:
        found = right(truths)
        return tables.Verdict(decided=found.open[:1]) if found.open[:1] not in ((), (len(truths),)) else found

    return eager
