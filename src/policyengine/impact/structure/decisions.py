"""Decisions: their verdicts, steps, rules, what holds otherwise, what they report and pay."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.impact.structure.aspects import compare_aspects
from policyengine.impact.structure.change import Change, at
from policyengine.impact.structure.meaning import same
from policyengine.impact.structure.named import matched, presence
from policyengine.impact.structure.payouts import payouts
from policyengine.impact.structure.rules import matched_rules, rules
from policyengine.impact.structure.showing import written
from policyengine.impact.structure.steps import steps
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec


def decisions(old: CheckedBundle, new: CheckedBundle) -> Iterator[Change]:
    """Every change of decisions."""
    found = matched(old.decisions, new.decisions)
    yield from presence("decision", found, _told)
    for before, after in found.both:
        yield from _decision(before, after)


def _told(spec: DecisionSpec) -> str:
    if spec.value is not None:
        return f"the value of `{written(spec.value)}`"
    return f"{len(spec.rules)} rules, verdicts {', '.join(spec.verdicts)}"


def _decision(old: DecisionSpec, new: DecisionSpec) -> Iterator[Change]:
    yield from compare_aspects("decision", new.name, old, new)
    pairs = matched_rules(old, new)
    yield from steps(old, new, pairs)
    yield from rules(old, new, pairs)
    yield from _otherwise(old, new)
    yield from payouts(old, new)
    yield from _report(old, new)


def _otherwise(old: DecisionSpec, new: DecisionSpec) -> Iterator[Change]:
    before, after = old.otherwise, new.otherwise
    if before is not None and after is not None:
        yield from compare_aspects("otherwise", "", before, after, decision=new.name)
    elif before is not None or after is not None:
        # Only a decision that became a value, or was one, has none.
        yield Change(
            what="otherwise", names=(), decision=new.name, aspect="presence", text="is new" if after else "is gone",
            old=before.word if before else None, new=after.word if after else None,
            old_at=at(before.span) if before else None, new_at=at(after.span) if after else None,
        )  # fmt: skip


def _report(old: DecisionSpec, new: DecisionSpec) -> Iterator[Change]:
    before, after = ({r.name: r.expr for r in s.report} for s in (old, new))

    def change(text: str, was: str | None, is_: str | None) -> Change:
        return Change(
            what="decision", names=(new.name,), aspect="report", text=text, old=was, new=is_,
            old_at=at(old.span), new_at=at(new.span),
        )  # fmt: skip

    yield from (change(f"no longer reports `{name}`", name, None) for name in before if name not in after)
    for name, e in after.items():
        if name not in before:
            yield change(f"now also reports `{name}`", None, name)
        elif not same(before[name], e):
            yield change(f"what it reports as `{name}` is something else now", name, name)
