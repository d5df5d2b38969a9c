"""What can still be supplied: words of their own, unless one is nearly a member that the others are members of."""

from __future__ import annotations

import pytest
from tests.check.bundles import checked

from policyengine.diagnostics import Severity
from policyengine.loading import load_bundle

RULES = """- {{id: G-1, require: {{order.paid: true}}, needs: [{}], because: x}}
- {{id: G-2, require: {{order.paid: true}}, needs: [{}], because: x}}"""


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("labels, logo", "lables", [Severity.ERROR]),  # all others are members of one type
        ("logo, receipt", "lables", [Severity.WARNING]),  # the bundle has needs that no fact speaks of
        ("receipt", "lables", []),  # nothing shows that needs are members here
        ("logo", "receipt", []),  # not near to anything
        ("logo", "labels", []),
        ("logo", "misuse", []),  # a member of another type is no slip
    ],
)
def test_a_need_that_is_nearly_a_member(first, second, told, tmp_path):
    found = checked({"rules": RULES.format(first, second)}, tmp_path)
    assert [d.severity for d in found] == told
    assert {d.code for d in found} <= {"names/near-need"}


@pytest.mark.parametrize("currency", ["order.currency", "if order.paid then EUR else USD"])
def test_a_currency_that_the_facts_decide_may_be_any(currency, tmp_path):
    case = {
        "facts": f"more.price: {{type: money, currency: {currency}}}",
        "rules": "- {id: G-1, require: {more.price: more than 30 USD}, because: x}",
    }
    assert list(checked(case, tmp_path)) == []


def test_a_source_beside_dated_values_is_that_of_those_that_name_none(tmp_path):
    values = "[{value: 1 USD}, {from: 2024-01-01, value: 2 USD, source: Letter}]"
    checked({"parameters": f"fee: {{type: money, source: Price list, values: {values}}}"}, tmp_path)
    fee = load_bundle(tmp_path).parameters["fee"]
    assert [v.source for v in fee.values] == ["Price list", "Letter"]
