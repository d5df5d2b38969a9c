"""An explanation on a terminal: for every rule whether it holds, and the conditions and facts behind that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

from policyengine.cli.output.words import faint, heading, plain, section, wrapped
from policyengine.explaining.changes import Changes
from policyengine.explaining.pairs import Pair, Pairs, parts
from policyengine.explaining.phrases import change_text
from policyengine.explaining.why_not import Stop, WhyNot
from policyengine.explaining.wording import words
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.reference.trace import RuleTrace, Trace
from policyengine.values.types import Kind

_TRUTHS = {True: ("holds", "green"), False: ("does not hold", None), None: ("is not known to hold", "yellow")}
_MARKS = {"true": ("T", "green"), "false": ("F", "red")}

#: So many facts are told on the line of a condition; more of them below it.
MOST_BESIDE = 2


class RuleByRule:
    """Writes the trees of one bundle's decision. Places are files of the bundle."""

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self._pairs, self._spec = Pairs(bundle), spec
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
        for label, pair in parts(rule, found):
            if not x.is_true(pair[0]):
                yield f"  {label}"
                yield from self._tree(pair, 2, rule.span.at)

    def _tree(self, pair: Pair, depth: int, above: str) -> Iterator[str]:
        """What an expression came to, the plain values it read, and the rest below; ``above`` is the place so far."""
        _, node = pair
        below = list(self._pairs.told(pair))
        beside = dict.fromkeys(_is(p) for p in below if self._pairs.is_plain(p))
        read = f" ({', '.join(beside)})" if beside else ""
        about = f" [{plain(node.element)}]" if node.element else ""
        place = "" if node.place == above else f"  {faint(node.place)}"
        again = self._was_opened(pair)
        yield f"{'  ' * depth}{_came_to(pair)}{about}{' as above' if again else read}{place}"
        for inner in () if again else below:
            if not self._pairs.is_plain(inner):
                yield from self._tree(inner, depth + 1, node.place)

    def _was_opened(self, pair: Pair) -> bool:
        e, node = pair
        if not node.children or not isinstance(e, x.DefinitionRef | x.FactRef | x.ItemField):
            return False
        key = (words(e), repr(node.children))
        opened = key in self._opened
        self._opened.add(key)
        return opened


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


def summary_lines(sentences: Iterable[str]) -> list[str]:
    """The decision in a few sentences, as a paragraph that can be sent on."""
    return ["", *wrapped(" ".join(sentences), 0)]


def changes_lines(changes: Changes) -> list[str]:
    """What would lead to another verdict, nearest first, and how much was tried."""
    told = [line for change in changes.found for line in wrapped(f"- {change_text(change)}", 2, hang=2)]
    return section("What would change it", [*told, *wrapped(changes.told(), 2)])


def _stop(stop: Stop) -> Iterator[str]:
    """A condition and what it read, beside it if that is not much."""
    mark, colour = {True: ("T", "green"), False: ("F", "red"), None: ("?", "yellow")}[stop.truth]
    read = [f"{fact.name} is {fact.value}" for fact in stop.facts]
    beside = f" ({', '.join(read)})" if 0 < len(read) <= MOST_BESIDE else ""
    yield f"  {click.style(mark, fg=colour, bold=True)} {plain(stop.condition + beside)}  {faint(stop.at)}"
    if not beside:
        yield from (f"      {plain(one)}" for one in read)


def why_not_text(found: Iterable[WhyNot]) -> str:
    """What kept a rule from holding, for the document or one by one."""
    lines: list[str] = []
    for one in found:
        lines += ["", *wrapped(one.sentence, 0)]
        for stop in one.stops:
            lines += _stop(stop)
        lines += [f"  missing: {plain(m)}" for m in one.missing]
    return "\n".join(lines)
