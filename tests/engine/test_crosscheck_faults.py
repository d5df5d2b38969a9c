"""The C module fails at each of its calls, in each way that it can: no answer changes, and none waits for more than
one engine to be built anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import durable_rules_engine as real_engine
import pytest

from policyengine.backends.durable import session as session_module
from policyengine.engine.engine import Engine
from policyengine.engine.standby import MOST_FAULTS, TRIAL_EVERY
from policyengine.errors import EngineFault
from policyengine.loading import load_bundle
from policyengine.shipped import shipped_policies
from policyengine.testing.cases import read_cases
from policyengine.testing.model import Case

FOLDER = shipped_policies() / "trade_assurance"


def _raises(error: type[Exception]) -> Callable[[str, object], object]:
    def fail(_: str, __: object) -> object:
        raise error("private")

    return fail


def _nothing(_: str, __: object) -> object:
    return None


def _nonsense(_: str, __: object) -> object:
    return (7, -1)


def _turned(name: str, result: object) -> object:
    """The opposite of what was found: no match for a match, no activation for one, and the other way round."""
    if name == "assert_fact" and isinstance(result, tuple):
        return (1 - result[0], result[1])
    if name == "complete_and_start_action":
        return None if result is not None else '{"0":{}}'
    return result


def _other_rule(_: str, result: object) -> object:
    """Another rule than the one that was activated."""
    if isinstance(result, str):
        return '{"0":{}}'
    if isinstance(result, tuple) and isinstance(result[1], str):
        return (result[0], '{"0":{}}')
    return result


KINDS = {
    "raises": _raises(Exception),
    "has no memory": _raises(MemoryError),
    "is too deep": _raises(RecursionError),
    "answers nothing": _nothing,
    "answers nonsense": _nonsense,
    "answers the opposite": _turned,
    "names another rule": _other_rule,
}


class Disturbed:
    """The C module, with every call counted and some of them spoilt."""

    def __init__(self) -> None:
        self.calls = 0
        self.built: Counter[str] = Counter()
        self.spoilt: Callable[[int], bool] = lambda _: False
        self.how: Callable[[str, object], object] = _nothing

    def __getattr__(self, name: str) -> Callable[..., object]:
        function = getattr(real_engine, name)

        def call(*arguments: object) -> object:
            number = self.calls
            self.calls += 1
            if name == "create_ruleset":
                self.built[arguments[1]] += 1
            # The call is made, so that the engine is truly where it should not be.
            result = function(*arguments)
            return self.how(name, result) if self.spoilt(number) else result

        return call

    def arm(self, spoilt: Callable[[int], bool], how: Callable[[str, object], object]) -> None:
        session_module._Process.abandoned = 0
        self.calls, self.built, self.spoilt, self.how = 0, Counter(), spoilt, how

    def calm(self) -> None:
        self.arm(lambda _: False, _nothing)


@pytest.fixture
def disturbed(monkeypatch) -> Iterator[Disturbed]:
    made = Disturbed()
    monkeypatch.setattr(session_module, "c_engine", made)
    # A process abandons only so many engines; every test has all of them.
    monkeypatch.setattr(session_module._Process, "abandoned", 0)
    yield made
    made.calm()


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(FOLDER)


@pytest.fixture(scope="module")
def cases(bundle) -> list[Case]:
    """A case of each decision that has rules, and of the claims one by one."""
    from policyengine.diagnostics import Diagnostics

    found: dict[tuple[str, int], Case] = {}
    for case in read_cases(bundle, Path(FOLDER), Diagnostics()):
        rows = case.facts.get("claims")
        key = (case.decision, min(len(rows), 2) if isinstance(rows, list) else 0)
        if bundle.decisions[case.decision].value is None:
            found.setdefault(key, case)
    return list(found.values())


def ask(engine: Engine, case: Case) -> str:
    return json.dumps(engine.decide(case.decision, case.facts, as_of=case.as_of).to_dict())


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level("CRITICAL")


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("kind", ["raises", "has no memory", "is too deep", "answers nonsense"])
def test_a_fault_at_any_call_changes_no_answer(bundle, cases, disturbed, kind, check):
    with Engine(bundle, check=check, sample=0) as engine:
        rebuilt = sum(_each_call_once(engine, case, disturbed, KINDS[kind]) for case in cases)
        assert rebuilt > 0
        assert sum(c.differed for c in engine.checks.values()) == 0


@pytest.mark.parametrize("kind", ["answers nothing", "answers the opposite", "names another rule"])
def test_a_lie_at_any_call_changes_no_answer(bundle, cases, disturbed, kind):
    with Engine(bundle, sample=0) as engine:
        rebuilt = sum(_each_call_once(engine, case, disturbed, KINDS[kind]) for case in cases)
        # A lie is either seen through, or found by the twin.
        assert rebuilt + sum(c.differed for c in engine.checks.values()) > 0


def _each_call_once(engine: Engine, case: Case, disturbed: Disturbed, how: Callable[[str, object], object]) -> int:
    """Spoil each call of a decision, one at a time; how many engines were built anew, at most one for each decision."""
    rebuilt = 0
    disturbed.calm()
    undisturbed = ask(engine, case)
    calls = disturbed.calls
    assert calls > 2, case.id
    for k in range(calls):
        disturbed.arm(lambda number, k=k: number == k, how)
        assert ask(engine, case) == undisturbed, (case.id, k)
        assert disturbed.built.total() <= 1, (case.id, k)
        rebuilt += disturbed.built.total()
        disturbed.calm()
        assert ask(engine, case) == undisturbed, (case.id, k)
    return rebuilt


@pytest.mark.parametrize("kind", ["raises", "has no memory", "answers nothing", "answers nonsense"])
def test_a_fault_at_any_call_while_loading_keeps_nobody_from_deciding(bundle, cases, disturbed, kind):
    case = cases[0]
    disturbed.calm()
    with Engine(bundle, sample=0) as engine:
        calls = disturbed.calls
        undisturbed = ask(engine, case)
    assert calls > 10
    for k in range(calls):
        disturbed.arm(lambda number, k=k: number == k, KINDS[kind])
        with Engine(bundle, sample=0) as engine:
            assert ask(engine, case) == undisturbed, k
            disturbed.calm()
            assert ask(engine, case) == undisturbed, k


@pytest.mark.parametrize("kind", KINDS)
def test_threads_that_share_an_engine_which_fails_now_and_then(bundle, cases, disturbed, kind):
    with Engine(bundle, sample=0) as engine, ThreadPoolExecutor(4) as pool:
        expected = [ask(engine, case) for case in cases]
        disturbed.arm(lambda number: number % 37 == 0, KINDS[kind])
        for _ in range(5):
            assert list(pool.map(lambda case: ask(engine, case), cases)) == expected


def test_an_engine_that_cannot_be_built_is_an_error_at_once(bundle, disturbed):
    disturbed.arm(lambda _: True, KINDS["raises"])
    with pytest.raises(EngineFault):
        Engine(bundle)


@pytest.mark.parametrize("kind", KINDS)
def test_faults_while_closing_are_nobodys_business(bundle, disturbed, kind):
    engine = Engine(bundle)
    disturbed.arm(lambda _: True, KINDS[kind])
    engine.close()
    assert disturbed.calls > 0


@pytest.mark.parametrize("kind", ["raises", "has no memory", "is too deep", "answers nothing", "answers nonsense"])
def test_an_engine_that_stays_broken_is_asked_no_more(bundle, cases, disturbed, kind):
    case = cases[0]
    with Engine(bundle, sample=0) as engine:
        undisturbed = ask(engine, case)
        disturbed.arm(lambda _: True, KINDS[kind])
        for _ in range(MOST_FAULTS):
            assert ask(engine, case) == undisturbed
        checks = engine.checks[case.decision]
        assert checks.set_aside
        disturbed.arm(lambda _: True, KINDS[kind])
        for _ in range(TRIAL_EVERY - 1):
            assert ask(engine, case) == undisturbed
        assert (disturbed.calls, sum(disturbed.built.values())) == (0, 0)
        disturbed.calm()
        assert ask(engine, case) == undisturbed
        assert not checks.set_aside
        assert ask(engine, case) == undisturbed
        assert disturbed.calls > 0
