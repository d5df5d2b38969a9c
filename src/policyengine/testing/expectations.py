"""Reading what a case expects: each key checked against the decision, so that nothing misspelt can ever pass."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence
from policyengine.frontend.schema_tests import EXPECTATIONS
from policyengine.model.vocabulary import Fact
from policyengine.source import Span
from policyengine.testing.case_facts import FactsReader, plain
from policyengine.testing.durations import duration_in
from policyengine.testing.known_words import FAULTS, REMARKS, KnownWords, unknown
from policyengine.testing.model import NONE, UNKNOWN, Expected, Json
from policyengine.values.money import Money
from policyengine.values.text import duration_text, money_text, value_json
from policyengine.values.types import DATE, INTEGER, MONEY, Kind, Type

#: Mappings of which one entry can be expected by itself, as in ``elements.a``.
BY_ITEM = ("elements", "deadlines", "groups", "values")

_FIELD = re.compile(r"(?P<list>[a-z][a-z0-9_.]*)\[(?P<element>[^\]]+)\]\.(?P<field>[a-z][a-z0-9_]*)")
_DEADLINE = re.compile(r"(?P<rule>[^\[]*)(?:\[(?P<element>.*)\])?")
# Enough for every amount that an answer prints.
_MOST_PLACES = 12
# The nothing of no currency, such as the sum of no amounts, as people and as answers write it.
_NO_MONEY = ("0", "0.00")
# Types whose values an answer gives as plain text.
_AS_TEXT = (Kind.LIST, Kind.VALUES)


@dataclass
class ExpectationReader:
    """Reads expectations about one decision; every fault goes into the sink of ``facts``."""

    words: KnownWords
    facts: FactsReader
    sink: Diagnostics = field(init=False)

    def __post_init__(self) -> None:
        self.sink = self.facts.sink

    def read(self, node: Node | None) -> tuple[Expected, ...]:
        """All expectations of a mapping."""
        entries = node.entries if isinstance(node, Mapping) else ()
        return tuple(e for key, value in entries if key.text in EXPECTATIONS for e in self.one(key.text, value))

    def one(self, key: str, node: Node) -> Iterator[Expected]:
        """The expectations that one key states: one, or one for each reported value."""
        if key == "values":
            entries = list(self._mapping(node, key))
            if not entries and isinstance(node, Mapping):
                self._error("nothing is compared by this: `values` looks at the values that it names", node.span)
            for name, value in entries:
                yield from self.item(key, name.text, name.span, value)
        elif key in BY_ITEM:
            if isinstance(node, Mapping) and not node.entries:
                # It says that there are none; of a decision that never has any, that says nothing.
                self._can_be_there(key, node.span)
            items = {n.text: self._item(key, n.text, n.span, v) for n, v in self._mapping(node, key)}
            yield Expected(key=key, item=None, value=items, span=node.span)
        else:
            yield Expected(key=key, item=None, value=_SINGLE[key](self, node), span=node.span)

    def item(self, key: str, name: str, at: Span, node: Node) -> Iterator[Expected]:
        """The expectation of one entry of a mapping; ``at`` is where its name is written."""
        yield Expected(key=key, item=name, value=self._item(key, name, at, node), span=node.span)

    def known_item(self, key: str, name: str, at: Span) -> bool:
        """Whether a mapping of the answer may have such an entry; complains when it may not."""
        match key:
            case "deadlines":
                found = _DEADLINE.fullmatch(name)
                return self._known_rule(found["rule"] if found else name, at, self.words.deadlines, "has no deadline")
            case "values" if name not in self.words.reports:
                unknown(self.sink, "reported value", name, at, self.words.reports)
                return False
            case _:
                return self._can_be_there(key, at)

    def _can_be_there(self, key: str, at: Span) -> bool:
        """Whether answers of the decision have anything under this key; complains when they never have."""
        spec = self.words.spec
        if key == "elements" and not spec.each:
            self._error(f"decision `{spec.name}` has no elements", at)
        elif key == "groups" and not (spec.payout and spec.payout.by):
            self._error(f"decision `{spec.name}` pays by no groups", at)
        elif key == "deadlines" and not self.words.deadlines:
            self._error(f"decision `{spec.name}` has no deadlines", at)
        else:
            return True
        return False

    def _item(self, key: str, name: str, at: Span, node: Node) -> Json:
        if not self.known_item(key, name, at):
            return None
        match key:
            case "elements":
                return self._word(node, "verdict of an element", self.words.element_verdicts, also=(NONE,))
            case "deadlines":
                return self._text(node) if self._text(node) == NONE else self._value(node, DATE)
            case "groups":
                return self._text(node) if self._text(node) == NONE else self._money(node)
            case _:
                return self._value(node, self.words.reports[name])

    # Single keys

    def verdict(self, node: Node) -> Json:
        """A verdict of the decision."""
        return self._word(node, f"verdict of `{self.words.spec.name}`", self.words.verdicts)

    def reasons(self, node: Node) -> Json:
        """Ids of rules that can be reasons."""
        return self._rules(node, self.words.reasons, "only warns")

    def warnings(self, node: Node) -> Json:
        """Ids of rules that warn."""
        return self._rules(node, self.words.warnings, "is no warning")

    def absent_reasons(self, node: Node) -> Json:
        """Ids of rules that can be reasons or warnings of this very decision: others would be absent anyway."""
        if isinstance(node, Sequence) and not node.items:
            self._error("nothing is compared by this: `absent_reasons` looks at the rules that it names", node.span)
        return self._rules(node, (*self.words.reasons, *self.words.warnings), "")

    def missing(self, node: Node) -> Json:
        """Addresses of facts."""
        return self._set(node, self._check_address)

    def amount(self, node: Node) -> Json:
        """Money, or ``unknown``."""
        return UNKNOWN if self._text(node) == UNKNOWN else self._money(node)

    def needs(self, node: Node) -> Json:
        """What rules say can be supplied."""
        return self._set(node, self._checker("need", self.words.needs))

    def parts(self, node: Node) -> Json:
        """A whole number."""
        return self.facts.typed(node, _stand_in(INTEGER, node.span))

    def remarks(self, node: Node) -> Json:
        """Codes of remarks."""
        return self._set(node, self._checker("remark", REMARKS))

    def faults(self, node: Node) -> Json:
        """Codes of faults."""
        return self._set(node, self._checker("fault", FAULTS))

    # Parts of them

    def _rules(self, node: Node, known: Collection[str], otherwise: str) -> Json:
        return self._set(node, lambda s: self._known_rule(s.text, s.span, known, otherwise))

    def _known_rule(self, rule: str, at: Span, known: Collection[str], otherwise: str) -> bool:
        if rule in known:
            return True
        words = self.words
        owner = words.owner(rule)
        if otherwise and rule in {*words.reasons, *words.warnings}:
            self._error(f"rule `{rule}` {otherwise}, so it cannot be expected here", at)
        elif owner and rule not in words.reasons:
            help_ = did_you_mean(rule, known)
            message = f"rule `{rule}` belongs to decision `{owner}`, not to `{words.spec.name}`"
            self.sink.error("names/unknown", message, at, help_)
        else:
            unknown(self.sink, "rule", rule, at, known)
        return False

    def _check_address(self, node: Scalar) -> bool:
        bundle = self.words.bundle
        found = _FIELD.fullmatch(node.text)
        if found is None:
            return self.facts.find(node.text, node.span) is not None
        items = bundle.lists.get(found["list"])
        if items is None:
            unknown(self.sink, "list", found["list"], node.span, bundle.lists)
        elif found["field"] not in items.fields:
            unknown(self.sink, f"field of `{items.name}`", found["field"], node.span, items.fields)
        return items is not None

    def _checker(self, what: str, known: Collection[str]) -> Callable[[Scalar], bool]:
        def check(node: Scalar) -> bool:
            if node.text not in known:
                unknown(self.sink, what, node.text, node.span, known)
            return node.text in known

        return check

    def _set(self, node: Node, check: Callable[[Scalar], bool]) -> Json:
        """The texts of a list, sorted, each once; each is checked."""
        if not isinstance(node, Sequence):
            self._error("a list is needed here", node.span)
            return []
        texts = [item for item in node.items if self._is_scalar(item) and isinstance(item, Scalar)]
        first: dict[str, Span] = {}
        for text in texts:
            check(text)
            if text.text in first:
                help_ = f"first given at line {first[text.text].start.line}"
                self.sink.error("tests/expectation", f"`{text.text}` is given twice", text.span, help_)
            first.setdefault(text.text, text.span)
        return sorted({text.text for text in texts})

    def _word(self, node: Node, what: str, known: Collection[str], also: Iterable[str] = ()) -> Json:
        if not self._is_scalar(node) or not isinstance(node, Scalar):
            return None
        if node.text not in (*known, *also):
            unknown(self.sink, what, node.text, node.span, known)
        return node.text

    def _mapping(self, node: Node, key: str) -> Iterator[tuple[Scalar, Node]]:
        if isinstance(node, Mapping):
            yield from node
        else:
            self._error(f"`{key}` must be a mapping", node.span)

    def _money(self, node: Node) -> Json:
        if self._text(node) == "0":
            return money_text(Money.of(0, ""))  # the nothing of an order whose currency is unknown
        money = self.facts.typed(node, _stand_in(MONEY, node.span))
        return money_text(money) if isinstance(money, Money) else None

    def _value(self, node: Node, type_: Type) -> Json:
        """A value of a type, in the form that an answer gives it, or ``unknown``."""
        if self._text(node) == UNKNOWN:
            return UNKNOWN
        if type_.kind in _AS_TEXT:
            return plain(node)
        if type_.kind is Kind.MONEY and self._text(node) in _NO_MONEY:
            return value_json(Money.of(0, ""), type_)
        if type_.kind is Kind.DURATION:
            return self._duration(node)
        value = self.facts.typed(node, _stand_in(type_, node.span))
        return value.isoformat() if isinstance(value, date) else value_json(value, type_)

    def _duration(self, node: Node) -> Json:
        """A duration as an answer gives it: `2 years` as the 24 months that they are."""
        duration = duration_in(self._text(node) or "", self.words.bundle)
        if duration is None:
            help_ = "write it as policies do, such as `2 years`, `30 days` or `5 working days`"
            self.sink.error("tests/expectation", "a duration is needed here", node.span, help_)
            return None
        return duration_text(duration)

    def _text(self, node: Node) -> str | None:
        return node.text if isinstance(node, Scalar) else None

    def _is_scalar(self, node: Node) -> bool:
        if not isinstance(node, Scalar):
            self._error("a single value is needed here", node.span)
        return isinstance(node, Scalar)

    def _error(self, message: str, at: Span) -> None:
        self.sink.error("tests/expectation", message, at)


_SINGLE: dict[str, Callable[[ExpectationReader, Node], Json]] = {
    "verdict": ExpectationReader.verdict,
    "reasons": ExpectationReader.reasons,
    "absent_reasons": ExpectationReader.absent_reasons,
    "missing": ExpectationReader.missing,
    "amount": ExpectationReader.amount,
    "warnings": ExpectationReader.warnings,
    "needs": ExpectationReader.needs,
    "parts": ExpectationReader.parts,
    "remarks": ExpectationReader.remarks,
    "faults": ExpectationReader.faults,
}


def elements_named(expected: Expected) -> Iterator[str]:
    """The ids of the elements that an expectation about ``elements`` or ``deadlines`` names."""
    names = list(expected.value) if expected.item is None and isinstance(expected.value, dict) else [expected.item]
    for name in filter(None, names):
        if expected.key == "elements":
            yield str(name)
        elif expected.key == "deadlines" and (found := _DEADLINE.fullmatch(str(name))) and found["element"] is not None:
            yield found["element"]


def _stand_in(type_: Type, span: Span) -> Fact:
    """A fact of this type, so that expected values are read exactly as given ones are."""
    return Fact(name="expected", type=type_, decimals=_MOST_PLACES, span=span)
