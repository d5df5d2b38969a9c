"""What a person reads: the sentences of a decision, and what kept a rule from holding."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from policyengine import Engine, load_bundle
from policyengine.cli.main import cli
from policyengine.diagnostics import Diagnostics
from policyengine.explaining.explainer import Explainer, Explanation
from policyengine.explaining.payouts import payout_ids
from policyengine.explaining.why_not import WhyNot
from policyengine.model.decision import Decision
from policyengine.testing.cases import read_cases
from policyengine.values.text import money_text

SHADE = {"id": "shade", "reason": "spec_mismatch", "attribute": "color", "amount": "2500 USD"}
COUNT = {"id": "count", "reason": "missing_items", "ordered_qty": 100, "received_qty": 90, "amount": "100 USD"}
DUTY = {"id": "duty", "reason": "customs_duty_tax", "amount": "9 USD"}
FACTS = {
    "order": {"trade_assurance": True, "placed_on": "2025-01-10", "currency": "USD"},
    "payments": [{"amount": "1500 USD", "channel": "escrow"}],
    "contract": {"eta": "2025-03-25", "elements": ["color", "material"]},
    "delivery": {"delivered_on": "2025-03-20"},
    "evidence": {"kinds": ["photos", "spec_comparison"]},
    "claims": [SHADE],
}


@cache
def engines(folder: str) -> tuple[Engine, Explainer]:
    bundle = load_bundle(folder)
    return Engine(bundle, "compiled", check=False, sample=0), Explainer(bundle)


def ask(decision: str, facts: dict, day: str = "2025-04-25", folder: str = "policies/trade_assurance", **more: str):
    engine, explainer = engines(folder)
    made: Decision = engine.decide(decision, facts, as_of=day)
    explained: Explanation = explainer.explain(made, facts, **more)
    return explained


def sentences(decision: str, facts: dict, day: str = "2025-04-25") -> list[str]:
    return list(ask(decision, facts, day).sentences)


def test_what_is_covered_limited_and_until_when():
    assert sentences("coverage", FACTS) == [
        "Is the dispute covered, and for how much: covered, as of 2025-04-25.",
        "The goods miss the specification of the colour.",
        "The amount is 1500.00 USD.",
        "Limited to 1500.00 USD, the sum paid by escrow.",
        "Last day (Dispute opened in time): 2025-04-29 (4 days left).",
        "Not told, and so assumed: Day the dispute was opened — 2025-04-25.",
    ]


def test_elements_that_differ_are_told_one_by_one():
    assert sentences("coverage", FACTS | {"claims": [SHADE, COUNT, DUTY]})[:5] == [
        "Is the dispute covered, and for how much: partially covered, as of 2025-04-25.",
        "Claims shade and count: covered.",
        "Claim duty: excluded.",
        "For claim duty: Customs duties, taxes and delays are not covered.",
        "For claim shade: The goods miss the specification of the colour.",
    ]


def test_what_is_too_late():
    assert sentences("coverage", FACTS, "2025-05-02") == [
        "Is the dispute covered, and for how much: not covered, as of 2025-05-02.",
        "The dispute was opened on 2025-05-02; 2025-04-29 was the last day.",
        "Last day (Dispute opened in time): 2025-04-29 (3 days ago).",
        "Not told, and so assumed: Day the dispute was opened — 2025-05-02.",
    ]


def test_what_waits_says_what_for():
    told = sentences("coverage", FACTS | {"evidence": {"kinds": ["photos"]}})
    assert told[0] == "Is the dispute covered, and for how much: needs evidence, as of 2025-04-25."
    assert told[2] == "Still to be supplied: spec comparison."


def test_what_is_open_says_what_must_be_known():
    told = sentences("coverage", FACTS | {"evidence": {}})
    assert told[0] == "Is the dispute covered, and for how much: this cannot be told yet, as of 2025-04-25."
    assert told[1] == "To settle it, these must be known: Kinds of evidence supplied."


def test_an_open_amount_is_told_apart():
    claim = {k: v for k, v in SHADE.items() if k != "amount"}
    assert "For the amount, these must be known: Loss claimed (shade)." in sentences(
        "coverage", FACTS | {"claims": [claim]}
    )


def test_a_value_and_a_split():
    (told,) = sentences("next_step", {"dispute": {"status": "opened", "negotiation": "failed"}})
    assert told == "What to do next in the dispute: escalate, as of 2025-04-25."
    lines = [{"sku": "a", "unit_price": "1000 USD", "quantity": 60}]
    told = sentences("split", {"order": {"currency": "USD", "lines": lines}})
    assert "The plan has 2 contracts; fewer are not possible." in told


def in_a_reply(facts: dict, day: str, decision: str = "coverage") -> str:
    return " ".join(sentences(decision, facts, day))


def test_no_reply_says_how_else_a_claim_could_be_told():
    late = ask("coverage", FACTS, "2025-05-02")
    assert late.changes.found[0].fact == "delivery.delivered_on"
    washed = FACTS | {"claims": [SHADE | {"reason": "color_change_after_washing"}]}
    assert any(c.verdict == "covered" for c in ask("coverage", washed).changes.found)
    for told in (in_a_reply(FACTS, "2025-05-02"), in_a_reply(washed, "2025-04-25")):
        assert told.count("covered") == told.count("not covered") + 1  # the question: "Is the dispute covered"
        assert "2025-03-23" not in told
        assert "change" not in told.replace("Colour change", "")
    opened = ask("coverage", FACTS | {"evidence": {}})
    assert opened.changes.found[0].fact == "evidence.kinds"
    assert "would be" not in " ".join(opened.sentences)


def test_no_reply_names_a_machine_name():
    for facts in ({}, FACTS, FACTS | {"evidence": {}}, FACTS | {"claims": [{"id": "a"}, {"id": "b"}]}):
        for decision in ("coverage", "readiness", "split", "release", "next_step"):
            told = in_a_reply(facts, "2025-04-25", decision)
            assert not re.search(r"`|_|[a-z]\.[a-z]|TA-", told), told


def test_a_reply_tells_that_what_it_asks_for_would_do():
    told = sentences("coverage", FACTS | {"evidence": {"kinds": ["photos"]}})
    assert told[2:4] == [
        "Still to be supplied: spec comparison.",
        "With that, and all else the same, it would be covered.",
    ]
    # Two claims wait for two things: to supply one of them is not what was asked for, and no promise is made.
    assert not [t for t in sentences("coverage", FACTS | {"evidence": {"kinds": []}}) if t.startswith("With that")]


def test_a_reply_tells_on_which_later_day_it_is_otherwise(tmp_path):
    facts = {"damage": {"cause": "wind"}, "umbrella": {"price": "40 EUR", "bought_on": "2025-03-01"}}
    waiting = facts | {"report": {"has_receipt": False}}
    explained = umbrella(tmp_path, waiting)
    (later,) = [c for c in explained.changes.found if c.fact == "as_of"]
    assert later.after == "2027-03-02"
    # The last day says it already.
    assert "Last day: 2027-03-01 (638 days left)." in explained.sentences
    assert not [t for t in explained.sentences if "it would be" in t]
    rules = 'when: {where: "as_of < 2025-07-01"}'
    early = umbrella(tmp_path / "early", waiting | {"report": {"has_receipt": True}}, when=rules)
    assert early.sentences[-1] == "On 2025-07-01, with all else the same, it would be refunded."
    granted = umbrella(tmp_path, facts | {"report": {"has_receipt": True}})
    assert granted.changes.found
    assert not [t for t in granted.sentences if "would be" in t]


def test_a_last_day_that_is_past_and_was_kept_is_told_so():
    kept = FACTS | {"dispute": {"opened_on": "2025-04-02"}}
    assert (
        sentences("coverage", kept, "2025-05-02")[-1]
        == "Last day (Dispute opened in time): 2025-04-29 (3 days ago, and kept)."
    )


def test_a_deadline_without_a_title_is_told_without_its_id(tmp_path):
    facts = {"damage": {"cause": "wind", "reported_on": "2027-03-05"}, "umbrella": {"bought_on": "2025-03-01"}}
    assert umbrella(tmp_path, facts, day="2027-03-08").sentences[1:] == (
        "Reported on 2027-03-05; 2027-03-01 was the last day.",
        "Last day: 2027-03-01 (7 days ago).",
    )


def test_of_notes_there_is_one_beginning():
    lines = [{"sku": "a", "unit_price": "100 USD", "quantity": 601}]
    told = sentences("split", {"order": {"total": "60000 USD", "currency": "USD", "lines": lines}})
    assert told[0] == "Into how many contracts the order is split: the answer is “split”, as of 2025-04-25."
    (notes,) = [t for t in told if t.startswith("Please note: ")]
    assert "cannot be shipped together" in notes
    assert "more than the order total" in notes


@pytest.mark.parametrize("decision", ["coverage", "readiness", "split", "release", "next_step"])
def test_nothing_known_is_explained_as_well(decision):
    told = ask(decision, {})
    assert "this cannot be told yet" in told.sentences[0]
    assert "must be known" in told.sentences[1]


# --- why not ---


def why_not(rule: str, facts: dict, day: str = "2025-04-25") -> list[WhyNot]:
    return list(ask("coverage", facts, day, rule=rule).why_not)


def told(found: list[WhyNot]) -> list[tuple[object, ...]]:
    return [(s.truth, s.condition, {f.name: f.value for f in s.facts}) for one in found for s in one.stops]


MIXED = "when: {damage.cause: lost, umbrella.price: more than 30 USD}"
LOST = {"damage": {"cause": "lost"}, "umbrella": {"price": "40 EUR", "bought_on": "2025-03-01"}}
EUR_USD = "amounts in EUR and USD meet here without a stated rate"


def umbrella(tmp_path: Path, facts: dict, day: str = "2025-06-01", when: str | None = None, **more: str) -> Explanation:
    """The invented programme to start from, explained; ``when``: with this condition of its exclusion."""
    folder = tmp_path / "umbrella"
    if not folder.exists():
        assert CliRunner().invoke(cli, ["init", str(folder)]).exit_code == 0
    if when is not None:
        file = folder / "exclusions.yaml"
        file.write_text(file.read_text().replace("when: {damage.cause: [lost, pet]}", when))
    return ask("refund", facts, day, str(folder), **more)


def test_a_fault_that_the_verdict_does_not_rest_on_is_told_with_its_place(tmp_path):
    explained = umbrella(tmp_path, LOST, when=MIXED, rule="UM-LOST")
    (found,) = explained.why_not
    assert found.truth is None
    assert found.sentence == (
        f"UM-LOST gives not refunded, but is not known to hold: there is a fault in it: {EUR_USD} (exclusions.yaml:10)."
    )
    assert [(f.code, f.at) for f in found.faults] == [("fault/currency", "exclusions.yaml:10")]
    assert [s.fault for s in found.stops] == [EUR_USD]
    assert found.missing == ()
    (rule,) = [r for r in explained.to_dict()["rules"] if r["rule"] == "UM-LOST"]
    assert rule["applies"]["faults"] == [{"code": "fault/currency", "message": EUR_USD, "at": "exclusions.yaml:10"}]


def test_a_fault_in_a_part_that_does_not_matter_leaves_the_rule_false(tmp_path):
    wind = {**LOST, "damage": {"cause": "wind"}}
    (found,) = umbrella(tmp_path, wind, when=MIXED, rule="UM-LOST").why_not
    assert (found.truth, found.faults) == (False, ())


def test_a_requirement_says_that_it_is_met_and_its_text_that_the_value_is_the_opposite():
    (found,) = why_not("TA-NOT-TA", FACTS)
    assert found.sentence == (
        "TA-NOT-TA (requirement: Trade Assurance order) gives not covered, but does not hold: the requirement is met."
    )
    (rule,) = [r for r in ask("coverage", FACTS).to_dict()["rules"] if r["rule"] == "TA-NOT-TA"]
    assert (rule["own"]["negated"], rule["own"]["value"], rule["own"]["children"][0]["value"]) == (
        True,
        "false",
        "true",
    )
    assert "negated" not in rule["own"]["children"][0]
    (late,) = why_not("TA-LATE-CLAIM", FACTS)
    assert "(deadline: Dispute opened in time)" in late.sentence
    assert late.sentence.endswith("does not hold: the last day is not past.")
    (other,) = why_not("TA-NOT-SHORT", FACTS)
    assert other.sentence.endswith("it does not apply here.")


def test_a_warning_that_reads_what_was_decided_is_explained_as_it_was_given():
    lines = [{"sku": "a", "unit_price": "100 USD", "quantity": 601}]
    explained = ask("split", {"order": {"total": "60000 USD", "currency": "USD", "lines": lines}}, rule="TA-S-SPLIT")
    assert {r.rule: r.truth for r in explained.rules}["TA-W-NO-CONSOLIDATION"] is True
    # A split is written as a threshold, but no outcome of it is what ought to be.
    assert all("threshold" not in one.sentence and "allowed" not in one.sentence for one in explained.why_not)


@pytest.mark.parametrize("folder", ["policies/trade_assurance", "policies/alibaba_terms"])
def test_what_is_told_to_hold_is_what_the_decision_says(folder):
    bundle = load_bundle(folder)
    engine, explainer = engines(folder)
    for case in read_cases(bundle, Path(folder), Diagnostics())[::7]:
        made = engine.decide(case.decision, case.facts, as_of=case.as_of)
        rules = explainer.explain(made, case.facts).rules
        holding = {r.rule for r in rules if r.truth is True}
        warnings = {r.id for r in bundle.decisions[case.decision].warnings if r.each is None}
        assert holding & warnings == {w.rule for w in made.warnings} & warnings
        paid = set(payout_ids(bundle.decisions[case.decision].payout))
        spec = bundle.decisions[case.decision]
        otherwise = {spec.otherwise.id} if spec.otherwise else set()
        assert {r.rule for r in made.reasons} - paid - otherwise <= holding


def test_no_sentence_ends_in_the_air():
    for facts in ({}, FACTS, FACTS | {"claims": [SHADE, COUNT, DUTY]}):
        for rule in ask("coverage", facts).rules:
            assert rule.sentence.endswith(".")
            assert "because" not in rule.sentence


def test_a_rule_of_the_same_word_is_settled_already_and_no_other_word_goes_before():
    (found,) = why_not("TA-X-CUSTOMS", FACTS | {"claims": [SHADE | {"cause": "washing"}]})
    assert found.sentence.endswith(
        "does not hold for shade (and it is settled already by TA-X-WASHING, which gives the same)."
    )
    (other,) = why_not("TA-SPEC", FACTS | {"claims": [SHADE | {"cause": "washing"}]})
    assert "an earlier step settled it: TA-X-WASHING" in other.sentence


def test_a_payment_that_is_taken_away_is_named_by_its_number():
    card, escrow = {"amount": "9 USD", "channel": "off_platform"}, {"amount": "1500 USD", "channel": "escrow"}
    for payments, number in (([card, escrow], "#2"), ([escrow, card], "#1")):
        explained = ask("coverage", FACTS | {"payments": payments}, towards="not_covered")
        (change,) = [c for c in explained.changes.found if c.fact == "payments"]
        assert (change.after, change.told) == ([card], f"without instalment {number}")


# --- the payout ---


def paid(facts: dict, day: str = "2025-04-25") -> list[tuple[object, ...]]:
    steps = ask("coverage", facts, day).payout
    return [(s.rule, money_text(s.before), money_text(s.after), s.did) for s in steps]


def test_each_step_of_the_payout_says_what_it_did():
    explained = ask("coverage", FACTS)
    assert [(s.rule, money_text(s.before), money_text(s.after), s.did) for s in explained.payout] == [
        ("TA-CAP", "2500.00 USD", "2500.00 USD", False),
        ("TA-ESCROW-LIMIT", "2500.00 USD", "1500.00 USD", True),
        (None, "1500.00 USD", "1500.00 USD", False),
    ]
    assert [s.sentence for s in explained.payout] == [
        "does not limit: the amount of 2500.00 USD is not above 50000.00 USD (cap_here)",
        "limits the amount of 2500.00 USD to 1500.00 USD (escrow_paid)",
        "rounds to 0.01 (half up): 1500.00 USD",
    ]


def test_a_step_of_the_payout_can_be_asked_about():
    (cap,) = why_not("TA-CAP", FACTS)
    assert cap.truth is False
    assert "is a step of the payout and gives no verdict; for the total it does not limit" in cap.sentence
    (limit,) = why_not("TA-ESCROW-LIMIT", FACTS)
    assert limit.truth is True
    (late,) = why_not("TA-CAP", FACTS, "2025-05-02")
    assert late.sentence.endswith("nothing is paid while the verdict is not covered.")
    (open_,) = why_not("TA-CAP", FACTS | {"claims": [{k: v for k, v in SHADE.items() if k != "amount"}]})
    assert open_.missing == ("Loss claimed (`claims[shade].amount`)",)


def test_a_step_that_is_not_taken_says_why(tmp_path):
    facts = LOST | {"report": {"has_receipt": True}}
    seam = umbrella(tmp_path, facts | {"damage": {"cause": "seam"}}, rule="UM-WORN")
    assert seam.payout[0].sentence == "was not taken, as this does not hold: damage.cause is wind"
    wind = umbrella(tmp_path, facts | {"damage": {"cause": "wind"}}, rule="UM-WORN")
    assert wind.payout[0].sentence == "makes 20.00 EUR of 40.00 EUR (amount * worn_share)"
    assert wind.payout[0].did


def test_a_rule_that_is_false_tells_only_what_made_it_false():
    found = why_not("TA-X-MISUSE", FACTS)
    assert [one.sentence for one in found] == [
        "TA-X-MISUSE (Misuse by the buyer) gives excluded, but does not hold for shade."
    ]
    assert told(found) == [
        (False, "claim.cause is misuse", {"claim.cause": "manufacturing by default"}),
        (False, "misuse.alleged is yes", {"misuse.alleged": "false by default"}),
        (False, "misuse.finding was given", {}),
    ]
    assert [s.at for s in found[0].stops] == ["exclusions.yaml:42", "exclusions.yaml:46", "exclusions.yaml:47"]


def test_a_rule_that_does_not_apply_does_not_tell_what_it_requires():
    assert told(why_not("TA-NOT-SHORT", FACTS)) == [
        (False, "claim.reason is missing_items", {"claim.reason": "spec_mismatch"})
    ]


def test_a_requirement_that_is_met_tells_by_what():
    ((holds, condition, facts),) = told(why_not("TA-LATE-CLAIM", FACTS))
    assert (holds, condition) == (False, "dispute.opened_on is after last_day_to_open")
    assert facts["last_day_to_open"] == "2025-04-29"
    assert facts["contract.eta"] == "2025-03-25"


def test_a_rule_that_is_open_tells_what_to_ask_for():
    (found,) = why_not("TA-E-COMPARISON", FACTS | {"evidence": {}})
    assert found.truth is None
    assert "is not known to hold for shade" in found.sentence
    assert found.missing == ("Kinds of evidence supplied (`evidence.kinds`)",)


def test_one_for_each_element():
    found = why_not("TA-SPEC", FACTS | {"claims": [SHADE, COUNT]})
    assert [(one.element, one.truth) for one in found] == [("shade", True), ("count", False)]
    assert found[0].sentence.endswith("holds for shade: it is among the reasons of the verdict.")


def test_an_earlier_step_that_settled_it_is_named():
    (found,) = why_not("TA-SPEC", FACTS | {"claims": [SHADE | {"cause": "washing"}]})
    assert found.sentence.endswith("gives covered and holds for shade; an earlier step settled it: TA-X-WASHING.")
    (gate,) = why_not("TA-SPEC", FACTS | {"order": {"trade_assurance": False}})
    assert gate.sentence.endswith("An earlier step settled the matter: TA-NOT-TA.")


def test_without_elements_it_says_why_none_was_asked():
    (found,) = why_not("TA-SPEC", {k: v for k, v in FACTS.items() if k != "claims"})
    assert found.sentence == "TA-SPEC is asked of each element of `claims`, and that list is unknown."
    (found,) = why_not("TA-SPEC", FACTS | {"claims": []})
    assert "that list is empty." in found.sentence


def test_every_rule_of_every_decision_can_be_asked_about():
    for folder in ("policies/trade_assurance", "policies/alibaba_terms"):
        bundle = load_bundle(folder)
        for spec in bundle.decisions.values():
            for rule in dict.fromkeys(r.id for r in spec.rules):
                for facts in ({}, {"claims": [{"id": "a"}]}):
                    found = ask(spec.name, facts, folder=folder, rule=rule).why_not
                    assert found
                    assert all(one.rule == rule and one.sentence for one in found)
                    assert all(one.truth is not False or one.stops for one in found)
