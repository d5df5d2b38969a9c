"""From rules that are true, false or unknown to a verdict: one level first, then document and elements together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal as OneOf

from policyengine.model.rules import Class, Rule, Step

Truths = Mapping[int, bool | None]
Verdicts = Mapping[str, Class]


@dataclass(frozen=True, slots=True)
class Level:
    """What the document, or one element, may come to.

    ``may`` holds every word that is still possible; None in it says that the document leaves the matter to the
    elements. ``reasons`` are the true rules that settled it, ``waiting`` the unknown rules that gave ``may`` a word.
    ``refused_at`` is the step of a certain refusal; ``otherwise`` says that every rule is false.
    """

    may: frozenset[str | None]
    reasons: tuple[Rule, ...] = ()
    waiting: tuple[Rule, ...] = ()
    refused_at: int | None = None
    otherwise: bool = False

    @property
    def settled(self) -> bool:
        """Whether one word is left."""
        return len(self.may) == 1

    @property
    def word(self) -> str | None:
        """The word it is settled on; None while undetermined, and for a document that leaves all to the elements."""
        return next(iter(self.may)) if self.settled else None

    @property
    def words(self) -> frozenset[str]:
        """The words that the level itself may give."""
        return frozenset(w for w in self.may if w is not None)


def ranking(verdicts: Verdicts) -> Callable[[str | None], tuple[int, int]]:
    """A sort key for words: refused, pending, partly, granted; inside a class as declared."""
    order = {w: (list(Class).index(c), n) for n, (w, c) in enumerate(verdicts.items())}
    return lambda word: order[str(word)]


def level(steps: Sequence[Step], truths: Truths, verdicts: Verdicts, otherwise: str | None) -> Level:
    """Weigh one level's steps. ``truths`` is by rule index.

    ``otherwise`` is the word if no rule decides; None: then the matter passes to the elements.
    """
    rank = ranking(verdicts)
    for step in steps:
        refusals = _with(step, truths, truth=True, refused=True)
        if refusals:
            word = min((r.word for r in refusals), key=rank)
            return Level(frozenset({word}), refusals, refused_at=step.index)
    waiting = [r for step in steps for r in _with(step, truths, truth=None, refused=True)]
    may: set[str | None] = {r.word for r in waiting}
    reasons: tuple[Rule, ...] = ()
    for step in steps:
        sure, unsure = (_with(step, truths, truth=t, refused=False) for t in (True, None))
        best = min((r.word for r in sure), key=rank, default=None)
        higher = [r for r in unsure if best is None or rank(r.word) < rank(best)]
        waiting += higher
        may |= {r.word for r in higher}
        if best is not None:
            may.add(best)
            reasons = tuple(r for r in sure if r.word == best)
            break
    else:
        may.add(otherwise)
    settled = len(may) == 1
    all_false = all(truths[r.index] is False for step in steps for r in step.rules)
    return Level(frozenset(may), reasons if settled else (), tuple(waiting), otherwise=all_false)


def _with(step: Step, truths: Truths, *, truth: bool | None, refused: bool) -> tuple[Rule, ...]:
    """The step's rules of that truth, either the refusals or the others."""
    return tuple(r for r in step.rules if truths[r.index] is truth and (r.rule_class is Class.REFUSED) is refused)


@dataclass(frozen=True, slots=True)
class Whole:
    """The verdict of a decision by elements: ``word``, or None while undetermined; and whose reasons are reported."""

    word: str | None
    reasons_of: OneOf["document", "elements", "nobody"] = "nobody"


def combine(verdicts: Verdicts, element_verdicts: Verdicts, document: Level, elements: Sequence[Level] | None) -> Whole:
    """Document and elements together; ``elements`` None: the list is unknown."""
    if document.refused_at is not None:
        return Whole(document.word, "document")
    refused = _first(verdicts, Class.REFUSED)
    may_give = [{element_verdicts[w] for w in e.words} for e in elements or ()]
    if elements is not None and all(classes == {Class.REFUSED} for classes in may_give):
        return Whole(refused, "elements")
    if elements is None or any(verdicts[w] is Class.REFUSED for w in document.words):
        return Whole(None)
    outcomes: set[str | None] = set(document.words)
    certainly_pending = None not in document.may
    if certainly_pending:
        if all(Class.REFUSED in classes for classes in may_give):
            outcomes.add(refused)
    else:
        outcomes |= _possible_pending(verdicts, element_verdicts, elements) | _possible_rest(verdicts, may_give)
    if len(outcomes) > 1:
        return Whole(None)
    return Whole(outcomes.pop(), "document" if certainly_pending else "elements")


def as_document_word(verdicts: Verdicts, element_word: str) -> str | None:
    """The word of the decision for a pending element's: the same, or the first pending one."""
    return element_word if element_word in verdicts else _first(verdicts, Class.PENDING)


def _possible_pending(verdicts: Verdicts, element_verdicts: Verdicts, elements: Sequence[Level]) -> set[str | None]:
    """The pending words that the elements may come to: some element may give it while no other must rank above it."""
    rank = ranking(verdicts)

    def pending(e: Level) -> Iterator[str | None]:
        return (as_document_word(verdicts, w) for w in e.words if element_verdicts[w] is Class.PENDING)

    def may_rank_no_higher(e: Level, word: str | None) -> bool:
        something_else = any(element_verdicts[w] is not Class.PENDING for w in e.words)
        return something_else or any(rank(w) >= rank(word) for w in pending(e))

    possible = {w for e in elements for w in pending(e)}
    return {w for w in possible if all(may_rank_no_higher(e, w) for e in elements)}


def _possible_rest(verdicts: Verdicts, may_give: Sequence[set[Class]]) -> set[str | None]:
    """All refused, all granted, or partly: possible only if no element must be pending."""
    if any(classes == {Class.PENDING} for classes in may_give):
        return set()
    outcomes: set[str | None] = set()
    granted = _first(verdicts, Class.GRANTED)
    if all(Class.REFUSED in classes for classes in may_give):
        outcomes.add(_first(verdicts, Class.REFUSED))
    if all(Class.GRANTED in classes for classes in may_give):
        outcomes.add(granted)
    if any(Class.GRANTED in one and Class.REFUSED in other for one, other in permutations(may_give, 2)):
        outcomes.add(_first(verdicts, Class.PARTLY) or granted)
    return outcomes


def _first(verdicts: Verdicts, wanted: Class) -> str | None:
    return next((w for w, c in verdicts.items() if c is wanted), None)
