"""Random small bundles and random facts for them, to compare engines by."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction

from tests.engine.build import (
    ALWAYS,
    TODAY,
    amount_so_far,
    at,
    bundle,
    claims,
    compare,
    days,
    decision,
    declared,
    fact,
    is_,
    item,
    lit,
    plus,
    rule,
    step,
    text,
    times,
    usd,
)

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import And, Arith, AsOf, Expr, ItemField, Known, ListRef, Not, Or, Quantifier
from policyengine.model.rules import (
    Class,
    Deadline,
    Insert,
    Limit,
    LimitsStep,
    NoteStep,
    Outcome,
    Payout,
    PayoutStep,
    Report,
    RoundStep,
    Rule,
    SetStep,
    Step,
)
from policyengine.values.dates import Calendar, Unit
from policyengine.values.money import Money
from policyengine.values.types import BOOLEAN, CURRENCY, DATE, DECIMAL, MONEY, TEXT, Kind, Type

DOCUMENT_FLAGS = ("a.p", "a.q", "a.r")
ELEMENT_FLAGS = ("x", "y", "z")
WORDS = {
    "no": Class.REFUSED,
    "never": Class.REFUSED,
    "wait": Class.PENDING,
    "ask": Class.PENDING,
    "some": Class.PARTLY,
    "yes": Class.GRANTED,
    "gladly": Class.GRANTED,
}
ELEMENT_WORDS = {"no": Class.REFUSED, "excluded": Class.REFUSED, "wait": Class.PENDING, "yes": Class.GRANTED}
BANK = Calendar("bank", frozenset({5, 6}), {2025: frozenset()})
LIST = Type(Kind.LIST, name="claims")
AMOUNT = Insert("amount", None)


class Cases:
    """One random bundle with a decision ``coverage``, and facts for it. The same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.index = 0

    def chance(self, of: float) -> bool:
        return self.rng.random() < of

    # --- conditions ---

    def condition(self, each: str | None, depth: int = 2) -> Expr:
        kind = self.rng.random()
        if depth and kind < 0.45:
            parts = tuple(self.condition(each, depth - 1) for _ in range(self.rng.randint(0, 3)))
            return (And if kind < 0.25 else Or)(items=parts, span=at(self.rng.randint(1, 50)))
        if depth and kind < 0.55:
            return Not(item=self.condition(each, depth - 1), span=at(1))
        return self.about_element() if each and kind < 0.8 else self.about_document(each)

    def about_element(self) -> Expr:
        if self.chance(0.2):
            return compare(item("amount", MONEY), self.rng.choice((">", "<")), usd(self.rng.randint(1, 9)))
        if self.chance(0.1):
            return Known(target=item("amount", MONEY), span=at(1))
        return is_(item(self.rng.choice(ELEMENT_FLAGS)))

    def about_document(self, each: str | None) -> Expr:
        due, line = fact("a.due", DATE), self.rng.randint(1, 9)
        one = lit(Fraction(1), DECIMAL)
        ratio = Arith(op="/", left=fact("a.n", DECIMAL), right=fact("a.m", DECIMAL), type=DECIMAL, span=at(line))
        makers: tuple[Callable[[], Expr], ...] = (
            lambda: compare(fact("a.day", DATE), self.rng.choice((">", "<=", "=")), plus(due, days(line - 5))),
            lambda: compare(ratio, ">", one),
            lambda: compare(plus(due, days(3, Unit.WORKING_DAYS, "bank")), ">", AsOf(span=at(1))),
            lambda: Known(target=fact(self.rng.choice(DOCUMENT_FLAGS)), span=at(1)),
            lambda: self.quantifier("other" if each else "claim"),
        )
        return self.rng.choice(makers)() if self.chance(0.3) else is_(fact(self.rng.choice(DOCUMENT_FLAGS)))

    def quantifier(self, variable: str) -> Expr:
        field = self.rng.choice(ELEMENT_FLAGS)
        body = is_(ItemField(variable=variable, list="claims", field=field, type=BOOLEAN, span=at(1)))
        items = ListRef(name="claims", type=LIST, span=at(1))
        return Quantifier(kind=self.rng.choice(("some", "every")), variable=variable, list=items, body=body, span=at(1))

    def perhaps(self, each: str | None) -> Expr:
        return ALWAYS if self.chance(0.6) else self.condition(each, 1)

    # --- rules ---

    def rule(self, rule_class: Class, word: str, each: str | None, index: int) -> Rule:
        own, deadline = self.condition(each), None
        if rule_class is not Class.GRANTED and self.chance(0.3):
            own, deadline = self.deadline(rule_class, each)
        inserts = [Insert(n, None) for n in ("deadline", "days_left", "from_day")]
        about = [Insert("amount", item("amount", MONEY))] if each else [Insert("day", fact("a.day", DATE))]
        made = rule(
            self.index,
            rule_class,
            word,
            own,
            each=each,
            step=index,
            guard=self.perhaps(each),
            applies=self.perhaps(each),
            deadline=deadline,
            because=text("Because ", *inserts, *about),
            needs=tuple(self.rng.sample(("letter", "photo", "receipt"), self.rng.randint(0, 2))),
        )
        self.index += 1
        return made

    def deadline(self, rule_class: Class, each: str | None) -> tuple[Expr, Deadline]:
        start = item("seen", DATE) if each and self.chance(0.7) else fact("a.due", DATE)
        day, now = plus(start, days(self.rng.randint(0, 5))), AsOf(span=at(1))
        if rule_class is Class.PENDING:
            return compare(now, "<=", day), Deadline(kind="until", date=day, act=now)
        act: Expr = fact("a.day", DATE) if self.chance(0.5) else now
        return compare(act, ">", day), Deadline(kind="by", date=day, act=act)

    def steps(self, words: dict[str, Class], each: str | None, first: int, number: int) -> list[Step]:
        usable = [w for w, c in words.items() if c is not Class.PARTLY]
        steps: list[Step] = []
        while number > 0:
            size = min(number, self.rng.randint(1, 3))
            chosen = self.rng.choices(usable, k=size)
            rules = [self.rule(words[w], w, each, first + len(steps)) for w in chosen]
            steps.append(step(first + len(steps), *rules, each=each))
            number -= size
        return steps

    # --- payouts ---

    def money(self, each: str | None, *, running: bool = True) -> Expr:
        makers: list[Callable[[], Expr]] = [
            lambda: times(usd(self.rng.randint(1, 30)), fact("a.n", DECIMAL)),
            lambda: fact("a.cap", MONEY),
            lambda: usd(self.rng.randint(1, 40)),
            lambda: usd(self.rng.randint(1, 40)),
        ]
        if running:
            share = lit(Fraction(self.rng.randint(1, 20), 10), DECIMAL)
            makers += [lambda: times(amount_so_far(), share)] * 2
        if each:
            makers.append(lambda: item("amount", MONEY))
        return lit(Money.of(3, "EUR"), MONEY) if self.chance(0.03) else self.rng.choice(makers)()

    def payout_step(self, each: str | None, name: str) -> PayoutStep:
        when, because = self.perhaps(each), text("Now ", AMOUNT, Insert("limit", None))
        kind = self.rng.randrange(4)
        if kind == 0:
            id_ = name if self.chance(0.7) else None
            return SetStep(to=self.money(each), id=id_, because=because, when=when, span=at(61))
        if kind == 1:
            mode = self.rng.choice(("half_up", "half_even", "half_down", "up", "down"))
            return RoundStep(to=Fraction(self.rng.choice((1, 5, Fraction(1, 100)))), mode=mode, when=when, span=at(60))
        if kind == 2:
            return NoteStep(id=name, because=because, when=when, span=at(64))
        limits = tuple(
            Limit(id=f"{name}-{n}", to=self.money(each), when=self.perhaps(each), because=because, span=at(62))
            for n in range(self.rng.randint(1, 3))
        )
        return LimitsStep(limits=limits, when=when, span=at(63))

    def payout_steps(self, each: str | None, name: str) -> tuple[PayoutStep, ...]:
        return tuple(self.payout_step(each, f"{name}-{n}") for n in range(self.rng.randint(0, 3)))

    def payout(self, each: str | None) -> Payout:
        each = each if self.chance(0.85) else None
        by = (("holder", item("holder", TEXT)),) if each and self.chance(0.5) else ()
        return Payout(
            name="refund",
            title=None,
            currency=lit("USD", CURRENCY),
            each=each,
            start=item("amount", MONEY) if each else self.money(None, running=False),
            element_steps=self.payout_steps(each, "ELEMENT") if each else (),
            by=by,
            group_steps=self.payout_steps(None, "GROUP") if by else (),
            total_steps=self.payout_steps(None, "TOTAL"),
            span=at(50),
        )

    # --- bundles and facts ---

    def bundle(self) -> CheckedBundle:
        each = "claims" if self.chance(0.7) else None
        words = {w: c for w, c in WORDS.items() if w in ("no", "wait", "yes") or self.chance(0.6)}
        below = {w: c for w, c in ELEMENT_WORDS.items() if w in ("no", "yes") or self.chance(0.6)} if each else {}
        if each is None:
            words.pop("some", None)
        above = {w: c for w, c in words.items() if c in (Class.REFUSED, Class.PENDING)} if each else words
        steps = self.steps(above, None, 0, self.rng.randint(0, 3) if each else self.rng.randint(1, 5))
        if each:
            steps += self.steps(below, each, len(steps), self.rng.randint(1, 4))
        rest = self.rng.choice([w for w, c in (below or words).items() if c is not Class.PARTLY])
        id_ = "REST" if self.chance(0.5) else None
        spec = decision(
            each=each,
            verdicts=words,
            element_verdicts=below,
            steps=tuple(steps),
            otherwise=Outcome(word=rest, id=id_, because=text("Nothing else."), span=at(95)),
            warnings=tuple(self.warnings(each)),
            payout=self.payout(each) if self.chance(0.7) else None,
            report=(Report(name="cap", expr=fact("a.cap", MONEY)),),
        )
        return self.around(spec)

    def warnings(self, each: str | None) -> list[Rule]:
        scopes = [self.rng.choice((None, each)) for _ in range(self.rng.randint(0, 2))]
        return [rule(self.index + i, None, None, self.condition(e), each=e, step=None) for i, e in enumerate(scopes)]

    def around(self, spec: object) -> CheckedBundle:
        flag = lit(self.chance(0.5), BOOLEAN)
        facts = [declared(n, default=flag if self.chance(0.15) else None) for n in DOCUMENT_FLAGS]
        facts += [
            declared("a.day", DATE, not_before="a.due"),
            declared("a.due", DATE, default=AsOf(span=at(1)) if self.chance(0.2) else None),
            declared("a.n", DECIMAL),
            declared("a.m", DECIMAL),
            declared("a.cap", MONEY),
        ]
        fields = [declared(n) for n in ELEMENT_FLAGS] + [declared("amount", MONEY), declared("holder", TEXT)]
        fields.append(declared("seen", DATE, not_before="a.due"))
        items = claims(*fields, default_empty=self.chance(0.1))
        return bundle(facts=facts, lists=[items], decisions=[spec], calendars={"bank": BANK})  # type: ignore[list-item]

    def facts(self, unknown: float) -> dict[str, object]:
        document: dict[str, Callable[[], object]] = {n.removeprefix("a."): self.flag for n in DOCUMENT_FLAGS}
        document |= {"day": self.day, "due": self.day, "n": self.number, "m": self.number}
        document["cap"] = lambda: f"{self.rng.randint(0, 40)} USD"
        out: dict[str, object] = {"a": self.some_of(document, unknown)}
        if not self.chance(unknown / 2):
            out["claims"] = [{"id": f"e{n}"} | self.element(unknown) for n in range(self.rng.randint(0, 3))]
        return out

    def element(self, unknown: float) -> dict[str, object]:
        fields: dict[str, Callable[[], object]] = dict.fromkeys(ELEMENT_FLAGS, self.flag)
        fields |= {"amount": self.price, "seen": self.day, "holder": lambda: self.rng.choice("uvw")}
        return self.some_of(fields, unknown)

    def some_of(self, fields: dict[str, Callable[[], object]], unknown: float) -> dict[str, object]:
        return {name: make() for name, make in fields.items() if not self.chance(unknown)}

    def flag(self) -> bool:
        return self.chance(0.35)

    def number(self) -> int:
        return self.rng.randint(0, 3)

    def price(self) -> str:
        return f"{self.rng.randint(0, 30)}.{self.rng.randint(0, 99):02} {'USD' if self.chance(0.95) else 'EUR'}"

    def day(self) -> str:
        far = 4000 if self.chance(0.1) else 0
        return date.isoformat(TODAY + timedelta(self.rng.randint(-6, 6) + far))
