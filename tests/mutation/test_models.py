"""Changed models: still what the checker would let through, and decided as the reference decides them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.documents import ROOT

from policyengine.check.kinds import KINDS
from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Arith, Call, Compare, Expr, SplitIs, walk
from policyengine.model.rules import Class, Rule
from policyengine.model.vocabulary import Parameter
from policyengine.mutation.mutants import Mutant, mutants
from policyengine.mutation.paths import below
from policyengine.mutation.suite import Suite
from policyengine.reference import decide as reference_decide
from policyengine.shipped import shipped_policies
from policyengine.testing.cases import read_cases
from policyengine.values.types import comparable

FOLDERS = [
    shipped_policies() / "trade_assurance",
    shipped_policies() / "alibaba_terms",
    ROOT / "tests" / "programmes" / "consumer_withdrawal",
    *sorted(p.parent for p in (ROOT / "tests" / "conformance").glob("*/bundle.yaml")),
]
BIG = FOLDERS[:3]


def named(folder: Path) -> str:
    return folder.name


def suite_of(folder: Path) -> Suite:
    bundle = load_bundle(folder)
    return Suite(bundle, read_cases(bundle, folder, Diagnostics()))


def expressions(node: object) -> Iterator[Expr]:
    if isinstance(node, Expr):
        yield from walk(node)
    for _, child in below(node):
        if not isinstance(node, Expr):
            yield from expressions(child)


def faults(mutant: Mutant, bundle: CheckedBundle) -> Iterator[str]:
    """What the checker would say of the changed node."""
    old, new = mutant.node, mutant.new
    if isinstance(old, Expr) and isinstance(new, Expr) and old.type != new.type:
        yield f"{old.type} became {new.type}"
    for e in expressions(new):
        match e:
            case Compare(op=op, left=left, right=right) if op in ("<", "<=", ">", ">=") and not left.type.ordered:
                yield f"{left.type} is not ordered against {right.type}"
            case Arith(op="*" | "/", left=left, right=right) if not (left.type.numeric or right.type.numeric):
                yield f"{left.type} {e.op} {right.type}"
            case Call(function="latest" | "earliest", type=type_) if str(type_) != "date":
                yield f"the latest of {type_}"
    if isinstance(new, Rule) and new.word is not None and mutant.owner.decision is not None:
        spec = bundle.decisions[mutant.owner.decision]
        words = spec.element_verdicts if new.each else spec.verdicts
        allowed = KINDS[new.kind].allowed | ({Class.GRANTED} if isinstance(new.own, SplitIs) else set())
        if words.get(new.word) is not new.rule_class or (new.deadline is None and new.rule_class not in allowed):
            yield f"{new.id} cannot give {new.word}"
    if isinstance(new, Parameter):
        starts = [v.start for v in new.values if v.start is not None]
        if starts != sorted(set(starts)) or not comparable(new.type, old.type):  # type: ignore[attr-defined]
            yield "the dated values are not in order"


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_a_changed_model_is_one_that_the_checker_lets_through(folder):
    bundle = load_bundle(folder)
    made = mutants(bundle)
    assert made
    assert [(m.id, fault) for m in made for fault in faults(m, bundle)] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_slips_have_ids_of_their_own_and_stand_in_order(folder):
    made = mutants(load_bundle(folder))
    assert len({m.id for m in made}) == len(made)
    places = [(m.span.file.relative, m.span.start.line, m.span.start.column) for m in made]
    assert places == sorted(places)
    assert all(m.applied is not None and m.paths for m in made)


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_without_a_slip_every_case_passes(folder):
    suite = suite_of(folder)
    assert suite.cases
    assert suite.failing() == ()


@pytest.mark.parametrize(("folder", "each"), list(zip(BIG, (11, 7, 13), strict=True)), ids=str)
def test_changed_models_decide_as_the_reference_does(folder, each):
    """One slip of so many, each on a few of the cases that can see it, with what is known of unchanged rules in use."""
    suite = suite_of(folder)
    assert suite.failing() == ()
    compared = 0
    for number, mutant in enumerate(mutants(suite.bundle)[::each]):
        seeing = [i for d in mutant.decisions for i in suite.by_decision[d]]
        variant = suite.variant(mutant)
        for i in seeing[number % 5 :: max(1, len(seeing) // 3)][:3]:
            asked = suite.cases[i]
            assert asked.memory is not None
            case = asked.case
            ours = variant.decide(case.decision, asked.memory).to_dict()
            theirs = reference_decide(variant.bundle, case.decision, case.facts, case.as_of).to_dict()
            assert ours == theirs, f"{mutant.id} on {case.id}"
            compared += 1
    assert compared > 60


def test_a_slip_changes_every_place_where_the_words_stand_and_nothing_else():
    """The condition of a policy is in each of its rules; a last day in the rule and in what is told of it."""
    bundle = load_bundle(shipped_policies() / "alibaba_terms")
    shared = [m for m in mutants(bundle) if m.operator == "negation" and len(m.paths) > 1]
    assert shared
    for mutant in shared:
        changed = mutant.applied(bundle)
        decision = mutant.decisions[0]
        before, after = bundle.decisions[decision].rules, changed.decisions[decision].rules
        touched = {r.policy for r, s in zip(before, after, strict=True) if r != s}
        assert len(touched) == 1 or mutant.owner.kind != "rule", mutant.id
        assert changed.definitions == bundle.definitions
        assert bundle == load_bundle(shipped_policies() / "alibaba_terms")
