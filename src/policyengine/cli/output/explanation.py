"""An explanation on a terminal: for every rule whether it holds, and the conditions and facts behind that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from policyengine.cli.output.words import faint, heading, plain, section, wrapped
from policyengine.explaining.changes import FOR_STAFF, UNDETERMINED, Changes
from policyengine.explaining.explainer import Explanation
from policyengine.explaining.outcomes import called, meaning
from policyengine.explaining.pairs import Pair, Pairs, parts
from policyengine.explaining.payouts import PaidStep
from policyengine.explaining.phrases import change_text
from policyengine.explaining.why_not import Stop, WhyNot
from policyengine.explaining.wording import words
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision, FaultNote
from policyengine.model.expr import Expr
from policyengine.model.rules import Rule
from policyengine.reference.trace import Node, RuleTrace
from policyengine.values.types import Kind

_TRUTHS = {True: ("holds", "green"), False: ("does not hold", None), None: ("is not known to hold", "yellow")}
_MARKS = {"true": ("T", "green"), "false": ("F", "red")}

#: So many facts are told on the line of a condition; more of them below it.
MOST_BESIDE = 2
#: So many rules are shown with their conditions where not all are wanted.
MOST_FIRST = 12
_OTHERS = 5
#: So many rows of a table that may fit are shown where not all is wanted.
MOST_ROWS = 3


class RuleByRule:
    """Writes the trees of one bundle's decision. Places are files of the bundle."""

    def __init__(self, bundle: CheckedBundle, made: Decision) -> None:
        self._pairs, self._made, self._spec = Pairs(bundle), made, bundle.decisions[made.decision]
        # Definitions and defaults that were opened in the rule being explained: they are not opened twice.
        self._opened: set[tuple[str, str]] = set()
        self._brief = True

    def text(self, explained: Explanation, rule: str | None = None, *, in_full: bool = False) -> str:
        """The rules of the decision, or only those of this id.

        Unless all are wanted in full, first come those that matter here, and of the others one line each is told.
        """
        rules = {r.index: r for r in self._spec.rules}
        traced = explained.trace.rules
        everything = [n for n, found in enumerate(traced) if rule in (None, found.rule)]
        self._brief = not in_full and rule is None
        first = _first(explained, self._made) if self._brief else everything
        is_value = explained.trace.value is not None and self._spec.value is not None
        lines = [heading("Rule by rule"), faint("T true, F false, ? not known")] if everything or is_value else []
        for n in first:
            found, told = traced[n], explained.rules[n]
            brief = self._brief and found.truth is False
            lines += ["", *self._rule(rules[found.index], found, told, whole=not brief)]
        rest = [traced[n] for n in everything if n not in first]
        if rest:
            lines += ["", heading("The other rules" if first else "Every rule"), *self._briefly(rules, rest)]
            lines.append(faint("  --all shows every rule in full, --rule ID one"))
        if explained.trace.value is not None and self._spec.value is not None:
            tree = self._tree((self._spec.value, explained.trace.value), 1, "")
            lines += ["", heading("The verdict is this value"), *tree]
        paid = [step for step in explained.payout if rule in (None, step.rule)]
        return "\n".join([*lines, *section("Step by step to the amount", _paid(paid))])

    def _rule(self, rule: Rule, found: RuleTrace, told: WhyNot, *, whole: bool) -> Iterator[str]:
        """A rule with all its conditions, or only with those that keep it from holding."""
        self._opened.clear()
        whom = f" for {plain(found.element)}" if found.element else ""
        yield f"{_head(rule, found)}{whom}{_means(rule, found)}  {faint(rule.span.at)}"
        if rule.title:
            yield f"  {plain(called(rule))}"
        nodes = (found.guard, found.applies, found.own)
        lacking = dict.fromkeys(b for node in nodes for b in node.blame)
        if found.truth is None and lacking:
            yield f"  missing: {', '.join(plain(b) for b in lacking)}"
        if told.settled:
            yield f"  {plain(told.settled)}"
        if not whole:
            for stop in told.stops:
                yield from _stop(stop)
            return
        for label, pair in parts(rule, found):
            if not x.is_true(pair[0]):
                yield f"  {label}"
                yield from self._tree(pair, 2, rule.span.at)

    def _briefly(self, rules: Mapping[int, Rule], rest: Sequence[RuleTrace]) -> Iterator[str]:
        """One line for each rule and how it came out, with the elements of which that is so."""
        lines: dict[tuple[str, str], list[str]] = {}
        for found in rest:
            rule = rules[found.index]
            lacking = dict.fromkeys(b for node in (found.guard, found.applies, found.own) for b in node.blame)
            missing = f" (missing: {', '.join(plain(b) for b in lacking)})" if found.truth is None and lacking else ""
            key = (_head(rule, found), f"{_means(rule, found)}{missing}")
            lines.setdefault(key, []).extend([found.element] if found.element else [])
        for (head, rest_of_it), elements in lines.items():
            whom = f" for {plain(', '.join(dict.fromkeys(elements)))}" if elements else ""
            yield f"  {head}{whom}{rest_of_it}"

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
        if _is_innermost_fault(node):
            yield from (f"{'  ' * (depth + 1)}{_fault(fault)}" for fault in node.faults)
        parts_below = [] if again else [inner for inner in below if not self._pairs.is_plain(inner)]
        # Of a table all rows that may fit are there, one like the other.
        most = MOST_ROWS if self._brief and isinstance(pair[0], x.DefinitionRef) else len(parts_below)
        for inner in parts_below[:most]:
            yield from self._tree(inner, depth + 1, node.place)
        if parts_below[most:]:
            yield f"{'  ' * (depth + 1)}… and {len(parts_below) - most} more such rows"

    def _was_opened(self, pair: Pair) -> bool:
        e, node = pair
        if not node.children or not isinstance(e, x.DefinitionRef | x.FactRef | x.ItemField):
            return False
        key = (words(e), repr(node.children))
        opened = key in self._opened
        self._opened.add(key)
        return opened


def _first(explained: Explanation, made: Decision) -> list[int]:
    """Where the rules that matter stand: reasons first, then faulty, open and other holding ones, and near ones."""
    after = {reason for change in explained.changes.found for reason in change.reasons}
    reasons = (*made.reasons, *(r for e in made.elements for r in e.reasons))
    waiting = {rule for missing in made.missing for rule in missing.rules}
    traced = explained.trace.rules

    def rank(n: int) -> int:
        found = traced[n]
        if found.truth is True:
            return 0 if any(r.rule == found.rule for r in reasons) else 3
        if found.truth is None:
            return 1 if explained.rules[n].faults else 2 if found.rule in waiting else _OTHERS
        return 4 if (found.rule, found.element) in after else _OTHERS

    return sorted((n for n in range(len(traced)) if rank(n) < _OTHERS), key=rank)[:MOST_FIRST]


def _head(rule: Rule, found: RuleTrace) -> str:
    says, colour = _TRUTHS[found.truth]
    gives = " (a warning)" if rule.warning else f" → {rule.word}"
    return f"{heading(found.rule)}{gives}: {click.style(says, fg=colour)}"


def _means(rule: Rule, found: RuleTrace) -> str:
    """What its truth means for a rule of its kind, and that a fault keeps it from being known."""
    faulty = found.truth is None and any(node.faults for node in (found.guard, found.applies, found.own))
    means = "a fault in the rule" if faulty else meaning(rule, found)
    return f" ({means})" if means else ""


def _is_innermost_fault(node: Node) -> bool:
    return bool(node.faults) and not any(child.faults for child in node.children)


def _fault(fault: FaultNote) -> str:
    """What cannot be reckoned there, and the place."""
    return f"{click.style('a fault', fg='red')}: {plain(fault.message)}  {faint(fault.at)}"


def fault_lines(explained: Explanation) -> list[str]:
    """Rules that cannot be worked out, whatever the verdict rests on: each fault once, with the rules it is met in."""
    met: dict[FaultNote, dict[str, None]] = {}
    for one in explained.rules:
        for fault in one.faults:
            met.setdefault(fault, {})[one.rule] = None
    lines = (f"in {', '.join(rules)}: {fault.message} ({fault.at})" for fault, rules in met.items())
    return section("Faults in rules", (line for text in lines for line in wrapped(text, 2, hang=2)))


def _paid(steps: Iterable[PaidStep]) -> Iterator[str]:
    for step in steps:
        whose = "" if step.whose == "for the total" else f" {step.whose}"
        yield from wrapped(f"{step.rule or 'the payout'}{whose} {step.sentence}  {step.at}", 2, hang=2)


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
    return plain(f"{words(e)} is {node.value or 'empty'}{default}")


def summary_lines(sentences: Iterable[str]) -> list[str]:
    """The decision in a few sentences, as a paragraph that can be sent on."""
    return ["", *wrapped(" ".join(sentences), 0)]


def changes_lines(changes: Changes) -> list[str]:
    """What would lead to another verdict, nearest first, and how much was tried."""
    told = [line for change in changes.found for line in wrapped(f"- {change_text(change)}", 2, hang=2)]
    heading_ = "What would settle it" if changes.verdict == UNDETERMINED else "What would change it"
    some = told or changes.opens is not None
    return section(heading_, [*(wrapped(FOR_STAFF, 2) if some else ()), *told, *wrapped(changes.told(), 2)])


def _stop(stop: Stop) -> Iterator[str]:
    """A condition and what it read, beside it if that is not much."""
    mark, colour = {True: ("T", "green"), False: ("F", "red"), None: ("?", "yellow")}[stop.truth]
    read = [f"{fact.name} is {fact.value}" for fact in stop.facts]
    beside = f" ({', '.join(read)})" if 0 < len(read) <= MOST_BESIDE else ""
    yield f"  {click.style(mark, fg=colour, bold=True)} {plain(stop.condition + beside)}  {faint(stop.at)}"
    if not beside:
        yield from (f"      {plain(one)}" for one in read)
    if stop.fault:
        yield f"      {click.style('a fault', fg='red')}: {plain(stop.fault)}"


def why_not_text(found: Iterable[WhyNot]) -> str:
    """What kept a rule from holding, for the document or one by one."""
    lines: list[str] = []
    for one in found:
        because = ":" if one.faults else ", because:"
        told = f"{one.sentence.removesuffix('.')}{because}" if one.stops else one.sentence
        lines += ["", *wrapped(told, 0)]
        for stop in one.stops:
            lines += _stop(stop)
        lines += [f"  missing: {plain(m)}" for m in one.missing]
    return "\n".join(lines)
