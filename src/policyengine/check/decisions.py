"""Decisions: steps, what holds otherwise, reports, and the numbering of rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

from policyengine.check.context import Context
from policyengine.check.headers import Header
from policyengine.check.messages import message
from policyengine.check.payouts import payout
from policyengine.check.reading import items, mapping, scalar, scalars, text
from policyengine.check.rules import Draft, Lowering, Policy
from policyengine.check.typist import Scope
from policyengine.diagnostics import did_you_mean
from policyengine.frontend.nodes import Mapping, Node, Scalar
from policyengine.model import expr as x
from policyengine.model.rules import Class, DecisionSpec, Outcome, Payout, Report, Rule, Step
from policyengine.values.types import INTEGER, Kind


@dataclass(slots=True)
class Decisions:
    """Builds the decisions of a bundle from its headers, rule policies and payout policies."""

    ctx: Context
    lowering: Lowering

    def build(
        self, header: Header, policies: list[Policy], payouts: list[tuple[Scalar, Mapping]]
    ) -> DecisionSpec | None:
        """One decision; None when at fault (reported)."""
        if header.value:
            return self._value(header, policies)
        drafts = {p.name.text: self.lowering.policy(p) for p in policies}
        steps = self._steps(header, policies, drafts)
        warnings = self._warnings(policies, drafts)
        self._ids(drafts, payouts)
        return DecisionSpec(
            name=header.name,
            title=header.title,
            each=header.each,
            verdicts=header.verdicts,
            element_verdicts=header.element_verdicts if header.each else {},
            steps=steps,
            warnings=_numbered(warnings, sum(len(s.rules) for s in steps)),
            otherwise=self._otherwise(header),
            report=self._report(header),
            payout=self._payout(header, payouts),
            value=None,
            span=header.span,
        )

    # -- a decision that is a value ----------------------------------------------------------

    def _value(self, header: Header, policies: list[Policy]) -> DecisionSpec | None:
        e = self.ctx.expression(header.body.get("is"), Scope(), None)
        for p in policies:
            words = f"decision `{header.name}` is the value of a definition, so it has no rules"
            self.ctx.sink.error("decisions/value", words, p.name.span)
        if e is None:
            return None
        if e.type.kind is not Kind.ENUM:
            words = f"`{header.name}` is {e.type}, but an enum is needed here"
            self.ctx.sink.error("type/mismatch", words, e.span, "the words of a decision are the members of an enum")
            return None
        return DecisionSpec(
            name=header.name,
            title=header.title,
            each=None,
            verdicts={},
            element_verdicts={},
            steps=(),
            warnings=(),
            otherwise=None,
            report=self._report(header),
            payout=None,
            value=e,
            span=header.span,
        )

    # -- steps -------------------------------------------------------------------------------

    def _steps(self, header: Header, policies: list[Policy], drafts: dict[str, tuple[Draft, ...]]) -> tuple[Step, ...]:
        by_name = {p.name.text: p for p in policies}
        placed: dict[str, Scalar] = {}
        steps: list[Step] = []
        count = 0
        for written in items(header.body, "steps"):
            names = [n for n in scalars(written) if self._placeable(header, n, by_name, placed)]
            scopes = {self.lowering_each(by_name[n.text]) for n in names}
            if len(scopes) > 1:
                each = self.ctx.symbols.lists[header.each].each if header.each else "element"
                words = f"step {len(steps) + 1} mixes the document and each {each}"
                self.ctx.sink.error("decisions/step-scope", words, written.span, "put them in steps of their own")
            rules = [d.rule for n in names for d in drafts[n.text] if d.rule.step is not None]
            numbered = tuple(replace(r, index=count + i, step=len(steps)) for i, r in enumerate(rules))
            count += len(numbered)
            steps.append(Step(index=len(steps), each=next(iter(scopes), None), rules=numbered))
        for p in policies:
            if p.name.text not in placed and not _only_warns(p):
                words = f"policy `{p.name.text}` is in no step of decision `{header.name}`"
                self.ctx.sink.error("decisions/step-missing", words, p.name.span, "add it to `steps` in the bundle file")
        return tuple(steps)

    def lowering_each(self, p: Policy) -> str | None:
        """The list a policy is asked for, without reporting faults twice."""
        word = scalar(p.body, "each")
        return self.ctx.symbols.singulars.get(word.text) if word else None

    def _placeable(self, header: Header, name: Scalar, known: dict[str, Policy], placed: dict[str, Scalar]) -> bool:
        if name.text not in known:
            near = did_you_mean(name.text, known)
            policies = "policies: " + (", ".join(known) or "none")
            words = f"no policy `{name.text}` serves decision `{header.name}`"
            self.ctx.sink.error("decisions/step-unknown", words, name.span, near or policies)
            return False
        if name.text in placed:
            words = f"policy `{name.text}` is in two steps"
            place = placed[name.text].span.place
            self.ctx.sink.error("decisions/step-twice", words, name.span, f"first at {place}")
            return False
        placed[name.text] = name
        if _only_warns(known[name.text]):
            words = f"policy `{name.text}` only warns, so it is in no step"
            self.ctx.sink.error("decisions/step-warning", words, name.span, "take it out of `steps`")
            return False
        return True

    def _warnings(self, policies: list[Policy], drafts: dict[str, tuple[Draft, ...]]) -> tuple[Rule, ...]:
        return tuple(d.rule for p in policies for d in drafts[p.name.text] if d.rule.warning)

    # -- otherwise, report, payout -----------------------------------------------------------

    def _otherwise(self, header: Header) -> Outcome | None:
        level = "element" if header.each else "document"
        node = mapping(mapping(header.body, "otherwise"), level)
        if node is None:
            words = f"decision `{header.name}` does not say what holds otherwise"
            help_ = f"add `otherwise: {{{level}: {{verdict: …}}}}`"
            self.ctx.sink.error("decisions/otherwise", words, header.span, help_)
            return None
        word, id_ = scalar(node, "verdict"), scalar(node, "id")
        if word is None:
            return None
        words_ = header.words(element=header.each is not None)
        if word.text not in words_:
            near = did_you_mean(word.text, words_)
            known = "words: " + ", ".join(words_)
            text_ = f"`{word.text}` is not a verdict of decision `{header.name}`"
            self.ctx.sink.error("rules/word", text_, word.span, " ".join(filter(None, (near, known))))
            return None
        if words_[word.text] is Class.PARTLY:
            self.ctx.sink.error("rules/class", f"`otherwise` cannot be `{word.text}`, which is partly", word.span)
            return None
        variables = {self.ctx.symbols.lists[header.each].each: header.each} if header.each else {}
        because = message(self.ctx, node.get("because"), Scope(variables=variables))
        if id_ is not None and because is None:
            if "because" not in node:
                missing = f"`otherwise` names the id `{id_.text}`, but has no `because`"
                self.ctx.sink.error("schema/missing-key", missing, id_.span, "add `because:`")
            return None
        return Outcome(
            word=word.text,
            id=id_.text if id_ else None,
            because=because,
            source=text(node, "source"),
            span=(id_ or word).span,
        )

    def _report(self, header: Header) -> tuple[Report, ...]:
        scope = Scope(specials={} if header.value else {"verdict": header.verdict_type, "parts": INTEGER})
        found: list[Report] = []
        for name in scalars(header.body.get("report")):
            e = self.ctx.expression(name, scope, None)
            if e is None:
                continue
            if not isinstance(e, x.FactRef | x.DefinitionRef | x.ParameterRef | x.Special) or e.type.kind is Kind.LIST:
                words = f"`{name.text}` is not a fact or a definition of the document"
                self.ctx.sink.error("decisions/report", words, name.span)
                continue
            found.append(Report(name=name.text, expr=e))
        return tuple(found)

    def _payout(self, header: Header, payouts: list[tuple[Scalar, Mapping]]) -> Payout | None:
        for key, _ in payouts[1:]:
            words = f"decision `{header.name}` has two payouts"
            self.ctx.sink.error("payout/two", words, key.span, f"the first is at {payouts[0][0].span.place}")
        return payout(self.ctx, *payouts[0], header) if payouts else None

    # -- ids ---------------------------------------------------------------------------------

    def _ids(self, drafts: dict[str, tuple[Draft, ...]], payouts: list[tuple[Scalar, Mapping]]) -> None:
        """An id names one rule of a decision, or editions of it whose periods do not meet."""
        seen: dict[str, list[Draft]] = {}
        for d in (d for found in drafts.values() for d in found if not d.rule.silent):
            clash = next((o for o in seen.get(d.rule.id, ()) if o.period.meets(d.period)), None)
            if clash is not None:
                help_ = f"first given at {clash.rule.span.place}; two editions need `in_force` periods that do not meet"
                self.ctx.sink.error("rules/duplicate-id", f"rule `{d.rule.id}` is given twice", d.rule.span, help_)
            seen.setdefault(d.rule.id, []).append(d)
        places = {k: v[0].rule.span.place for k, v in seen.items()}
        for _, body in payouts:
            for id_ in _step_ids(body):
                if id_.text in places:
                    help_ = f"first given at {places[id_.text]}"
                    self.ctx.sink.error("rules/duplicate-id", f"rule `{id_.text}` is given twice", id_.span, help_)
                places[id_.text] = id_.span.place


def _numbered(rules: tuple[Rule, ...], start: int) -> tuple[Rule, ...]:
    return tuple(replace(r, index=start + i) for i, r in enumerate(rules))


def _only_warns(p: Policy) -> bool:
    """Whether no rule of the policy can decide."""
    if text(p.body, "verdict") == "warning":
        return all(text(r, "verdict") in (None, "warning") for r in items(p.body, "rules"))
    rules = items(p.body, "rules")
    return bool(rules) and all(text(r, "verdict") == "warning" for r in rules)


def _step_ids(body: Mapping) -> list[Scalar]:
    found: list[Scalar] = []
    for part in ("element", "group", "total"):
        for step in items(mapping(body, part), "steps"):
            nodes: list[Node] = [step, *items(step, "limits")]
            found += [i for n in nodes if (i := scalar(n, "id")) is not None]
    return found
