"""An entry: exact numbers, names, ids that sort by time, masks that touch nothing but the log."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decision_log.build import facts_of

from policyengine.decision_log.canonical import canonical, indented, read
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.ids import least_id, moment_text, new_id
from policyengine.decision_log.mask_places import check_masks
from policyengine.decision_log.masking import masked, masks

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
_MOMENTS = st.datetimes(datetime(2001, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - see timezones
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_NUMBERS = st.integers(-(10**40), 10**40) | st.decimals(allow_nan=False, allow_infinity=False, places=6)
_JSON = st.recursive(
    st.none() | st.booleans() | _TEXTS | _NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS, _JSON, max_size=4))
def test_what_is_written_is_read_again_and_written_the_same(data):
    text = canonical(data)
    assert read(text) == data
    assert canonical(read(text)) == text
    assert read(indented(data)) == data


def test_numbers_keep_every_digit():
    data = {"a": Decimal("1.50"), "b": 10**30, "c": [Decimal("0.1"), 7], "d": Decimal("1E+2")}
    assert canonical(data) == b'{"a":1.50,"b":1000000000000000000000000000000,"c":[0.1,7],"d":1E+2}'


def test_what_is_no_json_is_refused():
    with pytest.raises(TypeError):
        canonical({"a": object()})


@given(_MOMENTS, _MOMENTS)
def test_ids_sort_by_time(one, other):
    ids = new_id(one), new_id(other)
    assert UUID(ids[0]).version == 7
    assert UUID(ids[0]).variant == "specified in RFC 4122"
    if one != other:
        assert (ids[0] < ids[1]) == (one < other)
        assert (moment_text(one) < moment_text(other)) == (one < other)


@given(_MOMENTS)
def test_the_least_id_of_a_moment_parts_before_from_after(moment):
    assert new_id(moment - timedelta(microseconds=1)) < least_id(moment) <= new_id(moment)


def test_an_entry_has_the_names_of_opa_and_no_empty_ones(decisions):
    entry = decisions.entry(0, received=NOON, caller="shop")
    data = read(entry.text)
    assert set(data) == {
        "decision_id", "timestamp", "path", "bundles", "labels", "requested_by", "as_of", "verdict", "class", "rules",
        "answer", "metrics", "input", "result",
    }  # fmt: skip
    assert data["decision_id"] == entry.decision_id
    assert (data["timestamp"], data["path"], data["requested_by"]) == (
        "2026-02-01T12:00:00.000000Z",
        "umbrella/refund",
        "shop",
    )
    assert data["bundles"] == {"umbrella": {"revision": "0.1.0", "digest": decisions.bundle.digest}}
    assert (data["labels"]["engine"], data["labels"]["check"]) == ("compiled", "none")
    assert data["input"] == facts_of(0)
    assert (data["verdict"], data["class"]) == (data["result"]["verdict"], data["result"]["class"])
    assert data["rules"] == [reason["rule"] for reason in data["result"]["reasons"]]


def test_masks_hide_and_erase_and_say_so(decisions):
    by = masks(hidden=["/input/umbrella/price", "/result/reasons/*/message"], erased=["/input/damage"])
    plain, entry = decisions.entry(0, received=NOON), decisions.entry(0, received=NOON, masks=by)
    data = read(entry.text)
    assert data["input"] == {"umbrella": {"price": "***", "bought_on": "2025-03-01"}, "report": {"has_receipt": True}}
    assert {reason["message"] for reason in data["result"]["reasons"]} == {"***"}
    assert data["erased"] == ["/input/damage"]
    assert data["masked"] == ["/input/umbrella/price", "/result/reasons/0/message"]
    assert data["rules"] == read(plain.text)["rules"]


@given(_JSON, st.lists(st.sampled_from(["/input/*", "/input/a", "/input/*/a", "/input/*/*", "/input/0"]), max_size=3))
def test_masking_leaves_what_it_is_given_as_it_is(data, pointers):
    entry = {"input": data, "result": {}}
    before = copy.deepcopy(entry)
    shown, hidden, erased = masked(entry, masks(pointers[:1], pointers[1:]))
    assert entry == before
    assert bool(hidden or erased) == (canonical(shown) != canonical(before)) or "***" in json.dumps(data, default=str)


def test_elements_of_a_list_keep_their_places():
    shown, _, erased = masked({"input": {"a": [1, 2]}}, masks(erased=["/input/a/0"]))
    assert (shown["input"], erased) == ({"a": [None, 2]}, ["/input/a/0"])


def test_keys_with_a_slash_are_written_as_pointers_write_them():
    shown, hidden, _ = masked({"input": {"a/b": 1}}, masks(hidden=["/input/a~1b"]))
    assert (shown["input"], hidden) == ({"a/b": "***"}, ["/input/a~1b"])


@pytest.mark.parametrize("pointer", ["", "input/a", "/input", "/verdict/a", "/input//a", "/input/"])
def test_a_place_that_cannot_be_masked_is_refused(pointer):
    with pytest.raises(LogError, match="no place to mask"):
        masks(hidden=[pointer])


def test_a_mask_of_a_fact_that_nobody_declares_is_refused(decisions):
    check_masks(masks(["/input/umbrella/price"], ["/input/umbrella"]), {"umbrella": decisions.bundle})
    with pytest.raises(LogError, match=r"declares such a fact; did you mean `/input/umbrella/price`\?"):
        check_masks(masks(["/input/umbrella/prize"]), {"umbrella": decisions.bundle})
