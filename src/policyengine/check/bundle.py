"""The passes from documents to a checked bundle, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import available_timezones

from policyengine.check.context import Context
from policyengine.check.decisions import Decisions
from policyengine.check.declarations import SNAKE, declare, good_name
from policyengine.check.definitions import definitions
from policyengine.check.graph import Vocabulary, answer_only, definition_order, refuse_cycles
from policyengine.check.headers import Header, headers
from policyengine.check.kinds import KINDS
from policyengine.check.reading import entries, scalar, text
from policyengine.check.rules import Lowering, Policy
from policyengine.check.typist import DOCUMENT
from policyengine.check.vocabulary import calendars, facts, parameters
from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.model.vocabulary import Definition, Fact, FactList, Parameter
from policyengine.source import Span, nowhere
from policyengine.values.dates import Calendar
from policyengine.values.types import DATE, INTEGER, Type, enum_type


def check_bundle(documents: Sequence[Mapping], folder: str, digest: str, sink: Diagnostics) -> CheckedBundle | None:
    """The checked bundle of all policy documents of a folder, or None when there is any error in ``sink``.

    ``documents`` passed the reader; their shapes were checked, and whatever of them is faulty is skipped
    here, so that one run reports every fault.
    """
    head = _bundle_document(documents, folder, sink)
    if head is None:
        return None
    return _Checker(documents, head, digest, sink).run()


def _bundle_document(documents: Sequence[Mapping], folder: str, sink: Diagnostics) -> Mapping | None:
    found = [d for d in documents if text(d, "kind") == "bundle"]
    for extra in found[1:]:
        kind = scalar(extra, "kind")
        help_ = f"the first is {found[0].span.file.path}"
        sink.error("bundle/two", "this is a second file of kind `bundle`", kind.span if kind else extra.span, help_)
    if found:
        return found[0]
    help_ = "add a file with `kind: bundle`, the bundle's name and its decisions"
    sink.error("bundle/none", "the folder has no file of kind `bundle`", nowhere(folder), help_)
    return None


class _Checker:
    """Runs the passes; each leaves its result for the next."""

    def __init__(self, documents: Sequence[Mapping], head: Mapping, digest: str, sink: Diagnostics) -> None:
        self.documents, self.head, self.digest, self.sink = documents, head, digest, sink

    def run(self) -> CheckedBundle | None:
        # Every name first, so that the order of files never matters.
        self.ctx = Context(declare(self.documents, self.sink), self.sink)
        self._head()
        self._vocabulary()
        # Definitions may speak of `verdict`, so the decisions' words must be known before them.
        self.headers = headers(self.ctx, self.head)
        self._definitions()
        # Rules are lowered against complete parameters: `in_force` may be bounded by one.
        decisions = self._decisions()
        # Cycles are looked for once every body is typed; walking needs the whole graph.
        v = Vocabulary(self.facts, self.lists, self.parameters, self.definitions)
        acyclic = refuse_cycles(self.ctx, v)
        if acyclic:
            self._answer_only(v, decisions)
        if self.sink.failed:
            return None
        return self._bundle(v, decisions)

    # -- passes ------------------------------------------------------------------------------

    def _head(self) -> None:
        key = scalar(self.head, "bundle")
        if key is not None:
            good_name(key, SNAKE, "bundle", self.sink)
        zone = scalar(self.head, "time_zone")
        if zone is not None and zone.text not in available_timezones():
            near = did_you_mean(zone.text, available_timezones())
            help_ = near or "write a name such as `UTC` or `Asia/Shanghai`"
            self.sink.error("literal/time-zone", f"`{zone.text}` is not a time zone", zone.span, help_)
        calendar = scalar(self.head, "calendar")
        if calendar is not None and calendar.text not in self.ctx.symbols.calendars:
            near = did_you_mean(calendar.text, self.ctx.symbols.calendars)
            self.sink.error("names/unknown", f"unknown calendar `{calendar.text}`", calendar.span, near)
        self.in_force_on = self.ctx.expression(scalar(self.head, "in_force_on"), DOCUMENT, DATE)

    def _vocabulary(self) -> None:
        self.facts: dict[str, Fact] = {}
        self.lists: dict[str, FactList] = {}
        self.parameters: dict[str, Parameter] = {}
        self.calendars: dict[str, Calendar] = {}
        for doc in self.documents:
            plain, lists = facts(self.ctx, doc)
            self.facts |= plain
            self.lists |= lists
            self.calendars |= calendars(self.ctx, doc)
            self.parameters |= parameters(self.ctx, doc, self.in_force_on)

    def _definitions(self) -> None:
        words = {w: None for h in self.headers.values() for w in h.verdicts}
        specials: dict[str, Type] = {"verdict": enum_type(tuple(words)), "parts": INTEGER}
        self.definitions: dict[str, Definition] = {}
        for doc in self.documents:
            self.definitions |= definitions(self.ctx, doc, specials)

    def _decisions(self) -> dict[str, DecisionSpec]:
        builder = Decisions(self.ctx, Lowering(self.ctx, self.in_force_on, self.parameters))
        policies, payouts = self._policies()
        built = {n: builder.build(h, policies[n], payouts[n]) for n, h in self.headers.items()}
        return {n: d for n, d in built.items() if d is not None}

    def _policies(self) -> tuple[dict[str, list[Policy]], dict[str, list[tuple[Scalar, Mapping]]]]:
        policies: dict[str, list[Policy]] = {n: [] for n in self.headers}
        payouts: dict[str, list[tuple[Scalar, Mapping]]] = {n: [] for n in self.headers}
        taken: dict[tuple[str, str], Scalar] = {}
        for doc in self.documents:
            kind = text(doc, "kind") or ""
            header = self._served(doc, kind)
            for key, body in entries(doc, "policies"):
                if header is None or not isinstance(body, Mapping) or not good_name(key, SNAKE, "policy", self.sink):
                    continue
                first = taken.setdefault((header.name, key.text), key)
                if first is not key:
                    words = f"`{key.text}` is already the name of a policy"
                    self.sink.error("names/taken", words, key.span, f"declared at {first.span.place}")
                elif kind == "payout":
                    payouts[header.name].append((key, body))
                else:
                    policies[header.name].append(Policy(key, kind, header, body))
        return policies, payouts

    def _served(self, doc: Mapping, kind: str) -> Header | None:
        """The decision that a rule or payout file serves."""
        word = scalar(doc, "decision")
        if word is None or (kind != "payout" and kind not in KINDS):
            return None
        if word.text not in self.headers:
            near = did_you_mean(word.text, self.headers)
            known = "decisions: " + ", ".join(self.headers)
            self.sink.error("names/unknown", f"unknown decision `{word.text}`", word.span, near or known)
            return None
        return self.headers[word.text]

    def _answer_only(self, v: Vocabulary, decisions: dict[str, DecisionSpec]) -> None:
        """``verdict`` and ``parts`` are not known while rules are weighed, so no rule may read them."""
        special = answer_only(v)
        for e in self._deciding(v, decisions):
            for node in x.walk(e):
                if isinstance(node, x.DefinitionRef) and node.name in special:
                    self._refuse_special(node.span, node.name, special[node.name])

    def _refuse_special(self, span: Span, name: str, special: str) -> None:
        words = f"`{name}` speaks of `{special}`, which is known only once a decision is made"
        help_ = "use it in warnings, in `report` or in payout steps only"
        self.sink.error("names/out-of-scope", words, span, help_)

    def _deciding(self, v: Vocabulary, decisions: dict[str, DecisionSpec]) -> Iterator[x.Expr]:
        for d in decisions.values():
            if d.value is not None:
                yield d.value
            for rule in (r for s in d.steps for r in s.rules):
                yield from _of_rule(rule)
        declared = [*v.facts.values(), *(f for i in v.lists.values() for f in i.fields.values())]
        yield from (f.default for f in declared if f.default is not None)
        yield from (p.keyed_on for p in v.parameters.values() if p.keyed_on is not None)

    # -- result ------------------------------------------------------------------------------

    def _bundle(self, v: Vocabulary, decisions: dict[str, DecisionSpec]) -> CheckedBundle:
        return CheckedBundle(
            id=text(self.head, "bundle") or "",
            title=text(self.head, "title") or "",
            version=text(self.head, "version") or "",
            digest=self.digest,
            time_zone=text(self.head, "time_zone") or "UTC",
            in_force_on=self.in_force_on,
            calendar=text(self.head, "calendar"),
            facts=self.facts,
            lists=self.lists,
            parameters=self.parameters,
            calendars=self.calendars,
            definitions=definition_order(v),
            decisions=decisions,
        )


def _of_rule(rule: Rule) -> Iterator[x.Expr]:
    yield from rule.parts
    if rule.deadline is not None:
        yield from (rule.deadline.date, rule.deadline.act)
    if rule.measure is not None:
        yield rule.measure


