from __future__ import annotations

import pytest
from tests.check.bundles import checked, said
from tests.damage import BUNDLES

from policyengine.check.lints import lint_untested
from policyengine.loading import check_folder, load_bundle

RULE = "- {{id: G-1, source: s, require: {{{}}}, because: x}}"


def lints(case, tmp_path, *names):
    found = said(checked(case, tmp_path, lint=True), tmp_path)
    return [(d["underlined"], d["message"]) for d in found if d["code"] in names]


@pytest.mark.parametrize(
    ("condition", "underlined", "message"),
    [
        ("order.qty: at least 1", "order.qty: at least 1", "`order.qty: at least 1` is always true"),
        ("order.qty: less than 1", "order.qty: less than 1", "`order.qty: less than 1` is always false"),
        (
            "where: 'order.total in [5 USD..1 USD]'",
            "order.total in [5 USD..1 USD]",
            "`order.total in [5 USD..1 USD]` is always false",
        ),
        ("where: order.qty = order.qty", "order.qty = order.qty", "`order.qty = order.qty` is always true"),
        ("where: 'false'", "false", "`false` is always false"),
    ],
)
def test_constant_condition(condition, underlined, message, tmp_path):
    found = lints({"rules": RULE.format(condition)}, tmp_path, "lint/constant-condition")
    assert found == [(underlined, message)]


@pytest.mark.parametrize(
    "condition",
    [
        "order.qty: at least 2",
        "order.total: above 0 USD to 1 USD",
        "order.cause: washing",
        "where: order.paid",
        "order.paid: true",
    ],
)
def test_a_condition_that_may_differ_is_not_constant(condition, tmp_path):
    assert lints({"rules": RULE.format(condition)}, tmp_path, "lint/constant-condition", "lint/unreachable-rule") == []


def test_a_rule_that_can_never_hold(tmp_path):
    rule = "- {id: G-1, source: s, when: {order.qty: more than 5}, require: {order.qty: at least 3}, because: x}"
    expected = [("G-1", "rule `G-1` can never hold: no `order.qty` passes all its tests")]
    assert lints({"rules": rule}, tmp_path, "lint/unreachable-rule") == expected


def test_the_same_condition_twice(tmp_path):
    rules = "- {id: G-1, require: {order.paid: true}, because: x}\n- {id: G-2, require: {order.paid: true}, because: y}"
    expected = [("G-2", "rule `G-2` has the same condition as `G-1`")]
    assert lints({"rules": rules}, tmp_path, "lint/same-condition") == expected


def test_no_source(tmp_path):
    expected = [("X-1", "rule `X-1` names no source"), ("G-1", "rule `G-1` names no source")]
    assert lints({}, tmp_path, "lint/no-source") == expected


def test_unused_names(tmp_path):
    found = lints({}, tmp_path, "lint/unused-fact", "lint/unused-parameter", "lint/unused-definition")
    assert ("limit", "nothing reads parameter `limit`") in found
    assert ("washed", "nothing reads definition `washed`") in found
    assert ("price", "no policy reads fact `order.lines.price`") in found
    used = {"order.placed_on", "order.paid", "order.qty", "genuine", "cause", "id"}
    assert used.isdisjoint(name for name, _ in found)


def test_untested_rules(tmp_path):
    checked({}, tmp_path)
    bundle = load_bundle(tmp_path)
    assert [d.message for d in lint_untested(bundle, set())] == [
        "no case expects rule `X-1`",
        "no case expects rule `G-1`",
    ]
    assert lint_untested(bundle, {"X-1", "G-1"}) == ()


def test_lints_are_only_given_when_asked_for(tmp_path):
    assert said(checked({}, tmp_path), tmp_path) == []


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda p: p.name)
def test_lints_never_block(folder):
    bundle, sink = check_folder(folder, lint=True)
    assert bundle is not None
    assert all(d.severity != "error" for d in sink)
    assert {d.code for d in sink} <= {"lint/no-source"}
