"""All changes between two editions of a bundle."""

from __future__ import annotations

from policyengine.impact.structure.aspects import compare_aspects
from policyengine.impact.structure.change import Change, told_together
from policyengine.impact.structure.decisions import decisions
from policyengine.impact.structure.definitions import definitions
from policyengine.impact.structure.vocabulary import vocabulary
from policyengine.model.bundle import CheckedBundle


def compare_bundles(old: CheckedBundle, new: CheckedBundle) -> tuple[Change, ...]:
    """Every change, in the order of a bundle: itself, its vocabulary, its definitions, its decisions.

    Empty when only layout, comments, files or the order of keys are others.
    """
    changes = list(compare_aspects("bundle", new.id, old, new))
    if old.id != new.id:
        text = f"is the new id; it was `{old.id}`"
        changes.append(Change(what="bundle", names=(new.id,), aspect="id", text=text, old=old.id, new=new.id))
    changes += [*vocabulary(old, new), *definitions(old, new), *decisions(old, new)]
    return told_together(changes)
