"""What a person reads: the sentences of a decision, and what kept a rule from holding."""

from __future__ import annotations

from functools import cache

import pytest

from policyengine import Engine, load_bundle
from policyengine.explaining.explainer import Explainer, Explanation
from policyengine.explaining.why_not import WhyNot
from policyengine.model.decision import Decision

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
    """All sentences but the last, which is about changes."""
    return list(ask(decision, facts, day).sentences[:-1])


def test_what_is_covered_limited_and_until_when():
    assert sentences("coverage", FACTS) == [
        "Is the dispute covered, and for how much: covered, as of 2025-04-25.",
        "The goods miss the specification of the colour.",
        "The amount is 1500.00 USD.",
        "Limited to 1500.00 USD, the sum paid by escrow.",
        "Dispute opened in time: the last day is 2025-04-29 (4 days left).",
    ]


def test_elements_that_differ_are_told_one_by_one():
    assert sentences("coverage", FACTS | {"claims": [SHADE, COUNT, DUTY]})[:5] == [
        "Is the dispute covered, and for how much: partially covered, as of 2025-04-25.",
        "Claim shade and count: covered.",
        "Claim duty: excluded.",
        "For claim duty: Customs duties, taxes and delays are not covered.",
        "For claim shade: The goods miss the specification of the colour.",
    ]


def test_what_is_too_late():
    assert sentences("coverage", FACTS, "2025-05-02") == [
        "Is the dispute covered, and for how much: not covered, as of 2025-05-02.",
        "The dispute was opened on 2025-05-02; 2025-04-29 was the last day.",
        "Dispute opened in time: the last day was 2025-04-29 (3 days ago).",
    ]


def test_what_waits_says_what_for():
    told = sentences("coverage", FACTS | {"evidence": {"kinds": ["photos"]}})
    assert told[0] == "Is the dispute covered, and for how much: needs evidence, as of 2025-04-25."
    assert told[2] == "Still to be supplied: spec comparison."


def test_what_is_open_says_what_must_be_known():
    told = sentences("coverage", FACTS | {"evidence": {}})
    assert told[0] == "Is the dispute covered, and for how much: this cannot be told yet, as of 2025-04-25."
    assert told[1] == "To settle it, these must be known: Kinds of evidence supplied (`evidence.kinds`)."


def test_an_open_amount_is_told_apart():
    claim = {k: v for k, v in SHADE.items() if k != "amount"}
    assert "For the amount, these must be known: Loss claimed (`claims[shade].amount`)." in sentences(
        "coverage", FACTS | {"claims": [claim]}
    )


def test_a_value_and_a_split():
    (told,) = sentences("next_step", {"dispute": {"status": "opened", "negotiation": "failed"}})
    assert told == "What to do next in the dispute: escalate, as of 2025-04-25."
    lines = [{"sku": "a", "unit_price": "1000 USD", "quantity": 60}]
    told = sentences("split", {"order": {"currency": "USD", "lines": lines}})
    assert "The plan has 2 contracts; fewer are not possible." in told


def test_the_last_sentence_is_about_what_would_change_it():
    late = ask("coverage", FACTS, "2025-05-02").sentences[-1]
    assert late == (
        "The nearest change that leads to another verdict: if “Day the last parcel so far was received” "
        "(`delivery.delivered_on`) were 2025-03-23 or later instead of 2025-03-20, the verdict would be covered."
    )
    towards = ask("coverage", FACTS, towards="needs_evidence").sentences[-1]
    assert towards.startswith("The nearest change that leads to the verdict needs evidence: if “Kinds of evidence")
    assert ask("coverage", FACTS | {"evidence": {}}).sentences[-1].startswith("What would settle it, for instance: if ")


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


def test_a_rule_that_is_false_tells_only_what_made_it_false():
    found = why_not("TA-X-MISUSE", FACTS)
    assert [one.sentence for one in found] == [
        "TA-X-MISUSE (Misuse by the buyer) gives excluded, but does not hold for shade, because:"
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
