"""Rules asked of a case: the truth of each, of the document or of every element."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from policyengine.model.memory import Element
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.reference.evaluate import Env, evaluate
from policyengine.reference.results import Result, all_of


@dataclass(frozen=True, slots=True)
class Weighed:
    """A rule asked of the document or of one element: its guard, what it applies to, and its own part."""

    rule: Rule
    element: Element | None
    env: Env
    parts: tuple[Result, Result, Result]

    @property
    def truth(self) -> bool | None:
        """True, false or unknown."""
        return cast("bool | None", all_of(self.parts).value)

    @property
    def applies(self) -> bool:
        """Whether the rule certainly concerns the case, whatever its own part says."""
        return all_of(self.parts[:2]).value is True

    @property
    def lacks(self) -> Result:
        """The first part that is unknown: what lies behind a guard is asked once the guard is known."""
        return next(p for p in self.parts if not p.known)


def weigh(spec: DecisionSpec, env: Env) -> list[Weighed]:
    """Every rule, warnings too, asked of the document or of every element of its list (if that is known)."""
    found = []
    for rule in spec.rules:
        elements = (None,) if rule.each is None else env.records(rule.each) or ()
        for element in elements:
            inner = env.only(element)
            guard = evaluate(rule.guard, inner)
            # Behind a guard that is false, nothing is of any account.
            applies, own = (guard if guard.value is False else evaluate(p, inner) for p in rule.parts[1:])
            found.append(Weighed(rule, element, inner, (guard, applies, own)))
    return found
