"""One level of a decision, the document or one element: from the truths of its rules to a word.

A truth is True, False or None (unknown). A level is settled exactly when every way of making its
unknown rules true or false gives one word, with one exception: a certain refusal is given at once, though
an unknown refusal might have given another refused word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from policyengine.backends.base import Truths
from policyengine.model.rules import Class, Rule

#: The word of a document level that leaves the matter to the elements.
PASS: Final = ""
REFUSED: Final = Class.REFUSED


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

    def highest(self, words: Collection[str]) -> str:
        """The word that ranks highest among some (at least one)."""
        return min(words, key=self.rank) if len(words) > 1 else next(iter(words))


class Level(NamedTuple):
    """What one level gives.

    ``word`` is the only word that is possible, None while there are several; ``may`` holds every word that is still
    possible, in no order; ``refused_at`` the index of the step of a certain refusal. ``reasons`` are the true rules
    behind the word of a settled level, ``otherwise`` says that no rule but the declared rest settled it. ``waiting``
    are the unknown rules that leave the level open.
    """

    word: str | None
    may: frozenset[str]
    reasons: tuple[Rule, ...] = ()
    waiting: tuple[Rule, ...] = ()
    otherwise: bool = False
    refused_at: int | None = None


def weigh(rules: Sequence[Rule], truths: Truths, words: Precedence, otherwise: str) -> Level:
    """The level that these truths give. ``rules`` are those of the decision, by index; the truths are of one scope.

    ``otherwise`` is the word that holds when every rule is false, :data:`PASS` for a document whose
    elements are decided.
    """
    true = [rules[i] for i in truths.true]
    return _certain_refusal(true, words) or _possible(true, [rules[i] for i in truths.unknown], words, otherwise)


def _certain_refusal(true: Sequence[Rule], words: Precedence) -> Level | None:
    refusing = [r for r in true if r.rule_class is REFUSED]
    if not refusing:
        return None
    step = refusing[0].step
    first = [r for r in refusing if r.step == step]
    word = words.highest({_word(r) for r in first})
    return Level(word, frozenset((word,)), reasons=_reported(first), refused_at=step)


def _possible(true: Sequence[Rule], unknown: Sequence[Rule], words: Precedence, otherwise: str) -> Level:
    """Without a certain refusal: every true rule gives a word that is not a refusal."""
    if not true:
        return _open(unknown, otherwise, None)
    step = true[0].step
    giving = [r for r in true if r.step == step]
    top = words.highest({_word(r) for r in giving})
    waiting: Sequence[Rule] = ()
    if unknown:
        rank = words.rank(top)
        waiting = [r for r in unknown if r.rule_class is REFUSED or _may_rank_higher(r, step, rank, words)]
    return _open(waiting, top, [r for r in giving if r.word == top])


def _may_rank_higher(rule: Rule, step: int | None, rank: tuple[int, int], words: Precedence) -> bool:
    """Whether an unknown rule comes before what the true rules of ``step`` give with a word of this rank."""
    if rule.step == step:
        return words.rank(_word(rule)) < rank
    return _step(rule) < (step or 0)


def _open(waiting: Sequence[Rule], rest: str, true: Sequence[Rule] | None) -> Level:
    """The level that gives ``rest`` unless a waiting rule turns out true; ``true``: who gives it, None: no rule.

    Both are in the order of their indexes, as truths are.
    """
    may = frozenset([rest, *[_word(r) for r in waiting]])
    if len(may) > 1:
        return Level(None, may, waiting=tuple(waiting))
    return Level(rest, may, _reported(true or ()), otherwise=true is None and not waiting)


def _reported(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    return tuple([r for r in rules if not r.silent])


def _step(rule: Rule) -> int:
    if rule.step is None:
        raise AssertionError(f"the warning {rule.id} was matched")
    return rule.step


def _word(rule: Rule) -> str:
    if rule.word is None:
        raise AssertionError(f"rule {rule.id} stands in a step without a word")
    return rule.word
