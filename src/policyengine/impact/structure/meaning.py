"""The same text for whatever means the same: places, layout, and the order of what is joined do not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from policyengine.model.expr import And, Expr, Or
from policyengine.model.rules import Split
from policyengine.values.types import Type


def meaning(value: object) -> str:
    """A text that is equal for equal meanings.

    The values of the model are taken field by field, so a new field counts without further ado. Conditions that are
    joined by ``and`` or ``or`` mean the same in any order and nesting. Of a type only its kind counts: what the
    members of a fact are is said of the fact, and not again wherever it is read. The id of a split is that of its rule.
    """
    match value:
        case Type():
            return str(value.kind)
        case And() | Or():
            return f"{type(value).__name__}({', '.join(sorted({meaning(i) for i in joined(value)}))})"
        case Mapping():
            return f"{{{', '.join(f'{k!r}: {meaning(v)}' for k, v in value.items())}}}"
        case frozenset():
            return f"{{{', '.join(sorted(meaning(v) for v in value))}}}"
        case tuple():
            return f"[{', '.join(meaning(v) for v in value)}]"
        case _ if is_dataclass(value):
            counted = (f.name for f in fields(value) if f.compare and not (isinstance(value, Split) and f.name == "id"))
            said = (f"{name}={meaning(getattr(value, name))}" for name in counted)
            return f"{type(value).__name__}({', '.join(said)})"
        case _:
            return repr(value)


def joined(e: And | Or) -> Iterator[Expr]:
    """What ``and`` or ``or`` joins, through needless nesting."""
    for item in e.items:
        if isinstance(item, type(e)):
            yield from joined(item)
        else:
            yield item


def same(a: object, b: object) -> bool:
    """Whether the two mean the same."""
    return meaning(a) == meaning(b)
