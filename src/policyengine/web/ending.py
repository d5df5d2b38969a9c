"""Being told to end, in a worker: whenever it comes, the server gets to know of it.

Python answers a signal in its main thread, and the server's waits there without looking: a signal that comes in the
moments before it waits, or before the server listens to signals, would be lost, and the worker killed in the end.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

_PAUSE: Final = 0.1


def hear_every_end(others: Sequence[Callable[[], object]] = ()) -> None:
    """Tells the server of a signal to end, should its main thread not have. Call it in the main thread.

    Whatever is among the ``others`` when the signal comes is told after it.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    # Python writes the number of every signal there as soon as it comes, whatever its main thread does.
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)

    def tell() -> None:
        number = os.read(heard, 1)[0]
        time.sleep(_PAUSE)
        # The server's own handler, called instead of sending the signal again: a second one cut off answers.
        handler = signal.getsignal(number)
        if callable(handler):
            handler(number, None)
        for other in others:
            other()

    threading.Thread(target=tell, name="hear-every-end", daemon=True).start()
