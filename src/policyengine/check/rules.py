"""Policies to core rules: the frame that all kinds share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from policyengine.check.conditions import when_unless
from policyengine.check.context import Context, conjunction
from policyengine.check.declarations import singular
from policyengine.check.kinds import KINDS
from policyengine.check.messages import DEADLINE, MEASURE, message
from policyengine.check.periods import ALWAYS, InForce, Period, in_force
from policyengine.check.reading import items, scalar, scalars, text
from policyengine.check.splits import split_rules
from policyengine.check.typist import Scope
from policyengine.check.verdicts import WARNING, Policy, verdict_of
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.model import expr as x
from policyengine.model.rules import Rule
from policyengine.model.vocabulary import Parameter
from policyengine.values.types import INTEGER, Type


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule without its place in the decision, with the periods (its policy's, its own) that it is in force."""

    rule: Rule
    periods: tuple[Period, ...]

    def meets(self, other: Draft) -> bool:
        """Whether both may be in force on one day."""
        return all(a.meets(b) for a in self.periods for b in other.periods)


@dataclass(frozen=True, slots=True)
class Lowering:
    """What lowering a policy needs besides the policy: the bundle's day and its parameters."""

    ctx: Context
    in_force_on: x.Expr | None
    parameters: dict[str, Parameter]

    def policy(self, p: Policy) -> tuple[Draft, ...]:
        """The rules of a policy, in the order of writing; faulty ones are reported and left out."""
        word = scalar(p.body, "each")
        each = self._each(p, word) if word else None
        if word is not None and each is None:
            return ()
        return _Lowered(self, p, each).drafts()

    def _each(self, p: Policy, word: Scalar) -> str | None:
        """The list whose elements the policy is asked for; None when at fault (reported)."""
        found = singular(word, self.ctx.symbols, self.ctx.sink)
        if found is None or found == p.header.each or p.header.broken:
            return found if found == p.header.each else None
        decided = p.header.each and f"it is decided for each {self.ctx.symbols.lists[p.header.each].each}"
        words = f"decision `{p.header.name}` is not decided for each {word.text}"
        self.ctx.sink.error("decisions/step-scope", words, word.span, decided or "add `each:` to the decision")
        return None

    def period(self, body: Mapping, scope: Scope) -> InForce | None:
        """The ``in_force`` of a policy or a rule; None when at fault (reported)."""
        node = body.get("in_force")
        if node is None:
            return InForce(conjunction([], body.span), ALWAYS)
        return in_force(self.ctx, node, scope, self.in_force_on, self.parameters)


class _Lowered:
    """Lowers one policy, which is asked for each element of the list ``each``, or for the document."""

    def __init__(self, lowering: Lowering, p: Policy, each: str | None) -> None:
        self.lowering, self.ctx, self.p, self.each = lowering, lowering.ctx, p, each
        variables = {self.ctx.symbols.lists[each].each: each} if each else {}
        self.scope = Scope(variables=variables, told=set())

    def drafts(self) -> tuple[Draft, ...]:
        guard = self._guard()
        rules = (r for r in items(self.p.body, "rules") if isinstance(r, Mapping))
        return tuple(d for r in rules for d in self._rule(r, guard))

    def _guard(self) -> InForce | None:
        """``when``/``unless`` of the policy and its ``in_force``."""
        condition = when_unless(self.ctx, self.p.body, self.scope, self.p.name.span)
        period = self.lowering.period(self.p.body, self.scope)
        if condition is None or period is None:
            return None
        return InForce(conjunction([condition, period.condition], self.p.name.span), period.period)

    def _rule(self, r: Mapping, guard: InForce | None) -> tuple[Draft, ...]:
        word = scalar(r, "verdict") or scalar(self.p.body, "verdict")
        warning = word is not None and word.text == WARNING
        header = self.p.header
        specials: dict[str, Type] = {"verdict": header.verdict_type, "parts": INTEGER} if warning else {}
        scope = self.scope.with_specials(specials)
        frame = self._frame(r, scope, guard)
        if "split" in r:
            return self._split(r, frame, scope, warning=warning)
        own = KINDS[self.p.kind].own(self.ctx, r, scope)
        verdict = (None, None) if warning else verdict_of(self.ctx, self.p, r, word, element=self.each is not None)
        if frame is None or own is None or verdict is None:
            return ()
        rule = replace(
            frame.rule,
            own=own.holds,
            deadline=own.deadline,
            measure=own.measure,
            step=None if warning else 0,
            word=verdict[0],
            rule_class=verdict[1],
        )
        return (replace(frame, rule=rule),)

    def _frame(self, r: Mapping, scope: Scope, guard: InForce | None) -> Draft | None:
        """What rules of all kinds have."""
        id_ = scalar(r, "id")
        span = id_.span if id_ else r.span
        applies = when_unless(self.ctx, r, scope, span)
        period = self.lowering.period(r, scope)
        because = message(self.ctx, r.get("because"), scope, _answers(r))
        if id_ is None or guard is None or applies is None or period is None or because is None:
            return None
        rule = Rule(
            index=-1,
            id=id_.text,
            kind=self.p.kind,
            policy=self.p.name.text,
            each=self.each,
            step=0,
            rule_class=None,
            word=None,
            guard=conjunction([guard.condition, period.condition], span),
            applies=applies,
            own=conjunction([], span),
            because=because,
            title=text(r, "title"),
            source=text(r, "source"),
            needs=tuple(n.text for n in scalars(r.get("needs"))),
            span=span,
        )
        return Draft(rule, (guard.period, period.period))

    def _split(self, r: Mapping, frame: Draft | None, scope: Scope, *, warning: bool) -> tuple[Draft, ...]:
        span = frame.rule.span if frame else r.span
        if warning:
            words = "a split gives verdicts, so it cannot only warn"
            self.ctx.sink.error("rules/class", words, span, "take `verdict: warning` away")
            return ()
        if self.p.header.each is not None:
            words = f"decision `{self.p.header.name}` is decided element by element, but a split is about the whole"
            self.ctx.sink.error("decisions/grant-per-document", words, span, "give it a decision of its own")
            return ()
        found = split_rules(self.ctx, r, frame.rule if frame else None, scope, self.p.header)
        return tuple(replace(frame, rule=rule) for rule in found) if frame else ()


def _answers(rule: Mapping) -> tuple[str, ...]:
    """What the answer knows of such a rule besides the facts."""
    return (DEADLINE if "by" in rule or "until" in rule else ()) + (MEASURE if "measure" in rule else ())
