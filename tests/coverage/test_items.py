"""Every kind of item, on small bundles, with what is covered worked out by hand."""

from __future__ import annotations

import pytest
from tests.coverage.small import BUNDLE, covered, folder_of, measured, missing, proved, rules, states

from policyengine.coverage.items import Kind

PAID = "- {id: R, when: {order.paid: true}, because: Paid.}"


@pytest.fixture
def cover(tmp_path):
    def made(files, *facts: str):
        lines = [f"- {{name: case {n}, facts: {f}, expect: {{faults: []}}}}" for n, f in enumerate(facts)]
        return measured(folder_of(tmp_path, files, "\n".join(lines)))

    return made


# --- rules and verdicts


@pytest.mark.parametrize(
    ("facts", "truth", "word"),
    [
        ("{order.paid: true}", "true", "refuse"),
        ("{order.paid: false}", "false", "grant"),
        ("{}", "unknown", "undetermined"),
    ],
)
def test_a_rule_is_true_false_or_unknown_and_the_decision_ends_in_its_word(cover, facts, truth, word):
    found = cover(rules(PAID), facts)
    assert covered(found, "d/R: rule ") == {f"is {truth}"}
    assert covered(found, "d: verdict ") == {word}
    assert missing(found, "d: verdict ") == {"refuse", "grant", "undetermined"} - {word}


def test_a_rule_that_reads_only_facts_with_defaults_is_never_unknown(cover):
    found = cover(rules("- {id: R, when: {order.sure: true}, because: Sure.}"), "{}")
    assert proved(found, "d/R: rule ") == {"is unknown": "nothing that it reads can be unknown"}
    assert proved(found, "d: verdict ") == {"undetermined": "no rule can be unknown"}


def test_a_message_is_told_in_every_language_when_its_rule_is_a_reason(cover):
    text = "- {id: R, when: {order.paid: true}, because: {en: Paid., de: Bezahlt.}}"
    assert covered(cover(rules(text), "{order.paid: false}"), "d/R: message") == set()
    assert covered(cover(rules(text), "{order.paid: true}"), "d/R: message") == {" de", " en"}


def test_of_two_rules_that_hold_only_those_of_the_first_step_are_told(cover):
    files = rules(PAID) | {
        "more.yaml": "kind: exclusions\ndecision: d\npolicies:\n  q:\n    rules:\n"
        "      - {id: S, when: {order.paid: true}, because: Also paid.}\n",
        "bundle.yaml": BUNDLE.replace("[p]", "[p, q]"),
    }
    found = cover(files, "{order.paid: true}")
    assert covered(found, "d/S: rule ") == {"is true"}
    assert covered(found, "d/R: message") == {""}
    assert missing(found, "d/S: message") == {""}


def test_a_warning_is_told_beside_the_verdict(cover):
    files = rules(PAID) | {
        "warn.yaml": "kind: exclusions\ndecision: d\npolicies:\n  w:\n    verdict: warning\n    rules:\n"
        "      - {id: W, when: {order.size: large}, because: Large.}\n"
    }
    assert covered(cover(files, "{order.size: large}"), "d/W: message") == {""}
    assert covered(cover(files, "{order.size: small}"), "d/W: message") == set()


# --- conditions

BOTH = "- {id: R, when: {order.paid: true, order.size: large}, because: Both.}"


@pytest.mark.parametrize(
    ("facts", "decides"),
    [
        ("{order.paid: true, order.size: large}", {"order.paid = true, true", "order.size = large, true"}),
        ("{order.paid: false, order.size: large}", {"order.paid = true, false"}),
        ("{order.paid: false, order.size: small}", set()),
        # Were it paid, it would not be known: the fact alone settles it.
        ("{order.paid: false}", {"order.paid = true, false"}),
        ("{order.paid: true}", set()),
        ("{}", set()),
    ],
)
def test_a_condition_decides_when_it_alone_would_change_the_outcome(cover, facts, decides):
    found = {i for i in covered(cover(rules(BOTH), facts), "d/R: ") if "decides" in i}
    assert {i.replace(" decides, being", ",") for i in found} == decides


def test_conditions_of_any_and_unless(cover):
    text = "- {id: R, when: {any: [{order.paid: true}, {order.size: large}]}, unless: {order.count: 0}, because: So.}"
    found = cover(rules(text), "{order.paid: true, order.size: small, order.count: 1}")
    assert {i for i in covered(found, "d/R: ") if "decides" in i} == {
        "order.paid = true decides, being true",
        "order.count = 0 decides, being false",
    }


def test_a_condition_that_is_always_the_same_is_proved(cover):
    parameters = "kind: parameters\nparameters:\n  choice: {type: enum, of: size, value: small}\n"
    text = "- {id: R, when: {choice: large, order.paid: true}, because: So.}"
    found = cover(rules(text) | {"parameters.yaml": parameters}, "{order.paid: true}")
    assert proved(found, "d/R: choice = large ") == {
        "is true": "it is never true",
        "decides, being true": "it is never true",
    }
    assert proved(found, "d/R: rule ") == {
        "is true": "it is never true",
        "is unknown": "no combination of values of `order.paid` shows it",
    }
    assert covered(found, "d/R: choice = large ") == {"is false", "decides, being false"}
    masked = "`choice = large` beside it settles that already"
    assert proved(found, "d/R: order.paid ") == {f"= true decides, being {w}": masked for w in ("true", "false")}


def test_what_a_policy_says_for_all_of_its_rules_counts_once(cover):
    text = """
- {id: R, when: {order.size: large}, because: Large.}
- {id: S, when: {order.size: small}, because: Small.}
"""
    files = rules(text)
    files["rules.yaml"] = files["rules.yaml"].replace("  p:\n", "  p:\n    when: {order.paid: true}\n")
    found = cover(files, "{order.paid: true, order.size: large}")
    owners = {i for i in states(found) if "order.paid = true is" in i}
    assert owners == {"d/policy p: order.paid = true is true", "d/policy p: order.paid = true is false"}


# --- limits


@pytest.mark.parametrize(
    ("test", "fact", "limit", "sides"),
    [
        ("at least 3", "order.count", "3", {"2": "below", "3": "at", "4": "above", "1": None, "5": None}),
        ("more than 5 USD", "order.total", "5.00 USD", {"4.99 USD": "below", "5 USD": "at", "5.01 USD": "above"}),
        ("more than 5 USD", "order.total", "5.00 USD", {"4.98 USD": None, "5.02 USD": None}),
        ("less than 2.5", "order.weight", "2.5", {"2.4": "below", "2.5": "at", "9": "above"}),
        ("before", "order.placed_on", "2025-01-10", {"2025-01-09": "below", "2025-01-10": "at", "2025-01-11": "above"}),
    ],
)  # fmt: skip
def test_a_limit_has_two_sides_in_the_smallest_unit_of_its_type(cover, test, fact, limit, sides):
    when = f"{fact}: {test}" if test != "before" else f"{fact}: less than {limit}"
    for value, side in sides.items():
        found = cover(rules(f"- {{id: R, when: {{{when}}}, because: So.}}"), f"{{{fact}: {value}}}")
        begin = f"d/R: {fact} "
        noted = covered(found, begin) & {f"{where} {limit}" for where in ("below", "at", "above")}
        assert noted == ({f"{side} {limit}"} if side else set())


def test_a_range_has_two_limits(cover):
    found = cover(
        rules("- {id: R, when: {order.count: from 1 to 3}, because: So.}"), "{order.count: 0}", "{order.count: 3}"
    )
    limits = {i for i in covered(found, "d/R: order.count ") if " below " in f" {i}" or " at " in f" {i}"}
    assert limits == {"below 1", "at 3"}


def test_no_request_gives_less_than_the_minimum(cover):
    found = cover(rules("- {id: R, when: {order.total: more than 0}, because: So.}"), "{order.total: 0 USD}")
    assert proved(found, "d/R: order.total ") == {"below 0": "`order.total` is never below `0`"}
    assert missing(found, "d/R: order.total ") >= {"above 0"}


@pytest.mark.parametrize(
    ("placed", "side"), [("06", None), ("07", "above"), ("08", "at"), ("09", "below"), ("10", None)]
)
def test_a_deadline_has_a_last_day_and_the_days_beside_it(cover, placed, side):
    # The case is decided on 10 January, so that is the last day when it was placed on the 8th.
    files = rules("- {id: R, by: order.placed_on + 2 days, because: Late.}", "deadlines")
    found = cover(files, f"{{order.placed_on: 2025-01-{placed}}}")
    sides = {i for i in covered(found, "d/R: as_of ") if i.split()[0] in ("below", "at", "above")}
    assert sides == ({f"{side} order.placed_on + 2 days"} if side else set())


# --- dates


@pytest.mark.parametrize(
    ("day", "side"), [("2023-12-30", None), ("2023-12-31", "before"), ("2024-01-01", "from"), ("2024-01-02", None)]
)
@pytest.mark.parametrize("key", ["from", "before"])
def test_a_rule_in_force_has_a_last_day_before_and_a_first_day(cover, day, side, key):
    text = f"- {{id: R, when: {{order.paid: true}}, in_force: {{{key}: 2024-01-01}}, because: So.}}"
    found = cover(rules(text), f"{{order.placed_on: {day}, order.paid: true}}")
    assert {
        i for i in covered(found, "d/R: order.placed_on ") if i.endswith("2024-01-01") and "=" not in i and "<" not in i
    } == ({f"{side} 2024-01-01"} if side else set())


@pytest.mark.parametrize(
    ("day", "sides"),
    [("2023-12-31", {"before 2024-01-01"}), ("2024-01-01", {"from 2024-01-01"}), ("2025-01-01", set())],
)
def test_a_dated_value_has_a_last_day_before_and_a_first_day(cover, day, sides):
    parameters = """kind: parameters
parameters:
  most:
    type: integer
    values: [{value: 3}, {from: 2024-01-01, value: 5}]
"""
    files = rules("- {id: R, when: {order.count: more than most}, because: So.}") | {"parameters.yaml": parameters}
    found = cover(files, f"{{order.placed_on: {day}, order.count: 1}}")
    assert covered(found, "parameter most: order.placed_on ") == sides


# --- tables and branches

TABLE = """kind: definitions
definitions:
  class_of:
    type: enum
    of: size
    table:
      inputs: [order.count]
      rows:
        - [less than 5, small]
        - [from 5 to 9, large]
      otherwise: [large]
"""


@pytest.mark.parametrize(("count", "row"), [(4, " row 1"), (5, " row 2"), (10, " otherwise")])
def test_the_row_that_decides(cover, count, row):
    files = rules("- {id: R, when: {class_of: large}, because: So.}") | {"table.yaml": TABLE}
    found = cover(files, f"{{order.count: {count}}}")
    assert {i for i in covered(found, "definition class_of") if i.endswith(": decides")} == {f"{row}: decides"}


def test_rows_of_a_unique_table_that_both_fit_decide_nothing(cover, tmp_path):
    table = TABLE.replace("from 5 to 9", "from 4 to most").replace("      otherwise: [large]\n", "")
    parameters = "kind: parameters\nparameters:\n  most: {type: integer, value: 9}\n"
    files = rules("- {id: R, when: {class_of: large}, because: So.}") | {"table.yaml": table, "p.yaml": parameters}
    lines = "- {name: both, facts: {order.count: 4}, expect: {faults: [table/overlap]}}"
    found = measured(folder_of(tmp_path, files, lines))
    assert found.counted == 1
    assert not [i for i in covered(found, "definition class_of") if i.endswith(": decides")]


def test_a_name_that_the_decision_does_not_read_is_not_covered_by_it(cover):
    found = cover(rules(PAID) | {"table.yaml": TABLE}, "{order.count: 4, order.paid: true}")
    assert not [i for i in states(found) if i.startswith("definition")]


@pytest.mark.parametrize(("facts", "taken"), [("true", {"then"}), ("false", {"else"}), (None, set())])
def test_branches_of_a_definition(cover, facts, taken):
    definition = "kind: definitions\ndefinitions:\n  most: {type: integer, is: if order.paid then 5 else 3}\n"
    files = rules("- {id: R, when: {order.count: more than most}, because: So.}") | {"d.yaml": definition}
    found = cover(files, "{order.count: 4}" if facts is None else f"{{order.count: 4, order.paid: {facts}}}")
    assert {i[-4:] for i in covered(found, "definition most: if order.paid takes ")} == taken


def test_what_is_inside_of_a_branch_that_is_never_taken_is_proved(cover):
    files = rules("- {id: R, when: {order.count: more than most}, because: So.}") | {
        "d.yaml": "kind: definitions\ndefinitions:\n"
        "  most: {type: integer, is: if choice = small then 1 else if order.paid then 5 else 3}\n",
        "p.yaml": "kind: parameters\nparameters:\n  choice: {type: enum, of: size, value: small}\n",
    }
    found = cover(files, "{order.count: 4, order.paid: true}")
    assert set(proved(found, "definition most: order.paid ")) == {
        "is true",
        "is false",
        "decides, being true",
        "decides, being false",
    }
    assert not covered(found, "definition most: order.paid ")


# --- payouts

PAYOUT = """kind: payout
decision: d
policies:
  pay:
    currency: USD
    total:
      start: order.total
      steps:
        - limits: [{id: CAP, to: 100 USD, when: {order.paid: true}, because: 'At most {limit}.'}]
        - {id: NOTE, note: true, when: {amount: more than 50 USD}, because: Much.}
        - {round: 0.01, mode: half_up}
"""


@pytest.mark.parametrize(
    ("facts", "limit", "told"),
    [
        ("{order.paid: true, order.total: 101 USD}", {"binds"}, {"CAP", "NOTE"}),
        ("{order.paid: true, order.total: 100 USD}", {"does not bind"}, {"NOTE"}),
        ("{order.paid: true, order.total: 9 USD}", {"does not bind"}, set()),
        ("{order.paid: false, order.total: 101 USD}", set(), {"NOTE"}),
        ("{order.paid: true}", set(), set()),
    ],
)
def test_payout_limits_and_notes(cover, facts, limit, told):
    found = cover(
        rules("- {id: R, when: {order.size: large}, because: L.}") | {"pay.yaml": PAYOUT},
        facts.replace("}", ", order.size: small}"),
    )
    assert {i for i in covered(found, "d/CAP: ") if i.endswith(("bind", "binds"))} == limit
    assert {id_ for id_ in ("CAP", "NOTE") if covered(found, f"d/{id_}: message") == {""}} == told


@pytest.mark.parametrize(("total", "side"), [("49.99", "below"), ("50", "at"), ("50.01", "above")])
def test_a_condition_on_the_amount_so_far_is_seen_where_it_is_asked(cover, total, side):
    found = cover(
        rules("- {id: R, when: {order.size: large}, because: L.}") | {"pay.yaml": PAYOUT},
        f"{{order.size: small, order.paid: false, order.total: {total} USD}}",
    )
    assert covered(found, f"d/NOTE: amount {side} 50.00 USD") == {""}


# --- which cases count


def test_only_cases_that_pass_and_are_not_under_review_count(tmp_path):
    lines = """
- {name: passes, facts: {order.paid: true}, expect: {verdict: refuse}}
- {name: fails, facts: {order.paid: false}, expect: {verdict: refuse}}
- {name: reviewed, review: true, facts: {}, expect: {verdict: undetermined}}
"""
    found = measured(folder_of(tmp_path, rules(PAID), lines))
    assert (found.counted, found.failed, found.review) == (1, 1, 1)
    assert covered(found, "d/R: rule ") == {"is true"}
    named = states(found)["d/R: rule is true"]
    assert named.cases == ("all::passes",)
    assert named.count == 1


def test_every_kind_of_item_is_met_here():
    """Adding a kind means adding a test above: this list is the reminder."""
    assert {str(k) for k in Kind} == {
        "verdict", "rule", "condition", "deciding", "limit", "date", "row", "branch", "payout", "message"
    }  # fmt: skip
