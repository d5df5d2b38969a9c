"""The server process: granian's WSGI server with worker processes, each with engines of its own."""

from __future__ import annotations

import multiprocessing
import os
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from policyengine.configuration.settings import CONCURRENCY
from policyengine.decision_log.log import LogSettings
from policyengine.model.bundle import CheckedBundle
from policyengine.web import logs
from policyengine.web.ending import hear_every_end
from policyengine.web.engines import MakeEngine

if TYPE_CHECKING:
    from flask import Flask

    from policyengine.web.guard import Guarding

#: Threads of a worker besides those that decide: to refuse what is too much, and to tell of health and counts. Deciding
#: is one at a time; reading and writing overlap, and who is slow to send a body holds a thread for as long as it takes.
SPARE_THREADS: Final = 16
#: Seconds that a worker has to finish what it is answering when the server is stopped.
GRACE: Final = 10
# Named as in `metrics`, which must not be imported before the variable is set.
_SHARED_COUNTS: Final = "PROMETHEUS_MULTIPROC_DIR"


class CannotListen(Exception):  # noqa: N818 - reads as a sentence
    """The address cannot be used; the text says why."""


def free_address(host: str, port: int) -> tuple[str, int]:
    """The IP address of ``host``, and ``port`` (or for 0 any free one), once it is sure that they can be listened on.

    The workers share their port, so that a second server would not be refused by the system but share it too.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # Of a name with addresses of both kinds, such as localhost, the one that every client tries.
        family, kind, protocol, _, address = min(found, key=lambda f: f[0] != socket.AF_INET)
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0]), int(probe.getsockname()[1])
    except OSError as e:
        raise CannotListen(f"cannot listen on {host} port {port}: {e.strerror or e}") from e


@dataclass(frozen=True, slots=True)
class Listening:
    """The IP address and port to listen on, how many worker processes, and what they log.

    ``access_log``: every request; ``log_format``: one of :data:`policyengine.web.logs.FORMATS`. ``keys`` is the path of
    the file of keys with which callers may ask; None: everybody may, or with ``own_names_only`` who asks this machine
    by a name of its own. Each worker decides no more than ``concurrency`` requests at a time.
    """

    address: str
    port: int
    workers: int = 1
    access_log: bool = False
    log_format: str = logs.TEXT
    keys: str | None = None
    own_names_only: bool = False
    concurrency: int = CONCURRENCY


def serve(
    bundles: Mapping[str, CheckedBundle],
    listening: Listening,
    engines: MakeEngine,
    log: LogSettings | None,
    announce: Callable[[], None],
) -> None:
    """Serve until the process is told to end. ``announce`` is called once, when every worker can answer.

    The workers serve the bundles that are handed over here, not what has become of the files since.
    """
    with tempfile.TemporaryDirectory(prefix="policyengine-metrics-") as folder:
        os.environ[_SHARED_COUNTS] = folder
        server = Granian(
            "policyengine.web",
            address=listening.address,
            port=listening.port,
            interface=Interfaces.WSGI,
            workers=listening.workers,
            blocking_threads=listening.concurrency + SPARE_THREADS,
            http=HTTPModes.http1,
            websockets=False,
            log_level=LogLevels.warning,
            log_dictconfig=logs.settings(listening.log_format, access=listening.access_log),
            respawn_failed_workers=True,
            workers_kill_timeout=GRACE,
        )
        start = _Start(bundles, engines, listening, log, announce, _guarding(listening, folder))
        server.serve(target_loader=start, wrap_loader=False)


def _guarding(listening: Listening, folder: str) -> Guarding:
    """What the workers need to know; ``folder`` is one that they share and that ends with the server."""
    from policyengine.web.guard import Guarding

    keys = None if listening.keys is None else Path(listening.keys).absolute()
    return Guarding(keys, Path(folder, "buckets"), listening.own_names_only)


class _Start:
    """What every worker process calls first, for its application."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that an application is made of
        self,
        bundles: Mapping[str, CheckedBundle],
        engines: MakeEngine,
        listening: Listening,
        log: LogSettings | None,
        announce: Callable[[], None],
        guarding: Guarding,
    ) -> None:
        self._bundles, self._engines, self._listening, self._announce = bundles, engines, listening, announce
        self._guarding, self._log = guarding, log
        self._started = multiprocessing.Value("i", 0)

    def __call__(self) -> Flask:
        from policyengine.web.app import create_app

        hear_every_end()
        logs.configure(self._listening.log_format, access=self._listening.access_log)
        app = create_app(
            self._bundles,
            self._engines,
            self._guarding.gate(),
            own_names_only=self._guarding.own_names_only,
            concurrency=self._listening.concurrency,
            log=self._log,
        )
        with self._started.get_lock():
            self._started.value += 1
            if self._started.value == self._listening.workers:
                self._announce()
        return app
