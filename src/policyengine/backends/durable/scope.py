"""The rules of one scope of a decision as networks, and how a case is matched with them.

Every rule is asked *first* whether it is true (or, where that list is much the shorter, whether it is false). One that
does not fire, and whose slots are all decided, is the other: its condition is two-valued then. Most rules of most cases
are done with that. Only rules that did not fire and have an open slot are asked a second time, for the other truth;
one that fires neither time is unknown.

Second networks hold many rules, so each list of comparisons there begins with a *gate*, a property that is bound only
if the rule is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import cast

from policyengine.backends.base import Truths
from policyengine.backends.durable.binding import Binder, Bound, Texts, is_coded, text_of
from policyengine.backends.durable.codecs import BooleanCodec
from policyengine.backends.durable.forms import MOST_CONJUNCTIONS, Conjunction, Form, Forms
from policyengine.backends.durable.lowering import Lowered, Lowering
from policyengine.backends.durable.network import (
    Comparison,
    Path,
    definition,
    in_networks,
    in_order,
    property_names,
    rule_names,
)
from policyengine.backends.durable.opening import About, Opening, abouts
from policyengine.backends.durable.packing import packed
from policyengine.backends.durable.session import TAIL, Session
from policyengine.backends.durable.slots import Slot, Slots
from policyengine.errors import EngineFault
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.expr import And, Value
from policyengine.model.rules import Rule

Coded = frozenset[Comparison]
#: So many conjunctions share a second network: the engine looks at every property behind every gate.
MOST_OPENED = 64
#: So few rules are asked with no more than their own slots.
FEW_OPENED = 6
#: More gates than the bounds allow a network to have.
MOST_GATES = 64
#: Takes from a case's texts those of some slots.
Pick = Callable[[Sequence[str]], Iterable[str]]
#: What a network rule says when it fires: the rules, by index, that are true; those that are false as ``~index``.
Said = dict[Coded, tuple[int, ...]]


@dataclass(frozen=True, eq=False, slots=True)
class Network:
    """One ruleset. ``pick`` takes from a case's texts those of its properties."""

    session: Session
    pick: Pick

    def fire(self, texts: Sequence[str]) -> list[int]:
        """What its rules say."""
        return self.session.fire("{" + "".join(self.pick(texts)) + TAIL)


_NO_NETWORKS: list[Network] = []


@dataclass(eq=False, slots=True)
class Ruled:
    """A rule of the scope: what it says in its first network, its forms, and the slots that they rest on.

    ``about``: if not None, it is asked the second time only if its guard does not hold. ``gates``: by second network,
    the text that opens the rule there. ``pick`` takes from a case's texts those of its slots.
    """

    rule: Rule
    says: int
    forms: Forms
    slots: frozenset[int]
    about: About | None
    gates: dict[Network, str] = field(default_factory=dict)
    pick: Pick = field(default=tuple)

    @property
    def first(self) -> Form:
        """When it says so."""
        return cast("Form", self.forms.true if self.says >= 0 else self.forms.false)

    @property
    def second(self) -> Form | None:
        """When it is the other; None: that is left to the evaluator, for the list is too long to be worth a network."""
        form = self.forms.false if self.says >= 0 else self.forms.true
        if form is None or len(form) > MOST_CONJUNCTIONS:
            return None
        return tuple(c for c in form if self.about is None or c != self.about.guard)


class Scope:
    """The rules of one scope of a decision: the document, or the element of its list."""

    def __init__(self, rules: Sequence[Rule], evaluator: Evaluator) -> None:
        slots = Slots(evaluator)
        lowering = Lowering(evaluator, slots)
        self._evaluator = evaluator
        self._rules = _ruled(rules, [lowering.condition(rule.parts) for rule in rules])
        self._backwards = frozenset(r.says for r in self._rules if r.says < 0)
        # One expression for each, for the evaluator compiles what it is handed and keeps it.
        self._conditions = {
            r: And(items=r.rule.parts, span=r.rule.parts[0].span) for r in self._rules if r.second is None
        }
        self.tally = lowering.tally
        said = _said([(r.says, r.first) for r in self._rules], slots)
        other = {r: [_coded(c, slots) for c in r.second or ()] for r in self._rules if r.slots}
        self._bind(slots, said, {s for r in self._rules for s in r.slots} | _slots_of(said, *other.values()))
        self._build_first(said)
        self._build_second(other)
        self._open = Opening(self._rules, lambda s, constant: self._text(slots, s, constant), self._places)

    def _bind(self, slots: Slots, said: Said, used: Collection[int]) -> None:
        """The binders, and where the texts and codes are that they give: the document's first, then the element's."""
        made: list[dict[int, Slot]] = [
            {n: slots.slots[n] for n in sorted(used) if slots.slots[n].element is element} for element in (False, True)
        ]
        in_place = [n for part in made for n in part]
        spare = property_names()
        self._names = {n: next(spare) for n in in_place}
        self._spare = spare
        heard: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for slot, op, number in {c for conjunction in said for c in conjunction}:
            heard[slot].add((op, number))
        coded = [n for n in in_place if is_coded(slots.slots[n])]
        self._places = {n: i for i, n in enumerate(in_place)}
        self._codes = {n: i for i, n in enumerate(coded)}
        binders = [Binder(self._evaluator.bundle, part, self._names, heard, coded) for part in made]
        self._document, self._element = [binder.binding() for binder in binders]
        self._has_elements, self._split = bool(made[1]), len(made[0])

    def _text(self, slots: Slots, slot: int, constant: Value) -> str:
        return text_of(self._names[slot], _code(slots.slots[slot], constant))

    def _network(
        self, paths: Sequence[Path], says: Iterable[tuple[int, ...]], gates: Mapping[int, str] | None = None
    ) -> Network:
        """A network; one with ``gates`` is asked rarely."""
        gates = gates or {}
        used = {slot for path in paths for slot, _, _ in path} - set(gates)
        *names, last = rule_names(len(paths))
        text = definition(paths, {**self._names, **gates})
        session = Session(text, dict(zip(names, says, strict=True)), last, later=bool(gates))
        return Network(session, self._picker(used))

    def _picker(self, slots: Iterable[int]) -> Pick:
        places = sorted(self._places[s] for s in slots)
        if len(places) == 1:
            only = places[0]
            return lambda texts: (texts[only],)
        return itemgetter(*places)

    def _build_first(self, said: Said) -> None:
        self._always: list[Network] = []
        by_text: dict[int, dict[str, list[Network]]] = defaultdict(lambda: defaultdict(list))
        self._ranges: list[tuple[int, int | None, int | None, Network]] = []
        for pack in packed(said, self._codes):
            network = self._network(pack.paths, [said[frozenset(p)] for p in pack.paths])
            if pack.slot is None:
                self._always.append(network)
            elif pack.values:
                for value in sorted(pack.values):
                    by_text[self._places[pack.slot]][text_of(self._names[pack.slot], value)].append(network)
            else:
                self._ranges.append((self._codes[pack.slot], pack.least, pack.most, network))
        self._by_text = [(place, dict(networks)) for place, networks in by_text.items()]
        listed = [n for _, by in self._by_text for networks in by.values() for n in networks]
        self.networks = [*self._always, *dict.fromkeys(listed), *(n for *_, n in self._ranges)]

    def _build_second(self, other: Mapping[Ruled, Collection[Coded]]) -> None:
        """Each path begins with its rule's gate, a slot below all others."""
        gates = {-2 - i: r for i, r in enumerate(sorted(other, key=_neighbours))}
        paths = [((gate, "eq", 1), *path) for gate, r in gates.items() for path in in_order(other[r])]
        names = [next(self._spare) for _ in range(min(len(gates), MOST_GATES))]
        for part in in_networks(paths, MOST_OPENED):
            asked = dict.fromkeys(path[0][0] for path in part)
            named = dict(zip(asked, names, strict=False))
            network = self._network(part, [(gates[path[0][0]].rule.index,) for path in part], named)
            self.networks.append(network)
            for gate, name in named.items():
                ruled = gates[gate]
                ruled.gates[network] = text_of(name, 1)
                ruled.pick = self._picker(_slots_of(other[ruled]))

    # --- matching ---

    def shared(self, evaluation: Evaluation) -> Bound:
        """What is the same for every element."""
        return self._document.first(evaluation, EMPTY_ENV)

    def match(self, evaluation: Evaluation, env: Env, shared: Bound) -> Truths:
        """The truths of the scope's rules; raises :class:`EngineFault`."""
        open_, texts, codes = shared
        if self._has_elements:
            more, own, own_codes = self._element.first(evaluation, env)
            open_, texts, codes = open_ | more, texts + own, codes + own_codes
        fired: set[int] = set()
        for network in self._asked(texts, codes):
            fired.update(network.fire(texts))
        unknown = self._unknown(evaluation, env, open_, texts, fired) if open_ else ()
        if self._backwards:
            silent = self._backwards - fired
            fired -= self._backwards
            fired.update([~says for says in silent])
            # What is true has fired, or it is asked backwards and has not: then it may be unknown as well.
            fired.difference_update(unknown)
        return Truths(tuple(sorted(fired)), unknown)

    def _asked(self, texts: Sequence[str], codes: Sequence[int | None]) -> list[Network]:
        asked = self._always
        for place, networks in self._by_text:
            asked = asked + networks.get(texts[place], _NO_NETWORKS)
        for place, least, most, network in self._ranges:
            code = codes[place]
            if code is not None and (least is None or code >= least) and (most is None or code <= most):
                asked = [*asked, network]
        return asked

    def _unknown(
        self, evaluation: Evaluation, env: Env, open_: int, texts: Texts, fired: Collection[int]
    ) -> tuple[int, ...]:
        """The rules that are neither true nor false, of those that did not fire."""
        at = self._split
        whole = (*self._document.whole(evaluation, env, texts[:at]), *self._element.whole(evaluation, env, texts[at:]))
        asked = [r for r in self._open.rules(open_, whole) if r.says not in fired]
        opened: dict[Network, list[Ruled]] = {}
        for ruled in asked:
            for network in ruled.gates:
                opened.setdefault(network, []).append(ruled)
        allowed = {r.rule.index for r in asked}
        other: set[int] = set()
        for network, rules in opened.items():
            bound = network.pick(whole) if len(rules) > FEW_OPENED else {t: None for r in rules for t in r.pick(whole)}
            text = "".join(("{", *bound, *[r.gates[network] for r in rules], TAIL))
            other.update(network.session.fire(text, allowed))
        if not self._conditions.keys().isdisjoint(asked):
            other.update(r.rule.index for r in asked if r in self._conditions and self._told(r, evaluation, env))
        return tuple(sorted(allowed - other))

    def _told(self, ruled: Ruled, evaluation: Evaluation, env: Env) -> bool:
        """Whether the evaluator says that the rule is the other of what its first network asked."""
        told = evaluation.truth(self._conditions[ruled], env)
        if told is (ruled.says >= 0):
            raise EngineFault("the rules engine did not fire a rule whose condition holds")
        return told is not None


def _ruled(rules: Sequence[Rule], lowered: Sequence[Lowered]) -> list[Ruled]:
    backwards = [_is_backwards(low.forms) for low in lowered]
    about = abouts([() if b else low.forms.false or () for low, b in zip(lowered, backwards, strict=True)])
    return [
        Ruled(rule, ~rule.index if b else rule.index, low.forms, low.slots, a)
        for rule, low, b, a in zip(rules, lowered, backwards, about, strict=True)
    ]


def _is_backwards(forms: Forms) -> bool:
    """Whether to ask first when a condition is false: if that is said with much less."""
    if forms.true is None or forms.false is None:
        return forms.true is None
    return len(forms.true) > max(4, 2 * len(forms.false))


def _neighbours(ruled: Ruled) -> tuple[int, list[str], int]:
    """Rules about the same value are asked together, so they are neighbours."""
    if ruled.about is None:
        return -1, [], ruled.rule.index
    return ruled.about.slot, sorted(map(str, ruled.about.constants)), ruled.rule.index


def _slots_of(*lists: Iterable[Coded]) -> set[int]:
    return {slot for conjunctions in lists for conjunction in conjunctions for slot, _, _ in conjunction}


def _said(forms: Iterable[tuple[int, Form]], slots: Slots) -> Said:
    """What each conjunction says. Alike conjunctions of several rules become one network rule."""
    said: Said = {}
    for says, form in forms:
        for conjunction in form:
            coded = _coded(conjunction, slots)
            said[coded] = (*said.get(coded, ()), says)
    return said


def _coded(conjunction: Conjunction, slots: Slots) -> Coded:
    """The comparisons with integers for constants; a conjunction of nothing compares a property that is always 1."""
    if not conjunction:
        return frozenset({(slots.always(BooleanCodec()), "eq", 1)})
    return frozenset((t.slot, t.op, _code(slots.slots[t.slot], t.constant)) for t in conjunction)


def _code(slot: Slot, constant: Value) -> int:
    code = slot.codec.code(constant)
    if code is None:
        raise EngineFault(f"a constant has no code: {constant!r}")
    return code
