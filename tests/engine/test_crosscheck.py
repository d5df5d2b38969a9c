"""What decides when engines differ or fail, what is counted and told, and what a caller never notices."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.engine.build import TODAY, Asking, bundle, claims, decision, declared, fact, is_, item, rule, step
from tests.engine.faulty import Faulty, fine, lying, raising

from policyengine import reference
from policyengine.backends import BACKENDS, Matches
from policyengine.backends.base import Truths
from policyengine.engine import engine as engine_module
from policyengine.engine import referee as referee_module
from policyengine.engine.crosscheck import Checks
from policyengine.engine.engine import Engine
from policyengine.engine.referee import Difference
from policyengine.engine.settings import EngineSettings
from policyengine.engine.standby import MOST_FAULTS, TRIAL_EVERY
from policyengine.errors import EngineFault, RequestError, UnknownName
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.rules import Class
from policyengine.values.types import enum_type

FACTS = {"a": {"late": True, "lost": False}, "claims": [{"id": "private", "broken": True}]}
ERRORS = [RuntimeError("private"), EngineFault("twice"), MemoryError(), RecursionError(), AssertionError(), OSError(5)]


def small() -> CheckedBundle:
    """One decision with two rules of the document and one of the claims, and one that is the value of a fact."""
    document = step(
        0,
        rule(0, Class.REFUSED, "no", is_(fact("a.late"))),
        rule(1, Class.PENDING, "wait", is_(fact("a.lost"))),
    )
    each = step(1, rule(2, Class.REFUSED, "no", is_(item("broken")), each="claims"), each="claims")
    return bundle(
        facts=[declared("a.late"), declared("a.lost"), declared("a.colour", enum_type(("red", "green"), "colour"))],
        lists=[claims(declared("broken"))],
        decisions=[
            decision(each="claims", steps=(document, each)),
            decision("colour", value=fact("a.colour", enum_type(("red", "green"), "colour"))),
        ],
    )


def bytes_of(made: Decision) -> str:
    return json.dumps(made.to_dict())


def right(name: str = "coverage") -> str:
    return bytes_of(reference.decide(small(), name, FACTS, TODAY))


def engine(primary: Faulty | Asking | None = None, twin: Faulty | Asking | None = None, **rest) -> Engine:
    return Engine(small(), primary or Asking(), twin=twin or Faulty("twin", Asking(), fine), **rest)


def ask(of: Engine, name: str = "coverage") -> str:
    return bytes_of(of.decide(name, FACTS, as_of=TODAY))


def errors(caplog) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]


# --- all agree ---


def test_engines_that_agree_are_counted_and_nothing_is_said(caplog):
    twin = Faulty("twin", Asking(), fine)
    with engine(twin=twin, sample=2) as of:
        assert [ask(of) for _ in range(5)] == [right()] * 5
        assert of.checks["coverage"] == Checks(compared=5, sampled=3)
        assert of.checks["colour"] == Checks()
    assert (twin.calls, twin.closed) == (5, 1)
    assert caplog.records == []


def test_without_checks_the_twin_is_not_asked_and_neither_is_the_reference(monkeypatch):
    twin = Faulty("twin", Asking(), fine)
    monkeypatch.setattr(referee_module.reference, "decide", None)
    with engine(twin=twin, check=False) as of:
        ask(of)
        assert of.checks["coverage"] == Checks()
    assert twin.calls == 0


@pytest.mark.parametrize(
    ("sample", "expected"),
    [(0, []), (1, [0, 1, 2, 3, 4, 5, 6]), (2, [0, 2, 4, 6]), (3, [0, 3, 6]), (1000, [0])],
)
def test_the_first_and_then_every_nth_decision_is_sampled(sample, expected):
    seen = []
    with engine(sample=sample) as of:
        for number in range(7):
            before = of.checks["coverage"].sampled
            ask(of)
            seen += [number] * (of.checks["coverage"].sampled - before)
    assert seen == expected


@pytest.mark.parametrize(
    ("wrong", "error", "told"),
    [
        ({"sample": -1}, ValueError, "`sample` is a whole number from 0, such as 1000 or 0 for no sample, not -1"),
        ({"sample": 1.5}, TypeError, "`sample` is a whole number from 0, such as 1000 or 0 for no sample, not 1.5"),
        ({"sample": True}, TypeError, "not True"),
        ({"check": "no"}, TypeError, "`check` is True or False, not 'no'"),
        ({"check": None}, TypeError, "`check` is True or False, not None"),
        (
            {"differences": "kept"},
            TypeError,
            "not 'kept'; to keep them in a folder, give `DifferenceStore(\"folder\")`",
        ),
    ],
)
def test_choices_that_cannot_be_followed_are_refused_at_once(wrong, error, told):
    with pytest.raises(error) as caught:
        engine(**wrong)
    assert str(caught.value).endswith(told)


def test_the_sample_counts_each_decision_by_itself_over_all_threads():
    with engine(sample=10) as of, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: ask(of, ("coverage", "colour")[n % 2]), range(200)))
        assert [c.sampled for c in of.checks.values()] == [10, 10]


@pytest.mark.parametrize("sample", [2, 3, 4])
def test_no_order_of_calls_leaves_a_decision_out_of_the_sample(sample):
    with engine(sample=sample) as of:
        for _ in range(12):
            ask(of)
            for _ in range(sample - 1):
                ask(of, "colour")
        assert of.checks["coverage"].sampled == -(-12 // sample)
        assert of.checks["colour"].sampled == -(-12 * (sample - 1) // sample)


@pytest.mark.parametrize(
    ("chosen", "effect", "told"),
    [
        (
            ("durable", True, 1000),
            ("durable", True, 1000),
            "engine durable, checked, every 1,000th answer by the reference",
        ),
        (("durable", True, 1), ("durable", True, 1), "engine durable, checked, every answer by the reference"),
        (("durable", True, 0), ("durable", True, 0), "engine durable, checked"),
        (("durable", False, 5), ("durable", False, 0), "engine durable, not checked"),
        (("compiled", True, 22), ("compiled", False, 22), "engine compiled, every 22nd answer by the reference"),
        (("compiled", True, 111), ("compiled", False, 111), "engine compiled, every 111th answer by the reference"),
        (("compiled", True, 0), ("compiled", False, 0), "engine compiled, not checked"),
        (("reference", True, 5), ("reference", False, 0), "engine reference, not checked"),
    ],
)
def test_an_engine_says_what_of_its_settings_is_in_effect(chosen, effect, told):
    name, check, sample = chosen
    assert str(EngineSettings(name, check, sample)) == told
    with Engine(small(), name, check=check, sample=sample) as of:
        assert of.settings == EngineSettings(*effect)
        for _ in range(2):
            ask(of)
        done = of.checks["coverage"]
        assert (done.compared > 0, done.sampled > 0) == (effect[1], effect[2] > 0)


def test_without_a_twin_nothing_is_compared_with_it():
    with Engine(small(), twin=None, sample=7) as of:
        assert of.settings == EngineSettings("durable", check=False, sample=7)


def test_a_back_end_is_not_its_own_twin():
    with Engine(small(), "durable", twin="durable", sample=1) as of:
        assert ask(of) == right()
        assert of.checks["coverage"] == Checks(sampled=1)


def test_the_reference_may_decide_alone():
    with Engine(small(), "reference") as of:
        assert (ask(of), ask(of, "colour")) == (right(), right("colour"))
        assert of.checks["coverage"] == Checks()
        with pytest.raises(RequestError):
            of.decide("coverage", {"a": {"late": "yes"}}, as_of=TODAY)


@pytest.mark.parametrize("name", ["durable", "compiled"])
def test_each_engine_decides_and_is_sampled(name):
    with Engine(small(), name, sample=1) as of:
        assert (ask(of), ask(of, "colour")) == (right(), right("colour"))
        assert of.checks["coverage"] == Checks(sampled=1, compared=int(name == "durable"))


def test_engines_are_chosen_by_names_that_exist():
    for wrong in ({"backend": "compield"}, {"twin": "compield"}):
        with pytest.raises(UnknownName, match="no engine `compield`") as caught:
            Engine(small(), **wrong)
        assert caught.value.help == "did you mean `compiled`?"


# --- they differ ---


@pytest.mark.parametrize("liar", [0, 1])
def test_on_a_difference_the_reference_answers(liar, caplog):
    pair = [Asking(), Asking()]
    pair[liar] = Faulty("liar", Asking(), lying(1, 0, 2))
    with engine(*pair, sample=0) as of:
        assert [ask(of) for _ in range(4)] == [right()] * 4
        assert of.checks["coverage"] == Checks(compared=4, differed=2)
        first, second = of.differences
    assert (first.decision, first.as_of, first.facts) == ("coverage", TODAY, FACTS)
    assert bytes_of(first.expected) == right()
    assert first == second
    line, _ = errors(caplog)
    assert "differ in decision `coverage` of bundle `small` (digest 000" in line
    assert "about R-1; the reference answered; the facts are kept in `engine.differences`" in line


def test_the_log_names_rules_and_never_facts(caplog):
    def spoil(_: int, found: Matches) -> Matches:
        return Matches(found.document, {})

    with engine(Faulty("liar", Asking(), spoil)) as of:
        assert ask(of) == right()
    (line,) = errors(caplog)
    assert "about the elements" in line
    assert "private" not in caplog.text
    assert "\n" not in line


def test_a_rule_that_does_not_exist_and_an_element_that_does_not_are_differences(caplog):
    with engine(Faulty("liar", Asking(), lying(77))) as of:
        assert ask(of) == right()
    assert "about a rule that does not exist;" in errors(caplog)[0]


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        7,
        Matches(None, None),
        Matches(Truths((0, "private"), ()), {}),
        Matches(Truths((), ()), {"private": None}),
        Matches(Truths((0,), (0,)), {"private": Truths()}),
    ],
)
@pytest.mark.parametrize("liar", [0, 1])
def test_whatever_an_engine_answers_the_reference_is_right(garbage, liar, caplog):
    pair = [Asking(), Asking()]
    pair[liar] = Faulty("liar", Asking(), lambda _, __: garbage)
    with engine(*pair) as of:
        assert [ask(of) for _ in range(2)] == [right()] * 2
        checks = of.checks["coverage"]
        assert checks.faults + checks.differed == 2
    assert "private" not in caplog.text


def test_what_callers_do_with_a_difference_cannot_cost_the_answer(caplog):
    def careless(_: Difference) -> str:
        raise ValueError("private")

    with engine(Faulty("liar", Asking(), lying(0)), differences=careless) as of:
        assert ask(of) == right()
        assert not of.differences
    assert any("the facts are not kept" in line for line in errors(caplog))
    assert "private" not in caplog.text


def test_only_the_last_differences_are_held():
    with engine(Faulty("liar", Asking(), lying(0))) as of:
        for _ in range(30):
            ask(of)
        assert (of.checks["coverage"].differed, len(of.differences)) == (30, 20)


def test_when_nobody_can_settle_a_difference_there_is_no_answer(monkeypatch, caplog):
    monkeypatch.setattr(referee_module.reference, "decide", _fails)
    with engine(Faulty("liar", Asking(), lying(0))) as of:
        with pytest.raises(EngineFault, match="reference failed too"):
            ask(of)
        assert of.checks["coverage"] == Checks(compared=1, differed=1, faults=1)
    assert "private" not in caplog.text


def test_a_wrong_answer_of_agreeing_engines_is_found_by_the_sample(caplog):
    liars = [Faulty("liar", Asking(), lying(0)) for _ in range(2)]
    with engine(*liars, sample=3) as of:
        answers = [ask(of) == right() for _ in range(4)]
        assert of.checks["coverage"] == Checks(compared=4, sampled=2, differed=2)
        assert len(of.differences) == 2
    assert answers == [True, False, False, True]
    assert "the engines and the reference differ in decision `coverage`" in errors(caplog)[0]
    assert "about reasons, elements; the reference answered" in errors(caplog)[0]


def test_values_are_checked_through_the_sample(monkeypatch, caplog):
    decided = engine_module.decided
    monkeypatch.setattr(engine_module, "decided", lambda *asked: decided(*asked)._replace(verdict="green"))
    with engine(sample=2) as of:
        facts = {"a": {"colour": "red"}}
        assert [of.decide("colour", facts, as_of=TODAY).verdict for _ in range(3)] == ["red", "green", "red"]
        assert of.checks["colour"] == Checks(sampled=2, differed=2)


def test_if_the_reference_fails_on_a_sample_the_agreed_answer_stands(monkeypatch, caplog):
    expected = right()
    monkeypatch.setattr(referee_module.reference, "decide", _fails)
    with engine() as of:
        assert ask(of) == expected
        assert of.checks["coverage"] == Checks(compared=1, faults=1)
    assert "the engines' answer stands" in errors(caplog)[0]


def _fails(*_: object) -> Decision:
    raise ZeroDivisionError("private")


# --- one fails ---


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("check", [True, False])
def test_the_twin_stands_in_for_an_engine_that_fails(error, check, caplog):
    with engine(Faulty("faulty", Asking(), raising(error, 1)), check=check) as of:
        assert [ask(of) for _ in range(3)] == [right()] * 3
        assert (of.checks["coverage"].faults, of.checks["coverage"].set_aside) == (1, False)
    (line,) = errors(caplog)
    assert "decision `coverage` of bundle `small`" in line
    assert f"faulty failed ({type(error).__name__} at faulty.py:" in line
    assert line.endswith("and twin stood in")
    assert "private" not in caplog.text


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_the_reference_stands_in_for_a_twin_that_fails(error, caplog):
    with engine(Asking(), Faulty("twin", Asking(), raising(error, 1))) as of:
        assert [ask(of) for _ in range(3)] == [right()] * 3
        assert of.checks["coverage"].faults == 1
    (line,) = errors(caplog)
    assert f"the engines failed ({type(error).__name__} at" in line
    assert line.endswith("and the reference stood in")


def test_the_reference_stands_in_for_both():
    with engine(Faulty("a", Asking(), raising(MemoryError())), Faulty("b", Asking(), raising(ValueError()))) as of:
        assert [ask(of) for _ in range(3)] == [right()] * 3


def test_the_reference_stands_in_for_what_makes_the_answer(monkeypatch, caplog):
    monkeypatch.setattr(engine_module, "decided", _fails)
    with engine() as of:
        assert (ask(of), ask(of, "colour")) == (right(), right("colour"))
        assert of.checks["coverage"].faults == of.checks["colour"].faults == 1
    assert "private" not in caplog.text


def test_when_all_fail_there_is_no_answer(monkeypatch):
    monkeypatch.setattr(referee_module.reference, "decide", _fails)
    faulty = [Faulty("faulty", Asking(), raising(MemoryError())) for _ in range(2)]
    with engine(*faulty) as of, pytest.raises(EngineFault):
        ask(of)


def test_without_a_twin_what_goes_wrong_is_raised():
    faulty = Faulty("faulty", Asking(), raising(ZeroDivisionError()))
    with Engine(small(), faulty, twin=None) as of, pytest.raises(ZeroDivisionError):
        ask(of)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_who_stops_the_process_stops_it(stop):
    def spoil(call: int, found: Matches) -> Matches:
        if call == 0:
            raise stop
        return found

    with engine(Faulty("faulty", Asking(), spoil)) as of:
        with pytest.raises(stop):
            ask(of)
        assert ask(of) == right()


def test_bad_facts_are_no_fault():
    with engine() as of:
        with pytest.raises(RequestError):
            of.decide("coverage", {"a": {"late": 3}}, as_of=TODAY)
        assert of.checks["coverage"] == Checks()


def test_a_closed_engine_does_not_decide():
    of = Engine(small(), twin=Asking())
    of.close()
    of.close()
    with pytest.raises(EngineFault, match="closed"):
        ask(of)
    assert of.checks["coverage"] == Checks()


# --- one fails again and again ---


def test_after_faults_in_a_row_an_engine_is_set_aside_and_tried_again(caplog):
    working: list[bool] = []

    def spoil(_: int, found: Matches) -> Matches:
        if not working:
            raise RuntimeError
        return found

    faulty = Faulty("faulty", Asking(), spoil)
    with engine(faulty, sample=0) as of:
        checks = of.checks["coverage"]
        assert [ask(of) for _ in range(MOST_FAULTS)] == [right()] * MOST_FAULTS
        assert checks == Checks(faults=MOST_FAULTS, set_aside=True)
        _decide(of, TRIAL_EVERY - 1)
        assert (faulty.calls, checks.faults) == (MOST_FAULTS, MOST_FAULTS)
        _decide(of, 1)
        assert (faulty.calls, checks.faults, checks.set_aside) == (MOST_FAULTS + 1, MOST_FAULTS + 1, True)
        working.append(True)
        _decide(of, TRIAL_EVERY)
        assert checks == Checks(compared=1, faults=MOST_FAULTS + 1, set_aside=False)
        _decide(of, 5)
        assert checks.compared == 6
    told = [r.getMessage() for r in caplog.records]
    assert len(told) == MOST_FAULTS + 2
    assert "faulty is set aside after 3 faults in a row; twin decides, and every 1000 decisions" in told[MOST_FAULTS]
    assert told[-1].endswith("faulty works again and decides")


def _decide(of: Engine, times: int) -> None:
    expected = right()
    for _ in range(times):
        assert ask(of) == expected


def test_faults_that_are_not_in_a_row_set_nothing_aside():
    faulty = Faulty("faulty", Asking(), raising(RuntimeError(), *range(0, 20, 2), *range(1, 20, 4)))
    with engine(faulty) as of:
        _decide(of, 20)
        assert of.checks["coverage"].set_aside is (MOST_FAULTS <= 3)
    faulty = Faulty("faulty", Asking(), raising(RuntimeError(), *(n for n in range(30) if n % 3)))
    with engine(faulty) as of:
        _decide(of, 30)
        assert (of.checks["coverage"].faults, of.checks["coverage"].set_aside) == (20, False)


def test_threads_get_right_answers_while_an_engine_fails_and_is_set_aside():
    faulty = Faulty("faulty", Asking(), raising(RuntimeError()))
    with engine(faulty) as of, ThreadPoolExecutor(4) as pool:
        expected = right()
        assert set(pool.map(lambda _: ask(of), range(2 * TRIAL_EVERY))) == {expected}
    assert faulty.calls <= MOST_FAULTS + 4 + 3


def test_an_engine_that_cannot_be_closed_does_not_keep_the_other_open(caplog, monkeypatch):
    first, second = Faulty("first", Asking(), fine), Faulty("second", Asking(), fine)
    of = engine(first, second)
    monkeypatch.setattr("tests.engine.build.AskingProgram.close", _cannot_close)
    of.close()
    assert (first.closed, second.closed) == (1, 1)
    assert len(errors(caplog)) == 2


def _cannot_close(_: object) -> None:
    raise OSError


def test_the_twin_is_there_by_default():
    assert "compiled" in BACKENDS
    with Engine(small()) as of:
        ask(of)
        assert of.checks["coverage"] == Checks(compared=1, sampled=1)
