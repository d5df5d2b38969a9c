"""Whatever the OpenAPI document allows, and much that it does not, asked of a real server by schemathesis.

By hand, of a running service: SCHEMATHESIS_HOOKS=tests.web.openapi_checks schemathesis run URL/openapi.json, with the
options below.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.web.conftest import Server
from tests.web.test_service import counts

from policyengine.access.key_file import KeyFile

ROOT = Path(__file__).parents[2]
# Our checks take the place of these two: `openapi_checks` says why.
REPLACED = "positive_data_acceptance,negative_data_rejection"
LEAST = 1000
FEWEST = 10
# All addresses of a small bundle, one of a large one, and those beside them.
FEW = "umbrella|decisions/next_step$|^/(v1/bundles(/[^/]*)?|v1/log.*|[a-z.]+)$"


def run(
    address: str, folder: Path, examples: int, *more: str, left_out: str = REPLACED
) -> subprocess.CompletedProcess[str]:
    """Every check, the same requests each time."""
    command = [Path(sys.executable).parent / "schemathesis", "run", f"{address}/openapi.json"]
    options = ["--checks", "all", "--exclude-checks", left_out, "--seed", "1", "--max-examples", str(examples)]
    steady = ["--workers", "1", "--generation-deterministic", "--no-color"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.web.openapi_checks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, *options, *steady, *more],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def statuses(client) -> dict[str, float]:
    """How many requests got which status, by the counts of the service."""
    found: dict[str, float] = {}
    for (name, *labels), value in counts(client).items():
        if name == "policyengine_http_requests_total":
            status = next(label for label in labels if label.startswith("status=")).removeprefix("status=")
            found[status] = found.get(status, 0) + value
    return found


def test_no_request_that_the_document_allows_or_forbids_is_answered_against_it(bundles, tmp_path):
    running = Server(str(bundles), "--log", str(tmp_path / "log.sqlite"), "--read-log")
    try:
        done = run(running.address, tmp_path, 10, "--include-path-regex", FEW)
        with running.client() as client:
            found = statuses(client)
    finally:
        running.stop()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert not any(status.startswith("5") for status in found)
    assert sum(found.values()) >= LEAST
    assert found["200"] >= sum(found.values()) / 3, found


def test_nor_with_keys(bundles, tmp_path):
    keys = tmp_path / "keys.json"
    command = [sys.executable, "-m", "policyengine", "key", "create", "tester", "--keys", keys]
    scopes = [word for scope in ("decide", "monitor", "read_log") for word in ("--scope", scope)]
    made = subprocess.run([*command, *scopes], capture_output=True, text=True, check=True)
    key = made.stdout.split()[-1]
    assert KeyFile(str(keys)).good_keys() == 1
    running = Server(str(bundles / "umbrella"), "--keys", str(keys), "--log", str(tmp_path / "log.sqlite"))
    try:
        # The key goes with every request, also where one check leaves it out; another, `ignored_auth`, does without.
        header = ["--header", f"Authorization: Bearer {key}"]
        done = run(running.address, tmp_path, 3, *header, left_out=f"{REPLACED},missing_required_header")
        with running.client() as client:
            client.headers["Authorization"] = f"Bearer {key}"
            found = statuses(client)
    finally:
        running.stop()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert found["401"] >= FEWEST
    assert found["200"] >= sum(found.values()) / 3, found
