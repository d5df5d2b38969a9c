"""Files of recorded questions: what a line may say, and what becomes of one that says nothing usable."""

from __future__ import annotations

import gzip
import io
import json
from types import SimpleNamespace

import pytest

from policyengine.impact.behaviour import lines as lines_module
from policyengine.impact.behaviour.document import Document, Line, Unreadable
from policyengine.impact.behaviour.lines import lines_of, size_of
from policyengine.impact.behaviour.records import RecordReader

FACTS = {"loan": {"day": "2025-01-02"}}
RECORD = {"decision": "refund", "facts": FACTS, "as_of": "2025-01-05", "id": "A-1"}


def read(record: object, **reading) -> Document | Unreadable | None:
    data = record if isinstance(record, bytes) else json.dumps(record).encode()
    return RecordReader(**{"bundles": frozenset({"library"}), **reading}).read(Line("facts:7", data))


# -- what a line may say -----------------------------------------------------------------------


def test_a_record():
    assert read(RECORD) == Document("refund", FACTS, "2025-01-05", "A-1", "facts:7")


def test_keys_that_are_not_needed_are_passed_over():
    assert read({**RECORD, "time": "12:00", "engine": {"name": "durable"}, "trace": [1, 2]}) == read(RECORD)


def test_a_log_keeps_the_whole_answer_under_decision():
    answer = {"decision": "refund", "verdict": "paid", "as_of": "2025-01-05"}
    logged = {"id": "A-1", "facts": FACTS, "bundle": {"id": "library", "version": "1"}, "decision": answer}
    assert read(logged) == read(RECORD)


LOGGED = {
    "decision_id": "A-1", "path": "library/refund", "bundles": {"library": {"revision": "1", "digest": "x"}},
    "as_of": "2025-01-05", "input": FACTS, "result": {"verdict": "paid"}, "chain": {"sequence": 1, "hash": "y"},
}  # fmt: skip


def test_lines_with_the_names_of_a_decision_log():
    assert read(LOGGED) == read(RECORD)
    assert read(LOGGED, several=True) == read(RECORD)
    assert read({**LOGGED, "path": "archive/refund"}) is None
    assert read({**LOGGED, "masked": ["/result/reasons"]}) == read(RECORD)
    for key in ("masked", "erased"):
        found = read({**LOGGED, key: ["/input/loan/day"]})
        assert found == Unreadable("facts:7", "facts were left out when this line was logged")


def test_the_place_stands_in_for_an_id_and_numbers_are_ids():
    assert read({k: v for k, v in RECORD.items() if k != "id"}).id == "facts:7"
    assert read({**RECORD, "id": 12}).id == "12"
    assert read({**RECORD, "id": 0}).id == "0"


def test_options_stand_in_for_what_lines_do_not_say():
    assert read({"facts": FACTS}, decision="refund", as_of="2025-01-05") == read({**RECORD, "id": None})
    assert read(FACTS, decision="refund", as_of="2025-01-05").facts == FACTS
    assert read({**RECORD, "decision": "order", "as_of": "2024-01-01"}, decision="refund", as_of="x")[:3:2] == (
        "order",
        "2024-01-01",
    )


def test_exact_numbers():
    record = json.dumps(RECORD).replace('"2025-01-02"', "0.10000000000000000000001").encode()
    assert str(read(record).facts["loan"]["day"]) == "0.10000000000000000000001"


def test_lines_about_other_bundles_are_passed_over():
    assert read({**RECORD, "bundle": "other"}) is None
    assert read({**RECORD, "bundle": {"id": "other"}}) is None
    assert read({**RECORD, "bundle": "library"}) == read(RECORD)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"{", "cannot read this as JSON"),
        (b"[1]", "a line holds one JSON object"),
        (b"7", "a line holds one JSON object"),
        (b'{"facts": {}, "facts": {}}', "`facts` is given twice"),
        (b'{"facts": {"a": NaN}}', "`NaN` is not a number"),
        (b"\xff", "not UTF-8"),
        ({"facts": FACTS, "as_of": "2025-01-05"}, "the line has no `decision`; name it for all lines with --decision"),
        ({"decision": 5, "facts": FACTS, "as_of": "2025-01-05"}, "`decision` cannot be used"),
        ({"decision": "refund", "as_of": "2025-01-05"}, "the line has no `facts`"),
        ({"decision": "refund", "fact": {}, "as_of": "2025-01-05"}, "did you mean `fact`?"),
        ({"decision": "refund", "facts": [], "as_of": "2025-01-05"}, "`facts` cannot be used"),
        ({"decision": "refund", "facts": FACTS}, "the line has no `as_of`; give the day for all lines with --as-of"),
        ({"decision": "refund", "facts": FACTS, "as_of": 20250105}, "`as_of` cannot be used"),
    ],
)
def test_a_line_that_is_no_question_says_why(record, reason):
    found = read(record)
    assert isinstance(found, Unreadable)
    assert found.place == "facts:7"
    assert reason in found.reason


def test_with_several_bundles_a_line_names_its_own():
    assert isinstance(read(RECORD, several=True), Unreadable)
    assert read({**RECORD, "bundle": "library"}, several=True) == read(RECORD)


# -- files -------------------------------------------------------------------------------------


def test_lines_are_numbered_and_empty_ones_passed_over(tmp_path):
    (tmp_path / "a").write_text("one\n\n  \ntwo")
    (tmp_path / "b").write_text("three\r\n")
    found = list(lines_of([str(tmp_path / "a"), str(tmp_path / "b")]))
    assert [(line.place.rpartition("/")[2], line.data.strip()) for line in found] == [
        ("a:1", b"one"),
        ("a:4", b"two"),
        ("b:1", b"three"),
    ]


def test_compressed_files_are_known_by_what_they_hold(tmp_path):
    (tmp_path / "packed").write_bytes(gzip.compress(b"one\ntwo\n"))
    assert [line.data for line in lines_of([str(tmp_path / "packed")])] == [b"one\n", b"two\n"]


@pytest.mark.parametrize("damage", [lambda data: data[:-12], lambda data: data[:30] + b"xxxx" + data[34:]])
def test_a_compressed_file_that_breaks_off_ends_with_a_fault(tmp_path, damage):
    data = gzip.compress(b"".join(b"%d\n" % n for n in range(10_000)))
    (tmp_path / "packed").write_bytes(damage(data))
    *_, last = lines_of([str(tmp_path / "packed")])
    assert last.fault.startswith("the compressed file cannot be read on from here")
    found = RecordReader(frozenset({"library"})).read(last)
    assert found == Unreadable(last.place, last.fault)


def test_a_line_that_is_too_long_is_told_and_the_next_one_read(tmp_path, monkeypatch):
    monkeypatch.setattr(lines_module, "MOST_BYTES", 10)
    (tmp_path / "a").write_bytes(b"x" * 35 + b"\n" + b"y" * 9 + b"\n" + b"z" * 11)
    first, second, third = lines_of([str(tmp_path / "a")])
    assert first.fault == third.fault == "the line is larger than 10 bytes"
    assert (second.data, second.place[-2:]) == (b"y" * 9 + b"\n", ":2")


def test_progress_counts_every_byte_once(tmp_path):
    (tmp_path / "a").write_bytes(b"one\n" * 50_000)
    (tmp_path / "b").write_bytes(gzip.compress(b"two\n" * 50_000))
    files = [str(tmp_path / "a"), str(tmp_path / "b")]
    told: list[int] = []
    assert sum(1 for _ in lines_of(files, told.append)) == 100_000
    assert sum(told) == size_of(files)
    assert min(told) >= 0


def test_standard_input_has_no_size(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"one\n")))
    assert size_of(["-"]) is None
    assert list(lines_of(["-"])) == [Line("standard input:1", b"one\n")]
