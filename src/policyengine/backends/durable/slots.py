"""Slots: what a case's facts are as integers. A slot that cannot tell binds nothing, and nothing compares with it.

==============  ====================================================================================
value           an expression that is exactly known or not at all, coded
low, high end   an expression that may be known in part: each end coded, so the network reckons with bounds
given           whether the caller gave a fact
member          whether a set has a member
parts           how many parts a split has
sign            of the difference of two expressions; if one is not exact: a sign that says what the evaluator found
flag            0, 1 or 2 (false, true, unknown) for a condition that the evaluator decides
==============  ====================================================================================

A slot is *decided* if it is bound; a flag, if it does not say unknown; an end, if both ends are bound and coded alike.
A condition whose slots are all decided is true or false: each atomic condition is then compared as if in two-valued
logic, and Kleene's connectives of truths that are known are the classical ones.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from policyengine.backends.durable.codecs import Codec
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.operators import difference, ends_of
from policyengine.evaluation.values import Got, Unknown
from policyengine.model.expr import (
    Compare,
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    Known,
    ListRef,
    Special,
    Value,
    children,
)
from policyengine.model.rules import Split
from policyengine.values.money import CurrencyMismatch
from policyengine.values.types import Kind

if TYPE_CHECKING:
    from policyengine.evaluation.evaluator import Evaluator

Code = int | None
Read = Callable[[Evaluation, Env], Code]

FALSE, TRUE, UNSURE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Plain:
    """How a slot can be read straight from the facts that were given.

    ``of``: the fact; for a sign the two that are compared. ``member``: the slot says whether the fact has it.
    """

    of: tuple[FactRef | ItemField, ...]
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One property of the network: ``read`` binds it, ``codec`` codes the constants that it is compared with.

    ``element``: it differs from element to element. ``plain``: facts that it can be read from instead, when all of them
    are given. ``both``: reads this end of a value and the other, which is slot number ``other``. ``flag``: it is one.
    """

    read: Read
    codec: Codec
    element: bool
    plain: Plain | None = None
    both: Callable[[Evaluation, Env], tuple[Code, Code]] | None = None
    other: int | None = None
    flag: bool = False


class Slots:
    """The slots of one scope, by number. Equal expressions share a slot. ``touched``: those asked for lately."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._numbers: dict[Hashable, int] = {}
        self.slots: list[Slot] = []
        self.touched: set[int] = set()

    def number(self, key: Hashable, make: Callable[[], Slot]) -> int:
        """The number of the slot under ``key``, made if there is none."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.slots)
            self.slots.append(make())
        self.touched.add(number)
        return number

    def codec(self, number: int) -> Codec:
        """The codec of a slot."""
        return self.slots[number].codec

    def always(self, codec: Codec) -> int:
        """A property that is always 1."""
        return self.number("always", lambda: Slot(lambda _ev, _env: TRUE, codec, element=False))

    def value(self, e: Expr, key: str, codec: Callable[[], Codec]) -> int:
        """An exact value; ``key`` tells codecs of the same expression apart."""
        return self.number(("value", key, _key(e)), lambda: self._value(e, codec()))

    def _value(self, e: Expr, codec: Codec) -> Slot:
        run = self._evaluator.compiler.run(e)

        def read(ev: Evaluation, env: Env) -> int | None:
            got = run(ev, env)
            return None if isinstance(got, Unknown) else codec.code(cast("Value", got))

        return Slot(read, codec, reads_element(e), _plain(e))

    def ends(self, e: Expr, key: str, codec: Callable[[], Codec]) -> tuple[int, int]:
        """The low and the high end of a value; they share a codec."""
        low = self.number(("end", 0, key, e), lambda: self._low(e, codec()))
        return low, self.number(("end", 1, key, e), lambda: self._high(low))

    def _low(self, e: Expr, codec: Codec) -> Slot:
        run = self._evaluator.compiler.run(e)

        def both(ev: Evaluation, env: Env) -> tuple[Code, Code]:
            return _coded_ends(run(ev, env), codec)

        # The other end is made next, and so has the next number.
        other = len(self.slots) + 1
        return Slot(lambda ev, env: both(ev, env)[0], codec, reads_element(e), both=both, other=other)

    def _high(self, low: int) -> Slot:
        slot = self.slots[low]
        both = cast("Callable[[Evaluation, Env], tuple[Code, Code]]", slot.both)
        return Slot(lambda ev, env: both(ev, env)[1], slot.codec, slot.element)

    def given(self, e: Known, codec: Codec) -> int:
        """Whether the fact was given."""
        target: FactRef | ItemField | ListRef = e.target
        return self.number(e, lambda: Slot(lambda ev, env: int(ev.is_given(target, env)), codec, reads_element(e)))

    def member(self, container: Expr, member: str, codec: Codec) -> int:
        """Whether a set has a member."""
        run = self._evaluator.compiler.run(container)

        def read(ev: Evaluation, env: Env) -> int | None:
            got = run(ev, env)
            return None if isinstance(got, Unknown) else int(member in cast("frozenset[str]", got))

        plain = _plain(container, member)
        return self.number(
            ("member", member, _key(container)), lambda: Slot(read, codec, reads_element(container), plain)
        )

    def parts(self, split: Split, codec: Codec) -> int:
        """The number of parts; 0 when there is no plan."""

        def read(ev: Evaluation, _env: Env) -> int | None:
            plan = ev.split(split)
            return None if isinstance(plan, Unknown) else plan.parts

        return self.number(("parts", split), lambda: Slot(read, codec, element=False))

    def sign(self, sign: Sign, codec: Codec) -> int:
        """The sign of a difference."""
        return self.number(sign, lambda: self._sign(sign, codec))

    def _sign(self, sign: Sign, codec: Codec) -> Slot:
        parts = [self._evaluator.compiler.run(e) for e in children(sign.atom)]
        atom = self._evaluator.compiler.run(sign.atom)
        names = sorted(self._evaluator.reading.of(sign.atom).parameters)

        def read(ev: Evaluation, env: Env) -> int | None:
            values = [part(ev, env) for part in parts]
            exact = not any(isinstance(v, Unknown) for v in values)
            if exact and not (names and ev.open_parameters(names)):
                return _exact_sign(values[0], values[sign.other])
            truth = atom(ev, env)
            return None if isinstance(truth, Unknown) else (sign.if_true if truth else sign.if_false)

        plain = None if names else _plain_sides(sign.atom)
        return Slot(read, codec, reads_element(sign.atom), plain)

    def flag(self, e: Expr, codec: Codec) -> int:
        """The evaluator's answer to a condition."""
        return self.number(("flag", e), lambda: self._flag(e, codec))

    def _flag(self, e: Expr, codec: Codec) -> Slot:
        run = self._evaluator.compiler.run(e)

        def read(ev: Evaluation, env: Env) -> int | None:
            got = run(ev, env)
            return UNSURE if isinstance(got, Unknown) else int(cast("bool", got))

        return Slot(read, codec, reads_element(e), flag=True)


@dataclass(frozen=True, slots=True)
class Sign:
    """The difference of the first part of the condition ``atom`` and its part number ``other``.

    While the parts of ``atom`` are not exact, its truth can still be known: then ``if_true`` or ``if_false`` is bound.
    """

    atom: Expr
    other: int
    if_true: int
    if_false: int


def _exact_sign(left: Got, right: Got) -> int | None:
    try:
        return difference(left, right)
    except CurrencyMismatch:
        return None


def _coded_ends(got: Got, codec: Codec) -> tuple[Code, Code]:
    low, high = ends_of(got)
    return None if low is None else codec.code(low), None if high is None else codec.code(high)


def _key(e: Expr) -> Hashable:
    """What tells an expression from others; for a fact its name, which is quicker to compare."""
    return e.name if isinstance(e, FactRef) else e


def _plain(e: Expr, member: str | None = None) -> Plain | None:
    return Plain((e,), member) if isinstance(e, (FactRef, ItemField)) else None


def _plain_sides(atom: Expr) -> Plain | None:
    """The two facts that a comparison of numbers or of days compares, if it is one of facts that are given as such."""
    if not isinstance(atom, Compare) or not all(s.type.numeric or s.type.kind is Kind.DATE for s in children(atom)):
        return None
    left, right = atom.left, atom.right
    if isinstance(left, (FactRef, ItemField)) and isinstance(right, (FactRef, ItemField)):
        return Plain((left, right))
    return None


def reads_element(e: Expr) -> bool:
    """Whether the value may differ from element to element."""
    if isinstance(e, ItemField) or (isinstance(e, DefinitionRef) and e.variable is not None) or isinstance(e, Special):
        return True
    return any(reads_element(child) for child in children(e))
