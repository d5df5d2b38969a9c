"""Whether every mask of the log still hides a fact when bundles are exchanged: a fact that moved would be logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from policyengine.decision_log.masking import Masks
from policyengine.diagnostics import Diagnostic, advice
from policyengine.model.bundle import CheckedBundle
from policyengine.source import nowhere
from policyengine.web.generations import Released

#: Masks of facts that hide nothing in a bundle, each with the nearest place that would, if there is one.
Idle = Mapping[str, str]


class MaskWatch:
    """Knows which masks hide nothing in which bundle, by digest. Begins with the bundles that are served."""

    def __init__(self, masks: Masks, bundles: Iterable[CheckedBundle]) -> None:
        # Loaded here: schemas take time to load, and most services have no masks.
        from policyengine.decision_log.mask_places import idle_masks, masks_of_facts

        self.masks = masks
        self._pointers = masks_of_facts(masks)
        self._idle: dict[str, Idle] = {bundle.digest: idle_masks(masks, bundle) for bundle in bundles}

    def note(self, digest: str, idle: Idle) -> None:
        """What was found of a bundle that was tried out."""
        self._idle[digest] = idle

    def lost(self, before: Mapping[str, Released], after: Mapping[str, Released]) -> dict[str, list[dict[str, Any]]]:
        """The bundles, by id, that may not go into service, each with why; ``before`` and ``after`` are by id.

        A mask that would hide nothing in any bundle is the fault of those in which it did until now, and otherwise of
        every one that is new.
        """
        new = {id_: released for id_, released in after.items() if not _is_same(released, before.get(id_))}
        faults: dict[str, list[dict[str, Any]]] = {}
        for pointer in self._pointers:
            if any(self._hides(pointer, released) for released in after.values()):
                continue
            at_fault = [id_ for id_ in new if id_ in before and self._hides(pointer, before[id_])]
            for id_ in at_fault or new:
                faults.setdefault(id_, []).append(self._fault(pointer, new[id_]))
        return faults

    def _hides(self, pointer: str, released: Released) -> bool:
        return pointer not in self._idle[released.digest]

    def _fault(self, pointer: str, released: Released) -> dict[str, Any]:
        told = (
            f"the decision log is to hide `{pointer}`, and with these policies there is no such fact any more: "
            "under another name it would be logged, and could be read there"
        )
        help_ = advice(self._idle[released.digest][pointer], _REMEDY)
        return Diagnostic("bundle/unmasked", told, nowhere(released.source), help_).to_dict()


def _is_same(released: Released, other: Released | None) -> bool:
    return other is not None and other.digest == released.digest


_REMEDY = "give the fact its old name back, or have the service started again with masks that fit these policies"
