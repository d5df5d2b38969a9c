"""The whole decision: rules weighed, levels settled, and everything that the answer says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import cast

from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import (
    DeadlineDate,
    Decision,
    ElementDecision,
    FaultNote,
    MissingFact,
    Reason,
    Remark,
    SplitPlan,
)
from policyengine.model.expr import Expr
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.model.rules import Class, DecisionSpec, Message, Rule
from policyengine.model.wording import render
from policyengine.planner import Plan
from policyengine.reference.evaluate import Env, evaluate, plan, split_rows
from policyengine.reference.facts import read
from policyengine.reference.levels import Level, Whole, combine, level
from policyengine.reference.payout import Paid, pay
from policyengine.reference.remarks import broken_orders, empty_list, unlisted_years
from policyengine.reference.results import Address, Result, all_of, exact, unique
from policyengine.reference.splits import as_answered
from policyengine.source import Span
from policyengine.values.money import Money
from policyengine.values.text import value_json, value_text
from policyengine.values.types import DATE, Kind

UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A rule asked of the document or of one element: its guard, what it applies to, and its own part."""

    rule: Rule
    element: Element | None
    env: Env
    parts: tuple[Result, Result, Result]

    @property
    def truth(self) -> bool | None:
        """True, false or unknown."""
        return cast("bool | None", all_of(self.parts).value)

    @property
    def applies(self) -> bool:
        """Whether the rule certainly concerns the case, whatever its own part says."""
        return all_of(self.parts[:2]).value is True

    @property
    def lacks(self) -> Result:
        """The first part that is unknown: what lies behind a guard is asked once the guard is known."""
        return next(p for p in self.parts if not p.known)


@dataclass(frozen=True, slots=True)
class Told:
    """A reason before it is worded; those with one id become one reason."""

    id: str
    because: Message | None
    source: str | None
    span: Span
    element: Element | None
    env: Env
    specials: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that is asked for by a rule; ``order`` decides the place in the answer."""

    order: tuple[int, int, int, int]
    address: Address
    rule: str | None


def match(
    bundle: CheckedBundle, decision: str, facts: Mapping[str, object], as_of: date
) -> Mapping[tuple[int, str | None], bool | None]:
    """True, false or None (unknown) of every core rule, by rule index and element key (None: the document)."""
    spec = bundle.decisions[decision]
    found = weigh(spec, Env(bundle, read(bundle, facts, as_of)))
    return {(w.rule.index, w.element.key if w.element else None): w.truth for w in found if not w.rule.warning}


def weigh(spec: DecisionSpec, env: Env) -> list[Weighed]:
    """Every rule, warnings too, asked of the document or of every element of its list (if that is known)."""
    found = []
    for rule in spec.rules:
        elements = (None,) if rule.each is None else env.records(rule.each) or ()
        for element in elements:
            inner = env.only(element)
            guard, applies, own = (evaluate(p, inner) for p in rule.parts)
            found.append(Weighed(rule, element, inner, (guard, applies, own)))
    return found


def decide(bundle: CheckedBundle, decision: str, facts: Mapping[str, object], as_of: date) -> Decision:
    """The answer to one decision. ``facts`` is the nested JSON of a request that has been checked."""
    spec = bundle.decisions[decision]
    env = Env(bundle, read(bundle, facts, as_of))
    return _value_decision(spec, spec.value, env) if spec.value is not None else _Case(spec, env).answer()


def _value_decision(spec: DecisionSpec, value: Expr, env: Env) -> Decision:
    """A decision that is simply the value of a definition."""
    found = evaluate(value, env)
    asks = [Ask((0, 0, n, 0), a, None) for n, a in enumerate(found.blame)]
    return Decision(
        decision=spec.name,
        verdict=str(found.value) if found.known else UNDETERMINED,
        verdict_class="value" if found.known else UNDETERMINED,
        missing=_missing(asks, env.bundle, "verdict"),
        remarks=(*broken_orders(env), *unlisted_years(spec, env)),
        faults=_notes(found.faults),
        values=_values(spec, env),
        bundle=(env.bundle.id, env.bundle.version, env.bundle.digest),
        as_of=env.memory.as_of,
    )


class _Case:
    """One decision about one set of facts. Every attribute is set once, in the order of reading."""

    def __init__(self, spec: DecisionSpec, env: Env) -> None:
        self.spec = spec
        self.weighed = weigh(spec, env)
        self.records = env.records(spec.each) if spec.each is not None else None
        passes = None if spec.each is not None or spec.otherwise is None else spec.otherwise.word
        self.document = self._level(None, passes)
        self.elements = [
            (e, self._level(e, spec.otherwise.word if spec.otherwise else None)) for e in self.records or ()
        ]
        self.whole = self._whole()
        self.elements_decided = self.document.refused_at is None and self.records is not None
        self.word_class = UNDETERMINED if self.whole.word is None else spec.verdicts[self.whole.word].value
        self.split = _split(self.weighed)
        specials = {"verdict": exact(self.whole.word), "parts": exact(self.split.parts if self.split else None)}
        self.env = env.telling(specials)
        self.paid = self._paid()

    def _level(self, element: Element | None, otherwise: str | None) -> Level:
        each = None if element is None else self.spec.each
        truths = {w.rule.index: w.truth for w in self.weighed if w.element is element}
        verdicts = self.spec.verdicts if element is None else self.spec.element_verdicts
        return level([s for s in self.spec.steps if s.each == each], truths, verdicts, otherwise)

    def _whole(self) -> Whole:
        if self.spec.each is None:
            return Whole(self.document.word, "document" if self.document.settled else "nobody")
        levels = None if self.records is None else [found for _, found in self.elements]
        return combine(self.spec.verdicts, self.spec.element_verdicts, self.document, levels)

    def _class_of(self, found: Level) -> str:
        return UNDETERMINED if found.word is None else self.spec.element_verdicts[found.word].value

    @property
    def pays(self) -> bool:
        """Whether there is something to pay out."""
        return self.word_class in (Class.GRANTED, Class.PARTLY)

    def _paid(self) -> Paid | None:
        payout = self.spec.payout
        if payout is None or not self.pays:
            return None
        undecided = [e for e, found in self.elements if not found.settled]
        if payout.each is not None and payout.each == self.spec.each:
            granted = [e for e, found in self.elements if self._class_of(found) == Class.GRANTED]
            return pay(payout, self.env, granted, undecided, open_=bool(undecided))
        elements = self.env.records(payout.each) if payout.each is not None else None
        return pay(payout, self.env, elements, (), open_=bool(undecided))

    def answer(self) -> Decision:
        """Put the answer together."""
        bundle = self.env.bundle
        told = self._told()
        asks = self._asks()
        return Decision(
            decision=self.spec.name,
            verdict=self.whole.word or UNDETERMINED,
            verdict_class=self.word_class,
            reasons=_reasons(told),
            missing=_missing(asks, bundle, "amount" if self.pays else "verdict"),
            elements=self._element_decisions(),
            deadlines=self._deadlines({t.id for t in told}),
            amount=self._amount(),
            amounts=self.paid.details if self.paid else (),
            needs=self._needs(),
            warnings=self._warnings(),
            remarks=self._remarks(),
            faults=_notes(self._faults()),
            values=_values(self.spec, self.env),
            split=self.split,
            bundle=(bundle.id, bundle.version, bundle.digest),
            as_of=self.env.memory.as_of,
        )

    # --- reasons -----------------------------------------------------------------------------

    def _told(self) -> list[Told]:
        """Why: the rules that settled it, then what held otherwise, then what the payout did."""
        told = [self._rule_told(w) for w in self._reasoning()]
        if self.whole.reasons_of == "document":
            told += self._otherwise(None, self.document) if self.spec.each is None else []
        elif self.whole.reasons_of == "elements":
            told += [t for e, found in self.elements for t in self._otherwise(e, found)]
        for f in self.paid.fired if self.paid else ():
            told.append(Told(f.id, f.because, f.source, f.span, f.element, f.env, f.specials))
        return told

    def _reasoning(self) -> list[Weighed]:
        """The rules that gave the verdict, by rule and then by element."""
        return [
            w
            for w in self.weighed
            if not w.rule.silent
            and self.whole.reasons_of == ("document" if w.element is None else "elements")
            and w.rule in self._level_of(w).reasons
        ]

    def _level_of(self, weighed: Weighed) -> Level:
        return self.document if weighed.element is None else next(f for e, f in self.elements if e is weighed.element)

    def _otherwise(self, element: Element | None, found: Level) -> list[Told]:
        otherwise = self.spec.otherwise
        if otherwise is None or otherwise.id is None or not found.otherwise:
            return []
        env = self.env.only(element)
        return [Told(otherwise.id, otherwise.because, otherwise.source, otherwise.span, element, env, {})]

    def _rule_told(self, w: Weighed) -> Told:
        env = w.env if not w.rule.warning else self.env.only(w.element)
        told = _specials(w, env) | ({"parts": str(self.split.parts)} if self.split and w.rule.split is None else {})
        return Told(w.rule.id, w.rule.because, w.rule.source, w.rule.span, w.element, env, told)

    def _element_decisions(self) -> tuple[ElementDecision, ...]:
        if not self.elements_decided:
            return ()
        decided = []
        for element, found in self.elements:
            mine = [w for w in self.weighed if w.element is element and w.rule in found.reasons and not w.rule.silent]
            told = [*(self._rule_told(w) for w in mine), *self._otherwise(element, found)]
            verdict = found.word or UNDETERMINED
            reasons = _reasons(told, with_elements=False)
            one = ElementDecision(id=element.key, verdict=verdict, element_class=self._class_of(found), reasons=reasons)
            decided.append(one)
        return tuple(decided)

    def _warnings(self) -> tuple[Reason, ...]:
        """Warnings that certainly hold; those about elements only if elements were decided."""
        holding = [self._holds_as_warning(w) for w in self.weighed if w.rule.warning]
        return _reasons([t for t in holding if t is not None])

    def _holds_as_warning(self, w: Weighed) -> Told | None:
        """Weighed anew: a warning may read the verdict."""
        if w.element is not None and not self.elements_decided:
            return None
        env = self.env.only(w.element)
        held = all_of(evaluate(p, env) for p in w.rule.parts).value is True
        return self._rule_told(w) if held else None

    def _needs(self) -> tuple[str, ...]:
        if self.word_class != Class.PENDING:
            return ()
        return unique(n for w in self._reasoning() if w.rule.rule_class is Class.PENDING for n in w.rule.needs)

    # --- deadlines ---------------------------------------------------------------------------

    def _deadlines(self, reasons: set[str]) -> tuple[DeadlineDate, ...]:
        """Those of rules among the reasons first. A refusal of the document silences all that comes after it."""
        found = [d for w in self.weighed if not self._silenced(w) and (d := _deadline(w)) is not None]
        return tuple(sorted(found, key=lambda d: d.rule not in reasons))

    def _silenced(self, w: Weighed) -> bool:
        gate = self.document.refused_at
        return w.rule.step is None or (gate is not None and (w.element is not None or w.rule.step > gate))

    # --- what is asked for -------------------------------------------------------------------

    def _waiting(self) -> list[Weighed]:
        """The unknown rules that still matter."""
        settled = self.spec.each is None and self.document.settled
        if settled or self.word_class == Class.REFUSED:
            return []
        unknown = [w for w in self.weighed if not w.rule.warning and w.truth is None]
        return [w for w in unknown if w.rule in self._level_of(w).waiting and self._still_open(w)]

    def _still_open(self, w: Weighed) -> bool:
        """Whether the rule's level is; once something is granted, only elements are."""
        return not self._level_of(w).settled and not (w.element is None and self.pays)

    def _asks(self) -> list[Ask]:
        """By rule, then order of blame, then element; what the amount lacks comes after."""
        asks = []
        for w in self._waiting():
            position = w.element.position if w.element else 0
            asks += [Ask((0, w.rule.index, n, position), a, w.rule.id) for n, a in enumerate(w.lacks.blame)]
        if self._asks_list():
            address = Address(str(self.spec.each))
            asks += [Ask((0, r.index, -1, 0), address, r.id) for s in self.spec.steps if s.each for r in s.rules]
        if self.paid is not None:
            asks += [Ask((1, n, 0, 0), k.address, k.rule) for n, k in enumerate(self.paid.amount.asks)]
        return asks

    def _asks_list(self) -> bool:
        return self.spec.each is not None and self.records is None and self.document.refused_at is None

    def _faults(self) -> list[Fault]:
        found = [f for w in self._waiting() for f in w.lacks.faults]
        return found + (list(self.paid.amount.faults) if self.paid else [])

    # --- the rest ----------------------------------------------------------------------------

    def _amount(self) -> Money | None:
        payout = self.spec.payout
        if payout is not None and self.word_class == Class.REFUSED:
            return Money(Fraction(0), str(evaluate(payout.currency, self.env).value or ""))
        return self.paid.amount.money if self.paid else None

    def _remarks(self) -> tuple[Remark, ...]:
        nothing_claimed = self.elements_decided and not self.elements
        empty = (empty_list(str(self.spec.each)),) if nothing_claimed else ()
        return (*broken_orders(self.env), *unlisted_years(self.spec, self.env), *empty)


def _split(weighed: Sequence[Weighed]) -> SplitPlan | None:
    """The first plan of a split that certainly concerns the case."""
    for w in weighed:
        split = w.rule.split
        if split is None or not w.applies:
            continue
        found, rows = plan(split, w.env), split_rows(split, w.env)
        if isinstance(found.value, Plan) and found.value.parts > 0 and rows is not None:
            return as_answered(split, found.value, rows, evaluate(split.limit, w.env))
    return None


def _deadline(w: Weighed) -> DeadlineDate | None:
    """A rule's date, when the rule concerns the case and the date is known; an ``until`` only while it holds."""
    deadline = w.rule.deadline
    if deadline is None or not w.applies or (deadline.kind == "until" and w.truth is not True):
        return None
    day = evaluate(deadline.date, w.env).value
    if not isinstance(day, date):
        return None
    key = w.element.key if w.element else None
    from_day = _next_day(day) if deadline.kind == "until" else None
    days_left = (day - w.env.memory.as_of).days
    return DeadlineDate(rule=w.rule.id, day=day, days_left=days_left, from_day=from_day, element=key)


def _next_day(day: date) -> date | None:
    return day + timedelta(days=1) if day < date.max else None


def _specials(w: Weighed, env: Env) -> dict[str, str]:
    """The texts of ``{deadline}`` and the like, as far as they are known."""
    told: dict[str, str] = {}
    if w.rule.deadline is not None and (day := evaluate(w.rule.deadline.date, env).value) is not None:
        day = cast("date", day)
        told |= {"deadline": value_text(day, DATE), "days_left": str((day - env.memory.as_of).days)}
        if w.rule.deadline.kind == "until" and (after := _next_day(day)) is not None:
            told["from_day"] = value_text(after, DATE)
    if w.rule.measure is not None and (measured := evaluate(w.rule.measure, env)).known:
        told["measured"] = value_text(measured.value, w.rule.measure.type)
    if w.rule.split is not None and isinstance(found := plan(w.rule.split, env).value, Plan):
        told["offending"] = ", ".join(found.too_large)
        if found.parts:
            told["parts"] = str(found.parts)
    return told


def _reasons(told: Iterable[Told], *, with_elements: bool = True) -> tuple[Reason, ...]:
    """Each id once, in the words of the first; with the elements it holds for."""
    by_id: dict[str, list[Told]] = {}
    for t in told:
        by_id.setdefault(t.id, []).append(t)
    return tuple(_reason(same_id, with_elements=with_elements) for same_id in by_id.values())


def _reason(told: Sequence[Told], *, with_elements: bool) -> Reason:
    first = told[0]
    keys = unique(t.element.key for t in told if t.element is not None)
    return Reason(
        rule=first.id,
        message=_message(first),
        source=first.source,
        at=first.span.at,
        elements=keys if keys and with_elements else None,
    )


def _message(told: Told) -> str:
    if told.because is None:
        return ""
    return render(told.because, told.env.bundle, lambda e: evaluate(e, told.env).value, told.specials)


def _missing(asks: Iterable[Ask], bundle: CheckedBundle, purpose: str) -> tuple[MissingFact, ...]:
    """Each fact once, at the place of the first that asks, with all that wait for it."""
    waiting: dict[Address, list[str]] = {}
    for ask in sorted(asks, key=lambda a: a.order):
        waiting.setdefault(ask.address, []).extend([ask.rule] if ask.rule is not None else [])
    return tuple(_missing_fact(a, unique(rules), bundle, purpose) for a, rules in waiting.items())


def _missing_fact(address: Address, rules: tuple[str, ...], bundle: CheckedBundle, purpose: str) -> MissingFact:
    if address.field is None and address.name in bundle.lists:
        title = bundle.lists[address.name].title
        return MissingFact(fact=str(address), title=title, type="list", members=None, rules=rules, purpose=purpose)
    fact = bundle.lists[address.name].fields[address.field] if address.field else bundle.facts[address.name]
    return MissingFact(
        fact=str(address),
        title=fact.title,
        type=str(fact.type.kind),
        members=fact.type.members if fact.type.kind in (Kind.ENUM, Kind.SET) else None,
        rules=rules,
        purpose=purpose,
    )


def _notes(faults: Iterable[Fault]) -> tuple[FaultNote, ...]:
    """Each fault once, by place."""
    ordered = sorted(faults, key=lambda f: (f.span.file.relative, f.span.start, f.code, f.message))
    return unique(f.note() for f in ordered)


def _values(spec: DecisionSpec, env: Env) -> dict[str, object]:
    return {r.name: value_json(evaluate(r.expr, env).value, r.expr.type) for r in spec.report}
