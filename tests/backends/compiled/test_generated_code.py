"""What the generated code looks like, and that nothing of a policy gets into it but as data."""

from __future__ import annotations

import ast
import inspect
import linecache
import traceback
from pathlib import Path
from textwrap import dedent

import pytest
from tests.backends import build as b

from policyengine.backends import compiled
from policyengine.backends.base import Truths
from policyengine.backends.compiled import CompiledBackend, CompiledProgram
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.memory import Given
from policyengine.values.types import BOOLEAN, INTEGER, TEXT, enum_type

KIND = enum_type(("wet", "dry"), "kind", open_=True)
FACTS = [b.fact("a.kind", KIND), b.fact("a.count", INTEGER), b.fact("a.size", INTEGER), b.fact("a.paid", BOOLEAN)]
W = b.Words(b.bundle(FACTS))
KIND_OF, COUNT, SIZE, PAID = (W.fact(f"a.{n}") for n in ("kind", "count", "size", "paid"))


def kind(word: str) -> Expr:
    return b.cmp("=", KIND_OF, b.lit(word, KIND))


def bundle(*rules: Expr) -> CheckedBundle:
    return b.bundle(FACTS, decisions=[b.decision([b.rule(i, r) for i, r in enumerate(rules)])])


def compiled_of(*rules: Expr) -> CompiledProgram:
    return CompiledBackend().compile(bundle(*rules), Evaluator(bundle(*rules)))


def match(program: CompiledProgram, facts: dict[str, Given]) -> Truths:
    evaluation = Evaluator(bundle()).start(b.memory(facts))
    return program.match("d", evaluation).document


def function(program: CompiledProgram, name: str) -> str:
    """The text of one of the generated functions."""
    return next(part for part in program.source("d").split("\n\n") if part.startswith(f"def {name}("))


def test_the_package_shows_what_becomes_of_rules() -> None:
    rules = [
        b.both(kind("wet"), b.cmp(">", COUNT, 3)),
        b.either(kind("dry"), kind("wet")),
        b.no(PAID),
    ]
    shown = (compiled.__doc__ or "").partition("become::\n\n")[2].partition("\n\nThe exact")[0]
    assert dedent(shown).split() == compiled_of(*rules).source("d").split()


def test_few_values_are_told_apart_by_branches() -> None:
    program = compiled_of(*(b.both(kind(w), b.cmp(">", COUNT, n)) for n, w in enumerate(["wet", "dry", "wet"])))
    exact = function(program, "document_exact")
    assert exact.count("== 'wet'") == exact.count("== 'dry'") == 1
    assert match(program, {"a.kind": "wet", "a.count": 1}) == Truths((0,))
    assert match(program, {"a.kind": "wet"}) == Truths((), (0, 2))
    assert match(program, {"a.count": 1}) == Truths((), (0,))
    assert match(program, {"a.kind": "damp"}) == Truths()


def test_many_values_are_looked_up_once() -> None:
    program = compiled_of(*(b.both(kind(f"k{n}"), b.cmp(">", COUNT, n % 3)) for n in range(60)))
    exact = function(program, "document_exact")
    assert exact.count(".get(") == 1
    assert "k7" not in exact
    assert match(program, {"a.kind": "k7", "a.count": 2}) == Truths((7,))
    assert match(program, {"a.kind": "k7"}) == Truths((), (7,))
    assert match(program, {"a.count": 1}) == Truths((), tuple(range(0, 60, 3)))


def test_rules_that_are_like_no_others_have_a_function_for_each_value() -> None:
    shapes = [b.cmp("<", COUNT, SIZE), PAID, b.no(PAID), b.cmp("=", COUNT, SIZE), b.cmp(">", SIZE, 3)]
    shapes += [b.both(shapes[i], shapes[j]) for i in range(4) for j in range(i)]
    program = compiled_of(*(b.both(kind(f"k{n}"), shape) for n, shape in enumerate(shapes)))
    assert "def h_" in program.source("d")
    facts: dict[str, Given] = {"a.count": 1, "a.size": 4, "a.paid": True}
    assert match(program, {"a.kind": "k0", **facts}) == Truths((0,))
    assert match(program, {"a.kind": "k2", **facts}) == Truths()
    assert match(program, {"a.kind": "k4", "a.count": 1}) == Truths((), (4,))


def test_equal_conditions_are_tested_once() -> None:
    program = compiled_of(*(b.both(b.cmp("<", COUNT, SIZE), PAID) for _ in range(50)))
    assert function(program, "document_exact").count("<") == 1
    assert match(program, {"a.count": 1, "a.size": 2, "a.paid": True}) == Truths(tuple(range(50)))
    assert match(program, {"a.count": 1, "a.size": 2}) == Truths((), tuple(range(50)))


@pytest.mark.parametrize(("op", "true"), [("<", 5), ("<=", 6), (">", 4), (">=", 5)])
def test_limits_are_searched(op: b.CompareOp, true: int) -> None:
    program = compiled_of(*(b.cmp(op, COUNT, 2 * n) for n in range(10)))
    assert "bisect" in function(program, "document_exact")
    above = match(program, {"a.count": 8 if op in (">", ">=") else 9 if op == "<" else 8})
    assert len(above.true) == true
    assert match(program, {}) == Truths((), tuple(range(10)))


def test_true_is_not_one() -> None:
    rules = [b.cmp("=", b.lit(True), PAID), b.cmp("=", COUNT, 1), b.cmp("=", COUNT, 0), kind("1")]
    assert match(compiled_of(*rules), {"a.paid": True, "a.count": 0, "a.kind": "1"}) == Truths((0, 2, 3))


def test_a_fact_that_is_not_needed_may_be_missing_in_two_valued_code() -> None:
    exact = function(compiled_of(b.both(b.cmp(">", COUNT, 3), PAID)), "document_exact")
    assert "f['a.count'] > 3 and f['a.paid']" in exact


HOSTILE = "'\"\\\n#{x} {} :\x01\x02\x03\u2028);raise SystemExit("


def test_nothing_of_a_policy_is_code() -> None:
    facts = [b.fact(HOSTILE, TEXT), b.fact("b." + HOSTILE, TEXT)]
    words = b.Words(b.bundle(facts))
    conditions = [b.cmp("=", words.fact(f.name), b.lit(HOSTILE)) for f in facts] * 3
    conditions.append(b.cmp("!=", words.fact(HOSTILE), words.fact("b." + HOSTILE)))
    made = b.bundle(facts, decisions=[b.decision([b.rule(i, c) for i, c in enumerate(conditions)], name=HOSTILE)])
    program = CompiledBackend().compile(made, Evaluator(made))
    ast.parse(program.source(HOSTILE))
    found = program.match(HOSTILE, Evaluator(made).start(b.memory({HOSTILE: HOSTILE, "b." + HOSTILE: ""})))
    assert found.document == Truths((0, 2, 4, 6))


@pytest.mark.parametrize("text", ["x :y", "a{}b", " : {} ", HOSTILE])
def test_texts_stay_as_they_are_written(text: str) -> None:
    facts = [b.fact("a.given", TEXT), b.fact("a.default", TEXT, b.lit(text))]
    given, default = (b.Words(b.bundle(facts)).fact(f.name) for f in facts)
    rules = [b.rule(i, b.cmp("=", fact, b.lit(text))) for i, fact in enumerate([given, given, default])]
    made = b.bundle(facts, decisions=[b.decision(rules)])
    program = CompiledBackend().compile(made, Evaluator(made))
    for told, truths in (({"a.given": text}, Truths((0, 1, 2))), ({}, Truths((2,), (0, 1)))):
        assert program.match("d", Evaluator(made).start(b.memory(told))).document == truths


def test_tracebacks_show_the_generated_line() -> None:
    program = compiled_of(b.cmp(">", COUNT, 3))
    with pytest.raises(TypeError) as caught:
        match(program, {"a.count": "no number"})
    assert "if f['a.count'] > 3: t.append(0)  # R-0" in "".join(traceback.format_exception(caught.value))
    before = len([name for name in linecache.cache if name.startswith("<policy")])
    del program, caught
    assert len([name for name in linecache.cache if name.startswith("<policy")]) < before


def test_it_shares_nothing_with_what_it_checks() -> None:
    folder = Path(inspect.getfile(compiled)).parent
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        modules = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not {m for m in modules if m.startswith(("policyengine.backends.durable", "policyengine.reference"))}
        of_evaluation = {m for m in modules if m.startswith("policyengine.evaluation")}
        assert of_evaluation <= ({"policyengine.evaluation.evaluator"} if path.name == "program.py" else set())
