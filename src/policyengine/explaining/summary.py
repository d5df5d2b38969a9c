"""A decision in the few sentences of a reply: the verdict, why, the amount, the days, and what is missing.

A reply goes to whoever brought the case. Which fact, told otherwise, would give another verdict is for staff
(``changes``): in a reply it would be advice on what to claim. So of all changes only those enter that are not about
what was told: a later day, and exactly that being supplied which the answer asks for. Machine names do not enter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby

from policyengine.explaining.changes import Changes
from policyengine.explaining.phrases import Change, plainly, values_joined, word
from policyengine.explaining.why_not import WhyNot
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import DeadlineDate, Decision, MissingFact, Reason
from policyengine.model.rules import Class, DecisionSpec
from policyengine.model.vocabulary import FactList
from policyengine.probing import AS_OF
from policyengine.values.text import money_text

#: So many last days, and so many of the facts that are asked for, are told in sentences; the answer has all.
MOST_DAYS = 3
MOST_ASKED = 8


def summary(
    bundle: CheckedBundle, made: Decision, changes: Changes, rules: Sequence[WhyNot], assumed: Sequence[str]
) -> tuple[str, ...]:
    """Sentences in the order in which a reply would give them.

    ``rules`` says how each rule came out; ``assumed`` what was not told, with what stands in.
    """
    kept = {(one.rule, one.element) for one in rules if one.truth is False}
    spec = bundle.decisions[made.decision]
    each = bundle.lists[spec.each] if spec.each else None
    return (
        _verdict(spec, made),
        *_elements(spec, made, each),
        *_why(made, each, changes),
        *_open(made),
        *_amount(spec, made),
        *_plan(made),
        *(_deadline(spec, d, kept) for d in made.deadlines[:MOST_DAYS]),
        *([f"Not told, and so assumed: {'; '.join(assumed)}."] if assumed else []),
        *_notes(made),
        *(f"What could not be reckoned: {_sentence(f.message)}" for f in made.faults),
        *_later(made, changes),
    )


def _verdict(spec: DecisionSpec, made: Decision) -> str:
    title = spec.title.rstrip("?. ")
    if made.verdict_class == "undetermined":
        return f"{title}: this cannot be told yet, as of {made.as_of.isoformat()}."
    said = _said(spec, made.verdict)
    if said.lower() in title.lower().split():
        said = f"the answer is “{said}”"
    return f"{title}: {said}, as of {made.as_of.isoformat()}."


def _said(spec: DecisionSpec, verdict: str) -> str:
    """The verdict in the words that the bundle has for it."""
    return spec.value.type.labels.get(verdict, word(verdict)) if spec.value else word(verdict)


def _elements(spec: DecisionSpec, made: Decision, each: FactList | None) -> Iterator[str]:
    """What each element came to, where they differ, or were several."""
    if each is None or (len(made.elements) < 2 and all(e.verdict == made.verdict for e in made.elements)):  # noqa: PLR2004 - several
        return
    order = list(dict.fromkeys(e.verdict for e in made.elements))
    for verdict, group in groupby(sorted(made.elements, key=lambda e: order.index(e.verdict)), lambda e: e.verdict):
        said = "not yet known" if verdict == "undetermined" else word(verdict)
        yield f"{_capital(_those(each, [e.id for e in group]))}: {said}."
    if spec.otherwise is not None:
        bare = [e.id for e in made.elements if not e.reasons and e.verdict == spec.otherwise.word]
        if bare:
            so = "it is" if len(bare) == 1 else "they are"
            yield f"No rule settled {_those(each, bare)}, so {so} {word(spec.otherwise.word)}."


def _those(each: FactList, ids: Sequence[str]) -> str:
    """``claim a``, ``claims a and b``: a list is named in the plural."""
    name = each.each if len(ids) == 1 else each.name.rpartition(".")[2]
    return f"{word(name)} {values_joined(ids)}"


def _why(made: Decision, each: FactList | None, changes: Changes) -> Iterator[str]:
    paid = _paid(made)
    told = [r for r in made.reasons if r.rule not in paid] or _of_elements(made)
    for reason in told:
        yield f"{_whom(made, reason, each)}{_sentence(reason.message)}"
    if not told and not made.elements:
        yield from _unreasoned(made)
    if made.verdict_class == Class.PENDING and made.needs:
        yield f"Still to be supplied: {values_joined([word(n) for n in made.needs])}."
        cured = next((c for c in changes.found if _supplies(c, made.needs)), None)
        if cured is not None:
            yield f"With that, and all else the same, it would be {word(cured.verdict)}."


def _supplies(change: Change, needs: Sequence[str]) -> bool:
    """Whether a change adds to a set exactly what the answer asks for."""
    if not isinstance(change.before, list) or not isinstance(change.after, list):
        return False
    comes = [m for m in change.after if m not in change.before]
    return all(m in change.after for m in change.before) and sorted(map(str, comes)) == sorted(needs)


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


def _whom(made: Decision, reason: Reason, each: FactList | None) -> str:
    """For whom a reason holds, where others are there for whom it might not."""
    several = len(made.elements) > 1
    return f"For {_those(each, reason.elements)}: " if each and several and reason.elements else ""


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
    return plainly(missing.title, missing.fact)


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


def _deadline(spec: DecisionSpec, deadline: DeadlineDate, kept: Collection[tuple[str, str | None]]) -> str:
    """A title says what ought to be, also where it is not so: it only tells which day this is."""
    title = next((r.title for r in spec.rules if r.id == deadline.rule), None)
    which = f" ({title})" if title else ""
    whom = f" for {deadline.element}" if deadline.element else ""
    days = abs(deadline.days_left)
    count = "1 day" if days == 1 else f"{days} days"
    when = "today" if days == 0 else f"{count} left" if deadline.days_left > 0 else f"{count} ago"
    if deadline.days_left < 0 and (deadline.rule, deadline.element) in kept:
        when = f"{when}, and kept"
    after = f"; it is over from {deadline.from_day.isoformat()} on" if deadline.from_day else ""
    return f"Last day{which}{whom}: {deadline.day.isoformat()} ({when}){after}."


def _notes(made: Decision) -> Iterator[str]:
    notes = [_sentence(w.message) for w in made.warnings]
    if notes:
        yield f"Please note: {' '.join(notes)}"


def _later(made: Decision, changes: Changes) -> Iterator[str]:
    """From which later day on the answer would be another, unless it is granted: then the last days say it."""
    later = next((c for c in changes.found if c.fact == AS_OF and str(c.after) > made.as_of.isoformat()), None)
    if later is None or made.verdict_class == Class.GRANTED:
        return
    after_last_days = {d.day.toordinal() + 1 for d in made.deadlines}
    if date.fromisoformat(str(later.after)).toordinal() not in after_last_days:
        day = f"From {later.after} on" if later.onwards == "more" else f"On {later.after}"
        yield f"{day}, with all else the same, it would be {word(later.verdict)}."


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
