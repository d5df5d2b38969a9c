"""``policyengine log``: what it prints, and its exit codes."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.decision_log.build import Decisions
from tests.decision_log.build import log as commit

from policyengine import load_bundle
from policyengine.decision_log.archive import keep_bundle
from policyengine.decision_log.keys import private_key, public_key
from policyengine.decision_log.migrate import newest
from policyengine.decision_log.retention import retain
from policyengine.decision_log.store import Store
from policyengine.frontend.bundle_files import read_files


@pytest.fixture
def database(tmp_path, umbrella, run):
    """The address of a log with ten decisions in it."""
    file = tmp_path / "log.sqlite"
    assert run("log", "migrate", "--log", file).exit_code == 0
    store = Store(str(file))
    bundle = load_bundle(umbrella)
    keep_bundle(store, read_files(umbrella), bundle)
    with Decisions(bundle) as decisions:
        commit(store, decisions.entries(10))
    store.close()
    return file


def change(database, statement: str) -> None:
    store = Store(str(database))
    with store.writing() as connection:
        connection.exec_driver_sql(statement)
    store.close()


def test_migrate_says_what_it_did(run, tmp_path):
    file = tmp_path / "below" / "log.sqlite"
    assert run("log", "migrate", "--log", file).output == f"{file}: made (tables {newest()})\n"
    assert run("log", "migrate", "--log", file).output == f"{file}: up to date (tables {newest()})\n"


@pytest.mark.parametrize(
    "words", [("show", "x"), ("search",), ("export",), ("verify",), ("replay",), ("retain", "--keep-days", "1")]
)
def test_a_log_that_is_not_there(run, tmp_path, words):
    done = run("log", *words, "--log", tmp_path / "nowhere")
    assert (done.exit_code, "there is no decision log" in done.stderr) == (1, True)
    assert list(tmp_path.glob("nowhere*")) == []


def test_search_and_its_pages(run, database):
    first = run("log", "search", "--verdict", "not_refunded", "--limit", "3", "--log", database).output.splitlines()
    assert len(first) == 4
    assert all("umbrella/refund  not_refunded (refused)  UM-LOST" in line for line in first[:3])
    cursor = first[3].removeprefix("there are more; go on with --cursor ")
    rest = run("log", "search", "--verdict", "not_refunded", "--cursor", cursor, "--log", database).output.splitlines()
    assert len(rest) == 1
    assert rest[0] not in first
    assert run("log", "search", "--rule", "NONE", "--log", database).output == "no decision found\n"


def test_search_for_programs_show_and_export_give_the_same_records(run, database, tmp_path):
    found = json.loads(run("log", "search", "--format", "json", "--limit", "2", "--log", database).output)
    assert set(found) == {"records", "cursor"}
    newest_one = found["records"][0]
    shown = json.loads(run("log", "show", newest_one["decision_id"], "--log", database).output)
    assert shown == newest_one
    lines = run("log", "export", "--log", database).output.splitlines()
    assert [json.loads(line)["chain"]["sequence"] for line in lines] == list(range(1, 11))
    assert json.loads(lines[-1]) == newest_one
    done = run("log", "export", "--rule", "UM-LOST", "--output", tmp_path / "out.jsonl", "--log", database)
    assert done.output == f"4 records written to {tmp_path / 'out.jsonl'}\n"
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 4
    # What holds facts is for its owner's eyes only, as the log is.
    assert oct((tmp_path / "out.jsonl").stat().st_mode & 0o777) == "0o600"


def test_show_what_is_not_there(run, database):
    done = run("log", "show", "0", "--log", database)
    assert (done.exit_code, "there is no decision 0" in done.stderr) == (1, True)


def test_a_time_that_is_none(run, database):
    done = run("log", "search", "--since", "soon", "--log", database)
    assert (done.exit_code, "such as 2025-04-01" in done.stderr) == (1, True)


def test_verify_with_heads(run, database, tmp_path):
    key, heads = tmp_path / "key", tmp_path / "heads.jsonl"
    assert run("log", "verify", "--log", database).output == "10 records read, number 1 to 10: nothing was changed\n"
    assert run("log", "key", key).exit_code == 0
    before = Path(f"{key}.pub").read_bytes()
    again = run("log", "key", key)
    assert (again.exit_code, "exists already; nothing was written" in again.stderr) == (1, True)
    key.rename(tmp_path / "moved")
    assert run("log", "key", key).exit_code == 1
    assert (key.exists(), Path(f"{key}.pub").read_bytes()) == (False, before)
    (tmp_path / "moved").rename(key)
    done = run("log", "heads", "--key", key, "--heads", heads, "--log", database)
    assert done.output == f"head at number 10 added to {heads}\n"
    proof = ("--heads", heads, "--public-key", f"{key}.pub", "--log", database)
    assert "against 1 signed head up to number 10: nothing was changed" in run("log", "verify", *proof).output
    assert run("log", "verify", "--heads", heads, "--log", database).exit_code == 1
    change(database, "DELETE FROM records WHERE sequence = 4")
    done = run("log", "verify", *proof)
    assert done.exit_code == 1
    assert "  number 4: removed\n" in done.output
    assert done.output.endswith("the first bad record is number 4\n")


def test_heads_that_show_nothing_are_no_proof(run, database, tmp_path):
    key, heads = tmp_path / "key", tmp_path / "heads.jsonl"
    run("log", "key", key)
    heads.touch()
    proof = ("log", "verify", "--heads", heads, "--public-key", f"{key}.pub", "--log", database)
    done = run(*proof)
    assert done.exit_code == 1
    told = "no head that was given is of a record of this log, so that its end could have been cut off"
    assert done.output.splitlines()[1:] == [
        f"  {told}; give the file that `serve --log-heads` or `policyengine log heads` writes",
        "no record is known to be bad, but not all that was asked for could be verified",
    ]
    heads.write_text('{"sequence": 3, "ha')
    run("log", "heads", "--key", key, "--heads", heads, "--log", database)
    done = run(*proof)
    assert done.exit_code == 1
    assert "against 1 signed head up to number 10" in done.output
    assert f"  {heads}, line 1: this is no signed head; if a full disk cut it short, take the line out\n" in done.output


def test_what_no_key_was_checked_for_is_told(run, database, tmp_path):
    """Two deletions, each under a key of its own."""
    old, new = tmp_path / "old", tmp_path / "new"
    store = Store(str(database))
    for key in (old, new):
        run("log", "key", key)
        with store.reading() as connection:
            moments = connection.exec_driver_sql("SELECT entry FROM records ORDER BY sequence").scalars()
            third = datetime.fromisoformat(json.loads(list(moments)[2])["timestamp"])
        assert retain(store, third, "0", private_key(key)).deleted == 2
    store.close()
    verify = ("log", "verify", "--log", database)
    done = run(*verify)
    assert done.exit_code == 0
    told = "no key was checked for the deletion of the records up to number 4, which anybody may have stated"
    assert done.output.splitlines()[1:] == [f"{told}: give --public-key"]
    done = run(*verify, "--public-key", f"{new}.pub")
    assert done.exit_code == 1
    assert f"is signed by a key with id '{public_key(Path(f'{old}.pub')).id}': give it with --public-key" in done.output
    done = run(*verify, "--public-key", f"{new}.pub", "--public-key", f"{old}.pub")
    assert (done.exit_code, len(done.output.splitlines())) == (0, 1)


@pytest.mark.parametrize("entry", ["CAST(entry AS BLOB)", 'replace(entry, \'"rules":["\', \'"rules":[{},"\')', "x'ff'"])
def test_an_entry_of_any_kind_is_named(run, database, entry):
    change(database, f"UPDATE records SET entry = {entry} WHERE sequence = 7")  # noqa: S608 - ours
    done = run("log", "verify", "--log", database)
    told = "the log is not as it must be; the first bad record is number 7"
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, told)


def test_verify_an_empty_log(run, tmp_path):
    run("log", "migrate", "--log", tmp_path / "log")
    assert run("log", "verify", "--log", tmp_path / "log").output == "the log holds no records\n"


def test_replay_by_another_bundle_tells_what_it_changes(run, database, umbrella, tmp_path):
    other = shutil.copytree(umbrella, tmp_path / "other")
    exclusions = other / "exclusions.yaml"
    exclusions.write_text(exclusions.read_text().replace("[lost, pet]", "[lost, wind]"))
    same = run("log", "replay", "--bundle", umbrella, "--log", database)
    assert (same.exit_code, "no decision changed" in same.output) == (0, True), same.output
    done = run("log", "replay", "--bundle", other, "--log", database)
    assert done.exit_code == 5
    assert "10 recorded documents" in done.output
    assert "refund: refunded → not_refunded, 2 decisions" in done.output
    told = json.loads(run("log", "replay", "--bundle", other, "--format", "json", "--log", database).output)
    (report,) = told["reports"]
    assert report["decisions_changed"] is True
    none = run("log", "replay", "--bundle", other, "--verdict", "none", "--log", database)
    assert none.output == "no decision of bundle `umbrella` found; nothing was replayed\n"
    assert run("log", "replay", "--format", "json", "--log", database).exit_code == 1


def test_retain(run, database):
    assert (
        run("log", "retain", "--keep-days", "1", "--dry-run", "--log", database).output
        == "0 records would be deleted\n"
    )
    assert run("log", "retain", "--keep-days", "1", "--log", database).output == "0 records deleted\n"


def test_replay(run, database):
    done = run("log", "replay", "--log", database)
    assert (done.exit_code, done.output) == (0, "10 decisions replayed: 10 the same to the byte\n")
    none = run("log", "replay", "--logged-bundle", "other", "--log", database)
    assert none.output == "no decision found; nothing was replayed\n"
    change(database, "UPDATE records SET entry = replace(entry, '\"needs\":[]', '\"needs\":[1]') WHERE sequence = 3")
    done = run("log", "replay", "--log", database)
    assert done.exit_code == 1
    assert "umbrella/refund different: differs in needs" in done.output
    assert done.output.endswith("10 decisions replayed: 9 the same to the byte, 1 different\n")


def settings_with_heads(run, tmp_path, database) -> Path:
    """Settings of a service that signs, with the key that they name."""
    assert run("log", "key", tmp_path / "log-key").exit_code == 0
    file = tmp_path / "service.yaml"
    file.write_text(f"log: {database}\nlog_heads: heads.jsonl\nlog_key: log-key\n")
    return file


def test_what_the_settings_say_of_heads_and_keys_holds_for_the_commands_too(run, tmp_path, database):
    settings = settings_with_heads(run, tmp_path, database)
    missing = run("log", "verify", "--config", settings)
    assert (missing.exit_code, "`log_heads` names" in missing.stderr) == (1, True)
    assert run("log", "heads", "--config", settings).exit_code == 0
    told = run("log", "verify", "--config", settings)
    assert (told.exit_code, "against 1 signed head up to number 10" in told.output) == (0, True)
    change(database, "DELETE FROM records WHERE sequence > 8")
    cut = run("log", "verify", "--config", settings)
    assert (cut.exit_code, "its end was cut" in cut.output) == (1, True)


def test_a_deletion_by_the_settings_is_signed_and_one_that_is_not_says_so(run, tmp_path, umbrella):
    for name, signs in (("a", True), ("b", False)):
        folder = tmp_path / name
        folder.mkdir()
        database = folder / "log.sqlite"
        assert run("log", "migrate", "--log", database).exit_code == 0
        store = Store(str(database))
        keep_bundle(store, read_files(umbrella), load_bundle(umbrella))
        with Decisions(load_bundle(umbrella)) as decisions:
            commit(store, [decisions.entry(n, received=datetime(2020, 1, 1, tzinfo=UTC)) for n in range(3)])
        store.close()
        settings = settings_with_heads(run, folder, database)
        words = ("--config", settings) if signs else ("--log", database)
        done = run("log", "retain", "--keep-days", "1", *words)
        assert done.exit_code == 0
        assert done.stdout.startswith("3 records deleted")
        assert ("not signed" in done.stderr) is not signs
        with_key = run("log", "verify", "--log", database, "--public-key", folder / "log-key.pub")
        assert with_key.exit_code == (0 if signs else 1)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM bundle_files", "are not in the log"),
        ("UPDATE bundle_files SET content = CAST(content || x'20' AS BLOB)", "were changed in the log"),
        ("UPDATE bundle_files SET path = 'a' || path", "were changed in the log"),
        ("DELETE FROM bundle_files WHERE path LIKE 'b%'", "were changed in the log"),
        ("UPDATE bundle_files SET content = 1.5", "were changed in the log"),
    ],
)
def test_policies_that_decided_are_verified_too(run, database, statement, told):
    assert run("log", "verify", "--log", database).exit_code == 0
    change(database, statement)
    done = run("log", "verify", "--log", database)
    assert done.exit_code == 1
    assert f"by which this and 9 more decisions were made, {told}" in done.output
    assert "the first bad record is number 1" in done.output
