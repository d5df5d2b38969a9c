"""Typing of constants: numbers, money, dates, durations, texts, ``true``, ``false`` and ``null``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from policyengine.check.typist import Form, Hint, Typist, form
from policyengine.diagnostics import did_you_mean
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.currencies import currency_codes
from policyengine.values.dates import Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import BOOLEAN, DATE, DECIMAL, DURATION, INTEGER, MONEY, TEXT

_NUMBER = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")
# No amount or count that means anything is longer; the greatest integer that a request may give has 19 digits.
_MOST_DIGITS = 30
_GREATEST = 2**63 - 1
# Ten thousand years of days have seven digits, and no date lies that far off.
_MOST_COUNT_DIGITS = 6


def _number(t: Typist, node: s.Number, _hint: Hint) -> x.Expr:
    value = _value(t, node)
    if node.currency is not None:
        if node.currency not in currency_codes():
            near = did_you_mean(node.currency, currency_codes())
            t.fail("literal/money", f"`{node.currency}` is not a currency of ISO 4217", node, near)
        return x.Literal(value=Money(value, node.currency), type=MONEY, span=t.span(node))
    if "." in node.digits:
        return x.Literal(value=value, type=DECIMAL, span=t.span(node))
    return x.Literal(value=int(value), type=INTEGER, span=t.span(node))


def _value(t: Typist, node: s.Number) -> Fraction:
    digits = node.digits
    if len(digits) > _MOST_DIGITS:
        t.fail("literal/number", f"this number has more than {_MOST_DIGITS} digits", node)
    if not _NUMBER.fullmatch(digits):
        plain = re.sub(r"^0+(?=\d)", "", digits.replace("_", ""))
        currency = f" {node.currency}" if node.currency else ""
        t.fail(
            "literal/number",
            f"`{digits}` is not a number",
            node,
            f"write `{plain}{currency}`" if _NUMBER.fullmatch(plain) else "write it with digits only",
        )
    value = Fraction(digits)
    if "." not in digits and node.currency is None and value > _GREATEST:
        t.fail("literal/number", f"`{digits}` is greater than any integer can be", node, f"the greatest is {_GREATEST}")
    return value


def _date(t: Typist, node: s.DateText, _hint: Hint) -> x.Expr:
    try:
        return x.Literal(value=date.fromisoformat(node.text), type=DATE, span=t.span(node))
    except ValueError:
        t.fail("literal/date", f"there is no day `{node.text}`", node, "dates are written year-month-day")


def _duration(t: Typist, node: s.DurationText, _hint: Hint) -> x.Expr:
    if len(node.count) > _MOST_COUNT_DIGITS:
        t.fail("literal/number", f"`{t.source(node)}` is longer than any dates are apart", node)
    value = plain_duration(node)
    if value is None:
        value = Duration(int(node.count), Unit.WORKING_DAYS, calendar_of(t, node, node.calendar))
    return x.Literal(value=value, type=DURATION, span=t.span(node))


def plain_duration(node: s.DurationText) -> Duration | None:
    """The days or months that are written; None for working days, which need a calendar."""
    count = int(node.count)
    match node.unit:
        case "days" | "weeks":
            return Duration(count * (7 if node.unit == "weeks" else 1), Unit.DAYS)
        case "months" | "years":
            return Duration(count * (12 if node.unit == "years" else 1), Unit.MONTHS)
        case _:
            return None


def calendar_of(t: Typist, node: s.Node, name: str | None) -> str:
    """The calendar of that name, or the bundle's when None; a fault when there is none."""
    if name is None:
        if t.symbols.default_calendar is None:
            t.hush()
            t.fail(
                "calendar/none",
                "working days are used, but the bundle names no calendar",
                node,
                "add `calendar:` to the bundle file or write `by <calendar>`",
            )
        return t.symbols.default_calendar
    if name not in t.symbols.calendars:
        t.hush()
        known = ", ".join(sorted(t.symbols.calendars)) or "none"
        near = did_you_mean(name, t.symbols.calendars) or f"calendars: {known}"
        t.fail("names/unknown", f"unknown calendar `{name}`", node, near)
    return name


def _text(t: Typist, node: s.Text, _hint: Hint) -> x.Expr:
    return x.Literal(value=unicodedata.normalize("NFC", node.value), type=TEXT, span=t.span(node))


def _boolean(t: Typist, node: s.Boolean, _hint: Hint) -> x.Expr:
    return x.Literal(value=node.value, type=BOOLEAN, span=t.span(node))


def _null(t: Typist, node: s.NullText, hint: Hint) -> x.Expr:
    if not t.scope.null:
        t.fail(
            "type/mismatch",
            "`null` may stand only in a default",
            node,
            "an unknown value is said by leaving the fact out; ask `known(…)` where that matters",
        )
    if hint.type is None:
        t.fail("type/mismatch", "`null` needs a place whose type is known", node, "write `if … then … else null`")
    return x.Null(type=hint.type, span=t.span(node))


FORMS: Mapping[type[s.Node], Form] = dict(
    (
        form(s.Number, _number),
        form(s.DateText, _date),
        form(s.DurationText, _duration),
        form(s.Text, _text),
        form(s.Boolean, _boolean),
        form(s.NullText, _null),
    )
)
