"""The nearest changes of one fact that lead to another verdict. Each was decided; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from policyengine.errors import RequestError
from policyengine.evaluation.evaluator import Evaluation
from policyengine.explaining.nearness import Nearness, held_by, nearness, oddness
from policyengine.explaining.phrases import Change, change_text, told_by_difference, told_set, told_value, word
from policyengine.model.decision import Decision
from policyengine.model.vocabulary import Fact
from policyengine.probing import ABSENT, AS_OF, Document, Prober, Proposal, Slot, Use
from policyengine.values.money import Money

Json = object
Decide = Callable[[Document], Decision]

#: So many changes are tried for one explanation, the nearest ones; fewer for a document with long lists.
MOST_TRIED: Final = 1000
#: And never fewer than these, if there are so many.
FEWEST_TRIED: Final = 10
#: So many changes are told, at most one for each fact; another day to decide for is told besides.
MOST_TOLD: Final = 8
#: A try costs more where lists are long: with so many elements twice as much, and half as many are tried.
_ELEMENTS_PER_COST: Final = 10
#: A try that plans a split costs as much as so many others.
_COST_OF_A_SPLIT: Final = 5
UNDETERMINED: Final = "undetermined"
#: What is told before the changes: they show staff what the verdict rests on, and are not for a reply.
FOR_STAFF: Final = (
    "For staff: reckoned by changing one fact at a time. This is no advice, and it does not say that any fact is other "
    "than given."
)
_BETTER_FIRST: Final = ("granted", "value", "partly", "pending", "refused", UNDETERMINED)
#: Whether the answer does not ask for it, how near the change is, where the fact is written, how odd the value is.
Rank = tuple[bool, Nearness, int, Fraction]


@dataclass(frozen=True, slots=True)
class Changes:
    """The nearest changes, nearest first, and how much was tried.

    ``tried`` changes were decided, of ``facts`` facts; ``complete``: there were no others to try. ``towards`` is the
    word that was looked for, None: any other. ``opens``, where none was found: the nearest change that at least leaves
    the matter open.
    """

    found: tuple[Change, ...]
    tried: int
    facts: int
    complete: bool
    verdict: str
    towards: str | None = None
    opens: Change | None = None

    def told(self) -> str:
        """How much was tried, and that there is no such change if there is none."""
        if self.towards == self.verdict:
            return f"The verdict is {word(self.verdict)} already."
        aim = f"the verdict {word(self.towards)}" if self.towards else "another verdict"
        much = f"{_many(self.tried, 'change')} of {_many(self.facts, 'fact')} tried"
        more = "" if self.complete else "; others were farther, and not tried"
        if not self.found:
            opens = f" The nearest that leaves the matter open: {change_text(self.opens)}." if self.opens else ""
            return f"No single change of a fact leads to {aim} ({much}{more}).{opens}"
        return f"Each leads to {aim}, as decided; the nearest comes first ({much}{more})."

    def to_dict(self) -> dict[str, Json]:
        """The wire form."""
        return {
            "towards": self.towards,
            "found": [change.to_dict() for change in self.found],
            "opens": self.opens.to_dict() if self.opens else None,
            "tried": self.tried,
            "facts": self.facts,
            "complete": self.complete,
        }


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def budget(ev: Evaluation, *, splits: bool) -> int:
    """How many changes are tried of a document: a bounded amount of work, whatever its size."""
    elements = sum(len(found) for found in ev.memory.lists.values())
    tries = MOST_TRIED * _ELEMENTS_PER_COST // (_ELEMENTS_PER_COST + elements)
    return max(FEWEST_TRIED, tries // _COST_OF_A_SPLIT if splits else tries)


@dataclass(frozen=True, slots=True)
class Case:
    """What was asked, the decision that was made of it, and the values of its facts."""

    asked: Document
    made: Decision
    ev: Evaluation


def nearest_changes(prober: Prober, decide: Decide, case: Case, most: int, towards: str | None) -> Changes:
    """The nearest changes of a case; at most so many are tried.

    Without ``towards`` a change counts that leads to another verdict; one that only leaves the matter open does not.
    """
    asked, made = case.asked, case.made
    if towards == made.verdict:
        return Changes((), 0, 0, complete=True, verdict=made.verdict, towards=towards)
    search = _Search(made, case.ev, towards)
    candidates = prober.candidates(made.decision, asked, uses=(Use.VERDICT,))
    ranked = sorted(((search.rank(c), n, c) for n, c in enumerate(candidates)), key=lambda r: r[:2])
    for rank, _, candidate in ranked[:most]:
        try:
            search.learn(candidate, rank, decide(candidate.applied(asked)))
        except RequestError:
            continue  # an amount in a currency that the changed facts do not allow
    return search.result(complete=len(ranked) <= most)


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """A change that was decided. Two of them are never the same."""

    proposal: Proposal
    rank: Rank
    verdict: str
    verdict_class: str
    reasons: tuple[tuple[str, str | None], ...]

    @property
    def order(self) -> tuple[bool, Nearness, int, int, Fraction]:
        """A key to sort by: of equally near changes, those that lead to a better verdict come first."""
        asked, near, written, odd = self.rank
        return asked, near, _BETTER_FIRST.index(self.verdict_class), written, odd

    @property
    def size(self) -> Fraction | None:
        """What the value is ordered by, if it is."""
        return _size(self.proposal.typed)


class _Search:
    """What was tried, by address, nearest first."""

    def __init__(self, made: Decision, ev: Evaluation, towards: str | None) -> None:
        self._made, self._ev, self._towards = made, ev, towards
        self._asked = frozenset(m.fact for m in made.missing if m.purpose == "verdict")
        self._held: dict[str, object] = {}
        self._written: dict[str, int] = {}
        self._tried: dict[str, list[_Tried]] = {}
        self._order: list[_Tried] = []

    def rank(self, proposal: Proposal) -> Rank:
        """A key to sort by: what the answer asks for, then nearness, then the order of writing, then how odd it is."""
        address = proposal.slot.address
        if address not in self._held:
            self._held[address] = held_by(proposal.slot, self._ev)
            self._written[address] = len(self._written)
        near = nearness(proposal, self._held[address])
        return address not in self._asked, near, self._written[address], oddness(proposal.typed, self._made.as_of)

    def learn(self, proposal: Proposal, rank: Rank, decided: Decision) -> None:
        one = _Tried(proposal, rank, decided.verdict, decided.verdict_class, _reasons(decided))
        self._tried.setdefault(proposal.slot.address, []).append(one)
        self._order.append(one)

    def result(self, *, complete: bool) -> Changes:
        first: dict[str, _Tried] = {}
        for one in sorted(self._order, key=lambda one: one.order):
            if self._wanted(one):
                first.setdefault(one.proposal.slot.address, one)
        nearest = [self._edge(one) for one in first.values()]
        # Until when an answer holds is worth knowing, however far that day is.
        until = [one for one in nearest[MOST_TOLD:] if one.proposal.slot.address == AS_OF]
        found = tuple(self._change(one) for one in (*nearest[:MOST_TOLD], *until))
        tried = len(self._order)
        opens = None if found else self._opening()
        return Changes(found, tried, len(self._tried), complete, self._made.verdict, self._towards, opens)

    def _opening(self) -> Change | None:
        """The nearest change that leaves open what is settled now; taking facts away does not count."""
        if self._towards is not None or self._made.verdict_class in ("pending", UNDETERMINED):
            return None
        opening = (o for o in self._order if o.verdict_class == UNDETERMINED and o.proposal.value is not ABSENT)
        return next((self._change(one) for one in opening), None)

    def _wanted(self, one: _Tried) -> bool:
        if self._towards is not None:
            return one.verdict == self._towards
        return one.verdict != self._made.verdict and one.verdict_class != UNDETERMINED

    def _change(self, one: _Tried) -> Change:
        slot = one.proposal.slot
        declared = slot.declared
        return Change(
            fact=slot.address,
            title=declared.title if declared else None,
            before=slot.given,
            after=one.proposal.value,
            held=self._held_in_words(slot, one.proposal),
            told=self._told(one.proposal),
            onwards=self._onwards(one),
            is_day=slot.address == AS_OF or (isinstance(declared, Fact) and str(declared.type) == "date"),
            verdict=one.verdict,
            verdict_class=one.verdict_class,
            reasons=one.reasons,
        )

    def _told(self, proposal: Proposal) -> str:
        slot, typed = proposal.slot, proposal.typed
        if isinstance(slot.declared, Fact) and isinstance(typed, frozenset):
            return told_set(slot.declared, typed, self._held[slot.address])
        return told_value(slot, typed, proposal.value)

    def _held_in_words(self, slot: Slot, proposal: Proposal) -> str:
        """What is so now; empty where the change itself is told by what it adds and takes away."""
        held = self._held[slot.address]
        if not isinstance(slot.declared, Fact) and slot.address != AS_OF:
            return "not told" if slot.given is ABSENT else ""
        if held is None:
            return "not told"
        if told_by_difference(proposal.typed, held):
            return ""
        text = told_value(slot, held, "")
        return f"{text} (by default)" if slot.given is ABSENT else text

    def _edge(self, one: _Tried) -> _Tried:
        """Of a number, amount or day that was not told: where the values that lead to this verdict begin or end."""
        address = one.proposal.slot.address
        if self._held[address] is not None or _size(one.proposal.typed) is None:
            return one
        rising = sorted((t for t in self._tried[address] if t.size is not None), key=lambda t: t.size or 0)
        start = end = rising.index(one)
        while start > 0 and rising[start - 1].verdict == one.verdict:
            start -= 1
        while end < len(rising) - 1 and rising[end + 1].verdict == one.verdict:
            end += 1
        if start == 0 and end < len(rising) - 1:
            return rising[end]
        return rising[start] if end == len(rising) - 1 and start > 0 else one

    def _onwards(self, one: _Tried) -> str | None:
        """Whether all values tried further on the same side led to the same verdict."""
        address, value = one.proposal.slot.address, one.size
        held = _size(self._held[address])
        if value is None or held == value:
            return None
        above = {t.verdict for t in self._tried[address] if t.size is not None and t.size > value}
        below = {t.verdict for t in self._tried[address] if t.size is not None and t.size < value}
        if above == {one.verdict} and (below != above if held is None else value > held):
            return "more"
        if below == {one.verdict} and (above != below if held is None else value < held):
            return "less"
        return None


def _reasons(decided: Decision) -> tuple[tuple[str, str | None], ...]:
    """The reasons of a decision, and those of its elements with their keys, each once."""
    of_whole = ((r.rule, None) for r in decided.reasons if r.elements is None)
    of_elements = ((r.rule, e.id) for e in decided.elements for r in e.reasons)
    return tuple(dict.fromkeys((*of_whole, *of_elements)))


def _size(value: object) -> Fraction | None:
    """What a day, number or amount is ordered by."""
    match value:
        case bool():
            return None
        case Money():
            return Fraction(value.amount)
        case int() | Fraction():
            return Fraction(value)
        case _:
            return Fraction(value.toordinal()) if hasattr(value, "toordinal") else None
