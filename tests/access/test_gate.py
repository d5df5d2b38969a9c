"""The gate: who is let in, who is not and why, and what is said when the keys cannot be read."""

from __future__ import annotations

import logging
from datetime import date

import pytest

from policyengine.access.buckets import Buckets
from policyengine.access.gate import Gate, Refusal
from policyengine.access.key_file import KeyFile
from policyengine.access.rates import read_rate
from policyengine.access.scopes import MEANINGS, NEEDS, Other, Scope

TODAY = date(2026, 5, 5)


@pytest.fixture
def keys(tmp_path):
    return KeyFile(tmp_path / "keys.json")


@pytest.fixture
def gate(keys, tmp_path):
    keys.create("somebody else", Scope)
    buckets = Buckets(tmp_path / "buckets")
    yield Gate(keys, buckets, lambda: TODAY)
    buckets.close()


def bearer(text: str) -> str:
    return f"Bearer {text}"


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("need", [*Scope, *Other])
def test_a_scope_opens_what_needs_it_and_nothing_else(gate, keys, scope, need):
    made = keys.create("holder", [scope])
    verdict = gate.check(bearer(made.text), need)
    opens = need in (scope, Other.ANY_KEY, Other.NOTHING)
    assert verdict.refusal is (None if opens else Refusal.NO_SCOPE)
    assert verdict.key == (None if need is Other.NOTHING else made.key)
    if not opens:
        assert verdict.help == f"ask for a key with the scope `{need}`"


@pytest.mark.parametrize("kind", ["Bearer ", "bearer ", "BEARER   "])
def test_how_a_key_is_sent(gate, keys, kind):
    assert gate.check(kind + keys.create("holder", [Scope.DECIDE]).text, Scope.DECIDE).refusal is None


def test_who_proves_nothing_stays_out(gate, keys):
    made = keys.create("holder", [Scope.DECIDE])
    assert gate.check(None, Scope.DECIDE).refusal is Refusal.NO_KEY
    assert gate.check("", Scope.DECIDE).refusal is Refusal.NO_KEY
    flipped = made.text[:-1] + ("0" if made.text[-1] != "0" else "1")
    for sent in (made.text, f"Basic {made.text}", bearer(flipped), bearer(made.text + "0"), "Bearer", "Bearer ", "é"):
        verdict = gate.check(sent, Scope.DECIDE)
        assert (verdict.refusal, verdict.key) == (Refusal.BAD_KEY, None), sent
        assert made.text not in f"{verdict.detail}{verdict.help}"


def test_only_who_holds_a_key_is_told_that_it_is_good_no_more(gate, keys):
    old = keys.create("holder", [Scope.DECIDE], expires=date(2026, 5, 4))
    last = keys.create("holder", [Scope.DECIDE], expires=TODAY)
    assert gate.check(bearer(last.text), Scope.DECIDE).refusal is None
    assert gate.check(bearer(old.text), Scope.DECIDE).detail == "this key is good no more: its last day was 2026-05-04"
    guess = f"pe_{old.key.id}_{'0' * 40}"
    assert gate.check(bearer(guess), Scope.DECIDE).detail == "this is not a key of this service"


def test_a_revoked_key_stays_out_from_the_next_request_on(gate, keys):
    made = keys.create("holder", [Scope.DECIDE])
    assert gate.check(bearer(made.text), Scope.DECIDE).refusal is None
    keys.revoke(made.key.id)
    verdict = gate.check(bearer(made.text), Scope.DECIDE)
    assert verdict.refusal is Refusal.BAD_KEY
    assert "it was revoked on" in verdict.detail


def test_a_rate_is_held_also_for_what_the_scope_does_not_allow(gate, keys):
    made = keys.create("holder", [Scope.DECIDE], read_rate("1/h", 2))
    assert gate.check(bearer(made.text), Scope.ADMIN).refusal is Refusal.NO_SCOPE
    assert gate.check(bearer(made.text), Scope.DECIDE).taken.left == 0
    verdict = gate.check(bearer(made.text), Scope.DECIDE)
    assert verdict.refusal is Refusal.TOO_OFTEN
    assert 0 < verdict.taken.wait <= 3600 * 10**9
    # What takes nothing is not refused.
    assert gate.check(bearer(made.text), Other.NOTHING).refusal is None
    assert gate.knows(bearer(made.text), Scope.DECIDE)


def test_what_an_open_address_may_tell(gate, keys):
    made = keys.create("holder", [Scope.MONITOR])
    assert gate.knows(bearer(made.text), Scope.MONITOR)
    assert not gate.knows(bearer(made.text), Scope.ADMIN)
    assert not gate.knows(None, Scope.MONITOR)
    assert not gate.knows(bearer("x"), Scope.MONITOR)


def test_while_the_keys_cannot_be_read_nobody_is_let_in_and_it_is_logged_once(gate, keys, caplog):
    made = keys.create("holder", Scope)
    text = keys.path.read_text()
    keys.path.write_text("{")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert gate.check(bearer(made.text), Scope.DECIDE).refusal is Refusal.NO_KEYS_READABLE
            assert not gate.knows(bearer(made.text), Scope.MONITOR)
            assert gate.check(None, Other.NOTHING).refusal is None
    assert len(caplog.records) == 1
    assert "is damaged" in caplog.text
    keys.path.write_text(text)
    assert gate.check(bearer(made.text), Scope.DECIDE).refusal is None
    keys.path.unlink()
    assert gate.check(bearer(made.text), Scope.DECIDE).refusal is Refusal.NO_KEYS_READABLE
    assert len(caplog.records) == 2


def test_every_scope_says_what_it_is_for():
    assert set(MEANINGS) == set(Scope)
    assert {need for need in NEEDS.values() if isinstance(need, Scope)} <= set(Scope)
