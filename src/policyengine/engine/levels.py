"""One level of a decision, the document or one element: from the truths of its rules to a word.

A truth is True, False or None (unknown). A level is settled exactly when every way of making its
unknown rules true or false gives one word, with one exception: a certain refusal is given at once, though
an unknown refusal might have given another refused word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policyengine.model.rules import Class, Rule, Step

#: The word of a document level that leaves the matter to the elements.
PASS: Final = ""

Truths = Sequence[bool | None]


class Precedence:
    """The words of a level with their classes: refused before pending before granted, inside a class as declared."""

    __slots__ = ("_first", "_ranks", "classes")

    def __init__(self, words: Mapping[str, Class]) -> None:
        self.classes = words
        order = list(Class)
        self._ranks = {w: (order.index(c), i) for i, (w, c) in enumerate(words.items())}
        self._first = {c: w for w, c in reversed(list(words.items()))}

    def rank(self, word: str) -> tuple[int, int]:
        """A key to sort words by: smaller ranks higher."""
        return self._ranks[word]

    def first(self, of: Class) -> str | None:
        """The highest word of a class, or None when there is none."""
        return self._first.get(of)

    def highest(self, words: Sequence[str]) -> str:
        """The word that ranks highest among some (at least one)."""
        return min(words, key=self.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one level gives.

    ``may`` holds every word that is still possible, in no order; ``refused_at`` the index of the step of a certain
    refusal. ``reasons`` are the true rules behind the word of a settled level, ``otherwise`` says that no
    rule but the declared rest settled it. ``waiting`` are the unknown rules that leave the level open.
    """

    may: frozenset[str]
    reasons: tuple[Rule, ...] = ()
    waiting: tuple[Rule, ...] = ()
    otherwise: bool = False
    refused_at: int | None = None

    @property
    def word(self) -> str | None:
        """The only word that is possible, or None while there are several."""
        return next(iter(self.may)) if len(self.may) == 1 else None


def weigh(steps: Sequence[Step], truths: Truths, words: Precedence, otherwise: str) -> Level:
    """The level of these steps (all of one scope). ``truths`` is indexed by the rules' indexes.

    ``otherwise`` is the word that holds when every rule is false, :data:`PASS` for a document whose
    elements are decided.
    """
    return _certain_refusal(steps, truths, words) or _possible(steps, truths, words, otherwise)


def _certain_refusal(steps: Sequence[Step], truths: Truths, words: Precedence) -> Level | None:
    for step in steps:
        true = [r for r in step.rules if truths[r.index] and r.rule_class is Class.REFUSED]
        if true:
            word = words.highest([_word(r) for r in true])
            return Level(may=frozenset({word}), reasons=_reported(true), refused_at=step.index)
    return None


def _possible(steps: Sequence[Step], truths: Truths, words: Precedence, otherwise: str) -> Level:
    waiting = [r for s in steps for r in s.rules if truths[r.index] is None and r.rule_class is Class.REFUSED]
    for step in steps:
        giving = [r for r in step.rules if truths[r.index] is not False and r.rule_class is not Class.REFUSED]
        true = [r for r in giving if truths[r.index]]
        unknown = [r for r in giving if truths[r.index] is None]
        if true:
            top = words.highest([_word(r) for r in true])
            waiting += [r for r in unknown if words.rank(_word(r)) < words.rank(top)]
            return _open(waiting, top, [r for r in true if r.word == top])
        waiting += unknown
    return _open(waiting, otherwise, None)


def _open(waiting: list[Rule], rest: str, true: list[Rule] | None) -> Level:
    """The level that gives ``rest`` unless a waiting rule turns out true; ``true``: who gives it, None: no rule."""
    may = frozenset(_word(r) for r in waiting) | {rest}
    if len(may) > 1:
        return Level(may=may, waiting=tuple(sorted(waiting, key=lambda r: r.index)))
    return Level(may=may, reasons=_reported(true or ()), otherwise=true is None and not waiting)


def _reported(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple(r for r in rules if not r.silent)


def _word(rule: Rule) -> str:
    if rule.word is None:
        raise AssertionError(f"rule {rule.id} stands in a step without a word")
    return rule.word
