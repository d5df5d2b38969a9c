"""The fixed words of policy files: kinds, types, hit policies, rounding modes; and how names are spelled.

The one place for them: schemas, their diagnostics and editors all read these.
"""

from __future__ import annotations

from policyengine.model.rules import Class
from policyengine.values.types import Kind

RULE_KINDS = ("coverage", "exclusions", "requirements", "deadlines", "thresholds")
KINDS = ("bundle", "facts", "parameters", "calendars", "definitions", *RULE_KINDS, "payout", "tests")

LIST = Kind.LIST.value
# Types of facts; a duration is never given by a caller.
FACT_TYPES = tuple(k.value for k in Kind if k not in (Kind.VALUES, Kind.DURATION))
FIELD_TYPES = tuple(t for t in FACT_TYPES if t != LIST)
# What other languages call some of them.
OTHER_WORDS = {
    "bool": Kind.BOOLEAN.value,
    "int": Kind.INTEGER.value,
    "number": Kind.DECIMAL.value,
    "float": Kind.DECIMAL.value,
    "percent": Kind.DECIMAL.value,
    "amount": Kind.MONEY.value,
    "price": Kind.MONEY.value,
    "datetime": Kind.DATE.value,
    "day": Kind.DATE.value,
    "period": Kind.DURATION.value,
    "string": Kind.TEXT.value,
    "str": Kind.TEXT.value,
    "choice": Kind.ENUM.value,
    "array": LIST,
}
# Types of parameters, definitions and table outputs.
VALUE_TYPES = tuple(k.value for k in Kind if k not in (Kind.VALUES, Kind.LIST))

CLASSES = tuple(c.value for c in Class)
ELEMENT_CLASSES = tuple(c for c in CLASSES if c != Class.PARTLY.value)
HIT_POLICIES = ("unique", "any", "first")
ROUNDING_MODES = ("half_up", "half_even", "half_down", "up", "down")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

SNAKE = "[a-z][a-z0-9_]*"
NAME = f"^{SNAKE}$"
DOTTED_NAME = rf"^{SNAKE}(\.{SNAKE})*$"
MEMBER = "^[A-Za-z][A-Za-z0-9_]*$"
RULE_ID = "^[A-Z0-9]+(-[A-Z0-9]+)*$"
YEAR = "^[0-9]{4}$"
MONTH_DAY = "^[0-9]{2}-[0-9]{2}$"
LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]+)*$"

# How each spelling is told to people: what it is, and what it looks like.
SPELLINGS = {
    NAME: ("a name", "names are small letters, digits and `_`, such as `order_window`"),
    DOTTED_NAME: ("a name", "names are small letters, digits and `_`, with dots between, such as `order.placed_on`"),
    MEMBER: ("a member", "members are letters, digits and `_`, such as `late_shipment`"),
    RULE_ID: ("a rule id", "ids are capital letters, digits and `-`, such as `RT-LATE`"),
    YEAR: ("a year", "write four digits, such as `2025`"),
    MONTH_DAY: ("a day of the year", "write month and day, such as `12-25`"),
    LANGUAGE: ("a language", "write a language code, such as `en`"),
}
