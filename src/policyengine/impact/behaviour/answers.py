"""What of two answers to one question is not the same, apart from places, digests and wording."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from policyengine.model.decision import AmountDetail, Decision, Reason

_VERSION: Final = Decision._fields.index("bundle")


class Differs(NamedTuple):
    """In what two answers differ, in the order of an answer, and which rules show it.

    ``gone`` and ``came`` are rules that are a reason (or warn) in one answer only, or for other elements; where there
    are none, ``about`` are the rules behind what differs. ``aspects`` is empty when only the wording differs, or the
    order of what is listed.
    """

    aspects: tuple[str, ...]
    gone: tuple[str, ...] = ()
    came: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


def compare(old: Decision, new: Decision) -> Differs | None:
    """In what the two differ; None if they are the same but for the bundle's version and places in its files."""
    if old[:_VERSION] == new[:_VERSION] and old[_VERSION + 1 :] == new[_VERSION + 1 :]:
        return None
    aspects = tuple(name for name, of in ASPECTS.items() if of(old) != of(new))
    if not aspects:
        return None if _worded(old) == _worded(new) else Differs(())
    before, after = _grounds(old), _grounds(new)
    gone, came = _names(before, after), _names(after, before)
    return Differs(aspects, gone, came, () if gone or came else _about(old, new))


# -- what counts -----------------------------------------------------------------------------


def _reasons(reasons: Iterable[Reason]) -> object:
    return sorted((r.rule, r.elements or ()) for r in reasons)


def _amounts(amounts: Iterable[AmountDetail]) -> object:
    return [(a.scope, a.element, a.group, a.start, a.steps, a.result, a.limit) for a in amounts]


def _split(decision: Decision) -> object:
    return decision.split.to_dict() if decision.split else None


def _missing(decision: Decision) -> object:
    return sorted((m.fact, m.purpose, m.type, m.members or (), m.rules) for m in decision.missing)


def _deadlines(decision: Decision) -> object:
    # How many days are left follows from the day.
    return sorted((d.rule, d.element or "", d.day, str(d.from_day)) for d in decision.deadlines)


#: Each part of an answer by its name, as far as it counts: no wording, no places, and lists in any order but where
#: it is that of the request or of reckoning.
ASPECTS: Final[dict[str, Callable[[Decision], object]]] = {
    "verdict": lambda d: (d.verdict, d.verdict_class),
    "reasons": lambda d: _reasons(d.reasons),
    "elements": lambda d: [(e.id, e.verdict, e.element_class, _reasons(e.reasons)) for e in d.elements],
    "missing": _missing,
    "deadlines": _deadlines,
    "amount": lambda d: d.amount,
    "amounts": lambda d: _amounts(d.amounts),
    "needs": lambda d: sorted(d.needs),
    "warnings": lambda d: _reasons(d.warnings),
    "remarks": lambda d: sorted((r.code, r.fact or "") for r in d.remarks),
    "faults": lambda d: sorted(f.code for f in d.faults),
    "values": lambda d: dict(d.values),
    "split": _split,
}

#: The parts of an answer that never differ, or only say which bundle it is by.
UNCOMPARED: Final = {
    "decision": "is what was asked",
    "as_of": "is what was asked, in the zone of the bundle; what follows from it is compared",
    "bundle": "says by which bundle",
    "verdict_class": "is compared with the verdict",
}


def _worded(decision: Decision) -> object:
    """Everything that is read, but for places in files."""

    def said(reasons: Iterable[Reason]) -> object:
        return [(r.rule, r.message, r.source, r.elements) for r in reasons]

    return (
        said(decision.reasons),
        said(decision.warnings),
        [(e.id, said(e.reasons)) for e in decision.elements],
        decision.missing,
        decision.needs,
        decision.remarks,
        decision.deadlines,
        [(f.code, f.message) for f in decision.faults],
        list(decision.values),
    )


# -- by which rules --------------------------------------------------------------------------


def _grounds(decision: Decision) -> dict[tuple[str, str | None], None]:
    """Each rule with each element that it is a reason or a warning for, in the order of the answer."""
    found: dict[tuple[str, str | None], None] = {}
    for reason in (*decision.reasons, *decision.warnings):
        for element in reason.elements or (None,):
            found[reason.rule, element] = None
    # An undetermined decision keeps the reasons of its elements with them only.
    for one in decision.elements:
        for reason in one.reasons:
            found[reason.rule, one.id] = None
    return found


def _names(these: Iterable[tuple[str, str | None]], others: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    known = set(others)
    return tuple(dict.fromkeys(rule for rule, element in these if (rule, element) not in known))


def _about(old: Decision, new: Decision) -> tuple[str, ...]:
    """The rules whose deadline, amount or question differs; failing that, those that both answers rest on."""
    pairs = ((_behind(old, other), _behind(new, other)) for other in ("deadlines", "missing", "amounts"))
    found = (rule for a, b in pairs for rule, _ in sorted(a ^ b))
    return tuple(dict.fromkeys(found)) or tuple(dict.fromkeys(r.rule for r in new.reasons))


def _behind(decision: Decision, part: str) -> set[tuple[str, str]]:
    """Rules, each with a text of what it shows in this part of the answer."""
    match part:
        case "deadlines":
            return {(d.rule, f"{d.element} {d.day}") for d in decision.deadlines}
        case "missing":
            return {(rule, m.fact) for m in decision.missing for rule in m.rules}
        case _:
            return {
                (s.rule, f"{a.scope} {a.element} {a.group} {s.amount}")
                for a in decision.amounts
                for s in a.steps
                if s.rule
            }
