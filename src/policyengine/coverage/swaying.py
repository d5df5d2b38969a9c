"""Whether a rule sways an answer: were it to come out otherwise, others as they are, the outcome would differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyengine.backends.base import Truths
from policyengine.engine.case import Case
from policyengine.engine.resolve import Resolution, resolve
from policyengine.model.rules import Rule


def sway(case: Case, rule: Rule) -> int:
    """How much hangs on the rule; 2: turning it round, for the document or some element, gives another word.

    1: the same word would come without it, but it is the only reason; 0: neither.
    """
    if rule.warning:
        return 0
    book, now = case.prepared.book, _words(case.resolution)
    if any(_words(resolve(book, document, elements)) != now for document, elements in _turned(case, rule)):
        return 2
    return int({r.id for r in case.resolution.rules} == {rule.id})


def _turned(case: Case, rule: Rule) -> Iterator[tuple[Truths, Sequence[Truths] | None]]:
    """The truths of all rules, with those of this one turned round in one place."""
    document, by_key = case.matches.document, case.matches.elements or {}
    elements = None if case.elements is None else [by_key[e.key] for e in case.elements]
    if rule.each is None:
        yield from ((turned, elements) for turned in _others(document, rule.index))
        return
    for n, truths in enumerate(elements or ()):
        for turned in _others(truths, rule.index):
            yield document, [*(elements or ())[:n], turned, *(elements or ())[n + 1 :]]


def _others(truths: Truths, index: int) -> Iterator[Truths]:
    """The truths with the rule true and with it false, but not as it is."""
    true, unknown = (tuple(i for i in found if i != index) for found in truths)
    now = truths.of(index)
    if now is not True:
        yield Truths(tuple(sorted((*true, index))), unknown)
    if now is not False:
        yield Truths(true, unknown)


def _words(resolution: Resolution) -> tuple[str | None, ...]:
    return (resolution.word, *(level.word for level in resolution.elements or ()))
