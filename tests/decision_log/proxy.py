"""A way to a database that can go silent: what is sent through it is taken, and never answered."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class _Way:
    """One connection, both directions. ``silent``: bytes of both sides are taken and kept."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.silent = threading.Event()
        self._ends = (near, far)
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.silent.is_set():
                    target.sendall(data)
        # Of a host that died nobody hears anything, and no more that a connection was closed.
        if not self.silent.is_set():
            self.close()

    def close(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Listens on a free port, and leads to ``port``."""

    def __init__(self, port: int) -> None:
        self._far = port
        self._ways: list[_Way] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def made(self) -> int:
        """How many connections have been made."""
        return len(self._ways)

    def silence(self) -> None:
        """No connection that there is now is answered any more; those that are made later are."""
        for way in self._ways:
            way.silent.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._ways.append(_Way(near, socket.create_connection(("127.0.0.1", self._far))))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for way in self._ways:
            way.close()
