"""§ verdicts: settled exactly when every way of making the unknown rules true or false gives one word."""

from __future__ import annotations

import random
from itertools import product

import pytest
from tests.reference.build import grant, numbered, refuse, rule, wait

from policyengine.model.rules import Class
from policyengine.reference.levels import Level, combine, level

R, P, PARTLY, G = Class.REFUSED, Class.PENDING, Class.PARTLY, Class.GRANTED
DOCUMENT = {"no": R, "never": R, "wait": P, "later": P, "part": PARTLY, "basic": G, "full": G}
ELEMENT = {"no": R, "excluded": R, "wait": P, "soon": P, "later": P, "moment": P, "basic": G, "extra": G}


# --- an independent reading, for rules that are all known --------------------------------------------


def known_level(steps, truths, verdicts, otherwise):
    """The word when nothing is unknown: refusals first, then the first step that says anything, then `otherwise`."""
    words = list(verdicts)

    def best(rules):
        return min((r.word for r in rules), key=lambda w: (verdicts[w] is G, words.index(w)))

    true = [[r for r in s.rules if truths[r.index]] for s in steps]
    for rules in true:
        refusals = [r for r in rules if r.rule_class is R]
        if refusals:
            return best(refusals)
    for rules in true:
        if rules:
            return best(rules)
    return otherwise


def known_whole(document, elements):
    """The verdict from the words of a document (None: it passes) and of its elements."""
    if document is not None and DOCUMENT[document] is R:
        return document
    classes = {ELEMENT[e] for e in elements}
    if classes <= {R}:
        return "no"
    if document is not None:
        return document
    waiting = [e if e in DOCUMENT else "wait" for e in elements if ELEMENT[e] is P]
    if waiting:
        return min(waiting, key=list(DOCUMENT).index)
    return "basic" if classes == {G} else "part"


def completions(truths):
    """Every way of making the unknown ones true or false."""
    open_ = [i for i, t in truths.items() if t is None]
    for guess in product((True, False), repeat=len(open_)):
        yield {**truths, **dict(zip(open_, guess, strict=True))}


def random_steps(rng, verdicts, classes, *, most, steps=3, each=None):  # noqa: PLR0913 - what may vary
    words = [w for w, c in verdicts.items() if c in classes]
    made = [[] for _ in range(rng.randint(0, steps))]
    for n in range(rng.randint(0, most) if made else 0):
        word = rng.choice(words)
        rng.choice(made).append(rule(f"R{n}", verdicts[word], word, each=each))
    return numbered(made, [])[0]


def random_truths(rng, steps):
    weights = rng.choice([(1, 1, 1), (1, 6, 3), (0, 3, 1), (0, 1, 4)])
    return {r.index: rng.choices((True, False, None), weights)[0] for s in steps for r in s.rules}


def refused_for_sure(steps, truths):
    return any(truths[r.index] is True and r.rule_class is R for s in steps for r in s.rules)


@pytest.mark.parametrize("seed", range(8))
def test_one_level_may_give_exactly_the_words_of_its_completions(seed):
    rng = random.Random(seed)
    settled = 0
    for _ in range(1500):
        steps = random_steps(rng, ELEMENT, (R, P, G), most=6)
        truths = random_truths(rng, steps)
        otherwise = rng.choice(list(ELEMENT))
        found = level(steps, truths, ELEMENT, otherwise)
        words = {known_level(steps, c, ELEMENT, otherwise) for c in completions(truths)}
        if refused_for_sure(steps, truths):
            assert ELEMENT[found.word] is R
            assert found.word == known_level(steps, {i: t is True for i, t in truths.items()}, ELEMENT, otherwise)
        else:
            assert found.may == words
        settled += found.settled
    assert 300 < settled < 1500


@pytest.mark.parametrize("seed", range(4))
def test_a_rule_is_waited_for_exactly_when_it_is_unknown_and_can_make_a_word_come_about(seed):
    """A rule waits iff, made true with all other unknown rules false, it alone gives the level its word."""
    rng = random.Random(seed)
    for _ in range(1500):
        steps = random_steps(rng, ELEMENT, (R, P, G), most=5)
        truths = random_truths(rng, steps)
        if refused_for_sure(steps, truths):
            assert level(steps, truths, ELEMENT, "basic").waiting == ()
            continue
        waiting = {r.index for r in level(steps, truths, ELEMENT, "basic").waiting}
        for s in steps:
            for r in s.rules:
                alone = {i: (i == r.index if t is None else t) for i, t in truths.items()}
                without = {i: (False if t is None else t) for i, t in truths.items()}
                changes = known_reasons(steps, alone) != known_reasons(steps, without)
                if truths[r.index] is None and r.index in waiting:
                    assert r.index in known_reasons(steps, alone)
                elif truths[r.index] is None and changes:
                    # It changes the reasons alone: of the same rank as a true rule of the same step.
                    assert known_level(steps, alone, ELEMENT, "basic") == known_level(steps, without, ELEMENT, "basic")
                else:
                    assert r.index not in waiting or truths[r.index] is None


def known_reasons(steps, truths):
    """The rules that give the word when nothing is unknown."""
    word = known_level(steps, truths, ELEMENT, None)
    true = [[r for r in s.rules if truths[r.index]] for s in steps]
    for rules in true:
        if any(r.rule_class is R for r in rules):
            return {r.index for r in rules if r.rule_class is R}
    for rules in true:
        if rules:
            return {r.index for r in rules if r.word == word}
    return set()


def random_case(rng):
    each = rng.choice([(R, P, G), (R, G), (P, G), (R, P), (P,)])
    document = random_steps(rng, DOCUMENT, rng.choice([(R, P), (P,), (R,)]), most=3, steps=2)
    rules = random_steps(rng, ELEMENT, each, most=3, steps=2, each="claims")
    otherwise = rng.choice([w for w, c in ELEMENT.items() if c in each])
    elements = [random_truths(rng, rules) for _ in range(rng.randint(0, 3))]
    return document, random_truths(rng, document), rules, elements, otherwise


@pytest.mark.parametrize("seed", range(12))
def test_document_and_elements_settle_exactly_when_every_completion_gives_one_word(seed):
    rng = random.Random(seed)
    outcomes = {}
    for _ in range(700):
        document, truths, rules, elements, otherwise = random_case(rng)
        if sum(t is None for d in (truths, *elements) for t in d.values()) > 8:
            continue
        levels = [level(rules, e, ELEMENT, otherwise) for e in elements]
        whole = combine(DOCUMENT, ELEMENT, level(document, truths, DOCUMENT, None), levels)
        each = [{known_level(rules, c, ELEMENT, otherwise) for c in completions(e)} for e in elements]
        words = {
            known_whole(known_level(document, c, DOCUMENT, None), chosen)
            for c in completions(truths)
            for chosen in product(*each)
        }
        if refused_for_sure(document, truths):  # a certain refusal is given at once
            assert DOCUMENT[whole.word] is R
        elif all(ELEMENT[w] is R for e in each for w in e):  # so is one of every element
            assert whole.word == "no"
            assert {DOCUMENT[w] for w in words} == {R}
        else:
            assert whole.word == (next(iter(words)) if len(words) == 1 else None), (truths, elements, words)
        outcomes[whole.word] = outcomes.get(whole.word, 0) + 1
    assert {None, "no", "wait", "basic", "part"} <= set(outcomes)


# --- single cases, as the language says them ----------------------------------------------------------


def weigh(*steps, truths, otherwise="yes", verdicts=None):
    words = verdicts or {"never": R, "no": R, "later": P, "some": PARTLY, "yes": G, "fully": G}
    made, _ = numbered([list(s) for s in steps], [])
    found = level(made, dict(enumerate(truths)), words, otherwise)
    return found, [r.id for r in found.reasons], [r.id for r in found.waiting]


def test_a_certain_refusal_wins_over_unknown_ones_before_it_and_reports_all_of_its_step():
    steps = [refuse("A")], [refuse("B"), refuse("C", word="never"), refuse("D")], [refuse("E")]
    found, reasons, waiting = weigh(*steps, truths=[None, True, True, False, True])
    assert (found.word, reasons, waiting, found.refused_at) == ("never", ["B", "C"], [], 1)


def test_pending_ranks_before_granted_in_one_step():
    found, reasons, _ = weigh([grant("A"), wait("B")], truths=[True, True])
    assert (found.word, reasons) == ("later", ["B"])


def test_an_unknown_rule_of_lower_rank_beside_a_true_one_does_not_matter():
    found, reasons, waiting = weigh([grant("A"), grant("B", word="fully")], [grant("C")], truths=[True, None, None])
    assert (found.word, reasons, waiting) == ("yes", ["A"], [])


def test_an_unknown_rule_of_higher_rank_matters():
    found, reasons, waiting = weigh([grant("A"), wait("B")], truths=[True, None])
    assert (found.may, reasons, waiting) == ({"yes", "later"}, [], ["B"])


def test_unknown_rules_of_the_word_that_holds_otherwise_settle_without_reasons():
    found, reasons, _ = weigh([grant("A")], truths=[None])
    assert (found.word, reasons, found.otherwise) == ("yes", [], False)


def test_otherwise_is_the_reason_when_every_rule_is_false():
    found, _, _ = weigh([refuse("A"), grant("B")], truths=[False, False])
    assert (found.word, found.otherwise) == ("yes", True)


def document(may=(None,), refused_at=None):
    return Level(frozenset(may), refused_at=refused_at)


def one(*words):
    return document(words)


@pytest.mark.parametrize(
    ("doc", "elements", "word"),
    [
        (document(("no",), refused_at=0), [one("basic")], "no"),
        (document(), [], "no"),
        (document(), None, None),
        (document(("never",), refused_at=1), None, "never"),
        (document(("wait",)), None, None),  # an empty list would be refused
        (document((None, "never")), [one("no"), one("no", "excluded")], "no"),
        (document((None, "never")), [one("no"), one("basic")], None),
        (document(("wait",)), [one("basic"), one("no")], "wait"),
        (document(("wait",)), [one("basic", "no")], None),
        (document((None, "wait")), [one("wait"), one("basic", "no")], "wait"),
        (document((None, "later")), [one("wait")], None),
        (document(), [one("soon"), one("basic", "no")], "wait"),
        (document(), [one("wait"), one("later", "basic")], "wait"),
        (document(), [one("later"), one("wait", "basic")], None),
        (document(), [one("soon", "moment"), one("later", "basic")], "wait"),  # not settled, yet surely `wait`
        (document(), [one("basic"), one("extra")], "basic"),
        (document(), [one("basic"), one("no")], "part"),
        (document(), [one("basic"), one("no"), one("basic", "no")], "part"),
        (document(), [one("basic"), one("basic", "no")], None),
        (document(), [one("basic", "extra")], "basic"),
    ],
)
def test_document_and_elements(doc, elements, word):
    assert combine(DOCUMENT, ELEMENT, doc, elements).word == word


def test_without_a_partly_word_some_granted_and_some_refused_is_granted():
    words = {w: c for w, c in DOCUMENT.items() if c is not PARTLY}
    assert combine(words, ELEMENT, document(), [one("basic"), one("no")]).word == "basic"
    assert combine(words, ELEMENT, document(), [one("basic"), one("no", "basic")]).word == "basic"
