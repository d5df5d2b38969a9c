"""Seeded faults: each makes the production code wrong in one small way.

A fault is a function that takes pytest's ``monkeypatch`` and puts something wrong in the place of something right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]
#: Faults of one part of the code, by what is wrong.
Faults = dict[str, Fault]


def fault(area: Faults, name: str) -> Callable[[Fault], Fault]:
    """Decorator: add a fault to an area."""

    def register(made: Fault) -> Fault:
        area[name] = made
        return made

    return register


def after(patch: Patch, place: object, name: str, change: Callable[..., Any]) -> None:
    """Let a function do its work, then spoil what it gives: ``change(result, *args)``."""
    right = getattr(place, name)
    patch.setattr(place, name, lambda *args, **kwargs: change(right(*args, **kwargs), *args))


def simple(area: Faults, name: str, place: object, function: str, change: Callable[..., Any]) -> None:
    """Add a fault that spoils what one function gives."""
    area[name] = lambda patch: after(patch, place, function, change)
