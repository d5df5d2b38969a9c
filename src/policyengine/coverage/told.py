"""Which sentences an answer tells: of the rules behind its verdicts, of warnings, and of what holds otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.engine.answer import warned_elements, warning_holds
from policyengine.engine.case import Case
from policyengine.engine.levels import Level
from policyengine.model.expr import Expr
from policyengine.model.rules import Rule


def told_rules(case: Case) -> Iterator[Rule]:
    """The rules whose sentence stands in the answer: under the whole, under an element, or as a warning."""
    resolution = case.resolution
    if resolution.word is not None and not resolution.by_elements:
        yield from _first_of_each_id(resolution.document.reasons)
    for level in _settled_elements(case):
        yield from _first_of_each_id(level.reasons)
    yield from _first_of_each_id(rule for rule, parts in case.prepared.warnings if _warns(case, rule, parts))


def _warns(case: Case, rule: Rule, parts: tuple[Expr, ...]) -> bool:
    elements = (None,) if rule.each is None else warned_elements(case, rule.each)
    return any(warning_holds(case, parts, e) for e in elements)


def tells_otherwise(case: Case) -> bool:
    """Whether the answer says what holds otherwise."""
    resolution = case.resolution
    document = resolution.word is not None and not resolution.by_elements and resolution.document.otherwise
    return document or any(level.otherwise for level in _settled_elements(case))


def _settled_elements(case: Case) -> list[Level]:
    return [level for level in case.resolution.elements or () if level.word is not None]


def _first_of_each_id(rules: Iterable[Rule]) -> Iterable[Rule]:
    """Editions of a rule that hold together are told once, in the words of the first."""
    first: dict[str, Rule] = {}
    for rule in rules:
        first.setdefault(rule.id, rule)
    return first.values()
