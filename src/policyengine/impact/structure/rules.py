"""Rules: which one became which, and what changed in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from policyengine.explaining.wording import words
from policyengine.impact.structure.aspects import changed, compare_aspects
from policyengine.impact.structure.change import Change, at
from policyengine.impact.structure.conditions import compare_expressions
from policyengine.impact.structure.meaning import meaning, same
from policyengine.impact.structure.showing import LONGEST_TEXT, cell_text, cut, shortened, written
from policyengine.model.expr import Expr, Not, SplitIs, is_true, walk
from policyengine.model.rules import Deadline, DecisionSpec, Rule

Pair = tuple[Rule, Rule]


@dataclass(frozen=True, slots=True)
class MatchedRules:
    """``both``: rules with their new editions, by the new order; ``renamed``: those of them that have another id."""

    both: tuple[Pair, ...]
    renamed: tuple[Pair, ...]
    gone: tuple[Rule, ...]
    came: tuple[Rule, ...]


def matched_rules(old: DecisionSpec, new: DecisionSpec) -> MatchedRules:
    """Match by id, editions of one id that are equal first; then by everything but the id."""
    left, came, both = list(old.rules), list(new.rules), list[Pair]()
    # From the surest match to the least: nothing changed; the same place among rules of an id; only the id changed.
    for key in (_edition, _id, _nameless):
        waiting: dict[str, list[Rule]] = {}
        for rule in left:
            waiting.setdefault(key(rule), []).append(rule)
        found = [(same_key.pop(0), rule) for rule in came if (same_key := waiting.get(key(rule)))]
        taken = {id(o) for o, _ in found}, {id(n) for _, n in found}
        left = [r for r in left if id(r) not in taken[0]]
        came = [r for r in came if id(r) not in taken[1]]
        both += found
    both.sort(key=lambda pair: pair[1].index)
    return MatchedRules(tuple(both), tuple(p for p in both if p[0].id != p[1].id), tuple(left), tuple(came))


def _id(rule: Rule) -> str:
    return rule.id


def _edition(rule: Rule) -> str:
    return f"{rule.id} {_nameless(rule)}"


def _nameless(rule: Rule) -> str:
    """Everything but the id, and where the rule stands."""
    return meaning(replace(rule, id="", index=0, policy="", step=0 if rule.step is not None else None))


def rules(old: DecisionSpec, new: DecisionSpec, found: MatchedRules) -> Iterator[Change]:
    """Every change of the rules of a decision, but for the steps they stand in."""
    decision = new.name
    for rule in found.gone:
        told = _told(rule, old, past=True)
        yield Change(
            what="rule", names=(rule.id,), decision=decision, aspect="removed", text=f"is gone; it {told}",
            old=told, old_at=at(rule.span),
        )  # fmt: skip
    for rule in found.came:
        yield Change(
            what="rule", names=(rule.id,), decision=decision, aspect="added", text=f"is new: {_told(rule, new)}",
            new=_told(rule, new), new_at=at(rule.span),
        )  # fmt: skip
    for before, after in found.renamed:
        yield Change(
            what="rule", names=(after.id,), decision=decision, aspect="renamed",
            text=f"is the new id of `{before.id}`, otherwise equal", old=before.id, new=after.id,
            old_at=at(before.span), new_at=at(after.span),
        )  # fmt: skip
    for before, after in found.both:
        yield from _rule(decision, before, after)


def _told(rule: Rule, spec: DecisionSpec, *, past: bool = False) -> str:
    """What a rule does, or did, and where it stands, on one line."""
    condition = " and ".join(words(p) for p in rule.parts if not is_true(p)) or "always"
    gives, warns = ("gave", "warned") if past else ("gives", "warns")
    does = warns if rule.warning else f"{gives} `{rule.word}` ({rule.rule_class})"
    step = "" if rule.step is None else f" in step {rule.step + 1} of {len(spec.steps)}"
    return cut(f"{does}{step} (policy {rule.policy}) when {shortened(condition, LONGEST_TEXT)}", LONGEST_TEXT)


def _rule(decision: str, old: Rule, new: Rule) -> Iterator[Change]:
    told = [*_conditions(decision, old, new), *compare_aspects("rule", new.id, old, new, decision=decision)]
    if not told and _nameless(old) != _nameless(new):
        # No difference is passed over in silence, even one for which there are no better words.
        told.append(
            Change(
                what="rule",
                names=(new.id,),
                decision=decision,
                aspect="meaning",
                text="now means something else",
                old_at=at(old.span),
                new_at=at(new.span),
            )
        )
    yield from told


def _conditions(decision: str, old: Rule, new: Rule) -> Iterator[Change]:
    base = Change(what="rule", names=(new.id,), decision=decision, aspect="condition", text="")
    yield from compare_expressions(replace(base, aspect="when it is asked"), old.guard, new.guard)
    yield from compare_expressions(base, old.applies, new.applies)
    if old.deadline is not None and new.deadline is not None:
        yield from _deadline(base, old.deadline, new.deadline, (old, new))
    elif old.split is not None and new.split is not None:
        for change in compare_aspects("rule", new.id, old.split, new.split, decision=decision):
            yield replace(change, old_at=change.old_at or at(old.span), new_at=change.new_at or at(new.span))
        # Which of the three outcomes of the split this rule is for shows in nothing else.
        if _outcomes(old.own) != _outcomes(new.own):
            yield changed(replace(base, aspect="outcome"), written(old.own), written(new.own))
    else:
        yield from _own(base, old, new)


def _outcomes(own: Expr) -> list[str]:
    return [node.outcome for node in walk(own) if isinstance(node, SplitIs)]


def _deadline(base: Change, old: Deadline, new: Deadline, rules_: Pair) -> Iterator[Change]:
    base = replace(base, aspect="deadline")
    if old.kind != new.kind:
        text = f"its day is now given with `{new.kind}`, and was with `{old.kind}`"
        old_at, new_at = (at(r.span) for r in rules_)
        yield replace(base, text=text, old=old.kind, new=new.kind, old_at=old_at, new_at=new_at)
    yield from compare_expressions(base, old.date, new.date, "last day: ")
    yield from compare_expressions(base, old.act, new.act, "act that must be in time: ")


def _own(base: Change, old: Rule, new: Rule) -> Iterator[Change]:
    """What is required, or allowed; both are said without the `not` that makes a rule of them."""
    if old.measure is not None and new.measure is not None and not same(old.measure, new.measure):
        yield from compare_expressions(replace(base, aspect="measure"), old.measure, new.measure, "measures: ")
        if cell_text(_asked(old.own)) == cell_text(_asked(new.own)):
            return
    required = all(isinstance(r.own, Not) for r in (old, new))
    aspect = "limit" if old.measure is not None else ("requirement" if required else "condition")
    before, after = (_asked(old.own), _asked(new.own)) if required else (old.own, new.own)
    if aspect == "limit" and not same(before, after):
        yield changed(
            replace(base, aspect=aspect, old_at=at(before.span), new_at=at(after.span)),
            cell_text(before),
            cell_text(after),
        )
    elif not (is_true(before) and is_true(after)):
        yield from compare_expressions(replace(base, aspect=aspect), before, after)


def _asked(own: Expr) -> Expr:
    return own.item if isinstance(own, Not) else own
