"""Bundles are exchanged while the service runs: by a call, by a signal, by watching; and only for good ones."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tests.web import reloads
from tests.web.conftest import Server
from tests.web.editions import BUNDLE, DECIDE, ask, damage, replace, write

from policyengine.cli.main import cli
from policyengine.packing.packed import Packed, unpack
from policyengine.packing.signing import read_public_key
from policyengine.web.folder import PREFIX

RELOAD = "/v1/admin/reload"
#: Rounds of the test under load; `make chaos` and other long runs ask for more.
ROUNDS = int(os.environ.get("RELOAD_ROUNDS", "20"))


class Running(Server):
    """A service over one folder of editions, and what tests ask it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        super().__init__(str(folder), "--no-differences", *arguments)
        self.http = self.client()

    def reload(self) -> httpx.Response:
        return self.http.post(RELOAD, timeout=120)

    def ready(self) -> dict:
        answer = self.http.get("/readyz")
        return answer.json() | {"http": answer.status_code}

    def until(self, holds: Callable[[dict], bool]) -> dict:
        """What /readyz says once it says what is waited for."""
        for _ in range(600):
            told = self.ready()
            if holds(told):
                return told
            time.sleep(0.1)
        pytest.fail(f"it never came about; the last was {told}")

    def counts(self) -> dict[str, float]:
        text = self.http.get("/metrics").text
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
        return {f"{s.name}{sorted(s.labels.values())}": s.value for s in samples}

    def end(self) -> tuple[int, str]:
        self.http.close()
        return self.stop()


@pytest.fixture
def folder(tmp_path) -> Path:
    write(tmp_path / "served" / "editions", 1)
    return tmp_path / "served"


@pytest.fixture
def serve(folder) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(*arguments: str, at: Path = folder) -> Running:
        started.append(Running(at, *arguments))
        return started[-1]

    yield start
    for running in started:
        running.end()


def fits(running: Running, name: str, data: dict) -> None:
    """Whether the data are as the service's own description says. Fails if not."""
    document = running.http.get("/openapi.json").json()
    registry = Registry().with_resource("urn:document", Resource(document, DRAFT202012))
    Draft202012Validator({"$ref": f"urn:document#/components/schemas/{name}"}, registry=registry).validate(data)


def serves(number: int) -> Callable[[dict], bool]:
    return lambda told: told["bundles"][BUNDLE]["version"] == f"0.0.{number}"


def test_good_and_bad_reloads_in_turn_under_load(tmp_path):
    found = reloads.run(ROUNDS, tmp_path, pause=0.01)
    assert found.wrong == []
    assert found.requests > 10 * ROUNDS
    assert len(found.generations) == found.reloads == found.refusals == ROUNDS // 2


def test_a_call_says_what_was_exchanged(serve, folder):
    running = serve("--workers", "2")
    old = ask(running.http)
    write(folder / "editions", 2)
    answer = running.reload()
    new = ask(running.http)
    told = answer.json()
    assert (answer.status_code, told["result"], told["generation"], told["workers"]) == (200, "changed", 2, 2)
    assert told["bundles"] == [
        {
            "bundle": BUNDLE,
            "from": {"version": "0.0.1", "digest": old[1]},
            "to": {"version": "0.0.2", "digest": new[1]},
        }
    ]
    assert (old[0], new[0]) == (1, 2)
    assert (told["refused"], told["late"]) == ([], [])
    fits(running, "Reload", told)
    again = running.reload().json()
    assert (again["result"], again["generation"], again["bundles"]) == ("unchanged", 2, [])


def test_a_bad_bundle_replaces_nothing_and_that_shows_everywhere(serve, folder):
    running = serve("--workers", "2")
    before = ask(running.http)
    damage(folder / "editions", 0)
    for times in (1, 2):
        answer = running.reload()
        problem = answer.json()
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
        assert problem["type"] == "urn:policyengine:problem:reload-refused"
        (refused,) = problem["refused"]
        assert (refused["bundle"], refused["times"], refused["faults"]) == (BUNDLE, times, 1)
        assert refused["serving"] == {"version": "0.0.1", "digest": before[1]}
        assert refused["first"][0]["at"] == f"{folder}/editions/parameters.yaml:2:13"
        assert refused["first"][0]["code"] == "yaml/syntax"
    assert ask(running.http) == before
    fits(running, "ReloadProblem", problem)
    fits(running, "Readiness", running.http.get("/readyz").json())
    told = running.ready()
    assert (told["http"], told["status"], told["refused"]) == (200, "outdated", problem["refused"])
    counts = running.counts()
    assert counts[f"policyengine_bundle_refused['{BUNDLE}']"] == 1
    assert counts["policyengine_reloads_total['refused']"] == 2
    write(folder / "editions", 2)
    assert running.reload().status_code == 200
    told = running.ready()
    assert (told["status"], told["refused"]) == ("ready", [])
    counts = running.counts()
    assert counts[f"policyengine_bundle_refused['{BUNDLE}']"] == 0
    assert [k for k in counts if k.startswith("policyengine_bundle_info")] == [
        f"policyengine_bundle_info{sorted([BUNDLE, '0.0.2', ask(running.http)[1]])}"
    ]
    _, log = running.end()
    assert f"ERROR reload (admin call): {BUNDLE} refused, 0.0.1 stays in service: {folder}/editions/parameters" in log
    assert f"INFO reload (admin call): {BUNDLE} from 0.0.1 {before[1]} to 0.0.2" in log


def test_who_wants_it_is_not_ready_while_an_update_is_refused(serve, folder):
    running = serve("--ready-requires-current")
    assert running.ready()["http"] == 200
    damage(folder / "editions", 1)
    running.reload()
    told = running.ready()
    assert (told["http"], told["type"]) == (503, "urn:policyengine:problem:not-ready")
    assert "parameters.yaml:1:7: error[schema/kind]" in told["detail"]
    assert "0.0.1 with digest" in told["detail"]
    assert told["service"]["refused"][0]["bundle"] == BUNDLE
    fits(running, "ReadinessProblem", {name: value for name, value in told.items() if name != "http"})
    assert ask(running.http)[0] == 1
    write(folder / "editions", 1)
    assert running.reload().json()["result"] == "unchanged"
    assert running.ready()["http"] == 200


@pytest.mark.parametrize("way", ["", "/batch"])
def test_a_request_that_has_begun_ends_on_the_bundle_it_began_with(serve, folder, way):
    running = serve()
    host, port = running.address.removeprefix("http://").split(":")
    old = ask(running.http)[1]
    question = b'{"facts": {"case": {"size": 1000000}}}'
    body = b'{"items": [' + question + b", " + question + b"]}" if way else question
    path = f"{DECIDE}{way}"
    said = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    head = f"POST {path} HTTP/1.1\r\n{said}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as slow:
        slow.sendall(head.encode() + body[:10])
        write(folder / "editions", 2)
        assert running.reload().status_code == 200
        assert ask(running.http)[0] == 2
        slow.sendall(body[10:])
        answer = slow.recv(65536).decode()
        while answer.count("as_of") < (2 if way else 1):
            answer += slow.recv(65536).decode()
    assert f"policy-bundle-digest: {old}" in answer.lower()
    for told in ('"version":"0.0.1"', '"rule":"E-1"', '"edition":1', f'"digest":"{old}"'):
        assert answer.count(told) == (2 if way else 1)


def test_signals_that_come_together_are_one_reload_or_two(serve, folder):
    running = serve("--workers", "2")
    write(folder / "editions", 2)
    for _ in range(5):
        running.process.send_signal(signal.SIGHUP)
    running.until(serves(2))
    told = running.until(lambda told: {w["generation"] for w in told["workers"]} == {2})
    assert ask(running.http)[0] == 2
    assert len(told["workers"]) == 2
    # Those that came while the first was running share another one.
    assert running.reload().json()["result"] == "unchanged"
    counts = running.counts()
    assert counts["policyengine_reloads_total['changed']"] == 1
    assert counts["policyengine_reloads_total['unchanged']"] <= 3


def test_a_worker_that_starts_anew_loads_what_is_in_service_not_what_lies_on_disk(serve, folder):
    running = serve("--workers", "2")
    write(folder / "editions", 2)
    assert running.reload().status_code == 200
    damage(folder / "editions", 0)
    old = {w["pid"] for w in running.ready()["workers"]}
    os.kill(min(old), signal.SIGKILL)
    running.http.close()
    running.http = running.client()
    told = running.until(
        lambda told: {w["pid"] for w in told["workers"]} != old and [w["generation"] for w in told["workers"]] == [2, 2]
    )
    assert told["status"] == "ready"
    assert running.counts()["policyengine_worker_starts_total[]"] == 3
    found = set()
    for _ in range(20):
        with running.client() as client:
            found.add(ask(client)[0])
    assert found == {2}


def test_copies_that_somebody_cleared_away_are_made_again(serve, folder, short_folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(short_folder))
    running = serve("--workers", "2")
    write(folder / "editions", 2)
    assert running.reload().status_code == 200
    copies = list(short_folder.glob(f"{PREFIX}*/bundles/*"))
    for copy in copies:
        shutil.rmtree(copy)
    assert running.reload().json()["result"] == "unchanged"
    assert len(list(short_folder.glob(f"{PREFIX}*/bundles/*"))) == len(copies) == 1
    old = {w["pid"] for w in running.ready()["workers"]}
    os.kill(min(old), signal.SIGKILL)
    running.http.close()
    running.http = running.client()
    running.until(lambda told: len(told["workers"]) == 2 and {w["pid"] for w in told["workers"]} != old)


def test_a_worker_that_ends_during_a_reload_does_not_stop_it(serve, folder):
    running = serve("--workers", "2")
    pid = running.ready()["workers"][0]["pid"]
    write(folder / "editions", 2)
    running.process.send_signal(signal.SIGHUP)
    os.kill(pid, signal.SIGKILL)
    running.http.close()
    running.http = running.client()
    running.until(lambda told: len(told["workers"]) == 2 and {w["generation"] for w in told["workers"]} == {2})
    for _ in range(20):
        with running.client() as client:
            assert ask(client)[0] == 2


def test_a_watched_folder_that_is_half_written_is_not_served(serve, folder):
    running = serve("--watch")
    # As an editor or a copy does it: file after file, and not all of them whole.
    (folder / "editions" / "parameters.yaml").write_text("kind: parameters\nparameters:\n  edit")
    told = running.until(lambda told: told["status"] == "outdated")
    assert ask(running.http)[0] == 1
    assert told["refused"][0]["bundle"] == BUNDLE
    write(folder / "editions", 2)
    told = running.until(serves(2))
    assert running.until(lambda told: told["status"] == "ready")["refused"] == []
    assert ask(running.http)[0] == 2


def test_a_watched_link_that_is_pointed_elsewhere(serve, tmp_path):
    for number in (1, 2):
        write(tmp_path / f"release-{number}", number)
    current, new = tmp_path / "current", tmp_path / "new"
    current.symlink_to("release-1")
    running = serve("--watch", at=current)
    new.symlink_to("release-2")
    new.replace(current)
    running.until(serves(2))
    assert ask(running.http)[0] == 2


def test_each_bundle_of_a_folder_by_itself(serve, folder, bundles):
    shutil.copytree(bundles / "umbrella", folder / "umbrella")
    running = serve("--workers", "2")
    write(folder / "editions", 2)
    replace(folder / "umbrella" / "facts.yaml", "kind: facts\nfacts: {")
    shutil.copytree(bundles / "trade_assurance", folder / "trade_assurance")
    answer = running.reload()
    told = answer.json()
    # What is good goes into service, also what is new; what is bad stays as it was.
    assert (answer.status_code, told["result"], told["generation"]) == (422, "partly", 2)
    assert {c["bundle"]: (c["from"] is None, c["to"]["version"]) for c in told["bundles"]} == {
        BUNDLE: (False, "0.0.2"),
        "trade_assurance": (True, "1.0.0"),
    }
    assert [r["bundle"] for r in told["refused"]] == ["umbrella"]
    assert running.http.get("/v1/bundles/trade_assurance").status_code == 200
    assert running.http.get("/openapi.json").text.count("/v1/bundles/trade_assurance/") > 1
    assert running.counts()["policyengine_reloads_total['partly']"] == 1
    # What is taken out of the folder is taken out of service by who asks for it.
    shutil.rmtree(folder / "umbrella")
    told = running.reload().json()
    assert [(c["bundle"], c["to"]) for c in told["bundles"]] == [("umbrella", None)]
    gone = running.http.post("/v1/bundles/umbrella/decisions/refund", json={"facts": {}})
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:policyengine:problem:unknown-bundle")
    # But never the last of them.
    for name in ("editions", "trade_assurance"):
        shutil.rmtree(folder / name)
    told = running.reload().json()
    assert {r["first"][0]["code"] for r in told["refused"]} == {"bundle/gone"}
    assert ask(running.http)[0] == 2


def test_a_bundle_that_only_vanishes_from_a_watched_folder_stays(serve, folder, bundles):
    shutil.copytree(bundles / "umbrella", folder / "umbrella")
    running = serve("--watch")
    shutil.rmtree(folder / "editions")
    told = running.until(lambda told: told["status"] == "outdated")
    (refused,) = told["refused"]
    assert (refused["bundle"], refused["first"][0]["code"]) == (BUNDLE, "bundle/gone")
    assert "POST /v1/admin/reload" in refused["first"][0]["help"]
    assert ask(running.http)[0] == 1


def test_two_bundles_of_one_id_never_change_places(serve, folder):
    running = serve()
    write(folder / "another", 9)
    answer = running.reload()
    (refused,) = answer.json()["refused"]
    assert (answer.status_code, refused["source"]) == (422, f"{folder}/another")
    assert refused["first"][0]["code"] == "bundle/same-id"
    assert ask(running.http)[0] == 1
    # The folder of the one that is served is renamed: the other one is its successor then.
    shutil.rmtree(folder / "editions")
    assert running.reload().status_code == 200
    assert ask(running.http)[0] == 9


def test_signed_bundles_alone(serve, folder, tmp_path):
    """Folders, files that somebody else signed, and files that were changed never replace a signed one."""

    def pe(*arguments: object) -> int:
        return CliRunner().invoke(cli, list(map(str, arguments))).exit_code

    for name in ("ours", "theirs"):
        assert pe("signing-key", tmp_path / name) == 0
    file, key = tmp_path / "editions.bundle", tmp_path / "ours.private.pem"
    releases = {}
    for number in (1, 2, 3):
        write(folder / "editions", number)
        assert pe("build", folder / "editions", "-o", file, "--sign", key) == 0
        releases[number] = file.read_bytes()
    file.write_bytes(releases[1])
    running = serve("--workers", "2", "--require-signature", f"{tmp_path}/ours.public.pem", at=file)
    assert f"  only bundles that are signed by {read_public_key(tmp_path / 'ours.public.pem').id}" in running.printed
    file.write_bytes(releases[2])
    assert running.reload().status_code == 200
    assert ask(running.http)[0] == 2

    def is_refused(code: str) -> None:
        (refused,) = running.reload().json()["refused"]
        assert (refused["first"][0]["code"], refused["serving"]["version"]) == (code, "0.0.2")
        assert ask(running.http)[0] == 2

    file.write_bytes(releases[3].replace(b"Edition 3", b"Edition 4"))
    is_refused("packed/format")
    file.write_bytes(replace_in(unpack(releases[3])).to_bytes())
    is_refused("signature/wrong")
    assert pe("build", folder / "editions", "-o", file) == 0
    is_refused("signature/missing")
    assert pe("sign", file, "--key", tmp_path / "theirs.private.pem") == 0
    is_refused("signature/unknown-key")
    file.unlink()
    shutil.copytree(folder / "editions", file)
    is_refused("signature/missing")
    shutil.rmtree(file)
    # What was signed may be put back, also an earlier release.
    file.write_bytes(releases[1])
    assert running.reload().json()["bundles"][0]["to"]["version"] == "0.0.1"
    assert ask(running.http)[0] == 1


def replace_in(packed: Packed) -> Packed:
    """The same with another message, packed as it should be, under the old signature."""
    rules = packed.contents["rules.yaml"].replace(b"Edition 3", b"Edition 4")
    return dataclasses.replace(packed, contents={**packed.contents, "rules.yaml": rules})


def test_whom_it_listens_to_decides_who_may_reload(serve, folder):
    running = serve()
    page = running.http.post(RELOAD, headers={"Origin": "http://elsewhere.example"})
    assert (page.status_code, page.json()["type"]) == (403, "urn:policyengine:problem:admin-closed")
    everywhere = serve("--host", "0.0.0.0", "--no-keys")  # noqa: S104 - this is what is tested
    everywhere.http = httpx.Client(base_url=everywhere.address.replace("0.0.0.0", "127.0.0.1"), timeout=60)  # noqa: S104
    write(folder / "editions", 2)
    refused = everywhere.http.post(RELOAD)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:policyengine:problem:admin-closed")
    assert ask(everywhere.http)[0] == 1
    everywhere.process.send_signal(signal.SIGHUP)
    everywhere.until(serves(2))
