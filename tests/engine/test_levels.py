"""Levels and decisions against brute force: every way of making unknown rules true or false."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from tests.engine.build import at, decision, rule, step
from tests.truths import sparse

from policyengine.backends import base
from policyengine.engine.levels import PASS, Level, Precedence, weigh
from policyengine.engine.resolve import Resolution, Rulebook, resolve
from policyengine.model.rules import Class, DecisionSpec, Outcome, Rule, Step

WORDS = {
    "no": Class.REFUSED,
    "never": Class.REFUSED,
    "wait": Class.PENDING,
    "ask": Class.PENDING,
    "some": Class.PARTLY,
    "yes": Class.GRANTED,
    "gladly": Class.GRANTED,
}
ELEMENT_WORDS = {
    "excluded": Class.REFUSED,
    "no": Class.REFUSED,
    "ask": Class.PENDING,
    "hold": Class.PENDING,
    "yes": Class.GRANTED,
    "extra": Class.GRANTED,
}
TRUTHS = (True, False, None)
Truths = Sequence[bool | None]


def ways(truths: Truths) -> Iterator[tuple[bool, ...]]:
    return product(*((t,) if t is not None else (True, False) for t in truths))


# --- the definition, for rules that are all known ---


def plain_word(steps: Sequence[Step], truths: Sequence[bool], words: dict[str, Class], otherwise: str) -> str:
    order = list(words)
    for s in steps:
        refused = [r.word for r in s.rules if truths[r.index] and r.rule_class is Class.REFUSED]
        if refused:
            return min((w for w in refused if w), key=order.index)
    for s in steps:
        true = [r for r in s.rules if truths[r.index]]
        for wanted in (Class.PENDING, Class.GRANTED):
            found = [r.word for r in true if r.rule_class is wanted]
            if found:
                return min((w for w in found if w), key=order.index)
    return otherwise


def plain_decision(spec: DecisionSpec, document: Sequence[bool], elements: Sequence[Sequence[bool]]) -> str:
    top = [s for s in spec.steps if s.each is None]
    below = [s for s in spec.steps if s.each]
    words = dict(spec.verdicts)
    word = plain_word(top, document, words, PASS)
    if word != PASS and words[word] is Class.REFUSED:
        return word
    assert spec.otherwise
    each = [plain_word(below, e, dict(spec.element_verdicts), spec.otherwise.word) for e in elements]
    classes = [spec.element_verdicts[w] for w in each]
    if all(c is Class.REFUSED for c in classes):
        return first(words, Class.REFUSED)
    if word != PASS:
        return word
    waits = [
        w if words.get(w) is Class.PENDING else first(words, Class.PENDING)
        for w in each
        if spec.element_verdicts[w] is Class.PENDING
    ]
    if waits:
        return min(waits, key=list(words).index)
    if all(c is Class.GRANTED for c in classes):
        return first(words, Class.GRANTED)
    return "some" if "some" in words else first(words, Class.GRANTED)


def first(words: dict[str, Class], wanted: Class) -> str:
    return next(w for w, c in words.items() if c is wanted)


# --- random decisions ---


def random_rules(rng: random.Random, words: dict[str, Class], index: int, number: int, each: str | None) -> list[Rule]:
    usable = [w for w, c in words.items() if c is not Class.PARTLY]
    made = []
    for i in range(number):
        word = rng.choice(usable)
        made.append(rule(index + i, words[word], word, each=each))
    return made


def into_steps(rng: random.Random, rules: list[Rule], index: int, each: str | None) -> list[Step]:
    steps: list[Step] = []
    rest = rules
    while rest:
        size = rng.randint(1, 3)
        steps.append(step(index + len(steps), *rest[:size], each=each))
        rest = rest[size:]
    return steps


def some_words(rng: random.Random, words: dict[str, Class], keep: set[str]) -> dict[str, Class]:
    kept = [w for w in words if w in keep or rng.random() < 0.6]
    rng.shuffle(kept)
    return {w: words[w] for w in kept}


def in_order(steps: Sequence[Step]) -> list[Rule]:
    return [r for s in steps for r in s.rules]


def random_truths(rng: random.Random, size: int, unknown: float) -> tuple[bool | None, ...]:
    return tuple(None if rng.random() < unknown else rng.random() < 0.25 for _ in range(size))


@pytest.mark.parametrize("seed", range(6))
def test_a_level_is_settled_exactly_when_every_completion_gives_one_word(seed: int) -> None:
    rng = random.Random(seed)
    settled = 0
    for _ in range(1500):
        words = some_words(rng, WORDS, {"no", "wait", "yes"})
        rules = random_rules(rng, words, 0, rng.randint(0, 7), None)
        steps = into_steps(rng, rules, 0, None)
        otherwise = rng.choice([w for w, c in words.items() if c is not Class.PARTLY])
        truths = random_truths(rng, len(rules), rng.choice((0.2, 0.5)))
        got = weigh(in_order(steps), sparse(truths), Precedence(words), otherwise)
        check_level(got, steps, truths, words, otherwise)
        settled += got.word is not None
    assert 300 < settled < 1300


def check_level(got: Level, steps: Sequence[Step], truths: Truths, words: dict[str, Class], otherwise: str) -> None:
    possible = {plain_word(steps, w, words, otherwise) for w in ways(truths)}
    refusals = [r for s in steps for r in s.rules if r.rule_class is Class.REFUSED and truths[r.index]]
    if refusals:
        # At once, though an unknown refusal may give another word: that is a refusal too.
        settled = got.word
        assert settled in possible
        assert all(words[w] is Class.REFUSED for w in possible)
        assert got.refused_at is not None
        told = [r.index for r in refusals if r in steps[got.refused_at].rules]
        assert [r.index for r in got.reasons] == told
        return
    assert got.may == possible
    assert got.refused_at is None
    if got.word is not None:
        assert all(r.word == got.word and truths[r.index] for r in got.reasons)
        assert not got.waiting
    else:
        assert got.waiting
        assert all(truths[r.index] is None for r in got.waiting)
        assert {r.word for r in got.waiting} <= possible


@pytest.mark.parametrize("seed", range(8))
def test_document_and_elements_are_settled_exactly_when_every_completion_gives_one_word(seed: int) -> None:
    rng = random.Random(seed)
    seen: dict[str | None, int] = {}
    for _ in range(600):
        spec, number = random_decision(rng)
        unknown = rng.choice((0.1, 0.25))
        document = random_truths(rng, len(spec.rules), unknown)
        # A rule is asked for in its scope only; elsewhere its truth is never read.
        document = tuple(t if r.each is None else False for r, t in zip(spec.rules, document, strict=True))
        elements = [
            tuple(
                t if r.each else False
                for r, t in zip(spec.rules, random_truths(rng, len(spec.rules), unknown), strict=True)
            )
            for _ in range(number)
        ]
        if sum(t is None for row in (document, *elements) for t in row) > 9:
            continue
        got = resolve(Rulebook(spec), sparse(document), [sparse(t) for t in elements])
        check_decision(got, spec, document, elements)
        seen[got.word] = seen.get(got.word, 0) + 1
    assert seen[None] > 20
    assert len(seen) > 4


def random_decision(rng: random.Random) -> tuple[DecisionSpec, int]:
    verdicts = some_words(rng, WORDS, {"no", "wait", "yes"} | ({"some"} if rng.random() < 0.8 else set()))
    element_verdicts = some_words(rng, ELEMENT_WORDS, {"yes"})
    document_words = {w: c for w, c in verdicts.items() if c in (Class.REFUSED, Class.PENDING)}
    top = random_rules(rng, document_words, 0, rng.randint(0, 3), None)
    below = random_rules(rng, element_verdicts, len(top), rng.randint(0, 3), "claims")
    steps = into_steps(rng, top, 0, None)
    steps += into_steps(rng, below, len(steps), "claims")
    spec = decision(
        each="claims",
        verdicts=verdicts,
        element_verdicts=element_verdicts,
        steps=tuple(steps),
        otherwise=Outcome(word=rng.choice(list(element_verdicts)), id=None, because=None, span=at(1)),
    )
    return spec, rng.randint(0, 3)


def check_decision(got: Resolution, spec: DecisionSpec, document: Truths, elements: Sequence[Truths]) -> None:
    rows = [list(ways(row)) for row in (document, *elements)]
    possible = {plain_decision(spec, way[0], way[1:]) for way in product(*rows)}
    if got.document.refused_at is not None or (got.word and spec.verdicts[got.word] is Class.REFUSED):
        # A certain refusal of the document, or nothing that could be granted: told at once.
        assert {spec.verdicts[w] for w in possible} == {Class.REFUSED}
        assert got.word in possible
        return
    if len(possible) == 1:
        assert {got.word} == possible
    else:
        assert got.word is None


def test_an_unknown_list_leaves_everything_but_a_refusal_of_the_document_open() -> None:
    refusal = rule(0, Class.REFUSED, "no")
    spec = decision(each="claims", steps=(step(0, refusal),))
    assert resolve(Rulebook(spec), sparse([True]), None).word == "no"
    assert resolve(Rulebook(spec), sparse([False]), None).word is None


def test_an_empty_list_is_refused() -> None:
    spec = decision(each="claims", steps=())
    got = resolve(Rulebook(spec), sparse([]), [])
    assert (got.word, got.elements) == ("no", ())


def test_all_refusals_of_the_step_are_reasons_and_later_steps_are_silent() -> None:
    rules = [rule(i, Class.REFUSED, w) for i, w in enumerate(("never", "no", "no"))]
    steps = (step(0, rules[0], rules[1]), step(1, rules[2]))
    got = weigh(in_order(steps), sparse([True, True, True]), Precedence(WORDS), "yes")
    assert (got.word, got.reasons, got.refused_at) == ("no", (rules[0], rules[1]), 0)


def test_a_silent_rule_gives_its_word_without_being_a_reason() -> None:
    got = weigh((rule(0, Class.GRANTED, "yes", silent=True),), sparse([True]), Precedence(WORDS), "no")
    assert (got.word, got.reasons, got.otherwise) == ("yes", (), False)


def test_otherwise_is_what_settles_only_if_every_rule_is_false() -> None:
    steps = (step(0, rule(0, Class.GRANTED, "yes")),)
    assert weigh(in_order(steps), sparse([False]), Precedence(WORDS), "yes").otherwise
    unknown = weigh(in_order(steps), sparse([None]), Precedence(WORDS), "yes")
    assert (unknown.word, unknown.otherwise, unknown.waiting) == ("yes", False, ())


class _Watched(Sequence[Rule]):
    """Rules that notice which of them are looked at."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules, self.touched = rules, set[int]()

    def __getitem__(self, index):
        self.touched.add(index)
        return self._rules[index]

    def __len__(self) -> int:
        raise AssertionError("all rules were counted")


@pytest.mark.parametrize("true", [(), (7,), (7, 10)])
def test_rules_that_are_false_are_not_looked_at(true: tuple[int, ...]) -> None:
    classes = ((Class.GRANTED, "yes"), (Class.PENDING, "wait"), (Class.REFUSED, "no"))
    rules = _Watched([rule(i, *classes[i % 3]) for i in range(3_000)])
    weigh(rules, base.Truths(true=true, unknown=(20, 30)), Precedence(WORDS), "yes")
    assert rules.touched == {*true, 20, 30}
