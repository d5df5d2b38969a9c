"""A worker that is told to end: the server hears of it whatever its main thread does, and then others do."""

from __future__ import annotations

import subprocess
import sys

TOLD_TO_END = """
import os, signal, threading
from policyengine.web.ending import hear_every_end

done, others = threading.Event(), []
signal.signal(signal.SIGTERM, lambda number, _: print("server", number, flush=True))
hear_every_end(others)
others += [lambda: print("log", flush=True), done.set]
os.kill(os.getpid(), signal.SIGTERM)
assert done.wait(30)
"""


def test_the_server_hears_of_its_end_and_then_the_log():
    done = subprocess.run([sys.executable, "-c", TOLD_TO_END], capture_output=True, text=True, timeout=60, check=True)
    # Python's own main thread called the handler as well: a server takes the second call for nothing new.
    assert done.stdout.splitlines() == ["server 15", "server 15", "log"]
