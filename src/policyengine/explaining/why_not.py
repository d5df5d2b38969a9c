"""What kept a rule from holding: only the conditions that stopped it, with the facts that they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from policyengine.explaining.outcomes import called, meaning
from policyengine.explaining.pairs import Pair, Pairs, truth
from policyengine.explaining.phrases import named, values_joined, word
from policyengine.explaining.wording import words
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision, FaultNote, Reason
from policyengine.model.rules import Rule
from policyengine.model.vocabulary import Table
from policyengine.reference.trace import RuleTrace, Trace
from policyengine.values.types import Kind

Json = object

#: So many facts are told beside one condition.
MOST_FACTS: Final = 12


@dataclass(frozen=True, slots=True)
class Read:
    """A name that a condition read, and what it came to."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A condition, what it came to, where it is written, what it read, and the fault met in it, if any."""

    condition: str
    truth: bool | None
    at: str
    facts: tuple[Read, ...]
    fault: str | None = None

    def to_dict(self) -> dict[str, Json]:
        """The wire form."""
        facts = [{"name": f.name, "value": f.value} for f in self.facts]
        return {"condition": self.condition, "truth": self.truth, "at": self.at, "facts": facts, "fault": self.fault}


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Of one rule and the document or one element: a sentence, the conditions, missing facts, and faults.

    ``faults`` are those because of which it is not known whether the rule holds, whatever the verdict rests on.
    ``settled`` says of a rule that holds whether the verdict rests on it, or what settled the matter instead.
    """

    rule: str
    element: str | None
    truth: bool | None
    sentence: str
    stops: tuple[Stop, ...] = ()
    missing: tuple[str, ...] = ()
    faults: tuple[FaultNote, ...] = ()
    settled: str = ""

    def to_dict(self) -> dict[str, Json]:
        """The wire form."""
        return {
            "rule": self.rule,
            "element": self.element,
            "truth": self.truth,
            "sentence": self.sentence,
            "stops": [stop.to_dict() for stop in self.stops],
            "missing": list(self.missing),
            "faults": [fault.to_dict() for fault in self.faults],
        }


def why_each(bundle: CheckedBundle, made: Decision, found: Trace) -> tuple[WhyNot, ...]:
    """Of each rule in the trace, in its order, how it came out and what that came down to."""
    rules = {r.index: r for r in bundle.decisions[made.decision].rules}
    teller = _Teller(bundle, made)
    return tuple(teller.of(rules[t.index], t) for t in found.rules)


def why_not(bundle: CheckedBundle, made: Decision, each_rule: Sequence[WhyNot], rule: str) -> tuple[WhyNot, ...]:
    """What kept the rule of this id from giving the verdict: for the document, or for each element of its list."""
    told = tuple(one for one in each_rule if one.rule == rule)
    if told:
        return told
    each = next(r.each for r in bundle.decisions[made.decision].rules if r.id == rule)
    kind = "unknown" if any(m.fact == each for m in made.missing) else "empty"
    gate = _Teller(bundle, made).settled_before()
    return (WhyNot(rule, None, None, f"{rule} is asked of each element of `{each}`, and that list is {kind}.{gate}"),)


class _Teller:
    def __init__(self, bundle: CheckedBundle, made: Decision) -> None:
        self._bundle, self._made = bundle, made
        self._pairs = Pairs(bundle)
        self._rules = {r.id: r for r in bundle.decisions[made.decision].rules}

    def of(self, rule: Rule, found: RuleTrace) -> WhyNot:
        head = f"{rule.id} ({called(rule)})" if rule.title else rule.id
        whom = f" for {found.element}" if found.element else ""
        gives = "warns" if rule.warning else f"gives {word(rule.word or '')}"
        settled = self._settled(rule, found)
        if found.truth is True:
            told = f"{head} {gives} and holds{whom}{settled or '.'}"
            return WhyNot(rule.id, found.element, True, told, settled=settled.strip(" .:;"))
        conditions = list(_conditions(rule, found))
        stops = tuple(s for pair in conditions for s in self._stops(pair))
        faults = tuple(dict.fromkeys(f for _, node in conditions for f in node.faults))
        blame = dict.fromkeys(b for _, node in conditions for b in node.blame)
        missing = tuple(self._asked(address) for address in blame) if found.truth is None else ()
        says = "does not hold" if found.truth is False else "is not known to hold"
        means = "; ".join(f"there is a fault in it: {f.message} ({f.at})" for f in faults) or meaning(rule, found)
        told = f"{head} {gives}, but {says}{whom}{f': {means}' if means else ''}{settled or '.'}"
        return WhyNot(rule.id, found.element, found.truth, told, stops, missing, faults)

    # --- what settled it instead ---

    def _settled(self, rule: Rule, found: RuleTrace) -> str:
        """What settled the matter without this rule, if that is so."""
        if rule.warning:
            return ""
        reasons = self._reasons(found.element)
        if any(r.rule == rule.id for r in reasons):
            return ": it is among the reasons of the verdict."
        gate = self.settled_before() if found.element and not self._made.elements else ""
        others = [r for r in reasons if r.rule in self._rules and self._comes_first(self._rules[r.rule], rule)]
        if gate or not others:
            return f".{gate}" if gate else ""
        how = self._how([self._rules[r.rule] for r in others], rule)
        return f"; {how}." if found.truth is True else f" (and {how})."

    def _how(self, others: Sequence[Rule], rule: Rule) -> str:
        """How other rules settled the matter, as they come no later than this one."""
        ids = values_joined([r.id for r in others])
        same = all(r.word == rule.word for r in others)
        if self._step(others[0].id) < (rule.step or 0):
            return f"an earlier step settled it{' already, with the same' if same else ''}: {ids}"
        return f"it is settled already by {ids}, which gives the same" if same else f"another word goes before: {ids}"

    def settled_before(self) -> str:
        """That the document was settled before elements were asked, if it was."""
        spec = self._bundle.decisions[self._made.decision]
        if spec.each is None or self._made.elements or self._made.verdict_class != "refused":
            return ""
        ids = values_joined([r.rule for r in self._made.reasons]) if self._made.reasons else "nothing to decide"
        return f" An earlier step settled the matter: {ids}."

    def _reasons(self, element: str | None) -> tuple[Reason, ...]:
        if element is None:
            return tuple(r for r in self._made.reasons if r.elements is None)
        return next((e.reasons for e in self._made.elements if e.id == element), ())

    def _comes_first(self, other: Rule, rule: Rule) -> bool:
        return (other.step or 0) <= (rule.step or 0)

    def _step(self, rule: str) -> int:
        return self._rules[rule].step or 0

    def _asked(self, address: str) -> str:
        for fact in self._made.missing:
            if fact.fact == address:
                return named(fact.title, address)
        declared = self._bundle.facts.get(address) or self._bundle.lists.get(address)
        if declared is None and "[" in address:
            items, field = address.partition("[")[0], address.rpartition("].")[2]
            declared = self._bundle.lists[items].fields[field]
        return named(declared.title if declared else None, address)

    # --- conditions ---

    def _stops(self, pair: Pair) -> Iterator[Stop]:
        """The conditions below this one that make it what it is: false, unknown or true."""
        e, node = pair
        below = list(self._pairs.below(pair))
        match e:
            case x.And() | x.Or() if e.items:
                for inner in below:
                    if truth(inner) is truth(pair):
                        yield from self._stops(inner)
            case x.Not() if below and not isinstance(e.item, x.Not):
                yield from self._stops(below[0])
            case _ if (named_condition := self._opened(pair)) is not None:
                yield from self._stops(named_condition)
            case _:
                fault = "; ".join(f.message for f in node.faults) or None
                yield Stop(words(e), truth(pair), node.place, tuple(self._facts(pair)), fault)

    def _opened(self, pair: Pair) -> Pair | None:
        """The condition that a boolean definition stands for, alone or compared with yes or no; None if it is none."""
        e, _ = pair
        if isinstance(e, x.Compare):
            sides = [p for p in self._pairs.below(pair) if isinstance(p[0], x.DefinitionRef)]
            constant = [c for c in x.children(e) if isinstance(c, x.Literal)]
            return self._opened(sides[0]) if len(sides) == 1 and len(constant) == 1 else None
        if not isinstance(e, x.DefinitionRef) or isinstance(self._bundle.definitions[e.name].body, Table):
            return None
        body = next(iter(self._pairs.below(pair)), None)
        if body is None or body[0].type.kind is not Kind.BOOLEAN:
            return None
        return (
            body if isinstance(body[0], x.And | x.Or | x.Not | x.Compare | x.Within | x.Contains | x.MemberOf) else None
        )

    def _facts(self, pair: Pair) -> list[Read]:
        """The names that a condition read, from its own to those behind definitions, each once."""
        found: dict[str, Read] = {}
        work: list[Pair] = list(self._pairs.told(pair))
        while work and len(found) < MOST_FACTS:
            inner = work.pop(0)
            e, node = inner
            if isinstance(e, x.FactRef | x.ItemField | x.ParameterRef | x.DefinitionRef | x.AsOf | x.ListRef):
                name = words(e) if node.element is None else f"{words(e)} [{node.element}]"
                by_default = isinstance(e, x.FactRef | x.ItemField) and bool(node.children) and node.value != "unknown"
                found.setdefault(name, Read(name, f"{node.value or 'empty'}{' by default' if by_default else ''}"))
            if not (isinstance(e, x.FactRef | x.ItemField) and node.value != "unknown"):
                work += self._pairs.told(inner)
        return list(found.values())


def _conditions(rule: Rule, found: RuleTrace) -> Iterable[Pair]:
    pairs: tuple[Pair, ...] = ((rule.guard, found.guard), (rule.applies, found.applies), (rule.own, found.own))
    if found.truth is False:
        # What comes after the part that rules it out is of no account.
        return [next(p for p in pairs if truth(p) is False)]
    return [p for p in pairs if truth(p) is None][:1]
