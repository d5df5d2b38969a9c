"""What is told of refused keys: who tried and why, and no more than a line now and then."""

from __future__ import annotations

import logging

import pytest

from policyengine.access.gate import Refusal, Verdict
from policyengine.access.key_file import KeyFile
from policyengine.access.scopes import Scope
from policyengine.web.refusals import QUIET_SECONDS, Refusals

BAD = Verdict(Refusal.BAD_KEY, detail="this is not a key of this service")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.msg for record in caplog.records]


def test_a_flood_of_bad_keys_is_a_line_now_and_then(told):
    clock = Clock()
    refusals = Refusals(clock)
    for _ in range(1_000):
        refusals.tell(BAD, "192.0.2.7")
    (first,) = told()
    assert (first["event"], first["address"]) == ("a key was refused", "192.0.2.7")
    assert first["why"] == "this is not a key of this service"
    clock.now += QUIET_SECONDS
    refusals.tell(BAD, "192.0.2.8")
    _, second = told()
    assert (second["address"], second["others_before"]) == ("192.0.2.8", 999)


def test_another_reason_has_a_line_of_its_own_and_says_whose_key_it_is(told, tmp_path):
    refusals = Refusals(Clock())
    key = KeyFile(tmp_path / "keys.json").create("checkout", [Scope.DECIDE]).key
    refusals.tell(BAD, "192.0.2.7")
    refusals.tell(Verdict(Refusal.NO_SCOPE, key, detail="this key does not have the scope"), "192.0.2.7")
    _, second = told()
    assert (second["key"], second["holder"]) == (key.id, "checkout")


@pytest.mark.parametrize("why", [None, Refusal.NO_KEY, Refusal.TOO_OFTEN, Refusal.NO_KEYS_READABLE])
def test_the_rest_is_no_news(told, why):
    Refusals(Clock()).tell(Verdict(why), "192.0.2.7")
    assert told() == []
