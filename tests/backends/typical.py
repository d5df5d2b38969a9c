"""A decision of 24 rules over 12 facts, of the kind that policies are made of, and cases for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from tests.backends import build as b

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.memory import WorkingMemory
from policyengine.values.types import BOOLEAN, DATE, INTEGER, MONEY, Type, enum_type

CATEGORIES = enum_type(tuple(f"c{i}" for i in range(8)), "category")
TYPES: dict[str, Type] = {
    "category": CATEGORIES,
    "state": enum_type(("new", "open", "closed"), "state"),
    "bought": DATE,
    "filed": DATE,
    "due": DATE,
    "price": MONEY,
    "paid": MONEY,
    "units": INTEGER,
    "weight": INTEGER,
    "insured": BOOLEAN,
    "repeat": BOOLEAN,
    "sealed": BOOLEAN,
}


def bundle(rules: int = 24) -> CheckedBundle:
    """As many rules as asked for, each about a category and one to three other facts."""
    empty = b.bundle([b.fact(f"o.{n}", t) for n, t in TYPES.items()])
    w = b.Words(empty)
    made = [b.rule(i, _category(w, i), b.both(*_others(w, i))) for i in range(rules)]
    return replace(empty, decisions={"d": b.decision(made)})


def _category(w: b.Words, i: int) -> Expr:
    return b.cmp("=", w.fact("o.category"), b.lit(f"c{i % 8}", CATEGORIES))


def _others(w: b.Words, i: int) -> list[Expr]:
    tests = [
        b.cmp(">", w.fact("o.price"), b.usd(100 + 10 * i)),
        b.cmp("<=", w.fact("o.filed"), w.fact("o.due")),
        b.cmp(">=", w.fact("o.units"), 3 + i // 8),
        w.fact("o.insured"),
        b.no(w.fact("o.repeat")),
        b.cmp("<", w.fact("o.weight"), 50 + i),
        b.cmp("<", w.fact("o.paid"), w.fact("o.price")),
        b.cmp("=", w.fact("o.state"), b.lit("open", TYPES["state"])),
        b.cmp("<", w.fact("o.bought"), b.lit(b.TODAY - timedelta(days=i))),
    ]
    return [tests[(i + k * 4) % len(tests)] for k in range(1 + i % 3)]


def case(random: Random, share: float = 0.9) -> WorkingMemory:
    """The facts of one case, each given with this probability."""
    facts = {
        "o.category": random.choice(CATEGORIES.members),
        "o.state": random.choice(["new", "open", "closed"]),
        "o.bought": b.TODAY - timedelta(days=random.randrange(60)),
        "o.filed": b.TODAY + timedelta(days=random.randrange(60)),
        "o.due": b.TODAY + timedelta(days=random.randrange(60)),
        "o.price": b.usd(random.randrange(400)),
        "o.paid": b.usd(random.randrange(400)),
        "o.units": random.randrange(9),
        "o.weight": random.randrange(100),
        "o.insured": random.random() < 0.5,
        "o.repeat": random.random() < 0.5,
        "o.sealed": random.random() < 0.5,
    }
    return b.memory({k: v for k, v in facts.items() if random.random() < share})
