"""How much is paid: elements, groups, the total; exactly, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from policyengine.engine.amounts import Amount, Ground, Held, Owed
from policyengine.engine.case import Case
from policyengine.evaluation.values import Got, is_known
from policyengine.model.decision import AmountDetail, Reason
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.model.rules import Class, Payout
from policyengine.values.money import Money
from policyengine.values.text import value_json

ELEMENT, GROUP, TOTAL = 0, 1, 2
Keys = tuple[Got, ...]


class Paid(NamedTuple):
    """What a payout comes to. ``amount`` is None while it is not exactly known; ``owed`` and ``faults`` say why."""

    amount: Money | None
    owed: tuple[Owed, ...] = ()
    faults: tuple[Fault, ...] = ()
    details: tuple[AmountDetail, ...] = ()
    reasons: tuple[Reason, ...] = ()


NO_PAYOUT = Paid(amount=None)


def nothing_paid(case: Case, payout: Payout) -> Money:
    """The 0 of a refusal, in the payout's currency if that is known."""
    return Money.of(0, _currency(case, payout) or "")


def pay(case: Case, payout: Payout) -> Paid:
    """The payout of a granted or partly granted decision."""
    ground = Ground(case, payout, _currency(case, payout), _open_elements(case))
    elements = _elements(ground) if payout.each else []
    groups = _groups(ground, elements) if payout.by and elements is not None else []
    total = _total(ground, elements, groups).run(payout.total_steps)
    if ground.currency is None:
        currency = Amount(ground, (-1, 0)).begin(payout.currency)
        total.owed += currency.owed
        total.faults += currency.faults
    if ground.still_open:
        # A step may set the total whatever the elements come to; the verdict's elements are open all the same.
        total.value = None
    amounts = [*(elements or ()), *(groups or ()), total]
    known = total.value is not None and ground.currency is not None
    return Paid(
        amount=total.value if known else None,
        owed=() if known else tuple(sorted(total.owed, key=lambda o: o.place)),
        faults=() if known else tuple(total.faults),
        details=_details(ground, amounts),
        reasons=_reasons([h for a in amounts for h in a.held if known or not h.cut]),
    )


def _currency(case: Case, payout: Payout) -> str | None:
    got = case.evaluation.value(payout.currency, case.env(None))
    return got if isinstance(got, str) else None


# --- elements ---


def _paid_for(ground: Ground) -> tuple[Element, ...] | None:
    """The elements that the payout is about: the granted ones of the decision's list, or all of another list."""
    case, each = ground.case, ground.payout.each
    if each != case.spec.each:
        return case.evaluation.elements(each or "")
    classes = case.spec.element_verdicts
    levels = zip(case.decided, case.resolution.elements or (), strict=True)
    return tuple(e for e, level in levels if level.word is not None and classes[level.word] is Class.GRANTED)


def _elements(ground: Ground) -> list[Amount] | None:
    """An amount for each element that is paid for; None if the list is unknown."""
    found = _paid_for(ground)
    if found is None:
        return None
    payout = ground.payout
    made = (Amount(ground, (ELEMENT, e.position), e) for e in found)
    return [amount.begin(payout.start).run(payout.element_steps) for amount in made]


def _open_elements(case: Case) -> list[Element]:
    """Elements of the decision that may be granted yet."""
    levels = zip(case.decided, case.resolution.elements or (), strict=True)
    return [e for e, level in levels if level.word is None]


# --- groups ---


def _groups(ground: Ground, elements: Sequence[Amount]) -> list[Amount] | None:
    """An amount for each group, in the order of their first elements; None if an element's group is unknown."""
    members: dict[Keys, list[Amount]] = {}
    for amount in elements:
        keys = _keys(ground, amount.element)
        if keys is None:
            return None
        members.setdefault(keys, []).append(amount)
    still_open = {_keys(ground, e) for e in ground.still_open} if _decides_list(ground) else set()
    groups = []
    for number, (keys, parts) in enumerate(members.items()):
        complete = not still_open & {keys, None}
        names: Mapping[str, Got] = dict(zip((n for n, _ in ground.payout.by), keys, strict=True))
        group = Amount(ground, (GROUP, number), keys=names).add_up(parts, complete=complete)
        groups.append(group.run(ground.payout.group_steps))
    return groups


def _decides_list(ground: Ground) -> bool:
    return ground.payout.each == ground.case.spec.each


def _keys(ground: Ground, element: Element | None) -> Keys | None:
    env = ground.case.env(element)
    keys = tuple(ground.case.evaluation.value(e, env) for _, e in ground.payout.by)
    return keys if all(is_known(k) for k in keys) else None


# --- the total ---


def _total(ground: Ground, elements: list[Amount] | None, groups: list[Amount] | None) -> Amount:
    """The total before its steps."""
    payout, total = ground.payout, Amount(ground, (TOTAL, 0))
    # A verdict may stand while an element is open; the amount then does not.
    complete = not ground.still_open
    if payout.each is None:
        started = total.begin(payout.start)
        if not complete:
            started.value = started.start = None
        return started
    if elements is None:
        total.owed.append(Owed(payout.each, payout.name, (ELEMENT, 0)))
        return total
    if groups is None:
        total.add_up(elements, complete=False)
        _ask_for_groups(ground, elements, total)
        return total
    return total.add_up(groups if payout.by else elements, complete=complete)


def _ask_for_groups(ground: Ground, elements: Sequence[Amount], total: Amount) -> None:
    evaluation = ground.case.evaluation
    for amount in elements:
        env = ground.case.env(amount.element)
        for _, key in ground.payout.by:
            total.owed += [Owed(f, ground.payout.name, (GROUP, 0)) for f in evaluation.blame(key, env)]
            total.faults += evaluation.faults(key, env)


# --- the answer's share ---


def _details(ground: Ground, amounts: Sequence[Amount]) -> tuple[AmountDetail, ...]:
    if ground.currency is None:
        return ()
    found = (_detail(ground, a) for a in amounts)
    return tuple(d for d in found if d)


def _detail(ground: Ground, amount: Amount) -> AmountDetail | None:
    if amount.start is None or amount.value is None:
        return None
    group = None
    if amount.place[0] == GROUP:
        by = ground.payout.by
        group = {name: value_json(amount.keys[name], e.type) for name, e in by}
    return AmountDetail(
        scope=("element", "group", "total")[amount.place[0]],
        element=amount.element.key if amount.element else None,
        group=group,
        start=amount.start,
        steps=tuple(amount.changes),
        result=amount.value,
        limit=amount.limit,
    )


def _reasons(held: Sequence[Held]) -> tuple[Reason, ...]:
    """Each step's id once, in the order of the steps; element steps name their elements."""
    by_id: dict[str, tuple[Reason, list[str]]] = {}
    for h in sorted(held, key=lambda h: h.order):
        _, keys = by_id.setdefault(h.reason.rule, (h.reason, []))
        if h.element and h.element.key not in keys:
            keys.append(h.element.key)
    return tuple(reason._replace(elements=tuple(keys)) if keys else reason for reason, keys in by_id.values())
