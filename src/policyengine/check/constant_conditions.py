"""Conditions that are always true or always false, and rules that can never hold, as far as literal tests tell."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.check.samples import passes, samples
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import Rule


def constant_conditions(bundle: CheckedBundle, condition: x.Expr) -> Iterator[tuple[x.Expr, bool]]:
    """The tests of a condition whose truth is the same for all values that facts may have."""
    match condition:
        case x.And() | x.Or():
            for item in condition.items:
                yield from constant_conditions(bundle, item)
        case x.Not():
            yield from constant_conditions(bundle, condition.item)
        case x.Literal(value=bool() as truth):
            yield condition, truth
        case x.Compare(left=left, right=right) if left == right:
            yield condition, condition.op in ("=", "<=", ">=")
        case x.Compare() | x.Within():
            truths = _truths(bundle, condition)
            if len(truths) == 1:
                yield condition, truths.pop()


def _truths(bundle: CheckedBundle, test: x.Compare | x.Within) -> set[bool]:
    """The truths that the test may have; empty when that cannot be told."""
    subject = test.left if isinstance(test, x.Compare) else test.subject
    if isinstance(subject, x.Literal):
        return set()
    found = {passes(test, subject, s.value) for s in samples(bundle, subject, [test])}
    return {t for t in found if t is not None}


def unreachable(bundle: CheckedBundle, rule: Rule) -> x.Expr | None:
    """A subject of which no value passes all tests that the rule makes of it; None when there is none."""
    tests: list[tuple[x.Expr, list[x.Expr]]] = []
    for test in (t for part in rule.parts for t in _conjuncts(part)):
        subject = _subject(test)
        if subject is None:
            continue
        known = next((list_ for s, list_ in tests if s == subject), None)
        if known is None:
            tests.append((subject, [test]))
        else:
            known.append(test)
    return next((s for s, all_ in tests if _impossible(bundle, s, all_)), None)


def _impossible(bundle: CheckedBundle, subject: x.Expr, tests: list[x.Expr]) -> bool:
    values = samples(bundle, subject, tests)
    literal = [t for t in tests if values and passes(t, subject, values[0].value) is not None]
    return bool(literal) and not any(all(passes(t, subject, v.value) for t in literal) for v in values)


def _conjuncts(e: x.Expr) -> Iterator[x.Expr]:
    """The parts of a conjunction; the negation of a disjunction is one too."""
    match e:
        case x.And():
            for item in e.items:
                yield from _conjuncts(item)
        case x.Not(item=x.Or() as inner):
            for item in inner.items:
                yield from _conjuncts(x.Not(item=item, span=item.span))
        case _:
            yield e


def _subject(test: x.Expr) -> x.Expr | None:
    """What a test is about, if all of it is about one thing."""
    match test:
        case x.Compare():
            return None if isinstance(test.left, x.Literal) else test.left
        case x.Within():
            return test.subject
        case x.Not():
            return _subject(test.item)
        case x.And() | x.Or() if test.items:
            first = _subject(test.items[0])
            return first if all(_subject(i) == first for i in test.items) else None
        case _:
            return None
