"""Values and conditions as a sentence about a change says them: in the words of the policy files."""

from __future__ import annotations

from fractions import Fraction

from policyengine.explaining.wording import words
from policyengine.model.expr import Expr, Value
from policyengine.mutation.sites import Site
from policyengine.source import Span
from policyengine.values.dates import Duration
from policyengine.values.money import Money
from policyengine.values.text import decimal_text, duration_text, in_order, value_text
from policyengine.values.types import Kind, Type

#: A longer text of a condition is cut: the place says the rest.
MOST_LETTERS = 160


def said(value: Value, type_: Type) -> str:
    """A value as it is written in policies."""
    match value:
        case bool():
            return "true" if value else "false"
        case Money():
            return f"{decimal_text(value.amount)} {value.currency}".rstrip()
        case int() | Fraction():
            return decimal_text(value)
        case Duration():
            return duration_text(value)
        case frozenset():
            return f"[{', '.join(in_order(value, type_))}]"
        case str() if type_.kind is Kind.TEXT:
            return f'"{value}"'
        case str():
            return value
        case _:
            return value_text(value, type_)


def written(span: Span) -> str:
    """The words of a place on one line, cut where they are long."""
    return cut(" ".join(_text(span).split()))


def cut(text: str) -> str:
    """A text that is not too long to be read in a sentence; between words where it can be."""
    if len(text) <= MOST_LETTERS:
        return text
    return (text[:MOST_LETTERS].rpartition(" ")[0] or text[:MOST_LETTERS]) + " …"


def quoted(span: Span, node: object = None) -> str:
    """The same between the signs that mark words of the policy files.

    An expression that takes several lines, or would be cut, is put into words: its lines in a row cannot be read.
    """
    is_plain = span.start.line == span.end.line and len(_text(span).split("\n")[0]) <= MOST_LETTERS
    return f"`{cut(words(node))}`" if isinstance(node, Expr) and not is_plain else f"`{written(span)}`"


def around(site: Site) -> str:
    """The condition or calculation in which something stands: `` `claim.count at least 3` in rule R-FEW``."""
    inside = site.parent if isinstance(site.parent, Expr) else site.node
    span = getattr(inside, "span", site.span)
    return f"{quoted(span, inside)} in {site.owner}"


def _text(span: Span) -> str:
    first, last = span.start, span.end
    if first.line == last.line:
        return span.underlined
    lines = [span.underlined, *(span.file.line(n) for n in range(first.line + 1, last.line))]
    return " ".join([*lines, span.file.line(last.line)[: last.column - 1]])
