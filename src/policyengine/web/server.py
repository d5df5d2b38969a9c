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

from policyengine.decision_log.log import LogSettings
from policyengine.model.bundle import CheckedBundle
from policyengine.web.engines import MakeEngine

if TYPE_CHECKING:
    from flask import Flask

#: Requests that one worker reads and answers at a time. Deciding is one at a time; reading and writing overlap, and
#: a client that is slow to send its body holds a thread for as long as it takes.
THREADS: Final = 64
#: Seconds that a worker has to finish what it is answering when the server is stopped.
GRACE: Final = 10
# Named as in `metrics`, which must not be imported before the variable is set.
_SHARED_COUNTS: Final = "PROMETHEUS_MULTIPROC_DIR"

_ACCESS: Final = '%(addr)s "%(method)s %(path)s" %(status)d %(dt_ms).1f ms'
_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"{__name__}.OneLine", "fmt": "%(asctime)s %(levelname)s %(message)s"}},
    "filters": {"meant": {"()": f"{__name__}.NotWhatIsMeant"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["meant"],
            "stream": "ext://sys.stderr",
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "_granian": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "granian.access": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}


class CannotListen(Exception):  # noqa: N818 - reads as a sentence
    """The address cannot be used; the text says why."""


class NotWhatIsMeant(logging.Filter):
    """Leaves out the server's remark that :data:`THREADS` are many: most of them only wait for slow clients."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged."""
        return "Python threads, which seems quite high" not in record.getMessage()


class OneLine(logging.Formatter):
    """Log lines in which nothing that a caller sent can start a line of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        """The line, whatever the message holds; a traceback follows it as it is."""
        return "".join(c if c.isprintable() else "�" for c in super().formatMessage(record))


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
    """The IP address and port to listen on, how many worker processes, and whether every request is logged."""

    address: str
    port: int
    workers: int = 1
    access_log: bool = False


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
            blocking_threads=THREADS,
            websockets=False,
            log_level=LogLevels.warning,
            log_dictconfig=_LOGGING,
            log_access=listening.access_log,
            log_access_format=_ACCESS,
            respawn_failed_workers=True,
            workers_kill_timeout=GRACE,
        )
        start = _Start(bundles, engines, log, listening.workers, announce)
        server.serve(target_loader=start, wrap_loader=False)


class _Start:
    """What every worker process calls first, for its application."""

    def __init__(
        self,
        bundles: Mapping[str, CheckedBundle],
        engines: MakeEngine,
        log: LogSettings | None,
        workers: int,
        announce: Callable[[], None],
    ) -> None:
        self._bundles, self._engines, self._log = bundles, engines, log
        self._workers, self._announce = workers, announce
        self._started = multiprocessing.Value("i", 0)

    def __call__(self) -> Flask:
        from policyengine.web.app import create_app

        logging.config.dictConfig(_LOGGING)
        app = create_app(self._bundles, self._engines, self._log)
        with self._started.get_lock():
            self._started.value += 1
            if self._started.value == self._workers:
                self._announce()
        return app
