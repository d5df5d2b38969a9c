"""Patterns to Python conditions, in three ways.

``EXACT`` is two-valued and raises Inexact where a value is not exactly known. In three-valued code a condition is asked
twice: ``POSSIBLE`` holds unless it is false, ``SURE`` only if it is true. Each is a plain short-circuit expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING

from policyengine.backends.compiled.frames import Frame
from policyengine.backends.compiled.patterns import Pattern, slots

if TYPE_CHECKING:
    from policyengine.backends.compiled.values import Values


class Mode(Enum):
    """What is asked of a condition."""

    EXACT = auto()
    POSSIBLE = auto()
    SURE = auto()


_PYTHON: Mapping[str, str] = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_HELPERS: Mapping[str, str] = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


class Truths:
    """Writes the conditions of one function. ``constants`` are the texts that stand for a pattern's constants."""

    def __init__(self, frame: Frame, values: Values) -> None:
        self.frame = frame
        self.values = values
        self._tests: Mapping[str, Callable[[Pattern, Mode, Iterator[str]], str]] = {
            "and": self._and,
            "or": self._or,
            "cmp": self._cmp,
            "bounded": self._bounded,
            "money": self._money,
            "in": self._in,
            "has": self._has,
            "bool": self._bool,
            "known": self._known,
            "leaf": self._leaf,
            "dated": self._dated,
        }

    def text(self, pattern: Pattern, mode: Mode, constants: Iterable[str]) -> str:
        """The condition as a Python expression."""
        return self._text(pattern, mode, iter(constants))

    def truth(self, pattern: Pattern, constants: Iterable[str]) -> str:
        """The three-valued truth as a Python expression."""
        told = list(constants)
        if pattern[0] == "leaf" and pattern[2]:
            return self.values.of_number(self.frame, pattern[1])
        possible, sure = (self.text(pattern, mode, told) for mode in (Mode.POSSIBLE, Mode.SURE))
        return sure if possible == sure else f"(True if {sure} else None if {possible} else False)"

    def _text(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        return self._tests[pattern[0]](pattern, mode, constants)

    def _and(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        return f"({' and '.join(self._text(p, mode, constants) for p in pattern[1:])})" if pattern[1:] else "True"

    def _or(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        return f"({' or '.join(self._text(p, mode, constants) for p in pattern[1:])})" if pattern[1:] else "False"

    # --- comparisons that Python makes ---

    def _cmp(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        _, op, a, b = pattern
        (left, left_again), (right, right_again) = self._operand(a, constants), self._operand(b, constants)
        if mode is Mode.EXACT:
            return f"{left} {_PYTHON[op]} {right}"
        asked = [(text, again) for text, again in ((left, left_again), (right, right_again)) if again]
        compared = f"{left_again or left} {_PYTHON[op]} {right_again or right}"
        return _guarded([text for text, _ in asked], compared, mode)

    def _in(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        _, a, c, holds = pattern
        (text, again), (members, _) = self._operand(a, constants), self._operand(c, constants)
        word = "in" if holds else "not in"
        if mode is Mode.EXACT or not again:
            return f"{text} {word} {members}"
        return _guarded([text], f"{again} {word} {members}", mode)

    def _has(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        _, which, a, c, holds = pattern
        (text, again), (members, _) = self._operand(a, constants), self._operand(c, constants)
        inside = text if mode is Mode.EXACT or not again else again
        test = f"{members} <= {inside}" if which == "all" else f"not {members}.isdisjoint({inside})"
        test = test if holds else f"not {test}" if which == "all" else test.removeprefix("not ")
        return f"({test})" if mode is Mode.EXACT or not again else _guarded([text], f"({test})", mode)

    def _bool(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        _, a, holds = pattern
        return _asked(self._operand(a, constants)[0], mode, holds=holds)

    def _known(self, pattern: Pattern, _: Mode, __: Iterator[str]) -> str:
        *target, holds = pattern[1:]
        word = "in" if holds else "not in"
        match target:
            case ["f", name]:
                return f"{name!r} {word} f"
            case ["l", name]:
                return f"{name!r} {word} s.lists"
            case _:
                return f"{target[2]!r} {word} {self.frame.variables[target[1]]}.fields"

    # --- comparisons by helpers, and conditions that are values ---

    def _money(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        _, op, a, b = pattern
        left, right = (self._operand(x, constants, known=False)[0] for x in (a, b))
        helper = _HELPERS[op]
        if mode is Mode.EXACT:
            return f"exact_{helper}({left}, {right})"
        return f"{helper}({left}, {right}) {'is not False' if mode is Mode.POSSIBLE else 'is True'}"

    def _bounded(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        test = self._cmp if mode is Mode.EXACT else self._money
        return test(pattern, mode, constants)

    def _leaf(self, pattern: Pattern, mode: Mode, _: Iterator[str]) -> str:
        _, number, holds = pattern
        text = self.values.of_number(self.frame, number)
        # Two-valued code may hold three-valued parts, which keep a value that need not be known.
        key, text = ("needed", f"need({text})") if mode is Mode.EXACT else ("value", text)
        return _asked(self.frame.local((key, number), "v", text), mode, holds=holds)

    def _dated(self, pattern: Pattern, mode: Mode, constants: Iterator[str]) -> str:
        _, number, core, holds = pattern
        if mode is Mode.EXACT:
            return self._text(core, mode, constants)
        for _unused in range(slots(core)):
            next(constants)
        return self._leaf(("leaf", number, holds), mode, constants)

    # --- operands ---

    def operand(self, operand: Pattern, constants: Iterable[str] = ()) -> str:
        """The text of an operand; in three-valued code it may be None."""
        return self._operand(operand, iter(constants))[0]

    def _operand(self, operand: Pattern, constants: Iterator[str], *, known: bool = True) -> tuple[str, str]:
        """The text of an operand, and what names it again: empty if it is never unknown.

        ``known``: in two-valued code it must be exactly known.
        """
        frame, values = self.frame, self.values
        match operand:
            case ("c",):
                return next(constants), ""
            case ("t",):
                return values.as_of(frame), ""
            case ("f", name):
                text = values.fact(frame, name)
                return text, text
            case ("i", variable, list_, field):
                text = values.item(frame, variable, list_, field)
                return text, text
            case (_, number):
                return self._computed(number, known=known)
        raise ValueError(operand)

    def _computed(self, number: int, *, known: bool) -> tuple[str, str]:
        frame = self.frame
        key = ("value", number)
        if frame.exact and known:
            return frame.local(("needed", number), "v", self.values.exact(frame, number)), ""
        mark = frame.local(key, "v", self.values.of_number(frame, number))
        return mark, frame.name_of(key) if known else mark


def _guarded(asked: list[str], test: str, mode: Mode) -> str:
    """A test of operands that may be None."""
    if not asked:
        return test
    if mode is Mode.POSSIBLE:
        return f"({' or '.join(f'{a} is None' for a in asked)} or {test})"
    return f"({' and '.join(f'{a} is not None' for a in asked)} and {test})"


def _asked(text: str, mode: Mode, *, holds: bool) -> str:
    """A truth that is there as a value."""
    if mode is Mode.EXACT:
        return text if holds else f"not {text}"
    if mode is Mode.POSSIBLE:
        return f"{text} is not {not holds}"
    return f"{text} is {holds}"
