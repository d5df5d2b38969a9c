"""One key: its text, its hash, when it is good; addresses of the own machine; keys taken out of texts."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from policyengine.access import keys
from policyengine.access.addresses import is_loopback, is_own_name
from policyengine.access.keys import ApiKey, id_of, is_text_of, new_text, sha256_of
from policyengine.access.redaction import redacted
from policyengine.access.scopes import Scope

TEXT = "pe_0a1b2c3d4e5f_" + "0123456789" * 4
KEY = ApiKey(
    "0a1b2c3d4e5f", 0, "checkout", frozenset({Scope.DECIDE}), sha256_of(TEXT), datetime(2026, 1, 2, tzinfo=UTC)
)


def test_keys_are_long_and_never_the_same():
    texts = {new_text() for _ in range(1000)}
    assert len(texts) == len({id_of(text) for text in texts}) == 1000
    for text in texts:
        prefix, id_, secret = text.split("_")
        assert (prefix, id_) == ("pe", id_of(text))
        assert len(bytes.fromhex(secret)) * 8 >= 128


@pytest.mark.parametrize(
    "text", ["", "pe_", TEXT[:-1], TEXT + "0", TEXT.upper(), " " + TEXT, TEXT + "\n", "x" * 999, "\ud800"]
)
def test_what_is_no_key(text):
    assert id_of(text) is None
    assert not is_text_of(KEY, text)
    assert not is_text_of(None, text)


def test_only_its_own_text_is_that_of_a_key():
    assert is_text_of(KEY, TEXT)
    assert not is_text_of(None, TEXT)
    assert not any(is_text_of(KEY, TEXT[:n] + "f" + TEXT[n + 1 :]) for n in range(16, len(TEXT)))
    assert TEXT not in repr(KEY)


def test_every_text_is_compared_in_constant_time_whether_there_is_such_a_key_or_not(monkeypatch):
    compared, original = [], hmac.compare_digest

    def compare(kept: str, given: str) -> bool:
        compared.append((len(kept), len(given)))
        return original(kept, given)

    monkeypatch.setattr(keys.hmac, "compare_digest", compare)
    for key in (KEY, None):
        for text in (TEXT, TEXT[:-1] + "f", "", "no key"):
            is_text_of(key, text)
    assert compared == [(64, 64)] * 8


def test_when_it_is_good():
    last = replace(KEY, expires=date(2027, 6, 30))
    assert KEY.fault(date(9999, 1, 1)) is None
    assert last.fault(date(2027, 6, 30)) is None
    assert last.fault(date(2027, 7, 1)) == "its last day was 2027-06-30"
    ended = replace(last, revoked=datetime(2026, 3, 4, 5, tzinfo=UTC))
    assert ended.fault(date(2026, 3, 4)) == "it was revoked on 2026-03-04"


@pytest.mark.parametrize(
    ("address", "is_"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),  # noqa: S104 - that it is not one is the point
        ("::", False),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%lo", False),
        ("2001:db8::1", False),
    ],
)
def test_addresses_that_only_the_same_machine_reaches(address, is_):
    assert is_loopback(address) is is_


@pytest.mark.parametrize(
    ("host", "is_"),
    [
        ("localhost", True),
        ("LocalHost.:8000", True),
        ("policies.localhost", True),
        ("127.0.0.1", True),
        ("127.0.0.2:65535", True),
        ("[::1]", True),
        ("[::1]:80", True),
        ("", False),
        ("notlocalhost", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org:80", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - browsers take it for this machine, and pages could use it
        ("\ud800", False),
    ],
)
def test_names_by_which_a_machine_calls_itself(host, is_):
    assert is_own_name(host) is is_


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"GET /x?key={TEXT}&y", "GET /x?key=pe_0a1b2c3d4e5f_…&y"),
        (f"{TEXT}{TEXT}", "pe_0a1b2c3d4e5f_…pe_0a1b2c3d4e5f_…"),
        (TEXT[:25], "pe_0a1b2c3d4e5f_…"),
        (f"Authorization: Bearer {TEXT}", "Authorization: Bearer pe_0a1b2c3d4e5f_…"),
        ("{'authorization': 'bearer hunter2'}", "{'authorization': 'bearer …'}"),
        ("Bearer  abc.def-ghi next", "Bearer  … next"),
        ("pe_0a1b2c3d4e5f, the id alone", "pe_0a1b2c3d4e5f, the id alone"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_keys_are_taken_out_of_texts(text, left):
    assert redacted(text) == left
