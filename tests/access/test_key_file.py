"""The file of keys: what is written, that it is whole and private, and that a change is seen at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from policyengine.access.buckets import MOST_KEYS
from policyengine.access.key_file import KeyFile, KeyFileError
from policyengine.access.keys import is_text_of
from policyengine.access.private_file import write_private
from policyengine.access.rates import read_rate
from policyengine.access.scopes import Scope
from policyengine.errors import UnknownName


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


def test_what_is_made_is_read_and_only_its_hash_is_kept(path):
    made = KeyFile(path).create("checkout", [Scope.DECIDE, Scope.ADMIN], read_rate("10/s", 3), date(2099, 1, 1))
    assert list(KeyFile(path).keys().values()) == [made.key]
    assert is_text_of(made.key, made.text)
    text = path.read_text()
    assert made.text.rpartition("_")[2] not in text
    assert made.key.sha256 in text


def test_everything_about_a_key_survives(path):
    keys = KeyFile(path)
    made = [
        keys.create("a", [Scope.DECIDE]),
        keys.create("b", Scope, read_rate("1000/h")),
        keys.create("c", [Scope.MONITOR], None, date(2027, 6, 30)),
    ]
    keys.revoke(made[0].key.id)
    read = KeyFile(path).keys()
    assert [k.holder for k in read.values()] == ["a", "b", "c"]
    assert [k.number for k in read.values()] == [0, 1, 2]
    assert read[made[0].key.id].revoked
    assert [read[m.key.id] for m in made[1:]] == [m.key for m in made[1:]]


def test_it_belongs_to_one_user_and_its_folder_too(tmp_path):
    path = tmp_path / "made" / "keys.json"
    KeyFile(path).create("checkout", [Scope.DECIDE])
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [f.name for f in path.parent.iterdir()] == ["keys.json"]


def test_the_owner_of_the_folder_can_read_what_root_writes(tmp_path):
    if os.geteuid() != 0:
        # Nobody else can write for another user.
        KeyFile(tmp_path / "keys.json").create("checkout", [Scope.DECIDE])
        assert (tmp_path / "keys.json").stat().st_uid == os.geteuid()
        return
    os.chown(tmp_path, 12345, 12346)
    keys = KeyFile(tmp_path / "keys.json")
    keys.create("checkout", [Scope.DECIDE])
    status = (tmp_path / "keys.json").stat()
    assert (status.st_uid, status.st_gid) == (12345, 12346)
    os.chown(tmp_path / "keys.json", 23456, 23457)
    keys.create("another", [Scope.DECIDE])
    assert (tmp_path / "keys.json").stat().st_uid == 23456


def test_a_change_by_another_process_is_seen_by_who_asks_next(path):
    reader, writer = KeyFile(path), KeyFile(path)
    for count in range(1, 30):
        made = writer.create("checkout", [Scope.DECIDE]).key
        assert len(reader.keys()) == count
        writer.revoke(made.id)
        assert reader.keys()[made.id].revoked


def test_every_change_is_later_than_the_one_before_however_coarse_the_clock_is(path):
    write_private(path, b"one")
    os.utime(path, ns=(0, 2**62))
    write_private(path, b"two")
    assert path.stat().st_mtime_ns > 2**62


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(path, monkeypatch):
    keys = KeyFile(path)
    before = keys.create("checkout", [Scope.DECIDE]).key

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyFileError, match="No space left on device"):
        keys.create("another", [Scope.DECIDE])
    assert list(KeyFile(path).keys()) == [before.id]
    assert [f.name for f in path.parent.iterdir()] == ["keys.json"]


def test_a_link_is_followed(tmp_path, path):
    (tmp_path / "real").mkdir()
    path.symlink_to(tmp_path / "real" / "keys.json")
    KeyFile(path).create("checkout", [Scope.DECIDE])
    assert path.is_symlink()
    assert len(KeyFile(tmp_path / "real" / "keys.json").keys()) == 1


def test_processes_that_write_at_once_lose_nothing(path):
    script = (
        "import sys; from policyengine.access.key_file import KeyFile; from policyengine.access.scopes import Scope\n"
        "for n in range(15): KeyFile(sys.argv[1]).create('x', [Scope.DECIDE])"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(4)]
    assert [one.wait(timeout=60) for one in running] == [0] * 4
    assert sorted(k.number for k in KeyFile(path).keys().values()) == list(range(60))


def test_revoking_again_changes_nothing_and_an_unknown_id_gets_help(path):
    keys = KeyFile(path)
    id_ = keys.create("checkout", [Scope.DECIDE]).key.id
    first = keys.revoke(id_)
    assert keys.revoke(id_) == first
    with pytest.raises(UnknownName) as caught:
        keys.revoke(id_[:-1] + "x")
    assert caught.value.help == f"did you mean `{id_}`?"
    with pytest.raises(UnknownName) as caught:
        keys.revoke("quite another")
    assert caught.value.help == "`policyengine key list` shows the ids"


def test_a_file_that_is_not_there(path):
    told = f"there is no file of keys `{path}`; make one with `policyengine key create --keys {path}`"
    for use in (lambda k: k.keys(), lambda k: k.revoke("x")):
        with pytest.raises(KeyFileError) as caught:
            use(KeyFile(path))
        assert str(caught.value) == told
    assert not path.exists()


def test_others_must_not_be_able_to_make_keys(path):
    KeyFile(path).create("checkout", [Scope.DECIDE])
    for mode in (0o620, 0o602):
        path.chmod(mode)
        with pytest.raises(KeyFileError, match="others may write to"):
            KeyFile(path).keys()
    path.chmod(0o640)
    assert len(KeyFile(path).keys()) == 1


def good_record(path) -> dict:
    KeyFile(path).create("checkout", [Scope.DECIDE], read_rate("1/s"))
    return json.loads(path.read_text())


def damaged(**changes):
    def damage(data: dict) -> None:
        data["keys"][0].update(changes)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        damaged(scopes=["everything"]),
        damaged(scopes=None),
        damaged(rate="1/d"),
        damaged(rate=1),
        damaged(burst=0),
        damaged(sha256="0"),
        damaged(sha256=None),
        damaged(number=-1),
        damaged(number=MOST_KEYS),
        damaged(number="0"),
        damaged(created="yesterday"),
        damaged(expires="2025-02-30"),
        damaged(revoked=False),
        damaged(more=1),
        lambda data: data["keys"][0].pop("revoked"),
        lambda data: data["keys"].append(data["keys"][0]),
        lambda data: data["keys"].append(1),
        lambda data: data.update(form=2),
        lambda data: data.update(keys=None),
        lambda data: data.pop("form"),
    ],
)
def test_a_damaged_file_lets_nobody_in(path, damage):
    data = good_record(path)
    damage(data)
    path.write_text(json.dumps(data))
    with pytest.raises(KeyFileError, match="is damaged; put back a copy"):
        KeyFile(path).keys()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff"])
def test_no_json_lets_nobody_in(path, text):
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(KeyFileError, match="is damaged"):
        KeyFile(path).keys()


def test_a_full_file_is_told(path):
    data = good_record(path)
    data["keys"][0]["number"] = MOST_KEYS - 1
    path.write_text(json.dumps(data))
    with pytest.raises(KeyFileError, match="holds 65,536 keys, and no more fit"):
        KeyFile(path).create("one more", [Scope.DECIDE])
