"""Conditions and other expressions of a thing: one change for each smallest part that differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policyengine.impact.structure.change import Change, at
from policyengine.impact.structure.differing import differing
from policyengine.impact.structure.showing import written
from policyengine.model.expr import Expr


def compare_expressions(base: Change, old: Expr, new: Expr, called: str = "") -> Iterator[Change]:
    """The changes from one expression to the other. ``base`` says of what; ``called`` goes before each text."""
    for part in differing(old, new):
        yield replace(
            base,
            text=f"{called}{part.text}",
            old=written(part.old) if part.old else None,
            new=written(part.new) if part.new else None,
            old_at=at((part.old or old).span),
            new_at=at((part.new or new).span),
        )
