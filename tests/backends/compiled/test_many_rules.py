"""Many rules of few shapes: told apart by facts, gone through as rows of constants, searched by their limits."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from tests.backends import build as b
from tests.backends.test_durable_matches import direct

from policyengine.backends.compiled import CompiledBackend
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Contains, Expr, ItemField, Known, MemberOf, Within
from policyengine.model.memory import EMPTY_DATE, Given, WorkingMemory
from policyengine.values.types import BOOLEAN, DATE, DECIMAL, INTEGER, MONEY, Type, enum_type, set_of

WORDS = tuple(f"w{n}" for n in range(12))
WORD = enum_type(WORDS, "word", open_=True)
TYPES: dict[str, Type] = {
    "word": WORD,
    "other": WORD,
    "words": set_of(WORD),
    "flag": BOOLEAN,
    "count": INTEGER,
    "rate": DECIMAL,
    "price": MONEY,
    "day": DATE,
}


def vocabulary() -> CheckedBundle:
    facts = [b.fact(f"a.{n}", t) for n, t in TYPES.items()]
    by_word = b.fact("a.default", WORD, b.lit("w1", WORD))
    from_other = b.fact("a.from", WORD, b.Words(b.bundle(facts)).fact("a.other"))
    fields = [*(b.fact(n, t) for n, t in TYPES.items()), b.fact("default", WORD, b.lit("w2", WORD))]
    return b.bundle([*facts, by_word, from_other], [b.fact_list("things", "thing", fields)])


class Writer:
    """Rules of a few shapes each."""

    def __init__(self, random: Random, bundle: CheckedBundle) -> None:
        self.random, self.words = random, b.Words(bundle)

    def rules(self, count: int) -> CheckedBundle:
        shapes = [[self.random.randrange(12) for _ in range(self.random.randint(1, 3))] for _ in range(12)]
        made = []
        for i in range(count):
            each = "things" if i >= count // 2 else None
            parts = [self.test(kind, element=each is not None) for kind in self.random.choice(shapes)]
            made.append(b.rule(i, *parts, each=each, step=1 if each else 0))
        bundle = self.words.bundle
        return b.bundle(
            list(bundle.facts.values()), list(bundle.lists.values()), decisions=[b.decision(made, each="things")]
        )

    def name(self, name: str, *, element: bool) -> Expr:
        return self.words.item("things", name) if element else self.words.fact(f"a.{name}")

    def test(self, kind: int, *, element: bool) -> Expr:  # noqa: C901 - one case for each shape of a condition
        r = self.random
        at = lambda name: self.name(name, element=element)  # noqa: E731 - short
        word = b.lit(r.choice(WORDS), WORD)
        match kind:
            case 0:
                return b.cmp("=", at(r.choice(["word", "default"])), word)
            case 1:
                return b.either(*(b.cmp("=", at("word"), b.lit(w, WORD)) for w in r.sample(WORDS, 3)))
            case 2:
                return b.cmp(r.choice(["<", "<=", ">", ">="]), at("count"), r.randint(0, 9))
            case 3:
                return b.cmp(r.choice(["<", ">="]), at("day"), b.lit(b.TODAY + timedelta(r.randint(-5, 5))))
            case 4:
                return r.choice([at("flag"), b.no(at("flag")), b.cmp("=", at("flag"), b.lit(False))])
            case 5:
                return b.cmp(r.choice(["<", "="]), at("price"), b.lit(b.usd(r.randint(0, 9))))
            case 6:
                return Contains(container=at("words"), mode=r.choice(["any", "all"]), members=(word,), span=b.HERE)
            case 7:
                low, high = b.lit(r.randint(0, 4)), b.lit(r.randint(4, 9))
                ends = {"low_open": r.random() < 0.5, "high_open": r.random() < 0.5}
                return Within(subject=at("rate"), low=low, high=high, span=b.HERE, **ends)
            case 8:
                return b.either(b.cmp("<", at("count"), r.randint(0, 3)), b.cmp(">", at("rate"), r.randint(5, 9)))
            case 9:
                return b.cmp(">", at("count"), at("rate"))
            case 10:
                target = at("count")
                assert isinstance(target, ItemField | b.FactRef)
                return b.both(Known(target=target, span=b.HERE), b.cmp("!=", at("word"), word))
            case _:
                some = frozenset(r.sample(WORDS, 3))
                return b.no(MemberOf(subject=at("other"), container=b.lit(some, set_of(WORD)), span=b.HERE))

    def value(self, type_: Type) -> Given:
        r = self.random
        if type_ is DATE:
            return r.choice([EMPTY_DATE, *(b.TODAY + timedelta(n) for n in range(-6, 7))])
        if type_ == WORD:
            return r.choice([*WORDS, "unheard of"])
        if type_ == set_of(WORD):
            return frozenset(r.sample(WORDS, 4))
        return {BOOLEAN: r.random() < 0.5, MONEY: b.usd(r.randint(0, 9))}.get(type_, r.randint(0, 9))

    def facts(self) -> WorkingMemory:
        bundle, share = self.words.bundle, self.random.choice([0.3, 0.8, 1.0])
        fields = bundle.lists["things"].fields.values()
        facts = {f.name: self.value(f.type) for f in bundle.facts.values() if self.random.random() < share}
        things = [{f.name: self.value(f.type) for f in fields if self.random.random() < share} for _ in range(2)]
        return b.memory(facts, {"things": things})


@pytest.mark.parametrize("seed", range(40))
def test_many_rules_match_as_the_evaluator_finds_them_one_by_one(seed: int) -> None:
    writer = Writer(Random(seed), vocabulary())
    bundle = writer.rules(writer.random.choice([20, 80, 160]))
    evaluator = Evaluator(bundle)
    program = CompiledBackend().compile(bundle, evaluator)
    rules = bundle.decisions["d"].rules
    for _ in range(6):
        evaluation = evaluator.start(writer.facts())
        matches = program.match("d", evaluation)
        assert matches.document == direct(rules, evaluation, EMPTY_ENV, None)
        found = {e.key: direct(rules, evaluation, Env({"thing": e}), "things") for e in evaluation.elements("things")}
        assert matches.elements == found
