"""The order in which rules are weighed: steps, and the policies in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policyengine.impact.structure.change import Change, Weight, at
from policyengine.impact.structure.rules import MatchedRules, Pair
from policyengine.model.rules import DecisionSpec, Rule, Step


def steps(old: DecisionSpec, new: DecisionSpec, found: MatchedRules) -> Iterator[Change]:
    """Steps in another order or grouping, rules that stand in another one, policies that have another name."""
    renamed = _renamed(old, new, found.both)
    for was, is_ in renamed.items():
        yield Change(
            what="policy", names=(is_,), decision=new.name, aspect="renamed", weight=Weight.WORDING,
            text=f"is the new name of `{was}`", old=was, new=is_,
        )  # fmt: skip
    policies = {renamed.get(r.policy, r.policy) for r in old.rules} & {r.policy for r in new.rules}
    groups = _groups(old.steps, policies, renamed), _groups(new.steps, policies, {})
    if groups[0] != groups[1]:
        # Of whose elements a step is asked goes without saying, unless that is what changed.
        lines = [[_line(s.steps, whom=whom) for s in (old, new)] for whom in (False, True)]
        was, is_ = lines[0] if lines[0][0] != lines[0][1] else lines[1]
        yield Change(
            what="decision", names=(new.name,), aspect="steps", text=f"steps changed from `{was}` to `{is_}`",
            old=was, new=is_, old_at=at(old.span), new_at=at(new.span),
        )  # fmt: skip
    weighed_alike = _weighed(old, [o for o, _ in found.both]) == _weighed(new, [n for _, n in found.both])
    for before, after in found.both:
        if renamed.get(before.policy, before.policy) != after.policy:
            weight = Weight.WORDING if weighed_alike else Weight.MEANING
            yield _moved(new.name, before, after, (old, new), weight)


def _renamed(old: DecisionSpec, new: DecisionSpec, pairs: Iterable[Pair]) -> Mapping[str, str]:
    """Policies that are there under another name: a rule of theirs moved from a name that is gone to a new one."""
    olds, news = {r.policy for r in old.rules}, {r.policy for r in new.rules}
    found: dict[str, str] = {}
    for before, after in pairs:
        if before.policy not in news and after.policy not in olds and after.policy not in found.values():
            found.setdefault(before.policy, after.policy)
    return found


def _groups(steps_: Iterable[Step], known: set[str], renamed: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The policies of each step that are in both editions; steps without any are left out."""
    named = ((s, {renamed.get(r.policy, r.policy) for r in s.rules} & known) for s in steps_)
    return [(s.each or "", *sorted(policies)) for s, policies in named if policies]


def _weighed(spec: DecisionSpec, rules: list[Rule]) -> list[set[int]]:
    """Which of the rules, by their numbers, are weighed together, step after step."""
    number = {id(rule): n for n, rule in enumerate(rules)}
    together = [{number[id(r)] for r in s.rules if id(r) in number} for s in spec.steps]
    return [step for step in together if step]


def _line(steps_: Iterable[Step], *, whom: bool) -> str:
    return " · ".join(" + ".join(dict.fromkeys(r.policy for r in s.rules)) + (_whom(s) if whom else "") for s in steps_)


def _whom(step: Step) -> str:
    return f" (for each of {step.each})" if step.each else ""


def _moved(decision: str, old: Rule, new: Rule, specs: tuple[DecisionSpec, DecisionSpec], weight: Weight) -> Change:
    before, after = (_where(r, s) for r, s in zip((old, new), specs, strict=True))
    return Change(
        what="rule", names=(new.id,), decision=decision, aspect="step", text=f"moved from {before} to {after}",
        weight=weight, old=before, new=after, old_at=at(old.span), new_at=at(new.span),
    )  # fmt: skip


def _where(rule: Rule, spec: DecisionSpec) -> str:
    place = "the warnings" if rule.step is None else f"step {rule.step + 1} of {len(spec.steps)}"
    return f"{place} (policy {rule.policy})"
