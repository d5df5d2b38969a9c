"""Slips in rules and decisions: rules that are missing, wrong verdicts, wrong order, evidence that is not asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, pairwise

from policyengine.check.kinds import KINDS
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import SplitIs
from policyengine.model.rules import Class, DecisionSpec, Rule, Step
from policyengine.mutation.operators.base import Change, Changes, Operator
from policyengine.mutation.sites import Owner, Site

_REFUSED = frozenset({Class.REFUSED})
_EXCLUSIONS = "exclusions"


def _numbered(spec: DecisionSpec, steps: Sequence[Sequence[Rule]], each: Sequence[str | None]) -> DecisionSpec:
    """The decision with these rules in its steps: rules are known by their place, so all are numbered anew."""
    numbers = count()
    made = tuple(
        Step(index=i, each=each[i], rules=tuple(replace(r, index=next(numbers), step=i) for r in rules))
        for i, rules in enumerate(steps)
    )
    warnings = tuple(replace(r, index=next(numbers)) for r in spec.warnings)
    return replace(spec, steps=made, warnings=warnings)


def _without(spec: DecisionSpec, rule: Rule) -> DecisionSpec:
    kept = replace(spec, warnings=tuple(r for r in spec.warnings if r is not rule))
    steps = [[r for r in step.rules if r is not rule] for step in spec.steps]
    return _numbered(kept, steps, [step.each for step in spec.steps])


def _rules(spec: DecisionSpec, *, exclusions: bool) -> Changes:
    for rule in spec.rules:
        if (rule.kind == _EXCLUSIONS) is exclusions:
            words = {"rule": rule.id, "title": f" ({rule.title})" if rule.title else "", "part": _part(rule)}
            yield Change(_without(spec, rule), words, rule.span, Owner("rule", rule.id, spec.name))


def _part(rule: Rule) -> str:
    """Which of the verdicts of a split a rule of the model gives; other rules give one."""
    return f", for {rule.own.outcome} of its parts," if isinstance(rule.own, SplitIs) else ""


def _rule(site: Site, _: CheckedBundle) -> Changes:
    return _rules(site.node, exclusions=False) if isinstance(site.node, DecisionSpec) else iter(())


def _exclusion(site: Site, _: CheckedBundle) -> Changes:
    return _rules(site.node, exclusions=True) if isinstance(site.node, DecisionSpec) else iter(())


def _verdict(site: Site, bundle: CheckedBundle) -> Changes:
    match site.node:
        case Rule() as rule if rule.word is not None and site.owner.decision is not None:
            spec = bundle.decisions[site.owner.decision]
            words = spec.element_verdicts if rule.each is not None else spec.verdicts
            for word in _legal(rule, words):
                new = replace(rule, word=word, rule_class=words[word])
                yield Change(new, {"what": f"{site.owner}{_part(rule)}", "old": rule.word, "new": word})
        case DecisionSpec(otherwise=rest) as spec if rest is not None:
            words = spec.element_verdicts if spec.each is not None else spec.verdicts
            for word in words:
                if word != rest.word and words[word] is not Class.PARTLY:
                    new_spec = replace(spec, otherwise=replace(rest, word=word))
                    what = f"what holds otherwise in {site.owner}"
                    yield Change(new_spec, {"what": what, "old": rest.word, "new": word}, rest.span)


def _legal(rule: Rule, words: Mapping[str, Class]) -> Iterator[str]:
    """Other verdicts that the checker would let such a rule give."""
    allowed = _allowed(rule)
    yield from (w for w, c in words.items() if c in allowed and w != rule.word)


def _allowed(rule: Rule) -> frozenset[Class]:
    if isinstance(rule.own, SplitIs):
        return _REFUSED if rule.own.outcome == "none" else frozenset({Class.GRANTED})
    if rule.deadline is not None:
        return _REFUSED if rule.deadline.kind == "by" else frozenset({Class.PENDING})
    return KINDS[rule.kind].allowed


def _steps(site: Site, _: CheckedBundle) -> Changes:
    """Two neighbouring steps change places, if their order can decide anything."""
    spec = site.node
    if not isinstance(spec, DecisionSpec):
        return
    for i, (first, second) in enumerate(pairwise(spec.steps)):
        if _meet(first, second):
            order = [*spec.steps[:i], second, first, *spec.steps[i + 2 :]]
            new = _numbered(spec, [s.rules for s in order], [s.each for s in order])
            words = {"first": _policies(first), "second": _policies(second)}
            yield Change(new, words)


def _meet(first: Step, second: Step) -> bool:
    """Whether one step may take the word of the other.

    The document and its elements are weighed apart, and a refusal comes before everything else in whatever step it is.
    """
    if first.each != second.each:
        return False
    refuses = [{r.rule_class is Class.REFUSED for r in step.rules} for step in (first, second)]
    has_days = any(r.deadline for r in (*first.rules, *second.rules))
    return bool(refuses[0] & refuses[1]) or has_days


def _policies(step: Step) -> str:
    names = dict.fromkeys(r.policy for r in step.rules)
    return " and ".join(f"`{name}`" for name in names) or "an empty step"


def _precedence(site: Site, _: CheckedBundle) -> Changes:
    """Two neighbouring verdicts of one class change places, if that can decide anything; elsewhere the class does."""
    spec = site.node
    if not isinstance(spec, DecisionSpec):
        return
    for part, words in (("verdicts", spec.verdicts), ("element_verdicts", spec.element_verdicts)):
        for class_ in Class:
            same = [w for w, c in words.items() if c is class_]
            for first, second in pairwise(same):
                if not _rivals(spec, part, {first, second}):
                    continue
                swap = {first: second, second: first}
                order = {swap.get(w, w): words[swap.get(w, w)] for w in words}
                yield Change(replace(spec, **{part: order}), {"first": first, "second": second})  # type: ignore[arg-type]


def _rivals(spec: DecisionSpec, part: str, words: set[str]) -> bool:
    """Whether rank matters: in a step that gives both words, and where the elements' verdicts make the document's."""
    if part == "verdicts" and spec.each is not None:
        return True
    of_elements = part == "element_verdicts"
    steps = (s for s in spec.steps if (s.each is not None) is of_elements)
    return any(words <= {r.word for r in step.rules} for step in steps)


def _needs(site: Site, _: CheckedBundle) -> Changes:
    if isinstance(site.node, Rule):
        for need in site.node.needs:
            kept = tuple(n for n in site.node.needs if n != need)
            yield Change(replace(site.node, needs=kept), {"need": need})


def _report(site: Site, _: CheckedBundle) -> Changes:
    if isinstance(site.node, DecisionSpec):
        for one in site.node.report:
            kept = tuple(r for r in site.node.report if r is not one)
            yield Change(replace(site.node, report=kept), {"value": one.name}, one.expr.span)


OPERATORS = (
    Operator(
        id="rule-dropped",
        title="a rule is missing",
        sentence="rule {rule}{title}{part} is missing",
        on=(DecisionSpec,),
        changes=_rule,
    ),
    Operator(
        id="exclusion-dropped",
        title="an exclusion is missing",
        sentence="exclusion {rule}{title} is missing",
        on=(DecisionSpec,),
        changes=_exclusion,
    ),
    Operator(
        id="verdict-swapped",
        title="another verdict is given",
        sentence="{what} gives `{new}` instead of `{old}`",
        on=(Rule, DecisionSpec),
        changes=_verdict,
    ),
    Operator(
        id="steps-swapped",
        title="two neighbouring steps change places",
        sentence="the step of {second} comes before that of {first} in {where}",
        on=(DecisionSpec,),
        changes=_steps,
    ),
    Operator(
        id="verdicts-swapped",
        title="two neighbouring verdicts of one class change places",
        sentence="verdict `{second}` ranks above `{first}` in {where}",
        on=(DecisionSpec,),
        changes=_precedence,
    ),
    Operator(
        id="need-dropped",
        title="a kind of evidence is not asked for",
        sentence="{where} does not name `{need}` among its needs",
        on=(Rule,),
        changes=_needs,
    ),
    Operator(
        id="report-dropped",
        title="a value is not reported",
        sentence="{where} does not report `{value}`",
        on=(DecisionSpec,),
        changes=_report,
    ),
)
