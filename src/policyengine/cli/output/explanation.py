"""An explanation in words: for every rule whether it holds, and the conditions and facts behind that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

import click

from policyengine.cli.output.words import faint, heading, plain
from policyengine.model.rules import DecisionSpec, Rule
from policyengine.reference.trace import Node, RuleTrace, Trace

_TRUTHS = {True: ("holds", "green"), False: ("does not hold", None), None: ("is not known to hold", "yellow")}
_MARKS = {"true": ("T", "green"), "false": ("F", "red"), "unknown": ("?", "yellow")}
_NOTHING = ("true", "false")


def explanation_text(trace: Trace, spec: DecisionSpec, folder: str, rule: str | None = None) -> str:
    """Every rule of the decision in its order, or only the one of this id; places are files below ``folder``."""
    rules = {r.index: r for r in spec.rules}
    lines: list[str] = []
    for found in trace.rules:
        if rule in (None, found.rule):
            lines += ["", *_rule(rules[found.index], found, folder)]
    if trace.value is not None:
        lines += ["", heading("The verdict is this value:"), *_tree(trace.value, folder, 1)]
    legend = "T true, F false, ? unknown; = what a value came to"
    return "\n".join([heading("Rule by rule"), faint(legend), *lines])


def _rule(rule: Rule, found: RuleTrace, folder: str) -> Iterator[str]:
    says, colour = _TRUTHS[found.truth]
    whom = f" for {plain(found.element)}" if found.element else ""
    word = f" → {rule.word}" if rule.word else " (a warning)" if rule.warning else ""
    said = click.style(says, fg=colour)
    yield f"{heading(found.rule)}{word} {said}{whom} {faint(_place(rule.span.at, folder))}"
    lacking = dict.fromkeys(b for n in (found.guard, found.applies, found.own) for b in n.blame)
    if found.truth is None and lacking:
        yield f"    missing: {', '.join(plain(b) for b in lacking)}"
    for node in (found.guard, found.applies, found.own):
        yield from _tree(node, folder, 1)


def _tree(node: Node, folder: str, depth: int) -> Iterator[str]:
    """A node and what it is made of; a constant needs no line, for its text says it all."""
    said = " ".join(node.text.split())
    if _is_constant(node, said):
        return
    about = f" [{plain(node.element)}]" if node.element else ""
    yield f"{'  ' * depth}{_came_to(node, plain(said))}{about}  {faint(_place(node.place, folder))}"
    yield from _below(node.children, folder, depth + 1, said)


def _below(children: Iterable[Node], folder: str, depth: int, above: str) -> Iterator[str]:
    """The children; one that is written and came out like its parent only wraps it, and is passed over."""
    for child in children:
        if " ".join(child.text.split()) == above and child.children:
            yield from _below(child.children, folder, depth, above)
        else:
            yield from _tree(child, folder, depth)


def _is_constant(node: Node, said: str) -> bool:
    return not node.children and not node.blame and (said == node.value or said in _NOTHING)


def _came_to(node: Node, said: str) -> str:
    """``T condition`` for a truth, ``text = value`` for any other value."""
    if node.value in _MARKS and (node.children or node.value != "unknown"):
        mark, colour = _MARKS[node.value]
        return f"{click.style(mark, fg=colour, bold=True)} {said}"
    return f"= {said}: {plain(node.value)}"


def _place(at: str, folder: str) -> str:
    return str(PurePath(folder) / at)
