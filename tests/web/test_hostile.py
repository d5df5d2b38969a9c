"""What no honest caller would send gets no 5xx and no silence, and honest requests beside it are answered as ever."""

from __future__ import annotations

from tests.hostile import made, run
from tests.web.conftest import Server

COUNT = 1500


def test_hostile_requests_are_answered_or_ended_and_honest_ones_are_answered_as_ever(bundles):
    running = Server(str(bundles / "umbrella"), "--no-differences")
    try:
        with running.client() as client:
            client.get("/healthz").raise_for_status()
        found = run(running.address, COUNT)
    finally:
        code, errors = running.stop()
    assert found.faults == []
    assert (code, errors) == (0, "")
    assert found.honest == COUNT // 10
    assert {"200", "400", "422", "no answer"} <= found.statuses.keys()


def test_the_same_number_is_the_same_request():
    assert [made(seed) for seed in range(50)] == [made(seed) for seed in range(50)]
