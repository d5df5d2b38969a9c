"""The processes that answer: one that ends is started anew, at whatever pace they end, for as long as the service runs.

Granian's own server takes two ends of a worker within seconds for a loop of crashes, and ends: then whoever can make
a worker crash twice could end the service. Here only a service that has never begun ends by its workers.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from granian import Granian

#: Seconds that a worker has to finish what it is answering when the service ends.
GRACE: Final = 10
#: The same when the service was killed: its address is to be free for its next start.
ORPHAN_GRACE: Final = 2
#: A worker that lived for fewer seconds than this is started anew after a pause of so many: one that cannot start at
#: the moment, for want of memory for instance, is not to take the processors from those that answer.
YOUNG: Final = 5.0
PAUSE: Final = 1.0


class Processes(Granian):  # type: ignore[misc, valid-type]
    """The server. On SIGHUP it does not start its workers anew: they go on, and swap their bundles."""

    #: What SIGHUP does.
    hang_up: Callable[[], object]
    #: Whether every worker has answered once, so that what the service is made of is known to work.
    has_begun: Callable[[], bool]

    def signal_handler_reload(self, *_: object, **__: object) -> None:
        """What granian calls on SIGHUP."""
        self.hang_up()

    def _serve_loop(self, spawn_target: Callable[..., None], target_loader: Callable[..., Any]) -> None:
        """Granian's loop: it returns when the service is to end."""
        due: dict[int, float] = {}
        while True:
            self.main_loop_interrupt.wait(max(0.0, min(due.values()) - time.monotonic()) if due else None)
            # First of all: what happens from here on is seen in the next round.
            self.main_loop_interrupt.clear()
            if self.interrupt_signal or (self.interrupt_children and not self.has_begun()):
                return
            now = time.monotonic()
            while self.interrupt_children:
                ended = self.interrupt_children.pop()
                due[ended] = now + (PAUSE if now - self.wrks[ended].birth < YOUNG else 0.0)
            for number in [number for number, at in due.items() if at <= now]:
                del due[number]
                self._respawn_workers([number], spawn_target, target_loader)


def end_with_parent() -> None:
    """End this worker when the process that started it ends, however it ends.

    Otherwise it would go on answering, by the policies of then, and keep the address from the service's next start.
    """
    threading.Thread(target=_wait_for_end, name="parent", daemon=True).start()


def _wait_for_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ORPHAN_GRACE)
        os.kill(os.getpid(), signal.SIGKILL)
