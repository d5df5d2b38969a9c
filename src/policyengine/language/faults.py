"""What to say when a text is not in the language: what was expected instead, and how it is written here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import cast

from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from policyengine.diagnostics import nearest
from policyengine.values.currencies import currency_codes
from policyengine.values.text import decimal_text


class ExpressionSyntaxError(Exception):
    """The text is not in the language. ``start`` and ``end`` are offsets of what was not understood."""

    def __init__(self, start: int, end: int, expected: str, help: str | None) -> None:  # noqa: A002 - as in diagnostics
        self.start, self.end, self.expected, self.help = start, end, expected, help
        super().__init__(expected)


# What to say for signs that other languages have, and for common slips. The first that fits is taken.
_FOREIGN: tuple[tuple[str, str], ...] = (
    (r"==", "write `=` for equal"),
    (r"=>", "write `>=`"),
    (r"=<", "write `<=`"),
    (r"<>", "write `!=` for not equal"),
    (r"&&|&", "write `and`"),
    (r"\|\||\|", "write `or`"),
    (r"!(?!=)", "write `not(…)`"),
    (r"'", 'put text between double quotes: "…"'),
    (r"not\s+[^(\s]", "write `not(…)` with brackets"),
    (r"is\s+after\b", "write `>` (later)"),
    (r"is\s+before\b", "write `<` (earlier)"),
    (r"is\s|is$", "write `=`"),
    (r"AND\b", "write `and` in small letters"),
    (r"OR\b", "write `or` in small letters"),
    (r"NOT\b", "write `not(…)` in small letters"),
    (r"%", "write the percentage as a number, such as `amount * 5 / 100`"),  # beside a figure: see _share_help
    (r"\d{1,3}(?:,\d{3})+", "write numbers without commas"),
    (r"(?<=\d),\d", "write a decimal with a point, such as `2.5`"),
)
_CODES: Mapping[str, str] = {"$": "USD", "€": "EUR", "£": "GBP"}
_PRICED = re.compile(r"(?P<sign>[$€£])\s*(?P<figure>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d,]))?")
# The same, of what stands exactly where reading stopped.
_SLIPS: tuple[tuple[str, str], ...] = (
    (r"(?<=[A-Z]{3} )\d", "write the currency after the amount, such as `50 USD`"),
    (r"(?<=\d)[A-Z]{3}(?![A-Za-z0-9_])", "put a blank between the amount and its currency"),
    (r"(?<=\d )(?:usd|eur|gbp|cny|jpy)(?![A-Za-z0-9_])", "write currencies in capital letters"),
    (r"(?<=less )then|(?<=more )then", "write `than`"),
    (r"<=|>=|!=|=|<|>", "compare two values at a time; for a range write `x in [1..5]`"),
    (r'"', 'close the quote with another `"`'),
)


def explained(text: str, e: UnexpectedInput) -> ExpressionSyntaxError:
    """The fault that the parser met in ``text``, in words for the author."""
    if isinstance(e, UnexpectedToken) and e.token.type != "$END":
        start, end = e.token.start_pos or 0, e.token.end_pos or 0
    elif isinstance(e, UnexpectedCharacters):
        start = cast("int", e.pos_in_stream)
        end = start + 1
    else:
        start = end = len(text)
    accepts: set[str] = set()
    if isinstance(e, (UnexpectedToken, UnexpectedEOF)):
        accepts = set(e.accepts if isinstance(e, UnexpectedToken) and e.accepts else e.expected)
    return ExpressionSyntaxError(start, end, _expected(accepts, text), _foreign_help(text, start))


# What stands before the place that was not understood, in the words of other languages.
_BEFORE: tuple[tuple[str, str], ...] = (
    (r"\bon or after\s+\S$|\bsince\s+\S$", "write `at least …` for that day or later"),
    (r"\bon or before\s+\S$|\bno\s+[lm]$", "write `at most …`"),
    (r"\b(?:after|later)\s+\S$", "write `more than …` for later days, `at least …` with that day itself"),
    (r"\b(?:before|earlier)\s+\S$", "write `less than …` for earlier days, `at most …` with that day itself"),
    (r"\b(?:contain|containing|includes?|including)\s+\S$", "write `contains …`, or `contains any […]` of several"),
    (r"\bone\s+o$", "write the list alone, such as `[one, other]`"),
    (r"\b(?:over|exceeds|greater|higher|min|minimum)\s+\S$", "write `more than …`, `at least …` or `above … to …`"),
    (r"\b(?:under|below|lower|fewer|smaller|max|maximum|up|until)\s+\S$", "write `less than …` or `at most …`"),
    (r"\bbetween\s+\S$", "write `from … to …`"),
    (r"\b(?:is|equals|equal)\s+\S$", "write `=`, or the value alone in a test"),
)


def _priced_help(text: str, start: int) -> str | None:
    """How an amount that begins with the sign of a currency is written here: `$50,000` as `50000 USD`."""
    found = _PRICED.match(text, start)
    if found is None:
        return None
    figure = (found["figure"] or "50").replace(",", "")
    return f"write the currency as a code after the amount, such as `{figure} {_CODES[found['sign']]}`"


_UNITS: Mapping[str, str] = {
    "day": "days",
    "week": "weeks",
    "month": "months",
    "year": "years",
    "workingday": "working days",
    "workday": "working days",
    "business": "working days",
    "businessday": "working days",
    "bankday": "working days",
}
_UNIT = re.compile(r"(?<=\d )\s*(?P<word>[A-Za-z]+)")
_SHARE = re.compile(r"(?P<figure>\d+(?:\.\d+)?)\s*$")
# An abbreviation of a currency has as many letters; a longer word is no code.
_LONGEST_CODE = 4


def _unit_help(text: str, start: int) -> str | None:
    """What was meant by the word after a number: a unit or a currency that is written otherwise."""
    found = _UNIT.match(text, start)
    if found is None:
        return None
    word = found["word"]
    unit = nearest(word.lower(), [*_UNITS, *(f"{unit}s" for unit in _UNITS)])
    if unit is not None:
        return f"did you mean `{_UNITS[unit.removesuffix('s') if unit not in _UNITS else unit]}`?"
    code = nearest(word.upper(), currency_codes()) if word.isupper() and len(word) <= _LONGEST_CODE else None
    if code is not None:
        return f"there is no currency `{word}`; did you mean `{code}`?"
    return "a number may stand with a unit: days, weeks, months, years, working days [by <calendar>], or a currency"


def _share_help(text: str, start: int) -> str | None:
    """A percentage as the number that it is: `50%` as `0.5`."""
    figure = _SHARE.search(text[:start]) if text[start : start + 1] == "%" else None
    if figure is None:
        return None
    share = decimal_text(Fraction(figure["figure"]) / 100)
    return f"write the percentage as a number: `{share}`, or in a computation `amount * {figure['figure']} / 100`"


def _foreign_help(text: str, start: int) -> str | None:
    special = _priced_help(text, start) or _share_help(text, start)
    if special:
        return special
    # The offending sign may begin one character earlier: `==` is read as `=` and then `=`.
    for pattern, remedy in _FOREIGN:
        for at in (start, start - 1, text.rfind("not", 0, start + 1)):
            if at >= 0 and re.compile(pattern).match(text, at):
                return remedy
    slip = next((remedy for pattern, remedy in _SLIPS if re.compile(pattern).match(text, start)), None)
    # With the first letter of what was not understood, so that a pattern may ask for a word there.
    before = next((remedy for pattern, remedy in _BEFORE if re.search(pattern, text[: start + 1])), None)
    return slip or before or _unit_help(text, start)


_WORDS: Mapping[str, str] = {
    "RSQB": "`]`",
    "RPAR": "`)`",
    "THEN": "`then`",
    "ELSE": "`else`",
    "SATISFIES": "`satisfies`",
    "IN": "`in`",
    "TO": "`to`",
    "LPAR": "`(`",
}


def _expected(accepts: set[str], text: str) -> str:
    if not text.strip():
        return "something to test or compute"
    if "NUMBER" in accepts:
        return "a value here, such as a name, a number or a date"
    if accepts == {"NAME"}:
        return "a name here"
    words = [w for token, w in _WORDS.items() if token in accepts and token not in ("IN", "LPAR")]
    if len(words) == 1 and "COMPARE" in accepts:
        return f"an operator or {words[0]}"
    if words or accepts == {"LPAR"}:
        return " or ".join(words) or "`(`"
    return "an operator such as `=`, `and`, `+`, or the end" if "$END" in accepts else "another sign here"
