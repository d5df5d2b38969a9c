"""The server process: granian's WSGI server with worker processes, each with engines of its own."""

from __future__ import annotations

import ipaddress
import logging.config
import multiprocessing
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from policyengine.frontend.bundle_files import BundleFiles
from policyengine.model.bundle import CheckedBundle
from policyengine.web.engines import Engines
from policyengine.web.judging import Judge
from policyengine.web.supervisor import Supervisor
from policyengine.web.trial import Trials
from policyengine.web.watching import Watch

if TYPE_CHECKING:
    from flask import Flask

    from policyengine.packing.signing import PublicKey

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
        "policyengine.reload": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
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

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.address.partition("%")[0]).is_loopback


@dataclass(frozen=True, slots=True)
class Reloading:
    """Which paths were named, and how bundles there are loaded anew.

    ``keys``: only packed files that one of them signed; ``watches``: also when files change; ``requires_current``: the
    service is not ready while an update is refused.
    """

    named: tuple[Path, ...]
    keys: tuple[PublicKey, ...] = ()
    watches: bool = False
    requires_current: bool = False


#: A bundle with the files it was made of.
Loaded = tuple[BundleFiles, CheckedBundle]


def serve(
    loaded: Sequence[Loaded], reloading: Reloading, listening: Listening, engines: Engines, announce: Callable[[], None]
) -> None:
    """Serve until the process is told to end. ``announce`` is called once, when every worker can answer.

    The workers serve the bundles that are handed over here, until a reload puts others in their place.
    """
    with tempfile.TemporaryDirectory(prefix="policyengine-") as folder:
        counts = Path(folder, "metrics")
        counts.mkdir()
        os.environ[_SHARED_COUNTS] = str(counts)
        trials = Trials(engines.settings)
        judge = Judge(reloading.named, reloading.keys, Path(folder, "bundles"), trials.run)
        released = {
            bundle.id: judge.released(files, {"id": bundle.id, "version": bundle.version, "digest": bundle.digest})
            for files, bundle in loaded
        }
        supervisor = Supervisor(Path(folder), judge, trials, released)
        watch = Watch(judge.found, lambda: supervisor.ask("watched folder", removes=False).wait())
        server = _server(listening, lambda: supervisor.ask("SIGHUP", removes=True))
        supervisor.start()
        if reloading.watches:
            watch.start()
        start = _Start(_Handed(folder, loaded, engines, reloading, listening), announce)
        try:
            server.serve(target_loader=start, wrap_loader=False)
        finally:
            watch.close()
            supervisor.close()


def _server(listening: Listening, hang_up: Callable[[], object]) -> _Server:
    server = _Server(
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
    server.hang_up = hang_up
    return server


class _Server(Granian):  # type: ignore[misc, valid-type]
    """The server, which on SIGHUP does not start its workers anew: they go on, and swap their bundles."""

    hang_up: Callable[[], object]

    def signal_handler_reload(self, *_: object, **__: object) -> None:
        """What SIGHUP does."""
        self.hang_up()


@dataclass(frozen=True, slots=True)
class _Handed:
    """What every worker is handed over."""

    folder: str
    loaded: Sequence[Loaded]
    engines: Engines
    reloading: Reloading
    listening: Listening


class _Start:
    """What every worker process calls first, for its application."""

    def __init__(self, handed: _Handed, announce: Callable[[], None]) -> None:
        self._handed, self._announce = handed, announce
        self._started = multiprocessing.Value("i", 0)

    def __call__(self) -> Flask:
        from policyengine.web.app import create_app
        from policyengine.web.worker import Link

        logging.config.dictConfig(_LOGGING)
        # A signal to all processes of the service is for the one that starts the others.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        handed = self._handed
        link = Link(
            handed.folder,
            [bundle for _, bundle in handed.loaded],
            is_local=handed.listening.is_local,
            requires_current=handed.reloading.requires_current,
        )
        app = create_app(link.bundles(), handed.engines, link)
        with self._started.get_lock():
            self._started.value += 1
            if self._started.value == handed.listening.workers:
                self._announce()
        return app
