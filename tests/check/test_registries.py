"""Whatever the checker knows by name, all readers of the checked model know too."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from tests.check.bundles import BASE, checked

from policyengine import Engine, load_bundle, reference
from policyengine.check.forms import FORMS
from policyengine.check.functions import FUNCTIONS
from policyengine.check.kinds import KINDS
from policyengine.evaluation import functions as evaluation
from policyengine.evaluation.rounding import round_to
from policyengine.frontend.schema_words import ROUNDING_MODES, RULE_KINDS
from policyengine.language import syntax
from policyengine.reference.functions import rounded

AS_OF = date(2025, 6, 1)
FACTS = {
    "order": {
        "placed_on": "2025-01-10",
        "total": "100 USD",
        "qty": 3,
        "rate": "1.25",
        "parts": ["color", "logo"],
    },
    "claims": [{"id": "a", "amount": "10 USD"}, {"id": "b", "amount": "15 USD"}],
}
# One call of each function that is a call in the model; the others are nodes of their own.
NODES = {"known": "known(order.qty)", "stated": "stated(order.qty)"}
CALLS = {
    "min": "min(1, order.qty) = 1",
    "max": "max(1, order.qty) = 1",
    "earliest": "earliest(as_of, order.placed_on) = as_of",
    "latest": "latest(as_of, order.placed_on) = as_of",
    "sum": "sum(claims.amount) = 0",
    "count": "count(claims) = 1",
    "common": "count(common(order.parts, fragile)) = 1",
    "days": "as_of + days(order.qty) = as_of",
    "weeks": "as_of + weeks(order.qty) = as_of",
    "months": "as_of + months(order.qty) = as_of",
    "years": "as_of + years(order.qty) = as_of",
    "working_days": "as_of + working_days(order.qty) = as_of",
    "days_between": "days_between(as_of, order.placed_on) = 1",
    "roll": "roll(as_of) = as_of",
    "end_of_month": "end_of_month(as_of) = as_of",
    "end_of_year": "end_of_year(as_of) = as_of",
    "convert": "convert(order.total, order.rate, USD) = 1 USD",
    "round": "round(order.rate, 0.1, half_up) = 1",
}


def test_every_function_is_tried_here():
    assert set(CALLS) | set(NODES) == set(FUNCTIONS)


def test_the_evaluator_has_every_function():
    assert set(evaluation.FUNCTIONS) == set(CALLS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_interpreters_compute_every_function(name, tmp_path):
    text = CALLS.get(name) or NODES[name]
    rule = f"- {{id: G-1, require: {{where: '{text}'}}, because: x}}"
    bundle_file = BASE["bundle.yaml"].replace("decisions:", "calendar: bank\ndecisions:")
    checked({"rules": rule, "files": {"bundle.yaml": bundle_file}}, tmp_path)
    bundle = load_bundle(tmp_path)
    with Engine(bundle) as engine:
        decided = engine.decide("ship", FACTS, as_of=AS_OF)
    assert decided.verdict in ("hold", "go"), "with all facts given, every function has a value"
    assert reference.decide(bundle, "ship", FACTS, AS_OF).verdict == decided.verdict


def test_every_rounding_mode_rounds():
    for mode in ROUNDING_MODES:
        for value in (Fraction(5, 2), Fraction(-5, 2), Fraction(7, 3)):
            assert rounded(value, 1, mode) == round_to(value, 1, mode)


def test_every_kind_of_rule_has_a_schema_and_a_lowering():
    assert tuple(KINDS) == RULE_KINDS


def test_every_usage_begins_with_the_function():
    assert all(f.usage.startswith(f"{name}(") for name, f in FUNCTIONS.items())


def test_every_syntax_node_is_typed():
    nodes = {n for n in vars(syntax).values() if isinstance(n, type) and issubclass(n, syntax.Node)}
    tests = {n for n in nodes if issubclass(n, syntax.Test)} - {syntax.Test}
    # A range and tests in brackets stand only after `in`, which types them itself.
    values = nodes - tests - {syntax.Node, syntax.Test, syntax.Range, syntax.OneOfTests}
    assert set(FORMS.tests) == tests
    assert set(FORMS.values) == values
