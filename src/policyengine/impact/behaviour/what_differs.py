"""What differs between two answers, piece by piece, as text: old and new of every part that counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from policyengine.impact.behaviour.answers import ASPECTS
from policyengine.model.decision import AmountDetail, Decision, MissingFact, Reason, SplitPlan
from policyengine.values.text import money_text

#: A piece of one part of an answer: which one (empty where the part is one), and what it says.
Piece = tuple[str, str]
#: Names that are in both answers are told, too, where there are not more than this.
_MOST_NAMES: Final = 5
_MONEY: Final = {"amount", "currency"}


class Difference(NamedTuple):
    """One piece that is not the same: the part of the answer, which piece of it (or empty), old and new.

    None: the answer does not have it. What is a list of names is told as a whole; of a long one, what is in both is
    counted only.
    """

    part: str
    of: str
    old: str | None
    new: str | None

    def to_dict(self) -> dict[str, object]:
        """As plain data."""
        return {"part": self.part, "of": self.of or None, "old": self.old, "new": self.new}


def differences(old: Decision, new: Decision) -> tuple[Difference, ...]:
    """Every piece that differs, in the order of an answer: at least one for each part that does."""
    parts = (part for part, of in ASPECTS.items() if of(old) != of(new))
    return tuple(found for part in parts for found in _of_part(part, old, new))


def _of_part(part: str, old: Decision, new: Decision) -> list[Difference]:
    if part == "missing":
        found = [*_names(part, _asked(old), _asked(new)), *_waiting(old, new)]
    elif part in _NAMES:
        found = list(_names(part, [*_NAMES[part](old)], [*_NAMES[part](new)]))
    else:
        found = list(_pieces(part, [*_PIECES[part](old)], [*_PIECES[part](new)]))
    # Nothing came and nothing went: then it is how often, or the order.
    return found or [Difference(part, "", _whole(part, old), _whole(part, new))]


def _names(part: str, old: list[str], new: list[str]) -> Iterator[Difference]:
    gone, came = [n for n in old if n not in new], [n for n in new if n not in old]
    if gone or came:
        both = len(old) - len(gone)
        if both and max(len(old), len(new)) > _MOST_NAMES:
            kept = [f"{both} in both"]
            old, new = [*gone, *kept], [*came, *kept]
        yield Difference(part, "", ", ".join(old) or None, ", ".join(new) or None)


def _pieces(part: str, old: list[Piece], new: list[Piece]) -> Iterator[Difference]:
    before, after = _together(old), _together(new)
    for of in dict.fromkeys((*before, *after)):
        if before.get(of) != after.get(of):
            yield Difference(part, of, before.get(of), after.get(of))


def _together(pieces: Iterable[Piece]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for of, text in pieces:
        found.setdefault(of, []).append(text)
    return {of: ", ".join(texts) for of, texts in found.items()}


def _whole(part: str, decision: Decision) -> str:
    if part == "missing":
        return ", ".join(_asked(decision))
    if part in _NAMES:
        return ", ".join(_NAMES[part](decision))
    return "; ".join(f"{of} {text}".strip() for of, text in _PIECES[part](decision))


# -- names -----------------------------------------------------------------------------------


def _by(reasons: Iterable[Reason]) -> Iterator[str]:
    for reason in reasons:
        yield reason.rule + (f" for {', '.join(reason.elements)}" if reason.elements else "")


def _asked(decision: Decision) -> list[str]:
    return [_which(m) for m in decision.missing]


def _which(missing: MissingFact) -> str:
    return missing.fact if missing.purpose == "verdict" else f"{missing.fact} (for the {missing.purpose})"


#: Parts that are lists of names.
_NAMES: Final[dict[str, Callable[[Decision], Iterable[str]]]] = {
    "reasons": lambda d: _by(d.reasons),
    "needs": lambda d: d.needs,
    "warnings": lambda d: _by(d.warnings),
    "remarks": lambda d: (f"{r.code} {r.fact or ''}".rstrip() for r in d.remarks),
    "faults": lambda d: (f.code for f in d.faults),
}

# -- pieces ----------------------------------------------------------------------------------


def _waiting(old: Decision, new: Decision) -> Iterator[Difference]:
    """Of facts that both ask for: other rules that wait for them, or another type."""
    before, after = ({_which(m): m for m in d.missing} for d in (old, new))
    for which, was in before.items():
        is_ = after.get(which)
        if is_ is None:
            continue
        if was.rules != is_.rules:
            yield Difference("missing", which, f"for {', '.join(was.rules)}", f"for {', '.join(is_.rules)}")
        if (was.type, was.members) != (is_.type, is_.members):
            yield Difference("missing", which, _type(was), _type(is_))


def _type(missing: MissingFact) -> str:
    return missing.type + (f" of {', '.join(missing.members)}" if missing.members is not None else "")


def _verdict(decision: Decision) -> Iterator[Piece]:
    yield "", _word(decision.verdict, decision.verdict_class)


def _word(verdict: str, class_: str) -> str:
    return verdict if verdict == class_ else f"{verdict} ({class_})"


def _elements(decision: Decision) -> Iterator[Piece]:
    for one in decision.elements:
        by = ", ".join(_by(one.reasons))
        yield one.id, _word(one.verdict, one.element_class) + (f" by {by}" if by else "")


def _deadlines(decision: Decision) -> Iterator[Piece]:
    for d in decision.deadlines:
        until = f", from {d.from_day.isoformat()} on" if d.from_day else ""
        yield d.rule + (f" for {d.element}" if d.element else ""), f"{d.day.isoformat()}{until}"


def _amount(decision: Decision) -> Iterator[Piece]:
    yield "", money_text(decision.amount) if decision.amount is not None else "unknown"


def _amounts(decision: Decision) -> Iterator[Piece]:
    return ((_of(a), _reckoning(a)) for a in decision.amounts)


def _of(amount: AmountDetail) -> str:
    if amount.group is not None:
        return "group " + ", ".join(f"{name} {_json(value)}" for name, value in amount.group.items())
    return f"{amount.scope} {amount.element or ''}".rstrip()


def _reckoning(amount: AmountDetail) -> str:
    steps = [f"{step.rule or 'then'} {money_text(step.amount)}" for step in amount.steps]
    limit = [f"cut by {amount.limit}"] if amount.limit else []
    return ", ".join([f"from {money_text(amount.start)}", *steps, *limit, f"is {money_text(amount.result)}"])


def _values(decision: Decision) -> Iterator[Piece]:
    return ((name, _json(value)) for name, value in decision.values.items())


def _split(decision: Decision) -> Iterator[Piece]:
    plan = decision.split
    if plan is None:
        return
    yield plan.called, str(plan.parts)
    yield "proved", "yes" if plan.proved else "no"
    yield "fewest possible", str(plan.lower_bound)
    yield from _contents(plan)


def _contents(plan: SplitPlan) -> Iterator[Piece]:
    for number, (shares, total) in enumerate(plan.contents, 1):
        lines = ", ".join(f"{s.quantity} of {s.line} ({_json(s.amount)})" for s in shares)
        yield f"{plan.called} {number}", f"{lines}: {_json(total)}"


def _json(value: object) -> str:
    """A value of an answer: amounts as people write them, everything else so that no two look alike."""
    if value is None:
        return "unknown"
    if isinstance(value, dict) and set(value) == _MONEY and isinstance(value["amount"], str):
        return f"{value['amount']} {value['currency'] or ''}".rstrip()
    return json.dumps(value, ensure_ascii=False)


#: Parts of pieces that have names of their own.
_PIECES: Final[dict[str, Callable[[Decision], Iterable[Piece]]]] = {
    "verdict": _verdict,
    "elements": _elements,
    "deadlines": _deadlines,
    "amount": _amount,
    "amounts": _amounts,
    "values": _values,
    "split": _split,
}
