"""All questions put to both bundles: cases first, then recorded ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policyengine.impact.behaviour.asking import Asker, Item, Work
from policyengine.impact.behaviour.document import Document, Unreadable
from policyengine.impact.behaviour.findings import Behaviour, Broken
from policyengine.impact.behaviour.streaming import tallied
from policyengine.impact.behaviour.tally import Tally
from policyengine.model.decision import Decision
from policyengine.testing.compare import differences


def compare_behaviour(
    work: Work,
    cases: Sequence[Document],
    recorded: Iterable[Item] = (),
    *,
    jobs: int = 1,
    unread_tests: tuple[Unreadable, ...] = (),
) -> Behaviour:
    """What both bundles of ``work`` answer to all questions.

    ``recorded`` may be endless in effect: it is read as it is worked on, and only what is told of it is kept.
    Raises EngineFault when a process of several ends unexpectedly.
    """
    total, broken = Tally(), list[Broken]()
    with Asker(work) as asker:
        for case in cases:
            old, new = asker.enter(case, total)
            broken += _broken(case, old, new)
        later = tallied(recorded, work, asker, jobs)
    lines = later.asked + later.unreadable + sum(r.count for r in later.refusals.values())
    total.add(later)
    return Behaviour(work.engine, len(cases), lines, total, tuple(broken), unread_tests)


def _broken(document: Document, old: Decision | None, new: Decision | None) -> Iterator[Broken]:
    """The case, if the new answer is not what it expects."""
    if document.case is None or new is None:
        return
    found = differences(new, document.case.expected)
    if found:
        was = document.was
        before = was is not None and old is not None and bool(differences(old, was.expected))
        yield Broken(document.id, document.place, tuple((d.key, d.expected, d.actual) for d in found), before)
