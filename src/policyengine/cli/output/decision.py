"""A decision for people: the verdict first, then what it means, why, and what is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.cli.output.words import faint, heading, plain, section, verdict, wrapped
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import AmountDetail, DeadlineDate, Decision, MissingFact, Reason, SplitPlan
from policyengine.values.text import money_text


def headline(decision: Decision, bundle: CheckedBundle) -> str:
    """The verdict, and the question that it answers."""
    word = verdict(decision.verdict, decision.verdict_class)
    told = word if decision.verdict == decision.verdict_class else f"{word} {faint(f'({decision.verdict_class})')}"
    return f"{told}\n{plain(bundle.decisions[decision.decision].title)} — as of {decision.as_of.isoformat()}"


def decision_text(decision: Decision, bundle: CheckedBundle, first: Iterable[str] = ()) -> str:
    """The whole decision; sections with nothing in them are left out. ``first`` are lines to go before the sections."""
    lines = [
        headline(decision, bundle),
        *first,
        *section("Amount", _amounts(decision)),
        *section("Plan", _plan(decision.split)),
        *section("Reasons", _reasons(decision.reasons)),
        *section("One by one", _elements(decision)),
        *section("Deadlines", (_deadline(d) for d in decision.deadlines)),
        *section("Needed", (f"  {plain(n)}" for n in decision.needs)),
        *section("Missing", _missing(decision.missing)),
        *section("Warnings", _reasons(decision.warnings)),
        *section("Remarks", (line for r in decision.remarks for line in wrapped(r.message, 2))),
        *section("Faults", (f"  {plain(f.message)} {faint(f.at)}" for f in decision.faults)),
        *section("Values", (f"  {name}: {_value(value)}" for name, value in decision.values.items())),
        "",
        faint(f"bundle {bundle.id} {bundle.version}, digest {bundle.digest}"),
    ]
    return "\n".join(lines)


def _amounts(decision: Decision) -> Iterator[str]:
    if decision.amount is not None:
        yield f"  {heading(money_text(decision.amount))}"
    for detail in decision.amounts:
        if detail.steps or detail.scope != "total":
            yield f"  {_amount(detail)}"


def _amount(detail: AmountDetail) -> str:
    keys = ", ".join(_value(v) for v in detail.group.values()) if detail.group else ""
    name = plain(" ".join(p for p in (detail.scope, detail.element, keys) if p))
    came = "".join(f" → {money_text(s.amount)}" + (f" ({s.rule})" if s.rule else "") for s in detail.steps)
    return f"{name}: {money_text(detail.start)}{came}"


def _plan(plan: SplitPlan | None) -> Iterator[str]:
    if plan is None:
        return
    proof = "no plan has fewer" if plan.proved else f"not proved to be the fewest: at least {plan.lower_bound}"
    yield f"  {plan.parts} {plan.called} ({proof})"
    for number, (shares, total) in enumerate(plan.contents, 1):
        lines = ", ".join(f"{s.quantity} of {plain(s.line)}" for s in shares)
        yield f"  {number}. {lines}: {_value(total)}"


def _reasons(reasons: Iterable[Reason]) -> Iterator[str]:
    for reason in reasons:
        whom = f" for {', '.join(plain(e) for e in reason.elements)}" if reason.elements else ""
        yield f"  {heading(reason.rule)}{whom} {faint(reason.at)}"
        yield from wrapped(reason.message, 4)
        if reason.source:
            yield from (faint(line) for line in wrapped(f"source: {reason.source}", 4))


def _elements(decision: Decision) -> Iterator[str]:
    for element in decision.elements:
        rules = ", ".join(r.rule for r in element.reasons)
        yield f"  {plain(element.id)}: {verdict(element.verdict, element.element_class)}" + (
            f" ({rules})" if rules else ""
        )


def _deadline(deadline: DeadlineDate) -> str:
    days = deadline.days_left
    left = "today" if days == 0 else f"{abs(days)} day{'s' if abs(days) != 1 else ''} {'left' if days > 0 else 'ago'}"
    whom = f" for {plain(deadline.element)}" if deadline.element else ""
    after = f"; from {deadline.from_day.isoformat()} on" if deadline.from_day else ""
    return f"  {deadline.day.isoformat()} ({left}) {deadline.rule}{whom}{after}"


def _missing(missing: Iterable[MissingFact]) -> Iterator[str]:
    for fact in missing:
        title = f" — {plain(fact.title)}" if fact.title else ""
        yield f"  {heading(plain(fact.fact))}{title}"
        kind = f"{fact.type}: {', '.join(fact.members)}" if fact.members else fact.type
        waiting = f", for {', '.join(fact.rules)}" if fact.rules else ""
        yield from wrapped(f"{kind}; decides the {fact.purpose}{waiting}", 4)


def _value(value: object) -> str:
    """Plain data of an answer in words."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case {"amount": amount, "currency": currency}:
            return f"{amount} {currency or ''}".rstrip()
        case list() | tuple():
            return ", ".join(_value(v) for v in value) or "none"
        case _:
            return plain(str(value))
