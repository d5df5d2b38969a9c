"""Policies to core rules: the frame that all kinds share."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace

from policyengine.check.conditions import when_unless
from policyengine.check.context import Context, conjunction
from policyengine.check.declarations import singular
from policyengine.check.headers import Header
from policyengine.check.kinds import KINDS, RuleKind
from policyengine.check.messages import message
from policyengine.check.periods import ALWAYS, InForce, Period, in_force
from policyengine.check.reading import items, scalar, scalars, text
from policyengine.check.splits import split_rules
from policyengine.check.typist import Scope
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.model import expr as x
from policyengine.model.rules import Class, Rule
from policyengine.model.vocabulary import Parameter
from policyengine.values.types import INTEGER, Type


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as written, with the decision that it serves."""

    name: Scalar
    kind: str
    header: Header
    body: Mapping


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule without its place in the decision, with the periods (its policy's, its own) that it is in force."""

    rule: Rule
    periods: tuple[Period, ...]

    def meets(self, other: Draft) -> bool:
        """Whether both may be in force on one day."""
        return all(a.meets(b) for a in self.periods for b in other.periods)


@dataclass(slots=True)
class Lowering:
    """Lowers policies to drafts of rules."""

    ctx: Context
    in_force_on: x.Expr | None
    parameters: dict[str, Parameter]

    def policy(self, p: Policy) -> tuple[Draft, ...]:
        """The rules of a policy, in the order of writing; faulty ones are reported and left out."""
        each = self.each(p)
        if each == "":
            return ()
        scope = self._scope(p, each, specials={})
        guard = self._guard(p.body, scope, p)
        drafts = [self._rule(p, r, each, guard) for r in items(p.body, "rules") if isinstance(r, Mapping)]
        return tuple(d for found in drafts for d in found)

    def each(self, p: Policy) -> str | None:
        """The list that the policy is asked for, None for the document, empty when at fault."""
        word = scalar(p.body, "each")
        if word is None:
            return None
        found = singular(word, self.ctx.symbols, self.ctx.sink)
        if found is None:
            return ""
        if found != p.header.each:
            decided = p.header.each and f"each {self.ctx.symbols.lists[p.header.each].each}"
            if p.header.broken:
                return ""
            self.ctx.sink.error(
                "decisions/step-scope",
                f"decision `{p.header.name}` is not decided for each {word.text}",
                word.span,
                f"it is decided for {decided}" if decided else "add `each:` to the decision",
            )
            return ""
        return found

    def _scope(self, p: Policy, each: str | None, specials: MappingOf[str, Type]) -> Scope:
        variables = {self.ctx.symbols.lists[each].each: each} if each else {}
        return Scope(variables=variables, specials=specials)

    def _guard(self, body: Mapping, scope: Scope, p: Policy) -> tuple[x.Expr, Period] | None:
        """``when``/``unless`` of a policy and its ``in_force``."""
        condition = when_unless(self.ctx, body, scope, p.name.span)
        period = self._period(body, scope)
        if condition is None or period is None:
            return None
        return conjunction([condition, period.condition], p.name.span), period.period

    def _period(self, body: Mapping, scope: Scope) -> InForce | None:
        node = body.get("in_force")
        if node is None:
            return InForce(conjunction([], body.span), ALWAYS)
        return in_force(self.ctx, node, scope, self.in_force_on, self.parameters)

    # -- one rule ----------------------------------------------------------------------------

    def _rule(self, p: Policy, r: Mapping, each: str | None, guard: tuple[x.Expr, Period] | None) -> tuple[Draft, ...]:
        id_ = scalar(r, "id")
        if id_ is None:
            return ()
        word = scalar(r, "verdict") or scalar(p.body, "verdict")
        warning = word is not None and word.text == "warning"
        specials: dict[str, Type] = {"verdict": p.header.verdict_type, "parts": INTEGER} if warning else {}
        scope = self._scope(p, each, specials)
        frame = self._frame(p, r, id_, each, scope, guard)
        if "split" in r:
            return self._split(p, r, frame, scope, id_, warning=warning)
        own = KINDS[p.kind].own(self.ctx, r, scope)
        verdict = (None, None) if warning else self._verdict(p, r, id_, word, element=each is not None)
        if frame is None or own is None or verdict is None:
            return ()
        rule = replace(
            frame[0],
            own=own.holds,
            deadline=own.deadline,
            measure=own.measure,
            step=None if warning else 0,
            word=verdict[0],
            rule_class=verdict[1],
        )
        return (Draft(rule, frame[1]),)

    def _frame(
        self,
        p: Policy,
        r: Mapping,
        id_: Scalar,
        each: str | None,
        scope: Scope,
        guard: tuple[x.Expr, Period] | None,
    ) -> tuple[Rule, tuple[Period, ...]] | None:
        applies = when_unless(self.ctx, r, scope, id_.span)
        period = self._period(r, scope)
        because = message(self.ctx, r.get("because"), scope)
        if guard is None or applies is None or period is None or because is None:
            return None
        rule = Rule(
            index=-1,
            id=id_.text,
            kind=p.kind,
            policy=p.name.text,
            each=each,
            step=0,
            rule_class=None,
            word=None,
            guard=conjunction([guard[0], period.condition], id_.span),
            applies=applies,
            own=conjunction([], id_.span),
            because=because,
            title=text(r, "title"),
            source=text(r, "source"),
            needs=tuple(n.text for n in scalars(r.get("needs"))),
            span=id_.span,
        )
        return rule, (guard[1], period.period)

    def _split(
        self,
        p: Policy,
        r: Mapping,
        frame: tuple[Rule, tuple[Period, ...]] | None,
        scope: Scope,
        id_: Scalar,
        *,
        warning: bool,
    ) -> tuple[Draft, ...]:
        if warning:
            words = "a split gives verdicts, so it cannot only warn"
            self.ctx.sink.error("rules/class", words, id_.span, "take `verdict: warning` away")
            return ()
        if p.header.each is not None:
            words = f"decision `{p.header.name}` is decided element by element, but a split is about the whole"
            self.ctx.sink.error("decisions/grant-per-document", words, id_.span, "give it a decision of its own")
            return ()
        found = split_rules(self.ctx, r, frame[0] if frame else None, scope, p.header)
        return tuple(Draft(rule, frame[1]) for rule in found) if frame else ()

    # -- verdict words -----------------------------------------------------------------------

    def _verdict(
        self, p: Policy, r: Mapping, id_: Scalar, word: Scalar | None, *, element: bool
    ) -> tuple[str, Class] | None:
        words = p.header.words(element=element)
        kind = KINDS[p.kind]
        if word is None:
            return self._only_word(p, id_, words, Class.PENDING if "until" in r else kind.default)
        if word.text not in words:
            own = "elements have words of their own" if element and word.text in p.header.verdicts else None
            p.header.refuse_word(self.ctx.sink, word, words, own)
            return None
        class_ = words[word.text]
        if class_ not in self._allowed(kind, r) or class_ is Class.PARTLY:
            self.ctx.sink.error(
                "rules/class",
                f"{kind.name} rules cannot give `{word.text}`, which is {class_}",
                word.span,
                "words that fit: " + (", ".join(w for w, c in words.items() if c in self._allowed(kind, r)) or "none"),
            )
            return None
        return self._grant_per_document(p, id_, word.text, class_, element=element)

    def _allowed(self, kind: RuleKind, r: Mapping) -> frozenset[Class]:
        if "until" in r:
            return frozenset({Class.PENDING})
        return frozenset({Class.REFUSED}) if "by" in r else kind.allowed

    def _only_word(
        self, p: Policy, id_: Scalar, words: MappingOf[str, Class], class_: Class
    ) -> tuple[str, Class] | None:
        fitting = [w for w, c in words.items() if c is class_]
        if p.header.broken:
            return None
        if len(fitting) == 1:
            return self._grant_per_document(p, id_, fitting[0], class_, element=words is p.header.element_verdicts)
        self.ctx.sink.error(
            "rules/which-word",
            f"decision `{p.header.name}` has {len(fitting) or 'no'} words of class {class_}",
            id_.span,
            f"add `verdict:` to the rule or the policy, one of: {', '.join(fitting)}"
            if fitting
            else f"add a word that is {class_} to the decision, or `verdict:` to the rule",
        )
        return None

    def _grant_per_document(
        self, p: Policy, id_: Scalar, word: str, class_: Class, *, element: bool
    ) -> tuple[str, Class] | None:
        if p.header.each and not element and class_ is Class.GRANTED:
            each = self.ctx.symbols.lists[p.header.each].each
            self.ctx.sink.error(
                "decisions/grant-per-document",
                f"decision `{p.header.name}` is decided per {each}, so `{p.name.text}` cannot grant for the whole",
                id_.span,
                f"add `each: {each}` to the policy",
            )
            return None
        return word, class_
