"""Fields that are compared one by one, and those that have no meaning: together they are all fields of the model.

``tests/impact/test_totality.py`` fails while a field of the model is in neither table, and while a changed field of
the first goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policyengine.impact.structure.change import Change, Weight, at
from policyengine.impact.structure.meaning import same
from policyengine.impact.structure.showing import shown
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.rules import (
    Deadline,
    DecisionSpec,
    Insert,
    Limit,
    LimitsStep,
    Message,
    NoteStep,
    Outcome,
    Payout,
    PayoutStep,
    Report,
    RoundStep,
    Rule,
    SetStep,
    Split,
    Step,
)
from policyengine.model.vocabulary import DatedValue, Definition, Fact, FactList, Parameter, Row, Table
from policyengine.source import Span
from policyengine.values.dates import Calendar
from policyengine.values.types import Type

WORDING: Final = Weight.WORDING


@dataclass(frozen=True, slots=True)
class Aspect:
    """A field that is compared as a whole, what it is called in sentences, and whether it can change an answer."""

    field: str
    called: str
    weight: Weight = Weight.MEANING
    show: Callable[[object], str] = shown


_TITLE: Final = Aspect("title", "title", WORDING)
_SOURCE: Final = Aspect("source", "source", WORDING)
_BECAUSE: Final = Aspect("because", "message", WORDING)

#: The fields of each class that are compared as they are, in the order of telling.
ASPECTS: Final[Mapping[type, tuple[Aspect, ...]]] = {
    CheckedBundle: (
        Aspect("time_zone", "time zone"),
        Aspect("in_force_on", "day that its terms go by"),
        Aspect("calendar", "calendar of working days"),
        _TITLE,
        Aspect("version", "version", WORDING),
    ),
    Fact: (
        Aspect("default", "default"),
        Aspect("minimum", "smallest value"),
        Aspect("maximum", "greatest value"),
        Aspect("decimals", "places of money"),
        Aspect("currency", "currency"),
        Aspect("not_before", "fact that it is not before"),
        Aspect("may_be_empty", "leave to be empty"),
        _TITLE,
        Aspect("description", "description", WORDING),
        Aspect("example", "example", WORDING),
        Aspect("unit", "unit", WORDING),
    ),
    FactList: (
        Aspect("each", "word for one element"),
        Aspect("id_field", "field that names an element"),
        Aspect("default_empty", "being empty when it is left out"),
        _TITLE,
        Aspect("description", "description", WORDING),
    ),
    Parameter: (Aspect("keyed_on", "day that chooses its value"), _TITLE, _SOURCE),
    DatedValue: (_SOURCE,),
    Calendar: (),
    Definition: (Aspect("each", "list whose elements it is about"), _TITLE),
    Table: (
        Aspect("hit", "hit policy"),
        Aspect("inputs", "columns"),
        Aspect("outputs", "outputs"),
        Aspect("otherwise", "row for everything else"),
    ),
    Row: (),
    Rule: (
        Aspect("each", "list whose elements it is asked for"),
        Aspect("word", "verdict"),
        Aspect("rule_class", "class of its verdict"),
        Aspect("needs", "needs"),
        Aspect("silent", "giving its verdict without being a reason"),
        _BECAUSE,
        Aspect("kind", "kind", WORDING),
        _TITLE,
        _SOURCE,
    ),
    Outcome: (Aspect("word", "verdict"), Aspect("id", "id"), _BECAUSE, _SOURCE),
    SetStep: (Aspect("to", "amount"), Aspect("id", "id"), _BECAUSE, _SOURCE),
    Limit: (Aspect("to", "limit"), _BECAUSE, _SOURCE),
    RoundStep: (Aspect("to", "step of rounding"), Aspect("mode", "way of rounding")),
    NoteStep: (_BECAUSE, _SOURCE),
    LimitsStep: (),
    Payout: (
        Aspect("currency", "currency"),
        Aspect("each", "list whose elements are paid"),
        Aspect("start", "amount that it starts with"),
        Aspect("by", "keys of its groups"),
        Aspect("name", "name", WORDING),
        _TITLE,
    ),
    DecisionSpec: (
        Aspect("each", "list whose elements it decides"),
        Aspect("verdicts", "verdicts, in order of precedence"),
        Aspect("element_verdicts", "verdicts of an element, in order of precedence"),
        Aspect("value", "value"),
        _TITLE,
    ),
    Deadline: (),
    Split: (
        Aspect("list", "list that is split"),
        Aspect("called", "word for the parts"),
        Aspect("quantity", "quantity"),
        Aspect("weight", "weight"),
        Aspect("whole", "lines that stay whole"),
        Aspect("op", "sign before the limit"),
        Aspect("limit", "limit of a part"),
    ),
}

#: The fields that are compared in a way of their own, in the module named.
STRUCTURED: Final[Mapping[type, Mapping[str, str]]] = {
    CheckedBundle: {
        "id": "bundles",
        "facts": "vocabulary",
        "lists": "vocabulary",
        "parameters": "vocabulary",
        "calendars": "vocabulary",
        "definitions": "definitions",
        "decisions": "decisions",
    },
    Fact: {"name": "vocabulary", "type": "vocabulary"},
    FactList: {"name": "vocabulary", "fields": "vocabulary"},
    Parameter: {"name": "vocabulary", "type": "vocabulary", "values": "vocabulary"},
    DatedValue: {"start": "vocabulary", "value": "vocabulary"},
    Calendar: {"name": "vocabulary", "weekend": "vocabulary", "holidays": "vocabulary"},
    Definition: {"name": "definitions", "type": "vocabulary", "body": "definitions"},
    Table: {"rows": "definitions"},
    Row: {"tests": "definitions", "outputs": "definitions"},
    Rule: {
        "id": "rules",
        "policy": "steps",
        "step": "steps",
        "guard": "rules",
        "applies": "rules",
        "own": "rules",
        "deadline": "rules",
        "measure": "rules",
        "split": "rules",
    },
    Deadline: {"kind": "rules", "date": "rules", "act": "rules"},
    Step: {"each": "steps", "rules": "steps"},
    PayoutStep: {"when": "payouts"},
    SetStep: {"when": "payouts"},
    RoundStep: {"when": "payouts"},
    NoteStep: {"when": "payouts", "id": "payouts"},
    LimitsStep: {"when": "payouts", "limits": "payouts"},
    Limit: {"id": "payouts", "when": "payouts"},
    Payout: {"element_steps": "payouts", "group_steps": "payouts", "total_steps": "payouts"},
    Report: {"name": "decisions", "expr": "decisions"},
    DecisionSpec: {
        "name": "decisions",
        "steps": "steps",
        "warnings": "rules",
        "otherwise": "decisions",
        "report": "decisions",
        "payout": "payouts",
    },
    # Compared as wholes, by their text or by everything in them.
    Message: {"texts": "showing"},
    Insert: {"name": "showing", "expr": "meaning"},
    Type: {
        "kind": "vocabulary",
        "members": "vocabulary",
        "open": "vocabulary",
        "item": "vocabulary",
        "labels": "vocabulary",
    },
}

#: The fields that say nothing, and why.
WITHOUT_MEANING: Final[Mapping[type, Mapping[str, str]]] = {
    CheckedBundle: {"digest": "stands for the text of the files, and is shown apart"},
    Calendar: {"years": "is where the years stand in the files"},
    Rule: {"index": "follows from the order of steps and of writing"},
    Step: {"index": "follows from the order of steps"},
    Split: {"id": "is the id of the rule", "variable": "is the singular of the list, which is compared there"},
    Type: {"name": "is a name for the members, which are compared"},
}


def compare_aspects(what: str, name: str, old: object, new: object, *, decision: str | None = None) -> Iterator[Change]:
    """A change for every field of :data:`ASPECTS` in which the two, of one class, differ."""
    for aspect in ASPECTS[type(new)]:
        before, after = getattr(old, aspect.field), getattr(new, aspect.field)
        if same(before, after):
            continue
        yield changed(
            Change(
                what=what,
                names=(name,) if name else (),
                aspect=aspect.called,
                text="",
                weight=aspect.weight,
                decision=decision,
                old_at=_at(old, before),
                new_at=_at(new, after),
            ),
            aspect.show(before) if _is_something(before) else None,
            aspect.show(after) if _is_something(after) else None,
        )


def changed(change: Change, old: str | None, new: str | None) -> Change:
    """The change with its text, by what was there and what is there now."""
    called = change.aspect
    if old is None:
        text = f"{called} added: `{new}`"
    elif new is None:
        text = f"{called} taken away: `{old}`"
    elif old == new:
        text = f"{called} still written `{new}`, but with another meaning"
    else:
        text = f"{called} changed from `{old}` to `{new}`"
    return Change(
        what=change.what,
        names=change.names,
        aspect=called,
        text=text,
        weight=change.weight,
        decision=change.decision,
        old=old,
        new=new,
        old_at=change.old_at,
        new_at=change.new_at,
    )


def _is_something(value: object) -> bool:
    return value is not None and value not in ((), {})


def _at(owner: object, value: object) -> str | None:
    """Where a value stands: its own place if it has one, else its owner's."""
    span = value.span if isinstance(value, Expr) else getattr(owner, "span", None)
    return at(span) if isinstance(span, Span) else None
