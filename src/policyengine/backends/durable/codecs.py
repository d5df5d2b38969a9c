"""Values as small integers, so that comparing the integers with those of the constants is comparing the values.

Every codec is told the constants first (:meth:`Codec.add`), then codes constants and values alike. Codes are
within ±2**53, the range the engine was tried with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import ClassVar, Protocol, cast

from policyengine.model.expr import Value
from policyengine.values.money import Money, Number
from policyengine.values.types import Kind, Type

#: The largest integer that is ever handed to the engine.
LIMIT = 2**53
#: Cents: whole amounts and those with two places lie on the grid whatever the constants are.
MONEY_SCALE = 100
#: Stands for every currency: what money is compared with is the plain number 0.
ANY_CURRENCY = "*"


class Codec(Protocol):
    """Codes the values of one expression."""

    def add(self, constant: Value) -> None:
        """Take note of a constant that values will be compared with."""
        ...

    def code(self, value: Value) -> int | None:
        """The integer of a value; None: it cannot be compared with the constants."""
        ...


class BooleanCodec:
    """0 and 1."""

    def add(self, constant: Value) -> None:
        """Nothing to note."""

    def code(self, value: Value) -> int | None:
        """0 for false, 1 for true."""
        return int(cast("bool", value))


class CountCodec:
    """Whole numbers of the engine's own making, which are small."""

    def add(self, constant: Value) -> None:
        """Nothing to note."""

    def code(self, value: Value) -> int | None:
        """The number."""
        return cast("int", value)


class DateCodec:
    """Day numbers, from 1 for the first day of the year 1."""

    def add(self, constant: Value) -> None:
        """Nothing to note."""

    def code(self, value: Value) -> int | None:
        """The day number."""
        return cast("date", value).toordinal()


class SymbolCodec:
    """Members, texts, currencies, sets: constants are numbered as they come, everything else is 0."""

    #: The code of a value that equals no constant.
    OTHER: ClassVar = 0

    def __init__(self) -> None:
        self._codes: dict[Value, int] = {}

    def add(self, constant: Value) -> None:
        """Give the constant the next number."""
        self._codes.setdefault(constant, len(self._codes) + 1)

    @property
    def constants(self) -> Iterable[Value]:
        """The constants, as they came."""
        return self._codes

    def code(self, value: Value) -> int | None:
        """The number of a constant; 0 for a value that equals none."""
        return self._codes.get(value, self.OTHER)


class NumberCodec:
    """Numbers and money on a grid that every constant lies on.

    Codes are doubled, so that a value between two grid points has the odd code between theirs: every comparison with
    a constant comes out exactly. If the constants are too large or too fine for a grid, their ranks serve as one.
    ``currency`` is that of money constants; money in another one has no code.
    """

    def __init__(self, currency: str | None = None) -> None:
        self._currency = currency
        self._constants: set[Number] = set()

    def add(self, constant: Value) -> None:
        """Put the constant on the grid."""
        self._constants.add(constant.amount if isinstance(constant, Money) else cast("Number", constant))

    def code(self, value: Value) -> int | None:
        """The code, or None for money in a currency of its own."""
        if not isinstance(value, Money):
            return self._of(cast("Number", value))
        if self._currency not in (value.currency, ANY_CURRENCY) and value.currency:
            return None
        return self._of(value.amount)

    def _of(self, number: Number) -> int:
        return self._on_grid(number) if self._fits else self._by_rank(number)

    @cached_property
    def _scale(self) -> int:
        scale = lcm(*(Fraction(c).denominator for c in self._constants))
        return scale if self._currency is None else lcm(scale, MONEY_SCALE)

    @property
    def factor(self) -> int | None:
        """What a whole number is multiplied with to be coded; None if it is coded otherwise."""
        return 2 * self._scale if self._fits else None

    @cached_property
    def _fits(self) -> bool:
        """Whether the constants are small enough for a grid; asked once all of them are known."""
        return all(abs(Fraction(c)) * self._scale * 2 < LIMIT - 1 for c in self._constants)

    def _on_grid(self, number: Number) -> int:
        if isinstance(number, int):
            code = 2 * number * self._scale
        else:
            above, below = number.as_integer_ratio()
            code = _between(*divmod(above * self._scale, below))
        return code if -LIMIT <= code <= LIMIT else (LIMIT if code > 0 else -LIMIT)

    @cached_property
    def _sorted(self) -> list[Number]:
        return sorted(self._constants)

    def _by_rank(self, number: Number) -> int:
        place = bisect_left(self._sorted, number)
        return 2 * place + (place < len(self._sorted) and self._sorted[place] == number)


def _between(whole: int, rest: int) -> int:
    """The even code of a grid point, or the odd one between it and the next if there is a rest."""
    return 2 * whole + (rest != 0)


def codec_for(type_: Type, constant: Value) -> Codec:
    """A codec for values of a type that are compared with constants like this one."""
    if type_.kind is Kind.BOOLEAN:
        return BooleanCodec()
    if type_.kind is Kind.DATE:
        return DateCodec()
    if type_.kind is Kind.MONEY:
        return NumberCodec(constant.currency if isinstance(constant, Money) else ANY_CURRENCY)
    return NumberCodec() if type_.numeric else SymbolCodec()


def codec_key(type_: Type, constant: Value) -> str:
    """Constants with the same key can share a codec: those of money by currency."""
    if type_.kind is not Kind.MONEY:
        return ""
    return constant.currency if isinstance(constant, Money) else ANY_CURRENCY
