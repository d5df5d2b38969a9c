"""Ways of rounding that are proved to be the same: tried on every amount that can come to the step."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from tests.mutation.twins import Twin
from tests.mutation.twins_by_operator import _payout

from policyengine import load_bundle
from policyengine.evaluation.rounding import MODES, round_to
from policyengine.mutation.grain import rounds_alike

#: Steps before the rounding, and what they make of an amount.
WAYS = {
    "nothing": ("", lambda a: a),
    "half": ("- {set: amount * 0.5}", lambda a: a / 2),
    "halved": ("- {set: amount / 2}", lambda a: a / 2),
    "a third": ("- {set: amount / 3}", lambda a: a / 3),
    "three quarters": ("- {set: amount * 0.75}", lambda a: a * 3 / 4),
    "half, doubled": ("- {set: amount * 0.5}\n- {set: amount * 2}", lambda a: a),
    "less a little": ("- {set: 'max(amount - 0.5 EUR, 0 EUR)'}", lambda a: max(a - Fraction(1, 2), Fraction(0))),
    "a limit": (
        "- {limits: [{id: L-¶, to: 0.025 EUR, because: x}, {id: M-¶, to: 9 EUR, because: x}]}",
        lambda a: min(a, Fraction("0.025")),
    ),
}
PRICES = [Fraction(n, 100) for n in range(200)]


@pytest.mark.parametrize("to", ["0.01", "0.05", "0.001"])
@pytest.mark.parametrize(("steps", "made"), WAYS.values(), ids=WAYS)
def test_what_is_proved_is_so(steps, made, to, tmp_path):
    """Where a proof is given, no price in whole cents is rounded otherwise by the other mode."""
    text = f"{steps}\n- {{round: {to}, mode: half_up}}"
    bundle = load_bundle(Twin("", "", "when: {§.flag: true}", files=_payout(text)).written(tmp_path))
    step = bundle.decisions["da"].payout.total_steps[-1]
    for mode in MODES:
        alike = all(round_to(made(p), step.to, step.mode) == round_to(made(p), step.to, mode) for p in PRICES)
        assert alike or not rounds_alike(bundle, step, mode)


@pytest.mark.parametrize(
    ("steps", "to", "alike"),
    [
        ("", "0.01", set(MODES)),
        ("", "0.001", set(MODES)),
        ("- {set: amount * 0.5}", "0.01", {"half_up", "up"}),
        ("- {set: amount / 2}", "0.01", {"half_up", "up"}),
        ("- {set: amount * 0.5}", "0.001", set(MODES)),
        ("- {set: amount * 0.75}", "0.01", set()),
        ("- {set: amount / 3}", "0.01", set()),
        ("", "0.1", set()),
    ],
)
def test_what_can_be_proved_is(steps, to, alike, tmp_path):
    text = f"{steps}\n- {{round: {to}, mode: half_up}}"
    bundle = load_bundle(Twin("", "", "when: {§.flag: true}", files=_payout(text)).written(tmp_path))
    step = bundle.decisions["da"].payout.total_steps[-1]
    assert {mode for mode in MODES if mode != "half_up" and rounds_alike(bundle, step, mode)} == alike - {"half_up"}
    assert not rounds_alike(bundle, replace(step), "up"), "a step that is in no payout proves nothing"
