"""Truths written out, one for each rule, as the sparse ones that back ends give."""

from __future__ import annotations

from collections.abc import Iterable

from policyengine.backends.base import Truths


def sparse(truths: Iterable[bool | None]) -> Truths:
    """The truths of rules 0, 1, 2 …"""
    listed = list(enumerate(truths))
    return Truths(tuple(i for i, t in listed if t), tuple(i for i, t in listed if t is None))
