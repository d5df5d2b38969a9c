"""The worst that any fact can ask of the engine, plainly computed anew for a whole network: the judge of `Trie`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from policyengine.backends.durable.network import (
    HOLDS,
    LAST_PATH,
    MOST_CHILDREN,
    MOST_PROPERTIES,
    MOST_RULES,
    MOST_RULES_AT_A_NODE,
    MOST_STACKED,
    Comparison,
    Path,
)


@dataclass
class Node:
    children: dict[Comparison, Node] = field(default_factory=dict)
    rules: int = 0


def trie(paths: Iterable[Path]) -> Node:
    root = Node()
    for path in (*paths, LAST_PATH):
        node = root
        for comparison in path:
            node = node.children.setdefault(comparison, Node())
        node.rules += 1
    return root


def nodes(node: Node) -> list[Node]:
    return [node, *(n for child in node.children.values() for n in nodes(child))]


def stacked(node: Node) -> int:
    """Matching children are pushed together, then taken off one by one; while one is followed, its brothers wait."""
    if not node.children:
        return 0
    matching = most_matching(node.children)
    return max(matching, *(matching - 1 + stacked(child) for child in node.children.values()))


def most_matching(comparisons: Iterable[Comparison]) -> int:
    by_slot: dict[int, list[tuple[str, int]]] = {}
    for slot, op, number in comparisons:
        by_slot.setdefault(slot, []).append((op, number))
    return sum(worst(tests) for tests in by_slot.values())


def worst(tests: Sequence[tuple[str, int]]) -> int:
    """The most that one value satisfies; between and beside the constants all values are alike."""
    values = {n + d for _, n in tests for d in (-1, 0, 1)}
    return max(sum(HOLDS[op](v, n) for op, n in tests) for v in values)


def kept(paths: Sequence[Path]) -> bool:
    """Whether one network can hold this."""
    root = trie(paths)
    every = nodes(root)
    return (
        stacked(root) <= MOST_STACKED
        and max(len(n.children) for n in every) <= MOST_CHILDREN
        and max(n.rules for n in every) <= MOST_RULES_AT_A_NODE
        and len(paths) < MOST_RULES
        and len({slot for path in (*paths, LAST_PATH) for slot, _, _ in path}) <= MOST_PROPERTIES
    )
