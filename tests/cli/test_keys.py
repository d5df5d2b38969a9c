"""`policyengine key` and `policyengine example`, and how the service is set on the command line."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from datetime import UTC, datetime

import pytest
from tests.docs.documents import ROOT

from policyengine.access.key_file import KeyFile
from policyengine.access.keys import id_of, is_text_of
from policyengine.access.scopes import Scope
from policyengine.cli.commands.example import EXAMPLES


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


def make(run, path, *words: str):
    done = run("key", "create", "checkout", "--keys", str(path), *words)
    assert done.exit_code == 0, done.output
    return done


# --- keys


def test_a_key_is_printed_once_and_alone_on_the_output(run, path):
    done = make(run, path)
    text = done.stdout.removesuffix("\n")
    (key,) = KeyFile(path).keys().values()
    assert is_text_of(key, text)
    assert (key.holder, key.scopes, key.rate, key.expires) == ("checkout", {Scope.DECIDE}, None, None)
    assert done.stderr == f"the key of checkout, id {key.id}; it is not shown again\n"
    listed = (
        run("key", "list", "--keys", str(path)).output
        + run("key", "list", "--keys", str(path), "--format", "json").output
    )
    assert key.id in listed
    assert text not in listed
    assert text.rpartition("_")[2] not in listed
    assert key.sha256 not in listed


def test_all_that_may_be_said_of_a_key(run, path):
    words = ("--scope", "monitor", "--scope", "read_log", "--rate", "10/min", "--burst", "3", "--expires", "2099-12-31")
    made = json.loads(make(run, path, *words, "--format", "json").stdout)
    assert id_of(made.pop("text")) == made["id"]
    created = datetime.fromisoformat(made.pop("created"))
    assert created.tzinfo == UTC
    (listed,) = json.loads(run("key", "list", "--keys", str(path), "--format", "json").stdout)
    del listed["created"]
    assert made == listed
    assert listed == {
        "id": made["id"],
        "holder": "checkout",
        "scopes": ["read_log", "monitor"],
        "rate": "10/min, 3 at once",
        "expires": "2099-12-31",
        "revoked": None,
        "good": True,
    }
    lines = run("key", "list", "--keys", str(path)).output.splitlines()
    assert lines[0].split() == ["id", "holder", "scopes", "rate", "created", "state"]
    told = f"{made['id']}  checkout  read_log monitor  10/min, 3 at once  {created.date()}  good until 2099-12-31"
    assert lines[1] == told


def test_a_key_is_revoked_by_its_id(run, path):
    id_ = id_of(make(run, path).stdout.strip())
    done = run("key", "revoke", id_, "--keys", str(path))
    assert (done.exit_code, done.output) == (0, f"revoked: {id_}, the key of checkout\n")
    assert "it was revoked on" in run("key", "list", "--keys", str(path)).output
    assert json.loads(run("key", "list", "--keys", str(path), "--format", "json").stdout)[0]["good"] is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--rate", "10"), "`10` is no rate; write it as 10/s, 600/min or 1000/h"),
        (("--rate", "1/s", "--burst", "0"), "at least 1 and at most 1,000,000 requests may come at once, not 0"),
        (("--burst", "3"), "--burst needs a --rate"),
        (("--expires", "soon"), "`soon` is no day; write it as 2027-06-30"),
        (("--expires", "2020-01-01"), "2020-01-01 is past: the key would never be good"),
        (("--scope", "everything"), "Invalid value for '--scope'"),
    ],
)
def test_a_key_that_cannot_be_made(run, path, words, says):
    done = run("key", "create", "checkout", "--keys", str(path), *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("holder", ["", "  ", "two\nlines", "\x1b[31m", "x" * 101])
def test_a_holder_has_a_name_that_can_be_read(run, path, holder):
    done = run("key", "create", holder, "--keys", str(path))
    assert done.exit_code == 1
    assert "a name of at most 100 characters" in done.stderr


@pytest.mark.parametrize("words", [("create", "checkout"), ("list",), ("revoke", "x")])
def test_the_file_of_keys_is_named(run, monkeypatch, path, words):
    done = run("key", *words)
    assert done.exit_code == 1
    assert "name the file of keys: --keys FILE, or the variable POLICYENGINE_KEYS" in done.stderr
    monkeypatch.setenv("POLICYENGINE_KEYS", str(path))
    if words[0] == "create":
        assert run("key", *words).exit_code == 0
    else:
        assert f"there is no file of keys `{path}`" in run("key", *words).stderr


def test_the_file_of_keys_is_named_by_the_settings(run, tmp_path, path):
    (tmp_path / "service.yaml").write_text("keys: keys.json\nport: 8080\n")
    assert run("key", "create", "checkout", "--config", str(tmp_path / "service.yaml")).exit_code == 0
    assert len(KeyFile(path).keys()) == 1


def test_an_unknown_id(run, path):
    id_ = id_of(make(run, path).stdout.strip())
    done = run("key", "revoke", id_[:-1] + "x", "--keys", str(path))
    assert (done.exit_code, done.stderr) == (
        1,
        f"Error: there is no key with the id `{id_[:-1]}x`; did you mean `{id_}`?\n",
    )


def test_no_key_yet(run, path):
    path.write_text('{"form": 1, "keys": []}')
    assert run("key", "list", "--keys", str(path)).output == "there is no key yet\n"


# --- settings


def shown(run, *words: str) -> dict:
    done = run("serve", *words, "--show-config", "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_each_value_with_its_origin(run, tmp_path, monkeypatch):
    file = tmp_path / "service.yaml"
    file.write_text("port: 1\nworkers: 2\nengine: compiled\n")
    monkeypatch.setenv("POLICYENGINE_PORT", "3")
    monkeypatch.setenv("POLICYENGINE_WORKERS", "4")
    monkeypatch.setenv("POLICYENGINE_KEYS", "none")
    data = shown(run, "--config", str(file), "--port", "5", "--no-differences", "--no-check", "a", "b")
    assert data["port"] == {"value": 5, "origin": "flag", "place": "--port"}
    assert data["workers"] == {"value": 4, "origin": "environment", "place": "POLICYENGINE_WORKERS"}
    assert data["engine"] == {"value": "compiled", "origin": "file", "place": f"{file}:3"}
    assert data["host"] == {"value": "127.0.0.1", "origin": "default", "place": None}
    assert data["keys"] == {"value": None, "origin": "environment", "place": "POLICYENGINE_KEYS"}
    assert data["differences"] == {"value": None, "origin": "flag", "place": "--no-differences"}
    assert (data["check"]["value"], data["bundles"]["value"]) == (False, ["a", "b"])


def test_for_people_there_is_a_line_for_each(run):
    done = run("serve", "--port", "9", "--show-config")
    assert re.search(r"^port +9 ", done.output, re.MULTILINE)
    assert re.search(r"^port +9 +flag: --port$", done.output, re.MULTILINE)
    assert re.search(r"^differences +policyengine-differences +default$", done.output, re.MULTILINE)


def test_an_opposite_on_the_command_line_stands_above_the_environment(run, monkeypatch):
    monkeypatch.setenv("POLICYENGINE_ACCESS_LOG", "true")
    assert shown(run)["access_log"]["value"] is True
    assert shown(run, "--no-access-log")["access_log"] == {"value": False, "origin": "flag", "place": "--no-access-log"}
    assert shown(run, "--keys", "none")["keys"] == {"value": None, "origin": "flag", "place": "--no-keys"}


@pytest.mark.parametrize(
    ("words", "environment", "says"),
    [
        (("--keys", "x", "--no-keys"), {}, "--keys and --no-keys contradict each other; leave one of them out"),
        ((), {"PORTS": "1"}, "POLICYENGINE_PORTS: there is no such setting; did you mean `POLICYENGINE_PORT`?"),
        ((), {"SAMPLE": "1", "CHECK": "false"}, "--sample has no effect with --no-check"),
        ((), {"CONFIG": "nowhere.yaml"}, "nowhere.yaml:1:1: the file cannot be read: no such file or directory"),
        ((), {"HOST": "0.0.0.0"}, "on `0.0.0.0` other machines could ask, and no keys are set up"),  # noqa: S104 - the point
        (("--keys", "nowhere.json"), {"HOST": "0.0.0.0"}, "there is no file of keys `nowhere.json`"),  # noqa: S104 - the point
        (("--keys", "nowhere.json"), {}, "there is no file of keys `nowhere.json`"),
    ],
)
def test_what_is_refused_before_anything_is_served(run, monkeypatch, words, environment, says):
    for name, value in environment.items():
        monkeypatch.setenv(f"POLICYENGINE_{name}", value)
    done = run("serve", "--port", "0", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr


# --- examples


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_printed_as_they_are(run, name):
    done = run("example", name)
    assert done.exit_code == 0
    assert done.output == (ROOT / "src/policyengine/cli/examples" / EXAMPLES[name]).read_text()


def test_the_example_of_settings_can_be_used(run, tmp_path):
    text = run("example", "config").output
    (tmp_path / "service.yaml").write_text(text)
    data = shown(run, "--config", str(tmp_path / "service.yaml"))
    assert {v["origin"] for n, v in data.items() if n != "config"} == {"file", "default"}
    # What is only shown as a comment must fit as well.
    (tmp_path / "service.yaml").write_text(
        re.sub(r"^# (bundles|keys|log_mask|log_heads|log_key):", r"\1:", text, flags=re.MULTILINE)
    )
    data = shown(run, "--config", str(tmp_path / "service.yaml"))
    assert data["keys"]["value"] == f"{tmp_path}/keys.json"
    assert data["bundles"]["origin"] == "file"


def unit(run) -> dict[str, list[str]]:
    """The values of each key in the section of the service."""
    text = run("example", "systemd").output
    found: dict[str, list[str]] = {}
    for line in text.partition("[Service]\n")[2].partition("[Install]")[0].splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_starts_the_service_with_settings_that_there_are(run, tmp_path):
    service = unit(run)
    (start,) = service["ExecStart"]
    program, *words = shlex.split(start)
    assert program.endswith("/bin/policyengine")
    # The settings that its head proposes, which stand there as comments.
    head = run("example", "systemd").output.partition("[Unit]")[0]
    file = tmp_path / "service.yaml"
    file.write_text("\n".join(re.findall(r"^#   (\w+: .*)$", head, re.MULTILINE)) + "\n")
    words[words.index("/etc/policyengine/service.yaml")] = str(file)
    done = run(*words, "--show-config", "--format", "json")
    assert done.exit_code == 0, done.output
    given = {name: value["value"] for name, value in json.loads(done.stdout).items() if value["origin"] == "file"}
    written = ("keys", "differences", "log", "log_heads", "log_key")
    assert set(given) == {"bundles", "require_signature", *written}
    assert all(given[name].startswith(f"/var/lib/{service['StateDirectory'][0]}/") for name in written)


def test_the_unit_takes_rights_away_and_is_well_formed(run):
    service = unit(run)
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateUsers", "MemoryDenyWriteExecute"):
        assert service[key] == ["yes"], key
    assert service["User"] == ["policyengine"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["CapabilityBoundingSet"] == [""]
    reader = configparser.ConfigParser(strict=False, delimiters="=", interpolation=None)
    reader.read_string(run("example", "systemd").output)
    assert reader.sections() == ["Unit", "Service", "Install"]


def test_the_container_file_copies_what_there_is_and_starts_with_settings_that_there_are(run, monkeypatch):
    text = run("example", "container").output.replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    copied = [w for line in lines if line.startswith("COPY ") and "--from" not in line for w in line.split()[1:-1]]
    assert "requirements.txt" in copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    settings = re.findall(r"(POLICYENGINE_\w+)=(\S+)", text)
    for name, value in settings:
        monkeypatch.setenv(name, value)
    (entry,) = [json.loads(line.partition(" ")[2]) for line in lines if line.startswith("ENTRYPOINT")]
    (words,) = [json.loads(line.partition(" ")[2]) for line in lines if line.startswith("CMD")]
    assert entry == ["policyengine"]
    data = json.loads(run(*words, "--show-config", "--format", "json").stdout)
    assert {n for n, v in data.items() if v["origin"] == "environment"} == {
        "host",
        "port",
        "keys",
        "differences",
        "log",
    }
    assert data["host"]["value"] == "0.0.0.0"  # noqa: S104 - in a container that is how it is reached
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users == ["10001:10001"]
