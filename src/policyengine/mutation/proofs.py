"""Mutants that are no mistake at all: the changed model says the same, whatever the facts are.

Both models are brought to a plain form and compared: what reads nothing of a case is worked out, tests that are then
always true or false are taken out of their junctions, and of an `if` whose condition is settled only one branch stays.
What no decision leads to any more does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from datetime import date
from typing import TypeVar, cast

from policyengine.evaluation.evaluator import Evaluator
from policyengine.evaluation.values import is_known
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import And, Expr, If, Literal, Not, Null, Or
from policyengine.model.memory import WorkingMemory
from policyengine.model.rules import RoundStep
from policyengine.mutation.grain import rounds_alike
from policyengine.mutation.mutants import Mutant
from policyengine.mutation.paths import field_names
from policyengine.mutation.reach import Reach
from policyengine.values.types import Kind

UNREAD = "no decision reads it"
ROUNDED = "both round every amount that can come here to the same"
SAME = "the same rules remain once constants are worked out"

Plain = Mapping[str, object]
T = TypeVar("T")


class Proofs:
    """Proves mutants of one bundle to be equal to it."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._plain = plain(bundle)

    def of(self, mutant: Mutant) -> str | None:
        """Why a mutant is equal to the bundle, or None where that is not proved."""
        if not mutant.decisions:
            return UNREAD
        if isinstance(mutant.node, RoundStep) and isinstance(mutant.new, RoundStep):
            old, new = mutant.node, mutant.new
            return ROUNDED if old.to == new.to and rounds_alike(self._bundle, old, new.mode) else None
        return SAME if plain(mutant.applied(self._bundle)) == self._plain else None


def plain(bundle: CheckedBundle) -> Plain:
    """Everything that decides, in its plain form: equal for two bundles only if they decide alike."""
    folder = _Folder(bundle)
    folded = replace(
        bundle,
        decisions=folder.of(bundle.decisions),
        definitions=folder.of(bundle.definitions),
        facts=folder.of(bundle.facts),
        lists=folder.of(bundle.lists),
    )
    reach = Reach(folded)
    read = reach.names
    return {
        "decisions": [(spec, list(spec.verdicts), list(spec.element_verdicts)) for spec in folded.decisions.values()],
        "definitions": {n: d for n, d in folded.definitions.items() if ("definition", n) in read},
        "parameters": {n: p for n, p in folded.parameters.items() if ("parameter", n) in read},
        "calendars": {n: (c, c.weekend, c.holidays) for n, c in folded.calendars.items() if ("calendar", n) in read},
        "facts": folded.facts,
        "lists": folded.lists,
    }


class _Folder:
    """Brings the expressions of a bundle to their plain form."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._evaluator = Evaluator(bundle)
        self._nothing = self._evaluator.start(WorkingMemory({}, {}, date.min))

    def of(self, node: T) -> T:
        """A node, a tuple or a mapping with all expressions in it in their plain form."""
        return cast("T", self._of(node))

    def _of(self, node: object) -> object:
        if isinstance(node, Mapping):
            return {k: self._of(v) for k, v in node.items()}
        if isinstance(node, tuple):
            return tuple(self._of(v) for v in node)
        if not is_dataclass(node) or isinstance(node, type):
            return node
        found = {name: self._of(getattr(node, name)) for name in field_names(type(node))}
        changed = {name: new for name, new in found.items() if new is not getattr(node, name)}
        made = replace(node, **changed) if changed else node
        return self._simple(made) if isinstance(made, Expr) else made

    def _simple(self, e: Expr) -> Expr:
        match e:
            case Literal() | Null():
                return e
            case And(items=items):
                return _junction(e, items, decisive=False)
            case Or(items=items):
                return _junction(e, items, decisive=True)
            case Not(item=Literal(value=bool() as value)):
                return _truth(e, value=not value)
            case Not(item=Not(item=inner)):
                return inner
            case If(condition=Literal(value=bool() as value), then=then, otherwise=otherwise):
                return then if value else otherwise
            case _:
                return self._worked_out(e)

    def _worked_out(self, e: Expr) -> Expr:
        reads = self._evaluator.reading.of(e)
        if reads.case or reads.specials or e.type.kind in (Kind.LIST, Kind.VALUES):
            return e
        got = self._nothing.value(e)
        return Literal(value=got, type=e.type, span=e.span) if is_known(got) else e  # type: ignore[arg-type]


def _junction(e: Expr, items: tuple[Expr, ...], *, decisive: bool) -> Expr:
    """A junction without what cannot change it, and without junctions of its own kind in it."""
    flat = [inner for item in items for inner in (item.items if type(item) is type(e) else (item,))]  # type: ignore[attr-defined]
    truths = [_constant(item) for item in flat]
    if decisive in truths:
        return _truth(e, value=decisive)
    rest = tuple(item for item, truth in zip(flat, truths, strict=True) if truth is None)
    if len(rest) == 1:
        return rest[0]
    return replace(e, items=rest) if rest else _truth(e, value=not decisive)  # type: ignore[call-arg]


def _constant(e: Expr) -> bool | None:
    match e:
        case Literal(value=bool() as value):
            return value
        case And(items=()):
            return True
        case Or(items=()):
            return False
        case _:
            return None


def _truth(e: Expr, *, value: bool) -> Expr:
    return Literal(value=value, type=e.type, span=e.span)
