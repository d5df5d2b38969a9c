"""A decision in a few sentences: the verdict, why, the amount, the days, what is missing, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from policyengine.explaining.changes import Changes
from policyengine.explaining.phrases import change_sentence, named, values_joined, word
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import DeadlineDate, Decision, MissingFact, Reason
from policyengine.model.rules import Class, DecisionSpec
from policyengine.values.text import money_text

#: So many last days, and so many of the facts that are asked for, are told in sentences; the answer has all.
MOST_DAYS = 3
MOST_ASKED = 8


def summary(bundle: CheckedBundle, made: Decision, changes: Changes | None) -> tuple[str, ...]:
    """Sentences in the order in which a reply would give them."""
    spec = bundle.decisions[made.decision]
    each = bundle.lists[spec.each].each if spec.each else ""
    sentences = [
        _verdict(spec, made),
        *_elements(spec, made, each),
        *_why(made, each),
        *_open(made),
        *_amount(spec, made),
        *_plan(made),
        *(_deadline(spec, d) for d in made.deadlines[:MOST_DAYS]),
        *(f"Note: {_sentence(w.message)}" for w in made.warnings),
        *(f"What could not be reckoned: {_sentence(f.message)}" for f in made.faults),
    ]
    return (*sentences, *(_change(made, changes) if changes else ()))


def _verdict(spec: DecisionSpec, made: Decision) -> str:
    head = f"{spec.title.rstrip('?. ')}: "
    if made.verdict_class == "undetermined":
        return f"{head}this cannot be told yet, as of {made.as_of.isoformat()}."
    return f"{head}{_said(spec, made.verdict)}, as of {made.as_of.isoformat()}."


def _said(spec: DecisionSpec, verdict: str) -> str:
    """The verdict in the words that the bundle has for it."""
    return spec.value.type.labels.get(verdict, word(verdict)) if spec.value else word(verdict)


def _elements(spec: DecisionSpec, made: Decision, each: str) -> Iterator[str]:
    """What each element came to, where they differ, or were several."""
    if len(made.elements) < 2 and all(e.verdict == made.verdict for e in made.elements):  # noqa: PLR2004 - several
        return
    order = list(dict.fromkeys(e.verdict for e in made.elements))
    for verdict, group in groupby(sorted(made.elements, key=lambda e: order.index(e.verdict)), lambda e: e.verdict):
        ids = [e.id for e in group]
        said = "not yet known" if verdict == "undetermined" else word(verdict)
        yield f"{_capital(each)} {values_joined(ids)}: {said}."
    if spec.otherwise is not None:
        bare = [e.id for e in made.elements if not e.reasons and e.verdict == spec.otherwise.word]
        if bare:
            yield f"No rule settled {each} {values_joined(bare)}, so it is {word(spec.otherwise.word)}."


def _why(made: Decision, each: str) -> Iterator[str]:
    paid = _paid(made)
    told = [r for r in made.reasons if r.rule not in paid] or _of_elements(made)
    for reason in told:
        yield f"{_whom(made, reason, each)}{_sentence(reason.message)}"
    if not told and not made.elements:
        yield from _unreasoned(made)
    if made.verdict_class == Class.PENDING and made.needs:
        yield f"Still to be supplied: {values_joined([word(n) for n in made.needs])}."


def _of_elements(made: Decision) -> list[Reason]:
    """The reasons of elements that are settled while the whole is not, each rule once with those it holds for."""
    found: dict[tuple[str, str], list[str]] = {}
    first: dict[tuple[str, str], Reason] = {}
    for element in made.elements:
        for reason in element.reasons:
            found.setdefault((reason.rule, reason.message), []).append(element.id)
            first.setdefault((reason.rule, reason.message), reason)
    return [first[key]._replace(elements=tuple(ids)) for key, ids in found.items()]


def _paid(made: Decision) -> set[str]:
    """The ids of payout steps that changed an amount."""
    return {id_ for detail in made.amounts for id_ in (detail.limit, *(s.rule for s in detail.steps)) if id_}


def _whom(made: Decision, reason: Reason, each: str) -> str:
    """For whom a reason holds, where others are there for whom it might not."""
    several = len(made.elements) > 1
    return f"For {each} {values_joined(reason.elements)}: " if several and reason.elements else ""


def _unreasoned(made: Decision) -> Iterator[str]:
    if made.verdict_class == Class.GRANTED:
        yield "No rule stands against it."
    elif made.verdict_class == Class.REFUSED:
        yield "No rule grants it."


def _open(made: Decision) -> Iterator[str]:
    by_purpose = {"verdict": "To settle it, these must be known", "amount": "For the amount, these must be known"}
    for purpose, head in by_purpose.items():
        asked = [m for m in made.missing if m.purpose == purpose]
        if asked:
            told = [_asked(m) for m in asked[:MOST_ASKED]]
            more = f", and {len(asked) - MOST_ASKED} more" if len(asked) > MOST_ASKED else ""
            yield f"{head}: {', '.join(told)}{more}."


def _asked(missing: MissingFact) -> str:
    return named(missing.title, missing.fact)


def _amount(spec: DecisionSpec, made: Decision) -> Iterator[str]:
    if made.amount is None or made.verdict_class == Class.REFUSED or spec.payout is None:
        return
    yield f"The amount is {money_text(made.amount)}."
    paid = _paid(made)
    yield from (_sentence(r.message) for r in made.reasons if r.rule in paid)


def _plan(made: Decision) -> Iterator[str]:
    if made.split is not None and made.split.parts > 1:
        proof = "fewer are not possible" if made.split.proved else f"at least {made.split.lower_bound} are needed"
        yield f"The plan has {made.split.parts} {made.split.called}; {proof}."


def _deadline(spec: DecisionSpec, deadline: DeadlineDate) -> str:
    title = next((r.title for r in spec.rules if r.id == deadline.rule), None)
    whom = f" for {deadline.element}" if deadline.element else ""
    days = abs(deadline.days_left)
    count = "1 day" if days == 1 else f"{days} days"
    if deadline.days_left == 0:
        when = f"this day, {deadline.day.isoformat()}, is the last"
    elif deadline.days_left > 0:
        when = f"the last day is {deadline.day.isoformat()} ({count} left)"
    else:
        when = f"the last day was {deadline.day.isoformat()} ({count} ago)"
    after = f"; after it, from {deadline.from_day.isoformat()} on" if deadline.from_day else ""
    return f"{title or deadline.rule}{whom}: {when}{after}."


def _change(made: Decision, changes: Changes) -> Iterator[str]:
    if not changes.found:
        yield changes.told()
        return
    if made.verdict_class == "undetermined":
        head = "What would settle it, for instance"
    else:
        head = "The nearest change that leads to another verdict"
    if changes.towards is not None:
        head = f"The nearest change that leads to the verdict {word(changes.towards)}"
    yield f"{head}: {change_sentence(changes.found[0])}."


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
