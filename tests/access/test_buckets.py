"""Buckets shared by threads and processes, also when one of these is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from policyengine.access.buckets import MOST_KEYS, Buckets
from policyengine.access.rates import Rate

RATE = Rate(1, "h", 100)
# The clock is asked between reading a bucket and writing it: a slow one lets everybody in who is not kept out.
TAKE = """
import sys, time
from policyengine.access.buckets import Buckets
from policyengine.access.rates import Rate
buckets = Buckets(sys.argv[1], lambda: time.sleep(0.001) or time.monotonic_ns())
print(sum(buckets.take(7, Rate(1, "h", 100)).allowed for _ in range(60)))
"""
HOLD = """
import fcntl, sys, time
from policyengine.access.buckets import Buckets
buckets = Buckets(sys.argv[1])
fcntl.lockf(buckets._file, fcntl.LOCK_EX, 8, 7 * 8)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def buckets(tmp_path):
    found = Buckets(tmp_path / "buckets")
    yield found
    found.close()


def test_processes_share_a_bucket_exactly(tmp_path):
    command = [sys.executable, "-c", TAKE, str(tmp_path / "buckets")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert sum(int(one.communicate(timeout=60)[0]) for one in running) == RATE.burst


def test_threads_share_a_bucket_exactly(tmp_path):
    buckets = Buckets(tmp_path / "slow", lambda: time.sleep(0.001) or time.monotonic_ns())
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: buckets.take(0, RATE), range(200)))
    assert sum(t.allowed for t in taken) == RATE.burst
    assert sorted((t.left for t in taken if t.allowed), reverse=True) == list(range(99, -1, -1))


def test_keys_do_not_touch_each_other(buckets):
    for number in (0, 1, MOST_KEYS - 1):
        assert [buckets.take(number, Rate(1, "h", 2)).allowed for _ in range(3)] == [True, True, False]


def test_the_file_belongs_to_one_user(tmp_path, buckets):
    assert (tmp_path / "buckets").stat().st_mode & 0o777 == 0o600


def test_a_process_that_is_killed_lets_go(tmp_path, buckets):
    holding = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "buckets")], stdout=subprocess.PIPE, text=True
    )
    assert holding.stdout.readline() == "held\n"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(buckets.take, 7, RATE)
        assert not waiting.done()
        holding.send_signal(signal.SIGKILL)
        holding.communicate(timeout=20)
        assert waiting.result(timeout=20).allowed
