"""The rules of one scope of a decision (the document, or the element of its list) as two functions.

The exact one is two-valued and raises where a fact is missing; the general one is Kleene's logic and always answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from policyengine.backends.base import Truths
from policyengine.backends.compiled.frames import Frame
from policyengine.backends.compiled.matching import Matching, Packs
from policyengine.backends.compiled.plans import Group, grouped, row_of
from policyengine.backends.compiled.runtime.state import State
from policyengine.backends.compiled.runtime.values import Inexact
from policyengine.backends.compiled.source import Compiled
from policyengine.backends.compiled.units import Units
from policyengine.model.memory import Element
from policyengine.model.rules import Rule

Match = Callable[..., Truths]
#: What two-valued code raises when a value is not exactly known: KeyError where a fact is missing, OverflowError where
#: a date leaves the calendar.
INEXACT = (Inexact, KeyError, OverflowError)


def functions_of(name: str, compiled: Compiled) -> tuple[Match, Match]:
    """The exact and the general function of a scope."""
    exact, general = (compiled.function(f"{name}_{word}") for word in ("exact", "general"))
    return cast("Match", exact), cast("Match", general)


def truths_of(functions: tuple[Match, Match], facts: State, *element: Element) -> Truths:
    """The truths of a scope's rules."""
    exact, general = functions
    try:
        return exact(facts, *element)
    except INEXACT:
        return general(facts, *element)


def write_scope(name: str, rules: Sequence[Rule], units: Units, variables: Mapping[str, str]) -> None:
    """Write the two functions of a scope. ``variables``: what stands for the element, nothing for the document."""
    groups = grouped(row_of(r.index, r.parts, units.lowering, r.id) for r in rules)
    packs = Packs(units.source)
    exact = Frame(units.source, f"{name}_exact", variables, exact=True)
    _write_exact(exact, Matching(units, exact, packs), groups)
    general = Frame(units.source, f"{name}_general", variables, exact=False)
    _write_general(general, Matching(units, general, packs), groups)


def _write_exact(frame: Frame, matching: Matching, groups: Sequence[Group]) -> None:
    frame.line("t = []")
    matching.groups(groups)
    frame.line("if len(t) > 1: t.sort()")
    frame.line("return new(Truths, (tuple(t), ()))")
    frame.finish()


def _write_general(frame: Frame, matching: Matching, groups: Sequence[Group]) -> None:
    frame.line("t = []")
    frame.line("u = []")
    matching.groups(groups)
    frame.line("if len(t) > 1: t.sort()")
    frame.line("if len(u) > 1: u.sort()")
    frame.line("return new(Truths, (tuple(t), tuple(u)))")
    frame.finish()
