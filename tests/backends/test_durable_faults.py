"""An engine that goes wrong, at every single call of the C module: never a wrong answer, never a hang.

What cannot be told from right is not here: another rule's name in its proper place. The twin is there for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import durable_rules_engine as real_engine
import pytest
from tests.backends import build as b
from tests.backends import typical
from tests.truths import sparse

from policyengine.backends.base import Truths
from policyengine.backends.durable import DurableBackend
from policyengine.backends.durable import session as session_module
from policyengine.backends.durable.program import DurableProgram
from policyengine.errors import EngineFault
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.expr import And
from policyengine.model.memory import WorkingMemory

RULES = 24
BUNDLE = typical.bundle(RULES)
EVALUATOR = Evaluator(BUNDLE)
Wrong = Callable[..., Any]


def direct(case: WorkingMemory) -> Truths:
    evaluation = EVALUATOR.start(case)
    return sparse(evaluation.truth(And(items=r.parts, span=b.HERE)) for r in BUNDLE.decisions["d"].rules)


def cases() -> Iterator[WorkingMemory]:
    random = Random(8)
    while True:
        yield typical.case(random, 0.6)


def is_telling(case: WorkingMemory) -> bool:
    """Whether the case takes both kinds of networks and has all three truths."""
    answer = direct(case)
    return bool(answer.true and answer.unknown) and len(answer.true) + len(answer.unknown) < RULES - 2


CASE = next(c for c, _ in zip(cases(), range(1000), strict=False) if is_telling(c))
OTHERS = [c for c, _ in zip(cases(), range(10), strict=False)]


class Tampered:
    """The C module, but one call goes wrong, or all from that one on. Remembers which functions were called."""

    def __init__(self, at: int, wrong: Wrong, *, on: bool = False) -> None:
        self._at, self._wrong, self._on = at, wrong, on
        self.calls: list[str] = []
        self._before: Any = None

    def __getattr__(self, name: str) -> Wrong:
        real = getattr(real_engine, name)
        if not callable(real) or isinstance(real, type):
            return real

        def call(*args: object) -> object:
            self.calls.append(name)
            number = len(self.calls) - 1
            if number == self._at or (self._on and number > self._at):
                return self._wrong(real, self._before, *args)
            self._before = real(*args)
            return self._before

        return call


def raising(error: BaseException) -> Wrong:
    def wrong(_real: Wrong, _before: object, *_args: object) -> object:
        raise error

    return wrong


def raising_after(real: Wrong, _before: object, *args: object) -> object:
    real(*args)
    raise MemoryError


def giving(value: object, *, after: bool) -> Wrong:
    def wrong(real: Wrong, _before: object, *args: object) -> object:
        if after:
            real(*args)
        return value

    return wrong


def again(_real: Wrong, before: object, *_args: object) -> object:
    return before


FAULTS: dict[str, Wrong] = {
    "memory error": raising(MemoryError()),
    "memory error afterwards": raising_after,
    "error of the module": raising(real_engine.error("error code: 303")),
    "any error": raising(ValueError("wrong")),
    "recursion error": raising(RecursionError()),
    "nothing": giving(None, after=False),
    "nothing afterwards": giving(None, after=True),
    "not matched": giving((1, 1), after=True),
    "code 303": giving((303, 1), after=True),
    "another state": giving((0, 77), after=True),
    "no state": giving((0, None), after=True),
    "no tuple": giving(0, after=True),
    "no such rule": giving('{"99":{"m":{}}}', after=True),
    "no such rule, as a start": giving(("x", '{"99":{"m":{}}}'), after=True),
    "a name that is none": giving('{"x"', after=True),
    "an empty text": giving("", after=True),
    "the first rule again": giving('{"00":{"m":{}}}', after=True),
    "the same as before": again,
}
ENDLESS: dict[str, Wrong] = {
    "the first rule for ever": giving('{"00":{"m":{}}}', after=False),
    "the last rule for ever": giving('{"zz":{"m":{}}}', after=False),
    "the same for ever": again,
    "nothing for ever": giving(None, after=False),
    "errors for ever": raising(MemoryError()),
}


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MOST_ABANDONED", 10**6)
    monkeypatch.setattr(session_module._Process, "abandoned", 0)


@pytest.fixture
def program() -> Iterator[DurableProgram]:
    made = DurableBackend().compile(BUNDLE, EVALUATOR)
    assert match(made, CASE) == direct(CASE)  # and so both networks are built
    yield made
    made.close()


def match(program: DurableProgram, case: WorkingMemory) -> Truths:
    return program.match("d", EVALUATOR.start(case)).document


def tampered(tamper: Tampered, action: Callable[[], Any]) -> Any:
    """What the action gives while the module is tampered with; None for an engine fault."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_module, "c_engine", tamper)
        try:
            return action()
        except EngineFault:
            return None


def calls(action: Callable[[], Any]) -> list[str]:
    tamper = Tampered(-1, again)
    tampered(tamper, action)
    return tamper.calls


def test_a_decision_makes_the_calls_that_are_known_to_be_safe(program: DurableProgram) -> None:
    made = calls(lambda: match(program, CASE))
    ends = [i for i, name in enumerate(made) if name == "retract_fact"]
    assert len(ends) == 2  # both networks were asked
    for one in (made[: ends[0] + 1], made[ends[0] + 1 :]):
        assert one[:2] == ["assert_fact", "start_action_for_state"]
        assert set(one[2:-1]) == {"complete_and_start_action"}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_at_any_call_of_a_decision(program: DurableProgram, name: str) -> None:
    rebuilt = 0
    for at in range(len(calls(lambda: match(program, CASE)))):
        tamper = Tampered(at, FAULTS[name])
        assert tampered(tamper, lambda: match(program, CASE)) in (None, direct(CASE)), at
        assert tamper.calls.count("create_ruleset") <= 1, at
        rebuilt += tamper.calls.count("create_ruleset")
        assert [match(program, c) for c in OTHERS] == [direct(c) for c in OTHERS], at
    assert rebuilt


@pytest.mark.parametrize("name", ENDLESS)
def test_faults_from_any_call_on(program: DurableProgram, name: str) -> None:
    for at in range(len(calls(lambda: match(program, CASE)))):
        tamper = Tampered(at, ENDLESS[name], on=True)
        assert tampered(tamper, lambda: match(program, CASE)) in (None, direct(CASE)), at
        assert tamper.calls.count("create_ruleset") <= 1, at
        assert len(tamper.calls) < 100, at
        assert [match(program, c) for c in OTHERS] == [direct(c) for c in OTHERS], at


@pytest.mark.parametrize("name", {**FAULTS, **ENDLESS})
def test_faults_while_an_engine_is_built(name: str) -> None:
    def compile_() -> DurableProgram:
        return DurableBackend().compile(BUNDLE, EVALUATOR)

    for at in range(len(calls(lambda: compile_().close()))):
        tamper = Tampered(at, {**FAULTS, **ENDLESS}[name], on=name in ENDLESS)
        made = tampered(tamper, compile_)
        for program in (made, compile_()):
            if program is not None:
                assert match(program, CASE) == direct(CASE), at
                program.close()


@pytest.mark.parametrize("name", FAULTS)
def test_faults_while_an_engine_is_built_anew(program: DurableProgram, name: str) -> None:
    """The first call of a decision fails, and then one of those that build the new engine and ask it."""
    broken = Tampered(0, FAULTS["memory error"])
    tampered(broken, lambda: match(program, CASE))
    for at in range(1, len(broken.calls)):
        tamper = Tampered(at, FAULTS[name])
        inner = tamper.__getattr__

        def first_fails(function: str, inner: Callable[[str], Wrong] = inner, tamper: Tampered = tamper) -> Wrong:
            if not tamper.calls:
                tamper.calls.append(function)
                return raising(MemoryError())
            return inner(function)

        faulty = type("Faulty", (), {"__getattr__": lambda _self, f, g=first_fails: g(f)})()
        assert tampered(faulty, lambda: match(program, CASE)) in (None, direct(CASE)), at
        assert tamper.calls.count("create_ruleset") <= 2, at  # one for each of the two networks
        assert [match(program, c) for c in OTHERS] == [direct(c) for c in OTHERS], at


@pytest.mark.parametrize("name", FAULTS)
def test_faults_while_a_program_is_closed(name: str) -> None:
    for at in range(4):
        program = DurableBackend().compile(BUNDLE, EVALUATOR)
        match(program, CASE)
        tampered(Tampered(at, FAULTS[name]), program.close)
        program.close()
        with pytest.raises(EngineFault, match="closed"):
            match(program, CASE)


def test_a_surprise_is_logged(program: DurableProgram, caplog: pytest.LogCaptureFixture) -> None:
    assert tampered(Tampered(0, FAULTS["nothing"]), lambda: match(program, CASE)) == direct(CASE)
    assert "built anew" in caplog.text


def test_a_second_question_is_answered_by_those_who_were_asked(program: DurableProgram) -> None:
    """A rule that fires though its gate was shut is the engine's fault."""
    second = program._decisions["d"].document.networks[-1].session
    engine = second._holder.engine
    answers = Tampered(1, giving(("x", '{"00":{"m":{}}}'), after=True))
    shut = "{" + session_module.TAIL
    assert tampered(answers, lambda: second.fire(shut, allowed=set())) == []
    assert answers.calls.count("create_ruleset") == 1
    assert second._holder.engine is not engine


def test_a_process_abandons_only_so_many_engines(program: DurableProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MOST_ABANDONED", 5)
    tamper = Tampered(0, FAULTS["memory error"], on=True)
    for _ in range(50):
        assert tampered(tamper, lambda: match(program, CASE)) is None
    assert tamper.calls.count("create_ruleset") <= 50  # tried, and refused each time by the module itself
    with pytest.raises(EngineFault, match="5 times in this process"):
        match(program, CASE)
