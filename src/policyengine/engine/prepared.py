"""What is worked out once for each decision of a bundle, so that a case costs only what depends on its facts."""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.engine.remarks import DateOrder
from policyengine.engine.resolve import Rulebook
from policyengine.engine.work import Workload
from policyengine.engine.working_days import WorkingDays
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Reason
from policyengine.model.expr import is_true
from policyengine.model.rules import Class, DecisionSpec, Rule, Split
from policyengine.model.vocabulary import Fact
from policyengine.model.wording import fixed_sentence
from policyengine.values.types import Kind

UNDETERMINED = "undetermined"
#: How a fact is asked for: its title, the word for its type, and the members to choose from.
AskedAs = tuple[str | None, str, tuple[str, ...] | None]


class Questions:
    """How each fact of a bundle is asked for."""

    __slots__ = ("_fields", "_names")

    def __init__(self, bundle: CheckedBundle) -> None:
        self._names: dict[str, AskedAs] = {name: _asked_as(fact) for name, fact in bundle.facts.items()}
        self._names |= {name: (ls.title, "list", None) for name, ls in bundle.lists.items()}
        self._fields = {(name, f.name): _asked_as(f) for name, ls in bundle.lists.items() for f in ls.fields.values()}

    def of(self, address: str) -> AskedAs:
        """How to ask for an address such as ``order.total``, ``claims`` or ``claims[c1].amount``."""
        found = self._names.get(address)
        if found is not None:
            return found
        # An id may hold any character, a field's name only letters, digits and underscores.
        return self._fields[address.partition("[")[0], address.rpartition("].")[2]]


def _asked_as(fact: Fact) -> AskedAs:
    kind = fact.type.kind
    return fact.title, str(kind), fact.type.members if kind in (Kind.ENUM, Kind.SET) else None


class Prepared:
    """One decision, prepared.

    ``outcomes`` holds the class of a verdict word (None: undetermined) and its name, ``element_outcomes`` the same of
    an element's word. ``ready`` are the reasons, by rule index, whose words are the same in every case, ``otherwise``
    the like for what holds otherwise. ``dated`` are the rules with a last day, ``splits`` those of splits,
    ``of_elements`` all that the elements are asked. ``warnings`` come with what has to hold for them.
    """

    __slots__ = (
        "book",
        "bundle",
        "dated",
        "element_outcomes",
        "identity",
        "of_elements",
        "order",
        "otherwise",
        "outcomes",
        "questions",
        "ready",
        "spec",
        "splits",
        "warnings",
        "working_days",
        "workload",
    )

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self.bundle, self.spec = bundle, spec
        self.identity = (bundle.id, bundle.version, bundle.digest)
        self.book = Rulebook(spec)
        self.working_days = WorkingDays(bundle, spec)
        self.workload = Workload(bundle, spec)
        self.order = DateOrder(bundle)
        self.questions = Questions(bundle)
        self.outcomes = _outcomes(spec.verdicts)
        self.element_outcomes = _outcomes(spec.element_verdicts)
        self.ready = _ready(self.book.rules)
        self.otherwise = _ready_otherwise(spec)
        rules = [r for step in spec.steps for r in step.rules]
        self.dated = tuple((r, r.deadline) for r in rules if r.deadline)
        self.splits: tuple[tuple[Rule, Split], ...] = tuple((r, r.split) for r in rules if r.split)
        self.warnings = tuple((r, tuple(p for p in r.parts if not is_true(p))) for r in spec.warnings)
        self.of_elements = tuple(r for step in spec.steps if step.each is not None for r in step.rules)


def _outcomes(words: Mapping[str, Class]) -> Mapping[str | None, tuple[Class | None, str]]:
    return {None: (None, UNDETERMINED), **{word: (of, str(of)) for word, of in words.items()}}


def _ready(rules: tuple[Rule, ...]) -> Mapping[int, Reason]:
    found = ((r, fixed_sentence(r.because)) for r in rules)
    return {r.index: Reason(rule=r.id, message=m, source=r.source, at=r.span.at) for r, m in found if m is not None}


def _ready_otherwise(spec: DecisionSpec) -> Reason | None:
    rest = spec.otherwise
    message = fixed_sentence(rest.because) if rest and rest.because else None
    if rest is None or rest.id is None or message is None:
        return None
    return Reason(rule=rest.id, message=message, source=rest.source, at=rest.span.at)
