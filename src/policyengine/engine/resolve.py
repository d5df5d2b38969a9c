"""A whole decision: the document's level and the elements' levels together.

Pure functions of the truths of rules. Nothing is enumerated: which outcomes are still possible follows
from what each element may give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from policyengine.backends.base import Truths
from policyengine.engine.levels import PASS, REFUSED, Level, Precedence, weigh
from policyengine.model.rules import Class, DecisionSpec, Rule


class Rulebook:
    """The part of a decision that resolving reads over and over: rules by index, and words by rank."""

    __slots__ = ("_chances", "element_words", "otherwise", "rules", "spec", "words")

    def __init__(self, spec: DecisionSpec) -> None:
        self.spec = spec
        self.words = Precedence(spec.verdicts)
        self.element_words = Precedence(spec.element_verdicts)
        self.rules = spec.rules
        self.otherwise = spec.otherwise.word if spec.otherwise else PASS
        self._chances: dict[frozenset[str], _Chances] = {}

    def chances(self, may: frozenset[str]) -> _Chances:
        """What an element that may be these words may still come to; remembered, for there are few such sets."""
        found = self._chances.get(may)
        if found is None:
            found = self._chances[may] = _Chances.of(self, may)
        return found

    def pending_word(self, element_word: str) -> str | None:
        """The decision's word for a pending element: the same one if there is one, else the first pending word."""
        if self.words.classes.get(element_word) is Class.PENDING:
            return element_word
        return self.words.first(Class.PENDING)


class Resolution(NamedTuple):
    """What a decision comes to. ``word`` is None while it is undetermined.

    ``elements`` holds a level for each element, None when they were not decided or the list is unknown.
    ``by_elements`` says that the elements, not the document, give the word and its reasons.
    """

    word: str | None
    document: Level
    elements: tuple[Level, ...] | None = None
    by_elements: bool = False

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules behind the word, of the document or of all settled elements, in rule order; each once."""
        if self.word is None:
            return ()
        if not self.by_elements:
            return self.document.reasons
        found = {r.index: r for level in self.elements or () for r in level.reasons}
        return tuple(found[i] for i in sorted(found))


def resolve(book: Rulebook, document: Truths, elements: Sequence[Truths] | None) -> Resolution:
    """The outcome. ``elements`` are the truths for each element by position, None when the list is unknown."""
    if book.spec.each is None:
        level = weigh(book.rules, document, book.words, book.otherwise)
        return Resolution(word=level.word, document=level)
    level = weigh(book.rules, document, book.words, PASS)
    if level.refused_at is not None:
        return Resolution(word=level.word, document=level)
    if elements is None:
        return Resolution(word=None, document=level)
    levels = tuple(weigh(book.rules, t, book.element_words, book.otherwise) for t in elements)
    return _together(book, level, levels)


def _together(book: Rulebook, document: Level, levels: tuple[Level, ...]) -> Resolution:
    chances = [book.chances(level.may) for level in levels]
    if all(c.only_refused for c in chances):
        refused = book.words.first(Class.REFUSED)
        return Resolution(word=refused, document=document, elements=levels, by_elements=True)
    if any(book.words.classes.get(w) is REFUSED for w in document.may):
        return Resolution(word=None, document=document, elements=levels)
    outcomes = _outcomes(book, document, chances)
    word = next(iter(outcomes)) if len(outcomes) == 1 else None
    return Resolution(word=word, document=document, elements=levels, by_elements=PASS in document.may)


class _Chances(NamedTuple):
    """What one element may still come to. ``pending`` are words of the decision, by rank, highest first."""

    refused: bool
    granted: bool
    pending: tuple[str | None, ...]
    only_refused: bool
    only_pending: bool

    @staticmethod
    def of(book: Rulebook, may: frozenset[str]) -> _Chances:
        classes = {w: book.element_words.classes[w] for w in may}
        waits = {book.pending_word(w) for w, c in classes.items() if c is Class.PENDING}
        kinds = set(classes.values())
        by_rank = sorted(waits, key=lambda w: book.words.rank(w) if w else (0, 0))
        refused, granted = Class.REFUSED in kinds, Class.GRANTED in kinds
        only_refused = refused and not granted and not waits
        return _Chances(refused, granted, tuple(by_rank), only_refused, not refused and not granted)


def _outcomes(book: Rulebook, document: Level, chances: Sequence[_Chances]) -> frozenset[str | None]:
    """Every word that is still possible when the document cannot refuse and some element may be other than refused."""
    waits: frozenset[str | None] = document.may - {PASS}
    if PASS not in document.may:
        all_refused = all(c.refused for c in chances)
        return waits | ({book.words.first(Class.REFUSED)} if all_refused else frozenset())
    if any(c.pending for c in chances):
        waits |= _pending_outcomes(book, chances)
        if any(c.only_pending for c in chances):
            return waits
    return waits | _final_outcomes(book, chances)


def _pending_outcomes(book: Rulebook, chances: Sequence[_Chances]) -> frozenset[str | None]:
    """The pending words the elements may give: none that an element which must be pending always outranks."""
    order = [w for w in book.words.classes if book.words.classes[w] is Class.PENDING]
    worst = [order.index(c.pending[-1]) for c in chances if c.only_pending and c.pending[-1]]
    floor = min(worst, default=len(order))
    return frozenset(w for c in chances for w in c.pending if w is None or order.index(w) <= floor)


def _final_outcomes(book: Rulebook, chances: Sequence[_Chances]) -> frozenset[str | None]:
    """What is possible when no element is pending: all refused, all granted, or some of each."""
    out: set[str | None] = set()
    granting = [i for i, c in enumerate(chances) if c.granted]
    refusing = [i for i, c in enumerate(chances) if c.refused]
    granted = book.words.first(Class.GRANTED)
    if len(refusing) == len(chances):
        out.add(book.words.first(Class.REFUSED))
    if len(granting) == len(chances):
        out.add(granted)
    if granting and refusing and (granting != refusing or len(granting) > 1):
        out.add(book.words.first(Class.PARTLY) or granted)
    return frozenset(out)
