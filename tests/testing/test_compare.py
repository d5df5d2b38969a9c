"""Deadlines of elements and keys of groups, as expectations name them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from policyengine.model.decision import AmountDetail, DeadlineDate, Decision
from policyengine.source import nowhere
from policyengine.testing.compare import actual, differences
from policyengine.testing.model import Expected
from policyengine.values.money import Money

TEN = Money(Fraction(10), "EUR")


def deadline(rule: str, day: int, element: str | None = None) -> DeadlineDate:
    return DeadlineDate(rule=rule, day=date(2025, 1, day), days_left=0, element=element)


def group(**keys: object) -> AmountDetail:
    return AmountDetail(scope="group", element=None, group=keys, start=TEN, steps=(), result=TEN, limit=None)


def decision(*deadlines: DeadlineDate, amounts: tuple[AmountDetail, ...] = ()) -> Decision:
    return Decision(
        decision="d",
        verdict="paid",
        verdict_class="granted",
        deadlines=deadlines,
        amounts=amounts,
        values={},
        bundle=("b", "1", ""),
        as_of=date(2025, 1, 1),
    )


ONE_DAY = decision(deadline("R-1", 2, "a"), deadline("R-1", 2, "b"), deadline("R-2", 3))
TWO_DAYS = decision(deadline("R-1", 2, "a"), deadline("R-1", 4, "b"))


@pytest.mark.parametrize(
    ("answer", "days"),
    [
        (ONE_DAY, {"R-1": "2025-01-02", "R-2": "2025-01-03"}),
        (ONE_DAY, {"R-1[a]": "2025-01-02", "R-1[b]": "2025-01-02", "R-2": "2025-01-03"}),
        (TWO_DAYS, {"R-1[a]": "2025-01-02", "R-1[b]": "2025-01-04"}),
    ],
)
def test_deadlines_of_elements_may_be_named_together_or_each(answer, days):
    assert differences(answer, (Expected(key="deadlines", item=None, value=days, span=nowhere("f")),)) == ()


@pytest.mark.parametrize("days", [{"R-1": "2025-01-02"}, {"R-1": "2025-01-04"}, {"R-1[a]": "2025-01-02"}])
def test_a_rule_with_several_days_has_no_single_one(days):
    assert differences(TWO_DAYS, (Expected(key="deadlines", item=None, value=days, span=nowhere("f")),))


def test_one_deadline_of_an_element():
    expected = Expected(key="deadlines", item="R-1[b]", value="2025-01-04", span=nowhere("f"))
    assert differences(TWO_DAYS, (expected,)) == ()


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"sender": "x"}, "x"),
        ({"sender": "x", "day": "2025-01-01"}, "x, 2025-01-01"),
        ({"new": True}, "true"),
        ({"price": {"amount": "5.00", "currency": "EUR"}}, "5.00 EUR"),
        ({"papers": ["bill", "photo"]}, "bill photo"),
        ({"count": 3}, "3"),
    ],
)
def test_groups_are_named_by_their_keys_as_text(keys, text):
    assert actual(decision(amounts=(group(**keys),)), "groups") == {text: "10.00 EUR"}
