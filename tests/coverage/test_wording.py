"""Expressions in words: every node of the model has some, and the order of keys is not among them."""

from __future__ import annotations

import inspect

import pytest
from tests.engine.build import at, compare, fact, is_, lit

from policyengine.coverage import wording
from policyengine.coverage.wording import written
from policyengine.model import expr as x
from policyengine.values.types import BOOLEAN, INTEGER

COUNT = fact("order.count", INTEGER)
ONE, PAID = lit(1, INTEGER), is_(fact("order.paid"))
BIG = compare(COUNT, ">", ONE)


def test_every_node_of_the_model_is_put_into_words():
    source = inspect.getsource(wording.written)
    nodes = [n for n, c in vars(x).items() if inspect.isclass(c) and issubclass(c, x.Expr) and c is not x.Expr]
    assert len(nodes) > 20
    assert [n for n in nodes if f"x.{n}()" not in source] == []


@pytest.mark.parametrize("made", [x.And, x.Or])
def test_the_order_in_which_things_are_listed_does_not_matter(made):
    one, other = (made(items=items, span=at(1)) for items in ((BIG, PAID), (PAID, BIG)))
    assert written(one) == written(other)


def test_what_is_joined_differently_is_said_differently():
    either = x.Or(items=(BIG, PAID), span=at(1))
    negated = x.Not(item=x.And(items=(BIG, PAID), span=at(1)), span=at(1))
    both = x.And(items=(either, PAID), span=at(1))
    said = [written(e) for e in (either, negated, both, BIG, PAID, x.And(items=(), span=at(1)))]
    assert said == [
        "(order.count > 1) or (order.paid = true)",
        "not((order.count > 1) and (order.paid = true))",
        "((order.count > 1) or (order.paid = true)) and (order.paid = true)",
        "order.count > 1",
        "order.paid = true",
        "true",
    ]


def test_branches_and_ranges():
    within = x.Within(subject=COUNT, low=ONE, high=lit(4, INTEGER), low_open=True, high_open=False, span=at(1))
    chosen = x.If(condition=within, then=ONE, otherwise=COUNT, type=INTEGER, span=at(1))
    assert written(chosen) == "if order.count in (1..4] then 1 else order.count"
    assert written(lit(True, BOOLEAN)) == "true"
