"""Conditions as patterns: what they test, with the constants taken out.

Rules that say the same but for their constants have the same pattern, so they share one piece of code. A pattern is a
tuple that starts with a word; negation is pushed down to the tests.

==============================  =====================================================================
``("and", p…)``, ``("or", p…)`` Kleene's connectives
``("cmp", op, a, b)``           a comparison that Python makes as it stands
``("bounded", op, a, b)``       one whose sides may be known in part
``("money", op, a, b)``         one of money
``("in", a, c, holds)``         membership in a constant set; ``holds`` False: none of them
``("has", mode, a, c, holds)``  a set contains any or all of constant members
``("bool", a, holds)``          a boolean value
``("known", kind, …, holds)``   whether a fact was given
``("leaf", n, holds)``          a condition that is computed as a value, number ``n`` of the :class:`Lowering`
``("dated", n, p, holds)``      one that reads dated parameters; ``p`` is its pattern for days that are known
==============================  =====================================================================

An operand is ``("f", fact)``, ``("i", variable, list, field)``, ``("t",)`` for the evaluation day, ``("v", n)`` for a
value to be computed, or ``("c",)`` for a constant: the constants stand beside the pattern, in the order of writing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from policyengine.backends.compiled.reads import Reads
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    And,
    AsOf,
    Compare,
    Contains,
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    Known,
    ListRef,
    Literal,
    MemberOf,
    Not,
    Or,
    ParameterRef,
    SplitIs,
    Within,
    children,
)
from policyengine.model.vocabulary import Table
from policyengine.values.types import Kind

Pattern = tuple[Any, ...]  # nested tuples of words, see above
Constants = list[object]

TRUE: Pattern = ("and",)
FALSE: Pattern = ("or",)
CONSTANT: Pattern = ("c",)

_NEGATED: Mapping[str, str] = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED: Mapping[str, str] = {"=": "=", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_COLUMNS = (Kind.LIST, Kind.VALUES)
#: Conditions and values inside each other this deep are cut.
DEEPEST = 12
#: A definition of at most so many nodes is put in the place of its name.
MOST_INLINED = 40


class Lowering:
    """Turns the conditions of a bundle into patterns, and numbers the values that are computed for them."""

    def __init__(self, bundle: CheckedBundle, reads: Reads) -> None:
        self.bundle = bundle
        self.reads = reads
        self._depth = 0
        #: The expressions that patterns refer to by number.
        self.values: list[Expr] = []
        self._numbers: dict[object, int] = {}
        self._sizes: dict[str, int] = {}
        for name in bundle.definitions:  # in an order in which each comes after those it reads
            self._size(name)
        self._forms: Mapping[type[Expr], Callable[[Any, bool, Constants], Pattern]] = {
            Literal: self._literal,
            And: self._and,
            Or: self._or,
            Not: lambda e, holds, constants: self.pattern(e.item, not holds, constants),
            FactRef: self._boolean,
            ItemField: self._boolean,
            Known: self._known,
            DefinitionRef: self._definition,
            Compare: self._compare,
            Within: self._within,
            MemberOf: self._member,
            Contains: self._contains,
        }

    def pattern(self, e: Expr, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001 - the sign of the condition
        """The pattern of a condition, or of its negation; its constants are added to ``constants``.

        What lies too deep inside becomes a value that is computed by a function of its own, for Python's parser and
        compiler take only so much nesting.
        """
        form = self._forms.get(e.__class__)
        if form is None or self._depth >= DEEPEST:
            return ("leaf", self.number(e), holds)
        self._depth += 1
        found = form(e, holds, constants)
        self._depth -= 1
        return found

    def whole(self, e: Expr, constants: Constants) -> Pattern | None:
        """The pattern of a condition that is a function of its own; None: it is no pattern.

        The dated parameters that it reads are not looked at again.
        """
        outer, self._depth = self._depth, 0
        found = None
        match e:
            case Compare() if e.left.type.kind not in _COLUMNS:
                found = self._undated_compare(e, True, constants)
            case Within():
                found = self._undated_within(e, True, constants)
            case And() | Or() | Not() | Known():
                found = self._forms[e.__class__](e, True, constants)
            case _:
                pass
        self._depth = outer
        return found

    def number(self, e: Expr) -> int:
        """The number of an expression; alike expressions have one."""
        key = self.key(e)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.values)
            self.values.append(e)
        return found

    def key(self, e: Expr, depth: int = 0) -> object:
        """What an expression says, wherever it is written; of what lies deep inside it: which one it is."""
        if isinstance(e, SplitIs):
            return (SplitIs, id(e.split), e.outcome)
        if depth > DEEPEST:
            return id(e)
        parts = [getattr(e, name) for name in _FIELDS[e.__class__]]
        return (e.__class__, e.type.kind, *[self._part_key(p, depth + 1) for p in parts])

    def _part_key(self, part: object, depth: int) -> object:
        if isinstance(part, Expr):
            return self.key(part, depth)
        return tuple([self.key(p, depth) for p in part]) if isinstance(part, tuple) else (part.__class__, part)

    # --- connectives ---

    def _literal(self, e: Literal, holds: bool, _: Constants) -> Pattern:  # noqa: FBT001
        return TRUE if e.value is holds else FALSE

    def _and(self, e: And, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        return self._junction("and" if holds else "or", e.items, holds, constants)

    def _or(self, e: Or, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        members = self._one_of(e)
        if members:
            constants.append(frozenset(members[1]))
            return ("in", members[0], CONSTANT, holds)
        return self._junction("or" if holds else "and", e.items, holds, constants)

    def _junction(self, word: str, items: tuple[Expr, ...], holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        parts: list[Pattern] = []
        for item in items:
            part = self.pattern(item, holds, constants)
            # What is inside a connective of the same kind belongs to this one.
            parts += part[1:] if part[0] == word else [part]
        return parts[0] if len(parts) == 1 else (word, *parts)

    def _one_of(self, e: Or) -> tuple[Pattern, list[object]] | None:
        """The operand and the constants of an ``or`` of equalities of one operand."""
        first = e.items[0] if len(e.items) > 1 else None
        if (
            not isinstance(first, Compare)
            or not _hashed(first)
            or self.reads.dated(first)
            or self.reads.bounded(first.left)
        ):
            return None
        operand = self._operand(first.left, [])
        found: list[object] = []
        for item in e.items:
            if not isinstance(item, Compare) or item.op != "=" or not isinstance(item.right, Literal):
                return None
            if item.left is not first.left and self._operand(item.left, []) != operand:
                return None
            found.append(item.right.value)
        return None if operand == CONSTANT else (operand, found)

    # --- names ---

    def _boolean(self, e: Expr, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        return ("bool", self._operand(e, constants), holds)

    def _known(self, e: Known, holds: bool, _: Constants) -> Pattern:  # noqa: FBT001
        match e.target:
            case FactRef() as fact:
                return ("known", "f", fact.name, holds)
            case ListRef() as list_:
                return ("known", "l", list_.name, holds)
            case ItemField() as item:
                return ("known", "i", item.variable, item.field, holds)

    def _definition(self, e: DefinitionRef, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        body = self.bundle.definitions[e.name].body
        if isinstance(body, Table) or self._size(e.name) > MOST_INLINED:
            return ("leaf", self.number(e), holds)
        return self.pattern(body, holds, constants)

    def _size(self, name: str) -> int:
        """The nodes of a definition, with those that would be put in the place of its names."""
        if name not in self._sizes:
            body = self.bundle.definitions[name].body
            self._sizes[name] = MOST_INLINED + 1 if isinstance(body, Table) else self._nodes(body)
        return self._sizes[name]

    def _nodes(self, body: Expr) -> int:
        size, stack = 0, [body]
        while stack and size <= MOST_INLINED:
            node = stack.pop()
            size += 1
            if isinstance(node, DefinitionRef) and node.type.kind is Kind.BOOLEAN:
                size += min(self._size(node.name), MOST_INLINED)
            stack.extend(children(node))
        return size

    # --- comparisons ---

    def _compare(self, e: Compare, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        if e.left.type.kind in _COLUMNS:
            return ("leaf", self.number(e), holds)
        if self.reads.dated(e):
            return ("dated", self.number(e), self._undated_compare(e, holds, constants), holds)
        if e.left.type.kind is Kind.BOOLEAN and isinstance(e.right, Literal):
            return self.pattern(e.left, ((e.op == "=") is e.right.value) is holds, constants)
        return self._undated_compare(e, holds, constants)

    def _undated_compare(self, e: Compare, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        op = e.op if holds else _NEGATED[e.op]
        left, right = e.left, e.right
        if isinstance(left, Literal) and not isinstance(right, Literal):
            op, left, right = _MIRRORED[op], right, left
        return self._sides(op, left, right, constants)

    def _sides(self, op: str, left: Expr, right: Expr, constants: Constants) -> Pattern:
        kind = "cmp"
        if Kind.MONEY in (left.type.kind, right.type.kind):
            kind = "money"
        elif self.reads.bounded(left) or self.reads.bounded(right):
            kind = "bounded"
        return (kind, op, self._operand(left, constants), self._operand(right, constants))

    def _within(self, e: Within, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        if self.reads.dated(e):
            return ("dated", self.number(e), self._undated_within(e, holds, constants), holds)
        return self._undated_within(e, holds, constants)

    def _undated_within(self, e: Within, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        above, below = (">" if e.low_open else ">="), ("<" if e.high_open else "<=")
        if not holds:
            above, below = _NEGATED[above], _NEGATED[below]
        low = self._sides(above, e.subject, e.low, constants)
        return ("and" if holds else "or", low, self._sides(below, e.subject, e.high, constants))

    def _member(self, e: MemberOf, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        members: Constants = []
        if self.reads.dated(e) or self._operand(e.container, members) != CONSTANT:
            return ("leaf", self.number(e), holds)
        operand = self._operand(e.subject, constants)
        constants.extend(members)
        return ("in", operand, CONSTANT, holds)

    def _contains(self, e: Contains, holds: bool, constants: Constants) -> Pattern:  # noqa: FBT001
        members: Constants = []
        if self.reads.dated(e) or any(self._operand(m, members) != CONSTANT for m in e.members):
            return ("leaf", self.number(e), holds)
        operand = self._operand(e.container, constants)
        wanted = [m if isinstance(m, frozenset) else {m} for m in members]
        constants.append(frozenset().union(*wanted))
        return ("has", e.mode, operand, CONSTANT, holds)

    def _operand(self, e: Expr, constants: Constants) -> Pattern:
        match e:
            case Literal():
                constants.append(e.value)
                return CONSTANT
            case ParameterRef() if self.bundle.parameters[e.name].constant:
                constants.append(self.bundle.parameters[e.name].values[0].value)
                return CONSTANT
            case FactRef():
                return ("f", e.name)
            case ItemField():
                return ("i", e.variable, e.list, e.field)
            case AsOf():
                return ("t",)
            case _:
                return ("v", self.number(e))


_FIELDS: dict[type[Expr], tuple[str, ...]] = {
    cls: tuple(f.name for f in fields(cls) if f.name not in ("span", "type")) for cls in Expr.__subclasses__()
}


def _hashed(e: Compare) -> bool:
    """Whether equal values of the two sides have equal hashes, and nothing else can be compared about them."""
    return e.op == "=" and e.left.type.kind not in (Kind.MONEY, Kind.BOOLEAN, *_COLUMNS)


@lru_cache(maxsize=4096)
def slots(pattern: Pattern) -> int:
    """How many constants a pattern has."""
    if pattern == CONSTANT:
        return 1
    return sum([slots(p) for p in pattern if p.__class__ is tuple])
