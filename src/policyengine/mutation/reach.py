"""Which decisions can see what is written somewhere: all whose rules lead to it through names.

More than can be seen may be named here, never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import AsOf, Call, DefinitionRef, FactRef, ItemField, ListRef, Literal, ParameterRef, Pluck
from policyengine.model.rules import Payout, Rule
from policyengine.mutation.paths import below
from policyengine.mutation.sites import Owner
from policyengine.values.dates import Duration

#: A kind of owner and its name.
Name = tuple[str, str]
#: Functions whose last argument names a calendar.
_BY_CALENDAR = ("roll", "working_days")


class Reach:
    """What the decisions of a bundle lead to. Sentences do not count: no case expects the words of a reason."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._direct: dict[Name, frozenset[Name]] = {}
        #: What decides whether a request is read at all: facts with a currency, and all that leads to it.
        self.reading = self._closure(_of_currencies(bundle))
        self._of = {d: self._closure(names_in(spec)) for d, spec in bundle.decisions.items()}

    def read_by(self, rule: Rule) -> frozenset[Name]:
        """All that the condition of a rule leads to."""
        return self._closure(names_in(rule.parts))

    @property
    def names(self) -> frozenset[Name]:
        """All that is read by any decision, or in reading requests."""
        return self.reading.union(*self._of.values())

    def read_together(self, decision: str, owner: Owner) -> tuple[frozenset[str], ...]:
        """For each rule, payout or report of a decision that leads to an owner: the facts that it reads.

        Fields of a list are ``list.field``, the day of the decision is ``as_of``. What belongs to a decision as a whole
        is led to by all of it together.
        """
        spec = self._bundle.decisions[decision]
        if owner.kind == "decision":
            return (_facts(self._of[decision]),)
        parts: list[object] = [*spec.rules, spec.payout, *spec.report, spec.value]
        found = [self._closure((*names_in(part), *_own(part))) for part in parts if part is not None]
        return tuple(dict.fromkeys(_facts(names) for names in found if (owner.kind, owner.name) in names))

    @property
    def everywhere(self) -> tuple[str, ...]:
        """Every decision."""
        return tuple(self._of)

    def decisions(self, owner: Owner) -> tuple[str, ...]:
        """The decisions that can see what belongs to an owner, in the order of the bundle."""
        if owner.decision is not None:
            return (owner.decision,)
        name = (owner.kind, owner.name)
        if name in self.reading:
            return tuple(self._of)
        return tuple(d for d, names in self._of.items() if name in names)

    def _closure(self, names: Iterable[Name]) -> frozenset[Name]:
        found: set[Name] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(self._behind(name))
        return frozenset(found)

    def _behind(self, name: Name) -> frozenset[Name]:
        if name not in self._direct:
            self._direct[name] = frozenset(names_in(self._declared(name)))
        return self._direct[name]

    def _declared(self, name: Name) -> object:
        kind, of = name
        match kind:
            case "definition":
                return self._bundle.definitions[of]
            case "parameter":
                return self._bundle.parameters[of]
            case "fact" if of in self._bundle.facts:
                return self._bundle.facts[of].default
            case "fact":
                list_, _, field = of.rpartition(".")
                return self._bundle.lists[list_].fields[field].default
            case _:
                return None


def _of_currencies(bundle: CheckedBundle) -> Iterator[Name]:
    fields = ((f"{items.name}.{f.name}", f) for items in bundle.lists.values() for f in items.fields.values())
    for name, fact in (*bundle.facts.items(), *fields):
        if fact.currency is not None:
            yield ("fact", name)
            yield from names_in(fact.currency)


def names_in(node: object) -> Iterator[Name]:
    """The names that something mentions, however deep."""
    stack = [node]
    while stack:
        found = stack.pop()
        yield from _named(found)
        stack.extend(child for _, child in below(found))


def _named(node: object) -> tuple[Name, ...]:
    match node:
        case AsOf():
            return (("day", "as_of"),)
        case FactRef(name=name):
            return (("fact", name),)
        case ItemField(list=list_, field=field):
            return ("fact", f"{list_}.{field}"), ("list", list_)
        case ListRef(name=name):
            return (("list", name),)
        case Pluck(list=column, field=field):
            return (("fact", f"{column.type.name}.{field}"),)
        case ParameterRef(name=name):
            return (("parameter", name),)
        case DefinitionRef(name=name):
            return (("definition", name),)
        case Duration(calendar=str() as calendar):
            return (("calendar", calendar),)
        case Call(function=function, args=(*_, Literal(value=str() as calendar))) if function in _BY_CALENDAR:
            return (("calendar", calendar),)
        case _:
            return ()


def _own(part: object) -> Iterator[Name]:
    """The name of a rule or payout itself."""
    if isinstance(part, Rule):
        yield ("rule", part.id)
    elif isinstance(part, Payout):
        yield ("payout", part.name)


def _facts(names: Iterable[Name]) -> frozenset[str]:
    return frozenset(name for kind, name in names if kind in ("fact", "list", "day"))
