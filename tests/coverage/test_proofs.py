"""What can never be covered is proved by trying everything; and policies as deep as they may be are measured."""

from __future__ import annotations

import pytest
from tests.check.test_chains import chain
from tests.coverage.small import BUNDLE, FACTS, covered, folder_of, measured, missing, proved, rules

from policyengine.check.graph import LONGEST_CHAIN

ONE = "- {name: one, facts: {order.paid: true}, expect: {faults: []}}"


@pytest.fixture
def cover(tmp_path):
    return lambda files: measured(folder_of(tmp_path, files, ONE))


def test_a_test_that_another_one_makes_needless_never_decides(cover):
    # Wherever the size is large it is given, so that it is paid never makes the rule hold by itself. That it is not
    # paid may decide: while the size is not given, the rule would otherwise be unknown.
    text = "- {id: R, when: {order.size: large, any: [{order.paid: true}, {order.size: given}]}, because: So.}"
    found = cover(rules(text))
    why = "no combination of values of `order.paid`, `order.size` shows it"
    assert proved(found, "d/R: order.paid = true ") == {"decides, being true": why}
    assert proved(found, "d/R: rule ") == {}


def test_tests_that_exclude_each_other_never_hold_together(cover):
    text = "- {id: R, when: {all: [{order.size: large}, {order.size: small}]}, because: So.}"
    assert set(proved(cover(rules(text)), "d/R: rule ")) == {"is true"}


def test_a_known_fact_is_not_unknown(cover):
    text = "- {id: R, when: {order.paid: given, order.size: large}, unless: {order.size: not given}, because: So.}"
    found = cover(rules(text))
    assert set(proved(found, "d/R: rule ")) == {"is unknown"}


def test_an_open_list_of_members_has_others(cover):
    facts = FACTS + "  order.way: {type: enum, open: true, values: [sea, air]}\n"
    text = "- {id: R, when: {order.way: 'not(sea, air)'}, because: So.}"
    found = cover(rules(text) | {"facts.yaml": facts})
    assert proved(found, "d/R: ") == {}


def test_what_more_than_facts_decides_is_not_proved(cover):
    # Nothing is tried where dates, amounts or lists come in: it stays missing, though it can never be.
    text = "- {id: R, when: {where: [order.count > 5, order.count < 3]}, because: So.}"
    found = cover(rules(text))
    assert proved(found, "d/R: rule ") == {}
    assert "is true" in missing(found, "d/R: rule ")


OTHERWISE = BUNDLE.replace("{verdict: grant}", "{verdict: grant, id: REST, because: Nothing else.}")
EACH_SIZE = """
- {id: R, when: {order.size: large}, because: So.}
- {id: S, when: {order.size: small}, because: So.}
- {id: T, when: {order.count: more than 5}, because: So.}
"""


@pytest.mark.parametrize(
    ("more", "facts", "proof"),
    [
        ("", FACTS, "whatever `order.size` may be, some rule is not false"),
        ("", FACTS.replace("[small, large]", "[small, large, huge]"), ""),
        ("", FACTS.replace("of: size}", "of: size, default: small}"), "whatever `order.size` may be, some rule is"),
        ("unless: {order.paid: true}", FACTS, ""),
        ("unless: {order.count: more than 3}", FACTS, ""),
    ],
)
def test_what_holds_otherwise_cannot_where_some_rule_is_never_false(cover, more, facts, proof):
    text = EACH_SIZE.replace("large}", f"large}}, {more}") if more else EACH_SIZE
    found = cover(rules(text) | {"facts.yaml": facts, "bundle.yaml": OTHERWISE})
    told = [*proved(found, "d/REST: message").values(), *proved(found, "d: verdict grant").values()]
    assert (len(told), all(t.startswith(proof) for t in told)) == ((2, True) if proof else (0, True))


def test_what_two_rules_share_is_out_of_reach_only_if_it_is_in_both(cover):
    # In the first rule the size is large and small at once, so nothing else ever decides it; in the second it may.
    text = """
- {id: R, when: {all: [{order.size: large}, {order.size: small}]}, because: So.}
- {id: S, when: {order.size: large}, because: So.}
"""
    files = rules(text)
    files["rules.yaml"] = files["rules.yaml"].replace("  p:\n", "  p:\n    when: {order.paid: true}\n")
    found = cover(files)
    assert proved(found, "d/policy p: order.paid = true ") == {}
    assert missing(found, "d/policy p: order.paid = true ") == {
        "is false",
        "decides, being true",
        "decides, being false",
    }


def test_a_name_about_elements_may_say_the_same_of_each(tmp_path):
    facts = FACTS + "  items: {type: list, each: item, id: id, fields: {id: {type: text}, wet: {type: boolean}}}\n"
    definition = "kind: definitions\ndefinitions:\n  most: {type: integer, each: item, is: 3}\n"
    text = "- {id: R, when: {where: 'some item in items satisfies most > 2 and item.wet'}, because: So.}"
    cases = "- {name: one, facts: {items: [{id: a, wet: true}]}, expect: {verdict: refuse}}"
    found = measured(folder_of(tmp_path, rules(text) | {"facts.yaml": facts, "d.yaml": definition}, cases))
    assert covered(found, "d/R: most > 2 ") == {"is true", "decides, being true"}


def test_the_longest_chain_of_names_is_measured(tmp_path):
    folder = chain(tmp_path, LONGEST_CHAIN)
    (folder / "tests").mkdir()
    case = "{name: one, as_of: 2025-01-01, facts: {order: {f0: true}}, expect: {verdict: refused}}"
    (folder / "tests" / "a.test.yaml").write_text(f"kind: tests\ndecision: d\ncases:\n  - {case}\n")
    found = measured(folder)
    assert found.counted == 1
    assert found.missing()
