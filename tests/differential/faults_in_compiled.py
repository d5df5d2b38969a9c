"""Seeded faults of the compiled back end: in its patterns, its indexing, its generated code and what that calls."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from tests.differential.faults import Faults, Patch, after, fault, simple

from policyengine.backends.base import Truths
from policyengine.backends.compiled import (
    helpers,
    matching,
    patterns,
    plans,
    program,
    reads,
    scopes,
    source,
    truths,
    values,
)
from policyengine.backends.compiled.runtime import comparing, functions, lists, splits, state

COMPILED: Faults = {}


def _entry(name: str, place: object, mapping: str, key: object, value: object) -> None:
    """A fault that puts something else under one key of a mapping."""

    def wrong(patch: Patch) -> None:
        patch.setattr(place, mapping, {**getattr(place, mapping), key: value})

    COMPILED[name] = wrong


def _called(name: str, place: object, function: str, change: Callable[..., Any]) -> None:
    """A fault in something that generated code calls by its own name."""

    def wrong(patch: Patch) -> None:
        right = getattr(place, function)
        patch.setattr(place, function, wraps(right)(lambda *args: change(right(*args), *args)))

    COMPILED[name] = wrong


def _function(name: str, of: str, made: Callable[[Callable[..., object]], Callable[..., object]]) -> None:
    """A fault in a function of the language."""

    def changed(found: Mapping[str, Any], *_: object) -> Mapping[str, Any]:
        return {**found, of: made(found[of])}

    simple(COMPILED, name, helpers, "functions", changed)


# --- from conditions to patterns ---

_entry("the opposite of less is more", patterns, "_NEGATED", "<", ">")
_entry("exchanged sides keep the sign", patterns, "_MIRRORED", "<", "<")
simple(COMPILED, "dated parameters are not tried", reads.Reads, "dated", lambda *_: frozenset())
simple(COMPILED, "the sign of a definition is lost", patterns.Lowering, "_definition",
       lambda _, self, e, *_rest: ("leaf", self.number(e), True))  # fmt: skip
simple(COMPILED, "the last of a junction is dropped", patterns.Lowering, "_junction",
       lambda found, *_: found[:-1] if len(found) > 2 else found)  # fmt: skip


@fault(COMPILED, "open ends of ranges are closed")
def _(patch: Patch) -> None:
    right = patterns.Lowering._sides
    closed = {"<": "<=", ">": ">="}
    patch.setattr(patterns.Lowering, "_sides", lambda self, op, *rest: right(self, closed.get(op, op), *rest))


@fault(COMPILED, "comparisons are alike if their left sides are")
def _(patch: Patch) -> None:
    right = patterns.Lowering.key
    patch.setattr(
        patterns.Lowering,
        "key",
        lambda self, e, depth=0: right(self, e.left if isinstance(e, patterns.Compare) else e, depth),
    )


# --- indexing and dispatch ---

simple(COMPILED, "only one member of a set is looked up", plans, "_members", lambda found, *_: found[:1])
simple(COMPILED, "the last of many alike rules is lost", matching, "packed",
       lambda found, *_: found[:-1] if isinstance(found, list) else found)  # fmt: skip
_entry("rows on the limit of at least are left out", matching, "UP_TO", ">=", "bisect_left")


@fault(COMPILED, "rows are not sorted by their limits")
def _(patch: Patch) -> None:
    def turned(found: Any, *_: object) -> Any:
        return (
            (found[0], found[1][::-1]) if isinstance(found, tuple) and found and isinstance(found[0], tuple) else found
        )

    after(patch, matching, "packed", turned)


@fault(COMPILED, "a condition beside the key is dropped")
def _(patch: Patch) -> None:
    right = plans.Row.without
    patch.setattr(plans.Row, "without", lambda self, test: self._replace(tests=right(self, test).tests[1:]))


@fault(COMPILED, "where the key is unknown nothing holds")
def _(patch: Patch) -> None:
    patch.setattr(matching.Matching, "_call_unsettled", lambda self, _group: self.frame.line("pass"))


@fault(COMPILED, "what is sure is told as unknown")
def _(patch: Patch) -> None:
    right = matching.Matching._if

    def unsure(self: matching.Matching, test: str, into: str, target: matching.Target) -> None:
        right(self, test, into if into == "t" else "u", target)

    patch.setattr(matching.Matching, "_if", unsure)


@fault(COMPILED, "rules are numbered within their group")
def _(patch: Patch) -> None:
    right = matching.Matching._written
    patch.setattr(
        matching.Matching,
        "_written",
        lambda self, rows: right(self, [r._replace(index=max(0, r.index - (len(rows) > 1))) for r in rows]),
    )


# --- from two-valued to three-valued code ---


@fault(COMPILED, "a missing fact makes every rule false")
def _(patch: Patch) -> None:
    def exact_or_nothing(functions: tuple[scopes.Match, scopes.Match], *case: object) -> Truths:
        try:
            return functions[0](*case)
        except scopes.INEXACT:
            return Truths()

    for place in (scopes, program):
        patch.setattr(place, "truths_of", exact_or_nothing, raising=False)


@fault(COMPILED, "what is unknown is not possible")
def _(patch: Patch) -> None:
    right = truths._guarded
    patch.setattr(truths, "_guarded", lambda asked, test, _mode: right(asked, test, truths.Mode.SURE))


@fault(COMPILED, "what is possible is sure")
def _(patch: Patch) -> None:
    patch.setattr(truths, "_asked", lambda text, _mode, *, holds: f"{text} is not {not holds}")


_entry("at most is less than", truths, "_PYTHON", "<=", "<")
_entry("money that is more is at least", truths, "_HELPERS", ">", "ge")
simple(COMPILED, "known is turned round", truths.Truths, "_known", lambda found, *_: f"not ({found})")
simple(COMPILED, "defaults are not read", values.Values, "_default", lambda *_: "None")
simple(COMPILED, "bounds are not looked at", reads.Reads, "bounded", lambda *_: False)


@fault(COMPILED, "what one element came to is remembered for all")
def _(patch: Patch) -> None:
    right = source.Source.add
    patch.setattr(
        source.Source, "add", lambda self, lines: right(self, [line.replace("e0.position", "0") for line in lines])
    )


@fault(COMPILED, "a list that is empty by default is unknown")
def _(patch: Patch) -> None:
    right = program._by_element
    patch.setattr(program, "_by_element", lambda *args, default_empty: right(*args, default_empty=not default_empty))


# --- what generated code calls ---

_called("some holds for one that may not be in the list", lists, "some",
        lambda found, those, test: True if those and any(test(e) for e, _ in those.items) else found)  # fmt: skip
_called("every of an empty list is unknown", lists, "every",
        lambda found, those, _: None if those and not those.items else found)  # fmt: skip
_called("undecided elements are in the filtered list", lists, "filtered",
        lambda found, *_: found and type(found)(tuple((e, True) for e, _ in found.items)))  # fmt: skip
_called("an unknown if takes its first branch", comparing, "agree", lambda _found, options: next(iter(options), None))
_called(
    "what is given empty counts as stated", comparing, "stated", lambda found, *_: True if found is False else found
)
_entry("one part counts as several", splits, "_PARTS", "several", (1, None))
_entry("all tables take the first row", helpers, "SETTLED", "any", helpers.SETTLED["first"])
_function("a sum loses its last value", "sum", lambda right: lambda *args: right(*args[:-1]) if len(args) > 1 else 0)
simple(COMPILED, "the greatest is the least", helpers, "functions", lambda found, *_: {**found, "max": found["min"]})
_function("months are years", "months", lambda right: lambda n: None if n is None else right(12 * n))
_function("days are counted backwards", "days_between", lambda right: lambda a, b: right(b, a))
_function("convert forgets the rate", "convert", lambda right: lambda m, _rate, c: right(m, 1, c))


@fault(COMPILED, "a new value of a parameter holds from the next day")
def _(patch: Patch) -> None:
    patch.setattr(state, "bisect_right", bisect_left)


@fault(COMPILED, "minus is plus")
def _(patch: Patch) -> None:
    right = helpers.arithmetic
    patch.setattr(helpers, "arithmetic", lambda op, calendars: right("+" if op == "-" else op, calendars))


@fault(COMPILED, "numbers are not rounded")
def _(patch: Patch) -> None:
    patch.setattr(functions, "_rounded", lambda value, *_: value)
