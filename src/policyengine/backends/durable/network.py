"""Networks: conjunctions of comparisons, kept within what the engine can hold, and written as its JSON.

The engine builds a trie: a node for each comparison, a rule where its last comparison ends. Its limits are exact and
it does not defend them, so they are proved before anything is built; what is too much for one network is split.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from string import ascii_lowercase

#: (slot, operator, integer); a conjunction lists them in the order of the trie.
Comparison = tuple[int, str, int]
Path = tuple[Comparison, ...]

MOST_STACKED = 60
MOST_CHILDREN = 400
MOST_RULES_AT_A_NODE = 200
MOST_RULES = 4000
MOST_PROPERTIES = 200

#: The property and the rule that the warm-up fires.
WARM_PROPERTY, WARM_RULE = "W", "w"
WARM_PATH: Path = ((-1, "eq", 1),)

_HOLDS = {
    "eq": int.__eq__,
    "neq": int.__ne__,
    "lt": int.__lt__,
    "lte": int.__le__,
    "gt": int.__gt__,
    "gte": int.__ge__,
}

#: Short names whose hashes, by which the engine tells properties apart, do not clash; `id` is the engine's own.
NAMES: Sequence[str] = (
    *ascii_lowercase,
    *(a + b for a, b in product(ascii_lowercase, repeat=2) if a + b != "id"),
)


@dataclass(slots=True)
class _Node:
    children: dict[Comparison, _Node] = field(default_factory=dict)
    rules: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """The worst that any fact can ask of the engine: entries stacked, children and rules at a node; sizes."""

    stacked: int
    children: int
    at_a_node: int
    rules: int
    properties: int

    @property
    def kept(self) -> bool:
        """Whether one network can hold this."""
        return (
            self.stacked <= MOST_STACKED
            and self.children <= MOST_CHILDREN
            and self.at_a_node <= MOST_RULES_AT_A_NODE
            and self.rules <= MOST_RULES
            and self.properties <= MOST_PROPERTIES
        )


def network_bounds(paths: Sequence[Path]) -> Bounds:
    """The bounds of a network of these conjunctions and the warm-up rule."""
    root = _Node()
    for path in (*paths, WARM_PATH):
        node = root
        for comparison in path:
            node = node.children.setdefault(comparison, _Node())
        node.rules += 1
    nodes = list(_nodes(root))
    return Bounds(
        stacked=_stacked(root),
        children=max(len(n.children) for n in nodes),
        at_a_node=max(n.rules for n in nodes),
        rules=len(paths) + 1,
        properties=len({slot for path in paths for slot, _, _ in path}),
    )


def _nodes(node: _Node) -> Iterator[_Node]:
    yield node
    for child in node.children.values():
        yield from _nodes(child)


def _stacked(node: _Node) -> int:
    """Entries on the engine's stack at most: matching children are pushed together, then taken off one by one.

    While one is followed, its brothers still wait.
    """
    if not node.children:
        return 0
    matching = _most_matching(node.children)
    return max(matching, *(matching - 1 + _stacked(child) for child in node.children.values()))


def _most_matching(comparisons: Iterable[Comparison]) -> int:
    """How many can hold at once: of each property, those that its worst value satisfies."""
    by_slot: dict[int, list[tuple[str, int]]] = {}
    for slot, op, number in comparisons:
        by_slot.setdefault(slot, []).append((op, number))
    return sum(_worst(tests) for tests in by_slot.values())


def _worst(tests: Sequence[tuple[str, int]]) -> int:
    """The most that one value satisfies; between and beside the constants all values are alike."""
    values = {n + d for _, n in tests for d in (-1, 0, 1)}
    return max(sum(_HOLDS[op](v, n) for op, n in tests) for v in values)


# --- into networks ---


def in_networks(conjunctions: Iterable[frozenset[Comparison]]) -> list[list[Path]]:
    """The conjunctions as paths, in as few networks as a greedy split needs, each within the bounds."""
    sets = list(dict.fromkeys(conjunctions))
    common = Counter(c for conjunction in sets for c in conjunction)
    paths = sorted(tuple(sorted(s, key=lambda c: (-common[c], c))) for s in sets)
    networks = []
    while paths:
        count = _most_that_fit(paths)
        networks.append(paths[:count])
        paths = paths[count:]
    return networks


def _most_that_fit(paths: Sequence[Path]) -> int:
    """The length of the longest beginning within the bounds, which only grow with it."""
    fits, fails = 1, len(paths) + 1
    while fails - fits > 1:
        middle = min(2 * fits, (fits + fails) // 2) if fails > len(paths) else (fits + fails) // 2
        if network_bounds(paths[:middle]).kept:
            fits = middle
        else:
            fails = middle
    return fits


def definition(paths: Sequence[Path], names: Mapping[int, str]) -> str:
    """The network as the engine's JSON: rules are called by number, each one `all` of one `$and` of literals."""
    rules = {str(i): _rule([_literal(names[slot], op, n) for slot, op, n in path]) for i, path in enumerate(paths)}
    rules[WARM_RULE] = _rule([{WARM_PROPERTY: 1}])
    return json.dumps(rules, separators=(",", ":"))


def _rule(literals: list[dict[str, object]]) -> dict[str, object]:
    return {"all": [{"m": {"$and": literals}}]}


def _literal(name: str, op: str, number: int) -> dict[str, object]:
    return {name: number} if op == "eq" else {f"${op}": {name: number}}
