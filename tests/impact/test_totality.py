"""No field of the model and no part of an answer is forgotten by the comparison."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.impact.library import write

from policyengine import load_bundle
from policyengine.impact.behaviour.answers import ASPECTS as PARTS
from policyengine.impact.behaviour.answers import UNCOMPARED
from policyengine.impact.structure.aspects import ASPECTS, STRUCTURED, WITHOUT_MEANING
from policyengine.impact.structure.bundles import compare_bundles
from policyengine.impact.structure.meaning import meaning
from policyengine.model import bundle as bundle_module
from policyengine.model import expr, rules, vocabulary
from policyengine.model.decision import Decision
from policyengine.model.expr import Expr, Literal, Not, Null
from policyengine.source import Span
from policyengine.values.dates import Calendar
from policyengine.values.types import BOOLEAN, Type

CLASSES = [
    *(
        found
        for module in (bundle_module, rules, vocabulary)
        for _, found in inspect.getmembers(module, inspect.isclass)
        if dataclasses.is_dataclass(found) and found.__module__ == module.__name__
    ),
    Calendar,
    Type,
]
NODES = [n for _, n in inspect.getmembers(expr, inspect.isclass) if issubclass(n, Expr) and n is not Expr]
#: So many of each field are changed: one may be noticed in one kind of rule, and not in another.
MOST = 4
# A rule's step follows from the steps that hold it; `test_structure.py` moves rules.
FOLLOWS = {(rules.Rule, "step")}


def fields(class_: type) -> set[str]:
    return {f.name for f in dataclasses.fields(class_)} - {"span"}


@pytest.mark.parametrize("class_", CLASSES, ids=lambda c: c.__name__)
def test_every_field_is_compared_or_has_no_meaning(class_):
    compared = {a.field for a in ASPECTS.get(class_, ())}
    structured, without = set(STRUCTURED.get(class_, ())), set(WITHOUT_MEANING.get(class_, ()))
    assert compared | structured | without == fields(class_)
    assert not compared & structured
    assert not without & (compared | structured)


def test_the_tables_name_no_class_that_is_none_of_the_model():
    assert {*ASPECTS, *STRUCTURED, *WITHOUT_MEANING} <= set(CLASSES)


@pytest.mark.parametrize("node", NODES, ids=lambda c: c.__name__)
def test_every_field_of_an_expression_counts(node):
    """But for places, and for what a type has besides its kind."""
    stand_ins = {f.name: f"<{f.name}>" for f in dataclasses.fields(node)}
    before = node(**stand_ins)
    if node in (expr.And, expr.Or):
        before = node(items=(Literal(value=1, type=BOOLEAN, span=None),), span=None)
    for name in fields(node) - {"type"}:
        other = (Literal(value=2, type=BOOLEAN, span=None),) if name == "items" and node is not expr.ListOf else "other"
        assert meaning(dataclasses.replace(before, **{name: other})) != meaning(before), name
    assert meaning(dataclasses.replace(before, span=None)) == meaning(before)


# -- each field of a real bundle, changed one at a time ---------------------------------------


def altered(value: object, annotation: str, span: Span) -> Iterator[object]:
    """Another value of the same kind, if one can be made."""
    if value is None:
        yield from _something(annotation, span)
        return
    for type_, other in OTHER.items():
        if isinstance(value, type_):
            yield from () if value in EMPTY else (other(value),)
            return


EMPTY = ((), {}, frozenset())
OTHER: dict[type, Callable[[Any], object]] = {
    Enum: lambda v: next(other for other in type(v) if other is not v),
    bool: lambda v: not v,
    int: lambda v: v + 1,
    Fraction: lambda v: v + 1,
    date: lambda v: v + timedelta(days=1),
    str: lambda v: f"{v}x",
    Type: lambda v: dataclasses.replace(v, members=(*v.members, "one_more"), open=not v.open),
    Expr: lambda v: Not(item=v, span=v.span),
    rules.Message: lambda v: rules.Message({k: (*t, "!") for k, t in v.texts.items()}),
    frozenset: lambda v: frozenset(list(v)[1:]),
    tuple: lambda v: v[:-1],
    Mapping: lambda v: dict(list(v.items())[1:]),
    **dict.fromkeys((rules.Deadline, rules.Split, rules.Outcome, rules.Payout), lambda _: None),
}


def _something(annotation: str, span: Span) -> Iterator[object]:
    """A value where there was none."""
    made = {
        "str": "x",
        "Expr": Null(type=BOOLEAN, span=span),
        "Fraction": Fraction(7),
        "Message": rules.Message({"": ("x",)}),
    }
    yield from (value for name, value in made.items() if annotation == f"{name} | None")


Mutant = tuple[type, str, object]


def mutants(value: object, span: Span) -> Iterator[Mutant]:
    """Every copy of a value of the model in which one field of one thing in it is another; the field is named."""
    span = getattr(value, "span", None) or span
    if isinstance(value, Mapping):
        items = list(value.items())
        for n, (key, item) in enumerate(items):
            for class_, field, other in mutants(item, span):
                # What is known by its name is found by it.
                yield class_, field, dict([*items[:n], (getattr(other, "name", key), other), *items[n + 1 :]])
    elif isinstance(value, tuple):
        for n, item in enumerate(value):
            for class_, field, other in mutants(item, span):
                yield class_, field, (*value[:n], other, *value[n + 1 :])
    elif type(value) in CLASSES:
        yield from _of_fields(value, span)


def _of_fields(value: Any, span: Span) -> Iterator[Mutant]:
    for f in dataclasses.fields(value):
        inside = getattr(value, f.name)
        if f.name == "span":
            continue
        for other in altered(inside, str(f.type), span):
            yield type(value), f.name, dataclasses.replace(value, **{f.name: other})
        for class_, field, other in mutants(inside, span):
            yield class_, field, dataclasses.replace(value, **{f.name: other})


def test_a_change_of_any_field_is_noticed(tmp_path):
    bundles = [load_bundle(write(tmp_path / "library"))]
    conformance = Path(__file__).resolve().parents[1] / "conformance"
    bundles += [load_bundle(conformance / name) for name in ("groups_with_a_cap", "working_days", "dated_tables")]
    seen: dict[tuple[type, str], int] = {}
    for bundle in bundles:
        nowhere = next(iter(bundle.decisions.values())).span
        for class_, field, other in mutants(bundle, nowhere):
            key = class_, field
            # Several of each: a field may be noticed in one kind of rule, and not in another.
            if key in FOLLOWS or field in WITHOUT_MEANING.get(class_, ()) or seen.get(key, 0) >= MOST:
                continue
            seen[key] = seen.get(key, 0) + 1
            assert compare_bundles(bundle, other), f"a changed {class_.__name__}.{field} is passed over"
            assert compare_bundles(other, bundle), f"a changed {class_.__name__}.{field} is passed over on the way back"
    every = {(c, f) for c in CLASSES for f in fields(c) if f not in WITHOUT_MEANING.get(c, ())} - FOLLOWS
    # These are made of what is changed inside of them, or stand in what is changed as a whole.
    inside = {(c, f) for c, f in every if c in (rules.Insert, rules.Message, Type, rules.PayoutStep)}
    assert every - inside - set(seen) == set()


def test_every_part_of_an_answer_is_compared_or_says_the_same():
    assert {*PARTS, *UNCOMPARED} == {*Decision._fields}
    assert not {*PARTS} & {*UNCOMPARED}
