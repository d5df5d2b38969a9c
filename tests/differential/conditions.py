"""Random unary tests, in words and in signs, and condition mappings with exceptions to exceptions."""

from __future__ import annotations

from tests.differential.expressions import (
    COMPARISONS,
    atom,
    constant,
    contains,
    expression,
    limits,
    members_list,
    name,
)
from tests.differential.world import KINDS, MEMBERS, ORDERED, Named, Scope, World
from tests.differential.yaml_text import Data

WORDS = {">": "more than", "<": "less than", ">=": "at least", "<=": "at most"}


def unary_tests(w: World, type_: str, scope: Scope, *, fact: bool = False) -> Data:
    """What stands after a name: a test, several with commas, or a list of tests."""
    if w.chance(0.15):
        return [unary_test(w, type_, scope, fact=fact) for _ in range(1 + int(w.rng.random() * 3))]
    if w.chance(0.1):
        return ", ".join(unary_test(w, type_, scope, fact=fact) for _ in range(2))
    return unary_test(w, type_, scope, fact=fact)


def unary_test(w: World, type_: str, scope: Scope, *, fact: bool = False) -> str:
    """One unary test of a value of the type."""
    if fact and w.chance(0.07):
        return w.one("given", "not given")
    if w.chance(0.08):
        return f"not({simple(w, type_, scope)}, {simple(w, type_, scope)})"
    return simple(w, type_, scope)


def simple(w: World, type_: str, scope: Scope) -> str:
    if type_ in ORDERED:
        return ordered(w, type_, scope)
    if type_ == "boolean":
        return w.one("true", "true", "true", "false", "= true", "!= true")
    if type_.startswith("set"):
        return contains(w, scope)
    value = atom(w, type_, scope)
    forms = [value, value, f"!= {value}", f"= {value}", f"in [{constant(w, type_)}, {constant(w, type_)}]"]
    if type_ == "enum:color" and (held := name(w, "set:color", scope)):
        forms += [f"in {held}", f"in {held}"]
    return w.one(*forms)


def ordered(w: World, type_: str, scope: Scope) -> str:
    shape = int(w.rng.random() * 10)
    if shape < 4:
        op = w.one(*COMPARISONS)
        limit = "0" if type_ == "money" and w.chance(0.1) else end(w, type_, scope)
        return f"{WORDS.get(op, op) if w.chance(0.6) else op} {limit}"
    if shape < 7:
        low, high = limits(w, type_, scope, 1)
        form = w.one(
            "from {} to {}",
            "above {} to {}",
            "from {} to below {}",
            "[{}..{}]",
            "({}..{}]",
            "in [{}..{})",
            "in ({}..{})",
        )
        return form.format(low, high)
    if shape == 7:
        return f"in [{constant(w, type_)}, {constant(w, type_)}]"
    return end(w, type_, scope)


def end(w: World, type_: str, scope: Scope) -> str:
    return constant(w, type_) if w.chance(0.6) else expression(w, type_, scope, 1)


def condition(w: World, scope: Scope, depth: int) -> dict[str, Data]:
    """A condition mapping; ``unless`` may hold another, to any depth."""
    entries: dict[str, Data] = {}
    for _ in range(1 + (w.chance(0.45)) + (w.chance(0.2))):
        key, value = entry(w, scope, depth)
        entries.setdefault(key, value)
    return entries


def entry(w: World, scope: Scope, depth: int) -> tuple[str, Data]:
    if depth > 0 and w.chance(0.3):
        word = w.one("all", "any", "any", "not", "unless", "unless")
        if word in ("all", "any"):
            return word, [condition(w, scope, depth - 1) for _ in range(1 + int(w.rng.random() * 3))]
        return word, condition(w, scope, depth - 1)
    if w.chance(0.35):
        several = [expression(w, "boolean", scope, 3) for _ in range(1 + w.chance(0.2))]
        return "where", several if len(several) > 1 else several[0]
    named = subject(w, scope)
    if named is None:
        return "where", expression(w, "boolean", scope, 2)
    return named.text, unary_tests(w, named.type, scope, fact=named.fact)


def subject(w: World, scope: Scope) -> Named | None:
    """A name to test; of the element rather than of the document, where there is one."""
    type_ = w.one(*KINDS)
    names = [n for n in w.visible(type_, scope) if n.text not in ("verdict", "parts", "amount")]
    inner = [n for n in names if n.text.partition(".")[0] in scope.bound]
    pool = inner if inner and w.chance(0.6) else names
    return pool[int(w.rng.random() * len(pool))] if pool else None


def cell(w: World, type_: str, *, exact: bool) -> Data:
    """A cell of a table without names of its own: constants only, so that it reads as a table does."""
    if w.chance(0.18):
        return w.one("any", "-")
    if exact:
        return constant(w, type_)
    if type_.startswith("enum"):
        members = MEMBERS[type_.partition(":")[2]]
        return w.one(*members, f"not({w.one(*members)})", members_list(w, type_.partition(":")[2], 1)[1:-1])
    if type_ in ORDERED:
        low, high = limits(w, type_, Scope(), -1) if w.chance(0.5) else (constant(w, type_),) * 2
        return w.one(f"at least {low}", f"less than {low}", f"from {low} to {high}", low)
    return simple(w, type_, Scope())
