"""Signed heads: who signed them, the file that holds them, and when a service signs one."""

from __future__ import annotations

import logging
import threading

import pytest
from sqlalchemy import delete, update

from policyengine.decision_log import head_export
from policyengine.decision_log.chain import NOTHING, Head, head
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.head_export import HeadExport
from policyengine.decision_log.heads import append_head, read_heads, signed
from policyengine.decision_log.keys import Keyring, new_key, private_key, public_key
from policyengine.decision_log.log import DecisionLog, LogSettings
from policyengine.decision_log.schema import CHAIN, RECORDS, RULES
from policyengine.decision_log.verify import verify
from policyengine.decision_log.writer import Writer
from policyengine.signatures import BadKey, PrivateKey

KEY, OTHER = PrivateKey.new(), PrivateKey.new()
KEYS = [KEY.public()]
SOME = Head(7, "a" * 64)


def head_of(store) -> Head:
    with store.reading() as connection:
        return head(connection)


# --- who signed them ---


def test_heads_of_somebody_else_or_changed_ones_are_not_trusted(full):
    theirs = signed(head_of(full), OTHER)
    changed = signed(head_of(full), KEY)._replace(sequence=11)
    faults = [f.what for f in verify(full, [theirs, changed, theirs], KEYS).faults]
    assert len(faults) == 3
    assert f"is signed by a key with id '{OTHER.public().id}': give it with --public-key (and 1 more)" in faults[0]
    assert "the head of number 11" in faults[1]
    assert "has a wrong signature" in faults[1]
    assert "no head that was given is of a record of this log" in faults[2]
    with pytest.raises(LogError, match="without the public key"):
        verify(full, [theirs])


def test_heads_of_two_keys_need_both(full):
    heads = [signed(head_of(full), KEY), signed(head_of(full), OTHER)]
    assert [f.sequence for f in verify(full, heads, KEYS).faults] == [None]
    report = verify(full, heads, [*KEYS, OTHER.public()])
    assert (report.faults, report.heads, report.newest_head) == ([], 2, 12)


@pytest.mark.parametrize("given", [[], [signed(Head(0, NOTHING), KEY)]], ids=["none", "of an empty log"])
def test_no_head_of_this_log_shows_nothing(full, given):
    with full.writing() as connection:
        connection.execute(delete(RULES))
        connection.execute(delete(RECORDS))
        connection.execute(update(CHAIN).values(sequence=0, hash=NOTHING))
    report = verify(full, given, KEYS)
    # Where nothing was logged yet, a head of number 0 is right; without any there is no evidence at all.
    assert [f.what.partition(" is of a record")[0] for f in report.faults] == ["no head that was given"] * (not given)


def test_a_pair_of_keys_is_never_written_over_another(tmp_path):
    public = new_key(tmp_path / "key")
    assert oct((tmp_path / "key").stat().st_mode & 0o777) == "0o600"
    assert private_key(tmp_path / "key").public().id == public_key(public).id
    (tmp_path / "other.pub").write_text("somebody's")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    for name in ("key", "other"):
        with pytest.raises(BadKey, match="exists already; nothing was written"):
            new_key(tmp_path / name)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
    with pytest.raises(BadKey, match=r"no private Ed25519 key .*`policyengine log key FILE` writes one as `FILE`"):
        private_key(public)
    with pytest.raises(BadKey, match="no public Ed25519 key"):
        public_key(tmp_path / "key")


# --- the file ---


def test_heads_in_a_file(tmp_path):
    file = tmp_path / "heads"
    append_head(file, signed(SOME, KEY))
    append_head(file, signed(SOME, KEY))
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    heads, bad = read_heads(file)
    assert (len(heads), bad) == (2, ())
    assert [h.complaint(Keyring(KEYS)) for h in heads] == [None, None]


def test_a_line_that_a_full_disk_cut_short_swallows_no_other(tmp_path):
    file = tmp_path / "heads"
    append_head(file, signed(SOME, KEY))
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:40])
    append_head(file, signed(SOME, KEY))
    heads, bad = read_heads(file)
    assert len(heads) == 2
    assert bad == (f"{file}, line 2: this is no signed head; if a full disk cut it short, take the line out",)
    assert file.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize(
    "line", ['{"sequence": 1}', "[]", '"', "\udcff", '{"sequence":"1","hash":"","time":"","key_id":"","signature":""}']
)
def test_lines_that_are_no_heads(tmp_path, line):
    (tmp_path / "heads").write_bytes(line.encode("utf-8", "surrogateescape") + b"\n\n")
    append_head(tmp_path / "heads", signed(SOME, KEY))
    heads, bad = read_heads(tmp_path / "heads")
    assert (len(heads), len(bad)) == (1, 1)
    assert ", line 1: this is no signed head" in bad[0]


# --- when a service signs ---


class Written:
    """What was put into the file, and a way to wait for it."""

    def __init__(self, monkeypatch) -> None:
        self.heads: list[int] = []
        self.changed = threading.Condition()
        self.fails = False
        monkeypatch.setattr(head_export, "append_head", self)

    def __call__(self, _, one) -> None:
        with self.changed:
            self.changed.notify_all()
            if self.fails:
                raise OSError(2, "No such file or directory")
            self.heads.append(one.sequence)

    def wait_for(self, expected) -> None:
        with self.changed:
            assert self.changed.wait_for(expected, 30), self.heads


def test_heads_are_exported_after_so_many_records_and_at_the_end(sqlite_store, decisions, monkeypatch):
    written = Written(monkeypatch)
    export = HeadExport(None, KEY, failures.append if (failures := []) else list, records=3, seconds=1e9)
    writer = Writer(sqlite_store, export)
    for number in range(8):
        writer.commit([decisions.entry(number)])
        if number + 1 in {1, 4, 7}:
            # The first commit is signed at once: before it there was nothing to go by.
            written.wait_for(lambda n=number: written.heads[-1:] == [n + 1])
    writer.close()
    assert written.heads == [1, 4, 7]
    export.close()
    assert written.heads == [1, 4, 7, 8]
    export.close()


def test_a_quiet_service_signs_its_last_record_by_itself(monkeypatch):
    written = Written(monkeypatch)
    export = HeadExport(None, KEY, list, records=1000, seconds=0.05)
    export(Head(1, "a" * 64))
    written.wait_for(lambda: written.heads == [1])
    export(Head(2, "b" * 64))
    written.wait_for(lambda: written.heads == [1, 2])
    # The same head again, as after a probe, is not signed twice.
    export(Head(2, "b" * 64))
    export.close()
    assert written.heads == [1, 2]


def test_a_service_that_is_about_to_end_signs_without_delay(monkeypatch):
    written = Written(monkeypatch)
    export = HeadExport(None, KEY, list, records=1000, seconds=1e9)
    export(Head(1, "a" * 64))
    written.wait_for(lambda: written.heads == [1])
    export(Head(2, "b" * 64))
    export.hurry()
    written.wait_for(lambda: written.heads == [1, 2])
    export(Head(3, "c" * 64))
    written.wait_for(lambda: written.heads == [1, 2, 3])
    export.close()


def test_heads_that_cannot_be_written_are_told_once_counted_and_made_up_for(monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(head_export, "RETRY_SECONDS", 0.01)
    written, failures = Written(monkeypatch), []
    written.fails = True
    export = HeadExport(None, KEY, lambda: failures.append(1), records=1, seconds=0.01)
    for number in range(1, 6):
        export(Head(number, "a" * 64))
    written.wait_for(lambda: len(failures) >= 3)
    written.fails = False
    written.wait_for(lambda: written.heads == [5])
    export.close()
    told = [r.getMessage() for r in caplog.records]
    assert told == [
        "signed heads of the decision log cannot be written, and are tried again: [Errno 2] No such file or directory",
        "signed heads of the decision log are written again",
    ]
    assert not any(r.exc_info for r in caplog.records)


def test_an_end_while_heads_cannot_be_written(monkeypatch):
    written, failures = Written(monkeypatch), []
    written.fails = True
    export = HeadExport(None, KEY, lambda: failures.append(1), records=1, seconds=1e9)
    export(SOME)
    written.wait_for(lambda: failures)
    export.close()
    assert 1 <= len(failures) <= 2


def test_a_log_that_is_closed_has_its_last_head_signed(sqlite_store, decisions, tmp_path):
    public = new_key(tmp_path / "key")
    settings = LogSettings(database=sqlite_store.shown, heads=str(tmp_path / "heads"), head_key=str(tmp_path / "key"))
    log = DecisionLog(settings, "0")
    for number in range(20):
        log.commit([decisions.entry(number)])
    log.close()
    heads = read_heads(tmp_path / "heads").heads
    report = verify(sqlite_store, heads, [public_key(public)])
    assert (report.faults, report.newest_head) == ([], 20)
