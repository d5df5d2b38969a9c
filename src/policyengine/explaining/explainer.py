"""Explanations of one bundle's decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from types import TracebackType
from typing import Final, Self

from policyengine.diagnostics import did_you_mean
from policyengine.engine.engine import Engine
from policyengine.errors import UnknownName
from policyengine.explaining.assumed import assumptions
from policyengine.explaining.changes import Case, Changes, budget, nearest_changes
from policyengine.explaining.payouts import PaidStep, paid_steps, payout_ids, why_paid
from policyengine.explaining.summary import summary
from policyengine.explaining.why_not import WhyNot, why_each, why_not
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.rules import DecisionSpec
from policyengine.probing import Document, Prober
from policyengine.reference.trace import Trace, answered, trace

Json = object

#: Rules, and conditions about elements, are laid out for so many elements of each list.
MOST_ELEMENTS: Final = 20
#: Ids are alike that have at least so many letters in common at their beginning, and two thirds of them.
_ALIKE: Final = 4


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision explained: in sentences, rule by rule, and by what would change it.

    ``rules`` says of each rule of the trace what it came down to, ``payout`` of each step what it did to the amounts.
    ``why_not`` is empty unless a rule, or a step of the payout, was asked about.
    """

    sentences: tuple[str, ...]
    trace: Trace
    rules: tuple[WhyNot, ...]
    changes: Changes
    why_not: tuple[WhyNot, ...] = ()
    payout: tuple[PaidStep, ...] = ()

    def to_dict(self, rule: str | None = None) -> dict[str, Json]:
        """The wire form; of the rules only those of this id, if one is given."""
        found = self.trace.to_dict()
        pairs = zip(self.rules, self.trace.rules, strict=True)
        found["rules"] = [told.to_dict() | traced.to_dict() for told, traced in pairs if rule in (None, told.rule)]
        out: dict[str, Json] = {"summary": " ".join(self.sentences), "changes": self.changes.to_dict(), **found}
        out["payout"] = [step.to_dict() for step in self.payout if rule in (None, step.rule)]
        return out | ({"why_not": [one.to_dict() for one in self.why_not]} if self.why_not else {})


class Explainer:
    """Explains the decisions of one bundle. Safe to share between threads; close it, or use it in a ``with``.

    It decides what it tries with the compiled engine. The same decision and facts give the same explanation.
    """

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._prober = Prober(bundle)
        self._engine = Engine(bundle, "compiled", check=False, sample=0)
        self._splits = {n: any(r.split for r in spec.rules) for n, spec in bundle.decisions.items()}

    def explain(
        self, made: Decision, facts: Mapping[str, Json], *, towards: str | None = None, rule: str | None = None
    ) -> Explanation:
        """Why ``made`` was decided on these facts.

        ``rule``: also why this rule did not give the verdict, or what this step or limit of the payout did.

        ``towards`` looks for changes that lead to this verdict rather than to any other. Raises UnknownName for a rule
        or a verdict that the decision does not have.
        """
        self._check(self._bundle.decisions[made.decision], towards, rule)
        asked = Document(facts, made.as_of)
        found = trace(self._bundle, made.decision, facts, made.as_of, MOST_ELEMENTS, specials=answered(made))
        changes = self._changes(made, asked, towards)
        rules = why_each(self._bundle, made, found)
        paid = paid_steps(self._bundle, made, facts)
        not_held = () if rule is None else self._why_not(made, rules, paid, rule)
        sentences = summary(self._bundle, made, changes, rules, assumptions(self._bundle, made, facts))
        return Explanation(sentences, found, rules, changes, not_held, paid)

    def _why_not(
        self, made: Decision, rules: Sequence[WhyNot], paid: Sequence[PaidStep], rule: str
    ) -> tuple[WhyNot, ...]:
        if rule in payout_ids(self._bundle.decisions[made.decision].payout):
            return why_paid(made, paid, rule)
        return why_not(self._bundle, made, rules, rule)

    def _changes(self, made: Decision, asked: Document, towards: str | None) -> Changes:
        def decide(changed: Document) -> Decision:
            return self._engine.decide(made.decision, changed.facts, as_of=changed.as_of)

        ev = self._prober.evaluation(asked)
        most = budget(ev, splits=self._splits[made.decision])
        return nearest_changes(self._prober, decide, Case(asked, made, ev), most, towards)

    def _check(self, spec: DecisionSpec, towards: str | None, rule: str | None) -> None:
        rules = list(dict.fromkeys((*(r.id for r in spec.rules), *payout_ids(spec.payout))))
        if rule is not None and rule not in rules:
            help_ = (
                did_you_mean(rule, rules)
                or _begins_alike(rule, rules)
                or ("rules: " + ", ".join(rules) if rules else "it is simply a value")
            )
            raise UnknownName(f"decision `{spec.name}` has no rule `{rule}`", help_)
        words = [*(spec.verdicts or (spec.value.type.members if spec.value else ())), "undetermined"]
        if towards is not None and towards not in words:
            help_ = did_you_mean(towards, words) or "verdicts: " + ", ".join(words)
            raise UnknownName(f"decision `{spec.name}` has no verdict `{towards}`", help_)

    def close(self) -> None:
        """Give up what the engine holds. Idempotent."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _begins_alike(rule: str, rules: Sequence[str]) -> str | None:
    """Ids that begin as the one asked for does, for most of its letters: ``TA-LAT`` for ``TA-LATE-CLAIM``."""
    same = {known: sum(1 for _ in takewhile(_equal, zip(rule.upper(), known.upper(), strict=False))) for known in rules}
    most = max(same.values(), default=0)
    if most * 3 < len(rule) * 2 or most < _ALIKE:
        return None
    return f"did you mean {' or '.join(f'`{known}`' for known in rules if same[known] == most)}?"


def _equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]
