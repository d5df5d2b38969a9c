"""What a careful reader would remark about a good bundle. Lints never stop it from being used."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator

from policyengine.check.constant_conditions import constant_conditions, unreachable
from policyengine.check.uses import Uses
from policyengine.diagnostics import Diagnostic, Diagnostics, Severity
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec, LimitsStep, NoteStep, Payout, Rule, SetStep
from policyengine.model.vocabulary import Fact
from policyengine.source import Span


def lint_bundle(bundle: CheckedBundle) -> tuple[Diagnostic, ...]:
    """All lints that the bundle alone gives, by place."""
    return _sorted((*_sources(bundle), *_unused(bundle), *_conditions(bundle), *_twins(bundle)))


def lint_untested(bundle: CheckedBundle, tested: Collection[str]) -> tuple[Diagnostic, ...]:
    """A lint for every rule id that may be a reason and is not among ``tested``, the ids that cases expect."""
    missing = {i.id: i for d in bundle.decisions.values() for i in _reported(d) if i.id not in tested}
    help_ = "add a case in which it is a reason"
    return _sorted(_lint("untested-rule", f"no case expects rule `{i.id}`", i.span, help_) for i in missing.values())


def _lint(name: str, message: str, span: Span, help_: str) -> Diagnostic:
    return Diagnostic(f"lint/{name}", message, span, help_, Severity.LINT)


def _sorted(found: Collection[Diagnostic] | Iterator[Diagnostic]) -> tuple[Diagnostic, ...]:
    sink = Diagnostics()
    for item in found:
        sink.add(item)
    return sink.sorted()


# -- sources ------------------------------------------------------------------------------------


class _Reported:
    """An id that may be among the reasons of an answer."""

    def __init__(self, id_: str, source: str | None, span: Span) -> None:
        self.id, self.source, self.span = id_, source, span


def _reported(decision: DecisionSpec) -> Iterator[_Reported]:
    """Every id that the decision may report, editions of one rule each."""
    yield from (_Reported(r.id, r.source, r.span) for r in decision.rules if not r.silent)
    if decision.otherwise is not None and decision.otherwise.id is not None:
        yield _Reported(decision.otherwise.id, decision.otherwise.source, decision.otherwise.span)
    if decision.payout is not None:
        yield from _paid(decision.payout)


def _paid(payout: Payout) -> Iterator[_Reported]:
    for step in (*payout.element_steps, *payout.group_steps, *payout.total_steps):
        match step:
            case LimitsStep():
                yield from (_Reported(i.id, i.source, i.span) for i in step.limits)
            case SetStep() | NoteStep() if step.id is not None:
                yield _Reported(step.id, step.source, step.span)


def _sources(bundle: CheckedBundle) -> Iterator[Diagnostic]:
    for decision in bundle.decisions.values():
        for item in _reported(decision):
            if item.source is None:
                words = f"rule `{item.id}` names no source"
                yield _lint("no-source", words, item.span, "add `source:` with the paper that it comes from")


# -- unused names -------------------------------------------------------------------------------


def _unused(bundle: CheckedBundle) -> Iterator[Diagnostic]:
    used = Uses(bundle).names
    help_ = "take it out, or use it"
    for name, fact in _facts(bundle):
        if name not in used:
            yield _lint("unused-fact", f"no policy reads fact `{name}`", fact.span, help_)
    for parameter in bundle.parameters.values():
        if parameter.name not in used:
            yield _lint("unused-parameter", f"nothing reads parameter `{parameter.name}`", parameter.span, help_)
    for definition in bundle.definitions.values():
        if definition.name not in used:
            yield _lint("unused-definition", f"nothing reads definition `{definition.name}`", definition.span, help_)


def _facts(bundle: CheckedBundle) -> Iterator[tuple[str, Fact]]:
    yield from bundle.facts.items()
    for item in bundle.lists.values():
        yield from ((f"{item.name}.{f.name}", f) for f in item.fields.values() if f.name != item.id_field)


# -- conditions ---------------------------------------------------------------------------------


def _conditions(bundle: CheckedBundle) -> Iterator[Diagnostic]:
    for decision in bundle.decisions.values():
        for rule in decision.rules:
            constant = [(e, truth) for part in rule.parts for e, truth in constant_conditions(bundle, part)]
            for e, truth in constant:
                words = f"`{e.span.underlined}` is always {str(truth).lower()}"
                yield _lint("constant-condition", words, e.span, "take it out, or test something that may differ")
            why = None if constant else unreachable(bundle, rule)
            if why is not None:
                words = f"rule `{rule.id}` can never hold: no `{why.span.underlined}` passes all its tests"
                yield _lint("unreachable-rule", words, rule.span, "take one of the tests out, or write `any:`")


def _twins(bundle: CheckedBundle) -> Iterator[Diagnostic]:
    for decision in bundle.decisions.values():
        # Rules by what they say: comparing every two would take hours for thousands of rules.
        alike: dict[Hashable, list[Rule]] = {}
        for rule in (r for r in decision.rules if r.split is None and not all(map(x.is_true, r.parts))):
            seen = alike.setdefault((rule.each, rule.word, rule.parts), [])
            twin = next((r for r in seen if r.id != rule.id), None)
            if twin is not None:
                words = f"rule `{rule.id}` has the same condition as `{twin.id}`"
                yield _lint("same-condition", words, rule.span, f"the other is at {twin.span.place}")
            seen.append(rule)
