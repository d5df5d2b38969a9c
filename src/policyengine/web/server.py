"""The server process: granian's WSGI server with worker processes, each with engines of its own."""

from __future__ import annotations

import functools
import gc
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Final

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from werkzeug.middleware.proxy_fix import ProxyFix

from policyengine.access.addresses import is_loopback
from policyengine.configuration.settings import CONCURRENCY
from policyengine.decision_log.log import LogSettings
from policyengine.frontend.bundle_files import BundleFiles
from policyengine.model.bundle import CheckedBundle
from policyengine.web import logs
from policyengine.web.ending import hear_every_end
from policyengine.web.engines import Engines
from policyengine.web.folder import service_folder
from policyengine.web.judging import Judge, Keep
from policyengine.web.mask_watch import MaskWatch
from policyengine.web.processes import GRACE, Processes, end_with_parent
from policyengine.web.supervisor import Supervisor
from policyengine.web.trial import Trials
from policyengine.web.watching import Watch

if TYPE_CHECKING:
    from flask import Flask

    from policyengine.decision_log.opening import Opening
    from policyengine.signatures import PublicKey
    from policyengine.web.guard import Guarding

#: Threads of a worker besides those that decide: to refuse what is too much, and to tell of health and counts. Deciding
#: is one at a time; reading and writing overlap, and who is slow to send a body holds a thread for as long as it takes.
SPARE_THREADS: Final = 16
#: Seconds that a worker has at its end to close its log.
CLOSING: Final = 5.0
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
    by a name of its own. Each worker decides no more than ``concurrency`` requests at a time. ``proxies``: so many in
    front add an address to ``X-Forwarded-For`` each.
    """

    address: str
    port: int
    workers: int = 1
    access_log: bool = False
    log_format: str = logs.TEXT
    keys: str | None = None
    own_names_only: bool = False
    concurrency: int = CONCURRENCY
    proxies: int = 0

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.address.partition("%")[0])


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


def serve(  # noqa: PLR0913, PLR0917 - all that a service is made of
    loaded: Sequence[Loaded],
    reloading: Reloading,
    listening: Listening,
    engines: Engines,
    log: LogSettings | None,
    announce: Callable[[], None],
) -> None:
    """Serve until the process is told to end. ``announce`` is called once, when every worker can answer.

    The workers serve the bundles that are handed over here, until a reload puts others in their place.
    """
    with service_folder() as folder:
        counts = Path(folder, "metrics")
        counts.mkdir()
        os.environ[_SHARED_COUNTS] = str(counts)
        trials = Trials(engines.settings, masks=None if log is None else log.masks)
        copies, masks = Path(folder, "bundles"), _masks(log, loaded)
        judge = Judge(reloading.named, reloading.keys, copies, trials.run, _keeping(log), masks)
        released = {
            bundle.id: judge.released(files, {"id": bundle.id, "version": bundle.version, "digest": bundle.digest})
            for files, bundle in loaded
        }
        supervisor = Supervisor(Path(folder), judge, trials, released)
        watch = Watch(judge.found, lambda: supervisor.ask("watched folder", removes=False).wait())
        handed = _Handed(folder, loaded, engines, reloading, listening, log, _guarding(listening, folder))
        start = _Start(handed, announce)
        server = _server(listening, lambda: supervisor.ask("SIGHUP", removes=True), start.has_begun)
        opening = _opening(log, loaded)
        supervisor.start()
        if opening is not None:
            opening.start()
        if reloading.watches:
            watch.start()
        # What is loaded by now stays. Where the collector does not look, workers go on sharing its memory.
        gc.collect()
        gc.freeze()
        try:
            server.serve(target_loader=start, wrap_loader=False)
        finally:
            if opening is not None:
                opening.close()
            watch.close()
            supervisor.close()


def _opening(log: LogSettings | None, loaded: Sequence[Loaded]) -> Opening | None:
    """What opens the log of a service that may have started without it; None: it is open, or there is none."""
    if log is None or not log.answers_without:
        return None
    from policyengine.decision_log.opening import Opening

    return Opening(log.database, loaded)


def _keeping(log: LogSettings | None) -> Keep | None:
    """What keeps the policies of a reload in the log, before they are put in service; None: there is no log."""
    if log is None:
        return None
    from policyengine.decision_log.archive import keep_files

    return functools.partial(keep_files, log.database)


def _masks(log: LogSettings | None, loaded: Sequence[Loaded]) -> MaskWatch | None:
    """What sees to it that a reload leaves no mask of the log with nothing to hide; None: there are no masks."""
    return MaskWatch(log.masks, [bundle for _, bundle in loaded]) if log is not None and log.masks else None


def _server(listening: Listening, hang_up: Callable[[], object], has_begun: Callable[[], bool]) -> Processes:
    server = Processes(
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
        workers_kill_timeout=GRACE,
    )
    server.hang_up, server.has_begun = hang_up, has_begun
    return server


@dataclass(frozen=True, slots=True)
class _Handed:
    """What every worker is handed over."""

    folder: str
    loaded: Sequence[Loaded]
    engines: Engines
    reloading: Reloading
    listening: Listening
    log: LogSettings | None
    guarding: Guarding


def _close_at_end(app: Flask, told_of_end: list[Callable[[], object]]) -> None:
    """Close the log of this worker when it has answered all: then the last head is signed.

    That goes for a worker that ends by itself. So that one which does not, and is killed, leaves nothing unsigned
    either, heads are signed without delay from the moment on at which it is told to end.
    """
    from policyengine.web.app import LOGBOOK

    log = app.extensions[LOGBOOK].log
    if log is None:
        return
    told_of_end.append(log.end_soon)

    def close() -> None:
        # What hangs with a disk or a database that is away must not hold up the end.
        closing = threading.Thread(target=log.close, name="log-closing", daemon=True)
        closing.start()
        closing.join(CLOSING)

    # In a process of this kind Python runs these at the end, and not those of `atexit`.
    Finalize(None, close, exitpriority=0)


def _guarding(listening: Listening, folder: str) -> Guarding:
    """What the workers need to know; ``folder`` is one that they share and that ends with the server."""
    from policyengine.web.guard import Guarding

    keys = None if listening.keys is None else Path(listening.keys).absolute()
    return Guarding(keys, Path(folder, "buckets"), listening.own_names_only)


class _Start:
    """What every worker process calls first, for its application."""

    def __init__(self, handed: _Handed, announce: Callable[[], None]) -> None:
        self._handed, self._announce = handed, announce
        self._started = multiprocessing.Value("i", 0)

    def has_begun(self) -> bool:
        """Whether every worker has come so far as to answer."""
        # Read without the lock: a worker that is killed while it holds it never gives it back.
        return bool(self._started.get_obj().value >= self._handed.listening.workers)

    def __call__(self) -> Flask:
        from policyengine.web.app import create_app
        from policyengine.web.worker import Link

        told_of_end: list[Callable[[], object]] = []
        hear_every_end(told_of_end)
        handed = self._handed
        logs.configure(handed.listening.log_format, access=handed.listening.access_log)
        # A signal to all processes of the service is for the one that starts the others.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        end_with_parent()
        link = Link(
            handed.folder,
            [bundle for _, bundle in handed.loaded],
            is_local=handed.listening.is_local,
            requires_current=handed.reloading.requires_current,
        )
        guarding = handed.guarding
        app = create_app(
            link.bundles(),
            handed.engines,
            link,
            guarding.gate(),
            own_names_only=guarding.own_names_only,
            concurrency=handed.listening.concurrency,
            log=handed.log,
        )
        _close_at_end(app, told_of_end)
        if handed.listening.proxies:
            app.wsgi_app = ProxyFix(app.wsgi_app, handed.listening.proxies, 0)  # type: ignore[method-assign]
        if not self.has_begun():
            with self._started.get_lock():
                self._started.value += 1
                if self.has_begun():
                    self._announce()
        return app
