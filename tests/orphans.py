"""Processes that work for another one, and must not outlive it."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Mapping, Sequence

#: Milliseconds in which a process that was left alone has to end.
PATIENCE = 60_000


def outlive(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[int, int]:
    """How many processes a program started, and how many of them are still there after it was killed.

    The program prints their process ids on its first line, and then waits.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as started:
        children = [os.pidfd_open(int(pid)) for pid in started.stdout.readline().split()]
        started.kill()
    count = len(children)
    ended = select.poll()
    for child in children:
        ended.register(child, select.POLLIN)
    while children and (gone := ended.poll(PATIENCE)):
        for child, _ in gone:
            ended.unregister(child)
            os.close(child)
            children.remove(child)
    return count, len(children)
