"""Wrong figures and words: constants in conditions, values of parameters, members of sets, words of tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Call, Compare, Literal, Value
from policyengine.model.rules import Rule, Split
from policyengine.model.vocabulary import Parameter
from policyengine.mutation.operators.base import Change, Changes, Operator
from policyengine.mutation.sites import Site
from policyengine.mutation.wording import around, said
from policyengine.values.dates import Duration
from policyengine.values.money import Money
from policyengine.values.types import Kind, Type

#: Of an enum with more members only the next one is tried.
MOST_MEMBERS = 4
#: The smallest unit of money that a request gives unless its fact says otherwise.
_CENT = Fraction(1, 100)
#: Functions some of whose arguments are no figures: a step and a mode, a calendar.
_WITH_SETTINGS = ("round", "roll", "working_days")


def shifted(value: Value) -> Iterator[Value]:
    """The value one unit more and one unit less: a day, a cent, the last place that is written."""
    for sign in (1, -1):
        match value:
            case bool():
                return
            case int():
                yield value + sign
            case Fraction():
                yield value + sign * _last_place(value)
            case Money(amount=amount, currency=currency) if currency:
                yield Money(amount + sign * _CENT, currency)
            case date() if date.min < value < date.max:
                yield value + timedelta(days=sign)
            case Duration():
                yield replace(value, count=value.count + sign)
            case _:
                return


def _last_place(value: Fraction) -> Fraction:
    place = Fraction(1)
    while (value / place).denominator > 1:
        place /= 10
    return place


def others(value: Value, type_: Type) -> Iterator[Value]:
    """Other words of the same type: each other member if there are few, otherwise the next one."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str) and type_.members and type_.kind is Kind.ENUM:
        rest = [m for m in type_.members if m != value]
        if len(type_.members) <= MOST_MEMBERS:
            yield from rest
        elif value in type_.members:
            yield type_.members[(type_.members.index(value) + 1) % len(type_.members)]
        else:
            yield rest[0]


def _is_figure(site: Site) -> bool:
    """Whether a literal is one that a condition or calculation works with."""
    parent = site.parent
    return not (isinstance(parent, Call) and parent.function in _WITH_SETTINGS and parent.args[0] is not site.node)


def _shifted_literal(site: Site, _: CheckedBundle) -> Changes:
    node = site.node
    if isinstance(node, Literal) and _is_figure(site) and not isinstance(site.parent, Rule | Split):
        for value in shifted(node.value):
            old, new = said(node.value, node.type), said(value, node.type)
            yield Change(replace(node, value=value), {"what": around(site), "old": old, "new": new})


def _shifted_parameter(site: Site, _: CheckedBundle) -> Changes:
    if isinstance(site.node, Parameter):
        for i, dated in enumerate(site.node.values):
            yield from _values(site.node, i, shifted(dated.value))


def _values(parameter: Parameter, i: int, values: Iterator[Value]) -> Changes:
    """The parameter with other values in place of its ``i``-th one."""
    dated = parameter.values[i]
    since = f" from {dated.start} on" if dated.start else ""
    for value in values:
        made = (*parameter.values[:i], replace(dated, value=value), *parameter.values[i + 1 :])
        old, new = said(dated.value, parameter.type), said(value, parameter.type)
        words = {"what": f"parameter `{parameter.name}`{since}", "old": old, "new": new}
        yield Change(replace(parameter, values=made), words, dated.span)


def _other_word(site: Site, _: CheckedBundle) -> Changes:
    node = site.node
    if isinstance(node, Parameter):
        for i, dated in enumerate(node.values):
            yield from _values(node, i, others(dated.value, node.type))
    if isinstance(node, Literal) and _is_figure(site) and not isinstance(site.parent, Rule | Split):
        # `paid: true` turned into `paid: false` is the negation of the test, and is made there.
        if isinstance(site.parent, Compare) and isinstance(node.value, bool):
            return
        for value in others(node.value, node.type):
            old, new = said(node.value, node.type), said(value, node.type)
            yield Change(replace(node, value=value), {"what": around(site), "old": old, "new": new})


def _sets(value: frozenset[str], type_: Type) -> Iterator[tuple[frozenset[str], str]]:
    """A set without each of its members, and with the first member that it lacks; what was done, in words."""
    for member in (m for m in (*type_.members, *sorted(value.difference(type_.members))) if m in value):
        yield value - {member}, f"without `{member}`"
    lacking = next((m for m in type_.members if m not in value), None)
    if lacking is not None:
        yield value | {lacking}, f"with `{lacking}` besides"


def _members(site: Site, _: CheckedBundle) -> Changes:
    node = site.node
    if isinstance(node, Literal) and isinstance(node.value, frozenset):
        for value, done in _sets(node.value, node.type):
            yield Change(replace(node, value=value), {"what": around(site), "done": done})
    if isinstance(node, Parameter):
        for i, dated in enumerate(node.values):
            for value, done in _sets(dated.value, node.type) if isinstance(dated.value, frozenset) else ():
                made = (*node.values[:i], replace(dated, value=value), *node.values[i + 1 :])
                yield Change(replace(node, values=made), {"what": str(site.owner), "done": done}, dated.span)


OPERATORS = (
    Operator(
        id="limit-shifted",
        title="a figure is one unit more or less: a day, a cent, one",
        sentence="{what} has {new} instead of {old}",
        on=(Literal,),
        changes=_shifted_literal,
    ),
    Operator(
        id="parameter-shifted",
        title="the value of a parameter is one unit more or less",
        sentence="{what} is {new} instead of {old}",
        on=(Parameter,),
        changes=_shifted_parameter,
    ),
    Operator(
        id="word-swapped",
        title="another member of an enum, or the other truth value, is written",
        sentence="{what} has {new} instead of {old}",
        on=(Literal, Parameter),
        changes=_other_word,
    ),
    Operator(
        id="member-changed",
        title="a set lacks a member, or has one too many",
        sentence="{what} is read {done}",
        on=(Literal, Parameter),
        changes=_members,
    ),
)
