"""Conditions to disjunctive forms over comparisons with constants, and the slots they compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import cast

from policyengine.backends.durable.codecs import BooleanCodec, CountCodec, codec_for, codec_key
from policyengine.backends.durable.forms import (
    ALWAYS,
    MOST_COMPARISONS,
    MOST_CONJUNCTIONS,
    NEVER,
    Forms,
    all_of,
    any_of,
    conjunction,
    disjunction,
    one,
)
from policyengine.backends.durable.slots import FALSE, TRUE, Sign, Slots, reads_element
from policyengine.evaluation.evaluator import Evaluator
from policyengine.evaluation.reads import Reads
from policyengine.evaluation.values import is_known
from policyengine.model.expr import (
    And,
    Compare,
    CompareOp,
    Contains,
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    Known,
    Literal,
    MemberOf,
    Not,
    Or,
    SplitIs,
    Stated,
    Value,
    Within,
)
from policyengine.model.memory import WorkingMemory
from policyengine.values.types import Kind

SCALARS = frozenset(Kind) - {Kind.LIST, Kind.VALUES}

#: By operator: the engine's when it holds, the engine's when it does not, and the operator with its sides exchanged.
OPERATORS: Mapping[str, tuple[str, str, CompareOp]] = {
    "=": ("eq", "neq", "="),
    "!=": ("neq", "eq", "!="),
    "<": ("lt", "gte", ">"),
    "<=": ("lte", "gt", ">="),
    ">": ("gt", "lte", "<"),
    ">=": ("gte", "lt", "<="),
}
#: Signs for which an operator holds and does not hold.
SIGNS: Mapping[str, tuple[int, int]] = {
    "=": (0, 1),
    "!=": (1, 0),
    "<": (-1, 1),
    "<=": (-1, 1),
    ">": (1, -1),
    ">=": (1, -1),
}
#: A scope holds so many conjunctions of lists longer than MOST_CONJUNCTIONS.
MOST_WIDE = 4096
#: How many parts a split has when it comes out so, and when it does not.
OUTCOMES: Mapping[str, tuple[str, str, int]] = {
    "one": ("eq", "neq", 1),
    "several": ("gt", "lte", 1),
    "none": ("eq", "neq", 0),
}


@dataclass(slots=True)
class Tally:
    """How many atomic conditions the network compares itself, and how many it is told."""

    compared: int = 0
    told: int = 0


@dataclass(frozen=True, slots=True)
class Lowered:
    """A rule's condition: its forms, and the slots that it rests on.

    While each of the slots is decided (:mod:`slots` says what that is), exactly one of the two forms holds.
    """

    forms: Forms
    slots: frozenset[int]


@dataclass(slots=True)
class Lowering:
    """Lowers the conditions of one scope of a decision; collects the slots."""

    evaluator: Evaluator
    slots: Slots
    tally: Tally = field(default_factory=Tally)
    _inline: bool = True
    _wide: int = MOST_WIDE
    # By identity; the expression is kept, so its id stays its own.
    _read: dict[int, tuple[Expr, Reads]] = field(default_factory=dict)

    def condition(self, parts: tuple[Expr, ...]) -> Lowered:
        """A rule's condition, lowered. If both of its forms would be too wide, it becomes a single flag.

        Boolean definitions are replaced by what they say, so that the network compares the facts in them; if that makes
        the condition too wide, their truth is compared instead.
        """
        before = self.tally
        for self._inline in (True, False):
            self.tally = replace(before)
            self.slots.touched.clear()
            forms = conjunction([self._forms(p) for p in parts])
            if self._affordable(forms):
                return _lowered(forms, self.slots.touched)
        self.tally = replace(before, told=before.told + sum(map(count_atoms, parts)))
        return _lowered(self._flag_forms(And(items=parts, span=parts[0].span)), set())

    def _reads(self, e: Expr) -> Reads:
        found = self._read.get(id(e))
        if found is None:
            found = self._read[id(e)] = (e, self.evaluator.reading.of(e))
        return found[1]

    def _affordable(self, forms: Forms) -> bool:
        """Whether a network has room for the forms: a scope has room for so many conjunctions of long lists."""
        lists = [form for form in (forms.true, forms.false) if form is not None]
        wide = sum(len(form) for form in lists if len(form) > MOST_CONJUNCTIONS)
        if not lists or wide > self._wide:
            return False
        self._wide -= wide
        return True

    def _forms(self, e: Expr) -> Forms:
        match e:
            case And():
                return conjunction([self._forms(i) for i in e.items])
            case Or():
                return disjunction([self._forms(i) for i in e.items])
            case Not():
                return self._forms(e.item).negated()
            case DefinitionRef() if body := self._said_by(e):
                return self._forms(body)
            case Compare(left=DefinitionRef() as ref, right=Literal(value=bool() as wanted)):
                body = self._said_by(ref)
                # With dated parameters the comparison as a whole is tried with their values, its parts are not.
                if body and not self._reads(e).parameters:
                    forms = self._forms(body)
                    return forms if (e.op == "=") is wanted else forms.negated()
        return self._atom(e)

    def _said_by(self, e: DefinitionRef) -> Expr | None:
        """The condition that a boolean definition consists of, if it is to be put in its place."""
        body = self.evaluator.bundle.definitions[e.name].body
        return body if self._inline and isinstance(body, (And, Or, Not, Compare, Within, MemberOf)) else None

    def _atom(self, e: Expr) -> Forms:
        forms = self._compared(e)
        if forms is None:
            self.tally.told += 1
            return self._flag_forms(e)
        self.tally.compared += 1
        return forms

    def _compared(self, e: Expr) -> Forms | None:
        """The forms of a condition that the network can compare; None: it has to be told."""
        fixed = self._constant(e)
        if fixed is not None:
            return Forms(ALWAYS, NEVER) if fixed else Forms(NEVER, ALWAYS)
        match e:
            case Known():
                return _two(self.slots.given(e, BooleanCodec()))
            case Stated() | FactRef() | ItemField() | DefinitionRef():
                return _two(self.slots.value(e, "", BooleanCodec))
            case SplitIs():
                holds, fails, number = OUTCOMES[e.outcome]
                slot = self.slots.parts(e.split, CountCodec())
                return Forms(one(slot, holds, number), one(slot, fails, number))
            case Compare():
                return self._compare(e)
            case Within():
                return self._within(e)
            case MemberOf():
                return self._member(e)
            case Contains():
                return self._contains(e)
            case _:
                return None

    def _flag_forms(self, e: Expr) -> Forms:
        return _two(self.slots.flag(e, BooleanCodec()))

    # --- comparisons ---

    def _compare(self, e: Compare) -> Forms | None:
        if e.left.type.kind not in SCALARS:
            return None
        if not self._reads(e).parameters:
            right = self._constant(e.right)
            if right is not None:
                return self._against(e.op, e.left, right)
            left = self._constant(e.left)
            if left is not None:
                return self._against(OPERATORS[e.op][2], e.right, left)
        holds, fails, _ = OPERATORS[e.op]
        if_true, if_false = SIGNS[e.op]
        slot = self.slots.sign(Sign(e, 1, if_true, if_false), CountCodec())
        return Forms(one(slot, holds, 0), one(slot, fails, 0))

    def _against(self, op: str, e: Expr, constant: Value) -> Forms:
        """An expression against a constant."""
        key = codec_key(e.type, constant)
        if e.type.ordered and self._reads(e).bounding:
            low, high = self.slots.ends(e, key, lambda: codec_for(e.type, constant))
            self.slots.codec(low).add(constant)
            return _by_ends(op, low, high, constant)
        slot = self.slots.value(e, key, lambda: codec_for(e.type, constant))
        self.slots.codec(slot).add(constant)
        holds, fails, _ = OPERATORS[op]
        return Forms(one(slot, holds, constant), one(slot, fails, constant))

    def _within(self, e: Within) -> Forms | None:
        above: CompareOp = ">" if e.low_open else ">="
        below: CompareOp = "<" if e.high_open else "<="
        if self._reads(e).parameters:
            return self._within_dated(e, above, below)
        sides = (
            Compare(op=above, left=e.subject, right=e.low, span=e.span),
            Compare(op=below, left=e.subject, right=e.high, span=e.span),
        )
        forms = [f for side in sides if (f := self._compared(side))]
        return conjunction(forms) if len(forms) == len(sides) else None

    def _within_dated(self, e: Within, above: str, below: str) -> Forms:
        """Both sides by their signs; an outcome found by the evaluator is told as inside, or as below."""
        low = self.slots.sign(Sign(e, 1, 1, -1), CountCodec())
        high = self.slots.sign(Sign(e, 2, -1, -1), CountCodec())
        inside = all_of([one(low, OPERATORS[above][0], 0), one(high, OPERATORS[below][0], 0)])
        return Forms(inside, any_of([one(low, OPERATORS[above][1], 0), one(high, OPERATORS[below][1], 0)]))

    def _member(self, e: MemberOf) -> Forms | None:
        """Membership in a constant set: equal to one of its members, or different from each."""
        members = self._constant(e.container)
        if members is None or self._reads(e).parameters:
            return None
        ordered = sorted(cast("frozenset[str]", members))
        # Of the empty set no comparison is left that could tell whether the subject is known at all.
        if not 0 < len(ordered) <= MOST_COMPARISONS:
            return None
        return disjunction([self._against("=", e.subject, m) for m in ordered])

    def _contains(self, e: Contains) -> Forms | None:
        """Constant members of a set, each a comparison of its own."""
        wanted = [self._constant(m) for m in e.members]
        if None in wanted or self._reads(e).parameters:
            return None
        members = sorted({m for w in wanted for m in (w if isinstance(w, frozenset) else {cast("str", w)})})
        if not 0 < len(members) <= MOST_COMPARISONS:
            return None
        bits = [_two(self.slots.member(e.container, m, BooleanCodec())) for m in members]
        return conjunction(bits) if e.mode == "all" else disjunction(bits)

    def _constant(self, e: Expr) -> Value | None:
        """The value of an expression that is the same in every case."""
        if isinstance(e, Literal):
            return e.value
        if isinstance(e, (FactRef, ItemField)):
            return None
        if e.type.kind not in SCALARS or self._reads(e).case or reads_element(e):
            return None
        got = self.evaluator.start(WorkingMemory({}, {}, date.min)).value(e)
        return cast("Value", got) if is_known(got) else None


def _lowered(forms: Forms, touched: set[int]) -> Lowered:
    """With the slots that are left in the forms.

    Forms say the same whatever was left out of them, so one that is not there any more need not be decided: take it to
    be decided in any way. If a form is missing, nobody knows what is left of it: then all slots that it was made of.
    """
    left = {test.slot for form in (forms.true, forms.false) for c in form or () for test in c}
    return Lowered(forms, frozenset(left | touched if forms.wide else left))


def _two(slot: int) -> Forms:
    return Forms(one(slot, "eq", bool(TRUE)), one(slot, "eq", bool(FALSE)))


def _by_ends(op: str, low: int, high: int, constant: Value) -> Forms:
    """A comparison of a value between two ends with a constant."""
    holds, fails, _ = OPERATORS[op]
    if op in ("=", "!="):
        equal = all_of([one(low, "gte", constant), one(high, "lte", constant)])
        differs = any_of([one(low, "gt", constant), one(high, "lt", constant)])
        return Forms(equal, differs) if op == "=" else Forms(differs, equal)
    true_end, false_end = (high, low) if op in ("<", "<=") else (low, high)
    return Forms(one(true_end, holds, constant), one(false_end, fails, constant))


def count_atoms(e: Expr) -> int:
    """How many atomic conditions a condition is made of."""
    match e:
        case And() | Or():
            return sum(map(count_atoms, e.items))
        case Not():
            return count_atoms(e.item)
        case _:
            return 1
