"""The vocabulary as nested names: what a request may hold at each place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from policyengine.diagnostics import nearest
from policyengine.engine.pointers import shown
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Fact, FactList

#: Longer keys are not compared with the vocabulary: they are no slip of the pen, and comparing takes time.
LONGEST_KEY = 80

Names = Mapping[str, "Fact | FactList | Names"]


def tree_of(bundle: CheckedBundle) -> Names:
    """``order.total`` and ``claims`` become ``{"order": {"total": …}, "claims": …}``."""
    root: dict[str, Fact | FactList | Names] = {}
    leaves: dict[str, Fact | FactList] = {**bundle.facts, **bundle.lists}
    for name, leaf in leaves.items():
        *folders, last = name.split(".")
        node = root
        for folder in folders:
            # No fact's name begins another's, so what is found below a folder is a folder.
            node = cast("dict[str, Fact | FactList | Names]", node.setdefault(folder, {}))
        node[last] = leaf
    return root


def nested(name: str) -> str:
    """How a dotted name is written in a request: ``{"order": {"total": …}}``."""
    parts = name.split(".")
    return "".join(f'{{"{p}": ' for p in parts) + "…" + "}" * len(parts)


def help_for(
    key: str, place: str, here: Iterable[str], known: Iterable[str], otherwise: str | None = None
) -> str | None:
    """What was probably meant by an undeclared ``key`` below the dotted ``place``: a name here, or one elsewhere.

    Where no name is near: ``otherwise``, or the names that are known here.
    """
    if len(key) > LONGEST_KEY:
        return None
    near = nearest(key, here)
    if near:
        return f"did you mean `{near}`?"
    elsewhere = _ending_in(key, known) or nearest(f"{place}.{key}" if place else key, known)
    return f"did you mean `{elsewhere}`? write {nested(elsewhere)}" if elsewhere else otherwise or _choices(here)


def _ending_in(key: str, known: Iterable[str]) -> str | None:
    """The only known name that ends in ``key``: a fact given in the wrong object."""
    found = [k for k in known if k.endswith(f".{key}")]
    return found[0] if len(found) == 1 else None


def _choices(here: Iterable[str]) -> str | None:
    names = list(here)
    most = 12  # more would not be read
    return "known here: " + ", ".join(shown(n) for n in names) if 0 < len(names) <= most else None
