"""Everything of a bundle that cases can cover, found in the checked model, and the probes that watch for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from policyengine.coverage.builder import Builder
from policyengine.coverage.conditions import Condition, Probe
from policyengine.coverage.items import Item, Kind, Owner
from policyengine.coverage.labels import labels, sharers
from policyengine.coverage.limits import DateProbe
from policyengine.coverage.reach import Reach, reach_of, steps_of
from policyengine.coverage.words import DecisionWords, MessageWords
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, is_true
from policyengine.model.rules import DecisionSpec, LimitsStep, Payout, Rule, SetStep
from policyengine.model.vocabulary import Table
from policyengine.values.types import DATE


class RuleWatch(NamedTuple):
    """A rule, what watches its whole condition, and its items for true, false and unknown."""

    rule: Rule
    condition: Condition
    items: Mapping[bool | None, int]

    @property
    def numbers(self) -> frozenset[int]:
        """The items of the rule and of its tests, without those inside of the tests."""
        return frozenset(self.items.values()) | self.condition.numbers


class Scoped(NamedTuple):
    """Probes of the document, or for each element of ``each``. ``absent``: the fact of which this is the default."""

    each: str | None
    probes: tuple[Probe, ...]
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What cases of one decision are watched for.

    ``hooked`` are probes of expressions that are watched where the answer evaluates them, by their identity;
    ``binding`` the items for payout limits that bind, by their ids; ``shared`` those of names that it reads.
    """

    spec: DecisionSpec
    rules: tuple[RuleWatch, ...]
    named: tuple[Scoped, ...]
    dates: tuple[DateProbe, ...]
    hooked: Mapping[int, tuple[Probe, ...]]
    binding: Mapping[str, int]
    words: DecisionWords
    messages: MessageWords
    shared: frozenset[int]

    @property
    def rest(self) -> frozenset[int]:
        """The items that only what holds otherwise can cover: its sentence, and its word if no rule gives that."""
        spec, rest = self.spec, self.spec.otherwise
        if rest is None:
            return frozenset()
        given = {r.word for r in spec.rules if r.each == spec.each}
        words = self.words.elements if spec.each else self.words.whole
        return frozenset(self.messages.otherwise) | (frozenset() if rest.word in given else {words[rest.word]})


@dataclass(frozen=True, slots=True)
class Inventory:
    """The items of a bundle, and a plan for each decision."""

    items: tuple[Item, ...]
    plans: Mapping[str, Plan]


def inventory(bundle: CheckedBundle, evaluator: Evaluator) -> Inventory:
    """All items, in the order of decisions, rules and names."""
    return _Inventory(bundle, evaluator).found()


class _Inventory:
    def __init__(self, bundle: CheckedBundle, evaluator: Evaluator) -> None:
        self.bundle = bundle
        self.builder = Builder(bundle, evaluator)
        self.register = self.builder.register
        self._named: dict[str, Scoped | None] = {}
        self._dates: dict[str, tuple[DateProbe, ...]] = {}
        self._numbers: dict[str, range] = {}

    def found(self) -> Inventory:
        plans = {name: self._plan(spec) for name, spec in self.bundle.decisions.items()}
        self.builder.finish()
        return Inventory(self.register.items(), plans)

    def _plan(self, spec: DecisionSpec) -> Plan:
        names = labels(spec)
        self._share(spec)
        rules = tuple(self._rule(spec, rule, names[rule.index]) for rule in spec.rules)
        hooked = self._hooked(spec)
        binding = self._limits(spec, hooked)
        reach = reach_of(self.bundle, spec)
        found = [
            *(self._definition(n) for n in self.bundle.definitions if n in reach.definitions),
            *(self._fact(n) for n in self.bundle.facts if n in reach.facts),
            *(self._field(ls, f) for ls, f in reach.fields),
        ]
        dates = [d for n in self.bundle.parameters if n in reach.parameters for d in self._dated(n)]
        unknown = all(self.register.proof(w.items[None]) for w in rules)
        return Plan(
            spec=spec,
            rules=rules,
            named=tuple(s for s in found if s),
            dates=tuple(dates),
            hooked=hooked,
            binding=binding,
            words=DecisionWords.of(self.bundle, spec, self.builder, settled=unknown),
            messages=MessageWords.of(spec, names, self.register),
            shared=frozenset(n for key in _keys(self.bundle, reach) for n in self._numbers.get(key, ())),
        )

    # --- rules ---

    def _share(self, spec: DecisionSpec) -> None:
        """Nodes that several rules share belong to their policy, or to their id if they are one written rule."""
        for node, rules in sharers(spec).items():
            if len({r.id for r in rules}) == 1:
                owner = Owner(spec.name, f"{spec.name}/{rules[0].id}", rules[0].id)
            else:
                policy = rules[0].policy
                owner = Owner(spec.name, f"{spec.name}/policy {policy}", f"policy `{policy}`")
            self.builder.shared[node] = owner

    def _rule(self, spec: DecisionSpec, rule: Rule, label: str) -> RuleWatch:
        owner = Owner(spec.name, f"{spec.name}/{label}", label)
        for node in x.walk(rule.guard):
            if isinstance(node, x.Compare) and node.left.type == DATE:
                self.builder.periods.add(id(node))
        if rule.deadline:
            self.builder.deadlines[id(rule.own)] = rule.deadline
        whole = x.And(items=tuple(p for p in rule.parts if not is_true(p)), span=rule.span)
        never, open_ = self.builder.proofs.never, self.builder.proofs.may_be_unknown(whole)
        about = f"rule {label}"
        items = {
            True: self._truth(owner, about, rule, "is true", never(whole, truth=True)),
            False: self._truth(owner, about, rule, "is false", never(whole, truth=False)),
            None: self._truth(
                owner, about, rule, "is unknown", "" if open_ else "nothing that it reads can be unknown"
            ),
        }
        return RuleWatch(rule, self.builder.condition(whole, owner), items)

    def _truth(self, owner: Owner, about: str, rule: Rule, what: str, proof: str) -> int:
        return self.register.add(Kind.RULE, owner, f"rule {what}", about, f"in which it {what}", rule.span, proof)

    # --- names ---

    def _definition(self, name: str) -> Scoped | None:
        key = f"definition {name}"
        if key not in self._named:
            definition = self.bundle.definitions[name]
            owner = Owner(None, key, f"`{name}`")
            body, first = definition.body, self.register.count
            probes: tuple[Probe, ...]
            probes = (self.builder.table(body, owner),) if isinstance(body, Table) else self.builder.value(body, owner)
            self._numbers[key] = range(first, self.register.count)
            self._named[key] = _scoped(definition.each, probes)
        return self._named[key]

    def _fact(self, name: str) -> Scoped | None:
        return self._default(_default_key(name), name, None, self.bundle.facts[name].default)

    def _field(self, list_name: str, name: str) -> Scoped | None:
        ls = self.bundle.lists[list_name]
        return self._default(_default_key(f"{ls.each}.{name}"), name, list_name, ls.fields[name].default)

    def _default(self, key: str, name: str, each: str | None, default: Expr | None) -> Scoped | None:
        if key not in self._named:
            first = self.register.count
            probes = () if default is None else self.builder.value(default, Owner(None, key, f"the {key}"))
            self._numbers[key] = range(first, self.register.count)
            self._named[key] = _scoped(each, probes, name)
        return self._named[key]

    def _dated(self, name: str) -> tuple[DateProbe, ...]:
        if name not in self._dates:
            parameter = self.bundle.parameters[name]
            owner = Owner(None, f"parameter {name}", f"parameter `{name}`")
            day = parameter.keyed_on
            starts = [v for v in parameter.values if v.start] if day else []
            first = self.register.count
            self._dates[name] = tuple(self.builder.date(day, v.start, owner, v.span) for v in starts if day and v.start)
            self._numbers[owner.path] = range(first, self.register.count)
        return self._dates[name]

    # --- payout and report ---

    def _hooked(self, spec: DecisionSpec) -> dict[int, tuple[Probe, ...]]:
        owner = Owner(spec.name, f"{spec.name}/report", f"the report of `{spec.name}`")
        parts: list[tuple[Expr, Owner]] = [(r.expr, owner) for r in spec.report]
        if spec.value:
            parts.append((spec.value, Owner(spec.name, f"{spec.name}/value", f"the value of `{spec.name}`")))
        if spec.payout:
            parts += _of_payout(spec, spec.payout)
        return {id(e): probes for e, of in parts if (probes := self.builder.value(e, of))}

    def _limits(self, spec: DecisionSpec, hooked: dict[int, tuple[Probe, ...]]) -> Mapping[str, int]:
        """The items of payout limits: those for binding, by id; those for not binding are watched for by ``hooked``."""
        binding: dict[str, int] = {}
        for step in steps_of(spec.payout) if spec.payout else ():
            for limit in step.limits if isinstance(step, LimitsStep) else ():
                owner, about = Owner(spec.name, f"{spec.name}/{limit.id}", limit.id), f"payout limit {limit.id}"
                never = "its condition is never true" if self.builder.proofs.never(limit.when, truth=True) else ""
                add = partial(self.register.add, Kind.PAYOUT, owner)
                binding[limit.id] = add("binds", about, "in which it binds", limit.span, never)
                free = add("does not bind", about, "in which it does not bind", limit.span, never)
                hooked[id(limit.to)] = (*hooked.get(id(limit.to), ()), self.builder.free(limit.to, free))
        return binding


def _default_key(name: str) -> str:
    return f"default of {name}"


def _keys(bundle: CheckedBundle, reach: Reach) -> Iterator[str]:
    """How the names that a decision reads begin the ids of their items."""
    yield from (f"definition {n}" for n in reach.definitions)
    yield from (f"parameter {n}" for n in reach.parameters)
    yield from (_default_key(n) for n in reach.facts)
    yield from (_default_key(f"{bundle.lists[ls].each}.{f}") for ls, f in reach.fields)


def _scoped(each: str | None, probes: tuple[Probe, ...], absent: str | None = None) -> Scoped | None:
    if not probes:
        return None

    return Scoped(each, probes, absent)


def _of_payout(spec: DecisionSpec, payout: Payout) -> list[tuple[Expr, Owner]]:
    def owner(name: str) -> Owner:
        return Owner(spec.name, f"{spec.name}/{name}", name)

    start = Owner(spec.name, f"{spec.name}/payout {payout.name}", f"payout `{payout.name}`")
    parts = [(payout.start, start), (payout.currency, start), *((e, start) for _, e in payout.by)]
    for step in steps_of(payout):
        own = owner(step_id) if (step_id := getattr(step, "id", None)) else start
        parts.append((step.when, own))
        if isinstance(step, SetStep):
            parts.append((step.to, own))
        for limit in step.limits if isinstance(step, LimitsStep) else ():
            parts += [(limit.when, owner(limit.id)), (limit.to, owner(limit.id))]
    return [(e, of) for e, of in parts if not is_true(e)]
