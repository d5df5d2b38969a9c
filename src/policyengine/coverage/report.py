"""What the cases of a bundle cover, put together, and counted by kind and by decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from policyengine.coverage.items import Item, Kind
from policyengine.coverage.meter import Meter
from policyengine.model.bundle import CheckedBundle
from policyengine.testing.model import Case, Outcome, Status

#: So many cases are named for each item.
MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Count:
    """How many items are covered, how many could be, and how many are proved to be out of reach."""

    covered: int
    total: int
    unreachable: int

    @property
    def percent(self) -> Fraction:
        """The share of those that can be covered, exactly; 100 where there are none."""
        return Fraction(100 * self.covered, self.total) if self.total else Fraction(100)


@dataclass(frozen=True, slots=True)
class Covered:
    """An item with the number of cases that cover it, and the ids of the first of them."""

    item: Item
    count: int = 0
    cases: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        """Whether some case ought to cover it and none does."""
        return not self.count and not self.item.proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The coverage of one bundle.

    ``counted`` are the cases that were measured; ``review`` how many were left out because nobody has looked at them,
    ``failed`` how many because they did not pass.
    """

    bundle: CheckedBundle
    folder: str
    items: tuple[Covered, ...]
    counted: int
    review: int
    failed: int

    @property
    def all(self) -> Count:
        """Everything together."""
        return count(self.items)

    def by_kind(self) -> dict[Kind, Count]:
        """By kind, those that the bundle has."""
        return {k: count(found) for k in Kind if (found := [c for c in self.items if c.item.kind is k])}

    def by_decision(self) -> dict[str | None, Count]:
        """By decision; None last: what decisions share."""
        names: Sequence[str | None] = (*self.bundle.decisions, None)
        return {n: count(found) for n in names if (found := [c for c in self.items if c.item.decision == n])}

    def missing(self) -> tuple[Covered, ...]:
        """What no case covers, by place."""
        return tuple(sorted((c for c in self.items if c.missing), key=_place))

    def unreachable(self) -> tuple[Covered, ...]:
        """What is proved to be out of reach, by place."""
        return tuple(sorted((c for c in self.items if c.item.proof and not c.count), key=_place))


def count(items: Iterable[Covered]) -> Count:
    """Count some items. One that is covered counts as reachable, whatever was proved of it."""
    found = list(items)
    covered = sum(bool(c.count) for c in found)
    missing = sum(c.missing for c in found)
    return Count(covered, covered + missing, len(found) - covered - missing)


def _place(covered: Covered) -> tuple[str, int, int, int]:
    item = covered.item
    return (item.span.file.path, item.span.start.line, list(Kind).index(item.kind), item.span.start.column)


def measure(bundle: CheckedBundle, folder: str, outcomes: Iterable[Outcome]) -> Coverage:
    """What those of the cases that passed, and that are not under review, cover."""
    run = list(outcomes)
    passed = [o.case for o in run if o.status is Status.PASSED and not o.case.review]
    with Meter(bundle) as meter:
        items = _together(meter, passed)
    return Coverage(
        bundle=bundle,
        folder=folder,
        items=items,
        counted=len(passed),
        review=sum(o.case.review for o in run),
        failed=sum(o.status is not Status.PASSED and not o.case.review for o in run),
    )


def _together(meter: Meter, cases: Iterable[Case]) -> tuple[Covered, ...]:
    counts = [0] * len(meter.items)
    named: dict[int, list[str]] = {}
    for case in cases:
        for number in meter.covered(case):
            counts[number] += 1
            if counts[number] <= MOST_NAMED:
                named.setdefault(number, []).append(case.id)
    meter.prove([n for n, item in enumerate(meter.items) if not counts[n] and not item.proof])
    return tuple(Covered(item, counts[n], tuple(named.get(n, ()))) for n, item in enumerate(meter.items))


def grouped(found: Iterable[Covered]) -> Iterator[tuple[Item, tuple[Covered, ...]]]:
    """Items of one place that are about the same thing, together, in order; each group with its first item."""
    groups: dict[tuple[str, str], list[Covered]] = {}
    for one in found:
        item = one.item
        groups.setdefault((item.span.at, item.about), []).append(one)
    yield from ((group[0].item, tuple(group)) for group in groups.values())
