"""What came of a reload: for the one who asked, and for the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from policyengine.diagnostics import Diagnostic
from policyengine.source import nowhere
from policyengine.web.generations import ALLOWED_SKEW, Refused, Released, Status, now_text
from policyengine.web.judging import Judged

#: Where reloads are told; the log of the service shows them all.
log: Final = logging.getLogger("policyengine.reload")

Json = dict[str, Any]


def changes_of(before: Mapping[str, Released], after: Mapping[str, Released]) -> list[Json]:
    """What differs, by id of the bundle: the identity before and after, None where there is none."""
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or old.digest != new.digest:
            found.append({"bundle": name, "from": old and old.identity(), "to": new and new.identity()})
    return found


def unprepared(changes: Sequence[Json], judged: Judged, before: Mapping[str, Released], why: str) -> list[Refused]:
    """The bundles of a generation that a worker could not load."""
    out = []
    for change in changes:
        name = change["bundle"]
        source = (judged.bundles.get(name) or before[name]).source
        fault = Diagnostic("bundle/engine", f"a worker could not load the bundle: {why}", nowhere(source)).to_dict()
        out.append(Refused(name, source, 1, (fault,), now_text(), serving=change["from"]))
    return out


def result_of(changes: Sequence[Json], refused: Sequence[Refused]) -> str:
    """What came of a reload in which all workers swapped in time, in a word."""
    if refused:
        return "partly" if changes else "refused"
    return "changed" if changes else "unchanged"


def log_outcome(why: str, outcome: Json, status: Status) -> None:
    """Tell the log what was exchanged, what was refused, and who is late."""
    for change in outcome["bundles"]:
        told = [f"{i['version']} {i['digest']}" if i else "nothing" for i in (change["from"], change["to"])]
        log.info("reload (%s): %s from %s to %s, generation %d", why, change["bundle"], *told, outcome["generation"])
    for refused in status.refused:
        stays = f"{refused.serving['version']} stays in service" if refused.serving else "it is not in service"
        log.error("reload (%s): %s refused, %s: %s", why, refused.bundle, stays, refused)
    if outcome["late"]:
        log.error("reload (%s): workers %s have not swapped within %s seconds", why, outcome["late"], ALLOWED_SKEW)
    if outcome["result"] == "unchanged":
        log.info("reload (%s): nothing has changed", why)
