"""The passes from documents to a checked bundle, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from zoneinfo import available_timezones

from policyengine.check.calendars import calendars
from policyengine.check.context import Context
from policyengine.check.decisions import Decisions
from policyengine.check.declarations import declare
from policyengine.check.definitions import definitions
from policyengine.check.graph import Vocabulary, answer_only, definition_order, refuse_cycles, refuse_long_chains
from policyengine.check.headers import headers
from policyengine.check.messages import inserted
from policyengine.check.needs import check_needs
from policyengine.check.reading import entries, scalar, text
from policyengine.check.rules import Lowering
from policyengine.check.served import Served
from policyengine.check.spelling import SNAKE, good_name
from policyengine.check.typist import DOCUMENT
from policyengine.check.vocabulary import facts, parameters
from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.frontend.nodes import Mapping
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.model.vocabulary import Definition, Fact, FactList, Parameter
from policyengine.source import Span, nowhere
from policyengine.values.dates import Calendar
from policyengine.values.types import DATE, INTEGER, Type, enum_type


def check_bundle(
    documents: Sequence[Mapping], folder: str, digest: str, sink: Diagnostics, *, incomplete: bool = False
) -> CheckedBundle | None:
    """The checked bundle of all policy documents of a folder, or None when there is any error in ``sink``.

    ``documents`` passed the reader; their shapes were checked, and whatever of them is faulty is skipped
    here, so that one run reports every fault. ``incomplete`` says that some document could not be read or
    understood at all: names that are not found are then not reported, for they may be declared there.
    """
    head = _bundle_document(documents, folder, sink, incomplete=incomplete)
    return _Checker(documents, head, digest, sink, incomplete=incomplete).run()


def _bundle_document(documents: Sequence[Mapping], folder: str, sink: Diagnostics, *, incomplete: bool) -> Mapping:
    """The document of kind ``bundle``; an empty one when there is none (reported)."""
    found = [d for d in documents if text(d, "kind") == "bundle"]
    for extra in found[1:]:
        kind = scalar(extra, "kind")
        help_ = f"the first is {found[0].span.file.path}"
        sink.error("bundle/two", "this is a second file of kind `bundle`", kind.span if kind else extra.span, help_)
    if found:
        return found[0]
    if not incomplete:
        help_ = "add a file with `kind: bundle`, the bundle's name and its decisions"
        sink.error("bundle/none", "the folder has no file of kind `bundle`", nowhere(folder), help_)
    return Mapping((), nowhere(folder))


def several_bundles(documents: Sequence[Mapping], folder: str, sink: Diagnostics) -> bool:
    """Whether the folder holds bundles in folders of their own (reported)."""
    heads = [d.span.file for d in documents if text(d, "kind") == "bundle"]
    folders = sorted({head.relative.rpartition("/")[0] for head in heads})
    if len(folders) < 2 or "" in folders:  # noqa: PLR2004 - several
        return False
    help_ = "name one of " + ", ".join(f"`{folder.rstrip('/')}/{inside}`" for inside in folders)
    sink.error("bundle/several", "this folder holds several bundles", nowhere(folder), help_)
    return True


class _Checker:
    """Runs the passes; each leaves its result for the next."""

    def __init__(
        self, documents: Sequence[Mapping], head: Mapping, digest: str, sink: Diagnostics, *, incomplete: bool
    ) -> None:
        self.documents, self.head, self.digest, self.sink = documents, head, digest, sink
        # Without a bundle file there are no decisions, no day and no calendar to speak of.
        self.incomplete = incomplete or not head.entries

    def run(self) -> CheckedBundle | None:
        """All passes in order; None when there is any error."""
        # Every name first, so that the order of files never matters.
        self.ctx = Context(declare(self.documents, self.sink, incomplete=self.incomplete), self.sink)
        self._head()
        self._vocabulary()
        # Definitions may speak of `verdict`, so the decisions' words must be known before them.
        self.headers = headers(self.ctx, self.head)
        self._definitions()
        check_needs(self.ctx, self.documents)
        # Rules are lowered against complete parameters: `in_force` may be bounded by one.
        decisions = self._decisions()
        # Cycles are looked for once every body is typed; walking needs the whole graph.
        v = Vocabulary(self.facts, self.lists, self.parameters, self.definitions)
        if refuse_cycles(self.ctx, v):
            refuse_long_chains(self.ctx, v)
            self._answer_only(v, decisions)
        return None if self.sink.failed else self._bundle(v, decisions)

    # -- passes ------------------------------------------------------------------------------

    def _head(self) -> None:
        key = scalar(self.head, "bundle")
        if key is not None:
            good_name(key, SNAKE, "bundle", self.sink)
        zone = scalar(self.head, "time_zone")
        if zone is not None and zone.text not in _time_zones():
            near = did_you_mean(zone.text, _time_zones())
            help_ = near or "write a name such as `UTC` or `Asia/Shanghai`"
            self.sink.error("literal/time-zone", f"`{zone.text}` is not a time zone", zone.span, help_)
        calendar = scalar(self.head, "calendar")
        calendars_ = self.ctx.symbols.calendars
        if calendar is not None and calendar.text not in calendars_ and not self.incomplete:
            help_ = did_you_mean(calendar.text, calendars_) or "calendars: " + (", ".join(sorted(calendars_)) or "none")
            self.sink.error("names/unknown", f"unknown calendar `{calendar.text}`", calendar.span, help_)
        self.in_force_on = self.ctx.expression(self.head.get("in_force_on"), DOCUMENT, DATE)
        self.ctx.day_is_unsaid = "in_force_on" not in self.head and not self.incomplete

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
        served = Served(self.ctx, self.headers, frozenset(k.text for k, _ in entries(self.head, "decisions")))
        for doc in self.documents:
            served.read(doc)
        astray = frozenset(served.astray)
        built = {n: builder.build(h, served.policies[n], served.payouts[n], astray) for n, h in self.headers.items()}
        return {n: d for n, d in built.items() if d is not None}

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
            if d.otherwise is not None and d.otherwise.because is not None:
                yield from inserted(d.otherwise.because)
        declared = [*v.facts.values(), *(f for i in v.lists.values() for f in i.fields.values())]
        said = [e for f in declared for e in (f.default, f.currency)]
        said += [p.keyed_on for p in v.parameters.values()]
        yield from (e for e in (*said, self.in_force_on) if e is not None)

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


@cache
def _time_zones() -> frozenset[str]:
    # Kept: they are looked up in hundreds of files.
    return frozenset(available_timezones())


def _of_rule(rule: Rule) -> Iterator[x.Expr]:
    yield from rule.parts
    if rule.deadline is not None:
        yield from (rule.deadline.date, rule.deadline.act)
    if rule.measure is not None:
        yield rule.measure
    yield from inserted(rule.because)
