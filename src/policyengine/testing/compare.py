"""What an answer has, in the form of expectations, and where the two differ."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

import orjson

from policyengine.model.decision import Decision
from policyengine.source import Span
from policyengine.testing.model import NONE, UNKNOWN, Difference, Expected, Json
from policyengine.values.text import money_text


def differences(decision: Decision, expected: tuple[Expected, ...]) -> tuple[Difference, ...]:
    """Every expectation that the answer does not meet, in the order of writing; mappings entry by entry."""
    return tuple(d for e in expected for d in _unmet(decision, e))


def disagreements(answers: Mapping[str, Decision], reference: Decision, span: Span) -> Iterator[Difference]:
    """Where the answers of engines, by their names, are not the reference's byte for byte, as they ought to be."""
    data = reference.to_dict()
    wanted = _bytes(data)
    for engine, answer in answers.items():
        ours = answer.to_dict()
        if _bytes(ours) != wanted:
            keys = [key for key in data if key in ours and _bytes(ours[key]) != _bytes(data[key])]
            yield from (Difference(key, data[key], ours[key], span, engine) for key in keys)


def _bytes(data: Json) -> bytes:
    """As it is sent: what Python holds to be equal need not be, such as ``true`` and ``1``."""
    try:
        return orjson.dumps(data)
    except TypeError:  # a whole number of more than 64 bits
        return json.dumps(data, ensure_ascii=False).encode()


def actual(decision: Decision, key: str) -> Json:
    """What the answer has under a key of expectations; ``absent_reasons`` gives the ids that are there."""
    return _ACTUAL[key](decision)


def _unmet(decision: Decision, expected: Expected) -> Iterator[Difference]:
    found = _deadlines(decision, expected) if expected.key == "deadlines" else actual(decision, expected.key)
    if expected.key == "absent_reasons":
        yield from _present(expected, found)
    elif expected.item is not None:
        one = found.get(expected.item, NONE) if isinstance(found, Mapping) else NONE
        if one != expected.value:
            yield Difference(expected.label, expected.value, one, expected.span)
    elif isinstance(found, Mapping) and isinstance(expected.value, Mapping):
        wanted = {**dict.fromkeys(found, NONE), **expected.value}
        for name, value in wanted.items():
            if value != found.get(name, NONE):
                yield Difference(f"{expected.key}.{name}", value, found.get(name, NONE), expected.span)
    elif found != expected.value:
        yield Difference(expected.key, expected.value, found, expected.span)


def _present(expected: Expected, found: Json) -> Iterator[Difference]:
    present = [r for r in _texts(expected.value) if r in _texts(found)]
    if present:
        yield Difference(expected.key, expected.value, present, expected.span)


def _texts(value: Json) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else []


def _elements(decision: Decision) -> Json:
    return {e.id: e.verdict for e in decision.elements}


def _deadlines(decision: Decision, expected: Expected) -> Json:
    """Days by rule; by ``rule[element]`` where the expectation says so, and where a rule has several days."""
    named = set(expected.value) if isinstance(expected.value, Mapping) else {expected.item}
    days: dict[str, set[str]] = {}
    for deadline in decision.deadlines:
        exact = f"{deadline.rule}[{deadline.element}]"
        days.setdefault(exact if exact in named else deadline.rule, set()).add(deadline.day.isoformat())
    return {rule: " and ".join(sorted(found)) for rule, found in days.items()}


def _amount(decision: Decision) -> Json:
    return UNKNOWN if decision.amount is None else money_text(decision.amount)


def _groups(decision: Decision) -> Json:
    groups = [a for a in decision.amounts if a.scope == "group" and a.group is not None]
    return {", ".join(_key_text(k) for k in (a.group or {}).values()): money_text(a.result) for a in groups}


def _key_text(value: Json) -> str:
    """A group's key as it is written in YAML."""
    if isinstance(value, Mapping):
        return f"{value['amount']} {value['currency'] or ''}".rstrip()
    if isinstance(value, list):
        return " ".join(str(v) for v in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(decision: Decision) -> Json:
    return {name: UNKNOWN if value is None else value for name, value in decision.values.items()}


def _shown(decision: Decision) -> Json:
    return sorted({r.rule for r in (*decision.reasons, *decision.warnings)} | _of_elements(decision))


def _of_elements(decision: Decision) -> set[str]:
    """Ids of element reasons, which an undetermined decision keeps with its elements only."""
    return {r.rule for e in decision.elements for r in e.reasons}


_ACTUAL: dict[str, Callable[[Decision], Json]] = {
    "verdict": lambda d: d.verdict,
    "reasons": lambda d: sorted({r.rule for r in d.reasons}),
    "absent_reasons": _shown,
    "missing": lambda d: sorted({m.fact for m in d.missing}),
    "elements": _elements,
    "amount": _amount,
    "groups": _groups,
    "warnings": lambda d: sorted({w.rule for w in d.warnings}),
    "needs": lambda d: sorted(set(d.needs)),
    "values": _values,
    "parts": lambda d: d.split.parts if d.split else NONE,
    "remarks": lambda d: sorted({r.code for r in d.remarks}),
    "faults": lambda d: sorted({f.code for f in d.faults}),
}
