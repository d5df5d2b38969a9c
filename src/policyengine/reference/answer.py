"""The whole decision: rules weighed, levels settled, and everything that the answer says about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import DeadlineDate, Decision, ElementDecision, Reason, Remark
from policyengine.model.expr import Expr
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.model.rules import Class, DecisionSpec
from policyengine.reference.evaluate import Env, evaluate
from policyengine.reference.facts import read
from policyengine.reference.levels import Level, Whole, combine, level
from policyengine.reference.payout import Paid, pay
from policyengine.reference.remarks import broken_orders, empty_list, unlisted_years
from policyengine.reference.report import (
    Ask,
    Told,
    deadline_of,
    missing_facts,
    notes_of,
    reasons_of,
    specials_of,
    split_of,
    values_of,
)
from policyengine.reference.results import Address, all_of, exact, unique
from policyengine.reference.weigh import Weighed, weigh
from policyengine.values.money import Money

UNDETERMINED = "undetermined"


def match(
    bundle: CheckedBundle, decision: str, facts: Mapping[str, object], as_of: date
) -> Mapping[tuple[int, str | None], bool | None]:
    """True, false or None (unknown) of every core rule, by rule index and element key (None: the document)."""
    spec = bundle.decisions[decision]
    found = weigh(spec, Env(bundle, read(bundle, facts, as_of)))
    return {(w.rule.index, w.element.key if w.element else None): w.truth for w in found if not w.rule.warning}


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
        missing=missing_facts(asks, env.bundle, "verdict"),
        remarks=(*broken_orders(env), *unlisted_years(spec, env)),
        faults=notes_of(found.faults),
        values=values_of(spec, env),
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
        self.split = split_of(self.weighed)
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
            reasons=reasons_of(told),
            missing=missing_facts(asks, bundle, "amount" if self.pays else "verdict"),
            elements=self._element_decisions(),
            deadlines=self._deadlines({t.id for t in told}),
            amount=self._amount(),
            amounts=self.paid.details if self.paid else (),
            needs=self._needs(),
            warnings=self._warnings(),
            remarks=self._remarks(),
            faults=notes_of(self._faults()),
            values=values_of(self.spec, self.env),
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
        told = specials_of(w, env) | ({"parts": str(self.split.parts)} if self.split and w.rule.split is None else {})
        return Told(w.rule.id, w.rule.because, w.rule.source, w.rule.span, w.element, env, told)

    def _element_decisions(self) -> tuple[ElementDecision, ...]:
        if not self.elements_decided:
            return ()
        decided = []
        for element, found in self.elements:
            mine = [w for w in self.weighed if w.element is element and w.rule in found.reasons and not w.rule.silent]
            told = [*(self._rule_told(w) for w in mine), *self._otherwise(element, found)]
            verdict = found.word or UNDETERMINED
            reasons = reasons_of(told, with_elements=False)
            one = ElementDecision(id=element.key, verdict=verdict, element_class=self._class_of(found), reasons=reasons)
            decided.append(one)
        return tuple(decided)

    def _warnings(self) -> tuple[Reason, ...]:
        """Warnings that certainly hold; those about elements only if elements were decided."""
        holding = [self._holds_as_warning(w) for w in self.weighed if w.rule.warning]
        return reasons_of([t for t in holding if t is not None])

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
        found = [d for w in self.weighed if not self._silenced(w) and (d := deadline_of(w)) is not None]
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
            waiting = [Ask((0, r.index, -1, 0), address, r.id) for s in self.spec.steps if s.each for r in s.rules]
            asks += waiting or [Ask((0, len(self.spec.rules), 0, 0), address, None)]
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
