"""Truths written out, one for each rule, as the sparse ones that back ends give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policyengine.backends.base import Truths


def sparse(truths: Iterable[bool | None]) -> Truths:
    """The truths of rules 0, 1, 2 …"""
    return sparse_by_index(dict(enumerate(truths)))


def sparse_by_index(truths: Mapping[int, bool | None]) -> Truths:
    """The truths of rules by their indexes."""
    listed = sorted(truths.items())
    return Truths(tuple(i for i, t in listed if t), tuple(i for i, t in listed if t is None))
