"""Why an answer is as it is: of the rules that a difference is about, the conditions, truths and facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import AmountDetail, Decision
from policyengine.model.expr import And, AsOf
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.reference import Node, RuleTrace, Trace, trace
from policyengine.testing.model import UNKNOWN, Case, Difference, Json
from policyengine.values.text import money_text

#: More rules, or more lines of one, would not be read.
MOST_RULES: Final = 5
MOST_LINES: Final = 24
_DEEPEST: Final = 8
_TRUTHS: Final = ("true", "false", "unknown")

Asked = tuple[str, str | None]
"""A rule id, and an element's key or None for any."""


def explain(bundle: CheckedBundle, case: Case, decision: Decision, found: Iterable[Difference]) -> tuple[str, ...]:
    """Lines that tell why; empty where no rule is concerned.

    First come rules that a difference names, then those that hold or are open, then those that do not hold.

    What is below an expression is told once.
    """
    differences = tuple(found)
    spec = bundle.decisions[case.decision]
    record = trace(bundle, case.decision, case.facts, case.as_of)
    asked = dict.fromkeys(a for d in differences for a in _concerned(spec, decision, record, d))
    named = {rule for d in differences for rule in _named_by(d)}
    told = sorted(
        (r for r in record.rules if _is_asked(r, asked)), key=lambda r: (r.rule not in named, r.truth is False)
    )
    telling = _Telling(bundle, case)
    lines = [line for one in told[:MOST_RULES] for line in telling.rule(spec, one)]
    if len(told) > MOST_RULES:
        more = len(told) - MOST_RULES
        lines.append(f"… and {more} more {'rule' if more == 1 else 'rules'}")
    if record.value is not None:
        lines += ["the verdict is the value of", *_limited(telling.node(record.value, 1, "", None))]
    if any(d.key.split(".")[0] in ("amount", "groups") for d in differences):
        lines += [line for detail in decision.amounts for line in _amount(detail)]
    return (*lines, *_faults(decision))


def _is_asked(rule: RuleTrace, asked: Mapping[Asked, None]) -> bool:
    return (rule.rule, None) in asked or (rule.rule, rule.element) in asked


def _concerned(spec: DecisionSpec, decision: Decision, record: Trace, difference: Difference) -> Iterator[Asked]:
    """The rules that a difference is about."""
    key, _, item = difference.key.partition(".")
    match key:
        case "reasons" | "warnings" | "absent_reasons" | "deadlines":
            yield from ((rule, None) for rule in _named_by(difference))
        case "verdict":
            yield from _of_words(spec, decision, record, {str(difference.expected)}, None)
        case "elements" if item:
            yield from _of_words(spec, decision, record, {str(difference.expected)}, item)
        case "missing" if not difference.engine:
            wrong = _texts(difference.actual) ^ _texts(difference.expected)
            yield from ((r.rule, r.element) for r in record.rules if wrong & _lacks(r))


def _named_by(difference: Difference) -> list[str]:
    """The rules that a difference is about by name."""
    key, _, item = difference.key.partition(".")
    if key == "deadlines" and item:
        return [item.partition("[")[0]]
    if key not in ("reasons", "warnings", "absent_reasons") or difference.engine:
        return []
    return sorted(_texts(difference.expected) ^ _texts(difference.actual) or _texts(difference.actual))


def _lacks(rule: RuleTrace) -> set[str]:
    return {*rule.guard.blame, *rule.applies.blame, *rule.own.blame}


def _of_words(
    spec: DecisionSpec, decision: Decision, record: Trace, words: set[str], element: str | None
) -> Iterator[Asked]:
    """What gave the verdict, what is open, and what could have given the expected one."""
    if element is None:
        yield from ((r.rule, None) for r in decision.reasons)
    yield from ((r.rule, e.id) for e in decision.elements if e.id == element for r in e.reasons)
    weighed = {r.index: r for r in spec.rules}
    for one in record.rules:
        rule = weighed[one.index]
        concerns = one.element is None or element is None or one.element == element
        if concerns and not rule.warning and (rule.word in words or one.truth is None):
            yield one.rule, one.element


@dataclass(slots=True)
class _Telling:
    """What has been told of one case. ``before``: of which expressions, and from which depth on."""

    bundle: CheckedBundle
    case: Case
    before: dict[tuple[object, ...], int] = field(default_factory=dict)

    def rule(self, spec: DecisionSpec, found: RuleTrace) -> Iterator[str]:
        """A rule, how it came out and where it stands; below it the conditions that decided that."""
        rule = next(r for r in spec.rules if r.index == found.index)
        about = f" for `{found.element}`" if found.element is not None else ""
        place = f"{rule.span.file.path}:{rule.span.start.line}"
        yield f"rule {found.rule}{about} is {_truth(found.truth)} ({place})"
        parts = zip(rule.parts, (found.guard, found.applies, found.own), strict=True)
        nodes = [_named(n, found, rule) for p, n in parts if p != And(type=p.type, items=(), span=p.span)]
        nodes = _deciding(nodes, _truth(found.truth))
        file = _file(rule.span.at)
        yield from _limited(line for n in nodes for line in self.node(n, 1, file, found.element))

    def node(self, node: Node, depth: int, file: str, element: str | None) -> Iterator[str]:
        """An expression, what it came to, and what it was made of; constants are not worth a line."""
        text, negated = _text(node), ""
        while len(node.children) == 1 and _bare(_text(node.children[0])) == _bare(text):
            below = node.children[0]
            negated = "not " if below.value != node.value else negated
            if negated:
                break
            node = below
        if not node.children and text == node.value:
            return
        inner = node.children[0] if negated else node
        below_it = tuple(_deciding(list(_opened(inner.children)), inner.value))
        this = (text, negated, node.value, node.element, below_it)
        # From further down less was told, because there is a deepest line.
        again = this in self.before and self.before[this] <= depth
        element = element if node.element is None else node.element
        about = f" [{node.element}]" if node.element is not None else ""
        place = self._given(node, text, element) or (f" ({node.place})" if _file(node.place) != file else "")
        is_test = node.value in _TRUTHS and node.children
        said = f"{negated}`{text}` is {node.value}" if is_test else f"{text} = {node.value}"
        yield f"{'  ' * depth}{said}{about}{place}{', as above' if again else ''}"
        if below_it and not again and depth < _DEEPEST:
            for child in below_it:
                yield from self.node(child, depth + 1, _file(node.place), element)
            self.before[this] = depth

    def _given(self, node: Node, text: str, element: str | None) -> str:
        """Where a fact was given in the case's file, or that it was not, and where a parameter stands."""
        parameter = self.bundle.parameters.get(text)
        if parameter is not None:
            return f" ({parameter.span.file.path}:{parameter.span.start.line})"
        address = self._address(text, element)
        if address is None:
            return ""
        at = self.case.places.get(address)
        if at is not None:
            return f" ({at.file.path}:{at.start.line})"
        return " (not given)" if node.value == UNKNOWN else " (by default)"

    def _address(self, text: str, element: str | None) -> str | None:
        """The address of the fact, of the field of this element, or of the list, that the text names."""
        if text in self.bundle.facts or text in self.bundle.lists:
            return text
        variable, _, name = text.partition(".")
        lists = [one for one in self.bundle.lists.values() if one.each == variable and name in one.fields]
        return f"{lists[0].name}[{element}].{name}" if lists and element is not None else None


def _deciding(nodes: list[Node], truth: str) -> list[Node]:
    """Those that made the whole what it is: the false parts of a false ``all``, the true ones of a true ``any``."""
    if truth not in _TRUTHS or not any(n.value == truth for n in nodes):
        return nodes
    return [n for n in nodes if n.value == truth or n.value not in _TRUTHS]


def _opened(nodes: Iterable[Node]) -> Iterator[Node]:
    """The nodes, each ``if`` as its condition and the branch taken: the other one has no part in what came out."""
    for node in nodes:
        if not node.text.startswith("if ") or len(node.children) != 3 or node.children[0].value == UNKNOWN:  # noqa: PLR2004 - if, then, else
            yield node
        else:
            condition, then, otherwise = node.children
            yield from _opened((condition, then if condition.value == "true" else otherwise))


def _named(node: Node, found: RuleTrace, rule: Rule) -> Node:
    """The own part of a deadline says what it compares; its text is the date alone."""
    if rule.deadline is None or node is not found.own or len(node.children) != 2:  # noqa: PLR2004 - act and date
        return node
    act, day = node.children
    if isinstance(rule.deadline.act, AsOf):  # it was not written, so its text is another's
        act = replace(act, text="the day of the decision")
    text = f"{_text(act)} {'after' if rule.deadline.kind == 'by' else 'not after'} {_text(day)}"
    return replace(node, text=text, children=(act, day))


def _limited(lines: Iterable[str]) -> Iterator[str]:
    # Not a line is made that is not shown, for it would count as told.
    rest = iter(lines)
    yield from islice(rest, MOST_LINES)
    if next(rest, None) is not None:
        yield "  …"


def _text(node: Node) -> str:
    return " ".join(node.text.split())


def _bare(text: str) -> str:
    """Without the braces of a condition in one line, which its only entry does not have."""
    return text.removeprefix("{").removesuffix("}")


def _file(place: str) -> str:
    return place.rpartition(":")[0]


def _amount(detail: AmountDetail) -> Iterator[str]:
    which = detail.element or (", ".join(str(v) for v in detail.group.values()) if detail.group else "")
    yield f"amount of {detail.scope}{f' `{which}`' if which else ''} starts at {money_text(detail.start)}"
    for step in detail.steps:
        yield f"  {step.rule or 'a step'} makes it {money_text(step.amount)}"
    if detail.result != detail.start:
        yield f"  and it comes to {money_text(detail.result)}"


def _faults(decision: Decision) -> Iterator[str]:
    yield from (f"fault {f.code}: {f.message} ({f.at})" for f in decision.faults)


def _truth(value: bool | None) -> str:  # noqa: FBT001 - three-valued
    return "unknown" if value is None else str(value).lower()


def _texts(value: Json) -> set[str]:
    return {str(v) for v in value} if isinstance(value, list) else set()
