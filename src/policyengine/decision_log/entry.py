"""What is logged of one decision: one line of JSON, with the field names of OPA's decision log where it has them.

``decision_id``, ``timestamp``, ``path``, ``bundles``, ``labels``, ``requested_by``, ``req_id``, ``metrics``,
``input``, ``result``, ``erased`` and ``masked`` mean what they mean there. ``as_of``, ``verdict``, ``class``,
``rules``, ``answer``, ``key_id`` and ``item`` are ours. What is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from policyengine.decision_log.canonical import Fragment, Json, canonical, read
from policyengine.decision_log.ids import moment_text, new_id
from policyengine.decision_log.masking import Masks, masked
from policyengine.decision_log.schema import DECISION
from policyengine.engine.referee import Answered

#: The clock of OPA's log for the time from the request to the answer, in nanoseconds.
TIMER: Final = "timer_server_handler_ns"
_NO_MASKS: Final = Masks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record that has no place in the chain yet. ``text`` is what is hashed; the rest is for finding it."""

    decision_id: str
    kind: str
    timestamp: str
    text: bytes
    bundle: str | None = None
    digest: str | None = None
    decision: str | None = None
    verdict: str | None = None
    verdict_class: str | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a decision belongs to: when it came, from whom, and the caller's own name for it.

    ``key_id`` is the id of the API key that it came with: one caller may hold several.
    """

    received: datetime
    caller: str | None = None
    request_id: str | None = None
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A decision that was made for a request. ``result`` is its JSON text in full, whatever form was asked for."""

    answered: Answered
    facts: Mapping[str, object]
    result: bytes
    nanoseconds: int
    short: bool = False
    item: str | int | None = None


def decision_entry(asked: Asked, made: Made, version: str, masks: Masks = _NO_MASKS) -> Entry:
    """The entry for a decision; ``version`` is the release that made it."""
    decision = made.answered.decision
    bundle, bundle_version, digest = decision.bundle
    rules = tuple(dict.fromkeys(reason.rule for reason in (*decision.reasons, *decision.warnings)))
    id_, timestamp = new_id(asked.received), moment_text(asked.received)
    data: dict[str, Json] = {
        "decision_id": id_,
        "timestamp": timestamp,
        "path": f"{bundle}/{decision.decision}",
        "bundles": {bundle: {"revision": bundle_version, "digest": digest}},
        "labels": {"version": version, "engine": made.answered.engine, "check": made.answered.check},
        "requested_by": asked.caller,
        "key_id": asked.key_id,
        "req_id": asked.request_id,
        "item": made.item,
        "as_of": decision.as_of.isoformat(),
        "verdict": decision.verdict,
        "class": decision.verdict_class,
        "rules": list(rules),
        "answer": "short" if made.short else "full",
        "metrics": {TIMER: made.nanoseconds},
        "input": made.facts,
        "result": Fragment(made.result),
    }
    return Entry(
        decision_id=id_,
        kind=DECISION,
        timestamp=timestamp,
        text=_text({key: value for key, value in data.items() if value is not None}, made.result, masks),
        bundle=bundle,
        digest=digest,
        decision=decision.decision,
        verdict=decision.verdict,
        verdict_class=decision.verdict_class,
        rules=rules,
    )


def _text(data: dict[str, Json], result: bytes, masks: Masks) -> bytes:
    if not masks:
        return canonical(data)
    shown, hidden, erased = masked(data | {"result": read(result)}, masks)
    told = {"erased": erased, "masked": hidden}
    return canonical(shown | {key: pointers for key, pointers in told.items() if pointers})
