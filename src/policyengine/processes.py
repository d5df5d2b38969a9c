"""What processes that work for another one need, whatever their work is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait


def work_for_the_parent() -> None:
    """Bind this spawned process to the one that started it: it ends with it, however that ends.

    Who stops a command stops its first process, which then ends the others: Ctrl-C is not for this one. But when the
    first is killed, nobody tells the others; they would wait for work for ever.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
