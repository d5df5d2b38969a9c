"""An explanation in words: for every rule whether it holds, and the conditions and facts behind that.

The reference interpreter's trace says what every expression came to; the bundle says what the expression is. The two
are walked side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from policyengine.cli.output.words import faint, heading, plain
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.in_words import words
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.model.vocabulary import Table
from policyengine.reference.trace import Node, RuleTrace, Trace
from policyengine.values.types import Kind

_TRUTHS = {True: ("holds", "green"), False: ("does not hold", None), None: ("is not known to hold", "yellow")}
_MARKS = {"true": ("T", "green"), "false": ("F", "red")}
_OWN = {"requirements": "required", "thresholds": "allowed", "deadlines": "day"}
_NAMES = (x.FactRef, x.ItemField, x.ParameterRef, x.DefinitionRef, x.AsOf, x.ListRef)

Pair = tuple[Expr, Node]


class Explainer:
    """Writes the explanations of one bundle's decision. Places are files of the bundle."""

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self._bundle, self._spec = bundle, spec
        # Definitions and defaults that were opened in the rule being explained: they are not opened twice.
        self._opened: set[tuple[str, str]] = set()

    def text(self, trace: Trace, rule: str | None = None) -> str:
        """Every rule of the decision in its order, or only those of this id."""
        rules = {r.index: r for r in self._spec.rules}
        lines = [heading("Rule by rule"), faint("T true, F false, ? not known")]
        for found in trace.rules:
            if rule in (None, found.rule):
                lines += ["", *self._rule(rules[found.index], found)]
        if trace.value is not None and self._spec.value is not None:
            lines += ["", heading("The verdict is this value"), *self._tree((self._spec.value, trace.value), 1, "")]
        return "\n".join(lines)

    def _rule(self, rule: Rule, found: RuleTrace) -> Iterator[str]:
        self._opened.clear()
        says, colour = _TRUTHS[found.truth]
        whom = f" for {plain(found.element)}" if found.element else ""
        gives = " (a warning)" if rule.warning else f" → {rule.word}"
        yield f"{heading(found.rule)}{gives}: {click.style(says, fg=colour)}{whom}  {faint(rule.span.at)}"
        if rule.title:
            yield f"  {plain(rule.title)}"
        lacking = dict.fromkeys(b for node in (found.guard, found.applies, found.own) for b in node.blame)
        if found.truth is None and lacking:
            yield f"  missing: {', '.join(plain(b) for b in lacking)}"
        for label, pair in _parts(rule, found):
            if not x.is_true(pair[0]):
                yield f"  {label}"
                yield from self._tree(pair, 2, rule.span.at)

    def _tree(self, pair: Pair, depth: int, above: str) -> Iterator[str]:
        """What an expression came to, the plain values it read, and the rest below; ``above`` is the place so far."""
        _, node = pair
        below = list(self._told(pair))
        beside = dict.fromkeys(_is(p) for p in below if self._is_plain(p))
        read = f" ({', '.join(beside)})" if beside else ""
        about = f" [{plain(node.element)}]" if node.element else ""
        place = "" if node.place == above else f"  {faint(node.place)}"
        again = self._was_opened(pair)
        yield f"{'  ' * depth}{_came_to(pair)}{about}{' as above' if again else read}{place}"
        for inner in () if again else below:
            if not self._is_plain(inner):
                yield from self._tree(inner, depth + 1, node.place)

    def _was_opened(self, pair: Pair) -> bool:
        e, node = pair
        if not node.children or not isinstance(e, x.DefinitionRef | x.FactRef | x.ItemField):
            return False
        key = (words(e), repr(node.children))
        opened = key in self._opened
        self._opened.add(key)
        return opened

    def _is_plain(self, pair: Pair) -> bool:
        """Whether this is a name whose value is all there is to say."""
        return isinstance(pair[0], _NAMES) and pair[1].element is None and not list(self._told(pair))

    def _told(self, pair: Pair) -> Iterator[Pair]:
        """What is worth telling of what the expression was made of: no constants, and no name twice."""
        for inner in self._below(pair):
            e, _ = inner
            if isinstance(e, x.Literal | x.Null) or x.is_true(e):
                continue
            if isinstance(pair[0], x.Compare) and isinstance(e, x.DefinitionRef) and e.type.kind is Kind.BOOLEAN:
                # "F late is yes" has said what `late` came to; what it is made of follows at once.
                yield from self._told(inner)
            else:
                yield inner

    def _below(self, pair: Pair) -> Iterable[Pair]:
        """What the expression was made of, as the trace lays it out."""
        e, node = pair
        match e:
            case x.Quantifier() | x.Filter() if node.children:
                first, *candidates = node.children
                body = e.body if isinstance(e, x.Quantifier) else e.predicate
                return [(e.list, first), *((body, c) for c in candidates)]
            case x.If() if node.children[0].value in _MARKS:
                taken = 1 if node.children[0].value == "true" else 2
                return [(e.condition, node.children[0]), (x.children(e)[taken], node.children[taken])]
            case x.DefinitionRef():
                return self._definition(e, node)
            case x.FactRef() | x.ItemField() if node.children:
                default = self._default(e)
                return [(default, node.children[0])] if default else []
            case x.SplitIs() | x.Known() | x.Stated():
                return []
            case _:
                return zip(x.children(e), node.children, strict=False)

    def _definition(self, e: x.DefinitionRef, node: Node) -> Iterable[Pair]:
        body = self._bundle.definitions[e.name].body
        if not isinstance(body, Table):
            return [(body, child) for child in node.children]
        # Of a table, the rows that fit or may fit; a row is the conjunction of its cells.
        rows = zip(body.rows, node.children, strict=True)
        return [(x.And(items=row.tests, span=row.span), child) for row, child in rows if child.value != "false"]

    def _default(self, e: x.FactRef | x.ItemField) -> Expr | None:
        if isinstance(e, x.FactRef):
            return self._bundle.facts[e.name].default
        field = self._bundle.lists[e.list].fields.get(e.field)
        return field.default if field else None


def _parts(rule: Rule, found: RuleTrace) -> Iterator[tuple[str, Pair]]:
    """The parts of a rule with what they are for; what is required or allowed is shown as it is written."""
    yield "asked if", (rule.guard, found.guard)
    yield "when", (rule.applies, found.applies)
    if isinstance(rule.own, x.Not) and rule.kind in ("requirements", "thresholds") and found.own.children:
        yield _OWN[rule.kind], (rule.own.item, found.own.children[0])
    else:
        yield _OWN.get(rule.kind, "and"), (rule.own, found.own)


def _came_to(pair: Pair) -> str:
    """``T`` or ``F`` or ``?`` and the condition, or ``name is value``."""
    e, node = pair
    if e.type.kind is not Kind.BOOLEAN:
        return _is(pair)
    mark, colour = _MARKS.get(node.value, ("?", "yellow"))
    return f"{click.style(mark, fg=colour, bold=True)} {plain(_heading(e))}"


def _heading(e: Expr) -> str:
    """A condition of several parts is only named: the parts follow it."""
    match e:
        case x.And(items=items) if len(items) > 1:
            return "all of these"
        case x.Or(items=items) if len(items) > 1:
            return "at least one of these"
        case _:
            return words(e)


def _is(pair: Pair) -> str:
    """``name is value``; a fact that has parts here was left out, and its default stands in."""
    e, node = pair
    given = not (isinstance(e, x.FactRef | x.ItemField) and node.children)
    default = "" if given or node.value == "unknown" else " by default"
    return plain(f"{words(e)} is {node.value}{default}")
