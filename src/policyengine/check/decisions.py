"""Decisions: what holds otherwise, reports, payouts, and that ids are not given twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

from policyengine.check.context import Context
from policyengine.check.headers import Header
from policyengine.check.messages import message
from policyengine.check.payouts import payout
from policyengine.check.reading import items, mapping, scalar, scalars, text
from policyengine.check.rules import Draft, Lowering
from policyengine.check.steps import Steps
from policyengine.check.typist import Scope
from policyengine.check.verdicts import Policy
from policyengine.frontend.nodes import Mapping, Node, Scalar
from policyengine.model import expr as x
from policyengine.model.rules import DecisionSpec, Outcome, Payout, Report, Rule
from policyengine.values.types import INTEGER, Kind


@dataclass(slots=True)
class Decisions:
    """Builds the decisions of a bundle from its headers, rule policies and payout policies."""

    ctx: Context
    lowering: Lowering

    def build(
        self, header: Header, policies: list[Policy], payouts: list[tuple[Scalar, Mapping]], astray: frozenset[str]
    ) -> DecisionSpec | None:
        """One decision; None when at fault (reported).

        ``astray`` are policies that could not be put to any decision: a step that names one is not at fault.
        """
        if header.value:
            return self._value(header, [*(p.name for p in policies), *(key for key, _ in payouts)])
        drafts = {p.name.text: self.lowering.policy(p) for p in policies}
        steps = Steps(self.ctx, header, policies, drafts, astray).read()
        warnings = self._warnings(policies, drafts)
        otherwise = self._otherwise(header)
        self._ids(drafts, payouts, otherwise)
        return DecisionSpec(
            name=header.name,
            title=header.title,
            each=header.each,
            verdicts=header.verdicts,
            element_verdicts=header.element_verdicts if header.each else {},
            steps=steps,
            warnings=_numbered(warnings, sum(len(s.rules) for s in steps)),
            otherwise=otherwise,
            report=self._report(header),
            payout=self._payout(header, payouts),
            value=None,
            span=header.span,
        )

    # -- a decision that is a value ----------------------------------------------------------

    def _value(self, header: Header, policies: list[Scalar]) -> DecisionSpec | None:
        e = self.ctx.expression(header.body.get("is"), Scope(), None)
        for name in policies:
            words = f"decision `{header.name}` is a value, so it has no policies"
            self.ctx.sink.error("decisions/value", words, name.span, "give them to another decision")
        if e is None:
            return None
        if e.type.kind is not Kind.ENUM:
            words = f"`{e.span.underlined}` is {e.type}, but an enum is needed here"
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

    def _warnings(self, policies: list[Policy], drafts: dict[str, tuple[Draft, ...]]) -> tuple[Rule, ...]:
        return tuple(d.rule for p in policies for d in drafts[p.name.text] if d.rule.warning)

    # -- otherwise, report, payout -----------------------------------------------------------

    def _otherwise(self, header: Header) -> Outcome | None:
        level = "element" if "each" in header.body else "document"
        node = mapping(mapping(header.body, "otherwise"), level)
        if node is None:
            words = f"decision `{header.name}` does not say what holds otherwise"
            help_ = f"add `otherwise: {{{level}: {{verdict: …}}}}`"
            written = header.body.key_span("otherwise")
            if written is not None:
                words = f"decision `{header.name}` is decided {_BY[level]}, so `otherwise` has `{level}:`"
            self.ctx.sink.error("decisions/otherwise", words, written or header.span, help_)
            return None
        word, id_ = scalar(node, "verdict"), scalar(node, "id")
        if word is None:
            return None
        words_ = header.words(element=header.each is not None)
        if word.text not in words_:
            header.refuse_word(self.ctx.sink, word, words_)
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
                self.ctx.sink.error("decisions/report", words, name.span, "report a definition that counts or sums it")
                continue
            found.append(Report(name=name.text, expr=e))
        return tuple(found)

    def _payout(self, header: Header, payouts: list[tuple[Scalar, Mapping]]) -> Payout | None:
        for key, _ in payouts[1:]:
            words = f"decision `{header.name}` has two payouts"
            self.ctx.sink.error("payout/two", words, key.span, f"the first is at {payouts[0][0].span.place}")
        return payout(self.ctx, *payouts[0], header) if payouts else None

    # -- ids ---------------------------------------------------------------------------------

    def _ids(
        self,
        drafts: dict[str, tuple[Draft, ...]],
        payouts: list[tuple[Scalar, Mapping]],
        otherwise: Outcome | None,
    ) -> None:
        """An id names one rule of a decision, or editions of it whose periods do not meet."""
        seen: dict[str, list[Draft]] = {}
        for d in (d for found in drafts.values() for d in found if not d.rule.silent):
            clash = next((o for o in seen.get(d.rule.id, ()) if o.meets(d)), None)
            if clash is not None:
                help_ = f"first given at {clash.rule.span.place}; two editions need `in_force` periods that do not meet"
                self.ctx.sink.error("rules/duplicate-id", f"rule `{d.rule.id}` is given twice", d.rule.span, help_)
            seen.setdefault(d.rule.id, []).append(d)
        places = {k: v[0].rule.span for k, v in seen.items()}
        others = [(i.text, i.span) for _, body in payouts for i in _step_ids(body)]
        if otherwise is not None and otherwise.id is not None:
            others.insert(0, (otherwise.id, otherwise.span))
        for id_, span in others:
            first = places.setdefault(id_, span)
            if first is not span:
                help_ = f"first given at {first.place}"
                self.ctx.sink.error("rules/duplicate-id", f"rule `{id_}` is given twice", span, help_)


_BY = {"document": "as a whole", "element": "element by element"}


def _numbered(rules: tuple[Rule, ...], start: int) -> tuple[Rule, ...]:
    return tuple(replace(r, index=start + i) for i, r in enumerate(rules))


def _step_ids(body: Mapping) -> list[Scalar]:
    found: list[Scalar] = []
    for part in ("element", "group", "total"):
        for step in items(mapping(body, part), "steps"):
            nodes: list[Node] = [step, *items(step, "limits")]
            found += [i for n in nodes if (i := scalar(n, "id")) is not None]
    return found
