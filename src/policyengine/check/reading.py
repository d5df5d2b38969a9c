"""Tolerant access to documents: a wrong shape was already reported by the schema check, so it reads as absent."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence


def scalar(node: Node | None, key: str) -> Scalar | None:
    """The scalar under ``key``, or None."""
    value = node.get(key) if isinstance(node, Mapping) else None
    return value if isinstance(value, Scalar) else None


def text(node: Node | None, key: str) -> str | None:
    """The text under ``key``, or None."""
    value = scalar(node, key)
    return value.text if value else None


def flag(node: Node | None, key: str) -> bool:
    """Whether ``key`` is ``true``."""
    return text(node, key) == "true"


def mapping(node: Node | None, key: str) -> Mapping | None:
    """The mapping under ``key``, or None."""
    value = node.get(key) if isinstance(node, Mapping) else None
    return value if isinstance(value, Mapping) else None


def entries(node: Node | None, key: str) -> Iterator[tuple[Scalar, Node]]:
    """The entries of the mapping under ``key``; nothing when there is none."""
    found = mapping(node, key)
    return iter(found.entries) if found else iter(())


def items(node: Node | None, key: str) -> tuple[Node, ...]:
    """The items of the sequence under ``key``; nothing when there is none."""
    value = node.get(key) if isinstance(node, Mapping) else None
    return value.items if isinstance(value, Sequence) else ()


def scalars(node: Node | None) -> tuple[Scalar, ...]:
    """A scalar, or a sequence of scalars, as a tuple."""
    if isinstance(node, Scalar):
        return (node,)
    if isinstance(node, Sequence):
        return tuple(i for i in node.items if isinstance(i, Scalar))
    return ()
