"""The server process: granian's WSGI server with worker processes, each with engines of its own."""

from __future__ import annotations

import logging.config
import multiprocessing
import os
import socket
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from policyengine.model.bundle import CheckedBundle

if TYPE_CHECKING:
    from flask import Flask

#: Requests that one worker reads and answers at a time. Deciding is one at a time; reading and writing overlap.
THREADS: Final = 4
#: Seconds that a worker has to finish what it is answering when the server is stopped.
GRACE: Final = 10
# Named as in `metrics`, which must not be imported before the variable is set.
_SHARED_COUNTS: Final = "PROMETHEUS_MULTIPROC_DIR"

_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "granian.access": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}


class CannotListen(Exception):  # noqa: N818 - reads as a sentence
    """The address cannot be used; the text says why."""


def free_port(host: str, port: int) -> int:
    """``port`` (or for 0 any free one), once it is sure that this host's port can be listened on.

    The workers share their port, so that a second server would not be refused by the system but share it too.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as e:
        raise CannotListen(f"cannot listen on {host} port {port}: {e.strerror or e}") from e


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, with how many worker processes, and whether every request is logged."""

    host: str
    port: int
    workers: int = 1
    access_log: bool = False


def serve(bundles: Mapping[str, CheckedBundle], listening: Listening, announce: Callable[[], None]) -> None:
    """Serve until the process is told to end. ``announce`` is called once, when every worker can answer.

    The workers serve the bundles that are handed over here, not what has become of the files since.
    """
    with tempfile.TemporaryDirectory(prefix="policyengine-metrics-") as folder:
        os.environ[_SHARED_COUNTS] = folder
        server = Granian(
            "policyengine.web",
            address=listening.host,
            port=listening.port,
            interface=Interfaces.WSGI,
            workers=listening.workers,
            blocking_threads=THREADS,
            websockets=False,
            log_level=LogLevels.warning,
            log_dictconfig=_LOGGING,
            log_access=listening.access_log,
            respawn_failed_workers=True,
            workers_kill_timeout=GRACE,
        )
        start = _Start(bundles, listening.workers, announce)
        server.serve(target_loader=start, wrap_loader=False)


class _Start:
    """What every worker process calls first, for its application."""

    def __init__(self, bundles: Mapping[str, CheckedBundle], workers: int, announce: Callable[[], None]) -> None:
        self._bundles, self._workers, self._announce = bundles, workers, announce
        self._started = multiprocessing.Value("i", 0)

    def __call__(self) -> Flask:
        from policyengine.web.app import create_app

        logging.config.dictConfig(_LOGGING)
        app = create_app(self._bundles)
        with self._started.get_lock():
            self._started.value += 1
            if self._started.value == self._workers:
                self._announce()
        return app
