"""Conditions that are very deep or very wide: Python's parser and compiler take only so much at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.backends import build as b

from policyengine.backends.base import Truths
from policyengine.backends.compiled import CompiledBackend
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.expr import Expr, If
from policyengine.model.memory import Given
from policyengine.values.types import BOOLEAN, DATE, INTEGER, TEXT

FACTS = [b.fact("a.flag", BOOLEAN), b.fact("a.count", INTEGER), b.fact("a.text", TEXT), b.fact("a.day", DATE)]
W = b.Words(b.bundle(FACTS))
FLAG, COUNT, NOTE = W.fact("a.flag"), W.fact("a.count"), W.fact("a.text")
DEPTH = 300


def nested(step: Callable[[Expr, int], Expr], start: Expr, depth: int = DEPTH) -> Expr:
    for n in range(depth):
        start = step(start, n)
    return start


def truth(condition: Expr, facts: dict[str, Given], *definitions: b.Definition) -> bool | None:
    bundle = b.bundle(FACTS, definitions=definitions, decisions=[b.decision([b.rule(0, condition)])])
    evaluator = Evaluator(bundle)
    found = CompiledBackend().compile(bundle, evaluator).match("d", evaluator.start(b.memory(facts)))
    assert isinstance(found.document, Truths)
    return found.document.of(0)


def negated(e: Expr, _: int) -> Expr:
    return b.no(e)


def joined(e: Expr, n: int) -> Expr:
    return b.both(b.cmp("!=", COUNT, n), e) if n % 2 else b.either(b.cmp("=", COUNT, n), e)


def added(e: Expr, n: int) -> Expr:
    return b.arith("+", e, b.lit(n))


def compared(e: Expr, _: int) -> Expr:
    return b.cmp("=", e, b.cmp("=", FLAG, b.lit(True)))


def chosen(e: Expr, n: int) -> Expr:
    return If(condition=b.cmp("=", COUNT, n), then=b.lit(False), otherwise=e, type=BOOLEAN, span=b.HERE)


def least(e: Expr, n: int) -> Expr:
    return b.call("min", INTEGER, e, b.lit(1000 + n))


CASES = {
    "not": (nested(negated, FLAG), {"a.flag": True}, True),
    "and/or": (nested(joined, FLAG), {"a.flag": True, "a.count": -1}, True),
    "plus": (b.cmp("=", nested(added, COUNT), sum(range(DEPTH)) + 7), {"a.count": 7}, True),
    "booleans compared": (nested(compared, FLAG), {"a.flag": False}, False),
    "if": (nested(chosen, FLAG), {"a.flag": True, "a.count": -1}, True),
    "min": (b.cmp("<", nested(least, COUNT), 5), {"a.count": 4}, True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_condition_may_be_300_deep(case: str) -> None:
    condition, facts, expected = CASES[case]
    assert truth(condition, facts) is expected
    assert truth(condition, {}) is None


def test_a_chain_of_definitions_may_be_long() -> None:
    definitions = [b.definition("d0", BOOLEAN, FLAG)]
    for n in range(1, DEPTH // 2):
        words = b.Words(b.bundle(FACTS, definitions=definitions))
        body = b.both(b.cmp("!=", COUNT, n), b.cmp("=", words.ref(f"d{n - 1}"), b.lit(True)))
        definitions.append(b.definition(f"d{n}", BOOLEAN, body))
    last = b.Words(b.bundle(FACTS, definitions=definitions)).ref(definitions[-1].name)
    assert truth(last, {"a.flag": True, "a.count": 0}, *definitions) is True
    assert truth(last, {"a.flag": True, "a.count": 60}, *definitions) is False
    assert truth(last, {"a.flag": True}, *definitions) is None


def test_a_condition_may_have_thousands_of_parts() -> None:
    words = [b.cmp("=", NOTE, b.lit(f"w{n}")) for n in range(3000)]
    mixed = b.either(*words, *(b.cmp("<", COUNT, -n) for n in range(3000)))
    assert truth(b.either(*words), {"a.text": "w2999"}) is True
    assert truth(b.either(*words), {"a.text": "other"}) is False
    assert truth(mixed, {"a.text": "other"}) is None
    assert truth(b.both(*(b.cmp("!=", COUNT, n) for n in range(3000))), {"a.count": -1}) is True
    assert (
        truth(b.cmp("=", b.call("max", INTEGER, *(b.lit(n) for n in range(1000)), COUNT), 999), {"a.count": 2}) is True
    )
