"""How far a change of one fact is from what is given.

Days count as days, numbers and amounts by their difference, each member of a set that comes or goes as one, and so each
element of a list; any other change, and telling a fact that was not told, as one. What is taken away comes after all
that is given or changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import is_known
from policyengine.model.vocabulary import Fact, FactList
from policyengine.probing import ABSENT, Proposal, Slot
from policyengine.values.money import Money

#: Whether something is taken away, and how far the change is.
Nearness = tuple[bool, Fraction]
_ONE = Fraction(1)


def nearness(proposal: Proposal, held: object) -> Nearness:
    """A key to sort changes of different facts by: nearer ones first. ``held`` is what :func:`held_by` gives."""
    if proposal.value is ABSENT:
        return (True, _ONE)
    value = proposal.typed
    if isinstance(proposal.slot.declared, FactList):
        return (False, _of_lists(proposal))
    match held, value:
        case date(), date():
            far = Fraction(abs((value - held).days))
        case Money(), Money():
            far = abs(value.amount - held.amount) if value.currency == held.currency else _ONE
        case (int() | Fraction(), int() | Fraction()):
            far = abs(_number(value) - _number(held))
        case _, frozenset():
            far = Fraction(len(value ^ (held if isinstance(held, frozenset) else frozenset())))
        case _:
            far = _ONE
    return (False, far or _ONE)


def held_by(slot: Slot, ev: Evaluation) -> object:
    """What a fact is taken to be: as given, or by default; None while it is unknown, and for lists."""
    if slot.typed is not None or not isinstance(slot.declared, Fact) or slot.declared.default is None:
        return slot.typed
    got = ev.value(slot.declared.default, _scope(slot, ev))
    return got if is_known(got) else None


def _scope(slot: Slot, ev: Evaluation) -> Env:
    """The element that a field belongs to, under its list's singular."""
    numbers = [n for n in slot.path if isinstance(n, int)]
    if not numbers:
        return Env()
    name = ".".join(str(step) for step in slot.path[: slot.path.index(numbers[0])])
    element = (ev.elements(name) or ())[numbers[0]]
    return Env({ev.evaluator.bundle.lists[name].each: element})


def _of_lists(proposal: Proposal) -> Fraction:
    value, given = proposal.value, proposal.slot.given
    now = len(given) if isinstance(given, Sequence) else 0
    then = len(value) if isinstance(value, Sequence) else 0
    return Fraction(max(1, abs(then - now)))


def oddness(value: object, as_of: date) -> Fraction:
    """A key to sort equally near values of one fact by: days far from the evaluation day, and large numbers, last."""
    match value:
        case date():
            return Fraction(abs((value - as_of).days))
        case Money():
            return abs(value.amount)
        case int() | Fraction():
            return abs(_number(value))
        case _:
            return Fraction(0)


def _number(value: object) -> Fraction:
    """A number, exactly; yes and no are none, and as near to each other as can be."""
    return Fraction(value) if isinstance(value, int | Fraction) and not isinstance(value, bool) else Fraction(0)
