"""How numbers, amounts and days are written as text: regular expressions that JSON Schema and ECMAScript share."""

from __future__ import annotations

from typing import Final

from policyengine.values.currencies import currency_codes

_WHOLE: Final = "(0|[1-9][0-9]*)"
NUMBER: Final = rf"-?{_WHOLE}(\.[0-9]+)?"
_YEAR: Final = "(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_MONTH_DAY: Final = (
    "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[1-9]|1[0-2])-29|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)"
)
_DAY: Final = f"{_YEAR}-{_MONTH_DAY}"
_HOUR_MINUTE: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_CLOCK: Final = rf"{_HOUR_MINUTE}:[0-5][0-9](\.[0-9]{{1,20}})?"
#: A day, or a moment with its offset. That February has no 29th in most years is for the service to say.
MOMENT: Final = rf"{_DAY}([Tt]{_CLOCK}([zZ]|[+-]{_HOUR_MINUTE}))?"


def amount(decimals: int, *, negative: bool) -> str:
    """A number of so many decimal places at most; noughts after them are no places."""
    places = rf"(\.[0-9]{{1,{decimals}}}0*)?" if decimals else r"(\.0+)?"
    number = f"{_WHOLE}{places}"
    # Minus nought is nought.
    return f"-?{number}" if negative else rf"({number}|-0(\.0+)?)"


def not_negative() -> str:
    """A number that is not negative."""
    return rf"({_WHOLE}(\.[0-9]+)?|-0(\.0+)?)"


def currency() -> str:
    """The code of a currency."""
    return f"({'|'.join(sorted(currency_codes()))})"
