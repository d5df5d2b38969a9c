"""The log of a whole server: its file, its workers, its end, and the disk before the answer."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy.schema import DropTable
from tests.decision_log.postgres import Postgres
from tests.web.conftest import Server

from policyengine import load_bundle
from policyengine.cli.main import cli
from policyengine.decision_log.archive import kept_bundle
from policyengine.decision_log.errors import LogError, LogUnavailable
from policyengine.decision_log.heads import read_heads
from policyengine.decision_log.keys import new_key, public_key
from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.schema import BUNDLE_FILES
from policyengine.decision_log.store import Store
from policyengine.decision_log.verify import verify

REFUND = "/v1/bundles/umbrella/decisions/refund"
BODY = {"facts": {"damage": {"cause": "lost"}}, "as_of": "2025-06-01"}


def workers_of(running: Server) -> list[str]:
    """The ids of the processes that the server's own has started: those that answer."""
    tasks = Path(f"/proc/{running.process.pid}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def serve(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "policyengine", "serve", "--port", "0", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


def test_two_workers_one_chain_one_answer_to_a_key_and_nothing_lost_by_a_kill(bundles, tmp_path):
    database = tmp_path / "new" / "log.sqlite"
    running = Server(str(bundles / "umbrella"), "--log", str(database), "--workers", "2")
    first_worker = int(workers_of(running)[0])
    killed = threading.Event()
    acknowledged: set[str] = set()
    answers: list[bytes] = []

    def ask(number: int) -> None:
        if number == 40:
            killed.set()
            os.kill(first_worker, signal.SIGKILL)
        with_key = number % 4 == 0
        try:
            # A connection of its own each time: any worker may take it.
            with running.client() as client:
                answer = client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"} if with_key else {})
        except httpx.TransportError:
            assert killed.is_set(), "no worker was killed yet"
            return
        assert answer.status_code == 200
        acknowledged.add(answer.json()["envelope"]["decision_id"])
        if with_key:
            answers.append(answer.content)

    try:
        assert f"  decisions logged in {database} (facts may be personal data)" in running.printed
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(80)))
    finally:
        running.stop()
    assert len(answers) > 10
    assert len(set(answers)) == 1
    store = Store(str(database))
    report = verify(store)
    assert report.faults == []
    with store.reading() as connection:
        ids = {id_ for (id_,) in connection.exec_driver_sql("SELECT decision_id FROM records")}
    # What was committed at the moment of the kill was perhaps not answered; what was answered is there.
    assert acknowledged <= ids
    assert len(ids) == report.records <= 61
    store.close()


def test_the_disk_is_waited_for_before_the_answer_is_sent(bundles, tmp_path):
    """By the system calls of the server: after the request came in, the journal is synced, then the answer is sent."""
    strace = shutil.which("strace")
    assert strace, "strace is needed: it shows that the disk is waited for. On Debian: apt-get install strace"
    database, trace = tmp_path / "log.sqlite", tmp_path / "trace"
    calls = "trace=fsync,fdatasync,recvfrom,recvmsg,write,writev,sendto,sendmsg"
    # Started by the tracer, and not found by it later: looking into one's own children is allowed everywhere.
    tracer = (strace, "-f", "-y", "-s", "4000", "-e", calls, "-o", str(trace))
    running = Server(str(bundles / "umbrella"), "--log", str(database), under=tracer)
    try:
        with running.client() as client:
            asked = [client.post(REFUND, json=BODY, headers={"X-Request-ID": f"number-{n}-"}) for n in range(3)]
    finally:
        (server,) = workers_of(running)
        os.kill(int(server), signal.SIGTERM)
        running.process.communicate(timeout=30)
    lines = trace.read_text().splitlines()
    sends = re.compile(r"\b(?:write|writev|send\w+)\(\d+<(?:TCP|socket)")
    for number, answer in enumerate(asked):
        id_ = answer.json()["envelope"]["decision_id"]
        came = next(n for n, line in enumerate(lines) if f"number-{number}-" in line and "recv" in line)
        sent = next(n for n, line in enumerate(lines) if id_ in line and sends.search(line))
        synced = [n for n in range(came, sent) if _is_synced(lines[n], lines[n:sent], database)]
        assert synced, "the answer was sent before the journal was synced"


def _is_synced(line: str, following: list[str], database: Path) -> bool:
    """Whether a sync of the journal returned: in one line, or begun here and ended before the answer."""
    call = re.match(r"(\d+) +(f(?:data)?sync)\(\d+<(\S+)>", line)
    if not call or call[3] != f"{database}-wal":
        return False
    if "unfinished" not in line:
        return line.rstrip().endswith("= 0")
    resumed = re.compile(rf"{call[1]} +<\.\.\. {call[2]} resumed>.*= 0$")
    return any(resumed.match(one) for one in following)


def test_postgresql_going_and_coming_back(bundles):
    with tempfile.TemporaryDirectory(prefix="policyengine-postgres-") as folder:
        database = Postgres(Path(folder))
        store = Store(database.url())
        refused = serve(bundles / "umbrella", "--log", database.url(), cwd=Path(folder))
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "`policyengine log migrate`" in refused.stderr
        migrate(store)
        running = Server(str(bundles / "umbrella"), "--log", database.url())
        try:
            with running.client() as client:
                assert client.post(REFUND, json=BODY).status_code == 200
                database.stop("immediate")
                answer = client.post(REFUND, json=BODY)
                assert (answer.status_code, answer.json()["type"]) == (503, "urn:policyengine:problem:log-unavailable")
                assert client.get("/readyz").status_code == 503
                database.start()
                # The first request after it came back may find out that its old connection is dead, and no more.
                statuses = [client.post(REFUND, json=BODY).status_code for _ in range(3)]
                assert statuses == [200, 200, 200]
        finally:
            _, errors = running.stop()
        report = verify(store)
        assert (report.faults, report.records) == ([], 4)
        assert "decisions cannot be logged" in errors
        assert "decisions are logged again" in errors
        store.close()
        database.stop("immediate")


def test_who_prefers_answers_may_start_while_the_database_is_away(bundles):
    digest = load_bundle(bundles / "umbrella").digest
    with tempfile.TemporaryDirectory(prefix="policyengine-postgres-") as folder:
        database = Postgres(Path(folder))
        store = Store(database.url())
        migrate(store)
        database.stop("immediate")
        running = Server(str(bundles / "umbrella"), "--log", database.url(), "--answers-without-log")
        try:
            (told,) = [line for line in running.printed if "decisions logged in" in line]
            assert "once it can be: " in told
            with running.client() as client:
                assert "envelope" not in client.post(REFUND, json=BODY).raise_for_status().json()
                database.start()
                eventually(lambda: "envelope" in client.post(REFUND, json=BODY).raise_for_status().json())
                # The policies follow by themselves, so that what was logged can be decided again.
                eventually(lambda: is_kept(store, digest))
        finally:
            _, errors = running.stop()
        assert "the decision log cannot be opened, and is tried again" in errors
        assert "the decision log is open, and has the policies that are served" in errors
        store.close()
        database.stop("immediate")


def test_the_rights_of_the_example_are_enough_and_no_record_can_be_changed_with_them(bundles):
    rights = CliRunner().invoke(cli, ["example", "postgresql"]).output
    with tempfile.TemporaryDirectory(prefix="policyengine-postgres-") as folder:
        database = Postgres(Path(folder))
        store = Store(database.url())
        migrate(store)
        database.sql(rights)
        address = database.url().replace("tests@", "policyengine@")
        running = Server(str(bundles / "umbrella"), "--log", address, "--read-log")
        try:
            with running.client() as client:
                answers = [
                    client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"}).raise_for_status()
                    for _ in range(2)
                ]
                assert answers[0].content == answers[1].content
                assert client.get("/readyz").status_code == 200
                assert len(client.get("/v1/log").json()["records"]) == 1
        finally:
            running.stop()
        assert verify(store).faults == []
        service = Store(address)
        for change in ("UPDATE records SET entry = ''", "DELETE FROM records", "DELETE FROM bundle_files"):
            with pytest.raises(LogUnavailable, match="permission denied"), service.writing() as connection:
                connection.exec_driver_sql(change)
        for one in (store, service):
            one.close()
        database.stop("immediate")


def eventually(happens: Callable[[], bool]) -> None:
    limit = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < limit
        time.sleep(0.2)


def is_open(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def is_kept(store: Store, digest: str) -> bool:
    try:
        return kept_bundle(store, digest).digest == digest
    except LogError:
        return False


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--log-mask", "/input/umbrella/prize"),
            "no bundle declares such a fact; did you mean `/input/umbrella/price`?",
        ),
        (("--log-mask", "price"), "`price` is no place to mask"),
        (("--log-erase", "/result/reason/*/message"), "did you mean `/result/reasons/*/message`?"),
        (("--log-heads", "heads"), "--log-heads and --log-key go together"),
        (("--no-log", "--read-log"), "--read-log has no effect where nothing is logged"),
        (("--no-log", "--log", "x"), "--log and --no-log contradict each other"),
        (("--log", "mysql://x/y"), "a decision log cannot be kept in `mysql`"),
        (("--log", "postgresql://127.0.0.1:1/x"), "cannot be used: connection"),
        (("--log-heads", "heads", "--log-key", "nowhere"), "`nowhere` cannot be read: no such file"),
    ],
)
def test_a_log_that_cannot_be_kept_starts_nothing(bundles, tmp_path, options, told):
    done = serve(bundles / "umbrella", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr


def test_a_log_that_is_gone_is_not_begun_anew_where_there_are_heads_of_it(bundles, tmp_path):
    assert new_key(tmp_path / "key").exists()
    database, heads = tmp_path / "volume" / "log.sqlite", tmp_path / "heads.jsonl"
    options = ("--log", str(database), "--log-heads", str(heads), "--log-key", str(tmp_path / "key"))
    running = Server(str(bundles / "umbrella"), *options)
    assert f"  heads of the log signed in {heads}" in running.printed
    with running.client() as client:
        for _ in range(3):
            assert client.post(REFUND, json=BODY).status_code == 200
    running.stop()
    away = tmp_path / "away"
    database.parent.rename(away)
    done = serve(bundles / "umbrella", *options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "records are missing: the log" in done.stderr
    assert "ends at number 0" in done.stderr
    assert "has a head of number 3" in done.stderr
    assert not database.exists()
    away.rename(database.parent)
    running = Server(str(bundles / "umbrella"), *options)
    running.stop()
    shutil.rmtree(database.parent)
    # Heads that somebody else signed say nothing of this log.
    assert new_key(tmp_path / "new").exists()
    Server(str(bundles / "umbrella"), *options[:-1], str(tmp_path / "new")).stop()


def test_heads_that_could_not_be_written_start_nothing(bundles, tmp_path):
    assert new_key(tmp_path / "key").exists()
    options = ("--log", "log.sqlite", "--log-heads", "away/heads.jsonl", "--log-key", "key")
    done = serve(bundles / "umbrella", *options, cwd=tmp_path)
    assert (done.returncode, "there is no such folder; make it" in done.stderr) == (1, True)
    assert not (tmp_path / "log.sqlite").exists()


def test_a_dry_run_finds_what_a_start_would_and_writes_nothing(bundles, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        # By the very service that is to be started anew.
        port = str(taken.getsockname()[1])
        done = serve(bundles / "umbrella", "--log", "log.sqlite", "--port", port, "--dry-run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "all is fine; nothing was started"
    assert list(tmp_path.iterdir()) == []
    for options, told in (
        (("--keys", "nowhere"), "there is no file of keys `nowhere`"),
        (("--log-mask", "/input/umbrella/prize"), "did you mean `/input/umbrella/price`?"),
        (("--log", "postgresql://127.0.0.1:1/x"), "cannot be used: connection"),
    ):
        done = serve(bundles / "umbrella", *options, "--dry-run", cwd=tmp_path)
        assert (done.returncode, told in done.stderr) == (1, True)


def test_a_file_of_an_older_release_is_for_its_owner_to_migrate(bundles, tmp_path):
    store = Store(str(tmp_path / "log.sqlite"))
    migrate(store, "0001")
    store.close()
    done = serve(bundles / "umbrella", "--log", "log.sqlite", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "tables of an older release (0001); bring them up to date with `policyengine log migrate`" in done.stderr


def test_a_file_of_a_newer_release_is_left_alone(bundles, tmp_path):
    store = Store(str(tmp_path / "log.sqlite"))
    migrate(store)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    done = serve(bundles / "umbrella", "--log", "log.sqlite", cwd=tmp_path)
    assert (done.returncode, "made by a newer release" in done.stderr) == (1, True)


def test_a_reload_keeps_its_policies_in_the_log_or_is_refused(bundles, tmp_path):
    folder, database = tmp_path / "umbrella", tmp_path / "log.sqlite"
    shutil.copytree(bundles / "umbrella", folder)
    file = folder / "bundle.yaml"
    text = file.read_text(encoding="utf-8")
    running = Server(str(folder), "--log", str(database))
    try:
        with running.client() as client:
            first = client.post(REFUND, json=BODY).headers["Policy-Bundle-Digest"]
            file.write_text(text.replace("version: 0.1.0", "version: 0.2.0"), encoding="utf-8")
            assert client.post("/v1/admin/reload").status_code == 200
            second = client.post(REFUND, json=BODY).headers["Policy-Bundle-Digest"]
            store = Store(str(database))
            assert [kept_bundle(store, digest).version for digest in (first, second)] == ["0.1.0", "0.2.0"]
            with store.writing() as connection:
                connection.execute(DropTable(BUNDLE_FILES))
            store.close()
            file.write_text(text.replace("version: 0.1.0", "version: 0.3.0"), encoding="utf-8")
            refused = client.post("/v1/admin/reload")
            assert client.post(REFUND, json=BODY).headers["Policy-Bundle-Digest"] == second
    finally:
        running.stop()
    assert refused.status_code == 422
    assert [fault["code"] for fault in refused.json()["refused"][0]["first"]] == ["bundle/not-kept"]


HEADS_ASKED = 20


@pytest.mark.parametrize("workers", [1, 2])
def test_the_last_head_is_signed_when_the_service_ends(bundles, tmp_path, workers):
    """Twenty decisions and the end: whoever cuts one of them off is found out."""
    database, heads = tmp_path / "log.sqlite", tmp_path / "heads.jsonl"
    public = new_key(tmp_path / "key")
    signing = ("--log-heads", str(heads), "--log-key", str(tmp_path / "key"), "--workers", str(workers))
    running = Server(str(bundles / "umbrella"), "--log", str(database), *signing)
    try:
        for _ in range(HEADS_ASKED):
            with running.client() as client:
                client.post(REFUND, json=BODY).raise_for_status()
    finally:
        code, errors = running.stop()
    assert (code, errors) == (0, "")
    store = Store(str(database))
    read = read_heads(heads)
    report = verify(store, read.heads, [public_key(public)])
    assert (report.faults, report.records, report.newest_head, read.bad) == ([], HEADS_ASKED, HEADS_ASKED, ())
    store.close()


def test_what_is_being_answered_when_the_service_ends_is_logged_and_signed(bundles, tmp_path):
    """The body of a request is still on its way when the service is told to end."""
    database, heads = tmp_path / "log.sqlite", tmp_path / "heads.jsonl"
    public = new_key(tmp_path / "key")
    running = Server(
        str(bundles / "umbrella"), "--log", str(database), "--log-heads", str(heads), "--log-key", str(tmp_path / "key")
    )
    body, address = json.dumps(BODY).encode(), urlsplit(running.address)

    def slowly() -> Iterator[bytes]:
        yield body[:10]
        running.process.terminate()
        eventually(lambda: not is_open(address.hostname, address.port))
        yield body[10:]

    try:
        with running.client() as client:
            client.post(REFUND, json=BODY).raise_for_status()
            headers = {"Content-Length": str(len(body)), "Content-Type": "application/json"}
            answer = client.post(REFUND, content=slowly(), headers=headers)
    finally:
        running.stop()
    assert answer.status_code == 200
    store = Store(str(database))
    report = verify(store, read_heads(heads).heads, [public_key(public)])
    assert (report.faults, report.newest_head) == ([], 2)
    store.close()


def test_heads_that_cannot_be_written_show_in_the_metrics_and_once_in_the_log(bundles, tmp_path):
    new_key(tmp_path / "key")
    heads = tmp_path / "away" / "heads.jsonl"
    heads.parent.mkdir()
    running = Server(
        str(bundles / "umbrella"),
        "--log",
        str(tmp_path / "log.sqlite"),
        "--log-heads",
        str(heads),
        "--log-key",
        str(tmp_path / "key"),
    )
    failed = re.compile(r"policyengine_log_head_failures_total ([0-9]+)")
    heads.parent.rmdir()
    try:
        with running.client() as client:
            for _ in range(3):
                client.post(REFUND, json=BODY).raise_for_status()
            eventually(lambda: int(failed.search(client.get("/metrics").text)[1]) > 1)
            heads.parent.mkdir()
            eventually(heads.exists)
    finally:
        _, errors = running.stop()
    assert errors.count("cannot be written") == 1
    assert errors.count("are written again") == 1
    assert "Traceback" not in errors
