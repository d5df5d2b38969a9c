"""A decision of a shipped bundle, timed beside the benchmark's: it also has deadlines, a payout and messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from tests.benchmarks.environment import ROOT
from tests.benchmarks.ours import ready
from tests.benchmarks.workload import Document

from policyengine.loading import load_bundle

BUNDLE: Final = ROOT / "policies" / "trade_assurance"
DECISION: Final = "coverage"
DAY: Final = date(2025, 4, 25)
#: The dispute of the README's first example.
DISPUTE: Final[Document] = {
    "order": {"trade_assurance": True, "placed_on": "2025-01-10", "currency": "USD"},
    "payments": [{"amount": "1500 USD", "channel": "escrow"}],
    "contract": {"eta": "2025-03-25", "elements": ["color", "material"]},
    "delivery": {"delivered_on": "2025-03-20"},
    "evidence": {"kinds": ["photos", "spec_comparison"]},
    "claims": [{"id": "shade", "reason": "spec_mismatch", "attribute": "color", "amount": "2500 USD"}],
}


def decider(setting: str) -> Callable[[Document], object]:
    """Plain data in, the whole decision out, in this setting of ours."""
    engine = ready(load_bundle(BUNDLE), setting)
    return lambda facts: engine.decide(DECISION, facts, as_of=DAY)
