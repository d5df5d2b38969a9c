"""Money: an exact amount with a currency; two currencies are never mixed silently."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Number = int | Fraction


class CurrencyMismatch(Exception):  # noqa: N818 - becomes a fault of the decision, not an error of the program
    """Two currencies met where one is needed."""

    def __init__(self, left: str, right: str) -> None:
        self.left, self.right = left, right
        super().__init__(f"{left} and {right} cannot be combined")


@dataclass(frozen=True, slots=True)
class Money:
    """``amount`` is exact; ``currency`` is an ISO 4217 code, or empty for a zero that fits every currency."""

    amount: Fraction
    currency: str

    @staticmethod
    def of(amount: Number | str, currency: str) -> Money:
        """Money from a whole number, a fraction or decimal text such as ``12.50``."""
        return Money(Fraction(amount), currency)

    def common_currency(self, other: Money) -> str:
        """The currency of both, or :class:`CurrencyMismatch`. The zero without a currency fits any."""
        if self.currency == other.currency or not other.currency:
            return self.currency
        if not self.currency:
            return other.currency
        raise CurrencyMismatch(self.currency, other.currency)
