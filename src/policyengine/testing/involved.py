"""Which cases a rule plays a part in: those that name it, and those whose answer it is in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from policyengine.engine.engine import Engine
from policyengine.errors import RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.testing.model import Case

# Only which cases to run is asked here, not whether they pass: the fastest engine will do.
_ENGINE = "compiled"


def involving(bundle: CheckedBundle, cases: Iterable[Case], rules: Collection[str]) -> list[Case]:
    """The cases that expect one of these rules, present or absent, or whose answer names one.

    An answer names a rule as a reason, a warning, a deadline, a step of an amount, or as waiting for a fact.
    """
    with Engine(bundle, _ENGINE, check=False) as engine:
        return [c for c in cases if _named(c, rules) or _answered(engine, c, rules)]


def _named(case: Case, rules: Collection[str]) -> bool:
    for expected in case.expected:
        value = expected.value
        named = [str(v) for v in value] if isinstance(value, list | dict) else []
        if expected.key == "deadlines":
            named = [n.partition("[")[0] for n in (*named, expected.item or "")]
        if any(n in rules for n in named):
            return True
    return False


def _answered(engine: Engine, case: Case, rules: Collection[str]) -> bool:
    try:
        decision = engine.decide(case.decision, case.facts, as_of=case.as_of)
    except RequestError:
        return False
    return any(rule in rules for rule in ids_in(decision))


def ids_in(decision: Decision) -> Iterator[str | None]:
    """Every rule id that an answer names, some more than once."""
    yield from (r.rule for r in (*decision.reasons, *decision.warnings))
    yield from (r.rule for e in decision.elements for r in e.reasons)
    yield from (d.rule for d in decision.deadlines)
    yield from (s.rule for a in decision.amounts for s in a.steps)
    yield from (rule for m in decision.missing for rule in m.rules)
