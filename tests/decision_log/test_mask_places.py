"""A mask that can hide nothing is refused, whatever is wrong with it; one that is accepted hides what it names."""

from __future__ import annotations

import pytest

from policyengine import load_bundle
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.mask_places import check_masks, idle_masks
from policyengine.decision_log.masking import MASK, masked, masks
from policyengine.engine.engine import Engine
from policyengine.shipped import shipped_policies

FACTS = {
    "order": {"trade_assurance": True, "placed_on": "2025-01-10", "currency": "USD"},
    "payments": [{"amount": {"amount": "1500", "currency": "USD"}, "channel": "escrow"}],
    "contract": {"eta": "2025-03-25", "elements": ["color", "material"]},
    "delivery": {"delivered_on": "2025-03-20"},
    "evidence": {"kinds": ["photos", "spec_comparison"]},
    "claims": [{"id": "shade", "reason": "spec_mismatch", "attribute": "color", "amount": "2500 USD"}],
}


@pytest.fixture(scope="module")
def shipped():
    return load_bundle(shipped_policies() / "trade_assurance")


@pytest.fixture(scope="module")
def entry(shipped):
    """What is logged of a decision, as far as masks reach."""
    with Engine(shipped, "compiled", check=False) as engine:
        decision = engine.decide("coverage", FACTS, as_of="2025-04-25")
    return {"input": FACTS, "result": decision.to_dict()}


@pytest.mark.parametrize(
    "pointer",
    [
        "/input/*",
        "/input/order/*",
        "/input/*/trade_assurance",
        "/input/payments",
        "/input/payments/*",
        "/input/payments/*/amount",
        "/input/payments/0/amount",
        "/input/claims/*/id",
        "/input/evidence/kinds/*",
        "/input/*/*/amount",
        "/result/verdict",
        "/result/reasons/*/message",
        "/result/elements/*/reasons/*/message",
        "/result/*/*/result/amount",
        "/result/values/escrow_paid",
        "/result/values/*",
        "/result/amount/amount",
    ],
)
def test_what_is_accepted_hides_something(shipped, entry, pointer):
    check_masks(masks([pointer], [pointer]), {shipped.id: shipped})
    shown, hidden, _ = masked(entry, masks([pointer]))
    assert hidden
    assert MASK in str(shown)
    assert masked(entry, masks([], [pointer]))[2] == hidden


@pytest.mark.parametrize(
    ("pointer", "near"),
    [
        ("/input/payments/amount", "/input/payments/*/amount"),
        ("/input/payments/*/*/amount", "/input/payments/*/amount"),
        ("/input/payments/first/amount", "/input/payments/*/amount"),
        ("/input/payments/*/amount/currency", "/input/payments/*/amount"),
        ("/input/*/order/trade_assurance", "/input/order/trade_assurance"),
        ("/input/claims/id", "/input/claims/*/id"),
        ("/input/evidence/kinds/photos", "/input/evidence/kinds/*"),
        ("/result/reason/*/message", "/result/reasons/*/message"),
        ("/result/reasons/message", "/result/reasons/*/message"),
        ("/result/verdict/word", "/result/verdict"),
        ("/input/somebody/else", None),
    ],
)
def test_what_can_hide_nothing_is_refused_with_the_nearest_place(shipped, entry, pointer, near):
    # An amount may be written as an object: it is hidden whole, because it may be a text as well.
    assert all("/amount/" in found for found in masked(entry, masks([pointer]))[1])
    for by in (masks([pointer]), masks([], [pointer])):
        with pytest.raises(LogError, match="hides nothing") as caught:
            check_masks(by, {shipped.id: shipped})
        assert (f"did you mean `{near}`?" if near else "name a fact below /input") in str(caught.value)


def test_a_fact_of_any_bundle_will_do(shipped, decisions):
    both = {shipped.id: shipped, "umbrella": decisions.bundle}
    by = masks(["/input/umbrella/price"], ["/input/payments", "/result/amount"])
    check_masks(by, both)
    assert idle_masks(by, shipped).keys() == {"/input/umbrella/price"}
    assert idle_masks(by, decisions.bundle).keys() == {"/input/payments"}
    with pytest.raises(LogError, match=r"/input/payments hides nothing"):
        check_masks(by, {"umbrella": decisions.bundle})
