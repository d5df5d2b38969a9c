"""A difference made small: facts and pieces of the bundle are dropped while the sides still differ in the same way."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from tests.differential.compare import Bench, Difference
from tests.differential.generator import Generated, generate
from tests.differential.pieces import Path, facts_in, pieces_of, tidied, without
from tests.differential.requests import Request

#: Seconds after which a find is small enough.
MOST_SECONDS = 240.0


@dataclass(frozen=True)
class Find:
    """A difference, and the bundle that it is about."""

    generated: Generated
    difference: Difference

    def __str__(self) -> str:
        size = sum(1 for _ in pieces_of(self.generated.files))
        return f"{self.difference}\n(of a bundle of {size} pieces)"


def shrunk(found: Difference, seconds: float = MOST_SECONDS) -> Find:
    """The same difference with as few facts, and as little of the bundle, as can be found in that time."""
    until = time.monotonic() + seconds
    find = Find(generate(found.seed), found)
    before = None
    while find != before and time.monotonic() < until:
        before = find
        find = _fewer_facts(find)
        find = _less_of_the_bundle(find, until)
    return find


def _fewer_facts(find: Find) -> Find:
    """Facts are dropped, from the largest piece to the smallest; the bundle stays, so this is quick."""
    bench = Bench.on(find.generated)
    asked = find.difference.request

    def still(facts: Mapping[str, object]) -> Find | None:
        return _same(find, bench, replace(asked, facts=dict(facts)))

    try:
        return _dropped(find, lambda f: f.difference.request.facts, facts_in, still)
    finally:
        bench.close()


def _less_of_the_bundle(find: Find, until: float) -> Find:
    def still(files: Mapping[str, object]) -> Find | None:
        if time.monotonic() > until:
            return None
        smaller = replace(find.generated, files=tidied(files))
        try:
            bench = Bench.on(smaller)
        except Exception:  # noqa: BLE001 - what is left is no bundle, or cannot be compiled: another difference
            return None
        try:
            return _same(replace(find, generated=smaller), bench, _declared(find.difference.request, bench))
        finally:
            bench.close()

    return _dropped(find, lambda f: f.generated.files, pieces_of, still)


def _dropped(
    find: Find,
    of: Callable[[Find], Mapping[str, object]],
    pieces: Callable[[object], Iterator[Path]],
    still: Callable[[Mapping[str, object]], Find | None],
) -> Find:
    """Drop piece after piece where the difference stays; one pass, the largest pieces first."""
    for path in sorted(pieces(of(find)), key=lambda p: (len(p), [-k if isinstance(k, int) else 0 for k in p])):
        smaller = without(of(find), path)
        if smaller is not None and (left := still(smaller)) is not None:
            find = left
    return find


def _same(find: Find, bench: Bench, request: Request) -> Find | None:
    """The find with this request and the bench's bundle, if the sides still differ in the same way."""
    lines = _lines(bench, find.difference.decision, request)
    if not lines or _kind(lines) != _kind(find.difference.lines):
        return None
    return replace(find, difference=replace(find.difference, request=request, lines=lines))


def _kind(lines: tuple[str, ...]) -> tuple[str, str]:
    """What differs first: a rule, or a part of the answer; or who raises what."""
    raised = lines[1].splitlines()[-1].partition(":")[0] if "raises" in lines[0] else ""
    return lines[0].partition(" ")[0], raised


def _lines(bench: Bench, decision: str, request: Request) -> tuple[str, ...]:
    before = len(bench.found)
    if decision in bench.bundle.decisions:
        bench.compare(decision, request)
    return bench.found[-1].lines if len(bench.found) > before else ()


def _declared(request: Request, bench: Bench) -> Request:
    """The request without the facts and fields that the bundle does not have."""
    known = {*bench.bundle.facts, *bench.bundle.lists}
    facts = copy.deepcopy(request.facts)
    for path in list(facts_in(facts)):
        name = ".".join(str(k) for k in path)
        gone = len(path) == 1 and isinstance(path[0], str) and not any(k.split(".")[0] == path[0] for k in known)
        gone = gone or (len(path) == 2 and isinstance(path[1], str) and name not in known)
        if path[0] in bench.bundle.lists and len(path) == 3:
            declared = bench.bundle.lists[str(path[0])]
            gone = path[2] not in declared.fields and path[2] != declared.id_field
        if gone:
            facts = without(facts, path) or facts
    return replace(request, facts=facts)
