"""What README.md says under "How to add": whoever forgets a place that no other test looks at is told here."""

from __future__ import annotations

import re

import pytest
from tests.differential import coverage
from tests.docs.documents import README, ROOT, section
from tests.docs.registries import PACKAGE

from policyengine.backends import BACKENDS
from policyengine.check.kinds import KINDS
from policyengine.evaluation import compiler
from policyengine.evaluation import functions as evaluated
from policyengine.frontend.schema_words import RULE_KINDS
from policyengine.model import expr as x
from policyengine.model.rules import Class


def test_every_function_is_generated_and_demanded_by_the_differential_tests():
    assert set(coverage._FUNCTIONS) == set(evaluated.FUNCTIONS)
    seen = {form.removesuffix("()") for subject, form, _ in coverage.quotas() if subject == "form"}
    assert set(evaluated.FUNCTIONS) <= seen


def test_every_kind_of_rule_has_its_meaning_its_schema_and_its_quota():
    assert set(KINDS) == set(RULE_KINDS)
    assert {kind.split()[0] for kind in coverage._KINDS} == set(RULE_KINDS)
    assert all(kind.default in kind.allowed and kind.allowed <= set(Class) for kind in KINDS.values())
    assert [k for k in RULE_KINDS if not (ROOT / "schemas" / f"{k}.schema.json").is_file()] == []


@pytest.mark.parametrize("module", ["evaluation/compiler.py", "reference/evaluate.py"])
def test_every_node_has_its_meaning(module):
    nodes = {n for n, c in vars(x).items() if isinstance(c, type) and issubclass(c, x.Expr) and c is not x.Expr}
    assert nodes
    assert {n for n in nodes if hasattr(compiler, n)} == nodes
    text = (PACKAGE / module).read_text(encoding="utf-8")
    assert [n for n in sorted(nodes) if not re.search(rf"\b{n}\b", text)] == []


def test_every_back_end_goes_by_its_own_name():
    assert BACKENDS
    assert all(name == backend.name for name, backend in BACKENDS.items())


def test_the_page_tells_of_every_thing_to_add():
    text = section(README.read_text(encoding="utf-8"), "How to add")
    for thing in ("A fact", "A rule", "An operator", "A kind", "A back end", "A programme", "An address", "A setting"):
        assert f"**{thing}" in text
