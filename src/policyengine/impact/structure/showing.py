"""How a sentence about a change shows what was changed: short, on one line, in the words of the policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from policyengine.explaining.wording import words
from policyengine.model.expr import (
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    ListRef,
    Literal,
    Not,
    ParameterRef,
    Special,
    Value,
    is_true,
    walk,
)
from policyengine.model.rules import Insert, Message
from policyengine.model.vocabulary import Row
from policyengine.values.dates import Calendar
from policyengine.values.text import in_order, value_text
from policyengine.values.types import Kind, Type

_NAMED: Final = (FactRef, ItemField, ListRef, ParameterRef, DefinitionRef, Special)
#: Longer texts are cut: the place beside them leads to the whole.
LONGEST: Final = 240
LONGEST_TEXT: Final = 400
NOTHING: Final = "nothing"
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text on one line, cut where it is longer than is read; fit to stand between backticks."""
    line = " ".join(text.replace("`", "'").split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def cut(text: str, longest: int) -> str:
    """A text of ours, cut where it is longer than is read."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def shown(value: object) -> str:  # noqa: C901 - one case for each kind of thing that is shown
    """Anything of the model as text."""
    match value:
        case None:
            return NOTHING
        case Expr():
            return written(value)
        case Type():
            return type_text(value)
        case Message():
            return message_text(value)
        case Calendar():
            return f"weekend {shown(value.weekend)}; {shown(value.holidays)}"
        case Row():
            return row_text(value)
        case bool():
            return "yes" if value else "no"
        case int() | Fraction() | date():
            return value_text(value, Type(Kind.DECIMAL))
        case Mapping():
            return ", ".join(f"{k}: {shown(v)}" for k, v in value.items()) or NOTHING
        case frozenset():
            return ", ".join(sorted(shown(v) for v in value)) or NOTHING
        case tuple():
            return ", ".join(shown(v) for v in value) or NOTHING
        case _:
            return shortened(str(value))


def value_shown(value: Value, type_: Type) -> str:
    """A value of a type; members by their names, for these are what a policy says."""
    if isinstance(value, str):
        return value
    if isinstance(value, frozenset):
        return f"[{', '.join(in_order(value, type_))}]"
    return str(value).lower() if isinstance(value, bool) else value_text(value, type_)


def written(e: Expr) -> str:
    """An expression as it is written, where that is one line and says all of it; else in words."""
    if isinstance(e, Literal):
        return value_shown(e.value, e.type)
    text = _on_one_line(e)
    return shortened(text if _says_all(text, e) else words(e))


def _says_all(text: str, e: Expr) -> bool:
    """Whether a stretch of a file says what it stands for: what is tested, or the ``not``, may stand before it."""
    if isinstance(e, Not) and not text.startswith("not"):
        return False
    return bool(text) and all(words(n) in text for n in walk(e) if isinstance(n, _NAMED))


def row_text(row: Row) -> str:
    """A row of a table: its cells, and what it gives."""
    cells = ", ".join(cell_text(t) for t in row.tests)
    return f"{cells} → {', '.join(written(o) for o in row.outputs)}"


def cell_text(test: Expr) -> str:
    """A cell of a table as it is written: what it tests is said at the head of the column."""
    return "any" if is_true(test) else shortened(_on_one_line(test) or words(test))


def _on_one_line(e: Expr) -> str:
    return e.span.underlined.strip() if e.span.start.line == e.span.end.line else ""


def type_text(type_: Type) -> str:
    """A type with its members."""
    told = str(type_.kind)
    if type_.members:
        told += f" of {', '.join(type_.members)}"
    return shortened(told + (" or any other word" if type_.open else ""))


def message_text(message: Message) -> str:
    """A message as it is written, with ``{name}`` for what is put in; the languages apart."""
    texts = {k: "".join(f"{{{p.name}}}" if isinstance(p, Insert) else p for p in t) for k, t in message.texts.items()}
    return shortened(" / ".join(f"{k}: {t}" if k else t for k, t in texts.items()))


def weekday(number: int) -> str:
    """The name of a day of the week, Monday being 0."""
    return _DAYS[number]
