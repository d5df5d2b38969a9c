"""Which questions the engine is asked: few, and enough.

Small numbers in the place of the real ones make a dozen rules take every road that thousands take.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from tests.backends import build as b
from tests.backends import typical
from tests.backends.build import cmp, lit
from tests.backends.random_rules import COLOUR, vocabulary
from tests.backends.test_durable_matches import direct, random_bundle
from tests.truths import sparse

from policyengine.backends.base import Truths
from policyengine.backends.durable import DurableBackend, opening, packing, scope
from policyengine.backends.durable.session import Session
from policyengine.errors import EngineFault
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.memory import EMPTY_DATE, WorkingMemory

W = b.Words(vocabulary())


@pytest.fixture
def small(monkeypatch):
    """Conjunctions are divided and rules looked up as among thousands."""
    monkeypatch.setattr(packing, "FEW", 0)
    monkeypatch.setattr(packing, "LEAST_VALUES", 2)
    monkeypatch.setattr(packing, "LEAST_DIVIDED", 2)
    monkeypatch.setattr(packing, "TOGETHER", 3)
    monkeypatch.setattr(opening, "FEW", 0)
    monkeypatch.setattr(scope, "MOST_OPENED", 4)
    monkeypatch.setattr(scope, "FEW_OPENED", 1)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("seed", range(1000, 1060))
def test_divided_networks_match_what_the_evaluator_finds(seed: int) -> None:
    bundle, maker = random_bundle(seed, 24)
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    rules = bundle.decisions["d"].rules
    for _ in range(25):
        evaluation = evaluator.start(maker.facts())
        matches = program.match("d", evaluation)
        assert matches.document == direct(rules, evaluation, EMPTY_ENV, None)
        elements = evaluation.elements("things")
        if elements is not None:
            assert matches.elements == {e.key: direct(rules, evaluation, Env({"thing": e}), "things") for e in elements}
    program.close()


@pytest.mark.parametrize("divided", [False, True])
def test_what_is_said_of_incomplete_facts_holds_of_every_completion(divided, request) -> None:
    if divided:
        request.getfixturevalue("small")
    bundle = typical.bundle(60)
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    random = Random(4)
    for _ in range(60):
        whole = typical.case(random, 1)
        known = truths(program, evaluator, whole)
        assert known.unknown == ()
        for name in whole.facts:
            fewer = whole._replace(facts={k: v for k, v in whole.facts.items() if k != name and random.random() < 0.8})
            found = truths(program, evaluator, fewer)
            assert set(found.true) <= set(known.true)
            assert set(known.true) <= {*found.true, *found.unknown}
    program.close()


def truths(program, evaluator: Evaluator, case: WorkingMemory) -> Truths:
    return program.match("d", evaluator.start(case)).document


class Counted:
    """How often the engine is asked for each case."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.facts: list[str] = []
        right = Session.fire

        def fire(session: Session, fact: str, allowed=None) -> list[int]:
            self.facts.append(fact)
            return right(session, fact, allowed)

        monkeypatch.setattr(Session, "fire", fire)

    def of(self, program, evaluator: Evaluator, **facts) -> list[str]:
        self.facts.clear()
        truths(program, evaluator, b.memory({k.replace("_", ".", 1): v for k, v in facts.items()}))
        return list(self.facts)


def test_a_case_asks_the_networks_of_its_values_only(monkeypatch):
    rules = [b.rule(i, cmp("=", W.fact("a.count"), i), cmp(">", W.fact("a.rate"), i % 7)) for i in range(600)]
    bundle = replace(vocabulary(), decisions={"d": b.decision(rules)})
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    counted = Counted(monkeypatch)
    assert program.share()["d"].networks > 20
    assert len(counted.of(program, evaluator, a_count=77, a_rate=3)) == 1
    assert counted.of(program, evaluator, a_count=1000, a_rate=3) == []  # no rule is about that
    assert len(counted.of(program, evaluator, a_count=77)) == 2  # rule 77 is open: it alone is asked once more
    assert counted.facts[1].count(":1,") == 2  # its gate, and the property of the last rule
    assert len(counted.of(program, evaluator, a_rate=9)) > 10  # any rule may be true
    program.close()


def test_rules_that_are_decided_are_not_asked_twice(monkeypatch):
    rules = [
        b.rule(0, W.fact("a.flag")),
        b.rule(1, cmp("=", W.fact("a.colour"), lit("red", COLOUR))),
        b.rule(2, b.either(W.fact("a.flag"), cmp(">", W.fact("a.count"), 3))),
    ]
    bundle = replace(vocabulary(), decisions={"d": b.decision(rules)})
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    counted = Counted(monkeypatch)
    assert len(counted.of(program, evaluator, a_flag=False, a_colour="blue", a_count=1)) == 1
    assert len(counted.of(program, evaluator, a_flag=False, a_colour="blue")) == 2  # rule 2 rests on the count
    assert len(counted.of(program, evaluator, a_flag=True, a_colour="blue")) == 1  # and fires here without it
    program.close()


@pytest.mark.parametrize("wrong", ["1", 1.5, Fraction(1, 2), None, object()])
def test_nothing_but_small_integers_reaches_the_engine(wrong, monkeypatch):
    """A slot's own reading and the quick one alike refuse what is no integer, or do not bind it."""
    bundle = replace(vocabulary(), decisions={"d": b.decision([b.rule(0, cmp(">", W.fact("a.count"), 3))])})
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    counted = Counted(monkeypatch)
    try:
        counted.of(program, evaluator, a_count=wrong)
    except (EngineFault, TypeError, ValueError, AttributeError):
        assert counted.facts == []
    else:
        assert all(set(fact) <= set('{}":,-0123456789abidW') for fact in counted.facts)
    program.close()


def test_great_numbers_are_clamped():
    bundle = replace(vocabulary(), decisions={"d": b.decision([b.rule(0, cmp(">", W.fact("a.count"), 3))])})
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    for number in (2**52, 2**53, 2**62, 10**30):
        assert truths(program, evaluator, b.memory({"a.count": number})) == sparse((True,))
        assert truths(program, evaluator, b.memory({"a.count": -number})) == sparse((False,))
    program.close()


def test_a_day_given_as_empty_is_not_bound():
    rules = [
        b.rule(0, cmp("<", W.fact("a.day"), date(2025, 1, 1))),
        b.rule(1, cmp("<", W.fact("a.day"), W.fact("z.day"))),
    ]
    bundle = replace(vocabulary(), decisions={"d": b.decision(rules)})
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    facts = {"a.day": EMPTY_DATE, "z.day": date(2025, 1, 1)}
    assert truths(program, evaluator, b.memory(facts)) == sparse((None, None))
    program.close()
