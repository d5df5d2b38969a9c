"""Networks: conjunctions of comparisons, kept within what the engine can hold, and written as its JSON.

The engine builds a trie: a node for each comparison, a rule where its last comparison ends. Its limits are exact and
it does not defend them, so they are proved before anything is built; what is too much for one network is split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, product
from string import ascii_lowercase

#: (slot, operator, integer); a conjunction lists them in the order of the trie.
Comparison = tuple[int, str, int]
Path = tuple[Comparison, ...]

MOST_STACKED = 60
MOST_CHILDREN = 400
MOST_RULES_AT_A_NODE = 200
MOST_RULES = 4000
MOST_PROPERTIES = 200

#: What every fact has besides, and the rule that it fires. It is the last in its network, so it fires last of all.
LAST_PROPERTY = "W"
LAST_PATH: Path = ((-1, "eq", 1),)

HOLDS = {
    "eq": int.__eq__,
    "neq": int.__ne__,
    "lt": int.__lt__,
    "lte": int.__le__,
    "gt": int.__gt__,
    "gte": int.__ge__,
}

_PRIME, _BASIS = 16777619, 0x811C9DC5


def hash_of(name: str) -> int:
    """The hash (FNV-1a, 32 bits) by which alone the engine tells properties apart."""
    found = _BASIS
    for byte in name.encode("ascii"):
        found = ((found ^ byte) * _PRIME) & 0xFFFFFFFF
    return found


def property_names() -> Iterator[str]:
    """Short names whose hashes clash neither with each other nor with those that the engine and this package use."""
    taken = {hash_of(name) for name in ("id", "sid", "$s", LAST_PROPERTY)}
    for length in count(1):
        for letters in product(ascii_lowercase, repeat=length):
            name = "".join(letters)
            if hash_of(name) not in taken:
                taken.add(hash_of(name))
                yield name


# --- what a network may ask of the engine ---


class _Matching:
    """Comparisons of one property beside each other: how many of them one value satisfies at most."""

    __slots__ = ("_at", "_others", "most")

    def __init__(self) -> None:
        # By value, how many it satisfies. Between and beside the constants all values are alike.
        self._at: dict[int, int] = {}
        self._others: list[tuple[str, int]] = []
        self.most = 0

    def add(self, op: str, number: int) -> None:
        """One more comparison, different from the others."""
        # Only one of many equalities holds at a value: no other value has to be looked at again.
        values = (number,) if op == "eq" else (number - 1, number, number + 1)
        for value in values:
            if value not in self._at:
                self._at[value] = sum(HOLDS[o](value, n) for o, n in self._others)
        if op == "eq":
            self._at[number] += 1
            self.most = max(self.most, self._at[number])
            return
        self._others.append((op, number))
        holds = HOLDS[op]
        for value in self._at:
            self._at[value] += holds(value, number)
        self.most = max(self._at.values())


@dataclass(slots=True)
class _Node:
    children: dict[Comparison, _Node] = field(default_factory=dict)
    rules: int = 0
    by_slot: dict[int, _Matching] = field(default_factory=dict)
    matching: int = 0
    deepest: int = 0

    @property
    def stacked(self) -> int:
        """Entries on the engine's stack at most: matching children are pushed together, then taken off one by one.

        While one is followed, its brothers still wait.
        """
        return max(self.matching, self.matching - 1 + self.deepest)

    def child(self, comparison: Comparison) -> _Node:
        """The child behind a comparison, made if there is none."""
        found = self.children.get(comparison)
        if found is None:
            found = self.children[comparison] = _Node()
            slot, op, number = comparison
            matching = self.by_slot.setdefault(slot, _Matching())
            self.matching -= matching.most
            matching.add(op, number)
            self.matching += matching.most
        return found


class Trie:
    """A network as the engine builds it, with the worst that any fact can ask of it, kept up to date path by path."""

    def __init__(self) -> None:
        self._root = _Node()
        self._children = self._at_a_node = 0
        self._slots: set[int] = set()
        self.rules = 0
        self.add(LAST_PATH)

    def add(self, path: Path) -> None:
        """One more rule."""
        nodes = [self._root]
        for comparison in path:
            nodes.append(nodes[-1].child(comparison))
            self._slots.add(comparison[0])
        nodes[-1].rules += 1
        self.rules += 1
        self._at_a_node = max(self._at_a_node, nodes[-1].rules)
        self._children = max(self._children, *(len(n.children) for n in nodes))
        for parent, child in zip(reversed(nodes[:-1]), reversed(nodes), strict=False):
            parent.deepest = max(parent.deepest, child.stacked)

    @property
    def stacked(self) -> int:
        """Entries on the engine's stack at most."""
        return self._root.stacked

    @property
    def kept(self) -> bool:
        """Whether one network can hold this."""
        return (
            self.stacked <= MOST_STACKED
            and self._children <= MOST_CHILDREN
            and self._at_a_node <= MOST_RULES_AT_A_NODE
            and self.rules <= MOST_RULES
            and len(self._slots) <= MOST_PROPERTIES
        )


# --- into networks ---


def in_order(conjunctions: Collection[frozenset[Comparison]]) -> list[Path]:
    """Conjunctions as paths: what many have in common comes first, so that they share it."""
    common = Counter(c for conjunction in conjunctions for c in conjunction)
    return sorted(tuple(sorted(s, key=lambda c: (-common[c], c))) for s in conjunctions)


def in_networks(paths: Iterable[Path], longest: int = MOST_RULES) -> list[list[Path]]:
    """Paths in their order, cut into networks of at most ``longest`` that keep the bounds."""
    networks: list[list[Path]] = []
    trie = Trie()
    for path in paths:
        trie.add(path)
        if not networks or len(networks[-1]) == longest or not trie.kept:
            networks.append([])
            trie = Trie()
            trie.add(path)
        networks[-1].append(path)
    return networks


# --- as the engine's JSON ---


def rule_names(number: int) -> list[str]:
    """The names of so many rules in their order, and that of the last rule after them: as texts they ascend."""
    width = len(str(number))
    return [*(f"{i:0{width}}" for i in range(number)), "z" * width]


def definition(paths: Sequence[Path], names: Mapping[int, str]) -> str:
    """The network: each rule is one `all` of one `$and` of literals."""
    literals = [",".join(_literal(names[slot], op, n) for slot, op, n in path) for path in paths]
    literals.append(_literal(LAST_PROPERTY, "eq", 1))
    rules = zip(rule_names(len(paths)), literals, strict=True)
    return "{" + ",".join(f'"{name}":{{"all":[{{"m":{{"$and":[{text}]}}}}]}}' for name, text in rules) + "}"


def _literal(name: str, op: str, number: int) -> str:
    return f'{{"{name}":{number:d}}}' if op == "eq" else f'{{"${op}":{{"{name}":{number:d}}}}}'
